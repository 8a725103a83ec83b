// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var nps = Format{
	Name:   "nps",
	Also:   []string{"ias"},
	Source: "radius",
	About: About{
		What: "Accounting logs of Microsoft's Network Policy Server and Internet Authentication Service (Windows Server 2003 to 2025): IN*.log in all three forms, DTS (XML), " +
			"database-compatible (ODBC) and IAS.",
		Export: "Copy C:\\Windows\\System32\\LogFiles\\IN*.log. In the NPS console: Accounting, log file properties: authentication requests, accounting requests and their interim forms must be " +
			"ticked; DTS holds the most. The Security log's 6272 to 6280 tell the same and are read from there.",
		Takes:  "Logins accepted and refused with name, reason, access point, policy and the device's hardware address, request and answer joined into one event; from accounting who had which address.",
		Leaves: "Requests alone, challenges, and attributes other than those named. The times are the server's local ones. In the IAS and database forms the name in the answer may be the directory's, not the one typed.",
	},
	Sniff: func(rec []byte) float64 {
		switch npsForm(rec) {
		case npsDTS:
			return 0.97
		case npsODBC, npsIAS:
			return 0.93
		}
		return 0
	},
	New:    func(env *Env) Parser { return &npsParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"<Event>", `"IAS"`, `"RAS"`, "IAS,", "NPS,"},
}

type npsKind uint8

const (
	npsNone npsKind = iota
	npsDTS
	npsODBC
	npsIAS
)

// npsForm says which of the forms a line is of.
func npsForm(b []byte) npsKind {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	switch {
	case isPrefix(b, "<Event><Timestamp data_type=") || isPrefix(b, "<Event>") && has(b[:min(len(b), 400)], "<Event-Source data_type="):
		return npsDTS
	case len(b) > 20 && b[0] == '"':
		e := bytes.IndexByte(b[1:], '"')
		if e > 0 && (isPrefix(b[1+e:], "\",\"IAS\",") || isPrefix(b[1+e:], "\",\"RAS\",")) {
			return npsODBC
		}
		return npsNone
	}
	c := bytes.IndexByte(b[:min(len(b), 46)], ',')
	if c < 7 || !looksLikeAddr(b[:c]) {
		return npsNone
	}
	if npsMark(b) > 0 {
		return npsIAS
	}
	return npsNone
}

// npsMark returns where ",IAS," or ",NPS," stands behind date and time in a line of the IAS form; 0 if nowhere.
func npsMark(b []byte) int {
	head := b[:min(len(b), 400)]
	for at := 0; ; {
		i := index(head[at:], "S,")
		if i < 0 {
			return 0
		}
		i += at
		at = i + 2
		if i < 23 || head[i-3] != ',' || string(head[i-2:i]) != "IA" && string(head[i-2:i]) != "NP" {
			continue
		}
		if npsDate(head[i-22 : i-3]) {
			return i - 3
		}
	}
}

// npsDate says whether b is "06/02/2025,09:00:00".
func npsDate(b []byte) bool {
	_, ok := npsTime(b[:10], b[11:])
	return ok && b[10] == ','
}

// npsTime reads "06/02/2025" and "09:00:00".
func npsTime(d, c []byte) (Civil, bool) {
	var t Civil
	if len(d) != 10 || d[2] != '/' || d[5] != '/' {
		return t, false
	}
	t.Month, _ = digits(d, 2)
	t.Day, _ = digits(d[3:], 2)
	t.Year, _ = digits(d[6:], 4)
	return t, parseTimeOfDay(c, &t) > 0 && t.Year > 0 && t.Valid()
}

// npsField is an attribute that is read, whatever it is called in a form.
type npsField uint8

const (
	nSkip npsField = iota
	nTime
	nComputer
	nPacket
	nUser
	nSAM
	nFull
	nCalled
	nCalling
	nFramedIP
	nFramedIPv6
	nNASName
	nNASIP
	nClientIP
	nClientName
	nPolicy
	nReason
	nClass
	nStatus
	nIn
	nOut
	nSession
	nTook
	nCause
	nEAP
	nFields
)

type npsParser struct {
	env   *Env
	row   csvRow
	v     [nFields][]byte
	asked [32]npsAsked // requests that wait for their answers
	next  int
}

// npsAsked is a request: the answer to it does not repeat whose device it was.
type npsAsked struct {
	waits                                                  bool
	at                                                     event.Micros
	class, client, user, calling, called, nas, nasIP, name string
	ref                                                    event.Ref
}

func (p *npsParser) Flush(*event.Batch) {}

func (p *npsParser) Parse(rec *event.Record, out *event.Batch) error {
	b := bytes.TrimRight(bytes.TrimPrefix(rec.Data, []byte("\xef\xbb\xbf")), "\r\n ")
	p.v = [nFields][]byte{}
	var at event.Micros
	var ok bool
	switch npsForm(b) {
	case npsDTS:
		at, ok = p.dts(b)
	case npsODBC:
		at, ok = p.odbc(b)
	case npsIAS:
		at, ok = p.ias(b)
	default:
		return ErrOtherFormat
	}
	if !ok {
		return ErrBroken
	}
	p.record(rec, out, at)
	return nil
}

