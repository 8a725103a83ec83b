// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var cef = Format{
	Name:   "cef",
	Also:   []string{"arcsight"},
	Source: "collector",
	About: About{
		What: "Common Event Format 0 and 1 (ArcSight), as mail gateways, proxies, appliances and security products send it through syslog or write it to files.",
		Export: "Choose CEF as the format of the syslog output of the product (Trend Micro, Check Point, Imperva, F5, Fortinet, Citrix, Infoblox and many others have it), " +
			"and let the collector write the lines as they come. Switch on the categories of logins and of administration: many products send detections alone by default.",
		Takes: "Time (rt, end, start), accounts with their domain, source and destination with ports and names, action, outcome and reason, request, file, user agent, bytes, " +
			"count, the product, the signature and the event's own identifier (externalId).",
		Leaves: "Custom fields (cs1 to cs6, cn1 to cn3 and the like), whose meaning each product sets. A product that does not write = in values as \\= lets what users type " +
			"look like fields; the first field of a name counts. The outcome of a login stays unknown where neither outcome, act nor the name of the event says it. " +
			"Where rt, end and start cannot be read, the time is that of syslog's head.",
	},
	Sniff: func(rec []byte) float64 {
		if b, _ := cefStart(rec, "CEF:"); b != nil {
			return 0.96
		}
		return 0
	},
	New:    func(env *Env) Parser { return &cefParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{"CEF:"},
	Rank:   RankSchema,
}

// cefStart returns what stands behind "CEF:" or "LEEF:" and what before it: at the beginning, behind a syslog head, or behind
// whatever a relay put there. What a program wrote as its message does not count unless the mark begins it.
func cefStart(rec []byte, mark string) (body, before []byte) {
	i := index(rec[:min(len(rec), 256)], mark)
	if i < 0 || i+len(mark) >= len(rec) || !isDigit(rec[i+len(mark)]) {
		return nil, nil
	}
	before = bytes.TrimRight(rec[:i], " ")
	if len(before) == 0 || rec[i-1] == ' ' || rec[i-1] == '>' || rec[i-1] == 0xbf {
		if s, ok := sniffSyslog(rec); ok && len(s.Program) > 0 && !hasPrefix(s.Message, mark) && !isPrefix(s.Program, mark[:len(mark)-1]) {
			return nil, nil
		}
		return rec[i+len(mark):], before
	}
	return nil, nil
}

type cefParser struct {
	env   *Env
	n     named
	buf   []byte
	parts [7][]byte
	at    [slots]int // how sure the field is that a slot was taken from
}

// Flush implements Parser.
func (p *cefParser) Flush(*event.Batch) {}

// Parse reads one record.
func (p *cefParser) Parse(rec *event.Record, out *event.Batch) error {
	b, _ := cefStart(rec.Data, "CEF:")
	if b == nil {
		return ErrOtherFormat
	}
	p.buf = p.buf[:0]
	ext, ok := p.header(b)
	if !ok {
		return ErrBroken
	}
	n := &p.n
	n.reset(p.env)
	p.at = [slots]int{}
	p.extension(ext)
	when, ok := n.moment(sTime)
	if !ok {
		s, head := p.env.Syslog(rec)
		if !head {
			return ErrNoTime
		}
		when = s.Time
		n.set(sHost, cell(s.Host))
	}
	n.set(sAction, cell(p.parts[5]))
	n.rest = append(n.rest, event.Text("product", p.product()), event.Text("signature", p.env.Intern.Bytes(p.parts[4])), event.Text("name", p.env.Intern.Bytes(p.parts[5])))
	n.set(sSeverity, cell(p.parts[6]))
	n.low = appendSmall(n.low[:0], p.parts[5])
	n.low = appendSmall(append(n.low, ' '), n.v[sCategory].text(&n.buf))
	n.login = loginWords(n.low)
	named := outcomeOf(n.low)
	p.classify()
	ev := n.emit(when, rec, out)
	if ev.Class == event.ClassAuthentication && ev.Outcome == event.OutcomeUnknown {
		if ev.Outcome = named; named == event.OutcomeFailure {
			ev.Reason = reasonOf(appendSmall(n.low[:0], p.parts[5]))
		}
	}
	return nil
}

func (p *cefParser) product() string {
	from := len(p.buf)
	p.buf = append(append(append(p.buf, p.parts[1]...), ' '), p.parts[2]...)
	return p.env.Intern.Bytes(p.buf[from:])
}

// header cuts version, vendor, product, version, signature, name and severity, in which \| and \\ stand for | and \.
func (p *cefParser) header(b []byte) (ext []byte, ok bool) {
	if need := len(b); cap(p.buf) < need+256 {
		p.buf = make([]byte, 0, 2*need+256)
	}
	for k := range p.parts {
		i, odd := 0, false
		for ; i < len(b) && b[i] != '|'; i++ {
			if b[i] == '\\' && i+1 < len(b) {
				i++
				odd = true
			}
		}
		if i >= len(b) {
			if k < 6 {
				return nil, false
			}
			p.parts[k] = bytes.TrimSpace(b) // some stop behind the severity
			return nil, true
		}
		p.parts[k] = b[:i]
		if odd {
			p.parts[k] = p.unescape(b[:i])
		}
		b = b[i+1:]
	}
	return b, true
}

// unescape takes off backslashes. It never grows buf: what it wrote before must stay.
func (p *cefParser) unescape(b []byte) []byte {
	from := len(p.buf)
	for i := 0; i < len(b) && len(p.buf) < cap(p.buf); i++ {
		c := b[i]
		if c == '\\' && i+1 < len(b) {
			i++
			if c = b[i]; c == 'n' || c == 'r' {
				c = ' '
			}
		}
		p.buf = append(p.buf, c)
	}
	return p.buf[from:len(p.buf):len(p.buf)]
}

