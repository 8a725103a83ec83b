// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Clients tell people apart as far as few have them: what is counted here is who has which, to the letter and in any version.

// numberFamilies returns for each client the number of its name without versions. Names that differ in versions only have one number; 0 is no
// client's.
func numberFamilies(names []string) []uint32 {
	out, known := make([]uint32, len(names)), map[string]uint32{"": 0}
	for i, n := range names {
		f := family(n)
		id, ok := known[f]
		if !ok {
			id = uint32(len(known))
			known[f] = id
		}
		out[i] = id
	}
	return out
}

// family returns a client's name without what changes when it updates itself: digits and what hangs on them.
func family(client string) string {
	const system = "Windows NT " // its number changes once in ten years, a browser's every month
	keep := -1
	if i := strings.Index(client, system); i >= 0 {
		keep = i + len(system)
	}
	var b strings.Builder
	for i := 0; i < len(client) && b.Len() < 200; i++ {
		c := client[i]
		if digit := c >= '0' && c <= '9' || c == '.'; digit && i == keep {
			keep++
		} else if digit {
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// uniformClients says of each client whether it is Tor Browser's, which shows the same to everybody: one of a few names, and the version of
// Firefox that it is made from (until version 14, that of a Windows of 32 bits on every desktop).
func uniformClients(names []string) []bool {
	out := make([]bool, len(names))
	for i, n := range names {
		platform, engine, ok := strings.Cut(strings.TrimPrefix(n, "Mozilla/5.0 ("), "; rv:")
		switch platform {
		case "Windows NT 6.1", "Windows NT 10.0", "Windows NT 10.0; Win64; x64", "X11; Linux x86_64", "Macintosh; Intel Mac OS X 10.15", "Android 10; Mobile":
			out[i] = ok && strings.Contains(engine, ") Gecko/") && strings.Contains(engine, " Firefox/")
		}
	}
	return out
}

// everybodys says whether a visit's client is that of all who come from such a place, so that having it in common says nothing: Tor Browser's
// at an exit of Tor.
func (s *scoping) everybodys(v *visit) bool {
	return v.addr.place.Kind == event.KindTor && s.uniform[v.client]
}

// shareClients returns which share of the accounts has each client, in any version, as a habit: on some days, at addresses that do not hide
// their users. It is taken once: what is condemned later does not make a common client rare.
func (s *scoping) shareClients() []float64 {
	days, is, people := make([]int32, s.numbers.kins), make([]bool, s.numbers.kins), handles{}
	for _, v := range s.ordered {
		if v.client != 0 && !v.addr.place.Kind.Anonymous() {
			people.add(v.who.Handle)
			days[v.is.kin] += v.days
		}
	}
	held, least := make([]float64, s.numbers.most+1), s.habitDays()
	for _, v := range s.ordered {
		if v.client != 0 && !is[v.is.kin] && days[v.is.kin] >= least {
			is[v.is.kin] = true
			held[s.families[v.client]] += 1 / float64(people.n)
		}
	}
	return held
}

// habitDays is on how many days a client must have been seen with an account to be the owner's: three, in short logs fewer.
func (s *scoping) habitDays() int32 {
	return max(1, min(3, int32((s.last-s.recordsFrom)/(7*day))))
}

// countClients counts by client how many accounts have it and how many of them are condemned with it.
func (s *scoping) countClients() {
	const bad, seen, habit = 1, 2, 4
	n := len(s.names)
	s.clientBad, s.clientAll, s.clientSeen = make([]int, n), make([]int, n), make([]int, n)
	s.familyAll, s.taken = make([]int, s.numbers.most+1), newTakings(s.numbers.people)
	days, is, kins := make([]int32, s.numbers.pairs), make([]uint8, s.numbers.pairs), make([]bool, s.numbers.kins)
	var people, anyClient handles
	put := func(v *visit, what uint8, count []int) {
		if is[v.is.pair]&what == 0 {
			is[v.is.pair] |= what
			count[v.client]++
		}
	}
	least := s.habitDays()
	for _, v := range s.ordered {
		if v.judged == condemned {
			s.taken.note(v.who.Handle, v.first)
		}
		if v.client == 0 {
			continue
		}
		if v.judged == condemned {
			put(v, bad, s.clientBad)
			people.add(v.who.Handle)
			continue
		}
		put(v, seen, s.clientSeen) // a client is somebody's by habit, not by having been seen
		if days[v.is.pair] += v.days; days[v.is.pair] >= least {
			put(v, habit, s.clientAll)
		}
		if !kins[v.is.kin] {
			kins[v.is.kin] = true
			anyClient.add(v.who.Handle)
			s.familyAll[s.families[v.client]]++
		}
	}
	s.withClient, s.allBad = anyClient.n, people.n
}
