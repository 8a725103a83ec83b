// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sorted

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// sample makes an event that uses every field now and then, with many ties of time.
func sample(r *rand.Rand, i int) event.Event {
	e := event.Event{
		Time:     event.Micros(r.IntN(50)) * 1e6,
		Class:    event.Class(r.IntN(15)),
		Activity: event.Activity(r.IntN(20)),
		Outcome:  event.Outcome(r.IntN(3)),
		Account:  fmt.Sprintf("user%03d", r.IntN(300)),
		Format:   "openldap",
		Service:  "ldap",
	}
	e.Ref = event.Ref{Input: uint32(r.IntN(3)), Part: event.Part{Line: int64(i + 1), Offset: int64(i) * 311, Length: 310}}
	if r.IntN(2) == 0 {
		e.SrcIP = netip.AddrFrom4([4]byte{192, 0, 2, byte(r.IntN(256))})
		e.SrcPort = uint16(r.IntN(65536))
	}
	switch r.IntN(6) {
	case 0:
		e.DstIP = netip.MustParseAddr("2001:db8::1").WithZone([]string{"", "eth0"}[r.IntN(2)])
		e.SrcIsRelay, e.DstPort, e.DstHost, e.SrcHost = true, 389, "ldap1", "idp"
	case 1:
		e.BytesIn, e.BytesOut, e.Count, e.Duration = event.Some(0), event.Some(-1), event.Some(math.MaxInt64), event.Some(math.MinInt64)
	case 2:
		e.Rest = []event.Field{event.Text("a", "\xff\x00"), event.Number("n", r.Int64()), event.Flag("f", r.IntN(2) == 0), event.Text("empty", "")}
		e.Ref.More = []event.Part{{Line: 9, Offset: 1 << 40, Length: 3}, {Line: 10}}
	case 3:
		e.Country, e.ASN, e.Client, e.Object, e.Target = "JP", uint32(r.IntN(1<<31)), "curl/8", strings.Repeat("長い", r.IntN(90)), "taro@lab.example"
		e.Reason = event.ReasonBadPassword
	case 4:
		e.Time = []event.Micros{0, math.MinInt64, math.MaxInt64, -1}[r.IntN(4)]
	case 5:
		e = event.Event{Time: 7, Unique: true, Account: fmt.Sprint("once", r.IntN(5)), Ref: e.Ref}
	}
	return e
}

func samples(n int) []event.Event {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]event.Event, n)
	for i := range all {
		all[i] = sample(r, i)
	}
	return all
}

func clone(e event.Event) event.Event {
	e.Rest = slices.Clone(e.Rest)
	e.Rest = slices.DeleteFunc(e.Rest, func(f event.Field) bool { return empty(&f) })
	e.Ref.More = slices.Clone(e.Ref.More)
	return e
}

// keyed is an event as the order sees it.
type keyed struct {
	time         event.Micros
	content, ref []byte
}

func key(e *event.Event) keyed {
	return keyed{e.Time, AppendContent(nil, e), appendRef(nil, &e.Ref)}
}

func (k keyed) compare(l keyed) int {
	return cmp.Or(cmp.Compare(k.time, l.time), bytes.Compare(k.content, l.content), bytes.Compare(k.ref, l.ref))
}

