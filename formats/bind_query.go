// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var bindQuery = Format{
	Name:   "bind-query",
	Source: "dns",
	About: About{
		What: "BIND 9.4 to 9.20: the query log and the other categories, in their own files with any of print-time, print-category and print-severity, or through syslog.",
		Export: "rndc querylog on, or a channel for the category queries with print-time yes (iso8601-utc is best, it needs no zone). " +
			"Add the categories security and query-errors for refusals, rate-limit for limits, xfer-out for zone transfers.",
		Takes:  "Each query with client, name, type and flags; refused queries, transfers and updates; failed queries; rate limits; zone transfers; start and stop.",
		Leaves: "The answers (dnstap has them). Behind another resolver its address stands for those who asked it.",
	},
	Sniff: func(rec []byte) float64 {
		var l bindLine
		if !l.split(rec) {
			return 0
		}
		if l.sure || l.client {
			return 0.9
		}
		return 0.6
	},
	New:    func(env *Env) Parser { return &bindParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks: []string{"named", "client ", "info: ", "notice: ", "warning: ", "error: ", "critical: ", "debug: ", "debug 1: ", "debug 2: ", "debug 3: ", "queries: ", "query-errors: ", "security: ", "update: ", "xfer-in: ", "xfer-out: ", "notify: ", "network: ", "lame-servers: ",
		"edns-disabled: ", "resolver: ", "general: ", "default: ", "config: ", "database: ", "dispatch: ", "dnssec: ", "rate-limit: ", "rpz: ", "cname: ", "spill: ", "unmatched: ", "delegation-only: ",
		"nsid: ", "serve-stale: ", "trust-anchor-telemetry: ", "zoneload: ", "responses: ", "sslkeylog: ", "dnstap: ", "drop: "},
}

// bindLine is a line without its head.
type bindLine struct {
	own      bool // time stands for itself, from BIND's own channel
	time     Civil
	sure     bool // the program's name stands in the head
	client   bool // it is about a client
	category []byte
	severity []byte
	text     []byte
}

// split reads the head of a channel: [time] [category: ] [severity: ] message, with syslog's own head before it or not.
func (l *bindLine) split(b []byte) bool {
	if t, n := parseBindStamp(b); n > 0 {
		l.own, l.time = true, t
		b = b[n:]
	} else {
		s, ok := sniffSyslog(b)
		if ok && string(s.Program) == "named" {
			l.sure = true
			b = s.Message
			if t, n := parseBindStamp(b); n > 0 {
				l.own, l.time = true, t
				b = b[n:]
			} else if t, n := parseSyslogStamp(b); n > 0 && n < len(b) && isDigit(b[0]) { // print-time iso8601
				l.own, l.time = true, t
				b = b[n:]
			}
		} else if t, n := parseSyslogStamp(b); n > 0 && n < len(b) { // a relay that kept the time only
			l.own, l.time = true, t
			b = b[n:]
		} else {
			return false
		}
	}
	b = bytes.TrimLeft(b, " ")
	for range 2 {
		i := index(b[:min(len(b), 32)], ": ")
		if i <= 0 {
			break
		}
		if word := b[:i]; isBindSeverity(word) {
			l.severity = word
		} else if l.category == nil && isBindCategory(word) {
			l.category = word
		} else {
			break
		}
		b = bytes.TrimLeft(b[i+2:], " ")
	}
	l.text = bytes.TrimRight(b, " \r")
	l.client = isPrefix(l.text, "client ") && bytes.IndexByte(l.text, '#') > 0
	return l.sure || l.client || l.category != nil && l.severity != nil || l.category != nil && l.own && b != nil && isKnownCategory(l.category)
}

// parseBindStamp reads "02-Jan-2006 15:04:05.000 "; what print-time iso8601 and iso8601-utc write is read as syslog's newer times are.
func parseBindStamp(b []byte) (Civil, int) {
	if len(b) < 21 || b[2] != '-' || b[6] != '-' || b[11] != ' ' {
		return Civil{}, 0
	}
	var t Civil
	t.Day = exactly(b, 2)
	t.Month = monthOf(b[3:])
	t.Year = exactly(b[7:], 4)
	n := parseTimeOfDay(b[12:], &t)
	if n == 0 || t.Year == 0 || !t.Valid() || 12+n >= len(b) || b[12+n] != ' ' {
		return Civil{}, 0
	}
	return t, 12 + n
}

func isBindSeverity(b []byte) bool {
	switch string(b) {
	case "info", "notice", "warning", "error", "critical", "debug 1", "debug 2", "debug 3", "debug":
		return true
	}
	return false
}

func isBindCategory(b []byte) bool {
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || c == '-') {
			return false
		}
	}
	return len(b) > 3 && string(b) != "client" && string(b) != "zone"
}

func isKnownCategory(b []byte) bool {
	switch string(b) {
	case "queries", "query-errors", "security", "update-security", "update", "xfer-in", "xfer-out", "notify", "network", "lame-servers", "edns-disabled", "resolver",
		"general", "default", "config", "database", "dispatch", "dnssec", "rate-limit", "rpz", "cname", "spill", "unmatched", "client", "delegation-only",
		"nsid", "serve-stale", "trust-anchor-telemetry", "zoneload", "responses", "sslkeylog", "dnstap", "drop":
		return true
	}
	return false
}

