// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes a debriefing for a terminal, in ja or en.
func (d *Debrief) WriteText(w io.Writer, lang string) error {
	var b strings.Builder
	p := func(ja, en string, values ...any) { b.WriteString(both(ja, en, values...).in(lang) + "\n") }
	p("演習の振り返り　%[1]s%[2]s", "Debriefing: %[1]s%[2]s", d.Drill, d.teamText())
	if d.Doubt != "" {
		b.WriteString("  " + DoubtIn(d.Doubt, lang) + "\n")
	}
	p("  実施             %s ～ %s　シナリオ %s ～ %s（%s）　時刻は %s", "  played           %s to %s, the story from %s to %s (%s), times in %s", d.clockText(d.Began), d.clockText(d.Ended), storyText(d.StoryFrom), storyText(d.StoryEnd), speedWords(d.Speed), zoneText(d.Zone, d.Began))
	p("  判定             %s（正解：%s）", "  verdict          %s (true: %s)", verdictWords(d.Verdict.Team), verdictWords(d.Verdict.True))
	if d.FirstRightAfter != nil {
		p("  最初の気付き     最初の不正ログインの %s", "  first notice     %s the first bad login", phrase{sayAfter(*d.FirstRightAfter).Ja, leadEn(*d.FirstRightAfter)})
	}
	if d.Light != nil {
		b.WriteString("  " + d.light().in(lang) + "\n")
	}
	for _, s := range []struct {
		ja, en string
		s      *Subjects
	}{{"アカウント      ", "accounts         ", &d.Accounts}, {"アドレス        ", "addresses        ", &d.Addresses}, {"サーバ・端末    ", "hosts            ", &d.Hosts}} {
		p("  %[1]s %[3]d / %[4]d を発見、見落とし %[5]d、誤認 %[6]d、取消し %[7]d、ログになし %[8]d", "  %[2]sfound %[3]d of %[4]d, missed %[5]d, wrongly accused %[6]d, taken back %[7]d, in no log %[8]d", s.ja, s.en, len(s.s.Found), s.s.Knowable,
			len(s.s.Missed), len(s.s.Wrong), len(s.s.TakenBack), len(s.s.InNoLog))
	}
	p("  行為             %d / %d に気付く、ほかに %d は関連するものを把握済み", "  acts             noticed %d of %d; of the others, %d came from what was known already", d.ActsNoticed, d.ActsKnowable, d.ActsKnown)
	if lost := d.undelivered(); lost.En != "" {
		b.WriteString("  " + lost.in(lang) + "\n")
	}
	b.WriteString("\n")
	for _, a := range d.Acts {
		p("  %[1]s  %[2]s　%[3]s", "  %[1]s  %[2]s: %[3]s", d.clockText(a.From), a.words(), d.actWords(&a))
	}
	for _, l := range []struct {
		ja, en string
		list   []string
	}{{"見落としたアカウント", "missed accounts", noticed(d.Accounts.Missed)}, {"見落としたサーバ・端末", "missed hosts", noticed(d.Hosts.Missed)},
		{"誤って被害としたアカウント", "accounts wrongly accused", d.mistaken(d.Accounts.Wrong, lang)}, {"誤って攻撃元としたアドレス", "addresses wrongly accused", d.mistaken(d.Addresses.Wrong, lang)},
		{"被害なのに問題なしとしたアカウント", "stolen accounts called clear", d.mistaken(d.Accounts.Cleared, lang)}} {
		if len(l.list) > 0 {
			p("\n  %s：%s", "\n  %s: %s", phrase{l.ja, l.en}, strings.Join(l.list, ", "))
		}
	}
	for i, u := range d.Unknown {
		if i == 0 {
			p("\n  照合できなかった記入（この機関にない名前、シナリオのどの行為とも一致しない言葉。誤りには数えない）", "\n  Names that nothing here has (charged to nobody)")
		}
		b.WriteString(strings.TrimRight(both("  - 解答の %[1]d 行目、%[2]s %[3]s %[4]s", "  - answers, line %[1]d: %[2]s %[3]s %[4]s", u.Line, whatWords(u.What), u.Name, nearestWords(u.Nearest)).in(lang), " ") + "\n")
	}
	if points := d.points(); len(points) > 0 {
		p("\n  話し合うこと", "\n  To talk about")
		for _, x := range points {
			b.WriteString("  - " + x.in(lang) + "\n")
		}
	}
	if _, err := io.WriteString(w, visibleText(b.String())); err != nil {
		return fmt.Errorf("drill: write the debriefing: %w", err)
	}
	return nil
}

func leadEn(minutes float64) string {
	span := sayMinutes(minutes).En
	if minutes < 0 {
		return span + " before"
	}
	return span + " after"
}

func (d *Debrief) teamText() phrase {
	if d.Team == "" {
		return phrase{}
	}
	return phrase{"　" + visibleText(d.Team), ", team " + visibleText(d.Team)}
}

// actWords says when an act was noticed.
func (d *Debrief) actWords(a *ActNotice) phrase {
	switch {
	case len(a.Logs) == 0:
		return phrase{"どのログにも残らない", "in no log"}
	case a.Noticed == nil && a.Known:
		return phrase{"始まる前から関連するものを把握", "what it came from was known before it began"}
	case a.Noticed == nil:
		return phrase{"気付かず", "not noticed"}
	}
	return both("%[1]s（シナリオでは%[3]s後）", "noticed %[2]s (%[3]s of the story)", sayAfter(*a.After), "after "+sayMinutes(*a.After).En, sayHours(*a.InStory))
}

func noticed(list []Notice) []string {
	var out []string
	for _, n := range list {
		out = append(out, n.Name)
	}
	return out
}

func (d *Debrief) mistaken(list []Mistake, lang string) []string {
	var out []string
	for _, m := range list {
		name := visibleText(m.Name)
		if m.Why != "" {
			name += " (" + excuseWords(m.Why).in(lang) + ")"
		}
		out = append(out, name)
	}
	return out
}

// visibleText returns a text that people wrote, without what would speak to a terminal.
func visibleText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '�'
		}
		return r
	}, s)
}
