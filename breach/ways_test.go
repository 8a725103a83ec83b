// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// inside returns a place of the institute; its name is what a profile says, or empty.
func inside(ip, host string) event.Place {
	return event.Place{IP: netip.MustParseAddr(ip), Kind: event.KindOwn, Own: true, Host: host}
}

// way adds a login, or with a port a connection, from one machine to another on a day.
func (w *world) way(from, to event.Place, who string, d, hour int, port uint16, ms, got int64) {
	at := day0 + event.Micros(d)*day + event.Micros(hour)*3600e6
	e := &event.Event{Time: at, Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, SrcIP: from.IP, DstIP: to.IP, DstHost: to.Host,
		Service: "ssh", Account: who, Format: "story", Ref: event.Ref{Part: event.Part{Line: int64(len(w.pending) + 1), Length: 9}}}
	s := event.Sighting{Event: e, Src: from, Dst: to, Day: at.Day(0)}
	if port != 0 {
		e.Class, e.Activity, e.Account, e.Service = event.ClassNetwork, event.ActConnect, "", ""
		e.DstPort, e.Duration, e.BytesIn = port, event.Some(ms), event.Some(got)
	} else {
		s.Who = w.who(who)
	}
	w.pending = append(w.pending, s)
}

// named adds a record of a file server's that has a machine's name and its address.
func (w *world) named(host string, from event.Place, who string, d int) {
	at := day0 + event.Micros(d)*day + 11*3600e6
	e := &event.Event{Time: at, Class: event.ClassFile, Activity: event.ActRead, Outcome: event.OutcomeSuccess, SrcIP: from.IP, SrcHost: host, DstHost: "fs1", Account: who,
		Format: "story", Ref: event.Ref{Part: event.Part{Line: int64(len(w.pending) + 1), Length: 9}}}
	w.pending = append(w.pending, event.Sighting{Event: e, Who: w.who(who), Src: from, Day: at.Day(0)})
}

// about is a finding of a detector about a machine from a day on.
func about(detector, host string, sev event.Severity, d int, calls ...string) event.Finding {
	f := scan(host, d, 3)
	f.Detector, f.Key, f.Severity = detector, host+detector, sev
	for _, ip := range calls {
		f.Addresses = append(f.Addresses, netip.MustParseAddr(ip))
	}
	return f
}

func hostVerdicts(r *Result) map[string]cases.HostVerdict {
	out := map[string]cases.HostVerdict{}
	for _, h := range r.Hosts {
		out[h.Name] = h.Verdict
		if h.IP.IsValid() {
			out[h.IP.String()] = h.Verdict
		}
	}
	return out
}

// TestOneMachine: what one log tells of a name and another of its address is told of one machine; a name that somebody only claims joins nothing.
func TestOneMachine(t *testing.T) {
	w := newWorld(t)
	w.ordinary(40)
	pc, other := inside("10.12.1.85", ""), inside("10.12.1.86", "")
	for d := range 30 {
		w.named("PC-AIKIDO", pc, name(3), d)
		w.named("pc-mori.ad.lab.example", other, name(4), d)
	}
	w.named("pc-mori", pc, name(3), 31) // once, whoever says so
	for d := range 30 {                 // a remote desktop on mon1, from another machine
		w.named("MON1", inside("10.99.0.51", ""), "admin", d)
		w.pending[len(w.pending)-1].DstHost = "mon1.ad.lab.example"
	}
	in := Inputs{Findings: []event.Finding{about("log-cleared", "pc-aikido.ad.lab.example", event.High, 33), about("tunnel", "pc-aikido", event.High, 33),
		about("beacon", "10.12.1.85", event.Medium, 32, "198.51.100.7"), about("internal-scan", "10.12.1.85", event.High, 34), about("log-cleared", "mon1", event.High, 34), about("tunnel", "mon1", event.High, 34)}}
	got := hostVerdicts(w.scope(in))
	if got["pc-aikido"] != cases.HostCompromised || got["10.12.1.85"] != cases.HostCompromised || got["mon1"] == "" || got["10.99.0.51"] != "" {
		t.Errorf("%v, want the machine with two names compromised, mon1 without an address", got)
	}
}

