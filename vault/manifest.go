// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// ManifestName is the manifest's name in a folder. It cannot list itself; its signature stands for it.
const ManifestName = "manifest.json"

const (
	manifestSchema = "sekisho.manifest/1"
	maxManifest    = 1 << 30
)

// Kind says what an entry is to the case.
type Kind string

// The kinds.
const (
	KindInput Kind = "input" // an original that was read; its path is the one given, relative to Manifest.Directory
	KindCase  Kind = "case"  // a file of the folder that the manifest lies in; its path is below that, with slashes
)

// Entry is one file of a manifest.
type Entry struct {
	Kind     Kind     `json:"kind"`
	Path     string   `json:"path"`
	Size     int64    `json:"size"`
	Modified Moment   `json:"modified"`
	SHA256   string   `json:"sha256"`           // hex
	Root     string   `json:"root"`             // hex, of the Merkle tree over blocks of 1 MiB
	Blocks   HashBlob `json:"blocks"`           // the leaves of that tree
	Unread   string   `json:"unread,omitempty"` // why the file was not read to its end; then the sums mean nothing
}

// MarshalJSON implements json.Marshaler. A path that is no UTF-8 (names in Shift_JIS or EUC-JP are not rare) is kept byte for
// byte in path_bytes, in base64: what JSON can show of it names no file.
func (e Entry) MarshalJSON() ([]byte, error) {
	type plain Entry
	return encodePlain(struct {
		plain
		Path []byte `json:"path_bytes,omitempty"`
	}{plain(e), notUTF8(e.Path)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Entry) UnmarshalJSON(text []byte) error {
	type plain Entry
	x := struct {
		*plain
		Path []byte `json:"path_bytes"`
	}{plain: (*plain)(e)}
	if err := json.Unmarshal(text, &x); err != nil {
		return err
	}
	restore(&e.Path, x.Path)
	return nil
}

// encodePlain encodes without the escapes that are for HTML.
func encodePlain(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// notUTF8 returns the bytes of a path that JSON cannot hold; nil where it can.
func notUTF8(path string) []byte {
	if utf8.ValidString(path) {
		return nil
	}
	return []byte(path)
}

// restore puts the bytes of a path in the place of what JSON showed of it.
func restore(path *string, raw []byte) {
	if notUTF8(string(raw)) != nil {
		*path = string(raw)
	}
}

// Entry returns the sum as an entry.
func (s Sum) Entry(kind Kind, path string, modified time.Time) Entry {
	return Entry{Kind: kind, Path: path, Size: s.Size, Modified: Moment{modified}, SHA256: hex.EncodeToString(s.SHA256[:]),
		Root: hex.EncodeToString(s.Root[:]), Blocks: s.Blocks}
}

// HashBlob is a list of hashes, in JSON one base64 text of their bytes: a file of a terabyte has a million of them.
type HashBlob []Hash

// MarshalJSON implements json.Marshaler.
func (b HashBlob) MarshalJSON() ([]byte, error) {
	raw := make([]byte, 0, len(b)*len(Hash{}))
	for i := range b {
		raw = append(raw, b[i][:]...)
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(raw))
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *HashBlob) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw)%len(Hash{}) != 0 {
		return errors.New("blocks: not a list of hashes in base64")
	}
	*b = make(HashBlob, len(raw)/len(Hash{}))
	for i := range *b {
		copy((*b)[i][:], raw[i*len(Hash{}):])
	}
	return nil
}

// Moment is a time in RFC 3339, UTC, with milliseconds; null where it is not known.
type Moment struct{ time.Time }

const momentForm = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(m.UTC().Format(momentForm))
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *Moment) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*m = Moment{}
		return nil
	}
	t, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(text))
	*m = Moment{t.UTC()}
	return err
}

// Manifest lists what a case rests on and what it consists of.
type Manifest struct {
	Schema      string  `json:"schema"`
	Made        Moment  `json:"made"`
	By          Person  `json:"by"`
	Tool        string  `json:"tool"`      // version of the program
	Directory   string  `json:"directory"` // working directory, which relative paths of inputs are relative to
	BlockSize   int     `json:"block_size"`
	Files       []Entry `json:"files"` // by kind (case before input), then path
	PublicKey   string  `json:"public_key"`
	Fingerprint string  `json:"fingerprint"`
}

// NewManifest returns a manifest without files: made at that moment, by whoever runs this program, here.
func NewManifest(tool string, made time.Time) *Manifest {
	dir, _ := os.Getwd()
	return &Manifest{Schema: manifestSchema, Made: Moment{made}, By: Me(), Tool: tool, Directory: dir, BlockSize: BlockSize}
}

// Add adds a file.
func (m *Manifest) Add(e Entry) { m.Files = append(m.Files, e) }

// AddFolder adds every regular file below dir as KindCase, but for the manifest itself and what is being written.
func (m *Manifest) AddFolder(ctx context.Context, dir string) error {
	return walkCase(dir, func(path string, fi fs.FileInfo) error {
		if !fi.Mode().IsRegular() {
			return nil // Verify names it
		}
		sum, err := sumFile(ctx, filepath.Join(dir, filepath.FromSlash(path)), -1)
		if err != nil {
			return fmt.Errorf("vault: digest %s: %w", filepath.Join(dir, path), err)
		}
		m.Add(sum.Entry(KindCase, path, fi.ModTime()))
		return nil
	})
}

// walkCase calls do for all that is below dir and not a folder, with slashed paths below dir, in order.
func walkCase(dir string, do func(path string, fi fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("vault: read case folder: %w", err)
		}
		if d.IsDir() {
			return nil
		}
		below, err := filepath.Rel(dir, path)
		if err != nil {
			return fmt.Errorf("vault: read case folder: %w", err)
		}
		below = filepath.ToSlash(below)
		if below == ManifestName || below == ManifestName+".partial" {
			return nil
		}
		fi, err := d.Info()
		if err != nil {
			return fmt.Errorf("vault: read case folder: %w", err)
		}
		return do(below, fi)
	})
}

