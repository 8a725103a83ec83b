// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"slices"
	"strings"
)

// sharedSite is a web application that several companies and public bodies share, each with its projects, members and habits: the
// system "project-site" is a supplier's, "group-site" is that of a group of companies. nginx stands before it and asks for the
// password itself (HTTP Basic), so the access log names who asked, and its error log tells a wrong password from an unknown name.
type sharedSite struct {
	system         string // its name among the systems
	salt           uint64 // of its dice
	host, name, ip string // host of org.yaml, name in requests, address
	base           string // of every path
	bodies         []body
	users          []siteUser
	projects       []project
	proxies        []int32       // addresses that many of them share
	member         map[int32]int // users by the institute's member
	registers      bool          // each company keeps a register of workers, by month
}

// body is a company or a public body.
type body struct {
	key, name, domain string
	part              part
	via               string // the body behind whose proxy it sits
	egress            []int32
}

type part uint8

const (
	supplier part = iota
	partner
	customer
)

// siteUser is an account of the site. Who it is stands in world.guests.
type siteUser struct {
	guest    int32 // the number in the ledger
	member   int32 // the institute's member whose account it is; -1: somebody else's
	body     int
	projects []int
	egress   int32
	homes    []int32
	telework float64
	habit    float64 // chance of a visit on a working day
	starts   float64
	agent    client
	lag      int
	joined   int
}

// project is a piece of work for one body, with its documents.
type project struct {
	key     string
	client  int
	docs    []doc
	due     []int // days of delivery
	scripts bool  // something outside keeps a copy
}

// doc is one document.
type doc struct {
	folder, name string
	size         int64
	added        int // the day, 0 for what was there before
}

// docNumber is a document's number on the site.
func docNumber(project, i int) string { return itoa((project+1)*10000 + i) }

// path is where a document lies.
func (s *sharedSite) path(project, i int) string {
	return s.base + "/" + s.projects[project].key + "/file/" + docNumber(project, i) + "/" + s.projects[project].docs[i].name
}

// folders are the drawers of a project.
func folders() []string {
	return []string{"sekkei", "kosei", "gijiroku", "ichiran", "test", "tejun", "kaigi", "houkoku"}
}

// siteOf is what a site is made of.
type siteOf struct {
	sharedSite
	each     int        // accounts for 400 members of the institute
	turn     []int      // the bodies that accounts are given to, in turn
	projects [][]string // by body: keys of its projects
	special  map[string][]doc
}

// build makes the accounts, projects and documents. What each is like depends on the seed and its number alone.
func (w *world) build(o siteOf) {
	s := &o.sharedSite
	w.sites = append(w.sites, s)
	s.member = map[int32]int{}
	d := roll(w.seed, streamSite, s.salt)
	for i := range s.bodies {
		w.settleDown(&s.bodies[i], &d)
		if s.bodies[i].domain != domain {
			s.proxies = append(s.proxies, s.bodies[i].egress...)
		}
	}
	for i := range s.bodies {
		if b := &s.bodies[i]; b.via != "" {
			b.egress = s.bodies[slices.IndexFunc(s.bodies, func(o body) bool { return o.key == b.via })].egress
		}
	}
	for b, keys := range o.projects {
		for _, key := range keys {
			s.projects = append(s.projects, w.newProject(key, b, o.special[key], &d))
		}
	}
	for i := range max(len(o.turn)*5, 40+o.each*len(w.people)/400) {
		w.enrol(s, i, o.turn[i%len(o.turn)])
	}
	w.shared = append(w.shared, s.proxies...)
}

// settleDown gives a body its way out: one or two addresses, if it does not sit behind another's.
func (w *world) settleDown(b *body, d *dice) {
	if b.domain == domain {
		b.egress = w.egress
	}
	if len(b.egress) > 0 || b.via != "" {
		return
	}
	from := officeBlocks()
	if strings.HasSuffix(b.key, "-vn") {
		from = []block{{"113.161.72", "VN", "Ho Chi Minh City", 45899}}
	}
	for range 1 + d.n(2) {
		b.egress = append(b.egress, w.book.fresh(d, kindOffice, from))
	}
}

