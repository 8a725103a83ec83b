// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// ransomwareSubsidiary is a story after seed document 004, a weekly digest of August 2023, and what it says of Kokuyo:
// ransomware on 5 and 6 June 2023 that came in through the network of an overseas subsidiary, a small outbound volume in the
// network's log as evidence that nothing much was taken, and personal data that could not be excluded for certain. How the
// subsidiary was entered, and every step from there to the encryption, is chosen here. He works from 20:00 to 02:00.
func ransomwareSubsidiary() incident {
	return incident{
		name: "ransomware-subsidiary-2023", first: "2023-03-05", weeks: 15, begins: "2023-05-11", hours: [2]string{"20:00", "26:00"},
		dull: []dull{{"2023-03-12", "2023-05-06", 2}}, accounts: 300, least: leastAccounts, full: 300, deaf: []string{groupSupply, groupLeave, groupErased}, verdict: "breach", has: []string{sysWindows, sysSubsidiary},
		write: func(p *plot) {
			k := castRansom(p)
			k.oldAccount() // 05-11 … 05-31
			k.server()     // 05-16, 05-17
			k.scans()      // 05-18, 05-19
			k.headOffice() // 05-23 … 06-02
			k.domain()     // 05-30, 05-31
			k.littleOut()  // 06-01, 06-02
			k.lastNight()  // Monday 06-05, 22:20, to Tuesday 02:00
			k.found()      // 06-06
		},
	}
}

// kidnapper is the cast of it.
type kidnapper struct {
	*plot
	leaver int32   // of the subsidiary, two years gone; the account was forgotten
	others []int32 // of the subsidiary, whose passwords he tries
	admin  int32   // of the head office, who had looked after the subsidiary's server
	pool   string  // what the subsidiary's VPN gave him
	outer  []int32 // where he calls the VPN from
	drop   int32
	ransom ransom
}

func castRansom(p *plot) *kidnapper {
	k := &kidnapper{plot: p, leaver: p.w.sub.leaver, others: p.w.sub.people, pool: subPool + "7", ransom: ransom{".hkslock", "HOW_TO_RESTORE.txt"}}
	k.admin = p.w.ad.admins[0]
	p.cast[k.admin], p.cast[k.leaver] = true, true
	k.outer = p.rent("NL", 2)
	k.drop = p.rent("LT", 1)[0]
	return k
}

func (k *kidnapper) oldAccount() {
	tries := k.act(phrase{"子会社の VPN でパスワードを試す", "passwords tried at the subsidiary's VPN"}, "T1110.003", 0, "its firewall asks the head office's domain controller, and keeps the callers' addresses to itself", "password-spray", "password-guessing")
	for i, day := range k.days("2023-05-11", "2023-05-15") {
		for round := range 2 {
			for j, who := range append([]int32{k.leaver}, k.others...) {
				if i == 2 && who == k.leaver {
					continue
				}
				k.move(tries, k.clock(day, "21:10")+int64(round)*hour+int64(j)*70*second+k.d.span(0, 20*second), func(t int64, d *dice) {
					k.r.knockSubsidiary(tries, t, who, k.outer[0], false, d)
				})
			}
		}
	}
	in := k.act(phrase{"古いアカウントで子会社の VPN に入る", "an old account lets him in at the subsidiary's VPN"}, "T1133", 1, "it was not used for two years", "dormant-account", "success-after-guessing", "unusual-login")
	k.enter(k.leaver, 1, "guessing", 1)
	k.move(in, k.at("2023-05-15 23:41"), func(t int64, d *dice) { k.r.knockSubsidiary(in, t, k.leaver, k.outer[0], true, d) })
	for i, day := range k.days("2023-05-16", "2023-06-02") {
		if i%3 != 2 {
			k.move(in, k.clock(day, "20:05")+k.d.span(0, 8*minute), func(t int64, d *dice) { k.r.knockSubsidiary(in, t, k.leaver, k.outer[i%2], true, d) })
		}
	}
	k.move(in, k.at("2023-06-05 22:20"), func(t int64, d *dice) { k.r.knockSubsidiary(in, t, k.leaver, k.outer[1], true, d) })
}

