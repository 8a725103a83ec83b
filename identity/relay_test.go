// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/event"
)

const loginPage = "/idp/login"

// typed is one login of a story: when it was typed, to the microsecond, and from where.
type typed struct {
	at event.Micros
	ip netip.Addr
}

// relayStory types logins at random moments and writes them into two logs that know whole seconds: the front end's, and, a little later and
// by a clock that is off, the directory's.
func relayStory(seed uint64, n int, offset event.Micros) (web, directory []event.Event, from []netip.Addr) {
	d := rand.New(rand.NewPCG(seed, 1))
	relay := netip.MustParseAddr("172.16.5.10")
	var story []typed
	for t := event.Micros(1_750_000_000_000_000); len(story) < n; t += event.Micros(d.ExpFloat64() * 6e6) {
		story = append(story, typed{t, netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + d.IntN(40))})})
	}
	const second = 1_000_000
	for _, s := range story {
		web = append(web, event.Event{Time: s.at / second * second, Class: event.ClassHTTP, Activity: event.ActSend, SrcIP: s.ip, Object: loginPage})
		directory = append(directory, event.Event{Time: (s.at + offset + 5000) / second * second, Class: event.ClassAuthentication, Activity: event.ActLogon,
			SrcIP: relay, SrcIsRelay: true, Account: "a"})
		from = append(from, s.ip)
	}
	return web, directory, from
}

// join learns the page and matches the whole story.
func joinStory(t *testing.T, web, directory []event.Event) ([]Arrival, []Match) {
	t.Helper()
	l := NewRelayLearner()
	all := slices.Concat(web, directory)
	slices.SortStableFunc(all, func(a, b event.Event) int { return int(a.Time - b.Time) })
	for i := range all {
		l.Observe(&all[i], "idp")
	}
	pages := l.Pages()
	if len(pages) != 1 || pages[0].Page != loginPage {
		t.Fatalf("learnt %+v, want the login page", pages)
	}
	j := NewRelayJoin(pages[0])
	next := 0
	var got []Arrival
	var how []Match
	for i := range directory {
		for next < len(web) && web[next].Time <= j.Wants(directory[i].Time) {
			j.Arrive(Arrival{At: web[next].Time, IP: web[next].SrcIP})
			next++
		}
		a, m := j.Attempt(directory[i].Time)
		got, how = append(got, a), append(how, m)
	}
	return got, how
}

// TestJoinNeverGivesAStrangersAddress: a match that is called certain is right, also where the second turned between request and attempt.
func TestJoinNeverGivesAStrangersAddress(t *testing.T) {
	for seed := range uint64(6) {
		for _, offset := range []event.Micros{0, 17_400_000, -63_000_000} {
			web, directory, from := relayStory(seed, 4000, offset)
			got, how := joinStory(t, web, directory)
			certain, right := 0, 0
			for i := range got {
				if how[i] == ByItself {
					certain++
					if got[i].IP == from[i] {
						right++
					}
				}
			}
			if right != certain {
				t.Errorf("seed %d, clocks %d s apart: %d of %d certain matches are a stranger's", seed, offset/1e6, certain-right, certain)
			}
			if certain < len(got)/2 {
				t.Errorf("seed %d, clocks %d s apart: only %d of %d matches are certain", seed, offset/1e6, certain, len(got))
			}
		}
	}
}

// TestNoPageNoJoin: requests that have nothing to do with the logins are not taken for them.
func TestNoPageNoJoin(t *testing.T) {
	web, directory, _ := relayStory(3, 2000, 0)
	other, _, _ := relayStory(4, 2000, 0)
	for i := range web {
		web[i] = other[i]
	}
	l := NewRelayLearner()
	all := slices.Concat(web, directory)
	slices.SortStableFunc(all, func(a, b event.Event) int { return int(a.Time - b.Time) })
	for i := range all {
		l.Observe(&all[i], "idp")
	}
	if pages := l.Pages(); len(pages) != 0 {
		t.Errorf("learnt %+v from requests at random", pages)
	}
}
