// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"math"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// computed takes a value and returns what the correlation computes of those within the span.
func (w *correlating) computed(g *group, m *groupMore, text uint64, value float64, now event.Micros) float64 {
	old := 0
	for old < len(m.samples) && (m.samples[old].at < now-w.span || len(m.samples)-old >= maxSamples) {
		m.cut = m.cut || m.samples[old].at >= now-w.span
		m.take(m.samples[old])
		old++
	}
	m.samples = slices.Delete(m.samples, 0, old)
	g.fired = g.fired && w.c.holds(w.result(m, text))
	m.put(sample{now, value, text}, w.ranked())
	return w.result(m, text)
}

// ranked says whether the values are wanted in order.
func (w *correlating) ranked() bool {
	return w.c.Type == ValueMedian || w.c.Type == ValuePercentile && w.c.Percent >= 0
}

func (m *groupMore) put(s sample, ranked bool) {
	m.samples = append(m.samples, s)
	if ranked {
		i, _ := slices.BinarySearch(m.sorted, s.value)
		m.sorted = slices.Insert(m.sorted, i, s.value)
	}
}

// take gives up a value.
func (m *groupMore) take(s sample) {
	if len(m.sorted) > 0 {
		if i, ok := slices.BinarySearch(m.sorted, s.value); ok {
			m.sorted = slices.Delete(m.sorted, i, i+1)
		}
	}
}

// result computes. Sums are made anew in the order of the records, so that they do not depend on what went before.
func (w *correlating) result(m *groupMore, text uint64) float64 {
	n := len(m.samples)
	if n == 0 {
		return 0
	}
	switch w.c.Type {
	case ValueMedian:
		return percentile(m.sorted, 50)
	case ValuePercentile:
		if w.c.Percent >= 0 {
			return percentile(m.sorted, w.c.Percent)
		}
		same := 0
		for _, s := range m.samples {
			if s.text == text {
				same++
			}
		}
		return 100 * float64(same) / float64(n)
	}
	sum := 0.0
	for _, s := range m.samples {
		sum += s.value
	}
	if w.c.Type == ValueAvg {
		return sum / float64(n)
	}
	return sum
}

// percentile interpolates between the two nearest values.
func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := p / 100 * float64(len(sorted)-1)
	low := int(math.Floor(at))
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

// later takes a record into a span that is judged when it is over.
func (w *correlating) later(i int32, g *group, h *Hit, rule int, value uint64, number float64) {
	m := w.further(i)
	now := h.Record.Time
	if m.count == 0 {
		g.first = now
		w.Queue = append(w.Queue, deadline{i, now + w.span})
	}
	m.count++
	m.last = held{Rule: rule, Time: now, Fields: slices.Clone(h.Record.Fields), Input: h.Input, Number: h.Number, Who: h.Who}
	if h.Event != nil {
		e := *h.Event
		e.Rest, e.Ref.More = nil, slices.Clone(e.Ref.More)
		m.last.Event = &e
	}
	switch w.c.Type {
	case EventCount:
	case ValueCount:
		if m.when == nil {
			m.when = map[uint64]event.Micros{}
		}
		if len(m.when) < 2*maxCount {
			m.when[value] = now
		}
	default:
		if len(m.samples) >= maxSamples {
			m.cut = true
			m.take(m.samples[0])
			m.samples = slices.Delete(m.samples, 0, 1)
		}
		m.put(sample{now, number, value}, w.ranked())
	}
}

// maxCount is the most that a condition counts to.
const maxCount = 1_000_000

// close judges the spans of a correlation that were over before now.
func (c *Correlator) close(w *correlating, now event.Micros, tell func(*Told)) {
	done := 0
	for done < len(w.Queue) && w.Queue[done].at < now {
		i := w.Queue[done].group
		done++
		m := w.further(i)
		w.drop(i, w.at(i))
		value := float64(m.count)
		switch w.c.Type {
		case EventCount:
		case ValueCount:
			value = float64(len(m.when))
		default:
			value = w.result(m, m.samples[len(m.samples)-1].text)
		}
		if w.c.holds(value) {
			l := &m.last
			c.tell(w, &Hit{w.c.related[l.Rule], &Record{Time: l.Time, Fields: l.Fields}, l.Input, l.Number, l.Event, l.Who}, value, m.cut, tell)
		}
	}
	w.Queue = slices.Delete(w.Queue, 0, done)
}
