// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var beacon = detect.Spec{Name: "beacon", Attack: []string{"T1071.001", "T1573"}, New: newBeacon}

// Tunables of beacon.
const (
	beaconRing     = 64        // connections that are looked at, the last ones
	beaconLeast    = 48        // of them before a rhythm is judged
	beaconSpan     = 12 * 3600 // s from the pair's first connection on, at least
	beaconScore    = 0.80      // mean of the regularity of intervals and of sizes, and of the hours covered (RITA's scores, 0 to 1)
	beaconJitter   = 0.35      // median distance from the median interval, as a share of it, up to which a rhythm is one
	beaconShortest = 5         // s: what comes faster is one session in pieces
	beaconLongest  = 12 * 3600 // s
	beaconLearn    = 14        // days of the machine's connections before a new far end means something
	beaconAudience = 3         // machines inside that use the far network, at most
	beaconWarm     = 8         // connections of a pair before a ring is kept for it
	beaconPairs    = 1 << 15   // rings
	beaconCounters = 1 << 20   // counters that decide who gets one
	beaconFade     = 7         // days after which those counters are halved
)

// beacons looks for programs that ask for orders: small connections at even distances to a far end that the machine did not know
// and hardly anybody else uses. The scores are those of RITA v5 (timestamps, sizes, hours covered), over the last connections of
// a pair; what is added is the machine's own past and a bound on memory.
type beacons struct {
	detect.Trace
	machines map[netip.Addr]int32 // first day of each inside machine
	learnt   remembered           // far networks of each machine's first days; never forgotten
	pairs    map[beaconKey]*rhythm
	warm     []uint8
	faded    int32
	rings    map[netip.Addr]int // by machine
	swept    int32              // day on which silent pairs were forgotten, to make room
	used     audience
	first    int32 // day of the log
	started  bool
}

type beaconKey struct {
	src, dst netip.Addr
	port     uint16
}

type rhythm struct {
	src, dst event.Place
	at       [beaconRing]int64
	size     [beaconRing]int64
	n        int64
	lastDay  int32
	days     int
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	best     pulse
	hours    uint32 // hours of the day on which it was seen, one bit each
	audience int
	evidence detect.Evidence
}

// pulse is how regular a pair is.
type pulse struct {
	score, every, jitter, sizes, hours float64
}

func newBeacon(detect.Site) detect.Detector {
	return &beacons{machines: map[netip.Addr]int32{}, pairs: map[beaconKey]*rhythm{}, rings: map[netip.Addr]int{}, learnt: remembered{days: math.MaxInt32}, warm: make([]uint8, beaconCounters)}
}

func (d *beacons) Classes() detect.ClassSet { return detect.Classes(event.ClassNetwork) }

func (d *beacons) Observe(s *event.Sighting) {
	if !goesOut(s) {
		return
	}
	if !d.started {
		d.first, d.started = s.Day, true
	}
	at := s.SrcIP
	begun, ok := d.machines[at]
	if !ok && len(d.machines) >= scanMachines { // beyond the bound the machines of one network are one
		at = ofNet(at).Addr()
		begun, ok = d.machines[at]
	}
	if !ok {
		if len(d.machines) >= 2*scanMachines {
			return
		}
		begun = s.Day
		if server(s.Src) { // a server's silence is its history too
			begun = d.first
		}
		d.machines[at] = begun
	}
	far := ofNet(s.DstIP)
	used := d.used.meet(far, s.SrcIP)
	key := beaconKey{s.SrcIP, s.DstIP, s.DstPort}
	r := d.pairs[key]
	if r == nil {
		way := hashWay(s.SrcIP, far.Addr(), 0)
		if s.Day-begun < beaconLearn {
			d.learnt.new(way, s.Day)
			if d.Asking() {
				d.tell(s, nil, begun, used, true)
			}
			return
		}
		if used > beaconAudience || d.learnt.has(way) || !d.warmed(key, s.Day) || !d.room(key.src, s.Day) {
			return
		}
		d.rings[key.src]++
		r = &rhythm{src: s.Src, dst: s.Dst, first: s.Time, lastDay: -1}
		d.pairs[key] = r
	}
	r.add(s, used)
	if d.Asking() {
		d.tell(s, r, begun, used, false)
	}
}

// room says whether a pair can have a ring. No machine has more than its part, and pairs that fell silent give way.
func (d *beacons) room(src netip.Addr, day int32) bool {
	if d.rings[src] < beaconEach && len(d.pairs) < beaconPairs {
		return true
	}
	if d.swept != day {
		d.swept = day
		for key, r := range d.pairs {
			if r.alerted == 0 && day-r.lastDay > beaconSilent {
				delete(d.pairs, key)
				if d.rings[key.src]--; d.rings[key.src] == 0 {
					delete(d.rings, key.src)
				}
			}
		}
	}
	return d.rings[src] < beaconEach && len(d.pairs) < beaconPairs
}

const (
	beaconEach   = 1 << 10 // rings of one machine
	beaconSilent = 14      // days after which a pair without a rhythm is forgotten where there is no room
)

