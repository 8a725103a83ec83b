// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Result is what scoping concluded, in the words of the case. Evidence is filled in by whoever can read the inputs.
type Result struct {
	Verdict      cases.CaseVerdict
	Reasons      []cases.Reason
	Onset        cases.Onset
	LastActivity cases.Time
	Accounts     []cases.Account
	Addresses    []cases.Address
	Hosts        []cases.Host
	Stages       []cases.Stage
	Path         []cases.Step
	Operator     cases.Operator
	Exposure     []cases.Exposure
	Shown        map[string][]event.Ref // the records that rows of Exposure rest on, by their identity
	Questions    []cases.Question
	Again        []Again // condemned use of accounts after people closed them
	Seen         int64   // accounts seen with a success or in the directory
	Sources      int64   // distinct source addresses
	Rounds       int     // of the fixed point
	Folded       int64   // entries that fell into coarser ones at a bound

	// Findings are those that scoping itself stands for, beside the detectors'.
	Findings []event.Finding

	Named []HostName // which names and inside addresses are one machine's, as far as records that have both say, in order of name

	Victims map[string]int // group number by identity, of compromised accounts
	Bad     []BadUse       // what was condemned or is in doubt, sorted
}

// BadUse is one account's use of one address with one client that was condemned or is in doubt.
type BadUse struct {
	Account     string
	Address     netip.Addr
	Set         uint16 // the port set of it; see event.Line
	Client      string
	First, Last event.Micros
}

// Scope goes from what the ledger saw to the whole harm. It may be called again with other inputs; the ledger keeps nothing
// of an earlier answer.
func (l *Ledger) Scope(in Inputs) *Result {
	l.forget()
	s := begin(l, in)
	accounts, addresses, machines := s.settleAll()
	addresses = s.withCallouts(addresses, machines)
	r := &Result{Accounts: s.caseAccounts(accounts), Addresses: addresses, Sources: l.sourceCount(), Rounds: s.rounds,
		Folded: l.folded, Victims: map[string]int{}}
	for i := range r.Accounts {
		if a := &r.Accounts[i]; a.Verdict == cases.AccountCompromised {
			r.Victims[a.ID] = a.Group
		}
	}
	for _, v := range s.ordered {
		if v.judged == condemned || v.judged == doubtful {
			for _, u := range v.uses() {
				r.Bad = append(r.Bad, BadUse{v.who.ID, u.ip, v.addr.line.Set, s.names[v.client], u.from, u.to})
			}
		}
	}
	for _, n := range s.steady {
		r.Named = append(r.Named, HostName{n.name, n.ip})
	}
	r.Findings = s.witness(accounts, machines)
	s.in.Findings = append(slices.Clone(s.in.Findings), r.Findings...)
	r.Accounts = s.caseAccounts(accounts) // again: the witnesses are findings too
	r.Hosts = caseHosts(machines)
	for _, p := range s.people {
		if p.success || p.who.Listed {
			r.Seen++
		}
	}
	r.Seen = max(r.Seen, int64(in.Accounts))
	r.Operator = cases.Operator{SingleActor: "unclear", Weekdays: []string{}, Clients: []string{}}
	r.Onset = cases.Onset{Why: event.Words{Ja: "侵入者の痕跡はない", En: "no trace of an intruder"}}
	r.Verdict = verdictOf(r, in)
	if r.Verdict == cases.Breach || r.Verdict == cases.Suspicious {
		r.Onset, r.LastActivity = s.onset(accounts, machines)
		r.Stages = s.stages(accounts, machines)
		r.Path = s.path(accounts, machines)
		r.Operator = s.operator(accounts)
		r.Exposure, r.Shown = s.exposure(accounts, machines)
		r.Questions = s.questions(accounts)
		r.Again = s.again(accounts)
	}
	r.Reasons = s.reasons(r)
	return r
}

// verdictOf says what the case comes to. Clear needs records that would have shown a login from an address.
func verdictOf(r *Result, in Inputs) cases.CaseVerdict {
	suspected := false
	for i := range r.Accounts {
		switch r.Accounts[i].Verdict {
		case cases.AccountCompromised:
			return cases.Breach
		case cases.AccountSuspected:
			suspected = true
		}
	}
	for i := range r.Hosts {
		switch r.Hosts[i].Verdict {
		case cases.HostCompromised:
			return cases.Breach
		case cases.HostSuspected:
			suspected = true
		}
	}
	for i := range in.Findings {
		if f := &in.Findings[i]; f.Severity >= event.High && !in.hides(f) {
			suspected = true
		}
	}
	switch {
	case suspected:
		return cases.Suspicious
	case in.Covered && in.Unread == 0 && in.Undated.En == "":
		return cases.Clear
	}
	return cases.CaseUndetermined
}

func (in *Inputs) hides(f *event.Finding) bool {
	if len(in.Hidden) == 0 {
		return false
	}
	_, ok := in.Hidden[f.ID()]
	return ok
}

