// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

// The parameters of activities that are looked at.
const (
	gpNone = iota
	gpLoginType
	gpChallenge
	gpChallengeStatus
	gpFailure
	gpSuspicious
	gpSecond
	gpAffected
	gpForward
	gpTitle
	gpDocument
	gpDocType
	gpDocOwner
	gpVisibility
	gpVisibilityWas
	gpTargetUser
	gpTargetDomain
	gpUser
	gpSetting
	gpNew
	gpOld
	gpRole
	gpGroup
	gpDomain
	gpUnit
	gpApplication
	gpAppName
	gpClientID
	gpScope
	gpMethod
	gpAPI
	gpBytes
	gpSubject
	gpMailFrom
	gpMailHeaderFrom
	gpMailTo
	gpMailIP
	gpMailID
	gpMailOK
	gpMailKind
	gpRule
	gpSeverity
	gpDevice
	gpFields
)

// googleRest names the parameters in the remainder; what the event itself takes has no name here, unless it may be left over.
var googleRest = [gpFields]string{gpLoginType: "login_type", gpChallenge: "challenge", gpChallengeStatus: "challenge_status", gpFailure: "result_detail", gpForward: "forward_to", gpDocument: "doc_id", gpDocType: "doc_type",
	gpDocOwner: "owner", gpVisibility: "visibility", gpVisibilityWas: "visibility_change", gpTargetUser: "target_user", gpTargetDomain: "target_domain", gpSetting: "setting", gpNew: "new_value", gpOld: "old_value", gpRole: "role", gpGroup: "group",
	gpDomain: "domain", gpUnit: "org_unit", gpApplication: "application", gpAppName: "app", gpClientID: "client_id", gpScope: "scope", gpMethod: "method", gpAPI: "api", gpMailHeaderFrom: "header_from", gpMailID: "message_id", gpMailTo: "to", gpMailFrom: "from",
	gpMailIP: "client_ip", gpMailKind: "mail_event", gpRule: "rule", gpSeverity: "severity", gpDevice: "device", gpAffected: "affected"}

// googleParam returns the parameter of that name below the parameter parent.
func googleParam(name, parent []byte) int {
	switch string(name) {
	case "login_type":
		return gpLoginType
	case "login_challenge_method":
		return gpChallenge
	case "login_challenge_status":
		return gpChallengeStatus
	case "login_failure_type", "failure_type":
		return gpFailure
	case "is_suspicious":
		return gpSuspicious
	case "is_second_factor":
		return gpSecond
	case "affected_email_address":
		return gpAffected
	case "email_forwarding_destination_address":
		return gpForward
	case "doc_title":
		return gpTitle
	case "doc_id":
		return gpDocument
	case "doc_type":
		return gpDocType
	case "owner":
		return gpDocOwner
	case "visibility":
		return gpVisibility
	case "visibility_change", "old_visibility":
		return gpVisibilityWas
	case "target_user":
		return gpTargetUser
	case "target_domain":
		return gpTargetDomain
	case "USER_EMAIL", "user_email", "member_id":
		return gpUser
	case "SETTING_NAME", "setting_name":
		return gpSetting
	case "NEW_VALUE", "new_value":
		return gpNew
	case "OLD_VALUE", "old_value":
		return gpOld
	case "ROLE_NAME", "role_name":
		return gpRole
	case "GROUP_EMAIL", "group_email", "group_id":
		return gpGroup
	case "DOMAIN_NAME", "domain_name":
		return gpDomain
	case "ORG_UNIT_NAME", "org_unit_name", "orgunit_path":
		return gpUnit
	case "APPLICATION_NAME", "application_name", "CAA_APPLICATION":
		return gpApplication
	case "app_name", "API_CLIENT_NAME", "api_client_name", "OAUTH2_APP_NAME":
		return gpAppName
	case "client_id", "OAUTH2_APP_ID":
		return gpClientID
	case "scope", "API_SCOPES":
		return gpScope
	case "method_name":
		return gpMethod
	case "api_name":
		return gpAPI
	case "num_response_bytes", "num_bytes", "payload_size":
		return gpBytes
	case "subject":
		return gpSubject
	case "address":
		switch string(parent) {
		case "source":
			return gpMailFrom
		case "destination":
			return gpMailTo
		}
	case "from_header_address":
		return gpMailHeaderFrom
	case "client_ip":
		return gpMailIP
	case "rfc2822_message_id":
		return gpMailID
	case "success":
		if string(parent) == "event_info" {
			return gpMailOK
		}
	case "mail_event_type":
		return gpMailKind
	case "rule_name":
		return gpRule
	case "severity":
		return gpSeverity
	case "device_id", "DEVICE_ID":
		return gpDevice
	}
	return gpNone
}

// parameters takes the parameters of an activity: a list of names and values as the interface gives them, values in members
// named for their type and messages nested below, or an object with a member for each, as collectors and exports make of it.
func (p *googleParser) parameters(v jsonValue) {
	if v.kind == '{' || v.kind == '[' {
		s := jsonScan{b: v.raw}
		p.collect(&s, nil, 0)
	}
}

