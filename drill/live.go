// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Exercise plays a drill for a team's rehearsal: its lines reach a receiver at the pace of the story, or faster.
type Exercise struct {
	Options Options
	To      string  // where the lines go; see Destinations
	Speed   float64 // seconds of the story in one second; 0: as fast as the receiver takes them
	Dir     string  // what the leader of the rehearsal keeps: a new or empty folder

	From    string        // where the story begins: "" (its first day), first-act, first-login, or a date, 2025-08-20T16:30
	LeadIn  time.Duration // ordinary life before From, at the pace of the story
	Until   string        // where it ends: "" (its last day), last-act, or a date
	History bool          // what lies before goes to the receiver first, as fast as it takes it; otherwise it is left out

	Begin time.Time // zero: the story keeps its dates; otherwise it is told as if it began then, and played from then on
	Weeks bool      // with Begin: moved by whole weeks, so that weekdays and office hours stay true

	Rate    int      // the most lines a second; 0: no bound, for UDP 5,000
	Headers []string // of HTTP requests, "Name: value"
	Form    string   // of HTTP requests: ndjson (default), hec, bulk

	Tell func(Progress) // called from time to time, and at each act; may be nil. It must not block for long.
}

// Progress says how far an exercise is.
type Progress struct {
	Phase string    // prepare, wait (until Starts), history, play
	Story time.Time // the time of the story
	Begin time.Time // of the story as it is played
	End   time.Time
	Lines int64
	Late  time.Duration // how far the lines are behind the story's clock
	Gone  string        // why the receiver does not take lines now; empty: it does
	Act   *PlayedAct    // an act begins

	Starts  time.Time // when it begins, while it waits for that
	Refused int64     // lines that the receiver refused for good

	gone phrase
}

// GoneIn returns Gone in a language, as far as it is known in it.
func (g *Progress) GoneIn(lang string) string { return cmp.Or(g.gone.in(lang), g.Gone) }

// Run plays the exercise to its end, or until ctx ends. In the folder it leaves what the institute is (org.yaml, directory.csv,
// intel/), answers.yaml for the team to fill in, truth.json and run.json. When ctx ends, what was under way is delivered if
// the receiver takes it at once, the record says how far the story came, and the error is nil. Where it does not begin, since
// nobody takes the first line or ctx ends before it, there is no record, and what was written is removed.
func (x *Exercise) Run(ctx context.Context) (*Record, error) {
	s, err := x.stage()
	if err != nil {
		return nil, asked(err)
	}
	p := &player{x: x, s: s, record: s.record(x), late: lateRecords{seed: s.o.Seed}}
	p.link = link{tell: p.tell, record: &p.record.Delivery, first: 100 * time.Millisecond}
	if p.to, err = x.receiver(&p.link, s.run); err != nil {
		return nil, asked(err)
	}
	if p.dir, err = vacant(x.Dir); err != nil {
		return nil, err
	}
	p.link.kept = filepath.Join(x.Dir, "undelivered.ndjson")
	if err := p.to.open(ctx); err != nil {
		return nil, err
	}
	if err := x.furnish(s); err != nil {
		p.to.close(ctx)
		return nil, p.unmake(err)
	}
	p.record.Truth = s.truth.Seal
	return p.play(ctx)
}

// furnish makes the folder: the institute's profile, the truth, an empty sheet of answers.
func (x *Exercise) furnish(s *staged) error {
	if err := s.run.w.writeProfile(x.Dir); err != nil {
		return err
	}
	if err := s.truth.write(filepath.Join(x.Dir, "truth.json")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(x.Dir, "answers.yaml"), []byte(answersTemplate), 0o644); err != nil {
		return fmt.Errorf("drill: write the sheet of answers: %w", err)
	}
	return nil
}

// unmake removes what was written for an exercise that did not begin. A sheet of answers in which somebody has written stays.
func (p *player) unmake(err error) error {
	names := append(slices.Collect(maps.Keys(p.s.run.w.profileFiles())), "truth.json", "run.json", "run.json.part", "undelivered.ndjson")
	if text, err := os.ReadFile(filepath.Join(p.x.Dir, "answers.yaml")); err == nil && string(text) == answersTemplate {
		names = append(names, "answers.yaml")
	}
	if f, ok := p.to.(*folderReceiver); ok && f.at != nil {
		err = cmp.Or(err, f.at.clear(nil))
	}
	return cmp.Or(err, p.dir.clear(names))
}

// player plays a staged story. It belongs to one goroutine; the story is performed in another, some hours ahead.
type player struct {
	x      *Exercise
	s      *staged
	dir    *placed
	to     receiver
	link   link
	record *Record
	late   lateRecords
	clock  storyClock
	acts   actClock

	mu     sync.Mutex // for tell
	story  time.Time  // the last line's
	told   time.Time  // when progress was last told
	passed time.Time  // when the receiver was last asked to pass on what it holds
	since  int        // lines since the clock was looked at
}

// errEnd ends a story before its last day.
var errEnd = errors.New("drill: the story ends here")

