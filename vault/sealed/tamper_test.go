// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"crypto/cipher"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

const tamperOrigin = "vault.example.org/test"

// placed is where a block lies, for the tests.
type placed struct {
	at
	file string // below the folder
}

// target is a vault that is tampered with, and what is known of it.
type target struct {
	dir, before string // before: a copy as it was earlier
	blocks      []placed
	eras        map[string]uint32 // of each file that stands for an era's records
	expired     map[uint32]bool   // eras
}

// tampering is one change: what was done, and which bytes of which file are not where they were.
type tampering struct {
	what     string
	file     string
	from, to int64
	also     string // another file that was changed, all of it
	all      bool   // every record is in doubt
}

// tamperings is the state of a run that may be interrupted and goes on.
type tamperings struct {
	Done   int // changes, each found, with the touched records named
	Counts map[string]int
}

// TestTamper makes random single changes: each is found, and the records that it touches are named. How many says SEKISHO_TAMPER; with SEKISHO_TORTURE,
// a folder, the run goes on where it was interrupted. Half of them are made to a vault without classes, the others to vaults with classes, months, tombstones and
// holds, one encrypted and one not.
func TestTamper(t *testing.T) {
	n := 60
	if v, err := strconv.Atoi(os.Getenv("SEKISHO_TAMPER")); err == nil {
		n = v
	}
	for _, of := range []struct {
		name  string
		share int
		make  func(t *testing.T) *target
	}{
		{"plain", 2, func(t *testing.T) *target {
			dir, before := fill(t, 320)
			return newTarget(t, dir, before)
		}},
		{"classes", 4, func(t *testing.T) *target { return classesTarget(t, nil) }},
		{"encrypted", 4, func(t *testing.T) *target { return classesTarget(t, NewKEK()) }},
	} {
		t.Run(of.name, func(t *testing.T) { tamperTimes(t, n/of.share, of.name, of.make) })
	}
}

