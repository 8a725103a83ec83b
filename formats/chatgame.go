// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Chat, voice and game servers, and telephone exchanges that write one line an attempt.

func chatAbout(what, export string) About {
	return About{What: what, Export: export, Takes: "Failed logins, and successful ones where written, with account and address.", Leaves: "What was said, and calls."}
}

var znc = Format{
	Name: "znc", Source: "host",
	About: chatAbout("The IRC bouncer ZNC with its module adminlog, in a file or syslog.", "Load the module adminlog; copy moddata/adminlog/znc.log."),
	Sniff: zncLines.sniff, New: zncLines.parser,
	Shapes:   zncLines.shapes(),
	Programs: zncLines.words(),
	Marks:    zncLines.marks(),
}

var zncLines = phrasedFormat{
	service: "irc", programs: []string{"znc"}, file: bracketHead,
	phrases: []phrase{
		{"[{user}] failed to login from {ip}", sayFailed, 0},
		{"[{user}] connected to ZNC from {ip}", sayLogin, 0},
		{"[{user}] disconnected from ZNC from {ip}", sayLogoff, 0},
		{"[{user}] connected to IRC: {skip}", sayNothing, 0},
		{"[{user}] disconnected from IRC: {skip}", sayNothing, 0},
	},
}

var murmur = Format{
	Name: "murmur", Also: []string{"mumble-server"}, Source: "host",
	About: chatAbout("The server of Mumble (Murmur) 1.2 to 1.5: murmur.log, mumble-server.log.", "Copy /var/log/mumble-server/*.log."),
	Sniff: murmurLines.sniff, New: murmurLines.parser,
	Shapes:   murmurLines.shapes() | ShapeMarkup,
	Programs: murmurLines.words(),
	Marks:    murmurLines.marks(),
}

var murmurLines = phrasedFormat{
	service: "mumble", programs: []string{"murmurd", "mumble-server"}, file: murmurHead, shared: true,
	phrases: []phrase{
		{"{num} => <{num}:{user}({word})> Rejected connection from {ip}: Invalid server password", sayFailed, event.ReasonBadPassword},
		{"{num} => <{num}:{user}({word})> Rejected connection from {ip}: Wrong certificate or password for existing user", sayFailed, event.ReasonBadPassword},
		{"{num} => <{num}:{user}({word})> Rejected connection from {ip}: {why}", sayFailed, event.ReasonDenied},
		{"{num} => <{num}:({word})> New connection: {ip}", sayConnect, 0},
		{"{num} => <{num}:{user}({word})> Authenticated", sayLogin, 0},
		{"{num} => <{num}:{user}({word})> Connection closed: {skip}", sayLogoff, 0},
	},
}

// murmurHead reads "<W>2014-01-01 12:00:00.123 ".
func murmurHead(b []byte) (Civil, []byte, bool) {
	if len(b) < 24 || b[0] != '<' || b[2] != '>' {
		return Civil{}, nil, false
	}
	return fileHead(b[3:])
}

var halfLife = Format{
	Name: "half-life", Also: []string{"counter-strike"}, Source: "host",
	About: chatAbout("Servers of Half-Life, Counter-Strike and others of that engine.", "log on in server.cfg; copy logs/L*.log."),
	Sniff: halfLifeLines.sniff, New: halfLifeLines.parser,
	Shapes:   halfLifeLines.shapes(),
	Programs: halfLifeLines.words(),
	Marks:    halfLifeLines.marks(),
}

var halfLifeLines = phrasedFormat{
	service: "rcon", file: halfLifeHead,
	phrases: []phrase{
		{`Bad Rcon: "{skip>}" from "{ip}"`, sayFailed, event.ReasonBadPassword},
		{`Rcon: "{skip>}" from "{ip}"`, sayLogin, 0},
		{`rcon from "{ip}": Bad Password`, sayFailed, event.ReasonBadPassword},
		{`rcon from "{ip}": command "{skip}"`, sayLogin, 0},
	},
}

// halfLifeHead reads "L 01/22/2014 - 01:25:17: ", month first.
func halfLifeHead(b []byte) (Civil, []byte, bool) {
	rest, ok := cutPrefix(b, "L ")
	if !ok {
		return Civil{}, nil, false
	}
	t, text, ok := monthFirstHead(rest)
	return t, text, ok
}

var teamSpeak = Format{
	Name: "teamspeak", Source: "host",
	About: chatAbout("TeamSpeak 3: the server's logs.", "Copy logs/ts3server_*.log."),
	Sniff: teamSpeakLines.sniff, New: teamSpeakLines.parser,
	Shapes:   teamSpeakLines.shapes(),
	Programs: teamSpeakLines.words(),
	Marks:    teamSpeakLines.marks(),
}

var teamSpeakLines = phrasedFormat{
	service: "teamspeak", file: teamSpeakHead,
	phrases: []phrase{
		{`query from {num} {ip} attempted to login with account "{user}" and failed!`, sayFailed, 0},
		{`query from {num} {ip} attempted to login with account "{user}" and succeeded!`, sayLogin, 0},
		{"client connected '{user}'(id:{num}) from {ip}", sayLogin, 0},
		{"client disconnected '{user}'(id:{num}) reason '{skip}'", sayLogoff, 0},
	},
}

// teamSpeakHead reads "2022-12-29 11:39:26.009756|INFO    |Query         |   |".
func teamSpeakHead(b []byte) (Civil, []byte, bool) {
	t, n := parseISOStamp(b)
	if n == 0 {
		return t, nil, false
	}
	f := bytes.SplitN(b[n:], []byte("|"), 5)
	if len(f) != 5 || len(f[0]) != 0 {
		return t, nil, false
	}
	t.HasZone = true // the server writes UTC
	return t, f[4], true
}

