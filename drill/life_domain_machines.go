// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// What runs by itself in the Windows domain: servers, copies, backups, a copier; and changes of accounts.

// The ways in which accounts are changed.
const (
	changeJoins    = iota // a new member
	changePassword        // a member's own
	changeGroup           // a member is added to a group
	changeReset           // the help desk resets a password
)

func (r *run) changeAccount(t int64, who int32, how int, d *dice) {
	a, p := r.w.ad, &r.w.people[who]
	dc := a.dc1
	s := dc.session(t, d)
	switch how {
	case changeJoins:
		by := serviceUser("svc-idm") // the identity management makes and changes accounts at night and on request
		dc.accountChange(t, "4720", by, s, p.user())
		dc.accountChange(t+20*millisecond, "4722", by, s, p.user())
		dc.accountChange(t+30*millisecond, "4738", by, s, p.user())
		dc.accountChange(t+40*millisecond, "4724", by, s, p.user())
		dc.groupChange(t+second, "4728", by, s, userDN(p), p.user(), winUser{adSID + "1601", "G-" + departments()[p.department], adDomain})
	case changePassword:
		dc.accountChange(t, "4723", p.user(), s, p.user())
		dc.accountChange(t+10*millisecond, "4738", p.user(), s, p.user())
	case changeGroup:
		whom := &r.w.people[a.owner[d.n(len(a.owner))]]
		if d.chance(0.2) { // a member wants to install something
			if pc := a.pc(a.owner[d.n(len(a.owner))]); pc != nil {
				pc.groupChange(t, "4732", p.user(), pc.session(t, d), "-", whom.user(), winUser{"S-1-5-32-544", "Administrators", "Builtin"})
			}
			return
		}
		dc.groupChange(t, "4728", p.user(), s, userDN(whom), whom.user(), winUser{adSID + itoa(1602+d.n(20)), "G-project-" + itoa(1+d.n(20)), adDomain})
	case changeReset:
		whom := &r.w.people[a.owner[d.n(len(a.owner))]]
		dc.accountChange(t, "4724", p.user(), s, whom.user())
		dc.accountChange(t+10*millisecond, "4738", p.user(), s, whom.user())
	}
}

func userDN(p *person) string {
	return "CN=" + p.name + ",OU=People,DC=ad,DC=hakusan-lab,DC=example"
}

// heartbeat is an hour of the servers: the domain controllers copy from one another, services start, monitoring asks.
func (r *run) heartbeat(t int64, hour int, d *dice) {
	a := r.w.ad
	r.peer(t, a.dc2, a.dc1, d)
	r.peer(t+d.span(second, 5*minute), a.dc1, a.dc2, d)
	monitor := serviceUser("svc-monitor")
	for _, h := range a.servers {
		if (hour+int(h.key%3))%3 > 0 { // every third hour
			continue
		}
		h.logon(t+d.span(0, 20*minute), logon{who: localSystem(), kind: logonService, session: systemSession}, d)
		o := logon{who: monitor, kind: logonNetwork, from: vendorNMS, ntlm: true, station: "ven-nms"}
		at := t + d.span(second, 20*minute)
		o.session = h.logon(at, o, d)
		h.logoff(at+2*second, o)
		a.dc1.ntlm(at-5*millisecond, monitor, "ven-nms", "0x0")
	}
	if hour%6 == 0 {
		at := t + d.span(0, 9*minute)
		o := logon{who: serviceUser("svc-idm"), kind: logonBatch}
		a.app1.logon(at, o, d)
		a.dc1.ticket(at, o.who, app1IP, d)
		a.dc1.serviceTicket(at+5*millisecond, o.who, a.dc1, app1IP, d)
	}
}

// peer is one domain controller at the other.
func (r *run) peer(t int64, from, at *winHost, d *dice) {
	at.serviceTicket(t, from.self(), at, from.ip, d)
	o := logon{who: from.self(), kind: logonNetwork, from: from.ip, admin: true}
	o.session = at.logon(t+10*millisecond, o, d)
	at.logoff(t+30*second, o)
}

