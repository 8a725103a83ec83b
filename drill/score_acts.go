// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"slices"
	"strings"
	"time"
)

// ActResult says whether and when an act was noticed.
type ActResult struct {
	Name     string `json:"name"`
	NameJa   string `json:"name_ja,omitempty"`
	Attack   string `json:"attack"`   // technique
	Expected bool   `json:"expected"` // the truth names a detector for it
	InNoLog  bool   `json:"in_no_log"`
	Seen     bool   `json:"seen"`         // a finding that was raised by its traces is about it
	Known    bool   `json:"known_before"` // not seen, but a finding about an earlier act goes on over it
	Detector string `json:"detector,omitempty"`
	Finding  string `json:"finding,omitempty"`
	Evidence int    `json:"evidence,omitempty"` // records that the finding points to

	// Lead is how long after the act's first moment the first finding about it was raised. It is never below zero by more than
	// clocks differ: what was raised before the act left a trace belongs to an earlier act.
	Lead *float64 `json:"alert_after_hours"`
	// FromLogin is the same from the first successful login of the incident's intruder; nil too where he never logged in, and for
	// acts of a second one.
	FromLogin *float64 `json:"alert_after_first_login_hours"`
}

// In returns the act's name in a language.
func (a *ActResult) In(lang string) string { return named(a.Name, a.NameJa).in(lang) }

// ActCount counts the acts. Knowable and InNoLog make all of them.
type ActCount struct {
	All      int      `json:"all"`
	Knowable int      `json:"knowable"`     // some log shows it
	Expected int      `json:"expected"`     // of the knowable, those that the truth names a detector for
	Seen     int      `json:"seen"`         // of the knowable
	Known    int      `json:"known_before"` // of the knowable: not seen, but on alarm already
	InNoLog  []string `json:"in_no_log"`    // names
	// Median is the middle of the seen acts' leads in hours; nil: none was seen.
	Median *float64 `json:"median_alert_after_hours"`
}

// Noise counts the findings by what they are about.
type Noise struct {
	Days       float64                  `json:"days"`        // that the logs span
	Severities map[string]FindingsCount `json:"by_severity"` // critical, high, medium, low, info, always all
	False      []FalseFinding           `json:"false"`       // in the order of the case
}

// FindingsCount counts the findings of one severity: each is about an act, beside the acts, or false.
//
// It is about an act if it touches it and was raised by its traces. The two touch if they overlap in time, with five minutes' grace
// before the act for clocks and an hour's after it for records that are written when a session ends, and both name one account, or
// one address that only the intruder used, or one host that he controlled (by name or by address). An address that honest people
// share with him, or a host that he only reached, is a place and no proof: it counts if the two do not name different accounts, and
// the act expects such a detector or the finding names nothing else. Where the two name nothing of one kind (guessing at everybody
// names no accounts), the finding touches the act if the act expects such a detector. It was raised by the act's traces if that was
// not before the first of them that a log shows, nor before he first had the account, address or host that both name: what was
// raised earlier, and goes on over the act, belongs to the earlier act that raised it.
//
// It is beside the acts if it is about none, but names an account that he was in by its end, an address of his, or a host that he
// had controlled by then: what raised it may be honest, so that it is no lead, and is not to be sorted from it. All others are false:
// what they name is honest, though it may be odd. An account is honest until he first gets into it.
type FindingsCount struct {
	All    int     `json:"all"`
	Acts   int     `json:"about_acts"`
	Beside int     `json:"beside_acts"`
	False  int     `json:"false"`
	PerDay float64 `json:"false_per_day"`
}

// FalseFinding is one that is about nothing that the intruder did.
type FalseFinding struct {
	ID       string `json:"id"`
	Detector string `json:"detector"`
	Severity string `json:"severity"`
}

func severities() []string { return []string{"critical", "high", "medium", "low", "info"} }

func grave(severity string) bool { return severity == "high" || severity == "critical" }

