// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"strconv"
)

// person is one account and the habits of the one it belongs to.
type person struct {
	uid, dn    string // the login ID, chosen freely, and the directory's name for it
	mail, name string
	sid, guid  string
	department int
	mfa        bool
	disabled   bool // a retired member's account
	joined     int  // the first day, 0 for those who were there before
	left       int  // the first day on which the account is not used any more
	leave      trip // days on leave

	moves int // the department that the member goes to during the drill; 0: stays

	next string // the login ID that the account gets during the drill, if it gets another one

	pc     string // the office PC's address
	egress int32  // the office's own address on the outside
	homes  []int32
	lease  int // days after which the home line's address changes
	phase  int
	mobile []int32 // the carrier's shared addresses
	away   []trip
	other  int32   // a partner university's proxy, the member's second office; -1: none
	anon   []int32 // the addresses of a commercial VPN or of Tor that this person uses, honestly; nil: none
	tor    bool

	desk, laptop, phone client
	lag                 int // days that browsers are updated late

	starts, ends float64 // working hours, minutes after midnight
	telework     float64 // share of working days at home
	evening      float64 // chance of a look from home in the evening
	weekend      float64
	commute      float64 // chance of a look from the phone
	slip         float64 // chance of a wrong password before a right one
	vpn          bool
	legacy       bool // reads mail on the old mail host
	otherDay     int  // weekday at the partner university
}

// trip is a journey abroad: the days, the address there, and how many minutes the clock there is behind Japan's.
type trip struct {
	from, to int
	at       int32
	behind   float64
}

// departments; the first is the one that runs the computers, and that group 2 mostly came from.
func departments() []string {
	return []string{"joho-kiban", "soumu", "jinji", "keiri", "kikaku", "x-center", "y-center", "z-center", "zairyo", "bio", "energy", "chishitsu", "keiryo", "denshi"}
}

const itDepartment = 0

// mostLeases is how many days of how many people there may be before home lines keep their addresses longer: the providers'
// ranges do not hold more.
const mostLeases = 8_000_000

// people makes the members. What each is like depends on the seed and on the member's number alone.
func (w *world) makePeople(n int) {
	deps := departments()
	mails, ids := map[string]int{}, map[string]bool{}
	for _, taken := range machineAccounts() {
		ids[taken] = true
	}
	families, given := surnames(), givenNames()
	w.people = make([]person, n)
	w.steady = 1 + n*w.cal.days/mostLeases
	for i := range w.people {
		p := &w.people[i]
		d := roll(w.seed, streamPeople, uint64(i))
		last, first := families[d.n(len(families))], given[d.n(len(given))]
		p.name = title(last) + " " + title(first)
		local := first + "." + last
		if mails[local]++; mails[local] > 1 {
			local += strconv.Itoa(mails[local])
		}
		p.mail = local + "@" + domain
		p.uid = loginID(&d, first, last, ids)
		p.dn = "uid=" + p.uid + ",ou=people," + suffix
		p.sid = fmt.Sprintf("S-1-5-21-3623811015-3361044348-30300820-%d", 1100+i)
		p.guid = guid(roll(w.seed, streamIdentity, uint64(i)))
		p.department = 1 + d.n(len(deps)-1)
		if i%16 == 3 {
			p.department = itDepartment
		}
		p.left = w.cal.days + 1
		w.habits(p, i, &d)
	}
	w.oddities()
	w.makeChanges(ids)
}

// machineAccounts are the names that accounts of machines have: a member of that name would be taken for one.
func machineAccounts() []string {
	return []string{"ymorita", "builder", "vadmin", "nettest", "fsadmin", "monadmin", "nmscheck", "helpdesk", "fwadmin"}
}

// loginID draws an ID that nobody has: people choose words, initials and numbers.
func loginID(d *dice, first, last string, taken map[string]bool) string {
	list := words()
	for round := 0; ; round++ {
		var id string
		switch d.n(6) {
		case 0:
			id = first[:1] + last
		case 1:
			id = list[d.n(len(list))] + strconv.Itoa(d.n(100))
		case 2:
			id = list[d.n(len(list))] + "-" + first[:1] + last[:1]
		case 3:
			id = last[:min(4, len(last))] + strconv.Itoa(1000+d.n(9000))
		case 4:
			id = list[d.n(len(list))] + list[d.n(len(list))]
		default:
			id = first[:2] + last[:2] + strconv.Itoa(10+d.n(90))
		}
		if round > 3 {
			id += strconv.Itoa(d.n(1000))
		}
		if len(id) >= 4 && !taken[id] {
			taken[id] = true
			return id
		}
	}
}

