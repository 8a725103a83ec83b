// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// First is the first report (第一報): what a tired person must learn in one page, in this order.
type First struct {
	Title   event.Words
	Verdict cases.CaseVerdict
	Lead    event.Words // the verdict in one sentence
	Partial bool
	Lines   []FirstLine
	Stories []event.Words // the gravest, at most three, and how many more there are
	Now     []event.Words // the next things to do, at most three
	Ask     []event.Words // the next people to ask, at most three
	Missing []event.Words // records to ask for
	Duties  []Duty
}

// FirstLine is one line: a label, what is known, and where in report.html it is told in full.
type FirstLine struct {
	Label, Value event.Words
	Anchor       string // without #
	Tone         string // bad, warn, dim or empty
}

// Bounds of the page.
const (
	maxNext    = 3
	maxMissing = 6
	stillThere = 24 * time.Hour // a last activity so close to the end of the logs means that it may go on
)

// NewFirst makes the first report of the data's case.
func NewFirst(d *Data) *First {
	c, cl := d.Case, clock{d.zone()}
	f := &First{Verdict: c.Verdict, Partial: c.Partial, Lead: lead(c), Duties: duties(c, cl.zone)}
	f.Title = say("第一報案（速報値）　版 %d　%s 時点（時刻は %s）", "First report (provisional)  revision %d  as of %s (times in %s)", max(c.Revision, 1), cl.minute(c.Generated), zoneName(cl.zone))
	f.Lines = []FirstLine{accountsLine(c), addressesLine(c), hostsLine(c), onsetLine(c, cl), lastLine(c, cl), expiryLine(c), exposureLine(c), findingsLine(c)}
	f.Stories = storyLines(c, cl)
	for _, k := range c.Open(maxNext) {
		f.Now = append(f.Now, k.What)
	}
	for i := range c.Questions[:min(maxNext, len(c.Questions))] {
		q := &c.Questions[i]
		w := q.Ask
		if q.Person != "" {
			w = say("%s：%s", "%s: %s", q.Person, q.Ask)
		}
		f.Ask = append(f.Ask, w)
	}
	f.Missing = missing(c, cl)
	return f
}

// lead says the verdict in one sentence.
func lead(c *cases.Case) event.Words {
	n := c.Count()
	hosts := 0
	for i := range c.Hosts {
		if c.Hosts[i].Verdict == cases.HostCompromised {
			hosts++
		}
	}
	switch {
	case c.Verdict == cases.Breach && hosts > 0 && n.Compromised > 0:
		return say("%s アカウントの不正ログインと %s 台への侵入を、確認または推定しました。", "Sign-ins to %s by an intruder, and intrusion into %s, are confirmed or presumed.", several(n.Compromised, "account", "accounts"), several(hosts, "host", "hosts"))
	case c.Verdict == cases.Breach && hosts > 0:
		return say("%s 台への侵入を確認しました。", "Intrusion into %s is confirmed.", several(hosts, "host", "hosts"))
	case c.Verdict == cases.Breach:
		return say("%s アカウントの不正ログインを、確認または推定しました。", "Sign-ins to %s by an intruder are confirmed or presumed.", several(n.Compromised, "account", "accounts"))
	case c.Verdict == cases.Suspicious:
		return say("不正アクセスの疑いがあります。確定には確認が要ります（疑い %s アカウント）。", "There are signs of unauthorised access. They have to be checked (%s suspected).", several(n.Suspected, "account", "accounts"))
	case c.Verdict == cases.Clear:
		return say("調査した記録の範囲では、不正アクセスの痕跡を認めませんでした。記録のない期間・範囲については何も言えません。",
			"No trace of unauthorised access was found in the records that were examined. Nothing can be said about times and places without records.")
	}
	return say("記録が足りず、不正アクセスの有無を判断できません。", "The records do not suffice to say whether there was unauthorised access.")
}

func accountsLine(c *cases.Case) FirstLine {
	n := c.Count()
	tone := ""
	if n.Compromised > 0 {
		tone = "bad"
	} else if n.Suspected > 0 {
		tone = "warn"
	}
	return FirstLine{say("不正ログイン", "Accounts"), say("確認 %s　推定 %s　疑い（要確認） %s　記録がなく判断不能 %s　／ %s アカウント",
		"%s confirmed · %s presumed · %s to be checked · %s undeterminable (no records) · of %s",
		comma(n.Confirmed), comma(n.Presumed), comma(n.Suspected), comma(n.Undetermined), comma(n.Known)), "accounts", tone}
}

