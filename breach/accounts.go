// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// judgedAccount is what scoping concluded of one person.
type judgedAccount struct {
	p       *person
	verdict cases.AccountVerdict
	nats    float64
	terms   []term
	first   event.Micros
	last    event.Micros
	bad     []*visit // condemned, in order of time
	cause   cases.Cause
	byHand  bool
}

// judgeAccounts turns judged visits into verdicts on accounts: those with any sign against them, sorted by identity.
func (s *scoping) judgeAccounts() []*judgedAccount {
	var out []*judgedAccount
	for _, p := range s.people {
		if p.who.System {
			continue
		}
		j := s.judgeAccount(p)
		if j != nil {
			out = append(out, j)
		}
	}
	out = s.judgeMade(out)
	s.causes(out)
	return out
}

func (s *scoping) judgeAccount(p *person) *judgedAccount {
	j := &judgedAccount{p: p, nats: math.Inf(-1)}
	for _, v := range p.visits {
		if v.judged == condemned {
			j.bad = append(j.bad, v)
		}
		if v.nats > j.nats && v.terms != nil {
			j.nats, j.terms = v.nats, slices.Clone(v.terms)
		}
	}
	s.accountSigns(j)
	if len(j.bad) == 0 && hasTerm(j.terms, "disputed") {
		j.nats = min(j.nats, releasedAt)
	}
	switch {
	case len(j.bad) > 0 || j.nats >= condemnedAt:
		j.verdict = cases.AccountCompromised
	case j.nats >= doubtfulAt || s.afterHigh[j.p.who.ID] && !j.byHand:
		j.verdict = cases.AccountSuspected // a high finding about it is never cleared by arithmetic
		j.nats = max(j.nats, doubtfulAt)
	case j.nats > s.w.Prior+2 || j.byHand: // something was weighed and found light, or somebody said so
		j.verdict = cases.AccountCleared
		if !s.in.Covered || !placed(p) {
			j.verdict = cases.AccountUndetermined
		}
	default:
		return nil
	}
	j.span(s)
	return j
}

// placed says whether any record shows an outer address from which the account was used.
func placed(p *person) bool {
	return slices.ContainsFunc(p.visits, func(v *visit) bool { return !v.addr.place.Own || v.logins > 0 })
}

// accountSigns adds what speaks of the account as a whole and needs no login with an address: its dropping out of the
// target list, and a seed that names it.
func (s *scoping) accountSigns(j *judgedAccount) {
	id := j.p.who.ID
	if math.IsInf(j.nats, -1) {
		j.nats = s.w.Prior
		j.terms = []term{{"prior", s.w.Prior}}
		if s.campaign.from != 0 {
			j.nats += s.w.PriorCampaign
			j.terms = append(j.terms, term{"campaign", s.w.PriorCampaign})
		}
	}
	if _, ok := s.dropped[id]; ok && !hasTerm(j.terms, "drop-out") {
		// The drop-out stands on its own: logins that could have shown the intruder and did not do not undo it. Where no record
		// shows from where the account was used, nothing speaks against it either.
		base := max(j.nats, s.w.Prior+s.w.PriorCampaign+2)
		if !placed(j.p) {
			base = max(base, doubtfulAt-s.w.DropOut+s.w.DropOutAlone)
		}
		j.terms = append(j.terms, term{"drop-out", base + s.w.DropOut - j.nats})
		j.nats = base + s.w.DropOut
	}
	for _, sd := range s.in.Seeds {
		if sd.Account == id {
			j.terms = append(j.terms, term{"seed", s.w.Seed})
			j.nats += s.w.Seed
		}
	}
	for _, a := range s.in.Answers {
		if a.Account == id && !a.Address.IsValid() && !a.Unknown && !a.Weightless {
			j.byHand = true
		}
	}
	if d, _ := s.hearOwner(id); d.no != d.yes {
		w := min(-12, -8-j.nats)
		if d.no > d.yes {
			w = max(12, 8-j.nats)
		}
		if w > 0 || len(j.bad) == 0 {
			j.terms = append(j.terms, term{"answer", w})
			j.nats += w
		}
	}
}

func hasTerm(terms []term, name string) bool {
	return slices.ContainsFunc(terms, func(t term) bool { return t.name == name })
}

func (j *judgedAccount) span(s *scoping) {
	for _, v := range j.bad {
		if j.first == 0 || v.first < j.first {
			j.first = v.first
		}
		j.last = max(j.last, v.last)
	}
	if j.first == 0 {
		if at, ok := s.dropped[j.p.who.ID]; ok {
			j.first, j.last = at, at
		}
		for _, v := range j.p.visits {
			if v.judged == doubtful {
				if j.first == 0 || v.first < j.first {
					j.first = v.first
				}
				j.last = max(j.last, v.last)
			}
		}
	}
}

// causes says through what each account fell. An account that dropped out of the target list, or that was entered by the
// guessers before the directory was read, was guessed; one that was entered after the read, and not before, fell to it.
func (s *scoping) causes(all []*judgedAccount) {
	readAt := event.Micros(math.MaxInt64)
	for i := range s.in.Findings {
		if f := &s.in.Findings[i]; base(f.Detector) == "directory-read" && f.Severity >= event.High && f.First < readAt {
			readAt = f.First
		}
	}
	for _, j := range all {
		j.cause = cases.CauseUnknown
		if j.verdict != cases.AccountCompromised && j.verdict != cases.AccountSuspected {
			continue
		}
		_, dropped := s.dropped[j.p.who.ID]
		switch {
		case dropped || hasTerm(j.terms, "after-guessing") && j.first < readAt:
			j.cause = cases.Guessing
		case j.first >= readAt:
			j.cause = cases.DirectoryRead
		case s.campaign.has(j.first) && j.p.failAt != 0 && j.p.failAt < j.first:
			j.cause = cases.Guessing
		}
	}
}