// sumFile digests the first limit bytes of a file; all of it where limit is negative.
func sumFile(ctx context.Context, path string, limit int64) (Sum, error) {
	f, err := openRegular(path)
	if err != nil {
		return Sum{}, err
	}
	defer f.Close()
	var from io.Reader = &cancelled{ctx, f}
	if limit >= 0 {
		from = io.LimitReader(from, limit)
	}
	d := NewDigest()
	_, err = io.CopyBuffer(struct{ io.Writer }{d}, from, make([]byte, 256<<10))
	return d.Sum(), err
}

// cancelled is a reader that ends when its context does.
type cancelled struct {
	ctx  context.Context
	from io.Reader
}

// Read implements io.Reader.
func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.from.Read(p)
}

// signatureAt begins the last member of a manifest. What is signed is the manifest without that member.
const (
	signatureAt  = ",\n  \"signature\": \""
	signatureEnd = "\"\n}\n"
	manifestEnd  = "\n}\n"
)

// Encode returns the manifest as JSON, signed: its files sorted, its keys in order, the signature last. The signature is over the
// very bytes of the text without the member "signature", so that it can be checked without knowing every key.
func (m *Manifest) Encode(key Key) ([]byte, error) {
	c := *m
	c.PublicKey = base64.StdEncoding.EncodeToString(key.Public())
	c.Fingerprint = key.Fingerprint()
	c.Files = slices.Clone(m.Files)
	slices.SortFunc(c.Files, func(a, b Entry) int {
		if d := strings.Compare(string(a.Kind), string(b.Kind)); d != 0 {
			return d
		}
		return strings.Compare(a.Path, b.Path)
	})
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(&c); err != nil {
		return nil, fmt.Errorf("vault: encode manifest: %w", err)
	}
	body := b.Bytes()
	signature := ed25519.Sign(key.private, body)
	out := slices.Clone(body[:len(body)-len(manifestEnd)])
	out = append(out, signatureAt...)
	out = base64.StdEncoding.AppendEncode(out, signature)
	return append(out, signatureEnd...), nil
}

// Seal digests the files of the folder dir, adds them, and writes the manifest there, signed.
func Seal(ctx context.Context, dir string, m *Manifest, key Key) error {
	if err := m.AddFolder(ctx, dir); err != nil {
		return err
	}
	b, err := m.Encode(key)
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, ManifestName), b, 0o600)
}

// ErrNotOurs is what Sealed returns for a file that is there, and that no manifest signed with one's own key speaks of as it is.
var ErrNotOurs = errors.New("not sealed with the key of this machine")

// Sealed returns a file of the case folder dir, of limit bytes at most, if the folder's manifest is signed with the key in home (default:
// Home) and says of the file what it is. Whoever can write into the folder can make neither. The error of a file that is missing is fs.ErrNotExist.
func Sealed(dir, name, home string, limit int64) ([]byte, error) {
	b, err := readSmall(filepath.Join(dir, name), limit)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	text, err := readSmall(filepath.Join(dir, ManifestName), maxManifest)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	m, signed, err := Decode(text)
	if err != nil {
		return nil, err
	}
	if home == "" {
		if home, err = Home(); err != nil {
			return nil, err
		}
	}
	public, err := LocalKey(home)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	if i := slices.IndexFunc(m.Files, func(e Entry) bool { return e.Kind == KindCase && e.Path == name }); signed && public != nil && m.Fingerprint == Fingerprint(public) && i >= 0 && m.Files[i].SHA256 == hex.EncodeToString(sum[:]) {
		return b, nil
	}
	return nil, fmt.Errorf("vault: %s: %w", filepath.Join(dir, name), ErrNotOurs)
}

// Decode reads a manifest. signed says whether the signature is that of the key that the manifest itself names; whether
// that key is to be trusted is another question. The error is about text that is no manifest.
func Decode(text []byte) (m *Manifest, signed bool, err error) {
	body, signature := text, []byte(nil)
	if i := bytes.LastIndex(text, []byte(signatureAt)); i >= 0 && bytes.HasSuffix(text, []byte(signatureEnd)) && i+len(signatureAt) <= len(text)-len(signatureEnd) {
		written := string(text[i+len(signatureAt) : len(text)-len(signatureEnd)])
		signature, err = base64.StdEncoding.DecodeString(written)
		// The same signature can be written in several ways; only one is ours.
		if err == nil && base64.StdEncoding.EncodeToString(signature) == written {
			body = append(slices.Clone(text[:i]), manifestEnd...)
		}
	}
	m = new(Manifest)
	// Only what is signed is read.
	if err := json.Unmarshal(body, m); err != nil {
		return nil, false, fmt.Errorf("vault: read manifest: %w", err)
	}
	if !strings.HasPrefix(m.Schema, "sekisho.manifest/") {
		return nil, false, fmt.Errorf("vault: read manifest: schema %.40q is not sekisho.manifest", m.Schema)
	}
	if m.Schema != manifestSchema || m.BlockSize != BlockSize {
		return nil, false, fmt.Errorf("vault: read manifest: schema %.40q with blocks of %d is newer than this program", m.Schema, m.BlockSize)
	}
	public, err := base64.StdEncoding.DecodeString(m.PublicKey)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return m, false, nil
	}
	// The fingerprint that people compare must be that of the key.
	return m, m.Fingerprint == Fingerprint(public) && ed25519.Verify(public, body, signature), nil
}
