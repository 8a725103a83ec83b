// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/intake"
	"github.com/sekisho/sekisho/store/duckdb"
)

// errEnough ends the reading of a sample.
var errEnough = errors.New("enough")

// sniffed is how many bytes of a file are looked at to recognise it.
const sniffed = 256 << 10

// input is one file on its way: what it is, how it is to be read, and what came of it.
type input struct {
	file          intake.File
	number        uint32 // in canonical order of paths
	settings      config.Settings
	order         []*formats.Format // recognised ones first, then the others
	primary       *formats.Format   // nil: nothing was recognised
	confidence    float64
	framing       event.Framing
	recognised    int
	guesses       []formats.Guess // from the content
	named         *formats.Format // by a person; nil: the content decided
	sampled       int             // records that were looked at
	example       []byte          // the beginning of the first of them, where none was recognised
	unknownFormat string          // named in the profile, and not known

	stamps   intake.Stamps // of a log without years
	yearless bool
	turns    int // New Years between the first record of its rotated log and its own
	year     int
	yearFrom string
	latest   int // the last year that is believed of records which write theirs, to tell that of those which do not; 0: year tells all
	zone     *time.Location
	zoneName string
	zoneFrom string
	glance   formats.Civil // the first record's time, if the record shows one
	glanced  bool
	firstAt  event.Micros      // a guess at the first record's moment: orders the pieces of a rotated log
	head     [sha256.Size]byte // of how the content begins; zero where it is empty or cannot be read
	copyOf   *input            // whose content this file repeats; it is not read again
	tally    tally
}

// plan decides how each file is read, before any is: formats from content, years and zones from the profile, the files' own
// order, their times and their neighbours. The result depends on the set of files alone.
type plan struct {
	inputs  []*input
	streams [][]*input // each read by one parser, in order; largest first
	bounds  bounds     // of the records that are not astray, once all are read
}

func newPlan(ctx context.Context, found *intake.Inputs, o *Options, all []formats.Format) (*plan, error) {
	p := &plan{}
	for i, f := range found.Files {
		in := &input{file: f, number: uint32(i), settings: o.Profile.Settings(f.Path)}
		p.inputs = append(p.inputs, in)
	}
	if err := p.recogniseAll(ctx, o, all); err != nil {
		return nil, err
	}
	if err := p.findCopies(ctx); err != nil {
		return nil, err
	}
	p.decideZones(o)
	p.decideYears(o)
	p.makeStreams()
	return p, nil
}

// tables returns what reads Parquet files: only the store can, and intake does not know it.
func tables(temp string, memory int64) func(context.Context, string, io.Writer) error {
	return func(ctx context.Context, path string, to io.Writer) error {
		return duckdb.Parquet(ctx, path, duckdb.ReadOptions{Temp: temp, Memory: memory * 3 / 16, Threads: 1}, to)
	}
}

// recogniseAll looks at the heads of all files, several at a time.
func (p *plan) recogniseAll(ctx context.Context, o *Options, all []formats.Format) error {
	var next atomic.Int64
	errs := make([]error, len(p.inputs))
	var wg sync.WaitGroup
	for range min(cmp.Or(o.Jobs, runtime.GOMAXPROCS(0)), len(p.inputs)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(p.inputs)); i = next.Add(1) - 1 {
				errs[i] = p.inputs[i].recognise(ctx, o, all)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // one is enough: a flag that names no format is wrong for every file
		}
	}
	return nil
}

// recognise looks at the head of a file. A file that cannot be opened or unpacked stays in the plan: reading it will say why.
func (in *input) recognise(ctx context.Context, o *Options, all []formats.Format) error {
	if in.file.Archive != intake.NoArchive {
		return nil // it is read for its digest; what is in it are inputs of their own
	}
	src, err := intake.Open(in.file, intake.Options{})
	if err != nil {
		in.order = pointers(all)
		return nil
	}
	defer src.Close()
	head, _ := src.Head(sniffed)
	if len(head) > 0 {
		in.head = sha256.Sum256(head[:min(len(head), headBytes)])
	}
	recs, framing := sample(ctx, src, head)
	in.framing = framing
	guesses := formats.Recognise(all, recs)
	in.guesses, in.sampled = guesses, len(recs)
	if len(guesses) == 0 && len(recs) > 0 {
		in.example = bytes.Clone(recs[0][:min(len(recs[0]), 1<<10)])
	}
	name, flag := in.forced(o)
	if f, ok := formats.Named(all, name); ok {
		in.named = f
		guesses = append([]formats.Guess{{Format: f, Confidence: 1, Records: 1}}, guesses...)
	} else if flag {
		return fmt.Errorf("node: format %q for %s: there is none of that name: %s", name, in.file.Path, names(all))
	} else if name != "" {
		in.unknownFormat = name // the profile may be of a newer Sekisho: what the content says counts
	}
	if len(guesses) > 0 {
		in.primary, in.confidence, in.recognised = guesses[0].Format, guesses[0].Confidence, len(guesses)
		in.framing = in.primary.Framing
		if framing != event.FrameLines || in.framing == event.FrameCSV {
			in.framing = framingOf(head, in.primary.Framing, framing)
		}
	}
	in.order = orderOf(all, guesses)
	for _, r := range recs {
		t, ok := formats.Glance(r)
		if ok && !in.glanced {
			in.glance, in.glanced = t, true
		}
		if ok && t.Year == 0 { // one such record is enough: what else stands in the file has a year of its own
			in.yearless = true
			break
		}
	}
	if in.yearless || !in.glanced && in.framing == event.FrameLines { // a long preamble hides the stamps from the sample
		if in.stamps, err = intake.ScanStamps(ctx, src); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		in.yearless = in.stamps.Stamped > 0
		in.glanced = in.glanced || in.yearless
	}
	return nil
}

