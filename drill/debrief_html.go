// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

//go:embed debrief/page.html debrief/page.css
var debriefFiles embed.FS

// debriefPage is what the page shows.
type debriefPage struct {
	*Debrief
	CSS     template.CSS
	CSP     string
	Ja      bool // the language that the page opens in
	Points  []phrase
	Picture template.HTML
	Kinds   []debriefKind
}

// debriefKind is a chapter about accounts, addresses or hosts.
type debriefKind struct {
	ID    string
	Title phrase
	S     *Subjects
}

// HTML returns the debriefing as one page in both languages that needs no network and no script, and prints well. lang is the
// language that it opens in.
func (d *Debrief) HTML(lang string) ([]byte, error) {
	css, err := debriefFiles.ReadFile("debrief/page.css")
	if err != nil {
		return nil, fmt.Errorf("drill: read style: %w", err)
	}
	sum := sha256.Sum256(css)
	p := &debriefPage{Debrief: d, CSS: template.CSS(css), Ja: lang == "ja", Points: d.points(), Picture: template.HTML(d.picture()),
		CSP: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; base-uri 'none'; form-action 'none'",
		Kinds: []debriefKind{{"accounts", phrase{"アカウント", "Accounts"}, &d.Accounts}, {"addresses", phrase{"アドレス", "Addresses"}, &d.Addresses},
			{"hosts", phrase{"サーバ・端末", "Hosts"}, &d.Hosts}}}
	t, err := template.New("").Funcs(p.funcs()).ParseFS(debriefFiles, "debrief/page.html")
	if err != nil {
		return nil, fmt.Errorf("drill: parse page: %w", err)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "page", p); err != nil {
		return nil, fmt.Errorf("drill: lay out the debriefing: %w", err)
	}
	return b.Bytes(), nil
}

// spans marks each language as its own, so that the page can show one of them.
func spans(p phrase) template.HTML {
	if p.Ja == p.En {
		return template.HTML(template.HTMLEscapeString(p.Ja))
	}
	return template.HTML(`<span lang="ja">` + template.HTMLEscapeString(p.Ja) + `</span><span lang="en">` + template.HTMLEscapeString(p.En) + `</span>`)
}

func (p *debriefPage) funcs() template.FuncMap {
	return template.FuncMap{
		"w":         func(ja, en string) template.HTML { return spans(phrase{ja, en}) },
		"t":         spans,
		"clock":     func(t any) string { return p.clock(t) },
		"story":     storyText,
		"act":       func(a ActNotice) template.HTML { return spans(a.words()) },
		"verdict":   func(v string) template.HTML { return spans(verdictWords(v)) },
		"what":      func(v string) template.HTML { return spans(whatWords(v)) },
		"is":        func(v string) template.HTML { return spans(isWords(v)) },
		"why":       func(v string) template.HTML { return spans(excuseWords(v)) },
		"technique": func(v string) template.HTML { return spans(techniqueWords(v)) },
		"after":     func(m *float64) template.HTML { return spans(sayAfter(*m)) },
		"minutes":   func(m float64) template.HTML { return spans(sayMinutes(m)) },
		"hours":     func(h *float64) template.HTML { return spans(sayHours(*h)) },
		"list":      func(l []string) string { return strings.Join(l, ", ") },
		"percent":   func(f float64) string { return strconv.Itoa(int(f*100+0.5)) + " %" },
		"lead":      func() phrase { return p.lead() },
		"light":     func() phrase { return p.light() },
		"stopped":   stoppedWords,
		"away":      func() phrase { return p.away() },
		"number":    func(n int64) string { return thousands(n) },
		"tone":      tone,
		"nearest":   nearestWords,
		"doubt":     doubtWords,
		"speed":     func(v float64) template.HTML { return spans(speedWords(v)) },
		"sum":       func(list ...int) int { return total(list) },
	}
}

func (p *debriefPage) clock(t any) string {
	switch t := t.(type) {
	case time.Time:
		return p.clockText(t)
	case *time.Time:
		if t != nil {
			return p.clockText(*t)
		}
	}
	return ""
}

// Day writes when the exercise was.
func (p *debriefPage) Day() string { return p.Began.Format("2006-01-02") }

// Zone writes the zone of all times.
func (p *debriefPage) Zone() string { return zoneText(p.Debrief.Zone, p.Began) }

// lead is the sentence below the title.
func (p *debriefPage) lead() phrase {
	switch {
	case p.FirstLogin == nil && len(p.Acts) == 0 && total([]int{len(p.Accounts.Wrong), len(p.Addresses.Wrong), len(p.Hosts.Wrong)}) == 0:
		return phrase{"攻撃は再生されず、誰も疑われませんでした。", "No attack was played, and nobody was accused."}
	case p.FirstLogin == nil && len(p.Acts) == 0:
		return phrase{"攻撃は再生できませんでした。疑いはすべて誤りです。", "No attack was played: every suspicion was wrong."}
	case p.FirstRight == nil:
		return phrase{"攻撃者に関するものは、何も見つかりませんでした。", "Nothing of the intruder's was noticed."}
	case p.FirstRightAfter == nil:
		return both("最初の気付きは %s でした。再生された範囲に不正ログインはありません。", "The first right notice came at %s. No bad login was played.", p.clockText(*p.FirstRight))
	}
	return both("最初の気付きは %[1]s、最初の不正ログイン（%[2]s）の%[3]sでした。", "The first right notice came at %[1]s, %[4]s the first bad login (%[2]s).", p.clockText(*p.FirstRight), p.clockText(*p.FirstLogin),
		sayAfter(*p.FirstRightAfter), leadEn(*p.FirstRightAfter))
}

// light says how the incident came to light in its story.
func (d *Debrief) light() phrase {
	switch l := d.Light; {
	case l == nil:
		return phrase{}
	case l.Played == nil:
		return both("シナリオでは %[1]s に発覚します（再生されていません）：%[2]s", "In the story it came to light at %[1]s, which was not played: %[2]s", storyText(l.Story), named(l.How, l.HowJa))
	default:
		return both("シナリオでは %[1]s（再生したのは %[3]s）に発覚します：%[2]s", "In the story it came to light at %[1]s, played at %[3]s: %[2]s", storyText(l.Story), named(l.How, l.HowJa), d.clockText(*l.Played))
	}
}

// away says how the lines were delivered, where that was not without trouble.
func (p *debriefPage) away() phrase {
	v := &p.Delivery
	var ja, en []string
	add := func(n int64, j, e string) {
		if n > 0 {
			ja, en = append(ja, j+" "+thousands(n)), append(en, e+" "+thousands(n))
		}
	}
	add(int64(len(v.Gone)), "受信側の停止（回）", "absences of the receiver:")
	add(v.Resent, "再送した行（重複の可能性）", "lines sent again (may be there twice):")
	add(v.Lost, "失われた行", "lines known to be lost:")
	add(v.Refused, "拒否された行", "lines refused:")
	add(v.Undelivered, "届けられなかった行", "lines not delivered:")
	if lost := p.undelivered(); lost.En != "" {
		ja, en = append(ja, lost.Ja), append(en, lost.En)
	}
	return phrase{strings.Join(ja, "、"), strings.Join(en, "; ")}
}

// tone is the style of a number: good if it is what it should be.
func tone(n, should int) string {
	if n == should {
		return "good"
	}
	return "bad"
}

func total(list []int) int {
	n := 0
	for _, x := range list {
		n += x
	}
	return n
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
