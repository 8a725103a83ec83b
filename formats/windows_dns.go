// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var windowsDNS = Format{
	Name:   "windows-dns",
	Also:   []string{"msdns", "dns-debug"},
	Source: "dns",
	About: About{
		What: "The debug log of the DNS server of Windows Server 2008 to 2025 (dns.log), in English and Japanese date forms; details of packets are passed over.",
		Export: "DNS Manager, properties of the server, Debug Logging: packet direction incoming and outgoing, content queries and transfers, type request and response, UDP and TCP; file path and a large maximum size. " +
			"Or Set-DnsServerDiagnostics -QueryLogging. The log is off by default and wraps at its size: copy it often.",
		Takes:  "Each question received with client, name and type; each answer sent with its code (repeat); updates and transfers asked for.",
		Leaves: "The answers. Ports are not logged. Which number of a date like 5/12/2025 is the month cannot be told from the file: month first is assumed unless that cannot be; the Japanese form 2025/05/12 is sure. Times are the server's own zone.",
	},
	Shapes: ShapeText | ShapeSyslog,
	Sniff: func(rec []byte) float64 {
		var l windowsDNSLine
		if l.split(rec) {
			return 0.97
		}
		if isPrefix(rec, "DNS Server log file creation at") || isPrefix(rec, "Message logging key (for packets") {
			return 0.9
		}
		return 0
	},
	New:   func(env *Env) Parser { return &windowsDNSParser{env: env} },
	Marks: []string{"PACKET", "EVENT", "DSPOLL", "INIT", "NOTE", "TASK", "ZONE", "Note:", "REMOTE", "LOOKUP", "UPDATE", "DS", "RECURSE", "DNS Server log file creation at", "Message logging key (for packets"},
}

type windowsDNSLine struct {
	time                      Civil
	packet                    bool
	tcp, received, answer     bool
	addr, op, rcode, qt, name []byte
}

// split reads "5/12/2025 9:41:07 AM 0E4C PACKET  000001F2A4B5C6D0 UDP Rcv 192.0.2.10      0a1b   Q [0001   D   NOERROR] A      (3)www(7)example(0)".
func (l *windowsDNSLine) split(b []byte) bool {
	if len(b) < 30 || !isDigit(b[0]) {
		return false
	}
	t, n := parseSlashDate(b)
	if n == 0 {
		var d [3]int
		var k [3]int // "20250512 09:41:07" and "12.05.2025 09:41:07"
		d[0], k[0] = digits(b, 8)
		if k[0] == 8 && b[8] == ' ' {
			t = Civil{Year: d[0] / 10000, Month: d[0] / 100 % 100, Day: d[0] % 100}
			n = parseTimeOfDay(b[9:], &t)
			if n == 0 || !t.Valid() {
				return false
			}
			n += 9
		} else {
			return false
		}
	}
	l.time = t
	b = bytes.TrimLeft(b[n:], " ")
	thread, b := nextWord(b)
	if len(thread) < 3 || len(thread) > 8 || !isHex(thread[0]) {
		return false
	}
	context, b := nextWord(bytes.TrimLeft(b, " "))
	switch string(context) {
	case "PACKET":
	case "EVENT", "DSPOLL", "INIT", "NOTE", "TASK", "ZONE", "ZONELOAD", "Note:", "REMOTE", "LOOKUP", "UPDATE", "DS", "RECURSE":
		return true
	default:
		return false
	}
	var w [4][]byte // packet, protocol, direction, address
	for i := range w {
		w[i], b = nextWord(bytes.TrimLeft(b, " "))
	}
	l.tcp, l.received, l.addr = string(w[1]) == "TCP", string(w[2]) == "Rcv", w[3]
	if !l.received && string(w[2]) != "Snd" || !l.tcp && string(w[1]) != "UDP" {
		return false
	}
	open, end := bytes.IndexByte(b, '['), bytes.IndexByte(b, ']')
	if open < 0 || end < open {
		return false
	}
	head := bytes.Fields(b[:open])
	if len(head) < 2 || len(head) > 3 {
		return false
	}
	l.answer, l.op = len(head) == 3 && string(head[1]) == "R", head[len(head)-1]
	flags := bytes.Fields(b[open+1 : end])
	if len(flags) > 0 {
		l.rcode = flags[len(flags)-1]
	}
	l.qt, b = nextWord(bytes.TrimLeft(b[end+1:], " "))
	l.name = bytes.TrimSpace(b)
	l.packet = true
	return true
}

type windowsDNSParser struct {
	env   *Env
	text  []byte
	began bool // an entry was read: what is indented behind it are its details
}

func (p *windowsDNSParser) Flush(*event.Batch) {}

func (p *windowsDNSParser) Parse(rec *event.Record, out *event.Batch) error {
	var l windowsDNSLine
	if !l.split(rec.Data) {
		return p.beside(rec.Data)
	}
	p.began = true
	if !l.packet || l.received == l.answer { // what the server itself asks of others, and their answers
		return nil
	}
	addr, ok := p.env.addr(l.addr)
	if !ok {
		return ErrBroken
	}
	ev := out.Add()
	ev.Time, ev.Ref, ev.Service, ev.DstHost = p.env.Clock.Moment(l.time), p.env.Ref(rec), "dns", p.env.Host
	ev.Class, ev.Activity, ev.SrcIP = event.ClassDNS, event.ActQuery, addr
	ev.Object = p.env.Intern.Bytes(p.labels(l.name))
	if string(l.op) == "U" {
		ev.Activity = event.ActWrite
	}
	proto := "udp"
	if l.tcp {
		proto = "tcp"
	}
	f := [5]event.Field{event.Text("qtype", p.env.Intern.Bytes(l.qt)), event.Text("proto", proto)}
	n := 2
	if l.answer {
		ev.Outcome, ev.Reason = dnsOutcome(l.rcode)
		if ev.Reason == event.ReasonDenied {
			ev.Activity = event.ActRefuse
		}
		ev.Count = event.Some(0)
		f[2], f[3] = event.Text("rcode", p.env.Intern.Bytes(l.rcode)), event.Flag("repeat", true)
		n = 4
	}
	ev.Rest = out.Rest(f[:n]...)
	return nil
}

// labels reads "(3)www(7)example(0)".
func (p *windowsDNSParser) labels(b []byte) []byte {
	if len(b) == 0 || b[0] != '(' {
		return b
	}
	p.text = p.text[:0]
	for len(b) > 2 && b[0] == '(' {
		end := bytes.IndexByte(b, ')')
		if end < 0 {
			break
		}
		n, _ := parseNumber(b[1:end])
		b = b[end+1:]
		if n == 0 || n > int64(len(b)) {
			break
		}
		if len(p.text) > 0 {
			p.text = append(p.text, '.')
		}
		p.text = append(p.text, b[:n]...) // the length says where it ends, whatever it holds
		b = b[n:]
	}
	if len(p.text) == 0 {
		return []byte(".")
	}
	return p.text
}

// beside reads the lines that are no entries: the heading, and the details of a packet.
func (p *windowsDNSParser) beside(b []byte) error {
	if len(b) > 0 && p.began && (b[0] == ' ' || b[0] == '\t') {
		return nil
	}
	if b = bytes.TrimSpace(b); len(b) == 0 {
		return nil
	}
	for _, w := range [...]string{"DNS Server log file creation at", "Log file wrap at", "Message logging key", "Field #", "---"} {
		if isPrefix(b, w) {
			return nil
		}
	}
	return ErrOtherFormat
}
