// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sorted

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// source is a sorted sequence: a run on disk or an adder's memory.
type source interface {
	next() error // io.EOF after the last
	record() (event.Micros, []byte, []byte)
}

// memory reads the sorted index of an adder.
type memory struct {
	a *Adder
	i int
}

func (m *memory) next() error {
	if m.i == len(m.a.index) {
		return io.EOF
	}
	m.i++
	return nil
}

func (m *memory) record() (event.Micros, []byte, []byte) {
	e := m.a.index[m.i-1]
	content, ref := m.a.at(e)
	return e.time, content, ref
}

// sources opens everything that is to be merged.
func (s *Sorter) sources() []source {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]source, 0, len(s.runs)+len(s.adders))
	for _, r := range s.runs {
		all = append(all, &runReader{r: r})
	}
	for _, a := range s.adders {
		if len(a.index) > 0 {
			all = append(all, &memory{a: a})
		}
	}
	return all
}

// fanIn is how many runs are read at once.
func (s *Sorter) fanIn() int { return int(min(max(s.opt.Memory/4/runCost, 4), 256)) }

// reduce merges runs into fewer, longer ones until they can all be read at once.
func (s *Sorter) reduce(ctx context.Context) error {
	for len(s.runs) > s.fanIn() {
		f, err := s.create()
		if err != nil {
			return err
		}
		var longer []run
		var end int64
		for rest := s.runs; len(rest) > 0; {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(s.fanIn(), len(rest))
			r, err := s.mergeRuns(rest[:n], f, end)
			if err != nil {
				return err
			}
			end = r.start + r.size
			longer = append(longer, r)
			rest = rest[n:]
		}
		if err := s.keepOnly(f); err != nil {
			return s.explain("remove merged runs", err)
		}
		s.runs = longer
	}
	return nil
}

func (s *Sorter) mergeRuns(runs []run, f runFile, at int64) (run, error) {
	sources := make([]source, len(runs))
	for i, r := range runs {
		sources[i] = &runReader{r: r}
	}
	m, err := newMerger(sources)
	if err != nil {
		return run{}, err
	}
	w := newRunWriter(f, at)
	for !m.empty() {
		if err := w.write(m.top().record()); err != nil {
			return run{}, s.explain("merge sorted events", err)
		}
		if err := m.advance(); err != nil {
			return run{}, err
		}
	}
	r, err := w.finish()
	if err != nil {
		return run{}, s.explain("merge sorted events", err)
	}
	return r, nil
}

// keepOnly removes all temporary files but f.
func (s *Sorter) keepOnly(f io.ReaderAt) error {
	s.filesMu.Lock()
	defer s.filesMu.Unlock()
	var errs []error
	kept := s.files[:0]
	for _, t := range s.files {
		if t.File == f {
			kept = append(kept, t)
			continue
		}
		errs = append(errs, t.remove())
	}
	s.files = kept
	return errors.Join(errs...)
}

// merger is a tournament of sources. tree[0] holds the winner, tree[1:] the losers of each match; leaves are implied.
// A source that has ended loses every match.
type merger struct {
	sources []source
	heads   []head
	tree    []int
}

type head struct {
	time         event.Micros
	content, ref []byte
	ended        bool
}

func newMerger(sources []source) (*merger, error) {
	m := &merger{sources: sources, heads: make([]head, len(sources)), tree: make([]int, max(len(sources), 1))}
	for i := range sources {
		if err := m.pull(i); err != nil {
			return nil, err
		}
	}
	if len(sources) > 0 {
		m.tree[0] = m.play(1)
	}
	return m, nil
}

// play decides the matches below node and returns the winner; nodes from len(sources) on are leaves.
func (m *merger) play(node int) int {
	k := len(m.sources)
	if node >= k {
		return node - k
	}
	a, b := m.play(2*node), m.play(2*node+1)
	if m.less(b, a) {
		a, b = b, a
	}
	m.tree[node] = b
	return a
}

func (m *merger) pull(i int) error {
	err := m.sources[i].next()
	if err == io.EOF {
		m.heads[i] = head{ended: true}
		return nil
	}
	if err != nil {
		return err
	}
	t, content, ref := m.sources[i].record()
	m.heads[i] = head{time: t, content: content, ref: ref}
	return nil
}

func (m *merger) less(i, j int) bool {
	a, b := &m.heads[i], &m.heads[j]
	if a.ended || b.ended {
		return !a.ended
	}
	if c := cmp.Compare(a.time, b.time); c != 0 {
		return c < 0
	}
	if c := bytes.Compare(a.content, b.content); c != 0 {
		return c < 0
	}
	return bytes.Compare(a.ref, b.ref) < 0
}

