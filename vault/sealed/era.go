// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// DefaultClass is the class of records whose source has none, and of what was sealed before there were classes.
const DefaultClass = "default"

// Class is what is kept equally long.
type Class struct {
	Name string
	Keep int // days after the end of the month in which a record was sealed; 0: forever
}

// Retention says how long records are kept. Records of a class and month are an era: they are sealed in blocks of their own and expire together.
type Retention struct {
	Classes []Class                    // one without a rule here is kept forever
	Of      func(source string) string // the class of a source; empty: of what it was sealed with, else DefaultClass
	KEK     *KEK                       // nil: not encrypted
}

// keep returns how many days a class is kept.
func (r *Retention) keep(class string) int {
	for _, c := range r.Classes {
		if c.Name == class {
			return c.Keep
		}
	}
	return 0
}

// classes returns the class of each record.
func (r *Retention) classes(records []event.Received) []string {
	out, other := make([]string, len(records)), ""
	for i := range records {
		if i > 0 && records[i].Source == records[i-1].Source {
			out[i] = out[i-1]
		} else if r.Of != nil {
			out[i] = r.Of(records[i].Source)
		}
		if other == "" {
			other = out[i]
		}
	}
	if other == "" {
		other = DefaultClass
	}
	for i := range out {
		if out[i] == "" {
			out[i] = other
		}
	}
	return out
}

const (
	eraFolder    = "eras"
	eraEnd       = ".era"
	eraKeyEnd    = ".key"
	tombstoneEnd = ".tombstone"
	doneEnd      = ".done"

	cipherNone = "none"
	cipherGCM  = "aes-256-gcm"

	monthForm = "2006-01"
	maxEra    = 1 << 16 // files of each kind that are read
)

// era is one class's records of one month, as they are described on disk. Its number is random: one whose description was removed is not given again.
type era struct {
	Number uint32 `json:"era"`
	Class  string `json:"class"`
	Month  string `json:"month"`         // in UTC
	From   int64  `json:"from"`          // its blocks come at or after this one
	Cipher string `json:"cipher"`        // none or aes-256-gcm
	KEK    string `json:"kek,omitempty"` // the name of the key that wraps the era's
	Key    string `json:"key,omitempty"` // SHA-256 of the file with the wrapped key, in base64
	Made   string `json:"made"`          // when, RFC 3339
	aead   cipher.AEAD
}

func eraPath(dir string, number uint32, end string) string {
	return filepath.Join(dir, eraFolder, fmt.Sprintf("%08x%s", number, end))
}

func (e *era) about(origin string) string {
	return fmt.Sprintf("%s\n%s\n%08x\n", sayEra, origin, e.Number)
}

// monthEnd returns when a month ends.
func monthEnd(month string) (time.Time, error) {
	t, err := time.Parse(monthForm, month)
	return t.AddDate(0, 1, 0), err
}

// isClass says whether a text can be the name of a class.
func isClass(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// eras is who makes eras for the builder, which owns it.
type eras struct {
	l    *Log
	list []*era // that may be gone on with
}

// current returns the era of a class now, and makes it durable first if it is new. nil: there are none.
func (s *eras) current(class string) (*era, error) {
	if s == nil || s.l.o.Retention == nil {
		return nil, nil
	}
	r := s.l.o.Retention
	now := s.l.o.Now().UTC()
	month := now.Format(monthForm)
	for _, e := range s.list {
		if e.Class == class && e.Month == month {
			return e, nil
		}
	}
	// Of earlier months none is gone on with.
	s.list = slices.DeleteFunc(s.list, func(e *era) bool { return e.Class == class })
	e := &era{Class: class, Month: month, From: s.l.next(), Cipher: cipherNone, Made: now.Format(time.RFC3339)}
	for e.Number == 0 {
		e.Number = binary.LittleEndian.Uint32(newKey()[:4])
	}
	if err := s.l.makeEra(e, r.KEK); err != nil {
		return nil, err
	}
	s.list = append(s.list, e)
	return e, nil
}

func newKey() []byte {
	b := make([]byte, 32)
	rand.Read(b)
	return b
}

// makeEra writes an era's key and then its description: a key without one is nobody's.
func (l *Log) makeEra(e *era, kek *KEK) error {
	if err := os.MkdirAll(filepath.Join(l.dir, eraFolder), 0o700); err != nil {
		return err
	}
	if kek != nil {
		key := newKey()
		wrapped, err := kek.wrap(key, e.about(l.origin))
		if err != nil {
			return err
		}
		file := []byte(base64.StdEncoding.EncodeToString(wrapped) + "\n")
		sum := sha256.Sum256(file)
		e.Cipher, e.KEK, e.Key = cipherGCM, kek.ID(), base64.StdEncoding.EncodeToString(sum[:])
		if e.aead, err = newAEAD(key); err != nil {
			return err
		}
		if err := writeWhole(l.o.disk, eraPath(l.dir, e.Number, eraKeyEnd), file, true); err != nil {
			return err
		}
	}
	text, err := sign(l.o.Key, l.origin, sayEra, e)
	if err != nil {
		return err
	}
	return errors.Join(writeWhole(l.o.disk, eraPath(l.dir, e.Number, eraEnd), text, true), l.o.disk.SyncFolder(l.dir))
}

// openKey unwraps an era's key.
func (e *era) openKey(dir, origin string, kek *KEK) (cipher.AEAD, error) {
	if kek == nil {
		return nil, fmt.Errorf("records of class %s of %s are encrypted: give the file with the vault's encryption key (%s): %w", e.Class, e.Month, e.KEK, ErrEncrypted)
	}
	if kek.ID() != e.KEK {
		return nil, fmt.Errorf("records of class %s of %s are encrypted under the key %s, and the key given is %s: %w", e.Class, e.Month, e.KEK, kek.ID(), ErrEncrypted)
	}
	text, err := readSmall(eraPath(dir, e.Number, eraKeyEnd), 1<<10)
	if err != nil {
		return nil, fmt.Errorf("the key of class %s of %s: %w: put it back from a replica: %w", e.Class, e.Month, err, ErrDamaged)
	}
	wrapped, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(string(text), "\n"))
	if err == nil {
		var key []byte
		if key, err = kek.unwrap(wrapped, e.about(origin)); err == nil {
			return newAEAD(key)
		}
	}
	return nil, fmt.Errorf("the key of class %s of %s was changed (%w): put it back from a replica: %w", e.Class, e.Month, err, ErrDamaged)
}

