// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var longConnection = detect.Spec{Name: "long-connection", Attack: []string{"T1090", "T1572"}, New: newLongConnection}

// Tunables of long-connection.
const (
	longLeast    = 4 * 3600 * 1000 // ms: shorter ones are not looked at (RITA: 4 h is its third step of 1, 4, 8 and 12)
	longGrave    = 8 * 3600 * 1000 // ms
	longHabit    = 3600 * 1000     // ms: a connection of so long, in the learning days, makes the far network a usual one
	longLearn    = 14              // days of the machine's connections before a new one means something
	longAudience = 2               // machines inside that use the far network, at most
	longRepeats  = 3               // days that make it grave
	longMost     = 1 << 15
)

// longHeld looks for connections from a server to the outside that are held for hours, to a network that it never held one to and
// that hardly anybody else uses: a relay, a tunnel, a remote shell.
type longHeld struct {
	detect.Trace
	machines map[netip.Addr]int32 // first day of each inside server's connections
	usual    map[longKey]struct{}
	found    map[longKey]*held
	used     audience
	first    int32 // day of the log
	started  bool
}

type longKey struct {
	src netip.Addr
	far netip.Prefix
}

type held struct {
	src, dst event.Place
	ip       netip.Addr
	port     uint16
	to       map[netip.Addr]struct{}
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	longest  int64
	times    int64
	out, in  int64
	days     int
	day      int32
	audience int
	evidence detect.Evidence
}

func newLongConnection(detect.Site) detect.Detector {
	return &longHeld{machines: map[netip.Addr]int32{}, usual: map[longKey]struct{}{}, found: map[longKey]*held{}}
}

func (d *longHeld) Classes() detect.ClassSet { return detect.Classes(event.ClassNetwork) }

func (d *longHeld) Observe(s *event.Sighting) {
	if !goesOut(s) {
		return
	}
	if !d.started {
		d.first, d.started = s.Day, true
	}
	far := ofNet(s.DstIP)
	n := d.used.meet(far, s.SrcIP)
	if !server(s.Src) {
		return
	}
	begun, ok := d.machines[s.SrcIP]
	if !ok {
		if len(d.machines) >= longMost {
			return
		}
		begun = s.Day
		if server(s.Src) { // a server's silence is its history too
			begun = d.first
		}
		d.machines[s.SrcIP] = begun
	}
	if d.Asking() {
		_, usual := d.usual[longKey{s.SrcIP, far}]
		d.tell(s, begun, usual, n)
	}
	took := s.Duration.Or(0)
	if took < longHabit {
		return
	}
	key := longKey{s.SrcIP, far}
	if s.Day-begun < longLearn {
		if len(d.usual) < longMost {
			d.usual[key] = struct{}{}
		}
		return
	}
	if _, ok := d.usual[key]; ok || took < longLeast || n > longAudience {
		return
	}
	h := d.found[key]
	if h == nil {
		if len(d.found) >= longMost {
			return
		}
		h = &held{src: s.Src, dst: s.Dst, ip: s.SrcIP, port: s.DstPort, to: map[netip.Addr]struct{}{}, first: s.Time, alerted: s.Seen(), day: -1}
		d.found[key] = h
	}
	h.add(s, n)
}

func (h *held) add(s *event.Sighting, audience int) {
	if len(h.to) < 64 {
		h.to[s.DstIP] = struct{}{}
	}
	h.last = s.Time
	h.longest = max(h.longest, s.Duration.Or(0))
	h.times++
	h.out += s.BytesOut.Or(0)
	h.in += s.BytesIn.Or(0)
	h.audience = max(h.audience, audience)
	if h.day != s.Day {
		h.day = s.Day
		h.days++
	}
	h.evidence.Add(s.Event)
}

func (d *longHeld) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for key, h := range d.found {
		out = append(out, h.finding(key))
	}
	return sortedFindings(out)
}

func (h *held) finding(key longKey) event.Finding {
	host, hours := machineName(h.src, h.ip), float64(h.longest)/3600000
	f := event.Finding{
		Key: fmt.Sprintf("%s %s", key.src, key.far), Severity: event.Medium, First: h.first, Last: h.last, Alerted: h.alerted, Hosts: []string{host}, Evidence: h.evidence.Refs(),
		Numbers: []event.Figure{figure("hours", hours), figure("connections", float64(h.times)), figure("days", float64(h.days)), figure("bytes_out", float64(h.out)),
			figure("bytes_in", float64(h.in)), figure("machines_using_it", float64(h.audience))},
	}
	for a := range h.to {
		f.Addresses = append(f.Addresses, a)
	}
	if h.days >= longRepeats || h.longest >= longGrave && h.dst.Kind.Anonymous() {
		f.Severity = event.High
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s から外部 %s への長時間の接続（最長 %.1f 時間、%d 回）", host, key.far, hours, h.times),
		En: fmt.Sprintf("%s held connections to %s outside (up to %.1f hours, %d times)", host, key.far, hours, h.times)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("サーバ %s（役割 %s）は、このネットワークへ長い接続を保ったことがなかった。使っている内部の機械は %d 台だけである。中継や遠隔操作の経路として使われうる。新しい監視・同期・遠隔保守サービスの導入でも起こりうる。", host, h.src.Role, h.audience),
		En: fmt.Sprintf("The server %s (role %s) never held a long connection to this network, which %d machines inside use. It may serve as a relay or for remote control. A new service for monitoring, synchronising or remote upkeep can look like this.", host, h.src.Role, h.audience)}
	return f
}
