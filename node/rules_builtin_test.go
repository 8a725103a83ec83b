// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/internal/golden"
	"github.com/sekisho/sekisho/sigma"
)

// TestBuiltinRules runs the cases of the project's own rules: each rule that tells of something has one that fires and one that must
// not, and asks for nothing but columns of the event table.
func TestBuiltinRules(t *testing.T) {
	set, err := LoadRules(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range set.Errors {
		t.Error(e)
	}
	fires, silent := map[*sigma.Rule]bool{}, map[*sigma.Rule]bool{}
	for _, c := range set.RunCases() {
		if !c.OK {
			t.Errorf("%s:%d: %s: fired %d times, not %d", c.Rule.File, c.Case.Line, c.Case.Name, c.Fired, c.Case.Fires)
		}
		fires[c.Rule] = fires[c.Rule] || c.Case.Fires > 0
		silent[c.Rule] = silent[c.Rule] || c.Case.Fires == 0
	}
	e := event.Event{Account: "a", Target: "a", SrcPort: 1, SrcHost: "a", DstHost: "a", Service: "a", Object: "a", Client: "a", SrcIsRelay: true, Reason: event.ReasonOther,
		BytesIn: event.Some(1), BytesOut: event.Some(1), Rest: []event.Field{event.Flag("repeat", true)}}
	e.SrcIP, e.DstIP = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	have := map[string]bool{}
	for _, f := range sigma.Columns(nil, &e) {
		have[f.Name] = true
	}
	for _, r := range set.Rules {
		if !r.Quiet && (!fires[r] || !silent[r]) {
			t.Errorf("%s:%d: %s needs a case that fires and one that must not", r.File, r.Line, r.Title)
		}
		for _, name := range r.FieldNames() {
			if !have[name] {
				t.Errorf("%s:%d: there is no column %q", r.File, r.Line, name)
			}
		}
	}
	golden.Compare(t, filepath.Join("..", "docs", "reference", "rules-builtin.md"), builtinPage(set))
}

// builtinPage is the page of the built-in rules, from their own words.
func builtinPage(set *sigma.Set) []byte {
	var b bytes.Buffer
	b.WriteString("# Built-in rules\n\nWritten by `go test ./node -run TestBuiltinRules -update` from `rules/*.yml`. How rules are read and run: [rules](rules.md).\n" +
		"They find events of every format under the columns of the [event table](events.md). `sekisho rules test` runs their cases.\n")
	for _, r := range set.Rules {
		if r.Quiet {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n`%s`, %s, %s\n\n%s\n\n", r.Title, r.ID, r.Level, strings.Join(r.Tags, " "), strings.TrimSpace(r.Description))
		c := r.Correlation
		fmt.Fprintf(&b, "- joins: `%s` of `%s` within %s, by `%s`\n- when it is wrong: %s\n- cases:", c.Type, strings.Join(c.Rules, "`, `"), c.Span, strings.Join(c.GroupBy, "`, `"), strings.Join(r.Falsehoods, "; "))
		for i, one := range r.Cases {
			fmt.Fprintf(&b, "%s %s (%s)", []string{"", ","}[min(i, 1)], one.Name, []string{"silent", "fires"}[min(one.Fires, 1)])
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}
