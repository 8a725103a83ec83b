// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Seed is something known to be bad, from which to start.
type Seed struct {
	Account string       // an identity (A-…); empty for none
	Address netip.Addr   // invalid for none
	Host    string       // empty for none
	Around  event.Micros // when it was bad; 0: any time
}

// Answer is what a person said about an account, an address, or one at the other.
type Answer struct {
	Account    string // identity; empty: any
	Address    netip.Addr
	Legitimate bool
	Unknown    bool // asked, and did not know
	From, To   event.Micros
	By         string
	Question   string // what it replies to; empty: somebody decided by himself
	Weightless bool   // came through a mailbox or account that is not cleared: kept, not used
}

// Inputs are what scoping starts from besides the ledger.
type Inputs struct {
	Findings []event.Finding
	Hidden   map[string]cases.Hidden // by identity, those that exceptions hide: weighed like the others, not called open
	Seeds    []Seed
	Answers  []Answer
	Shut     map[string][]Shut // by identity: when accounts were closed to the intruder, as people said
	Weights  *Weights          // nil: DefaultWeights
	// Covered says whether records exist that would show a login with an address at all: without them nobody is cleared.
	Covered bool
	// Short says that such records exist, of less than a day.
	Short bool
	// Undated says why records whose times cannot be right keep the case from being clear; empty where there are none.
	Undated event.Words
	// Unread counts the inputs that could not be read: what they hold might be a trace.
	Unread int
	// Accounts counts the accounts of the directory; 0: not known.
	Accounts int
	// Offset is the zone, east of UTC, in which times are told, and Zone its name; Judged is that of the sightings' hours.
	Offset, Judged event.Micros
	Zone           string
	// Place tells what is known of an address outside; nil: nothing.
	Place func(ip netip.Addr, at event.Micros) event.Place
}

type verdict uint8

const (
	unjudged verdict = iota
	honest
	doubtful
	condemned
)

// What a sum of nats must reach: suspected at even odds, compromised at 0.95.
var (
	doubtfulAt  = 0.0
	condemnedAt = math.Log(0.95 / 0.05)
	releasedAt  = condemnedAt - 0.5 // the most of what was condemned once and did not stand
)

// scoping is the state of one fixed point.
type scoping struct {
	*Ledger
	*ground
	in              Inputs
	w               Weights
	people          []*person // sorted by identity
	novelty         novelty
	patrons         []float64         // of hands, how many are customers: see customers.go
	maskedPatrons   []float64         // of maskedBy, how many are
	uniform         []bool            // by client number: Tor Browser's, which all its users share
	meetings        map[[2]uint32]int // at how many addresses, where nobody is at home, two accounts were strangers
	homeless        map[uint32]int    // accounts by client, in any version, that was only ever seen at places new to them
	hidden          map[tie]*circle   // of any addresses as seen with one client
	kept            []bool            // by number of the neighbourhood: it is not rented, and somebody comes back to it
	tours           map[tie]*circle   // of any addresses, among accounts that roam
	circles         map[tie]*circle
	journeys        map[tie]*circle                // of places abroad, to and fro
	roaming         map[event.Line]map[uint32]bool // accounts that the intruder used and that came there while roaming
	settled         int                            // from how many new networks within weeks nearly everybody comes at most
	lairs           map[uint32]map[uint32]bool     // condemned accounts by rented network where nobody is at home
	atLine          []gathering                    // by number of the line
	atPlace         []gathering                    // by number of the line with a client
	terms           []term                         // scratch
	seen, met, fine handles                        // scratch: accounts counted for one visit
	popular         []int                          // by number of the neighbourhood: accounts that are at home there
	known           known                          // scratch
	harmStart       event.Micros
	families        []uint32 // by client number: that of its name without versions; 0 for none
	campaign        span
	dropped         map[string]event.Micros // by identity: when it left the target list
	guessed         map[pairKey]struct{}
	abused          map[pairKey]float64 // what a finding says was done with an account from an address, in nats
	afterHigh       map[string]bool     // by identity: a high finding says that it was entered after guessing, or is no longer guessed at
	clientBad       []int               // condemned accounts by client
	clientAll       []int               // accounts by client that have it as a habit
	clientSeen      []int               // accounts by client that were ever seen with it and are not condemned with it
	familyAll       []int               // accounts by client without versions
	withClient      int                 // accounts with any client
	taken           takings             // when an account was first used by the intruder
	allBad          int
	rounds          int
	exposed         event.Micros        // when the directory was read; 0: it was not
	sources         map[event.Line]span // when findings of guessing or probing name an address
	footholds       map[netip.Addr]held
	ailing          map[uint32]event.Micros // owners of machines with grave signs, and since when
	tunnelled       map[*visit]bool         // logins from outside that lent a condemned machine its address
	heldFrom        event.Micros            // since when he holds a machine; 0: none known
	pushes          map[hand]bool           // accounts that enter many machines within an hour from one
}

