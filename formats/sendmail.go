// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var sendmail = Format{
	Name:   "sendmail",
	Source: "mail",
	About: About{
		What:   "Sendmail 8.9 to 8.18 through syslog.",
		Export: "Copy mail.log* or maillog*. LogLevel 9, the default, shows refusals and deliveries; LogLevel 10 (confLOG_LEVEL) adds failed and successful AUTH.",
		Takes: "Failed and successful SMTP logins with account, address and mechanism; mail turned away by a rule set; messages received and delivered; clients that probe " +
			"without sending.",
		Leaves: "Failed logins below LogLevel 10. What was in a message.",
	},
	Sniff:    sendmailLines.sniff,
	New:      sendmailLines.parser,
	Shapes:   sendmailLines.shapes(),
	Programs: sendmailLines.words(),
	Marks:    sendmailLines.marks(),
}

// The queue's identifier is taken away first. A relay's name before its bracket is what its address resolves to.
var sendmailLines = phrasedFormat{
	service:  "smtp",
	programs: []string{"sendmail", "sm-mta", "sm-msp-queue", "sendmail-in", "sm-acceptingconnections"},
	trim:     trimSendmail,
	phrases: []phrase{
		{"AUTH failure ({method}): {why}, user={user}, relay={host} [{ip}] (may be forged)", sayFailed, 0},
		{"AUTH failure ({method}): {why}, user={user}, relay={host} [{ip}]", sayFailed, 0},
		{"AUTH failure ({method}): {why}, user={user}, relay=[{ip}]", sayFailed, 0},
		{"AUTH failure ({method}): {why}, relay={host} [{ip}] (may be forged)", sayFailed, 0},
		{"AUTH failure ({method}): {why}, relay={host} [{ip}]", sayFailed, 0},
		{"AUTH failure ({method}): {why}, relay=[{ip}]", sayFailed, 0},
		{"AUTH=server, relay={host} [{ip}] (may be forged), authid={user}, mech={method}, bits={num}", sayLogin, 0},
		{"AUTH=server, relay={host} [{ip}], authid={user}, mech={method}, bits={num}", sayLogin, 0},
		{"AUTH=server, relay=[{ip}], authid={user}, mech={method}, bits={num}", sayLogin, 0},
		{"{host} [{ip}] (may be forged): possible SMTP attack: command=AUTH, count={count}", sayFailed, 0},
		{"{host} [{ip}]: possible SMTP attack: command=AUTH, count={count}", sayFailed, 0},
		{"[{ip}]: possible SMTP attack: command=AUTH, count={count}", sayFailed, 0},
		{"{host} [{ip}] (may be forged): possible SMTP attack: {why}", sayRefused, 0},
		{"{host} [{ip}]: possible SMTP attack: {why}", sayRefused, 0},
		{"[{ip}]: possible SMTP attack: {why}", sayRefused, 0},
		{"ruleset={word} arg1={object}, arg2={skip>}, relay={host} [{ip}] (may be forged), reject={why}", sayMail, 0},
		{"ruleset={word} arg1={object}, arg2={skip>}, relay={host} [{ip}], reject={why}", sayMail, 0},
		{"ruleset={word} arg1={object}, arg2={skip>}, relay=[{ip}], reject={why}", sayMail, 0},
		{"ruleset={word} arg1={object}, relay={host} [{ip}] (may be forged), reject={why}", sayMail, 0},
		{"ruleset={word} arg1={object}, relay={host} [{ip}], reject={why}", sayMail, 0},
		{"ruleset={word} arg1={object}, relay=[{ip}], reject={why}", sayMail, 0},
		{"Milter: {skip}, reject={why}", sayNothing, 0},
		{"rejecting commands from {host} [{ip}] (may be forged) {why}", sayMail, 0},
		{"rejecting commands from {host} [{ip}] {why}", sayMail, 0},
		{"rejecting commands from [{ip}] {why}", sayMail, 0},
		{"{host} [{ip}] (may be forged) did not issue {why}", sayBroken, 0},
		{"{host} [{ip}] did not issue {why}", sayBroken, 0},
		{"[{ip}] did not issue {why}", sayBroken, 0},
		{"lost input channel from {host} [{ip}] {why}", sayBroken, 0},
		{"lost input channel from [{ip}] {why}", sayBroken, 0},
		{"timeout waiting for input from {host} [{ip}] {why}", sayBroken, 0},
		{"Relaying denied. IP name lookup failed [{ip}]", sayMail, 0},
		{"{object}... Relaying denied. IP name lookup failed [{ip}]", sayMail, 0},
		{"{object}... User unknown, relay={host} [{ip}]", sayMail, event.ReasonNoSuchAccount},
		{"{object}... User unknown", sayMail, event.ReasonNoSuchAccount},
		{"from={object}, size={count}, {skip}, relay={host} [{ip}] (may be forged)", sayOwn, 0},
		{"from={object}, size={count}, {skip}, relay={host} [{ip}]", sayOwn, 0},
		{"from={object}, size={count}, {skip}, relay=[{ip}]", sayOwn, 0},
		{"from={object}, size={count}, {skip}", sayOwn, 0},
		{"to={object}, {skip}, stat=Sent{why}", sayOwn, 0},
		{"to={object}, {skip}, stat={why}", sayOwn, 0},
	},
	quiet: []string{"STARTTLS", "NOQUEUE: connect from", "<-- ", "--- ", "starting daemon", "alias database", "/etc/", "clone:", "gethostby", "started as", "Milter", "milter",
		"tls_", "TLS", "AUTH: ", "done; ", "Authentication-Warning", "rejecting connections on daemon", "accepting connections again", "grew WorkList", "hash map", "return to sender", "DSN:", "sender notify",
		"postmaster notify", "SYSERR", "unable to ", "low on ", "runqueue:", "restarting ", "/var/", "collect:", "makeconnection", "discarded", "NOQUEUE: Null connection"},
	finish: finishSendmail,
}

