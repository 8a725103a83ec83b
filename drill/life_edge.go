// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "slices"

// The firewall at the edge as a thing that people log in to: members through its SSL-VPN, administrators on its pages. Its
// own records stand in a log of their own; what it sends and gets itself stands in its traffic log.
const (
	edgeInside  = "172.16.5.1"   // what the servers see of it; administrators reach it there
	edgeOutside = "150.29.147.1" // the portal of the SSL-VPN
	edgeService = "cn=edge,ou=services," + suffix
	edgeGroup   = "sslvpn-staff"
	edgeAdminID = "fwadmin"
)

// edgeAdmin is the system: the device's life with and without an attack. Beside the ordinary it holds what only looks bad:
// wrong passwords and stale codes, members at hotels abroad, administrators who mistype, who log in at night through the VPN,
// who take the configuration home before an update, programs of the device that crash by themselves, new accounts for
// contractors, and strangers who try names all day.
func edgeAdmin() system {
	return system{
		name: sysEdgeAdmin,
		make: func(w *world) {
			w.netVendor = w.book.add(address{ip: "61.206.119.30", kind: "unknown", country: "JP", city: "Tokyo", asn: 4686})
		},
		open: func(w *world, l *logs, add func(s *sheet, kind string, f shape)) {
			l.device.since = w.cal.start - 19*day - 7*hour
			add(&l.device.sheet, logDevice, shape{path: "edge/fortigate-event-%s.log", naming: dated, period: monthly})
		},
		plan: planEdge, do: doEdge,
		profile: func(*world) profile {
			return profile{
				networks: "  - {name: edge, cidr: " + edgeInside + "/32, own: true}\n",
				hosts:    "  - {name: edge1, ip: " + edgeInside + ", role: vpn}\n",
			}
		},
	}
}

// The deeds of the edge.
const (
	edgeSlip       = iota // a member's wrong password at the portal
	edgeStale             // the right password, and a code from the token that is too old
	edgeStranger          // somebody tries a name that nobody has
	edgeScanner           // a connection to the portal that asks for nothing
	edgeKnock             // somebody tries the administrators' page, which the maintenance firm needs open
	edgeStats             // how busy the device is
	edgeHour              // the maker's servers asked
	edgeScript            // the configuration read by a script, for its history
	edgeWork              // an administrator at work
	edgeVendor            // the maintenance firm at work, from its own address outside
	edgeNight             // an administrator called at night
	edgeFirmware          // new firmware
	edgeCrash             // a program that dies by itself
	edgeContractor        // an account for somebody who comes for a month
	edgeReport            // an administrator's script that asks the cloud for licences
)

// planEdge appends the edge's ordinary moments of a day. Sessions at the portal are those that members plan (deedVPN).
func planEdge(r *run, out []moment, d int, own deed) []moment {
	w := r.w
	dd := roll(w.seed, streamEdge, uint64(d))
	at := func(minutes float64, do deed, who, from int) {
		out = append(out, moment{t: w.cal.at(d, minutes), x: dd.next(), do: own + do, who: int32(who), at: int32(from)})
	}
	for i, n := 0, len(out); i < n; i++ {
		if m := out[i]; m.do == deedVPN {
			out = r.tornTunnel(out, m)
			if dd.chance(0.11) {
				m.t, m.x, m.do = m.t-dd.span(18*second, 70*second), dd.next(), own+edgeSlip+deed(dd.n(5)/3)
				out = append(out, m)
			}
		}
	}
	for i := range w.people { // a member on a journey opens a tunnel from the hotel
		p := &w.people[i]
		if t := p.travels(d); t != nil && p.vpn && dd.chance(0.4) {
			out = append(out, moment{t: w.cal.at(d, dd.bell(21*60, 60)+t.behind), x: dd.next(), do: deedVPN, who: int32(i), at: t.at, n: int16(25 + dd.n(90))})
		}
	}
	for h := range 24 {
		at(float64(h)*60+0.2, edgeHour, h, 0)
		for m := range 12 {
			at(float64(h)*60+5*float64(m)+0.02*dd.unit(), edgeStats, h, 0)
		}
	}
	at(160+dd.unit(), edgeScript, 0, 0)
	out = planPortalNoise(w, out, d, own)
	if w.cal.works(d) {
		for range dd.times(0.6) {
			at(dd.bell(13*60, 140), edgeWork, 0, 0)
		}
		at(380+dd.unit(), edgeReport, 0, 0)
		if dd.chance(1.0 / 14) {
			at(dd.bell(15*60, 60), edgeContractor, dd.n(90), 0)
		}
	}
	if w.cal.works(d) && w.cal.weekday(d) == 3 {
		at(dd.bell(14*60, 70), edgeVendor, 0, 0)
	}
	if dd.chance(1.0 / 30) {
		at(dd.bell(23*60, 70), edgeNight, 0, 0)
	}
	if dd.chance(1.0 / 17) {
		at(1440*dd.unit(), edgeCrash, 0, 0)
	}
	if updateNight(w.cal, d) {
		at(updateClock, edgeFirmware, 0, 0)
	}
	return out
}

