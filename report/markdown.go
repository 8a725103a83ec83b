// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Markdown returns the first report as CommonMark in one language.
func (f *First) Markdown(l Lang) []byte {
	var b bytes.Buffer
	t := func(w event.Words) string { return escapeMarkdown(visible(l.of(w), maxTitle)) }
	fmt.Fprintf(&b, "# %s\n\n**%s** — %s\n\n", t(f.Title), t(f.Verdict.Words()), t(f.Lead))
	if f.Partial {
		fmt.Fprintf(&b, "**%s**\n\n", t(say("読込が途中で終わっています。数は増えることがあります。", "Reading was interrupted. Every number may still grow.")))
	}
	fmt.Fprintf(&b, "| | |\n| --- | --- |\n")
	for _, line := range f.Lines {
		fmt.Fprintf(&b, "| **%s** | %s |\n", t(line.Label), t(line.Value))
	}
	list := func(name event.Words, items []event.Words, none event.Words) {
		fmt.Fprintf(&b, "\n## %s\n\n", t(name))
		for i, w := range items {
			fmt.Fprintf(&b, "%d. %s\n", i+1, t(w))
		}
		if len(items) == 0 {
			fmt.Fprintf(&b, "%s\n", t(none))
		}
	}
	if len(f.Stories) > 0 {
		list(text("stories"), f.Stories, event.Words{})
	}
	list(text("now"), f.Now, text("no-proposal"))
	list(text("ask"), f.Ask, text("no-question"))
	list(text("missing"), f.Missing, text("no-missing"))
	if len(f.Duties) > 0 {
		fmt.Fprintf(&b, "\n## %s\n\n| %s | %s | %s | %s |\n| --- | --- | --- | --- |\n", t(text("duty")), t(text("to")), t(text("what")), t(text("deadline")), t(text("basis")))
		for _, u := range f.Duties {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", t(u.To), t(u.What), t(u.When), t(u.Basis))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", t(text("never-safe")))
	return b.Bytes()
}

// escapeMarkdown makes every character of s stand for itself in running text and in a table's cell.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>#|!&~$", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	// A link needs no brackets in some dialects.
	return strings.NewReplacer("://", ":\\/\\/", "www.", "www\\.").Replace(b.String())
}
