// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// A directory's log shows the front end that asked, not the person who typed. The front end's own log shows the person's address,
// but not how it ended. Each login stands in both, moments apart: joined in time, the failures get their addresses.
//
// Nothing has to be declared: RelayLearner finds from the records which page is the login and how far the two clocks
// are apart, and RelayJoin matches attempt by attempt. Where several people typed within the same second the match is by
// order and says so.

// Arrival is a request to a front end's page as its own log tells it.
type Arrival struct {
	At      event.Micros
	IP      netip.Addr
	Client  string
	Country string
	ASN     uint32
	used    bool
}

// arrivalPage returns the page that an event of a web log sends a form to, and whether it is one.
func arrivalPage(e *event.Event) (string, bool) {
	if e.Class != event.ClassHTTP || e.Activity != event.ActSend || !e.SrcIP.IsValid() {
		return "", false
	}
	page, _, _ := strings.Cut(e.Object, "?")
	return page, page != ""
}

// RelayClasses returns the classes of the events that Observe learns from.
func RelayClasses() []event.Class { return []event.Class{event.ClassHTTP, event.ClassAuthentication} }

// relayed says whether an event is a login that a front end relayed.
func relayed(e *event.Event) bool {
	return e.Class == event.ClassAuthentication && e.Activity == event.ActLogon && e.SrcIsRelay && e.SrcIP.IsValid() && e.Account != ""
}

// learnReach is how far apart two clocks may be, and learnSteps the width of the bins: half a second.
const (
	learnReach = 150 * 1_000_000
	learnStep  = 500_000
	learnBins  = 2*learnReach/learnStep + 1
	learnMost  = 50_000 // attempts to learn from
	learnPages = 256
	learnLeast = 30  // attempts matched, to believe
	learnShare = 0.6 // of the isolated attempts matched by the page
	quiet      = 4 * 1_000_000
)

// RelayLearner looks through the events, in order, for the page behind which each relay's logins are typed. It is owned by
// one goroutine.
type RelayLearner struct {
	pages    map[pageKey]*pageBins
	arrivals []learnArrival // of the last two reaches
	waiting  []learnAttempt // attempts whose later arrivals are still to come
	lastTry  map[netip.Addr]event.Micros
	tried    map[netip.Addr]int
}

type pageKey struct {
	relay netip.Addr
	front string
	page  string
}

type pageBins struct {
	bins  [learnBins]int32
	total int32
}

type learnArrival struct {
	at          event.Micros
	front, page string
}

type learnAttempt struct {
	at    event.Micros
	relay netip.Addr
	alone bool
}

// NewRelayLearner returns a learner that has seen nothing.
func NewRelayLearner() *RelayLearner {
	return &RelayLearner{pages: map[pageKey]*pageBins{}, lastTry: map[netip.Addr]event.Micros{}, tried: map[netip.Addr]int{}}
}

// Observe looks at one event; front names the front end whose log it stands in, empty for events of other logs.
func (l *RelayLearner) Observe(e *event.Event, front string) {
	if page, ok := arrivalPage(e); ok {
		l.arrivals = append(l.arrivals, learnArrival{e.Time, front, page})
	} else if relayed(e) && l.tried[e.SrcIP] < learnMost {
		alone := e.Time-l.lastTry[e.SrcIP] > quiet
		if n := len(l.waiting); !alone && n > 0 && l.waiting[n-1].relay == e.SrcIP && e.Time-l.waiting[n-1].at <= quiet {
			l.waiting[n-1].alone = false
		}
		l.lastTry[e.SrcIP] = e.Time
		l.waiting = append(l.waiting, learnAttempt{e.Time, e.SrcIP, alone})
	} else {
		return
	}
	l.settle(e.Time)
}

// settle counts the attempts whose reach has passed and forgets arrivals that none can reach any more.
func (l *RelayLearner) settle(now event.Micros) {
	done := 0
	for done < len(l.waiting) && l.waiting[done].at+learnReach < now {
		l.count(l.waiting[done])
		done++
	}
	l.waiting = append(l.waiting[:0], l.waiting[done:]...)
	oldest := now - learnReach
	if len(l.waiting) > 0 {
		oldest = l.waiting[0].at - learnReach
	}
	drop := 0
	for drop < len(l.arrivals) && l.arrivals[drop].at < oldest {
		drop++
	}
	if drop > 1024 || drop == len(l.arrivals) {
		l.arrivals = append(l.arrivals[:0], l.arrivals[drop:]...)
	}
}

func (l *RelayLearner) count(t learnAttempt) {
	if !t.alone || l.tried[t.relay] >= learnMost {
		return
	}
	l.tried[t.relay]++
	from, _ := slices.BinarySearchFunc(l.arrivals, t.at-learnReach, func(a learnArrival, at event.Micros) int { return cmp.Compare(a.at, at) })
	for _, a := range l.arrivals[from:] {
		if a.at > t.at+learnReach {
			break
		}
		k := pageKey{t.relay, a.front, a.page}
		b := l.pages[k]
		if b == nil {
			if len(l.pages) >= learnPages {
				continue
			}
			b = &pageBins{}
			l.pages[k] = b
		}
		b.bins[(a.at-t.at+learnReach)/learnStep]++
		b.total++
	}
}

// RelayPage is a page behind which a relay's logins are typed.
type RelayPage struct {
	Relay  netip.Addr
	Front  string // as Observe was told
	Page   string
	Lo, Hi event.Micros // arrival minus attempt lies between them
	Share  float64      // of isolated attempts that have an arrival there
}

