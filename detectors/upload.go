// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var upload = detect.Spec{Name: "upload", Attack: []string{"T1048", "T1567", "T1030"}, New: newUpload}

// Tunables of upload and small-chunk-upload.
const (
	uploadLeast    = 200 << 20 // bytes to one far network on one day: less is never an upload worth a word
	uploadLarge    = 1 << 30   // bytes that make it grave for a server, and worth a look for a person's machine
	uploadSpread   = 10.0      // times the usual deviation (1.4826 × MAD) above the median of the machine's own days
	uploadOverMax  = 3.0       // and times its busiest day of uploadHistory
	uploadHistory  = 28        // days
	uploadLearn    = 7         // days of the machine's connections before its history can be judged
	uploadLittle   = 10 << 20  // bytes to one far network on one day that are worth a word of a server that hardly sends anything:
	uploadSilent   = 1 << 20   // bytes on its busiest day of uploadHistory at most
	uploadHabit    = 3         // days on which what the first days sent is sent again make it a habit
	uploadAudience = 5         // machines that use a far network make it a service that many use
	chunkDays      = 30        // days over which small uploads are put together
	chunkOverOwn   = 5.0       // times what went to the same network in the period before
	chunkTransfers = 8         // transfers, at least
	chunkActive    = 4         // days on which there were some
	chunkWarm      = 8 << 20   // bytes to a network in half a period before it is followed on its own
	uploadMachines = 1 << 16
	uploadPairs    = 1 << 16
)

// uploads adds up what each inside machine sends to each far network, and compares it with the machine's own days. Far ends are
// put together by network, since rented addresses change within one provider.
type uploads struct {
	detect.Trace
	machines map[netip.Addr]*sender
	met      map[netip.Addr]int32 // servers, and machines that administrators work from: the day of their first connection, to wherever
	pairs    map[longKey]*chunks
	warm     []uint32 // KiB by pair, shared: decides which pairs are followed
	warmFrom int32
	swept    int32 // day on which silent pairs were forgotten, to make room
	used     audience
	first    int32 // day of the log
	started  bool
}

// sender is one inside machine.
type sender struct {
	place  event.Place
	begun  int32
	silent bool  // a server: days without a record were days without sending
	since  int32 // day from which its silence counts, for sendLittle; -1: never, as it is nobody's that is known
	day    int32
	total  int64
	past   [uploadHistory]float64
	npast  int
	most   float64  // of past
	today  [8]toFar // far networks of the day: the eight that got most, as far as it was seen
	ntoday int
	found  map[netip.Prefix]*sent
}

type toFar struct {
	far   netip.Prefix
	bytes int64
}

// sent is what a finding tells.
type sent struct {
	dst      event.Place
	to       map[netip.Addr]struct{}
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	bytes    int64
	times    int64
	days     int
	day      int32
	usual    float64
	most     float64
	audience int
	young    bool // no history to compare with
	little   bool // no more than stands out because the machine hardly sends anything
	evidence detect.Evidence
}

// chunks are the transfers of one pair over a period.
type chunks struct {
	src      event.Place
	from     int32
	now      int64
	before   int64 // of the period before
	periods  int
	times    int64
	active   int
	day      int32
	sum, sq  float64
	big      bool // a day of the period was told of as an upload
	evidence detect.Evidence
	first    event.Micros
	found    *sent
	even     float64
}

const chunkEvidence = uploadLeast / 4 // bytes in a period from which on evidence is kept: most pairs never come so far

func newUpload(detect.Site) detect.Detector {
	return &uploads{machines: map[netip.Addr]*sender{}, met: map[netip.Addr]int32{}, pairs: map[longKey]*chunks{}, warm: make([]uint32, 1<<18)}
}

func (d *uploads) Classes() detect.ClassSet { return detect.Classes(event.ClassNetwork) }

