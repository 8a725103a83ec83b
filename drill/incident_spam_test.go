// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
)

// story is a drill of an incident at its own length, read back: the events of its own kinds of log.
type story struct {
	truth   *drill.Truth
	hostile map[string]bool
	victims map[string]*drill.Account // by login ID
	events  map[string][]event.Event  // by kind
}

// told are the stories that several tests read, by what they are made of.
var told = map[string]*story{}

// tellOnce is tell for a story that other tests read too.
func tellOnce(t *testing.T, o drill.Options, year int, kinds ...string) *story {
	t.Helper()
	key := fmt.Sprint(o, year, kinds)
	if told[key] == nil {
		told[key] = tell(t, o, year, kinds...)
	}
	return told[key]
}

// tell makes and reads a drill with few members and those kinds of log alone.
func tell(t *testing.T, o drill.Options, year int, kinds ...string) *story {
	t.Helper()
	keep := map[string]bool{}
	for _, k := range kinds {
		keep[k] = true
	}
	for _, k := range drill.Logs() {
		if !keep[k] {
			o.Without = append(o.Without, k)
		}
	}
	dir, truth := "", (*drill.Truth)(nil)
	if len(kinds) > 0 {
		dir, truth = made(t, o)
	} else { // a folder without a log is none
		truth, _ = stream(t, o, false, nil)
	}
	s := &story{truth: truth, hostile: map[string]bool{}, victims: map[string]*drill.Account{}, events: map[string][]event.Event{}}
	for _, a := range truth.Addresses {
		s.hostile[a.IP] = true
	}
	for i := range truth.Accounts {
		s.victims[truth.Accounts[i].UID] = &truth.Accounts[i]
	}
	for _, f := range truth.Files {
		if dir == "" {
			break
		}
		s.events[f.Kind] = append(s.events[f.Kind], readBack(t, dir, f, year)...)
	}
	return s
}

func (s *story) act(t *testing.T, name string) *drill.Act {
	t.Helper()
	for i := range s.truth.Acts {
		if s.truth.Acts[i].Name == name {
			return &s.truth.Acts[i]
		}
	}
	t.Fatalf("no act is called %q", name)
	return nil
}

