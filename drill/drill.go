// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package drill rehearses: it makes the logs that an incident would have left at an institute, in the real formats, with the
// truth beside them. It reads nothing and detects nothing; it is the yardstick, the exercise and the demo.
//
// An institute is people with habits, machines with chores and strangers who knock. An incident is a short script over it,
// such as incident_aist.go, told in its own dates; tempo lays it over the days that the drill has. What happens is a moment; performing it leaves lines in every log that would show it, written once.
//
//	plan a day → sort its moments → perform them hour by hour → sheets (lines by time) → press (rotation, gzip, JSON arrays)
//
// Everything comes from one seed through dice that are made afresh for each person's day and each moment, so a drill without
// its attack ("aist-quiet") has the same ordinary life. Shared counters of daemons alone (connection and session numbers,
// ports) differ between the two.
//
// What was chosen where the documents have gaps or disagree is in docs/explanation/drills.md.
package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The names of the drills.
const (
	AIST      = "aist"
	AISTQuiet = "aist-quiet"
)

// The sizes that a drill can have.
const (
	leastAccounts = 100
	mostAccounts  = 50_000
	mostDays      = 3660
	firstYear     = 1990 // before it, the dates of some formats cannot be written
	lastYear      = 2100
)

// Options says which drill to make. The zero value is the demo: aist with 400 accounts from 1 June 2025.
type Options struct {
	Name     string    // one of Names; default aist
	Seed     uint64    // default 1
	Accounts int       // default: the incident's own, 400 for aist; 100 to 50,000
	Days     int       // default: the incident's own length; a shorter or longer drill has the same story, pressed or stretched
	Start    time.Time // the first day, in Japan; default: the incident's own, a Sunday
	Quiet    bool      // leave the attack out, as aist-quiet does

	PeakPerAccount int // guesses at each account on the worst day; default: the incident's own, 60 for aist and the report's 175 for aist-2018

	// What variants set; see Vary.
	Pace           string  // hours, days, weeks, slow: how long the story takes; empty: as long as the drill
	Supply         string  // residential, carrier, partner: where he logs in from; empty: Tor, VPNs and rented servers
	Hours          string  // office-hours, any-hour: when he works; empty: the incident's own hours
	DropOut        float64 // share of the cracked accounts that leave the list of targets; 0 means the default, all; negative: none
	Erased         bool    // he erases what the logs of hosts in his hands hold for a stretch
	Late           int     // the logs begin so many days after his first login
	SecondIntruder bool    // somebody else, who has nothing to do with him, is in too
	Noisy          bool    // where there is no attack: a conference, VPN services, an audit, departments made anew, lapsed passwords, logs that did not arrive

	LogsFrom time.Time // nothing before it is written, as if the logs began then; zero: all
	Without  []string  // kinds of log that are missing; see Logs

	// Shift is how much later the lines say that everything happened. Weekdays, office hours and holidays stay those of the
	// story's own dates; files are rotated by the clock of the lines.
	Shift time.Duration

	// Progress is called after each hour of the story with the hours done and the hours in all. It may be nil.
	Progress func(done, total int64)

	lead, span int // the days before the story, and its own
}