func (d *uploads) Observe(s *event.Sighting) {
	if (server(s.Src) || s.Src.Role == "admin") && s.SrcIP.IsValid() && len(d.met) < uploadMachines {
		if _, ok := d.met[s.SrcIP]; !ok {
			d.met[s.SrcIP] = s.Day
		}
	}
	if !goesOut(s) {
		return
	}
	if !d.started {
		d.first, d.started = s.Day, true
	}
	far := ofNet(s.DstIP)
	used := d.used.meet(far, s.SrcIP)
	m := d.machines[s.SrcIP]
	if m == nil {
		at := s.SrcIP
		if len(d.machines) >= uploadMachines {
			at = far.Addr() // beyond the bound: all that goes to one far network
			m = d.machines[at]
		}
		if m == nil && len(d.machines) < 2*uploadMachines {
			m = &sender{place: s.Src, begun: s.Day, day: s.Day, since: -1}
			if met, ok := d.met[s.SrcIP]; ok {
				m.since = met
			}
			if server(s.Src) { // a server's silence is its history too
				m.begun, m.silent = d.first, true
			}
			d.machines[at] = m
		}
		if m == nil {
			return
		}
	}
	n := s.BytesOut.Or(0)
	if n <= 0 {
		return
	}
	big := m.send(s, far, n, used)
	if d.Asking() {
		d.tell(s, m)
	}
	d.chunk(s, far, n, used, big, m.begun)
}

// send adds a transfer to the machine's day and says whether that day's bytes to the network are an upload.
func (m *sender) send(s *event.Sighting, far netip.Prefix, n int64, used int) bool {
	if m.day != s.Day {
		m.nextDay(s.Day)
	}
	m.total += n
	t := m.slot(far)
	t.bytes += n
	if f := m.found[far]; f != nil && f.day == s.Day && !f.young {
		f.add(s, n, used)
		return !f.little || t.bytes >= uploadLeast
	}
	if t.bytes < uploadLeast {
		m.sendLittle(s, t, n, used)
		return false
	}
	usual, spread, most := m.usual()
	young := s.Day-m.begun < uploadLearn || m.npast < 3 && !m.silent
	if young && t.bytes < uploadLarge {
		return false
	}
	if !young && (float64(t.bytes) < usual+uploadSpread*spread || float64(t.bytes) < uploadOverMax*most) {
		return false
	}
	if old := m.found[far]; old != nil && (young || old.young) {
		if old.day != s.Day { // what the first days did and later ones do too is a habit
			old.day = s.Day
			old.days++
		}
		return false
	}
	if m.found == nil {
		m.found = map[netip.Prefix]*sent{}
	}
	f := m.found[far]
	if f == nil {
		if len(m.found) >= 64 {
			return true
		}
		f = &sent{dst: s.Dst, to: map[netip.Addr]struct{}{}, first: s.Time, alerted: s.Seen(), usual: usual, most: most, young: young, day: -1}
		m.found[far] = f
	}
	f.little = false
	f.add(s, t.bytes, used)
	return !young
}

// sendLittle notes what would be nothing from any machine but one that is known and never sends.
func (m *sender) sendLittle(s *event.Sighting, t *toFar, n int64, used int) {
	if f := m.found[t.far]; f != nil {
		if f.little {
			f.add(s, n, used)
		}
		return
	}
	if m.since < 0 || t.bytes < uploadLittle || m.most > uploadSilent || s.Day-m.since < uploadHistory || used > uploadAudience || len(m.found) >= 64 {
		return
	}
	if m.found == nil {
		m.found = map[netip.Prefix]*sent{}
	}
	f := &sent{dst: s.Dst, to: map[netip.Addr]struct{}{}, first: s.Time, alerted: s.Seen(), most: m.most, little: true, day: -1}
	m.found[t.far] = f
	f.add(s, t.bytes, used)
}

func (f *sent) add(s *event.Sighting, n int64, used int) {
	f.last = s.Time
	f.bytes += n
	f.times++
	f.audience = max(f.audience, used)
	if len(f.to) < 64 {
		f.to[s.DstIP] = struct{}{}
	}
	if f.day != s.Day {
		f.day = s.Day
		f.days++
	}
	f.evidence.Add(s.Event)
}

func (m *sender) slot(far netip.Prefix) *toFar {
	for i := range m.ntoday {
		if m.today[i].far == far {
			return &m.today[i]
		}
	}
	if m.ntoday < len(m.today) {
		m.today[m.ntoday] = toFar{far: far}
		m.ntoday++
		return &m.today[m.ntoday-1]
	}
	least := 0 // the one that got least gives way; what it got is not lost from the day's total
	for i := range m.today {
		if m.today[i].bytes < m.today[least].bytes {
			least = i
		}
	}
	m.today[least] = toFar{far: far}
	return &m.today[least]
}

