// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
)

// liveRules are rules of every form for records of Windows and for our own events, of which one is wrong.
const liveRules = `title: Somebody asks who he is
id: 22222222-2222-4222-8222-222222222222
level: high
tags: [attack.discovery, attack.t1033]
logsource: {product: windows, category: process_creation}
detection: {selection: {Image|endswith: '\whoami.exe'}, condition: selection}
---
title: A question
name: asked
logsource: {product: windows, category: process_creation}
detection: {selection: {CommandLine|contains: who}, condition: selection}
---
title: Many questions
id: 33333333-3333-4333-8333-333333333333
correlation: {type: event_count, rules: [asked], group-by: [Computer], timespan: 1h, condition: {gte: 6}}
---
title: Questions of many
id: 33333333-3333-4333-8333-333333333334
correlation: {type: value_count, rules: [asked], group-by: [Computer], timespan: 3h, condition: {field: User, gte: 3}}
---
title: Few questions within an hour
id: 66666666-6666-4666-8666-666666666666
level: low
correlation: {type: event_count, rules: [asked], group-by: [Computer], timespan: 1h, condition: {lt: 2}}
---
title: A login
name: logged_in
logsource: {product: sekisho, category: authentication}
detection: {selection: {outcome: success, activity: logon}, condition: selection}
---
title: A login and then a question
id: 44444444-4444-4444-8444-444444444444
level: high
correlation:
  type: temporal_ordered
  rules: [logged_in, asked]
  aliases: {who: {logged_in: account, asked: User}}
  group-by: [who]
  timespan: 30m
---
title: Far ports in the middle
id: 77777777-7777-4777-8777-777777777777
correlation: {type: value_median, rules: [logged_in], group-by: [account], timespan: 6h, condition: {field: src_port, gt: 40000}}
---
title: Wrong
logsource: {product: windows}
detection: {selection: {Image|containz: b}, condition: selection}
`

func liveRuleFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(liveRules), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// madeRecords returns the lines of an sshd and of Windows machines over some hours, by their source, many at the same second.
func madeRecords(dice *rand.Rand, begin time.Time, hours, n int) map[string][]string {
	out := map[string][]string{}
	at := begin
	for i := range n {
		if dice.IntN(3) > 0 {
			at = at.Add(time.Duration(dice.IntN(2*hours*3600/n)) * time.Second)
		}
		user := fmt.Sprintf("user%d", dice.IntN(12))
		if dice.IntN(2) == 0 {
			word := "Failed"
			if dice.IntN(4) == 0 {
				word = "Accepted"
			}
			out["mon1"] = append(out["mon1"], fmt.Sprintf("<38>1 %s mon1 sshd 81 - - %s password for %s from 203.0.113.%d port %d ssh2", at.Format(time.RFC3339), word, user, 1+dice.IntN(30), 30000+dice.IntN(20000)))
			continue
		}
		image, command := `C:\\Windows\\explorer.exe`, []string{"explorer", "who is there"}[dice.IntN(2)]
		if dice.IntN(3) == 0 {
			image, command = `C:\\Windows\\System32\\whoami.exe`, "whoami /all"
		}
		out["dc"] = append(out["dc"], fmt.Sprintf(`{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon"}},"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws%d.example","EventRecordID":%d,"TimeCreated":{"#attributes":{"SystemTime":"%s"}}},"EventData":{"Image":"%s","CommandLine":"%s","User":"%s"}}}`,
			dice.IntN(40), i, at.Format(time.RFC3339), image, command, user))
	}
	return out
}

