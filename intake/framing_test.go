// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/evtx"
)

// got is a record that outlives its yield.
type got struct {
	event.Part
	data string
}

func (g got) String() string {
	return fmt.Sprintf("%d@%d+%d %.60q", g.Line, g.Offset, g.Length, g.data)
}

// source returns content as a source that no file is needed for.
func source(t testing.TB, content []byte, o Options) *Source {
	t.Helper()
	if o.MaxLine == 0 {
		o.MaxLine = defaultMaxLine
	}
	if o.MaxObject == 0 {
		o.MaxObject = defaultMaxObject
	}
	s := &Source{File: File{Path: "in", Size: int64(len(content))}, o: o, at: bytes.NewReader(content), close: func() error { return nil }}
	if err := s.recognise(); err != nil {
		t.Fatal(err)
	}
	return s
}

// frame frames content.
func frame(t testing.TB, content []byte, framing event.Framing, o Options) ([]got, Stats, error) {
	t.Helper()
	s := source(t, content, o)
	var out []got
	err := s.Records(t.Context(), framing, func(r *event.Record) error {
		out = append(out, got{r.Part, string(r.Data)})
		return nil
	})
	return out, s.Stats(), err
}

func texts(records []got) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.data)
	}
	return out
}

func TestFramings(t *testing.T) {
	const graph = `{"@odata.context":"https://graph.example/$metadata#signIns","@odata.nextLink":"https://x","value":[{"id":"1","s":"a]\"}"},` + "\n" + `{"id":"2"}]}`
	tests := []struct {
		name    string
		framing event.Framing
		in      string
		want    []string
	}{
		{"empty", event.FrameLines, "", nil},
		{"lines", event.FrameLines, "a\nb\r\n\n\r\nc", []string{"a", "b", "c"}},
		{"lines with a mark", event.FrameLines, bom + "a\nb\n", []string{"a", "b"}},
		{"only a mark", event.FrameLines, bom, nil},
		{"half a mark", event.FrameLines, bom[:2], []string{bom[:2]}},
		{"NUL and bad UTF-8", event.FrameLines, "a\x00b\n\xff\xfd\n", []string{"a\x00b", "\xff\xfd"}},
		{"ndjson", event.FrameJSON, "{\"a\":1}\n{\"b\":\"x\\\"}\"}\r\n", []string{`{"a":1}`, `{"b":"x\"}"}`}},
		{"concatenated", event.FrameJSON, `{"a":1}{"b":[1,{"c":{}}]} {}`, []string{`{"a":1}`, `{"b":[1,{"c":{}}]}`, `{}`}},
		{"pretty", event.FrameJSON, "{\n \"a\": [\n  1\n ]\n}\n{\n}\n", []string{"{\n \"a\": [\n  1\n ]\n}", "{\n}"}},
		{"array", event.FrameJSON, "[\n {\"a\":1},\n {\"b\":2}\n]\n", []string{`{"a":1}`, `{"b":2}`}},
		{"two arrays", event.FrameJSON, `[{"a":1}][{"b":2}]`, []string{`{"a":1}`, `{"b":2}`}},
		{"empty array", event.FrameJSON, "[]\n", nil},
		{"graph page", event.FrameJSON, graph, []string{`{"id":"1","s":"a]\"}"}`, `{"id":"2"}`}},
		{"graph pages joined", event.FrameJSON, graph + graph + "\n" + graph, []string{
			`{"id":"1","s":"a]\"}"}`, `{"id":"2"}`, `{"id":"1","s":"a]\"}"}`, `{"id":"2"}`, `{"id":"1","s":"a]\"}"}`, `{"id":"2"}`}},
		{"graph pages in an array", event.FrameJSON, "[" + graph + "," + graph + "]", []string{
			`{"id":"1","s":"a]\"}"}`, `{"id":"2"}`, `{"id":"1","s":"a]\"}"}`, `{"id":"2"}`}},
		{"graph page broken off, then another", event.FrameJSON, graph[:len(graph)-4] + "\n" + graph, []string{
			`{"id":"1","s":"a]\"}"}`, `{"id":"2`, `{"id":"1","s":"a]\"}"}`, `{"id":"2"}`}},
		{"empty page", event.FrameJSON, `{"value":[]}`, nil},
		{"elasticsearch", event.FrameJSON, `{"took":5,"_shards":{"total":1},"hits":{"total":{"value":2},"max_score":null,"hits":[{"_id":"a","_source":{"hits":[{}]}},{"_id":"b"}]},"aggregations":{}}` + "\n" + `{"a":1}`,
			[]string{`{"_id":"a","_source":{"hits":[{}]}}`, `{"_id":"b"}`, `{"a":1}`}},
		{"duo", event.FrameJSON, "{\"stat\":\"OK\",\n\"response\":{\"authlogs\":[{\"txid\":1},\n{\"txid\":2}],\"metadata\":{\"total_objects\":2}}}", []string{`{"txid":1}`, `{"txid":2}`}},
		{"hits of a record", event.FrameJSON, `{"time":"x","hits":{"hits":[{"a":1}]}}`, []string{`{"time":"x","hits":{"hits":[{"a":1}]}}`}},
		{"records", event.FrameJSON, `{"Records":[{"eventTime":"x"}],"next":null}`, []string{`{"eventTime":"x"}`}},
		{"entries", event.FrameJSON, `{"chunk_size":1,"entries":[{"created_by":{"login":"x"}}]}`, []string{`{"created_by":{"login":"x"}}`}},
		{"a list that says more after its items", event.FrameJSON, `{"kind":"list","items":[{"a":1}],"meta":{"n":[1]}} {"b":2}`, []string{`{"a":1}`, `{"b":2}`}},
		{"google activity is one record", event.FrameJSON, `{"kind":"admin#reports#activity","id":{"time":"2026-01-01T00:00:00Z"},"actor":{"email":"a@lab.example"},"events":[{"name":"login"}]}`,
			[]string{`{"kind":"admin#reports#activity","id":{"time":"2026-01-01T00:00:00Z"},"actor":{"email":"a@lab.example"},"events":[{"name":"login"}]}`}},
		{"google page", event.FrameJSON, `{"kind":"admin#reports#activities","items":[{"id":{"time":"t"},"events":[{"name":"login"}]},{"id":{},"events":[{}]}]}`,
			[]string{`{"id":{"time":"t"},"events":[{"name":"login"}]}`, `{"id":{},"events":[{}]}`}},
		{"a value that is an array of numbers", event.FrameJSON, `{"value":[1,2]}`, []string{`{"value":[1,2]}`}},
		{"text between", event.FrameJSON, "Record 1\n{\"a\":1}\nRecord 2\n{\"b\":2}\n", []string{"Record 1", `{"a":1}`, "Record 2", `{"b":2}`}},
		{"not JSON", event.FrameJSON, "[2026-01-01 00:00:00] hello {\nworld\n{'a': 1}\n", []string{"[2026-01-01 00:00:00] hello {", "world", "{'a': 1}"}},
		{"broken line", event.FrameJSON, "{\"a\":\"x\n{\"b\":2}\n{\"c\":3}\n", []string{`{"a":"x`, `{"b":2}`, `{"c":3}`}},
		{"broken after a comma", event.FrameJSON, "{\"a\":1,\n{\"b\":2}\n{\"c\":3}\n", []string{`{"a":1,`, `{"b":2}`, `{"c":3}`}},
		{"broken after a colon", event.FrameJSON, "{\"a\":\n{\"b\":2}\n{\"c\":3}\n{\"d\":4}\n", []string{`{"a":`, `{"b":2}`, `{"c":3}`, `{"d":4}`}},
		{"cut off", event.FrameJSON, "{\"a\":1}\n{\"b\":", []string{`{"a":1}`, `{"b":`}},
		{"marks within", event.FrameJSON, bom + "{\"a\":1}\n" + bom + "{\"b\":2}", []string{`{"a":1}`, `{"b":2}`}},
		{"scalars in an array", event.FrameJSON, `[{"a":1},5,{"b":2}]`, []string{`{"a":1}`, `5`, `{"b":2}`}},
		{"csv", event.FrameCSV, bom + "a,b\r\n1,\"x\ny\"\r\n2,\"q\"\"\n\"\"r\"\n3,5\" disk\n4,\"\"\n", []string{
			"a,b", "1,\"x\ny\"", "2,\"q\"\"\n\"\"r\"", "3,5\" disk", "4,\"\""}},
		{"csv, unbalanced", event.FrameCSV, "a,b\n1,\"x\n2,y\n3,z\n", []string{"a,b", "1,\"x", "2,y", "3,z"}},
		{"csv, semicolons", event.FrameCSV, "a;b\n1;\"x\ny\"\n", []string{"a;b", "1;\"x\ny\""}},
		{"xml", event.FrameXML, bom + "<?xml version=\"1.0\"?>\r\n<Events><Event xmlns='x'><System/>\n</Event><Event>2</Event>\n</Events>", []string{
			"<Event xmlns='x'><System/>\n</Event>", "<Event>2</Event>"}},
		{"xml, one a line", event.FrameXML, "<Event>1</Event>\n<Event>2</Event>\n", []string{"<Event>1</Event>", "<Event>2</Event>"}},
		{"xml, numbered", event.FrameXML, "Record 1\n<?xml version=\"1.0\"?>\n<Event>\n 1</Event>\nRecord 2\n<Event>2</Event>", []string{"Record 1", "<Event>\n 1</Event>", "Record 2", "<Event>2</Event>"}},
		{"xml, broken off", event.FrameXML, "<Event>1<Event>2</Event><EventData/>x <Event>3", []string{"<Event>1", "<Event>2</Event>", "<EventData/>x ", "<Event>3"}},
		{"not xml", event.FrameXML, "a < b\n<x>\n<!-- <Event>", []string{"a < b", "<x>"}},
		{"no event log", event.FrameEVTX, "a\nb", []string{"a", "b"}},
		{"csv, quote in the middle", event.FrameCSV, "a,b\nx\"y,z\nq,r\n", []string{"a,b", "x\"y,z", "q,r"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{0, 1, 2, 3, 7, 64} {
				records, st, err := frame(t, []byte(tt.in), tt.framing, Options{chunk: size})
				if err != nil {
					t.Fatal(err)
				}
				if got := texts(records); fmt.Sprint(got) != fmt.Sprint(tt.want) || len(got) != len(tt.want) {
					t.Fatalf("chunks of %d: got %q, want %q", size, got, tt.want)
				}
				holds(t, []byte(tt.in), records, st, tt.framing)
			}
		})
	}
}

