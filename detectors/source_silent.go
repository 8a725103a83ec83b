// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var sourceSilent = detect.Spec{Name: "source-silent", Attack: []string{"T1562.001", "T1562.002"}, New: newSilent}

// Tunables of source-silent.
const (
	silentLearn   = 21      // days that a source must have been known before its silence means something
	silentNats    = 30      // sum of -ln(chance that an hour is empty) over the empty hours
	silentHours   = 6       // hours in which it should have written, at least
	silentLonger  = 3       // times that a silence must outlast the longest one before
	silentMost    = 0.98    // chance of writing in an hour that is believed at most
	silentEnd     = 72      // hours in which it should have written, of a silence that lasts to the end of the records
	silentPeers   = 2       // other sources that are expected in an hour, for it to count
	silentAlive   = 0.5     // share of them that must write in it
	silentShared  = 3       // hosts, or kinds of log without a host, that fall silent in the same hour: rather what collects them
	silentKinds   = 2       // a kind of record must be missed for so many times as many nats as a whole source
	silentDays    = 0.9     // share of the days on which a source must have written
	silentSources = 1 << 12 // sources followed, and kinds of records of them
)

// silences watches that sources keep writing. Each source has a chance of writing in each hour of the week; empty hours in which its
// peers live add up to a surprise. Hours in which hardly anybody writes, a holiday or a hole in the whole record, count for nothing.
type silences struct {
	detect.Trace
	cells   map[silentCell]*silentUse
	recent  [64]recentCell // some of the cells that records came of last
	sources map[silentKey]*silentSource
	order   []*silentSource
	servers map[string]bool
	hour    int64 // local hours since 1970; what is being filled
	week    int
	started bool
}

type silentCell struct {
	format, host string
	class        event.Class
	act          event.Activity
}

type recentCell struct {
	key silentCell
	use *silentUse
}

// silentUse is whom a record of a cell counts for: the log, the host's part of it, and the kind of record; nil for none.
type silentUse struct {
	whom [3]*silentSource
	last silentMark // record of the cell
}

type silentKey struct {
	format, host string
	kind         uint16 // 0: all kinds; else class and activity
}

type silentSource struct {
	key    silentKey
	parent *silentSource // of a kind of record
	wrote  [168]uint8    // weeks in which it wrote in that hour
	looked [168]uint8    // weeks in which it could have
	days   int           // on which it wrote
	ofDays int           // on which its peers did
	day    int64
	begun  int64
	hour   int64      // in which it wrote last
	last   *silentUse // cell of the last record
	calm   float64    // surprise of the longest silence that was none
	nats   float64    // of the silence under way
	hours  int
	before silentMark // the last record before it
	steady bool       // writes on days off too
	found  []silence
}

type silentMark struct {
	at, seen event.Micros
	ref      event.Ref
}

type silence struct {
	source        *silentSource
	before, after silentMark
	hours         int
	nats          float64
	alerted       event.Micros
	open          bool
}

func newSilent(site detect.Site) detect.Detector {
	d := &silences{cells: map[silentCell]*silentUse{}, sources: map[silentKey]*silentSource{}, servers: map[string]bool{}}
	for _, n := range site.Servers {
		d.servers[shortHost(n)] = true
	}
	return d
}

func (d *silences) Classes() detect.ClassSet { return everyClass() }

// everyClass returns the set of all classes.
func everyClass() detect.ClassSet {
	set := detect.Classes()
	for c := range event.Classes() {
		set |= detect.Classes(event.Class(c))
	}
	return set
}

// shortHost returns a host's name without its domain, small.
func shortHost(n string) string {
	n, _, _ = strings.Cut(strings.ToLower(n), ".")
	return n
}

func (d *silences) Observe(s *event.Sighting) {
	hour := int64(s.Day)*24 + int64(s.Minute)/60
	if !d.started {
		d.started = true
		d.hour, d.week = hour, int(s.Weekday)*24+int(s.Minute)/60
	}
	if hour > d.hour { // a zone that falls back repeats an hour: it is filled twice
		d.close()
		d.hour, d.week = hour, int(s.Weekday)*24+int(s.Minute)/60
	}
	key := silentCell{s.Format, "", s.Class, s.Activity}
	if writesOfItself(s) {
		key.host = s.DstHost
	}
	use := d.cell(key)
	if use == nil {
		return
	}
	use.last = silentMark{s.Time, s.Seen(), s.Ref}
	for _, src := range use.whom {
		if src != nil {
			d.mark(src, use)
		}
	}
}

