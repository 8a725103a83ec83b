// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package report tells a case to people: the first report (第一報) of one page as Markdown, HTML and text for the terminal,
// the self-contained report.html in Japanese and English, and the figures, drawn as SVG from counted data. It decides
// nothing and reads no store: whoever calls it fills Data. The same Data gives the same bytes.
//
// Every text of a case may have been chosen by an attacker. Templates escape by context, figures escape in one place
// (canvas.text), characters that cannot be seen are made visible, and long texts are cut.
package report

import (
	"time"

	"github.com/sekisho/sekisho/cases"
)

// Data is all that a report is made of. Only Case is needed; a figure without data is left out and said to be.
//
// Days are numbers of whole days since 1970-01-01 in Zone, as event.Micros.Day counts them with the zone's offset
// (in SQL: date_diff('day', DATE '1970-01-01', CAST(time AT TIME ZONE 'UTC' AT TIME ZONE zone AS DATE))).
type Data struct {
	Case *cases.Case

	// Zone is the institute's zone: times are shown in it and days begin at its midnight. Nil: the zone that the case
	// names, else UTC.
	Zone *time.Location

	// Range is the time that the figures span. Zero: the case's window.
	Range cases.Span

	// Attempted are the stretches that the sources of authentication attempts cover, in any order. What lies outside is hatched in
	// the figures of attempts. Nil: from the first to the last day of Daily.
	Attempted []cases.Span

	// Logged are the stretches that the sources of Logins cover; as Attempted, from the first to the last mark if nil.
	Logged []cases.Span

	// Daily are failed authentications a day (figure 3), one element a day, in any order; days without one may be left out.
	Daily []DayCount

	// Attempts are failed authentications by ID and day (figure 4).
	Attempts AttemptGrid

	// Logins are the bad logins and accesses of the accounts that are called compromised or suspected (figure 2), in any order. Millions
	// are allowed: they are binned to pixels.
	Logins []LoginMark

	// Curves are cumulative attempts of single accounts (figure 5), in any order. At most 80 are drawn of each group.
	Curves []Curve

	// Activity counts events a day of each source of coverage (timeline), in any order.
	Activity []SourceDay
}

// DayCount is one day of failed authentications.
type DayCount struct {
	Day      int32 // day number, see Data
	Existing int64 // the ID exists: reasons bad-password, locked, expired, disabled, second-factor-failed, denied
	Unknown  int64 // the ID does not exist: reason no-such-account
	Unclear  int64 // the source does not tell (bad-credentials) and the directory did not help
}

// AttemptGrid counts failed authentications by ID and day. IDs are numbered in the order of their first failed attempt
// in the range (ties by the ID's text): existing IDs 1, 2, 3, …; IDs that do not exist −1, −2, −3, ….
// In SQL: dense_rank over (first attempt, ID) within existing and unknown, then GROUP BY day, rank.
type AttemptGrid struct {
	Cells    []AttemptCell // in any order
	Existing int           // how many existing IDs are numbered
	Unknown  int           // how many unknown IDs are numbered
	// IDsPerRow says how many successive IDs share a Rank where the caller binned them already (rank ÷ n, rounded away from
	// zero); 0 means 1. Existing and Unknown count IDs all the same.
	IDsPerRow int
}

// AttemptCell is one ID's failures on one day.
type AttemptCell struct {
	Day   int32
	Rank  int32 // never 0
	Count int64
}

// LoginMark is one bad use of one account.
type LoginMark struct {
	Account string // accounts[].id
	At      cases.Time
	Kind    MarkKind
}

// MarkKind is the colour of a mark.
type MarkKind uint8

// The kinds of mark.
const (
	MarkLogin  MarkKind = iota // logged in to mail or another service
	MarkFolder                 // read mail in bulk, opened a personal or shared folder or file
)

// Curve is the course of the attempts against one account.
type Curve struct {
	Account string // accounts[].id, or any name for accounts of the control sample
	Group   CurveGroup
	Points  []CurvePoint // by day, rising; days without an attempt may be left out
}

// CurvePoint is how many attempts there had been at the end of a day.
type CurvePoint struct {
	Day   int32
	Total int64
}

// CurveGroup says in which panel of figure 5 a curve stands.
type CurveGroup uint8

// The panels.
const (
	CurveVictims CurveGroup = iota // accounts of group 1: lost by guessing
	CurveControl                   // a random sample of accounts that were not harmed (80, seeded, so that it stays the same)
	CurveSecond                    // accounts of the other groups
)

// SourceDay is one day of one source.
type SourceDay struct {
	Source string // coverage[].source
	Day    int32
	Events int64
}

// zone returns the zone in which the report shows times, and its name.
func (d *Data) zone() *time.Location {
	if d.Zone != nil {
		return d.Zone
	}
	return d.Case.Institute.Zone()
}
