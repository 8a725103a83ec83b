// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// directoryLife is forty days of a directory: a backup at night, a phone book on Mondays, a portal that looks people up.
func directoryLife(s *story) {
	backup, portal := s.person("backup"), s.person("portal")
	for day := range 40 {
		s.read(day, 130, day%50, backup, inside("10.1.0.5", "bak1", "backup"), 305, "dc=example sub (objectClass=*)", "* +")
		if day%7 == 0 {
			s.read(day, 360, 0, portal, inside("10.1.0.9", "portal", "web"), 299, "ou=people sub (objectClass=person)", "cn mail")
		}
		for i := range 60 {
			s.read(day, 500+i*5, 0, portal, inside("10.1.0.9", "portal", "web"), 1, fmt.Sprintf("ou=people sub (uid=user%d)", (day*60+i)%300), "cn")
		}
	}
}

func TestDirectoryRead(t *testing.T) {
	s := newStory(300)
	directoryLife(s)
	for _, day := range []int{30, 33} {
		s.read(day, 22*60+40, 0, s.person("netsearch"), inside("10.9.0.50", "ven1", "vendor"), 305, "dc=example sub (objectClass=*)", "* +")
	}
	all := s.run(t, directoryRead)
	f := wants(t, all, "directory-read", event.High)
	if number(f, "entries") != 305 || number(f, "days") != 2 || len(f.Hosts) != 1 || f.Hosts[0] != "ven1" || f.Accounts[0] != "A-netsearch" {
		t.Errorf("got %+v", f)
	}
	if len(all) != 1 {
		t.Errorf("more than the theft: %s", brief(all))
	}
}

func TestDirectoryReadNearMiss(t *testing.T) {
	s := newStory(300)
	directoryLife(s)
	s.read(25, 160, 0, s.person("backup"), inside("10.1.0.5", "bak1", "backup"), 305, "dc=example sub (objectClass=*)", "* +") // again, half an hour later
	for day := range 40 {                                                                                                      // a monitor that asks the root entry every quarter of an hour
		for i := range 96 {
			s.read(day, i*15, 1, s.person("monitor"), inside("10.1.0.7", "mon", "monitor"), 1, "<root> base (objectClass=*)", "namingContexts")
		}
	}
	quiet(t, s.run(t, directoryRead), -1)
}

func TestDirectoryReadNamesOnly(t *testing.T) {
	s := newStory(300)
	directoryLife(s)
	s.read(30, 23*60, 0, s.person("user7"), inside("10.1.0.10", "idp", "auth-server"), 300, "ou=people sub (uid=*)", "uid cn")
	f := wants(t, s.run(t, directoryRead), "directory-read", event.Medium)
	if len(f.Hosts) != 0 {
		t.Errorf("the front end is blamed: %v", f.Hosts)
	}
}

func TestDirectoryReadPaged(t *testing.T) {
	s := newStory(300)
	directoryLife(s)
	for page := range 15 {
		s.read(30, 22*60, page, s.person("user7"), inside("10.2.0.7", "", ""), 20, "ou=people sub (objectClass=person)", "")
	}
	if f := wants(t, s.run(t, directoryRead), "directory-read", event.High); number(f, "entries") != 300 {
		t.Errorf("%v entries", number(f, "entries"))
	}
}

func TestDirectoryReadSlow(t *testing.T) {
	s := newStory(300)
	directoryLife(s)
	for i := range 280 { // one by one, ten a day
		s.read(16+i/12, 600+i%12, 0, s.person("user7"), inside("10.2.0.7", "", ""), 1, fmt.Sprintf("ou=people sub (uid=user%d)", i), "cn")
	}
	wants(t, s.run(t, directoryRead), "directory-read", event.Medium)
}

func TestDirectoryReadOtherHour(t *testing.T) {
	s := newStory(300)
	directoryLife(s)
	s.read(30, 15*60, 0, s.person("backup"), inside("10.1.0.5", "bak1", "backup"), 305, "dc=example sub (objectClass=*)", "* +")
	// the same day's nightly read was before it: the second one of a day is judged with the first
	s.read(33, 21*60, 0, s.person("portal"), inside("10.1.0.9", "portal", "web"), 299, "ou=people sub (objectClass=person)", "cn mail")
	wants(t, s.run(t, directoryRead), "directory-read", event.Medium)
}
