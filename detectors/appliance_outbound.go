// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var applianceOutbound = detect.Spec{Name: "appliance-outbound", Attack: []string{"T1041", "T1071.001", "T1190"}, New: newApplianceOutbound}

// Tunables of appliance-outbound.
const (
	applianceLearn   = 14      // days of the device's own record before a new far end means something
	applianceSettled = 7       // of them after which new far ends are counted as a measure of how closed its world is
	applianceOpen    = 3       // new far networks at one port in the rest of the learning time: from here on that port's world is open
	applianceTimes   = 3       // connections to the new far end, or
	applianceBytes   = 1 << 20 // bytes sent to it, before it is told of
	applianceHigh    = 2       // days on which it was called with much sent, for high severity
	applianceClosed  = 16      // far networks, at all ports, up to which a device's world is so small that
	applianceAgain   = 5       // connections within applianceNear days to a new one are of high severity; fewer never are where much is sent
	applianceMany    = 12      // new far ends within
	applianceNear    = 30      // days before and after, from which on none stands out
	appliancePorts   = 64      // ports of a device that are told apart; the rest are one
	applianceFar     = 4096    // far ends of a device that are kept
)

// appliances watches the devices of the edge: firewalls, VPN and mail gateways and their like. What such a device calls by itself is
// little and always the same: its maker's updates, its clock, its resolver. A new far end is the only trace of a program on a device that
// nobody can look into.
type appliances struct {
	detect.Trace
	devices map[string]*device
}

type device struct {
	name  string
	begun int32
	ports map[uint16]*port
	far   map[farEnd]*called
}

type port struct {
	known map[netip.Prefix]struct{}
	new   int // far networks that came after the settling
}

type farEnd struct {
	net  netip.Prefix
	port uint16
}

// called is a far end that the device did not know.
type called struct {
	place    event.Place
	to       netip.Addr
	times    int64
	days     int
	day      int32
	out, in  int64
	longest  int64 // ms
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	latest   [applianceAgain]event.Micros // calls, the last ones
	often    bool                         // as many within applianceNear days
	evidence detect.Evidence
}

func newApplianceOutbound(detect.Site) detect.Detector {
	return &appliances{devices: map[string]*device{}}
}

func (d *appliances) Classes() detect.ClassSet { return detect.Classes(event.ClassNetwork) }

// applianceName says whether a connection was opened by a device of the edge itself, and what it is called: by its role, or because a
// firewall says that the traffic is its own.
func applianceName(s *event.Sighting) (string, bool) {
	switch s.Src.Role {
	case "vpn", "firewall", "router", "gateway", "mail", "mail-gateway", "load-balancer", "appliance", "edge", "nas", "printer", "camera":
		return machineName(s.Src, s.SrcIP), true
	}
	if t, ok := s.Get("subtype"); ok && t.Text == "local" {
		if n, ok := s.Get("device"); ok {
			return n.Text, true
		}
		return machineName(s.Src, s.SrcIP), true
	}
	return "", false
}

func (d *appliances) Observe(s *event.Sighting) {
	if !goesOut(s) {
		return
	}
	name, ok := applianceName(s)
	if !ok {
		return
	}
	v := d.devices[name]
	if v == nil {
		if len(d.devices) >= 1<<12 {
			return
		}
		v = &device{name: name, begun: s.Day, ports: map[uint16]*port{}, far: map[farEnd]*called{}}
		d.devices[name] = v
	}
	v.call(s)
	if d.Asking() {
		d.tell(s, v)
	}
}

func (v *device) call(s *event.Sighting) {
	at := s.DstPort
	p := v.ports[at]
	if p == nil {
		if len(v.ports) >= appliancePorts {
			at = 0
			p = v.ports[at]
		}
		if p == nil {
			p = &port{known: map[netip.Prefix]struct{}{}}
			v.ports[at] = p
		}
	}
	far := ofNet(s.DstIP)
	if _, ok := p.known[far]; ok {
		return
	}
	age := s.Day - v.begun
	if age < applianceLearn {
		if len(p.known) < applianceFar {
			p.known[far] = struct{}{}
		}
		if age >= applianceSettled {
			p.new++
		}
		return
	}
	if p.new >= applianceOpen { // it meets strangers here: mail to everybody's servers, a resolver
		return
	}
	v.strange(s, farEnd{far, at})
}

