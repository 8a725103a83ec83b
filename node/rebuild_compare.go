// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Compared is how findings that were made again stand beside those that the live system sealed: identities, in order. Each is in one list.
type Compared struct {
	Same    []string `json:"same"`    // to the last number and piece of evidence
	Grown   []string `json:"grown"`   // the same but for how far they had grown: a finding that only grows is told once an hour
	Differ  []string `json:"differ"`  // in severity, beginning, subjects or whether they stand
	Missing []string `json:"missing"` // sealed, and not found again
	New     []string `json:"new"`     // found again, and never sealed
	Expired []string `json:"expired"` // not found again or otherwise, and some of the records that they rest on have expired
	// Unsealed are findings of findings.jsonl whose last revision is not the one that is sealed, or is sealed no more.
	Unsealed []string `json:"unsealed"`
}

// Agree says that everything that was sealed was found again, and nothing else; what has expired, and growth, set aside.
func (c *Compared) Agree() bool { return len(c.Differ)+len(c.Missing)+len(c.New) == 0 }

// findingStates are the last revision of each finding.
type findingStates struct{ by map[string]findingState }

// findingState is what is compared of a finding.
type findingState struct {
	revision  int
	withdrawn bool
	whole     [sha256.Size]byte // of everything but when and as which revision it was told
	core      [sha256.Size]byte // of what does not change by growing
	rests     []event.Position
}

func newFindingStates() *findingStates { return &findingStates{by: map[string]findingState{}} }

// add takes a revision. A finding that tells of a contact that was not reached, or of a replica that does not follow, comes from no record, and is passed over.
func (f *findingStates) add(one *Told) error {
	if one.ID == "" || one.Contact != "" || one.Replica != "" || one.Revision < f.by[one.ID].revision {
		return nil
	}
	s := findingState{revision: one.Revision, withdrawn: one.Withdrawn}
	for _, e := range one.Evidence {
		s.rests = append(s.rests, e.Position)
	}
	c := *one
	c.Revision, c.At, c.Changed, c.Final = 0, 0, nil, false
	var err error
	if s.whole, err = sumOf(&c); err != nil {
		return err
	}
	c.Last, c.Numbers, c.Title, c.Explanation, c.Evidence = 0, nil, event.Words{}, event.Words{}, nil
	if s.core, err = sumOf(&c); err != nil {
		return err
	}
	f.by[one.ID] = s
	return nil
}

func sumOf(one *Told) ([sha256.Size]byte, error) {
	b, err := json.Marshal(one)
	return sha256.Sum256(b), err
}

// readSealed takes a finding as the live system seals it.
func (f *findingStates) readSealed(data []byte) error {
	var one struct {
		Finding Told `json:"finding"`
	}
	if err := json.Unmarshal(data, &one); err != nil {
		return fmt.Errorf("a sealed finding: %w", err)
	}
	return f.add(&one.Finding)
}

// readFile takes the findings of a file; one that is not there has none. A line that a crash tore is passed over.
func (f *findingStates) readFile(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("node: read the findings: %w", err)
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		var one Told
		if json.Unmarshal(line, &one) == nil {
			if err := f.add(&one); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("node: read the findings: %w", err)
		}
	}
}

// standing counts the findings that were not taken back.
func (f *findingStates) standing() (n int) {
	for _, s := range f.by {
		if !s.withdrawn {
			n++
		}
	}
	return n
}

// compareFindings sets what was found again beside what was sealed, and what was told beside both.
func compareFindings(found, was, told *findingStates, gone []span) Compared {
	c := Compared{Same: []string{}, Grown: []string{}, Differ: []string{}, Missing: []string{}, New: []string{}, Expired: []string{}, Unsealed: []string{}}
	for id, a := range was.by {
		b, ok := found.by[id]
		switch {
		case ok && a.whole == b.whole, !ok && a.withdrawn: // one that was taken back rests on nothing
			c.Same = append(c.Same, id)
		case ok && a.core == b.core:
			c.Grown = append(c.Grown, id)
		case restsOn(a.rests, gone):
			c.Expired = append(c.Expired, id)
		case ok:
			c.Differ = append(c.Differ, id)
		default:
			c.Missing = append(c.Missing, id)
		}
	}
	for id, b := range found.by {
		if _, ok := was.by[id]; !ok && !b.withdrawn {
			c.New = append(c.New, id)
		}
	}
	for id, t := range told.by {
		if a, ok := was.by[id]; !ok || a.revision != t.revision || a.whole != t.whole {
			c.Unsealed = append(c.Unsealed, id)
		}
	}
	for _, list := range [][]string{c.Same, c.Grown, c.Differ, c.Missing, c.New, c.Expired, c.Unsealed} {
		slices.Sort(list)
	}
	return c
}

// restsOn says whether any of the positions is in one of the spans, which are in order.
func restsOn(positions []event.Position, gone []span) bool {
	for _, p := range positions {
		i, _ := slices.BinarySearchFunc(gone, p, func(s span, p event.Position) int {
			switch {
			case s.To <= p:
				return -1
			case s.From > p:
				return 1
			}
			return 0
		})
		if i < len(gone) && gone[i].From <= p && p < gone[i].To {
			return true
		}
	}
	return false
}
