// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

func (f *explainFlags) runWhyNot(cmd *cobra.Command, detector string, p *explainPrinter) error {
	bar := newProgressBar(cmd.ErrOrStderr(), p.lang)
	v, err := node.WhyNot(cmd.Context(), node.Options{Out: f.dir, Profile: &config.Profile{}, Version: version, Progress: bar.Update}, f.whyNot, detector)
	bar.Close()
	switch {
	case errors.Is(err, node.ErrNoDetector), errors.Is(err, node.ErrNoAccount):
		return &exitError{exitUsage, err}
	case err != nil:
		return noCase(f.dir, err)
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), v)
	}
	return p.whyNot(v)
}

// whyNot writes the answer, the surest reason first.
func (p *explainPrinter) whyNot(v *node.WhyNotView) error {
	p.zone = cases.ZoneOf(v.Timezone)
	name := v.Account.Name
	if v.Account.Verdict != "" {
		name += p.say("（", " (") + pick(p.lang, v.Account.Words) + p.say("）", ")")
	}
	p.text("", "", fmt.Sprintf(p.say("%s　%s（%s）", "%s: %s (%s)"), name, v.Detector, pick(p.lang, v.Kind)))
	p.answer(v)
	p.seen(v)
	p.ways(v)
	if len(v.Terms) > 0 {
		p.head("範囲の判断で量った根拠（対数オッズ、正が不正側）", "What scoping weighed (log-odds; positive speaks for the intruder)")
		for _, t := range v.Terms {
			p.item(fmt.Sprintf("%+.1f  %s  %s", t.Nats, t.Name, pick(p.lang, t.Why)))
		}
		p.body(p.say("合計が 0 以上で疑い、2.9 以上（確率 0.95）で不正ログインと判断する。", "Suspected at 0 and above, compromised at 2.9 (a probability of 0.95)."))
	}
	p.missing(v)
	return p.w.Flush()
}

// answer says in one sentence what is the case.
func (p *explainPrinter) answer(v *node.WhyNotView) {
	for _, f := range v.Fired {
		mark := ""
		if f.Hidden != nil {
			mark = fmt.Sprintf(p.say("（%s の例外により %s まで非表示：%s）", " (hidden by an exception of %s until %s: %s)"), f.Hidden.By, p.moment(f.Hidden.Until), f.Hidden.Why)
		} else if f.BelowBudget {
			mark = p.say("（一日の上限を超えて下位に置かれている）", " (below the budget of its day)")
		}
		p.text("", "", fmt.Sprintf(p.say("検知している：%s［%s］%s%s", "It did find something: %s [%s] %s%s"), f.ID, pick(p.lang, f.Severity.Words()), pick(p.lang, f.Title), mark))
	}
	for _, x := range v.Aside {
		p.text("", "", fmt.Sprintf(p.say("この検知器とアカウントには例外がある：%s、%s まで、%s", "There is an exception for this detector and account: of %s, until %s: %s"), x.By, p.moment(x.Until), x.Why))
	}
	if len(v.Fired) > 0 {
		return
	}
	events, others := int64(0), int64(0)
	for i := range v.Reads {
		events, others = events+v.Reads[i].Account, others+v.Reads[i].Events
	}
	met := ""
	for i := range v.Ways {
		if w := &v.Ways[i]; allMet(w.Conditions) && met == "" {
			met = pick(p.lang, w.Name)
		}
	}
	why := ""
	switch {
	case v.Detector == "unusual-login" && v.Account.ID == "":
		why = p.say("範囲の判断は、このアカウントについて何も挙げていない。", "Scoping holds nothing against this account.")
	case v.Detector == "unusual-login":
		why = p.say("範囲の判断は、このアカウントのログインを不正とも疑いともしていない。", "Scoping neither condemns nor suspects a login of this account.")
	case others == 0:
		why = p.say("検知しなかった：この検知器が読む種類の記録が、与えられた中に一つもない。", "It found nothing: no record of the kinds that this detector reads was given at all.")
	case v.Looks == node.LooksAtOthers && len(v.Ways) > 0:
		why = p.say("この検知器は個々のアカウントではなく、機器・記録源・接続元、または組織全体の数を見る。その中で最も近かったものを下に示す。", "This detector does not look at accounts, but at machines, sources, addresses or the institute as a whole. What came nearest of those stands below.")
	case v.Looks == node.LooksAtOthers:
		why = p.say("この検知器は個々のアカウントを見ない。機器・記録源・接続元、または組織全体の数を見る。読んだ記録の中に、判断を要するものは一つもなかった。", "This detector does not look at accounts, but at machines, sources, addresses or the institute as a whole. In what it read there was nothing at all that it had to decide.")
	case events == 0:
		why = p.say("検知しなかった：このアカウントの、この検知器が読む種類の記録がない。", "It found nothing: of the kinds of records that it reads none is of this account.")
	case len(v.Ways) == 0:
		why = p.say("検知しなかった：判断を要する場面が、このアカウントには一度もなかった。", "It found nothing: there was no moment at which it had anything to decide of this account.")
	case met != "":
		why = fmt.Sprintf(p.say("条件は満たしていた（%s）が、検知としては挙がっていない。重大度が低いか、後の記録で取り消されたか、ほかのものとまとめて示されている。", "The conditions of one way were met (%s), and yet no finding names the account: it was of too little weight, taken back by what came later, or told together with others."), met)
	default:
		why = p.say("検知しなかった：どの条件の組も満たされなかった。最も近かった場面を下に示す。", "It found nothing: no set of conditions was met. The moments that came nearest stand below.")
	}
	p.text("", "", why)
}

