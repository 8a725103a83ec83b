// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package storetest is what every store must do, as tests. A store's own test calls Run; what a store does beyond it, and
// how it defends itself, its own tests say.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
)

// Given is what a store is made of.
type Given struct {
	Inputs  []store.Input
	Events  []event.Event // in canonical order
	Batch   int           // events a call of Append gets
	Resolve store.Resolve
}

// Make makes a finished store and opens it. It reports failures to t, and cleans up through it.
type Make func(t testing.TB, g Given) store.Reader

// Run holds a store to its contract.
func Run(t *testing.T, make Make) {
	for name, test := range map[string]func(*testing.T, Make){
		"columns":    columns,
		"round trip": roundTrip,
		"batches":    batches,
		"accounts":   accounts,
		"empty":      empty,
		"refusals":   refusals,
		"context":    endsWithContext,
	} {
		t.Run(name, func(t *testing.T) { test(t, make) })
	}
}

func at(s string) event.Micros {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return event.Of(t)
}

// Samples returns events that use every column, every word and the limits of every number, in order of time.
func Samples() []event.Event {
	var all []event.Event
	add := func(e event.Event) {
		n := int64(len(all))
		e.Time = at("2025-07-01T00:00:00Z") + event.Micros(n)*1_000_001
		e.Format = "sample"
		e.Ref = event.Ref{Input: uint32(n % 2), Part: event.Part{Line: n + 1, Offset: n * 100, Length: 99}}
		all = append(all, e)
	}
	for c := range event.Classes() {
		add(event.Event{Class: event.Class(c)})
	}
	for a := range event.Activities() {
		add(event.Event{Activity: event.Activity(a)})
	}
	for o := range event.Outcomes() {
		for r := range event.Reasons() {
			add(event.Event{Outcome: event.Outcome(o), Reason: event.Reason(r)})
		}
	}
	add(event.Event{Account: "taro", Target: "root", SrcIP: netip.MustParseAddr("192.0.2.1"), SrcPort: 65535, SrcHost: "a", DstIP: netip.MustParseAddr("2001:db8::1"),
		DstPort: 1, DstHost: "ldap1.lab.example", SrcIsRelay: true, Service: "Office 365 Exchange Online", Client: "curl/8.5", Object: "/日本語/" + strings.Repeat("長", 5000),
		BytesIn: event.Some(0), BytesOut: event.Some(math.MaxInt64), Count: event.Some(-1), Duration: event.Some(math.MinInt64), Country: "JP", ASN: math.MaxUint32,
		Rest: []event.Field{event.Text("k", `q"\<`), event.Number("n", math.MaxInt64), event.Flag("f", true)}})
	add(event.Event{Account: "太郎@研究所.example", Object: "nul\x00, not UTF-8: \xff, escape: \x1b[31m", Client: strings.Repeat("x", 12), Service: strings.Repeat("y", 13)})
	all[len(all)-1].Ref.More = []event.Part{{Line: 7, Offset: 1 << 40, Length: 3}}
	all[len(all)-1].Ref.Offset = 1 << 50
	return all
}

func given(batch int) Given {
	return Given{Inputs: []store.Input{{Path: "logs/a.log"}, {Path: "logs/b's.log", Realm: "staff", Host: "idp"}}, Events: Samples(), Batch: batch}
}