// openEras reads the eras that may be gone on with.
func (l *Log) openEras() (*eras, error) {
	s := &eras{l: l}
	if err := removePartial(filepath.Join(l.dir, eraFolder)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	b := readBook(l.dir, l.origin, l.o.Key.Public())
	r := l.o.Retention
	for _, e := range b.eras {
		if e.Cipher != cipherGCM || len(b.tombstones[e.Number]) > 0 {
			continue
		}
		if r == nil || r.KEK == nil || r.KEK.ID() != e.KEK {
			return nil, fmt.Errorf("there are records encrypted under the key %s, and this key was not given: name its file in the configuration (retention.key); it is needed until they have expired: %w", e.KEK, ErrEncrypted)
		}
	}
	if r == nil {
		return s, nil
	}
	month := l.o.Now().UTC().Format(monthForm)
	for _, e := range b.eras {
		if len(b.tombstones[e.Number]) > 0 || e.Month != month || (r.KEK != nil) != (e.Cipher == cipherGCM) || r.KEK != nil && r.KEK.ID() != e.KEK {
			continue
		}
		if e.Cipher == cipherGCM {
			var err error
			if e.aead, err = e.openKey(l.dir, l.origin, r.KEK); err != nil {
				return nil, err
			}
		}
		s.list = append(s.list, e)
	}
	return s, nil
}

// keyring opens what is encrypted. Owned by one goroutine.
type keyring struct {
	dir  string
	kek  *KEK
	book *book
	open map[uint32]cipher.AEAD
}

// has says whether an era's key is open already.
func (k *keyring) has(number uint32) bool { return k != nil && k.open[number] != nil }

// covering returns a block's tombstone; nil: it has none. Tombstones are looked for again where none is known.
func (k *keyring) covering(h *header) (*Tombstone, error) {
	if k.book != nil {
		if t := k.book.covering(h); t != nil {
			return t, nil
		}
	}
	b, err := openBook(k.dir)
	if err != nil {
		return nil, err
	}
	k.book = b
	return b.covering(h), nil
}

func (k *keyring) aead(number uint32) (cipher.AEAD, error) {
	if k == nil {
		return nil, ErrEncrypted
	}
	if a := k.open[number]; a != nil {
		return a, nil
	}
	if k.book == nil || k.book.eras[number] == nil { // it may have come since
		b, err := openBook(k.dir)
		if err != nil {
			return nil, err
		}
		k.book = b
	}
	if k.open == nil {
		k.open = map[uint32]cipher.AEAD{}
	}
	e := k.book.eras[number]
	if e == nil {
		return nil, fmt.Errorf("the description of era %08x is not there: put it back from a replica: %w", number, ErrDamaged)
	}
	a, err := e.openKey(k.dir, k.book.origin, k.kek)
	if err == nil {
		k.open[number] = a
	}
	return a, err
}

// book is what lies in the folder of eras, and the holds.
type book struct {
	origin     string
	public     ed25519.PublicKey
	eras       map[uint32]*era
	tombstones map[uint32][]*Tombstone
	done       map[string]bool // names of tombstones' files of which all is carried out
	holds      []*Hold
	bad        []string        // files that are not what they should be, below the vault's folder
	known      map[string]bool // files, below the vault's folder
}

// openBook reads the book of a folder.
func openBook(dir string) (*book, error) {
	text, err := readSmall(filepath.Join(dir, logName), 4<<10)
	if err != nil {
		return nil, err
	}
	origin, public, err := parseVerifierKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s %w: %w", logName, err, ErrDamaged)
	}
	return readBook(dir, origin, public), nil
}

