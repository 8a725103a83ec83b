// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
)

// TestYearsOfMixedFiles: what else stands in a file must not take the year away from records that carry none.
func TestYearsOfMixedFiles(t *testing.T) {
	line := "Jun 21 16:47:48 host sshd[13709]: Failed password for taro from 198.51.100.7 port 22 ssh2\n"
	for name, text := range map[string]string{
		"a dated comment first":   `# {"time": "2005-06-21T16:47:48"}` + "\n" + line,
		"a long preamble":         strings.Repeat("# nothing here\n", 3000) + line,
		"a line with a year last": line + "2025-06-22T10:00:00+09:00 host sshd[1]: Failed password for taro from 198.51.100.7 port 22 ssh2\n",
		"a wild time among them":  line + "0001-01-01T00:00:00Z host sshd[1]: Failed password for taro from 198.51.100.7 port 22 ssh2\n" + line,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "auth.log")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := Investigate(context.Background(), Options{Paths: []string{path}, Out: filepath.Join(dir, "case"), Home: dir, Year: 2025, Profile: &config.Profile{}})
			if err != nil {
				t.Fatal(err)
			}
			in := out.Case.Inputs[0]
			want := int64(strings.Count(text, "Failed password") - strings.Count(text, "0001-"))
			if in.Parsed != want || in.Year != 2025 {
				t.Errorf("parsed %d of %d, year %d: want %d and 2025; %q", in.Parsed, in.Records, in.Year, want, in.Samples[:min(len(in.Samples), 2)])
			}
		})
	}
}

// TestFutureNeighbour: one record of the year 2052 moves no other file into the future.
func TestFutureNeighbour(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"roll.log":   "Jun 21 16:47:48 host sshd[13709]: Failed password for taro from 198.51.100.7 port 22 ssh2\n",
		"future.log": "2052-06-20T10:00:00+09:00 host sshd[1]: Failed password for taro from 198.51.100.7 port 22 ssh2\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	out, err := Investigate(context.Background(), Options{Paths: []string{dir}, Out: filepath.Join(home, "case"), Home: home, Profile: &config.Profile{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range out.Case.Inputs {
		if strings.HasSuffix(in.Path, "roll.log") && (in.Year == 0 || in.Year > time.Now().Year()) {
			t.Errorf("year %d", in.Year)
		}
	}
}

// TestYearsThatFilesTell: a 29 February is of a year that has one, and a file that writes some of its years tells the others.
func TestYearsThatFilesTell(t *testing.T) {
	const said = " web1 sshd[1]: Accepted password for taro from 203.0.113.9 port 5 ssh2\n"
	for name, c := range map[string]struct{ text, first, last string }{
		"leap day":      {"Feb 28 09:00:00" + said + "Feb 29 09:00:00" + said + "Mar  1 09:00:00" + said, "2024-02-28T09:00:00Z", "2024-03-01T09:00:00Z"},
		"leap turn":     {"Dec 31 09:00:00" + said + "Feb 29 09:00:00" + said, "2023-12-31T09:00:00Z", "2024-02-29T09:00:00Z"},
		"mixed":         {"Jun  3 09:00:00" + said + "2021-06-04T09:00:00Z" + said, "2021-06-03T09:00:00Z", "2021-06-04T09:00:00Z"},
		"mixed, of 200": {"2021-06-04T09:00:00Z" + said + strings.Repeat("2021-06-04T09:00:01Z"+said, 500) + "Jun  5 09:00:00" + said, "2021-06-04T09:00:00Z", "2021-06-05T09:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.log")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			at := time.Date(2025, 11, 22, 12, 0, 0, 0, time.UTC)
			if err := os.Chtimes(path, at, at); err != nil {
				t.Fatal(err)
			}
			all, err := Explain(t.Context(), []string{path}, ExplainOptions{})
			if err != nil || len(all) != 1 || all[0].First == nil {
				t.Fatal(all, err)
			}
			if e := &all[0]; e.First.Format(time.RFC3339) != c.first || e.Last.Format(time.RFC3339) != c.last || e.YearFrom != "file" {
				t.Errorf("%v to %v, want %s to %s (%s)", e.First, e.Last, c.first, c.last, e.YearFrom)
			}
		})
	}
}
