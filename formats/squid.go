// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var squid = Format{
	Name:   "squid",
	Source: "proxy",
	About: About{
		What: "Access logs of the Squid proxy (2 to 6) in its own format and in the formats common and combined with Squid's result behind, and of Cisco's Web Security Appliance, in files or syslog.",
		Export: "Copy access.log* of every proxy. The default (logformat squid) is enough; it has no ports and no user agent: logformat combined has the agent, and " +
			"logformat with %>p the client's port. Do not strip the query (strip_query_terms off) where the law allows it. Authentication must be on for names.",
		Takes: "Each request with the client, the authenticated user, method, address asked for, where the proxy went for it, result, status, bytes to the client and time taken; the moment is that of the request's end.",
		Leaves: "What was inside encrypted connections (CONNECT), and bytes sent by the client. A user name is only there where the proxy asks for one. " +
			"Behind another proxy the client is that proxy.",
	},
	Sniff: func(rec []byte) float64 {
		var l squidLine
		if l.split(rec) {
			return 0.95
		}
		var w webLine
		if splitWebLine(rec, &w) && squidResult(bytes.Trim(w.tail, " \"")) {
			return 0.97
		}
		return 0
	},
	New:    func(env *Env) Parser { return &squidParser{env: env, web: webParser{env: env}} },
	Shapes: notObject,
	Marks:  []string{"TCP_", "UDP_", "NONE", "ICP_"},
}

// squidLine is a line of Squid's own format.
type squidLine struct {
	at                                                    event.Micros
	took, client, result, status, size, method, url, user []byte
	hierarchy, peer, kind, tail                           []byte
	host                                                  []byte // of the proxy, where a syslog head names it
}

// squidResult says whether a word is one of Squid's results: TCP_MISS/200, TCP_MISS:HIER_DIRECT, NONE_NONE/000.
func squidResult(b []byte) bool {
	for _, w := range [...]string{"TCP_", "UDP_", "NONE/", "NONE_", "NONE:", "ICP_"} {
		if isPrefix(b, w) {
			return bytes.IndexByte(b, '/') > 0 || bytes.IndexByte(b, ':') > 0
		}
	}
	return false
}

// split cuts "1719900000.123    120 192.0.2.5 TCP_MISS/200 1536 GET http://www.example.org/ hanako HIER_DIRECT/198.51.100.7 text/html".
func (l *squidLine) split(b []byte) bool {
	*l = squidLine{}
	if len(b) < 20 {
		return false
	}
	if !isDigit(b[0]) || b[0] == '2' && b[4] == '-' {
		s, ok := sniffSyslog(b)
		if !ok {
			return false
		}
		b, l.host = s.Message, s.Host
	}
	word, rest := nextWord(b)
	dot := bytes.IndexByte(word, '.')
	if dot < 9 || dot > 11 {
		return false
	}
	var ok bool
	if l.at, ok = parseEpoch(word); !ok {
		return false
	}
	l.took, rest = nextWord(bytes.TrimLeft(rest, " "))
	l.client, rest = nextWord(bytes.TrimLeft(rest, " "))
	word, rest = nextWord(rest)
	if !squidResult(word) {
		return false
	}
	l.result, l.status, _ = bytes.Cut(word, []byte("/"))
	l.size, rest = nextWord(rest)
	if !isAllDigits(l.size) {
		return false
	}
	l.method, rest = nextWord(rest)
	return l.behind(rest)
}

// behind reads address, user and where the proxy went. Squid leaves no blank in an address unless told to (uri_whitespace allow), but
// writes a user's name as it was typed, blanks and all: the address is the first word, and the user is all up to where the proxy went. A
// line of Squid's own ends with that and a type, which no name can follow; a line that goes on (of the Web Security Appliance, which
// quotes names) has it in the first word that looks so.
func (l *squidLine) behind(b []byte) bool {
	sp := bytes.IndexByte(b, ' ')
	if sp < 0 {
		return false
	}
	l.url = b[:sp]
	rest := b[sp+1:]
	if last := bytes.LastIndexByte(rest, ' '); last > 0 {
		if at := bytes.LastIndexByte(rest[:last], ' '); at > 0 && isHierarchy(rest[at+1:last]) {
			l.went(rest, at+1, last)
			return true
		}
	}
	for at := 0; at < len(rest); {
		end := len(rest)
		if sp := bytes.IndexByte(rest[at:], ' '); sp >= 0 {
			end = at + sp
		}
		if at > 0 && isHierarchy(rest[at:end]) {
			l.went(rest, at, end)
			return true
		}
		at = end + 1
	}
	return false
}

// went takes b apart at the word from at to end, which says where the proxy went.
func (l *squidLine) went(b []byte, at, end int) {
	l.user = b[:at-1]
	l.hierarchy, l.peer, _ = bytes.Cut(b[at:end], []byte("/"))
	if end < len(b) {
		l.kind, l.tail = nextWord(b[end+1:])
	}
}

// isHierarchy says whether a word is Squid's for where it went: HIER_DIRECT/198.51.100.7, DIRECT/www.example.org, NONE/-.
func isHierarchy(b []byte) bool {
	i := bytes.IndexByte(b, '/')
	if i < 4 || i+1 >= len(b) {
		return false
	}
	for _, c := range b[:i] {
		if !(c >= 'A' && c <= 'Z') && c != '_' {
			return false
		}
	}
	w := b[:i]
	return isPrefix(w, "HIER_") || isPrefix(w, "NONE") || isPrefix(w, "DIRECT") || has(w, "_PARENT") || has(w, "_HIT") || has(w, "SIBLING") || has(w, "SOURCE_FASTEST") ||
		has(w, "ROUNDROBIN") || has(w, "TIMEOUT_") || has(w, "DEFAULT_") || has(w, "CARP")
}

