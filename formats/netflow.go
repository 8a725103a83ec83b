// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var netFlow = Format{
	Name:   "netflow",
	Also:   []string{"nfdump", "ipfix", "argus"},
	Source: "network",
	About: About{
		What: "NetFlow, IPFIX and sFlow as nfdump 1.6 and 1.7 writes them (-o csv with the old and the new headings, -o json, -o ndjson, -o pipe, and the tables for people: -o line, long, extended, and those of NAT events), and flows of Argus as ra or rabins writes them with a heading (binetflow; commas or tabs).",
		Export: "nfdump -R DIR -o csv > flows.csv: not aggregated (no -a, -s, -A). With 1.7.4 and later say -o csv:%ts,%te,%td,%pr,%sa,%sp,%da,%dp,%pkt,%byt,%fl,%ra or -o ndjson, which holds more. " +
			"Argus: ra -r FILE -n -c , -s stime dur proto saddr sport dir daddr dport state pkts bytes sbytes.",
		Takes:  "Each flow: from where to where, protocol, when, how long, bytes and packets each way as far as the exporter counts both, flags, router.",
		Leaves: "Contents. Most exporters write each direction of a connection as a flow of its own, some only one packet of many (sampled): bytes are then estimates. nfdump writes times in the zone of the machine that it runs on. The tables for people shorten IPv6 addresses unless -6 is given, and large numbers unless -N is: rows with shortened addresses are refused. Statistics (-s) and the lines of the summary are no flows.",
	},
	Framing: event.FrameCSV,
	Shapes:  ShapeText | ShapeObject | ShapeSyslog,
	Keys:    []string{"src4_addr", "src6_addr", "in_packets"},
	Sniff: func(rec []byte) float64 {
		if len(rec) > 0 && rec[0] == '{' {
			if bytes.Contains(rec, []byte(`"type" : "FLOW"`)) || bytes.Contains(rec, []byte(`"type":"FLOW"`)) || bytes.Contains(rec, []byte(`"in_packets"`)) && bytes.Contains(rec, []byte(`"src`)) {
				return 0.96
			}
			return 0
		}
		if flowHeader(rec) || hasPrefix(rec, flowHeading) && has(rec, "Src IP Addr:Port") {
			return 0.97
		}
		if n := bytes.Count(rec[:min(len(rec), 512)], []byte("|")); n >= 23 && (isPrefix(rec, "2|") || isPrefix(rec, "10|")) {
			return 0.8
		}
		return 0
	},
	New: func(env *Env) Parser {
		return &flowParser{env: env, json: newJSONFields(env, flowPaths[:]...)}
	},
	Marks: []string{flowHeading, `"FLOW"`, `"in_packets"`, "|", "ts,td,pr,sa,sp", "ts,te,td,sa", "firstSeen,", "StartTime", "stime,dur,"},
}

const (
	flTime = iota
	flEnd
	flDuration
	flProto
	flSrc
	flSPort
	flDst
	flDPort
	flPkts
	flBytes
	flOutPkts
	flOutBytes
	flTotalBytes // both ways together
	flFlags
	flState
	flRouter
	flInput
	flOutput
	flSrcAS
	flDstAS
	flFlows
	flLabel
	flDirection
	flXSrc // after translation
	flXDst
	flFields
)

var flowPaths = [flFields]string{flTime: "first", flEnd: "last", flDuration: "duration", flProto: "proto", flSrc: "src4_addr|src6_addr|src_addr", flSPort: "src_port", flDst: "dst4_addr|dst6_addr|dst_addr", flDPort: "dst_port",
	flPkts: "in_packets|packets", flBytes: "in_bytes|bytes", flOutPkts: "out_packets", flOutBytes: "out_bytes", flFlags: "tcp_flags", flRouter: "ip4_router|ip6_router|router_ip", flInput: "input_snmp", flOutput: "output_snmp", flSrcAS: "src_as", flDstAS: "dst_as", flFlows: "aggr_flows|flows"}

