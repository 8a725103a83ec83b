// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// What detectors that look at machines, sources, addresses or the institute as a whole looked at. They know no accounts, so whoever asks is
// told of the one that came nearest.

// breadth is how far a count of distinct names went today, and how far it must go.
func (w *watch) breadth(s *event.Sighting, ja, en, floor, absolute string) detect.Condition {
	n, limit, tunable := 0, w.change.Crossing(workday(s.Weekday)), floor
	if w.today != nil {
		n = len(w.today.names)
	}
	if math.IsInf(limit, 1) || w.absolute > 0 && limit > float64(w.absolute) {
		limit, tunable = float64(w.absolute), absolute
	}
	return detect.Reach(ja, en, float64(n), math.Ceil(limit), tunable)
}

func (p *probing) tell(s *event.Sighting, r *probedRealm) {
	p.LookedAt(string(realmOf(s)), s.Time, "一日に試された、存在しない ID の種類", "names that nobody has, tried on one day",
		r.watch.breadth(s, "その日に試された種類（組織全体）", "different ones that day, of the whole institute", "probingFloor", "probingAbsolute"), r.watch.rush.whyNot())
}

func (g *guessing) tell(s *event.Sighting, r *guessedRealm) {
	if g.Asked(s.Who) {
		g.LookedAt(string(realmOf(s)), s.Time, "このアカウントが失敗した日の、失敗の広がり", "how many failed on a day on which this account did",
			r.watch.breadth(s, "その日に失敗したアカウント（組織全体）", "accounts that failed that day, of the whole institute", "guessingFloor", "guessingAbsolute"))
		return
	}
	g.LookedAt(string(realmOf(s)), s.Time, "一日に失敗したアカウントの広がり", "how many accounts failed on one day",
		r.watch.breadth(s, "その日に失敗したアカウント（組織全体）", "accounts that failed that day, of the whole institute", "guessingFloor", "guessingAbsolute"))
}

func (d *idList) tell(s *event.Sighting, r *listRealm) {
	var u, n float64
	for i := range r.days {
		if q := &r.days[i]; q.accounts != nil && s.Day-q.day <= listBefore {
			u, n = u+float64(q.unknown), n+float64(q.unknown+q.known)
		}
	}
	today := float64(r.today.unknown + r.today.known)
	d.LookedAt(string(realmOf(s)), s.Time, "存在しない ID への試行が消えたか", "whether attempts on names that nobody has vanished",
		detect.Reach("前の 7 日間の、存在しない ID への試行", "attempts on such names in the week before", u, listMin, "listMin"),
		detect.Reach("その失敗に占める割合", "their share of all failures then", u/max(n, 1), listHigh, "listHigh"),
		detect.Reach("その日の試行", "attempts on the day", today, listNow, "listNow"),
		detect.Within("その日の、存在しない ID の割合", "the share of such names on the day", float64(r.today.unknown)/max(today, 1), listLow, "listLow"),
		detect.Reach("その日に試された実在のアカウント", "existing accounts tried on the day", float64(r.tried()), listAccounts, "listAccounts"))
}

func (d *spraySources) tell(s *event.Sighting, a *sprayFrom, at origin, real bool) {
	few, many := 0, 0
	for _, n := range a.names {
		switch {
		case s.Day-n.day > spraySourceSpan:
		case n.tries <= spraySourceTries:
			few++
		default:
			many++
		}
	}
	ja, en := "アドレスで失敗した、実在するアカウント", "existing accounts that failed from one address"
	if d.Asked(s.Who) {
		ja, en = "このアカウントが失敗した接続元", "an address at which this account failed"
	}
	d.LookedAt(at.String(), s.Time, ja, en,
		detect.Holds("その接続元から成功した人がいない", "nobody ever got in from it", !d.home[at]),
		detect.Holds("実在するアカウントへの、パスワードの誤り", "a wrong password of an account that there is", real),
		detect.Reach("一、二回ずつ失敗した実在のアカウント", "existing accounts that failed there a try or two each", float64(few), spraySourceNames, "spraySourceNames"),
		detect.Within("それより多く試されたアカウント（本人が間違えている）", "accounts that were tried more often, as their owners do", float64(many), 0, "spraySourceTries"))
}

