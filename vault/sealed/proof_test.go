// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// TestInner compares the proof within a block with that of package tlog, for trees of every small size.
func TestInner(t *testing.T) {
	var leaves []vault.Hash
	for n := 1; n < 40; n++ {
		leaves = append(leaves, sum256([]byte{byte(n)}))
		for i := range n {
			path, _ := toHashes(inner(leaves, i))
			if err := tlog.CheckRecord(path, int64(n), tlog.Hash(vault.Root(leaves)), int64(i), tlog.Hash(leaves[i])); err != nil {
				t.Fatalf("%d of %d: %v", i, n, err)
			}
		}
	}
}

// TestTree compares the root that is kept with the one over all leaves.
func TestTree(t *testing.T) {
	tr, leaves := new(tree), []vault.Hash(nil)
	for n := range 3000 {
		h := sum256([]byte{byte(n), byte(n >> 8)})
		leaves = append(leaves, h)
		tr.addHash(h)
		if n%37 == 0 || n%256 < 2 {
			if tr.root() != vault.Root(leaves) {
				t.Fatalf("the root of %d leaves is another", n+1)
			}
		}
	}
}

func TestExtract(t *testing.T) {
	dir, _ := fill(t, 300)
	trust := testKey(t).Fingerprint()
	random := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		n := random.IntN(900)
		p, err := Extract(context.Background(), dir, event.Position(n), nil)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal(p)
		r, err := p.Check(trust)
		if err != nil || !same(r, line(int(p.Position))) || int(p.Position) != n {
			t.Fatalf("record %d: %v\n%s", n, err, b)
		}
		if _, err := p.Check(otherKey(t).Fingerprint()); err == nil {
			t.Error("a proof passes under another key")
		}
		// Any change of the proof that reading it still understands is refused, or is none: a time of the same instant.
		for range 30 {
			bad := bytes.Clone(b)
			bad[random.IntN(len(bad))] ^= 1 << random.IntN(7)
			var q Proof
			if json.Unmarshal(bad, &q) != nil {
				continue
			}
			again, _ := json.Marshal(&q)
			if got, err := q.Check(trust); err == nil && !bytes.Equal(again, b) && q.Schema == p.Schema && !same(got, r) {
				t.Fatalf("a changed proof passes:\n%s\n%s", b, again)
			}
		}
	}
	if _, err := Extract(context.Background(), dir, 900, nil); err == nil {
		t.Error("there is a record after the last")
	}
	// A record that was changed, with all that can be computed, has no proof.
	changed := copyFolder(t, dir)
	if _, ok := newTarget(t, dir, dir).rewrite(t, rand.New(rand.NewPCG(3, 3)), changed); !ok {
		t.Fatal("no change")
	}
	bad := 0
	for n := range 900 {
		if _, err := Extract(context.Background(), changed, event.Position(n), nil); errors.Is(err, ErrDamaged) {
			bad++
		}
	}
	if bad == 0 || bad > 5 {
		t.Errorf("%d records of a changed block have no proof", bad)
	}
}

func TestExport(t *testing.T) {
	dir, _ := fill(t, 100)
	out := filepath.Join(t.TempDir(), "export")
	e, err := Export(context.Background(), dir, 20, 120, out, nil)
	if err != nil || e.Records != 100 || e.First != 20 || e.Last != 119 {
		t.Fatalf("%+v %v", e, err)
	}
	trust := testKey(t).Fingerprint()
	if e, err := VerifyExport(context.Background(), out, trust); err != nil || e.Records != 100 {
		t.Fatalf("%+v %v", e, err)
	}
	if _, err := VerifyExport(context.Background(), out, otherKey(t).Fingerprint()); err == nil {
		t.Error("another key passes")
	}
	for _, name := range []string{exportRecords, exportProofs, exportNote, exportSums} {
		path := filepath.Join(out, name)
		b, _ := os.ReadFile(path)
		for _, bad := range [][]byte{b[:len(b)/2], append(bytes.Clone(b), b...), bytes.Replace(b, []byte("1"), []byte("2"), 1)} {
			os.WriteFile(path, bad, 0o600)
			if _, err := VerifyExport(context.Background(), out, trust); err == nil {
				t.Errorf("a changed %s passes", name)
			}
		}
		os.WriteFile(path, b, 0o600)
	}
	if _, err := Export(context.Background(), dir, 20, 120, out, nil); err == nil {
		t.Error("an export is written over another")
	}
}