// flowColumn returns the field that a column holds, by its columnName.
func flowColumn(name []byte) uint8 {
	switch string(name) {
	case "ts", "firstseen", "first", "datefirstseen", "starttime", "stime":
		return flTime
	case "te", "lastseen", "last", "datelastseen", "ltime", "lasttime":
		return flEnd
	case "td", "duration", "dur":
		return flDuration
	case "pr", "proto", "protocol":
		return flProto
	case "sa", "srcaddr", "srcipaddr", "saddr", "srcip":
		return flSrc
	case "da", "dstaddr", "dstipaddr", "daddr", "dstip":
		return flDst
	case "sp", "srcport", "srcpt", "sport":
		return flSPort
	case "dp", "dstport", "dstpt", "dport":
		return flDPort
	case "ipkt", "packets", "pkt", "inpkts", "inpkt", "inpackets", "totpkts", "pkts":
		return flPkts
	case "ibyt", "bytes", "byt", "inbytes", "inbyte", "srcbytes", "sbytes":
		return flBytes
	case "totbytes":
		return flTotalBytes
	case "opkt", "outpkts", "outpkt", "outpackets":
		return flOutPkts
	case "obyt", "outbytes", "outbyte", "dstbytes", "dbytes":
		return flOutBytes
	case "flg", "flags":
		return flFlags
	case "state":
		return flState
	case "ra", "router", "routerip", "exporter":
		return flRouter
	case "in", "input", "inif":
		return flInput
	case "out", "output", "outif":
		return flOutput
	case "sas", "srcas":
		return flSrcAS
	case "das", "dstas":
		return flDstAS
	case "fl", "flows":
		return flFlows
	case "label":
		return flLabel
	case "dir":
		return flDirection
	}
	return flFields
}

// flowHeader says whether a line is a heading of columns, with commas or tabs between.
func flowHeader(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for _, w := range [...]string{"ts,te,td,sa,da,sp,dp,pr", "ts,td,pr,sa,sp", "firstSeen,", "StartTime,Dur,Proto,SrcAddr,", "StartTime\tDur\tProto\tSrcAddr\t", "stime,dur,proto,saddr,"} {
		if isPrefix(b, w) {
			return true
		}
	}
	return false
}

type flowParser struct {
	env     *Env
	json    jsonFields
	v       [flFields][]byte
	row     csvRow
	columns []uint8
	tab     bool
	argus   bool
	summary bool // of nfdump: what follows is no flow
	buf     []byte

	table  bool    // the rows are made for people
	text   []uint8 // what stands behind the addresses in them
	timed  bool    // they have a duration
	events bool    // and what became of a translation
	words  [][]byte
	stamp  []byte
}

func (p *flowParser) Flush(*event.Batch) {}

func (p *flowParser) Parse(rec *event.Record, out *event.Batch) error {
	b := rec.Data
	p.v = [flFields][]byte{}
	switch {
	case len(b) > 0 && b[0] == '{':
		if !p.json.read(trimJSON(b)) || !p.json.has(flTime) || !p.json.has(flSrc) && !p.json.has(flDst) {
			return ErrOtherFormat
		}
		for slot := range p.v {
			if v := p.json.f[slot]; v.kind != 0 {
				p.v[slot] = bytes.Clone(v.text(&p.buf))
			}
		}
	case hasPrefix(b, flowHeading):
		return p.heading(b)
	case p.table && flowFooter(b):
		return nil
	case p.table && len(b) > 24 && isDigit(b[0]) && b[4] == '-':
		if err := p.line(b); err != nil {
			return err
		}
	case flowHeader(b):
		p.table = false
		return p.header(b)
	case p.columns != nil && bytes.IndexByte(b, '|') < 0:
		if isPrefix(b, "Summary") || p.summary { // and the two lines behind it
			p.summary = len(b) > 0
			return nil
		}
		if len(bytes.TrimSpace(b)) == 0 || isPrefix(b, "No matching flows") {
			return nil
		}
		if err := p.cells(b); err != nil {
			return err
		}
	default:
		if !p.pipe(b) {
			return ErrOtherFormat
		}
	}
	return p.emit(rec, out)
}

func (p *flowParser) header(b []byte) error {
	p.tab, p.summary = bytes.IndexByte(b, '\t') > 0, false
	p.argus = isPrefix(b, "StartTime") || isPrefix(b, "stime")
	if !p.split(b) {
		return ErrBroken
	}
	p.columns = p.columns[:0]
	for _, c := range p.row.cells {
		p.buf = columnName(p.buf[:0], c)
		p.columns = append(p.columns, flowColumn(p.buf))
	}
	return nil
}

