// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var spamBurst = detect.Spec{Name: "spam-burst", Attack: []string{"T1534", "T1586.002"}, New: newSpamBurst}

// Tunables of spam-burst.
const (
	spamLeast    = 20      // letters of one account in a day before they are looked at
	spamOverOwn  = 4.0     // times the account's own busiest day of the last spamHistory
	spamHistory  = 28      // days with sending
	spamYoung    = 5       // of them before the own past says anything; until then spamAlone letters are needed
	spamAlone    = 100     // letters a day that are told of by themselves
	spamTogether = 3       // accounts that burst from strange networks within spamSpan: one hand
	spamSpan     = 2       // days
	spamLine     = 30      // days for which a network speaks for its account
	spamShare    = 4       // an address that sent less than the average by this factor is not named: the owner's
	spamBoxes    = 1 << 17 // accounts that are watched
)

// spam looks for accounts that suddenly send far more letters than ever, from networks they were never used from, and for several of
// them at once: one stolen mailbox may stay below any limit, eleven do not.
type spam struct {
	detect.Trace
	boxes  map[uint32]*outbox
	bursts []*burst
	// strangers counts the senders that are in no directory.
	strangers int
}

// outbox is what is known of one account's sending.
type outbox struct {
	nets  [12]dated
	past  [spamHistory]int32
	npast int
	day   int32
	today int32
	open  *burst
	net   stretchOfNet
}

// stretchOfNet counts the day's letters by whether the network was new.
type stretchOfNet struct{ strange, all int32 }

// burst is one account's day or days of sending.
type burst struct {
	who      *event.Account
	place    event.Place
	from     map[event.Line]mailed // by source, of the first 32
	day      int32
	lastDay  int32
	letters  int64
	usual    int32
	strange  bool
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	company  int
	together event.Micros
	evidence detect.Evidence
}

// mailed is what one line sent.
type mailed struct {
	letters int64
	faces   faces
}

func newSpamBurst(detect.Site) detect.Detector { return &spam{boxes: map[uint32]*outbox{}} }

func (d *spam) Classes() detect.ClassSet { return detect.Classes(event.ClassMail) }

func (d *spam) Observe(s *event.Sighting) {
	if s.Activity != event.ActSend || s.Who == nil || s.Who.System || s.Outcome == event.OutcomeFailure || !s.SrcIP.IsValid() || s.Count.Or(1) == 0 {
		return
	}
	b := d.boxes[s.Who.Handle]
	if b == nil {
		if !s.Who.Listed { // a sender that anybody can make up takes no room from those of the directory
			if d.strangers >= spamBoxes/4 {
				return
			}
			d.strangers++
		}
		b = &outbox{day: s.Day}
		d.boxes[s.Who.Handle] = b
	}
	if b.day != s.Day {
		b.nextDay(s.Day)
	}
	strange := b.strange(s)
	b.today++
	b.net.all++
	if strange {
		b.net.strange++
	}
	if o := b.open; o != nil && s.Day-o.lastDay <= 1 {
		if strange || !o.strange { // what the owner sends meanwhile, from where he always does, is his own
			o.add(s)
			d.join(o)
		}
		return
	}
	if d.Asked(s.Who) {
		d.tell(s, b)
	}
	if b.today < spamLeast || !b.excess() {
		return
	}
	o := &burst{who: s.Who, place: s.Src, from: map[event.Line]mailed{}, day: s.Day, letters: int64(b.today) - 1, usual: b.most(), strange: 2*b.net.strange > b.net.all, first: s.Time, alerted: s.Seen()}
	o.add(s)
	b.open = o
	d.bursts = append(d.bursts, o)
	d.join(o)
}

// strange says whether the network is new to the account, or was new lately.
func (b *outbox) strange(s *event.Sighting) bool {
	h := hashPrefix(network(s.SrcIP))
	oldest := 0
	for i := range b.nets {
		n := &b.nets[i]
		if n.hash == h && n.last != 0 && s.Day-n.last <= 4*spamLine {
			n.last = s.Day
			return b.npast >= spamYoung && s.Day-n.day < spamHistory/2
		}
		if n.last < b.nets[oldest].last {
			oldest = i
		}
	}
	b.nets[oldest] = dated{hash: h, day: s.Day, last: s.Day}
	return b.npast >= spamYoung
}

