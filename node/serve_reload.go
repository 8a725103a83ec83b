// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/config"
)

// watching is the watch that goes on. It is replaced when the configuration is read anew, while receivers go on to seal.
type watching struct {
	mu   sync.RWMutex
	w    *watcher
	end  context.CancelFunc
	done chan struct{}
}

// reloaded counts configurations that were read anew.
type reloaded struct {
	taken, refused atomic.Int64
	mu             sync.Mutex
	last           ReloadStatus
}

// ReloadStatus is what became of configurations that were read anew.
type ReloadStatus struct {
	Taken   int64     `json:"taken"`
	Refused int64     `json:"refused"`
	At      time.Time `json:"at,omitzero"`
	Problem string    `json:"problem,omitempty"` // of the last one, when it was refused
	Restart []string  `json:"restart,omitempty"` // keys that changed and need a restart
}

func shortSum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:4])
}

// watch returns the watch as it is now; nil before it is open.
func (s *server) watch() *watcher {
	s.watching.mu.RLock()
	defer s.watching.mu.RUnlock()
	return s.watching.w
}

func (s *server) openWatch() error {
	w, err := newWatcher(s)
	if err != nil {
		return err
	}
	s.watching.mu.Lock()
	s.watching.w = w
	s.watching.mu.Unlock()
	return nil
}

// beginWatch lets the open watch follow the vault until endWatch.
func (s *server) beginWatch(ctx context.Context, fail func(string, error)) {
	ctx, s.watching.end = context.WithCancel(ctx)
	s.watching.done = make(chan struct{})
	w, done := s.watch(), s.watching.done
	go func() {
		defer close(done)
		fail("watch", w.run(ctx))
	}()
}

func (s *server) endWatch() {
	s.watching.end()
	<-s.watching.done
}

func (s *server) reloads() ReloadStatus {
	s.reloaded.mu.Lock()
	defer s.reloaded.mu.Unlock()
	o := s.reloaded.last
	o.Taken, o.Refused = s.reloaded.taken.Load(), s.reloaded.refused.Load()
	return o
}

func (s *server) refuse(err error) {
	s.reloaded.refused.Add(1)
	s.reloaded.mu.Lock()
	s.reloaded.last = ReloadStatus{At: time.Now().UTC(), Problem: err.Error()}
	s.reloaded.mu.Unlock()
	s.log.Error("the configuration is refused, and the one before stays", "error", err)
}

// reload reads the configuration again. Receivers go on: what they seal meanwhile is watched afterwards. One with a mistake is refused. It
// returns an error only where the watch cannot go on even as it was.
func (s *server) reload(ctx context.Context, fail func(string, error)) error {
	notifySystemd(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", monotonic().Microseconds()))
	defer notifySystemd("READY=1")
	c, p, err := s.o.Read()
	if err != nil {
		s.refuse(err)
		return nil
	}
	restart := needRestart(s.o.Config, c)
	sources, err := sourcesOf(c)
	if err == nil {
		err = usable(p)
	}
	if err != nil {
		s.refuse(err)
		return nil
	}
	if old, err := sourcesOf(s.o.Config); err == nil && old.Certified() != sources.Certified() {
		restart = append(restart, "sources (certificate)")
	}
	before, profile := s.o.Config, s.o.Profile
	s.o.Config, s.o.Profile = running(c, before), p
	if c.Org != "" || before.Org != "" { // lists that it names may have changed, though it did not
		s.endWatch()
		old := s.watch()
		if err := old.close(); err != nil {
			return err
		}
		if err := s.openWatch(); err != nil {
			s.refuse(err)
			s.o.Config, s.o.Profile = before, profile
			if err := s.openWatch(); err != nil {
				return err
			}
			s.beginWatch(ctx, fail)
			return nil
		}
		s.beginWatch(ctx, fail)
	}
	s.receiver.SetSources(sources)
	s.teller.least.Store(int32(leastOf(c)))
	s.teller.queue.Replace(NotifySettings(c, p))
	s.keepReplicas(c.Replicas)
	s.reloaded.taken.Add(1)
	s.reloaded.mu.Lock()
	s.reloaded.last = ReloadStatus{At: time.Now().UTC(), Restart: restart}
	s.reloaded.mu.Unlock()
	if len(restart) > 0 {
		s.log.Warn("the configuration was read anew, but some of it needs a restart: systemctl restart sekisho", "keys", restart)
	} else {
		s.log.Info("the configuration was read anew")
	}
	return nil
}

// usable holds what the watch would read to what it can read, before the one that goes on is ended.
func usable(p *config.Profile) error {
	if err := CheckExceptions(p); err != nil {
		return err
	}
	if _, err := knownFormats(p, ""); err != nil {
		return err
	}
	o := &Options{Profile: p}
	if _, err := newKnower(o, nil); err != nil {
		return err
	}
	_, err := readIntel(context.Background(), profileIntel(o), o.zone())
	return err
}

// needRestart names the keys that changed and are read at the start only.
func needRestart(a, b *config.Serve) (keys []string) {
	for _, x := range []struct {
		key  string
		same bool
	}{
		{"data", a.Data == b.Data}, {"key", a.KeyHome == b.KeyHome}, {"listen", sameListeners(a.Listeners, b.Listeners)}, {"status", a.Status == b.Status},
		{"limits", a.Message == b.Message && a.Body == b.Body && a.Memory == b.Memory}, {"follow", reflect.DeepEqual(a.Follow, b.Follow)}, {"ask", sameAsks(a.Ask, b.Ask)},
		{"retention", reflect.DeepEqual(a.Retention, b.Retention)}, {"rules", reflect.DeepEqual(a.Rules, b.Rules)}, {"placeholders", reflect.DeepEqual(a.Values, b.Values)},
	} {
		if !x.same {
			keys = append(keys, x.key)
		}
	}
	return keys
}

func sameListeners(a, b []config.Listener) bool {
	return slices.EqualFunc(a, b, func(x, y config.Listener) bool {
		x.Line, y.Line = 0, 0
		return reflect.DeepEqual(x, y)
	})
}

func sameAsks(a, b []config.Ask) bool {
	return slices.EqualFunc(a, b, func(x, y config.Ask) bool {
		x.Line, y.Line = 0, 0
		return reflect.DeepEqual(x, y)
	})
}

// running is a configuration as it is in force: what needs a restart stays as it was.
func running(c, before *config.Serve) *config.Serve {
	o := *c
	o.Data, o.KeyHome, o.Listeners, o.Status, o.Follow, o.Ask = before.Data, before.KeyHome, before.Listeners, before.Status, before.Follow, before.Ask
	o.Rules, o.Values, o.Retention = before.Rules, before.Values, before.Retention
	o.Message, o.Body, o.Memory = before.Message, before.Body, before.Memory
	return &o
}
