// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var freeRADIUS = Format{
	Name:   "freeradius",
	Also:   []string{"radius", "radiusd"},
	Source: "radius",
	About: About{
		What: "FreeRADIUS 2 and 3 (Wi-Fi, eduroam, VPN, switches): radius.log, the same lines through syslog, the usual linelog lines through syslog, and eduroam's F-TICKS.",
		Export: "Copy /var/log/freeradius/radius.log* (radius/radius.log on Red Hat). It names logins only with log { auth = yes }, which is off by default. Leave auth_badpass and " +
			"auth_goodpass off. With EAP the real name stands in the line of the inner tunnel: keep auth = yes for the virtual server inner-tunnel too.",
		Takes: "Logins and refused logins with name, reason, access point or switch (client), hardware address of the device (cli); for EAP the inner and the outer line become one event. " +
			"Requests from unknown clients and with a wrong shared secret; start and stop.",
		Leaves: "Passwords, where the log was set up to hold them, are never kept. Which IP address the device had stands in the accounting: see format freeradius-detail, or the DHCP server's log.",
	},
	Sniff: func(rec []byte) float64 {
		var l radiusLine
		if !l.split(rec) {
			return 0
		}
		if l.sure || radiusKnown(l.text) {
			return 0.95
		}
		return 0
	},
	New:    func(env *Env) Parser { return &radiusParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"radiusd", "freeradius", "F-TICKS/", " : "},
}

// radiusLine is a line without its head.
type radiusLine struct {
	time Civil
	own  bool // from the server's own file
	sure bool // the program's name, or its own form of the head, stands in it
	text []byte
}

// split reads "Mon Jun  2 09:00:00 2025 : Auth: (7) Login OK: …" and syslog lines of radiusd and freeradius.
func (l *radiusLine) split(b []byte) bool {
	if len(b) > 28 && b[3] == ' ' && monthOf(b[4:]) > 0 {
		if t, n := parseBSDStamp(b[4:]); n > 0 && t.Year > 0 {
			if rest, ok := cutPrefix(b[4+n:], " : "); ok {
				l.time, l.own, l.text = t, true, rest
				for _, w := range [...]string{"Auth: ", "Info: ", "Error: ", "Debug: ", "Proxy: ", "Acct: ", "Warning: ", "ERROR: "} {
					if r, ok := cutPrefix(rest, w); ok {
						l.text, l.sure = r, true
						break
					}
				}
				return true
			}
		}
	}
	s, ok := sniffSyslog(b)
	if !ok {
		return false
	}
	switch string(s.Program) {
	case "radiusd", "freeradius":
		l.sure = true
	default:
		if !isPrefix(s.Message, "F-TICKS/") {
			return false
		}
		l.sure = true
	}
	l.text, _ = cutPrefix(s.Message, "Auth: ")
	return true
}

func radiusKnown(b []byte) bool {
	_, b = radiusNumber(b)
	return isPrefix(b, "Login OK") || isPrefix(b, "Login incorrect") || isPrefix(b, "Invalid user") || isPrefix(b, "Multiple logins")
}

// radiusNumber cuts "(7) " or "(7)   " off; -1 where there is none.
func radiusNumber(b []byte) (int, []byte) {
	if len(b) < 4 || b[0] != '(' {
		return -1, b
	}
	n, k := digits(b[1:], 9)
	if k == 0 || 1+k >= len(b) || b[1+k] != ')' {
		return -1, b
	}
	return n, bytes.TrimLeft(b[2+k:], " ")
}

// radiusParser joins the line of an EAP's inner tunnel, which has the person's name, with that of the request around it, which has the
// device's address.
type radiusParser struct {
	env   *Env
	rec   *event.Record
	out   *event.Batch
	when  event.Micros
	host  string
	inner [16]radiusInner
	next  int
}

// radiusInner is a login inside a tunnel that waits for the line of the request around it.
type radiusInner struct {
	waits   bool
	number  int
	at      event.Micros
	outcome event.Outcome
	reason  event.Reason
	account string
	nas     string
	detail  string
	host    string
	ref     event.Ref
}

func (p *radiusParser) Flush(out *event.Batch) {
	p.out = out
	for i := range p.inner {
		p.release(&p.inner[(p.next+i)%len(p.inner)])
	}
}

func (p *radiusParser) Parse(rec *event.Record, out *event.Batch) error {
	var l radiusLine
	if !l.split(rec.Data) || !l.sure && !radiusKnown(l.text) {
		return ErrOtherFormat
	}
	p.rec, p.out, p.host = rec, out, p.env.Host
	if l.own {
		p.when = p.env.Clock.Moment(l.time)
	} else {
		s, ok := p.env.Syslog(rec)
		if !ok {
			return ErrNoTime
		}
		p.when, p.host = s.Time, p.env.hostOf(s)
	}
	number, t := radiusNumber(l.text)
	if radiusKnown(t) {
		return p.login(number, t)
	}
	return p.other(t)
}

