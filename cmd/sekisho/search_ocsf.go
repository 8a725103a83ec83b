// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"net/netip"
	"slices"
	"time"

	"github.com/sekisho/sekisho/event"
)

// ocsfPrinter makes events of rows again, and writes each as an object of its OCSF class, one a line.
type ocsfPrinter struct {
	out     *bufio.Writer
	columns map[string]int
	classes map[string]event.Class
	acts    map[string]event.Activity
	ends    map[string]event.Outcome
	reasons map[string]event.Reason
	buf     []byte
}

func newOCSFPrinter(out *bufio.Writer, types []*sql.ColumnType) (*ocsfPrinter, error) {
	p := &ocsfPrinter{out: out, columns: map[string]int{}, classes: codesOf[event.Class](event.Classes()), acts: codesOf[event.Activity](event.Activities()),
		ends: codesOf[event.Outcome](event.Outcomes()), reasons: codesOf[event.Reason](event.Reasons())}
	for i, t := range types {
		p.columns[t.Name()] = i
	}
	for _, c := range []string{"time", "class", "activity", "outcome"} {
		if _, ok := p.columns[c]; !ok {
			return nil, usageError("--format ocsf には事象の行が必要ですが、%s がありません：SELECT * FROM events WHERE … か、条件式を使ってください", "--format ocsf needs rows that are events, and these have no %s: SELECT * FROM events WHERE …, or a filter", c)
		}
	}
	return p, nil
}

func codesOf[T ~uint8](words []string) map[string]T {
	codes := make(map[string]T, len(words))
	for i, w := range words {
		codes[w] = T(i)
	}
	return codes
}

func (p *ocsfPrinter) row(values []any) error {
	r := ocsfRow{p, values}
	e := event.Event{
		Class: p.classes[r.text("class")], Activity: p.acts[r.text("activity")], Outcome: p.ends[r.text("outcome")], Reason: p.reasons[r.text("reason")],
		Account: r.text("account"), Target: r.text("target"), SrcHost: r.text("src_host"), DstHost: r.text("dst_host"), Service: r.text("service"), Client: r.text("client"),
		Object: r.text("object"), Country: r.text("country"), Format: r.text("format"),
		SrcPort: uint16(r.number("src_port").Or(0)), DstPort: uint16(r.number("dst_port").Or(0)), ASN: uint32(r.number("asn").Or(0)),
		BytesIn: r.number("bytes_in"), BytesOut: r.number("bytes_out"), Count: r.number("count"), Duration: r.number("duration_ms"),
	}
	e.SrcIP, _ = netip.ParseAddr(r.text("src_ip"))
	e.DstIP, _ = netip.ParseAddr(r.text("dst_ip"))
	e.SrcIsRelay, _ = r.value("src_is_relay").(bool)
	if t, ok := r.value("time").(time.Time); ok {
		e.Time = event.Of(t)
	}
	e.Ref.Part = event.Part{Line: r.number("line").Or(0), Offset: r.number("offset").Or(0), Length: r.number("length").Or(0)}
	e.Rest, e.Ref.More = restOf(r.text("rest"))
	p.buf = append(e.AppendOCSF(p.buf[:0], r.text("input")), '\n')
	return writeJSON(p.out, p.buf)
}

func (p *ocsfPrinter) end() error { return nil }

// ocsfRow finds a row's values by the names of their columns; a column that is not there has none.
type ocsfRow struct {
	p      *ocsfPrinter
	values []any
}

func (r ocsfRow) value(column string) any {
	if i, ok := r.p.columns[column]; ok {
		return r.values[i]
	}
	return nil
}

func (r ocsfRow) text(column string) string {
	s, _ := cell(r.value(column))
	return s
}

func (r ocsfRow) number(column string) event.Int {
	if n, ok := r.value(column).(int64); ok {
		return event.Some(n)
	}
	return event.Int{}
}

// restOf makes a remainder and further parts of the column rest again, in their order. What is not as the store writes it
// is left out: a query can make anything of a column.
func restOf(s string) ([]event.Field, []event.Part) {
	d := json.NewDecoder(bytes.NewReader([]byte(s)))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil
	}
	var fields []event.Field
	var parts []event.Part
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			break
		}
		var v any
		if err := d.Decode(&v); err != nil {
			break
		}
		switch v := v.(type) {
		case string:
			fields = append(fields, event.Text(name, v))
		case bool:
			fields = append(fields, event.Flag(name, v))
		case json.Number:
			if n, err := v.Int64(); err == nil {
				fields = append(fields, event.Number(name, n))
			}
		case []any:
			if name == "parts" {
				parts = partsOf(v)
			}
		}
	}
	return slices.Clip(fields), parts
}

func partsOf(list []any) []event.Part {
	var parts []event.Part
	for _, x := range list {
		p, ok := x.([]any)
		if !ok || len(p) != 3 {
			continue
		}
		var n [3]int64
		for i := range n {
			v, _ := p[i].(json.Number)
			n[i], _ = v.Int64()
		}
		parts = append(parts, event.Part{Line: n[0], Offset: n[1], Length: n[2]})
	}
	return parts
}
