// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var exchangeTracking = Format{
	Name:   "exchange-tracking",
	Also:   []string{"message-tracking"},
	Source: "mail",
	About: About{
		What: "Message tracking of Exchange Server 2010 to 2019 and Subscription Edition: the files MSGTRK*.LOG of every mailbox and transport server, and what Get-MessageTrackingLog | Export-Csv gives.",
		Export: "Copy %ExchangeInstallPath%TransportRoles\\Logs\\MessageTracking\\MSGTRK*.LOG of every server; 30 days or 1 GB are kept unless Set-TransportService -MessageTrackingLogMaxAge says otherwise. " +
			"Or: Get-TransportService | Get-MessageTrackingLog -ResultSize Unlimited -Start … | Export-Csv -Encoding UTF8.",
		Takes: "Each message that came in or was sent by a mailbox, with sender, client, size and number of recipients; each delivery, forwarding, refusal and failure with its recipient; subject and identifiers. Of the protocol logs of receive connectors, who logged in by SMTP, and refused logins, which have no name there.",
		Leaves: "The content of mails, who read them (the mailbox audit log tells of that), and with which password a client logged in (IIS' log and the SMTP protocol log do). Records of the steps between are passed over: " +
			"expanded lists, agents, copies for high availability.",
	},
	Framing: event.FrameCSV,
	Sniff:   sniffExchange,
	New:     func(env *Env) Parser { return &exchangeParser{env: env} },
	Shapes:  ShapeSyslog | ShapeText,
	Marks:   []string{"#Log-type: Message Tracking Log", "#Log-type: SMTP Receive Protocol Log", "#Fields: date-time,", "#Software: Microsoft Exchange", "InternalMessageId"},
}

func sniffExchange(rec []byte) float64 {
	rec = bytes.TrimPrefix(rec, []byte("\xef\xbb\xbf"))
	switch {
	case isPrefix(rec, "#Log-type: Message Tracking Log"), isPrefix(rec, "#Log-type: SMTP Receive Protocol Log"):
		return 1
	case isPrefix(rec, "#Fields: date-time,client-ip,client-hostname,"):
		return 1
	case isPrefix(rec, "#Software: Microsoft Exchange Server"), isPrefix(rec, "#Software: Microsoft Exchange"):
		return 0.5
	case isExchangeHeader(rec):
		return 1
	}
	return 0
}

// isExchangeHeader says whether a row is the header of Get-MessageTrackingLog's export.
func isExchangeHeader(rec []byte) bool {
	return has(rec[:min(len(rec), 600)], "EventId") && has(rec, "InternalMessageId") && has(rec, "MessageSubject") && bytes.IndexByte(rec, ',') > 0
}

const (
	exNone = iota
	exTime
	exClientIP
	exClientHost
	exServerIP
	exServerHost
	exConnector
	exSource
	exEvent
	exMessageID
	exNetworkID
	exRecipients
	exStatus
	exBytes
	exCount
	exRelated
	exSubject
	exSender
	exReturn
	exDirection
	exOriginalIP
	exFields
)

func exchangeField(name []byte) uint8 {
	switch string(name) {
	case "datetime", "timestamp":
		return exTime
	case "clientip":
		return exClientIP
	case "clienthostname":
		return exClientHost
	case "serverip":
		return exServerIP
	case "serverhostname":
		return exServerHost
	case "connectorid":
		return exConnector
	case "source":
		return exSource
	case "eventid":
		return exEvent
	case "messageid":
		return exMessageID
	case "networkmessageid":
		return exNetworkID
	case "recipientaddress", "recipients":
		return exRecipients
	case "recipientstatus":
		return exStatus
	case "totalbytes":
		return exBytes
	case "recipientcount":
		return exCount
	case "relatedrecipientaddress":
		return exRelated
	case "messagesubject":
		return exSubject
	case "senderaddress", "sender":
		return exSender
	case "returnpath":
		return exReturn
	case "directionality":
		return exDirection
	case "originalclientip":
		return exOriginalIP
	}
	return exNone
}

type exchangeParser struct {
	env     *Env
	row     csvRow
	columns []uint8
	begun   bool // the file said what it is
	local   bool // the export's times are the machine's, those of the files are UTC
	f       [exFields][]byte
	key     []byte
	proto   [expColumns]int // where the columns of a protocol log stand
	isProto bool
	out     *event.Batch
	rec     *event.Record
	when    event.Micros
}

func (p *exchangeParser) Flush(*event.Batch) {}

func (p *exchangeParser) Parse(rec *event.Record, out *event.Batch) error {
	b := bytes.TrimPrefix(rec.Data, []byte("\xef\xbb\xbf"))
	switch {
	case isPrefix(b, "#Fields: date-time,"):
		p.local = false
		return p.header(b[len("#Fields: "):])
	case isPrefix(b, "#Software: Microsoft Exchange"), isPrefix(b, "#Log-type: Message Tracking Log"), isPrefix(b, "#Log-type: SMTP Receive Protocol Log"):
		p.begun = true
		return nil
	case len(b) > 0 && b[0] == '#' && (p.begun || p.columns != nil || isPrefix(b, "#TYPE Microsoft.Exchange")):
		return nil
	case isExchangeHeader(b):
		p.local = true
		return p.header(b)
	case p.columns == nil:
		return ErrOtherFormat
	}
	if !p.row.split(b) {
		return ErrBroken
	}
	if len(p.row.cells) < len(p.columns)/2 {
		return ErrOtherFormat
	}
	if p.isProto {
		return p.protocol(rec, out)
	}
	p.f = [exFields][]byte{}
	for i, c := range p.row.cells {
		if i < len(p.columns) && p.columns[i] != exNone {
			p.f[p.columns[i]] = c
		}
	}
	return p.record(rec, out)
}

