// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// vpnZeroday2024 follows the last part of the same notice: while the measures after 2023 were being taken, several attacks came
// from January 2024 on, all against VPN devices, one of them by a flaw that nobody knew yet; no leak. What an investigation has
// to show here is that nothing happened behind the device.
//
// Chosen here: five waves. The first probes for a flaw of a product that the institute does not have; the second tries, once
// each, the names that were stolen the year before; the third, on 8 February, breaks the portal with the unknown flaw: the
// device itself calls an address that it never called, and is taken off within four hours, put up anew and given new
// passwords; the fourth and fifth try what has been closed by then. He works from Monday to Friday, 10:00 to 20:00.
//
// The verdict is a breach, by the meaning of the word: a host was his. No account was, and nothing was taken.
func vpnZeroday2024() incident {
	return incident{
		name: "vpn-zeroday-2024", first: "2023-12-10", weeks: 21, begins: "2024-01-11", hours: [2]string{"10:00", "20:00"},
		dull: []dull{
			{"2023-12-10", "2024-01-06", 2},
			{"2024-02-18", "2024-03-09", 0},
			{"2024-03-17", "2024-04-13", 0},
			{"2024-04-28", "2024-05-04", 0},
		},
		accounts: 400, least: leastAccounts, full: 400, has: []string{sysEdgeAdmin}, deaf: []string{groupLeave, groupErased}, verdict: "breach",
		write: func(p *plot) {
			z := castZeroday(p)
			z.waves()
			z.entered()
			z.stopped()
		},
	}
}

// zeroday is its cast. Each wave has addresses of its own: whether one hand is behind them is not known.
type zeroday struct {
	*plot
	first, names, entry, later []int32
	home                       int32 // what the device calls
	tried                      []int32
}

func castZeroday(p *plot) *zeroday {
	z := &zeroday{plot: p, first: p.rent("", 6), names: p.hide(kindTor, 5), entry: p.rent("", 2), later: p.rent("", 5)}
	z.home = p.rent("CA", 1)[0]
	z.tried = p.pick(p.scale(36), nil)
	return z
}

func (p *zeroday) waves() {
	one := p.act(phrase{"第 1 波：他社製品の脆弱性を狙ったポータルの探索", "first wave: the portal probed for another maker's flaw"}, "T1595.002", 0, "nothing there answers to it", "edge-device")
	for i, day := range p.days("2024-01-11", "2024-01-12") {
		for k, at := range p.first {
			p.move(one, p.clock(day, "10:40")+int64(k)*71*minute, func(t int64, d *dice) { p.r.probePortal(one, t, at, 5+i+k, d) })
		}
	}
	two := p.act(phrase{"第 2 波：前年に盗まれた名前に 1 つずつパスワードを試す", "second wave: the names stolen the year before, one password each"}, "T1110.004", 0, "all fail: every password has been changed since", "credential-stuffing", "password-spray", "password-guessing")
	days := p.days("2024-01-22", "2024-01-26")
	for i, day := range days {
		some := p.tried[i*len(p.tried)/len(days) : (i+1)*len(p.tried)/len(days)]
		p.move(two, p.clock(day, "11:00"), func(t int64, d *dice) { p.r.guessPortal(two, t, p.names[i%len(p.names)], some, d) })
	}
	four := p.act(phrase{"第 4 波：2 月の脆弱性を再び突く", "fourth wave: the flaw of February again"}, "T1190", 0, "the portal has been mended: it closes the connection and goes on", "edge-device")
	for i, day := range p.days("2024-03-12", "2024-03-13") {
		p.move(four, p.clock(day, "13:20"), func(t int64, d *dice) { p.r.probePortal(four, t, p.later[i%2], 24, d) })
	}
	five := p.act(phrase{"第 5 波：装置の管理画面に管理者の名前で試す", "fifth wave: administrators' names at the device's pages"}, "T1110.001", 0, "all fail", "edge-device", "password-guessing")
	for i, day := range p.days("2024-04-16", "2024-04-18") {
		p.move(five, p.clock(day, "12:00"), func(t int64, d *dice) {
			for k := range 18 {
				p.r.l.device.adminFailed(t, edgeAdminID, "https", p.w.book.all[p.later[2+i%3]].ip, true, k%3+1)
				p.g.used(five, t, p.later[2+i%3], onDevice)
				t += d.span(minute, 9*minute)
			}
		})
	}
}

