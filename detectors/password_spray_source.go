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

var passwordSpraySource = detect.Spec{Name: "password-spray-source", Attack: []string{"T1110.003"}, New: newSpraySource}

// Tunables of password-spray-source.
const (
	spraySourceNames = 3       // real accounts that failed from one address within spraySourceSpan
	spraySourceTries = 3       // times each at most: a person tries more often, a list does not
	spraySourceSpan  = 1       // days
	spraySourceGap   = 14      // days without such an address after which another finding begins
	spraySourceOnes  = 2       // such addresses, or one that hides its user, for medium severity
	spraySourceMost  = 1 << 16 // addresses that are watched
)

// spraySources looks for addresses at which several real accounts fail, a try or two each, and nobody ever gets in. The breadth of all
// failures may stay what it always is: what gives such an address away is that it knows real names and that nobody is at home there. It is
// the spray of a list stolen elsewhere, too small for password-guessing.
type spraySources struct {
	detect.Trace
	site   detect.Site
	realms map[realm]*sprayRealm
	home   map[netip.Addr]bool // addresses from which somebody logged in anywhere: some logs have failures only
	used   map[uint32]bool     // accounts that ever logged in
}

type sprayRealm struct {
	addrs    map[netip.Addr]*sprayAddr
	episodes []*sprayEpisode
	swept    int32 // day on which addresses that came no more were forgotten, to make room
}

type sprayAddr struct {
	place    event.Place
	names    map[uint32]sprayed
	evidence detect.Evidence
	told     bool
	last     int32
}

type sprayed struct {
	who   *event.Account
	at    event.Micros
	day   int32
	tries int
	most  int // tries within one span, ever
}

type sprayEpisode struct {
	sources  map[netip.Addr]*sprayAddr
	names    map[string]bool
	lastDay  int32
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	hidden   bool
	evidence detect.Evidence
}

func newSpraySource(site detect.Site) detect.Detector {
	return &spraySources{site: site, realms: map[realm]*sprayRealm{}, home: map[netip.Addr]bool{}, used: map[uint32]bool{}}
}

func (d *spraySources) Classes() detect.ClassSet {
	return detect.Classes(event.ClassAuthentication, event.ClassHTTP)
}

func (d *spraySources) Observe(s *event.Sighting) {
	in, out := s.LoggedIn() || s.Admitted(), s.Failed() || s.Refused()
	if !in && !out || s.Who.System || !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own {
		return
	}
	if in {
		d.used[s.Who.Handle] = true
		if len(d.home) < 4*spraySourceMost {
			d.home[s.SrcIP] = true
		}
		return
	}
	r := d.realms[realmOf(s)]
	if r == nil {
		r = &sprayRealm{addrs: map[netip.Addr]*sprayAddr{}}
		d.realms[realmOf(s)] = r
	}
	a := r.addrs[s.SrcIP]
	if a == nil {
		at := s.SrcIP
		if len(r.addrs) >= spraySourceMost/2 && r.swept != s.Day {
			r.swept = s.Day
			maps.DeleteFunc(r.addrs, func(_ netip.Addr, a *sprayAddr) bool { return !a.told && s.Day-a.last > spraySourceSpan })
		}
		if len(r.addrs) >= spraySourceMost/2 { // beyond the bound the addresses of one network are one
			at = network(at).Addr()
			if a = r.addrs[at]; a == nil && len(r.addrs) >= spraySourceMost {
				return
			}
		}
		if a == nil {
			a = &sprayAddr{place: s.Src}
			r.addrs[at] = a
		}
	}
	a.last = s.Day
	real := s.Who.Listed || d.used[s.Who.Handle]
	if !d.home[s.SrcIP] && real && guessReason(s.Reason) && !unknownName(s, d.site) {
		r.fail(s, a)
	}
	if d.Asking() {
		d.tell(s, a, real)
	}
}

func (r *sprayRealm) fail(s *event.Sighting, a *sprayAddr) {
	if a.names == nil {
		a.names = map[uint32]sprayed{}
	}
	n := a.names[s.Who.Handle]
	if s.Day-n.day > spraySourceSpan || n.who == nil {
		n = sprayed{who: s.Who, at: s.Time, day: s.Day}
	}
	n.tries += int(min(s.Times(), 1000))
	n.most = max(a.names[s.Who.Handle].most, n.tries)
	if _, ok := a.names[s.Who.Handle]; ok || len(a.names) < sourceAccounts {
		a.names[s.Who.Handle] = n
	}
	a.evidence.Add(s.Event)
	if !a.told && a.sprays(s.Day) {
		a.told = true
		r.open(s, a)
	}
	if a.told && len(r.episodes) > 0 {
		r.episodes[len(r.episodes)-1].add(s, a)
	}
}

