// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"context"
	"encoding/json"

	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/vault"
)

// verify verifies a folder with the tests' key.
func verify(t testing.TB, dir string, against ...string) *Report {
	t.Helper()
	r, err := Verify(context.Background(), dir, VerifyOptions{Trust: testKey(t).Fingerprint(), Against: against})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func describe(r *Report) string {
	b, _ := json.MarshalIndent(r, "", " ")
	return string(b)
}

func copyFolder(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "vault")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// fill makes a vault of n appends of some records, and a copy of it as it was half way.
func fill(t testing.TB, n int) (dir, before string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "vault")
	at := 0
	for half := range 2 {
		l, _ := open(t, dir, Options{MaxSegment: 6 << 10, Origin: "vault.example.org/test"})
		for i := range n / 2 {
			appendLines(t, l, lines(at, 1+i%5))
			at += 1 + i%5
		}
		closeLog(t, l)
		if half == 0 {
			before = copyFolder(t, dir)
		}
	}
	return dir, before
}

func TestVerify(t *testing.T) {
	dir, before := fill(t, 600)
	r := verify(t, dir)
	if !r.OK || r.Blocks != 600 || r.Checkpoint != 600 || r.Signature != vault.SignatureTrusted || r.Unsigned != nil {
		t.Fatalf("%s", describe(r))
	}
	if r := verify(t, dir, before, filepath.Join(before, checkpointName)); !r.OK || len(r.Against) != 2 {
		t.Errorf("against an earlier state of itself: %s", describe(r))
	}
	// The whole put back to an earlier state is sound in itself; only what was kept elsewhere shows it.
	if r := verify(t, before); !r.OK {
		t.Errorf("an earlier state: %s", describe(r))
	}
	r = verify(t, before, dir)
	if r.OK || r.Faults[0].Kind != FaultRollback || r.Faults[0].Records.From != 900 || r.Faults[0].Records.To != 1800 {
		t.Errorf("a rollback: %s", describe(r))
	}
	if r := verify(t, before, filepath.Join(dir, checkpointName)); r.OK || r.Faults[0].Kind != FaultRollback {
		t.Errorf("a rollback, with a checkpoint alone: %s", describe(r))
	}
	// A history that went on otherwise from there.
	fork := copyFolder(t, before)
	l, _ := open(t, fork, Options{})
	for i := range 400 {
		appendLines(t, l, lines(10*i, 1))
	}
	closeLog(t, l)
	if r := verify(t, fork); !r.OK {
		t.Errorf("a fork alone: %s", describe(r))
	}
	r = verify(t, fork, dir)
	if r.OK || r.Faults[0].Kind != FaultFork || r.Faults[0].Blocks.From != 300 {
		t.Errorf("a fork: %s", describe(r))
	}
}

// TestVerifyRunning verifies while it is written, and after a crash.
func TestVerifyRunning(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{MaxSegment: 8 << 10, Every: 1})
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := l.Append(context.Background(), lines(i, 1)); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for range 20 {
		if r := verify(t, dir); !r.OK {
			t.Errorf("%s", describe(r))
			break
		}
	}
	close(stop)
	<-stopped
	closeLog(t, l)
}

// block is where one lies, for the tests.
type placed struct {
	at
	file string
}

