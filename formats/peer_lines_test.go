// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"encoding/json"
	"net/netip"
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

// truthLine is one line of a fail2ban sample with what its comment says.
type truthLine struct {
	text  string
	match bool
	host  string
	mode  string // the filterOptions in force, empty for the first section
	line  int
}

// fail2banLines reads a sample of fail2ban: log lines, each with a comment "# failJSON: {…}" before it, or none.
func fail2banLines(data []byte) []truthLine {
	var out []truthLine
	var next truthLine
	mode := ""
	for i, l := range bytes.Split(data, []byte("\n")) {
		s := strings.TrimRight(string(l), "\r")
		switch {
		case strings.HasPrefix(s, "#"):
			if _, opts, ok := strings.Cut(s, "filterOptions:"); ok {
				mode = strings.TrimSpace(opts)
			}
			if _, js, ok := strings.Cut(s, "failJSON:"); ok {
				var truth struct {
					Match      bool
					Host       string
					Constraint string
				}
				if json.Unmarshal([]byte(strings.TrimSpace(js)), &truth) == nil {
					next = truthLine{match: truth.Match, host: truth.Host, mode: truth.Constraint}
				}
			}
		case s != "":
			next.text, next.mode, next.line = s, next.mode+mode, i+1
			out = append(out, next)
			next = truthLine{}
		}
	}
	return out
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

// linesOf returns the events in which a line stands as a part.
func linesOf(events []event.Event) map[int64][]*event.Event {
	out := map[int64][]*event.Event{}
	for i := range events {
		for _, p := range events[i].Ref.Parts() {
			out[p.Line] = append(out[p.Line], &events[i])
		}
	}
	return out
}

func cameFrom(ev *event.Event, host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return ev.SrcIP == a.Unmap()
	}
	return ev.SrcHost == host
}

// checkFail2ban holds events against fail2ban's truth: every line marked as an attack must be part of an event that did not
// succeed, from that host; in sections about logins one of class authentication (or a refusal, for mail). Lines that loginOnly
// turns down need only the weaker.
func checkFail2ban(t *testing.T, name string, login func(l *truthLine) bool) {
	t.Helper()
	lines := fail2banLines(peerFile(t, "fail2ban/"+name))
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.text)
	}
	events, errs := readLines(texts)
	byLine := linesOf(events)
	marked, found, understood := 0, 0, 0
	for i := range lines {
		l := &lines[i]
		if errs[i] == nil {
			understood++
		} else {
			t.Logf("%s:%d not understood: %v: %.160s", name, l.line, errs[i], l.text)
		}
		if !l.match || strings.HasPrefix(l.text, "atom named[") { // a journal's line without a time makes no event
			continue
		}
		marked++
		ok := false
		if strings.Contains(l.text, "]: Accepted ") { // marked for what came before it
			ok = true
		}
		for _, ev := range byLine[int64(i+1)] {
			good := ev.Outcome == event.OutcomeFailure || !login(l)
			if login(l) {
				good = good && (ev.Class == event.ClassAuthentication || ev.Activity == event.ActRefuse)
			}
			ok = ok || good && (l.host == "" || cameFrom(ev, l.host))
		}
		if ok {
			found++
		} else {
			t.Errorf("%s:%d: no such event from %s: %.200s", name, l.line, l.host, l.text)
		}
	}
	t.Logf("fail2ban/%s: %d lines, %d understood; %d marked as attacks, %d of them events", name, len(lines), understood, marked, found)
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
	t.Run("fail2ban", func(t *testing.T) {
		checkFail2ban(t, "sshd", func(l *truthLine) bool {
			return !strings.Contains(l.mode, "ddos") && !strings.Contains(l.mode, "extra") && !strings.Contains(l.mode, "== 'aggressive'")
		})
	})
}

func TestPeerWeb(t *testing.T) {
	always := func(*truthLine) bool { return true }
	never := func(*truthLine) bool { return false }
	checkUnderstood(t, "loghub/Apache/Apache_2k.log")
	for _, f := range []string{"crowdsec-hub/nginx_http-logs/nginx_http-logs.log", "crowdsec-hub/nginx-mail-logs/nginx-mail-logs.log", "plaso/apache_access.log"} {
		t.Run(f, func(t *testing.T) { checkUnderstood(t, f) })
	}
	for name, login := range map[string]func(*truthLine) bool{
		"apache-auth": func(l *truthLine) bool {
			return !strings.Contains(l.text, "[ssl:error]") && !strings.Contains(l.text, "[evasive20:")
		},
		"apache-nohome":    never,
		"apache-botsearch": never,
		"apache-badbots":   never,
		"apache-pass":      never,
		"nginx-http-auth": func(l *truthLine) bool {
			return !strings.Contains(l.mode, "fallback") && !strings.Contains(l.mode, "aggressive")
		},
		"nginx-forbidden":   always,
		"nginx-limit-req":   func(l *truthLine) bool { return !strings.Contains(l.text, "delaying") },
		"nginx-bad-request": never,
	} {
		t.Run(name, func(t *testing.T) { checkFail2ban(t, name, login) })
	}
}

func TestPeerDovecot(t *testing.T) {
	checkUnderstood(t, "crowdsec-hub/dovecot-logs/dovecot-logs.log")
	checkFail2ban(t, "dovecot", func(l *truthLine) bool { return !strings.Contains(l.mode, "aggressive") })
}

func TestPeerOpenVPN(t *testing.T) {
	checkUnderstood(t, "crowdsec-hub/openvpn/openvpn.log")
	checkFail2ban(t, "openvpn", func(*truthLine) bool { return true })
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
	checkFail2ban(t, "named-refused", func(*truthLine) bool { return true })
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

// TestPeerSSHGuard reads the attacks that SSHGuard must see on the services that are read here: each must be an event that did not
// succeed, from that address.
func TestPeerSSHGuard(t *testing.T) {
	lines := strings.Split(string(peerFile(t, "sshguard/tests.txt")), "\n")
	attacks, found := 0, 0
	for i := 0; i+2 < len(lines); i++ {
		if lines[i] != "M" {
			continue
		}
		text, truth := lines[i+1], strings.Fields(lines[i+2])
		mine := false
		for _, w := range []string{"sshd[", "sshd-session", "dovecot", "postfix", "openvpn", "HTTP/", "pam_unix"} {
			mine = mine || strings.Contains(text, w)
		}
		if strings.HasPrefix(text, "pam_unix") || strings.Contains(text, "HTTP/") && strings.Contains(text, `" 200 `) {
			mine = false // no time; or a form that answers a failure with 200, which an access log cannot tell
		}
		if !mine || len(truth) < 3 {
			continue
		}
		attacks++
		events, errs := readLines([]string{text})
		good := false
		for j := range events {
			good = good || events[j].Outcome == event.OutcomeFailure && cameFrom(&events[j], truth[1])
		}
		if good {
			found++
		} else {
			t.Logf("line %d: no such event from %s (%v): %s", i+2, truth[1], errs[0], text)
		}
	}
	t.Logf("%d attacks, %d of them events", attacks, found)
	if found != attacks {
		t.Errorf("%d of %d attacks are events", found, attacks)
	}
}