func (w *world) newProject(key string, client int, special []doc, d *dice) project {
	p := project{key: key, client: client, scripts: d.chance(0.35)}
	list := topics()
	for i := range 120 + d.n(140) {
		folder := folders()[d.n(len(folders()))]
		kind := []string{"xlsx", "xlsx", "docx", "pdf", "pptx", "zip"}[d.n(6)]
		size := d.span(18_000, 900_000)
		if kind == "zip" || kind == "pptx" {
			size = d.span(400_000, 12_000_000)
		}
		added := 0
		if i > 90 {
			added = d.n(w.cal.days)
		}
		p.docs = append(p.docs, doc{folder, list[d.n(len(list))] + "-" + itoa(i) + "_v" + itoa(1+d.n(4)) + "." + itoa(d.n(9)) + "." + kind, size, added})
	}
	p.docs = append(p.docs, special...)
	for due := 20 + d.n(40); due < w.cal.days; due += 45 + d.n(40) {
		p.due = append(p.due, due)
	}
	return p
}

// enrol makes account i, of body b.
func (w *world) enrol(s *sharedSite, i, b int) {
	d := roll(w.seed, streamSite, s.salt, uint64(i)+1)
	of := &s.bodies[b]
	u := siteUser{body: b, member: -1, guest: int32(len(w.people) + len(w.guests)), egress: of.egress[d.n(len(of.egress))]}
	p := person{name: title(surnames()[d.n(len(surnames()))]) + " " + title(givenNames()[d.n(len(givenNames()))])}
	if of.domain == domain {
		u.member = w.freeMember(s, &d)
		m := &w.people[u.member]
		p.name, p.mail, u.egress = m.name, m.mail, m.egress
		s.member[u.member] = len(s.users)
	} else {
		last, first, _ := strings.Cut(strings.ToLower(p.name), " ")
		p.mail = first + "." + last + itoa(i) + "@" + of.domain
	}
	p.uid = of.key[:min(3, len(of.key))] + "-" + itoa(10_000+i*7%90_000)
	p.left = w.cal.days + 1
	u.habit = []float64{0.75, 0.45, 0.18}[of.part] * (0.4 + 1.2*d.unit())
	u.starts = d.bell(9*60+30, 40)
	if strings.HasSuffix(of.key, "-vn") {
		u.starts += 120
	} else {
		u.telework = []float64{0, 0.2, 0.5}[d.n(3)]
	}
	for range w.cal.days/60 + 1 {
		u.homes = append(u.homes, w.book.fresh(&d, kindResidential, homeBlocks()))
	}
	u.agent = []client{chromeWindows, chromeWindows, edgeWindows, firefoxWindows, firefoxESR, chromeMac}[d.n(6)]
	u.lag = []int{0, 2, 5, 14, 60}[d.n(5)]
	if d.chance(0.06) {
		u.joined = d.n(w.cal.days)
	}
	u.projects = w.duties(s, of, b, &d)
	s.users = append(s.users, u)
	w.guests = append(w.guests, p)
	switch {
	case strings.HasSuffix(of.key, "-vn"):
		w.odd = append(w.odd, Odd{p.uid, p.mail, "works for a supplier abroad"})
	case u.joined > 0:
		w.odd = append(w.odd, Odd{p.uid, p.mail, "joined, and took a whole project to read"})
	}
}

