// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var ecsDocument = Format{
	Name:   "ecs",
	Also:   []string{"elastic-common-schema", "elastic"},
	Source: "collector",
	About: About{
		What: "Documents of the Elastic Common Schema 1 to 9, whichever integration wrote them: _source of a search, lines of elasticdump, output of Filebeat, " +
			"Auditbeat, Packetbeat and Elastic Agent, with names nested or joined by points.",
		Export: "elasticdump --type=data, or a search with _source through the API, one document a line. Keep event.original where there is room for it " +
			"(preserve_original_event in the integration): the original record says more, and is read in its own format where that is known.",
		Takes: "Time, event.category, event.type, event.action and event.outcome, user and its target, source and destination with ports, host names, country and network, " +
			"the service, user agent, URL, file, process and name asked for, bytes, and event.id as the record's own.",
		Leaves: "Fields of integrations beside the schema. event.outcome is what the integration made of its source: where it says nothing, the outcome is unknown. " +
			"Documents without @timestamp.",
	},
	Framing: event.FrameJSON,
	Sniff:   sniffECS,
	New:     func(env *Env) Parser { return &ecsParser{env: env} },
	Shapes:  ShapeObject,
	Keys:    []string{"@timestamp"},
	Rank:    RankSchema,
}

func sniffECS(rec []byte) float64 {
	b := sniffJSON(rec)
	if b == nil || !has(b, `"@timestamp"`) {
		return 0
	}
	if has(b, `"ecs"`) || has(b, `"ecs.version"`) {
		return 0.9
	}
	if has(b, `"event"`) && (has(b, `"category"`) || has(b, `"action"`)) || has(b, `"event.category"`) || has(b, `"event.action"`) {
		return 0.7
	}
	return 0
}

type ecsParser struct {
	env  *Env
	n    named
	flat flatScan
	take func([]byte, jsonValue)
	cats uint32 // of event.category
	kind uint32 // of event.type
}

// Flush implements Parser.
func (p *ecsParser) Flush(*event.Batch) {}

// Parse reads one document.
func (p *ecsParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil {
		return ErrOtherFormat
	}
	p.n.reset(p.env)
	p.cats, p.kind = 0, 0
	if p.take == nil {
		p.take = p.field
	}
	if !p.flat.walk(b, p.take) {
		return ErrBroken
	}
	n := &p.n
	if !n.has(sTime) || p.cats == 0 && !n.has(sAction) {
		return ErrOtherFormat
	}
	when, ok := n.moment(sTime)
	if !ok {
		return ErrNoTime
	}
	p.classify()
	ev := n.emit(when, rec, out)
	p.activity(ev)
	return nil
}

// Values of event.category and event.type that decide something, as bits.
const (
	ecsAuthentication = 1 << iota
	ecsIAM
	ecsNetwork
	ecsWeb
	ecsFile
	ecsProcess
	ecsEmail
	ecsDetection
	ecsSession

	ecsDenied
	ecsAllowed
	ecsStart
	ecsEnd
	ecsCreation
	ecsDeletion
	ecsChange
	ecsAccess
	ecsConnection
	ecsOther
)

func ecsWord(b []byte) uint32 {
	switch string(b) {
	case "authentication":
		return ecsAuthentication
	case "iam":
		return ecsIAM
	case "network":
		return ecsNetwork
	case "web":
		return ecsWeb
	case "file":
		return ecsFile
	case "process":
		return ecsProcess
	case "email":
		return ecsEmail
	case "intrusion_detection", "malware", "threat", "vulnerability":
		return ecsDetection
	case "session":
		return ecsSession
	case "denied":
		return ecsDenied
	case "allowed":
		return ecsAllowed
	case "start":
		return ecsStart
	case "end":
		return ecsEnd
	case "creation":
		return ecsCreation
	case "deletion":
		return ecsDeletion
	case "change":
		return ecsChange
	case "access":
		return ecsAccess
	case "connection":
		return ecsConnection
	}
	return ecsOther
}

// field takes one value by its name.
func (p *ecsParser) field(path []byte, v jsonValue) {
	path = bytes.TrimPrefix(path, []byte("_source."))
	switch string(path) {
	case "event.category":
		p.cats |= ecsWord(v.raw)
		p.n.set(sCategory, v)
	case "event.type":
		p.kind |= ecsWord(v.raw)
	case "_id":
		p.n.set(sID, v)
	default:
		p.n.set(ecsSlot(path), v)
	}
}

