// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// TestClocks holds what the truth says of the old mail host's clock against its lines and the directory's, whose clock is right.
func TestClocks(t *testing.T) {
	dir, truth := shared(t, AIST)
	i := slices.IndexFunc(truth.Clocks, func(c Clock) bool { return c.Host == "mail-old" })
	if i < 0 {
		t.Fatalf("the truth does not say how wrong the mail host's clock is: %+v", truth.Clocks)
	}
	clock := truth.Clocks[i]
	if clock.Ahead < 2 || clock.Gains < 0.05 || !slices.Equal(clock.Logs, []string{logMail}) {
		t.Errorf("the mail host's clock: %+v", clock)
	}
	if v := slices.IndexFunc(truth.Clocks, func(c Clock) bool { return c.Host == "ven-syslog" && c.Ahead < -150 && c.Gains == 0 }); v < 0 {
		t.Errorf("no host is minutes off: %+v", truth.Clocks)
	}
	bound := map[string][]time.Time{}
	said := func(line []byte) time.Time {
		at, err := time.Parse(time.Stamp, string(line[:15]))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return at.AddDate(truth.Start.Year(), 0, 0)
	}
	login, bind := regexp.MustCompile(`Login: user=<([^>]+)>`), regexp.MustCompile(`BIND dn="uid=([^,"]+),.*mech=SIMPLE`)
	for _, f := range truth.Files {
		if f.Kind == logSlapd {
			for _, line := range read(t, dir, f) {
				if m := bind.FindSubmatch(line); m != nil {
					bound[string(m[1])] = append(bound[string(m[1])], said(line))
				}
			}
		}
	}
	logins := 0
	for _, f := range truth.Files {
		if f.Kind != logMail {
			continue
		}
		for _, line := range read(t, dir, f) {
			m := login.FindSubmatch(line)
			if m == nil {
				continue
			}
			logins++
			at := said(line)
			days := at.Sub(truth.Start).Hours() / 24
			want := clock.Ahead + clock.Gains*days + 0.5 // the line comes half a second after the directory's
			off := math.Inf(1)
			for _, b := range bound[string(m[1])] {
				if d := at.Sub(b).Seconds() - want; math.Abs(d) < math.Abs(off) {
					off = d
				}
			}
			if math.Abs(off) > 2 {
				t.Errorf("%s: %.1f s from where the truth's clock has it", line, off)
			}
		}
	}
	if logins < 100 {
		t.Errorf("%d logins at the mail host", logins)
	}
}

// TestChanges follows members through a new login ID, a leave and a new machine.
func TestChanges(t *testing.T) {
	dir, truth := shared(t, AIST)
	w := composed(t, small()).w
	var names, machines int
	for _, c := range w.changes {
		p := &w.people[c.who]
		if c.uid == "" {
			machines++
			continue
		}
		names++
		if w.stays(p) {
			t.Errorf("%s, who becomes %s, may be of the cast", p.uid, c.uid)
		}
		if !slices.ContainsFunc(truth.Odd, func(o Odd) bool { return o.UID == c.uid && o.Mail == p.mail }) {
			t.Errorf("the truth does not say that %s is the former %s", c.uid, p.uid)
		}
		before, after, renamed := 0, 0, 0
		at := utc(w.cal.at(c.day, 0)).In(tokyo)
		for _, f := range truth.Files {
			if f.Kind != logSlapd {
				continue
			}
			for _, line := range read(t, dir, f) {
				when, _ := time.ParseInLocation("2006 "+time.Stamp, "2025 "+string(line[:15]), tokyo)
				switch {
				case bytes.Contains(line, []byte(`MODRDN dn="uid=`+p.uid+`,`)):
					renamed++
				case bytes.Contains(line, []byte(`BIND dn="uid=`+p.uid+`,`)) && when.After(at.Add(time.Minute)):
					t.Errorf("the old name lives on: %s", line)
				case bytes.Contains(line, []byte(`BIND dn="uid=`+p.uid+`,`)):
					before++
				case bytes.Contains(line, []byte(`BIND dn="uid=`+c.uid+`,`)) && when.Before(at):
					t.Errorf("the new name is there early: %s", line)
				case bytes.Contains(line, []byte(`BIND dn="uid=`+c.uid+`,`)):
					after++
				}
			}
		}
		if before == 0 || after == 0 || renamed != 1 {
			t.Errorf("%s to %s: %d binds before, %d after, renamed %d times", p.uid, c.uid, before, after, renamed)
		}
	}
	if names == 0 || machines == 0 {
		t.Errorf("%d new names, %d new machines", names, machines)
	}
	away := slices.IndexFunc(w.people, func(p person) bool { return p.leave.to > 0 && p.leave.to < w.cal.days-20 })
	if away < 0 {
		t.Fatal("nobody is on leave and comes back")
	}
	p := &w.people[away]
	if !p.there(p.leave.from-1) || p.there(p.leave.from) || p.there(p.leave.to-1) || !p.there(p.leave.to) {
		t.Errorf("%s is on leave from day %d to %d and there otherwise", p.uid, p.leave.from, p.leave.to)
	}
}

