// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var oneAddressManyAccounts = detect.Spec{Name: "one-address-many-accounts", Attack: []string{"T1078"}, New: newManyAccounts}

// Tunables of one-address-many-accounts.
const (
	manyAccounts = 3   // strangers to the address and to the client, within manyDays
	manyDays     = 14  // days
	manyHigh     = 5   // strangers for high severity
	manyLater    = 2   // times as many familiar ones as strangers, in the end, take the finding back: a carrier's shared address
	manyOpened   = 256 // lines that one account can be the first at, so that one that is used from ever other ones takes no room from the others
	manyFamiliar = 1   // times as many familiar ones make the address a place where people are: a hotel, a partner
)

// manyAccounts looks for a line at which several accounts appear for the first time, each with a client that is not its own. Of networks of
// IPv6 that hide their users it is the neighbourhood: who rents there has as many lines as he likes.
// At a conference hotel many accounts are new too, but they bring the machines they always have.
type manyAccountsDetector struct {
	detect.Trace
	met    acquaintance
	places map[origin]*meetingPlace
	opened map[uint32]int32 // places that an account was the first at
}

type meetingPlace struct {
	place     event.Place
	faces     faces   // at which strangers were seen
	lines     subnets // of a neighbourhood, at which strangers were seen
	strangers map[uint32]stranger
	familiar  handles // up to sourceAccounts
	alerted   event.Micros
	evidence  detect.Evidence
}

type stranger struct {
	id  string
	at  event.Micros
	day int32
}

func newManyAccounts(detect.Site) detect.Detector {
	return &manyAccountsDetector{places: map[origin]*meetingPlace{}, opened: map[uint32]int32{}}
}

func (d *manyAccountsDetector) Classes() detect.ClassSet {
	return detect.Classes(event.ClassAuthentication)
}

func (d *manyAccountsDetector) Observe(s *event.Sighting) {
	if !s.LoggedIn() || s.Who.System || !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own {
		return
	}
	m := d.met.meet(s)
	at := origin{line: lineOf(s)}
	if turns(s, at.line) && s.Src.Kind.Anonymous() {
		at = hoodOf(s.SrcIP)
	}
	at, p := d.placeOf(s, at)
	if p == nil {
		return
	}
	if d.Asked(s.Who) {
		defer d.tell(s, m, p) // when it is known whether it is a stranger there
	}
	if _, ok := p.strangers[s.Who.Handle]; ok {
		p.see(s, at)
		return
	}
	if !m.network || !m.client || s.Client == "" || m.days < deepDays {
		if m.days >= deepDays {
			p.familiar.add(s.Who.Handle, sourceAccounts)
		}
		return
	}
	if p.strangers == nil {
		p.strangers = map[uint32]stranger{}
	}
	p.strangers[s.Who.Handle] = stranger{s.Who.ID, s.Time, s.Day}
	p.see(s, at)
	if p.alerted == 0 && p.recent(s.Day) >= manyAccounts && len(p.familiar) <= manyFamiliar*len(p.strangers) {
		p.alerted = s.Seen()
	}
}

// placeOf returns where a login is counted; nil where there is no room for it.
func (d *manyAccountsDetector) placeOf(s *event.Sighting, at origin) (origin, *meetingPlace) {
	p := d.places[at]
	if p == nil && len(d.places) >= maxSources { // beyond the bound the lines of one network are one
		at = hoodOf(s.SrcIP)
		p = d.places[at]
	}
	if p == nil && len(d.places) < 2*maxSources && d.opened[s.Who.Handle] < manyOpened {
		p = &meetingPlace{place: s.Src}
		d.places[at] = p
		d.opened[s.Who.Handle]++
	}
	return at, p
}

// see notes that a stranger was there.
func (p *meetingPlace) see(s *event.Sighting, at origin) {
	p.evidence.Add(s.Event)
	p.faces.add(at, s.SrcIP)
	if at.wide {
		p.lines.see(event.LineOf(s.SrcIP))
	}
}

func (p *meetingPlace) recent(day int32) int {
	n := 0
	for _, s := range p.strangers {
		if day-s.day <= manyDays {
			n++
		}
	}
	return n
}

func (d *manyAccountsDetector) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for at, p := range d.places {
		if p.alerted != 0 && (p.place.Kind.Anonymous() || len(p.familiar) < manyLater*len(p.strangers)) {
			out = append(out, p.finding(at))
		}
	}
	slices.SortFunc(out, func(a, b event.Finding) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func (p *meetingPlace) finding(at origin) event.Finding {
	f := event.Finding{Key: at.String(), Alerted: p.alerted, Addresses: p.faces.of(at), Evidence: p.evidence.Refs(), Severity: event.Medium}
	for _, s := range p.strangers {
		f.Accounts = append(f.Accounts, s.id)
		if f.First == 0 || s.at < f.First {
			f.First = s.at
		}
		f.Last = max(f.Last, s.at)
	}
	n := len(p.strangers)
	if n >= manyHigh && len(p.familiar) == 0 || n >= manyAccounts && p.place.Kind.Anonymous() && len(p.familiar)*3 <= n {
		f.Severity = event.High
	}
	switch {
	case mixed(&p.place): // strangers to one another as well
		f.Severity = event.Low
	case p.lines.n > 1 && n < manyHigh: // of one provider, or of one hand
		f.Severity = event.Medium
	}
	f.Numbers = []event.Figure{{Name: "strangers", Value: float64(n)}, {Name: "familiar", Value: float64(len(p.familiar))}}
	f.Title = event.Words{
		Ja: fmt.Sprintf("1 つの接続元 %s に、初めてのアカウントが %d 件", at, n),
		En: fmt.Sprintf("one address, %s, and %d accounts that never used it", at, n)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%d アカウントがこの接続元を初めて、しかも自分のものでない端末・ブラウザで使った（普段の端末で使ったアカウントは %d）。学会のホテルなどでは人が集まるが、端末は普段のものである。共用の端末室でも起こりうる。", n, len(p.familiar)),
		En: fmt.Sprintf("%d accounts came from this address for the first time and with clients unlike their own (%d came with their usual ones). At a conference hotel people meet too, but with their own machines. A room of shared terminals can look like this.", n, len(p.familiar))}
	if mixed(&p.place) {
		f.Explanation.Ja += "このアドレスは多くの家が共用しており、同じ家から来たとは限らない。"
		f.Explanation.En += " Many homes share this address: the accounts need not have come from the same one."
	}
	return f
}
