// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// administrators look around by way of work, from the first day on, and somebody works at a desk.
func administrators(s *story) {
	for day := range 60 {
		host := fmt.Sprintf("srv%d", day%5)
		for i, line := range []string{`whoami  /groups`, `net  user /domain`, `ipconfig  /all`, `nltest  /dclist:ad.example`, `vssadmin  list shadows`, `wbadmin  get versions`} {
			s.process(day, 600+i, s.person("admin"), `LAB\admin`, host, line)
		}
		s.process(day, 540, s.person("user1"), `LAB\user1`, "pc-1", `"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE" /n "C:\Users\user1\who am i.docx"`)
		s.process(day, 541, s.person("user1"), `LAB\user1`, "pc-1", `net  use Z: \\fs1\home`)
		s.process(day, 542, s.person("user1"), `LAB\user1`, "pc-1", `C:\Windows\System32\svchost.exe -k netsvcs -p`)
		if day%7 == 0 { // a backup that makes room for itself
			s.process(day, 60, nil, `LAB\BAK1$`, "bak1", `vssadmin.exe delete shadows /for=D: /oldest /quiet`)
		}
	}
}

func TestHostileCommandLooks(t *testing.T) {
	s := newStory(4)
	administrators(s)
	for i, line := range []string{`whoami  /all`, `ipconfig  /all`, `net  use`, `nltest  /dclist:ad.example`, `net  group "domain admins" /domain`} {
		s.process(30, 675+i, s.person("user1"), `LAB\user1`, "pc-1", line)
	}
	f := wants(t, s.run(t, hostileCommand), "hostile-command", event.Medium)
	if number(f, "kinds") != 5 || fmt.Sprint(f.Hosts, f.Accounts) != "[pc-1] [A-user1]" {
		t.Errorf("got %+v", f)
	}
	s.tell(31, 1000, 0, event.Event{Class: event.ClassProcess, Activity: event.ActStart, Outcome: event.OutcomeSuccess, Format: "windows", Account: `LAB\user1`, DstHost: "pc-1",
		Object: `csvde  -f C:\ProgramData\ScnCfg\u.log -r "(objectCategory=person)"`, Rest: []event.Field{event.Text("ParentProcessName", `C:\ProgramData\ScnCfg\ScnCfg32.exe`)}},
		func(g *event.Sighting) { g.Who, g.Dst = s.person("user1"), event.Place{Own: true, Host: "pc-1"} })
	wants(t, s.run(t, hostileCommand), "hostile-command", event.High)
}

func TestHostileCommandSlowly(t *testing.T) {
	s := newStory(4)
	administrators(s)
	for i, line := range []string{`net  view /domain`, `net  group "domain admins" /domain`, `quser`, `nltest  /domain_trusts`, `tasklist  /svc`} {
		s.process(30+2*i, 1300, s.person("admin"), `LAB\admin`, fmt.Sprintf("srv%d", i), line)
	}
	all := s.run(t, hostileCommand)
	f := wants(t, all, "hostile-command", event.Low)
	if len(all) != 1 || len(f.Hosts) != 1 {
		t.Errorf("got %s", brief(all))
	}
}

func TestHostileCommandGrave(t *testing.T) {
	for line, what := range map[string]string{
		`rundll32  C:\Windows\System32\comsvcs.dll, MiniDump 712 C:\Windows\Temp\m.tmp full`:                "T1003",
		`ntdsutil  "ac i ntds" "ifm" "create full C:\Windows\Temp\ad" q q`:                                  "T1003",
		`cmd.exe /c "reg.exe save HKLM\SAM C:\Windows\Temp\s.hiv"`:                                          "T1003",
		`"C:\Tools\procdump64.exe" -accepteula -ma lsass.exe out.dmp`:                                       "T1003",
		`cmd.exe /c vssadmin delete shadows /all /quiet`:                                                    "T1490",
		`C:\Windows\System32\wbem\WMIC.exe shadowcopy delete`:                                               "T1490",
		`cmd.exe /c bcdedit /set {default} recoveryenabled no`:                                              "T1490",
		`powershell.exe -NoP -C "Get-WmiObject Win32_Shadowcopy | ForEach-Object { $_.Delete(); }"`:         "T1490",
		`powershell.exe -NoP -C "IEX (New-Object Net.WebClient).DownloadString('x'); Invoke-Mimikatz -All"`: "T1003",
	} {
		s := newStory(4)
		administrators(s)
		s.process(30, 1300, s.person("admin"), `LAB\admin`, "srv1", line)
		if f := wants(t, s.run(t, hostileCommand), "hostile-command", event.High); f.Attack[0] != what {
			t.Errorf("%s is taken for %v", line, f.Attack)
		}
	}
	s := newStory(4)
	administrators(s)
	for i := range 4 {
		s.process(30, 1300+i, nil, fmt.Sprintf(`LAB\SRV%d$`, i), fmt.Sprintf("srv%d", i), `powershell.exe -NoP -C "Set-MpPreference -DisableRealtimeMonitoring $true"`)
	}
	if f := wants(t, s.run(t, hostileCommand), "hostile-command", event.High); number(f, "machines") != 4 {
		t.Errorf("got %+v", f)
	}
}

