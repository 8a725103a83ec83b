// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var ocsf = Format{
	Name:   "ocsf",
	Also:   []string{"security-lake"},
	Source: "collector",
	About: About{
		What: "Events of the Open Cybersecurity Schema Framework 1.x as JSON, one object each: what Amazon Security Lake and other lakes export, what products write that " +
			"speak OCSF, and what sekisho search --format ocsf writes.",
		Export: "Export as JSON lines or as Parquet: both are read as they are.",
		Takes: "Class and activity by their numbers, time, status, users and who acted, source and destination with ports, names, country and network, service, URL, method, user agent, " +
			"file, process, name asked for, traffic, metadata.uid as the event's own identifier. Of events that Sekisho exported, everything.",
		Leaves: "Objects of profiles and extensions, observables, raw_data. Of classes that Sekisho has no word for, time and people only, as class other. " +
			"An activity other than those of the class is other.",
	},
	Framing: event.FrameJSON,
	Sniff: func(rec []byte) float64 {
		b := sniffJSON(rec)
		if b != nil && has(b, `"class_uid"`) && has(b, `"time"`) && (has(b, `"type_uid"`) || has(b, `"activity_id"`) || has(b, `"metadata"`)) {
			return 0.97
		}
		return 0
	},
	New:    func(env *Env) Parser { return &ocsfParser{env: env} },
	Shapes: ShapeObject,
	Keys:   []string{"class_uid"},
}

// What an OCSF event says beyond the slots.
const (
	ocClass = iota
	ocActivity
	ocActivityName
	ocStatus
	ocStatusName
	ocDetail
	ocProduct
	ocProvider
	ocOwnClass // unmapped.class and the like, of Sekisho's own
	ocOwnActivity
	ocOwnOutcome
	ocOwnAccount
	ocOwnTarget
	ocOwnMailAccount
	ocOwnMailTarget
	ocOwnObject
	ocOwnService
	ocOwnClient
	ocOwnRelay
	ocUser
	ocActor
	ocFrom
	ocTo
	ocTitle
	ocFields
)

type ocsfParser struct {
	env  *Env
	n    named
	flat flatScan
	take func([]byte, jsonValue)
	f    [ocFields]jsonValue
}

// Flush implements Parser.
func (p *ocsfParser) Flush(*event.Batch) {}

// Parse reads one event.
func (p *ocsfParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil {
		return ErrOtherFormat
	}
	p.n.reset(p.env)
	p.f = [ocFields]jsonValue{}
	if p.take == nil {
		p.take = p.field
	}
	if !p.flat.walk(b, p.take) {
		return ErrBroken
	}
	uid, ok := p.f[ocClass].int()
	if !ok || !p.n.has(sTime) {
		return ErrOtherFormat
	}
	when, ok := p.n.moment(sTime)
	if !ok {
		return ErrNoTime
	}
	own := p.f[ocProduct].is("Sekisho")
	class, known := event.OCSFClass(int(uid))
	p.n.class, p.n.known = class, true
	if own { // they stand in the remainder
		p.n.v[sMethod], p.n.v[sStatus] = jsonValue{}, jsonValue{}
	}
	p.people()
	ev := p.n.emit(when, rec, out)
	p.activity(ev)
	p.ending(ev)
	if own {
		p.restore(ev)
	} else if !known {
		ev.Rest = out.Rest(append(ev.Rest, event.Number("class_uid", uid))...)
	}
	return nil
}

// people sets whom the event is about and who acted.
func (p *ocsfParser) people() {
	n := &p.n
	user, actor := p.f[ocUser], p.f[ocActor]
	if user.is("Unknown") {
		user = jsonValue{}
	}
	if actor.is("Unknown") {
		actor = jsonValue{}
	}
	switch {
	case n.class == event.ClassMail && (p.f[ocFrom].kind != 0 || p.f[ocTo].kind != 0):
		n.set(sAccount, p.f[ocFrom])
		n.set(sTarget, p.f[ocTo])
	case actor.kind != 0 && user.kind != 0 && n.class != event.ClassAuthentication && !bytes.Equal(actor.raw, user.raw):
		n.set(sAccount, actor)
		n.set(sTarget, user)
	case user.kind != 0 && actor.kind == 0 && n.class == event.ClassAccountChange:
		n.set(sTarget, user)
	case user.kind != 0:
		n.set(sAccount, user)
	default:
		n.set(sAccount, actor)
	}
}

func (p *ocsfParser) activity(ev *event.Event) {
	id, ok := p.f[ocActivity].int()
	if !ok {
		return
	}
	if a, ok := event.OCSFActivity(ev.Class, int(id)); ok {
		ev.Activity = a
	} else {
		p.n.low = appendSmall(p.n.low[:0], p.f[ocActivityName].text(&p.n.buf))
		ev.Activity = activityOf(p.n.low)
	}
	if ev.Class == event.ClassAuthentication && ev.Activity == event.ActOther && (id == 0 || id == 99) {
		ev.Activity = event.ActOther
	}
}

// ending sets outcome and reason.
func (p *ocsfParser) ending(ev *event.Event) {
	ev.Reason = event.ReasonNone
	switch id, ok := p.f[ocStatus].int(); {
	case ok && id == 1:
		ev.Outcome = event.OutcomeSuccess
	case ok && id == 2:
		ev.Outcome = event.OutcomeFailure
	default:
		ev.Outcome = outcomeOf(p.f[ocStatusName].text(&p.n.buf))
	}
	detail := p.f[ocDetail].text(&p.n.buf)
	if len(detail) == 0 {
		return
	}
	if r, ok := event.ReasonOf(string(detail)); ok {
		ev.Reason = r
	} else if ev.Outcome == event.OutcomeFailure {
		p.n.low = appendSmall(p.n.low[:0], detail)
		ev.Reason = reasonOf(p.n.low)
	}
}

