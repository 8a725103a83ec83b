// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// everything is one long story with something for every detector.
func everything() *story {
	s := newStory(300)
	loginLife(s, 40, 120)
	groping(s, 20, 28)
	guessWave(s, 30, 200, 3, map[int]bool{5: true})
	guessWave(s, 33, 200, 3, map[int]bool{5: true, 7: true})
	directoryLife(s)
	networkLife(s, 40)
	managementLife(s)
	ciLife(s)
	mailLife(s, 35, 12)
	uploadLife(s, 40)
	logLife(s, func(format, host string, hour int) bool { return host == "fs" && hour > 53*24+3 && hour < 54*24 })
	developers(s)
	adminLife(s)
	factorLife(s)
	travelLife(s)
	_, bad := boxLife(s)
	vm := inside("10.4.0.21", "vm1", "build")
	sweep(s, 32, 1100, vm, 120, []uint16{22, 445}, 5)
	s.read(33, 1400, 0, s.person("user3"), vm, 300, "dc=example sub (objectClass=*)", "*")
	s.connect(34, 100, 0, vm, outside("203.0.113.9", event.KindHosting, "SG"), link{port: 443, out: 3 << 30, in: 1 << 20, duration: 9 * hours})
	for i := range 20 {
		s.request(34, 1000+i, outside(fmt.Sprintf("2001:db8:%d::1", i), event.KindTor, "DE"), firefox, "POST", "/computer/vm1/script")
	}
	for i := range 1000 {
		if i < 600 || i >= 640 {
			s.record(i, int64(70000+i), "Security", "srv1")
		}
	}
	for i := range 12 {
		who := s.person(fmt.Sprintf("user%d", i+20))
		s.login(60+i/6, 100+i, 0, who, bad, firefox, event.ReasonNone)
		s.login(60+i/6, 101+i, 0, who, outside("192.0.2.9", event.KindTor, "US"), firefox, event.ReasonNone)
		s.audited(61, 800+i, who, bad, "New-InboxRule", "", "Name=a; DeleteMessage=True")
		s.process(61, 700+i, who, who.Name, fmt.Sprintf("pc-%d", i), `C:\Users\Public\frpc.exe -c x`)
		s.service(61, 100+i, inside(fmt.Sprintf("10.30.1.%d", i+1), fmt.Sprintf("srv%d", i), "app"), 7045, fmt.Sprintf(`Thing%c: C:\Windows\Temp\x.exe`, 'A'+i), "")
		s.desktop(61, 60+i, s.person("admin1"), bad, adminServer)
	}
	listing{"203.0.113.9": {Name: "notice", Severity: event.High}, "192.0.2.9": {Name: "tor", Anon: true, Severity: event.Low}}.over(s)
	slices.SortStableFunc(s.all, func(a, b event.Sighting) int { return cmp.Compare(a.Time, b.Time) })
	s.sorted = true
	return s
}

// stateOf returns the state of a detector in bytes that are equal for equal states.
func stateOf(t testing.TB, d detect.Detector) []byte {
	t.Helper()
	plan, err := detect.PlanOf(d)
	if err != nil {
		t.Fatal(err)
	}
	b, err := plan.AppendSorted(nil, d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFindingsChangeNothing holds that a detector may be asked at any time what it has found so far: its state is the same before and
// after, and so is what it says in the end.
func TestFindingsChangeNothing(t *testing.T) {
	s := everything()
	for _, spec := range All() {
		t.Run(spec.Name, func(t *testing.T) {
			asked, unasked := spec.New(s.site), spec.New(s.site)
			classes := asked.Classes()
			n := 0
			for i := range s.all {
				g := &s.all[i]
				if !classes.Has(g.Class) {
					continue
				}
				asked.Observe(g)
				unasked.Observe(g)
				if n++; n%4999 == 0 {
					said(asked, g.Time)
				}
			}
			before := stateOf(t, asked)
			a := said(asked, detect.Over)
			if !bytes.Equal(before, stateOf(t, asked)) {
				t.Error("Findings changes the state")
			}
			if b := said(asked, detect.Over); a != b {
				t.Error("asked again it says something else")
			}
			if b := said(unasked, detect.Over); a != b {
				t.Errorf("being asked before changed what it says in the end:\n%.2000s\nunasked:\n%.2000s", a, b)
			}
		})
	}
}

// TestStateKept holds that a detector that is written and read again in the middle goes on as if nothing had been.
func TestStateKept(t *testing.T) {
	s := everything()
	for _, spec := range All() {
		t.Run(spec.Name, func(t *testing.T) {
			kept, straight := spec.New(s.site), spec.New(s.site)
			plan, err := detect.PlanOf(kept)
			if err != nil {
				t.Fatal(err)
			}
			accounts := map[string]*event.Account{}
			for _, a := range s.accounts {
				accounts[a.ID] = a
			}
			classes := kept.Classes()
			n := 0
			for i := range s.all {
				g := &s.all[i]
				if !classes.Has(g.Class) {
					continue
				}
				kept.Observe(g)
				straight.Observe(g)
				if n++; n%3001 != 0 {
					continue
				}
				b, err := plan.Append(nil, kept)
				if err != nil {
					t.Fatal(err)
				}
				kept = spec.New(s.site)
				blank(kept)
				if err := plan.Read(b, kept, func(a *event.Account) *event.Account { return accounts[a.ID] }); err != nil {
					t.Fatal(err)
				}
			}
			if a, b := said(kept, detect.Over), said(straight, detect.Over); a != b {
				t.Errorf("kept:\n%.2000s\nstraight:\n%.2000s", a, b)
			}
			if !bytes.Equal(stateOf(t, kept), stateOf(t, straight)) {
				t.Error("the states differ")
			}
		})
	}
}

// blank makes a detector's state the zero value of its type.
func blank(d detect.Detector) { reflect.ValueOf(d).Elem().SetZero() }

// said returns what a detector concluded, in words; the engine puts subjects in order.
func said(d detect.Detector, asOf event.Micros) string {
	out := d.Findings(asOf)
	for i := range out {
		f := &out[i]
		f.Accounts, f.Hosts, f.Addresses = slices.Clone(f.Accounts), slices.Clone(f.Hosts), slices.Clone(f.Addresses)
		slices.Sort(f.Accounts)
		slices.Sort(f.Hosts)
		slices.SortFunc(f.Addresses, netip.Addr.Compare)
	}
	return fmt.Sprintf("%+v", out)
}