// updateNight says whether day d is one of the Sundays, sixteen weeks apart, on which the device gets new firmware: 9 July 2023
// is one.
func updateNight(cal calendar, d int) bool {
	epochDay := int((cal.start+jst)/day) + d
	return epochDay%112 == 59 && firmwareOn(epochDay) != firmwareOn(epochDay-1)
}

// firmwareOn is what the device runs on a day.
func firmwareOn(epochDay int) string {
	list := [...]string{"v7.0.5,build0304", "v7.0.6,build0366", "v7.0.8,build0418", "v7.0.9,build0444", "v7.0.10,build0450", "v7.0.11,build0489", "v7.0.12,build0523",
		"v7.0.13,build0566", "v7.0.14,build0601", "v7.0.15,build0632", "v7.0.16,build0667", "v7.0.17,build0682", "v7.2.11,build1740", "v7.2.12,build1761"}
	return list[min(max((epochDay-59)/112-174+6, 0), len(list)-1)]
}

// planPortalNoise appends what strangers do at the portal: bursts of names from one address, and connections that ask for nothing.
func planPortalNoise(w *world, out []moment, d int, own deed) []moment {
	dd := roll(w.seed, streamEdge, 1<<32, uint64(d))
	for range dd.times(2.4) {
		from, t := w.noise[dd.n(len(w.noise))], w.cal.at(d, 1440*dd.unit())
		for range 4 + dd.n(34) {
			out = append(out, moment{t: t, x: dd.next(), do: own + edgeStranger, at: from})
			t += dd.span(2*second, 40*second)
		}
	}
	for range dd.times(1.1) {
		from, t := w.noise[dd.n(len(w.noise))], w.cal.at(d, 1440*dd.unit())
		for i := range 1 + dd.n(9) {
			out = append(out, moment{t: t, x: dd.next(), do: own + edgeKnock, at: from, n: int16(i)})
			t += dd.span(3*second, 70*second)
		}
	}
	for range dd.times(38) {
		out = append(out, moment{t: w.cal.at(d, 1440*dd.unit()), x: dd.next(), do: own + edgeScanner, at: w.noise[dd.n(len(w.noise))]})
	}
	return out
}

// strangersName is a name that is tried at portals. No login ID of the institute is built like these.
func strangersName(d *dice) string {
	lists := [...][]string{surnames(), givenNames(), commonIDs(), {"vpn", "vpnuser", "sslvpn", "fortinet", "temp", "intern", "printer", "reception", "remote", "hr", "it", "support1", "admin1", "test1"}}
	list := lists[d.n(len(lists))]
	return list[d.n(len(list))]
}

