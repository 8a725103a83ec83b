// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// RecordSchema names the form of run.json.
const RecordSchema = "sekisho.drill-run/1"

// Record is what an exercise was: when each act was played in real time, and whether the receiver got everything.
type Record struct {
	Schema   string   `json:"schema"`
	Name     string   `json:"name"`
	Seed     uint64   `json:"seed"`
	Accounts int      `json:"accounts_total"`
	To       string   `json:"to"` // without a password
	Speed    float64  `json:"speed"`
	Shift    float64  `json:"shift_s"` // how much later the story was told than by its own dates
	LeadIn   float64  `json:"lead_in_s"`
	History  bool     `json:"history"` // what lies before was delivered first
	Without  []string `json:"without"`
	Zone     string   `json:"zone"` // the institute's: of the team's clock

	StoryFrom  time.Time `json:"story_from"`  // what was to be played, as the lines say it
	StoryUntil time.Time `json:"story_until"` //
	StoryEnd   time.Time `json:"story_end"`   // how far it came
	Began      time.Time `json:"began"`       // in real time
	Ended      time.Time `json:"ended"`
	Complete   bool      `json:"complete"`
	Stopped    string    `json:"stopped,omitempty"` // why it is not complete

	Truth string `json:"truth_sha256"` // the seal of truth.json

	Delivery Delivery    `json:"delivery"`
	Acts     []PlayedAct `json:"acts"`  // as in truth.json, in its order
	Clock    []Mark      `json:"clock"` // what of the story was played when; between marks time runs evenly
}

// PlayedAct is an act and when it was played; nil: it was not.
type PlayedAct struct {
	Name       string     `json:"name"`
	NameJa     string     `json:"name_ja,omitempty"`
	Stage      int        `json:"stage"`
	Attack     string     `json:"attack"`
	From       time.Time  `json:"from"` // in the story
	To         time.Time  `json:"to"`
	PlayedFrom *time.Time `json:"played_from"` // when the first line at or after it went to the receiver
	PlayedTo   *time.Time `json:"played_to"`
}

// In returns the act's name in a language.
func (a *PlayedAct) In(lang string) string { return named(a.Name, a.NameJa).in(lang) }

// Mark is a moment of the story and when it was played.
type Mark struct {
	Story time.Time `json:"story"`
	Real  time.Time `json:"real"`
}

// Delivery says what became of the lines. Handed over is not received: only Confirmed says so, and only HTTP confirms. Over TCP
// everything is sent again after a break that may not have been read, but for what the other side's system had taken more than
// a minute before. Over UDP nothing is known but what the other side's system refuses.
type Delivery struct {
	Lines       int64            `json:"lines"`     // handed over
	Confirmed   int64            `json:"confirmed"` // by the receiver
	Resent      int64            `json:"resent"`    // sent again since nobody knows whether they arrived: they may be there twice
	Refused     int64            `json:"refused"`   // not taken for good; they are in undelivered.ndjson
	Lost        int64            `json:"lost"`      // known to have gone astray: over UDP there may be more
	Undelivered int64            `json:"undelivered"`
	Retries     int64            `json:"retries"`
	Gone        []Absence        `json:"gone"`
	Gaps        []Gap            `json:"refused_gaps,omitempty"` // where lines of a log were refused
	ByLog       map[string]int64 `json:"by_log"`
}

// Absence is a time during which the receiver took nothing.
type Absence struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to"` // nil: it did not come back
	Why  string     `json:"why"`
}

// Gap is a stretch of the story in which the receiver refused every line of a kind of log.
type Gap struct {
	Kind  string     `json:"kind"`
	After *time.Time `json:"after"` // the last line that was taken before; nil: none was
	Until *time.Time `json:"until"` // the first that was taken again; nil: none was
	Lines int64      `json:"lines"`
}

func (d *Delivery) count(log string) {
	d.Lines++
	d.ByLog[log]++
}

func (s *staged) record(x *Exercise) *Record {
	r := &Record{Schema: RecordSchema, Name: s.o.Name, Seed: s.o.Seed, Accounts: s.truth.Total, To: safeURL(x.To), Speed: x.Speed, Shift: s.o.Shift.Seconds(), LeadIn: x.LeadIn.Seconds(),
		History: x.History, Without: append([]string{}, s.o.Without...), Zone: instituteZone, StoryFrom: s.begin, StoryUntil: s.end, Acts: []PlayedAct{}, Clock: []Mark{},
		Delivery: Delivery{Gone: []Absence{}, Gaps: []Gap{}, ByLog: map[string]int64{}}}
	for _, a := range s.truth.Acts {
		r.Acts = append(r.Acts, PlayedAct{Name: a.Name, NameJa: a.NameJa, Stage: a.Stage, Attack: a.Attack, From: a.From, To: a.To})
	}
	return r
}

