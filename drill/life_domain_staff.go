// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// What administrators, the help desk and developers do in the Windows domain. Much of it looks like what an intruder does.

// administer is an administrator's remote desktop session on a server.
func (r *run) administer(t int64, who int32, to *winHost, d *dice) {
	p := &r.w.people[who]
	ip := adminIP
	if pc := r.w.ad.pc(who); pc != nil {
		ip = pc.ip
		pc.start(t-6*second, r.atDesk(p, who, pc, explorer, `C:\Windows\System32\mstsc.exe`, `"C:\Windows\system32\mstsc.exe" /v:`+to.name), d)
		pc.explicit(t-2*second, p.user(), pc.workday(r.day), p.user(), to.fqdn(), "TERMSRV/"+to.name, `C:\Windows\System32\mstsc.exe`, "-")
	}
	if d.chance(0.08) {
		to.refused(t-15*second, logon{who: p.user(), kind: logonNetwork, from: ip, ntlm: true, station: netbios("pc-" + p.uid)}, wrongPassword, d)
		r.w.ad.dc(d).ntlm(t-15*second, p.user(), netbios("pc-"+p.uid), wrongPassword)
	}
	took := d.span(6*minute, 80*minute)
	s := r.remoteDesk(t, to, p.user(), true, ip, took, 0, d)
	list := adminPrograms()
	for range 1 + d.n(4) {
		u := list[d.n(len(list))]
		to.start(t+d.span(20*second, took), program{parent: u.parent, image: u.image, line: u.line, by: p.user(), session: s, high: true}, d)
	}
	if d.chance(0.4) {
		scripts := adminScripts()
		to.script(t+d.span(minute, took), scripts[d.n(len(scripts))], "", p.user(), d)
	}
	if d.chance(0.004) { // a log of an application that was in the way
		to.emptied(t+took/2, "Application", p.user())
	}
}

func adminPrograms() []usual {
	return []usual{
		{explorer, `C:\Windows\System32\mmc.exe`, `"C:\Windows\system32\mmc.exe" "C:\Windows\system32\dsa.msc"`},
		{explorer, `C:\Windows\System32\mmc.exe`, `"C:\Windows\system32\mmc.exe" "C:\Windows\system32\eventvwr.msc" /s`},
		{explorer, `C:\Windows\System32\ServerManager.exe`, `"C:\Windows\system32\ServerManager.exe"`},
		{explorer, psExe, `"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"`},
		{explorer, cmdExe, `"C:\Windows\system32\cmd.exe"`},
		{cmdExe, `C:\Windows\System32\net.exe`, `net  user /domain`},
		{cmdExe, `C:\Windows\System32\whoami.exe`, `whoami  /groups`},
		{cmdExe, `C:\Windows\System32\ipconfig.exe`, `ipconfig  /all`},
		{cmdExe, `C:\Windows\System32\vssadmin.exe`, `vssadmin  list shadows`},
		{cmdExe, `C:\Windows\System32\wbadmin.exe`, `wbadmin  get versions`},
		{cmdExe, `C:\Windows\System32\nltest.exe`, `nltest  /dclist:` + adDNS},
		{psExe, `C:\Windows\System32\dcdiag.exe`, `"C:\Windows\system32\dcdiag.exe" /q`},
	}
}

func adminScripts() []string {
	return []string{
		"Get-ADUser -Filter {Enabled -eq $true} -Properties LastLogonDate | Where-Object {$_.LastLogonDate -lt (Get-Date).AddDays(-180)} | Export-Csv C:\\Admin\\stale.csv",
		"Get-WinEvent -FilterHashtable @{LogName='System';Level=2;StartTime=(Get-Date).AddDays(-1)} | Select-Object TimeCreated,Id,Message",
		"Invoke-Command -ComputerName (Get-Content C:\\Admin\\servers.txt) -ScriptBlock { Get-HotFix | Sort-Object InstalledOn | Select-Object -Last 3 }",
		"Get-ChildItem D:\\bumon -Recurse | Measure-Object -Property Length -Sum",
		"Restart-Service -Name Spooler -Verbose",
	}
}

