// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Bounds of what stands in a case. Beyond them lists are cut in their order, and the case says so.
const (
	maxSubjects = 5_000   // of each kind, of one finding
	maxFindings = 100_000 // the gravest are kept
	maxTold     = 20      // of problems of one sort, told one by one
)

// bound cuts what could grow with what an outsider sends.
func (v *investigation) bound(c *cases.Case) {
	if len(c.Findings) > maxFindings {
		cut := len(c.Findings) - maxFindings
		slices.SortStableFunc(c.Findings, graver)
		c.Findings = c.Findings[:maxFindings]
		c.Limits = append(c.Limits, event.Words{Ja: fmt.Sprintf("所見が多すぎるため、重要度の低い %d 件を省いた。", cut), En: fmt.Sprintf("There were too many findings: the %d least grave were left out.", cut)})
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		n := len(f.Subjects.Accounts) + len(f.Subjects.Addresses) + len(f.Subjects.Hosts)
		f.Subjects.Accounts, f.Subjects.Addresses, f.Subjects.Hosts = first(f.Subjects.Accounts), first(f.Subjects.Addresses), first(f.Subjects.Hosts)
		if left := n - len(f.Subjects.Accounts) - len(f.Subjects.Addresses) - len(f.Subjects.Hosts); left > 0 {
			c.Limits = append(c.Limits, event.Words{Ja: fmt.Sprintf("所見 %s の対象のうち %d 件を省いた。", f.ID, left), En: fmt.Sprintf("Finding %s names %d more that were left out.", f.ID, left)})
		}
	}
}

func graver(a, b cases.Finding) int {
	sa, _ := event.ParseSeverity(string(a.Severity))
	sb, _ := event.ParseSeverity(string(b.Severity))
	if sa != sb {
		return int(sb) - int(sa)
	}
	if a.ID < b.ID {
		return -1
	}
	return 1
}

func first[E string | netip.Addr](list []E) []E { return list[:min(len(list), maxSubjects)] }

// listNamed adds the accounts that findings and exposures name and that scoping has no verdict on: nothing bad was found of
// them, which is said as far as records cover them. One that a grave finding names stays undetermined: people have to look.
func (v *investigation) listNamed(c *cases.Case) {
	have, names := map[string]bool{}, map[string]bool{}
	for i := range c.Accounts {
		have[c.Accounts[i].ID], names[c.Accounts[i].Name] = true, true
	}
	type mention struct {
		findings []string
		grave    bool
	}
	missing := map[string]*mention{}
	for i := range c.Findings {
		f := &c.Findings[i]
		for _, id := range f.Subjects.Accounts {
			if have[id] {
				continue
			}
			m := missing[id]
			if m == nil {
				m = &mention{}
				missing[id] = m
			}
			m.findings = append(m.findings, f.ID)
			m.grave = m.grave || f.Detector != ruleDetector && (f.Severity == cases.High || f.Severity == cases.Critical) || f.Detector == "dormant-account" && f.Severity == cases.Medium && harmed(c)
		}
	}
	wanted := map[string]bool{}
	for i := range c.Exposure {
		if n := c.Exposure[i].Account; n != "" && !names[n] {
			wanted[n] = true
		}
	}
	for _, a := range v.know.people {
		if a == nil || have[a.ID] || missing[a.ID] == nil && !wanted[a.Name] {
			continue
		}
		m := missing[a.ID]
		if m == nil {
			m = &mention{grave: true}
		}
		have[a.ID] = true
		add := cases.Account{ID: a.ID, Name: a.Name, Department: a.Department, Verdict: cases.AccountUndetermined, DecidedBy: "machine", Cause: cases.CauseUnknown,
			Findings: m.findings, Why: event.Words{Ja: "所見に名前があるが、このアカウントのログインからは判断できない", En: "named by a finding; its logins do not tell"}}
		if v.covered && !m.grave {
			add.Verdict = cases.AccountCleared
			add.Why = event.Words{Ja: "所見に名前があるが、不正なログインは認めない", En: "named by a finding; no bad login was found"}
		}
		c.Accounts = append(c.Accounts, add)
	}
}

// harmed says whether anything was compromised. Then an account that woke after a long time is nobody's to clear but its owner's.
func harmed(c *cases.Case) bool {
	return slices.ContainsFunc(c.Accounts, func(a cases.Account) bool { return a.Verdict == cases.AccountCompromised }) ||
		slices.ContainsFunc(c.Hosts, func(h cases.Host) bool { return h.Verdict == cases.HostCompromised })
}

// warnings returns what the profile says that nothing heeds.
func (v *investigation) warnings() []string {
	var out []string
	for _, w := range v.o.Profile.Warnings {
		w.File = filepath.Base(w.File)
		out = append(out, w.String())
	}
	paths := make([]string, len(v.plan.inputs))
	for i, in := range v.plan.inputs {
		paths[i] = in.file.Path
	}
	for _, w := range v.o.Profile.Unused(paths) {
		w.File = filepath.Base(w.File)
		out = append(out, w.String())
	}
	return out[:min(len(out), maxTold)]
}