// trimSendmail takes away "w1AbCd12345678: " and "NOQUEUE: ".
func trimSendmail(b []byte) []byte {
	if rest, ok := cutPrefix(b, "NOQUEUE: "); ok {
		return rest
	}
	i := index(b[:min(len(b), 24)], ": ")
	if i < 8 {
		return b
	}
	for _, c := range b[:i] {
		if !isDigit(c) && !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return b
		}
	}
	return b[i+2:]
}

func finishSendmail(l *phrasedLine, ev *event.Event) {
	h := &l.fit.hole
	ev.Object = l.env.Intern.Bytes(bytes.Trim(h[holeObject], "<>"))
	why := h[holeWhy]
	switch {
	case l.phrase.what == sayMail && (has(why, "User unknown") || has(why, "Unknown")):
		ev.Reason = event.ReasonNoSuchAccount
	case l.phrase.what == sayFailed && (has(why, "user not found") || has(why, "no such user")):
		ev.Reason = event.ReasonNoSuchAccount
	case l.phrase.what == sayFailed && has(why, "checkpass failed"), l.phrase.what == sayFailed && has(why, "incorrect"):
		ev.Reason = event.ReasonBadPassword
	}
	if l.phrase.what != sayOwn {
		return
	}
	ev.Class, ev.Activity, ev.Outcome = event.ClassMail, event.ActReceive, event.OutcomeSuccess
	if isPrefix(l.text, "to=") {
		ev.Activity = event.ActSend
		if !has([]byte(l.phrase.text), "stat=Sent") {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
			if isPrefix(why, "Deferred") {
				ev.Reason = event.ReasonUnavailable
			}
		}
		return
	}
	ev.BytesOut, ev.Count, ev.Object = someNumber(h[holeCount]), event.Int{}, ""
	l.add("sender", bytes.Trim(h[holeObject], "<>"))
}
