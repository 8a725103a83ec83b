// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault/sealed"
)

const (
	replicaPatience = 15 * time.Minute // that a replica may fail before it is a finding
	replicaLonger   = time.Minute      // between two tries where it fails, at most, unless its own time is longer
	replicaStuck    = 2 * time.Minute  // without a block: the file system does not answer
	replicaExpire   = time.Hour        // between two looks at what has expired
	replicaStop     = 2 * time.Second  // that a stop waits for a run to end, and then for a last one
)

// ReplicaStatus is how far a replica follows the vault.
type ReplicaStatus struct {
	Name   string    `json:"name"`
	Path   string    `json:"path"`
	Blocks int64     `json:"checkpoint"`  // blocks that its checkpoint covers, as far as is known
	At     time.Time `json:"at,omitzero"` // when it last held all that was signed; before the first run, when its checkpoint was written
	Behind int64     `json:"behind"`      // signed blocks that it does not hold
	// Problem says why the last run failed, or that one does not go on; Since is when the first one of these failed.
	Problem string    `json:"problem,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	// Other says that it and the vault hold different histories: one of the two was rolled back or written anew.
	Other bool `json:"other_history,omitempty"`
	// Shrank counts runs that found fewer blocks in it than the run before had left there.
	Shrank   int64 `json:"shrank,omitempty"`
	SameDisk bool  `json:"same_disk,omitempty"` // as the vault: it does not survive what happens to that
	Expire   bool  `json:"expire,omitempty"`
}

// told is what stands of a replica as a finding.
type told int

const (
	toldNothing told = iota
	toldBehind
	toldOther
)

// replicas are the copiers that run. They are replaced when the configuration is read anew.
type replicas struct {
	mu  sync.Mutex
	ctx context.Context
	all []*replicator
}

// replicator keeps one replica up, in a goroutine of its own: a file system that does not answer keeps nothing but it.
type replicator struct {
	s     *server
	c     config.Replica
	dir   string // the vault's
	end   context.CancelFunc
	done  chan struct{}
	mu    sync.Mutex
	now   ReplicaStatus
	begun time.Time // of the run that goes on; zero: none does
	moved time.Time // when that run copied a block last

	carried time.Time // the last look at what has expired; of follow
	told    told      // of watchReplicas
}

// keepReplicas lets these replicas, and no others, follow the vault.
func (s *server) keepReplicas(list []config.Replica) {
	r := &s.replicas
	r.mu.Lock()
	before := r.all
	r.all = nil
	changed := len(before) != len(list)
	for _, c := range list {
		c.Line = 0
		if i := slices.IndexFunc(before, func(x *replicator) bool { return x.c == c }); i >= 0 {
			r.all = append(r.all, before[i])
			before = slices.Delete(slices.Clone(before), i, i+1)
			continue
		}
		changed = true
		one := &replicator{s: s, c: c, dir: filepath.Join(s.o.Config.Data, "vault"), done: make(chan struct{}), told: s.teller.stands(replicaFinding(c.Name)),
			now: ReplicaStatus{Name: c.Name, Path: c.Path, Expire: c.Expire}}
		ctx, end := context.WithCancel(r.ctx)
		one.end = end
		r.all = append(r.all, one)
		go one.follow(ctx)
	}
	r.mu.Unlock()
	for _, x := range before {
		x.end()
	}
	if changed { // who takes a replica out of the configuration leaves a trace
		type place struct {
			Name   string `json:"name"`
			Path   string `json:"path"`
			Expire bool   `json:"expire"`
		}
		places := []place{}
		for _, c := range list {
			places = append(places, place{c.Name, c.Path, c.Expire})
		}
		s.sealOwn("replicas", places)
	}
}

func (s *server) replicators() []*replicator {
	s.replicas.mu.Lock()
	defer s.replicas.mu.Unlock()
	return slices.Clone(s.replicas.all)
}

// follow keeps the replica up until ctx ends.
func (r *replicator) follow(ctx context.Context) {
	defer close(r.done)
	r.look()
	longest := max(replicaLonger, r.c.Every)
	for wait := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		switch err := r.once(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait = min(max(2*wait, r.c.Every), longest)
		default:
			wait = r.c.Every
		}
	}
}

// look learns how far the replica came before this start.
func (r *replicator) look() {
	a, err := sealed.NewestAnchor(r.c.Path)
	fi, err2 := os.Stat(filepath.Join(r.c.Path, "checkpoint"))
	if err != nil || err2 != nil || a.Origin != r.s.vault.Origin() {
		return
	}
	same := sameDisk(r.c.Path, r.dir)
	r.mu.Lock()
	r.now.Blocks, r.now.At, r.now.SameDisk = a.Size, fi.ModTime().UTC(), same
	r.mu.Unlock()
	if same {
		r.s.log.Warn("a replica lies on the vault's own disk: it does not survive what happens to that", "replica", r.c.Name)
	}
}

// once brings the replica up to date.
func (r *replicator) once(ctx context.Context) error {
	r.mu.Lock()
	r.begun, r.moved = time.Now(), time.Now()
	r.mu.Unlock()
	done, err := sealed.KeepUp(ctx, r.dir, r.c.Path, sealed.KeepUpOptions{Rate: r.c.Rate, Copied: func(int64) {
		r.mu.Lock()
		r.moved = time.Now()
		r.mu.Unlock()
	}})
	at := time.Now().UTC()
	var failed error
	if r.c.Expire && err == nil && time.Since(r.carried) >= replicaExpire {
		r.carried = time.Now()
		_, failed = sealed.CarryOut(ctx, r.c.Path)
	}
	r.took(done, at, errors.Join(err, failed), ctx.Err() != nil)
	return errors.Join(err, failed)
}

// took keeps what became of a run.
func (r *replicator) took(done *sealed.Replicated, at time.Time, err error, ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun = time.Time{}
	if done != nil {
		if done.Was < r.now.Blocks {
			r.now.Shrank++
			r.s.log.Error("a replica holds less than it did: an older state of it was put back; it was brought up to date again, but look who did that", "replica", r.c.Name, "blocks", done.Was, "before", r.now.Blocks)
		}
		r.now.Blocks, r.now.At = done.Size, at
	}
	if ended {
		return // a stop, not a fault
	}
	if err == nil {
		if r.now.Problem != "" {
			r.s.log.Info("a replica follows again", "replica", r.c.Name, "blocks", r.now.Blocks)
		}
		r.now.Problem, r.now.Since, r.now.Other = "", time.Time{}, false
		return
	}
	if r.now.Problem == "" {
		r.now.Since = at
	}
	if problem := err.Error(); r.now.Problem != problem {
		r.now.Problem = problem
		r.s.log.Error("a replica does not follow; it is tried again", "replica", r.c.Name, "error", err)
	}
	r.now.Other = errors.Is(err, sealed.ErrOther)
}

// status says how far the replica follows a vault that is signed up to a block.
func (r *replicator) status(signed int64) ReplicaStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.now
	o.Behind = max(signed-o.Blocks, 0)
	if !r.begun.IsZero() && time.Since(r.moved) > replicaStuck {
		o.Problem = fmt.Sprintf("%s does not answer: a run that began at %s does not go on; is the disk or the network there?", r.c.Path, r.begun.UTC().Format(time.RFC3339))
		if o.Since.IsZero() {
			o.Since = r.moved.UTC()
		}
	}
	return o
}

// watchReplicas makes a replica that fails for long, or holds another history, a finding, until ctx ends.
func (s *server) watchReplicas(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	patience := s.o.patience
	if patience == 0 {
		patience = replicaPatience
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, r := range s.replicators() {
			o := r.status(s.vault.Status().Checkpoint)
			state := toldNothing
			switch {
			case o.Other:
				state = toldOther
			case o.Problem != "" && time.Since(o.Since) >= patience:
				state = toldBehind
			}
			// It is taken back only where it has followed: a start alone says nothing.
			if state > r.told || r.told != toldNothing && o.Problem == "" && !o.At.Before(r.s.begun) {
				r.told = state
				s.teller.replica(&o)
			}
		}
	}
}

// endReplicas ends all runs and waits a little for them: what does not answer is left to itself, and the replica stays as its checkpoint says.
func (s *server) endReplicas() {
	late := time.After(replicaStop)
	for _, r := range s.replicators() {
		r.end()
	}
	for _, r := range s.replicators() {
		select {
		case <-r.done:
		case <-late:
			return
		}
	}
}

// lastReplicas copies what was signed last, when the vault was closed, to where the last run went well.
func (s *server) lastReplicas() {
	ctx, cancel := context.WithTimeout(context.Background(), replicaStop)
	defer cancel()
	var runs sync.WaitGroup
	for _, r := range s.replicators() {
		select {
		case <-r.done:
			if r.status(0).Problem == "" {
				runs.Go(func() { _ = r.once(ctx) })
			}
		default: // it does not answer
		}
	}
	all := make(chan struct{})
	go func() { runs.Wait(); close(all) }()
	select {
	case <-all:
	case <-ctx.Done():
	}
}

// CheckReplicas says what is wrong with the places that the configuration names, as they are now. One that is not there may come back: that is a warning.
func CheckReplicas(c *config.Serve) (warnings []error, err error) {
	ours, _ := sealed.NewestAnchor(filepath.Join(c.Data, "vault"))
	for _, r := range c.Replicas {
		path, line := c.Path, r.Line
		if !sealed.IsReplica(r.Path) {
			warnings = append(warnings, event.Tell("%s:%d: replicas: %s に複製がありません。マウントされているか確かめてください。初めてなら、マウントしてから一度 sekisho vault replicate %s %s を実行してください",
				"%s:%d: replicas: there is no replica in %s: is it mounted? If there never was one, mount it and run once: sekisho vault replicate %s %s", path, line, r.Path, filepath.Join(c.Data, "vault"), r.Path))
			continue
		}
		theirs, e := sealed.NewestAnchor(r.Path)
		if e == nil && ours != nil && (theirs.Origin != ours.Origin || theirs.Fingerprint != ours.Fingerprint) {
			return warnings, event.Tell("%s:%d: replicas: %s は別の保管庫（%s）の複製です。別のフォルダを指定してください", "%s:%d: replicas: %s is the replica of another vault (%s): name another folder", path, line, r.Path, theirs.Origin)
		}
		if sameDisk(r.Path, c.Data) {
			warnings = append(warnings, event.Tell("%s:%d: replicas: %s は data と同じディスクにあります。ディスクの故障や乗っ取りでは、ともに失われます", "%s:%d: replicas: %s lies on the same disk as data: what happens to that happens to both", path, line, r.Path))
		}
	}
	return warnings, nil
}