// psExec is what PsExec does to a machine: the program is copied to its administrator's share, installed as a service, run and
// taken away again. station and ip are where it is called from; line is what is to be run.
func (r *run) psExec(t int64, to *winHost, u winUser, ip, line string, d *dice) {
	dc := r.w.ad.dc(d)
	dc.serviceTicket(t-60*millisecond, u, to, ip, d)
	o := logon{who: u, kind: logonNetwork, from: ip, admin: true}
	o.session = to.logon(t, o, d)
	from := to.shared(t+20*millisecond, u, o.session, ip, "ADMIN$", `C:\Windows`, d)
	to.file(t+30*millisecond, u, o.session, ip, from, "ADMIN$", `C:\Windows`, "PSEXESVC.exe", toWrite(), true)
	to.shared(t+80*millisecond, u, o.session, ip, "IPC$", "", d)
	to.installed(t+120*millisecond, winService{name: "PSEXESVC", file: `%SystemRoot%\PSEXESVC.exe`, start: "demand start"}, u, o.session)
	to.state(t+200*millisecond, "PSEXESVC", "running")
	pid := to.start(t+220*millisecond, program{parent: winSvc, parentPID: "0x2dc", image: `C:\Windows\PSEXESVC.exe`, line: `C:\Windows\PSEXESVC.exe`, by: to.system(), session: systemSession}, d)
	to.start(t+400*millisecond, program{parent: `C:\Windows\PSEXESVC.exe`, parentPID: pid, image: imageOf(line), line: line, by: to.system(), session: systemSession}, d)
	took := d.span(2*second, 40*second)
	to.file(t+took, u, o.session, ip, from, "ADMIN$", `C:\Windows`, "PSEXESVC.exe", toDelete(), true)
	to.state(t+took, "PSEXESVC", "stopped")
	to.logoff(t+took+second, o)
	r.l.edge.write(r.inner(t+took, ip, to.ip, 445, "close", took, 600<<10, d.span(8000, 40000), d))
}

// imageOf returns the program of a command line.
func imageOf(line string) string {
	if line[0] == '"' {
		for i := 1; i < len(line); i++ {
			if line[i] == '"' {
				return line[1:i]
			}
		}
	}
	for i := range len(line) {
		if line[i] == ' ' {
			line = line[:i]
			break
		}
	}
	switch line {
	case "cmd", "cmd.exe":
		return cmdExe
	case "powershell", "powershell.exe":
		return psExe
	}
	return line
}

func (r *run) honestPsExec(t int64, who int32, to *winHost, d *dice) {
	p := &r.w.people[who]
	ip := adminIP
	if pc := r.w.ad.pc(who); pc != nil {
		ip = pc.ip
		pc.start(t-2*second, r.atDesk(p, who, pc, cmdExe, `C:\Admin\PSTools\PsExec64.exe`, `PsExec64.exe  \\`+to.name+` -s cmd.exe`), d)
	}
	r.psExec(t, to, p.user(), ip, "cmd.exe", d)
}

