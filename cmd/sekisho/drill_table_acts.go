// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/drill"
)

// actTally is what became of one act in all rows of its drill.
type actTally struct {
	name, attack string
	expected     bool // the truth names a detector for it
	seen         int
	leads        []float64 // hours
	records      []float64 // that the first finding about it points to
	by           map[string]int
	known        []string // variants in which only an earlier act's alarm went on over it
	missed       []string // variants in which nothing was said though a log shows it
}

// actTallies gathers the acts of one drill by name, in the order in which they first come.
func actTallies(rows []tableRow) []*actTally {
	var out []*actTally
	by := map[string]*actTally{}
	for i := range rows {
		if rows[i].Result == nil {
			continue
		}
		for k := range rows[i].Result.Acts {
			a := &rows[i].Result.Acts[k]
			t := by[a.Name]
			if t == nil {
				t = &actTally{name: a.Name, attack: a.Attack, expected: a.Expected, by: map[string]int{}}
				by[a.Name] = t
				out = append(out, t)
			}
			t.add(a, variantText(rows[i].Variant))
		}
	}
	return out
}

func (t *actTally) add(a *drill.ActResult, variant string) {
	switch {
	case a.InNoLog: // nobody could notice it
	case a.Seen:
		t.seen++
		t.by[a.Detector]++
		t.leads = append(t.leads, *a.Lead)
		t.records = append(t.records, float64(a.Evidence))
	case a.Known:
		t.known = append(t.known, variant)
	default:
		t.missed = append(t.missed, variant)
	}
}

// midAndMost returns the middle value, and the largest; false where there is none.
func midAndMost(list []float64) (mid, most float64, ok bool) {
	if len(list) == 0 {
		return 0, 0, false
	}
	s := slices.Sorted(slices.Values(list))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2, s[len(s)-1], true
}

// actsMarkdown writes, for docs/reference, what became of every act.
func (t *scoreTable) actsMarkdown() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Acts of the drills\n")
	t.origin(p)
	p("\nEvery act of every drill, over the drill and its variants; those that came several times in one drill count as often. Shown: in how many rows a log shows it. Noticed: a finding of a detector that is named for such")
	p("acts was raised by it; after how long, from the act's first moment, in the middle and at the latest; by which detectors, with how many records as evidence in the middle (a finding keeps a few of many). Over an earlier alarm:")
	p("nothing of its own was raised, but a finding about an earlier act goes on over it. Missed: nothing was said, with the variants. *No detector*: a log shows it, and nothing in it tells it from ordinary life")
	p("by itself, so that none is named for it. [How a drill is scored](drills.md) explains more.")
	var names []string
	for i := range t.rows {
		if r := &t.rows[i]; r.Result != nil && len(r.Result.Acts) > 0 && !slices.Contains(names, r.Drill) {
			names = append(names, r.Drill)
		}
	}
	var shown, seen, known, none, missed int
	var body strings.Builder
	for _, name := range names {
		fmt.Fprintf(&body, "\n## %s\n\n| act | ATT&CK | shown | noticed | after, at the latest | by | records | over an earlier alarm | missed |\n| --- | --- | ---: | ---: | --- | --- | ---: | --- | --- |\n", name)
		rows := slices.DeleteFunc(slices.Clone(t.rows), func(r tableRow) bool { return r.Drill != name })
		for _, a := range actTallies(rows) {
			body.WriteString(a.row(len(rows)))
			shown += a.shown()
			seen += a.seen
			known += len(a.known)
			if a.expected {
				missed += len(a.missed)
			} else {
				none += len(a.missed)
			}
		}
	}
	p("\nOf %s acts that a log shows %s were noticed; over %s an earlier alarm went on; for %s no detector is named; **%s were missed**.", grouped(int64(shown)), grouped(int64(seen)), grouped(int64(known)), grouped(int64(none)), grouped(int64(missed)))
	return b.String() + body.String()
}

func (t *actTally) shown() int { return t.seen + len(t.known) + len(t.missed) }

// row is the act's line of the table of a drill with so many rows.
func (t *actTally) row(rows int) string {
	after, by, records := "–", "–", "–"
	if mid, most, ok := midAndMost(t.leads); ok {
		after = hoursText(mid) + ", " + hoursText(most)
	}
	if len(t.by) > 0 {
		names := slices.SortedFunc(maps.Keys(t.by), func(a, b string) int {
			if d := t.by[b] - t.by[a]; d != 0 {
				return d
			}
			return strings.Compare(a, b)
		})
		by = strings.Join(names, ", ")
	}
	if mid, _, ok := midAndMost(t.records); ok {
		records = fmt.Sprintf("%.0f", mid)
	}
	missed := variantsText(t.missed, rows)
	if !t.expected {
		missed = "*no detector*"
	}
	return fmt.Sprintf("| %s | %s | %d | %d | %s | %s | %s | %s | %s |\n", tableCell(t.name), t.attack, t.shown(), t.seen, after, by, records, variantsText(t.known, rows), missed)
}

// variantsText names variants, each with how often if more than once.
func variantsText(list []string, rows int) string {
	if len(list) == 0 {
		return "–"
	}
	count, order := map[string]int{}, []string{}
	for _, v := range list {
		if count[v]++; count[v] == 1 {
			order = append(order, v)
		}
	}
	if len(order) == rows && len(list) == rows {
		return fmt.Sprintf("%d: in every row", len(list))
	}
	for i, v := range order {
		if v == "–" {
			order[i] = "the drill itself"
		}
		if n := count[v]; n > 1 {
			order[i] += fmt.Sprintf(" (%d)", n)
		}
	}
	return fmt.Sprintf("%d: %s", len(list), strings.Join(order, ", "))
}

// hoursText writes a time in the unit that reads best.
func hoursText(hours float64) string {
	switch d := time.Duration(hours * float64(time.Hour)); {
	case d < time.Minute && d > -time.Minute:
		return "at once"
	case d < time.Hour && d > -time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1f h", hours)
	default:
		return fmt.Sprintf("%.1f days", hours/24)
	}
}