func allMet(list []node.Condition) bool {
	for _, c := range list {
		if !c.Met {
			return false
		}
	}
	return len(list) > 0
}

// seen writes what of the classes that the detector reads was of the account.
func (p *explainPrinter) seen(v *node.WhyNotView) {
	if len(v.Reads) == 0 {
		return
	}
	p.head("この検知器が読む記録のうち、このアカウントのもの", "Of what this detector reads, what was of this account")
	for i := range v.Reads {
		r := &v.Reads[i]
		if r.Account == 0 {
			p.item(fmt.Sprintf(p.say("%s：なし（全体では %s 件）", "%s: none (%s of everybody)"), r.Class, grouped(r.Events)))
			continue
		}
		p.item(fmt.Sprintf(p.say("%s：%s 件（成功 %s、失敗 %s）、%d 日、%s 〜 %s、%s", "%s: %s (%s succeeded, %s failed) on %d days, %s to %s, %s"), r.Class, grouped(r.Account), grouped(r.Successes), grouped(r.Failures),
			r.Days, p.moment(r.First), p.moment(r.Last), strings.Join(r.Formats, ", ")))
	}
}

// ways writes the conditions as of the moment that came nearest.
func (p *explainPrinter) ways(v *node.WhyNotView) {
	for i := range v.Ways {
		w := &v.Ways[i]
		p.head(pick(p.lang, w.Name), pick(p.lang, w.Name))
		if w.At.IsZero() {
			p.body(fmt.Sprintf(p.say("%s 回判断した", "looked at %s times"), grouped(w.Moments)))
		} else {
			p.body(fmt.Sprintf(p.say("%s 回判断し、最も近かったのは %s", "looked at %s times; nearest at %s"), grouped(w.Moments), p.moment(w.At)))
		}
		if w.Of != "" {
			p.body(fmt.Sprintf(p.say("最も近かったもの：%s", "what came nearest: %s"), report.Visible(w.Of)))
		}
		for _, c := range w.Conditions {
			p.condition(&c)
		}
	}
}

func (p *explainPrinter) condition(c *node.Condition) {
	mark := "+"
	if !c.Met {
		mark = "-"
	}
	s := pick(p.lang, c.What)
	switch c.Kind {
	case "least":
		s += fmt.Sprintf(p.say("：%s（%s 以上が必要）", ": %s (at least %s is needed)"), node.Number(cases.Round(c.Value)), node.Number(c.Limit))
	case "most":
		s += fmt.Sprintf(p.say("：%s（%s 以下が必要）", ": %s (at most %s is needed)"), node.Number(cases.Round(c.Value)), node.Number(c.Limit))
	default:
		s += pick(p.lang, map[bool]event.Words{true: {Ja: "：はい", En: ": yes"}, false: {Ja: "：いいえ", En: ": no"}}[c.Met])
	}
	if c.Tunable != "" {
		s += "  " + c.Tunable
	}
	p.text("  "+mark+" ", "    ", s)
}

// mostMissing is how many gaps of coverage are named.
const mostMissing = 10

// missing writes which records are not there: of what was not recorded nothing can be said.
func (p *explainPrinter) missing(v *node.WhyNotView) {
	p.head("足りない記録", "What is missing")
	if w := pick(p.lang, v.Needs); w != "" {
		p.body(p.say("この検知器に必要な記録：", "This detector needs: ") + w)
	}
	for i := range v.Missing[:min(len(v.Missing), mostMissing)] {
		c := &v.Missing[i]
		p.item(fmt.Sprintf(p.say("%s：%s、%s 〜 %s", "%s: %s, %s to %s"), report.Visible(c.Source), pick(p.lang, c.State.Words()), p.moment(c.From), p.moment(c.To)))
	}
	if n := len(v.Missing) - mostMissing; n > 0 {
		p.body(fmt.Sprintf(p.say("ほか %d 件", "%d more"), n))
	}
	p.body(fmt.Sprintf(p.say("調べた期間は %s 〜 %s（%s）。記録のない範囲については何も言えない。", "Examined: %s to %s (%s). Nothing can be said of what was not recorded."), p.moment(v.Window.From), p.moment(v.Window.To), p.zone))
}