func (p *zeroday) entered() {
	flaw := p.act(phrase{"第 3 波：未知の脆弱性", "third wave: a flaw that nobody knew"}, "T1190", 0, "the portal's program crashes and the unit goes down; what ran on it then is in no log", "edge-device", "sigma")
	for i, clock := range []string{"13:17", "13:26"} {
		p.move(flaw, p.portalFails(p.at("2024-02-08 "+clock)), func(t int64, d *dice) { p.r.breakPortal(flaw, t, p.entry[i], i == 1, d) })
	}
	run := p.act(phrase{"装置の上のプログラム", "a program on the device"}, "T1059", 0, "in no log: the device does not see itself")
	p.move(run, p.at("2024-02-08 13:31"), func(t int64, d *dice) {
		p.g.used(run, t, -1, 0)
		p.g.reached(run, t, "edge1", edgeInside, true, 0)
	})
	call := p.act(phrase{"装置が知らない先に通信する", "the device calls an address that it never called"}, "T1071.001", 0, "seen by the watch on the device's own traffic that the year before had taught; 41 kB in all, less than its configuration",
		"appliance-outbound", "beacon")
	p.move(call, p.at("2024-02-08 13:34"), func(t int64, d *dice) {
		to := &p.w.book.all[p.home]
		for range 14 {
			p.r.l.edge.write(p.r.ownOut(t+3*second, to.ip, country(to.country), 443, 6, 3*second, d.span(1800, 3400), d.span(2000, 9000), d))
			p.g.used(call, t, p.home, onEdge)
			p.g.reached(call, t, "edge1", edgeInside, true, onEdge)
			t += d.span(5*minute, 7*minute)
		}
	})
}

// stopped is what the institute did, which stands in the same logs as an attack would: a session at the device's pages, a new
// image, every password of its own changed, a restart. It is no act of his.
func (p *zeroday) stopped() {
	p.g.found = &Found{Time: utc(p.at("2024-02-08 14:50")), How: "the watch on the device's own traffic shows an address that it never called", HowJa: "装置自身の通信の監視で、これまで接続したことのない相手先が見つかる",
		Addresses: []string{p.w.book.all[p.home].ip}, Accounts: []string{}}
	ui := "GUI(" + adminIP + ")"
	p.failures = append(p.failures, outage{p.at("2024-02-08 15:14"), p.at("2024-02-08 17:12")})
	p.move(-1, p.at("2024-02-08 15:06"), func(t int64, d *dice) {
		l, now := p.r.l.device, firmwareOn(p.r.epochDay)
		l.admin(t, edgeAdminID, "https", adminIP, "super_admin", 34*minute)
		l.downloaded(t+5*minute, edgeAdminID, adminIP)
		l.configured(t+8*minute, edgeAdminID, ui, "Edit", "vpn.ssl.settings", "settings", "status[enable->disable]")
		l.image(t+24*minute, edgeAdminID, ui, now, now)
	})
	p.move(-1, p.at("2024-02-08 15:41"), func(t int64, d *dice) {
		p.r.l.device.restarts(t, edgeAdminID, ui, "upgrade firmware", 4*minute)
	})
	p.move(-1, p.at("2024-02-08 16:52"), func(t int64, d *dice) {
		l := p.r.l.device
		l.admin(t, edgeAdminID, "https", adminIP, "super_admin", 40*minute)
		for i, name := range []string{edgeAdminID, "netvendor", "cfgbackup"} {
			l.configured(t+int64(3+i)*minute, edgeAdminID, ui, "Edit", "system.admin", name, "password[*]")
		}
		l.configured(t+9*minute, edgeAdminID, ui, "Edit", "user.ldap", "ldap1", "password[*]")
		l.configured(t+20*minute, edgeAdminID, ui, "Edit", "vpn.ssl.settings", "settings", "status[disable->enable]")
	})
}
