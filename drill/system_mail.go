// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"slices"
	"strconv"
)

// staffMail is the system "mail-submission": the staff's own mail server, smtp1, on the open net beside the login page, so that
// the firewall sees it from the office's side alone. It takes letters over SMTP AUTH, gives mailboxes over IMAP and a webmail,
// and asks the directory for passwords; it takes the mail address for the login ID too, which strangers know.
type staffMail struct {
	uses  []bool          // by member: whether this is where he has his mailbox
	users map[string]bool // the same by login ID
	web   []bool          // who reads it in the webmail, when not in the office
	peers []peer
	stale []stalePhone
	lists []string

	secretary  int32 // who writes to the 2,000 participants of a symposium
	symposium  int   // on that day, and a week later from home
	batch      int32 // whose computing jobs send a mail each when they end
	newsletter int32
}

// stalePhone is a phone with an old password, which knocks for some days.
type stalePhone struct {
	who      int32
	from, to int
}

// The deeds of this system.
const (
	smFetch deed = iota
	smSend
	smReceive
	smWebmail
	smStale
	smBulk
	smNewsletter
	smList
	smPrinter
	smAlert
	smBatch
	smNoiseAuth
	smNoiseRelay
)

func makeStaffMail(w *world) {
	d := roll(w.seed, streamStaffMail)
	n := len(w.people)
	s := &staffMail{uses: make([]bool, n), web: make([]bool, n), users: map[string]bool{}, lists: []string{"zairyo-ml", "anzen-ml", "seminar"}}
	w.staffMail = s
	for i := range w.people {
		s.uses[i], s.web[i] = d.chance(0.7), d.chance(0.1)
		s.users[w.people[i].uid] = s.uses[i]
	}
	s.peers = mailPeers()
	pick := func(from int, fit func(p *person) bool) int32 {
		for k := range n {
			if i := (from + k) % n; s.uses[i] && !w.people[i].disabled && w.stays(&w.people[i]) && len(w.people[i].away) == 0 && fit(&w.people[i]) {
				return int32(i)
			}
		}
		return 0
	}
	s.secretary = pick(d.n(n), func(p *person) bool { return p.department == 1 })
	s.newsletter = pick(d.n(n), func(p *person) bool { return p.department == 4 })
	s.batch = pick(d.n(n), func(p *person) bool { return p.department > 4 })
	s.symposium = w.cal.days * 2 / 5
	for !w.cal.works(s.symposium) && s.symposium < w.cal.days-1 {
		s.symposium++
	}
	odd := func(who int32, why string) { w.odd = append(w.odd, Odd{w.people[who].uid, w.people[who].mail, why}) }
	odd(s.secretary, "wrote to the 2,000 participants of a symposium")
	odd(s.batch, "has programs that send a letter each at night, hundreds of them")
	for k := range max(2, n/150) {
		from := d.n(max(1, w.cal.days-3))
		who := pick((k*131+17)%n, func(p *person) bool { return true })
		s.stale = append(s.stale, stalePhone{who, from, from + 2 + d.n(3)})
		odd(who, "has a phone with an old password")
	}
}

// mailPeers are the mail domains that the staff write to. They are invented; the first are free mail and carriers.
func mailPeers() []peer {
	names := []string{"freemail", "post-one", "webpost", "keitai-mail", "hikari-mail", "kyosei-u", "tohto-u", "minami-u", "kaiyo-u", "aoba-tech", "tsubame-systems",
		"nikko-seimitsu", "hinode-chem", "sakae-bussan", "toyo-gakkai", "zairyo-gakkai", "kanto-shuppan", "yamato-travel", "kagaku-shimbun", "lab-supply", "optics-one", "euro-beam",
		"metro-lab", "pacific-inst"}
	out := make([]peer, len(names))
	for i, n := range names {
		out[i] = peer{n + ".example", "mx" + itoa(1+i%3) + "." + n + ".example", "210." + itoa(131+i%7) + "." + itoa(17+i*9) + "." + itoa(20+i)}
	}
	return out
}

const freePeers = 5

