// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

const proofSchema = "sekisho.proof/1"

// Proof shows of one record that it stands in the log: the record leads to its block's root, the block to the signed checkpoint.
type Proof struct {
	Schema   string       `json:"schema"`
	Position int64        `json:"position"`
	Source   string       `json:"source"`
	From     string       `json:"from"`
	At       vault.Moment `json:"received"`
	Text     string       `json:"text"`   // for people; the bytes are in Record
	Record   []byte       `json:"record"` // as it was sealed
	Index    int64        `json:"index"`  // in its block
	Path     [][]byte     `json:"path"`   // from the record to the block's root
	Block    []byte       `json:"block"`  // the block's header: the leaf of the log
	Log      string       `json:"log"`    // the leaf's proof and the checkpoint, as c2sp.org/tlog-proof@v1
	Key      string       `json:"key"`    // the log's name and public key
}

// history is a log's folder, opened at its checkpoint to prove things of it.
type history struct {
	dir    string
	vkey   string
	public ed25519.PublicKey
	signed Checkpoint
	hashes tlog.HashReader
	all    []segment
}

// openHistory reads the checkpoint, which must be signed by the key that the folder names, and then the segments.
func openHistory(dir string) (*history, error) {
	text, err := readSmall(filepath.Join(dir, logName), 4<<10)
	if err != nil {
		return nil, err
	}
	x := &history{dir: dir, vkey: strings.TrimSuffix(string(text), "\n")}
	origin, public, err := parseVerifierKey(x.vkey)
	if err != nil {
		return nil, fmt.Errorf("%s %w: %w", logName, err, ErrDamaged)
	}
	x.public = public
	if text, err = readSmall(filepath.Join(dir, checkpointName), maxCheckpoint); err != nil {
		return nil, err
	}
	c, signed, err := readCheckpoint(text, public)
	if err != nil || !signed || c.Origin != origin {
		return nil, fmt.Errorf("the checkpoint is not signed by this log: %w", ErrDamaged)
	}
	x.signed = c
	x.hashes = tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: tlog.Hash(c.Root)}, tiles(dir))
	x.all, err = listSegments(dir)
	return x, err
}

// tiles reads tiles for package tlog, which checks each against the root.
type tiles string

func (tiles) Height() int { return 8 }

func (d tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(wanted))
	for i, t := range wanted {
		if all[i] = readTile(string(d), t.L, t.N, t.W, len(vault.Hash{})); all[i] == nil {
			return nil, fmt.Errorf("the tile %s is missing or not whole: %w", tilePath(t.L, t.N, t.W), ErrDamaged)
		}
	}
	return all, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// leafHash returns the hash of a block that the checkpoint covers.
func (x *history) leafHash(block int64) (vault.Hash, error) {
	h, err := x.hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, block)})
	if err != nil {
		return vault.Hash{}, err
	}
	return vault.Hash(h[0]), nil
}

// prove returns a block's proof as c2sp.org/tlog-proof@v1.
func (x *history) prove(block int64) (string, error) {
	if block >= x.signed.Size {
		return "", fmt.Errorf("block %d is sealed and not in the log yet: the checkpoint follows within a second while the vault is open", block)
	}
	path, err := tlog.ProveRecord(x.signed.Size, block, x.hashes)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nindex %d\n", proofHead, block)
	for _, h := range path {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n")
	b.Write(x.signed.Text)
	return b.String(), nil
}

const proofHead = "c2sp.org/tlog-proof@v1"

// inner returns the proof of a record within its block (RFC 6962, 2.1.1), the sibling next to it first.
func inner(leaves []vault.Hash, n int) [][]byte {
	if len(leaves) == 1 {
		return nil
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	var path [][]byte
	var other vault.Hash
	if n < k {
		path, other = inner(leaves[:k], n), vault.Root(leaves[k:])
	} else {
		path, other = inner(leaves[k:], n-k), vault.Root(leaves[:k])
	}
	return append(path, other[:])
}

// Extract returns one record with its proof. kek opens an encrypted vault; else it is nil. A record that has expired is ErrExpired.
func Extract(ctx context.Context, dir string, p event.Position, kek *KEK) (*Proof, error) {
	var found *Proof
	err := proofs(ctx, dir, p, p+1, kek, func(one *Proof) error { found = one; return nil })
	if err == nil && found == nil {
		err = fmt.Errorf("sealed: extract from %s: there is no record %d", dir, p)
	}
	return found, err
}

// proofs calls do for each record of a range with its proof.
func proofs(ctx context.Context, dir string, from, to event.Position, kek *KEK, do func(*Proof) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("sealed: extract from %s: %w", dir, err)
		}
	}()
	x, err := openHistory(dir)
	if err != nil {
		return err
	}
	r, err := NewKeyReader(dir, from, kek)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.from < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := r.block(endless)
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if h.End() <= from {
			continue
		}
		if h.First >= to {
			return nil
		}
		if gone, err := r.expired(&h); err != nil {
			return err
		} else if gone {
			return expiredError(dir, &h)
		}
		payload, err := r.payload(&h)
		if err != nil {
			return err
		}
		leaves, err := r.open.verify(&h, payload)
		if err != nil {
			return fmt.Errorf("records %d to %d: %w: %w", h.First, h.End()-1, err, ErrDamaged)
		}
		if err := x.ofBlock(&h, payload, leaves, r.open, from, to, do); err != nil {
			return err
		}
		r.from = h.End()
	}
	return nil
}