// dts reads "<Event><Timestamp data_type="4">06/02/2025 09:00:00.123</Timestamp>…</Event>".
func (p *npsParser) dts(b []byte) (event.Micros, bool) {
	b = b[len("<Event>"):]
	for len(b) > 1 && b[0] == '<' && b[1] != '/' {
		end := bytes.IndexByte(b, '>')
		if end < 0 {
			return 0, false
		}
		name, _ := nextWord(b[1:end])
		stop := bytes.IndexByte(b[end:], '<') // values hold none: it is written as &lt;
		if stop < 0 {
			return 0, false
		}
		val := b[end+1 : end+stop]
		if f := npsName(name); f != nSkip && p.v[f] == nil {
			p.v[f] = val
		}
		b = b[end+stop:]
		if len(b) < 2 || b[1] != '/' {
			return 0, false
		}
		if end = bytes.IndexByte(b, '>'); end < 0 {
			return 0, false
		}
		b = b[end+1:]
	}
	d, c := nextWord(p.v[nTime])
	t, ok := npsTime(d, c)
	if !ok {
		return 0, false
	}
	return p.env.Clock.Moment(t), true
}

func npsName(name []byte) npsField {
	switch string(name) {
	case "Timestamp":
		return nTime
	case "Computer-Name":
		return nComputer
	case "Packet-Type":
		return nPacket
	case "User-Name":
		return nUser
	case "SAM-Account-Name":
		return nSAM
	case "Fully-Qualifed-User-Name", "Fully-Qualified-User-Name":
		return nFull
	case "Called-Station-Id", "Called-Station-ID":
		return nCalled
	case "Calling-Station-Id", "Calling-Station-ID":
		return nCalling
	case "Framed-IP-Address":
		return nFramedIP
	case "Framed-IPv6-Address":
		return nFramedIPv6
	case "NAS-Identifier":
		return nNASName
	case "NAS-IP-Address", "NAS-IPv6-Address":
		return nNASIP
	case "Client-IP-Address":
		return nClientIP
	case "Client-Friendly-Name":
		return nClientName
	case "NP-Policy-Name":
		return nPolicy
	case "Reason-Code":
		return nReason
	case "Class":
		return nClass
	case "Acct-Status-Type":
		return nStatus
	case "Acct-Input-Octets":
		return nIn
	case "Acct-Output-Octets":
		return nOut
	case "Acct-Session-Id":
		return nSession
	case "Acct-Session-Time":
		return nTook
	case "Acct-Terminate-Cause":
		return nCause
	case "EAP-Friendly-Name":
		return nEAP
	}
	return nSkip
}

// odbc reads a row of the database-compatible form, whose columns never change.
func (p *npsParser) odbc(b []byte) (event.Micros, bool) {
	if !p.row.split(b) || len(p.row.cells) < 26 {
		return 0, false
	}
	c := p.row.cells
	t, ok := npsTime(c[2], c[3])
	if !ok {
		return 0, false
	}
	for i, f := range [...]npsField{0: nComputer, 4: nPacket, 5: nUser, 6: nFull, 7: nCalled, 8: nCalling, 10: nFramedIP, 11: nNASName, 12: nNASIP, 15: nClientIP, 16: nClientName,
		24: nPolicy, 25: nReason, 26: nClass, 30: nEAP, 31: nStatus, 33: nIn, 34: nOut, 35: nSession, 37: nTook, 40: nCause} {
		if f != nSkip && i < len(c) && len(c[i]) > 0 {
			p.v[f] = c[i]
		}
	}
	return p.env.Clock.Moment(t), true
}

// ias reads "192.0.2.9,hanako,06/02/2025,09:00:00,IAS,NPS1,4,192.0.2.9,31,…": six fields, then numbers of attributes and their values. A
// name with a comma in it is not mistaken for more: the time is looked for.
func (p *npsParser) ias(b []byte) (event.Micros, bool) {
	i := npsMark(b)
	t, ok := npsTime(b[i-19:i-9], b[i-8:i])
	if !ok {
		return 0, false
	}
	c := bytes.IndexByte(b, ',')
	if p.v[nNASIP] = b[:c]; c+1 < i-20 {
		p.v[nUser] = b[c+1 : i-20]
	}
	rest := b[i+5:]
	p.v[nComputer], rest, _ = bytes.Cut(rest, []byte(","))
	for len(rest) > 0 {
		var key, val []byte
		key, rest, _ = bytes.Cut(rest, []byte(","))
		val, rest, _ = bytes.Cut(rest, []byte(","))
		if f := npsAttribute(key); f != nSkip && p.v[f] == nil {
			p.v[f] = val
		}
	}
	return p.env.Clock.Moment(t), true
}

func npsAttribute(n []byte) npsField {
	switch string(n) {
	case "8":
		return nFramedIP
	case "25":
		return nClass
	case "30":
		return nCalled
	case "31":
		return nCalling
	case "32":
		return nNASName
	case "40":
		return nStatus
	case "42":
		return nIn
	case "43":
		return nOut
	case "44":
		return nSession
	case "46":
		return nTook
	case "49":
		return nCause
	case "4108":
		return nClientIP
	case "4128":
		return nClientName
	case "4129":
		return nSAM
	case "4130":
		return nFull
	case "4136":
		return nPacket
	case "4142":
		return nReason
	case "4132":
		return nEAP
	case "4149":
		return nPolicy
	}
	return nSkip
}