// kinds counts the addresses of one verdict by kind, the most frequent first.
func kinds(c *cases.Case, v cases.AddressVerdict) (n int, list []event.Words) {
	count := map[cases.AddressKind]int{}
	for i := range c.Addresses {
		if c.Addresses[i].Verdict == v {
			n++
			count[c.Addresses[i].Kind]++
		}
	}
	var ks []cases.AddressKind
	for k := range count {
		ks = append(ks, k)
	}
	slices.SortFunc(ks, func(a, b cases.AddressKind) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	for _, k := range ks {
		list = append(list, say("%s %s", "%s %s", k.Words(), comma(count[k])))
	}
	return n, list
}

func addressesLine(c *cases.Case) FirstLine {
	n, list := kinds(c, cases.AddressAttacker)
	suspected, _ := kinds(c, cases.AddressSuspected)
	shared, _ := kinds(c, cases.AddressShared)
	w := say("%s アドレス", "%s", several(n, "address", "addresses"))
	if n > 0 {
		w = say("%s（%s）", "%s (%s)", w, join(list))
	}
	w = say("%s　疑い %s　共用（一部の通信のみ該当） %s", "%s · %s suspected · %s shared (only part of their traffic)", w, comma(suspected), comma(shared))
	return FirstLine{say("攻撃元", "Attackers"), w, "addresses", ""}
}

func hostsLine(c *cases.Case) FirstLine {
	count := map[cases.HostVerdict]int{}
	var names []event.Words
	for i := range c.Hosts {
		h := &c.Hosts[i]
		if count[h.Verdict]++; h.Verdict == cases.HostCompromised && len(names) < 6 {
			names = append(names, same(cut(visible(h.Name, 100), 40)))
		}
	}
	w := say("%s 台", "%s", several(count[cases.HostCompromised], "host", "hosts"))
	if more := count[cases.HostCompromised] - len(names); more > 0 {
		names = append(names, say("ほか %s 台", "%s more", comma(more)))
	}
	if len(names) > 0 {
		w = say("%s（%s）", "%s (%s)", w, join(names))
	}
	w = say("%s　疑い %s　接続の記録あり %s　判断不能 %s", "%s · %s suspected · %s reached · %s undeterminable", w,
		comma(count[cases.HostSuspected]), comma(count[cases.HostReached]), comma(count[cases.HostUndetermined]))
	tone := ""
	if count[cases.HostCompromised] > 0 {
		tone = "bad"
	}
	return FirstLine{say("侵入の痕跡", "Intrusion"), w, "hosts", tone}
}

func onsetLine(c *cases.Case, cl clock) FirstLine {
	l := FirstLine{Label: say("最も古い痕跡", "Oldest trace"), Anchor: "timeline"}
	if c.Onset.At.IsZero() {
		l.Value, l.Tone = say("痕跡の記録なし（記録の始まり：%s）", "no trace on record (records begin %s)", cl.minute(c.Window.From)), "dim"
		return l
	}
	rest := say("これより前にも侵入があった可能性を否定できない", "an earlier entry cannot be excluded")
	if c.Onset.Certain {
		rest = say("これより前の記録には痕跡なし", "no trace in the records before it")
	}
	l.Value = say("%s（%s", "%s (%s", cl.minute(c.Onset.At), rest)
	if c.Onset.Why.Ja != "" || c.Onset.Why.En != "" {
		l.Value = say("%s：%s", "%s: %s", l.Value, c.Onset.Why)
	}
	l.Value = say("%s）", "%s)", l.Value)
	return l
}

func lastLine(c *cases.Case, cl clock) FirstLine {
	l := FirstLine{Label: say("直近の活動", "Last activity"), Anchor: "timeline"}
	if c.LastActivity.IsZero() {
		l.Value, l.Tone = say("記録なし", "none on record"), "dim"
		return l
	}
	if !c.Window.To.IsZero() && c.LastActivity > c.Window.To {
		l.Value, l.Tone = say("%s（記録の時刻が正しいとは考えにくく、実際にいつかは分からない）", "%s (the record's time is unlikely to be right: when it was is not known)", cl.minute(c.LastActivity)), "warn"
		return l
	}
	gap := c.Window.To.Time().Sub(c.LastActivity.Time())
	if c.Window.To.IsZero() || gap < stillThere {
		l.Value, l.Tone = say("%s（記録の末尾の %s前） ── 継続中の可能性がある", "%s (%s before the records end) — the intruder may still be inside", cl.minute(c.LastActivity), long(gap)), "bad"
		return l
	}
	l.Value = say("%s。以後 %sの記録に痕跡を認めないが、活動の終わりを意味しない", "%s. No trace in the %s on record since; this does not mean that it has ended", cl.minute(c.LastActivity), long(gap))
	return l
}

// expiring returns the coverage whose records are about to be deleted where they lie, soonest first.
func expiring(c *cases.Case) []*cases.Coverage {
	var list []*cases.Coverage
	for i := range c.Coverage {
		if e := c.Coverage[i].Expires; !e.IsZero() && e >= c.Generated {
			list = append(list, &c.Coverage[i])
		}
	}
	slices.SortStableFunc(list, func(a, b *cases.Coverage) int { return cmp.Compare(a.Expires, b.Expires) })
	return list
}

func expiryLine(c *cases.Case) FirstLine {
	l := FirstLine{Label: say("失われるログ", "Logs running out"), Anchor: "coverage"}
	var list []event.Words
	for _, v := range expiring(c) {
		if len(list) == maxNext {
			break
		}
		list = append(list, say("%s 残り %s", "%s in %s", sourceName(v), long(v.Expires.Time().Sub(c.Generated.Time()))))
	}
	if len(list) == 0 {
		l.Value, l.Tone = say("期限が分かっているものはない（各ログの保存期間を確かめること）", "none whose limit is known (check how long each log is kept)"), "dim"
		return l
	}
	l.Value, l.Tone = join(list), "warn"
	return l
}

// exposed counts things by level.
func exposed(c *cases.Case) (n map[cases.Level]int64, undetermined int64) {
	n = map[cases.Level]int64{}
	for i := range c.Exposure {
		e := &c.Exposure[i]
		undetermined += e.Count.Undetermined
		switch e.Level {
		case cases.Leaked, cases.Viewed:
			n[e.Level] += e.Count.Confirmed
		default:
			n[e.Level] += e.Count.Estimated
		}
	}
	return n, undetermined
}

func exposureLine(c *cases.Case) FirstLine {
	l := FirstLine{Label: say("漏えい・閲覧", "Exposure"), Anchor: "exposure"}
	if len(c.Exposure) == 0 {
		l.Value, l.Tone = say("件数を示す記録なし。記録がないことは漏えいがないことを意味しない", "no record that counts it; this does not mean that nothing leaked"), "dim"
		return l
	}
	n, none := exposed(c)
	l.Value = say("確認 %s 件　推定 %s 件　閲覧を確認 %s 件　閲覧された可能性 %s 件　判断不能 %s か所",
		"%s confirmed · %s presumed · %s confirmed · %s may have been viewed · %s undeterminable",
		several(n[cases.Leaked], "leak", "leaks"), comma(n[cases.LeakPresumed]), several(n[cases.Viewed], "viewing", "viewings"), comma(n[cases.Possible]), several(none, "place", "places"))
	if n[cases.Leaked]+n[cases.LeakPresumed] > 0 {
		l.Tone = "bad"
	}
	return l
}

// missing says which records are not there, whom to ask for them, and for which time.
func missing(c *cases.Case, cl clock) []event.Words {
	var out []event.Words
	for i := range c.Coverage {
		v := &c.Coverage[i]
		if v.State == cases.Complete || len(out) == maxMissing {
			continue
		}
		w := say("%s（%s、%s 〜 %s）", "%s (%s, %s to %s)", sourceName(v), v.State.Words(), cl.date(v.From), cl.date(v.To))
		if v.Holder != "" {
			w = say("%s　依頼先：%s", "%s · ask %s", w, cut(visible(v.Holder, 100), 60))
		}
		if v.RetentionDays > 0 {
			w = say("%s（保存 %s 日）", "%s (kept %s)", w, several(v.RetentionDays, "day", "days"))
		}
		out = append(out, w)
	}
	return out
}

// sourceName is a coverage row's name, which may be of a format that an institute wrote itself.
func sourceName(c *cases.Coverage) event.Words {
	w := c.SourceWords()
	return event.Words{Ja: cut(visible(w.Ja, 100), 40), En: cut(visible(w.En, 100), 40)}
}