func (p *googleParser) collect(s *jsonScan, parent []byte, depth int) {
	if depth > 12 {
		s.skip()
		return
	}
	switch s.peek() {
	case '[':
		for ok := s.enter('['); ok && s.element(); {
			if c := s.peek(); c == '{' || c == '[' {
				p.collect(s, parent, depth+1)
			} else {
				s.skip()
			}
		}
	case '{':
		var name []byte
		var early jsonValue // a value that stands before its name
		for ok := s.enter('{'); ok && s.member(); {
			switch string(s.key) {
			case "name":
				if v := s.value(); v.kind == '"' {
					name = v.raw
					p.keep(name, parent, early)
				}
				continue
			case "value", "boolValue", "intValue", "multiValue", "multiIntValue", "strValue", "multiStrValue":
				early = s.value()
				if name != nil {
					p.keep(name, parent, early)
				}
				continue
			case "messageValue", "multiMessageValue", "parameter":
				if name != nil {
					p.collect(s, name, depth+1)
				} else {
					p.collect(s, parent, depth+1)
				}
				continue
			}
			v := s.value()
			p.keep(s.key, parent, v)
			if v.kind == '{' || v.kind == '[' {
				inner := jsonScan{b: v.raw}
				p.collect(&inner, s.key, depth+1)
			}
		}
	default:
		s.skip()
	}
}

func (p *googleParser) keep(name, parent []byte, v jsonValue) {
	slot := googleParam(name, parent)
	if slot != gpNone && !v.empty() && v.kind != '{' && p.q[slot].kind == 0 {
		p.q[slot] = v
	}
}

// param returns a parameter's text; of several values, with blanks between.
func (p *googleParser) param(slot int) string {
	v := p.q[slot]
	if v.kind == '[' {
		p.list = appendJSONTexts(p.list[:0], v.raw)
		return p.env.Intern.Bytes(p.list[:min(len(p.list), listed)])
	}
	return p.env.Intern.Bytes(v.text(&p.buf))
}

// googleKind returns what kind of thing an activity is, by application and name.
func googleKind(app, name string) (event.Class, event.Activity) {
	if c, a, ok := actionOf(googleActions[:], app+":"+name); ok {
		return c, a
	}
	switch app {
	case "admin":
		if c, a, ok := actionOf(googleVerbs[:], name); ok {
			return c, a
		}
		return event.ClassEntityChange, event.ActChange
	case "gmail":
		return event.ClassMail, event.ActReceive
	case "drive":
		return event.ClassFile, event.ActOther
	case "user_accounts":
		return event.ClassAccountChange, event.ActReset
	}
	return event.ClassOther, event.ActOther
}

