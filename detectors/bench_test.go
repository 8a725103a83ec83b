// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// BenchmarkObserve measures what all detectors together cost for each event of the two commonest classes.
func BenchmarkObserve(b *testing.B) {
	s := newStory(300)
	loginLife(s, 30, 120)
	networkLife(s, 30)
	for _, class := range []event.Class{event.ClassAuthentication, event.ClassNetwork} {
		var some []event.Sighting
		for i := range s.all {
			if s.all[i].Class == class {
				some = append(some, s.all[i])
			}
		}
		b.Run(fmt.Sprint(class), func(b *testing.B) {
			b.ReportAllocs()
			e := detect.NewEngine(All(), s.site)
			for i := range b.N {
				g := &some[i%len(some)]
				g.Time = event.Micros(i) * 1e6
				if err := e.Observe(g); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
