// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

func at(s string) Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return At(t)
}

// sample returns a small breach in which everything refers to something.
func sample() *Case {
	ip := netip.MustParseAddr("203.0.113.7")
	w := event.Words{Ja: "題", En: "title"}
	c := &Case{
		Generated: at("2026-01-01T00:00:00Z"), Revision: 1, KnownAsOf: at("2025-10-01T00:00:00Z"),
		Window:  Span{at("2025-06-01T00:00:00Z"), at("2025-10-01T00:00:00Z")},
		Verdict: Breach, Onset: Onset{At: at("2025-07-01T08:00:00Z"), Why: w}, LastActivity: at("2025-09-01T08:00:00Z"),
		Inputs: []Input{{Path: "b.log", Records: 2, Parsed: 1, Unparsed: 1}, {Path: "a.log", Records: 1, Parsed: 1}},
		Accounts: []Account{
			{ID: "A-b", Name: "b@lab.example", Verdict: AccountCompromised, DecidedBy: "machine", Confidence: 0.9876543210, Cause: Guessing,
				First: at("2025-07-01T08:00:00Z"), Last: at("2025-07-02T08:00:00Z"), Findings: []string{"F-a"}, Addresses: []netip.Addr{ip}},
			{ID: "A-a", Name: "a@lab.example", Verdict: AccountSuspected, DecidedBy: "machine", Cause: CauseUnknown, Aliases: []string{"z", "a", "z"}},
		},
		Addresses: []Address{{IP: ip, Verdict: AddressAttacker, Kind: Tor}, {IP: netip.MustParseAddr("2001:db8::1"), Verdict: AddressShared, Kind: University}},
		Hosts:     []Host{{Name: "mon1", IP: netip.MustParseAddr("10.99.0.77"), Verdict: HostReached}},
		Findings: []Finding{{ID: "F-a", Detector: "password-spray", Attack: []string{"T1110.003"}, Severity: High, Title: w,
			Subjects: Subjects{Accounts: []string{"A-b"}, Addresses: []netip.Addr{ip}},
			Numbers:  Numbers{{Name: "failures", Value: 1400000}, {Name: "accounts", Value: 2.0000004}},
			Evidence: []Evidence{{Input: "a.log", Parts: []Part{{1, 0, 10}}}}}},
		Exposure:    []Exposure{{Class: ClassMail, Account: "b@lab.example", Level: Viewed, Basis: Recorded, Count: Count{1, 2, 3, 0}}},
		Questions:   []Question{{ID: "Q-a", Subject: Subject{Address: "203.0.113.7"}, To: "owner", Gain: 0.1}, {ID: "Q-b", Gain: 0.9}},
		Containment: []Containment{{ID: "C-a", Order: 1, State: Proposed, Subject: Subject{Account: "b@lab.example"}}},
		Operator:    Operator{Weekdays: []string{"Fri", "Mon"}},
	}
	return c
}

func bytesOf(t *testing.T, c *Case) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWriteIsCanonical(t *testing.T) {
	want := bytesOf(t, sample())
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		c := sample()
		r.Shuffle(len(c.Inputs), func(i, j int) { c.Inputs[i], c.Inputs[j] = c.Inputs[j], c.Inputs[i] })
		r.Shuffle(len(c.Accounts), func(i, j int) { c.Accounts[i], c.Accounts[j] = c.Accounts[j], c.Accounts[i] })
		r.Shuffle(len(c.Addresses), func(i, j int) { c.Addresses[i], c.Addresses[j] = c.Addresses[j], c.Addresses[i] })
		r.Shuffle(len(c.Questions), func(i, j int) { c.Questions[i], c.Questions[j] = c.Questions[j], c.Questions[i] })
		if got := bytesOf(t, c); !bytes.Equal(got, want) {
			t.Fatalf("order of input changes the bytes:\n%s\n%s", got, want)
		}
	}
	if !json.Valid(want) {
		t.Fatalf("not JSON: %s", want)
	}
	for _, s := range []string{`"supersedes": null`, `"confidence":0.987654`, `{"failures":1400000,"accounts":2}`, `"2025-07-01T08:00:00.000Z"`,
		`"aliases":["a","z"]`, `"weekdays":["Mon","Fri"]`, `"decisions": []`, `"collected_by":null`, `"ip":"203.0.113.7"`} {
		if !bytes.Contains(want, []byte(s)) {
			t.Errorf("case.json lacks %s:\n%s", s, want)
		}
	}
}

