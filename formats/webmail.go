// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Webmail. The mail server behind sees the webmail's address: these lines say who came.

var roundcube = Format{
	Name:   "roundcube",
	Source: "mail",
	About: About{
		What: "Roundcube Webmail 0.3 to 1.6: logs/errors, logs/userlogins (or userlogins.log, errors.log), or syslog.",
		Export: "Copy the log folder. $config['log_logins'] = true makes it write userlogins, successes too; without it only the errors of the mail server stand in errors. " +
			"Behind a proxy set $config['proxy_whitelist'].",
		Takes:  "Logins and failed logins with account, address and session. A failure told in both files is told twice.",
		Leaves: "What was read. Headers such as X-Forwarded-For stand in the line as the client sent them and are not believed.",
	},
	Sniff:    roundcubeLines.sniff,
	New:      roundcubeLines.parser,
	Shapes:   roundcubeLines.shapes(),
	Programs: roundcubeLines.words(),
	Marks:    roundcubeLines.marks(),
}

// A name may look like the end of the line; the mail server's answer may hold the name again. The words of the program behind the
// address are its own, up to the answer: "{user}" takes the last place at which an address and those words fit.
var roundcubeLines = phrasedFormat{
	service:  "webmail",
	programs: []string{"roundcube"},
	file:     bracketHead,
	trim:     trimRoundcube,
	phrases: []phrase{
		{"IMAP Error: Login failed for {user} against {skip>} from {from}. {why}", sayFailed, 0},
		{"IMAP Error: Login failed for {user} from {ip}({skip}). {why}", sayFailed, 0},
		{"IMAP Error: Login failed for {user} from {ip}. AUTHENTICATE {why}", sayFailed, 0},
		{"IMAP Error: Login failed for {user} from {ip}. LOGIN: {why}", sayFailed, 0},
		{"IMAP Error: Login failed for {user} from {ip}. {why}", sayFailed, 0},
		{"IMAP Error: Login failed for {user} from {from}", sayFailed, 0},
		{"Failed login for {user} from {ip} in session {session} (error: {num})", sayFailed, 0},
		{"Failed login for {user} from {ip}({skip}) in session {session} (error: {num})", sayFailed, 0},
		{"FAILED login for {user} from {from}", sayFailed, 0},
		{"Failed login for {user} from {from}", sayFailed, 0},
		{"Successful login for {user} (ID: {num}) from {ip} in session {session}", sayLogin, 0},
		{"Successful login for {user} (ID: {num}) from {ip}({skip}) in session {session}", sayLogin, 0},
		{"Successful login for {user} (ID: {num}) from {from}", sayLogin, 0},
		{"Successful login for {user} (id {num}) from {from}", sayLogin, 0},
		{"Failed login for {user} from {ip} in session {session}", sayFailed, 0},
	},
	quiet: []string{"PHP Error", "DB Error", "SMTP Error", "PHP Fatal", "PHP Warning", "PHP Deprecated", "IMAP Error"},
	finish: func(l *phrasedLine, ev *event.Event) {
		if !l.fit.addr.IsValid() {
			ev.SrcHost = string(bytes.TrimRight([]byte(ev.SrcHost), "."))
		}
	},
}

// trimRoundcube takes away the session's short name, "<crk9n97i> ".
func trimRoundcube(b []byte) []byte {
	if len(b) > 12 && b[0] == '<' {
		if i := index(b[:12], "> "); i > 0 {
			return b[i+2:]
		}
	}
	return b
}

var squirrelMail = Format{
	Name:   "squirrelmail",
	Source: "mail",
	About: About{
		What:   "SquirrelMail 1.4 and 1.5 with the Squirrel Logger plugin.",
		Export: "Install the plugin and copy the file that its configuration names (/var/lib/squirrelmail/prefs/squirrelmail_access_log), or syslog.",
		Takes:  "Logins, failed logins and logouts with account, domain and address.",
		Leaves: "Everything without the plugin.",
	},
	Sniff:    squirrelMailLines.sniff,
	New:      squirrelMailLines.parser,
	Shapes:   squirrelMailLines.shapes(),
	Programs: squirrelMailLines.words(),
	Marks:    squirrelMailLines.marks(),
}

