// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/event"
)

// FindingView is one finding with all that people need to judge it.
type FindingView struct {
	Case      string           `json:"case"`
	Revision  int              `json:"revision"`
	Finding   cases.Finding    `json:"finding"`
	Kind      event.Words      `json:"kind"`     // what its detector finds
	Accounts  []NamedSubject   `json:"accounts"` // whom it names, with what the case holds of them
	Addresses []NamedSubject   `json:"addresses"`
	Hosts     []NamedSubject   `json:"hosts"`
	Story     *cases.Story     `json:"story,omitempty"`
	Numbers   []NumberView     `json:"numbers"`
	Quiet     []event.Words    `json:"quiet"` // what would have made it quiet
	Evidence  []EvidenceView   `json:"evidence"`
	Wrong     event.Words      `json:"when_wrong"`
	Do        event.Words      `json:"what_to_do"`
	Attack    []AttackView     `json:"attack"`
	Zone      *time.Location   `json:"-"`
	Example   ExceptionExample `json:"-"` // an exception that would hide it; zero where there can be none
}

// ExceptionExample is what an exception for a finding would say.
type ExceptionExample struct{ Detector, Key, Value string }

// NamedSubject is one that a finding names.
type NamedSubject struct {
	Name    string      `json:"name"`
	ID      string      `json:"id,omitempty"`
	Verdict string      `json:"verdict,omitempty"` // empty: the case holds nothing of it
	Words   event.Words `json:"verdict_words,omitzero"`
}

// NumberView is one figure, with what it had to reach.
type NumberView struct {
	Name   string      `json:"name"`
	Words  event.Words `json:"words"`
	Value  float64     `json:"value"`
	Limits []LimitView `json:"limits,omitempty"` // none: it did not decide
}

// LimitView is what a figure was held against.
type LimitView struct {
	Limit   float64 `json:"limit"`
	Most    bool    `json:"most"` // the figure must not pass it; else it must reach it
	Met     bool    `json:"met"`
	Grave   bool    `json:"severity_only"` // decides how severe the finding is
	Alone   bool    `json:"one_of_several"`
	Tunable string  `json:"tunable,omitempty"`
	What    string  `json:"what,omitempty"` // from the detector's page, in English
}

// AttackView is one technique of ATT&CK.
type AttackView struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version"`
	Alias   string `json:"alias,omitempty"` // in the version after
}

// ExplainFinding says why a case has a finding, and reads what it rests on once more. inputs is the folder that relative paths of inputs
// are relative to; empty: the one where the case was made.
func ExplainFinding(ctx context.Context, dir, id, inputs string) (*FindingView, error) {
	c, err := cases.Open(filepath.Join(dir, caseName))
	if err != nil {
		return nil, event.Tell("検知を説明できません：%v", "explain a finding: %v", err)
	}
	var f *cases.Finding
	for i := range c.Findings {
		if c.Findings[i].ID == id {
			f = &c.Findings[i]
		}
	}
	if f == nil {
		return nil, event.Tell("%v：%q（%s）。一覧は sekisho explain --case %s", "%v %q in %s: sekisho explain --case %s lists all", ErrNoFinding, id, dir, dir)
	}
	v := &FindingView{Case: dir, Revision: c.Revision, Finding: *f, Kind: cases.DetectorWords(f.Detector), Zone: c.Institute.Zone()}
	for i := range c.Stories {
		if c.Stories[i].ID == f.Story && f.Story != "" {
			v.Story = &c.Stories[i]
		}
	}
	v.subjects(c)
	v.numbers()
	v.quiet()
	a := detectors.AdviceOn(f.Detector)
	v.Wrong, v.Do = a.Wrong, a.Do
	for _, id := range f.Attack {
		t := detectors.TechniqueOf(id)
		v.Attack = append(v.Attack, AttackView{t.ID, t.Name, detectors.AttackVersion, t.Alias})
	}
	v.Evidence, err = readEvidence(ctx, dir, inputs, c, f.Evidence)
	return v, err
}

// ErrNoFinding means that a case has no finding of an identity.
var ErrNoFinding = event.Tell("そのような検知はありません", "there is no finding")

