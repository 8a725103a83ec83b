// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var credentialStuffing = detect.Spec{Name: "credential-stuffing", Attack: []string{"T1110.004"}, New: newStuffing}

// Tunables of credential-stuffing.
const (
	stuffDays   = 7       // days that are put together
	stuffNames  = 5       // real accounts that failed within them from addresses that hide their user, and
	stuffOver   = 3.0     // times as many as in any such stretch before
	stuffTries  = 2       // tries of each at most
	stuffSlip   = 15      // minutes after a failure within which the account's own success makes it a slip of the finger
	stuffLearn  = 14      // days of this kind of log before what is usual is known
	stuffApart  = 14      // days without a try after which another story begins
	stuffHigh   = 20      // accounts, for high severity
	stuffHomes  = 64      // lines that one account can be at home at
	stuffFollow = 1 << 14 // tries within stuffDays, and addresses, that are followed
)

// stuffing looks for a list of names and passwords stolen elsewhere, each tried once or twice, by whoever changes his address between them.
// No address and no account stands out. What does: that they are real accounts, that nobody ever got in from these addresses, and that all
// of these hide who uses them.
type stuffing struct {
	detect.Trace
	site   detect.Site
	realms map[realm]*stuffedRealm
	home   map[event.Line]bool
	used   map[uint32]uint8 // accounts that were ever used, and at how many lines, up to stuffHomes
}

type stuffedRealm struct {
	begun   int32
	tries   []stuffTry // within stuffDays, oldest first
	recent  []stuffDay // accounts at the ends of the days within stuffDays: not yet what is usual
	most    int        // accounts in any stretch that ended before these
	stories []*stuffStory
}

type stuffDay struct {
	day int32
	n   int
}

type stuffTry struct {
	who  *event.Account
	from netip.Addr
	at   event.Micros
	day  int32
	seen event.Micros
	held detect.Evidence
}

// stuffStory is a list that is being tried.
type stuffStory struct {
	first, last, alerted event.Micros
	lastDay              int32
	tries                []stuffTry // of all its days
	more                 int64      // beyond those that are kept
	before               int
}

func newStuffing(site detect.Site) detect.Detector {
	return &stuffing{site: site, realms: map[realm]*stuffedRealm{}, home: map[event.Line]bool{}, used: map[uint32]uint8{}}
}

func (d *stuffing) Classes() detect.ClassSet {
	return detect.Classes(event.ClassAuthentication, event.ClassHTTP)
}

func (d *stuffing) Observe(s *event.Sighting) {
	in, out := s.LoggedIn() || s.Admitted(), s.Failed() || s.Refused()
	if !in && !out || s.Who.System || !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own {
		return
	}
	if in {
		d.settle(s)
		if r := d.realms[realmOf(s)]; r != nil {
			r.forgive(s)
		}
		return
	}
	r := d.realms[realmOf(s)]
	if r == nil {
		r = &stuffedRealm{begun: s.Day}
		d.realms[realmOf(s)] = r
	}
	_, used := d.used[s.Who.Handle]
	real := s.Who.Listed || used
	if d.Asked(s.Who) {
		defer d.tell(s, r, real)
	}
	if !s.Src.Kind.Anonymous() || !real || s.Who.Disabled || d.home[lineOf(s)] || !guessReason(s.Reason) || unknownName(s, d.site) {
		return
	}
	r.try(s, d.home)
}

// settle notes where an account is at home. One that is used from ever other lines is at home nowhere, and takes no room from the others.
func (d *stuffing) settle(s *event.Sighting) {
	n := d.used[s.Who.Handle]
	if line := lineOf(s); s.Src.Kind.Anonymous() && n < stuffHomes && len(d.home) < 4*stuffFollow && !d.home[line] {
		d.home[line] = true
		n++
	}
	d.used[s.Who.Handle] = n
}

// forgive takes an account's tries back that its own login follows.
func (r *stuffedRealm) forgive(s *event.Sighting) {
	if len(r.tries) == 0 || s.Time-r.tries[len(r.tries)-1].at > stuffSlip*60e6 {
		return
	}
	own := func(t stuffTry) bool { return t.who == s.Who && s.Time-t.at <= stuffSlip*60e6 }
	for i := len(r.tries) - 1; i >= 0 && s.Time-r.tries[i].at <= stuffSlip*60e6; i-- { // they are in order of time
		if own(r.tries[i]) {
			r.tries = slices.DeleteFunc(r.tries, own)
			return
		}
	}
}

