// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSameSeedSameBytes(t *testing.T) {
	a, _ := shared(t, AIST)
	b, _ := generate(t, small())
	sa, sb := sums(t, a), sums(t, b)
	if len(sa) < 100 {
		t.Fatalf("only %d files", len(sa))
	}
	for path, sum := range sa {
		if sb[path] != sum {
			t.Errorf("%s differs between two runs", path)
		}
	}
	o, err := Options{Accounts: leastAccounts, Seed: 2}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(a, "directory.csv"))
	if err != nil || composed(t, o).w.directoryCSV() == string(other) {
		t.Error("another seed gives the same people", err)
	}
}

// TestQuietTwin checks that the quiet drill has none of the intruder's addresses in any log, and the same ordinary life: every
// line of the logs without running numbers stands in the other's log too.
func TestQuietTwin(t *testing.T) {
	loud, truth := shared(t, AIST)
	quiet, none := shared(t, AISTQuiet)
	if none.Verdict != "clear" || len(none.Accounts)+len(none.Addresses)+len(none.Acts)+len(none.Hosts) != 0 {
		t.Errorf("the quiet drill's truth is not empty: %+v", none)
	}
	hostile := map[string]bool{}
	for _, a := range truth.Addresses {
		hostile[a.IP] = true
	}
	for _, f := range none.Files {
		for _, line := range read(t, quiet, f) {
			if ip := anyOf(line, hostile); ip != "" {
				t.Fatalf("%s: the quiet drill has an address of the intruder, %s", f.Path, ip)
			}
		}
	}
	for _, kind := range []string{logIDP, logDNS, logFiles, logVPN, logSignIns} {
		with := map[string]int{}
		for _, f := range truth.Files {
			if f.Kind == kind {
				for _, l := range read(t, loud, f) {
					with[strings.TrimSuffix(string(l), ",")]++
				}
			}
		}
		missing, all := 0, 0
		for _, f := range none.Files {
			if f.Kind == kind {
				for _, l := range read(t, quiet, f) {
					all++
					if with[strings.TrimSuffix(string(l), ",")]--; with[strings.TrimSuffix(string(l), ",")] < 0 {
						missing++
					}
				}
			}
		}
		if missing > 0 || all < 100 {
			t.Errorf("%s: %d of %d lines of ordinary life are not in the drill with the attack", kind, missing, all)
		}
	}
}

// anyOf returns the first of the addresses that stands in a line, not as a part of a longer one; empty for none.
func anyOf(line []byte, ips map[string]bool) string {
	start := 0
	for i := range len(line) + 1 {
		if i < len(line) && (line[i] == '.' || line[i] >= '0' && line[i] <= '9') {
			continue
		}
		if i-start >= len("1.1.1.1") && ips[string(line[start:i])] {
			return string(line[start:i])
		}
		start = i + 1
	}
	return ""
}

// TestTruth checks the truth against itself and the story against the intruder's hours.
func TestTruth(t *testing.T) {
	dir, truth := shared(t, AIST)
	again, err := ReadTruth(filepath.Join(dir, "truth.json"))
	if err != nil || len(again.Accounts) != len(truth.Accounts) {
		t.Fatalf("truth.json reads back as %d accounts, %v", len(again.Accounts), err)
	}
	unlisted := 0
	for _, a := range truth.Accounts {
		if a.Host == "" && (len(a.Addresses) == 0 || !a.First.Before(a.Last) && a.Stage != 9) || len(a.Logs) == 0 {
			t.Errorf("account %+v", a)
		}
	}
	for _, a := range truth.Addresses {
		if !a.Listed {
			unlisted++
		}
	}
	if unlisted < 2 {
		t.Error("no hosts that no list names")
	}
	bad := 0
	for _, s := range truth.Shared {
		bad += btoi(s.Bad)
	}
	if bad != 1 {
		t.Errorf("%d shared addresses with bad sessions, want the university's proxy alone", bad)
	}
	unseen := 0
	jst := time.FixedZone("JST", 9*3600)
	for _, a := range truth.Acts {
		unseen += btoi(len(a.Logs) == 0)
		from := a.From.In(jst).Add(-2*time.Hour - time.Minute)
		program := a.Attack == "T1595.001" || a.Attack == "T1589.001" // programs run at weekends too
		if !program && (from.Weekday() == time.Saturday || from.Weekday() == time.Sunday) || from.Hour() < 13 {
			t.Errorf("%s begins at %v, outside the intruder's hours", a.Name, a.From.In(jst))
		}
		if a.Times == 0 {
			t.Errorf("%s never happened", a.Name)
		}
	}
	if unseen != 2 {
		t.Errorf("%d acts in no log, want 2", unseen)
	}
}

