// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package contain

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

func at(text string) cases.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return cases.At(t)
}

// sample is a case in which accounts, hosts and addresses of every verdict stand.
func sample() *cases.Case {
	ip := netip.MustParseAddr
	c := &cases.Case{Schema: cases.Schema, Revision: 1, Verdict: cases.Breach, Window: cases.Span{From: at("2025-06-01T00:00:00Z"), To: at("2025-07-01T00:00:00Z")}}
	account := func(id, name string, v cases.AccountVerdict, first string) *cases.Account {
		c.Accounts = append(c.Accounts, cases.Account{ID: id, Name: name, Verdict: v, DecidedBy: "machine", First: at(first)})
		return &c.Accounts[len(c.Accounts)-1]
	}
	account("A-taro", "taro@lab.example", cases.AccountCompromised, "2025-06-10T00:00:00Z")
	account("A-admin", "admin@lab.example", cases.AccountCompromised, "2025-06-12T00:00:00Z")
	account("A-made", "support2@lab.example", cases.AccountCompromised, "2025-06-13T00:00:00Z").Terms = []cases.Term{{Name: "made-by", Nats: 3}}
	account("A-jiro", "jiro@lab.example", cases.AccountSuspected, "2025-06-14T00:00:00Z")
	account("A-hana", "hana@lab.example", cases.AccountCleared, "2025-06-14T00:00:00Z")
	c.Addresses = []cases.Address{{IP: ip("203.0.113.9"), Verdict: cases.AddressAttacker, Kind: "hosting", First: at("2025-06-10T00:00:00Z"), Last: at("2025-06-11T00:00:00Z")},
		{IP: ip("203.0.113.80"), Verdict: cases.AddressShared, Kind: "mobile"}, {IP: ip("203.0.113.81"), Verdict: cases.AddressSuspected}, {IP: ip("203.0.113.82"), Verdict: cases.AddressHonest},
		{IP: ip("10.1.1.1"), Verdict: cases.AddressAttacker, Kind: "own"}}
	c.Hosts = []cases.Host{{Name: "files", IP: ip("10.1.0.5"), Verdict: cases.HostCompromised, First: at("2025-06-11T00:00:00Z"), Last: at("2025-06-20T00:00:00Z")},
		{Name: "ci", Verdict: cases.HostCompromised, First: at("2025-06-12T00:00:00Z"), Last: at("2025-06-12T01:00:00Z"), Findings: []string{"F-beacon"}},
		{Name: "10.200.254.20", IP: ip("10.200.254.20"), Verdict: cases.HostCompromised, Lent: true}, {Name: "web", Verdict: cases.HostSuspected}, {Name: "db", Verdict: cases.HostUndetermined}}
	c.Path = []cases.Step{{From: "files", To: "ci", Account: "admin@lab.example"}, {From: "203.0.113.9", To: "files", Account: "taro@lab.example"}}
	c.Findings = []cases.Finding{{ID: "F-beacon", Detector: "beacon"}, {ID: "F-read", Detector: "directory-read", Severity: cases.High},
		{ID: "F-rule", Detector: "mailbox-change", Subjects: cases.Subjects{Accounts: []string{"A-taro", "A-jiro"}}, Title: say("転送", "forwarding")},
		{ID: "F-find", Detector: "password-search", Subjects: cases.Subjects{Accounts: []string{"A-taro"}}, Title: say("検索", "a search")}}
	c.Exposure = []cases.Exposure{{Class: cases.ClassMail, Account: "taro@lab.example", Object: "mailbox", Level: cases.LeakPresumed}, {Class: cases.ClassMail, Account: "jiro@lab.example", Object: "mailbox", Level: cases.Possible}}
	c.Coverage = []cases.Coverage{{Source: "dns", Question: "what hosts looked up", State: cases.Absent}}
	c.Containment = Plan(c)
	return c
}

