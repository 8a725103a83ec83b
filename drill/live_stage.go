// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"strings"
	"time"
)

// staged is a story that is ready to be played.
type staged struct {
	o          Options
	run        *run
	truth      *Truth
	begin, end time.Time // of what is played, as its lines will say
	cut        bool      // the end is before the story's last day
	history    bool
	comesLate  map[string]bool
}

// The points of a story that Exercise.From and Until may name, beside dates.
const (
	firstAct   = "first-act"
	firstLogin = "first-login"
	lastAct    = "last-act"
)

// Speeds outside of these are mistakes: a second of the story in three hours, a century in three seconds.
const slowest, fastest = 1e-4, 1e9

// stage looks what happens when, decides what is played, and moves the story to where it is to begin.
func (x *Exercise) stage() (*staged, error) {
	switch {
	case x.Dir == "":
		return nil, misuse("記録のフォルダを指定してください", "say where the record of the exercise goes")
	case x.Speed != 0 && !(x.Speed >= slowest && x.Speed <= fastest):
		return nil, misuse("速さ %g では再生できません：1 秒に進めるシナリオの秒数を 0.0001 から 10 億まで、最速なら 0 と書いてください", "a speed of %g: write the seconds of the story in one second, 0.0001 to a thousand million, or 0 for as fast as it goes", x.Speed)
	case x.LeadIn < 0 || x.Rate < 0:
		return nil, misuse("前置きの長さや 1 秒あたりの行数に負の値は使えません", "a lead-in or a rate below nought")
	}
	o, err := x.Options.withDefaults()
	if err != nil {
		return nil, err
	}
	o.Shift = 0
	truth, err := sketch(o)
	if err != nil {
		return nil, err
	}
	begin, err := truth.point(x.From, truth.Start)
	if err != nil {
		return nil, err
	}
	end, err := truth.point(x.Until, truth.End)
	if err != nil {
		return nil, err
	}
	if begin = begin.Add(-x.LeadIn); begin.Before(truth.Start) {
		begin = truth.Start
	}
	if x.Weeks && !x.Begin.IsZero() {
		begin = sameHour(begin, x.Begin, truth.Start)
	}
	if !begin.Before(end) {
		return nil, misuse("シナリオが始まる（%[2]s）前に終わる（%[1]s）ことになります", "the story would end (%[1]s) before it begins (%[2]s)", japan(end), japan(begin))
	}
	if !x.Begin.IsZero() {
		o.Shift = x.Begin.Truncate(time.Second).Sub(begin.Truncate(time.Second))
	}
	return x.moved(o, begin.Truncate(time.Second).Add(o.Shift), end.Add(o.Shift))
}

// moved makes the story at its place in time.
func (x *Exercise) moved(o Options, begin, end time.Time) (*staged, error) {
	if !o.LogsFrom.IsZero() {
		o.LogsFrom = o.LogsFrom.Add(o.Shift)
	}
	if !x.History && o.LogsFrom.Before(begin) {
		o.LogsFrom = begin
	}
	truth, err := sketch(o)
	if err != nil {
		return nil, err
	}
	s := &staged{o: o, truth: truth, begin: begin, end: end, history: x.History, comesLate: map[string]bool{}}
	s.cut = end.Before(s.truth.End)
	if x.Tell != nil {
		o.Progress = func(done, _ int64) {
			if at := s.truth.Start.Add(time.Duration(done) * time.Hour); at.Before(begin) && !x.History {
				x.Tell(Progress{Phase: "prepare", Story: at, Begin: begin, End: end})
			}
		}
	}
	if s.run, err = newRun("", o); err != nil {
		return nil, err
	}
	for _, sh := range s.run.l.sheets {
		s.comesLate[sh.out.log] = sh.out.shape.newest
	}
	return s, nil
}

// sameHour returns the latest moment at or before begin, and not before start, that has the weekday and the time of day of
// now; the first one after start if there is none.
func sameHour(begin, now, start time.Time) time.Time {
	const week = 7 * 24 * time.Hour
	past := begin.Sub(now) % week
	if past < 0 {
		past += week
	}
	if begin = begin.Add(-past); begin.Before(start) {
		begin = begin.Add(week)
	}
	return begin
}

// point returns a moment of the story: one that has a name, or a date and a time in Japan.
func (t *Truth) point(text string, otherwise time.Time) (time.Time, error) {
	var at time.Time
	switch text {
	case "":
		return otherwise, nil
	case firstAct, lastAct:
		for _, a := range t.Acts {
			switch {
			case text == lastAct && a.To.After(at):
				at = a.To
			case text == firstAct && (at.IsZero() || a.From.Before(at)):
				at = a.From
			}
		}
	case firstLogin:
		for _, a := range t.Accounts {
			if at.IsZero() || a.First.Before(at) {
				at = a.First
			}
		}
	default:
		for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
			if d, err := time.ParseInLocation(form, text, inJapan()); err == nil {
				at = d
				break
			}
		}
		if at.IsZero() {
			return at, misuse("%q はシナリオの時点として読めません：2025-08-20 や 2025-08-20T16:30 のような日時、または %s と書いてください", "%q is no moment of the story: write a date such as 2025-08-20 or 2025-08-20T16:30, or %s", text, strings.Join([]string{firstAct, firstLogin, lastAct}, ", "))
		}
		if at.Before(t.Start) || at.After(t.End) {
			return at, misuse("%s はシナリオの中にありません。シナリオは %s から %s まで", "%s is not in the story, which spans %s to %s", text, japan(t.Start), japan(t.End))
		}
	}
	if text == lastAct && !at.IsZero() { // and what its logs say of it
		if at = at.Add(time.Hour); at.After(t.End) {
			at = t.End
		}
	}
	if at.IsZero() {
		return at, misuse("%s には攻撃がないので %s はありません：日付を書いてください", "%s has no attack, so there is no %s: write a date", t.Name, text)
	}
	return at, nil
}

func japan(t time.Time) string { return t.In(inJapan()).Format("2006-01-02 15:04 JST") }

// sketch performs the incident alone, without rendering ordinary life and without keeping a line: what happened when, from
// where and to whom is the same as in the whole drill; what was exposed only because ordinary life passed through the intruder's
// hands (mail through a gateway of his) is left out.
func sketch(o Options) (*Truth, error) {
	o.Progress = nil
	r, err := newRun("", o)
	if err != nil {
		return nil, err
	}
	for _, s := range r.l.sheets {
		s.off = true
	}
	if r.plot != nil {
		var hostile []moment
		for d := range r.w.cal.days {
			r.day, r.epochDay = d, int((r.w.cal.start+jst)/day)+d
			for slot := range 24 * slots {
				from := r.w.cal.at(d, 0) + int64(slot)*(hour/slots)
				hostile = r.plot.slot(hostile[:0], from, from+hour/slots)
				for _, m := range hostile {
					r.perform(m)
				}
			}
		}
	}
	return r.truth(), nil
}

// lines counts the lines of a run that was streamed. The files that the receiver made of them are its own.
func (t *Truth) lines(r *run) {
	t.Files, t.Lines = []File{}, 0
	for _, s := range r.l.sheets {
		for _, f := range s.out.files {
			t.Lines += f.Lines
		}
	}
}
