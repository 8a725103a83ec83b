// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// What an intruder does on a shared site with somebody's account; see system_site.go.

// taking is one thing that he takes in a sitting.
type taking struct {
	project, doc int
	piece        int64 // so many bytes of it, with a request for a range; 0: the whole
	of           string
	class        string // of the exposure
	count        int64  // files, or entries of a list
}

// caller is somebody at a shared site: an account, and where he comes from.
type caller struct {
	user int // of the site
	at   int32
	with client
}

// sit is one sitting: he logs in, looks around, and takes a few documents with long pauses, as a member would.
func (r *run) sit(act int, s *sharedSite, t int64, who caller, take []taking, d *dice) {
	u := &s.users[who.user]
	uid, from, agent, l := r.w.account(u.guest).uid, &r.w.book.all[who.at], r.agent(who.with, 30), &r.l.sites[s.system].access
	r.g.entered(act, t, u.guest, who.at, onSite)
	r.g.reached(act, t, s.host, s.ip, false, onSite)
	t = r.siteEnter(s, t, uid, from, agent, d)
	folder := ""
	for _, k := range take {
		p := &s.projects[k.project]
		x := &p.docs[k.doc]
		top := s.base + "/" + p.key + "/"
		home := "https://" + s.name + top
		if folder != p.key+x.folder {
			folder = p.key + x.folder
			l.hitBy(t, from.ip, uid, "GET "+top+"docs/"+x.folder+"/", 200, int(d.span(9000, 24000)), home, agent)
			t += d.span(20*second, 90*second)
		}
		if k.piece > 0 {
			l.hitBy(t, from.ip, uid, "GET "+s.path(k.project, k.doc), 206, int(k.piece), "-", agent)
		} else {
			l.hitBy(t, from.ip, uid, "GET "+top+"doc/"+docNumber(k.project, k.doc), 200, int(d.span(3000, 5200)), home+"docs/"+x.folder+"/", agent)
			l.hitBy(t+d.span(2*second, 20*second), from.ip, uid, "GET "+s.path(k.project, k.doc), 200, int(x.size), home+"doc/"+docNumber(k.project, k.doc), agent)
		}
		bytes := x.size
		if k.piece > 0 {
			bytes = k.piece
		}
		r.g.tookOf(k.of, k.class, u.guest, "leaked", k.count, bytes)
		r.g.used(act, t, who.at, onSite)
		t += d.span(50*second, 9*minute)
	}
}

// look is a login and a search, and nothing taken.
func (r *run) look(act int, s *sharedSite, t int64, who caller, query string, d *dice) {
	u := &s.users[who.user]
	uid, from, agent, l := r.w.account(u.guest).uid, &r.w.book.all[who.at], r.agent(who.with, 30), &r.l.sites[s.system].access
	r.g.entered(act, t, u.guest, who.at, onSite)
	r.g.reached(act, t, s.host, s.ip, false, onSite)
	t = r.siteEnter(s, t, uid, from, agent, d)
	for _, k := range u.projects {
		t += d.span(20*second, 3*minute)
		l.hitBy(t, from.ip, uid, "GET "+s.base+"/"+s.projects[k].key+"/", 200, int(d.span(6000, 9000)), "https://"+s.name+s.base+"/", agent)
	}
	if query != "" {
		l.hitBy(t+d.span(20*second, minute), from.ip, uid, "GET "+s.base+"/search?q="+query, 200, int(d.span(4000, 30000)), "https://"+s.name+s.base+"/", agent)
	}
}

// tryOnce is a way in that does not work: a request, as somebody or nobody, and how it was answered.
func (r *run) tryOnce(act int, s *sharedSite, t int64, at int32, with client, user, request string, status int, known bool) {
	from, l := &r.w.book.all[at], r.l.sites[s.system]
	logs := onSite
	size := 153
	if status == 401 {
		size = 179
	}
	l.access.hitBy(t, from.ip, user, "GET "+request, status, size, "-", r.agent(with, 30))
	if user != "-" {
		l.errors.basic(t, user, known, from.ip, "GET "+request)
		logs |= onSiteErrors
	}
	r.g.used(act, t, at, logs)
}

// readRegister takes the lists of a company's workers of some months, one after another, and the copies of some identity cards.
func (r *run) readRegister(act int, s *sharedSite, t int64, who caller, lists []monthOf, cards int, d *dice) {
	u := &s.users[who.user]
	uid, from, agent, l := r.w.account(u.guest).uid, &r.w.book.all[who.at], r.agent(who.with, 30), &r.l.sites[s.system].access
	r.g.entered(act, t, u.guest, who.at, onSite)
	r.g.reached(act, t, s.host, s.ip, false, onSite)
	t = r.siteEnter(s, t, uid, from, agent, d)
	of := &s.bodies[u.body]
	workers := s.base + "/" + of.key + "/workers/"
	home := "https://" + s.name + workers
	l.hitBy(t, from.ip, uid, "GET "+workers, 200, int(d.span(9000, 16000)), "https://"+s.name+s.base+"/", agent)
	for _, m := range lists {
		t += d.span(15*second, 5*minute)
		size := 400 + int64(m.persons)*310
		l.hitBy(t, from.ip, uid, "GET "+monthList(s, of.key, m.year, m.month), 200, int(size), home, agent)
		r.g.tookOf(of.name, "directory", u.guest, "leaked", int64(m.persons), size)
		r.g.used(act, t, who.at, onSite)
	}
	for range cards {
		t += d.span(10*second, 2*minute)
		size := d.span(90_000, 400_000)
		l.hitBy(t, from.ip, uid, "GET "+workers+itoa(1+d.n(workersOf(u.body)))+"/id.jpg", 200, int(size), home, agent)
		r.g.tookOf(of.name, "file", u.guest, "leaked", 1, size)
	}
	r.g.used(act, t, who.at, onSite)
}

// monthOf is a register's list of one month, and how many persons are on it that no earlier list has.
type monthOf struct{ year, month, persons int }
