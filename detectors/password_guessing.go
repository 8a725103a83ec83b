// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var passwordGuessing = detect.Spec{Name: "password-guessing", Attack: []string{"T1110.001", "T1110.003"}, New: newPasswordGuessing}

// Tunables of password-guessing.
const (
	guessingFloor    = 5   // accounts a day above what is expected
	guessingAbsolute = 0.2 // share of all accounts that failed on one day which needs no history, at least guessingLeast
	guessingLeast    = 40
	guessingHighZ    = 6.0
	guessingSlip     = 15  // minutes after a failure within which the account's own success makes it a slip of the finger
	guessingOdd      = 20  // accounts that failed where they are not at home, for high severity; below guessingFloor it is low
	sprayPerAccount  = 5.0 // attempts for each account and day: up to this it is called a spray
)

// guessing counts the distinct existing accounts a day that failed to log in: the breadth. One person who mistypes a hundred
// times, or one phone with an old password, does not move it; a list of accounts does, however few attempts each gets and
// from however many addresses.
type guessing struct {
	detect.Trace
	site   detect.Site
	realms map[realm]*guessedRealm
	slips  slips // in any log
}

type guessedRealm struct {
	watch watch
	all   map[uint32]event.Micros // accounts that logged in or failed, and when they failed last
	homes homes
}

func newPasswordGuessing(site detect.Site) detect.Detector {
	return &guessing{site: site, realms: map[realm]*guessedRealm{}}
}

func (g *guessing) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (g *guessing) Observe(s *event.Sighting) {
	if s.Who == nil || s.Who.System {
		return
	}
	r := g.realms[realmOf(s)]
	if r == nil {
		r = &guessedRealm{all: map[uint32]event.Micros{}}
		r.watch.change.Floor = guessingFloor
		g.realms[realmOf(s)] = r
	}
	if s.LoggedIn() {
		if at := r.all[s.Who.Handle]; at != 0 && s.Time-at <= guessingSlip*60*1e6 {
			r.watch.forgive(s.Who.Handle, s.Day)
		}
		g.slips.login(s)
		r.all[s.Who.Handle] = 0
		r.homes.login(s)
		return
	}
	if !s.Failed() || unknownName(s, g.site) || !guessReason(s.Reason) {
		return
	}
	r.watch.absolute = max(guessingLeast, int(guessingAbsolute*float64(max(g.site.Accounts, len(r.all)))))
	if _, ok := r.all[s.Who.Handle]; ok || s.Who.Listed || len(r.all) < guessingNames {
		r.all[s.Who.Handle] = s.Time
	}
	homely := r.homes.failure(s)
	if g.slips.his(s) {
		return
	}
	g.slips.fail(s)
	r.watch.observeAt(s, homely)
	if g.Asking() {
		g.tell(s, r)
	}
}

// guessingNames is how many names are remembered besides those that the directory lists and those that logged in.
const guessingNames = 1 << 16

// guessReason says whether a failure can be a wrong guess: a lapsed password or a missing second step is not.
func guessReason(r event.Reason) bool {
	switch r {
	case event.ReasonBadPassword, event.ReasonBadCredentials, event.ReasonLocked, event.ReasonNone, event.ReasonOther, event.ReasonDenied:
		return true
	}
	return false
}

func (g *guessing) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, name := range sortedRealms(g.realms) {
		r := g.realms[name]
		for _, e := range r.watch.finished() {
			out = append(out, r.finding(name, e))
		}
	}
	return out
}

func (r *guessedRealm) finding(name realm, e *episode) event.Finding {
	sev := event.Medium
	if e.z >= guessingHighZ && e.peakNames >= guessingLeast || e.noHistory || e.days >= 5 && e.z >= guessingHighZ/2 && len(e.names) >= guessingLeast {
		sev = event.High
	}
	switch {
	case len(e.odd) < guessingFloor: // an expiry of passwords, a semester's first day: people at their own desks
		sev = event.Low
	case len(e.odd) < guessingOdd:
		sev = min(sev, event.Medium)
	}
	per := float64(e.tries) / float64(max(len(e.names), 1)*max(e.days, 1))
	f := event.Finding{
		Detector: "password-guessing", Key: fmt.Sprintf("%s %d", name, e.onset), Severity: sev, First: e.from, Last: e.to, Alerted: e.alerted,
		Addresses: e.sources.broad(3, 2000), Evidence: e.evidence.Refs(),
		Numbers: []event.Figure{{Name: "failures", Value: float64(e.tries)}, {Name: "accounts", Value: float64(len(e.names))}, {Name: "days", Value: float64(e.days)},
			{Name: "peak_failures_per_day", Value: float64(e.peak)}, {Name: "peak_accounts_per_day", Value: float64(e.peakNames)},
			{Name: "expected_accounts_per_day", Value: e.expected}, {Name: "z", Value: e.z}},
	}
	if per <= sprayPerAccount {
		f.Detector = "password-spray"
	}
	if e.noHistory {
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s の記録で、1 日に %d アカウントが失敗した（1 日の失敗は最大 %d 件）。記録の始まりに近く比べる過去がないが、全アカウントに対する割合だけで異常である。一斉のパスワード失効や認証基盤の障害でも増えることがある。", name, e.peakNames, e.peak),
			En: fmt.Sprintf("In %s as many as %d accounts failed on one day (at most %d failures a day). The log has hardly begun, so there is no past to compare with; the share of all accounts alone is out of the ordinary. A mass expiry of passwords or a fault of the login can look like this.", name, e.peakNames, e.peak)}
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("多数のアカウントへのパスワード推測（失敗 %d 件、%d アカウント）", e.tries, len(e.names)),
		En: fmt.Sprintf("passwords are being guessed: %d failures on %d accounts", e.tries, len(e.names))}
	if e.noHistory {
		return f
	}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s の記録で、1 日に失敗したアカウント数が通常約 %.0f のところ最大 %d に増えた（1 日の失敗は最大 %d 件）。接続元やアカウントごとの回数では目立たないよう分散した攻撃でも、広がりは隠せない。一斉のパスワード失効や認証基盤の障害でも増えることがある。", name, e.expected, e.peakNames, e.peak),
		En: fmt.Sprintf("In %s the number of accounts that failed rose from about %.0f a day to as many as %d (at most %d failures a day). Spreading the attempts over addresses and accounts hides their number, not their breadth. A mass expiry of passwords or a fault of the login can look like this.", name, e.expected, e.peakNames, e.peak)}
	return f
}