// TestPlanOrder holds the order that does not warn the intruder halfway, and that nobody is named who is not condemned.
func TestPlanOrder(t *testing.T) {
	c := sample()
	place := map[cases.ContainmentKind][]int{}
	seen := map[string]bool{}
	for i, k := range c.Containment {
		place[k.Kind] = append(place[k.Kind], i)
		if k.Order != i+1 || k.State != cases.Proposed || seen[k.ID] || k.What.Ja == "" || k.What.En == "" {
			t.Errorf("item %+v", k)
		}
		seen[k.ID] = true
		if s := k.Subject; strings.HasPrefix(s.Account, "jiro") || strings.HasPrefix(s.Account, "hana") || s.Host == "web" || s.Host == "db" || s.Host == "10.200.254.20" || s.Address != "" && s.Address != "203.0.113.9" {
			t.Errorf("proposes %s for %+v, which is not condemned", k.Kind, s)
		}
		if title, why := StepWords(k.Step); title.Ja == "" || why.En == "" {
			t.Errorf("step %d has no words", k.Step)
		}
	}
	order := []cases.ContainmentKind{cases.PreserveRecords, cases.ImageHost, cases.Prepare, cases.IsolateHost, cases.BlockAddress, cases.DisableAccount, cases.RemoveSettings, cases.ResetPassword, cases.RotateDirectory, cases.RotateHostKeys, cases.RotateRead, cases.WatchAfterwards}
	last := -1
	for _, kind := range order {
		if len(place[kind]) == 0 || place[kind][0] <= last {
			t.Fatalf("%s at %v, after %d", kind, place[kind], last)
		}
		last = place[kind][0]
	}
	about := func(kind cases.ContainmentKind, n int) cases.Subject { return c.Containment[place[kind][n]].Subject }
	if about(cases.IsolateHost, 0).Host != "ci" || about(cases.ImageHost, 0).Host != "files" {
		t.Errorf("the host that calls outside is cut first, the one used last is imaged first: %v", c.Containment)
	}
	if about(cases.ResetPassword, 0).Account != "admin@lab.example" || about(cases.RevokeSessions, 0).Account != "admin@lab.example" || place[cases.RevokeSessions][0] != place[cases.ResetPassword][0]+1 {
		t.Errorf("the account that led from machine to machine comes first, its sessions after its password")
	}
	if len(place[cases.ResetPassword]) != 2 || about(cases.DisableAccount, 0).Account != "support2@lab.example" {
		t.Errorf("an account that the intruder made is disabled, not given a password")
	}
	if len(place[cases.RotateRead]) != 2 {
		t.Errorf("%d items of secrets in what was read", len(place[cases.RotateRead]))
	}
	c.Findings = nil // nobody was seen to read the directory, but its host was entered
	entered := func(own string) bool {
		c.Hosts[0].Role, c.Hosts[0].OwnRole = "stepping-stone", own
		return slices.ContainsFunc(Plan(c), func(k cases.Containment) bool { return k.Kind == cases.RotateDirectory })
	}
	if entered("file-server") || !entered("directory") {
		t.Error("the directory's passwords are to be changed where its host was entered, and only there")
	}
	again := Plan(sample())
	if !slices.EqualFunc(c.Containment, again, func(a, b cases.Containment) bool { return a.ID == b.ID && a.Order == b.Order }) {
		t.Error("not the same twice")
	}
	c.Verdict = cases.Clear
	if list := Plan(c); len(list) != 0 {
		t.Errorf("a clear case proposes %v", list)
	}
}

