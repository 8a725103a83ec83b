// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"slices"
	"strings"
	"time"
)

// noticeActs finds, for each act that was played, the first entry that notices it.
func (d *debriefing) noticeActs() {
	var afters []float64
	for i := range d.truth.Acts {
		a := &d.truth.Acts[i]
		if a.Times == 0 {
			continue
		}
		p := d.record.Acts[slices.IndexFunc(d.record.Acts, func(p PlayedAct) bool { return p.Name == a.Name && p.From.Equal(a.From) })]
		if p.PlayedFrom == nil {
			d.ActsUnplayed++
			continue
		}
		if d.refused(a.Logs, a.From, a.To) {
			d.ActsUndelivered++
			continue
		}
		n := ActNotice{Name: a.Name, NameJa: a.NameJa, Stage: a.Stage, Attack: a.Attack, Note: a.Note, From: *p.PlayedFrom, To: d.Ended, Story: a.From, Logs: a.Logs}
		if p.PlayedTo != nil {
			n.To = *p.PlayedTo
		}
		d.notice(&n, a)
		if len(a.Logs) > 0 {
			d.ActsKnowable++
			switch {
			case n.Noticed != nil:
				d.ActsNoticed++
				afters = append(afters, *n.After)
			case n.Known:
				d.ActsKnown++
			}
		}
		d.Acts = append(d.Acts, n)
	}
	slices.SortStableFunc(d.Acts, func(a, b ActNotice) int { return a.Story.Compare(b.Story) })
	d.ActsMedian = median(afters)
}

// notice fills in when one act was noticed.
func (d *debriefing) notice(n *ActNotice, a *Act) {
	touched := d.things(a)
	for _, c := range d.answers.Claims {
		mine := c.Is == "bad" && d.touches(&c, touched)
		switch {
		case c.At.Before(n.From):
			n.Known = n.Known || mine && !d.takenBack(&c, touched, n.From)
		case c.Act != "" && a.called(c.Act) && (mine || len(c.Accounts)+len(c.Addresses)+len(c.Hosts) == 0):
			if n.Named == nil {
				n.Named = &c.At
			}
			fallthrough
		case mine:
			if n.Noticed == nil {
				n.Noticed = &c.At
			}
		}
	}
	if n.Noticed != nil {
		after, story := minutesBetween(n.From, *n.Noticed), hoursBetween(n.Story, d.record.StoryTime(*n.Noticed))
		n.After, n.InStory = &after, &story
	}
}

// things are the accounts, addresses and hosts of an act that are the intruder's, by what and name: what honest people use
// beside him shows nothing.
func (d *debriefing) things(a *Act) map[string]bool {
	out := map[string]bool{}
	for what, names := range map[string][]string{whatAccount: a.Accounts, whatAddress: a.Addresses, whatHost: a.Hosts} {
		for _, n := range names {
			if k := key(what, d.name(what, n)); d.bad[k] != nil {
				out[k] = true
			}
		}
	}
	return out
}

// touches says whether an entry speaks of one of these things.
func (d *debriefing) touches(c *Claim, things map[string]bool) bool {
	for what, names := range c.subjects() {
		if slices.ContainsFunc(names, func(n string) bool { return things[key(what, d.name(what, n))] }) {
			return true
		}
	}
	return false
}

// takenBack says whether all that an entry called bad of these things was taken back before t.
func (d *debriefing) takenBack(c *Claim, things map[string]bool, t time.Time) bool {
	for what, names := range c.subjects() {
		for _, n := range names {
			k := key(what, d.name(what, n))
			if !things[k] {
				continue
			}
			last := ""
			for _, w := range d.said[k] {
				if w.at.Before(t) {
					last = w.is
				}
			}
			if last == "bad" {
				return false
			}
		}
	}
	return true
}