// someone makes an address at a peer.
func (s *staffMail) someone(p *peer, d *dice) string {
	families, given := surnames(), givenNames()
	name := given[d.n(len(given))]
	switch d.n(3) {
	case 0:
		name += "." + families[d.n(len(families))]
	case 1:
		name = families[d.n(len(families))] + "-" + name[:1]
	default:
		name += strconv.Itoa(d.n(9900))
	}
	return name + "@" + p.domain
}

// correspondent is one of those that a member writes to: mostly the same dozen, half of them colleagues.
func (w *world) correspondent(who int32, d *dice) addressee {
	s := w.staffMail
	c := roll(w.seed, streamStaffMail, uint64(who)+1, uint64(d.n(12)))
	if d.chance(0.15) {
		c = *d
		d.next()
	}
	if c.chance(0.5) {
		if i := c.n(len(w.people)); s.uses[i] && !w.people[i].disabled {
			return w.inHouse(int32(i))
		}
	}
	p := &s.peers[c.n(len(s.peers))]
	a := addressee{mail: s.someone(p, &c), peer: p}
	switch {
	case d.chance(0.008):
		a.fate = fateUnknown
	case d.chance(0.003):
		a.fate = fateFull
	case d.chance(0.006):
		a.fate = fateLater
	}
	return a
}

func (w *world) inHouse(who int32) addressee {
	p := &w.people[who]
	return addressee{mail: p.mail, uid: p.uid}
}

// planStaffMail makes the day of the mail server: members fetch and send where and when they are at work anyway.
func planStaffMail(r *run, out []moment, day int, own deed) []moment {
	w, s := r.w, r.w.staffMail
	from, to := w.cal.at(day, 0), w.cal.at(day+1, 0)
	for i := range len(out) {
		m := out[i]
		if m.do != deedSignIn && m.do != deedMail || m.t < from || m.t >= to || !s.uses[m.who] {
			continue
		}
		d := roll(w.seed, streamStaffMail, m.x, uint64(m.t))
		add := func(do deed, t int64) {
			out = append(out, moment{t: t, x: d.next(), do: own + do, who: m.who, at: m.at, with: m.with})
		}
		switch {
		case m.do == deedSignIn && s.web[m.who] && w.book.all[m.at].kind != kindOwn:
			add(smWebmail, m.t+d.span(0, 4*minute))
		case d.chance(0.7):
			add(smFetch, m.t+d.span(0, 2*minute))
		}
		for range d.times(0.55) {
			add(smSend, m.t+d.span(3*minute, 70*minute))
		}
	}
	d := roll(w.seed, streamStaffMail, 1<<40, uint64(day))
	out = r.planLetters(out, day, own, &d)
	return r.planMailServer(out, day, own, &d)
}

// planLetters appends what arrives from outside.
func (r *run) planLetters(out []moment, day int, own deed, d *dice) []moment {
	w := r.w
	mean, first, last := 2.2, 7.0*60, 21.0*60
	if !w.cal.works(day) {
		mean, first, last = 0.4, 0, 1440
	}
	for i, uses := range w.staffMail.uses {
		if !uses || day < w.people[i].joined {
			continue
		}
		for range d.times(mean * (0.5 + d.unit())) {
			out = append(out, moment{t: w.cal.at(day, first+(last-first)*d.unit()), x: d.next(), do: own + smReceive, who: int32(i)})
		}
	}
	return out
}

