// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var targetDropOut = detect.Spec{Name: "target-drop-out", Attack: []string{"T1110", "T1078"}, New: newDropOut}

// Tunables of target-drop-out.
const (
	waveShare   = 0.10            // of the accounts known so far, tried within an hour: a wave begins
	waveLeast   = 20              // and at least so many
	waveQuiet   = 2 * 3600 * 1e6  // µs with hardly any targets end it
	waveLongest = 24 * 3600 * 1e6 // µs: a longer one is cut
	waveSubset  = 0.5             // share of the standing list below which a wave is aimed at some only and tells nothing of the rest
	dropPrior   = 0.01            // of accounts whose password falls to guessing (the AIST report of 2018: about 1 % had patterns)
	dropPost    = 0.9             // posterior at which an account is named
	dropSteady  = 30              // accounts' worth of the earlier waves in the estimate: a small wave that missed nobody is luck
	dropWaves   = 3               // waves that must have passed
	dropTries   = 2               // attempts that an account must have had: an owner's one slip during a wave puts nobody on the list
	hitApart    = 60 * 1e6        // µs between hits on one account that are both remembered: a storm on one account fills no memory
)

// dropOut watches which accounts a guessing campaign stops trying while it goes on with the others: those whose password it
// has found. It is the strongest sign where no log tells success from failure, and it needs no success in any log.
//
// Attempts are cut into waves. For each wave the share p0 of the standing list that was not hit is estimated from the wave
// itself; an account not hit gains -ln p0, one that is hit starts from nought again.
type dropOut struct {
	detect.Trace
	site   detect.Site
	realms map[realm]*dropRealm
}

type dropRealm struct {
	hits               []hit // of the last hour
	head               int
	inHour             map[uint32]int
	wave               *wave
	list               map[uint32]*target
	waves              int
	fresh, freshMissed int                 // over all whole waves
	seen               map[uint32]struct{} // accounts that logged in, to measure waves by
	strangers          int                 // names on the list that are in no directory and that nobody had logged in with
}

type hit struct {
	at     event.Micros
	handle uint32
}

type wave struct {
	from, last event.Micros
	peak       int
	targets    map[uint32]*target
}

// target is one account on the list.
type target struct {
	who      *event.Account
	wave     int // last one that hit it
	count    int // waves that hit it
	nats     float64
	crossed  event.Micros // when nats passed the mark
	gone     event.Micros // last hit before it fell silent
	tries    int64
	evidence event.Ref
	slid     event.Micros // last hit that was remembered for the hour
	real     bool         // in the directory, or somebody logged in with it
	excused  bool         // locked or disabled: silence has another reason
}

func newDropOut(site detect.Site) detect.Detector {
	return &dropOut{site: site, realms: map[realm]*dropRealm{}}
}

func (d *dropOut) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *dropOut) Observe(s *event.Sighting) {
	if s.Who == nil || s.Who.System {
		return
	}
	r := d.realms[realmOf(s)]
	if r == nil {
		r = &dropRealm{inHour: map[uint32]int{}, list: map[uint32]*target{}, seen: map[uint32]struct{}{}}
		d.realms[realmOf(s)] = r
	}
	if s.LoggedIn() {
		r.seen[s.Who.Handle] = struct{}{}
		if t := r.list[s.Who.Handle]; t != nil {
			t.real = true
		}
		return
	}
	if !s.Failed() || unknownName(s, d.site) {
		return
	}
	_, real := r.seen[s.Who.Handle]
	if real = real || s.Who.Listed; !real && r.list[s.Who.Handle] == nil {
		if r.strangers >= dropStrangers {
			return // a name that somebody made up to fill the list
		}
		r.strangers++
	}
	// Names that nobody is known to have count for no more than those that somebody has: who makes up names does not make waves look small.
	r.observe(s, max(d.site.Accounts, len(r.seen)+min(r.strangers, max(len(r.seen), 1000))), real)
}

// dropStrangers is how many names are followed that are in no directory and that nobody logged in with.
const dropStrangers = 1 << 15

func (r *dropRealm) observe(s *event.Sighting, accounts int, real bool) {
	if w := r.wave; w != nil && (s.Time-w.last > waveQuiet || s.Time-w.from > waveLongest) {
		r.closeWave()
	}
	r.slide(s, real)
	need := max(waveLeast, int(waveShare*float64(accounts)))
	if r.wave == nil {
		if len(r.inHour) < need {
			return
		}
		r.openWave(s)
	}
	w := r.wave
	w.peak = max(w.peak, len(r.inHour))
	if len(r.inHour)*20 >= w.peak {
		w.last = s.Time
	}
	r.hit(s.Who, s.Event)
}

// slide keeps the targets of the last hour. A hit remembers the account only; those of the hour before a wave opens are
// counted into it.
func (r *dropRealm) slide(s *event.Sighting, real bool) {
	t := r.list[s.Who.Handle]
	if t == nil {
		t = &target{who: s.Who, wave: -1}
		r.list[s.Who.Handle] = t
	}
	t.real = t.real || real
	if t.slid == 0 || s.Time-t.slid >= hitApart {
		t.slid = s.Time
		r.hits = append(r.hits, hit{s.Time, s.Who.Handle})
		r.inHour[s.Who.Handle]++
	}
	for r.head < len(r.hits) && s.Time-r.hits[r.head].at > 3600*1e6 {
		h := r.hits[r.head].handle
		if r.inHour[h]--; r.inHour[h] <= 0 {
			delete(r.inHour, h)
		}
		r.head++
	}
	if r.head > 4096 && r.head*2 > len(r.hits) {
		r.hits = append(r.hits[:0], r.hits[r.head:]...)
		r.head = 0
	}
}

