// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// dice is a splitmix64 generator. Every person's day, and every moment, rolls dice of its own that are made from the seed and
// from what it is, never from what was rolled before: so ordinary life is the same with and without an attack beside it.
type dice uint64

// The streams of dice. A stream keeps its number for ever: a new one is added at the end.
const (
	streamPeople uint64 = iota + 1
	streamDay
	streamAmbient
	streamNoise
	streamAddress
	streamPlot
	streamWave
	streamProbe
	streamLists
	streamDaemon
	streamIdentity
	streamStaffMail
	streamSite
	streamPerson
	streamDomain
	streamSubsidiary
	streamEdge
	streamGateway
	streamSearch
	streamSecond
	streamClock
	streamChange
	streamNoisy
)

// roll returns the dice for what the parts name.
func roll(parts ...uint64) dice {
	h := uint64(0x9e3779b97f4a7c15)
	for _, p := range parts {
		h = scramble(h ^ p)
	}
	return dice(h)
}

// textKey is a number made of a text, for the parts of a roll.
func textKey(s string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func scramble(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// n returns a whole number in [0, k). The bias of the modulo is below 2⁻⁴⁰ for every k used here.
func (d *dice) n(k int) int {
	if k <= 1 {
		return 0
	}
	return int(d.next() >> 1 % uint64(k))
}

// span returns a number in [from, to).
func (d *dice) span(from, to int64) int64 {
	if to <= from {
		return from
	}
	return from + int64(d.next()>>1%uint64(to-from))
}

// unit returns a number in [0, 1).
func (d *dice) unit() float64 { return float64(d.next()>>11) / (1 << 53) }

func (d *dice) chance(p float64) bool { return d.unit() < p }

// bell returns a number around mean, within three and a half sd: the sum of four uniform ones.
func (d *dice) bell(mean, sd float64) float64 {
	sum := d.unit() + d.unit() + d.unit() + d.unit() - 2
	return mean + sum*sd*1.7320508
}

// times returns a whole number whose mean is m: its floor, or one more.
func (d *dice) times(m float64) int {
	n := int(m)
	if d.chance(m - float64(n)) {
		n++
	}
	return n
}
