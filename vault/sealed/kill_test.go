// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// TestMain lets this program be the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SEKISHO_KILLED"); dir != "" {
		if key := os.Getenv("SEKISHO_EXPIRING"); key != "" {
			fmt.Fprintln(os.Stderr, expireUntilKilled(dir, key))
			os.Exit(1)
		}
		fmt.Fprintln(os.Stderr, writeUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled appends from eight goroutines, and says each acknowledgement on standard output before the next call.
func writeUntilKilled(dir string) error {
	seed, _ := strconv.Atoi(os.Getenv("SEKISHO_SEED"))
	l, _, err := Open(dir, Options{Key: testKey(noTest{}), MaxSegment: 48 << 10, Every: 5 * time.Millisecond, Origin: "vault.example.org/killed"})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(seed), uint64(w)))
			for n := (seed*8 + w) * 100_000; ; {
				k := 1 + random.IntN(40)
				first, err := l.Append(context.Background(), lines(n, k))
				if err != nil {
					return
				}
				fmt.Fprintf(os.Stdout, "%d %d %d\n", first, n, k) // one write: whole or not at all
				n += k
			}
		})
	}
	all.Wait()
	return fmt.Errorf("no more: %+v", l.Status())
}

type noTest struct{ testing.TB }

func (noTest) Helper() {}

// kills is the state of a run that may be interrupted and goes on.
type kills struct {
	Done         int
	Acknowledged int // records
	Torn         int // starts that found a torn tail
	Healed       int // starts that found blocks that were not in the log yet
	Most         int // bytes that were cut
	Pages        int // vaults
	Doubtful     int // vaults that verify would not call right before the next start
}

// TestKill kills a process that writes, at random moments: every record that was acknowledged is there, in its place, and verify finds nothing. How
// often says SEKISHO_KILLS; with SEKISHO_TORTURE, a folder, the run goes on where it was interrupted.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs kill -9")
	}
	times := 8
	if v, err := strconv.Atoi(os.Getenv("SEKISHO_KILLS")); err == nil {
		times = v
	}
	home := os.Getenv("SEKISHO_TORTURE")
	if home == "" {
		home = t.TempDir()
	}
	var state kills
	if b, err := os.ReadFile(filepath.Join(home, "kills.json")); err == nil {
		json.Unmarshal(b, &state)
	}
	dir := filepath.Join(home, "vault")
	for ; state.Done < times; state.Done++ {
		if state.Done%50 == 0 { // so that the last verify does not read all that was ever written
			os.RemoveAll(dir)
			state.Pages++
		}
		killOnce(t, dir, &state)
		if t.Failed() {
			return
		}
		b, _ := json.Marshal(state)
		os.WriteFile(filepath.Join(home, "kills.json"), b, 0o600)
	}
	t.Logf("%+v", state)
}

type acknowledged struct {
	first event.Position
	n, k  int
}

// killOnce starts a writer, kills it, and looks at what it left.
func killOnce(t *testing.T, dir string, state *kills) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "SEKISHO_KILLED="+dir, "SEKISHO_SEED="+strconv.Itoa(state.Done))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	delay := time.Duration(rand.IntN(250)) * time.Millisecond
	timer := time.AfterFunc(delay, func() { cmd.Process.Kill() })
	defer timer.Stop()
	var acks []acknowledged
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var a acknowledged
		if _, err := fmt.Sscan(lines.Text(), &a.first, &a.n, &a.k); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		acks = append(acks, a)
	}
	cmd.Wait()
	if said.Len() > 0 {
		t.Fatalf("the writer said: %s", said.String())
	}
	lookAfterKill(t, dir, acks, state)
}

func lookAfterKill(t *testing.T, dir string, acks []acknowledged, state *kills) {
	t.Helper()
	// Before anything is put right, what a crash leaves is told from what a person does; only a torn tail cannot be.
	if r, err := Verify(context.Background(), dir, VerifyOptions{Trust: testKey(t).Fingerprint()}); err == nil && !r.OK && r.Checkpoint > 0 {
		for _, f := range r.Faults {
			if f.Kind != FaultTorn && f.Kind != FaultStale {
				t.Fatalf("kill %d, before the next start: %s", state.Done, describe(r))
			}
		}
		state.Doubtful++
	}
	l, opened, err := Open(dir, Options{Key: testKey(t), Origin: "vault.example.org/killed"})
	if err != nil {
		t.Fatalf("kill %d: %v", state.Done, err)
	}
	closeLog(t, l)
	if opened.Cut != nil {
		state.Torn++
		state.Most = max(state.Most, int(opened.Cut.Bytes))
	}
	if opened.Healed > 0 {
		state.Healed++
	}
	if len(acks) > 0 {
		from := acks[0].first
		for _, a := range acks {
			from = min(from, a.first)
		}
		got := readAll(t, dir, from)
		for _, a := range acks {
			for i := range a.k {
				if at := int(a.first-from) + i; at >= len(got) || !same(got[at], line(a.n+i)) {
					t.Fatalf("kill %d: record %d was acknowledged at %d and is not there", state.Done, a.n+i, int(a.first)+i)
				}
			}
			state.Acknowledged += a.k
		}
	}
	if r := verify(t, dir); !r.OK || r.Checkpoint != r.Blocks {
		t.Fatalf("kill %d: %s", state.Done, describe(r))
	}
}
