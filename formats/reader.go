// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"slices"
	"sort"

	"github.com/sekisho/sekisho/event"
)

// Guess says how surely a sample of records is of a format.
type Guess struct {
	Format     *Format
	Confidence float64 // mean over the sample's records that any format claimed, 0 to 1
	Records    int     // of the sample that this format claimed before any other
}

// Recognise returns the formats that a sample of records may be of, the best first; none if nothing claims any of them.
// Records that no format claims do not count against the best: a strange line does not change what a file is.
func Recognise(all []Format, sample [][]byte) []Guess {
	guesses := make([]Guess, len(all))
	claimed := 0
	for _, rec := range sample {
		best, score := -1, 0.0
		for i := range all {
			s := all[i].Sniff(rec)
			guesses[i].Confidence += s
			if s > score {
				best, score = i, s
			}
		}
		if best >= 0 {
			guesses[best].Records++
			claimed++
		}
	}
	var out []Guess
	for i := range guesses {
		if guesses[i].Records > 0 {
			guesses[i].Format = &all[i]
			guesses[i].Confidence /= float64(claimed)
			out = append(out, guesses[i])
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].Records != out[j].Records {
			return out[i].Records > out[j].Records
		}
		return out[i].Confidence > out[j].Confidence
	})
	return out
}

// Reader reads the records of one stream with whichever parser takes them. Files that hold several formats are read whole:
// a record that the last taker refuses is offered to the others. It is owned by one goroutine.
type Reader struct {
	env  *Env
	open []openParser // the last taker first
}

type openParser struct {
	format *Format
	parser Parser // nil until a record of this format is seen
	taken  int64
}

// NewReader returns a reader that tries the formats in the given order: the recognised ones first.
func NewReader(order []*Format, env *Env) *Reader {
	r := &Reader{env: env, open: make([]openParser, len(order))}
	for i, f := range order {
		r.open[i].format = f
	}
	return r
}

// SetInput says that the following records are of another input of the same stream.
func (r *Reader) SetInput(input uint32) { r.env.Input = input }

// Read reads one record. It returns nil if a parser took it, otherwise the error of the parser that is likeliest to be its
// own: the last taker's, unless another knew the format and found it broken.
func (r *Reader) Read(rec *event.Record, out *event.Batch) error {
	var failed error
	for i := range r.open {
		o := &r.open[i]
		if o.parser == nil {
			if o.format.Sniff(rec.Data) <= 0 {
				continue
			}
			o.parser = o.format.New(r.env)
		}
		before := len(out.Events)
		err := o.parser.Parse(rec, out)
		if err == nil && !plausible(out.Events[before:]) {
			err = ErrWildTime // an attacker's, or a clock that was never set: kept aside, not believed
		}
		if err == nil {
			r.stamp(out.Events[before:], o.format)
			o.taken++
			if i > 0 {
				r.moveToFront(i)
			}
			return nil
		}
		out.Events = out.Events[:before]
		if failed == nil || failed == ErrOtherFormat {
			failed = err
		}
	}
	if failed == nil {
		failed = ErrOtherFormat
	}
	return failed
}

// Flush ends the stream: parsers give out what still waits for records that will not come.
func (r *Reader) Flush(out *event.Batch) {
	for i := range r.open {
		if o := &r.open[i]; o.parser != nil {
			before := len(out.Events)
			o.parser.Flush(out)
			if !plausible(out.Events[before:]) {
				out.Events = slices.DeleteFunc(out.Events, func(e event.Event) bool { return !within(e.Time) })
			}
			r.stamp(out.Events[before:], o.format)
		}
	}
}

// The times that a log can speak of.
const (
	earliest = event.Micros(-2208988800) * 1e6 // 1900-01-01
	latest   = event.Micros(7258118400) * 1e6  // 2200-01-01
)

func within(t event.Micros) bool { return t >= earliest && t < latest }

func plausible(events []event.Event) bool {
	for i := range events {
		if !within(events[i].Time) {
			return false
		}
	}
	return true
}

// stamp sets what every event of a format carries. A parser that joins records across inputs of one stream has set the
// input itself where it is not the current one.
func (r *Reader) stamp(events []event.Event, f *Format) {
	for i := range events {
		events[i].Format = f.Name
	}
}

// Taken returns how many records each format took, the most first, in order of name where equal.
func (r *Reader) Taken() []Guess {
	var out []Guess
	for i := range r.open {
		if r.open[i].taken > 0 {
			out = append(out, Guess{Format: r.open[i].format, Records: int(r.open[i].taken)})
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Records != out[j].Records {
			return out[i].Records > out[j].Records
		}
		return out[i].Format.Name < out[j].Format.Name
	})
	return out
}

func (r *Reader) moveToFront(i int) {
	o := r.open[i]
	copy(r.open[1:i+1], r.open[:i])
	r.open[0] = o
}
