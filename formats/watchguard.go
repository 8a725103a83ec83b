// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var watchGuard = Format{
	Name:   "watchguard",
	Also:   []string{"fireware", "firebox"},
	Source: "firewall",
	About: About{
		What: "WatchGuard Firebox (Fireware 11 and 12) through syslog: msg_id=\"3000-0148\" and the like, with the serial number and the device's own time or without.",
		Export: "System, Logging, Syslog Server: format Syslog, with The time stamp and The serial number of the device ticked; send log message for every policy that matters (allowed packets are not logged by default), and Send a log message when users " +
			"are authenticated. IBM LEEF is read as such.",
		Takes: "Allowed and denied connections with interfaces, policy, user, bytes and duration, web requests of the proxies; attacks and viruses; logins of users, Mobile VPN (SSL, IKEv2, L2TP) with the inside address, and of administrators; " +
			"locked-out users, blocked sites, changes of the configuration.",
		Leaves: "Messages of other numbers: read over. A message that has no address of the device's user names none. Where the time in brackets cannot be read, it is that of the line's head.",
	},
	Sniff: func(rec []byte) float64 {
		if i := watchGuardAt(rec); i > 0 {
			return 0.95
		}
		return 0
	},
	New:    func(env *Env) Parser { return &wgParser{env: env, p: newPairs(wgFields, '=', ' ', wgSlot)} },
	Shapes: ShapeSyslog,
	Marks:  []string{`msg_id="`},
}

// watchGuardAt returns where msg_id="3000-0148" stands in a line; -1 if it does not.
func watchGuardAt(b []byte) int {
	i := index(b[:min(len(b), 240)], ` msg_id="`)
	if i < 0 || len(b) < i+19 || b[i+13] != '-' || b[i+18] != '"' {
		return -1
	}
	return i + 1
}

const (
	wgUser = iota
	wgSent
	wgRcvd
	wgDuration
	wgHost
	wgPath
	wgMsg
	wgSignature
	wgVirus
	wgSrcNAT // from here on into the remainder
	wgDstNAT
	wgSrcNATPort
	wgDstNATPort
	wgProxy
	wgApp
	wgCategory
	wgRuleName
	wgMethod
	wgSeverity
	wgGeo
	wgFields
)

func wgSlot(name []byte) int {
	switch string(name) {
	case "src_user":
		return wgUser
	case "sent_bytes":
		return wgSent
	case "rcvd_bytes":
		return wgRcvd
	case "duration":
		return wgDuration
	case "dstname", "host":
		return wgHost
	case "arg", "path":
		return wgPath
	case "msg":
		return wgMsg
	case "signature_name":
		return wgSignature
	case "virus":
		return wgVirus
	case "src_ip_nat":
		return wgSrcNAT
	case "dst_ip_nat":
		return wgDstNAT
	case "src_port_nat":
		return wgSrcNATPort
	case "dst_port_nat":
		return wgDstNATPort
	case "proxy_act":
		return wgProxy
	case "app_name":
		return wgApp
	case "cats", "cat_name", "signature_cat":
		return wgCategory
	case "rule_name":
		return wgRuleName
	case "op":
		return wgMethod
	case "severity":
		return wgSeverity
	case "geo_src":
		return wgGeo
	}
	return -1
}

var wgRest = [...]pairRest{{"nat_src_ip", wgSrcNAT}, {"nat_src_port", wgSrcNATPort}, {"nat_dst_ip", wgDstNAT}, {"nat_dst_port", wgDstNATPort}, {"msg", wgMsg}, {"profile", wgProxy}, {"app", wgApp}, {"catdesc", wgCategory}, {"rule", wgRuleName}, {"method", wgMethod},
	{"severity", wgSeverity}, {"srccountry", wgGeo}}

type wgParser struct {
	env  *Env
	p    pairs
	rec  *event.Record
	out  *event.Batch
	when event.Micros
	host string
	id   []byte
}

func (p *wgParser) Flush(*event.Batch) {}

