// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var webAccess = Format{
	Name:   "web-access",
	Also:   []string{"combined", "common", "nginx", "apache", "vhost_combined", "clf"},
	Source: "web",
	About: About{
		What: "Access logs of Apache, nginx and servers that write like them: common, combined, vhost_combined, with X-Forwarded-For or others behind, in files or syslog.",
		Export: "Copy access.log* of every virtual host. Use the combined format; behind a proxy log the forwarded address too " +
			"(Apache: mod_remoteip; nginx: real_ip module, or \"$http_x_forwarded_for\" at the end of the line).",
		Takes: "Each request with client, authenticated user, method, path, status, bytes, referrer and user agent. Where the direct peer is a neighbour's address and " +
			"a forwarded address stands in the line, the last one that is not a neighbour's counts as the source, and the peer is kept as relay.",
		Leaves: "What was typed into forms, so neither account nor outcome of a form login. A forwarded address is as good as the proxy that wrote it.",
	},
	Sniff:  sniffWebAccess,
	New:    func(env *Env) Parser { return &webParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{`"`},
}

func sniffWebAccess(rec []byte) float64 {
	var l webLine
	if splitWebLine(rec, &l) {
		return 0.9
	}
	if s, ok := sniffSyslog(rec); ok && splitWebLine(s.Message, &l) {
		return 0.9
	}
	return 0
}

type webParser struct{ env *Env }

func (p *webParser) Flush(*event.Batch) {}

