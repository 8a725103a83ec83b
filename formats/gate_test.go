// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestGates holds what formats declare of their records against what their parsers take: reading samples and the data of others
// with and without looking at Shapes, Programs, Keys and Marks must come to the same.
func TestGates(t *testing.T) {
	paths := samples(t)
	if !testing.Short() {
		paths = append(paths, peerTexts(t)...)
	}
	narrow, wide := All(), All()
	for i := range wide {
		wide[i].Shapes, wide[i].Programs, wide[i].Keys, wide[i].Marks = 0, nil, nil, nil
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		recs := cut(path, data[:min(len(data), 256<<10)])
		a, b := takers(narrow, recs), takers(wide, recs)
		for i := range recs {
			if a[i] != b[i] {
				t.Errorf("%s: record %d is read as %q, without the gate as %q: %.200q", path, i+1, a[i], b[i], recs[i].Data)
				break
			}
		}
	}
}

// TestGateShowsWhatIsClaimed holds the gate against Sniff: a format that would claim a record alone in its file is shown it.
func TestGateShowsWhatIsClaimed(t *testing.T) {
	paths := samples(t)
	if !testing.Short() {
		paths = append(paths, peerTexts(t)...)
	}
	all := All()
	order := make([]*Format, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	g := newGate(order)
	told := map[string]bool{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		recs := cut(path, data[:min(len(data), 64<<10)])
		for i := range recs {
			may := g.open(&Env{}, &event.Record{Data: recs[i].Data})
			g.keepMarked(recs[i].Data, &may)
			for k, f := range order {
				if !may.has(k) && !told[f.Name] && f.Sniff(recs[i].Data) > 0 {
					told[f.Name] = true
					t.Errorf("%s: %s claims record %d, but the gate does not show it: %.200q", path, f.Name, i+1, recs[i].Data)
				}
			}
		}
	}
}

// peerTexts returns the logs of the shared data, if it is here.
func peerTexts(t *testing.T) []string {
	var out []string
	for _, suite := range []string{"fail2ban", "crowdsec-hub", "sshguard", "loghub", "389ds", "plaso", "otrf-security-datasets", "panther-analysis", "datadog-extras", "sigma-regression", "evtx-parser-samples"} {
		root := filepath.Join("..", "..", "shared", "data", suite)
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				switch filepath.Ext(path) {
				case ".log", ".json", ".csv", ".txt", "":
					if fi, err := d.Info(); err == nil && fi.Size() < 4<<20 {
						out = append(out, path)
					}
				}
			}
			return nil
		})
	}
	if len(out) == 0 {
		t.Log("the shared data is not here: only the samples are compared")
	}
	return out
}

// takers returns the name of the format that took each record.
func takers(all []Format, recs []event.Record) []string {
	order := make([]*Format, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	r := NewReader(order, testEnv())
	out := make([]string, len(recs))
	var batch event.Batch
	for i := range recs {
		if r.Read(&recs[i], &batch) == nil {
			out[i] = r.Last().Name
		}
		batch.Reset()
	}
	return out
}
