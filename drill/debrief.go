// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"fmt"
	"math"
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

// Light is how an incident came to light in its story: what a team can be measured by, beside the acts.
type Light struct {
	Story  time.Time  `json:"story"`
	Played *time.Time `json:"played"` // nil: the story did not come so far, or began after it
	How    string     `json:"how"`
	HowJa  string     `json:"how_ja,omitempty"`
}

// Subjects compares the accounts, addresses or hosts that the team named with the true ones. The team's last word on each
// counts.
type Subjects struct {
	Knowable  int      `json:"knowable"` // bad ones that were played and that some log shows
	Found     []Notice `json:"found"`    // by the time at which they were first named
	Missed    []Notice `json:"missed"`   // knowable, and not called bad in the end
	InNoLog   []string `json:"in_no_log"`
	NotPlayed int      `json:"not_played"`

	NotDelivered int `json:"not_delivered"` // played, but the receiver refused all that shows them

	Wrong     []Mistake `json:"wrong"`           // honest, and called bad in the end
	TakenBack []Mistake `json:"taken_back"`      // honest, called bad, and later not
	Cleared   []Mistake `json:"wrongly_cleared"` // bad, and called clear in the end; they are missed too
	Precision float64   `json:"precision"`       // 1 where there is nothing to be wrong about
	Recall    float64   `json:"recall"`
}

// Notice is one bad account, address or host.
type Notice struct {
	Name    string     `json:"name"`
	Played  time.Time  `json:"played"`  // its first moment in the exercise
	Noticed *time.Time `json:"noticed"` // when it was first called bad
	After   *float64   `json:"after_minutes"`
	Story   *float64   `json:"after_story_hours"`
	Logs    []string   `json:"logs"` // that show it
}

// Mistake is a wrong word on something.
type Mistake struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
	Why  string    `json:"why,omitempty"` // why it looks bad, if the drill made it so
}

// ActNotice says when an act was noticed: by an entry after it began that names it (its technique, one of its detectors, or its
// name), or that calls one of its accounts, addresses or hosts bad. Known says that one of these was called bad before the act
// began, and not taken back.
type ActNotice struct {
	Name    string     `json:"name"`
	NameJa  string     `json:"name_ja,omitempty"`
	Stage   int        `json:"stage"`
	Attack  string     `json:"attack"`
	Note    string     `json:"note,omitempty"`
	From    time.Time  `json:"from"` // when it was played
	To      time.Time  `json:"to"`   // the end of the exercise, if it was still going on
	Story   time.Time  `json:"story"`
	Logs    []string   `json:"logs"` // none: nobody could know
	Noticed *time.Time `json:"noticed"`
	Named   *time.Time `json:"named"`
	Known   bool       `json:"known_before"`
	After   *float64   `json:"after_minutes"`
	InStory *float64   `json:"after_story_hours"`
	Machine *float64   `json:"machine_after_story_hours,omitempty"` // when Sekisho raised a finding about it
}

func (a *ActNotice) words() phrase { return named(a.Name, a.NameJa) }

// Entry is one of the team's, and what it was worth.
type Entry struct {
	At    time.Time `json:"at"`
	Story time.Time `json:"story"`
	What  string    `json:"what"` // account, address, host, act, decision, verdict
	Text  string    `json:"text"`
	Is    string    `json:"is,omitempty"`
	By    string    `json:"by,omitempty"`
	Note  string    `json:"note,omitempty"`
	Right []string  `json:"right"`
	Wrong []string  `json:"wrong"`
	Open  []string  `json:"open"`  // neither: unsure, or an address that honest people share with the intruder
	State *State    `json:"state"` // at decisions and verdicts

	Unknown []string `json:"unknown"` // names that nothing of the drill has
}

// State is what was true, and what of it the team knew, at a moment.
type State struct {
	Entered     int `json:"accounts_entered"` // by then
	Known       int `json:"accounts_known"`   // of these, called bad by the team
	Accused     int `json:"accounts_accused_wrongly"`
	ActsPlayed  int `json:"acts_begun"`
	ActsNoticed int `json:"acts_noticed"`
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
