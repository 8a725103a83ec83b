// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// suitePostfix reads the lines that the grok patterns for Postfix are tested with.
func suitePostfix(t *testing.T) *suite {
	dir := filepath.Join(peerFolder(t, "postfix-grok-patterns"), "test")
	s := &suite{mark: 0.98, aside: map[string]string{},
		about: "Lines of Postfix's daemons from the tests of [postfix-grok-patterns](https://github.com/whyscream/postfix-grok-patterns), with the fields that its patterns take. " +
			"They come without syslog's head and are read with one, each alone. Pieces of lines, for which there are tests too, are left out. Under \"other\" stand queue " +
			"identifier, sender, recipient, size, relay and status."}
	files, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		pattern, line, truth := postfixCase(t, string(data))
		daemon := postfixDaemonOf(pattern)
		if daemon == "" {
			continue // a piece of a line
		}
		name := filepath.Base(path)
		rec := said{line: 1, rec: "Jun  2 09:00:00 mx1 postfix/" + daemon + "[811]: " + line, outcome: claimNoEventNeeded}
		f := suiteFile{path: name, service: "postfix/" + daemon, formats: []string{"postfix"}}
		switch {
		case daemon == "smtpd" || daemon == "postscreen":
			rec.from = cmp.Or(truth["postfix_client_ip"], truth["postfix_client_hostname"])
			if truth["postfix_client_ip_unknown"] != "" {
				rec.from = truth["postfix_client_ip_unknown"]
			}
			if rec.from != "" {
				rec.outcome = claimEvent
			}
			if strings.Contains(line, "SASL") {
				rec.outcome = claimFailedLogin
			}
			if why := postfixSilent(line); why != "" {
				s.aside[name+":1"] = why
			}
		case strings.Contains(line, "status=") && strings.Contains(line, "to="), daemon == "qmgr" && strings.Contains(line, "size="):
			rec.outcome = claimEvent
			rec.also = func(events []*event.Event) string { return postfixDelivered(events, truth) }
		}
		f.recs = []said{rec}
		s.files = append(s.files, f)
	}
	return s
}

// postfixSilent says why a line that names a client is no event of its own.
func postfixSilent(line string) string {
	switch {
	case strings.HasPrefix(line, "PASS "), strings.HasPrefix(line, "WHITELIST"), strings.HasPrefix(line, "ALLOWLIST"):
		return "a step of a connection, which CONNECT and what follows tell of"
	case strings.Contains(line, "TLS connection established"):
		return "a step of a connection, which \"connect from\" tells of"
	case strings.Contains(line, ": client="):
		return "the queue manager's line tells of the message, with this client"
	case strings.Contains(line, ": warning: header"), strings.Contains(line, ": info: header"), strings.Contains(line, ": filter: "), strings.Contains(line, ": reject_warning: "), strings.Contains(line, "unknown[unknown]"):
		return "nothing was done to the message; other lines tell of it"
	}
	return ""
}

// postfixDelivered holds the event of a delivery, or of an entry into the queue, against the suite's fields.
func postfixDelivered(events []*event.Event, truth map[string]string) string {
	if len(events) != 1 {
		return fmt.Sprintf("%d events", len(events))
	}
	ev := events[0]
	rest := func(name string) string {
		v, _ := ev.Get(name)
		return v.Text
	}
	pairs := map[string]string{}
	for _, kv := range strings.Split(truth["postfix_keyvalue_data"], ", ") {
		if k, v, ok := strings.Cut(kv, "="); ok {
			pairs[k] = strings.Trim(v, "<>")
		}
	}
	for _, c := range [...]struct{ what, got, want string }{
		{"queue_id", rest("queue_id"), truth["postfix_queueid"]},
		{"status", rest("status"), truth["postfix_status"]},
		{"to", ev.Account, pairs["to"]},
		{"from", rest("sender"), pairs["from"]},
		{"size", strconv.FormatInt(ev.BytesOut.Or(-1), 10), pairs["size"]},
		{"relay", ev.DstHost, truth["postfix_relay_hostname"]},
		{"relay address", ev.DstIP.String(), truth["postfix_relay_ip"]},
		{"relay port", strconv.Itoa(int(ev.DstPort)), truth["postfix_relay_port"]},
	} {
		if c.want != "" && c.got != c.want {
			return c.what + " is " + c.got + ", not " + c.want
		}
	}
	return ""
}

// postfixDaemonOf returns the daemon whose lines a pattern takes; empty for one that takes pieces of lines.
func postfixDaemonOf(pattern string) string {
	name := strings.ToLower(strings.Trim(strings.Trim(pattern, `"`), "^$%{}"))
	switch name = strings.TrimPrefix(name, "postfix_"); name {
	case "script":
		return "postfix-script"
	case "trivial_rewrite":
		return "trivial-rewrite"
	case "relay", "delays", "tls_features", "command_counter_data":
		return ""
	}
	return name
}

// postfixCase reads a test: a pattern, a line and the fields that it must give.
func postfixCase(t *testing.T, text string) (pattern, line string, truth map[string]string) {
	truth = map[string]string{}
	unquote := func(v string) string {
		v = strings.TrimSpace(v)
		if len(v) > 1 && v[0] == '"' {
			if u, err := strconv.Unquote(v); err == nil {
				return u
			}
		}
		if len(v) > 1 && v[0] == '\'' {
			return strings.ReplaceAll(v[1:len(v)-1], "''", "'")
		}
		return v
	}
	for _, l := range strings.Split(text, "\n") {
		k, v, ok := strings.Cut(l, ":")
		switch {
		case !ok:
		case k == "pattern":
			pattern = unquote(v)
		case k == "data":
			line = unquote(v)
		case strings.HasPrefix(k, " "):
			truth[strings.TrimSpace(k)] = unquote(v)
		}
	}
	if pattern == "" || line == "" {
		t.Fatalf("a test without a pattern or a line: %q", text)
	}
	return pattern, line, truth
}
