// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"
)

// Line is one line of one log at the moment at which the log gets it.
type Line struct {
	Log  string    // the log's path below the logs folder without what rotation adds: ldap/slapd.log, cloud/signins.json
	Kind string    // one of Logs
	Time time.Time // UTC; for cloud records that the service delivers late, when it delivers them
	Text []byte    // without its newline, in JSON logs one object; it is the reader's until the function returns

	made time.Time // when what it tells happened, if an exercise lets it come late
}

// Stream makes a drill and hands each of its lines to each, in the order of time over all logs; lines of one time come in the
// order of their logs. Nothing is written and little is held: an hour or two of the story, less where there is much in it. The lines of a log are those
// that Generate writes to its files, in the same order, but for logs that are queried newest first (signins): these come
// oldest first. If each returns an error, or ctx ends, the drill ends with it. each runs in the caller's goroutine; Progress
// of the options does not.
func Stream(ctx context.Context, o Options, each func(Line) error) (*Truth, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	r, err := newRun("", o)
	if err != nil {
		return nil, err
	}
	if err := r.stream(ctx, each); err != nil {
		return nil, err
	}
	return r.truth(), nil
}

// stream performs the story in another goroutine and reads it in this one.
func (r *run) stream(ctx context.Context, each func(Line) error) error {
	room := &streamRoom{jobs: make(chan []chunk, 1)}
	performed := make(chan error, 1)
	go func() {
		err := r.performAll(ctx, room)
		close(room.jobs)
		performed <- err
	}()
	for chunks := range room.jobs {
		if room.failed() == nil {
			if err := merge(chunks, each); err != nil {
				room.fail(err)
			}
		}
		for _, c := range chunks {
			c.giveBack()
		}
	}
	err := <-performed
	return cmp.Or(room.stop(), err)
}

// streamRoom hands the lines of each slot of time, from all logs at once, to the reader.
type streamRoom struct {
	jobs chan []chunk

	mu  sync.Mutex
	err error
}

// fullRoom is the size of all sheets together at which they are read before the hour ends.
const fullRoom = 8 << 20

func (p *streamRoom) collect(sheets []*sheet, upto int64, all bool) {
	held := 0
	for _, s := range sheets {
		held += len(s.buf)
	}
	if !all && held < fullRoom {
		return
	}
	var chunks []chunk
	for _, s := range sheets {
		if c := s.take(upto); len(c.marks) > 0 {
			chunks = append(chunks, c)
		}
	}
	if len(chunks) > 0 {
		p.jobs <- chunks
	}
}

func (p *streamRoom) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *streamRoom) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = cmp.Or(p.err, err)
}

func (p *streamRoom) stop() error { return p.failed() }

// merge hands on the lines of several logs' chunks of the same stretch of time, oldest first. There are some tens of logs at
// most, so the next line is looked for in all of them.
func merge(chunks []chunk, each func(Line) error) error {
	for i := range chunks {
		chunks[i].order()
	}
	next := make([]int, len(chunks))
	for {
		best := -1
		for i, c := range chunks {
			if next[i] < len(c.marks) && (best < 0 || c.marks[next[i]].t < chunks[best].marks[next[best]].t) {
				best = i
			}
		}
		if best < 0 {
			return nil
		}
		c := &chunks[best]
		m := c.marks[next[best]]
		next[best]++
		c.out.count()
		if err := each(Line{Log: c.out.log, Kind: c.out.kind, Time: utc(m.t), Text: c.buf[m.off : m.off+m.n : m.off+m.n]}); err != nil {
			return err
		}
	}
}

// count counts a line that goes to a reader instead of a file.
func (p *press) count() {
	if len(p.files) == 0 {
		p.files = []File{{Path: p.log, Kind: p.kind}}
	}
	p.files[0].Lines++
}

// logName is the path of a log without what rotation adds.
func logName(path string) string {
	return strings.TrimSuffix(strings.Replace(path, "-%s", "", 1), ".gz")
}