func tamperTimes(t *testing.T, n int, name string, prepare func(*testing.T) *target) {
	keep := filepath.Join(t.TempDir(), "tamperings.json")
	if home := os.Getenv("SEKISHO_TORTURE"); home != "" {
		keep = filepath.Join(home, "tamperings-"+name+".json")
	}
	state := tamperings{Counts: map[string]int{}}
	if b, err := os.ReadFile(keep); err == nil {
		if err := json.Unmarshal(b, &state); err != nil {
			t.Fatalf("%s: %v: remove it to begin anew", keep, err)
		}
	}
	if state.Done < n {
		x := prepare(t)
		if r := verify(t, x.dir); !r.OK {
			t.Fatalf("before any change: %s", describe(r))
		}
		for state.Done < n {
			// Verify waits a little where a change could be what somebody is writing just now: so several at a time.
			did := make([]tampering, min(16, n-state.Done))
			var all sync.WaitGroup
			for i := range did {
				all.Go(func() { did[i] = x.once(t, state.Done+i) })
			}
			all.Wait()
			if t.Failed() {
				return
			}
			state.Done += len(did)
			for i := range did {
				state.Counts[did[i].what]++
			}
			b, _ := json.Marshal(state)
			if err := os.WriteFile(keep, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d changes, each found: %v", state.Done, state.Counts)
}

// newTarget looks at what a vault holds.
func newTarget(t *testing.T, dir, before string) *target {
	x := &target{dir: dir, before: before, blocks: blocksOf(t, dir), eras: map[string]uint32{}, expired: map[uint32]bool{}}
	b, err := openBook(dir)
	if err != nil {
		t.Fatal(err)
	}
	for number := range b.eras {
		for _, end := range []string{eraEnd, eraKeyEnd} {
			x.eras[filepath.ToSlash(eraPath("", number, end))] = number
		}
		for _, s := range b.tombstones[number] {
			x.eras[eraFolder+"/"+s.name(tombstoneEnd)] = number
			x.expired[number] = true
		}
	}
	return x
}

// classesTarget is a vault of two classes and three months: one has expired, one hold is in force, one was released, and the last was placed near the end.
func classesTarget(t *testing.T, kek *KEK) *target {
	v := live(t, kek)
	v.o.Origin = tamperOrigin
	key := testKey(t)
	hold := func(class, why string) {
		if _, err := PlaceHold(v.dir, key, Hold{Class: class, By: "suzuki", Why: why}); err != nil {
			t.Fatal(err)
		}
	}
	l, _ := open(t, v.dir, v.o)
	v.seal(l, "2025-01-03", 60)
	hold("web", "one")
	hold("mail", "two")
	v.seal(l, "2025-02-03", 60)
	v.settled(l)
	closeLog(t, l)
	before := copyFolder(t, v.dir)
	if err := ReleaseHold(v.dir, key, Release{Number: 2, By: "tanaka", Why: "settled"}); err != nil {
		t.Fatal(err)
	}
	l, _ = open(t, v.dir, v.o)
	v.seal(l, "2025-03-03", 60)
	v.settled(l)
	if x := v.expire(l, "2025-03-03"); len(x.Tombstones) != 1 {
		t.Fatalf("%+v", x)
	}
	hold("*", "three")
	v.seal(l, "2025-03-04", 10)
	v.settled(l)
	closeLog(t, l)
	return newTarget(t, v.dir, before)
}

func blocksOf(t testing.TB, dir string) (all []placed) {
	t.Helper()
	segments, err := listSegments(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segments {
		b, _ := os.ReadFile(s.path(dir))
		tag, err := parseSegmentHead(b, s, tamperOrigin)
		if err != nil {
			t.Fatal(err)
		}
		walk(bytes.NewReader(b), int64(len(b)), segmentHead, s, tag, true, func(b at, _ []byte) error {
			all = append(all, placed{b, segmentFolder + "/" + s.name()})
			return nil
		})
	}
	return all
}

// once makes one change, which its number alone decides, and looks whether it is found.
func (x *target) once(t *testing.T, number int) tampering {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(number), 7))
	for {
		dir := copyFolder(t, x.dir)
		did, ok := x.tamper(t, random, dir)
		if ok {
			x.found(t, verify(t, dir), number, did)
		}
		os.RemoveAll(dir)
		if ok {
			return did
		}
	}
}

// found checks that a change is found and that each record that it touches is named.
func (x *target) found(t *testing.T, r *Report, i int, did tampering) {
	t.Helper()
	if r.OK {
		t.Errorf("%d: %s %s %s [%d, %d) is not found", i, did.what, did.file, did.also, did.from, did.to)
	}
	for _, b := range x.blocks {
		if x.touches(did, &b) && !named(r, int64(b.First), int64(b.End())) {
			t.Errorf("%d: %s %s %s [%d, %d): records %d to %d are touched and not named: %s", i, did.what, did.file, did.also, did.from, did.to, b.First, b.End()-1, describe(r))
			return
		}
	}
}

// touches says whether a change touches a block's records: its bytes, or the description, the key or the tombstone of its era.
func (x *target) touches(did tampering, b *placed) bool {
	if did.all || did.also == b.file || did.file == b.file && b.Offset < did.to && b.Offset+b.whole() > did.from {
		return true
	}
	for _, file := range []string{did.file, did.also} {
		if number, ok := x.eras[file]; ok && number == b.Era {
			return true
		}
	}
	return false
}

func named(r *Report, from, to int64) bool {
	for _, f := range r.Faults {
		if f.Records != nil && f.Records.From <= from && to <= f.Records.To {
			return true
		}
	}
	return false
}

// pick takes a file: mostly a segment, as these are most of it; but what lies in the folders of eras and holds has its share.
func (x *target) pick(random *rand.Rand, dir string) string {
	var files, stated []string
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		if name = filepath.ToSlash(name); err == nil && !d.IsDir() && name != lockName {
			files = append(files, name)
			if strings.HasPrefix(name, eraFolder+"/") || strings.HasPrefix(name, holdFolder+"/") {
				stated = append(stated, name)
			}
		}
		return err
	})
	switch k := random.IntN(3); {
	case k == 0:
		return files[random.IntN(len(files))]
	case k == 1 && len(stated) > 0:
		return stated[random.IntN(len(stated))]
	}
	return x.blocks[random.IntN(len(x.blocks))].file
}

// tamper makes one random change to a copy. ok is false where it came to none; the copy may then be changed all the same.
func (x *target) tamper(t *testing.T, random *rand.Rand, dir string) (did tampering, ok bool) {
	t.Helper()
	name := x.pick(random, dir)
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return tampering{}, false
	}
	was := bytes.Clone(b)
	did = tampering{file: name, to: int64(len(b))}
	write := func(b []byte) bool {
		put(t, path, b)
		return !bytes.Equal(b, was)
	}
	i := random.IntN(len(b))
	k := min(len(b)-i, 1+random.IntN(300))
	switch random.IntN(12) {
	case 0, 1:
		did.what, did.from, did.to = "flip", int64(i), int64(i+1)
		b[i] ^= 1 << random.IntN(8)
		return did, write(b)
	case 2:
		did.what, did.from, did.to = "cut out", int64(i), int64(i+k)
		return did, write(append(b[:i:i], b[i+k:]...))
	case 3:
		did.what, did.from, did.to = "put in", int64(i), int64(i)
		more := make([]byte, k)
		for j := range more {
			more[j] = byte(random.Uint32())
		}
		return did, write(append(append(b[:i:i], more...), was[i:]...))
	case 4:
		did.what, did.from = "truncate", int64(i)
		return did, write(b[:i])
	case 5:
		return x.older(t, dir, name, did, write)
	case 6:
		did.what = "remove"
		os.Remove(path + ".checkpoint")
		return did, os.Remove(path) == nil
	case 7:
		return x.swap(t, random, dir)
	case 8:
		return x.rewrite(t, random, dir)
	case 9:
		return x.exchange(t, random, dir, name)
	case 10:
		did.what = "statement signed anew"
		again, err := resign(t, b)
		return did, err == nil && write(again)
	}
	return tampering{what: "signed anew", file: "none", all: true}, x.signAnew(t, dir)
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// older puts back a file as it was; of an era that has expired, sometimes, the key that was destroyed with it.
func (x *target) older(t *testing.T, dir, name string, did tampering, write func([]byte) bool) (tampering, bool) {
	did.what = "older copy"
	if number := x.eras[name]; x.expired[number] && strings.HasSuffix(name, tombstoneEnd) {
		did.file = filepath.ToSlash(eraPath("", number, eraKeyEnd))
		old, err := os.ReadFile(filepath.Join(x.before, did.file))
		if err == nil {
			put(t, filepath.Join(dir, did.file), old)
		}
		return did, err == nil
	}
	old, err := os.ReadFile(filepath.Join(x.before, name))
	if err != nil {
		return did, false
	}
	did.from = int64(len(old))
	return did, write(old)
}

