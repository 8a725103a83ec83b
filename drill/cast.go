// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"slices"
)

// scale returns how many of the documents' things this drill has: in proportion to the accounts, but a fifth at least, and all
// at the incident's full size.
func (p *plot) scale(whole int) int {
	f := min(1, max(0.2, float64(len(p.w.people))/float64(p.story.full)))
	return max(1, int(f*float64(whole)+0.5))
}

// pick draws members who are there all the time, are not odd by themselves and have no part yet; fits may be nil. A cast that
// the institute is too small for ends the drill before it begins.
func (p *plot) pick(n int, fits func(m *person) bool) []int32 {
	free := p.free(fits)
	if len(free) < n {
		if p.err == nil {
			p.err = fmt.Errorf("drill: %d accounts: %s needs %d members of a kind that it has only %d of; give it more accounts", len(p.w.people), p.story.name, n, len(free))
		}
		n = len(free)
	}
	p.shuffle(free)
	free = free[:n:n]
	for _, who := range free {
		p.cast[who] = true
	}
	return free
}

// free returns those who may have a part, by number.
func (p *plot) free(fits func(m *person) bool) []int32 {
	var out []int32
	for i := range p.w.people {
		m := &p.w.people[i]
		odd := m.disabled || m.joined > 0 || m.left <= p.w.cal.days || m.leave.to > 0 || m.next != "" || m.anon != nil || len(m.away) > 0 && m.away[0].at == p.w.conference
		if !odd && !p.cast[i] && (fits == nil || fits(m)) {
			out = append(out, int32(i))
		}
	}
	return out
}

func (p *plot) shuffle(list []int32) {
	for i := len(list) - 1; i > 0; i-- {
		j := p.d.n(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}

// hide draws n addresses that he logs in from and nobody else uses: exits of Tor or of a commercial VPN (kindTor, kindVPN), or
// what the variant gives him instead.
func (p *plot) hide(kind string, n int) []int32 {
	var ids []int32
	switch {
	case p.r.o.Supply != "":
		return p.supply(n)
	case kind == kindTor:
		ids = p.w.book.several(&p.d, kindTor, torBlocks(), n)
	default:
		ids = p.w.book.several(&p.d, kindVPN, vpnBlocks()[1:2], n)
	}
	p.his(ids)
	return ids
}

// supply draws n addresses of the variant's supply. Those of carriers and partners are shared with honest people, and come again
// when there are fewer.
func (p *plot) supply(n int) []int32 {
	pool := p.w.partners
	switch p.r.o.Supply {
	case supplyResidential:
		ids := p.w.book.several(&p.d, kindResidential, residentialBlocks(), n)
		p.his(ids)
		return ids
	case supplyCarrier:
		pool = slices.Concat(p.w.carriers...)
	}
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = pool[p.d.n(len(pool))]
	}
	return ids
}

// from is the address that a login comes from when the script says at: another one if the variant's supply is not rented
// servers; over a carrier, one of the member's own (who < 0: of anybody).
func (p *plot) from(at, who int32) int32 {
	a := &p.w.book.all[at]
	switch {
	case p.r.o.Supply == supplyCarrier && who >= 0 && a.kind != kindUniversity:
		pool := p.w.account(who).mobile
		if len(pool) == 0 {
			pool = p.w.carriers[0]
		}
		return pool[scramble(p.w.seed^uint64(at)<<20^uint64(who))%uint64(len(pool))]
	case p.r.o.Supply != "" && a.kind == kindHosting && a.hostile:
		if p.guise[at] == 0 {
			p.guise[at] = p.supply(1)[0]
		}
		return p.guise[at]
	}
	return at
}

// fromAll is from for each of some addresses.
func (p *plot) fromAll(at []int32) []int32 {
	out := slices.Clone(at)
	for i := range out {
		out[i] = p.from(out[i], -1)
	}
	return out
}

// rent draws n rented servers in a country ("": anywhere), which nobody else uses.
func (p *plot) rent(country string, n int) []int32 {
	from := slices.DeleteFunc(hostingBlocks(), func(b block) bool { return country != "" && b.country != country })
	ids := p.w.book.several(&p.d, kindHosting, from, n)
	p.his(ids)
	return ids
}

// his marks addresses as the intruder's. The institute's lists hold Tor, VPNs and most of the hosting providers.
func (p *plot) his(ids []int32) {
	for _, id := range ids {
		a := &p.w.book.all[id]
		a.hostile = true
		a.listed = a.kind == kindTor || a.kind == kindVPN || a.kind == kindHosting && a.country != "HK" && a.country != "CA"
	}
}

// falls says that the intruder has an account's password from t on. No mail of it is read before.
func (p *plot) falls(who int32, t int64) {
	if p.fell[who] == 0 || t < p.fell[who] {
		p.fell[who] = t
	}
}

// after returns a time by which the intruder has an account's password.
func (p *plot) after(who int32) int64 { return p.fell[who] + 10*minute }

// lucky is the guess that was right.
func (p *plot) lucky(act int, who int32, t int64, at int32) {
	p.falls(who, t)
	p.enter(who, 1, "guessing", 1)
	at = p.from(at, -1)
	p.move(act, t, func(t int64, d *dice) {
		p.r.guess(moment{t: t, who: who, at: at, n: int16(act), with: client(at % 3)}, d, true)
	})
}

// enter says to what group and stage an account belongs, and why it fell: guessing, directory-read, unknown and so on.
func (p *plot) enter(who int32, stage int, cause string, group int) {
	p.g.accounts[who] = &accountTally{at: map[int32]bool{}, group: group, stage: stage, cause: cause}
}

// mail is a login by hand to a mailbox, and what is read there; not before the password is known.
func (p *plot) mail(act int, who int32, t int64, at int32, do reading) {
	at = p.from(at, who)
	p.move(act, max(t, p.after(who)), func(t int64, d *dice) { p.r.intrude(act, t, who, at, do, d) })
}
