// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package intel reads what others know to be bad: bundles of STIX 2.1, events of MISP, tables and plain lists of addresses,
// networks, domains, URLs, hashes of files and mail addresses, each with the time in which it holds. It says of an event what
// the lists say of what it names. It judges nothing; that is the work of the detector intel-match.
//
// A list may be hostile or simply large. Sixteen million indicators are held in 24 bytes each, whatever their text: a value
// is kept as a 64-bit hash under a seed that is drawn anew in every process, so that nobody can write a value that is taken
// for another. What cannot be read is counted with its line and the reason, and never ends the reading.
package intel

import (
	"cmp"
	"slices"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Bounds of what is kept.
const (
	mostEntries = 1 << 24 // indicators of all lists: 384 MiB
	mostMetas   = 1 << 20 // different pairs of a list and what it says
	mostLabels  = 16 << 20
	mostLabel   = 120 // bytes of one label
	mostReasons = 64  // different reasons for which entries of one list were left out
	mostSamples = 10  // entries of one list that are named with their reason
	mostPeriods = 1 << 12
)

// Source is a file of indicators and what the institute says of it. Only Path must be set.
type Source struct {
	Path     string
	Name     string          // what to call the list; default: the file's name
	From, To time.Time       // the list holds for this time only; zero: open
	Severity *event.Severity // overrides what the list says of itself
	Zone     *time.Location  // of times in tables that say none; nil: UTC
}

// List is what came of one file.
type List struct {
	Source
	Format     string // stix, misp, csv, plain, tor
	Indicators int64  // that were taken, each value once
	Repeated   int64  // entries whose value another entry of the list has too
	LeftOut    []Reason
	Samples    []Problem
	Notes      []string // what was taken otherwise than it was written
	Outside    int64    // records that name what is listed, but not for their time
	Beyond     int64    // indicators beyond the bound
}

// Reason is why entries were left out, with how many.
type Reason struct {
	Why string
	N   int64
}

// Problem is one entry that was left out.
type Problem struct {
	Line uint32
	Why  string
	Text string // its beginning
}

// Set holds the indicators of all lists. Read every list first and call Finish; then it does not change any more.
type Set struct {
	lists   []*List
	table   table
	metas   []meta
	interns map[meta]uint32
	labels  map[string]string
	kept    int // bytes of labels
}

// meta is what a list says of some of its indicators.
type meta struct {
	list     uint32
	label    string
	severity event.Severity
	wider    bool
	anon     bool
}

// New returns an empty set.
func New() *Set {
	return &Set{table: newTable(), interns: map[meta]uint32{}, labels: map[string]string{}}
}

// Lists returns what came of each file, in the order in which they were read.
func (s *Set) Lists() []*List { return s.lists }

// Len returns how many indicators there are.
func (s *Set) Len() int { return s.table.n }

// Finish makes the set ready to be asked.
func (s *Set) Finish() {
	s.table.finish()
	s.count()
	s.interns, s.labels = nil, nil
	for _, l := range s.lists {
		slices.SortFunc(l.LeftOut, func(a, b Reason) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Why, b.Why)) })
		slices.Sort(l.Notes)
		l.Notes = slices.Compact(l.Notes)
	}
}

// count counts each value of a list once for the time that it is listed for, however often it stands in it.
func (s *Set) count() {
	taken := make([]int64, len(s.lists))
	for i, l := range s.lists {
		taken[i], l.Indicators = l.Indicators, 0
	}
	type told struct {
		list        uint32
		from, until period
	}
	var seen []told // of one value: which list has it for what time
	for i := range s.table.buckets {
		b := s.table.buckets[i]
		for k := range b {
			if k == 0 || b[k].key != b[k-1].key {
				seen = seen[:0]
			}
			if t := (told{s.metas[b[k].meta].list, b[k].from, b[k].until}); !slices.Contains(seen, t) {
				seen = append(seen, t)
				s.lists[t.list].Indicators++
			}
		}
	}
	for i, l := range s.lists {
		l.Repeated = taken[i] - l.Indicators
	}
}

// add begins a list.
func (s *Set) add(src Source) *reading {
	l := &List{Source: src}
	s.lists = append(s.lists, l)
	return &reading{set: s, list: l, number: uint32(len(s.lists) - 1), reasons: map[string]int{}}
}

// reading is one list on its way into the set.
type reading struct {
	set     *Set
	list    *List
	number  uint32
	reasons map[string]int // why → place in LeftOut
}

func (r *reading) zone() *time.Location {
	if r.list.Zone == nil {
		return time.UTC
	}
	return r.list.Zone
}

// about is what a list says of one indicator.
type about struct {
	label       string
	severity    event.Severity // Info: not said
	from, until period
	wider, anon bool
	line        uint32
}

// period is a moment in seconds since 1970; 0: open.
type period uint32

func periodOf(t time.Time) period {
	switch n := t.Unix(); {
	case t.IsZero():
		return 0
	case n < 1:
		return 1
	case n > 1<<32-1:
		return 1<<32 - 1
	default:
		return period(n)
	}
}

// take adds one value with what is said of it.
func (r *reading) take(o observable, a about) {
	s := r.set
	if s.table.n >= mostEntries {
		r.list.Beyond++
		return
	}
	if r.list.Severity != nil {
		a.severity = *r.list.Severity
	}
	from, until := max(a.from, periodOf(r.list.From)), a.until
	if to := periodOf(r.list.To); to != 0 && (until == 0 || to < until) {
		until = to
	}
	if until != 0 && until <= from {
		r.leave(a.line, "its time ends before it begins", o.text)
		return
	}
	m := s.meta(meta{list: r.number, label: s.label(a.label), severity: cmp.Or(a.severity, event.Medium), wider: a.wider, anon: a.anon})
	s.table.add(o, entry{meta: m, line: a.line, from: from, until: until})
	r.list.Indicators++
}

// leave notes an entry that is not taken.
func (r *reading) leave(line uint32, why, text string) {
	i, ok := r.reasons[why]
	if !ok && len(r.list.LeftOut) >= mostReasons {
		why = "another reason"
		i, ok = r.reasons[why]
	}
	if !ok {
		i = len(r.list.LeftOut)
		r.reasons[why] = i
		r.list.LeftOut = append(r.list.LeftOut, Reason{Why: why})
	}
	r.list.LeftOut[i].N++
	if r.list.LeftOut[i].N <= 2 && len(r.list.Samples) < mostSamples {
		r.list.Samples = append(r.list.Samples, Problem{line, why, short(text)})
	}
}

func (r *reading) note(text string) {
	if len(r.list.Notes) < mostSamples && !slices.Contains(r.list.Notes, text) {
		r.list.Notes = append(r.list.Notes, text)
	}
}

// meta returns the number of m. Beyond the bound what is special of an indicator is given up, not the indicator.
func (s *Set) meta(m meta) uint32 {
	if n, ok := s.interns[m]; ok {
		return n
	}
	if len(s.metas) >= mostMetas && m.label != "" {
		m.label = ""
		return s.meta(m)
	}
	n := uint32(len(s.metas))
	s.metas = append(s.metas, m)
	s.interns[m] = n
	return n
}

// label keeps a text once.
func (s *Set) label(text string) string {
	if text == "" {
		return ""
	}
	if l, ok := s.labels[text]; ok {
		return l
	}
	l := clean(text, mostLabel)
	if s.kept+len(l)+len(text)+64 > mostLabels {
		return ""
	}
	s.kept += len(l) + len(text) + 64
	s.labels[string([]byte(text))] = l
	return l
}
