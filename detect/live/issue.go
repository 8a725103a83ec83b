// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// Revision is one state of a finding. Number 1 is the one that raised it.
type Revision struct {
	ID      string
	Number  int
	At      event.Micros // when it was made: of the first one, when the finding was raised
	Changed []string     // against the revision before: "new", "withdrawn", "back", "severity", "first", "last", "subjects", "numbers", "text", "evidence", "final"
	// Withdrawn says that late records took away what the finding rested on. It is kept, as everything that was ever said.
	Withdrawn bool
	// Final says that every record that it rests on is older than a record may be late. What happens later may add to it, by another
	// revision.
	Final   bool
	Finding event.Finding // as it stands; as it stood before, when it is withdrawn
}

// issued is what is known of one finding that was raised: its last revision, and how it stands since.
type issued struct {
	Last    Revision
	Of      int               // the detector's place
	Sum     [sha256.Size]byte // of how it stands now
	Since   event.Micros      // the mark when it came to stand so
	Pending bool              // it stands otherwise than in the last revision
}

// issues are the findings that were raised. Their last revisions are in memory, all of them in a file.
type issues struct {
	by   map[string]*issued
	size int64 // of the file
}

func newIssues() issues { return issues{by: map[string]*issued{}} }

// issue looks at what the detectors conclude and makes revisions of what changed. A finding that is new, is taken back, or changes in
// severity or beginning has one at once; one that only grows has one when its last one is old enough.
func (w *Watch) issue(now event.Micros) ([]Revision, error) {
	plan, err := detect.PlanOf(&event.Finding{})
	if err != nil {
		return nil, err
	}
	var out []Revision
	there := map[string]bool{}
	silent := map[int]bool{}
	for i := range w.engine.Len() {
		found, ok := w.engine.FindingsOf(i, w.mark)
		silent[i] = !ok
		for _, f := range found {
			id := f.ID()
			if there[id] {
				continue
			}
			there[id] = true
			b, err := plan.AppendSorted(nil, &f)
			if err != nil {
				return nil, err
			}
			if r, ok := w.revision(id, f, sha256.Sum256(b), now); ok {
				out = append(out, r)
			}
			w.issued.by[id].Of = i
		}
	}
	for id, is := range w.issued.by {
		if !there[id] && !is.Last.Withdrawn && !silent[is.Of] { // what a broken detector said stands
			is.Last = Revision{ID: id, Number: is.Last.Number + 1, At: now, Changed: []string{"withdrawn"}, Withdrawn: true, Finding: is.Last.Finding}
			is.Sum, is.Since, is.Pending = [sha256.Size]byte{}, w.mark, false
			out = append(out, is.Last)
		}
	}
	slices.SortFunc(out, func(a, b Revision) int {
		if a.Finding.First != b.Finding.First {
			return int(max(-1, min(1, a.Finding.First-b.Finding.First)))
		}
		return cmpText(a.ID, b.ID)
	})
	return out, w.log(out)
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// revision says whether a finding as it stands now makes a revision.
func (w *Watch) revision(id string, f event.Finding, sum [sha256.Size]byte, now event.Micros) (Revision, bool) {
	is := w.issued.by[id]
	if is == nil {
		is = &issued{Last: Revision{ID: id, Number: 1, At: now, Changed: []string{"new"}, Finding: f}, Sum: sum, Since: w.mark}
		w.issued.by[id] = is
		return is.Last, true
	}
	if is.Sum != sum {
		is.Sum, is.Since, is.Pending = sum, w.mark, true
	}
	final := is.Since <= w.final()
	changed := changes(&is.Last, &f)
	switch {
	case is.Last.Withdrawn:
		changed = append([]string{"back"}, changed...)
	case !is.Pending && (!final || is.Last.Final):
		return Revision{}, false
	case is.Pending && !final && !slices.Contains(changed, "severity") && !slices.Contains(changed, "first") && now.Sub(is.Last.At) < w.o.Growth:
		return Revision{}, false
	}
	if final {
		changed = append(changed, "final")
	}
	is.Last = Revision{ID: id, Number: is.Last.Number + 1, At: now, Changed: changed, Final: final, Finding: f}
	is.Pending = false
	return is.Last, true
}

// changes names what is different.
func changes(last *Revision, f *event.Finding) (out []string) {
	o := &last.Finding
	for _, c := range []struct {
		name string
		is   bool
	}{
		{"severity", o.Severity != f.Severity},
		{"first", o.First != f.First || o.Alerted != f.Alerted},
		{"last", o.Last != f.Last},
		{"subjects", !slices.Equal(o.Accounts, f.Accounts) || !slices.Equal(o.Addresses, f.Addresses) || !slices.Equal(o.Hosts, f.Hosts)},
		{"numbers", !slices.Equal(o.Numbers, f.Numbers)},
		{"text", o.Title != f.Title || o.Explanation != f.Explanation},
		{"evidence", fmt.Sprint(o.Evidence) != fmt.Sprint(f.Evidence)},
	} {
		if c.is {
			out = append(out, c.name)
		}
	}
	return out
}

const revisionsFile = "revisions"

// log appends revisions to the file: for each the length of what follows, its CRC-32C, four bytes each, and the revision.
func (w *Watch) log(list []Revision) error {
	if len(list) == 0 {
		return nil
	}
	plan, err := detect.PlanOf(&Revision{})
	if err != nil {
		return err
	}
	var b []byte
	for i := range list {
		at := len(b)
		b, err = plan.Append(append(b, make([]byte, 8)...), &list[i])
		if err != nil {
			return err
		}
		binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-8))
		binary.BigEndian.PutUint32(b[at+4:], crc32.Checksum(b[at+8:], castagnoli))
	}
	file, err := os.OpenFile(w.files.path(revisionsFile), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("live: write revisions: %w", err)
	}
	defer file.Close()
	if _, err := file.WriteAt(b, w.issued.size); err != nil {
		return fmt.Errorf("live: write revisions: %w", err)
	}
	w.issued.size += int64(len(b))
	return file.Close()
}

// Revisions hands out every revision of every finding, as they were made, until yield returns false.
func (w *Watch) Revisions(yield func(*Revision) bool) error {
	file, err := os.Open(w.files.path(revisionsFile))
	if errors.Is(err, os.ErrNotExist) && w.issued.size == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("live: read revisions: %w", err)
	}
	defer file.Close()
	plan, err := detect.PlanOf(&Revision{})
	if err != nil {
		return err
	}
	from := io.NewSectionReader(file, 0, w.issued.size)
	for left := w.issued.size; left > 0; {
		var head [8]byte
		if _, err := io.ReadFull(from, head[:]); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrDamaged, revisionsFile, err)
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		if left -= 8 + n; left < 0 {
			return fmt.Errorf("%w: %s: a length that cannot be", ErrDamaged, revisionsFile)
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(from, b); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrDamaged, revisionsFile, err)
		}
		var r Revision
		if crc32.Checksum(b, castagnoli) != binary.BigEndian.Uint32(head[4:]) || plan.Read(b, &r, nil) != nil {
			return fmt.Errorf("%w: %s: the sum is wrong", ErrDamaged, revisionsFile)
		}
		if !yield(&r) {
			return nil
		}
	}
	return nil
}

// Standing returns the last revision of each finding that stands, in order of identity.
func (w *Watch) Standing() []Revision {
	var out []Revision
	for _, is := range w.issued.by {
		if !is.Last.Withdrawn {
			out = append(out, is.Last)
		}
	}
	slices.SortFunc(out, func(a, b Revision) int { return cmpText(a.ID, b.ID) })
	return out
}
