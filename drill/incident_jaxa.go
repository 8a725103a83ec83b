// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// jaxa2023 follows JAXA's notice of 5 July 2024 (seed document 000): a flaw of a VPN device that had been published was used to
// get to servers and terminals of the business network; from there account information was stolen, and Microsoft 365 was used
// as its owners use it; several programs were unknown to anybody; it was noticed in October 2023 because an outside body told.
//
// The notice gives no day, no number and no product. Chosen here: the flaw is published on Monday 12 June 2023 and used from
// that Thursday on; the institute's own update comes on the night of 9 July, too late; the outside body tells on 4 October,
// and the day after the destinations are blocked. Twelve accounts at 400. He works from Monday to Friday, 10:00 to 20:00.
func jaxa2023() incident {
	return incident{
		name: "jaxa-2023", first: "2023-05-14", weeks: 23, begins: "2023-06-13", hours: [2]string{"10:00", "20:00"},
		dull: []dull{
			{"2023-05-14", "2023-06-10", 2},
			{"2023-07-16", "2023-08-05", 1}, // Microsoft 365 goes on
			{"2023-08-20", "2023-09-16", 1},
			{"2023-10-15", "2023-10-21", 0},
		},
		accounts: 400, least: leastAccounts, full: 400, has: []string{sysEdgeAdmin}, verdict: "breach",
		write: func(p *plot) {
			j := castJAXA(p)
			j.device()    // 06-13 … 06-21: probed, broken, his
			j.listening() // to 07-09: who logs in at the portal gives the password away
			j.inside()    // 06-22 … 09-29: servers, terminals, the directory
			j.programs()  // 06-28 … 10-05: three programs that nobody knows
			j.cloud()     // 07-03 … 09-28: Microsoft 365
			j.sending()   // 08-07 … 09-22
			j.told()      // 10-05: blocked
		},
	}
}

// jaxa is its cast.
type jaxa struct {
	*plot
	victims []int32 // members whose passwords are stolen; all of them use the portal
	pcs     []int32 // two members whose PCs in the office he enters
	prober  []int32 // addresses that the portal is probed from
	entry   int32   // the one that breaks it
	ways    []wayIn
	homes   []int32 // what the programs call
	exits   []int32 // what Microsoft 365 sees
}

func castJAXA(p *plot) *jaxa {
	j := &jaxa{plot: p}
	j.victims = p.pick(p.scale(12), func(m *person) bool { return m.vpn && !m.mfa })
	j.pcs = p.pick(2, nil)
	j.prober, j.entry = p.rent("", 3), p.rent("SG", 1)[0]
	for i, at := range append(p.rent("HK", 1), p.rent("JP", 2)...) {
		j.ways = append(j.ways, wayIn{user: "sslvpn-maint", inner: p.w.vpnPool + "254." + itoa(20+7*i), at: at})
	}
	j.homes = append(p.rent("CA", 1), p.rent("", 2)...)
	j.exits = append(p.hide(kindVPN, 4), p.rent("", 2)...)
	return j
}

func (p *jaxa) device() {
	probe := p.act("the portal probed", "T1595.002", 0, "connections that ask for nothing, as from any scanner", "id-probing")
	for i, day := range p.days("2023-06-13", "2023-06-14") {
		p.move(probe, p.clock(day, "10:30")+int64(i)*hour, func(t int64, d *dice) { p.r.probePortal(probe, t, p.prober[i%len(p.prober)], 9, d) })
	}
	flaw := p.act("a published flaw of the SSL-VPN used", "T1190", 0, "its program crashes three times, the third time the unit goes down; what ran then is in no log", "sigma")
	for i, clock := range []string{"10:41", "10:58", "11:20"} {
		p.move(flaw, p.portalFails(p.at("2023-06-15 "+clock)), func(t int64, d *dice) { p.r.breakPortal(flaw, t, p.entry, i == 2, d) })
	}
	hold := p.act("a program put on the device that keeps what is typed at the portal", "T1556.004", 0, "in no log: the device does not see itself")
	p.move(hold, p.at("2023-06-15 11:34"), func(t int64, d *dice) {
		p.g.used(hold, t, -1, 0)
		p.g.reached(hold, t, "edge1", edgeInside, true, 0)
	})
	admin := p.act("an administrator's session from outside", "T1078", 0, "the configuration is taken, with the directory's password in it; a VPN account without a code is made", "admin-misuse", "unusual-login")
	p.move(admin, p.at("2023-06-21 13:07"), func(t int64, d *dice) {
		p.r.adminOutside(admin, t, p.entry, p.ways[0].user, d)
		p.g.usedLocal(admin, t, edgeAdminID, "edge1", "unknown", onDevice)
		p.g.took("credential", -1, "leaked", 3, 240<<10)
	})
}