func (p *exchangeParser) header(b []byte) error {
	if !p.row.split(b) {
		return ErrBroken
	}
	p.proto, p.isProto = protocolColumns(p.row.cells)
	p.columns = p.columns[:0]
	for _, c := range p.row.cells {
		p.key = columnName(p.key[:0], c)
		p.columns = append(p.columns, exchangeField(p.key))
	}
	return nil
}

// record reads one row. The source and the event together say what it is.
func (p *exchangeParser) record(rec *event.Record, out *event.Batch) error {
	p.rec, p.out = rec, out
	at := p.f[exTime]
	t, n := parseISOStamp(at)
	if n == 0 {
		if t, n = parseSlashDate(at); n == 0 {
			return ErrNoTime
		}
	}
	if !t.HasZone && !p.local {
		t.HasZone = true
	}
	p.when = p.env.Clock.Moment(t)
	source := string(p.f[exSource])
	switch string(p.f[exEvent]) {
	case "RECEIVE":
		p.sent(source == "STOREDRIVER" || source == "ROUTING")
	case "SUBMIT":
		p.sent(false)
	case "DELIVER", "SEND", "SENDEXTERNAL", "DUPLICATEDELIVER":
		p.delivered(event.OutcomeSuccess, event.ReasonNone)
	case "FAIL", "BADMAIL", "POISONMESSAGE", "SUBMITFAIL":
		reason := event.ReasonOther
		if s := p.f[exStatus]; has(s, "5.1.1") || has(s, "RecipNotFound") {
			reason = event.ReasonNoSuchAccount
		} else if has(s, "5.7.") {
			reason = event.ReasonDenied
		}
		p.delivered(event.OutcomeFailure, reason)
	case "DEFER", "SUBMITDEFER":
		p.delivered(event.OutcomeFailure, event.ReasonUnavailable)
	case "REDIRECT": // a rule or the mailbox's forwarding sends it on
		ev := p.add(event.ClassMail, event.ActSend, event.OutcomeSuccess, event.ReasonNone)
		ev.Account, ev.Target = p.text(exRelated), p.env.Intern.Bytes(firstRecipient(p.f[exRecipients]))
		p.rest(ev, event.Flag("redirected", true))
	}
	return nil
}

func (p *exchangeParser) text(i int) string { return p.env.Intern.Bytes(p.f[i]) }

func (p *exchangeParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Service, ev.Ref = "exchange", p.env.Ref(p.rec)
	return ev
}

// sent is a message that entered the system: from outside, from a device, or from a mailbox. What the transport takes over from
// the mailbox is the same message again.
func (p *exchangeParser) sent(repeat bool) {
	ev := p.add(event.ClassMail, event.ActSend, event.OutcomeSuccess, event.ReasonNone)
	ev.Account = p.text(exSender)
	ev.SrcHost, ev.DstHost = p.text(exClientHost), p.text(exServerHost)
	for _, i := range [...]int{exOriginalIP, exClientIP} {
		if a, ok := p.env.addr(p.f[i]); ok {
			ev.SrcIP = a
			break
		}
	}
	if a, ok := p.env.addr(p.f[exServerIP]); ok {
		ev.DstIP = a
	}
	ev.BytesOut, ev.Count = someNumber(p.f[exBytes]), someNumber(p.f[exCount])
	if repeat {
		ev.Count = event.Some(0)
		p.rest(ev, event.Flag("repeat", true))
		return
	}
	p.rest(ev)
}

// exchangeRecipients bounds the events of one record.
const exchangeRecipients = 1000

// delivered tells of each recipient by itself.
func (p *exchangeParser) delivered(o event.Outcome, r event.Reason) {
	list := p.f[exRecipients]
	for range exchangeRecipients {
		to, rest, more := bytes.Cut(list, []byte(";"))
		ev := p.add(event.ClassMail, event.ActReceive, o, r)
		ev.Account, ev.Target = p.env.Intern.Bytes(bytes.TrimSpace(to)), p.text(exSender)
		if string(p.f[exEvent]) == "SEND" || string(p.f[exEvent]) == "SENDEXTERNAL" {
			ev.SrcHost, ev.DstHost = p.text(exClientHost), p.text(exServerHost)
			if a, ok := p.env.addr(p.f[exServerIP]); ok {
				ev.DstIP = a
			}
		} else {
			ev.DstHost = p.text(exServerHost)
		}
		ev.BytesIn = someNumber(p.f[exBytes])
		status, later, _ := bytes.Cut(p.f[exStatus], []byte(";"))
		p.rest(ev, event.Text("detail", clip(p.env.Intern.Bytes(status), 240)))
		if !more {
			return
		}
		list, p.f[exStatus] = rest, later
	}
}

// firstRecipient returns the first of several addresses.
func firstRecipient(list []byte) []byte {
	to, _, _ := bytes.Cut(list, []byte(";"))
	return bytes.TrimSpace(to)
}

func (p *exchangeParser) rest(ev *event.Event, more ...event.Field) {
	f := [10]event.Field{event.Text("event", p.text(exEvent)), event.Text("source", p.text(exSource)), event.Text("message_id", string(p.f[exMessageID])),
		event.Text("network_message_id", string(p.f[exNetworkID])), event.Text("subject", clip(string(p.f[exSubject]), 300)), event.Text("connector", p.text(exConnector)),
		event.Text("return_path", p.text(exReturn)), event.Text("directionality", p.text(exDirection))}
	n := 8 + copy(f[8:], more)
	ev.Rest = p.out.Rest(f[:n]...)
}
