// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// hostileTexts try to leave the place in which they stand, to hide, and to be too long.
func hostileTexts() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `javascript:alert(1)`, `]]></title><script>`,
		`</style></script><svg onload=alert(1)>`, "nul\x00byte", "bidi\u202e\u2066evil\u2069", "esc\x1b[2J\x1b]0;owned\x07", "\xff\xfe not utf-8", "zero\u200bwidth\ufeff",
		"tag\U000E0041\U000E0042", "a" + strings.Repeat("\u0301", 500), "line\nfeed\r\n| cell | `code` [a](http://evil.example)", "{{.Case}}${x}", "*/ } body{display:none}",
		strings.Repeat("長", 1<<20), "&lt;b&gt;", "%s%n%d", `url(#x)" onload="alert(1)`,
	}
}

// fill puts a hostile text into every string below v, and extreme values into the rest.
func fill(v reflect.Value, texts []string, n *int, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(texts[*n%len(texts)])
		*n++
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt([]int64{math.MinInt32, math.MaxInt32, -1, 0, 7}[*n%5])
		*n++
	case reflect.Float64:
		v.SetFloat([]float64{math.NaN(), math.Inf(1), -1e300, 0.5}[*n%4])
		*n++
	case reflect.Bool:
		v.SetBool(*n%2 == 0)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), texts, n, depth)
	case reflect.Slice:
		if depth > 5 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 4, 4))
		for i := range 4 {
			fill(v.Index(i), texts, n, depth+1)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[netip.Addr]() {
			v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{203, 0, 113, byte(*n)})))
			return
		}
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() && f.Type() != reflect.TypeFor[*time.Location]() {
				fill(f, texts, n, depth+1)
			}
		}
	}
}

func hostileData(texts []string, seed int) *Data {
	d := &Data{Case: new(cases.Case)}
	n := seed
	fill(reflect.ValueOf(d).Elem(), texts, &n, 0)
	for i := range d.Case.Accounts { // so that rows, marks and links are made of them as well
		d.Case.Accounts[i].Verdict = []cases.AccountVerdict{cases.AccountCompromised, "x\"><script>", cases.AccountSuspected, cases.AccountCleared}[i%4]
	}
	d.Case.Addresses[0].Verdict = cases.AddressAttacker
	d.Case.Hosts[0].Verdict = cases.HostCompromised
	d.Case.Verdict = []cases.CaseVerdict{cases.Breach, "\" onload=\"x", cases.Clear}[seed%3]
	times := []cases.Time{cases.Time(math.MaxInt64), cases.Time(math.MinInt64), when("2025-07-01"), 1, 0}
	d.Case.Window = cases.Span{From: times[seed%5], To: times[(seed+2)%5]}
	if seed%2 == 0 {
		d.Range = cases.Span{From: when("2025-06-01"), To: when("2025-10-01")}
		d.Case.Generated, d.Case.Coverage[0].Expires = when("2025-10-01"), when("2025-10-02")
	}
	return d
}

// forbidden are what must stand nowhere in a document made from hostile data.
func forbidden(t *testing.T, name string, b []byte) {
	t.Helper()
	bads := []string{"<script>alert", "<img"}
	switch {
	case strings.HasSuffix(name, ".md"): // a backslash makes it a text
		bads = []string{" <img", "><", "http://"}
	case name == "terminal":
		bads = nil
	}
	for _, bad := range append(bads, "\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\x1b", "\U000E0041", "\xff", "ZgotmplZ") {
		if i := bytes.Index(b, []byte(bad)); i >= 0 {
			t.Errorf("%s holds %q: …%q…", name, bad, b[max(0, i-80):min(len(b), i+80)])
		}
	}
	if n := bytes.Count(b, []byte("\u0301")); n > 0 && bytes.Contains(b, []byte(strings.Repeat("\u0301", maxMarks+1))) {
		t.Errorf("%s lets marks pile up", name)
	}
}

var (
	scriptBody = regexp.MustCompile(`(?s)(<script>).*?(</script>)`)
	styleBody  = regexp.MustCompile(`(?s)(<style>).*?(</style>)`)
)

// wellFormed checks that every element is closed where it should be, and that no attribute acts or leads outside.
func wellFormed(t *testing.T, name string, b []byte) {
	t.Helper()
	b = styleBody.ReplaceAll(scriptBody.ReplaceAll(b, []byte("$1$2")), []byte("$1$2"))
	b = bytes.TrimPrefix(b, []byte("<!DOCTYPE html>"))
	void := []string{"meta", "input", "br", "img", "link", "hr"}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict, d.Entity = false, xml.HTMLEntity
	var open []string
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v at %d", name, err, d.InputOffset())
		}
		switch e := tok.(type) {
		case xml.StartElement:
			seen := map[string]bool{}
			for _, a := range e.Attr {
				n, v := strings.ToLower(a.Name.Local), strings.TrimSpace(a.Value)
				if seen[a.Name.Space+n] {
					t.Errorf("%s: <%s> has %s twice", name, e.Name.Local, n)
				}
				seen[a.Name.Space+n] = true
				if strings.HasPrefix(n, "on") || n == "style" || n == "srcdoc" {
					t.Errorf("%s: <%s %s=%q>", name, e.Name.Local, n, v)
				}
				if (n == "href" || n == "src" || n == "action" || n == "data") && !strings.HasPrefix(v, "#") && !strings.HasPrefix(v, "report.html#") && !strings.HasPrefix(v, "data:image/png;base64,") {
					t.Errorf("%s: <%s %s=%.80q> leads outside", name, e.Name.Local, n, v)
				}
			}
			if !slices.Contains(void, e.Name.Local) {
				open = append(open, e.Name.Local)
			}
		case xml.EndElement:
			if slices.Contains(void, e.Name.Local) {
				continue
			}
			if len(open) == 0 || open[len(open)-1] != e.Name.Local {
				t.Fatalf("%s: </%s> closes %v at %d: …%s", name, e.Name.Local, open, d.InputOffset(), b[max(0, int(d.InputOffset())-200):d.InputOffset()])
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: never closed: %v", name, open)
	}
}