func blocksOf(t testing.TB, dir string) (all []placed) {
	t.Helper()
	segments, err := listSegments(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segments {
		b, _ := os.ReadFile(s.path(dir))
		tag, err := parseSegmentHead(b, s, "vault.example.org/test")
		if err != nil {
			t.Fatal(err)
		}
		walk(bytes.NewReader(b), int64(len(b)), segmentHead, s, tag, true, func(b at, _ []byte) error {
			all = append(all, placed{b, s.path(dir)})
			return nil
		})
	}
	return all
}

// tampering is one change: what was done, and which bytes of which file are not where they were.
type tampering struct {
	what     string
	file     string
	from, to int64
}

// TestTamper makes random single changes: each is found, and the records that it touches are named. How many says SEKISHO_TAMPER; with SEKISHO_TORTURE,
// a folder, the run goes on where it was interrupted.
func TestTamper(t *testing.T) {
	n := 60
	if v, err := strconv.Atoi(os.Getenv("SEKISHO_TAMPER")); err == nil {
		n = v
	}
	var state tamperings
	keep := filepath.Join(t.TempDir(), "tamperings.json")
	if home := os.Getenv("SEKISHO_TORTURE"); home != "" {
		keep = filepath.Join(home, "tamperings.json")
	}
	if b, err := os.ReadFile(keep); err == nil {
		json.Unmarshal(b, &state)
	}
	if state.Counts == nil {
		state.Counts = map[string]int{}
	}
	dir, before := fill(t, 320)
	blocks := blocksOf(t, dir)
	for ; state.Done < n; state.Done++ {
		random := rand.New(rand.NewPCG(uint64(state.Done), 7))
		changed := copyFolder(t, dir)
		did, ok := tamper(t, random, changed, before, blocks, dir)
		for !ok {
			os.RemoveAll(changed)
			changed = copyFolder(t, dir)
			did, ok = tamper(t, random, changed, before, blocks, dir)
		}
		state.Counts[did.what]++
		found(t, verify(t, changed), state.Done, did, blocks, dir)
		os.RemoveAll(changed)
		if t.Failed() {
			return
		}
		b, _ := json.Marshal(state)
		os.WriteFile(keep, b, 0o600)
	}
	t.Logf("%d changes, each found: %v", n, state.Counts)
}

// tamperings is the state of a run that may be interrupted and goes on.
type tamperings struct {
	Done   int
	Counts map[string]int
}

// found checks that a change is found and that each record that it touches is named.
func found(t *testing.T, r *Report, i int, did tampering, blocks []placed, original string) {
	t.Helper()
	if r.OK {
		t.Errorf("%d: %s %s [%d, %d) is not found", i, did.what, did.file, did.from, did.to)
	}
	for _, b := range blocks {
		rel, _ := filepath.Rel(original, b.file)
		if rel != did.file || b.Offset >= did.to || b.Offset+b.whole() <= did.from {
			continue
		}
		if !named(r, int64(b.First), int64(b.End())) {
			t.Errorf("%d: %s %s [%d, %d): records %d to %d are touched and not named: %s", i, did.what, did.file, did.from, did.to, b.First, b.End()-1, describe(r))
		}
	}
}

func named(r *Report, from, to int64) bool {
	for _, f := range r.Faults {
		if f.Records != nil && f.Records.From <= from && to <= f.Records.To {
			return true
		}
	}
	return false
}

// tamper makes one random change to a copy of a vault.
func tamper(t *testing.T, random *rand.Rand, dir, before string, blocks []placed, original string) (tampering, bool) {
	t.Helper()
	var files []string
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(dir, path); err == nil && !d.IsDir() && name != lockName {
			files = append(files, name)
		}
		return err
	})
	// Segments are most of it.
	name := files[random.IntN(len(files))]
	if random.IntN(3) > 0 {
		b := blocks[random.IntN(len(blocks))]
		name, _ = filepath.Rel(original, b.file)
	}
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return tampering{}, false
	}
	was := bytes.Clone(b)
	did := tampering{file: name, to: int64(len(b))}
	write := func(b []byte) bool {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return !bytes.Equal(b, was)
	}
	i := random.IntN(len(b))
	k := min(len(b)-i, 1+random.IntN(300))
	switch random.IntN(10) {
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
		did.what = "older copy"
		old, err := os.ReadFile(filepath.Join(before, name))
		if err != nil {
			return did, false
		}
		did.from = int64(len(old))
		return did, write(old)
	case 6:
		did.what = "remove"
		os.Remove(path + ".checkpoint")
		return did, os.Remove(path) == nil
	case 7:
		return swap(random, dir, original, blocks)
	case 8:
		return rewrite(random, dir, original, blocks)
	}
	did.what, did.file = "signed anew", "none"
	return did, signAnew(t, dir)
}

// swap puts two neighbouring blocks of a segment in each other's place.
func swap(random *rand.Rand, dir, original string, blocks []placed) (tampering, bool) {
	i := random.IntN(len(blocks) - 1)
	x, y := blocks[i], blocks[i+1]
	if x.file != y.file {
		return tampering{}, false
	}
	name, _ := filepath.Rel(original, x.file)
	path := filepath.Join(dir, name)
	b, _ := os.ReadFile(path)
	end := y.Offset + y.whole()
	swapped := append(bytes.Clone(b[y.Offset:end]), b[x.Offset:y.Offset]...)
	copy(b[x.Offset:], swapped)
	return tampering{"swap", name, x.Offset, end}, os.WriteFile(path, b, 0o600) == nil
}

// rewrite changes a record and all that can be computed without a key: payload, sums, header.
func rewrite(random *rand.Rand, dir, original string, blocks []placed) (tampering, bool) {
	x := blocks[random.IntN(len(blocks))]
	name, _ := filepath.Rel(original, x.file)
	path := filepath.Join(dir, name)
	b, _ := os.ReadFile(path)
	records := lines(int(x.First), x.Count)
	records[0].Data = bytes.Replace(records[0].Data, []byte("192.0.2."), []byte("198.51.100."), 1)
	e, err := encode(records)
	if err != nil {
		return tampering{}, false
	}
	made := newBatch()
	made.add(e)
	newPacker().build(made)
	h := made.headers[0]
	h.Number, h.First, h.Commit, h.Sealed, h.Tag = x.Number, x.First, x.Commit, x.Sealed, x.Tag
	h.put(made.out)
	out := append(bytes.Clone(b[:x.Offset]), made.out...)
	out = append(out, b[x.Offset+x.whole():]...)
	return tampering{"rewrite", name, x.Offset, x.Offset + x.whole()}, os.WriteFile(path, out, 0o600) == nil
}

// signAnew signs the log with another key, with the folder's public key changed to it.
func signAnew(t *testing.T, dir string) bool {
	key := otherKey(t)
	names := []string{checkpointName}
	entries, _ := os.ReadDir(filepath.Join(dir, segmentFolder))
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".checkpoint") {
			names = append(names, segmentFolder+"/"+e.Name())
		}
	}
	for _, name := range names {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		c, _, err := readCheckpoint(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := signCheckpoint(key, c.Origin, c.Size, c.Root)
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, name), again.Text, 0o600)
	}
	return os.WriteFile(filepath.Join(dir, logName), []byte(verifierKey("vault.example.org/test", key.Public())+"\n"), 0o600) == nil
}