func (v *device) strange(s *event.Sighting, key farEnd) {
	c := v.far[key]
	if c == nil {
		if len(v.far) >= applianceFar {
			return
		}
		c = &called{place: s.Dst, to: s.DstIP, first: s.Time, day: math.MinInt32}
		v.far[key] = c
	}
	c.latest[c.times%applianceAgain] = s.Time
	c.times++
	if oldest := c.latest[c.times%applianceAgain]; c.times >= applianceAgain && s.Time-oldest < applianceNear*86400*1e6 {
		c.often = true
	}
	c.out += max(s.BytesOut.Or(0), 0)
	c.in += max(s.BytesIn.Or(0), 0)
	c.longest = max(c.longest, s.Duration.Or(0))
	c.last = s.Time
	if c.day != s.Day {
		c.day = s.Day
		c.days++
	}
	c.evidence.Add(s.Event)
	if c.alerted == 0 && c.worth() {
		c.alerted = s.Seen()
	}
}

func (c *called) worth() bool { return c.times >= applianceTimes || c.out >= applianceBytes }

func (d *appliances) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, v := range d.devices {
		var met []event.Micros
		for _, c := range v.far {
			if c.alerted != 0 {
				met = append(met, c.first)
			}
		}
		slices.Sort(met)
		for key, c := range v.far {
			if c.alerted != 0 {
				out = append(out, c.finding(v, key, around(met, c.first)))
			}
		}
	}
	return sortedFindings(out)
}

// around counts the moments, in order, within applianceNear of one of them.
func around(moments []event.Micros, at event.Micros) int {
	const near = event.Micros(applianceNear * 86400 * 1e6)
	from, _ := slices.BinarySearch(moments, at-near)
	to, _ := slices.BinarySearch(moments, at+near)
	return to - from
}

// world returns how many far networks the device knows.
func (v *device) world() (n int) {
	for _, p := range v.ports {
		n += len(p.known)
	}
	return n
}

// severity: a device that meets one new far end after another within weeks has a new program on it, wanted or not, and no single one of them
// stands out. Over a year it may well meet as many.
func (c *called) severity(v *device, told int) event.Severity {
	switch {
	case told > applianceMany:
		return event.Low
	case v.world() <= applianceClosed && c.often, c.place.Kind.Anonymous(),
		c.days >= applianceHigh && c.often && c.out >= applianceBytes: // the maker's support comes now and then
		return event.High
	}
	return event.Medium
}

func (c *called) finding(v *device, key farEnd, told int) event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %d", v.name, key.net, key.port), Severity: c.severity(v, told), First: c.first, Last: c.last, Alerted: c.alerted, Hosts: []string{v.name},
		Addresses: []netip.Addr{c.to}, Evidence: c.evidence.Refs(),
		Numbers: []event.Figure{figure("connections", float64(c.times)), figure("days", float64(c.days)), figure("bytes_out", float64(c.out)), figure("bytes_in", float64(c.in)),
			figure("longest_s", math.Round(float64(c.longest)/1000)), figure("new_far_ends", float64(told))},
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("装置 %s が、これまでにない外部 %s（ポート %d）へ接続", v.name, c.to, key.port),
		En: fmt.Sprintf("the device %s called %s, port %d, outside, which it never had", v.name, c.to, key.port)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("この装置が自ら接続する先はほぼ決まっているが、%d 日以上の記録にない先へ %d 回（%d 日）接続し、%s MiB を送った。装置の上で不正なプログラムが動いている場合、これが唯一の痕跡となることが多い。製造元の更新サーバや設定の変更でも起こりうるので、製造元と保守業者に確認する。", applianceLearn, c.times, c.days, mebibytes(float64(c.out))),
		En: fmt.Sprintf("What this device calls by itself is little and always the same. It called a far end that %d days of record do not know %d times on %d days, and sent %s MiB. Where a program runs on such a device, this is often the only trace. A new update server of the maker, or a changed setting, can look like this: ask the maker and whoever maintains it.", applianceLearn, c.times, c.days, mebibytes(float64(c.out)))}
	return f
}
