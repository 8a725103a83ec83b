// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// vpn lets somebody in over the VPN and lends an address inside.
func (w *world) vpn(name, outer, inner string, d, hour int) {
	w.login(name, outer, "", d, hour, event.OutcomeSuccess)
	w.pending[len(w.pending)-1].Event.Rest = []event.Field{event.Text("tunnelip", inner)}
}

// scan is a finding that a machine scanned the inside, on a day at an hour and for ten minutes.
func scan(host string, d, hour int) event.Finding {
	at := day0 + event.Micros(d)*day + event.Micros(hour)*3600e6
	return event.Finding{Detector: "internal-scan", Severity: event.High, Key: host, Hosts: []string{host}, First: at + 600e6, Last: at + 1200e6}
}

// TestTunnel: what was done from an address inside speaks of the login that the VPN lent it to, and of nobody who had it before or after.
func TestTunnel(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	inside := event.Place{IP: netip.MustParseAddr("10.200.0.7"), Kind: event.KindOwn, Own: true}
	w.places["10.200.0.7"] = inside
	w.place("203.0.113.77", event.KindUnknown, "JP", 4713)
	for d := range 60 { // the pool lends one address to another person each day
		w.vpn(name(d%10), "126.10."+string(rune('0'+d%10))+".9", "10.200.0.7", d, 20)
	}
	w.vpn(name(20), "203.0.113.77", "10.200.0.7", 50, 12)
	w.login(name(25), "10.200.0.7", "", 50, 15, event.OutcomeSuccess) // an administrator's account, from the tunnel
	w.login(name(3), "10.200.0.7", "", 55, 21, event.OutcomeSuccess)  // an honest one, when it is his
	f := scan("10.200.0.7", 50, 14)
	s := f
	s.Detector, s.Key = "restricted-access", "other"
	u := f
	u.Detector, u.Key = "directory-read", "third"
	r := w.scope(Inputs{Findings: []event.Finding{f, s, u}})
	got := verdicts(r)
	if got[name(20)] != cases.AccountCompromised || got[name(25)] != cases.AccountCompromised {
		t.Errorf("who came through the tunnel: %v", got)
	}
	for i := range 10 {
		if v, told := got[name(i)]; told && (v == cases.AccountCompromised || v == cases.AccountSuspected) {
			t.Errorf("%s, who had the address on other days, is %s", name(i), v)
		}
	}
	if v := addressVerdict(r, "203.0.113.77"); v != cases.AddressAttacker {
		t.Errorf("the address behind the tunnel is %q", v)
	}
}

// TestOwnerless: an account that the intruder made is his wherever it is used from.
func TestOwnerless(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	w.place("153.127.31.84", event.KindUnknown, "JP", 7684)
	for i := range 5 {
		w.login(name(i), "45.76.101.17", strange, 50+i%3, 18, event.OutcomeSuccess)
	}
	w.login("maintenance", "45.76.101.17", strange, 51, 18, event.OutcomeSuccess)
	w.login("maintenance", "153.127.31.84", "another", 55, 11, event.OutcomeSuccess)
	w.login(name(9), "153.127.31.84", browser(9), 55, 22, event.OutcomeSuccess)
	r := w.scope(Inputs{})
	if got := verdicts(r); got["maintenance"] != cases.AccountCompromised || got[name(9)] == cases.AccountCompromised {
		t.Errorf("%v", got)
	}
	if v := addressVerdict(r, "153.127.31.84"); v != cases.AddressAttacker && v != cases.AddressShared {
		t.Errorf("its second address is %q", v)
	}
}

// TestCallouts: the places that a condemned machine called are told with it, and those that everybody calls are not.
func TestCallouts(t *testing.T) {
	w := newWorld(t)
	w.ordinary(30)
	var in Inputs
	call := func(detector, host, ip string, sev event.Severity, users float64) {
		f := scan(host, 20, 3)
		f.Detector, f.Key, f.Severity = detector, host+ip+detector, sev
		f.Addresses = []netip.Addr{netip.MustParseAddr(ip)}
		f.Numbers = []event.Figure{{Name: "machines_using_it", Value: users}}
		in.Findings = append(in.Findings, f)
	}
	for i, ip := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5", "198.51.100.6"} {
		call("appliance-outbound", "mgw1", ip, event.High, 1)
		if i == 0 {
			call("beacon", "mgw1", ip, event.Medium, 1)
		}
	}
	call("beacon", "mgw1", "198.51.100.77", event.Medium, 1)
	call("beacon", "mgw1", "198.51.100.88", event.High, 40)
	call("beacon", "pc9", "198.51.100.99", event.Medium, 1)
	r := w.scope(in)
	if r.Verdict != cases.Breach {
		t.Fatalf("verdict %s, hosts %v", r.Verdict, r.Hosts)
	}
	for ip, want := range map[string]cases.AddressVerdict{"198.51.100.1": cases.AddressAttacker, "198.51.100.6": cases.AddressAttacker,
		"198.51.100.77": cases.AddressSuspected, "198.51.100.88": "", "198.51.100.99": ""} {
		if got := addressVerdict(r, ip); got != want {
			t.Errorf("%s is %q, want %q", ip, got, want)
		}
	}
}
