// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var successAfterGuessing = detect.Spec{Name: "success-after-guessing", Attack: []string{"T1078", "T1110"}, New: newAfterGuessing}

// Tunables of success-after-guessing.
const (
	guesserAccounts = 5  // accounts that an address must have tried, in guesserDays, to be a guesser
	guesserDays     = 30 // and
	guesserRatio    = 3  // failures for each success from it: a shared address of honest people succeeds more often
	targetDays      = 14 // after which an attempt on an account no longer explains a login to it
	targetFails     = 3  // failures of the account in that time: one is a slip of the finger
	hammerFails     = 30 // failures from one address, on few accounts, the last within a day: no slip of the finger either
	deepDays        = 5  // days of logins before what is "new" to an account means something
)

// afterGuessing looks for logins that succeed after guessing. Directly: from an address that guessed at many accounts. Or, since
// guessers change addresses: to an account that was being guessed at, from a network and a client that are both new to it and
// an address that hides its user or a country where the account never was.
type afterGuessing struct {
	detect.Trace
	met      acquaintance
	guessers map[netip.Addr]*guesser
	targets  map[uint32]*guessTarget
	found    map[netip.Addr]*afterFinding
	swept    int32 // day on which guessers that came no more were forgotten, to make room
}

type guesser struct {
	accounts  handles // up to sourceAccounts
	failures  int64
	successes int64
	first     int32
	last      int32
}

type guessTarget struct {
	fails int32
	last  int32
	since int32
}

type afterFinding struct {
	direct   bool
	hammered bool // many failures on few accounts
	accounts map[string]struct{}
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	place    event.Place
	failures int64
	evidence detect.Evidence
}

func newAfterGuessing(detect.Site) detect.Detector {
	return &afterGuessing{guessers: map[netip.Addr]*guesser{}, targets: map[uint32]*guessTarget{}, found: map[netip.Addr]*afterFinding{}}
}

func (d *afterGuessing) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *afterGuessing) Observe(s *event.Sighting) {
	switch {
	case s.Who == nil || s.Who.System:
	case s.Failed():
		d.failed(s)
	case s.LoggedIn() && s.SrcIP.IsValid() && !s.SrcIsRelay && !s.Src.Own:
		d.success(s)
	}
}

func (d *afterGuessing) failed(s *event.Sighting) {
	if !guessReason(s.Reason) && s.Reason != event.ReasonNoSuchAccount {
		return
	}
	t := d.targets[s.Who.Handle]
	if t == nil {
		// A name that is in the directory, or that somebody logged in with, always finds room: nobody can make up such.
		_, real := d.met.accounts[s.Who.Handle]
		if real = real || s.Who.Listed; real || s.Reason != event.ReasonNoSuchAccount && len(d.targets) < maxSources {
			t = &guessTarget{since: s.Day}
			d.targets[s.Who.Handle] = t
		}
	}
	if t != nil {
		if s.Day-t.last > targetDays {
			t.fails, t.since = 0, s.Day
		}
		t.fails += int32(min(s.Times(), 1<<20))
		t.last = s.Day
	}
	if !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own {
		return
	}
	g := d.guesser(s.SrcIP, s.Day)
	if g == nil {
		return
	}
	g.failures += s.Times()
	g.accounts.add(s.Who.Handle, sourceAccounts)
}

func (d *afterGuessing) guesser(ip netip.Addr, day int32) *guesser {
	g := d.guessers[ip]
	if g == nil {
		if len(d.guessers) >= maxSources && d.swept != day {
			d.swept = day
			maps.DeleteFunc(d.guessers, func(_ netip.Addr, g *guesser) bool { return day-g.last > guesserDays })
		}
		if len(d.guessers) >= maxSources { // beyond the bound the addresses of one network are one
			ip = network(ip).Addr()
			if g = d.guessers[ip]; g == nil && len(d.guessers) >= 2*maxSources {
				return nil
			}
		}
		if g == nil {
			g = &guesser{first: day}
			d.guessers[ip] = g
		}
	}
	if day-g.last > guesserDays {
		g.accounts, g.failures, g.successes, g.first = nil, 0, 0, day
	}
	g.last = day
	return g
}

