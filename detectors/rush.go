// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"math"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// rush looks for a fast search among names that are otherwise counted by the day: in steps of ten minutes, against what is usual at that hour of
// a working day or of a day off. A name counts once in a run, so a client that repeats the same few names is none.
type rush struct {
	step  int64               // number of the ten minutes
	fresh int                 // names of these ten minutes that the run did not have before
	run   map[uint32]struct{} // names since the sum was last nought
	usual float64             // names that are usual in the time of the run
	sum   float64
	large float64 // names above the usual of today's largest run

	today [24]float64 // fresh names by the hour of the day
	hours [2][24]float64
	days  [2]float64 // days that hours are the sum of, fading
	known int        // days learned from
	most  float64    // large of those days, fading
}

const (
	rushStep  = 600 * 1e6 // µs
	rushYoung = 3         // days' worth of rushPrior beside what was learned
	rushPrior = 0.1       // names in ten minutes where nothing is known yet: one who mistypes every other hour
	rushFade  = 0.97      // of what was learned, kept with each day of its class
	rushNames = 1 << 12   // of one run
)

// observe takes one try at a name that nobody has and says whether the run is a rush by now.
func (r *rush) observe(s *event.Sighting) bool {
	if step := int64(s.Time) / rushStep; step != r.step {
		r.turn(s, step)
	}
	if r.run == nil {
		r.run = map[uint32]struct{}{}
	}
	if _, had := r.run[s.Who.Handle]; had || len(r.run) >= rushNames {
		return false
	}
	r.run[s.Who.Handle] = struct{}{}
	r.fresh++
	r.today[s.Minute/60%24]++
	mean, sd := r.expect(workday(s.Weekday), int(s.Minute/60%24))
	sum := r.sum + (float64(r.fresh)-mean)/sd - probingRushSlack
	above := float64(len(r.run)) - r.usual - mean
	r.large = max(r.large, above)
	return r.known >= probingRushDays && sum > probingRushMark && above >= r.need()
}

// need is how many names above the usual a run must have: strangers who come by with a short list do so again and again.
func (r *rush) need() float64 { return max(probingRushLeast, probingRushOver*r.most) }

// turn ends the ten minutes and those in which nobody tried anything.
func (r *rush) turn(s *event.Sighting, next int64) {
	for quiet := next - r.step - 1; r.sum > 0 || r.fresh > 0; quiet-- {
		mean, sd := r.expect(workday(s.Weekday), int(s.Minute/60%24)) // what is usual hardly differs within a run
		r.sum = min(max(r.sum+(float64(r.fresh)-mean)/sd-probingRushSlack, 0), 8*probingRushMark)
		r.usual += mean
		r.fresh = 0
		if quiet <= 0 {
			break
		}
	}
	if r.sum == 0 {
		clear(r.run)
		r.usual = 0
	}
	r.step = next
}

// expect returns how many names are usual in ten minutes of that hour, and how far they spread.
func (r *rush) expect(work bool, hour int) (mean, sd float64) {
	c := 0
	if !work {
		c = 1
	}
	h := &r.hours[c]
	around := (h[(hour+23)%24] + 2*h[hour] + h[(hour+1)%24]) / 4 / 6
	mean = (around + rushYoung*rushPrior) / (r.days[c] + rushYoung)
	return mean, math.Sqrt(mean + mean*mean/probingRushSpread + 1)
}

// nextDay takes the day that ended into what is usual, unless it was condemned.
func (r *rush) nextDay(work, condemned bool) {
	if !condemned {
		c := 0
		if !work {
			c = 1
		}
		r.days[c] = r.days[c]*rushFade + 1
		for i := range r.hours[c] {
			r.hours[c][i] = r.hours[c][i]*rushFade + r.today[i]
		}
		r.most = max(r.most*rushFade, r.large)
		r.known++
	}
	r.today, r.large = [24]float64{}, 0
}

// whyNot is how far the names of the run went.
func (r *rush) whyNot() detect.Condition {
	return detect.Reach("続けて試された、ふだんより多い種類", "more than usual of them tried without a pause", math.Max(0, float64(len(r.run))-r.usual), math.Ceil(r.need()), "probingRushLeast")
}