func (p *webParser) Parse(rec *event.Record, out *event.Batch) error {
	var l webLine
	host := p.env.Host
	if !splitWebLine(rec.Data, &l) {
		s, ok := p.env.Syslog(rec)
		if !ok || !splitWebLine(s.Message, &l) {
			return ErrOtherFormat
		}
		host = p.env.hostOf(s)
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Service = p.env.Clock.Moment(l.time), event.ClassHTTP, "http"
	ev.Ref = p.env.Ref(rec)
	ev.DstHost = host
	p.source(&l, ev)
	if n := len(l.user); n > 1 && l.user[0] == '"' && l.user[n-1] == '"' { // a log format that quotes it
		l.user = l.user[1 : n-1]
	}
	if string(l.user) != "-" {
		ev.Account = in.Bytes(unescapeWeb(l.user))
	}
	method, path, proto := splitRequest(l.request)
	ev.Activity = webActivity(method)
	ev.Object = in.Bytes(path)
	ev.Outcome, ev.Reason = webOutcome(l.status, ev.Account != "")
	if ev.Reason == event.ReasonBadCredentials { // basic authentication: this name's password was refused
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	}
	ev.BytesIn = someNumber(l.bytes)
	if string(l.bytes) == "-" && len(l.status) == 3 { // Apache's word for nought
		ev.BytesIn = event.Some(0)
	}
	if string(l.agent) != "-" {
		ev.Client = in.Bytes(l.agent)
	}
	if string(l.referer) == "-" {
		l.referer = nil
	}
	var f [8]event.Field
	f[0], f[1] = event.Text("method", in.Bytes(method)), event.Text("protocol", in.Bytes(proto))
	f[2], f[3] = event.Text("status", in.Bytes(l.status)), event.Text("referer", in.Bytes(l.referer))
	f[4] = event.Text("vhost", in.Bytes(l.vhost))
	f[5] = event.Text("tail", in.Bytes(l.tail[:min(len(l.tail), 512)]))
	f[6], f[7] = event.Text("forwarded_for", in.Bytes(l.forwarded)), event.Text("relay", "")
	if ev.SrcIP.IsValid() && ev.SrcIP != l.peer && l.peer.IsValid() {
		f[7] = event.Text("relay", in.Bytes(l.host))
	}
	ev.Rest = out.Rest(f[:]...)
	return nil
}

// source sets who asked: the peer, or whom a neighbouring peer says that it asks for.
func (p *webParser) source(l *webLine, ev *event.Event) {
	var ok bool
	if l.peer, ev.SrcPort, ok = p.env.addrPort(l.host); !ok {
		if !(len(l.host) == 1 && l.host[0] == '-') {
			ev.SrcHost = p.env.Intern.Bytes(l.host)
		}
	}
	ev.SrcIP = l.peer
	if len(l.forwarded) == 0 {
		return
	}
	if l.peer.IsValid() && !isOwnSide(l.peer) {
		return // anybody may write that header
	}
	last := netip.Addr{}
	for b := l.forwarded; len(b) > 0; {
		i := bytes.LastIndexByte(b, ',')
		if a, _, ok := p.env.addrPort(bytes.TrimSpace(b[i+1:])); ok {
			last = a
			if !isOwnSide(a) {
				break
			}
		}
		b = b[:max(i, 0)]
	}
	if last.IsValid() {
		ev.SrcIP, ev.SrcPort, ev.SrcHost = last, 0, ""
	} else if l.peer.IsValid() {
		ev.SrcIsRelay = true
	}
}

func webActivity(method []byte) event.Activity {
	switch string(method) {
	case "GET", "HEAD":
		return event.ActRead
	case "POST":
		return event.ActSend
	case "PUT", "PATCH", "MKCOL", "LOCK", "PROPPATCH":
		return event.ActWrite
	case "DELETE":
		return event.ActDelete
	case "CONNECT":
		return event.ActConnect
	case "PROPFIND", "OPTIONS", "REPORT", "SEARCH":
		return event.ActList
	case "MOVE":
		return event.ActRename
	case "COPY":
		return event.ActCopy
	}
	return event.ActOther
}

func webOutcome(status []byte, named bool) (event.Outcome, event.Reason) {
	if len(status) != 3 {
		return event.OutcomeUnknown, event.ReasonNone
	}
	switch status[0] {
	case '1', '2', '3':
		return event.OutcomeSuccess, event.ReasonNone
	case '4', '5':
	default:
		return event.OutcomeUnknown, event.ReasonNone
	}
	switch string(status) {
	case "401", "407":
		if named { // without a name it is the question, not the answer
			return event.OutcomeFailure, event.ReasonBadCredentials
		}
		return event.OutcomeFailure, event.ReasonDenied
	case "403", "405", "429", "451":
		return event.OutcomeFailure, event.ReasonDenied
	case "400", "414", "431", "495", "496", "497":
		return event.OutcomeFailure, event.ReasonProtocol
	case "408", "504":
		return event.OutcomeFailure, event.ReasonTimeout
	case "502", "503":
		return event.OutcomeFailure, event.ReasonUnavailable
	}
	return event.OutcomeFailure, event.ReasonOther
}

// webLine is one line of an access log, in pieces.
type webLine struct {
	vhost, host, user      []byte
	time                   Civil
	request, status, bytes []byte
	referer, agent         []byte
	forwarded              []byte // a list of addresses before the peer or behind the user agent
	tail                   []byte // what else stands behind
	peer                   netip.Addr
}

// splitWebLine takes a line apart:
//
//	[vhost[:port]] [forwarded] host ident user [02/Jan/2006:15:04:05 +0900] "request" status bytes ["referer" ["agent" [tail]]]
//
// The user is whatever a stranger typed and may hold spaces and brackets; servers escape a quotation mark in it, so that the
// first `] "` ends the time, and in what is quoted, so that the first bare quotation mark ends that.
func splitWebLine(b []byte, l *webLine) bool {
	end := index(b, `] "`)
	request := end + 2
	if end < 20 { // a virtual host between the time and the request
		if end = index(b, "] "); end < 20 {
			return false
		}
		word, rest := nextWord(b[end+2:])
		if !isHostName(word) || len(rest) == 0 || rest[0] != '"' {
			return false
		}
		l.vhost, request = word, end+3+len(word)
	}
	open := bytes.LastIndexByte(b[:end], '[')
	if open < 2 || b[open-1] != ' ' {
		return false
	}
	t, n := parseCLFStamp(bytes.TrimRight(b[open+1:end], " "))
	if n == 0 {
		if t, n = parseISOStamp(b[open+1 : end]); n == 0 {
			if t, n = parseLocalCLF(b[open+1 : end]); n == 0 {
				return false
			}
		}
	}
	l.time = t
	if !l.splitHead(b[:open-1]) {
		return false
	}
	rest, ok := l.splitRequestAndStatus(b[request:])
	if !ok {
		return false
	}
	l.bytes, rest = nextWord(rest)
	if _, isNum := parseNumber(l.bytes); !isNum && string(l.bytes) != "-" {
		if len(l.bytes) != 0 {
			return false
		}
	}
	if len(rest) > 0 && rest[0] == '"' {
		if l.referer, rest, ok = cutQuoted(rest); !ok {
			return true // the line ends in the middle of it
		}
		rest = bytes.TrimLeft(rest, " ")
		if len(rest) > 0 && rest[0] == '"' {
			l.agent, rest, _ = cutQuoted(rest)
		}
	}
	l.tail = bytes.TrimSpace(rest)
	if len(l.tail) > 0 && l.tail[0] == '"' {
		if q, more, ok := cutQuoted(l.tail); ok && (isAddrList(q) || string(q) == "-") {
			if string(q) != "-" {
				l.forwarded = q
			}
			l.tail = bytes.TrimSpace(more)
		}
	}
	return true
}

// parseLocalCLF reads what some servers write for CLF's time: cPanel "06/10/2021:11:19:31 -0000", month first, and Java's in the language
// of the machine, of which the months of French and German are known: "02/sept./2015:00:11:31 +0200".
func parseLocalCLF(b []byte) (Civil, int) {
	colon := bytes.IndexByte(b, ':')
	if colon < 10 || colon > 16 || b[2] != '/' || b[colon-5] != '/' {
		return Civil{}, 0
	}
	var t Civil
	var n int
	t.Day = exactly(b, 2)
	word := b[3 : colon-5]
	numbers := len(word) == 2 && isDigit(word[0])
	if numbers {
		t.Month, t.Day = t.Day, exactly(word, 2)
	} else if t.Month = localMonth(bytes.TrimSuffix(word, []byte("."))); t.Month == 0 {
		return t, 0
	}
	if t.Year, n = digits(b[colon-4:], 4); n != 4 {
		return t, 0
	}
	if n = parseTimeOfDay(b[colon+1:], &t); n == 0 {
		return t, 0
	}
	n += colon + 1
	if n < len(b) && b[n] == ' ' {
		z := parseZone(b[n+1:], &t)
		if z == 0 && zoneBegins(b[n+1:]) {
			return t, 0
		}
		n += 1 + z
	}
	if !t.Valid() || numbers && n != len(b) { // of Proxmox, day first, where the zone is broken
		return t, 0
	}
	return t, n
}

func localMonth(b []byte) int {
	switch string(b) {
	case "janv", "jan", "Jan", "J\xc3\xa4n":
		return 1
	case "f\xc3\xa9vr", "feb", "Feb":
		return 2
	case "mars", "mar", "M\xc3\xa4r", "M\xc3\xa4rz":
		return 3
	case "avr", "apr", "Apr":
		return 4
	case "mai", "may", "Mai", "May":
		return 5
	case "juin", "jun", "Jun", "Juni":
		return 6
	case "juil", "jul", "Jul", "Juli":
		return 7
	case "ao\xc3\xbbt", "aug", "Aug":
		return 8
	case "sept", "sep", "Sep", "Sept":
		return 9
	case "oct", "okt", "Okt", "Oct":
		return 10
	case "nov", "Nov":
		return 11
	case "d\xc3\xa9c", "dez", "dec", "Dez", "Dec":
		return 12
	}
	return 0
}

// splitRequestAndStatus cuts the quoted request and the status behind it. Servers that do not escape (old ones, home-made ones)
// leave quotation marks in the request: then the first one that a status follows ends it.
func (l *webLine) splitRequestAndStatus(b []byte) (rest []byte, ok bool) {
	start := b[1:]
	for tries := 0; tries < 32; tries++ {
		var inner []byte
		if inner, rest, ok = cutQuoted(b); !ok {
			return nil, false
		}
		if after, yes := cutPrefix(rest, " "); yes {
			if l.status, after = nextWord(after); isStatus(l.status) {
				l.request = start[:len(start)-len(rest)-1]
				return after, true
			}
		}
		b = b[len(inner)+1:] // from the mark on that was none
	}
	return nil, false
}

func isStatus(b []byte) bool {
	return len(b) == 3 && isDigit(b[0]) && isDigit(b[1]) && isDigit(b[2]) || string(b) == "-"
}

// splitHead reads what stands before the time. Identity and user come last, so nothing that a stranger types stands before the
// peer, except where $host is logged as virtual host: then two addresses follow each other, and the second is the peer.
func (l *webLine) splitHead(b []byte) bool {
	word, rest := nextWord(b)
	if n := len(word); n > 1 && word[n-1] == ',' { // forwarded addresses in front
		start := b
		for n := len(word); n > 1 && word[n-1] == ','; n = len(word) {
			word, rest = nextWord(rest)
		}
		l.forwarded = start[:len(start)-len(rest)-1]
		word, rest = nextWord(rest)
	}
	next, more := nextWord(rest)
	if looksLikeAddr(next) {
		if looksLikeAddr(word) || string(word) == "-" || isHostPort(word) {
			l.vhost, word, rest = word, next, more
		}
	}
	l.host = word
	if string(l.vhost) == "-" {
		l.vhost = nil
	}
	if len(l.host) == 0 || rest == nil {
		return false
	}
	if !looksLikeAddr(word) {
		if !isHostPort(word) {
			return false
		}
		if _, n := parseSyslogStamp(b); n > 0 { // a line of syslog: the message is the line
			return false
		}
	}
	if _, l.user = nextWord(rest); l.user == nil { // past the identity, or there is none
		l.user = rest
	}
	return len(l.user) > 0
}

// looksLikeAddr says whether b can only be an address, with or without a port.
func looksLikeAddr(b []byte) bool {
	if len(b) < 2 || !isHex(b[0]) && b[0] != ':' && b[0] != '[' {
		return false
	}
	dots, colons := 0, 0
	for _, c := range b {
		switch {
		case c == '.':
			dots++
		case c == ':':
			colons++
		case !isHex(c) && c != '[' && c != ']' && c != '%':
			return false
		}
	}
	return dots == 3 && colons <= 1 && isDigit(b[0]) || colons >= 2
}

func isHostPort(b []byte) bool { return string(b) == "-" || isHostName(b) }

func isAddrList(b []byte) bool {
	first, _, _ := bytes.Cut(b, []byte(","))
	return looksLikeAddr(first) || string(first) == "unknown"
}

// cutQuoted cuts what stands between the quotation mark at the start of b and the next bare one. Escapes are left as they are.
func cutQuoted(b []byte) (inner, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, b, false
	}
	for i := 1; i < len(b); {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			break
		}
		i += j
		slashes := 0
		for k := i - 1; k > 0 && b[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			return b[1:i], b[i+1:], true
		}
		i++
	}
	return b[1:], nil, false
}

