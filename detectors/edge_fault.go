// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// health is what a device's record says of its own.
type health uint8

const (
	healthNone  health = iota
	healthCrash        // a program died
	healthDown         // the device went down, came back, or its other half saw it dead
	healthOrder        // somebody had it restart, or put other firmware on
)

// healthOf reads the description that the maker gave the record; what others can write into it does not stand there.
func healthOf(what string) health {
	if len(what) == 0 || len(what) > 256 {
		return healthNone
	}
	l := strings.ToLower(what)
	switch {
	case hasAny(l, "crash", "segfault", "segmentation fault", "core dump", "coredump", "exited unexpectedly", "terminated unexpectedly"):
		return healthCrash
	case hasAny(l, "rebooted", "reboot requested", "reboot initiated", "restart requested", "image restored", "image upgrade", "firmware upgrade", "firmware update", "shutdown requested", "shut down by"):
		return healthOrder
	case hasAny(l, "fortigate started", "system started", "system start", "device started", "cold start", "warm start", "booted", "member dead", "system restarted", "failover"):
		return healthDown
	}
	return healthNone
}

func hasAny(l string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(l, w) {
			return true
		}
	}
	return false
}

// crashedProgram returns which program the record says died.
func crashedProgram(s *event.Sighting) string {
	text := s.Object
	for _, name := range [...]string{"msg", "message", "description"} {
		if v, ok := s.Get(name); ok && v.Text != "" {
			text = v.Text
			break
		}
	}
	text = text[:min(len(text), 512)]
	for _, before := range [...]string{"application: ", "process: ", "daemon: ", "process ", "daemon "} {
		if i := strings.Index(text, before); i >= 0 {
			name := text[i+len(before):]
			if end := strings.IndexAny(name, " ,;:[("); end >= 0 {
				name = name[:end]
			}
			if name != "" {
				return name[:min(len(name), 40)]
			}
		}
	}
	return "?"
}

// edgeFault is a program of a device that died again and again, or took the device with it, and what came after.
type edgeFault struct {
	box      *edgeBox
	program  string
	young    bool
	crashes  int64
	downs    int64
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	raised   event.Micros // when something that came after made it graver
	knockers map[netip.Addr]int
	admins   map[netip.Addr]int64
	what     []string // what strangers did as administrators
	calls    map[netip.Prefix]*edgeCall
	evidence detect.Evidence
}

// edgeCall is a far network that the device did not know.
type edgeCall struct {
	to       netip.Addr
	times    int64
	evidence detect.Evidence
}

func (f *edgeFault) crashed(s *event.Sighting, b *edgeBox, n int) {
	f.crashes++
	f.last = s.Time
	f.evidence.Add(s.Event)
	f.knocksBefore(b, s.Time)
	if n == edgeMany && f.downs == 0 {
		f.alerted = s.Seen()
	}
}

func (f *edgeFault) went(s *event.Sighting) {
	if f.downs == 0 && f.crashes < edgeMany {
		f.alerted = s.Seen()
	}
	f.downs++
	f.last = s.Time
	f.evidence.Add(s.Event)
}

// knocksBefore notes who came just before a crash.
func (f *edgeFault) knocksBefore(b *edgeBox, at event.Micros) {
	var seen []netip.Addr
	for _, k := range b.knocks {
		if k.from.IsValid() && k.at <= at && at-k.at <= edgeJust*1e6 && !slices.Contains(seen, k.from) {
			seen = append(seen, k.from)
			if f.knockers == nil {
				f.knockers = map[netip.Addr]int{}
			}
			f.knockers[k.from]++
		}
	}
}

func (f *edgeFault) strangeAdmin(s *event.Sighting) {
	if f.admins == nil {
		f.admins = map[netip.Addr]int64{}
	}
	if f.admins[s.SrcIP] == 0 && len(f.admins) >= 32 {
		return
	}
	f.admins[s.SrcIP]++
	f.raise(s)
	word := ""
	switch {
	case s.Class == event.ClassFile && s.Activity == event.ActDownload:
		word = "configuration downloaded"
	case s.Class == event.ClassAccountChange && s.Activity == event.ActCreate:
		word = "account made: " + clipWords(s.Target)
	}
	if word != "" && len(f.what) < 8 && !slices.Contains(f.what, word) {
		f.what = append(f.what, word)
	}
}

