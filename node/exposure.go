// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/exposure"
)

// ExposureReviews returns what people found on reviewing the exposure of the case in dir.
func ExposureReviews(dir string) ([]exposure.Entry, error) {
	text, err := readBounded(filepath.Join(dir, exposure.FileName), exposure.MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, event.Tell("%s を読めません：%v", "read %s: %v", exposure.FileName, err)
	}
	return exposure.Decode(text)
}

// ReviewExposure adds reviews to the book of the case in dir and seals the folder anew. It returns how many of them say what the book says
// already: these are not added. A folder that is not as it was sealed is left alone. Home is the folder of the signing key; empty: the default.
func ReviewExposure(ctx context.Context, dir, home, tool string, now time.Time, add []exposure.Entry) (same int, err error) {
	if _, err := os.Lstat(filepath.Join(dir, workName)); err == nil { // it would put its own copy in the place of what is written now
		return 0, event.Tell("%s では調査が実行中か、途中で終わっています：終わってから、もう一度記録してください", "an investigation of %s is running, or was broken off: record it again when one has ended", dir)
	}
	was, err := ExposureReviews(dir)
	if err != nil {
		return 0, err
	}
	book, same := exposure.Add(was, add)
	if len(book) == len(was) {
		return same, nil
	}
	text, err := exposure.Encode(book)
	if err != nil {
		return same, event.Tell("%s を書けません：%v", "write %s: %v", exposure.FileName, err)
	}
	if len(text) > exposure.MaxFile {
		return same, event.Tell("%s が %d MiB を超えます：何も記録していません", "%s would be larger than %d MiB: nothing was recorded", exposure.FileName, exposure.MaxFile>>20)
	}
	return same, resealWith(ctx, dir, home, tool, now, exposure.FileName, text)
}

// keepReviews writes what people reviewed into the new revision, with what was recorded while it was made.
func (v *investigation) keepReviews() error {
	if v.old == nil {
		return nil
	}
	text, err := readBounded(filepath.Join(v.o.Out, exposure.FileName), exposure.MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return event.Tell("%s を読めません：%v", "read %s: %v", exposure.FileName, err)
	}
	return putFile(filepath.Join(v.work, exposure.FileName), text)
}

// recallReviews takes what people reviewed from the case that is extended.
func (v *investigation) recallReviews() (err error) {
	v.reviews, err = ExposureReviews(v.o.Out)
	return err
}

// lastReview returns when the latest of them was recorded.
func (v *investigation) lastReview() event.Micros {
	var last event.Micros
	for i := range v.reviews {
		last = max(last, event.Micros(v.reviews[i].Recorded))
	}
	return last
}

// reviewExposure puts what people found into the ledger.
func (v *investigation) reviewExposure(c *cases.Case) {
	exposure.Apply(c, v.reviews)
	c.Decisions = append(c.Decisions, exposure.Decisions(v.reviews)...)
	c.Limits = append(c.Limits, exposure.Limits(c, v.reviews)...)
}

// showExposure leads what was exposed back to the records that say so.
func (v *investigation) showExposure(ctx context.Context, c *cases.Case, shown map[string][]event.Ref) error {
	want := map[uint32][]*cases.Evidence{}
	for i := range c.Exposure {
		e := &c.Exposure[i]
		refs := shown[e.ID]
		for _, ref := range refs {
			e.Evidence = append(e.Evidence, v.evidence(ref))
		}
		for k, ref := range refs {
			want[ref.Input] = append(want[ref.Input], &e.Evidence[k])
		}
	}
	return v.hash(ctx, want)
}