// swap puts two neighbouring blocks of a segment in each other's place.
func (x *target) swap(t *testing.T, random *rand.Rand, dir string) (tampering, bool) {
	i := random.IntN(len(x.blocks) - 1)
	a, b := x.blocks[i], x.blocks[i+1]
	if a.file != b.file {
		return tampering{}, false
	}
	path := filepath.Join(dir, a.file)
	bytes, _ := os.ReadFile(path)
	end := b.Offset + b.whole()
	copy(bytes[a.Offset:], slices.Concat(bytes[b.Offset:end], bytes[a.Offset:b.Offset]))
	put(t, path, bytes)
	return tampering{what: "swap", file: a.file, from: a.Offset, to: end}, true
}

// exchange puts two files of one kind in each other's place.
func (x *target) exchange(t *testing.T, random *rand.Rand, dir, name string) (tampering, bool) {
	entries, _ := os.ReadDir(filepath.Join(dir, filepath.Dir(name)))
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return e.IsDir() || e.Name() == filepath.Base(name) || filepath.Ext(e.Name()) != filepath.Ext(name)
	})
	if len(entries) == 0 {
		return tampering{}, false
	}
	other := filepath.ToSlash(filepath.Join(filepath.Dir(name), entries[random.IntN(len(entries))].Name()))
	a, err := os.ReadFile(filepath.Join(dir, name))
	b, err2 := os.ReadFile(filepath.Join(dir, other))
	if err != nil || err2 != nil || bytes.Equal(a, b) {
		return tampering{}, false
	}
	put(t, filepath.Join(dir, name), b)
	put(t, filepath.Join(dir, other), a)
	return tampering{what: "exchange files", file: name, to: 1 << 62, also: other}, true
}

// rewrite changes a block's records and all that can be computed without a key: payload, sums, header. Where it was encrypted, it is under another key.
func (x *target) rewrite(t *testing.T, random *rand.Rand, dir string) (tampering, bool) {
	b := x.blocks[random.IntN(len(x.blocks))]
	path := filepath.Join(dir, b.file)
	old, _ := os.ReadFile(path)
	records := lines(int(b.First), b.Count)
	records[0].Data = bytes.Replace(records[0].Data, []byte("192.0.2."), []byte("198.51.100."), 1)
	e, err := encode(records)
	if err != nil {
		t.Fatal(err)
	}
	made, p := newBatch(), newPacker()
	if b.Era != 0 {
		p.era = &era{Number: b.Era}
	}
	if b.Form == formGCM {
		p.era.aead = otherCipher(t)
	}
	from := 0
	for i, end := range e.ends {
		p.record(e.bytes[from:end], e.leaves[i])
		from = end
	}
	p.block(made)
	h := made.headers[0]
	h.Number, h.First, h.Commit, h.Sealed, h.Tag, h.Held = b.Number, b.First, b.Commit, b.Sealed, b.Tag, b.Held
	h.put(made.out)
	put(t, path, slices.Concat(old[:b.Offset], made.out, old[b.Offset+b.whole():]))
	return tampering{what: "rewrite", file: b.file, from: b.Offset, to: b.Offset + b.whole()}, true
}

func otherCipher(t *testing.T) cipher.AEAD {
	t.Helper()
	aead, err := newAEAD(newKey())
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

// resign signs a note with another key.
func resign(t *testing.T, text []byte) ([]byte, error) {
	t.Helper()
	body, _, ok := strings.Cut(string(text), "\n\n")
	if !ok || !strings.Contains(string(text), "\n— "+tamperOrigin+" ") {
		return nil, errStatement
	}
	return note.Sign(&note.Note{Text: body + "\n"}, signer{tamperOrigin, otherKey(t)})
}

// signAnew signs all that is signed with another key, with the folder's public key changed to it.
func (x *target) signAnew(t *testing.T, dir string) bool {
	t.Helper()
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, _ := os.ReadFile(path)
		if again, err := resign(t, text); err == nil {
			put(t, path, again)
		}
		return nil
	})
	put(t, filepath.Join(dir, logName), []byte(verifierKey(tamperOrigin, otherKey(t).Public())+"\n"))
	return true
}