// sortedBy runs the events through a Sorter in n goroutines.
func sortedBy(t testing.TB, o Options, all []event.Event) ([]event.Event, Stats) {
	t.Helper()
	o.Dir = t.TempDir()
	s := New(o)
	var wg sync.WaitGroup
	for i := range max(o.Adders, 1) {
		a := s.Adder()
		wg.Go(func() {
			for j := i; j < len(all); j += max(o.Adders, 1) {
				if err := a.Add(&all[j]); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	var got []event.Event
	var first, second [sha256.Size]byte
	for _, sum := range []*[sha256.Size]byte{&first, &second} {
		got = got[:0]
		h := sha256.New()
		err := s.Events(context.Background(), func(b []event.Event) error {
			for i := range b {
				got = append(got, clone(b[i]))
				k := key(&b[i])
				h.Write(slices.Concat(binary.BigEndian.AppendUint64(nil, uint64(k.time)), k.content, k.ref))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		h.Sum(sum[:0])
	}
	if first != second {
		t.Error("the second call of Events gave another sequence")
	}
	st := s.Stats()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(o.Dir); len(left) > 0 {
		t.Errorf("%d files are left in the folder", len(left))
	}
	return got, st
}

func TestOrderDependsOnNothingElse(t *testing.T) {
	all := samples(50000)
	want := make([]keyed, len(all))
	for i := range all {
		want[i] = key(&all[i])
	}
	slices.SortFunc(want, keyed.compare)
	n := len(want)
	want = slices.CompactFunc(want, func(a, b keyed) bool {
		return unique(a.content) && a.time == b.time && bytes.Equal(a.content, b.content)
	})
	for i, o := range []Options{
		{},
		{Adders: 3, Batch: 7},
		{Memory: 1 << 20, Adders: 1},
		{Memory: 1 << 20, Adders: 4, Batch: 100000},
	} {
		input := slices.Clone(all)
		rand.New(rand.NewPCG(uint64(i), 0)).Shuffle(len(input), func(a, b int) { input[a], input[b] = input[b], input[a] })
		got, st := sortedBy(t, o, input)
		if len(got) != len(want) {
			t.Fatalf("%+v: %d events, want %d", o, len(got), len(want))
		}
		for j := range got {
			if key(&got[j]).compare(want[j]) != 0 {
				t.Fatalf("%+v: event %d is %+v", o, j, got[j])
			}
			if j > 0 && Compare(&got[j-1], &got[j]) >= 0 && j%97 == 0 {
				t.Fatalf("%+v: event %d comes before the one before it", o, j)
			}
		}
		if st.Events != int64(n) || st.Duplicates != int64(n-len(want)) {
			t.Errorf("%+v: %+v, want %d events and %d duplicates", o, st, n, n-len(want))
		}
		if s := New(o); o.Memory != 0 && st.Runs <= s.fanIn() {
			t.Errorf("%+v: %d runs, %d are read at once: this test is to merge in passes", o, st.Runs, s.fanIn())
		}
		t.Logf("%+v: %+v", o, st)
	}
}

func TestDuplicatesAreTheSameTimeAndContent(t *testing.T) {
	u := func(at event.Micros, unique bool, account string, input uint32) event.Event {
		return event.Event{Time: at, Unique: unique, Account: account, Ref: event.Ref{Input: input, Part: event.Part{Line: 1}}}
	}
	got, st := sortedBy(t, Options{}, []event.Event{
		u(1, true, "x", 2), u(1, true, "x", 1), u(1, true, "x", 3), // one, the first
		u(2, false, "a", 1), u(2, true, "x", 1), // another time
		u(3, false, "y", 1), u(3, false, "y", 1), // carry no identifier: two
	})
	if len(got) != 5 || st.Duplicates != 2 || got[0].Ref.Input != 1 {
		t.Errorf("got %d events, %d duplicates, the first from input %d; want 5, 2, 1", len(got), st.Duplicates, got[0].Ref.Input)
	}
}

func TestErrors(t *testing.T) {
	ctx := context.Background()
	s := New(Options{Dir: t.TempDir()})
	a := s.Adder()
	all := samples(5000)
	if err := a.AddAll(all); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	if err := s.Events(ctx, func([]event.Event) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of yield became %v", err)
	}
	if err := a.Add(&all[0]); err == nil {
		t.Error("adding after Events is accepted")
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Events(cancelled, func([]event.Event) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context gave %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Events(ctx, func([]event.Event) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed sorter gave %v", err)
	}
	big := event.Event{Object: strings.Repeat("x", maxEvent)}
	if err := New(Options{}).Adder().Add(&big); err == nil {
		t.Error("an event without bounds is accepted")
	}
}

func TestErrorsOfTheDiskSayWhatToDo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	s := New(Options{Dir: dir, Memory: 1})
	defer s.Close()
	a := s.Adder()
	var err error
	for all := samples(50000); err == nil && len(all) > 0; all = all[1:] {
		err = a.Add(&all[0])
	}
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a missing folder gave %v", err)
	}
	err = s.explain("write sorted events", fmt.Errorf("write: %w", syscall.ENOSPC))
	if want := "no room left in " + dir; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "free some") {
		t.Errorf("a full disk says %q", err)
	}
}

// limited is a file whose disk is full after some bytes.
type limited struct {
	runFile
	room int64
}

func (l limited) WriteAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) > l.room {
		return 0, syscall.ENOSPC
	}
	return l.runFile.WriteAt(b, at)
}

func writeRun(t testing.TB, f runFile, all []event.Event) (run, error) {
	w := newRunWriter(f, 0)
	for i := range all {
		if err := w.write(all[i].Time, AppendContent(nil, &all[i]), appendRef(nil, &all[i].Ref)); err != nil {
			return run{}, err
		}
	}
	return w.finish()
}

func tempRun(t testing.TB, all []event.Event) (*os.File, run) {
	f, err := os.CreateTemp(t.TempDir(), "run")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := writeRun(t, f, all)
	if err != nil {
		t.Fatal(err)
	}
	return f, r
}

func TestFullDisk(t *testing.T) {
	f, _ := tempRun(t, nil)
	if _, err := writeRun(t, limited{f, 100}, samples(5000)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk gave %v", err)
	}
}

func TestDamagedRunIsAnError(t *testing.T) {
	all := samples(3000)
	f, r := tempRun(t, all)
	whole, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 300 {
		b := slices.Clone(whole)
		if i%3 == 0 {
			b = b[:rnd.IntN(len(b))]
		} else {
			b[rnd.IntN(len(b))] ^= byte(1 + rnd.IntN(255))
		}
		x := &runReader{r: run{file: strings.NewReader(string(b)), size: r.size}}
		n := 0
		for err = x.next(); err == nil; err = x.next() {
			n++
		}
		if err == io.EOF {
			t.Fatalf("damage %d went unseen after %d of %d records", i, n, len(all))
		}
	}
}

func FuzzDecode(f *testing.F) {
	all := samples(50)
	for i := range all {
		f.Add(int64(all[i].Time), AppendContent(nil, &all[i]), appendRef(nil, &all[i].Ref))
	}
	f.Fuzz(func(t *testing.T, at int64, content, ref []byte) {
		var b event.Batch
		if err := newDecoder().decode(&b, event.Micros(at), content, ref); err != nil {
			if len(b.Events) != 0 {
				t.Error("a half-read event stayed in the batch")
			}
			return
		}
		e := b.Events[0]
		c2, r2 := AppendContent(nil, &e), appendRef(nil, &e.Ref)
		var again event.Batch
		if err := newDecoder().decode(&again, event.Micros(at), c2, r2); err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if !reflect.DeepEqual(again.Events[0], e) {
			t.Errorf("round trip:\n%+v\n%+v", e, again.Events[0])
		}
	})
}

func FuzzRun(f *testing.F) {
	file, _ := tempRun(f, samples(40))
	b, err := os.ReadFile(file.Name())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		x := &runReader{r: run{file: strings.NewReader(string(b)), size: int64(len(b))}}
		var batch event.Batch
		d := newDecoder()
		for x.next() == nil {
			_ = d.decode(&batch, x.time, x.content, x.ref)
			batch.Reset()
		}
	})
}

// attack makes events like those of a directory under guessing: one second has many, IDs come again.
func attack(n int) []event.Event {
	r := rand.New(rand.NewPCG(5, 6))
	at := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	all := make([]event.Event, n)
	for i := range all {
		all[i] = event.Event{
			Time: event.Of(at.Add(time.Duration(i/40) * time.Second)), Class: event.ClassAuthentication, Activity: event.ActLogon,
			Outcome: event.OutcomeFailure, Reason: event.ReasonBadPassword, Account: fmt.Sprintf("uid%05d", r.IntN(8000)),
			SrcIP: netip.AddrFrom4([4]byte{198, 51, 100, byte(r.IntN(155))}), SrcPort: uint16(1024 + r.IntN(60000)), DstHost: "ldap1", Service: "ldap",
			Object: fmt.Sprintf("uid=uid%05d,ou=people,dc=lab,dc=example", r.IntN(8000)), Format: "openldap",
			Ref:  event.Ref{Input: 1, Part: event.Part{Line: int64(i) * 3, Offset: int64(i) * 300, Length: 110}, More: []event.Part{{Line: int64(i)*3 + 2, Offset: int64(i)*300 + 200, Length: 90}}},
			Rest: []event.Field{event.Number("conn", int64(i/3)), event.Number("op", int64(i%3))},
		}
	}
	return all
}

func BenchmarkAddSort(b *testing.B) {
	all := attack(1 << 18)
	for _, o := range []Options{{Memory: 256 << 20, Adders: 2}, {Memory: 32 << 20, Adders: 2}} {
		b.Run(fmt.Sprintf("memory=%dMiB/adders=%d", o.Memory>>20, o.Adders), func(b *testing.B) {
			o.Dir = b.TempDir()
			b.ReportAllocs()
			s := New(o)
			defer s.Close()
			var wg sync.WaitGroup
			for range o.Adders {
				a := s.Adder()
				wg.Go(func() {
					for i := range b.N / o.Adders {
						if err := a.Add(&all[i%len(all)]); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			if err := s.seal(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(s.Stats().Spilled)/float64(b.N), "diskB/event")
		})
	}
}

func BenchmarkMerge(b *testing.B) {
	all := attack(1 << 20)
	for _, o := range []Options{{Memory: 512 << 20}, {Memory: 32 << 20, Adders: 2}} {
		b.Run(fmt.Sprintf("memory=%dMiB", o.Memory>>20), func(b *testing.B) {
			o.Dir = b.TempDir()
			s := New(o)
			defer s.Close()
			a := s.Adder()
			if err := a.AddAll(all); err != nil {
				b.Fatal(err)
			}
			if err := s.seal(context.Background()); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			n := 0
			for b.Loop() {
				if err := s.Events(context.Background(), func(e []event.Event) error { n += len(e); return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