// mask is what a line of slapd is without what varies.
func mask() func([]byte) string {
	var steps []func([]byte) []byte
	for _, r := range [][2]string{{`^.{15} ldap1 slapd\[\d+\]: `, ""}, {`"[^"]*"`, `"…"`}, {`IP=[0-9.]+:[0-9]+`, `IP=…`}, {`(SRCH|MOD) attr=.*`, `$1 attr=…`},
		{`(conn|op|fd|tag|err|nentries|scope|deref|method|ssf|bind_ssf|qtime|etime)=[0-9.]+`, `$1=0`}, {`oid=[0-9.]+`, `oid=0`}, {`slapd 2\.5.*`, `slapd 2.5`}} {
		re, to := regexp.MustCompile(r[0]), []byte(r[1])
		steps = append(steps, func(b []byte) []byte { return re.ReplaceAll(b, to) })
	}
	return func(line []byte) string {
		for _, s := range steps {
			line = s(line)
		}
		return string(line)
	}
}

// TestSlapdShapes holds the directory's log against what Debian's slapd 2.5.13 itself wrote on loopback (testdata holds its
// lines without what varies), and checks that operations on a connection count up and that no line is out of order.
func TestSlapdShapes(t *testing.T) {
	known := map[string]bool{}
	data, err := os.ReadFile("testdata/slapd-2.5.shapes")
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(bytes.NewReader(data))
	for s.Scan() {
		known[s.Text()] = true
	}
	dir, truth := shared(t, AIST)
	masked := mask()
	files := slices.DeleteFunc(slices.Clone(truth.Files), func(f File) bool { return f.Kind != logSlapd })
	slices.SortFunc(files, func(a, b File) int { return len(b.Path)*100 - len(a.Path)*100 + strings.Compare(b.Path, a.Path) })
	ops, open := map[string]string{}, 0
	for _, f := range files {
		for i, line := range read(t, dir, f) {
			if i%40 == 0 {
				if m := masked(line); !known[m] {
					t.Fatalf("%s: slapd writes no line like %q", f.Path, line)
				}
			}
			if bytes.Contains(line, []byte("slapd starting")) {
				clear(ops)
			}
			conn, op, what := operation(line)
			switch {
			case op == "" || bytes.HasPrefix(what, []byte("UNBIND")):
			case bytes.Contains(what, []byte("RESULT")):
				if prev, busy := ops[conn]; busy && prev != op {
					t.Fatalf("%s: %s ends another operation than %s", f.Path, line, prev)
				} else if !busy {
					open++
				}
				delete(ops, conn)
			default:
				if prev, busy := ops[conn]; busy && prev != op {
					t.Fatalf("%s: %s begins while operation %s is under way", f.Path, line, prev)
				}
				ops[conn] = op
			}
		}
	}
	if open > 0 {
		t.Errorf("%d results of operations that never began", open)
	}
}

// operation cuts a line of slapd into its connection, its operation and the rest; the first two are empty where it has none.
func operation(line []byte) (conn, op string, what []byte) {
	_, rest, ok := bytes.Cut(line, []byte("conn="))
	c, rest, ok2 := bytes.Cut(rest, []byte(" op="))
	o, what, ok3 := bytes.Cut(rest, []byte(" "))
	if !ok || !ok2 || !ok3 {
		return "", "", nil
	}
	return string(c), string(o), what
}

// stampOf finds the time that a line of a kind carries.
func stampOf(kind string, line []byte) (time.Time, error) {
	s := string(line)
	cut := func(from, to string) string {
		_, s, _ := strings.Cut(s, from)
		s, _, _ = strings.Cut(s, to)
		return s
	}
	switch kind {
	case logSlapd, logFiles, logMail, logShell:
		return time.Parse("2006 Jan _2 15:04:05", "2025 "+s[:min(15, len(s))])
	case logIDP, logCI:
		return time.Parse("02/Jan/2006:15:04:05 -0700", cut("[", "]"))
	case logEdge:
		return time.Parse("2006-01-02 15:04:05", cut("date=", " ")+" "+cut("time=", " "))
	case logDNS:
		return time.Parse("02-Jan-2006 15:04:05.000", s[:min(24, len(s))])
	case logVPN:
		return time.Parse("2006-01-02 15:04:05", s[:min(19, len(s))])
	case logWindows:
		return time.Parse(time.RFC3339Nano, cut(`"@timestamp":"`, `"`))
	case logSignIns:
		return time.Parse(time.RFC3339, cut(`"createdDateTime":"`, `"`))
	}
	return time.Time{}, errors.New("no clock for " + kind)
}

