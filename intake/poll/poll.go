// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package poll asks clouds for their records, which nobody sends. It does not read what the records mean. It hands them to a Sink, which
// returns when they are durable, and only then moves its bookmark.
//
//	bookmark − overlap ──► Vendor.Ask ──► not seen yet ──► Sink.Append ──► bookmark
//
// Clouds show records late. So each time a stretch behind the bookmark is asked for again, and what was sealed of it already is known by
// the vendor's own name and its bytes. What a vendor refuses is asked for again, and the bookmark stays; what the vendor keeps no more is
// a gap, which is written down and never taken for silence.
package poll

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Sink takes batches of records. It returns without an error only when all of them are durable, and does not keep their Data after it has
// returned.
type Sink interface {
	Append(ctx context.Context, batch []event.Received) (event.Position, error)
}

// Record is one record as a vendor gave it.
type Record struct {
	ID   string // the vendor's own name for it; empty: it has none, and is never taken for one that was seen
	Data []byte // one JSON object
	Same []byte // what of Data says that it is the same record; nil: all
	From string // what was asked
}

// Missing is a thing that the vendor named and has no more.
type Missing struct {
	What string
	Why  string
}

// Page is what a vendor gave in one answer. It is sealed as one.
type Page struct {
	Records []Record
	Missing []Missing
	Owed    []Owed
	Piece   string // name of the piece that this is; it is owed no more
}

// Owed is a piece that a vendor named and did not give, though it gives others. It is asked for by itself, until the vendor keeps it no more.
type Owed struct {
	What  string    `json:"what"`
	At    string    `json:"at"` // where it is asked for
	Why   string    `json:"why"`
	Noted time.Time `json:"noted"`
	Next  time.Time `json:"next"` // when it is asked for again
	Tries int       `json:"tries"`
}

// Again is implemented by vendors that give pieces which they once refused.
type Again interface {
	Again(ctx context.Context, o Owed) (Page, error)
}

// Terms say how a vendor wants to be asked.
type Terms struct {
	Window  time.Duration // the longest stretch that one question may be about
	Kept    time.Duration // how long the vendor keeps records
	Overlap time.Duration // how late records are usually shown: each question begins so long before the bookmark
	Late    time.Duration // how late they may be shown: so far back is asked once an hour; 0: never further than the overlap
}

// back is the longest that a question begins before the bookmark.
func (t Terms) back() time.Duration { return max(t.Overlap, t.Late) }

// Vendor answers for the records that became available from a time (inclusive) to another (exclusive), a page at a time. An error of take
// ends it and is returned. It returns without an error only if it gave everything.
type Vendor interface {
	Terms() Terms
	Ask(ctx context.Context, from, to time.Time, take func(Page) error) error
}

// Slow is the error of a vendor that wants to be asked later.
type Slow struct{ After time.Duration }

// Error says when to ask again.
func (s *Slow) Error() string {
	return fmt.Sprintf("poll: the vendor wants to be asked again in %s", s.After)
}

// Options say what is asked, and where it goes. All must be set but Now.
type Options struct {
	Source string // the name under which records are sealed
	Vendor Vendor
	Sink   Sink
	State  string // path of the bookmark
	Record int    // bytes of a record that are kept; more is cut and counted
	Now    func() time.Time
}

// Poller asks one source. It is used by one goroutine.
type Poller struct {
	o     Options
	state state
	count Count
}

// Count is what became of the records of a source since the process began: Offered = Sealed + Repeated + Unsealed.
type Count struct {
	Offered  int64 `json:"offered"`
	Sealed   int64 `json:"sealed"`
	Repeated int64 `json:"repeated"` // were sealed before
	Unsealed int64 `json:"unsealed"` // the sink did not take them, and they are asked for again
	Cut      int64 `json:"cut"`      // of those sealed, longer than is kept
}

// Gap is what a vendor had and cannot be asked for any more: a stretch of time, or one thing that it named. How many records it held is
// not known.
type Gap struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	What  string    `json:"what,omitempty"`
	Why   string    `json:"why"`
	Noted time.Time `json:"noted"`
}

// New returns a poller that goes on from its bookmark; where there is none, from the oldest that the vendor keeps.
func New(o Options) (*Poller, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	t := o.Vendor.Terms()
	if o.Record <= 0 || t.Window <= 0 || t.Kept <= t.Window || t.Overlap < 0 || t.back() >= t.Window {
		return nil, errors.New("poll: a poller needs a record's size and terms: a window, shorter than what is kept, and an overlap, shorter than the window")
	}
	p := &Poller{o: o}
	found, err := p.state.read(o.State)
	if err != nil {
		return nil, err
	}
	if !found {
		p.state.Until = p.oldest()
		err = p.state.write(o.State) // so that what the vendor drops before the first answer is a gap
	}
	return p, err
}

// edge is how far from the vendor's own end of keeping the oldest question stays, for clocks that differ.
const edge = 10 * time.Minute

func (p *Poller) oldest() time.Time {
	return p.o.Now().UTC().Add(edge - p.o.Vendor.Terms().Kept).Truncate(time.Second)
}

// Until returns the bookmark: everything that the vendor showed of the time before it is sealed, is owed, or is a gap.
func (p *Poller) Until() time.Time { return p.state.Until }

// Count returns the counts.
func (p *Poller) Count() Count { return p.count }

