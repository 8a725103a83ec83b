// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package own

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
)

// check looks at what only shows when all is read.
func (d *Definition) check(p *problems, root *yaml.Node) {
	ways := 0
	for _, n := range []int{len(d.Patterns), len(d.Columns), len(d.Keys)} {
		if n > 0 {
			ways++
		}
	}
	fits := len(d.Patterns) > 0 && d.Framing == event.FrameLines || len(d.Columns) > 0 && d.Framing == event.FrameCSV || len(d.Keys) > 0 && d.Framing == event.FrameJSON
	switch {
	case d.Name == "":
		p.add(root, "name is missing")
	case d.Source == "":
		p.add(root, "source is missing: the kind of source, such as files, mail, web, vpn, host, directory")
	case ways != 1:
		p.add(root, "wants one of pattern, regexp, patterns (for lines), columns (for csv) and keys (for json)")
	case !fits:
		p.add(root, "records: patterns are for lines, columns for csv, keys for json")
	case d.About.What == "":
		p.add(root, "what is missing: the product and its versions")
	case len(d.Samples) == 0:
		p.add(root, "samples are missing: a record and the event that must come of it, at least one")
	case !d.classes():
		p.add(root, "set.class is missing: what kind of thing the records tell of")
	case !d.timed():
		p.add(root, "no field is called time: a record without one is no event")
	}
}

// classes says whether every record gets a class.
func (d *Definition) classes() bool {
	if d.Set.HasClass() {
		return true
	}
	for i := range d.Patterns {
		if !d.Patterns[i].Set.HasClass() {
			return false
		}
	}
	return len(d.Patterns) > 0
}

func (d *Definition) timed() bool {
	if d.Program != "" {
		return true // the head's time
	}
	for _, c := range append(append([]formats.Naming(nil), d.Columns...), d.Keys...) {
		if c.Field == "time" || c.Field == "date" {
			return true
		}
	}
	for i := range d.Patterns {
		p := &d.Patterns[i]
		if p.Regexp != nil && p.Regexp.SubexpIndex("time") < 0 && p.Regexp.SubexpIndex("date") < 0 || p.Regexp == nil && !strings.Contains(p.Dissect, "%{time}") && !strings.Contains(p.Dissect, "%{time->}") {
			return false
		}
	}
	return len(d.Patterns) > 0
}

// Test reads the samples and returns what came out otherwise than the definition says.
func (d *Definition) Test() []error {
	f, err := d.Definition.Format()
	if err != nil {
		return []error{fmt.Errorf("%s:1: %w", d.File, err)}
	}
	var out []error
	for i := range d.Samples {
		if err := d.Samples[i].test(&f); err != nil {
			out = append(out, fmt.Errorf("%s:%d: sample %d: %w", d.File, d.Samples[i].Line, i+1, err))
		}
	}
	return out
}

func (s *Sample) test(f *formats.Format) error {
	env := &formats.Env{Clock: &formats.Clock{Year: 2025}, Intern: formats.NewInterner()}
	parser := f.New(env)
	var out event.Batch
	var err error
	recs := []string{s.Record}
	if f.Framing == event.FrameCSV {
		recs = strings.Split(strings.TrimRight(s.Record, "\n"), "\n")
	}
	for i, r := range recs {
		rec := event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(r))}, Data: []byte(strings.TrimRight(r, "\r\n"))}
		err = parser.Parse(&rec, &out)
	}
	parser.Flush(&out)
	switch {
	case s.None && len(out.Events) > 0:
		return fmt.Errorf("no event was to come of it, but did: %s", out.Events[0].AppendJSON(nil))
	case s.None:
		return nil
	case err != nil:
		return fmt.Errorf("it is not read: %w", err)
	case len(out.Events) != 1:
		return fmt.Errorf("%d events came of it", len(out.Events))
	}
	text := out.Events[0].AppendJSON(nil)
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		return fmt.Errorf("its event is no JSON: %w", err)
	}
	for _, w := range s.Want {
		v, ok := got[w.Name]
		if rest, isMap := got["rest"].(map[string]any); !ok && isMap {
			v, ok = rest[strings.TrimPrefix(w.Name, "rest.")]
		}
		have := fmt.Sprint(v)
		if n, isNum := v.(float64); isNum {
			have = fmt.Sprintf("%.0f", n)
		}
		if w.Name == "time" {
			have = strings.TrimSuffix(strings.TrimSuffix(have, ".000000Z"), "Z")
			w.Value = strings.TrimSuffix(w.Value, "Z")
		}
		if !ok && w.Value != "" {
			return fmt.Errorf("it has no %s; wanted %q: %s", w.Name, w.Value, text)
		}
		if ok && have != w.Value {
			return fmt.Errorf("%s is %q, wanted %q: %s", w.Name, have, w.Value, text)
		}
	}
	return nil
}
