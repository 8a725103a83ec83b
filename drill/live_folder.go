// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// folderReceiver lets the logs of a folder grow as on an institute's share: lines are appended, logrotate renames and
// compresses at midnight of the story, and a job fetches each hour what the cloud has delivered meanwhile into a file of its
// own, which appears when it is complete.
type folderReceiver struct {
	*link
	dir   string
	logs  map[string]*growingLog
	order []*growingLog
	turn  int64 // the earliest end of a period of any log
	fetch int64 // the end of the hour whose cloud records are being gathered
	lines int64 // that are not in files yet
	at    *placed
}

// growingLog is one log of the folder.
type growingLog struct {
	p     *press
	ages  []int // of the files there are, oldest first; 0: the one in use
	moves [][2]string
	index int // of the period
	from  int64
	until int64
	path  string // of the file in use
	file  *os.File
	buf   []byte
	n     int64      // lines in buf
	first time.Time  // of the first of them
	batch []heldLine // cloud records of this hour
	made  []time.Time
}

func newFolderReceiver(k *link, dir string, r *run) *folderReceiver {
	f := &folderReceiver{link: k, dir: dir, logs: map[string]*growingLog{}, turn: 1 << 62, fetch: -1 << 62}
	for _, s := range r.l.sheets {
		g := &growingLog{p: s.out}
		f.logs[s.out.log] = g
		f.order = append(f.order, g)
	}
	return f
}

func (r *folderReceiver) open(context.Context) error {
	at, err := vacant(r.dir)
	if err != nil {
		return err
	}
	r.at = at
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return trouble(err, "フォルダ %s を作れません（%s）", "%s cannot be made: %s", r.dir, reason(err))
	}
	return nil
}

func (r *folderReceiver) send(ctx context.Context, l *Line) error {
	t := l.Time.UnixMicro()
	if t >= r.turn {
		if err := r.rotate(ctx, t); err != nil {
			return err
		}
	}
	if t >= r.fetch {
		if err := r.fetched(ctx); err != nil {
			return err
		}
		r.fetch = t - (t+jst)%hour + hour
	}
	g := r.logs[l.Log]
	r.lines++
	if g.p.shape.array {
		g.batch = append(g.batch, heldLine{log: l.Log, text: slices.Clone(l.Text), at: l.Time})
		g.made = append(g.made, l.made)
		return nil
	}
	if g.until == 0 {
		r.begin(g, t)
	}
	if g.n == 0 {
		g.first = l.Time
	}
	g.buf = append(append(g.buf, l.Text...), '\n')
	g.n++
	if len(g.buf) > 1<<17 {
		return r.try(ctx, func() error { return r.put(g) })
	}
	return nil
}

// begin makes the file in use that of the period which holds t.
func (r *folderReceiver) begin(g *growingLog, t int64) {
	g.index, g.from, g.until = g.p.periodOf(t)
	if g.p.shape.period == whole {
		g.until = 1 << 62
	}
	g.path = g.p.shape.path
	if g.p.shape.naming == dated { // what is compressed at the end of its period is not yet
		g.path = strings.TrimSuffix(g.p.dated(g.from), ".gz")
	}
	r.turn = min(r.turn, g.until)
}

