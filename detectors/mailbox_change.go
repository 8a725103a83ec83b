// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var mailboxChange = detect.Spec{Name: "mailbox-change", Attack: []string{"T1098.001", "T1098.002", "T1114.003", "T1556.007", "T1562.008", "T1564.008"}, New: newMailboxChange}

// Tunables of mailbox-change.
const (
	mailboxHome    = 5    // days on which an account must have logged in before a new network is strange to it
	mailboxRoutine = 3    // days on which an account made a change of that kind before, from which it is its work
	mailboxApps    = 3    // accounts that agreed to an application before: it is in use here
	mailboxShort   = 2    // letters of a rule's name, at most, that nobody gives a rule who means to find it again
	mailboxEach    = 64   // changes of one kind by one account that are told of one by one
	mailboxMost    = 8192 // accounts and applications that are followed
)

// mailboxChanges watches the settings by which an intruder goes on reading: rules that forward or hide, permissions, applications that
// were given rights, secrets added to them, federation, and auditing that is switched off.
type mailboxChanges struct {
	detect.Trace
	known acquaintance
	work  map[changeKey]*changeHabit
	apps  map[string]*few
	found map[string]*boxChange
	told  map[changeKey]int
}

type changeKey struct {
	who  uint32
	kind string
}

type changeHabit struct {
	days int32
	last int32
}

type boxChange struct {
	kind        mailKind
	severity    event.Severity
	who, whom   *event.Account
	strange     bool
	hidden      bool
	first, last event.Micros
	alerted     event.Micros
	times       int64
	address     netip.Addr
	detail      string
	why         []event.Words
	evidence    detect.Evidence
}

func newMailboxChange(detect.Site) detect.Detector {
	return &mailboxChanges{work: map[changeKey]*changeHabit{}, apps: map[string]*few{}, found: map[string]*boxChange{}, told: map[changeKey]int{}}
}

func (d *mailboxChanges) Classes() detect.ClassSet {
	return detect.Classes(event.ClassAuthentication, event.ClassEntityChange, event.ClassAccountChange, event.ClassLogAdmin)
}

func (d *mailboxChanges) Observe(s *event.Sighting) {
	if s.Class == event.ClassAuthentication {
		if s.LoggedIn() && s.SrcIP.IsValid() && !s.SrcIsRelay {
			d.known.meet(s)
		}
		return
	}
	op, ok := s.Get("operation")
	if !ok || s.Outcome == event.OutcomeFailure {
		return
	}
	c := mailChangeOf(op.Text, s)
	if c.kind == mailNone {
		if d.Asked(s.Who) || d.Asked(s.Whom) {
			d.tellNote(s, &c, 0, event.Info, false, false)
		}
		return
	}
	if c.kind == mailConsent {
		d.consent(s, &c)
	}
	d.note(s, &c)
}

// consent looks whether others use the application already.
func (d *mailboxChanges) consent(s *event.Sighting, c *mailChange) {
	app := strings.ToLower(s.Object)
	f := d.apps[app]
	if f == nil {
		if len(d.apps) >= mailboxMost {
			return
		}
		f = &few{}
		d.apps[app] = f
	}
	who := uint32(0)
	if s.Who != nil {
		who = s.Who.Handle
	}
	if n := f.add(who); n > mailboxApps && !c.everybody {
		c.severity = event.Info
	}
}

func (d *mailboxChanges) note(s *event.Sighting, c *mailChange) {
	strange, hidden := d.stranger(s)
	who := uint32(0)
	if s.Who != nil {
		who = s.Who.Handle
	}
	key := changeKey{who, c.kind.word()}
	h := d.work[key]
	if h == nil && len(d.work) < mailboxMost {
		h = &changeHabit{last: -1 << 30}
		d.work[key] = h
	}
	habit := h != nil && h.days >= mailboxRoutine
	sev := c.severity
	switch {
	case hidden && sev >= event.Low:
		sev++
	case strange && sev == event.Medium:
		sev++
	case habit && !c.grave && sev >= event.Low: // an administrator's work
		sev--
	}
	sev = min(sev, event.High)
	if d.Asked(s.Who) || d.Asked(s.Whom) {
		days := int32(0)
		if h != nil {
			days = h.days
		}
		d.tellNote(s, c, days, sev, strange, hidden)
	}
	if h != nil && !strange && !hidden && h.last != s.Day {
		h.last = s.Day
		h.days++
	}
	if sev < event.Low {
		return
	}
	d.tell(s, c, sev, strange, hidden, key)
}