func (r *dropRealm) openWave(s *event.Sighting) {
	r.wave = &wave{from: s.Time, last: s.Time, targets: map[uint32]*target{}}
	for _, h := range r.hits[r.head:] {
		r.wave.targets[h.handle] = r.list[h.handle]
	}
}

func (r *dropRealm) hit(who *event.Account, e *event.Event) {
	t := r.list[who.Handle]
	t.tries++
	t.gone = e.Time
	t.evidence = e.Ref
	t.evidence.More = nil
	if e.Reason == event.ReasonLocked || e.Reason == event.ReasonDisabled || who.Disabled {
		t.excused = true
	}
	r.wave.targets[who.Handle] = t
}

// closeWave scores the accounts of the standing list against the wave that ended.
func (r *dropRealm) closeWave() {
	w := r.wave
	r.wave = nil
	standing, missed, fresh, freshMissed := 0, 0, 0, 0
	known := 0
	for _, t := range r.list {
		if t.real && t.count > 0 {
			known++
		}
	}
	for h, t := range r.list {
		if t.count == 0 || known >= waveLeast && !t.real { // made-up names tell nothing of the list
			continue
		}
		standing++
		_, hit := w.targets[h]
		if !hit {
			missed++
		}
		if t.wave == r.waves-1 { // hit by the wave before: the fair sample for p0
			fresh++
			if !hit {
				freshMissed++
			}
		}
	}
	whole := standing == 0 || float64(standing-missed) >= waveSubset*float64(standing)
	if whole {
		r.fresh, r.freshMissed = r.fresh+fresh, r.freshMissed+freshMissed
		usual := (float64(r.freshMissed) + 0.5) / (float64(r.fresh) + 1)
		p0 := (float64(freshMissed) + 0.5 + dropSteady*usual) / (float64(fresh) + 1 + dropSteady)
		gain := -math.Log(math.Min(p0, 1))
		for h, t := range r.list {
			if _, hit := w.targets[h]; !hit && t.count > 0 {
				t.nats += gain
				if t.crossed == 0 && t.nats > dropMark() {
					t.crossed = w.last + waveQuiet
				}
			}
		}
	}
	for _, t := range w.targets {
		if t == nil {
			continue
		}
		t.nats, t.crossed = 0, 0
		t.count++
		if whole {
			t.wave = r.waves
		}
	}
	if whole {
		r.waves++
	}
}

// dropMark is the sum of evidence at which the posterior is dropPost.
func dropMark() float64 {
	return math.Log((1-dropPrior)/dropPrior) + math.Log(dropPost/(1-dropPost))
}

func (d *dropOut) Findings(asOf event.Micros) []event.Finding {
	var out []event.Finding
	for _, name := range sortedRealms(d.realms) {
		r := d.realms[name]
		// While a wave is under way nobody can say whom it leaves out.
		if w := r.wave; w != nil && (asOf == detect.Over || asOf-w.last > waveQuiet || asOf-w.from > waveLongest) {
			r = detect.Clone(r)
			r.closeWave()
		}
		if f, ok := r.finding(name); ok {
			out = append(out, f...)
		}
	}
	return out
}

func (r *dropRealm) finding(name realm) ([]event.Finding, bool) {
	var gone []*target
	for _, t := range r.list {
		if r.waves >= dropWaves && t.crossed != 0 && !t.excused && t.tries >= dropTries {
			gone = append(gone, t)
		}
	}
	if len(gone) == 0 || len(gone)*2 > len(r.list) {
		return nil, false
	}
	slices.SortFunc(gone, func(a, b *target) int {
		return cmp.Or(cmp.Compare(b.nats, a.nats), cmp.Compare(a.who.ID, b.who.ID))
	})
	var out []event.Finding
	for _, t := range gone {
		out = append(out, event.Finding{
			Key: string(name) + " " + t.who.ID, Severity: event.High, First: t.gone, Last: t.crossed, Alerted: t.crossed,
			Accounts: []string{t.who.ID}, Evidence: []event.Ref{t.evidence},
			Numbers: []event.Figure{{Name: "nats", Value: math.Round(t.nats*1000) / 1000}, {Name: "waves", Value: float64(r.waves)},
				{Name: "waves_hit", Value: float64(t.count)}, {Name: "attempts", Value: float64(t.tries)}},
			Title: event.Words{Ja: fmt.Sprintf("%s が攻撃の標的から外れた", t.who.Name), En: fmt.Sprintf("the attackers stopped trying %s", t.who.Name)},
			Explanation: event.Words{
				Ja: fmt.Sprintf("%s の記録で、パスワード推測は全体として続いている（%d 波）のに、このアカウントだけ試行が止まった。パスワードが判明したアカウントは標的から外されることが多い（産総研報告書（2018年）図5）。ログインの成否が記録されていなくても分かる兆候である。休止・改名・攻撃側の都合でも起こりうる。", name, r.waves),
				En: fmt.Sprintf("In %s the guessing goes on (%d waves), but this account is no longer tried. Accounts whose password is found are usually taken off the list (AIST report of 2018, fig. 5); the sign needs no record of a success. A rename, or the attackers' own order of work, can look like this.", name, r.waves)},
		})
	}
	return out, true
}
