// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExplain says of a file with three kinds of lines what was made of it.
func TestExplain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mixed.log")
	text := strings.Repeat("Mar  3 20:06:40 gate sshd[812]: Failed password for root from 203.0.113.9 port 4022 ssh2\n", 3) +
		"192.0.2.7 - hanako [03/Mar/2025:20:06:40 +0900] \"GET /index.html HTTP/1.1\" 200 512 \"-\" \"curl/8\"\n" +
		"nothing that anybody knows\nMar  3 20:06:40 gate sshd[812]: Failed password for root\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := Explain(t.Context(), []string{path, path + ".not-there"}, ExplainOptions{Year: 2025})
	if err != nil || len(all) != 2 {
		t.Fatal(len(all), err)
	}
	e := all[0]
	if e.Format != "openssh" || e.Records != 6 || e.Parsed != 4 || e.Unparsed != 2 || len(e.Guesses) != 2 || e.Guesses[1].Format != "web-access" || e.Year != 2025 {
		t.Errorf("%+v", e)
	}
	if len(e.Taken) != 2 || e.Taken[0].Records != 3 || e.Taken[1].Line != 4 || !strings.Contains(string(e.Taken[1].Event), `"account":"hanako"`) {
		t.Errorf("taken: %+v", e.Taken)
	}
	if len(e.Failed) != 2 || !strings.HasPrefix(e.Failed[0].Samples[0], "line ") {
		t.Errorf("failed: %+v", e.Failed)
	}
	fields := map[string]int64{}
	for _, f := range e.Fields {
		fields[f.Name] = f.Events
	}
	if fields["src_ip"] != 4 || fields["client"] != 1 {
		t.Errorf("fields: %v", fields)
	}
	if all[1].Error == "" {
		t.Errorf("a file that is not there: %+v", all[1])
	}
	if all, err = Explain(t.Context(), []string{path}, ExplainOptions{Records: 2}); err != nil || all[0].Records != 2 || !all[0].Stopped {
		t.Errorf("two records were asked for: %+v, %v", all, err)
	}
}
