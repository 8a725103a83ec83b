// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/golden"
)

// rehearsal is a small exercise by hand: ten hours of a story in an hour and forty minutes, from 13:00 to 14:40, in Japan.
func rehearsal() (*Truth, *Record) {
	story := func(clock string) time.Time {
		t, err := time.ParseInLocation("2006-01-02 15:04", "2025-08-20 "+clock, inJapan())
		if err != nil {
			panic(err)
		}
		return t.UTC()
	}
	real := func(clock string) *time.Time {
		t, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-24 "+clock, inJapan())
		if err != nil {
			panic(err)
		}
		return &t
	}
	account := func(uid string, from, to string, logs ...string) Account {
		return Account{UID: uid, Mail: uid + "@lab.example", First: story(from), Last: story(to), Logs: append([]string{}, logs...)}
	}
	address := func(ip, from, to string) Address {
		return Address{IP: ip, First: story(from), Last: story(to), Logs: []string{logIDP}}
	}
	truth := &Truth{Schema: TruthSchema, Name: "aist", Seed: 7, Verdict: "breach", Start: story("00:00"), End: story("23:59"),
		Accounts: []Account{account("neko77", "13:00", "20:00", logIDP, logSignIns), account("kuro", "14:00", "15:00", logIDP), account("shiro", "18:00", "18:30", logIDP),
			account("hidden", "14:00", "14:10"), account("late", "22:00", "23:00", logIDP)},
		Addresses: []Address{address("185.220.101.7", "12:00", "20:00"), address("45.76.101.9", "14:00", "19:00"), address("116.203.77.5", "22:00", "23:00")},
		Standing:  Standing{Hosts: []string{"mon1", "fs1"}},
		Shared:    []Shared{{IP: "130.54.101.9", Kind: kindUniversity, Bad: true}, {IP: "1.75.210.8", Kind: kindMobile}},
		Found:     &Found{Time: story("20:00"), How: "a member saw a login of his own that was not his"},
		Odd:       []Odd{{UID: "tabi", Mail: "ryoko@lab.example", Why: "was abroad"}},
		Hosts:     []Host{{Name: "mon1", IP: "10.99.0.77", Verdict: "compromised", First: story("17:00"), Last: story("20:00"), Logs: []string{logWindows}}, {Name: "fs1", IP: "10.20.0.11", Verdict: "reached", First: story("17:30"), Last: story("17:30")}},
		Acts: []Act{
			{Name: "password guessing", NameJa: "パスワード推測", Attack: "T1110.003", From: story("12:00"), To: story("16:00"), Times: 900, Addresses: []string{"185.220.101.7"}, Logs: []string{logIDP, logSlapd}, Detectors: []string{"password-spray"}},
			{Name: "first login", Stage: 1, Attack: "T1078", From: story("13:00"), To: story("13:30"), Times: 1, Accounts: []string{"neko77@lab.example"}, Addresses: []string{"185.220.101.7", "130.54.101.9"}, Logs: []string{logIDP}, Detectors: []string{"unusual-login"}},
			{Name: "many logins", Stage: 2, Attack: "T1078", From: story("14:00"), To: story("18:30"), Times: 3, Accounts: []string{"kuro@lab.example", "shiro@lab.example"}, Addresses: []string{"45.76.101.9"}, Logs: []string{logIDP}, Detectors: []string{"unusual-login"}},
			{Name: "remote desktop into the management network", NameJa: "管理ネットワークへのリモートデスクトップ", Attack: "T1021.001", From: story("17:00"), To: story("20:00"), Times: 2, Hosts: []string{"mon1"}, Logs: []string{logWindows, logEdge}, Detectors: []string{"restricted-access"}},
			{Name: "a flaw used", Attack: "T1190", From: story("15:00"), To: story("15:00"), Times: 1, Logs: []string{}},
			{Name: "data sent out", Attack: "T1048", From: story("19:00"), To: story("19:10"), Times: 1, Addresses: []string{"45.76.101.9"}, Hosts: []string{"mon1"}, Logs: []string{logEdge}, Detectors: []string{"upload"}},
			{Name: "event log emptied", Attack: "T1070.001", From: story("23:00"), To: story("23:00"), Times: 1, Hosts: []string{"mon1"}, Logs: []string{logWindows}, Detectors: []string{"log-cleared"}},
		}}
	r := &Record{Schema: RecordSchema, Name: "aist", Seed: 7, Speed: 6, StoryFrom: story("11:00"), StoryUntil: story("23:59"), StoryEnd: story("21:00"), Began: *real("13:00"), Ended: *real("14:40"),
		Stopped: "interrupted", Delivery: Delivery{Lines: 12345, Resent: 3, Gone: []Absence{}}, Clock: []Mark{{story("11:00"), *real("13:00")}, {story("16:00"), *real("13:50")}, {story("21:00"), *real("14:40")}}}
	for _, a := range truth.Acts {
		p := PlayedAct{Name: a.Name, From: a.From, To: a.To}
		if t, ok := r.RealTime(a.From); ok {
			p.PlayedFrom = &t
		}
		if t, ok := r.RealTime(a.To); ok {
			p.PlayedTo = &t
		}
		r.Acts = append(r.Acts, p)
	}
	return truth, r
}