// doEdge performs one of the edge's moments.
func doEdge(r *run, own int, m moment, d *dice) {
	l, p, from := r.l, &r.w.people[m.who], &r.w.book.all[m.at]
	if own <= edgeScanner && r.portalClosed(m.t) {
		return
	}
	switch own {
	case edgeSlip:
		r.portalPassword(m.t, p.uid, p.dn, false)
		l.device.refused(m.t+second, p.uid, from, vpnDenied)
	case edgeStale:
		r.portalPassword(m.t, p.uid, p.dn, true)
		l.device.refused(m.t+9*second, p.uid, from, vpnDenied)
	case edgeStranger:
		name := strangersName(d)
		r.portalPassword(m.t, name, "", false)
		l.device.refused(m.t+second, name, from, vpnUnknown)
	case edgeScanner:
		l.device.dropped(m.t, from)
	case edgeKnock:
		name := [...]string{"admin", "administrator", "root", "fortinet", "support", "manager"}[d.n(6)]
		l.device.adminFailed(m.t, name, "https", from.ip, false, int(m.n)%3+1)
	case edgeStats:
		r.edgeStats(m.t, int(m.who), d)
	case edgeHour:
		r.edgeHour(m.t, int(m.who), d)
	case edgeVendor:
		ip, took := r.w.book.all[r.w.netVendor].ip, d.span(6*minute, 50*minute)
		l.device.admin(m.t, "netvendor", "https", ip, "prof_admin", took)
		if d.chance(0.3) {
			l.device.configured(m.t+took/2, "netvendor", "GUI("+ip+")", "Edit", "firewall.policy", "33", "comments[]")
		}
	case edgeScript:
		l.device.admin(m.t, "cfgbackup", "ssh", backupIP, "read-only", d.span(20*second, 50*second))
	case edgeWork:
		r.edgeWork(m.t, d)
	case edgeNight:
		r.edgeNight(m.t, d)
	case edgeFirmware:
		r.edgeFirmware(m.t, d)
	case edgeCrash:
		program := [...]string{"ipsengine", "wad", "httpsd", "miglogd", "updated"}[d.n(5)]
		l.device.crashed(m.t, program, [...]int{11, 6, 7}[d.n(3)], firmwareOn(r.epochDay), d)
	case edgeReport:
		r.licenceReport(m.t, r.scripter(), d)
	case edgeContractor:
		name, ui := "contractor-"+itoa(10+int(m.who)), "GUI("+adminIP+")"
		l.device.admin(m.t, edgeAdminID, "https", adminIP, "super_admin", 9*minute)
		l.device.configured(m.t+3*minute, edgeAdminID, ui, "Add", "user.local", name, "type[password]two-factor[fortitoken]email-to["+name+"@vendor.example]")
		l.device.configured(m.t+4*minute, edgeAdminID, ui, "Edit", "user.group", edgeGroup, "member[<"+name+">]")
	}
}

// scripter is the member whose script the licence report is: the first of those who run the computers.
func (r *run) scripter() *person {
	for i := range r.w.people {
		if p := &r.w.people[i]; p.department == itDepartment && !p.mfa && !p.disabled && r.w.stays(p) {
			return p
		}
	}
	return &r.w.people[0]
}

// portalPassword is the device asking the directory about somebody who logs in at the portal.
func (r *run) portalPassword(t int64, id, dn string, ok bool) {
	c, end := r.l.slapd.visit(t, edgeInside, edgeService, id, dn, ok)
	r.l.slapd.disconnect(end+2*millisecond, &c)
}

