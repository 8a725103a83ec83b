// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/sekisho/sekisho/drill"
)

// scoreTable is the table of scores, and how it was made.
type scoreTable struct {
	rows           []tableRow
	all            int // rows of the whole table
	begun          time.Time
	took           time.Duration
	command, build string
	cores          int
	size           tableSize
}

func (t *scoreTable) failed() int {
	n := 0
	for i := range t.rows {
		if t.rows[i].Error != "" {
			n++
		}
	}
	return n
}

// short says in a few words what came of a run.
func (r *tableRow) short() string {
	if r.Error != "" {
		return r.Error
	}
	return fmt.Sprintf("%s (true: %s), accounts %s, addresses %s, %s", r.Result.Verdict.Found, r.Result.Verdict.True, of(&r.Result.Accounts), of(&r.Result.Addresses), accusedText(r.Result))
}

// accusedText counts all that was wrongly accused, of whatever kind.
func accusedText(s *drill.Result) string {
	var parts []string
	add := func(n int, one, more string) {
		if n > 0 {
			parts = append(parts, number(n, one, more))
		}
	}
	add(len(s.Accounts.Wrong), "account", "accounts")
	add(len(s.Addresses.Wrong), "address", "addresses")
	add(len(s.Hosts.Wrong), "host", "hosts")
	if len(parts) == 0 {
		return "nothing wrongly accused"
	}
	return strings.Join(parts, ", ") + " wrongly accused"
}

func of(t *drill.Tally) string { return fmt.Sprintf("%d of %d", t.Found, t.Knowable) }

// markdown writes the table for docs/reference.
func (t *scoreTable) markdown() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Scores of the drills\n")
	t.origin(p)
	p("[How a drill is scored](drills.md) explains the numbers.")
	t.found(p)
	t.noise(p)
	return b.String()
}

// origin says how the tables were made, and of what.
func (t *scoreTable) origin(p func(string, ...any)) {
	p("Made by `%s` on %s with %s, on %d cores in %s, other work on the machine included. It is written anew by `make drills`: do not edit it.", t.command, t.begun.UTC().Format("2 January 2006"), t.build,
		t.cores, t.took.Round(time.Second))
	if len(t.rows) < t.all {
		p("**A part only: %d of the %d rows that there are.**", len(t.rows), t.all)
	}
	if n := t.failed(); n > 0 {
		p("**Not scored: %s.**", number(n, "row", "rows"))
	}
	p("\nThe drills are small: %d accounts if the cast allows it, %s, %d guesses at an account on the worst day. Detectors and drills are of one hand, so this", t.size.accounts, daysText(t.size.days), t.size.peak)
	p("shows that the parts fit and what a change does to them, not how they do on somebody else's breach.")
}

func daysText(days int) string {
	if days == 0 {
		return "each of its own length"
	}
	return fmt.Sprintf("%d days where the variant does not say otherwise", days)
}

func (t *scoreTable) found(p func(string, ...any)) {
	p("\n## What was found\n")
	p("`found of knowable`; `+n` suspected besides; `−n` wrongly accused. Acts: noticed of those that a log shows; in brackets those over which only an earlier act's alarm went on.")
	p("First alarm: of high severity and raised by an act, from the intruder's first successful login, or, in brackets where he never logged in, from his first act. Below zero: it was raised by what he did")
	p("before he got in, as guessing or probing.\n")
	p("| drill | variant | lines | verdict | accounts | addresses | hosts | acts | first alarm |")
	p("| --- | --- | ---: | --- | --- | --- | --- | --- | --- |")
	for i := range t.rows {
		r := &t.rows[i]
		if r.Error != "" {
			p("| %s | %s | – | not scored: %s | | | | | |", r.Drill, variantText(r.Variant), tableCell(r.Error))
			continue
		}
		s := r.Result
		verdict := s.Verdict.Found
		if s.Verdict.True != verdict {
			verdict = fmt.Sprintf("**%s**, true: %s", verdict, s.Verdict.True)
		}
		p("| %s | %s | %s | %s | %s | %s | %s | %s | %s |", r.Drill, variantText(r.Variant), grouped(r.Lines), verdict, tallyText(&s.Accounts), tallyText(&s.Addresses), tallyText(&s.Hosts),
			actsText(&s.ActCount), alarmText(s))
	}
}

