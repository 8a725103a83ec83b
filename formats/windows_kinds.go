// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// windowsKind says what the events of one number in one log mean, where their named values say it plainly. The texts name values,
// the first that is there counts:
//
//	A|B       A's value, or B's
//	A+B       both, with a colon between
//	A\B       B's value within the domain that A names
//	@subject  who did it, @target to whom, @sid the account that wrote the event where it is a person's
//	=word     the word itself
type windowsKind struct {
	id       int64
	provider string // in the logs that many write to
	class    event.Class
	act      event.Activity
	outcome  event.Outcome
	reason   event.Reason
	service  string
	account  string
	target   string
	source   string // address
	host     string // its name
	object   string
	client   string
}

// known reads an event by its log's list.
func (p *windowsParser) known(ev *event.Event, id int64) {
	kinds := p.kinds()
	for i := range kinds {
		k := &kinds[i]
		if k.id != id || k.provider != "" && !has(p.head[whProvider].text(&p.buf), k.provider) {
			continue
		}
		ev.Class, ev.Activity, ev.Reason = k.class, k.act, k.reason
		if k.outcome != event.OutcomeUnknown {
			ev.Outcome = k.outcome
		}
		if k.service != "" {
			ev.Service = k.service
		}
		ev.Account, ev.Target, ev.Object, ev.Client = p.say(k.account), p.say(k.target), clip(p.say(k.object), 1024), p.say(k.client)
		p.came(ev, k)
		p.special(ev, id)
		return
	}
}

// kinds returns the list of the event's log. It is made once.
func (p *windowsParser) kinds() []windowsKind {
	channel := p.head[whChannel].text(&p.buf)
	kinds, made := p.lists[string(channel)]
	if made {
		return kinds
	}
	if kinds = windowsKinds(channel); kinds != nil { // those that have none are without number
		if p.lists == nil {
			p.lists = map[string][]windowsKind{}
		}
		p.lists[string(channel)] = kinds
	}
	return kinds
}

