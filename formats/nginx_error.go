// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var nginxError = Format{
	Name:   "nginx-error",
	Source: "web",
	About: About{
		What:   "Error logs of nginx, in files, syslog or the journal, with failures of basic authentication, of PAM and of the mail proxy.",
		Export: "Copy error.log*. \"error_log … warn;\" shows refused logins and requests beyond a limit; \"info\" adds logins through the mail proxy.",
		Takes: "Failed authentications with user, reason and client; requests refused by rule or limit; files asked for that do not exist; broken TLS handshakes; " +
			"other complaints about a client.",
		Leaves: "Successful logins (they stand in the access log) and messages about no client.",
	},
	Sniff: func(rec []byte) float64 {
		if _, _, ok := cutNginxHead(rec); ok {
			return 0.9
		}
		if b, ok := nginxInSyslog(rec); ok {
			if _, _, ok := cutNginxHead(b); ok {
				return 0.9
			}
		}
		return 0
	},
	New:      func(env *Env) Parser { return &nginxErrorParser{env: env} },
	Shapes:   ShapeSyslog | ShapeText,
	Programs: []string{"nginx"},
	Marks:    []string{"#"},
}

// nginxInSyslog returns what nginx wrote behind the head of syslog or of the journal, with its own time or without.
func nginxInSyslog(rec []byte) ([]byte, bool) {
	s, ok := sniffSyslog(rec)
	if !ok {
		s, ok = splitHead(rec)
	}
	for range 2 {
		if !ok || string(s.Program) != "nginx" {
			return nil, false
		}
		if len(s.Message) > 0 && isDigit(s.Message[0]) {
			return s.Message, true
		}
		s, ok = splitHead(s.Message)
	}
	return nil, false
}

// parseNginxStamp reads "2006/01/02 15:04:05".
func parseNginxStamp(b []byte) (Civil, int) {
	if len(b) < 19 || b[4] != '/' || b[7] != '/' || b[10] != ' ' {
		return Civil{}, 0
	}
	var t Civil
	var n [3]int
	t.Year, n[0] = digits(b, 4)
	t.Month, n[1] = digits(b[5:], 2)
	t.Day, n[2] = digits(b[8:], 2)
	m := parseTimeOfDay(b[11:], &t)
	if n[0] != 4 || n[1] != 2 || n[2] != 2 || m == 0 || t.Year == 0 || !t.Valid() {
		return Civil{}, 0
	}
	return t, 11 + m
}

// nginxHead is what stands before the message: "2006/01/02 15:04:05 [error] 2035#2035: *9134 ".
type nginxHead struct {
	time  Civil
	level []byte
}

func cutNginxHead(b []byte) (h nginxHead, msg []byte, ok bool) {
	var n int
	if h.time, n = parseNginxStamp(b); n == 0 {
		return h, nil, false
	}
	b, ok = cutPrefix(b[n:], " [")
	if !ok {
		return h, nil, false
	}
	end := index(b[:min(len(b), 12)], "] ")
	if end < 0 {
		return h, nil, false
	}
	h.level, b = b[:end], b[end+2:]
	colon := index(b[:min(len(b), 32)], ": ")
	if colon < 0 || bytes.IndexByte(b[:colon], '#') < 0 {
		return h, nil, false
	}
	b = b[colon+2:]
	if len(b) > 0 && b[0] == '*' {
		_, b = nextWord(b)
	}
	return h, b, true
}

type nginxErrorParser struct{ env *Env }

func (p *nginxErrorParser) Flush(*event.Batch) {}

// nginxTail is what nginx adds behind the message, in this order.
type nginxTail struct {
	client, server, request, upstream, host, referrer, login []byte
}

