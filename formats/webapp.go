// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Login pages of programs that write a log of their own, one line an attempt. webAbout makes the texts of those of which there is no more
// to say than where the log is.

func webAbout(what, export string) About {
	return About{
		What:   what,
		Export: export,
		Takes:  "Failed logins, and successful ones where the program writes them, with account and address.",
		Leaves: "What was done after a login. Behind a proxy the program must be told to trust it, or the address is the proxy's.",
	}
}

var gitea = Format{
	Name:     "gitea",
	Also:     []string{"forgejo"},
	Source:   "web",
	About:    webAbout("Gitea 1.4 to 1.24 and Forgejo: gitea.log, the console or syslog, colours and all.", "Copy log/gitea.log*. [log] LEVEL must be Info; failures are warnings from 1.22 on."),
	Sniff:    giteaLines.sniff,
	New:      giteaLines.parser,
	Shapes:   giteaLines.shapes(),
	Programs: giteaLines.words(),
	Marks:    giteaLines.marks(),
}

var giteaLines = phrasedFormat{
	service:  "gitea",
	programs: []string{"gitea", "forgejo"},
	file:     giteaHead,
	trim:     trimGitea,
	shared:   true,
	phrases: []phrase{
		{"Failed authentication attempt for {user} from {ip}: user does not exist {why}", sayFailed, event.ReasonNoSuchAccount},
		{"Failed authentication attempt for {user} from {ip}: Email address does not exist {why}", sayFailed, event.ReasonNoSuchAccount},
		{"Failed authentication attempt for {user} from {ip}: user's password is invalid {why}", sayFailed, event.ReasonBadPassword},
		{"Failed authentication attempt for {user} from {ip}: {why}", sayFailed, 0},
		{"Failed authentication attempt for {user} from {ip}", sayFailed, 0},
		{"Failed authentication attempt from {ip}: {why}", sayFailed, 0},
		{"Failed authentication attempt from {ip}", sayFailed, 0},
		{"Invalid connection attempt for {user} from {ip}", sayFailed, 0},
	},
	finish: func(l *phrasedLine, ev *event.Event) {
		ev.Account = string(stripColours([]byte(ev.Account)))
	},
}

func giteaHead(b []byte) (Civil, []byte, bool) {
	if rest, ok := cutPrefix(b, "\x1b[36m"); ok {
		b = rest
	}
	t, text, ok := fileHead(b)
	return t, text, ok
}

// trimGitea takes away what stands before the message: "...ers/web/auth/auth.go:200:SignInPost() [I] [63b199a0] ".
func trimGitea(b []byte) []byte {
	for _, w := range [...]string{"Failed authentication attempt ", "Invalid connection attempt "} {
		if i := index(b[:min(len(b), 200)], w); i >= 0 {
			if b = b[i:]; bytes.IndexByte(b, 0x1b) >= 0 {
				return stripColours(b)
			}
			return b
		}
	}
	return b
}

// stripColours returns b without the sequences that colour a terminal.
func stripColours(b []byte) []byte {
	if bytes.IndexByte(b, 0x1b) < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == 0x1b && i+1 < len(b) && b[i+1] == '[' {
			for i < len(b) && b[i] != 'm' {
				i++
			}
			continue
		}
		out = append(out, b[i])
	}
	return out
}

var bitwarden = Format{
	Name:   "bitwarden",
	Also:   []string{"vaultwarden"},
	Source: "web",
	About: webAbout("Bitwarden's own server (identity log) and Vaultwarden (vaultwarden.log).",
		"Copy bwdata/logs/identity/*.txt, or Vaultwarden's LOG_FILE; EXTENDED_LOGGING must be true, its default, and IP_HEADER name the proxy's header."),
	Sniff:    bitwardenLines.sniff,
	New:      bitwardenLines.parser,
	Shapes:   bitwardenLines.shapes(),
	Programs: bitwardenLines.words(),
	Marks:    bitwardenLines.marks(),
}

