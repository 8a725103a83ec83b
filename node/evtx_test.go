// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEventLogFile: an event log file, packed and cut off, is read from the file to the finding, and its evidence is shown as XML.
func TestEventLogFile(t *testing.T) {
	name := filepath.Join("..", "..", "shared", "data", "evtx-attack-samples", "Defense Evasion", "DE_104_system_log_cleared.evtx")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Skipf("the suite evtx-attack-samples is not here: %v", err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "System.evtx.gz"), gzipped(t, data))
	c := run(t, dir, nil, "System.evtx.gz")
	in := inputOf(t, c, "System.evtx.gz")
	if in.Format != "windows" || in.Records == 0 || in.Parsed != in.Records || in.Status != "" || in.Timezone != "UTC" {
		t.Errorf("%+v", in)
	}
	found := false
	for _, f := range c.Findings {
		if f.Detector != "log-cleared" {
			continue
		}
		for _, e := range f.Evidence {
			found = true
			if !strings.HasPrefix(e.Text, "<Event ") || !strings.Contains(e.Text, "<EventID>104</EventID>") || len(e.SHA256) != 64 || e.Parts[0].Length == 0 {
				t.Errorf("%+v", e)
			}
		}
	}
	if !found {
		t.Errorf("no evidence that the log was cleared: %d findings", len(c.Findings))
	}
	damaged := append([]byte(nil), data[:len(data)-100]...) // cut off, and one byte of its records differs
	damaged[4096+512+30] ^= 0xff
	write(t, filepath.Join(dir, "System.evtx"), damaged)
	c = run(t, dir, nil, "System.evtx")
	if in := inputOf(t, c, "System.evtx"); in.Format != "windows" || in.Records == 0 {
		t.Errorf("%+v", in)
	}
	said := false
	for _, l := range c.Limits {
		said = said || strings.Contains(l.En, "do not have the right checksum")
	}
	if !said {
		t.Errorf("nothing is said of the damage: %v", c.Limits)
	}
}
