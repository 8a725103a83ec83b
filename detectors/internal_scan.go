// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math"
	"net/netip"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var internalScan = detect.Spec{Name: "internal-scan", Attack: []string{"T1046", "T1018"}, New: newInternalScan}

// Tunables of internal-scan.
const (
	scanHonestFails = 0.2  // share of first contacts of an honest machine that fail
	scanScanFails   = 0.8  // share of a scanner's (Jung et al. 2004)
	scanFalse       = 1e-5 // chance of calling an honest machine a scanner, for each walk
	scanFade        = 0.7  // of the walk that is left the next day, so that a scan of some tries a day still adds up
	scanTargets     = 15   // refused pairs of machine and port, at least: those of today and, faded, of the days before
	scanBroad       = 60   // new pairs on one day that are a scan even if all answer
	scanOverOwn     = 4.0  // and so many times the machine's own busiest day of the last scanHistory
	scanHistory     = 28   // days
	scanSettle      = 7    // days from a machine's first connection before its breadth can be judged
	scanMonth       = 35   // days from the first connection of a machine whose work is to reach others before a broad day that all answer is more than its monthly round
	scanRemember    = 45   // days for which a pair stays known, at least
	scanRegular     = 4    // scans of one machine at even distances, the first in the log's first scanSettle*2 days: a schedule
	scanRegularHour = 1.5  // hours by which a schedule may shift
	scanMachines    = 1 << 16
	scanFindings    = 64 // days told of one machine; more are told together
)

// scanEach is how many first contacts of one machine on one day are remembered: more would fill the memory that all share.
const scanEach = 1 << 14

// scans watches first contacts between inside machines. Refused ones feed a sequential test (threshold random walk); all of them
// feed a comparison with the machine's own past, since a scan for ports that are open everywhere is hardly ever refused.
type scans struct {
	detect.Trace
	site     detect.Site
	known    remembered
	machines map[netip.Addr]*scanning
	first    int32
	started  bool
}

// scanning is one machine inside.
type scanning struct {
	place   event.Place
	begun   int32
	day     int32
	walk    float64
	recent  float64 // refused ones, today's and what is left of those before
	refused int32
	open    int32
	fresh   int32                   // first contacts today
	targets map[netip.Addr]struct{} // of first contacts today, up to 4096
	past    [scanHistory]uint16     // new pairs a day
	npast   int
	now     *scan
	scans   []*scan
}

// scan is one day's scan.
type scan struct {
	day      int32
	weekday  int8
	minute   int16
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	refused  int64
	accepted int64
	machines int
	usual    int
	byWalk   bool
	young    bool // the machine was not seen for a month yet
	nets     few
	evidence detect.Evidence
}

func newInternalScan(site detect.Site) detect.Detector {
	return &scans{site: site, machines: map[netip.Addr]*scanning{}, known: remembered{days: scanRemember}}
}

func (d *scans) Classes() detect.ClassSet { return detect.Classes(event.ClassNetwork) }

// internal says whether the event is one inside machine reaching for another.
func internal(s *event.Sighting) bool {
	return s.Src.Own && s.Dst.Own && s.SrcIP.IsValid() && s.DstIP.IsValid() && s.SrcIP != s.DstIP && !s.SrcIsRelay &&
		!s.DstIP.IsMulticast() && s.DstIP.IsGlobalUnicast() && s.Count.Or(1) != 0
}

func (d *scans) Observe(s *event.Sighting) {
	if !s.Src.Own || !s.SrcIP.IsValid() || s.SrcIsRelay {
		return
	}
	if !d.started {
		d.first, d.started = s.Day, true
	}
	m := d.machine(s)
	if !internal(s) {
		return
	}
	way := hashWay(s.SrcIP, s.DstIP, s.DstPort)
	if m.fresh >= scanEach && m.day == s.Day { // told of long ago; what it adds now would only make others' ways look known
		if d.known.has(way) {
			return
		}
	} else if !d.known.new(way, s.Day) {
		return
	}
	m.contact(s)
	if d.Asking() {
		d.tell(s, m)
	}
}