func (k *kidnapper) server() {
	srv := k.act(phrase{"子会社のサーバに入る", "the subsidiary's server entered"}, "T1021.001", 1, "its log stays at the subsidiary; the domain controller gives the ticket", "lateral-path", "dormant-account")
	for _, when := range []string{"2023-05-16 20:31", "2023-05-17 20:24"} {
		k.move(srv, k.at(when), func(t int64, d *dice) { k.r.intoSubServer(srv, t, k.leaver, k.pool, d) })
	}
	memory := k.act(phrase{"サーバのメモリから管理者のパスワードを読み出す", "an administrator's password read from the server's memory"}, "T1003.001", 0, "nothing of the subsidiary's server reaches the head office")
	k.move(memory, k.at("2023-05-17 20:50"), func(t int64, d *dice) {
		k.g.used(memory, t, -1, 0)
		k.g.reached(memory, t, "sub-srv1", subServer, true, 0)
	})
}

func (k *kidnapper) scans() {
	act := k.act(phrase{"拠点間 VPN 越しに本社を走査する", "the head office scanned through the tunnel"}, "T1046", 0, "", "internal-scan")
	for i, when := range []string{"2023-05-18 21:15", "2023-05-19 20:40"} {
		k.move(act, k.at(when), func(t int64, d *dice) {
			k.r.scanInside(act, t, "sub-srv1", subServer, []string{"10.30.0.", "10.20.0.", "172.16.5."}, [][]int{{445, 3389}, {135, 1433}}[i], []float64{0.06, 0.03}[i], d)
		})
	}
}

// headOffice is the administrator's account, used from the subsidiary's server by night.
func (k *kidnapper) headOffice() {
	a := k.w.ad
	act := k.act(phrase{"管理者として本社のサーバに入る", "servers of the head office entered as an administrator"}, "T1021.001", 2, "by remote desktop through the tunnel, at night", "lateral-path", "admin-misuse", "unusual-login")
	k.enter(k.admin, 2, "stolen-file", 2)
	for i, when := range []string{"2023-05-23 21:05", "2023-05-24 22:10", "2023-05-26 20:45", "2023-05-30 21:20", "2023-06-01 20:50", "2023-06-02 21:30"} {
		to := []*winHost{a.term1, a.app1, a.app1, a.dc1, a.fs2, a.app1}[i]
		k.move(act, k.at(when), func(t int64, d *dice) {
			s := k.r.desktopInside(act, t, k.admin, "sub-srv1", subServer, to, d.span(25*minute, 2*hour), d)
			k.r.orders(act, t+d.span(minute, 5*minute), to, k.as(s), d, [][]string{{"whoami  /groups", "nltest  /domain_trusts"}, {"net  view /domain", "net  group \"domain admins\" /domain"}, {"quser", "ipconfig  /all"},
				{"nltest  /dclist:" + adDNS}, {"net  share"}, {"tasklist  /svc"}}[i]...)
		})
	}
}

// as is a program that he starts as the administrator, in a session of a server.
func (k *kidnapper) as(session uint64) program {
	return program{parent: explorer, by: k.w.people[k.admin].user(), session: session, high: true}
}

func (k *kidnapper) domain() {
	a := k.w.ad
	copied := k.act(phrase{"ドメインコントローラでドメインのデータベースを複製する", "the domain's database copied on a controller"}, "T1003.003", 0, "all passwords must be thought of as known from here on", "directory-read", "hostile-command", "admin-misuse", "sigma")
	k.move(copied, k.at("2023-05-30 21:48"), func(t int64, d *dice) {
		k.r.orders(copied, t, a.dc1, k.as(a.dc1.session(t, d)), d, `ntdsutil  "ac i ntds" "ifm" "create full C:\Windows\Temp\ad" q q`, `makecab  C:\Windows\Temp\ad\ntds.dit C:\Windows\Temp\a.cab`)
		a.dc1.state(t+20*second, "Volume Shadow Copy", "running")
		k.g.took("directory", -1, "possible", int64(len(k.w.people)), 0)
	})
	account := k.act(phrase{"自分用のアカウントを管理者にする", "an account of his own made an administrator"}, "T1136.002", 0, "", "admin-misuse", "sigma")
	k.move(account, k.at("2023-05-31 20:33"), func(t int64, d *dice) {
		by, s, his := k.w.people[k.admin].user(), a.dc1.session(t, d), winUser{adSID + "61999", "svc-veeam2", adDomain}
		for i, id := range []string{"4720", "4722", "4724", "4738"} {
			a.dc1.accountChange(t+int64(i)*40*millisecond, id, by, s, his)
		}
		a.dc1.groupChange(t+9*second, "4728", by, s, "CN=svc-veeam2,CN=Users,DC=ad,DC=hakusan-lab,DC=example", his, winUser{adSID + "512", "Domain Admins", adDomain})
		k.g.used(account, t, -1, onDomain)
		k.g.usedLocal(account, t, his.name, "dc1", "created", onDomain)
		k.g.reached(account, t, "dc1", dc1IP, true, onDomain)
	})
}