// copyFiles is a program that works through files of the share on fs2 in a few seconds or minutes; what it asks of each is
// decided by how.
func (r *run) copyFiles(t int64, u winUser, admin bool, ip, folder string, n int, pause int64, how func(i int) []access, d *dice) int64 {
	a, list, start := r.w.ad, topics(), t
	a.dc(d).serviceTicket(t-50*millisecond, u, a.fs2, ip, d)
	o := logon{who: u, kind: logonNetwork, from: ip, admin: admin}
	o.session = a.fs2.logon(t, o, d)
	from := a.fs2.shared(t+10*millisecond, u, o.session, ip, adShare, adSharePath, d)
	for i := range n {
		t += d.span(pause/3, pause*5/3)
		name := folder + `\` + list[i/40%len(list)] + `\` + list[d.n(len(list))] + "-" + itoa(i) + ".docx"
		for _, what := range how(i) {
			a.fs2.file(t, u, o.session, ip, from, adShare, adSharePath, name, what, true)
		}
	}
	a.fs2.logoff(t+11*second, o)
	bytes := int64(n) * d.span(60<<10, 200<<10)
	r.l.edge.write(r.inner(t+11*second, ip, fs2IP, 445, "close", t-start, int64(n)*700, bytes, d))
	return t
}

// nightlyCopy reads what changed, and on Sundays much more.
func (r *run) nightlyCopy(t int64, whole bool, d *dice) {
	n := 60 + d.n(60)
	if whole {
		n = 700 + d.n(200)
	}
	u := serviceUser("svc-sync")
	s := r.w.ad.app1.logon(t-second, logon{who: u, kind: logonBatch}, d)
	r.w.ad.app1.start(t, program{parent: svchost, image: `C:\Windows\System32\Robocopy.exe`, line: `robocopy.exe \\fs2\bumon E:\mirror\bumon /MIR /R:1 /W:1 /NP /LOG:E:\mirror\bumon.log`, by: u, session: s, high: true}, d)
	r.copyFiles(t+2*second, u, true, app1IP, "nendo", n, 300*millisecond, func(int) []access { return []access{toRead()} }, d)
}

// serverBackup is the night's backup: bak2 logs on everywhere, shadow copies are made and, after a while, taken away again.
func (r *run) serverBackup(t int64, d *dice) {
	a, u := r.w.ad, serviceUser("svc-backup")
	for _, h := range a.servers[:5] {
		t += d.span(20*second, 3*minute)
		a.dc(d).serviceTicket(t-40*millisecond, u, h, bak2IP, d)
		o := logon{who: u, kind: logonNetwork, from: bak2IP, admin: true}
		o.session = h.logon(t, o, d)
		h.shared(t+20*millisecond, u, o.session, bak2IP, "ADMIN$", `C:\Windows`, d)
		h.state(t+second, "Volume Shadow Copy", "running")
		took := d.span(5*minute, 40*minute)
		if h == a.fs2 {
			h.start(t+took, program{parent: cmdExe, image: `C:\Windows\System32\vssadmin.exe`, line: `vssadmin  delete shadows /for=D: /oldest /quiet`, by: u, session: o.session, high: true}, d)
		}
		h.state(t+took, "Volume Shadow Copy", "stopped")
		h.logoff(t+took, o)
		r.l.edge.write(r.inner(t+took, bak2IP, h.ip, 445, "close", took, d.span(1<<20, 9<<20), d.span(200<<20, 4<<30), d))
	}
}

// migrate moves a share: an administrator's program reads, writes, renames and deletes thousands of files within the hour.
func (r *run) migrate(t int64, d *dice) {
	a := r.w.ad
	if len(a.admins) == 0 {
		return
	}
	who := a.admins[d.n(len(a.admins))]
	p := &r.w.people[who]
	s := r.remoteDesk(t, a.app1, p.user(), true, adminIP, 3*hour, 0, d)
	a.app1.start(t+2*minute, program{parent: cmdExe, image: `C:\Windows\System32\Robocopy.exe`, line: `robocopy  \\fs2\bumon\kyu \\fs2\bumon\shin /E /MOVE /COPYALL /R:1 /W:1 /LOG:C:\Admin\ikou.log`, by: p.user(), session: s, high: true}, d)
	r.copyFiles(t+2*minute+second, p.user(), true, app1IP, "kyu", 2500+d.n(1500), 600*millisecond, func(int) []access { return []access{toRead(), toWrite(), toDelete()} }, d)
}

// renameData is a researcher's script that gives thousands of measurements on the old file server another ending.
func (r *run) renameData(t int64, d *dice) {
	p := r.staff(d, 5)
	l, pid, machine := r.l.files, 2000+d.n(30000), "pc-"+p.uid
	r.l.dns.query(t-second, p.pc, "fs1."+domain, "A", d)
	l.did(t, pid, p.uid, p.pc, machine, "projects", "connect", "ok", "projects")
	for i := range 1500 + d.n(1500) {
		t += d.span(20*millisecond, 160*millisecond)
		name := "/srv/projects/sokutei/run" + itoa(i/200) + "/data-" + itoa(i)
		l.did(t, pid, p.uid, p.pc, machine, "projects", "renameat", "ok", name+".dat|"+name+".csv")
	}
	l.did(t+second, pid, p.uid, p.pc, machine, "projects", "disconnect", "ok", "projects")
}

// copier is a copier that sends scans to the file server with a password that was changed.
func (r *run) copier(t int64, d *dice) {
	u := serviceUser("scan2folder")
	r.w.ad.fs2.refused(t, logon{who: u, kind: logonNetwork, from: "10.12.250.31", ntlm: true, station: "MFP-SOUMU-1"}, wrongPassword, d)
	r.w.ad.dc(d).ntlm(t-5*millisecond, u, "MFP-SOUMU-1", wrongPassword)
}

// scannerLogsOn is the vulnerability scanner with an account of its own; on the domain controllers it may not log on.
func (r *run) scannerLogsOn(t int64, d *dice) {
	a, u := r.w.ad, serviceUser("svc-scan")
	for _, h := range a.servers {
		t += d.span(5*second, 90*second)
		o := logon{who: u, kind: logonNetwork, from: scannerIP, ntlm: true, station: "scan1", admin: true}
		a.dc1.ntlm(t-5*millisecond, u, "scan1", "0x0")
		if h == a.dc1 || h == a.dc2 {
			h.refused(t, o, notFromHere, d)
			continue
		}
		o.session = h.logon(t, o, d)
		h.shared(t+20*millisecond, u, o.session, scannerIP, "IPC$", "", d)
		h.logoff(t+d.span(30*second, 3*minute), o)
	}
}

// restartServer is a server that restarts after its updates: services start, and Windows' own subscription comes back.
func (r *run) restartServer(t int64, h *winHost, d *dice) {
	for range 6 {
		h.logon(t+d.span(0, 20*second), logon{who: localSystem(), kind: logonService, session: systemSession}, d)
	}
	h.consumer(t+40*second, "SCM Event Log Filter", "select * from MSFT_SCMEventLogEvent", `NTEventLogEventConsumer="SCM Event Log Consumer"`)
	dc := r.w.ad.dc1
	dc.ticket(t+5*second, h.self(), h.ip, d)
	r.groupPolicy(t+6*second, h.self(), h.ip, dc, d)
}
