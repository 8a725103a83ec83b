// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Page returns the format's page for the reference, in Markdown: nothing stands there that the format does not say of itself.
func (f *Format) Page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", f.Name)
	b.WriteString("<!-- Made from the format's own words by go test ./formats -run TestPages -update. -->\n\n")
	if f.Unverified != "" {
		fmt.Fprintf(&b, "> **Unverified.** %s\n\n", f.Unverified)
	}
	fmt.Fprintf(&b, "%s\n\n", f.About.What)
	fmt.Fprintf(&b, "| | |\n| --- | --- |\n| name | `%s` |\n", f.Name)
	if len(f.Also) > 0 {
		fmt.Fprintf(&b, "| also called | `%s` |\n", strings.Join(f.Also, "`, `"))
	}
	fmt.Fprintf(&b, "| kind of source | %s |\n| records | %s |\n", f.Source, framingWords(f.Framing))
	if f.Rank > RankProduct {
		fmt.Fprintf(&b, "| when | %s |\n", rankWords(f.Rank))
	}
	fmt.Fprintf(&b, "\n## Getting it\n\n%s\n\n## What is taken\n\n%s\n\n## What is not\n\n%s\n\n## Held against\n\n%s\n", f.About.Export, f.About.Takes, f.About.Leaves, f.heldWords())
	return b.String()
}

func framingWords(f event.Framing) string {
	switch f {
	case event.FrameJSON:
		return "JSON objects: one a line, in an array, or one after another"
	case event.FrameCSV:
		return "rows of a table, the names of the columns first"
	}
	return "lines"
}

func rankWords(r Rank) string {
	if r == RankSchema {
		return "only for records that no product's own format takes"
	}
	return "only for records that nothing else takes"
}

// Index returns the page that leads to all pages, by kind of source.
func Index(all []Format) string {
	var b strings.Builder
	b.WriteString("# Log formats\n\n<!-- Made from the formats' own words by go test ./formats -run TestPages -update. -->\n\n")
	b.WriteString("Sekisho recognises a file by what stands in it. `sekisho formats explain FILE` says what it made of one, `sekisho formats list` prints this list. " +
		"Files may be packed (gzip, zstd, bzip2), and lines may be carried in others: see [carriers](#carriers).\n")
	var sources []string
	for i := range all {
		if !slices.Contains(sources, all[i].Source) {
			sources = append(sources, all[i].Source)
		}
	}
	slices.Sort(sources)
	for _, s := range sources {
		fmt.Fprintf(&b, "\n## %s\n\n", s)
		for i := range all {
			if f := &all[i]; f.Source == s {
				fmt.Fprintf(&b, "- [%s](%s.md): %s\n", f.Name, f.Name, firstSentence(f.About.What))
			}
		}
	}
	b.WriteString("\n## Formats of one's own\n\nA format can be written down in YAML, without code: see [formats of your own](../../how-to/formats-of-your-own.md). " +
		"Some that come with Sekisho are written so, from makers' descriptions and without a real record at hand. They are unverified, which their pages, the case and the report say: " +
		"[own](own/).\n")
	b.WriteString("\n## carriers\n\nA record that only brings a line of something else is taken apart, and the line is read as a record of its own, " +
		"with the time and the host that the carrier tells where it has none:\n\n" +
		"- `json`: the journal (`journalctl -o json`), Docker's json-file, Filebeat, Logstash, Fluent Bit and Fluentd, Vector, rsyslog and syslog-ng with JSON templates, " +
		"GELF, Splunk's events, Azure's Syslog table, Google Cloud's text entries\n" +
		"- `container`: files of the Kubernetes container runtime, `kubectl logs --timestamps`, `docker logs -t`; lines that the runtime split are joined\n" +
		"- `relay`: a syslog line whose message is another whole syslog line\n\n" +
		"A shipper is believed: what stands in its field `message` is taken as if it stood in the file that it was read from. " +
		"What a program with a name writes to syslog is a message, whatever it looks like.\n")
	return b.String()
}

// firstSentence returns the text up to its first full stop that ends a sentence.
func firstSentence(text string) string {
	if i := strings.Index(text, ". "); i > 0 {
		return text[:i+1]
	}
	return text
}
