// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// head are the values of the test's template before those of EventData.
func head() []Item {
	return []Item{{Type: Uint16, Data: le16(4625)}, {Type: FileTime, Data: le64(134000000012345678)}, {Type: String, Data: wide("Security")}}
}

// xmlOf returns the first record of a chunk as XML.
func xmlOf(t testing.TB, chunk []byte) string {
	t.Helper()
	var c Chunk
	c.Reset(chunk)
	w := NewWalk(chunk)
	p, ok := w.Next()
	if !ok || !p.Record {
		t.Fatalf("no record: %+v", p)
	}
	x, err := c.AppendXML(nil, p.From, p.To)
	if err != nil {
		t.Fatalf("%v after %s", err, x)
	}
	return string(x)
}

// TestValues shows every type of value as Windows shows it.
func TestValues(t *testing.T) {
	guid := []byte{0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49, 0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d}
	sid := []byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xf4, 1, 0, 0}
	system := bytes.Join([][]byte{le16(2025), le16(6), le16(2), le16(10), le16(1), le16(2), le16(3), le16(45)}, nil)
	tests := []struct {
		kind Type
		data []byte
		want string
	}{
		{Null, nil, ""},
		{String, wide("東 京 𠮟 <x>"), "東 京 𠮟 &lt;x&gt;"},
		{String, append(wide("a\x01b"), 0, 0), "a\ufffdb"},
		{String, []byte{0x00, 0xd8, 'a', 0}, "\ufffda"},
		{ANSI, []byte("abc\x00"), "abc"},
		{ANSI, []byte("\xe9"), "é"},
		{Int8, []byte{0xff}, "-1"},
		{Uint8, []byte{0xff}, "255"},
		{Int16, []byte{0xff, 0xff}, "-1"},
		{Uint16, []byte{0xff, 0xff}, "65535"},
		{Int32, le32(-5), "-5"},
		{Uint32, le32(-1), "4294967295"},
		{Int64, le64(math.MaxUint64), "-1"},
		{Uint64, le64(math.MaxUint64), "18446744073709551615"},
		{Real32, le32(int(math.Float32bits(1.5))), "1.5"},
		{Real64, le64(math.Float64bits(math.NaN())), "NaN"},
		{Bool, le32(1), "true"},
		{Bool, le32(0), "false"},
		{Binary, []byte{0, 0xab}, "00AB"},
		{GUID, guid, "{54849625-5478-4994-A5BA-3E3B0328C30D}"},
		{Size, le32(0x858), "0x858"},
		{Size, le64(0x858), "0x858"},
		{FileTime, le64(134000000012345678), "2025-08-18T14:13:21.2345678Z"},
		{FileTime, le64(math.MaxUint64), "18446744073709551615"},
		{SystemTime, system, "2025-06-10T01:02:03.0450000Z"},
		{SID, sid, "S-1-5-21-1-2-3-500"},
		{SID, sid[:9], ""},
		{HexInt32, le32(0x3e7), "0x3e7"},
		{HexInt64, le64(0x8010000000000000), "0x8010000000000000"},
		{Uint32, []byte{1}, ""}, // too short
	}
	for _, tt := range tests {
		b := newBuild()
		b.add([]string{"X"}, append(head(), Item{Type: tt.kind, Data: tt.data}))
		want := `<Data Name="X">` + tt.want + "</Data>\n"
		if tt.want == "" {
			want = `<Data Name="X" />`
		}
		if tt.kind == Null {
			want = "<EventData />" // what depends on a value that is not there is left out
		}
		if x := xmlOf(t, b.done()); !strings.Contains(x, want) {
			t.Errorf("%d of %x: want %s in %s", tt.kind, tt.data, want, x)
		}
	}
}

// TestArrays shows values that hold several: their element stands once for each.
func TestArrays(t *testing.T) {
	for _, tt := range []struct {
		kind Type
		data []byte
		want []string
	}{
		{String, append(append(wide("a"), 0, 0), append(append(append([]byte{}, 0, 0), wide("b")...), 0, 0)...), []string{"a", "", "b"}},
		{String, wide("a"), []string{"a"}},
		{ANSI, []byte("x\x00y"), []string{"x", "y"}},
		{Uint16, append(le16(1), le16(2)...), []string{"1", "2"}},
		{Size, le64(1), []string{"0x1"}},
		{SID, []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5, 19, 0, 0, 0}, []string{"S-1-5-18", "S-1-5-19"}},
		{Uint32, []byte{1, 2, 3}, nil},
	} {
		var got []string
		v := Item{Type: tt.kind | Array, Data: tt.data}
		v.Each(func(one Item) { got = append(got, string(one.Append(nil, 7))) })
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
			t.Errorf("%d of %x: %q, want %q", tt.kind, tt.data, got, tt.want)
		}
		b := newBuild()
		b.add([]string{""}, append(head(), v))
		if x := xmlOf(t, b.done()); strings.Count(x, "<Data") != len(tt.want) {
			t.Errorf("want %d elements in %s", len(tt.want), x)
		}
	}
}