// TestDirectoryDump checks that the directory read with the contractor's password is in every log that it passes.
func TestDirectoryDump(t *testing.T) {
	_, truth := shared(t, AIST)
	for _, a := range truth.Acts {
		if a.Name != "the directory read with a stolen service password" {
			continue
		}
		if !slices.Equal(a.Logs, []string{logEdge, logSlapd, logShell}) || !slices.Equal(a.Hosts, []string{"ldap1", "ven-syslog"}) || !slices.Contains(a.Accounts, "nettest") {
			t.Errorf("%+v", a)
		}
		return
	}
	t.Error("the directory is not read")
}

// TestActNames checks that every act of every drill has a name in both languages, and none the name of another.
func TestActNames(t *testing.T) {
	for _, name := range Names() {
		if !HasAttack(name) || name == AIST {
			continue // aist is aist-2018's script
		}
		seen := map[string]bool{}
		for _, a := range composed(t, Options{Name: name, SecondIntruder: true, Accounts: 2000}).g.acts {
			if !strings.ContainsFunc(a.NameJa, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) }) {
				t.Errorf("%s: %q has no Japanese name", name, a.Name)
			}
			if seen[a.Name] || seen[a.NameJa] {
				t.Errorf("%s: two acts are called %q, %q", name, a.Name, a.NameJa)
			}
			seen[a.Name], seen[a.NameJa] = true, true
			if a.In("ja") != a.NameJa || a.In("en") != a.Name {
				t.Errorf("%s: %q is %q and %q", name, a.Name, a.In("ja"), a.In("en"))
			}
		}
	}
}

// TestSecondIntruderLead checks that times from the first login are those of the incident's intruder, not of a second one who
// was there before.
func TestSecondIntruderLead(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2025, 7, 1, h, 0, 0, 0, time.UTC) }
	truth := &Truth{Schema: TruthSchema, Name: AIST, Verdict: "breach", Start: at(0), End: at(23), LogsFrom: at(0),
		Accounts: []Account{{UID: "b", Mail: "b@lab.example", First: at(1), Last: at(2), Intruder: secondOne, Logs: []string{logIDP}}, {UID: "a", Mail: "a@lab.example", First: at(10), Last: at(12), Logs: []string{logIDP}}},
		Acts: []Act{{Name: "two", Times: 1, From: at(1), To: at(2), Accounts: []string{"b@lab.example"}, Logs: []string{logIDP}, Detectors: []string{"unusual-login"}, Intruder: secondOne},
			{Name: "one", Times: 1, From: at(10), To: at(12), Accounts: []string{"a@lab.example"}, Logs: []string{logIDP}, Detectors: []string{"unusual-login"}}}}
	finding := func(id string, h int, account string) map[string]any {
		return map[string]any{"id": id, "detector": "unusual-login", "severity": "high", "first": at(h), "last": at(h + 1), "alerted": at(h + 1), "subjects": map[string]any{"accounts": []string{account}}}
	}
	r := score(t, truth, map[string]any{"schema": "sekisho.case/1", "verdict": "breach",
		"accounts": []map[string]any{{"id": "A-0", "name": "a@lab.example", "verdict": "compromised"}, {"id": "A-1", "name": "b@lab.example", "verdict": "compromised"}},
		"findings": []map[string]any{finding("F-0", 1, "A-1"), finding("F-1", 10, "A-0")}})
	if r.FirstLogin == nil || !r.FirstLogin.Equal(at(10)) || r.FirstAlarm == nil || *r.FirstAlarm != 1 || *r.FirstAlarmAct != 1 {
		t.Errorf("first login %v, first alarm %v hours after it", r.FirstLogin, r.FirstAlarm)
	}
	if two, one := r.Acts[0], r.Acts[1]; !two.Seen || two.FromLogin != nil || !one.Seen || *one.FromLogin != 1 {
		t.Errorf("acts %+v", r.Acts)
	}
}