const teamsLog = `team: Blue <b>&
log:
  - {at: "13:14", address: 185.220.101.7, by: Ito, note: fails everywhere}
  - {at: "13:15", act: T1110, address: 185.220.101.7}
  - {at: "13:30", account: [NEKO77, tabi]}
  - {at: "13:31", address: [130.54.101.9, 1.75.210.8]}
  - {at: "13:40", account: ryoko@lab.example, is: clear, note: he answered the phone}
  - {at: "13:45", decision: "passwords of <all> reset"}
  - {at: "13:50", account: kuro@lab.example, is: unsure}
  - {at: "13:55", account: kuro@lab.example, is: clear}
  - {at: "14:10", host: MON1.lab.example}
  - {at: "14:20", host: fs1}
  - {at: "14:21", account: honest}
  - {at: "14:22", account: [neko7, no.body@lab.example]}
  - {at: "14:23", host: mom1}
  - {at: "14:30", verdict: breach}
  - {at: "14:38", act: pasword-spray}
  - {at: "14:39", act: odd things}
`

func debriefing1(t *testing.T) *Debrief {
	t.Helper()
	truth, r := rehearsal()
	a, err := parseAnswers([]byte(teamsLog), r)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDebrief(truth, r, a, map[string]string{"tabi": "ryoko@lab.example", "honest": "honest@lab.example", "neko77": "neko77@lab.example"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDebriefGolden holds the debriefing of the exercise by hand to what people have read.
func TestDebriefGolden(t *testing.T) {
	d := debriefing1(t)
	data, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/debrief.json", append(data, '\n'))
	for _, lang := range []string{"ja", "en"} {
		var b strings.Builder
		if err := d.WriteText(&b, lang); err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, "testdata/debrief."+lang+".txt", []byte(b.String()))
	}
	page, err := d.HTML("ja")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/debrief.html", page)
	if s := string(page); strings.Contains(s, "<b>&") || strings.Contains(s, "<all>") || strings.Contains(s, "http://") && !strings.Contains(s, `xmlns="http://www.w3.org/2000/svg"`) {
		t.Error("what the team wrote is not escaped, or the page needs a network")
	}
}

// TestDebriefCounts checks the parts that a reader relies on.
func TestDebriefCounts(t *testing.T) {
	d := debriefing1(t)
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"verdict", d.Verdict.True + " " + d.Verdict.Team, "breach breach"},
		{"accounts", []int{d.Accounts.Knowable, len(d.Accounts.Found), len(d.Accounts.Missed), len(d.Accounts.Wrong), len(d.Accounts.TakenBack), len(d.Accounts.Cleared), len(d.Accounts.InNoLog), d.Accounts.NotPlayed}, []int{3, 1, 2, 1, 1, 1, 1, 1}},
		{"addresses", []int{d.Addresses.Knowable, len(d.Addresses.Found), len(d.Addresses.Missed), len(d.Addresses.Wrong), d.Addresses.NotPlayed}, []int{2, 1, 1, 1, 1}},
		{"hosts", []int{d.Hosts.Knowable, len(d.Hosts.Found), len(d.Hosts.Wrong)}, []int{1, 1, 1}},
		{"acts", []int{len(d.Acts), d.ActsKnowable, d.ActsNoticed, d.ActsKnown, d.ActsUnplayed}, []int{6, 5, 3, 1, 1}},
		{"lead of neko77", *d.Accounts.Found[0].After, 10.0},
		{"lead of neko77 in the story", *d.Accounts.Found[0].Story, 1.0},
		{"first login", []any{d.Acts[1].Known, *d.Acts[1].After}, []any{true, 10.0}},
		{"excuse", d.Accounts.TakenBack[0].Why, "was abroad"},
		{"first right", *d.FirstRightAfter, -6.0},
		{"names that nothing has", d.Unknown, []Unknown{{14, d.Log[11].At, whatAccount, "neko7", "neko77"}, {14, d.Log[11].At, whatAccount, "no.body@lab.example", ""}, {15, d.Log[12].At, whatHost, "mom1", "mon1"},
			{17, d.Log[14].At, whatAct, "pasword-spray", "password-spray"}, {18, d.Log[15].At, whatAct, "odd things", ""}}},
		{"what they are worth", []any{d.Log[11].Unknown, d.Log[11].Wrong, d.Log[12].Unknown, d.Log[14].Unknown, d.Log[15].Unknown}, []any{[]string{"neko7", "no.body@lab.example"}, []string{}, []string{"mom1"}, []string{"pasword-spray"}, []string{"odd things"}}},
		{"zone", d.Zone, "Asia/Tokyo"},
		{"state at the decision", *d.Log[5].State, State{Entered: 3, Known: 1, Accused: 0, ActsPlayed: 4, ActsNoticed: 2}},
	} {
		if a, b := asJSON(t, c.got), asJSON(t, c.want); a != b {
			t.Errorf("%s: %s, want %s", c.what, a, b)
		}
	}
}

