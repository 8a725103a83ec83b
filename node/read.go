// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/identity"
	"github.com/sekisho/sekisho/intake"
	"github.com/sekisho/sekisho/vault"
)

// tally is what came of reading one input.
type tally struct {
	stats    intake.Stats
	parsed   int64
	unparsed int64
	events   int64
	days     dayTallies
	first    event.Micros // of what is not astray; see plan.settle
	last     event.Micros
	astray   *cases.Astray
	taken    []formats.Guess
	samples  []string
	sum      vault.Sum
	status   string // "": read to its end
	err      error
	noYear   int64 // records that needed the assumed year
	noZone   int64
	doubtful int64 // of these, with a zone whose letters stand for several
}

const (
	maxSamples   = 5
	sampleBytes  = 200
	batchEvents  = 4096
	unparsedLine = 64 << 10 // bytes of a record that unparsed.log shows
)

// reading is the first pass: bytes to events, into the sorter.
type reading struct {
	plan     *plan
	o        *Options
	sorter   *sorted.Sorter
	dir      string // for unparsed records on their way
	read     atomic.Int64
	total    int64
	latest   int32        // day after which no record can have been made
	failed   atomic.Int64 // records nobody took
	posts    atomic.Int64 // forms sent to web servers, and
	relayed  atomic.Int64 // logins that a front end relayed: with both there is something to join
	leases   atomic.Int64 // records that say who had an address
	crossed  atomic.Int64 // connections through a box that translates, requests through a proxy
	ported   atomic.Int64 // logins from a port of an outside address: it may tell which of several homes behind it
	progress func(Progress)
	early    *early  // nil: no look before the end
	rules    *ruling // nil: there are none
}

