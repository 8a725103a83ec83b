// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestJournal cuts entries, one of which has a field of several lines, whatever the pieces are in which the stream comes.
func TestJournal(t *testing.T) {
	one := "__CURSOR=s=1\nMESSAGE=first\n"
	two := "__CURSOR=s=2\nMESSAGE\n\x0a\x00\x00\x00\x00\x00\x00\x00two\n\n=line\nPRIORITY=6\n"
	three := "__CURSOR=s=3\nMESSAGE=cut"
	in := []byte(one + "\n" + two + "\n" + three)
	if f, ok := FramingOf(in); f != event.FrameJournal || !ok {
		t.Fatalf("framing %s", f)
	}
	for _, chunk := range []int{0, 7, 16, 33} {
		records, st, err := frame(t, in, event.FrameJournal, Options{chunk: chunk})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprintf("%q", texts(records)), fmt.Sprintf("%q", []string{one, two, three}); got != want {
			t.Errorf("chunks of %d: %s, want %s", chunk, got, want)
		}
		if len(records) == 3 && (records[1].Line != 4 || records[2].Line != 12 || records[2].Offset != int64(bytes.Index(in, []byte(three)))) {
			t.Errorf("chunks of %d: %v", chunk, records)
		}
		if st.Records != 3 || !st.Whole {
			t.Errorf("%+v", st)
		}
	}
	// A length that no entry has, and an entry that does not end.
	broken := append([]byte("__CURSOR=s=1\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff\nA=b\n\n__CURSOR=s=2\n"), bytes.Repeat([]byte("A=b\n"), 1<<12)...)
	records, _, err := frame(t, broken, event.FrameJournal, Options{MaxObject: 4096, MaxLine: 512})
	if err != nil || len(records) < 2 {
		t.Errorf("%d records, %v", len(records), err)
	}
}
