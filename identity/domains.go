// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"slices"
	"strings"
)

// DomainGuesser finds the institute's own domains in the names of accounts that logged in, where neither profile nor directory
// names one: a domain whose people also log in without it, or under its other spelling, is the institute's. One person then is
// one account, whether a log writes taro, LAB\taro or taro@lab.example. The order of names does not matter below its bounds.
type DomainGuesser struct {
	by map[string]map[string]struct{} // local names by domain, empty for none
}

// Bounds of the guess. Strangers' domains share a name or two by chance, not half of them.
const (
	guessDomains = 256
	guessLocals  = 4096
	guessLeast   = 5 // names in common
)

// Add takes the name of an account as a record says it.
func (g *DomainGuesser) Add(name string) {
	s := spell(name)
	if s.key == "" || s.system || s.form == formSID || s.form == formCommon || strings.HasSuffix(s.local, "$") {
		return
	}
	locals := g.by[s.domain]
	if locals == nil {
		if len(g.by) >= guessDomains {
			return
		}
		if g.by == nil {
			g.by = map[string]map[string]struct{}{}
		}
		locals = map[string]struct{}{}
		g.by[s.domain] = locals
	}
	if len(locals) < guessLocals {
		locals[s.local] = struct{}{}
	}
}

// Domains returns the guess, sorted.
func (g *DomainGuesser) Domains() []string {
	var out []string
	for d, locals := range g.by {
		if d == "" || len(locals) < guessLeast {
			continue
		}
		for other, theirs := range g.by {
			if other == d || other != "" && firstLabel(other) != firstLabel(d) {
				continue
			}
			if n := common(locals, theirs); n >= guessLeast && 2*n >= len(locals) {
				out = append(out, d)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

func firstLabel(domain string) string {
	label, _, _ := strings.Cut(domain, ".")
	return label
}

func common(a, b map[string]struct{}) int {
	n := 0
	for k := range a {
		if _, ok := b[k]; ok {
			n++
		}
	}
	return n
}