var bitwardenLines = phrasedFormat{
	service:  "bitwarden",
	programs: []string{"Bitwarden*", "bitwarden*", "vaultwarden"},
	file:     fileHead,
	shared:   true,
	trim:     trimBrackets,
	phrases: []phrase{
		{"Failed login attempt. {ip}", sayFailed, 0},
		{"Failed login attempt, 2FA invalid. {ip}", sayFailed, event.ReasonSecondFactorFailed},
		{"Failed login attempt, {why}. {ip}", sayFailed, 0},
		{"Username or password is incorrect. Try again. IP: {ip}. Username: {user}.", sayFailed, 0},
		{"Invalid admin token. IP: {ip}", sayFailed, 0},
		{"Invalid TOTP code! {skip} IP: {ip}", sayFailed, event.ReasonSecondFactorFailed},
		{"User {user} logged in successfully. IP: {ip}", sayLogin, 0},
	},
	quiet: []string{"Request to https://push.", "Identity started"},
	finish: func(l *phrasedLine, ev *event.Event) {
		if isPrefix(l.text, "Invalid admin token") {
			ev.Account = "admin"
		}
	},
}

// trimBrackets takes away words in brackets: "[WRN] ", "[Bit.Core.…] ", "[2025-…][vaultwarden::api::identity][ERROR] ".
func trimBrackets(b []byte) []byte {
	for range 6 {
		if len(b) == 0 || b[0] != '[' {
			break
		}
		i := bytes.IndexByte(b, ']')
		if i < 0 || i > 160 {
			break
		}
		b = bytes.TrimLeft(b[i+1:], " :")
	}
	return b
}

var gitlabApp = Format{
	Name:   "gitlab-application",
	Source: "web",
	About: webAbout("GitLab 8 to 17: application.log (text). The JSON of production_json.log is the format gitlab.",
		"Copy /var/log/gitlab/gitlab-rails/application.log*."),
	Sniff:    gitlabAppLines.sniff,
	New:      gitlabAppLines.parser,
	Shapes:   gitlabAppLines.shapes(),
	Programs: gitlabAppLines.words(),
	Marks:    gitlabAppLines.marks(),
}

var gitlabAppLines = phrasedFormat{
	service: "gitlab",
	file:    fileHead,
	phrases: []phrase{
		{"Failed Login: username={user} ip={ip}", sayFailed, 0},
		{"Successful Login: username={user} ip={ip} method={method} admin={word}", sayLogin, 0},
		{"Successful Login: username={user} ip={ip}", sayLogin, 0},
	},
	quiet: []string{"User Logout: ", "User \""},
}

var groupOffice = Format{
	Name:     "groupoffice",
	Source:   "web",
	About:    webAbout("Group-Office 3 to 6: infolog.", "Copy log/info.log below the data folder; $config['info_log'] must name it."),
	Sniff:    groupOfficeLines.sniff,
	New:      groupOfficeLines.parser,
	Shapes:   groupOfficeLines.shapes(),
	Programs: groupOfficeLines.words(),
	Marks:    groupOfficeLines.marks(),
}

var groupOfficeLines = phrasedFormat{
	service: "groupoffice",
	file:    bracketHead,
	phrases: []phrase{
		{`LOGIN FAILED for user: "{user}" from IP: {ip}`, sayFailed, 0},
		{`LOGIN SUCCESS for user: "{user}" from IP: {ip}`, sayLogin, 0},
		{`LOGOUT for user: "{user}" from IP: {ip}`, sayLogoff, 0},
	},
}

var tine20 = Format{
	Name:     "tine20",
	Source:   "web",
	About:    webAbout("Tine 2.0 (tine Groupware) since 2013: its log.", "Copy the file of 'logger' => 'filename' in config.inc.php; priority 4 (warnings) is enough, 6 adds successes."),
	Sniff:    tine20Lines.sniff,
	New:      tine20Lines.parser,
	Shapes:   tine20Lines.shapes(),
	Programs: tine20Lines.words(),
	Marks:    tine20Lines.marks(),
}

var tine20Lines = phrasedFormat{
	service: "tine20",
	file:    tine20Head,
	phrases: []phrase{
		{"Login with username {user} from {ip} failed (-1)!", sayFailed, event.ReasonNoSuchAccount},
		{"Login with username {user} from {ip} failed (-3)!", sayFailed, event.ReasonBadPassword},
		{"Login with username {user} from {ip} failed ({why})!", sayFailed, 0},
		{"Login with username {user} from {ip} succeeded.", sayLogin, 0},
	},
}

