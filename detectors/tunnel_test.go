// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func (s *story) process(day, minute int, who *event.Account, account, host, line string) {
	s.tell(day, minute, 0, event.Event{Class: event.ClassProcess, Activity: event.ActStart, Outcome: event.OutcomeSuccess, Format: "windows", Account: account, DstHost: host, Object: line},
		func(g *event.Sighting) { g.Who, g.Dst = who, event.Place{Own: true, Host: host} })
}

func (s *story) ask(day, minute int, from event.Place, name string) {
	s.tell(day, minute, 0, event.Event{Class: event.ClassDNS, Activity: event.ActQuery, Format: "bind-query", SrcIP: from.IP, Object: name, DstHost: "dns1"},
		func(g *event.Sighting) { g.Src = from })
}

// developers work from the first day on.
func developers(s *story) {
	for day := range 40 {
		who := s.person("dev")
		s.process(day, 600, who, `LAB\dev`, "pc-dev", `"C:\Program Files\Microsoft VS Code\bin\code-tunnel.exe" tunnel --accept-server-license-terms`)
		s.process(day, 610, who, `LAB\dev`, "pc-dev", `ngrok  http 8080`)
		s.process(day, 620, who, `LAB\dev`, "pc-dev", `"C:\Windows\System32\WindowsSandbox.exe" "C:\Users\dev\Documents\try.wsb"`)
		s.process(day, 625, who, `LAB\dev`, "pc-dev", `C:\Windows\System32\svchost.exe -k netsvcs`)
		s.ask(day, 600, inside("10.1.0.7", "", ""), "global.rel.tunnels.api.visualstudio.com.")
		s.ask(day, 601, inside("10.1.0.8", "", ""), "www.ngrok.com")
	}
}

func TestTunnel(t *testing.T) {
	s := newStory(4)
	developers(s)
	for day := 25; day < 35; day++ {
		s.process(day, 1112, s.person("user1"), `LAB\user1`, "pc-1", `"C:\Users\Public\Libraries\code.exe" tunnel --accept-server-license-terms --name x`)
		s.ask(day, 1113, inside("10.1.0.9", "", ""), "asse.rel.tunnels.api.VisualStudio.com")
	}
	all := s.run(t, tunnel)
	f := wants(t, all, "tunnel", event.High)
	if number(f, "days") != 10 || f.Hosts[0] != "pc-1" || f.Accounts[0] != "A-user1" {
		t.Errorf("got %s", brief(all))
	}
	if f := wants(t, all, "tunnel", event.Low); f.Hosts[0] != "10.1.0.9" {
		t.Errorf("got %v", f.Hosts)
	}
}

func TestTunnelSandboxByTask(t *testing.T) {
	s := newStory(4)
	developers(s)
	s.process(30, 751, nil, `LAB\PC-2$`, "pc-2", `"C:\Windows\System32\WindowsSandbox.exe" "C:\ProgramData\hotfix\update.wsb"`)
	if f := wants(t, s.run(t, tunnel), "tunnel", event.High); !strings.Contains(f.Title.En, "Sandbox") {
		t.Errorf("got %s", f.Title.En)
	}
	s = newStory(4)
	s.tell(30, 0, 0, event.Event{Class: event.ClassEntityChange, Activity: event.ActCreate, Format: "windows", Account: `LAB\user2`, DstHost: "pc-2", Object: `\Microsoft\HotfixAssist`,
		Rest: []event.Field{event.Text("TaskContent", "<Exec>\r\n<Command>C:\\Windows\\System32\\WindowsSandbox.exe</Command><Arguments>C:\\ProgramData\\hotfix\\update.wsb</Arguments>")}},
		func(g *event.Sighting) { g.Who = s.person("user2") })
	wants(t, s.run(t, tunnel), "tunnel", event.High)
}

func TestTunnelServer(t *testing.T) {
	s := newStory(4)
	developers(s)
	s.ask(5, 60, inside("10.1.0.20", "fs", "file-server"), "region1.v2.argotunnel.com")
	s.process(30, 60, s.person("user3"), "user3", "pc-3", `C:\Users\user3\Downloads\chisel.exe client 203.0.113.9:443 R:socks`)
	all := s.run(t, tunnel)
	if f := wants(t, all, "tunnel", event.Medium); f.Hosts[0] != "fs" && f.Hosts[0] != "pc-3" {
		t.Errorf("got %s", brief(all))
	}
}

func TestTunnelNearMiss(t *testing.T) {
	s := newStory(4)
	developers(s)
	// A new developer; names and lines that only look alike.
	s.process(30, 600, s.person("user2"), `LAB\user2`, "pc-2", `"C:\Program Files\Microsoft VS Code\bin\code-tunnel.exe" tunnel`)
	s.process(30, 601, s.person("user2"), `LAB\user2`, "pc-2", `"C:\Program Files\Microsoft VS Code\code.exe" C:\work\tunnel.txt`)
	s.ask(30, 602, inside("10.1.0.30", "", ""), "nottunnels.api.visualstudio.com")
	s.ask(30, 603, inside("10.1.0.30", "", ""), "code.visualstudio.com")
	s.ask(30, 604, inside("10.1.0.1", "dns1", "dns"), "global.rel.tunnels.api.visualstudio.com")
	quiet(t, s.run(t, tunnel), int(event.Low))
	if all := s.run(t, tunnel); len(all) != 1 {
		t.Errorf("got %s", brief(all))
	}
}

func TestProgramOf(t *testing.T) {
	for _, c := range []struct {
		line, product string
		odd           bool
	}{
		{`cmd.exe /c "C:\Windows\Temp\code.exe tunnel --name a"`, "Visual Studio tunnel", true},
		{`/tmp/frpc -c /tmp/f.ini`, "frpc", true},
		{`ssh -N -R 2222:localhost:22 user@203.0.113.1`, "ssh -R", false},
		{`cloudflared.exe tunnel run --token x`, "cloudflared", false},
		{`dism /online /enable-feature /featurename:Containers-DisposableClientVM /all`, "Windows Sandbox", false},
		{`C:\ProgramData\chocolatey\bin\ngrok.exe http 80`, "ngrok", false},
		{`code .`, "", false}, {`ssh build@git`, "", false}, {`chisel --help`, "", false}, {`"`, "", false}, {``, "", false}, {`notepad tunnel code`, "", false},
	} {
		if p := programOf(c.line); p.product != c.product || p.odd != c.odd {
			t.Errorf("%s: %+v", c.line, p)
		}
	}
}
