// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/csv"
	"encoding/json"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/internal/golden"
)

// hostileNames are names that an intruder may give an account or a host in a log.
var hostileNames = []string{"o'brien@lab.example", "x'; rm -rf / #", "$(reboot)", "`reboot`", "a\nreboot", "a\r\nreboot", "=HYPERLINK(\"http://203.0.113.1\",\"x\")", "+1+1", "-rf", "@SUM(A1)", "\t=1+1", "＝1+1", "a’; Remove-Item x; ‘b", "taro\u202egpj.exe",
	"admin*)(uid=*", `CORP\taro"$x`, "a\x1b[2J", "\"; end", "--all", "#>", "tаro@lab.example", "ｅ", strings.Repeat("n", 400), " lead", "100%s%d"}

// contained is a case with one item of each kind for each name.
func contained(names []string) *Containment {
	c := &cases.Case{Schema: cases.Schema, Revision: 2, Verdict: cases.Breach, KnownAsOf: when("2025-10-04 09:00"), Institute: cases.Institute{Name: "Hakusan", Timezone: "Asia/Tokyo"}}
	for _, f := range []string{"entra-signin", "fortigate", "openldap", "openssh", "windows"} {
		c.Inputs = append(c.Inputs, cases.Input{Path: f, Format: f})
	}
	ip := netip.MustParseAddr("203.0.113.9")
	span := cases.Span{From: when("2025-09-02 17:00"), To: when("2025-09-12 01:40")}
	c.Addresses = []cases.Address{{IP: ip, Verdict: cases.AddressAttacker, Confidence: 0.99, Intervals: []cases.Span{span}}}
	six := netip.MustParseAddr("2001:db8::9")
	c.Addresses = append(c.Addresses, cases.Address{IP: six, Verdict: cases.AddressAttacker, Intervals: []cases.Span{span}})
	add := func(step int, kind cases.ContainmentKind, s cases.Subject) *cases.Containment {
		n := len(c.Containment) + 1
		about := s.Account + s.Host + s.Address
		c.Containment = append(c.Containment, cases.Containment{ID: "C-" + strconv.Itoa(n), Order: n, Step: step, Kind: kind, Subject: s, State: cases.Proposed, What: say(about+" を止める", "stop "+about), Why: say("理由 "+about, "because of "+about)})
		return &c.Containment[n-1]
	}
	add(1, cases.PreserveRecords, cases.Subject{})
	for _, n := range names {
		add(3, cases.IsolateHost, cases.Subject{Host: n})
	}
	c.Hosts = []cases.Host{{Name: names[0], IP: netip.MustParseAddr("10.1.0.5"), Verdict: cases.HostCompromised}}
	for i := range c.Addresses {
		add(3, cases.BlockAddress, cases.Subject{Address: c.Addresses[i].IP.String()}).Intervals = c.Addresses[i].Intervals
	}
	for _, n := range names {
		for _, k := range []cases.ContainmentKind{cases.DisableAccount, cases.RemoveSettings, cases.ResetPassword, cases.RevokeSessions} {
			add(5, k, cases.Subject{Account: n})
		}
	}
	add(5, cases.RotateDirectory, cases.Subject{})
	done := add(6, cases.WatchAfterwards, cases.Subject{})
	by := names[len(names)-1]
	done.State, done.By, done.At, done.Findings = cases.Done, &by, when("2025-10-04 08:00"), []string{"F-used"}
	return &Containment{Data: &Data{Case: c}, Hosts: []HostService{{Host: names[0], Isolated: when("2025-10-04 07:00"), Returned: when("2025-10-04 08:30"), By: names[len(names)-1]}, {Host: "untouched"}}, Open: []event.Words{say("疑い "+names[0], "suspected "+names[0])},
		Steps: func(n int) (event.Words, event.Words) {
			return same("step " + strconv.Itoa(n)), same("why " + strconv.Itoa(n))
		}}
}

