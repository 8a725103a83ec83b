// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
)

// TestAdvice holds that people are told in both languages what every finding needs, and that the case has words for it.
func TestAdvice(t *testing.T) {
	names := []string{"unusual-login", "lateral-path", "password-spray", "small-chunk-upload"}
	for _, s := range All() {
		names = append(names, s.Name)
		for _, id := range s.Attack {
			if TechniqueOf(id).Name == "" {
				t.Errorf("%s has no name", id)
			}
		}
	}
	for _, n := range names {
		if !slices.Contains(cases.Detectors(), n) {
			t.Errorf("package cases has no words for %s: give it some in cases/detectors.go", n)
		}
		a := AdviceOn(n)
		for what, w := range map[string]string{"wrong ja": a.Wrong.Ja, "wrong en": a.Wrong.En, "do ja": a.Do.Ja, "do en": a.Do.En, "needs ja": a.Needs.Ja, "needs en": a.Needs.En} {
			if w == "" {
				t.Errorf("%s: no advice (%s): the page has the English, ja/advice.md the Japanese", n, what)
			}
		}
	}
	for line := range strings.SplitSeq(adviceJa, "\n") {
		if n, ok := strings.CutPrefix(line, "## "); ok && !slices.Contains(cases.Detectors(), n) {
			t.Errorf("advice on %q, which is no detector", n)
		}
	}
	if got := AdviceOn("password-spray-imap"); got.Do.En == "" || strings.Contains(got.Needs.En, "ATT&CK") {
		t.Errorf("advice on a variant: %+v", got)
	}
	if x := TechniqueOf("T1070.001"); x.Alias != "T1685.005" {
		t.Errorf("%+v", x)
	}
}

// TestFiguresHaveWords holds that each figure that a detector writes has words, and that bounds are of figures that there are and
// name tunables of the page.
func TestFiguresHaveWords(t *testing.T) {
	written := map[string]bool{}
	var source strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`figure\("([a-z0-9_]+)"|\{Name: "([a-z0-9_]+)", Value`)
	for _, f := range append(files, filepath.Join("..", "breach", "witness.go")) {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if f != "figures.go" {
			source.Write(b)
		}
		for _, m := range name.FindAllSubmatch(b, -1) {
			n := string(m[1]) + string(m[2])
			written[n] = true
			if FigureWords(n).Ja == n {
				t.Errorf("%s: the figure %s has no words: give it some in figures.go", f, n)
			}
		}
	}
	if len(written) < 60 {
		t.Errorf("only %d figures found", len(written))
	}
	for n := range figureNames {
		if !strings.Contains(source.String(), `"`+n+`"`) {
			t.Errorf("no detector writes the figure %s", n)
		}
	}
	for _, finding := range cases.Detectors() {
		for _, b := range Bounds(finding) {
			for _, n := range []string{b.Figure, b.Times, b.Plus} {
				if n != "" && !written[n] {
					t.Errorf("%s: a bound of %s, which nothing writes", finding, n)
				}
			}
			if b.Tunable != "" && TunableWords(finding, b.Tunable) == "" {
				t.Errorf("%s: its page does not explain %s", finding, b.Tunable)
			}
		}
	}
}