func (k *kidnapper) littleOut() {
	look := k.act(phrase{"共有フォルダを見て回る", "shares looked through"}, "T1135", 0, "", "excess-taking", "lateral-path")
	for _, when := range []string{"2023-06-01 21:10", "2023-06-02 21:50"} {
		k.move(look, k.at(when), func(t int64, d *dice) { k.r.readDepartmentFiles(look, t, k.admin, k.w.ad.app1, 60+d.n(40), d) })
	}
	out := k.act(phrase{"少量を外へ送る", "a little sent out"}, "T1048.002", 0, "about 20 MB: the network's log shows that it was no more", "upload", "small-chunk-upload")
	k.move(out, k.at("2023-06-02 22:40"), func(t int64, d *dice) {
		k.r.upload(out, t, "app1", app1IP, k.drop, d.span(15<<20, 25<<20), d)
		k.g.took("file", k.admin, "leaked", 0, 0) // of those looked through, counted there
	})
}

// lastNight is the night of 5 June: everything that could help is taken away first.
func (k *kidnapper) lastNight() {
	a := k.w.ad
	servers := []*winHost{a.bak2, a.fs2, a.term1, a.dc2}
	enter := k.act(phrase{"配布サーバに戻る", "back on the deployment server"}, "T1021.001", 2, "", "lateral-path", "admin-misuse", "unusual-login")
	k.move(enter, k.at("2023-06-05 22:41"), func(t int64, d *dice) {
		k.r.desktopInside(enter, t, k.admin, "sub-srv1", subServer, a.app1, 3*hour, d)
	})
	off := k.act(phrase{"PsExec でウイルス対策を止める", "virus protection turned off by PsExec"}, "T1562.001", 0, "PsExec as the administrators use it, but on all servers within minutes", "hostile-command", "lateral-path", "admin-misuse", "sigma")
	k.move(off, k.at("2023-06-05 23:04"), func(t int64, d *dice) {
		k.r.spreadByPsExec(off, t, k.admin, a.app1, servers, `powershell.exe -NoP -C "Set-MpPreference -DisableRealtimeMonitoring $true"`, d)
	})
	gone := k.act(phrase{"バックアップとシャドウコピーを削除する", "backups and shadow copies deleted"}, "T1490", 0, "", "hostile-command", "sigma", "mass-encryption")
	k.move(gone, k.at("2023-06-05 23:26"), func(t int64, d *dice) {
		for _, line := range []string{`cmd.exe /c vssadmin delete shadows /all /quiet`, `cmd.exe /c wbadmin delete catalog -quiet`, `cmd.exe /c bcdedit /set {default} recoveryenabled no`} {
			t = k.r.spreadByPsExec(gone, t, k.admin, a.app1, servers[:2], line, d)
		}
	})
	wiped := k.act(phrase{"イベントログを消去する", "event logs emptied"}, "T1070.001", 0, "the agents had sent the events on before", "log-cleared")
	for i, h := range []*winHost{a.bak2, a.app1} {
		k.move(wiped, k.at("2023-06-05 23:52")+int64(i)*3*minute, func(t int64, d *dice) { k.r.emptyLog(wiped, t, h, k.as(h.session(t, d)), d) })
	}
	lock := k.act(phrase{"共有フォルダを暗号化する", "shares encrypted"}, "T1486", 0, "from the deployment server, as the administrator", "mass-encryption", "excess-taking")
	k.move(lock, k.at("2023-06-05 24:35"), func(t int64, d *dice) { k.r.encryptFS2(lock, t, k.admin, a.app1, k.scale(9000), k.ransom, d) })
	k.move(lock, k.at("2023-06-05 25:05"), func(t int64, d *dice) { k.r.encryptFS1(lock, t, k.admin, a.app1, k.scale(7000), k.ransom, d) })
}

// found is what was known at first: files that nobody can open, and whose account had written them.
func (k *kidnapper) found() {
	morning := max(k.at("2023-06-06 20:00")-12*hour, k.at("2023-06-05 26:00"))
	k.g.found = &Found{Time: utc(morning), How: "the first at their desks find notes instead of their files", HowJa: "朝いちばんに出勤した職員が、ファイルの代わりに脅迫文を見つける", Accounts: []string{k.w.people[k.admin].mail}, Addresses: []string{}}
}
