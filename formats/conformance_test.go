// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/internal/golden"
)

// The conformance table: what records that nobody of this project wrote say by their own truth, held against the events made
// of them. Every suite is one file conformance_NAME_test.go that makes a suite of files of records, each with what is said of it;
// here they are read as an investigation reads them, with every format, and counted.
//
//	go test ./formats -run TestConformance -update
//
// rewrites docs/reference/conformance.md and one page for each suite below docs/reference/conformance/. The pages name files,
// lines and fields of the suites and never quote a line: their licences differ.

// conformanceSuites is the list of suites, in order of name.
func conformanceSuites() []suiteMaker {
	return []suiteMaker{
		{"crowdsec-hub", suiteCrowdSec},
		{"datadog-extras", suiteDatadog},
		{"evtx-attack-samples", suiteEvtxAttack},
		{"evtx-parser-samples", suiteEvtxParser},
		{"fail2ban", suiteFail2ban},
		{"otrf-security-datasets", suiteOTRF},
		{"postfix-grok-patterns", suitePostfix},
		{"panther", suitePanther},
		{"sigma-regression", suiteSigma},
		{"sshguard", suiteSSHGuard},
		{"stratosphere", suiteStratosphere},
		{"wazuh", suiteWazuh},
		{"zeek", suiteZeek},
	}
}

type suiteMaker struct {
	name string
	make func(t *testing.T) *suite // skips the test where the suite is not here
}

// suite is one collection of records with truth.
type suite struct {
	name  string
	about string  // where it is from, what its truth says, and how it is read here
	mark  float64 // the least share of right answers in each column, over the services that are read
	files []suiteFile
	// aside says why an answer is not asked for, by "file:line" or "file:line column": the claim is left out of the counts and
	// listed on the page.
	aside map[string]string
	zone  *time.Location // of times without one; nil is UTC
}

// suiteFile is one file of a suite, read as one stream.
type suiteFile struct {
	path    string   // below the suite's folder
	service string   // the table's row
	formats []string // the formats that it may be recognised as; none: there is no format for it
	recs    []said
	// noSniff leaves the file out of the table of recognition: pieces of several services in one file.
	noSniff bool
	// each reads every record as a stream of its own: they were never neighbours.
	each bool
}

// said is one record with what its suite says of it. Empty fields say nothing.
type said struct {
	line    int
	rec     string
	named   bool // account says something, if only that there is none
	account string
	from    string // address or host name of the source
	outcome claim
	time    time.Time
	year    int                                // for a time without one
	also    func(events []*event.Event) string // says what else is wrong; empty if nothing
	around  []byte                             // the chunk of an event log that rec lies in, at within, and offset in the file
	within  int
	offset  int64
}

// claim is what is said of an outcome.
type claim uint8

const (
	claimNothing       claim = iota
	claimFailedLogin         // an attempt to log in that failed, or a refused peer
	claimLogin               // a successful login
	claimFailure             // something that did not succeed
	claimEvent               // anything at all
	claimNoFailedLogin       // no failed login
	claimNoEventNeeded       // nothing more than that it is understood
)

func (c claim) String() string {
	return [...]string{"nothing", "a failed login", "a login", "a failure", "an event", "no failed login", "understood"}[c]
}

func (c claim) holds(ev *event.Event) bool {
	login := ev.Class == event.ClassAuthentication
	switch c {
	case claimFailedLogin:
		return ev.Outcome == event.OutcomeFailure && (login || ev.Activity == event.ActRefuse)
	case claimLogin:
		return login && ev.Outcome == event.OutcomeSuccess
	case claimFailure:
		return ev.Outcome == event.OutcomeFailure || ev.Activity == event.ActRefuse || ev.Activity == event.ActLock || ev.Class == event.ClassDetection
	case claimNoFailedLogin:
		return !login || ev.Outcome != event.OutcomeFailure
	}
	return true
}

// The columns of the table that count answers.
const (
	colAccount = iota
	colAddress
	colOutcome
	colTime
	colOther
	columns
)

var columnNames = [columns]string{"account", "address", "outcome", "time", "other"}

// row counts one service's answers.
type row struct {
	service             string
	formats             []string
	records, understood int
	right, asked        [columns]int
	misses, aside       []string
	sniffed, files      int
}

// result is a suite, read.
type result struct {
	*suite
	rows   []*row
	sniffs []string       // wrongly recognised files
	taken  map[string]int // records by format, of the services that it reads
}

