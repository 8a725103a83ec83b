// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
	"github.com/sekisho/sekisho/sigma"
)

// ruling is Sigma rules at work in an investigation. While records are read they are shown to rules under the names of their product,
// and what matches waits, sorted, outside of the memory if need be. When the events come by in order they are shown to the rules' detector, with
// the waiting matches behind the events of their moment, as the live watch shows them. Nothing of it is weighed in the scope. A nil ruling has
// no rules.
type ruling struct {
	book    *ruleBook
	waiting *sorted.Sorter // matches of native rules; nil: there are no such rules

	// Of the pass over all events, which one goroutine makes:
	know   *knower
	watch  *ruleWatch
	next   func() (*event.Event, bool)
	stop   func()
	ahead  *event.Event // the next waiting match
	failed error
}

// newRuling reads the rules that an investigation is given, and makes them ready; nil where there are none.
func newRuling(o *Options, dir string) (*ruling, error) {
	if len(o.Rules) == 0 {
		return nil, nil
	}
	set, err := LoadRules(o.Rules, o.Values)
	if err != nil {
		return nil, err
	}
	if len(set.Rules) == 0 {
		err = errors.New("node: read the rules: there is no rule that can be used")
		for i, e := range set.Errors {
			if i == maxTold {
				break
			}
			err = errors.Join(err, e)
		}
		return nil, err
	}
	r := &ruling{book: newRuleBook(set)}
	r.watch = r.book.watch()
	if r.book.native != nil {
		r.waiting = sorted.New(sorted.Options{Dir: dir, Memory: o.Memory / 24, Adders: o.Jobs})
	}
	return r, nil
}

// refused returns the rules that could not be used.
func (r *ruling) refused() []*sigma.Error {
	if r == nil {
		return nil
	}
	return r.book.set.Errors
}

func (r *ruling) close() {
	if r != nil && r.waiting != nil {
		r.waiting.Close()
	}
}

// reader returns what a worker shows records to; nil where no rule wants them.
func (r *ruling) reader() *ruleReader {
	if r == nil || r.waiting == nil {
		return nil
	}
	return r.book.reader(r.waiting.Adder().Add)
}

// begin opens the waiting matches.
func (r *ruling) begin(ctx context.Context, k *knower) {
	if r == nil {
		return
	}
	r.know = k
	if r.waiting == nil {
		return
	}
	r.next, r.stop = iter.Pull(func(yield func(*event.Event) bool) {
		err := r.waiting.Events(ctx, func(batch []event.Event) error {
			for i := range batch {
				if !yield(&batch[i]) {
					return errStopped
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			r.failed = fmt.Errorf("node: bring matches of rules into order: %w", err)
		}
	})
	r.ahead, _ = r.next()
}

var errStopped = errors.New("stopped")

// before shows the waiting matches of records before that moment.
func (r *ruling) before(at event.Micros) {
	for ; r.ahead != nil && r.ahead.Time < at; r.ahead, _ = r.next() {
		s := r.know.see(r.ahead)
		r.watch.Observe(&s)
	}
}

// observe shows the next event.
func (r *ruling) observe(s *event.Sighting) {
	if r == nil {
		return
	}
	r.before(s.Time)
	if r.book.classes.Has(s.Class) {
		r.watch.Observe(s)
	}
}

// end shows what waits still.
func (r *ruling) end() error {
	if r == nil {
		return nil
	}
	r.before(1<<63 - 1)
	if r.stop != nil {
		r.stop()
	}
	return r.failed
}

// findings closes the spans that are open and returns what rules told, in the order of rules.
func (r *ruling) findings() []event.Finding {
	if r == nil {
		return nil
	}
	return r.watch.finish(1<<63 - 1)
}
