// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var ciscoASA = Format{
	Name:   "cisco-asa",
	Also:   []string{"asa", "ftd", "anyconnect", "pix"},
	Source: "firewall",
	About: About{
		What: "Cisco ASA, Firepower Threat Defense (its %FTD- messages of the same numbers), FWSM and PIX through syslog, with AnyConnect / Secure Client and clientless VPN.",
		Export: "logging enable, logging timestamp rfc5424, logging host …, logging trap informational (6): logins, VPN sessions and connections are at 4 to 6. no logging hide username, " +
			"else the names of failed logins are written as *****. Keep 113004, 113005, 113015, 113039, 722022, 722051, 302013 to 302016, 305011, 106023 where a message list is used.",
		Takes: "VPN and AAA logins and refusals with name and address, addresses given to VPN clients, end of sessions with bytes and duration; logins of administrators; connections built and ended " +
			"with bytes and translated addresses; refusals by access lists; commands that change the configuration, accounts added and deleted.",
		Leaves: "Messages of other numbers. Connections stand as built and as ended: the end has the bytes and repeats the beginning. Intrusion and file events of FTD (430001 to 430005) are another format.",
	},
	Sniff: func(rec []byte) float64 {
		if _, _, ok := asaStart(rec); ok {
			return 0.95
		}
		return 0
	},
	New:    func(env *Env) Parser { return &asaParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"%ASA-", "%FTD-", "%PIX-", "%FWSM-"},
}

// asaStart returns the message number and the text behind "%ASA-6-113005: ". What stands before it has been written by the device, what
// follows may be a stranger's: the first one counts.
func asaStart(b []byte) (id int, text []byte, ok bool) {
	head := b[:min(len(b), 200)]
	for at := 0; ; {
		i := bytes.IndexByte(head[at:], '%')
		if i < 0 {
			return 0, nil, false
		}
		i += at
		at = i + 1
		rest := b[at:]
		for _, w := range [...]string{"ASA-", "FTD-", "PIX-", "FWSM-"} {
			if !isPrefix(rest, w) {
				continue
			}
			m := rest[len(w):]
			if c := bytes.IndexByte(m, '-'); c > 1 && c < 12 { // "%ASA-session-6-113005"
				m = m[c+1:]
			}
			if len(m) < 10 || !isDigit(m[0]) || m[1] != '-' {
				return 0, nil, false
			}
			id, n := digits(m[2:], 8)
			if n < 6 {
				return 0, nil, false
			}
			return id, bytes.TrimLeft(m[2+n:], ": "), true
		}
	}
}

type asaParser struct {
	env  *Env
	rec  *event.Record
	out  *event.Batch
	when event.Micros
	host string

	// When a name was last refused by the AAA server, by hash: the service that asked for it tells of the same refusal.
	refused [64]struct {
		key uint64
		at  event.Micros
	}
}

// again says whether a refusal of that name was told of within the five seconds before; noting that it was.
func (p *asaParser) again(name string, note bool) bool {
	key := trailKey([]byte(name), nil)
	r := &p.refused[(key^key>>19)%uint64(len(p.refused))]
	if note {
		r.key, r.at = key, p.when
		return false
	}
	told := r.key == key && p.when >= r.at && p.when-r.at <= 5e6
	if told {
		r.key = 0
	}
	return told
}

func (p *asaParser) Flush(*event.Batch) {}

