// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Services for working on another machine, but for OpenSSH and Windows.

var dropbear = Format{
	Name:   "dropbear",
	Source: "host",
	About: About{
		What:   "Dropbear SSH 0.5x to 2025, through syslog or standard error.",
		Export: "Copy messages*, auth.log* or the output of logread (OpenWrt). Nothing need be switched on.",
		Takes:  "Logins and failed logins with account, address and method; the end of a connection before anybody logged in, which tells how many tries there were.",
		Leaves: "What was done in a session.",
	},
	Sniff:    dropbearLines.sniff,
	New:      dropbearLines.parser,
	Shapes:   dropbearLines.shapes(),
	Programs: dropbearLines.words(),
	Marks:    dropbearLines.marks(),
}

var dropbearLines = phrasedFormat{
	service:  "ssh",
	programs: []string{"dropbear"},
	trim:     trimDropbear,
	phrases: []phrase{
		{"Bad password attempt for '{user}' from {ip}", sayFailed, event.ReasonBadPassword},
		{"bad password attempt for '{user}' from {ip}", sayFailed, event.ReasonBadPassword},
		{"Bad PAM password attempt for '{user}' from {ip}", sayFailed, event.ReasonBadPassword},
		{"bad PAM password attempt for '{user}' from {ip}", sayFailed, event.ReasonBadPassword},
		{"Login attempt for nonexistent user from {ip}", sayFailed, event.ReasonNoSuchAccount},
		{"login attempt for nonexistent user from {ip}", sayFailed, event.ReasonNoSuchAccount},
		{"Login attempt for nonexistent user '{user}' from {ip}", sayFailed, event.ReasonNoSuchAccount},
		{"Login attempt with wrong user {user} from {ip}", sayFailed, event.ReasonNoSuchAccount},
		{"Login attempt with user {user} from {ip}, {why}", sayFailed, event.ReasonDenied},
		{"root login rejected", sayNothing, 0},
		{"User '{user}' has invalid shell, rejected", sayNothing, 0},
		{"Password auth succeeded for '{user}' from {ip}", sayLogin, 0},
		{"PAM password auth succeeded for '{user}' from {ip}", sayLogin, 0},
		{"Pubkey auth succeeded for '{user}' with {skip} key {word} from {ip}", sayLogin, 0},
		{"Pubkey auth succeeded for '{user}' with key {skip>} from {ip}", sayLogin, 0},
		{"Auth succeeded with blank password for '{user}' from {ip}", sayLogin, 0},
		{"Exit before auth from <{ip}>: (user '{user<}', {count} fails): Max auth tries reached - user '{skip}'", sayAgain, 0},
		{"Exit before auth from <{ip}>: Max auth tries reached - user '{user}'", sayFailed, 0},
		{"Exit before auth from <{ip}>: (user '{user<}', {count} fails): {why}", sayAgain, 0},
		{"Exit before auth from <{ip}>: {why}", sayBroken, 0},
		{"Exit before auth (user '{user<}', {count} fails): Max auth tries reached - user '{skip}' from {ip}", sayAgain, 0},
		{"Exit before auth (user '{user<}', {count} fails): {why}", sayNothing, 0},
		{"Exit before auth: Max auth tries reached - user '{user}' from {ip}", sayFailed, 0},
		{"Exit before auth: {why}", sayNothing, 0},
		{"Exit ({user<}) from <{ip}>: {why}", sayLogoff, 0},
		{"Exit ({user<}): {why}", sayLogoff, 0},
		{"Child connection from {ip}", sayConnect, 0},
	},
	quiet: []string{"Running in background", "Not backgrounding", "premature exit", "Early exit", "Failed loading", "Failed reading", "Failed listening", "Terminated by signal", "Auth allowed", "wtmp_write", "Error "},
}

// trimDropbear takes away "[825] Jul 10 23:53:52 ", which Dropbear writes itself where it logs to standard error.
func trimDropbear(b []byte) []byte {
	if len(b) > 20 && b[0] == '[' && isDigit(b[1]) {
		if i := index(b[:12], "] "); i > 0 {
			if _, n := parseBSDStamp(b[i+2:]); n > 0 {
				return bytes.TrimLeft(b[i+2+n:], " ")
			}
		}
	}
	return b
}

