// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Result is what a case says, held against the truth. Things that no log of the drill shows are counted apart: nobody could
// have found them.
type Result struct {
	Drill   string `json:"drill"`
	Seed    uint64 `json:"seed"`
	Verdict struct {
		True  string `json:"true"`
		Found string `json:"found"`
	} `json:"verdict"`

	Accounts  Tally `json:"accounts"`
	Addresses Tally `json:"addresses"`
	Hosts     Tally `json:"hosts"`

	SharedCalledAttacker []string `json:"shared_called_attacker"`
	GroupsRight          int      `json:"groups_right"` // of the accounts found
	CausesRight          int      `json:"causes_right"`

	Acts     []ActResult    `json:"acts"`
	Findings map[string]int `json:"findings"` // by severity

	// FirstAlarm is how long after the intruder's first successful login the first finding of at least high severity was
	// raised, in hours; below zero: before it. Nil: none was.
	FirstAlarm *float64 `json:"first_alarm_hours"`
}

// Tally counts one kind of thing. Precision and recall are 1 where there is nothing to be wrong about.
type Tally struct {
	Knowable  int      `json:"knowable"` // true ones that some log shows
	Unknown   []string `json:"in_no_log"`
	Found     int      `json:"found"`
	Missed    []string `json:"missed"`
	Suspected []string `json:"only_suspected"` // of the missed, those that the case suspects
	Wrong     []string `json:"wrong"`          // with the reason that they look bad, where there is one
	Precision float64  `json:"precision"`
	Recall    float64  `json:"recall"`
}

// ActResult says whether and when an act was noticed.
type ActResult struct {
	Name     string   `json:"name"`
	InNoLog  bool     `json:"in_no_log"`
	Seen     bool     `json:"seen"`
	Detector string   `json:"detector,omitempty"`
	Finding  string   `json:"finding,omitempty"`
	Lead     *float64 `json:"alert_after_hours"` // from the act's first moment
}

// caseFile is what a score needs of case.json, schema sekisho.case/1.
type caseFile struct {
	Schema   string
	Verdict  string
	Accounts []struct {
		ID, Name, Verdict, Cause string
		Aliases                  []string
		Group                    int
	}
	Addresses []struct{ IP, Verdict string }
	Hosts     []struct{ Name, IP, Verdict string }
	Findings  []finding
}

type finding struct {
	ID, Detector, Severity string
	First, Last, Alerted   time.Time
	Subjects               struct{ Accounts, Addresses, Hosts []string }
}

// Score holds a case, as case.json, against the truth.
func Score(truth *Truth, caseJSON []byte) (*Result, error) {
	var c caseFile
	if err := json.Unmarshal(caseJSON, &c); err != nil {
		return nil, fmt.Errorf("drill: read case: %w", err)
	}
	if !strings.HasPrefix(c.Schema, "sekisho.case/") {
		return nil, fmt.Errorf("drill: read case: its schema is %q, not sekisho.case/1", c.Schema)
	}
	r := &Result{Drill: truth.Name, Seed: truth.Seed, Findings: map[string]int{}, SharedCalledAttacker: []string{}}
	r.Verdict.True, r.Verdict.Found = truth.Verdict, c.Verdict
	names := r.scoreAccounts(truth, &c)
	r.scoreAddresses(truth, &c)
	r.scoreHosts(truth, &c)
	for _, f := range c.Findings {
		r.Findings[f.Severity]++
	}
	r.scoreActs(truth, &c, names)
	return r, nil
}

// judged is one thing of a case: its names, the verdict, and whether that is the one that accuses.
type judged struct {
	names   []string
	accused bool
	suspect bool
}

