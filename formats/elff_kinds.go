// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Readers of the kinds of W3C extended log files.

func (p *elffParser) text(f elffField) string {
	return p.env.Intern.Bytes(p.v[f][:min(len(p.v[f]), 4096)])
}

// request reads a request to a server, or through a proxy.
func (p *elffParser) request(rec *event.Record, out *event.Batch, at event.Micros) {
	ev := out.Add()
	ev.Time, ev.Class, ev.Ref = at, event.ClassHTTP, p.env.Ref(rec)
	p.env.setSource(ev, p.v[wClientIP])
	ev.SrcPort, _ = parsePort(p.v[wClientPort])
	relay := ""
	if fw := p.v[wForwarded]; len(fw) > 0 && isOwnSide(ev.SrcIP) {
		i := bytes.LastIndexByte(fw, ',')
		if a, _, ok := p.env.addrPort(bytes.Trim(fw[i+1:], " +")); ok {
			relay, ev.SrcIP, ev.SrcPort = p.text(wClientIP), a, 0
		}
	}
	ev.Account = p.text(wUser)
	ev.Client = p.agent()
	ev.BytesIn, ev.BytesOut = someNumber(p.v[wBytesIn]), someNumber(p.v[wBytesOut])
	ev.Duration = someNumber(p.v[wTook])
	proxy := p.v[wAction] != nil || p.v[wFilter] != nil || p.v[wSupplierIP] != nil || p.v[wURI] != nil && p.v[wStem] == nil
	ev.Outcome, ev.Reason = webOutcome(p.v[wStatus], ev.Account != "")
	if proxy {
		p.proxied(ev)
	} else {
		p.served(ev)
	}
	in := p.env.Intern
	ev.Rest = out.Rest(event.Text("method", in.Bytes(p.v[wMethod])), event.Text("status", in.Bytes(p.v[wStatus])), event.Text("substatus", p.nonzero(wSubstatus)),
		event.Text("win32_status", p.nonzero(wWin32)), event.Text("referer", p.text(wReferer)), event.Text("host", p.hostText(proxy)), event.Text("result", p.text(wAction)),
		event.Text("verdict", p.text(wFilter)), event.Text("category", p.text(wCategory)), event.Text("type", p.text(wType)), event.Text("group", p.text(wGroup)),
		event.Text("exception", p.text(wException)), event.Text("virus", p.text(wVirus)), event.Text("forwarded_for", p.text(wForwarded)), event.Text("relay", relay))
}

func (p *elffParser) nonzero(f elffField) string {
	if string(p.v[f]) == "0" {
		return ""
	}
	return p.text(f)
}

func (p *elffParser) hostText(proxy bool) string {
	if proxy {
		return ""
	}
	return p.text(wHost)
}

// agent returns the user agent; IIS writes a plus sign for a blank.
func (p *elffParser) agent() string {
	a := p.v[wAgent]
	if bytes.IndexByte(a, '+') < 0 || bytes.IndexByte(a, ' ') >= 0 || len(a) > 1024 {
		return p.text(wAgent)
	}
	var buf [1024]byte
	for i, c := range a {
		if buf[i] = c; c == '+' {
			buf[i] = ' '
		}
	}
	return p.env.Intern.Bytes(buf[:len(a)])
}

func (p *elffParser) served(ev *event.Event) {
	ev.Service = "http"
	ev.DstIP, _ = p.env.addr(p.v[wServerIP])
	ev.DstPort, _ = parsePort(p.v[wServerPort])
	if ev.DstHost = p.text(wComputer); ev.DstHost == "" {
		ev.DstHost = p.env.Host
	}
	ev.Activity = webActivity(p.v[wMethod])
	path := p.v[wStem]
	if path == nil {
		path = p.v[wPath]
	}
	ev.Object = p.env.Intern.Bytes(path)
	if q := p.v[wQuery]; len(q) > 0 {
		if q[0] != '?' {
			ev.Object += "?"
		}
		ev.Object += string(q[:min(len(q), 4096)])
	}
}

func (p *elffParser) proxied(ev *event.Event) {
	ev.Service = "proxy"
	ev.Activity = webActivity(p.v[wMethod])
	ev.DstHost = p.text(wHost)
	if ip, ok := p.env.addr(p.v[wHost]); ok {
		ev.DstHost, ev.DstIP = "", ip
	}
	ev.DstPort, _ = parsePort(p.v[wPort])
	if uri := p.v[wURI]; uri != nil {
		proxyTarget(p.env, ev, p.v[wMethod], uri)
	} else {
		ev.Object = p.address()
	}
	if ip, ok := p.env.addr(p.v[wSupplierIP]); ok {
		ev.DstIP = ip
	}
	if has(p.v[wFilter], "DENIED") || has(p.v[wAction], "DENIED") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
		if string(p.v[wStatus]) == "407" && ev.Account != "" {
			ev.Reason = event.ReasonBadCredentials
		}
	}
}