// put appends what waits for a log to its file. What a full disk did not take is tried again from where it stopped.
func (r *folderReceiver) put(g *growingLog) error {
	if len(g.buf) == 0 {
		return nil
	}
	if g.file == nil {
		path := filepath.Join(r.dir, filepath.FromSlash(g.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("drill: make folder: %w", err)
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("drill: open log: %w", err)
		}
		g.file = f
		if !slices.Contains(g.ages, 0) {
			g.ages = append(g.ages, 0)
		}
	}
	n, err := g.file.Write(g.buf)
	if err != nil {
		g.buf = append(g.buf[:0], g.buf[n:]...)
		g.file.Close()
		g.file = nil
		return fmt.Errorf("drill: write %s: %w", g.path, err)
	}
	g.buf = g.buf[:0]
	r.lines -= g.n
	g.n = 0
	return nil
}

func (r *folderReceiver) flush(ctx context.Context, _ bool) error {
	for _, g := range r.order {
		if len(g.buf) == 0 {
			continue
		}
		if err := r.try(ctx, func() error { return r.put(g) }); err != nil {
			return err
		}
	}
	return nil
}

// rotate ends the periods that are over at t.
func (r *folderReceiver) rotate(ctx context.Context, t int64) error {
	r.turn = 1 << 62
	for _, g := range r.order {
		if g.until == 0 {
			continue
		}
		if g.until <= t {
			if err := r.try(ctx, func() error { return r.put(g) }); err != nil {
				return err
			}
			if g.file != nil {
				if err := g.file.Close(); err != nil {
					return fmt.Errorf("drill: close %s: %w", g.path, err)
				}
				g.file = nil
			}
			g.age(t)
			if err := r.try(ctx, func() error { return r.move(g) }); err != nil {
				return err
			}
			r.begin(g, t)
		}
		r.turn = min(r.turn, g.until)
	}
	return nil
}

// age notes which files of a log get other names in the period that holds t, oldest first.
func (g *growingLog) age(t int64) {
	now, _, _ := g.p.periodOf(t)
	switch g.p.shape.naming {
	case dated:
		if to := g.p.dated(g.from); to != g.path && len(g.ages) > 0 {
			g.moves = append(g.moves, [2]string{g.path, to})
		}
		g.ages = nil
	case suffixed:
		if len(g.ages) > 0 {
			g.moves = append(g.moves, [2]string{g.p.shape.path, g.p.suffixed(g.from)})
		}
		g.ages = nil
	default:
		for i, age := range g.ages {
			g.ages[i] = age + now - g.index
			g.moves = append(g.moves, [2]string{g.p.aged(age), g.p.aged(g.ages[i])})
		}
	}
}

// move renames what is to be renamed. Where it failed it can be called again.
func (r *folderReceiver) move(g *growingLog) error {
	for ; len(g.moves) > 0; g.moves = g.moves[1:] {
		if err := r.rename(g.moves[0][0], g.moves[0][1]); err != nil {
			return err
		}
	}
	return nil
}

// rename renames a file, and compresses it if its new name says so.
func (r *folderReceiver) rename(from, to string) error {
	from, to = filepath.Join(r.dir, filepath.FromSlash(from)), filepath.Join(r.dir, filepath.FromSlash(to))
	if filepath.Ext(to) != ".gz" || filepath.Ext(from) == ".gz" {
		if err := os.Rename(from, to); err != nil {
			return fmt.Errorf("drill: rotate log: %w", err)
		}
		return nil
	}
	if err := compress(from, to); err != nil {
		return fmt.Errorf("drill: compress log: %w", err)
	}
	if err := os.Remove(from); err != nil {
		return fmt.Errorf("drill: rotate log: %w", err)
	}
	return nil
}

func compress(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	part := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".part")
	out, err := os.Create(part)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err == nil {
		_, err = io.Copy(z, in)
		err = cmp.Or(err, z.Close())
	}
	if err = cmp.Or(err, out.Close()); err != nil {
		os.Remove(part)
		return err
	}
	return os.Rename(part, to)
}

// fetched writes the cloud records that have come in the hour that is over.
func (r *folderReceiver) fetched(ctx context.Context) error {
	for _, g := range r.order {
		if len(g.batch) == 0 {
			continue
		}
		if err := r.try(ctx, func() error { return r.page(g) }); err != nil {
			return err
		}
		r.lines -= int64(len(g.batch))
		g.batch, g.made = g.batch[:0], g.made[:0]
	}
	return nil
}

// page writes one file of cloud records: an array, newest first where the service answers so.
func (r *folderReceiver) page(g *growingLog) error {
	y, m, d := civil((r.fetch - hour + jst) / day)
	name := fmt.Sprintf("%04d-%02d-%02dT%02d", y, m, d, (r.fetch-hour+jst)/hour%24)
	path := filepath.Join(r.dir, filepath.FromSlash(strings.Replace(g.p.shape.path, "%s", name, 1)))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("drill: make folder: %w", err)
	}
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".part")
	if err := os.WriteFile(part, array(nil, g.batch, g.newestFirst()), 0o644); err != nil {
		os.Remove(part)
		return fmt.Errorf("drill: write cloud records: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("drill: write cloud records: %w", err)
	}
	return nil
}

// newestFirst returns the order in which the records of a batch are shown.
func (g *growingLog) newestFirst() []int {
	order := make([]int, len(g.batch))
	for i := range order {
		order[i] = i
	}
	if g.p.shape.newest {
		slices.SortStableFunc(order, func(a, b int) int { return g.made[b].Compare(g.made[a]) })
	}
	return order
}

// array appends records as one JSON array, one record a line, in the order given.
func array(b []byte, records []heldLine, order []int) []byte {
	b = append(b, '[')
	for n, i := range order {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(append(b, '\n'), records[i].text...)
	}
	return append(b, "\n]\n"...)
}

func (r *folderReceiver) close(ctx context.Context) error {
	err := cmp.Or(r.flush(ctx, true), r.fetched(ctx))
	for _, g := range r.order {
		if g.file != nil {
			err = cmp.Or(err, g.file.Close())
			g.file = nil
		}
	}
	return cmp.Or(err, r.shut())
}

func (r *folderReceiver) held() (int64, time.Time) {
	var first time.Time
	for _, g := range r.order {
		if g.n > 0 {
			first = earlier(first, g.first)
		}
		if len(g.batch) > 0 {
			first = earlier(first, g.batch[0].at)
		}
	}
	return r.lines, first
}

// earlier returns the earlier of two times, of which the first may be none yet.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
