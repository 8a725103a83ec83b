// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// unknownLines returns records of that shape which no format reads, each a little different.
func unknownLines(shape string, n int) []event.Record {
	recs := make([]event.Record, n)
	for i := range recs {
		var text string
		switch shape {
		case "syslog":
			text = fmt.Sprintf("Mar  3 04:%02d:%02d build%d worker[%d]: job %d of queue %d has been handed to the next stage in %d ms", i/60%60, i%60, i%7, 1000+i%900, i, i%31, i*7%993)
		case "json":
			text = fmt.Sprintf(`{"ts":"2025-03-03T04:%02d:%02dZ","lvl":"debug","worker":"build%d","job":%d,"queue":"q%d","note":"handed to the next stage","took":%d}`, i/60%60, i%60, i%7, i, i%31, i*7%993)
		default:
			text = fmt.Sprintf("worker build%d: job %d of queue %d has been handed to the next stage in %d ms, nothing else happened here", i%7, i, i%31, i*7%993)
		}
		recs[i] = event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(text))}, Data: []byte(text)}
	}
	return recs
}

// BenchmarkUnknown reads records that no format knows with a hundred formats at least.
func BenchmarkUnknown(b *testing.B) {
	all := All()
	for len(all) < 100 {
		all = append(all, All()...)
	}
	for _, shape := range []string{"syslog", "json", "text"} {
		b.Run(shape, func(b *testing.B) {
			recs := unknownLines(shape, 2000)
			order := make([]*Format, len(all))
			for i := range all {
				order[i] = &all[i]
			}
			r := NewReader(order, testEnv())
			var out event.Batch
			line := int64(0)
			b.ReportAllocs()
			b.ResetTimer()
			start := processTime()
			var rec event.Record
			for range b.N {
				for i := range recs {
					rec = recs[i]
					line++
					rec.Line = line
					if r.Read(&rec, &out) == nil {
						b.Fatalf("somebody reads %q", rec.Data)
					}
				}
			}
			b.ReportMetric(float64(b.N*len(recs))/(processTime()-start).Seconds(), "records/cpu-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkSniff asks each format about records that no format knows.
func BenchmarkSniff(b *testing.B) {
	for _, shape := range []string{"syslog", "json", "text"} {
		recs := unknownLines(shape, 500)
		for _, f := range All() {
			b.Run(shape+"/"+f.Name, func(b *testing.B) {
				for b.Loop() {
					for i := range recs {
						f.Sniff(recs[i].Data)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(recs)), "ns/record")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
