// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"math"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// everythingAsked is everything, and what it leaves out: something for every detector to look at.
func everythingAsked() *story {
	s := everything()
	administrators(s)
	hiddenLife(s)
	gateLife(s)
	deviceLife(s, 40)
	shareLife(s, 10)
	siteLife(s, 40)
	sendingLife(s, 40)
	dormantLife(s, 60)
	clockLife(s, func(int) int { return 1 })
	home, bad := inside("10.1.0.6", "pc-6", ""), outside("203.0.113.77", event.KindTor, "DE")
	for i, line := range []string{`whoami  /all`, `ipconfig  /all`, `net  use`, `reg  save hklm\sam C:\sam.hiv`} {
		s.process(70, 675+i, s.person("user1"), `LAB\user1`, "pc-1", line)
	}
	for i := range 6 {
		s.seek(70, 700+i, s.person("user2"), bad, event.ClassMail, event.ActSearch, "パスワード")
		s.touch(70, 710, i, s.person("user3"), home, event.ActRename, "/srv/a/x.docx", "/srv/a/x.docx.locked")
		s.tell(70, 720+i, 0, event.Event{Class: event.ClassLogAdmin, Activity: event.ActClear, Outcome: event.OutcomeSuccess, DstHost: "srv1", Object: "Security", Format: "windows", Account: "user4"},
			func(g *event.Sighting) { g.Who, g.Dst = s.person("user4"), inside("10.30.1.1", "srv1", "app") })
	}
	return s
}

// TestEveryDetectorTellsReasons holds that every detector answers whoever asks why it found nothing with what it looked at: each way with
// its conditions, and figures among them. A general answer is none.
func TestEveryDetectorTellsReasons(t *testing.T) {
	s := everythingAsked()
	ids := make([]string, 0, len(s.accounts))
	for _, a := range s.accounts {
		ids = append(ids, a.ID)
	}
	for _, spec := range All() {
		t.Run(spec.Name, func(t *testing.T) {
			_, ways := s.whyNot(t, spec, ids...)
			if len(ways) == 0 {
				t.Fatal("it looked at nothing: there is no answer but a general one")
			}
			figures := 0
			for _, w := range ways {
				if w.Name.Ja == "" || w.Name.En == "" || w.Moments < 1 || len(w.Conditions) == 0 {
					t.Errorf("a way without words or conditions: %+v", w)
				}
				for _, c := range w.Conditions {
					if c.What.Ja == "" || c.What.En == "" || math.IsNaN(c.Value+c.Limit) || math.IsInf(c.Value+c.Limit, 0) {
						t.Errorf("%s: %+v", w.Name.En, c)
					}
					if c.Kind != "holds" {
						figures++
					}
				}
			}
			if figures == 0 && spec.Name != logCleared.Name { // what clears a log is an act, not a number
				t.Errorf("no figures: %+v", ways)
			}
		})
	}
}

// TestReasonsOfActs asks about accounts that came near, and about what decided.
func TestReasonsOfActs(t *testing.T) {
	s := newStory(6)
	administrators(s)
	for i, line := range []string{`whoami  /all`, `ipconfig  /all`, `net  use`} {
		s.process(70, 675+i, s.person("user2"), `LAB\user2`, "pc-2", line)
	}
	found, ways := s.whyNot(t, hostileCommand, "A-user2")
	if c := condition(t, ways, "commands that look around, one after another", "hostileLook"); c.Value != 3 || c.Limit != hostileLook || c.Met || len(found) != 0 {
		t.Errorf("%+v, %d findings", c, len(found))
	}

	s = newStory(20)
	home, bad := boxLife(s)
	s.audited(70, 600, s.person("user15"), home, "New-InboxRule", "", "Name=travel; MoveToFolder=Travel; SubjectContainsWords=travel")
	found, ways = s.whyNot(t, mailboxChange, "A-user15")
	if len(found) != 0 || len(ways) == 0 {
		t.Errorf("%d findings, %+v", len(found), ways)
	}
	s.audited(71, 600, s.person("user15"), bad, "New-InboxRule", "", "Name=a; DeleteMessage=True")
	if found, ways = s.whyNot(t, mailboxChange, "A-user15"); len(found) == 0 || !allMetOf(ways) {
		t.Errorf("%d findings, %+v", len(found), ways)
	}

	s = newStory(60)
	hiddenLife(s)
	there := outside("203.0.113.90", event.KindVPN, "NL")
	for i := range 3 {
		s.login(30, 600+i, 0, s.person([]string{"user3", "user4", "user5"}[i]), there, "", event.ReasonBadPassword)
	}
	found, ways = s.whyNot(t, credentialStuffing, "A-user4")
	if c := condition(t, ways, "failures, few for each account", "stuffNames"); c.Met || c.Limit != stuffNames || len(found) != 0 {
		t.Errorf("%+v, %d findings", c, len(found))
	}
}

// allMetOf says whether the conditions of one way are all met.
func allMetOf(ways []detect.Way) bool {
	for _, w := range ways {
		met := true
		for _, c := range w.Conditions {
			met = met && c.Met
		}
		if met {
			return true
		}
	}
	return false
}