// ruleSightings reads records as the live watch does, and returns what the rules' detector sees of them, in canonical order.
func ruleSightings(t *testing.T, b *ruleBook, records map[string][]string) []event.Sighting {
	t.Helper()
	p := &config.Profile{}
	w := &watcher{s: &server{rules: b}, o: &Options{Profile: p}, part: &portion{}, inputs: map[string]*liveInput{}}
	var err error
	if w.all, err = knownFormats(p, ""); err != nil {
		t.Fatal(err)
	}
	w.order, w.rules = pointers(w.all), b.reader(w.give)
	if w.know, err = newKnower(w.o, nil); err != nil {
		t.Fatal(err)
	}
	at := event.Position(0)
	for _, source := range []string{"mon1", "dc"} {
		for _, line := range records[source] {
			rec := event.Received{Source: source, At: event.Of(time.Now())}
			rec.Data, rec.Length = []byte(line), int64(len(line))
			w.read(&rec, at)
			at++
		}
	}
	out := make([]event.Sighting, len(w.part.batch.Events))
	for i := range out {
		out[i] = w.know.see(&w.part.batch.Events[i])
	}
	slices.SortStableFunc(out, func(a, b event.Sighting) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), sorted.Compare(a.Event, b.Event))
	})
	return out
}

func loadLive(t testing.TB) *ruleBook {
	t.Helper()
	set, err := LoadRules([]string{BuiltinRules, liveRuleFolder(t)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Errors) != 1 || !strings.Contains(set.Errors[0].Text, `no modifier "containz"`) {
		t.Fatalf("refused: %v", set.Errors)
	}
	return newRuleBook(set)
}

// TestLiveRules holds the rules of the live watch to what one replay in order concludes, over random batches, orders, late sources and restarts.
func TestLiveRules(t *testing.T) {
	seeds := uint64(6)
	if raced { // what is shared is the same with each
		seeds = 2
	}
	for seed := range seeds {
		dice := rand.New(rand.NewPCG(11, seed))
		b := loadLive(t)
		all := ruleSightings(t, b, madeRecords(dice, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), 60, 3000))
		specs := []detect.Spec{b.spec()}
		e := detect.NewEngine(specs, detect.Site{})
		if err := e.ObserveAll(all, 1); err != nil {
			t.Fatal(err)
		}
		want := said(e.Findings())
		got := said(livedBy(t, all, specs, detect.Site{}, dice))
		rules := map[string]bool{}
		for _, f := range e.Findings() {
			rules[strings.Fields(f.Key)[0]] = true
		}
		if len(rules) < 7 {
			t.Errorf("only rules %v told of something", rules)
		}
		for _, f := range want {
			if !slices.Contains(got, f) {
				t.Errorf("seed %d, replay alone: %.600s", seed, f)
			}
		}
		for _, f := range got {
			if !slices.Contains(want, f) {
				t.Errorf("seed %d, live alone: %.600s", seed, f)
			}
		}
	}
}

// TestRuleState holds that what the rules' detector remembers can be kept, that asking changes nothing, and that no bytes make it fall over.
func TestRuleState(t *testing.T) {
	if _, err := detect.PlanOf(&ruleState{}); err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(12, 1))
	b := loadLive(t)
	all := ruleSightings(t, b, madeRecords(dice, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), 30, 800))
	specs := []detect.Spec{b.spec()}
	first, second := detect.NewEngine(specs, detect.Site{}), detect.NewEngine(specs, detect.Site{})
	for i := 0; i < len(all); i += 50 {
		if err := first.ObserveAll(all[i:min(i+50, len(all))], 1); err != nil {
			t.Fatal(err)
		}
		first.FindingsAsOf(first.Last())
		first.FindingsAsOf(detect.Over)
		state, err := first.Save(0)
		if err != nil {
			t.Fatal(err)
		}
		if i == 400 { // damage at any place is refused, or makes another state; neither falls over
			for range 300 {
				bad := slices.Clone(state)
				bad[32+dice.IntN(len(bad)-32)] ^= 1 << dice.IntN(8)
				broken := detect.NewEngine(specs, detect.Site{})
				if broken.Load(0, bad, func(a *event.Account) *event.Account { return a }) == nil {
					broken.Resume(first.Last())
					_ = broken.ObserveAll(all[i:min(i+100, len(all))], 1)
				}
			}
		}
		first = detect.NewEngine(specs, detect.Site{})
		if err := first.Load(0, state, func(a *event.Account) *event.Account { return a }); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.ObserveAll(all, 1); err != nil {
		t.Fatal(err)
	}
	if got, want := said(first.Findings()), said(second.Findings()); !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("kept %d times: %d findings, at once %d", len(all)/50, len(got), len(want))
	}
}