type span struct{ from, to event.Micros }

func (s span) has(t event.Micros) bool { return s.from != 0 && t >= s.from && t <= s.to }

type pairKey struct {
	account string
	line    event.Line
}

// begin prepares what does not change from round to round.
func begin(l *Ledger, in Inputs) *scoping {
	s := &scoping{Ledger: l, in: in, w: DefaultWeights(), harmStart: math.MaxInt64, dropped: map[string]event.Micros{},
		guessed: map[pairKey]struct{}{}, abused: map[pairKey]float64{}, afterHigh: map[string]bool{}, sources: map[event.Line]span{}}
	if in.Weights != nil {
		s.w = *in.Weights
	}
	for _, p := range l.people {
		s.people = append(s.people, p)
	}
	slices.SortFunc(s.people, func(a, b *person) int { return strings.Compare(a.who.ID, b.who.ID) })
	l.number()
	s.families, s.uniform = l.numbers.families, l.numbers.uniform
	s.stand()
	s.patrons, s.maskedPatrons = make([]float64, s.numbers.places), make([]float64, len(s.names))
	s.kept, s.popular = make([]bool, s.numbers.arounds), make([]int, s.numbers.arounds)
	s.readFindings()
	s.blame()
	s.countClients()
	return s
}

// readFindings takes from the findings what weighs on accounts and addresses.
func (s *scoping) readFindings() {
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		switch base(f.Detector) {
		case "password-guessing", "password-spray", "credential-stuffing", "id-probing":
			if f.Severity < event.Medium {
				continue
			}
			if s.campaign.from == 0 || f.First < s.campaign.from {
				s.campaign.from = f.First
			}
			s.campaign.to = max(s.campaign.to, f.Last+event.Micros(60*86400*1e6))
			for _, ip := range f.Addresses { // who probes for IDs tries names that nobody has; who guesses does so at those that are used
				if base(f.Detector) == "id-probing" || slices.ContainsFunc(s.linesOf(ip), func(a *address) bool { return !s.noise(a) }) {
					line := s.lineNamed(ip)
					at, ok := s.sources[line]
					if !ok {
						at = span{f.First, f.Last}
					}
					s.sources[line] = span{min(at.from, f.First), max(at.to, f.Last)}
				}
			}
		case "directory-read":
			if f.Severity >= event.High && (s.exposed == 0 || f.First < s.exposed) {
				s.exposed = f.First
			}
		case "target-drop-out":
			for _, id := range f.Accounts {
				if at, ok := s.dropped[id]; !ok || f.First < at {
					s.dropped[id] = f.First
				}
				s.afterHigh[id] = s.afterHigh[id] || f.Severity >= event.High
			}
		case "spam-burst", "excess-taking", "mass-encryption":
			w := s.w.Abused[f.Severity]
			for _, id := range f.Accounts {
				for _, ip := range f.Addresses {
					s.abused[pairKey{id, s.lineNamed(ip)}] = max(s.abused[pairKey{id, s.lineNamed(ip)}], w)
				}
			}
		case "success-after-guessing":
			for _, id := range f.Accounts {
				for _, ip := range f.Addresses {
					s.guessed[pairKey{id, s.lineNamed(ip)}] = struct{}{}
				}
				s.afterHigh[id] = s.afterHigh[id] || f.Severity >= event.High
			}
		}
	}
}

// blame notes at the visits what findings say of their account at their address.
func (s *scoping) blame() {
	for _, v := range s.ordered {
		v.guessed, v.abused = false, 0
		if len(s.guessed) > 0 {
			_, v.guessed = s.guessed[pairKey{v.who.ID, v.addr.named()}]
		}
		if len(s.abused) > 0 {
			v.abused = s.abused[pairKey{v.who.ID, v.addr.named()}]
		}
	}
}

