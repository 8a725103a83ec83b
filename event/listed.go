// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

// Listed is what a list of intelligence says of one thing that an event names.
type Listed struct {
	List     uint32 // which list, from 0 in the order in which they were given
	Name     string // the list's
	Label    string // what the list calls it, or the report that it comes from; empty: nothing
	Kind     ListedKind
	Field    ListedField
	Value    string   // as the list has it: an address or a network, a domain, a URL, a hash, a mail address
	Line     uint32   // where it stands in the list's file, from 1; objects are counted where a file is of objects
	Severity Severity // how sure and how bad, by the list's own words: Low, Medium or High
	Outside  bool     // it is listed, but not for the event's time
	Wider    bool     // the list says more than could be compared: this is a part of it
	Below    bool     // the event names a host below the listed domain
	Shared   bool     // a public name server, a delivery network or a service that everybody uses, whatever the list says
	Anon     bool     // the list is of services that hide their users: being on it is no guilt
}

// ListedKind is the kind of thing that is listed.
type ListedKind uint8

// The kinds of things that lists hold.
const (
	ListedAddress ListedKind = iota
	ListedNetwork
	ListedDomain
	ListedURL
	ListedHash
	ListedMail
)

var listedKinds = [...]string{"address", "network", "domain", "url", "hash", "mail"}

// String returns the word for programs.
func (k ListedKind) String() string { return name(listedKinds[:], int(k)) }

// ListedField is where an event names it.
type ListedField uint8

// The fields of an event that are compared with lists.
const (
	FieldSource      ListedField = iota // the address it came from
	FieldDestination                    // the address, host or URL that was reached or asked for
	FieldContent                        // what was carried: a file's hash, the sender of a mail, a referring page
)
