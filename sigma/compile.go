// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
	"sync"
	"unicode"
)

// Engine is rules made ready. It is safe for concurrent use; each goroutine has a Matcher of its own.
type Engine struct {
	rules  []engineRule
	nodes  []node
	kids   []int32
	checks []check
	atoms  int
	field  map[string]int32
	autos  []*automaton // by field; nil where no literal is looked for. Field 0 is the whole record.
	wakes  [][]int32    // by atom: the rules that it wakes

	mu      sync.RWMutex
	classes map[*Source]*class
}

// engineRule is one rule.
type engineRule struct {
	rule      *Rule
	root      int32
	sleepless bool // no literal wakes it
}

// node is a node of a rule's tree. Kids of And and Or are kids[from:to].
type node struct {
	op       nodeOp
	from, to int32 // of And and Or; from is the kid of Not, the atom, or the check
}

type nodeOp uint8

const (
	nodeAnd nodeOp = iota
	nodeOr
	nodeNot
	nodeAtom
	nodeCheck
)

// check is a test that is not a literal; it is made when a rule asks.
type check struct {
	test  *Test
	field int32
	other int32 // of a field reference
}

// class is what the engine knows of the records of one source.
type class struct {
	has      []uint64 // rules, as a set
	always   []int32  // rules of it that no literal wakes
	keywords bool     // some rule of it looks at the whole record
	none     bool
}

func (c *class) wants(rule int32) bool { return c.has[rule>>6]&(1<<(rule&63)) != 0 }

// maxClasses bounds what is remembered of sources.
const maxClasses = 1 << 16

// Compile makes the rules of a set ready. Correlations are not part of an engine: a Correlator has them.
func Compile(s *Set) *Engine {
	b := &builder{e: &Engine{field: map[string]int32{"": 0}, classes: map[*Source]*class{}}, literal: map[atomKey]int32{}, known: map[string]int32{}}
	b.tries = append(b.tries, nil)
	b.e.autos = append(b.e.autos, nil)
	for _, r := range s.Rules {
		if r.Match == nil || len(r.Needs) > 0 {
			continue
		}
		n := int32(len(b.e.rules))
		root, wake := b.tree(r.Match)
		b.e.rules = append(b.e.rules, engineRule{r, root, len(wake.atoms) == 0})
		for _, a := range wake.atoms {
			b.wake(a, n)
		}
	}
	b.finish()
	return b.e
}

// builder compiles.
type builder struct {
	e       *Engine
	tries   []*trie // by field
	literal map[atomKey]int32
	known   map[string]int32 // checks, by what they are
	wakes   map[int32][]int32
}

type atomKey struct {
	field int32
	place Where
	text  string
}

// waker is a set of atoms of which at least one holds wherever a tree does. Without atoms there is no such set.
type waker struct {
	atoms []int32
	cost  float64 // how often one of them may be expected to hold
}

var noWaker = waker{cost: math.Inf(1)}

func (b *builder) fieldOf(name string) int32 {
	n, ok := b.e.field[name]
	if !ok {
		n = int32(len(b.tries))
		b.e.field[name] = n
		b.tries = append(b.tries, nil)
		b.e.autos = append(b.e.autos, nil)
	}
	return n
}

func (b *builder) wake(atom, rule int32) {
	if b.wakes == nil {
		b.wakes = map[int32][]int32{}
	}
	b.wakes[atom] = append(b.wakes[atom], rule)
}

func (b *builder) add(n node) int32 {
	b.e.nodes = append(b.e.nodes, n)
	return int32(len(b.e.nodes) - 1)
}

// tree compiles a tree, and says what wakes it.
func (b *builder) tree(e *Expr) (int32, waker) {
	switch e.Op {
	case Not:
		kid, _ := b.tree(e.Kids[0])
		return b.add(node{op: nodeNot, from: kid}), noWaker
	case And, Or:
		var roots []int32
		wake := noWaker
		if e.Op == Or {
			wake = waker{}
		}
		for _, k := range e.Kids {
			root, w := b.tree(k)
			roots = append(roots, root)
			switch {
			case e.Op == Or:
				wake = waker{append(wake.atoms, w.atoms...), wake.cost + w.cost}
			case w.cost < wake.cost:
				wake = w
			}
		}
		if math.IsInf(wake.cost, 1) {
			wake = noWaker
		}
		return b.group(e.Op, roots), wake
	}
	return b.leaf(e.Test)
}