type bindParser struct{ env *Env }

func (p *bindParser) Flush(*event.Batch) {}

func (p *bindParser) Parse(rec *event.Record, out *event.Batch) error {
	var l bindLine
	if !l.split(rec.Data) {
		return ErrOtherFormat
	}
	host := p.env.Host
	var when event.Micros
	if l.sure {
		s, ok := p.env.Syslog(rec)
		if !ok {
			return ErrNoTime
		}
		host, when = p.env.hostOf(s), s.Time
	}
	if l.own {
		when = p.env.Clock.Moment(l.time)
	}
	n := len(out.Events)
	err := p.message(&l, out)
	for i := n; i < len(out.Events); i++ {
		ev := &out.Events[i]
		ev.Time, ev.Service, ev.DstHost, ev.Ref = when, "dns", host, p.env.Ref(rec)
	}
	return err
}

func (p *bindParser) message(l *bindLine, out *event.Batch) error {
	t := l.text
	if !l.client {
		switch {
		case isPrefix(t, "starting BIND"):
			ev := out.Add()
			ev.Activity, ev.Outcome = event.ActStart, event.OutcomeSuccess
		case isPrefix(t, "shutting down"), string(t) == "exiting":
			ev := out.Add()
			ev.Activity, ev.Outcome = event.ActStop, event.OutcomeSuccess
		case isPrefix(t, "rate limit "), isPrefix(t, "limit "):
			p.limit(t, out)
		}
		return nil // about zones, servers and the network
	}
	return p.about(t[len("client "):], out)
}

// about reads "@0x7f… 192.0.2.7#53412/key ddns (name): view internal: query: name IN A +E(0)K (192.0.2.53)". BIND escapes spaces and
// brackets in names.
func (p *bindParser) about(b []byte, out *event.Batch) error {
	if len(b) > 0 && b[0] == '@' {
		_, b = nextWord(b)
	}
	hash := bytes.IndexByte(b[:min(len(b), 64)], '#')
	if hash < 0 {
		return ErrBroken
	}
	addr, ok := p.env.addr(b[:hash])
	if !ok {
		return ErrBroken
	}
	port, k := digits(b[hash+1:], 5)
	b = b[hash+1+k:]
	var key, asked, view []byte
	if r, yes := cutPrefix(b, "/key "); yes {
		end := bytes.IndexAny(r, " :")
		if end < 0 {
			return ErrBroken
		}
		key, b = r[:end], r[end:]
	}
	if r, yes := cutPrefix(b, " ("); yes {
		end := index(r, "): ")
		if end < 0 {
			return ErrBroken
		}
		asked, b = r[:end], r[end+1:]
	}
	b, ok = cutPrefix(b, ": ")
	if !ok {
		return ErrBroken
	}
	if r, yes := cutPrefix(b, "view "); yes {
		if end := index(r, ": "); end >= 0 {
			view, b = r[:end], r[end+2:]
		}
	}
	ev := out.Add()
	ev.SrcIP, ev.SrcPort = addr, uint16(port)
	ev.Class, ev.Activity = event.ClassDNS, event.ActQuery
	ev.Object = p.env.Intern.Bytes(asked)
	if err := p.what(b, ev, out, view, key); err != nil {
		out.Drop()
		return err
	}
	return nil
}

