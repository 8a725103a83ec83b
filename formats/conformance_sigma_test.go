// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// suiteSigma reads the event log files that Sigma's rules are tested with. Beside each stands the same event as another tool wrote it in
// JSON: what is read of both must be the same event.
func suiteSigma(t *testing.T) *suite {
	dir := peerFolder(t, "sigma-regression")
	s := &suite{mark: 0.98, aside: map[string]string{},
		about: "Event log files (.evtx) of real machines, by which [Sigma](https://github.com/SigmaHQ/sigma) tests its rules, each with the same events as evtx_dump wrote them in JSON. " +
			"Both are read; the time is that of the JSON, and *other* asks whether the two events are the same, with every value."}
	for _, path := range evtxFiles(t, dir) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(strings.TrimSuffix(path, ".evtx") + ".json")
		if err != nil {
			continue
		}
		twins, err := objects(text)
		if err != nil {
			continue // broken off
		}
		name, _ := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		binary := suiteFile{path: name, service: "evtx", formats: []string{"windows"}}
		evtxRecords(data, func(rec *event.Record) {
			if len(binary.recs) == len(twins) {
				return
			}
			one := said{line: len(binary.recs) + 1, rec: string(rec.Data), around: rec.Around, within: rec.Within, offset: rec.Offset, outcome: claimEvent}
			one.time, one.also = sigmaTruth(twins[len(binary.recs)])
			binary.recs = append(binary.recs, one)
		})
		object := suiteFile{path: strings.TrimSuffix(name, ".evtx") + ".json", service: "json", formats: []string{"windows"}}
		for i, o := range twins {
			one := said{line: i + 1, rec: string(o), outcome: claimEvent}
			one.time, _ = sigmaTruth(o)
			object.recs = append(object.recs, one)
		}
		if strings.HasPrefix(filepath.Base(path), "ad691d92") {
			s.aside[name+":1 other"] = "the JSON was edited: a path's last letters are small in it"
		}
		s.files = append(s.files, binary, object)
	}
	return s
}

// sigmaTruth returns the moment that an event's JSON tells, and a check that another event is the one which that JSON is.
func sigmaTruth(twin []byte) (time.Time, func([]*event.Event) string) {
	var in struct {
		Event struct {
			System struct {
				TimeCreated struct {
					Attributes struct{ SystemTime time.Time } `json:"#attributes"`
				}
			}
		}
	}
	_ = json.Unmarshal(twin, &in)
	return in.Event.System.TimeCreated.Attributes.SystemTime, func(events []*event.Event) string {
		var out event.Batch
		if err := windows.New(testEnv()).Parse(&event.Record{Data: bytes.Clone(twin)}, &out); err != nil {
			return "the JSON is not read: " + err.Error()
		}
		out.Events[0].Format = windows.Name
		if len(events) != 1 || withoutPlace(events[0]) != withoutPlace(&out.Events[0]) {
			return "is not the event of the JSON"
		}
		return ""
	}
}