// TestSamePlace: whoever calls the place that a condemned machine calls, and nobody else does, is suspected; with an owner whose account
// was used by the intruder it is condemned. A place that many use says nothing.
func TestSamePlace(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	for i := range 5 {
		w.login(name(i), "45.76.101.17", strange, 50+i%3, 18, event.OutcomeSuccess)
	}
	a, b, c, d := inside("10.12.1.1", "pc-a"), inside("10.12.1.2", "pc-b"), inside("10.12.1.3", "pc-c"), inside("10.12.1.4", "pc-d")
	for n := range 20 {
		w.named("pc-b", b, name(1), n)
		w.named("pc-c", c, name(20), n)
		w.named("pc-a", a, name(21), n)
		w.named("pc-d", d, name(22), n)
	}
	users := func(f event.Finding, n float64) event.Finding {
		f.Numbers = []event.Figure{{Name: "machines_using_it", Value: n}}
		return f
	}
	in := Inputs{Findings: []event.Finding{about("log-cleared", "pc-a", event.High, 49), about("internal-scan", "pc-a", event.High, 49), about("tunnel", "pc-a", event.High, 49),
		users(about("beacon", "pc-a", event.Low, 48, "198.51.100.7"), 3), users(about("beacon", "pc-b", event.Low, 48, "198.51.100.7"), 3), users(about("beacon", "pc-c", event.Low, 48, "198.51.100.7"), 3),
		users(about("long-connection", "pc-a", event.Low, 48, "198.51.100.9"), 30), users(about("beacon", "pc-d", event.Low, 48, "198.51.100.9"), 30)}}
	r := w.scope(in)
	got := hostVerdicts(r)
	if got["pc-a"] != cases.HostCompromised || got["pc-b"] != cases.HostCompromised || got["pc-c"] != cases.HostSuspected || got["pc-d"] != "" {
		t.Errorf("%v", got)
	}
	if v := addressVerdict(r, "198.51.100.7"); v != cases.AddressSuspected {
		t.Errorf("the place that two condemned machines and a third call is %q", v)
	}
	if v := addressVerdict(r, "198.51.100.9"); v != "" {
		t.Errorf("a place that thirty machines use is %q", v)
	}
}

// TestBurst: a machine that never entered another and enters three within days is believed to do it for the intruder; one whose people go on
// to a new machine every other day says less.
func TestBurst(t *testing.T) {
	for _, busy := range []bool{false, true} {
		w := newWorld(t)
		w.ordinary(60)
		vm := inside("10.1.0.5", "vm")
		for n := range 40 {
			if busy && n%2 == 0 {
				w.way(vm, inside(fmt.Sprintf("10.2.0.%d", n+1), fmt.Sprint("old", n)), "admin", n, 10, 0, 0, 0)
			}
		}
		for n := range 3 {
			w.way(vm, inside(fmt.Sprintf("10.3.0.%d", n+1), fmt.Sprint("new", n)), "admin", 51+n, 20, 0, 0, 0)
		}
		in := Inputs{Findings: []event.Finding{about("ci-remote-control", "vm", event.High, 50), about("tunnel", "vm", event.High, 50), about("upload", "vm", event.High, 50)}}
		want := cases.HostCompromised
		if busy {
			want = cases.HostSuspected
		}
		if got := hostVerdicts(w.scope(in)); got["vm"] != cases.HostCompromised || got["new0"] != want || got["new2"] != want {
			t.Errorf("busy %v: %v", busy, got)
		}
	}
}

// TestWave: a program that enters all the machines within minutes from a server that the intruder has entered accuses none of them.
func TestWave(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	vm := inside("10.1.0.5", "deploy")
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	for i := range 5 {
		w.login(name(i), "45.76.101.17", strange, 50+i%3, 18, event.OutcomeSuccess)
	}
	for n := range 30 {
		w.way(vm, inside(fmt.Sprintf("10.3.0.%d", n+1), fmt.Sprint("pc", n)), "svc-deploy", 52, 12, 0, 0, 0)
		w.pending[len(w.pending)-1].Time += event.Micros(n) * 60e6
	}
	w.way(vm, inside("10.3.0.99", "victim"), "admin", 53, 20, 0, 0, 0)
	in := Inputs{Findings: []event.Finding{about("ci-remote-control", "deploy", event.High, 50), about("tunnel", "deploy", event.High, 50), about("upload", "deploy", event.High, 50)}}
	got := hostVerdicts(w.scope(in))
	if got["pc0"] != cases.HostReached || got["pc29"] != cases.HostReached || got["victim"] != cases.HostCompromised {
		t.Errorf("%v", got)
	}
}

