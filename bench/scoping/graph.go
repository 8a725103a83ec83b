// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package scoping holds the methods that Sekisho's scoping is measured against: plain closure, and asking about addresses in the order
// of most hits, of personalised PageRank, of belief propagation, or of chance. It serves measurements only; the product does not use it.
package scoping

import (
	"maps"
	"slices"
)

// Edge is that an account was used from an address.
type Edge struct{ Account, Address string }

// Graph is the bipartite graph of accounts and addresses. Nodes are numbered, accounts first, each kind in order of name, so that the
// same edges give the same graph in whatever order they come.
type Graph struct {
	names    []string
	accounts int // nodes below it are accounts, the others addresses
	next     [][]int
}

// NewGraph returns the graph of the edges; those that are there twice count once.
func NewGraph(edges []Edge) *Graph {
	accounts, addresses := map[string]int{}, map[string]int{}
	for _, e := range edges {
		accounts[e.Account], addresses[e.Address] = 0, 0
	}
	g := &Graph{accounts: len(accounts)}
	for _, kind := range []map[string]int{accounts, addresses} {
		for _, n := range slices.Sorted(maps.Keys(kind)) {
			kind[n] = len(g.names)
			g.names = append(g.names, n)
		}
	}
	g.next = make([][]int, len(g.names))
	for _, e := range edges {
		a, b := accounts[e.Account], addresses[e.Address]
		g.next[a], g.next[b] = append(g.next[a], b), append(g.next[b], a)
	}
	for i := range g.next {
		slices.Sort(g.next[i])
		g.next[i] = slices.Compact(g.next[i])
	}
	return g
}

// Size returns how many accounts and addresses the graph has.
func (g *Graph) Size() (accounts, addresses int) { return g.accounts, len(g.names) - g.accounts }

// Start is what is known to be bad before the first question. Names that the graph does not have count for nothing.
type Start struct{ Accounts, Addresses []string }

// find returns the nodes of a start.
func (g *Graph) find(s Start) []int {
	var out []int
	for _, n := range s.Accounts {
		if i, ok := slices.BinarySearch(g.names[:g.accounts], n); ok {
			out = append(out, i)
		}
	}
	for _, n := range s.Addresses {
		if i, ok := slices.BinarySearch(g.names[g.accounts:], n); ok {
			out = append(out, g.accounts+i)
		}
	}
	return out
}

// Closure returns the accounts that plain closure condemns, sorted: everybody who came from a bad address is bad, and so is every address
// that one of them came from, until nothing is added. Rounds counts how often something was.
func (g *Graph) Closure(s Start) (accounts []string, rounds int) {
	bad := make([]bool, len(g.names))
	now := g.find(s)
	for _, i := range now {
		bad[i] = true
	}
	for len(now) > 0 {
		var next []int
		for _, i := range now {
			for _, j := range g.next[i] {
				if !bad[j] {
					bad[j] = true
					next = append(next, j)
				}
			}
		}
		if now = next; len(now) > 0 {
			rounds++
		}
	}
	for i := range g.accounts {
		if bad[i] {
			accounts = append(accounts, g.names[i])
		}
	}
	return accounts, rounds
}