// How far a finding may lie before an act and after it in time and still be about it: clocks differ, and a firewall writes of a
// session when that has ended.
const (
	graceBefore = 5 * time.Minute
	graceAfter  = time.Hour
)

// scene is a truth, made ready to hold findings against.
type scene struct {
	truth      *Truth
	victims    map[string]*Account
	ids        map[string]string     // names of the case's accounts, by identity
	own        map[string]time.Time  // addresses that only the intruder used, since when
	hosts      map[string]*Host      // that he reached or controlled, by name
	byIP       map[string]*Host      // the same
	acts       []map[string]struct{} // names of what each act touched: accounts, addresses and hosts
	controlled map[string]bool       // hosts that he controlled, by name
}

func newScene(truth *Truth, c *caseFile) *scene {
	s := &scene{truth: truth, victims: truth.victims(), ids: map[string]string{}, own: map[string]time.Time{}, hosts: map[string]*Host{}, byIP: map[string]*Host{}, controlled: map[string]bool{}}
	for i := range truth.Hosts {
		h := &truth.Hosts[i]
		s.hosts[strings.ToLower(h.Name)] = h
		if h.IP != "" {
			s.byIP[h.IP] = h
		}
		s.controlled[strings.ToLower(h.Name)] = h.Verdict == "compromised"
	}
	for _, a := range truth.Addresses {
		s.own[a.IP] = a.First
	}
	touched := map[string]bool{} // accounts that any act names
	for i := range truth.Acts {
		set := map[string]struct{}{}
		for _, n := range truth.Acts[i].Accounts {
			set[plainName(n)] = struct{}{}
			touched[plainName(n)] = true
		}
		for _, list := range [][]string{truth.Acts[i].Addresses, truth.Acts[i].Hosts} {
			for _, n := range list {
				set[strings.ToLower(n)] = struct{}{}
			}
		}
		s.acts = append(s.acts, set)
	}
	for _, a := range c.Accounts {
		name := plainName(a.Name)
		for _, n := range append([]string{a.Name}, a.Aliases...) {
			if v := s.victims[plainName(n)]; v != nil {
				name = v.key()
			} else if touched[plainName(n)] {
				name = plainName(n)
			}
		}
		s.ids[a.ID] = name
	}
	return s
}

// host returns a host's name as the truth has it, of what a record or a case calls it; a name that the truth does not have
// stays.
func (s *scene) host(name string) string {
	name = strings.ToLower(name)
	if h := s.byIP[name]; h != nil {
		return strings.ToLower(h.Name)
	}
	if short, _, long := strings.Cut(name, "."); long && s.hosts[short] != nil {
		return short
	}
	return name
}

// claim is what a finding says, in the truth's names. The address of a host that the intruder reached is that host.
type claim struct {
	*finding
	accounts, addresses, hosts []string
}

func (s *scene) claim(f *finding) claim {
	c := claim{finding: f}
	for _, id := range f.Subjects.Accounts {
		name := s.ids[id]
		if name == "" {
			name = plainName(id)
		}
		c.accounts = append(c.accounts, name)
	}
	for _, ip := range f.Subjects.Addresses {
		if s.byIP[ip] != nil {
			c.hosts = append(c.hosts, s.host(ip))
		} else {
			c.addresses = append(c.addresses, ip)
		}
	}
	for _, h := range f.Subjects.Hosts {
		c.hosts = append(c.hosts, s.host(h))
	}
	if c.Last.Before(c.First) {
		c.Last = c.First
	}
	return c
}

// expected says whether a detector is one of those that an act names, or named after one.
func (a *Act) expected(detector string) bool {
	return slices.ContainsFunc(a.Detectors, func(d string) bool { return detector == d || strings.HasPrefix(detector, d+"-") })
}