// base returns the contract's name of a detector whose own name it is a prefix of.
func base(detector string) string {
	if detector == "lateral-path-switch" { // scoping has its own judgement of ways between machines
		return detector
	}
	for _, n := range []string{"password-guessing", "password-spray", "credential-stuffing", "id-probing", "target-drop-out", "success-after-guessing",
		"directory-read", "internal-scan", "restricted-access", "ci-remote-control", "beacon", "long-connection", "tunnel", "upload",
		"log-cleared", "mass-encryption", "lateral-path", "admin-misuse", "one-address-many-accounts", "id-list-obtained"} {
		if strings.HasPrefix(detector, n) {
			return n
		}
	}
	if detector == "small-chunk-upload" {
		return "upload"
	}
	return detector
}

// settle finds the fixed point. What was condemned in an early round, on a past that later rounds know better, is weighed once
// more at the end with everything known; what does not stand then is released for good and the rest found anew.
func (s *scoping) settle() {
	for range 8 {
		s.expand()
		released := false
		s.markStrangers()
		for _, v := range s.ordered {
			if v.judged != condemned {
				continue
			}
			if s.weigh(v); v.nats < condemnedAt-1 {
				v.judged, v.barred, released = unjudged, true, true
			}
		}
		if !released {
			break
		}
		s.harmStart = s.firstHarm()
	}
	for _, v := range s.ordered {
		if v.judged == condemned {
			v.nats = max(v.nats, condemnedAt)
			continue
		}
		v.judged = honest
		if over := v.nats - releasedAt; v.barred && over > 0 { // what did not stand with everything known is a doubt, whatever its sum is without the others
			v.nats -= over
			v.terms = append(v.terms, term{"released", -over})
		}
		if v.nats >= doubtfulAt {
			v.judged = doubtful
		}
	}
}

// expand weighs every visit again and again until nothing more is condemned. Condemned visits stay condemned, so it ends;
// within a round every visit is weighed against the state at the round's begin, so the order does not matter.
func (s *scoping) expand() {
	lines, clients := map[event.Line]event.Micros{}, map[uint32]event.Micros{}
	for s.rounds = 1; s.rounds <= 30; s.rounds++ {
		s.countClients()
		s.countCustomers()
		s.known.forget(&s.numbers)
		for _, p := range s.people {
			s.recall(p)
		}
		for _, p := range s.people {
			s.escort(p)
		}
		s.markStrangers()
		changed := s.rounds == 1 // in the first round nobody's own doubt is known to the others yet
		var next []*visit
		for _, v := range s.ordered {
			if v.judged == condemned {
				continue
			}
			s.weigh(v)
			if v.nats >= condemnedAt && !v.barred {
				next = append(next, v)
			}
		}
		for _, v := range next {
			s.alert(v, lines, clients)
		}
		for _, v := range next {
			v.judged = condemned
			earliest(lines, v.addr.line, v.alerted)
			earliest(clients, v.client, v.alerted)
			changed = true
		}
		if start := s.firstHarm(); start < s.harmStart {
			s.harmStart = start
			changed = true
		}
		if !changed {
			break
		}
	}
}

func earliest[K comparable](m map[K]event.Micros, k K, at event.Micros) {
	if old, ok := m[k]; !ok || at < old {
		m[k] = at
	}
}

// firstHarm returns when harm began: before it, habits are the owners' own. With three or more condemned accounts the very
// first is not trusted alone, so that one wrong judgement does not take everybody's past away.
func (s *scoping) firstHarm() event.Micros {
	byAccount := map[uint32]event.Micros{}
	for _, v := range s.ordered {
		if v.judged == condemned && (!v.pinned || v.unsaid >= doubtfulAt) { // one person's word does not take everybody's past away
			if at, ok := byAccount[v.who.Handle]; !ok || v.first < at {
				byAccount[v.who.Handle] = v.first
			}
		}
	}
	var firsts []event.Micros
	for _, at := range byAccount {
		firsts = append(firsts, at)
	}
	slices.Sort(firsts)
	switch {
	case len(firsts) == 0:
		return math.MaxInt64
	case len(firsts) < 3:
		return firsts[0]
	}
	return firsts[1]
}

func probability(nats float64) float64 { return cases.Round(1 / (1 + math.Exp(-nats))) }
