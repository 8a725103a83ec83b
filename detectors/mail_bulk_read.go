// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var mailBulkRead = detect.Spec{Name: "mail-bulk-read", Attack: []string{"T1114.002"}, New: newMailBulk}

// Tunables of mail-bulk-read.
const (
	bulkFolders   = 5   // whole folders fetched in one session on one day
	bulkItems     = 60  // messages opened in one session on one day
	bulkOverOwn   = 3.0 // times the mailbox's own busiest session of bulkHistory days
	bulkHistory   = 28  // days with reading
	bulkLearn     = 7   // of them before the mailbox's own past can be judged
	bulkKnownAge  = 14  // days since a network or client was first seen at the mailbox before it speaks for its owner
	bulkMailboxes = 3   // mailboxes read in bulk from one address in bulkTogether days: an intruder's harvest
	bulkTogether  = 14  // days
	bulkSessions  = 1 << 16
)

// mailBulk looks for sessions that take far more of a mailbox than its owner ever does, from a network that is new to it, and for
// addresses that do so to several mailboxes. In the AIST report of 2018 the mail of 83 accounts was fetched in ten days.
type mailBulk struct {
	detect.Trace
	boxes    map[uint32]*mailbox
	sessions map[sessionKey]*mailSession
	day      int32
	places   map[origin]*harvest
}

// sessionKey is one mailbox, read from one line. Of a neighbourhood of IPv6 all lines are one: whoever reads one mailbox from several of them
// is one person.
type sessionKey struct {
	box  uint32
	from origin
}

type mailSession struct {
	folders, items int64
	strange        bool // network or client new when the session began, or when it was new lately
	abroad         bool
	told           bool
}

// mailbox is what is known of one mailbox's reading.
type mailbox struct {
	nets      [12]dated
	clients   [12]dated
	countries few
	past      [bulkHistory]dayOfReading
	npast     int
	day       int32
	today     dayOfReading // the busiest session of the day that was not told of
}

type dated struct {
	hash uint32
	day  int32 // first seen
	last int32
}

type dayOfReading struct{ folders, items int32 }

// harvest is what one line, or one neighbourhood of IPv6, took.
type harvest struct {
	place     event.Place
	faces     faces
	lines     subnets          // of a neighbourhood
	boxes     map[uint32]int32 // last day on which the mailbox was read in bulk from here
	accounts  map[string]struct{}
	first     event.Micros
	last      event.Micros
	alerted   event.Micros
	folders   int64
	items     int64
	throttled bool
	abroad    bool
	most      int
	evidence  detect.Evidence
}

func newMailBulk(detect.Site) detect.Detector {
	return &mailBulk{boxes: map[uint32]*mailbox{}, sessions: map[sessionKey]*mailSession{}, places: map[origin]*harvest{}}
}

func (d *mailBulk) Classes() detect.ClassSet { return detect.Classes(event.ClassMail) }

func (d *mailBulk) Observe(s *event.Sighting) {
	switch s.Activity {
	case event.ActRead, event.ActDownload, event.ActCopy:
	default:
		return
	}
	if s.Who == nil || s.Who.System || !s.SrcIP.IsValid() || s.Outcome == event.OutcomeFailure {
		return
	}
	if d.day != s.Day {
		d.day = s.Day
		clear(d.sessions)
	}
	owner := s.Who
	if s.Whom != nil {
		owner = s.Whom
	}
	b := d.boxes[owner.Handle]
	if b == nil {
		b = &mailbox{day: s.Day}
		d.boxes[owner.Handle] = b
	}
	if b.day != s.Day {
		b.past[b.npast%len(b.past)] = b.today
		b.npast++
		b.day, b.today = s.Day, dayOfReading{}
	}
	d.read(s, owner, b)
}

func (d *mailBulk) read(s *event.Sighting, owner *event.Account, b *mailbox) {
	net := seenBefore(b.nets[:], hashPrefix(network(s.SrcIP)), s.Day)
	client := s.Client == "" || seenBefore(b.clients[:], hashFamily(s.Client), s.Day)
	abroad := false
	if s.Src.Country != "" {
		h := hashText(s.Src.Country)
		abroad = b.countries.n > 0 && !b.countries.has(h)
		b.countries.add(h)
	}
	key := sessionKey{owner.Handle, origin{line: lineOf(s)}}
	if key.from.line.Subnet() && !s.Src.Own {
		key.from = hoodOf(s.SrcIP)
	}
	t := d.sessions[key]
	if t == nil {
		if len(d.sessions) >= bulkSessions {
			key.from = origin{} // beyond the bound: all of the mailbox's sessions of the day
			t = d.sessions[key]
		}
		if t == nil {
			t = &mailSession{strange: !net && !s.Src.Own, abroad: abroad}
			d.sessions[key] = t
		}
	}
	t.strange = t.strange || !net && !client && !s.Src.Own
	if v, ok := s.Get("mail_access"); ok && (v.Text == "Sync" || v.Text == "sync") {
		t.folders++
	} else {
		t.items += s.Count.Or(1)
	}
	throttled := false
	if v, ok := s.Get("throttled"); ok && v.Num != 0 {
		throttled = true
	}
	if d.Asked(owner) || d.Asked(s.Who) {
		d.tell(s, b, t)
	}
	if t.strange && (t.told || throttled || b.tooMuch(t)) {
		d.told(s, owner, t, throttled)
		return
	}
	b.today.folders = max(b.today.folders, int32(min(t.folders, 1<<30)))
	b.today.items = max(b.today.items, int32(min(t.items, 1<<30)))
}

