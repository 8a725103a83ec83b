// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var lemonLDAP = Format{
	Name:   "lemonldap",
	Also:   []string{"lemonldap-ng", "llng"},
	Source: "directory",
	About: About{
		What: "LemonLDAP::NG 1.9 and 2: the user log of the portal through syslog (ident LLNG).",
		Export: "In lemonldap-ng.ini or the manager set the user logger to Lemonldap::NG::Common::Logger::Syslog (userSyslogFacility auth) with the level notice or info, and copy auth.log. " +
			"With the default logger the same words stand in the web server's error log: name the format for it only if nothing else is in it.",
		Takes:  "Failed logins with account and address: wrong password, unknown account, second factor; successful logins, disconnections, refreshed sessions; protection against guessing switched on.",
		Leaves: "The address of a successful login, which the portal does not write: the web server's access log has it. Authorisations of single applications. Which service a CAS, SAML or OpenID Connect ticket was for.",
	},
	Sniff:    lemonLDAPLines.sniff,
	New:      lemonLDAPLines.parser,
	Shapes:   lemonLDAPLines.shapes(),
	Programs: lemonLDAPLines.words(),
	Marks:    lemonLDAPLines.marks(),
}

var lemonLDAPLines = phrasedFormat{
	service:  "sso",
	programs: []string{"LLNG"},
	trim:     trimLemonLDAP,
	phrases: []phrase{
		{"User {user} successfully authenticated at level {num}", sayLogin, 0},
		{"Bad password for {user} ({ip})", sayFailed, event.ReasonBadPassword},
		{"Bad password for {user}", sayFailed, event.ReasonBadPassword},
		{"Bad credentials for {user} ({ip})", sayFailed, event.ReasonBadCredentials},
		{"{user} was not found in LDAP directory ({ip})", sayFailed, event.ReasonNoSuchAccount},
		{"{user} was not found in {word} ({ip})", sayFailed, event.ReasonNoSuchAccount},
		{"Authentication failed for {user}: error {num}", sayFailed, event.ReasonBadCredentials},
		{"Authentication failed for {user}", sayFailed, event.ReasonBadCredentials},
		{"Second factor failed for {user}", sayFailed, event.ReasonSecondFactorFailed},
		{"User {user} has been disconnected from {word} ({ip})", sayLogoff, 0},
		{"User {user} has been disconnected", sayLogoff, 0},
		{"{ip} is banned by CrowdSec", sayRefused, 0},
		{"Lemonldap::NG : Session granted for {user} by {word} ({ip})", sayLogin, 0},
		{"Session granted for {user} by {word} ({ip})", sayLogin, 0},
		{"Password changed {user}", sayReset, 0},
		{"{user} connected", sayAgain, 0},
		{"Refresh request for {user}", sayNothing, 0},
	},
	quiet:  []string{""},
	finish: finishLemonLDAP,
}

// trimLemonLDAP takes away "[notice] ", which the portal's logger writes before the text.
func trimLemonLDAP(b []byte) []byte {
	if len(b) > 8 && b[0] == '[' {
		if i := index(b[:min(len(b), 12)], "] "); i > 0 {
			return b[i+2:]
		}
	}
	return b
}

// finishLemonLDAP makes of "NAME connected" what it is: told of once more.
func finishLemonLDAP(l *phrasedLine, ev *event.Event) {
	if l.phrase.what == sayAgain {
		ev.Outcome, ev.Reason = event.OutcomeSuccess, event.ReasonNone
	}
}
