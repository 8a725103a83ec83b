// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// act is one thing that happened in the incident, for the telling of stages.
type act struct {
	kind     string
	from, to event.Micros
	accounts int
	title    event.Words
	findings []string
}

// waveGap is the silence between new victims that ends a wave.
const waveGap = 60 * event.Micros(3600*1e6)

// stages tells the incident as phases in order of time: what findings say of the institute as a whole, and the waves in
// which new accounts fell.
func (s *scoping) stages(accounts []*judgedAccount, hosts []*machine) []cases.Stage {
	acts := s.waves(accounts)
	acts = append(acts, s.findingActs()...)
	slices.SortStableFunc(acts, func(a, b act) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.kind, b.kind)) })
	acts = joinActs(acts)
	out := make([]cases.Stage, 0, len(acts))
	for i, a := range acts {
		slices.Sort(a.findings)
		out = append(out, cases.Stage{Number: i + 1, From: cases.Time(a.from), To: cases.Time(a.to), Kind: a.kind, Accounts: a.accounts, Title: a.title,
			Findings: slices.Compact(a.findings)})
	}
	return out
}

// waves groups accounts by when they first fell.
func (s *scoping) waves(accounts []*judgedAccount) []act {
	var fallen []*judgedAccount
	for _, j := range accounts {
		if j.verdict == cases.AccountCompromised && len(j.bad) > 0 {
			fallen = append(fallen, j)
		}
	}
	slices.SortStableFunc(fallen, func(a, b *judgedAccount) int { return cmp.Compare(a.first, b.first) })
	var out []act
	for i := 0; i < len(fallen); {
		k := i + 1
		for k < len(fallen) && fallen[k].first-fallen[k-1].first < waveGap && fallen[k].cause == fallen[i].cause {
			k++
		}
		a := act{kind: "account-wave", from: fallen[i].first, to: fallen[k-1].first, accounts: k - i}
		a.title = event.Words{Ja: fmt.Sprintf("新たに %d アカウントへの不正ログイン", k-i), En: fmt.Sprintf("%d more accounts entered", k-i)}
		if i == 0 {
			a.kind = "first-login"
			a.title = event.Words{Ja: fmt.Sprintf("最初の不正ログイン（%d アカウント）", k-i), En: fmt.Sprintf("first bad logins (%d accounts)", k-i)}
		}
		for _, j := range fallen[i:k] {
			a.to = max(a.to, min(j.bad[0].last, j.first+3*day))
		}
		out = append(out, a)
		i = k
	}
	return out
}

// findingActs turns findings of at least medium severity into acts.
func (s *scoping) findingActs() []act {
	var out []act
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		if f.Severity < event.Medium {
			continue
		}
		kind := base(f.Detector)
		switch kind {
		case "success-after-guessing", "unusual-login", "one-address-many-accounts": // told as waves
			continue
		}
		out = append(out, act{kind: kind, from: f.First, to: f.Last, accounts: len(f.Accounts), title: f.Title, findings: []string{f.ID()}})
	}
	return out
}

// joinActs makes one stage of acts of one kind that follow one another within a week.
func joinActs(acts []act) []act {
	var out []act
	last := map[string]int{}
	for _, a := range acts {
		if i, ok := last[a.kind]; ok && a.kind != "account-wave" && a.kind != "first-login" && a.from < out[i].to+7*day {
			out[i].to = max(out[i].to, a.to)
			out[i].accounts = max(out[i].accounts, a.accounts)
			out[i].findings = append(out[i].findings, a.findings...)
			continue
		}
		last[a.kind] = len(out)
		out = append(out, a)
	}
	return out
}

