// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/intake"
)

// ExplainOptions say how files are looked at. The zero value works.
type ExplainOptions struct {
	Profile   *config.Profile
	Zone      *time.Location // for records that carry none
	Year      int            // for records that carry none; 0: inferred
	Formats   []FormatRule
	FormatDir string // of formats of one's own
	Records   int64  // read no more than so many of each file; 0: all
	Stdin     io.Reader
}

// Explanation is what was made of one file.
type Explanation struct {
	Path        string           `json:"path"`
	Compression string           `json:"compression"`
	Encoding    string           `json:"encoding"`
	Framing     string           `json:"framing"`
	Format      string           `json:"format"` // of most records; "unknown"
	Forced      string           `json:"forced,omitempty"`
	Unverified  string           `json:"unverified,omitempty"`
	Guesses     []ExplainedGuess `json:"guesses"` // from the beginning of the file, the best first
	Sample      int              `json:"sample"`  // records that were looked at for them
	Carried     map[string]int64 `json:"carried,omitempty"`
	Timezone    string           `json:"timezone"`
	ZoneFrom    string           `json:"timezone_from"`
	Year        int              `json:"year,omitempty"`           // assumed, for records without one
	YearFrom    string           `json:"year_from,omitempty"`      // flag, profile, file, neighbour, guess
	Doubtful    int64            `json:"doubtful_zones,omitempty"` // times whose zone is named in letters that stand for several
	Records     int64            `json:"records"`
	Parsed      int64            `json:"parsed"`
	Unparsed    int64            `json:"unparsed"`
	Events      int64            `json:"events"`
	Stopped     bool             `json:"stopped,omitempty"` // not read to its end, as asked
	First       *time.Time       `json:"first,omitempty"`
	Last        *time.Time       `json:"last,omitempty"`
	Taken       []ExplainedTaken `json:"taken"`
	Fields      []ExplainedField `json:"fields"` // columns of the event table that were filled
	Failed      []ExplainedLoss  `json:"failed"`
	Error       string           `json:"error,omitempty"`
	Advice      event.Words      `json:"advice,omitzero"` // what a person can do where nothing was understood
}

// ExplainedGuess is one format that the beginning of a file may be of.
type ExplainedGuess struct {
	Format     string  `json:"format"`
	Confidence float64 `json:"confidence"`
	Records    int     `json:"records"` // of the sample that it claimed before any other
}

// ExplainedTaken is what one format took.
type ExplainedTaken struct {
	Format  string          `json:"format"`
	Records int64           `json:"records"`
	Line    int64           `json:"line,omitempty"` // of the sample, the first record that an event was made of
	Record  string          `json:"record,omitempty"`
	Event   json.RawMessage `json:"event,omitempty"`
}

// ExplainedField is one column with the number of events that have it.
type ExplainedField struct {
	Name   string `json:"name"`
	Events int64  `json:"events"`
}

// ExplainedLoss is one reason why records were not taken.
type ExplainedLoss struct {
	Reason  string   `json:"reason"`
	Records int64    `json:"records"`
	Samples []string `json:"samples"` // "line N: text"
}

// explainLimit is how much of a record an explanation shows.
const explainLimit = 400

