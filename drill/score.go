// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Result is what a case says, held against the truth. Things that no log of the drill shows are counted apart: nobody could
// have found them. docs/reference/drills.md says how each number is come by.
type Result struct {
	Drill   string `json:"drill"`
	Seed    uint64 `json:"seed"`
	Verdict struct {
		True  string `json:"true"`
		Found string `json:"found"`
	} `json:"verdict"`

	Doubt string `json:"truth_doubt,omitempty"` // what is wrong with the truth: TruthAltered, TruthOther; empty: nothing

	Accounts  Tally `json:"accounts"`
	Addresses Tally `json:"addresses"`
	Hosts     Tally `json:"hosts"`

	SharedCalledAttacker []string `json:"shared_called_attacker"`
	GroupsRight          int      `json:"groups_right"` // of the accounts found
	CausesRight          int      `json:"causes_right"`

	Acts     []ActResult    `json:"acts"` // in the order of the truth
	ActCount ActCount       `json:"act_count"`
	Findings map[string]int `json:"findings"` // by severity
	Noise    Noise          `json:"noise"`

	// FirstLogin is the incident's intruder's first successful login, whether a log shows it or not; nil: he never logged in.
	FirstLogin *time.Time `json:"first_login"`
	// FirstAlarm is how long after it the first finding of at least high severity that is about one of his acts was raised, in
	// hours; below zero: before it. Nil: none was, or he never logged in.
	FirstAlarm *float64 `json:"first_alarm_hours"`
	// FirstAlarmAct is the same from the first moment of his first act. Nil: no such finding.
	FirstAlarmAct *float64 `json:"first_alarm_hours_from_first_act"`

	// Asking is what came of asking simulated people, where they were asked: see Person.
	Asking []Asking `json:"asking,omitempty"`
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

// caseFile is what a score needs of case.json, schema sekisho.case/1.
type caseFile struct {
	Schema  string
	Verdict string
	Window  struct{ From, To time.Time }
	Inputs  []struct {
		Path    string
		Records int64
	}
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
	Evidence               []struct{} // the records that it points to
}

// Score holds a case, as case.json, against the truth. It refuses a document that is not a case, and a case that was made of
// other logs than the drill's.
func Score(truth *Truth, caseJSON []byte) (*Result, error) {
	var c caseFile
	if err := json.Unmarshal(caseJSON, &c); err != nil {
		return nil, within(jsonWords(caseJSON, err), "事案を読めません：", "read case: ")
	}
	if !strings.HasPrefix(c.Schema, "sekisho.case/") {
		return nil, fmt.Errorf("drill: read case: its schema is %q, not sekisho.case/1", c.Schema)
	}
	if err := c.isOf(truth); err != nil {
		return nil, err
	}
	r := &Result{Drill: truth.Name, Seed: truth.Seed, Findings: map[string]int{}, Doubt: truth.Doubt(nil), SharedCalledAttacker: []string{}}
	r.Verdict.True, r.Verdict.Found = truth.Verdict, c.Verdict
	r.scoreAccounts(truth, &c)
	r.scoreAddresses(truth, &c)
	r.scoreHosts(truth, &c)
	for _, f := range c.Findings {
		r.Findings[f.Severity]++
	}
	r.scoreFindings(truth, &c)
	return r, nil
}

// isOf says why a case cannot be of this drill: its records are of another time, or files of the drill's names have other
// numbers of records. A case of some of the logs, or of logs under other names, is one.
func (c *caseFile) isOf(truth *Truth) error {
	if !c.Window.From.IsZero() && !c.Window.To.IsZero() && (c.Window.To.Before(truth.Start.Add(-time.Hour)) || c.Window.From.After(truth.End.Add(time.Hour))) {
		return fmt.Errorf("drill: score: the case is not of this drill: its records are of %s to %s, the drill %s is of %s to %s", c.Window.From.Format(time.DateOnly),
			c.Window.To.Format(time.DateOnly), truth.Name, truth.Start.Format(time.DateOnly), truth.End.Format(time.DateOnly))
	}
	lines := map[string]int64{}
	for _, f := range truth.Files {
		lines[f.Path] = f.Lines
	}
	same, other := 0, 0
	for _, in := range c.Inputs {
		_, path, ok := strings.Cut(filepath.ToSlash("/"+in.Path), "/logs/")
		if n, known := lines[path]; ok && known && n == in.Records {
			same++
		} else if ok && known {
			other++
		}
	}
	if other > same {
		return fmt.Errorf("drill: score: the case is not of this drill: of the %d files that %s, seed %d, has too, %d have another number of records", same+other, truth.Name, truth.Seed, other)
	}
	return nil
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

// hundredths rounds hours and rates: more digits say nothing.
func hundredths(x float64) float64 { return math.Round(x*100) / 100 }

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

func (r *Result) scoreAccounts(truth *Truth, c *caseFile) {
	victims := truth.victims()
	verdicts := make([]AccountVerdict, 0, len(c.Accounts))
	for _, a := range c.Accounts {
		names := append([]string{a.Name}, a.Aliases...)
		verdicts = append(verdicts, AccountVerdict{Names: names, Verdict: a.Verdict})
		i := slices.IndexFunc(names, func(n string) bool { return victims[plainName(n)] != nil })
		if i >= 0 && a.Verdict == "compromised" {
			v := victims[plainName(names[i])]
			r.GroupsRight += btoi(a.Group == v.Group)
			r.CausesRight += btoi(a.Cause == v.Cause)
		}
	}
	r.Accounts = truth.TallyAccounts(verdicts)
}

// AccountVerdict is what a case says of one account, by all its names.
type AccountVerdict struct {
	Names   []string
	Verdict string
}

// TallyAccounts counts the verdicts on accounts.
func (t *Truth) TallyAccounts(verdicts []AccountVerdict) Tally {
	victims, wanted, odd := t.victims(), map[string]bool{}, map[string]string{}
	for i := range t.Accounts {
		wanted[t.Accounts[i].key()] = len(t.Accounts[i].Logs) > 0
	}
	for _, o := range t.Odd {
		odd[strings.ToLower(o.UID)], odd[strings.ToLower(o.Mail)] = " ("+o.Why+")", " ("+o.Why+")"
	}
	got := make([]judged, 0, len(verdicts))
	for _, v := range verdicts {
		g := judged{accused: v.Verdict == "compromised", suspect: v.Verdict == "suspected"}
		for _, n := range v.Names {
			n = plainName(n)
			if a := victims[n]; a != nil {
				n = a.key()
			}
			g.names = append(g.names, n)
		}
		got = append(got, g)
	}
	return count(wanted, got, func(n string) string { return odd[n] })
}

// Entered says whether one of these names, each of the same account, is that of an account that the intruder got into.
func (t *Truth) Entered(names ...string) bool {
	return len(names) > 0 && t.TallyAccounts([]AccountVerdict{{Names: names, Verdict: "compromised"}}).Found > 0
}

// victims returns the accounts that the intruder got into, by each of their names.
func (t *Truth) victims() map[string]*Account {
	out := make(map[string]*Account, 2*len(t.Accounts))
	for i := range t.Accounts {
		a := &t.Accounts[i]
		out[plainName(a.UID)], out[a.key()] = a, a
	}
	return out
}

// plainName is an account's name without its Windows domain or the place in a directory that it stands in, in lower case.
func plainName(name string) string {
	name = strings.ToLower(name)
	if first, _, ok := strings.Cut(name, ","); ok { // cn=edge,ou=services,…
		if _, value, ok := strings.Cut(first, "="); ok {
			return value
		}
	}
	if _, short, ok := strings.Cut(name, `\`); ok {
		return short
	}
	return name
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

// Failures says, in ja or en, what a user of the case would be misled by: empty for a case that found what is true. Victims that
// no log shows are not held against it.
func (r *Result) Failures(lang string) []string {
	var out []string
	add := func(ja, en string, values ...any) { out = append(out, both(ja, en, values...).in(lang)) }
	if r.Verdict.Found != r.Verdict.True {
		add("判定は「%s」、正解は「%s」", "the verdict is %q, the truth is %q", verdictWords(r.Verdict.Found), verdictWords(r.Verdict.True))
	}
	for _, f := range []struct {
		what phrase
		list []string
	}{{phrase{"見落とした被害アカウント", "victims not found"}, r.Accounts.Missed}, {phrase{"誤って被害と判定したアカウント", "honest accounts called compromised"}, r.Accounts.Wrong},
		{phrase{"誤って攻撃元と判定した共用アドレス", "shared addresses called attacker"}, r.SharedCalledAttacker}} {
		var names []string
		for _, n := range f.list {
			names = append(names, WrongIn(n, lang))
		}
		if len(names) > 0 {
			add("%s：%s", "%s: %s", f.what, strings.Join(names, ", "))
		}
	}
	if n := r.Findings["high"] + r.Findings["critical"]; r.Verdict.True == "clear" && n > 0 {
		add("何も起きていないのに、重大度「高」以上の所見が %d 件", "%d findings above medium where nothing happened", n)
	}
	return out
}
