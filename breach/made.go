// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// An intruder who holds an administrator's account makes one of his own, which stays when the stolen one is taken back. It need never have logged in
// to be his.

// making is that one account made another.
type making struct {
	by, whom *event.Account
	from     event.Line // where the order came from; zero: not said, or from inside
	at       event.Micros
}

// maxMade is how many makings are kept; who makes more hides nothing by it, since the first are what is kept.
const maxMade = 1 << 14

// make notes that an account was made.
func (l *Ledger) make(s *event.Sighting) {
	if s.Activity == event.ActCreate && s.Outcome != event.OutcomeFailure && s.Who != nil && s.Whom != nil && s.Who != s.Whom && len(l.made) < maxMade {
		m := making{by: s.Who, whom: s.Whom, at: s.Time}
		if s.SrcIP.IsValid() && !s.SrcIsRelay && !s.Src.Own {
			m.from = s.Src.Line()
		}
		l.made = append(l.made, m)
	}
}

// madeHis says whether an account that nobody but the intruder ever used was made from where this visit came from, and in its time: then who made
// it knew what for. What is made at home may be stolen before its owner has it.
func (s *scoping) madeHis(v *visit) bool {
	return slices.ContainsFunc(s.made, func(m making) bool {
		if m.by != v.who || m.from != v.addr.line || m.at < v.first || m.at > v.last+makingAfter {
			return false
		}
		his := s.firstUse(m.whom.Handle)
		return his != nil && his.judged == condemned && his.first >= m.at && his.first <= m.at+madeFor
	})
}

// Bounds of madeHis.
const (
	makingAfter = day / 24 // the last that is known of a session is before its end
	madeFor     = 30 * day // from the making of an account to its first use
)

// firstUse returns how an account was used first; nil: it never was.
func (s *scoping) firstUse(who uint32) *visit {
	p := s.Ledger.people[who]
	if p == nil {
		return nil
	}
	for _, v := range p.visits {
		if !s.echoes(v) {
			return v
		}
	}
	return nil
}

// judgeMade adds the accounts that compromised ones made after they had fallen: a doubt, since their owners go on working, and more where the new
// account was raised at once by one whose work that is not.
func (s *scoping) judgeMade(all []*judgedAccount) []*judgedAccount {
	bad, known := map[uint32]*judgedAccount{}, map[uint32]*judgedAccount{}
	for _, j := range all {
		known[j.p.who.Handle] = j
		if j.verdict == cases.AccountCompromised {
			bad[j.p.who.Handle] = j
		}
	}
	for _, m := range s.made {
		by := bad[m.by.Handle]
		if by == nil || m.at < by.first || bad[m.whom.Handle] != nil || s.spokenFor(m.whom.ID) {
			continue
		}
		w := s.w.Made
		if s.raised(m) {
			w = s.w.MadeRaised
		} else if strings.HasSuffix(m.whom.Name, "$") { // a machine that joined the domain
			continue
		}
		j := known[m.whom.Handle]
		if j == nil {
			p := s.Ledger.people[m.whom.Handle]
			if p == nil {
				p = &person{who: m.whom, first: m.at}
			}
			j = &judgedAccount{p: p, terms: []term{{"prior", s.w.Prior}}, nats: s.w.Prior}
			known[m.whom.Handle], all = j, append(all, j)
		}
		j.madeBy(w)
		j.verdict = cases.AccountSuspected
		if j.nats >= condemnedAt {
			j.verdict = cases.AccountCompromised
		}
		if j.first == 0 {
			j.first = m.at
		}
		j.first, j.last = min(j.first, m.at), max(j.last, m.at)
	}
	slices.SortStableFunc(all, func(a, b *judgedAccount) int { return strings.Compare(a.p.who.ID, b.p.who.ID) })
	return all
}

// madeBy notes that a fallen account made this one. However often it is made, the doubt is one: an owner who goes on working makes the same
// account again, for the same contractor. The heaviest making counts.
func (j *judgedAccount) madeBy(w float64) {
	const name = "made-by"
	i := slices.IndexFunc(j.terms, func(t term) bool { return t.name == name })
	if i < 0 {
		i = len(j.terms)
		j.terms = append(j.terms, term{name: name})
	}
	if was := j.terms[i].nats; w > was {
		j.terms[i].nats, j.nats = w, j.nats+w-was
	}
}

// raised says whether a high finding tells that the maker gave the new account an administrator's rights, which is not its work.
func (s *scoping) raised(m making) bool {
	return slices.ContainsFunc(s.in.Findings, func(f event.Finding) bool {
		return base(f.Detector) == "admin-misuse" && f.Severity >= event.High && f.First <= m.at && m.at <= f.Last && slices.Contains(f.Accounts, m.by.ID) && slices.Contains(f.Accounts, m.whom.ID)
	})
}

// spokenFor says whether a person answered for the account as a whole.
func (s *scoping) spokenFor(id string) bool {
	return slices.ContainsFunc(s.in.Answers, func(a Answer) bool {
		return a.Account == id && !a.Unknown && !a.Weightless
	})
}
