// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// one reads a rule with that detection, for any log.
func one(t testing.TB, detection string) (*Rule, []*Error) {
	t.Helper()
	text := "title: t\nlogsource: {product: p}\ndetection:\n" + indent(detection) + "\n"
	rules, errs := Read("t.yml", []byte(text), ReadOptions{Placeholders: map[string][]string{"servers": {"srv*", "db1"}}})
	if len(rules) == 1 {
		return rules[0], nil
	}
	return nil, errs
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ")
}

// matches asks both evaluations, which must agree.
func matches(t testing.TB, r *Rule, rec *Record) bool {
	t.Helper()
	rec.Source = &Source{Product: "p"}
	plain := r.Matches(rec)
	if got := len(Compile(&Set{Rules: []*Rule{r}}).NewMatcher().Match(rec)) == 1; got != plain {
		t.Errorf("compiled %v, as written %v, of %v", got, plain, rec.Fields)
	}
	return plain
}

// TestModifiers tries every modifier of the specification on values that hold and values that do not.
func TestModifiers(t *testing.T) {
	for _, c := range []struct {
		item     string
		yes, not []string
	}{
		{`f: abc`, []string{"abc", "ABC"}, []string{"abcd", "xabc", ""}},
		{`f: 'a*c?'`, []string{"acx", "abbbcd"}, []string{"ac", "acxy"}},
		{`f: 'a\*c'`, []string{"a*c"}, []string{"abc", `a\*c`}},
		{`f: 'a\\*c'`, []string{`a\c`, `a\bbc`}, []string{"abc", "a*c"}},
		{`f: 'a\\\*c'`, []string{`a\*c`}, []string{`a\bc`}},
		{`f: 'C:\Windows\x.exe'`, []string{`c:\windows\X.EXE`}, []string{`c:windowsx.exe`}},
		{`f: '\\share\x'`, []string{`\share\x`}, []string{`\\share\x`}},
		{`f: ''`, []string{""}, []string{"a"}},
		{`f: 4624`, []string{"4624"}, []string{"46240"}},
		{`f: true`, []string{"true", "True"}, []string{"false"}},
		{`f|contains: bc`, []string{"bc", "abcd", "ABCD"}, []string{"bxc"}},
		{`f|startswith: ab`, []string{"ab", "abc"}, []string{"xab"}},
		{`f|endswith: bc`, []string{"bc", "abc"}, []string{"bcx"}},
		{`f|endswith: 'b?d'`, []string{"abxd"}, []string{"abd", "bxdx"}},
		{`f|contains|all: [a, b]`, []string{"xbxa"}, []string{"a", "b"}},
		{`f|contains: [a, b]`, []string{"a", "b"}, []string{"c"}},
		{`f|cased: aB`, []string{"aB"}, []string{"ab", "AB"}},
		{`f|contains|cased: aB`, []string{"xaBx"}, []string{"xabx"}},
		{`f|re: '^a.c$'`, []string{"abc"}, []string{"ABC", "xabc"}},
		{`f|re: 'b+'`, []string{"abbc"}, []string{"ac"}},
		{`f|re|i: '^a.c$'`, []string{"ABC"}, []string{"a\nc"}},
		{`f|re|s: '^a.c$'`, []string{"a\nc"}, []string{"A\nC"}},
		{`f|re|m: '^b$'`, []string{"a\nb\nc"}, []string{"abc"}},
		{`f|re|i|m: '^b$'`, []string{"a\nB\nc"}, []string{"abc"}},
		{`f|windash|contains: ' -f x'`, []string{"a -f x", "a /f x", "a –f x", "a —f x", "a ―f x"}, []string{"a f x", "a +f x"}},
		{`f|contains|windash: ['-a -b', 'x-y']`, []string{"/a —b", "-a /b", "x-y"}, []string{"x/y", "x–y"}},
		{`f|base64: foo`, []string{"Zm9v"}, []string{"foo"}},
		{`f|base64offset|contains: foobar`, []string{"Zm9vYmFy", "xZm9vYmFy", "zZvb2Jhcg", "ZmZvb2Jhcg", "eGZvb2Jhcg=="}, []string{"foobar"}},
		{`f|wide|base64offset|contains: ping`, []string{"cABpAG4AZw", "xAHAAaQBuAGcA"}, []string{"cGluZw"}},
		{`f|utf16le: ab`, []string{"a\x00b\x00"}, []string{"ab"}},
		{`f|utf16be: ab`, []string{"\x00a\x00b"}, []string{"ab"}},
		{`f|utf16: ab`, []string{"\xff\xfea\x00b\x00"}, []string{"ab"}},
		{`f|cidr: 192.168.0.0/16`, []string{"192.168.3.4", "::ffff:192.168.3.4"}, []string{"192.169.0.1", "x"}},
		{`f|cidr: ['10.0.0.0/8', '2001:db8::/32']`, []string{"10.1.1.1", "2001:db8::1"}, []string{"2001:db9::1"}},
		{`f|lt: 5`, []string{"4", "-1", "4.9", "0x4"}, []string{"5", "a", ""}},
		{`f|lte: 5`, []string{"5"}, []string{"6"}},
		{`f|gt: 5`, []string{"6", "5.5"}, []string{"5"}},
		{`f|gte: 5`, []string{"5"}, []string{"4"}},
		{`f|neq: abc`, []string{"x"}, []string{"abc", "ABC"}},
		{`f|neq: [a, b]`, []string{"c"}, []string{"a", "b"}},
		{`f|exists: true`, []string{"a", ""}, nil},
		{`f|exists: false`, nil, []string{"a", ""}},
		{`f: null`, []string{""}, []string{"a"}},
		{`f|fieldref: g`, []string{"gg", "GG"}, []string{"g"}},
		{`f|fieldref|endswith: g`, []string{"xgg"}, []string{"ggx"}},
		{`f|fieldref|neq: g`, []string{"x"}, []string{"gg"}},
		{`f|expand: 'a%servers%'`, []string{"asrv9", "adb1"}, []string{"a%servers%", "adb2"}},
		{`f|expand: '\%servers%'`, []string{"%servers%"}, []string{"db1"}},
		{`f: '%servers%'`, []string{"%servers%"}, []string{"db1"}},
		{`f|hour: 3`, []string{"2025-06-02T03:59:00+09:00", "2025-06-02 03:00:00"}, []string{"2025-06-02T13:00:00Z", "3"}},
		{`f|hour|gte: 22`, []string{"2025-06-02T22:00:00Z"}, []string{"2025-06-02T21:59:59Z"}},
		{`f|minute: 5`, []string{"2025-06-02T22:05:00Z"}, []string{"2025-06-02T22:50:00Z"}},
		{`f|day: [1, 2]`, []string{"2025-06-02"}, []string{"2025-06-03"}},
		{`f|week: 23`, []string{"2025-06-02T00:00:00Z"}, []string{"2025-06-10T00:00:00Z"}},
		{`f|month|lt: 7`, []string{"2025-06-02T00:00:00Z"}, []string{"2025-07-02T00:00:00Z"}},
		{`f|year|neq: 2025`, []string{"2024-06-02T00:00:00Z", "1717286400"}, []string{"2025-07-02T00:00:00Z"}},
		{`f: 'ÄÖ'`, []string{"äö"}, []string{"ao"}},
		{`'|all': [gg, ab]`, []string{"xabx"}, []string{"b"}},
	} {
		r, errs := one(t, "selection:\n  "+c.item+"\ncondition: selection")
		if r == nil {
			t.Errorf("%s: %v", c.item, errs)
			continue
		}
		for want, values := range map[bool][]string{true: c.yes, false: c.not} {
			for _, v := range values {
				if got := matches(t, r, &Record{Fields: []Field{{Name: "f", Value: v}, {Name: "g", Value: "gg"}}}); got != want {
					t.Errorf("%s of %q: %v", c.item, v, got)
				}
			}
		}
	}
}

