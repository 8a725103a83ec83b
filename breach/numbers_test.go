// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestScopeWhileRecordsCome: what is kept between two scopings says nothing of records that came since, nor of answers that are gone. A ledger that
// is scoped again and again while records come says the same as one that was told all of them at once.
func TestScopeWhileRecordsCome(t *testing.T) {
	for seed := range uint64(4) {
		told, rng := moving(t, seed), rand.New(rand.NewPCG(seed, 2))
		grown := NewLedger()
		for from := 0; from < len(told); {
			to := min(len(told), from+1+rng.IntN(len(told)/5))
			if seed == 0 {
				to = min(len(told), max(to, from+len(told)/12)) // in parts of about one size
			}
			fresh := NewLedger()
			for i := range told[:to] {
				fresh.Observe(&told[i])
			}
			for i := range told[from:to] {
				grown.Observe(&told[from+i])
			}
			from = to
			in := Inputs{Covered: true}
			if rng.IntN(2) == 0 {
				v := fresh.ordered[rng.IntN(len(fresh.ordered))]
				in.Answers = []Answer{{Account: v.who.ID, Address: v.addr.place.IP, Legitimate: rng.IntN(2) == 0, By: "suzuki"}}
			}
			want := fresh.Scope(in)
			grown.Scope(Inputs{Answers: []Answer{{Account: told[0].Who.ID, By: "tanaka"}}}) // of another day
			if got := grown.Scope(in); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, after %d of %d records: another case than that of a ledger told all at once", seed, to, len(told))
			}
		}
		if r := grown.Scope(Inputs{Covered: true}); len(r.Victims) == 0 {
			t.Errorf("seed %d: no victims: the story does not tell what it should", seed)
		}
	}
}

// moving tells of an intruder in sixty ordinary days, with what scoping numbers in all its forms: shared addresses with port sets and without, clients
// that no record names, addresses of which the kind, the country and the system become known late, machines by name and by address.
func moving(t *testing.T, seed uint64) []event.Sighting {
	w, rng := newWorld(t), rand.New(rand.NewPCG(seed, 3))
	w.ordinary(60)
	w.place("203.0.113.5", event.KindMobile, "JP", 17676)
	for k := range 6 {
		w.place(fmt.Sprintf("45.76.10%d.17", k), event.KindHosting, "SG", 20473)
	}
	w.place("2001:db8:7:8::9", event.KindUnknown, "DE", 3320)
	for i := range 30 {
		for range 8 {
			w.login(name(i), "203.0.113.5", []string{browser(i), ""}[rng.IntN(2)], rng.IntN(60), rng.IntN(24), event.OutcomeSuccess)
			last := &w.pending[len(w.pending)-1]
			last.Src.Shared, last.Src.Set = true, uint16(rng.IntN(4))
		}
		w.login(name(i), fmt.Sprintf("126.10.%d.9", i), "", rng.IntN(60), 7, event.OutcomeSuccess)
		w.login(name(rng.IntN(30)), "2001:db8:7:8::9", []string{strange, browser(i)}[rng.IntN(2)], 30+rng.IntN(30), 3, event.OutcomeSuccess)
		w.login(name(rng.IntN(30)), fmt.Sprintf("45.76.10%d.17", rng.IntN(6)), "", 20+rng.IntN(40), 4, event.OutcomeFailure)
	}
	for i := range 7 {
		w.login(name(i), fmt.Sprintf("45.76.10%d.17", rng.IntN(6)), strange, 40+rng.IntN(20), 18, event.OutcomeSuccess)
	}
	for i := range 40 { // between machines, of which some records know the name only
		from, to := rng.IntN(6), rng.IntN(6)
		e := &event.Event{Time: day0 + event.Micros(rng.IntN(60*24))*day/24, Class: event.ClassRemoteSession, Activity: event.ActLogon, Outcome: event.OutcomeSuccess,
			Service: "ssh", Account: name(i % 9), Format: "story", SrcIP: netip.AddrFrom4([4]byte{10, 0, 0, byte(from)}), DstHost: fmt.Sprintf("Host%d.lab.example", to)}
		s := event.Sighting{Event: e, Who: w.who(name(i % 9)), Src: event.Place{IP: e.SrcIP, Own: true}, Day: e.Time.Day(0)}
		if rng.IntN(2) == 0 {
			e.SrcHost, s.Src.Host = fmt.Sprintf("HOST%d", from), fmt.Sprintf("HOST%d", from)
		}
		if rng.IntN(2) == 0 {
			e.DstIP = netip.AddrFrom4([4]byte{10, 0, 0, byte(to)})
			s.Dst = event.Place{IP: e.DstIP, Own: true}
		}
		w.pending = append(w.pending, s)
	}
	sortSightings(w.pending)
	for i := range w.pending { // at first nobody knows what is where
		if p := &w.pending[i].Src; !p.Own && i < len(w.pending)/2 && rng.IntN(3) > 0 {
			p.Kind, p.Country, p.ASN = event.KindUnknown, "", 0
		}
	}
	return slices.Clip(w.pending)
}
