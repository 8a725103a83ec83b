// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var vsftpd = Format{
	Name:   "vsftpd",
	Source: "files",
	About: About{
		What: "vsftpd 2.x and 3.x: its own log (vsftpd.log) and what it writes to syslog. Lines of pam_unix in its name are read as pam.",
		Export: "Copy /var/log/vsftpd.log*. The configuration needs xferlog_enable=YES and xferlog_std_format=NO, or dual_log_enable=YES: the classic xferlog tells of " +
			"no logins. log_ftp_protocol=YES adds every command and answer.",
		Takes:  "Logins, failed logins, connections, files sent and received, deleted, renamed and made, with account, address, path and bytes.",
		Leaves: "Why a login failed: a wrong password looks like an unknown name. What was in a file.",
	},
	Sniff:    vsftpdLines.sniff,
	New:      vsftpdLines.parser,
	Shapes:   vsftpdLines.shapes(),
	Programs: vsftpdLines.words(),
	Marks:    vsftpdLines.marks(),
}

var vsftpdLines = phrasedFormat{
	service:  "ftp",
	programs: []string{"vsftpd"},
	file:     fileHead,
	trim:     trimVsftpd,
	sure:     0.95,
	phrases: []phrase{
		// The password of an anonymous login is whatever was typed; a name, which is cut off at 32 bytes, cannot look like these.
		{`[ftp] OK LOGIN: Client "{ip}", anon password "{skip}"`, sayLogin, 0},
		{`[ftp] FAIL LOGIN: Client "{ip}", anon password "{skip}"`, sayFailed, 0},
		{`[anonymous] OK LOGIN: Client "{ip}", anon password "{skip}"`, sayLogin, 0},
		{`[anonymous] FAIL LOGIN: Client "{ip}", anon password "{skip}"`, sayFailed, 0},
		{`[{user}] FAIL LOGIN: Client "{ip}"`, sayFailed, 0},
		{`[{user}] OK LOGIN: Client "{ip}"`, sayLogin, 0},
		{`{skip>}FAIL LOGIN: Client "{ip}"`, sayFailed, 0},
		{`CONNECT: Client "{ip}"`, sayConnect, 0},
		{`CONNECT: Client "{ip}", "{why}"`, sayRefused, 0},
		{`[{user<}] FTP response: Client "{ip}", "530 Login incorrect."`, sayAgain, 0},
		{`[{user<}] FTP response: Client "{ip}", "530 Permission denied."`, sayFailed, event.ReasonDenied},
		{`[{user<}] FTP response: Client "{ip}", "{skip}"`, sayNothing, 0},
		{`FTP response: Client "{ip}", "{skip}"`, sayNothing, 0},
		{`FTP command: Client "{ip}", "{skip}"`, sayNothing, 0},
		{`[{user<}] FTP command: Client "{ip}", "{skip}"`, sayNothing, 0},
		{`DEBUG: Client "{ip}", "{skip}"`, sayNothing, 0},
		{`[{user<}] {word} {method}: Client "{ip}", "{object}", {count} bytes, {skip}`, sayOwn, 0},
		{`[{user<}] {word} {method}: Client "{ip}", "{object}"`, sayOwn, 0},
		{`[{user<}] {word} {method}: Client "{ip}", "{object}", {skip}`, sayOwn, 0},
	},
	finish: finishVsftpd,
}

// trimVsftpd takes away "[pid 27245] ", and the time that stands in syslog's lines too where vsftpd is so built.
func trimVsftpd(b []byte) []byte {
	if len(b) > 0 && b[0] != '[' {
		if _, rest, ok := fileHead(b); ok {
			b = rest
		}
	}
	if rest, ok := cutPrefix(b, "[pid "); ok {
		if _, n := digits(rest, 9); n > 0 && isPrefix(rest[n:], "] ") {
			return rest[n+2:]
		}
	}
	return b
}

// finishVsftpd reads what was done with a file: "[taro] OK UPLOAD: Client …".
func finishVsftpd(l *phrasedLine, ev *event.Event) {
	if l.phrase.what != sayOwn {
		if string(l.fit.hole[holeUser]) == "" && isPrefix(l.text, "[ftp]") {
			ev.Account = "ftp"
		} else if ev.Account == "" && isPrefix(l.text, "[anonymous]") {
			ev.Account = "anonymous"
		}
		return
	}
	l.more = 0
	ev.Class, ev.Activity, ev.Outcome = event.ClassFile, event.ActOther, event.OutcomeSuccess
	if has(l.text[:min(len(l.text), 300)], "] FAIL ") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	n := ev.Count
	ev.Count = event.Int{}
	switch string(l.fit.hole[holeMethod]) {
	case "UPLOAD":
		ev.Activity, ev.BytesOut = event.ActUpload, n
	case "DOWNLOAD":
		ev.Activity, ev.BytesIn = event.ActDownload, n
	case "DELETE", "RMDIR":
		ev.Activity = event.ActDelete
	case "MKDIR":
		ev.Activity = event.ActCreate
	case "RENAME":
		ev.Activity = event.ActRename
	case "CHMOD":
		ev.Activity = event.ActChange
	}
}
