// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	Phase string    // prepare, history, play
	Story time.Time // the time of the story
	Begin time.Time // of the story as it is played
	End   time.Time
	Lines int64
	Late  time.Duration // how far the lines are behind the story's clock
	Gone  string        // why the receiver does not take lines now; empty: it does
	Act   *PlayedAct    // an act begins
}

// Run plays the exercise to its end, or until ctx ends. In the folder it leaves what the institute is (org.yaml, directory.csv,
// intel/), answers.yaml for the team to fill in, truth.json and run.json. When ctx ends, what was under way is delivered if
// the receiver takes it at once, the record says how far the story came, and the error is nil.
func (x *Exercise) Run(ctx context.Context) (*Record, error) {
	s, err := x.stage()
	if err != nil {
		return nil, err
	}
	p := &player{x: x, s: s, record: s.record(x), late: lateRecords{seed: s.o.Seed}}
	p.link = link{tell: p.tell, record: &p.record.Delivery, first: 100 * time.Millisecond}
	if p.to, err = x.receiver(&p.link, s.run); err != nil {
		return nil, err
	}
	if err := x.furnish(s); err != nil {
		return nil, err
	}
	p.link.kept = filepath.Join(x.Dir, "undelivered.ndjson")
	if err := p.to.open(ctx); err != nil {
		return nil, err
	}
	return p.play(ctx)
}

// furnish makes the folder: the institute's profile, the truth, an empty sheet of answers.
func (x *Exercise) furnish(s *staged) error {
	if entries, err := os.ReadDir(x.Dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("drill: %s is in use: it holds %s", x.Dir, entries[0].Name())
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("drill: look into the folder: %w", err)
	}
	if err := s.run.w.writeProfile(x.Dir); err != nil {
		return err
	}
	if err := s.truth.writeSecret(x.Dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(x.Dir, "answers.yaml"), []byte(answersTemplate), 0o644); err != nil {
		return fmt.Errorf("drill: write the sheet of answers: %w", err)
	}
	return nil
}

// writeSecret writes truth.json so that only the leader of the rehearsal can read it.
func (t *Truth) writeSecret(dir string) error {
	path := filepath.Join(dir, "truth.json")
	if err := t.write(path); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("drill: hide the truth: %w", err)
	}
	return nil
}

// player plays a staged story. It belongs to one goroutine; the story is performed in another, some hours ahead.
type player struct {
	x      *Exercise
	s      *staged
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
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer stop()
	err = cmp.Or(err, p.to.close(last))
	p.record.Delivery.Undelivered += p.to.held()
	p.record.end(p, interrupted, err)
	p.s.truth.lines(p.s.run)
	return p.record, cmp.Or(err, p.s.truth.writeSecret(p.x.Dir), p.record.write(p.x.Dir))
}

// lastWords is how long the receiver has for what is under way when the story is over.
const lastWords = 5 * time.Second

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
	p.story = due
	p.record.Delivery.count(l.Log)
	return p.to.send(ctx, &l)
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
			if p.acts.pass(t, now, p.tell) {
				p.story = t
				if err := p.record.soFar(p); err != nil {
					return err
				}
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
	g := Progress{Phase: "play", Story: story, Lines: p.record.Delivery.Lines, Late: late}
	if story.Before(p.s.begin) {
		g.Phase, g.Late = "history", 0
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
	}
	g.Begin, g.End = p.s.begin, p.s.end
	p.x.Tell(g)
}
