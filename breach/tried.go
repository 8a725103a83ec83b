// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sekisho/sekisho/event"
)

const (
	triesApart = 7 * day // between the first failures from two lines of one finding
	triesLeast = 2       // accounts that failed from a line: one alone was mistyped
)

// tryFindings tells which accounts were tried in vain from where the intruder got into others. A few tries are no campaign that a detector could see:
// that they were his is known once his logins are.
func (s *scoping) tryFindings() []event.Finding {
	var lines []*address
	for _, a := range s.lines {
		if !a.guesses && len(a.tried) >= triesLeast && !a.place.Own && !a.place.Shared && s.hisAlone(a) {
			lines = append(lines, a)
		}
	}
	slices.SortFunc(lines, func(a, b *address) int {
		return cmp.Or(cmp.Compare(a.failAt, b.failAt), a.line.At.Compare(b.line.At), cmp.Compare(a.line.Set, b.line.Set))
	})
	var out []event.Finding
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].failAt-lines[n-1].failAt <= triesApart {
			n++
		}
		out = append(out, s.tryFinding(lines[:n]))
		lines = lines[n:]
	}
	return out
}

// hisAlone says whether what got in from a line was the intruder, and nobody else.
func (s *scoping) hisAlone(a *address) bool {
	his := false
	for _, v := range a.visits {
		switch {
		case v.judged == condemned:
			his = true
		case v.logins+v.acts > 0:
			return false
		}
	}
	return his
}

func (s *scoping) tryFinding(lines []*address) event.Finding {
	f := event.Finding{Detector: "credential-stuffing", Key: fmt.Sprintf("tried beside logins %d", lines[0].failAt), Attack: []string{"T1110.004"}, Severity: event.Low, First: lines[0].failAt}
	tries := int64(0)
	named := map[string]bool{}
	for _, a := range lines {
		f.Last = max(f.Last, a.failTo)
		tries += a.failures
		if len(f.Addresses) < reachMost {
			f.Addresses = append(f.Addresses, a.place.IP)
			f.Evidence = append(f.Evidence, a.failRef)
		}
		for h := range a.tried {
			if p := s.Ledger.people[h]; p != nil {
				named[p.who.ID] = true
			}
		}
		for _, v := range a.visits {
			if v.judged == condemned && v.alerted != 0 && (f.Alerted == 0 || v.alerted < f.Alerted) {
				f.Alerted = v.alerted
			}
		}
	}
	if f.Alerted == 0 {
		f.Alerted = f.Last
	}
	f.Alerted = max(f.Alerted, f.First)
	for id := range named {
		f.Accounts = append(f.Accounts, id)
	}
	slices.Sort(f.Accounts)
	f.Numbers = []event.Figure{{Name: "accounts", Value: float64(len(named))}, {Name: "tries", Value: float64(tries)}, {Name: "addresses", Value: float64(len(lines))}}
	f.Title = event.Words{
		Ja: fmt.Sprintf("侵入者の接続元から、%d アカウントのパスワードが試されて失敗した", len(named)),
		En: fmt.Sprintf("passwords of %d accounts were tried in vain from where the intruder logged in", len(named))}
	f.Explanation = event.Words{
		Ja: "試行は少なく、それだけでは打ち間違いと区別できない。同じ接続元からのログインが不正と判断されたため、これらも侵入者によるものと考えられる。ここに挙がったアカウントは侵入者が名前を知っており、別の接続元からも試されうる。",
		En: "The tries are few, and by themselves no different from mistyping. That logins from the same address were judged not to be their owners' makes these the intruder's, too. He knows the names of the accounts listed here, and may try them from elsewhere."}
	return f
}
