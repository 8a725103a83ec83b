// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package triage

import (
	"cmp"
	"slices"
	"time"

	"github.com/sekisho/sekisho/cases"
)

// AlertsPerDay is how many findings a day asks people to look at where the profile does not say: what one person can look into besides
// other work.
const AlertsPerDay = 10

// Budget marks, in place, the findings that fall below the budget of the day on which they would have been raised, in the institute's zone:
// beyond perDay, the least grave go, among those of one severity first what is about nobody whom the case calls compromised, and then the
// least certain. The first critical or high finding of each story never does, nor does one of no story or about whom the case calls
// compromised. What is hidden costs nothing. It leaves its count by severity in the case.
func Budget(c *cases.Case, perDay int, zone *time.Location) {
	if perDay <= 0 {
		perDay = AlertsPerDay
	}
	c.Alerts = &cases.Alerts{PerDay: perDay}
	g, kept := guiltOf(c), openers(c)
	days := map[string][]alert{}
	for i := range c.Findings {
		f := &c.Findings[i]
		f.BelowBudget = false
		if f.Hidden != nil {
			c.Alerts.Hidden++
			continue
		}
		d := raised(f).Time().In(zone).Format(time.DateOnly)
		a := alert{f: f, kept: kept[f.ID], condemned: g.condemns(&f.Subjects), sure: g.certainty(&f.Subjects)}
		a.kept = a.kept || a.condemned && f.Severity.Rank() <= cases.High.Rank()
		days[d] = append(days[d], a)
	}
	for _, of := range days {
		slices.SortFunc(of, order)
		for i := range of {
			if a := &of[i]; i >= perDay && !a.kept {
				a.f.BelowBudget = true
				c.Alerts.BelowBudget++
				if c.Alerts.Below == nil {
					c.Alerts.Below = map[cases.Severity]int{}
				}
				c.Alerts.Below[a.f.Severity]++
			}
		}
	}
}

// alert is one finding on its day.
type alert struct {
	f         *cases.Finding
	kept      bool // never below the budget
	condemned bool // about somebody whom the case calls compromised
	sure      float64
}

func order(a, b alert) int {
	return cmp.Or(ahead(a.kept, b.kept), cmp.Compare(a.f.Severity.Rank(), b.f.Severity.Rank()), ahead(a.condemned, b.condemned), cmp.Compare(b.sure, a.sure), cmp.Compare(raised(a.f), raised(b.f)), cmp.Compare(a.f.ID, b.f.ID))
}

// ahead puts what holds before what does not.
func ahead(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func raised(f *cases.Finding) cases.Time {
	if f.Alerted.IsZero() {
		return f.Last
	}
	return f.Alerted
}

// openers returns the findings of which nobody may be spared: of each story the first that is critical or high, and all such of no story.
func openers(c *cases.Case) map[string]bool {
	out := map[string]bool{}
	first := map[string]*cases.Finding{}
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Hidden != nil || f.Severity.Rank() > cases.High.Rank() {
			continue
		}
		if f.Story == "" {
			out[f.ID] = true
			continue
		}
		if g := first[f.Story]; g == nil || raised(f) < raised(g) || raised(f) == raised(g) && f.ID < g.ID {
			first[f.Story] = f
		}
	}
	for _, f := range first {
		out[f.ID] = true
	}
	return out
}

// certainty is the most that the case holds of anybody whom a finding names, as far as it holds something against them.
func (g *guilt) certainty(s *cases.Subjects) float64 {
	most := 0.0
	for _, id := range s.Accounts {
		if v := g.accounts[id]; v == cases.AccountCompromised || v == cases.AccountSuspected {
			most = max(most, g.sure["account "+id])
		}
	}
	for _, ip := range s.Addresses {
		if v := g.addresses[ip]; v == cases.AddressAttacker || v == cases.AddressSuspected {
			most = max(most, g.sure["address "+ip.String()])
		}
	}
	for _, h := range s.Hosts {
		if v := g.hosts[h]; v == cases.HostCompromised || v == cases.HostSuspected {
			most = max(most, g.sure["host "+h])
		}
	}
	return most
}