func (r *stuffedRealm) try(s *event.Sighting, home map[event.Line]bool) {
	keep := 0
	for keep < len(r.tries) && s.Day-r.tries[keep].day >= stuffDays {
		keep++
	}
	if keep > 0 {
		r.tries = append(r.tries[:0], r.tries[keep:]...)
	}
	if len(r.tries) >= stuffFollow {
		return
	}
	t := stuffTry{who: s.Who, from: s.SrcIP, at: s.Time, day: s.Day, seen: s.Seen()}
	t.held.Add(s.Event)
	r.tries = append(r.tries, t)
	if st := r.open(s.Day); st != nil {
		st.add(t)
		return
	}
	n := stuffed(r.tries, home)
	for len(r.recent) > 0 && s.Day-r.recent[0].day >= stuffDays {
		r.most = max(r.most, r.recent[0].n)
		r.recent = r.recent[1:]
	}
	if s.Day-r.begun < stuffLearn || n < stuffNames || float64(n) < stuffOver*float64(r.most) {
		if k := len(r.recent); k > 0 && r.recent[k-1].day == s.Day {
			r.recent[k-1].n = n
		} else {
			r.recent = append(r.recent, stuffDay{s.Day, n})
		}
		return
	}
	r.recent = nil // of the story, not of what is usual
	st := &stuffStory{first: r.tries[0].at, alerted: s.Seen(), before: r.most}
	for _, t := range r.tries {
		st.add(t)
	}
	if len(r.stories) < 256 {
		r.stories = append(r.stories, st)
	}
}

func (r *stuffedRealm) open(day int32) *stuffStory {
	if n := len(r.stories); n > 0 && day-r.stories[n-1].lastDay <= stuffApart {
		return r.stories[n-1]
	}
	return nil
}

func (st *stuffStory) add(t stuffTry) {
	st.last, st.lastDay = t.at, t.day
	if len(st.tries) < 1024 {
		st.tries = append(st.tries, t)
	} else {
		st.more++
	}
}

// stuffed counts the accounts that were tried as a list tries them, from where nobody is at home.
func stuffed(tries []stuffTry, home map[event.Line]bool) int {
	per := map[uint32]int{}
	for _, t := range tries {
		if !home[event.LineOf(t.from)] {
			per[t.who.Handle]++
		}
	}
	n := 0
	for _, k := range per {
		if k <= stuffTries {
			n++
		}
	}
	return n
}

func (d *stuffing) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, name := range sortedRealms(d.realms) {
		for _, st := range d.realms[name].stories {
			if f, ok := st.finding(name, d.home); ok {
				out = append(out, f)
			}
		}
	}
	return out
}

// finding tells a story, unless people turned out to be at home at its addresses.
func (st *stuffStory) finding(name realm, home map[event.Line]bool) (event.Finding, bool) {
	f := event.Finding{Key: fmt.Sprintf("%s %d", name, st.first), Severity: event.Medium, Alerted: st.alerted}
	var evidence detect.Evidence
	names, lines, hidden := map[uint32]int{}, map[event.Line]bool{}, int64(0)
	for i := range st.tries {
		t := &st.tries[i]
		if home[event.LineOf(t.from)] {
			continue
		}
		if f.First == 0 {
			f.First = t.at
		}
		f.Last = t.at
		names[t.who.Handle]++
		hidden++
		lines[event.LineOf(t.from)] = true
		if !slices.Contains(f.Addresses, t.from) {
			f.Addresses = append(f.Addresses, t.from)
		}
		evidence.Merge(&t.held)
	}
	few := 0
	for _, k := range names {
		if k <= stuffTries*(1+int(st.lastDay-st.tries[0].day)/stuffDays) {
			few++
		}
	}
	if few < stuffNames || 2*few < len(names) {
		return f, false
	}
	if few >= stuffHigh {
		f.Severity = event.High
	}
	f.Alerted = cmp.Or(max(f.Alerted, f.First), f.First)
	slices.SortFunc(f.Addresses, netip.Addr.Compare)
	f.Evidence = evidence.Refs()
	f.Numbers = []event.Figure{figure("accounts", float64(len(names))), figure("tries", float64(hidden+st.more)), figure("addresses", float64(len(lines))), figure("accounts_before", float64(st.before))}
	f.Title = event.Words{
		Ja: fmt.Sprintf("よそで盗まれた名前とパスワードの一覧が試されている疑い（%d アカウント、%d 件の接続元）", len(names), len(lines)),
		En: fmt.Sprintf("a list of names and passwords stolen elsewhere may be tried (%d accounts from %d addresses)", len(names), len(lines))}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s の記録で、利用者を隠す接続元（Tor、VPN、レンタルサーバ）ばかりから、実在する %d アカウントが %d 回以下ずつ試された。以前は %d 日間に最大 %d アカウントだった。どの接続元からも成功した人はいない。VPN サービスを使う人の打ち間違いが重なっても起こりうる。", name, len(names), stuffTries, stuffDays, st.before),
		En: fmt.Sprintf("In %s %d real accounts were tried, no more than %d times each, all from addresses that hide their user (Tor, VPN, rented machines); before, it was %d at most in %d days. Nobody ever got in from these addresses. People who use VPN services and mistype can look like this.", name, len(names), stuffTries, st.before, stuffDays)}
	return f, true
}