// table reads a whole result as texts; null is "NULL".
func table(t testing.TB, r store.Reader, query string, args ...any) [][]string {
	t.Helper()
	rows, err := r.Query(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		row := make([]string, len(values))
		for i, v := range values {
			switch v := v.(type) {
			case nil:
				row[i] = "NULL"
			case time.Time:
				row[i] = v.UTC().Format("2006-01-02T15:04:05.000000Z")
			default:
				row[i] = fmt.Sprint(v)
			}
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

func columns(t *testing.T, make Make) {
	r := make(t, given(10))
	for _, want := range store.Tables() {
		rows, err := r.Query(context.Background(), "SELECT * FROM "+want.Name)
		if err != nil {
			t.Errorf("%s: %v", want.Name, err)
			continue
		}
		types, err := rows.ColumnTypes()
		if err != nil {
			t.Error(err)
		}
		rows.Close()
		if len(types) != len(want.Columns) {
			t.Errorf("%s has %d columns, want %d", want.Name, len(types), len(want.Columns))
			continue
		}
		for i, c := range want.Columns {
			if types[i].Name() != c.Name || types[i].DatabaseTypeName() != c.Type {
				t.Errorf("%s: column %d is %s %s, want %s %s", want.Name, i, types[i].Name(), types[i].DatabaseTypeName(), c.Name, c.Type)
			}
		}
	}
}

func text(s string) string {
	if s == "" {
		return "NULL"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func number(n int64, there bool) string {
	if !there {
		return "NULL"
	}
	return fmt.Sprint(n)
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return "NULL"
	}
	return a.String()
}

// want is the row that an event must be.
func want(e *event.Event, inputs []store.Input) []string {
	integer := func(i event.Int) string { return number(i.Get()) }
	return []string{e.Time.Time().Format("2006-01-02T15:04:05.000000Z"), e.Class.String(), e.Activity.String(), e.Outcome.String(), text(e.Reason.String()),
		text(e.Account), "NULL", address(e.SrcIP), number(int64(e.SrcPort), e.SrcPort != 0), text(e.SrcHost), address(e.DstIP), number(int64(e.DstPort), e.DstPort != 0),
		text(e.DstHost), fmt.Sprint(e.SrcIsRelay), text(e.Service), text(e.Client), text(e.Object), integer(e.BytesIn), integer(e.BytesOut), integer(e.Count),
		integer(e.Duration), text(e.Country), number(int64(e.ASN), e.ASN != 0), text(e.Format), text(inputs[e.Ref.Input].Path), fmt.Sprint(e.Ref.Line),
		fmt.Sprint(e.Ref.Offset), fmt.Sprint(e.Ref.Length), text(string(e.AppendRest(nil))), text(e.Target)}
}

func roundTrip(t *testing.T, make Make) {
	g := given(7)
	got := table(t, make(t, g), "SELECT * FROM events")
	if len(got) != len(g.Events) {
		t.Fatalf("%d rows, want %d", len(got), len(g.Events))
	}
	for i := range got {
		for j, w := range want(&g.Events[i], g.Inputs) {
			if got[i][j] != w {
				t.Errorf("event %d, column %s: %q, want %q", i, store.Tables()[0].Columns[j].Name, got[i][j], w)
			}
		}
	}
}

// batches appends many events in batches of several sizes: order and answers stay.
func batches(t *testing.T, make Make) {
	var many []event.Event
	for i := range 10_000 {
		many = append(many, event.Event{Time: event.Micros(1 + i/3), Class: event.ClassDNS, Object: strings.Repeat("z", i%40), Ref: event.Ref{Part: event.Part{Line: int64(i)}}})
	}
	var first [][]string
	for _, size := range []int{1, 1000, 4099, len(many)} {
		got := table(t, make(t, Given{Inputs: []store.Input{{Path: "x"}}, Events: many, Batch: size}), "SELECT line, object, time FROM events WHERE class = 'dns'")
		if first == nil {
			first = got
		}
		if len(got) != len(many) {
			t.Fatalf("batches of %d: %d rows, want %d", size, len(got), len(many))
		}
		for i := range got {
			if strings.Join(got[i], " ") != strings.Join(first[i], " ") || got[i][0] != fmt.Sprint(i) {
				t.Fatalf("batches of %d: row %d is %q, want %q", size, i, got[i], first[i])
			}
		}
	}
}

// accounts checks that a spelling is resolved by its realm and its time.
func accounts(t *testing.T, make Make) {
	day := func(d int) event.Micros { return at(fmt.Sprintf("2025-07-%02dT00:00:00Z", d)) }
	e := func(d int, account string, input uint32) event.Event {
		return event.Event{Time: day(d), Account: account, Ref: event.Ref{Input: input, Part: event.Part{Line: int64(d)}}}
	}
	g := Given{Inputs: []store.Input{{Path: "a"}, {Path: "b", Realm: "students"}}, Batch: 2,
		Events: []event.Event{e(1, "taro", 0), e(2, "taro", 1), e(3, "TARO@lab.example", 0), e(4, "neko77", 0), e(9, "neko77", 0), e(10, "neko77", 0), e(11, "nobody", 0), e(12, "", 0)},
		Resolve: func(realm, account string) []store.Period {
			switch {
			case realm == "students":
				return []store.Period{{ID: "A-students-" + account, Name: account}}
			case account == "taro" || account == "TARO@lab.example":
				return []store.Period{{ID: "A-taro", Name: "taro@lab.example"}}
			case account == "neko77": // hanako's until the 9th, jiro's from the 10th on, nobody's between
				return []store.Period{{To: day(9), ID: "A-hanako", Name: "hanako@lab.example"}, {From: day(10), ID: "A-jiro", Name: "jiro@lab.example"}}
			}
			return nil
		}}
	r := make(t, g)
	got := fmt.Sprint(table(t, r, "SELECT line, account_id FROM events ORDER BY line"))
	if want := "[[1 A-taro] [2 A-students-taro] [3 A-taro] [4 A-hanako] [9 NULL] [10 A-jiro] [11 NULL] [12 NULL]]"; got != want {
		t.Errorf("accounts of events:\n%s\nwant\n%s", got, want)
	}
	got = fmt.Sprint(table(t, r, "SELECT * FROM accounts"))
	if want := "[[A-hanako hanako@lab.example] [A-jiro jiro@lab.example] [A-students-taro taro] [A-taro taro@lab.example]]"; got != want {
		t.Errorf("accounts:\n%s\nwant\n%s", got, want)
	}
	got = fmt.Sprint(table(t, r, "SELECT account, valid_from, valid_to, account_id FROM aliases WHERE account = ? ORDER BY valid_from NULLS FIRST", "neko77"))
	if want := "[[neko77 NULL 2025-07-09T00:00:00.000000Z A-hanako] [neko77 2025-07-10T00:00:00.000000Z NULL A-jiro]]"; got != want {
		t.Errorf("aliases:\n%s\nwant\n%s", got, want)
	}
	got = fmt.Sprint(table(t, r, "SELECT line FROM events WHERE account_id = 'A-taro' AND time < TIMESTAMP '2025-07-02' ORDER BY line"))
	if want := "[[1]]"; got != want {
		t.Errorf("rows of an account: %s, want %s", got, want)
	}
}

func empty(t *testing.T, make Make) {
	r := make(t, Given{})
	if got := fmt.Sprint(table(t, r, "SELECT count(*), min(time), max(account_id) FROM events")); got != "[[0 NULL NULL]]" {
		t.Errorf("an empty store answers %s", got)
	}
	if got := table(t, r, "SELECT * FROM events"); len(got) != 0 {
		t.Errorf("an empty store has rows: %v", got)
	}
}

func refusals(t *testing.T, make Make) {
	r := make(t, given(10))
	for _, q := range []string{"DROP TABLE inputs", "DELETE FROM events", "INSERT INTO inputs VALUES ('x', 'y', 'z')", "CREATE TABLE x (i INTEGER)", "SELECT 1; SELECT 2",
		"SELECT 1; DROP TABLE inputs", "SET threads = 1", "/* SELECT */ UPDATE inputs SET input = ''"} {
		rows, err := r.Query(context.Background(), q)
		if err == nil {
			rows.Close()
			t.Errorf("%s is answered", q)
		} else if !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s: %v does not say that it is refused", q, err)
		}
	}
	for _, q := range []string{"", "SELEC", "SELECT nothing FROM events", "SELECT * FROM events WHERE"} {
		if rows, err := r.Query(context.Background(), q); err == nil {
			rows.Close()
			t.Errorf("%q is answered", q)
		}
	}
	if got := table(t, r, "SELECT count(*) FROM inputs"); got[0][0] != "2" {
		t.Errorf("after the refusals there are %s inputs, want 2", got[0][0])
	}
}

func endsWithContext(t *testing.T, make Make) {
	r := make(t, given(10))
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	const long = "SELECT count(*) FROM events a, events b, events c, events d, events e WHERE a.line + b.line + c.line + d.line + e.line = 7"
	rows, err := r.Query(ctx, long)
	if err == nil {
		for rows.Next() {
		}
		err = rows.Err()
		rows.Close()
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a query without end gave %v", err)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("a query ended %v after its context", d)
	}
	if got := table(t, r, "SELECT 1 + 1"); got[0][0] != "2" {
		t.Errorf("after an interrupted query: %v", got)
	}
}
