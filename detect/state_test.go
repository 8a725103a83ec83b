// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// sample has a field of each kind that a detector's state is made of.
type sample struct {
	truth   bool
	small   int8
	byte    uint8
	short   int16
	port    uint16
	day     int32
	hash    uint32
	n       int
	long    int64
	bits    uint64
	share   float64
	half    float32
	name    string
	ip      netip.Addr
	net     netip.Prefix
	hours   [4]uint16
	list    []string
	none    []string
	empty   []string
	set     map[uint32]struct{}
	nothing map[string]int
	hosts   map[sampleKey]*node
	who     *event.Account
	whom    *event.Account
	first   *node
	again   *node
	refs    []event.Ref
	count   event.Int
	v       Evidence
	change  Change
	more    []sampleInner
}

type sampleKey struct {
	ip   netip.Addr
	name string
}

type sampleInner struct {
	who *event.Account
	m   map[netip.Prefix][]int64
}

type node struct {
	n    int
	next *node
}

func full() *sample {
	who := &event.Account{Handle: 3, ID: "A-x", Name: "x@example.jp", Groups: []string{"staff"}, Listed: true}
	n := &node{n: 1}
	n.next = &node{2, n} // a ring
	s := &sample{true, -5, 200, -300, 443, -20000, 1 << 31, -1 << 40, math.MinInt64, math.MaxUint64, 0.1, -2.5, "name", netip.MustParseAddr("fe80::1%eth0"), netip.MustParsePrefix("2001:db8::/32"),
		[4]uint16{1, 0, 65535, 7}, []string{"a", "", "a"}, nil, []string{}, map[uint32]struct{}{1: {}, 1 << 30: {}}, nil,
		map[sampleKey]*node{{netip.MustParseAddr("192.0.2.1"), "h"}: n, {netip.Addr{}, ""}: nil, {netip.MustParseAddr("2001:db8::2"), "name"}: {n: 9}},
		who, &event.Account{Handle: 4, ID: "A-y"}, n, n.next, []event.Ref{{Input: 1, Part: event.Part{Line: 2, Offset: 3, Length: 4}, More: []event.Part{{Line: 9}}}}, event.Some(0),
		Evidence{}, Change{K: 1}, []sampleInner{{who, map[netip.Prefix][]int64{{}: {1, -1}, netip.MustParsePrefix("10.0.0.0/8"): nil}}, {}}}
	for i := range 50 {
		s.v.Add(some(i + 1))
		s.change.Day(int32(i), i%7 < 5, float64(i%5))
	}
	return s
}

