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

// DebriefSchema names the form of a debriefing as JSON.
const DebriefSchema = "sekisho.drill-debrief/1"

// Debrief holds what a team wrote down in an exercise against the truth and the times at which it was played. All that was
// not played, and all that no log of the exercise shows, is counted apart. Times are real ones but where Story is said.
type Debrief struct {
	Schema    string    `json:"schema"`
	Drill     string    `json:"drill"`
	Team      string    `json:"team"`
	Speed     float64   `json:"speed"`
	Began     time.Time `json:"began"`
	Ended     time.Time `json:"ended"`
	Zone      string    `json:"zone"` // of the real times and of the story's: the institute's
	StoryFrom time.Time `json:"story_from"`
	StoryEnd  time.Time `json:"story_end"` // how far the story came
	Complete  bool      `json:"complete"`
	Stopped   string    `json:"stopped,omitempty"`
	Delivery  Delivery  `json:"delivery"`

	Verdict struct {
		True string     `json:"true"` // of what was played
		Team string     `json:"team"` // the last one; empty: none
		At   *time.Time `json:"at"`
	} `json:"verdict"`

	Accounts  Subjects `json:"accounts"`
	Addresses Subjects `json:"addresses"`
	Hosts     Subjects `json:"hosts"`

	Acts         []ActNotice `json:"acts"` // those that were played, in their order
	ActsKnowable int         `json:"acts_knowable"`
	ActsNoticed  int         `json:"acts_noticed"`
	ActsKnown    int         `json:"acts_known_before"`   // of the others, those that came from something called bad before they began
	ActsMedian   *float64    `json:"acts_median_minutes"` // of the noticed; nil: none was
	ActsUnplayed int         `json:"acts_not_played"`

	ActsUndelivered int `json:"acts_not_delivered"` // played, but the receiver refused all that shows them

	// FirstLogin is when the intruder's first successful login was played, FirstRight when the team first named anything of his;
	// nil: not at all.
	FirstLogin      *time.Time `json:"first_login"`
	FirstRight      *time.Time `json:"first_right"`
	FirstRightAfter *float64   `json:"first_right_minutes_after_login"`

	// Doubt says what is wrong with the truth: TruthAltered, TruthOther; empty: nothing.
	Doubt string `json:"truth_doubt,omitempty"`

	Light *Light `json:"came_to_light"` // how it came to light in the story; nil: the truth does not say

	// Unknown are the names in the team's log that nothing of the drill has, in the order of the log: charged to nobody.
	Unknown []Unknown `json:"unknown"`

	Log     []Entry `json:"log"`               // the team's, judged
	Machine *Result `json:"machine,omitempty"` // what Sekisho found in the same exercise, if its case was given

	storyAt func(time.Time) time.Time // what of the story was played at a real time
}

// NewDebrief compares. directory is the institute's, uid and mail of each account, to know one person by both; it may be nil.
// caseJSON is a case that was made of the same exercise; it may be nil.
func NewDebrief(truth *Truth, r *Record, a *Answers, directory map[string]string, caseJSON []byte) (*Debrief, error) {
	r, err := r.inZone()
	if err != nil {
		return nil, err
	}
	d := &debriefing{truth: truth, record: r, answers: a, names: directory, Debrief: &Debrief{Schema: DebriefSchema, Drill: truth.Name, Team: a.Team, Speed: r.Speed, Began: r.Began,
		Ended: r.Ended, StoryFrom: r.StoryFrom, StoryEnd: r.StoryEnd, Complete: r.Complete, Stopped: r.Stopped, Delivery: r.Delivery, Acts: []ActNotice{}, Doubt: truth.Doubt(r), Unknown: []Unknown{}, Log: []Entry{}, Zone: cmp.Or(r.Zone, instituteZone), storyAt: r.StoryTime}}
	if err := r.isOf(truth); err != nil {
		return nil, err
	}
	d.gather(directory)
	d.lose()
	d.Accounts = d.compare(whatAccount)
	d.Addresses = d.compare(whatAddress)
	d.Hosts = d.compare(whatHost)
	d.noticeActs()
	d.firsts()
	d.verdict()
	d.judge()
	if caseJSON == nil {
		return d.Debrief, nil
	}
	result, err := Score(d.played(), caseJSON)
	if err != nil {
		return nil, err
	}
	d.Machine = result
	for i := range d.Acts {
		for _, m := range result.Acts {
			if m.Name == d.Acts[i].Name && m.Seen {
				d.Acts[i].Machine = m.Lead
			}
		}
	}
	return d.Debrief, nil
}

// played returns the truth of what was played alone: nobody can be asked for more.
func (d *debriefing) played() *Truth {
	t := *d.truth
	was := func(first, last time.Time, logs []string) bool {
		_, _, was := d.span(first, last)
		return was && !d.refused(logs, first, last)
	}
	t.Accounts = slices.DeleteFunc(slices.Clone(t.Accounts), func(a Account) bool { return !was(a.First, a.Last, a.Logs) })
	t.Addresses = slices.DeleteFunc(slices.Clone(t.Addresses), func(a Address) bool { return !was(a.First, a.Last, a.Logs) })
	t.Hosts = slices.DeleteFunc(slices.Clone(t.Hosts), func(h Host) bool { return !was(h.First, h.Last, h.Logs) })
	t.Acts = slices.DeleteFunc(slices.Clone(t.Acts), func(a Act) bool {
		return !slices.ContainsFunc(d.Acts, func(n ActNotice) bool { return n.Name == a.Name && n.Story.Equal(a.From) })
	})
	t.Verdict = d.Verdict.True
	return &t
}