// TestConditions tries the language of conditions.
func TestConditions(t *testing.T) {
	const selections = "selection_a: {f: a}\nselection_b: {g: b}\nfilter_x: {h: x}\n_hidden: {f: nothing}\n"
	for condition, want := range map[string][4]bool{ // of a; of a and b; of a, b and x; of x
		"selection_a":                                 {true, true, true, false},
		"selection_a and selection_b":                 {false, true, true, false},
		"selection_b or filter_x":                     {false, true, true, true},
		"selection_a and not filter_x":                {true, true, false, false},
		"1 of selection_*":                            {true, true, true, false},
		"any of selection_*":                          {true, true, true, false},
		"all of selection_*":                          {false, true, true, false},
		"1 of them":                                   {true, true, true, true},
		"all of them":                                 {false, false, true, false},
		"all of selection_* and not 1 of filter_*":    {false, true, false, false},
		"not selection_a or selection_b and filter_x": {false, false, true, true},
		"(selection_a or filter_x) and selection_b":   {false, true, true, false},
		"not (selection_a and selection_b)":           {true, false, false, true},
		"[selection_b, filter_x]":                     {false, true, true, true},
		"1 of *_b":                                    {false, true, true, false},
	} {
		r, errs := one(t, selections+"condition: "+condition)
		if r == nil {
			t.Errorf("%s: %v", condition, errs)
			continue
		}
		a, b, x := Field{Name: "f", Value: "a"}, Field{Name: "g", Value: "b"}, Field{Name: "h", Value: "x"}
		for i, fields := range [][]Field{{a}, {a, b}, {a, b, x}, {x}} {
			if got := matches(t, r, &Record{Fields: fields}); got != want[i] {
				t.Errorf("%s of %v: %v", condition, fields, got)
			}
		}
	}
}