// splitRequest cuts "GET /path HTTP/1.1". A request that is not one is given as path.
func splitRequest(b []byte) (method, path, proto []byte) {
	i := bytes.IndexByte(b, ' ')
	if i <= 0 || i > 20 {
		return nil, b, nil
	}
	for _, c := range b[:i] {
		if !(c >= 'A' && c <= 'Z' || c == '-' || c == '_') {
			return nil, b, nil
		}
	}
	method, path = b[:i], b[i+1:]
	if j := bytes.LastIndexByte(path, ' '); j >= 0 && len(path)-j < 12 {
		if p := path[j+1:]; len(p) >= 6 && string(p[:5]) == "HTTP/" {
			return method, path[:j], p
		}
	}
	return method, path, nil
}

// unescapeWeb undoes \" \\ and \x22 in a user's name; a name without a backslash is returned as it is.
func unescapeWeb(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 >= len(b) {
			out = append(out, b[i])
			continue
		}
		switch c := b[i+1]; {
		case c == '"' || c == '\\':
			out = append(out, c)
			i++
		case c == 'x' && i+3 < len(b) && isHex(b[i+2]) && isHex(b[i+3]):
			out = append(out, unhex(b[i+2])<<4|unhex(b[i+3]))
			i += 3
		default:
			out = append(out, '\\')
		}
	}
	return out
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