// login reads "Login incorrect (pap: Cleartext password does not match …): [taro/<via Auth-Type = eap>] (from client ap1 port 13 cli
// 70-6F-6C-69-73-68 via TLS tunnel)". The name is whatever was sent: what stands behind it is read from the end.
func (p *radiusParser) login(number int, t []byte) error {
	from := lastIndex(t, "] (from client ")
	open := index(t, ": [")
	if from < 0 || open < 0 || open+3 > from {
		return ErrBroken
	}
	why, name := t[:open], radiusName(t[open+3:from])
	where := bytes.TrimRight(t[from+len("] (from client "):], " \r")
	if n := len(where); n > 0 && where[n-1] == ')' {
		where = where[:n-1]
	}
	in := radiusInner{number: number, at: p.when, outcome: event.OutcomeFailure, account: p.env.Intern.Bytes(name), host: p.host, ref: p.env.Ref(p.rec)}
	detail := []byte(nil)
	if o := bytes.IndexByte(why, '('); o > 0 {
		detail = bytes.TrimRight(why[o+1:], ")")
		in.detail = p.env.Intern.Bytes(detail[:min(len(detail), 200)])
	}
	switch {
	case isPrefix(t, "Login OK"):
		in.outcome = event.OutcomeSuccess
	case isPrefix(t, "Invalid user"):
		in.reason = event.ReasonNoSuchAccount
	case isPrefix(t, "Multiple logins"):
		in.reason = event.ReasonDenied
	default:
		in.reason = radiusReason(detail)
	}
	nas, rest := nextWord(where)
	in.nas = p.env.Intern.Bytes(nas)
	rest, tunnel := cutSuffix(rest, " via TLS tunnel")
	if tunnel {
		slot := &p.inner[p.next]
		p.next = (p.next + 1) % len(p.inner)
		p.release(slot)
		in.waits = true
		*slot = in
		return nil
	}
	cli := behind(rest, " cli ")
	port := behind(rest, "port ")
	p.add(&in, p.around(&in), cli, port)
	return nil
}

// radiusName returns the name before a password or what stands for one. A password is never kept.
func radiusName(b []byte) []byte {
	if i := lastIndex(b, "/<"); i >= 0 {
		return b[:i]
	}
	rest, _ := cutPrefix(b, "host/")
	if i := bytes.IndexByte(rest, '/'); i >= 0 {
		return b[:len(b)-len(rest)+i]
	}
	return b
}

func radiusReason(why []byte) event.Reason {
	switch {
	case has(why, "user object not found"), has(why, "User not found"), has(why, "0xc0000064"), has(why, "NO_SUCH_USER"), has(why, "no such user"), has(why, "user not found"):
		return event.ReasonNoSuchAccount
	case has(why, "0xc0000234"), has(why, "locked"), has(why, "LOCKED_OUT"):
		return event.ReasonLocked
	case has(why, "0xc0000071"), has(why, "0xc0000193"), has(why, "xpired"), has(why, "MUST_CHANGE"):
		return event.ReasonExpired
	case has(why, "0xc0000072"), has(why, "disabled"), has(why, "DISABLED"):
		return event.ReasonDisabled
	case has(why, "0xc000006a"), has(why, "WRONG_PASSWORD"), has(why, "password does not match"), has(why, "password check failed"), has(why, "Response is incorrect"),
		has(why, "CHAP comparison"), has(why, "digest does not match"), has(why, "password mismatch"):
		return event.ReasonBadPassword
	case has(why, "Simultaneous"), has(why, "not allowed"), has(why, "outside allowed"), has(why, "denied"), has(why, "prohibited"):
		return event.ReasonDenied
	case has(why, "timed out"), has(why, "timeout"), has(why, "No response"), has(why, "no response"):
		return event.ReasonTimeout
	case has(why, "TLS Alert"), has(why, "ertificate"), has(why, "handshake"), has(why, "continuing EAP"), has(why, "(TLS)"):
		return event.ReasonProtocol
	}
	return event.ReasonBadCredentials
}

// around finds the inner login that a line about the request around it belongs to: of the same request, or for a refusal of one of the
// next two; in old versions, which do not number requests, within three seconds.
func (p *radiusParser) around(o *radiusInner) *radiusInner {
	for i := range p.inner {
		in := &p.inner[(p.next+len(p.inner)-1-i)%len(p.inner)]
		if !in.waits || in.nas != o.nas || in.outcome != o.outcome || o.at < in.at || o.at-in.at > 10e6 {
			continue
		}
		if o.number < 0 && o.at-in.at <= 3e6 || o.number >= 0 && o.number >= in.number && o.number-in.number <= 2 {
			return in
		}
	}
	return nil
}