// came sets where an event came from: the host that wrote it is the one that was reached.
func (p *windowsParser) came(ev *event.Event, k *windowsKind) {
	if k.source != "" {
		text := []byte(p.say(k.source))
		if a, port, ok := p.env.addrPort(bytes.TrimLeft(text, `\`)); ok {
			ev.SrcIP, ev.SrcPort = a, port
		} else if a, port, ok := sockaddr(text); ok {
			ev.SrcIP, ev.SrcPort = a, port
		}
	}
	if k.host == "" {
		return
	}
	name := strings.TrimLeft(p.say(k.host), `\`)
	if a, ok := p.env.addr([]byte(name)); ok {
		if !ev.SrcIP.IsValid() {
			ev.SrcIP = a
		}
	} else {
		ev.SrcHost = name
	}
}

// say returns what a kind's text stands for.
func (p *windowsParser) say(what string) string {
	for what != "" {
		var one string
		one, what, _ = strings.Cut(what, "|")
		if s := p.sayOne(one); s != "" {
			return s
		}
	}
	return ""
}

func (p *windowsParser) sayOne(what string) string {
	switch what[0] {
	case '=':
		return what[1:]
	case '@':
		switch what {
		case "@subject":
			return p.subject()
		case "@target":
			return p.target()
		}
		return p.person()
	}
	if a, b, ok := strings.Cut(what, "+"); ok {
		a, b = p.value(a), p.value(b)
		if a == "" || b == "" {
			return a + b
		}
		return a + ": " + b
	}
	if a, b, ok := strings.Cut(what, `\`); ok {
		domain, name := p.value(a), p.value(b)
		if domain == "" || name == "" || strings.ContainsAny(name, `\@`) {
			return name
		}
		return domain + `\` + name
	}
	return p.value(what)
}

// value returns the text of the value with that name; nothing for the "-" that stands for none.
func (p *windowsParser) value(name string) string {
	for i := range p.data[:p.n] {
		if d := &p.data[i]; d.name == name && !dash(d.value) {
			return p.env.Intern.Bytes(d.value.text(&p.buf))
		}
	}
	return ""
}

// person returns the SID of the account that wrote the event, unless it is one of the system's own.
func (p *windowsParser) person() string {
	switch sid := p.env.Intern.Bytes(p.head[whUserSID].text(&p.buf)); sid {
	case "S-1-5-18", "S-1-5-19", "S-1-5-20", "S-0-0":
		return ""
	default:
		return sid
	}
}

// number returns the value with that name as a number.
func (p *windowsParser) number(name string) event.Int {
	for i := range p.data[:p.n] {
		if p.data[i].name == name {
			if n, ok := p.data[i].value.int(); ok {
				return event.Some(n)
			}
		}
	}
	return event.Int{}
}

// special adds what a list cannot say.
func (p *windowsParser) special(ev *event.Event, id int64) {
	channel := p.head[whChannel].text(&p.buf)
	switch string(channel) {
	case "Security":
		if id >= 6272 && id <= 6278 {
			p.radius(ev)
		}
	case "System":
		if id == 7036 {
			ev.Activity = p.serviceState()
		}
	case "Directory Service":
		if id == 1644 {
			ev.Count = p.number("param4")
		}
	case "Microsoft-Windows-TerminalServices-Gateway/Operational":
		ev.BytesIn, ev.BytesOut = p.number("BytesReceived"), p.number("BytesTransfered")
		if n, ok := p.number("SessionDuration").Get(); ok && n >= 0 && n < 1<<40 {
			ev.Duration = event.Some(n * 1000)
		}
	case "Microsoft-Windows-PrintService/Operational":
		ev.BytesOut = p.number("Param7")
	case "Application":
		if id == 18456 {
			p.sqlServer(ev)
		}
	}
}

// serviceState tells from 7036 whether a service runs now, in whichever language: its binary part is the service's name and
// "/4" for running, "/1" for stopped, in UTF-16.
func (p *windowsParser) serviceState() event.Activity {
	state := p.value("Binary")
	switch word := p.value("param2"); {
	case strings.Contains(state, "2F003400"), word == "running", word == "実行中":
		return event.ActStart
	case strings.Contains(state, "2F003100"), word == "stopped", word == "停止":
		return event.ActStop
	}
	return event.ActChange
}

// radius reads the answers of a Network Policy Server. Who calls is a device's hardware address, or over a VPN an address of its
// own; the access point's own address stands in the remainder.
func (p *windowsParser) radius(ev *event.Event) {
	caller := p.value("CallingStationID")
	if a, ok := p.env.addr([]byte(caller)); ok {
		ev.SrcIP = a
	} else {
		p.mac = p.env.mac([]byte(caller))
	}
	if ev.Outcome != event.OutcomeFailure {
		return
	}
	switch n := p.number("ReasonCode").Or(-1); n {
	case 8:
		ev.Reason = event.ReasonNoSuchAccount
	case 16:
		ev.Reason = event.ReasonBadCredentials
	case 33, 35:
		ev.Reason = event.ReasonExpired
	case 34:
		ev.Reason = event.ReasonDisabled
	case 36, 64:
		ev.Reason = event.ReasonLocked
	case 1, 4, 5, 6, 7, 80:
		ev.Reason = event.ReasonUnavailable
	case 2, 18, 32, 37, 38, 48, 49, 65, 66, 67, 68, 69, 70:
		ev.Reason = event.ReasonDenied
	case 96:
		ev.Reason = event.ReasonTimeout
	case 3, 17, 22, 23, 97:
		ev.Reason = event.ReasonProtocol
	default:
		ev.Reason = event.ReasonOther
	}
}

// sqlServer takes the client's address from " [CLIENT: 192.0.2.1]", which SQL Server writes last; what the client may choose
// stands before it in a value of its own.
func (p *windowsParser) sqlServer(ev *event.Event) {
	text := p.value("param3")
	i, j := strings.LastIndex(text, ": "), strings.LastIndexByte(text, ']')
	if i < 0 || j < i {
		return
	}
	if a, ok := p.env.addr([]byte(strings.TrimSpace(text[i+2 : j]))); ok {
		ev.SrcIP = a
	}
}
