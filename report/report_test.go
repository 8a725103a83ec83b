// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

// sampleDir is where TestSample writes its report, for people to look at: go test ./report -run TestSample -sample DIR.
var sampleDir = flag.String("sample", "", "write the sample report into this folder")

func TestSample(t *testing.T) {
	d := sampleData()
	if err := d.Case.Validate(); err != nil {
		t.Fatal(err)
	}
	files, err := Render(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Logf("%-28s %7d bytes", f.Name, len(f.Bytes))
		if len(f.Bytes) > 400<<10 && f.Name != "report.html" {
			t.Errorf("%s is %d bytes", f.Name, len(f.Bytes))
		}
	}
	if *sampleDir != "" {
		if err := os.MkdirAll(*sampleDir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := Write(*sampleDir, d); err != nil {
			t.Fatal(err)
		}
		for _, l := range []Lang{Ja, En} {
			var b bytes.Buffer
			if err := Terminal(&b, d, TerminalOptions{Lang: l, Dir: "./sekisho-case"}); err != nil {
				t.Fatal(err)
			}
			os.Stdout.Write(b.Bytes())
		}
	}
}
