// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package scoping

import (
	"math"
	"math/rand/v2"
)

// Ranking orders the addresses that could be asked about: the highest score first. It gets what is known so far, by node, and returns a
// score for every node.
type Ranking func(g *Graph, known []Known) []float64

// Known is what is known of a node.
type Known uint8

// What is known of a node: nothing, that it is the intruder's, that it is not, or that whoever was asked did not know.
const (
	Open Known = iota
	Bad
	Good
	Asked
)

// MostHits scores an address by how many condemned accounts came from it.
func MostHits(g *Graph, known []Known) []float64 {
	score := make([]float64, len(known))
	for i := g.accounts; i < len(known); i++ {
		for _, a := range g.next[i] {
			if known[a] == Bad {
				score[i]++
			}
		}
	}
	return score
}

// Random returns a ranking by chance: the same seed gives the same order.
func Random(seed uint64) Ranking {
	return func(_ *Graph, known []Known) []float64 {
		dice := rand.New(rand.NewPCG(seed, 0))
		score := make([]float64, len(known))
		for i := range score {
			score[i] = dice.Float64()
		}
		return score
	}
}

// PageRank is personalised: a walk that restarts with probability 0.2 at what is known to be bad. It is not corrected for degree, and
// takes no account of what was cleared; 60 rounds leave less than 0.8^60, two in a million, to the start.
func PageRank(g *Graph, known []Known) []float64 {
	const restart, rounds = 0.2, 60
	home := make([]float64, len(known))
	n := 0.0
	for i, k := range known {
		if k == Bad {
			home[i], n = 1, n+1
		}
	}
	if n == 0 {
		return home
	}
	for i := range home {
		home[i] /= n
	}
	now, next := append([]float64(nil), home...), make([]float64, len(known))
	for range rounds {
		for i := range next {
			next[i] = restart * home[i]
		}
		for i, p := range now { // every node has an edge: it came from one
			share := (1 - restart) * p / float64(len(g.next[i]))
			for _, j := range g.next[i] {
				next[j] += share
			}
		}
		now, next = next, now
	}
	return now
}

// Belief is loopy belief propagation, sum-product, as Polonium and others rank by guilt of association: edges of 0.5 ± 0.1, at most ten
// rounds, damped by a half, priors of 0.99 for what is bad, 0.01 for what is cleared and 0.5 for all else. Scores are log odds.
func Belief(g *Graph, known []Known) []float64 {
	const rounds, damp, edge = 10, 0.5, 0.6
	sure := math.Log(0.99 / 0.01)
	prior := make([]float64, len(known))
	for i, k := range known {
		switch k {
		case Bad:
			prior[i] = sure
		case Good:
			prior[i] = -sure
		}
	}
	at := make([]int, len(known)+1) // where the messages to a node begin
	for i := range g.next {
		at[i+1] = at[i] + len(g.next[i])
	}
	back := g.reverse(at)
	in, next := make([]float64, at[len(known)]), make([]float64, at[len(known)])
	score := append([]float64(nil), prior...)
	for range rounds {
		for i := range g.next {
			for k := range g.next[i] { // from i to its k-th neighbour, without what that one said itself
				p := 1 / (1 + math.Exp(-(score[i] - in[at[i]+k])))
				m := math.Log((edge*p + (1-edge)*(1-p)) / ((1-edge)*p + edge*(1-p)))
				next[back[at[i]+k]] = damp*in[back[at[i]+k]] + (1-damp)*m
			}
		}
		in, next = next, in
		for i := range score {
			score[i] = prior[i]
			for k := at[i]; k < at[i+1]; k++ {
				score[i] += in[k]
			}
		}
	}
	return score
}

// reverse returns, for the k-th neighbour of each node i at at[i]+k, where i stands among the neighbours of that one.
func (g *Graph) reverse(at []int) []int {
	out, filled := make([]int, at[len(at)-1]), make([]int, len(g.next))
	for i := range g.next { // neighbours are in order of number, so those of j come in the order of this loop
		for k, j := range g.next[i] {
			out[at[i]+k] = at[j] + filled[j]
			filled[j]++
		}
	}
	return out
}
