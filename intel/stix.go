// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// stixReader takes indicators out of bundles of STIX 2.0 and 2.1, answers of TAXII, and objects that stand alone. Other JSON, rows
// of objects or plain values, is read as a table would be.
type stixReader struct {
	r      *reading
	bundle bool
	skip   map[[16]byte]bool // indicators that the file itself takes back
	taken  map[[16]byte]bool // those that it took back in this reading
}

const mostRevoked = 1 << 20

func (s *stixReader) enter(key string, _ int, first byte) visit {
	switch {
	case key == "" && (first == '[' || s.bundle && first == '{'), key == "objects" && first == '[':
		return visitWalk
	case key == "" && !s.bundle, key == "objects":
		return visitTake
	}
	return visitSkip
}

func (s *stixReader) leave(string, int) {}

// stixObject is what is read of an object.
type stixObject struct {
	Type           string   `json:"type"`
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	Pattern        string   `json:"pattern"`
	PatternType    string   `json:"pattern_type"`
	ValidFrom      string   `json:"valid_from"`
	ValidUntil     string   `json:"valid_until"`
	Revoked        bool     `json:"revoked"`
	Confidence     int      `json:"confidence"`
	Labels         []string `json:"labels"`
	IndicatorTypes []string `json:"indicator_types"`
}

func (s *stixReader) take(_ string, line uint32, raw []byte) {
	r := s.r
	if raw == nil {
		r.leave(line, "an object of more than 1 MiB", "")
		return
	}
	if raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			r.value(text, about{line: line})
		}
		return
	}
	var o stixObject
	if err := json.Unmarshal(raw, &o); err != nil && o.Type == "" || o.Type == "" && o.Pattern == "" {
		s.row(line, raw)
		return
	}
	switch {
	case o.Type != "indicator" && isObservable(o.Type):
		r.leave(line, "an observable that no indicator stands for", o.Type)
	case o.Type != "indicator": // who, what and how: told about elsewhere
	case o.Revoked:
		r.leave(line, "taken back by its author (revoked)", o.Name)
		if id, ok := idOf(o.ID); ok && len(s.taken) < mostRevoked {
			if s.taken == nil {
				s.taken = map[[16]byte]bool{}
			}
			s.taken[id] = true
		}
	case o.PatternType != "" && o.PatternType != "stix":
		r.leave(line, "a pattern of "+short(o.PatternType), o.Name)
	default:
		if id, ok := idOf(o.ID); !ok || !s.skip[id] {
			s.indicator(line, &o)
		}
	}
}

func isObservable(kind string) bool {
	switch kind {
	case "ipv4-addr", "ipv6-addr", "domain-name", "url", "file", "email-addr", "email-message", "network-traffic", "artifact", "observed-data":
		return true
	}
	return false
}

func idOf(id string) (out [16]byte, ok bool) {
	_, text, _ := strings.Cut(id, "--")
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != 16 {
		return out, false
	}
	return [16]byte(b), true
}

func (s *stixReader) indicator(line uint32, o *stixObject) {
	r := s.r
	a := about{line: line, label: o.Name, severity: stixSeverity(o.Confidence)}
	if a.label == "" {
		a.label = o.Description
	}
	for _, l := range append(o.IndicatorTypes, o.Labels...) {
		switch l {
		case "benign":
			r.leave(line, "called benign", o.Pattern)
			return
		case "anonymization":
			a.anon = true
		case "anomalous-activity":
			if o.Confidence == 0 {
				a.severity = event.Low
			}
		}
	}
	p, err := parsePattern(o.Pattern)
	if err != nil {
		r.leave(line, err.Error(), o.Pattern)
		return
	}
	from, err1 := moment(o.ValidFrom)
	until, err2 := moment(o.ValidUntil)
	if err1 != nil || err2 != nil {
		r.leave(line, "valid_from or valid_until is no time", o.ValidFrom+" "+o.ValidUntil)
		return
	}
	if p.from.After(from) {
		from = p.from
	}
	if !p.until.IsZero() && (until.IsZero() || p.until.Before(until)) {
		until = p.until
	}
	a.from, a.until, a.wider = periodOf(from), periodOf(until), p.wider
	if p.wider {
		r.note("of some patterns only the address, domain, URL or hash is compared, not the further conditions: such hits weigh less")
	}
	for _, o := range p.obs {
		r.take(o, a)
	}
	for _, why := range p.leftOut {
		r.leave(line, why, o.Pattern)
	}
}

// stixSeverity turns a confidence of 0 to 100 into one of three; 0 is not said.
func stixSeverity(confidence int) event.Severity {
	switch {
	case confidence >= 70:
		return event.High
	case confidence >= 30:
		return event.Medium
	case confidence > 0:
		return event.Low
	}
	return event.Info
}

func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, s)
}

// row reads an object of other JSON as a table's row, whose columns are its members.
func (s *stixReader) row(line uint32, raw []byte) {
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		s.r.leave(line, "an object that is no indicator", string(raw[:min(len(raw), 80)]))
		return
	}
	var names, values []string
	for _, k := range sortedKeys(m) {
		switch v := m[k].(type) {
		case string:
			names, values = append(names, k), append(values, v)
		case float64:
			names, values = append(names, k), append(values, formatNumber(v))
		}
	}
	c, ok := columnsOf(names)
	if !ok {
		s.r.leave(line, "an object that is no indicator", string(raw[:min(len(raw), 80)]))
		return
	}
	s.r.row(&c, values, line)
}