// onset finds the oldest trace of the intruder: a campaign against the institute's accounts, a bad login, or a finding on a
// condemned machine. It is certain only where the records begin well before it.
func (s *scoping) onset(accounts []*judgedAccount, hosts []*machine) (cases.Onset, cases.Time) {
	first, last := event.Micros(math.MaxInt64), event.Micros(0)
	note := func(from, to event.Micros) {
		if from != 0 {
			first = min(first, from)
		}
		last = max(last, to)
	}
	for _, j := range accounts {
		if j.verdict == cases.AccountCompromised || j.verdict == cases.AccountSuspected {
			note(j.first, j.last)
		}
	}
	for _, h := range hosts {
		if h.verdict == cases.HostCompromised || h.verdict == cases.HostSuspected {
			note(h.first, h.last)
		}
	}
	for i := range s.in.Findings {
		if f := &s.in.Findings[i]; f.Severity >= event.Medium && campaignFinding(f.Detector) {
			note(f.First, f.Last)
		}
	}
	if first == math.MaxInt64 {
		return cases.Onset{Why: event.Words{Ja: "侵入者の痕跡はない", En: "no trace of an intruder"}}, 0
	}
	o := cases.Onset{At: cases.Time(first), Certain: first > s.recordsFrom+28*day}
	o.Why = event.Words{Ja: "記録はこれより前からあり、その間に痕跡はない", En: "records begin well before it and show no trace until then"}
	if !o.Certain {
		o.Why = event.Words{Ja: "記録がこの直前から始まるため、実際の開始はさらに前の可能性がある",
			En: "the records begin too shortly before this: the true start may lie earlier and is not known"}
	}
	return o, cases.Time(last)
}

func campaignFinding(detector string) bool {
	switch base(detector) {
	case "id-probing", "password-guessing", "password-spray", "credential-stuffing", "id-list-obtained", "target-drop-out", "success-after-guessing":
		return true
	}
	return false
}

// reasons say in plain words why the verdict is what it is, weightiest first.
func (s *scoping) reasons(r *Result) []cases.Reason {
	var out []cases.Reason
	say := func(findings []string, ja, en string, args ...any) {
		out = append(out, cases.Reason{Words: event.Words{Ja: fmt.Sprintf(ja, args...), En: fmt.Sprintf(en, args...)}, Findings: findings})
	}
	c := countVerdicts(r)
	if c.compromised > 0 {
		say(nil, "%d アカウントで、本人の利用では説明できないログインを確認・推定した。", "%d accounts have logins that their owners' use does not explain.", c.compromised)
	}
	if c.suspected > 0 {
		say(nil, "%d アカウントに疑いがあり、本人への確認が必要である。", "%d more accounts are suspected: their owners must be asked.", c.suspected)
	}
	if c.hosts > 0 {
		say(nil, "%d 台のサーバで侵入の痕跡を確認した。", "%d hosts show traces of intrusion.", c.hosts)
	}
	out = append(out, s.highReasons()...)
	switch r.Verdict {
	case cases.Clear:
		say(nil, "調べた記録の範囲では、不正アクセスの痕跡を認めなかった。記録のない期間・機器については何も言えない。",
			"Within the records examined no trace of unauthorised access was found. Nothing can be said of times and devices without records.")
	case cases.CaseUndetermined:
		if s.in.Unread > 0 {
			say(nil, "読めなかった、または途中で切れている入力が %d 件ある。読めた記録に不正アクセスの痕跡はないが、痕跡がないとは言えない。",
				"%d inputs could not be read, or are cut off. What was read shows no trace of unauthorised access; that there is none cannot be said.", s.in.Unread)
		}
		if s.in.Undated.En != "" {
			out = append(out, cases.Reason{Words: s.in.Undated})
		}
		if s.in.Covered {
			break
		}
		if s.in.Short {
			say(nil, "ログインの記録が一日分に満たないため、判断できない。", "The records of logins cover less than a day: nothing can be decided.")
			break
		}
		say(nil, "誰がどこからログインしたかを示す記録がないため、判断できない。", "No record shows who logged in from where, so nothing can be decided.")
	}
	return out
}

type verdictCount struct{ compromised, suspected, hosts int }

func countVerdicts(r *Result) verdictCount {
	var c verdictCount
	for i := range r.Accounts {
		switch r.Accounts[i].Verdict {
		case cases.AccountCompromised:
			c.compromised++
		case cases.AccountSuspected:
			c.suspected++
		}
	}
	for i := range r.Hosts {
		if r.Hosts[i].Verdict == cases.HostCompromised {
			c.hosts++
		}
	}
	return c
}

// highReasons returns one high finding of each kind, in order of time, with how many more there are like it. What scoping itself
// concluded stands in the numbers before them.
func (s *scoping) highReasons() []cases.Reason {
	by := map[string][]*event.Finding{}
	var kinds []string
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		k := base(f.Detector)
		if f.Severity < event.High || k == "unusual-login" || k == "lateral-path" || s.in.hides(f) {
			continue
		}
		if by[k] == nil {
			kinds = append(kinds, k)
		}
		by[k] = append(by[k], f)
	}
	slices.SortStableFunc(kinds, func(a, b string) int { return cmp.Or(cmp.Compare(by[a][0].First, by[b][0].First), cmp.Compare(a, b)) })
	var out []cases.Reason
	for _, k := range kinds[:min(len(kinds), 12)] {
		f := by[k][0]
		reason := cases.Reason{Words: f.Title}
		for _, g := range by[k][:min(len(by[k]), 20)] {
			reason.Findings = append(reason.Findings, g.ID())
		}
		if n := len(by[k]) - 1; n > 0 {
			reason.Ja += fmt.Sprintf("（同種の検知がほかに %d 件）", n)
			reason.En += fmt.Sprintf(" (and %d more like it)", n)
		}
		slices.Sort(reason.Findings)
		out = append(out, reason)
	}
	return out
}