// deploy puts software on a PC from app1: a runner is installed as a service, runs the installer and stays for the next time;
// an inventory task is renewed.
func (r *run) deploy(t int64, pc *winHost, round int, d *dice) {
	a, u := r.w.ad, serviceUser("svc-deploy")
	dc := a.dc(d)
	dc.serviceTicket(t-50*millisecond, u, pc, app1IP, d)
	o := logon{who: u, kind: logonNetwork, from: app1IP, admin: true}
	o.session = pc.logon(t, o, d)
	from := pc.shared(t+20*millisecond, u, o.session, app1IP, "ADMIN$", `C:\Windows`, d)
	const folder = `AdminArsenal\PDQDeployRunner\service-1\`
	pc.file(t+90*millisecond, u, o.session, app1IP, from, "ADMIN$", `C:\Windows`, folder+"PDQDeployRunner-1.exe", toWrite(), true)
	pc.installed(t+400*millisecond, winService{name: "PDQDeployRunner-1", file: `%SystemRoot%\` + folder + "PDQDeployRunner-1.exe", start: "demand start"}, u, o.session)
	const runner = `C:\Windows\` + folder + "PDQDeployRunner-1.exe"
	pid := pc.start(t+600*millisecond, program{parent: winSvc, parentPID: "0x2dc", image: runner, line: runner, by: pc.system(), session: systemSession}, d)
	packages := [...]string{"7z2407-x64.msi", "AcroRdrDCUpd2400220933.msp", "Kaikei-7.2.msi", "winlogbeat-8.13.4.msi"}
	pc.start(t+3*second, program{parent: runner, parentPID: pid, image: `C:\Windows\System32\msiexec.exe`, line: `"msiexec.exe" /i "C:\Windows\` + folder + `exec\` + packages[round%len(packages)] + `" /qn /norestart ALLUSERS=1`,
		by: pc.system(), session: systemSession}, d)
	pc.task(t+40*second, `\Hakusan\Inventory`, psExe, `-NoProfile -ExecutionPolicy Bypass -File "\\app1\inventory$\collect.ps1"`, "BootTrigger", pc.system(), systemSession)
	took := d.span(50*second, 3*minute)
	pc.logoff(t+took, o)
	r.l.edge.write(r.inner(t+took, app1IP, pc.ip, 445, "close", took, d.span(6<<20, 40<<20), d.span(20000, 60000), d))
}

// quickAssist is the help desk on a member's screen, through Microsoft's relay.
func (r *run) quickAssist(t int64, who int32, d *dice) {
	p, pc := &r.w.people[who], r.w.ad.pc(who)
	const image = `C:\Program Files\WindowsApps\MicrosoftCorporationII.QuickAssist_2.0.33.0_x64__8wekyb3d8bbwe\Microsoft.RemoteAssistance.QuickAssist\QuickAssist.exe`
	pc.start(t, r.atDesk(p, who, pc, explorer, image, `"`+image+`"`), d)
	r.l.dns.query(t+second, pc.ip, "remoteassistance.support.services.microsoft.com", "A", d)
	took := d.span(4*minute, 35*minute)
	r.l.edge.write(r.outward(t+took, pc.ip, "20.194."+itoa(2+d.n(60))+"."+itoa(1+d.n(250)), "Japan", r.w.book.all[p.egress].ip, 443, took, d.span(9<<20, 60<<20), d.span(2<<20, 9<<20), d))
}

// makerSupport is the support of a program's maker on a member's screen, through a relay that anybody may use.
func (r *run) makerSupport(t int64, who int32, d *dice) {
	p, pc := &r.w.people[who], r.w.ad.pc(who)
	const image = `C:\Users\Public\Downloads\AnyDesk.exe`
	pc.start(t, r.atDesk(p, who, pc, explorer, image, `"`+image+`"`), d)
	relay := "relay-" + guid(dice(d.next()))[:8] + ".net.anydesk.com"
	r.l.dns.query(t+second, pc.ip, "boot.net.anydesk.com", "A", d)
	r.l.dns.query(t+2*second, pc.ip, relay, "A", d)
	took := d.span(15*minute, 90*minute)
	r.l.edge.write(r.outward(t+took, pc.ip, "92.223."+itoa(88+d.n(20))+"."+itoa(1+d.n(250)), "Japan", r.w.book.all[p.egress].ip, 443, took, d.span(20<<20, 90<<20), d.span(3<<20, 20<<20), d))
}

// tunnelHost is the part of Microsoft's tunnel service that is nearest.
const tunnelHost = "asse.rel.tunnels.api.visualstudio.com"

// codeTunnel is a tunnel of Visual Studio Code or of devtunnel from a PC: names asked for, and a long connection out.
func (r *run) codeTunnel(t int64, ip, nat string, took, sent, received int64, d *dice) {
	r.l.dns.query(t+second, ip, "global.rel.tunnels.api.visualstudio.com", "A", d)
	r.l.dns.query(t+2*second, ip, tunnelHost, "A", d)
	r.l.dns.query(t+3*second, ip, "asse-data.rel.tunnels.api.visualstudio.com", "A", d)
	r.l.edge.write(r.outward(t+took, ip, "20.195."+itoa(32+d.n(16))+"."+itoa(1+d.n(250)), "Singapore", nat, 443, took, sent, received, d))
}

// honestTunnel is a developer who shows a web page under development, or works on the office PC from home.
func (r *run) honestTunnel(t int64, who int32, kind int, d *dice) {
	p, pc := &r.w.people[who], r.w.ad.pc(who)
	nat, took := r.w.book.all[p.egress].ip, d.span(hour/2, 7*hour)
	home := `C:\Users\` + p.uid + `\AppData\Local\`
	switch kind {
	case 0, 1:
		const code = `C:\Program Files\Microsoft VS Code\bin\code-tunnel.exe`
		pc.start(t, r.atDesk(p, who, pc, `C:\Program Files\Microsoft VS Code\Code.exe`, code, `"`+code+`" tunnel --accept-server-license-terms --log info --name `+pc.name+` --parent-process-id `+itoa(4*(500+d.n(3000)))), d)
		r.codeTunnel(t, pc.ip, nat, took, d.span(4<<20, 80<<20), d.span(2<<20, 40<<20), d)
	case 2:
		pc.start(t, r.atDesk(p, who, pc, psExe, home+`Microsoft\WinGet\Links\devtunnel.exe`, `"`+home+`Microsoft\WinGet\Links\devtunnel.exe" host -p 5000`), d)
		r.codeTunnel(t, pc.ip, nat, took, d.span(2<<20, 30<<20), d.span(1<<20, 9<<20), d)
	default:
		pc.start(t, r.atDesk(p, who, pc, cmdExe, home+`Programs\ngrok\ngrok.exe`, `ngrok  http 8080`), d)
		r.l.dns.query(t+second, pc.ip, "connect.ngrok-agent.com", "A", d)
		r.l.edge.write(r.outward(t+took, pc.ip, "18.177."+itoa(d.n(250))+"."+itoa(1+d.n(250)), "Japan", nat, 443, took, d.span(1<<20, 20<<20), d.span(1<<20, 9<<20), d))
	}
}

// sandbox is Windows Sandbox as the PC shows it: that it starts and with which file. What runs in it leaves nothing here, and
// is gone when it is closed.
func (r *run) sandbox(t int64, pc *winHost, by program, wsb string, d *dice) {
	by.image, by.line = `C:\Windows\System32\WindowsSandbox.exe`, `"C:\Windows\System32\WindowsSandbox.exe"`
	if wsb != "" {
		by.line += ` "` + wsb + `"`
	}
	pid := pc.start(t, by, d)
	by.parent, by.parentPID, by.pid = by.image, pid, ""
	by.image, by.line = `C:\Windows\System32\WindowsSandboxClient.exe`, `"C:\Windows\System32\WindowsSandboxClient.exe"`
	pc.start(t+2*second, by, d)
	vm := upper(guid(dice(d.next())))
	pc.start(t+4*second, program{parent: `C:\Windows\System32\vmcompute.exe`, image: `C:\Windows\System32\vmwp.exe`, line: `"C:\Windows\System32\vmwp.exe" ` + vm, by: pc.system(), session: systemSession}, d)
}

// honestSandbox is a suspicious file looked at where it can do no harm.
func (r *run) honestSandbox(t int64, who int32, d *dice) {
	p, pc := &r.w.people[who], r.w.ad.pc(who)
	wsb := ""
	if d.chance(0.4) {
		wsb = `C:\Users\` + p.uid + `\Documents\tameshi.wsb`
	}
	r.sandbox(t, pc, r.atDesk(p, who, pc, explorer, "", ""), wsb, d)
	took := d.span(minute, 15*minute)
	r.l.edge.write(r.outward(t+took, pc.ip, "13.107."+itoa(d.n(200))+"."+itoa(1+d.n(250)), "United States", r.w.book.all[p.egress].ip, 443, took, d.span(20000, 400000), d.span(1<<20, 30<<20), d))
}
