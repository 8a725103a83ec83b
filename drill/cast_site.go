// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"maps"
	"slices"
)

// siteNamed returns the shared site that a system is.
func (w *world) siteNamed(system string) *sharedSite {
	return w.sites[slices.IndexFunc(w.sites, func(s *sharedSite) bool { return s.system == system })]
}

// pickUsers draws accounts of a shared site for the cast: so many of the supplier, of partners and of customers. Each project
// of the site can be seen by one of them, and by two where possible: they are drawn by project first.
func (p *plot) pickUsers(s *sharedSite, want []int) []int {
	order := make([]int, len(s.users))
	for i := range order {
		order[i] = i
	}
	p.shuffleInts(order)
	taken := map[int]bool{}
	left := slices.Clone(want)
	take := func(i int) {
		taken[i] = true
		left[s.bodies[s.users[i].body].part]--
	}
	fits := func(i int) bool {
		u := &s.users[i]
		return !taken[i] && u.joined == 0 && len(u.projects) > 0 && left[s.bodies[u.body].part] > 0
	}
	for readers := 1; readers <= 2; readers++ {
		for k := range s.projects {
			for _, i := range order {
				if len(p.readersOf(s, slices.Collect(maps.Keys(taken)), k)) >= readers {
					break
				}
				if fits(i) && slices.Contains(s.users[i].projects, k) {
					take(i)
				}
			}
		}
	}
	for _, i := range order {
		if fits(i) {
			take(i)
		}
	}
	for part, n := range left {
		if n > 0 && p.err == nil {
			p.err = fmt.Errorf("drill: %d accounts: %s needs %d accounts more of part %d on %s; give it more accounts", len(p.w.people), p.story.name, n, part, s.name)
		}
	}
	return slices.Sorted(maps.Keys(taken))
}

// readersOf are those of some accounts of a site that may see a project.
func (p *plot) readersOf(s *sharedSite, accounts []int, project int) []int {
	return slices.DeleteFunc(slices.Clone(accounts), func(u int) bool { return !slices.Contains(s.users[u].projects, project) })
}

func (p *plot) shuffleInts(list []int) {
	for i := len(list) - 1; i > 0; i-- {
		j := p.d.n(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}

// lines draws n home lines in the country that he goes through, and that no list names.
func (p *plot) lines(n int) []int32 {
	ids := p.w.book.several(&p.d, kindResidential, residentialBlocks(), n)
	p.his(ids)
	return ids
}

// response is what the institute's own people do because of the incident, which is no act of it.
func (p *plot) response(t int64, do func(t int64, d *dice)) { p.move(-1, t, do) }