func (b *builder) group(op Op, roots []int32) int32 {
	if len(roots) == 1 {
		return roots[0]
	}
	from := int32(len(b.e.kids))
	b.e.kids = append(b.e.kids, roots...)
	n := node{op: nodeAnd, from: from, to: int32(len(b.e.kids))}
	if op == Or {
		n.op = nodeOr
	}
	return b.add(n)
}

// leaf compiles one test: to a literal, to a literal and a check behind it, or to a check.
func (b *builder) leaf(t *Test) (int32, waker) {
	field := b.fieldOf(t.Field)
	if t.Kind == KindPattern && t.Part == PartNone {
		if all := t.Pattern.spread(); all != nil {
			if n, w, ok := b.literals(field, t, all); ok {
				return n, w
			}
		}
		if text, place := t.Pattern.anchor(); text != "" {
			return b.guarded(field, t, fold(text), place)
		}
	}
	if t.Kind == KindRegexp {
		if text := required(t.Text); text != "" {
			return b.guarded(field, t, text, Contains)
		}
	}
	return b.check(field, t), noWaker
}

// literals compiles a pattern that is a choice of texts at one place.
func (b *builder) literals(field int32, t *Test, all []Pattern) (int32, waker, bool) {
	var roots []int32
	wake := waker{}
	for _, p := range all {
		text, place, ok := p.literal()
		if !ok || text == "" {
			return 0, noWaker, false
		}
		if t.Cased {
			root, w := b.guarded(field, &Test{Field: t.Field, Kind: KindPattern, Cased: true, Pattern: p, compiled: compiled{pattern: p}}, fold(text), place)
			roots = append(roots, root)
			wake = waker{append(wake.atoms, w.atoms...), wake.cost + w.cost}
			continue
		}
		a := b.atom(field, fold(text), place)
		roots = append(roots, b.add(node{op: nodeAtom, from: a}))
		wake = waker{append(wake.atoms, a), wake.cost + cost(fold(text), place)}
	}
	return b.group(Or, roots), wake, true
}

// guarded compiles a check that is made only where a literal was found.
func (b *builder) guarded(field int32, t *Test, text string, place Where) (int32, waker) {
	a := b.atom(field, text, place)
	n := b.group(And, []int32{b.add(node{op: nodeAtom, from: a}), b.check(field, t)})
	return n, waker{[]int32{a}, cost(text, place)}
}

func (b *builder) atom(field int32, text string, place Where) int32 {
	key := atomKey{field, place, text}
	a, ok := b.literal[key]
	if !ok {
		a = int32(b.e.atoms)
		b.e.atoms++
		b.literal[key] = a
		if b.tries[field] == nil {
			b.tries[field] = newTrie()
		}
		b.tries[field].add(text, hit{atom: a, place: place})
	}
	return a
}

func (b *builder) check(field int32, t *Test) int32 {
	c := check{test: t, field: field}
	if t.Kind == KindFieldRef {
		c.other = b.fieldOf(t.Text)
	}
	key := fmt.Sprintf("%d %d %d %t %v %q %v %t %d", field, t.Kind, t.Part, t.Cased, t.Pattern, t.Text, t.Number, t.Yes, t.Where)
	n, ok := b.known[key]
	if !ok {
		n = int32(len(b.e.checks))
		b.e.checks = append(b.e.checks, c)
		b.known[key] = n
	}
	return b.add(node{op: nodeCheck, from: n})
}

func (b *builder) finish() {
	for i, t := range b.tries {
		if t != nil {
			b.e.autos[i] = t.build()
		}
	}
	b.e.wakes = make([][]int32, b.e.atoms)
	for a, rules := range b.wakes {
		b.e.wakes[a] = slices.Compact(rules)
	}
}

