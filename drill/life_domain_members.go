// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// What members do at the PCs of the Windows domain.

func localSystem() winUser { return winUser{"S-1-5-18", "SYSTEM", "NT AUTHORITY"} }

const (
	explorer = `C:\Windows\explorer.exe`
	svchost  = `C:\Windows\System32\svchost.exe`
	winSvc   = `C:\Windows\System32\services.exe`
	cmdExe   = `C:\Windows\System32\cmd.exe`
	psExe    = `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`
)

// atPC performs a member's moment at the PC.
func (r *run) atPC(own int, m moment, pc *winHost, d *dice) {
	p := &r.w.people[m.who]
	switch own {
	case adArrives:
		r.sitDown(m.t, p, m.who, pc, m.n > 0, d)
	case adUnlocks:
		dc := r.w.ad.dc(d)
		o := logon{who: p.user(), kind: logonUnlock, admin: r.w.ad.isAdmin(m.who)}
		o.session = pc.logon(m.t, o, d)
		pc.logoff(m.t+3*millisecond, o)
		dc.ticket(m.t-20*millisecond, p.user(), pc.ip, d)
	case adLeaves:
		pc.logoff(m.t, logon{who: p.user(), kind: logonDesk, session: pc.workday(r.day)})
		if m.n > 0 {
			pc.start(m.t+second, program{winSvc, `C:\Windows\System32\svchost.exe`, `C:\Windows\System32\svchost.exe -k netsvcs -p -s UsoSvc`, pc.system(), systemSession, "", "0x2dc", false, false}, d)
		}
	case adPrograms:
		r.usualProgram(m.t, p, m.who, pc, d)
	case adFiles:
		r.departmentFiles(m.t, p, pc.ip, d)
	case adSlips:
		r.slipAtPC(m.t, p, pc, m.n > 0, d)
	case adLocksOut:
		r.lockOut(m.t, p, pc, d)
	case adFromHome:
		home := &r.w.book.all[p.home(r.day)]
		took := int64(m.n) * minute
		r.remoteDesk(m.t, pc, p.user(), r.w.ad.isAdmin(m.who), r.inside(p, home), took, pc.workday(r.day), d)
		for range 4 {
			r.usualProgram(m.t+d.span(2*minute, took-minute), p, m.who, pc, d)
		}
	case adTerminal:
		took := d.span(8*minute, 70*minute)
		s := r.remoteDesk(m.t, r.w.ad.term1, p.user(), false, pc.ip, took, 0, d)
		pc.start(m.t-4*second, r.atDesk(p, m.who, pc, explorer, `C:\Windows\System32\mstsc.exe`, `"C:\Windows\System32\mstsc.exe" "C:\Users\Public\Desktop\Kaikei.rdp"`), d)
		r.w.ad.term1.start(m.t+3*second, program{explorer, `C:\Program Files (x86)\Kaikei\Kaikei.exe`, `"C:\Program Files (x86)\Kaikei\Kaikei.exe"`, p.user(), s, "", "", false, false}, d)
	}
}

// atDesk is a program that a member starts in the session of the day.
func (r *run) atDesk(p *person, who int32, pc *winHost, parent, image, line string) program {
	return program{parent: parent, image: image, line: line, by: p.user(), session: pc.workday(r.day), elevated: r.w.ad.isAdmin(who)}
}

