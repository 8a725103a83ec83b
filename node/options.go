// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package node joins the stages: it is the only one that knows them all. Investigate takes files and folders to a case
// folder; what it does in between stands in the other packages.
//
//	plan ──► read (workers) ──► sort ──► know ──┬─► store
//	                                            ├─► detect
//	                                            └─► ledger ──► scope ──► document ──► report
//
// The case depends on the set of records alone: not on the order of files, the number of workers, batches or memory.
package node

import (
	"io"
	"time"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
	"github.com/sekisho/sekisho/sigma"
)

// Options of an investigation. Paths and Out must be set; everything else works as it is.
type Options struct {
	Paths     []string
	Out       string // the case folder
	Force     bool   // replace another case that is there
	Add       bool   // extend the case that is there
	Profile   *config.Profile
	Seeds     []Seed
	Answers   []config.Answer
	Intel     []IntelFile
	Claims    []Claim
	Rules     []string            // folders and files of Sigma rules; BuiltinRules: the built-in ones
	Values    map[string][]string // of placeholders in rules, by name
	Formats   []FormatRule
	FormatDir string         // of formats of one's own
	Zone      *time.Location // for records that carry none
	Year      int            // for records that carry none; 0: inferred
	Jobs      int            // default: all cores
	Memory    int64          // bytes; bound on the process, default the smaller of 768 MiB and a quarter of the machine's
	Batch     int            // events in a batch of the second pass; for tests
	Weights   *breach.Weights
	Version   string
	Stdin     io.Reader

	Preserve bool   // also copy the inputs into the case
	Home     string // where the signing key is; default vault.Home()

	Progress func(Progress)
	Early    bool             // also count suspects while reading, for Progress.Interim
	Now      func() time.Time // what the case calls generated; default time.Now

	sorting int64 // bytes of events that wait in memory; 0: a share of Memory; for tests
}

// Seed is something known to be bad, as a person wrote it: an address, an account, a host or a hash.
type Seed struct {
	Value  string
	Around time.Time // zero: at any time
}

// IntelFile is a file of what others know to be bad, or a folder of such.
type IntelFile struct {
	Path     string          `json:"path"`
	Name     string          `json:"name,omitempty"` // default: the file's name
	From     time.Time       `json:"from,omitzero"`  // it holds for this time only
	To       time.Time       `json:"to,omitzero"`
	Severity *event.Severity `json:"severity,omitempty"` // in place of what it says of itself
}

// FormatRule says which format files are, whose path matches a pattern.
type FormatRule struct{ Name, Glob string }

// Progress says how far an investigation is. Done and Total count bytes of the files while they are read, events afterwards.
type Progress struct {
	Phase string // unpack, plan, read, sort, detect, scope, write
	Done  int64
	Total int64
	Path  string
	At    time.Time
	// Formats counts files by format once they are recognised.
	Formats map[string]int
	// Interim is what can be said so far; nil if nothing can.
	Interim *Interim
}

// Interim is a first look while files are still being read. It may change with every file.
type Interim struct {
	Suspects int // accounts that logged in from an address that guessed at others, or hides its user
	Elapsed  time.Duration
}

// Outcome is what an investigation left behind.
type Outcome struct {
	Case *cases.Case
	Dir  string
	// Understood is false if no record of any input was taken by a parser.
	Understood bool
	Stats      Stats

	Refused []*sigma.Error // rules that could not be used

	made *investigation // what it was made by, for Consult
}

// Stats say what was done, for people who measure.
type Stats struct {
	Records, Events, Duplicates int64
	Repeats                     []sorted.Repeat // of the duplicates, by input
	Bytes                       int64
	Spilled                     int64
	Read, Detect, Scope, Write  time.Duration
}

func (o *Options) zone() *time.Location {
	switch {
	case o.Profile.Zone != nil:
		return o.Profile.Zone
	case o.Zone != nil:
		return o.Zone
	}
	return time.UTC
}