// subjects names whom the finding is about, with the verdicts of the case.
func (v *FindingView) subjects(c *cases.Case) {
	s := &v.Finding.Subjects
	accounts := map[string]*cases.Account{}
	for i := range c.Accounts {
		accounts[c.Accounts[i].ID] = &c.Accounts[i]
	}
	for _, id := range s.Accounts {
		n := NamedSubject{Name: id, ID: id}
		if a := accounts[id]; a != nil {
			n.Name, n.Verdict, n.Words = a.Name, string(a.Verdict), a.Verdict.Words()
		}
		v.Accounts = append(v.Accounts, n)
	}
	addresses := map[string]*cases.Address{}
	for i := range c.Addresses {
		addresses[c.Addresses[i].IP.String()] = &c.Addresses[i]
	}
	for _, ip := range s.Addresses {
		n := NamedSubject{Name: ip.String()}
		if a := addresses[n.Name]; a != nil {
			n.Verdict, n.Words = string(a.Verdict), a.Verdict.Words()
		}
		v.Addresses = append(v.Addresses, n)
	}
	for _, name := range s.Hosts {
		n := NamedSubject{Name: name}
		for i := range c.Hosts {
			if h := &c.Hosts[i]; h.Name == name {
				n.Verdict, n.Words = string(h.Verdict), h.Verdict.Words()
			}
		}
		v.Hosts = append(v.Hosts, n)
	}
	for _, list := range [][]NamedSubject{v.Accounts, v.Addresses, v.Hosts} {
		for _, n := range list {
			if n.Verdict == string(cases.AccountCompromised) || n.Verdict == string(cases.AddressAttacker) || n.Verdict == string(cases.HostCompromised) {
				return // no exception hides what is found of them
			}
		}
	}
	x := ExceptionExample{Detector: cases.DetectorName(v.Finding.Detector)}
	switch {
	case x.Detector == "unusual-login" || x.Detector == "lateral-path":
		return
	case len(v.Accounts) == 1:
		x.Key, x.Value = "account", v.Accounts[0].Name
	case len(v.Hosts) == 1:
		x.Key, x.Value = "host", v.Hosts[0].Name
	case len(v.Addresses) == 1:
		x.Key, x.Value = "address", v.Addresses[0].Name
	default:
		return
	}
	v.Example = x
}

// numbers puts each figure beside what it was held against.
func (v *FindingView) numbers() {
	f := &v.Finding
	figure := func(name string) (float64, bool) {
		for _, n := range f.Numbers {
			if n.Name == name {
				return n.Value, true
			}
		}
		return 0, false
	}
	bounds := detectors.Bounds(f.Detector)
	for _, n := range f.Numbers {
		view := NumberView{Name: n.Name, Words: detectors.FigureWords(n.Name), Value: n.Value}
		for i := range bounds {
			b := &bounds[i]
			if b.Figure != n.Name {
				continue
			}
			limit := cases.Round(b.Limit(figure))
			view.Limits = append(view.Limits, LimitView{Limit: limit, Most: b.Most, Met: b.Met(n.Value, limit), Grave: b.Grave, Alone: b.Alone, Tunable: b.Tunable,
				What: detectors.TunableWords(f.Detector, b.Tunable)})
		}
		v.Numbers = append(v.Numbers, view)
	}
}

// quiet says from the figures that decided what would have made the finding quiet: any one of those that must all hold, or all of those
// of which one is enough.
func (v *FindingView) quiet() {
	var either []event.Words
	for i := range v.Numbers {
		n := &v.Numbers[i]
		for _, l := range n.Limits {
			if !l.Met || l.Grave {
				continue
			}
			w := event.Words{Ja: fmt.Sprintf("「%s」が %s 未満", n.Words.Ja, Number(l.Limit)), En: fmt.Sprintf("%s below %s", n.Words.En, Number(l.Limit))}
			if l.Most {
				w = event.Words{Ja: fmt.Sprintf("「%s」が %s を超える", n.Words.Ja, Number(l.Limit)), En: fmt.Sprintf("%s above %s", n.Words.En, Number(l.Limit))}
			}
			if l.Alone {
				either = append(either, w)
				continue
			}
			v.Quiet = append(v.Quiet, w)
		}
	}
	if len(either) > 0 {
		var ja, en []string
		for _, w := range either {
			ja, en = append(ja, w.Ja), append(en, w.En)
		}
		v.Quiet = append(v.Quiet, event.Words{Ja: strings.Join(ja, "、かつ"), En: strings.Join(en, ", and ")})
	}
}

// Number writes a figure as people read it: whole where it is whole, with commas; else to three digits after the point.
func Number(f float64) string {
	if f == float64(int64(f)) {
		s := strconv.FormatInt(int64(f), 10)
		for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	}
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(f, 'f', 3, 64), "0"), ".")
}