// tine20Head reads "78017 00cff -- none -- - 2014-01-13T05:02:22+00:00 WARN (4): Tinebase_Controller::login::106 ".
func tine20Head(b []byte) (Civil, []byte, bool) {
	i := index(b[:min(len(b), 100)], " - ")
	if i < 0 {
		return Civil{}, nil, false
	}
	t, n := parseISOStamp(b[i+3:])
	if n == 0 {
		return t, nil, false
	}
	j := index(b, "::login::")
	if j < 0 || j > 300 {
		return t, nil, false
	}
	_, text := nextWord(b[j:])
	return t, text, true
}

var froxlor = Format{
	Name:     "froxlor",
	Source:   "web",
	About:    webAbout("Froxlor 0.9 to 2.2 through syslog.", "Turn logging on (Settings, Logger) with syslog, then copy syslog* or auth.log*."),
	Sniff:    froxlorLines.sniff,
	New:      froxlorLines.parser,
	Shapes:   froxlorLines.shapes(),
	Programs: froxlorLines.words(),
	Marks:    froxlorLines.marks(),
}

// From version 2 on the place of "user" in the JSON behind the words holds the address.
var froxlorLines = phrasedFormat{
	service:  "froxlor",
	programs: []string{"Froxlor", "froxlor"},
	phrases: []phrase{
		{"[Login Action {ip}] Unknown user '{user}' tried to login.", sayFailed, event.ReasonNoSuchAccount},
		{"[Login Action {ip}] User '{user}' tried to login with wrong password.", sayFailed, event.ReasonBadPassword},
		{"[Login Action {ip}] User '{user}' logged in{skip}", sayLogin, 0},
		{`froxlor.WARNING: Unknown user tried to login. {skip>}"user":"{ip}"{skip}`, sayFailed, event.ReasonNoSuchAccount},
		{`froxlor.WARNING: User tried to login with wrong password. {skip>}"user":"{ip}"{skip}`, sayFailed, event.ReasonBadPassword},
	},
	quiet: []string{""},
}

var phpMyAdmin = Format{
	Name:     "phpmyadmin",
	Source:   "web",
	About:    webAbout("phpMyAdmin 4.8 and later through syslog.", "Set $cfg['AuthLog'] = 'syslog' (the default asks for it where it can) and copy auth.log*; $cfg['AuthLogSuccess'] = true adds successes."),
	Sniff:    phpMyAdminLines.sniff,
	New:      phpMyAdminLines.parser,
	Shapes:   phpMyAdminLines.shapes(),
	Programs: phpMyAdminLines.words(),
	Marks:    phpMyAdminLines.marks(),
}

var phpMyAdminLines = phrasedFormat{
	service:  "phpmyadmin",
	programs: []string{"phpMyAdmin", "phpmyadmin"},
	phrases: []phrase{
		{"user denied: {user} (mysql-denied) from {ip}", sayFailed, 0},
		{"user denied: {user} (allow-denied) from {ip}", sayFailed, event.ReasonDenied},
		{"user denied: {user} (root-denied) from {ip}", sayFailed, event.ReasonDenied},
		{"user denied: {user} (empty-denied) from {ip}", sayFailed, event.ReasonDenied},
		{"user denied: {user} ({why}) from {ip}", sayFailed, 0},
		{"user authenticated: {user} from {ip}", sayLogin, 0},
	},
}

var drupal = Format{
	Name:     "drupal",
	Source:   "web",
	About:    webAbout("Drupal 6 to 11 with the core module Syslog.", "Switch the module on, leave its format as it is (!base_url|!timestamp|!type|!ip|…), copy syslog*."),
	Sniff:    drupalLines.sniff,
	New:      drupalLines.parser,
	Shapes:   drupalLines.shapes(),
	Programs: drupalLines.words(),
	Marks:    drupalLines.marks(),
}

// !base_url|!timestamp|!type|!ip|!request_uri|!referer|!uid|!link|!message: the address and the page may be looked for from the left.
var drupalLines = phrasedFormat{
	service:  "drupal",
	programs: []string{"drupal"},
	phrases: []phrase{
		{"{word}|{num}|user|{ip}|{skip>}||Login attempt failed for {user<}.", sayFailed, 0},
		{"{word}|{num}|user|{ip}|{skip>}|Login attempt failed for {user<}.", sayFailed, 0},
		{"{word}|{num}|user|{ip}|{skip>}|Login attempt failed from {skip}.", sayFailed, 0},
		{"{word}|{num}|user|{ip}|{skip>}|Session opened for {user<}.", sayLogin, 0},
		{"{word}|{num}|user|{ip}|{skip>}|Session closed for {user<}.", sayLogoff, 0},
		{"{word}|{num}|user|{ip}|{skip>}|{skip}", sayNothing, 0},
	},
	quiet: []string{""},
}