// cell returns whom a record counts for, nil for nobody. Most records are of a few cells: those are found without a map.
func (d *silences) cell(key silentCell) *silentUse {
	at := int(key.class)*5 + int(key.act)*3 + len(key.format)*7 + len(key.host)
	if n := len(key.host); n > 0 {
		at += int(key.host[0]) + int(key.host[n/2])*3 + int(key.host[n-1])*5
	}
	r := &d.recent[at%len(d.recent)]
	if r.use != nil && r.key == key {
		return r.use
	}
	use := d.cells[key]
	if use == nil {
		use = d.use(key)
	}
	if use != nil {
		*r = recentCell{key, use}
	}
	return use
}

// writesOfItself says whether a record's host is the one that wrote it.
func writesOfItself(s *event.Sighting) bool {
	switch s.Class {
	case event.ClassAuthentication:
		return s.Outcome != event.OutcomeUnknown || s.Format != "windows" // explicit credentials name the other host
	case event.ClassRemoteSession, event.ClassProcess, event.ClassLogAdmin, event.ClassEntityChange, event.ClassAccountChange, event.ClassFile, event.ClassHTTP, event.ClassDirectory:
		return s.DstHost != ""
	}
	return false
}

// use finds what the records of a cell count for.
func (d *silences) use(key silentCell) *silentUse {
	if len(d.cells) >= 8*silentSources {
		return nil
	}
	use := &silentUse{}
	use.whom[0] = d.source(silentKey{format: key.format}, nil)
	parent := use.whom[0]
	if host := shortHost(key.host); host != "" {
		if use.whom[1] = d.source(silentKey{format: key.format, host: host}, nil); use.whom[1] != nil {
			parent = use.whom[1]
		}
	}
	if parent != nil && (parent.key.host == "" || d.servers[parent.key.host]) {
		k := silentKey{parent.key.format, parent.key.host, 1 + uint16(key.class)<<8 + uint16(key.act)}
		use.whom[2] = d.source(k, parent)
	}
	d.cells[key] = use
	return use
}

func (d *silences) source(key silentKey, parent *silentSource) *silentSource {
	src := d.sources[key]
	if src == nil && len(d.sources) < 2*silentSources {
		src = &silentSource{key: key, parent: parent, begun: d.hour, day: -1 << 40, hour: -1 << 40}
		d.sources[key] = src
		d.order = append(d.order, src)
	}
	return src
}

// mark notes a record. The first one in an hour may end a silence.
func (d *silences) mark(src *silentSource, use *silentUse) {
	if src.hour != d.hour {
		src.hour = d.hour
		if d.Asking() && src.hours > 0 {
			d.tell(src, use.last.at)
		}
		if src.surprising() {
			src.tell(use.last)
		} else if src.hours > 0 && src.calm < src.nats {
			src.calm = src.nats
		}
		src.nats, src.hours = 0, 0
		if day := d.hour / 24; src.day != day {
			src.day = day
			src.days++
		}
	}
	if src.last != use {
		src.last = use
	}
}

// surprising says whether the silence under way is one that cannot be chance.
func (src *silentSource) surprising() bool {
	need := float64(silentNats)
	if src.parent != nil {
		need *= silentKinds
	}
	return src.hours >= silentHours && src.nats >= need && src.nats >= silentLonger*src.calm && float64(src.days) >= silentDays*float64(src.ofDays)
}

const silentEach = 8 // silences of one source that are told of

func (src *silentSource) tell(after silentMark) {
	if len(src.found) < silentEach {
		src.found = append(src.found, src.silence(after, false))
	}
}

func (src *silentSource) silence(after silentMark, open bool) silence {
	f := silence{source: src, before: src.before, after: after, hours: src.hours, nats: src.nats, open: open, alerted: src.before.at.Add(silentHours * 3600e9)}
	f.before.ref.More, f.after.ref.More = slices.Clone(f.before.ref.More), slices.Clone(f.after.ref.More)
	return f
}

func (src *silentSource) chance(week int) float64 {
	return math.Min(silentMost, (float64(src.wrote[week])+0.25)/(float64(src.looked[week])+1))
}