func TestConformance(t *testing.T) {
	docs := filepath.Join("..", "docs", "reference")
	var results []*result
	complete := true
	for _, m := range conformanceSuites() {
		ran := false
		t.Run(m.name, func(t *testing.T) {
			s := m.make(t)
			s.name = m.name
			r := s.run(t)
			results = append(results, r)
			golden.Compare(t, filepath.Join(docs, "conformance", s.name+".md"), r.page())
			ran = true
		})
		complete = complete && ran
	}
	if !complete {
		t.Log("a suite is missing: the summary is not compared")
		return
	}
	golden.Compare(t, filepath.Join(docs, "conformance.md"), summaryPage(results))
	golden.Compare(t, "held_list.go", heldList(results))
	checkRecognition(t, results)
}

// run reads every file of a suite and counts.
func (s *suite) run(t *testing.T) *result {
	r := &result{suite: s, taken: map[string]int{}}
	known := map[string]bool{}
	for _, f := range All() {
		known[f.Name] = true
	}
	for i := range s.files {
		f := &s.files[i]
		for _, name := range f.formats {
			if !known[name] {
				t.Errorf("%s: %s names the format %q, which there is not", s.name, f.path, name)
			}
		}
		r.count(f)
	}
	slices.SortFunc(r.rows, func(a, b *row) int { return strings.Compare(a.service, b.service) })
	var right, asked [columns]int
	for _, w := range r.rows {
		if len(w.formats) == 0 {
			continue
		}
		for c := range columns {
			right[c], asked[c] = right[c]+w.right[c], asked[c]+w.asked[c]
		}
		for _, m := range w.misses {
			t.Log(m)
		}
	}
	for c := range columns {
		if float64(right[c]) < s.mark*float64(asked[c]) {
			t.Errorf("%s: %s is right in %d of %d, the mark is %.0f %%", s.name, columnNames[c], right[c], asked[c], 100*s.mark)
		}
	}
	return r
}

func (r *result) rowOf(f *suiteFile) *row {
	for _, w := range r.rows {
		if w.service == f.service {
			return w
		}
	}
	w := &row{service: f.service, formats: f.formats}
	r.rows = append(r.rows, w)
	return w
}

// count reads one file as an investigation does: what it is of by its first records, then every record with every format.
func (r *result) count(f *suiteFile) {
	w := r.rowOf(f)
	all := All()
	var order []*Format
	var sample [][]byte
	for _, s := range f.recs[:min(len(f.recs), 200)] {
		sample = append(sample, []byte(s.rec))
	}
	guesses := Recognise(all, sample)
	for _, g := range guesses {
		order = append(order, g.Format)
	}
	if len(f.formats) > 0 && !f.noSniff {
		w.files++
		if len(guesses) > 0 && slices.Contains(f.formats, guesses[0].Format.Name) {
			w.sniffed++
		} else {
			got := "nothing"
			if len(guesses) > 0 {
				got = guesses[0].Format.Name
			}
			r.sniffs = append(r.sniffs, fmt.Sprintf("%s %s: recognised as %s, not as %s", r.name, f.path, got, strings.Join(f.formats, " or ")))
		}
	}
	for i := range all {
		if !slices.Contains(order, &all[i]) {
			order = append(order, &all[i])
		}
	}
	if f.each {
		for i := range f.recs {
			r.readStream(f, w, order, f.recs[i:i+1])
		}
		return
	}
	r.readStream(f, w, order, f.recs)
}

func (r *result) readStream(f *suiteFile, w *row, order []*Format, recs []said) {
	env := testEnv()
	zone := r.zone
	if zone == nil {
		zone = time.UTC
	}
	reader := NewReader(order, env)
	errs := make([]error, len(recs))
	var out event.Batch
	year := 0
	for i := range recs {
		year = cmp.Or(recs[i].year, year, 2025)
		env.Clock.Begin(zone, year, 0)
		data := []byte(recs[i].rec)
		rec := event.Record{Part: event.Part{Line: int64(i + 1), Offset: recs[i].offset, Length: int64(len(data))}, Data: data, Around: recs[i].around, Within: recs[i].within}
		errs[i] = reader.Read(&rec, &out)
	}
	reader.Flush(&out)
	for _, g := range reader.Taken() {
		if slices.Contains(f.formats, g.Format.Name) {
			r.taken[g.Format.Name] += g.Records
		}
	}
	byLine := linesOf(out.Events)
	for i := range recs {
		w.records++
		if errs[i] == nil {
			w.understood++
		}
		r.judge(f, w, &recs[i], byLine[int64(i+1)], errs[i])
	}
}

