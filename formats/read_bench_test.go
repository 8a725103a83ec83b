// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// BenchmarkRead cuts whole files into lines and reads them, on each core a stream of its own, as an investigation does after it has
// recognised them. SEKISHO_BENCH=NAME=FILE,… names the files: make bench-formats makes some.
func BenchmarkRead(b *testing.B) {
	for one := range strings.SplitSeq(os.Getenv("SEKISHO_BENCH"), ",") {
		name, path, ok := strings.Cut(one, "=")
		if !ok {
			continue
		}
		b.Run("input="+name, func(b *testing.B) { benchRead(b, path) })
	}
}

func benchRead(b *testing.B, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	known := All()
	sample := bytes.SplitN(data[:min(len(data), 1<<20)], []byte("\n"), 201)
	var order []*Format
	listed := map[string]bool{}
	for _, g := range Recognise(known, sample[:len(sample)-1]) {
		order = append(order, g.Format)
		listed[g.Format.Name] = true
	}
	for i := range known {
		if !listed[known[i].Name] {
			order = append(order, &known[i])
		}
	}
	var records, refused atomic.Int64
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	start := processTime()
	b.RunParallel(func(pb *testing.PB) {
		var out event.Batch
		for pb.Next() {
			r := NewReader(order, testEnv())
			var rec event.Record
			for rest := data; len(rest) > 0; {
				n := bytes.IndexByte(rest, '\n')
				if n < 0 {
					n = len(rest) - 1
				}
				rec.Line++
				rec.Offset, rec.Length, rec.Data = int64(len(data)-len(rest)), int64(n), rest[:n]
				rest = rest[n+1:]
				if r.Read(&rec, &out) != nil {
					refused.Add(1)
				}
				if len(out.Events) > 4096 {
					out.Reset()
				}
			}
			r.Flush(&out)
			records.Add(rec.Line)
		}
	})
	spent, wall := (processTime() - start).Seconds(), b.Elapsed().Seconds()
	runtime.ReadMemStats(&after)
	all, n := float64(b.N*len(data))/1e6, float64(records.Load())
	b.ReportMetric(all/wall, "MB/s")
	b.ReportMetric(all/spent, "MB/cpu-s")
	b.ReportMetric(n/wall, "records/s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/record")
	b.ReportMetric(100*float64(refused.Load())/n, "%refused")
	b.ReportMetric(0, "ns/op")
}
