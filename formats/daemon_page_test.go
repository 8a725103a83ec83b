// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/internal/golden"
)

const daemonPage = "../docs/reference/conformance/daemons.md"

const daemonHead = `# Real daemons

Made by ` + "`go test ./formats -run TestDaemon -update`" + ` as root on a Debian: each test starts a daemon on loopback, lets real clients succeed and fail at it, and fails unless the events of its log are what the
clients did: every one and no other, with account, address, outcome and reason, in order, and for most within two seconds of the deed. A row is compared whenever its test runs, and a test without a row fails; the version is
that of the last rewriting. A daemon that is not installed is not asked: ` + "`.ci/run`" + `, as root on a Debian, installs them all.

| test | package and version | format | events of the deeds |
|---|---|---|---|
`

// asked holds what was told of the deeds against the page's row, or rewrites that with -update.
func asked(t *testing.T, pkg string, formats []string, events []event.Event) {
	t.Helper()
	kinds := map[string]int{}
	for i := range events {
		e := &events[i]
		kinds[strings.TrimSpace(strings.Join([]string{e.Class.String(), e.Activity.String(), e.Outcome.String(), e.Reason.String()}, " "))] += int(max(1, attempts(e)))
	}
	var told []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		told = append(told, fmt.Sprintf("%d × %s", kinds[kind], kind))
	}
	name := "| " + t.Name() + " | "
	format := " | " + strings.Join(formats, ", ") + " | "
	rows := daemonRows(t)
	version := cmp.Or(versionOf(pkg), "unknown")
	for _, row := range rows {
		if strings.HasPrefix(row, name) && strings.Contains(row, format) {
			had, _, _ := strings.Cut(row[len(name):], " | ")
			if had = strings.TrimPrefix(had, pkg+" "); had != version && flag.Lookup("update").Value.String() != "true" {
				t.Logf("%s %s is here, the page speaks of %s", pkg, version, had)
				version = had
			}
		}
	}
	rows = slices.DeleteFunc(rows, func(row string) bool { return strings.HasPrefix(row, name) && strings.Contains(row, format) })
	rows = append(rows, name+pkg+" "+version+format+strings.Join(told, ", ")+" |\n")
	slices.Sort(rows)
	golden.Compare(t, daemonPage, []byte(daemonHead+strings.Join(rows, "")))
}

// attempts returns how many attempts an event stands for.
func attempts(e *event.Event) int64 {
	if e.Class == event.ClassAuthentication {
		return e.Count.Or(1)
	}
	return 1
}

func daemonRows(t *testing.T) (rows []string) {
	data, err := os.ReadFile(daemonPage)
	if err != nil {
		return nil
	}
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(line, []byte("| TestDaemon")) {
			rows = append(rows, string(line))
		}
	}
	return rows
}

var debianPart = regexp.MustCompile(`^\d+:|[+~-].*$`)

// versionOf returns the version of a Debian package, without what Debian adds.
func versionOf(pkg string) string {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", pkg).Output()
	if err != nil {
		return ""
	}
	return debianPart.ReplaceAllString(debianPart.ReplaceAllString(string(out), ""), "")
}

// TestDaemonPage holds the page's rows and the tests together.
func TestDaemonPage(t *testing.T) {
	rows := daemonRows(t)
	tests := map[string]bool{}
	files, _ := filepath.Glob("daemon_*_test.go")
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (TestDaemon\w+)\(t`).FindAllSubmatch(src, -1) {
			if name := string(m[1]); name != t.Name() {
				tests[name] = false
			}
		}
	}
	for _, row := range rows {
		name := strings.Fields(row)[1]
		name, _, _ = strings.Cut(name, "/")
		if _, ok := tests[name]; !ok {
			t.Errorf("%s speaks of %s, which there is not", daemonPage, name)
		}
		tests[name] = true
	}
	for name, ok := range tests {
		if !ok {
			t.Errorf("%s has no row in %s: run it with -update", name, daemonPage)
		}
	}
}
