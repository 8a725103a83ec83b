// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "slices"

// aist is the incident of seed document 001 in 125 days: day 0 is a Sunday, day 15 the Monday on which it begins.
// Dates of the report stand behind the lines. He works from Monday to Friday, 16:30 to 02:00.
func aist(p *plot) {
	probeIDs(p)     // C 2017-02, B 06-01, A 07-15 … 08-25
	firstLogins(p)  // stages 1 and 2, the scan from outside, the list of IDs: 10-27 … 31
	guessing(p)     // D 10-31 … 12-13, the IT department 11-22
	mailboxes(p)    // stages 3 to 8: 11-01 … 01-12
	tryVPN(p)       // 11-01 … 03
	fromCI(p)       // 12-15 … 01-31
	scans(p)        // 12-21, 22, 27, 01-15, 19, 23
	inside(p)       // 12-20 … 01-26
	management(p)   // 01-16 … 02-08
	secondGroup(p)  // stage 9: 01-23 … 02-06
	sendingOut(p)   // 02-05, 02-09
	unseenByLogs(p) // what no log of the institute holds
}

func probeIDs(p *plot) {
	c := p.act("ID probing, slow (C)", "T1589.001", 0, "", "id-probing")
	b := p.act("ID probing (B)", "T1589.001", 0, "", "id-probing")
	a := p.act("ID probing, fast (A)", "T1589.001", 0, "", "id-probing")
	p.probes = []probing{
		{act: c, from: 15, to: 35, daily: 12, at: p.tor[:3]},
		{act: b, from: 36, to: 56, daily: 150, at: p.tor[:min(9, len(p.tor))]},
		{act: a, from: 57, to: 75, daily: 900, at: p.tor[:len(p.tor)/2]},
	}
}

func firstLogins(p *plot) {
	first := p.group1[0]
	stage1 := p.act("first login", "T1078", 1, "a date for a password", "success-after-guessing", "unusual-login")
	p.lucky(stage1, first, p.on(81, "16:52"), p.tor[4])
	p.mail(stage1, first, p.on(81, "16:58"), p.rented[0], reading{with: oldFirefox, mails: 6})

	scan := p.act("port scan from outside", "T1595.001", 0, "finds the VPN")
	for i, d := range []int{82, 85, 86, 87} {
		p.move(scan, p.on(d, "19:10"), func(t int64, d *dice) {
			p.r.sweepOutside(scan, t, p.rented[3], [][]int{{22, 443}, {80, 3389}, {1194, 8443}, {445, 25}}[i], d)
		})
	}
	stage2 := p.act("a few logins", "T1078", 2, "how the new ones fell is not known", "unusual-login", "one-address-many-accounts")
	p.stage(2, "unknown", p.group1[1:p.scale(8)])
	p.mail(stage2, first, p.on(85, "17:31"), p.rented[0], reading{with: oldFirefox, mails: 9, files: 2})
	for i, who := range p.group1[1:p.scale(8)] {
		p.mail(stage2, who, p.on(85+i%2, "18:20")+int64(i)*11*minute, p.rented[1], reading{with: oldFirefox, mails: 4})
	}
	list := p.act("the list of login IDs is read", "T1087.004", 0, "through the portal's staff search, as an ordinary member", "id-list-obtained", "directory-read")
	p.move(list, p.on(86, "23:05"), func(t int64, d *dice) { p.r.staffList(list, t, first, p.rented[0], d) })
}