// seenBefore says whether h was first seen long enough ago, and remembers it. The entry not used for longest gives way, but one
// that is old and still in use stays before those that came lately.
func seenBefore(list []dated, h uint32, day int32) bool {
	free := 0
	for i := range list {
		e := &list[i]
		if e.hash == h && e.last != 0 {
			e.last = day
			return day-e.day >= bulkKnownAge
		}
		if list[i].last < list[free].last {
			free = i
		}
	}
	list[free] = dated{h, day, day}
	return false
}

func (b *mailbox) tooMuch(t *mailSession) bool {
	if t.folders < bulkFolders && t.items < bulkItems || b.npast < bulkLearn {
		return false
	}
	var most dayOfReading
	for i := range min(b.npast, len(b.past)) {
		most.folders, most.items = max(most.folders, b.past[i].folders), max(most.items, b.past[i].items)
	}
	return t.folders >= bulkFolders && float64(t.folders) >= bulkOverOwn*float64(most.folders) ||
		t.items >= bulkItems && float64(t.items) >= bulkOverOwn*float64(most.items)
}

func (d *mailBulk) told(s *event.Sighting, owner *event.Account, t *mailSession, throttled bool) {
	line := lineOf(s)
	fresh := !t.told
	t.told = true
	d.took(s, owner, t, origin{line: line}, fresh, throttled)
	if turns(s, line) {
		d.took(s, owner, t, hoodOf(s.SrcIP), fresh, throttled)
	}
}

// took notes what a session took from a source.
func (d *mailBulk) took(s *event.Sighting, owner *event.Account, t *mailSession, at origin, fresh, throttled bool) {
	h := d.places[at]
	if h == nil {
		if len(d.places) >= maxSources {
			return
		}
		h = &harvest{place: s.Src, boxes: map[uint32]int32{}, accounts: map[string]struct{}{}, first: s.Time}
		d.places[at] = h
	}
	h.faces.add(at, s.SrcIP)
	if at.wide {
		h.lines.see(event.LineOf(s.SrcIP))
	}
	if day, ok := h.boxes[owner.Handle]; !ok || day != s.Day {
		h.boxes[owner.Handle] = s.Day
		recent := 0
		for _, day := range h.boxes {
			if s.Day-day <= bulkTogether {
				recent++
			}
		}
		h.most = max(h.most, recent)
		h.abroad = h.abroad || t.abroad
	}
	if fresh {
		h.folders, h.items = h.folders+t.folders, h.items+t.items
	} else if v, ok := s.Get("mail_access"); ok && (v.Text == "Sync" || v.Text == "sync") {
		h.folders++
	} else {
		h.items += s.Count.Or(1)
	}
	h.accounts[s.Who.ID] = struct{}{}
	h.throttled = h.throttled || throttled
	h.last = s.Time
	h.evidence.Add(s.Event)
	if h.alerted == 0 && h.severity() >= event.Medium {
		h.alerted = s.Seen()
	}
}

func (h *harvest) severity() event.Severity {
	switch {
	case h.lines.n > 0: // a neighbourhood: its lines are told of by themselves, unless they are one hand's, in turn
		switch {
		case h.most < bulkMailboxes || int(h.lines.n) < bulkMailboxes:
			return event.Low
		case h.place.Kind.Anonymous():
			return event.High
		}
		return event.Medium
	case h.most >= bulkMailboxes:
		return event.High
	case h.place.Kind.Anonymous(), h.abroad, h.most > 1:
		return event.Medium
	}
	return event.Low
}

func (d *mailBulk) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for at, h := range d.places {
		if h.severity() >= event.Medium { // one mailbox from a new line at home is a new machine
			out = append(out, h.finding(at))
		}
	}
	return sortedFindings(out)
}

func (h *harvest) finding(at origin) event.Finding {
	f := event.Finding{
		Key: at.String(), Severity: h.severity(), First: h.first, Last: h.last, Alerted: h.alerted, Addresses: h.faces.of(at), Evidence: h.evidence.Refs(),
		Numbers: []event.Figure{figure("mailboxes", float64(len(h.boxes))), figure("folders", float64(h.folders)), figure("messages", float64(h.items)), figure("mailboxes_together", float64(h.most))},
	}
	for id := range h.accounts {
		f.Accounts = append(f.Accounts, id)
	}
	n := len(h.boxes)
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s からのメールの大量取得（%d メールボックス、フォルダ %d、メール %d）", at, n, h.folders, h.items),
		En: fmt.Sprintf("mail was taken in bulk from %s (%d mailboxes, %d folders, %d messages)", at, n, h.folders, h.items)}
	ja := fmt.Sprintf("最近までこのメールボックスで使われたことのないネットワークから、持ち主のこれまでの最大の %.0f 倍以上が取得された（%d メールボックス）。", bulkOverOwn, n)
	en := fmt.Sprintf("From a network that was new to them, at least %.0f times what their owners ever took in one session was taken from %d mailboxes.", bulkOverOwn, n)
	if h.throttled {
		ja += "記録が制限された（throttled）期間があり、それ以後に読まれたものは記録にない。"
		en += " Recording was throttled: what was read after that is not on record."
	}
	ja += "新しい端末の初回同期や、メール移行の作業でも起こりうるが、1 つの接続元から複数の持ち主のものが取得されることは通常ない。"
	en += " A new machine that fetches everything once, or a migration of mail, can look like this; that one address does so for several owners is not usual."
	f.Explanation = event.Words{Ja: ja, En: en}
	return f
}
