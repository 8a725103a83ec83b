// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/drill"
)

// TestIndependentReaders lets programs that are not of this project read a rendered sample of the logs of every system: jq the
// JSON, goaccess the web logs, fail2ban's own filters the logs of sshd, slapd, Postfix, Dovecot and nginx. What is not installed
// is not asked.
func TestIndependentReaders(t *testing.T) {
	drill.WholeStory(t)
	dir, truth := made(t, drill.Options{Name: "quiet", Accounts: 100, Days: 8})
	t.Run("jq", func(t *testing.T) { readByJQ(t, dir, truth) })
	t.Run("goaccess", func(t *testing.T) { readByGoAccess(t, dir, truth) })
	t.Run("fail2ban", func(t *testing.T) { readByFail2ban(t, dir, truth) })
}

// installed returns the path of a program, or skips the test.
func installed(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed: on Debian, apt-get install %s", program, strings.TrimSuffix(program, "-regex"))
	}
	return path
}

// run runs a program on some input and returns what it wrote.
func run(t *testing.T, input []byte, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%.2000s", filepath.Base(program), err, out)
	}
	return string(out)
}

// content returns a log file, unpacked.
func content(t *testing.T, dir string, f drill.File) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "logs", f.Path))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(f.Path, ".gz") {
		return data
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return data
}

// readByJQ lets jq count the objects of every JSON file, and those that have what everybody reads first.
func readByJQ(t *testing.T, dir string, truth *drill.Truth) {
	jq, files := installed(t, "jq"), 0
	for _, f := range truth.Files {
		data := content(t, dir, f)
		program := ""
		switch {
		case f.Kind == "signins":
			program = `map(select(.createdDateTime and .userPrincipalName and .ipAddress and .status.errorCode != null)) | length`
		case f.Kind == "audit":
			program = `map(select(.CreationDate // .CreationTime)) | length`
		case data[0] == '{':
			program = `[., inputs] | map(select(.["@timestamp"] and .winlog.event_id)) | length`
		default:
			continue
		}
		files++
		if got := strings.TrimSpace(run(t, data, jq, program)); got != strconv.FormatInt(f.Lines, 10) {
			t.Errorf("%s: jq counts %s whole objects, truth says %d", f.Path, got, f.Lines)
		}
	}
	if files < 10 {
		t.Errorf("only %d files of JSON", files)
	}
}

// readByGoAccess lets goaccess read every web log: all requests valid.
func readByGoAccess(t *testing.T, dir string, truth *drill.Truth) {
	goaccess, files := installed(t, "goaccess"), 0
	for _, f := range truth.Files {
		if !slices.Contains([]string{"idp", "ci", "site", "webmail"}, f.Kind) {
			continue
		}
		files++
		log, report := filepath.Join(t.TempDir(), "access.log"), filepath.Join(t.TempDir(), "report.json")
		if err := os.WriteFile(log, content(t, dir, f), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, nil, goaccess, log, "--log-format=COMBINED", "--no-global-config", "--no-progress", "-o", report)
		data, err := os.ReadFile(report)
		if err != nil {
			t.Fatal(err)
		}
		var r struct {
			General struct {
				Valid  int64 `json:"valid_requests"`
				Failed int64 `json:"failed_requests"`
			} `json:"general"`
		}
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
		if r.General.Valid != f.Lines || r.General.Failed != 0 {
			t.Errorf("%s: goaccess takes %d requests and refuses %d of %d lines", f.Path, r.General.Valid, r.General.Failed, f.Lines)
		}
	}
	if files < 6 {
		t.Errorf("only %d web logs", files)
	}
}

// readByFail2ban lets fail2ban's own filters find the failed logins: from these addresses and no other.
func readByFail2ban(t *testing.T, dir string, truth *drill.Truth) {
	regex := installed(t, "fail2ban-regex")
	const filters = "/etc/fail2ban/filter.d/"
	if _, err := os.Stat(filters + "sshd.conf"); err != nil {
		t.Skip("fail2ban's filters are not where Debian has them")
	}
	for _, c := range []struct {
		filter, kind string
		failed       *regexp.Regexp // a line of a failed login, with its address
		prepare      func([][]byte) [][]byte
	}{
		{"sshd.conf", "sshd", regexp.MustCompile(`Failed password for .* from ([0-9.]+) port`), nil},
		{"slapd.conf", "slapd", regexp.MustCompile(`ACCEPT from IP=([0-9.]+):`), failedBinds},
		{"postfix.conf[mode=auth]", "submission", regexp.MustCompile(`warning: [^[]*\[([0-9.]+)\]: SASL \w+ authentication failed`), nil},
		{"dovecot.conf", "submission", regexp.MustCompile(`auth: ldap\([^,]*,([0-9.]+)`), nil},
		{"nginx-http-auth.conf", "site-errors", regexp.MustCompile(`client: ([0-9.]+),`), nil},
	} {
		var lines [][]byte
		for _, f := range truth.Files {
			if f.Kind == c.kind && len(lines) < 6000 {
				lines = append(lines, bytes.Split(bytes.TrimSuffix(content(t, dir, f), []byte("\n")), []byte("\n"))...)
			}
		}
		if c.prepare != nil {
			lines = c.prepare(lines)
		}
		lines = lines[:min(len(lines), 2500)]
		want := map[string]bool{}
		for _, l := range lines {
			if m := c.failed.FindSubmatch(l); m != nil {
				want[string(m[1])] = true
			}
		}
		log := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(log, append(bytes.Join(lines, []byte("\n")), '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for ip := range strings.FieldsSeq(run(t, nil, regex, "-o", "ip", log, filters+c.filter)) {
			got[ip] = true
		}
		if len(want) == 0 {
			t.Errorf("%s: no failed login in the sample", c.filter)
		}
		for ip := range want {
			if !got[ip] {
				t.Errorf("%s: fail2ban does not find the failed login from %s", c.filter, ip)
			}
		}
		for ip := range got {
			if !want[ip] {
				t.Errorf("%s: fail2ban finds a failed login from %s, and there is none", c.filter, ip)
			}
		}
	}
}

// failedBinds returns the lines of those connections to slapd on which a password was wrong soon after they began, each
// connection's together: that is what fail2ban's filter looks for. It was written for slapd 2.4, which gives no qtime and etime.
func failedBinds(lines [][]byte) [][]byte {
	conn, times := regexp.MustCompile(` conn=(\d+) `), regexp.MustCompile(` qtime=[0-9.]+ etime=[0-9.]+`)
	of, order := map[string][][]byte{}, []string(nil)
	for _, l := range lines {
		m := conn.FindSubmatch(l)
		if m == nil {
			continue
		}
		k := string(m[1])
		if bytes.Contains(l, []byte(" ACCEPT from ")) {
			of[k], order = nil, append(order, k)
		} else if of[k] == nil {
			continue // it was open before the log began
		}
		if len(of[k]) < 15 {
			of[k] = append(of[k], times.ReplaceAll(l, nil))
		}
	}
	var out [][]byte
	for _, k := range order {
		if bytes.Contains(bytes.Join(of[k], nil), []byte(" err=49 ")) {
			out = append(out, of[k]...)
		}
		of[k] = nil
	}
	return out
}
