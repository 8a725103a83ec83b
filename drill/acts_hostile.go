// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// hostile performs the intruder's moments.
func (r *run) hostile(m moment, d *dice) {
	switch m.do {
	case deedProbe:
		r.probe(m, d)
	case deedGuess:
		r.guess(m, d, false)
	case deedPlot:
		r.plot.steps[m.who].do(m.t, d)
	}
}

// knock is a try by a program: the form is posted without having been asked for.
func (r *run) knock(m moment, d *dice) {
	const form = "https://idp." + domain + "/idp/login"
	r.l.idp.hit(m.t, r.w.book.all[m.at].ip, "POST /idp/login", 200, 4387+d.n(160), form, r.agent(m.with, 40))
}

// probe tries an ID that may exist, with some password.
func (r *run) probe(m moment, d *dice) {
	r.knock(m, d)
	id, dn := "", ""
	if m.who < 0 {
		p := &r.w.people[-1-m.who]
		id, dn = p.uid, p.dn
	} else {
		id = r.plot.guessID(m.who)
	}
	r.l.slapd.attempt(&r.l.slapd.idp, m.t+5*millisecond, id, dn, false)
	r.g.used(int(m.n), m.t, m.at, onIDP|onSlapd)
}

// guess tries a password of an account; a lucky guess is a login that only the directory saw.
func (r *run) guess(m moment, d *dice, lucky bool) {
	r.knock(m, d)
	p := &r.w.people[m.who]
	r.l.slapd.attempt(&r.l.slapd.idp, m.t+5*millisecond, p.uid, p.dn, lucky)
	if lucky {
		r.g.entered(int(m.n), m.t, m.who, m.at, onIDP|onSlapd)
		return
	}
	r.g.used(int(m.n), m.t, m.at, onIDP|onSlapd)
}

// reading is what the intruder does in a mailbox.
type reading struct {
	with    client
	mails   int // messages opened, in records of up to five
	folders int // whole folders fetched
	files   int // documents opened or downloaded
	shared  *person
	search  string // what he looks for in the mailbox
}

// intrude is a login of the intruder to an account in the cloud, and what is read there.
func (r *run) intrude(act int, t int64, who, at int32, do reading, d *dice) {
	p, from, start := &r.w.people[who], &r.w.book.all[at], t
	agent := r.agent(do.with, 0)
	r.loginPage(t, from, agent, d)
	r.l.slapd.attempt(&r.l.slapd.idp, t+5*millisecond, p.uid, p.dn, true)
	r.cloudLogin(t+d.span(second, 3*second), p, from, do.with, appExchange, true, 0, d)
	logs := onIDP | onSlapd | onSignIns
	for left := do.mails; left > 0; {
		n := min(left, 1+d.n(5))
		left -= n
		t += d.span(20*second, 4*minute)
		r.l.audit.mailItems(t, p, from, do.with, false, n, d)
		r.g.took("mail", who, "viewed", int64(n), 0)
		r.g.touch(who, false, maybeSeen)
		logs |= onAudit
	}
	if do.search != "" {
		t += d.span(20*second, 2*minute)
		r.l.audit.search(t, p, from, do.search, d)
		logs |= onAudit
	}
	for i := range do.folders {
		t += d.span(15*second, 2*minute)
		r.l.audit.mailItems(t, p, from, do.with, true, i, d)
		r.g.took("mail", who, "leaked", int64(40+d.n(400)), d.span(4<<20, 60<<20))
		r.g.touch(who, false, leaked)
		logs |= onAudit
	}
	owner := p
	if do.shared != nil {
		owner = do.shared
	}
	list := topics()
	for range do.files {
		t += d.span(10*second, 2*minute)
		op := "FileAccessed"
		if d.chance(0.6) {
			op = "FileDownloaded"
		}
		name := list[d.n(len(list))] + "-" + itoa(2019+d.n(7)) + ".xlsx"
		r.l.audit.file(t, p, from, op, site(owner), list[d.n(len(list))], name, agent, d)
		r.g.took("file", who, "leaked", 1, d.span(20<<10, 3<<20))
		logs |= onAudit
	}
	r.g.entered(act, start, who, at, logs)
	r.g.lasted(act, t)
}

