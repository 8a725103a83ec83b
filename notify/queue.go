// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Options say where a queue stands. Feed, Dir and Log must be set.
type Options struct {
	Feed string // findings.jsonl
	Dir  string // of the queue's own; it is made
	Log  *slog.Logger
	// Failing is told once when a contact was not reached for failingAfter, and with nil once it is reached again. It may be nil.
	Failing func(contact string, err error)

	now func() time.Time // for tests
}

// Tunables of sending.
const (
	look         = 250 * time.Millisecond // between two looks at the feed
	firstPause   = 2 * time.Second
	longestPause = 15 * time.Minute
	failingAfter = 5 * time.Minute
	oneSend      = 20 * time.Second
	queueMost    = 4096 // messages that wait; beyond them the least severe and oldest is given up, and counted
	lineMost     = 16 << 20
)

// state is what outlives the process.
type state struct {
	Offset     int64       `json:"offset"` // of the feed, read so far
	Stories    []*story    `json:"stories"`
	Deliveries []*delivery `json:"deliveries"`
	Lost       int64       `json:"lost"` // messages that were given up, ever
}

// delivery is one message on its way to one contact.
type delivery struct {
	Contact   string    `json:"contact"`
	NotBefore time.Time `json:"not_before"`
	Escalated bool      `json:"escalated,omitempty"` // dropped where somebody acknowledges the story before
	Message   Message   `json:"message"`
}

// Queue tells contacts of findings.
type Queue struct {
	o Options

	mu       sync.Mutex
	settings Settings
	state    state
	contacts map[string]*reach
	sent     int64
	failed   int64
	dirty    bool
	busy     sync.WaitGroup
}

// reach is how a contact is reached.
type reach struct {
	sending bool
	pause   time.Duration
	next    time.Time
	since   time.Time // of the first failure since it was reached last
	told    bool      // that it fails
	err     string
}

const stateName = "queue.json"

// Open opens a queue. A feed that it never read is read from its end on: nobody is told of what was found before anybody was to be told.
func Open(o Options, s Settings) (*Queue, error) {
	if o.now == nil {
		o.now = time.Now
	}
	q := &Queue{o: o, settings: s, contacts: map[string]*reach{}}
	if err := os.MkdirAll(filepath.Join(o.Dir, ackName), 0o700); err != nil {
		return nil, fmt.Errorf("notify: make the folder: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(o.Dir, stateName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if info, err := os.Stat(o.Feed); err == nil {
			q.state.Offset = info.Size()
		}
	case err != nil:
		return nil, fmt.Errorf("notify: read the queue: %w", err)
	default:
		if err := json.Unmarshal(b, &q.state); err != nil {
			return nil, fmt.Errorf("notify: read the queue: %w: move %s away to begin an empty one", err, filepath.Join(o.Dir, stateName))
		}
	}
	return q, q.save()
}

// Replace changes who is told and when. What waits for somebody who is a contact no more is given up.
func (q *Queue) Replace(s Settings) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settings = s
	for _, r := range q.contacts {
		r.next = time.Time{} // what was wrong may be mended
	}
	for i := 0; i < len(q.state.Deliveries); i++ {
		d := q.state.Deliveries[i]
		if q.contact(d.Contact) == nil {
			q.giveUp(i, "is a contact no more")
			i--
		}
	}
	q.dirty = true
}

func (q *Queue) contact(name string) *Contact {
	for i := range q.settings.Contacts {
		if q.settings.Contacts[i].Name == name {
			return &q.settings.Contacts[i]
		}
	}
	return nil
}

func (q *Queue) giveUp(i int, why string) {
	d := q.state.Deliveries[i]
	q.o.Log.Error("a notification was given up", "contact", d.Contact, "story", d.Message.Story, "severity", d.Message.Severity.String(), "why", why)
	q.state.Deliveries = slices.Delete(q.state.Deliveries, i, i+1)
	q.state.Lost++
	q.dirty = true
}

