// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func uploadLife(s *story, days int) {
	for day := range days {
		s.connect(day, 120, 0, inside("10.1.0.5", "bak1", "backup"), outside("192.0.2.90", event.KindHosting, "JP"), link{port: 443, out: 4 << 30, in: 1 << 20})
		s.connect(day, 600, 0, inside("10.5.0.15", "srv-m", "research"), outside("192.0.2.40", event.KindUniversity, "JP"), link{port: 443, out: int64(2+day%5) << 20, in: 90 << 20})
		for pc := range 8 {
			s.connect(day, 700, pc, inside(fmt.Sprintf("10.2.0.%d", 10+pc), "", ""), outside("198.51.100.7", event.KindHosting, "US"), link{port: 443, out: int64(1+day*pc%90) << 20, in: 90 << 20})
		}
	}
}

func TestUpload(t *testing.T) {
	s := newStory(10)
	uploadLife(s, 40)
	s.connect(35, 1145, 0, inside("10.5.0.15", "srv-m", "research"), outside("203.0.113.9", event.KindHosting, "NL"), link{port: 443, out: 3 << 30, in: 30 << 20})
	s.connect(36, 1145, 0, inside("10.5.0.77", "silent", "monitor"), outside("203.0.113.9", event.KindHosting, "NL"), link{port: 443, out: 1 << 30, in: 9 << 20})
	all := s.run(t, upload)
	hosts := map[string]bool{}
	for _, f := range all {
		if f.Detector == "upload" && f.Severity == event.High {
			hosts[f.Hosts[0]] = true
		}
	}
	if !hosts["srv-m"] || !hosts["silent"] || len(all) != 2 {
		t.Errorf("got %s", brief(all))
	}
}

func TestUploadSmallChunks(t *testing.T) {
	s := newStory(10)
	uploadLife(s, 70)
	for day := 35; day < 55; day++ {
		s.connect(day, 1145, 0, inside("10.5.0.15", "srv-m", "research"), outside(fmt.Sprintf("203.0.113.%d", day), event.KindHosting, "NL"), link{port: 443, out: 20 << 20, in: 30000})
	}
	f := wants(t, s.run(t, upload), "small-chunk-upload", event.Medium)
	if number(f, "connections") < 10 || len(f.Addresses) < 2 {
		t.Errorf("got %+v", f)
	}
}

func TestUploadNearMiss(t *testing.T) {
	s := newStory(10)
	uploadLife(s, 40)
	// a person gives a partner some data; a service that everybody uses gets much; the backup gets half as much again
	s.connect(30, 900, 0, inside("10.2.0.11", "", ""), outside("192.0.2.55", event.KindUniversity, "JP"), link{port: 22, out: 150 << 20})
	s.connect(31, 900, 0, inside("10.2.0.12", "", ""), outside("198.51.100.8", event.KindHosting, "US"), link{port: 443, out: 3 << 30})
	s.connect(32, 900, 0, inside("10.1.0.5", "bak1", "backup"), outside("192.0.2.90", event.KindHosting, "JP"), link{port: 443, out: 2 << 30})
	quiet(t, s.run(t, upload), int(event.Low))
}

// TestUploadLittle holds that a server which never sends anything is noted with little, and that this hides no sending in pieces after it.
func TestUploadLittle(t *testing.T) {
	s := newStory(10)
	uploadLife(s, 70)
	app, drop := inside("10.5.0.77", "app1", "app"), outside("203.0.113.9", event.KindHosting, "NL")
	for day := range 70 {
		s.connect(day, 100, 0, app, outside("198.51.100.20", event.KindUnknown, "US"), link{port: 443, out: 40 << 10, in: 9 << 20}) // its updates
	}
	s.connect(20, 1360, 0, inside("10.5.0.78", "app2", "app"), drop, link{port: 443, out: 20 << 20, in: 30000}) // young records
	s.connect(40, 1360, 0, inside("10.2.0.14", "", ""), drop, link{port: 443, out: 20 << 20, in: 30000})        // a person's machine
	s.connect(41, 1360, 0, inside("10.5.0.15", "srv-m", "research"), drop, link{port: 443, out: 20 << 20, in: 30000})
	quiet(t, s.run(t, upload), -1)
	s.connect(42, 1360, 0, app, drop, link{port: 443, out: 20 << 20, in: 30000})
	all := s.run(t, upload)
	if f := wants(t, all, "upload", event.Low); len(all) != 1 || f.Hosts[0] != "app1" || number(f, "bytes") != 20<<20 {
		t.Errorf("got %s", brief(all))
	}
	for day := 43; day < 62; day++ {
		s.connect(day, 1145, 0, app, drop, link{port: 443, out: 20 << 20, in: 30000})
	}
	wants(t, s.run(t, upload), "small-chunk-upload", event.Medium)
	deploy := inside("10.1.1.250", "deploy", "admin")
	s.connect(5, 600, 0, deploy, app, link{port: 445, out: 90000, in: 9000})
	for day := 45; day < 60; day++ { // a gateway is put into service
		s.connect(day, 600, 0, inside("10.5.0.80", "mgw2", "mail-gateway"), outside(fmt.Sprintf("198.18.7.%d", day), event.KindUnknown, "JP"), link{port: 25, out: 20 << 20, in: 30000})
	}
	s.connect(45, 1360, 0, deploy, drop, link{port: 443, out: 17 << 20, in: 30000}) // its first word to the outside
	if all := s.run(t, upload); !slices.ContainsFunc(all, func(f event.Finding) bool { return f.Hosts[0] == "deploy" }) || slices.ContainsFunc(all, func(f event.Finding) bool { return f.Hosts[0] == "mgw2" && f.Detector == "upload" }) {
		t.Errorf("got %s", brief(all))
	}
}
