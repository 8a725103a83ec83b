// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/intake"
	"github.com/sekisho/sekisho/sigma"
)

// viewer turns the records of one file into records for rules: each under the names that its product has, and each event made of
// it under the columns of the event table. It is owned by one goroutine.
type viewer struct {
	in      *input
	rd      *formats.Reader
	values  *formats.Values
	intern  *formats.Interner
	env     *formats.Env
	batch   event.Batch
	fields  []sigma.Field
	sources map[string]*sigma.Source // shared by all files of a run
	forced  *sigma.Source            // a person said which log the files are of
	engine  *sigma.Engine            // whose rules look at the records; nil: all records are wanted
	passed  map[passKey]bool         // formats whose records no rule of the engine is for

	number int64 // of records, from 1
	take   func(v *viewed) error
}

// viewed is one record as rules see it.
type viewed struct {
	sigma.Record
	record *event.Record // nil: it is an event under its columns
	number int64
	own    bool // an event under its columns
	event  *event.Event
}

// maxSources bounds what is remembered of sources of Windows events, whose channels a file could make up.
const maxSources = 1 << 14

func newViewer(in *input, sources map[string]*sigma.Source) *viewer {
	clock := &formats.Clock{}
	clock.Begin(in.zone, in.year, in.settings.ClockOffset)
	env := &formats.Env{Clock: clock, Intern: formats.NewInterner(), Host: in.settings.Host}
	return viewerOf(env, formats.NewReader(in.order, env), sources, in)
}

// viewerOf returns a viewer of what a reader reads.
func viewerOf(env *formats.Env, rd *formats.Reader, sources map[string]*sigma.Source, in *input) *viewer {
	return &viewer{in: in, env: env, intern: env.Intern, rd: rd, values: formats.NewValues(env), sources: sources}
}

// run reads the file.
func (w *viewer) run(ctx context.Context, buffers *intake.Buffers) error {
	src, err := intake.Open(w.in.file, intake.Options{Buffers: buffers})
	if err != nil {
		return err
	}
	defer src.Close()
	w.rd.SetInput(w.in.number)
	if err := src.Records(ctx, w.in.framing, w.record); err != nil {
		return err
	}
	w.rd.Flush(&w.batch)
	return w.events()
}

// record shows one record.
func (w *viewer) record(rec *event.Record) error {
	w.number++
	err := w.rd.Read(rec, &w.batch)
	format := ""
	if f := w.rd.Last(); err == nil && f != nil {
		format = f.Name
	}
	var first *event.Event
	if len(w.batch.Events) > 0 {
		first = &w.batch.Events[0]
	}
	if err := w.shown(rec, format, first); err != nil {
		return err
	}
	return w.events()
}

// shown shows a record under the names of its product, unless it is the line that evtx_dump puts before one.
func (w *viewer) shown(rec *event.Record, format string, first *event.Event) error {
	if bytes.HasPrefix(rec.Data, []byte("Record ")) && len(rec.Data) <= 40 {
		return nil
	}
	return w.native(rec, format, first)
}

// events shows the events that were made.
func (w *viewer) events() error {
	for i := range w.batch.Events {
		ev := &w.batch.Events[i]
		key := "own " + ev.Class.String() + " " + ev.Format
		s := w.sources[key]
		if s == nil {
			s = sigma.OwnSource(ev)
			w.sources[key] = s
		}
		w.fields = sigma.Columns(w.fields[:0], ev)
		v := viewed{Record: sigma.Record{Time: ev.Time, Source: s, Fields: w.fields}, number: w.number, own: true, event: ev}
		if err := w.take(&v); err != nil {
			return err
		}
	}
	w.batch.Reset()
	return nil
}

