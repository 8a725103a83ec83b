// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
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
// Records that no format claims do not count against the best: a strange line does not change what a file is. A record that
// no format knows as it stands is looked at for what it carries.
func Recognise(all []Format, sample [][]byte) []Guess {
	guesses := make([]Guess, len(all))
	r := recogniser{guesses: guesses}
	for i := range all {
		r.all = append(r.all, &all[i])
	}
	r.gate = newGate(r.all)
	for _, rec := range sample {
		r.look(rec, 0)
	}
	var out []Guess
	for i := range guesses {
		if guesses[i].Records > 0 {
			guesses[i].Format = &all[i]
			guesses[i].Confidence /= float64(r.claimed)
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

type recogniser struct {
	all     []*Format
	guesses []Guess
	claimed int
	seen    int // records of the sample
	gate    *gate
	env     Env // of no input: records have no line, so that nothing of one is taken for another's
	loads   [maxCarried]load
}

// look counts for the format that claims rec; false if none does.
func (r *recogniser) look(rec []byte, depth int) bool {
	if depth == 0 {
		l := &r.loads[0]
		l.early = r.seen < headRows
		if r.seen++; tableCarrier.unload(rec, l) || journalCarrier.unload(rec, l) {
			for l.next() {
				if r.look(l.line, 1) {
					return true
				}
			}
		}
	}
	may := r.gate.open(&r.env, &event.Record{Data: rec})
	r.gate.keepMarked(rec, &may)
	if r.claim(rec, RankProduct, &may) {
		return true
	}
	if depth < maxCarried {
		l := &r.loads[depth]
		for _, c := range carriers() {
			if !c.unload(rec, l) {
				continue
			}
			for l.next() {
				if r.look(l.line, depth+1) {
					return true
				}
			}
		}
	}
	for rank := RankSchema; rank < ranks; rank++ {
		if r.claim(rec, rank, &may) {
			return true
		}
	}
	return false
}

// claim asks the formats of one rank that the record may be of.
func (r *recogniser) claim(rec []byte, rank Rank, may *formatSet) bool {
	best, score := -1, 0.0
	r.gate.eachOf(rank, may, func(i int) {
		s := r.all[i].Sniff(rec)
		r.guesses[i].Confidence += s
		if s > score {
			best, score = i, s
		}
	})
	if best >= 0 {
		r.guesses[best].Records++
		r.claimed++
	}
	return best >= 0
}

// Reader reads the records of one stream with whichever parser takes them. Files that hold several formats are read whole:
// a record that the last taker refuses is offered to the others, then what it carries is read as a record of its own, then
// formats are asked that know less of it. It is owned by one goroutine.
type Reader struct {
	env     *Env
	formats []*Format    // in the order that the reader was given
	open    []openParser // those that took a record, the last taker first; then the others, in the order given
	takers  int          // how many of open took a record
	opened  []bool       // by the order given
	gate    *gate
	loads   [maxCarried]load
	carried *carrier // that the last record was read from; nil: it was read as it stands
	carries uint64   // what records look like that it unloaded
	last    *Format
	brought [6]int64 // records read through each carrier
	pieces  splitLines
}

// openParser is the parser of a format that claimed a record.
type openParser struct {
	format *Format
	index  int // in the order that the reader was given
	parser Parser
	taken  int64
}

// NewReader returns a reader that tries the formats in the given order: the recognised ones first.
func NewReader(order []*Format, env *Env) *Reader {
	return &Reader{env: env, formats: order, opened: make([]bool, len(order))}
}

// SetInput says that the following records are of another input of the same stream.
func (r *Reader) SetInput(input uint32) {
	if input != r.env.Input {
		r.pieces.nextInput()
	}
	r.env.Input = input
}

// Read reads one record. It returns nil if a parser took it, otherwise the error of the parser that is likeliest to be its
// own: the last taker's, unless another knew the format and found it broken.
//
// A piece of a line that a container's runtime has split is taken, and read with the line's end.
func (r *Reader) Read(rec *event.Record, out *event.Batch) error {
	whole, before := r.pieces.take(rec)
	if whole == nil {
		return nil
	}
	return r.readWhole(whole, before, out)
}

// readWhole reads a record of which earlier parts may stand before its own.
func (r *Reader) readWhole(rec *event.Record, before []event.Part, out *event.Batch) error {
	n := len(out.Events)
	err := r.readOne(rec, out)
	if err == nil && len(before) > 0 {
		for i := n; i < len(out.Events); i++ {
			if ref := &out.Events[i].Ref; ref.Part == rec.Part {
				ref.Part, ref.More = before[0], append(append(slices.Clone(before[1:]), rec.Part), ref.More...)
			}
		}
	}
	return err
}

// readOne reads a record, as the last one was read if it can be.
func (r *Reader) readOne(rec *event.Record, out *event.Batch) error {
	l := &r.loads[0]
	l.early = rec.Line <= headRows
	if l.table.make != nil && !l.table.is(rec.Data) { // a row of a table: what it brings is more than what it looks like
		r.carried = &tableCarrier
		r.carries = 5
	} else if journalEntry(rec.Data) {
		r.carried, r.carries = &journalCarrier, 8
	}
	if c := r.carried; c != nil { // the last one was carried: so may be this one
		if c.unload(rec.Data, &r.loads[0]) && r.loads[0].looks == r.carries && r.unload(rec, out, 0) == nil {
			r.brought[c.number]++
			return nil
		}
		r.carried = nil
	}
	return r.read(rec, out, 0)
}

// read reads a record that stands in so many others.
func (r *Reader) read(rec *event.Record, out *event.Batch, depth int) error {
	failed, first := ErrOtherFormat, false
	if len(r.open) > 0 && (r.takers > 0 || r.open[0].index == 0) && r.open[0].format.Rank == RankProduct {
		if failed, first = r.offer(0, rec, out), true; failed == nil {
			return nil
		}
	}
	if r.gate == nil {
		r.gate = newGate(r.formats)
	}
	may := r.gate.open(r.env, rec)
	textless := r.gate.textless
	claim := may
	r.gate.keepMarked(rec.Data, &claim)
	err := r.ask(RankProduct, &may, &claim, first, rec, out)
	if err == nil {
		return nil
	}
	failed = likelier(failed, err)
	if depth < maxCarried {
		for _, c := range carriers() {
			l := &r.loads[depth]
			if textless && c == &jsonCarrier || !c.unload(rec.Data, l) {
				continue
			}
			looks := l.looks
			err := r.unload(rec, out, depth)
			if err == nil {
				if depth == 0 {
					r.carried, r.carries = c, looks
					r.brought[c.number]++
				}
				return nil
			}
			failed = likelier(failed, err)
		}
	}
	if failed == ErrNoTime {
		return failed // who knows less of it would take another time for its own
	}
	for rank := RankSchema; rank < ranks; rank++ {
		if err := r.ask(rank, &may, &claim, false, rec, out); err == nil {
			return nil
		} else {
			failed = likelier(failed, err)
		}
	}
	if failed == ErrOtherFormat && depth == 0 && (r.loads[0].table.is(rec.Data) || furniture(rec.Data)) {
		return nil
	}
	return failed
}

// furniture says whether a record is one of the lines that tools put between those of a log: journalctl's about reboots and the
// journal's bounds, ausearch's between the events, and the calls behind an error of a program in Java.
func furniture(raw []byte) bool {
	b := bytes.TrimSpace(raw)
	switch {
	case string(b) == "----":
		return true
	case isPrefix(b, "at ") && b[len(b)-1] == ')', isPrefix(b, "... ") && bytes.HasSuffix(b, []byte(" more")), isPrefix(b, "Caused by: "):
		return raw[0] == '\t' || b[0] == 'C' // what Java writes behind the line of an error
	case isPrefix(b, "-- ") && bytes.HasSuffix(b, []byte(" --")):
		b = b[3:]
		return isPrefix(b, "Boot ") || isPrefix(b, "Reboot ") || isPrefix(b, "No entries ") || isPrefix(b, "Logs begin at ") || isPrefix(b, "Journal begins at ")
	}
	return false
}

// likelier returns the first of two errors that is of a format which knew the record.
func likelier(a, b error) error {
	if a == ErrOtherFormat {
		return b
	}
	return a
}

// ask offers the record to the formats of one rank that may read it: first to those that took records before, the last taker
// first, then to those that claim it, the surest first.
func (r *Reader) ask(rank Rank, may, claim *formatSet, butFirst bool, rec *event.Record, out *event.Batch) error {
	failed := ErrOtherFormat
	for i := range r.open {
		if o := &r.open[i]; o.format.Rank != rank || !may.has(o.index) || butFirst && i == 0 {
			continue
		}
		err := r.offer(i, rec, out)
		if err == nil {
			return nil
		}
		failed = likelier(failed, err)
	}
	var claims [8]bid // the surest ones
	n := 0
	r.gate.eachOf(rank, claim, func(i int) {
		if r.opened[i] {
			return
		}
		if s := r.formats[i].Sniff(rec.Data); s > 0 {
			n = insertBid(&claims, n, bid{i, s})
		}
	})
	for _, c := range claims[:n] {
		err := r.offer(r.begin(c.at), rec, out)
		if err == nil {
			return nil
		}
		failed = likelier(failed, err)
	}
	return failed
}

// begin makes the parser of a format and returns its place in open.
func (r *Reader) begin(index int) int {
	at := r.takers
	for at < len(r.open) && r.open[at].index < index {
		at++
	}
	f := r.formats[index]
	r.open = slices.Insert(r.open, at, openParser{format: f, index: index, parser: f.New(r.env)})
	r.opened[index] = true
	return at
}

type bid struct {
	at    int
	score float64
}

// insertBid keeps claims by score, equal ones in the order in which they come.
func insertBid(claims *[8]bid, n int, c bid) int {
	i := n
	for i > 0 && claims[i-1].score < c.score {
		i--
	}
	if i == len(claims) {
		return n
	}
	n = min(n+1, len(claims))
	copy(claims[i+1:n], claims[i:n-1])
	claims[i] = c
	return n
}

// offer gives the record to the parser at i.
func (r *Reader) offer(i int, rec *event.Record, out *event.Batch) error {
	o := &r.open[i]
	before, missed := len(out.Events), r.env.missedDays()
	err := o.parser.Parse(rec, out)
	if err == nil && !plausible(out.Events[before:]) {
		err = ErrWildTime // an attacker's, or a clock that was never set: kept aside, not believed
		if r.env.missedDays() > missed {
			err = ErrNoSuchDay
		} else if timeless(out.Events[before:]) {
			err = ErrNoTime
		}
	}
	if err != nil {
		out.Events = out.Events[:before]
		return err
	}
	r.stamp(out.Events[before:], o.format)
	o.taken++
	r.last = o.format
	if i >= r.takers {
		r.takers++
	}
	if i > 0 {
		r.moveToFront(i)
	}
	return nil
}

// unload reads what the record at that depth carries, as it was unloaded last.
func (r *Reader) unload(rec *event.Record, out *event.Batch, depth int) error {
	l := &r.loads[depth]
	env := r.env
	host := env.Host
	if host == "" && len(l.host) > 0 {
		env.Host = env.Intern.Bytes(l.host)
	}
	failed := ErrOtherFormat
	for l.next() {
		inner := *rec
		inner.Data = l.line
		env.forget()
		err := r.read(&inner, out, depth+1)
		if err == nil {
			failed = nil
			break
		}
		failed = likelier(failed, err)
	}
	env.Host = host
	env.forget()
	return failed
}

// Flush ends the stream: parsers give out what still waits for records that will not come.
func (r *Reader) Flush(out *event.Batch) {
	for stream := range r.pieces.held {
		if rec, before := r.pieces.rest(stream); rec != nil {
			_ = r.readWhole(rec, before, out) // what it says is a line that breaks off
		}
	}
	for i := range r.open {
		o, before := &r.open[i], len(out.Events)
		o.parser.Flush(out)
		if !plausible(out.Events[before:]) {
			out.Events = slices.DeleteFunc(out.Events, func(e event.Event) bool { return !within(e.Time) })
		}
		r.stamp(out.Events[before:], o.format)
	}
}

// The times that a log can speak of.
const (
	earliest = event.Micros(-2208988800) * 1e6 // 1900-01-01
	latest   = event.Micros(7258118400) * 1e6  // 2200-01-01
)

// within says whether an event can be of that time. Nought is what programs write that know none, and what is left where none was set.
func within(t event.Micros) bool { return t >= earliest && t < latest && t != 0 }

// timeless says whether one of the events has no time, rather than a wild one.
func timeless(events []event.Event) bool {
	return slices.ContainsFunc(events, func(e event.Event) bool { return e.Time == 0 || e.Time == noMoment })
}

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

// Last returns the format that took the last record that was taken; nil before there is one. A record that belongs to no format, such as a
// table's names or the beginning of a line, is taken and leaves it as it was.
func (r *Reader) Last() *Format { return r.last }

// Carried returns, by the names of carriers, how many records were read as the lines that they bring.
func (r *Reader) Carried() map[string]int64 {
	out := map[string]int64{}
	for _, c := range carriers() {
		if n := r.brought[c.number]; n > 0 {
			out[c.name] = n
		}
	}
	return out
}
