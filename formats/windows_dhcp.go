// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var windowsDHCP = Format{
	Name:   "windows-dhcp",
	Source: "dhcp",
	About: About{
		What: "Audit logs of the DHCP server of Windows Server 2003 to 2025: DhcpSrvLog-*.log and DhcpV6SrvLog-*.log, in whatever language the server speaks.",
		Export: "Copy %windir%\\System32\\dhcp\\DhcpSrvLog-*.log and DhcpV6SrvLog-*.log. There is one file for each day of the week and it is overwritten a week later: copy first, " +
			"every day. Set-DhcpServerAuditLog -Enable $true turns it on; a file that reaches its share of DhcpLogFilesMaxSize (10 to 70 MB for the whole week) stops growing: raise it.",
		Takes: "Addresses assigned, renewed, released, expired and refused, with the client's name and hardware address (DUID for IPv6); start and stop of the log.",
		Leaves: "How long a lease was given for does not stand in it; DNS updates and the detection of rogue servers are passed over. The name is the client's own word. " +
			"A hardware address can be forged, and phones change theirs for each network.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := dhcpWindowsRow(rec); ok {
			return 0.9
		}
		if dhcpWindowsHead(rec) {
			return 0.85
		}
		return 0
	},
	New:    func(env *Env) Parser { return &windowsDHCPParser{env: env} },
	Shapes: notObject,
	Marks:  []string{",", "Microsoft DHCP "},
}

// dhcpWindowsHead says whether a line is the header or the title that only this log has.
func dhcpWindowsHead(b []byte) bool {
	return isPrefix(b, "ID,Date,Time,") || isPrefix(b, "ID,") && has(b, "QResult") || has(b[:min(len(b), 80)], "Microsoft DHCP ") ||
		isPrefix(b, "ID,") && has(b, "Dhcid")
}

// dhcpWindowsRow reads the first three cells of a row: "10,06/02/25,09:00:00,": a number of two to five digits, the date with the
// month first and two digits of the year (four on some systems).
func dhcpWindowsRow(b []byte) (t Civil, ok bool) {
	_, n := digits(b, 5)
	if n < 2 || n >= len(b) || b[n] != ',' {
		return t, false
	}
	b = b[n+1:]
	if len(b) < 18 || b[2] != '/' || b[5] != '/' {
		return t, false
	}
	t.Month = exactly(b, 2)
	t.Day = exactly(b[3:], 2)
	year, n := digits(b[6:], 4)
	if t.Year = year; n == 2 {
		t.Year += 2000
	} else if n != 4 {
		return t, false
	}
	b = b[6+n:]
	if len(b) < 9 || b[0] != ',' || parseTimeOfDay(b[1:], &t) == 0 || len(b) > 9 && b[9] != ',' {
		return t, false
	}
	return t, t.Valid()
}

type windowsDHCPParser struct {
	env     *Env
	mine    bool // a row or the head of this log has been seen
	columns int  // of the header; 0: none seen
	cells   [csvMost][]byte
}

// csvMost bounds the cells of a row; the log has up to nineteen.
const csvMost = 64

func (p *windowsDHCPParser) Flush(*event.Batch) {}

func (p *windowsDHCPParser) Parse(rec *event.Record, out *event.Batch) error {
	t, ok := dhcpWindowsRow(rec.Data)
	if !ok {
		return p.head(rec.Data)
	}
	p.mine = true
	n := 0
	for b := rec.Data; n < csvMost; n++ { // nothing is quoted in this log; in cp932 no second byte is a comma
		i := bytes.IndexByte(b, ',')
		if i < 0 {
			p.cells[n] = b
			n++
			break
		}
		p.cells[n], b = b[:i], b[i+1:]
	}
	cells := p.cells[:n]
	id, _ := digits(cells[0], 5)
	at := p.env.Clock.Moment(t)
	if id >= 1000 {
		p.v6(rec, out, id, at, cells)
	} else {
		p.v4(rec, out, id, at, cells)
	}
	return nil
}

// head takes the text that each file begins with: a title, and the list of the numbers and their meanings, in any language.
func (p *windowsDHCPParser) head(b []byte) error {
	if dhcpWindowsHead(b) {
		p.mine = true
		if isPrefix(b, "ID,") {
			p.columns = bytes.Count(b, []byte(",")) + 1
		}
		return nil
	}
	if !p.mine {
		return ErrOtherFormat
	}
	_, n := digits(b, 5)
	if n > 0 && n < len(b) && b[n] == ',' { // a row, and no time in it
		return ErrNoTime
	}
	if len(b) == 0 || b[0] == '\t' || b[0] == ' ' || n >= 2 && n < len(b) && (b[n] == '\t' || b[n] == '+') {
		return nil
	}
	if isPrefix(b, "Event ID") || isPrefix(b, "QResult") || b[0] >= 0x80 || bytes.IndexByte(b, ':') > 0 && bytes.IndexByte(b, ',') > 0 {
		return nil
	}
	return ErrUnknownKind
}

