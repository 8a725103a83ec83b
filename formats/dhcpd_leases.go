// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var iscLeases = Format{
	Name:   "isc-leases",
	Also:   []string{"dhcpd.leases"},
	Source: "dhcp",
	About: About{
		What:   "The lease files of ISC's DHCP server: dhcpd.leases and dhcpd6.leases, with their backups (dhcpd.leases~).",
		Export: "Copy /var/lib/dhcp/dhcpd.leases and dhcpd.leases~ (/var/db on BSD). The server rewrites the file within the hour and keeps only what each address was last: copy it first.",
		Takes:  "Who was given each address, from when and until when, and what was given back, with hardware address, client identifier and name.",
		Leaves: "What was before the last lease of an address, unless the file was not rewritten since: the syslog lines of dhcpd hold that.",
	},
	Sniff: func(rec []byte) float64 {
		b := bytes.TrimLeft(rec, " \t")
		switch {
		case isPrefix(b, "lease ") && has(b, " {") || isPrefix(b, "iaaddr ") || isPrefix(b, "ia-na "):
			return 0.9
		case leaseWord(b):
			return 0.8
		case isPrefix(b, "# The format of this file is documented in the dhcpd.leases"), isPrefix(b, "# This lease file was written by isc-dhcp"):
			return 0.95
		}
		return 0
	},
	New:    func(env *Env) Parser { return &iscLeasesParser{env: env} },
	Shapes: notObject,
	Marks:  []string{";", "epoch ", "lease ", "iaaddr ", "ia-na ", "dhcpd.leases", "by isc-dhcp"},
}

// leaseWord says whether a line is one within a lease.
func leaseWord(b []byte) bool {
	for _, w := range [...]string{"starts ", "ends ", "tstp ", "tsfp ", "atsfp ", "cltt ", "binding state ", "next binding state ", "rewind binding state ",
		"hardware ethernet ", "uid \"", "client-hostname \"", "set ", "server-duid ", "authoring-byte-order ", "max-life ", "preferred-life "} {
		if isPrefix(b, w) {
			return b[len(b)-1] == ';' || isPrefix(b[len(w):], "epoch ")
		}
	}
	return false
}

type iscLeasesParser struct {
	env  *Env
	open bool // between "lease … {" and "}"
	v6   bool
	l    iscLease
	more []event.Part
}

type iscLease struct {
	ip                 netip.Addr
	ref                event.Ref
	starts, ends, cltt event.Micros
	state, mac, name   string
	uid                string
	maxLife            int64
}

const maxLeaseLines = 64

func (p *iscLeasesParser) Flush(*event.Batch) {}

