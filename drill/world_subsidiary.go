// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"slices"
	"strconv"
)

// A subsidiary in Thailand: its network is joined to the institute's by a tunnel between the two firewalls. Its firewall, its
// server and its PCs keep their logs there and forward nothing; the institute sees what comes through the tunnel. Its people
// have accounts in the institute's directory and Windows domain, and the VPN for their travels asks the institute's domain
// controller for their passwords.
const (
	subGateway = "10.150.0.1"  // their firewall, which is also their VPN
	subServer  = "10.150.1.10" // sub-srv1, their file server, a member of the domain
	subPool    = "10.150.200." // what their VPN gives out
	subOutside = "203.150.44.2"
	subTunnel  = "sub-th" // on the institute's firewall
	headOffice = "150.29.147.1"
)

// subDepartment is the number of the department that the directory has the subsidiary's people under.
const subDepartment = 14

// subWorld is the subsidiary.
type subWorld struct {
	people []int32
	leaver int32 // who left two years ago; the account was forgotten
	server *winHost
	egress int32 // how the Internet sees their office
}

// subsidiarySystem is the subsidiary's network and people.
func subsidiarySystem() system {
	return system{name: sysSubsidiary, people: makeSubsidiary, plan: (*run).planSubsidiary, do: (*run).liveSubsidiary, profile: func(*world) profile {
		return profile{
			networks: "  - {name: subsidiary, cidr: 10.150.0.0/16, own: true}\n  - {name: subsidiary-egress, cidr: " + subOutside + "/32, own: true}\n",
			hosts:    "  - {name: sub-fw, ip: " + subGateway + ", role: vpn}\n  - {name: sub-srv1, ip: " + subServer + ", role: file-server}\n",
		}
	}}
}

func (p *person) subsidiary() bool { return p.department == subDepartment }

// makeSubsidiary adds the subsidiary's people behind the institute's own.
func makeSubsidiary(w *world) {
	s := &subWorld{server: w.newWinHost("sub-srv1", subServer)}
	s.egress = w.book.add(address{ip: subOutside, kind: kindOwn, country: "TH", city: "Chonburi", asn: 9931})
	w.egress = append(w.egress, s.egress)
	retired := slices.IndexFunc(w.people, func(p person) bool { return p.uid == w.retired.uid })
	n, taken := len(w.people), map[string]bool{}
	for i := range w.people {
		taken[w.people[i].uid] = true
	}
	given, families := subsidiaryNames()
	for k := range max(12, n/25) {
		d := roll(w.seed, streamSubsidiary, 1, uint64(k))
		first, last := given[d.n(len(given))], families[(k*7+d.n(3))%len(families)]
		p := person{name: title(last) + " " + title(first), department: subDepartment, egress: s.egress, other: -1, desk: chromeWindows, laptop: edgeWindows, phone: chromePhone, lag: d.n(20),
			starts: d.bell(10*60+10, 25), ends: d.bell(19*60+20, 40), slip: 0.03 + 0.06*d.unit(), lease: 400}
		p.uid = loginID(&d, first, last, taken)
		p.mail = first + "." + last + strconv.Itoa(k+1) + "@" + domain
		p.dn = "uid=" + p.uid + ",ou=people," + suffix
		p.sid = adSID + itoa(1100+n+k)
		p.guid = guid(roll(w.seed, streamSubsidiary, 2, uint64(k)))
		p.pc = "10.150.10." + itoa(20+k%200)
		p.homes = []int32{w.book.fresh(&d, kindResidential, []block{{"171.97", "TH", "Bangkok", 17552}, {"58.11", "TH", "Chonburi", 17552}})}
		p.telework = []float64{0, 0, 0.1, 0.3}[d.n(4)]
		s.people = append(s.people, int32(len(w.people)))
		w.people = append(w.people, p)
	}
	s.leaver = s.people[len(s.people)-1]
	s.people = s.people[:len(s.people)-1]
	if retired >= 0 {
		w.retired = &w.people[retired]
	}
	w.sub = s
}

func subsidiaryNames() (given, families []string) {
	return []string{"somchai", "niran", "anong", "kanya", "prasert", "malee", "wichai", "suda", "chai", "arun", "pim", "nok"},
		[]string{"saetang", "srisuk", "boonmee", "chaiyasit", "thongdee", "wongsa", "rattana", "sombat", "kittisak", "phromma", "suwan", "jaidee", "intara"}
}

// The deeds of the subsidiary's ordinary life.
const (
	subSignsIn  = iota // to the cloud
	subFiles           // on the departments' file server, through the tunnel
	subTerminal        // business software on the terminal server
	subTravels         // their VPN asks for a password
	subUpload          // the server's nightly copy to the head office
	subTunnelUp        // what the firewall says of the tunnel
	subVisit           // an administrator of the head office on their server
)

