// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package contain

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// mostNamed is how many names an open end lists before it counts the others.
const mostNamed = 5

// Open says what the list leaves open, weightiest first: it is made from an incomplete scope, and must not be read as all that there is.
func Open(c *cases.Case, marks []Mark) []event.Words {
	o := &openEnds{c: c}
	if c.Partial {
		o.say("読込が途中で中断された事案である。項目は増えることがある。", "The case's reading was interrupted: there may be more to do.")
	}
	o.people()
	o.machines()
	o.doors()
	o.records()
	o.taken()
	o.marks(marks)
	return o.out
}

type openEnds struct {
	c   *cases.Case
	out []event.Words
}

func (o *openEnds) say(ja, en string, args ...any) { o.out = append(o.out, say(ja, en, args...)) }

// named lists names, the first few of them.
func named(list []string) event.Words {
	shown := strings.Join(list[:min(len(list), mostNamed)], ", ")
	if n := len(list) - mostNamed; n > 0 {
		return event.Words{Ja: fmt.Sprintf("%s ほか %d", shown, n), En: fmt.Sprintf("%s and %d more", shown, n)}
	}
	return event.Words{Ja: shown, En: shown}
}

func (o *openEnds) people() {
	var suspected []string
	for i := range o.c.Accounts {
		if a := &o.c.Accounts[i]; a.Verdict == cases.AccountSuspected {
			suspected = append(suspected, a.Name)
		}
	}
	if n := len(suspected); n > 0 {
		o.say("疑いのあるアカウントが %d 件あり（%s）、項目に含めていない。侵入者に読まれない手段で本人に確かめる（未回答の質問 %d 件：sekisho scope）。", "Suspected accounts are not in the list: %d (%s). Ask their owners where the intruder cannot listen (questions open: %d, see sekisho scope).", n, named(suspected), len(o.c.Questions))
	}
	if n := o.c.Totals.Accounts.Undetermined; n > 0 {
		o.say("記録がなく判断できないアカウントが %d 件ある。", "Accounts of which no record tells: %d.", n)
	}
}

func (o *openEnds) machines() {
	by := map[cases.HostVerdict][]string{}
	var lent []string
	for i := range o.c.Hosts {
		h := &o.c.Hosts[i]
		if h.Lent && h.Verdict == cases.HostCompromised {
			lent = append(lent, HostName(h))
		}
		by[h.Verdict] = append(by[h.Verdict], HostName(h))
	}
	if len(lent) > 0 {
		o.say("不正なログインに VPN などが貸し出した組織内のアドレスが %d 件ある（%s）。その先の機器は侵入者のものであり、切り離すものはない。今のセッションを VPN の側で切断する。", "Inside addresses were lent to bad logins, by a VPN or the like: %d (%s). The machines behind them are the intruder's own, and there is none to take off; end the sessions where they are lent.", len(lent), named(lent))
	}
	if l := by[cases.HostSuspected]; len(l) > 0 {
		o.say("侵入の疑いのあるホストが %d 台あり（%s）、切り離しの項目に含めていない。", "Suspected hosts are not in the list: %d (%s).", len(l), named(l))
	}
	if l := by[cases.HostReached]; len(l) > 0 {
		o.say("侵入されたホストから接続されたホストが %d 台ある（%s）。侵入の有無は確かめていない。", "Hosts that a compromised one reached: %d (%s). Whether they were entered is not established.", len(l), named(l))
	}
	if l := by[cases.HostUndetermined]; len(l) > 0 {
		o.say("記録がなく判断できないホストが %d 台ある（%s）。", "Hosts of which no record tells: %d (%s).", len(l), named(l))
	}
}

