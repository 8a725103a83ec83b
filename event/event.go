// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package event holds the words that every other part of Sekisho speaks: the Record that came in, the Event that was
// read from it, the Finding that was made of events, and their vocabularies. It imports nothing of ours and does nothing
// by itself; reading, storing and deciding are the work of the packages that import it.
//
// One typed Event is aligned with OCSF classes. The mapping is one table (ocsf.go); what a format knows and the struct
// does not goes into the typed remainder Event.Rest, never dropped.
package event

import (
	"net/netip"
	"time"
)

// Micros is a moment in microseconds since 1970-01-01T00:00:00Z. Zero means that the moment is not known.
type Micros int64

// Of returns the moment t, cut to microseconds.
func Of(t time.Time) Micros { return Micros(t.UnixMicro()) }

// Time returns m in UTC.
func (m Micros) Time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// Add returns m moved by d.
func (m Micros) Add(d time.Duration) Micros { return m + Micros(d/time.Microsecond) }

// Sub returns how long after n the moment m is.
func (m Micros) Sub(n Micros) time.Duration { return time.Duration(m-n) * time.Microsecond }

// Seconds returns m as seconds, for distances between moments.
func (m Micros) Seconds() float64 { return float64(m) / 1e6 }

// Day returns the number of whole days since 1970-01-01 in the zone that is offset from UTC.
func (m Micros) Day(offset time.Duration) int32 {
	const day = Micros(24 * time.Hour / time.Microsecond)
	local := m + Micros(offset/time.Microsecond)
	d := local / day
	if local%day < 0 {
		d--
	}
	return int32(d)
}

// Int is a number that a record may lack. The zero value is "not recorded", which is not the same as nought.
type Int struct {
	v  int64
	ok bool
}

// Some returns the recorded number v.
func Some(v int64) Int { return Int{v: v, ok: true} }

// Get returns the number and whether the record had one.
func (i Int) Get() (int64, bool) { return i.v, i.ok }

// Or returns the number, or other where the record had none.
func (i Int) Or(other int64) int64 {
	if i.ok {
		return i.v
	}
	return other
}

// Part is one stretch of bytes of an input that an event was read from.
type Part struct {
	Line   int64 // first physical line, or the ordinal of the object in a file of objects; from 1
	Offset int64 // bytes from the start of the decompressed stream
	Length int64 // bytes, without the line's end
}

// Ref leads from an event back to the bytes that it was read from.
type Ref struct {
	Input uint32 // index of the input in canonical order of paths
	Part         // the first part
	More  []Part // further parts: the other lines of an attempt that is spread over several
}

// Parts returns all stretches in the order in which they stand in Ref.
func (r *Ref) Parts() []Part { return append([]Part{r.Part}, r.More...) }

// Event is what one record, or several joined ones, say happened. The zero value of a field means that the record has
// none. Strings are the record's own spelling; who an account is, is resolved by identity when asked and is not frozen here.
type Event struct {
	Time     Micros
	Class    Class
	Activity Activity
	Outcome  Outcome
	Reason   Reason
	// SrcIsRelay says that Src stands for somebody else: a front end, a proxy, a gateway.
	SrcIsRelay bool
	// Unique says that the record carries an identifier of its own, so that an equal event is the same one, exported twice.
	Unique bool

	Account string // as the record says: login ID, mail address, DOMAIN\name, DN of a person without a login ID
	Target  string // the other account of an account change, an impersonation or a delegated access

	SrcIP   netip.Addr // never a 4-in-6 address
	DstIP   netip.Addr
	SrcPort uint16 // 0: none
	DstPort uint16
	SrcHost string
	DstHost string // the host that was reached; for records of a host about itself, that host

	Service string // imap, ssh, ldap, "Office 365 Exchange Online", …
	Client  string // user agent or client name
	Object  string // path, URL, DN and filter, host name asked for, command line

	BytesIn  Int // as seen from the source: what it received
	BytesOut Int // what it sent
	Count    Int // items in an aggregated record, entries returned
	Duration Int // milliseconds

	Country string // ISO 3166-1 alpha-2 of the source, as recorded
	ASN     uint32 // of the source, as recorded; 0: none

	Format string // the parser's name
	Ref    Ref
	Rest   []Field // what the format knows beyond these, in a fixed order for each format
}

// Field is one item of the remainder.
type Field struct {
	Name  string
	Value Value
}

// Value is a text, a number or a truth value; nothing else stands in a remainder.
type Value struct {
	Kind ValueKind
	Text string
	Num  int64 // KindInt; 1 for a true KindBool
}

// ValueKind says which field of a Value holds.
type ValueKind uint8

// The kinds of a Value.
const (
	KindText ValueKind = iota
	KindInt
	KindBool
)

// Text returns a remainder field that holds a text.
func Text(name, value string) Field { return Field{name, Value{Kind: KindText, Text: value}} }

// Number returns a remainder field that holds a whole number.
func Number(name string, n int64) Field { return Field{name, Value{Kind: KindInt, Num: n}} }

// Flag returns a remainder field that holds a truth value.
func Flag(name string, b bool) Field {
	v := Value{Kind: KindBool}
	if b {
		v.Num = 1
	}
	return Field{name, v}
}

// Get returns the remainder's value of that name, and whether there is one.
func (e *Event) Get(name string) (Value, bool) {
	for i := range e.Rest {
		if e.Rest[i].Name == name {
			return e.Rest[i].Value, true
		}
	}
	return Value{}, false
}

// Record is one physical line, or one object of a file of objects, as intake hands it to a format. Data is valid only
// until the next record is asked for: whoever keeps a piece copies or interns it.
type Record struct {
	Part
	Data []byte
	// Around is what Data leans on where a record cannot be read alone: the chunk of an event log that it lies in, at Within. Nil
	// elsewhere.
	Around []byte
	Within int
}
