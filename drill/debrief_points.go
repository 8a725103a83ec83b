// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// points are what is worth talking about afterwards: drawn from the comparison, the gravest first. They are questions to the
// team and its institute, not marks.
func (d *Debrief) points() []phrase {
	var out []phrase
	add := func(p phrase) { out = append(out, p) }
	if n := len(d.Accounts.Cleared); n > 0 {
		add(both("被害を受けたアカウントを「問題なし」としました（%[1]s）。何を根拠にしましたか。その根拠は攻撃者にも見えるもの（本人のメールなど）ではありませんか。",
			"Stolen accounts were called clear (%[1]s). On what grounds? Could the intruder have seen or answered the question (the owner's mail)?", names(d.Accounts.Cleared, 4)))
	}
	if n := len(d.Accounts.Wrong); n > 0 {
		add(both("無実の利用者 %[1]d 人を被害アカウントとしたまま終わりました（%[3]s）。本人に確かめる手順はありますか。",
			"%[2]s stayed accused to the end (%[3]s). Is there a way to ask the owner?", n, counted(n, "honest account", "honest accounts"), names(d.Accounts.Wrong, 4)))
	}
	if missed := d.missedActs(); len(missed) > 0 {
		var list phrase
		for i, a := range missed[:min(3, len(missed))] {
			sep := []string{"", "; "}[btoi(i > 0)]
			list.Ja, list.En = list.Ja+sep+a.words().Ja+" ("+strings.Join(a.Logs, ", ")+")", list.En+sep+a.Name+" ("+strings.Join(a.Logs, ", ")+")"
		}
		add(both("ログに残っていたのに気付かなかった行為が %[1]d 件あります。例：%[3]s。そのログは誰が、いつ見るものですか。",
			"%[2]s stood in the logs and went unnoticed, such as %[3]s. Who looks at these logs, and when?", len(missed), counted(len(missed), "act", "acts"), list))
	}
	if a := d.slowest(); a != nil {
		add(both("最も気付くのが遅かった行為は「%[1]s」（%[2]s、シナリオの中では %[3]s）です。どのログ（%[4]s）に、どんな警報があれば早まりましたか。",
			"The slowest to be noticed was “%[1]s” (%[2]s; %[3]s in the story). Which alarm on which log (%[4]s) would have been earlier?", a.words(), sayAfter(*a.After), sayHours(*a.InStory), strings.Join(a.Logs, ", ")))
	}
	if n := d.unseen(); n > 0 {
		add(both("どのログにも残らない行為が %[1]d 件ありました。どの記録を新たに取れば見えますか。", "%[2]s in no log at all. Which record, newly kept, would show it?", n, counted(n, "act stood", "acts stood")))
	}
	for _, e := range d.Log {
		if s := e.State; s != nil && e.What == whatDecision && s.Entered > s.Known {
			add(both("「%[1]s」と決めた時点で、侵入済みの %[2]d アカウントのうち把握していたのは %[3]d でした。残りはこの決定で守られましたか。",
				"When “%[1]s” was decided, %[2]d accounts had been entered and %[3]d of them were known. Were the others covered by it?", e.Text, s.Entered, s.Known))
			break
		}
	}
	if n := len(d.Addresses.Wrong); n > 0 {
		add(both("攻撃元とした無実のアドレスが %[1]d 件あります（%[3]s）。遮断していたら、誰が困りましたか。", "%[2]s called an attacker's to the end (%[3]s). Had it been blocked, who would have suffered?", n,
			counted(n, "honest address was", "honest addresses were"), names(d.Addresses.Wrong, 4)))
	}
	return out
}

// names lists what mistakes are about.
func names(list []Mistake, most int) string {
	var out []string
	for _, m := range list[:min(most, len(list))] {
		out = append(out, m.Name)
	}
	if n := len(list) - most; n > 0 {
		out = append(out, "+"+strconv.Itoa(n))
	}
	return strings.Join(out, ", ")
}

// missedActs are those that a log shows and nobody noticed, what leaves an institute and what hides traces first.
func (d *Debrief) missedActs() []ActNotice {
	var out []ActNotice
	for _, a := range d.Acts {
		if len(a.Logs) > 0 && a.Noticed == nil && !a.Known {
			out = append(out, a)
		}
	}
	grave := func(a ActNotice) int {
		for i, t := range []string{"T1486", "T1048", "T1030", "T1070", "T1003", "T1087", "T1114", "T1039"} {
			if strings.HasPrefix(a.Attack, t) {
				return i
			}
		}
		return 99
	}
	slices.SortStableFunc(out, func(a, b ActNotice) int { return cmp.Compare(grave(a), grave(b)) })
	return out
}

func (d *Debrief) slowest() *ActNotice {
	var out *ActNotice
	for i := range d.Acts {
		if a := &d.Acts[i]; len(a.Logs) > 0 && a.After != nil && *a.After > 0 && (out == nil || *a.After > *out.After) {
			out = a
		}
	}
	return out
}

func (d *Debrief) unseen() int {
	n := 0
	for _, a := range d.Acts {
		n += btoi(len(a.Logs) == 0)
	}
	return n
}