// expiredError says when and why the records of a block were destroyed.
func expiredError(dir string, h *header) error {
	b, err := openBook(dir)
	if err != nil {
		return err
	}
	t := b.covering(h)
	if t == nil {
		return ErrDamaged
	}
	return &ExpiredError{First: int64(h.First), Last: int64(h.End()) - 1, Class: t.Class, Month: t.Month, Keep: t.Keep, At: t.At}
}

// ExpiredError says which records were destroyed because their time was over. It is ErrExpired.
type ExpiredError struct {
	First, Last  int64
	Class, Month string
	Keep         int // days
	At           string
}

func (e *ExpiredError) Error() string {
	return fmt.Sprintf("records %d to %d have expired: class %s of %s was destroyed at %s, %d days after the month's end; the log still proves that they were there, not what they said", e.First, e.Last, e.Class, e.Month, e.At, e.Keep)
}

// Is makes it ErrExpired.
func (e *ExpiredError) Is(target error) bool { return target == ErrExpired }

// ofBlock calls do for the records of one block that are in the range.
func (x *history) ofBlock(h *header, payload []byte, leaves []vault.Hash, o *opener, from, to event.Position, do func(*Proof) error) error {
	log, err := x.prove(h.Number)
	if err != nil {
		return err
	}
	if is, err := x.leafHash(h.Number); err != nil || is != sum256(append([]byte{0}, h.leaf()...)) {
		return fmt.Errorf("block %d is not the one in the log: %w", h.Number, errors.Join(ErrDamaged, err))
	}
	raw, err := o.open(h, payload)
	if err != nil {
		return err
	}
	return each(h, raw, func(i int, record []byte) error {
		p := h.First + event.Position(i)
		if p < from || p >= to {
			return nil
		}
		var r event.Received
		if err := decodeRecord(record, &r, &o.names); err != nil {
			return err
		}
		return do(&Proof{Schema: proofSchema, Position: int64(p), Source: r.Source, From: r.From, At: vault.Moment{Time: r.At.Time()}, Text: strings.ToValidUTF8(string(r.Data), "�"),
			Record: bytes.Clone(o.sealedForm(h, raw, i, record)), Index: int64(i), Path: inner(leaves, i), Block: h.leaf(), Log: log, Key: x.vkey})
	})
}

// Check checks a proof: that the record led to a checkpoint signed by the key that the proof names, which must be the trusted one, if
// trust is not empty. It returns the record.
func (p *Proof) Check(trust string) (event.Received, error) {
	var r event.Received
	fail := func(what string) (event.Received, error) {
		return event.Received{}, fmt.Errorf("sealed: check the proof of record %d: %s", p.Position, what)
	}
	origin, public, err := parseVerifierKey(p.Key)
	if err != nil {
		return fail("its key " + err.Error())
	}
	if trust != "" && vault.Fingerprint(public) != trust {
		return fail("it is signed by another key than the trusted one: by " + vault.Fingerprint(public))
	}
	index, path, note, ok := parseLogProof(p.Log)
	if !ok {
		return fail("its log part is no " + proofHead)
	}
	c, signed, err := readCheckpoint([]byte(note), public)
	if err != nil || !signed || c.Origin != origin {
		return fail("its checkpoint is not signed by its key")
	}
	h, err := parseLeaf(p.Block)
	if err != nil || h.Number != index {
		return fail("its block is none, or another than the proof's")
	}
	if err := tlog.CheckRecord(path, c.Size, tlog.Hash(c.Root), index, tlog.RecordHash(p.Block)); err != nil {
		return fail("its block is not in the log")
	}
	hashes, ok := toHashes(p.Path)
	if !ok || p.Index < 0 || p.Index >= int64(h.Count) || int64(h.First)+p.Index != p.Position {
		return fail("the place in the block is not the record's")
	}
	if err := tlog.CheckRecord(hashes, int64(h.Count), tlog.Hash(h.Root), p.Index, tlog.RecordHash(p.Record)); err != nil {
		return fail("the record is not in its block")
	}
	if err := decodeRecord(p.Record, &r, new(names)); err != nil {
		return fail(err.Error())
	}
	if r.Source != p.Source || r.From != p.From || !p.At.Truncate(1e6).Equal(r.At.Time().Truncate(1e6)) || strings.ToValidUTF8(string(r.Data), "�") != p.Text {
		return fail("what it says for people is not what the record says")
	}
	return r, nil
}

func toHashes(path [][]byte) (tlog.RecordProof, bool) {
	hashes := make(tlog.RecordProof, len(path))
	for i, b := range path {
		if len(b) != sha256.Size {
			return nil, false
		}
		copy(hashes[i][:], b)
	}
	return hashes, true
}

// parseLogProof reads a c2sp.org/tlog-proof@v1.
func parseLogProof(text string) (index int64, path tlog.RecordProof, checkpoint string, ok bool) {
	head, checkpoint, ok := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(lines) < 2 || len(lines) > 70 || lines[0] != proofHead {
		return 0, nil, "", false
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") && len(lines) > 1 {
		lines = lines[1:]
	}
	number, ok := strings.CutPrefix(lines[0], "index ")
	index, err := strconv.ParseInt(number, 10, 48)
	if !ok || err != nil || index < 0 || strconv.FormatInt(index, 10) != number {
		return 0, nil, "", false
	}
	for _, line := range lines[1:] {
		b, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(b) != sha256.Size || base64.StdEncoding.EncodeToString(b) != line {
			return 0, nil, "", false
		}
		path = append(path, tlog.Hash(b))
	}
	return index, path, checkpoint, true
}