// holds checks what is true of every framing of every input: records stand in order and do not overlap, say the right
// bytes and lines, and between them nothing stands but what belongs between records.
func holds(t testing.TB, in []byte, records []got, st Stats, framing event.Framing) {
	t.Helper()
	at, line, between := int64(0), int64(1), int64(0)
	binary := framing == event.FrameEVTX && evtx.IsFile(in) // in which records are counted, not lines
	for i, r := range records {
		if binary {
			line = int64(i+1) - int64(bytes.Count(in[at:r.Offset], newline))
		}
		if r.Offset < at || r.Offset+r.Length > int64(len(in)) || r.Length == 0 {
			t.Fatalf("record %d %v: lies outside %d..%d", i, r, at, len(in))
		}
		between += extras(in[at:r.Offset], framing)
		line += int64(bytes.Count(in[at:r.Offset], newline))
		if r.Line != line {
			t.Fatalf("record %d %v: stands on line %d", i, r, line)
		}
		whole := in[r.Offset : r.Offset+r.Length]
		if !bytes.HasPrefix(whole, []byte(r.data)) || len(r.data) < len(whole) && st.Oversized == 0 {
			t.Fatalf("record %d %v: the input says %.80q", i, r, whole)
		}
		line += int64(bytes.Count(whole, newline))
		at = r.Offset + r.Length
	}
	between += extras(in[at:], framing)
	if between > st.Envelope {
		t.Fatalf("%d bytes are in no record, %d of them known: %q\n%v", between, st.Envelope, in, records)
	}
	lines := int64(bytes.Count(in, newline))
	if len(in) > 0 && in[len(in)-1] != '\n' {
		lines++
	}
	if binary {
		lines = int64(len(records))
	}
	if st.Lines != lines || st.Bytes != int64(len(in)) || !st.Whole || st.Records != int64(len(records)) {
		t.Fatalf("stats %+v: the input has %d lines and %d bytes, %d records came", st, lines, len(in), len(records))
	}
}

