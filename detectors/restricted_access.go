// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var restrictedAccess = detect.Spec{Name: "restricted-access", Attack: []string{"T1021", "T1078.002"}, New: newRestricted}

// Tunables of restricted-access.
const (
	restrictedLearn = 14   // days from the log's beginning in which a way is taken for a standing one if it comes again after them
	restrictedAgain = 14   // days between first and last use that make it standing
	restrictedBytes = 2000 // bytes that came back, or
	restrictedStay  = 10   // seconds that it lasted, make a connection more than a knock at a port
	restrictedEach  = 8    // machines that are told of one by one, for each who came; more are a sweep and told together
	restrictedMost  = 1 << 15
)

// restricted watches who reaches into networks that only some may enter. Every way that is seen for the first time counts: by
// which path is what makes it grave.
type restricted struct {
	detect.Trace
	ways    map[restrictedKey]*restrictedWay
	entered map[netip.Addr]event.Micros // machines inside that were reached over a way that may not be
	first   int32
	started bool
}

// way is how a machine is reached.
type way uint8

const (
	wayOther way = iota
	wayWeb
	wayAdmin
)

type restrictedKey struct {
	src, dst netip.Addr
	way      way
}

type restrictedWay struct {
	src, dst event.Place
	service  string
	allowed  bool
	onward   bool // from a machine that was itself entered
	firstDay int32
	lastDay  int32
	first    event.Micros // of the first accepted one; of the first at all while none was
	last     event.Micros
	alerted  event.Micros
	accepted int64
	knocks   int64 // accepted, but nothing to speak of went over them: a scan
	refused  int64
	who      []string
	sweep    map[netip.Addr]struct{} // machines, where many are told together
	evidence detect.Evidence
}

func newRestricted(detect.Site) detect.Detector {
	return &restricted{ways: map[restrictedKey]*restrictedWay{}, entered: map[netip.Addr]event.Micros{}}
}

func (d *restricted) Classes() detect.ClassSet {
	return detect.Classes(event.ClassNetwork, event.ClassAuthentication, event.ClassRemoteSession)
}

func (d *restricted) Observe(s *event.Sighting) {
	if !d.started {
		d.first, d.started = s.Day, true
	}
	if !s.Dst.Restricted && d.Asked(s.Who) {
		d.tellOutside(s)
	}
	if !s.Dst.Restricted || !s.SrcIP.IsValid() || s.SrcIsRelay || !s.Dst.IP.IsValid() || s.SrcIP == s.Dst.IP || s.SrcIP.IsLoopback() || s.Count.Or(1) == 0 {
		return
	}
	if s.Class == event.ClassAuthentication && s.Activity != event.ActLogon {
		return
	}
	_, onward := d.entered[s.SrcIP]
	if d.Asked(s.Who) || d.Asking() && s.Who == nil {
		d.tell(s, s.Dst.Allowed && !onward)
	}
	if s.Dst.Allowed && !onward {
		return
	}
	key := restrictedKey{s.SrcIP, s.Dst.IP, pathOf(s)}
	w := d.ways[key]
	if w == nil {
		if len(d.ways) >= restrictedMost {
			key = restrictedKey{dst: s.Dst.IP, way: key.way} // beyond the bound: whoever came there
			w = d.ways[key]
		}
		if w == nil {
			w = &restrictedWay{src: s.Src, dst: s.Dst, service: s.Service, allowed: s.Dst.Allowed, onward: onward, firstDay: s.Day, first: s.Time, alerted: s.Seen()}
			d.ways[key] = w
		}
	}
	w.see(s)
	if w.accepted > 0 && !s.Dst.Allowed && !knock(s) && key.way == wayAdmin && s.Day-d.first >= restrictedLearn && len(d.entered) < restrictedMost {
		if _, ok := d.entered[s.Dst.IP]; !ok {
			d.entered[s.Dst.IP] = s.Time
		}
	}
}