func (d *scans) machine(s *event.Sighting) *scanning {
	m := d.machines[s.SrcIP]
	if m != nil {
		return m
	}
	at := s.SrcIP
	if len(d.machines) >= scanMachines {
		at = ofNet(s.SrcIP).Addr() // beyond the bound the machines of one network are one
		if m = d.machines[at]; m != nil {
			return m
		}
	}
	m = &scanning{begun: s.Day, day: s.Day}
	if at == s.SrcIP {
		m.place = s.Src
	}
	d.machines[at] = m
	return m
}

func (m *scanning) contact(s *event.Sighting) {
	if m.day != s.Day {
		m.nextDay(s.Day)
		m.fresh = 0
	}
	m.fresh++
	failed := s.Activity == event.ActRefuse || s.Outcome == event.OutcomeFailure
	step := math.Log(scanScanFails / scanHonestFails)
	if failed {
		m.refused++
		m.recent++
		m.walk += step
	} else {
		m.open++
		m.walk = max(0, m.walk+math.Log((1-scanScanFails)/(1-scanHonestFails)))
	}
	if m.targets == nil {
		m.targets = map[netip.Addr]struct{}{}
	}
	if len(m.targets) < 4096 {
		m.targets[s.DstIP] = struct{}{}
	}
	if m.now != nil {
		m.now.add(m, s)
		return
	}
	usual := m.usual()
	byWalk := failed && m.walk >= math.Log(0.99/scanFalse) && m.recent >= scanTargets
	n := float64(m.refused + m.open)
	broad := n >= scanBroad && n >= scanOverOwn*float64(usual) && s.Day-m.begun >= scanSettle
	if byWalk || broad {
		m.now = &scan{day: s.Day, weekday: s.Weekday, minute: s.Minute, first: s.Time, alerted: s.Seen(), usual: usual, byWalk: byWalk, young: s.Day-m.begun < scanMonth}
		m.now.add(m, s)
		m.scans = append(m.scans, m.now)
	}
}

// usual returns the new pairs of the machine's busiest day.
func (m *scanning) usual() int {
	most := uint16(0)
	for i := range min(m.npast, len(m.past)) {
		most = max(most, m.past[i])
	}
	return int(most)
}

// nextDay closes the day. A day with a scan is no measure of what the machine usually does.
func (m *scanning) nextDay(day int32) {
	if m.now == nil {
		m.past[m.npast%len(m.past)] = uint16(min(m.refused+m.open, math.MaxUint16))
		m.npast++
	} else {
		m.walk, m.recent = 0, 0 // it has been told of: the next day's scan must stand on its own
	}
	for range min(day-m.day, 30) {
		m.walk *= scanFade
		m.recent *= scanFade
	}
	m.day, m.refused, m.open, m.now = day, 0, 0, nil
	clear(m.targets)
	if len(m.scans) > scanFindings {
		a, b := m.scans[scanFindings-1], m.scans[scanFindings]
		a.last, a.refused, a.accepted, a.machines = b.last, a.refused+b.refused, a.accepted+b.accepted, max(a.machines, b.machines)
		m.scans = m.scans[:scanFindings]
	}
}

func (c *scan) add(m *scanning, s *event.Sighting) {
	c.last = s.Time
	c.refused, c.accepted, c.machines = int64(m.refused), int64(m.open), len(m.targets)
	c.nets.add(hashPrefix(ofNet(s.DstIP)))
	c.evidence.Add(s.Event)
}

func (d *scans) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for ip, m := range d.machines {
		appointed := m.place.Role == "scanner" || m.place.Role == "monitor" && len(m.scans) > 2
		var known []bool
		if appointed {
			known = m.excused()
		}
		regular := m.regular(d.first)
		for i, c := range m.scans {
			if appointed && known[i] {
				continue
			}
			out = append(out, m.finding(ip, c, appointed, regular))
		}
	}
	return sortedFindings(out)
}

// excused says which scans of an appointed scanner keep to the hour and the networks of those before.
func (m *scanning) excused() []bool {
	known := make([]bool, len(m.scans))
	for i, c := range m.scans {
		if i == 0 {
			known[i] = true
			continue
		}
		hour, nets := false, 0
		for j, p := range m.scans[:i] {
			hour = hour || known[j] && hoursApart(p.minute, c.minute) <= scanRegularHour
		}
		for k := range c.nets.n {
			for j, p := range m.scans[:i] {
				if known[j] && p.nets.has(c.nets.h[k]) {
					nets++
					break
				}
			}
		}
		known[i] = hour && nets == int(c.nets.n)
	}
	return known
}