func (p *flowParser) split(b []byte) bool {
	if !p.tab {
		return p.row.split(b)
	}
	p.row.cells = p.row.cells[:0]
	for more := true; more && len(p.row.cells) < csvColumns; {
		var c []byte
		c, b, more = bytes.Cut(b, []byte{'\t'})
		p.row.cells = append(p.row.cells, c)
	}
	return true
}

func (p *flowParser) cells(b []byte) error {
	if !p.split(b) {
		return ErrBroken
	}
	if n := len(p.row.cells); n < 6 || n > len(p.columns)+1 {
		return ErrOtherFormat
	}
	for i, c := range p.row.cells[:min(len(p.row.cells), len(p.columns))] {
		if slot := p.columns[i]; slot != flFields && p.v[slot] == nil {
			p.v[slot] = bytes.TrimSpace(c)
		}
	}
	return nil
}

// pipe reads "2|1747010467|123|1747010468|456|6|0|0|0|3325256711|50001|0|0|0|3221225994|22|…": addresses as four numbers.
func (p *flowParser) pipe(b []byte) bool {
	var w [28][]byte
	n := 0
	for more := true; more && n < len(w); n++ {
		w[n], b, more = bytes.Cut(b, []byte{'|'})
	}
	if n < 24 || string(w[0]) != "2" && string(w[0]) != "10" {
		return false
	}
	src, ok := fourNumbers(w[6:10], string(w[0]) == "2")
	dst, ok2 := fourNumbers(w[11:15], string(w[0]) == "2")
	if !ok || !ok2 {
		return false
	}
	p.v[flTime] = append(append(append([]byte(nil), w[1]...), '.'), padded(w[2])...)
	p.v[flEnd] = append(append(append([]byte(nil), w[3]...), '.'), padded(w[4])...)
	p.v[flProto], p.v[flSPort], p.v[flDPort] = w[5], w[10], w[15]
	p.v[flSrc], p.v[flDst] = src.AppendTo(nil), dst.AppendTo(nil)
	p.v[flSrcAS], p.v[flDstAS], p.v[flInput], p.v[flOutput] = w[16], w[17], w[18], w[19]
	p.v[flFlags], p.v[flPkts], p.v[flBytes] = w[20], w[22], w[23]
	return true
}

// padded returns milliseconds with their leading noughts.
func padded(b []byte) []byte {
	const noughts = "000"
	return append([]byte(noughts[:3-min(len(b), 3)]), b...)
}