func (d *afterGuessing) success(s *event.Sighting) {
	m := d.met.meet(s)
	g := d.guessers[s.SrcIP]
	if g == nil && len(d.guessers) >= maxSources {
		g = d.guessers[network(s.SrcIP).Addr()]
	}
	direct := g != nil && s.Day-g.last <= guesserDays && len(g.accounts) >= guesserAccounts && g.failures > guesserRatio*(g.successes+1) && m.network
	t := d.targets[s.Who.Handle]
	if d.Asked(s.Who) {
		d.tell(s, m, g, t)
	}
	if g != nil {
		g.successes++
	}
	indirect := t != nil && s.Day-t.last <= targetDays && t.fails >= targetFails && m.days >= deepDays && m.network && m.client &&
		(s.Src.Kind.Anonymous() && m.kind || m.country)
	hammered := false
	if g != nil {
		hammered = g.accounts.has(s.Who.Handle) && g.failures >= hammerFails && g.failures > guesserRatio*(g.successes+1) && s.Day-g.last <= 1 && m.network
	}
	if !direct && !indirect && !hammered {
		return
	}
	f := d.found[s.SrcIP]
	if f == nil {
		if len(d.found) >= maxSources {
			return
		}
		f = &afterFinding{accounts: map[string]struct{}{}, first: s.Time, alerted: s.Seen(), place: s.Src}
		d.found[s.SrcIP] = f
	}
	f.direct = f.direct || direct || hammered && m.days >= deepDays
	f.hammered = f.hammered || hammered
	f.accounts[s.Who.ID] = struct{}{}
	f.last = s.Time
	if g != nil {
		f.failures = max(f.failures, g.failures)
	}
	f.evidence.Add(s.Event)
}

func (d *afterGuessing) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for ip, f := range d.found {
		out = append(out, f.finding(ip))
	}
	slices.SortFunc(out, func(a, b event.Finding) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func (f *afterFinding) finding(ip netip.Addr) event.Finding {
	ids := make([]string, 0, len(f.accounts))
	for id := range f.accounts {
		ids = append(ids, id)
	}
	sev := event.Medium
	if f.direct || len(ids) >= 3 {
		sev = event.High
	}
	out := event.Finding{
		Key: ip.String(), Severity: sev, First: f.first, Last: f.last, Alerted: f.alerted, Accounts: ids, Addresses: []netip.Addr{ip},
		Numbers:  []event.Figure{{Name: "accounts", Value: float64(len(ids))}, {Name: "logins", Value: float64(f.evidence.Count())}, {Name: "failures_from_address", Value: float64(f.failures)}},
		Evidence: f.evidence.Refs(),
	}
	out.Title = event.Words{
		Ja: fmt.Sprintf("パスワード推測の後のログイン成功（%s、%d アカウント）", ip, len(ids)),
		En: fmt.Sprintf("logins that succeeded after guessing (%s, %d accounts)", ip, len(ids))}
	if f.direct || f.hammered {
		out.Explanation = event.Words{
			Ja: fmt.Sprintf("多数のアカウントに失敗（%d 件）した接続元から、そこを使ったことのないアカウントへのログインが成功した。組織や大学の共用アドレスでは、成功の方が多いのが普通である。", f.failures),
			En: fmt.Sprintf("An address that failed on many accounts (%d failures) logged in to accounts that had never used it. At a shared address of honest people successes outnumber failures.", f.failures)}
		return out
	}
	out.Explanation = event.Words{
		Ja: "推測を受けていたアカウントに、初めてのネットワークと初めての端末から、利用者を隠す接続元または初めての国を通じてログインがあった。出張先からの新しい端末でも起こりうる。",
		En: "An account that was being guessed at was entered from a network and with a client both new to it, through an address that hides its user or from a new country. A new device on a journey can look like this."}
	return out
}
