// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/s2"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/identity"
	"github.com/sekisho/sekisho/vault"
)

// A case keeps what scoping asks of its records, rolled up: who was where, with what and when; what detectors found; who is who. From it the
// case can be scoped again without its inputs, in the time that scoping itself takes. It is for the program that wrote it and for the
// description of the institute that it was written with: another one reads the inputs again, which gives the same.

// rollUpName is the file of a case that holds it.
const rollUpName = "rollup.bin"

// Bounds: a larger roll-up is not kept, and inputs are read again.
const (
	maxRollUp       = 1 << 30 // bytes, unpacked
	maxRollUpPacked = 512 << 20
)

// rollUp is what is kept of an investigation when all its records were watched, before anything was scoped.
type rollUp struct {
	Watched  *watched
	Accounts *identity.Accounts
	People   []*event.Account // by handle
	Hosts    map[string]event.Place
	Realms   []string           // by input
	Guessed  []identity.Network // the institute's own, where no profile says them
	Inputs   inputFacts
	Covered  bool
	Short    bool
}

// inputFacts are what scoping asks of how the inputs were read.
type inputFacts struct {
	Undated event.Words // what is said of records whose time cannot be right
	Unread  int         // inputs that could not be read
	East    int         // of UTC, seconds: the zone that the logs write
	Zoned   bool        // they agree about it
}

// facts says what scoping asks of how the inputs were read.
func (v *investigation) facts() inputFacts {
	if v.recalled != nil {
		return *v.recalled
	}
	f := inputFacts{Undated: v.undated(), Unread: v.plan.unread(v.found.Problems)}
	f.East, f.Zoned = v.plan.writtenZone()
	return f
}

// writtenZone is the zone that the logs write, in seconds east of UTC, where they agree.
func (v *investigation) writtenZone() (east int, agreed bool) {
	if v.recalled != nil {
		return v.recalled.East, v.recalled.Zoned
	}
	return v.plan.writtenZone()
}

// rollUpHead stands before the packed roll-up.
type rollUpHead struct {
	Magic [8]byte
	Shape [sha256.Size]byte // of what is kept
	Basis [sha256.Size]byte // what it rests on besides the inputs
	Size  uint64            // unpacked
}

var rollUpMagic = [8]byte{'s', 'k', 'r', 'o', 'l', 'l', '0', '1'}

// keepRollUp writes the roll-up into the case, and nothing where it is too large. It is called before anything is scoped: what scoping notes in
// the ledger is none of it.
func (v *investigation) keepRollUp() error {
	r := &rollUp{Watched: v.watched, Accounts: v.know.accounts, People: v.know.people, Hosts: v.know.hosts, Guessed: v.know.guessed, Inputs: v.facts(), Covered: v.covered, Short: v.short}
	for _, in := range v.plan.inputs {
		r.Realms = append(r.Realms, in.settings.Realm)
	}
	head := rollUpHead{Magic: rollUpMagic}
	plan, err := detect.PlanOf(r)
	if err == nil {
		head.Shape = plan.Shape()
		head.Basis, err = v.basis()
	}
	if err != nil {
		return fmt.Errorf("node: keep the roll-up: %w", err)
	}
	raw, err := plan.Append(nil, r)
	if err != nil {
		return fmt.Errorf("node: keep the roll-up: %w", err)
	}
	if len(raw) > maxRollUp {
		return nil
	}
	head.Size = uint64(len(raw))
	if err := writeRollUp(filepath.Join(v.work, rollUpName), &head, raw); err != nil {
		return fmt.Errorf("node: keep the roll-up: %w", explain(err, v.o.Out))
	}
	return nil
}

func writeRollUp(path string, head *rollUpHead, raw []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = binary.Write(f, binary.BigEndian, head)
	if err == nil {
		w := s2.NewWriter(f)
		_, err = w.Write(raw)
		err = errors.Join(err, w.Close())
	}
	if fi, serr := f.Stat(); err == nil && serr == nil && fi.Size() > maxRollUpPacked {
		f.Close()
		return os.Remove(path)
	}
	return errors.Join(err, f.Close())
}

