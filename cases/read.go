// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Bounds of a case that is read. A case comes from a disk that others may write to.
const (
	maxBytes    = 1 << 30
	maxElements = 2_000_000 // of each array
	maxEvidence = 1_000     // of each finding, question, exposure
)

// ErrTooLarge is returned for a case beyond the bounds.
var ErrTooLarge = errors.New("larger than any case that Sekisho writes")

// Open reads the case in the file name.
func Open(name string) (*Case, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cases: open case: %w", err)
	}
	defer f.Close()
	c, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("cases: read %s: %w", name, err)
	}
	return c, nil
}

// Read reads one case and ignores the keys that it does not know. It refuses another schema, anything after the
// document, and what is beyond the bounds (ErrTooLarge). It does not call Validate.
func Read(r io.Reader) (*Case, error) {
	in := &io.LimitedReader{R: r, N: maxBytes + 1}
	d := json.NewDecoder(in)
	c := new(Case)
	if err := d.Decode(c); err != nil {
		if in.N <= 0 {
			return nil, ErrTooLarge
		}
		return nil, err
	}
	if c.Schema != Schema {
		return nil, fmt.Errorf("schema is %.60q, want %q: a newer Sekisho may have written it", c.Schema, Schema)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the document")
	}
	return c, c.bounded()
}

func (c *Case) bounded() error {
	for _, n := range []int{len(c.Inputs), len(c.Coverage), len(c.Accounts), len(c.Addresses), len(c.Hosts), len(c.Findings), len(c.Stories),
		len(c.Stages), len(c.Path), len(c.Exposure), len(c.Questions), len(c.Containment), len(c.Decisions)} {
		if n > maxElements {
			return ErrTooLarge
		}
	}
	for i := range c.Findings {
		if len(c.Findings[i].Evidence) > maxEvidence {
			return ErrTooLarge
		}
	}
	for i := range c.Exposure {
		if len(c.Exposure[i].Evidence) > maxEvidence {
			return ErrTooLarge
		}
	}
	return nil
}
