// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// deed is what happens at a moment.
type deed uint16

const (
	deedSlip      deed = iota // a wrong password on the login page
	deedSlipID                // a mistyped login ID
	deedSignIn                // a login through the login page to the cloud
	deedMail                  // a mail program fetches
	deedIntra                 // a login to a business system inside
	deedShare                 // work on the file server
	deedVPN                   // a tunnel from home
	deedCloudFile             // a document opened in the cloud
	deedPC                    // what an office PC does by itself
	deedPassword              // a password is changed
	deedOldMail               // mail on the old host
	deedRetired               // the retired member's mail program knocks
	deedLocked                // the right password, on a locked account
	deedUnlock                // the help desk unlocks it
	deedSearch                // something is looked for in the mail

	deedCheck // the monitoring asks the directory
	deedBackup
	deedPhoneBook
	deedNMS
	deedScanner
	deedPowerMonitor
	deedMaintenance
	deedShell
	deedVendorShell
	deedPoll // a build machine asks the CI server
	deedCI
	deedNoiseWeb
	deedNoiseEdge
	deedNoiseShell
	deedNoiseMail
	deedAudit // an outside firm looks for weak machines
	deedMoved // a member goes to another department
	deedStale // a telephone goes on with a password that has lapsed

	deedProbe // the intruder tries an ID
	deedGuess // the intruder tries a password
	deedPlot  // a step of the incident's script

	deedSystem deed = 64 // the first of the deeds of the systems that not every institute has; see systems
)

// moment is one thing that happens. Its dice come from x, so nothing else changes how it turns out.
type moment struct {
	t    int64
	x    uint64
	do   deed
	with client
	n    int16
	who  int32 // a member's number, or an index that the deed knows
	at   int32 // an address of the book
}

// planDay appends the ordinary moments of day d, in any order.
func (r *run) planDay(out []moment, d int) []moment {
	for i := range r.w.people {
		out = r.planMember(out, d, i)
	}
	if r.o.Noisy {
		out = r.planNoisy(out, d)
	}
	return r.planSystems(r.planSearches(r.planMachines(out, d), d), d)
}

// planSearches appends what people look for in their mail at the office, one in thirty of them a day.
func (r *run) planSearches(out []moment, day int) []moment {
	if !r.w.cal.works(day) {
		return out
	}
	d := roll(r.w.seed, streamSearch, uint64(day))
	for range d.times(float64(len(r.w.people)) / 30) {
		who := d.n(len(r.w.people))
		p := &r.w.people[who]
		if t := r.w.cal.at(day, d.bell(13*60, 130)); p.there(day) && p.travels(day) == nil {
			out = append(out, moment{t: t, x: d.next(), do: deedSearch, who: int32(who), at: p.egress, with: p.desk})
		}
	}
	return out
}

// member plans one member's day.
type member struct {
	out []moment
	d   dice
	p   *person
	who int32
	cal calendar
	day int
}

func (m *member) add(do deed, minutes float64, at int32, with client) {
	m.out = append(m.out, moment{t: m.cal.at(m.day, minutes), x: m.d.next(), do: do, who: m.who, at: at, with: with})
}

// signIn is a login with the slips that come before it.
func (m *member) signIn(minutes float64, at int32, with client) {
	for back := 0.0; m.d.chance(m.p.slip) && back < 2; {
		back += 0.1 + 0.4*m.d.unit()
		m.add(deedSlip, minutes-back, at, with)
	}
	if m.d.chance(0.014) {
		m.add(deedSlipID, minutes-0.2-0.3*m.d.unit(), at, with)
	}
	m.add(deedSignIn, minutes, at, with)
}

// place is where a member spends a day.
type place uint8

const (
	placeNone    place = iota // not at work
	placeAbroad               // on a journey
	placePartner              // behind a partner university's proxy
	placeHome                 // at work at home
	placeOffice
)

// where begins a member's day and says where it is spent; ok is false for one who is not there yet, or no longer. Whoever
// asks gets the same answer, and the same hours after it.
func (r *run) where(out []moment, day, i int) (m member, at place, ok bool) {
	p := &r.w.people[i]
	if !p.there(day) {
		return member{out: out}, placeNone, false
	}
	m = member{out: out, d: roll(r.w.seed, streamDay, uint64(i), uint64(day)), p: p, who: int32(i), cal: r.w.cal, day: day}
	if p.travels(day) != nil {
		return m, placeAbroad, true
	}
	works := m.cal.works(day) && !m.d.chance(0.06)
	if m.cal.obon(day) && m.d.chance(0.6) {
		works = false
	}
	atHome := m.d.chance(p.telework)
	switch {
	case !works:
		return m, placeNone, true
	case p.other >= 0 && m.cal.weekday(day) == p.otherDay:
		return m, placePartner, true
	case atHome:
		return m, placeHome, true
	}
	return m, placeOffice, true
}

