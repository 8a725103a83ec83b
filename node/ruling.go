// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/sigma"
)

// ruleDetector is what findings of rules stand under.
const ruleDetector = "sigma"

// ruling is Sigma rules at work in an investigation. While records are read they are shown to rules under the names of their product,
// and what matches waits, sorted, outside of the memory if need be. When the events come by in order they are shown under the columns of the
// event table, with the waiting matches between them: correlations see all of it in one order, whatever the order of files. Nothing of it
// is weighed in the scope. A nil ruling has no rules.
type ruling struct {
	set        *sigma.Set
	native     *sigma.Engine // nil: no rule is for records under the names of their product
	own        *sigma.Engine // nil: none is for our own events
	correlator *sigma.Correlator
	number     map[*sigma.Rule]int64
	wants      map[*sigma.Rule][]string // fields that correlations ask of native rules
	waiting    *sorted.Sorter           // matches of native rules
	timeless   atomic.Int64             // matches of records without a time

	// Of the pass over all events, which one goroutine makes:
	matcher *sigma.Matcher
	sources map[ownKey]ownSource
	fields  []sigma.Field
	next    func() (*event.Event, bool)
	stop    func()
	ahead   *event.Event // the next waiting match
	failed  error
	told    ruleFindings
}

// ownKey and ownSource are what rules are told of the source of our own events.
type ownKey struct {
	class  event.Class
	format string
}

type ownSource struct {
	source *sigma.Source
	wanted bool
}

// newRuling reads the rules that an investigation is given, and makes them ready; nil where there are none.
func newRuling(o *Options, dir string) (*ruling, error) {
	if len(o.Rules) == 0 {
		return nil, nil
	}
	set, err := LoadRules(o.Rules, o.Values)
	if err != nil {
		return nil, err
	}
	if len(set.Rules) == 0 {
		err = errors.New("node: read the rules: there is no rule that can be used")
		for i, e := range set.Errors {
			if i == maxTold {
				break
			}
			err = errors.Join(err, e)
		}
		return nil, err
	}
	r := &ruling{set: set, correlator: sigma.NewCorrelator(set, maxRuleGroups), number: map[*sigma.Rule]int64{}, wants: map[*sigma.Rule][]string{}, sources: map[ownKey]ownSource{}}
	for i, rule := range set.Rules {
		r.number[rule] = int64(i)
	}
	own, native := set.Own()
	if len(own.Rules) > 0 {
		r.own = sigma.Compile(own)
		r.matcher = r.own.NewMatcher()
	}
	if len(native.Rules) > 0 {
		r.native = sigma.Compile(native)
		r.waiting = sorted.New(sorted.Options{Dir: dir, Memory: o.Memory / 24, Adders: o.Jobs})
		for _, rule := range native.Rules {
			if r.correlator.Feeds(rule) {
				r.wants[rule] = r.correlator.Wants(rule)
			}
		}
	}
	return r, nil
}

// maxRuleGroups is how many groups one correlation tells apart in an investigation.
const maxRuleGroups = 1 << 20

// refused returns the rules that could not be used.
func (r *ruling) refused() []*sigma.Error {
	if r == nil {
		return nil
	}
	return r.set.Errors
}

func (r *ruling) close() {
	if r != nil && r.waiting != nil {
		r.waiting.Close()
	}
}

// ruleReader shows the records of one stream to rules. It is owned by one goroutine.
type ruleReader struct {
	r     *ruling
	v     *viewer
	m     *sigma.Matcher
	adder *sorted.Adder
	rest  []event.Field
}

// reader returns what a worker shows records to; nil where no rule wants them.
func (r *ruling) reader() *ruleReader {
	if r == nil || r.native == nil {
		return nil
	}
	return &ruleReader{r: r, m: r.native.NewMatcher(), adder: r.waiting.Adder()}
}

// begin goes over to another stream, whose records that reader reads.
func (q *ruleReader) begin(env *formats.Env, rd *formats.Reader, in *input) {
	if q == nil {
		return
	}
	sources := map[string]*sigma.Source{}
	if q.v != nil {
		sources = q.v.sources
	}
	q.v = viewerOf(env, rd, sources, in)
	q.v.take = q.take
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
		if slices.ContainsFunc(made[i].Ref.Parts(), func(p event.Part) bool { return p.Offset == rec.Offset }) {
			first = &made[i]
			break
		}
	}
	return q.v.shown(rec, format, first)
}