var squirrelMailLines = phrasedFormat{
	service:  "webmail",
	programs: []string{"squirrelmail"},
	file:     monthFirstHead,
	phrases: []phrase{
		{"[LOGIN_ERROR] {user} ({word}) from {ip}: {why}", sayFailed, 0},
		{"[LOGIN_ERROR] {user} ({word}) from {ip}", sayFailed, 0},
		{"[LOGIN] {user} ({word}) from {ip}: {skip}", sayLogin, 0},
		{"[LOGIN] {user} ({word}) from {ip}:", sayLogin, 0},
		{"[LOGIN] {user} ({word}) from {ip}", sayLogin, 0},
		{"[LOGOUT] {user} ({word}) from {ip}: {skip}", sayLogoff, 0},
		{"[LOGOUT] {user} ({word}) from {ip}:", sayLogoff, 0},
		{"[LOGOUT] {user} ({word}) from {ip}", sayLogoff, 0},
		{"[TIMEOUT] {user} ({word}) from {ip}: {skip}", sayLogoff, 0},
	},
	quiet: []string{"[OUTGOING_MAIL]", "[MASS_MAILING]", "[ERROR]"},
}

// monthFirstHead reads "10/06/2013 15:50:41 " as the sixth of October.
func monthFirstHead(b []byte) (Civil, []byte, bool) {
	t, text, ok := fileHead(b)
	if ok && len(b) > 5 && b[2] == '/' && b[5] == '/' {
		m := exactly(b, 2)
		d := exactly(b[3:], 2)
		t.Month, t.Day = m, d
	}
	return t, text, ok && t.Valid()
}

var horde = Format{
	Name:   "horde",
	Source: "mail",
	About: About{
		What:   "Horde 3 to 5 with IMP: horde.log or syslog.",
		Export: "Copy the file of $conf['log']['name']. $conf['log']['priority'] must be INFO or NOTICE to show successes; failures are errors and always there.",
		Takes:  "Logins and failed logins with account, address and application.",
		Leaves: "What was read.",
	},
	Sniff:    hordeLines.sniff,
	New:      hordeLines.parser,
	Shapes:   hordeLines.shapes(),
	Programs: hordeLines.words(),
	Marks:    hordeLines.marks(),
}

var hordeLines = phrasedFormat{
	service:  "webmail",
	programs: []string{"HORDE", "horde"},
	file:     hordeHead,
	trim:     trimHorde,
	phrases: []phrase{
		{"FAILED LOGIN for {user} [{ip}] to {why}", sayFailed, 0},
		{"FAILED LOGIN {ip} to {skip} as {user} [on line {skip}", sayFailed, 0},
		{"FAILED LOGIN for {user} ({ip}) to {why}", sayFailed, 0},
		{"FAILED LOGIN for {user} ({ip}) (forwarded for [{skip}]) to {why}", sayFailed, 0},
		{"Login success for {user} [{ip}] to {skip}", sayLogin, 0},
		{"Login success for {user} ({ip}) to {skip}", sayLogin, 0},
		{"Login success for {user} [{ip}] (forwarded for [{skip}]) to {skip}", sayLogin, 0},
		{"FAILED LOGIN for {user} [{ip}] (forwarded for [{skip}]) to {why}", sayFailed, 0},
		{"User {user} logged out of Horde ({ip}) {skip}", sayLogoff, 0},
		{"User {user} [{ip}] logged out of {skip}", sayLogoff, 0},
	},
	quiet: []string{"PHP ERROR", "HTTP", "Unable to", "SQL", "Query"},
}

// hordeHead reads "Jan 02 15:04:05 HORDE " and "2006-01-02T15:04:05+00:00 ERR: HORDE ".
func hordeHead(b []byte) (Civil, []byte, bool) {
	t, text, ok := fileHead(b)
	if !ok {
		return t, nil, false
	}
	i := index(text[:min(len(text), 24)], "HORDE")
	if i < 0 {
		return t, nil, false
	}
	return t, bytes.TrimLeft(text[i+len("HORDE"):], ": "), true
}

// trimHorde takes away "[error] [imp] ".
func trimHorde(b []byte) []byte {
	for range 3 {
		if len(b) > 2 && b[0] == '[' {
			if i := index(b[:min(len(b), 24)], "] "); i > 0 {
				b = b[i+2:]
			}
		}
	}
	return b
}