// staffList is an ordinary member who reads everybody's login ID through the portal's staff search, page after page.
func (r *run) staffList(act int, t int64, who, at int32, d *dice) {
	p, from := &r.w.people[who], &r.w.book.all[at]
	agent := r.agent(oldFirefox, 0)
	r.loginPage(t, from, agent, d)
	c, end := r.l.slapd.visit(t+5*millisecond, idpIP, idpService, p.uid, p.dn, true)
	end = r.l.slapd.search(end+9*second, &c, "ou=people,"+suffix, 2, "(&(objectClass=person)(uid=", "*", "))", "uid cn ou", len(r.w.people))
	r.l.slapd.disconnect(end+3*millisecond, &c)
	for page := range (len(r.w.people) + 49) / 50 {
		r.l.idp.hit(t+int64(10+4*page)*second, from.ip, "GET /portal/staff?page="+itoa(page+1), 200, 11200+d.n(900), "https://idp."+domain+"/portal/staff", agent)
	}
	r.g.entered(act, t, who, at, onIDP|onSlapd)
	r.g.took("directory", -1, "leaked", int64(len(r.w.people)), 0)
}

// sweepOutside is a port scan of the institute's addresses from outside.
func (r *run) sweepOutside(act int, t int64, at int32, ports []int, d *dice) {
	from := &r.w.book.all[at]
	r.g.used(act, t, at, onEdge)
	for host := 1; host < 255; host++ {
		for _, port := range ports {
			t += d.span(second/8, second)
			r.refusedOutside(t, from, "150.29.147."+itoa(host), port, d)
		}
	}
	r.g.used(act, t, at, onEdge)
}

// knockVPN tries the VPN with a password that is right and a one-time code that is not.
func (r *run) knockVPN(act int, t int64, who, at int32, d *dice) {
	p, from := &r.w.people[who], &r.w.book.all[at]
	c, end := r.l.slapd.visit(t+2*second, vpnIP, vpnService, p.uid, p.dn, true)
	r.l.slapd.disconnect(end+2*millisecond, &c)
	r.l.vpn.refused(t, p.uid, from.ip, d)
	took := 11 * second
	r.l.edge.write(flow{end: t + took, src: from.ip, dst: vpnOutside, sport: 1024 + d.n(60000), dport: 1194, proto: 17, action: "accept", from: "wan1", to: "dmz",
		srcC: country(from.country), dstC: "Japan", took: took, sent: 5200, received: 4100})
	r.g.entered(act, t, who, at, onVPN|onSlapd|onEdge)
}

// command gives an order to a machine inside through the CI server outside, which anybody with a password may use.
func (r *run) command(act int, t int64, at int32, vm string, d *dice) {
	from, start := &r.w.book.all[at], t
	agent := r.agent(oldFirefox, 0)
	home := "https://" + ciHost + "/"
	r.l.ci.hit(t, from.ip, "GET /login", 200, 2210, "-", agent)
	r.l.ci.hit(t+9*second, from.ip, "POST /j_spring_security_check", 302, 0, home+"login", agent)
	for range 2 + d.n(6) {
		t += d.span(20*second, 6*minute)
		r.l.ci.hit(t, from.ip, "POST /computer/"+vm+"/script", 200, 3100+d.n(4000), home+"computer/"+vm+"/script", agent)
	}
	r.g.used(act, start, at, onCI)
	r.g.lasted(act, t)
	r.g.reached(act, start, "ci", ciIP, true, onCI)
	r.g.reached(act, start, vm, vmIP(vm), true, onCI)
}

