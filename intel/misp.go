// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// mispReader takes attributes out of events of MISP: exports, answers of the REST interface, files of a feed.
type mispReader struct {
	r     *reading
	info  string // title of the event that is being read
	level event.Severity
	begun bool          // within an event
	rated bool          // it said how grave it is
	wait  []mispWaiting // attributes that stand before what the event says of itself
}

// mispWaiting is an attribute that waits for its event's title.
type mispWaiting struct {
	line uint32
	a    mispAttribute
}

const mostWaiting = 1 << 12

// flush takes what waited.
func (m *mispReader) flush() {
	for i := range m.wait {
		m.attribute(m.wait[i].line, &m.wait[i].a)
	}
	m.wait = m.wait[:0]
}

func (m *mispReader) enter(key string, depth int, first byte) visit {
	switch key {
	case "", "response", "Object", "result":
		if first == '{' || first == '[' {
			return visitWalk
		}
	case "Event":
		if first == '{' {
			m.flush()
			m.info, m.level, m.rated, m.begun = "", event.Info, false, true
		}
		return visitWalk
	case "Attribute":
		if first == '{' {
			return visitTake
		}
		return visitWalk
	case "info", "threat_level_id":
		return visitTake
	}
	return visitSkip // RelatedEvent and the like hold events of their own
}

func (m *mispReader) leave(key string, _ int) {
	if key == "Event" {
		m.flush()
		m.info, m.level, m.begun = "", event.Info, false
	}
}

// mispAttribute is what is read of an attribute.
type mispAttribute struct {
	Type      string `json:"type"`
	Category  string `json:"category"`
	Value     string `json:"value"`
	Comment   string `json:"comment"`
	ToIDs     any    `json:"to_ids"`
	Deleted   any    `json:"deleted"`
	FirstSeen any    `json:"first_seen"`
	LastSeen  any    `json:"last_seen"`
	Event     *struct {
		Info string `json:"info"`
	} `json:"Event"` // in answers about attributes
}

func (m *mispReader) take(key string, line uint32, raw []byte) {
	if raw == nil {
		m.r.leave(line, "an object of more than 1 MiB", "")
		return
	}
	switch key {
	case "info":
		var s string
		if json.Unmarshal(raw, &s) == nil {
			m.info = s
		}
		return
	case "threat_level_id":
		switch strings.Trim(string(raw), `" `) {
		case "1":
			m.level = event.High
		case "2":
			m.level = event.Medium
		case "3":
			m.level = event.Low
		}
		m.rated = true
		return
	}
	var a mispAttribute
	if err := json.Unmarshal(raw, &a); err != nil {
		m.r.leave(line, "an attribute that cannot be read", string(raw[:min(len(raw), 80)]))
		return
	}
	if m.begun && (m.info == "" || !m.rated) && len(m.wait) < mostWaiting {
		m.wait = append(m.wait, mispWaiting{line, a})
		return
	}
	m.flush()
	m.attribute(line, &a)
}

func yes(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v == "1" || strings.EqualFold(v, "true")
	case float64:
		return v != 0
	}
	return false
}

func (m *mispReader) attribute(line uint32, a *mispAttribute) {
	r := m.r
	switch {
	case yes(a.Deleted):
		r.leave(line, "deleted", a.Value)
		return
	case !yes(a.ToIDs):
		r.leave(line, "not meant for detection (to_ids is false)", a.Value)
		return
	}
	out := about{line: line, severity: m.level, label: m.info}
	if a.Event != nil && out.label == "" {
		out.label = a.Event.Info
	}
	if out.label == "" {
		out.label = a.Comment
	}
	first, ok1 := mispTime(a.FirstSeen)
	last, ok2 := mispTime(a.LastSeen)
	if !ok1 || !ok2 {
		r.leave(line, "first_seen or last_seen is no time", a.Value)
		return
	}
	out.from = periodOf(first)
	if !last.IsZero() {
		out.until = periodOf(last.Add(time.Second)) // seen then, so it still held
	}
	one, two, joined := strings.Cut(a.Value, "|")
	switch a.Type {
	case "ip-src", "ip-dst", "domain", "hostname", "url", "uri", "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "email", "email-src", "email-dst", "email-reply-to":
		m.value(a.Type, a.Value, out)
	case "ip-src|port", "ip-dst|port", "hostname|port":
		if i := strings.LastIndexByte(one, ':'); !joined && i > 0 && strings.IndexByte(one[:i], ':') < 0 {
			one = one[:i]
		}
		out.wider = true
		r.note("of an address with a port, the address alone is compared: such hits weigh less")
		m.value(strings.TrimSuffix(a.Type, "|port"), one, out)
	case "domain|ip":
		m.value("domain", one, out)
		m.value("ip-dst", two, out)
	case "malware-sample", "filename|md5", "filename|sha1", "filename|sha224", "filename|sha256", "filename|sha384", "filename|sha512":
		m.value("md5", two, out)
	default:
		r.leave(line, "an attribute of the type "+short(a.Type), a.Value)
	}
}

func (m *mispReader) value(kind, text string, a about) {
	var o observable
	var why string
	text = refang(strings.TrimSpace(text))
	switch {
	case strings.HasPrefix(kind, "ip-"):
		o, why = addressOf(text)
	case kind == "domain", kind == "hostname":
		o, why = domainOf(text)
	case kind == "url", kind == "uri":
		o, why = urlOf(text)
	case strings.HasPrefix(kind, "email"):
		o, why = mailOf(text)
	default:
		o, why = hashOf(text)
	}
	if why != "" {
		m.r.leave(a.line, why, text)
		return
	}
	m.r.take(o, a)
}

// mispTime reads a time as MISP writes it: RFC 3339, or seconds or microseconds since 1970.
func mispTime(v any) (time.Time, bool) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, true
	case float64:
		return time.Unix(int64(v), 0), true
	case string:
		if v == "" {
			return time.Time{}, true
		}
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			if n > 1e14 {
				return time.UnixMicro(n), true
			}
			return time.Unix(n, 0), true
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999-0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
			if t, err := time.Parse(layout, v); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}