// TestRefused checks that what is wrong is refused, with the line and a reason.
func TestRefused(t *testing.T) {
	for detection, want := range map[string]string{
		"selection: {f: a}":                                                         "4: the detection has no condition",
		"selection: {f: a}\ncondition: selektion":                                   `5: the condition names "selektion"`,
		"selection: {f: a}\ncondition: selection and":                               "5: the condition breaks off",
		"selection: {f: a}\ncondition: (selection":                                  "5: a bracket",
		"selection: {f: a}\ncondition: selection | count() > 5":                     "5: \"|\" in the condition: aggregations",
		"selection: {f: a}\ncondition: 2 of selection*":                             "\"2\" of: the specification has",
		"selection: {f: a}\ncondition: 1 of other*":                                 "5: no selection is like",
		"selection: {f|like: a}\ncondition: selection":                              `4: there is no modifier "like"`,
		"selection:\n  f|re: '(?<=a)b'\ncondition: selection":                       "5: regular expression",
		"selection:\n  f|re: '(a)\\1'\ncondition: selection":                        "5: regular expression",
		"selection:\n  f|cidr: 10.0.0.0/99\ncondition: selection":                   "5: \"10.0.0.0/99\" is no network",
		"selection:\n  f|gt: much\ncondition: selection":                            "5: gt asks for a number",
		"selection:\n  f|base64: 'a*'\ncondition: selection":                        "5: base64 takes no wildcards",
		"selection:\n  f|re|contains: a\ncondition: selection":                      "5: re takes its value as it is",
		"selection:\n  f|exists: maybe\ncondition: selection":                       "5: exists asks for true or false",
		"selection: {}\ncondition: selection":                                       "4: an empty selection",
		"selection:\n  f: {a: b}\ncondition: selection":                             "5: the value of \"f\" is a mapping",
		"selection: {f: a}\ncondition: " + strings.Repeat("not ", 99) + "selection": "nested more than",
	} {
		r, errs := one(t, detection)
		if r != nil || len(errs) != 1 || !strings.HasPrefix(fmt.Sprintf("%d: %s", errs[0].Line, errs[0].Text), want) && !strings.Contains(errs[0].Text, want) {
			t.Errorf("%s: %v, not %s", detection, errs, want)
		}
	}
	for text, want := range map[string]string{
		"title: t\n\tx: y": "t.yml:2: not YAML",
		"- a":              "t.yml:1: a rule is a mapping",
		"":                 "t.yml:1: the file holds no rule",
		"title: t\ndetection: {s: {a: b}, condition: s}":  "t.yml:1: the rule has no logsource",
		"id: x\nlogsource: {product: p}":                  "t.yml:1: the rule has no title",
		"title: t\nlevel: grave\nlogsource: {product: p}": "t.yml:2: there is no level",
		"title: t\nlogsource: {product: p}":               "one of detection, correlation and filter",
		"title: t\naction: global":                        "t.yml:2: action",
		"a: &a [b, b]\nc: &c [*a, *a, *a, *a, *a, *a, *a, *a]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]\ng: &g [*f, *f, *f, *f, *f, *f, *f, *f]\nh: [*g, *g, *g, *g, *g, *g, *g, *g]": "unfolds",
	} {
		_, errs := Read("t.yml", []byte(text), ReadOptions{})
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("%q: %v, not %q", text, errs, want)
		}
	}
}