func TestReplicate(t *testing.T) {
	dir, replica := filepath.Join(t.TempDir(), "vault"), filepath.Join(t.TempDir(), "replica")
	ctx := context.Background()
	o := Options{MaxSegment: 6 << 10, Origin: "vault.example.org/test", Every: 1}
	var early string
	n := 0
	for round := range 4 {
		l, _ := open(t, dir, o)
		for range 80 {
			appendLines(t, l, lines(n, 2))
			n += 2
			if n%31 == 0 {
				if _, err := Replicate(ctx, dir, replica); err != nil {
					t.Fatal(err)
				}
			}
		}
		closeLog(t, l)
		if round == 1 {
			early = copyFolder(t, dir)
		}
	}
	done, err := Replicate(ctx, dir, replica)
	if err != nil || done.Size != 320 {
		t.Fatalf("%+v %v", done, err)
	}
	if done, err = Replicate(ctx, dir, replica); err != nil || done.Blocks != 0 {
		t.Fatalf("once more: %+v %v", done, err)
	}
	if r := verify(t, replica); !r.OK || r.Records != int64(n) {
		t.Fatalf("the replica: %s", describe(r))
	}
	if r := verify(t, dir, replica); !r.OK || len(r.Against) != 1 {
		t.Fatalf("the vault against it: %s", describe(r))
	}
	// A run that was cut off: bytes without a checkpoint.
	cut := filepath.Join(t.TempDir(), "cut")
	if _, err := Replicate(ctx, early, cut); err != nil {
		t.Fatal(err)
	}
	all, _ := listSegments(cut)
	f, _ := os.OpenFile(all[len(all)-1].path(cut), os.O_WRONLY|os.O_APPEND, 0)
	f.WriteString("half a block")
	f.Close()
	os.WriteFile(filepath.Join(cut, tilePath(0, 0, 200)), []byte("half a tile"), 0o600)
	if done, err := Replicate(ctx, dir, cut); err != nil || done.Size != 320 {
		t.Fatalf("after a run that was cut off: %+v %v", done, err)
	}
	if r := verify(t, cut, dir); !r.OK {
		t.Errorf("after a run that was cut off: %s", describe(r))
	}
	if _, err := Replicate(ctx, early, replica); !errors.Is(err, ErrOther) {
		t.Errorf("a vault that was rolled back: %v", err)
	}
	l, _ := open(t, early, o)
	for i := range 300 {
		appendLines(t, l, lines(i, 1))
	}
	closeLog(t, l)
	if _, err := Replicate(ctx, early, replica); !errors.Is(err, ErrOther) {
		t.Errorf("a vault that was forked: %v", err)
	}
	restored := filepath.Join(t.TempDir(), "restored")
	if _, err := Restore(ctx, replica, restored); err != nil {
		t.Fatal(err)
	}
	l, opened := open(t, restored, o)
	if int(opened.Next) != n || opened.Rebuilt || opened.Healed != 0 {
		t.Fatalf("%+v", opened)
	}
	appendLines(t, l, lines(n, 1))
	closeLog(t, l)
	if got := readAll(t, restored, 0); len(got) != n+1 || !same(got[n], line(n)) {
		t.Errorf("%d records", len(got))
	}
	if _, err := Restore(ctx, replica, restored); err == nil {
		t.Error("a vault is restored over another")
	}
	damaged := copyFolder(t, dir)
	blocks := blocksOf(t, damaged)
	b, _ := os.ReadFile(filepath.Join(damaged, blocks[100].file))
	b[blocks[100].Offset+leadSize+3] ^= 1
	os.WriteFile(filepath.Join(damaged, blocks[100].file), b, 0o600)
	if _, err := Replicate(ctx, damaged, filepath.Join(t.TempDir(), "x")); !errors.Is(err, ErrDamaged) {
		t.Errorf("a damaged vault: %v", err)
	}
}
