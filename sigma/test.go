// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// compiled is what a test is made ready with.
type compiled struct {
	re      *regexp.Regexp
	least   int // bytes of the shortest text that re matches
	network netip.Prefix
	pattern Pattern // in small letters, unless the test is cased
}

// maxRegexp bounds the size of a regular expression as written.
const maxRegexp = 8 << 10

// prepare makes the test ready, and says what is wrong with its value.
func (t *Test) prepare() error {
	switch t.Kind {
	case KindPattern:
		if len(t.Pattern) > maxPieces {
			return fmt.Errorf("more than %d wildcards in one value", maxPieces)
		}
		t.compiled.pattern = t.Pattern
		if !t.Cased {
			t.compiled.pattern = t.Pattern.lower()
		}
	case KindRegexp:
		if len(t.Text) > maxRegexp {
			return fmt.Errorf("a regular expression of more than %d bytes", maxRegexp)
		}
		re, err := regexp.Compile(t.Text)
		if err != nil {
			return fmt.Errorf("regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		t.compiled.re, t.compiled.least = re, shortest(t.Text)
	case KindCIDR:
		p, err := parseNetwork(t.Text)
		if err != nil {
			return err
		}
		t.compiled.network = p
	}
	return nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.Prefix{}, fmt.Errorf("%q is no network: write one such as 10.0.0.0/8", text)
}

// holds says whether the test holds for one value. folded is the value in small letters.
func (t *Test) holds(value, folded string) bool {
	if t.Part != PartNone {
		n, ok := partOf(value, t.Part)
		if !ok {
			return false
		}
		value = strconv.Itoa(n)
		folded = value
	}
	switch t.Kind {
	case KindPattern:
		if t.Cased {
			return t.compiled.pattern.match(value)
		}
		return t.compiled.pattern.match(folded)
	case KindRegexp:
		return len(value) >= t.compiled.least && t.compiled.re.MatchString(value)
	case KindCIDR:
		a, err := netip.ParseAddr(value)
		return err == nil && t.compiled.network.Contains(a.Unmap().WithZone(""))
	}
	n, ok := numberOf(value)
	if !ok {
		return false
	}
	switch t.Kind {
	case KindLess:
		return n < t.Number
	case KindAtMost:
		return n <= t.Number
	case KindMore:
		return n > t.Number
	case KindAtLeast:
		return n >= t.Number
	}
	return false
}

// holdsFolded is holds with the value in small letters as bytes.
func (t *Test) holdsFolded(value string, folded []byte) bool {
	if t.Kind == KindPattern && t.Part == PartNone && !t.Cased {
		return t.compiled.pattern.match(string(folded))
	}
	return t.holds(value, "")
}

// refers says whether the test, which compares two fields, holds for a value of each.
func (t *Test) refers(value, other string) bool {
	if !t.Cased {
		value, other = fold(value), fold(other)
	}
	switch t.Where {
	case Contains:
		return strings.Contains(value, other)
	case StartsWith:
		return strings.HasPrefix(value, other)
	case EndsWith:
		return strings.HasSuffix(value, other)
	}
	return value == other
}

// of says whether the test holds for a record. It is the plain meaning of a test; the engine has quicker ways to the same.
func (t *Test) of(r *Record) bool {
	switch t.Kind {
	case KindExists:
		_, ok := r.Get(t.Field)
		return ok == t.Yes
	case KindNull:
		v, ok := r.Get(t.Field)
		return !ok || v == ""
	case KindFieldRef:
		for i := range r.Fields {
			if a := &r.Fields[i]; a.Name == t.Field && !a.Null {
				for j := range r.Fields {
					if b := &r.Fields[j]; b.Name == t.Text && !b.Null && t.refers(a.Value, b.Value) {
						return true
					}
				}
			}
		}
		return false
	}
	if t.Field == "" {
		for i := range r.Fields {
			if v := r.Fields[i].Value; v != "" && t.holds(v, fold(v)) {
				return true
			}
		}
		return r.Text != "" && t.holds(r.Text, fold(r.Text))
	}
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Name == t.Field && t.holds(f.Value, fold(f.Value)) {
			return true
		}
	}
	return false
}

// numberOf reads a number as records write them, also in hexadecimal.
func numberOf(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		n, err := strconv.ParseUint(s[2:], 16, 64)
		return float64(n), err == nil
	}
	if s == "" || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, (err == nil || errors.Is(err, strconv.ErrRange)) && !math.IsNaN(n)
}

// partOf returns a part of the moment that a text or a number of seconds since 1970 says, as it is written there: zones are not
// turned into one another.
func partOf(s string, part Part) (int, bool) {
	t, ok := momentOf(s)
	if !ok {
		return 0, false
	}
	switch part {
	case PartMinute:
		return t.Minute(), true
	case PartHour:
		return t.Hour(), true
	case PartDay:
		return t.Day(), true
	case PartWeek:
		_, week := t.ISOWeek()
		return week, true
	case PartMonth:
		return int(t.Month()), true
	case PartYear:
		return t.Year(), true
	}
	return 0, false
}

// momentOf reads 2026-01-02T03:04:05…, 2026-01-02 03:04:05…, 2026/01/02 …, a date alone, or seconds or milliseconds since 1970.
func momentOf(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 10 {
		return time.Time{}, false
	}
	date := strings.ReplaceAll(s[:10], "/", "-")
	if t, err := time.Parse(time.DateOnly, date); err == nil {
		if len(s) < 16 {
			return t, len(s) == 10
		}
		clock := s[11:]
		if s[10] != 'T' && s[10] != 't' && s[10] != ' ' {
			return time.Time{}, false
		}
		layout := "15:04"
		if len(clock) >= 8 && clock[5] == ':' {
			layout = "15:04:05"
		}
		c, err := time.Parse(layout, clock[:len(layout)])
		return t.Add(time.Duration(c.Hour())*time.Hour + time.Duration(c.Minute())*time.Minute + time.Duration(c.Second())*time.Second), err == nil
	}
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || n < 0 || n > 1e15:
		return time.Time{}, false
	case n > 1e11:
		return time.UnixMilli(int64(n)).UTC(), true
	}
	return time.Unix(int64(n), 0).UTC(), true
}
