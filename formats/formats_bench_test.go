// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// BenchmarkParse reads each sample over and over with the parser whose name the file bears, and reports records a second.
func BenchmarkParse(b *testing.B) {
	for _, f := range All() {
		for _, path := range samples(b) {
			if strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) != f.Name {
				continue
			}
			b.Run(f.Name+strings.Replace(filepath.Ext(path), ".log", "", 1), func(b *testing.B) { benchParse(b, &f, path) })
		}
	}
}

func benchParse(b *testing.B, f *Format, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	var recs []event.Record
	bytes := 0
	for _, r := range cut(path, data) {
		recs = append(recs, r)
		bytes += len(r.Data) + 1
	}
	p := f.New(testEnv())
	var out event.Batch
	line := int64(0)
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	b.ResetTimer()
	start := processTime()
	var rec event.Record
	for range b.N {
		for i := range recs {
			rec = recs[i]
			line++
			rec.Line = line
			_ = p.Parse(&rec, &out)
		}
		if len(out.Events) > 4096 {
			out.Reset()
		}
	}
	// By the processor's time, which a busy machine does not stretch.
	spent := (processTime() - start).Seconds()
	b.ReportMetric(float64(b.N*len(recs))/spent, "records/cpu-s")
	b.ReportMetric(float64(b.N*bytes)/1e6/spent, "MB/cpu-s")
	b.ReportMetric(0, "ns/op")
}

// processTime returns the processor time that this process has used.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