func (o *openEnds) doors() {
	var shared, suspected, within []string
	for i := range o.c.Addresses {
		a := &o.c.Addresses[i]
		switch {
		case a.Verdict == cases.AddressShared:
			shared = append(shared, a.IP.String())
		case a.Verdict == cases.AddressSuspected:
			suspected = append(suspected, a.IP.String())
		case a.Verdict == cases.AddressAttacker && (a.Kind == "own" || inside(a.IP)):
			within = append(within, a.IP.String())
		}
	}
	if len(shared) > 0 {
		o.say("共用のアドレスが %d 件あり（%s）、遮断すると正当な利用者も止まるため含めていない。そこからの不正な利用は、アカウントの側で止まる。", "Shared addresses are not to be blocked, since honest people use them too: %d (%s). What came from them ends with the accounts.", len(shared), named(shared))
	}
	if len(suspected) > 0 {
		o.say("攻撃元の疑いのあるアドレスが %d 件ある（%s）。", "Suspected addresses are not in the list: %d (%s).", len(suspected), named(suspected))
	}
	if len(within) > 0 {
		o.say("組織内のアドレスが攻撃元に %d 件ある（%s）。遮断ではなく、その時刻に使っていた機器を特定する。", "Addresses of the institute's own are among the attacker's: %d (%s). Find the machines that had them then.", len(within), named(within))
	}
}

func (o *openEnds) records() {
	if !o.c.Onset.Certain && (o.c.Verdict == cases.Breach || o.c.Verdict == cases.Suspicious) {
		o.say("侵入の始まりは確かでない。%s", "When it began is not certain: %s.", o.c.Onset.Why)
	}
	var ja, en, lacking []string
	for i := range o.c.Coverage {
		v := &o.c.Coverage[i]
		if v.State == cases.Complete {
			continue
		}
		asked := v.QuestionWords
		if asked.Ja == "" {
			asked = event.Words{Ja: v.Question, En: v.Question}
		}
		ja, en = append(ja, fmt.Sprintf("%s（%s）", asked.Ja, v.State.Words().Ja)), append(en, fmt.Sprintf("%s (%s)", asked.En, strings.ToLower(v.State.Words().En)))
	}
	if len(ja) > 0 {
		o.say("揃っていない記録が %d 件ある（%s）。そこに現れたはずのものは、この一覧にない。", "Records that are not complete: %d (%s). What they would have shown is not in the list.", len(ja), event.Words{Ja: named(ja).Ja, En: named(en).En})
	}
	for i := range o.c.Inputs {
		if in := &o.c.Inputs[i]; in.Status != "" && in.Status != "duplicate" && in.Status != "archive" {
			lacking = append(lacking, in.Path)
		}
	}
	if len(lacking) > 0 {
		o.say("読めなかった入力が %d 件ある（%s）。", "Inputs that could not be read: %d (%s).", len(lacking), named(lacking))
	}
}

func (o *openEnds) taken() {
	possible, unknown := 0, 0
	for i := range o.c.Exposure {
		switch e := &o.c.Exposure[i]; e.Level {
		case cases.Possible:
			possible++
		case cases.LevelUndetermined:
			unknown++
		}
	}
	if possible+unknown > 0 {
		o.say("読まれた可能性があるもの %d 件、記録がなく分からないもの %d 件の中の鍵・パスワードは、項目に含めていない。", "Secrets in what was possibly read (%d) and in what no record tells of (%d) are not in the list.", possible, unknown)
	}
}

// marks tells of what people closed and the scope proposes no longer, and of what no record can speak for yet.
func (o *openEnds) marks(marks []Mark) {
	have := map[string]bool{}
	for i := range o.c.Containment {
		have[o.c.Containment[i].ID] = true
	}
	for _, s := range Ledger(o.c, marks) {
		if len(s.Lacking) > 0 {
			var lacking []event.Words
			for _, k := range s.Lacking {
				lacking = append(lacking, cases.ContainmentKind(k).Words())
			}
			what := lacking[0]
			if len(lacking) > 1 {
				what = say("%s、%s", "%s; %s", lacking[0], lacking[1])
			}
			o.say("%s は %s が業務に戻したが、その前に行った記録のないものがある：%s。", "%s was given back to service by %s, and before that is not on record: %s.", s.Host, s.By, what)
		}
	}
	unseen := 0
	for _, s := range standings(marks) {
		if s.state == cases.Proposed {
			continue
		}
		if !have[s.item.ID] {
			o.say("%s（%s）は %s が実施したが、今の判断ではもう提案していない：取り消すかを検討する。", "%s (%s) was done by %s and is proposed no longer: look at undoing it.", s.item.ID, s.item.What, s.doneBy)
		}
		if o.c.Window.To <= s.doneAt {
			unseen++
		}
	}
	if unseen > 0 {
		o.say("実施した %d 件について、その後の記録がまだない：使われていないとは言えない。", "Of %d acts that were done there is no record since: that nothing was used again cannot be said.", unseen)
	}
}
