// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var impossibleTravel = detect.Spec{Name: "impossible-travel", Attack: []string{"T1078"}, New: newTravel}

// Tunables of impossible-travel.
const (
	travelSpeed   = 900 // km/h that nobody travels faster than
	travelFar     = 500 // km between the nearest parts of two countries
	travelKnown   = 3   // days on which an account must have come from a network for it to be one of its own
	travelShared  = 5   // accounts that a network must serve to be taken for a gateway
	travelReturns = 2   // jumps to and fro that are more than a telephone left behind
	travelApart   = 14  // days without a jump after which another journey begins
	travelEach    = 32  // journeys of one account that are told of
)

// travel compares each login with the one before it of the same account. People are at home and at the office by remote desktop
// within minutes, leave telephones and programs logged in, and use gateways: what it finds is weak, and never more than low.
type travel struct {
	detect.Trace
	accounts map[uint32]*traveller
	shared   audience
}

type traveller struct {
	who      *event.Account
	last     stop
	nets     []homeNet
	journey  *journey
	journeys []*journey
}

type stop struct {
	at      event.Micros
	country string
	ip      netip.Addr
	known   bool // one of the account's own networks
	hidden  bool
	valid   bool
}

type journey struct {
	from, to    string
	first, last event.Micros
	alerted     event.Micros
	jumps       int64
	hidden      bool
	speed       float64
	distance    float64
	addresses   []netip.Addr
	nets        []netip.Prefix // that did not hide their users
	evidence    detect.Evidence
}

func newTravel(detect.Site) detect.Detector { return &travel{accounts: map[uint32]*traveller{}} }

func (d *travel) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *travel) Observe(s *event.Sighting) {
	if !s.LoggedIn() || !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own || s.Src.Kind == event.KindMobile || s.Who.Service || s.Who.System {
		return
	}
	country := s.Src.Country
	if country == "" {
		return
	}
	t := d.accounts[s.Who.Handle]
	if t == nil {
		t = &traveller{who: s.Who}
		d.accounts[s.Who.Handle] = t
	}
	net := network(s.SrcIP)
	n := t.meet(hashPrefix(net), s.Day)
	now := stop{at: s.Time, country: country, ip: s.SrcIP, known: n >= travelKnown, hidden: s.Src.Kind.Anonymous(), valid: true}
	if d.users(net, s.Who.Handle) >= travelShared && !now.hidden {
		return // a gateway: it says nothing of where its users are
	}
	before := t.last
	t.last = now
	if before.valid && before.country != country && d.Asked(s.Who) {
		d.tell(s, before, now)
	}
	if !before.valid || before.country == country || now.known && before.known {
		return
	}
	if now.hidden && now.known || before.hidden && before.known {
		return // a gateway that the account is used to
	}
	far, ok := apart(before.country, country)
	if !ok || far < travelFar {
		return
	}
	speed := far / math.Max((now.at-before.at).Seconds()/3600, 1.0/60)
	if speed < travelSpeed {
		return
	}
	t.jump(s, before, now, far, speed)
}

// users counts the accounts that log in from a network.
func (d *travel) users(net netip.Prefix, who uint32) int {
	return d.shared.count(net, who)
}

// meet notes a network of the account and returns on how many days before it came from there.
func (t *traveller) meet(h uint32, day int32) uint8 {
	for i := range t.nets {
		if n := &t.nets[i]; n.net == h {
			was := n.days
			if n.last != day {
				n.last = day
				if n.days < 255 {
					n.days++
				}
			}
			return was
		}
	}
	n := homeNet{h, 1, day}
	if len(t.nets) < knownNetworks {
		t.nets = append(t.nets, n)
		return 0
	}
	oldest := 0
	for i := range t.nets {
		a, b := t.nets[i], t.nets[oldest]
		if a.days < b.days || a.days == b.days && a.last < b.last {
			oldest = i
		}
	}
	t.nets[oldest] = n
	return 0
}

func (t *traveller) jump(s *event.Sighting, from, to stop, far, speed float64) {
	j := t.journey
	if j == nil || s.Time-j.last > travelApart*86400e6 || !j.between(from.country, to.country) {
		if len(t.journeys) >= travelEach {
			return
		}
		j = &journey{from: from.country, to: to.country, first: from.at, alerted: s.Seen()}
		t.journey = j
		t.journeys = append(t.journeys, j)
	}
	j.last = s.Time
	j.jumps++
	j.hidden = j.hidden || from.hidden || to.hidden
	j.speed, j.distance = math.Max(j.speed, speed), math.Max(j.distance, far)
	for _, p := range [...]stop{from, to} {
		if !p.known && len(j.addresses) < 16 && !slices.Contains(j.addresses, p.ip) {
			j.addresses = append(j.addresses, p.ip)
		}
		if net := network(p.ip); !p.hidden && len(j.nets) < 16 && !slices.Contains(j.nets, net) {
			j.nets = append(j.nets, net)
		}
	}
	j.evidence.Add(s.Event)
}

func (j *journey) between(a, b string) bool {
	return a == j.from && b == j.to || a == j.to && b == j.from
}

func (d *travel) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, t := range d.accounts {
		for _, j := range t.journeys {
			if d.gateways(j) {
				continue
			}
			out = append(out, j.finding(t.who))
		}
	}
	return sortedFindings(out)
}

// gateways says whether one end of the journey turned out to be a gateway.
func (d *travel) gateways(j *journey) bool {
	return slices.ContainsFunc(j.nets, func(net netip.Prefix) bool {
		return d.shared.of(net) >= travelShared
	})
}

func (j *journey) finding(who *event.Account) event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %s %d", who.ID, j.from, j.to, j.first/1e6), Severity: event.Info, First: j.first, Last: j.last, Alerted: j.alerted,
		Accounts: []string{who.ID}, Addresses: j.addresses, Evidence: j.evidence.Refs(),
		Numbers: []event.Figure{figure("jumps", float64(j.jumps)), figure("km", math.Round(j.distance)), figure("km_per_hour", math.Round(math.Min(j.speed, 1e6)))},
	}
	if j.hidden || j.jumps >= travelReturns {
		f.Severity = event.Low
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s が、移動できない短い間に %s と %s からログインした", who.Name, j.from, j.to),
		En: fmt.Sprintf("%s logged in from %s and %s within less time than the way takes", who.Name, j.from, j.to)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("国の近い端どうしでも約 %.0f km 離れており、時速 %d km を超える（%d 回）。弱い手掛かりである。家に残した端末、携帯電話の国際ローミング、VPN、位置情報の誤りで、ふつうに起こる。ほかの所見と合わせて見ること。", j.distance, travelSpeed, j.jumps),
		En: fmt.Sprintf("Even their nearest parts are about %.0f km apart: faster than %d km/h (%d times). This is weak evidence. A computer left at home, a telephone abroad, a VPN or a wrong location look the same. See it together with other findings.", j.distance, travelSpeed, j.jumps)}
	return f
}