// touches says whether a finding touches the act at i, and since when its alarm can rest on that: see FindingsCount.
func (s *scene) touches(c *claim, i int) (since time.Time, ok bool) {
	a := &s.truth.Acts[i]
	if a.Times == 0 || len(a.Logs) == 0 || c.Last.Before(a.From.Add(-graceBefore)) || c.First.After(a.To.Add(graceAfter)) {
		return since, false
	}
	named := func(names []string, had func(string) (time.Time, bool)) {
		for _, n := range names {
			if _, in := s.acts[i][n]; !in {
				continue
			}
			if first, proves := had(n); proves && (!ok || first.Before(since)) {
				since, ok = first, true
			}
		}
	}
	named(c.accounts, func(n string) (time.Time, bool) {
		if v := s.victims[n]; v != nil {
			return v.First, true
		}
		return time.Time{}, true // he was after it, and did not get in
	})
	named(c.addresses, func(ip string) (time.Time, bool) { first, own := s.own[ip]; return first, own })
	named(c.hosts, func(h string) (time.Time, bool) { return s.hostFirst(h), s.controlled[h] })
	if ok {
		return later(since, a.firstTrace(s.truth)), true
	}
	return a.firstTrace(s.truth), s.sharesPlace(c, i)
}

// sharesPlace says whether a finding that names nothing of the intruder's own touches the act at i all the same.
func (s *scene) sharesPlace(c *claim, i int) bool {
	a := &s.truth.Acts[i]
	if len(c.accounts) > 0 && len(a.Accounts) > 0 {
		return false
	}
	in := func(name string) bool { _, ok := s.acts[i][name]; return ok }
	expected := a.expected(c.Detector)
	if slices.ContainsFunc(c.addresses, in) || slices.ContainsFunc(c.hosts, in) {
		return expected || len(c.accounts) == 0 && !slices.ContainsFunc(c.addresses, func(ip string) bool { return !in(ip) })
	}
	comparable := len(c.addresses) > 0 && len(a.Addresses) > 0 || len(c.hosts) > 0 && len(a.Hosts) > 0
	return expected && !comparable
}

func (s *scene) hostFirst(name string) time.Time {
	if h := s.hosts[name]; h != nil {
		return h.First
	}
	return time.Time{}
}

// raised is when a finding was raised; at its end, if it does not say.
func (c *claim) raised() time.Time {
	if c.Alerted.IsZero() {
		return c.Last
	}
	return c.Alerted
}

// by says whether a finding was raised by what was there from a time on.
func (c *claim) by(since time.Time) bool { return !c.raised().Before(since.Add(-graceBefore)) }

// beside says whether a finding names anything that the intruder had by its end.
func (s *scene) beside(c *claim) bool {
	had := func(since time.Time) bool { return !c.Last.Before(since.Add(-graceBefore)) }
	return slices.ContainsFunc(c.accounts, func(n string) bool { v := s.victims[n]; return v != nil && had(v.First) }) ||
		slices.ContainsFunc(c.addresses, func(ip string) bool { _, own := s.own[ip]; return own }) ||
		slices.ContainsFunc(c.hosts, func(n string) bool { return s.controlled[n] && had(s.hostFirst(n)) })
}

// heard is what was raised about one act.
type heard struct {
	first *finding // of those that its traces raised, by a detector that it names
	known bool     // one that an earlier act raised goes on over it
}

// scoreFindings says of each finding what it is about, and of each act which finding noticed it first.
func (r *Result) scoreFindings(truth *Truth, c *caseFile) {
	s := newScene(truth, c)
	r.Noise = Noise{Days: hundredths(max(0, truth.End.Sub(later(truth.Start, truth.LogsFrom)).Hours()/24)), Severities: map[string]FindingsCount{}, False: []FalseFinding{}}
	for _, sev := range severities() {
		r.Noise.Severities[sev] = FindingsCount{}
	}
	acts := make([]heard, len(truth.Acts))
	var alarm time.Time // the first grave finding about an act of the incident's intruder
	for i := range c.Findings {
		f := &c.Findings[i]
		claim := s.claim(f)
		about, his := s.hear(&claim, acts)
		if his && grave(f.Severity) && !f.Alerted.IsZero() && (alarm.IsZero() || f.Alerted.Before(alarm)) {
			alarm = f.Alerted
		}
		r.Noise.add(f, about, !about && s.beside(&claim))
	}
	r.Noise.rate()
	r.scoreActs(truth, acts, alarm)
}