func (d *scans) tell(s *event.Sighting, m *scanning) {
	host, n := machineName(m.place, s.SrcIP), float64(m.refused+m.open)
	d.LookedAt(host, s.Time, "拒否の続く、初めての接続", "first contacts that are refused in a row",
		detect.Reach("正当でない接続の証拠（nat）", "evidence of the sequential test, in nats", math.Round(m.walk*100)/100, math.Round(math.Log(0.99/scanFalse)*100)/100, "scanFalse"),
		detect.Reach("拒否された相手とポート", "refused pairs of machine and port", math.Round(m.recent), scanTargets, "scanTargets"))
	d.LookedAt(host, s.Time, "一日に初めて接続した相手の広さ", "breadth of first contacts on one day",
		detect.Reach("初めての相手とポート", "new pairs of machine and port", n, scanBroad, "scanBroad"),
		detect.Reach("これまでの最大に対して必要な数との比較", "new pairs, against its busiest day", n, scanOverOwn*float64(m.usual()), "scanOverOwn"),
		detect.Reach("その機械の最初の接続からの日数", "days since the machine's first connection", float64(s.Day-m.begun), scanSettle, "scanSettle"))
}

func (d *beacons) tell(s *event.Sighting, r *rhythm, begun int32, used int, learnt bool) {
	n, score, jitter := int64(0), 0.0, 1.0
	if r != nil {
		if n = r.n; n >= beaconLeast {
			if p := r.pulse(); p.score > 0 {
				score, jitter = math.Round(p.score*100)/100, math.Round(p.jitter*100)/100
			}
		}
	}
	d.LookedAt(machineName(s.Src, s.SrcIP)+" → "+s.DstIP.String(), s.Time, "外への規則的な接続", "connections to the outside at even distances",
		detect.Reach("その機械の記録の始まりからの日数", "days since the machine's records begin", float64(s.Day-begun), beaconLearn, "beaconLearn"),
		detect.Holds("最初の期間に接続していない相手", "a far end that its first weeks did not have", !learnt),
		detect.Within("その相手を使う内部の機械", "machines inside that use it", float64(used), beaconAudience, "beaconAudience"),
		detect.Reach("見た接続", "connections that were looked at", float64(n), beaconLeast, "beaconLeast"),
		detect.Reach("規則性の点", "score of its regularity", score, beaconScore, "beaconScore"),
		detect.Within("間隔のばらつき", "jitter of the intervals", jitter, beaconJitter, "beaconJitter"))
}

func (d *longHeld) tell(s *event.Sighting, begun int32, usual bool, used int) {
	d.LookedAt(machineName(s.Src, s.SrcIP)+" → "+s.DstIP.String(), s.Time, "サーバから外への長い接続", "a long connection from a server to the outside",
		detect.Reach("その機械の記録の始まりからの日数", "days since the machine's records begin", float64(s.Day-begun), longLearn, "longLearn"),
		detect.Reach("接続の長さ（時間）", "hours that it was held", math.Round(float64(s.Duration.Or(0))/36000)/100, longLeast/3600000, "longLeast"),
		detect.Holds("以前から長く接続している相手でない", "not a far end to which it always held one", !usual),
		detect.Within("その相手を使う内部の機械", "machines inside that use it", float64(used), longAudience, "longAudience"))
}

// WhyNot implements detect.Reasoner: what is missing in a numbering shows only when it goes on, so the end counts.
func (d *recordGaps) WhyNot() []detect.Way {
	if !d.Asking() {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(d.streams), func(a, b streamKey) int {
		return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.channel, b.channel))
	})
	for _, key := range keys {
		r := detect.Clone(d.streams[key])
		r.drain(0)
		lost := int64(0)
		for _, h := range r.gaps {
			lost = max(lost, h.missing)
		}
		if r.places > 0 && len(r.gaps) == 0 {
			lost = min(r.missing/r.places, gapLeast-1)
		}
		d.nearer(key, r, lost)
	}
	return d.Trace.WhyNot()
}

// nearer notes one log; of equally near ones the first by name stays.
func (d *recordGaps) nearer(key streamKey, r *recordStream, lost int64) {
	d.LookedAt(key.host+" "+key.channel, r.last.at, "続き番号の抜け", "holes in the numbering of a log",
		detect.Reach("一か所で欠けた記録", "records missing in one place", float64(lost), gapLeast, "gapLeast"),
		detect.Reach("その番号を信じるための記録", "records of the log, for its numbering to be trusted", float64(r.seen), gapSeen, "gapSeen"),
		detect.Within("抜けのある箇所（多ければ、選んだ記録だけの書き出し）", "places with holes; with more it is an export of chosen records", float64(r.places), gapOften, "gapOften"))
}