// TestLines checks that every line has a plausible time, in order, and that JSON is JSON; and that truth counts them.
func TestLines(t *testing.T) {
	dir, truth := shared(t, AIST)
	kinds := map[string]bool{}
	for _, f := range truth.Files {
		kinds[f.Kind] = true
		lines := read(t, dir, f)
		if f.Kind == logSignIns || f.Kind == logAudit {
			var all []json.RawMessage
			if err := json.Unmarshal(bytes.Join(lines, []byte("\n")), &all); err != nil {
				t.Fatalf("%s: %v", f.Path, err)
			}
			if int64(len(all)) != f.Lines {
				t.Errorf("%s: %d records, truth says %d", f.Path, len(all), f.Lines)
			}
			lines = lines[1 : len(lines)-1]
		}
		if int64(len(lines)) != f.Lines {
			t.Errorf("%s: %d lines, truth says %d", f.Path, len(lines), f.Lines)
		}
		var last time.Time
		for i, line := range lines {
			if f.Kind == logAudit {
				break // in the order of arrival
			}
			if f.Kind == logWindows && !json.Valid(line) {
				t.Fatalf("%s:%d: not JSON: %s", f.Path, i+1, line)
			}
			at, err := stampOf(f.Kind, line)
			if err != nil {
				t.Fatalf("%s:%d: %v: %s", f.Path, i+1, err, line)
			}
			if f.Kind == logSignIns && i > 0 {
				at, last = last, at // newest first
			}
			if at.Before(last) {
				t.Fatalf("%s:%d: out of order: %s", f.Path, i+1, line)
			}
			if last = at; f.Kind == logSignIns {
				last, _ = stampOf(f.Kind, line)
			}
		}
	}
	if len(kinds) != 12 {
		t.Errorf("%d kinds of log, want the 12 of an institute without more systems", len(kinds))
	}
}

func TestVariants(t *testing.T) {
	o := small()
	o.Supply, o.DropOut, o.LogsFrom, o.Without = supplyResidential, 0.5, time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC), []string{logAudit, logDNS}
	dir, truth := generate(t, o)
	for _, f := range truth.Files {
		if f.Kind == logAudit || f.Kind == logDNS {
			t.Errorf("%s was to be missing", f.Path)
		}
		if f.Kind == logIDP {
			if at, _ := stampOf(f.Kind, read(t, dir, f)[0]); at.Before(o.LogsFrom) {
				t.Errorf("%s begins at %v", f.Path, at)
			}
		}
	}
	kinds := map[string]int{}
	for _, a := range truth.Addresses {
		kinds[a.Kind]++
	}
	if kinds[kindTor] != 0 || kinds[kindResidential] == 0 {
		t.Errorf("a residential intruder's addresses: %v", kinds)
	}
	hidden := 0
	for _, a := range truth.Acts {
		hidden += btoi(len(a.Logs) == 0)
	}
	if hidden < 5 {
		t.Errorf("%d acts in no log, though the logs begin after many", hidden)
	}
}

func TestRefusals(t *testing.T) {
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir  string
		o    Options
		says string
	}{
		{used, Options{}, "in use"}, {"", Options{Name: "nothing"}, "aist-quiet"}, {"", Options{Accounts: 20}, "100"}, {"", Options{Days: 4000}, "3660"},
		{"", Options{Without: []string{"smoke"}}, "slapd"}, {"", Options{Name: "asit"}, "did you mean aist?"}, {"", Options{Name: "quiet", Accounts: leastAccounts, Days: 1, Without: Logs()}, "single line"},
		{"", Options{LogsFrom: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}, "nothing would be left"}, {"", Options{DropOut: math.NaN()}, "no drill is like this"},
	} {
		if c.dir == "" {
			c.dir = filepath.Join(t.TempDir(), "new")
		}
		if _, err := Generate(context.Background(), c.dir, c.o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want something about %q", c.o, err, c.says)
		}
		if entries, err := os.ReadDir(c.dir); len(entries) > btoi(c.dir == used) || err == nil && c.dir != used {
			t.Errorf("%+v: %v is left", c.o, entries)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Generate(ctx, filepath.Join(t.TempDir(), "new"), small()); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled drill: %v", err)
	}
}

// TestMemory checks that what is held does not grow with the days.
func TestMemory(t *testing.T) {
	o := small()
	o.Quiet, o.Days = true, 40
	var early, late uint64
	o.Progress = func(done, total int64) {
		if done%20 != 0 {
			return
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if done < total/4 {
			early = max(early, m.HeapInuse)
		} else {
			late = max(late, m.HeapInuse)
		}
	}
	generate(t, o)
	if late > early*3/2+16<<20 {
		t.Errorf("the heap grew from %d MiB to %d MiB", early>>20, late>>20)
	}
}

// BenchmarkGenerate makes the demo: see the lines a second.
func BenchmarkGenerate(b *testing.B) {
	var lines int64
	for range b.N {
		_, truth := generate(b, Options{})
		lines += truth.Lines
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
}

// TestPressed: a script pressed into a few days, whatever weekday they begin on, still has a day for each of its acts; and a year that no
// format can write is refused.
func TestPressed(t *testing.T) {
	for _, name := range Names() {
		for _, days := range []int{2, 10} {
			for first := range 7 {
				start := time.Date(2025, 1, 1+first, 0, 0, 0, 0, time.UTC)
				o, err := Options{Name: name, Days: days, Start: start}.withDefaults()
				if err == nil && HasAttack(name) {
					_, err = o.outline()
				}
				if err != nil {
					t.Errorf("%s, %d days from %s: %v", name, days, start.Format(time.DateOnly), err)
				}
			}
		}
	}
	for _, year := range []int{3, 1970, 9999} {
		if err := (Options{Start: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}).Check(); err == nil {
			t.Errorf("a drill in the year %d", year)
		}
	}
}