func (w *restrictedWay) see(s *event.Sighting) {
	w.last, w.lastDay = s.Time, s.Day
	w.evidence.Add(s.Event)
	if s.Activity == event.ActRefuse || s.Outcome == event.OutcomeFailure {
		w.refused++
		return
	}
	if knock(s) {
		w.knocks++
		return
	}
	if w.accepted == 0 {
		w.first, w.alerted = s.Time, s.Seen()
		w.evidence = detect.Evidence{} // what was refused or no more than a knock gives way to what got in
		w.evidence.Add(s.Event)
	}
	w.accepted++
	if s.Who != nil && !s.Who.System && len(w.who) < 32 {
		for _, id := range w.who {
			if id == s.Who.ID {
				return
			}
		}
		w.who = append(w.who, s.Who.ID)
	}
}

// knock says whether a connection was no more than a try whether somebody answers.
func knock(s *event.Sighting) bool {
	if s.Class != event.ClassNetwork {
		return false
	}
	back, known := s.BytesIn.Get()
	took, timed := s.Duration.Get()
	return (known || timed) && back < restrictedBytes && took < restrictedStay*1000
}

// pathOf says by which kind of path a machine is reached.
func pathOf(s *event.Sighting) way {
	if s.Class != event.ClassNetwork {
		return wayAdmin
	}
	switch s.DstPort {
	case 22, 23, 135, 139, 445, 512, 513, 514, 623, 902, 3389, 5900, 5901, 5985, 5986, 8006:
		return wayAdmin
	case 80, 443, 8000, 8080, 8443, 9090, 9443, 10000:
		return wayWeb
	}
	l := strings.ToLower(s.Service)
	switch {
	case strings.Contains(l, "rdp"), strings.Contains(l, "ssh"), strings.Contains(l, "smb"), strings.Contains(l, "vnc"), strings.Contains(l, "telnet"), strings.Contains(l, "winrm"):
		return wayAdmin
	case strings.Contains(l, "http"):
		return wayWeb
	}
	return wayOther
}

func (w way) words() (ja, en string) {
	switch w {
	case wayAdmin:
		return "遠隔操作・管理用の経路", "a path for remote control"
	case wayWeb:
		return "ウェブ画面", "its web pages"
	}
	return "その他の経路", "another path"
}

func (d *restricted) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for key, w := range d.together() {
		out = append(out, w.finding(key, d.first))
	}
	return sortedFindings(out)
}

// together puts the ways of one machine that knocked at many into one, if nothing came of them.
func (d *restricted) together() map[restrictedKey]*restrictedWay {
	count := map[restrictedKey]int{}
	for key, w := range d.ways {
		if w.accepted == 0 {
			count[restrictedKey{src: key.src, way: key.way}]++
		}
	}
	out := map[restrictedKey]*restrictedWay{}
	keys := make([]restrictedKey, 0, len(d.ways))
	for key := range d.ways {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b restrictedKey) int {
		return cmp.Or(a.src.Compare(b.src), a.dst.Compare(b.dst), cmp.Compare(a.way, b.way))
	})
	for _, key := range keys {
		w := d.ways[key]
		all := restrictedKey{src: key.src, way: key.way}
		if w.accepted > 0 || count[all] <= restrictedEach {
			out[key] = w
			continue
		}
		sum := out[all]
		if sum == nil {
			sum = &restrictedWay{src: w.src, dst: event.Place{Network: w.dst.Network}, firstDay: w.firstDay, first: w.first, last: w.last, alerted: w.alerted, sweep: map[netip.Addr]struct{}{}}
			out[all] = sum
		}
		sum.sweep[key.dst] = struct{}{}
		sum.refused, sum.knocks = sum.refused+w.refused, sum.knocks+w.knocks
		sum.last, sum.lastDay = max(sum.last, w.last), max(sum.lastDay, w.lastDay)
		if w.first < sum.first {
			sum.first, sum.alerted, sum.firstDay = w.first, w.alerted, w.firstDay
		}
		sum.evidence.Merge(&w.evidence)
	}
	return out
}

