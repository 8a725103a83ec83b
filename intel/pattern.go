// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"errors"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// patterned is what can be taken of a pattern of STIX: things of which each alone means that it is met.
type patterned struct {
	obs     []observable
	wider   bool     // some hold only together with what is not compared
	leftOut []string // why alternatives were not taken
	from    time.Time
	until   time.Time
}

// alternative is one way in which a comparison can be met: everything in it must be so.
type alternative struct {
	obs    []observable
	narrow int    // further conditions, which are not compared
	why    string // of the first of them
}

const (
	mostAlternatives = 1 << 14
	together         = "several things that must be seen together"
)

var errPattern = errors.New("a pattern that does not parse")

// parsePattern reads a pattern of STIX 2.1. What it asks for beyond plain observables is told, not taken.
func parsePattern(text string) (patterned, error) {
	p := patternParser{s: text}
	var out patterned
	alts, err := p.observations(0, &out)
	if err == nil && p.space() != 0 {
		err = errPattern
	}
	if err != nil {
		return out, err
	}
	for _, a := range alts {
		hashes := 0
		for _, o := range a.obs {
			if o.kind == event.ListedHash {
				hashes++
			}
		}
		switch {
		case len(a.obs) == 0:
			out.leftOut = append(out.leftOut, a.why)
		case len(a.obs) == 1, hashes == len(a.obs): // several hashes of one file: each is it
			out.obs = append(out.obs, a.obs...)
			out.wider = out.wider || a.narrow > 0
		default:
			out.leftOut = append(out.leftOut, together)
		}
	}
	return out, nil
}

type patternParser struct {
	s  string
	at int
}

// space skips blanks and returns the next byte; 0 at the end.
func (p *patternParser) space() byte {
	for p.at < len(p.s) {
		switch c := p.s[p.at]; c {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return c
		}
	}
	return 0
}

// word takes a word in capitals, if it is the next.
func (p *patternParser) word(w string) bool {
	p.space()
	if !strings.HasPrefix(p.s[p.at:], w) {
		return false
	}
	if end := p.at + len(w); end < len(p.s) && wordByte(p.s[end]) {
		return false
	}
	p.at += len(w)
	return true
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// observations reads [..] OR [..] AND [..], with what qualifies them.
func (p *patternParser) observations(depth int, out *patterned) ([]alternative, error) {
	if depth > 32 {
		return nil, errPattern
	}
	var alts []alternative
	joined := false
	for {
		one, err := p.observation(depth, out)
		if err != nil {
			return nil, err
		}
		alts = append(alts, one...)
		switch {
		case p.word("OR"):
		case p.word("AND"), p.word("FOLLOWEDBY"):
			joined = true
		default:
			if joined {
				return []alternative{{why: "observations that must all be made"}}, nil
			}
			return alts, nil
		}
		if len(alts) > mostAlternatives {
			return nil, errPattern
		}
	}
}

func (p *patternParser) observation(depth int, out *patterned) (alts []alternative, err error) {
	open := p.space()
	p.at++
	switch open {
	case '[':
		if alts, err = p.any(depth + 1); err == nil && p.space() != ']' {
			err = errPattern
		}
	case '(':
		if alts, err = p.observations(depth+1, out); err == nil && p.space() != ')' {
			err = errPattern
		}
	default:
		err = errPattern
	}
	if err != nil {
		return nil, err
	}
	p.at++
	return p.qualified(alts, out)
}

// qualified reads what stands behind an observation.
func (p *patternParser) qualified(alts []alternative, out *patterned) ([]alternative, error) {
	for {
		switch {
		case p.word("START"):
			from, err1 := p.moment()
			if !p.word("STOP") || err1 != nil {
				return nil, errPattern
			}
			until, err := p.moment()
			if err != nil {
				return nil, errPattern
			}
			if !out.from.IsZero() {
				alts = []alternative{{why: "several times in one pattern"}}
			}
			out.from, out.until = from, until
		case p.word("WITHIN"), p.word("REPEATS"):
			p.space()
			for p.at < len(p.s) && strings.IndexByte("0123456789.", p.s[p.at]) >= 0 {
				p.at++
			}
			if !p.word("SECONDS") && !p.word("TIMES") {
				return nil, errPattern
			}
			for i := range alts {
				alts[i].narrow++
			}
		default:
			return alts, nil
		}
	}
}

func (p *patternParser) moment() (time.Time, error) {
	if p.space() == 't' {
		p.at++
	}
	s, err := p.literal()
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, s)
}

// any reads comparisons joined by OR; all those joined by AND, which binds closer.
func (p *patternParser) any(depth int) ([]alternative, error) {
	var alts []alternative
	for {
		one, err := p.all(depth)
		if err != nil {
			return nil, err
		}
		if alts = append(alts, one...); len(alts) > mostAlternatives {
			return nil, errPattern
		}
		if !p.word("OR") {
			return alts, nil
		}
	}
}

func (p *patternParser) all(depth int) ([]alternative, error) {
	alts, err := p.comparison(depth)
	for err == nil && p.word("AND") {
		var more []alternative
		if more, err = p.comparison(depth); err == nil {
			alts, err = both(alts, more)
		}
	}
	return alts, err
}

// both returns every way in which a and b can be met together.
func both(a, b []alternative) ([]alternative, error) {
	if len(a)*len(b) > mostAlternatives {
		return nil, errPattern
	}
	out := make([]alternative, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			z := alternative{narrow: x.narrow + y.narrow, why: x.why}
			if z.why == "" {
				z.why = y.why
			}
			if len(x.obs)+len(y.obs) > 16 {
				return nil, errPattern
			}
			z.obs = append(append(z.obs, x.obs...), y.obs...)
			out = append(out, z)
		}
	}
	return out, nil
}