// TestOpenEnds holds that the list says what it leaves open.
func TestOpenEnds(t *testing.T) {
	var text strings.Builder
	for _, w := range Open(sample(), nil) {
		text.WriteString(w.En + "\n")
		if w.Ja == "" || strings.Contains(w.Ja+w.En, "%!") {
			t.Errorf("%+v", w)
		}
	}
	for _, want := range []string{"jiro@lab.example", "web", "db", "203.0.113.80", "10.200.254.20", "203.0.113.81", "10.1.1.1", "what hosts looked up", "not certain", "possibly read (1)"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("says nothing of %s:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "hana") {
		t.Error("names who is cleared")
	}
}

func item(t *testing.T, c *cases.Case, kind cases.ContainmentKind, about string) *cases.Containment {
	t.Helper()
	for i := range c.Containment {
		if k := &c.Containment[i]; k.Kind == kind && (k.Subject.Account+k.Subject.Host+k.Subject.Address) == about {
			return k
		}
	}
	t.Fatalf("no item %s %s", kind, about)
	return nil
}

// TestMarks holds which marks are taken, that they outlive being written and read, and what the list says by them.
func TestMarks(t *testing.T) {
	c := sample()
	k := item(t, c, cases.ResetPassword, "taro@lab.example")
	mark := func(id string, act Act, when string) Mark {
		return Mark{ID: id, Act: act, By: "suzuki", At: at(when), Recorded: at("2025-08-01T00:00:00Z")}
	}
	marks, err := Add(nil, c, mark(k.ID, MarkDone, "2025-07-01T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	nobody := mark(k.ID, MarkVerified, "2025-07-02T00:00:00Z")
	nobody.By = " "
	for what, m := range map[string]Mark{"not in the list": mark("C-nothing", MarkDone, "2025-07-01T00:00:00Z"), "twice": mark(k.ID, MarkDone, "2025-07-02T00:00:00Z"),
		"verified before done": mark(k.ID, MarkVerified, "2025-06-30T00:00:00Z"), "in the future": mark(c.Containment[0].ID, MarkDone, "2025-08-02T00:00:00Z"),
		"verified, not done": mark(c.Containment[0].ID, MarkVerified, "2025-07-02T00:00:00Z"), "by nobody": nobody} {
		var refused *Refused
		if after, err := Add(marks, c, m); !errors.As(err, &refused) || after != nil {
			t.Errorf("%s: %v, %v", what, after, err)
		}
	}
	if marks, err = Add(marks, c, mark(k.ID, MarkVerified, "2025-07-03T00:00:00Z")); err != nil {
		t.Fatal(err)
	}
	text, err := Encode(marks)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(text)
	if err != nil || !slices.Equal(back, marks) {
		t.Fatalf("%v, %v", back, err)
	}
	for _, wrong := range []string{"", "{}", `{"schema":"sekisho.containment/9"}`, `{"schema":"sekisho.containment/1","marks":[{"id":"C-a","act":"undone","at":"2025-07-01T00:00:00.000Z"}]}`} {
		if _, err := Decode([]byte(wrong)); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
	list := Plan(sample()) // another revision
	Apply(list, back, []cases.Finding{{ID: event.Identity("F-", Detector, "account A-taro"), Detector: Detector}})
	for i := range list {
		x := &list[i]
		switch {
		case x.ID == k.ID:
			if x.State != cases.Verified || *x.By != "suzuki" || x.At != at("2025-07-03T00:00:00Z") || x.DoneAt != at("2025-07-01T00:00:00Z") || len(x.Findings) != 1 {
				t.Errorf("%+v", x)
			}
		case x.State != cases.Proposed || x.Findings != nil:
			t.Errorf("nobody marked %+v", x)
		}
	}
	if marks, err = Add(marks, c, mark(k.ID, MarkReopened, "2025-07-04T00:00:00Z")); err != nil {
		t.Fatal(err)
	}
	if closed := Closed(marks); len(closed) != 1 || closed[0].From != event.Micros(at("2025-07-01T00:00:00Z")) || closed[0].To != event.Micros(at("2025-07-04T00:00:00Z")) {
		t.Errorf("%+v", closed)
	}
	if marks, err = Add(marks, c, mark(k.ID, MarkDone, "2025-07-05T00:00:00Z")); err != nil || len(Closed(marks)) != 2 {
		t.Errorf("done again: %v, %v", Closed(marks), err)
	}
	if spans := Spans(append(Closed(marks), Closing{From: Closed(marks)[0].To, To: Closed(marks)[0].To + 1})); len(spans) != 2 || spans[0][1] != Closed(marks)[0].To+1 || spans[1][1] != 0 {
		t.Errorf("%v", spans)
	}
}

// TestMarksOfWhatIsGone holds that what the scope proposes no longer can be undone, is told, and is nothing else.
func TestMarksOfWhatIsGone(t *testing.T) {
	c := sample()
	k := item(t, c, cases.BlockAddress, "203.0.113.9")
	m := Mark{ID: k.ID, Act: MarkDone, By: "suzuki", At: at("2025-07-01T00:00:00Z"), Recorded: at("2025-08-01T00:00:00Z")}
	marks, err := Add(nil, c, m)
	if err != nil {
		t.Fatal(err)
	}
	c.Addresses[0].Verdict = cases.AddressShared
	c.Containment = Plan(c)
	told := false
	for _, w := range Open(c, marks) {
		told = told || strings.Contains(w.En, k.ID)
	}
	if !told {
		t.Error("a block that is proposed no longer is not told")
	}
	m.Act, m.At = MarkReopened, at("2025-07-02T00:00:00Z")
	if marks, err = Add(marks, c, m); err != nil || marks[1].Kind != cases.BlockAddress {
		t.Errorf("%v, %v", marks, err)
	}
	m.Act = MarkDone
	if _, err := Add(marks, c, m); err == nil {
		t.Error("what is not in the list was marked as done")
	}
}

// TestLedger holds how far a host has come, and that giving it back without an image or with its old keys is told.
func TestLedger(t *testing.T) {
	c := sample()
	var marks []Mark
	do := func(kind cases.ContainmentKind, act Act, when string) {
		t.Helper()
		var err error
		if marks, err = Add(marks, c, Mark{ID: item(t, c, kind, "files").ID, Act: act, By: "suzuki", At: at(when), Recorded: at("2025-08-01T00:00:00Z")}); err != nil {
			t.Fatal(err)
		}
	}
	lacking := func() string {
		for _, s := range Ledger(c, marks) {
			if s.Host == "files" {
				return strings.Join(s.Lacking, " ")
			}
		}
		return "no such host"
	}
	do(cases.IsolateHost, MarkDone, "2025-07-01T00:00:00Z")
	if s := Ledger(c, marks); len(s) != 2 || s[1].Host != "files" || s[1].Isolated != at("2025-07-01T00:00:00Z") || !s[1].Returned.IsZero() || lacking() != "" {
		t.Errorf("%+v", s)
	}
	do(cases.IsolateHost, MarkReopened, "2025-07-10T00:00:00Z")
	if lacking() != "image-host rotate-host-keys" {
		t.Error(lacking())
	}
	told := false
	for _, w := range Open(c, marks) {
		told = told || strings.Contains(w.En, "files was given back to service by suzuki")
	}
	if !told {
		t.Error("a host that was given back with its old keys is not told")
	}
	do(cases.ImageHost, MarkDone, "2025-07-02T00:00:00Z")
	do(cases.RotateHostKeys, MarkDone, "2025-07-11T00:00:00Z") // too late
	if lacking() != "rotate-host-keys" {
		t.Error(lacking())
	}
	do(cases.IsolateHost, MarkDone, "2025-07-12T00:00:00Z")
	do(cases.IsolateHost, MarkReopened, "2025-07-13T00:00:00Z")
	if lacking() != "" {
		t.Error(lacking())
	}
}