// planSubsidiary appends a day of the subsidiary's ordinary life. Their clocks are two hours behind, and so are their days;
// their working days are taken to be the institute's.
func (r *run) planSubsidiary(out []moment, day int, own deed) []moment {
	w := r.w
	for _, who := range w.sub.people {
		p := &w.people[who]
		d := roll(w.seed, streamSubsidiary, 3, uint64(who), uint64(day))
		y := adDay{out: out, r: r, own: own, day: day}
		if !w.cal.works(day) || d.chance(0.06) {
			continue
		}
		within := func() float64 { return p.starts + (p.ends-p.starts)*d.unit() }
		if d.chance(p.telework) {
			y.add(&d, subTravels, p.starts, who, btoi(d.chance(0.1)))
		}
		y.add(&d, subSignsIn, p.starts+6*d.unit(), who, btoi(d.chance(p.slip)))
		if d.chance(0.5) {
			y.add(&d, subFiles, within(), who, 0)
		}
		if d.chance(0.2) {
			y.add(&d, subTerminal, within(), who, 0)
		}
		out = y.out
	}
	y := adDay{out: out, r: r, own: own, day: day}
	d := roll(w.seed, streamSubsidiary, 4, uint64(day))
	y.add(&d, subUpload, 23*60+20+5*d.unit(), 0, 0)
	for h := range 24 {
		y.add(&d, subTunnelUp, float64(h)*60+3, 0, h)
	}
	if w.has(sysWindows) && w.cal.works(day) && w.cal.weekday(day) == 3 && len(w.ad.admins) > 0 {
		y.add(&d, subVisit, d.bell(14*60, 60), w.ad.admins[day/7%len(w.ad.admins)], 0)
	}
	return y.out
}

func (r *run) liveSubsidiary(own int, m moment, d *dice) {
	switch p := &r.w.people[m.who]; own {
	case subSignsIn:
		from := &r.w.book.all[p.egress]
		if m.n > 0 {
			r.loginPage(m.t-25*second, from, r.agent(p.desk, p.lag), d)
			r.l.slapd.attempt(&r.l.slapd.idp, m.t-25*second+5*millisecond, p.uid, p.dn, false)
		}
		r.signIn(m.t, p, from, p.desk, d)
	case subFiles:
		r.l.dns.query(m.t-second, p.pc, "fs2."+adDNS, "A", d)
		if r.w.has(sysWindows) {
			r.departmentFiles(m.t, p, p.pc, d)
		}
	case subTerminal:
		if r.w.has(sysWindows) {
			r.l.dns.query(m.t-second, p.pc, "term1."+adDNS, "A", d)
			r.remoteDesk(m.t, r.w.ad.term1, p.user(), false, p.pc, d.span(10*minute, 80*minute), 0, d)
		}
	case subTravels:
		if m.n > 0 {
			r.subsidiaryVPN(m.t-20*second, p, false, d)
		}
		r.subsidiaryVPN(m.t, p, true, d)
	case subUpload:
		took := d.span(4*minute, 15*minute)
		r.l.edge.write(r.inner(m.t+took, subServer, filesIP, 873, "close", took, d.span(40<<20, 400<<20), d.span(1<<20, 3<<20), d))
	case subTunnelUp:
		r.l.edge.tunnelStats(m.t, int64(m.n), d)
	case subVisit:
		r.visitSubsidiary(m.t, p, d)
	}
}

// subsidiaryVPN is the subsidiary's VPN asking a domain controller for a password, with a simple bind: the controller knows
// the account and the firewall, not the address that the caller came from.
func (r *run) subsidiaryVPN(t int64, p *person, ok bool, d *dice) {
	if !r.w.has(sysWindows) {
		return
	}
	dc := r.w.ad.dc2
	o := logon{who: p.user(), kind: logonNetwork, from: subGateway, bind: true}
	status := wrongPassword
	if ok {
		status = "0x0"
	}
	dc.ntlm(t, p.user(), dc.name, status)
	if !ok {
		dc.refused(t+millisecond, o, wrongPassword, d)
		return
	}
	o.session = dc.logon(t+millisecond, o, d)
	dc.logoff(t+40*millisecond, o)
}

// visitSubsidiary is an administrator of the head office who looks after the subsidiary's server, as every week.
func (r *run) visitSubsidiary(t int64, p *person, d *dice) {
	a := r.w.ad
	dc := a.dc(d)
	dc.serviceTicket(t, p.user(), r.w.sub.server, p.pc, d)
	took := d.span(5*minute, 40*minute)
	r.l.edge.write(r.inner(t+took, p.pc, subServer, 3389, "close", took, d.span(1<<20, 3<<20), d.span(20<<20, 60<<20), d))
}

// tunnelStats writes what the firewall says of the tunnel every so often.
func (l *edgeLog) tunnelStats(t, n int64, d *dice) {
	b := append(l.open(), "date="...)
	l.stamp.set(t, jst)
	b = append(l.stamp.dashed(b), " time="...)
	b = l.stamp.clock(b)
	b = fmt.Appendf(b, ` devname="edge1" devid="FG200FT921900117" eventtime=%d tz="+0900" logid="0101037141" type="event" subtype="vpn" level="notice" vd="root" logdesc="IPsec tunnel statistics" msg="IPsec tunnel statistics" action="tunnel-stats" remip=%s locip=%s remport=500 locport=500 outintf="wan1" cookies="9c2f41b7d0a3e815/5e7711c08bd4f26a" user="N/A" group="N/A" useralt="N/A" xauthuser="N/A" xauthgroup="N/A" assignip=N/A vpntunnel="%s" tunnelip=N/A tunnelid=1870643512 tunneltype="ipsec" duration=%d sentbyte=%d rcvdbyte=%d nextstat=3600`,
		t*1000, subOutside, headOffice, subTunnel, (t/second)%(30*86400), (t/hour%720+1)*41_000_000+n, (t/hour%720+1)*17_000_000+int64(d.n(1000)))
	l.close(t, b)
}