// portalSession is a member's tunnel through the portal, and what goes through it.
func (r *run) portalSession(m moment, p *person, from *address, d *dice) {
	took := int64(m.n) * minute
	if r.portalClosed(m.t) {
		return
	}
	if torn := r.portalDies(m.t, m.t+took+minute); torn.from != 0 {
		took = max(5*second, torn.from-m.t-2*second)
	}
	r.portalPassword(m.t+second, p.uid, p.dn, true)
	inner := r.inside(p, from)
	r.l.device.tunnel(m.t+2*second, p.uid, edgeGroup, from, inner, took, d.span(20<<20, 400<<20), d.span(5<<20, 60<<20), d)
	part := func() int64 { return m.t + took/20 + int64(d.unit()*float64(took*9/10)) }
	through := func(dst string, port int, long, sent, received int64) {
		end := part()
		long = min(long, end-m.t)
		r.l.edge.write(r.inner(end, inner, dst, port, "close", long, sent, received, d))
	}
	for range 1 + d.n(4) {
		through(intraIP, 443, d.span(10*second, 20*minute), d.span(4000, 90000), d.span(20000, 4<<20))
	}
	if d.chance(0.6) {
		through(filesIP, 445, d.span(5*minute, 2*hour), d.span(100<<10, 9<<20), d.span(1<<20, 80<<20))
	}
	if p.phase%3 == 0 { // works on the office PC's screen
		through(p.pc, 3389, d.span(20*minute, 5*hour), d.span(2<<20, 20<<20), d.span(30<<20, 300<<20))
	}
	for range 2 {
		r.l.dns.query(part(), inner, "fs1."+domain, "A", d)
	}
}

// updateClock is when new firmware is put on, in minutes after midnight, and updateRestart when the device goes down for it.
const (
	updateClock   = 130
	updateRestart = 147
)

// outage is a time without the portal; it may be a moment only, after which clients come back.
type outage struct{ from, to int64 }

// portalDies returns the first outage that begins in from..to: the portal's program dies, it is closed, or new firmware is put
// on. No beginning: none.
func (r *run) portalDies(from, to int64) outage {
	var first outage
	see := func(o outage) {
		if o.from > from && o.from < to && (first.from == 0 || o.from < first.from) {
			first = o
		}
	}
	for d := r.w.cal.dayOf(from); d <= r.w.cal.dayOf(to); d++ {
		if updateNight(r.w.cal, d) {
			t := r.w.cal.at(d, updateRestart)
			see(outage{t, t + 5*minute})
		}
	}
	if r.plot != nil {
		for _, o := range r.plot.failures {
			see(o)
		}
	}
	return first
}

// portalClosed says whether nobody can reach the portal at t.
func (r *run) portalClosed(t int64) bool {
	return r.plot != nil && slices.ContainsFunc(r.plot.failures, func(o outage) bool { return t >= o.from && t < o.to })
}

// tornTunnel appends the sessions with which a member goes on after outages.
func (r *run) tornTunnel(out []moment, m moment) []moment {
	end := m.t + int64(m.n)*minute
	for torn := r.portalDies(m.t, end); torn.from != 0 && end-torn.to > 10*minute; torn = r.portalDies(m.t, end) {
		d := roll(m.x, streamEdge)
		m.t, m.x = torn.to+d.span(40*second, 5*minute), d.next()
		m.n = int16((end - m.t) / minute)
		out = append(out, m)
	}
	return out
}

// ownOut is a session of the firewall itself to the outside.
func (r *run) ownOut(end int64, dst, dstCountry string, port, proto int, took, sent, received int64, d *dice) flow {
	return flow{end: end, src: edgeOutside, dst: dst, sport: 1024 + d.n(30000), dport: port, proto: proto, action: "close", from: "unknown0", to: "wan1",
		srcC: "Japan", dstC: dstCountry, took: took, sent: sent, received: received, own: true}
}

// edgeStats is the device's word on how busy it is.
func (r *run) edgeStats(t int64, hourOfDay int, d *dice) {
	busy := len(r.w.people) / 20
	if hourOfDay >= 8 && hourOfDay < 20 && r.w.cal.works(r.w.cal.dayOf(t)) {
		busy *= 6
	}
	r.l.device.stats(t, busy, d)
}