// add adds a login: the line around a tunnel with the inner one, if there is one.
func (p *radiusParser) add(o, in *radiusInner, cli, port []byte) {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = o.at, event.ClassAuthentication, event.ActLogon, o.outcome, o.reason
	ev.Account, ev.DstHost, ev.Service, ev.Ref = o.account, o.host, "radius", o.ref
	var f [5]event.Field
	f[0], f[1] = event.Text("nas", o.nas), event.Text("mac", "")
	if a, ok := p.env.addr(cli); ok {
		ev.SrcIP = a
	} else if len(cli) > 0 {
		f[1] = event.Text("mac", p.env.mac(cli))
	}
	f[2], f[3], f[4] = event.Text("port", p.env.Intern.Bytes(port)), event.Text("detail", o.detail), event.Text("outer_name", "")
	if in != nil {
		if ev.Account = in.account; in.account != o.account {
			f[4] = event.Text("outer_name", o.account)
		}
		if in.outcome == event.OutcomeFailure { // the inner line says why
			ev.Reason, f[3] = in.reason, event.Text("detail", in.detail)
		}
		ev.Time = in.at
		if in.ref.Input == o.ref.Input {
			ev.Ref = in.ref
			ev.Ref.More = p.out.Parts(o.ref.Part)
		}
		in.waits = false
	}
	ev.Rest = p.out.Rest(f[:]...)
}

// release adds an inner login whose outer line did not come.
func (p *radiusParser) release(in *radiusInner) {
	if in.waits {
		in.waits = false
		p.add(in, nil, nil, nil)
	}
}

// other reads lines that are about no login.
func (p *radiusParser) other(t []byte) error {
	switch {
	case isPrefix(t, "F-TICKS/"):
		return p.fticks(t)
	case isPrefix(t, "Connect: ["), isPrefix(t, "Disconnect: ["), isPrefix(t, "Alive: ["):
		return p.linelog(t)
	case has(t, "from unknown client "):
		ev := p.plain(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
		ev.SrcIP, _ = p.env.addr(behind(t, "from unknown client "))
		ev.SrcPort, _ = parsePort(behind(t, " port "))
		if i := index(t, "unknown client "); i >= 0 {
			ev.SrcPort, _ = parsePort(behind(t[i:], " port "))
		}
		ev.Rest = p.out.Rest(event.Text("detail", "unknown client"))
	case has(t, "Shared secret is incorrect"):
		ev := p.plain(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonProtocol)
		word := behind(t, "packet from client ")
		if len(word) == 0 {
			word = behind(t, "packet from ")
		}
		if a, ok := p.env.addr(word); ok {
			ev.SrcIP = a
		} else if a, ok := p.env.addr(behind(t, "from host ")); ok {
			ev.SrcIP = a
		}
		ev.Rest = p.out.Rest(event.Text("detail", "shared secret is incorrect"))
	case isPrefix(t, "Ready to process requests"):
		p.plain(event.ClassOther, event.ActStart, event.OutcomeSuccess, event.ReasonNone)
	case isPrefix(t, "Exiting normally"):
		p.plain(event.ClassOther, event.ActStop, event.OutcomeSuccess, event.ReasonNone)
	}
	return nil
}

func (p *radiusParser) plain(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.DstHost, ev.Service, ev.Ref = p.host, "radius", p.env.Ref(p.rec)
	return ev
}

// linelog reads "Connect: [hanako] (did 00-11-22-33-44-55:lab cli 70-6F-6C-69-73-68 port 13 ip 10.1.2.3)".
func (p *radiusParser) linelog(t []byte) error {
	open, end := bytes.IndexByte(t, '['), lastIndex(t, "] (did ")
	if end <= open {
		return ErrBroken
	}
	tail := bytes.TrimRight(t[end:], ") \r")
	act := event.ActAssign
	if t[0] == 'D' {
		act = event.ActRelease
	}
	ip, ok := p.env.addr(bytes.TrimRight(behind(tail, " ip "), ")"))
	ev := p.plain(event.ClassLease, act, event.OutcomeSuccess, event.ReasonNone)
	if ev.SrcIP = ip; !ok {
		ev.Class, ev.Activity = event.ClassRemoteSession, event.ActStart
		if act == event.ActRelease {
			ev.Activity = event.ActStop
		}
	}
	ev.Account = p.env.Intern.Bytes(t[open+1 : end])
	ev.Rest = p.out.Rest(event.Text("mac", p.env.mac(bytes.TrimRight(behind(tail, " cli "), ")"))), event.Text("port", p.env.Intern.Bytes(behind(tail, " port "))))
	return nil
}

// fticks reads eduroam's "F-TICKS/eduroam/1.0#REALM=lab.example#VISCOUNTRY=JP#VISINST=visited.example#CSI=aabbccddeeff#RESULT=OK#".
func (p *radiusParser) fticks(t []byte) error {
	var realm, country, place, csi, result []byte
	for len(t) > 0 {
		var f []byte
		f, t, _ = bytes.Cut(t, []byte("#"))
		k, v, _ := bytes.Cut(f, []byte("="))
		switch string(k) {
		case "REALM":
			realm = v
		case "VISCOUNTRY":
			country = v
		case "VISINST":
			place = v
		case "CSI":
			csi = v
		case "RESULT":
			result = v
		}
	}
	ev := p.plain(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	if string(result) != "OK" {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
	}
	in := p.env.Intern
	ev.Rest = p.out.Rest(event.Text("realm", in.Bytes(realm)), event.Text("visited_country", in.Bytes(country)), event.Text("visited", in.Bytes(place)),
		event.Text("mac", p.env.mac(csi)), event.Text("result", in.Bytes(result)))
	return nil
}
