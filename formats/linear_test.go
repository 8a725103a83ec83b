// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// pieces are what a record is made long with: whatever a scanner may stop at, go back to, open or escape.
var pieces = []string{`"`, `\`, `\"`, `""`, ` `, `  `, `a`, `a `, `[`, `(`, `{`, `<`, `</`, `{"a":`, `[[`, `]`, `)`, `}`, `>`, `,`, `, `, `=`, `a=`, ` a=b`, `:`, `: `, `|`, `;`, `'`, `%`, `%2`, `#`, `-`, ` - `,
	`.`, `/`, `@`, `1`, `1.`, `:1`, `<1>`, "\t", "\xff", "は", `\u0041`, `&lt;`, `&`, ` from `, ` user `, `user=`, ` for `, `rhost=`, ` port `, `"a":"b",`, `"a":{},`, `,"a":1`, `a="b"`, ` H=x`, ` =`, `Jun  2 09:00:00 a b: `, `2025-06-02T09:00:00Z `}

const (
	slowSize = 32 << 10
	slowMark = 8 * time.Millisecond // for a record of 32 KiB: 4 MB/s; what is quadratic takes some ten times as long
)

// TestLinear makes records of every format long, in the middle and at the end, with everything that might be looked at again and again, and
// asks that a record four times as long take no more than some four times as long.
func TestLinear(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("it reads some gigabytes, and measures")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	all := All()
	longest, where := time.Duration(0), ""
	for i := range all {
		f := &all[i]
		for _, rec := range someRecords(t, f.Name) {
			for _, at := range places(rec) {
				for _, piece := range append(pieces, ownWord(rec, at)) {
					if piece == "" {
						continue
					}
					spent := stretched(f, rec, at, piece, slowSize)
					for range 3 { // the machine may have been busy
						if spent < slowMark {
							break
						}
						spent = min(spent, stretched(f, rec, at, piece, slowSize))
					}
					if spent > longest {
						longest, where = spent, f.Name+" "+strconv.Quote(piece)
					}
					if spent < slowMark {
						continue
					}
					if spent > 4*slowMark { // also what is slow and linear
						t.Errorf("%s: %q many times at %d of %.120q: %s for 32 KiB", f.Name, piece, at, rec, spent)
					}
					if short := stretched(f, rec, at, piece, slowSize/4); spent > 8*short {
						t.Errorf("%s: %q many times at %d of %.120q: %s for 8 KiB, %s for 32 KiB", f.Name, piece, at, rec, short, spent)
					}
				}
			}
		}
	}
	t.Logf("the longest is %s, of %s", longest, where)
}

// someRecords returns up to two long and different records of a format's samples that it takes.
func someRecords(t *testing.T, name string) (recs [][]byte) {
	t.Helper()
	f, _ := Named(All(), name)
	for _, path := range samples(t) {
		base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		if rest, ok := strings.CutPrefix(base, name); !ok || rest != "" && rest[0] != '_' && rest[0] != '-' {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var best []byte
		for _, r := range cut(path, data) {
			var out event.Batch
			if f.New(testEnv()).Parse(&r, &out) == nil && len(out.Events) > 0 && len(r.Data) > len(best) {
				best = r.Data
			}
		}
		if best != nil && len(recs) < 2 {
			recs = append(recs, best)
		}
	}
	return recs
}

// places returns where a record is made longer: its end, and twice between.
func places(rec []byte) []int {
	return []int{len(rec) / 3, len(rec) * 3 / 4, len(rec)}
}

// ownWord returns the word of a record that begins at or behind a place, with the blank before it.
func ownWord(rec []byte, at int) string {
	i := bytes.IndexByte(rec[at:], ' ')
	if i < 0 {
		return ""
	}
	word, _, _ := bytes.Cut(rec[at+i+1:], []byte(" "))
	return " " + string(word[:min(len(word), 40)])
}

// stretched returns how long it takes to recognise and read a record that was made so long.
func stretched(f *Format, rec []byte, at int, piece string, size int) time.Duration {
	data := make([]byte, 0, len(rec)+size+len(piece))
	data = append(data, rec[:at]...)
	for len(data) < at+size {
		data = append(data, piece...)
	}
	data = append(data, rec[at:]...)
	p := f.New(testEnv())
	var out event.Batch
	start := processTime()
	f.Sniff(data)
	_ = p.Parse(&event.Record{Data: data}, &out)
	p.Flush(&out)
	return processTime() - start
}

// TestLinearStreams reads each sample many times over, with other numbers each time, so that what parsers keep of earlier records grows:
// four times as many records may take some four times as long.
func TestLinearStreams(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("it reads some hundred megabytes, and measures")
	}
	all := All()
	for _, path := range samples(t) {
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		var f *Format
		for i := range all {
			if (strings.HasPrefix(name, all[i].Name)) && (f == nil || len(all[i].Name) > len(f.Name)) {
				f = &all[i]
			}
		}
		if f == nil {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		recs := cut(path, data)
		read := func(records int) time.Duration {
			p := f.New(testEnv())
			var out event.Batch
			var buf []byte
			start := processTime()
			for n := range records {
				buf = renumbered(buf[:0], recs[n%len(recs)].Data, n/len(recs))
				_ = p.Parse(&event.Record{Part: event.Part{Line: int64(n + 1)}, Data: buf}, &out)
				if len(out.Events) > 1024 {
					out.Reset()
				}
			}
			p.Flush(&out)
			return processTime() - start
		}
		many := max(200, 2<<20/max(1, len(data)/len(recs)))
		long := read(many)
		if long < 400*time.Millisecond { // 5 MB/s
			continue
		}
		if short := min(read(many/4), read(many/4)); min(long, read(many)) > 8*short {
			t.Errorf("%s: %s for %d records, %s for %d", path, short, many/4, long, many)
		}
	}
}

// renumbered writes a record with n added to every number of four digits and more that is no year, so that connections, processes and
// ports are others.
func renumbered(out, rec []byte, n int) []byte {
	for i := 0; i < len(rec); {
		j := i
		for j < len(rec) && isDigit(rec[j]) {
			j++
		}
		if j-i < 4 || j-i > 9 || j-i == 4 && rec[i] == '2' && rec[i+1] == '0' {
			if j == i {
				j++
			}
			out = append(out, rec[i:j]...)
		} else {
			v, _ := strconv.Atoi(string(rec[i:j]))
			out = strconv.AppendInt(out, int64(v+n), 10)
		}
		i = j
	}
	return out
}
