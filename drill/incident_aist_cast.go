// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "slices"

// aist is the cast of the report's incident.
type aist struct {
	*plot
	group1, group2 []int32 // victims, in the order in which they fall
	swept, fetched []int32 // those of stages 5 and 6
	it             []int32 // the department that runs the computers
	tor, vpn       []int32 // addresses of the intruder
	rented         []int32
	university     int32   // a partner's proxy, which honest members use too
	hongkong       int32   // rented, used for group 2 alone
	unlisted       []int32 // rented where no list names it, used for two accounts alone
	relay          int32   // in Singapore
}

func castAIST(p *plot) *aist {
	a := &aist{plot: p, university: p.w.partners[0]}
	a.castVictims()
	a.castAddresses()
	a.fill()
	return a
}

// castVictims chooses the victims: group 1 over the departments, group 2 mostly from the one that runs the computers.
func (p *aist) castVictims() {
	runs := func(m *person) bool { return m.department == itDepartment && !m.mfa }
	p.it = p.free(runs)
	others := func(m *person) bool { return m.department != itDepartment && !m.mfa }
	p.group1 = p.pick(p.scale(100), others)
	two := p.scale(43)
	fromIT := min(two*3/4, len(p.it))
	p.group2 = slices.Concat(p.pick(fromIT, runs), p.pick(two-fromIT, others))
	p.shuffle(p.group2)

	s := p.sets()
	known := slices.Concat(s.two, s.three, s.four, s.five)
	p.swept = known[len(known)*6/93:] // with the first one, six of stages 1 and 2 are left out
	p.fetched = p.swept[:len(p.swept)-max(1, len(p.swept)*4/87)]
}

// fill puts into the victims' mail and folders what the report's table counts, class by class. What all of somebody's mail was
// fetched of is leaked; what lies in the other mailboxes may have been seen.
func (p *aist) fill() {
	fetched := map[int32]bool{}
	for _, who := range p.fetched {
		fetched[who] = true
	}
	others := slices.DeleteFunc(slices.Concat(p.group1, p.group2), func(who int32) bool { return fetched[who] })
	for _, who := range slices.Concat(p.group1, p.group2) {
		p.g.holds(who, leakMailboxes, 1)
	}
	officer, some := p.fetched[len(p.fetched)/3], slices.Concat(p.fetched[:len(p.fetched)/3], p.fetched[len(p.fetched)/3+1:])
	p.g.holds(officer, leakContracts, p.scale(185)) // one member has nearly all of the contracts
	p.deal(leakContracts, p.scale(200)-p.scale(185), some)
	p.deal(leakContracts, p.scale(8), others)
	for _, c := range []struct {
		class                 string
		leaked, seen          int // in the mail
		insideLost, insideSee int
	}{{leakJoint, 82, 22, 12, 1}, {leakResearch, 1, 0, 0, 2}, {leakRecruiting, 181, 18, 5, 0}, {leakEvents, 125, 10, 15, 15}} {
		p.deal(c.class, p.scale(c.leaked), p.fetched)
		if c.seen > 0 {
			p.deal(c.class, p.scale(c.seen), others)
		}
		for i, n := range []int{c.insideLost, c.insideSee} {
			if n > 0 {
				p.g.holdsInside(p.group2[i%4], c.class, leaked-lot(i), p.scale(n))
			}
		}
	}
	p.deal(leakContacts, p.scale(158), p.fetched)
	for i := range 3 { // three members have most of the contact lists, inside and in the mail
		p.g.holdsInside(p.group2[i], leakContacts, maybeSeen, p.scale([]int{720, 705, 675}[i]))
		p.g.holds(p.group2[i], leakContacts, p.scale([]int{198, 185, 170}[i]))
	}
	p.g.holdsInside(p.group1[3], leakContacts, leaked, p.scale(71))
	p.g.holdsInside(p.group2[3], leakContacts, maybeSeen, p.scale(561))
	few := slices.DeleteFunc(others, func(who int32) bool { return slices.Contains(p.group2[:3], who) })
	p.deal(leakContacts, p.scale(1447)-p.scale(198)-p.scale(185)-p.scale(170), few)
}

// castAddresses draws the intruder's addresses. The proportions are the report's: 120 Tor exits, 7 of one VPN, 28 rented, and
// a university's proxy that is not his.
func (p *aist) castAddresses() {
	two := func(n int) int { return min(n, max(2, p.scale(n)*2)) } // twice the scale of the accounts: about 60 in the demo
	p.tor = p.hide(kindTor, two(120))
	p.vpn = p.hide(kindVPN, two(7))
	for _, b := range hostingBlocks() {
		for _, id := range p.rent(b.country, max(1, (rentals(b.country)*two(28)+14)/28)) {
			switch {
			case b.country == "SG" && p.relay == 0:
				p.relay = id
			case b.country == "HK" && p.hongkong == 0:
				p.hongkong = id
				continue
			case unlistedHosting(b):
				p.unlisted = append(p.unlisted, id)
				continue
			}
			p.rented = append(p.rented, id)
		}
	}
	if n := len(p.unlisted); n < 2 {
		p.unlisted = append(p.unlisted, p.rent("CA", 2-n)...)
	}
}

// rentals is how many rented servers the report counts in a country.
func rentals(country string) int {
	switch country {
	case "US", "DE":
		return 5
	case "SG":
		return 3
	case "FR", "NL", "CH", "CN", "HK":
		return 2
	}
	return 1
}

// stages holds the accounts that are new in each stage.
type stages struct{ two, three, four, five, seven []int32 }

// sets divides group 1. The report gives the sizes of the stages and 93 as the union of 1 to 5; new here are 1, 7, 50, 11, 24
// and 7 accounts in stages 1, 2, 3, 4, 5 and 7, so that the 92 of stages 3 to 8 are those that guessing gave.
func (p *aist) sets() stages {
	g := p.group1
	cut := func(n int) int { return (len(g)*n + 99) / 100 }
	two := max(2, cut(8))
	three := max(two+1, cut(58))
	four := max(three+1, cut(69))
	five := min(max(four+1, cut(93)), len(g)-1)
	return stages{g[1:two], g[two:three], g[three:four], g[four:five], g[five:]}
}

// hand returns the i-th of the addresses that he works from by hand: Tor, the VPN and rented ones in turn.
func (p *aist) hand(i int) int32 {
	switch i % 4 {
	case 0, 2:
		return p.tor[i*5%len(p.tor)]
	case 1:
		return p.vpn[i%len(p.vpn)]
	}
	return p.rented[i%len(p.rented)]
}

// stage says in which stage accounts are new, and why they fell.
func (p *aist) stage(number int, cause string, who []int32) {
	group := 1 + btoi(number == 9)
	for _, w := range who {
		p.enter(w, number, cause, group)
	}
}
