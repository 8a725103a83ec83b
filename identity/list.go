// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

const (
	maxListed = 4_000_000 // ranges of one list
	widest4   = 8         // the shortest prefix that a list may hold: 0.0.0.0/0 would condemn the Internet
	widest6   = 16
)

// ReadList reads a list of addresses, one on each line: an address, a range (203.0.113.0/24 or 203.0.113.7-203.0.113.9)
// or a network's number (AS64500). What follows after a blank, comma, semicolon or # is ignored, so that lists with notes
// and CSV with the address first can be taken as they are; "ExitAddress 203.0.113.7 2025-…" of the Tor project too.
// Lines that hold none of these are reported. file is used in messages; kind, validity and the like are the caller's.
func ReadList(r io.Reader, file string) (List, []Problem, error) {
	l := List{Source: file}
	found := &problems{file: file}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), maxRow)
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimPrefix(lines.Text(), "\ufeff")
		word, rest := firstWord(text)
		switch word {
		case "ExitAddress":
			word, _ = firstWord(rest)
		case "ExitNode", "Published", "LastStatus", "":
			continue
		}
		if len(l.Prefixes)+len(l.ASNs) >= maxListed {
			found.add(n, "only the first %d entries are read", maxListed)
			return l, found.all(), nil
		}
		if err := l.take(word); err != nil && !(n == 1 && !strings.ContainsAny(word, ".:0123456789")) { // the header of a CSV
			found.add(n, "%v", err)
		}
	}
	err := lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		found.add(n+1, "a line longer than %d bytes: the rest of the file is not read", maxRow)
		err = nil
	}
	if err != nil {
		return List{}, nil, fmt.Errorf("identity: read list %s: %w", file, err)
	}
	return l, found.all(), nil
}

