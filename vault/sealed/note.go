// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/sekisho/sekisho/vault"
)

// Checkpoints are C2SP tlog-checkpoint in signed notes: what other people's witnesses and monitors read.

// Checkpoint is what the log said of itself at one moment: so many blocks, with that root.
type Checkpoint struct {
	Origin string     `json:"origin"`
	Size   int64      `json:"size"` // blocks
	Root   vault.Hash `json:"-"`
	Text   []byte     `json:"-"` // the note, with its signatures
}

// signer signs notes with the vault's key.
type signer struct {
	name string
	key  vault.Key
}

func (s signer) Name() string    { return s.name }
func (s signer) KeyHash() uint32 { return keyHash(s.name, s.key.Public()) }
func (s signer) Sign(message []byte) ([]byte, error) {
	return s.key.Sign(message), nil
}

// keyHash is a key's short name in a signed note.
func keyHash(name string, public ed25519.PublicKey) uint32 {
	sum := sum256(append([]byte(name+"\n\x01"), public...))
	return binary.BigEndian.Uint32(sum[:])
}

// verifierKey is a public key as it is written for verifiers of notes.
func verifierKey(name string, public ed25519.PublicKey) string {
	return fmt.Sprintf("%s+%08x+%s", name, keyHash(name, public), base64.StdEncoding.EncodeToString(append([]byte{1}, public...)))
}

// parseVerifierKey reads such a line: only one that verifierKey writes.
func parseVerifierKey(text string) (name string, public ed25519.PublicKey, err error) {
	text = strings.TrimSuffix(text, "\n")
	name, rest, _ := strings.Cut(text, "+")
	_, key, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) != 1+ed25519.PublicKeySize || verifierKey(name, raw[1:]) != text || !isOrigin(name) {
		return "", nil, errors.New("is not the public key of a log")
	}
	return name, raw[1:], nil
}

// isOrigin says whether a text can be a log's name.
func isOrigin(name string) bool {
	if name == "" || len(name) > 200 {
		return false
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c == '+' || c >= 0x7f {
			return false
		}
	}
	return true
}

// checkpointText is what is signed.
func checkpointText(origin string, size int64, root vault.Hash) string {
	return origin + "\n" + strconv.FormatInt(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n"
}

// signCheckpoint makes a checkpoint.
func signCheckpoint(key vault.Key, origin string, size int64, root vault.Hash) (Checkpoint, error) {
	text, err := note.Sign(&note.Note{Text: checkpointText(origin, size, root)}, signer{origin, key})
	return Checkpoint{origin, size, root, text}, err
}

// maxCheckpoint bounds a note: a checkpoint with the signatures of many witnesses.
const maxCheckpoint = 256 << 10

// readCheckpoint reads a checkpoint. signed says whether public has signed it under the origin that it names.
func readCheckpoint(text []byte, public ed25519.PublicKey) (c Checkpoint, signed bool, err error) {
	if len(text) > maxCheckpoint {
		return c, false, errors.New("is too large for a checkpoint")
	}
	body, _, ok := strings.Cut(string(text), "\n\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 3 || !isOrigin(lines[0]) {
		return c, false, errors.New("is not a checkpoint")
	}
	c.Origin, c.Text = lines[0], text
	c.Size, err = strconv.ParseInt(lines[1], 10, 48)
	root, err2 := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || err2 != nil || c.Size < 0 || len(root) != len(c.Root) || strings.Join(lines[:3], "\n")+"\n" != checkpointText(c.Origin, c.Size, vault.Hash(root)) {
		return c, false, errors.New("is not a checkpoint")
	}
	copy(c.Root[:], root)
	if public == nil {
		return c, false, nil
	}
	v, err := note.NewVerifier(verifierKey(c.Origin, public))
	if err != nil {
		return c, false, err
	}
	_, err = note.Open(text, note.VerifierList(v))
	return c, err == nil, nil
}
