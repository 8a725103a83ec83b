// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/bench/scoping"
)

// tables are the results in Markdown.
type tables struct {
	rows    []*row
	asked   int // worlds
	command string
}

// The marks for accounts with questions to people.
const (
	markRecall    = 0.95
	markPrecision = 0.98
)

func (t *tables) markdown() string {
	var b strings.Builder
	t.head(&b)
	t.summary(&b)
	t.others(&b)
	t.ladder(&b)
	t.faults(&b)
	return b.String()
}

func (t *tables) head(b *strings.Builder) {
	r := t.rows[0]
	builds, took := map[string]bool{}, 0.0
	for _, r := range t.rows {
		builds[r.Build] = true
		took += r.Took
	}
	fmt.Fprintf(b, "# Statistics of scoping\n\nMade by `%s` with sekisho %s, %s, on %d cores beside other work: %d of %d worlds, %.0f s in all. It is written by `make scope-stats`: do not edit it.\n\n",
		strings.TrimSpace(t.command), strings.Join(slices.Sorted(maps.Keys(builds)), ", "), runtime.Version(), runtime.NumCPU(), len(t.rows), t.asked, took)
	fmt.Fprintf(b, "Each world is the drill %s with %s and another seed. Drills and scoping are of one hand, so this shows what a change does and where it\nfails, not how it does on somebody else's breach. ", r.Drill, size(r))
	fmt.Fprintf(b, "Everybody who is asked does not know one time in ten; whoever is called \"95 %%\" is wrong in one of twenty of the\nother answers. At most %d questions are asked, and no more once every victim that a log shows is found.\n\n", r.Most)
	b.WriteString("Intervals are at 95 %: of recall and precision, which pool the accounts of all worlds, by drawing whole worlds anew (percentile bootstrap, 2,000 times), as accounts of one\nworld are not independent; where no world differs from the others it has no width and says nothing. Of the share of worlds, Wilson's: that one is honest about few worlds.\n\n")
}

func size(r *row) string {
	part := func(n int, what, own string) string {
		if n == 0 {
			return own
		}
		return fmt.Sprintf("%d %s", n, what)
	}
	return part(r.Accounts, "accounts", "its own accounts") + ", " + part(r.Days, "days", "its own days") + ", " + part(r.Peak, "guesses at an account on the worst day", "its own guesses")
}

// variants returns them in the order in which they were first measured.
func (t *tables) variants() []string {
	var out []string
	for _, r := range t.rows {
		if !slices.Contains(out, r.Variant) {
			out = append(out, r.Variant)
		}
	}
	return out
}

// pick returns the efforts of one method with one person; an empty variant is all of them.
func (t *tables) pick(variant, method string, right float64) []effort {
	var out []effort
	for _, r := range t.rows {
		for _, e := range r.Methods {
			if (variant == "" || r.Variant == variant) && e.Method == method && e.Right == right {
				out = append(out, e)
			}
		}
	}
	return out
}

func asked(right float64) string {
	if right == 0 {
		return "nobody"
	}
	return fmt.Sprintf("%.0f %%", right*100)
}

// summary is about Sekisho, by variant and person.
func (t *tables) summary(b *strings.Builder) {
	fmt.Fprintf(b, "## Sekisho\n\nIt is given the logs and the institute's profile, and no seed. The mark is recall ≥ %.2f at precision ≥ %.2f within %d questions; **bold** is below it. Questions: median (of two in the middle the greater) and most.\nAll known: worlds in which every victim that a log shows was found.\n\n", markRecall, markPrecision, t.rows[0].Most)
	b.WriteString("| variant | person | worlds | recall | precision | questions | all known | mark met |\n| --- | --- | ---: | --- | --- | ---: | --- | --- |\n")
	for _, v := range t.variants() {
		for _, right := range append([]float64{0}, levels()...) {
			line(b, v, asked(right), t.pick(v, sekisho, right))
		}
	}
	b.WriteString("\n")
}

// line writes one row of a table.
func line(b *strings.Builder, variant, who string, all []effort) {
	if len(all) == 0 {
		return
	}
	var recalls, precisions []scoping.Share
	var questions []int
	known, met := scoping.Share{Whole: len(all)}, scoping.Share{Whole: len(all)}
	for i := range all {
		e := &all[i]
		recalls, precisions, questions = append(recalls, e.recall()), append(precisions, e.precision()), append(questions, e.Questions)
		if e.Found == e.Victims {
			known.Part++
		}
		if e.recall().Value() >= markRecall && e.precision().Value() >= markPrecision {
			met.Part++
		}
	}
	slices.Sort(questions)
	fmt.Fprintf(b, "| %s | %s | %d | %s | %s | %d, %d | %s | %s |\n", variant, who, len(all), pooled(recalls, markRecall), pooled(precisions, markPrecision),
		questions[len(questions)/2], questions[len(questions)-1], ofWorlds(known), ofWorlds(met))
}

