// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// TerminalOptions say how the summary is shown.
type TerminalOptions struct {
	Lang  Lang
	Width int    // columns; 0: 88. At least 60 and at most 120 are used.
	Color bool   // ANSI colours for what is bad or needs care
	Dir   string // the case folder, as it is to be shown
}

// Terminal writes the first report as text, after `investigate`.
func Terminal(w io.Writer, d *Data, o TerminalOptions) error {
	if o.Width == 0 {
		o.Width = 88
	}
	t := terminal{bufio.NewWriter(w), o, min(max(o.Width, 60), 120)}
	f := NewFirst(d)
	title := t.text(f.Title)
	if o.Dir != "" {
		dir := "case: " + visible(o.Dir, 300)
		if gap := t.width - columns(title) - columns(dir); gap >= 2 {
			title += strings.Repeat(" ", gap) + dir
		} else {
			title += "\n" + dir
		}
	}
	fmt.Fprintln(t.out, title)
	fmt.Fprintln(t.out, strings.Repeat("─", t.width))
	tone := map[string]string{"breach": "bad", "suspicious": "warn"}[string(f.Verdict)]
	t.row(f.Verdict.Words(), f.Lead, tone)
	if f.Partial {
		t.row(say("未完", "Partial"), say("読込が途中で終わっています。数は増えることがあります。", "Reading was interrupted. Every number may still grow."), "warn")
	}
	fmt.Fprintln(t.out)
	for _, l := range f.Lines {
		t.row(l.Label, l.Value, l.Tone)
	}
	t.row(inputsLine(d.Case))
	fmt.Fprintln(t.out)
	t.list(text("stories"), f.Stories)
	t.list(say("今すぐ", "Now"), f.Now)
	t.list(say("本人確認", "Ask"), f.Ask)
	t.list(say("足りない記録", "Missing records"), f.Missing)
	var clocks []event.Words
	for _, u := range f.Duties {
		if u.By != "" {
			clocks = append(clocks, say("%s %s　%s", "%s, %s: %s", u.To, u.What, u.When))
		}
	}
	t.list(say("報告の期限", "Deadlines"), clocks)
	fmt.Fprintln(t.out)
	t.row(say("くわしくは", "In full"), say("report.html（根拠のレコードと数え方：#findings　#coverage　#duty）　検知一件の説明：sekisho explain --finding F-…", "report.html (records and how they were counted: #findings #coverage #duty); one finding: sekisho explain --finding F-…"), "dim")
	if err := t.out.Flush(); err != nil {
		return fmt.Errorf("report: write summary: %w", err)
	}
	return nil
}

type terminal struct {
	out   *bufio.Writer
	o     TerminalOptions
	width int
}

func (t terminal) text(w event.Words) string { return visible(t.o.Lang.of(w), maxTitle) }

// labelWidth is the width of the first column.
const labelWidth = 18

func (t terminal) row(name, value event.Words, tone string) {
	n := t.text(name)
	first := pad(n, labelWidth)
	lines := wrap(t.text(value), t.width-labelWidth)
	if columns(n) >= labelWidth { // a long label has its line for itself
		fmt.Fprintln(t.out, t.color(n, tone))
		first = strings.Repeat(" ", labelWidth)
	}
	for i, l := range lines {
		if i > 0 {
			first = strings.Repeat(" ", labelWidth)
		}
		fmt.Fprintln(t.out, strings.TrimRight(first+t.color(l, tone), " "))
	}
}

func (t terminal) list(name event.Words, items []event.Words) {
	for i, w := range items {
		n := name
		if i > 0 {
			n = event.Words{}
		}
		lines := wrap(t.text(w), t.width-labelWidth-3)
		for j, l := range lines {
			first := strings.Repeat(" ", labelWidth+3)
			if j == 0 {
				first = pad(t.text(n), labelWidth) + fmt.Sprintf("%d  ", i+1)
			}
			fmt.Fprintln(t.out, first+l)
		}
	}
}

func (t terminal) color(s, tone string) string {
	code := map[string]string{"bad": "1;31", "warn": "33", "dim": "2"}[tone]
	if !t.o.Color || code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
