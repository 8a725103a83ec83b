// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import "net/netip"

// Sighting is an event together with what the institute knows of those whom it names, as of the event's time. Identity
// makes it, detect and breach read it; nothing of it is stored with the event.
type Sighting struct {
	*Event
	Who  *Account // whose name Event.Account is; nil where the event names nobody
	Whom *Account // whose name Event.Target is; nil where there is none
	Src  Place    // of Event.SrcIP
	Dst  Place    // of Event.DstIP, or of the host that Event.DstHost names
	// Day counts days since 1970-01-01 in the institute's zone; Minute is the minute of that day, Weekday 0 is Sunday.
	Day     int32
	Minute  int16
	Weekday int8
	Listed  []Listed // what lists of what others know to be bad say of what the event names
	// Delay is how long after it happened a live system would have had the record: the source's declared delay.
	Delay Micros
}

// Seen returns when a live system would have had the record.
func (s *Sighting) Seen() Micros { return s.Time + s.Delay }

// Failed says whether the event is a failed attempt to log in that a person or program made with a name, once for each
// attempt: the second record that some hosts write of the same attempt (Rest "repeat") does not count.
func (s *Sighting) Failed() bool {
	if s.Class != ClassAuthentication || s.Outcome != OutcomeFailure || s.Who == nil {
		return false
	}
	if s.Activity != ActLogon && s.Activity != ActTicket {
		return false
	}
	_, repeat := s.Get("repeat")
	return !repeat
}

// Refused says whether the event is a web request that was refused because of the name and password that it brought: a failed
// login where no other log tells of it.
func (s *Sighting) Refused() bool {
	return s.Class == ClassHTTP && s.Outcome == OutcomeFailure && s.Reason == ReasonBadCredentials && s.Who != nil
}

// Admitted says whether the event is a web request that was answered under an account's name: each brings the password, or the
// session that the password opened, so that it tells what a login tells of where the account was and with what.
func (s *Sighting) Admitted() bool {
	return s.Class == ClassHTTP && s.Outcome == OutcomeSuccess && s.Who != nil && s.Client != ""
}

// LoggedIn says whether the event is a successful login of an account.
func (s *Sighting) LoggedIn() bool {
	return s.Class == ClassAuthentication && s.Outcome == OutcomeSuccess && s.Activity == ActLogon && s.Who != nil
}

// Times returns how often the event happened: an aggregated record counts for several.
func (s *Sighting) Times() int64 {
	if n := s.Count.Or(1); n > 1 && s.Class == ClassAuthentication {
		return n
	}
	return 1
}

// Account is what the institute knows of one account. One value is shared by all sightings of it and must not be changed.
type Account struct {
	Handle     uint32 // dense, from 1, valid within one run only: for arrays, never for output
	ID         string // stable: A- and ten letters
	Name       string // what people call it: the mail address if it has one
	Department string
	Groups     []string
	Listed     bool // in the institute's directory
	Service    bool // a program's account
	System     bool // an operating system's own name: SYSTEM, HOST$
	Disabled   bool
}

// Place is what the institute and the record know of one address.
type Place struct {
	IP         netip.Addr
	Kind       Kind
	Own        bool // inside, or one of the institute's own outside addresses
	Restricted bool // in a network that only some may enter
	Allowed    bool // with Restricted of the destination: this event's source is among those who may
	Network    string
	Host       string
	Role       string
	Country    string
	ASN        uint32
	Shared     bool   // many homes stand behind the address, as the institute or its provider says
	Dealt      bool   // so the records say: its ports are dealt out to homes
	Set        uint16 // which of its port sets the event came from, from 1; 0: not known. See Line
}

// Kind is the kind of an address.
type Kind uint8

// The kinds of address.
const (
	KindUnknown Kind = iota
	KindTor
	KindVPN
	KindHosting
	KindUniversity
	KindMobile
	KindResidential
	KindHotel
	KindOwn
)

var kindNames = [...]string{"unknown", "tor", "vpn", "hosting", "university", "mobile", "residential", "hotel", "own"}

// String returns the word of case.json.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// ParseKind returns the kind of that word, and whether there is one.
func ParseKind(word string) (Kind, bool) {
	for i, n := range kindNames {
		if n == word {
			return Kind(i), true
		}
	}
	return 0, false
}

// Anonymous says whether addresses of this kind hide who uses them.
func (k Kind) Anonymous() bool { return k == KindTor || k == KindVPN || k == KindHosting }
