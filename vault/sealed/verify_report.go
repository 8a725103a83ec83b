// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import "github.com/sekisho/sekisho/vault"

// FaultKind says what is wrong.
type FaultKind string

// The kinds.
const (
	FaultChanged   FaultKind = "changed"   // records, or what stands beside them, are not as they were sealed
	FaultMissing   FaultKind = "missing"   // records, or files, are not there
	FaultAdded     FaultKind = "added"     // bytes or files that are not the log's
	FaultTorn      FaultKind = "torn"      // the last bytes are no whole block
	FaultStale     FaultKind = "stale"     // the checkpoint is older than what lies beside it
	FaultSignature FaultKind = "signature" // the checkpoint is not signed by the key it should be
	FaultRoot      FaultKind = "root"      // the checkpoint is over other blocks than these
	FaultRollback  FaultKind = "rollback"  // a checkpoint kept elsewhere covers more than there is
	FaultFork      FaultKind = "fork"      // a checkpoint kept elsewhere is over other blocks
	FaultEarly     FaultKind = "early"     // a tombstone says that records have expired that were not due
)

// Span is a run of numbers, To exclusive.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Fault is one thing that is wrong.
type Fault struct {
	Kind    FaultKind `json:"kind"`
	File    string    `json:"file,omitempty"`   // below the folder
	Offset  int64     `json:"offset,omitempty"` // of the first byte in question
	Blocks  *Span     `json:"blocks,omitempty"`
	Records *Span     `json:"records,omitempty"` // positions; nil where no record is touched
	Note    string    `json:"note,omitempty"`
}

// Report is the verdict on a folder.
type Report struct {
	OK          bool            `json:"ok"`
	Folder      string          `json:"folder"`
	Origin      string          `json:"origin"`
	Signature   vault.Signature `json:"signature"`
	Fingerprint string          `json:"fingerprint"`       // of the key that the folder names
	Trusted     string          `json:"trusted,omitempty"` // of the key that it was compared with
	Checkpoint  int64           `json:"checkpoint"`        // blocks that the last checkpoint covers
	Blocks      int64           `json:"blocks"`            // that were read and are right
	Records     int64           `json:"records"`           // in them
	Unsigned    *Span           `json:"unsigned"`          // records after the last checkpoint: right by their sums, covered by no signature
	Expired     []Expiry        `json:"expired"`           // what is gone, or goes, because its time was over: not missing
	Holds       []Held          `json:"holds"`             // that keep records from expiring
	Unfinished  bool            `json:"unfinished"`        // the log is behind the blocks, as a crash leaves it; the next start brings it up
	Against     []string        `json:"against"`           // the checkpoints it was compared with, and that agree
	Faults      []Fault         `json:"faults"`
	More        int             `json:"more_faults,omitempty"` // that are not listed
}

// Expiry is what a signed tombstone says was destroyed.
type Expiry struct {
	Class   string `json:"class"`
	Month   string `json:"month"`
	Keep    int    `json:"keep_days"`
	At      string `json:"at"`
	Blocks  int64  `json:"blocks"`
	Records int64  `json:"records"`
	First   int64  `json:"first_record"`
	Last    int64  `json:"last_record"`
	Left    int64  `json:"left"` // blocks whose bytes are still there: an expiry that goes on, or that a crash interrupted and the next start brings to its end
}

// Held is a hold in force.
type Held struct {
	Number int    `json:"number"`
	Class  string `json:"class"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	By     string `json:"by"`
	Why    string `json:"why"`
	At     string `json:"at"`
}

// maxFaults bounds how many are named.
const maxFaults = 1000
