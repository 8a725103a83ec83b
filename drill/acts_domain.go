// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// What an intruder does in the Windows domain. Each act knows its traces: those of a PC exist only if the PC forwards its events.

// shows returns the kind of log that a machine's own events are in, if they are in any.
func (a *adWorld) shows(h *winHost) trace {
	switch {
	case !h.logs():
		return 0
	case h == a.dc1 || h == a.dc2:
		return onDomain
	case h.log.forwarded:
		return onPCs
	}
	return onWindows
}

// also notes more kinds of log that show an act, but not the address that it came from or went to.
func (g *ledger) also(act int, t int64, logs trace) { g.acts[act].show(t, g.shown(t, logs)) }

// hidden notes an address that an act came from and that none of the institute's logs names.
func (g *ledger) hidden(act int, t int64, at int32) {
	g.acts[act].at[at] = true
	if g.addresses[at] == nil {
		g.addresses[at] = &tally{}
	}
	g.addresses[at].add(t, 0)
}

// sendLure is the mail itself, from the real address of somebody outside whom the institute writes with, through that one's own
// mail system. The gateway's log has it as any other; without a gateway it is in no log.
func (r *run) sendLure(act int, t int64, who int32, d *dice) {
	if !r.w.has(sysMailGateway) {
		r.g.used(act, t, -1, 0)
		return
	}
	c := r.w.mailPartner(4)
	name, ip := r.gateway(t)
	r.l.gateMail.host = name
	r.mailFrom(t, &r.w.people[who], c, surnames()[7]+"@"+c.domain, d.span(14000, 19000), ip, d)
	r.g.used(act, t, -1, onGateway|onEdge)
}

// lure is a mail with a link to an archive, and what comes after it.
type lure struct {
	link, host string // in the mail
	document   string // in the archive
	folder     string // where the program is put, below ProgramData
	program    string // a maker's signed program, which loads the library beside it
	task       string // that starts it again
}