// What a record says of an exercise that somebody ended, and of one that goes on or ended with its machine.
const (
	stoppedInterrupted = "interrupted"
	stoppedAlone       = "the exercise was going on"
)

// StoppedIn returns Stopped in a language, as far as it is known in it.
func (r *Record) StoppedIn(lang string) string { return stoppedWords(r.Stopped).in(lang) }

// soFar writes the record of an exercise that goes on: should the machine stop, it is what there is.
func (r *Record) soFar(p *player, why string) error {
	so := *r
	so.Acts = slices.Clone(r.Acts)
	so.Ended, so.StoryEnd, so.Stopped = time.Now(), p.story, why
	if why == stoppedInterrupted {
		so.cut(p.to)
	}
	return so.write(p.x.Dir)
}

// cut takes back what was handed over and not delivered: the story came no farther than to the first such line.
func (r *Record) cut(to receiver) {
	n, from := to.held()
	r.Delivery.Undelivered = n
	if n == 0 || from.After(r.StoryEnd) {
		return
	}
	r.StoryEnd = from.Add(-time.Microsecond)
	for i := range r.Acts {
		a := &r.Acts[i]
		if !a.From.Before(from) {
			a.PlayedFrom = nil
		}
		if !a.To.Before(from) {
			a.PlayedTo = nil
		}
	}
}

// end notes how an exercise ended.
func (r *Record) end(p *player, interrupted bool, err error) {
	r.Ended, r.StoryEnd = time.Now(), p.story
	switch {
	case err != nil:
		r.Stopped = err.Error()
	case interrupted:
		r.Stopped = stoppedInterrupted
	default:
		r.Complete, r.StoryEnd = true, p.s.end
		p.acts.pass(p.s.end, r.Ended, p.tell)
	}
	r.cut(p.to)
	if p.clock.last.Real.After(r.Began) {
		r.Clock = append(r.Clock, p.clock.last)
	}
}

func (r *Record) write(dir string) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("drill: write the record: %w", err)
	}
	path := filepath.Join(dir, "run.json")
	if err := os.WriteFile(path+".part", append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("drill: write the record: %w", err)
	}
	if err := os.Rename(path+".part", path); err != nil { // a record is never half a record, whatever ends the exercise
		return fmt.Errorf("drill: write the record: %w", err)
	}
	return nil
}

// ReadRecord reads a run.json.
func ReadRecord(path string) (*Record, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, notRead(path, err, phrase{"drill run の --out のフォルダを指定してください", "give the --out folder of drill run"})
	}
	r := new(Record)
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(r); err != nil {
		return nil, within(jsonWords(data, err), "記録 %s：", "read the record %s: ", path)
	}
	if r.Schema != RecordSchema {
		return nil, fmt.Errorf("drill: read the record %s: its schema is %q, not %q", path, r.Schema, RecordSchema)
	}
	return r.inZone()
}

// RealTime returns when t of the story was played; false if it was not.
func (r *Record) RealTime(t time.Time) (time.Time, bool) {
	if t.After(r.StoryEnd) || len(r.Clock) == 0 {
		return time.Time{}, false
	}
	if !t.After(r.Clock[0].Story) {
		return r.Clock[0].Real, r.History || !t.Before(r.StoryFrom)
	}
	for i := 1; i < len(r.Clock); i++ {
		a, b := r.Clock[i-1], r.Clock[i]
		if t.After(b.Story) {
			continue
		}
		share := float64(t.Sub(a.Story)) / float64(max(1, b.Story.Sub(a.Story)))
		return a.Real.Add(time.Duration(share * float64(b.Real.Sub(a.Real)))), true
	}
	return r.Clock[len(r.Clock)-1].Real, true
}

// StoryTime returns what of the story was being played at t.
func (r *Record) StoryTime(t time.Time) time.Time {
	if len(r.Clock) == 0 || !t.After(r.Clock[0].Real) {
		return r.StoryFrom
	}
	for i := 1; i < len(r.Clock); i++ {
		a, b := r.Clock[i-1], r.Clock[i]
		if t.After(b.Real) {
			continue
		}
		share := float64(t.Sub(a.Real)) / float64(max(1, b.Real.Sub(a.Real)))
		return a.Story.Add(time.Duration(share * float64(b.Story.Sub(a.Story))))
	}
	return r.StoryEnd
}
