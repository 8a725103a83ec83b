// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"slices"
	"time"
)

// refused says whether the receiver refused all that the logs show of something that happened from first to last: no log that
// shows it had a line taken meanwhile.
func (d *debriefing) refused(logs []string, first, last time.Time) bool {
	r := d.record
	if first.Before(r.StoryFrom) && !r.History {
		first = r.StoryFrom
	}
	if last.After(r.StoryEnd) {
		last = r.StoryEnd
	}
	for _, kind := range logs {
		if !slices.ContainsFunc(r.Delivery.Gaps, func(g Gap) bool {
			return g.Kind == kind && (g.After == nil || g.After.Before(first)) && (g.Until == nil || g.Until.After(last))
		}) {
			return false
		}
	}
	return len(logs) > 0
}

// lose finds what was played and never delivered. What the team named all the same counts as everything else.
func (d *debriefing) lose() {
	for k, b := range d.bad {
		named := slices.ContainsFunc(d.said[k], func(w word) bool { return w.is == "bad" })
		if b.was && !named && d.refused(b.logs, b.first, b.last) {
			b.was, b.lost = false, true
		}
	}
}

// undelivered says how much was played that the receiver refused; empty if nothing was.
func (d *Debrief) undelivered() phrase {
	a, i, h := d.Accounts.NotDelivered, d.Addresses.NotDelivered, d.Hosts.NotDelivered
	if a+i+h+d.ActsUndelivered == 0 {
		return phrase{}
	}
	return both("届かなかったもの（受信側が拒否。見落としに数えません）：アカウント %d、アドレス %d、サーバ・端末 %d、行為 %d", "not delivered, since the receiver refused it, and nobody's fault: accounts %d, addresses %d, hosts %d, acts %d", a, i, h, d.ActsUndelivered)
}

// stoppedWords says why an exercise ended early.
func stoppedWords(why string) phrase {
	switch why {
	case stoppedInterrupted:
		return phrase{"中断", why}
	case stoppedAlone:
		return phrase{"記録が途中で途絶えています", why}
	}
	return sameWords(why)
}
