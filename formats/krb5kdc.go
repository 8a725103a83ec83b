// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var krb5KDC = Format{
	Name:   "krb5kdc",
	Also:   []string{"mit-kerberos", "freeipa-kdc"},
	Source: "directory",
	About: About{
		What:   "The key distribution centre of MIT Kerberos 1.6 to 1.22, also FreeIPA's: krb5kdc.log or syslog, and kadmind's changes of passwords.",
		Export: "Copy /var/log/krb5kdc.log* and kadmind.log* ([logging] in kdc.conf names them), or run journalctl -u krb5-kdc. Nothing need be switched on.",
		Takes:  "Each ticket asked for with account, service and address: tickets granted, wrong passwords (PREAUTH_FAILED), unknown, locked and expired accounts.",
		Leaves: "A program that cannot reach its own network stands behind its gateway's address. The first answer of each login, NEEDED_PREAUTH, is no failure and is not kept.",
	},
	Shapes:   ShapeSyslog,
	Programs: []string{"krb5kdc", "kadmind"},
	Sniff: func(rec []byte) float64 {
		if s, ok := sniffSyslog(rec); ok && isKDC(s.Program) {
			return 0.95
		}
		return 0
	},
	New: func(env *Env) Parser { return &kdcParser{env: env} },
}

func isKDC(program []byte) bool { return isPrefix(program, "krb5kdc") || isPrefix(program, "kadmind") }

type kdcParser struct{ env *Env }

func (p *kdcParser) Flush(*event.Batch) {}

// kdcPhrases read the part behind the address. Names of principals hold no spaces unless they are escaped; the client's name comes first,
// and the words behind it are the KDC's.
var kdcPhrases = []phrase{
	{"ISSUE: authtime {num}, etypes {skip}}, {user} for {object}", sayLogin, 0},
	{"REFRESH: authtime {num}, etypes {skip}}, {user} for {object}", sayLogin, 0},
	{"NEEDED_PREAUTH: {user} for {object}, {why}", sayNothing, 0},
	{"MORE_PREAUTH_DATA_REQUIRED: {user} for {object}, {why}", sayNothing, 0},
	{"PREAUTH_FAILED: {user} for {object}, {why}", sayFailed, event.ReasonBadPassword},
	{"CLIENT_NOT_FOUND: {user} for {object}, {why}", sayFailed, event.ReasonNoSuchAccount},
	{"SERVER_NOT_FOUND: {user} for {object}, {why}", sayOwn, event.ReasonOther},
	{"UNKNOWN_SERVER: authtime {num}, {user} for {object}, {why}", sayOwn, event.ReasonOther},
	{"LOOKING_UP_SERVER: authtime {num}, {user} for {object}, {why}", sayOwn, event.ReasonOther},
	{"LOCKED_OUT: {user} for {object}, {why}", sayFailed, event.ReasonLocked},
	{"CLIENT EXPIRED: {user} for {object}, {why}", sayFailed, event.ReasonExpired},
	{"CLIENT KEY EXPIRED: {user} for {object}, {why}", sayFailed, event.ReasonExpired},
	{"CLIENT LOCKED OUT: {user} for {object}, {why}", sayFailed, event.ReasonLocked},
	{"REQUIRED PWCHANGE: {user} for {object}, {why}", sayFailed, event.ReasonExpired},
	{"BAD_ENCRYPTION_TYPE: {user} for {object}, {why}", sayFailed, event.ReasonProtocol},
	{"{method}: authtime {num}, {user} for {object}, {why}", sayOwn, event.ReasonOther},
	{"{method}: {user} for {object}, {why}", sayFailed, event.ReasonOther},
}