func (d *silences) tell(src *silentSource, at event.Micros) {
	need := float64(silentNats)
	if src.parent != nil {
		need *= silentKinds
	}
	of := src.key.format
	if src.key.host != "" {
		of = src.key.host + " " + of
	}
	if src.key.kind != 0 {
		of += " " + kindName(src.key.kind)
	}
	d.LookedAt(of, at, "記録の途絶え", "a silence of a source, or of one kind of its records",
		detect.Reach("書かれるはずで書かれなかった時間", "hours in which it should have written, and did not", float64(src.hours), silentHours, "silentHours"),
		detect.Reach("偶然でないことの根拠（nat）", "how little that is chance, in nats", math.Round(src.nats*10)/10, need, "silentNats"),
		detect.Reach("これまで最長の途絶えに対して必要な根拠との比較", "that, against the longest silence before", math.Round(src.nats*10)/10, math.Round(silentLonger*src.calm*10)/10, "silentLonger"),
		detect.Reach("書かれた日の割合", "share of days on which it wrote", math.Round(100*float64(src.days)/float64(max(src.ofDays, 1)))/100, silentDays, "silentDays"))
}

// WhyNot implements detect.Reasoner: silences that last to the end are looked at then.
func (d *silences) WhyNot() []detect.Way {
	if d.Asking() {
		for _, src := range d.order {
			d.tell(src, src.last.last.at)
		}
	}
	return d.Trace.WhyNot()
}

func (d *uploads) tell(s *event.Sighting, m *sender) {
	t := m.slot(ofNet(s.DstIP))
	usual, spread, most := m.usual()
	young := s.Day-m.begun < uploadLearn || m.npast < 3 && !m.silent
	least := float64(uploadLeast)
	if young {
		least = uploadLarge
	}
	d.LookedAt(machineName(m.place, s.SrcIP)+" → "+s.DstIP.String(), s.Time, "一日に一つの外部ネットワークへ送った量", "bytes sent to one far network on one day",
		detect.Reach("送ったバイト数", "bytes sent", float64(t.bytes), least, "uploadLeast"),
		detect.Reach("その機械のふだんの日に対して必要な量との比較", "bytes, against the machine's usual days", float64(t.bytes), math.Round(need(usual+uploadSpread*spread, young)), "uploadSpread"),
		detect.Reach("その機械の最大の日に対して必要な量との比較", "bytes, against its busiest day", float64(t.bytes), need(uploadOverMax*most, young), "uploadOverMax"))
}

func (d *appliances) tell(s *event.Sighting, v *device) {
	at := s.DstPort
	p := v.ports[at]
	if p == nil {
		at = 0
		p = v.ports[at]
	}
	if p == nil {
		return
	}
	_, known := p.known[ofNet(s.DstIP)]
	times, out := int64(0), int64(0)
	if c := v.far[farEnd{ofNet(s.DstIP), at}]; c != nil {
		times, out = c.times, c.out
	}
	d.LookedAt(v.name+" → "+s.DstIP.String(), s.Time, "装置が自ら接続した先", "what a device called by itself",
		detect.Holds("装置がこれまで接続していない相手", "a far end that the device did not know", !known),
		detect.Reach("装置の記録の始まりからの日数", "days since the device's records begin", float64(s.Day-v.begun), applianceLearn, "applianceLearn"),
		detect.Within("学習期間の後半に増えた相手（多ければ、もともと開いた装置）", "far ends that were new late in the first weeks; with more its world is open", float64(p.new), applianceOpen-1, "applianceOpen"),
		detect.Reach("接続（または下のバイト数）", "connections, or the bytes below", float64(times), need(applianceTimes, out >= applianceBytes), "applianceTimes"),
		detect.Reach("送ったバイト数（または上の接続）", "bytes sent, or the connections above", float64(out), need(applianceBytes, times >= applianceTimes), "applianceBytes"))
}

func (b *edgeBox) tell(d *edges, s *event.Sighting) {
	name := crashedProgram(s)
	w := b.programs[hashText(name)]
	if w == nil {
		return
	}
	asked := b.asked != 0 && s.Time-b.asked <= edgeAsked*60e6
	d.LookedAt(b.name+" "+name, s.Time, "装置のプログラムの異常終了", "crashes of a device's program",
		detect.Reach("一日以内の異常終了", "crashes within a day", float64(w.n), edgeCrashes, "edgeCrashes"),
		detect.Within("異常終了した日数（これより多ければ、もともと落ちやすい）", "days on which it crashed; with more it is known to be weak", float64(w.days), edgeHabit-1, "edgeHabit"),
		detect.Holds("管理者の操作の直後でない", "not right after an administrator's order", !asked))
}

func (d *edges) tellGuess(s *event.Sighting, b *edgeBox) {
	n := int64(0)
	if b.guesses != nil {
		n = b.guesses.times
	}
	d.LookedAt(b.name, s.Time, "装置の管理者名への、外からのパスワードの誤り", "wrong passwords, from outside, of administrators of a device",
		detect.Reach("その回数", "how many", float64(n), edgeGuesses, "edgeGuesses"))
}