// Explain reads files as an investigation would and says what it made of them, one explanation a file, by path. Names that
// cannot be read come back as explanations with an error.
func Explain(ctx context.Context, paths []string, o ExplainOptions) ([]Explanation, error) {
	if o.Profile == nil {
		o.Profile = &config.Profile{}
	}
	all, err := knownFormats(o.Profile, o.FormatDir)
	if err != nil {
		return nil, err
	}
	found, err := intake.Discover(paths, intake.Search{Stdin: o.Stdin})
	if err != nil {
		return nil, event.Tell("ファイルを探せません：%v", "find the files: %v", err)
	}
	defer found.Close()
	if err := found.Unpack(ctx, intake.Search{Tables: tables("", 0)}); err != nil {
		return nil, event.Tell("書庫を展開できません：%v", "unpack the archives: %v", err)
	}
	p, err := newPlan(ctx, found, &Options{Profile: o.Profile, Zone: o.Zone, Year: o.Year, Formats: o.Formats, Now: time.Now}, all)
	if err != nil {
		return nil, err
	}
	var out []Explanation
	for _, pr := range found.Problems {
		if !pr.Notice() {
			out = append(out, Explanation{Path: pr.Path, Format: "unknown", Error: pr.String()})
		}
	}
	for _, in := range p.inputs {
		if in.file.Archive != intake.NoArchive {
			continue // its members are explained
		}
		x := &explainer{in: in, limit: o.Records, fields: map[string]int64{}, samples: map[string]*ExplainedTaken{}, lost: map[string]*ExplainedLoss{}}
		x.read(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out = append(out, x.e)
	}
	slices.SortStableFunc(out, func(a, b Explanation) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// explainer reads one file.
type explainer struct {
	in      *input
	e       Explanation
	limit   int64
	rd      *formats.Reader
	batch   event.Batch
	fields  map[string]int64
	samples map[string]*ExplainedTaken
	lost    map[string]*ExplainedLoss
	first   event.Micros
	last    event.Micros
}

func (x *explainer) read(ctx context.Context) {
	in, e := x.in, &x.e
	*e = Explanation{Path: in.file.Path, Format: "unknown", Framing: in.framing.String(), Timezone: in.zoneName, ZoneFrom: in.zoneFrom, Sample: in.sampled}
	if in.named != nil {
		e.Forced = in.named.Name
	}
	for _, g := range in.guesses {
		e.Guesses = append(e.Guesses, ExplainedGuess{g.Format.Name, float64(int(g.Confidence*1000+0.5)) / 1000, g.Records})
	}
	src, err := intake.Open(in.file, intake.Options{})
	if err != nil {
		p := intake.ProblemOf(in.file.Path, err)
		e.Error = p.String()
		return
	}
	defer src.Close()
	e.Compression, e.Encoding = src.Compression.String(), src.Encoding.String()
	clock := &formats.Clock{}
	clock.Begin(in.zone, in.year, in.settings.ClockOffset)
	clock.Latest = in.latest
	x.rd = formats.NewReader(in.order, &formats.Env{Clock: clock, Intern: formats.NewInterner(), Host: in.settings.Host})
	err = src.Records(ctx, in.framing, x.record)
	if errors.Is(err, errEnough) {
		e.Stopped, err = true, nil
	}
	x.rd.Flush(&x.batch)
	x.count()
	if err != nil {
		p := intake.ProblemOf(in.file.Path, err)
		e.Error = p.String()
	}
	if err == nil && src.Stats().Cut > 0 {
		e.Error = cutOffWords
	}
	if clock.AssumedYear > 0 {
		e.Year, e.YearFrom = in.year, in.yearFrom
	}
	e.Doubtful = clock.DoubtfulZone
	if clock.AssumedZone == 0 && e.Parsed > 0 {
		e.Timezone, e.ZoneFrom = "UTC", "record"
	}
	x.finish()
}

func (x *explainer) record(rec *event.Record) error {
	e := &x.e
	if x.limit > 0 && e.Records >= x.limit {
		return errEnough
	}
	e.Records++
	before := len(x.batch.Events)
	err := x.rd.Read(rec, &x.batch)
	if err != nil {
		e.Unparsed++
		l := x.lost[err.Error()]
		if l == nil {
			l = &ExplainedLoss{Reason: err.Error()}
			x.lost[err.Error()] = l
		}
		if l.Records++; len(l.Samples) < 3 {
			l.Samples = append(l.Samples, fmt.Sprintf("line %d: %s", rec.Line, cutText(visible(rec.Data[:min(len(rec.Data), 4*explainLimit)]), explainLimit)))
		}
		return nil
	}
	e.Parsed++
	if f := x.rd.Last(); f != nil && x.samples[f.Name] == nil && len(x.batch.Events) > before {
		x.samples[f.Name] = &ExplainedTaken{Line: rec.Line, Record: cutText(visible(rec.Data[:min(len(rec.Data), 4*explainLimit)]), explainLimit),
			Event: x.batch.Events[len(x.batch.Events)-1].AppendJSON(nil)}
	}
	if len(x.batch.Events) >= batchEvents {
		x.count()
	}
	return nil
}

// count takes in what the events of the batch hold.
func (x *explainer) count() {
	for i := range x.batch.Events {
		ev := &x.batch.Events[i]
		x.e.Events++
		if ev.Time != 0 && (x.first == 0 || ev.Time < x.first) {
			x.first = ev.Time
		}
		x.last = max(x.last, ev.Time)
		for _, name := range filled(ev) {
			x.fields[name]++
		}
	}
	x.batch.Reset()
}

// filled returns the columns of the event table that an event has.
func filled(ev *event.Event) []string {
	out := []string{"class", "activity"}
	add := func(name string, there bool) {
		if there {
			out = append(out, name)
		}
	}
	number := func(name string, n event.Int) {
		_, ok := n.Get()
		add(name, ok)
	}
	add("time", ev.Time != 0)
	add("outcome", ev.Outcome != event.OutcomeUnknown)
	add("reason", ev.Reason != event.ReasonNone)
	add("account", ev.Account != "")
	add("target", ev.Target != "")
	add("src_ip", ev.SrcIP.IsValid())
	add("src_port", ev.SrcPort != 0)
	add("src_host", ev.SrcHost != "")
	add("src_is_relay", ev.SrcIsRelay)
	add("dst_ip", ev.DstIP.IsValid())
	add("dst_port", ev.DstPort != 0)
	add("dst_host", ev.DstHost != "")
	add("service", ev.Service != "")
	add("client", ev.Client != "")
	add("object", ev.Object != "")
	number("bytes_in", ev.BytesIn)
	number("bytes_out", ev.BytesOut)
	number("count", ev.Count)
	number("duration_ms", ev.Duration)
	add("country", ev.Country != "")
	add("asn", ev.ASN != 0)
	for i := range ev.Rest {
		out = append(out, "rest."+ev.Rest[i].Name)
	}
	return out
}

func (x *explainer) finish() {
	e := &x.e
	if e.Parsed == 0 && e.Records > 0 {
		e.Advice = x.in.say()
	}
	for _, t := range x.rd.Taken() {
		s := ExplainedTaken{}
		if have := x.samples[t.Format.Name]; have != nil {
			s = *have
		}
		s.Format, s.Records = t.Format.Name, int64(t.Records)
		e.Taken = append(e.Taken, s)
	}
	if len(e.Taken) > 0 {
		e.Format = e.Taken[0].Format
		for _, f := range x.in.order {
			if f.Name == e.Format {
				e.Unverified = f.Unverified
			}
		}
	}
	if c := x.rd.Carried(); len(c) > 0 {
		e.Carried = c
	}
	for name, n := range x.fields {
		e.Fields = append(e.Fields, ExplainedField{name, n})
	}
	slices.SortFunc(e.Fields, func(a, b ExplainedField) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Name, b.Name))
	})
	for _, l := range x.lost {
		e.Failed = append(e.Failed, *l)
	}
	slices.SortFunc(e.Failed, func(a, b ExplainedLoss) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), cmp.Compare(a.Reason, b.Reason))
	})
	if x.first != 0 {
		a, b := x.first.Time(), x.last.Time()
		e.First, e.Last = &a, &b
	}
}