// extras counts the bytes that may not stand between records.
func extras(b []byte, framing event.Framing) int64 {
	b = bytes.ReplaceAll(b, []byte(bom), nil)
	allowed := "\r\n"
	switch framing {
	case event.FrameJSON:
		allowed = " \t\r\n,[]\x1e"
	case event.FrameXML:
		allowed = " \t\r\n"
	}
	n := int64(0)
	for _, c := range b {
		if strings.IndexByte(allowed, c) < 0 {
			n++
		}
	}
	return n
}

// same frames an input with chunks of many sizes: the records must not depend on them.
func same(t testing.TB, in []byte, framing event.Framing, o Options) {
	t.Helper()
	var first string
	for _, size := range []int{0, 1, 3, 17, 1000} {
		if len(in) > 1<<16 && size > 0 && size < 1000 {
			continue
		}
		o.chunk = size
		records, st, err := frame(t, in, framing, o)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, in, records, st, framing)
		if all := fmt.Sprint(records, st); first == "" {
			first = all
		} else if all != first {
			t.Fatalf("chunks of %d: got\n%.2000s\nelse\n%.2000s\nof %.400q", size, all, first, in)
		}
	}
}

// agrees checks that content which is a series of JSON objects comes as encoding/json reads it.
func agrees(t testing.TB, in []byte) {
	t.Helper()
	var want []string
	d := json.NewDecoder(bytes.NewReader(in))
	for {
		var v json.RawMessage
		if err := d.Decode(&v); err == io.EOF {
			break
		} else if err != nil || v[0] != '{' {
			return
		}
		if _, _, ok := unwrap(v); ok {
			return
		}
		want = append(want, string(v))
	}
	records, _, err := frame(t, in, event.FrameJSON, Options{})
	if got := texts(records); err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Fatalf("got %q, want %q, %v", got, want, err)
	}
}

