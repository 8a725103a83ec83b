// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// TestFlooded holds that names made up by whoever can write into a log push out nothing that is followed.
func TestFlooded(t *testing.T) {
	s := newStory(5)
	logLife(s, func(format, host string, hour int) bool { return host == "fs" && hour > 53*24+3 && hour < 54*24 })
	developers(s)
	for i := range 1000 {
		if i < 600 || i >= 640 {
			s.record(i, int64(70000+i), "Security", "srv1")
		}
	}
	for i := range 40_000 {
		host := fmt.Sprintf("host-%d", i)
		s.tell(35, i%1440, i/1440, event.Event{Class: event.ClassProcess, Activity: event.ActStart, Outcome: event.OutcomeSuccess, Format: "windows", DstHost: host, Object: "ngrok http 80",
			Rest: []event.Field{event.Number("event_id", 4688), event.Text("channel", "Security"), event.Number("record", int64(i*1000+1))}},
			func(g *event.Sighting) { g.Dst = event.Place{Own: true, Host: host} })
	}
	s.process(36, 700, s.person("user1"), `LAB\user1`, "pc-1", `"C:\Users\Public\Libraries\code.exe" tunnel`)
	if f := wants(t, s.run(t, sourceSilent), "source-silent", event.Medium); f.Hosts[0] != "fs" {
		t.Errorf("got %v", f.Hosts)
	}
	if f := wants(t, s.run(t, recordGap), "record-gap", event.Medium); f.Hosts[0] != "srv1" {
		t.Errorf("got %v", f.Hosts)
	}
	if all := s.run(t, tunnel); len(all) > tunnelSubjects+16 {
		t.Errorf("%d findings", len(all))
	} else {
		wants(t, all, "tunnel", event.High)
	}
}

// TestSameWatch holds that what watches settings, sources and administrators says the same again and again.
func TestSameWatch(t *testing.T) {
	s := newStory(60)
	logLife(s, func(format, host string, hour int) bool { return host == "fs" && hour > 53*24+3 && hour < 54*24 })
	developers(s)
	adminLife(s)
	factorLife(s)
	travelLife(s)
	_, bad := boxLife(s)
	for i := range 12 {
		who := s.person(fmt.Sprintf("user%d", i+20))
		s.login(60+i/6, 100+i, 0, who, bad, firefox, event.ReasonNone)
		s.login(60+i/6, 101+i, 0, who, outside("192.0.2.9", event.KindTor, "US"), firefox, event.ReasonNone)
		s.audited(61, 800+i, who, bad, "New-InboxRule", "", "Name=a; DeleteMessage=True")
		s.process(61, 700+i, who, who.Name, fmt.Sprintf("pc-%d", i), `C:\Users\Public\frpc.exe -c x`)
		s.service(61, 100+i, inside(fmt.Sprintf("10.30.1.%d", i+1), fmt.Sprintf("srv%d", i), "app"), 7045, fmt.Sprintf(`Thing%c: C:\Windows\Temp\x.exe`, 'A'+i), "")
		s.desktop(61, 60+i, s.person("admin1"), bad, adminServer)
	}
	var first string
	for range 4 {
		var b strings.Builder
		for _, spec := range []detect.Spec{adminMisuse, dormantAccount, impossibleTravel, mailboxChange, recordGap, secondFactorFatigue, sourceSilent, tunnel} {
			for _, f := range s.run(t, spec) {
				fmt.Fprintf(&b, "%+v\n", f)
			}
		}
		if first == "" {
			first = b.String()
		}
		if b.String() != first {
			t.Fatal("two runs over the same events differ")
		}
	}
	if strings.Count(first, "\n") < 40 {
		t.Errorf("too few findings to compare: %s", first)
	}
}