// The days of guessing and how hard they were, as a share of the worst one.
func guessing(p *plot) {
	all := p.act("password guessing at everybody (D)", "T1110.003", 0, "unknown IDs disappear from the tries", "password-guessing", "password-spray", "id-list-obtained", "target-drop-out")
	days := []struct {
		day   int
		share float64
	}{{87, 0.5}, {88, 1}, {89, 0.3}, {92, 0.2}, {94, 0.25}, {95, 0.1}, {99, 0.15}, {102, 0.15}, {103, 0.1}, {106, 0.1}, {108, 0.15}, {110, 0.1}}
	everybody := make([]int32, len(p.w.people))
	for i := range everybody {
		everybody[i] = int32(i)
	}
	for i, w := range days {
		from := slices.Concat(p.tor, p.vpn, p.rented)
		n := len(from)
		first := i * n / 5 % n
		some := slices.Concat(from[first:], from[:first])[:n*2/3]
		tries := int(w.share * float64(p.r.o.PeakPerAccount) * float64(len(everybody)))
		p.waves = append(p.waves, wave{act: all, from: p.on(w.day, "16:40"), to: p.on(w.day, "25:50"), tries: tries, targets: everybody, at: some})
	}
	focus := p.act("password guessing at the IT department", "T1110.003", 0, "", "group-targeting")
	p.waves = append(p.waves, wave{act: focus, from: p.on(100, "17:00"), to: p.on(100, "22:30"), tries: 40 * len(p.it), targets: p.it, at: p.tor[:min(20, len(p.tor))]})

	// Lucky guesses: the accounts of stage 3 on the first evening, those of 4 and 5 in the days after, those of 7 late.
	s := p.sets()
	for i, who := range s.three {
		p.lucky(all, who, p.on(87, "19:00")+int64(i)*6*hour/int64(len(s.three))+p.d.span(0, 20*minute), p.tor[p.d.n(len(p.tor))])
	}
	for _, who := range s.four {
		p.lucky(all, who, p.evening(88), p.tor[p.d.n(len(p.tor))])
	}
	for i, who := range s.five {
		p.lucky(all, who, p.evening([]int{88, 89, 92, 94}[i%4]), p.tor[p.d.n(len(p.tor))])
	}
	for i, who := range s.seven {
		p.lucky(all, who, p.evening([]int{99, 102, 106}[i%3]), p.tor[p.d.n(len(p.tor))])
	}
}

// stages holds the accounts that are new in each stage.
type stages struct{ two, three, four, five, seven []int32 }

