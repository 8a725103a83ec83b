// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"math"
	"slices"
)

// Change finds a lasting rise in a daily count against the days before it: a one-sided CUSUM over z-scores, with workdays
// and days off kept apart, since an institute sleeps on Sundays. It learns only from days without alarm and does not learn
// while one stands (science.md 0 and 1.1; Javed and Paxson, CCS 2013, for the idea of site-wide change).
//
// Counts are modelled as negative binomial with r = 8, which is wider than Poisson; toy runs with k = 0.5 and h = 8 gave a
// false alarm in 7.5 % of years.
type Change struct {
	K, H     float64 // slack and threshold; zero: 0.5 and 8
	MinLearn int     // days of history before z-scores are trusted; zero: 10
	// Floor is the least excess over what is expected that can count as change, so that 3 against 0 is not an alarm.
	Floor float64
	// Apart says that the next day is condemned by something else: it is judged, and nothing is learned from it.
	Apart bool

	history [2][]float64 // by class of day: last 28 counts without alarm
	past    [2][]float64 // by class of day: last 280 of them, which say how far the last 28 may have been pushed
	sum     float64
	onset   int32 // first day since the sum was last nought
	alarm   bool
	learned int
	quiet   int // days in a row without excess while the alarm stands
}

// What is usual may grow, and whoever raises a count by a hundredth a day is never more than a little above the last four weeks. So no more than
// mostGrowth times the median of the days that are kept, a year of them, is taken as usual: that moves half a year behind.
const mostGrowth = 2

// quietDays without excess end an alarm, however high the sum has grown: a sum alone would take months to fall.
const quietDays = 7

// Verdict is what Change says of one day.
type Verdict struct {
	Alarm    bool
	Onset    int32 // first day of the rise; meaningful with Alarm
	Expected float64
	Z        float64
	Sum      float64
	Learned  bool // there was history enough
}

// Day takes one day's count, in order and without gaps, and says whether an alarm stands.
func (c *Change) Day(day int32, workday bool, n float64) Verdict {
	k, h, least := c.K, c.H, c.MinLearn
	if k == 0 {
		k = 0.5
	}
	if h == 0 {
		h = 8
	}
	if least == 0 {
		least = 10
	}
	class := 0
	if !workday {
		class = 1
	}
	v := Verdict{Learned: c.learned >= least}
	v.Expected, v.Z = c.expect(class, n)
	if v.Learned {
		z := v.Z
		if n-v.Expected < c.Floor {
			z = math.Min(z, 0)
		}
		if c.sum == 0 {
			c.onset = day
		}
		c.sum = math.Max(0, math.Min(c.sum+math.Min(z, 30)-k, 8*h))
		if z > k {
			c.quiet = 0
		} else {
			c.quiet++
		}
		if c.alarm && c.quiet >= quietDays {
			c.sum = 0
		}
		switch {
		case c.sum > h:
			c.alarm = true
		case c.sum < h/2:
			c.alarm = false
		}
	}
	v.Sum, v.Alarm, v.Onset = c.sum, c.alarm, c.onset
	if c.sum <= h/2 && !c.Apart {
		c.learn(class, n)
	}
	return v
}

// Crossing returns the count at which a day of this class will raise the alarm, if it is not standing; +Inf while there is too
// little history. It lets a live system raise it at that hour instead of at the day's end.
func (c *Change) Crossing(workday bool) float64 {
	k, h, least := c.K, c.H, c.MinLearn
	if k == 0 {
		k = 0.5
	}
	if h == 0 {
		h = 8
	}
	if least == 0 {
		least = 10
	}
	if c.learned < least {
		return math.Inf(1)
	}
	class := 0
	if !workday {
		class = 1
	}
	mean, sd := c.spread(class)
	return math.Max(mean+sd*(h-c.sum+k), mean+c.Floor)
}

func (c *Change) learn(class int, n float64) {
	const window = 28
	c.history[class] = lastOf(c.history[class], n, window)
	c.past[class] = lastOf(c.past[class], n, 10*window)
	c.learned++
}

// lastOf appends n and lets go of what is more than most.
func lastOf(list []float64, n float64, most int) []float64 {
	if list = append(list, n); len(list) > most {
		return list[1:]
	}
	return list
}

// expect returns the mean of days of this class and the z-score of n.
func (c *Change) expect(class int, n float64) (mean, z float64) {
	if len(c.history[0])+len(c.history[1]) == 0 {
		return n, 0
	}
	mean, sd := c.spread(class)
	return mean, (n - mean) / sd
}

// spread returns mean and standard deviation of days of this class, or of all days while there are few.
func (c *Change) spread(class int) (mean, sd float64) {
	h := c.history[class]
	if len(h) < 4 {
		h = append(append([]float64(nil), c.history[0]...), c.history[1]...)
	}
	for _, x := range h {
		mean += x
	}
	mean /= float64(len(h))
	variance := 0.0
	for _, x := range h {
		variance += (x - mean) * (x - mean)
	}
	variance /= float64(len(h))
	if p := c.past[class]; len(p) > 2*len(h) {
		p = slices.Sorted(slices.Values(p))
		if most := mostGrowth*p[len(p)/2] + 1; mean > most {
			mean, variance = most, 0 // how far pushed days scatter says nothing
		}
	}
	const r = 8
	return mean, math.Sqrt(math.Max(variance, mean+mean*mean/r) + 1)
}