// nextDay closes the day. A day with an upload that was told of is no measure of what is usual.
func (m *sender) nextDay(day int32) {
	told := false
	for _, f := range m.found {
		told = told || f.day == m.day && !f.young && !f.little // a little, day after day, is what it does
	}
	if !told {
		m.past[m.npast%len(m.past)] = float64(m.total)
		m.npast++
		m.most = slices.Max(m.past[:min(m.npast, len(m.past))])
	}
	m.day, m.total, m.ntoday = day, 0, 0
}

func (m *sender) usual() (mid, spread, most float64) {
	n := min(m.npast, len(m.past))
	v := append([]float64(nil), m.past[:n]...)
	mid, mad := spreadOf(v)
	return mid, 1.4826 * mad, m.most
}

// chunk adds a transfer to its pair's period.
func (d *uploads) chunk(s *event.Sighting, far netip.Prefix, n int64, used int, big bool, begun int32) {
	key := longKey{s.SrcIP, far}
	c := d.pairs[key]
	if c == nil {
		if !d.warmed(key, n, s.Day) {
			return
		}
		if len(d.pairs) >= uploadPairs && d.swept != s.Day { // pairs that fell silent give way
			d.swept = s.Day
			maps.DeleteFunc(d.pairs, func(_ longKey, c *chunks) bool { return c.found == nil && s.Day-c.day > 2*chunkDays })
		}
		if len(d.pairs) >= uploadPairs {
			return
		}
		c = &chunks{src: s.Src, from: s.Day, first: s.Time, day: -1}
		if s.Day-begun < chunkDays { // as old as what is known of the machine: there is nothing to compare with yet
			c.periods = -1
		}
		d.pairs[key] = c
	}
	for s.Day-c.from >= chunkDays {
		c.before, c.now, c.times, c.active, c.sum, c.sq, c.big = max(c.now, c.before/2), 0, 0, 0, 0, 0, false
		c.periods++
		c.from += max(chunkDays, (s.Day-c.from)/chunkDays*chunkDays)
		c.first = s.Time
		if c.found == nil {
			c.evidence = detect.Evidence{}
		}
	}
	c.add(s, n, used, big)
}

func (d *uploads) warmed(key longKey, n int64, day int32) bool {
	if day-d.warmFrom >= chunkDays {
		d.warmFrom = day
		for i := range d.warm {
			d.warm[i] >>= 1
		}
	}
	w := &d.warm[hashWay(key.src, key.far.Addr(), 1)%uint64(len(d.warm))]
	*w = uint32(min(uint64(*w)+uint64(n>>10)+1, math.MaxUint32))
	return *w >= chunkWarm>>10
}

func (c *chunks) add(s *event.Sighting, n int64, used int, big bool) {
	c.big = c.big || big
	c.now += n
	c.times++
	x := float64(n)
	c.sum, c.sq = c.sum+x, c.sq+x*x
	if c.day != s.Day {
		c.day = s.Day
		c.active++
	}
	if c.now >= chunkEvidence {
		c.evidence.Add(s.Event)
	}
	if c.found != nil {
		c.found.add(s, n, used)
		return
	}
	if c.big || c.periods < 0 || c.now < uploadLeast || float64(c.now) < chunkOverOwn*float64(c.before) || c.times < chunkTransfers || c.active < chunkActive ||
		used > uploadAudience {
		return
	}
	mean := c.sum / float64(c.times)
	c.even = math.Sqrt(max(0, c.sq/float64(c.times)-mean*mean)) / max(mean, 1)
	c.found = &sent{dst: s.Dst, to: map[netip.Addr]struct{}{}, first: c.first, alerted: s.Seen(), most: float64(c.before), day: -1}
	c.found.add(s, c.now, used)
	c.found.times, c.found.days = c.times, c.active
}

func (d *uploads) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for ip, m := range d.machines {
		for far, f := range m.found {
			if f.young && f.days >= uploadHabit {
				continue
			}
			out = append(out, f.finding(m, ip, far))
		}
	}
	for key, c := range d.pairs {
		if c.found != nil && c.found.audience <= uploadAudience {
			out = append(out, c.finding(key))
		}
	}
	return sortedFindings(out)
}