// restore sets what AppendOCSF kept beside the schema.
func (p *ocsfParser) restore(ev *event.Event) {
	text := func(i int) string { return p.env.Intern.Bytes(p.f[i].text(&p.n.buf)) }
	if c, ok := event.ClassOf(text(ocOwnClass)); ok {
		ev.Class = c
	}
	if a, ok := event.ActivityOf(text(ocOwnActivity)); ok {
		ev.Activity = a
	}
	if o, ok := event.OutcomeOf(text(ocOwnOutcome)); ok {
		ev.Outcome = o
	}
	for _, a := range [...]struct {
		field int
		to    *string
	}{{ocOwnAccount, &ev.Account}, {ocOwnMailAccount, &ev.Account}, {ocOwnTarget, &ev.Target}, {ocOwnMailTarget, &ev.Target}, {ocOwnClient, &ev.Client}} {
		if p.f[a.field].kind != 0 {
			*a.to = text(a.field)
		}
	}
	ev.Object, ev.Service = text(ocOwnObject), text(ocOwnService)
	ev.SrcIsRelay = p.f[ocOwnRelay].yes()
	if ev.SrcHost == "Unknown" {
		ev.SrcHost = ""
	}
}

// field takes one value by its name.
func (p *ocsfParser) field(path []byte, v jsonValue) {
	if i := ocsfField(path); i >= 0 {
		if p.f[i].kind == 0 && !v.empty() {
			p.f[i] = v
		}
		return
	}
	if rest, ok := bytes.CutPrefix(path, []byte("unmapped.rest.")); ok && !v.empty() {
		p.remainder(rest, v)
		return
	}
	p.n.set(ocsfSlot(path), v)
}

// remainder keeps what stood in the remainder of an exported event.
func (p *ocsfParser) remainder(name []byte, v jsonValue) {
	if len(p.n.rest) >= 64 || bytes.HasPrefix(name, []byte("parts")) {
		return
	}
	key := p.env.Intern.Bytes(name)
	switch v.kind {
	case '0':
		if i, ok := v.int(); ok {
			p.n.rest = append(p.n.rest, event.Number(key, i))
			return
		}
	case 't', 'f':
		p.n.rest = append(p.n.rest, event.Flag(key, v.kind == 't'))
		return
	}
	p.n.rest = append(p.n.rest, event.Text(key, p.env.Intern.Bytes(v.text(&p.n.buf))))
}

func ocsfField(path []byte) int {
	switch string(path) {
	case "class_uid":
		return ocClass
	case "activity_id":
		return ocActivity
	case "activity_name":
		return ocActivityName
	case "status_id":
		return ocStatus
	case "status":
		return ocStatusName
	case "status_detail":
		return ocDetail
	case "metadata.product.name":
		return ocProduct
	case "metadata.log_provider":
		return ocProvider
	case "unmapped.class":
		return ocOwnClass
	case "unmapped.activity":
		return ocOwnActivity
	case "unmapped.outcome":
		return ocOwnOutcome
	case "unmapped.account":
		return ocOwnAccount
	case "unmapped.target":
		return ocOwnTarget
	case "unmapped.mail_account":
		return ocOwnMailAccount
	case "unmapped.mail_target":
		return ocOwnMailTarget
	case "unmapped.object":
		return ocOwnObject
	case "unmapped.service":
		return ocOwnService
	case "unmapped.client":
		return ocOwnClient
	case "unmapped.src_is_relay":
		return ocOwnRelay
	case "user.name", "user.email_addr", "user.uid":
		return ocUser
	case "actor.user.name", "actor.user.email_addr", "actor.user.uid":
		return ocActor
	case "email.from":
		return ocFrom
	case "email.to":
		return ocTo
	}
	return -1
}

func ocsfSlot(path []byte) slot {
	switch string(path) {
	case "time", "time_dt":
		return sTime
	case "src_endpoint.ip", "unmapped.src_ip":
		return sSrcIP
	case "src_endpoint.port", "unmapped.src_port":
		return sSrcPort
	case "src_endpoint.hostname", "unmapped.src_host":
		return sSrcHost
	case "src_endpoint.location.country", "unmapped.country":
		return sCountry
	case "src_endpoint.autonomous_system.number", "unmapped.asn":
		return sASN
	case "dst_endpoint.ip", "device.ip", "unmapped.dst_ip":
		return sDstIP
	case "dst_endpoint.port", "unmapped.dst_port":
		return sDstPort
	case "dst_endpoint.hostname", "device.hostname", "unmapped.dst_host":
		return sDstHost
	case "service.name", "dst_endpoint.svc_name", "app_name":
		return sService
	case "http_request.user_agent":
		return sClient
	case "http_request.url.url_string", "http_request.url.path", "file.path", "process.cmd_line", "query.hostname", "query_info.query_string", "finding_info.title", "log_name":
		return sObject
	case "http_request.http_method":
		return sMethod
	case "http_response.code":
		return sStatus
	case "traffic.bytes_in", "unmapped.bytes_in":
		return sBytesIn
	case "traffic.bytes_out", "unmapped.bytes_out":
		return sBytesOut
	case "unmapped.count", "count":
		return sCount
	case "unmapped.duration_ms", "duration":
		return sDuration
	case "metadata.uid":
		return sID
	}
	return sNone
}