func (t *scoreTable) noise(p func(string, ...any)) {
	p("\n## What was false, what had to be asked, what nobody could know\n")
	p("False findings in all, by severity. Questions until all knowable victims were known, asked of people who are right in 100, 95 and 90 %% of their answers; where they never were: how many were found")
	p("when no question was left, or after %s. `−n`: honest people wrongly accused by wrong answers, or victims lost. In no log: accounts, addresses, hosts, acts.\n", "as many questions as are asked at most (`>`)")
	p("| drill | variant | days | critical | high | medium | low | info | high or worse a day | asked, 100 %% | 95 %% | 90 %% | in no log | s |")
	p("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | --- | --- | ---: |")
	for i := range t.rows {
		r := &t.rows[i]
		if r.Error != "" {
			continue
		}
		s := r.Result
		n := s.Noise.Severities
		asked := make([]string, len(drill.Levels()))
		for k := range s.Asking {
			asked[k] = askedText(&s.Asking[k])
		}
		p("| %s | %s | %.0f | %d | %d | %d | %d | %d | %.2f | %s | %d, %d, %d, %d | %.0f |", r.Drill, variantText(r.Variant), s.Noise.Days, n["critical"].False, n["high"].False, n["medium"].False, n["low"].False,
			n["info"].False, n["critical"].PerDay+n["high"].PerDay, strings.Join(asked, " | "), len(s.Accounts.Unknown), len(s.Addresses.Unknown), len(s.Hosts.Unknown), len(s.ActCount.InNoLog), r.Seconds)
	}
}

func variantText(v string) string {
	if v == "" {
		return "–"
	}
	return v
}

func tableCell(text string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text) }

func tallyText(t *drill.Tally) string {
	text := of(t)
	if t.Knowable == 0 {
		text = "–"
	}
	if n := len(t.Suspected); n > 0 {
		text += fmt.Sprintf(" +%d", n)
	}
	if n := len(t.Wrong); n > 0 {
		text += fmt.Sprintf(" **−%d**", n)
	}
	return text
}

func actsText(n *drill.ActCount) string {
	text := tallyText(&drill.Tally{Found: n.Seen, Knowable: n.Knowable})
	if n.Known > 0 {
		text += fmt.Sprintf(" (%d)", n.Known)
	}
	return text
}

func alarmText(r *drill.Result) string {
	days := func(hours float64) string {
		switch {
		case hours > -48 && hours < 48:
			return fmt.Sprintf("%+.1f h", noMinusZero(hours))
		default:
			return fmt.Sprintf("%+.1f days", hours/24)
		}
	}
	switch {
	case r.FirstAlarm != nil:
		return days(*r.FirstAlarm)
	case r.FirstAlarmAct != nil:
		return "(" + days(*r.FirstAlarmAct) + ")"
	case r.ActCount.All == 0:
		return "–"
	}
	return "none"
}

func askedText(a *drill.Asking) string {
	text := fmt.Sprint(a.Questions)
	switch {
	case a.Victims == 0:
		return "–"
	case a.Ended == drill.NoMoreQuestions:
		text += fmt.Sprintf(": %d of %d", a.After, a.Victims)
	case a.Ended == drill.AskedEnough:
		text = fmt.Sprintf(">%d: %d of %d", a.Questions, a.After, a.Victims)
	}
	if n := len(a.Accused) + len(a.Lost); n > 0 {
		text += fmt.Sprintf(" **−%d**", n)
	}
	return text
}
