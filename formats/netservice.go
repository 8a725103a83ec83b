// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Daemons of the network that turn strangers away, and programs that watch for scans. netAbout makes the texts of those of which there
// is no more to say than where the log is.

func netAbout(what, export string) About {
	return About{What: what, Export: export, Takes: "Who was turned away, failed logins and scans, with address and, where written, account.", Leaves: "What was let through."}
}

var fail2ban = Format{
	Name:   "fail2ban",
	Also:   []string{"recidive"},
	Source: "host",
	About: About{
		What:   "fail2ban 0.8 to 1.1: fail2ban.log, or syslog and journal.",
		Export: "Copy /var/log/fail2ban.log*. loglevel must be INFO (the default) for what was found; NOTICE is enough for bans.",
		Takes:  "Bans, lifted bans and what was found, with address and jail.",
		Leaves: "Accounts: fail2ban does not write them. The service's own log says more.",
	},
	Sniff:    fail2banFormat.sniff,
	New:      fail2banFormat.parser,
	Shapes:   fail2banFormat.shapes(),
	Programs: fail2banFormat.words(),
	Marks:    fail2banFormat.marks(),
}

var fail2banFormat = phrasedFormat{
	service:  "fail2ban",
	class:    event.ClassDetection,
	programs: []string{"fail2ban.actions", "fail2ban.filter", "fail2ban", "fail2ban-server", "fail2ban.*"},
	file:     fail2banHead,
	trim:     trimFail2ban,
	phrases: []phrase{
		{"[{service}] Ban {ip}", sayRefused, 0},
		{"[{service}] Increase Ban {ip} {skip}", sayRefused, 0},
		{"[{service}] Restore Ban {ip}", sayNothing, 0},
		{"[{service}] Unban {ip}", sayOwn, 0},
		{"[{service}] Found {ip} - {skip}", sayOwn, 0},
		{"[{service}] Found {ip}", sayOwn, 0},
		{"[{service}] {ip} already banned", sayNothing, 0},
		{"[{service}] Ignore {ip} {skip}", sayNothing, 0},
	},
	quiet: []string{"Jail ", "Started", "Stopp", "Creating", "Added logfile", "Set ", "maxRetry", "findtime", "banTime", "encoding", "Initiated", "Connected to", "rollover", "Log rotation", "---", "Starting", "Exiting", "Observer", "Removed logfile", "Shutdown", "Flush ban"},
	finish: func(l *phrasedLine, ev *event.Event) {
		if l.phrase.what != sayOwn {
			return
		}
		ev.Class, ev.Activity, ev.Outcome = event.ClassDetection, event.ActOther, event.OutcomeUnknown
		if has([]byte(l.phrase.text), "Unban") {
			ev.Activity, ev.Outcome = event.ActEnable, event.OutcomeSuccess
		}
	},
}

// fail2banHead reads "2006-02-13 15:52:30,388 fail2ban.actions        [123]: NOTICE  ".
func fail2banHead(b []byte) (Civil, []byte, bool) {
	t, n := parseISOStamp(b)
	if n == 0 || !isPrefix(b[n:], " fail2ban.") {
		return t, nil, false
	}
	return t, b[n+1:], true
}

// trimFail2ban takes away what stands before the jail: "fail2ban.actions        [11524]: NOTICE  ".
func trimFail2ban(b []byte) []byte {
	if rest, ok := cutPrefix(b, "fail2ban."); ok {
		i := bytes.IndexByte(rest, ':')
		if i < 0 || i > 48 {
			return b
		}
		b = bytes.TrimLeft(rest[i+1:], " ")
	}
	for _, level := range [...]string{"NOTICE", "INFO", "WARNING", "ERROR", "DEBUG"} {
		if rest, ok := cutPrefix(b, level); ok && len(rest) > 0 && rest[0] == ' ' {
			return bytes.TrimLeft(rest, " ")
		}
	}
	return b
}

