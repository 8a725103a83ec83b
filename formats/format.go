// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package formats reads the records of log files into events. It recognises a file from its content, never from its name,
// and reads lines of several programs in one file. It does not decide anything about what it reads, and it resolves no name.
//
// A format is one file that declares a Format, one line in All, and one pair of golden files in testdata:
//
//	record ──► Reader ──► the parser that took the last one ──► Batch of events
//	               ├────► the others, best guess first
//	               ├────► what it carries, read as a record of its own: a line in JSON, a container's line
//	               └────► formats that know less of it ──► nobody: counted, sampled, kept in unparsed.log
//
// Many programs tell of one attempt on several lines. Where these are not joined into one event, each becomes an event, so that
// no line is lost, but only one stands for the attempt: the others carry "repeat": true in the remainder and a Count of nought.
// Who adds up Count, taking 1 where there is none, counts attempts; who counts rows does not.
package formats

import (
	"errors"

	"github.com/sekisho/sekisho/event"
)

// Format is one log format: how to recognise it, how to read it, and what to tell people about it.
type Format struct {
	Name string // as in case.json, inputs[].format
	// Also are other names that people write for it in a profile: combined for web-access, slapd for openldap.
	Also   []string
	Source string // the kind of source that coverage speaks of: directory, mail, vpn, firewall, web, dns, files, windows, host, cloud-signin, cloud-audit
	About  About
	// Framing is how files of this format are cut into records. Parsers meet records of other framings too (a JSON object
	// alone on a syslog line, a CSV row in a mixed file) and refuse what they cannot read.
	Framing event.Framing
	// Sniff says how surely one record is of this format, from 0 (not) to 1 (nothing else looks like this). It must be
	// cheap, must not keep rec, and must not look at anything but these bytes.
	Sniff func(rec []byte) float64
	// New returns a parser for one stream of records. Rotated pieces of one log are one stream.
	New func(env *Env) Parser

	// What follows may be left out. It lets a reader of many formats pass over those that a record cannot be of. Shapes, Programs and
	// Keys must hold for every record that the parser takes, Marks for every one that Sniff claims: TestGates compares.

	// Shapes says what its records look like; 0: anything.
	Shapes Shape
	// Programs are the first words, in small letters, of the programs that write it to syslog: postfix for postfix/smtpd, sshd
	// for sshd-session. A syslog line of another program is not shown to it; one without a program is. None: any program.
	Programs []string
	// Keys are names of which a JSON object must have one, at any depth, to be shown to it. None: any object.
	Keys []string
	// Marks are texts of which one must stand in a record, letter by letter, for Sniff to claim it: a record without any of them is
	// not shown to Sniff. A parser that took a record before is shown others without them, too. None: any record.
	Marks []string
	// Rank says who is asked first. Formats of rank 0 know a product. Those above read what many products write, knowing less
	// of it, and are asked only about records that no format of a lower rank took.
	Rank Rank
	// Unverified says, in words for the page, the case and the report, why events read with it must be checked by a person:
	// it was written from a manual and never compared with real records. Empty: it was compared.
	Unverified string
}

// Rank is the order in which formats are asked about a record.
type Rank uint8

// The ranks.
const (
	RankProduct Rank = iota // a product's own records
	RankSchema              // documents of a common schema, whoever wrote them
	RankGuess               // whatever has fields with well-known names
	ranks
)

// Shape is what a record looks like from outside. A record may have several.
type Shape uint8

// The shapes.
const (
	ShapeSyslog Shape = 1 << iota // a time, perhaps a host, perhaps a program, a message; also RFC 5424
	ShapeObject                   // a JSON object, alone or as the message of a syslog line
	ShapeMarkup                   // begins with <, and not with a syslog priority
	ShapeText                     // none of these: rows, other lines

	shapes = 4

	// notObject is what rows and lines of one's own have: anything but an object, which no such format reads.
	notObject = ShapeSyslog | ShapeMarkup | ShapeText
)

// About is what a format's page says of it, in plain words.
type About struct {
	What   string // the product and its versions
	Export string // how to get it out of the product, and which settings make it log what is needed
	Takes  string // what is taken from it
	Leaves string // what is not, and what it cannot show
}

// Parser reads the records of one stream. It is owned by one goroutine.
type Parser interface {
	// Parse reads one record and adds to out what happened, which may be nothing. It returns nil if the record is of this
	// format and understood, an event made of it or not; otherwise an error that says what it stumbled over. A parser that
	// joins several records keeps bounded state for it. rec.Data must not be kept.
	Parse(rec *event.Record, out *event.Batch) error
	// Flush adds what still waits for records that will not come. It is called once, at the end of the stream.
	Flush(out *event.Batch)
}

// Errors that parsers return for a record that they did not take. They carry no position: the caller knows it.
var (
	ErrOtherFormat = errors.New("not of this format")
	ErrNoTime      = errors.New("no readable time")
	ErrWildTime    = errors.New("the time is not between 1900 and 2200")
	ErrNoSuchDay   = errors.New("29 February, and the year assumed for it has none")
	ErrNoHead      = errors.New("of this format, but the head that names the columns is missing: give the file from its first line on")
	ErrBroken      = errors.New("of this format, but broken")
	ErrUnknownKind = errors.New("of this format, but of a kind that is not known")

	errTimeless  = errors.New("of this format, but without a time: have it written with -o timestamp, or through syslog")
	errShortened = errors.New("of this format, but its IPv6 addresses are shortened: write the table again with nfdump -6")
)

// Reasons returns the errors that parsers return.
func Reasons() []error {
	return []error{ErrOtherFormat, ErrNoTime, ErrWildTime, ErrNoSuchDay, ErrNoHead, ErrBroken, ErrUnknownKind, errTimeless, errShortened}
}

// Env is what a parser may use of its surroundings. It belongs to one stream and one goroutine.
type Env struct {
	Clock  *Clock
	Intern *Interner
	Host   string // the host that wrote the stream, from the profile; empty if not said
	Input  uint32 // index of the input being read: Reader keeps it up to date and sets it in every event

	syslog      Syslog
	syslogCivil Civil
	syslogOK    bool
	syslogTimed bool // the head's time has been made a moment
	syslogLine  int64
	syslogIn    uint32
	syslogHead  syslogHead // of the last line that had one
}

// Ref returns the reference to one record of the current input. A Ref speaks of one input: parts of an earlier piece of a
// rotated log are left out of what is joined later.
func (e *Env) Ref(rec *event.Record) event.Ref { return event.Ref{Input: e.Input, Part: rec.Part} }

// missedDays counts the days that were asked for and that their years do not have.
func (e *Env) missedDays() int64 {
	if e.Clock == nil {
		return 0
	}
	return e.Clock.missed
}

// Named returns the format of that name, or that people also call so, and whether there is one.
func Named(all []Format, name string) (*Format, bool) {
	for i := range all {
		if all[i].Name == name {
			return &all[i], true
		}
	}
	for i := range all {
		for _, n := range all[i].Also {
			if n == name {
				return &all[i], true
			}
		}
	}
	return nil, false
}
