// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// compare compares the things of one kind.
func (d *debriefing) compare(what string) Subjects {
	s := Subjects{Found: []Notice{}, Missed: []Notice{}, InNoLog: []string{}, Wrong: []Mistake{}, TakenBack: []Mistake{}, Cleared: []Mistake{}}
	for k, b := range d.bad {
		switch {
		case b.what != what:
		case b.lost:
			s.NotDelivered++
		case !b.was:
			s.NotPlayed++
		default:
			d.compareBad(&s, k, b)
		}
	}
	for _, k := range d.order {
		name, ok := strings.CutPrefix(k, what+" ")
		words := d.said[k]
		if b := d.bad[k]; !ok || b != nil && b.was || d.openAddress(what, name) {
			continue
		}
		first := slices.IndexFunc(words, func(w word) bool { return w.is == "bad" })
		if first < 0 {
			continue
		}
		m := Mistake{Name: name, At: words[first].at, Why: d.excuse(what, name)}
		if words[len(words)-1].is == "bad" {
			s.Wrong = append(s.Wrong, m)
		} else {
			s.TakenBack = append(s.TakenBack, m)
		}
	}
	byTime := func(a, b Notice) int { return cmp.Or(a.Played.Compare(b.Played), cmp.Compare(a.Name, b.Name)) }
	slices.SortFunc(s.Found, func(a, b Notice) int { return cmp.Or(a.Noticed.Compare(*b.Noticed), byTime(a, b)) })
	slices.SortFunc(s.Missed, byTime)
	for _, list := range [][]Mistake{s.Wrong, s.TakenBack, s.Cleared} {
		slices.SortFunc(list, func(a, b Mistake) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	}
	slices.Sort(s.InNoLog)
	s.Precision, s.Recall = share(len(s.Found), len(s.Found)+len(s.Wrong)), share(len(s.Found), s.Knowable)
	return s
}

// compareBad puts one bad thing that was played where it belongs.
func (d *debriefing) compareBad(s *Subjects, k string, b *badThing) {
	n := Notice{Name: b.name, Played: b.played, Logs: b.logs}
	words := d.said[k]
	if first := slices.IndexFunc(words, func(w word) bool { return w.is == "bad" }); first >= 0 {
		at := words[first].at
		after, story := minutesBetween(b.played, at), hoursBetween(b.story, d.record.StoryTime(at))
		n.Noticed, n.After, n.Story = &at, &after, &story
	}
	last := word{}
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	if last.is == "clear" {
		s.Cleared = append(s.Cleared, Mistake{Name: b.name, At: last.at})
	}
	switch {
	case last.is == "bad":
		s.Knowable++
		s.Found = append(s.Found, n)
	case len(b.logs) == 0:
		s.InNoLog = append(s.InNoLog, b.name)
	default:
		s.Knowable++
		s.Missed = append(s.Missed, n)
	}
}

// openAddress says whether an address is shared by honest people and the intruder: calling it bad is neither right nor wrong.
func (d *debriefing) openAddress(what, name string) bool {
	return what == whatAddress && slices.ContainsFunc(d.truth.Shared, func(s Shared) bool { return s.IP == name && s.Bad })
}

// excuse says why something honest looks bad, if the drill made it so.
func (d *debriefing) excuse(what, name string) string {
	if b := d.bad[key(what, name)]; b != nil {
		return "not played"
	}
	switch what {
	case whatAccount:
		for _, o := range d.truth.Odd {
			if strings.EqualFold(o.Mail, name) || strings.EqualFold(o.UID, name) {
				return o.Why
			}
		}
	case whatAddress:
		for _, s := range d.truth.Shared {
			if s.IP == name {
				return "shared: " + s.Kind
			}
		}
	case whatHost:
		for _, h := range d.truth.Hosts {
			if strings.EqualFold(h.Name, name) {
				return "reached only"
			}
		}
	}
	return ""
}

func minutesBetween(a, b time.Time) float64 { return hundredths(b.Sub(a).Minutes()) }

func hoursBetween(a, b time.Time) float64 { return hundredths(b.Sub(a).Hours()) }

// median returns the middle of a list; nil for none.
func median(list []float64) *float64 {
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	m := hundredths((list[(len(list)-1)/2] + list[len(list)/2]) / 2)
	return &m
}

// firsts finds the first bad login that was played, and the first right word of the team.
func (d *debriefing) firsts() {
	for _, a := range d.truth.Accounts { // a second intruder's are another matter, as in a score
		if b := d.bad[key(whatAccount, a.key())]; a.Intruder != secondOne && b.was && (d.FirstLogin == nil || b.played.Before(*d.FirstLogin)) {
			d.FirstLogin = &b.played
		}
	}
	right := func(t *time.Time) {
		if t != nil && (d.FirstRight == nil || t.Before(*d.FirstRight)) {
			d.FirstRight = t
		}
	}
	for _, s := range []*Subjects{&d.Accounts, &d.Addresses, &d.Hosts} {
		for i := range s.Found {
			right(s.Found[i].Noticed)
		}
	}
	for i := range d.Acts {
		right(d.Acts[i].Noticed)
	}
	if f := d.truth.Found; f != nil {
		d.Light = &Light{Story: f.Time, How: f.How, HowJa: f.HowJa}
		if at, _, was := d.span(f.Time, f.Time); was {
			d.Light.Played = &at
		}
	}
	if d.FirstLogin != nil && d.FirstRight != nil {
		after := minutesBetween(*d.FirstLogin, *d.FirstRight)
		d.FirstRightAfter = &after
	}
}

// verdict says what was true of the part that was played, and what the team said last.
func (d *debriefing) verdict() {
	d.Verdict.True = d.truth.Verdict
	if (!d.Complete || d.undelivered().En != "") && d.truth.Verdict == "breach" {
		d.Verdict.True = "clear"
		if len(d.Acts) > 0 {
			d.Verdict.True = "suspicious"
		}
		for _, b := range d.bad {
			if b.was && b.what != whatAddress {
				d.Verdict.True = "breach"
			}
		}
	}
	for _, c := range d.answers.Claims {
		if c.Verdict != "" {
			d.Verdict.Team, d.Verdict.At = c.Verdict, &c.At
		}
	}
}

// rounded returns minutes as people say them: below ten to a tenth, above to whole ones.
func rounded(minutes float64) float64 {
	if math.Abs(minutes) < 10 {
		return math.Round(minutes*10) / 10
	}
	return math.Round(minutes)
}