var directAdmin = Format{
	Name:     "directadmin",
	Source:   "web",
	About:    webAbout("DirectAdmin 1.4x and later: login.log.", "Copy /var/log/directadmin/login.log*."),
	Sniff:    directAdminLines.sniff,
	New:      directAdminLines.parser,
	Shapes:   directAdminLines.shapes(),
	Programs: directAdminLines.words(),
	Marks:    directAdminLines.marks(),
}

// A count is that of the attempts so far, not of those that the line stands for.
var directAdminLines = phrasedFormat{
	service: "directadmin",
	file:    fileHead,
	phrases: []phrase{
		{"'{ip}' {num} failed login attempts. Account '{user}' via '{target}'", sayFailed, 0},
		{"'{ip}' {num} failed login attempts. Account '{user}'", sayFailed, 0},
		{"'{ip}' {num} failed login attempt. Account '{user}'", sayFailed, 0},
		{"'{ip}' {num} failed login attempt. Invalid account '{user}'", sayFailed, event.ReasonNoSuchAccount},
		{"'{ip}' {num} failed login attempts. Invalid account '{user}'", sayFailed, event.ReasonNoSuchAccount},
		{"'{ip}' successful login to '{user}' after {num} attempts", sayLogin, 0},
		{"'{ip}' successful login to '{user}' via '{target}' after {num} attempts", sayLogin, 0},
	},
}

var cpanel = Format{
	Name:     "cpanel",
	Source:   "web",
	About:    webAbout("cPanel and WHM 11.2x and later: login_log.", "Copy /usr/local/cpanel/logs/login_log. session_log has the successes."),
	Sniff:    cpanelLines.sniff,
	New:      cpanelLines.parser,
	Shapes:   cpanelLines.shapes(),
	Programs: cpanelLines.words(),
	Marks:    cpanelLines.marks(),
}

var cpanelLines = phrasedFormat{
	service: "cpanel",
	file:    bracketHead,
	phrases: []phrase{
		{`info [{service}] {ip} - {user<} "{object>}" FAILED LOGIN {skip}: invalid {why}`, sayFailed, event.ReasonNoSuchAccount},
		{`info [{service}] {ip} - {user<} "{object>}" FAILED LOGIN {skip}: user password incorrect`, sayFailed, event.ReasonBadPassword},
		{`info [{service}] {ip} - {user<} "{object>}" FAILED LOGIN {skip}: {why}`, sayFailed, 0},
		{`info [{service}] {ip} - {user<} "{skip>}" DEFERRED LOGIN {skip}`, sayNothing, 0},
		{"info [{service}] {ip} - {user<} - SUCCESS LOGIN {skip}", sayLogin, 0},
		{"info [{service}] {ip} - {user<} (possessor: {target}) - SUCCESS LOGIN {skip}", sayLogin, 0},
		{"info [{service}] {ip} - {user<} - FAILED LOGIN {skip}: {why}", sayFailed, 0},
		{`info [{service}] {ip} NEW {user<}:{session} {skip}`, sayNothing, 0},
	},
	finish: func(l *phrasedLine, ev *event.Event) {
		if ev.Object != "" {
			_, path, _ := splitRequest(l.fit.hole[holeObject])
			ev.Object = l.env.Intern.Bytes(path)
		}
	},
}

var webmin = Format{
	Name:     "webmin",
	Also:     []string{"usermin"},
	Source:   "web",
	About:    webAbout("Webmin, Usermin and Virtualmin through syslog.", "Copy auth.log*, secure* or messages*. In Webmin Configuration, Authentication, \"Log blocked hosts, logins and authentication failures to syslog\" must be on."),
	Sniff:    webminLines.sniff,
	New:      webminLines.parser,
	Shapes:   webminLines.shapes(),
	Programs: webminLines.words(),
	Marks:    webminLines.marks(),
}

var webminLines = phrasedFormat{
	service:  "webmin",
	programs: []string{"webmin", "usermin", "perl"},
	shared:   true,
	phrases: []phrase{
		{"Invalid login as {user} from {from}", sayFailed, 0},
		{"Non-existent login as {user} from {from}", sayFailed, event.ReasonNoSuchAccount},
		{"Successful login as {user} from {from}", sayLogin, 0},
		{"Logout by {user} from {from}", sayLogoff, 0},
		{"Timeout of session for {user}", sayNothing, 0},
		{"Security alert: Host {ip} blocked after {num} failed logins for user {user}", sayLocked, 0},
		{"Security alert: Host {ip} blocked after {skip}", sayLocked, 0},
	},
	quiet: []string{"Webmin starting", "Webmin stopping", "Usermin starting"},
}

