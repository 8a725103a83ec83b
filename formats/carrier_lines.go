// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "bytes"

// containerCarrier reads the files of the Kubernetes container runtime interface ("2006-01-02T15:04:05.999999999Z stdout F
// line") and what docker logs -t and kubectl logs --timestamps print (time and line). A line that the runtime split (P) was joined before, see
// splitLines.
var containerCarrier = carrier{name: "container", number: 1, unload: func(rec []byte, l *load) bool {
	l.reset()
	t, n := parseISOStamp(rec)
	if n == 0 || !t.HasZone || n+1 >= len(rec) || rec[n] != ' ' {
		return false
	}
	rest := rec[n+1:]
	stream := false
	for _, s := range [...]string{"stdout ", "stderr "} {
		if hasPrefix(rest, s) && len(rest) > len(s)+2 && (rest[len(s)] == 'F' || rest[len(s)] == 'P') && rest[len(s)+1] == ' ' {
			rest, stream = rest[len(s)+2:], true
		}
	}
	if !stream && !headed(rest) && !opensObject(rest) && !hasPrefix(rest, "time=") {
		_, n := parseCLFStamp(rest[bytes.IndexByte(rest, '[')+1:])
		if n == 0 { // most lines that begin with a time bring nothing else
			return false
		}
	}
	l.text, l.time, l.timed, l.looks = rest, t, true, 1
	return true
}}

// relayCarrier reads a syslog line whose message is another whole line, as a relay leaves it that does not read what it hands on; and what
// Kiwi Syslog and Fluentd write, with tabs between.
// Only where the outer line has no program: what a program writes is a message, whatever it looks like.
var relayCarrier = carrier{name: "relay", number: 2, unload: func(rec []byte, l *load) bool {
	l.reset()
	if l.tabbed(rec) {
		return true
	}
	if s, ok := sniffSyslog(rec); !ok || len(s.Program) > 0 {
		return false // as nearly all, and without reading their time
	}
	s, t, ok := splitSyslog(rec)
	if !ok || len(s.Program) > 0 || len(s.Message) < 16 {
		return false
	}
	m := s.Message
	p := priority(m)
	if _, n := parseSyslogStamp(m[p:]); n == 0 && (p == 0 || !hasPrefix(m[p:], "1 ")) {
		return false
	}
	l.text, l.host, l.time, l.timed, l.looks = m, s.Host, t, t.Year != 0, 2
	return true
}}

// tabbed reads Kiwi Syslog's "2006-01-02 15:04:05<TAB>Auth.Info<TAB>host<TAB>line" and Fluentd's "time<TAB>tag<TAB>{object}".
func (l *load) tabbed(rec []byte) bool {
	if len(rec) < 24 || rec[4] != '-' || bytes.IndexByte(rec[:min(len(rec), 48)], '\t') < 19 {
		return false
	}
	t, n := parseISOStamp(rec)
	if n == 0 || n+1 >= len(rec) || rec[n] != '\t' {
		return false
	}
	word, rest, ok := bytes.Cut(rec[n+1:], []byte("\t"))
	if !ok || len(word) == 0 || len(rest) == 0 {
		return false
	}
	if rest[0] == '{' && t.HasZone {
		var sure [partInner]int
		l.scan.reset(rest)
		if l.members(&sure, 0); !l.scan.end() || len(l.text) == 0 {
			return false
		}
		if !l.timed {
			l.time, l.timed = t, true
		}
		l.looks = 6
		return true
	}
	host, text, ok := bytes.Cut(rest, []byte("\t"))
	if !ok || !isHostName(host) || !kiwiPriority(word) {
		return false
	}
	l.text, l.host, l.time, l.timed, l.looks = text, host, t, true, 7
	return true
}

// kiwiPriority says whether a word is a facility and a level as Kiwi Syslog writes them: Local7.Debug.
func kiwiPriority(word []byte) bool {
	facility, level, ok := bytes.Cut(word, []byte("."))
	if !ok || len(facility) < 3 || len(facility) > 10 || !isUpper(facility[0]) {
		return false
	}
	switch string(level) {
	case "Emerg", "Alert", "Critical", "Error", "Warning", "Notice", "Info", "Debug":
		return true
	}
	return false
}