func (r *run) planMember(out []moment, day, i int) []moment {
	m, at, ok := r.where(out, day, i)
	if !ok {
		return out
	}
	switch p := m.p; at {
	case placeAbroad:
		m.abroad(p.travels(day))
		return m.out
	case placeNone:
		if m.d.chance(p.weekend) {
			m.fromHome(m.d.bell(14*60, 150))
		}
		return m.out
	case placePartner:
		m.signIn(m.d.bell(10*60, 40), p.other, p.laptop)
		m.signIn(m.d.bell(15*60, 60), p.other, p.laptop)
	case placeHome:
		m.teleworks()
	default:
		m.inOffice()
	}
	if m.d.chance(m.p.evening) {
		m.fromHome(m.d.bell(21*60+30, 50))
	}
	return m.out
}

// abroad is a day on a journey: a look in the morning and one in the evening, by the clock there.
func (m *member) abroad(t *trip) {
	at := t.at
	m.signIn(m.d.bell(8*60, 30)+t.behind, at, m.p.laptop)
	if m.d.chance(0.6) {
		m.signIn(m.d.bell(20*60, 60)+t.behind, at, m.p.laptop)
	}
	if m.d.chance(0.5) {
		m.add(deedMail, m.d.bell(12*60, 120)+t.behind, at, outlookPhone)
	}
}

// officeHours and homeHours are the hours of a working day, in minutes after midnight; the first rolls after where.
func (m *member) officeHours() (start, end float64) {
	return m.p.starts + m.d.bell(0, 12), m.p.ends + m.d.bell(0, 35)
}

func (m *member) homeHours() (start, end float64) {
	return m.p.starts + m.d.bell(0, 15), m.p.ends + m.d.bell(0, 40)
}

// inOffice is a day at one's desk.
func (m *member) inOffice() {
	p, d := m.p, &m.d
	start, end := m.officeHours()
	within := func() float64 { return start + (end-start)*d.unit() }
	if d.chance(p.commute) {
		at := p.mobile[d.n(len(p.mobile))]
		if d.chance(0.3) {
			m.signIn(start-40*d.unit()-10, at, p.phone)
		} else {
			m.add(deedMail, start-40*d.unit()-10, at, outlookPhone)
		}
	}
	m.add(deedPC, start, p.egress, p.desk)
	m.signIn(start+2+6*d.unit(), p.egress, p.desk)
	if d.chance(0.35) {
		m.signIn(d.bell(13*60+10, 25), p.egress, p.desk)
	}
	m.add(deedMail, within(), p.egress, outlookDesktop)
	for range d.times(1.6) {
		m.add(deedPC, within(), p.egress, p.desk)
	}
	m.business(within, p.egress)
}

// business is what a working day has inside, wherever one sits.
func (m *member) business(within func() float64, at int32) {
	p, d := m.p, &m.d
	if d.chance(0.4) {
		m.add(deedIntra, within(), at, p.desk)
	}
	if d.chance(0.6) {
		m.add(deedShare, within(), at, p.desk)
	}
	if d.chance(0.35) {
		m.add(deedCloudFile, within(), at, p.desk)
	}
	if d.chance(1.0 / 1500) {
		m.lockedOut(within(), at)
	}
	if d.chance(1.0 / 120) {
		m.add(deedPassword, within(), at, p.desk)
	}
	if p.legacy {
		for range 3 {
			m.add(deedOldMail, within(), at, p.desk)
		}
	}
}

// lockedOut is a password forgotten, tried until the account is locked, and a call to the help desk.
func (m *member) lockedOut(minutes float64, at int32) {
	for range 6 {
		m.add(deedSlip, minutes, at, m.p.desk)
		minutes += 0.15 + 0.3*m.d.unit()
	}
	m.add(deedLocked, minutes+1, at, m.p.desk)
	minutes += 10 + 40*m.d.unit()
	m.add(deedUnlock, minutes, at, m.p.desk)
	m.add(deedSignIn, minutes+3, at, m.p.desk)
}

// teleworks is a working day at home: the VPN for what is inside, the cloud directly or through one's own anonymiser.
func (m *member) teleworks() {
	p, d := m.p, &m.d
	start, end := m.homeHours()
	within := func() float64 { return start + 5 + (end-start-10)*d.unit() }
	at := m.line()
	m.signIn(start+4*d.unit(), at, m.browser())
	if d.chance(0.3) {
		m.signIn(d.bell(14*60, 60), at, m.browser())
	}
	m.add(deedMail, within(), at, outlookDesktop)
	if p.vpn {
		m.out = append(m.out, moment{t: m.cal.at(m.day, start+1), x: d.next(), do: deedVPN, who: m.who, at: p.home(m.day), n: int16(end - start)})
		m.business(within, at)
	}
}

// fromHome is a look at one's mail from home, on the laptop or the phone.
func (m *member) fromHome(minutes float64) {
	if m.d.chance(0.3) {
		m.signIn(minutes, m.p.mobile[m.d.n(len(m.p.mobile))], m.p.phone)
		return
	}
	m.signIn(minutes, m.line(), m.browser())
}

// line is the address that a session from home shows: for a few the exit of a VPN or of Tor.
func (m *member) line() int32 {
	p := m.p
	if p.anon != nil && m.d.chance(0.6) {
		return p.anon[m.d.n(len(p.anon))]
	}
	return p.home(m.day)
}

func (m *member) browser() client {
	if m.p.tor {
		return anonymousBrowser
	}
	return m.p.laptop
}