// TestRecord is one whole record: entities, attributes that are left out, a template that is used again.
func TestRecord(t *testing.T) {
	b := newBuild()
	names := []string{"TargetUserName", "Pay"}
	for range 3 {
		b.add(names, append(head(), Item{Type: String, Data: wide("taro")}, Item{Type: Null}))
	}
	chunk := b.done()
	if s := Check(chunk); !s.Sound || !s.Magic || s.Last != 3 {
		t.Errorf("%+v", s)
	}
	want := `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">
  <System>
    <Provider Name="Test" />
    <EventID>4625</EventID>
    <TimeCreated SystemTime="2025-08-18T14:13:21.2345678Z" />
    <Channel>Security</Channel>
    <Computer>h&lt;1&gt;&amp;x</Computer>
  </System>
  <EventData>
    <Data Name="TargetUserName">taro</Data>
  </EventData>
</Event>
`
	n := 0
	dump(file(chunk), func(p Piece, xml string, err error) {
		if n++; err != nil || xml != want || p.ID != uint64(n) {
			t.Errorf("record %d, %v: %s", p.ID, err, xml)
		}
	})
	if n != 3 {
		t.Errorf("%d records", n)
	}
}

// TestNested: EventData is often binary XML of its own, put in as a value; here without a template.
func TestNested(t *testing.T) {
	for _, depends := range []bool{true, false} {
		p := &part{base: 0}
		p.add([]byte{tokFragment, 1, 1, 0, tokOpen})
		if depends {
			p.add(le16(0xffff))
		}
		// Its name is that of the first element of the chunk.
		b := newBuild()
		b.add([]string{"X"}, append(head(), Item{Type: BinXML}))
		at := bytes.Index(b.chunk, wide("Event")) - 8
		p.add(le32(20), le32(at), []byte{tokCloseStart}).text("deep").add([]byte{tokClose, tokEnd})
		b = newBuild()
		b.add([]string{"X"}, append(head(), Item{Type: BinXML, Data: p.b}))
		if x := xmlOf(t, b.done()); !strings.Contains(x, "<Event>deep</Event>") {
			t.Errorf("%v: %s", depends, x)
		}
	}
}

// TestWalk: what is broken costs itself alone.
func TestWalk(t *testing.T) {
	whole := func() []byte {
		b := newBuild()
		for range 4 {
			b.add([]string{"X"}, append(head(), Item{Type: String, Data: wide("taro")}))
		}
		return b.done()
	}
	var at []Piece
	walk := func(chunk []byte) (ids []uint64, stray int) {
		w := NewWalk(chunk)
		at = nil
		for {
			p, ok := w.Next()
			if !ok {
				return ids, stray
			}
			at = append(at, p)
			if p.Record {
				ids = append(ids, p.ID)
			} else {
				stray += p.To - p.From
			}
		}
	}
	ids, _ := walk(whole())
	places := at
	if fmt.Sprint(ids) != "[1 2 3 4]" {
		t.Fatalf("%v", ids)
	}
	for name, tt := range map[string]struct {
		change func(b []byte) []byte
		ids    string
		stray  int
		sound  bool
	}{
		"no magic": {func(b []byte) []byte { clear(b[:ChunkHeaderSize]); return b }, "[1 2 3 4]", 0, false},
		"an old header: the last records are not in it": {func(b []byte) []byte {
			copy(b[48:], le32(places[2].From))
			seal(b)
			return b
		}, "[1 2 3 4]", 0, true},
		"slack: an older use of the chunk left a record": {func(b []byte) []byte {
			copy(b[48:], le32(places[2].From))
			copy(b[places[2].From+8:], le64(77))
			seal(b)
			return b
		}, "[1 2]", 0, true},
		"a record's magic is gone":    {func(b []byte) []byte { clear(b[places[1].From : places[1].From+4]); return b }, "[1 3 4]", places[1].To - places[1].From, false},
		"its size at the end is gone": {func(b []byte) []byte { clear(b[places[1].To-4 : places[1].To]); return b }, "[1 2 3 4]", 0, false},
		"cut off":                     {func(b []byte) []byte { return b[:places[3].To-1] }, "[1 2 3]", places[3].To - 1 - places[3].From, false},
		"empty":                       {func(b []byte) []byte { clear(b); return b }, "[]", 0, false},
		"too short":                   {func(b []byte) []byte { return b[:100] }, "[]", 0, false},
	} {
		chunk := tt.change(whole())
		ids, stray := walk(chunk)
		if fmt.Sprint(ids) != tt.ids || stray != tt.stray || Check(chunk).Sound != tt.sound {
			t.Errorf("%s: %v and %d bytes, want %s and %d; %+v", name, ids, stray, tt.ids, tt.stray, Check(chunk))
		}
	}
}