var monit = Format{
	Name:     "monit",
	Source:   "web",
	About:    webAbout("The web page of Monit 5, in its log or through syslog.", "Copy monit.log* or syslog*."),
	Sniff:    monitLines.sniff,
	New:      monitLines.parser,
	Shapes:   monitLines.shapes(),
	Programs: monitLines.words(),
	Marks:    monitLines.marks(),
}

var monitLines = phrasedFormat{
	service:  "monit",
	programs: []string{"monit"},
	file:     monitHead,
	trim:     trimMonit,
	phrases: []phrase{
		{"Warning: Client '{ip}' supplied unknown user '{user}' accessing monit httpd", sayFailed, event.ReasonNoSuchAccount},
		{"Warning: Client '{ip}' supplied wrong password for user '{user}' accessing monit httpd", sayFailed, event.ReasonBadPassword},
		{"HttpRequest: access denied -- client [{ip}]: unknown user '{user}'", sayFailed, event.ReasonNoSuchAccount},
		{"HttpRequest: access denied -- client [{ip}]: wrong password for user '{user}'", sayFailed, event.ReasonBadPassword},
		{"HttpRequest: access denied -- client [{ip}]: {why}", sayFailed, 0},
		{"Denied connection from non-authorized client [{ip}]", sayRefused, 0},
	},
	quiet: []string{""},
}

// monitHead reads "[PDT Apr 16 21:05:29] error    : ", with the zone's name before the date or without.
func monitHead(b []byte) (Civil, []byte, bool) {
	if len(b) < 10 || b[0] != '[' {
		return Civil{}, nil, false
	}
	inner := b[1:]
	if word, rest := nextWord(inner); len(word) >= 2 && len(word) <= 5 && isUpper(word[0]) && isUpper(word[1]) {
		inner = rest
	}
	t, n := parseAnyStamp(inner)
	if n == 0 {
		return t, nil, false
	}
	inner = inner[n:]
	n = parseZone(inner, &t)
	text, ok := cutPrefix(inner[n:], "] ")
	if !ok || !(isPrefix(text, "error") || isPrefix(text, "warning") || isPrefix(text, "info")) {
		return t, nil, false
	}
	return t, text, has(text, "lient")
}

func trimMonit(b []byte) []byte {
	if i := index(b[:min(len(b), 16)], ": "); i > 0 && (isPrefix(b, "error") || isPrefix(b, "warning") || isPrefix(b, "info")) {
		return bytes.TrimLeft(b[i+2:], " ")
	}
	return b
}

var pfSense = Format{
	Name:     "pfsense",
	Also:     []string{"opnsense"},
	Source:   "firewall",
	About:    webAbout("The web pages of pfSense and OPNsense, through syslog.", "Send the system log by remote logging, or copy system.log* and auth.log*."),
	Sniff:    pfSenseLines.sniff,
	New:      pfSenseLines.parser,
	Shapes:   pfSenseLines.shapes(),
	Programs: pfSenseLines.words(),
	Marks:    pfSenseLines.marks(),
}

var pfSenseLines = phrasedFormat{
	service:  "webconfigurator",
	programs: []string{"php-fpm", "php", "audit", "opnsense"},
	shared:   true,
	phrases: []phrase{
		{"{word} webConfigurator authentication error for user '{user}' from: {ip}", sayFailed, 0},
		{"{word} webConfigurator authentication error for '{user}' from {ip}", sayFailed, 0},
		{"{word} Successful login for user '{user}' from: {ip} ({method})", sayLogin, 0},
		{"{word} Successful login for user '{user}' from: {ip}", sayLogin, 0},
		{"{word} User logged out for user '{user}' from: {ip} ({method})", sayLogoff, 0},
		{"{word} Session timed out for user '{user}' from: {ip}", sayLogoff, 0},
		{"{word} Web GUI authentication error for '{user}' from {ip}", sayFailed, 0},
		{"{word} Successful login for user '{user}' from: {ip} {skip}", sayLogin, 0},
	},
}
