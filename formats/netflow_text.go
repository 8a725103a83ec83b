// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strconv"
)

// flowHeading is what the tables of nfdump begin with that are made for people: -o line (the usual one), long, extended, biline, and those
// of NAT events.
const flowHeading = "Date first seen "

// flowText are the columns behind the addresses in such a table, by how their names begin, in an order in which none hides another.
var flowText = [...]struct {
	name string
	slot uint8
}{{"X-Src IP Addr:Port", flXSrc}, {"X-Dst IP Addr:Port", flXDst}, {"Flags", flFlags}, {"Tos", flFields}, {"Out Pkt", flPkts}, {"In Pkt", flOutPkts}, {"Out Byte", flBytes}, {"In Byte", flOutBytes},
	{"Packets", flPkts}, {"Bytes", flBytes}, {"pps", flFields}, {"bps", flFields}, {"Bpp", flFields}, {"Flows", flFlows}}

// heading reads the names of the columns of a table made for people.
func (p *flowParser) heading(b []byte) error {
	src, dst := index(b, "Src IP Addr:Port"), index(b, "Dst IP Addr:Port")
	if src < 0 || dst < src {
		return ErrUnknownKind
	}
	p.columns, p.text, p.summary = nil, p.text[:0], false
	p.timed, p.events = index(b[:src], "Duration") > 0, index(b[:src], "Event") > 0
	for rest := b[dst+len("Dst IP Addr:Port"):]; ; {
		if rest = bytes.TrimLeft(rest, " "); len(rest) == 0 {
			p.table = true
			return nil
		}
		known := false
		for _, c := range flowText {
			if hasPrefix(rest, c.name) {
				p.text, rest, known = append(p.text, c.slot), rest[len(c.name):], true
				break
			}
		}
		if !known { // a column of one's own: what is behind it is not known either
			p.text, p.table = append(p.text, flFields), true
			return nil
		}
	}
}

// line reads a row of such a table: "2006-01-02 15:04:05.000 3.000 TCP 192.0.2.1:50000 -> 198.51.100.2:443 .AP.SF 0 10 1.2 M 1".
func (p *flowParser) line(b []byte) error {
	p.words = splitWords(p.words[:0], b)
	w := p.words
	if len(w) < 6 {
		return ErrUnknownKind
	}
	p.stamp = append(append(append(p.stamp[:0], w[0]...), ' '), w[1]...)
	p.v[flTime] = p.stamp
	w = w[2:]
	if p.timed {
		p.v[flDuration], w = w[0], w[1:]
	}
	arrow := 0
	for arrow < len(w) && string(w[arrow]) != "->" && string(w[arrow]) != "<->" {
		arrow++
	}
	if arrow < 2 || arrow+1 >= len(w) {
		return ErrUnknownKind
	}
	if p.events {
		p.v[flState] = w[0]
	}
	p.v[flProto] = w[arrow-2]
	p.v[flSrc], p.v[flSPort] = flowEnd(w[arrow-1])
	p.v[flDst], p.v[flDPort] = flowEnd(w[arrow+1])
	if has(p.v[flSrc], "..") || has(p.v[flDst], "..") {
		return errShortened
	}
	w = w[arrow+2:]
	for _, slot := range p.text {
		if len(w) == 0 {
			break
		}
		v := w[0]
		w = w[1:]
		switch {
		case slot == flXSrc:
			p.v[slot] = v
			if len(w) > 0 && string(w[0]) == "->" {
				w = w[1:]
			}
			continue
		case len(w) > 0 && len(w[0]) == 1 && (w[0][0] == 'K' || w[0][0] == 'M' || w[0][0] == 'G' || w[0][0] == 'T'):
			v = scaled(v, w[0][0])
			w = w[1:]
		}
		if slot != flFields {
			p.v[slot] = v
		}
	}
	return nil
}

// flowEnd takes "192.0.2.1:443", "2001:db8::1.443" and what ICMP has for ports apart.
func flowEnd(b []byte) (addr, port []byte) {
	sep := byte(':')
	if bytes.Count(b, []byte(":")) > 1 {
		sep = '.'
	}
	i := bytes.LastIndexByte(b, sep)
	if sep == ':' && i < 0 || i < 0 {
		return b, nil
	}
	return b[:i], b[i+1:]
}

// scaled writes out a number that nfdump has shortened: 1.2 M is 1200000, as near as it says.
func scaled(b []byte, unit byte) []byte {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || !(f >= 0 && f < 1e6) {
		return nil
	}
	switch unit {
	case 'K':
		f *= 1e3
	case 'M':
		f *= 1e6
	case 'G':
		f *= 1e9
	default:
		f *= 1e12
	}
	return strconv.AppendInt(nil, int64(f), 10)
}

// splitWords appends the words of b, of which there may be so many at most.
func splitWords(words [][]byte, b []byte) [][]byte {
	for len(words) < 40 {
		b = bytes.TrimLeft(b, " \t\r\n")
		if len(b) == 0 {
			break
		}
		n := bytes.IndexAny(b, " \t\r\n")
		if n < 0 {
			n = len(b)
		}
		words = append(words, b[:n])
		b = b[n:]
	}
	return words
}

// flowFooter says whether a line is one of those behind such a table.
func flowFooter(b []byte) bool {
	for _, w := range [...]string{"Summary: ", "Time window: ", "Total flows processed: ", "Total records processed: ", "Sys: ", "No matching flows", "User: ", "Runtime: "} {
		if hasPrefix(b, w) {
			return true
		}
	}
	return false
}
