// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// jsonCarrier reads the objects in which shippers and collectors put lines: the journal as JSON, Docker's json-file, Filebeat,
// Logstash, Fluent Bit and Fluentd, Vector, rsyslog and syslog-ng with JSON templates, GELF, the events of Splunk, tables of
// Azure, entries of Google Cloud, OpenTelemetry's file exporter where the body is a line.
var jsonCarrier = carrier{name: "json", unload: unloadJSON}

// Which part of a load a member is. Where several members are the same part, the one that stands lower counts.
const (
	partNone = iota
	partText
	partTime
	partHost
	partProgram
	partPID
	partInner // an object that holds further parts
)

// carriedPart returns which part the member of that name is, how sure it is (the greater counts), and whether only a
// shipper would name it so.
func carriedPart(key []byte) (part, sure int) {
	switch string(key) {
	case "_raw", "MESSAGE", "SyslogMessage", "syslog_message", "event.original":
		return partText, 9
	case "full_message", "original":
		return partText, 8
	case "short_message", "textPayload", "rawmsg":
		return partText, 7
	case "message":
		return partText, 6
	case "log", "line", "msg", "body", "Body", "raw", "logmsg":
		return partText, 5
	case "_SOURCE_REALTIME_TIMESTAMP":
		return partTime, 9
	case "__REALTIME_TIMESTAMP", "timereported", "isotimestamp":
		return partTime, 8
	case "@timestamp", "_time", "EventTime", "timegenerated":
		return partTime, 7
	case "timestamp", "time", "TimeGenerated", "ts", "date", "DATE", "ISODATE", "datetime":
		return partTime, 6
	case "_HOSTNAME", "host.name", "host.hostname":
		return partHost, 9
	case "hostname", "host", "HOST", "Computer", "HostName", "syslog_hostname", "_host":
		return partHost, 7
	case "SYSLOG_IDENTIFIER", "programname", "syslog_program", "PROGRAM", "process.name":
		return partProgram, 9
	case "syslogtag", "ident", "appname", "app-name", "app_name", "ProcessName", "_process_name", "_application_name", "syslog_appname", "APP-NAME":
		return partProgram, 8
	case "program", "_program", "_COMM", "container_name", "_SYSTEMD_UNIT":
		return partProgram, 6
	case "_PID", "SYSLOG_PID", "procid", "ProcessID", "syslog_pid", "pid", "PID", "process.pid", "_process_id":
		return partPID, 7
	case "event", "process", "kubernetes", "result", "attrs", "Attributes", "syslog", "_source":
		return partInner, 0
	}
	return partNone, 0
}

func unloadJSON(rec []byte, l *load) bool {
	l.reset()
	b := trimJSON(rec)
	if len(b) == 0 || b[0] != '{' {
		return false
	}
	s := &l.scan
	s.reset(b)
	var sure [partInner]int
	l.members(&sure, 0)
	if !s.end() || len(l.text) == 0 {
		return false
	}
	for len(l.text) > 0 && (l.text[len(l.text)-1] == '\n' || l.text[len(l.text)-1] == '\r') {
		l.text = l.text[:len(l.text)-1]
	}
	if sure[partText] < 7 && sure[partTime] == 0 || len(l.text) == 0 {
		return false // an object that says neither when nor who writes no line
	}
	if sure[partText] == 5 && sure[partProgram] == 0 && sure[partTime] < 6 {
		return false
	}
	return true
}

// members walks over the members of the object that is next and takes the parts.
func (l *load) members(sure *[partInner]int, depth int) {
	s := &l.scan
	for ok := s.enter('{'); ok && s.member(); {
		part, n := carriedPart(s.key)
		l.looks += looksOf(s.key)
		kind := s.peek()
		switch {
		case kind == '{' && (part == partInner || part == partHost || part == partText) && depth < 2:
			if part == partHost { // {"host": {"name": …}}
				l.named(sure)
				continue
			}
			if string(s.key) == "process" {
				l.process(sure)
				continue
			}
			l.members(sure, depth+1)
		case part == partNone || part == partInner || n <= sure[part]:
			s.skip()
		case kind == '[' && part == partText: // the journal writes what is not UTF-8 as a list of bytes
			if l.byteList() {
				sure[part] = n
			}
		default:
			l.take(part, n, s.value(), sure)
		}
	}
}

