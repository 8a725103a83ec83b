// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var googleWorkspace = Format{
	Name:   "google-workspace",
	Also:   []string{"gsuite", "gworkspace", "google"},
	Source: "cloud-audit",
	About: About{
		What: "Audit activities of Google Workspace as JSON: the Reports API (admin#reports#activity: login, admin, drive, token, saml, user_accounts, gmail, groups, rules, takeout, meet and others), rows of the BigQuery export, and the same records as collectors write them, parameters as a list or as members; and the CSV that GAM writes.",
		Export: "Reports API activities.list for userKey=all and each applicationName, or GAM: gam report login start … end … todrive; or the same redirected to a CSV file (redirect csv ./login.csv gam report …); or Admin console, Reporting, Data integrations, BigQuery export, and bq extract as JSON. " +
			"login, admin, token, saml and user_accounts are in every edition and kept 180 days (login, saml, admin, token). drive for reading and downloads needs Business Standard or an education edition that is paid for; gmail records by the export or the security tool need Enterprise Standard or Plus or Education Standard or Plus: without them nobody can say which mails were read.",
		Takes:  "Logins and what they were asked for, why they failed, second factors, leaked passwords and warnings of attacks; what administrators did to whom; documents seen, downloaded, changed and shared, with title, owner and visibility; applications given access and their scopes; mail sent and received, opened and forwarded.",
		Leaves: "A login without a parameter for it has no reason. A wrong password for a name that does not exist is not logged by Google. Mail that is read over IMAP or by the API of an authorised application is one token activity, not a list of mails. Records come minutes to hours late (drive: up to some hours).",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"applicationName", "time_usec"},
	Sniff:   sniffGoogle,
	New: func(env *Env) Parser {
		return &googleParser{jsonFields: newJSONFields(env, googlePaths[:]...)}
	},
}

const (
	gwTime = iota
	gwTimeMicros
	gwApp
	gwRecordType
	gwID
	gwCustomer
	gwEmail
	gwProfile
	gwCaller
	gwCallerKey
	gwIP
	gwRegion
	gwASN
	gwOwner
	gwEvents
	gwType
	gwName
	gwParameters
	gwRowType
	gwRowName
	gwKind
	gwResource
	gwLogin
	gwAdmin
	gwDrive
	gwToken
	gwSAML
	gwAccounts
	gwGmail
	gwGroups
	gwMeet
	gwFields
)

var googlePaths = [gwFields]string{gwTime: "id.time", gwTimeMicros: "time_usec", gwApp: "id.applicationName", gwRecordType: "record_type", gwID: "id.uniqueQualifier|unique_identifier", gwCustomer: "id.customerId", gwEmail: "actor.email|email",
	gwProfile: "actor.profileId", gwCaller: "actor.callerType", gwCallerKey: "actor.key|actor.applicationInfo.applicationName", gwIP: "ipAddress|ip_address", gwRegion: "networkInfo.regionCode", gwASN: "networkInfo.ipAsn", gwOwner: "ownerDomain", gwEvents: "events",
	gwType: "type", gwName: "name", gwParameters: "parameters", gwRowType: "event_type", gwRowName: "event_name", gwKind: "kind", gwResource: "resourceDetails", gwLogin: "login", gwAdmin: "admin", gwDrive: "drive", gwToken: "token",
	gwSAML: "saml", gwAccounts: "user_accounts", gwGmail: "gmail", gwGroups: "groups", gwMeet: "meet"}

type googleParser struct {
	jsonFields
	q     [gpFields]jsonValue // parameters of the event at hand
	scan2 jsonScan
}

func (p *googleParser) Flush(*event.Batch) {}

