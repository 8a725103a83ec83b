// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/internal/golden"
)

// sampleDir is where TestSample writes its report, for people to look at: go test ./report -run TestSample -sample DIR.
var sampleDir = flag.String("sample", "", "write the sample report into this folder")

// maxFigure is the most that one figure may weigh.
const maxFigure = 400 << 10

func TestSample(t *testing.T) {
	d := sampleData()
	if err := d.Case.Validate(); err != nil {
		t.Fatal(err)
	}
	files, err := Render(d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Render(sampleData())
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		if !bytes.Equal(f.Bytes, again[i].Bytes) {
			t.Errorf("%s differs between two runs", f.Name)
		}
		if strings.HasPrefix(f.Name, "figures/") && len(f.Bytes) > maxFigure {
			t.Errorf("%s is %d bytes", f.Name, len(f.Bytes))
		}
		if strings.HasSuffix(f.Name, ".svg") || strings.HasSuffix(f.Name, ".html") {
			wellFormed(t, f.Name, f.Bytes)
		}
		if f.Name == "first.ja.md" || f.Name == "first.en.md" {
			golden.Compare(t, filepath.Join("testdata", f.Name), f.Bytes)
		}
	}
	for _, l := range []Lang{Ja, En} {
		var b bytes.Buffer
		if err := Terminal(&b, d, TerminalOptions{Lang: l, Dir: "./sekisho-case"}); err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", "terminal."+string(l)+".txt"), b.Bytes())
	}
	if *sampleDir != "" {
		if err := os.MkdirAll(*sampleDir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := Write(*sampleDir, d); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFigureGolden(t *testing.T) {
	files, err := Figures(sampleData())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files { // figures with a raster depend on the compressor of the Go version
		if f.Name == "figures/path.en.svg" || f.Name == "figures/failures.ja.svg" || f.Name == "figures/timeline.ja.svg" {
			golden.Compare(t, filepath.Join("testdata", filepath.Base(f.Name)), f.Bytes)
		}
	}
}

// TestNothingLeaves checks that the page names no address of another machine, and that its policy is that of its script and style.
func TestNothingLeaves(t *testing.T) {
	b, err := HTML(sampleData())
	if err != nil {
		t.Fatal(err)
	}
	s := strings.ReplaceAll(string(b), `xmlns="http://www.w3.org/2000/svg"`, "")
	for _, bad := range []string{"http:", "https:", "src=\"//", "href=\"//", "@import", "url(//", "fetch(", "XMLHttpRequest", "WebSocket"} {
		if i := strings.Index(s, bad); i >= 0 {
			t.Errorf("report.html holds %q: …%s…", bad, s[max(0, i-60):min(len(s), i+60)])
		}
	}
	css, js, policy, err := pageStyle()
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{"style": "<style>" + css + "</style>", "script": "<script>" + js + "</script>",
		"policy": `content="` + html.EscapeString(policy) + `"`} {
		if !strings.Contains(string(b), want) && !strings.Contains(string(b), strings.ReplaceAll(want, "+", "&#43;")) {
			t.Errorf("the page's %s is not the one that was hashed", what)
		}
	}
	if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy: %s", policy)
	}
}

func TestEveryTextHasBothLanguages(t *testing.T) {
	for k, w := range texts {
		if w[0] == "" || w[1] == "" {
			t.Errorf("%s lacks a language", k)
		}
		if strings.Contains(w[0], "安全") || regexp.MustCompile(`(?i)\bsafe\b`).MatchString(w[1]) {
			t.Errorf("%s promises what nobody can know", k)
		}
	}
	used := map[string]bool{}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range append(names, "page/report.html") {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bk "([a-z0-9-]+)"|text\("([a-z0-9-]+)"\)`).FindAllSubmatch(b, -1) {
			key := string(m[1]) + string(m[2])
			used[key] = true
			if _, ok := texts[key]; !ok {
				t.Errorf("%s: no words for %q", n, key)
			}
		}
		for k := range texts { // those that are chosen by name
			if strings.Contains(string(b), `"`+k+`"`) && n != "words.go" {
				used[k] = true
			}
		}
	}
	for k := range texts {
		if !used[k] && !strings.HasPrefix(k, "ask-to-") {
			t.Errorf("%q is used nowhere", k)
		}
	}
	b, err := HTML(sampleData())
	if err != nil {
		t.Fatal(err)
	}
	if i := bytes.Index(b, []byte(">?")); i >= 0 {
		t.Errorf("words are missing: %s", b[i:min(len(b), i+60)])
	}
	if ja, en := bytes.Count(b, []byte(`<span lang="ja">`)), bytes.Count(b, []byte(`<span lang="en">`)); ja != en || ja == 0 {
		t.Errorf("%d Japanese and %d English texts", ja, en)
	}
}

// TestMillionPoints checks that figures stay small, and are drawn fast, however many points there are.
func TestMillionPoints(t *testing.T) {
	d := sampleData()
	c := clock{jst}
	first := c.day(d.Case.Window.From)
	d.Attempts = AttemptGrid{Existing: 8000, Unknown: 1200}
	for i := range 1_000_000 {
		rank := int32(i/125 + 1)
		if i%9 == 0 {
			rank = -(rank%1200 + 1)
		}
		d.Attempts.Cells = append(d.Attempts.Cells, AttemptCell{first + int32(i*7919%125), rank, int64(i%400 + 1)})
	}
	d.Logins = nil
	for i := range 1_000_000 {
		a := d.Case.Accounts[i%33].ID
		d.Logins = append(d.Logins, LoginMark{a, d.Case.Window.From + cases.Time(i)*10_000_000, MarkKind(i % 2)})
	}
	d.Curves = nil
	for g := range 3 {
		for i := range 400 {
			k := Curve{Account: fmt.Sprintf("%03d", i), Group: CurveGroup(g)}
			for day := range 125 {
				k.Points = append(k.Points, CurvePoint{first + int32(day), int64(day * (i%50 + 1))})
			}
			d.Curves = append(d.Curves, k)
		}
	}
	began := time.Now()
	files, err := Figures(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("two languages in %v", time.Since(began))
	for _, f := range files {
		t.Logf("%-28s %7d bytes", f.Name, len(f.Bytes))
		if len(f.Bytes) > maxFigure {
			t.Errorf("%s is %d bytes", f.Name, len(f.Bytes))
		}
	}
}

func TestAxisSurvivesAWrongYear(t *testing.T) {
	d := sampleData()
	d.Case.Window.From = cases.At(time.Unix(1, 0))
	d.Logins = append(d.Logins, LoginMark{d.Case.Accounts[0].ID, cases.At(time.Unix(1, 0)), MarkLogin})
	a := newAxis(d)
	if n := a.to - a.from; n > maxDays || n < 100 {
		t.Errorf("the axis spans %d days", n)
	}
	if a.day(d.Case.LastActivity) >= a.to || a.day(d.Case.LastActivity) < a.from {
		t.Error("the axis has lost what happened last")
	}
}

func TestGapsAreHatched(t *testing.T) {
	a := axis{clock{jst}, 100, 110}
	span := func(from, to int32) cases.Span {
		return cases.Span{From: cases.At(a.midnight(from)), To: cases.At(a.midnight(to).Add(time.Hour))}
	}
	for _, x := range []struct {
		have []cases.Span
		want [][2]int32
	}{
		{nil, [][2]int32{{100, 110}}},
		{[]cases.Span{span(100, 109)}, nil},
		{[]cases.Span{span(105, 106), span(101, 102)}, [][2]int32{{100, 101}, {103, 105}, {107, 110}}},
		{[]cases.Span{span(90, 103), span(95, 101)}, [][2]int32{{104, 110}}},
	} {
		if got := a.gaps(x.have); !slices.Equal(got, x.want) {
			t.Errorf("gaps(%v) = %v, want %v", x.have, got, x.want)
		}
	}
}

// TestDuties replays the AIST case under today's rule: known on 6 February 2018.
func TestDuties(t *testing.T) {
	c := &cases.Case{Verdict: cases.Breach, KnownAt: when("2018-02-06 14:00")}
	d := duties(c, jst)
	if d[0].By != "2018-02-10" || d[1].By != "2018-04-06" || !strings.Contains(d[0].When.Ja, "02-08") {
		t.Errorf("%+v", d[:2])
	}
	if duties(&cases.Case{Verdict: cases.Clear, KnownAt: c.KnownAt}, jst) != nil {
		t.Error("a clear case has duties")
	}
}

func TestSay(t *testing.T) {
	w := say("%s が %d", "%[2]d of %[1]s", cases.Tor.Words(), 3)
	if w.Ja != "Tor が 3" || w.En != "3 of Tor" {
		t.Errorf("%+v", w)
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"} {
		if got := comma(n); got != want {
			t.Errorf("comma(%d) = %s", n, got)
		}
	}
}
