// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func (s *story) line(day, minute int, format, host string, class event.Class, act event.Activity) {
	s.tell(day, minute, 0, event.Event{Class: class, Activity: act, Outcome: event.OutcomeSuccess, Format: format, DstHost: host},
		func(g *event.Sighting) { g.Dst = inside("10.1.0.5", host, "") })
}

// logLife is nine weeks of logs: servers that always write, ones that write on workdays, and a holiday of a week.
func logLife(s *story, without func(format, host string, hour int) bool) {
	s.site.Servers = []string{"ldap", "web", "mail", "fs"}
	for hour := range 63 * 24 {
		day, h := hour/24, hour%24
		holiday := day >= 42 && day < 49
		office := day%7 < 5 && h >= 8 && h < 19 && !holiday
		say := func(format, host string, class event.Class, act event.Activity, when bool) {
			if when && !without(format, host, hour) {
				s.line(day, h*60+hour*7%60, format, host, class, act)
			}
		}
		for _, always := range [][2]string{{"openldap", "ldap"}, {"web-access", "web"}, {"dovecot", "mail"}, {"windows", "fs"}} {
			say(always[0], always[1], event.ClassAuthentication, event.ActLogon, true)
		}
		say("windows", "fs", event.ClassProcess, event.ActStart, true)
		say("dovecot", "mail", event.ClassMail, event.ActRead, h > 6)
		say("web-access", "web", event.ClassHTTP, event.ActRead, true)
		for _, pc := range []string{"pc1", "pc2", "pc3"} {
			say("pam", pc, event.ClassRemoteSession, event.ActStart, office && !(pc == "pc1" && day > 50))
		}
		say("samba", "", event.ClassFile, event.ActRead, office)
		say("m365-audit", "", event.ClassMail, event.ActRead, h > 6) // telephones
		say("m365-audit", "", event.ClassFile, event.ActRead, office)
		say("entra-signin", "", event.ClassAuthentication, event.ActLogon, office)
	}
}

func TestSourceSilent(t *testing.T) {
	s := newStory(5)
	logLife(s, func(format, host string, hour int) bool { return host == "fs" && hour > 53*24+3 && hour < 54*24 })
	all := s.run(t, sourceSilent)
	f := wants(t, all, "source-silent", event.Medium)
	if len(all) != 1 || len(f.Hosts) != 1 || f.Hosts[0] != "fs" || number(f, "hours_missed") != 20 {
		t.Errorf("got %s %v", brief(all), f.Hosts)
	}
}

func TestSourceSilentKind(t *testing.T) {
	s := newStory(5)
	s.site.Servers = nil
	logLife(s, func(format, host string, hour int) bool { return false })
	kept := s.all[:0]
	for _, g := range s.all {
		if g.Format == "m365-audit" && g.Class == event.ClassMail && g.Day >= monday+50 {
			continue
		}
		kept = append(kept, g)
	}
	s.all = kept
	all := s.run(t, sourceSilent)
	f := wants(t, all, "source-silent", event.Medium)
	if len(f.Hosts) != 0 || !strings.Contains(f.Title.En, "(mail/read)") {
		t.Errorf("got %s", brief(all))
	}
}

func TestSourceSilentNearMiss(t *testing.T) {
	s := newStory(5)
	// Nights, days off, a holiday, a PC that is replaced, two hours of maintenance, and logs that were collected a day earlier.
	logLife(s, func(format, host string, hour int) bool {
		return host == "web" && hour/2 == 55*12+1 || format == "openldap" && hour > 62*24
	})
	quiet(t, s.run(t, sourceSilent), -1)

	s = newStory(5)
	logLife(s, func(format, host string, hour int) bool { return hour > 55*24 && hour < 57*24 }) // nothing at all was recorded
	quiet(t, s.run(t, sourceSilent), -1)

	s = newStory(5)
	logLife(s, func(format, host string, hour int) bool { // the collector of the servers was down
		return host != "" && format != "pam" && hour > 55*24 && hour < 56*24
	})
	quiet(t, s.run(t, sourceSilent), int(event.Low))

	s = newStory(5)
	logLife(s, func(format, host string, hour int) bool { return format == "openldap" && hour > 57*24 }) // collected six days earlier
	quiet(t, s.run(t, sourceSilent), int(event.Low))
}
