// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var conntrack = Format{
	Name:   "conntrack",
	Also:   []string{"ulogd"},
	Source: "firewall",
	About: About{
		What: "Linux's table of connections as it changes: conntrack -E -o timestamp, conntrackd's statistics log, and ulogd2's NFCT plug-in (LOGEMU, SYSLOG). What carriers' and campus NAT boxes keep.",
		Export: "ulogd2 with the stack ct1:NFCT,ip2str1:IP2STR,print1:PRINTFLOW,emu1:LOGEMU; or conntrack -E -e NEW,DESTROY -o timestamp,id >> nat.log. Set nf_conntrack_acct=1 for bytes and " +
			"nf_conntrack_timestamp=1. conntrack -L writes no times and is of no use later.",
		Takes:  "Each connection with its addresses and ports before and after translation, packets and bytes at its end.",
		Leaves: "Names, content. Where only ends are logged, the beginning is known only with nf_conntrack_timestamp.",
	},
	Sniff: func(rec []byte) float64 {
		if _, _, ok := conntrackStart(rec); ok {
			return 0.9
		}
		if timelessConntrack(rec) {
			return 0.5
		}
		return 0
	},
	New:    func(env *Env) Parser { return &conntrackParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"[NEW] ", "[UPDATE] ", "[DESTROY] "},
}

// conntrackStart returns the record from "[NEW]", "[UPDATE]" or "[DESTROY]" on, and the time before it: 0 where a syslog head has it.
func conntrackStart(b []byte) (m []byte, at event.Micros, ok bool) {
	if len(b) > 12 && b[0] == '[' && isDigit(b[1]) { // "[1719900000.123456]\t    [NEW] tcp …"
		e := bytes.IndexByte(b, ']')
		if e < 0 {
			return nil, 0, false
		}
		at, ok := parseEpoch(b[1:e])
		rest := bytes.TrimLeft(b[e+1:], " \t")
		if !ok || !conntrackWord(rest) {
			return nil, 0, false
		}
		return rest, at, true
	}
	if !has(b, "src=") && !has(b, "SRC=") {
		return nil, 0, false
	}
	if s, is := sniffSyslog(b); is {
		m := bytes.TrimLeft(s.Message, " \t")
		if conntrackWord(m) {
			return m, 0, true
		}
		if i := index(b[:min(len(b), 120)], "[NEW] "); i > 0 { // LOGEMU has no tag: "Jun  2 09:00:00 gw [NEW] ORIG: …"
			return b[i:], 0, conntrackWord(b[i:])
		}
		if i := index(b[:min(len(b), 120)], "[DESTROY] "); i > 0 {
			return b[i:], 0, conntrackWord(b[i:])
		}
	}
	return nil, 0, false
}

// timelessConntrack says whether a line is one of conntrack -E without -o timestamp.
func timelessConntrack(b []byte) bool {
	b = bytes.TrimLeft(b[:min(len(b), 200)], " \t")
	return conntrackWord(b) && has(b, " src=")
}

func conntrackWord(b []byte) bool {
	return isPrefix(b, "[NEW] ") || isPrefix(b, "[UPDATE] ") || isPrefix(b, "[DESTROY] ")
}

// parseEpoch reads seconds since 1970 with an optional fraction; all of b must be that.
func parseEpoch(b []byte) (event.Micros, bool) {
	whole, frac, _ := bytes.Cut(b, []byte("."))
	sec, ok := parseNumber(whole)
	if !ok || sec < 1e8 || sec > 1<<33 {
		return 0, false
	}
	us, scale := int64(0), int64(100000)
	for _, c := range frac {
		if !isDigit(c) {
			return 0, false
		}
		us += int64(c-'0') * scale
		scale /= 10
	}
	return event.Micros(sec*1e6 + us), true
}

// flowSide is one direction of a connection.
type flowSide struct {
	src, dst     netip.Addr
	sport, dport uint16
	bytes        event.Int
}

type conntrackParser struct {
	env  *Env
	open []uint64 // connections whose beginning was seen, by hash
}

const conntrackOpen = 1 << 15

func (p *conntrackParser) Flush(*event.Batch) {}