// count fills a tally. wanted are the true ones by name, with whether a log shows each; all names are lower case.
func count(wanted map[string]bool, got []judged, excuse func(string) string) Tally {
	t := Tally{Unknown: []string{}, Missed: []string{}, Suspected: []string{}, Wrong: []string{}}
	found, suspected := map[string]bool{}, map[string]bool{}
	wrong := 0
	for _, g := range got {
		i := slices.IndexFunc(g.names, func(n string) bool { _, ok := wanted[n]; return ok })
		switch {
		case i >= 0 && g.accused:
			found[g.names[i]] = true
		case i >= 0 && g.suspect:
			suspected[g.names[i]] = true
		case i < 0 && g.accused:
			wrong++
			t.Wrong = append(t.Wrong, g.names[0]+excuse(g.names[0]))
		}
	}
	for name, knowable := range wanted {
		switch {
		case found[name]:
			t.Found++
			t.Knowable++
		case !knowable:
			t.Unknown = append(t.Unknown, name)
		default:
			t.Knowable++
			t.Missed = append(t.Missed, name)
			if suspected[name] {
				t.Suspected = append(t.Suspected, name)
			}
		}
	}
	t.Precision, t.Recall = share(t.Found, t.Found+wrong), share(t.Found, t.Knowable)
	for _, list := range [][]string{t.Unknown, t.Missed, t.Suspected, t.Wrong} {
		slices.Sort(list)
	}
	return t
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// scoreAccounts returns the mail addresses of the case's account identities that are victims.
func (r *Result) scoreAccounts(truth *Truth, c *caseFile) map[string]string {
	byName, wanted := map[string]*Account{}, map[string]bool{}
	for i := range truth.Accounts {
		a := &truth.Accounts[i]
		byName[strings.ToLower(a.UID)], byName[strings.ToLower(a.Mail)] = a, a
		wanted[strings.ToLower(a.Mail)] = len(a.Logs) > 0
	}
	odd := map[string]string{}
	for _, o := range truth.Odd {
		odd[strings.ToLower(o.UID)], odd[strings.ToLower(o.Mail)] = " ("+o.Why+")", " ("+o.Why+")"
	}
	var got []judged
	ids := map[string]string{}
	for _, a := range c.Accounts {
		g := judged{accused: a.Verdict == "compromised", suspect: a.Verdict == "suspected"}
		var victim *Account
		for _, n := range append([]string{a.Name}, a.Aliases...) {
			n = strings.ToLower(n)
			if _, short, ok := strings.Cut(n, `\`); ok {
				n = short
			}
			if t := byName[n]; t != nil {
				victim, n = t, strings.ToLower(t.Mail)
			}
			g.names = append(g.names, n)
		}
		got = append(got, g)
		if victim == nil {
			continue
		}
		ids[a.ID] = strings.ToLower(victim.Mail)
		if g.accused {
			r.GroupsRight += btoi(a.Group == victim.Group)
			r.CausesRight += btoi(a.Cause == victim.Cause)
		}
	}
	r.Accounts = count(wanted, got, func(n string) string { return odd[n] })
	return ids
}

func (r *Result) scoreAddresses(truth *Truth, c *caseFile) {
	wanted, shared := map[string]bool{}, map[string]string{}
	for _, a := range truth.Addresses {
		wanted[a.IP] = len(a.Logs) > 0
	}
	for _, s := range truth.Shared {
		shared[s.IP] = s.Kind
	}
	var got []judged
	for _, a := range c.Addresses {
		got = append(got, judged{names: []string{a.IP}, accused: a.Verdict == "attacker", suspect: a.Verdict == "suspected"})
		if a.Verdict == "attacker" && shared[a.IP] != "" {
			r.SharedCalledAttacker = append(r.SharedCalledAttacker, a.IP)
		}
	}
	r.Addresses = count(wanted, got, func(n string) string {
		if k := shared[n]; k != "" {
			return " (shared: " + k + ")"
		}
		return ""
	})
	slices.Sort(r.SharedCalledAttacker)
}

func (r *Result) scoreHosts(truth *Truth, c *caseFile) {
	wanted, byIP, reached := map[string]bool{}, map[string]string{}, map[string]bool{}
	for _, h := range truth.Hosts {
		byIP[h.IP] = strings.ToLower(h.Name)
		if h.Verdict == "compromised" {
			wanted[strings.ToLower(h.Name)] = len(h.Logs) > 0
		} else {
			reached[strings.ToLower(h.Name)] = true
		}
	}
	var got []judged
	for _, h := range c.Hosts {
		names := []string{strings.ToLower(h.Name)}
		if n := byIP[h.IP]; n != "" {
			names = append(names, n)
		}
		got = append(got, judged{names: names, accused: h.Verdict == "compromised", suspect: h.Verdict == "suspected"})
	}
	r.Hosts = count(wanted, got, func(n string) string {
		if reached[n] {
			return " (reached only)"
		}
		return ""
	})
}

// scoreActs looks for the first alert about each act: a finding of a detector that should see it, in its time, and about
// something that it touched where both name such a thing.
func (r *Result) scoreActs(truth *Truth, c *caseFile, names map[string]string) {
	var login time.Time
	for _, a := range truth.Accounts {
		if login.IsZero() || a.First.Before(login) {
			login = a.First
		}
	}
	for i := range truth.Acts {
		a := &truth.Acts[i]
		got := ActResult{Name: a.Name, InNoLog: len(a.Logs) == 0}
		var best *finding
		for j := range c.Findings {
			f := &c.Findings[j]
			if f.about(a, names) && (best == nil || f.Alerted.Before(best.Alerted)) {
				best = f
			}
		}
		if best != nil {
			hours := best.Alerted.Sub(a.From).Hours()
			got.Seen, got.Detector, got.Finding, got.Lead = true, best.Detector, best.ID, &hours
		}
		r.Acts = append(r.Acts, got)
	}
	for _, f := range c.Findings {
		if hours := f.Alerted.Sub(login).Hours(); !login.IsZero() && (f.Severity == "high" || f.Severity == "critical") && (r.FirstAlarm == nil || hours < *r.FirstAlarm) {
			r.FirstAlarm = &hours
		}
	}
}

func (f *finding) about(a *Act, names map[string]string) bool {
	if !slices.ContainsFunc(a.Detectors, func(d string) bool { return f.Detector == d || strings.HasPrefix(f.Detector, d+"-") }) {
		return false
	}
	if f.Last.Before(a.From) || f.First.After(a.To) {
		return false
	}
	accounts := make([]string, 0, len(f.Subjects.Accounts))
	for _, id := range f.Subjects.Accounts {
		accounts = append(accounts, names[id])
	}
	common := func(of, with []string) (both, meet bool) {
		return len(of) > 0 && len(with) > 0, slices.ContainsFunc(of, func(s string) bool { return slices.Contains(with, s) })
	}
	comparable := false
	for _, pair := range [][2][]string{{accounts, a.Accounts}, {f.Subjects.Addresses, a.Addresses}, {f.Subjects.Hosts, a.Hosts}} {
		both, meet := common(pair[0], pair[1])
		if meet {
			return true
		}
		comparable = comparable || both
	}
	return !comparable
}

// Failures says, in words, what a user of the case would be misled by: empty for a case that found what is true. Victims that
// no log shows are not held against it.
func (r *Result) Failures() []string {
	var out []string
	if r.Verdict.Found != r.Verdict.True {
		out = append(out, fmt.Sprintf("the verdict is %q, the truth is %q", r.Verdict.Found, r.Verdict.True))
	}
	for _, f := range []struct {
		what string
		list []string
	}{{"victims not found", r.Accounts.Missed}, {"honest accounts called compromised", r.Accounts.Wrong}, {"shared addresses called attacker", r.SharedCalledAttacker}} {
		if len(f.list) > 0 {
			out = append(out, fmt.Sprintf("%s: %s", f.what, strings.Join(f.list, ", ")))
		}
	}
	if n := r.Findings["high"] + r.Findings["critical"]; r.Verdict.True == "clear" && n > 0 {
		out = append(out, fmt.Sprintf("%d findings above medium where nothing happened", n))
	}
	return out
}

// WriteText writes the result for people.
func (r *Result) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "drill %s, seed %d: verdict %s (true: %s)\n", r.Drill, r.Seed, r.Verdict.Found, r.Verdict.True)
	for _, t := range []struct {
		name string
		Tally
	}{{"accounts", r.Accounts}, {"addresses", r.Addresses}, {"hosts", r.Hosts}} {
		fmt.Fprintf(&b, "%-10s found %d of %d, wrongly accused %d, precision %.3f, recall %.3f, in no log %d\n", t.name, t.Found, t.Knowable, len(t.Wrong), t.Precision, t.Recall, len(t.Unknown))
		for _, l := range []struct {
			name string
			list []string
		}{{"missed", t.Missed}, {"wrong", t.Wrong}} {
			if len(l.list) > 0 {
				fmt.Fprintf(&b, "           %s: %s\n", l.name, strings.Join(l.list, ", "))
			}
		}
	}
	fmt.Fprintf(&b, "shared addresses called attacker: %d; groups right %d, causes right %d\n", len(r.SharedCalledAttacker), r.GroupsRight, r.CausesRight)
	if r.FirstAlarm != nil {
		fmt.Fprintf(&b, "first high alarm: %+.1f hours from the first login\n", *r.FirstAlarm)
	}
	for _, a := range r.Acts {
		switch {
		case a.Seen:
			fmt.Fprintf(&b, "  %+9.1f h  %s (%s)\n", *a.Lead, a.Name, a.Detector)
		case a.InNoLog:
			fmt.Fprintf(&b, "  in no log    %s\n", a.Name)
		default:
			fmt.Fprintf(&b, "  not seen     %s\n", a.Name)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
