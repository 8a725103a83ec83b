// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package identity knows who is who and what is where: it joins the several names of a person into one account, and says
// of an address which network, host and kind it is. It decides nothing about good and bad; whether an address is shared,
// and whether an account is in the wrong hands, is found out in breach.
//
// A record says neko77, taro.sato@lab.example, LAB\neko77, S-1-5-21-…-1107 or uid=neko77,ou=people,… and means one person:
//
//	rows, problems, err := identity.ReadDirectory(file, "directory.csv", "", zone)
//	accounts := identity.New(identity.Options{Rows: rows, Domains: []string{"lab.example"}})
//	h := accounts.Resolver("staff").Resolve(ev.Account, ev.Time)
//	accounts.Account(h).ID // A-…, the same whatever else was read, in whatever order
//
// A name that no directory knows is an account of its own. Names are resolved when asked and by the time of the record,
// never frozen into it, so that a directory that is put right later puts right what was read before.
package identity

import (
	"fmt"

	"github.com/sekisho/sekisho/event"
)

// Handle stands for an account within one Accounts: small and dense, so that state can be kept in slices. It is never
// written out: which number an unknown name gets depends on when it was first asked for.
type Handle uint32

// The handles that every Accounts has.
const (
	None   Handle = iota // no account: the record names nobody
	Others               // the names beyond the cap, together
)

// Account is what is known of one account.
type Account struct {
	ID    string // A- and ten letters made from realm and login ID: independent of everything else
	Realm string // of the directory that knows it, or else of the records that named it
	UID   string // login ID; of several over time the first
	Name  string // what to show: the mail address if there is one, else the login ID

	DisplayName string // the person's name, as the directory writes it
	Department  string
	Groups      []string // sorted: the directory's, and those of the profile that it belongs to
	// Aliases are the names that lead to this account: those of the directory, and the spellings met in records that were
	// joined to it (the first maxSpellings of them in the order of the alphabet). Sorted.
	Aliases []string
	// Guessed are those of Aliases that were joined without the directory saying so. Sorted.
	Guessed []string

	Service     bool  // a service's account, by the directory
	System      bool  // a machine or the operating system itself, by its name
	Disabled    bool  // by the directory, in its latest row
	MFA         Truth // whether a second factor is asked for, by the directory
	InDirectory bool

	ValidFrom event.Micros // 0: open
	ValidTo   event.Micros // first moment after; 0: open
}

// Truth is a truth value that may be unknown.
type Truth uint8

// The truth values.
const (
	Unknown Truth = iota
	Yes
	No
)

// Problem is something in a file that could not be taken, or something that two rows say differently. It is never fatal.
type Problem struct {
	File string
	Line int // 0: the file as a whole
	Text string
}

// String returns "file:line: text".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// problems gathers what to report, the first of many and the number of the rest.
type problems struct {
	file string
	list []Problem
	more int
}

const maxProblems = 100

func (p *problems) add(line int, format string, args ...any) {
	if len(p.list) >= maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, Problem{p.file, line, fmt.Sprintf(format, args...)})
}

func (p *problems) all() []Problem {
	if p.more > 0 {
		return append(p.list, Problem{p.file, 0, fmt.Sprintf("and %d more lines like these", p.more)})
	}
	return p.list
}