// TestForged: a template that stands for the same long text, or for itself, again and again costs no more than a bound.
func TestForged(t *testing.T) {
	names := make([]string, 200)
	for name, value := range map[string]func(b *build) Item{
		"text": func(*build) Item { return Item{Type: String, Data: wide(strings.Repeat("x", 1000))} },
		"itself": func(b *build) Item { // an instance of the template, whose value is an instance of the template, …
			var data []byte
			for range 20 {
				inner := append([]byte{tokTemplate, 1}, le32(7)...)
				inner = append(append(inner, le32(b.template)...), le32(4)...)
				for i := range 4 {
					inner = append(append(inner, le16(map[bool]int{true: len(data)}[i == 3])...), byte(BinXML), 0)
				}
				data = append(inner, data...)
			}
			return Item{Type: BinXML, Data: data}
		},
	} {
		b := newBuild()
		b.same = true
		b.add(names, head())
		for range 15 {
			b.add(names, append(head(), value(b)))
		}
		chunk := b.done()
		begin := time.Now()
		var last error
		dump(file(chunk), func(_ Piece, x string, err error) {
			if last = err; len(x) > maxXML+1<<20 {
				t.Errorf("%s: %d bytes", name, len(x))
			}
		})
		if time.Since(begin) > 5*time.Second || last != nil && !errors.Is(last, ErrTooMuch) {
			t.Errorf("%s: %v, %v", name, last, time.Since(begin))
		}
		t.Logf("%s: %v, %v", name, last, time.Since(begin))
	}
}

// FuzzChunk reads whatever it is given as a chunk: no panic, and no more text than is allowed.
func FuzzChunk(f *testing.F) {
	b := newBuild()
	for range 2 {
		b.add([]string{"a", "", "b"}, append(head(), Item{Type: String, Data: wide("taro")}, Item{Type: String | Array, Data: wide("x\x00y")}, Item{Type: BinXML, Data: []byte{tokFragment, 1, 1, 0, tokEnd}}))
	}
	f.Add(b.done()[:len(b.chunk)+64])
	f.Add([]byte("ElfChnk\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > ChunkSize {
			return
		}
		var c Chunk
		c.Reset(data)
		w := NewWalk(data)
		at := 0
		for {
			p, ok := w.Next()
			if !ok {
				break
			}
			if p.From < at || p.To <= p.From || p.To > len(data) {
				t.Fatalf("%+v behind %d", p, at)
			}
			at = p.To
			if !p.Record {
				continue
			}
			x, _ := c.AppendXML(nil, p.From, p.To)
			if len(x) > maxXML+1<<20 {
				t.Fatalf("%d bytes of XML", len(x))
			}
		}
	})
}

// shared returns ../shared/data/NAME beside the repository, or skips the test.
func shared(t testing.TB, name string) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	path := filepath.Join(filepath.Dir(dir), "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the suite %s is not here: %v", name, err)
	}
	return path
}

// files returns the event log files of a suite.
func files(t testing.TB, suite string) (out []string) {
	err := filepath.WalkDir(shared(t, suite), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".evtx") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// dump calls do with each record of a file, as XML.
func dump(data []byte, do func(p Piece, xml string, err error)) (states []State) {
	h, _ := ReadHeader(data)
	var c Chunk
	for at := h.Size; at+ChunkHeaderSize <= len(data); at += ChunkSize {
		chunk := data[at:min(at+ChunkSize, len(data))]
		states = append(states, Check(chunk))
		c.Reset(chunk)
		w := NewWalk(chunk)
		for {
			p, ok := w.Next()
			if !ok {
				break
			}
			if !p.Record {
				do(p, "", fmt.Errorf("%w: %d bytes at %d", ErrNotRecord, p.To-p.From, at+p.From))
				continue
			}
			x, err := c.AppendXML(nil, p.From, p.To)
			do(p, string(x), err)
		}
	}
	return states
}

// TestSuites reads the event log files of others: all but the one that is a piece of memory with pages missing are read whole.
func TestSuites(t *testing.T) {
	for _, suite := range []string{"evtx-parser-samples", "evtx-attack-samples", "sigma-regression"} {
		all, bad, unsound := 0, 0, 0
		for _, path := range files(t, suite) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			states := dump(data, func(p Piece, xml string, err error) {
				if all++; err != nil {
					bad++
					if !strings.Contains(path, "bad_chunk_magic") {
						t.Errorf("%s: record %d: %v", filepath.Base(path), p.ID, err)
					}
				}
			})
			for _, s := range states {
				if !s.Sound && !s.Empty {
					unsound++
				}
			}
		}
		t.Logf("%s: %d records, %d of them broken; %d chunks without a right checksum", suite, all, bad, unsound)
	}
}