// caseAccounts turns verdicts into the case's accounts. Groups are numbered by their first harm, those of unknown cause last.
func (s *scoping) caseAccounts(all []*judgedAccount) []cases.Account {
	group := map[cases.Cause]int{}
	inOrder := slices.Clone(all)
	slices.SortStableFunc(inOrder, func(a, b *judgedAccount) int { return int(clampSign(int64(a.first) - int64(b.first))) })
	for _, unknown := range []bool{false, true} {
		for _, j := range inOrder {
			if j.verdict == cases.AccountCompromised && group[j.cause] == 0 && (j.cause == cases.CauseUnknown) == unknown {
				group[j.cause] = len(group) + 1
			}
		}
	}
	findings, began := s.findingsByAccount(), s.recordsFrom
	out := make([]cases.Account, 0, len(all))
	for _, j := range all {
		a := cases.Account{
			ID: j.p.who.ID, Name: j.p.who.Name, Verdict: j.verdict, DecidedBy: "machine", Confidence: probability(j.nats),
			Certainty: s.certainty(j), Cause: j.cause, Findings: findings[j.p.who.ID], Department: j.p.who.Department, Why: s.whyAccount(j),
		}
		if j.byHand || slices.ContainsFunc(j.bad, func(v *visit) bool { return v.pinned }) {
			a.DecidedBy = s.deciders(j)
		}
		if j.verdict == cases.AccountCompromised || j.verdict == cases.AccountSuspected {
			a.First, a.Last = cases.Time(j.first), cases.Time(j.last)
			a.Group = group[j.cause]
			a.FirstCertain = j.first > began+30*day
		}
		for _, t := range j.terms {
			a.Terms = append(a.Terms, cases.Term{Name: t.name, Nats: t.nats, Why: termWords(t.name)})
		}
		seen := map[netip.Addr]bool{}
		for _, v := range j.bad {
			for _, u := range v.uses() {
				if !seen[u.ip] {
					seen[u.ip] = true
					a.Addresses = append(a.Addresses, u.ip)
				}
				if len(a.Sessions) < 100 {
					a.Sessions = append(a.Sessions, s.session(v, u))
				}
			}
		}
		out = append(out, a)
	}
	return out
}

// session tells one visit's use of one address.
func (s *scoping) session(v *visit, u stay) cases.Session {
	out := cases.Session{From: cases.Time(u.from), To: cases.Time(u.to), Address: u.ip, Service: v.service, Client: s.names[v.client], Events: u.n}
	if v.ports != nil {
		var low, high int
		if low, high, out.Knocks = v.ports.knocks(out.From, out.To); len(out.Knocks) > 0 {
			out.Ports = []int{low, high}
		}
	}
	return out
}

// certainty says how surely an account's harm is spoken of. It is confirmed only by a person's answer, or where records leave no
// doubt: a login, new to the account in address and client, from an address that guessed at many accounts, with a client that
// other condemned accounts share or after the account itself was guessed at from there. Everything else that is condemned is
// presumed.
func (s *scoping) certainty(j *judgedAccount) cases.Certainty {
	switch j.verdict {
	case cases.AccountCompromised:
		for _, v := range j.bad {
			if v.pinned {
				return cases.Confirmed
			}
			if v.logins > 0 && !v.past.address && !v.past.client && !v.past.network && hasTerm(v.terms, "guess-source") &&
				(hasTerm(v.terms, "operator-client") || hasTerm(v.terms, "after-guessing")) {
				return cases.Confirmed
			}
		}
		return cases.Presumed
	case cases.AccountSuspected:
		if j.nats >= math.Log(4) { // four to one
			return cases.Likely
		}
		return cases.MayBe
	}
	return ""
}

func (s *scoping) deciders(j *judgedAccount) string {
	for _, a := range s.in.Answers {
		if a.By != "" && !a.Unknown && !a.Weightless && (a.Account == j.p.who.ID || a.Account == "") {
			return a.By
		}
	}
	return "machine"
}

func (s *scoping) findingsByAccount() map[string][]string {
	out := map[string][]string{}
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		id := f.ID()
		for _, a := range f.Accounts {
			out[a] = append(out[a], id)
		}
	}
	return out
}

// whyAccount says the verdict in one sentence, with the weightiest evidence for and against.
func (s *scoping) whyAccount(j *judgedAccount) event.Words {
	terms := slices.Clone(j.terms)
	slices.SortStableFunc(terms, func(a, b term) int { return int(clampSign(int64(math.Abs(b.nats)*1e6) - int64(math.Abs(a.nats)*1e6))) })
	var ja, en []string
	for _, t := range terms {
		if t.name == "prior" || t.name == "campaign" || len(ja) == 3 {
			continue
		}
		w := termWords(t.name)
		ja = append(ja, fmt.Sprintf("%s（%+.1f）", w.Ja, t.nats))
		en = append(en, fmt.Sprintf("%s (%+.1f)", w.En, t.nats))
	}
	return event.Words{Ja: strings.Join(ja, "、"), En: strings.Join(en, "; ")}
}

func clampSign(n int64) int64 { return max(-1, min(1, n)) }
