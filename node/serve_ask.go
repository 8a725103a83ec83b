// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/intake/poll"
)

// AskedStatus is how far the records of a cloud are sealed.
type AskedStatus struct {
	Source   string     `json:"source"`
	Content  string     `json:"content"`
	Until    time.Time  `json:"until"`             // what the cloud showed of the time before is sealed, owed, or a gap
	Owed     int        `json:"owed,omitempty"`    // pieces that the cloud refused, and that are asked for again
	Repeated int64      `json:"repeated"`          // records that came again in an overlap, since the start: not sealed again
	Gaps     int64      `json:"gaps"`              // what the cloud had and cannot be asked for any more
	Last     *poll.Gap  `json:"lastGap,omitempty"` // the newest of these
	Problem  string     `json:"problem,omitempty"` // of the last question
	Again    *time.Time `json:"again,omitempty"`   // when the next one is asked
}

// cloud is one kind of a cloud's records, which are asked for.
type cloud struct {
	s       *server
	every   time.Duration
	poller  *poll.Poller
	mu      sync.Mutex
	now     AskedStatus
	problem string // that was logged
}

// Between two tries after a question failed.
const (
	askAgainFirst = 30 * time.Second
	askAgainMost  = 30 * time.Minute
	askRecord     = 4 << 20 // bytes of a record: clouds write long ones, and half of one is no JSON
)

// openAsked makes a poller for each kind of records that clouds are asked for.
func (s *server) openAsked() ([]*cloud, error) {
	if len(s.o.Config.Ask) == 0 {
		return nil, nil
	}
	dir := filepath.Join(s.o.Config.Data, "ask")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("node: make the folder of bookmarks: %w", err)
	}
	var out []*cloud
	for i := range s.o.Config.Ask {
		c := &s.o.Config.Ask[i]
		all, err := vendors(c)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: ask: %w", s.o.Config.Path, c.Line, err)
		}
		for _, v := range all {
			a, err := s.openVendor(dir, c, v)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: ask: %w", s.o.Config.Path, c.Line, err)
			}
			out = append(out, a)
		}
	}
	return out, nil
}

// asking is one kind of records of a cloud.
type asking struct {
	poll.Vendor
	content string
	whose   string // tenant or organization, as the bookmark tells them apart
}

// vendors returns what is asked for an entry of the configuration.
func vendors(c *config.Ask) (out []asking, err error) {
	var v poll.Vendor
	switch {
	case c.Graph != nil:
		for _, content := range c.Graph.Content {
			g := c.Graph
			v, err = poll.NewGraph(poll.GraphOptions{Tenant: g.Tenant, Client: g.Client, Secret: g.Secret, Content: content, Kept: g.Kept, API: g.API, Login: g.Login})
			if err != nil {
				return nil, err
			}
			out = append(out, asking{v, content, "graph " + g.Tenant})
		}
	case c.Google != nil:
		for _, app := range c.Google.Applications {
			g := c.Google
			v, err = poll.NewGoogle(poll.GoogleOptions{Key: g.Key, Admin: g.Admin, Application: app, API: g.API, Login: g.Login})
			if err != nil {
				return nil, err
			}
			_, domain, _ := strings.Cut(g.Admin, "@")
			out = append(out, asking{v, app, "google " + domain})
		}
	default:
		for _, content := range c.M365.Content {
			m := c.M365
			v, err = poll.NewM365(poll.M365Options{Tenant: m.Tenant, Client: m.Client, Secret: m.Secret, Content: content, API: m.API, Login: m.Login})
			if err != nil {
				return nil, err
			}
			out = append(out, asking{v, content, m.Tenant})
		}
	}
	return out, nil
}

func (s *server) openVendor(dir string, c *config.Ask, v asking) (*cloud, error) {
	state := filepath.Join(dir, shortSum(c.Name+"\x00"+v.whose+"\x00"+v.content)+".json") // a name may hold what a file's name cannot
	p, err := poll.New(poll.Options{Source: c.Name, Vendor: v, Sink: s.receiver.Asked(c.Name), State: state, Record: askRecord})
	if err != nil {
		return nil, err
	}
	a := &cloud{s: s, every: c.Every, poller: p, now: AskedStatus{Source: c.Name, Content: v.content}}
	a.note(nil)
	return a, nil
}

// run asks until ctx ends.
func (a *cloud) run(ctx context.Context) {
	again := askAgainFirst
	for {
		more, err := a.poller.Step(ctx)
		if ctx.Err() != nil {
			return
		}
		a.note(err)
		wait := time.Duration(0)
		var slow *poll.Slow
		switch {
		case errors.As(err, &slow):
			wait = slow.After
		case err != nil:
			wait, again = again, min(2*again, askAgainMost)
		default:
			if again = askAgainFirst; !more {
				wait = a.every
			}
		}
		wait += rand.N(wait/10 + 1) // so that not all ask at once
		a.due(wait)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// note keeps how it stands for others, and tells what changed: a problem once, every gap.
func (a *cloud) note(err error) {
	gaps, forgotten := a.poller.Gaps()
	a.mu.Lock()
	defer a.mu.Unlock()
	log := a.s.log.With("source", a.now.Source, "content", a.now.Content)
	first := a.now.Until.IsZero()
	told := len(gaps) // those that stood there at the start
	if !first {
		told = int(max(a.now.Gaps-forgotten, 0))
	}
	for _, g := range gaps[told:] {
		log.Error("records of a cloud are lost to us: it keeps them no more", "from", g.From, "to", g.To, "what", g.What, "why", g.Why)
		a.s.sealOwn("gap", map[string]any{"source": a.now.Source, "content": a.now.Content, "gap": g})
	}
	a.now.Until, a.now.Repeated, a.now.Gaps = a.poller.Until(), a.poller.Count().Repeated, forgotten+int64(len(gaps))
	owed := a.poller.Owed()
	if len(owed) > a.now.Owed && !first {
		log.Warn("a cloud refuses a piece and gives the rest; it is asked for again", "what", owed[len(owed)-1].What, "why", owed[len(owed)-1].Why, "owed", len(owed))
	}
	a.now.Owed = len(owed)
	if len(gaps) > 0 {
		last := gaps[len(gaps)-1]
		a.now.Last = &last
	}
	a.now.Problem = ""
	if err != nil {
		a.now.Problem = err.Error()
	}
	if a.now.Problem != a.problem {
		if a.problem = a.now.Problem; err != nil {
			log.Warn("a cloud does not answer; it is asked again", "error", err, "until", a.now.Until)
		} else {
			log.Info("the cloud answers again", "until", a.now.Until)
		}
	}
}

func (a *cloud) due(wait time.Duration) {
	at := time.Now().Add(wait).UTC().Truncate(time.Second)
	a.mu.Lock()
	a.now.Again = &at
	a.mu.Unlock()
}

func (a *cloud) status() AskedStatus {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}