// hold is a connection from a machine inside to one outside, held for hours: a relay.
func (r *run) hold(act int, t int64, host, src string, at int32, port int, took int64, d *dice) {
	to := &r.w.book.all[at]
	r.l.edge.write(r.outward(t+took, src, to.ip, country(to.country), "150.29.147.18", port, took, d.span(80<<20, 900<<20), d.span(20<<20, 200<<20), d))
	r.g.used(act, t, at, onEdge)
	r.g.reached(act, t, host, src, true, onEdge)
}

// beacon is malware that asks for orders, every ten minutes or so.
func (r *run) beacon(act int, from, to int64, host, src string, at int32, d *dice) {
	c2 := &r.w.book.all[at]
	for t := from; t < to; t += d.span(9*minute, 11*minute) {
		r.l.edge.write(r.outward(t, src, c2.ip, country(c2.country), "150.29.147.18", 443, 2*second, d.span(700, 780), d.span(1100, 1300), d))
		r.g.used(act, t, at, onEdge)
	}
	r.g.reached(act, from, host, src, true, onEdge)
}

// scanInside tries ports over inner networks; share of them answer.
func (r *run) scanInside(act int, t int64, host, src string, nets []string, ports []int, share float64, d *dice) {
	r.g.used(act, t, -1, onEdge)
	r.g.reached(act, t, host, src, true, onEdge)
	for _, net := range nets {
		for h := 1; h < 255; h++ {
			for _, port := range ports {
				t += d.span(second/20, second/3)
				action, back := "deny", int64(0)
				if d.chance(share) {
					action, back = "close", d.span(200, 900)
				}
				r.l.edge.write(r.inner(t, src, net+itoa(h), port, action, second, 180, back, d))
			}
		}
	}
	r.g.used(act, t, -1, onEdge)
}

// helpDesk is a look into the business systems from a foothold with a member's password.
func (r *run) helpDesk(act int, t int64, who int32, host, src string, d *dice) {
	p := &r.w.people[who]
	r.l.dns.query(t-2*second, src, "helpdesk."+domain, "A", d)
	c, end := r.l.slapd.visit(t, intraIP, intraService, p.uid, p.dn, true)
	r.l.slapd.disconnect(end+2*millisecond, &c)
	took := d.span(4*minute, 40*minute)
	r.l.edge.write(r.inner(t+took, src, intraIP, 443, "close", took, d.span(30000, 200000), d.span(1<<20, 9<<20), d))
	r.g.entered(act, t, who, -1, onDNS|onSlapd|onEdge)
	r.g.reached(act, t, "intra", intraIP, false, onSlapd|onEdge|onDNS)
	r.g.reached(act, t, host, src, true, onDNS|onEdge)
}

// copyShare reads many files of a share from a foothold.
func (r *run) copyShare(act int, t int64, who int32, user, host, src, share string, n int, d *dice) int64 {
	l, list := r.l.files, topics()
	pid := 2000 + d.n(30000)
	start := t
	l.did(t, pid, user, src, host, share, "connect", "ok", share)
	for range n {
		t += d.span(second/3, 3*second)
		l.did(t, pid, user, src, host, share, "openat", "ok", "r|/srv/"+share+"/"+list[d.n(len(list))]+"/"+list[d.n(len(list))]+"-"+itoa(d.n(400))+".docx")
	}
	l.did(t+second, pid, user, src, host, share, "disconnect", "ok", share)
	bytes := int64(n) * d.span(200<<10, 900<<10)
	r.l.edge.write(r.inner(t+second, src, filesIP, 445, "close", t-start, int64(n)*900, bytes, d))
	if who >= 0 {
		r.g.entered(act, start, who, -1, onFiles|onEdge)
	} else {
		r.g.used(act, start, -1, onFiles|onEdge)
		r.g.usedLocal(act, start, user, "fs1", "unknown", onFiles)
	}
	r.g.used(act, t, -1, onFiles|onEdge)
	r.g.took("file", who, "leaked", int64(n), bytes)
	r.g.touch(who, true, leaked)
	r.g.reached(act, start, "fs1", filesIP, false, onFiles|onEdge)
	r.g.reached(act, start, host, src, true, onFiles|onEdge)
	return t
}

