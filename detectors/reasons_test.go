// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// whyNot runs the story with a detector that is asked about an account, and returns what it found and what it says.
func (s *story) whyNot(t *testing.T, spec detect.Spec, ids ...string) ([]event.Finding, []detect.Way) {
	t.Helper()
	slices.SortStableFunc(s.all, func(a, b event.Sighting) int { return cmp.Compare(a.Time, b.Time) })
	d, ok := spec.New(s.site).(detect.Reasoner)
	if !ok {
		t.Fatalf("%s tells no reasons", spec.Name)
	}
	d.Ask(ids...)
	for i := range s.all {
		if d.Classes().Has(s.all[i].Class) {
			d.Observe(&s.all[i])
		}
	}
	f := d.Findings(detect.Over)
	return f, d.WhyNot()
}

// condition returns the condition of that tunable in the way whose English name begins so.
func condition(t *testing.T, ways []detect.Way, name, tunable string) detect.Condition {
	t.Helper()
	for _, w := range ways {
		if len(w.Name.En) < len(name) || w.Name.En[:len(name)] != name {
			continue
		}
		for _, c := range w.Conditions {
			if c.Tunable == tunable {
				return c
			}
		}
	}
	t.Fatalf("no condition %s of %q in %+v", tunable, name, ways)
	return detect.Condition{}
}

// TestWhyNotDormant asks about somebody who came back after 55 days, and about one who never logged in.
func TestWhyNotDormant(t *testing.T) {
	s := newStory(60)
	dormantLife(s, 120)
	s.login(40, 600, 0, s.person("user22"), inside("10.1.0.6", "", ""), chrome, event.ReasonNone)
	s.login(95, 600, 0, s.person("user22"), inside("10.1.0.6", "", ""), chrome, event.ReasonNone)
	found, ways := s.whyNot(t, dormantAccount, "A-user22")
	c := condition(t, ways, "a login of an account that was not used for long", "dormantDays")
	if c.Value != 55 || c.Limit != dormantDays || c.Met || len(found) != 0 {
		t.Errorf("%+v, %d findings", c, len(found))
	}
	if _, ways := s.whyNot(t, dormantAccount, "A-user59"); len(ways) != 0 {
		t.Errorf("of an account without logins: %+v", ways)
	}
}

// TestWhyNotGuessed asks about an account that was guessed at once and entered from a known place.
func TestWhyNotGuessed(t *testing.T) {
	s := newStory(40)
	loginLife(s, 30, 40)
	there := outside("203.0.113.9", event.KindTor, "DE")
	for i := range 4 {
		s.login(31, 600+i, 0, s.person(fmt.Sprintf("user%d", i)), there, "", event.ReasonBadPassword)
	}
	s.login(31, 620, 0, s.person("user0"), there, firefox, event.ReasonNone)
	found, ways := s.whyNot(t, successAfterGuessing, "A-user0")
	c := condition(t, ways, "a login from an address that guessed", "guesserAccounts")
	if c.Value != 4 || c.Limit != guesserAccounts || c.Met || len(found) != 0 {
		t.Errorf("%+v, %d findings", c, len(found))
	}
	if c := condition(t, ways, "a login to an account under guessing", "targetFails"); c.Value != 1 || c.Met {
		t.Errorf("%+v", c)
	}
}

// TestAskingChangesNothing holds that a detector finds the same whether it is asked or not, and that where it found something of an account
// the conditions of one way are all met.
func TestAskingChangesNothing(t *testing.T) {
	s := newStory(120)
	loginLife(s, 40, 120)
	groping(s, 20, 28)
	guessWave(s, 30, 100, 3, map[int]bool{5: true})
	directoryLife(s)
	mailLife(s, 35, 12)
	s.read(33, 1400, 0, s.person("user3"), inside("10.4.0.21", "vm1", "build"), 300, "dc=example sub (objectClass=*)", "*")
	there := outside("203.0.113.9", event.KindHosting, "SG")
	for i := range 6 {
		for k := range 8 {
			s.mail(34, 1000+k, i, s.person(fmt.Sprintf("user%d", i)), there, "EWS", true, 0)
		}
	}
	for i := range 12 {
		s.login(36, 1000+i, 0, s.person(fmt.Sprintf("user%d", 10+i)), there, "", event.ReasonBadPassword)
		s.login(36, 1100+i, 0, s.person("user7"), there, "", event.ReasonSecondFactorNeeded)
	}
	s.login(36, 1050, 0, s.person("user10"), there, firefox, event.ReasonNone)
	later := map[string]bool{oneAddressManyAccounts.Name: true, directoryRead.Name: true, targetDropOut.Name: true} // what decided stands before or after
	reasoners := 0
	for _, spec := range All() {
		if _, ok := spec.New(s.site).(detect.Reasoner); !ok {
			continue
		}
		reasoners++
		plain := s.run(t, spec)
		ids := []string{"A-user20"}
		for _, f := range plain {
			for _, id := range f.Accounts {
				if !slices.Contains(ids, id) && len(ids) < 4 {
					ids = append(ids, id)
				}
			}
		}
		for _, id := range ids {
			found, ways := s.whyNot(t, spec, id)
			if len(found) != len(plain) {
				t.Errorf("%s asked about %s: %d findings, not %d", spec.Name, id, len(found), len(plain))
			}
			named := slices.ContainsFunc(found, func(f event.Finding) bool {
				return slices.Contains(f.Accounts, id) && f.Key[:min(8, len(f.Key))] != "together"
			})
			met := slices.ContainsFunc(ways, func(w detect.Way) bool {
				return !slices.ContainsFunc(w.Conditions, func(c detect.Condition) bool { return !c.Met })
			})
			if named && !met && !later[spec.Name] {
				t.Errorf("%s found something of %s, and says why not: %+v", spec.Name, id, ways)
			}
		}
	}
	if reasoners < 10 {
		t.Errorf("only %d detectors tell their reasons", reasoners)
	}
}
