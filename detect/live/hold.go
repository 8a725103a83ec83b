// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"time"

	"github.com/sekisho/sekisho/event"
)

// delays counts by how much records came after what they tell of, so that none are held back for longer than they must be: as long as all
// but one in a hundred need, and so that those that come later than that, and are put in their place by a replay, find room in memory until
// then. Sources that are declared late are not counted, nor is what comes later than anything is held back: these
// are replayed anyway.
type delays struct {
	minutes [delayMinutes]minute // of the moment, a ring
	at      int64                // the minute of the moment, since 1970
	decided event.Micros         // when; 0: not yet
	held    time.Duration
}

// minute counts what came in one minute, by delay: up to an eighth of a second, a fourth, a half, …
type minute struct {
	records [delaySteps]int64
	bytes   [delaySteps]int64
}

const (
	delayMinutes = 10
	delaySteps   = 14 // up to 1024 s, more than a window
	delayLeast   = time.Second / 8
	delayShare   = 100
	delayFirst   = 2 * time.Second // that records are held back as long as nothing is known
	delayEvery   = time.Second     // between two decisions
	delayRoom    = 4               // of the memory, for those that come later
)

// count takes a record into account that comes at a moment.
func (d *delays) count(now event.Micros, x *waiting, most time.Duration) {
	late := now.Sub(x.Event.Time)
	if x.Delay > 0 || late > most {
		return
	}
	step := 0
	for step < delaySteps-1 && late > delayLeast<<step {
		step++
	}
	m := &d.minutes[ring(d.at)]
	m.records[step]++
	m.bytes[step] += x.size()
}

// hold returns for how long records are to be held back from a moment on.
func (d *delays) hold(now event.Micros, o *Options) time.Duration {
	at := secondOf(now) / 60
	if d.decided == 0 {
		d.at, d.decided, d.held = at, now, min(max(o.Hold, delayFirst), o.Window)
	}
	for d.at = max(d.at, at-delayMinutes); d.at < at; d.at++ {
		d.minutes[ring(d.at+1)] = minute{}
	}
	if now.Sub(d.decided) >= delayEvery {
		d.decided, d.held = now, d.decide(o)
	}
	return d.held
}

func ring(minute int64) int64 { return (minute%delayMinutes + delayMinutes) % delayMinutes }

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
	return min(max(delayLeast<<step, o.Hold), o.Window)
}