func (p *wgParser) Parse(rec *event.Record, out *event.Batch) error {
	i := watchGuardAt(rec.Data)
	if i < 0 {
		return ErrOtherFormat
	}
	p.rec, p.out = rec, out
	if !p.head(rec, rec.Data[:i]) {
		return ErrNoTime
	}
	p.id = rec.Data[i+8 : i+17]
	t := bytes.TrimSpace(rec.Data[i+18:])
	switch w, _ := nextWord(t); string(w) {
	case "Allow", "Deny", "Drop", "Reset", "Block":
		p.flow(w, t)
	default:
		p.message(t)
	}
	return nil
}

// head reads the device's own time in brackets, which is in UTC, and has the year; else the line's.
func (p *wgParser) head(rec *event.Record, head []byte) bool {
	s, ok := p.env.Syslog(rec)
	p.host = p.env.Host
	if ok {
		p.host = p.env.hostOf(s)
	}
	if o := bytes.IndexByte(head, '('); o > 0 {
		if t, n := parseISOStamp(head[o+1:]); n > 0 && o+1+n < len(head) && head[o+1+n] == ')' {
			t.HasZone = true
			p.when = p.env.Clock.Moment(t)
			return true
		}
	}
	if ok {
		p.when = s.Time
	}
	return ok
}

func (p *wgParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason, ev.Ref = p.when, c, a, o, r, p.env.Ref(p.rec)
	return ev
}

