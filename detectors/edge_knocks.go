// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// edgeKnocker is an address outside whose connections to a device broke off without a login, on one day.
type edgeKnocker struct {
	day      int32
	times    int64
	first    event.Micros
	evidence detect.Evidence
}

// edgeProbing is a stretch of days on which somebody opened one such connection after another. By itself it is what every device of the edge
// sees from scanners; it is kept as information, so that what came before a fault can be told, and to whom an address belongs that comes back.
type edgeProbing struct {
	first, last, alerted event.Micros
	times                int64
	from                 map[netip.Addr]struct{}
	evidence             detect.Evidence
}

// brokeOff notes a connection from outside that ended without asking for anything, unless people log in from there.
func (b *edgeBox) brokeOff(s *event.Sighting) {
	k := b.knockers[s.SrcIP]
	if k == nil {
		if len(b.knockers) >= edgeFar && b.knockDay != s.Day {
			b.knockDay = s.Day
			for ip, old := range b.knockers {
				if old.day != s.Day {
					delete(b.knockers, ip)
				}
			}
		}
		if len(b.knockers) >= edgeFar {
			return
		}
		k = &edgeKnocker{}
		if b.knockers == nil {
			b.knockers = map[netip.Addr]*edgeKnocker{}
		}
		b.knockers[s.SrcIP] = k
	}
	if k.day != s.Day {
		*k = edgeKnocker{day: s.Day, first: s.Time}
	}
	k.times++
	k.evidence.Add(s.Event)
	if k.times < edgeKnocks || b.homes[hashPrefix(network(s.SrcIP))] {
		return
	}
	b.probed(s, k)
}

func (b *edgeBox) probed(s *event.Sighting, k *edgeKnocker) {
	var p *edgeProbing
	if n := len(b.probings); n > 0 && s.Time-b.probings[n-1].last <= edgeAfter*86400e6 {
		p = b.probings[n-1]
	}
	if p == nil {
		if len(b.probings) >= 64 {
			return
		}
		p = &edgeProbing{first: k.first, alerted: s.Seen(), from: map[netip.Addr]struct{}{}}
		b.probings = append(b.probings, p)
	}
	p.last = s.Time
	if k.times > edgeKnocks { // the ones before were added when there were enough
		p.times++
		p.evidence.Add(s.Event)
		return
	}
	p.first = min(p.first, k.first)
	p.times += k.times
	p.evidence.Merge(&k.evidence)
	if len(p.from) < edgeNamed {
		p.from[s.SrcIP] = struct{}{}
	}
}

// loggedIn notes that people log in to the device from a network: a client that often breaks off there is no stranger.
func (b *edgeBox) loggedIn(s *event.Sighting) {
	if !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own {
		return
	}
	if b.homes == nil {
		b.homes = map[uint32]bool{}
	}
	if h := hashPrefix(network(s.SrcIP)); !b.homes[h] && len(b.homes) < edgeHomes {
		b.homes[h] = true
	}
}

func (p *edgeProbing) finding(b *edgeBox) event.Finding {
	n, ja, en := len(p.from), "", ""
	if n == edgeNamed { // more are not told apart
		ja, en = "以上の", " or more"
	}
	f := event.Finding{Key: fmt.Sprintf("%s probed %d", b.name, p.first), Attack: []string{"T1595.002"}, Severity: event.Info, First: p.first, Last: p.last, Alerted: p.alerted, Evidence: p.evidence.Refs(),
		Numbers: []event.Figure{figure("connections", float64(p.times)), figure("addresses", float64(n))}}
	for ip := range p.from {
		f.Addresses = append(f.Addresses, ip)
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("境界装置 %s に、外部の %d %sアドレスから、何も求めずに切れる接続が続いた（%d 回）", b.name, n, ja, p.times),
		En: fmt.Sprintf("connections that asked for nothing came to the edge device %s one after another, %d from %d%s addresses", b.name, p.times, n, en)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("ログインを試みずに切れる接続が、一つのアドレスから 1 日に %d 回以上あった。インターネット全体の走査でも、脆弱性を探す者でも、既知の脆弱性を突いて失敗した者でも、記録は同じに見える。これだけで対処する必要はないが、装置の異常終了や、同じアドレスからのログインが続いた場合には、その前触れとして読むこと。", edgeKnocks),
		En: fmt.Sprintf("From one address at least %d connections a day ended without a login being tried. A scan of the whole Internet, somebody who looks for a flaw, and a known flaw tried in vain look the same in the records. There is nothing to do for this alone; if the device's programs crash, or one of these addresses logs in, read it as what came before.", edgeKnocks)}
	return f
}