// TestServeRules lets a live system run rules over a stop in the middle, and holds what it tells to what an investigation of the same
// records finds. The rule that is wrong is named in the log and in the status.
func TestServeRules(t *testing.T) {
	rules := liveRuleFolder(t)
	dir := filepath.Join(t.TempDir(), "data")
	records := madeRecords(rand.New(rand.NewPCG(13, 1)), time.Now().UTC().Add(-40*time.Hour).Truncate(time.Second), 30, 600)
	with := func(c *config.Serve) { c.Rules = []string{BuiltinRules, rules} }
	post := func(s *served, part int) {
		for _, source := range []string{"mon1", "dc"} {
			lines := records[source]
			half := len(lines) / 2
			a, err := http.Post("http://"+s.at["http"]+"/ingest", "text/plain", strings.NewReader(strings.Join([][]string{lines[:half], lines[half:]}[part], "\n")+"\n"))
			if err != nil || a.StatusCode != 200 {
				t.Fatal(a, err)
			}
			a.Body.Close()
		}
	}
	s := serveIn(t, dir, with)
	post(s, 0)
	s.until("the first half is read", func(o *ServeStatus) bool { return o.Watch.Parsed > 250 && o.Watch.Behind == 0 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = serveIn(t, dir, with)
	post(s, 1)
	// What was read is given to the rules a moment later.
	o := s.until("all is read, and something matches", func(o *ServeStatus) bool { return o.Watch.Parsed > 250 && o.Watch.Behind == 0 && o.Watch.Matches > 0 })
	if r := o.Rules; r == nil || r.Rules < 12 || r.Unusable != 1 || len(r.Refused) != 1 || r.Refused[0].File != filepath.Join(rules, "rules.yml") || r.Refused[0].Line != 47 || !strings.Contains(r.Refused[0].Reason, "containz") {
		t.Errorf("%+v", r)
	}
	if log := s.log.String(); !strings.Contains(log, "a rule is refused") || !strings.Contains(log, "line=47") || !strings.Contains(log, "containz") {
		t.Error(log)
	}
	time.Sleep(3500 * time.Millisecond) // looks at what was found
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}

	logs := t.TempDir()
	for source, lines := range records {
		write(t, filepath.Join(logs, source+".log"), []byte(strings.Join(lines, "\n")+"\n"))
	}
	own := netip.MustParsePrefix("192.168.0.0/16")
	c := run(t, logs, func(o *Options) {
		o.Rules = []string{BuiltinRules, rules}
		o.Profile = &config.Profile{Networks: []config.Network{{Name: "own", Ranges: []netip.Prefix{own}, Own: config.Yes}}}
	}, "mon1.log", "dc.log")
	want := map[string]string{}
	for i := range c.Findings {
		if f := &c.Findings[i]; f.Detector == ruleDetector {
			want[f.ID] = ruleLine(string(f.Severity), f.Title.Ja, f.First, f.Last, numbersOf(f))
		}
	}
	got := map[string]string{}
	file, err := os.Open(filepath.Join(dir, findingsName))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for in := bufio.NewScanner(file); in.Scan(); {
		var one Told
		if err := json.Unmarshal(in.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		if one.Detector == ruleDetector && !one.Withdrawn {
			got[one.ID] = ruleLine(one.Severity, one.Title.Ja, one.First, one.Last, one.Numbers)
		} else {
			delete(got, one.ID)
		}
	}
	for id, f := range want {
		if got[id] != f {
			t.Errorf("%s: an investigation finds %s, live %s", id, f, got[id])
		}
	}
	if len(got) != len(want) || len(want) < 10 {
		t.Errorf("%d findings live, %d in an investigation", len(got), len(want))
	}
}

func numbersOf(f *cases.Finding) map[string]float64 {
	out := map[string]float64{}
	for _, n := range f.Numbers {
		out[n.Name] = n.Value
	}
	return out
}

func ruleLine(severity, title string, first, last cases.Time, numbers map[string]float64) string {
	return fmt.Sprintln(severity, title, first, last, numbers)
}