// take notes what matches a record.
func (q *ruleReader) take(v *viewed) error {
	for _, rule := range q.m.Match(&v.Record) {
		wants, feeds := q.r.wants[rule]
		switch {
		case rule.Quiet && !feeds:
			continue
		case v.Time == 0:
			q.r.timeless.Add(1)
			continue
		}
		var hit event.Event
		if v.event != nil {
			hit = *v.event
			hit.Count, hit.Object, hit.Target = event.Int{}, "", ""
		} else {
			hit = whoAndWhere(&v.Record)
		}
		hit.Time, hit.Ref = v.Time, q.v.env.Ref(v.record)
		q.rest = append(q.rest[:0], event.Number("rule", q.r.number[rule]))
		for _, name := range wants {
			if text, _ := v.Get(name); text != "" {
				q.rest = append(q.rest, event.Text(name, text))
			}
		}
		hit.Rest = q.rest
		if err := q.adder.Add(&hit); err != nil {
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

// begin opens the waiting matches.
func (r *ruling) begin(ctx context.Context) {
	if r == nil || r.waiting == nil {
		return
	}
	r.next, r.stop = iter.Pull(func(yield func(*event.Event) bool) {
		err := r.waiting.Events(ctx, func(batch []event.Event) error {
			for i := range batch {
				if !yield(&batch[i]) {
					return errStopped
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			r.failed = fmt.Errorf("node: bring matches of rules into order: %w", err)
		}
	})
	r.ahead, _ = r.next()
}

var errStopped = errors.New("stopped")

// upTo shows correlations the waiting matches of records up to that moment.
func (r *ruling) upTo(at event.Micros) {
	for ; r.ahead != nil && r.ahead.Time <= at; r.ahead, _ = r.next() {
		e := r.ahead
		if len(e.Rest) == 0 || e.Rest[0].Value.Num < 0 || e.Rest[0].Value.Num >= int64(len(r.set.Rules)) {
			continue
		}
		rule := r.set.Rules[e.Rest[0].Value.Num]
		r.fields = r.fields[:0]
		for i := range e.Rest[1:] {
			r.fields = append(r.fields, sigma.Field{Name: e.Rest[1+i].Name, Value: e.Rest[1+i].Value.Text})
		}
		r.matched(rule, &sigma.Record{Time: e.Time, Fields: r.fields}, e)
	}
}

// observe shows the next event.
func (r *ruling) observe(e *event.Event) {
	if r == nil {
		return
	}
	r.upTo(e.Time)
	if r.own == nil {
		return
	}
	key := ownKey{e.Class, e.Format}
	s, ok := r.sources[key]
	if !ok {
		s.source = sigma.OwnSource(e)
		s.wanted = r.own.Has(s.source)
		r.sources[key] = s
	}
	if !s.wanted {
		return
	}
	r.fields = sigma.Columns(r.fields[:0], e)
	rec := sigma.Record{Time: e.Time, Source: s.source, Fields: r.fields}
	for _, rule := range r.matcher.Match(&rec) {
		r.matched(rule, &rec, e)
	}
}

// matched takes one match.
func (r *ruling) matched(rule *sigma.Rule, rec *sigma.Record, e *event.Event) {
	if !rule.Quiet {
		r.told.add(rule, about(rule, e), e, 0)
	}
	if r.correlator.Feeds(rule) {
		r.correlator.Observe(&sigma.Hit{Rule: rule, Record: rec, Event: e}, r.tell)
	}
}

// tell takes a correlation that came true.
func (r *ruling) tell(t *sigma.Told) {
	if t.Rule.Quiet || t.Event == nil {
		return
	}
	var group []string
	for _, f := range t.Group {
		group = append(group, f.Name+"="+f.Value)
	}
	r.told.add(t.Rule, cmp.Or(strings.Join(group, " "), about(t.Rule, t.Event)), t.Event, t.Value)
	if t.Coarse {
		r.told.coarse++
	}
}

// end shows what waits still, and closes the spans that are open.
func (r *ruling) end() error {
	if r == nil {
		return nil
	}
	r.upTo(1<<63 - 1)
	r.correlator.Finish(r.tell)
	if r.stop != nil {
		r.stop()
	}
	return r.failed
}

// about names whom a match is about: the machine, where the rule is for the logs of machines; else who acted, from where, or where.
func about(rule *sigma.Rule, e *event.Event) string {
	src := ""
	if e.SrcIP.IsValid() {
		src = e.SrcIP.String()
	}
	switch rule.Source.Product {
	case "windows", "linux", "macos":
		return cmp.Or(e.DstHost, e.Account, src)
	}
	return cmp.Or(e.Account, src, e.DstHost)
}