var routerOS = Format{
	Name:   "routeros",
	Also:   []string{"mikrotik"},
	Source: "firewall",
	About: About{
		What:   "MikroTik RouterOS 6 and 7 through syslog: logins, and the firewall's log lines.",
		Export: "System, Logging: send the topics system, account and firewall to a remote host (BSD syslog or not).",
		Takes:  "Logins, failed logins and logouts with account, address and way (winbox, web, ssh, api). Firewall lines with addresses and ports; whether they were dropped the line does not say but by its prefix.",
		Leaves: "Other topics: changes of the configuration, DHCP, wireless.",
	},
	Sniff:    routerOSLines.sniff,
	New:      routerOSLines.parser,
	Shapes:   routerOSLines.shapes(),
	Programs: routerOSLines.words(),
	Marks:    routerOSLines.marks(),
}

// The topics stand where others have the program; a name may hold anything, the words behind the address are the router's.
var routerOSLines = phrasedFormat{
	service:  "routeros",
	file:     routerOSHead,
	programs: []string{"system,error,critical", "system,info,account"},
	phrases: []phrase{
		{"login failure for user {user} from {ip} via {method}", sayFailed, 0},
		{"login failure for user {user} via {method}", sayFailed, 0},
		{"user {user} logged in from {ip} via {method}", sayLogin, 0},
		{"user {user} logged in via {method}", sayLogin, 0},
		{"user {user} logged out from {ip} via {method}", sayLogoff, 0},
		{"user {user} logged out via {method}", sayLogoff, 0},
		{"{why}: in:{skip} out:{skip}, proto {method}, {ip}->{dst}, len {num}", sayOwn, 0},
		{"{why}: in:{skip} out:{skip}, {skip} proto {method} ({word}), {ip}->{dst}, len {num}", sayOwn, 0},
		{"{why}: in:{skip} out:{skip}, {skip} proto {method}, {ip}->{dst}, len {num}", sayOwn, 0},
		{"{why}: in:{skip} out:{skip}, {skip} proto {method}, {ip}->{dst}, NAT {skip}, len {num}", sayOwn, 0},
		{"{why}: in:{skip} out:{skip}, {skip} proto {method}, {ip}->{dst}, {skip}, len {num}", sayOwn, 0},
	},
	quiet: []string{"log rule", "router rebooted", "filter rule", "nat rule", "user ", "item "},
	finish: func(l *phrasedLine, ev *event.Event) {
		if l.phrase.what != sayOwn {
			return
		}
		ev.Class, ev.Activity, ev.Outcome = event.ClassNetwork, event.ActConnect, event.OutcomeUnknown
		if why := l.fit.hole[holeWhy]; has(why, "drop") || has(why, "reject") || has(why, "DROP") || has(why, "deny") {
			ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
		}
	},
}

// routerOSHead reads a syslog line whose third word is topics: "Feb 15 11:25:46 gw.local system,error,critical login failure …".
func routerOSHead(b []byte) (Civil, []byte, bool) {
	t, n := parseSyslogStamp(b[priority(b):])
	if n == 0 {
		return t, nil, false
	}
	rest := bytes.TrimLeft(b[priority(b)+n:], " ")
	_, rest = nextWord(rest)
	topics, text := nextWord(rest)
	topics = bytes.TrimSuffix(topics, []byte(":"))
	switch first, _, more := bytes.Cut(topics, []byte(",")); {
	case !more:
		return t, nil, false
	case string(first) != "system" && string(first) != "firewall" && string(first) != "account" && string(first) != "script":
		return t, nil, false
	}
	return t, text, true
}

var nsd = Format{
	Name:     "nsd",
	Source:   "dns",
	About:    netAbout("NSD 3 and 4: its log or syslog.", "Copy nsd.log*. verbosity: 1 shows refused transfers; rate limiting must be compiled in and on."),
	Sniff:    nsdLines.sniff,
	New:      nsdLines.parser,
	Shapes:   nsdLines.shapes(),
	Programs: nsdLines.words(),
	Marks:    nsdLines.marks(),
}

var nsdLines = phrasedFormat{
	service:  "dns",
	class:    event.ClassDNS,
	programs: []string{"nsd"},
	file:     nsdHead,
	trim:     trimNSD,
	phrases: []phrase{
		{"ratelimit block {object} type {skip} target {word} query {ip} {method}", sayRefused, 0},
		{"axfr for zone {object} from client {ip} refused, {why}", sayRefused, 0},
		{"axfr for {object} from {ip} refused, {why}", sayRefused, 0},
		{"axfr for zone {object} from client {ip} refused{why}", sayRefused, 0},
		{"axfr for {object} from {ip}", sayOwn, 0},
		{"notify for {object} from {ip} refused, {why}", sayRefused, 0},
		{"query: refused from {ip} {why}", sayRefused, 0},
	},
	quiet: []string{""},
	finish: func(l *phrasedLine, ev *event.Event) {
		if l.phrase.what == sayOwn {
			ev.Class, ev.Activity, ev.Outcome = event.ClassDNS, event.ActRead, event.OutcomeSuccess
		}
	},
}

