// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/triage"
)

// CheckExceptions holds the detectors that a profile's exceptions name against those that there are.
func CheckExceptions(p *config.Profile) error {
	var wrong []string
	for i := range p.Exceptions {
		x := &p.Exceptions[i]
		switch {
		case x.Detector == "unusual-login" || x.Detector == "lateral-path":
			wrong = append(wrong, fmt.Sprintf("%s:%d: exceptions[%d].detector: %s says which accounts and hosts the scope holds: answer its question instead, with --answers", p.Path, x.Line, i, x.Detector))
		case !slices.Contains(cases.Detectors(), x.Detector):
			wrong = append(wrong, fmt.Sprintf("%s:%d: exceptions[%d].detector: there is no detector %q: there are: %s", p.Path, x.Line, i, x.Detector, strings.Join(cases.Detectors(), ", ")))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("node: read profile %s:\n%s", p.Path, strings.Join(wrong, "\n"))
}

// except finds which findings the profile's exceptions hide.
func (v *investigation) except() {
	var list []triage.Exception
	for i := range v.o.Profile.Exceptions {
		x := &v.o.Profile.Exceptions[i]
		e := triage.Exception{Detector: x.Detector, Host: x.Host, Ranges: x.Ranges, Until: event.Of(x.Until), By: x.By, Why: x.Why}
		if !x.From.IsZero() {
			e.From = event.Of(x.From)
		}
		if x.Host != "" {
			if h, known := v.know.know.Host(x.Host); known {
				e.Host = h.Name
			}
		}
		if x.Account != "" {
			id, known := v.accountID(x.Account, min(e.Until-1, v.watched.last))
			if !known {
				shown := cutText(visible([]byte(x.Account)), 100)
				v.idle = append(v.idle, event.Words{Ja: fmt.Sprintf("設定 %d 行目の例外の対象アカウント %q は、名簿にも記録にもない。", x.Line, shown),
					En: fmt.Sprintf("The exception on line %d of the profile is about the account %q, which neither the directory nor any record knows.", x.Line, shown)})
				continue
			}
			e.Account = id
		}
		list = append(list, e)
	}
	v.hidden = triage.Hide(slices.Concat(v.watched.findings, v.watched.ruled), list)
}

// triage puts the case's findings into stories, hides what exceptions hide and keeps to the budget.
func (v *investigation) triage(c *cases.Case, names triage.Names) {
	if n := triage.Mark(c, v.hidden); n > 0 {
		c.Limits = append(c.Limits, event.Words{Ja: fmt.Sprintf("例外に該当する検知のうち %d 件は、侵入を確認・推定した対象に関わるため、隠していない。", n),
			En: fmt.Sprintf("%d findings for which there are exceptions are not hidden: they are about whom the case calls compromised.", n)})
	}
	if r := (cases.Reason{}); len(v.hidden) > 0 {
		for i := range c.Findings {
			if c.Findings[i].Hidden != nil {
				r.Findings = append(r.Findings, c.Findings[i].ID)
			}
		}
		if n := len(r.Findings); n > 0 {
			r.Words = event.Words{Ja: fmt.Sprintf("設定の例外により、%d 件の検知を非表示としている（削除はしておらず、範囲の判断には用いている）。", n),
				En: fmt.Sprintf("Findings that exceptions in the profile hide: %d. They are kept, and weighed in the scope.", n)}
			c.Reasons = append(c.Reasons, r)
		}
	}
	var before []cases.Story
	if v.old != nil {
		before = v.old.c.Stories
	}
	triage.Tell(c, before, names)
	triage.Budget(c, v.o.Profile.AlertsPerDay, v.zone())
}

// machineNames returns under which names and addresses findings may speak of one machine. An address of which records give two names is neither's.
func machineNames(r *breach.Result) triage.Names {
	names := triage.Names{}
	for _, h := range r.Named {
		ip := h.IP.String()
		if other, had := names[ip]; had && other != h.Name {
			names[ip] = ip
			continue
		}
		names[ip], names[h.Name] = h.Name, h.Name
	}
	return names
}
