// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

// Small servers and proxies of mail boxes.

var solidPOP3D = Format{
	Name:   "solid-pop3d",
	Source: "mail",
	About: About{
		What:   "Solid POP3 server (solid-pop3d) through syslog.",
		Export: "Copy mail.log* or maillog*. Nothing need be switched on.",
		Takes:  "Failed and successful logins with account and address.",
		Leaves: "What was fetched.",
	},
	Sniff:    solidPOP3DLines.sniff,
	New:      solidPOP3DLines.parser,
	Shapes:   solidPOP3DLines.shapes(),
	Programs: solidPOP3DLines.words(),
	Marks:    solidPOP3DLines.marks(),
}

var solidPOP3DLines = phrasedFormat{
	service:  "pop3",
	programs: []string{"solid-pop3d", "spop3d"},
	phrases: []phrase{
		{"authentication failed: no such user: {user} - {from}", sayFailed, event.ReasonNoSuchAccount},
		{"authentication failed: can't map user name: {user} - {from}", sayFailed, event.ReasonNoSuchAccount},
		{"authentication failed: {why} - {from}", sayFailed, 0},
		{"authentication failed for mapped user {user} - {from}", sayFailed, event.ReasonBadPassword},
		{"authentication failed for user {user} - {from}", sayFailed, event.ReasonBadPassword},
		{"APOP authentication failed for mapped user {user} - {from}", sayFailed, event.ReasonBadPassword},
		{"APOP authentication failed for user {user} - {from}", sayFailed, event.ReasonBadPassword},
		{"can't find APOP secret for user {user} - {from}", sayFailed, event.ReasonNoSuchAccount},
		{"can't find APOP secret for mapped user {user} - {from}", sayFailed, event.ReasonNoSuchAccount},
		{"root login not allowed - {from}", sayFailed, event.ReasonDenied},
		{"user {user} logged in - {from}", sayLogin, 0},
		{"user {user} authenticated - {from}", sayLogin, 0},
		{"connect from {from}", sayConnect, 0},
	},
	quiet: []string{""},
	finish: func(l *phrasedLine, ev *event.Event) {
		if isPrefix(l.text, "root login") {
			ev.Account = "root"
		}
	},
}

var cucipop = Format{
	Name:   "cucipop",
	Source: "mail",
	About: About{
		What:   "Cubic Circle's POP3 daemon (cucipop), Qpopper and other POP3 servers with their words, through syslog.",
		Export: "Copy mail.log* or maillog*. Qpopper needs -s to log sessions.",
		Takes:  "Failed logins with account and address.",
		Leaves: "What was fetched.",
	},
	Sniff:    cucipopLines.sniff,
	New:      cucipopLines.parser,
	Shapes:   cucipopLines.shapes(),
	Programs: cucipopLines.words(),
	Marks:    cucipopLines.marks(),
}

var cucipopLines = phrasedFormat{
	service:  "pop3",
	programs: []string{"cucipop", "popper", "qpopper", "in.qpopper", "ipop3d", "pop3"},
	shared:   true,
	phrases: []phrase{
		{"authentication failure {user} {ip}", sayFailed, 0},
		{"authentication failure {ip}", sayFailed, 0},
		{"[AUTH] Failed attempted login to {user} from host ({host}) {ip}", sayFailed, 0},
		{`{user<} at {host} ({ip}): -ERR [AUTH] Password supplied for "{skip}" is incorrect.`, sayFailed, event.ReasonBadPassword},
		{"(v{word}) POP login by user \"{user}\" at ({host}) {ip}", sayLogin, 0},
		{"{user} {ip} {num}, {num} ({num}), {num} ({num})", sayLogin, 0},
	},
}

var perdition = Format{
	Name:   "perdition",
	Source: "mail",
	About: About{
		What:   "Perdition, the proxy of IMAP, POP3 and ManageSieve, 1.17 to 2.x, through syslog.",
		Export: "Copy mail.log* or maillog*. connection_logging is not needed: it would write passwords.",
		Takes:  "Failed and successful logins with account, address and the server behind.",
		Leaves: "What happened in a session. The server behind sees the proxy's address alone: these lines say who it was.",
	},
	Sniff:    perditionLines.sniff,
	New:      perditionLines.parser,
	Shapes:   perditionLines.shapes(),
	Programs: perditionLines.words(),
	Marks:    perditionLines.marks(),
}

var perditionLines = phrasedFormat{
	service:  "imap",
	programs: []string{"perdition", "perdition.*"},
	phrases: []phrase{
		{`Auth: {ip}->{dst} client-secure={word} authorisation_id={word} authentication_id="{user}" server="{relay}" protocol={service} server-secure={word} status="ok"`, sayLogin, 0},
		{`Auth: {ip}->{dst} client-secure={word} authorisation_id={word} authentication_id="{user}" server="{relay}" protocol={service} server-secure={word} status="failed: {why}"`, sayFailed, 0},
		{`Auth: {ip}->{dst} user="{user}" server="{relay}" port="{num}" status="ok"`, sayLogin, 0},
		{`Auth: {ip}->{dst} user="{user}" server="{relay}" port="{num}" status="failed: {why}"`, sayFailed, 0},
		{`Auth: {ip}->{dst} {skip}status="failed: {why}"`, sayFailed, 0},
		{"Fatal Error reading authentication information from client {ip}->{dst}: {why}", sayBroken, 0},
		{"Fatal Error reading authentication information from client {ip}: {why}", sayBroken, 0},
		{"Connect: {ip}->{dst}", sayConnect, 0},
		{"Connection: {ip}->{dst}", sayConnect, 0},
		{"Close: {ip}->{dst} {skip}", sayClose, 0},
	},
	quiet: []string{""},
	finish: func(l *phrasedLine, ev *event.Event) {
		if len(l.fit.hole[holeService]) == 0 {
			ev.Service = l.env.Intern.Bytes(mailService(l.program))
		} else if s := l.fit.hole[holeService]; isPrefix(s, "IMAP") {
			ev.Service = "imap"
		} else if isPrefix(s, "POP") {
			ev.Service = "pop3"
		}
	},
}