// group counts who was expected in an hour and who wrote.
type silentGroup struct{ expected, wrote float64 }

// close ends an hour: who did not write, though it should have and others did, is a step nearer to being called silent.
func (d *silences) close() {
	var groups [4]silentGroup // whole sources by rhythm, kinds of records by rhythm
	young := d.hour - 7*24
	for _, src := range d.order {
		if src.begun > young {
			continue
		}
		if src.hour == d.hour && src.looked[d.week] == 0 {
			continue
		}
		g := &groups[src.group()]
		g.expected += src.chance(d.week)
		if src.hour == d.hour {
			g.wrote++
		}
	}
	for _, src := range d.order {
		g := src.group()
		a, b := groups[g], groups[g^1]
		d.settle(src, a, silentGroup{a.expected + b.expected, a.wrote + b.wrote})
	}
}

func (src *silentSource) group() int {
	g := 0
	if src.steady {
		g = 1
	}
	if src.parent != nil {
		g += 2
	}
	return g
}

// settle closes an hour for one source.
func (d *silences) settle(src *silentSource, own, both silentGroup) {
	wrote := src.hour == d.hour
	p := 0.0
	if src.begun <= d.hour-7*24 && !(wrote && src.looked[d.week] == 0) {
		p = src.chance(d.week)
	}
	self := 0.0
	if wrote && p > 0 {
		self = 1
	}
	own.expected, own.wrote, both.expected, both.wrote = own.expected-p, own.wrote-self, both.expected-p, both.wrote-self
	g := own
	if g.expected < silentPeers && src.parent == nil {
		g = both
	}
	switch {
	case wrote:
	case src.parent != nil && src.parent.hour != d.hour:
		return
	case (g.expected < silentPeers || g.wrote < silentAlive*g.expected) && d.hour-src.begun >= 7*24:
		return // nobody to compare with, or everybody is away
	}
	if day := d.hour / 24; (d.hour%24 == 12 || src.ofDays == 0) && src.nats < silentNats {
		// A day counts once, by its noon; weekends count for those that write on them.
		if weekday := d.week / 24; src.steady || weekday > 0 && weekday < 6 {
			src.ofDays++
		} else if src.day == day {
			src.days--
		}
		src.judge()
	}
	if !wrote {
		if src.hours == 0 {
			src.before = src.last.last
		}
		src.hours++
		if p := src.chance(d.week); d.hour-src.begun >= silentLearn*24 {
			src.nats -= math.Log(1 - p)
		}
	}
	if src.looked[d.week] < 250 && (wrote || src.nats < silentNats) { // what is an alarm is not learnt
		src.looked[d.week]++
		if wrote {
			src.wrote[d.week]++
		}
	}
}

// judge finds out whether a source writes on days off as well.
func (src *silentSource) judge() {
	wrote, looked := 0, 0
	for _, day := range [...]int{0, 6} {
		for h := day * 24; h < day*24+24; h++ {
			wrote += int(src.wrote[h])
			looked += int(src.looked[h])
		}
	}
	src.steady = looked >= 48 && float64(wrote) >= 0.5*float64(looked)
}

