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

var dormantAccount = detect.Spec{Name: "dormant-account", Attack: []string{"T1078"}, New: newDormant}

// Tunables of dormant-account.
const (
	dormantDays     = 60      // days without any use after which an account that was in use counts as dormant
	dormantUnseen   = 45      // days of records without any use after which one that was never seen does
	dormantDisabled = 30      // the same for one that the directory calls disabled
	dormantWatch    = 7       // days after waking in which its use is gathered
	dormantFailures = 2       // failures on days before, by somebody who did not know the password, that make waking suspicious
	dormantBefore   = 30      // days in which they count
	dormantTogether = 5       // accounts that wake on one day without any sign: rather a term that begins, or a log that does
	dormantNight    = 22      // the hour from which, and
	dormantMorning  = 6       // until which people are asleep
	dormantClosed   = 1 << 12 // closed accounts that somebody tries, that are followed
	dormantMost     = 200     // accounts that are told of one by one on one day
)

// dormancy remembers when each account was last in use. An account of somebody who left, or of a device that is no more, has a
// password that nobody changes and nobody who would notice.
type dormancy struct {
	detect.Trace
	accounts map[uint32]*dormantUse
	first    int32
	started  bool
	woken    []*waking
	// strangers counts those that are in no directory and had not logged in when they were first seen.
	strangers int
	closed    []*closedTries
}

const dormantStrangers = 1 << 17

type dormantUse struct {
	last     int32 // day of the last use; -1: never
	failDay  int32 // of the last failure
	fails    int32 // on different days, in dormantBefore
	waking   *waking
	untilDay int32
	realms   [4]uint32 // kinds of log that told of its logins, hashed
	closed   *closedTries
}

type waking struct {
	who       *event.Account
	slept     int32
	need      int32 // days after which it counts as dormant
	unseen    bool  // never seen before
	failures  int32
	night     bool
	hidden    bool
	first     event.Micros
	last      event.Micros
	alerted   event.Micros
	day       int32
	times     int64
	addresses []netip.Addr
	service   string
	host      string
	country   string
	evidence  detect.Evidence
}

func newDormant(detect.Site) detect.Detector { return &dormancy{accounts: map[uint32]*dormantUse{}} }

func (d *dormancy) Classes() detect.ClassSet {
	return detect.Classes(event.ClassAuthentication, event.ClassRemoteSession, event.ClassMail, event.ClassFile, event.ClassHTTP, event.ClassDirectory, event.ClassProcess)
}

func (d *dormancy) Observe(s *event.Sighting) {
	if !d.started {
		d.first, d.started = s.Day, true
	}
	if s.Who == nil || s.Who.System {
		return
	}
	a := d.accounts[s.Who.Handle]
	if s.Outcome == event.OutcomeFailure {
		if a == nil && s.Who.Listed && s.Failed() {
			a = &dormantUse{last: -1}
			d.accounts[s.Who.Handle] = a
		}
		if a != nil && s.Failed() {
			a.failed(s.Day)
			d.tried(s, a)
		}
		return
	}
	if s.Outcome != event.OutcomeSuccess {
		return
	}
	if a == nil {
		if !s.Who.Listed && !s.LoggedIn() { // the sender of a letter, say: anybody can make up such
			if d.strangers >= dormantStrangers {
				return
			}
			d.strangers++
		}
		a = &dormantUse{last: -1}
		d.accounts[s.Who.Handle] = a
	}
	if s.LoggedIn() {
		a.enter(realmOf(s))
		if c := a.closed; c != nil && s.Day-c.day <= dormantWatch {
			c.open = true
		}
	}
	if a.waking != nil && s.Day <= a.untilDay {
		if s.LoggedIn() {
			a.waking.see(s)
		}
	} else if s.LoggedIn() {
		d.wake(s, a)
	}
	if s.Class != event.ClassMail || s.Activity != event.ActReceive { // mail comes to anybody
		a.last = s.Day
	}
}

func (a *dormantUse) failed(day int32) {
	switch {
	case a.failDay == day && a.fails > 0:
	case day-a.failDay > dormantBefore:
		a.failDay, a.fails = day, 1
	default:
		a.failDay = day
		a.fails++
	}
}

// wake begins a waking if the account slept long enough.
func (d *dormancy) wake(s *event.Sighting, a *dormantUse) {
	slept, need := s.Day-d.first, int32(dormantUnseen)
	if a.last >= 0 {
		slept, need = s.Day-a.last, dormantDays
	}
	if s.Who.Disabled {
		need = dormantDisabled
	}
	if d.Asked(s.Who) {
		d.tell(s, a, slept, need)
	}
	if slept < need {
		return
	}
	w := &waking{who: s.Who, slept: slept, need: need, unseen: a.last < 0, first: s.Time, alerted: s.Seen(), day: s.Day}
	if a.fails > 0 && s.Day-a.failDay <= dormantBefore && (a.failDay < s.Day || a.fails > 1) { // on the day itself, people mistype
		w.failures = a.fails
		if a.failDay == s.Day {
			w.failures--
		}
	}
	w.see(s)
	a.waking, a.untilDay = w, s.Day+dormantWatch
	d.woken = append(d.woken, w)
}

