// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// question is what a kind of source can answer.
type question struct {
	source, ask string
	words       event.Words
}

// questions lists what an investigation wants to know and which kinds of source would say it. A kind of which nothing was
// given is told as absent: nobody should take its silence for innocence.
func questions() []question {
	return []question{
		{"directory", "which password was tried and was right", event.Words{Ja: "どの ID・パスワードが試され、成功したか", En: "which password was tried and was right"}},
		{"cloud-signin", "who logged in to mail and cloud services", event.Words{Ja: "誰がメール・クラウドにログインしたか", En: "who logged in to mail and cloud services"}},
		{"cloud-audit", "what was read in mail and files", event.Words{Ja: "メール・ファイルの何が閲覧されたか", En: "what was read in mail and files"}},
		{"mail", "who logged in to the mail server and what was sent", event.Words{Ja: "メールサーバへのログインと送信", En: "who logged in to the mail server and what was sent"}},
		{"vpn", "who came in through the VPN", event.Words{Ja: "誰が VPN から入ったか", En: "who came in through the VPN"}},
		{"web", "who used the login pages", event.Words{Ja: "誰がログイン画面・Web を使ったか", En: "who used the login pages"}},
		{"firewall", "what went in and out of the network", event.Words{Ja: "何が出入りしたか", En: "what went in and out of the network"}},
		{"dns", "what hosts looked up", event.Words{Ja: "サーバが何を名前解決したか", En: "what hosts looked up"}},
		{"files", "which files were read", event.Words{Ja: "どのファイルが読まれたか", En: "which files were read"}},
		{"windows", "what happened on Windows hosts", event.Words{Ja: "Windows サーバで何が起きたか", En: "what happened on Windows hosts"}},
		{"host", "who logged in to servers", event.Words{Ja: "誰がサーバにログインしたか", En: "who logged in to servers"}},
	}
}

// coverageName is the name of a coverage row: the format, which says more than the kind.
func coverageName(k sourceKey) string { return k.format }

// coverage tells for each source what time it can answer for, and which kinds of source were not given at all.
func coverage(w *watched, from, to event.Micros) []cases.Coverage {
	var out []cases.Coverage
	given := map[string]bool{}
	byKind := map[string]question{}
	for _, q := range questions() {
		byKind[q.source] = q
	}
	for k, s := range w.sources {
		given[k.source] = true
		q := byKind[k.source]
		c := cases.Coverage{Source: coverageName(k), Question: q.ask, QuestionWords: q.words, From: cases.Time(s.first), To: cases.Time(s.last), Events: s.events}
		if q.ask == "" {
			c.Question, c.QuestionWords = k.source, event.Words{Ja: k.source, En: k.source}
		}
		c.State, c.Why = stateOf(s, from, to)
		if k.format == idpAudit {
			if why := w.idpNotice(); why.En != "" {
				c.State, c.Why = cases.PartialCoverage, why
			}
		}
		if r, ok := retentionOf(k); ok {
			keep(&c, &r, from, to)
		}
		out = append(out, c)
	}
	for _, q := range questions() {
		if !given[q.source] {
			c := cases.Coverage{Source: q.source, Question: q.ask, QuestionWords: q.words, From: cases.Time(from), To: cases.Time(to), State: cases.Absent,
				Why: event.Words{Ja: "この種類の記録は与えられていない", En: "no records of this kind were given"}}
			if r, ok := retentionOf(sourceKey{source: q.source}); ok {
				keep(&c, &r, from, to)
			}
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b cases.Coverage) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Question, b.Question))
	})
	return out
}

// usualSource returns the source of vault.Retentions that a kind of source most often is; empty where it may be anything.
func usualSource(kind string) string {
	switch kind {
	case "cloud-signin":
		return "entra-signin"
	case "cloud-audit":
		return "m365-audit"
	case "files":
		return "file-server"
	case "host":
		return "ssh"
	case "vpn":
		return ""
	}
	return kind
}

// retentionOf returns how long a source usually keeps its records: by its format, else by its kind.
func retentionOf(k sourceKey) (vault.Retention, bool) {
	if k.format != "" {
		if o := vault.NewOutlook([]string{k.format}); len(o.Held) > 0 {
			return o.Held[0], true
		}
	}
	for _, r := range vault.Retentions() {
		if r.Source == usualSource(k.source) {
			return r, true
		}
	}
	return vault.Retention{}, false
}

const oneDay = event.Micros(86400 * 1e6)

// keep says how long a source usually keeps its records and, where some are still wanted, when they are gone where they lie,
// by that usual time: the oldest wanted one, or, where those must be gone already by the end of the window, the last one.
func keep(c *cases.Coverage, r *vault.Retention, from, to event.Micros) {
	if r.Days == 0 {
		return // by size or until a restart
	}
	c.RetentionDays = r.Days
	kept := event.Micros(r.Days) * oneDay
	wanted := from // from when on records are wanted
	switch {
	case c.State == cases.Complete:
		return
	case c.State == cases.PartialCoverage && event.Micros(c.From) <= from+slack:
		wanted = event.Micros(c.To)
	}
	expires := wanted + kept
	if expires < to {
		expires = to + kept
	}
	c.Expires = cases.Time(expires)
}

// slack is how much later than the window a source may begin and still be called complete: a quiet weekend.
const slack = event.Micros(3 * 86400 * 1e6)

func stateOf(s *sourceSpan, from, to event.Micros) (cases.CoverageState, event.Words) {
	switch gap := widestGap(s.days); {
	case s.first > from+slack:
		return cases.PartialCoverage, event.Words{Ja: "調査期間より後に始まる", En: "begins later than the window"}
	case s.last < to-slack:
		return cases.PartialCoverage, event.Words{Ja: "調査期間の終わりより前に途切れる", En: "ends before the window does"}
	case gap > 7 && gap*10 > len(s.days):
		return cases.PartialCoverage, event.Words{Ja: "途中に記録のない日がある", En: "days without records within"}
	}
	return cases.Complete, event.Words{}
}

// widestGap returns the longest run of days without an event between the first and the last.
func widestGap(days map[int32]*daySpan) int {
	list := make([]int32, 0, len(days))
	for d := range days {
		list = append(list, d)
	}
	slices.Sort(list)
	gap := 0
	for i := 1; i < len(list); i++ {
		gap = max(gap, int(list[i]-list[i-1]-1))
	}
	return gap
}

// loginDays says on what share of the days that any source covers a source recorded logins with addresses.
func (w *watched) loginDays() float64 {
	all, covered := map[int32]bool{}, map[int32]bool{}
	for key, s := range w.sources {
		for d := range s.days {
			all[d] = true
			if w.logins[key.format] {
				covered[d] = true
			}
		}
	}
	if len(all) == 0 {
		return 0
	}
	return float64(len(covered)) / float64(len(all))
}