// connected reads "client 192.0.2.7:53044 connected to 198.51.100.1:25", which the mail proxy writes at level info.
func (p *nginxErrorParser) connected(msg []byte, rec *event.Record, out *event.Batch, host string, t Civil) bool {
	rest, ok := cutPrefix(msg, "client ")
	word, rest := nextWord(rest)
	to, yes := cutPrefix(bytes.TrimRight(rest, " \r"), "connected to ")
	src, port, isAddr := p.env.addrPort(word)
	if !ok || !yes || !isAddr {
		return false
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = p.env.Clock.Moment(t), event.ClassNetwork, event.ActConnect, event.OutcomeSuccess
	ev.SrcIP, ev.SrcPort, ev.Service, ev.DstHost, ev.Ref = src, port, "mail", host, p.env.Ref(rec)
	if ev.DstIP, ev.DstPort, _ = p.env.addrPort(to); ev.DstIP.IsUnspecified() {
		ev.DstIP = netip.Addr{}
	}
	return true
}

func (p *nginxErrorParser) Parse(rec *event.Record, out *event.Batch) error {
	h, msg, ok := cutNginxHead(rec.Data)
	host := p.env.Host
	if !ok {
		b, in := nginxInSyslog(rec.Data)
		if !in {
			return ErrOtherFormat
		}
		if h, msg, ok = cutNginxHead(b); !ok {
			return ErrOtherFormat
		}
		if s, ok := p.env.Syslog(rec); ok {
			host = p.env.hostOf(s)
		} else if s, ok := splitHead(rec.Data); ok && len(s.Host) > 0 {
			host = p.env.Intern.Bytes(s.Host)
		}
	}
	text, tail, ok := p.tail(bytes.TrimRight(msg, " \r"))
	if !ok && p.connected(msg, rec, out, host, h.time) {
		return nil
	}
	if !ok {
		return nil // about no client: start, stop, workers, configuration
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Service, ev.Ref, ev.DstHost = p.env.Clock.Moment(h.time), "http", p.env.Ref(rec), host
	p.env.setSource(ev, tail.client)
	method, path, proto := splitRequest(tail.request)
	ev.Object = in.Bytes(path)
	p.read(text, &tail, ev)
	ev.Rest = out.Rest(event.Text("level", in.Bytes(h.level)), event.Text("detail", in.Bytes(text[:min(len(text), 256)])),
		event.Text("method", in.Bytes(method)), event.Text("protocol", in.Bytes(proto)), event.Text("server", in.Bytes(tail.server)),
		event.Text("vhost", in.Bytes(tail.host)), event.Text("upstream", in.Bytes(tail.upstream)), event.Text("referer", in.Bytes(tail.referrer)))
	return nil
}

// read sets class, activity, outcome and reason by the message.
func (p *nginxErrorParser) read(text []byte, tail *nginxTail, ev *event.Event) {
	if user, reason, ok := nginxAuthFailure(text); ok {
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, reason
		if user == nil {
			user = tail.login
			ev.Service = "mail-proxy"
		}
		ev.Account = p.env.Intern.Bytes(user)
		return
	}
	ev.Class, ev.Activity, ev.Outcome = event.ClassHTTP, event.ActOther, event.OutcomeFailure
	switch {
	case has(text, "access forbidden by rule"), has(text, "is forbidden"):
		ev.Activity, ev.Reason = event.ActRefuse, event.ReasonDenied
	case has(text, "limiting requests"), has(text, "limiting connections"):
		ev.Activity, ev.Reason = event.ActRefuse, event.ReasonDenied
	case has(text, "delaying request"):
		ev.Outcome = event.OutcomeUnknown
	case has(text, "no user/password was provided"):
		ev.Activity, ev.Reason = event.ActRefuse, event.ReasonDenied
	case has(text, "while SSL handshaking"), has(text, "SSL_read() failed"), has(text, "SSL_do_handshake() failed"):
		ev.Class, ev.Activity, ev.Reason = event.ClassNetwork, event.ActConnect, event.ReasonProtocol
	case has(text, "upstream"):
		ev.Reason = event.ReasonUnavailable
	case has(text, "No such file or directory"), has(text, "is not found"):
		ev.Activity, ev.Reason = event.ActRead, event.ReasonOther
	case has(text, "client logged in"):
		ev.Class, ev.Activity, ev.Outcome, ev.Service = event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, "mail-proxy"
		ev.Account = p.env.Intern.Bytes(tail.login)
	case has(text, "proxied session done"):
		ev.Class, ev.Activity, ev.Outcome, ev.Service = event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, "mail-proxy"
		ev.Account = p.env.Intern.Bytes(tail.login)
	case has(text, "client sent") || has(text, "invalid"):
		ev.Reason = event.ReasonProtocol
	}
}

// nginxAuthFailure reads `user "X" was not found in "FILE"`, `user "X": password mismatch`, `PAM: user 'X' - not authenticated: …`
// and the mail proxy's `client login failed: "…" while in http auth state`, for which user is nil: it stands in the tail.
func nginxAuthFailure(text []byte) (user []byte, reason event.Reason, ok bool) {
	if rest, yes := cutPrefix(text, `user "`); yes {
		if i := lastIndex(rest, `" was not found in "`); i >= 0 {
			return rest[:i], event.ReasonNoSuchAccount, true
		}
		if i := lastIndex(rest, `": password mismatch`); i >= 0 {
			return rest[:i], event.ReasonBadPassword, true
		}
		if i := lastIndex(rest, `": was not found in "`); i >= 0 {
			return rest[:i], event.ReasonNoSuchAccount, true
		}
	}
	if rest, yes := cutPrefix(text, "PAM: user '"); yes {
		if i := lastIndex(rest, "' - not authenticated"); i >= 0 {
			return rest[:i], pamReason(rest[i:]), true
		}
		if i := lastIndex(rest, "' - "); i >= 0 {
			return rest[:i], event.ReasonDenied, true
		}
	}
	if _, yes := cutPrefix(text, "client login failed"); yes {
		return nil, event.ReasonBadCredentials, true
	}
	return nil, 0, false
}

// tail finds where the message ends and ", client: …" begins. Names, paths and headers come from strangers and may hold a
// forged one. A true one is followed by well-formed fields to the line's end. Of several, the first is taken, since only
// headers stand behind it, except behind messages that quote a decoded path: there the last that is not in a referrer.
func (p *nginxErrorParser) tail(msg []byte) (text []byte, t nginxTail, ok bool) {
	quotesPath := has(msg[:min(len(msg), 12)], "() \"") || len(msg) > 0 && msg[0] == '"' || has(msg[:min(len(msg), 24)], "directory index of")
	for at, tries := 0, 0; tries < 16; tries++ {
		i := index(msg[at:], ", client: ")
		if i < 0 {
			break
		}
		i += at
		at = i + len(", client: ")
		g, good := splitNginxTail(msg[at:])
		if !good || ok && has(msg[:i], `, referrer: "`) {
			continue
		}
		text, t, ok = msg[:i], g, true
		if !quotesPath {
			break
		}
	}
	return text, t, ok
}

// splitNginxTail reads `192.0.2.7, server: s, request: "GET / HTTP/1.1", upstream: "u", host: "h", referrer: "r"`.
func splitNginxTail(b []byte) (t nginxTail, ok bool) {
	cut := func(b []byte) (word, rest []byte) {
		if i := index(b, ", "); i >= 0 {
			return b[:i], b[i:]
		}
		return b, nil
	}
	t.client, b = cut(b)
	t.client, _ = nextWord(t.client) // "192.0.2.7 using starttls"
	if !looksLikeAddr(t.client) && !isHostName(t.client) {
		return t, false
	}
	for len(b) > 0 {
		rest, yes := cutPrefix(b, ", ")
		colon := index(rest[:min(len(rest), 16)], ": ")
		if !yes || colon < 0 {
			return t, false
		}
		key, val := rest[:colon], rest[colon+2:]
		if len(val) == 0 || val[0] != '"' {
			val, b = cut(val)
			switch string(key) {
			case "server":
				t.server = val
			case "upstream":
				t.upstream = val
			}
			continue
		}
		end := -1
		if string(key) == "referrer" { // the last field: everything to the end
			if end = len(val) - 1; end < 1 || val[end] != '"' {
				return t, false
			}
		} else {
			for k := 1; k < len(val); k++ {
				if val[k] == '"' && string(key) != "request" && k+1 < len(val) && val[k+1] != ',' {
					return t, false // only a request may hold a bare quotation mark
				}
				if val[k] == '"' && (k+1 == len(val) || k+2 < len(val) && val[k+1] == ',' && val[k+2] == ' ') {
					end = k
					break
				}
			}
			if end < 0 {
				return t, false
			}
		}
		inner := val[1:end]
		b = val[end+1:]
		switch string(key) {
		case "request":
			t.request = inner
		case "upstream":
			t.upstream = inner
		case "host":
			t.host = inner
		case "referrer":
			t.referrer = inner
		case "login":
			t.login = inner
		case "subrequest", "session":
		default:
			return t, false
		}
	}
	return t, true
}
