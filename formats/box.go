// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var boxEvents = Format{
	Name:   "box",
	Also:   []string{"box-events"},
	Source: "files",
	About: About{
		What:   "Enterprise events of Box (admin_logs and admin_logs_streaming of /2.0/events) as JSON, whole answers (entries) or one a line.",
		Export: "curl -H 'Authorization: Bearer …' 'https://api.box.com/2.0/events?stream_type=admin_logs&created_after=…&limit=500', with an application that may manage enterprise properties, page by page by next_stream_position. Box keeps seven years; streaming goes back two weeks.",
		Takes:  "Logins and refused logins, files and folders read, downloaded, changed, moved, deleted and shared, collaborations, users, groups and administrators, alerts of Box Shield.",
		Leaves: "What else stands in additional_details. Box writes no reason for a refused login. Records without a time are refused.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"event_type"},
	Sniff: func(rec []byte) float64 {
		b := sniffJSON(rec)
		if b == nil {
			return 0
		}
		b = b[:min(len(b), 16<<10)]
		has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
		if has(`"event_type"`) && has(`"created_by"`) && (has(`"event_id"`) || has(`"additional_details"`) || has(`"login"`)) {
			return 0.95
		}
		return 0
	},
	New: func(env *Env) Parser { return &boxParser{jsonFields: newJSONFields(env, boxPaths[:]...)} },
}

const (
	bxTime = iota
	bxRecorded
	bxType
	bxID
	bxLogin
	bxName
	bxUserID
	bxIP
	bxSession
	bxSourceType
	bxSourceLogin
	bxSourceName
	bxSourceID
	bxParent
	bxOwner
	bxSize
	bxService
	bxCollaborator
	bxShared
	bxActionBy
	bxDetails
	bxFields
)

var boxPaths = [bxFields]string{bxTime: "created_at", bxRecorded: "recorded_at", bxType: "event_type", bxID: "event_id", bxLogin: "created_by.login", bxName: "created_by.name", bxUserID: "created_by.id", bxIP: "ip_address",
	bxSession: "session_id", bxSourceType: "source.type|source.item_type", bxSourceLogin: "source.login|source.user_email", bxSourceName: "source.item_name|source.name|source.folder_name|source.file_name|source.user_name",
	bxSourceID: "source.item_id|source.id|source.folder_id|source.file_id", bxParent: "source.parent.name", bxOwner: "source.owned_by.login", bxSize: "additional_details.size", bxService: "additional_details.service_name",
	bxCollaborator: "accessible_by.login", bxShared: "additional_details.shared_link_id", bxActionBy: "action_by.login", bxDetails: "additional_details"}

var boxRest = [...]restField{{"user_id", bxUserID}, {"user_name", bxName}, {"item_type", bxSourceType}, {"item_id", bxSourceID}, {"parent", bxParent}, {"owner", bxOwner}, {"shared_link", bxShared}, {"action_by", bxActionBy}, {"details", bxDetails}}

type boxParser struct{ jsonFields }

func (p *boxParser) Flush(*event.Batch) {}

