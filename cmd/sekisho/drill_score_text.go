// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/report"
)

// scoreText writes a score for people.
type scoreText struct {
	b    strings.Builder
	lang report.Lang
}

func (s *scoreText) say(ja, en string, args ...any) {
	fmt.Fprintf(&s.b, pick(s.lang, event.Words{Ja: ja, En: en})+"\n", args...)
}

// listed is how many things a list names in the text; --json has all.
const listed = 20

// list names things, where there are any.
func (s *scoreText) list(ja, en string, names []string) {
	text := printable(strings.Join(names[:min(len(names), listed)], ", "))
	switch {
	case len(names) > listed:
		s.say("      "+ja+"：%s、ほか %d 件（--json にすべて）", "      "+en+": %s, and %d more (--json has all)", text, len(names)-listed)
	case len(names) > 0:
		s.say("      "+ja+"：%s", "      "+en+": %s", text)
	}
}

// tellScore says all of a score.
func tellScore(w io.Writer, r *drill.Result, lang report.Lang) error {
	s := &scoreText{lang: lang}
	s.say("訓練 %s（シード %d）：判定 %s（正解 %s）", "drill %s, seed %d: verdict %s (true: %s)", r.Drill, r.Seed, drill.VerdictIn(r.Verdict.Found, string(lang)), drill.VerdictIn(r.Verdict.True, string(lang)))
	if r.Doubt != "" {
		s.say("  %[1]s", "  %[1]s", drill.DoubtIn(r.Doubt, string(lang)))
	}
	s.found(r)
	s.acts(r)
	s.findings(&r.Noise)
	s.asking(r.Asking)
	s.unknowable(r)
	_, err := io.WriteString(w, s.b.String())
	return err
}

// tallied is one kind of thing of a score, and what it is called.
type tallied struct {
	ja, en, accused string // accused: what wrongly calling one so is in Japanese
	t               *drill.Tally
}

func talliesOf(r *drill.Result) []tallied {
	return []tallied{{"不正ログイン    ", "accounts", "誤って被害と判定", &r.Accounts}, {"攻撃元アドレス  ", "addresses", "誤って攻撃元と判定", &r.Addresses}, {"侵入されたサーバ", "hosts", "誤って侵入ありと判定", &r.Hosts}}
}

// wrongIn puts the reasons beside what was wrongly accused into a language.
func wrongIn(list []string, lang report.Lang) []string {
	var out []string
	for _, w := range list {
		out = append(out, drill.WrongIn(w, string(lang)))
	}
	return out
}

func (s *scoreText) found(r *drill.Result) {
	for _, t := range talliesOf(r) {
		s.say("  "+t.ja+" %d / %d を発見、ほかに疑い %d、"+t.accused+" %d、適合率 %.3f、再現率 %.3f",
			fmt.Sprintf("  %-10s", t.en)+" found %d of %d, %d more suspected, wrongly accused %d, precision %.3f, recall %.3f",
			t.t.Found, t.t.Knowable, len(t.t.Suspected), len(t.t.Wrong), t.t.Precision, t.t.Recall)
		s.list("見落とし", "missed", t.t.Missed)
		s.list(t.accused, "wrongly accused", wrongIn(t.t.Wrong, s.lang))
	}
	s.say("  誤って攻撃元と判定した共用アドレス %d、群の正解 %d、原因の正解 %d", "  shared addresses called attacker %d, groups right %d, causes right %d", len(r.SharedCalledAttacker), r.GroupsRight, r.CausesRight)
}

func (s *scoreText) acts(r *drill.Result) {
	n := &r.ActCount
	if n.All == 0 {
		return
	}
	s.say("\n攻撃者の行為：ログに残る %d 件のうち %d 件を検知、ほかに %d 件は先の行為の警報が継続中（検知を想定したもの %d 件）",
		"\nActs: %[2]d of the %[1]d that a log shows were noticed, over %[3]d more an earlier act's alarm went on (a detector is expected for %[4]d)", n.Knowable, n.Seen, n.Known, n.Expected)
	if r.FirstAlarm != nil {
		s.say("  重大度「高」以上の最初の警報は、最初の不正ログインの %s", "  the first high alarm would have come %s the first bad login", ago(*r.FirstAlarm, s.lang))
	}
	if r.FirstAlarmAct != nil {
		s.say("  重大度「高」以上の最初の警報は、最初の行為の %s", "  the first high alarm would have come %s the first act", ago(*r.FirstAlarmAct, s.lang))
	}
	if r.FirstAlarm == nil && r.FirstAlarmAct == nil {
		s.say("  行為に対する重大度「高」以上の警報はない", "  no high alarm was about an act")
	}
	if n.Median != nil {
		s.say("  検知した行為では、開始から警報まで中央値 %+.1f 時間", "  of those noticed, the alarm came %+.1f hours after the act began (median)", noMinusZero(*n.Median))
	}
	s.say("  行為の開始から  最初のログインから  行為（検知器）", "  from the act   from the first login  act (detector)")
	for i := range r.Acts {
		a := &r.Acts[i]
		switch {
		case a.Seen && a.FromLogin != nil:
			s.say("  %+9.1f h       %+9.1f h       %s（%s）", "  %+9.1f h    %+9.1f h           %s (%s)", *a.Lead, *a.FromLogin, printable(a.In(string(s.lang))), a.Detector)
		case a.Seen:
			s.say("  %+9.1f h                         %s（%s）", "  %+9.1f h                          %s (%s)", *a.Lead, printable(a.In(string(s.lang))), a.Detector)
		case a.InNoLog:
			s.say("  どのログにも残らない                %s", "  in no log                             %s", printable(a.In(string(s.lang))))
		case a.Known:
			s.say("  先の行為の警報が継続中              %s", "  an earlier act's alarm went on        %s", printable(a.In(string(s.lang))))
		default:
			s.say("  検知なし                            %s", "  not noticed                           %s", printable(a.In(string(s.lang))))
		}
	}
}

