// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// ivantiRaw is one row of the appliance's own files (log.access.vc0 and its like): the moment in hexadecimal seconds, and behind the point
// in six digits the microseconds or in eight a number, the node, the message's number, the log, the virtual system, address, name, and what
// the message's text is filled with. The text itself is not in it.
type ivantiRaw struct {
	micros               event.Micros
	stamp                []byte
	node, code, ip, user []byte
	rest                 []byte
}

func splitIvantiRaw(b []byte) (r ivantiRaw, ok bool) {
	if len(b) < 24 || b[8] != '.' {
		return r, false
	}
	end := bytes.IndexByte(b[:18], '\t')
	if end != 15 && end != 17 {
		return r, false
	}
	var part [2]int64 // seconds, and what stands behind the point
	for i, c := range b[:end] {
		switch {
		case i == 8:
		case !isHex(c):
			return r, false
		default:
			k := &part[min(i/8, 1)]
			*k = *k<<4 | int64(hexValue(c))
		}
	}
	r.micros = event.Micros(part[0] * 1e6)
	if end == 15 && part[1] < 1e6 {
		r.micros += event.Micros(part[1])
	}
	r.stamp = b[:end]
	var f [6][]byte // node, code, log, virtual system, address, name
	rest := b[end+1:]
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
	if r.micros < 946684800e6 {
		return ErrNoTime
	}
	c, a, o, reason := event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone
	again := false
	switch string(r.code) {
	case "AUT22670", "AUT24414", "ADM22668": // login succeeded; agent login succeeded; an administrator's
	case "AUT24327": // primary authentication failed
		o, reason = event.OutcomeFailure, event.ReasonBadCredentials
	case "AUT21063": // failed: no such user
		o, reason = event.OutcomeFailure, event.ReasonNoSuchAccount
	case "AUT22756", "AUT22757", "AUT21052": // failed: no role, all roles restricted, an address that may not
		o, reason = event.OutcomeFailure, event.ReasonDenied
	case "ADM20599", "ARC22056": // a log was emptied, by hand or once it was archived
		c, a = event.ClassLogAdmin, event.ActClear
	case "AUT23457": // login failed: told of after the authentication that did
		o, reason, again = event.OutcomeFailure, event.ReasonBadCredentials, true
	case "AUT22673", "AUT20914", "AUT20915": // logout, and sessions that timed out
		a = event.ActLogoff
	default:
		return nil
	}
	in := p.env.Intern
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.env.Clock.Absolute(r.micros), c, a, o, reason
	ev.Ref, ev.DstHost, ev.Service, ev.Account = p.env.Ref(p.rec), in.Bytes(r.node), "ivanti-vpn", in.Bytes(r.user)
	ev.SrcIP, _ = p.env.addr(r.ip)
	if o == event.OutcomeFailure && !again {
		p.again(ev, true)
	} else if again {
		again = p.again(ev, false)
	}
	var rest remainder
	rest.text("record", in.Bytes(r.stamp))
	rest.text("code", in.Bytes(r.code))
	rest.text("detail", string(bytes.ReplaceAll(r.rest[:min(len(r.rest), 300)], []byte("\t"), []byte("; "))))
	if again {
		ev.Count = event.Some(0)
		rest.flag("repeat", true)
	}
	ev.Rest = rest.rest(p.out)
	return nil
}