// what reads what a client asked for, or what became of it.
func (p *bindParser) what(b []byte, ev *event.Event, out *event.Batch, view, key []byte) error {
	in := p.env.Intern
	if r, ok := cutPrefix(b, "query: "); ok {
		name, r := nextWord(r)
		class, r := nextWord(r)
		qtype, r := nextWord(r)
		flags, r := nextWord(r)
		ev.Object = in.Bytes(name)
		if len(r) > 1 && r[0] == '(' {
			if end := bytes.IndexByte(r, ')'); end > 0 {
				ev.DstIP, _ = p.env.addr(r[1:end])
				r = r[end+1:]
			}
		}
		if string(class) == "IN" {
			class = nil
		}
		ev.Rest = out.Rest(event.Text("qtype", in.Bytes(qtype)), event.Text("qclass", in.Bytes(class)), event.Text("flags", in.Bytes(flags)),
			event.Text("view", in.Bytes(view)), event.Text("key", in.Bytes(key)), event.Text("ecs", in.Bytes(ecs(r))))
		return nil
	}
	detail := b
	repeat := false
	switch {
	case isPrefix(b, "response: "): // name IN A NOERROR …: the query has a line of its own
		name, r := nextWord(b[len("response: "):])
		_, r = nextWord(r)
		qtype, r := nextWord(r)
		rcode, _ := nextWord(r)
		ev.Object, ev.Count, repeat = in.Bytes(name), event.Some(0), true
		ev.Outcome = event.OutcomeFailure
		if string(rcode) == "NOERROR" {
			ev.Outcome = event.OutcomeSuccess
		}
		ev.Rest = out.Rest(event.Text("qtype", in.Bytes(qtype)), event.Text("rcode", in.Bytes(rcode)), event.Text("view", in.Bytes(view)), event.Flag("repeat", repeat))
		return nil
	case isPrefix(b, "query failed ("):
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
		if isPrefix(b, "query failed (REFUSED)") {
			ev.Activity, ev.Reason = event.ActRefuse, event.ReasonDenied
		}
		if i := index(b, " for "); i > 0 {
			name, _ := nextWord(b[i+5:])
			ev.Object = in.Bytes(bindName(name))
		}
	case has(b, " denied"), isPrefix(b, "bad zone transfer request"), isPrefix(b, "request has invalid signature"), isPrefix(b, "query (cache) denied"):
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
		if q := bindQuoted(b); q != nil {
			ev.Object = in.Bytes(bindName(q))
		}
	case isPrefix(b, "query (cache)"), isPrefix(b, "query '"):
		if q := bindQuoted(b); q != nil {
			ev.Object = in.Bytes(bindName(q))
		}
	case isPrefix(b, "rate limit "), isPrefix(b, "would rate limit"), isPrefix(b, "drop "):
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	case isPrefix(b, "transfer of '"):
		ev.Activity, ev.Outcome = event.ActDownload, event.OutcomeSuccess
		if has(b, "failed") || has(b, "error") {
			ev.Outcome = event.OutcomeFailure
		}
		if !has(b, "XFR started") && ev.Outcome == event.OutcomeSuccess { // its end, or its particulars
			ev.Count = event.Some(0)
			repeat = true
		}
		ev.Object = in.Bytes(bindName(bindQuoted(b)))
	case isPrefix(b, "updating zone '"):
		ev.Activity, ev.Outcome, ev.Object = event.ActWrite, event.OutcomeSuccess, in.Bytes(bindName(bindQuoted(b)))
		if has(b, "failed") || has(b, "unsuccessful") {
			ev.Outcome = event.OutcomeFailure
		}
	case isPrefix(b, "received notify for zone"), isPrefix(b, "signer \""), isPrefix(b, "AXFR"), isPrefix(b, "IXFR"), isPrefix(b, "rpz "), isPrefix(b, "disabled rpz"), isPrefix(b, "error sending"),
		isPrefix(b, "no matching view"), isPrefix(b, "RFC 1918 response"), isPrefix(b, "error"), isPrefix(b, "update "), isPrefix(b, "notify"), isPrefix(b, "message "),
		isPrefix(b, "send"), isPrefix(b, "next"), isPrefix(b, "request"), isPrefix(b, "TCP"), isPrefix(b, "bad "), isPrefix(b, "view"), isPrefix(b, "replace"), isPrefix(b, "endrequest"):
		ev.Activity = event.ActOther
	default:
		return ErrUnknownKind
	}
	f := [4]event.Field{event.Text("view", in.Bytes(view)), event.Text("key", in.Bytes(key)), event.Text("detail", in.Bytes(detail[:min(len(detail), 200)])),
		event.Flag("repeat", true)}
	ev.Rest = out.Rest(f[:3+count(repeat)]...)
	return nil
}

// ecs returns the client subnet of "[ECS 203.0.113.0/24/0]".
func ecs(b []byte) []byte {
	if i := index(b, "[ECS "); i >= 0 {
		v, _, _ := bytes.Cut(b[i+5:], []byte("]"))
		return v
	}
	return nil
}

// bindQuoted returns what stands between the first pair of single quotes.
func bindQuoted(b []byte) []byte {
	i := bytes.IndexByte(b, '\'')
	if i < 0 {
		return nil
	}
	end := bytes.IndexByte(b[i+1:], '\'')
	if end < 0 {
		return nil
	}
	return b[i+1 : i+1+end]
}

// bindName returns the name of "www.example.com/A/IN", "example.com/IN" and "www.example.com/IN/A". A name may
// hold slashes (RFC 2317), so it is cut from its end.
func bindName(b []byte) []byte {
	for range 2 {
		i := bytes.LastIndexByte(b, '/')
		if i <= 0 {
			break
		}
		word := b[i+1:]
		upper := len(word) > 0
		for _, c := range word {
			upper = upper && (c >= 'A' && c <= 'Z' || isDigit(c))
		}
		if !upper || isDigit(word[0]) {
			break
		}
		b = b[:i]
	}
	return b
}

// limit reads "limit NXDOMAIN responses to 192.0.2.0/24 for example.com  (00000000)".
func (p *bindParser) limit(t []byte, out *event.Batch) {
	i := index(t, " to ")
	if i < 0 {
		return
	}
	word, rest := nextWord(t[i+4:]) // a network: whose address it was, is not said
	ev := out.Add()
	ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassDNS, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	if r, ok := cutPrefix(rest, "for "); ok {
		name, _ := nextWord(r)
		ev.Object = p.env.Intern.Bytes(name)
	}
	ev.Rest = out.Rest(event.Text("network", p.env.Intern.Bytes(word)), event.Text("detail", p.env.Intern.Bytes(t[:min(len(t), 160)])))
}
