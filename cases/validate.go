// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// maxProblems bounds what Validate reports.
const maxProblems = 50

// Validate checks what must hold in every case and returns all that does not, joined; at most fifty problems are named.
// It expects a case in canonical form (Sort).
func (c *Case) Validate() error {
	k := check{c: c}
	k.index()
	k.head()
	k.words()
	k.accounts()
	k.addresses()
	k.hosts()
	k.findings()
	k.stories()
	k.rest()
	k.order()
	return errors.Join(k.problems...)
}

// check gathers the problems of one case.
type check struct {
	c         *Case
	problems  []error
	finding   map[string]bool
	accountID map[string]bool
	name      map[string]bool // of an account
	ip        map[netip.Addr]bool
	input     map[string]bool
}

func (k *check) fail(format string, args ...any) {
	if len(k.problems) < maxProblems {
		k.problems = append(k.problems, fmt.Errorf("cases: validate: "+format, args...))
	}
}

func (k *check) index() {
	c := k.c
	k.finding, k.accountID, k.name = map[string]bool{}, map[string]bool{}, map[string]bool{}
	k.ip, k.input = map[netip.Addr]bool{}, map[string]bool{}
	once := func(seen map[string]bool, what, id string) {
		if id == "" || seen[id] {
			k.fail("%s %.80q: empty or twice", what, id)
		}
		seen[id] = true
	}
	for i := range c.Findings {
		once(k.finding, "findings[].id", c.Findings[i].ID)
	}
	for i := range c.Accounts {
		once(k.accountID, "accounts[].id", c.Accounts[i].ID)
		k.name[c.Accounts[i].Name] = true
	}
	for i := range c.Inputs {
		once(k.input, "inputs[].path", c.Inputs[i].Path)
	}
	for i := range c.Addresses {
		if ip := c.Addresses[i].IP; !ip.IsValid() || k.ip[ip] {
			k.fail("addresses[].ip %s: invalid or twice", ip)
		}
		k.ip[c.Addresses[i].IP] = true
	}
	questions, acts := map[string]bool{}, map[string]bool{}
	for i := range c.Questions {
		once(questions, "questions[].id", c.Questions[i].ID)
	}
	for i := range c.Containment {
		once(acts, "containment[].id", c.Containment[i].ID)
	}
}

// demanded returns the verdict that the accounts, hosts and findings of the case demand. Where they demand none it
// returns what the case says, for coverage tells clear from undetermined and people close findings.
func (c *Case) demanded() CaseVerdict {
	suspected := false
	for i := range c.Accounts {
		switch c.Accounts[i].Verdict {
		case AccountCompromised:
			return Breach
		case AccountSuspected:
			suspected = true
		}
	}
	for i := range c.Hosts {
		switch c.Hosts[i].Verdict {
		case HostCompromised:
			return Breach
		case HostSuspected:
			suspected = true
		}
	}
	if suspected {
		return Suspicious
	}
	return c.Verdict
}

func (k *check) head() {
	c := k.c
	if c.Schema != Schema {
		k.fail("schema is %.60q", c.Schema)
	}
	if c.Revision < 1 || c.Supersedes != nil && *c.Supersedes >= c.Revision {
		k.fail("revision %d does not follow the one that it supersedes", c.Revision)
	}
	if want := c.demanded(); want != c.Verdict {
		k.fail("verdict is %q where accounts and hosts demand %q", c.Verdict, want)
	} else if c.Verdict == Breach && !k.harmed() {
		k.fail("verdict is breach without a compromised account or host")
	}
	if c.Verdict == Clear {
		for i := range c.Findings {
			if s := c.Findings[i].Severity; c.Findings[i].Hidden == nil && (s == Critical || s == High) {
				k.fail("verdict is clear with the %s finding %s", s, c.Findings[i].ID)
			}
		}
	}
	k.span("window", c.Window.From, c.Window.To)
	t := c.Totals.Accounts
	if t.Known != t.Compromised+t.Suspected+t.Cleared+t.Undetermined {
		k.fail("totals.accounts.known is %d, the sum of the verdicts another", t.Known)
	}
	var n [2]int64
	for i := range c.Accounts {
		switch c.Accounts[i].Verdict {
		case AccountCompromised:
			n[0]++
		case AccountSuspected:
			n[1]++
		}
	}
	if t.Known > 0 && (n[0] != t.Compromised || n[1] != t.Suspected) {
		k.fail("totals.accounts counts %d compromised and %d suspected, accounts[] lists %d and %d", t.Compromised, t.Suspected, n[0], n[1])
	}
}

func (k *check) harmed() bool {
	return slices.ContainsFunc(k.c.Accounts, func(a Account) bool { return a.Verdict == AccountCompromised }) ||
		slices.ContainsFunc(k.c.Hosts, func(h Host) bool { return h.Verdict == HostCompromised })
}