func (w *world) habits(p *person, i int, d *dice) {
	p.pc = "10." + strconv.Itoa(11+p.department) + "." + strconv.Itoa(1+i/200%250) + "." + strconv.Itoa(20+i%200)
	p.egress = w.egress[p.department%len(w.egress)]
	p.lease = []int{14, 30, 45, 90, 400, 400}[d.n(6)] * w.steady
	p.phase = d.n(p.lease)
	for range (w.cal.days+p.phase)/p.lease + 1 {
		p.homes = append(p.homes, w.book.fresh(d, kindResidential, homeBlocks()))
	}
	p.mobile = w.carriers[d.n(len(w.carriers))]
	p.other = -1
	p.desk = []client{chromeWindows, chromeWindows, edgeWindows, edgeWindows, firefoxWindows, safariMac, firefoxESR}[d.n(7)]
	p.laptop = []client{chromeWindows, edgeWindows, safariMac, chromeMac}[d.n(4)]
	p.phone = []client{safariPhone, chromePhone}[d.n(2)]
	p.lag = []int{0, 1, 2, 3, 5, 9, 14, 60}[d.n(8)]
	p.starts = d.bell(9*60, 35)
	p.ends = d.bell(18*60+20, 60)
	p.telework = []float64{0, 0, 0.1, 0.2, 0.4}[d.n(5)]
	p.evening = []float64{0.02, 0.1, 0.2, 0.45}[d.n(4)]
	p.weekend = []float64{0, 0.05, 0.15, 0.4}[d.n(4)]
	p.commute = []float64{0, 0.2, 0.5}[d.n(3)]
	p.slip = 0.03 + 0.08*d.unit()
	p.vpn = p.telework > 0 && d.chance(0.7)
	p.mfa = p.department == itDepartment && d.chance(0.3)
	p.otherDay = 1 + d.n(5)
	if d.chance(0.12) {
		w.journey(p, d)
	}
}

// journey sends a member abroad for some days.
func (w *world) journey(p *person, d *dice) {
	from := d.n(max(1, w.cal.days-6))
	at := w.abroad[d.n(len(w.abroad))]
	p.away = append(p.away, trip{from: from, to: from + 3 + d.n(5), at: at, behind: behind(w.book.all[at].country)})
}

// behind returns how many minutes a country's clock is behind Japan's, roughly: enough for when people are awake.
func behind(country string) float64 {
	switch country {
	case "US":
		return 15 * 60
	case "DE", "FR":
		return 7 * 60
	case "GB":
		return 8 * 60
	case "SG", "TW", "HK":
		return 60
	}
	return 0
}

// oddities makes the members who look suspicious and are not. Their numbers grow with the institute.
func (w *world) oddities() {
	n := len(w.people)
	pick := func(k, salt int) *person { return &w.people[(k*97+salt)%n] }
	some := func(share int) int { return max(3, n/share) }
	d := roll(w.seed, streamPeople, 1<<40)
	for k := range some(20) { // joint appointments: a day a week behind a partner university's proxy
		pick(k, 5).other = w.partners[k%len(w.partners)]
	}
	for first, salt := 58, 11; first+9 < w.cal.days; first, salt = first+150, salt+13 { // a conference: one hotel, one week; again months later
		for k := range max(6, n/60) {
			from := first + 4*(k%2)
			pick(k, salt).away = []trip{{from: from, to: from + 5, at: w.conference, behind: 60}}
		}
	}
	for k := range max(3, n/130) {
		pick(k, 23).anon = w.honestVPN[k%3*2 : k%3*2+2]
	}
	for k := range max(1, n/400) {
		p := pick(k, 41)
		p.anon, p.tor = w.honestTor, true
	}
	weeks := 90
	if w.cal.days > 200 {
		weeks = w.cal.days - 40
	}
	for k := range max(2, n/80) { // newcomers, by the week
		p := pick(k, 61)
		if p.department != itDepartment {
			p.joined = min(20+k*17%weeks, w.cal.days-1)
		}
	}
	for k := range max(2, n/130) { // an old machine, with the browser that the intruder happens to use
		pick(k, 53).laptop = oldFirefox
	}
	for k := range max(2, n/100) { // those who read mail on the old host
		pick(k, 71).legacy = true
	}
	w.retired = pick(1, 83)
	*w.retired = retire(*w.retired)
	for k := range max(2, n/130) { // those whose contract ends
		p := pick(k, 97)
		if !p.disabled && p.joined == 0 && d.chance(0.5) {
			p.left = 40 + d.n(max(1, w.cal.days-40))
		}
	}
	for k := range max(2, n/100) { // on leave for two weeks or more
		p := pick(k, 89)
		if from := 20 + d.n(max(1, w.cal.days-40)); !p.disabled && p.joined == 0 {
			p.leave = trip{from: from, to: from + 14 + d.n(70)}
		}
	}
}

func retire(p person) person {
	p.disabled, p.left, p.away, p.anon, p.legacy, p.other = true, 0, nil, nil, false, -1
	p.joined = 0
	return p
}

// there says whether a member works here on a day.
func (p *person) there(d int) bool {
	return !p.disabled && d >= p.joined && d < p.left && (d < p.leave.from || d >= p.leave.to)
}

// stays says whether a member works here all the time, under one login ID.
func (w *world) stays(p *person) bool {
	return p.joined == 0 && p.left > w.cal.days && p.leave.to == 0 && p.next == ""
}

// home returns the address of the member's home line on that day.
func (p *person) home(d int) int32 {
	return p.homes[min((d+p.phase)/p.lease, len(p.homes)-1)]
}

// travels returns the trip on that day, if there is one.
func (p *person) travels(d int) *trip {
	for i := range p.away {
		if t := &p.away[i]; d >= t.from && d < t.to {
			return t
		}
	}
	return nil
}

func title(s string) string { return string(s[0]-'a'+'A') + s[1:] }

// guid makes a GUID of the dice: version 4 in form.
func guid(d dice) string { return string(appendGUID(nil, &d)) }

func appendGUID(b []byte, d *dice) []byte {
	const digits = "0123456789abcdef"
	hi, lo := d.next(), d.next()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			b = append(b, '-')
		}
		v := hi
		if i >= 16 {
			v = lo
		}
		b = append(b, digits[v>>(60-4*(i%16))&15])
	}
	return b
}
