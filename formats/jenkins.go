// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var jenkinsAudit = Format{
	Name:   "jenkins-audit-trail",
	Also:   []string{"jenkins"},
	Source: "files",
	About: About{
		What: "The Audit Trail plugin of Jenkins (audit-trail 2 to 4): its files, with times as Java writes them in English or Japanese, and its syslog.",
		Export: "Manage Jenkins, System, Audit Trail: add a logger (log file or syslog), keep the default pattern of URLs and tick Log build triggers and, in new versions, authentication events. Copy the files audit*.log. " +
			"Without the plugin Jenkins writes nothing of who did what: its access log (jenkins.war --accessLogger…) is read as web-access.",
		Takes:  "Jobs, nodes, users and settings created, changed and deleted, builds started and scripts run in the console, with account or address; logins, failed logins and logouts.",
		Leaves: "What was changed. Where from, in versions that do not write it and for logins: the access log has it. A user who is not logged in stands with the address in place of the name.",
	},
	Sniff:  jenkinsLines.sniff,
	New:    jenkinsLines.parser,
	Shapes: jenkinsLines.shapes(),
	Marks:  jenkinsLines.marks(),
}

var jenkinsLines = phrasedFormat{
	service:  "jenkins",
	programs: []string{"jenkins"},
	file:     jenkinsHead,
	shared:   true,
	phrases: []phrase{
		{"Successful login for user '{user}'", sayLogin, 0},
		{"Failed login attempt for user '{user}'", sayFailed, event.ReasonBadCredentials},
		{"Logout for user '{user}'", sayLogoff, 0},
		{"/{object>} by {user<} from {ip}", sayOwn, 0},
		{"/{object>} by {user}", sayOwn, 0},
		{"job/{object} #{num} Started by user {user<}, Parameters:[{skip}", sayOwn, 0},
		{"job/{object} #{num} Started by {skip}", sayNothing, 0},
	},
	quiet:  []string{"job/"},
	finish: finishJenkins,
}

// jenkinsHead reads "Jun 2, 2025 9:00:00,123 AM " and "6月 2, 2025 9:00:00,123 午前 ".
func jenkinsHead(b []byte) (t Civil, text []byte, ok bool) {
	if len(b) < 24 {
		return t, nil, false
	}
	n := 0
	if t.Month = monthOf(b); t.Month > 0 && b[3] == ' ' {
		b = b[4:]
	} else if t.Month, n = digits(b, 2); n > 0 {
		if b, ok = cutPrefix(b[n:], "月 "); !ok {
			return t, nil, false
		}
	} else {
		return t, nil, false
	}
	if t.Day, n = digits(b, 2); n == 0 {
		return t, nil, false
	}
	if b, ok = cutPrefix(b[n:], ", "); !ok {
		return t, nil, false
	}
	if t.Year, n = digits(b, 4); n != 4 || len(b) < 6 {
		return t, nil, false
	}
	b = b[5:]
	n = bytes.IndexByte(b, ',')
	if n < 7 || n > 8 || len(b) < n+6 || parseClock(b[:n], &t) != n {
		return t, nil, false
	}
	milli, k := digits(b[n+1:], 3)
	if k != 3 {
		return t, nil, false
	}
	t.Micro = milli * 1000
	b = bytes.TrimLeft(b[n+4:], " ")
	for _, half := range [...]struct {
		word string
		add  int
	}{{"AM", 0}, {"PM", 12}, {"午前", 0}, {"午後", 12}} {
		if rest, ok := cutPrefix(b, half.word); ok {
			if t.Hour > 12 {
				return t, nil, false
			}
			t.Hour = t.Hour%12 + half.add
			return t, bytes.TrimLeft(rest, " \t|"), t.Valid()
		}
	}
	return t, nil, false
}

// finishJenkins says what a request did, by its path.
func finishJenkins(l *phrasedLine, ev *event.Event) {
	if l.phrase.what != sayOwn {
		return
	}
	ev.Class, ev.Activity, ev.Outcome = event.ClassEntityChange, event.ActChange, event.OutcomeSuccess
	path := l.fit.hole[holeObject]
	if l.phrase.text[0] == '/' {
		ev.Object = "/" + ev.Object
	} else {
		ev.Object, ev.Class, ev.Activity = "/job/"+ev.Object, event.ClassProcess, event.ActStart
	}
	if a, ok := l.env.addr(l.fit.hole[holeUser]); ok { // nobody was logged in
		ev.Account = ""
		ev.SrcIP = a
	}
	if i := lastIndex(path, " ("); i > 0 { // of a queue's item
		path = path[:i]
	}
	last := path[bytes.LastIndexByte(bytes.TrimRight(path, "/"), '/')+1:]
	switch w := string(bytes.Trim(last, "/")); w {
	case "createItem", "doCreateItem", "createView", "generateNewToken", "createCredentials", "createAccountByAdmin", "createAccount":
		ev.Activity = event.ActCreate
	case "doDelete", "delete", "doUninstall":
		ev.Activity = event.ActDelete
	case "build", "buildWithParameters", "rebuild", "replay", "run", "script", "scriptText", "execute", "runScript":
		ev.Class, ev.Activity = event.ClassProcess, event.ActStart
	case "j_acegi_security_check", "j_spring_security_check":
		ev.Class, ev.Activity, ev.Outcome = event.ClassAuthentication, event.ActLogon, event.OutcomeUnknown
	case "enable":
		ev.Activity = event.ActEnable
	case "disable":
		ev.Activity = event.ActDisable
	}
	if bytes.HasPrefix(path, []byte("user/")) || bytes.HasPrefix(path, []byte("securityRealm/")) {
		ev.Class = event.ClassAccountChange
	}
}