func (m *merger) empty() bool { return len(m.sources) == 0 || m.heads[m.tree[0]].ended }

func (m *merger) top() source { return m.sources[m.tree[0]] }

// advance drops the first record and finds the next.
func (m *merger) advance() error {
	w := m.tree[0]
	if err := m.pull(w); err != nil {
		return err
	}
	for node := (w + len(m.sources)) / 2; node >= 1; node /= 2 {
		if m.less(m.tree[node], w) {
			m.tree[node], w = w, m.tree[node]
		}
	}
	m.tree[0] = w
	return nil
}

// deliver decodes in one goroutine while the caller works on the batch before, and returns the number of duplicates.
func deliver(ctx context.Context, m *merger, size int, want wanted, yield func([]event.Event) error) (repeats, error) {
	ctx, stop := context.WithCancel(ctx)
	free, full := make(chan *event.Batch, 3), make(chan *event.Batch, 3)
	for range cap(free) {
		free <- &event.Batch{Events: make([]event.Event, 0, size)}
	}
	var dups repeats
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(full)
		dups, failed = fill(ctx, m, size, want, free, full)
	}()
	defer func() {
		stop()
		<-done
	}()
	for b := range full {
		if err := yield(b.Events); err != nil {
			return repeats{}, err
		}
		b.Reset()
		free <- b
	}
	if failed == nil {
		failed = ctx.Err()
	}
	return dups, failed
}

func fill(ctx context.Context, m *merger, size int, want wanted, free <-chan *event.Batch, full chan<- *event.Batch) (dups repeats, err error) {
	d := newDecoder()
	var b *event.Batch
	var last []byte // content of the unique event before
	var at event.Micros
	var first uint32 // the input that it came from
	for !m.empty() {
		if b == nil {
			select {
			case b = <-free:
			case <-ctx.Done():
				return dups, ctx.Err()
			}
		}
		h := &m.heads[m.tree[0]]
		if h.time == at && unique(h.content) && bytes.Equal(h.content, last) {
			dups.add(inputOf(h.ref), first)
		} else {
			if want.has(h.content) {
				if err := d.decode(b, h.time, h.content, h.ref); err != nil {
					return dups, err
				}
			}
			at, last = h.time, last[:0]
			if unique(h.content) {
				last, first = append(last, h.content...), inputOf(h.ref)
			}
		}
		if len(b.Events) >= size {
			full <- b // has room for all batches there are
			b = nil
		}
		if err := m.advance(); err != nil {
			return dups, err
		}
	}
	if b != nil && len(b.Events) > 0 {
		full <- b
	}
	return dups, nil
}

// repeats counts the events that came more than once.
type repeats struct {
	n  int64
	of map[[2]uint32]int64 // by the input of the repeat and that of the event which was handed out
}

// maxRepeats bounds the pairs of inputs that are told apart.
const maxRepeats = 1 << 16

func (r *repeats) add(input, first uint32) {
	r.n++
	pair := [2]uint32{input, first}
	if _, known := r.of[pair]; !known && len(r.of) == maxRepeats {
		return
	}
	if r.of == nil {
		r.of = map[[2]uint32]int64{}
	}
	r.of[pair]++
}

// inputOf returns the input that an encoded place begins with.
func inputOf(ref []byte) uint32 {
	r := reader{b: ref, ok: true}
	return uint32(r.ordered())
}

// list returns what was counted, in order.
func (r *repeats) list() []Repeat {
	out := make([]Repeat, 0, len(r.of))
	for pair, n := range r.of {
		out = append(out, Repeat{pair[0], pair[1], n})
	}
	slices.SortFunc(out, func(a, b Repeat) int { return cmp.Or(cmp.Compare(a.Input, b.Input), cmp.Compare(a.First, b.First)) })
	return out
}

// wanted says which classes are to be handed out, one bit for each.
type wanted uint64

func wantedOf(classes []event.Class) wanted {
	if len(classes) == 0 {
		return ^wanted(0)
	}
	var w wanted
	for _, c := range classes {
		w |= 1 << c
	}
	return w
}

// has reads the class of encoded content without decoding it; what is damaged is left to the decoder to refuse.
func (w wanted) has(content []byte) bool {
	return w == ^wanted(0) || len(content) < fixed || content[0] > 63 || w&(1<<content[0]) != 0
}

// unique reads the flag of encoded content without decoding it.
func unique(content []byte) bool {
	return len(content) >= fixed && content[fixed-1]&byte(hasUnique) != 0
}
