// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// listing is intelligence about addresses and names, for tests.
type listing map[string]event.Listed

func (l listing) Look(e *event.Event) []event.Listed {
	var out []event.Listed
	for field, ip := range map[event.ListedField]string{event.FieldSource: e.SrcIP.String(), event.FieldDestination: e.DstIP.String()} {
		if h, ok := l[ip]; ok {
			h.Field, h.Value = field, ip
			out = append(out, h)
		}
	}
	if h, ok := l[e.Object]; ok {
		h.Field, h.Value, h.Kind = event.FieldDestination, e.Object, event.ListedDomain
		out = append(out, h)
	}
	return out
}

// over tells with every event of a story what is listed.
func (l listing) over(s *story) *story {
	for i := range s.all {
		s.all[i].Listed = l.Look(s.all[i].Event)
	}
	return s
}

func TestIntelMatch(t *testing.T) {
	s := newStory(300)
	lists := listing{"203.0.113.9": {Name: "notice", Label: "Sprayer", Severity: event.High, Line: 7}, "198.51.100.7": {Name: "tor", Severity: event.Low, Anon: true},
		"8.8.8.8": {Name: "blocklist", Severity: event.High, Shared: true}, "10.4.0.99": {Name: "blocklist", Severity: event.High}, "c2.example": {Name: "notice", Severity: event.Medium}}
	loginLife(s, 10, 30)
	bad := outside("203.0.113.9", event.KindHosting, "SG")
	for i := range 20 {
		s.login(12, 100+i, 0, s.person(fmt.Sprintf("user%d", i)), bad, firefox, event.ReasonBadPassword)
	}
	quietSoFar := lists.over(s).run(t, intelMatch)
	if f := wants(t, quietSoFar, "intel-match", event.Low); number(f, "records") != 20 || len(f.Accounts) != 0 || !strings.Contains(f.Title.En, "turned away") {
		t.Errorf("refused: %s", brief(quietSoFar))
	}
	quiet(t, quietSoFar, int(event.Low))

	for i := range 5 {
		s.login(12, 200+i, 0, s.person("user3"), bad, firefox, event.ReasonNone)
	}
	s.login(12, 300, 0, s.person("user4"), outside("198.51.100.7", event.KindTor, "DE"), firefox, event.ReasonNone)
	vm := inside("10.4.0.21", "vm1", "build")
	s.connect(13, 100, 0, vm, outside("8.8.8.8", event.KindUnknown, "US"), link{port: 53})
	s.connect(13, 101, 0, inside("10.4.0.99", "", ""), vm, link{port: 22})
	s.connect(13, 102, 0, vm, bad, link{port: 443, refused: true})
	s.tell(13, 103, 0, event.Event{Class: event.ClassDNS, Activity: event.ActQuery, SrcIP: vm.IP, Object: "c2.example"}, func(g *event.Sighting) { g.Src = vm })
	all := lists.over(s).run(t, intelMatch)
	f := wants(t, all, "intel-match", event.High)
	if len(f.Accounts) != 1 || f.Accounts[0] != "A-user3" || number(f, "records") != 5 || f.Attack[0] != "T1078" || !strings.Contains(f.Explanation.En, "line 7") {
		t.Errorf("login: %+v", f)
	}
	var titles []string
	for i := range all {
		titles = append(titles, all[i].Severity.String()+" "+all[i].Title.En)
	}
	for _, want := range []string{"low login from a listed address: user4, 198.51.100.7 (tor)", "low a listed place was called or asked for: vm1, 8.8.8.8 (blocklist)", "info the list names an address of your own: 10.4.0.99 (blocklist)",
		"medium a listed place was called in vain: vm1, 203.0.113.9 (notice)", "medium a listed place was called or asked for: vm1, c2.example (notice)"} {
		if !strings.Contains(strings.Join(titles, "\n"), want) {
			t.Errorf("no %q in\n%s", want, strings.Join(titles, "\n"))
		}
	}
}

// TestIntelMatchBound holds that a list which names everybody gives a bounded number of findings, none lost.
func TestIntelMatchBound(t *testing.T) {
	s := newStory(300)
	lists := listing{"203.0.113.9": {Name: "notice", Severity: event.Medium}}
	for i := range 300 {
		s.login(1, i, 0, s.person(fmt.Sprintf("user%d", i)), outside("203.0.113.9", event.KindHosting, "SG"), firefox, event.ReasonNone)
	}
	all := lists.over(s).run(t, intelMatch)
	if len(all) != intelTold+1 {
		t.Fatalf("%d findings", len(all))
	}
	records := 0.0
	for i := range all {
		records += number(&all[i], "records")
	}
	if records != 300 {
		t.Errorf("%v records", records)
	}
}