// sets divides group 1: 8, 50−, 11− and the rest of 93 accounts in stages 1 to 5, 7 new ones in stage 7. The report gives the
// sizes of the stages and of their union, not every overlap; new here are 8, 43, 11, 31 and 7.
func (p *plot) sets() stages {
	cut := func(n int) int { return (len(p.group1)*n + 99) / 100 }
	g, two := p.group1, max(2, p.scale(8))
	three, four := max(two+1, cut(51)), max(two+2, cut(62))
	late := len(g) - max(1, len(g)*7/100) - btoi(len(g) < 60)
	return stages{g[1:two], g[two:three], g[three:four], g[four:late], g[late:]}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func mailboxes(p *plot) {
	s := p.sets()
	stage3 := p.act("many logins", "T1078", 3, "", "one-address-many-accounts", "unusual-login", "success-after-guessing")
	p.stage(3, "guessing", s.three)
	for i, who := range slices.Concat(s.two, s.three) {
		p.mail(stage3, who, p.on(88, "16:45")+int64(i)*7*minute, p.hand(i/5), reading{with: oldFirefox, mails: 3})
		if i%10 != 3 {
			p.mail(stage3, who, p.on(89, "17:05")+int64(i)*6*minute, p.hand(i/5+1), reading{with: oldFirefox, mails: 2})
		}
	}
	stage4 := p.act("personal and shared folders", "T1213", 4, "", "mail-bulk-read", "unusual-login")
	p.stage(4, "guessing", s.four)
	for i, who := range s.four {
		p.mail(stage4, who, p.on(92+i%4, "17:20")+int64(i)*13*minute, p.hand(i), reading{with: oldFirefox, mails: 5, files: 14, shared: &p.w.people[p.group1[i%len(p.group1)]]})
	}
	stage5 := p.act("one sweep over all accounts", "T1078", 5, "automated, from one address", "one-address-many-accounts", "unusual-login")
	p.stage(5, "guessing", s.five)
	swept := slices.Concat(s.two, s.three, s.four, s.five) // all but stage 1's, and at full size five more
	if full := p.scale(87); len(swept) > full {
		swept = swept[len(swept)-full:]
	}
	for i, who := range swept {
		p.mail(stage5, who, p.on(95, "20:10")+int64(i)*20*second, p.rented[2], reading{with: webServices})
	}
	stage6 := p.act("all mail fetched", "T1114.002", 6, "in parallel, again and again", "mail-bulk-read")
	for i, who := range swept[:min(len(swept), p.scale(83)-btoi(len(swept) < 20))] {
		for round, d := range []int{99, 101, 103} {
			if (i+round)%4 == 3 {
				continue
			}
			p.mail(stage6, who, p.on(d, "17:00")+p.d.span(0, 7*hour), p.rented[4+(i+round)%4], reading{with: webServices, folders: 9 + i%9})
		}
	}
	stage7 := p.act("scattered new logins", "T1078", 7, "romaji and numbers for passwords", "unusual-login", "success-after-guessing")
	p.stage(7, "guessing", s.seven)
	for i, who := range s.seven {
		p.mail(stage7, who, p.evening([]int{100, 103, 107}[i%3]), p.hand(i+3), reading{with: oldFirefox, mails: 8})
	}
	stage8 := p.act("known accounts again", "T1114.002", 8, "mail and folders", "unusual-login", "mail-bulk-read")
	for i := range 3 * len(p.group1) / 2 {
		who := p.group1[1+i%(len(p.group1)-1)]
		d := 103 + i%11
		if weekday(p.w.cal.weekday(p.base + d)) {
			p.mail(stage8, who, max(p.evening(d), p.after(who)), p.hand(i), reading{with: oldFirefox, mails: 6, files: i % 4})
		}
	}
}

func tryVPN(p *plot) {
	act := p.act("VPN tried with right passwords", "T1133", 0, "all fail: a one-time code is asked for", "unusual-login", "success-after-guessing")
	for i := range 14 {
		who := p.group1[i%p.scale(8)]
		p.move(act, p.on(88+i%2, "18:00")+int64(i)*19*minute, func(t int64, d *dice) { p.r.knockVPN(act, t, who, p.rented[1], d) })
	}
}

func fromCI(p *plot) {
	ci := p.act("build machines inside commanded through the CI server outside", "T1072", 0, "", "ci-remote-control")
	for i, d := range []int{102, 103, 106, 107, 108, 109, 110, 113, 114, 116, 117} {
		vm := []string{"x-vm-p", "x-vm-p", "x-vm-q"}[i%3]
		p.move(ci, p.on(d, "17:00")+p.d.span(0, 5*hour), func(t int64, d *dice) { p.r.command(ci, t, p.hand(i), vm, d) })
	}
	relay := p.act("a relay held from VM P to Singapore", "T1090", 0, "SOCKS", "long-connection", "tunnel", "appliance-outbound")
	for _, d := range []int{103, 106, 107, 108, 109, 110, 113, 114, 115, 116, 117} {
		p.move(relay, p.on(d, "16:50")+p.d.span(0, 20*minute), func(t int64, d *dice) {
			p.r.hold(relay, t, "x-vm-p", vmP, p.relay, 8443, 8*hour+d.span(0, 40*minute), d)
		})
	}
	call := p.act("malware on VM P asks for orders", "T1071.001", 0, "", "beacon", "appliance-outbound")
	for d := 103; d < 121; d++ { // day and night
		p.move(call, p.on(d, "18:00"), func(t int64, d *dice) { p.r.beacon(call, t, t+day, "x-vm-p", vmP, p.rented[5], d) })
	}
}

func scans(p *plot) {
	networks := []string{"10.16.1.", "172.16.5.", "10.20.0.", "10.50.2.", "10.99.0."}
	for i, s := range []struct {
		day   int
		from  string
		host  string
		ports []int
		share float64
	}{
		{106, vmP, "x-vm-p", []int{80, 443, 389}, 0.6}, {107, vmP, "x-vm-p", []int{445, 139}, 0.7}, {109, vmQ, "x-vm-q", []int{22, 3389}, 0.55},
		{113, vmP, "x-vm-p", []int{22, 80, 443}, 0.03}, {115, vmP, "x-vm-p", []int{3389, 5900}, 0.02}, {117, vmQ, "x-vm-q", []int{389, 636, 8006}, 0.5},
	} {
		act := p.act("scan inside, day "+itoa(i+1), "T1046", 0, "", "internal-scan")
		p.move(act, p.on(s.day, "18:30")+p.d.span(0, 3*hour), func(t int64, d *dice) {
			p.r.scanInside(act, t, s.host, s.from, networks[i%3:i%3+3], s.ports, s.share, d)
		})
	}
}

func inside(p *plot) {
	desk := p.act("business systems with members' passwords", "T1213", 0, "from the footholds; nothing downloaded", "lateral-path")
	for i, d := range []int{107, 108, 110, 113, 116} {
		who, vm, src := p.group1[3+i%3], "x-vm-p", vmP
		if i%2 == 1 {
			vm, src = "x-vm-q", vmQ
		}
		p.move(desk, p.evening(d), func(t int64, d *dice) { p.r.helpDesk(desk, t, who, vm, src, d) })
	}
	share := p.act("file shares copied from the footholds", "T1039", 0, "", "excess-taking", "lateral-path")
	for i, d := range []int{110, 113, 114} {
		who := p.group1[3+i]
		p.move(share, p.evening(d), func(t int64, d *dice) {
			p.r.copyShare(share, t, who, p.w.people[who].uid, "x-vm-p", vmP, "projects", 220+60*i, d)
		})
	}
}

func management(p *plot) {
	desktop := p.act("remote desktop into the management network", "T1021.001", 0, "mon1, whose password stood in a mail", "restricted-access", "lateral-path")
	for i, d := range []int{113, 114, 116, 117, 120, 121, 123} {
		took := hour + p.d.span(0, 2*hour)
		p.move(desktop, p.on(d, "17:10")+int64(i)*7*minute, func(t int64, d *dice) { p.r.remoteDesktop(desktop, t, vmP, took, d) })
	}
	vendor := p.act("the contractor's syslog server entered", "T1078.001", 0, "account nettest, password the same", "lateral-path", "admin-misuse", "restricted-access")
	for i, d := range []int{113, 114, 116, 121} {
		src := []string{vmP, monitorIP}[btoi(i > 0)]
		p.move(vendor, p.on(d, "21:00")+p.d.span(0, hour), func(t int64, d *dice) { p.r.enterVendor(vendor, t, src, 3*btoi(i == 0), d) })
	}
	dump := p.act("the directory read with a stolen service password", "T1087.002", 0, "from a client that never used it", "directory-read")
	for _, d := range []int{114, 116, 121} {
		p.move(dump, p.on(d, "22:40")+p.d.span(0, hour), func(t int64, d *dice) { p.r.dumpDirectory(dump, t, d) })
	}
	console := p.act("the virtualisation console opened", "T1021", 0, "nothing changed; it keeps no log of its own", "restricted-access")
	p.move(console, p.on(117, "23:20"), func(t int64, d *dice) {
		p.r.l.edge.write(p.r.inner(t+26*minute, monitorIP, consoleIP, 443, "close", 26*minute, 900<<10, 7<<20, d))
		p.g.used(console, t, -1, onEdge)
		p.g.reached(console, t, "vcon", consoleIP, false, onEdge)
	})
}

func secondGroup(p *plot) {
	act := p.act("logins after the directory was stolen", "T1078", 9, "", "unusual-login", "one-address-many-accounts")
	p.stage(9, "directory-read", p.group2)
	n := len(p.group2)
	for i, who := range p.group2 {
		at := p.university
		switch {
		case i >= n-2: // the two that the first two addresses did not lead to
			at = p.unlisted[len(p.unlisted)-1-i%2]
		case i%2 == 1:
			at = p.hongkong
		}
		p.mail(act, who, p.on(115, "16:50")+int64(i)*23*minute, at, reading{with: oldFirefox, mails: 12, files: 3})
		for k, d := range []int{116, 117, 120, 121} {
			if (i+k)%3 != 0 {
				p.mail(act, who, p.evening(d), at, reading{with: oldFirefox, mails: 7, files: (i + k) % 5})
			}
		}
	}
	fss := p.act("file shares copied with second-group accounts", "T1039", 0, "from mon1", "excess-taking", "restricted-access", "lateral-path")
	for i, d := range []int{117, 120, 121} {
		who := p.group2[i]
		p.move(fss, p.on(d, "19:40")+p.d.span(0, hour), func(t int64, d *dice) {
			p.r.copyShare(fss, t, who, p.w.people[who].uid, "mon1", monitorIP, "projects", 300, d)
		})
	}
}

func sendingOut(p *plot) {
	ssh := p.act("research server M entered", "T1021.004", 0, "", "lateral-path")
	p.move(ssh, p.on(120, "18:15"), func(t int64, d *dice) {
		p.r.l.serverM.session(t, "ymorita", vmP, false, 3*hour, d)
		p.r.l.edge.write(p.r.inner(t+3*hour, vmP, serverM, 22, "close", 3*hour, 4<<20, 2<<20, d))
		p.g.used(ssh, t, -1, onShell|onEdge)
		p.g.reached(ssh, t, "y-srv-m", serverM, true, onShell|onEdge)
	})
	out := p.act("research server M sends data out", "T1048", 0, "", "upload")
	p.move(out, p.on(120, "19:05"), func(t int64, d *dice) { p.r.upload(out, t, "y-srv-m", serverM, p.rented[6], 3200<<20, d) })

	admin := p.act("a file server copied with an administrator's rights and sent straight out", "T1039", 0, "", "excess-taking", "admin-misuse", "upload", "restricted-access")
	p.move(admin, p.on(123, "21:20"), func(t int64, d *dice) {
		t = p.r.copyShare(admin, t, -1, "fsadmin", "mon1", monitorIP, "srv$", 900, d)
		p.r.upload(admin, t+2*minute, "mon1", monitorIP, p.rented[7], 1400<<20, d)
	})
	wipe := p.act("event log emptied on mon1", "T1070.001", 0, "through a NAS, the last act", "log-cleared")
	p.move(wipe, p.on(123, "22:31"), func(t int64, d *dice) {
		p.r.l.mon1.cleared(t, "monadmin", "MON1")
		p.g.used(wipe, t, -1, onWindows)
		p.g.reached(wipe, t, "mon1", monitorIP, true, onWindows)
	})
}

func unseenByLogs(p *plot) {
	local := p.act("malware put on two build machines", "T1105", 0, "the machines keep no record of it")
	p.move(local, p.on(103, "17:40"), func(t int64, d *dice) { p.g.used(local, t, -1, 0) })
	nas := p.act("NAS entered through an unpatched flaw", "T1190", 0, "cheap NAS keep no log of access")
	p.move(nas, p.on(115, "20:30"), func(t int64, d *dice) {
		p.g.used(nas, t, -1, 0)
		p.g.reached(nas, t, "nas2", "10.50.3.40", true, 0)
	})
}

// hand returns the i-th of the addresses that he works from by hand: Tor, the VPN and rented ones in turn.
func (p *plot) hand(i int) int32 {
	switch i % 4 {
	case 0, 2:
		return p.tor[i*5%len(p.tor)]
	case 1:
		return p.vpn[i%len(p.vpn)]
	}
	return p.rented[i%len(p.rented)]
}

// lucky is the guess that was right.
func (p *plot) lucky(act int, who int32, t int64, at int32) {
	p.fell[who] = t
	p.enter(who, 1, "guessing", 1)
	p.move(act, t, func(t int64, d *dice) {
		p.r.guess(moment{t: t, who: who, at: at, n: int16(act), with: client(at % 3)}, d, true)
	})
}

// stage says in which stage accounts are new, and why they fell.
func (p *plot) stage(number int, cause string, who []int32) {
	group := 1 + btoi(number == 9)
	for _, w := range who {
		p.enter(w, number, cause, group)
	}
}

func (p *plot) enter(who int32, stage int, cause string, group int) {
	p.g.accounts[who] = &accountTally{at: map[int32]bool{}, group: group, stage: stage, cause: cause}
}

// after returns a time by which an account has fallen.
func (p *plot) after(who int32) int64 { return p.fell[who] + 10*minute }

// mail is a login by hand to a mailbox, and what is read there.
func (p *plot) mail(act int, who int32, t int64, at int32, do reading) {
	p.move(act, t, func(t int64, d *dice) { p.r.intrude(act, t, who, at, do, d) })
}
