// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestMarkIndex holds the one pass against a search for each mark, on records made of pieces of marks.
func TestMarkIndex(t *testing.T) {
	all := All()
	order := make([]*Format, len(all))
	var pieces []string
	for i := range all {
		order[i] = &all[i]
		for _, m := range all[i].Marks {
			pieces = append(pieces, m, m[:len(m)/2], m[len(m)/2:])
		}
	}
	x := newMarkIndex(order)
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var rec []byte
		for range r.IntN(5) {
			rec = append(rec, pieces[r.IntN(len(pieces))]...)
			rec = append(rec, " =x"[:r.IntN(4)]...)
		}
		var may, got formatSet
		for k := range may {
			may[k] = r.Uint64()
		}
		got = may
		x.keep(rec, &got)
		for i, f := range order {
			if !may.has(i) {
				if got.has(i) {
					t.Fatalf("%q: %s: shown, though it may not be", rec, f.Name)
				}
				continue
			}
			want := len(f.Marks) == 0
			for _, m := range f.Marks {
				want = want || bytes.Contains(rec, []byte(m))
			}
			if got.has(i) != want {
				t.Fatalf("%q: %s: shown %v, want %v", rec, f.Name, got.has(i), want)
			}
		}
	}
}

// TestManyFormats reads with more formats than a set holds: those beyond are shown every record.
func TestManyFormats(t *testing.T) {
	all := All()
	last := all[len(all)-1]
	var many []Format
	for len(many) < gated+5 {
		f := all[len(many)%len(all)]
		f.Sniff = func([]byte) float64 { return 0 }
		many = append(many, f)
	}
	last.Name, last.Sniff, last.New = "last", func([]byte) float64 { return 1 }, openLDAP.New
	many = append(many, last)
	rec := unknownLines("syslog", 1)
	rec[0].Data = []byte("Mar  3 04:00:00 ldap1 slapd[7]: conn=1 fd=2 ACCEPT from IP=192.0.2.7:40000 (IP=0.0.0.0:389)")
	if got := takers(many, rec); got[0] != "last" {
		t.Errorf("taken by %q", got[0])
	}
	if g := Recognise(many, [][]byte{rec[0].Data}); len(g) != 1 || g[0].Format.Name != "last" {
		t.Errorf("recognised as %v", g)
	}
}
