// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// The columns of Exchange's protocol logs: "…,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context".
const (
	expConnector = iota
	expSession
	expLocal
	expRemote
	expEvent
	expData
	expContext
	expColumns
)

// protocolColumns says where the columns of a protocol log stand, one more; ok is false for another log.
func protocolColumns(cells [][]byte) (at [expColumns]int, ok bool) {
	for i, c := range cells {
		switch string(c) {
		case "connector-id":
			at[expConnector] = i + 1
		case "session-id":
			at[expSession] = i + 1
		case "local-endpoint":
			at[expLocal] = i + 1
		case "remote-endpoint":
			at[expRemote] = i + 1
		case "event":
			at[expEvent] = i + 1
		case "data":
			at[expData] = i + 1
		case "context":
			at[expContext] = i + 1
		}
	}
	return at, at[expSession] > 0 && at[expRemote] > 0 && at[expEvent] > 0 && at[expData] > 0
}

// protocol reads a row of a protocol log: who logged in by SMTP ("*" and "authenticated"), and that a login was refused, which is told
// without the name (the answer 535 of the server). What else is said in the session is passed over.
func (p *exchangeParser) protocol(rec *event.Record, out *event.Batch) error {
	get := func(col int) []byte {
		if i := p.proto[col]; i > 0 && i <= len(p.row.cells) {
			return p.row.cells[i-1]
		}
		return nil
	}
	data := get(expData)
	refused := string(get(expEvent)) == ">" && isPrefix(data, "535 ")
	login := string(get(expEvent)) == "*" && string(get(expContext)) == "authenticated" && len(data) > 0
	if !refused && !login {
		return nil
	}
	when, ok := p.env.timeUTC(p.row.cells[0])
	if !ok {
		return ErrNoTime
	}
	p.out, p.rec, p.when = out, rec, when
	var ev *event.Event
	if refused {
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
	} else {
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		ev.Account = p.env.Intern.Bytes(data)
	}
	ev.Service = "smtp"
	if a, port, ok := p.env.addrPort(get(expRemote)); ok {
		ev.SrcIP, ev.SrcPort = a, port
	}
	if a, port, ok := p.env.addrPort(get(expLocal)); ok {
		ev.DstIP, ev.DstPort = a, port
	}
	connector := get(expConnector)
	if host, _, ok := bytes.Cut(connector, []byte("\\")); ok {
		ev.DstHost = p.env.Intern.Bytes(host)
	}
	in := p.env.Intern
	ev.Rest = out.Rest(event.Text("connector", in.Bytes(connector)), event.Text("session", in.Bytes(get(expSession))))
	return nil
}