func (b *outbox) nextDay(day int32) {
	if b.open == nil || b.open.lastDay < b.day { // a day that was told of is no measure
		b.past[b.npast%len(b.past)] = b.today
		b.npast++
	}
	b.day, b.today, b.net = day, 0, stretchOfNet{}
}

func (b *outbox) most() int32 { return slices.Max(b.past[:]) }

func (b *outbox) excess() bool {
	if b.npast < spamYoung {
		return b.today >= spamAlone
	}
	return float64(b.today) >= spamOverOwn*float64(max(b.most(), 1))
}

func (o *burst) add(s *event.Sighting) {
	o.letters++
	o.last, o.lastDay = s.Time, s.Day
	line := lineOf(s)
	if m, ok := o.from[line]; ok || len(o.from) < 32 {
		m.letters++
		m.faces.add(origin{line: line}, s.SrcIP)
		o.from[line] = m
	}
	o.evidence.Add(s.Event)
}

// join counts how many accounts burst from strange networks at about the same time.
func (d *spam) join(o *burst) {
	if !o.strange || o.together != 0 {
		return
	}
	var near []*burst
	for i := len(d.bursts) - 1; i >= 0 && o.day-d.bursts[i].day <= spamSpan; i-- {
		if d.bursts[i].strange {
			near = append(near, d.bursts[i])
		}
	}
	if len(near) < spamTogether {
		return
	}
	for _, n := range near {
		n.company = max(n.company, len(near))
		if n.together == 0 {
			n.together = max(o.last, n.alerted)
		}
	}
}

func (o *burst) severity() event.Severity {
	switch {
	case o.company >= spamTogether, o.strange && o.letters >= spamAlone && o.place.Kind.Anonymous():
		return event.High
	case o.strange && (o.letters >= spamAlone || o.place.Kind.Anonymous()):
		return event.Medium
	}
	return event.Low
}

func (d *spam) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, o := range d.bursts {
		out = append(out, o.finding())
	}
	return sortedFindings(out)
}

// sources returns the addresses that the burst came from. Its owner sends a letter or two meanwhile, perhaps from a place that is new, too.
func (o *burst) sources() []netip.Addr {
	all := int64(0)
	for _, m := range o.from {
		all += m.letters
	}
	var out []netip.Addr
	for line, m := range o.from {
		if m.letters*spamShare*int64(len(o.from)) >= all {
			out = append(out, m.faces.of(origin{line: line})...)
		}
	}
	return out
}

func (o *burst) finding() event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %d", o.who.ID, o.day), Severity: o.severity(), First: o.first, Last: o.last, Alerted: o.alerted, Accounts: []string{o.who.ID}, Evidence: o.evidence.Refs(),
		Numbers: []event.Figure{figure("letters", float64(o.letters)), figure("most_a_day_before", float64(o.usual)), figure("addresses", float64(len(o.from))), figure("accounts_together", float64(o.company))},
	}
	if o.company >= spamTogether {
		f.Alerted = o.together
	}
	if o.strange {
		f.Addresses = o.sources()
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s からの急なメール大量送信（%d 通）", o.who.Name, o.letters),
		En: fmt.Sprintf("%s suddenly sends much mail (%d letters)", o.who.Name, o.letters)}
	ja, en := fmt.Sprintf("このアカウントのこれまでの最大は 1 日 %d 通である。", o.usual), fmt.Sprintf("The account's busiest day before had %d letters.", o.usual)
	if o.strange {
		ja += "使われたのは、このアカウントでは新しいネットワークである。"
		en += " The network is new to the account."
	}
	if o.company >= spamTogether {
		ja += fmt.Sprintf("前後 %d 日に %d アカウントで同じことが起きており、盗まれたパスワードで迷惑メールが送られている可能性が高い。", spamSpan, o.company)
		en += fmt.Sprintf(" The same happened to %d accounts within %d days: spam is being sent with stolen passwords, in all likelihood.", o.company, spamSpan)
	}
	ja += "名簿への一斉連絡でも起こりうるが、その場合は普段の場所から送られる。"
	en += " A letter to a long list can look like this; then it comes from the usual place."
	f.Explanation = event.Words{Ja: ja, En: en}
	return f
}