// planMailServer appends what programs, devices, senders of many letters and strangers do.
func (r *run) planMailServer(out []moment, day int, own deed, d *dice) []moment {
	w, s := r.w, r.w.staffMail
	add := func(do deed, minutes float64, who, at int32, n int) {
		out = append(out, moment{t: w.cal.at(day, minutes), x: d.next(), do: own + do, who: who, at: at, n: int16(n)})
	}
	egress := func(who int32) int32 { return w.people[who].egress }
	if day == s.symposium || day == s.symposium+7 {
		at, start := egress(s.secretary), d.bell(17*60, 20)
		if day != s.symposium { // the reminder is sent from home, in the evening
			at, start = w.people[s.secretary].home(day), d.bell(20*60, 20)
		}
		for k := range 40 {
			start += 0.5 + d.unit()
			add(smBulk, start, s.secretary, at, k)
		}
	}
	if w.cal.works(day) {
		if _, _, dom := civil((w.cal.start+jst)/86400e6 + int64(day)); w.cal.weekday(day) == 3 && dom > 7 && dom <= 14 {
			for k := range 16 {
				add(smNewsletter, 10*60+float64(k)*0.4+0.1*d.unit(), s.newsletter, egress(s.newsletter), k)
			}
		}
		for range d.times(3) {
			add(smList, d.bell(13*60, 140), int32(d.n(len(w.people))), 0, d.n(len(s.lists)))
		}
		for range d.times(12) {
			who := int32(d.n(len(w.people)))
			add(smPrinter, d.bell(13*60, 150), who, egress(who), 0)
		}
	}
	if d.chance(0.2) { // a few hundred jobs end in one night
		start := 1440 * d.unit() / 3
		for k := range 60 + d.n(120) {
			add(smBatch, start+float64(k)*(0.3+d.unit()), s.batch, egress(s.batch), k)
		}
	}
	for range 24 {
		add(smAlert, 1440*d.unit(), 0, 0, 0)
	}
	for _, p := range s.stale {
		if day >= p.from && day < p.to {
			for m := 7*60 + 20*d.unit(); m < 23*60; m += 19 + 3*d.unit() {
				add(smStale, m, p.who, w.people[p.who].mobile[int(m)/90%len(w.people[p.who].mobile)], 0)
			}
		}
	}
	noise := func(do deed, mean float64) {
		for range d.times(mean * (0.7 + 0.6*d.unit())) {
			add(do, 1440*d.unit(), int32(d.n(len(w.people))), w.noise[d.n(len(w.noise))], 0)
		}
	}
	noise(smNoiseAuth, 90)
	noise(smNoiseRelay, 60)
	return out
}

// openStaffMail opens its logs.
func openStaffMail(w *world, l *logs, add func(s *sheet, kind string, f shape)) {
	l.submission, l.webmail = &submissionLog{asked: make([]int64, 2*len(w.people))}, &webLog{}
	l.submission.host = submissionHost
	add(&l.submission.sheet, logSubmission, shape{path: "mail-staff/mail.log", period: weekly})
	add(&l.webmail.sheet, logWebmail, shape{path: "webmail/access.log", period: weekly})
}

// staffMailProfile is the server's part of org.yaml.
func staffMailProfile(*world) profile {
	return profile{
		inputs: "  - {glob: \"mail-staff/*\", host: " + submissionHost + ", realm: staff}\n  - {glob: \"webmail/*\", host: " + submissionHost + ", realm: staff, format: combined}\n",
		hosts:  "  - {name: " + submissionHost + ", ip: " + submissionIP + ", role: mail}\n",
	}
}

// usesStaffMail says whether a member has a mailbox on the staff's own server.
func (w *world) usesStaffMail(who int32) bool {
	return w.staffMail != nil && w.staffMail.uses[who]
}

// reverse returns the name that DNS has for an address, "unknown" for many.
func reverse(a *address) string {
	h := roll(0, 0)
	for _, c := range []byte(a.ip) {
		h = roll(uint64(h), uint64(c))
	}
	dashed := []byte(a.ip)
	for i := slices.Index(dashed, '.'); i >= 0; i = slices.Index(dashed, '.') {
		dashed[i] = '-'
	}
	switch {
	case a.kind == kindOwn:
		return "gate-" + string(dashed) + "." + domain
	case a.kind == kindMobile:
		return "sp" + string(dashed) + ".mobile.example.jp"
	case a.kind == kindResidential && h.chance(0.9):
		return "p" + string(dashed) + ".line.example.net"
	case a.kind == kindUniversity:
		return "proxy-" + string(dashed) + ".ac.example"
	case a.kind == kindHosting && h.chance(0.4):
		return "static-" + string(dashed) + ".host.example.com"
	}
	return "unknown"
}
