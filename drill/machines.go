// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// planMachines appends what machines, administrators and strangers do on day d.
func (r *run) planMachines(out []moment, day int) []moment {
	w := r.w
	d := roll(w.seed, streamAmbient, uint64(day))
	at := func(minutes float64, do deed, who int) {
		out = append(out, moment{t: w.cal.at(day, minutes), x: d.next(), do: do, who: int32(who)})
	}
	for m := 0.0; m < 1440; m += 15 {
		at(m+0.01+0.02*d.unit(), deedCheck, 0)
	}
	at(130+d.unit(), deedBackup, 0)
	at(65+d.unit(), deedNMS, 0)
	if w.cal.weekday(day) == 1 {
		at(360+d.unit(), deedPhoneBook, 0)
	}
	if w.cal.weekday(day) == 3 {
		at(190+3*d.unit(), deedScanner, 0)
	}
	for m := 60*6.5 + 20*d.unit(); m < 23.5*60; m += 18 + 4*d.unit() {
		at(m, deedRetired, 0)
	}
	for h := range 24 {
		at(float64(h)*60+7+d.unit(), deedPowerMonitor, h)
	}
	for vm := range 4 {
		for m := float64(vm)*2.2 + d.unit(); m < 1440; m += 10 {
			at(m, deedPoll, vm)
		}
	}
	if w.cal.works(day) {
		out = r.planAdministrators(out, day, &d)
	}
	return r.planNoise(out, day, &d)
}

// planAdministrators appends the working day of those who look after machines.
func (r *run) planAdministrators(out []moment, day int, d *dice) []moment {
	at := func(minutes float64, do deed) {
		out = append(out, moment{t: r.w.cal.at(day, minutes), x: d.next(), do: do})
	}
	if r.w.cal.weekday(day) == 2 {
		at(d.bell(10*60+30, 30), deedMaintenance)
	}
	if r.w.cal.weekday(day) == 4 {
		at(d.bell(14*60, 40), deedVendorShell)
	}
	for range d.times(5) {
		at(d.bell(13*60, 150), deedShell)
	}
	for range d.times(4) {
		at(d.bell(14*60, 150), deedCI)
	}
	return out
}

// planNoise appends what strangers on the Internet do to everything that is open.
func (r *run) planNoise(out []moment, day int, _ *dice) []moment {
	d := roll(r.w.seed, streamNoise, uint64(day))
	for _, kind := range [...]struct {
		do   deed
		mean float64
	}{{deedNoiseWeb, 50}, {deedNoiseEdge, 220}, {deedNoiseShell, 70}, {deedNoiseMail, 18}} {
		for range d.times(kind.mean * (0.7 + 0.6*d.unit())) {
			out = append(out, moment{t: r.w.cal.at(day, 1440*d.unit()), x: d.next(), do: kind.do, at: r.w.noise[d.n(len(r.w.noise))]})
		}
	}
	return out
}

const (
	idpService     = "cn=idp,ou=services," + suffix
	intraService   = "cn=intra,ou=services," + suffix
	vpnService     = "cn=vpn,ou=services," + suffix
	backupService  = "cn=backup,ou=services," + suffix
	nmsService     = "cn=netsearch,ou=services," + suffix
	monitorService = "cn=monitor,ou=services," + suffix
)

