// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/vault/sealed"
)

const (
	// expireEvery is also how long a start waits: a clock that is wrong after a boot has been set by then, most often.
	expireEvery = time.Hour
	// clockStep is how far the clock may be set while it runs before nothing expires any more.
	clockStep = time.Hour
	// mostSourceNames bounds how many sources' classes are remembered; of others they are looked up each time.
	mostSourceNames = 1 << 16
)

// retention is what has expired since the start.
type retention struct {
	rules *config.Retention // as at the start: a reload does not change them; nil: all is kept
	vault string            // its folder
	mu    sync.Mutex
	now   RetentionStatus
}

// RetentionStatus is how the live system lets go of what is due.
type RetentionStatus struct {
	Encrypted bool      `json:"encrypted"`
	Months    int64     `json:"expired_months"` // of a class, since the start
	Records   int64     `json:"expired_records"`
	Held      []string  `json:"held,omitempty"` // class and month: due, and kept by a hold
	Holds     int       `json:"holds"`          // in force
	At        time.Time `json:"at,omitzero"`    // of the last look
	Problem   string    `json:"problem,omitempty"`
}

// CheckRetention says what is wrong with the key that the configuration names.
func CheckRetention(c *config.Serve) error {
	_, err := vaultRetention(c.Retention)
	return err
}

// vaultRetention returns the vault's rules; nil where there are none.
func vaultRetention(c *config.Retention) (*sealed.Retention, error) {
	if c == nil {
		return nil, nil
	}
	r := &sealed.Retention{Classes: []sealed.Class{{Name: sealed.DefaultClass, Keep: c.Keep}}, Of: classOf(c.Classes)}
	for _, x := range c.Classes {
		r.Classes = append(r.Classes, sealed.Class{Name: x.Name, Keep: x.Keep})
	}
	if c.Key == "" {
		return r, nil
	}
	var err error
	r.KEK, err = sealed.ReadKEK(c.Key)
	return r, err
}

// classOf returns a function that tells a source's class. What the live system seals for itself goes with the records it is sealed with: how far a file was read, with its lines.
func classOf(classes []config.RetentionClass) func(string) string {
	var mu sync.RWMutex
	known := map[string]string{ourSource: ""}
	return func(source string) string {
		mu.RLock()
		class, ok := known[source]
		mu.RUnlock()
		if ok {
			return class
		}
		class = sealed.DefaultClass
		for _, c := range classes {
			if slices.ContainsFunc(c.Sources, func(glob string) bool { return config.Match(glob, source) }) {
				class = c.Name
				break
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if len(known) < mostSourceNames {
			known[source] = class
		}
		return class
	}
}

// rule is how long a class is kept, as it is sealed at each start: whoever shortens it leaves a trace.
type rule struct {
	Class string `json:"class"`
	Keep  int    `json:"keep_days"` // 0: forever
}

// expire lets go of what is due, until ctx ends.
func (s *server) expire(ctx context.Context) {
	c := s.retention.rules
	if c == nil {
		return
	}
	rules := []rule{{sealed.DefaultClass, c.Keep}}
	for _, x := range c.Classes {
		rules = append(rules, rule{x.Name, x.Keep})
	}
	s.sealOwn("retention", rules)
	every := s.o.expire
	if every == 0 {
		every = expireEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.expireNow(ctx)
		}
	}
}

func (s *server) expireNow(ctx context.Context) {
	out := new(sealed.Expired)
	err := s.clockWasSet()
	if err == nil {
		out, err = s.vault.Expire(ctx)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, sealed.ErrRetentionBusy) {
		err = nil // the next one goes on
	}
	for _, t := range out.Tombstones {
		s.log.Info("records have expired and were destroyed", "class", t.Class, "month", t.Month, "records", t.Records, "days", t.Keep)
		s.sealOwn("expired", t)
	}
	s.retention.mu.Lock()
	defer s.retention.mu.Unlock()
	now := &s.retention.now
	for _, t := range out.Tombstones {
		now.Months++
		now.Records += t.Records
	}
	now.Held, now.At = out.Held, time.Now().UTC()
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	if problem != "" && problem != now.Problem {
		s.log.Error("what is due could not be let go of", "error", err)
	}
	now.Problem = problem
}

// clockWasSet says that the clock went on otherwise than time did: then nothing must expire by it.
func (s *server) clockWasSet() error {
	now := time.Now()
	if by := now.Round(0).Sub(s.begun.Round(0)) - now.Sub(s.begun); by.Abs() > clockStep {
		return fmt.Errorf("node: the clock was set by %s since the start, or the machine slept: nothing expires until the clock was looked at and sekisho is restarted", by.Round(time.Second))
	}
	return nil
}

// keeps is the status of retention; nil where all is kept forever.
func (s *server) keeps() *RetentionStatus {
	c := s.retention.rules
	if c == nil {
		return nil
	}
	s.retention.mu.Lock()
	o := s.retention.now
	s.retention.mu.Unlock()
	o.Encrypted = c.Key != ""
	holds, err := sealed.Holds(s.retention.vault)
	for _, h := range holds {
		if h.Released == nil {
			o.Holds++
		}
	}
	if err != nil {
		o.Problem = err.Error()
	}
	return &o
}
