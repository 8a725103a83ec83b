// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var iFilter = Format{
	Name:   "ifilter",
	Also:   []string{"i-filter", "d-spa"},
	Source: "proxy",
	About: About{
		What: "Access logs of Digital Arts' i-FILTER (Ver.9, Ver.10, @Cloud) and D-SPA proxies in their default form. UNVERIFIED: read by the maker's public description and its two examples, no log of an institute was at hand.",
		Export: "Copy logs/access/access.log000* of the i-FILTER server (the day's) and YYYYMMDD_access.log000* (rotated), or download them from DigitalArts@Cloud. " +
			"Keep the default form: a form of your own (Access log settings) is not understood. Proxy authentication must be on for names.",
		Takes:  "Each request with client, device in between, user and group, method, address, status, allowed or blocked, size, and the times of its beginning and end.",
		Leaves: "Block logs and the other logs; the numbers of filter reasons and categories are kept as numbers. A name is written only where the proxy asks for one.",
	},
	Sniff: func(rec []byte) float64 {
		var l ifilterLine
		if l.split(rec) {
			return 0.97
		}
		return 0
	},
	New:    func(env *Env) Parser { return &ifilterParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"/ "},
}

// ifilterLine is one line:
//
//	Sep 19 19:26:56 4872 1000/01/ - - 192.0.2.1 192.0.2.1 - user01 [19/Sep/2025:19:26:56 +0900] 503 0 1207 block 63 87 87/127/151 -1 0 1518 0
//	group01 - 0 - "GET https://www.example.org/ HTTP/1.1" - Chrome text%2Fhtml A667FEFF
//
// and of older versions with the request directly behind the time.
type ifilterLine struct {
	end, begin                        Civil
	upstream, dst, src, client, name  []byte
	user, status, up, down, verdict   []byte
	method, url, referer, agent, kind []byte
}

func (l *ifilterLine) split(b []byte) bool {
	*l = ifilterLine{}
	t, n := parseBSDStamp(b)
	if n == 0 || n >= len(b) || b[n] != ' ' {
		return false
	}
	l.end = t
	pid, rest := nextWord(b[n+1:])
	version, rest := nextWord(rest)
	if !isAllDigits(pid) || len(version) < 4 || version[len(version)-1] != '/' || !isDigit(version[0]) {
		return false
	}
	open := bytes.IndexByte(rest, '[') // names are URL-encoded: none holds a bracket
	if open < 0 {
		return false
	}
	var head [8][]byte
	k := 0
	for f := bytes.TrimRight(rest[:open], " "); len(f) > 0 && k < len(head); k++ {
		head[k], f = nextWord(f)
	}
	switch k {
	case 6: // upstream, destination, source, client, computer, user
		l.upstream, l.dst, l.src, l.client, l.name, l.user = head[0], head[1], head[2], head[3], head[4], head[5]
	case 4: // destination or upstream with port, client, computer, user
		l.dst, l.client, l.name, l.user = head[0], head[1], head[2], head[3]
	default:
		return false
	}
	l.begin, n = parseCLFStamp(rest[open+1:])
	end := bytes.IndexByte(rest[open:], ']')
	if n == 0 || end < 0 {
		return false
	}
	return l.behind(bytes.TrimLeft(rest[open+end+1:], " "))
}

// behind reads what follows the time of the beginning.
func (l *ifilterLine) behind(b []byte) bool {
	var request []byte
	if len(b) > 0 && b[0] == '"' { // older versions
		e := index(b, "\"\"")
		if e < 0 {
			if e = lastIndex(b, " HTTP/"); e < 0 {
				return false
			}
			e += bytes.IndexByte(b[e:], '"')
		}
		request, b = b[1:max(e, 1)], b[e+1:]
		if len(b) > 0 && b[0] == '"' {
			if e := bytes.IndexByte(b[1:], '"'); e >= 0 {
				l.referer, b = b[1:1+e], b[e+2:]
			}
		}
		l.agent, b = nextWord(bytes.TrimLeft(b, " "))
	}
	l.status, b = nextWord(b)
	l.up, b = nextWord(b)
	l.down, b = nextWord(b)
	l.verdict, b = nextWord(b)
	if len(l.status) != 3 || !isAllDigits(l.status) || !isAllDigits(l.down) {
		return false
	}
	if request == nil {
		q := bytes.IndexByte(b, '"')
		e := lastIndex(b, "\" ")
		if q < 0 || e <= q {
			return false
		}
		request = b[q+1 : e]
		b = b[e+2:]
		l.referer, b = nextWord(b)
		l.agent, b = nextWord(b)
		l.kind, _ = nextWord(b)
	}
	l.method, l.url, _ = splitRequest(request)
	return len(l.method) > 0
}

type ifilterParser struct {
	env *Env
	buf []byte
}

// text returns a value with URL encoding undone.
func (p *ifilterParser) text(b []byte) string {
	p.buf = appendURLText(p.buf[:0], b[:min(len(b), 1024)])
	return p.env.Intern.Bytes(p.buf)
}

// appendURLText appends b with %XX and + undone.
func appendURLText(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '+':
			dst = append(dst, ' ')
		case c == '%' && i+2 < len(b) && isHex(b[i+1]) && isHex(b[i+2]):
			dst = append(dst, unhex(b[i+1])<<4|unhex(b[i+2]))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func (p *ifilterParser) Flush(*event.Batch) {}

func (p *ifilterParser) Parse(rec *event.Record, out *event.Batch) error {
	var l ifilterLine
	if !l.split(rec.Data) {
		return ErrOtherFormat
	}
	begin := p.env.Clock.Moment(l.begin)
	l.end.Year, l.end.HasZone, l.end.East = l.begin.Year, l.begin.HasZone, l.begin.East
	if l.end.Month < l.begin.Month {
		l.end.Year++ // over New Year's night
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Service, ev.Ref = begin, event.ClassHTTP, "proxy", p.env.Ref(rec)
	if took := (p.env.Clock.Moment(l.end) - begin) / 1000; took >= 0 && took < 86400e3 {
		ev.Duration = event.Some(int64(took))
	}
	p.env.setSource(ev, l.client)
	ev.SrcHost = p.env.leaseHost(l.name)
	if string(l.user) != "-" {
		ev.Account = p.text(l.user)
	}
	proxyTarget(p.env, ev, l.method, l.url)
	if ip, port, ok := p.env.addrPort(l.dst); ok && len(l.upstream) > 0 {
		if ev.DstIP = ip; port != 0 {
			ev.DstPort = port
		}
	}
	ev.Outcome, ev.Reason = webOutcome(l.status, ev.Account != "")
	if string(l.verdict) == "block" {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
	}
	ev.BytesOut, ev.BytesIn = someNumber(l.up), someNumber(l.down)
	if string(l.agent) != "-" {
		ev.Client = p.text(l.agent)
	}
	if string(l.referer) == "-" {
		l.referer = nil
	}
	if string(l.kind) == "-" {
		l.kind = nil
	}
	relay := ""
	if a, ok := p.env.addr(l.src); ok && a != ev.SrcIP {
		relay = in.Bytes(l.src)
	}
	ev.Rest = out.Rest(event.Text("method", in.Bytes(l.method)), event.Text("status", in.Bytes(l.status)), event.Text("verdict", in.Bytes(l.verdict)),
		event.Text("referer", in.Bytes(l.referer)), event.Text("type", p.text(l.kind)), event.Text("relay", relay), event.Text("proxy", p.env.Host))
	return nil
}