func (p *iscLeasesParser) Parse(rec *event.Record, out *event.Batch) error {
	b := bytes.Trim(rec.Data, " \t\r")
	if addr, ok := cutPrefix(b, "lease "); ok && len(b) > 8 && b[len(b)-1] == '{' {
		return p.begin(rec, bytes.TrimRight(addr[:len(addr)-1], " "))
	}
	if addr, ok := cutPrefix(b, "iaaddr "); ok && b[len(b)-1] == '{' {
		p.v6 = true
		cltt, uid := p.l.cltt, p.l.uid
		err := p.begin(rec, bytes.TrimRight(addr[:len(addr)-1], " "))
		p.l.cltt, p.l.uid = cltt, uid
		return err
	}
	if rest, ok := cutPrefix(b, "ia-na "); ok {
		p.l, p.open, p.v6 = iscLease{}, false, true
		if e := lastIndex(rest, "\""); e > 0 {
			p.l.uid = p.env.Intern.Bytes(rest[1:min(e, 200)])
		}
		return nil
	}
	if len(b) == 0 || b[0] == '#' || isPrefix(b, "server-duid ") || isPrefix(b, "authoring-byte-order ") {
		return nil
	}
	if !p.open && !p.v6 {
		if leaseWord(b) {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	if b[0] == '}' {
		if p.open {
			p.open = false
			p.finish(out)
		} else {
			p.v6 = false
		}
		return nil
	}
	if p.open && len(p.more) < maxLeaseLines {
		p.more = append(p.more, rec.Part)
	}
	return p.word(b)
}

func (p *iscLeasesParser) begin(rec *event.Record, addr []byte) error {
	ip, ok := p.env.addr(addr)
	if !ok {
		return ErrOtherFormat
	}
	p.l, p.open, p.more = iscLease{ip: ip, ref: p.env.Ref(rec)}, true, p.more[:0]
	return nil
}

// word reads a line within a lease. What a client says of itself stands in quotes, with those in it escaped.
func (p *iscLeasesParser) word(b []byte) error {
	if b[len(b)-1] != ';' && !leaseWord(b) {
		p.open, p.v6 = false, false // the block was cut off
		return ErrOtherFormat
	}
	b = bytes.TrimRight(b, ";")
	switch word, rest := nextWord(b); string(word) {
	case "starts":
		p.l.starts = p.when(rest)
	case "ends":
		p.l.ends = p.when(rest)
	case "cltt":
		p.l.cltt = p.when(rest)
	case "binding":
		if s, ok := cutPrefix(rest, "state "); ok {
			p.l.state = p.env.Intern.Bytes(s)
		}
	case "hardware":
		_, mac := nextWord(rest)
		p.l.mac = p.env.mac(mac)
	case "uid":
		p.l.uid = p.env.Intern.Bytes(bytes.Trim(rest, "\"")[:min(len(bytes.Trim(rest, "\"")), 200)])
	case "client-hostname":
		p.l.name = p.env.leaseHost(bytes.Trim(rest, "\""))
	case "max-life":
		p.l.maxLife, _ = parseNumber(rest)
	}
	return nil
}

// when reads "4 2025/06/05 09:00:00", which is in UTC, or "epoch 1749114000; # …"; 0 for never and what is neither.
func (p *iscLeasesParser) when(b []byte) event.Micros {
	if e, ok := cutPrefix(b, "epoch "); ok {
		e, _, _ = bytes.Cut(e, []byte(";"))
		n, _ := parseNumber(bytes.TrimRight(e, " "))
		if n <= 0 || n > 1<<35 {
			return 0
		}
		return p.env.Clock.Absolute(event.Micros(n) * 1e6)
	}
	_, b = nextWord(b)
	if len(b) < 19 || b[4] != '/' || b[7] != '/' || b[10] != ' ' {
		return 0
	}
	t := Civil{HasZone: true}
	t.Year = exactly(b, 4)
	t.Month = exactly(b[5:], 2)
	t.Day = exactly(b[8:], 2)
	if parseTimeOfDay(b[11:], &t) == 0 || t.Year == 0 || !t.Valid() {
		return 0
	}
	return p.env.Clock.Moment(t)
}

func (p *iscLeasesParser) finish(out *event.Batch) {
	l := &p.l
	at := l.starts
	if at == 0 {
		at = l.cltt
	}
	act := event.ActAssign
	switch l.state {
	case "active", "bootp":
	case "free", "released", "expired", "backup":
		act, at = event.ActRelease, l.ends
	default: // abandoned, reset: nobody's
		return
	}
	if at == 0 {
		return
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = at, event.ClassLease, act, event.OutcomeSuccess
	ev.SrcIP, ev.SrcHost, ev.DstHost, ev.Service = l.ip, l.name, p.env.Host, "dhcp"
	ev.Ref = l.ref
	if l.ref.Input == p.env.Input {
		ev.Ref.More = out.Parts(p.more...)
	}
	fields := [4]event.Field{event.Text("mac", l.mac), event.Text("uid", l.uid), event.Text("state", l.state)}
	n := 3
	if act == event.ActAssign {
		sec := l.maxLife
		if l.ends > at {
			sec = int64(l.ends-at) / 1e6
		}
		if sec > 0 {
			fields[n] = event.Number("lease_s", sec)
			n++
		}
	}
	ev.Rest = out.Rest(fields[:n]...)
}
