// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// longList is a plain list of n indicators that is made while it is read: addresses, networks, domains, hashes and URLs.
type longList struct {
	n, at int
	rest  []byte
}

func (l *longList) Read(b []byte) (int, error) {
	for len(l.rest) == 0 {
		if l.at == l.n {
			return 0, io.EOF
		}
		i := l.at
		l.at++
		switch i % 5 {
		case 0, 1:
			l.rest = fmt.Appendf(l.rest[:0], "%d.%d.%d.%d\n", 11+i>>21&127, i>>13&255, i>>5&255, i&31*8+1)
		case 2:
			l.rest = fmt.Appendf(l.rest[:0], "host%d.zone%d.example\n", i, i%977)
		case 3:
			l.rest = fmt.Appendf(l.rest[:0], "%064x\n", uint64(i)*0x9e3779b97f4a7c15)
		default:
			l.rest = fmt.Appendf(l.rest[:0], "http://host%d.example/a/%d\n", i%1013, i)
		}
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func (l *longList) Close() error { return nil }

// TestLarge holds that a long list takes little more than 24 bytes an indicator: two hundred thousand, or as many as SEKISHO_INDICATORS says.
func TestLarge(t *testing.T) {
	n := 200_000
	if text := os.Getenv("SEKISHO_INDICATORS"); text != "" {
		n, _ = strconv.Atoi(text)
	} else if testing.Short() {
		t.Skip("two hundred thousand indicators take seconds: not with -short")
	}
	var before, after, loading runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := New()
	began := time.Now()
	l, err := s.Read(Source{Path: "long"}, func() (io.ReadCloser, error) { return &longList{n: n}, nil })
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&loading)
	s.Finish()
	took := time.Since(began)
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := float64(after.HeapAlloc-before.HeapAlloc) / float64(s.Len())
	t.Logf("%d indicators of %d lines in %v; %.1f bytes each kept, %d MiB of heap asked of the system", s.Len(), n, took.Round(time.Millisecond), each, (loading.HeapSys-before.HeapSys)>>20)
	if len(l.LeftOut) > 0 || each > 36 {
		t.Errorf("left out %v; %.1f bytes an indicator", l.LeftOut, each)
	}
	k := s.NewLooker()
	hit := event.Event{Time: 1, SrcIP: netip.MustParseAddr("11.0.0.1")}
	if len(k.Look(&hit)) != 1 {
		t.Error("the first address is not found")
	}
	e := event.Event{Time: 1, Class: event.ClassHTTP, SrcIP: netip.MustParseAddr("192.0.2.1"), DstIP: netip.MustParseAddr("198.51.100.1"), DstHost: "www.library.example", Object: "/a/b/c?d=e"}
	began = time.Now()
	for range 200_000 {
		if len(k.Look(&e)) != 0 {
			t.Fatal("found")
		}
	}
	t.Logf("%v an event", time.Since(began)/200_000)
	runtime.KeepAlive(s)
}
