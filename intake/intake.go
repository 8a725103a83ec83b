// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package intake receives: it finds the files that a person named, recognises how they are packed, and cuts their bytes
// into records. It does not read what the records mean, and it keeps nothing: sealing is vault's, reading is formats'.
//
//	inputs, err := intake.Discover(args, intake.Search{})
//	for _, f := range inputs.Files {
//		src, err := intake.Open(f, intake.Options{Raw: digest})
//		head, err := src.Head(64 << 10)                       // what format is it?
//		err = src.Records(ctx, event.FrameLines, func(r *event.Record) error { … })
//	}
//
// Whatever the bytes are, memory stays bounded, time linear, and every byte is in a record or between two.
package intake

import (
	"errors"
	"fmt"
)

// The ways in which a file's content can end early. All are wrapped in a BrokenError.
var (
	// ErrTruncated: the compressed data stops before its end. Everything before the break was delivered.
	ErrTruncated = errors.New("compressed data ends early")
	// ErrCorrupt: the compressed data is damaged. Everything before the damage was delivered.
	ErrCorrupt = errors.New("compressed data is damaged")
	// ErrUnsupported: packed in a way that has to be unpacked first.
	ErrUnsupported = errors.New("packed in a way that Sekisho does not unpack")
	// ErrChanged: the file is not the one that was found before: its size or its modification time differs.
	ErrChanged = errors.New("file changed since it was found")
)

// BrokenError says where the content of a file ended early, and why. errors.Is finds the sentinel in it.
type BrokenError struct {
	Path   string
	Reason error // ErrTruncated, ErrCorrupt, ErrUnsupported or ErrChanged
	Offset int64 // bytes of the decompressed stream that were delivered
	Raw    int64 // bytes of the file as stored that were read by then
	Size   int64 // bytes of the file as stored
	Err    error // what the decoder said; may be nil
}

// Error names the file, the place and what to do.
func (e *BrokenError) Error() string {
	var other *foreignError
	if errors.As(e.Err, &other) {
		return "intake: read " + e.Path + ": " + other.Error()
	}
	do := "fetch the file again from its source"
	switch {
	case errors.Is(e.Reason, ErrUnsupported):
		do = "unpack it and give the result"
	case errors.Is(e.Reason, ErrChanged):
		do = "preserve a copy and work on that"
	}
	detail := ""
	if e.Err != nil {
		detail = " (" + e.Err.Error() + ")"
	}
	return fmt.Sprintf("intake: read %s: %v%s at byte %d of the content, near byte %d of %d of the file; %s",
		e.Path, e.Reason, detail, e.Offset, e.Raw, e.Size, do)
}

// Unwrap makes errors.Is find the reason and the cause.
func (e *BrokenError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}
