// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "slices"

// mirrorFace is a story after seed document 003, which is a weak source: a note on a web site about the warning that the
// police agency and NISC gave on 8 January 2025, made partly with generative AI by its own words. It gives the manner (mails
// with malware from free or abused real addresses, a stealer of credentials, many documents viewed, told by the police), and no
// dates, sizes or figures of one victim: these are chosen here. Developers' tunnels and Windows Sandbox are in the warning
// itself. He works in office hours; the police call on 22 November 2024.
func mirrorFace() incident {
	return incident{
		name: "mirrorface", first: "2024-05-05", weeks: 30, begins: "2024-06-18", hours: [2]string{"10:00", "19:00"},
		dull:     []dull{{"2024-06-30", "2024-07-20", 1}, {"2024-08-04", "2024-08-24", 1}, {"2024-09-22", "2024-10-12", 1}},
		accounts: 250, least: leastAccounts, full: 250, deaf: []string{groupLeave, groupErased}, verdict: "breach", has: []string{sysWindows, sysMailGateway},
		write: func(p *plot) {
			m := castMirrorFace(p)
			m.mailWithLink()   // 06-18
			m.implant()        // 06-18 … 11-22
			m.lookAround()     // 06-20, 06-25
			m.credentials()    // 06-19, in no log
			m.mailboxes()      // 06-27 … 11-20
			m.tunnels()        // 07-23 … 09-20
			m.fileServer()     // 08-27 … 11-14
			m.sandbox()        // 09-03 … 11-20
			m.smallUploads()   // 07-02 … 11-19
			m.cleaningBefore() // 11-21
			m.found()          // 11-22
		},
	}
}

// mirror is the cast of it.
type mirror struct {
	*plot
	opened []int32 // who opened the document, the first of whom he stays with
	warned []int32 // who got the mail and did not open it
	stolen []int32 // whose passwords were kept on the first one's PC or in the group's files
	exits  []int32 // of a commercial VPN
	c2, sb int32   // what the implant and the one in the sandbox call
	drop   int32   // where the files go
	lure   lure
	wsb    string // the sandbox's settings
}

func castMirrorFace(p *plot) *mirror {
	m := &mirror{plot: p}
	forwarded := func(x *person) bool {
		h := p.w.ad.byIP[x.pc]
		return h != nil && h.forwards() && h.on && !x.mfa && x.department != itDepartment
	}
	m.opened = p.pick(2, forwarded)
	m.warned = p.pick(1, func(x *person) bool { return x.department <= 5 && !x.mfa })
	m.stolen = p.pick(max(2, p.scale(4)), func(x *person) bool { return x.department != itDepartment && !x.mfa })
	m.exits = p.hide(kindVPN, 5)
	rented := append(p.rent("JP", 1), p.rent("SG", 1)...)
	m.c2, m.sb, m.drop = rented[0], rented[1], p.rent("HK", 1)[0]
	m.lure = lure{
		link: "https://1drv.ms/u/s!AhQ7cXkV0ybTgQ2mKzq3rWn5eDfa?e=Lw8Tq1", host: "1drv.ms", document: "kenkyukai_shiryo",
		folder: `ScnCfg`, program: "ScnCfg32.exe", task: "ScnCfgUpdate",
	}
	m.wsb = `C:\ProgramData\hotfix\update.wsb`
	return m
}

// victim is the member whose PC he stays on.
func (m *mirror) victim() int32 { return m.opened[0] }

func (m *mirror) mailWithLink() {
	sent := m.act(phrase{"書庫ファイルへのリンクを含む標的型メール", "spear-phishing mails with a link to an archive"}, "T1566.002", 0, "to three members, from the real address of somebody outside whom they know; the gateway's log has them like any others")
	for i, who := range append(slices.Clone(m.opened), m.warned...) {
		m.move(sent, m.at("2024-06-18 10:12")+int64(i)*40*second, func(t int64, d *dice) { m.r.sendLure(sent, t, who, d) })
	}
	open := m.act(phrase{"文書が開かれる", "the document is opened"}, "T1204.002", 0, "by two of them: a signed program loads the implant", "hostile-command", "sigma")
	for i, who := range m.opened {
		m.move(open, m.at([]string{"2024-06-18 10:42", "2024-06-18 13:08"}[i]), func(t int64, d *dice) { m.r.openLure(open, t, who, m.lure, d) })
	}
}