// nsdHead reads "[1387288694] nsd[7745]: info: " and "[2021-03-05 05:25:14.562] nsd[160800]: info: ".
func nsdHead(b []byte) (Civil, []byte, bool) {
	t, text, ok := bracketHead(b)
	if !ok || !isPrefix(text, "nsd[") {
		return t, nil, false
	}
	i := index(text, "]: ")
	if i < 0 {
		return t, nil, false
	}
	return t, text[i+3:], true
}

func trimNSD(b []byte) []byte {
	for _, level := range [...]string{"info: ", "notice: ", "warning: ", "error: "} {
		if rest, ok := cutPrefix(b, level); ok {
			return rest
		}
	}
	return b
}

var xinetd = Format{
	Name:     "xinetd",
	Also:     []string{"tcpd"},
	Source:   "host",
	About:    netAbout("xinetd 2.3 and the TCP wrappers (libwrap) of any daemon, through syslog.", "Copy daemon.log*, secure* or messages*. log_on_failure must hold HOST; log_on_success = HOST PID adds what was let in."),
	Sniff:    xinetdLines.sniff,
	New:      xinetdLines.parser,
	Shapes:   xinetdLines.shapes(),
	Programs: xinetdLines.words(),
	Marks:    xinetdLines.marks(),
}

var xinetdLines = phrasedFormat{
	class:    event.ClassNetwork,
	programs: []string{"xinetd"},
	phrases: []phrase{
		{"FAIL: {service} {why} from={from}", sayRefused, 0},
		{"FAIL: {service} from={from}", sayRefused, 0},
		{"START: {service} pid={num} from={from}", sayConnect, 0},
		{"START: {service} from={from}", sayConnect, 0},
		{"libwrap refused connection to {service} (libwrap={skip}) from {from}", sayRefused, 0},
	},
	quiet: []string{""},
}

var nrpe = Format{
	Name:     "nrpe",
	Also:     []string{"nagios"},
	Source:   "host",
	About:    netAbout("Nagios' NRPE through syslog.", "Copy messages* or daemon.log*."),
	Sniff:    nrpeLines.sniff,
	New:      nrpeLines.parser,
	Shapes:   nrpeLines.shapes(),
	Programs: nrpeLines.words(),
	Marks:    nrpeLines.marks(),
}

var nrpeLines = phrasedFormat{
	service:  "nrpe",
	programs: []string{"nrpe"},
	phrases: []phrase{
		{"Host {ip} is not allowed to talk to us!", sayRefused, 0},
		{"Connection from {ip} port {num}", sayConnect, 0},
		{"Error: Could not complete SSL handshake with {ip}: {why}", sayBroken, 0},
	},
	quiet: []string{""},
}

var portSentry = Format{
	Name:     "portsentry",
	Source:   "host",
	About:    netAbout("PortSentry 1 and 2 through syslog, and portsentry.history.", "Copy messages*, syslog* or the history files below its folder."),
	Sniff:    portSentryLines.sniff,
	New:      portSentryLines.parser,
	Shapes:   portSentryLines.shapes(),
	Programs: portSentryLines.words(),
	Marks:    portSentryLines.marks(),
}

var portSentryLines = phrasedFormat{
	service:  "portsentry",
	class:    event.ClassDetection,
	programs: []string{"portsentry"},
	file:     portSentryHead,
	phrases: []phrase{
		{"attackalert: Connect from host: {host}/{ip} to {method} port: {dport}", sayRefused, 0},
		{"attackalert: {skip} scan from host: {host}/{ip} to {method} port: {dport}", sayRefused, 0},
		{"attackalert: Host {ip} has been blocked via {skip}", sayNothing, 0},
		{"attackalert: Host: {ip} is already blocked{skip}", sayNothing, 0},
		{"Host: {host}/{ip} Port: {dport} {method} Blocked", sayRefused, 0},
		{"Scan from: [{ip}] ({host}) protocol: [{method}] port: [{dport}] {skip}", sayRefused, 0},
	},
	quiet: []string{"adminalert:", "securityalert:"},
}