// googleActions are the activities that matter, from the Reports API's reference of events.
var googleActions = [...]actionRow{
	{"login:login_success", event.ClassAuthentication, event.ActLogon}, {"login:login_failure", event.ClassAuthentication, event.ActLogon}, {"login:logout", event.ClassAuthentication, event.ActLogoff},
	{"login:login_challenge", event.ClassAuthentication, event.ActOther}, {"login:login_verification", event.ClassAuthentication, event.ActOther}, {"login:risky_sensitive_action_blocked", event.ClassAuthentication, event.ActRefuse},
	{"login:risky_sensitive_action_allowed", event.ClassAuthentication, event.ActElevate}, {"login:suspicious_*", event.ClassDetection, event.ActOther}, {"login:gov_attack_warning", event.ClassDetection, event.ActOther},
	{"login:account_disabled_*", event.ClassDetection, event.ActDisable}, {"login:blocked_sender", event.ClassDetection, event.ActOther}, {"login:email_forwarding_*", event.ClassEntityChange, event.ActChange},
	{"login:2sv_*", event.ClassAccountChange, event.ActReset}, {"login:password_*", event.ClassAccountChange, event.ActReset}, {"login:recovery_*", event.ClassAccountChange, event.ActReset}, {"login:titanium_*", event.ClassAccountChange, event.ActReset},
	{"login:*", event.ClassAccountChange, event.ActOther}, {"saml:login_success", event.ClassAuthentication, event.ActTicket}, {"saml:login_failure", event.ClassAuthentication, event.ActTicket},
	{"token:authorize", event.ClassAccountChange, event.ActAssign}, {"token:revoke", event.ClassAccountChange, event.ActRelease}, {"token:request", event.ClassAuthentication, event.ActTicket}, {"token:activity", event.ClassOther, event.ActRead},
	{"user_accounts:email_forwarding_*", event.ClassEntityChange, event.ActChange}, {"context_aware_access:*", event.ClassAuthentication, event.ActRefuse}, {"rules:*", event.ClassDetection, event.ActOther}, {"takeout:*", event.ClassMail, event.ActCopy},
	{"drive:view", event.ClassFile, event.ActRead}, {"drive:preview", event.ClassFile, event.ActRead}, {"drive:access_item_content", event.ClassFile, event.ActRead}, {"drive:prefetch_item_content", event.ClassFile, event.ActRead},
	{"drive:download", event.ClassFile, event.ActDownload}, {"drive:sync_item_content", event.ClassFile, event.ActDownload}, {"drive:print", event.ClassFile, event.ActCopy}, {"drive:email_as_attachment", event.ClassFile, event.ActCopy},
	{"drive:edit", event.ClassFile, event.ActWrite}, {"drive:create", event.ClassFile, event.ActCreate}, {"drive:upload", event.ClassFile, event.ActUpload}, {"drive:delete", event.ClassFile, event.ActDelete}, {"drive:trash", event.ClassFile, event.ActDelete},
	{"drive:untrash", event.ClassFile, event.ActWrite}, {"drive:rename", event.ClassFile, event.ActRename}, {"drive:move", event.ClassFile, event.ActRename}, {"drive:copy", event.ClassFile, event.ActCopy}, {"drive:source_copy", event.ClassFile, event.ActCopy},
	{"drive:change_*", event.ClassFile, event.ActShare}, {"drive:shared_drive_*", event.ClassFile, event.ActShare}, {"drive:sheets_*", event.ClassFile, event.ActOther}, {"drive:add_*", event.ClassFile, event.ActWrite},
	{"gmail:open", event.ClassMail, event.ActRead}, {"gmail:view", event.ClassMail, event.ActRead}, {"gmail:attachment_download", event.ClassMail, event.ActDownload}, {"gmail:attachment_*", event.ClassMail, event.ActRead}, {"gmail:link_click", event.ClassMail, event.ActRead},
	{"gmail:send", event.ClassMail, event.ActSend}, {"gmail:autoforward", event.ClassMail, event.ActSend}, {"gmail:reply*", event.ClassMail, event.ActSend}, {"gmail:forward", event.ClassMail, event.ActSend}, {"gmail:delete*", event.ClassMail, event.ActDelete},
	{"gmail:move_to_trash", event.ClassMail, event.ActDelete}, {"gmail:mark_*", event.ClassMail, event.ActWrite},
	{"admin:CREATE_USER", event.ClassAccountChange, event.ActCreate}, {"admin:DELETE_USER", event.ClassAccountChange, event.ActDelete}, {"admin:SUSPEND_USER", event.ClassAccountChange, event.ActDisable}, {"admin:UNSUSPEND_USER", event.ClassAccountChange, event.ActEnable},
	{"admin:CHANGE_PASSWORD*", event.ClassAccountChange, event.ActReset}, {"admin:RESET_SIGNIN_COOKIES", event.ClassAccountChange, event.ActRelease}, {"admin:TURN_OFF_2_STEP_VERIFICATION", event.ClassAccountChange, event.ActReset},
	{"admin:UNENROLL_USER_*", event.ClassAccountChange, event.ActReset}, {"admin:GENERATE_2SV_*", event.ClassAccountChange, event.ActReset}, {"admin:REVOKE_*", event.ClassAccountChange, event.ActRelease}, {"admin:ASSIGN_ROLE", event.ClassAccountChange, event.ActAssign},
	{"admin:UNASSIGN_ROLE", event.ClassAccountChange, event.ActRelease}, {"admin:GRANT_*", event.ClassAccountChange, event.ActAssign}, {"admin:ADD_GROUP_MEMBER", event.ClassAccountChange, event.ActAssign}, {"admin:REMOVE_GROUP_MEMBER", event.ClassAccountChange, event.ActRelease},
	{"admin:AUTHORIZE_API_CLIENT_ACCESS", event.ClassAccountChange, event.ActAssign}, {"admin:ADD_APPLICATION*", event.ClassEntityChange, event.ActCreate}, {"admin:*_USER", event.ClassAccountChange, event.ActChange},
	{"admin:CREATE_EMAIL_MONITOR", event.ClassMail, event.ActCopy}, {"admin:EMAIL_LOG_SEARCH", event.ClassMail, event.ActSearch}, {"admin:SECURITY_INVESTIGATION_*", event.ClassOther, event.ActSearch}, {"admin:CUSTOMER_TAKEOUT_*", event.ClassMail, event.ActCopy},
	{"admin:CREATE_DATA_TRANSFER_REQUEST", event.ClassFile, event.ActCopy}, {"admin:*_DATA_EXPORT*", event.ClassMail, event.ActCopy}, {"admin:ALERT_CENTER_*", event.ClassOther, event.ActRead},
	{"admin:SYSTEM_DEFINED_RULE_*", event.ClassEntityChange, event.ActChange},
}

var googleVerbs = [...]actionRow{
	{"CREATE_*", event.ClassEntityChange, event.ActCreate}, {"ADD_*", event.ClassEntityChange, event.ActCreate}, {"DELETE_*", event.ClassEntityChange, event.ActDelete}, {"REMOVE_*", event.ClassEntityChange, event.ActDelete},
	{"ENABLE_*", event.ClassEntityChange, event.ActEnable}, {"DISABLE_*", event.ClassEntityChange, event.ActDisable}, {"VIEW_*", event.ClassEntityChange, event.ActRead}, {"DOWNLOAD_*", event.ClassEntityChange, event.ActDownload},
}
