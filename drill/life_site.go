// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strings"

// The ordinary life of a shared site; see system_site.go. Who looks like a thief there and is none: people who take a hundred
// documents before a delivery, newcomers who take a whole project, programs that keep a copy, viewers that fetch a large file
// in pieces, companies behind one proxy, a team abroad.

const (
	siVisit deed = iota
	siRush       // before a delivery
	siNew        // a newcomer takes over
	siSync
	siKnock // a program with an old password
	siNoise
	siRegister // a clerk in the register of workers
)

// siteGrace is how many days after joining a newcomer reads everything.
const siteGrace = 2

// planSite makes a day of a site.
func (r *run) planSite(s *sharedSite, out []moment, day int, own deed) []moment {
	w := r.w
	from, to := w.cal.at(day, 0), w.cal.at(day+1, 0)
	for i := range len(out) {
		m := out[i]
		u, ok := s.member[m.who]
		if !ok || m.do != deedSignIn || m.t < from || m.t >= to {
			continue
		}
		if d := roll(w.seed, streamSite, s.salt, m.x, uint64(m.t)); d.chance(s.users[u].habit) {
			out = append(out, moment{t: m.t + d.span(5*minute, 90*minute), x: d.next(), do: own + siVisit, who: int32(u), at: m.at, with: m.with})
		}
	}
	for i := range s.users {
		if u := &s.users[i]; u.member < 0 && day >= u.joined {
			out = r.planSiteUser(s, out, day, i, own)
		}
	}
	return r.planSiteMachines(s, out, day, own)
}

// planSiteUser is the working day of somebody from another company.
func (r *run) planSiteUser(s *sharedSite, out []moment, day, i int, own deed) []moment {
	w, u := r.w, &s.users[i]
	if !w.cal.works(day) || w.cal.obon(day) {
		return out
	}
	d := roll(w.seed, streamSite, s.salt, uint64(i)+1, uint64(day)+1)
	at := u.egress
	if d.chance(u.telework) {
		at = u.homes[min(day/60, len(u.homes)-1)]
	}
	add := func(do deed, minutes float64, n int) {
		out = append(out, moment{t: w.cal.at(day, minutes), x: d.next(), do: own + do, who: int32(i), at: at, with: u.agent, n: int16(n)})
	}
	during := func() float64 { return u.starts + 8.5*60*d.unit() }
	if d.chance(u.habit) {
		for range 1 + d.n(2) {
			add(siVisit, during(), 0)
		}
		if d.chance(0.12) { // late in the evening
			add(siVisit, d.bell(22*60, 50), 0)
		}
		if s.registers && d.chance(0.5) {
			add(siRegister, during(), 0)
		}
	}
	if u.joined > 0 && day < u.joined+siteGrace && len(u.projects) > 0 {
		add(siNew, d.bell(14*60, 60), u.projects[0])
	}
	for _, k := range u.projects {
		for _, due := range s.projects[k].due {
			if due > day && due <= day+3 && d.chance(0.2) {
				add(siRush, d.bell(17*60, 90), k)
			}
		}
	}
	return out
}

// planSiteMachines appends the programs and the strangers.
func (r *run) planSiteMachines(s *sharedSite, out []moment, day int, own deed) []moment {
	w := r.w
	d := roll(w.seed, streamSite, s.salt, 1<<40, uint64(day))
	add := func(do deed, minutes float64, who, at int32, n int) {
		out = append(out, moment{t: w.cal.at(day, minutes), x: d.next(), do: own + do, who: who, at: at, n: int16(n)})
	}
	for k := range s.projects {
		if s.projects[k].scripts {
			at := s.bodies[s.projects[k].client].egress[0]
			if k%2 == 0 {
				at = s.bodies[0].egress[0]
			}
			add(siSync, 60+float64(k)*7+2*d.unit(), 0, at, k)
		}
	}
	for m := 11.0; m < 1440; m += 60 {
		add(siKnock, m+d.unit(), 0, s.bodies[1].egress[0], 0)
	}
	for range d.times(45 * (0.7 + 0.6*d.unit())) {
		add(siNoise, 1440*d.unit(), 0, w.noise[d.n(len(w.noise))], 0)
	}
	return out
}

