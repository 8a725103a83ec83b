// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sekisho/sekisho/event"
)

// Case is one test of a rule, written beside it: records, and how often the rule is to match.
type Case struct {
	Name    string
	Line    int
	Fires   int
	Records []Record // in order of time; their source is that of the rules
}

// maxCase bounds the records of one case.
const maxCase = 100_000

// readCases reads the list under "tests":
//
//	tests:
//	  - name: ten failures in a minute
//	    fires: 1
//	    events:
//	      - {$time: 2025-07-01T10:00:00Z, $times: 10, $every: 6s, account: taro, outcome: failure}
//
// $times repeats a record, $every moves each repetition on, and {n} in a value is its number.
func readCases(n *yaml.Node) ([]Case, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, faultAt(n, "tests is a list of cases")
	}
	var out []Case
	for _, one := range n.Content {
		one = deref(one)
		var raw struct {
			Name   string
			Fires  *int
			Events []yaml.Node
		}
		if err := one.Decode(&raw); err != nil || raw.Name == "" || raw.Fires == nil || len(raw.Events) == 0 {
			return nil, faultAt(one, "a case has a name, the number of matches under fires, and events")
		}
		c := Case{Name: raw.Name, Line: one.Line, Fires: *raw.Fires}
		for i := range raw.Events {
			if err := c.add(deref(&raw.Events[i])); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// add adds the records of one entry.
func (c *Case) add(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return faultAt(n, "an event of a case is a mapping of fields and values")
	}
	times, every := 1, time.Duration(0)
	var at event.Micros
	if len(c.Records) > 0 {
		at = c.Records[len(c.Records)-1].Time
	}
	var fields []Field
	text := ""
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i].Value, deref(n.Content[i+1])
		var err error
		switch key {
		case "$time":
			var t time.Time
			if t, err = time.Parse(time.RFC3339Nano, v.Value); err == nil {
				at = event.Of(t)
			}
		case "$after":
			var d time.Duration
			if d, err = time.ParseDuration(v.Value); err == nil {
				at = at.Add(d)
			}
		case "$times":
			times, err = strconv.Atoi(v.Value)
		case "$every":
			every, err = time.ParseDuration(v.Value)
		case "$text":
			text = v.Value
		default:
			list, lerr := texts(v)
			if lerr != nil {
				return faultAt(v, "the value of %q is no text and no list of texts", key)
			}
			for _, t := range list {
				fields = append(fields, Field{Name: key, Value: t, Null: v.Tag == "!!null"})
			}
		}
		if err != nil {
			return faultAt(v, "%s: %q is not understood", key, v.Value)
		}
	}
	if times < 1 || times+len(c.Records) > maxCase {
		return faultAt(n, "$times: a case has 1 to %d records", maxCase)
	}
	for i := range times {
		r := Record{Time: at.Add(time.Duration(i) * every), Text: text}
		for _, f := range fields {
			f.Value = strings.ReplaceAll(f.Value, "{n}", strconv.Itoa(i+1))
			r.Fields = append(r.Fields, f)
		}
		c.Records = append(c.Records, r)
	}
	return nil
}