// machine performs the moments of machines, administrators and strangers.
func (r *run) machine(m moment, d *dice) {
	l, w := r.l, r.w
	switch m.do {
	case deedCheck:
		l.slapd.read(m.t, "172.16.5.95", monitorService, "", 0, "(objectClass=*)", "namingContexts", 1)
	case deedBackup:
		l.slapd.read(m.t, backupIP, backupService, suffix, 2, "(objectClass=*)", "* +", len(w.people)+37)
	case deedPhoneBook:
		l.slapd.read(m.t, intraIP, intraService, "ou=people,"+suffix, 2, "(&(objectClass=person)(!(pwdAccountLockedTime=*)))", "cn mail ou telephoneNumber", len(w.people)-1)
	case deedNMS:
		l.slapd.read(m.t, vendorNMS, nmsService, "ou=network,"+suffix, 2, "(objectClass=ipHost)", "cn ipHostNumber", 24)
		l.edge.write(r.inner(m.t+second, vendorNMS, ldapIP, 389, "close", second, 1900, 24*310, d))
	case deedScanner:
		r.honestScan(m.t, d)
	case deedPowerMonitor:
		r.powerMonitor(m, d)
	case deedMaintenance:
		if d.chance(0.2) {
			l.mon1.failed(m.t-20*second, "monadmin", "MON1", "10", adminIP)
		}
		took := d.span(10*minute, 70*minute)
		l.mon1.logon(m.t, "monadmin", "MON1", "10", adminIP, true, took)
		l.edge.write(r.inner(m.t+took, adminIP, monitorIP, 3389, "close", took, 2<<20, 30<<20, d))
	case deedShell:
		r.shell(m.t, d)
	case deedVendorShell:
		l.vendor.session(m.t, "vadmin", vendorNMS, false, d.span(5*minute, 50*minute), d)
	case deedPoll:
		r.poll(m, d)
	case deedCI:
		r.useCI(m.t, d)
	case deedAudit, deedMoved, deedStale:
		r.noisy(m, d)
	case deedNoiseWeb:
		paths := [...]string{"GET /wp-login.php", "GET /.env", "GET /", "POST /boaform/admin/formLogin", "GET /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "GET /robots.txt"}
		l.idp.hit(m.t, w.book.all[m.at].ip, paths[d.n(len(paths))], 404, 153, "-", "Mozilla/5.0 zgrab/0.x")
	case deedNoiseEdge:
		ports := [...]int{22, 23, 445, 3389, 8080, 5060, 6379, 2222, 8443, 5900}
		r.refusedOutside(m.t, &w.book.all[m.at], "150.29.147."+itoa(d.n(254)+1), ports[d.n(len(ports))], d)
	case deedNoiseShell:
		ids := commonIDs()
		user := ids[d.n(len(ids))]
		l.gateway.refused(m.t, user, w.book.all[m.at].ip, user == "root" || user == "backup", d)
	case deedNoiseMail:
		ids := commonIDs()
		user := ids[d.n(len(ids))]
		l.mail.smtpAuth(m.t, user, w.book.all[m.at].ip, d)
		l.slapd.attempt(&l.slapd.mail, m.t+3*second, user, "", false)
	}
}

// powerMonitor is mon1's own life: services start, the network monitor asks.
func (r *run) powerMonitor(m moment, d *dice) {
	r.l.mon1.logon(m.t, "SYSTEM", "NT AUTHORITY", "5", "-", true, 0)
	r.l.mon1.logon(m.t+d.span(minute, 20*minute), "nmscheck", "MON1", "3", vendorNMS, false, 2*second)
}

// honestScan is the institute's own vulnerability scanner, once a week over the servers.
func (r *run) honestScan(t int64, d *dice) {
	ports := [...]int{21, 22, 25, 80, 111, 135, 139, 389, 443, 445, 636, 1433, 3306, 3389, 5432, 5900, 8080, 8443}
	for host := 10; host < 100; host += 5 {
		for _, port := range ports {
			t += d.span(second/2, 3*second)
			action, back := "deny", int64(0)
			if port == 22 || port == 443 || host%3 == 0 && port == 80 {
				action, back = "close", 1800
			}
			r.l.edge.write(r.inner(t, scannerIP, "172.16.5."+itoa(host), port, action, second, 300, back, d))
		}
	}
}

// shell is an administrator or a researcher on a server.
func (r *run) shell(t int64, d *dice) {
	took := d.span(minute, 3*hour)
	staff := r.staff(d, itDepartment)
	switch d.n(4) {
	case 0:
		r.l.serverM.session(t, "ymorita", "10.17.1.33", true, took, d)
	case 1:
		if d.chance(0.15) {
			r.l.serverM.refused(t-15*second, "ymorita", "10.17.1.33", true, d)
		}
		r.l.serverM.session(t, "ymorita", "10.17.1.33", false, took, d)
	case 2:
		r.l.vmP.session(t, "builder", "10.16.1.41", true, took, d)
	default:
		r.l.gateway.session(t, staff.uid, staff.pc, true, took, d)
	}
}

// staff returns some member of a department who is there.
func (r *run) staff(d *dice, department int) *person {
	for range 200 {
		p := &r.w.people[d.n(len(r.w.people))]
		if p.department == department && p.joined == 0 && p.left > r.w.cal.days && p.there(r.day) {
			return p
		}
	}
	return &r.w.people[0]
}

const ciAgent = "Java/17.0.11"

// poll is a build machine that asks the CI server, outside, whether there is work; the firewall logs its session by the hour.
func (r *run) poll(m moment, d *dice) {
	vm := buildMachines()[m.who]
	r.l.ci.hit(m.t, "150.29.147.18", "GET /computer/"+vm.name+"/poll?timeout=600", 200, 74, "-", ciAgent)
	if m.t/minute%60 < 10 {
		r.l.dns.query(m.t, vm.ip, ciHost, "A", d)
		f := r.outward(m.t, vm.ip, ciIP, "Japan", "150.29.147.18", 443, hour, d.span(9000, 14000), d.span(8000, 16000), d)
		r.l.edge.write(f)
	}
}

// buildMachines are those of X centre, which take orders from its CI server outside.
func buildMachines() []machine {
	return []machine{{"x-vm-p", vmP}, {"x-vm-q", vmQ}, {"x-vm-r", vmR}, {"x-vm-s", vmS}}
}

// machine is a host and its address.
type machine struct{ name, ip string }

func vmIP(name string) string {
	for _, m := range buildMachines() {
		if m.name == name {
			return m.ip
		}
	}
	return ""
}

// useCI is a developer on the CI server's pages.
func (r *run) useCI(t int64, d *dice) {
	p := r.staff(d, 5) // X centre
	agent := r.agent(p.desk, p.lag)
	ip := r.w.book.all[p.egress].ip
	home := "https://" + ciHost + "/"
	r.l.ci.hit(t, ip, "GET /login", 200, 2210, "-", agent)
	r.l.ci.hit(t+6*second, ip, "POST /j_spring_security_check", 302, 0, home+"login", agent)
	r.l.ci.hit(t+7*second, ip, "GET /job/simulation/", 200, 9120, home, agent)
	if d.chance(0.5) {
		r.l.ci.hit(t+40*second, ip, "POST /job/simulation/build?delay=0sec", 201, 0, home+"job/simulation/", agent)
	}
}