// extension cuts "key=value key=value". A value goes on to the next word that a bare = follows.
func (p *cefParser) extension(b []byte) {
	b = bytes.TrimRight(b, " \r\n")
	key, rest, _ := bytes.Cut(b, []byte("="))
	if sp := bytes.LastIndexByte(key, ' '); sp >= 0 {
		key = key[sp+1:]
	}
	for rest != nil {
		value, next, more := cefValue(rest)
		value = bytes.TrimRight(value, " ")
		if bytes.IndexByte(value, '\\') >= 0 {
			value = p.unescape(value)
		}
		if s, sure := cefSlot(key); s != sNone && len(value) > 0 && sure > p.at[s] && !blank(cell(value)) {
			p.n.v[s], p.at[s] = cell(value), sure
		}
		key, rest = next, more
	}
}

// cefValue cuts b into a value, the key behind it and what follows that key; nil if it is the last.
func cefValue(b []byte) (value, key, rest []byte) {
	space := -1 // the last one that only a key's letters follow
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\':
			i++
			space = -1
		case c == ' ':
			space = i
		case c == '=' && space >= 0 && i > space+1:
			return b[:space], b[space+1 : i], b[i+1:]
		case !cefKeyByte(c):
			space = -1
		}
	}
	return b, nil, nil
}

// cefKeyByte says whether c can stand in a key of an extension.
func cefKeyByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || isDigit(c) || c == '_' || c == '.' || c == '[' || c == ']' || c == '-'
}

// cefSlot returns what a key says, and how sure it is that this is it: of several the greatest counts, of equal ones the first.
func cefSlot(key []byte) (slot, int) {
	switch string(key) {
	case "rt", "deviceReceiptTime":
		return sTime, 3
	case "end", "endTime":
		return sTime, 2
	case "start", "startTime", "deviceTime":
		return sTime, 1
	case "src", "sourceAddress", "c6a2":
		return sSrcIP, 3
	case "sourceTranslatedAddress":
		return sSrcIP, 1
	case "spt", "sourcePort":
		return sSrcPort, 1
	case "shost", "sourceHostName":
		return sSrcHost, 1
	case "dst", "destinationAddress", "c6a3":
		return sDstIP, 3
	case "dpt", "destinationPort":
		return sDstPort, 1
	case "dhost", "destinationHostName":
		return sDstHost, 1
	case "dvchost", "deviceHostName":
		return sHost, 2
	case "dvc", "deviceAddress":
		return sHost, 1
	case "duser", "destinationUserName":
		return sTarget, 2
	case "duid", "destinationUserId":
		return sTarget, 1
	case "suser", "sourceUserName":
		return sAccount, 3
	case "usrName", "user", "userName":
		return sAccount, 2
	case "suid", "sourceUserId":
		return sAccount, 1
	case "sntdom", "sourceNtDomain", "dntdom", "destinationNtDomain":
		return sDomain, 1
	case "act", "deviceAction":
		return sMessage, 2 // what the device did; the event's name says what happened
	case "msg", "message":
		return sReason, 1
	case "reason", "Reason":
		return sReason, 3
	case "outcome", "eventOutcome", "categoryOutcome":
		return sOutcome, 2
	case "cat", "deviceEventCategory":
		return sCategory, 2
	case "app", "applicationProtocol":
		return sService, 2
	case "destinationServiceName", "sourceServiceName":
		return sService, 3
	case "requestClientApplication":
		return sClient, 1
	case "requestMethod":
		return sMethod, 1
	case "request", "requestUrl":
		return sObject, 3
	case "filePath":
		return sObject, 2
	case "fname", "fileName":
		return sObject, 1
	case "in", "bytesIn":
		return sBytesIn, 1
	case "out", "bytesOut":
		return sBytesOut, 1
	case "cnt", "baseEventCount":
		return sCount, 1
	case "externalId", "eventId":
		return sID, 1
	}
	return sNone, 0
}

// classify decides between the account that acts and the one that is acted on, and sets the class where fields say it.
func (p *cefParser) classify() {
	n := &p.n
	mail := func(s slot) bool { return bytes.IndexByte(n.v[s].raw, '@') > 0 }
	switch {
	case n.login:
		if n.has(sTarget) { // duser is who logs in; suser, where it differs, is on whose behalf it was asked
			if n.has(sAccount) && !bytes.Equal(n.v[sAccount].raw, n.v[sTarget].raw) {
				n.rest = append(n.rest, event.Text("by", n.text(sAccount)))
			}
			n.v[sAccount] = n.v[sTarget]
		}
		n.v[sTarget] = jsonValue{}
	case mail(sAccount) && mail(sTarget):
		n.class, n.known = event.ClassMail, true
	case hasAny(n.low, "attack", "malware", "virus", "intrusion", "injection", "exploit", "threat", "phishing", "trojan", "ransom"):
		n.class, n.known = event.ClassDetection, true
	case !n.has(sAccount):
		n.v[sAccount], n.v[sTarget] = n.v[sTarget], jsonValue{}
	}
	if n.has(sMessage) { // act
		n.low = appendSmall(n.low[:0], n.v[sMessage].raw)
		if !n.has(sOutcome) && n.login {
			n.v[sOutcome] = n.v[sMessage]
		}
		n.rest = append(n.rest, event.Text("act", n.text(sMessage)))
		if activityOf(n.low) == event.ActRefuse || !n.login {
			n.v[sAction], n.v[sMessage] = n.v[sMessage], jsonValue{}
		} else {
			n.v[sMessage] = jsonValue{}
		}
	}
}