// siteLife performs one of its moments.
func (r *run) siteLife(s *sharedSite, own int, m moment, d *dice) {
	w := r.w
	from, u := &w.book.all[m.at], &s.users[m.who]
	agent := r.agent(m.with, u.lag)
	uid := w.account(u.guest).uid
	switch deed(own) {
	case siVisit:
		if len(u.projects) == 0 {
			return
		}
		if d.chance(0.03) {
			r.siteRefused(s, m.t-d.span(5*second, 20*second), uid, true, from, agent)
		}
		t := r.siteEnter(s, m.t, uid, from, agent, d)
		k := u.projects[d.n(len(u.projects))]
		t, bytes := r.browse(s, t, uid, from, agent, k, 1+d.n(9), 8*second, 6*minute, d)
		if u.member >= 0 {
			p := &w.people[u.member]
			if from.kind == kindOwn && d.chance(0.4) {
				r.lookUp(m.t-2*second, p, s.name, d)
			}
			r.throughOffice(m.t, t, p.pc, from, s.ip, 443, d.span(6000, 90000), bytes, d)
		}
	case siRush:
		t := r.siteEnter(s, m.t, uid, from, agent, d)
		r.browse(s, t, uid, from, agent, int(m.n), 50+d.n(120), 4*second, 50*second, d)
	case siNew:
		t := r.siteEnter(s, m.t, uid, from, agent, d)
		r.browse(s, t, uid, from, agent, int(m.n), 90+d.n(60), 6*second, 80*second, d)
	case siSync:
		r.keepCopy(s, m.t, from, int(m.n), d)
	case siKnock:
		r.siteRefused(s, m.t, s.retired(), true, from, "Wget/1.20.3 (linux-gnu)")
	case siNoise:
		r.siteNoise(s, m.t, from, d)
	case siRegister:
		r.clerk(s, r.siteEnter(s, m.t, uid, from, agent, d), u, uid, from, agent, d)
	}
}

// siteEnter is the first page: the browser is asked for name and password, and sends them.
func (r *run) siteEnter(s *sharedSite, t int64, uid string, from *address, agent string, d *dice) int64 {
	l := &r.l.sites[s.system].access
	if d.chance(0.8) {
		l.hit(t-d.span(2*second, 14*second), from.ip, "GET "+s.base+"/", 401, 179, "-", agent)
	}
	l.hitBy(t, from.ip, uid, "GET "+s.base+"/", 200, int(d.span(5200, 7400)), "-", agent)
	home := "https://" + s.name + s.base + "/"
	l.hitBy(t+second/2, from.ip, uid, "GET "+s.base+"/static/site.css", 304, 0, home, agent)
	if d.chance(0.4) {
		l.hitBy(t+second/2, from.ip, uid, "GET "+s.base+"/notice/"+itoa(200+d.n(60)), 200, int(d.span(1800, 4000)), home, agent)
	}
	return t + d.span(3*second, 20*second)
}

// siteRefused is a wrong password or a name that the site does not have.
func (r *run) siteRefused(s *sharedSite, t int64, uid string, known bool, from *address, agent string) {
	request := "GET " + s.base + "/"
	r.l.sites[s.system].access.hitBy(t, from.ip, uid, request, 401, 179, "-", agent)
	r.l.sites[s.system].errors.basic(t, uid, known, from.ip, request)
}

// browse looks through a project: lists, pages of documents, and downloads. It returns when it ended and what was sent.
func (r *run) browse(s *sharedSite, t int64, uid string, from *address, agent string, k, n int, least, most int64, d *dice) (int64, int64) {
	l := &r.l.sites[s.system].access
	p := &s.projects[k]
	top := s.base + "/" + p.key + "/"
	home := "https://" + s.name + top
	l.hitBy(t, from.ip, uid, "GET "+top, 200, int(d.span(6000, 9000)), "https://"+s.name+s.base+"/", agent)
	folder, bytes := "", int64(9000)
	for range n {
		t += d.span(least, most)
		i := p.shown(r.day, d)
		if f := p.docs[i].folder; f != folder {
			folder = f
			l.hitBy(t-least/2, from.ip, uid, "GET "+top+"docs/"+folder+"/", 200, int(d.span(9000, 24000)), home, agent)
		}
		l.hitBy(t, from.ip, uid, "GET "+top+"doc/"+docNumber(k, i), 200, int(d.span(3000, 5200)), home+"docs/"+folder+"/", agent)
		if d.chance(0.65) {
			bytes += r.download(s, t+d.span(second, 4*second), uid, from, agent, k, i, d)
		}
	}
	if d.chance(0.12) {
		t += d.span(20*second, 3*minute)
		l.hitBy(t, from.ip, uid, "GET "+top+"upload", 200, 3120, home, agent)
		l.hitBy(t+d.span(20*second, 2*minute), from.ip, uid, "POST "+top+"upload", 302, 0, home+"upload", agent)
	}
	return t, bytes
}