// TestFilters checks that both ways in which filters are written take matches away, and only from the rules that they name.
func TestFilters(t *testing.T) {
	const rules = `title: first
id: 00000000-0000-4000-8000-000000000001
logsource: {product: p}
detection: {selection: {f: a}, condition: selection}
---
title: second
name: second_rule
logsource: {product: p}
detection: {selection: {f: a}, condition: selection}
---
title: filter
logsource: {product: p}
`
	for filter, want := range map[string]string{
		"filter: {rules: [00000000-0000-4000-8000-000000000001], selection: {u: adm}, condition: selection}":    "second",
		"filter: {rules: [second_rule], selection: {u: adm}, condition: not selection}":                         "first",
		"filter: {rules: any, selection: {u: adm}, condition: selection}":                                       "",
		"filter: {rules: any, selection: {u: adm}, other: {u: nobody}, condition: not selection and not other}": "",
		"filter: {rules: any, selection: {u: nobody}, condition: selection}":                                    "first second",
	} {
		rules, errs := Read("f.yml", []byte(rules+filter), ReadOptions{})
		set := Join(rules)
		if errs = append(errs, set.Errors...); len(errs) > 0 {
			t.Error(filter, errs)
		}
		m := Compile(set).NewMatcher()
		var got []string
		for _, r := range m.Match(&Record{Source: &Source{Product: "p"}, Fields: []Field{{Name: "f", Value: "a"}, {Name: "u", Value: "adm"}}}) {
			got = append(got, r.Title)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v match, not %s", filter, got, want)
		}
		if n := len(m.Match(&Record{Source: &Source{Product: "p"}, Fields: []Field{{Name: "f", Value: "a"}}})); n != 2 {
			t.Errorf("%s: %d match where the filter has nothing to say", filter, n)
		}
	}
}

// FuzzRead reads anything as a rule file, and shows what can be used a record.
func FuzzRead(f *testing.F) {
	f.Add("title: t\nlogsource: {product: p}\ndetection: {s: {f|contains|windash: ' -a'}, condition: s}", "x -a")
	f.Add("title: t\nlogsource: {product: p}\ndetection: {s: {f|re|i: 'a+b*'}, k: [x, 'y*z'], condition: 1 of them}", "aab yz")
	f.Add(base+"title: t\ncorrelation: {type: value_count, rules: [failed], group-by: [a], timespan: 1m, condition: {field: f, gte: 2}}", "failure")
	f.Add("title: f\nlogsource: {product: p}\nfilter: {rules: any, s: {f: a}, condition: not s}", "a")
	f.Fuzz(func(t *testing.T, text, value string) {
		rules, _ := Read("f.yml", []byte(text), ReadOptions{})
		set := Join(rules)
		rec := Record{Time: 1, Source: &Source{every: true}, Fields: []Field{{Name: "f", Value: value}, {Name: "outcome", Value: value}, {Name: "a", Value: value}}, Text: value}
		m := Compile(set).NewMatcher()
		c := NewCorrelator(set, 4)
		got := m.Match(&rec)
		var plain []*Rule
		for _, r := range set.Rules {
			if r.Matches(&rec) {
				plain = append(plain, r)
			}
		}
		if len(got) != len(plain) {
			t.Fatalf("compiled %d, as written %d", len(got), len(plain))
		}
		for _, r := range got {
			c.Observe(&Hit{Rule: r, Record: &rec}, func(*Told) {})
		}
		c.Finish(func(*Told) {})
	})
}

// FuzzMatch holds the compiled rules against the rules as they are written.
func FuzzMatch(f *testing.F) {
	for _, s := range [][2]string{{"a*b?c", "axbxc"}, {`\*`, "*"}, {" -x", " –x"}, {"ÄÖ", "xäöx"}, {"\xff", "\xff"}, {"K", "\u212a"}, {"longliteral", "xxlongLITERALlongliterallonglongliteral"}, {"longer@literal", "longer`literal longer@literal"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, value string) {
		for _, mods := range [][]string{nil, {"contains"}, {"startswith"}, {"endswith"}, {"cased"}, {"contains", "cased"}, {"windash", "contains"}, {"windash", "endswith"}, {"re"}, {"re", "i"}, {"base64offset", "contains"}, {"wide", "contains"}} {
			m, err := readModifiers(mods)
			if err != nil {
				t.Fatal(err)
			}
			d := &detector{hold: func(string) ([]string, bool) { return nil, false }, need: map[string]bool{}}
			for _, field := range []string{"f", ""} {
				e, err := d.value(field, m, scalar(pattern))
				if err != nil {
					continue
				}
				r := &Rule{Title: "t", Source: LogSource{Product: "p"}, Match: e}
				matches(t, r, &Record{Fields: []Field{{Name: "f", Value: value}}, Text: value})
			}
		}
	})
}