// severityWords returns the words of contracts for a severity.
func severityWords(severity string) event.Words {
	switch severity {
	case "critical":
		return event.Words{Ja: "緊急", En: severity}
	case "high":
		return event.Words{Ja: "高　", En: severity}
	case "medium":
		return event.Words{Ja: "中　", En: severity}
	case "low":
		return event.Words{Ja: "低　", En: severity}
	}
	return event.Words{Ja: "情報", En: severity}
}

func (s *scoreText) findings(n *drill.Noise) {
	s.say("\n所見（ログ %.1f 日分、重大度別）", "\nFindings (logs of %.1f days)", n.Days)
	for _, sev := range []string{"critical", "high", "medium", "low", "info"} {
		k := n.Severities[sev]
		name := pick(s.lang, severityWords(sev))
		if s.lang != report.Ja {
			name = fmt.Sprintf("%-8s", name)
		}
		s.say("  %s %4d 件：行為に関するもの %d、攻撃者に関するが行為とは結びつかないもの %d、誤検知 %d（1 日あたり %.2f）", "  %s %4d: about acts %d, about his but beside the acts %d, false %d (%.2f a day)", name, k.All, k.Acts, k.Beside, k.False, k.PerDay)
	}
	var names []string
	for _, f := range n.False {
		names = append(names, fmt.Sprintf(pick(s.lang, event.Words{Ja: "%s %s（%s）", En: "%s %s (%s)"}), f.ID, f.Detector, strings.TrimSpace(pick(s.lang, severityWords(f.Severity)))))
	}
	s.list("誤検知", "false", names)
}

func (s *scoreText) asking(all []drill.Asking) {
	if len(all) == 0 {
		return
	}
	s.say("\n本人への質問（模擬。10 回に 1 回は「分からない」と答える）", "\nQuestions to simulated people (one time in ten they do not know)")
	for i := range all {
		a := &all[i]
		switch a.Ended {
		case drill.AllKnown:
			s.say("  正答率 %3.0f %%：%d 問で、ログに残る被害アカウント %d 件をすべて把握", "  right %3.0f %%: all %[3]d victims that a log shows are known after %[2]d questions", 100*a.Right, a.Questions, a.Victims)
		case drill.NoMoreQuestions:
			s.say("  正答率 %3.0f %%：%d 問で質問が尽きた", "  right %3.0f %%: no question was left after %d", 100*a.Right, a.Questions)
		default:
			s.say("  正答率 %3.0f %%：上限の %d 問に達した", "  right %3.0f %%: ended at the bound of %d questions", 100*a.Right, a.Questions)
		}
		s.say("      再計算 %d 回、発見 %d → %d / %d、分からない %d、誤答 %d、新たに誤って被害と判定 %d、見失った被害アカウント %d", "      scoped %d times, found %d, then %d of %d; did not know %d, wrong answers %d, newly accused wrongly %d, victims lost %d",
			a.Rounds, a.Before, a.After, a.Victims, a.Unknown, a.Wrong, len(a.Accused), len(a.Lost))
		s.list("新たに誤って被害と判定", "newly accused", wrongIn(a.Accused, s.lang))
		s.list("見失った被害アカウント", "lost", a.Lost)
	}
}

// unknowable says what nobody could have found.
func (s *scoreText) unknowable(r *drill.Result) {
	var unseen []string // acts, by their names in this language
	for i := range r.Acts {
		if r.Acts[i].InNoLog {
			unseen = append(unseen, r.Acts[i].In(string(s.lang)))
		}
	}
	s.say("\nどのログにも残らず、知り得なかったもの：アカウント %d、アドレス %d、サーバ %d、行為 %d", "\nIn no log, so that nobody could know: accounts %d, addresses %d, hosts %d, acts %d",
		len(r.Accounts.Unknown), len(r.Addresses.Unknown), len(r.Hosts.Unknown), len(r.ActCount.InNoLog))
	for _, l := range []struct {
		ja, en string
		names  []string
	}{{"アカウント", "accounts", r.Accounts.Unknown}, {"アドレス", "addresses", r.Addresses.Unknown}, {"サーバ", "hosts", r.Hosts.Unknown}, {"行為", "acts", unseen}} {
		s.list(l.ja, l.en, l.names)
	}
}