func (p *player) play(ctx context.Context) (*Record, error) {
	p.record.Began = time.Now()
	p.clock = storyClock{speed: p.x.Speed, story: p.s.begin, record: p.record}
	p.acts = newActClock(p.s, p.record)
	err := p.s.run.stream(ctx, func(l Line) error { return p.take(ctx, l) })
	if err == nil {
		p.s.truth.Exposure = p.s.run.truth().Exposure
		err = p.late.upTo(endOfTime, func(l Line) error { return p.deliver(ctx, l) })
	}
	interrupted := ctx.Err() != nil
	if interrupted || errors.Is(err, errEnd) {
		err = nil
	}
	if errors.As(err, new(neverMet)) {
		return nil, p.unmake(cmp.Or(p.link.shut(), err))
	}
	if interrupted && p.record.Delivery.Lines > 0 { // before the last words: somebody in haste interrupts twice
		p.record.soFar(p, stoppedInterrupted)
	}
	err = cmp.Or(err, p.lastWords(ctx, interrupted))
	if held, _ := p.to.held(); interrupted && held+p.record.Delivery.Lost >= p.record.Delivery.Lines {
		return nil, p.unmake(cmp.Or(err, ctx.Err()))
	}
	p.record.end(p, interrupted, err)
	p.s.truth.lines(p.s.run)
	err = cmp.Or(err, p.s.truth.write(filepath.Join(p.x.Dir, "truth.json")))
	p.record.Truth = p.s.truth.Seal
	return p.record, cmp.Or(err, p.record.write(p.x.Dir))
}

// lastWords gives the receiver some time to take what is under way when the story is over: little, if it is away and somebody
// waits for the end.
func (p *player) lastWords(ctx context.Context, interrupted bool) error {
	patience := 5 * time.Second
	if interrupted && p.link.away() {
		patience = time.Second
	}
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer stop()
	err := p.to.close(last)
	if err == nil || last.Err() == nil {
		return err
	}
	if interrupted {
		return nil // the record counts what was not delivered
	}
	n, _ := p.to.held()
	return trouble(err, "最後の %d 行を受信側が %s 以内に受け取りませんでした", "the receiver did not take the last %d lines within %s", n, patience)
}

var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// take takes the story's next line. Records of a cloud that come late are kept until then.
func (p *player) take(ctx context.Context, l Line) error {
	if err := p.late.upTo(l.Time, func(l Line) error { return p.deliver(ctx, l) }); err != nil {
		return err
	}
	if p.s.comesLate[l.Log] {
		p.late.keep(l)
		return nil
	}
	return p.deliver(ctx, l)
}

// deliver waits until a line is due and hands it to the receiver.
func (p *player) deliver(ctx context.Context, l Line) error {
	if !l.Time.Before(p.s.end) && p.s.cut {
		return errEnd
	}
	due := l.Time
	if due.After(p.s.end) { // what still comes when the story is over comes at once
		due = p.s.end
	}
	if err := p.wait(ctx, due); err != nil {
		return err
	}
	p.record.Delivery.count(l.Log)
	if err := p.to.send(ctx, &l); err != nil {
		return err
	}
	p.story = due
	if !p.acts.pass(due, time.Now(), p.tell) {
		return nil
	}
	return p.record.soFar(p, stoppedAlone)
}

// wait waits until t of the story, and tells of progress meanwhile.
func (p *player) wait(ctx context.Context, t time.Time) error {
	past := t.Before(p.s.begin)
	if p.since++; (past || p.x.Speed == 0) && p.since&63 != 0 && !p.acts.due(t) {
		return nil
	}
	if !past && p.clock.began.IsZero() {
		p.clock.start(p.x.Begin, time.Now())
	}
	for {
		now := time.Now()
		left := time.Duration(0)
		if !past {
			left = p.clock.due(t).Sub(now)
		}
		if left > 0 || now.Sub(p.passed) > atMost {
			if err := p.to.flush(ctx, left > 0); err != nil {
				return err
			}
			p.passed, now = now, time.Now()
		}
		if left <= 0 {
			if !past {
				p.clock.pass(t, now)
			}
			p.report(t, now, -left)
			return ctx.Err()
		}
		p.report(p.clock.at(now), now, 0)
		select {
		case <-time.After(min(left, atMost)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// atMost is how long the receiver may hold lines back, and how often progress is told.
const atMost = 200 * time.Millisecond

func (p *player) report(story, now time.Time, late time.Duration) {
	if now.Sub(p.told) < atMost {
		return
	}
	p.told = now
	g := Progress{Phase: "play", Story: story, Lines: p.record.Delivery.Lines, Late: late, Refused: p.record.Delivery.Refused}
	switch {
	case story.Before(p.s.begin):
		g.Phase, g.Late = "history", 0
	case now.Before(p.clock.began):
		g.Phase, g.Starts = "wait", p.clock.began
	}
	p.tell(g)
}

func (p *player) tell(g Progress) {
	if p.x.Tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	g.Phase = cmp.Or(g.Phase, "play")
	if g.Story.IsZero() {
		g.Story, g.Lines = p.story, p.record.Delivery.Lines
		if g.Story.IsZero() { // nothing is played yet
			g.Story = p.s.begin
		}
	}
	g.Begin, g.End = p.s.begin, p.s.end
	p.x.Tell(g)
}
