// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

// said is what people answered about one visit.
type said struct {
	yes, no int
	decided bool // somebody decided by himself, without being asked
}

func (d *said) hear(a *Answer) {
	if a.Legitimate {
		d.yes++
	} else {
		d.no++
	}
	d.decided = d.decided || a.Question == ""
}

// hear gathers what was answered about a visit. What was said of this account at this address goes before what was said of the address or of
// the account alone, whoever said it first.
func (s *scoping) hear(v *visit) said {
	var exact, broad said
	v.asked = 0
	for i := range s.in.Answers {
		a := &s.in.Answers[i]
		if a.Weightless || a.Account == "" && !a.Address.IsValid() {
			continue
		}
		if a.Account != "" && a.Account != v.who.ID || a.Address.IsValid() && !v.addr.meant(a.Address) {
			continue
		}
		if a.From != 0 && v.last < a.From || a.To != 0 && v.first > a.To {
			continue
		}
		whole := a.Account != "" && !a.Address.IsValid() && a.Question != ""
		if a.Question != "" && !whole {
			v.asked++
		}
		switch {
		case a.Unknown, whole && !a.Legitimate: // that not all logins were the owner's does not say which
		case a.Account != "" && a.Address.IsValid():
			exact.hear(a)
		default:
			broad.hear(a)
		}
	}
	if exact != (said{}) {
		return exact
	}
	return broad
}

// hearOwner gathers what was answered to questions about all logins of an account together, and how many were put.
func (s *scoping) hearOwner(id string) (d said, asked int) {
	for i := range s.in.Answers {
		a := &s.in.Answers[i]
		if a.Weightless || a.Question == "" || a.Account != id || a.Address.IsValid() {
			continue
		}
		if asked++; !a.Unknown {
			d.hear(a)
		}
	}
	return d, asked
}

// From where on one person's answer to a question is not enough against the records: people mistake dates, and who is asked about many logins
// errs in some. It leaves a doubt then, and one more person is asked. Even odds, and four hundred to one.
const (
	disputedBelow = 0
	disputedAbove = 6
)

// weighAnswers adds what people said. Where they agree with each other, and not against strong evidence, they decide, whatever the sum was.
// The result does not depend on the order of the answers.
func (s *scoping) weighAnswers(v *visit, add func(string, float64)) {
	d := s.hear(v)
	v.pinned, v.disputed, v.unsaid = false, false, v.nats
	ahead := d.no - d.yes
	switch {
	case d.yes+d.no == 0:
		return
	case ahead == 0:
		v.disputed = true
	case ahead == 1 && !d.decided:
		v.disputed = v.nats < disputedBelow && !s.accused(v.who.ID)
	case ahead == -1 && !d.decided:
		v.disputed = v.nats >= disputedAbove
	}
	switch {
	case v.disputed: // neither condemned nor cleared
		add("disputed", doubtfulAt-v.nats)
	case ahead > 0:
		v.pinned = true
		add("answer", max(12, 8-v.nats))
	default:
		v.pinned = true
		add("answer", min(-12, -8-v.nats))
	}
}

// accused says whether something speaks against an account as a whole, so that one of its logins must have been the intruder's.
func (s *scoping) accused(id string) bool {
	_, dropped := s.dropped[id]
	return dropped || s.afterHigh[id]
}