func (m *mirror) implant() {
	calls := m.act(phrase{"仕込まれたプログラムが指令を求める", "the implant asks for orders"}, "T1071.001", 0, "while the PCs are in use; the second PC's falls silent when it is replaced", "beacon", "appliance-outbound")
	for i, who := range m.opened {
		until := []string{"2024-11-22", "2024-07-05"}[i]
		for _, day := range m.days("2024-06-18", until) {
			m.move(calls, max(day.open, m.at("2024-06-18 13:30")), func(t int64, d *dice) {
				m.r.callHome(calls, t, who, m.c2, "cdn-jcat.example", 14*minute, d)
			})
		}
	}
}

func (m *mirror) lookAround() {
	look := m.act(phrase{"PC からドメインを調べる", "the domain looked over from the PC"}, "T1087.002", 0, "with Windows' own tools; all accounts exported", "directory-read", "hostile-command", "sigma")
	for i, when := range []string{"2024-06-20 11:15", "2024-06-25 16:40"} {
		lines := [][]string{{"whoami  /all", "ipconfig  /all", "net  use", "nltest  /dclist:" + adDNS, "net  group \"domain admins\" /domain"},
			{"csvde  -f C:\\ProgramData\\ScnCfg\\u.log -r \"(objectCategory=person)\" -l sAMAccountName,mail,memberOf", "net  view \\\\fs2", "schtasks  /query /fo csv"}}[i]
		m.move(look, m.at(when), func(t int64, d *dice) {
			m.r.orders(look, t, m.w.ad.pc(m.victim()), m.r.implant(m.victim(), m.lure), d, lines...)
		})
	}
	m.move(look, m.at("2024-06-25 16:50"), func(t int64, d *dice) { m.g.took("directory", -1, "leaked", int64(len(m.w.people)), 0) })
}

func (m *mirror) credentials() {
	steal := m.act(phrase{"ブラウザとメールソフトからパスワードを読み出す", "passwords read from browsers and the mail program"}, "T1555.003", 0, "by a stealer in the implant's memory; what is in memory is in no log")
	m.move(steal, m.at("2024-06-19 14:20"), func(t int64, d *dice) { m.g.used(steal, t, -1, 0) })
}

func (m *mirror) mailboxes() {
	first := m.act(phrase{"盗んだパスワードでメールボックスに入る", "mailboxes entered with the stolen passwords"}, "T1078.004", 1, "from a commercial VPN", "unusual-login", "one-address-many-accounts")
	for _, who := range m.opened {
		m.enter(who, 1, "phishing", 1)
	}
	for _, who := range m.stolen {
		m.enter(who, 1, "stolen-file", 2)
	}
	for i, who := range slices.Concat(m.opened, m.stolen) {
		m.falls(who, m.at("2024-06-19 14:20"))
		m.mail(first, who, m.at("2024-06-27 11:05")+int64(i)*13*minute, m.exits[i/3%len(m.exits)], reading{with: chromeWindows, mails: 6})
	}
	read := m.act(phrase{"毎週メールを読む", "mail read, week after week"}, "T1114.002", 2, "two or three mailboxes a week, some whole folders", "mail-bulk-read", "unusual-login")
	all := slices.Concat(m.opened, m.stolen)
	for i, day := range m.days("2024-07-02", "2024-11-20") {
		if i%3 > 0 {
			continue
		}
		do := reading{with: chromeWindows, mails: 12, files: i % 4}
		if i%12 == 0 {
			do.folders = 4
		}
		m.mail(read, all[i/3%len(all)], m.evening(day), m.exits[i%len(m.exits)], do)
	}
}