// address joins what ProxySG writes in pieces.
func (p *elffParser) address() string {
	var buf [2048]byte
	b := buf[:0]
	if s := p.v[wScheme]; len(s) > 0 && len(s) < 16 {
		b = append(append(b, s...), "://"...)
	}
	for _, piece := range [...][]byte{p.v[wHost], p.v[wPath], p.v[wStem], p.v[wQuery]} {
		b = append(b, piece[:min(len(piece), 600)]...)
	}
	return p.env.Intern.Bytes(b)
}

// firewall reads a line of Windows Firewall: "2025-06-02 09:00:00 DROP TCP 192.0.2.7 192.0.2.10 53412 445 52 S … RECEIVE".
func (p *elffParser) firewall(rec *event.Record, out *event.Batch, at event.Micros) error {
	act, outcome, reason := event.ActConnect, event.OutcomeSuccess, event.ReasonNone
	switch string(p.v[wFWAction]) {
	case "ALLOW", "OPEN", "OPEN-INBOUND":
	case "DROP":
		act, outcome, reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	case "CLOSE":
		act = event.ActClose
	default: // INFO-EVENTS-LOST
		return nil
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason, ev.Ref = at, event.ClassNetwork, act, outcome, reason, p.env.Ref(rec)
	ev.SrcIP, _ = p.env.addr(p.v[wSrcIP])
	ev.DstIP, _ = p.env.addr(p.v[wDstIP])
	ev.SrcPort, _ = parsePort(p.v[wSrcPort])
	ev.DstPort, _ = parsePort(p.v[wDstPort])
	ev.Rest = out.Rest(event.Text("proto", p.text(wProtocol)), event.Text("direction", p.text(wDirection)), event.Text("device", p.env.Host))
	return nil
}

// ftpCommand reads a command to IIS' FTP service: "USER name - 331", "PASS *** - 530", with what was named kept until the answer.
func (p *elffParser) ftpCommand(rec *event.Record, out *event.Batch, at event.Micros) error {
	method := p.v[wMethod]
	session := p.v[wSession]
	if len(method) > 0 && method[0] == '[' { // "[3]USER": the old one numbers sessions
		if e := bytes.IndexByte(method, ']'); e > 0 {
			session, method = method[1:e], method[e+1:]
		}
	}
	key := trailKey(session, p.v[wClientIP])
	slot := &p.ftp[(key^key>>17)%uint64(len(p.ftp))]
	stem := p.v[wStem]
	switch string(method) {
	case "USER":
		if slot.key, slot.name = key, p.env.Intern.Bytes(stem); slot.name == "" {
			slot.name = p.text(wUser)
		}
		return nil
	case "PASS":
		ev := out.Add()
		ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Ref = at, event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, p.env.Ref(rec)
		if s := p.v[wStatus]; len(s) == 0 || s[0] != '2' {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
		}
		ev.Account = p.text(wUser)
		if slot.key == key && (ev.Account == "" || ev.Outcome == event.OutcomeFailure) {
			ev.Account = slot.name
		}
		p.ftpPlace(ev)
		ev.Rest = out.Rest(event.Text("status", p.text(wStatus)))
		return nil
	}
	act := event.ActOther
	switch string(method) {
	case "RETR", "sent":
		act = event.ActDownload
	case "STOR", "APPE", "created", "STOU":
		act = event.ActUpload
	case "DELE", "RMD":
		act = event.ActDelete
	case "LIST", "NLST", "MLSD":
		act = event.ActList
	case "RNFR", "RNTO":
		act = event.ActRename
	default:
		return nil
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Ref = at, event.ClassFile, act, event.OutcomeSuccess, p.env.Ref(rec)
	if s := p.v[wStatus]; len(s) > 0 && s[0] >= '4' {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	ev.Account, ev.Object = p.text(wUser), p.text(wStem)
	p.ftpPlace(ev)
	ev.BytesIn, ev.BytesOut = someNumber(p.v[wBytesIn]), someNumber(p.v[wBytesOut])
	ev.Rest = out.Rest(event.Text("status", p.text(wStatus)))
	return nil
}

func (p *elffParser) ftpPlace(ev *event.Event) {
	p.env.setSource(ev, p.v[wClientIP])
	ev.SrcPort, _ = parsePort(p.v[wClientPort])
	ev.DstIP, _ = p.env.addr(p.v[wServerIP])
	ev.DstPort, _ = parsePort(p.v[wServerPort])
	ev.DstHost, ev.Service = p.env.Host, "ftp"
}
