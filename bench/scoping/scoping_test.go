// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package scoping

import (
	"math"
	"slices"
	"testing"
)

// town: the intruder used a, b and c from x and y; b also came from a hotel that h uses, who has a home of his own.
func town() *Graph {
	return NewGraph([]Edge{{"a", "x"}, {"b", "x"}, {"b", "y"}, {"c", "y"}, {"b", "hotel"}, {"h", "hotel"}, {"h", "home-h"}, {"a", "home-a"}, {"a", "x"}, {"far", "island"}})
}

func asker(asked *[]string) Asker {
	return func(address string) Known {
		*asked = append(*asked, address)
		if address == "x" || address == "y" {
			return Bad
		}
		return Good
	}
}

func TestClosure(t *testing.T) {
	got, rounds := town().Closure(Start{Addresses: []string{"x", "nowhere"}})
	if want := []string{"a", "b", "c", "h"}; !slices.Equal(got, want) || rounds != 4 {
		t.Errorf("closure condemns %v in %d rounds, want %v in 4", got, rounds, want)
	}
}

func TestAdjudicate(t *testing.T) {
	for name, rank := range map[string]Ranking{"most hits": MostHits, "PageRank": PageRank, "belief": Belief, "random": Random(3)} {
		var asked []string
		all := func(c []string) bool { return slices.Equal(c, []string{"a", "b", "c"}) }
		got := town().Adjudicate(Start{Addresses: []string{"x"}}, rank, asker(&asked), all, 10)
		if got.Ended != AllKnown || got.Questions != len(asked) || got.Questions > 3 {
			t.Errorf("%s: %+v after %v", name, got, asked)
		}
	}
	var asked []string
	never := func([]string) bool { return false }
	got := town().Adjudicate(Start{Accounts: []string{"a"}}, MostHits, asker(&asked), never, 10)
	if got.Ended != NoMore || !slices.Equal(got.Accounts, []string{"a", "b", "c"}) || slices.Contains(asked, "island") || slices.Contains(asked, "home-h") {
		t.Errorf("to the end: %+v after %v", got, asked)
	}
	if got := town().Adjudicate(Start{Accounts: []string{"a"}}, MostHits, asker(&asked), never, 1); got.Ended != AskedEnough || got.Questions != 1 {
		t.Errorf("one question: %+v", got)
	}
}

// TestBelief compares with sums over all states of a tree, where belief propagation is exact once messages have come through.
func TestBelief(t *testing.T) {
	g := NewGraph([]Edge{{"a", "x"}, {"b", "x"}})
	known := []Known{Bad, Open, Open} // a, b, x
	got := Belief(g, known)
	weight := func(s [3]bool) float64 {
		w := map[bool]float64{true: 0.99, false: 0.01}[s[0]]
		for _, e := range [][2]int{{0, 2}, {1, 2}} {
			w *= map[bool]float64{true: 0.6, false: 0.4}[s[e[0]] == s[e[1]]]
		}
		return w
	}
	for node := range 3 {
		var yes, no float64
		for bits := range 8 {
			s := [3]bool{bits&1 > 0, bits&2 > 0, bits&4 > 0}
			if s[node] {
				yes += weight(s)
			} else {
				no += weight(s)
			}
		}
		if want := math.Log(yes / no); math.Abs(got[node]-want) > 0.005 {
			t.Errorf("node %d: %.4f, exactly %.4f", node, got[node], want)
		}
	}
}

func TestPageRank(t *testing.T) {
	p := PageRank(town(), []Known{Bad, Open, Open, Open, Open, Open, Open, Open, Open, Open, Open})
	sum := 0.0
	for _, v := range p {
		sum += v
	}
	if math.Abs(sum-1) > 1e-9 || p[2] == 0 || p[3] != 0 {
		t.Errorf("it must be a distribution over what a reaches: %v", p)
	}
	if p := PageRank(town(), make([]Known, 11)); slices.Max(p) != 0 {
		t.Errorf("nothing bad, and yet %v", p)
	}
}

func TestIntervals(t *testing.T) {
	// R: prop.test(19, 20, correct = FALSE) gives 0.7639 to 0.9911.
	low, high := Wilson(Share{19, 20})
	if math.Abs(low-0.7639) > 1e-4 || math.Abs(high-0.9911) > 1e-4 {
		t.Errorf("Wilson of 19 of 20: %.4f to %.4f", low, high)
	}
	if low, high := Wilson(Share{}); low != 0 || high != 1 {
		t.Errorf("Wilson of nothing: %v to %v", low, high)
	}
	low, high = Bootstrap([]Share{{10, 10}, {10, 10}, {5, 10}, {9, 10}})
	if low < 0.5 || low > 0.8 || high < 0.95 || high > 1 {
		t.Errorf("bootstrap: %v to %v", low, high)
	}
	if again, _ := Bootstrap([]Share{{10, 10}, {10, 10}, {5, 10}, {9, 10}}); again != low {
		t.Error("the same worlds gave another interval")
	}
}
