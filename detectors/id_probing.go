// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var idProbing = detect.Spec{Name: "id-probing", Attack: []string{"T1087", "T1110", "T1589.001"}, New: newIDProbing}

// Tunables of id-probing.
const (
	probingFloor    = 4   // names a day above what is expected: less is never a change
	probingAbsolute = 200 // unknown names on one day that need no history to be an alarm
	probingHighDays = 3   // days for high severity
	probingHighZ    = 6.0 // or a single day this far out
	probingPeople   = 20  // accounts that log in there: only where people do is probing worse than the Internet's noise
	probingReturns  = 7   // times a day that coming back to a name counts: a client that storms with one does not weigh more
	probingBroad    = 12  // names above the usual that are come back to on one day: of fewer it is no list that is worked through
	probingWork     = 40  // times that names are come back to on one day above what is expected: less is never a change

	probingRushSlack  = 1.0 // names are counted by ten minutes too: the slack of that sum
	probingRushMark   = 6.0 // and the sum that is a rush, whatever the day comes to
	probingRushSpread = 2.0 // of the negative binomial of ten minutes: people come to work together
	probingRushLeast  = 12  // names of a rush, and within one hour of it, above what is usual in that time, at least
	probingRushOver   = 3.0 // times the largest hour of earlier days
	probingRushDays   = 14  // days of names, none of them condemned, before a rush is told of
	probingRushApart  = 7   // days after a rush in which another one belongs to it
)

// probing counts the distinct names a day that nobody has, for each realm, and looks for a lasting rise: in the AIST report of 2018 the
// rise of 1 June would have shown itself eight months before the breach was found by chance. Beside the names it counts how often they are come
// back to in another ten minutes: who works through a list again and again hardly tries more names than those that people mistype in a large
// institute, and people do not come back to them.
type probing struct {
	detect.Trace
	site   detect.Site
	realms map[realm]*probedRealm
}

type probedRealm struct {
	watch  watch
	people map[uint32]struct{} // accounts that logged in, up to probingPeople
	known  map[uint32]int32    // names that had a success once: a retired account's client is no probe
}

func newIDProbing(site detect.Site) detect.Detector {
	return &probing{site: site, realms: map[realm]*probedRealm{}}
}

func (p *probing) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (p *probing) Observe(s *event.Sighting) {
	if s.Who == nil || s.Who.System {
		return
	}
	r := p.realms[realmOf(s)]
	if r == nil {
		r = &probedRealm{people: map[uint32]struct{}{}, known: map[uint32]int32{}}
		r.watch.absolute = probingAbsolute
		r.watch.change.Floor = probingFloor
		r.watch.rush, r.watch.returns = &rush{}, true
		r.watch.again.Floor = probingWork
		p.realms[realmOf(s)] = r
	}
	if s.LoggedIn() {
		if len(r.people) < probingPeople {
			r.people[s.Who.Handle] = struct{}{}
		}
		r.known[s.Who.Handle] = s.Day
		return
	}
	if !s.Failed() || !unknownName(s, p.site) || s.Who.Listed {
		return
	}
	if _, once := r.known[s.Who.Handle]; once {
		return
	}
	r.watch.observe(s)
	if p.Asking() {
		p.tell(s, r)
	}
}

func (p *probing) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, name := range sortedRealms(p.realms) {
		r := p.realms[name]
		for _, e := range r.watch.finished() {
			out = append(out, r.finding(name, e))
		}
	}
	return out
}

func (r *probedRealm) finding(name realm, e *episode) event.Finding {
	sev := event.Medium
	switch {
	case len(r.people) < probingPeople:
		sev = event.Low
	case e.days >= probingHighDays && (e.z >= probingHighZ || float64(e.tries) > 20*float64(e.days)*max(e.expected, 1)):
		sev = event.High
	}
	f := event.Finding{
		Key: fmt.Sprintf("%s %d", name, e.onset), Severity: sev, First: e.from, Last: e.to, Alerted: e.alerted,
		Addresses: e.sources.broad(3, 2000), Evidence: e.evidence.Refs(),
		Numbers: []event.Figure{{Name: "attempts", Value: float64(e.tries)}, {Name: "unknown_ids", Value: float64(len(e.names))},
			{Name: "days", Value: float64(e.days)}, {Name: "peak_ids_per_day", Value: float64(e.peakNames)}, {Name: "expected_ids_per_day", Value: e.expected},
			{Name: "z", Value: e.z}},
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("存在しない ID へのログイン試行が急増（%d 件、%d 種類）", e.tries, len(e.names)),
		En: fmt.Sprintf("IDs are being probed: %d attempts on %d names that nobody has", e.tries, len(e.names))}
	if e.rushed != 0 && e.z < probingHighZ {
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s の記録で、存在しない ID が短い時間に続けて試された（1 日に最大 %d 種類、通常は約 %.0f）。1 日の数では目立たなくても、その時間帯の 10 分ごとの数が普段を大きく超えている。接続元ごとではなく組織全体で数え、同じ ID の繰り返しは 1 回とした。システム更改直後の ID 変更、連携プログラムの設定誤りなどでも起こる。", name, e.peakNames, e.expected),
			En: fmt.Sprintf("In %s names that nobody has were tried one after another within a short time (as many as %d on one day, where about %.0f are usual). By the day it may not stand out; by ten minutes it is far above what is usual at that hour. It is counted over the whole institute, not by source, and a name that is repeated counts once. A change of login IDs, or a program with a wrong setting, can look like this.", name, e.peakNames, e.expected)}
		return f
	}
	if e.noHistory {
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s の記録で、存在しない ID が 1 日に最大 %d 種類試された。記録の始まりに近く比べる過去がないが、数だけで異常である。システム更改直後の ID 変更などでも増えることがある。", name, e.peakNames),
			En: fmt.Sprintf("In %s as many as %d different names that nobody has were tried on one day. The log has hardly begun, so there is no past to compare with; the number alone is out of the ordinary. A change of login IDs can look like this.", name, e.peakNames)}
		return f
	}
	if e.again {
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s の記録で、存在しない ID が 1 日のうちに繰り返し試された（時間をおいた再試行が通常約 %.0f 回のところ最大 %.0f 回。ID は 1 日に最大 %d 種類）。打ち間違いは繰り返されないが、ID の一覧を順に試すと繰り返しになる。接続元ごとではなく組織全体で数え、同じ ID の再試行は 1 日 %d 回までとした。多くの端末に古い ID が残るシステム更改の直後にも起こる。", name, e.expected, e.peakBack, e.peakNames, probingReturns),
			En: fmt.Sprintf("In %s names that nobody has were come back to within the day (as many as %.0f times, where about %.0f are usual; as many as %d names on one day). What people mistype they do not come back to; a list that is worked through is. It is counted over the whole institute, not by source, and a name at most %d times a day. A change of login IDs that leaves the old ones in many devices can look like this.", name, e.peakBack, e.expected, e.peakNames, probingReturns)}
		return f
	}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s の記録で、存在しない ID の種類が 1 日あたり通常約 %.0f のところ最大 %d に増えた。接続元ごとではなく組織全体で数えている。システム更改直後の ID 変更などでも増えることがある。", name, e.expected, e.peakNames),
		En: fmt.Sprintf("In %s the number of different names that nobody has rose from about %.0f a day to as many as %d. It is counted over the whole institute, not by source. A change of login IDs can look like this.", name, e.expected, e.peakNames)}
	return f
}
