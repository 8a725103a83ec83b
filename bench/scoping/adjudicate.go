// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package scoping

// Adjudication is what came of asking about addresses.
type Adjudication struct {
	Questions int
	Accounts  []string // condemned, sorted
	Ended     Ending
}

// Ending is why no more was asked.
type Ending string

// The ways in which asking ends.
const (
	AllKnown    Ending = "all-known"
	NoMore      Ending = "no-more-questions"
	AskedEnough Ending = "bound"
)

// Asker says whether an address was the intruder's: Bad, Good, or Asked where nobody knows.
type Asker func(address string) Known

// Adjudicate expands from what is known as the people of AIST did: the addresses of condemned accounts are asked about one after the
// other, in the order of the ranking, which is made anew after each answer; whoever came from an address that was said to be the
// intruder's is condemned. It ends when enough says that all are found, when no such address is left, or after most questions.
func (g *Graph) Adjudicate(s Start, rank Ranking, ask Asker, enough func(condemned []string) bool, most int) Adjudication {
	known := make([]Known, len(g.names))
	for _, i := range g.find(s) {
		known[i] = Bad
		if i >= g.accounts {
			g.condemn(known, i)
		}
	}
	var out Adjudication
	for {
		out.Accounts = g.condemned(known)
		next := g.first(known, rank)
		switch {
		case enough(out.Accounts):
			out.Ended = AllKnown
		case next < 0:
			out.Ended = NoMore
		case out.Questions >= most:
			out.Ended = AskedEnough
		}
		if out.Ended != "" {
			return out
		}
		out.Questions++
		if known[next] = ask(g.names[next]); known[next] == Bad {
			g.condemn(known, next)
		}
	}
}

// condemn condemns the accounts that came from an address.
func (g *Graph) condemn(known []Known, address int) {
	for _, a := range g.next[address] {
		known[a] = Bad
	}
}

func (g *Graph) condemned(known []Known) []string {
	var out []string
	for i := range g.accounts {
		if known[i] == Bad {
			out = append(out, g.names[i])
		}
	}
	return out
}

// first returns the open address of a condemned account with the highest score, the first by name among equals, or -1.
func (g *Graph) first(known []Known, rank Ranking) int {
	score, best := rank(g, known), -1
	for i := g.accounts; i < len(known); i++ {
		if known[i] != Open || best >= 0 && score[i] <= score[best] {
			continue
		}
		for _, a := range g.next[i] {
			if known[a] == Bad {
				best = i
				break
			}
		}
	}
	return best
}