// sprays says whether enough real accounts failed here lately, each with so few tries as a list has.
func (a *sprayAddr) sprays(day int32) bool {
	few, many := 0, 0
	for _, n := range a.names {
		switch {
		case day-n.day > spraySourceSpan:
		case n.tries <= spraySourceTries:
			few++
		default:
			many++
		}
	}
	return few >= spraySourceNames && many == 0
}

func (r *sprayRealm) open(s *event.Sighting, a *sprayAddr) {
	n := len(r.episodes)
	if n == 0 || s.Day-r.episodes[n-1].lastDay > spraySourceGap {
		r.episodes = append(r.episodes, &sprayEpisode{sources: map[netip.Addr]*sprayAddr{}, names: map[string]bool{}, first: s.Time})
	}
	e := r.episodes[len(r.episodes)-1]
	e.sources[s.SrcIP] = a
	e.hidden = e.hidden || a.place.Kind.Anonymous()
	for _, n := range a.names {
		if s.Day-n.day <= spraySourceSpan {
			e.first = min(e.first, n.at)
		}
	}
	e.evidence.Merge(&a.evidence)
}

func (e *sprayEpisode) add(s *event.Sighting, a *sprayAddr) {
	e.last, e.lastDay = s.Time, s.Day
	e.evidence.Add(s.Event)
	if e.alerted == 0 && e.severity() >= event.Medium {
		e.alerted = s.Seen()
	}
}

func (e *sprayEpisode) severity() event.Severity {
	if len(e.sources) >= spraySourceOnes || e.hidden {
		return event.Medium
	}
	return event.Low
}

func (d *spraySources) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	if len(d.home) == 0 { // the records tell of no login at all: nobody is known to be at home anywhere
		return nil
	}
	for _, name := range sortedRealms(d.realms) {
		for _, e := range d.realms[name].episodes {
			if e := e.still(d.home); len(e.sources) > 0 && e.severity() >= event.Medium {
				out = append(out, e.finding(name))
			}
		}
	}
	return out
}

// still returns the episode without the addresses at which somebody turned out to be at home, or to try and try, as people do.
func (e *sprayEpisode) still(home map[netip.Addr]bool) *sprayEpisode {
	left := *e
	e = &left
	e.sources, e.names, e.hidden = maps.Clone(e.sources), maps.Clone(e.names), false
	for ip, a := range e.sources {
		again := 0
		for _, n := range a.names {
			if n.most > spraySourceTries {
				again++
			}
		}
		if home[ip] || 2*again >= len(a.names) {
			delete(e.sources, ip)
			continue
		}
		e.hidden = e.hidden || a.place.Kind.Anonymous()
		for _, n := range a.names {
			e.names[n.who.ID] = true
		}
	}
	return e
}

func (e *sprayEpisode) finding(name realm) event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %d", name, e.first), Severity: e.severity(), First: e.first, Last: e.last, Alerted: cmp.Or(e.alerted, e.last), Evidence: e.evidence.Refs(),
		Numbers: []event.Figure{figure("addresses", float64(len(e.sources))), figure("accounts", float64(len(e.names)))},
	}
	for ip := range e.sources {
		f.Addresses = append(f.Addresses, ip)
	}
	slices.SortFunc(f.Addresses, netip.Addr.Compare)
	f.Addresses = f.Addresses[:min(len(f.Addresses), 2000)]
	f.Title = event.Words{
		Ja: fmt.Sprintf("誰も使ったことのない接続元 %d 件から、実在する %d アカウントが 1、2 回ずつ試された", len(e.sources), len(e.names)),
		En: fmt.Sprintf("%d real accounts were tried once or twice each from %d addresses where nobody is at home", len(e.names), len(e.sources))}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s の記録で、1 つの接続元から %d 件以上の実在する名前が失敗し、そこから成功した人はいない。全体の失敗の数は普段と変わらないことがある。どこかで盗まれた名前の一覧を試している可能性がある。会場や宿泊先で何人かが続けて打ち間違えた場合にも起こりうる。", name, spraySourceNames),
		En: fmt.Sprintf("In %s at least %d real names failed from one address, and nobody ever got in from there. The number of all failures may be what it always is. Somebody may be trying a list stolen elsewhere. Several people who mistype at a hotel can look like this.", name, spraySourceNames)}
	return f
}
