// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strconv"

	"github.com/sekisho/sekisho/event"
)

var leef = Format{
	Name:   "leef",
	Also:   []string{"qradar"},
	Source: "collector",
	About: About{
		What: "Log Event Extended Format 1.0 and 2.0 (QRadar), as appliances and security products send it through syslog or write it to files.",
		Export: "Choose LEEF as the format of the syslog output of the product, and let the collector write the lines as they come. " +
			"Switch on the categories of logins and of administration.",
		Takes: "Time (devTime), account with realm or domain, source and destination with ports and names, category, action and result, resource and URL, bytes, " +
			"the product and the identifier of the kind of event; isLoginEvent and isLogoutEvent.",
		Leaves: "Fields that a product defines for itself. A devTime in a layout of the product's own (devTimeFormat) is read where it is one of the usual ones; " +
			"else the time of the syslog head counts.",
	},
	Sniff: func(rec []byte) float64 {
		if b, _ := cefStart(rec, "LEEF:"); b != nil {
			return 0.96
		}
		return 0
	},
	New:    func(env *Env) Parser { return &leefParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{"LEEF:"},
	Rank:   RankSchema,
}

type leefParser struct {
	env   *Env
	n     named
	parts [5][]byte
	buf   []byte
}

// Flush implements Parser.
func (p *leefParser) Flush(*event.Batch) {}

// Parse reads one record.
func (p *leefParser) Parse(rec *event.Record, out *event.Batch) error {
	b, _ := cefStart(rec.Data, "LEEF:")
	if b == nil {
		return ErrOtherFormat
	}
	for k := range p.parts {
		i := bytes.IndexByte(b, '|')
		if i < 0 {
			if k < 4 {
				return ErrBroken
			}
			i = len(b)
		}
		p.parts[k] = b[:i]
		b = b[min(i+1, len(b)):]
	}
	delimiter := byte('\t')
	if hasPrefix(p.parts[0], "2") {
		b, delimiter = leefDelimiter(b)
	} else if bytes.IndexByte(b, '\t') < 0 && bytes.Count(b, []byte("^")) > 1 {
		delimiter = '^'
	}
	n := &p.n
	n.reset(p.env)
	logout := p.attributes(b, delimiter)
	when, ok := n.moment(sTime)
	if !ok {
		s, head := p.env.Syslog(rec)
		if !head {
			return ErrNoTime
		}
		when = s.Time
		n.set(sHost, cell(s.Host))
	}
	p.buf = append(append(append(p.buf[:0], p.parts[1]...), ' '), p.parts[2]...)
	n.rest = append(n.rest, event.Text("product", p.env.Intern.Bytes(p.buf)), event.Text("signature", p.env.Intern.Bytes(p.parts[4])))
	n.low = appendSmall(append(appendSmall(n.low[:0], p.parts[4]), ' '), n.v[sCategory].text(&n.buf))
	words := outcomeOf(n.low)
	n.login = n.login || loginWords(n.low)
	n.set(sAction, cell(p.parts[4]))
	ev := n.emit(when, rec, out)
	if ev.Class == event.ClassAuthentication {
		if logout {
			ev.Activity = event.ActLogoff
		}
		if ev.Outcome == event.OutcomeUnknown {
			if ev.Outcome = words; words == event.OutcomeFailure {
				ev.Reason = event.ReasonBadCredentials
			}
		}
	}
	return nil
}

// leefDelimiter takes version 2's field that says what separates attributes: a character, or its number in hexadecimal.
func leefDelimiter(b []byte) ([]byte, byte) {
	i := bytes.IndexByte(b, '|')
	if i < 0 || i > 6 {
		return b, '\t'
	}
	d := b[:i]
	switch {
	case len(d) == 1:
		return b[i+1:], d[0]
	case len(d) > 1 && (d[0] == 'x' || hasPrefix(d, "0x")):
		if v, err := strconv.ParseUint(string(d[bytes.IndexByte(d, 'x')+1:]), 16, 8); err == nil {
			return b[i+1:], byte(v)
		}
	case len(d) == 0:
		return b[1:], '\t'
	}
	return b, '\t'
}

// attributes takes "key=value" between delimiters and says whether it is a logout.
func (p *leefParser) attributes(b []byte, delimiter byte) (logout bool) {
	n := &p.n
	for len(b) > 0 {
		a := b
		if i := bytes.IndexByte(b, delimiter); i >= 0 {
			a, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		key, value, ok := bytes.Cut(bytes.Trim(a, " \r\n"), []byte("="))
		if !ok {
			continue
		}
		switch string(key) {
		case "isLoginEvent":
			n.login = n.login || string(value) == "true"
		case "isLogoutEvent":
			if string(value) == "true" {
				n.login, logout = true, true
			}
		default:
			n.set(leefSlot(key), cell(value))
		}
	}
	return logout
}

func leefSlot(key []byte) slot {
	switch string(key) {
	case "devTime":
		return sTime
	case "usrName", "accountName", "userName", "identUserName":
		return sAccount
	case "domain", "realm":
		return sDomain
	case "src", "srcIP":
		return sSrcIP
	case "srcPort":
		return sSrcPort
	case "srcHostName", "identHostName":
		return sSrcHost
	case "dst", "dstIP":
		return sDstIP
	case "dstPort":
		return sDstPort
	case "dstHostName":
		return sDstHost
	case "devHostName", "deviceName":
		return sHost
	case "cat":
		return sCategory
	case "action":
		return sMessage
	case "result", "outcome", "status":
		return sOutcome
	case "reason", "msg":
		return sReason
	case "url", "resource", "filePath", "fileName":
		return sObject
	case "method":
		return sMethod
	case "userAgent":
		return sClient
	case "srcBytes", "totalBytesOut":
		return sBytesOut
	case "dstBytes", "totalBytesIn":
		return sBytesIn
	case "service", "application", "proto":
		return sService
	case "sev":
		return sSeverity
	case "externalId", "eventUID":
		return sID
	}
	return sNone
}
