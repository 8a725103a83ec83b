// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package own

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/internal/golden"
)

// TestBuiltin holds what comes with Sekisho to its own samples, and to saying that it is unverified.
func TestBuiltin(t *testing.T) {
	all, err := Builtin()
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	taken := map[string]bool{}
	for _, f := range formats.All() {
		taken[f.Name] = true
	}
	for _, d := range all {
		if d.Unverified == "" || d.About.Export == "" || d.About.Takes == "" || d.About.Leaves == "" || taken[d.Name] {
			t.Errorf("%s: must say that it is unverified, how to export it, what is taken and left, and bear a name of its own", d.File)
		}
		f, err := d.Format()
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("..", "..", "docs", "reference", "formats", "own", d.Name+".md"), []byte(f.Page()))
	}
}

const good = `
name: door
source: host
what: A door.
records: lines
pattern: "%{time} door %{object} %{result} by %{account} from %{src_ip}"
time: {layouts: ["%Y/%m/%d-%H:%M:%S"], zone: Asia/Tokyo}
set: {class: authentication, activity: logon}
when:
  - {field: result, is: opened, set: {outcome: success}}
  - {field: result, is: [refused, jammed], set: {outcome: failure, reason: denied}}
samples:
  - record: 2025/03/03-20:06:40 door A-1 refused by hanako from 192.0.2.7
    event: {time: 2025-03-03T11:06:40, account: hanako, outcome: failure, reason: denied, object: A-1, result: refused, src_ip: 192.0.2.7}
  - record: something else
    event: none
`

func TestParse(t *testing.T) {
	d, err := Parse("door.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Format()
	if err != nil {
		t.Fatal(err)
	}
	line := []byte("2025/03/03-20:06:40 door A-1 opened by taro from 2001:db8::7")
	if s := f.Sniff(line); s < 0.5 {
		t.Errorf("sniffed %v", s)
	}
	all := append(formats.All(), f)
	order := make([]*formats.Format, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	r := formats.NewReader(order, &formats.Env{Clock: &formats.Clock{}, Intern: formats.NewInterner()})
	var out event.Batch
	if err := r.Read(&event.Record{Part: event.Part{Line: 1, Length: int64(len(line))}, Data: line}, &out); err != nil || len(out.Events) != 1 || out.Events[0].Format != "door" {
		t.Errorf("%v %+v", err, out.Events)
	}
}

// TestMistakes wants every bad definition refused with the line and the reason.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"name: door", "name: Door", `d.yaml:2: name: "Door"`},
		{"name: door", "nmae: door", `the key "nmae" is not known`},
		{"records: lines", "records: rows", `d.yaml:5: records: "rows"`},
		{"%{object} %{result}", "%{object}%{result}", "two fields with nothing between them"},
		{"%{src_ip}", "%{SRC}", `no field can be called "SRC"`},
		{"%{src_ip}", "%{src_ip", "not closed"},
		{"Asia/Tokyo", "Mars/Base", `there is no zone "Mars/Base"`},
		{"%H:%M:%S", "%H:%Q:%S", "the layout"},
		{"activity: logon", "activity: knock", `"knock" is no word`},
		{"pattern:", "regexp:", "begin it with ^"},
		{"pattern: \"%{time}", "regexp: \"^(", "error parsing regexp"},
		{"class: authentication, ", "", "set.class is missing"},
		{"account: hanako, outcome", "account: taro, outcome", `d.yaml:13: sample 1: account is "hanako", wanted "taro"`},
		{"event: none", "event: {account: x}", "sample 2: it is not read"},
		{"source: host\n", "", "source is missing"},
		{"field: result, is: opened", "is: opened", "when: wants field"},
		{"%{time} door", "%{when} door", "no field is called time"},
		{"what: A door.", "what: [a, b]", "what: wants a text"},
	} {
		text := strings.Replace(good, c.from, c.to, 1)
		if text == good {
			t.Fatalf("%q does not stand in the sample", c.from)
		}
		if _, err := Parse("d.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.to, err, c.want)
		}
	}
	for _, text := range []string{"", "- a", "name: [", "a: &a {b: *a}", "\xff\xfe"} {
		if _, err := Parse("d.yaml", []byte(text)); err == nil {
			t.Errorf("%q must be refused", text)
		}
	}
}

// FuzzOwn reads records by patterns: none may panic, and what is taken lies within the record.
func FuzzOwn(f *testing.F) {
	f.Add("%{time} x %{account}", "2025-03-03T00:00:00 x hanako")
	f.Add("%{a->} %{}: %{b} end", "1   2: 3 end")
	f.Fuzz(func(t *testing.T, pattern, record string) {
		d := formats.Definition{Name: "x", Patterns: []formats.Pattern{{Dissect: pattern}}}
		form, err := d.Format()
		if err != nil {
			return
		}
		form.Sniff([]byte(record))
	})
}

// FuzzDefinition reads definitions: none may panic.
func FuzzDefinition(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, text []byte) { _, _ = Parse("d.yaml", text) })
}