// client returns name and hardware address. A name with commas in it moves what stands behind it: then the hardware address is
// taken only if just one cell can be it.
func (p *windowsDHCPParser) client(cells [][]byte) (name, mac []byte) {
	if len(cells) > 6 && (p.columns == 0 || len(cells) <= max(p.columns, 10)) && (isHexText(cells[6]) || isMAC(cells[6])) {
		return cells[5], cells[6]
	}
	found := -1
	for i := 6; i < len(cells); i++ {
		if isMAC(cells[i]) {
			if found >= 0 {
				return nil, nil
			}
			found = i
		}
	}
	if found < 0 {
		return nil, nil
	}
	return nil, cells[found]
}

func isHexText(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return true
}

func (p *windowsDHCPParser) v4(rec *event.Record, out *event.Batch, id int, at event.Micros, cells [][]byte) {
	act, outcome, reason, how := event.ActAssign, event.OutcomeSuccess, event.ReasonNone, ""
	switch id {
	case 10, 20, 21:
	case 11:
		how = "renewed"
	case 12:
		act = event.ActRelease
	case 16, 23:
		act, how = event.ActRelease, "deleted"
	case 17, 18:
		act, how = event.ActRelease, "expired"
	case 13:
		act, outcome, reason, how = event.ActRefuse, event.OutcomeFailure, event.ReasonOther, "in use by another"
	case 14, 22:
		outcome, reason, how = event.OutcomeFailure, event.ReasonUnavailable, "no address left"
	case 15, 33:
		act, outcome, reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	case 0, 1, 2:
		p.log(rec, out, id, at)
		return
	default:
		return // DNS updates, clean-up, rogue servers
	}
	if len(cells) < 7 {
		return
	}
	ip, _ := p.env.addr(cells[4])
	name, mac := p.client(cells)
	if id == 13 {
		name, mac = nil, nil // the server's words for nobody
	}
	ev := p.env.lease(out, rec, at, act, ip)
	ev.Outcome, ev.Reason = outcome, reason
	ev.SrcHost, ev.DstHost = p.env.leaseHost(name), p.env.Host
	fields := [3]event.Field{event.Text("mac", p.env.mac(mac)), event.Text("how", how), event.Number("id", int64(id))}
	ev.Rest = out.Rest(fields[:]...)
}

func (p *windowsDHCPParser) log(rec *event.Record, out *event.Batch, id int, at event.Micros) {
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = at, event.ClassLogAdmin, event.ActStart, event.OutcomeSuccess
	if id > 0 {
		ev.Activity = event.ActStop
	}
	ev.Service, ev.DstHost, ev.Ref = "dhcp", p.env.Host, p.env.Ref(rec)
	if id == 2 {
		ev.Rest = out.Rest(event.Text("how", "paused: the disk is full"))
	}
}

// v6 reads a row of DhcpV6SrvLog: address, name, error code, length and bytes of the client's DUID.
func (p *windowsDHCPParser) v6(rec *event.Record, out *event.Batch, id int, at event.Micros, cells [][]byte) {
	act, outcome, reason, how := event.ActAssign, event.OutcomeSuccess, event.ReasonNone, ""
	switch id {
	case 11002:
	case 11004, 11005:
		how = "renewed"
	case 11007:
		act = event.ActRelease
	case 11016:
		act, how = event.ActRelease, "deleted"
	case 11018, 11019:
		act, how = event.ActRelease, "expired"
	case 11009:
		outcome, reason, how = event.OutcomeFailure, event.ReasonUnavailable, "no address left"
	case 11006, 11015:
		act, outcome, reason, how = event.ActRefuse, event.OutcomeFailure, event.ReasonOther, "in use by another"
	case 11010, 11011, 11012:
		p.log(rec, out, id-11010, at)
		return
	default:
		return
	}
	if len(cells) < 5 {
		return
	}
	ip, ok := p.env.addr(cells[4])
	if !ok && outcome == event.OutcomeSuccess {
		return
	}
	ev := p.env.lease(out, rec, at, act, ip)
	ev.Outcome, ev.Reason, ev.DstHost = outcome, reason, p.env.Host
	duid := ""
	if len(cells) <= 12 && len(cells) > 8 {
		ev.SrcHost = p.env.leaseHost(cells[5])
		duid = p.env.Intern.Bytes(cells[8][:min(len(cells[8]), 64)])
	}
	fields := [3]event.Field{event.Text("duid", duid), event.Text("how", how), event.Number("id", int64(id))}
	ev.Rest = out.Rest(fields[:]...)
}