func ecsSlot(path []byte) slot {
	switch string(path) {
	case "@timestamp":
		return sTime
	case "event.action":
		return sAction
	case "event.outcome":
		return sOutcome
	case "event.reason", "error.message", "event.code":
		return sReason
	case "event.id":
		return sID
	case "user.name", "user.email", "user.id":
		return sAccount
	case "user.domain":
		return sDomain
	case "user.target.name", "user.target.email", "user.effective.name", "group.name":
		return sTarget
	case "source.ip", "client.ip", "source.address", "client.address":
		return sSrcIP
	case "source.port", "client.port":
		return sSrcPort
	case "source.domain", "client.domain":
		return sSrcHost
	case "source.geo.country_iso_code", "client.geo.country_iso_code":
		return sCountry
	case "source.as.number", "client.as.number":
		return sASN
	case "source.bytes", "client.bytes":
		return sBytesOut
	case "destination.bytes", "server.bytes":
		return sBytesIn
	case "destination.ip", "server.ip", "destination.address", "server.address":
		return sDstIP
	case "destination.port", "server.port":
		return sDstPort
	case "destination.domain", "server.domain":
		return sDstHost
	case "host.hostname", "host.name", "observer.hostname", "observer.name":
		return sHost
	case "service.name", "network.application", "network.protocol", "event.dataset":
		return sService
	case "user_agent.original", "user_agent.name":
		return sClient
	case "url.original", "url.full", "url.path", "file.path", "process.command_line", "process.executable", "dns.question.name", "email.subject", "registry.path", "rule.name":
		return sObject
	case "http.request.method":
		return sMethod
	case "http.response.status_code":
		return sStatus
	case "event.severity":
		return sSeverity
	case "message":
		return sMessage
	}
	return sNone
}

// classify sets the class by event.category.
func (p *ecsParser) classify() {
	n := &p.n
	class := event.ClassOther
	switch {
	case p.cats&ecsAuthentication != 0:
		class = event.ClassAuthentication
	case p.cats&ecsDetection != 0:
		class = event.ClassDetection
	case p.cats&ecsIAM != 0:
		class = event.ClassAccountChange
	case p.cats&ecsSession != 0:
		class = event.ClassRemoteSession
	case p.cats&ecsWeb != 0:
		class = event.ClassHTTP
	case p.cats&ecsFile != 0:
		class = event.ClassFile
	case p.cats&ecsProcess != 0:
		class = event.ClassProcess
	case p.cats&ecsEmail != 0:
		class = event.ClassMail
	case p.cats&ecsNetwork != 0:
		class = event.ClassNetwork
	default:
		return
	}
	n.class, n.known = class, true
}

// activity sets what event.type says where event.action did not.
func (p *ecsParser) activity(ev *event.Event) {
	logoff := ev.Class == event.ClassAuthentication && (p.kind&ecsEnd != 0 || ev.Activity == event.ActLogoff)
	switch {
	case logoff:
		ev.Activity = event.ActLogoff
	case ev.Class == event.ClassAuthentication:
		ev.Activity = event.ActLogon
	case p.kind&ecsDenied != 0:
		ev.Activity = event.ActRefuse
	case p.kind&ecsDeletion != 0:
		ev.Activity = event.ActDelete
	case p.kind&ecsCreation != 0:
		ev.Activity = event.ActCreate
	case p.kind&ecsEnd != 0 && (ev.Class == event.ClassProcess || ev.Class == event.ClassRemoteSession):
		ev.Activity = event.ActStop
	case p.kind&ecsEnd != 0 && ev.Class == event.ClassNetwork:
		ev.Activity = event.ActClose
	case p.kind&ecsStart != 0 && (ev.Class == event.ClassProcess || ev.Class == event.ClassRemoteSession):
		ev.Activity = event.ActStart
	case p.kind&ecsChange != 0:
		ev.Activity = event.ActChange
	case p.kind&ecsAccess != 0 && ev.Class != event.ClassHTTP:
		ev.Activity = event.ActRead
	case p.kind&(ecsConnection|ecsAllowed) != 0 && ev.Class == event.ClassNetwork:
		ev.Activity = event.ActConnect
	}
}
