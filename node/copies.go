// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/intake"
	"github.com/sekisho/sekisho/vault"
)

// headBytes is how much of the beginning two files must have in common before they are compared as a whole.
const headBytes = 4096

// content is what one file holds, unpacked.
type content struct {
	in    *input
	sum   [sha256.Size]byte
	bytes int64
}

// findCopies looks for files whose content is that of another, packed or not, or its beginning: a log that was collected
// twice. Such a file is not read again, or every count would double; the case says which one it is a copy of. Of equal ones
// that with the smallest path is read. Only files that begin alike are compared.
func (p *plan) findCopies(ctx context.Context) error {
	groups := map[[sha256.Size]byte][]*input{}
	for _, in := range p.inputs { // in order of path
		if in.head != ([sha256.Size]byte{}) {
			groups[in.head] = append(groups[in.head], in)
		}
	}
	for _, in := range p.inputs {
		g := groups[in.head]
		if len(g) < 2 || g[0] != in {
			continue
		}
		if err := compare(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// compare finds the copies among files that begin alike.
func compare(ctx context.Context, group []*input) error {
	var all []*content
	for _, in := range group {
		c, err := in.digest(ctx)
		if err != nil {
			return err
		}
		if c.bytes > 0 {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b *content) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), strings.Compare(a.in.file.Path, b.in.file.Path))
	})
	for i, c := range all {
		if c.in.copyOf != nil {
			continue
		}
		shorter := all[i+1:]
		for _, d := range shorter {
			if d.bytes == c.bytes && d.sum == c.sum {
				d.in.copyOf = c.in
			}
		}
		if err := c.beginnings(ctx, shorter); err != nil {
			return err
		}
	}
	return nil
}

// digest reads a file once for its sums. What cannot be read is said when it is read in earnest.
func (in *input) digest(ctx context.Context) (*content, error) {
	raw := vault.NewDigest()
	src, err := intake.Open(in.file, intake.Options{Raw: raw})
	if err != nil {
		return &content{in: in}, nil
	}
	defer src.Close()
	h := sha256.New()
	n, err := src.Content(ctx, h)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if src.Stats().Whole {
		in.tally.sum, in.tally.stats.Whole = raw.Sum(), true
	}
	if err != nil {
		in.tally.status, in.tally.err = brokenStatus(err), err // said also where it is not read again
	}
	c := &content{in: in, bytes: n}
	h.Sum(c.sum[:0])
	return c, nil
}

// beginnings marks those of the shorter files that are the beginning of c: collected earlier, while the log still grew, or
// broken off on the way.
func (c *content) beginnings(ctx context.Context, shorter []*content) error {
	w := &marks{h: sha256.New()}
	for _, d := range shorter {
		if d.in.copyOf == nil && d.bytes < c.bytes && d.bytes >= headBytes {
			w.at = append(w.at, d)
		}
	}
	if len(w.at) == 0 {
		return nil
	}
	slices.SortStableFunc(w.at, func(a, b *content) int { return cmp.Compare(a.bytes, b.bytes) })
	src, err := intake.Open(c.in.file, intake.Options{})
	if err != nil {
		return nil
	}
	defer src.Close()
	w.found = func(d *content) { d.in.copyOf = c.in }
	if _, err := src.Content(ctx, w); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return nil
}

// marks is a hash that is looked at after certain numbers of bytes.
type marks struct {
	h     hash.Hash
	n     int64
	at    []*content // by bytes
	found func(*content)
}

// Write implements io.Writer.
func (m *marks) Write(p []byte) (int, error) {
	all := len(p)
	for len(m.at) > 0 && m.n+int64(len(p)) >= m.at[0].bytes {
		k := m.at[0].bytes - m.n
		m.h.Write(p[:k])
		m.n += k
		p = p[k:]
		if [sha256.Size]byte(m.h.Sum(nil)) == m.at[0].sum {
			m.found(m.at[0])
		}
		m.at = m.at[1:]
	}
	m.h.Write(p)
	m.n += int64(len(p))
	return all, nil
}

// sayCopy tells what a file is a copy of, for the case.
func (in *input) sayCopy() event.Words {
	return event.Words{Ja: fmt.Sprintf("内容が %s と同じか、その前半である。二重には数えていない", in.copyOf.file.Path),
		En: fmt.Sprintf("its content is that of %s, or its beginning: it was read there and not counted twice", in.copyOf.file.Path)}
}
