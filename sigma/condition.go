// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"fmt"
	"path"
	"strings"
)

// Bounds on a condition: no rule comes near them.
const (
	maxWords = 4096
	maxDepth = 64
)

// condition reads the language of conditions: names of selections joined with or, and, not, "1 of", "all of", "them" and
// brackets, from least to most binding.
type condition struct {
	words []string
	at    int
	depth int
	names []string // of selections, in order
	find  func(string) *Expr
	used  map[string]bool
}

// parseCondition returns the tree of a condition.
func parseCondition(text string, names []string, find func(string) *Expr, used map[string]bool) (*Expr, error) {
	c := &condition{words: splitCondition(text), names: names, find: find, used: used}
	switch {
	case len(c.words) == 0:
		return nil, fmt.Errorf("the condition is empty")
	case len(c.words) > maxWords:
		return nil, fmt.Errorf("the condition has more than %d words", maxWords)
	}
	e, err := c.or()
	if err != nil {
		return nil, err
	}
	if c.at < len(c.words) {
		if c.words[c.at] == "|" {
			return nil, fmt.Errorf("%q in the condition: aggregations stand in correlation rules since version 2 of the specification", "|")
		}
		return nil, fmt.Errorf("%q in the condition was not expected there", c.words[c.at])
	}
	return e, nil
}

func splitCondition(text string) []string {
	var out []string
	for _, field := range strings.Fields(text) {
		for field != "" {
			i := strings.IndexAny(field, "()|")
			switch {
			case i < 0:
				out, field = append(out, field), ""
			case i == 0:
				out, field = append(out, field[:1]), field[1:]
			default:
				out, field = append(out, field[:i]), field[i:]
			}
		}
	}
	return out
}

// next says whether the next word is w, in whatever letters, and passes over it if it is.
func (c *condition) next(w string) bool {
	if c.at < len(c.words) && strings.EqualFold(c.words[c.at], w) {
		c.at++
		return true
	}
	return false
}

func (c *condition) or() (*Expr, error)  { return c.chain("or", Or, c.and) }
func (c *condition) and() (*Expr, error) { return c.chain("and", And, c.not) }

func (c *condition) chain(word string, op Op, below func() (*Expr, error)) (*Expr, error) {
	var kids []*Expr
	for {
		e, err := below()
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
		if !c.next(word) {
			return join(op, kids), nil
		}
	}
}

func (c *condition) not() (*Expr, error) {
	if c.depth++; c.depth > maxDepth {
		return nil, fmt.Errorf("the condition is nested more than %d deep", maxDepth)
	}
	defer func() { c.depth-- }()
	if c.next("not") {
		e, err := c.not()
		if err != nil {
			return nil, err
		}
		return not(e), nil
	}
	return c.item()
}

func (c *condition) item() (*Expr, error) {
	if c.at == len(c.words) {
		return nil, fmt.Errorf("the condition breaks off")
	}
	word := c.words[c.at]
	if c.next("(") {
		e, err := c.or()
		if err == nil && !c.next(")") {
			err = fmt.Errorf("a bracket of the condition is not closed")
		}
		return e, err
	}
	if c.at+1 < len(c.words) && strings.EqualFold(c.words[c.at+1], "of") {
		c.at += 2
		return c.some(word)
	}
	switch strings.ToLower(word) {
	case ")", "|", "and", "or", "of":
		return nil, fmt.Errorf("%q in the condition was not expected there", word)
	}
	c.at++
	e := c.find(word)
	if e == nil {
		return nil, fmt.Errorf("the condition names %q, which the rule does not have", word)
	}
	c.used[word] = true
	return e, nil
}

// some reads what follows "1 of" or "all of".
func (c *condition) some(quantity string) (*Expr, error) {
	op := Or
	switch strings.ToLower(quantity) {
	case "1", "any":
	case "all":
		op = And
	default:
		return nil, fmt.Errorf("%q of: the specification has 1, any and all", quantity)
	}
	if c.at == len(c.words) {
		return nil, fmt.Errorf("the condition breaks off behind %q", quantity+" of")
	}
	pattern := c.words[c.at]
	c.at++
	var kids []*Expr
	for _, name := range c.names {
		ok := !strings.HasPrefix(name, "_")
		if !strings.EqualFold(pattern, "them") {
			ok = like(pattern, name)
		}
		if ok {
			kids = append(kids, c.find(name))
			c.used[name] = true
		}
	}
	if len(kids) == 0 {
		return nil, fmt.Errorf("no selection is like %q of the condition", pattern)
	}
	return join(op, kids), nil
}

// like says whether a name is like a pattern in which * stands for any text.
func like(pattern, name string) bool {
	if strings.ContainsAny(pattern, `[]?\`) {
		return pattern == name
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
