// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKindOf names files by their content, of formats in Go, of those that come as definitions, and of one's own.
func TestKindOf(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("own/gate.yaml", strings.Join([]string{"name: gate", "source: host", "what: A gate.", "export: Copy it.", "takes: Who.", "leaves: Why.", "records: lines",
		`pattern: "%{time} door %{account} opened"`, "set: {class: authentication, activity: logon, outcome: success}", "samples:",
		`  - record: "2025-03-03T20:06:40 door hanako opened"`, "    event: {account: hanako}"}, "\n")+"\n")
	for path, want := range map[string]string{
		write("a", "Mar  3 20:06:40 gate sshd[812]: Failed password for root from 203.0.113.9 port 4022 ssh2\n"): "openssh",
		write("b", `03/Mar/2025:20:06:40,9999,2025/3/3 20:06:39,GroupA,192.0.2.46,hanako@lab.example,friend@example.org,0,0,0,0,0,0,"Mon, 03 Mar 2025 20:06:41 +0900",192.0.2.170,25,250 OK,DATA+,374,<51FB0943@lab.example>,0,SYSTEM,,"",,0,0,"-",-1,-1,"-",0,"-",0,-,-,-,0`+"\n"): "m-filter-smtp",
		write("c", "2025-03-03T20:06:40 door hanako opened\n"): "gate",
		write("d", "nothing that anybody knows\n"):             "",
	} {
		kindOf, err := KindOf(t.Context(), filepath.Join(dir, "own"))
		if err != nil {
			t.Fatal(err)
		}
		if got := kindOf(path); got != want {
			t.Errorf("%s is named %q, want %q", filepath.Base(path), got, want)
		}
	}
	write("own/bad.yaml", "name: [\n")
	if _, err := KindOf(t.Context(), filepath.Join(dir, "own")); err == nil {
		t.Error("a definition that cannot be read must be refused")
	}
}