func (p *asaParser) Parse(rec *event.Record, out *event.Batch) error {
	id, t, ok := asaStart(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	p.rec, p.out, p.host, p.when = rec, out, p.env.Host, 0
	p.head(rec)
	before := len(out.Events)
	err := p.message(id, bytes.TrimRight(t, " \r"))
	if len(out.Events) > before && p.when == 0 {
		return ErrNoTime
	}
	return err
}

// head reads the time: of a syslog head, or "Jun 02 2025 09:00:00 asa1 : %ASA-…" as the device writes it itself; relays put theirs before that,
// and the device's is the better one.
func (p *asaParser) head(rec *event.Record) {
	b := rec.Data
	mark := bytes.IndexByte(b, '%')
	h := b[priority(b):max(mark, priority(b))]
	if s, ok := p.env.Syslog(rec); ok {
		p.when = s.Time
		if len(s.Host) > 0 && isHostName(s.Host) {
			p.host = p.env.Intern.Bytes(bytes.TrimRight(s.Host, ":"))
		}
	}
	for i := 0; i+15 <= len(h); i++ { // a time with a year, wherever in the head
		if monthOf(h[i:]) == 0 || i > 0 && h[i-1] != ' ' && h[i-1] != '>' && h[i-1] != ':' && h[i-1] != '*' && h[i-1] != '.' {
			continue
		}
		t, n := parseBSDStamp(bytes.TrimRight(h[i:], ": "))
		if n == 0 {
			continue
		}
		if n += i; n+1 < len(h) && h[n] == ' ' { // EMBLEM: ":Jun 02 09:00:00 JST: %ASA-…"
			if z := parseZoneWord(h[n+1:], &t); z > 0 {
				p.named(h[n+1:], z)
			}
		}
		if t.Year > 0 || t.HasZone || p.when == 0 {
			p.when = p.env.Clock.Moment(t)
		}
		if t.Year > 0 { // as the device writes it, its name behind it, which a relay's is not
			if host := bytes.Trim(h[min(n, len(h)):], " :"); len(host) > 0 && isHostName(host) && (!t.HasZone || isDigit(host[0])) {
				p.host = p.env.Intern.Bytes(host)
			}
		}
		if t.Year > 0 || t.HasZone {
			break
		}
	}
	if p.when == 0 && len(h) > 19 {
		if t, n := parseISOStamp(h); n > 0 {
			p.when = p.env.Clock.Moment(t)
		}
	}
}

// named takes the host that stands behind the z bytes of a zone, where the zone was taken for one.
func (p *asaParser) named(b []byte, z int) {
	if p.host != string(b[:z]) {
		return
	}
	host := bytes.Trim(b[z:], " :")
	if p.host = p.env.Host; len(host) > 0 && isHostName(host) {
		p.host = p.env.Intern.Bytes(host)
	}
}

func (p *asaParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Ref, ev.DstHost = p.env.Ref(p.rec), p.host
	return ev
}

// message reads one message by its number.
func (p *asaParser) message(id int, t []byte) error {
	switch {
	case id == 113004 || id == 113005 || id == 113006 || id == 113012 || id == 113014 || id == 113015 || id == 113021:
		p.aaa(id, t)
	case id == 113019 || id == 113039 || id == 722022 || id == 722023 || id == 722037 || id == 722051 || id == 716001 || id == 716002 || id == 716038 || id == 716039 ||
		id == 713228 || id == 734001 || id == 746012 || id == 746013 || id == 603108 || id == 737026:
		p.vpn(id, t)
	case id == 605004 || id == 605005 || id == 611101 || id == 611102 || id == 611103 || id == 308001 || id == 109005 || id == 109006 || id == 109007 || id == 109008 || id == 109025:
		p.login(id, t)
	case id >= 302013 && id <= 302021 || id == 305011 || id == 305012:
		p.connection(id, t)
	case id == 106001 || id == 106006 || id == 106007 || id == 106010 || id == 106014 || id == 106015 || id == 106017 || id == 106021 || id == 106022 || id == 106023 || id == 106100 ||
		id == 710003 || id == 313001 || id == 313004 || id == 401004 || id == 733102 || id == 419002:
		p.refusal(id, t)
	case id == 111008 || id == 111010 || id == 502101 || id == 502102 || id == 502103 || id == 111001 || id == 111003 || id == 111004 || id == 111005 || id == 111007:
		p.admin(id, t)
	case id == 304001 || id == 304002:
		p.url(id, t)
	}
	return nil
}

// source sets the source from an address that may have brackets, an interface before it, or a port behind.
func (p *asaParser) source(ev *event.Event, b []byte) {
	ev.SrcIP, ev.SrcPort = p.end(b)
}

// end reads "outside:203.0.113.7/53412", "203.0.113.7/53412", "<203.0.113.7>", "203.0.113.7.".
func (p *asaParser) end(b []byte) (ip ipAddr, port uint16) {
	b = bytes.Trim(b, "<>,.;:() ")
	if i := bytes.LastIndexByte(b, '/'); i > 0 {
		if n, ok := parsePort(b[i+1:]); ok {
			port = n
		}
		b = b[:i]
	}
	if a, ok := p.env.addr(b); ok {
		return a, port
	}
	if i := bytes.IndexByte(b, ':'); i > 0 {
		if a, ok := p.env.addr(b[i+1:]); ok {
			return a, port
		}
	}
	return ip, 0
}

// after returns what follows a key up to one of the ends; all of the rest if none stands there.
func after(t []byte, key string, ends ...string) []byte {
	i := index(t, key)
	if i < 0 {
		return nil
	}
	v := t[i+len(key):]
	for _, e := range ends {
		if j := index(v, e); j >= 0 {
			v = v[:j]
		}
	}
	return bytes.TrimSpace(v)
}

// name returns a name without the quotes and brackets around it; nothing for one that the device hides.
func (p *asaParser) name(b []byte) string {
	b = bytes.Trim(b, "<>\"' ")
	if string(b) == "*****" || len(b) > 256 {
		return ""
	}
	return p.env.Intern.Bytes(b)
}