var freeSWITCH = Format{
	Name: "freeswitch", Source: "host",
	About: chatAbout("FreeSWITCH 1.0 to 1.10: freeswitch.log or syslog.", "Copy /var/log/freeswitch/freeswitch.log*. log-auth-failures of the SIP profile must be true."),
	Sniff: freeSWITCHLines.sniff, New: freeSWITCHLines.parser,
	Shapes:   freeSWITCHLines.shapes(),
	Programs: freeSWITCHLines.words(),
	Marks:    freeSWITCHLines.marks(),
}

var freeSWITCHLines = phrasedFormat{
	service: "sip", programs: []string{"freeswitch"}, file: freeSWITCHHead, trim: trimFreeSWITCH,
	phrases: []phrase{
		{"SIP auth failure ({method}) on sofia profile '{skip}' for [{user}] from ip {ip}", sayFailed, 0},
		{"SIP auth challenge ({method}) on sofia profile '{skip}' for [{user}] from ip {ip}", sayOwn, 0},
		{"Can't find user [{user}] from {ip}", sayFailed, event.ReasonNoSuchAccount},
		{"IP {ip} Rejected by acl {why}", sayOwn, 0},
		{"IP {ip} Rejected by {skip} acl", sayRefused, 0},
	},
	finish: func(l *phrasedLine, ev *event.Event) {
		if l.phrase.what == sayOwn { // neither a challenge nor "Falling back to Digest auth." is a refusal
			ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
			if has(l.fit.hole[holeWhy], "Falling back") || len(l.fit.hole[holeUser]) > 0 {
				ev.Activity, ev.Outcome, ev.Reason = event.ActConnect, event.OutcomeUnknown, event.ReasonNone
			}
		}
	},
}

// freeSWITCHHead reads "2013-12-31 17:39:54.767815 ", "08-03 07:56:53.026292 ", of which the latter has no year.
func freeSWITCHHead(b []byte) (Civil, []byte, bool) {
	var t Civil
	n := 0
	if len(b) > 15 && b[2] == '-' && b[5] == ' ' {
		var k [2]int
		t.Month, k[0] = digits(b, 2)
		t.Day, k[1] = digits(b[3:], 2)
		if n = parseTimeOfDay(b[6:], &t); k[0] != 2 || k[1] != 2 || n == 0 || !t.Valid() {
			return t, nil, false
		}
		n += 6
	} else if t, n = parseISOStamp(b); n == 0 {
		return t, nil, false
	}
	text := bytes.TrimLeft(b[n:], " ")
	return t, text, has(text[:min(len(text), 80)], "sofia")
}

// trimFreeSWITCH takes away "2016-09-25 18:57:58.150982 00.00% [WARNING] sofia_reg.c:1720 ", "[WARN] [SOFIA] [sofia_reg.c:4130] ".
func trimFreeSWITCH(b []byte) []byte {
	if _, n := parseISOStamp(b); n > 0 {
		b = bytes.TrimLeft(b[n:], " ")
	}
	if word, rest := nextWord(b); len(word) > 1 && word[len(word)-1] == '%' {
		b = rest
	}
	b = trimBrackets(b)
	if word, rest := nextWord(b); isPrefix(word, "sofia") {
		b = rest
	}
	return b
}

var ejabberd = Format{
	Name: "ejabberd", Source: "host",
	About: chatAbout("ejabberd 13 to 24: ejabberd.log.", "Copy /var/log/ejabberd/ejabberd.log*. loglevel: info."),
	Sniff: ejabberdLines.sniff, New: ejabberdLines.parser,
	Shapes:   ejabberdLines.shapes(),
	Programs: ejabberdLines.words(),
	Marks:    ejabberdLines.marks(),
}

var ejabberdLines = phrasedFormat{
	service: "xmpp", programs: []string{"ejabberd", "ejabberdctl"}, file: ejabberdHead, trim: trimEjabberd, shared: true,
	phrases: []phrase{
		{"Failed c2s {method} authentication for {user} from {ip}: Invalid username or password", sayFailed, 0},
		{"Failed c2s {method} authentication for {user} from {ip}: {why}", sayFailed, 0},
		{"Failed c2s {method} authentication from {ip}: {why}", sayFailed, 0},
		{"Failed authentication for {user} from IP {ip} ({skip})", sayFailed, 0},
		{"Failed authentication for {user} from IP {ip}", sayFailed, 0},
		{"Failed authentication for {user} from {ip}", sayFailed, 0},
		{"Failed legacy authentication for {user} from IP {ip} ({skip})", sayFailed, 0},
		{"Accepted c2s {method} authentication for {user} by {word} backend from {ip}", sayLogin, 0},
		{"Accepted authentication for {user} by {word} from {ip}", sayLogin, 0},
	},
}

func ejabberdHead(b []byte) (Civil, []byte, bool) {
	t, n := parseISOStamp(b)
	if n == 0 || !has(b[n:min(len(b), n+120)], "ejabberd_") && !has(b[n:min(len(b), n+120)], "@ejabberd") {
		return t, nil, false
	}
	return t, b[n:], true
}

// trimEjabberd takes away the process, the place in the program and the stream's identifier, which stand before the message and hold
// nothing that a stranger writes.
func trimEjabberd(b []byte) []byte {
	for _, w := range [...]string{"Failed ", "Accepted "} {
		if i := index(b[:min(len(b), 400)], w); i >= 0 {
			return b[i:]
		}
	}
	return b
}
