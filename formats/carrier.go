// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"strconv"

	"github.com/sekisho/sekisho/event"
)

// carrier takes a record apart that only brings a line of something else: what a shipper put into JSON, a container's runtime
// or a relay before it. The line is read as a record of its own by whichever format knows it, with the time and the host that
// the carrier tells where the line has none. Events lead back to the whole record.
//
// A shipper is believed: a line in its field "message" is taken as if it stood in the file that it was read from.
type carrier struct {
	name   string
	number int // in carriers
	// unload says whether rec carries a line, and puts it into l. Slices in l may point into rec.
	unload func(rec []byte, l *load) bool
}

// carriers returns all of them, in the order in which they are tried.
func carriers() []*carrier {
	return []*carrier{&jsonCarrier, &containerCarrier, &relayCarrier, &cellsCarrier, &tableCarrier, &journalCarrier}
}

// maxCarried bounds how deep lines are carried in one another.
const maxCarried = 3

// load is what a carrier brought. The record that is carried is offered in up to three ways, see next.
type load struct {
	text    []byte // the line
	host    []byte
	program []byte // that wrote it
	pid     []byte
	time    Civil // when the carrier says that it was
	timed   bool
	looks   uint64 // what the record looked like; equal for records that are made alike

	line []byte // what next offers
	step int
	scan jsonScan
	bufs [8][]byte // of decoded values
	used int
	out  []byte

	row      csvRow // of cells that hold fields
	cellsBuf []byte

	early bool  // the record is among the first of its file: it may name the columns of a table
	table table // that the file is
}

func (l *load) reset() {
	l.text, l.host, l.program, l.pid, l.timed, l.looks, l.step, l.used = nil, nil, nil, nil, false, 0, 0, 0
}

// keep returns the text of v, valid until the next reset.
func (l *load) keep(v jsonValue) []byte {
	if v.kind == '"' && v.odd && l.used < len(l.bufs) {
		b := v.text(&l.bufs[l.used])
		l.used++
		return b
	}
	if v.kind == '"' && v.odd {
		return nil
	}
	return v.text(nil)
}

// next sets line to another way to read what is carried; false after the last: with a syslog head made of what the carrier
// knows, where it knows the program and the line has no head of its own; as it stands, with a year where it lacks one; with a
// head made of the time alone.
func (l *load) next() bool {
	for l.step < 3 {
		l.step++
		switch l.step {
		case 1:
			if len(l.program) > 0 && l.timed && !headed(l.text) && !opensObject(l.text) {
				l.line = l.withHead()
				return true
			}
		case 2:
			l.line = l.withYear()
			return true
		case 3:
			if len(l.program) == 0 && l.timed && !headed(l.text) && !opensObject(l.text) && (len(l.host) > 0 || tagEnd(l.text) > 0) {
				l.line = l.withHead()
				return true
			}
		}
	}
	return false
}

// headed says whether a line begins with a time, and so may have a head of its own.
func headed(b []byte) bool {
	_, n := parseSyslogStamp(b[priority(b):])
	return n > 0
}

func opensObject(b []byte) bool {
	b = trimJSONFront(b)
	return len(b) > 0 && b[0] == '{'
}

// withHead returns the line behind "time host program[pid]: ".
func (l *load) withHead() []byte {
	b := appendCivil(l.out[:0], l.time)
	b = append(b, ' ')
	if len(l.host) > 0 {
		b = append(appendWord(b, l.host), ' ')
	}
	if len(l.program) > 0 {
		b = appendWord(b, l.program)
		if len(l.pid) > 0 {
			b = append(appendWord(append(b, '['), l.pid), ']')
		}
		b = append(b, ':', ' ')
	}
	l.out = appendLine(b, l.text)
	return l.out
}

// withYear returns the line, the stamp that it begins with written with the year that brings it nearest to the carrier's time.
func (l *load) withYear() []byte {
	if !l.timed {
		return l.text
	}
	p := priority(l.text)
	t, n := parseBSDStamp(l.text[p:])
	if n == 0 || t.Year != 0 {
		return l.text
	}
	t.Year = l.time.Year
	switch d := t.Month - l.time.Month; {
	case d > 6:
		t.Year--
	case d < -6:
		t.Year++
	}
	b := append(l.out[:0], l.text[:p]...)
	b = appendCivil(b, t)
	l.out = append(b, l.text[p+n:]...)
	return l.out
}

// appendCivil writes a time as ISO 8601 has it, with its zone if it has one.
func appendCivil(b []byte, t Civil) []byte {
	b = appendDigits(b, t.Year, 4)
	b = appendDigits(append(b, '-'), t.Month, 2)
	b = appendDigits(append(b, '-'), t.Day, 2)
	b = appendDigits(append(b, 'T'), t.Hour, 2)
	b = appendDigits(append(b, ':'), t.Minute, 2)
	b = appendDigits(append(b, ':'), t.Second, 2)
	if t.Micro > 0 {
		b = appendDigits(append(b, '.'), t.Micro, 6)
	}
	if !t.HasZone {
		return b
	}
	east, sign := t.East/60, byte('+')
	if east < 0 {
		east, sign = -east, '-'
	}
	b = appendDigits(append(b, sign), east/60, 2)
	return appendDigits(append(b, ':'), east%60, 2)
}

func appendDigits(b []byte, v, width int) []byte {
	for p := width - 1; p > 0; p-- {
		q := v
		for range p {
			q /= 10
		}
		b = append(b, byte('0'+q%10))
	}
	return strconv.AppendInt(b, int64(v%10), 10)
}

// appendWord writes a host or a program so that it stays one word of a head.
func appendWord(b, word []byte) []byte {
	for _, c := range word[:min(len(word), 128)] {
		if c <= ' ' || c == ':' || c == '[' || c == ']' || c == 0x7f {
			c = '_'
		}
		b = append(b, c)
	}
	return b
}

// appendLine writes a message on one line.
func appendLine(b, text []byte) []byte {
	from := len(b)
	b = append(b, text...)
	for i := from; i < len(b); i++ {
		if b[i] == '\n' || b[i] == '\r' {
			b[i] = ' '
		}
	}
	return b
}

// epochCivil returns the moment of a number of seconds, milliseconds, microseconds or nanoseconds since 1970: which of them it
// is shows from how large it is.
func epochCivil(v int64, micro int) (Civil, bool) {
	switch {
	case v <= 0:
		return Civil{}, false
	case v < 1e11:
		v = v*1e6 + int64(micro)
	case v < 1e14:
		v *= 1e3
	case v < 1e17:
	default:
		v /= 1e3
	}
	t := event.Micros(v).Time()
	return Civil{Year: t.Year(), Month: int(t.Month()), Day: t.Day(), Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(),
		Micro: t.Nanosecond() / 1000, HasZone: true}, t.Year() < 2200
}