// forced returns the format that a person named for the file, and whether by a flag.
func (in *input) forced(o *Options) (name string, flag bool) {
	for _, f := range o.Formats {
		if config.Match(f.Glob, in.file.Path) {
			return f.Name, true
		}
	}
	return in.settings.Format, false
}

func names(all []formats.Format) string {
	var out []string
	for i := range all {
		out = append(out, all[i].Name)
	}
	return strings.Join(slices.Compact(out), ", ")
}

// sample cuts the head of a file into records as far as that is needed to recognise it, and says how it seems to be framed.
func sample(ctx context.Context, src *intake.Source, head []byte) ([][]byte, event.Framing) {
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	framing, certain := intake.FramingOf(head)
	if !certain && len(trimmed) > 1 && (trimmed[0] == '{' || trimmed[0] == '[' && jsonFollows(trimmed[1:])) {
		framing = event.FrameJSON
	}
	var recs [][]byte
	if framing == event.FrameLines && tableBegins(trimmed) {
		framing = event.FrameCSV
	}
	if framing != event.FrameLines {
		size := 0
		_ = src.Records(ctx, framing, func(r *event.Record) error { // what is wrong with the file is said when it is read
			recs = append(recs, bytes.Clone(r.Data))
			if size += len(r.Data); size > sniffed || len(recs) >= 400 {
				return errEnough
			}
			return nil
		})
		return recs, framing
	}
	for len(trimmed) > 0 && len(recs) < 400 {
		line, rest, _ := bytes.Cut(trimmed, []byte("\n"))
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) > 0 && (len(rest) > 0 || len(recs) == 0 || len(head) < sniffed) { // the last may be cut where the head is
			recs = append(recs, line)
		}
		trimmed = rest
	}
	return recs, framing
}

// tableBegins says whether one of the first lines names the columns of a table whose rows bring something else.
func tableBegins(head []byte) bool {
	for range 3 {
		line, rest, ok := bytes.Cut(head, []byte("\n"))
		if formats.Table(line) {
			return true
		}
		if !ok {
			break
		}
		head = rest
	}
	return false
}

// jsonFollows says whether what stands behind a bracket begins a JSON array: a web log's time does not.
func jsonFollows(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == ']')
}

// framingOf settles between what the format's files usually are and what this one looks like: JSON formats also come as CSV.
func framingOf(head []byte, format, seen event.Framing) event.Framing {
	if seen != event.FrameLines {
		return seen
	}
	if format == event.FrameJSON {
		if line, _, _ := bytes.Cut(head, []byte("\n")); bytes.Count(line, []byte(",")) >= 2 && !bytes.HasPrefix(bytes.TrimSpace(line), []byte("{")) {
			return event.FrameCSV
		}
		return event.FrameLines
	}
	return format
}

func pointers(all []formats.Format) []*formats.Format {
	out := make([]*formats.Format, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}

func orderOf(all []formats.Format, guesses []formats.Guess) []*formats.Format {
	var out []*formats.Format
	for _, g := range guesses {
		if !slices.Contains(out, g.Format) {
			out = append(out, g.Format)
		}
	}
	for i := range all {
		if !slices.Contains(out, &all[i]) {
			out = append(out, &all[i])
		}
	}
	return out
}

// rotation matches what rotation hangs on a name: .1, .2.gz, -20250701, .2025-07-01.log, _001.
var rotation = regexp.MustCompile(`(?i)([._-](\d{1,3}|\d{8}([T_-]?\d{2,6})?|\d{4}-\d{2}(-\d{2})?(T?\d{2,6})?|old|gz|zst))+(\.(log|txt|json|ndjson|csv|gz|zst))*$|\.(gz|zst)$`)

// makeStreams puts the pieces of a rotated log together: the same folder, the same name but for the rotation, the same format.
// Pieces are read in order of time by one parser, so that a connection that began in one is known in the next.
func (p *plan) makeStreams() {
	by := map[string][]*input{}
	var keys []string
	for _, in := range p.inputs {
		if in.copyOf != nil {
			if in.tally.err == nil { // or it breaks off, too: what it would hold beyond, nobody has seen
				in.tally.status = "duplicate"
			}
			continue
		}
		key := "\x00" + in.file.Path
		if in.primary != nil && in.framing == event.FrameLines {
			key = in.pieceOf()
		}
		if by[key] == nil {
			keys = append(keys, key)
		}
		by[key] = append(by[key], in)
	}
	for _, k := range keys {
		s := by[k]
		slices.SortStableFunc(s, func(a, b *input) int {
			return cmp.Or(cmp.Compare(a.firstAt, b.firstAt), strings.Compare(a.file.Path, b.file.Path))
		})
		p.streams = append(p.streams, s)
	}
	slices.SortStableFunc(p.streams, func(a, b [](*input)) int { return cmp.Compare(sizeOf(b), sizeOf(a)) })
}

func sizeOf(s []*input) (n int64) {
	for _, in := range s {
		n += in.file.Size
	}
	return n
}

// unread counts the inputs that hold records which nobody has seen: not to be opened, not to be unpacked, or cut off; likewise
// members of archives.
func (p *plan) unread(problems []intake.Problem) (n int) {
	for i := range problems {
		switch problems[i].Kind {
		case intake.Encrypted, intake.Unknown, intake.Unfolds, intake.Broken, intake.Cut:
			n++
		}
	}
	for _, in := range p.inputs {
		switch in.tally.status {
		case "unreadable", "unsupported", "truncated":
			n++
		}
	}
	return n
}