// cost guesses how often a literal is found: short ones often, and some that every log of Windows is full of.
func cost(text string, place Where) float64 {
	c := 1 / float64(len(text)*len(text))
	for _, common := range [...]string{"svchost.exe", "explorer.exe", "cmd.exe", "powershell.exe", "system32", "c:\\windows", "program files", "users\\", ".exe", "appdata", ".dll", "services.exe", "microsoft",
		"currentversion", "currentcontrolset", "software\\", "http", "true", "false", "system", "success"} {
		if text == common || len(text) <= len(common)+2 && len(common) >= len(text)-1 && containsText(text, common) || containsText(common, text) {
			c += 0.2
			break
		}
	}
	if place == Whole {
		if c *= 2; len(text) <= 4 {
			c = 0.5 // a number: of an event, of a kind
		}
	}
	return c
}

func containsText(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

// spread returns the patterns that a pattern with dashes stands for; nil where they are too many.
func (p Pattern) spread() []Pattern {
	all := []Pattern{nil}
	for _, piece := range p {
		var next []Pattern
		for _, have := range all {
			if piece.Kind != PieceDash {
				next = append(next, have.with(piece))
				continue
			}
			for _, d := range dashes {
				next = append(next, have.with(Piece{Text: d}))
			}
		}
		if all = next; len(all) > 25 {
			return nil
		}
	}
	return all
}

// with returns the pattern with a piece behind it; texts that meet become one.
func (p Pattern) with(c Piece) Pattern {
	out := slices.Clone(p)
	if n := len(out); n > 0 && c.Kind == PieceText && out[n-1].Kind == PieceText {
		out[n-1].Text += c.Text
		return out
	}
	return append(out, c)
}

// literal returns the text and place of a pattern that has wildcards at its ends alone.
func (p Pattern) literal() (string, Where, bool) {
	place := Whole
	if len(p) > 0 && p[len(p)-1].Kind == PieceAny {
		place, p = StartsWith, p[:len(p)-1]
	}
	if len(p) > 0 && p[0].Kind == PieceAny {
		p = p[1:]
		if place == StartsWith {
			place = Contains
		} else {
			place = EndsWith
		}
	}
	text, ok := p.plain()
	return text, place, ok
}

// anchor returns the longest text of the pattern and where it must stand.
func (p Pattern) anchor() (string, Where) {
	text, place := "", Contains
	for i, piece := range p {
		if piece.Kind != PieceText || len(piece.Text) <= len(text) {
			continue
		}
		text, place = piece.Text, Contains
		switch {
		case i == 0:
			place = StartsWith
		case i == len(p)-1:
			place = EndsWith
		}
	}
	return text, place
}

// required returns the longest text, in small letters, that every match of a regular expression holds; empty if there is none.
func required(expr string) string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return ""
	}
	best := ""
	var walk func(*syntax.Regexp)
	walk = func(re *syntax.Regexp) {
		switch re.Op {
		case syntax.OpLiteral:
			for _, text := range plainRuns(re.Rune) {
				if len(text) > len(best) {
					best = text
				}
			}
		case syntax.OpConcat:
			for _, s := range re.Sub {
				walk(s)
			}
		case syntax.OpCapture, syntax.OpPlus:
			walk(re.Sub[0])
		case syntax.OpRepeat:
			if re.Min > 0 {
				walk(re.Sub[0])
			}
		}
	}
	walk(re)
	return best
}

// plainRuns cuts a literal where a letter has relatives that small letters do not make one.
func plainRuns(runes []rune) []string {
	var out []string
	from := 0
	for i, r := range runes {
		alone := r == unicode.ReplacementChar
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			alone = alone || unicode.ToLower(o) != unicode.ToLower(r)
		}
		if alone {
			out = append(out, fold(string(runes[from:i])))
			from = i + 1
		}
	}
	return append(out, fold(string(runes[from:])))
}
