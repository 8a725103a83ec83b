// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
)

// TestSaid: what could not be read says what to do, a file that is cut off says so, and events that came twice say where.
func TestSaid(t *testing.T) {
	const signin = `{"id":"%","createdDateTime":"2025-06-03T00:00:00Z","userPrincipalName":"taro@hakusan-lab.example","appDisplayName":"Office","ipAddress":"203.0.113.9","status":{"errorCode":0},"clientAppUsed":"Browser"}`
	one, two, three := strings.Replace(signin, "%", "a1", 1), strings.Replace(signin, "%", "a2", 1), strings.Replace(signin, "%", "a3", 1)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.json":    "[" + one + ",\n" + two + "]\n",
		"b.json":    "[" + three + ",\n" + two + "]\n",
		"cut.json":  "[" + strings.Replace(signin, "%", "c1", 1) + ",\n" + strings.Replace(signin, "%", "c2", 1)[:100],
		"door.csv":  "door,person,when\nA-1,hanako,yesterday\n",
		"zeek.log":  "1748908800.000000\tC1\t10.1.1.1\t5000\t198.51.100.7\t443\ttcp\tssl\t10.0\t1000\t2000\tSF\n",
		"plain.txt": "this is no log at all\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	out, err := Investigate(t.Context(), Options{Paths: []string{dir}, Out: filepath.Join(home, "case"), Home: home, Profile: &config.Profile{}})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*cases.Input{}
	for i := range out.Case.Inputs {
		by[filepath.Base(out.Case.Inputs[i].Path)] = &out.Case.Inputs[i]
	}
	if r := by["b.json"].Repeats; len(r) != 1 || filepath.Base(r[0].Of) != "a.json" || r[0].Events != 1 || by["a.json"].Repeats != nil {
		t.Errorf("repeats: %+v %+v", r, by["a.json"].Repeats)
	}
	if in := by["cut.json"]; in.Status != "truncated" || in.Records != 2 || in.Parsed != 1 || !strings.Contains(in.Error, "cut off") {
		t.Errorf("cut: %+v", in)
	}
	for name, want := range map[string][2]string{
		"door.csv":  {"door, person, when", "formats-of-your-own"},
		"zeek.log":  {"nearest format is zeek", "formats page zeek"},
		"plain.txt": {"No known format is near", "sekisho formats list"},
	} {
		if in := by[name]; in.Status != "not-understood" || !strings.Contains(in.Advice.En, want[0]) || !strings.Contains(in.Advice.En, want[1]) || in.Advice.Ja == "" {
			t.Errorf("%s: %s %+v", name, in.Status, in.Advice)
		}
	}
	if s := by["zeek.log"].Samples; len(s) != 1 || !strings.Contains(s[0], "head that names the columns is missing") {
		t.Errorf("zeek: %q", s)
	}
	if by["a.json"].Advice.En != "" {
		t.Errorf("advice on what was read: %+v", by["a.json"].Advice)
	}
}
