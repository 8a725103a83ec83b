// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var netScaler = Format{
	Name:   "netscaler",
	Also:   []string{"citrix-adc", "citrix-gateway"},
	Source: "vpn",
	About: About{
		What: "Citrix NetScaler / ADC and NetScaler Gateway 10 to 14 through syslog, and /var/log/ns.log: SSLVPN, AAA and command messages.",
		Export: "Copy /var/log/ns.log* from the appliance (it turns over by size, within hours on a busy one: copy first), or add audit syslogAction with -logLevel ALL, -userDefinedAuditlog YES, " +
			"-acl ENABLED, -tcp ALL. set aaa parameter -enableEnhancedAuthFeedback helps to see why a login failed.",
		Takes:  "Gateway logins and logouts with bytes, failed logins with their reasons, connections through the tunnel, addresses given, commands of administrators and their logins.",
		Leaves: "Load balancing, ICA channels and SSL handshakes. Dates are read as month, day, year unless the first number cannot be a month. What is done by exploits of the appliance leaves no such line.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := netscalerStart(rec); ok {
			return 0.95
		}
		return 0
	},
	New:    func(env *Env) Parser { return &netscalerParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"-PPE-"},
}

// netscalerLine is "06/02/2025:00:00:00 GMT ns1 0-PPE-0 : default SSLVPN LOGIN 1234 0 : Context …" from the time on.
type netscalerLine struct {
	time                 Civil
	host, feature, event []byte
	text                 []byte
}

func netscalerStart(b []byte) (l netscalerLine, ok bool) {
	i := index(b[:min(len(b), 300)], "-PPE-")
	if i < 0 {
		return l, false
	}
	head := b[:i]
	for k := 0; k+19 <= len(head); k++ {
		if head[k+2] != '/' || head[k+5] != '/' || head[k+10] != ':' || !isDigit(head[k]) {
			continue
		}
		var t Civil
		t.Month, _ = digits(head[k:], 2)
		t.Day, _ = digits(head[k+3:], 2)
		t.Year, _ = digits(head[k+6:], 4)
		if t.Month > 12 {
			t.Month, t.Day = t.Day, t.Month
		}
		n := parseTimeOfDay(head[k+11:], &t)
		if n == 0 || t.Year == 0 || !t.Valid() {
			continue
		}
		rest := bytes.TrimLeft(head[k+11+n:], " ")
		if zone, after := nextWord(rest); string(zone) == "GMT" {
			t.HasZone, rest = true, after
		} else if _, more := nextWord(after); len(more) > 0 && parseZoneWord(rest, &t) > 0 { // "JST ns1 0-PPE-0": a host stands behind it
			rest = after
		}
		l.time = t
		l.host, _ = nextWord(rest)
		break
	}
	if l.time.Year == 0 {
		return l, false
	}
	_, rest, ok := bytes.Cut(b[i:], []byte(" : "))
	if !ok {
		return l, false
	}
	if r, ok := cutPrefix(rest, "default "); ok {
		rest = r
	}
	l.feature, rest = nextWord(rest)
	l.event, rest = nextWord(rest)
	_, l.text, ok = bytes.Cut(rest, []byte(" : "))
	return l, ok
}

type netscalerParser struct {
	env *Env
	rec *event.Record
	out *event.Batch
	l   netscalerLine
}

func (p *netscalerParser) Flush(*event.Batch) {}

func (p *netscalerParser) Parse(rec *event.Record, out *event.Batch) error {
	var ok bool
	if p.l, ok = netscalerStart(rec.Data); !ok {
		return ErrOtherFormat
	}
	p.rec, p.out = rec, out
	switch string(p.l.feature) {
	case "SSLVPN":
		p.gateway()
	case "AAA", "AAATM":
		p.aaa()
	case "CLI", "GUI", "API", "UI":
		p.command()
	}
	return nil
}

func (p *netscalerParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.env.Clock.Moment(p.l.time), c, a, o, r
	ev.Ref, ev.DstHost, ev.Service = p.env.Ref(p.rec), p.env.Intern.Bytes(p.l.host), "citrix-gateway"
	return ev
}

// field returns the value behind "Key " up to " - ": the only one of that key. A key that stands twice was written by a stranger once, and
// which one cannot be told: then there is none.
func (p *netscalerParser) field(key string) []byte {
	i := index(p.l.text, key)
	if i < 0 || i > 0 && p.l.text[i-1] != ' ' {
		return nil
	}
	v := p.l.text[i+len(key):]
	if index(v, " - "+key) >= 0 {
		return nil
	}
	if e := index(v, " - "); e >= 0 {
		v = v[:e]
	}
	return bytes.Trim(v, "\" ")
}

