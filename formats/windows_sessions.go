// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

// remoteDesktop reads the operational logs of the terminal services.
func (p *windowsParser) remoteDesktop(ev *event.Event, id int64) {
	ev.Service = "rdp"
	session := func(act event.Activity) {
		ev.Class, ev.Activity, ev.Outcome = event.ClassRemoteSession, act, event.OutcomeSuccess
	}
	switch log := p.log(id); {
	case log == logConnections && id == 1149: // the connection stands; where the network level did not ask, the logon comes later
		session(event.ActConnect)
		ev.Account = p.name(wdParam1, wdParam2)
		p.from(ev, wdParam3, wdNone)
	case log == logSessions && id >= 21 && id <= 25:
		session([...]event.Activity{event.ActLogon, event.ActStart, event.ActLogoff, event.ActClose, event.ActConnect}[id-21])
		ev.Account = p.str(wdUser)
		p.from(ev, wdAddress, wdNone)
	case log == logSessions && (id == 39 || id == 40 || id == 41 || id == 42):
		session(event.ActOther)
		ev.Account = p.str(wdUser)
	case log == logRdpCore && id == 131:
		ev.Class, ev.Activity, ev.Outcome = event.ClassNetwork, event.ActConnect, event.OutcomeSuccess
		p.from(ev, wdClientAddress, wdNone)
	case log == logRdpCore && id == 140: // the name or the password was wrong
		logon(ev, event.ActLogon, "rdp")
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
		p.from(ev, wdClientAddress, wdNone)
	case log == logRdpClient && id == 1024: // this host's user connects to another
		session(event.ActConnect)
		ev.Outcome = event.OutcomeUnknown
		ev.SrcHost, ev.DstHost = ev.DstHost, p.datum("Value")
		ev.Account = p.env.Intern.Bytes(p.head[whUserSID].text(&p.buf))
	case log == logRdpClient && id == 1102:
		session(event.ActConnect)
		ev.SrcHost, ev.DstHost = ev.DstHost, ""
		if a, ok := p.env.addr([]byte(p.datum("Value"))); ok {
			ev.DstIP = a
		}
		ev.Account = p.env.Intern.Bytes(p.head[whUserSID].text(&p.buf))
	}
}

// datum returns the text of the value with that very name.
func (p *windowsParser) datum(name string) string {
	for i := range p.data[:p.n] {
		if p.data[i].name == name {
			return p.env.Intern.Bytes(p.data[i].value.text(&p.buf))
		}
	}
	return ""
}