// regular says whether a machine scans by a schedule that is as old as the log.
func (m *scanning) regular(first int32) bool {
	n := len(m.scans)
	if n < scanRegular || m.scans[0].day-first > 2*scanSettle {
		return false
	}
	gap := m.scans[1].day - m.scans[0].day
	for i := 1; i < n; i++ {
		if m.scans[i].day-m.scans[i-1].day != gap || hoursApart(m.scans[i].minute, m.scans[0].minute) > scanRegularHour {
			return false
		}
	}
	return true
}

// round says whether a scan may be a round that the machine makes once a month: it distributes to others, keeps or watches what they have, and everything
// answered.
func (c *scan) round(at event.Place) bool {
	switch at.Role {
	case "admin", "backup", "monitor":
		return c.young && !c.byWalk && c.refused == 0
	}
	return false
}

func (m *scanning) finding(ip netip.Addr, c *scan, appointed, regular bool) event.Finding {
	host := machineName(m.place, ip)
	f := event.Finding{
		Key: fmt.Sprintf("%s %d", ip, c.day), Severity: event.High, First: c.first, Last: c.last, Alerted: c.alerted, Hosts: []string{host},
		Evidence: c.evidence.Refs(),
		Numbers: []event.Figure{figure("refused", float64(c.refused)), figure("accepted", float64(c.accepted)), figure("distinct", float64(c.refused+c.accepted)),
			figure("machines", float64(c.machines)), figure("usual_distinct", float64(c.usual))},
	}
	switch {
	case regular, c.round(m.place):
		f.Severity = event.Low
	case appointed, m.place.Role == "monitor":
		f.Severity = event.Medium
	case !server(m.place) && c.machines < 20:
		f.Severity = event.Medium
	}
	n := c.refused + c.accepted
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s による内部の探索（%d 台、%d 通り、拒否 %d）", host, c.machines, n, c.refused),
		En: fmt.Sprintf("%s scanned the inside (%d machines, %d ways, %d refused)", host, c.machines, n, c.refused)}
	ja := fmt.Sprintf("%s が 1 日に、これまで接続したことのない %d 通りの相手とポート（%d 台）へ接続を試みた（これまでの最大は 1 日 %d 通り）。", host, n, c.machines, c.usual)
	en := fmt.Sprintf("In one day %s tried %d pairs of machine and port (%d machines) that it had never reached for (at most %d a day before).", host, n, c.machines, c.usual)
	if c.byWalk {
		ja += fmt.Sprintf("拒否の続き方は、正当な利用では 10 万回に 1 回未満である（拒否 %d、受け入れ %d）。", c.refused, c.accepted)
		en += fmt.Sprintf(" An honest machine is refused in such a row less than once in 100,000 (%d refused, %d accepted).", c.refused, c.accepted)
	} else {
		ja += "ほとんど受け入れられた探索は、拒否の数では見つからない。"
		en += " A scan that is mostly accepted does not show in refusals."
	}
	switch {
	case appointed:
		ja += "脆弱性検査などの役割を持つが、いつもと違う時刻または相手だった。検査計画と照らし合わせること。"
		en += " The machine is an appointed scanner, but the hour or the networks were not its usual ones: compare with the plan."
	case regular:
		ja += "記録の始まりから同じ間隔・同じ時刻に繰り返しており、定期検査と思われる。役割を組織の情報に書けば報告されなくなる。"
		en += " It has done so at even distances and the same hour since the log began, so it is probably a scheduled check. Give it the role scanner in the profile to be spared these."
	case c.round(m.place):
		ja += "ほかの機器に届くことが仕事の機器であり、記録がまだひと月に満たないため、月ごとの配布などの最初の一回と区別できない。"
		en += " Reaching others is this machine's work, and it has not been recorded for a month: this may be the first of its monthly rounds."
	default:
		ja += "脆弱性検査、資産管理の導入、機器の入れ替えでも起こりうる。"
		en += " A vulnerability check, an inventory, or a machine that was replaced can look like this."
	}
	f.Explanation = event.Words{Ja: ja, En: en}
	return f
}
