// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// TestMailOf: what a record shows is confirmed only where the session is; what was taken in bulk is no mere look; and what is presumed is
// said to be presumed, in both languages.
func TestMailOf(t *testing.T) {
	ip := netip.MustParseAddr("203.0.113.7")
	who := &event.Account{ID: "A-taro", Name: "taro@lab.example"}
	session := func(mail int64) []*visit {
		return []*visit{{who: who, addr: &address{place: event.Place{IP: ip}}, first: 100, last: 200, logins: 1, mail: mail}}
	}
	finding := func(from string, messages, folders float64, accounts ...string) *taken {
		s := &scoping{}
		s.in.Findings = []event.Finding{{Detector: "mail-bulk-read", First: 120, Last: 150, Accounts: accounts, Addresses: []netip.Addr{netip.MustParseAddr(from)},
			Numbers: []event.Figure{{Name: "folders", Value: folders}, {Name: "messages", Value: messages}}}}
		return s.inBulk()["A-taro"]
	}
	for _, c := range []struct {
		name     string
		bad      []*visit
		sure     bool
		recorded bool
		bulk     *taken
		level    cases.Level
		count    cases.Count
		says     string // in Why.En
	}{
		{"a confirmed session", session(7), true, true, nil, cases.Viewed, cases.Count{Confirmed: 7, Estimated: 7, Upper: 7}, "confirmed to be"},
		{"a presumed session", session(7), false, true, nil, cases.Possible, cases.Count{Estimated: 7, Upper: 7}, "presumed to be"},
		{"a confirmed session that took much", session(700), true, true, nil, cases.LeakPresumed, cases.Count{Confirmed: 700, Estimated: 700, Upper: 700}, "in bulk"},
		{"a presumed session that took much", session(700), false, true, nil, cases.LeakPresumed, cases.Count{Estimated: 700, Upper: 700}, "presumed to be"},
		{"whole folders, of which no record counts the messages", session(12), true, true, finding("203.0.113.7", 12, 9, "A-taro"), cases.LeakPresumed, cases.Count{Confirmed: 12, Estimated: 12, Upper: 12, Undetermined: 9}, "folders taken as a whole: 9"},
		{"one of several mailboxes", session(12), false, true, finding("203.0.113.7", 900, 30, "A-hana", "A-taro"), cases.LeakPresumed, cases.Count{Estimated: 12, Upper: 12, Undetermined: 1}, "presumed to be"},
		{"bulk reading from elsewhere", session(12), true, true, finding("198.51.100.1", 900, 9, "A-taro"), cases.Viewed, cases.Count{Confirmed: 12, Estimated: 12, Upper: 12}, "confirmed to be"},
		{"suspected, and read in bulk", nil, false, true, finding("203.0.113.7", 90, 2, "A-taro"), cases.Possible, cases.Count{Estimated: 90, Upper: 90, Undetermined: 2}, "not established"},
		{"no record of reading", session(0), true, true, nil, cases.Possible, cases.Count{}, "no record"},
		{"no log of reading", session(0), true, false, nil, cases.LevelUndetermined, cases.Count{Undetermined: 1}, "no record shows"},
	} {
		got := mailOf(&judgedAccount{p: &person{who: who}, bad: c.bad}, c.sure, c.recorded, c.bulk)
		if len(got) != 1 || got[0].Level != c.level || got[0].Count != c.count || !strings.Contains(got[0].Why.En, c.says) || got[0].Why.Ja == "" {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		if strings.Contains(c.says, "presumed") && !strings.Contains(got[0].Why.Ja, "推定") {
			t.Errorf("%s: %s", c.name, got[0].Why.Ja)
		}
	}
	if got := mailOf(&judgedAccount{p: &person{who: who}}, false, true, nil); got != nil {
		t.Errorf("nothing known: %+v", got)
	}
}

// TestFilesOf: the same holds for files.
func TestFilesOf(t *testing.T) {
	j := &judgedAccount{p: &person{who: &event.Account{Name: "taro"}}, bad: []*visit{{files: 3, bytes: 4096, first: 1, last: 2}}}
	if e := filesOf(j, true)[0]; e.Level != cases.Leaked || e.Count.Confirmed != 3 {
		t.Errorf("confirmed: %+v", e)
	}
	if e := filesOf(j, false)[0]; e.Level != cases.LeakPresumed || e.Count != (cases.Count{Estimated: 3, Upper: 3}) || e.Bytes != 4096 {
		t.Errorf("presumed: %+v", e)
	}
}

// TestQuestionNamesItsZone: whoever is asked must know in which zone the time is meant.
func TestQuestionNamesItsZone(t *testing.T) {
	s := &scoping{Ledger: NewLedger()}
	s.in.Zone, s.in.Offset = "UTC+09:00", 9*3600*1e6
	v := &visit{who: &event.Account{}, addr: &address{place: event.Place{IP: netip.MustParseAddr("203.0.113.7")}}, first: day0}
	q := s.question(&judgedAccount{p: &person{who: &event.Account{ID: "A-a", Name: "taro"}}}, v, 1, nil)
	for _, text := range []string{q.Ask.Ja, q.Ask.En} {
		if !strings.Contains(text, "2025-06-02 09:00 (UTC+09:00)") {
			t.Errorf("%q", text)
		}
	}
}