func (p *conntrackParser) Parse(rec *event.Record, out *event.Batch) error {
	m, at, ok := conntrackStart(rec.Data)
	if !ok {
		if timelessConntrack(rec.Data) {
			return errTimeless
		}
		return ErrOtherFormat
	}
	host := p.env.Host
	if at == 0 {
		s, ok := p.env.Syslog(rec)
		if !ok {
			return ErrNoTime
		}
		at, host = s.Time, p.env.hostOf(s)
	} else {
		at = p.env.Clock.Absolute(at)
	}
	kind, m := nextWord(m)
	if string(kind) == "[UPDATE]" {
		return nil
	}
	var orig, reply flowSide
	proto, rest := p.flow(m, &orig, &reply)
	if !orig.src.IsValid() || !orig.dst.IsValid() {
		return ErrBroken
	}
	p.emit(rec, out, at, host, string(kind) == "[DESTROY]", proto, &orig, &reply, rest)
	return nil
}

// flow reads both directions and returns the protocol, and how long the connection lasted where that is said.
func (p *conntrackParser) flow(m []byte, orig, reply *flowSide) (proto []byte, lasted event.Int) {
	side, seen := orig, 0
	if !isPrefix(m, "ORIG:") {
		proto, _ = nextWord(bytes.TrimLeft(m, " "))
	}
	for len(m) > 0 {
		var word []byte
		word, m = nextWord(m)
		eq := bytes.IndexByte(word, '=')
		if eq < 0 {
			continue
		}
		val := bytes.TrimRight(word[eq+1:], ",")
		switch string(word[:eq]) {
		case "src", "SRC":
			if seen++; seen == 2 {
				side = reply
			}
			side.src, _ = p.env.addr(val)
		case "dst", "DST":
			side.dst, _ = p.env.addr(val)
		case "sport", "SPT":
			side.sport, _ = parsePort(val)
		case "dport", "DPT":
			side.dport, _ = parsePort(val)
		case "bytes", "BYTES":
			side.bytes = someNumber(val)
		case "PROTO":
			proto = val
		case "delta-time":
			if sec, ok := parseNumber(val); ok && sec < 1<<40 {
				lasted = event.Some(sec * 1000)
			}
		}
	}
	return proto, lasted
}

func (p *conntrackParser) emit(rec *event.Record, out *event.Batch, at event.Micros, host string, end bool, proto []byte, orig, reply *flowSide, lasted event.Int) {
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Ref = at, event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, p.env.Ref(rec)
	ev.SrcIP, ev.DstIP, ev.SrcPort, ev.DstPort = orig.src, orig.dst, orig.sport, orig.dport
	ev.Duration = lasted
	again := false
	key := p.key(orig, proto)
	if p.open == nil {
		p.open = make([]uint64, conntrackOpen)
	}
	slot := &p.open[(key^key>>23)%conntrackOpen]
	if end {
		if orig.bytes != (event.Int{}) {
			ev.BytesOut, ev.BytesIn = orig.bytes, reply.bytes
		}
		if *slot == key { // its beginning stands for it
			ev.Activity, ev.Count, again = event.ActClose, event.Some(0), true
			*slot = 0
		}
	} else {
		*slot = key
	}
	fields := [8]event.Field{event.Text("proto", p.env.Intern.Bytes(proto)), event.Text("device", host)}
	n := 2
	n += natFields(p.env, fields[n:], orig, reply)
	if again {
		fields[n] = event.Flag("repeat", true)
		n++
	}
	ev.Rest = out.Rest(fields[:n]...)
}

// natFields says what the reply direction shows of translation: the source that the other side saw, and whom it really reached.
func natFields(env *Env, to []event.Field, orig, reply *flowSide) (n int) {
	if reply.dst.IsValid() && (reply.dst != orig.src || reply.dport != orig.sport) {
		n += natAddr(env, to, "nat_src_ip", "nat_src_port", reply.dst, reply.dport)
	}
	if reply.src.IsValid() && (reply.src != orig.dst || reply.sport != orig.dport) {
		n += natAddr(env, to[n:], "nat_dst_ip", "nat_dst_port", reply.src, reply.sport)
	}
	return n
}

// natAddr writes a translated address and its port as two fields.
func natAddr(env *Env, to []event.Field, ip, port string, a netip.Addr, n uint16) int {
	var buf [48]byte
	to[0] = event.Text(ip, env.Intern.Bytes(a.AppendTo(buf[:0])))
	if n == 0 {
		return 1
	}
	to[1] = event.Number(port, int64(n))
	return 2
}

func (p *conntrackParser) key(f *flowSide, proto []byte) uint64 {
	a, b := f.src.As16(), f.dst.As16()
	var raw [36]byte
	copy(raw[:], a[:])
	copy(raw[16:], b[:])
	raw[32], raw[33], raw[34], raw[35] = byte(f.sport>>8), byte(f.sport), byte(f.dport>>8), byte(f.dport)
	return trailKey(raw[:], proto[:min(len(proto), 4)])
}
