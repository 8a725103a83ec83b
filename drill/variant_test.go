// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// varied returns what a variant of a small drill is about, without its lines; the drill's length is the variant's own.
func varied(t *testing.T, name string, variants ...string) *Truth {
	t.Helper()
	o := Options{Name: name, PeakPerAccount: 5}
	if err := o.Vary(variants...); err != nil {
		t.Fatal(err)
	}
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	truth, err := sketch(o)
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

// TestEveryVariant composes and performs each variant of each drill, and checks its order: nobody's mail is read before the
// first act, and every act happens within the drill.
func TestEveryVariant(t *testing.T) {
	WholeStory(t)
	for _, name := range Names() {
		if !HasAttack(name) || name == "aist-2018" && testing.Short() {
			continue
		}
		if name == "aist-2018" {
			continue // the same script as aist
		}
		for _, v := range VariantsOf(name) {
			if v == "quiet" {
				continue
			}
			t.Run(name+"/"+v, func(t *testing.T) {
				truth := varied(t, name, v)
				if v == "any-hour" && len(truth.Acts) != len(composed(t, Options{Name: name}).g.acts) {
					t.Error("an act of the script never happens in a drill of its own length")
				}
				if len(truth.Acts) == 0 {
					t.Fatal("nothing happens")
				}
				for _, a := range truth.Acts {
					if a.Times == 0 || a.From.Before(truth.Start) || a.From.After(truth.End) {
						t.Errorf("%s happens %d times, from %v, in a drill from %v to %v", a.Name, a.Times, a.From, truth.Start, truth.End)
					}
				}
			})
		}
	}
}

// TestPaceOfStory checks how long stories take.
func TestPaceOfStory(t *testing.T) {
	for pace, most := range map[string]time.Duration{"hours": 26 * time.Hour, "days": 9 * 24 * time.Hour, "weeks": 45 * 24 * time.Hour, "slow": 372 * 24 * time.Hour} {
		truth := varied(t, AIST, pace)
		first, last := truth.Acts[0].From, truth.Acts[0].To
		for _, a := range truth.Acts {
			if a.To.After(last) {
				last = a.To
			}
		}
		if took := last.Sub(first); took > most || took < most/3 {
			t.Errorf("%s: the story takes %v of a drill of %v", pace, took, truth.End.Sub(truth.Start))
		}
		order := []string{"ID probing, slow (C)", "ID probing (B)", "ID probing, fast (A)", "first login", "many logins", "one sweep", "all mail fetched", "commanded through the CI", "remote desktop", "directory read", "after the directory was stolen", "event log emptied"}
		at := -1
		for _, name := range order {
			i := slices.IndexFunc(truth.Acts, func(a Act) bool { return strings.Contains(a.Name, name) })
			if i <= at {
				t.Errorf("%s: %q comes too early", pace, name)
			}
			at = i
		}
	}
}

func TestSupply(t *testing.T) {
	WholeStory(t)
	for _, c := range []struct {
		variant string
		shared  string
	}{{"carrier", kindMobile}, {"partner", kindUniversity}} {
		truth := varied(t, AIST, c.variant)
		kinds := map[string]string{}
		for _, a := range truth.Addresses {
			kinds[a.IP] = a.Kind
		}
		for _, s := range truth.Shared {
			kinds[s.IP] = s.Kind
			if s.Bad != (s.Kind == c.shared) && s.Bad && s.Kind != kindUniversity {
				t.Errorf("%s: bad sessions from %s, %s", c.variant, s.IP, s.Kind)
			}
		}
		for _, v := range truth.Accounts {
			for _, ip := range v.Addresses {
				if k := kinds[ip]; k != c.shared && k != kindUniversity && v.Stage != 9 {
					t.Errorf("%s: %s is entered from %s, %s", c.variant, v.UID, ip, k)
				}
			}
		}
	}
	if truth := varied(t, AIST, "residential"); slices.ContainsFunc(truth.Addresses, func(a Address) bool { return a.Kind == kindTor || a.Kind == kindVPN }) {
		t.Error("residential: there is Tor or a VPN")
	}
}

func TestHours(t *testing.T) {
	for variant, window := range map[string][2]int{"office-hours": {8, 19}, "any-hour": {-1, 25}} {
		truth, early := varied(t, AIST, variant), 0
		for _, a := range truth.Acts {
			from := a.From.In(tokyo)
			if program := a.Attack == "T1595.001"; !program && (from.Hour() <= window[0] || from.Hour() >= window[1]) {
				t.Errorf("%s: %s at %v", variant, a.Name, from)
			}
			early += btoi(from.Hour() < 15)
		}
		if early < 5 {
			t.Errorf("%s: only %d acts begin before 15:00", variant, early)
		}
	}
}

func TestLate(t *testing.T) {
	WholeStory(t)
	whole := varied(t, AIST)
	first := whole.Accounts[0].First
	for variant, days := range map[string]int{"late-1": 1, "late-30": 30, "late-90": 90} {
		truth := varied(t, AIST, variant)
		if !truth.LogsFrom.Equal(first.AddDate(0, 0, days)) || truth.LogsFrom.AddDate(0, 0, 14).After(truth.End) {
			t.Errorf("%s: logs from %v to %v, first login %v", variant, truth.LogsFrom, truth.End, first)
		}
		if !truth.Accounts[0].First.Equal(first) || len(truth.Accounts) != len(whole.Accounts) {
			t.Errorf("%s: another story", variant)
		}
	}
}

// TestErased checks that the lines of the stretch are gone, honest ones too, and that the truth names no log for acts that only
// they showed.
func TestErased(t *testing.T) {
	WholeStory(t)
	o := small()
	if err := o.Vary("erased"); err != nil {
		t.Fatal(err)
	}
	dir, truth := generate(t, o)
	if len(truth.Erased) < 2 {
		t.Fatalf("erased: %+v", truth.Erased)
	}
	kinds := map[string]Erased{}
	for _, e := range truth.Erased {
		kinds[e.Log] = e
	}
	for _, f := range truth.Files {
		e, ok := kinds[f.Kind]
		if !ok || f.Kind == logShell && !slices.ContainsFunc(truth.Erased, func(e Erased) bool { return strings.Contains(f.Path, e.Host) }) {
			continue
		}
		for _, line := range read(t, dir, f) {
			at, err := stampOf(f.Kind, line)
			if f.Kind == logShell {
				at = at.Add(-9 * time.Hour)
			}
			if err == nil && at.After(e.From) && at.Before(e.To.Add(-time.Second)) {
				t.Fatalf("%s: %s", f.Path, line)
			}
		}
	}
	whole := varied(t, AIST)
	logs := func(tr *Truth, name string) int {
		for _, a := range tr.Acts {
			if strings.Contains(a.Name, name) {
				return len(a.Logs)
			}
		}
		return -1
	}
	if a, b := logs(whole, "commanded through the CI"), logs(truth, "commanded through the CI"); a != 1 || b > 1 {
		t.Errorf("orders through the CI server are in %d logs, erased in %d", a, b)
	}
}

// TestErasedEverywhere checks for each incident that erasing leaves no doubt which logs show an act: a kind of log is erased on
// every host that he touches, or on none.
func TestErasedEverywhere(t *testing.T) {
	WholeStory(t)
	for _, s := range incidents() {
		if s.write == nil || s.name == "aist-2018" || !slices.Contains(VariantsOf(s.name), "erased") {
			continue
		}
		truth := varied(t, s.name, "erased")
		for _, e := range truth.Erased {
			if !slices.ContainsFunc(truth.Hosts, func(h Host) bool { return h.Name == e.Host && h.Verdict == "compromised" }) || !e.From.Before(e.To) {
				t.Errorf("%s: %+v", s.name, e)
			}
		}
	}
}

func TestSecondIntruder(t *testing.T) {
	WholeStory(t)
	one, two := varied(t, AIST), varied(t, AIST, "second-intruder")
	count := func(tr *Truth) (accounts, addresses, acts int) {
		for _, a := range tr.Accounts {
			accounts += btoi(a.Intruder == 2)
		}
		for _, a := range tr.Addresses {
			addresses += btoi(a.Intruder == 2)
		}
		for _, a := range tr.Acts {
			acts += btoi(a.Intruder == 2)
		}
		return
	}
	if a, b, c := count(one); a+b+c != 0 {
		t.Error("a second intruder without the variant")
	}
	if a, b, c := count(two); a != 3 || b != 4 || c != 2 {
		t.Errorf("the second intruder has %d accounts, %d addresses, %d acts", a, b, c)
	}
	if len(two.Accounts) != len(one.Accounts)+3 || len(two.Addresses) != len(one.Addresses)+4 {
		t.Error("the first intruder is another one beside the second")
	}
}

func TestVariantRefusals(t *testing.T) {
	for _, c := range []struct {
		names []string
		says  string
	}{{[]string{"loud"}, "half-drop-out"}, {[]string{"hours", "slow"}, "exclude"}, {[]string{"carrier", "residential"}, "exclude"}, {[]string{"quiet", "erased"}, "leaves the attack out"}, {[]string{"late-1", "late-30"}, "exclude"}} {
		if err := new(Options).Vary(c.names...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v", c.names, err)
		}
	}
	if err := (Options{Pace: "hours", Days: 5}).Check(); err == nil {
		t.Error("a pace that does not fit its days")
	}
}

// TestSizes composes each incident at the least size that it claims, with several seeds, and at the most.
func TestSizes(t *testing.T) {
	WholeStory(t)
	for _, s := range incidents() {
		for seed := range uint64(12) {
			o, err := Options{Name: s.name, Accounts: s.least, Seed: seed + 1}.withDefaults()
			if err != nil {
				t.Errorf("%s, seed %d: %v", s.name, seed+1, err)
				continue
			}
			if _, err := newRun("", o); err != nil {
				t.Errorf("%s, seed %d: %v", s.name, seed+1, err)
			}
		}
		o, err := Options{Name: s.name, Accounts: mostAccounts, Days: 60}.withDefaults()
		if err == nil && !testing.Short() {
			_, err = newRun("", o)
		}
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

// TestVariantsOf checks that a drill has the variants that change what happens in it, and no others: by its truth, and by the lines
// of the guessing where it is that alone which changes.
func TestVariantsOf(t *testing.T) {
	for _, name := range Names() {
		has := VariantsOf(name)
		if !HasAttack(name) && !slices.Equal(has, []string{"noisy"}) {
			t.Errorf("%s has no attack, and the variants %v", name, has)
		}
		if !HasAttack(name) || name == "aist-2018" { // the same script as aist
			continue
		}
		told := func(set func(*Options)) string {
			o := Options{Name: name, PeakPerAccount: 5}
			set(&o)
			o, err := o.withDefaults()
			if err != nil {
				t.Fatal(err)
			}
			truth, err := sketch(o)
			if err != nil {
				t.Fatal(err)
			}
			return asJSON(t, truth)
		}
		plain := told(func(*Options) {})
		for _, v := range variants() {
			if v.name == noisyLife { // of drills without an attack
				continue
			}
			same := told(v.set) == plain
			if v.group == groupLeave && name == AIST { // who is guessed at, not what comes of it
				same = false
			}
			if declared := slices.Contains(has, v.name); declared == same {
				t.Errorf("%s: %s changes nothing: %v; it is one of its variants: %v", name, v.name, same, declared)
			}
		}
	}
	if len(VariantsOf("nothing")) > 0 {
		t.Error("a drill that is not there has variants")
	}
	for _, c := range []struct{ drill, variant, says string }{{"quiet", "carrier", "no attack"}, {AISTQuiet, "quiet", "no attack"}, {"spam-2023", "any-hour", "changes nothing in spam-2023"}, {AIST, "eraced", "did you mean erased?"}} {
		o := Options{Name: c.drill}
		err := o.Vary(c.variant)
		if trouble := new(Trouble); !errors.As(err, &trouble) || !trouble.Usage || !strings.Contains(err.Error(), c.says) || trouble.In("ja") == err.Error() {
			t.Errorf("%s of %s: %v", c.variant, c.drill, err)
		}
	}
}