func (f *edgeFault) call(s *event.Sighting, far netip.Prefix) {
	if f.calls == nil {
		f.calls = map[netip.Prefix]*edgeCall{}
	}
	c := f.calls[far]
	if c == nil {
		if len(f.calls) >= 64 {
			return
		}
		c = &edgeCall{to: s.DstIP}
		f.calls[far] = c
	}
	c.times++
	c.evidence.Add(s.Event)
	if c.times == edgeCalls {
		f.evidence.Merge(&c.evidence)
	}
	if c.times >= edgeCalls {
		f.raise(s)
	}
}

func (f *edgeFault) raise(s *event.Sighting) {
	if f.raised == 0 {
		f.raised = s.Seen()
	}
	f.last = s.Time
	f.evidence.Add(s.Event)
}

func (f *edgeFault) severity() event.Severity {
	sev := event.Low
	if f.crashes >= edgeMany || f.downs > 0 {
		sev = event.Medium
	}
	if f.raised != 0 {
		sev++
	}
	if f.young {
		sev = event.Low
	}
	return sev
}

func (f *edgeFault) finding() event.Finding {
	sev := f.severity()
	out := event.Finding{
		Key: fmt.Sprintf("%s fault %d", f.box.name, f.first), Attack: []string{"T1190"}, Severity: sev, First: f.first, Last: f.last, Alerted: f.alerted,
		Hosts: []string{f.box.name}, Evidence: f.evidence.Refs(),
	}
	if sev == event.High || f.downs == 0 && f.crashes < edgeMany && f.raised != 0 {
		out.Alerted = max(out.Alerted, f.raised)
	}
	for ip, n := range f.knockers {
		if n >= edgeCrashes {
			out.Addresses = append(out.Addresses, ip)
		}
	}
	for ip := range f.admins {
		out.Addresses = append(out.Addresses, ip)
		out.Attack = []string{"T1133", "T1190", "T1602.002"}
	}
	called := int64(0)
	for _, c := range f.calls {
		if c.times >= edgeCalls {
			called += c.times
			out.Addresses = append(out.Addresses, c.to)
		}
	}
	out.Numbers = []event.Figure{figure("crashes", float64(f.crashes)), figure("downs", float64(f.downs)), figure("calls_to_new_places", float64(called)), figure("strange_administrators", float64(len(f.admins)))}
	out.Title = event.Words{
		Ja: fmt.Sprintf("境界装置 %s のプログラム %s が続けて異常終了した（%d 回）", f.box.name, f.program, f.crashes),
		En: fmt.Sprintf("the program %s of the edge device %s crashed, %d times", f.program, f.box.name, f.crashes)}
	ja, en := "", ""
	if f.downs > 0 {
		ja, en = ja+"装置自体も、誰の指示もなく停止・再起動した。", en+" The device went down with it, which nobody had asked for."
	}
	if called > 0 {
		ja, en = ja+fmt.Sprintf("その後、装置が自ら、これまで知らない外部の相手に %d 回接続した。", called), en+fmt.Sprintf(" Afterwards the device itself called places outside that it had never called, %d times.", called)
	}
	if len(f.admins) > 0 {
		ja, en = ja+"その後、管理者がこれまで使ったことのない外部の接続元から操作があった。", en+" Afterwards somebody worked on it as an administrator from a network outside that no administrator had used."
	}
	if len(f.what) > 0 {
		list := strings.Join(f.what, "; ")
		ja, en = ja+"（"+list+"）", en+" ("+list+")"
	}
	out.Explanation = event.Words{
		Ja: fmt.Sprintf("このプログラムは、これまでの記録ではほとんど異常終了していない。%s外に公開されたプログラムへの脆弱性攻撃は、成功するまでに異常終了を繰り返すことが多く、その後に装置の上で起きることはログに残らない。製品の不具合でも起こる。再起動する前に、装置のメモリ・設定・管理者の一覧を保全し、製造元に確認すること。", ja),
		En: fmt.Sprintf("This program hardly crashed before, as far as the records go.%s A flaw that is attacked tends to kill the program until it works, and what runs on the device then is in no log. A fault of the product can look like this. Before another restart keep the device's memory, configuration and list of administrators, and ask the maker.", en)}
	return out
}