// sitDown is the morning: the PC starts and finds its domain, the member signs in, and the drives are connected.
func (r *run) sitDown(t int64, p *person, who int32, pc *winHost, cold bool, d *dice) {
	a := r.w.ad
	dc := a.dc(d)
	if cold {
		pc.logon(t-28*second, logon{who: localSystem(), kind: logonService, session: systemSession}, d)
		r.l.dns.query(t-27*second, pc.ip, "_ldap._tcp.dc._msdcs."+adDNS, "SRV", d)
		dc.ticket(t-27*second, pc.self(), pc.ip, d)
		r.groupPolicy(t-26*second, pc.self(), pc.ip, dc, d)
	}
	u := p.user()
	pc.explicit(t, pc.system(), systemSession, u, "localhost", "localhost", svchost, "127.0.0.1")
	pc.logon(t+40*millisecond, logon{who: u, kind: logonDesk, admin: a.isAdmin(who), session: pc.workday(r.day)}, d)
	dc.ticket(t+10*millisecond, u, pc.ip, d)
	dc.serviceTicket(t+30*millisecond, u, pc, pc.ip, d)
	dc.serviceTicket(t+800*millisecond, u, a.fs2, pc.ip, d)
	pc.start(t+300*millisecond, r.atDesk(p, who, pc, `C:\Windows\System32\userinit.exe`, explorer, `C:\Windows\Explorer.EXE`).numbered(pc.pid(explorer, r.day)), d)
	pc.start(t+2*second, r.atDesk(p, who, pc, `C:\Windows\System32\gpscript.exe`, cmdExe, `C:\Windows\system32\cmd.exe /c "\\`+adDNS+`\SysVol\`+adDNS+`\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}\User\Scripts\Logon\drives.bat"`), d)
	s := a.fs2.logon(t+900*millisecond, logon{who: u, kind: logonNetwork, from: pc.ip}, d)
	a.fs2.shared(t+950*millisecond, u, s, pc.ip, adShare, adSharePath, d)
	took := d.span(14*minute, 40*minute)
	a.fs2.logoff(t+took, logon{who: u, kind: logonNetwork, session: s})
	r.l.edge.write(r.inner(t+took, pc.ip, fs2IP, 445, "close", took, d.span(4000, 9000), d.span(5000, 20000), d))
}

func (p program) numbered(pid string) program {
	p.pid = pid
	return p
}

// groupPolicy is a look at the policies on a domain controller.
func (r *run) groupPolicy(t int64, u winUser, ip string, dc *winHost, d *dice) {
	dc.serviceTicket(t, u, dc, ip, d)
	s := dc.logon(t+20*millisecond, logon{who: u, kind: logonNetwork, from: ip}, d)
	dc.shared(t+40*millisecond, u, s, ip, "SYSVOL", `C:\Windows\SYSVOL\sysvol`, d)
	dc.logoff(t+12*second, logon{who: u, kind: logonNetwork, session: s})
}

// usual is a program that people start: from what, and how.
type usual struct{ parent, image, line string }

func usualPrograms() []usual {
	const office = `C:\Program Files\Microsoft Office\root\Office16\`
	const edge = `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`
	return []usual{
		{explorer, office + "OUTLOOK.EXE", `"` + office + `OUTLOOK.EXE" `},
		{explorer, office + "EXCEL.EXE", `"` + office + `EXCEL.EXE" "\\fs2\bumon\yosan\yosan-2024.xlsx"`},
		{explorer, office + "WINWORD.EXE", `"` + office + `WINWORD.EXE" /n "C:\Users\Public\Documents\houkoku.docx"`},
		{explorer, edge, `"` + edge + `" --profile-directory=Default`},
		{office + "OUTLOOK.EXE", edge, `"` + edge + `" --single-argument https://www.jstage.jst.go.jp/article/`},
		{explorer, `C:\Program Files\Google\Chrome\Application\chrome.exe`, `"C:\Program Files\Google\Chrome\Application\chrome.exe" `},
		{explorer, `C:\Program Files\Adobe\Acrobat DC\Acrobat\Acrobat.exe`, `"C:\Program Files\Adobe\Acrobat DC\Acrobat\Acrobat.exe" "C:\Users\Public\Downloads\mitsumori.pdf"`},
		{explorer, `C:\Windows\System32\notepad.exe`, `"C:\Windows\System32\notepad.exe" memo.txt`},
		{explorer, `C:\Program Files\7-Zip\7zFM.exe`, `"C:\Program Files\7-Zip\7zFM.exe" "C:\Users\Public\Downloads\shiryou.zip"`},
		{explorer, `C:\Windows\System32\SnippingTool.exe`, `"C:\Windows\System32\SnippingTool.exe"`},
		{svchost, `C:\Windows\System32\taskhostw.exe`, `taskhostw.exe Install $(Arg0)`},
		{svchost, `C:\Windows\System32\RuntimeBroker.exe`, `C:\Windows\System32\RuntimeBroker.exe -Embedding`},
	}
}

// systemPrograms are what Windows and its programs start by themselves.
func systemPrograms() []usual {
	const c2r = `C:\Program Files\Common Files\microsoft shared\ClickToRun\OfficeC2RClient.exe`
	return []usual{
		{svchost, c2r, `"` + c2r + `" /frequentupdate SCHEDULEDTASK displaylevel=False`},
		{svchost, `C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe`, `"C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe" /ua /installsource scheduler`},
		{svchost, `C:\Windows\System32\wbem\WmiPrvSE.exe`, `C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding`},
		{`C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24060.7-0\MsMpEng.exe`, `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24060.7-0\MpCmdRun.exe`, `"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24060.7-0\MpCmdRun.exe" SignatureUpdate -ScheduleJob`},
		{winSvc, `C:\Windows\servicing\TrustedInstaller.exe`, `C:\Windows\servicing\TrustedInstaller.exe`},
		{svchost, `C:\Windows\System32\MoUsoCoreWorker.exe`, `C:\Windows\System32\mousocoreworker.exe -Embedding`},
	}
}

func (r *run) usualProgram(t int64, p *person, who int32, pc *winHost, d *dice) {
	if d.chance(0.3) {
		list := systemPrograms()
		u := list[d.n(len(list))]
		pc.start(t, program{parent: u.parent, image: u.image, line: u.line, by: pc.system(), session: systemSession}, d)
		return
	}
	list := usualPrograms()
	u := list[d.n(len(list))]
	pc.start(t, r.atDesk(p, who, pc, u.parent, u.image, u.line), d)
}

