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

// relayCarrier reads a syslog line whose message is another whole line, as a relay leaves it that does not read what it hands on.
// Only where the outer line has no program: what a program writes is a message, whatever it looks like.
var relayCarrier = carrier{name: "relay", number: 2, unload: func(rec []byte, l *load) bool {
	l.reset()
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
