// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// variant changes a drill. Of one group, only one can be had.
type variant struct {
	name, group string
	set         func(*Options)
}

// The paces: how long the story takes, and how long the drill then is.
const (
	paceHours = "hours"
	paceDays  = "days"
	paceWeeks = "weeks"
	paceSlow  = "slow"
)

// The supplies of addresses that he logs in from, beside Tor, VPNs and rented servers.
const (
	supplyResidential = "residential"
	supplyCarrier     = "carrier"
	supplyPartner     = "partner"
)

// His working hours, where they are not the script's.
const (
	hoursOffice = "office-hours"
	hoursAny    = "any-hour"
)

// noisyLife is the variant of drills without an attack, and of them alone.
const noisyLife = "noisy"

// Groups of variants that a story may be deaf to.
const (
	groupSupply = "addresses"
	groupLeave  = "drop-out"
	groupErased = "erased"
)

func variants() []variant {
	pace := func(name string) variant { return variant{name, "pace", func(o *Options) { o.Pace = name }} }
	supply := func(name string) variant { return variant{name, groupSupply, func(o *Options) { o.Supply = name }} }
	hours := func(name string) variant { return variant{name, "hours", func(o *Options) { o.Hours = name }} }
	leave := func(name string, share float64) variant {
		return variant{name, groupLeave, func(o *Options) { o.DropOut = share }}
	}
	late := func(days int) variant {
		return variant{fmt.Sprintf("late-%d", days), "logs", func(o *Options) { o.Late = days }}
	}
	return []variant{
		pace(paceHours), pace(paceDays), pace(paceWeeks), pace(paceSlow),
		supply(supplyResidential), supply(supplyCarrier), supply(supplyPartner),
		hours(hoursOffice), hours(hoursAny),
		leave("no-drop-out", -1), leave("third-drop-out", 0.3), leave("half-drop-out", 0.5), leave("most-drop-out", 0.8),
		{"erased", groupErased, func(o *Options) { o.Erased = true }},
		late(1), late(30), late(90),
		{"second-intruder", "second", func(o *Options) { o.SecondIntruder = true }},
		{noisyLife, "life", func(o *Options) { o.Noisy = true }},
		{"quiet", "quiet", func(o *Options) { o.Quiet = true }},
	}
}

// Variants returns the names of all variants.
func Variants() []string {
	var names []string
	for _, v := range variants() {
		names = append(names, v.name)
	}
	return names
}

// VariantsOf returns the names of the variants that change something in a drill: where it has no attack, how noisy its life is.
func VariantsOf(name string) []string {
	names := []string{}
	s, err := incidentOf(name)
	if err != nil {
		return names
	}
	if s.quiet {
		return append(names, noisyLife)
	}
	for _, v := range variants() {
		if v.name != noisyLife && !slices.Contains(s.deaf, v.name) && !slices.Contains(s.deaf, v.group) {
			names = append(names, v.name)
		}
	}
	return names
}

// Vary sets the options of variants, by name. Those that exclude each other, and those that would change nothing in this drill, are
// refused.
func (o *Options) Vary(names ...string) error {
	had := map[string]string{}
	for _, name := range names {
		i := slices.IndexFunc(variants(), func(v variant) bool { return v.name == name })
		if i < 0 {
			return unknown(phrase{"変種", "variant"}, name, Variants())
		}
		if err := o.hears(name); err != nil {
			return err
		}
		v := variants()[i]
		if other, ok := had[v.group]; ok && other != name {
			return misuse("変種 %s と %s は同時に使えません", "the variants %s and %s exclude each other", other, name)
		}
		had[v.group] = name
		v.set(o)
	}
	if quiet, ok := had["quiet"]; ok && len(had) > 1 {
		return misuse("変種 %s は攻撃を除くので、ほかの変種とは使えません", "the variant %s leaves the attack out: nothing of it can be varied", quiet)
	}
	if o.LogsFrom.IsZero() || o.Late == 0 {
		return nil
	}
	return misuse("変種 %s がログの始まりを決めます：別の日付は指定できません", "the variant %s says when the logs begin: give no other date", had["logs"])
}

