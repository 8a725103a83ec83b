// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/internal/golden"
)

// TestReference keeps docs/reference/events.md in step with the tables in code; -update writes it.
func TestReference(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# The event table

This page is made from the tables in the code (` + "`go test ./store -run Reference -update`" + `).

A case folder holds ` + "`events.duckdb`" + `, a database of DuckDB with every event that was read. ` + "`sekisho search`" + ` asks it in SQL or with a short
filter ([how to](../how-to/search.md)); DuckDB's own tools can open the file too. Columns that stand here stay; others may come after them.
Texts are as recorded; bytes that are not UTF-8 are U+FFFD there, and the record itself is found by input, offset and length.

Tables whose names end in ` + "`_raw`" + `, and ` + "`names`" + `, are how the store keeps its rows; do not rely on them.
The functions ` + "`in_network(address, network)`" + ` and ` + "`ip_number(address)`" + ` stand in the file as macros.
`)
	for _, table := range Tables() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| column | type | meaning |\n| --- | --- | --- |\n", table.Name, table.Doc)
		for _, c := range table.Columns {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Name, c.Type, c.Doc)
		}
	}
	b.WriteString("\n## Words\n\n| column | words |\n| --- | --- |\n")
	for _, v := range []struct {
		name  string
		words []string
	}{{"class", event.Classes()}, {"activity", event.Activities()}, {"outcome", event.Outcomes()}, {"reason", event.Reasons()[1:]}} {
		fmt.Fprintf(&b, "| `%s` | `%s` |\n", v.name, strings.Join(v.words, "`, `"))
	}
	b.WriteString("\nA reason that no source tells apart is `bad-credentials`: most do not say whether the account or the password was wrong.\n\n## The filter language\n\n" +
		"Terms parted by spaces, all of which must hold. A term is `key:value`, `key:value,value` (either), `key:>number`, an address or network, or a text that stands\n" +
		"somewhere in the event. `*` stands for any text, `-` before a term for its opposite; quotes hold spaces together. Case does not matter.\n\n| key | meaning |\n| --- | --- |\n")
	for _, k := range FilterKeys() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", k.Name, k.Doc)
	}
	fmt.Fprintf(&b, "\n## OCSF\n\n`--format ocsf` writes each event as an object of OCSF %s. What OCSF requires and the record lacks is `Unknown`; what the record has and the\n"+
		"class does not stands in `unmapped`. A mail event without a mail address is a base event.\n\n| class | OCSF class | `class_uid` |\n| --- | --- | --- |\n", event.OCSFVersion)
	for i, name := range event.Classes() {
		e := event.Event{Class: event.Class(i), Account: "taro@lab.example"}
		var o struct {
			UID  int    `json:"class_uid"`
			Name string `json:"class_name"`
		}
		if err := json.Unmarshal(e.AppendOCSF(nil, ""), &o); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %d |\n", name, o.Name, o.UID)
	}
	golden.Compare(t, "../docs/reference/events.md", []byte(b.String()))
}