var sogo = Format{
	Name:   "sogo",
	Source: "mail",
	About: About{
		What:   "SOGo 1 to 5: sogo.log.",
		Export: "Copy /var/log/sogo/sogo.log*. Nothing need be switched on. The lines of sogod's requests in the same file are of the common web format and read as web-access.",
		Takes: "Logins and failed logins with account and address. SOGo says \"might not have worked\" of a failed one. Behind proxies it writes the whole chain that the headers " +
			"name: the first, which it takes for the client, is taken here too, and the last is kept as relay.",
		Leaves: "What was read. CalDAV and ActiveSync log no failures of their own.",
	},
	Sniff:    sogoLines.sniff,
	New:      sogoLines.parser,
	Shapes:   sogoLines.shapes(),
	Programs: sogoLines.words(),
	Marks:    sogoLines.marks(),
}

var sogoLines = phrasedFormat{
	service: "webmail",
	file:    sogoHead,
	phrases: []phrase{
		{"SOGoRootPage Login from '{ip}' for user '{user}' might not have worked - password policy: {why}", sayFailed, 0},
		{"SOGoRootPage Login from '{ip}, {relay}' for user '{user}' might not have worked - password policy: {why}", sayFailed, 0},
		{"SOGoRootPage Login from '{ip}, {skip}, {relay}' for user '{user}' might not have worked - password policy: {why}", sayFailed, 0},
		{"SOGoRootPage Login for user '{user}' might not have worked - password policy: {why}", sayFailed, 0},
		{"SOGoRootPage Login from '{ip}' for user '{user}' {skip}", sayNothing, 0},
		{"SOGoRootPage successful login from '{ip}' for user '{user}' - expire = {skip}", sayLogin, 0},
		{"SOGoRootPage successful login from '{ip}, {relay}' for user '{user}' - expire = {skip}", sayLogin, 0},
		{"SOGoRootPage successful login for user '{user}' - expire = {skip}", sayLogin, 0},
	},
	quiet: []string{"<0x", "version ", "vmem size check", "listening on ", "sending terminate", "NSException", "[ERROR]", "[WARN]"},
}

// sogoHead reads "Mar 24 08:58:32 sogod [26818]: ", with a host before the program or without.
func sogoHead(b []byte) (Civil, []byte, bool) {
	t, n := parseSyslogStamp(b)
	if n == 0 {
		return t, nil, false
	}
	i := index(b[n:min(len(b), n+80)], "sogod [")
	if i < 0 {
		return t, nil, false
	}
	j := index(b[n+i:], "]: ")
	if j < 0 || j > 24 {
		return t, nil, false
	}
	text := b[n+i+j+3:]
	if rest, ok := cutPrefix(text, "|SOGo| "); ok {
		text = rest
	}
	return t, text, true
}

var openWebmail = Format{
	Name:   "openwebmail",
	Source: "mail",
	About: About{
		What:   "Open WebMail 1.x and 2.x: openwebmail.log.",
		Export: "Copy the file of the option logfile (/var/log/openwebmail.log).",
		Takes:  "Logins, failed logins and logouts with account and address.",
		Leaves: "What was read.",
	},
	Sniff:    openWebmailLines.sniff,
	New:      openWebmailLines.parser,
	Shapes:   openWebmailLines.shapes(),
	Programs: openWebmailLines.words(),
	Marks:    openWebmailLines.marks(),
}

var openWebmailLines = phrasedFormat{
	service: "webmail",
	file:    fileHead,
	phrases: []phrase{
		{"- [{num}] ({ip}) {user} - login error - no such user - {skip}", sayFailed, event.ReasonNoSuchAccount},
		{"- [{num}] ({ip}) {user} - login error - {skip}Password incorrect", sayFailed, event.ReasonBadPassword},
		{"- [{num}] ({ip}) {user} - login error - {why}", sayFailed, 0},
		{"- [{num}] ({ip}) {user} - userinfo error - {skip}doesn't exist", sayAgain, event.ReasonNoSuchAccount},
		{"- [{num}] ({ip}) {user} - userinfo error - {why}", sayAgain, 0},
		{"- [{num}] ({ip}) {user} - login - {session}", sayLogin, 0},
		{"- [{num}] ({ip}) {user} - logout - {skip}", sayLogoff, 0},
		{"- [{num}] ({ip}) {user} - session timeout - {skip}", sayLogoff, 0},
	},
}
