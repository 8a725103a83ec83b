// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// ErrOther says that a replica and its vault hold different histories: one of the two was rolled back or written anew.
var ErrOther = errors.New("the replica holds another history")

// ErrNoReplica says that a folder that should hold a replica holds none.
var ErrNoReplica = errors.New("no replica is there: mount it, or, where there never was one, make it once with sekisho vault replicate")

// Replicated says what a run of Replicate did.
type Replicated struct {
	Was    int64 `json:"was"`    // blocks that the replica held before
	Blocks int64 `json:"blocks"` // that were copied
	Size   int64 `json:"size"`   // blocks that the replica holds now, all covered by its checkpoint

	Expired int `json:"expired,omitempty"` // classes and months that were let go of there, too
}

// Replicate brings a copy of a vault up to date, in a folder on another disk or machine that is mounted. It only appends: every block is checked on its way
// against the checkpoint's root, and a vault that was rolled back or forked is refused and says so. The replica is a whole vault: verify reads it, and
// Restore, or a plain copy, makes the vault again from it. It needs no key. The vault may be written meanwhile.
func Replicate(ctx context.Context, dir, to string) (*Replicated, error) {
	return replicate(ctx, dir, to, KeepUpOptions{}, true)
}

// KeepUpOptions of KeepUp. The zero value works.
type KeepUpOptions struct {
	Rate   int64          // bytes a second that are copied at most; 0: no bound
	Copied func(at int64) // called after each block that was copied, with its number: that it goes on
}

// KeepUp is Replicate into a folder that must hold a replica already: a mount point that nothing is mounted on is ErrNoReplica, and nothing is written there.
func KeepUp(ctx context.Context, dir, to string, o KeepUpOptions) (*Replicated, error) {
	return replicate(ctx, dir, to, o, false)
}

// IsReplica says whether a folder holds a replica, or a vault: of which log its file log.vkey says.
func IsReplica(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, logName))
	return err == nil
}

func replicate(ctx context.Context, dir, to string, o KeepUpOptions, begin bool) (done *Replicated, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("sealed: replicate %s to %s: %w", dir, to, err)
		}
	}()
	x, err := openHistory(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(to, logName)); err != nil && !begin {
		return nil, fmt.Errorf("%w (%w)", ErrNoReplica, err)
	}
	if begin {
		if err := os.MkdirAll(filepath.Join(to, segmentFolder), 0o700); err != nil {
			return nil, err
		}
	}
	l := &Log{dir: to, o: Options{disk: system{}}}
	if err := l.takeLock(); err != nil {
		return nil, err
	}
	defer l.unlock()
	c := &copier{x: x, to: to, o: o, disk: system{}, lock: l.lock, begun: time.Now(), done: new(Replicated)}
	if err := c.begin(); err != nil {
		return nil, err
	}
	c.done.Was = c.was.Size
	if err := c.statements(); err != nil {
		return nil, err
	}
	c.book = readBook(dir, x.signed.Origin, x.public)
	for i := range x.all {
		if x.all[i].Block >= x.signed.Size && i > 0 {
			break
		}
		if err := c.segment(ctx, i); err != nil {
			return nil, err
		}
	}
	return c.done, c.finish()
}

// Restore makes a vault from a replica, in a folder that must not hold one.
func Restore(ctx context.Context, replica, to string) (*Replicated, error) {
	if Is(to) {
		return nil, fmt.Errorf("sealed: restore to %s: there is a vault already: move it away, it is evidence", to)
	}
	return Replicate(ctx, replica, to)
}
