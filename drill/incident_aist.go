// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "slices"

// aist2018 is the incident of the AIST report of 20 July 2018, in the report's dates: ordinary life from the first day of the
// directory's log on, and he from Monday to Friday, 16:30 to 02:00.
func aist2018() incident {
	return incident{
		name: "aist-2018", first: "2017-01-22", weeks: 55, begins: "2017-02-06", hours: [2]string{"16:30", "26:00"},
		dull: []dull{
			{"2017-02-05", "2017-05-27", 3}, // C
			{"2017-05-28", "2017-07-08", 2}, // B
			{"2017-07-09", "2017-08-26", 2}, // A
			{"2017-08-27", "2017-10-21", 0},
			{"2017-11-12", "2017-11-18", 0}, // stage 6 begins, and goes on in the week after
			{"2017-11-26", "2017-12-09", 0}, // guessing goes on
			{"2017-12-31", "2018-01-13", 0}, // New Year; stage 8 goes on
		},
		accounts: 8000, least: leastAccounts, full: 8000, peak: 175, verdict: "breach",
		write: func(p *plot) {
			a := castAIST(p)
			a.probeIDs()     // C 2017-02, B 06-01, A 07-15 … 08-25
			a.firstLogins()  // stages 1 and 2, the scan from outside, the list of IDs: 10-27 … 31
			a.guessing()     // D 10-31 … 12-13, the IT department 11-22
			a.mailboxes()    // stages 3 to 8: 11-01 … 01-12
			a.tryVPN()       // 11-01 … 03
			a.fromCI()       // 12-15 … 01-31
			a.scans()        // 12-21, 22, 27, 01-15, 19, 23
			a.inside()       // 12-20 … 01-26
			a.management()   // 01-16 … 02-08
			a.secondGroup()  // stage 9: 01-23 … 02-06
			a.sendingOut()   // 02-05, 02-09
			a.unseenByLogs() // what no log of the institute holds
			a.found()        // 02-06
		},
	}
}

func (p *aist) probeIDs() {
	c := p.act(phrase{"ID の探索、ゆっくり（C）", "ID probing, slow (C)"}, "T1589.001", 0, "", "id-probing")
	b := p.act(phrase{"ID の探索（B）", "ID probing (B)"}, "T1589.001", 0, "", "id-probing")
	a := p.act(phrase{"ID の探索、高速（A）", "ID probing, fast (A)"}, "T1589.001", 0, "by a program, at weekends too", "id-probing")
	p.probe(c, 12, p.days("2017-02-06", "2017-05-31"), p.tor[:3])
	p.probe(b, 150, p.days("2017-06-01", "2017-07-14"), p.tor[:min(9, len(p.tor))])
	p.probe(a, 900, p.every("2017-07-15", "2017-08-25"), p.tor[:len(p.tor)/2])
}

func (p *aist) firstLogins() {
	first := p.group1[0]
	stage1 := p.act(phrase{"最初のログイン", "first login"}, "T1078", 1, "a date for a password", "success-after-guessing", "unusual-login")
	p.lucky(stage1, first, p.at("2017-10-27 16:52"), p.tor[4])
	p.mail(stage1, first, p.at("2017-10-27 16:58"), p.rented[0], reading{with: oldFirefox, mails: 6})

	scan := p.act(phrase{"外からのポート走査", "port scan from outside"}, "T1595.001", 0, "finds the VPN")
	for i, d := range p.every("2017-10-28", "2017-11-02") {
		p.move(scan, p.clock(d, "19:10"), func(t int64, d *dice) {
			p.r.sweepOutside(scan, t, p.rented[3], [][]int{{22}, {80, 443}, {3389}, {1194, 8443}, {445, 25}, {21, 8080}}[i%6], d)
		})
	}
	stage2 := p.act(phrase{"少数のログイン", "a few logins"}, "T1078", 2, "how the new ones fell is not known", "unusual-login", "one-address-many-accounts")
	two := p.sets().two
	p.stage(2, "unknown", two)
	p.mail(stage2, first, p.at("2017-10-30 17:31"), p.rented[0], reading{with: oldFirefox, mails: 9, files: 2})
	for i, who := range two {
		p.falls(who, p.at("2017-10-30 16:30"))
		p.mail(stage2, who, p.at([]string{"2017-10-30 18:20", "2017-10-31 18:20"}[i%2])+int64(i)*11*minute, p.rented[1], reading{with: oldFirefox, mails: 4})
	}
	list := p.act(phrase{"ログイン ID の一覧を読み出す", "the list of login IDs is read"}, "T1087.004", 0, "through the portal's staff search, as an ordinary member", "id-list-obtained", "directory-read")
	p.move(list, p.at("2017-10-30 23:05"), func(t int64, d *dice) { p.r.staffList(list, t, first, p.from(p.rented[0], first), d) })
}

