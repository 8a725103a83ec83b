// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// composed returns a drill whose script is written down, and nothing performed.
func composed(t *testing.T, o Options) *run {
	t.Helper()
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRun(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// acted is an incident that was performed without its ordinary life, and without a line rendered.
type acted struct {
	*run
	truth  *Truth
	guess  map[string]int // wrong guesses by the day in Japan
	probes map[string]int
	tries  []int // guesses at each account
	byHand []moment
}

// perform performs all hostile moments of a drill. Guesses and probes are counted, not rendered.
func perform(t *testing.T, o Options) *acted {
	t.Helper()
	a := &acted{run: composed(t, o), guess: map[string]int{}, probes: map[string]int{}}
	a.tries = make([]int, len(a.w.people))
	for _, s := range a.l.sheets {
		s.off = true
	}
	var ms []moment
	for d := range a.w.cal.days {
		a.day, a.epochDay = d, int((a.w.cal.start+jst)/day)+d
		date := dateOf(int64(a.epochDay))
		for slot := range 24 * slots {
			from := a.w.cal.at(d, 0) + int64(slot)*(hour/slots)
			ms = a.plot.slot(ms[:0], from, from+hour/slots)
			for _, m := range ms {
				switch m.do {
				case deedGuess:
					a.guess[date]++
					a.tries[m.who]++
					a.g.used(int(m.n), m.t, m.at, onIDP|onSlapd)
				case deedProbe:
					a.probes[date]++
					a.g.used(int(m.n), m.t, m.at, onIDP|onSlapd)
				default:
					a.byHand = append(a.byHand, m)
					dd := dice(m.x)
					a.hostile(m, &dd)
				}
			}
		}
	}
	a.truth = a.run.truth()
	return a
}

func (a *acted) act(t *testing.T, name string) Act {
	t.Helper()
	for _, act := range a.truth.Acts {
		if strings.Contains(act.Name, name) {
			return act
		}
	}
	t.Fatalf("there is no act %q", name)
	return Act{}
}

var tokyo = time.FixedZone("JST", 9*3600)

// span returns an act's first and last day; what happens in the small hours belongs to the evening before.
func span(a Act) [2]string {
	return [2]string{a.From.Add(-4 * time.Hour).In(tokyo).Format("01-02"), a.To.Add(-4 * time.Hour).In(tokyo).Format("01-02")}
}

// TestAIST2018 holds the acts of the full-size drill against every figure of AIST's report of 20 July 2018.
func TestAIST2018(t *testing.T) {
	WholeStory(t)
	a := perform(t, Options{Name: "aist-2018"})
	equal := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	equal("accounts", a.truth.Total, 8000)
	groups, stage := map[int]int{}, map[int]int{}
	for _, v := range a.truth.Accounts {
		if v.Group == 0 { // of a host alone, not a member's
			continue
		}
		groups[v.Group]++
		stage[v.Stage]++
		if want := v.Stage == 9; (v.Group == 2) != want || (v.Cause == "directory-read") != want || (v.Cause == "unknown") != (v.Stage == 2) {
			t.Errorf("%s: group %d, stage %d, cause %s", v.UID, v.Group, v.Stage, v.Cause)
		}
	}
	equal("victims", groups[1]+groups[2], 143)
	equal("group 1", groups[1], 100)
	equal("group 2", groups[2], 43)
	equal("new in stages", maps2(stage, 9), [9]int{1, 7, 50, 11, 24, 0, 7, 0, 43})
	t.Run("stages", func(t *testing.T) { a.checkStages(t) })
	t.Run("addresses", func(t *testing.T) { a.checkAddresses(t) })
	t.Run("guessing", func(t *testing.T) { a.checkGuessing(t) })
	t.Run("dates", func(t *testing.T) { a.checkDates(t) })
	t.Run("leaks", func(t *testing.T) { a.checkLeaks(t) })
	t.Run("hours", func(t *testing.T) { a.checkHours(t) })
}

func maps2(m map[int]int, n int) (out [9]int) {
	for i := range n {
		out[i] = m[i+1]
	}
	return out
}

// loginsOn returns the accounts that an act's mail logins were to, day by day.
func (a *acted) checkStages(t *testing.T) {
	sets := map[int]map[string]bool{}
	for name, n := range map[string]int{"first login": 1, "a few logins": 2, "many logins": 3, "personal and shared folders": 4, "one sweep": 5, "all mail fetched": 6, "scattered new": 7, "known accounts again": 8, "after the directory": 9} {
		sets[n] = map[string]bool{}
		for _, m := range a.act(t, name).Accounts {
			sets[n][m] = true
		}
	}
	for n, want := range map[int]int{1: 1, 2: 8, 3: 50, 4: 11, 5: 87, 6: 83, 7: 7, 9: 43} {
		if len(sets[n]) != want {
			t.Errorf("stage %d: %d accounts, want %d", n, len(sets[n]), want)
		}
	}
	early, late, earlier := map[string]bool{}, map[string]bool{}, 0
	for n := 1; n <= 5; n++ {
		maps.Copy(early, sets[n])
	}
	for m := range early {
		earlier += btoi(!sets[5][m])
	}
	for m := range sets[6] {
		if !sets[5][m] {
			t.Errorf("%s is in stage 6 and not in 5", m)
		}
	}
	for m := range sets[7] {
		if early[m] {
			t.Errorf("%s is not new in stage 7", m)
		}
	}
	for _, v := range a.truth.Accounts {
		if v.Stage >= 3 && v.Stage <= 8 {
			late[v.Mail] = true
		}
	}
	if len(early) != 93 || earlier != 6 || len(late) != 92 {
		t.Errorf("stages 1 to 5 have %d accounts, %d of them not in stage 5, stages 3 to 8 have %d new ones; want 93, 6, 92", len(early), earlier, len(late))
	}
	for name, want := range map[string][2]string{"first login": {"10-27", "10-27"}, "a few logins": {"10-30", "10-31"}, "many logins": {"11-01", "11-02"},
		"personal and shared folders": {"11-03", "11-08"}, "one sweep": {"11-08", "11-08"}, "all mail fetched": {"11-15", "11-24"}, "scattered new": {"11-08", "12-26"},
		"known accounts again": {"11-27", "01-12"}, "after the directory": {"01-23", "02-05"}} {
		if got := span(a.act(t, name)); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for date, want := range map[string]int{"2017-11-01": 48, "2017-11-02": 45} {
		if got := a.loginsOn(t, "many logins", date); got != want {
			t.Errorf("%d accounts on %s, want %d", got, date, want)
		}
	}
}

// loginsOn counts the moves of an act on a date.
func (a *acted) loginsOn(t *testing.T, act, date string) (n int) {
	for _, m := range a.byHand {
		s := a.plot.steps[m.who]
		if s.act >= 0 && strings.Contains(a.g.acts[s.act].Name, act) && dateOf((m.t+jst-4*hour)/day) == date {
			n++
		}
	}
	return n
}

func (a *acted) checkAddresses(t *testing.T) {
	kinds, rented := map[string]int{}, map[string]int{}
	for _, x := range a.truth.Addresses {
		kinds[x.Kind]++
		if x.Kind == kindHosting {
			rented[x.Country]++
		}
	}
	if want := map[string]int{kindTor: 120, kindVPN: 7, kindHosting: 28}; !maps.Equal(kinds, want) {
		t.Errorf("addresses: %v, want %v", kinds, want)
	}
	want := map[string]int{"US": 5, "DE": 5, "SG": 3, "FR": 2, "NL": 2, "CH": 2, "CN": 2, "HK": 2, "JP": 1, "CA": 1, "SE": 1, "LT": 1, "LV": 1}
	if !maps.Equal(rented, want) {
		t.Errorf("rented servers: %v, want %v", rented, want)
	}
	var shared []Shared
	for _, s := range a.truth.Shared {
		if s.Bad {
			shared = append(shared, s)
		}
	}
	if len(shared) != 1 || shared[0].Kind != kindUniversity {
		t.Errorf("shared addresses that he came through: %v, want the university's alone", shared)
	}
	for _, relay := range a.truth.Addresses {
		if relay.IP == a.w.book.all[a.relayAddress(t)].ip && relay.Country != "SG" {
			t.Errorf("the relay is in %s", relay.Country)
		}
	}
	f := a.truth.Found
	if f == nil || len(f.Accounts) != 41 || len(f.Addresses) != 2 || f.Time.In(tokyo).Format(time.DateOnly) != "2018-02-06" {
		t.Fatalf("found: %+v", f)
	}
	reached := 0
	for _, v := range a.truth.Accounts {
		two := slices.ContainsFunc(v.Addresses, func(ip string) bool { return slices.Contains(f.Addresses, ip) })
		if two != slices.Contains(f.Accounts, v.Mail) || two && v.Group != 2 {
			t.Errorf("%s (group %d): found %v", v.UID, v.Group, two)
		}
		reached += btoi(two)
	}
	if reached != 41 {
		t.Errorf("the two addresses lead to %d accounts", reached)
	}
}

func (a *acted) relayAddress(t *testing.T) int32 {
	ips := a.act(t, "a relay held").Addresses
	if len(ips) != 1 {
		t.Fatalf("relays: %v", ips)
	}
	return a.w.book.seen[ips[0]]
}

func (a *acted) checkGuessing(t *testing.T) {
	peak, on := 0, ""
	for date, n := range a.guess {
		if n > peak {
			peak, on = n, date
		}
	}
	if peak < 1_390_000 || peak > 1_410_000 || on != "2017-11-01" {
		t.Errorf("%d wrong guesses on the worst day, %s", peak, on)
	}
	days := slices.Sorted(maps.Keys(a.guess))
	if days[0] != "2017-10-31" || days[len(days)-1] != "2017-12-12" {
		t.Errorf("guessing from %s to %s", days[0], days[len(days)-1])
	}
	untouched, all, victims, low := 0, 0, map[int32]bool{}, 0
	for who := range a.g.accounts {
		victims[who] = true
	}
	tens, others := 0, 0
	for who, n := range a.tries {
		switch p := &a.w.people[who]; {
		case p.joined > a.plot.w.cal.dayOf(a.plot.at("2017-10-31 00:00")):
			untouched += n
		case victims[int32(who)] && a.g.accounts[int32(who)].group == 1:
			tens++
			low += n
		default:
			others++
			all += n
		}
	}
	if untouched > 0 || others < 7700 {
		t.Errorf("%d guesses at accounts that were not there; %d accounts tried", untouched, others)
	}
	if a1, a2 := low/tens, all/others; a1 < 20 || a1 > 200 || a2 < 400 || a2 > 700 {
		t.Errorf("%d guesses at an account of group 1, %d at others: want tens to hundreds, and hundreds", a1, a2)
	}
	focus := a.act(t, "IT department")
	if got := span(focus); got != [2]string{"11-22", "11-22"} {
		t.Errorf("the IT department is aimed at on %v", got)
	}
	aimed := 0
	for who, n := range a.tries {
		if n > all/others+20 {
			aimed++
			if a.w.people[who].department != itDepartment {
				t.Errorf("%s is not of the IT department: %d guesses", a.w.people[who].uid, n)
			}
		}
	}
	if aimed < 200 {
		t.Errorf("only %d of the IT department were aimed at", aimed)
	}
	t.Run("probing", func(t *testing.T) { a.checkProbing(t) })
}

// checkProbing checks periods C, B and A: their days, and that each is clearly harder than the one before.
func (a *acted) checkProbing(t *testing.T) {
	var last float64
	for _, p := range []struct {
		from, to string
		least    float64
	}{{"2017-02-06", "2017-05-31", 50}, {"2017-06-01", "2017-07-14", 1000}, {"2017-07-15", "2017-08-25", 5000}} {
		sum, n := 0, 0
		for d := dayOfDate(p.from); d <= dayOfDate(p.to); d++ {
			if c := a.probes[dateOf(d)]; c > 0 {
				sum, n = sum+c, n+1
			}
		}
		mean := float64(sum) / float64(n)
		if mean < p.least || mean < 4*last {
			t.Errorf("%s to %s: %.0f tries on %d days", p.from, p.to, mean, n)
		}
		last = mean
	}
	days := slices.Sorted(maps.Keys(a.probes))
	if days[0] != "2017-02-06" || days[len(days)-1] > "2017-08-26" {
		t.Errorf("probing from %s to %s", days[0], days[len(days)-1])
	}
}

func (a *acted) checkDates(t *testing.T) {
	for _, c := range []struct{ act, from, to string }{
		{"ID probing, slow (C)", "02-06", "05-31"}, {"ID probing (B)", "06-01", "07-14"}, {"ID probing, fast (A)", "07-15", "08-25"}, {"at everybody (D)", "10-31", "12-12"},
		{"port scan from outside", "10-28", "11-02"}, {"VPN tried", "11-01", "11-03"},
		{"scan inside, day 1", "12-21", "12-21"}, {"scan inside, day 2", "12-22", "12-22"}, {"scan inside, day 3", "12-27", "12-27"},
		{"scan inside, day 4", "01-15", "01-15"}, {"scan inside, day 5", "01-19", "01-19"}, {"scan inside, day 6", "01-23", "01-23"},
		{"commanded through the CI", "12-15", "01-30"}, {"relay held", "12-18", "01-31"}, {"business systems", "12-20", "01-26"}, {"copied from the footholds", "12-26", "12-27"},
		{"remote desktop into the management", "01-16", "02-09"}, {"syslog server entered", "01-16", "02-08"}, {"network monitors entered", "01-17", "02-06"},
		{"directory read with", "01-22", "02-08"}, {"console opened", "01-30", "01-30"}, {"with second-group accounts", "01-26", "02-05"},
		{"server M sends", "02-05", "02-05"}, {"administrator's rights", "02-09", "02-09"}, {"event log emptied", "02-09", "02-09"},
	} {
		if got := span(a.act(t, c.act)); got != [2]string{c.from, c.to} {
			t.Errorf("%s: %v, want %s to %s", c.act, got, c.from, c.to)
		}
	}
	last := a.truth.Acts[0]
	for _, act := range a.truth.Acts {
		if act.To.After(last.To) {
			last = act
		}
	}
	if !strings.Contains(last.Name, "event log emptied") {
		t.Errorf("the last act is %s", last.Name)
	}
	groups := func(act string) (n [3]int) {
		for _, v := range a.truth.Accounts {
			n[v.Group] += btoi(slices.Contains(a.act(t, act).Accounts, v.Mail))
		}
		return n
	}
	for act, want := range map[string][3]int{"business systems": {0, 3, 0}, "copied from the footholds": {0, 3, 0}, "with second-group accounts": {0, 0, 4}} {
		if got := groups(act); got != want {
			t.Errorf("%s: accounts of the groups %v, want %v", act, got, want)
		}
	}
	hosts := map[string]int{}
	for _, h := range a.truth.Hosts {
		hosts[h.Verdict+" "+strings.TrimRight(h.Name, "0123456789")]++
	}
	for what, want := range map[string]int{"compromised ven-syslog": 1, "compromised ven-nms": 3, "compromised nas": 4, "reached nas": 2, "reached z-data": 2, "compromised x-vm-p": 1,
		"compromised x-vm-q": 1, "compromised x-vm-r": 1, "compromised x-vm-s": 1, "compromised mon": 1, "compromised y-srv-m": 1, "reached vcon": 1} {
		if hosts[what] != want {
			t.Errorf("%d hosts %s, want %d", hosts[what], what, want)
		}
	}
}

func (a *acted) checkLeaks(t *testing.T) {
	want := []Leak{
		{Class: leakContracts, MailLeaked: 200, MailSeen: 8, Total: 208}, {Class: leakJoint, MailLeaked: 82, MailSeen: 22, InternalLeaked: 12, InternalSeen: 1, Total: 117},
		{Class: leakResearch, MailLeaked: 1, InternalSeen: 2, Total: 3}, {Class: leakRecruiting, MailLeaked: 181, MailSeen: 18, InternalLeaked: 5, Total: 204},
		{Class: leakEvents, MailLeaked: 125, MailSeen: 10, InternalLeaked: 15, InternalSeen: 15, Total: 165},
		{Class: leakContacts, MailLeaked: 158, MailSeen: 1447, InternalLeaked: 71, InternalSeen: 2661, Total: 4337}, {Class: leakMailboxes, MailLeaked: 83, MailSeen: 60, Total: 143},
	}
	got := map[string]Leak{}
	for _, l := range a.truth.Leaks {
		got[l.Class] = l
	}
	for _, w := range want {
		g := got[w.Class]
		top := g.Most
		if g.Most = nil; !leaksEqual(g, w) {
			t.Errorf("%+v, want %+v", g, w)
		}
		var three int64
		for _, m := range top {
			three += m.Count
		}
		if w.Class == leakContracts && (len(top) == 0 || top[0].Count != 185) || w.Class == leakContacts && three != 2653 {
			t.Errorf("%s: most of it from %+v", w.Class, top)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d classes, want %d", len(got), len(want))
	}
}

func leaksEqual(a, b Leak) bool {
	return a.Class == b.Class && a.MailLeaked == b.MailLeaked && a.MailSeen == b.MailSeen && a.InternalLeaked == b.InternalLeaked && a.InternalSeen == b.InternalSeen && a.Total == b.Total
}

// checkHours checks that what he does by hand is done from Monday to Friday, 16:30 to 02:00. Programs work at any time.
func (a *acted) checkHours(t *testing.T) {
	for _, m := range a.byHand {
		s := a.plot.steps[m.who]
		if s.act < 0 { // the institute's own
			continue
		}
		act := a.g.acts[s.act]
		if act.Attack == "T1595.001" || act.Attack == "T1071.001" {
			continue
		}
		at := time.UnixMicro(m.t).In(tokyo)
		evening := at.Add(-2*time.Hour - time.Minute)
		if wd := evening.Weekday(); wd == time.Saturday || wd == time.Sunday || evening.Hour()*60+evening.Minute() < 14*60+29 {
			t.Errorf("%s at %v", act.Name, at)
		}
	}
}

// TestAISTCast checks the sizes at the demo's scale.
func TestAISTCast(t *testing.T) {
	a := castAIST(newPlot(composed(t, Options{})))
	if a.err != nil {
		t.Fatal(a.err)
	}
	if len(a.group1) != 20 || len(a.group2) != 9 || len(a.tor) != 48 || len(a.vpn) != 2 || len(a.rented)+len(a.unlisted)+1 != 16 {
		t.Errorf("groups of %d and %d, %d Tor, %d VPN, %d rented", len(a.group1), len(a.group2), len(a.tor), len(a.vpn), len(a.rented)+len(a.unlisted)+1)
	}
}