func fourNumbers(w [][]byte, v4 bool) (netip.Addr, bool) {
	var a [16]byte
	for i, b := range w {
		n, ok := parseNumber(b)
		if !ok || n >= 1<<32 {
			return netip.Addr{}, false
		}
		a[4*i], a[4*i+1], a[4*i+2], a[4*i+3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
	}
	if v4 {
		return netip.AddrFrom4([4]byte(a[12:])), true
	}
	return netip.AddrFrom16(a).Unmap(), true
}

// when reads a time of the zone that the exporting machine has, or a count of seconds.
func (p *flowParser) when(b []byte) (event.Micros, bool) {
	if m, ok := epochMicros(b); ok {
		return p.env.Clock.Absolute(m), true
	}
	t, n := parseISOStamp(b)
	if n == 0 {
		t, n = parseSlashDate(b)
	}
	if n == 0 || n != len(b) {
		return 0, false
	}
	return p.env.Clock.Moment(t), true
}

func (p *flowParser) emit(rec *event.Record, out *event.Batch) error {
	v := &p.v
	when, ok := p.when(v[flTime])
	if !ok {
		return ErrNoTime
	}
	src, ok := p.env.addr(v[flSrc])
	dst, ok2 := p.env.addr(v[flDst])
	if !ok && !ok2 {
		if p.argus { // of links: no address
			return nil
		}
		return ErrBroken
	}
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	ev.Class, ev.Activity = event.ClassNetwork, event.ActConnect
	ev.SrcIP, ev.DstIP = src, dst
	ev.Service = p.protocol(v[flProto])
	if ev.Service == "tcp" || ev.Service == "udp" || ev.Service == "sctp" {
		ev.SrcPort, ev.DstPort = flowPort(v[flSPort]), flowPort(v[flDPort])
	}
	if v[flDuration] != nil {
		ev.Duration = milliseconds(v[flDuration])
	} else if end, ok := p.when(v[flEnd]); ok && end >= when {
		ev.Duration = event.Some(int64(end-when) / 1000)
	}
	p.amounts(ev)
	if string(v[flDirection]) == "<-" { // Argus: the other side began
		ev.SrcIP, ev.DstIP, ev.SrcPort, ev.DstPort, ev.BytesOut, ev.BytesIn = ev.DstIP, ev.SrcIP, ev.DstPort, ev.SrcPort, ev.BytesIn, ev.BytesOut
	}
	p.ending(ev)
	in := p.env.Intern
	var r remainder
	r.text("proto", ev.Service)
	for _, f := range [...]restField{{"flags", flFlags}, {"state", flState}, {"direction", flDirection}, {"router", flRouter}, {"label", flLabel}} {
		r.text(f.name, in.Bytes(v[f.slot]))
	}
	if addr, port := flowEnd(v[flXSrc]); len(addr) > 0 {
		if a, ok := p.env.addr(addr); ok && !a.IsUnspecified() && (a != src || !bytes.Equal(port, v[flSPort])) {
			r.text("nat_src_ip", in.Bytes(a.AppendTo(nil)))
			r.number("nat_src_port", int64(flowPort(port)))
		}
	}
	for _, f := range [...]restField{{"packets_out", flPkts}, {"packets_in", flOutPkts}, {"input", flInput}, {"output", flOutput}, {"src_as", flSrcAS}, {"dst_as", flDstAS}, {"flows", flFlows}} {
		if f.slot == flPkts && p.argus && v[flTotalBytes] != nil {
			f.name = "packets" // both ways together
		}
		if n, ok := parseNumber(v[f.slot]); ok && (n > 0 || f.slot == flPkts) && (f.slot != flFlows || n > 1) {
			r.number(f.name, n)
		}
	}
	ev.Rest = r.rest(out)
	return nil
}

// amounts sets the bytes: what the source sent, and what came back where the exporter counts both.
func (p *flowParser) amounts(ev *event.Event) {
	ev.BytesOut = someNumber(p.v[flBytes])
	if n, ok := parseNumber(p.v[flOutBytes]); ok && n > 0 {
		ev.BytesIn = event.Some(n)
	}
	if total, ok := parseNumber(p.v[flTotalBytes]); ok {
		if sent, ok := parseNumber(p.v[flBytes]); ok && sent <= total {
			ev.BytesIn = event.Some(total - sent)
		} else if !ok {
			ev.BytesOut = event.Some(total)
		}
	}
}

// ending reads Argus's state, and the flags: a flow of nothing but a first packet was not answered as far as it says.
func (p *flowParser) ending(ev *event.Event) {
	switch state := p.v[flState]; string(state) {
	case "":
	case "CON", "FIN", "EST", "CLO", "RSP", "ECR":
		ev.Outcome = event.OutcomeSuccess
	case "REQ", "INT", "TIM":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonTimeout
	case "RST", "URP", "URH", "URN":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
	default:
		if i := bytes.IndexByte(state, '_'); i > 0 && i+1 < len(state) { // flags of both sides: S_SA
			ev.Outcome = event.OutcomeSuccess
			if back := state[i+1:]; bytes.IndexByte(back, 'S') < 0 && bytes.IndexByte(back, 'A') >= 0 && bytes.IndexByte(back, 'R') >= 0 && string(state[:i]) == "S" {
				ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
			}
		} else if i > 0 {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonTimeout
		}
	}
}

func (p *flowParser) protocol(b []byte) string {
	switch string(b) {
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "1":
		return "icmp"
	case "58":
		return "ipv6-icmp"
	case "132":
		return "sctp"
	case "47":
		return "gre"
	case "50":
		return "esp"
	}
	p.buf = append(p.buf[:0], b...)
	for i, c := range p.buf {
		p.buf[i] = lower(c)
	}
	return p.env.Intern.Bytes(p.buf)
}

// flowPort reads a port, also in hexadecimal as Argus writes some; nfdump writes the kind of ICMP as 3.1.
func flowPort(b []byte) uint16 {
	if n, ok := wholeNumber(b); ok && n >= 0 && n <= 65535 {
		return uint16(n)
	}
	return 0
}