func japan(when string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", when, time.FixedZone("JST", 9*3600))
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func at(e *event.Event) time.Time { return time.UnixMicro(int64(e.Time)).UTC() }

// TestSpam2023 holds the drill to every figure of the report: 11 accounts, 3,241 letters from 27 June 2023, 9:39, to 28 June,
// 10:58, two accounts entered on the 27th between 2:00 and 20:00, and address books of 1,875 entries.
func TestSpam2023(t *testing.T) {
	drill.WholeStory(t)
	s := tellOnce(t, drill.Options{Name: "spam-2023", Accounts: 100}, 2023, "submission", "webmail")
	if len(s.truth.Accounts) != 11 || s.truth.Verdict != "breach" {
		t.Fatalf("%d accounts, verdict %s", len(s.truth.Accounts), s.truth.Verdict)
	}
	letters, senders, countries := 0, map[string]bool{}, map[string]bool{}
	var first, last time.Time
	read, late, back := map[string]bool{}, 0, 0
	mine := map[string]bool{}
	for _, a := range s.truth.Accounts {
		mine[a.Mail] = true
	}
	for i := range s.events["submission"] {
		e := &s.events["submission"][i]
		bad := e.SrcIP.IsValid() && s.hostile[e.SrcIP.String()]
		switch {
		case bad && e.Class == event.ClassMail && e.Activity == event.ActSend && e.Count.Or(1) > 0 && e.Account != "support@mail-kanri.example":
			letters += int(e.Count.Or(1))
			senders[e.Account] = true
			if when := at(e); first.IsZero() || when.Before(first) {
				first = when
			}
			if when := at(e); when.After(last) {
				last = when
			}
		case bad && e.Class == event.ClassAuthentication && e.Activity == event.ActLogon && e.Outcome == event.OutcomeSuccess && e.Service == "imap":
			read[e.Account] = true
			if at(e).Before(japan("2023-06-27 02:00")) || at(e).After(japan("2023-06-27 20:00")) {
				t.Errorf("a mailbox is read at %v", at(e))
			}
		case bad && e.Class == event.ClassAuthentication && e.Outcome == event.OutcomeSuccess && at(e).After(japan("2023-06-28 10:59")):
			late++
		case e.Class == event.ClassMail && e.Activity == event.ActReceive && e.Outcome == event.OutcomeFailure && mine[e.Target] && at(e).After(japan("2023-06-27 09:39")):
			back++
		}
	}
	if letters != 3241 || len(senders) != 11 {
		t.Errorf("%d letters of %d accounts, want 3241 of 11", letters, len(senders))
	}
	if first = first.Truncate(time.Minute); !first.Equal(japan("2023-06-27 09:39")) || !last.Truncate(time.Minute).Equal(japan("2023-06-28 10:58")) {
		t.Errorf("from %v to %v", first, last)
	}
	if len(read) != 2 || late != 0 || back < 500 {
		t.Errorf("%d accounts read, %d logins after the end, %d letters not taken", len(read), late, back)
	}
	var entries int64
	for _, e := range s.truth.Exposure {
		if e.Class == "directory" {
			entries += e.Count
		}
	}
	if entries != 1875 {
		t.Errorf("%d entries of address books, want 1875", entries)
	}
	used := s.act(t, "3,241 letters of spam")
	for _, a := range s.truth.Addresses {
		for _, ip := range used.Addresses {
			if a.IP == ip {
				countries[a.Country] = true
			}
		}
	}
	if len(countries) < 5 {
		t.Errorf("letters from %d countries", len(countries))
	}
	if tried := s.act(t, "each password is tried"); len(tried.Accounts) != 11 {
		t.Errorf("%d accounts tried", len(tried.Accounts))
	}
	if typed := s.act(t, "seven passwords are typed into the page"); len(typed.Logs) != 0 {
		t.Errorf("what is typed stands in %v", typed.Logs)
	}
}

// TestQuietMail checks that the mail server without the attack has none of its addresses, and what looks like it and is not:
// a letter to 2,000, hundreds of letters in a night, a phone with an old password, guesses at addresses that stand on the web.
func TestQuietMail(t *testing.T) {
	drill.WholeStory(t)
	loud := tellOnce(t, drill.Options{Name: "spam-2023", Accounts: 100}, 2023, "submission", "webmail")
	s := tell(t, drill.Options{Name: "spam-2023", Accounts: 100, Quiet: true}, 2023, "submission", "webmail")
	if len(s.truth.Accounts)+len(s.truth.Acts)+len(s.truth.Addresses) != 0 || s.truth.Verdict != "clear" {
		t.Errorf("the quiet drill's truth is not empty")
	}
	odd := map[string]string{}
	for _, o := range s.truth.Odd {
		odd[o.UID] = o.Why
	}
	sent, recipients, failed := map[string]int{}, map[string]int64{}, map[string]int{}
	for i := range s.events["submission"] {
		e := &s.events["submission"][i]
		if e.SrcIP.IsValid() && loud.hostile[e.SrcIP.String()] {
			t.Fatalf("the quiet drill has an address of the intruder, %s", e.SrcIP)
		}
		day := at(e).Format(time.DateOnly)
		switch {
		case e.Class == event.ClassMail && e.Activity == event.ActSend && e.Count.Or(1) > 0:
			sent[e.Account+" "+day]++
			recipients[e.Account+" "+day] += e.Count.Or(1)
		case e.Class == event.ClassAuthentication && e.Outcome == event.OutcomeFailure && e.Service == "imap":
			failed[e.Account]++
		}
	}
	var bulk, night, phone bool
	for k, n := range recipients {
		uid, _, _ := strings.Cut(k, " ")
		bulk = bulk || n >= 2000 && strings.Contains(odd[uid], "symposium")
		night = night || sent[k] >= 60 && strings.Contains(odd[uid], "programs")
	}
	for uid, n := range failed {
		phone = phone || n >= 40 && strings.Contains(odd[uid], "phone")
	}
	if !bulk || !night || !phone {
		t.Errorf("near misses: letter to many %t, letters at night %t, a phone with an old password %t", bulk, night, phone)
	}
}

// TestSpamAtAnyLength checks that the story keeps its order and its figures in drills of other lengths and sizes.
func TestSpamAtAnyLength(t *testing.T) {
	drill.WholeStory(t)
	for _, days := range []int{2, 9, 30, 60} {
		s := tell(t, drill.Options{Name: "spam-2023", Accounts: 120, Days: days, Seed: 3}, 2023)
		tried, read, sent := s.act(t, "each password is tried"), s.act(t, "two mailboxes are read"), s.act(t, "3,241 letters of spam")
		if len(s.truth.Accounts) != 11 || tried.To.After(read.From) || read.From.After(sent.From) || sent.Times < 400 {
			t.Errorf("%d days: %s", days, fmt.Sprint(len(s.truth.Accounts), tried.To, read.From, sent.From, sent.Times))
		}
	}
}
