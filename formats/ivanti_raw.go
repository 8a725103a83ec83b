// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// ivantiRaw is one row of the appliance's own files (log.access.vc0 and its like), as they are once the 8192 bytes before the rows are cut off
// and byte 5, which begins a row, is a line's end: the moment in hexadecimal seconds and a serial number, the node, the message's number, the
// log, the virtual system, address, name, and what the message's text is filled with. The text itself is not in it.
type ivantiRaw struct {
	seconds              int64
	serial               []byte
	node, code, ip, user []byte
	rest                 []byte
}

func splitIvantiRaw(b []byte) (r ivantiRaw, ok bool) {
	if len(b) < 24 || b[8] != '.' || b[17] != '\t' {
		return r, false
	}
	for i, c := range b[:17] {
		if i != 8 && !isHex(c) {
			return r, false
		}
		if i < 8 {
			d := int64(c|0x20) - 'a' + 10
			if isDigit(c) {
				d = int64(c - '0')
			}
			r.seconds = r.seconds<<4 | d
		}
	}
	r.serial = b[9:17]
	var f [6][]byte // node, code, log, virtual system, address, name
	rest := b[18:]
	for k := range f {
		if f[k], rest, ok = bytes.Cut(rest, []byte("\t")); !ok && k < 5 {
			return r, false
		}
	}
	if len(f[2]) != 3 || !isPrefix(f[2], "vc") || len(f[1]) < 6 || !isUpper(f[1][0]) {
		return r, false
	}
	r.node, r.code, r.ip, r.user, r.rest = f[0], f[1], f[4], f[5], rest
	return r, true
}

// raw reads a row by its number, as the maker's list of messages has it. Rows of other numbers are read over.
func (p *ivantiParser) raw(r *ivantiRaw) error {
	if r.seconds < 946684800 {
		return ErrNoTime
	}
	c, a, o, reason := event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone
	again := false
	switch string(r.code) {
	case "AUT22670", "AUT24414": // login succeeded; agent login succeeded
	case "AUT24327": // primary authentication failed
		o, reason = event.OutcomeFailure, event.ReasonBadCredentials
	case "AUT23457": // login failed: told of after the authentication that did
		o, reason, again = event.OutcomeFailure, event.ReasonBadCredentials, true
	case "AUT22673", "AUT20914", "AUT20915": // logout, and sessions that timed out
		a = event.ActLogoff
	default:
		return nil
	}
	in := p.env.Intern
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.env.Clock.Absolute(event.Micros(r.seconds*1e6)), c, a, o, reason
	ev.Ref, ev.DstHost, ev.Service, ev.Account = p.env.Ref(p.rec), in.Bytes(r.node), "ivanti-vpn", in.Bytes(r.user)
	ev.SrcIP, _ = p.env.addr(r.ip)
	if o == event.OutcomeFailure && !again {
		p.again(ev, true)
	} else if again {
		again = p.again(ev, false)
	}
	var rest remainder
	rest.text("code", in.Bytes(r.code))
	rest.text("detail", string(bytes.ReplaceAll(r.rest[:min(len(r.rest), 300)], []byte("\t"), []byte("; "))))
	if again {
		ev.Count = event.Some(0)
		rest.flag("repeat", true)
	}
	ev.Rest = rest.rest(p.out)
	return nil
}
