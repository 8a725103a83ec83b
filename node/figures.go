// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
	"github.com/sekisho/sekisho/report"
)

// figures gathers what the report draws, in a pass of its own: only now is it known who the victims are.
type figures struct {
	k       *knower
	zone    *time.Location // in which days are counted
	daily   map[int32]*report.DayCount
	cells   map[cellKey]int64
	ranks   map[uint32]int32 // by account handle: the order of its first failure
	exist   int
	unknown int
	curves  map[uint32]map[int32]int64 // by account handle: failures by day
	names   map[uint32]*event.Account
	groups  map[string]int
	bad     map[badKey][]breach.BadUse
	marks   []report.LoginMark
	listed  bool
}

type cellKey struct{ day, rank int32 }

type badKey struct {
	account string
	address netip.Addr
}

// Bounds: beyond them IDs share a row, and marks of one account within an hour are one.
const (
	maxRanks = 200_000
	maxCells = 2_000_000
	maxMarks = 400_000
	controls = 80
)

func drawFigures(ctx context.Context, s *sorted.Sorter, k *knower, b bounds, zone *time.Location, r *breach.Result) (*figures, error) {
	f := &figures{k: k, zone: zone, daily: map[int32]*report.DayCount{}, cells: map[cellKey]int64{}, ranks: map[uint32]int32{}, curves: map[uint32]map[int32]int64{},
		names: map[uint32]*event.Account{}, groups: r.Victims, bad: map[badKey][]breach.BadUse{}, listed: k.listed > 0}
	for _, u := range r.Bad {
		key := badKey{u.Account, u.Address}
		f.bad[key] = append(f.bad[key], u)
	}
	err := s.EventsOf(ctx, []event.Class{event.ClassAuthentication, event.ClassMail, event.ClassFile}, func(batch []event.Event) error {
		for i := range batch {
			e := &batch[i]
			if e.Account == "" || !b.has(e.Time) {
				continue
			}
			sg := k.see(e)
			sg.Day = f.day(e.Time)
			f.observe(&sg)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("node: gather the figures: %w", err)
	}
	return f, nil
}

// day counts the days since 1970 in the zone in which the case is told.
func (f *figures) day(t event.Micros) int32 {
	_, off := t.Time().In(f.zone).Zone()
	return dayOf(t + event.Micros(off)*1e6)
}

func (f *figures) observe(s *event.Sighting) {
	if s.Who == nil || s.Who.System {
		return
	}
	if s.Failed() {
		f.failed(s)
		return
	}
	if !s.SrcIP.IsValid() || len(f.marks) >= maxMarks {
		return
	}
	for _, b := range f.bad[badKey{s.Who.ID, s.SrcIP}] {
		if (b.Client == s.Client || s.Client == "") && b.Set == s.Src.Set && s.Time >= b.First && s.Time <= b.Last {
			kind := report.MarkLogin
			if s.Class != event.ClassAuthentication {
				kind = report.MarkFolder
			}
			f.marks = append(f.marks, report.LoginMark{Account: s.Who.ID, At: cases.Time(s.Time), Kind: kind})
			return
		}
	}
}

func (f *figures) failed(s *event.Sighting) {
	n := s.Times()
	d := f.daily[s.Day]
	if d == nil {
		d = &report.DayCount{Day: s.Day}
		f.daily[s.Day] = d
	}
	unknown := false
	switch {
	case s.Reason == event.ReasonNoSuchAccount:
		d.Unknown += n
		unknown = true
	case s.Reason == event.ReasonBadCredentials && f.listed && !s.Who.Listed:
		d.Unknown += n
		unknown = true
	case s.Reason == event.ReasonBadCredentials && !f.listed:
		d.Unclear += n
	default:
		d.Existing += n
	}
	rank, ok := f.ranks[s.Who.Handle]
	if !ok {
		switch {
		case len(f.ranks) >= maxRanks:
			rank = 0
		case unknown:
			f.unknown++
			rank = -int32(f.unknown)
		default:
			f.exist++
			rank = int32(f.exist)
		}
		if rank != 0 {
			f.ranks[s.Who.Handle] = rank
		}
	}
	if rank != 0 && (len(f.cells) < maxCells || f.cells[cellKey{s.Day, rank}] > 0) {
		f.cells[cellKey{s.Day, rank}] += n
	}
	if unknown {
		return
	}
	c := f.curves[s.Who.Handle]
	if c == nil {
		if len(f.curves) >= maxRanks {
			return
		}
		c = map[int32]int64{}
		f.curves[s.Who.Handle] = c
		f.names[s.Who.Handle] = s.Who
	}
	c[s.Day] += n
}

// fill puts what was gathered into the report's data, in one order.
func (f *figures) fill(d *report.Data, sources map[sourceKey]*sourceSpan) {
	for _, c := range f.daily {
		d.Daily = append(d.Daily, *c)
	}
	slices.SortFunc(d.Daily, func(a, b report.DayCount) int { return cmp.Compare(a.Day, b.Day) })
	for k, n := range f.cells {
		d.Attempts.Cells = append(d.Attempts.Cells, report.AttemptCell{Day: k.day, Rank: k.rank, Count: n})
	}
	slices.SortFunc(d.Attempts.Cells, func(a, b report.AttemptCell) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Rank, b.Rank))
	})
	d.Attempts.Existing, d.Attempts.Unknown = f.exist, f.unknown
	d.Logins = f.marks
	d.Curves = f.curvesOf()
	for k, s := range sources {
		days := map[int32]int64{}
		for _, span := range s.days {
			days[f.day(span.first)] += span.events
		}
		for day, n := range days {
			d.Activity = append(d.Activity, report.SourceDay{Source: coverageName(k), Day: day, Events: n})
		}
	}
	slices.SortFunc(d.Activity, func(a, b report.SourceDay) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Day, b.Day))
	})
}

// curvesOf returns the curves of victims, of second groups, and of a sample of the others that depends on their identities alone.
func (f *figures) curvesOf() []report.Curve {
	var victims, others []report.Curve
	for h, days := range f.curves {
		who := f.names[h]
		c := report.Curve{Account: who.ID, Group: report.CurveControl}
		if g := f.groups[who.ID]; g == 1 {
			c.Group = report.CurveVictims
		} else if g > 1 {
			c.Group = report.CurveSecond
		}
		for day, n := range days {
			c.Points = append(c.Points, report.CurvePoint{Day: day, Total: n})
		}
		slices.SortFunc(c.Points, func(a, b report.CurvePoint) int { return cmp.Compare(a.Day, b.Day) })
		for i := 1; i < len(c.Points); i++ {
			c.Points[i].Total += c.Points[i-1].Total
		}
		if c.Group == report.CurveControl {
			others = append(others, c)
		} else {
			victims = append(victims, c)
		}
	}
	byID := func(a, b report.Curve) int { return cmp.Compare(a.Account, b.Account) } // identities are hashes: their order is a fair lot
	slices.SortFunc(others, byID)
	slices.SortFunc(victims, byID)
	return append(victims, others[:min(len(others), controls)]...)
}
