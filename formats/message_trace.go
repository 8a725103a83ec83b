// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var messageTrace = Format{
	Name:   "m365-message-trace",
	Also:   []string{"message-trace", "messagetrace"},
	Source: "mail",
	About: About{
		What:   "Message traces of Exchange Online: Get-MessageTrace and Get-MessageTraceV2 as JSON or CSV, the report of a historical search (MTSummary, origin_timestamp_utc), the portal's export in English and Japanese, Get-MessageTrace of Microsoft-Extractor-Suite and Hawk.",
		Export: "Get-MessageTraceV2 -StartDate … -EndDate … -ResultSize 5000 | Export-Csv -Encoding utf8, ten days at a time: 90 days are kept. Historical search (CSV by mail) goes over the same time in one piece. Times are UTC.",
		Takes:  "Each message and recipient: when, from whom, to whom, subject, size, what became of it, from which address it came and to which it went.",
		Leaves: "Text of mails. Not who sent it in the account's name: that is in the unified audit log. A historical search writes all recipients of a message in one row: the first is the target, the others are kept beside it.",
	},
	Framing: event.FrameCSV,
	Shapes:  ShapeText | ShapeObject | ShapeSyslog,
	Keys:    []string{"MessageTraceId", "SenderAddress"},
	Sniff: func(rec []byte) float64 {
		if hasAll(rec, `"MessageTraceId"`, `"SenderAddress"`) || hasAll(rec, `"SenderAddress"`, `"RecipientAddress"`, `"Received"`) {
			return 0.96
		}
		if traceHeader(rec) {
			return 0.96
		}
		return 0
	},
	New: func(env *Env) Parser {
		return &traceParser{jsonFields: newJSONFields(env, tracePaths[:]...), table: csvTable{none: mtFields, field: traceColumn, isHeader: traceHeader}}
	},
	Marks: []string{"SenderAddress", "sender_address", "origin_timestamp_utc", "MessageTraceId"},
}

const (
	mtTime = iota
	mtFrom
	mtTo
	mtSubject
	mtStatus
	mtSize
	mtFromIP
	mtToIP
	mtMessage
	mtTrace
	mtDirection
	mtConnector
	mtFields
)

var tracePaths = [mtFields]string{mtTime: "Received|ReceivedTime", mtFrom: "SenderAddress", mtTo: "RecipientAddress", mtSubject: "Subject", mtStatus: "Status", mtSize: "Size", mtFromIP: "FromIP", mtToIP: "ToIP", mtMessage: "MessageId", mtTrace: "MessageTraceId", mtDirection: "Direction", mtConnector: "ConnectorId"}

func traceColumn(name []byte) uint8 {
	switch string(name) {
	case "received", "receivedtime", "origintimestamputc", "dateutc", "date", "receiveddatetime", "日付utc", "受信日時", "日付":
		return mtTime
	case "senderaddress", "sender", "fromaddress", "差出人", "送信者", "送信者アドレス":
		return mtFrom
	case "recipientaddress", "recipient", "recipientstatus", "toaddress", "受信者", "宛先", "受信者アドレス":
		return mtTo
	case "subject", "messagesubject", "件名":
		return mtSubject
	case "status", "eventid", "deliverystatus", "状態", "ステータス", "状況":
		return mtStatus
	case "size", "totalbytes", "messagesize", "サイズ":
		return mtSize
	case "fromip", "originalclientip":
		return mtFromIP
	case "toip":
		return mtToIP
	case "messageid", "メッセージid":
		return mtMessage
	case "messagetraceid", "networkmessageid":
		return mtTrace
	case "directionality", "direction":
		return mtDirection
	case "connectorid":
		return mtConnector
	}
	return mtFields
}

func traceHeader(b []byte) bool {
	b = b[:min(len(b), 4096)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	if has(`":`) || has("@") || !has(",") {
		return false
	}
	return (has("SenderAddress") || has("sender_address")) && (has("RecipientAddress") || has("recipient_status") || has("recipient_address")) ||
		has("origin_timestamp_utc") && has("message_subject") || has("MessageTraceId") && has("Subject")
}

type traceParser struct {
	jsonFields
	table csvTable
}

func (p *traceParser) Flush(*event.Batch) {}

func (p *traceParser) Parse(rec *event.Record, out *event.Batch) error {
	if b := p.env.jsonBody(rec); b != nil {
		if !p.read(b) || messageTrace.Sniff(rec.Data) == 0 {
			return ErrOtherFormat
		}
		return p.emit(rec, out)
	}
	if row, err := p.table.read(rec.Data, p.f); !row {
		return err
	}
	return p.emit(rec, out)
}

func (p *traceParser) emit(rec *event.Record, out *event.Batch) error {
	if !p.has(mtFrom) && !p.has(mtTo) {
		return ErrOtherFormat
	}
	when, ok := p.time(mtTime)
	if !ok {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	ev.Class, ev.Activity, ev.Service = event.ClassMail, event.ActSend, "exchange"
	ev.Account, ev.Object = p.str(mtFrom), p.str(mtSubject)
	to, more, several := bytes.Cut(p.bytes(mtTo), []byte(";"))
	to, _, state := bytes.Cut(to, []byte("##")) // a historical search: "a@example.net##Receive, Deliver;b@…"
	ev.Target = p.env.Intern.Bytes(bytes.TrimSpace(to))
	var r remainder
	if several {
		r.text("recipients", clip(string(more), listed))
	}
	p.source(ev, mtFromIP)
	if a, ok := p.env.addr(p.bytes(mtToIP)); ok {
		ev.DstIP = a
	}
	if n, ok := p.f[mtSize].int(); ok && n >= 0 {
		ev.BytesOut = event.Some(n)
	}
	status := p.str(mtStatus)
	switch status {
	case "Delivered", "Expanded", "Resolved", "FilteredAsSpam", "GettingStatus", "Deliver", "Send", "配信済み", "配信":
		ev.Outcome = event.OutcomeSuccess
	case "Failed", "Quarantined", "Fail", "失敗", "検疫済み":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
	case "":
		if state {
			ev.Outcome = event.OutcomeSuccess
		}
	}
	trace := p.own(mtTrace)
	r.text("trace_id", trace)
	r.text("message_id", p.own(mtMessage))
	r.text("status", status)
	r.text("direction", p.str(mtDirection))
	r.text("connector", p.str(mtConnector))
	ev.Rest = r.rest(out)
	return nil
}