// pooled writes a share over all worlds and its interval.
func pooled(all []scoping.Share, mark float64) string {
	var sum scoping.Share
	for _, s := range all {
		sum.Part, sum.Whole = sum.Part+s.Part, sum.Whole+s.Whole
	}
	low, high := scoping.Bootstrap(all)
	value := fmt.Sprintf("%.3f", sum.Value())
	if sum.Value() < mark {
		value = "**" + value + "**"
	}
	return fmt.Sprintf("%s (%.3f–%.3f), %d of %d", value, low, high, sum.Part, sum.Whole)
}

func ofWorlds(s scoping.Share) string {
	low, high := scoping.Wilson(s)
	return fmt.Sprintf("%d of %d (%.2f–%.2f)", s.Part, s.Whole, low, high)
}

// others are the methods beside it.
func (t *tables) others(b *strings.Builder) {
	fmt.Fprintf(b, "## Other methods on the same worlds\n\nThey see which account was used from which address, in the same records, and nothing else. They start from what the story knew on the first day (%s accounts, %s addresses), which Sekisho\nis not told. One question is about an address, \"was it the intruder's alone?\"; whoever came from one that was, is condemned. So they cannot find a victim who was only entered from addresses\nthat honest people share, and say nothing of time. Plain closure asks nobody and starts from shared addresses too. A victim that no log shows, and that a method condemns for other reasons, counts as found and as a victim.\n\n", t.span(func(r *row) int { return r.Given }), t.span(func(r *row) int { return r.Sources }))
	b.WriteString("| variant | method | person | worlds | recall | precision | questions | all known | mark met |\n| --- | --- | --- | ---: | --- | --- | ---: | --- | --- |\n")
	for _, v := range t.variants() {
		line(b, v, closure+" | "+asked(0), t.pick(v, closure, 0))
		for _, right := range levels() {
			for _, m := range t.rows[0].rankings() {
				line(b, v, m.name+" | "+asked(right), t.pick(v, m.name, right))
			}
		}
	}
	b.WriteString("\n")
}

// span writes the least and the most of a number over all rows.
func (t *tables) span(of func(*row) int) string {
	low, high := of(t.rows[0]), of(t.rows[0])
	for _, r := range t.rows {
		low, high = min(low, of(r)), max(high, of(r))
	}
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

// ladder says how often each rung of certainty is true.
func (t *tables) ladder(b *strings.Builder) {
	b.WriteString("## Reliability of the ladder\n\nEvery account that a case speaks of before any answer, by its verdict and the rung of certainty, and how many of them the intruder was in. Intervals are Wilson's, as if accounts were\nindependent, which within a world they are not: they are too narrow. Accounts that a case says nothing of are not in it. Where logs begin late, some of the victims that a case clears are such as no log shows.\n\n| variant | verdict / rung | accounts | intruder's | share |\n| --- | --- | ---: | ---: | --- |\n")
	for _, v := range append(t.variants(), "") {
		sum := map[string]hit{}
		for _, r := range t.rows {
			if v != "" && r.Variant != v {
				continue
			}
			for rung, h := range r.Rungs {
				s := sum[rung]
				sum[rung] = hit{s.Accounts + h.Accounts, s.True + h.True}
			}
		}
		name := v
		if v == "" {
			name = "all"
		}
		for _, rung := range slices.Sorted(maps.Keys(sum)) {
			s := scoping.Share{Part: sum[rung].True, Whole: sum[rung].Accounts}
			low, high := scoping.Wilson(s)
			fmt.Fprintf(b, "| %s | %s | %d | %d | %.3f (%.3f–%.3f) |\n", name, rung, s.Whole, s.Part, s.Value(), low, high)
		}
	}
	b.WriteString("\n")
}

// faults names the worlds in which something was wrong before any answer, so that they can be made again.
func (t *tables) faults(b *strings.Builder) {
	b.WriteString("## Honest people accused before any answer\n\n")
	none := true
	for _, r := range t.rows {
		if len(r.Wrong) > 0 {
			none = false
			fmt.Fprintf(b, "- %s, seed %d: %s\n", r.Variant, r.Seed, strings.Join(r.Wrong, ", "))
		}
	}
	if none {
		b.WriteString("Nobody in these worlds.\n")
	}
}

// short tells of one row while more are made.
func (r *row) short() string {
	var parts []string
	for _, e := range r.Methods {
		if e.Method == sekisho {
			parts = append(parts, fmt.Sprintf("%s: %d of %d, %d wrong, %d questions", asked(e.Right), e.Found, e.Victims, e.Wrong, e.Questions))
		}
	}
	return fmt.Sprintf("%s; %.0f s", strings.Join(parts, "; "), r.Took)
}