// TestContainmentGolden holds what people and programs are told, letter by letter.
func TestContainmentGolden(t *testing.T) {
	x := contained([]string{"o'brien@lab.example", `CORP\taro`})
	bundle, err := x.STIX()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"contain.ja.txt": x.Text(Ja), "contain.en.txt": x.Text(En), "contain.csv": x.CSV(En), "contain.commands": x.Commands(En), "contain.stix.json": bundle} {
		golden.Compare(t, filepath.Join("testdata", name), b)
	}
	empty := &Containment{Data: &Data{Case: &cases.Case{}}, Steps: x.Steps}
	if text := string(empty.Text(En)); !strings.Contains(text, "does not say that all is well") {
		t.Error(text)
	}
}

// TestContainmentHostile holds that no name of a log becomes a command, a formula, or a line of its own.
func TestContainmentHostile(t *testing.T) {
	x := contained(hostileNames)
	for _, l := range []Lang{Ja, En} {
		for i, line := range strings.Split(strings.TrimSuffix(string(x.Commands(l)), "\n"), "\n") {
			if line != "#" && !strings.HasPrefix(line, "# ") || strings.ContainsAny(line, "\r\x1b\u202e") {
				t.Errorf("line %d is no comment: %q", i+1, line)
			}
		}
		r := csv.NewReader(strings.NewReader(string(x.CSV(l))))
		rows, err := r.ReadAll()
		if err != nil || len(rows) != len(x.Data.Case.Containment)+1 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if strings.ContainsAny(firstRune(cell), "=+-@\t\r\n＝＋－＠|%") {
					t.Errorf("a spreadsheet takes %q for a formula", cell)
				}
			}
		}
		if text := string(x.Text(l)); strings.ContainsAny(text, "\r\x1b\u202e") || strings.Contains(text, "\nreboot") {
			t.Errorf("text: %q", text)
		}
	}
	b, err := x.STIX()
	var bundle struct {
		Objects []struct {
			Type, ID string
			Source   string `json:"source_ref"`
			Target   string `json:"target_ref"`
		}
	}
	if err != nil || json.Unmarshal(b, &bundle) != nil {
		t.Fatal(err)
	}
	ids, links := map[string]bool{}, 0
	for _, o := range bundle.Objects {
		if ids[o.ID] {
			t.Errorf("%s stands twice", o.ID)
		}
		ids[o.ID] = true
	}
	for _, o := range bundle.Objects {
		if o.Type == "relationship" {
			if links++; !ids[o.Source] || !ids[o.Target] {
				t.Errorf("%s leads from %s to %s", o.ID, o.Source, o.Target)
			}
		}
	}
	if links != 2 {
		t.Errorf("%d relationships", links)
	}
}

// TestQuoting holds the quoting of names for each shell against what the shells read.
func TestQuoting(t *testing.T) {
	for in, want := range map[string][3]string{
		"o'brien":      {`'o'\''brien'`, `'o''brien'`, `"o'brien"`},
		"a’b":          {`'a’b'`, `'a’’b'`, `"a’b"`},
		`x"$(y)` + "`": {"'x\"$(y)`'", "'x\"$(y)`'", "\"x\\\"$(y)`\""},
		`a\b`:          {`'a\b'`, `'a\b'`, `"a\\b"`},
	} {
		if got := [3]string{sh(in), ps(in), forti(in)}; got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for _, n := range append(hostileNames, "a'b'c", `\\`, "a\nb") {
		out, err := exec.Command("sh", "-c", "printf %s "+sh(n)).Output()
		if err != nil || string(out) != n {
			t.Errorf("a shell reads %q as %q, %v", n, out, err)
		}
	}
	if got := ldapValue(`a*)(uid=\*`); got != `a\2a\29\28uid=\5c\2a` {
		t.Error(got)
	}
	for _, n := range []string{"a\nb", "a\x00", "taro\u202e", "\xff", " a", "a ", strings.Repeat("n", 300)} {
		if speakable(n) {
			t.Errorf("%q would stand in a command", n)
		}
	}
}