func (p *kdcParser) Parse(rec *event.Record, out *event.Batch) error {
	s, ok := p.env.Syslog(rec)
	if !ok || !isKDC(s.Program) {
		return ErrOtherFormat
	}
	text := bytes.TrimRight(s.Message, " \r")
	kind, rest := nextWord(text)
	switch string(kind) {
	case "AS_REQ", "TGS_REQ":
	case "Request:":
		return p.admin(s, rest, rec, out)
	default:
		return nil // start, stop, sockets
	}
	if len(rest) > 0 && rest[0] == '(' { // "(8 etypes {18 17 20}) "
		i := index(rest, ") ")
		if i < 0 {
			return ErrBroken
		}
		rest = rest[i+2:]
	}
	word, rest := nextWord(rest)
	n := len(word)
	if n < 2 || word[n-1] != ':' {
		return ErrBroken
	}
	f := fit{env: p.env}
	for i := range kdcPhrases {
		ph := &kdcPhrases[i]
		if !f.fits(ph.text, rest) {
			continue
		}
		if ph.what == sayNothing {
			return nil
		}
		in := p.env.Intern
		ev := out.Add()
		ev.Time, ev.Service, ev.DstHost, ev.Ref = s.Time, "kerberos", p.env.hostOf(s), p.env.Ref(rec)
		ph.what.put(ev, ph.reason, event.ClassOther)
		if ph.what == sayOwn {
			sayFailed.put(ev, ph.reason, event.ClassOther)
		}
		if string(kind) == "TGS_REQ" || ph.what == sayOwn || ev.Outcome == event.OutcomeSuccess && !isPrefix(f.hole[holeObject], "krbtgt/") && !isPrefix(f.hole[holeObject], "kadmin/") {
			ev.Activity = event.ActTicket
		}
		ev.SrcIP, _, _ = p.env.addrPort(word[:n-1])
		ev.Account, ev.Object = in.Bytes(kdcName(f.hole[holeUser])), in.Bytes(f.hole[holeObject])
		ev.Rest = out.Rest(event.Text("request", in.Bytes(kind)), event.Text("answer", in.Bytes(firstOf(rest))), event.Text("detail", in.Bytes(f.hole[holeWhy])))
		return nil
	}
	return ErrUnknownKind
}

// kdcName takes the KDC's quotation away: "<unknown client>" is nobody.
func kdcName(b []byte) []byte {
	if len(b) > 0 && b[0] == '<' {
		return nil
	}
	return b
}

func firstOf(b []byte) []byte {
	if i := bytes.IndexByte(b, ':'); i >= 0 {
		return b[:i]
	}
	return nil
}

