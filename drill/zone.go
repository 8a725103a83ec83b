// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// instituteZone is the zone of the drills' institute, by the name that org.yaml has too. The times of an exercise are said in it,
// whatever the machine's is.
const instituteZone = "Asia/Tokyo"

func inJapan() *time.Location { return time.FixedZone("JST", int(jst/second)) }

// placeOf returns a zone by its name; records made before they named one are of the institute's.
func placeOf(zone string) (*time.Location, error) {
	if zone == "" || zone == instituteZone {
		return inJapan(), nil
	}
	l, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("drill: the zone %q of the record is not known here", zone)
	}
	return l, nil
}

// zoneText names a zone, and how far it was from UTC at t.
func zoneText(zone string, t time.Time) string {
	return cmp.Or(zone, instituteZone) + " (" + t.Format("UTC-07:00") + ")"
}

// inZone returns a record with its real times in its zone.
func (r *Record) inZone() (*Record, error) {
	place, err := placeOf(r.Zone)
	if err != nil {
		return nil, err
	}
	at := func(t *time.Time) *time.Time {
		if t == nil {
			return nil
		}
		in := t.In(place)
		return &in
	}
	c := *r
	c.Began, c.Ended = r.Began.In(place), r.Ended.In(place)
	c.Acts, c.Clock, c.Delivery.Gone = slices.Clone(r.Acts), slices.Clone(r.Clock), slices.Clone(r.Delivery.Gone)
	for i := range c.Acts {
		a := &c.Acts[i]
		a.PlayedFrom, a.PlayedTo = at(a.PlayedFrom), at(a.PlayedTo)
	}
	for i := range c.Clock {
		c.Clock[i].Real = c.Clock[i].Real.In(place)
	}
	for i := range c.Delivery.Gone {
		g := &c.Delivery.Gone[i]
		g.From, g.To = g.From.In(place), at(g.To)
	}
	return &c, nil
}