func (w *restrictedWay) severity(key restrictedKey, standing bool) event.Severity {
	switch {
	case w.accepted == 0, standing:
		return event.Low
	case key.way == wayAdmin && w.allowed: // a neighbour, but one that was entered before
		return event.Medium
	case key.way == wayAdmin:
		return event.High
	case key.way == wayWeb:
		return event.Medium
	}
	return event.Low
}

func (w *restrictedWay) finding(key restrictedKey, first int32) event.Finding {
	standing := w.firstDay-first < restrictedLearn && w.lastDay-w.firstDay >= restrictedAgain
	to := machineName(w.dst, key.dst)
	from := "?"
	f := event.Finding{Severity: w.severity(key, standing), First: w.first, Last: w.last, Alerted: w.alerted, Accounts: w.who, Evidence: w.evidence.Refs()}
	if key.src.IsValid() {
		from = machineName(w.src, key.src)
		if w.src.Own {
			f.Hosts = append(f.Hosts, from)
		} else {
			f.Addresses = []netip.Addr{key.src}
		}
	}
	if w.accepted > 0 {
		f.Hosts = append(f.Hosts, to)
	}
	f.Key = fmt.Sprintf("%s %s %d", key.src, key.dst, key.way)
	f.Numbers = []event.Figure{figure("accepted", float64(w.accepted)), figure("knocks", float64(w.knocks)), figure("refused", float64(w.refused)),
		figure("machines", float64(max(len(w.sweep), 1)))}
	zone := w.dst.Network
	ja, en := key.way.words()
	if w.accepted == 0 {
		if w.sweep != nil {
			to = fmt.Sprintf("%d", len(w.sweep))
			f.Title = event.Words{Ja: fmt.Sprintf("%s が制限区域 %s の %s 台に接続を試みた", from, zone, to), En: fmt.Sprintf("%s tried %s machines in the restricted network %s", from, to, zone)}
		} else {
			f.Title = event.Words{Ja: fmt.Sprintf("%s が制限区域 %s の %s に接続を試みた", from, zone, to), En: fmt.Sprintf("%s tried %s in the restricted network %s", from, to, zone)}
		}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("許可されていない %s からの試みが拒否 %d 回、応答のみ %d 回あった。中身のある通信には至っていない。設定の誤りや探索の一部として起こる。", from, w.refused, w.knocks),
			En: fmt.Sprintf("%s, which may not enter, was refused %d times and answered %d times without anything to speak of being said. A wrong setting, or a part of a scan.", from, w.refused, w.knocks)}
		return f
	}
	f.Title = event.Words{Ja: fmt.Sprintf("%s から制限区域 %s の %s への接続（%s）", from, zone, to, ja), En: fmt.Sprintf("%s reached %s in the restricted network %s by %s", from, to, zone, en)}
	switch {
	case standing:
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("許可一覧にない %s からの接続（%d 回）が、記録の始まりから続いている。運用として認めるなら許可一覧に加え、認めないなら閉じること。", from, w.accepted),
			En: fmt.Sprintf("%s is not on the list of those allowed, but has connected since the log began (%d times). If that is how things are run, put it on the list; if not, close the way.", from, w.accepted)}
	case w.onward && w.allowed:
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s は同じ区域の中にあり接続を許されているが、それ自体が許可のない接続を受けた後に %d 回ここへ接続した。踏み台として使われた可能性がある。", from, w.accepted),
			En: fmt.Sprintf("%s stands inside and may connect, but it did so (%d times) after it had been entered itself by a machine that may not. It may serve as a stepping stone. Ordinary upkeep can look like this.", from, w.accepted)}
	default:
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("許可一覧にない %s が初めて接続し、受け入れられた（%d 回）。管理者の新しい端末や、臨時の作業でも起こりうる。作業記録と照らし合わせること。", from, w.accepted),
			En: fmt.Sprintf("%s is not on the list of those allowed and had never connected; it was accepted (%d times). An administrator's new machine, or work out of the ordinary, can look like this: compare with the record of works.", from, w.accepted)}
	}
	return f
}
