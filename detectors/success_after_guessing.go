// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"maps"
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
	settledLeast    = 3  // accounts that failed at an address got in around it, more than half of those that failed: no guesser gets in at most
	guesserTurns    = 4  // lines of one neighbourhood of IPv6 that failed on accounts which never logged in there: one guesser takes them in turn
)

// afterGuessing looks for logins that succeed after guessing. Directly: from a line that guessed at many accounts, or from a neighbourhood of
// IPv6 whose lines did so in turn. Or, since guessers change addresses: to an account that was being guessed at, from a network and a client
// that are both new to it and an address that hides its user or a country where the account never was.
type afterGuessing struct {
	detect.Trace
	met      acquaintance
	guessers map[origin]*guesser
	hoods    guessersAround
	targets  map[uint32]*guessTarget
	found    map[origin]*afterFinding
	slips    slips
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
	settled  bool // most of those that failed there got in around it
	turned   bool // by lines of one neighbourhood in turn
	accounts map[string]struct{}
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	place    event.Place
	faces    faces
	mixed    bool // many homes stand behind the address, and nothing told them apart
	failures int64
	evidence detect.Evidence
}

func newAfterGuessing(detect.Site) detect.Detector {
	return &afterGuessing{guessers: map[origin]*guesser{}, targets: map[uint32]*guessTarget{}, found: map[origin]*afterFinding{}}
}

func (d *afterGuessing) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *afterGuessing) Observe(s *event.Sighting) {
	switch {
	case s.Who == nil || s.Who.System:
	case s.Failed():
		d.failed(s)
	case s.LoggedIn():
		d.slips.login(s)
		if s.SrcIP.IsValid() && !s.SrcIsRelay && !s.Src.Own {
			d.success(s)
		}
	}
}

func (d *afterGuessing) failed(s *event.Sighting) {
	if !guessReason(s.Reason) && s.Reason != event.ReasonNoSuchAccount {
		return
	}
	if s.SrcIP.IsValid() && d.slips.his(s) && d.met.knows(s.Who.Handle, network(s.SrcIP)) { // its own telephone, with the old password
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
		d.slips.fail(s)
	}
	if !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own {
		return
	}
	line := lineOf(s)
	if net := network(s.SrcIP); turns(s, line) && !d.met.knows(s.Who.Handle, net) { // who is at home there mistypes
		h := d.hoods.follow(net, s.Day)
		h.lines.see(line)
		h.fail(s)
	}
	if g := d.guesser(line, s.Day); g != nil {
		g.fail(s)
	}
}

func (d *afterGuessing) guesser(line event.Line, day int32) *guesser {
	at := origin{line: line}
	g := d.guessers[at]
	if g == nil {
		if len(d.guessers) >= maxSources && d.swept != day {
			d.swept = day
			maps.DeleteFunc(d.guessers, func(_ origin, g *guesser) bool { return day-g.last > guesserDays })
		}
		if len(d.guessers) >= maxSources { // beyond the bound the lines of one network are one
			at = hoodOf(line.At)
			if g = d.guessers[at]; g == nil && len(d.guessers) >= 2*maxSources {
				return nil
			}
		}
		if g == nil {
			g = &guesser{first: day}
			d.guessers[at] = g
		}
	}
	g.touch(day)
	return g
}

// touch notes that the guesser was at work on a day, and forgets what is too long ago.
func (g *guesser) touch(day int32) {
	if day-g.last > guesserDays {
		g.accounts, g.failures, g.successes, g.first = nil, 0, 0, day
	}
	g.last = day
}

func (g *guesser) fail(s *event.Sighting) {
	g.failures += s.Times()
	g.accounts.add(s.Who.Handle, sourceAccounts)
}

// settles says whether most of the accounts that failed at an address have got in around it by now: where telephones try a lapsed password, or the
// guests of a hotel mistype, each is its owner's. Who guesses does not get in at most that he tries. Who rents the address, or hides behind it, may have
// a list that is mostly right.
func (d *afterGuessing) settles(g *guesser, s *event.Sighting) bool {
	if g == nil || s.Src.Kind.Anonymous() || s.Src.Kind == event.KindHosting {
		return false
	}
	in, net := 0, network(s.SrcIP)
	for _, who := range g.accounts {
		if d.met.knows(who, net) {
			in++
		}
	}
	return in >= settledLeast && 2*in > len(g.accounts)
}

// broad says whether so many accounts failed there lately, and so seldom somebody got in, as at no place of honest people.
func (g *guesser) broad(day int32) bool {
	return g != nil && day-g.last <= guesserDays && len(g.accounts) >= guesserAccounts && g.failures > guesserRatio*(g.successes+1)
}

// known returns the guesser of the line that a login came from, and whether that may be another home of the same address: it guessed where
// records have no port.
func (d *afterGuessing) known(s *event.Sighting) (g *guesser, other bool) {
	line := lineOf(s)
	if g = d.guessers[origin{line: line}]; g == nil && line.Set != 0 {
		g, other = d.guessers[origin{line: event.Line{At: line.At}}], true
	}
	if g == nil && len(d.guessers) >= maxSources {
		g, other = d.guessers[hoodOf(s.SrcIP)], false
	}
	return g, other && g != nil
}