// hears says why a variant would change nothing in the drill.
func (o *Options) hears(name string) error {
	drill := cmp.Or(o.Name, AIST)
	has := VariantsOf(drill)
	switch {
	case slices.Contains(has, name):
		return nil
	case !HasAttack(drill):
		return misuse("%s には攻撃がないので、変種は %s だけです", "%s has no attack: its only variant is %s", drill, noisyLife)
	}
	return misuse("変種 %[1]s は %[2]s では何も変えません。%[2]s の変種：%[3]s", "the variant %[1]s changes nothing in %[2]s; the variants of %[2]s are: %[3]s", name, drill, strings.Join(has, ", "))
}

// frame is where a story lies in its drill: from a day on, over so many; and what a drill of that pace spans in all.
type frame struct {
	lead, span int // days
	all        int
}

// frameOf returns the frame of a pace. From Sunday to Sunday, ordinary life before and after.
func frameOf(pace string) (frame, bool) {
	switch pace {
	case paceHours:
		return frame{24, 1, 28}, true // a Wednesday
	case paceDays:
		return frame{21, 7, 35}, true
	case paceWeeks:
		return frame{14, 42, 63}, true
	case paceSlow:
		return frame{0, 371, 371}, true
	}
	return frame{}, false
}

// lay says where the story lies, and how long the drill is, where the options do not say it.
func (o *Options) lay(s incident) error {
	first := (7 - newCalendar(o.Start, 1).weekday(0)) % 7 // the story's weeks begin on a Sunday
	f := frame{span: o.Days - first, all: o.Days}
	switch {
	case o.Pace != "":
		var ok bool
		if f, ok = frameOf(o.Pace); !ok {
			return unknown(phrase{"進み方", "pace"}, o.Pace, []string{paceHours, paceDays, paceWeeks, paceSlow})
		}
		f.all += first
	case o.Days == 0:
		f.span = s.days
		if f.span == 0 {
			f.span = s.weeks * 7
		}
		f.all = f.span + first
	case o.Days-first < 7: // too short for a week: from its first day
		f.span, first = o.Days, 0
	}
	if o.Days == 0 {
		o.Days = f.all
	}
	if o.Days < f.all-7 && o.Pace != "" {
		return misuse("%[1]d 日では足りません：%[2]s には %[3]d 日必要です", "%[1]d days: the pace %[2]q needs %[3]d", o.Days, o.Pace, f.all)
	}
	o.lead, o.span = first+f.lead, f.span
	return nil
}

// sinceEntry finds when the logs begin that begin so many days after his first login, or after his first step where he logs in
// nowhere. The drill goes on for two weeks of such logs, if the story ends before.
func (o *Options) sinceEntry() error {
	past := *o
	past.Late, past.SecondIntruder, past.Erased = 0, false, false
	truth, err := past.outline()
	if err != nil {
		return err
	}
	var first time.Time
	for _, a := range truth.Accounts {
		if first.IsZero() || a.First.Before(first) {
			first = a.First
		}
	}
	if first.IsZero() && len(truth.Acts) > 0 {
		first = truth.Acts[0].From
	}
	o.LogsFrom = first.AddDate(0, 0, o.Late)
	o.Days = max(o.Days, int(o.LogsFrom.Sub(truth.Start).Hours()/24)+15)
	o.Late = 0
	return nil
}

// outline performs the moves of the script alone: no ordinary life, no guessing, no line. It says when he was where.
func (o *Options) outline() (*Truth, error) {
	quick := *o
	quick.Progress = nil
	r, err := newRun("", quick)
	if err != nil {
		return nil, err
	}
	for _, s := range r.l.sheets {
		s.off = true
	}
	for _, m := range r.plot.moments {
		r.day = r.w.cal.dayOf(m.t)
		r.epochDay = int((r.w.cal.start+jst)/day) + r.day
		r.perform(m)
	}
	return r.truth(), nil
}