func (d *mailboxChanges) tell(s *event.Sighting, c *mailChange, sev event.Severity, strange, hidden bool, key changeKey) {
	name := fmt.Sprintf("%s %d %s %s %d", c.kind.word(), sev, cmp.Or(account(s.Who), s.Account), cmp.Or(account(s.Whom), s.Target), s.Day)
	f := d.found[name]
	if f == nil {
		if d.told[key]++; d.told[key] > mailboxEach || len(d.found) >= mailboxMost*2 {
			name = fmt.Sprintf("%s more %d", c.kind.word(), sev)
			f = d.found[name]
		}
		if f == nil {
			f = &boxChange{kind: c.kind, severity: sev, who: s.Who, whom: s.Whom, first: s.Time, alerted: s.Seen(), detail: c.detail, why: c.why}
			d.found[name] = f
		}
	}
	f.last = s.Time
	f.times++
	f.strange, f.hidden = f.strange || strange, f.hidden || hidden
	if s.SrcIP.IsValid() && !s.Src.Own && (strange || hidden) {
		f.address = s.SrcIP
	}
	f.evidence.Add(s.Event)
}

func account(a *event.Account) string {
	if a == nil {
		return ""
	}
	return a.ID
}

// stranger says whether the change came from a network where its author never was, and whether the address hides its user.
func (d *mailboxChanges) stranger(s *event.Sighting) (strange, hidden bool) {
	if s.Who == nil || !s.SrcIP.IsValid() || s.Src.Own {
		return false, false
	}
	k := d.known.accounts[s.Who.Handle]
	if k == nil || k.days < mailboxHome {
		return false, s.Src.Kind.Anonymous()
	}
	strange = !slices.Contains(k.networks, hashPrefix(network(s.SrcIP)))
	return strange, s.Src.Kind.Anonymous() && (strange || s.Src.Kind == event.KindTor)
}

func (d *mailboxChanges) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for key, c := range d.found {
		out = append(out, c.finding(key))
	}
	return sortedFindings(out)
}

func (c *boxChange) finding(key string) event.Finding {
	f := event.Finding{
		Key: key, Attack: []string{c.kind.technique()}, Severity: c.severity, First: c.first, Last: c.last, Alerted: c.alerted, Evidence: c.evidence.Refs(),
		Numbers: []event.Figure{figure("times", float64(c.times))},
	}
	who, whom := "?", ""
	if c.who != nil {
		who = c.who.Name
		f.Accounts = append(f.Accounts, c.who.ID)
	}
	if c.whom != nil && c.whom != c.who {
		whom = c.whom.Name
		f.Accounts = append(f.Accounts, c.whom.ID)
	}
	if c.address.IsValid() {
		f.Addresses = []netip.Addr{c.address}
	}
	w := c.kind.words()
	f.Title = event.Words{Ja: fmt.Sprintf("%s：%s（%d 回）", who, w.Ja, c.times), En: fmt.Sprintf("%s: %s (%d times)", who, w.En, c.times)}
	ja, en := "", ""
	if whom != "" {
		ja, en = ja+"対象は "+whom+"。", en+" It concerns "+whom+"."
	}
	if c.detail != "" {
		ja, en = ja+"内容：「"+c.detail+"」。", en+" What was set: \""+c.detail+"\"."
	}
	for _, y := range c.why {
		ja, en = ja+y.Ja, en+" "+y.En
	}
	if c.hidden {
		ja, en = ja+"利用者を隠す接続元から行われた。", en+" It was done from an address that hides its user."
	} else if c.strange {
		ja, en = ja+"本人が使ったことのない接続元から行われた。", en+" It was done from where its author never was."
	}
	u := c.kind.use()
	f.Explanation = event.Words{Ja: ja + u.Ja + "本人や管理者の正当な設定でもありうる。本人に、メール以外の方法で確かめること。", En: strings.TrimSpace(en + " " + u.En + " It can be its owner's or an administrator's own work: ask them, not by mail.")}
	return f
}
