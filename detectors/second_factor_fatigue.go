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

var secondFactorFatigue = detect.Spec{Name: "second-factor-fatigue", Attack: []string{"T1621"}, New: newFatigue}

// Tunables of second-factor-fatigue.
const (
	fatigueWindow   = 60 // minutes in which prompts are counted
	fatiguePrompts  = 5  // prompts that were refused or not answered
	fatigueMany     = 10 // so many are told of even where nobody gave in
	fatigueAnswer   = 5  // minutes in which a success answers a prompt: people do it so every day
	fatigueAfter    = 12 // hours after the last prompt in which a success from there counts as given in
	fatigueSame     = 3  // seconds within which two records are of the same prompt, in two logs
	fatigueKnown    = 3  // days on which an account must have logged in from a network for it to be its own
	fatigueEpisodes = 16 // that are told of, for each account
)

// fatigue watches for second steps that are asked for again and again: whoever has the password calls the owner's telephone until he
// presses yes. Only accounts whose password was right come so far, so that nobody can fill the state with names.
type fatigue struct {
	detect.Trace
	accounts map[uint32]*tired
	homes    map[uint32][]homeNet
}

// homeNet is a network that an account logged in from.
type homeNet struct {
	net  uint32
	days uint8
	last int32
}

type tired struct {
	who      *event.Account
	recent   []prompt // in fatigueWindow, at most fatigueMany*4
	episode  *pestering
	episodes []*pestering
	begun    [2]int // episodes at home and from elsewhere
}

type prompt struct {
	at     event.Micros
	net    uint32
	denied bool
	own    bool
}

type pestering struct {
	first, last event.Micros
	alerted     event.Micros
	prompts     int64
	denied      int64
	strange     bool // a network that is not the owner's
	hidden      bool
	nets        []uint32
	addresses   []netip.Addr
	gaveIn      event.Micros
	evidence    detect.Evidence
}

func newFatigue(detect.Site) detect.Detector {
	return &fatigue{accounts: map[uint32]*tired{}, homes: map[uint32][]homeNet{}}
}

func (d *fatigue) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *fatigue) Observe(s *event.Sighting) {
	switch {
	case s.Failed() && (s.Reason == event.ReasonSecondFactorFailed || s.Reason == event.ReasonSecondFactorNeeded):
		d.prompt(s)
	case s.LoggedIn():
		d.success(s)
	}
}

func (d *fatigue) prompt(s *event.Sighting) {
	t := d.accounts[s.Who.Handle]
	if t == nil {
		t = &tired{who: s.Who}
		d.accounts[s.Who.Handle] = t
	}
	n := len(t.recent)
	if n > 0 && s.Time-t.recent[n-1].at <= fatigueSame*1e6 {
		t.recent[n-1].denied = t.recent[n-1].denied || s.Reason == event.ReasonSecondFactorFailed
		return
	}
	p := prompt{at: s.Time, denied: s.Reason == event.ReasonSecondFactorFailed, own: d.own(s)}
	if s.SrcIP.IsValid() {
		p.net = hashPrefix(network(s.SrcIP))
	}
	t.recent = slices.DeleteFunc(t.recent, func(q prompt) bool { return s.Time-q.at > fatigueWindow*60e6 })
	if len(t.recent) >= fatigueMany*4 {
		t.recent = slices.Delete(t.recent, 0, 1)
	}
	t.recent = append(t.recent, p)
	if d.Asked(s.Who) {
		d.tell(s, t, p.own)
	}
	if e := t.episode; e != nil && s.Time-e.last > fatigueAfter*3600e6 {
		t.episode = nil
	}
	if e := t.episode; e == nil || !e.strange && !p.own {
		if e = t.begin(s, !p.own); e == nil {
			return
		}
		t.episode = e
	} else if e.strange && p.own {
		return // the owner's own programs go on beside it
	}
	t.episode.add(s, p)
}

// begin makes an episode if there were prompts enough: of a network that is not the owner's, those of such networks alone.
func (t *tired) begin(s *event.Sighting, strange bool) *pestering {
	e := &pestering{alerted: s.Seen(), strange: strange}
	n := 0
	for _, q := range t.recent {
		if strange && q.own {
			continue
		}
		if n++; n == 1 {
			e.first = q.at
		}
		if q.denied {
			e.denied++
		}
	}
	kind := 0
	if strange {
		kind = 1 // a broken program at home does not use up what is kept for strangers
	}
	if n < fatiguePrompts || t.begun[kind] >= fatigueEpisodes {
		return nil
	}
	t.begun[kind]++
	e.prompts = int64(n) - 1 // the last one is added by the caller
	if t.recent[len(t.recent)-1].denied {
		e.denied--
	}
	t.episodes = append(t.episodes, e)
	return e
}

