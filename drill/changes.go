// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "slices"

// What changes about members while the drill goes on: some get another login ID, some a new machine or phone. Browsers update
// themselves beside that; see client.version.

// change is something that is different about a member from a day on.
type change struct {
	day int
	who int32
	uid string // the new login ID; empty: a new machine

	desk, laptop, phone client // of a new machine
}

// makeChanges draws them: one in 200 is renamed, one in six gets a new machine within a year.
func (w *world) makeChanges(taken map[string]bool) {
	n := len(w.people)
	for k := range max(2, n/200) {
		who := int32((k*97 + 47) % n)
		p := &w.people[who]
		d := roll(w.seed, streamChange, 1, uint64(who))
		if p.disabled || p.joined > 0 || w.cal.days < 20 {
			continue
		}
		last := surnames()[d.n(len(surnames()))]
		p.next = loginID(&d, "yo"+p.uid[:1], last, taken) // married, and with a new name
		w.changes = append(w.changes, change{day: 10 + d.n(w.cal.days-15), who: who, uid: p.next})
	}
	for i := range w.people {
		p := &w.people[i]
		d := roll(w.seed, streamChange, 2, uint64(i))
		if day := d.n(6 * 365); day > 0 && day < w.cal.days && !p.disabled {
			c := change{day: day, who: int32(i), desk: newer(p.desk), laptop: newer(p.laptop), phone: p.phone}
			if d.chance(0.3) {
				c.desk, c.laptop, c.phone = p.desk, p.laptop, safariPhone+chromePhone-p.phone
			}
			w.changes = append(w.changes, c)
		}
	}
	slices.SortStableFunc(w.changes, func(a, b change) int { return a.day - b.day })
}

// newer is the client of the machine that comes instead of one.
func newer(c client) client {
	switch c {
	case chromeWindows:
		return edgeWindows
	case safariMac:
		return chromeMac
	case chromeMac:
		return safariMac
	}
	return chromeWindows
}

// change makes the changes of a day, in the first seconds of it.
func (r *run) change(day int) {
	for ; r.changed < len(r.w.changes) && r.w.changes[r.changed].day <= day; r.changed++ {
		c := &r.w.changes[r.changed]
		if p := &r.w.people[c.who]; c.uid == "" {
			p.desk, p.laptop, p.phone, p.lag = c.desk, c.laptop, c.phone, 0
		} else {
			r.rename(r.w.cal.at(day, 0)+second+int64(r.changed)*second/4, p, c.uid)
		}
	}
}

// rename gives a member another login ID: the business systems do by night what was entered by day.
func (r *run) rename(t int64, p *person, uid string) {
	before := p.user()
	r.l.slapd.rename(t, intraIP, intraService, p.dn)
	p.uid, p.dn = uid, "uid="+uid+",ou=people,"+suffix
	if ad := r.w.ad; ad != nil {
		ad.dc1.renamed(t+2*second, serviceUser("svc-idm"), before, uid)
	}
}
