// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// phrasedFormat is what a format knows of a program that says all that it has to say of an attempt on one line. Nothing writes to it.
type phrasedFormat struct {
	service  string // of its events
	class    event.Class
	programs []string // the names that it has in syslog; a name that ends in * may go on
	// file reads the head of the program's own files, which is what stands before the text of a phrase; nil if it has none.
	file func(b []byte) (t Civil, text []byte, ok bool)
	// trim takes away what the program writes before the text in syslog, too: nil for nothing.
	trim    func(text []byte) []byte
	phrases []phrase
	// quiet are beginnings of lines that tell nothing of anybody. "" stands for every line. In a file of the program's own they
	// count only once a line of a known phrase was there.
	quiet []string
	// shared says that other programs have the same name: only a line of a known phrase is recognised.
	shared bool
	sure   float64 // how surely such a line is of this format; 0 stands for 0.9
	// finish adds what the phrase alone does not say. It may be nil.
	finish func(l *phrasedLine, ev *event.Event)
}

// phrasedLine is one line on its way to an event.
type phrasedLine struct {
	env           *Env
	out           *event.Batch
	when          event.Micros
	host          string
	program, text []byte
	fit           fit
	phrase        *phrase
	rest          [8]event.Field
	more          int
}

// add keeps one more item of the remainder.
func (l *phrasedLine) add(name string, text []byte) {
	if l.more < len(l.rest) && len(text) > 0 {
		l.rest[l.more] = event.Text(name, l.env.Intern.Bytes(text[:min(len(text), 256)]))
		l.more++
	}
}

func (d *phrasedFormat) named(program []byte) bool {
	for _, name := range d.programs {
		if n := len(name) - 1; name[n] == '*' {
			if isPrefix(program, name[:n]) {
				return true
			}
		} else if string(program) == name {
			return true
		}
	}
	return false
}

// shapes returns what records of the format look like.
func (d *phrasedFormat) shapes() Shape {
	if d.file != nil {
		return ShapeSyslog | ShapeText
	}
	return ShapeSyslog
}