// readBook reads what the key has signed; what it has not is bad.
func readBook(dir, origin string, public ed25519.PublicKey) *book {
	b := &book{origin: origin, public: public, eras: map[uint32]*era{}, tombstones: map[uint32][]*Tombstone{}, done: map[string]bool{}, known: map[string]bool{}}
	entries, _ := os.ReadDir(filepath.Join(dir, eraFolder))
	for _, e := range entries[:min(len(entries), maxEra)] {
		name := eraFolder + "/" + e.Name()
		b.known[name] = true
		text, err := readSmall(filepath.Join(dir, name), maxStatement)
		ok := err == nil
		switch filepath.Ext(name) {
		case eraEnd:
			one := new(era)
			ok = ok && readStatement(text, origin, public, sayEra, one) == nil && eraPath("", one.Number, eraEnd) == filepath.FromSlash(name)
			if ok {
				b.eras[one.Number] = one
			}
		case tombstoneEnd:
			one := new(Tombstone)
			ok = ok && readStatement(text, origin, public, sayTombstone, one) == nil && one.name(tombstoneEnd) == e.Name()
			if ok {
				b.tombstones[one.Era] = append(b.tombstones[one.Era], one)
			}
		case eraKeyEnd:
			ok = true
		case doneEnd:
			ok = ok && len(text) == 0
			b.done[e.Name()] = true
		default:
			ok, b.known[name] = true, false
		}
		if !ok {
			b.bad = append(b.bad, name)
		}
	}
	b.readHolds(dir)
	return b
}

// covering returns the tombstone of a block; nil where it has none.
func (b *book) covering(h *header) *Tombstone {
	if b == nil {
		return nil
	}
	for _, t := range b.tombstones[h.Era] {
		if t.covers(h) {
			return t
		}
	}
	return nil
}

// carriedOut says whether nothing of what a tombstone covers should be left.
func (b *book) carriedOut(t *Tombstone) bool { return b.done[t.name(doneEnd)] }

// keyFault says what is wrong with the file of an era's wrapped key; empty: nothing.
func (e *era) keyFault(dir string) FaultKind {
	if e.Cipher != cipherGCM {
		return ""
	}
	text, err := readSmall(eraPath(dir, e.Number, eraKeyEnd), 1<<10)
	if err != nil {
		return FaultMissing
	}
	if sum := vault.Hash(sha256.Sum256(text)); base64.StdEncoding.EncodeToString(sum[:]) != e.Key {
		return FaultChanged
	}
	return ""
}

// Kept is what a vault says of how long its records are kept.
type Kept struct {
	Eras    []KeptEra    `json:"eras"`
	Expired []*Tombstone `json:"expired"`
	Holds   []*Hold      `json:"holds"`
	Bad     []string     `json:"bad"` // files that are not as they were signed: until they are put back nothing expires
}

// KeptEra is the records of one class and month.
type KeptEra struct {
	Class     string `json:"class"`
	Month     string `json:"month"`
	Encrypted bool   `json:"encrypted"`
	KEK       string `json:"kek,omitempty"`
}

// ReadKept reads what lies in a vault's folder, without its records. Whether the tombstones are right is for Verify.
func ReadKept(dir string) (*Kept, error) {
	b, err := openBook(dir)
	if err != nil {
		return nil, fmt.Errorf("sealed: read how long records are kept in %s: %w", dir, err)
	}
	k := &Kept{Eras: []KeptEra{}, Expired: []*Tombstone{}, Holds: append([]*Hold{}, b.holds...), Bad: append([]string{}, b.bad...)}
	for _, e := range b.eras {
		if len(b.tombstones[e.Number]) == 0 {
			k.Eras = append(k.Eras, KeptEra{e.Class, e.Month, e.Cipher == cipherGCM, e.KEK})
		}
	}
	for _, list := range b.tombstones {
		k.Expired = append(k.Expired, list...)
	}
	slices.SortFunc(k.Eras, func(a, b KeptEra) int { return strings.Compare(a.Month+" "+a.Class, b.Month+" "+b.Class) })
	slices.SortFunc(k.Expired, func(a, b *Tombstone) int {
		return strings.Compare(a.Month+" "+a.Class+" "+a.At, b.Month+" "+b.Class+" "+b.At)
	})
	return k, nil
}