func (m *mirror) tunnels() {
	act := m.act(phrase{"PC からの Visual Studio Code のトンネル", "a tunnel of Visual Studio Code from the PC"}, "T1219", 0, "a copy of the program that nobody installed; what passes through the tunnel is Microsoft's traffic", "tunnel", "long-connection")
	for i, day := range m.days("2024-07-23", "2024-09-20") {
		if i%4 == 1 {
			m.move(act, m.clock(day, "18:20")+m.d.span(0, 20*minute), func(t int64, d *dice) {
				m.r.tunnelOut(act, t, m.victim(), m.lure, d.span(5*hour, 9*hour), d)
			})
		}
	}
}

func (m *mirror) fileServer() {
	act := m.act(phrase{"PC から各部署の文書を読む", "documents of the departments read from the PC"}, "T1039", 0, "with the member's own rights, a few hundred at a time", "excess-taking", "lateral-path")
	for i, day := range m.days("2024-08-27", "2024-11-14") {
		if i%7 == 3 {
			m.move(act, m.evening(day), func(t int64, d *dice) {
				m.r.readDepartmentFiles(act, t, m.victim(), m.w.ad.pc(m.victim()), 120+d.n(180), d)
			})
		}
	}
}

func (m *mirror) sandbox() {
	ready := m.act(phrase{"Windows サンドボックスを有効にする", "Windows Sandbox turned on"}, "T1564.006", 0, "and a task made that starts it; it needs a restart", "sigma")
	m.move(ready, m.at("2024-09-03 12:25"), func(t int64, d *dice) {
		pc, by := m.w.ad.pc(m.victim()), m.r.implant(m.victim(), m.lure)
		by.by, by.session = pc.system(), systemSession
		t = m.r.orders(ready, t, pc, by, d, "dism  /online /enable-feature /featurename:Containers-DisposableClientVM /all /norestart", "shutdown  /r /t 60")
		pc.task(t+5*second, `\Microsoft\Windows\HotfixAssist`, `C:\Windows\System32\WindowsSandbox.exe`, m.wsb, "CalendarTrigger", pc.system(), systemSession)
	})
	runs := m.act(phrase{"タスクがサンドボックスを起動する", "the sandbox started by the task"}, "T1053.005", 0, "it maps a folder of the PC and has a connection out for hours", "long-connection", "beacon", "sigma")
	within := m.act(phrase{"サンドボックス内で働く 2 つ目のプログラム", "a second implant at work inside the sandbox"}, "T1564.006", 0, "its own log is in the sandbox and is gone with it")
	for i, day := range m.days("2024-09-05", "2024-11-20") {
		if i%3 > 0 {
			continue
		}
		m.move(runs, m.clock(day, "12:30")+m.d.span(0, 2*minute), func(t int64, d *dice) {
			took := d.span(3*hour, 6*hour)
			m.r.sandboxed(runs, t, m.victim(), m.sb, m.wsb, took, d)
			m.g.used(within, t+d.span(10*minute, took), -1, 0)
		})
	}
}

func (m *mirror) smallUploads() {
	act := m.act(phrase{"ファイルを小分けに外へ送る", "files sent out in small pieces"}, "T1030", 0, "one or two megabytes at a time, twice a week", "small-chunk-upload", "upload")
	for i, day := range m.days("2024-07-02", "2024-11-19") {
		if i%3 == 1 {
			m.move(act, m.clock(day, "17:10")+m.d.span(0, hour), func(t int64, d *dice) { m.r.sendChunks(act, t, m.victim(), m.drop, 4+d.n(6), d) })
		}
	}
}

func (m *mirror) cleaningBefore() {
	act := m.act(phrase{"PC のログを消去する", "the PC's log emptied"}, "T1070.001", 0, "what it had forwarded is kept", "log-cleared")
	m.move(act, m.at("2024-11-21 18:31"), func(t int64, d *dice) {
		m.r.emptyLog(act, t, m.w.ad.pc(m.victim()), m.r.implant(m.victim(), m.lure), d)
	})
}

// found is what was known at first: the police name an address that the implant calls.
func (m *mirror) found() {
	m.g.found = &Found{Time: utc(m.at("2024-11-22 18:30")), How: "the police tell the institute that one of its addresses talks to a server of the group's", HowJa: "研究所のアドレスが攻撃者グループのサーバと通信していると、警察から連絡が来る", Addresses: []string{m.w.book.all[m.c2].ip}, Accounts: []string{}}
}
