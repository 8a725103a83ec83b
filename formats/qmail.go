// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var qmail = Format{
	Name:   "qmail",
	Source: "mail",
	About: About{
		What:   "qmail and its relatives (netqmail, s/qmail), ucspi-tcp's rblsmtpd and tcpserver, and vpopmail's vchkpw, through splogger or multilog.",
		Export: "Copy mail.log*, maillog* or the multilog folders (/var/log/qmail/*). vpopmail must be built with --enable-logging=y (or run with vlog) to log failed logins.",
		Takes:  "Failed and successful logins of vpopmail with account and address; peers turned away by a block list; connections.",
		Leaves: "qmail-smtpd itself logs no logins: an AUTH patch does, each in its own words. What was in a message.",
	},
	Sniff:    qmailLines.sniff,
	New:      qmailLines.parser,
	Shapes:   qmailLines.shapes(),
	Programs: qmailLines.words(),
	Marks:    qmailLines.marks(),
}

// vchkpw writes the name before the address: the last colon counts.
var qmailLines = phrasedFormat{
	service:  "smtp",
	programs: []string{"qmail", "qmail-smtpd", "rblsmtpd", "vpopmail", "smtpd-auth", "tcpserver", "smtp", "qmail-pop3d", "checkpassword"},
	shared:   true,
	trim:     trimQmail,
	phrases: []phrase{
		{"rblsmtpd: {ip} pid {num} {why}", sayMail, 0},
		{"qmail-smtpd: 421 badiprbl: ip {ip} rbl: {why}", sayMail, 0},
		{"qmail-smtpd: {num} badiprbl: ip {ip} {why}", sayMail, 0},
		{"{why} blocked {ip} {host} -", sayMail, 0},
		{"{why} blocked {ip} {skip}", sayMail, 0},
		{"vchkpw-{service}: password fail (pass: '{skip>}') {user}:{ip}", sayFailed, event.ReasonBadPassword},
		{"vchkpw-{service}: password fail {user}:{ip}", sayFailed, event.ReasonBadPassword},
		{"vchkpw-{service}: vpopmail user not found {user}:{ip}", sayFailed, event.ReasonNoSuchAccount},
		{"vchkpw-{service}: system user not found {user}:{ip}", sayFailed, event.ReasonNoSuchAccount},
		{"vchkpw-{service}: system password fail {user}:{ip}", sayFailed, event.ReasonBadPassword},
		{"vchkpw-{service}: null password given {user}:{ip}", sayFailed, event.ReasonBadPassword},
		{"vchkpw-{service}: invalid user/domain characters {user}:{ip}", sayFailed, event.ReasonNoSuchAccount},
		{"vchkpw-{service}: ({method}) login success {user}:{ip}", sayLogin, 0},
		{"vchkpw-{service}: ({method}) password fail {user}:{ip}", sayFailed, event.ReasonBadPassword},
		{"vchkpw: password fail {user}:{ip}", sayFailed, event.ReasonBadPassword},
		{"vchkpw: vpopmail user not found {user}:{ip}", sayFailed, event.ReasonNoSuchAccount},
		{"tcpserver: pid {num} from {ip}", sayConnect, 0},
		{"tcpserver: ok {num} {word}:{skip>}:{ip}:{skip}:{port}", sayConnect, 0},
		{"tcpserver: deny {num} {word}:{skip>}:{ip}:{skip}:{port}", sayRefused, 0},
	},
	quiet: []string{"status: local", "new msg", "end msg", "info msg", "starting delivery", "delivery ", "tcpserver: status", "tcpserver: end", "status: exiting"},
	finish: func(l *phrasedLine, ev *event.Event) {
		if ev.Class == event.ClassAuthentication && ev.Account != "" && len(l.fit.hole[holeService]) == 0 {
			ev.Service = "mail"
		}
	},
}

// trimQmail takes away the seconds that splogger writes: "1157520813.485077 ".
func trimQmail(b []byte) []byte {
	if word, rest := nextWord(b); len(word) == 17 && word[10] == '.' && isDigit(word[0]) {
		return bytes.TrimLeft(rest, " ")
	}
	return b
}

var kerio = Format{
	Name:   "kerio",
	Also:   []string{"kerio-connect"},
	Source: "mail",
	About: About{
		What:   "Kerio Connect (Kerio Mail Server) 7 to 10: the security and mail logs.",
		Export: "In the administration, Logs, Security: save the log; or copy store/logs/security.log* and mail.log*. Nothing need be switched on.",
		Takes:  "Failed logins of every protocol with account, address and whether the account exists; administrators' failed logins; mail and peers turned away.",
		Leaves: "Successful logins stand in the debug log (IMAP, POP3, SMTP server messages), if switched on there, which is not read.",
	},
	Sniff:    kerioLines.sniff,
	New:      kerioLines.parser,
	Shapes:   kerioLines.shapes(),
	Programs: kerioLines.words(),
	Marks:    kerioLines.marks(),
}