// TestSession: a connection by ssh that lasted and carried much was a session; a refused one is only a way.
func TestSession(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	vm := inside("10.1.0.5", "vm")
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	for i := range 5 {
		w.login(name(i), "45.76.101.17", strange, 50+i%3, 18, event.OutcomeSuccess)
	}
	w.way(vm, inside("10.3.0.1", "entered"), "", 52, 20, 22, 600_000, 40<<10)
	w.way(vm, inside("10.3.0.2", "refused"), "", 52, 20, 22, 9_000, 3<<10)
	in := Inputs{Findings: []event.Finding{about("ci-remote-control", "vm", event.High, 50), about("tunnel", "vm", event.High, 50), about("upload", "vm", event.High, 50)}}
	if got := hostVerdicts(w.scope(in)); got["entered"] != cases.HostSuspected || got["refused"] != cases.HostReached {
		t.Errorf("%v", got)
	}
}

// TestLentAgain: the account that the intruder made comes through the VPN from another rented machine; what is seen of it inside is no past of an owner.
func TestLentAgain(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	w.places["10.200.0.7"], w.places["10.200.0.8"] = inside("10.200.0.7", ""), inside("10.200.0.8", "")
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	w.place("153.127.31.84", event.KindHosting, "JP", 7684)
	for i, ip := range []string{"45.76.101.17", "153.127.31.84"} {
		inner, d := fmt.Sprintf("10.200.0.%d", 7+i), 20+10*i
		w.login("maint", inner, "", d, 11, event.OutcomeSuccess) // the directory hears of it from the tunnel first
		w.vpn("maint", ip, inner, d, 11)
		for n := range 8 {
			w.login("maint", inner, "", d+n, 12, event.OutcomeSuccess)
			w.vpn("maint", ip, inner, d+n, 11)
		}
	}
	in := Inputs{Findings: []event.Finding{scan("10.200.0.7", 20, 12), about("directory-read", "10.200.0.7", event.High, 20), about("restricted-access", "10.200.0.7", event.High, 20),
		about("restricted-access", "10.200.0.8", event.Medium, 30)}}
	for i := range in.Findings { // after the tunnel came up
		in.Findings[i].First += 10 * 3600e6
		in.Findings[i].Last += 10 * 3600e6
	}
	r := w.scope(in)
	for _, ip := range []string{"45.76.101.17", "153.127.31.84"} {
		if v := addressVerdict(r, ip); v != cases.AddressAttacker {
			t.Errorf("%s is %q", ip, v)
		}
	}
}

// TestOwnMachine: a strange login counts for more at a time when grave signs speak against its owner's machine, and for nothing more at any other.
func TestOwnMachine(t *testing.T) {
	for _, c := range []struct {
		day  int // of the machine's signs; 0: none
		want cases.AccountVerdict
	}{{50, cases.AccountSuspected}, {0, cases.AccountCleared}} {
		w := newWorld(t)
		w.ordinary(60)
		w.place("193.138.218.165", event.KindVPN, "SE", 39351)
		pc := inside("10.12.1.1", "pc-a")
		for n := range 45 {
			w.named("pc-a", pc, name(1), n)
		}
		w.login(name(1), "193.138.218.165", strange, 52, 18, event.OutcomeSuccess)
		in := Inputs{Findings: []event.Finding{about("log-cleared", "pc-a", event.High, c.day), about("tunnel", "pc-a", event.High, c.day)}}
		if c.day == 0 {
			in.Findings = nil
		}
		if got := verdicts(w.scope(in))[name(1)]; got != c.want && (got != "" || c.day != 0) {
			t.Errorf("signs on day %d: %q, want %q", c.day, got, c.want)
		}
	}
}