// duties are the projects that an account may see: a client's are its own; others work on one to three.
func (w *world) duties(s *sharedSite, of *body, b int, d *dice) []int {
	var out []int
	for i := range s.projects {
		if s.projects[i].client == b {
			out = append(out, i)
		}
	}
	if of.part == customer {
		return out
	}
	for len(out) < 1+d.n(3) {
		if k := d.n(len(s.projects)); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// freeMember returns a member of the institute who has no account on the site yet and is there all the time.
func (w *world) freeMember(s *sharedSite, d *dice) int32 {
	for k := d.n(len(w.people)); ; k++ {
		i := int32(k % len(w.people))
		p := &w.people[i]
		if _, has := s.member[i]; !has && !p.disabled && w.stays(p) && p.anon == nil {
			return i
		}
	}
}

// directory is the site's own list of accounts.
func (s *sharedSite) directory(w *world) string {
	var b strings.Builder
	b.WriteString("uid,mail,department,name,service,disabled,valid_from\n")
	for i := range s.users {
		u, p := &s.users[i], w.account(s.users[i].guest)
		from := ""
		if u.joined > 0 {
			from = w.date(u.joined)
		}
		b.WriteString(p.uid + "," + p.mail + "," + s.bodies[u.body].key + "," + p.name + ",false,false," + from + "\n")
	}
	for k := range s.projects {
		if s.projects[k].scripts {
			b.WriteString(s.copier(k) + ",," + s.bodies[0].key + ",keeps a copy of " + s.projects[k].key + ",true,false,\n")
		}
	}
	b.WriteString(s.retired() + ",," + s.bodies[1].key + ",an old program,true,true,\n")
	return b.String()
}

// copier is the account of the program that keeps a copy of a project; retired is one that was closed, and whose program goes on.
func (s *sharedSite) copier(k int) string { return s.bodies[0].key[:3] + "-sync" + itoa(k) }

func (s *sharedSite) retired() string { return s.bodies[1].key[:3] + "-9017" }

// siteSystem is the system that a site is.
func siteSystem(name string, spec func() siteOf) system {
	find := func(w *world) *sharedSite { return w.siteNamed(name) }
	return system{
		name: name,
		make: func(w *world) { w.build(spec()) },
		open: func(w *world, l *logs, add func(s *sheet, kind string, f shape)) {
			s, of := find(w), &siteLogs{}
			of.errors.site, of.errors.start = s, w.cal.start
			l.sites[name] = of
			add(&of.access.sheet, logSite, shape{path: s.host + "/access.log", period: weekly})
			add(&of.errors.sheet, logSiteErrors, shape{path: s.host + "/error.log", period: weekly})
		},
		plan: func(r *run, out []moment, day int, own deed) []moment { return r.planSite(find(r.w), out, day, own) },
		do:   func(r *run, own int, m moment, d *dice) { r.siteLife(find(r.w), own, m, d) },
		profile: func(w *world) profile {
			s := find(w)
			realm, file := s.system, "directory-"+s.host+".csv"
			return profile{
				inputs: "  - {glob: \"" + s.host + "/access.log*\", host: " + s.host + ", realm: " + realm + ", format: combined}\n" +
					"  - {glob: \"" + s.host + "/error.log*\", host: " + s.host + ", realm: " + realm + "}\n",
				hosts:  "  - {name: " + s.host + ", ip: " + s.ip + ", role: web}\n",
				realms: "  - {realm: " + realm + ", file: " + file + "}\n",
				files:  map[string]string{file: s.directory(w)},
			}
		},
	}
}

// shown are the documents of a project that are there on a day.
func (p *project) shown(day int, d *dice) int {
	for range 20 {
		if i := d.n(len(p.docs)); p.docs[i].added <= day {
			return i
		}
	}
	return 0
}

// find returns a document by its name. It panics on a name that is not there: a script's mistake.
func (s *sharedSite) find(key, name string) (project, i int) {
	for p := range s.projects {
		if s.projects[p].key != key {
			continue
		}
		for i := range s.projects[p].docs {
			if s.projects[p].docs[i].name == name {
				return p, i
			}
		}
	}
	panic("drill: the site has no document " + key + "/" + name)
}