// withDefaults fills in what is not given and refuses what cannot be.
func (o Options) withDefaults() (Options, error) {
	o.Name = cmp.Or(o.Name, AIST)
	s, err := incidentOf(o.Name)
	if err != nil {
		return o, err
	}
	o.Quiet = o.Quiet || s.quiet
	o.Seed = cmp.Or(o.Seed, 1)
	o.Accounts, o.PeakPerAccount = cmp.Or(o.Accounts, s.accounts), cmp.Or(o.PeakPerAccount, s.peak, 1)
	if o.Start.IsZero() {
		o.Start = time.Unix(dayOfDate(cmp.Or(s.start, s.first))*86400-jst/second, 0).UTC()
	}
	if o.span == 0 {
		if err := o.lay(s); err != nil {
			return o, err
		}
	}
	if o.DropOut == 0 {
		o.DropOut = 1
	}
	switch {
	case o.Accounts < s.least || o.Accounts > mostAccounts:
		return o, misuse("アカウント %d 件では作れません：%s には少なくとも %d 件必要で、最大は %d 件です", "%d accounts: the cast of %s needs %d at least, and %d is the most", o.Accounts, o.Name, s.least, mostAccounts)
	case o.Start.Year() < firstYear || o.Start.Year() > lastYear:
		return o, misuse("%d 年には始められません：%d 年から %d 年まで", "it cannot begin in %d: the first year is %d, the last %d", o.Start.Year(), firstYear, lastYear)
	case o.Days < 1 || o.Days > mostDays:
		return o, misuse("%d 日では作れません：1 日から %d 日まで", "%d days: a drill spans 1 to %d", o.Days, mostDays)
	case o.PeakPerAccount < 1 || o.PeakPerAccount > 1000:
		return o, misuse("1 日 1 アカウントあたり %d 回の推測は作れません：1 から 1000 まで", "%d guesses at an account a day: 1 to 1000 can be made", o.PeakPerAccount)
	}
	for _, k := range o.Without {
		if !slices.Contains(Logs(), k) {
			return o, unknown(phrase{"ログの種類", "kind of log"}, k, Logs())
		}
	}
	if !slices.Contains([]string{"", supplyResidential, supplyCarrier, supplyPartner}, o.Supply) || !slices.Contains([]string{"", hoursOffice, hoursAny}, o.Hours) || !(o.DropOut <= 1) || o.Late < 0 {
		return o, fmt.Errorf("drill: addresses %q, hours %q, drop-out %v, late by %d: no drill is like this", o.Supply, o.Hours, o.DropOut, o.Late)
	}
	if o.Noisy && !s.quiet {
		return o, misuse("変種 %s は攻撃のない演習だけのものです", "the variant %s is of drills without an attack alone", noisyLife)
	}
	if end := o.Start.AddDate(0, 0, o.Days); !o.LogsFrom.IsZero() && !o.LogsFrom.Before(end) {
		return o, misuse("ログの始まり（%s）が演習の終わり（%s）より後です：何も残りません", "the logs would begin on %s, and the drill ends on %s: nothing would be left", o.LogsFrom.In(inJapan()).Format(time.DateOnly), end.In(inJapan()).Format(time.DateOnly))
	}
	if o.Late > 0 && !o.Quiet {
		return o, o.sinceEntry()
	}
	return o, nil
}

// Check says why no drill can be made with these options; nil if one can.
func (o Options) Check() error {
	_, err := o.withDefaults()
	return err
}

// Known says why kinds of log cannot be left out of this drill: it has no such log, or would have none left.
func (o Options) Known(without []string) error {
	if _, err := incidentOf(o.Name); err != nil {
		return err
	}
	has := LogsOf(o.Name)
	left := len(has)
	for i, k := range without {
		switch {
		case !slices.Contains(Logs(), k):
			return unknown(phrase{"ログの種類", "kind of log"}, k, has)
		case !slices.Contains(has, k):
			return misuse("%[1]s には %[2]s のログがもともとありません。あるもの：%[3]s", "%[1]s has no log %[2]s that could be missing; it has: %[3]s", o.Name, k, strings.Join(has, ", "))
		case !slices.Contains(without[:i], k):
			left--
		}
	}
	if left == 0 {
		return misuse("すべての種類のログを除くと、何も残りません", "without all of its kinds of log, nothing would be left")
	}
	return nil
}

func (o Options) without(kind string) bool { return slices.Contains(o.Without, kind) }

// Generate makes a drill in dir, which must be empty or absent:
//
//	logs/…          the logs, laid out as on an institute's share
//	org.yaml        the institute's profile, with directory.csv and intel/*.txt
//	truth.json      what really happened
//
// The same options give the same bytes. On an error, or when ctx ends, what was written is removed, and nothing else.
func Generate(ctx context.Context, dir string, o Options) (*Truth, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	at, err := vacant(dir)
	if err != nil {
		return nil, err
	}
	r, err := newRun(dir, o)
	if err != nil {
		return nil, err
	}
	t, err := r.make(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, at.clear(r.written()))
	}
	return t, nil
}

// WriteProfile writes what a drill's institute knows of itself below dir, as Generate does, and no logs: for who reads them from Stream.
func WriteProfile(dir string, o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	r, err := newRun("", o)
	if err != nil {
		return err
	}
	return r.w.writeProfile(dir)
}

// make writes the profile, the logs and the truth.
func (r *run) make(ctx context.Context, dir string) (*Truth, error) {
	if err := r.w.writeProfile(dir); err != nil {
		return nil, err
	}
	if err := r.generate(ctx); err != nil {
		return nil, err
	}
	t := r.truth()
	if t.Lines == 0 {
		return nil, misuse("どのログにも 1 行も残らない演習になります", "no log would hold a single line")
	}
	return t, t.write(filepath.Join(dir, "truth.json"))
}

// written are the files that a drill consists of, as far as it was made.
func (r *run) written() []string {
	names := append(slices.Collect(maps.Keys(r.w.profileFiles())), "truth.json")
	for _, s := range r.l.sheets {
		names = append(names, "logs/"+s.out.log) // its folder at least
		for _, f := range s.out.files {
			names = append(names, "logs/"+f.Path)
		}
	}
	return names
}