func (p *jaxa) listening() {
	act := p.act("members' passwords kept as they log in", "T1056.003", 0, "in no log: only who logged in at the portal in these weeks says whose they can be")
	for _, who := range p.victims {
		p.enter(who, 1, "unknown", 1)
		p.falls(who, p.at("2023-06-30 18:00"))
	}
	p.move(act, p.at("2023-06-16 10:00"), func(t int64, d *dice) { p.g.used(act, t, -1, 0) })
	p.move(act, p.at("2023-07-07 19:50"), func(t int64, d *dice) { p.g.used(act, t, -1, 0) })
}

func (p *jaxa) inside() {
	tunnel := p.act("tunnels with the account that he made", "T1133", 0, "", "unusual-login", "impossible-travel", "dormant-account")
	desk := p.act("a server in the management network by remote desktop", "T1021.001", 0, "", "restricted-access", "lateral-path")
	shell := p.act("the research server by ssh", "T1021.004", 0, "", "lateral-path")
	pcs := p.act("members' PCs by remote desktop", "T1021.001", 0, "the PCs' own logs are not collected", "lateral-path")
	for i, day := range p.days("2023-06-22", "2023-09-29") {
		if i%4 != 0 && i > 5 {
			continue
		}
		w, took := p.ways[min(i/9, len(p.ways)-1)], 2*hour+p.d.span(0, 2*hour)
		start := p.clock(day, "14:10") + p.d.span(0, hour)
		p.move(tunnel, start, func(t int64, d *dice) {
			p.r.openWay(tunnel, t, w, took, d)
			p.g.usedLocal(tunnel, t, w.user, "edge1", "unknown", onDevice)
		})
		switch i % 3 {
		case 0:
			p.move(desk, start+9*minute, func(t int64, d *dice) { p.r.enterMonitor(desk, t, w, 50*minute, d) })
		case 1:
			p.move(shell, start+15*minute, func(t int64, d *dice) { p.r.enterShell(shell, t, w, d) })
		default:
			p.move(pcs, start+12*minute, func(t int64, d *dice) { p.r.enterPC(pcs, t, w, p.pcs[i/3%2], 40*minute, d) })
		}
	}
	look := p.act("servers tried for open ports", "T1046", 0, "slowly, through the tunnel", "internal-scan")
	p.move(look, p.at("2023-06-22 15:30"), func(t int64, d *dice) {
		p.r.lookRound(look, t, p.ways[0], []string{"172.16.5.", "10.20.0."}, []int{22, 445, 3389}, d)
	})
	read := p.act("the directory read with the device's own password", "T1087.002", 0, "from the tunnel, not from the device", "directory-read")
	for _, when := range []string{"2023-06-23 15:41", "2023-08-18 16:20"} {
		p.move(read, p.at(when), func(t int64, d *dice) {
			p.r.readDirectory(read, t, p.ways[0], d)
			p.g.usedLocal(read, t, edgeService, "ldap1", "stolen-file", onSlapd)
		})
	}
	share := p.act("files copied from the file server", "T1039", 0, "with members' passwords", "excess-taking", "lateral-path")
	for i, day := range p.days("2023-07-10", "2023-09-22") {
		if i%9 == 4 {
			w, who := p.ways[min(i/20, len(p.ways)-1)], p.victims[i/9%len(p.victims)]
			p.move(share, p.clock(day, "15:05"), func(t int64, d *dice) { p.r.takeFiles(share, t, w, who, 60+d.n(120), d) })
		}
	}
}