func (p *netscalerParser) text(key string) string {
	v := p.field(key)
	if string(v) == "N/A" || string(v) == "Mapped Ip" {
		return ""
	}
	return p.env.Intern.Bytes(v[:min(len(v), 256)])
}

func (p *netscalerParser) who(ev *event.Event) {
	ev.Account = p.text("User ")
	ev.SrcIP, _ = p.env.addr(p.field("Client_ip "))
	if !ev.SrcIP.IsValid() {
		ev.SrcIP, _ = p.env.addr(p.field("Remote_ip "))
	}
}

func (p *netscalerParser) gateway() {
	var ev *event.Event
	switch string(p.l.event) {
	case "LOGIN":
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		ev.Client = p.text("Browser_type ")
	case "LOGOUT":
		ev = p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
		ev.BytesIn, ev.BytesOut = someNumber(p.field("Total_bytes_send ")), someNumber(p.field("Total_bytes_recv "))
		ev.Duration = asaDuration(p.field("Duration "))
	case "TCPCONNSTAT", "UDPFLOWSTAT":
		ev = p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
		ev.BytesIn, ev.BytesOut = someNumber(p.field("Total_bytes_send ")), someNumber(p.field("Total_bytes_recv "))
		ev.Duration = asaDuration(p.field("Duration "))
	case "NONHTTP_RESOURCEACCESS_DENIED", "HTTP_RESOURCEACCESS_DENIED":
		ev = p.add(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
	default:
		return
	}
	p.who(ev)
	if ev.Class == event.ClassNetwork {
		ev.SrcIP, ev.SrcPort, _ = p.env.addrPort(p.field("Source "))
		ev.DstIP, ev.DstPort, _ = p.env.addrPort(p.field("Destination "))
		ev.DstHost = ""
	}
	assigned := ""
	if a, ok := p.env.addr(p.field("Nat_ip ")); ok && ev.Class == event.ClassAuthentication && a != ev.SrcIP {
		assigned = p.text("Nat_ip ")
	}
	ev.Rest = p.out.Rest(event.Text("event", p.env.Intern.Bytes(p.l.event)), event.Text("session", p.text("SessionId: ")), event.Text("vserver", p.text("Vserver ")),
		event.Text("assigned", assigned), event.Text("method", p.text("LogoutMethod ")), event.Text("group", p.text("Group(s) ")))
}

// aaa reads "User taro - Client_ip 203.0.113.7 - Failure_reason "External authentication server denied access" - Browser …".
func (p *netscalerParser) aaa() {
	var ev *event.Event
	switch string(p.l.event) {
	case "LOGIN_FAILED":
		why := p.field("Failure_reason ")
		reason := event.ReasonBadCredentials
		switch {
		case has(why, "locked"):
			reason = event.ReasonLocked
		case has(why, "xpired"):
			reason = event.ReasonExpired
		case has(why, "No such user"), has(why, "User not found"):
			reason = event.ReasonNoSuchAccount
		case has(why, "timed out"), has(why, "imeout"):
			reason = event.ReasonTimeout
		}
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, reason)
	case "LOGIN":
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	case "LOGOUT":
		ev = p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	default:
		return
	}
	p.who(ev)
	ev.Client = p.text("Browser ")
	ev.Rest = p.out.Rest(event.Text("detail", p.text("Failure_reason ")), event.Text("vserver", p.text("Vserver ")))
}

// command reads "User nsroot - Remote_ip 10.1.9.5 - Command "login nsroot" - Status "Success"".
func (p *netscalerParser) command() {
	if string(p.l.event) != "CMD_EXECUTED" {
		return
	}
	cmd, status := p.field("Command "), p.field("Status ")
	ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
	if !isPrefix(status, "Success") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	switch {
	case isPrefix(cmd, "login"):
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
		if ev.Outcome == event.OutcomeFailure {
			ev.Reason = event.ReasonBadCredentials
		}
	case isPrefix(cmd, "logout"):
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogoff
	case isPrefix(cmd, "show "), isPrefix(cmd, "stat "):
		ev.Activity = event.ActRead
	case isPrefix(cmd, "add system user"), isPrefix(cmd, "set system user"), isPrefix(cmd, "rm system user"), isPrefix(cmd, "add aaa user"):
		ev.Class = event.ClassAccountChange
	case isPrefix(cmd, "rm audit"), isPrefix(cmd, "unbind audit"):
		ev.Class = event.ClassLogAdmin
	}
	p.who(ev)
	ev.Service = p.env.Intern.Bytes(p.l.feature)
	ev.Object = p.env.Intern.Bytes(cmd[:min(len(cmd), 256)])
	ev.Rest = p.out.Rest(event.Text("status", p.text("Status ")))
}