// edgeEntry is a machine inside that the device itself opened a way of remote control to.
type edgeEntry struct {
	to                   string
	port                 uint16
	times                int64
	first, last, alerted event.Micros
	evidence             detect.Evidence
}

func (b *edgeBox) insideFinding() event.Finding {
	f := event.Finding{Key: b.name + " inside", Attack: []string{"T1133", "T1190"}, Severity: event.Medium, Hosts: []string{b.name}}
	var evidence detect.Evidence
	times, list := int64(0), []string{}
	for _, w := range b.sortedWays() {
		e := b.entered[w]
		if f.First == 0 || e.first < f.First {
			f.First, f.Alerted = e.first, e.alerted
		}
		f.Last = max(f.Last, e.last)
		times += e.times
		if len(list) < 4 {
			list = append(list, fmt.Sprintf("%s:%d", e.to, e.port))
		}
		if len(f.Hosts) < 32 {
			f.Hosts = append(f.Hosts, e.to)
		}
		evidence.Merge(&e.evidence)
	}
	f.Evidence = evidence.Refs()
	f.Numbers = []event.Figure{figure("machines", float64(len(b.entered))), figure("connections", float64(times))}
	to := strings.Join(list, ", ")
	f.Title = event.Words{Ja: fmt.Sprintf("境界装置 %s が内部の機械 %d 台へ遠隔操作の経路を開いた", b.name, len(b.entered)), En: fmt.Sprintf("the edge device %s opened ways of remote control to %d machines inside", b.name, len(b.entered))}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("この装置が自ら内部へ接続する先は決まっているが、%d 日以上の記録にない経路（%s）へ %d 回接続した。装置を踏み台にした内部への侵入で見られる。監視や設定の変更でも起こりうる。", edgeLearn, to, times),
		En: fmt.Sprintf("What this device itself opens inside is always the same. It opened ways that %d days of record do not know (%s), %d times. An intruder goes on so from a device that is his. A changed setting, or new monitoring, can look like this.", edgeLearn, to, times)}
	return f
}

// edgeGuess is passwords guessed at the device's administrators.
type edgeGuess struct {
	times                int64
	names                map[string]bool
	from                 map[event.Line]faces
	first, last, alerted event.Micros
	evidence             detect.Evidence
}

func (g *edgeGuess) add(s *event.Sighting) {
	g.times++
	g.last = s.Time
	g.evidence.Add(s.Event)
	if len(g.names) < 32 {
		g.names[s.Account] = true
	}
	line := lineOf(s)
	if f, ok := g.from[line]; ok || len(g.from) < 256 {
		f.add(origin{line: line}, s.SrcIP)
		g.from[line] = f
	}
}

func (g *edgeGuess) finding(b *edgeBox) event.Finding {
	f := event.Finding{Key: fmt.Sprintf("%s guessed %d", b.name, g.first), Attack: []string{"T1110.001"}, Severity: event.Medium, First: g.first, Last: g.last, Alerted: g.alerted, Evidence: g.evidence.Refs(),
		Numbers: []event.Figure{figure("failures", float64(g.times)), figure("names", float64(len(g.names))), figure("addresses", float64(len(g.from)))}}
	for line, seen := range g.from {
		f.Addresses = append(f.Addresses, seen.of(origin{line: line})...)
	}
	f.Title = event.Words{Ja: fmt.Sprintf("境界装置 %s の管理画面に、実在する管理者名でのパスワード推測（%d 回）", b.name, g.times), En: fmt.Sprintf("passwords are being guessed at administrators of the edge device %s, %d times", b.name, g.times)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("外部の %d 件の接続元から、実在する管理者の名前で誤ったパスワードが試された。無差別の探索は実在しない名前を試すので、名前を知る者の仕業である。管理画面を外部に公開する必要があるか見直すこと。管理者本人の打ち間違いでも起こる。", len(g.from)),
		En: fmt.Sprintf("From %d addresses outside wrong passwords were tried with names of administrators that there are. Strangers try names that nobody has: whoever this is knows them. See whether these pages must be open to the outside. An administrator who forgot a password while travelling can look like this.", len(g.from))}
	return f
}
