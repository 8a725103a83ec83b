// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"cmp"
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
	autos  []literals // by field. Field 0 is the whole record.
	wakes  [][]int32  // by atom: the rules that it wakes

	mu      sync.RWMutex
	made    uint32 // how many classes were made
	classes map[*Source]*class
	words   map[string]*literals // of records of one kind, by the rules that look at whole records
}

// engineRule is one rule.
type engineRule struct {
	rule      *Rule
	root      int32
	sleepless bool   // no literal wakes it
	words     []word // literals that it looks for in the whole record
}

// word is a literal that is looked for in the whole record.
type word struct {
	text string
	side int
	hit  hit
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
	number uint32
	has    []uint64  // rules, as a set
	always []int32   // rules of it that no literal wakes
	fields []bool    // that its rules look at
	words  *literals // that its rules look for in the whole record; nil for none
	none   bool
}

func (c *class) wants(rule int32) bool { return c.has[rule>>6]&(1<<(rule&63)) != 0 }

// maxClasses bounds what is remembered of sources.
const maxClasses = 1 << 16

// Compile makes the rules of a set ready. Correlations are not part of an engine: a Correlator has them.
func Compile(s *Set) *Engine {
	b := &builder{e: &Engine{field: map[string]int32{"": 0}, classes: map[*Source]*class{}, words: map[string]*literals{}}, literal: map[atomKey]int32{}, known: map[string]int32{}}
	b.tries = append(b.tries, [sides]*trie{})
	b.e.autos = append(b.e.autos, literals{})
	for _, r := range s.Rules {
		if r.Match == nil || len(r.Needs) > 0 {
			continue
		}
		n := int32(len(b.e.rules))
		b.words = nil
		root, wake := b.tree(r.Match)
		b.e.rules = append(b.e.rules, engineRule{r, root, len(wake.atoms) == 0, b.words})
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
	tries   [][sides]*trie // by field
	literal map[atomKey]int32
	known   map[string]int32 // checks, by what they are
	wakes   map[int32][]int32
	words   []word // of the rule at hand
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
		b.tries = append(b.tries, [sides]*trie{})
		b.e.autos = append(b.e.autos, literals{})
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
	// What is cheap is asked first.
	slices.SortStableFunc(roots, func(a, c int32) int { return cmp.Compare(b.effort(a), b.effort(c)) })
	from := int32(len(b.e.kids))
	b.e.kids = append(b.e.kids, roots...)
	n := node{op: nodeAnd, from: from, to: int32(len(b.e.kids))}
	if op == Or {
		n.op = nodeOr
	}
	return b.add(n)
}

// effort ranks a tree by the dearest test in it.
func (b *builder) effort(root int32) int {
	n := &b.e.nodes[root]
	switch n.op {
	case nodeAtom:
		return 0
	case nodeNot:
		return b.effort(n.from)
	case nodeCheck:
		if b.e.checks[n.from].test.Kind == KindRegexp {
			return 3
		}
		return 2
	}
	most := 1
	for _, k := range b.e.kids[n.from:n.to] {
		most = max(most, b.effort(k))
	}
	return most
}

// leaf compiles one test: to a literal, to a literal and a check behind it, or to a check.
func (b *builder) leaf(t *Test) (int32, waker) {
	field := b.fieldOf(t.Field)
	if t.Kind == KindPattern && t.Part == PartNone {
		if all := t.Pattern.spread(); all != nil {
			if n, w, ok := b.literals(field, t, all); ok {
				return b.dashed(field, t, n, w)
			}
		}
		if text, place := t.Pattern.anchor(); text != "" {
			return b.guarded(field, t, place, fold(text))
		}
	}
	if t.Kind == KindRegexp {
		if texts := required(t.Text); len(texts) > 0 {
			return b.guarded(field, t, Contains, texts...)
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
			root, w := b.guarded(field, &Test{Field: t.Field, Kind: KindPattern, Cased: true, Pattern: p, compiled: compiled{pattern: p}}, place, fold(text))
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

// guarded compiles a check that is made only where literals were found, all of them.
func (b *builder) guarded(field int32, t *Test, place Where, texts ...string) (int32, waker) {
	wake := noWaker
	var roots []int32
	for _, text := range texts {
		a := b.atom(field, text, place)
		roots = append(roots, b.add(node{op: nodeAtom, from: a}))
		if c := cost(text, place); c < wake.cost {
			wake = waker{[]int32{a}, c}
		}
	}
	return b.group(And, append(roots, b.check(field, t))), wake
}

// dashed adds to the texts of a pattern with dashes, which are those with - and /, the pattern itself for values that have other
// dashes: these are looked through with all dashes made one.
func (b *builder) dashed(field int32, t *Test, n int32, w waker) (int32, waker) {
	if !slices.ContainsFunc(t.Pattern, func(c Piece) bool { return c.Kind == PieceDash }) {
		return n, w
	}
	text := ""
	for _, c := range t.Pattern {
		switch c.Kind {
		case PieceText:
			text += c.Text
		case PieceDash:
			text += "-"
		}
	}
	text = string(oneDash(nil, fold(text)))
	key := atomKey{field, dashedPlace, text}
	a, ok := b.literal[key]
	if !ok {
		a = int32(b.e.atoms)
		b.e.atoms++
		b.literal[key] = a
		if b.tries[field][sideDashed] == nil {
			b.tries[field][sideDashed] = newTrie()
		}
		b.tries[field][sideDashed].add(text, false, hit{atom: a})
	}
	if field == 0 {
		b.words = append(b.words, word{text, sideDashed, hit{atom: a}})
	}
	rare := b.group(And, []int32{b.add(node{op: nodeAtom, from: a}), b.check(field, t)})
	return b.group(Or, []int32{n, rare}), waker{append(w.atoms, a), w.cost}
}

// dashedPlace marks literals that are looked for where all dashes are one.
const dashedPlace = EndsWith + 1

// The automata of a field.
const (
	sideInside = iota
	sideHead
	sideTail
	sideOther
	sideDashed
	sides
)

func sideOf(text string, place Where) int {
	switch {
	case place == EndsWith:
		return sideTail
	case place != Contains:
		return sideHead
	case !isASCII(text):
		return sideOther
	}
	return sideInside
}

func (b *builder) atom(field int32, text string, place Where) int32 {
	key := atomKey{field, place, text}
	side := sideOf(text, place)
	a, ok := b.literal[key]
	if !ok {
		a = int32(b.e.atoms)
		b.e.atoms++
		b.literal[key] = a
		if b.tries[field][side] == nil {
			b.tries[field][side] = newTrie()
		}
		b.tries[field][side].add(text, side == sideTail, hit{atom: a, whole: place == Whole})
	}
	if field == 0 {
		b.words = append(b.words, word{text, side, hit{atom: a, whole: place == Whole}})
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
	var wg sync.WaitGroup
	for i, t := range b.tries {
		if i > 0 { // those of whole records are made for each kind of record
			wg.Go(func() { b.e.autos[i] = build(t) })
		}
	}
	wg.Wait()
	b.e.wakes = make([][]int32, b.e.atoms)
	for a, rules := range b.wakes {
		b.e.wakes[a] = slices.Compact(rules)
	}
}

func build(t [sides]*trie) literals {
	return literals{t[sideInside].build(true), t[sideHead].build(false), t[sideTail].build(false), t[sideOther].build(true), t[sideDashed].build(true)}
}

// wordsOf returns the automata for the literals that some rules look for in whole records.
func wordsOf(rules []*engineRule) *literals {
	var t [sides]*trie
	have := map[int32]bool{}
	for _, r := range rules {
		for _, w := range r.words {
			if have[w.hit.atom] {
				continue
			}
			have[w.hit.atom] = true
			if t[w.side] == nil {
				t[w.side] = newTrie()
			}
			t[w.side].add(w.text, w.side == sideTail, w.hit)
		}
	}
	l := build(t)
	return &l
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

// spread returns the patterns that a pattern with dashes stands for, with the two dashes of ASCII; nil where they are too many.
func (p Pattern) spread() []Pattern {
	all := []Pattern{nil}
	for _, piece := range p {
		var next []Pattern
		for _, have := range all {
			if piece.Kind != PieceDash {
				next = append(next, have.with(piece))
				continue
			}
			for _, d := range dashes[:2] {
				next = append(next, have.with(Piece{Text: d}))
			}
		}
		if all = next; len(all) > 32 {
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

// required returns the longest texts, in small letters, that every match of a regular expression holds; none where there are none.
func required(expr string) []string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	var all []string
	var walk func(*syntax.Regexp)
	walk = func(re *syntax.Regexp) {
		switch re.Op {
		case syntax.OpLiteral:
			for _, text := range plainRuns(re.Rune) {
				if text != "" && !slices.Contains(all, text) {
					all = append(all, text)
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
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return all[:min(len(all), 4)]
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

// shortest returns how many bytes the shortest text has that a regular expression matches, or less.
func shortest(expr string) int {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return 0
	}
	var size func(*syntax.Regexp) int
	size = func(re *syntax.Regexp) int {
		n := 0
		switch re.Op {
		case syntax.OpLiteral:
			n = len(re.Rune)
		case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
			n = 1
		case syntax.OpConcat:
			for _, s := range re.Sub {
				n += size(s)
			}
		case syntax.OpAlternate:
			n = size(re.Sub[0])
			for _, s := range re.Sub[1:] {
				n = min(n, size(s))
			}
		case syntax.OpCapture, syntax.OpPlus:
			n = size(re.Sub[0])
		case syntax.OpRepeat:
			n = re.Min * size(re.Sub[0])
		}
		return min(n, 1<<20)
	}
	return size(re)
}