func TestHostileTexts(t *testing.T) {
	texts := hostileTexts()
	for seed := range len(texts) { // each text once in every field
		d := hostileData(texts, seed)
		files, err := hostileFiles(d, seed)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, f := range files {
			name := fmt.Sprintf("seed %d %s", seed, f.Name)
			forbidden(t, name, f.Bytes)
			if strings.HasSuffix(f.Name, ".html") || strings.HasSuffix(f.Name, ".svg") {
				wellFormed(t, name, f.Bytes)
			}
			if len(f.Bytes) > 3<<20 {
				t.Errorf("%s: %d bytes: long texts are not cut", name, len(f.Bytes))
			}
		}
		for _, l := range []Lang{Ja, En} {
			var b bytes.Buffer
			if err := Terminal(&b, d, TerminalOptions{Lang: l, Dir: "x\x1b[2J"}); err != nil {
				t.Fatal(err)
			}
			forbidden(t, "terminal", b.Bytes())
		}
	}
}

// hostileFiles renders everything for some seeds and the whole page, which holds nearly all of it, for the others.
func hostileFiles(d *Data, seed int) ([]File, error) {
	if seed%5 == 0 {
		return Render(d)
	}
	b, err := HTML(d)
	f := NewFirst(d)
	return []File{{"report.html", b}, {"first.ja.md", f.Markdown(Ja)}, {"first.en.md", f.Markdown(En)}}, err
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "a\x00b": "a⟨U+0000⟩b", "a\u202eb": "a⟨U+202E⟩b", "a\nb": "a b", "\xff": "⟨FF⟩", "日本語": "日本語", "é": "é", "e\u0301": "e\u0301",
		"\u200b": "⟨U+200B⟩", "\ufffd": "\ufffd", "\u00ad": "⟨U+00AD⟩", "\u2028": "⟨U+2028⟩",
	} {
		if got := visible(in, 100); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
	if got := visible(strings.Repeat("x", 50), 10); got != strings.Repeat("x", 10)+"…" {
		t.Errorf("no bound: %q", got)
	}
}

func TestColumnsCutWrap(t *testing.T) {
	for in, want := range map[string]int{"abc": 3, "日本": 4, "ｶﾅ": 2, "（）": 4, "e\u0301": 1, "─": 1, "①": 1} {
		if got := columns(in); got != want {
			t.Errorf("columns(%q) = %d, want %d", in, got, want)
		}
	}
	if got := cut("日本語テキスト", 7); got != "日本語…" || columns(got) > 7 {
		t.Errorf("cut: %q", got)
	}
	for _, s := range []string{"the quick brown fox jumps over the lazy dog", "確認 41　推定 58　疑い（要確認） 44　記録がなく判断不能 310　／ 8,012 アカウント", strings.Repeat("x", 100), ""} {
		for _, l := range wrap(s, 20) {
			if columns(l) > 22 { // closing punctuation may hang
				t.Errorf("wrap(%q): %q is %d wide", s, l, columns(l))
			}
		}
		if got := strings.Join(wrap(s, 20), ""); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(s, " ", "") {
			t.Errorf("wrap loses text: %q", got)
		}
	}
}

func TestEmptyCase(t *testing.T) {
	d := &Data{Case: &cases.Case{Verdict: cases.CaseUndetermined}}
	files, err := Render(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".html") {
			wellFormed(t, f.Name, f.Bytes)
		}
	}
	var b bytes.Buffer
	if err := Terminal(&b, d, TerminalOptions{Lang: En}); err != nil || !strings.Contains(b.String(), "Undetermined") {
		t.Errorf("%v %s", err, b.String())
	}
}

func TestManyRows(t *testing.T) {
	d := sampleData()
	c := d.Case
	for i := range 3000 {
		a := c.Accounts[i%33]
		a.ID, a.Name = event.Identity("A-", fmt.Sprint(i)), fmt.Sprintf("person%d@hakusan-lab.example", i)
		if i > 1500 {
			a.Verdict = cases.AccountUndetermined
		}
		c.Accounts = append(c.Accounts, a)
		x := c.Addresses[i%56]
		x.IP = netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		c.Addresses = append(c.Addresses, x)
		f := c.Findings[i%20]
		f.ID = event.Identity("F-", fmt.Sprint(i))
		c.Findings = append(c.Findings, f)
	}
	began := time.Now()
	b, err := HTML(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes in %v", len(b), time.Since(began))
	if len(b) > 12<<20 {
		t.Errorf("report.html is %d bytes", len(b))
	}
	if !bytes.Contains(b, []byte("case.json")) {
		t.Error("does not say what is left out")
	}
}
