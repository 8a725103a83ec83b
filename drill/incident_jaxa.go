// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// jaxa2023 follows JAXA's notice of 5 July 2024 (seed document 000): a flaw of a VPN device that had been published was used to
// get to servers and terminals of the business network; from there account information was stolen, and Microsoft 365 was used
// as its owners use it; several programs were unknown to anybody; it was noticed in October 2023 because an outside body told.
//
// The notice gives no day, no number and no product. Chosen here: the flaw is published on Monday 12 June 2023 and used from
// that Thursday on; the institute's own update comes on the night of 9 July, too late; the outside body tells on 4 October,
// and the day after the destinations are blocked. Twelve accounts at 400, and an administrator's. He works from Monday to
// Friday, 10:00 to 20:00.
func jaxa2023() incident {
	return incident{
		name: "jaxa-2023", first: "2023-05-14", weeks: 23, begins: "2023-06-13", hours: [2]string{"10:00", "20:00"},
		dull: []dull{
			{"2023-05-14", "2023-06-10", 2},
			{"2023-07-16", "2023-08-05", 1}, // Microsoft 365 goes on
			{"2023-08-20", "2023-09-16", 1},
			{"2023-10-15", "2023-10-21", 0},
		},
		accounts: 400, least: leastAccounts, full: 400, has: []string{sysEdgeAdmin, sysWindows}, deaf: []string{groupLeave}, verdict: "breach",
		write: func(p *plot) {
			j := castJAXA(p)
			j.device()    // 06-13 … 06-21: probed, broken, his
			j.listening() // to 07-09: who logs in at the portal gives the password away
			j.inside()    // 06-22 … 09-28: servers, terminals, the directory, files
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
	pcs     []int32 // two of them, whose PCs in the office he enters
	admin   int32   // an administrator of the Windows domain
	prober  []int32 // addresses that the portal is probed from
	entry   int32   // the one that breaks it
	ways    []wayIn
	homes   []int32 // what the programs call
	exits   []int32 // what Microsoft 365 sees
}

func castJAXA(p *plot) *jaxa {
	j := &jaxa{plot: p}
	j.admin = p.w.ad.admins[0]
	p.cast[j.admin] = true
	atPortal := func(m *person) bool { return m.vpn && !m.mfa }
	j.pcs = p.pick(2, func(m *person) bool {
		pc := p.w.ad.byIP[m.pc]
		return atPortal(m) && pc != nil && pc.forwards()
	})
	j.victims = append(j.pcs, p.pick(max(1, p.scale(12)-2), atPortal)...)
	j.prober, j.entry = p.rent("", 3), p.rent("SG", 1)[0]
	for i, at := range append(p.rent("HK", 1), p.rent("JP", 2)...) {
		j.ways = append(j.ways, wayIn{user: "sslvpn-maint", inner: p.w.vpnPool + "254." + itoa(20+7*i), at: at})
	}
	j.homes = append(p.rent("CA", 1), p.rent("", 2)...)
	j.exits = p.fromAll(append(p.hide(kindVPN, 4), p.rent("", 2)...))
	return j
}

func (p *jaxa) device() {
	probe := p.act(phrase{"ポータルの探索", "the portal probed"}, "T1595.002", 0, "connections that ask for nothing, as from any scanner", "edge-device")
	for i, day := range p.days("2023-06-13", "2023-06-14") {
		p.move(probe, p.clock(day, "10:30")+int64(i)*hour, func(t int64, d *dice) { p.r.probePortal(probe, t, p.prober[i%len(p.prober)], 9, d) })
	}
	flaw := p.act(phrase{"SSL-VPN の公表済みの脆弱性を突く", "a published flaw of the SSL-VPN used"}, "T1190", 0, "its program crashes three times, the third time the unit goes down; what ran then is in no log", "edge-device", "sigma")
	for i, clock := range []string{"10:41", "10:58", "11:20"} {
		p.move(flaw, p.portalFails(p.at("2023-06-15 "+clock)), func(t int64, d *dice) { p.r.breakPortal(flaw, t, p.entry, i == 2, d) })
	}
	hold := p.act(phrase{"ポータルの入力を記録するプログラムを装置に置く", "a program put on the device that keeps what is typed at the portal"}, "T1556.004", 0, "in no log: the device does not see itself")
	p.move(hold, p.at("2023-06-15 11:34"), func(t int64, d *dice) {
		p.g.used(hold, t, -1, 0)
		p.g.reached(hold, t, "edge1", edgeInside, true, 0)
	})
	p.move(-1, p.at("2023-06-15 19:50"), func(t int64, d *dice) { p.r.calledAtNight(t, &p.w.people[p.admin], d) }) // to look at the crashes, honestly
	admin := p.act(phrase{"外からの管理者の操作", "an administrator's session from outside"}, "T1078", 0, "the configuration is taken, with the directory's password in it; a VPN account without a code is made", "admin-misuse", "unusual-login")
	p.move(admin, p.at("2023-06-21 13:07"), func(t int64, d *dice) {
		p.r.adminOutside(admin, t, p.entry, p.ways[0].user, d)
		p.g.usedLocal(admin, t, edgeAdminID, "edge1", "unknown", onDevice)
		p.g.took("credential", -1, "leaked", 3, 240<<10)
	})
}

// listening is the program on the device: whoever logs in at the portal in these three weeks gives the password away. A victim
// who would not have come gets an evening's work through it.
func (p *jaxa) listening() {
	act := p.act(phrase{"職員のログイン時にパスワードを記録する", "members' passwords kept as they log in"}, "T1056.003", 0, "in no log: only who logged in at the portal in these weeks says whose they can be")
	came := p.r.atPortal(p.victims, p.at("2023-06-15 11:40"), p.at("2023-07-07 19:00"))
	for _, who := range p.victims {
		t, ok := came[who]
		if !ok {
			t = p.within("2023-06-16", "2023-07-07")
			m := moment{t: t, who: who, at: p.w.people[who].home(p.w.cal.dayOf(t)), n: 50}
			p.move(-1, t, func(t int64, d *dice) { p.r.portalSession(m, &p.w.people[who], &p.w.book.all[m.at], d) })
		}
		p.enter(who, 1, "unknown", 1)
		p.falls(who, t+hour)
		p.move(act, t+minute, func(t int64, d *dice) { p.g.used(act, t, -1, 0) })
	}
	p.enter(p.admin, 1, "unknown", 1)
	p.falls(p.admin, p.at("2023-06-15 20:00"))
}

// inside is what he does through the portal with the account that he made: a tunnel each time, and one thing in it.
func (p *jaxa) inside() {
	tunnel := p.act(phrase{"自ら作ったアカウントによる VPN 接続", "tunnels with the account that he made"}, "T1133", 0, "", "unusual-login", "impossible-travel", "dormant-account")
	do := p.visits()
	list := []struct{ when, what string }{
		{"2023-06-22 14:20", "look"}, {"2023-06-23 14:35", "directory"}, {"2023-06-26 15:10", "monitor"}, {"2023-06-27 13:25", "server"}, {"2023-06-28 14:05", "shell"},
		{"2023-06-29 16:00", "server"}, {"2023-07-06 14:40", "monitor"}, {"2023-07-10 15:00", "files"}, {"2023-07-11 14:15", "pc"}, {"2023-07-12 15:20", "pc"},
		{"2023-07-19 14:40", "server"}, {"2023-07-20 13:30", "shell"}, {"2023-07-26 14:50", "monitor"}, {"2023-08-02 13:35", "pc"}, {"2023-08-04 15:05", "files"},
		{"2023-08-10 14:10", "shell"}, {"2023-08-17 15:15", "server"}, {"2023-08-18 16:15", "directory"}, {"2023-08-24 14:30", "files"}, {"2023-08-30 14:05", "pc"},
		{"2023-09-05 15:20", "monitor"}, {"2023-09-13 14:00", "shell"}, {"2023-09-15 15:10", "files"}, {"2023-09-21 13:50", "server"}, {"2023-09-26 14:25", "monitor"}, {"2023-09-28 14:20", "pc"},
	}
	count := map[string]int{}
	for i, v := range list {
		w, what, n := p.ways[i*len(p.ways)/len(list)], do[v.what], count[v.what]
		count[v.what]++
		p.move(tunnel, p.at(v.when), func(t int64, d *dice) {
			p.r.openWay(tunnel, t, w, 2*hour+d.span(0, 90*minute), d)
			p.g.usedLocal(tunnel, t, w.user, "edge1", "unknown", onDevice)
		})
		p.move(tunnel, p.at(v.when)+6*minute, func(t int64, d *dice) { what(n, t, w, d) })
	}
}

// visits returns what he can do in a tunnel, by name: the n-th time, at t, from an address inside.
func (p *jaxa) visits() map[string]func(n int, t int64, w wayIn, d *dice) {
	look := p.act(phrase{"サーバの空きポートを試す", "servers tried for open ports"}, "T1046", 0, "slowly, through the tunnel", "internal-scan")
	read := p.act(phrase{"装置のパスワードでディレクトリを読み出す", "the directory read with the device's own password"}, "T1087.002", 0, "from the tunnel, not from the device", "directory-read")
	monitor := p.act(phrase{"管理ネットワークのサーバにリモートデスクトップで入る", "a server in the management network by remote desktop"}, "T1021.001", 0, "", "restricted-access", "lateral-path")
	shell := p.act(phrase{"研究用サーバに ssh で入る", "the research server by ssh"}, "T1021.004", 0, "", "lateral-path")
	share := p.act(phrase{"ファイルサーバからファイルを複製する", "files copied from the file server"}, "T1039", 0, "with members' passwords", "excess-taking", "lateral-path")
	return map[string]func(n int, t int64, w wayIn, d *dice){
		"look": func(_ int, t int64, w wayIn, d *dice) {
			p.r.lookRound(look, t, w, []string{"172.16.5.", "10.20.0."}, []int{22, 445, 3389}, d)
		},
		"directory": func(_ int, t int64, w wayIn, d *dice) {
			p.r.readDirectory(read, t, w, d)
			p.g.usedLocal(read, t, "edge", "ldap1", "stolen-file", onSlapd)
		},
		"monitor": func(_ int, t int64, w wayIn, d *dice) { p.r.enterMonitor(monitor, t, w, 50*minute, d) },
		"shell":   func(_ int, t int64, w wayIn, d *dice) { p.r.enterShell(shell, t, w, d) },
		"files": func(n int, t int64, w wayIn, d *dice) {
			p.r.takeFiles(share, t, w, p.victims[n%len(p.victims)], 60+d.n(120), d)
		},
		"server": p.servers(),
		"pc":     p.terminals(),
	}
}

// servers is the administrator's account on servers of the Windows domain.
func (p *jaxa) servers() func(n int, t int64, w wayIn, d *dice) {
	act := p.act(phrase{"管理者として Windows ドメインのサーバに入る", "servers of the Windows domain as an administrator"}, "T1021.001", 0, "with the password of one who was called at night and came through the portal", "lateral-path", "admin-misuse", "unusual-login")
	memory := p.act(phrase{"サーバのメモリからパスワードを読み出す", "a server's memory read for passwords"}, "T1003.001", 0, "the command stands in the server's record of programs", "hostile-command", "sigma", "admin-misuse")
	lines := [][]string{{"whoami  /groups", "nltest  /dclist:" + adDNS}, {"quser", "tasklist  /svc"}, {`net  group "domain admins" /domain`}, {"ipconfig  /all"}, {"net  share"}}
	return func(n int, t int64, w wayIn, d *dice) {
		to := []*winHost{p.w.ad.app1, p.w.ad.term1}[n%2]
		s := p.r.desktopInside(act, t, p.admin, w.inner, w.inner, to, d.span(30*minute, 90*minute), d)
		by := program{parent: explorer, by: p.w.people[p.admin].user(), session: s, high: true}
		p.r.orders(act, t+d.span(2*minute, 6*minute), to, by, d, lines[n%len(lines)]...)
		if n == 0 {
			p.r.orders(memory, t+9*minute, to, by, d, `rundll32  C:\Windows\System32\comsvcs.dll, MiniDump 712 C:\Windows\Temp\m.tmp full`)
			p.g.took("credential", -1, "leaked", 6, 0)
		}
	}
}

// terminals is members' own passwords on their PCs in the office; on one of them he leaves a program.
func (p *jaxa) terminals() func(n int, t int64, w wayIn, d *dice) {
	act := p.act(phrase{"職員本人のパスワードで職員の PC にリモートデスクトップで入る", "members' PCs by remote desktop, with their own passwords"}, "T1021.001", 0, "", "lateral-path", "unusual-login")
	put := p.act(phrase{"PC にプログラムと起動タスクを置く", "a program and a task that starts it put on a PC"}, "T1053.005", 0, "no signature knows the program", "sigma")
	return func(n int, t int64, w wayIn, d *dice) {
		who := p.pcs[n%2]
		pc, m := p.w.ad.pc(who), &p.w.people[who]
		s := p.r.desktopInside(act, t, who, w.inner, w.inner, pc, 45*minute, d)
		if n > 0 {
			return
		}
		const image = `C:\ProgramData\DispCal\dispcal.exe`
		by := program{parent: explorer, by: m.user(), session: s}
		p.r.orders(put, t+7*minute, pc, by, d, `xcopy  \\tsclient\C\t\dispcal.exe C:\ProgramData\DispCal\ /Y`)
		pc.task(t+12*minute, `\DispCal\Refresh`, image, "", "LogonTrigger", m.user(), s)
		by.image, by.line = image, `"`+image+`"`
		pc.start(t+13*minute, by, d)
	}
}

func (p *jaxa) programs() {
	names, pc := []string{"", "img-static-cache.example", "time-sync-edge.example"}, p.w.ad.pc(p.pcs[0])
	who := []homing{
		{host: "y-srv-m", ip: serverM, every: 31 * minute, jitter: 0.35, took: 2 * second, sent: 620, received: 900, port: 443, zone: "lan"},
		{host: "mon1", ip: monitorIP, every: 4 * hour, jitter: 0.5, took: 40 * second, sent: 9000, received: 5200, port: 443, zone: "mgmt"},
		{host: pc.name, ip: pc.ip, every: 9 * hour, jitter: 0.2, took: 5 * hour, sent: 300 << 10, received: 190 << 10, port: 8443, zone: "lan"},
	}
	hints := [][]string{{"beacon"}, {"beacon", "tunnel"}, {"long-connection", "tunnel"}}
	first := []string{"2023-06-28", "2023-07-06", "2023-07-12"}
	for i, c := range who {
		c.at, c.name = p.homes[i], names[i]
		act := p.act(both("%s の未知のプログラムが外へ通信する", "an unknown program on %s calls home", c.host), "T1071.001", 0, "no signature knows it", hints[i]...)
		stop := p.at("2023-10-05 15:30")
		for _, day := range p.every(first[i], "2023-10-05") {
			from := max(day.open, p.at(first[i]+" 16:00"))
			p.move(act, from, func(t int64, d *dice) { p.r.calls(act, t, min(t+day24(day), stop), c, false, d) })
		}
		cut := p.act(both("同じ通信が、宛先の遮断後に拒否される：%s", "the same refused, once the destinations are blocked: %s", c.host), "T1071.001", 0, "until the host is taken off the network")
		for _, day := range p.every("2023-10-06", "2023-10-11") {
			p.move(cut, day.open, func(t int64, d *dice) { p.r.calls(cut, t, t+day24(day), c, true, d) })
		}
	}
}

func (p *jaxa) cloud() {
	login := p.act(phrase{"本人になりすました Microsoft 365 の利用", "Microsoft 365 as its owners"}, "T1078.004", 2, "mail read, with their passwords, at their hours", "unusual-login", "one-address-many-accounts", "mail-bulk-read")
	graph := p.act(phrase{"プログラムが Microsoft Graph でメールとファイルを取得する", "mail and files fetched by a program through Microsoft Graph"}, "T1114.002", 2, "with tokens of these logins; the program is one that administrators use", "mail-bulk-read", "excess-taking", "unusual-login")
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
	act := p.act(phrase{"集めたファイルを小分けに外へ送る", "gathered files sent out in pieces"}, "T1030", 0, "from the research server, some tens of megabytes at a time", "upload", "small-chunk-upload")
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
	p.g.found = &Found{Time: utc(p.at("2023-10-04 10:00")), How: "an outside body tells of an address that servers of the institute talk to", HowJa: "研究所のサーバが通信しているアドレスについて、外部機関から連絡が来る",
		Addresses: []string{p.w.book.all[p.homes[0]].ip}, Accounts: []string{}}
	act := p.act(phrase{"攻撃者の VPN 接続が拒否される", "his tunnel is refused"}, "T1133", 0, "the outside body told the day before; the account is gone", "dormant-account")
	p.move(-1, p.at("2023-10-05 15:10"), func(t int64, d *dice) {
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