// words checks that every word is of its vocabulary.
func (k *check) words() {
	c := k.c
	in := func(list []entry, what, word string) {
		if rank(list, word) == len(list) {
			k.fail("%s: %.40q is not of the vocabulary", what, word)
		}
	}
	in(caseWords, "verdict", string(c.Verdict))
	for i := range c.Coverage {
		in(coverageWords, "coverage[].state", string(c.Coverage[i].State))
	}
	for i := range c.Accounts {
		in(accountWords, "accounts[].verdict", string(c.Accounts[i].Verdict))
		in(causeWords, "accounts[].cause", string(c.Accounts[i].Cause))
		if r := c.Accounts[i].Certainty; r != "" {
			in(certaintyWords, "accounts[].certainty", string(r))
		}
	}
	for i := range c.Addresses {
		in(addressWords, "addresses[].verdict", string(c.Addresses[i].Verdict))
		in(kindWords, "addresses[].kind", string(c.Addresses[i].Kind))
	}
	for i := range c.Hosts {
		in(hostWords, "hosts[].verdict", string(c.Hosts[i].Verdict))
	}
	for i := range c.Findings {
		in(severityWords, "findings[].severity", string(c.Findings[i].Severity))
	}
	for i := range c.Exposure {
		in(classWords, "exposure[].class", string(c.Exposure[i].Class))
		in(levelWords, "exposure[].level", string(c.Exposure[i].Level))
		in(basisWords, "exposure[].basis", string(c.Exposure[i].Basis))
	}
	for i := range c.Containment {
		in(containmentWords, "containment[].state", string(c.Containment[i].State))
		if kind := c.Containment[i].Kind; kind != "" { // earlier revisions had none
			in(containmentKinds, "containment[].kind", string(kind))
		}
	}
}

func (k *check) accounts() {
	for i := range k.c.Accounts {
		a := &k.c.Accounts[i]
		k.span("account "+a.ID, a.First, a.Last)
		k.probability("account "+a.ID, a.Confidence)
		k.known("account "+a.ID, a.Findings)
		for _, ip := range a.Addresses {
			if !k.ip[ip] {
				k.fail("account %s: address %s is not in addresses[]", a.ID, ip)
			}
		}
		if a.Verdict == AccountCompromised && a.DecidedBy == "" {
			k.fail("account %s: compromised, but not said by whom", a.ID)
		}
	}
}

func (k *check) addresses() {
	for i := range k.c.Addresses {
		a := &k.c.Addresses[i]
		k.span("address "+a.IP.String(), a.First, a.Last)
		k.probability("address "+a.IP.String(), a.Confidence)
		k.known("address "+a.IP.String(), a.Findings)
		for _, s := range a.Intervals {
			k.span("address "+a.IP.String()+" interval", s.From, s.To)
		}
	}
}

func (k *check) hosts() {
	for i := range k.c.Hosts {
		h := &k.c.Hosts[i]
		k.span("host "+h.Name, h.First, h.Last)
		k.known("host "+h.Name, h.Findings)
	}
}

func (k *check) findings() {
	for i := range k.c.Findings {
		f := &k.c.Findings[i]
		k.span("finding "+f.ID, f.First, f.Last)
		for _, id := range f.Subjects.Accounts {
			if !k.accountID[id] {
				k.fail("finding %s: account %.40q is not in accounts[]", f.ID, id)
			}
		}
		k.evidence("finding "+f.ID, f.Evidence)
		if f.Title.Ja == "" || f.Title.En == "" {
			k.fail("finding %s: no title in both languages", f.ID)
		}
	}
}

// stories checks that each finding is told in one story at most, and says so itself.
func (k *check) stories() {
	told, ids := map[string]string{}, map[string]bool{}
	for i := range k.c.Stories {
		s := &k.c.Stories[i]
		if s.ID == "" || ids[s.ID] {
			k.fail("stories[].id %.80q: empty or twice", s.ID)
		}
		ids[s.ID] = true
		k.span("story "+s.ID, s.First, s.Last)
		k.known("story "+s.ID, s.Findings)
		for _, id := range s.Findings {
			if told[id] != "" {
				k.fail("story %s: finding %.40q is part of %s too", s.ID, id, told[id])
			}
			told[id] = s.ID
		}
		for _, id := range s.Accounts {
			if !k.accountID[id] {
				k.fail("story %s: account %.40q is not in accounts[]", s.ID, id)
			}
		}
	}
	for i := range k.c.Findings {
		if f := &k.c.Findings[i]; f.Story != told[f.ID] {
			k.fail("finding %s: says that it is part of story %q, and is part of %q", f.ID, f.Story, told[f.ID])
		} else if f.Hidden != nil && f.Story != "" {
			k.fail("finding %s: is hidden, and part of story %s", f.ID, f.Story)
		}
	}
}