func (p *boxParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil || !p.read(b) {
		if boxEvents.Sniff(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	if !p.has(bxType) || !p.has(bxLogin) && !p.has(bxUserID) && !p.has(bxID) {
		return ErrOtherFormat
	}
	when, ok := p.time(bxTime, bxRecorded)
	if !ok {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	kind := p.str(bxType)
	ev.Class, ev.Activity, _ = actionOf(boxActions[:], kind)
	ev.Outcome = event.OutcomeSuccess
	ev.Account, ev.Service = p.first(bxLogin, bxName, bxUserID), "box"
	ev.Client = p.str(bxService)
	p.source(ev, bxIP)
	switch ev.Class {
	case event.ClassAuthentication:
		if kind == "FAILED_LOGIN" {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
			if login := p.str(bxSourceLogin); login != "" {
				ev.Account = login
			}
		}
	case event.ClassAccountChange:
		ev.Target = p.first(bxCollaborator, bxSourceLogin, bxSourceName)
	default:
		ev.Object = p.str(bxSourceName)
		ev.Target = p.first(bxCollaborator)
	}
	if ev.Target == ev.Account {
		ev.Target = ""
	}
	if n, ok := p.f[bxSize].int(); ok && n >= 0 {
		switch ev.Activity {
		case event.ActUpload, event.ActWrite:
			ev.BytesOut = event.Some(n)
		case event.ActDownload, event.ActRead:
			ev.BytesIn = event.Some(n)
		}
	}
	var r remainder
	id := p.own(bxID)
	ev.Unique = id != ""
	r.text("id", id)
	r.text("action", kind)
	r.text("session_id", p.own(bxSession))
	r.fields(&p.jsonFields, ev, boxRest[:])
	ev.Rest = r.rest(out)
	return nil
}

// boxActions are the event types of enterprise events, from Box's reference.
var boxActions = [...]actionRow{
	{"LOGIN", event.ClassAuthentication, event.ActLogon}, {"ADMIN_LOGIN", event.ClassAuthentication, event.ActLogon}, {"FAILED_LOGIN", event.ClassAuthentication, event.ActLogon}, {"LOGOUT", event.ClassAuthentication, event.ActLogoff},
	{"ADD_LOGIN_ACTIVITY_DEVICE", event.ClassAccountChange, event.ActOther}, {"DOWNLOAD", event.ClassFile, event.ActDownload}, {"PREVIEW", event.ClassFile, event.ActRead}, {"CONTENT_ACCESS", event.ClassFile, event.ActRead},
	{"FILE_WATERMARKED_DOWNLOAD", event.ClassFile, event.ActDownload}, {"UPLOAD", event.ClassFile, event.ActUpload}, {"EDIT", event.ClassFile, event.ActWrite}, {"DELETE", event.ClassFile, event.ActDelete},
	{"UNDELETE", event.ClassFile, event.ActWrite}, {"COPY", event.ClassFile, event.ActCopy}, {"MOVE", event.ClassFile, event.ActRename}, {"RENAME", event.ClassFile, event.ActRename}, {"CREATE", event.ClassFile, event.ActCreate},
	{"LOCK", event.ClassFile, event.ActLock}, {"UNLOCK", event.ClassFile, event.ActUnlock}, {"SHARE", event.ClassFile, event.ActShare}, {"ITEM_SHARED*", event.ClassFile, event.ActShare}, {"UNSHARE", event.ClassFile, event.ActChange},
	{"UPDATE_SHARE_EXPIRATION", event.ClassFile, event.ActShare}, {"SHARE_EXPIRATION", event.ClassFile, event.ActChange}, {"OPEN", event.ClassFile, event.ActRead}, {"COLLABORATION_INVITE", event.ClassFile, event.ActShare},
	{"COLLABORATION_ACCEPT", event.ClassFile, event.ActShare}, {"COLLABORATION_ROLE_CHANGE", event.ClassFile, event.ActShare}, {"COLLABORATION_REMOVE", event.ClassFile, event.ActChange}, {"COLLABORATION_*", event.ClassFile, event.ActChange},
	{"NEW_USER", event.ClassAccountChange, event.ActCreate}, {"EDIT_USER", event.ClassAccountChange, event.ActChange}, {"DELETE_USER", event.ClassAccountChange, event.ActDelete}, {"CHANGE_ADMIN_ROLE", event.ClassAccountChange, event.ActAssign},
	{"GROUP_ADD_USER", event.ClassAccountChange, event.ActAssign}, {"GROUP_REMOVE_USER", event.ClassAccountChange, event.ActRelease}, {"GROUP_*", event.ClassEntityChange, event.ActChange}, {"MULTI_FACTOR_AUTH_*", event.ClassAccountChange, event.ActReset},
	{"CHANGE_FOLDER_PERMISSION", event.ClassFile, event.ActShare}, {"USER_AUTHENTICATE_OAUTH2_*", event.ClassAuthentication, event.ActTicket}, {"OAUTH2_ACCESS_TOKEN_REVOKE", event.ClassAccountChange, event.ActRelease},
	{"EMAIL_ALIAS_*", event.ClassAccountChange, event.ActChange}, {"MASTER_INVITE_*", event.ClassAccountChange, event.ActAssign}, {"SHIELD_*", event.ClassDetection, event.ActOther}, {"FILE_MARKED_MALICIOUS", event.ClassDetection, event.ActOther},
	{"DATA_RETENTION_*", event.ClassEntityChange, event.ActChange}, {"*_CREATE", event.ClassEntityChange, event.ActCreate}, {"*_DELETE", event.ClassEntityChange, event.ActDelete}, {"*_UPDATE", event.ClassEntityChange, event.ActChange},
}
