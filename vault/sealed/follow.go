// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"path/filepath"
	"time"
)

// checkpointName is where the last checkpoint lies.
const checkpointName = "checkpoint"

// follower brings leaves into the log. Owned by its goroutine.
type follower struct {
	tree   *tree
	signed Checkpoint
	ended  []sidecar // checkpoints of ended segments that could not be written yet
}

type sidecar struct {
	path string
	size int64
	text []byte
}

// follow adds leaves as blocks become durable, and signs a checkpoint when there are new ones. Where the disk refuses it tries again: the
// records are safe without it.
func (l *Log) follow(f *follower) {
	defer l.done.Done()
	tick := time.NewTicker(l.o.Every)
	defer tick.Stop()
	for {
		select {
		case s, ok := <-l.sealed:
			if !ok {
				l.say(f, l.publish(f))
				return
			}
			for _, leaf := range s.leaves {
				f.tree.add(leaf)
			}
			if s.ended != nil {
				l.say(f, l.endSegment(f, *s.ended))
			}
		case <-tick.C:
			l.say(f, l.publish(f))
		}
	}
}

// say keeps how the log does, for Status.
func (l *Log) say(f *follower, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.status.Error = ""; err != nil {
		l.status.Error = "the log does not follow: " + err.Error()
		return
	}
	if l.status.Checkpoint != f.signed.Size {
		l.status.Checkpoint, l.status.Signed = f.signed.Size, l.o.Now()
	}
}

// publish writes the tiles and a checkpoint, if there are new leaves, and then what stands beside segments: so no crash leaves one of these that covers more than
// the checkpoint does, and one that does shows that the checkpoint is an older one.
func (l *Log) publish(f *follower) error {
	if err := l.writeEnded(f); err != nil {
		return err
	}
	if f.tree.size == f.signed.Size {
		return nil
	}
	if err := f.tree.write(l.o.disk, l.dir); err != nil {
		return err
	}
	c, err := signCheckpoint(l.o.Key, l.origin, f.tree.size, f.tree.root())
	if err != nil {
		return err
	}
	if err := writeWhole(l.o.disk, filepath.Join(l.dir, checkpointName), c.Text, true); err != nil {
		return err
	}
	f.signed = c
	return l.writeEnded(f)
}

// writeEnded writes the checkpoints of ended segments that the last checkpoint covers.
func (l *Log) writeEnded(f *follower) error {
	for len(f.ended) > 0 && f.ended[0].size <= f.signed.Size {
		if err := writeWhole(l.o.disk, f.ended[0].path, f.ended[0].text, true); err != nil {
			return err
		}
		f.ended = f.ended[1:]
	}
	return nil
}

// endSegment signs the checkpoint that ends with a segment. It stays beside it, so that a change can be narrowed down to a segment.
func (l *Log) endSegment(f *follower, s segment) error {
	c, err := signCheckpoint(l.o.Key, l.origin, f.tree.size, f.tree.root())
	if err != nil {
		return err
	}
	f.ended = append(f.ended, sidecar{s.sidecar(l.dir), c.Size, c.Text})
	return l.publish(f)
}