func firstWord(s string) (word, rest string) {
	s, _, _ = strings.Cut(s, "#")
	s = strings.TrimLeft(s, " \t\"'")
	if i := strings.IndexAny(s, " \t,;\"'\r"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func (l *List) take(word string) error {
	if ip, err := netip.ParseAddr(word); err == nil {
		if ip = ip.Unmap().WithZone(""); ip.IsUnspecified() {
			return fmt.Errorf("%s is nobody's address", word)
		}
		l.Prefixes = append(l.Prefixes, netip.PrefixFrom(ip, ip.BitLen()))
		return nil
	}
	if p, err := netip.ParsePrefix(word); err == nil && !p.Addr().Is4In6() {
		if p.Bits() < widest4 || p.Addr().Is6() && p.Bits() < widest6 {
			return fmt.Errorf("%s is too wide to say anything of an address", word)
		}
		l.Prefixes = append(l.Prefixes, p.Masked())
		return nil
	}
	if len(word) > 2 && strings.EqualFold(word[:2], "AS") {
		if n, err := strconv.ParseUint(word[2:], 10, 32); err == nil && n > 0 {
			l.ASNs = append(l.ASNs, uint32(n))
			return nil
		}
	}
	if a, b, ok := strings.Cut(word, "-"); ok {
		from, err1 := netip.ParseAddr(a)
		to, err2 := netip.ParseAddr(b)
		if err1 == nil && err2 == nil && from.BitLen() == to.BitLen() && from.Zone()+to.Zone() == "" && from.Compare(to) <= 0 {
			return l.takeRange(word, from.Unmap(), to.Unmap())
		}
	}
	return fmt.Errorf("%q is neither an address, nor a range like 203.0.113.0/24, nor a number like AS64500", short(word))
}

// takeRange cuts a range into prefixes.
func (l *List) takeRange(word string, from, to netip.Addr) error {
	var cut []netip.Prefix
	for at := from; ; {
		// The widest prefix that begins here and does not pass the end.
		p := netip.PrefixFrom(at, at.BitLen())
		for p.Bits() > 0 {
			q := netip.PrefixFrom(at, p.Bits()-1)
			if q.Masked().Addr() != at || last(q).compare(numberOf(to)) > 0 {
				break
			}
			p = q
		}
		if p.Bits() < widest4 || p.Addr().Is6() && p.Bits() < widest6 {
			return fmt.Errorf("%s is too wide to say anything of an address", word)
		}
		cut = append(cut, p)
		next, more := last(p).next(at.BitLen())
		if !more || next.compare(numberOf(to)) > 0 {
			l.Prefixes = append(l.Prefixes, cut...)
			return nil
		}
		at = addressOf(next, at.BitLen())
	}
}

func addressOf(n number, width int) netip.Addr {
	var b [16]byte
	for i := range 8 {
		b[i], b[8+i] = byte(n.hi>>(56-8*i)), byte(n.lo>>(56-8*i))
	}
	if width == 32 {
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return netip.AddrFrom16(b)
}

// Countries says in which country the network of an address is registered: weaker than where the host stands.
type Countries struct {
	ranges table4and6
	codes  []string // value → code; [0] is empty
}

// ReadCountries reads a table of countries, "first address,last address,CC" on each line. Lines that cannot be read, or
// that overlap an earlier range, are reported.
func ReadCountries(r io.Reader, file string) (*Countries, []Problem, error) {
	data, err := readAll(r)
	if err != nil {
		return nil, nil, fmt.Errorf("identity: read countries %s: %w", file, err)
	}
	found := &problems{file: file}
	c := &Countries{codes: []string{""}}
	index := map[string]uint32{}
	type stretch struct {
		first, last number
		value       uint32
		line        int
	}
	var v4, v6 []stretch
	t := newTable(data)
	for {
		f, err := t.row()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || strings.HasPrefix(f[0], "#") {
			if err != nil {
				found.add(t.line, "%v", err)
			}
			continue
		}
		s := stretch{line: t.line}
		from, to, code, ok := countryRow(f)
		if !ok {
			if t.line > 1 {
				found.add(t.line, "%q is not like 192.0.2.0,192.0.2.255,JP", short(strings.Join(f, ",")))
			}
			continue
		}
		if s.value, ok = index[code]; !ok {
			s.value = uint32(len(c.codes))
			c.codes = append(c.codes, code)
			index[code] = s.value
		}
		s.first, s.last = numberOf(from), numberOf(to)
		if from.Is4() {
			v4 = append(v4, s)
		} else {
			v6 = append(v6, s)
		}
	}
	pieces := func(list []stretch, width int) []piece {
		slices.SortStableFunc(list, func(a, b stretch) int { return cmp.Or(a.first.compare(b.first), cmp.Compare(a.line, b.line)) })
		var out []piece
		var end number // the first number after the pieces so far
		for i, s := range list {
			if i > 0 && (end == number{} || s.first.compare(end) < 0) {
				found.add(s.line, "overlaps a range before it, and is left out")
				continue
			}
			if n := len(out); n > 0 && out[n-1].start == s.first {
				out[n-1].value = s.value
			} else {
				out = append(out, piece{s.first, s.value})
			}
			var more bool
			if end, more = s.last.next(width); !more {
				end = number{}
				continue
			}
			out = append(out, piece{end, 0})
		}
		return out
	}
	c.ranges = newTable4and6(pieces(v4, 32), pieces(v6, 128))
	return c, found.all(), nil
}

func countryRow(f []string) (from, to netip.Addr, code string, ok bool) {
	if len(f) < 3 {
		return from, to, "", false
	}
	from, err1 := netip.ParseAddr(strings.TrimSpace(f[0]))
	to, err2 := netip.ParseAddr(strings.TrimSpace(f[1]))
	code = strings.ToUpper(strings.TrimSpace(f[2]))
	from, to = from.Unmap(), to.Unmap()
	ok = err1 == nil && err2 == nil && from.BitLen() == to.BitLen() && from.Zone()+to.Zone() == "" && from.Compare(to) <= 0 &&
		len(code) == 2 && 'A' <= code[0] && code[0] <= 'Z' && 'A' <= code[1] && code[1] <= 'Z'
	return from, to, code, ok
}

// Of returns the country's code (ISO 3166-1 alpha-2), empty where the table has none.
func (c *Countries) Of(ip netip.Addr) string { return c.codes[c.ranges.find(ip.Unmap())] }
