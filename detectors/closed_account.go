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

// closedTries is somebody outside who tries an account that let people in before and is gone or locked now: an intruder who lost his way in, or
// the program of somebody who left.
type closedTries struct {
	who                  *event.Account
	first, last, alerted event.Micros
	begun, day           int32 // of the first and the last
	times                int64
	addresses            []netip.Addr
	service, host        string
	open                 bool // somebody got in after all: it was not closed
	evidence             detect.Evidence
}

// gone says whether a failure means that there is no such account any more, or that nobody may use it. What has expired may be a password only.
func gone(r event.Reason) bool { return r == event.ReasonNoSuchAccount || r == event.ReasonDisabled }

// tried looks at a failure. That the same kind of log told of a login before shows that the name was good there.
func (d *dormancy) tried(s *event.Sighting, a *dormantUse) {
	if !s.Failed() || !gone(s.Reason) || !a.in(realmOf(s)) || !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own {
		return
	}
	c := a.closed
	if c == nil || c.open || s.Day-c.day > dormantDays {
		if len(d.closed) >= dormantClosed {
			return
		}
		c = &closedTries{who: s.Who, begun: s.Day, first: s.Time, alerted: s.Seen(), service: s.Service, host: s.Dst.Host}
		a.closed = c
		d.closed = append(d.closed, c)
	}
	c.last, c.day = s.Time, s.Day
	c.times += s.Times()
	if len(c.addresses) < 16 && !slices.Contains(c.addresses, s.SrcIP) {
		c.addresses = append(c.addresses, s.SrcIP)
	}
	c.evidence.Add(s.Event)
}

// in says whether the account logged in before where such a log is kept.
func (a *dormantUse) in(r realm) bool { return slices.Contains(a.realms[:], hashText(string(r))) }

// enter notes that it did. An account that is used everywhere keeps the first places.
func (a *dormantUse) enter(r realm) {
	h := hashText(string(r))
	for i, x := range a.realms {
		if x == h {
			return
		}
		if x == 0 {
			a.realms[i] = h
			return
		}
	}
}

// closedFindings tells of each account; where a directory that does not answer made all names unknown, of the day alone.
func (d *dormancy) closedFindings() []event.Finding {
	began := map[int32]int{}
	for _, c := range d.closed {
		began[c.begun]++
	}
	var out []event.Finding
	for _, c := range d.closed {
		if !c.open && began[c.begun] <= dormantTogether {
			out = append(out, c.finding())
		}
	}
	return out
}

func (c *closedTries) finding() event.Finding {
	f := event.Finding{Key: fmt.Sprintf("%s closed %d", c.who.ID, c.first), Severity: event.Low, First: c.first, Last: c.last, Alerted: c.alerted, Accounts: []string{c.who.ID}, Addresses: c.addresses, Evidence: c.evidence.Refs(),
		Numbers: []event.Figure{figure("tries", float64(c.times)), figure("addresses", float64(len(c.addresses)))}}
	f.Title = event.Words{
		Ja: fmt.Sprintf("廃止または停止されたアカウント %s でのログインが外部から試されている（%d 回）", c.who.Name, c.times),
		En: fmt.Sprintf("%s, which is closed or gone, is being tried from outside, %d times", c.who.Name, c.times)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s は以前このアカウントのログインを受け付けていたが、今は存在しないか停止されている。退職者の端末に残った設定でも起こるが、侵入に使われたため止めたアカウントなら、侵入者がまだ入口を探している。接続元がほかのアカウントにも現れていないか確かめること。", place(c.service, c.host)),
		En: fmt.Sprintf("%s let this account in before; now there is no such account, or it is disabled. The device of somebody who left goes on so. If the account was closed because an intruder used it, he is still looking for a way in: see whether the address comes with other accounts.", place(c.service, c.host))}
	return f
}
