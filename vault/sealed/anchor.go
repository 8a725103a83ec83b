// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/vault"
)

// Anchor is what is kept of a log outside it: its newest checkpoint. Whoever has one can tell later that what it covers was rolled back or written
// anew.
type Anchor struct {
	Checkpoint
	Fingerprint string `json:"key"`        // of the key that signed it
	Note        string `json:"checkpoint"` // the signed note, as C2SP has it
}

// NewestAnchor returns the anchor of the log in a folder. The log may be written meanwhile.
func NewestAnchor(dir string) (*Anchor, error) {
	text, err := readSmall(filepath.Join(dir, logName), maxCheckpoint)
	if err != nil {
		return nil, fmt.Errorf("sealed: read the log's name: %w", err)
	}
	origin, public, err := parseVerifierKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("sealed: %s %w", logName, err)
	}
	if text, err = readSmall(filepath.Join(dir, checkpointName), maxCheckpoint); err != nil {
		return nil, fmt.Errorf("sealed: read the checkpoint: %w", err)
	}
	c, signed, err := readCheckpoint(text, public)
	if err == nil && (!signed || c.Origin != origin) {
		err = errors.New("is not signed by the log's key")
	}
	if err != nil {
		return nil, fmt.Errorf("sealed: the checkpoint %w: run sekisho vault verify", err)
	}
	return &Anchor{Checkpoint: c, Fingerprint: vault.Fingerprint(public), Note: string(text)}, nil
}

// notesIn returns the checkpoints that stand in a text, such as a file of mails: quoted or indented, with any text around them. A text that is a
// checkpoint alone is returned as it is.
func notesIn(text []byte) [][]byte {
	if _, _, err := readCheckpoint(text, nil); err == nil {
		return [][]byte{text}
	}
	var out [][]byte
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(strings.TrimRight(line, " \t\r"), " \t>")
	}
	for i := 0; i+4 < len(lines) && len(out) < mostNotes; i++ {
		if lines[i+3] != "" || !strings.HasPrefix(lines[i+4], signatureMark) || !isOrigin(lines[i]) {
			continue
		}
		end := i + 5
		for end < len(lines) && strings.HasPrefix(lines[end], signatureMark) {
			end++
		}
		one := []byte(strings.Join(slices.Concat(lines[i:end], []string{""}), "\n"))
		if _, _, err := readCheckpoint(one, nil); err == nil {
			out = append(out, one)
			i = end - 1
		}
	}
	return out
}

const (
	signatureMark = "— " // before each signature of a note
	mostNotes     = 4096 // of one file: a digest a day for ten years
	mostDigests   = 16 << 20
)
