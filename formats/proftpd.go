// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var proFTPD = Format{
	Name:   "proftpd",
	Source: "files",
	About: About{
		What: "ProFTPD 1.2 to 1.3.9, with mod_sftp: its SystemLog (proftpd.log) or syslog.",
		Export: "Copy /var/log/proftpd/proftpd.log* or auth.log*. Failed logins are there always; successful ones need \"SyslogLevel info\", which also holds for SystemLog. Transfers stand in the TransferLog (xferlog), " +
			"which is not read yet.",
		Takes: "Logins and failed logins with account, address, the server's address and the reason that the server gives; sessions opened and closed; " +
			"connections refused.",
		Leaves: "Which files were fetched.",
	},
	Sniff:    proFTPDLines.sniff,
	New:      proFTPDLines.parser,
	Shapes:   proFTPDLines.shapes(),
	Programs: proFTPDLines.words(),
	Marks:    proFTPDLines.marks(),
}

// The host before the bracket is what the client's address resolves to: a stranger's, but it holds no bracket. The true address
// stands first; that behind a name that was typed is not believed.
var proFTPDLines = phrasedFormat{
	service:  "ftp",
	programs: []string{"proftpd"},
	class:    event.ClassNetwork,
	phrases: []phrase{
		{"{word} ({host}[{ip}]){skip}USER {user}: no such user found from {skip>} [{word}] to {dst}", sayFailed, event.ReasonNoSuchAccount},
		{"{word} ({host}[{ip}]){skip}USER {user}: no such user found{skip}", sayFailed, event.ReasonNoSuchAccount},
		{"{word} ({host}[{ip}]){skip}USER {user}: Login successful{skip}", sayLogin, 0},
		{"{word} ({host}[{ip}]){skip}ANON {user}: Login successful{skip}", sayLogin, 0},
		{"{word} ({host}[{ip}]){skip}USER {user} (Login failed): Incorrect password{skip}", sayFailed, event.ReasonBadPassword},
		{"{word} ({host}[{ip}]){skip}USER {user} (Login failed): No such user found{skip}", sayFailed, event.ReasonNoSuchAccount},
		{"{word} ({host}[{ip}]){skip}USER {user} (Login failed): Account {why}", sayFailed, event.ReasonDisabled},
		{"{word} ({host}[{ip}]){skip}USER {user} (Login failed): User in {why}", sayFailed, event.ReasonDenied},
		{"{word} ({host}[{ip}]){skip}USER {user} (Login failed): Limit {why}", sayFailed, event.ReasonDenied},
		{"{word} ({host}[{ip}]){skip}USER {user} (Login failed): {why}", sayFailed, event.ReasonDenied},
		{"{word} ({host}[{ip}]){skip}USER {user} (Login failed){why}", sayFailed, 0},
		{"{word} ({host}[{ip}]){skip}ANON {user} (Login failed): {why}", sayFailed, event.ReasonDenied},
		{"{word} ({host}[{ip}]){skip}SECURITY VIOLATION: {user} login attempted.", sayFailed, event.ReasonDenied},
		{"{word} ({host}[{ip}]){skip}SECURITY VIOLATION: {user} login attempted", sayFailed, event.ReasonDenied},
		{"{word} ({host}[{ip}]){skip}Maximum login attempts ({count}) exceeded{skip}", sayAgain, 0},
		{"{word} ({host}[{ip}]){skip}FTP session opened.", sayConnect, 0},
		{"{word} ({host}[{ip}]){skip}SSH2 session opened.", sayConnect, 0},
		{"{word} ({host}[{ip}]){skip}FTP session closed.", sayClose, 0},
		{"{word} ({host}[{ip}]){skip}SSH2 session closed.", sayClose, 0},
		{"{word} ({host}[{ip}]){skip}Connection from {skip} denied{skip}", sayRefused, 0},
		{"{word} ({host} [{ip}]){skip}no such user{skip}", sayFailed, event.ReasonNoSuchAccount},
		{"{word} ({host}[{ip}]){skip}Refused user {user} for service ftp{skip}", sayFailed, event.ReasonDenied},
	},
	quiet: []string{""},
	finish: func(l *phrasedLine, ev *event.Event) {
		if ev.Account == "" {
			ev.Count = event.Int{}
		}
		if string(l.fit.hole[holeHost]) == "unknown" {
			ev.SrcHost = ""
		}
	},
}