func TestReadReturnsWhatWasWritten(t *testing.T) {
	want := bytesOf(t, sample())
	c, err := Read(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if got := bytesOf(t, c); !bytes.Equal(got, want) {
		t.Errorf("reading and writing changes the bytes:\n%s\n%s", got, want)
	}
	more := bytes.Replace(want, []byte(`"revision"`), []byte(`"of_the_future": {"x": [1, {}]}, "revision"`), 1)
	if c, err = Read(bytes.NewReader(more)); err != nil || !bytes.Equal(bytesOf(t, c), want) {
		t.Errorf("a key that is not known is not ignored: %v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, s := range []string{"", "{", "[]", "null", `{"schema":"sekisho.case/2"}`, `{"schema":"sekisho.case/1"} x`,
		`{"schema":"sekisho.case/1","generated":"yesterday"}`, `{"schema":"sekisho.case/1","findings":[{"numbers":[1]}]}`} {
		if _, err := Read(strings.NewReader(s)); err == nil {
			t.Errorf("reads %q without an error", s)
		}
	}
	parts := strings.Repeat(`{"input":"x","parts":[]},`, maxEvidence) + `{"input":"x","parts":[]}`
	if _, err := Read(strings.NewReader(`{"schema":"sekisho.case/1","findings":[{"evidence":[` + parts + `]}]}`)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("no bound on evidence: %v", err)
	}
}

func TestValidate(t *testing.T) {
	good := sample()
	good.Sort()
	if err := good.Validate(); err != nil {
		t.Fatalf("a sound case: %v", err)
	}
	for name, spoil := range map[string]func(c *Case){
		"verdict is":              func(c *Case) { c.Verdict = Clear },
		"without a compromised":   func(c *Case) { c.Accounts[1].Verdict, c.Accounts[0].Verdict = AccountCleared, AccountCleared },
		"not of the vocabulary":   func(c *Case) { c.Accounts[0].Verdict = "owned" },
		"is not in findings[]":    func(c *Case) { c.Accounts[1].Findings = []string{"F-none"} },
		"is not in addresses[]":   func(c *Case) { c.Accounts[1].Addresses[0] = netip.MustParseAddr("192.0.2.1") },
		"before it begins":        func(c *Case) { c.Accounts[1].Last = at("2001-01-01T00:00:00Z") },
		"is not between 0 and 1":  func(c *Case) { c.Accounts[1].Confidence = 1.5 },
		"empty or twice":          func(c *Case) { c.Accounts[1].ID = c.Accounts[0].ID },
		"is not in its order":     func(c *Case) { c.Accounts[0], c.Accounts[1] = c.Accounts[1], c.Accounts[0] },
		"not in inputs[]":         func(c *Case) { c.Findings[0].Evidence[0].Input = "other.log" },
		"are not in rising order": func(c *Case) { c.Exposure[0].Count.Upper = 0 },
		"are not 2 records":       func(c *Case) { c.Inputs[1].Unparsed = 7 },
		"not said by whom":        func(c *Case) { c.Accounts[1].DecidedBy = "" },
		"the sum of the verdicts": func(c *Case) { c.Totals.Accounts.Known = 3 },
		"no title in both":        func(c *Case) { c.Findings[0].Title.Ja = "" },
		"does not follow":         func(c *Case) { c.Revision = 0 },
		"is not in accounts[]":    func(c *Case) { c.Containment[0].Subject.Account = "nobody" },
	} {
		c := sample()
		c.Sort()
		spoil(c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want a problem with %q, got %v", name, err)
		}
	}
}

func TestTime(t *testing.T) {
	for in, want := range map[Time]string{0: "null", At(time.Date(2025, 1, 2, 3, 4, 5, 678999000, time.UTC)): `"2025-01-02T03:04:05.678Z"`,
		math.MaxInt64: "null", math.MinInt64: "null", -1: `"1969-12-31T23:59:59.999Z"`} {
		if got, err := json.Marshal(in); err != nil || string(got) != want {
			t.Errorf("%d: %s %v, want %s", in, got, err, want)
		}
	}
	var tm Time
	if err := json.Unmarshal([]byte(`"2025-07-01T10:00:00+09:00"`), &tm); err != nil || tm.String() != "2025-07-01T01:00:00.000Z" {
		t.Errorf("%v %v", tm, err)
	}
}

func TestEveryWordHasBothLanguages(t *testing.T) {
	for _, list := range [][]entry{caseWords, accountWords, addressWords, hostWords, levelWords, severityWords, certaintyWords,
		causeWords, kindWords, coverageWords, classWords, basisWords, containmentWords} {
		for _, e := range list {
			if e.word == "" || e.ja == "" || e.en == "" {
				t.Errorf("%+v lacks a language", e)
			}
			if s := strings.ToLower(e.en); strings.Contains(s, "safe") || strings.Contains(e.ja, "安全") {
				t.Errorf("%+v promises what nobody can know", e)
			}
		}
	}
}

func TestSummary(t *testing.T) {
	c := sample()
	c.Sort()
	s := Summarize(c, "case")
	if s.Accounts.Presumed != 1 || s.Accounts.Confirmed != 0 || s.Accounts.Known != 2 || s.Addresses[AddressShared] != 1 || s.Kinds[Tor] != 1 ||
		s.Records.Records != 3 || s.Questions[0].ID != "Q-b" || len(s.Containment) != 1 || s.Exposure.Upper != 3 {
		t.Errorf("%+v", s)
	}
	var b bytes.Buffer
	if err := s.Write(&b); err != nil || !json.Valid(b.Bytes()) {
		t.Errorf("%v %s", err, b.Bytes())
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema":"sekisho.case/1","findings":[{"numbers":{"a":1e999}}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := Read(bytes.NewReader(in))
		if err != nil {
			return
		}
		c.Sort()
		_ = c.Validate()
		one := bytesOf(t, c)
		d, err := Read(bytes.NewReader(one))
		if err != nil {
			t.Fatalf("does not read what it wrote: %v", err)
		}
		if two := bytesOf(t, d); !bytes.Equal(one, two) {
			t.Fatalf("not stable:\n%s\n%s", one, two)
		}
	})
}

// TestZoneOf: a case's zone is read as it was written, also where only the logs said one.
func TestZoneOf(t *testing.T) {
	at := time.Date(2025, 6, 2, 0, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{"Asia/Tokyo": "09:00", "UTC+09:00": "09:00", "+09:00": "09:00", "+9": "09:00", "-0330": "20:30", "UTC-03:30": "20:30", "UTC": "00:00", "": "00:00",
		"Local": "00:00", "UTC+99:00": "00:00", "+": "00:00", "+:": "00:00", "nowhere": "00:00"} {
		if got := at.In(ZoneOf(name)).Format("15:04"); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