// native shows the record under the names of its product. ev is the first event made of it, or nil.
func (w *viewer) native(rec *event.Record, format string, ev *event.Event) error {
	if w.passes(rec, format, ev) {
		return nil
	}
	v := viewed{record: rec, number: w.number, event: ev}
	if ev != nil {
		v.Time = ev.Time
	}
	w.fields = w.fields[:0]
	add := func(name string, text []byte, null bool) {
		w.fields = append(w.fields, sigma.Field{Name: name, Value: w.intern.Bytes(text), Null: null})
	}
	switch {
	case (format == "windows" || format == "") && w.values.Windows(rec, add):
		v.Source = w.windows()
		w.fields = sigma.FinishWindows(w.fields)
	default:
		w.fields = w.fields[:0]
		object := w.values.Object(rec, add)
		if !object {
			w.fields = w.fields[:0]
			v.Text = string(rec.Data)
			if format == "auditd" || format == "fortigate" {
				w.fields = pairs(w.fields, v.Text)
			}
		}
		v.Source = w.source(rec, format, ev, object)
		if ev != nil {
			w.fields = sigma.Generic(w.fields, ev)
			if !object {
				for _, f := range ev.Rest {
					w.fields = append(w.fields, sigma.Field{Name: f.Name, Value: sigma.RestText(f.Value)})
				}
			}
		}
	}
	if w.forced != nil {
		v.Source = w.forced
	}
	v.Fields = w.fields
	if v.Time == 0 {
		v.Time = timeOf(&v.Record)
	}
	return w.take(&v)
}

// passKey is what the log of a record whose format is known depends on.
type passKey struct {
	format         string
	network, proxy bool
}

// passes says whether no rule is for the log that a record is of, where the format tells that before the record is taken apart.
func (w *viewer) passes(rec *event.Record, format string, ev *event.Event) bool {
	if w.engine == nil || w.forced != nil {
		return false
	}
	switch format {
	case "", "windows", "ecs", "zeek":
		return false
	}
	if strings.HasPrefix(format, "generic-") {
		return false
	}
	key := passKey{format: format}
	if ev != nil {
		key.network, key.proxy = ev.Class == event.ClassNetwork, ev.Service == "proxy"
	}
	passed, known := w.passed[key]
	if !known {
		if w.passed == nil {
			w.passed = map[passKey]bool{}
		}
		passed = !w.engine.Has(sigma.FormatSource(format, ev))
		w.passed[key] = passed
	}
	return passed && !ciscoMessage(rec, format)
}

// timeOf returns the time of a record that no event was made of, from a value that is named as times are.
func timeOf(r *sigma.Record) event.Micros {
	for _, name := range []string{"@timestamp", "timestamp", "time", "eventTime", "EventTime", "TimeCreated", "UtcTime", "datetime", "date"} {
		text, _ := r.Get(name)
		if text == "" {
			continue
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00"} {
			if t, err := time.Parse(layout, text); err == nil {
				return event.Of(t)
			}
		}
		if n, err := strconv.ParseFloat(text, 64); err == nil && n > 1e8 && n < 1e14 {
			if n > 1e11 {
				n /= 1000 // milliseconds
			}
			return event.Micros(n * 1e6)
		}
	}
	return 0
}

// windows returns the source of the Windows event whose fields were gathered.
func (w *viewer) windows() *sigma.Source {
	r := sigma.Record{Fields: w.fields}
	channel, _ := r.Get("Channel")
	if channel == "" {
		channel, _ = r.Get("Provider_Name")
		if i := strings.LastIndexByte(channel, '-'); strings.HasSuffix(channel, "-Sysmon") && i > 0 {
			channel += "/Operational"
		} else if channel == "Microsoft-Windows-Security-Auditing" {
			channel = "Security"
		}
	}
	id, _ := r.Get("EventID")
	return w.remember("windows "+channel+" "+id, func() *sigma.Source { return sigma.WindowsSource(channel, id) })
}

func (w *viewer) remember(key string, make func() *sigma.Source) *sigma.Source {
	s := w.sources[key]
	if s == nil {
		if s = make(); len(w.sources) < maxSources {
			w.sources[key] = s
		}
	}
	return s
}

// source returns the source of a record that is no Windows event.
func (w *viewer) source(rec *event.Record, format string, ev *event.Event, object bool) *sigma.Source {
	if s := w.guess(rec, format, object); s != nil {
		return s
	}
	if ev == nil {
		return w.remember("format "+format, func() *sigma.Source { return sigma.FormatSource(format, nil) })
	}
	log, _ := ev.Get("log")
	return w.remember("format "+format+" "+ev.Class.String()+" "+ev.Service+" "+log.Text, func() *sigma.Source { return sigma.FormatSource(format, ev) })
}