// pieces are what random inputs are made of, so that they come near to what is valid.
var pieces = []string{"\n", "\r\n", "\n", "{", "}", "[", "]", ",", ":", `"a"`, `"`, `\`, `""`, "1", "true", " ", `{"a":1}`, `{"value":[`, `]}`,
	`"events":[{`, "x", "x;y", bom, "\x00", "\xff", `{"a":"`, `"a":`, "Record 1", `{"items":[{"b":[{}]},`, ",\"q\n"}

func TestRandomInputs(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 50
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		var in []byte
		for range r.IntN(60) {
			in = append(in, pieces[r.IntN(len(pieces))]...)
		}
		if encodingOf(in) != Bytes || japanese(in) != Bytes || recognise(in) != Plain {
			continue
		}
		for _, framing := range []event.Framing{event.FrameLines, event.FrameJSON, event.FrameCSV} {
			same(t, in, framing, Options{MaxLine: 32, MaxObject: 64})
			same(t, in, framing, Options{})
		}
		agrees(t, in)
	}
}

func FuzzFraming(f *testing.F) {
	for _, s := range []string{"", "a\nb", "{\"a\":1}\n[{\"b\":2}]", `{"value":[{"a":1}]}`, "a,b\n\"x\ny\",2\n", "{\"a\":\n{", bom + "[[{}],{}", `{"hits":{"hits":[{"a":1}]}}`,
		"__CURSOR=1\nA\n\x02\x00\x00\x00\x00\x00\x00\x00\n\n\nB=c\n\n__CURSOR=2\n"} {
		for framing := range byte(4) {
			f.Add([]byte(s), framing)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, framing byte) {
		if encodingOf(in) != Bytes || japanese(in) != Bytes || recognise(in) != Plain || len(in) > 4096 {
			t.Skip()
		}
		same(t, in, [...]event.Framing{event.FrameLines, event.FrameJSON, event.FrameCSV, event.FrameJournal}[framing%4], Options{MaxLine: 40, MaxObject: 80})
		agrees(t, in)
	})
}

func TestOversizedLine(t *testing.T) {
	in := bytes.Repeat([]byte("x"), 64<<20)
	in[0] = 'y'
	in = append(append([]byte("first\n"), in...), "\r\nlast\n"...)
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, in, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, framing := range []event.Framing{event.FrameLines, event.FrameJSON, event.FrameCSV} {
		s, err := Open(File{Path: path}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var records []string
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err = s.Records(t.Context(), framing, func(r *event.Record) error {
			records = append(records, fmt.Sprintf("%v %d %c", r.Part, len(r.Data), r.Data[0]))
			return nil
		})
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("%v: %d bytes were allocated for it", framing, n)
		}
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint([]string{"{1 0 5} 5 f", fmt.Sprintf("{2 6 %d} %d y", 64<<20, 1<<20), fmt.Sprintf("{3 %d 4} 4 l", 6+(64<<20)+2)})
		if fmt.Sprint(records) != want || s.Stats().Oversized != 1 {
			t.Errorf("%v: got %v, want %v, stats %+v", framing, records, want, s.Stats())
		}
		s.Close()
	}
}

func TestOversizedObject(t *testing.T) {
	var in bytes.Buffer
	in.WriteString("{\"a\":1}\n{\"long\":[\n")
	for in.Len() < 40<<20 {
		in.WriteString("{\"k\":\"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\"},\n")
	}
	in.WriteString("{}]}\n{\"b\":2}\n")
	records, st, err := frame(t, in.Bytes(), event.FrameJSON, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 3 || st.Oversized != 1 || len(records[1].data) != 1<<20 || records[2].data != `{"b":2}` {
		t.Fatalf("got %d records, stats %+v", len(records), st)
	}
	holds(t, in.Bytes(), records, st, event.FrameJSON)
}

// TestLargeWrapper checks that a wrapper larger than any bound is cut into its records without being held.
func TestLargeWrapper(t *testing.T) {
	var in bytes.Buffer
	in.WriteString(`{"@odata.context":"x","value":[`)
	n := 0
	for in.Len() < 20<<20 {
		if n > 0 {
			in.WriteByte(',')
		}
		fmt.Fprintf(&in, `{"id":%d,"text":"%s"}`, n, strings.Repeat("v", 200))
		n++
	}
	in.WriteString(`],"@odata.nextLink":"y"}`)
	records, st, err := frame(t, in.Bytes(), event.FrameJSON, Options{})
	if err != nil || len(records) != n || st.Oversized+st.Text != 0 {
		t.Fatalf("got %d records of %d, stats %+v, %v", len(records), n, st, err)
	}
	holds(t, in.Bytes(), records, st, event.FrameJSON)
}