func (w *waking) see(s *event.Sighting) {
	w.last = s.Time
	w.times++
	w.evidence.Add(s.Event)
	if hour := s.Minute / 60; !w.who.Service && (hour >= dormantNight || hour < dormantMorning) {
		w.night = true
	}
	if s.SrcIP.IsValid() && !s.SrcIsRelay && !s.Src.Own {
		if len(w.addresses) < 16 && !slices.Contains(w.addresses, s.SrcIP) {
			w.addresses = append(w.addresses, s.SrcIP)
		}
		w.hidden = w.hidden || s.Src.Kind.Anonymous()
		if w.country == "" {
			w.country = s.Src.Country
		}
	}
	if w.service == "" {
		w.service = s.Service
	}
	if w.host == "" {
		w.host = s.Dst.Host
	}
}

// signs counts what makes the waking odd, hidden sources twice.
func (w *waking) signs() int {
	n := 0
	if w.failures >= dormantFailures {
		n++
	}
	if w.night {
		n++
	}
	if w.hidden {
		n += 2
	}
	return n
}

func (w *waking) severity() event.Severity {
	n := w.signs()
	if w.who.Disabled {
		n += 2
	}
	switch {
	case n >= 3:
		return event.High
	case n == 2:
		return event.Medium
	}
	return event.Low
}

func (d *dormancy) Findings(event.Micros) []event.Finding {
	calm := map[int32]int{}
	for _, w := range d.woken {
		if w.severity() == event.Low {
			calm[w.day]++
		}
	}
	var out []event.Finding
	told := map[int32]int{}
	together := map[int32]*waking{}
	var crowd []*waking
	for _, w := range d.woken {
		if w.severity() == event.Low && calm[w.day] > dormantTogether {
			if t := together[w.day]; t == nil {
				all := *w
				together[w.day] = &all
				crowd = append(crowd, &all)
			} else {
				t.last = max(t.last, w.last)
			}
			continue
		}
		if told[w.day]++; told[w.day] <= dormantMost {
			out = append(out, w.finding())
		}
	}
	for _, w := range crowd {
		out = append(out, crowdFinding(w, calm[w.day]))
	}
	return sortedFindings(append(out, d.closedFindings()...))
}

func (w *waking) finding() event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %d", w.who.ID, w.day), Severity: w.severity(), First: w.first, Last: w.last, Alerted: w.alerted,
		Accounts: []string{w.who.ID}, Addresses: w.addresses, Evidence: w.evidence.Refs(),
		Numbers: []event.Figure{figure("days_without_use", float64(w.slept)), figure("days_that_count", float64(w.need)), figure("logins", float64(w.times)), figure("days_with_failures_before", float64(w.failures))},
	}
	name := w.who.Name
	f.Title = event.Words{
		Ja: fmt.Sprintf("%d 日間使われていなかったアカウント %s でログインがあった", w.slept, name),
		En: fmt.Sprintf("%s, not used for %d days, logged in", name, w.slept)}
	var ja, en string
	if w.unseen {
		f.Title = event.Words{
			Ja: fmt.Sprintf("記録の始まりから %d 日間現れなかったアカウント %s でログインがあった", w.slept, name),
			En: fmt.Sprintf("%s, not seen in %d days of records, logged in", name, w.slept)}
	}
	if w.who.Disabled {
		ja, en = ja+"名簿では無効とされている。", en+" The directory calls it disabled."
	}
	if w.who.Service {
		ja, en = ja+"プログラム用のアカウントである。", en+" It is a program's account."
	}
	if w.failures > 0 {
		ja, en = ja+fmt.Sprintf("それまでの %d 日に、このアカウントへの失敗があった。", w.failures), en+fmt.Sprintf(" There were failures on it on %d days before.", w.failures)
	}
	if w.night {
		ja, en = ja+"深夜の利用がある。", en+" It was used at night."
	}
	if w.hidden {
		ja, en = ja+"利用者を隠す接続元（Tor・VPN・事業者のサーバ）から来ている。", en+" It came through an address that hides its user."
	}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("最初の利用は %s への %d 回のログイン。%s使われないアカウントは、誰も気付かないため狙われる。復職・入所・久しぶりの出勤でも起こる。本人か管理部署に確かめ、不要なら止めること。", place(w.service, w.host), w.times, ja),
		En: fmt.Sprintf("It began with %d logins at %s.%s Accounts that nobody uses are chosen because nobody notices. A return from leave or a new member looks the same: ask, and close the account if nobody needs it.", w.times, place(w.service, w.host), en)}
	return f
}

// place names a service and the host that it runs on.
func place(service, host string) string {
	switch {
	case service == "" && host == "":
		return "?"
	case host == "":
		return service
	case service == "":
		return host
	}
	return service + " (" + host + ")"
}

func crowdFinding(w *waking, n int) event.Finding {
	return event.Finding{
		Key: fmt.Sprintf("together %d", w.day), Severity: event.Info, First: w.first, Last: w.last, Alerted: w.alerted, Evidence: w.evidence.Refs(),
		Numbers: []event.Figure{figure("accounts", float64(n))},
		Title:   event.Words{Ja: fmt.Sprintf("%d アカウントが同じ日に初めて、または久しぶりに使われた", n), En: fmt.Sprintf("%d accounts were used on one day for the first time, or again after long", n)},
		Explanation: event.Words{
			Ja: "いずれにも不審な点はない。年度の始まりや、新しい記録の収集開始で起こる。",
			En: "None of them shows anything odd. The beginning of a term, or of a log, looks like this."},
	}
}