// download is a document taken. Viewers fetch a PDF in pieces.
func (r *run) download(s *sharedSite, t int64, uid string, from *address, agent string, k, i int, d *dice) int64 {
	l := &r.l.sites[s.system].access
	x := &s.projects[k].docs[i]
	page := "https://" + s.name + s.base + "/" + s.projects[k].key + "/doc/" + docNumber(k, i)
	if !strings.HasSuffix(x.name, ".pdf") || d.chance(0.5) {
		l.hitBy(t, from.ip, uid, "GET "+s.path(k, i), 200, int(x.size), page, agent)
		return x.size
	}
	for left := x.size; left > 0; left -= 65536 {
		l.hitBy(t, from.ip, uid, "GET "+s.path(k, i), 206, int(min(left, 65536)), page, agent)
		t += d.span(80*millisecond, second)
	}
	return x.size
}

// keepCopy is a program that asks every night what is new in a project, and takes that.
func (r *run) keepCopy(s *sharedSite, t int64, from *address, k int, d *dice) {
	l := &r.l.sites[s.system].access
	p := &s.projects[k]
	agent := []string{"curl/7.61.1", "Wget/1.20.3 (linux-gnu)", "python-requests/2.25.1"}[k%3]
	uid := s.copier(k)
	l.hitBy(t, from.ip, uid, "GET "+s.base+"/"+p.key+"/changes?days=1", 200, int(d.span(180, 2400)), "-", agent)
	for i := range p.docs {
		if p.docs[i].added == r.day && r.day > 0 {
			t += d.span(second/5, second)
			l.hitBy(t, from.ip, uid, "GET "+s.path(k, i), 200, int(p.docs[i].size), "-", agent)
		}
	}
	if r.w.cal.weekday(r.day) == 0 { // once a week all of it
		for i := range p.docs {
			t += d.span(second/5, second)
			status, size := 304, 0
			if d.chance(0.05) {
				status, size = 200, int(p.docs[i].size)
			}
			l.hitBy(t, from.ip, uid, "GET "+s.path(k, i), status, size, "-", agent)
		}
	}
}

// siteNoise is a stranger who comes by.
func (r *run) siteNoise(s *sharedSite, t int64, from *address, d *dice) {
	const agent = "Mozilla/5.0 zgrab/0.x"
	if d.chance(0.25) {
		ids := commonIDs()
		r.siteRefused(s, t, ids[d.n(len(ids))], false, from, agent)
		return
	}
	paths := []string{"/", "/.env", "/robots.txt", "/wp-login.php", "/.git/config", "/manager/html"}
	r.l.sites[s.system].access.hit(t, from.ip, "GET "+paths[d.n(len(paths))], 401, 179, "-", agent)
}

// clerk is half an hour in the register of workers of one's own company: some persons, and at the end of a month its list.
func (r *run) clerk(s *sharedSite, t int64, u *siteUser, uid string, from *address, agent string, d *dice) {
	l := &r.l.sites[s.system].access
	company := s.bodies[u.body].key
	home := "https://" + s.name + s.base + "/" + company + "/workers/"
	l.hitBy(t, from.ip, uid, "GET "+s.base+"/"+company+"/workers/", 200, int(d.span(9000, 16000)), "https://"+s.name+s.base+"/", agent)
	for range 2 + d.n(9) {
		t += d.span(15*second, 4*minute)
		who := itoa(1 + d.n(workersOf(u.body)))
		l.hitBy(t, from.ip, uid, "GET "+s.base+"/"+company+"/workers/"+who, 200, int(d.span(4000, 6400)), home, agent)
		if d.chance(0.2) {
			l.hitBy(t+4*second, from.ip, uid, "GET "+s.base+"/"+company+"/workers/"+who+"/id.jpg", 200, int(d.span(90_000, 400_000)), home+who, agent)
		}
		if d.chance(0.15) {
			l.hitBy(t+40*second, from.ip, uid, "POST "+s.base+"/"+company+"/workers/"+who, 302, 0, home+who, agent)
		}
	}
	year, month, dom := civil((r.w.cal.start+jst)/day + int64(r.day))
	if dom >= 26 && d.chance(0.3) {
		l.hitBy(t+minute, from.ip, uid, "GET "+monthList(s, company, year, month), 200, int(d.span(9_000, 30_000)), home, agent)
	}
	if d.chance(0.01) { // an audit of two years
		for i := range 24 {
			l.hitBy(t+minute+int64(i)*20*second, from.ip, uid, "GET "+monthList(s, company, year-1-i/12, 12-i%12), 200, int(d.span(9_000, 30_000)), home, agent)
		}
	}
}

// monthList is the path of the list of those who worked for a company in a month.
func monthList(s *sharedSite, company string, year, month int) string {
	return s.base + "/" + company + "/workers/list.csv?month=" + string(two(append(four(nil, year), '-'), month))
}

// workersOf is how many persons a company's register holds.
func workersOf(body int) int { return []int{4200, 6100, 10_000, 1800, 2600, 3300}[body%6] }