// called says whether people's word for an act is one for this: its name, its technique or a broader or narrower one, or a
// detector that should see it.
func (a *Act) called(text string) bool {
	if strings.EqualFold(text, a.Name) || text == a.NameJa && text != "" {
		return true
	}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '、' || r == '　' }) {
		t := strings.ToUpper(w)
		if len(t) > 4 && t[0] == 'T' && strings.Trim(t[1:5], "0123456789") == "" {
			if t == a.Attack || strings.HasPrefix(a.Attack, t+".") || strings.HasPrefix(t, a.Attack+".") {
				return true
			}
			continue
		}
		if w = strings.ToLower(w); slices.ContainsFunc(a.Detectors, func(d string) bool { return w == d || strings.HasPrefix(w, d+"-") }) {
			return true
		}
	}
	return false
}

// judge says of each entry what it was worth.
func (d *debriefing) judge() {
	for _, c := range d.answers.Claims {
		e := Entry{At: c.At, Story: d.record.StoryTime(c.At), By: c.By, Note: c.Note, Right: []string{}, Wrong: []string{}, Open: []string{}, Unknown: []string{}}
		var all []string
		for _, what := range []string{whatAccount, whatAddress, whatHost} {
			for _, n := range c.subjects()[what] {
				all = append(all, n)
				e.What, e.Is = what, c.Is
				d.judgeOne(&e, what, n, &c)
			}
		}
		e.Text = strings.Join(all, ", ")
		switch {
		case c.Act != "":
			e.What, e.Is = whatAct, ""
			e.Text = strings.Trim(c.Act+": "+e.Text, ": ")
			d.judgeAct(&e, &c)
		case c.Decision != "":
			e.What, e.Text = whatDecision, c.Decision
			e.State = d.state(c.At)
		case c.Verdict != "":
			e.What, e.Text = whatVerdict, c.Verdict
			e.State = d.state(c.At)
		}
		d.Log = append(d.Log, e)
	}
}

func (d *debriefing) judgeOne(e *Entry, what, text string, c *Claim) {
	name := d.name(what, text)
	b := d.bad[key(what, name)]
	bad := b != nil && b.was && !b.played.After(c.At)
	list := &e.Wrong
	switch {
	case !d.exists(what, text):
		list = &e.Unknown
	case c.Is == "unsure" || d.openAddress(what, name):
		list = &e.Open
	case bad == (c.Is == "bad"):
		list = &e.Right
	case b != nil && b.was && c.Is == "bad": // not yet: what came later proved it right
		list = &e.Open
	}
	*list = append(*list, text)
}

// judgeAct says which acts an entry about an act notices.
func (d *debriefing) judgeAct(e *Entry, c *Claim) {
	alone := len(c.Accounts)+len(c.Addresses)+len(c.Hosts) == 0
	for i := range d.truth.Acts {
		a := &d.truth.Acts[i]
		played := slices.ContainsFunc(d.Acts, func(n ActNotice) bool { return n.Name == a.Name && !n.From.After(c.At) })
		if played && a.called(c.Act) && (alone || d.touches(c, d.things(a))) {
			e.Right = append(e.Right, a.Name)
		}
	}
	switch {
	case len(e.Right) > 0:
	case !slices.ContainsFunc(d.truth.Acts, func(a Act) bool { return a.called(c.Act) }):
		e.Unknown = append(e.Unknown, c.Act) // in words of its own, perhaps: for people to judge
	default:
		e.Open = append(e.Open, c.Act)
	}
}

// state returns what was true and known at a moment.
func (d *debriefing) state(t time.Time) *State {
	s := &State{}
	known := func(k string) bool {
		last := ""
		for _, w := range d.said[k] {
			if !w.at.After(t) {
				last = w.is
			}
		}
		return last == "bad"
	}
	for k, b := range d.bad {
		if b.what == whatAccount && b.was && !b.played.After(t) {
			s.Entered++
			s.Known += btoi(known(k))
		}
	}
	for _, k := range d.order {
		if b := d.bad[k]; strings.HasPrefix(k, whatAccount+" ") && (b == nil || !b.was) && known(k) {
			s.Accused++
		}
	}
	for i := range d.Acts {
		s.ActsPlayed += btoi(!d.Acts[i].From.After(t))
		s.ActsNoticed += btoi(d.Acts[i].Noticed != nil && !d.Acts[i].Noticed.After(t))
	}
	return s
}