// judge holds one record's events against what is said of it. Of several events the one that keeps most of it is taken.
func (r *result) judge(f *suiteFile, w *row, s *said, events []*event.Event, err error) {
	var asked [columns]bool
	asked[colAccount] = s.named || s.account != ""
	asked[colAddress] = s.from != ""
	asked[colOutcome] = s.outcome != claimNothing
	asked[colTime] = !s.time.IsZero()
	asked[colOther] = s.also != nil
	var right [columns]bool
	var best *event.Event
	bestRight := -1
	for _, ev := range events {
		now := [columns]bool{
			colAccount: ev.Account == s.account || !s.named && (strings.EqualFold(ev.Account, s.account) || strings.HasSuffix(ev.Account, `\`+s.account)),
			colAddress: s.from == "" || cameFrom(ev, s.from),
			colOutcome: s.outcome.holds(ev),
			colTime:    int64(ev.Time)/1e6 == s.time.Unix(),
		}
		n := 0
		for c := range columns {
			if asked[c] && now[c] {
				n++
				if c == colOutcome {
					n++
				}
			}
		}
		if n > bestRight {
			best, bestRight, right = ev, n, now
		}
	}
	if s.outcome == claimNoFailedLogin {
		right[colOutcome] = true
		for _, ev := range events { // where an attempt is joined of several lines, one of them alone is none
			right[colOutcome] = right[colOutcome] && (claimNoFailedLogin.holds(ev) || len(ev.Ref.More) > 0)
		}
	}
	if s.outcome == claimNoEventNeeded {
		right[colOutcome] = err == nil
	}
	other := ""
	if s.also != nil {
		other = s.also(events)
		right[colOther] = other == ""
	}
	at := fmt.Sprintf("%s:%d", f.path, s.line)
	for c := range columns {
		if !asked[c] {
			continue
		}
		if why := cmp.Or(r.aside[at], r.aside[at+" "+columnNames[c]]); why != "" && !right[c] {
			w.aside = append(w.aside, fmt.Sprintf("%s %s: %s", at, columnNames[c], why))
			continue
		}
		w.asked[c]++
		if right[c] {
			w.right[c]++
			continue
		}
		want := [columns]string{s.account, s.from, s.outcome.String(), s.time.UTC().Format(time.RFC3339), other}[c]
		w.misses = append(w.misses, fmt.Sprintf("%s %s: %s, wanted %s", at, columnNames[c], seen(best, c, err), backticks(want)))
	}
}

func backticks(s string) string { return "`" + strings.ReplaceAll(s, "`", "'") + "`" }

// seen says what an event has in a column, or why there is none.
func seen(ev *event.Event, c int, err error) string {
	switch {
	case ev == nil && err != nil:
		return "not read (" + err.Error() + ")"
	case ev == nil:
		return "no event"
	case c == colAccount:
		return backticks(ev.Account)
	case c == colAddress && ev.SrcIP.IsValid():
		return backticks(ev.SrcIP.String())
	case c == colAddress:
		return backticks(ev.SrcHost)
	case c == colTime:
		return backticks(time.UnixMicro(int64(ev.Time)).UTC().Format(time.RFC3339))
	case c == colOther:
		return "otherwise"
	}
	return backticks(ev.Class.String() + " " + ev.Activity.String() + " " + ev.Outcome.String())
}

func cameFrom(ev *event.Event, host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return ev.SrcIP == a.Unmap().WithZone("")
	}
	return ev.SrcHost == host
}

// linesOf returns the events in which a line stands as a part.
func linesOf(events []event.Event) map[int64][]*event.Event {
	out := map[int64][]*event.Event{}
	for i := range events {
		for _, p := range events[i].Ref.Parts() {
			out[p.Line] = append(out[p.Line], &events[i])
		}
	}
	return out
}

// checkRecognition asks that of the files of all suites 99 percent be recognised as what they are.
func checkRecognition(t *testing.T, results []*result) {
	right, files := 0, 0
	for _, r := range results {
		for _, w := range r.rows {
			right, files = right+w.sniffed, files+w.files
		}
		for _, s := range r.sniffs {
			t.Log(s)
		}
	}
	t.Logf("%d of %d files recognised", right, files)
	if right*100 < files*99 {
		t.Errorf("%d of %d files recognised as what they are, the mark is 99 %%", right, files)
	}
}

// heldList returns the source file that says which formats took records of which suites.
func heldList(results []*result) []byte {
	var lines []string
	for _, r := range results {
		for format, n := range r.taken {
			lines = append(lines, fmt.Sprintf("\t{%q, %q, %d},\n", format, r.name, n))
		}
	}
	slices.Sort(lines)
	var b bytes.Buffer
	b.WriteString("// Copyright 2026 The Sekisho Authors\n// SPDX-License-Identifier: Apache-2.0\n\npackage formats\n\n" +
		"// Made by go test ./formats -run TestConformance -update: which formats took records of which suites. Pages follow with -run TestPages -update.\n\n" +
		"var heldSuites = [...]held{\n" + strings.Join(lines, "") + "}\n")
	return b.Bytes()
}

// TestHeldDaemons holds the list of daemons against the tests that ask them.
func TestHeldDaemons(t *testing.T) {
	known := map[string]bool{}
	for _, f := range All() {
		known[f.Name] = true
	}
	for _, h := range heldDaemons {
		if !known[h.format] {
			t.Errorf("%s was held against %s, which is no format", h.by, h.format)
		}
	}
}

// page returns the page of a suite.
func (r *result) page() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Conformance: %s\n\nMade by `go test ./formats -run TestConformance -update`. %s\n\n", r.name, r.about)
	fmt.Fprintf(&b, "The mark is %.0f %% in each column over the services that a format reads. n/m: right in n of the m records of which the suite says something.\n\n", 100*r.mark)
	fmt.Fprintf(&b, "| service | formats | files recognised | records | understood | account | address | outcome | time | other |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, w := range r.rows {
		of, rec := strings.Join(w.formats, ", "), fmt.Sprintf("%d/%d", w.sniffed, w.files)
		if of == "" {
			of, rec = "*none yet*", "–"
		} else if w.files == 0 {
			rec = "–"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d |", w.service, of, rec, w.records, w.understood)
		for c := range columns {
			b.WriteString(" " + share(w.right[c], w.asked[c]) + " |")
		}
		b.WriteByte('\n')
	}
	section := func(title string, of func(w *row) []string) {
		n := 0
		for _, w := range r.rows {
			for _, m := range of(w) {
				if n++; n == 1 {
					fmt.Fprintf(&b, "\n## %s\n\n", title)
				}
				fmt.Fprintf(&b, "- %s\n", m)
			}
		}
	}
	section("Misses", func(w *row) []string {
		if len(w.formats) == 0 {
			return nil
		}
		return w.misses
	})
	section("Not asked for", func(w *row) []string { return w.aside })
	if len(r.sniffs) > 0 {
		b.WriteString("\n## Not recognised\n\n")
		for _, s := range r.sniffs {
			fmt.Fprintf(&b, "- %s\n", s)
		}
	}
	return b.Bytes()
}

func share(right, asked int) string {
	if asked == 0 {
		return "–"
	}
	return fmt.Sprintf("%d/%d", right, asked)
}

// summaryPage returns the page that has one line for each suite.
func summaryPage(results []*result) []byte {
	var b bytes.Buffer
	b.WriteString("# Conformance\n\nMade by `go test ./formats -run TestConformance -update` over the test suites of other projects, which are not part of this repository. " +
		"Their truth is theirs; what is counted is whether the events say the same. A service that no format reads is counted as such and not in the columns behind it.\n\n")
	b.WriteString("| suite | services read | not read | files recognised | records | understood | account | address | outcome | time | other | mark |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		var t row
		read, unread := 0, 0
		for _, w := range r.rows {
			if len(w.formats) == 0 {
				unread++
				continue
			}
			read++
			t.records, t.understood, t.sniffed, t.files = t.records+w.records, t.understood+w.understood, t.sniffed+w.sniffed, t.files+w.files
			for c := range columns {
				t.right[c], t.asked[c] = t.right[c]+w.right[c], t.asked[c]+w.asked[c]
			}
		}
		fmt.Fprintf(&b, "| [%s](conformance/%s.md) | %d | %d | %s | %d | %d |", r.name, r.name, read, unread, share(t.sniffed, t.files), t.records, t.understood)
		for c := range columns {
			b.WriteString(" " + share(t.right[c], t.asked[c]) + " |")
		}
		fmt.Fprintf(&b, " %.0f %% |\n", 100*r.mark)
	}
	b.WriteString("\n## Real daemons\n\n[Which daemons](conformance/daemons.md) write logs in the tests while real clients succeed and fail, in which version, and which events were told of what the clients did.\n")
	return b.Bytes()
}