func (k *check) rest() {
	c := k.c
	for i := range c.Inputs {
		in := &c.Inputs[i]
		if in.Parsed+in.Unparsed != in.Records {
			k.fail("input %.200q: %d parsed and %d unparsed are not %d records", in.Path, in.Parsed, in.Unparsed, in.Records)
		}
		k.span("input", in.First, in.Last)
	}
	for i := range c.Coverage {
		k.span("coverage "+c.Coverage[i].Source, c.Coverage[i].From, c.Coverage[i].To)
	}
	for i := range c.Reasons {
		k.known("reason", c.Reasons[i].Findings)
	}
	for i := range c.Stages {
		k.span("stage", c.Stages[i].From, c.Stages[i].To)
		k.known("stage", c.Stages[i].Findings)
	}
	for i := range c.Path {
		k.known("step", c.Path[i].Findings)
	}
	rows := map[string]bool{}
	for i := range c.Exposure {
		e := &c.Exposure[i]
		k.span("exposure", e.First, e.Last)
		k.evidence("exposure", e.Evidence)
		if n := e.Count; n.Confirmed < 0 || n.Estimated < n.Confirmed || n.Upper < n.Estimated {
			k.fail("exposure of %.80q: counts %d, %d, %d are not in rising order", e.Account, n.Confirmed, n.Estimated, n.Upper)
		}
		k.subject("exposure", Subject{Account: e.Account})
		if e.ID != "" && rows[e.ID] {
			k.fail("exposure %s stands there twice", e.ID)
		}
		rows[e.ID] = true
		if (e.Review != nil) != (e.Basis == Reviewed) {
			k.fail("exposure %s: its basis is %s, and it has a review: %t", e.ID, e.Basis, e.Review != nil)
		}
	}
	for i := range c.Questions {
		k.subject("question "+c.Questions[i].ID, c.Questions[i].Subject)
		k.evidence("question "+c.Questions[i].ID, c.Questions[i].Evidence)
	}
	for i := range c.Containment {
		k.subject("containment "+c.Containment[i].ID, c.Containment[i].Subject)
		k.known("containment "+c.Containment[i].ID, c.Containment[i].Findings)
	}
}

// order checks that sorting would change nothing.
func (k *check) order() {
	c := k.c
	sorted := func(what string, ok bool) {
		if !ok {
			k.fail("%s is not in its order", what)
		}
	}
	sorted("inputs", slices.IsSortedFunc(c.Inputs, func(a, b Input) int { return cmp.Compare(a.Path, b.Path) }))
	sorted("accounts", slices.IsSortedFunc(c.Accounts, func(a, b Account) int { return cmp.Compare(a.ID, b.ID) }))
	sorted("addresses", slices.IsSortedFunc(c.Addresses, func(a, b Address) int { return a.IP.Compare(b.IP) }))
	sorted("hosts", slices.IsSortedFunc(c.Hosts, func(a, b Host) int { return cmp.Compare(a.Name, b.Name) }))
	sorted("findings", slices.IsSortedFunc(c.Findings, func(a, b Finding) int { return cmp.Compare(a.First, b.First) }))
	sorted("stories", slices.IsSortedFunc(c.Stories, storyOrder))
	sorted("stages", slices.IsSortedFunc(c.Stages, func(a, b Stage) int { return cmp.Compare(a.Number, b.Number) }))
	sorted("path", slices.IsSortedFunc(c.Path, func(a, b Step) int { return cmp.Compare(a.At, b.At) }))
	sorted("questions", slices.IsSortedFunc(c.Questions, func(a, b Question) int { return cmp.Compare(b.Gain, a.Gain) }))
	sorted("containment", slices.IsSortedFunc(c.Containment, func(a, b Containment) int { return cmp.Compare(a.Order, b.Order) }))
}

func (k *check) span(what string, from, to Time) {
	if from != 0 && to != 0 && to < from {
		k.fail("%s: ends (%s) before it begins (%s)", what, to, from)
	}
}

func (k *check) probability(what string, p float64) {
	if !(p >= 0 && p <= 1) {
		k.fail("%s: confidence %v is not between 0 and 1", what, p)
	}
}

func (k *check) known(what string, findings []string) {
	for _, id := range findings {
		if !k.finding[id] {
			k.fail("%s: finding %.40q is not in findings[]", what, id)
		}
	}
}

func (k *check) evidence(what string, list []Evidence) {
	for i := range list {
		if !k.input[list[i].Input] {
			k.fail("%s: evidence in %.200q, which is not in inputs[]", what, list[i].Input)
		}
		if len(list[i].Parts) == 0 {
			k.fail("%s: evidence without parts", what)
		}
	}
}

func (k *check) subject(what string, s Subject) {
	if s.Account != "" && !k.name[s.Account] && !k.accountID[s.Account] {
		k.fail("%s: account %.80q is not in accounts[]", what, s.Account)
	}
}
