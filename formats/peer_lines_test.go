// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// peerFile returns the bytes of a file of the shared data, or skips the test where there is none.
func peerFile(t testing.TB, path string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", path))
	if os.IsNotExist(err) {
		t.Skipf("shared data %s is not here", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// readLines reads lines as one stream with all formats and returns the events and, for each line, why it was refused.
func readLines(lines []string) ([]event.Event, []error) {
	all := All()
	var order []*Format
	for i := range all {
		order = append(order, &all[i])
	}
	var out event.Batch
	r := NewReader(order, testEnv())
	errs := make([]error, len(lines))
	for i, l := range lines {
		rec := event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(l))}, Data: []byte(l)}
		errs[i] = r.Read(&rec, &out)
	}
	r.Flush(&out)
	return out.Events, errs
}

// checkUnderstood asks that at least 98 % of a recorded log be understood.
func checkUnderstood(t *testing.T, path string) []event.Event {
	t.Helper()
	data := bytes.TrimRight(peerFile(t, path), "\n")
	events, errs := readLines(strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n"))
	bad := 0
	for i, err := range errs {
		if err != nil {
			if bad++; bad <= 10 {
				t.Logf("%s:%d: %v", path, i+1, err)
			}
		}
	}
	t.Logf("%s: %d records, %d understood, %d events", path, len(errs), len(errs)-bad, len(events))
	if bad*50 > len(errs) {
		t.Errorf("%s: %d of %d records not understood, at most 2 %% may be", path, bad, len(errs))
	}
	return events
}

func TestPeerOpenSSH(t *testing.T) {
	checkUnderstood(t, "loghub/OpenSSH/OpenSSH_2k.log")
	for _, f := range []string{"sshd-logs/sshd-logs.log", "ssh-bf/ssh-bf.log", "sshd-invalid-bf/sshd-invalid-bf.log"} {
		t.Run(f, func(t *testing.T) { checkUnderstood(t, "crowdsec-hub/"+f) })
	}
}

func TestPeerWeb(t *testing.T) {
	checkUnderstood(t, "loghub/Apache/Apache_2k.log")
	for _, f := range []string{"crowdsec-hub/nginx_http-logs/nginx_http-logs.log", "crowdsec-hub/nginx-mail-logs/nginx-mail-logs.log", "plaso/apache_access.log"} {
		t.Run(f, func(t *testing.T) { checkUnderstood(t, f) })
	}
}

func TestPeerDovecot(t *testing.T) {
	checkUnderstood(t, "crowdsec-hub/dovecot-logs/dovecot-logs.log")
}

func TestPeerOpenVPN(t *testing.T) {
	checkUnderstood(t, "crowdsec-hub/openvpn/openvpn.log")
}

// TestPeerPostfix reads the lines that the grok patterns for Postfix are tested with; the daemon is in the file's name.
func TestPeerPostfix(t *testing.T) {
	peerFile(t, "postfix-grok-patterns/SOURCE.txt")
	files, err := filepath.Glob(filepath.Join("..", "..", "shared", "data", "postfix-grok-patterns", "test", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range files {
		daemon := strings.TrimRight(strings.TrimSuffix(filepath.Base(f), ".yaml"), "0123456789_")
		switch daemon {
		case "command_counter_data", "delays", "tls_features", "relay", "script", "sendmail", "dnsblog": // pieces of lines
			continue
		case "trivial_rewrite":
			daemon = "trivial-rewrite"
		}
		for _, l := range strings.Split(string(peerFile(t, "postfix-grok-patterns/test/"+filepath.Base(f))), "\n") {
			if v, ok := strings.CutPrefix(l, "data: "); ok {
				v = strings.Trim(v, `"`)
				lines = append(lines, "Jun  2 09:00:00 mail1 postfix/"+daemon+"[1]: "+v)
			}
		}
	}
	events, errs := readLines(lines)
	bad := 0
	for i, err := range errs {
		if err != nil {
			bad++
			t.Logf("%v: %s", err, lines[i])
		}
	}
	t.Logf("%d lines, %d understood, %d events", len(lines), len(lines)-bad, len(events))
	if bad*50 > len(lines) {
		t.Errorf("%d of %d lines not understood", bad, len(lines))
	}
}

// wazuhLines returns the log lines of a rule test of Wazuh.
func wazuhLines(data []byte) []string {
	var out []string
	for _, l := range strings.Split(string(data), "\n") {
		if k, v, ok := strings.Cut(l, " = "); ok && strings.HasPrefix(k, "log ") {
			out = append(out, strings.TrimRight(v, "\r"))
		}
	}
	return out
}

func TestPeerFortiGate(t *testing.T) {
	lines := wazuhLines(peerFile(t, "wazuh-ruleset-tests/fortigate.ini"))
	events, errs := readLines(lines)
	bad := 0
	for i, err := range errs {
		if err != nil {
			bad++
			t.Logf("%v: %.200s", err, lines[i])
		}
	}
	t.Logf("%d lines, %d understood, %d events", len(lines), len(lines)-bad, len(events))
	if bad*50 > len(lines) {
		t.Errorf("%d of %d lines not understood", bad, len(lines))
	}
}

func TestPeerBind(t *testing.T) {
	checkUnderstood(t, "crowdsec-hub/bind9-syslog/bind9-syslog.log")
	data := string(peerFile(t, "datadog-extras/bind9/assets/logs/bind9_tests.yaml"))
	var lines []string
	for _, l := range strings.Split(data, "\n") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(l), "sample: "); ok {
			lines = append(lines, strings.Trim(v, `"`))
		}
	}
	_, errs := readLines(lines)
	for i, err := range errs {
		if err != nil {
			t.Errorf("not understood: %v: %s", err, lines[i])
		}
	}
}

func TestPeerSamba(t *testing.T) {
	checkUnderstood(t, "crowdsec-hub/smb-logs/smb-logs.log")
	for _, l := range wazuhLines(peerFile(t, "wazuh-ruleset-tests/samba.ini")) {
		if _, errs := readLines([]string{l}); errs[0] != nil {
			t.Errorf("not understood: %v: %s", errs[0], l)
		}
	}
}