// TestSources checks which rules are for which records.
func TestSources(t *testing.T) {
	own := &Source{Product: OwnProduct, Services: []string{"openssh"}, Categories: []string{"dns"}}
	sysmon := WindowsSource("Microsoft-Windows-Sysmon/Operational", "1")
	for _, c := range []struct {
		s    *Source
		l    LogSource
		want bool
	}{
		{own, LogSource{Product: OwnProduct}, true},
		{own, LogSource{Category: "dns"}, false}, // that is for the log itself: else a record would count twice
		{AnySource(), LogSource{Category: "dns"}, true},
		{AnySource(), LogSource{Product: OwnProduct}, false},
		{sysmon, LogSource{Product: "windows", Category: "process_creation"}, true},
		{sysmon, LogSource{Category: "process_creation"}, true},
		{sysmon, LogSource{Product: "linux", Category: "process_creation"}, false},
		{sysmon, LogSource{Product: "windows", Service: "sysmon"}, true},
		{sysmon, LogSource{Product: "windows", Service: "security"}, false},
		{WindowsSource("Security", "4688"), LogSource{Product: "windows", Category: "process_creation"}, true},
		{WindowsSource("PowerShellCore/Operational", "4104"), LogSource{Product: "windows", Category: "ps_script"}, true},
		{WindowsSource("Microsoft-Windows-Windows Defender/Operational", "1116"), LogSource{Category: "antivirus"}, true},
	} {
		if got := c.s.Has(c.l); got != c.want {
			t.Errorf("%+v for %+v: %v", c.s, c.l, got)
		}
	}
}

// TestUnknownLog checks that a record of an unknown log is not matched for what it does not have.
func TestUnknownLog(t *testing.T) {
	rec := &Record{Source: AnySource(), Fields: []Field{{Name: "f", Value: "a"}}}
	for condition, want := range map[string]bool{"selection": true, "not selection": false, "not other": false, "selection and not other": true} {
		r, _ := one(t, "selection: {f: a}\nother: {g: b}\ncondition: "+condition)
		if got := r.Matches(rec); got != want || got != (len(Compile(&Set{Rules: []*Rule{r}}).NewMatcher().Match(rec)) == 1) {
			t.Errorf("%s: %v", condition, got)
		}
	}
}

// TestCoarse fills a correlation with more groups than it tells apart: what went on before is still told, and what is told of the
// others says that it is coarse.
func TestCoarse(t *testing.T) {
	rules, _ := Read("t.yml", []byte(base+"title: t\ncorrelation: {type: event_count, rules: [failed], group-by: [account], timespan: 1d, condition: {gte: 10}}\n"), ReadOptions{})
	set := Join(rules)
	c := NewCorrelator(set, 1000)
	r := Record{Time: 1, Fields: []Field{{Name: "outcome", Value: "failure"}, {Name: "account"}}}
	told := map[string]bool{}
	observe := func(account string) {
		r.Time += 1000
		r.Fields[1].Value = account
		c.Observe(&Hit{Rule: set.Rules[0], Record: &r}, func(t *Told) { told[fmt.Sprint(t.Group[0].Value, t.Coarse)] = true })
	}
	for i := range 9 {
		observe("slow")
		for n := range 100_000 {
			observe(fmt.Sprintf("fresh%d-%d", i, n))
		}
	}
	observe("slow")
	if !told["slowfalse"] {
		t.Errorf("what went on slowly was lost: %d told", len(told))
	}
	if n := c.State(); n > 1000+coarseGroups {
		t.Errorf("%d groups are kept", n)
	}
}

// TestConcurrent lets several goroutines use one engine.
func TestConcurrent(t *testing.T) {
	r, _ := one(t, "selection: {f|contains: abc}\nkeywords: [keyword]\ncondition: 1 of them")
	e := Compile(&Set{Rules: []*Rule{r}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			m := e.NewMatcher()
			for i := range 200 {
				s := &Source{Product: "p", Services: []string{fmt.Sprint(i)}}
				if len(m.Match(&Record{Source: s, Fields: []Field{{Name: "f", Value: "xABCx"}}})) != 1 || len(m.Match(&Record{Source: s, Text: "a KEYWORD"})) != 1 {
					t.Error("no match")
				}
			}
		})
	}
	wg.Wait()
}