// The evenings of guessing and how hard they were, as a share of the worst one. He ends on 13 December: the login page had
// broken down under it.
func (p *aist) guessing() {
	all := p.act(phrase{"全員へのパスワード推測（D）", "password guessing at everybody (D)"}, "T1110.003", 0, "unknown IDs disappear from the tries", "password-guessing", "password-spray", "id-list-obtained", "target-drop-out")
	listed := p.w.cal.dayOf(p.at("2017-10-30 23:05")) // who came later is not on his list
	var everybody []int32
	for i := range p.w.people {
		if p.w.people[i].joined <= listed {
			everybody = append(everybody, int32(i))
		}
	}
	from := p.fromAll(slices.Concat(p.tor, p.vpn, p.rented))
	n := len(from)
	for i, w := range []struct {
		date  string
		share float64
	}{{"2017-10-31", 0.5}, {"2017-11-01", 1}, {"2017-11-02", 0.3}, {"2017-11-06", 0.2}, {"2017-11-08", 0.25}, {"2017-11-09", 0.1}, {"2017-11-14", 0.15},
		{"2017-11-20", 0.15}, {"2017-11-24", 0.1}, {"2017-11-29", 0.1}, {"2017-12-06", 0.15}, {"2017-12-08", 0.15}, {"2017-12-12", 0.1}} {
		d := p.day(w.date)
		if d.gone {
			continue
		}
		first := i * n / 5 % n
		some := slices.Concat(from[first:], from[:first])[:n*2/3]
		tries := int(w.share * float64(p.r.o.PeakPerAccount) * float64(len(everybody)))
		p.waves = append(p.waves, wave{act: all, from: p.clock(d, "16:40"), to: p.clock(d, "23:55"), tries: tries, targets: everybody, at: some})
	}
	focus := p.act(phrase{"情報部門へのパスワード推測", "password guessing at the IT department"}, "T1110.003", 0, "", "group-targeting")
	p.waves = append(p.waves, wave{act: focus, from: p.at("2017-11-22 17:00"), to: p.at("2017-11-22 22:30"), tries: 40 * len(p.it), targets: p.it, at: p.tor[:min(20, len(p.tor))]})

	// Lucky guesses: the accounts of stage 3 on the first evening, those of 4 and 5 in the days after, those of 7 late.
	s := p.sets()
	fall := func(who int32, t int64) { p.lucky(all, who, t, p.tor[p.d.n(len(p.tor))]) }
	for i, who := range s.three {
		fall(who, p.spread(p.day("2017-10-31"), i, len(s.three)))
	}
	for _, who := range s.four {
		fall(who, p.evening(p.day("2017-11-01")))
	}
	for i, who := range s.five {
		fall(who, p.evening(p.day([]string{"2017-11-01", "2017-11-02", "2017-11-06"}[i%3])))
	}
	for i, who := range s.seven {
		fall(who, p.evening(p.day([]string{"2017-11-06", "2017-11-20", "2017-11-24", "2017-12-12"}[i%4])))
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *aist) mailboxes() {
	s := p.sets()
	stage3 := p.act(phrase{"多数のログイン", "many logins"}, "T1078", 3, "", "one-address-many-accounts", "unusual-login", "success-after-guessing")
	p.stage(3, "guessing", s.three)
	// Of 50 accounts 48 on the first day and 45 on the second: two come late, five are not looked at again.
	for i, who := range s.three {
		if i%25 != 24 {
			p.mail(stage3, who, p.spread(p.day("2017-11-01"), i, len(s.three)), p.hand(i/5), reading{with: oldFirefox, mails: 3})
		}
		if i%10 != 3 {
			p.mail(stage3, who, p.spread(p.day("2017-11-02"), i, len(s.three)), p.hand(i/5+1), reading{with: oldFirefox, mails: 2})
		}
	}
	stage4 := p.act(phrase{"個人用・共有フォルダの閲覧", "personal and shared folders"}, "T1213", 4, "", "mail-bulk-read", "unusual-login")
	p.stage(4, "guessing", s.four)
	days := p.days("2017-11-03", "2017-11-08")
	for i, who := range s.four {
		p.mail(stage4, who, p.spread(days[i%len(days)], i, len(s.four)), p.hand(i), reading{with: oldFirefox, mails: 5, files: 14, shared: &p.w.people[p.group1[i%len(p.group1)]]})
	}
	stage5 := p.act(phrase{"全アカウントを一巡する自動ログイン", "one sweep over all accounts"}, "T1078", 5, "automated, from one address", "one-address-many-accounts", "unusual-login")
	p.stage(5, "guessing", s.five)
	for i, who := range p.swept {
		p.mail(stage5, who, p.at("2017-11-08 20:10")+int64(i)*20*second, p.rented[2], reading{with: webServices})
	}
	stage6 := p.act(phrase{"全メールの取得", "all mail fetched"}, "T1114.002", 6, "in parallel, again and again", "mail-bulk-read")
	days = p.days("2017-11-15", "2017-11-24")
	for i, who := range p.fetched {
		for round := range 3 {
			if (i+round)%4 == 3 {
				continue
			}
			p.mail(stage6, who, p.evening(days[(2*round+i)%len(days)]), p.rented[4+(i+round)%4], reading{with: webServices, folders: 9 + i%9})
		}
	}
	stage7 := p.act(phrase{"散発的な新規ログイン", "scattered new logins"}, "T1078", 7, "romaji and numbers for passwords", "unusual-login", "success-after-guessing")
	p.stage(7, "guessing", s.seven)
	for i, who := range s.seven {
		p.mail(stage7, who, p.evening(p.day([]string{"2017-11-08", "2017-11-21", "2017-11-27", "2017-12-14", "2017-12-26"}[i%5])), p.hand(i+3), reading{with: oldFirefox, mails: 8})
	}
	stage8 := p.act(phrase{"既知のアカウントに再び入る", "known accounts again"}, "T1114.002", 8, "mail and folders", "unusual-login", "mail-bulk-read")
	days = p.days("2017-11-27", "2018-01-12")
	for i := range 3 * len(p.group1) / 2 {
		who := p.group1[1+i%(len(p.group1)-1)]
		p.mail(stage8, who, p.evening(days[i%len(days)]), p.hand(i), reading{with: oldFirefox, mails: 6, files: i % 4})
	}
}

func (p *aist) tryVPN() {
	act := p.act(phrase{"正しいパスワードで VPN を試す", "VPN tried with right passwords"}, "T1133", 0, "all fail: a one-time code is asked for", "unusual-login", "success-after-guessing")
	for i := range 14 {
		who := p.group1[i%(1+len(p.sets().two))]
		p.move(act, p.spread(p.day([]string{"2017-11-01", "2017-11-02", "2017-11-03"}[i%3]), i, 14), func(t int64, d *dice) { p.r.knockVPN(act, t, who, p.from(p.rented[1], who), d) })
	}
}

func (p *aist) fromCI() {
	ci := p.act(phrase{"外部の CI サーバから内部のビルド機を操る", "build machines inside commanded through the CI server outside"}, "T1072", 0, "", "ci-remote-control")
	for i, d := range p.days("2017-12-15", "2018-01-30") {
		vm := []string{"x-vm-p", "x-vm-p", "x-vm-q", "x-vm-r", "x-vm-p", "x-vm-q", "x-vm-s"}[i%7]
		if i%4 == 2 && i > 6 {
			continue
		}
		p.move(ci, p.evening(d), func(t int64, d *dice) { p.r.command(ci, t, p.from(p.hand(i), -1), vm, d) })
	}
	relay := p.act(phrase{"仮想機 P からシンガポールへの中継を張る", "a relay held from VM P to Singapore"}, "T1090", 0, "SOCKS", "long-connection", "tunnel", "appliance-outbound")
	for _, d := range p.days("2017-12-18", "2018-01-31") {
		long := day24(d)
		p.move(relay, p.clock(d, "16:50")+p.d.span(0, 20*minute), func(t int64, d *dice) {
			p.r.hold(relay, t, "x-vm-p", vmP, p.relay, 8443, min(8*hour+d.span(0, 40*minute), long), d)
		})
	}
	call := p.act(phrase{"仮想機 P のマルウェアが指令を求める", "malware on VM P asks for orders"}, "T1071.001", 0, "day and night", "beacon", "appliance-outbound")
	for _, d := range p.every("2017-12-18", "2018-01-31") {
		long := day24(d)
		p.move(call, p.clock(d, "18:00"), func(t int64, d *dice) { p.r.beacon(call, t, t+long, "x-vm-p", vmP, p.rented[5], d) })
	}
}

func (p *aist) scans() {
	networks := []string{"10.16.1.", "172.16.5.", "10.20.0.", "10.50.2.", "10.99.0."}
	for i, s := range []struct {
		date  string
		from  string
		host  string
		ports []int
		share float64
	}{{"2017-12-21", vmP, "x-vm-p", []int{80, 443, 389}, 0.6}, {"2017-12-22", vmP, "x-vm-p", []int{445, 139}, 0.7}, {"2017-12-27", vmQ, "x-vm-q", []int{22, 3389}, 0.55},
		{"2018-01-15", vmP, "x-vm-p", []int{22, 80, 443}, 0.03}, {"2018-01-19", vmP, "x-vm-p", []int{3389, 5900}, 0.02}, {"2018-01-23", vmQ, "x-vm-q", []int{389, 636, 8006}, 0.5}} {
		act := p.act(both("内部の走査 %d 日目", "scan inside, day %d", i+1), "T1046", 0, "", "internal-scan")
		p.move(act, p.about(s.date+" 18:30", 3*hour), func(t int64, d *dice) {
			p.r.scanInside(act, t, s.host, s.from, networks[i%3:i%3+3], s.ports, s.share, d)
		})
	}
}

func (p *aist) inside() {
	desk := p.act(phrase{"職員のパスワードで業務システムに入る", "business systems with members' passwords"}, "T1213", 0, "from the footholds; nothing downloaded", "lateral-path")
	for i, date := range []string{"2017-12-20", "2017-12-21", "2017-12-26", "2018-01-17", "2018-01-26"} {
		who, vm, src := p.group1[3+i%3], "x-vm-p", vmP
		if i%2 == 1 {
			vm, src = "x-vm-q", vmQ
		}
		p.move(desk, p.evening(p.day(date)), func(t int64, d *dice) { p.r.helpDesk(desk, t, who, vm, src, d) })
	}
	share := p.act(phrase{"足場から共有フォルダを複製する", "file shares copied from the footholds"}, "T1039", 0, "", "excess-taking", "lateral-path")
	for i, when := range []string{"2017-12-26 17:40", "2017-12-26 22:05", "2017-12-27 21:30"} {
		who, vm, src := p.group1[3+i], "x-vm-p", vmP
		if i == 1 {
			vm, src = "x-vm-q", vmQ
		}
		p.move(share, p.at(when), func(t int64, d *dice) {
			p.r.copyShare(share, t, who, p.w.people[who].uid, vm, src, "projects", 220+60*i, d)
		})
	}
}

func (p *aist) management() {
	keeper, words := p.fetched[len(p.fetched)/2], p.act(phrase{"メールボックス内でパスワードを探す", "a mailbox searched for passwords"}, "T1552", 0, "mon1's came in an encrypted file in August 2017, by a rule for keys that had also come by mail", "password-search", "unusual-login")
	p.mail(words, keeper, p.at("2018-01-11 21:10"), p.hand(9), reading{with: oldFirefox, search: "パスワード", mails: 4})
	desktop := p.act(phrase{"管理ネットワークへのリモートデスクトップ", "remote desktop into the management network"}, "T1021.001", 0, "mon1, whose password stood in a mail", "restricted-access", "lateral-path")
	for i, date := range []string{"2018-01-16", "2018-01-17", "2018-01-22", "2018-01-26", "2018-01-30", "2018-02-05", "2018-02-08", "2018-02-09"} {
		took := hour + p.d.span(0, 2*hour)
		p.move(desktop, p.at(date+" 17:10")+int64(i)*7*minute, func(t int64, d *dice) { p.r.remoteDesktop(desktop, t, vmP, took, d) })
	}
	vendor := p.act(phrase{"委託先の syslog サーバに入る", "the contractor's syslog server entered"}, "T1078.001", 0, "account nettest, password the same; malware; the directory's service password lies there in clear", "lateral-path", "admin-misuse", "restricted-access")
	for i, date := range []string{"2018-01-16", "2018-01-18", "2018-01-22", "2018-02-05", "2018-02-08"} {
		from := []machine{{"x-vm-p", vmP}, {"mon1", monitorIP}}[btoi(i > 0)]
		p.move(vendor, p.about(date+" 21:00", hour/2), func(t int64, d *dice) { p.r.enterVendor(vendor, t, from.name, from.ip, 3*btoi(i == 0), d) })
	}
	watch := p.act(phrase{"委託先のネットワーク監視装置に入る", "the contractor's network monitors entered"}, "T1078.001", 0, "one through a flaw, and malware put on it; two with passwords such as p@ssw0rd; they keep no log", "lateral-path", "restricted-access")
	for i, s := range []struct {
		when string
		to   machine
		port int
	}{{"2018-01-17 22:10", machine{"ven-nms", vendorNMS}, 80}, {"2018-01-19 21:15", machine{"ven-nms2", vendorNMS2}, 22}, {"2018-01-24 22:40", machine{"ven-nms3", vendorNMS3}, 22}, {"2018-02-06 20:30", machine{"ven-nms", vendorNMS}, 80}} {
		from := []machine{{"x-vm-p", vmP}, {"mon1", monitorIP}}[btoi(i > 0)]
		p.move(watch, p.at(s.when), func(t int64, d *dice) {
			p.r.connect(watch, t, from.name, from.ip, s.to.name, s.to.ip, s.port, d.span(9*minute, 50*minute), d.span(1<<20, 5<<20), true, d)
		})
	}
	dump := p.act(phrase{"盗んだサービス用パスワードでディレクトリを読み出す", "the directory read with a stolen service password"}, "T1087.002", 0, "from the contractor's syslog server, which never used it; names, IDs, hashed passwords", "directory-read")
	for _, date := range []string{"2018-01-22", "2018-01-29", "2018-02-08"} {
		p.move(dump, p.about(date+" 22:40", hour), func(t int64, d *dice) { p.r.dumpDirectory(dump, t, d) })
	}
	console := p.act(phrase{"仮想化基盤の管理画面を開く", "the virtualisation console opened"}, "T1021", 0, "nothing changed; it keeps no log of its own", "restricted-access")
	p.move(console, p.at("2018-01-30 23:20"), func(t int64, d *dice) {
		p.r.l.edge.write(p.r.inner(t+26*minute, monitorIP, consoleIP, 443, "close", 26*minute, 900<<10, 7<<20, d))
		p.g.used(console, t, -1, onEdge)
		p.g.reached(console, t, "vcon", consoleIP, false, onEdge)
	})
}

func (p *aist) secondGroup() {
	act := p.act(phrase{"ディレクトリ窃取後のログイン", "logins after the directory was stolen"}, "T1078", 9, "", "unusual-login", "one-address-many-accounts")
	p.stage(9, "directory-read", p.group2)
	n, days := len(p.group2), p.days("2018-01-24", "2018-02-05") // the last login by the report's table; its other date is the small hours after
	for i, who := range p.group2 {
		p.falls(who, p.at("2018-01-23 16:30"))
		at := p.university
		switch {
		case i >= n-2: // the two that the first two addresses did not lead to
			at = p.unlisted[len(p.unlisted)-1-i%2]
		case i%2 == 1:
			at = p.hongkong
		}
		p.mail(act, who, p.spread(p.day("2018-01-23"), i, n), at, reading{with: oldFirefox, mails: 12, files: 3})
		for k := range 4 {
			if (i+k)%3 != 0 {
				p.mail(act, who, p.evening(days[(i+2*k)%len(days)]), at, reading{with: oldFirefox, mails: 7, files: (i + k) % 5})
			}
		}
	}
	fss := p.act(phrase{"第 2 群のアカウントで共有フォルダを複製する", "file shares copied with second-group accounts"}, "T1039", 0, "from mon1", "excess-taking", "restricted-access", "lateral-path")
	for i, when := range []string{"2018-01-26 19:40", "2018-01-30 19:50", "2018-02-01 20:10", "2018-02-05 20:30"} {
		who := p.group2[i]
		p.move(fss, p.at(when), func(t int64, d *dice) {
			p.r.copyShare(fss, t, who, p.w.people[who].uid, "mon1", monitorIP, "projects", 300, d)
		})
	}
}

func (p *aist) sendingOut() {
	ssh := p.act(phrase{"研究用サーバ M に入る", "research server M entered"}, "T1021.004", 0, "", "lateral-path")
	p.move(ssh, p.at("2018-02-05 18:15"), func(t int64, d *dice) {
		p.r.l.serverM.session(t, "ymorita", vmP, false, 3*hour, d)
		p.r.l.edge.write(p.r.inner(t+3*hour, vmP, serverM, 22, "close", 3*hour, 4<<20, 2<<20, d))
		p.g.used(ssh, t, -1, onShell|onEdge)
		p.g.usedLocal(ssh, t, "ymorita", "y-srv-m", "unknown", onShell)
		p.g.reached(ssh, t, "y-srv-m", serverM, true, onShell|onEdge)
	})
	shares := p.act(phrase{"Z センターのデータサーバの共有一覧を見る", "shares of Z centre's data servers listed"}, "T1135", 0, "from research server M; names only, nothing could be copied", "lateral-path")
	for i, to := range []machine{{"z-data1", "10.50.6.21"}, {"z-data2", "10.50.6.22"}} {
		p.move(shares, p.at("2018-02-05 18:40")+int64(i)*4*minute, func(t int64, d *dice) {
			p.r.connect(shares, t, "y-srv-m", serverM, to.name, to.ip, 445, d.span(20*second, 90*second), d.span(6<<10, 20<<10), false, d)
		})
	}
	out := p.act(phrase{"研究用サーバ M から外へ送信する", "research server M sends data out"}, "T1048", 0, "", "upload")
	p.move(out, p.at("2018-02-05 19:05"), func(t int64, d *dice) { p.r.upload(out, t, "y-srv-m", serverM, p.rented[6], 3200<<20, d) })

	admin := p.act(phrase{"管理者権限でファイルサーバを複製し、そのまま外へ送る", "a file server copied with an administrator's rights and sent straight out"}, "T1039", 0, "", "excess-taking", "admin-misuse", "upload", "restricted-access")
	p.move(admin, p.at("2018-02-09 21:20"), func(t int64, d *dice) {
		t = p.r.copyShare(admin, t, -1, "fsadmin", "mon1", monitorIP, "srv$", 900, d)
		p.r.upload(admin, t+2*minute, "mon1", monitorIP, p.rented[7], 1400<<20, d)
	})
	wipe := p.act(phrase{"mon1 のイベントログを消去する", "event log emptied on mon1"}, "T1070.001", 0, "through a NAS, the last act", "log-cleared")
	p.move(wipe, p.at("2018-02-09 24:50"), func(t int64, d *dice) {
		p.r.connect(wipe, t-2*minute, "nas2", nas2, "mon1", monitorIP, 445, 3*minute, 200<<10, true, d)
		p.r.l.mon1.cleared(t, "monadmin", "MON1")
		p.g.used(wipe, t, -1, onWindows)
		p.g.reached(wipe, t, "mon1", monitorIP, true, onWindows)
	})
}

const nas2 = "10.50.3.41" // the NAS that mon1's log is emptied through

func (p *aist) unseenByLogs() {
	local := p.act(phrase{"ビルド機 4 台にマルウェアを置く", "malware put on four build machines"}, "T1105", 0, "the machines keep no record of it")
	p.move(local, p.at("2017-12-18 17:40"), func(t int64, d *dice) { p.g.used(local, t, -1, 0) })
	nas := p.act(phrase{"未修正の脆弱性から NAS に入る", "NAS entered through an unpatched flaw"}, "T1190", 0, "malware on four, signs of it on two more; cheap NAS keep no log of access")
	for i := range 6 {
		p.move(nas, p.within("2018-01-24", "2018-02-07"), func(t int64, d *dice) {
			p.g.used(nas, t, -1, 0)
			p.g.reached(nas, t, "nas"+itoa(i+1), "10.50.3."+itoa(40+i), i < 4, 0)
		})
	}
}

// found is how the incident came to light: a member of the IT department looked at the history of his own logins. On that
// afternoon the two addresses in it gave 41 accounts, whose passwords were set anew. What the institute did after that day is
// not played.
func (p *aist) found() {
	t := p.office(p.day("2018-02-06"), "15:20")
	p.g.found = &Found{Time: utc(t), How: "a member of the IT department sees a login to his own mail from an address that he never uses", HowJa: "情報部門の職員が、自分のメールに、使ったことのないアドレスからのログインを見つける",
		Addresses: []string{p.w.book.all[p.university].ip, p.w.book.all[p.hongkong].ip}}
	known := p.group2[:len(p.group2)-2]
	for i, who := range known {
		m := &p.w.people[who]
		p.g.found.Accounts = append(p.g.found.Accounts, m.mail)
		p.move(-1, t+hour+int64(i)*3*minute/2, func(t int64, d *dice) {
			p.r.l.slapd.modify(t, intraIP, "cn=helpdesk,ou=services,"+suffix, m.dn, "userPassword pwdReset")
		})
	}
}