type squidParser struct {
	env *Env
	web webParser
}

func (p *squidParser) Flush(*event.Batch) {}

func (p *squidParser) Parse(rec *event.Record, out *event.Batch) error {
	var l squidLine
	if !l.split(rec.Data) {
		return p.combined(rec, out)
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Service, ev.Ref = p.env.Clock.Absolute(l.at), event.ClassHTTP, "proxy", p.env.Ref(rec)
	p.env.setSource(ev, l.client)
	if n := len(l.user); n > 2 && l.user[0] == '"' && l.user[n-1] == '"' { // the Web Security Appliance's way
		l.user = l.user[1 : n-1]
	}
	if string(l.user) != "-" {
		ev.Account = in.Bytes(unescapeWeb(l.user))
	}
	if string(l.kind) == "-" {
		l.kind = nil
	}
	p.target(ev, l.method, l.url)
	if ip, ok := p.env.addr(l.peer); ok && !has(l.hierarchy, "PARENT") && !has(l.hierarchy, "SIBLING") {
		ev.DstIP = ip
	}
	ev.Outcome, ev.Reason = squidOutcome(l.result, l.status, ev.Account != "")
	if ev.Reason == event.ReasonBadCredentials { // the proxy refused this name's password
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
		ev.DstHost, ev.DstIP, ev.DstPort = "", netip.Addr{}, 0 // a login at the proxy, not where it would have gone
	}
	ev.BytesIn = someNumber(l.size)
	ev.Duration = someNumber(l.took)
	proxy := p.env.Host
	if len(l.host) > 0 {
		proxy = in.Bytes(l.host)
	}
	if ev.Class == event.ClassAuthentication {
		ev.DstHost = proxy
	}
	ev.Rest = out.Rest(event.Text("method", in.Bytes(l.method)), event.Text("status", in.Bytes(l.status)), event.Text("result", in.Bytes(l.result)),
		event.Text("hierarchy", in.Bytes(l.hierarchy)), event.Text("type", in.Bytes(l.kind)), event.Text("proxy", proxy), event.Text("tail", in.Bytes(l.tail[:min(len(l.tail), 512)])))
	return nil
}

// target sets what was asked for: the address as written, and the host and port in it.
func (p *squidParser) target(ev *event.Event, method, url []byte) {
	proxyTarget(p.env, ev, method, url)
}

// proxyTarget sets what a proxy was asked for: the address as written, and the host and port in it.
func proxyTarget(env *Env, ev *event.Event, method, url []byte) {
	ev.Activity, ev.Object = webActivity(method), env.Intern.Bytes(url)
	host := url
	port := uint16(80)
	if i := index(host[:min(len(host), 16)], "://"); i > 0 {
		if string(host[:i]) == "https" || string(host[:i]) == "wss" {
			port = 443
		}
		host = host[i+3:]
		if s := bytes.IndexByte(host, '/'); s >= 0 {
			host = host[:s]
		}
		if s := bytes.IndexByte(host, '?'); s >= 0 {
			host = host[:s]
		}
		if s := bytes.LastIndexByte(host, '@'); s >= 0 { // a user's name, not a host's
			host = host[s+1:]
		}
	} else if string(method) != "CONNECT" {
		return // error:…, cache_object:…
	}
	if c := bytes.LastIndexByte(host, ':'); c > 0 && (host[0] == '[') == (host[c-1] == ']') {
		if n, ok := parsePort(host[c+1:]); ok {
			port, host = n, host[:c]
		}
	}
	if !isHostName(bytes.Trim(host, "[]")) {
		return
	}
	ev.DstPort = port
	if ip, ok := env.addr(host); ok {
		ev.DstIP = ip
		return
	}
	ev.DstHost = env.Intern.Bytes(host)
}

func squidOutcome(result, status []byte, named bool) (event.Outcome, event.Reason) {
	switch {
	case string(status) == "407":
		if named {
			return event.OutcomeFailure, event.ReasonBadCredentials
		}
		return event.OutcomeFailure, event.ReasonDenied
	case has(result, "DENIED"):
		return event.OutcomeFailure, event.ReasonDenied
	case string(status) == "000", has(result, "ABORTED") && string(status) == "0":
		return event.OutcomeUnknown, event.ReasonNone
	}
	return webOutcome(status, named)
}

// combined reads a line of the format common or combined with Squid's result behind: what a web server would have written of it is
// right but for whom it names: the host that was asked for is in the address.
func (p *squidParser) combined(rec *event.Record, out *event.Batch) error {
	var l webLine
	if !splitWebLine(rec.Data, &l) || !squidResult(bytes.Trim(l.tail, " \"")) {
		return ErrOtherFormat
	}
	if err := p.web.Parse(rec, out); err != nil {
		return err
	}
	ev := &out.Events[len(out.Events)-1]
	ev.Service, ev.DstHost = "proxy", ""
	method, url, _ := splitRequest(l.request)
	p.target(ev, method, url)
	result, _, _ := bytes.Cut(bytes.Trim(l.tail, " \""), []byte(":"))
	ev.Outcome, ev.Reason = squidOutcome(result, l.status, ev.Account != "")
	return nil
}
