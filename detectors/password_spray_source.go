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

// spraySources looks for lines, and neighbourhoods of IPv6, at which several real accounts fail, a try or two each, and nobody ever gets in. The breadth of all
// failures may stay what it always is: what gives such a source away is that it knows real names and that nobody is at home there. It is
// the spray of a list stolen elsewhere, too small for password-guessing.
type spraySources struct {
	detect.Trace
	site   detect.Site
	realms map[realm]*sprayRealm
	home   map[origin]bool // where somebody logged in, at anything: some logs have failures only
	used   map[uint32]bool // accounts that ever logged in
}

type sprayRealm struct {
	from     map[origin]*sprayFrom
	episodes []*sprayEpisode
	swept    int32 // day on which sources that came no more were forgotten, to make room
}

type sprayFrom struct {
	place    event.Place
	faces    faces
	lines    subnets // of a neighbourhood, that failed
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
	sources  map[origin]*sprayFrom
	names    map[string]bool
	lastDay  int32
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	hidden   bool
	evidence detect.Evidence
}

func newSpraySource(site detect.Site) detect.Detector {
	return &spraySources{site: site, realms: map[realm]*sprayRealm{}, home: map[origin]bool{}, used: map[uint32]bool{}}
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
		d.live(s)
		return
	}
	r := d.realms[realmOf(s)]
	if r == nil {
		r = &sprayRealm{from: map[origin]*sprayFrom{}}
		d.realms[realmOf(s)] = r
	}
	line := lineOf(s)
	at := origin{line: line}
	real := (s.Who.Listed || d.used[s.Who.Handle]) && guessReason(s.Reason) && !unknownName(s, d.site)
	a, known := r.source(at, s)
	if a != nil && real && !d.home[at] {
		r.fail(s, a, known, 0)
	}
	if a != nil && d.Asking() {
		d.tell(s, a, at, real)
	}
	if !real || known.wide || !turns(s, line) || d.home[hoodOf(s.SrcIP)] {
		return
	}
	if a, known = r.source(hoodOf(s.SrcIP), s); a != nil {
		a.lines.see(line)
		r.fail(s, a, known, spraySourceNames)
	}
}

// live notes where somebody logged in.
func (d *spraySources) live(s *event.Sighting) {
	if len(d.home) >= 4*spraySourceMost {
		return
	}
	line := lineOf(s)
	d.home[origin{line: line}] = true
	if line.Set != 0 { // a record without a port does not say which home of the address it speaks of
		d.home[origin{line: event.Line{At: line.At}}] = true
	}
	if line.Subnet() {
		d.home[hoodOf(s.SrcIP)] = true
	}
}

// source returns what is known of a source, and as which it is known; nil beyond the bound.
func (r *sprayRealm) source(at origin, s *event.Sighting) (*sprayFrom, origin) {
	a := r.from[at]
	if a == nil {
		if len(r.from) >= spraySourceMost/2 && r.swept != s.Day {
			r.swept = s.Day
			maps.DeleteFunc(r.from, func(_ origin, a *sprayFrom) bool { return !a.told && s.Day-a.last > spraySourceSpan })
		}
		if len(r.from) >= spraySourceMost/2 { // beyond the bound the lines of one network are one
			at = hoodOf(s.SrcIP)
			if a = r.from[at]; a == nil && len(r.from) >= spraySourceMost {
				return nil, at
			}
		}
		if a == nil {
			a = &sprayFrom{place: s.Src}
			r.from[at] = a
		}
	}
	a.last = s.Day
	return a, at
}

// fail notes that a real account failed at a source, which tells of a spray only if so many of its lines failed.
func (r *sprayRealm) fail(s *event.Sighting, a *sprayFrom, at origin, lines int) {
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
	a.faces.add(at, s.SrcIP)
	if !a.told && a.sprays(s.Day) && int(a.lines.n) >= lines {
		a.told = true
		r.open(s, a, at)
	}
	if a.told && len(r.episodes) > 0 {
		r.episodes[len(r.episodes)-1].add(s, a)
	}
}

// sprays says whether enough real accounts failed here lately, each with so few tries as a list has.
func (a *sprayFrom) sprays(day int32) bool {
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

func (r *sprayRealm) open(s *event.Sighting, a *sprayFrom, at origin) {
	n := len(r.episodes)
	if n == 0 || s.Day-r.episodes[n-1].lastDay > spraySourceGap {
		r.episodes = append(r.episodes, &sprayEpisode{sources: map[origin]*sprayFrom{}, names: map[string]bool{}, first: s.Time})
	}
	e := r.episodes[len(r.episodes)-1]
	e.sources[at] = a
	e.hidden = e.hidden || a.place.Kind.Anonymous()
	for _, n := range a.names {
		if s.Day-n.day <= spraySourceSpan {
			e.first = min(e.first, n.at)
		}
	}
	e.evidence.Merge(&a.evidence)
}

func (e *sprayEpisode) add(s *event.Sighting, a *sprayFrom) {
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

// still returns the episode without the sources at which somebody turned out to be at home, or to try and try, as people do. Lines of a
// neighbourhood that sprays as a whole are no sources of their own.
func (e *sprayEpisode) still(home map[origin]bool) *sprayEpisode {
	left := *e
	e = &left
	e.sources, e.names, e.hidden = maps.Clone(e.sources), maps.Clone(e.names), false
	for at, a := range e.sources {
		again := 0
		for _, n := range a.names {
			if n.most > spraySourceTries {
				again++
			}
		}
		if home[at] || 2*again >= len(a.names) {
			delete(e.sources, at)
			continue
		}
		e.hidden = e.hidden || a.place.Kind.Anonymous()
	}
	for at, a := range e.sources {
		for _, n := range a.names {
			e.names[n.who.ID] = true
		}
		if !at.wide && e.sources[hoodOf(at.line.At)] != nil { // which has its addresses, too
			delete(e.sources, at)
		}
	}
	return e
}

func (e *sprayEpisode) finding(name realm) event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %d", name, e.first), Severity: e.severity(), First: e.first, Last: e.last, Alerted: cmp.Or(e.alerted, e.last), Evidence: e.evidence.Refs(),
		Numbers: []event.Figure{figure("addresses", float64(len(e.sources))), figure("accounts", float64(len(e.names)))},
	}
	for at, a := range e.sources {
		f.Addresses = append(f.Addresses, a.faces.of(at)...)
	}
	slices.SortFunc(f.Addresses, netip.Addr.Compare)
	f.Addresses = slices.Compact(f.Addresses)
	f.Addresses = f.Addresses[:min(len(f.Addresses), 2000)]
	f.Title = event.Words{
		Ja: fmt.Sprintf("誰も使ったことのない接続元 %d 件から、実在する %d アカウントが 1、2 回ずつ試された", len(e.sources), len(e.names)),
		En: fmt.Sprintf("%d real accounts were tried once or twice each from %d addresses where nobody is at home", len(e.names), len(e.sources))}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s の記録で、1 つの接続元から %d 件以上の実在する名前が失敗し、そこから成功した人はいない。全体の失敗の数は普段と変わらないことがある。どこかで盗まれた名前の一覧を試している可能性がある。会場や宿泊先で何人かが続けて打ち間違えた場合にも起こりうる。", name, spraySourceNames),
		En: fmt.Sprintf("In %s at least %d real names failed from one address, and nobody ever got in from there. The number of all failures may be what it always is. Somebody may be trying a list stolen elsewhere. Several people who mistype at a hotel can look like this.", name, spraySourceNames)}
	return f
}