// isOf says why a record cannot be one of this drill.
func (r *Record) isOf(t *Truth) error {
	same := r.Name == t.Name && r.Seed == t.Seed
	for _, a := range t.Acts {
		same = same && slices.ContainsFunc(r.Acts, func(p PlayedAct) bool { return p.Name == a.Name && p.From.Equal(a.From) })
	}
	if !same {
		return fmt.Errorf("drill: debrief: the record is of %s, seed %d, and its acts are not those of the truth, of %s, seed %d", r.Name, r.Seed, t.Name, t.Seed)
	}
	return nil
}

// What an entry is about.
const (
	whatAccount  = "account"
	whatAddress  = "address"
	whatHost     = "host"
	whatAct      = "act"
	whatDecision = "decision"
	whatVerdict  = "verdict"
)

// debriefing is a debrief in the making.
type debriefing struct {
	*Debrief
	truth   *Truth
	record  *Record
	answers *Answers
	names   map[string]string // login ID → mail, lower case

	known map[string]map[string]bool // names of accounts and of hosts that there are, lower case; nil: nobody can say

	bad   map[string]*badThing // by what and name
	alias map[string]string    // of what and name → the name in bad
	said  map[string][]word    // by what and name, in the order of time
	order []string             // of said
}

// badThing is something of the intruder's.
type badThing struct {
	what, name string
	logs       []string
	played     time.Time
	story      time.Time
	was        bool // it was played
	lost       bool // it was, but not delivered

	first, last time.Time // in the story
}

// word is what the team said of something at a time.
type word struct {
	at time.Time
	is string
}

// gather collects what was bad and what the team said of what.
func (d *debriefing) gather(directory map[string]string) {
	d.bad, d.alias, d.said = map[string]*badThing{}, map[string]string{}, map[string][]word{}
	add := func(what, name string, first, last time.Time, logs []string, also ...string) {
		b := &badThing{what: what, name: name, logs: logs, first: first, last: last}
		b.played, b.story, b.was = d.span(first, last)
		d.bad[key(what, name)] = b
		for _, n := range also {
			if n != "" {
				d.alias[key(what, n)] = name
			}
		}
	}
	for i := range d.truth.Accounts {
		a := &d.truth.Accounts[i]
		add(whatAccount, a.key(), a.First, a.Last, a.Logs, a.UID)
	}
	for _, a := range d.truth.Addresses {
		add(whatAddress, a.IP, a.First, a.Last, a.Logs)
	}
	for _, h := range d.truth.Hosts {
		if h.Verdict == "compromised" {
			add(whatHost, strings.ToLower(h.Name), h.First, h.Last, h.Logs, h.IP)
		} else {
			d.alias[key(whatHost, h.IP)] = strings.ToLower(h.Name)
		}
	}
	d.learn(directory)
	for _, c := range d.answers.Claims {
		d.doubt(&c)
		for what, names := range c.subjects() {
			for _, n := range names {
				if !d.exists(what, n) {
					continue
				}
				k := key(what, d.name(what, n))
				if d.said[k] == nil {
					d.order = append(d.order, k)
				}
				d.said[k] = append(d.said[k], word{c.At, c.Is})
			}
		}
	}
	slices.Sort(d.order)
}

// subjects are the things that an entry speaks of, by kind. What stands beside an act is called bad by it.
func (c *Claim) subjects() map[string][]string {
	return map[string][]string{whatAccount: c.Accounts, whatAddress: c.Addresses, whatHost: c.Hosts}
}

func key(what, name string) string { return what + " " + name }

// name returns what something is called in the truth, or else what the team calls it, in lower case.
func (d *debriefing) name(what, text string) string {
	n := strings.ToLower(text)
	switch what {
	case whatAccount:
		n = plainName(n)
		if mail := d.names[n]; mail != "" && d.bad[key(what, n)] == nil {
			n = mail
		}
	case whatHost:
		if short, _, long := strings.Cut(n, "."); long && d.bad[key(what, n)] == nil && d.bad[key(what, short)] != nil {
			n = short
		}
	}
	if a := d.alias[key(what, n)]; a != "" {
		return a
	}
	return n
}

// span returns when something that happened from first to last was first played, what of the story that was, and whether any
// of it was.
func (d *debriefing) span(first, last time.Time) (real, story time.Time, was bool) {
	r := d.record
	if last.Before(r.StoryFrom) && !r.History || first.After(r.StoryEnd) {
		return real, first, false
	}
	if first.Before(r.StoryFrom) {
		return r.Began, first, true
	}
	real, was = r.RealTime(first)
	return real, first, was
}
