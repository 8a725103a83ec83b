// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// filledBound is what all detectors together may hold after a million fresh keys of each kind, in bytes, beside fifty thousand accounts that log in.
const filledBound = 448 << 20

// fill gives an engine n fresh keys of each kind that somebody can make up: names, addresses of IPv6, hosts in logs, far networks and
// ports inside that one taken machine reaches for, machines and accounts that it logs in with, addresses that a taken account is used from, senders of
// mail, files. They come within one day.
func fill(t testing.TB, e *detect.Engine, begun, end event.Micros, n int) {
	day := begun.Day(0)
	vm := inside("10.4.0.99", "pc-99", "")
	owner := &event.Account{Handle: 1 << 20, ID: "A-owner", Name: "owner", Listed: true}
	var members [50_000]*event.Account // names can be made up; accounts that let somebody in are those of the directory
	for i := range members {
		members[i] = &event.Account{Handle: uint32(1<<22 + i), ID: fmt.Sprintf("A-member%d", i), Name: fmt.Sprintf("member%d", i)}
	}
	for i := range n {
		in := members[i%len(members)]
		var from [16]byte
		from[0], from[1], from[2] = 0x2a, 0x0d, byte(i>>16)
		from[3], from[4], from[15] = byte(i>>8), byte(i), 1
		ip := netip.AddrFrom16(from)
		out := event.Place{IP: ip, Kind: event.KindHosting, Country: "DE"}
		who := &event.Account{Handle: uint32(1<<20 + 1 + i), ID: fmt.Sprintf("A-made%d", i), Name: fmt.Sprintf("made%d", i)}
		far := netip.AddrFrom4([4]byte{byte(11 + i>>16), byte(i >> 8), byte(i), 9})
		near := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		host := fmt.Sprintf("made-%d", i)
		for k, s := range []event.Sighting{
			{Event: &event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeFailure, Reason: event.ReasonNoSuchAccount, Account: who.Name, SrcIP: ip, Format: "openldap"}, Who: who, Src: out},
			{Event: &event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeFailure, Reason: event.ReasonBadPassword, Account: who.Name, SrcIP: ip, Format: "openldap"}, Who: who, Src: out},
			{Event: &event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeFailure, Reason: event.ReasonBadPassword, Account: who.Name, SrcIP: ip, Format: "dovecot"}, Who: who, Src: out},
			{Event: &event.Event{Class: event.ClassProcess, Activity: event.ActStart, Outcome: event.OutcomeSuccess, DstHost: host, Object: "ngrok http 80", Format: "windows"}, Dst: event.Place{Own: true, Host: host}},
			{Event: &event.Event{Class: event.ClassLogAdmin, Activity: event.ActClear, DstHost: host, Object: "Security", Format: "windows"}, Dst: event.Place{Own: true, Host: host}},
			{Event: &event.Event{Class: event.ClassNetwork, Activity: event.ActConnect, Outcome: event.OutcomeSuccess, SrcIP: vm.IP, DstIP: far, DstPort: 443, BytesOut: event.Some(100), Duration: event.Some(5 * hours)}, Src: vm, Dst: event.Place{IP: far, Country: "US"}},
			{Event: &event.Event{Class: event.ClassNetwork, Activity: event.ActConnect, Outcome: event.OutcomeSuccess, SrcIP: vm.IP, DstIP: near, DstPort: uint16(i%40 + 1)}, Src: vm, Dst: event.Place{IP: near, Own: true, Network: "offices"}},
			{Event: &event.Event{Class: event.ClassMail, Activity: event.ActSend, Outcome: event.OutcomeSuccess, Account: who.Name, SrcIP: ip, Format: "postfix"}, Who: who, Src: out},
			{Event: &event.Event{Class: event.ClassHTTP, Activity: event.ActRead, Outcome: event.OutcomeSuccess, Account: owner.Name, SrcIP: ip, DstHost: host, Object: "/" + host, Rest: []event.Field{event.Text("status", "200")}}, Who: owner, Src: out},
			{Event: &event.Event{Class: event.ClassFile, Activity: event.ActRename, Outcome: event.OutcomeSuccess, Account: owner.Name, SrcIP: vm.IP, DstHost: "fs", Object: `\x\` + host + ".docx", Rest: []event.Field{event.Text("new_name", `\x\`+host+".docx."+host)}}, Who: owner, Src: vm},
			{Event: &event.Event{Class: event.ClassDirectory, Activity: event.ActSearch, Outcome: event.OutcomeSuccess, Account: owner.Name, SrcIP: ip, Count: event.Some(1), Object: host}, Who: owner, Src: out},
			{Event: &event.Event{Class: event.ClassDNS, Activity: event.ActQuery, SrcIP: vm.IP, Object: host + ".trycloudflare.com"}, Src: vm},
			{Event: &event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Account: owner.Name, SrcIP: vm.IP, DstHost: host, Service: "rdp", Format: "windows"}, Who: owner, Src: vm, Dst: event.Place{Own: true, Host: host}},
			{Event: &event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Account: in.Name, SrcIP: vm.IP, DstHost: host, Service: "ssh", Format: "openssh"}, Who: in, Src: vm, Dst: event.Place{Own: true, Host: host}},
			{Event: &event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Account: owner.Name, SrcIP: ip, DstHost: "mx", Format: "dovecot"}, Who: owner, Src: out},
			{Event: &event.Event{Class: event.ClassAccountChange, Activity: event.ActChange, Outcome: event.OutcomeSuccess, Account: owner.Name, SrcIP: ip, Object: host, Format: "m365-audit"}, Who: owner, Src: out},
		} {
			s.Time = begun + event.Micros(int64(i)*int64(end-begun)/int64(n))
			s.Ref.Offset = int64(i*100 + k)
			s.Day, s.Weekday = day, weekdayOf(day)
			s.Minute = int16((s.Time - event.Micros(day)*86400e6) / 60e6)
			if err := e.Observe(&s); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestFilled holds that nobody who fills the state with fresh keys makes the detectors blind: what is found without that, on the days before
// and on those after, is found with it, and the state stays below its bound.
func TestFilled(t *testing.T) {
	n := 150_000 // more than any of them has room for; FILL=1000000 takes minutes and finds the same
	if testing.Short() || raced {
		n = 20_000
	}
	if more, err := strconv.Atoi(os.Getenv("FILL")); err == nil {
		n = more
	}
	s := everything()
	pathLife(s)
	s.enter(45, 1200, s.person("user3"), "rdp", serverAt(7), serverAt(3))
	s.enter(45, 1230, s.person("oldadmin"), "rdp", serverAt(3), serverAt(11))
	clockLife(s, func(day int) int { return 1 + 44*(day/25) })
	slices.SortStableFunc(s.all, func(a, b event.Sighting) int { return cmp.Compare(a.Time, b.Time) })
	const day = 29 // before the waves of guessing and before most of the rest
	runs := func(fresh int) ([]event.Finding, int64) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		e := detect.NewEngine(All(), s.site)
		filled := fresh == 0
		for i := range s.all {
			if !filled && s.all[i].Day > monday+day {
				fill(t, e, s.all[i-1].Time, s.all[i-1].Time+(event.Micros(monday+day+1)*86400e6-s.all[i-1].Time)/2, fresh)
				filled = true
			}
			if err := e.Observe(&s.all[i]); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if fresh > 0 {
			for i, spec := range All() { // which of them holds how much, written down
				if b, err := e.Save(i); err != nil {
					t.Error(err)
				} else if len(b) > 1<<20 {
					t.Logf("%s %d MiB", spec.Name, len(b)>>20)
				}
			}
		}
		out := e.Findings()
		for _, h := range e.Health() {
			if h.Fault != "" {
				t.Errorf("%s: %s", h.Detector, h.Fault)
			}
		}
		return out, int64(after.HeapAlloc) - int64(before.HeapAlloc)
	}
	calm, usual := runs(0)
	all, held := runs(n)
	t.Logf("state %d MiB, %d MiB after %d fresh keys of each kind; %d findings, %d", usual>>20, held>>20, n, len(calm), len(all))
	if held > filledBound {
		t.Errorf("the state takes %d MiB", held>>20)
	}
	for i := range calm {
		f := &calm[i]
		if f.Severity >= event.Medium && !slices.ContainsFunc(all, func(g event.Finding) bool { return tellsOf(&g, f) }) {
			t.Errorf("not found any more: %s %s %s %s %s", f.Detector, f.Key, f.Severity, f.First.Time().Format("01-02"), f.Title.En)
		}
	}
}

// tellsOf says whether g tells at least what f does.
func tellsOf(g, f *event.Finding) bool {
	in := func(all, some []string) bool {
		for _, x := range some {
			if !slices.Contains(all, x) {
				return false
			}
		}
		return true
	}
	if g.Detector != f.Detector || g.Severity < f.Severity || g.First > f.Last || g.Last < f.First || !in(g.Accounts, f.Accounts) || !in(g.Hosts, f.Hosts) {
		return false
	}
	return len(f.Accounts)+len(f.Hosts) > 0 || len(f.Addresses) == 0 || slices.ContainsFunc(f.Addresses, func(a netip.Addr) bool { return slices.Contains(g.Addresses, a) })
}