func (d *silences) Findings(asOf event.Micros) []event.Finding {
	if asOf == detect.Over {
		d = detect.Clone(d)
		d.close()
	}
	var all []silence
	for _, src := range d.order {
		found := src.found
		if src.hour != d.hour && src.hours >= silentEnd && src.surprising() && len(found) < silentEach {
			found = append(slices.Clip(found), src.silence(src.before, true))
		}
		if src.key.host != "" && src.parent == nil && !src.steady && !d.servers[src.key.host] {
			continue // a PC that is switched off is nothing
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, func(a, b silence) int {
		return cmp.Or(cmp.Compare(a.before.at, b.before.at), strings.Compare(a.source.key.host, b.source.key.host), strings.Compare(a.source.key.format, b.source.key.format), cmp.Compare(a.source.key.kind, b.source.key.kind))
	})
	var out []event.Finding
	for i := 0; i < len(all); {
		k := i + 1
		for k < len(all) && all[k].before.at-all[i].before.at <= 3600e6 {
			k++
		}
		out = append(out, silentFinding(all[i:k]))
		i = k
	}
	return sortedFindings(out)
}

// kindName names a kind of record: its class and activity.
func kindName(kind uint16) string {
	return fmt.Sprintf("%s/%s", event.Class((kind-1)>>8), event.Activity((kind-1)&0xff))
}

// silentFinding tells of all that fell silent within the same hour.
func silentFinding(all []silence) event.Finding {
	var hosts, logs, kinds []string
	f := event.Finding{First: all[0].before.at, Last: all[0].after.at, Alerted: all[0].alerted, Severity: event.Medium}
	hours, nats, open, whole, steady, lone := 0, 0.0, true, false, false, map[string]bool{}
	for i := range all {
		s := &all[i]
		k := s.source.key
		logs = append(logs, k.format)
		if k.host != "" {
			hosts = append(hosts, k.host)
		}
		steady = steady || s.source.steady
		lone[cmp.Or(k.host, "/"+k.format)] = true
		if k.kind != 0 {
			kinds = append(kinds, kindName(k.kind))
		} else {
			whole = true
		}
		hours, nats, open = max(hours, s.hours), max(nats, s.nats), open && s.open
		f.Last, f.Alerted = max(f.Last, s.after.at), min(f.Alerted, s.alerted)
		if i < 4 {
			f.Evidence = append(f.Evidence, s.before.ref)
			if !s.open {
				f.Evidence = append(f.Evidence, s.after.ref)
			}
		}
	}
	for _, l := range [...]*[]string{&hosts, &logs, &kinds} {
		slices.Sort(*l)
		*l = slices.Compact(*l)
	}
	for _, h := range hosts { // a log of one host alone is that host's
		for _, l := range logs {
			if len(hosts) == 1 && lone["/"+l] && lone[h] {
				delete(lone, "/"+l)
			}
		}
	}
	f.Hosts = hosts[:min(len(hosts), 32)]
	f.Alerted = max(f.Alerted, f.First)
	first := all[0].source.key
	f.Key = fmt.Sprintf("%s %s %d %d", first.format, first.host, first.kind, f.First/3600e6)
	f.Numbers = []event.Figure{figure("hours_missed", float64(hours)), figure("surprise_nats", math.Round(nats)), figure("sources", float64(len(all))), figure("hosts", float64(len(hosts)))}
	shared := len(lone) >= silentShared
	if shared || open && whole || !whole && !steady {
		f.Severity = event.Low
	}
	silentWords(&f, silentNames{hosts, logs, kinds, hours, whole, shared, open})
	return f
}

type silentNames struct {
	hosts, logs, kinds  []string
	hours               int
	whole, shared, open bool
}

func silentWords(f *event.Finding, n silentNames) {
	few := func(l []string) string {
		if len(l) > 4 {
			return strings.Join(l[:4], ", ") + " …"
		}
		return strings.Join(l, ", ")
	}
	what := few(n.logs)
	if len(n.hosts) > 0 {
		what = few(n.hosts) + " (" + what + ")"
	}
	f.Title = event.Words{Ja: fmt.Sprintf("%s の記録が %d 時間分途絶えた", what, n.hours), En: fmt.Sprintf("%s fell silent: %d hours without the usual records", what, n.hours)}
	if !n.whole {
		f.Title = event.Words{Ja: fmt.Sprintf("%s から、ある種の記録（%s）が %d 時間分途絶えた", what, few(n.kinds), n.hours), En: fmt.Sprintf("a kind of record (%s) is gone from %s: %d hours without the usual ones", few(n.kinds), what, n.hours)}
	}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("ふだんその曜日・時刻に書かれるはずの %d 時間に記録がなく、その間ほかの記録は続いていた。記録の停止や消去のほか、機器の停止、保守、設定の変更でも起こる。", n.hours),
		En: fmt.Sprintf("Nothing was written in %d hours of the week in which it always was, while others went on. Logging that was stopped, or records that were taken out, look like this; so do a host that is down, maintenance and changed settings.", n.hours)}
	switch {
	case n.shared:
		f.Explanation.Ja += "複数の記録元が同じ時刻に途絶えているので、収集側の障害の可能性が高い。"
		f.Explanation.En += " Several fell silent in the same hour: rather what collects them failed."
	case n.open && n.whole:
		f.Explanation.Ja += "記録の終わりまで途絶えたままである。収集が早かっただけのこともある。"
		f.Explanation.En += " It lasts to the end of the records: it may only have been collected earlier."
	}
}
