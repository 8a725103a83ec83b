// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/event"
)

var neighbours = netip.MustParseAddr("203.0.113.5")

// from makes a login of an account from a port on a day.
func from(ip netip.Addr, account string, day int, port uint16) *event.Event {
	return &event.Event{Time: event.Micros(day)*86400*1e6 + 9*3600*1e6, Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess,
		Account: account, SrcIP: ip, SrcPort: port}
}

// portOf draws a port of a home's set.
func portOf(p portPlan, home uint16, r *rand.Rand) uint16 {
	free := 16 - p.block - p.home
	block := uint16(1 + r.IntN(1<<p.block-1))
	return block<<(16-p.block) | home<<free | uint16(r.IntN(1<<free))
}

func TestSharedLearnsPortSets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i, plan := range portPlans() {
		for range 50 {
			l := NewSharedLearner()
			a, b := uint16(r.IntN(1<<plan.home)), uint16(r.IntN(1<<plan.home))
			for day := range 20 {
				l.Observe(from(neighbours, "hanako", day, portOf(plan, a, r)))
				if day > 15 {
					l.Observe(from(neighbours, "taro", day, portOf(plan, b, r)))
				}
			}
			s := l.Shared(nil)
			for range 20 {
				set, known := s.Set(neighbours, portOf(plan, a, r))
				if !known || set != a+1 {
					t.Fatalf("plan %d: set %d, known %v, want %d", i, set, known, a+1)
				}
				if set, _ = s.Set(neighbours, portOf(plan, b, r)); set != b+1 {
					t.Fatalf("plan %d: the neighbour's set is %d, want %d", i, set, b+1)
				}
			}
			if set, known := s.Set(neighbours, 0); set != 0 || !known {
				t.Fatal("without a port the home is known")
			}
			if _, known := s.Set(netip.MustParseAddr("203.0.113.6"), 5000); known {
				t.Fatal("another address is known")
			}
		}
	}
}

// Every other way in which machines choose ports must not look like a set.
func TestSharedIsNotLearntOfOrdinaryLines(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	ways := map[string]func(i int) uint16{
		"random":       func(int) uint16 { return uint16(32768 + r.IntN(28232)) },
		"in order":     func(i int) uint16 { return uint16(49152 + i*7%16384) },
		"one port":     func(int) uint16 { return 1194 },
		"one block":    func(i int) uint16 { return uint16(40960 + i%512) }, // a block of a carrier's translation
		"even ports":   func(int) uint16 { return uint16(1024 + 2*r.IntN(32000)) },
		"well known":   func(i int) uint16 { return []uint16{500, 4500, 1701, 1194}[i%4] },
		"few steps on": func(i int) uint16 { return uint16(50000 + i*3) },
	}
	for name, port := range ways {
		for range 200 {
			l := NewSharedLearner()
			for i := range 60 {
				l.Observe(from(neighbours, "hanako", i/3, port(i)))
			}
			if _, known := l.Shared(nil).Set(neighbours, 5000); known {
				t.Fatalf("%s: taken for port sets", name)
			}
		}
	}
}

// An intruder who has his own line for himself may choose his ports as if there were sets. It must take him days on one account.
func TestSharedIsNotLearntInADay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	l := NewSharedLearner()
	for i := range 400 {
		l.Observe(from(neighbours, fmt.Sprintf("victim%d", i%9), 1, portOf(portPlans()[0], uint16(i%9), r)))
	}
	if _, known := l.Shared(nil).Set(neighbours, 5000); known {
		t.Error("learnt in a day")
	}
	if _, known := l.Shared(func(netip.Addr) bool { return true }).Set(neighbours, 5000); !known {
		t.Error("not learnt where the profile says that it is shared")
	}
}

// Nor may he do so after he has guessed, however long he has the account then.
func TestSharedIsNotLearntOfGuessers(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	l := NewSharedLearner()
	for i := range sharedGuessed {
		e := from(neighbours, fmt.Sprintf("victim%d", i), 0, 40000)
		e.Outcome = event.OutcomeFailure
		l.Observe(e)
	}
	for day := range 60 {
		l.Observe(from(neighbours, "victim1", day, portOf(portPlans()[0], 7, r)))
	}
	if _, known := l.Shared(nil).Set(neighbours, 5000); known {
		t.Error("learnt of a guesser's own logins")
	}
}

func TestSharedIsBounded(t *testing.T) {
	l := NewSharedLearner()
	for i := range maxSharedHabits + 1000 {
		l.Observe(from(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), fmt.Sprint(i), 1, 5000))
	}
	if l.habits > maxSharedHabits || len(l.places) > maxSharedPlaces {
		t.Errorf("%d habits at %d places", l.habits, len(l.places))
	}
}

func TestSharedSystems(t *testing.T) {
	k, err := NewKnowledge(KnowledgeOptions{Networks: []Network{{Name: "homes", Ranges: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, Shared: true}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ip   string
		asn  uint32
		want bool
	}{{"203.0.113.5", 0, true}, {"198.51.100.7", 55391, true}, {"198.51.100.7", 4713, false}, {"2001:db8::1", 55391, false}} {
		if got := k.Address(netip.MustParseAddr(c.ip), "", c.asn, 0).Shared; got != c.want {
			t.Errorf("%s of AS%d is shared: %v", c.ip, c.asn, got)
		}
	}
}
