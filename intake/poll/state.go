// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	maxSeen  = 1 << 20 // records of the overlap that are known; the oldest are forgotten, and counted, beyond
	maxGaps  = 1024
	maxState = 128 << 20 // bytes of the file
)

// key is the first half of a SHA-256.
type key [16]byte

// MarshalText writes it as it stands in the file.
func (k key) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, k[:]), nil }

// UnmarshalText reads it.
func (k *key) UnmarshalText(b []byte) error {
	if len(b) != 2*len(k) {
		return errors.New("is no key")
	}
	_, err := hex.Decode(k[:], b)
	return err
}

// seen is records that were sealed for a question that ended at a time.
type seen struct {
	To   time.Time `json:"to"`
	Keys []key     `json:"keys"`
}

// state is what stands on disk of a source.
type state struct {
	Until     time.Time `json:"until"`
	Seen      []seen    `json:"seen,omitempty"`    // the oldest first
	Unknown   int64     `json:"unknown,omitempty"` // keys that were forgotten early
	Gaps      []Gap     `json:"gaps,omitempty"`
	Forgotten int64     `json:"forgotten,omitempty"` // gaps that are counted only
	Owed      []Owed    `json:"owed,omitempty"`      // the oldest first
	Late      time.Time `json:"late,omitzero"`       // when it was last asked for what is shown very late
	Early     time.Time `json:"early,omitzero"`      // keys of questions that ended before were forgotten early

	known map[key]struct{}
}

func (s *state) has(k key) bool {
	_, ok := s.known[k]
	return ok
}

// remember adds keys to those of a question that ends at a time.
func (s *state) remember(keys []key, to time.Time) {
	if len(keys) == 0 {
		return
	}
	if s.known == nil {
		s.known = map[key]struct{}{}
	}
	for _, k := range keys {
		s.known[k] = struct{}{}
	}
	if n := len(s.Seen); n > 0 && s.Seen[n-1].To.Equal(to) {
		s.Seen[n-1].Keys = append(s.Seen[n-1].Keys, keys...)
	} else {
		s.Seen = append(s.Seen, seen{to, slices.Clone(keys)})
	}
	for len(s.known) > maxSeen && len(s.Seen) > 1 {
		s.Unknown += int64(len(s.Seen[0].Keys))
		s.Early = s.Seen[0].To
		s.drop()
	}
}

// forget leaves out what no question from a time on can show again.
func (s *state) forget(from time.Time) {
	for len(s.Seen) > 0 && s.Seen[0].To.Before(from) {
		s.drop()
	}
}

func (s *state) drop() {
	for _, k := range s.Seen[0].Keys {
		delete(s.known, k)
	}
	s.Seen = slices.Clone(s.Seen[1:])
}

// gap writes down what is lost, once.
func (s *state) gap(g Gap) {
	if g.What != "" && slices.ContainsFunc(s.Gaps, func(o Gap) bool { return o.What == g.What }) {
		return
	}
	s.Gaps = append(s.Gaps, g)
	if len(s.Gaps) > maxGaps {
		s.Gaps = slices.Clone(s.Gaps[1:])
		s.Forgotten++
	}
}

// read reads the file; false where there is none.
func (s *state) read(path string) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && info.Size() > maxState {
		err = errors.New("it is too large to be one")
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	if err == nil {
		err = json.Unmarshal(b, s)
	}
	if err == nil && s.Until.IsZero() {
		err = errors.New("it names no time")
	}
	if err != nil {
		return false, fmt.Errorf("poll: read the bookmark %s: %w: move it away to ask for all that the vendor keeps", path, err)
	}
	s.known = map[key]struct{}{}
	for _, g := range s.Seen {
		for _, k := range g.Keys {
			s.known[k] = struct{}{}
		}
	}
	return true, nil
}

// write replaces the file, durably.
func (s *state) write(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("poll: write the bookmark %s: %w", path, err)
		}
	}()
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