// guess recognises what no format of its own reads: audit logs of Kubernetes, OpenCanary and Bitbucket by their members, messages
// of Cisco IOS by their head, and lines of syslog by their program.
func (w *viewer) guess(rec *event.Record, format string, object bool) *sigma.Source {
	if object {
		if format != "" && !strings.HasPrefix(format, "generic-") && format != "ecs" {
			return nil
		}
		r := sigma.Record{Fields: w.fields}
		has := func(names ...string) bool {
			for _, n := range names {
				if _, ok := r.Get(n); !ok {
					return false
				}
			}
			return true
		}
		switch {
		case has("auditID", "verb"):
			return w.remember("kubernetes", func() *sigma.Source {
				return &sigma.Source{Product: "kubernetes", Services: []string{"audit"}, Categories: []string{"application"}}
			})
		case has("node_id", "logtype"):
			return w.remember("opencanary", func() *sigma.Source {
				return &sigma.Source{Product: "opencanary", Categories: []string{"application"}}
			})
		case has("auditType.action"):
			return w.remember("bitbucket", func() *sigma.Source { return &sigma.Source{Product: "bitbucket", Services: []string{"audit"}} })
		case has("riskEventType"):
			return w.remember("risk", func() *sigma.Source {
				return &sigma.Source{Product: "azure", Services: []string{"riskdetection", "pim"}}
			})
		}
		return w.remember("any", sigma.AnySource) // of a log that is not known: rules look for names, and it has them or not
	}
	if ciscoMessage(rec, format) {
		return w.remember("cisco", func() *sigma.Source { return &sigma.Source{Product: "cisco", Services: []string{"aaa", "bgp", "ldp"}} })
	}
	if format != "" {
		return nil
	}
	if s, ok := w.env.Syslog(rec); ok && len(s.Program) > 0 {
		program := strings.ToLower(string(s.Program[:min(len(s.Program), 64)]))
		return w.remember("syslog "+program, func() *sigma.Source {
			return &sigma.Source{Product: "linux", Services: []string{"syslog", strings.TrimSuffix(program, "d"), program}}
		})
	}
	return nil
}

// ciscoMessage says whether a record is a message of Cisco IOS.
func ciscoMessage(rec *event.Record, format string) bool {
	i := bytes.IndexByte(rec.Data[:min(len(rec.Data), 200)], '%')
	return i >= 0 && ciscoHead(rec.Data[i:]) && format != "cisco-asa"
}

// ciscoHead says whether b begins as a message of Cisco IOS does: %SYS-5-CONFIG_I:
func ciscoHead(b []byte) bool {
	parts, letters := 0, 0
	for _, c := range b[1:] {
		switch {
		case c == '-':
			parts++
			letters = 0
		case c == ':':
			return parts >= 2 && letters > 0
		case c == '_' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			letters++
		default:
			return false
		}
	}
	return false
}

// pairs takes the names and values of a text such as type=EXECVE a0="ls" a1=2D6C: quotes are taken off, and what auditd wrote in
// hexadecimal is read.
func pairs(fields []sigma.Field, text string) []sigma.Field {
	for text = strings.TrimSpace(text); text != "" && len(fields) < 256; text = strings.TrimLeft(text, " \x1d") {
		eq := strings.IndexAny(text, "= ")
		if eq < 0 {
			break
		}
		if text[eq] == ' ' {
			text = text[eq:]
			continue
		}
		name, rest := text[:eq], text[eq+1:]
		value := ""
		if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
			end := strings.IndexByte(rest[1:], rest[0])
			if end < 0 {
				end = len(rest) - 1
			}
			value, text = rest[1:1+end], rest[min(len(rest), end+2):]
			if rest[0] == '\'' { // msg='op=login acct="root" …'
				fields = pairs(fields, value)
			}
		} else {
			end := strings.IndexAny(rest, " \x1d")
			if end < 0 {
				end = len(rest)
			}
			value, text = rest[:end], rest[end:]
			if len(value) >= 4 && len(value)%2 == 0 && strings.ToUpper(value) == value && (name == "exe" || name == "comm" || name == "name" || name == "proctitle" || name == "cmd" || name[0] == 'a' && len(name) <= 3) {
				if b, ok := hexText(value); ok {
					value = b
				}
			}
		}
		fields = append(fields, sigma.Field{Name: name, Value: value})
	}
	return fields
}

func hexText(s string) (string, bool) {
	b := make([]byte, 0, len(s)/2)
	for i := 0; i+1 < len(s); i += 2 {
		n, err := strconv.ParseUint(s[i:i+2], 16, 8)
		if err != nil || n < ' ' && n != 0 && n != '\t' && n != '\n' {
			return "", false
		}
		b = append(b, byte(n))
	}
	return strings.TrimRight(string(b), "\x00"), true
}