// Pages ends the learning: for each relay the page that nearly every attempt has an arrival at, at one and the same distance.
// Sorted by relay.
func (l *RelayLearner) Pages() []RelayPage {
	l.settle(1 << 62)
	best := map[netip.Addr]RelayPage{}
	for k, b := range l.pages {
		p, ok := b.page(k, l.tried[k.relay])
		old, had := best[k.relay]
		if ok && (!had || p.Share > old.Share || p.Share == old.Share && p.Front+p.Page < old.Front+old.Page) {
			best[k.relay] = p
		}
	}
	out := make([]RelayPage, 0, len(best))
	for _, p := range best {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b RelayPage) int { return a.Relay.Compare(b.Relay) })
	return out
}

// page finds the narrow window of distances that holds most arrivals.
func (b *pageBins) page(k pageKey, attempts int) (RelayPage, bool) {
	peak := 0
	for i := range b.bins {
		if b.bins[i] > b.bins[peak] {
			peak = i
		}
	}
	lo, hi := b.around(peak)
	var in int32
	for i := lo; i <= hi; i++ {
		in += b.bins[i]
	}
	// What would stand in so wide a window if arrivals came at random.
	chance := float64(b.total-in) / float64(learnBins-(hi-lo+1)) * float64(hi-lo+1)
	lo, hi = b.turn(lo, hi)
	p := RelayPage{Relay: k.relay, Front: k.front, Page: k.page, Lo: event.Micros(lo*learnStep - learnReach), Hi: event.Micros((hi+1)*learnStep - learnReach),
		Share: (float64(in) - chance) / float64(max(attempts, 1))}
	return p, int(in) >= learnLeast && p.Share >= learnShare && float64(in) > 3*chance
}

// around widens the peak to the bins beside it that stand out too. Clocks that tell whole seconds leave every other bin empty, and one that is
// a fraction of a second off divides the peak between two seconds.
func (b *pageBins) around(peak int) (lo, hi int) {
	filled := int32(0)
	for _, n := range b.bins {
		if n > 0 {
			filled++
		}
	}
	noise := (b.total - b.bins[peak]) / max(filled-1, 1)
	least := max(b.bins[peak]/20+noise*3/2, 1)
	lo, hi = peak, peak
	for i := peak - 1; i >= max(peak-6, 0) && i >= lo-2; i-- {
		if b.bins[i] > least {
			lo = i
		}
	}
	for i := peak + 1; i <= min(peak+6, learnBins-1) && i <= hi+2; i++ {
		if b.bins[i] > least {
			hi = i
		}
	}
	return lo, hi
}

// turn widens a window by a second on the side where more arrivals stand: clocks that tell whole seconds put a request and its attempt into
// different ones when the second turned between them. That is too seldom to stand out, and a login must not get a stranger's address by it.
func (b *pageBins) turn(lo, hi int) (int, int) {
	const second = 1_000_000 / learnStep
	before, after := int32(0), int32(0)
	for i := 1; i <= second; i++ {
		if lo-i >= 0 {
			before += b.bins[lo-i]
		}
		if hi+i < learnBins {
			after += b.bins[hi+i]
		}
	}
	if before >= after {
		lo = max(lo-second, 0)
	}
	if after >= before {
		hi = min(hi+second, learnBins-1)
	}
	return lo, hi
}

// RelayJoin matches relayed logins with arrivals, both in order of time. It is owned by one goroutine.
type RelayJoin struct {
	page    RelayPage
	pending []Arrival // not yet too old, in order
	head    int
}

// NewRelayJoin returns a join for one relay.
func NewRelayJoin(p RelayPage) *RelayJoin { return &RelayJoin{page: p} }

// Match says how sure a match is.
type Match uint8

// The kinds of match.
const (
	NoMatch  Match = iota
	ByOrder        // others arrived in the same moment: this one by order only
	ByItself       // every arrival of the moment came from this address
)

// Wants says whether the arrivals up to that moment have to be offered before an attempt at t is matched.
func (j *RelayJoin) Wants(t event.Micros) event.Micros { return t + j.page.Hi }

// Arrive offers an arrival, in order of time.
func (j *RelayJoin) Arrive(a Arrival) { j.pending = append(j.pending, a) }

// Is says whether an event of the front end's log is an arrival for this join.
func (j *RelayJoin) Is(e *event.Event, front string) bool {
	page, ok := arrivalPage(e)
	return ok && front == j.page.Front && page == j.page.Page
}

// Attempt returns the arrival that belongs to a relayed login at t. All arrivals up to Wants(t) have been offered.
func (j *RelayJoin) Attempt(t event.Micros) (Arrival, Match) {
	for j.head < len(j.pending) && j.pending[j.head].At < t+j.page.Lo {
		j.head++
	}
	if j.head > 4096 && j.head*2 > len(j.pending) {
		j.pending = append(j.pending[:0], j.pending[j.head:]...)
		j.head = 0
	}
	found := -1
	same := true
	for i := j.head; i < len(j.pending) && j.pending[i].At <= t+j.page.Hi; i++ {
		a := &j.pending[i]
		if found < 0 && !a.used {
			found = i
		}
		same = same && (found < 0 || a.IP == j.pending[found].IP)
	}
	if found < 0 {
		return Arrival{}, NoMatch
	}
	// Arrivals of the same moment that were taken already count too: the order may have been another.
	for i := j.head; i < found; i++ {
		same = same && j.pending[i].IP == j.pending[found].IP
	}
	j.pending[found].used = true
	if same {
		return j.pending[found], ByItself
	}
	return j.pending[found], ByOrder
}