var kerioLines = phrasedFormat{
	service: "mail",
	file:    bracketHead,
	phrases: []phrase{
		{"{service}: User {user} doesn't exist. Attempt from IP address {ip}.", sayFailed, event.ReasonNoSuchAccount},
		{"{service}: User {user} doesn't exist. Attempt from IP address {ip}", sayFailed, event.ReasonNoSuchAccount},
		{"{service}: Invalid password for user {user}. Attempt from IP address {ip}.", sayFailed, event.ReasonBadPassword},
		{"{service}: Invalid password for user {user}. Attempt from IP address {ip}", sayFailed, event.ReasonBadPassword},
		{"{service}: User {user} cannot log in. Attempt from IP address {ip}.", sayFailed, event.ReasonDenied},
		{"{service}: Authentication failed for user {user}. Attempt from IP address {ip}. {why}", sayFailed, 0},
		{"Failed {service} login from {ip} with SASL method {method}.", sayFailed, 0},
		{"Failed {service} login from {ip} with SASL method {method}", sayFailed, 0},
		{"Failed {service} login from {ip}", sayFailed, 0},
		{"Failed {service} login from {ip}, user {user}", sayFailed, 0},
		{"Failed {service} login from {ip}, user {user}.", sayFailed, 0},
		{"Administration login into {service>} from {ip} failed: IP address not allowed", sayFailed, event.ReasonDenied},
		{"Administration login into {service>} from {ip} failed: {why}", sayFailed, 0},
		{"SMTP Spam attack detected from {ip}, {why}", sayMail, 0},
		{"SMTP: Spam attack detected from {ip}, {why}", sayMail, 0},
		{"IP address {ip} found in DNS blacklist {why}", sayMail, 0},
		{"Relay attempt from IP address {ip}, {why}", sayMail, 0},
		{"Attempt to deliver to unknown recipient <{object}>, from <{skip>}>, IP address {ip}", sayMail, event.ReasonNoSuchAccount},
		{"Client with IP address {ip} has no reverse DNS entry, {why}", sayMail, 0},
		{"Message from IP address {ip}, {why}", sayMail, 0},
		{"Connection attempt to service {service} from {ip} was denied: {why}", sayRefused, 0},
	},
	finish: func(l *phrasedLine, ev *event.Event) {
		if ev.Class == event.ClassMail {
			ev.Service = "smtp"
		}
	},
}

// bracketHead reads a line whose time stands in brackets; no other.
func bracketHead(b []byte) (Civil, []byte, bool) {
	if len(b) < 2 || b[0] != '[' {
		return Civil{}, nil, false
	}
	return fileHead(b)
}

var openSMTPD = Format{
	Name:   "opensmtpd",
	Source: "mail",
	About: About{
		What:   "OpenSMTPD 5.x to 7.x through syslog.",
		Export: "Copy maillog*. Nothing need be switched on.",
		Takes:  "Failed and successful SMTP logins with address and, where logged, account; commands refused; connections.",
		Leaves: "The account of a failed login in most versions; deliveries.",
	},
	Sniff:    openSMTPDLines.sniff,
	New:      openSMTPDLines.parser,
	Shapes:   openSMTPDLines.shapes(),
	Programs: openSMTPDLines.words(),
	Marks:    openSMTPDLines.marks(),
}

var openSMTPDLines = phrasedFormat{
	service:  "smtp",
	programs: []string{"smtpd", "opensmtpd"},
	phrases: []phrase{
		{`{session} smtp event=failed-command address={ip} host={host} command="AUTH {method}" result="535 {why}"`, sayFailed, 0},
		{`{session} smtp event=failed-command address={ip} host={host} command="AUTH {method}" result="{why}"`, sayFailed, event.ReasonDenied},
		{`{session} smtp event=failed-command address={ip} host={host} command="{object}" result="{why}"`, sayMail, 0},
		{`{session} smtp event=authentication user={user} address={ip} host={host} result=ok`, sayLogin, 0},
		{`{session} smtp event=authentication user={user} address={ip} host={host} result=permfail`, sayFailed, 0},
		{`{session} smtp event=authentication user={user} result=ok`, sayLogin, 0},
		{`{session} smtp event=connected address={ip} host={host}`, sayConnect, 0},
		{`{session} smtp event=bad-input address={ip} host={host} {why}`, sayBroken, 0},
		{`{session} smtp failed-command command="AUTH {method}" result="535 {why}"`, sayNothing, 0},
		{`{session} smtp authentication user={user} result=ok`, sayLogin, 0},
		{`{session} smtp authentication user={user} result=permfail`, sayFailed, 0},
		{`{session} smtp connected address={ip} host={host}`, sayConnect, 0},
	},
	quiet: []string{""},
}