// path tells the way: from outside to the first account, from host to host, and out again.
func (s *scoping) path(accounts []*judgedAccount, hosts []*machine) []cases.Step {
	var out []cases.Step
	var first *visit
	for _, j := range accounts {
		for _, v := range j.bad {
			if first == nil || v.first < first.first || v.first == first.first && v.who.ID < first.who.ID {
				first = v
			}
		}
	}
	if first != nil {
		to := first.service
		if to == "" {
			to = "login"
		}
		out = append(out, cases.Step{From: first.ip().String(), To: to, At: cases.Time(first.first), Technique: "T1078", Certainty: cases.Confirmed, Account: first.who.Name})
	}
	names := map[string]bool{}
	for _, h := range hosts {
		if h.verdict == cases.HostCompromised || h.verdict == cases.HostSuspected {
			names[h.label()] = true
			for _, st := range h.steps {
				st.Findings = h.findings
				out = append(out, st)
			}
		}
	}
	for i := range s.in.Findings {
		out = append(out, findingSteps(&s.in.Findings[i], names)...)
	}
	slices.SortStableFunc(out, func(a, b cases.Step) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	return out
}

// findingSteps turns findings that speak of a way into steps, for hosts that the case has a verdict on.
func findingSteps(f *event.Finding, hosts map[string]bool) []cases.Step {
	if f.Severity < event.Medium || len(f.Hosts) == 0 {
		return nil
	}
	tech := ""
	if len(f.Attack) > 0 {
		tech = f.Attack[0]
	}
	short := func(n string) string { n, _, _ = strings.Cut(strings.ToLower(n), "."); return n }
	from := short(f.Hosts[0])
	if !hosts[from] {
		return nil
	}
	var to []string
	switch base(f.Detector) {
	case "upload", "beacon", "long-connection", "tunnel", "ci-remote-control":
		for _, a := range f.Addresses {
			to = append(to, a.String())
		}
	default:
		return nil
	}
	var out []cases.Step
	for _, t := range to[:min(len(to), 3)] {
		st := cases.Step{From: from, To: t, At: cases.Time(f.First), Technique: tech, Findings: []string{f.ID()}, Certainty: cases.Presumed}
		if base(f.Detector) == "ci-remote-control" {
			st.From, st.To = t, from
		}
		out = append(out, st)
	}
	return out
}

// operator tells the intruder's habits from condemned visits.
func (s *scoping) operator(accounts []*judgedAccount) cases.Operator {
	var hours [24]int64
	var week [7]int64
	clients := map[string]int{}
	n := int64(0)
	for _, j := range accounts {
		for _, v := range j.bad {
			for h, c := range v.night {
				hours[h] += int64(c)
				n += int64(c)
			}
			for d, c := range v.week {
				week[d] += int64(c)
			}
			if name := s.names[v.client]; name != "" {
				clients[name]++
			}
		}
	}
	o := cases.Operator{SingleActor: "unclear", Weekdays: []string{}, Clients: []string{}}
	if n == 0 {
		return o
	}
	if from, length := busyArc(hours, n); length <= 14 && n >= 10 {
		from = (from + int((s.in.Offset-s.in.Judged)/(3600*1e6)) + 24) % 24
		o.Hours = &cases.Hours{From: fmt.Sprintf("%02d:00", from), To: fmt.Sprintf("%02d:00", (from+length)%24), Timezone: s.in.Zone}
	}
	for d, name := range []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"} {
		if week[d]*50 >= n {
			o.Weekdays = append(o.Weekdays, name)
		}
	}
	total := 0
	for _, c := range clients {
		total += c
	}
	top := 0
	for name, c := range clients {
		if c*50 >= total {
			o.Clients = append(o.Clients, name)
		}
		top = max(top, c)
	}
	slices.Sort(o.Clients)
	if total >= 5 && top*10 >= total*8 && o.Hours != nil {
		o.SingleActor = "likely"
	}
	return o
}

// busyArc returns the shortest stretch of hours that holds nine tenths of the events: its first hour and its length.
func busyArc(hours [24]int64, n int64) (from, length int) {
	for length = 1; length < 24; length++ {
		best, at := int64(-1), 0
		for f := range 24 {
			sum := int64(0)
			for k := range length {
				sum += hours[(f+k)%24]
			}
			if sum > best {
				best, at = sum, f
			}
		}
		if best*10 >= n*9 {
			return at, length
		}
	}
	return 0, 24
}
