// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package triage

import (
	"strings"

	"github.com/sekisho/sekisho/cases"
)

// Names says which names and addresses are one machine's: by each of them, as text, the machine's name. One log tells of pc-taro and another of
// 10.1.2.3, and to whoever reads the list that is one machine doing one thing.
type Names map[string]string

// machine returns the name under which findings about a host are told together.
func (n Names) machine(host string) string {
	if m, ok := n[host]; ok {
		return m
	}
	short, _, _ := strings.Cut(strings.ToLower(host), ".")
	if m, ok := n[short]; ok {
		return m
	}
	return host
}

// machines counts the different ones among hosts.
func (n Names) machines(hosts []string) int {
	seen := map[string]bool{}
	for _, h := range hosts {
		seen[n.machine(h)] = true
	}
	return len(seen)
}

// times counts what findings tell of, where all are of one kind: what two logs say of one machine at the same time, each by another of its
// names, happened once.
func (n Names) times(of []*cases.Finding) int {
	count := 0
	for i, f := range of {
		told := false
		for _, g := range of[:i] {
			told = told || n.same(f, g)
		}
		if !told {
			count++
		}
	}
	return count
}

func (n Names) same(f, g *cases.Finding) bool {
	a, b := f.Subjects.Hosts, g.Subjects.Hosts
	return len(a) == 1 && len(b) == 1 && a[0] != b[0] && n.machine(a[0]) == n.machine(b[0]) && f.First <= g.Last && g.First <= f.Last
}