// comparison reads one test, or several in brackets.
func (p *patternParser) comparison(depth int) ([]alternative, error) {
	if depth > 32 {
		return nil, errPattern
	}
	if p.space() == '(' {
		p.at++
		alts, err := p.any(depth + 1)
		if err == nil && p.space() != ')' {
			err = errPattern
		}
		p.at++
		return alts, err
	}
	if p.word("EXISTS") {
		path, err := p.path()
		return []alternative{{narrow: 1, why: "EXISTS " + short(path)}}, err
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	not := p.word("NOT")
	op := p.operator()
	values, err := p.values()
	if op == "" || err != nil {
		return nil, errPattern
	}
	if not || op != "=" && op != "IN" && op != "ISSUBSET" {
		if not {
			op = "NOT " + op
		}
		return []alternative{{narrow: 1, why: "the comparison " + op}}, nil
	}
	var out []alternative
	for _, v := range values {
		out = append(out, compared(path, op, v))
	}
	return out, nil
}

// compared makes one observable of path = value, or a condition that is not compared.
func compared(path, op, value string) alternative {
	object, property, _ := strings.Cut(path, ":")
	var o observable
	why := "the path " + short(path)
	switch {
	case op == "ISSUBSET" && object != "ipv4-addr" && object != "ipv6-addr":
	case property == "value" && (object == "ipv4-addr" || object == "ipv6-addr"):
		o, why = addressOf(refang(value))
	case property == "value" && object == "domain-name":
		o, why = domainOf(refang(value))
	case property == "value" && object == "url":
		o, why = urlOf(refang(value))
	case property == "value" && object == "email-addr", object == "email-message" && (property == "from_ref.value" || property == "sender_ref.value"):
		o, why = mailOf(refang(value))
	case object == "network-traffic" && (property == "dst_ref.value" || property == "src_ref.value"):
		if o, why = addressOf(refang(value)); why == notAnIndicator {
			o, why = domainOf(refang(value))
		}
	case hashPath(object, property):
		o, why = hashOf(value)
	}
	if why != "" {
		return alternative{narrow: 1, why: why}
	}
	return alternative{obs: []observable{o}}
}

// hashPath says whether a path is that of a hash which can be compared: file:hashes.'SHA-256', process:image_ref.hashes.MD5.
func hashPath(object, property string) bool {
	if object != "file" && object != "artifact" && object != "process" {
		return false
	}
	i := strings.LastIndex(property, "hashes.")
	if i < 0 || i > 0 && property[i-1] != '.' {
		return false
	}
	switch strings.ToUpper(strings.ReplaceAll(strings.Trim(property[i+len("hashes."):], "'\""), "-", "")) {
	case "MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512":
		return true
	}
	return false
}

// path reads an object path: file:hashes.'SHA-256'.
func (p *patternParser) path() (string, error) {
	p.space()
	start := p.at
	for p.at < len(p.s) {
		c := p.s[p.at]
		switch {
		case c == '\'':
			if _, err := p.literal(); err != nil {
				return "", err
			}
			continue
		case wordByte(c), c == ':', c == '.', c == '[', c == '*':
		case c == ']' && strings.LastIndexByte(p.s[start:p.at], '[') > strings.LastIndexByte(p.s[start:p.at], ']'):
		default:
			if strings.IndexByte(p.s[start:p.at], ':') <= 0 {
				return "", errPattern
			}
			return p.s[start:p.at], nil
		}
		p.at++
	}
	return "", errPattern
}

func (p *patternParser) operator() string {
	p.space()
	for _, op := range [...]string{"!=", "<=", ">=", "=", "<", ">"} {
		if strings.HasPrefix(p.s[p.at:], op) {
			p.at += len(op)
			return op
		}
	}
	for _, op := range [...]string{"IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"} {
		if p.word(op) {
			return op
		}
	}
	return ""
}

// values reads one value, or several in brackets.
func (p *patternParser) values() ([]string, error) {
	if p.space() != '(' {
		v, err := p.scalar()
		return []string{v}, err
	}
	p.at++
	var out []string
	for {
		v, err := p.scalar()
		if err != nil {
			return nil, err
		}
		if out = append(out, v); len(out) > mostAlternatives {
			return nil, errPattern
		}
		switch p.space() {
		case ',':
			p.at++
		case ')':
			p.at++
			return out, nil
		default:
			return nil, errPattern
		}
	}
}

func (p *patternParser) scalar() (string, error) {
	c := p.space()
	if c == '\'' {
		return p.literal()
	}
	if (c == 't' || c == 'b' || c == 'h') && p.at+1 < len(p.s) && p.s[p.at+1] == '\'' {
		p.at++
		return p.literal()
	}
	start := p.at
	for p.at < len(p.s) && (wordByte(p.s[p.at]) || p.s[p.at] == '.' || p.s[p.at] == '+') {
		p.at++
	}
	if p.at == start {
		return "", errPattern
	}
	return p.s[start:p.at], nil
}

// literal reads a text in single quotes.
func (p *patternParser) literal() (string, error) {
	if p.space() != '\'' {
		return "", errPattern
	}
	p.at++
	var b strings.Builder
	for p.at < len(p.s) {
		c := p.s[p.at]
		p.at++
		switch {
		case c == '\\' && p.at < len(p.s):
			b.WriteByte(p.s[p.at])
			p.at++
		case c == '\'':
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
	}
	return "", errPattern
}
