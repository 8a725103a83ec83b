// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/sigma"
)

// ruleDetector is what findings of rules stand under.
const ruleDetector = "sigma"

// maxRuleGroups is how many groups one correlation tells apart.
const maxRuleGroups = 1 << 20

// ruleBook is rules that were read and compiled: those for records under the names of their product, which see each record as it is read, and
// those for our own events under the columns of the event table. It is safe for concurrent use, and investigations and the live watch use it
// alike.
type ruleBook struct {
	set      *sigma.Set
	native   *sigma.Engine // nil: no rule is for records under the names of their product
	own      *sigma.Engine // nil: none is for our own events
	columns  *sigma.ColumnSet
	classes  detect.ClassSet // of our own events that rules are for
	number   map[*sigma.Rule]int32
	wants    map[*sigma.Rule][]string // fields that correlations ask of native rules
	timeless atomic.Int64             // matches of records without a time
	fault    atomic.Pointer[string]   // why the live watch took the rules out, if it did
}

func newRuleBook(set *sigma.Set) *ruleBook {
	b := &ruleBook{set: set, number: map[*sigma.Rule]int32{}, wants: map[*sigma.Rule][]string{}}
	for i, rule := range set.Rules {
		b.number[rule] = int32(i)
	}
	c := sigma.NewCorrelator(set, maxRuleGroups)
	own, native := set.Own()
	if len(own.Rules) > 0 {
		b.own, b.columns = sigma.Compile(own), sigma.ColumnsFor(own.Rules, c)
		for i, name := range event.Classes() {
			if slices.ContainsFunc(own.Rules, func(r *sigma.Rule) bool { return r.Source.Category == "" || r.Source.Category == name }) {
				b.classes |= detect.Classes(event.Class(i))
			}
		}
	}
	if len(native.Rules) > 0 {
		b.native = sigma.Compile(native)
		for _, rule := range native.Rules {
			if c.Feeds(rule) {
				b.wants[rule] = c.Wants(rule)
			}
		}
	}
	return b
}

// spec returns the detector that tells what the rules find.
func (b *ruleBook) spec() detect.Spec {
	return detect.Spec{Name: ruleDetector, New: func(detect.Site) detect.Detector { return b.watch() }}
}

// ruleReader shows records to rules as they are read, and hands on what matches: an event of the class of matches, which is valid during the
// call. It is owned by one goroutine.
type ruleReader struct {
	book *ruleBook
	v    *viewer
	m    *sigma.Matcher
	give func(*event.Event) error
	rest []event.Field
}

// reader returns what a worker shows records to; nil where no rule wants them.
func (b *ruleBook) reader(give func(*event.Event) error) *ruleReader {
	if b == nil || b.native == nil {
		return nil
	}
	return &ruleReader{book: b, m: b.native.NewMatcher(), give: give}
}

// viewer returns what shows records that rd reads. One that goes over to other records remembers the sources of old.
func (q *ruleReader) viewer(env *formats.Env, rd *formats.Reader, in *input, old *viewer) *viewer {
	sources := map[string]*sigma.Source{}
	if old != nil {
		sources = old.sources
	}
	v := viewerOf(env, rd, sources, in)
	v.engine, v.take = q.book.native, q.take
	return v
}

// begin goes over to another stream, whose records that reader reads.
func (q *ruleReader) begin(env *formats.Env, rd *formats.Reader, in *input) {
	if q != nil {
		q.v = q.viewer(env, rd, in, q.v)
	}
}

// record shows a record that was read, and the first of the events that were made of it.
func (q *ruleReader) record(rec *event.Record, rd *formats.Reader, unread error, made []event.Event) error {
	if q == nil {
		return nil
	}
	format := ""
	if f := rd.Last(); unread == nil && f != nil {
		format = f.Name
	}
	var first *event.Event
	for i := range made {
		if slices.ContainsFunc(made[i].Ref.Parts(), func(p event.Part) bool { return p.Offset == rec.Offset && p.Line == rec.Line }) {
			first = &made[i]
			break
		}
	}
	return q.v.shown(rec, format, first)
}

// take hands on what matches a record.
func (q *ruleReader) take(v *viewed) error {
	for _, rule := range q.m.Match(&v.Record) {
		wants, feeds := q.book.wants[rule]
		switch {
		case rule.Quiet && !feeds:
			continue
		case v.Time == 0:
			q.book.timeless.Add(1)
			continue
		}
		var hit event.Event
		if v.event != nil {
			hit = *v.event
			hit.Count, hit.Object, hit.Target = event.Int{}, "", ""
		} else {
			hit = whoAndWhere(&v.Record)
		}
		hit.Class, hit.Time, hit.Ref = detect.ClassMatch, v.Time, q.v.env.Ref(v.record)
		q.rest = append(q.rest[:0], event.Number("rule", int64(q.book.number[rule])))
		for _, name := range wants {
			if text, _ := v.Get(name); text != "" {
				q.rest = append(q.rest, event.Text(name, text))
			}
		}
		hit.Rest = q.rest
		if err := q.give(&hit); err != nil {
			return err
		}
	}
	return nil
}

// whoAndWhere takes from a record that no event was made of the machine, account and address that it is about.
func whoAndWhere(r *sigma.Record) event.Event {
	first := func(names ...string) string {
		for _, n := range names {
			if text, _ := r.Get(n); text != "" && text != "-" && len(text) <= 256 {
				return text
			}
		}
		return ""
	}
	e := event.Event{DstHost: first("Computer", "Hostname", "host.name", "hostname", "computer_name"),
		Account: first("TargetUserName", "User", "SubjectUserName", "userIdentity.userName", "actor.alternateId", "username", "user.name", "user")}
	if ip, err := netip.ParseAddr(first("IpAddress", "sourceIPAddress", "c-ip", "src_ip", "id.orig_h", "source.ip", "SourceIp")); err == nil {
		e.SrcIP = ip.Unmap().WithZone("")
	}
	return e
}