func TestHostileCommandNearMiss(t *testing.T) {
	s := newStory(4)
	administrators(s)
	for i, line := range []string{`ipconfig  /all`, `whoami`, `systeminfo`} { // somebody whom the help desk asked
		s.process(30, 675+i, s.person("user1"), `LAB\user1`, "pc-1", line)
	}
	s.process(31, 600, s.person("user1"), `LAB\user1`, "pc-1", `notepad.exe "C:\Users\user1\vssadmin delete shadows.txt"`)
	s.process(31, 601, s.person("user1"), `LAB\user1`, "pc-1", `net  stop spooler`)
	s.process(31, 602, s.person("user1"), `LAB\user1`, "pc-1", `reg  save HKCU\Software\Lab C:\Users\user1\lab.hiv`)
	s.process(31, 603, s.person("user1"), `LAB\user1`, "pc-1", `robocopy C:\data D:\data /MIR`)
	s.process(31, 604, s.person("user1"), `LAB\user1`, "pc-1", `netsh wlan show profiles`)
	quiet(t, s.run(t, hostileCommand), -1)
}

// TestMayOrder holds that the quick look passes every line that means something, and few others.
func TestMayOrder(t *testing.T) {
	for line, want := range map[string]deed{
		`whoami`: deedLook, `"C:\Windows\System32\WHOAMI.EXE" /all`: deedLook, `net1 user /domain`: deedLook, `cmd /c net group "domain admins" /dom`: deedLook, `cmd.exe /c "quser"`: deedLook,
		`sc.exe stop WinDefend`: deedShield, `csvde -f x`: deedExport, `powershell -c "$x=gwmi Win32_ShadowCopy; $x.Delete()"`: deedRecovery, `copy \\?\GLOBALROOT\x\ntds.dit c:\t`: deedSecrets,
		`C:\Windows\System32\svchost.exe -k netsvcs -p`: deedNone, `C:\Program Files\Network\system.exe`: deedNone, `notepad whoamiguide.txt`: deedNone, ``: deedNone, `net`: deedNone, `sc`: deedNone,
	} {
		if got := commandLineOf(line); got.deed != want {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
	if mayOrder(`C:\Windows\System32\svchost.exe -k netsvcs -p`) || !mayOrder(`c:\x\reg save`) {
		t.Error("the quick look passes what it should not, or stops what it should pass")
	}
}

// starts is a program that another one starts.
func (s *story) starts(day, minute int, who *event.Account, parent, line string) {
	s.tell(day, minute, 0, event.Event{Class: event.ClassProcess, Activity: event.ActStart, Outcome: event.OutcomeSuccess, Format: "windows", Account: `LAB\` + who.Name, DstHost: "pc-1", Object: line,
		Rest: []event.Field{event.Text("ParentProcessName", parent)}}, func(g *event.Sighting) { g.Who, g.Dst = who, event.Place{Own: true, Host: "pc-1"} })
}

const (
	word = `C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE`
	wmi  = `C:\Windows\System32\wbem\WmiPrvSE.exe`
)

func TestHostileCommandLaunch(t *testing.T) {
	for _, c := range [][2]string{
		{wmi, `explorer.exe C:\ProgramData\ScnCfg\ScnCfg32.exe`},
		{word, `powershell.exe -nop -w hidden -enc SQBFAFgA`},
		{word, `"C:\Users\user1\AppData\Local\Temp\upd.exe" /s`},
		{`C:\Program Files\Adobe\Acrobat DC\Acrobat\Acrobat.exe`, `cmd /c start x`},
	} {
		s := newStory(4)
		administrators(s)
		s.starts(30, 642, s.person("user1"), c[0], c[1])
		all := s.run(t, hostileCommand)
		if f := wants(t, all, "hostile-command", event.Medium); len(all) != 1 || fmt.Sprint(f.Attack, f.Hosts, f.Accounts) != "[T1047 T1204.002] [pc-1] [A-user1]" {
			t.Errorf("%s: got %s", c[1], brief(all))
		}
	}
}

// Documents show other documents and links, print, and bring their own helpers; products manage machines through the same service; and somebody
// works with a macro every week.
func TestHostileCommandLaunchNearMiss(t *testing.T) {
	s := newStory(4)
	administrators(s)
	for day := range 60 {
		u := s.person("user1")
		s.starts(day, 600, u, word, `C:\Windows\splwow64.exe 8192`)
		s.starts(day, 601, u, word, `"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --single-argument C:\Users\user1\AppData\Local\Temp\a.html`)
		s.starts(day, 602, u, `C:\Windows\explorer.exe`, `"`+word+`" /n "C:\Users\user1\AppData\Local\Temp\Temp1_a.zip\a.docm"`)
		s.starts(day, 603, u, wmi, `powershell.exe -File C:\Windows\CCM\SystemTemp\inventory.ps1`)
		s.starts(day, 604, u, "", `cmd /c dir`)
	}
	quiet(t, s.run(t, hostileCommand), -1)
	for week := range 8 {
		s.starts(7*week, 610, s.person("user2"), `C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`, `cmd /c copy \\fs1\plan.csv .`)
	}
	all := s.run(t, hostileCommand)
	if f := wants(t, all, "hostile-command", event.Medium); len(all) != 1 || number(f, "commands") != hostileHabit-1 {
		t.Errorf("got %s", brief(all))
	}
}
