// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"strings"
	"testing"

	"github.com/sekisho/sekisho/vault"
)

// Checkpoints are found in what people keep of them: mails, quoted, with the ends of lines of another system, some after others.
func TestNotesIn(t *testing.T) {
	key, _, err := vault.OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	for size := range int64(3) {
		c, err := signCheckpoint(key, "sekisho/test", size+1, vault.Hash{byte(size)})
		if err != nil {
			t.Fatal(err)
		}
		notes = append(notes, string(c.Text))
	}
	quoted := "> " + strings.ReplaceAll(strings.TrimSuffix(notes[1], "\n"), "\n", "\n> ") + "\n"
	for name, x := range map[string]struct {
		text string
		want []string
	}{
		"alone":      {notes[0], notes[:1]},
		"in a mail":  {"Subject: x\n\nhello\n\n" + notes[0] + "-- \nSekisho\n", notes[:1]},
		"a book":     {"a\n" + notes[0] + "\n\nb\n\n" + quoted + notes[2], notes},
		"CRLF":       {"a\r\n\r\n" + strings.ReplaceAll(notes[0], "\n", "\r\n"), notes[:1]},
		"indented":   {"  " + strings.ReplaceAll(notes[0], "\n", "\n  "), notes[:1]},
		"broken off": {"a\n" + notes[0][:strings.Index(notes[0], signatureMark)], nil},
		"nothing":    {"", nil},
		"no hash":    {"a\nsekisho/test\n1\nAAAA\n\n— sekisho/test AAAA\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, b := range notesIn([]byte(x.text)) {
				if _, signed, err := readCheckpoint(b, key.Public()); err != nil || !signed {
					t.Errorf("%q: %v %v", b, signed, err)
				}
				got = append(got, string(b))
			}
			if strings.Join(got, "|") != strings.Join(x.want, "|") {
				t.Errorf("%q, want %q", got, x.want)
			}
		})
	}
}