// portSentryHead reads "1403800400 - 06/26/2014 16:33:20 Host: …" of portsentry.history.
func portSentryHead(b []byte) (Civil, []byte, bool) {
	t, text, ok := fileHead(b)
	rest, yes := cutPrefix(text, "- ")
	if !ok || !yes || len(rest) < 20 {
		return t, nil, false
	}
	return t, rest[20:], true
}

var scanlogd = Format{
	Name:     "scanlogd",
	Source:   "host",
	About:    netAbout("Openwall's scanlogd through syslog.", "Copy the file of daemon.alert."),
	Sniff:    scanlogdLines.sniff,
	New:      scanlogdLines.parser,
	Shapes:   scanlogdLines.shapes(),
	Programs: scanlogdLines.words(),
	Marks:    scanlogdLines.marks(),
}

var scanlogdLines = phrasedFormat{
	service:  "scanlogd",
	class:    event.ClassDetection,
	programs: []string{"scanlogd"},
	phrases: []phrase{
		{"{ip} to {dst} ports {why}", sayRefused, 0},
		{"{ip} to {dst} and others, ports {why}", sayRefused, 0},
		{"{ip}:{port} to {dst} ports {why}", sayRefused, 0},
	},
}

var proxy3 = Format{
	Name:   "3proxy",
	Source: "web",
	About: netAbout("3proxy 0.6 to 0.9 with the default log format (logformat \"L%d-%m-%Y %H:%M:%S %z %N.%p %E %U %C:%c %R:%r %O %I %h %T\").",
		"Copy the file of its log line. Error 00004, 00005 and 00508 stand for failed logins."),
	Sniff: func(rec []byte) float64 {
		var l proxy3Line
		if l.split(rec) {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &proxy3Parser{env: env} },
	Shapes: ShapeText | ShapeSyslog,
}

type proxy3Line struct {
	time                          Civil
	service, code, user, src, dst []byte
	received, sent, rest          []byte
}

// split reads "11-06-2013 02:09:40 +0300 PROXY.3128 00004 - 192.0.2.7:28783 0.0.0.0:0 0 0 0 GET http://…".
func (l *proxy3Line) split(b []byte) bool {
	if len(b) < 3 || !isDigit(b[0]) || b[2] != '-' {
		return false
	}
	t, text, ok := fileHead(b)
	if !ok {
		return false
	}
	l.time = t
	var f [8][]byte
	for i := range f {
		f[i], text = nextWord(text)
	}
	if _, n := digits(f[1], 6); n != 5 || len(f[1]) != 5 || bytes.IndexByte(f[0], '.') < 0 {
		return false
	}
	l.service, l.code, l.user, l.src, l.dst = f[0], f[1], f[2], f[3], f[4]
	l.sent, l.received, l.rest = f[5], f[6], text
	return bytes.IndexByte(l.src, ':') > 0
}

type proxy3Parser struct{ env *Env }

func (p *proxy3Parser) Flush(*event.Batch) {}

func (p *proxy3Parser) Parse(rec *event.Record, out *event.Batch) error {
	var l proxy3Line
	if !l.split(rec.Data) {
		return ErrOtherFormat
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.DstHost, ev.Ref = p.env.Clock.Moment(l.time), p.env.Host, p.env.Ref(rec)
	ev.SrcIP, ev.SrcPort, _ = p.env.addrPort(l.src)
	if a, port, ok := p.env.addrPort(l.dst); ok && !a.IsUnspecified() {
		ev.DstIP, ev.DstPort = a, port
	}
	name, _, _ := bytes.Cut(l.service, []byte("."))
	ev.Service = in.Bytes(name)
	if string(l.user) != "-" {
		ev.Account = in.Bytes(l.user)
	}
	ev.Class, ev.Activity, ev.Outcome = event.ClassNetwork, event.ActConnect, event.OutcomeSuccess
	switch string(l.code) {
	case "00000":
	case "00004", "00005", "00508", "00006", "00007", "00008", "00009":
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials
	case "00001", "00002", "00003":
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	default:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	ev.BytesOut, ev.BytesIn = someNumber(l.sent), someNumber(l.received)
	_, object := nextWord(bytes.TrimSpace(l.rest))
	ev.Object = in.Bytes(bytes.TrimSpace(object))
	ev.Rest = out.Rest(event.Text("code", in.Bytes(l.code)))
	return nil
}

var dante = Format{
	Name:   "dante",
	Also:   []string{"danted", "sockd"},
	Source: "firewall",
	About: netAbout("Inferno Nettverk's Dante 1.2 to 1.4 (danted, sockd) through syslog or its file.",
		"logoutput: syslog; the rules need log: error connect disconnect."),
	Sniff:    danteLines.sniff,
	New:      danteLines.parser,
	Shapes:   danteLines.shapes(),
	Programs: danteLines.words(),
	Marks:    danteLines.marks(),
}

// An address and a port are joined by a point; a name in quotation marks is a stranger's and stands behind them.
var danteLines = phrasedFormat{
	service:  "socks",
	programs: []string{"danted", "sockd"},
	phrases: []phrase{
		{`info: {why}({num}): {method} ]: {ip}.{port} {skip}: error after reading {skip}: could not access user "{user}"'s records {skip}`, sayFailed, event.ReasonNoSuchAccount},
		{`info: {why}({num}): {method} ]: {ip}.{port} {skip}: error after reading {skip}: system password authentication failed for user "{user}"`, sayFailed, event.ReasonBadPassword},
		{`info: {why}({num}): {method} ]: {ip}.{port} {skip}: error after reading {skip}: pam_authenticate() for user "{user}" failed: {skip}`, sayFailed, 0},
		{`info: {why}({num}): {method} [: {word}%{user}@{ip}.{port} {skip}`, sayLogin, 0},
		{`info: block({num}): {method} ]: {ip}.{port} {skip}: {why}`, sayRefused, 0},
		{`info: pass({num}): {method} [: {ip}.{port} {skip}`, sayConnect, 0},
		{`info: pass({num}): {method} ]: {skip}`, sayNothing, 0},
	},
	quiet: []string{""},
	finish: func(l *phrasedLine, ev *event.Event) {
		ev.SrcPort = l.fit.port
		l.more = 0
	},
}

var stunnel = Format{
	Name:     "stunnel",
	Source:   "host",
	About:    netAbout("stunnel 4 and 5: its log or syslog.", "Copy the file of output=. debug = 5 (notice) or more."),
	Sniff:    stunnelLines.sniff,
	New:      stunnelLines.parser,
	Shapes:   stunnelLines.shapes(),
	Programs: stunnelLines.words(),
	Marks:    stunnelLines.marks(),
}

var stunnelLines = phrasedFormat{
	service:  "stunnel",
	programs: []string{"stunnel", "stunnel4", "stunnel5"},
	file:     stunnelHead,
	trim:     trimStunnel,
	phrases: []phrase{
		{"SSL_accept from {ip} : {word} error:{word} routines:{skip}:peer did not return a certificate", sayFailed, event.ReasonDenied},
		{"SSL_accept from {ip} : {why}", sayFailed, event.ReasonProtocol},
		{"SSL_accept: Peer suddenly disconnected", sayNothing, 0},
		{"Service [{service}] accepted connection from {ip}", sayConnect, 0},
		{"{service} accepted connection from {ip}", sayConnect, 0},
		{"Connection from {ip} REFUSED by {why}", sayRefused, 0},
		{"Service [{service}] from {ip} REFUSED by {why}", sayRefused, 0},
	},
	quiet: []string{""},
}

// stunnelHead reads "2011.11.21 14:29:16 LOG3[28228:140093368055552]: ".
func stunnelHead(b []byte) (Civil, []byte, bool) {
	t, text, ok := fileHead(b)
	return t, text, ok && isPrefix(text, "LOG") && len(b) > 4 && b[4] == '.'
}

func trimStunnel(b []byte) []byte {
	if isPrefix(b, "LOG") {
		if i := index(b[:min(len(b), 64)], "]: "); i > 0 {
			return b[i+3:]
		}
	}
	return b
}
