// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/sekisho/sekisho/vault"
)

// A statement is a signed note of the vault that is no checkpoint: its first line has a blank, and so is no log's name. The second line is the log's
// name, the third is JSON. Only what sign writes is one: the same statement cannot be written in two ways.
const (
	sayEra       = "sekisho era"
	sayTombstone = "sekisho tombstone"
	sayHold      = "sekisho hold"
	sayRelease   = "sekisho release"

	maxStatement = 16 << 10
)

var errStatement = errors.New("it is not what this log has signed")

// sign makes a statement.
func sign(key vault.Key, origin, kind string, what any) ([]byte, error) {
	text, err := statementText(origin, kind, what)
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: text}, signer{origin, key})
}

func statementText(origin, kind string, what any) (string, error) {
	b, err := json.Marshal(what)
	return fmt.Sprintf("%s\n%s\n%s\n", kind, origin, b), err
}

// readStatement reads a statement of one kind into a pointer, if public has signed it as origin.
func readStatement(text []byte, origin string, public ed25519.PublicKey, kind string, into any) error {
	head, rest, ok := strings.Cut(string(text), "\n"+origin+"\n")
	body, _, ok2 := strings.Cut(rest, "\n\n")
	if len(text) > maxStatement || !ok || !ok2 || head != kind || public == nil {
		return errStatement
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil {
		return errStatement
	}
	want, err := statementText(origin, kind, into)
	if err != nil || !bytes.HasPrefix(text, []byte(want+"\n")) {
		return errStatement
	}
	v, err := note.NewVerifier(verifierKey(origin, public))
	if err != nil {
		return err
	}
	n, err := note.Open(text, note.VerifierList(v))
	if err != nil || len(n.Sigs) != 1 || len(n.UnverifiedSigs) > 0 {
		return errStatement
	}
	return nil
}
