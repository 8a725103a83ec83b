// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

//go:embed page/report.html page/page.css page/page.js
var pageFiles embed.FS

//go:embed page/sheet.html
var sheetFiles embed.FS

// Bounds of what is laid out. What is beyond stands in case.json, and the page says how much that is.
const (
	topAccounts  = 60   // rows of accounts that are open
	topAddresses = 30   // rows of addresses that are open
	topRows      = 200  // rows of other tables
	moreRows     = 2000 // rows in the folded part
	restRows     = 1000 // rows of accounts and addresses that nothing is held against
	topFindings  = 60
	moreFindings = 500
	maxEvidence  = 20 // of one finding
	maxRefs      = 12 // addresses or findings in one cell
)

// HTML returns report.html: the whole case in one file that needs no network.
func HTML(d *Data) ([]byte, error) { return render(d, "report") }

// FirstHTML returns the first report as one page of HTML.
func FirstHTML(d *Data) ([]byte, error) { return render(d, "first") }

func render(d *Data, name string) ([]byte, error) {
	p, err := newPage(d, name == "report")
	if err != nil {
		return nil, err
	}
	t, err := template.New("").Funcs(p.funcs()).ParseFS(pageFiles, "page/report.html")
	if err != nil {
		return nil, fmt.Errorf("report: parse page: %w", err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, p); err != nil {
		return nil, fmt.Errorf("report: lay out %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// funcs are what the templates call. Those that return template.HTML escape what they are given.
func (p *page) funcs() template.FuncMap {
	return template.FuncMap{
		"t":        words,
		"k":        func(key string) template.HTML { return words(text(key)) },
		"s":        short,
		"n":        number,
		"class":    class,
		"size":     size,
		"origin":   cases.OriginWords,
		"has":      func(w event.Words) bool { return w.Ja != "" || w.En != "" },
		"more":     func(n int) template.HTML { return words(say(text("more-rows").Ja, text("more-rows").En, comma(n))) },
		"left":     func(n int) template.HTML { return words(say(text("not-listed").Ja, text("not-listed").En, comma(n))) },
		"times":    func(z string) template.HTML { return words(say(text("times-in").Ja, text("times-in").En, z)) },
		"actor":    func(s string) event.Words { return oneOf(s, "likely", "unclear", "several") },
		"weekdays": weekdayWords,
		"top":      func(list []string, n int) []string { return list[:min(n, len(list))] },
	}
}

// words marks each language as its own, so that the page can show one of them; both are there for a reader without style.
func words(w event.Words) template.HTML {
	ja, en := visible(Ja.of(w), maxTitle), visible(En.of(w), maxTitle)
	if ja == en {
		return template.HTML(template.HTMLEscapeString(ja))
	}
	return template.HTML(`<span lang="ja">` + template.HTMLEscapeString(ja) + `</span><span lang="en">` + template.HTMLEscapeString(en) + `</span>`)
}

// short shows s in at most width columns, and in full, within bounds, where the pointer rests.
func short(s string, width int) template.HTML {
	v := visible(s, maxTitle)
	if c := cut(v, width); c != v {
		return template.HTML(`<span title="` + template.HTMLEscapeString(v) + `">` + template.HTMLEscapeString(c) + `</span>`)
	}
	return template.HTML(template.HTMLEscapeString(v))
}

// class returns a word of a vocabulary as the name of a style, and nothing for what is no such word.
func class(word any) string {
	s := fmt.Sprint(word)
	if len(s) > 24 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return ""
	}
	return s
}

func number(n any) string {
	switch n := n.(type) {
	case int:
		return comma(n)
	case int64:
		return comma(n)
	}
	return fmt.Sprint(n)
}

// oneOf returns the fixed words of s if it is one of the keys, else s itself.
func oneOf(s string, keys ...string) event.Words {
	for _, k := range keys {
		if s == k {
			return text(k)
		}
	}
	if s == "" {
		return text("unknown")
	}
	return same(s)
}

func weekdayWords(days []string) event.Words {
	ja := map[string]string{"Mon": "月", "Tue": "火", "Wed": "水", "Thu": "木", "Fri": "金", "Sat": "土", "Sun": "日"}
	var list []event.Words
	for _, d := range days[:min(7, len(days))] {
		if j := ja[d]; j != "" {
			list = append(list, event.Words{Ja: j, En: d})
		}
	}
	return join(list)
}

// drawing is one figure within the page.
type drawing struct {
	Name           string
	Title, Caption event.Words
	SVG            template.HTML
}

// drawings draws the figures that d has data for, in both languages at once.
func drawings(d *Data) ([]drawing, error) {
	var out []drawing
	a := newAxis(d)
	for _, f := range figures() {
		if !f.has(d) {
			continue
		}
		b, err := f.draw(d, a, "", "")
		if err != nil {
			return nil, fmt.Errorf("report: draw %s: %w", f.name, err)
		}
		out = append(out, drawing{f.name, f.title, f.caption, template.HTML(b)})
	}
	return out, nil
}

// pageStyle returns the page's style and script, and the policy that lets the browser use these and nothing else.
func pageStyle() (css, js, policy string, err error) {
	c, err := pageFiles.ReadFile("page/page.css")
	if err != nil {
		return "", "", "", err
	}
	j, err := pageFiles.ReadFile("page/page.js")
	if err != nil {
		return "", "", "", err
	}
	css, js = string(c)+figureStyle, string(j)
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	policy = strings.Join([]string{"default-src 'none'", "style-src " + hash(css), "script-src " + hash(js), "img-src data:", "base-uri 'none'", "form-action 'none'"}, "; ")
	return css, js, policy, nil
}

// pageClock lets templates write times.
type pageClock struct{ clock }

// Minute writes t to the minute.
func (c pageClock) Minute(t cases.Time) string { return c.minute(t) }

func zoneName(z *time.Location) string {
	if z == nil {
		return "UTC"
	}
	return z.String()
}