func (e *pestering) add(s *event.Sighting, p prompt) {
	e.last = s.Time
	e.prompts++
	if p.denied {
		e.denied++
	}
	e.hidden = e.hidden || !s.Src.Own && s.Src.Kind.Anonymous()
	if p.net != 0 && !p.own && !slices.Contains(e.nets, p.net) && len(e.nets) < 16 {
		e.nets = append(e.nets, p.net)
	}
	if s.SrcIP.IsValid() && !s.SrcIsRelay && !p.own && !slices.Contains(e.addresses, s.SrcIP) && len(e.addresses) < 16 {
		e.addresses = append(e.addresses, s.SrcIP)
	}
	e.evidence.Add(s.Event)
}

// own says whether the account logged in from there on some days before.
func (d *fatigue) own(s *event.Sighting) bool {
	if s.Src.Own || !s.SrcIP.IsValid() {
		return true
	}
	h := hashPrefix(network(s.SrcIP))
	for _, n := range d.homes[s.Who.Handle] {
		if n.net == h {
			return n.days >= fatigueKnown
		}
	}
	return false
}

func (d *fatigue) success(s *event.Sighting) {
	if t := d.accounts[s.Who.Handle]; t != nil && s.SrcIP.IsValid() {
		h := hashPrefix(network(s.SrcIP))
		if e := t.episode; e != nil && s.Time-e.last <= fatigueAfter*3600e6 && slices.Contains(e.nets, h) {
			if e.gaveIn == 0 {
				e.gaveIn = s.Time
				e.evidence.Add(s.Event)
			}
			e.last = s.Time
		}
		// A success answers the prompts of its own network just before it.
		t.recent = slices.DeleteFunc(t.recent, func(p prompt) bool { return p.net == h && !p.denied && s.Time-p.at <= fatigueAnswer*60e6 })
	}
	if s.Src.Own || !s.SrcIP.IsValid() || s.SrcIsRelay {
		return
	}
	d.remember(s)
}

// remember notes where an account logs in from; what came least lately goes out.
func (d *fatigue) remember(s *event.Sighting) {
	h := hashPrefix(network(s.SrcIP))
	list := d.homes[s.Who.Handle]
	for i := range list {
		if list[i].net == h {
			if list[i].last != s.Day {
				list[i].last = s.Day
				if list[i].days < 255 {
					list[i].days++
				}
			}
			return
		}
	}
	n := homeNet{h, 1, s.Day}
	if len(list) < knownNetworks {
		d.homes[s.Who.Handle] = append(list, n)
		return
	}
	oldest := 0
	for i := range list { // one seen on a day or two goes before one that is home
		if a, b := list[i], list[oldest]; (a.days < fatigueKnown) != (b.days < fatigueKnown) {
			if a.days < fatigueKnown {
				oldest = i
			}
		} else if a.last < b.last {
			oldest = i
		}
	}
	list[oldest] = n
}

func (e *pestering) severity() event.Severity {
	switch {
	case e.gaveIn > 0 && e.strange && e.denied > 0, e.gaveIn > 0 && e.hidden:
		return event.High
	case e.gaveIn > 0 && e.strange, e.hidden && e.prompts >= fatigueMany, e.strange && e.denied >= fatiguePrompts && e.prompts >= fatigueMany:
		return event.Medium
	}
	return event.Low
}

func (d *fatigue) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, t := range d.accounts {
		for _, e := range t.episodes {
			if e.gaveIn == 0 && e.prompts < fatigueMany || e.severity() == event.Low && !e.strange && e.denied < fatiguePrompts {
				continue
			}
			out = append(out, e.finding(t.who))
		}
	}
	return sortedFindings(out)
}

func (e *pestering) finding(who *event.Account) event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %d", who.ID, e.first/60e6), Severity: e.severity(), First: e.first, Last: e.last, Alerted: e.alerted,
		Accounts: []string{who.ID}, Addresses: e.addresses, Evidence: e.evidence.Refs(),
		Numbers: []event.Figure{figure("prompts", float64(e.prompts)), figure("refused", float64(e.denied)), figure("networks", float64(len(e.nets)))},
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s に二段階目の確認が %d 回求められた", who.Name, e.prompts),
		En: fmt.Sprintf("%s was asked %d times for the second step", who.Name, e.prompts)}
	ja, en := "通ったものはない。", "None succeeded."
	if e.gaveIn > 0 {
		f.Title.Ja += "末に、ログインが成立した"
		f.Title.En += ", and then let somebody in"
		ja, en = "その後、同じ接続元からのログインが成立した。", "Then a login from there succeeded."
	}
	where := event.Words{Ja: "本人がふだん使う接続元である。", En: "The owner usually comes from there."}
	if e.strange {
		where = event.Words{Ja: "本人が使ったことのない接続元である。", En: "The owner never came from there."}
	}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("拒否 %d 回を含む %d 回の確認が短時間に続いた。%s%s二段階目が求められるのはパスワードが正しいときなので、パスワードは知られていると見るべきである。設定の壊れた端末やアプリが繰り返し求めることもある。本人に確かめること。", e.denied, e.prompts, where.Ja, ja),
		En: fmt.Sprintf("%d prompts came one after the other, of which %d were refused. %s %s The second step is asked for only if the password was right, so the password must be taken as known. A device or program with a broken setting can ask again and again, too: ask the owner.", e.prompts, e.denied, where.En, en)}
	return f
}