// words returns the first words of the names in syslog, for Format.Programs; none where a line of the program's own file may look like
// syslog with any program.
func (d *phrasedFormat) words() []string {
	if d.file != nil {
		return nil
	}
	var out []string
	for _, name := range d.programs {
		var word [24]byte
		w := string(firstWord([]byte(name), word[:0]))
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// sniff returns how surely a record is of the format.
func (d *phrasedFormat) sniff(rec []byte) float64 {
	sure := d.sure
	if sure == 0 {
		sure = 0.9
	}
	if s, ok := sniffSyslog(rec); ok && d.named(s.Program) {
		if text := d.cutTrim(s.Message); !d.shared || d.known(text) || d.isQuiet(text) {
			return sure
		}
		return 0
	}
	if d.file == nil {
		return 0
	}
	if _, text, ok := d.file(rec); ok && d.known(d.cutTrim(text)) {
		return sure
	}
	return 0
}

func (d *phrasedFormat) cutTrim(text []byte) []byte {
	text = bytes.TrimRight(text, " \r\t")
	if d.trim != nil {
		return d.trim(text)
	}
	return text
}

// known says whether a text is of one of the phrases.
func (d *phrasedFormat) known(text []byte) bool {
	var f fit
	for i := range d.phrases {
		if f.fits(d.phrases[i].text, text) {
			return true
		}
	}
	return false
}

func (d *phrasedFormat) isQuiet(text []byte) bool {
	for _, q := range d.quiet {
		if isPrefix(text, q) {
			return true
		}
	}
	return false
}

// parser returns a parser of the format.
func (d *phrasedFormat) parser(env *Env) Parser { return &phrasedParser{format: d, env: env} }

type phrasedParser struct {
	format *phrasedFormat
	env    *Env
	line   phrasedLine
	seen   bool // a line of a known phrase
}

func (p *phrasedParser) Flush(*event.Batch) {}

func (p *phrasedParser) Parse(rec *event.Record, out *event.Batch) error {
	d, l := p.format, &p.line
	l.env, l.out, l.more, l.program = p.env, out, 0, nil
	var t Civil
	inFile := false
	if s, ok := p.env.Syslog(rec); ok && d.named(s.Program) {
		l.when, l.host, l.program, l.text = s.Time, p.env.hostOf(s), s.Program, d.cutTrim(s.Message)
	} else if d.file != nil {
		if t, l.text, inFile = d.file(rec.Data); !inFile {
			return ErrOtherFormat
		}
		l.text, l.host = d.cutTrim(l.text), p.env.Host
	} else {
		return ErrOtherFormat
	}
	l.fit.env = p.env
	for i := range d.phrases {
		if !l.fit.fits(d.phrases[i].text, l.text) {
			continue
		}
		p.seen = true
		if l.phrase = &d.phrases[i]; l.phrase.what != sayNothing {
			if inFile {
				l.when = p.env.Clock.Moment(t)
			}
			p.event(rec)
		}
		return nil
	}
	switch {
	case d.isQuiet(l.text) && (!inFile || p.seen):
		return nil
	case d.shared || inFile:
		return ErrOtherFormat
	}
	return ErrUnknownKind
}

// event adds what the line tells.
func (p *phrasedParser) event(rec *event.Record) {
	l, in := &p.line, p.env.Intern
	ev := l.out.Add()
	ev.Time, ev.DstHost, ev.Service, ev.Ref = l.when, l.host, p.format.service, p.env.Ref(rec)
	l.phrase.what.put(ev, l.phrase.reason, p.format.class)
	h := &l.fit.hole
	ev.Account, ev.Target, ev.Object = in.Bytes(h[holeUser]), in.Bytes(h[holeTarget]), in.Bytes(h[holeObject])
	ev.SrcIP, ev.SrcPort, ev.DstIP, ev.DstPort = l.fit.addr, l.fit.port, l.fit.dst, l.fit.dport
	ev.Client = in.Bytes(h[holeClient])
	if b := h[holeFrom]; len(b) > 0 {
		ev.SrcHost = in.Bytes(b)
	} else if b := h[holeHost]; len(b) > 0 && !looksLikeAddr(b) && string(b) != "unknown" {
		ev.SrcHost = in.Bytes(b)
	}
	if b := h[holeService]; len(b) > 0 {
		ev.Service = in.Bytes(b)
	}
	if b := h[holeDst]; len(b) > 0 {
		l.add("to", b)
	}
	if b := h[holeDstHost]; len(b) > 0 {
		ev.DstHost = in.Bytes(b)
	}
	if ev.DstIP.IsUnspecified() {
		ev.DstIP = netip.Addr{}
	}
	if n, ok := parseNumber(h[holeCount]); ok && n > 1 {
		ev.Count = event.Some(n)
	}
	l.add("detail", h[holeWhy])
	l.add("session", h[holeSession])
	l.add("method", h[holeMethod])
	l.add("relay", h[holeRelay])
	if p.format.finish != nil {
		p.format.finish(l, ev)
	}
	if l.phrase.what == sayAgain && l.more < len(l.rest) {
		ev.Count = event.Some(0)
		l.rest[l.more] = event.Flag("repeat", true)
		l.more++
	}
	ev.Rest = l.out.Rest(l.rest[:l.more]...)
}

// put sets what a saying means.
func (v saying) put(ev *event.Event, reason event.Reason, class event.Class) {
	set := func(c event.Class, a event.Activity, o event.Outcome, r event.Reason) {
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = c, a, o, r
		if reason != event.ReasonNone {
			ev.Reason = reason
		}
		if class != event.ClassOther && c == event.ClassNetwork {
			ev.Class = class
		}
	}
	switch v {
	case sayFailed, sayAgain:
		set(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
	case sayLogin:
		set(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	case sayLogoff:
		set(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	case sayRefused:
		set(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
	case sayMail:
		set(event.ClassMail, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
	case sayConnect:
		set(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	case sayClose:
		set(event.ClassNetwork, event.ActClose, event.OutcomeSuccess, event.ReasonNone)
	case sayBroken:
		set(event.ClassNetwork, event.ActConnect, event.OutcomeFailure, event.ReasonProtocol)
	case sayLocked:
		set(event.ClassAuthentication, event.ActLock, event.OutcomeSuccess, event.ReasonLocked)
	case sayReset:
		set(event.ClassAccountChange, event.ActReset, event.OutcomeSuccess, event.ReasonNone)
	}
}