// take keeps a part, if the value can be one.
func (l *load) take(part, n int, v jsonValue, sure *[partInner]int) {
	ok := v.kind == '"' && len(v.raw) > 0
	switch part {
	case partText:
		if ok {
			l.text = l.keep(v)
		}
	case partTime:
		var t Civil
		if t, ok = carriedTime(v); ok {
			l.time, l.timed = t, true
		}
	case partHost:
		if ok {
			l.host = l.keep(v)
		}
	case partProgram:
		if ok {
			tag := l.keep(v)
			if len(tag) > 0 && tag[len(tag)-1] == ':' {
				tag = tag[:len(tag)-1]
			}
			program, pid := splitTag(tag)
			if l.program = program; len(pid) > 0 && sure[partPID] == 0 {
				l.pid = pid
			}
			ok = len(program) > 0
		}
	case partPID:
		if v.kind == '0' {
			l.pid, ok = v.raw, true
		} else if ok {
			l.pid = l.keep(v)
		}
	}
	if ok {
		sure[part] = n
	}
}

// named takes the name in the object that describes a host.
func (l *load) named(sure *[partInner]int) {
	s := &l.scan
	for ok := s.enter('{'); ok && s.member(); {
		key, kind := string(s.key), s.peek()
		if kind == '"' && (key == "hostname" && sure[partHost] < 9 || key == "name" && sure[partHost] < 8) {
			n := 8
			if key == "hostname" {
				n = 9
			}
			l.take(partHost, n, s.value(), sure)
			continue
		}
		s.skip()
	}
}

// process takes name and number of the object that describes a process.
func (l *load) process(sure *[partInner]int) {
	s := &l.scan
	for ok := s.enter('{'); ok && s.member(); {
		switch string(s.key) {
		case "name":
			l.take(partProgram, 9, s.value(), sure)
		case "pid":
			l.take(partPID, 7, s.value(), sure)
		default:
			s.skip()
		}
	}
}

// byteList reads a list of numbers as bytes.
func (l *load) byteList() bool {
	s := &l.scan
	buf := l.out[:0]
	for ok := s.enter('['); ok && s.element(); {
		n, ok := s.value().int()
		if !ok || n < 0 || n > 255 {
			s.fail()
			return false
		}
		buf = append(buf, byte(n))
	}
	if l.used == len(l.bufs) {
		return false
	}
	l.out = buf
	l.bufs[l.used] = append(l.bufs[l.used][:0], buf...)
	l.text = l.bufs[l.used]
	l.used++
	return true
}

// carriedTime reads a time as shippers write it: ISO 8601, or a number since 1970.
func carriedTime(v jsonValue) (Civil, bool) {
	if v.kind != '"' && v.kind != '0' {
		return Civil{}, false
	}
	if t, n := parseISOStamp(v.raw); n > 0 {
		return t, true
	}
	whole, micro := v.raw, 0
	for i, c := range v.raw {
		if c != '.' {
			continue
		}
		whole = v.raw[:i]
		scale := 100000
		for _, d := range v.raw[i+1:] {
			if !isDigit(d) {
				return Civil{}, false
			}
			micro += int(d-'0') * scale
			scale /= 10
		}
		break
	}
	n, ok := wholeNumber(whole)
	if !ok {
		return Civil{}, false
	}
	return epochCivil(n, micro)
}

// looksOf is a hash of a member's name; nought for names in capitals, of which the journal's entries have one more or less.
func looksOf(key []byte) uint64 {
	h, capitals := uint64(14695981039346656037), true
	for _, c := range key {
		h = (h ^ uint64(c)) * 1099511628211
		capitals = capitals && (c >= 'A' && c <= 'Z' || c == '_' || isDigit(c))
	}
	if capitals {
		return 0
	}
	return h
}