func (d *afterGuessing) success(s *event.Sighting) {
	m := d.met.meet(s)
	g, other := d.known(s)
	direct := m.network && g.broad(s.Day)
	turned := false
	var h *hood
	if turns(s, lineOf(s)) {
		if h = d.hoods.of(network(s.SrcIP)); h != nil {
			turned = m.network && int(h.lines.n) >= guesserTurns && h.broad(s.Day)
		}
	}
	at := origin{line: lineOf(s)}
	if f := d.found[at]; f != nil && !f.settled {
		f.settled = d.settles(g, s)
	}
	t := d.targets[s.Who.Handle]
	if d.Asked(s.Who) {
		d.tell(s, m, g, h, t)
	}
	if g != nil {
		g.successes++
	}
	if h != nil {
		h.successes++
	}
	indirect := t != nil && s.Day-t.last <= targetDays && t.fails >= targetFails && m.days >= deepDays && m.network && m.client &&
		(s.Src.Kind.Anonymous() && m.kind || m.country)
	hammered := false
	if g != nil {
		hammered = g.accounts.has(s.Who.Handle) && g.failures >= hammerFails && g.failures > guesserRatio*(g.successes+1) && s.Day-g.last <= 1 && m.network
	}
	if !direct && !indirect && !hammered && !turned {
		return
	}
	if turned && !direct && !hammered {
		at, g = hoodOf(s.SrcIP), h.guesser
	}
	f := d.found[at]
	if f == nil {
		if len(d.found) >= maxSources {
			return
		}
		f = &afterFinding{accounts: map[string]struct{}{}, first: s.Time, alerted: s.Seen(), place: s.Src}
		d.found[at] = f
	}
	f.faces.add(at, s.SrcIP)
	f.turned = f.turned || at.wide
	f.mixed = f.mixed || other || mixed(&s.Src)
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
	for at, f := range d.found {
		out = append(out, f.finding(at))
	}
	slices.SortFunc(out, func(a, b event.Finding) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func (f *afterFinding) finding(at origin) event.Finding {
	ids := make([]string, 0, len(f.accounts))
	for id := range f.accounts {
		ids = append(ids, id)
	}
	sev := event.Medium
	if f.direct || len(ids) >= 3 || f.turned && f.place.Kind.Anonymous() {
		sev = event.High
	}
	if f.mixed || f.settled {
		sev = event.Medium
	}
	out := event.Finding{
		Key: at.String(), Severity: sev, First: f.first, Last: f.last, Alerted: f.alerted, Accounts: ids, Addresses: f.faces.of(at),
		Numbers:  []event.Figure{{Name: "accounts", Value: float64(len(ids))}, {Name: "logins", Value: float64(f.evidence.Count())}, {Name: "failures_from_address", Value: float64(f.failures)}},
		Evidence: f.evidence.Refs(),
	}
	out.Title = event.Words{
		Ja: fmt.Sprintf("パスワード推測の後のログイン成功（%s、%d アカウント）", at, len(ids)),
		En: fmt.Sprintf("logins that succeeded after guessing (%s, %d accounts)", at, len(ids))}
	out.Explanation = f.words()
	if f.mixed {
		out.Explanation.Ja += "このアドレスは多くの家が共用しており、記録にポートがないため、推測した者とログインした人が別の家である可能性がある。"
		out.Explanation.En += " Many homes share this address and the records have no port that tells them apart: who guessed and who logged in may be of different homes."
	}
	if f.settled {
		out.Explanation.Ja += "ただし、そこで失敗したアカウントの過半数が、同じ場所からログインできている。期限の切れたパスワードで試し続けた利用者の端末や、会議の宿の宿泊者の打ち間違いでも、このようになる。"
		out.Explanation.En += " But most of the accounts that failed there got in from there: telephones that go on with a lapsed password, or guests of a hotel who mistype, look like this."
	}
	return out
}

func (f *afterFinding) words() event.Words {
	switch {
	case f.turned:
		return event.Words{
			Ja: fmt.Sprintf("同じ一帯（IPv6 の /48）の %d 以上の回線（/64）が、そこを使ったことのない多数のアカウントに次々に失敗（%d 件）した後、そこからのログインが成功した。広いネットワークを借りた者は、回線を変えながら試せる。同じ事業者の利用者が偶然に重なっても起こりうる。", guesserTurns, f.failures),
			En: fmt.Sprintf("At least %d lines (/64) of one neighbourhood of IPv6 (a /48) failed one after the other on many accounts that had never used it (%d failures); then a login from there succeeded. Whoever rents a whole network changes lines as he tries. Customers of one provider can look like this by chance.", guesserTurns, f.failures)}
	case f.direct || f.hammered:
		return event.Words{
			Ja: fmt.Sprintf("多数のアカウントに失敗（%d 件）した接続元から、そこを使ったことのないアカウントへのログインが成功した。組織や大学の共用アドレスでは、成功の方が多いのが普通である。", f.failures),
			En: fmt.Sprintf("An address that failed on many accounts (%d failures) logged in to accounts that had never used it. At a shared address of honest people successes outnumber failures.", f.failures)}
	}
	return event.Words{
		Ja: "推測を受けていたアカウントに、初めてのネットワークと初めての端末から、利用者を隠す接続元または初めての国を通じてログインがあった。出張先からの新しい端末でも起こりうる。",
		En: "An account that was being guessed at was entered from a network and with a client both new to it, through an address that hides its user or from a new country. A new device on a journey can look like this."}
}