// TestDebriefPerfect checks that a team which writes down everything as it is played misses nothing, over a drill that was
// really played.
func TestDebriefPerfect(t *testing.T) {
	x, _ := twoDays(t, filepath.Join(t.TempDir(), "share"))
	r, err := x.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	truth, err := ReadTruth(filepath.Join(x.Dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	a := &Answers{Team: "all-knowing"}
	say := func(c Claim) {
		c.At, c.Is = r.Ended, "bad"
		a.Claims = append(a.Claims, c)
	}
	for _, v := range truth.Accounts {
		if _, _, was := (&debriefing{record: r}).span(v.First, v.Last); was {
			say(Claim{Accounts: []string{v.UID}})
		}
	}
	for _, v := range truth.Addresses {
		if _, _, was := (&debriefing{record: r}).span(v.First, v.Last); was {
			say(Claim{Addresses: []string{v.IP}})
		}
	}
	for _, p := range r.Acts {
		if p.PlayedFrom != nil {
			say(Claim{Act: p.Name})
		}
	}
	d, err := NewDebrief(truth, r, a, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Accounts.Found) == 0 || d.Accounts.Recall != 1 || d.Accounts.Precision != 1 || d.Addresses.Recall != 1 || d.ActsNoticed != d.ActsKnowable || d.ActsUnplayed == 0 {
		t.Errorf("%+v\n%+v\n%d of %d acts, %d not played", d.Accounts, d.Addresses, d.ActsNoticed, d.ActsKnowable, d.ActsUnplayed)
	}
	nobody, err := NewDebrief(truth, r, &Answers{}, nil, nil)
	if err != nil || nobody.Accounts.Recall != 0 || nobody.ActsNoticed != 0 || len(nobody.Accounts.Missed) != d.Accounts.Knowable {
		t.Errorf("a team that wrote nothing: %+v, %v", nobody.Accounts, err)
	}
	for _, d := range []*Debrief{d, nobody} {
		if page, err := d.HTML("en"); err != nil || len(page) < 5000 {
			t.Errorf("%d bytes of HTML, %v", len(page), err)
		}
	}
	truth.Seed++
	if _, err := NewDebrief(truth, r, a, nil, nil); err == nil {
		t.Error("the record of another drill was taken")
	}
}

func TestAnswers(t *testing.T) {
	_, r := rehearsal()
	if a, err := parseAnswers([]byte(answersTemplate), r); err != nil || len(a.Claims) != 0 {
		t.Errorf("the empty sheet: %v, %v", a, err)
	}
	var example []string
	on := false
	for line := range strings.Lines(answersTemplate) {
		if on = on || line == "# log:\n"; on && strings.HasPrefix(line, "#") {
			example = append(example, strings.TrimPrefix(line, "# "))
		}
	}
	if a, err := parseAnswers([]byte(strings.Join(example, "")), r); err != nil || len(a.Claims) != 6 || a.Claims[0].At.Format("15:04 -07:00") != "14:03 +09:00" {
		t.Errorf("the example: %+v, %v", a, err)
	}
	for text, says := range map[string]string{
		"log: [{at: '14:00'}]":                                     "line 1: write one of",
		"log: [{account: x}]":                                      "at is missing",
		"log: [{at: noon, account: x}]":                            "14:03",
		"log: [{at: '14:00', account: x, is: evil}]":               "unsure",
		"log: [{at: '14:00', address: 10.0.0}]":                    "no IP address",
		"log: [{at: '14:00', acount: x}]":                          `"acount" is not understood (did you mean account?)`,
		"team: x\nlogs: [{at: '14:00', account: x}]":               `line 2: "logs" is not understood (did you mean log?): there are team, log`,
		"log: [{at: '12:55', account: x}]":                         "began at 2026-11-24 13:00, Asia/Tokyo (UTC+09:00), and ended at 2026-11-24 14:40",
		"log: [{at: '21:00', account: x}]":                         "that is not in it; write the date too",
		"log: [{at: '2026-11-24T12:55', account: x}]":              "the exercise began at",
		"log: [{at: '2026-11-24T03:55Z', account: x}]":             "write a time",
		"log: [{at: '2026-11-24T03:55:00Z', account: x}]":          "the exercise began at",
		"log: [{at: '14:00', account: x, decision: y}]":            "write one of",
		"log: [{at: '14:00', account: [[x]]}]":                     "list of names",
		"log: [{at: '14:00', verdict: bad}]":                       "undetermined",
		"log: [x]":                                                 "an entry is written",
		"log: {":                                                   "line 1",
		"log: [{at: '14:00', account: x, note: [1]}]":              "note",
		"log: &a [*a]":                                             "",
		"team: &t [x]":                                             "wrong kind",
		"log: [{at: 2026-11-24T25:00, account: x}]":                "write a time",
		"log: [{at: '2026-11-24 14:00:30', host: h, act: T1078}]#": "",
	} {
		_, err := parseAnswers([]byte(text), r)
		if says == "" {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want something about %q", text, err, says)
		}
	}
	big := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(big, make([]byte, mostAnswers+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAnswers(big, r); err == nil {
		t.Error("a huge file was read")
	}
}

// TestAnswerTimes checks which moment a time of an answer is.
func TestAnswerTimes(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, inJapan())
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct{ began, ended, text, want string }{
		{"2026-11-24 13:00", "2026-11-24 14:40", "13:00", "2026-11-24 13:00"},
		{"2026-11-24 13:00", "2026-11-24 14:40", "20:39", "2026-11-24 20:39"}, // written down afterwards
		{"2026-11-24 13:00", "2026-11-24 14:40", "20:41", ""},
		{"2026-11-24 13:00", "2026-11-24 14:40", "12:59", ""}, // not tomorrow
		{"2026-11-24 13:00", "2026-11-24 14:40", "2026-11-25 12:59", "2026-11-25 12:59"},
		{"2026-11-24 22:00", "2026-11-25 03:00", "01:30", "2026-11-25 01:30"},
		{"2026-11-24 22:00", "2026-11-25 03:00", "2026-11-24T16:30:00Z", "2026-11-25 01:30"},
		{"2026-11-24 09:00", "2026-11-26 17:00", "10:00", ""}, // which day?
		{"2026-11-24 09:00", "2026-11-26 17:00", "2026-11-25T10:00", "2026-11-25 10:00"},
	} {
		r := &Record{Began: at(c.began), Ended: at(c.ended)}
		got, err := clockTime(c.text, r)
		if c.want == "" && err == nil || c.want != "" && (err != nil || !got.Equal(at(c.want))) {
			t.Errorf("%s in an exercise of %s to %s: %v, %v", c.text, c.began, c.ended, got, err)
		}
	}
}

// TestZone checks that an exercise is told in the institute's zone, whatever the machine's is.
func TestZone(t *testing.T) {
	truth, r := rehearsal()
	r.Zone, r.Began, r.Ended = instituteZone, r.Began.UTC(), r.Ended.In(time.FixedZone("", -5*3600))
	in, err := r.inZone()
	if err != nil {
		t.Fatal(err)
	}
	a, err := parseAnswers([]byte("log: [{at: '13:30', account: neko77}]"), in)
	if err != nil || !a.Claims[0].At.Equal(r.Began.Add(30*time.Minute)) {
		t.Fatalf("%+v, %v", a, err)
	}
	d, err := NewDebrief(truth, r, a, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := d.WriteText(&b, "en"); err != nil || !strings.Contains(b.String(), "13:00 to 14:40") || !strings.Contains(b.String(), "times in Asia/Tokyo (UTC+09:00)") {
		t.Errorf("%v\n%s", err, b.String())
	}
	r.Zone = "Nowhere/Land"
	if _, err := NewDebrief(truth, r, a, nil, nil); err == nil || !strings.Contains(err.Error(), "Nowhere/Land") {
		t.Errorf("an unknown zone: %v", err)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(teamsLog))
	f.Add([]byte(answersTemplate))
	truth, r := rehearsal()
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := parseAnswers(data, r)
		if err != nil {
			return
		}
		d, err := NewDebrief(truth, r, a, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.HTML("en"); err != nil {
			t.Fatal(err)
		}
	})
}