// openLure is a member who follows the link and opens the document: the browser, the archive, the document's macro, a signed
// program started by Windows' own management service, and a task that starts it again.
func (r *run) openLure(act int, t int64, who int32, l lure, d *dice) {
	p, pc, start := &r.w.people[who], r.w.ad.pc(who), t
	from := &r.w.book.all[p.egress]
	r.l.audit.mailItems(t-12*second, p, from, outlookDesktop, false, 1, d) // as whenever he reads a mail
	const office = `C:\Program Files\Microsoft Office\root\Office16\`
	const edge = `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`
	pc.start(t, r.atDesk(p, who, pc, office+"OUTLOOK.EXE", edge, `"`+edge+`" --single-argument `+l.link), d)
	r.l.dns.query(t+second, pc.ip, l.host, "A", d)
	r.l.edge.write(r.outward(t+20*second, pc.ip, "13.107."+itoa(40+d.n(4))+"."+itoa(1+d.n(250)), "United States", from.ip, 443, 18*second, d.span(20000, 40000), d.span(1500<<10, 2500<<10), d))
	t += d.span(50*second, 3*minute)
	pc.start(t, r.atDesk(p, who, pc, explorer, office+"WINWORD.EXE", `"`+office+`WINWORD.EXE" /n "C:\Users\`+p.uid+`\AppData\Local\Temp\Temp1_`+l.document+`.zip\`+l.document+`.docm" /o ""`), d)
	t += d.span(8*second, 30*second) // the macro asks Windows' management service to start the program, which so has another parent
	const wmi = `C:\Windows\System32\wbem\WmiPrvSE.exe`
	image := `C:\ProgramData\` + l.folder + `\` + l.program
	pc.start(t, r.atDesk(p, who, pc, wmi, explorer, `explorer.exe `+image), d)
	pc.start(t+second, r.atDesk(p, who, pc, explorer, image, `"`+image+`" `), d)
	pc.task(t+4*second, `\Microsoft\Windows\`+l.task, image, "", "LogonTrigger", p.user(), pc.workday(r.day))
	logs := r.w.ad.shows(pc)
	r.g.used(act, start, -1, logs|onDNS|onEdge|onAudit)
	r.g.lasted(act, t)
	r.g.acts[act].who[who] = true
	r.g.reached(act, start, pc.name, pc.ip, true, logs|onDNS|onEdge)
}

// callHome is a day of an implant on a PC: it asks for orders while the PC is in use, with some jitter.
func (r *run) callHome(act int, t int64, who, at int32, name string, every int64, d *dice) {
	pc, c2, p := r.w.ad.pc(who), &r.w.book.all[at], &r.w.people[who]
	m, where, _ := r.where(nil, r.day, int(who))
	if where != placeOffice {
		return // the PC sleeps
	}
	start, end := m.officeHours()
	for t := max(t, r.w.cal.at(r.day, start+10)); t < r.w.cal.at(r.day, end-5); t += d.span(every*3/4, every*5/4) {
		r.l.dns.query(t-second, pc.ip, name, "A", d)
		r.l.edge.write(r.outward(t+2*second, pc.ip, c2.ip, country(c2.country), r.w.book.all[p.egress].ip, 443, 2*second, d.span(640, 760), d.span(900, 1250), d))
		r.g.used(act, t, at, onEdge)
		r.g.also(act, t, onDNS)
		r.g.reached(act, t, pc.name, pc.ip, true, onEdge|onDNS)
	}
}

// orders runs commands on a machine, one after another, as the machine records them.
func (r *run) orders(act int, t int64, h *winHost, by program, d *dice, lines ...string) int64 {
	shell, start := by, t
	shell.image, shell.line = cmdExe, `cmd.exe /c `
	pid := h.start(t, shell, d)
	for _, line := range lines {
		t += d.span(4*second, 90*second)
		do := by
		do.parent, do.parentPID, do.image, do.line = cmdExe, pid, `C:\Windows\System32\`+firstWord(line)+".exe", line
		h.start(t, do, d)
	}
	logs := r.w.ad.shows(h)
	r.g.used(act, start, -1, logs)
	r.g.lasted(act, t)
	r.g.reached(act, start, h.name, h.ip, true, logs)
	return t
}

func firstWord(s string) string {
	for i := range len(s) {
		if s[i] == ' ' {
			return s[:i]
		}
	}
	return s
}

// implant is what a program that an intruder has put on a PC starts.
func (r *run) implant(who int32, l lure) program {
	p, pc := &r.w.people[who], r.w.ad.pc(who)
	return r.atDesk(p, who, pc, `C:\ProgramData\`+l.folder+`\`+l.program, "", "")
}

// tunnelOut holds a developer's tunnel open from a PC: with a copy of Visual Studio Code's program that nobody installed.
func (r *run) tunnelOut(act int, t int64, who int32, l lure, took int64, d *dice) {
	p, pc := &r.w.people[who], r.w.ad.pc(who)
	by := r.implant(who, l)
	by.image, by.line = `C:\Users\Public\Libraries\code.exe`, `"C:\Users\Public\Libraries\code.exe" tunnel --accept-server-license-terms --name desktop-`+pc.name[len(pc.name)-3:]
	pc.start(t, by, d)
	r.l.dns.query(t+second/2, pc.ip, "github.com", "A", d)
	r.codeTunnel(t, pc.ip, r.w.book.all[p.egress].ip, took, d.span(20<<20, 120<<20), d.span(6<<20, 30<<20), d)
	logs := r.w.ad.shows(pc) | onDNS | onEdge
	r.g.used(act, t, -1, logs)
	r.g.used(act, t+took, -1, onEdge)
	r.g.reached(act, t, pc.name, pc.ip, true, logs)
}

// sandboxed runs the implant in Windows Sandbox, started by a task that he has made: the PC shows the sandbox and where it
// connects to, not what runs in it.
func (r *run) sandboxed(act int, t int64, who, at int32, wsb string, took int64, d *dice) {
	p, pc, to := &r.w.people[who], r.w.ad.pc(who), &r.w.book.all[at]
	r.sandbox(t, pc, program{parent: svchost, by: pc.system(), session: systemSession}, wsb, d)
	r.l.edge.write(r.outward(t+took, pc.ip, to.ip, country(to.country), r.w.book.all[p.egress].ip, 443, took-30*second, d.span(2<<20, 9<<20), d.span(1<<20, 6<<20), d))
	logs := r.w.ad.shows(pc)
	r.g.used(act, t, at, onEdge)
	r.g.also(act, t, logs)
	r.g.reached(act, t, pc.name, pc.ip, true, logs|onEdge)
}

// readDepartmentFiles reads many files of the departments' file server with a member's password.
func (r *run) readDepartmentFiles(act int, t int64, who int32, from *winHost, n int, d *dice) int64 {
	a, p := r.w.ad, &r.w.people[who]
	start := t
	t = r.copyFiles(t, p.user(), a.isAdmin(who), from.ip, "kenkyu", n, 1500*millisecond, func(int) []access { return []access{toRead()} }, d)
	logs := onWindows | onDomain | onEdge
	r.g.entered(act, start, who, -1, logs)
	r.g.used(act, t, -1, logs)
	r.g.took("file", who, "viewed", int64(n), int64(n)*d.span(60<<10, 200<<10))
	r.g.reached(act, start, a.fs2.name, fs2IP, false, logs)
	r.g.reached(act, start, from.name, from.ip, true, logs)
	return t
}

// sendChunks sends a little out from a PC, in pieces some minutes apart.
func (r *run) sendChunks(act int, t int64, who, at int32, pieces int, d *dice) {
	p, pc, to, start := &r.w.people[who], r.w.ad.pc(who), &r.w.book.all[at], t
	for range pieces {
		took := d.span(2*second, 9*second)
		r.l.edge.write(r.outward(t+took, pc.ip, to.ip, country(to.country), r.w.book.all[p.egress].ip, 443, took, d.span(700<<10, 1900<<10), d.span(4000, 9000), d))
		r.g.took("file", who, "leaked", 0, 0) // of those that were read, counted there
		r.g.used(act, t, at, onEdge)
		t += d.span(3*minute, 14*minute)
	}
	r.g.reached(act, start, pc.name, pc.ip, true, onEdge)
}

// emptyLog empties a machine's Security log. What it has forwarded by then is kept elsewhere.
func (r *run) emptyLog(act int, t int64, h *winHost, by program, d *dice) {
	by.image, by.line = `C:\Windows\System32\wevtutil.exe`, `wevtutil.exe  cl Security`
	h.start(t, by, d)
	h.wiped(t+200*millisecond, by.by, by.session)
	logs := r.w.ad.shows(h)
	r.g.used(act, t, -1, logs)
	r.g.reached(act, t, h.name, h.ip, true, logs)
}

// knockSubsidiary tries an old account at the subsidiary's VPN, from an address that only the subsidiary's firewall saw.
func (r *run) knockSubsidiary(act int, t int64, who, at int32, ok bool, d *dice) {
	r.subsidiaryVPN(t, &r.w.people[who], ok, d)
	if ok {
		r.g.entered(act, t, who, -1, onDomain)
	} else {
		r.g.used(act, t, -1, onDomain)
	}
	r.g.hidden(act, t, at)
	r.g.reached(act, t, "sub-fw", subGateway, false, onDomain)
}

// desktopInside is a remote desktop session of the intruder on a machine of the domain, with a member's password. It returns
// the session's number.
func (r *run) desktopInside(act int, t int64, who int32, fromName, ip string, to *winHost, took int64, d *dice) uint64 {
	a, p := r.w.ad, &r.w.people[who]
	s := r.remoteDesk(t, to, p.user(), a.isAdmin(who), ip, took, 0, d)
	logs := onDomain | onEdge | a.shows(to)
	r.g.entered(act, t, who, -1, logs)
	r.g.used(act, t+took, -1, onEdge)
	r.g.reached(act, t, to.name, to.ip, true, logs)
	r.g.reached(act, t, fromName, ip, true, logs)
	return s
}

// intoSubServer is a remote desktop session on the subsidiary's server, whose own log stays there: the domain controller gives
// the ticket for it, and that is all.
func (r *run) intoSubServer(act int, t int64, who int32, ip string, d *dice) {
	dc, p := r.w.ad.dc2, &r.w.people[who]
	dc.ticket(t-300*millisecond, p.user(), ip, d)
	dc.serviceTicket(t-250*millisecond, p.user(), r.w.sub.server, ip, d)
	r.g.entered(act, t, who, -1, onDomain)
	r.g.reached(act, t, r.w.sub.server.name, subServer, true, onDomain)
}

// spreadByPsExec runs a line on machines with PsExec, from one of them.
func (r *run) spreadByPsExec(act int, t int64, who int32, from *winHost, to []*winHost, line string, d *dice) int64 {
	p := &r.w.people[who]
	for _, h := range to {
		t += d.span(5*second, 40*second)
		r.psExec(t, h, p.user(), from.ip, line, d)
		logs := onDomain | onEdge | r.w.ad.shows(h)
		r.g.entered(act, t, who, -1, logs)
		r.g.reached(act, t, h.name, h.ip, true, logs)
	}
	return t
}

// ransom is what a program for ransom leaves on shares.
type ransom struct{ ending, note string }

// encryptFS2 works through the departments' file server over the network: each file is read, written under another ending and
// deleted, a note is left in each folder. n files in a few minutes.
func (r *run) encryptFS2(act int, t int64, who int32, from *winHost, n int, x ransom, d *dice) int64 {
	a, p, list := r.w.ad, &r.w.people[who], topics()
	u, start := p.user(), t
	a.dc(d).serviceTicket(t-50*millisecond, u, a.fs2, from.ip, d)
	o := logon{who: u, kind: logonNetwork, from: from.ip, admin: true}
	o.session = a.fs2.logon(t, o, d)
	port := a.fs2.shared(t+10*millisecond, u, o.session, from.ip, adShare, adSharePath, d)
	file := func(name string, what access) {
		a.fs2.file(t, u, o.session, from.ip, port, adShare, adSharePath, name, what, true)
	}
	for i := range n {
		t += d.span(15*millisecond, 95*millisecond)
		folder := list[i/50%len(list)] + `\` + itoa(2012+i/1000%12)
		if i%50 == 0 {
			file(folder+`\`+x.note, toWrite())
		}
		name := folder + `\` + list[d.n(len(list))] + "-" + itoa(i) + []string{".docx", ".xlsx", ".pdf", ".jtd"}[d.n(4)]
		file(name, toRead())
		file(name+x.ending, toWrite())
		file(name, toDelete())
	}
	a.fs2.logoff(t+20*second, o)
	bytes := int64(n) * d.span(150<<10, 400<<10)
	r.l.edge.write(r.inner(t+20*second, from.ip, fs2IP, 445, "close", t-start, bytes, bytes, d))
	r.encrypted(act, start, t, who, from, a.fs2.name, fs2IP, onWindows|onDomain|onEdge, n, bytes)
	return t
}

// encryptFS1 does the same to the old file server, whose Samba logs each call.
func (r *run) encryptFS1(act int, t int64, who int32, from *winHost, n int, x ransom, d *dice) int64 {
	l, p, list, start := r.l.files, &r.w.people[who], topics(), t
	pid := 2000 + d.n(30000)
	did := func(op, what string) { l.did(t, pid, p.uid, from.ip, from.name, "projects", op, "ok", what) }
	did("connect", "projects")
	for i := range n {
		t += d.span(15*millisecond, 110*millisecond)
		folder := "/srv/projects/" + list[i/60%len(list)] + "/" + list[i/600%len(list)]
		if i%60 == 0 {
			did("openat", "w|"+folder+"/"+x.note)
		}
		name := folder + "/" + list[d.n(len(list))] + "-" + itoa(i) + []string{".xlsx", ".docx", ".dat", ".csv"}[d.n(4)]
		did("openat", "r|"+name)
		did("openat", "w|"+name)
		did("renameat", name+"|"+name+x.ending)
	}
	t += second
	did("disconnect", "projects")
	bytes := int64(n) * d.span(150<<10, 400<<10)
	r.l.edge.write(r.inner(t+20*second, from.ip, filesIP, 445, "close", t-start, bytes, bytes, d))
	r.encrypted(act, start, t, who, from, "fs1", filesIP, onFiles|onEdge, n, bytes)
	return t
}

// encrypted is what an encryption leaves in the ledger: whoever encrypts a file has read it, and nothing says that it went out.
func (r *run) encrypted(act int, from, to int64, who int32, host *winHost, name, ip string, logs trace, n int, bytes int64) {
	r.g.entered(act, from, who, -1, logs)
	r.g.used(act, to, -1, logs)
	r.g.took("file", -1, "possible", int64(n), bytes)
	r.g.reached(act, from, name, ip, true, logs)
	r.g.reached(act, from, host.name, host.ip, true, logs)
}