// admin reads kadmind's "Request: kadm5_chpass_principal, taro@LAB.EXAMPLE, success, client=admin/admin@LAB.EXAMPLE, service=…, addr=192.0.2.7".
func (p *kdcParser) admin(s *Syslog, b []byte, rec *event.Record, out *event.Batch) error {
	f := fit{env: p.env}
	if !f.fits("{method}, {target}, {why}, client={user}, service={object}, addr={ip}", b) && !f.fits("{method}, {target}, {why}, client={user}, service={object}, addr={ip} {skip}", b) {
		return nil
	}
	class, act := event.ClassAccountChange, event.ActChange
	switch m := f.hole[holeMethod]; {
	case has(m, "chpass") || has(m, "chrand") || has(m, "setkey") || has(m, "randkey"):
		act = event.ActReset
	case has(m, "create"):
		act = event.ActCreate
	case has(m, "delete"):
		act = event.ActDelete
	case has(m, "rename"):
		act = event.ActRename
	case has(m, "get"), has(m, "init"):
		class, act = event.ClassDirectory, event.ActRead
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = s.Time, class, act, event.OutcomeSuccess
	if why := f.hole[holeWhy]; string(why) != "success" {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
		if has(why, "privilege") {
			ev.Reason = event.ReasonDenied
		}
	}
	ev.Account, ev.Target, ev.SrcIP, ev.Service, ev.DstHost, ev.Ref = in.Bytes(f.hole[holeUser]), in.Bytes(f.hole[holeTarget]), f.addr, "kadmin", p.env.hostOf(s), p.env.Ref(rec)
	ev.Rest = out.Rest(event.Text("request", in.Bytes(f.hole[holeMethod])), event.Text("detail", in.Bytes(f.hole[holeWhy])))
	return nil
}

var heimdalKDC = Format{
	Name:   "heimdal-kdc",
	Source: "directory",
	About: About{
		What:   "The key distribution centre of Heimdal 1 to 7 (kdc), also Samba's in its own log: kdc.log or syslog.",
		Export: "Copy /var/log/heimdal-kdc.log* or the file of [logging] kdc =. Level 0-5 of the default is enough.",
		Takes:  "Tickets asked for, wrong passwords and unknown accounts with account, service and address. The address stands in the first line of a request and is carried to the lines that say how it ended.",
		Leaves: "Requests of several clients in the same moment mix: a line that names another account than the last request is kept without an address.",
	},
	Shapes: ShapeSyslog | ShapeText,
	Sniff: func(rec []byte) float64 {
		if _, text, ok := heimdalText(rec); ok && (has(text[:min(len(text), 10)], "S-REQ ") && has(text, " from IPv") || isPrefix(text, "Failed to decrypt PA-DATA -- ") || isPrefix(text, "UNKNOWN -- ")) {
			return 0.9
		}
		return 0
	},
	New:   func(env *Env) Parser { return &heimdalParser{env: env} },
	Marks: []string{"S-REQ ", "Failed to decrypt PA-DATA -- ", "UNKNOWN -- "},
}

// heimdalText reads "2025-06-02T09:00:00 text" and syslog's "… kdc[811]: text".
func heimdalText(b []byte) (t Civil, text []byte, ok bool) {
	if s, t, ok := splitSyslog(b); ok && (string(s.Program) == "kdc" || string(s.Program) == "heimdal-kdc") {
		return t, bytes.TrimRight(s.Message, " \r"), true
	}
	t, n := parseISOStamp(b)
	if n == 0 || n >= len(b) || b[n] != ' ' {
		return t, nil, false
	}
	return t, bytes.TrimRight(b[n+1:], " \r"), true
}

type heimdalParser struct {
	env    *Env
	client string // of the last request
	last   event.Event
	part   event.Part
	in     uint32
}

func (p *heimdalParser) Flush(*event.Batch) {}

var heimdalPhrases = []phrase{
	{"AS-REQ {user} from IPv4:{ip} for {object}", sayNothing, 0},
	{"AS-REQ {user} from IPv6:{ip} for {object}", sayNothing, 0},
	{"TGS-REQ {user} from IPv4:{ip} for {object} [{skip}]", sayOwn, 0},
	{"TGS-REQ {user} from IPv6:{ip} for {object} [{skip}]", sayOwn, 0},
	{"TGS-REQ {user} from IPv4:{ip} for {object}", sayOwn, 0},
	{"TGS-REQ {user} from IPv6:{ip} for {object}", sayOwn, 0},
	{"UNKNOWN -- {user}: {why}", sayFailed, event.ReasonNoSuchAccount},
	{"Failed to decrypt PA-DATA -- {user} (enctype {method}) error {why}", sayFailed, event.ReasonBadPassword},
	{"Client expired -- {user}", sayFailed, event.ReasonExpired},
	{"Client's key has expired -- {user}", sayFailed, event.ReasonExpired},
	{"Client ({user}) is locked out", sayFailed, event.ReasonLocked},
	{"Client ({user}) has invalid bit set", sayFailed, event.ReasonDisabled},
	{"ENC-TS Pre-authentication succeeded -- {user} using {skip}", sayLogin, 0},
	{"PKINIT pre-authentication succeeded -- {user} using {skip}", sayLogin, 0},
}

func (p *heimdalParser) Parse(rec *event.Record, out *event.Batch) error {
	t, text, ok := heimdalText(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	f := fit{env: p.env}
	for i := range heimdalPhrases {
		ph := &heimdalPhrases[i]
		if !f.fits(ph.text, text) {
			continue
		}
		in := p.env.Intern
		user := in.Bytes(f.hole[holeUser])
		if ph.what == sayNothing {
			p.client, p.part, p.in = user, rec.Part, p.env.Input
			p.last = event.Event{SrcIP: f.addr, Object: in.Bytes(f.hole[holeObject])}
			return nil
		}
		ev := out.Add()
		ev.Time, ev.Service, ev.DstHost, ev.Ref = p.env.Clock.Moment(t), "kerberos", p.env.Host, p.env.Ref(rec)
		if s, ok := p.env.Syslog(rec); ok && len(s.Program) > 0 {
			ev.DstHost = p.env.hostOf(s)
		}
		ph.what.put(ev, ph.reason, event.ClassOther)
		ev.Account, ev.SrcIP, ev.Object = user, f.addr, in.Bytes(f.hole[holeObject])
		switch {
		case ph.what == sayOwn:
			sayLogin.put(ev, 0, event.ClassOther)
			ev.Activity, ev.Outcome = event.ActTicket, event.OutcomeUnknown
		case user == p.client:
			ev.SrcIP, ev.Object = p.last.SrcIP, p.last.Object
			if p.in == p.env.Input {
				ev.Ref.Part, ev.Ref.More = p.part, out.Parts(rec.Part)
			}
		}
		ev.Rest = out.Rest(event.Text("detail", in.Bytes(f.hole[holeWhy])))
		return nil
	}
	for _, w := range [...]string{"sending ", "Client sent patypes", "Client supported enctypes", "Using ", "Requested flags", "Looking for ", "No preauth found", "Need to use PA-ENC", "AS-REQ authtime", "TGS-REQ authtime", "listening on", "tcp connection", "Server not found"} {
		if isPrefix(text, w) {
			return nil
		}
	}
	return ErrOtherFormat
}
