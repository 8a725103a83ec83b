// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var cyrus = Format{
	Name:   "cyrus",
	Also:   []string{"cyrus-imap", "sieve"},
	Source: "mail",
	About: About{
		What:   "Cyrus IMAP 2.x to 3.x: imapd, pop3d, timsieved, nntpd, httpd, through syslog.",
		Export: "Copy mail.log* or maillog*. With syslog at info both logins and failed ones are there; auditlog: yes in imapd.conf adds deletions and copies, which are not read yet.",
		Takes:  "Logins and failed logins with account, address, mechanism and SASL's reason.",
		Leaves: "Some mechanisms fail before the account is known: then there is none. Which message was read.",
	},
	Sniff:    cyrusLines.sniff,
	New:      cyrusLines.parser,
	Shapes:   cyrusLines.shapes(),
	Programs: cyrusLines.words(),
	Marks:    cyrusLines.marks(),
}

// What stands before the bracket is what the address resolves to. The name stands behind it and may hold anything; SASL's answer comes last.
var cyrusLines = phrasedFormat{
	programs: []string{"imap", "imaps", "pop3", "pop3s", "imapd", "pop3d", "timsieved", "sieve", "nntp", "lmtp", "lmtpunix", "http", "cyrus/*", "cyrus-imapd", "cyrus"},
	shared:   true,
	phrases: []phrase{
		{"badlogin: {skip}[{ip}] {method} ({user}) [{why}]", sayFailed, 0},
		{"badlogin: {skip}[{ip}] {method} [{why}]", sayFailed, 0},
		{"badlogin: {skip}[{ip}] {method} {user} SASL({num}): {why}", sayFailed, 0},
		{"badlogin: {skip}[{ip}] {method} {user} SASL {why}", sayFailed, 0},
		{"badlogin: {skip}[{ip}] {method} authentication failure", sayFailed, 0},
		{"badlogin: {skip}[{ip}] {method} {why}", sayFailed, 0},
		{"badlogin: {skip}[{ip}] {why}", sayFailed, 0},
		{"badlogin from {skip}[{ip}]", sayFailed, 0},
		{"login: {host} [{ip}] {user} {method} User logged in SESSIONID=<{session}>", sayLogin, 0},
		{"login: {host} [{ip}] {user} {method} User logged in", sayLogin, 0},
		{"login: {host} [{ip}] {user} {method} {skip}", sayLogin, 0},
		{"login: [{ip}] {user} {method} {skip}", sayLogin, 0},
		{"login: {host}[{ip}] {user} {method} {skip}", sayLogin, 0},
		{"{service} TLS negotiation failed: {skip}[{ip}]", sayBroken, 0},
		{"STARTTLS negotiation failed: {skip}[{ip}]", sayBroken, 0},
	},
	quiet: []string{"accepted connection", "starttls:", "executed", "skiplist:", "seen_db:", "open: user ", "USAGE ", "auditlog:", "duplicate_", "mystore:", "Delivered:", "SESSIONID=", "client id:"},
	finish: func(l *phrasedLine, ev *event.Event) {
		ev.Service = l.env.Intern.Bytes(mailService(l.program))
		why := l.fit.hole[holeWhy]
		switch {
		case ev.Outcome != event.OutcomeFailure || ev.Class != event.ClassAuthentication:
		case has(why, "user not found"), has(why, "no such user"):
			ev.Reason = event.ReasonNoSuchAccount
		case has(why, "password incorrect"), has(why, "incorrect digest"), has(why, "checkpass failed") && !has(why, "authentication failure"):
			ev.Reason = event.ReasonBadPassword
		case has(why, "no mechanism available"), has(why, "bad protocol"), has(why, "encryption needed"):
			ev.Reason = event.ReasonProtocol
		case has(why, "expired"):
			ev.Reason = event.ReasonExpired
		case has(why, "disabled"):
			ev.Reason = event.ReasonDisabled
		}
	},
}

// mailService returns the protocol that a daemon's name speaks of: "cyrus/imaps" imap, "pop3login" pop3.
func mailService(program []byte) []byte {
	for _, w := range [...]string{"imap", "pop3", "sieve", "smtp", "nntp", "lmtp", "http"} {
		if i := index(program, w); i >= 0 {
			return program[i : i+len(w)]
		}
	}
	if has(program, "pop") {
		return []byte("pop3")
	}
	return program
}

var uwIMAP = Format{
	Name:   "uw-imap",
	Also:   []string{"uwimap", "alpine"},
	Source: "mail",
	About: About{
		What:   "The University of Washington's imapd, ipop2d and ipop3d, Panda IMAP.",
		Export: "Copy mail.log*, maillog* or auth.log*. Nothing need be switched on.",
		Takes:  "Logins and failed logins with account and address, the end of sessions.",
		Leaves: "A client that asks with AUTHENTICATE leaves no account when it fails.",
	},
	Sniff:    uwIMAPLines.sniff,
	New:      uwIMAPLines.parser,
	Shapes:   uwIMAPLines.shapes(),
	Programs: uwIMAPLines.words(),
	Marks:    uwIMAPLines.marks(),
}

