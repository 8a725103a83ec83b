// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// A noisy life: nothing happens, and much does. A tenth of the people goes to one conference abroad, another tenth reads its mail through a
// service of VPNs, an outside firm looks for weak machines from the institute's own scanner, a third is moved to other departments, one morning
// everybody's password has lapsed, and for hours the directory's log, for days the firewall's, did not arrive. When is told as a share of the
// drill's days, so a short one has all of it, too.
const (
	noisyConference = 0.28
	noisyScan       = 0.38 // three nights, and three more when what was found has been mended
	noisyMove       = 0.50
	noisyRescan     = 0.56
	noisySilent     = 0.66 // the directory's log: a morning
	noisyLapse      = 0.76
	noisyDark       = 0.88 // the firewall's log: two days
)

// noisyDay returns a working day about a share of the drill's days in.
func (w *world) noisyDay(share float64) int {
	d := int(share * float64(w.cal.days))
	for range 14 {
		if d+1 < w.cal.days && !w.cal.works(d) {
			d++
		}
	}
	return d
}

// makeNoisy changes the people's habits and draws who is moved where.
func (w *world) makeNoisy() {
	d := roll(w.seed, streamNoisy)
	exits := w.book.several(&d, kindVPN, vpnBlocks()[:3], 60)
	for i, at := range exits {
		w.book.all[at].listed = i%4 != 0 // no list is complete
	}
	first := w.noisyDay(noisyConference)
	for i := range w.people {
		p := &w.people[i]
		d := roll(w.seed, streamNoisy, 1, uint64(i))
		if p.disabled || p.joined > 0 {
			continue
		}
		switch d.n(10) {
		case 0:
			from := first + d.n(2)
			p.away = append([]trip{{from: from, to: from + 3 + d.n(3), at: w.conference, behind: 60}}, p.away...)
		case 1:
			if p.anon == nil {
				k := d.n(len(exits) - 3)
				p.anon = exits[k : k+3]
			}
		}
		if p.department != itDepartment && p.department < len(departments()) && d.chance(1.0/3) {
			p.moves = 1 + d.n(len(departments())-1)
		}
	}
}

// planNoisy appends what a day has more than an ordinary one.
func (r *run) planNoisy(out []moment, day int) []moment {
	w := r.w
	d := roll(w.seed, streamNoisy, 2, uint64(day))
	for _, share := range []float64{noisyScan, noisyRescan} {
		if first := w.noisyDay(share); day >= first && day < first+3 {
			out = append(out, moment{t: w.cal.at(day, 22*60+20*d.unit()), x: d.next(), do: deedAudit, n: int16(day - first)})
		}
	}
	if day == w.noisyDay(noisyMove) { // by night, one after another
		for i := range w.people {
			if p := &w.people[i]; p.moves > 0 && p.department != p.moves {
				out = append(out, moment{t: w.cal.at(day, 15+float64(i)*0.02), x: d.next(), do: deedMoved, who: int32(i)})
			}
		}
	}
	if lapse := w.noisyDay(noisyLapse); day >= lapse && day < lapse+3 && w.cal.works(day) {
		for i := range w.people {
			out = r.planLapse(out, day, i, day == lapse)
		}
	}
	return out
}

// planLapse appends a member's first morning with a password that has lapsed: the old one, a new one, and the mail program on the telephone that
// goes on with the old one until somebody tells it. Most come on the first day, who was away on a later one.
func (r *run) planLapse(out []moment, day, i int, first bool) []moment {
	m, at, ok := r.where(out, day, i)
	d := roll(r.w.seed, streamNoisy, 3, uint64(i), uint64(day))
	if !ok || at != placeOffice && at != placeHome || !first && !d.chance(0.12) {
		return out
	}
	m.d = d
	p := m.p
	from, with := p.egress, p.desk
	if at == placeHome {
		from, with = p.home(day), p.laptop
	}
	t := p.starts + m.d.bell(0, 15)
	for range 1 + m.d.n(4) {
		m.add(deedSlip, t, from, with)
		t += 0.2 + 0.6*m.d.unit()
	}
	if m.d.chance(0.03) {
		m.lockedOut(t, from)
		t += 60
	}
	m.add(deedPassword, t+2, from, with)
	m.add(deedSignIn, t+3, from, with)
	if m.d.chance(0.2) {
		for k := range 4 + m.d.n(24) {
			m.add(deedStale, t+5+15*float64(k), p.mobile[k/8%len(p.mobile)], outlookPhone)
		}
	}
	return m.out
}

// noisy performs one of these moments.
func (r *run) noisy(m moment, d *dice) {
	if m.do == deedAudit {
		r.audit(m.t, int(m.n), d)
		return
	}
	p := &r.w.people[m.who]
	if m.do == deedStale {
		r.stalePassword(m.t, p, &r.w.book.all[m.at], m.with, d)
		return
	}
	p.department = p.moves // with desk and telephone; the PC keeps its address
	p.egress = r.w.egress[p.department%len(r.w.egress)]
	r.l.slapd.modify(m.t, intraIP, intraService, p.dn, "ou departmentNumber manager")
	if ad := r.w.ad; ad != nil {
		by := serviceUser("svc-idm")
		ad.dc1.groupChange(m.t+second/2, "4728", by, ad.dc1.session(m.t, d), userDN(p), p.user(), winUser{adSID + itoa(1601+p.department), "G-" + departments()[p.department], adDomain})
	}
}

// audit is a night of the outside firm's: every address of one network, more ports than the weekly round has.
func (r *run) audit(t int64, night int, d *dice) {
	network := []string{"172.16.5.", "10.20.0.", "10.50.2."}[night%3]
	for host := 1; host < 255; host++ {
		for _, port := range [...]int{22, 80, 139, 443, 445, 1433, 3389, 5985, 8080} {
			t += d.span(second/4, second)
			action, back := "deny", int64(0)
			if host%17 == 0 && (port == 22 || port == 443) {
				action, back = "close", 2400
			}
			r.l.edge.write(r.inner(t, scannerIP, network+itoa(host), port, action, second, 300, back, d))
		}
	}
}

// outages are logs that did not arrive.
func (r *run) outages() {
	silent, dark := r.w.noisyDay(noisySilent), r.w.noisyDay(noisyDark)
	for _, s := range r.l.sheets {
		switch s.kind {
		case logSlapd:
			s.gap = [2]int64{r.w.cal.at(silent, 7*60), r.w.cal.at(silent, 13*60)}
		case logEdge:
			s.gap = [2]int64{r.w.cal.at(dark, 18*60), r.w.cal.at(dark+2, 18*60)}
		}
	}
}