// warmed counts a pair's connections in a table that everybody shares, and says when there are enough for a ring of its own.
func (d *beacons) warmed(key beaconKey, day int32) bool {
	if day-d.faded >= beaconFade {
		d.faded = day
		for i := range d.warm {
			d.warm[i] >>= 1
		}
	}
	c := &d.warm[hashWay(key.src, key.dst, key.port)%beaconCounters]
	if *c < math.MaxUint8 {
		*c++
	}
	return *c >= beaconWarm
}

func (r *rhythm) add(s *event.Sighting, used int) {
	r.audience = max(r.audience, used)
	i := r.n % beaconRing
	r.at[i], r.size[i] = int64(s.Time)/1000, s.BytesOut.Or(0)
	r.n++
	r.hours |= 1 << (s.Minute / 60)
	if r.lastDay != s.Day {
		r.lastDay = s.Day
		r.days++
	}
	if r.alerted != 0 {
		r.last = s.Time
		r.evidence.Add(s.Event)
		return
	}
	if r.n < beaconLeast || r.n%8 != 0 || used > beaconAudience {
		return
	}
	if p := r.pulse(); p.score >= beaconScore && p.jitter <= beaconJitter {
		r.best, r.alerted, r.last = p, s.Seen(), s.Time
		r.evidence.Add(s.Event)
	}
}

// pulse scores the connections in the ring.
func (r *rhythm) pulse() pulse {
	n := int(min(r.n, beaconRing))
	at := slices.Clone(r.at[:n])
	slices.Sort(at)
	if float64(at[n-1])/1000-float64(r.first)/1e6 < beaconSpan {
		return pulse{}
	}
	gaps := make([]float64, 0, n-1)
	for i := 1; i < n; i++ {
		gaps = append(gaps, float64(at[i]-at[i-1])/1000)
	}
	sizes := make([]float64, 0, n)
	for _, b := range r.size[:n] {
		sizes = append(sizes, float64(b))
	}
	every, mad := spreadOf(gaps)
	if every < beaconShortest || every > beaconLongest {
		return pulse{}
	}
	p := pulse{every: every, jitter: mad / every, hours: min(float64(bits.OnesCount32(r.hours))/12, 1)}
	times := (evenness(gaps) + max(0, 1-mad/every)) / 2
	mid, off := spreadOf(sizes)
	p.sizes = (evenness(sizes) + max(0, 1-off/max(mid, 1))) / 2
	p.score = (times + p.sizes + p.hours) / 3
	return p
}

// evenness is one less Bowley's skewness of v, which is sorted: 1 for a distribution that is even around its middle.
func evenness(v []float64) float64 {
	slices.Sort(v)
	q1, q2, q3 := v[len(v)/4], v[len(v)/2], v[len(v)*3/4]
	if q3-q1 == 0 || q2 == q1 || q2 == q3 {
		return 1
	}
	return 1 - math.Abs((q3+q1-2*q2)/(q3-q1))
}

func (d *beacons) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for key, r := range d.pairs {
		if r.alerted != 0 && r.audience <= beaconAudience {
			out = append(out, r.finding(key))
		}
	}
	return sortedFindings(out)
}

func (r *rhythm) finding(key beaconKey) event.Finding {
	host := machineName(r.src, key.src)
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %d", key.src, key.dst, key.port), Severity: event.Low, First: r.first, Last: r.last, Alerted: r.alerted, Hosts: []string{host},
		Addresses: []netip.Addr{key.dst}, Evidence: r.evidence.Refs(),
		Numbers: []event.Figure{figure("connections", float64(r.n)), figure("every_s", math.Round(r.best.every)), figure("jitter", r.best.jitter), figure("score", r.best.score),
			figure("days", float64(r.days)), figure("machines_using_it", float64(r.audience))},
	}
	switch {
	case server(r.src) && r.dst.Kind.Anonymous():
		f.Severity = event.High
	case server(r.src), r.dst.Kind == event.KindTor:
		f.Severity = event.Medium
	}
	every := fmt.Sprintf("%.0f", r.best.every/60)
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s から %s への規則的な通信（約 %s 分おき、%d 回）", host, key.dst, every, r.n),
		En: fmt.Sprintf("%s calls %s at even distances (about every %s minutes, %d times)", host, key.dst, every, r.n)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s は、以前は接続したことのないこの相手へ、ほぼ同じ間隔（ばらつき %.0f%%）と大きさで接続を続けている。使っている内部の機械は %d 台だけである。遠隔操作の指令を待つプログラムの特徴だが、更新確認や監視、同期のプログラムも同じ形になる。", host, 100*r.best.jitter, r.audience),
		En: fmt.Sprintf("%s connects to this far end, which it did not know before, at nearly even distances (jitter %.0f %%) and sizes; %d machines inside use it. Malware that waits for orders looks like this, but so do programs that look for updates, monitor or synchronise.", host, 100*r.best.jitter, r.audience)}
	return f
}