var xrdp = Format{
	Name:   "xrdp",
	Source: "host",
	About: About{
		What:   "xrdp 0.6 to 0.10: xrdp-sesman.log and xrdp.log, or syslog.",
		Export: "Copy /var/log/xrdp-sesman.log* and xrdp.log*. LogLevel must be INFO, the default, or more.",
		Takes:  "Logins and failed logins with account and address, connections, the end of sessions.",
		Leaves: "What was done in a session. Some versions tell a failed login without its address.",
	},
	Sniff:    xrdpLines.sniff,
	New:      xrdpLines.parser,
	Shapes:   xrdpLines.shapes(),
	Programs: xrdpLines.words(),
	Marks:    xrdpLines.marks(),
}

var xrdpLines = phrasedFormat{
	service:  "rdp",
	programs: []string{"xrdp-sesman", "xrdp"},
	file:     bracketHead,
	trim:     trimLevel,
	phrases: []phrase{
		{"AUTHFAIL: user={user} ip={ip} time={num}", sayFailed, 0},
		{"AUTHFAIL: user={user} ip={ip}", sayFailed, 0},
		{"++ created session (access granted): username {user}, ip {ip} - socket: {num}", sayLogin, 0},
		{"++ created session (access granted): username {user}, ip {ip}", sayLogin, 0},
		{"++ reconnected session: username {user}, display :{word} session_pid {num}, ip {ip} - socket: {num}", sayLogin, 0},
		{"++ terminated session:  username {user}, display :{word} session_pid {num}, ip {ip} - socket: {num}", sayLogoff, 0},
		{"++ terminated session:  username {user}, display :{word} session_pid {num}, ip {ip}", sayLogoff, 0},
		{"Access permitted for user: {user}", sayNothing, 0},
		{"Username or password error for user: {user}", sayNothing, 0},
		{"login failed for user {user}", sayNothing, 0},
		{"login failed for display {word}", sayNothing, 0},
		{"A connection received from: {ip} port {port}", sayConnect, 0},
		{"A connection received from {ip} port {port}", sayConnect, 0},
		{"Socket {num}: connection accepted from {skip}", sayNothing, 0},
	},
	quiet: []string{"scp thread", "listening to port", "starting xrdp", "Xorg server", "Starting session", "Session on display", "pam_", "user is an X"},
}

// trimLevel takes away "[INFO ] " or "[INFO] ", and a function's name in brackets behind it.
func trimLevel(b []byte) []byte {
	for range 2 {
		if len(b) > 4 && b[0] == '[' && isUpper(b[1]) && isUpper(b[2]) {
			if i := index(b[:min(len(b), 12)], "] "); i > 0 {
				b = bytes.TrimLeft(b[i+2:], " ")
			}
		}
	}
	return b
}

var screenSharing = Format{
	Name:   "screensharingd",
	Source: "host",
	About: About{
		What:   "macOS Screen Sharing (screensharingd) in system.log or the unified log printed as syslog.",
		Export: "Copy /var/log/system.log*, or run log show --style syslog --predicate 'process == \"screensharingd\"'.",
		Takes:  "Logins and failed logins with account, address and kind of authentication.",
		Leaves: "What was done.",
	},
	Sniff:    screenSharingLines.sniff,
	New:      screenSharingLines.parser,
	Shapes:   screenSharingLines.shapes(),
	Programs: screenSharingLines.words(),
	Marks:    screenSharingLines.marks(),
}

var screenSharingLines = phrasedFormat{
	service:  "vnc",
	programs: []string{"screensharingd"},
	phrases: []phrase{
		{"Authentication: FAILED :: User Name: {user} :: Viewer Address: {ip} :: Type: {method}", sayFailed, 0},
		{"Authentication: SUCCEEDED :: User Name: {user} :: Viewer Address: {ip} :: Type: {method}", sayLogin, 0},
	},
	quiet: []string{""},
}
