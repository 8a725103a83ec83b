// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var pureFTPD = Format{
	Name:   "pure-ftpd",
	Source: "files",
	About: About{
		What:   "Pure-FTPd 1.0, in any of the languages that it speaks as far as the words WARNING and INFO go; failed logins in English, German, French, Spanish, Italian, Dutch and others.",
		Export: "Copy /var/log/messages*, syslog* or /var/log/pure-ftpd/*. VerboseLog (-d) adds every command.",
		Takes:  "Logins and failed logins with account and address, connections, the end of sessions, files sent and received.",
		Leaves: "Whether a failed login was a wrong password or an unknown name.",
	},
	Sniff:    pureFTPDLines.sniff,
	New:      pureFTPDLines.parser,
	Shapes:   pureFTPDLines.shapes(),
	Programs: pureFTPDLines.words(),
	Marks:    pureFTPDLines.marks(),
}

// The name in parentheses is that of a session that has logged in, or "?": nobody chooses it before.
var pureFTPDLines = phrasedFormat{
	service:  "ftp",
	programs: []string{"pure-ftpd"},
	phrases: []phrase{
		{"({skip}@{from}) [WARNING] Authentication failed for user [{user}]", sayFailed, 0},
		{"({skip}@{from}) [WARNING] Authentication failed for user {user}", sayFailed, 0},
		{"({skip}@{from}) [WARNING] Anmeldung gescheitert f\xc3\xbcr Benutzer {user}", sayFailed, 0},
		{"({skip}@{from}) [WARNING] Authentifizierung fehlgeschlagen f\xc3\xbcr Benutzer {user}", sayFailed, 0},
		{"({skip}@{from}) [WARNING] Erreur d'authentification pour l'utilisateur {user}", sayFailed, 0},
		{"({skip}@{from}) [WARNING] Autenticaci\xc3\xb3n fallida para el usuario {user}", sayFailed, 0},
		{"({skip}@{from}) [WARNING] Autenticazione fallita per l'utente {user}", sayFailed, 0},
		{"({skip}@{from}) [WARNING] Aanmelden is mislukt voor gebruiker {user}", sayFailed, 0},
		{"({skip}@{from}) [WARNING] Autentica\xc3\xa7\xc3\xa3o falhou para usu\xc3\xa1rio {user}", sayFailed, 0},
		{"({skip}@{from}) [INFO] {user} is now logged in", sayLogin, 0},
		{"({skip}@{from}) [INFO] New connection from {skip}", sayConnect, 0},
		{"({user<}@{from}) [INFO] Logout.", sayLogoff, 0},
		{"({user<}@{from}) [NOTICE] {object} uploaded  ({count} bytes, {skip}", sayOwn, 0},
		{"({user<}@{from}) [NOTICE] {object} downloaded  ({count} bytes, {skip}", sayOwn, 0},
		{"({skip}@{from}) [WARNING] {skip}", sayNothing, 0},
	},
	quiet: []string{""},
	finish: func(l *phrasedLine, ev *event.Event) {
		if n := len(ev.Account); n > 2 && ev.Account[0] == '[' && ev.Account[n-1] == ']' {
			ev.Account = ev.Account[1 : n-1]
		}
		if l.phrase.what != sayOwn {
			return
		}
		ev.Class, ev.Activity, ev.Outcome = event.ClassFile, event.ActDownload, event.OutcomeSuccess
		if has([]byte(l.phrase.text), "uploaded") {
			ev.Activity, ev.BytesOut = event.ActUpload, someNumber(l.fit.hole[holeCount])
		} else {
			ev.BytesIn = someNumber(l.fit.hole[holeCount])
		}
		ev.Count = event.Int{}
	},
}

var ftpd = Format{
	Name:   "ftpd",
	Also:   []string{"wu-ftpd", "wuftpd", "gssftpd"},
	Source: "files",
	About: About{
		What:   "The FTP daemons of the BSD family: FreeBSD's and inetutils' ftpd, wu-ftpd, Kerberos' gssftpd, Solaris' in.ftpd.",
		Export: "Copy auth.log*, messages* or xferlog's neighbour. The daemon must run with -l (FreeBSD, inetutils) or -l -a (wu-ftpd) to log logins.",
		Takes:  "Logins, failed and refused logins with account and address.",
		Leaves: "Files: they stand in xferlog, which is a format of its own.",
	},
	Sniff:    ftpdLines.sniff,
	New:      ftpdLines.parser,
	Shapes:   ftpdLines.shapes(),
	Programs: ftpdLines.words(),
	Marks:    ftpdLines.marks(),
}

var ftpdLines = phrasedFormat{
	service:  "ftp",
	programs: []string{"ftpd", "wu-ftpd", "in.ftpd", "gssftpd", "wuftpd", "ftp"},
	phrases: []phrase{
		{"failed login from {host} [{ip}]", sayFailed, 0},
		{"FTP LOGIN FAILED FROM {host} [{ip}], {user}", sayFailed, 0},
		{"FTP LOGIN FAILED FROM {from}, {user}", sayFailed, 0},
		{"FTP LOGIN FAILED FROM {from} as {user}", sayFailed, 0},
		{"FTP LOGIN REFUSED ({why}) FROM {host} [{ip}], {user}", sayFailed, event.ReasonDenied},
		{"FTP LOGIN REFUSED FROM {from}, {user}", sayFailed, event.ReasonDenied},
		{"FTP LOGIN REFUSED ({why}) FROM {from}, {user}", sayFailed, event.ReasonDenied},
		{"ANONYMOUS FTP LOGIN REFUSED FROM {from}", sayFailed, event.ReasonDenied},
		{"ANONYMOUS FTP LOGIN FROM {host} [{ip}], {skip}", sayLogin, 0},
		{"ANONYMOUS FTP LOGIN FROM {from}, {skip}", sayLogin, 0},
		{"FTP LOGIN FROM {host} [{ip}], {user}", sayLogin, 0},
		{"FTP LOGIN FROM {from} as {user}", sayLogin, 0},
		{"FTP LOGIN FROM {from}, {user}", sayLogin, 0},
		{"repeated login failures from {host} [{ip}]", sayAgain, 0},
		{"repeated login failures from {ip} ({host})", sayFailed, 0},
		{"repeated login failures from {from}", sayAgain, 0},
		{"ACCESS DENIED ({why}) TO {host} [{ip}]", sayRefused, 0},
		{"refused connect from {from}", sayRefused, 0},
		{"connection from {host} ({ip})", sayConnect, 0},
		{"connection from {host} [{ip}]", sayConnect, 0},
		{"connection from {from}", sayConnect, 0},
	},
	quiet: []string{""},
}
