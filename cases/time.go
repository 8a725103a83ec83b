// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Time is a moment in the case, in microseconds like event.Micros; zero is not known and is written as null.
// It is written in UTC with milliseconds, cut and not rounded.
type Time event.Micros

// At returns the case's time of t; the zero time.Time gives the unknown time.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMicro())
}

// Time returns t in UTC.
func (t Time) Time() time.Time { return event.Micros(t).Time() }

// IsZero says whether the moment is not known.
func (t Time) IsZero() bool { return t == 0 }

const timeLayout = "2006-01-02T15:04:05.000Z"

// String returns the form of case.json, and nothing for the unknown time.
func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Time().Format(timeLayout)
}

// MarshalJSON writes RFC 3339 in UTC with milliseconds, or null. Moments outside the years 1 to 9999 are written as null:
// no reader would take them.
func (t Time) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	u := t.Time()
	if y := u.Year(); y < 1 || y > 9999 {
		return []byte("null"), nil
	}
	return u.AppendFormat(make([]byte, 0, 26), `"`+timeLayout+`"`), nil
}

// UnmarshalJSON reads any RFC 3339 time, or null.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*t = 0
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	u, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return fmt.Errorf("cases: read time %.40q: %w", s, err)
	}
	*t = At(u)
	return nil
}

// Numbers are the figures that a finding rests on: in JSON an object whose keys stand in the order of the slice.
type Numbers []event.Figure

// MarshalJSON writes the figures in their order; a figure without a finite value is written as null.
func (n Numbers) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, f := range n {
		if i > 0 {
			b = append(b, ',')
		}
		k, err := marshal(f.Name)
		if err != nil {
			return nil, err
		}
		b = append(append(b, k...), ':')
		if v := Round(f.Value); math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, v, 'f', -1, 64)
		}
	}
	return append(b, '}'), nil
}

// maxNumbers bounds the figures of one finding when it is read.
const maxNumbers = 1000

// UnmarshalJSON reads the figures and keeps their order; values that are not numbers are left out.
func (n *Numbers) UnmarshalJSON(b []byte) error {
	*n = nil
	if string(b) == "null" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("cases: read numbers: not an object")
	}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		var v *float64
		if json.Unmarshal(raw, &v) != nil || v == nil {
			continue
		}
		if len(*n) == maxNumbers {
			return fmt.Errorf("cases: read numbers: more than %d", maxNumbers)
		}
		name, _ := k.(string)
		*n = append(*n, event.Figure{Name: name, Value: *v})
	}
	return nil
}

// Round returns f rounded to six digits after the point; what is not a number, or infinite, becomes 0.
func Round(f float64) float64 {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return 0
	case math.Abs(f) >= 1<<53:
		return f
	}
	r := math.Round(f*1e6) / 1e6
	if r == 0 {
		return 0 // not -0
	}
	return r
}

// marshal writes v without HTML escapes and without a line's end.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// Zone returns the zone in which the case's times are shown: UTC where it says none.
func (i *Institute) Zone() *time.Location { return ZoneOf(i.Timezone) }

// ZoneOf returns the zone of a name as Institute has it, UTC if it is none.
func ZoneOf(name string) *time.Location {
	if east, ok := offsetOf(strings.TrimPrefix(strings.TrimPrefix(name, "UTC"), "GMT")); ok {
		return time.FixedZone(name, east)
	}
	if name != "" && name != "Local" && len(name) < 64 {
		if l, err := time.LoadLocation(name); err == nil {
			return l
		}
	}
	return time.UTC
}

// offsetOf returns the seconds east of +09:00, +0900 or +9.
func offsetOf(s string) (east int, ok bool) {
	if len(s) < 2 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	digits := strings.Replace(s[1:], ":", "", 1)
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || len(digits) == 3 || len(digits) > 4 {
		return 0, false
	}
	if len(digits) <= 2 {
		n *= 100
	}
	if n/100 > 14 || n%100 > 59 {
		return 0, false
	}
	if east = n/100*3600 + n%100*60; s[0] == '-' {
		east = -east
	}
	return east, true
}