// errNoRollUp says that what the case has is of another program or rests on something else: its inputs must be read.
var errNoRollUp = errors.New("node: no roll-up of this program and profile")

// recall makes an investigation of what the case in o.Out keeps: it can be scoped, and nothing else.
func recall(o Options) (*investigation, error) {
	o.Add = true
	v := &investigation{o: &o, revision: 1, asked: map[string]cases.Subject{}}
	if err := v.prepare(); err != nil {
		return nil, err
	}
	if err := v.extend(); err != nil {
		return nil, err
	}
	return v, v.recallRollUp()
}

// recallRollUp takes what was kept in the case in place of reading its inputs. The bytes are read only where the
// case is sealed with this machine's key: what they say is trusted as the program's own memory is.
func (v *investigation) recallRollUp() error {
	b, err := vault.Sealed(v.o.Out, rollUpName, v.o.Home, maxRollUpPacked)
	if err != nil {
		return err
	}
	r := &rollUp{}
	plan, err := detect.PlanOf(r)
	if err != nil {
		return fmt.Errorf("node: read the roll-up: %w", err)
	}
	basis, err := v.basis()
	if err != nil {
		return err
	}
	var head rollUpHead
	in := bytes.NewReader(b)
	if err := binary.Read(in, binary.BigEndian, &head); err != nil || head.Magic != rollUpMagic || head.Shape != plan.Shape() || head.Basis != basis || head.Size > maxRollUp {
		return errNoRollUp
	}
	raw := make([]byte, head.Size)
	if _, err := io.ReadFull(s2.NewReader(in), raw); err != nil {
		return fmt.Errorf("node: read the roll-up: %w", err)
	}
	if err := plan.Read(raw, r, nil); err != nil {
		return fmt.Errorf("node: read the roll-up: %w", err)
	}
	v.watched, v.covered, v.short, v.recalled = r.Watched, r.Covered, r.Short, &r.Inputs
	if v.know, err = r.knower(v.o); err != nil {
		return err
	}
	v.except()
	return nil
}

// knower is who knows of accounts and addresses what was known when the records had been watched.
func (r *rollUp) knower(o *Options) (*knower, error) {
	k := &knower{accounts: r.Accounts, people: r.People, listed: r.Accounts.Known(), zone: o.zone(), realms: map[string]*identity.Resolver{}, places: map[placeKey]event.Place{}, hour: -1 << 62}
	if err := k.readNetworks(o.Profile, r.Guessed); err != nil {
		return nil, err
	}
	k.hosts = r.Hosts
	for _, realm := range r.Realms {
		k.resolvers = append(k.resolvers, k.accounts.Resolver(realm))
	}
	return k, nil
}

// basis is a digest of what a roll-up rests on besides the inputs, which the case names: the program, the profile, and the files that it names.
func (v *investigation) basis() (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	p := v.o.Profile
	fmt.Fprintf(h, "%q %q %s\n", v.o.Version, detectors.Fingerprint(), v.o.zone())
	files := []string{p.Path}
	for i := range p.Directory {
		files = append(files, p.Directory[i].File)
	}
	for i := range p.Intel {
		files = append(files, p.Intel[i].File)
	}
	if err := addFiles(h, files...); err != nil {
		return sum, event.Tell("設定の参照先を読めません：%v", "read what the profile names: %v", err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

// addFiles adds the digest of each file to a digest. An empty path is no file.
func addFiles(h hash.Hash, paths ...string) error {
	for _, path := range paths {
		if path == "" {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		one := sha256.New()
		_, err = io.Copy(one, f)
		f.Close()
		if err != nil {
			return err
		}
		h.Write(one.Sum(nil))
	}
	return nil
}
