// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"time"

	"github.com/sekisho/sekisho/event"
)

// delays counts by how much records came after what they tell of, so that none are held back for longer than they must be: as long as all
// but one in a hundred need, and so that those that come later than that, and are put in their place by a replay, find room in memory until
// then. Sources that are declared late are not counted: they are replayed anyway.
type delays struct {
	minutes [delayMinutes]minute // of the moment, a ring
	at      int64                // the minute of the moment, since 1970
	began   int64                // the first one; 0: none yet
	held    time.Duration        // as it was decided last
}

// minute counts what came in one minute, by delay: up to a second, two, four, …
type minute struct {
	records [delaySteps]int64
	bytes   [delaySteps]int64
}

const (
	delayMinutes = 10
	delaySteps   = 11 // up to 1024 s, more than a window
	delayShare   = 100
	delayRoom    = 4 // of the memory, for those that come later
)

// count takes a record into account that comes at a moment.
func (d *delays) count(now event.Micros, x *waiting) {
	if x.Delay > 0 {
		return
	}
	step := 0
	for late := now.Sub(x.Event.Time); step < delaySteps-1 && late > time.Second<<step; {
		step++
	}
	m := &d.minutes[((d.at%delayMinutes)+delayMinutes)%delayMinutes]
	m.records[step]++
	m.bytes[step] += x.size()
}

// hold returns for how long records are to be held back from a moment on.
func (d *delays) hold(now event.Micros, o *Options) time.Duration {
	at := secondOf(now) / 60
	if d.began == 0 {
		d.began, d.at, d.held = at, at, o.Window
	}
	if at == d.at {
		return d.held
	}
	d.held = d.decide(o)
	for ; d.at < at; d.at++ {
		if at-d.at > delayMinutes {
			d.at = at - delayMinutes
		}
		d.minutes[(((d.at+1)%delayMinutes)+delayMinutes)%delayMinutes] = minute{}
	}
	return d.held
}

// decide returns the shortest time that will do.
func (d *delays) decide(o *Options) time.Duration {
	var all int64
	var records, bytes [delaySteps]int64
	for i := range d.minutes {
		for k := range records {
			records[k] += d.minutes[i].records[k]
			bytes[k] += d.minutes[i].bytes[k]
			all += d.minutes[i].records[k]
		}
	}
	later, size := int64(0), int64(0)
	step := delaySteps - 1
	for ; step > 0; step-- {
		later, size = later+records[step], size+bytes[step]
		if later*delayShare > all || size > o.Memory/delayRoom {
			break
		}
	}
	return min(max(time.Second<<step, o.Hold), o.Window)
}