// remoteDesktop enters mon1, in the management network, with its administrator's password.
func (r *run) remoteDesktop(act int, t int64, src string, took int64, d *dice) {
	r.l.mon1.logon(t, "monadmin", "MON1", "10", src, true, took)
	r.l.edge.write(r.inner(t+took, src, monitorIP, 3389, "close", took, 3<<20, d.span(20<<20, 90<<20), d))
	r.g.used(act, t, -1, onWindows|onEdge)
	r.g.usedLocal(act, t, "monadmin", "mon1", "unknown", onWindows)
	r.g.reached(act, t, "mon1", monitorIP, true, onWindows|onEdge)
}

// enterVendor enters the contractor's syslog server, whose account nettest has its own name for a password.
func (r *run) enterVendor(act int, t int64, host, src string, tries int, d *dice) {
	for i := range tries {
		r.l.vendor.refused(t-int64(tries-i)*9*second, "root", src, true, d)
	}
	took := d.span(20*minute, 3*hour)
	r.l.vendor.session(t, "nettest", src, false, took, d)
	r.l.edge.write(r.inner(t+took, src, vendorLog, 22, "close", took, 1<<20, 4<<20, d))
	r.g.used(act, t, -1, onShell|onEdge)
	r.g.usedLocal(act, t, "nettest", "ven-syslog", "guessing", onShell)
	r.g.reached(act, t, "ven-syslog", vendorLog, true, onShell|onEdge)
	r.g.reached(act, t, host, src, true, onShell|onEdge)
}

// connect is a session from a foothold to a server inside that keeps no log of its own: only the firewall sees it.
func (r *run) connect(act int, t int64, host, src, to, ip string, port int, took, back int64, controlled bool, d *dice) {
	r.l.edge.write(r.inner(t+took, src, ip, port, "close", took, back/9+2000, back, d))
	r.g.used(act, t, -1, onEdge)
	r.g.reached(act, t, host, src, true, onEdge)
	r.g.reached(act, t, to, ip, controlled, onEdge)
}

// dumpDirectory reads the whole directory, hashes included, as a service that lives elsewhere: from a session on the
// contractor's syslog server, which has that log of its own, through the firewall.
func (r *run) dumpDirectory(act int, t int64, d *dice) {
	before, took := d.span(12*second, 26*second), d.span(12*minute, 40*minute)
	r.l.vendor.session(t-before, "nettest", monitorIP, false, took, d)
	r.l.edge.write(r.inner(t-before+took, monitorIP, vendorLog, 22, "close", took, 200<<10, 900<<10, d))
	r.l.slapd.read(t, vendorLog, nmsService, suffix, 2, "(objectClass=*)", "* +", len(r.w.people)+37)
	r.l.edge.write(r.inner(t+4*second, vendorLog, ldapIP, 389, "close", 4*second, 2100, int64(len(r.w.people)+37)*1400, d))
	r.g.used(act, t, -1, onSlapd|onShell|onEdge)
	r.g.usedLocal(act, t, "nettest", "ven-syslog", "guessing", onShell)
	r.g.reached(act, t, "ven-syslog", vendorLog, true, onShell|onEdge)
	r.g.reached(act, t, "ldap1", ldapIP, false, onSlapd|onEdge)
	r.g.took("directory", -1, "leaked", int64(len(r.w.people)), 0)
}

// upload sends what was gathered out.
func (r *run) upload(act int, t int64, host, src string, at int32, bytes int64, d *dice) {
	to := &r.w.book.all[at]
	took := bytes / 6 // six bytes a microsecond: about 48 Mbit/s
	r.l.edge.write(r.outward(t+took, src, to.ip, country(to.country), "150.29.147.18", 443, took, bytes, bytes/90, d))
	r.g.used(act, t, at, onEdge)
	r.g.reached(act, t, host, src, true, onEdge)
}
