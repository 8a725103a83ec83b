// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/evtx"
)

// evtxRecords calls do with the records of an event log file, as intake delivers them.
func evtxRecords(data []byte, do func(*event.Record)) {
	h, _ := evtx.ReadHeader(data)
	line := int64(0)
	for at := h.Size; at+evtx.ChunkHeaderSize <= len(data); at += evtx.ChunkSize {
		chunk := data[at:min(at+evtx.ChunkSize, len(data))]
		walk := evtx.NewWalk(chunk)
		for {
			p, ok := walk.Next()
			if !ok {
				break
			}
			if !p.Record {
				continue
			}
			line++
			do(&event.Record{Part: event.Part{Line: line, Offset: int64(at + p.From), Length: int64(p.To - p.From)}, Data: chunk[p.From:p.To], Around: chunk, Within: p.From})
		}
	}
}

func evtxFiles(t testing.TB, dir string) (out []string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
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

// withoutPlace returns an event as JSON, without where it stands.
func withoutPlace(ev *event.Event) string {
	e := *ev
	e.Ref = event.Ref{}
	return string(e.AppendJSON(nil))
}

// TestEvtxTwins holds the events of event log files to those of the same records as evtx_dump wrote them in JSON.
func TestEvtxTwins(t *testing.T) {
	files, records := 0, 0
	for _, path := range evtxFiles(t, peerFolder(t, "sigma-regression")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		twin, err := os.ReadFile(strings.TrimSuffix(path, ".evtx") + ".json")
		if err != nil {
			continue
		}
		objs, err := objects(twin)
		if err != nil {
			continue // the twin is broken off
		}
		var want []string
		var out event.Batch
		p := windows.New(testEnv())
		for _, o := range objs {
			out.Reset()
			if err := p.Parse(&event.Record{Data: o}, &out); err != nil {
				t.Errorf("%s: the twin: %v", filepath.Base(path), err)
				continue
			}
			want = append(want, withoutPlace(&out.Events[0]))
		}
		var got []string
		p = windows.New(testEnv())
		evtxRecords(data, func(rec *event.Record) {
			out.Reset()
			if s := windows.Sniff(rec.Data); s < 0.9 {
				t.Errorf("%s: sniffed %.2f", filepath.Base(path), s)
			}
			if err := p.Parse(rec, &out); err != nil {
				t.Errorf("%s: %v", filepath.Base(path), err)
				return
			}
			got = append(got, withoutPlace(&out.Events[0]))
		})
		files++
		if len(got) != len(want) {
			t.Errorf("%s: %d records, its twin has %d", filepath.Base(path), len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			records++
			if got[i] != want[i] && !strings.HasPrefix(filepath.Base(path), "ad691d92") { // whose twin was edited: it writes Explorer.exe
				t.Errorf("%s: %s", filepath.Base(path), apart(got[i], want[i]))
			}
		}
	}
	t.Logf("%d records of %d files", records, files)
}

// apart shows where two texts part.
func apart(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	from := max(0, n-60)
	return fmt.Sprintf("…%s… and …%s…", a[from:min(len(a), n+80)], b[from:min(len(b), n+80)])
}

// TestEvtxXML holds the events of event log files to those of the same records as XML.
func TestEvtxXML(t *testing.T) {
	seventh := regexp.MustCompile(`(T\d\d:\d\d:\d\d\.\d{6})\dZ`)
	records := 0
	for _, suite := range []string{"evtx-parser-samples", "evtx-attack-samples", "sigma-regression"} {
		for _, path := range evtxFiles(t, peerFolder(t, suite)) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p, q := windows.New(testEnv()), windows.New(testEnv())
			var c evtx.Chunk
			var at *byte
			var out event.Batch
			evtxRecords(data, func(rec *event.Record) {
				if at != &rec.Around[0] {
					at = &rec.Around[0]
					c.Reset(rec.Around)
				}
				out.Reset()
				err := p.Parse(rec, &out)
				xml, xerr := c.AppendXML(nil, rec.Within, rec.Within+len(rec.Data))
				if err != nil || xerr != nil {
					if !strings.Contains(path, "bad_chunk_magic") {
						t.Errorf("%s: record %d: %v, %v", filepath.Base(path), rec.Line, err, xerr)
					}
					return
				}
				if v, _ := out.Events[0].Get("event_id"); v.Num == 0 {
					return // its values were wiped: only the record's own head tells a time
				}
				records++
				if err := q.Parse(&event.Record{Data: xml}, &out); err != nil {
					t.Errorf("%s: record %d as XML: %v\n%s", filepath.Base(path), rec.Line, err, xml)
					return
				}
				a, b := withoutPlace(&out.Events[0]), withoutPlace(&out.Events[1])
				b = seventh.ReplaceAllString(b, "${1}Z") // as XML has a digit more
				if a != b && !bytes.Contains(xml, []byte("\ufffd")) {
					t.Errorf("%s: record %d: %s", filepath.Base(path), rec.Line, apart(a, b))
				}
			})
		}
	}
	t.Logf("%d records", records)
}

// BenchmarkEvtx reads event log files of others, each by a parser of its own, as many at a time as there are cores.
func BenchmarkEvtx(b *testing.B) {
	var all [][]byte
	size := 0
	for _, suite := range []string{"evtx-parser-samples", "evtx-attack-samples"} {
		for _, path := range evtxFiles(b, peerFolder(b, suite)) {
			data, err := os.ReadFile(path)
			if err != nil {
				b.Fatal(err)
			}
			if strings.Contains(path, "bad_chunk_magic") || len(data) < 1<<20 {
				continue // wiped, or mostly empty
			}
			all = append(all, data)
			size += len(data)
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	start := processTime()
	var records atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		var out event.Batch
		for pb.Next() {
			for _, data := range all {
				p := windows.New(testEnv())
				evtxRecords(data, func(rec *event.Record) {
					_ = p.Parse(rec, &out)
					records.Add(1)
					if len(out.Events) > 1024 {
						out.Reset()
					}
				})
			}
		}
	})
	spent := (processTime() - start).Seconds()
	b.ReportMetric(float64(b.N*size)/1e6/spent, "MB/cpu-s")
	b.ReportMetric(float64(records.Load())/spent, "records/cpu-s")
}
