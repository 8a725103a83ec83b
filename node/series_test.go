// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
)

// TestYearsOfLongCollection: weekly and monthly pieces without years, over thirteen months, beside a log of the last weeks only. Each piece
// gets the year that its place in the rotation says, not the one that its month would have alone.
func TestYearsOfLongCollection(t *testing.T) {
	dir := t.TempDir()
	line := func(at time.Time) string {
		return at.Format("Jan _2 15:04:05") + " host sshd[13709]: Failed password for taro from 198.51.100.7 port 22 ssh2\n"
	}
	write := func(name string, from, to time.Time) {
		path := filepath.Join(dir, "logs", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		text := ""
		for at := from; at.Before(to); at = at.Add(24 * time.Hour) {
			text += line(at)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Date(2017, 1, 22, 9, 0, 0, 0, time.UTC)
	end := time.Date(2018, 2, 10, 0, 0, 0, 0, time.UTC)
	want := map[string]int{}
	for week := 0; week < 55; week++ {
		from := begin.Add(time.Duration(week) * 7 * 24 * time.Hour)
		name := "ldap/slapd.log"
		if age := 54 - week; age > 0 {
			name = fmt.Sprintf("ldap/slapd.log.%d", age)
		}
		write(name, from, from.Add(7*24*time.Hour))
		want[name] = from.Year()
	}
	for month := begin; month.Before(end); {
		next := time.Date(month.Year(), month.Month()+1, 1, 9, 0, 0, 0, time.UTC)
		name := "mail/maillog"
		if next.Before(end) {
			name = "mail/maillog-" + next.Format("20060102")
		}
		to := next
		if end.Before(to) {
			to = end
		}
		write(name, month, to)
		want[name] = month.Year()
		month = next
	}
	write("vendor/auth.log", time.Date(2018, 1, 16, 9, 0, 0, 0, time.UTC), time.Date(2018, 2, 8, 0, 0, 0, 0, time.UTC))
	want["vendor/auth.log"] = 2018
	out, err := Investigate(context.Background(), Options{Paths: []string{filepath.Join(dir, "logs")}, Out: filepath.Join(dir, "case"), Home: dir, Year: 2017, Profile: &config.Profile{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range out.Case.Inputs {
		rel, _ := filepath.Rel(filepath.Join(dir, "logs"), in.Path)
		if got := in.First.Time().Year(); got != want[filepath.ToSlash(rel)] {
			t.Errorf("%s begins in %d, want %d", rel, got, want[filepath.ToSlash(rel)])
		}
	}
}
