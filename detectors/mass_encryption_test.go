// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// touch does something to a file on a share.
func (s *story) touch(day, minute, second int, who *event.Account, from event.Place, act event.Activity, name, newName string) {
	e := event.Event{Class: event.ClassFile, Activity: act, Outcome: event.OutcomeSuccess, Account: who.Name, SrcIP: from.IP, DstHost: "fs1", Object: name}
	if newName != "" {
		e.Rest = []event.Field{event.Text("new_name", newName)}
	}
	s.tell(day, minute, second, e, func(g *event.Sighting) { g.Who, g.Src = who, from })
}

func shareLife(s *story, days int) {
	for d := range days {
		for i := range 20 {
			who, from := s.person(fmt.Sprintf("user%d", i)), inside(fmt.Sprintf("10.11.2.%d", i), "", "")
			for k := range 4 {
				s.touch(d, 540+30*k, i, who, from, event.ActWrite, fmt.Sprintf("/srv/p%d/f%d.%s", i%5, k, []string{"docx", "xlsx", "pdf"}[k%3]), "")
				s.touch(d, 540+30*k, i+20, who, from, event.ActDelete, fmt.Sprintf("/srv/p%d/~f%d.tmp", i%5, k), "")
			}
		}
	}
}

func TestMassEncryption(t *testing.T) {
	for _, how := range []string{"renamed", "written and deleted", "another ending for each"} {
		s := newStory(30)
		shareLife(s, 10)
		from := inside("10.30.0.31", "app1", "app")
		for i := range 200 {
			name := fmt.Sprintf("/srv/p%d/old%d.docx", i%5, i)
			switch how {
			case "renamed":
				s.touch(8, 900, i/4, s.person("user3"), from, event.ActRename, name, name+".locked")
			case "written and deleted":
				s.touch(8, 900, i/4, s.person("user3"), from, event.ActWrite, name+".locked", "")
				s.touch(8, 900, i/4, s.person("user3"), from, event.ActDelete, name, "")
			default:
				s.touch(8, 900, i/4, s.person("user3"), from, event.ActRename, name, fmt.Sprintf("%s.%x", name, 7919*i))
			}
		}
		all := s.run(t, massEncryption)
		f := wants(t, all, "mass-encryption", event.Critical)
		if number(f, "files") != 200 || f.Alerted-f.First > 10e6 || len(f.Accounts) != 1 {
			t.Errorf("%s: %s, %v s after it began", how, brief(all), (f.Alerted-f.First)/1e6)
		}
	}
}

// Ordinary work, an archive that is unpacked, a measurement converted to a kind that others use, and a clean-up are silent.
func TestMassEncryptionNearMiss(t *testing.T) {
	s := newStory(30)
	shareLife(s, 10)
	pc := inside("10.11.2.3", "", "")
	for i := range 200 {
		s.touch(8, 900, i/4, s.person("user3"), pc, event.ActWrite, fmt.Sprintf("/srv/p%d/new%d.zz9", i%5, i), "")
		s.touch(8, 930, i/4, s.person("user3"), pc, event.ActDelete, fmt.Sprintf("/srv/p%d/old%d.pdf", i%5, i), "")
		s.touch(8, 960, i/4, s.person("user3"), pc, event.ActRename, fmt.Sprintf("/srv/p%d/data-%d.dat", i%5, i), fmt.Sprintf("/srv/p%d/data-%d.xlsx", i%5, i))
		if i > 0 { // to a kind that is new here
			s.touch(8, 990, i/4, s.person("user3"), pc, event.ActRename, fmt.Sprintf("/srv/p%d/run-%d.dat", i%5, i), fmt.Sprintf("/srv/p%d/run-%d.h5", i%5, i))
		}
	}
	quiet(t, s.run(t, massEncryption), -1)
}

// A whole share converted by a program for everyday use is told, but not as ransomware is; and a later attack by the same hand stands for itself.
func TestMassEncryptionConversion(t *testing.T) {
	s := newStory(31)
	shareLife(s, 5)
	from, who := inside("10.30.0.31", "app1", "app"), s.person("user3")
	rename := func(day int, ending string) {
		for i := range 300 {
			name := fmt.Sprintf("/srv/p%d/old%d-%d.sxw", i%5, day, i)
			s.touch(day, 900, i/4, who, from, event.ActWrite, name+ending, "")
			s.touch(day, 900, i/4, who, from, event.ActDelete, name, "")
		}
	}
	rename(8, ".odt")
	if all := s.run(t, massEncryption); len(all) != 1 || all[0].Severity != event.Medium {
		t.Errorf("a conversion: %s", brief(all))
	}
	rename(40, ".hkslock")
	all := s.run(t, massEncryption)
	if len(all) != 2 || all[0].Severity != event.Medium || all[1].Severity != event.Critical || all[1].First < all[0].Last+event.Micros(20*86400*1e6) {
		t.Errorf("a conversion and an attack: %s", brief(all))
	}
}
