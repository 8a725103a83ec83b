// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
)

// Whatever a log says, a line of the report as text is a heading, a list's item, a row with the columns of its table, or plain: nothing in it
// is a tag, a link or a cell of its own.
func TestMarkdownHostile(t *testing.T) {
	texts, n := hostileTexts(), 0
	var c cases.Case
	fill(reflect.ValueOf(&c).Elem(), texts, &n, 0)
	c.Institute.Timezone = "Asia/Tokyo"
	x := cases.Compare(&cases.Case{}, &c)
	for _, l := range []Lang{Ja, En} {
		for name, b := range map[string][]byte{"case": Markdown(&Data{Case: &c}, l), "changes": ChangesMarkdown(x, l)} {
			columns := 0
			for line := range strings.Lines(string(b)) {
				bare := regexp.MustCompile(`\\.`).ReplaceAllString(strings.TrimSuffix(line, "\n"), "")
				if strings.ContainsAny(bare, "<>`[]") || strings.Contains(bare, "://") {
					t.Fatalf("%s, %s: something stands for more than itself: %.200q", name, l, line)
				}
				switch cells := strings.Count(bare, "|"); {
				case cells == 0:
					columns = 0
				case columns == 0:
					columns = cells
				case cells != columns:
					t.Fatalf("%s, %s: %d bars in a table of %d: %.200q", name, l, cells, columns, line)
				}
			}
		}
	}
}

// The text has every account, address and host that the case lists.
func TestMarkdownWhole(t *testing.T) {
	d := sampleData()
	b := string(Markdown(d, En))
	for i := range d.Case.Addresses {
		if ip := d.Case.Addresses[i].IP.String(); !strings.Contains(b, "| "+escapeMarkdown(ip)+" |") {
			t.Errorf("%s is not in it", ip)
		}
	}
	for i := range d.Case.Accounts {
		if !strings.Contains(b, escapeMarkdown(d.Case.Accounts[i].Name)) {
			t.Errorf("%s is not in it", d.Case.Accounts[i].Name)
		}
	}
	if !bytes.Equal([]byte(b), Markdown(sampleData(), En)) {
		t.Error("the same case gives another text")
	}
}

// A bundle has attackers only, each with its time; its identities are of version 5, stay what they are, and none comes twice.
func TestSTIX(t *testing.T) {
	d := sampleData()
	d.Case.Addresses = append(d.Case.Addresses,
		cases.Address{IP: netip.MustParseAddr("2001:db8::7"), Verdict: cases.AddressAttacker, Confidence: 1, Intervals: []cases.Span{{From: when("2025-08-01"), To: when("2025-08-02")}, {From: when("2025-09-01"), To: when("2025-09-02")}}})
	b, err := STIX(d)
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Type, ID string
		Objects  []map[string]any
	}
	if err := json.Unmarshal(b, &bundle); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for i := range d.Case.Addresses {
		if a := &d.Case.Addresses[i]; a.Verdict == cases.AddressAttacker {
			want[a.IP.String()] = true
		}
	}
	id := regexp.MustCompile(`^[a-z-]+--[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen, got := map[string]bool{}, map[string]int{}
	for _, o := range bundle.Objects {
		s, _ := o["id"].(string)
		if !id.MatchString(s) || seen[s] {
			t.Errorf("identity %q", s)
		}
		seen[s] = true
		if o["type"] != "indicator" {
			continue
		}
		got[o["name"].(string)]++
		from, err := time.Parse(time.RFC3339, o["valid_from"].(string))
		if err != nil {
			t.Error(err)
		}
		if u, ok := o["valid_until"].(string); ok {
			if until, err := time.Parse(time.RFC3339, u); err != nil || !until.After(from) {
				t.Errorf("valid until %s, from %s", u, from)
			}
		}
	}
	for ip := range want {
		if got[ip] == 0 {
			t.Errorf("%s is missing", ip)
		}
	}
	if len(got) != len(want) || got["2001:db8::7"] != 2 {
		t.Errorf("%d addresses, want %d; %d stretches of the last", len(got), len(want), got["2001:db8::7"])
	}
	created := func(b []byte) string {
		return fmt.Sprint(regexp.MustCompile(`"(id|created)": "[^"]*"`).FindAllString(string(b[200:]), -1))
	}
	later := *d.Case
	later.Generated, later.Revision = when("2025-12-01"), 2
	if next, _ := STIX(&Data{Case: &later, Zone: jst}); created(next) != created(b) {
		t.Error("a later revision gives the same objects another time of creation")
	}
	if again, _ := STIX(d); !bytes.Equal(b, again) {
		t.Error("the same case gives another bundle")
	}
}