// Gaps returns what is known to be lost, the latest last, and how many older ones are counted only.
func (p *Poller) Gaps() ([]Gap, int64) { return p.state.Gaps, p.state.Forgotten }

// Owed returns the pieces that the vendor refused and that are asked for again, the oldest first.
func (p *Poller) Owed() []Owed { return p.state.Owed }

// Step asks one question and seals what is answered. It says whether there is more to ask at once. After an error the bookmark stands where
// it stood, and what was sealed meanwhile is known.
func (p *Poller) Step(ctx context.Context) (more bool, err error) {
	t := p.o.Vendor.Terms()
	if oldest := p.oldest(); p.state.Until.Before(oldest) {
		p.state.gap(Gap{From: p.state.Until, To: oldest, Why: "older than what the vendor keeps", Noted: p.o.Now().UTC()})
		p.state.Until = oldest
		if err := p.state.write(p.o.State); err != nil {
			return false, err
		}
	}
	now := p.o.Now().UTC().Truncate(time.Second)
	from, late := p.begin(now)
	to := from.Add(t.Window)
	if to.After(now) {
		to = now
	}
	if !to.After(p.state.Until) {
		return false, nil // nothing new can be asked yet, or the clock was set back
	}
	if err := p.askOwed(ctx, from, to); err != nil {
		return false, err
	}
	err = p.o.Vendor.Ask(ctx, from, to, func(page Page) error { return p.take(ctx, page, from, to) })
	if err != nil {
		return false, err
	}
	next := p.state
	next.Until, next.known = to, nil // what is known goes on being so until the file is written
	if late {
		next.Late = now
	}
	next.forget(to.Add(-t.back()))
	if err := next.write(p.o.State); err != nil {
		return false, err
	}
	p.state.Until, p.state.Late = to, next.Late
	p.state.forget(to.Add(-t.back()))
	return to.Before(now), nil
}

// lateEvery is how often it is asked for what is shown very late: seldom, as all that was shown before comes with it.
const lateEvery = time.Hour

// begin says from when on the next question asks, and whether it asks for what is shown very late. It does not go back to where it is no
// longer known what was sealed: that would be sealed again each time.
func (p *Poller) begin(now time.Time) (from time.Time, late bool) {
	t := p.o.Vendor.Terms()
	from = p.state.Until.Add(-t.Overlap)
	if t.Late > t.Overlap && (now.Sub(p.state.Late) >= lateEvery || now.Before(p.state.Late)) {
		late = true
		if back := p.state.Until.Add(-t.Late); !back.Before(p.state.Early) {
			from = back
		} else if p.state.Early.Before(from) {
			from = p.state.Early
		}
	}
	if oldest := p.oldest(); from.Before(oldest) {
		from = oldest
	}
	return from, late
}

// batchRecords bounds what is sealed at once.
const batchRecords = 4096

// take seals what is new of a page, and then remembers it.
func (p *Poller) take(ctx context.Context, page Page, from, to time.Time) error {
	for len(page.Records) > batchRecords {
		if err := p.take(ctx, Page{Records: page.Records[:batchRecords]}, from, to); err != nil { // the piece is not there in full yet
			return err
		}
		page.Records = page.Records[batchRecords:]
	}
	now := event.Of(p.o.Now())
	var batch []event.Received
	var keys []key
	here := map[key]bool{}
	var cut int64
	for _, r := range page.Records {
		p.count.Offered++
		if r.ID != "" {
			k := keyOf(r)
			if here[k] || p.state.has(k) {
				p.count.Repeated++
				continue
			}
			here[k] = true
			keys = append(keys, k)
		}
		rec := event.Received{Source: p.o.Source, From: r.From, At: now}
		rec.Data, rec.Length = r.Data[:min(len(r.Data), p.o.Record)], int64(len(r.Data))
		if len(r.Data) > p.o.Record {
			cut++
		}
		batch = append(batch, rec)
	}
	if len(batch) > 0 {
		if _, err := p.o.Sink.Append(ctx, batch); err != nil {
			p.count.Unsealed += int64(len(batch))
			return fmt.Errorf("poll: seal %s: %w", p.o.Source, err)
		}
		p.count.Sealed += int64(len(batch))
		p.count.Cut += cut
	}
	for _, m := range page.Missing {
		p.state.gap(Gap{From: from, To: to, What: m.What, Why: m.Why, Noted: p.o.Now().UTC()})
	}
	changed := p.state.settle(page.Piece)
	if page.Piece != "" {
		if k := pieceKey(page.Piece); !p.state.has(k) {
			keys = append(keys, k)
		}
	}
	for _, o := range page.Owed {
		if p.state.has(pieceKey(o.What)) {
			continue // it was given before, and is only refused now
		}
		added, err := p.state.owe(o, p.o.Now().UTC())
		if err != nil {
			return err
		}
		changed = changed || added
	}
	p.state.remember(keys, to)
	if len(batch) == 0 && len(page.Missing) == 0 && !changed {
		return nil
	}
	return p.state.write(p.o.State)
}

// pieceKey returns what a piece is known by that was given in full.
func pieceKey(name string) key { return keyOf(Record{ID: "piece\x00" + name}) }

// keyOf returns what a record is known by. Its bytes belong to it: a vendor that mends a record under the same name gives another one.
func keyOf(r Record) (k key) {
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s", len(r.ID), r.ID)
	if r.Same != nil {
		h.Write(r.Same)
	} else {
		h.Write(r.Data)
	}
	copy(k[:], h.Sum(nil))
	return k
}
