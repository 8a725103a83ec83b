// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"math"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// rush looks for a fast search among names that are otherwise counted by the day: in steps of ten minutes, against what is usual at that hour of
// a working day or of a day off. A name counts once in each ten minutes, so that working through a list again counts, and a client that
// repeats one name hardly does.
type rush struct {
	step  int64               // number of the ten minutes
	names map[uint32]struct{} // of these ten minutes
	run   map[uint32]struct{} // names since the sum was last nought
	sum   float64
	past  [rushHour - 1]float64 // names of the ten minutes before, those of this run
	spent float64               // what is usual in that time
	large float64               // names above the usual of today's largest hour

	today [24]float64 // names by the hour of the day, once each ten minutes
	hours [2][24]float64
	days  [2]float64 // days that hours are the sum of, fading
	known int        // days learned from
	most  float64    // large of those days, fading
}

const (
	rushStep  = 600 * 1e6 // µs
	rushHour  = 6         // steps
	rushYoung = 3         // days' worth of rushPrior beside what was learned
	rushPrior = 0.1       // names in ten minutes where nothing is known yet: one who mistypes every other hour
	rushFade  = 0.97      // of what was learned, kept with each day of its class
	rushNames = 1 << 12   // of one run, and of ten minutes
)

// observe takes one try at a name that nobody has and says whether the run is a rush by now.
func (r *rush) observe(s *event.Sighting) bool {
	if step := int64(s.Time) / rushStep; step != r.step {
		r.turn(s, step)
	}
	if r.run == nil {
		r.run, r.names = map[uint32]struct{}{}, map[uint32]struct{}{}
	}
	if _, had := r.names[s.Who.Handle]; had || len(r.names) >= rushNames {
		return false
	}
	r.names[s.Who.Handle] = struct{}{}
	if len(r.run) < rushNames {
		r.run[s.Who.Handle] = struct{}{}
	}
	r.today[s.Minute/60%24]++
	mean, sd := r.expect(workday(s.Weekday), int(s.Minute/60%24))
	sum := r.sum + (float64(len(r.names))-mean)/sd - probingRushSlack
	above := r.above(mean)
	r.large = max(r.large, above)
	return r.known >= probingRushDays && sum > probingRushMark && above >= r.need() && float64(len(r.run))-r.spent-mean >= probingRushLeast
}

// above is by how much the names of the last hour are more than usual.
func (r *rush) above(mean float64) float64 {
	n := float64(len(r.names))
	for _, p := range r.past {
		n += p
	}
	return n - r.spent - mean
}

// need is how many names above the usual an hour must have: strangers who come by with a short list do so again and again.
func (r *rush) need() float64 { return max(probingRushLeast, probingRushOver*r.most) }

// turn ends the ten minutes and those in which nobody tried anything.
func (r *rush) turn(s *event.Sighting, next int64) {
	mean, sd := r.expect(workday(s.Weekday), int(s.Minute/60%24)) // what is usual hardly differs within a run
	for quiet := next - r.step - 1; r.sum > 0 || len(r.names) > 0; quiet-- {
		n := float64(len(r.names))
		r.sum = min(max(r.sum+(n-mean)/sd-probingRushSlack, 0), 8*probingRushMark)
		copy(r.past[1:], r.past[:])
		r.past[0] = n
		r.spent = min(r.spent+mean, (rushHour-1)*mean)
		clear(r.names)
		if quiet <= 0 {
			break
		}
	}
	if r.sum == 0 {
		clear(r.run)
		r.past, r.spent = [rushHour - 1]float64{}, 0
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
	return detect.Reach("1 時間に試された、ふだんより多い種類", "more than usual of them tried within an hour", math.Max(0, r.above(0)), math.Ceil(r.need()), "probingRushLeast")
}