// severity weighs who sent it and to what kind of place.
func (f *sent) severity(src event.Place) event.Severity {
	hidden := f.dst.Kind.Anonymous()
	switch {
	case f.audience > uploadAudience, f.young, f.little:
		return event.Low
	case server(src) && (f.bytes >= uploadLarge || hidden):
		return event.High
	case server(src), f.bytes >= uploadLarge:
		return event.Medium
	}
	return event.Low
}

func (f *sent) common(src event.Place, ip netip.Addr, far netip.Prefix) event.Finding {
	out := event.Finding{
		Key: fmt.Sprintf("%s %s", ip, far), Severity: f.severity(src), First: f.first, Last: f.last, Alerted: f.alerted, Hosts: []string{machineName(src, ip)},
		Numbers: []event.Figure{figure("bytes", float64(f.bytes)), figure("connections", float64(f.times)), figure("days", float64(f.days)),
			figure("usual_bytes_per_day", math.Round(f.usual)), figure("most_bytes_before", math.Round(f.most)), figure("machines_using_it", float64(f.audience))},
	}
	for a := range f.to {
		out.Addresses = append(out.Addresses, a)
	}
	return out
}

func mebibytes(n float64) string { return fmt.Sprintf("%.0f", n/(1<<20)) }

func (f *sent) finding(m *sender, ip netip.Addr, far netip.Prefix) event.Finding {
	out := f.common(m.place, ip, far)
	out.Evidence = f.evidence.Refs()
	host, n := machineName(m.place, ip), mebibytes(float64(f.bytes))
	out.Title = event.Words{
		Ja: fmt.Sprintf("%s から外部 %s への大量送信（%s MiB）", host, far, n),
		En: fmt.Sprintf("%s sent an unusual amount to %s outside (%s MiB)", host, far, n)}
	if f.young {
		out.Explanation = event.Words{
			Ja: fmt.Sprintf("%s が 1 日に %s MiB を送った。この機械の過去の記録が短く、ふだんの量は分からない。控えの保管や共同研究先への提供でも起こりうる。", host, n),
			En: fmt.Sprintf("%s sent %s MiB. Its record is too short to say what is usual. A backup elsewhere, or data for a partner, can look like this.", host, n)}
		return out
	}
	out.Explanation = event.Words{
		Ja: fmt.Sprintf("%s が外部へ送る量は 1 日あたり通常 %s MiB（最大 %s MiB）だが、このネットワークへ %s MiB を送った。使っている内部の機械は %d 台である。控えの保管や共同研究先への提供でも起こりうる。", host, mebibytes(f.usual), mebibytes(f.most), n, f.audience),
		En: fmt.Sprintf("%s usually sends %s MiB a day out (at most %s MiB), and sent %s MiB to this one network, which %d machines inside use. A backup elsewhere, or data for a partner, can look like this.", host, mebibytes(f.usual), mebibytes(f.most), n, f.audience)}
	return out
}

func (c *chunks) finding(key longKey) event.Finding {
	f := c.found
	out := f.common(c.src, key.src, key.far)
	out.Detector = "small-chunk-upload"
	out.Evidence = c.evidence.Refs()
	out.Severity = min(out.Severity, event.Medium)
	out.Numbers = append(out.Numbers, figure("size_variation", c.even))
	host, n := machineName(c.src, key.src), mebibytes(float64(f.bytes))
	out.Title = event.Words{
		Ja: fmt.Sprintf("%s から外部 %s への小分けの送信（合計 %s MiB、%d 回）", host, key.far, n, f.times),
		En: fmt.Sprintf("%s sent much in small pieces to %s outside (%s MiB in %d transfers)", host, key.far, n, f.times)}
	out.Explanation = event.Words{
		Ja: fmt.Sprintf("%d 日の間に %d 日に分けて合計 %s MiB が送られた（前の期間は %s MiB）。1 回ごとの量は目立たない。新しい同期や控えの保管でも起こりうる。", chunkDays, f.days, n, mebibytes(f.most)),
		En: fmt.Sprintf("Spread over %d days, %s MiB were sent (%s MiB in the %d days before). No single day stands out. A new synchronisation or backup can look like this.", f.days, n, mebibytes(f.most), chunkDays)}
	return out
}