// flow reads "Allow 1-Trusted 0-External 52 tcp 20 127 10.0.1.2 198.51.100.80 62443 80 offset 8 S 832026162 win 8192 … (HTTP-00)": the numbers between
// the interfaces, the protocol and the addresses may be missing.
func (p *wgParser) flow(verdict, t []byte) {
	in := p.env.Intern
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	var r remainder
	r.text("msg_id", in.Bytes(p.id))
	words := 0
	rest := t[len(verdict):]
	for words < 12 && len(rest) > 0 && !ev.DstIP.IsValid() {
		var w []byte
		w, rest = nextWord(bytes.TrimLeft(rest, " "))
		words++
		a, isAddr := p.env.addr(w)
		switch {
		case isAddr && !ev.SrcIP.IsValid():
			ev.SrcIP = a
		case isAddr:
			ev.DstIP = a
		case words == 1:
			r.text("srcintf", in.Bytes(w))
		case words == 2:
			r.text("dstintf", in.Bytes(w))
		case len(w) > 0 && !isDigit(w[0]) && words < 6:
			r.text("proto", in.Bytes(w))
		}
	}
	w, more := nextWord(rest)
	ev.SrcPort, _ = parsePort(w)
	w, _ = nextWord(more)
	ev.DstPort, _ = parsePort(w)
	p.p.scan(more)
	v := p.p.v
	ev.Account = p.p.text(p.env, wgUser)
	ev.BytesOut, ev.BytesIn = someNumber(v[wgSent]), someNumber(v[wgRcvd])
	if sec, ok := parseNumber(v[wgDuration]); ok && sec < 1<<40 {
		ev.Duration = event.Some(sec * 1000)
	}
	if len(v[wgHost]) > 0 {
		ev.Class, ev.Activity = event.ClassHTTP, event.ActRead
		ev.Object = in.Bytes(v[wgHost]) + in.Bytes(v[wgPath])
	}
	if len(v[wgSignature]) > 0 || len(v[wgVirus]) > 0 {
		ev.Class, ev.Activity, ev.Object = event.ClassDetection, event.ActOther, p.p.text(p.env, wgSignature)
		if ev.Object == "" {
			ev.Object = p.p.text(p.env, wgVirus)
		}
	}
	if string(verdict) != "Allow" {
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	if n := len(t); t[n-1] == ')' {
		if o := bytes.LastIndexByte(t, '('); o > 0 {
			r.text("policy", in.Bytes(t[o+1:n-1]))
		}
	}
	r.pairs(&p.p, p.env, ev, wgRest[:])
	ev.Rest = r.rest(p.out)
}

// wgPhrases are what the device says of those who log in to it and through it.
var wgPhrases = [...]phrase{
	{"Authentication of {word} user [{user}] from {ip} was accepted", sayLogin, 0},
	{"Authentication of {word} user [{user}] from {ip} was rejected, {why}", sayFailed, 0},
	{"Authentication of {skip} user [{user}] from {ip} was accepted", sayLogin, 0},
	{"Authentication of {skip} user [{user}] from {ip} was rejected, {why}", sayFailed, 0},
	{"Authentication of BOVPN TLS client [{user}] from {ip} was rejected, {why}", sayFailed, 0},
	{"Authentication of user [{user}] failed. {why}", sayFailed, event.ReasonUnavailable},
	{"Authentication of {word} user [{user}] failed. {why}", sayFailed, event.ReasonUnavailable},
	{"Management user {user} from {ip} logged in", sayLogin, 0},
	{"Management user {user} from {ip} log in attempt was rejected.", sayFailed, 0},
	{"Management user {user} from {ip} log in attempt was rejected{why}", sayFailed, 0},
	{"Management user {user} from {ip} logged out", sayLogoff, 0},
	{"WSM User {user} from {ip} log in attempt was rejected{why}", sayFailed, 0},
	{"WSM User {user} from {ip} logged in", sayLogin, 0},
	{"Management user {user} from {ip} {why}", sayOwn, 0},
	{"Mobile VPN with SSL user {user} logged in. Virtual IP address is {dst}. Real IP address is {ip}.", sayLogin, 0},
	{"Mobile VPN with SSL user {user} logged out. Virtual IP address was {dst}.", sayLogoff, 0},
	{"Mobile VPN with {word} user {user} logged in. Virtual IP address is {dst}. Real IP address is {ip}.", sayLogin, 0},
	{"User {user} is locked out {why}", sayLocked, 0},
	{"Temporarily blocking host {ip} (reason = {why})", sayRefused, 0},
	{"The configuration file and feature key for the device were successfully updated after a request from {user} from the Management Server at {ip}. {why}", sayOwn, 0},
}

func (p *wgParser) message(t []byte) {
	f := fit{env: p.env}
	for i := range wgPhrases {
		ph := &wgPhrases[i]
		if !f.fits(ph.text, t) {
			continue
		}
		in := p.env.Intern
		ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
		if ph.what != sayOwn {
			ph.what.put(ev, ph.reason, event.ClassOther)
		} else {
			ev.Object = in.Bytes(t)
		}
		ev.SrcIP, ev.Account, ev.DstHost = f.addr, in.Bytes(f.hole[holeUser]), p.host
		switch {
		case isPrefix(t, "Management"), isPrefix(t, "WSM"):
			ev.Service = "admin"
		case isPrefix(t, "Mobile VPN"), has(t[:min(len(t), 60)], "VPN"):
			ev.Service = "vpn"
		default:
			ev.Service = "firewall-auth"
		}
		why := f.hole[holeWhy]
		if ev.Outcome == event.OutcomeFailure && ev.Class == event.ClassAuthentication && ph.reason == event.ReasonNone {
			ev.Reason = wgReason(why)
		}
		var r remainder
		r.text("msg_id", in.Bytes(p.id))
		if f.dst.IsValid() {
			r.text("assigned_ip", f.dst.String())
		}
		r.text("detail", in.Bytes(bytes.Trim(why, " -")))
		ev.Rest = r.rest(p.out)
		return
	}
}

func wgReason(why []byte) event.Reason {
	switch {
	case has(why, "password is incorrect"), has(why, "key is incorrect"):
		return event.ReasonBadPassword
	case has(why, "doesn't exist"), has(why, "does not exist"), has(why, "not found"):
		return event.ReasonNoSuchAccount
	case has(why, "locked"):
		return event.ReasonLocked
	case has(why, "not in the right group"), has(why, "not a member"), has(why, "not allowed"):
		return event.ReasonDenied
	case has(why, "expired"):
		return event.ReasonExpired
	}
	return event.ReasonBadCredentials
}
