// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var keaLeases = Format{
	Name:   "kea-leases",
	Source: "dhcp",
	About: About{
		What:   "The lease files of Kea (memfile back end): kea-leases4.csv, kea-leases6.csv and those with .1, .2, .completed behind them.",
		Export: "Copy /var/lib/kea/kea-leases4.csv* and kea-leases6.csv*. The server cleans them every lfc-interval (an hour) and keeps what each address was last: copy first.",
		Takes:  "Each address with hardware address or DUID, name, when it was given and for how long; what expired or was given back.",
		Leaves: "Leases that the cleaning has already thrown away; the logs of format kea hold them.",
	},
	Sniff: func(rec []byte) float64 {
		rec = bytes.TrimPrefix(rec, []byte("\xef\xbb\xbf"))
		if isPrefix(rec, "address,hwaddr,client_id,valid_lifetime") || isPrefix(rec, "address,duid,valid_lifetime") {
			return 1
		}
		if _, ok := keaRow(rec); ok {
			return 0.8
		}
		return 0
	},
	New:    func(env *Env) Parser { return &keaLeasesParser{env: env} },
	Shapes: notObject,
	Marks:  []string{","},
}

// keaRow says whether a line can be a row of the file, and which: an address, then a hardware address and a client identifier
// or a DUID, then two numbers.
func keaRow(b []byte) (v6, ok bool) {
	var c [5][]byte
	for i := range c {
		k := bytes.IndexByte(b, ',')
		if k < 0 {
			return false, false
		}
		c[i], b = b[:k], b[k+1:]
	}
	if _, is4 := parseIPv4(c[0]); is4 {
		life, ok1 := parseNumber(c[3])
		end, ok2 := parseNumber(c[4])
		return false, ok1 && ok2 && life < 1<<33 && end > 1e9 && (isMAC(c[1]) || len(c[1]) == 0)
	}
	if bytes.Count(c[0], []byte(":")) < 2 || len(c[0]) > 45 {
		return false, false
	}
	life, ok1 := parseNumber(c[2])
	end, ok2 := parseNumber(c[3])
	return true, ok1 && ok2 && life < 1<<33 && end > 1e9 && len(c[1]) > 5 && c[1][2] == ':'
}

type keaLeasesParser struct {
	env   *Env
	cells [csvMost][]byte
	// Columns of the name, the hardware address (IPv6), and the state: those of the header, or of Kea 2.
	name, mac, state [2]int
	set              [2]bool
}

func (p *keaLeasesParser) Flush(*event.Batch) {}

func (p *keaLeasesParser) Parse(rec *event.Record, out *event.Batch) error {
	b := bytes.TrimRight(bytes.TrimPrefix(rec.Data, []byte("\xef\xbb\xbf")), "\r")
	n := 0
	for rest := b; n < csvMost; n++ {
		i := bytes.IndexByte(rest, ',')
		if i < 0 {
			p.cells[n] = rest
			n++
			break
		}
		p.cells[n], rest = rest[:i], rest[i+1:]
	}
	cells := p.cells[:n]
	if isPrefix(b, "address,hwaddr,client_id,valid_lifetime") || isPrefix(b, "address,duid,valid_lifetime") {
		p.header(cells)
		return nil
	}
	v6, ok := keaRow(b)
	if !ok {
		return ErrOtherFormat
	}
	if v6 {
		return p.row(rec, out, cells, 1, 2, 3)
	}
	return p.row(rec, out, cells, 0, 3, 4)
}

func (p *keaLeasesParser) header(cells [][]byte) {
	v := 0
	if string(cells[1]) == "duid" {
		v = 1
	}
	p.set[v], p.name[v], p.mac[v], p.state[v] = true, -1, -1, -1
	for i, c := range cells {
		switch string(c) {
		case "hostname":
			p.name[v] = i
		case "hwaddr":
			p.mac[v] = i
		case "state":
			p.state[v] = i
		}
	}
}

func (p *keaLeasesParser) row(rec *event.Record, out *event.Batch, cells [][]byte, v, life, end int) error {
	if !p.set[v] {
		if p.set[v], p.name[v], p.mac[v], p.state[v] = true, 8, 1, 9; v == 1 {
			p.name[v], p.mac[v], p.state[v] = 11, 12, 13
		}
	}
	get := func(i int) []byte {
		if i < 0 || i >= len(cells) {
			return nil
		}
		return cells[i]
	}
	if v == 1 && len(cells) > 6 && string(cells[6]) == "2" {
		return nil // a prefix, given to a router
	}
	ip, ok := p.env.addr(cells[0])
	if !ok {
		return ErrBroken
	}
	sec, _ := parseNumber(cells[life])
	until, _ := parseNumber(cells[end])
	if until > 1<<35 {
		return ErrNoTime
	}
	act, at := event.ActAssign, until-sec
	switch string(get(p.state[v])) {
	case "1":
		return nil // declined: nobody's
	case "2", "3":
		act, at = event.ActRelease, until
	}
	if sec == 0 {
		act = event.ActRelease
	}
	ev := p.env.lease(out, rec, p.env.Clock.Absolute(event.Micros(at)*1e6), act, ip)
	ev.DstHost = p.env.Host
	ev.SrcHost = p.env.leaseHost(bytes.TrimRight(get(p.name[v]), "."))
	fields := [4]event.Field{event.Text("mac", p.env.mac(get(p.mac[v]))), {}, {}, {}}
	n := 1
	if v == 1 {
		fields[n] = event.Text("duid", p.env.Intern.Bytes(cells[1][:min(len(cells[1]), 200)]))
	} else {
		fields[n] = event.Text("cid", p.env.Intern.Bytes(cells[2][:min(len(cells[2]), 200)]))
	}
	n++
	if act == event.ActAssign {
		fields[n] = event.Number("lease_s", sec)
		n++
	}
	ev.Rest = out.Rest(fields[:n]...)
	return nil
}