// Run reads the feed and sends, until ctx ends. What is not sent by then stays in the queue.
func (q *Queue) Run(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		q.step(ctx)
		select {
		case <-ctx.Done():
			q.busy.Wait()
			if err := q.saveDirty(); err != nil {
				q.o.Log.Error("the queue of notifications was not saved", "error", err)
			}
			return
		case <-tick.C:
		}
	}
}

// step reads what is new, saves, and begins to send what is due.
func (q *Queue) step(ctx context.Context) {
	if err := q.read(); err != nil {
		q.o.Log.Error("findings cannot be read to be told", "error", err)
	}
	if err := q.saveDirty(); err != nil { // a full disk: what is told now may be told twice after a restart, and that is better than not at all
		q.o.Log.Error("the queue of notifications was not saved", "error", err)
	}
	q.begin(ctx)
}

// read takes the lines that came to the feed.
func (q *Queue) read() error {
	f, err := os.Open(q.o.Feed)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	defer f.Close()
	q.mu.Lock()
	defer q.mu.Unlock()
	if info, err := f.Stat(); err != nil || info.Size() == q.state.Offset {
		return err
	} else if info.Size() < q.state.Offset {
		q.o.Log.Error("findings.jsonl is shorter than it was: what is in it is told anew")
		q.state.Offset = 0
	}
	if _, err := f.Seek(q.state.Offset, io.SeekStart); err != nil {
		return err
	}
	in := bufio.NewReaderSize(f, 256<<10)
	for {
		line, n, err := readLine(in)
		if err != nil { // also a line that is not whole yet
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		q.state.Offset += n
		q.dirty = true
		var one Finding
		if json.Unmarshal(line, &one) == nil && one.ID != "" {
			q.take(&one)
		}
	}
}

// readLine returns a whole line and its length; of one beyond lineMost the length alone.
func readLine(in *bufio.Reader) (line []byte, n int64, err error) {
	for {
		part, err := in.ReadSlice('\n')
		n += int64(len(part))
		if len(line)+len(part) <= lineMost {
			line = append(line, part...)
		}
		if err == nil {
			if n > int64(len(line)) {
				line = nil
			}
			return bytes.TrimSpace(line), n, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, n, err
		}
	}
}

// take puts what is to be told of a finding into the queue.
func (q *Queue) take(f *Finding) {
	if !slices.ContainsFunc(f.Changed, func(c string) bool { return c == "new" || c == "severity" || c == "withdrawn" || c == "back" }) {
		return // it grew
	}
	least := event.Critical + 1
	for i := range q.settings.Contacts {
		least = min(least, q.settings.Contacts[i].Least)
	}
	severity, ok := event.ParseSeverity(f.Severity)
	if !ok || severity < least {
		return
	}
	now := q.o.now()
	m := q.state.take(f, now)
	if m == nil {
		return
	}
	for i := range q.settings.Contacts {
		c := &q.settings.Contacts[i]
		if m.Severity < c.Least || f.Contact == c.Name { // who is not reached is not told of that
			continue
		}
		at := q.settings.until(now, m.Severity).Add(c.After)
		if !m.Withdrawn {
			at = q.supersede(c.Name, m.Story, at)
		}
		q.state.Deliveries = append(q.state.Deliveries, &delivery{Contact: c.Name, NotBefore: at, Escalated: c.After > 0, Message: *m})
	}
	for len(q.state.Deliveries) > queueMost {
		worst := 0
		for i, d := range q.state.Deliveries {
			if d.Message.Severity < q.state.Deliveries[worst].Message.Severity {
				worst = i
			}
		}
		q.giveUp(worst, "too many wait")
	}
}

// Put puts a message for one contact into the queue, and makes it durable.
func (q *Queue) Put(contact string, m Message) error {
	q.mu.Lock()
	q.state.Deliveries = append(q.state.Deliveries, &delivery{Contact: contact, NotBefore: q.settings.until(q.o.now(), m.Severity), Message: m})
	q.dirty = true
	q.mu.Unlock()
	return q.saveDirty()
}

// Settings returns who is told and when.
func (q *Queue) Settings() Settings {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.settings
}

// supersede drops what a contact was not told yet of a story that became more severe, and returns when it is to be told: no later than that.
func (q *Queue) supersede(contact, story string, at time.Time) time.Time {
	q.state.Deliveries = slices.DeleteFunc(q.state.Deliveries, func(d *delivery) bool {
		if d.Contact != contact || d.Message.Story != story {
			return false
		}
		if d.NotBefore.Before(at) {
			at = d.NotBefore
		}
		return true
	})
	return at
}

// begin starts to send, to each contact one message at a time, the most severe first.
func (q *Queue) begin(ctx context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.o.now()
	due := map[string]*delivery{}
	for i := 0; i < len(q.state.Deliveries); i++ {
		d := q.state.Deliveries[i]
		if now.Before(d.NotBefore) {
			continue
		}
		if d.Escalated && acknowledged(q.o.Dir, &d.Message) {
			q.state.Deliveries = slices.Delete(q.state.Deliveries, i, i+1)
			q.dirty = true
			i--
			continue
		}
		if at := q.settings.until(now, d.Message.Severity); at.After(now) { // quiet hours began while it waited
			d.NotBefore, q.dirty = at, true
			continue
		}
		if first := due[d.Contact]; first == nil || d.Message.Severity > first.Message.Severity && d.Message.Story != first.Message.Story {
			due[d.Contact] = d
		}
	}
	for name, d := range due {
		c := q.contact(name)
		r := q.contacts[name]
		if r == nil {
			r = &reach{}
			q.contacts[name] = r
		}
		if c == nil || r.sending || now.Before(r.next) || ctx.Err() != nil {
			continue
		}
		r.sending = true
		sender, m := c.Sender, d.Message
		q.busy.Go(func() { q.send(ctx, name, sender, d, &m) })
	}
}

// send sends one message and goes on with the next one where that went well.
func (q *Queue) send(ctx context.Context, name string, sender Sender, d *delivery, m *Message) {
	some, cancel := context.WithTimeout(ctx, oneSend)
	err := sender.Send(some, m)
	cancel()
	q.mu.Lock()
	r := q.contacts[name]
	r.sending = false
	now := q.o.now()
	failing, reached := false, false
	switch {
	case err == nil:
		q.state.Deliveries = slices.DeleteFunc(q.state.Deliveries, func(x *delivery) bool { return x == d })
		q.sent++
		q.dirty = true
		reached = r.told
		*r = reach{}
	case ctx.Err() != nil: // it stops: the message stays
	default:
		q.failed++
		if r.since.IsZero() {
			r.since = now
		}
		r.pause = min(max(2*r.pause, firstPause), longestPause)
		r.next, r.err = now.Add(r.pause), clean(err.Error(), 300)
		q.o.Log.Warn("a notification was not taken and is sent again", "contact", name, "story", m.Story, "in", r.pause, "error", r.err)
		if !r.told && now.Sub(r.since) >= failingAfter {
			r.told, failing = true, true
		}
	}
	text := r.err
	q.mu.Unlock()
	if saved := q.saveDirty(); saved != nil {
		q.o.Log.Error("the queue of notifications was not saved", "error", saved)
	}
	if q.o.Failing == nil {
		return
	}
	if failing {
		q.o.Failing(name, errors.New(text))
	}
	if reached {
		q.o.Failing(name, nil)
	}
}

// saveDirty saves where something changed.
func (q *Queue) saveDirty() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.dirty {
		return nil
	}
	return q.save()
}

// save replaces the state on disk as a whole.
func (q *Queue) save() error {
	b, err := json.Marshal(&q.state)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if err := replace(filepath.Join(q.o.Dir, stateName), b); err != nil {
		return fmt.Errorf("notify: save the queue: %w", err)
	}
	q.dirty = false
	return nil
}

// replace writes a file that is there as a whole or not at all.
func replace(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err = cmp.Or(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