// departmentFiles is some minutes of work on the departments' file server.
func (r *run) departmentFiles(t int64, p *person, ip string, d *dice) {
	a, list, u := r.w.ad, topics(), p.user()
	start := t
	a.dc(d).serviceTicket(t-50*millisecond, u, a.fs2, ip, d)
	s := a.fs2.logon(t, logon{who: u, kind: logonNetwork, from: ip}, d)
	from := a.fs2.shared(t+10*millisecond, u, s, ip, adShare, adSharePath, d)
	for range 1 + d.n(4) {
		t += d.span(3*second, 6*minute)
		what := toRead()
		if d.chance(0.3) {
			what = toWrite()
		}
		a.fs2.file(t, u, s, ip, from, adShare, adSharePath, list[d.n(len(list))]+`\`+list[d.n(len(list))]+"-"+itoa(d.n(60))+".xlsx", what, true)
	}
	t += d.span(minute, 20*minute)
	a.fs2.logoff(t, logon{who: u, kind: logonNetwork, session: s})
	r.l.edge.write(r.inner(t, ip, fs2IP, 445, "close", t-start, d.span(9000, 900<<10), d.span(20<<10, 12<<20), d))
}

// slipAtPC is a wrong password or a mistyped name at the desk.
func (r *run) slipAtPC(t int64, p *person, pc *winHost, name bool, d *dice) {
	u, why := p.user(), wrongPassword
	if name {
		u.name, u.sid, why = mistyped(p, d), "S-1-0-0", noSuchUser
	}
	pc.refused(t, logon{who: u, kind: logonUnlock - 5*btoi(d.chance(0.5))}, why, d)
	r.w.ad.dc(d).noTicket(t-15*millisecond, u, pc.ip, why, d)
}

// lockOut is a password forgotten, tried until the account is locked, and a call to the help desk.
func (r *run) lockOut(t int64, p *person, pc *winHost, d *dice) {
	a, u := r.w.ad, p.user()
	for i := range 10 {
		pc.refused(t, logon{who: u, kind: logonUnlock}, wrongPassword, d)
		a.dc1.noTicket(t-15*millisecond, u, pc.ip, wrongPassword, d)
		if i == 9 {
			a.dc1.locked(t, u, pc.name)
		}
		t += d.span(6*second, 25*second)
	}
	pc.refused(t, logon{who: u, kind: logonUnlock}, lockedOut, d)
	a.dc1.noTicket(t-15*millisecond, u, pc.ip, lockedOut, d)
	if len(a.helpers) == 0 {
		return
	}
	h := r.w.people[a.helpers[d.n(len(a.helpers))]].user()
	t += d.span(5*minute, 30*minute)
	s := a.dc1.session(t, d)
	a.dc1.accountChange(t, "4767", h, s, u)
	if d.chance(0.5) {
		a.dc1.accountChange(t+20*second, "4724", h, s, u)
	}
	o := logon{who: u, kind: logonUnlock}
	t += d.span(minute, 4*minute)
	o.session = pc.logon(t, o, d)
	pc.logoff(t+3*millisecond, o)
	a.dc1.ticket(t-20*millisecond, u, pc.ip, d)
}

// remoteDesk is a remote desktop session on a machine of the domain, from its start to its end: the logon that the network
// level asks for, the session's own, and what the terminal services write. It returns the session's number.
func (r *run) remoteDesk(t int64, to *winHost, u winUser, admin bool, ip string, took int64, session uint64, d *dice) uint64 {
	dc := r.w.ad.dc(d)
	dc.ticket(t-300*millisecond, u, ip, d)
	dc.serviceTicket(t-250*millisecond, u, to, ip, d)
	first := logon{who: u, kind: logonNetwork, from: ip, admin: admin}
	first.session = to.logon(t-200*millisecond, first, d)
	to.arrived(t-100*millisecond, u, ip)
	o := logon{who: u, kind: logonRemote, from: ip, admin: admin, session: session}
	o.session = to.logon(t, o, d)
	number := 2 + d.n(4)
	to.desktop(t+600*millisecond, 21, u, ip, number)
	to.logoff(t+4*second, first)
	if d.chance(0.3) && took > 20*minute { // the line breaks, or lunch
		pause := d.span(took/3, took/2)
		to.desktop(t+pause, 24, u, ip, number)
		to.desktop(t+pause+d.span(minute, 8*minute), 25, u, ip, number)
	}
	if d.chance(0.6) {
		to.desktop(t+took, 23, u, ip, number)
		to.logoff(t+took+50*millisecond, o)
	} else {
		to.desktop(t+took, 24, u, ip, number)
	}
	r.l.edge.write(r.inner(t+took, ip, to.ip, 3389, "close", took, took/second*d.span(900, 2500), took/second*d.span(6000, 40000), d))
	return o.session
}