// hear notes a finding at the acts that it touches, and says whether it is about any of them, and about one of the incident's
// intruder.
func (s *scene) hear(c *claim, acts []heard) (about, his bool) {
	var over []int // that it goes on over
	for i := range s.truth.Acts {
		a := &s.truth.Acts[i]
		since, ok := s.touches(c, i)
		if !ok {
			continue
		}
		if !c.by(since) {
			over = append(over, i)
			continue
		}
		about, his = true, his || a.Intruder != secondOne
		if a.expected(c.Detector) && !c.Alerted.IsZero() && (acts[i].first == nil || c.Alerted.Before(acts[i].first.Alerted)) {
			acts[i].first = c.finding
		}
	}
	for _, i := range over {
		acts[i].known = acts[i].known || about && !c.Alerted.IsZero()
	}
	return about, his
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (n *Noise) add(f *finding, about, beside bool) {
	k := n.Severities[f.Severity]
	k.All++
	switch {
	case about:
		k.Acts++
	case beside:
		k.Beside++
	default:
		k.False++
		n.False = append(n.False, FalseFinding{f.ID, f.Detector, f.Severity})
	}
	n.Severities[f.Severity] = k
}

func (n *Noise) rate() {
	for sev, k := range n.Severities {
		if n.Days > 0 {
			k.PerDay = hundredths(float64(k.False) / n.Days)
		}
		n.Severities[sev] = k
	}
}

// firstLogin returns the first successful login of the incident's intruder, never of a second one; zero: there was none.
func (t *Truth) firstLogin() time.Time {
	var login time.Time
	for _, a := range t.Accounts {
		if a.Intruder != secondOne && (login.IsZero() || a.First.Before(login)) {
			login = a.First
		}
	}
	return login
}

// scoreActs tells when each act was noticed.
func (r *Result) scoreActs(truth *Truth, acts []heard, alarm time.Time) {
	login := truth.firstLogin()
	var first time.Time // act of the intruder of the incident
	since := func(at, from time.Time) *float64 {
		if at.IsZero() || from.IsZero() {
			return nil
		}
		h := hundredths(at.Sub(from).Hours())
		return &h
	}
	if !login.IsZero() {
		r.FirstLogin = &login
	}
	r.Acts, r.ActCount = []ActResult{}, ActCount{All: len(truth.Acts), InNoLog: []string{}}
	var leads []float64
	for i := range truth.Acts {
		a, f := &truth.Acts[i], acts[i].first
		if a.Intruder != secondOne && (first.IsZero() || a.From.Before(first)) {
			first = a.From
		}
		got := ActResult{Name: a.Name, NameJa: a.NameJa, Attack: a.Attack, Expected: len(a.Detectors) > 0, InNoLog: len(a.Logs) == 0}
		if got.InNoLog {
			r.ActCount.InNoLog = append(r.ActCount.InNoLog, a.Name)
		} else {
			r.ActCount.Knowable++
			r.ActCount.Expected += btoi(got.Expected)
		}
		if f != nil && !got.InNoLog {
			got.Seen, got.Detector, got.Finding, got.Evidence = true, f.Detector, f.ID, len(f.Evidence)
			got.Lead = since(f.Alerted, a.From)
			if a.Intruder != secondOne {
				got.FromLogin = since(f.Alerted, login)
			}
			r.ActCount.Seen++
			leads = append(leads, *got.Lead)
		} else if acts[i].known {
			got.Known = true
			r.ActCount.Known++
		}
		r.Acts = append(r.Acts, got)
	}
	if slices.Sort(leads); len(leads) > 0 {
		m := hundredths((leads[(len(leads)-1)/2] + leads[len(leads)/2]) / 2)
		r.ActCount.Median = &m
	}
	r.FirstAlarm, r.FirstAlarmAct = since(alarm, login), since(alarm, first)
}