// edgeHour is what the device asks of its maker's servers in an hour: licences, lists, the time.
func (r *run) edgeHour(t int64, hourOfDay int, d *dice) {
	vendor := [...]string{"173.243.138.194", "96.45.33.86", "12.34.97.16", "149.5.232.66"}[d.n(4)]
	at := t + d.span(minute, 55*minute)
	r.l.edge.write(r.ownOut(at, vendor, "United States", 443, 6, d.span(second, 9*second), d.span(1500, 5000), d.span(6000, 40000), d))
	if hourOfDay%4 == 1 {
		r.l.edge.write(r.ownOut(at+minute, vendor, "United States", 443, 6, d.span(4*second, 40*second), d.span(4000, 9000), d.span(1<<20, 30<<20), d))
		r.l.device.updated(at+minute, vendor)
	}
	for range 4 {
		r.l.edge.write(r.ownOut(t+d.span(0, hour), "133.243.238.243", "Japan", 123, 17, 3*minute, 76, 76, d))
	}
}

// edgeWork is an administrator who looks at the device and perhaps changes something.
func (r *run) edgeWork(t int64, d *dice) {
	l, ui := r.l.device, "GUI("+adminIP+")"
	if d.chance(0.12) {
		for i := range 1 + d.n(3) {
			l.adminFailed(t-int64(28-9*i)*second, edgeAdminID, "https", adminIP, true, i+1)
		}
	}
	took := d.span(3*minute, 45*minute)
	l.admin(t, edgeAdminID, "https", adminIP, "super_admin", took)
	changes := [...][3]string{{"firewall.policy", "51", "comments[<meeting room>]"}, {"firewall.address", "projector-4f", "subnet[10.12.4.9 255.255.255.255]"},
		{"firewall.policy", "33", "service[HTTPS->HTTPS SSH]"}, {"user.group", edgeGroup, "member[+]"}, {"vpn.ssl.settings", "settings", "idle-timeout[300->600]"},
		{"firewall.address", "lab-printer", "subnet[10.17.3.40 255.255.255.255]"}}
	for i := range d.n(4) {
		c := changes[d.n(len(changes))]
		l.configured(t+took*int64(i+1)/5, edgeAdminID, ui, "Edit", c[0], c[1], c[2])
	}
}

// edgeNight is an administrator at home who is called: a tunnel, then the device's pages through it.
func (r *run) edgeNight(t int64, d *dice) {
	r.calledAtNight(t, r.staff(d, itDepartment), d)
}

func (r *run) calledAtNight(t int64, p *person, d *dice) {
	from := &r.w.book.all[p.home(r.w.cal.dayOf(t))]
	took := d.span(20*minute, 80*minute)
	if r.portalClosed(t) || r.portalDies(t, t+took+minute).from != 0 {
		return
	}
	r.portalPassword(t+second, p.uid, p.dn, true)
	inner := r.inside(p, from)
	r.l.device.tunnel(t+2*second, p.uid, edgeGroup, from, inner, took, d.span(2<<20, 20<<20), d.span(1<<20, 5<<20), d)
	r.l.device.admin(t+2*minute, edgeAdminID, "https", inner, "super_admin", took-6*minute)
}

// edgeFirmware is an update at night: the configuration is saved, the pair takes the new image one after the other.
func (r *run) edgeFirmware(t int64, d *dice) {
	l, ui := r.l.device, "GUI("+adminIP+")"
	l.admin(t, edgeAdminID, "https", adminIP, "super_admin", 11*minute)
	l.downloaded(t+3*minute, edgeAdminID, adminIP)
	l.image(t+9*minute, edgeAdminID, ui, firmwareOn(r.epochDay-1), firmwareOn(r.epochDay))
	l.member(t+10*minute, "dead")
	l.member(t+16*minute, "joined")
	l.restarts(r.w.cal.at(r.w.cal.dayOf(t), updateRestart), edgeAdminID, ui, "upgrade firmware", d.span(170*second, 260*second))
	l.member(t+23*minute, "moved")
	l.admin(t+26*minute, edgeAdminID, "https", adminIP, "super_admin", 14*minute)
}