func TestState(t *testing.T) {
	s := full()
	plan, err := PlanOf(s)
	if err != nil {
		t.Fatal(err)
	}
	b, err := plan.AppendSorted(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	now := map[string]*event.Account{"A-x": s.who, "A-y": {Handle: 77, ID: "A-y"}}
	var got sample
	if err := plan.Read(b, &got, func(a *event.Account) *event.Account { return now[a.ID] }); err != nil {
		t.Fatal(err)
	}
	if got.first != got.hosts[sampleKey{netip.MustParseAddr("192.0.2.1"), "h"}] || got.first.next != got.again || got.again.next != got.first {
		t.Error("pointers that were equal are not")
	}
	if got.who != s.who || got.more[0].who != s.who || got.whom.Handle != 77 {
		t.Error("accounts are not those of now")
	}
	if got.none != nil || got.empty == nil || got.nothing != nil {
		t.Error("nil and empty are mixed up")
	}
	got.whom = s.whom
	if !reflect.DeepEqual(s, &got) {
		t.Errorf("got\n%+v\nwant\n%+v", &got, s)
	}
	if c, err := plan.AppendSorted(nil, &got); err != nil || !bytes.Equal(b, c) {
		t.Errorf("written again it is different (%v)", err)
	}
	if unsorted, err := plan.Append(nil, s); err != nil || len(unsorted) != len(b) {
		t.Errorf("unsorted it has %d bytes instead of %d (%v)", len(unsorted), len(b), err)
	}
	for n := range b { // cut off anywhere
		if plan.Read(b[:n], &sample{}, nil) == nil {
			t.Fatalf("the first %d of %d bytes are taken", n, len(b))
		}
	}
	if plan.Read(append(bytes.Clone(b), 0), &sample{}, nil) == nil {
		t.Error("a byte too many is taken")
	}
}

func TestClone(t *testing.T) {
	s := full()
	c := Clone(s)
	if !reflect.DeepEqual(s, c) {
		t.Fatalf("got\n%+v\nwant\n%+v", c, s)
	}
	if c.who != s.who || c.whom != s.whom || c.more[0].who != s.who {
		t.Error("accounts are others")
	}
	c.first.n, c.set[9], c.list[0] = 99, struct{}{}, "b"
	if s.first.n != 1 || len(s.set) != 2 || s.list[0] != "a" {
		t.Error("the copy is the same thing")
	}
}

func TestPlanRefuses(t *testing.T) {
	for want, v := range map[string]any{
		"not a pointer":     sample{},
		"f is a func":       &struct{ f func() }{},
		".c is a chan":      &struct{ c chan int }{},
		".m[].x is a inter": &struct{ m map[int]struct{ x any } }{},
		"keys that are poi": &struct{ m map[*int]int }{},
		"into the middle": &struct {
			a []node
			p *node
		}{},
		"slice of nothing":   &struct{ a []struct{} }{},
		".deep.f[] is a fun": &struct{ deep *struct{ f [2]func() } }{},
	} {
		if _, err := PlanOf(v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: %v, want %q", v, err, want)
		}
	}
}

// TestShape holds that states of other types are told from one's own.
func TestShape(t *testing.T) {
	type a struct{ X, Y int }
	type b struct{ X, Z int }
	type c struct{ X, Y int32 }
	seen := map[string]bool{}
	for _, v := range []any{&a{}, &b{}, &c{}, &struct{ m map[int]a }{}, &struct{ m map[int]*a }{}, &sample{}} {
		p, err := PlanOf(v)
		if err != nil {
			t.Fatal(err)
		}
		s := fmt.Sprint(p.Shape())
		if seen[s] {
			t.Errorf("%T has the shape of another type", v)
		}
		seen[s] = true
	}
	p, _ := PlanOf(&a{})
	q, _ := PlanOf(&a{})
	if p.Shape() != q.Shape() {
		t.Error("one type has two shapes")
	}
}

// TestStateDeep holds that a chain that leads on and on is refused both ways instead of using up the stack.
func TestStateDeep(t *testing.T) {
	plan, err := PlanOf(&node{})
	if err != nil {
		t.Fatal(err)
	}
	long := &node{}
	for range 2 * stateDepth {
		long = &node{next: long}
	}
	if _, err := plan.Append(nil, long); err == nil {
		t.Error("a chain of any length is written")
	}
	var b []byte
	for i := range 100 * stateDepth {
		b = append(b, 0)
		for n := uint64(i + 1); ; n >>= 7 { // the next new object
			if n < 0x80 {
				b = append(b, byte(n))
				break
			}
			b = append(b, byte(n)|0x80)
		}
	}
	if err := plan.Read(append(b, 0, 0), &node{}, nil); err == nil {
		t.Error("a chain of any length is read")
	}
}

// FuzzStateRead holds that no bytes make the reading of a state panic or take memory out of all proportion.
func FuzzStateRead(f *testing.F) {
	plan, err := PlanOf(&sample{})
	if err != nil {
		f.Fatal(err)
	}
	b, err := plan.Append(nil, full())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{})
	small, _ := plan.Append(nil, &sample{})
	f.Add(small)
	f.Fuzz(func(t *testing.T, b []byte) {
		var s sample
		if plan.Read(b, &s, nil) == nil {
			if _, err := plan.Append(nil, &s); err != nil {
				t.Error(err)
			}
		}
	})
}