var uwIMAPLines = phrasedFormat{
	programs: []string{"imapd", "ipop3d", "ipop2d", "imaps", "imap", "pop3d"},
	shared:   true,
	phrases: []phrase{
		{"Login failed user={user} auth={skip>} host={skip>}[{ip}]", sayFailed, 0},
		{"LOGIN FAILED user={user} auth={skip>} host={skip>}[{ip}]", sayFailed, 0},
		{"Login excessive login failures user={user} auth={skip>} host={skip>}[{ip}]", sayAgain, 0},
		{"Login disabled user={user} auth={skip>} host={skip>}[{ip}]", sayFailed, event.ReasonDisabled},
		{"Login SYSTEM BREAK-IN ATTEMPT user={user} auth={skip>} host={skip>}[{ip}]", sayFailed, event.ReasonDenied},
		{"Login failure user={user} host={skip>}[{ip}]", sayFailed, 0},
		{"AUTHENTICATE {method} failure host={skip>}[{ip}]", sayFailed, 0},
		{"AUTHENTICATE {method} break-in attempt host={skip>}[{ip}]", sayFailed, event.ReasonDenied},
		{"Authenticated user={user} host={skip>}[{ip}]", sayLogin, 0},
		{"Authenticated user={user} host={skip>}[{ip}] mech={method}", sayLogin, 0},
		{"Login user={user} host={skip>}[{ip}]", sayLogin, 0},
		{"Login user={user} host={skip>}[{ip}] nmsgs={skip}", sayLogin, 0},
		{"Logout user={user} host={skip>}[{ip}]", sayLogoff, 0},
		{"Logout user={user} host={skip>}[{ip}] nmsgs={skip}", sayLogoff, 0},
		{"Autologout user={user} host={skip>}[{ip}]", sayLogoff, 0},
		{"Killed (lost mailbox lock) user={user} host={skip>}[{ip}]", sayLogoff, 0},
	},
	quiet:  []string{"port 143 service init", "port 993 service init", "port 110 service init", "port 995 service init", "imap service init", "imaps SSL service init", "pop3 service init", "Command stream end of file", "Moved ", "Unexpected client disconnect"},
	finish: func(l *phrasedLine, ev *event.Event) { ev.Service = l.env.Intern.Bytes(mailService(l.program)) },
}

var courier = Format{
	Name:   "courier",
	Source: "mail",
	About: About{
		What:   "Courier: imapd, pop3d, their SSL twins, courieresmtpd and webmaild, through syslog.",
		Export: "Copy mail.log* or maillog*. Nothing need be switched on; DEBUG_LOGIN=1 in the imapd file would add what was typed, passwords too, and should be off.",
		Takes: "Logins, failed logins and the end of sessions with account, address, port and bytes; mail turned away by courieresmtpd. Failed logins through SMTP, where the " +
			"account stands in the client's own command if at all.",
		Leaves: "A client that asks with AUTHENTICATE leaves no account when it fails.",
	},
	Sniff:    courierLines.sniff,
	New:      courierLines.parser,
	Shapes:   courierLines.shapes(),
	Programs: courierLines.words(),
	Marks:    courierLines.marks(),
}

var courierLines = phrasedFormat{
	programs: []string{"imapd", "imapd-ssl", "pop3d", "pop3d-ssl", "imaplogin", "pop3login", "courierpop3login", "courierimaplogin", "courieresmtpd", "courieresmtpd-ssl", "couriertcpd", "authdaemond", "webmaild", "sqwebmail"},
	shared:   true,
	phrases: []phrase{
		{"LOGIN FAILED, user={user}, ip=[{ip}]", sayFailed, 0},
		{"LOGIN FAILED, user={user}, ip=[{ip}], port=[{port}]", sayFailed, 0},
		{"LOGIN FAILED, method={method}, ip=[{ip}]", sayFailed, 0},
		{"LOGIN FAILED, method={method}, ip=[{ip}], port=[{port}]", sayFailed, 0},
		{"LOGIN FAILED, ip=[{ip}]", sayFailed, 0},
		{"LOGIN, user={user}, ip=[{ip}], port=[{port}], protocol={skip}", sayLogin, 0},
		{"LOGIN, user={user}, ip=[{ip}], protocol={skip}", sayLogin, 0},
		{"LOGIN, user={user}, ip=[{ip}]", sayLogin, 0},
		{"LOGOUT, user={user}, ip=[{ip}], {skip}", sayLogoff, 0},
		{"TIMEOUT, user={user}, ip=[{ip}], {skip}", sayLogoff, 0},
		{"DISCONNECTED, user={user}, ip=[{ip}], {skip}", sayLogoff, 0},
		{"Connection, ip=[{ip}]", sayConnect, 0},
		{"LOGOUT, ip=[{ip}]", sayClose, 0},
		{"LOGOUT, ip=[{ip}], {skip}", sayClose, 0},
		{"DISCONNECTED, ip=[{ip}]", sayClose, 0},
		{"DISCONNECTED, ip=[{ip}], {skip}", sayClose, 0},
		{`error,relay={ip},port={port},msg="535 {why}",cmd: AUTH {method} {user<} {skip}`, sayFailed, 0},
		{`error,relay={ip},port={port},msg="535 {why}",cmd: {skip}`, sayFailed, 0},
		{`error,relay={ip},msg="535 {why}",cmd: {skip}`, sayFailed, 0},
		{"error,relay={ip},{skip}to=<{skip>}>: {why}", sayMail, 0},
		{"error,relay={ip},{skip}: {why}", sayMail, 0},
		{"error,relay={ip},{why}", sayMail, 0},
		{"started,ip=[{ip}]", sayConnect, 0},
		{"started,ip=[{ip}],{skip}", sayConnect, 0},
	},
	quiet: []string{"chdir ", "authpam", "authmysql", "authpgsql", "authldap", "modules=", "Installing ", "stopping authdaemond", "Maximum connection limit", "couriertls:", "ip=[", "newmsg,", "Unexpected "},
	finish: func(l *phrasedLine, ev *event.Event) {
		ev.Service = l.env.Intern.Bytes(mailService(l.program))
		if ev.Activity == event.ActRefuse && has(l.fit.hole[holeWhy], " unknown") {
			ev.Reason = event.ReasonNoSuchAccount
		}
	},
}