func (p *googleParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil || !p.read(b) {
		if sniffGoogle(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	row := p.has(gwTimeMicros) && (p.has(gwRecordType) || p.has(gwRowName))
	if !row && !p.has(gwApp) {
		return ErrOtherFormat
	}
	when, ok := p.time(gwTime, gwTimeMicros)
	if !ok {
		return ErrNoTime
	}
	app := p.first(gwApp, gwRecordType)
	if row {
		clear(p.q[:])
		for _, slot := range [...]int{gwLogin, gwAdmin, gwDrive, gwToken, gwSAML, gwAccounts, gwGmail, gwGroups, gwMeet} {
			p.parameters(p.f[slot])
		}
		p.emit(rec, out, when, app, p.str(gwRowName), p.str(gwRowType), 0)
		return nil
	}
	if p.f[gwEvents].kind != '[' {
		clear(p.q[:])
		p.parameters(p.f[gwParameters])
		p.emit(rec, out, when, app, p.str(gwName), p.str(gwType), 0)
		return nil
	}
	p.scan2.reset(p.f[gwEvents].raw)
	s := &p.scan2
	n := 0
	for ok := s.enter('['); ok && s.element() && n < 256; n++ {
		var name, kind, parameters jsonValue
		for ok := s.enter('{'); ok && s.member(); {
			switch string(s.key) {
			case "name":
				name = s.value()
			case "type":
				kind = s.value()
			case "parameters":
				parameters = s.value()
			default:
				s.skip()
			}
		}
		clear(p.q[:])
		p.parameters(parameters)
		p.emit(rec, out, when, app, p.env.Intern.Bytes(name.text(&p.buf)), p.env.Intern.Bytes(kind.text(&p.buf)), n)
	}
	return nil
}

// emit makes the event of one activity; a record may hold several, of which the number tells them apart.
func (p *googleParser) emit(rec *event.Record, out *event.Batch, when event.Micros, app, name, kind string, number int) {
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	ev.Service = app
	ev.Class, ev.Activity = googleKind(app, name)
	ev.Outcome = event.OutcomeSuccess
	ev.Account = p.first(gwEmail)
	if ev.Account == "" {
		ev.Account = p.first(gwCallerKey, gwProfile)
	}
	p.source(ev, gwIP)
	if c := p.str(gwRegion); len(c) == 2 {
		ev.Country = c
	}
	asn := p.f[gwASN]
	if asn.kind == '[' {
		s := jsonScan{b: asn.raw}
		if s.enter('[') && s.element() {
			asn = s.value()
		}
	}
	if n, ok := asn.int(); ok && n > 0 && n < 1<<32 {
		ev.ASN = uint32(n)
	}
	var r remainder
	if id := p.own(gwID); id != "" {
		if number > 0 {
			id += "/" + string(rune('0'+number%10)) // several of one record: their order
			if number > 9 {
				id = ""
			}
		}
		ev.Unique = id != ""
		r.text("id", id)
	}
	r.text("action", name)
	r.text("type", kind)
	p.detail(ev, &r, app, name)
	r.text("caller", p.str(gwCaller))
	for slot, label := range googleRest {
		if label == "" || p.q[slot].kind == 0 {
			continue
		}
		if v := p.param(slot); v != ev.Account && v != ev.Target && v != ev.Object && v != ev.Client && v != "none" {
			r.text(label, clip(v, 512))
		}
	}
	ev.Rest = r.rest(out)
}

// detail sets what the parameters say of the thing, the other party, and the end.
func (p *googleParser) detail(ev *event.Event, r *remainder, app, name string) {
	switch app {
	case "login":
		p.login(ev, r, name)
	case "saml":
		ev.Object = p.param(gpApplication)
		if name == "login_failure" {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
		}
	case "drive":
		ev.Object = p.param(gpTitle)
		ev.Target = p.param(gpTargetUser)
		if ev.Object == "" {
			ev.Object = p.param(gpDocument)
		}
	case "token":
		ev.Object, ev.Client = p.param(gpAppName), p.param(gpClientID)
		if n, ok := p.q[gpBytes].int(); ok && n >= 0 {
			ev.BytesIn = event.Some(n)
		}
	case "gmail":
		p.mail(ev)
	case "rules", "alertcenter":
		ev.Object = p.param(gpRule)
	case "context_aware_access":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
		ev.Object = p.param(gpApplication)
	default:
		if ev.Target = p.param(gpUser); ev.Target == ev.Account {
			ev.Target = ""
		}
		for _, slot := range [...]int{gpRole, gpGroup, gpSetting, gpApplication, gpAppName, gpDomain, gpForward} {
			if ev.Object = p.param(slot); ev.Object != "" {
				break
			}
		}
	}
	if ev.Target == ev.Account {
		ev.Target = ""
	}
}

func (p *googleParser) login(ev *event.Event, r *remainder, name string) {
	if v := p.param(gpAffected); v != "" && ev.Account == "" {
		ev.Account = v
	}
	if ev.Class == event.ClassDetection {
		ev.Outcome = event.OutcomeUnknown
		ev.Object = name
		if v := p.param(gpAffected); v != ev.Account {
			ev.Target = v
		}
	}
	if b := p.q[gpSuspicious]; b.kind == 't' || b.is("true") {
		r.flag("suspicious", true)
	}
	if b := p.q[gpSecond]; b.kind == 't' || b.kind == 'f' {
		r.flag("second_factor", b.kind == 't')
	}
	if ev.Class != event.ClassAuthentication || name != "login_failure" && name != "risky_sensitive_action_blocked" && name != "login_verification" && name != "login_challenge" {
		return
	}
	if name == "login_verification" || name == "login_challenge" {
		status := p.q[gpChallengeStatus].text(&p.buf)
		if !bytes.EqualFold(status, []byte("failed")) && !bytes.HasPrefix(bytes.ToLower(status), []byte("challenge failed")) && !bytes.EqualFold(status, []byte("incorrect_answer_entered")) {
			ev.Outcome = event.OutcomeUnknown
			return
		}
		ev.Outcome, ev.Reason, ev.Activity = event.OutcomeFailure, event.ReasonSecondFactorFailed, event.ActLogon
		return
	}
	ev.Outcome = event.OutcomeFailure
	switch p.param(gpFailure) {
	case "login_failure_invalid_password":
		ev.Reason = event.ReasonBadPassword
	case "login_failure_invalid_second_factor", "login_failure_invalid_second_factor_response":
		ev.Reason = event.ReasonSecondFactorFailed
	case "login_failure_account_disabled":
		ev.Reason = event.ReasonDisabled
	case "login_failure_access_code_disallowed", "login_failure_access_denied":
		ev.Reason = event.ReasonDenied
	case "":
		ev.Reason = event.ReasonBadCredentials
	default:
		ev.Reason = event.ReasonOther
	}
}

// mail reads a record of a message: who it is from and to, where it came from.
func (p *googleParser) mail(ev *event.Event) {
	ev.Object = p.param(gpSubject)
	from := p.param(gpMailFrom)
	if from == "" {
		from = p.param(gpMailHeaderFrom)
	}
	if to := p.param(gpMailTo); from != "" {
		switch {
		case ev.Account == "":
			ev.Account, ev.Target = to, from
			if to == "" {
				ev.Account, ev.Target = from, ""
			}
		case ev.Account == from:
			ev.Target = to
			if ev.Activity == event.ActReceive {
				ev.Activity = event.ActSend
			}
		default:
			ev.Target = from
		}
	}
	if a, ok := p.env.addr(p.q[gpMailIP].text(&p.buf)); ok && !ev.SrcIP.IsValid() {
		ev.SrcIP = a
	}
	if n, ok := p.q[gpBytes].int(); ok && n >= 0 {
		if ev.Activity == event.ActSend {
			ev.BytesOut = event.Some(n)
		} else {
			ev.BytesIn = event.Some(n)
		}
	}
	if ok := p.q[gpMailOK]; ok.kind == 'f' {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
}

func sniffGoogle(rec []byte) float64 {
	b := sniffJSON(rec)
	if b == nil {
		return 0
	}
	b = b[:min(len(b), 16<<10)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	switch {
	case has(`admin#reports#activity`) && !has(`"items"`):
		return 0.97
	case has(`"applicationName"`) && has(`"actor"`) && has(`"id"`):
		return 0.9
	case has(`"time_usec"`) && (has(`"record_type"`) || has(`"event_name"`)):
		return 0.9
	}
	return 0
}