func (p *jaxa) programs() {
	names := []string{"", "img-static-cache.example", "time-sync-edge.example"}
	who := []homing{
		{host: "y-srv-m", ip: serverM, every: 31 * minute, jitter: 0.35, took: 2 * second, sent: 620, received: 900, port: 443, zone: "lan"},
		{host: "mon1", ip: monitorIP, every: 4 * hour, jitter: 0.5, took: 40 * second, sent: 9000, received: 5200, port: 443, zone: "mgmt"},
		{host: "pc-" + p.w.people[p.pcs[0]].uid, ip: p.w.people[p.pcs[0]].pc, every: 9 * hour, jitter: 0.2, took: 5 * hour, sent: 300 << 10, received: 190 << 10, port: 8443, zone: "lan"},
	}
	hints := [][]string{{"beacon"}, {"beacon", "tunnel"}, {"long-connection", "tunnel"}}
	first := []string{"2023-06-28", "2023-07-06", "2023-07-12"}
	for i, c := range who {
		c.at, c.name = p.homes[i], names[i]
		act := p.act("an unknown program on "+c.host+" calls home", "T1071.001", 0, "no signature knows it", hints[i]...)
		stop := p.at("2023-10-05 15:30")
		for _, day := range p.every(first[i], "2023-10-05") {
			from := max(day.open, p.at(first[i]+" 16:00"))
			p.move(act, from, func(t int64, d *dice) { p.r.calls(act, t, min(t+day24(day), stop), c, false, d) })
		}
		cut := p.act("the same refused, once the destinations are blocked: "+c.host, "T1071.001", 0, "until the host is taken off the network")
		for _, day := range p.every("2023-10-06", "2023-10-11") {
			p.move(cut, day.open, func(t int64, d *dice) { p.r.calls(cut, t, t+day24(day), c, true, d) })
		}
	}
}

func (p *jaxa) cloud() {
	login := p.act("Microsoft 365 as its owners", "T1078.004", 2, "mail read, with their passwords, at their hours", "unusual-login", "one-address-many-accounts", "mail-bulk-read")
	graph := p.act("mail and files fetched by a program through Microsoft Graph", "T1114.002", 2, "with tokens of these logins; the program is one that administrators use", "mail-bulk-read", "excess-taking", "unusual-login")
	days := p.days("2023-07-03", "2023-09-28")
	for i, who := range p.victims {
		for k, day := range days {
			if (k+5*i)%11 != 3 {
				continue
			}
			at := p.exits[(i+k/7)%len(p.exits)]
			start := p.spread(day, i, len(p.victims))
			p.mail(login, who, start, at, reading{with: chromeWindows, mails: 3 + k%5, files: k % 3})
			if (i+k)%2 == 0 {
				p.move(graph, max(start+20*minute, p.after(who)+20*minute), func(t int64, d *dice) { p.r.fetchByGraph(graph, t, who, at, 4+d.n(9), 6+d.n(20), d) })
			}
		}
	}
}

func (p *jaxa) sending() {
	act := p.act("gathered files sent out in pieces", "T1030", 0, "from the research server, some tens of megabytes at a time", "upload", "small-chunk-upload")
	for i, day := range p.days("2023-08-07", "2023-09-22") {
		if i%3 != 1 {
			continue
		}
		for piece := range 4 {
			p.move(act, p.clock(day, "10:20")+int64(piece)*97*minute+p.d.span(0, hour/2), func(t int64, d *dice) {
				p.r.upload(act, t, "y-srv-m", serverM, p.homes[0], d.span(18<<20, 64<<20), d)
			})
		}
	}
}

// told is what follows the notice from outside: the institute takes his account away, and he knocks once more.
func (p *jaxa) told() {
	act := p.act("his tunnel is refused", "T1133", 0, "the outside body told the day before; the account is gone", "unusual-login")
	p.move(act, p.at("2023-10-05 15:10"), func(t int64, d *dice) {
		p.r.l.device.admin(t, edgeAdminID, "https", adminIP, "super_admin", 30*minute)
		p.r.l.device.configured(t+9*minute, edgeAdminID, "GUI("+adminIP+")", "Delete", "user.local", p.ways[2].user, "")
	})
	for i := range 3 {
		p.move(act, p.at("2023-10-06 11:00")+int64(i)*47*minute, func(t int64, d *dice) {
			w := p.ways[2]
			p.r.portalPassword(t, w.user, "", false)
			p.r.l.device.refused(t+second, w.user, &p.w.book.all[w.at], vpnUnknown)
			p.g.used(act, t, w.at, onDevice|onSlapd)
		})
	}
}

// day24 is how long a day of the drill is, or the part of one that a day of the script has.
func day24(d date) int64 {
	if d.whole {
		return day
	}
	return d.shut - d.open
}