// run reads all streams with as many workers as there are jobs. An interrupted context ends the reading early and is no
// error: what was read is kept and the inputs say that they were interrupted.
func (r *reading) run(ctx context.Context) error {
	next := make(chan []*input)
	go func() {
		defer close(next)
		for _, s := range r.plan.streams {
			next <- s // workers drain it, interrupted or not, so that every input gets a status
		}
	}()
	var wg sync.WaitGroup
	errs := make([]error, r.o.Jobs)
	for i := range r.o.Jobs {
		wg.Go(func() {
			w := &reader{reading: r, adder: r.sorter.Adder(), buffers: &intake.Buffers{}, rule: r.rules.reader()}
			for s := range next {
				if errs[i] == nil {
					errs[i] = w.stream(ctx, s)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// reader is one worker.
type reader struct {
	*reading
	adder   *sorted.Adder
	buffers *intake.Buffers
	rule    *ruleReader // nil: no rule wants to see records
	batch   event.Batch
	current *input
	lost    *bufio.Writer
	lostTo  *os.File
}

// stream reads the pieces of one log, in order, with one set of parsers.
func (w *reader) stream(ctx context.Context, pieces []*input) error {
	if pieces[0].file.Archive != intake.NoArchive {
		return w.archive(ctx, pieces[0])
	}
	clock := &formats.Clock{}
	env := &formats.Env{Clock: clock, Intern: formats.NewInterner(), Host: pieces[0].settings.Host}
	rd := formats.NewReader(pieces[0].order, env)
	w.rule.begin(env, rd, pieces[0])
	for _, in := range pieces {
		if ctx.Err() != nil {
			in.tally.status = "interrupted"
			continue
		}
		clock.Begin(in.zone, in.year, in.settings.ClockOffset)
		clock.Latest = in.latest
		rd.SetInput(in.number)
		if err := w.piece(ctx, in, rd, clock); err != nil {
			return err
		}
	}
	last := pieces[len(pieces)-1]
	w.current = last
	rd.Flush(&w.batch)
	if err := w.flush(); err != nil {
		return err
	}
	if len(pieces) == 1 {
		last.tally.taken = rd.Taken()
	}
	return nil
}

// open opens an input, which is digested and reported while it is read; nil if it cannot be opened, which its tally says then.
func (w *reader) open(in *input) (*intake.Source, *vault.Digest) {
	digest := vault.NewDigest()
	var before int64
	src, err := intake.Open(in.file, intake.Options{Raw: digest, Buffers: w.buffers, Progress: func(n, _ int64) {
		w.read.Add(n - before)
		before = n
		w.report(in)
	}})
	if err != nil {
		in.tally.status, in.tally.err = "unreadable", err
		return nil, nil
	}
	return src, digest
}

// archive reads an archive for its digest: its members are inputs of their own.
func (w *reader) archive(ctx context.Context, in *input) error {
	src, digest := w.open(in)
	if src == nil {
		return nil
	}
	defer src.Close()
	err := src.Digest(ctx)
	in.tally.stats, in.tally.sum = src.Stats(), digest.Sum()
	if err = w.ended(ctx, in, err); err == nil && in.tally.status == "" {
		in.tally.status = "archive"
	}
	return err
}

// piece reads one file. Errors of the file itself are kept in its tally; the returned error is one that ends the run.
func (w *reader) piece(ctx context.Context, in *input, rd *formats.Reader, clock *formats.Clock) error {
	w.current = in
	in.tally.status, in.tally.err = "", nil // whatever was met when copies were looked for
	defer w.closeLost()
	src, digest := w.open(in)
	if src == nil {
		return nil
	}
	defer src.Close()
	before0, zone0, doubt0 := clock.AssumedYear, clock.AssumedZone, clock.DoubtfulZone
	err := src.Records(ctx, in.framing, func(rec *event.Record) error { return w.record(in, rd, rec) })
	in.tally.noYear, in.tally.noZone, in.tally.doubtful = clock.AssumedYear-before0, clock.AssumedZone-zone0, clock.DoubtfulZone-doubt0
	in.tally.stats = src.Stats()
	in.tally.sum = digest.Sum()
	if ferr := w.flush(); ferr != nil {
		return ferr
	}
	return w.ended(ctx, in, err)
}

func (w *reader) ended(ctx context.Context, in *input, err error) error {
	switch {
	case err == nil && in.tally.stats.Cut > 0:
		in.tally.status = "truncated"
	case err == nil:
		if in.tally.parsed == 0 && in.tally.stats.Records > 0 {
			in.tally.status = "not-understood"
		}
	case ctx.Err() != nil:
		in.tally.status = "interrupted"
	case errors.Is(err, errFatal):
		return err
	default:
		in.tally.status, in.tally.err = brokenStatus(err), err
	}
	return nil
}

// brokenStatus is the case's word for why an input was not read to its end.
func brokenStatus(err error) string {
	var broken *intake.BrokenError
	switch {
	case !errors.As(err, &broken):
		return "unreadable"
	case errors.Is(err, intake.ErrUnsupported):
		return "unsupported"
	case errors.Is(err, intake.ErrChanged):
		return "changed"
	}
	return "truncated"
}

// errFatal marks errors that end the run: no room for events or for what could not be read.
var errFatal = errors.New("cannot go on")

func (w *reader) record(in *input, rd *formats.Reader, rec *event.Record) error {
	before := len(w.batch.Events)
	err := rd.Read(rec, &w.batch)
	if err := w.rule.record(rec, rd, err, w.batch.Events[min(before, len(w.batch.Events)):]); err != nil {
		return fmt.Errorf("%w: %w", errFatal, err)
	}
	if err != nil {
		in.tally.unparsed++
		w.failed.Add(1)
		if err := w.lose(in, rec, err); err != nil {
			return fmt.Errorf("%w: %w", errFatal, err)
		}
		return nil
	}
	in.tally.parsed++
	if len(w.batch.Events) >= batchEvents {
		if err := w.flush(); err != nil {
			return fmt.Errorf("%w: %w", errFatal, err)
		}
	}
	return nil
}

// flush hands the batch to the sorter.
func (w *reader) flush() error {
	t := &w.current.tally
	for i := range w.batch.Events {
		e := &w.batch.Events[i]
		t.days.add(e, w.latest)
		switch {
		case e.Class == event.ClassHTTP && e.Activity == event.ActSend:
			w.posts.Add(1)
		case e.Class == event.ClassAuthentication && e.SrcIsRelay:
			w.relayed.Add(1)
		}
		if identity.Ported(e) {
			w.ported.Add(1)
		}
		switch e.Class {
		case event.ClassLease, event.ClassAuthentication:
			if _, _, ok := event.LeaseOf(e); ok {
				w.leases.Add(1)
			}
		case event.ClassNetwork:
			if _, _, ok := identity.Outside(e); ok {
				w.crossed.Add(1)
			}
		case event.ClassHTTP:
			if e.Service == "proxy" {
				w.crossed.Add(1)
			}
		}
		if err := w.adder.Add(e); err != nil {
			return err
		}
	}
	if w.early != nil {
		w.early.look(w.batch.Events)
	}
	t.events += int64(len(w.batch.Events))
	w.batch.Reset()
	return nil
}

// lose keeps a record that no parser took, in a file of its input's own until all are joined.
func (w *reader) lose(in *input, rec *event.Record, why error) error {
	if w.lost == nil {
		f, err := os.Create(lostPath(w.dir, in.number))
		if err != nil {
			return err
		}
		w.lostTo, w.lost = f, bufio.NewWriterSize(f, 64<<10)
	}
	text := visible(rec.Data[:min(len(rec.Data), unparsedLine)])
	if len(in.tally.samples) < maxSamples {
		in.tally.samples = append(in.tally.samples, fmt.Sprintf("line %d: %v: %s", rec.Line, why, cutText(text, sampleBytes)))
	}
	_, err := fmt.Fprintf(w.lost, "%s:%d: %v: %s\n", visible([]byte(in.file.Path)), rec.Line, why, text)
	return err
}

func (w *reader) closeLost() {
	if w.lost == nil {
		return
	}
	err := errors.Join(w.lost.Flush(), w.lostTo.Close())
	if err != nil && w.current.tally.err == nil {
		w.current.tally.err = err
	}
	w.lost, w.lostTo = nil, nil
}

func lostPath(dir string, number uint32) string {
	return filepath.Join(dir, fmt.Sprintf(".unparsed-%08d", number))
}

// joinLost writes unparsed.log: the kept records in order of path and line.
func joinLost(dir string, inputs []*input) error {
	out, err := os.Create(filepath.Join(dir, "unparsed.log"))
	if err != nil {
		return err
	}
	defer out.Close()
	for _, in := range inputs {
		p := lostPath(dir, in.number)
		f, err := os.Open(p)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = io.Copy(out, f)
		f.Close()
		if err != nil {
			return fmt.Errorf("node: write unparsed.log: %w", err)
		}
		if err := os.Remove(p); err != nil {
			return err
		}
	}
	return out.Close()
}

// visible returns bytes as text in which nothing can act on a terminal: control characters, characters that turn the direction of
// writing, and bytes that are no UTF-8 are written as \\u0000 and \\x00; everything else stands as it is.
func visible(b []byte) string {
	clean := true
	for _, c := range b {
		clean = clean && c >= 0x20 && c < 0x7f
	}
	if clean {
		return string(b)
	}
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n <= 1:
			out = fmt.Appendf(out, "\\x%02x", b[0])
		case r == '\t':
			out = append(out, '\t')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029:
			out = fmt.Appendf(out, "\\u%04x", r)
		default:
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return string(out)
}

func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

func (r *reading) report(in *input) {
	if r.progress != nil {
		p := Progress{Phase: "read", Done: r.read.Load(), Total: r.total, Path: in.file.Path, At: time.Now()}
		if r.early != nil {
			p.Interim = r.early.due(p.At)
		}
		r.progress(p)
	}
}
