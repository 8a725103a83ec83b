// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/contain"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
	"github.com/sekisho/sekisho/exposure"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/intake"
	"github.com/sekisho/sekisho/report"
	"github.com/sekisho/sekisho/store"
	"github.com/sekisho/sekisho/store/duckdb"
)

// investigation is one run on its way.
type investigation struct {
	o        *Options
	formats  []formats.Format
	found    *intake.Inputs
	plan     *plan
	sorter   *sorted.Sorter
	know     *knower
	watched  *watched
	joinable bool    // there are relayed logins and forms sent to web servers
	leased   bool    // there are records that say who had an address
	crossed  bool    // there are translated connections, or requests through a proxy
	ported   bool    // there are logins with the port that they came from
	relays   *relays // nil: no front end's log stands beside the directory's
	intel    *intelligence
	rules    *ruling     // nil: none were given
	recalled *inputFacts // nil: the inputs were read
	partial  bool
	covered  bool
	short    bool // logins are recorded, of less than a day
	stats    Stats

	work       string // where the case is made
	made       bool   // the case folder was made by this run
	own        int    // files that lie in the case folder itself and were left out
	revision   int
	supersedes *int
	old        *earlier                 // the revision that is extended; nil if there is none
	asked      map[string]cases.Subject // what questions are about
	notes      []event.Words            // of answers and seeds that had no effect
	hidden     map[string]cases.Hidden  // findings, by identity, that exceptions hide
	idle       []event.Words            // of exceptions that are about nobody
	marks      []contain.Mark           // what people recorded of the containment
	reviews    []exposure.Entry         // what people found on reviewing what was exposed
}

// Investigate reads what it is given and writes a case folder. A cancelled context ends the reading early: what was read by
// then becomes a case that says it is partial. An error leaves no new case: what was there before stays as it was.
func Investigate(ctx context.Context, o Options) (*Outcome, error) {
	v := &investigation{o: &o, revision: 1, asked: map[string]cases.Subject{}}
	if err := v.prepare(); err != nil {
		return nil, err
	}
	if err := v.folder(); err != nil {
		return nil, err
	}
	defer v.clear()
	whole := context.WithoutCancel(ctx) // once the reading has ended, the case is finished
	if err := v.discover(ctx); err != nil {
		return nil, err
	}
	defer v.found.Close()
	var err error
	if v.rules, err = newRuling(v.o, v.work); err != nil {
		return nil, err
	}
	defer v.rules.close()
	if err := v.readAll(ctx); err != nil {
		return nil, err
	}
	defer v.sorter.Close()
	v.partial = ctx.Err() != nil
	if err := v.compareInputs(); err != nil {
		return nil, err
	}
	db, err := v.watchAll(whole)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if !v.partial {
		if err := v.keepRollUp(); err != nil {
			return nil, err
		}
	}
	return v.conclude(whole, db)
}

// prepare sets what was left open.
func (v *investigation) prepare() error {
	o := v.o
	if len(o.Paths) == 0 && !o.Add {
		return event.Tell("調べる対象がありません：ファイルかフォルダ、標準入力なら - を指定してください", "nothing to investigate: give files or folders, or - for standard input")
	}
	if o.Profile == nil {
		o.Profile = &config.Profile{}
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Memory <= 0 {
		o.Memory = min(768<<20, machineMemory()/4)
	}
	o.Memory = max(o.Memory, 128<<20)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Version == "" {
		o.Version = "unreleased"
	}
	o.Paths, o.Answers, o.Seeds, o.Formats = slices.Clone(o.Paths), gather(nil, o.Answers), slices.Clone(o.Seeds), slices.Clone(o.Formats)
	debug.SetMemoryLimit(heapShare(o.Memory))
	return checkIntel(o.Intel)
}

// heapShare returns how much of the bound on the process Go's heap may have. Three sixteenths are DuckDB's buffers; what it takes
// beside them, the program itself and what it is linked with are some 100 MiB that do not depend on the bound.
func heapShare(memory int64) int64 { return max(memory*6/10-56<<20, memory/3) }

// unpacking tells how far an archive is unpacked; nil where nobody listens.
func (v *investigation) unpacking() func(path string, read, of int64) {
	if v.o.Progress == nil {
		return nil
	}
	return func(path string, read, of int64) {
		v.o.Progress(Progress{Phase: "unpack", Done: read, Total: of, Path: path, At: v.o.Now()})
	}
}

// discover finds the files and plans how to read each.
func (v *investigation) discover(ctx context.Context) error {
	if v.o.Add {
		if err := v.extend(); err != nil {
			return err
		}
	}
	err := CheckExceptions(v.o.Profile)
	if err != nil {
		return err
	}
	if v.formats, err = knownFormats(v.o.Profile, v.o.FormatDir); err != nil {
		return err
	}
	v.found, err = intake.Discover(v.o.Paths, intake.Search{Stdin: v.o.Stdin, TempDir: v.work})
	if err != nil {
		return event.Tell("入力を探せません：%v", "find the inputs: %v", explain(err, v.o.Out))
	}
	v.outside()
	if err := v.found.Unpack(ctx, intake.Search{TempDir: v.work, Tables: tables(v.work, v.o.Memory), Progress: v.unpacking()}); err != nil {
		v.found.Close()
		return event.Tell("書庫を展開できません：%v", "unpack the archives: %v", explain(err, v.o.Out))
	}
	if len(v.found.Files) == 0 {
		v.found.Close()
		for _, p := range v.found.Problems {
			w := p.Words()
			err = errors.Join(err, event.Tell(w.Ja, w.En))
		}
		return errors.Join(event.Tell("指定されたものの中に、読めるファイルがありません", "no file to read in what was given"), err)
	}
	if v.plan, err = newPlan(ctx, v.found, v.o, v.formats); err == nil {
		v.know, err = newKnower(v.o, v.plan.inputs)
	}
	if err != nil {
		v.found.Close()
		return err
	}
	if v.o.Progress != nil {
		counts := map[string]int{}
		for _, in := range v.plan.inputs {
			if in.primary != nil {
				counts[in.primary.Name]++
			} else {
				counts[""]++
			}
		}
		v.o.Progress(Progress{Phase: "plan", Total: v.found.Bytes(), Formats: counts, At: v.o.Now()})
	}
	return nil
}

// readAll makes events of all records.
func (v *investigation) readAll(ctx context.Context) error {
	start := time.Now()
	v.sorter = sorted.New(sorted.Options{Dir: v.work, Memory: cmp.Or(v.o.sorting, v.o.Memory/6), Adders: v.o.Jobs, Batch: v.o.Batch})
	r := &reading{plan: v.plan, o: v.o, sorter: v.sorter, dir: v.work, total: v.found.Bytes(), latest: latestDay(v.o.Now()), progress: v.o.Progress, rules: v.rules}
	if v.o.Early && v.o.Progress != nil {
		r.early = newEarly(v.know.know)
	}
	err := r.run(ctx)
	jerr := joinLost(v.work, v.plan.inputs)
	if jerr == nil { // what was not understood is as private as what was, also where the folder is copied elsewhere
		jerr = os.Chmod(filepath.Join(v.work, "unparsed.log"), 0o600)
	}
	if err == nil {
		err = jerr
	}
	if err != nil {
		v.sorter.Close()
		return event.Tell("入力を読めません：%v", "read the inputs: %v", explain(err, v.o.Out))
	}
	v.plan.settle()
	v.joinable = r.posts.Load() > 0 && r.relayed.Load() > 0
	v.leased, v.crossed, v.ported = r.leases.Load() > 0, r.crossed.Load() > 0, r.ported.Load() > 0
	v.stats.Read = time.Since(start)
	return nil
}

// What must be covered before anything is called clear: logins with addresses on most of the days, and a whole day at least. An
// intruder who is silent for an hour is not absent.
const (
	leastCovered = 0.8
	leastWindow  = event.Micros(86400 * 1e6)
)

// guess finds what the profile leaves open: own networks, and the domains that account names are spoken with.
func (v *investigation) guess(ctx context.Context) error {
	p := v.o.Profile
	nameless := len(p.Domains) == 0 && len(p.Directory) == 0
	if len(p.Networks) > 0 && !nameless {
		return nil
	}
	networks, domains, err := guess(ctx, v.sorter, v.know, v.plan.bounds, p.Zone != nil || v.o.Zone != nil)
	if err != nil {
		return err
	}
	if nameless && len(domains) > 0 {
		if err := v.know.speak(p, v.plan.inputs, domains); err != nil {
			return err
		}
	}
	if len(p.Networks) > 0 {
		return nil
	}
	return v.know.readNetworks(p, networks)
}

// watchAll hands the events, in order, to store, detectors and ledger.
func (v *investigation) watchAll(ctx context.Context) (*duckdb.Writer, error) {
	start := time.Now()
	if err := v.guess(ctx); err != nil {
		return nil, err
	}
	var inputs []store.Input
	for _, in := range v.plan.inputs {
		inputs = append(inputs, store.Input{Path: in.file.Path, Realm: in.settings.Realm, Host: in.settings.Host})
	}
	db, err := duckdb.Create(filepath.Join(v.work, storeName), duckdb.Options{Inputs: inputs, Memory: v.o.Memory * 3 / 16, Threads: 1})
	if err != nil {
		return nil, explain(err, v.o.Out)
	}
	if err := v.watchInto(ctx, db); err != nil {
		db.Close()
		return nil, err
	}
	v.stats.Detect = time.Since(start)
	return db, nil
}

// watchInto hands the events, in order, to a store, the detectors and the ledger.
func (v *investigation) watchInto(ctx context.Context, db store.Writer) error {
	kinds := map[string]string{}
	for i := range v.formats {
		kinds[v.formats[i].Name] = v.formats[i].Source
	}
	var err error
	if v.joinable {
		if v.relays, err = learnRelays(ctx, v.sorter, v.plan); err != nil {
			return err
		}
	}
	if err = v.learnShared(ctx); err != nil {
		return err
	}
	if v.intel, err = readIntel(ctx, v.intelFiles(), v.o.zone()); err != nil {
		return err
	}
	if v.watched, err = watch(ctx, v.sorter, v.know, v.plan.bounds, db, v.o, kinds, v.relays, v.intel, v.rules, contain.NewWatch(contain.Closed(v.marks))); err != nil {
		return explain(err, v.o.Out)
	}
	v.except()
	v.intel.release()
	st := v.sorter.Stats()
	v.stats.Events, v.stats.Duplicates, v.stats.Spilled = st.Events, st.Duplicates, st.Spilled
	v.stats.Repeats = st.Repeats
	v.short = v.watched.last-v.watched.first < leastWindow && v.watched.loginDays() >= leastCovered
	v.covered = v.watched.loginDays() >= leastCovered && !v.short
	return nil
}

// conclude scopes and writes the case.
func (v *investigation) conclude(ctx context.Context, db *duckdb.Writer) (*Outcome, error) {
	start := time.Now()
	finished := make(chan error, 1)
	go func() { finished <- db.Finish(ctx, v.resolve()) }() // the store has nothing to do with scoping: one core each
	defer func() {
		if finished != nil {
			<-finished
		}
	}()
	r := v.scope(v.scopeInputs())
	figures, err := drawFigures(ctx, v.sorter, v.know, v.plan.bounds, v.zone(), r)
	if err != nil {
		return nil, err
	}
	held, err := v.identify(ctx, r)
	if err != nil {
		return nil, err
	}
	c, err := v.document(ctx, r, held)
	if err != nil {
		return nil, err
	}
	v.stats.Scope = time.Since(start)
	start = time.Now()
	err = <-finished
	finished = nil
	if err != nil {
		return nil, explain(err, v.o.Out)
	}
	if err := v.claims(ctx, c); err != nil {
		return nil, err
	}
	c.Generated = cases.At(v.o.Now())
	data := &report.Data{Case: c, Zone: v.zone()}
	figures.fill(data, v.watched.sources)
	if err := v.write(ctx, c, data); err != nil {
		return nil, explain(err, v.o.Out)
	}
	v.stats.Write = time.Since(start)
	out := &Outcome{Case: c, Dir: v.o.Out, Stats: v.stats, made: v, Refused: v.rules.refused()}
	for _, i := range v.plan.inputs {
		out.Understood = out.Understood || i.tally.parsed > 0
		out.Stats.Records += i.tally.stats.Records
		out.Stats.Bytes += i.tally.stats.Bytes
	}
	return out, nil
}

// resolve answers the store's questions about recorded spellings.
func (v *investigation) resolve() store.Resolve {
	return func(realm, account string) []store.Period {
		var out []store.Period
		for _, a := range v.know.accounts.Aliases(realm, account) {
			who := v.know.accounts.Account(a.Account)
			out = append(out, store.Period{From: a.From, To: a.To, ID: who.ID, Name: who.Name})
		}
		return out
	}
}

// zone is the one in which all times of the case are told: the institute's; where nobody says which that is, the one that the logs
// themselves write, if they agree; else UTC. Hours of work are judged in the institute's, or in UTC: what a log writes is not yet where
// people live.
func (v *investigation) zone() *time.Location {
	if east, agreed := v.writtenZone(); agreed && v.o.Profile.Zone == nil && v.o.Zone == nil {
		return time.FixedZone(zoneText(east), east)
	}
	return v.o.zone()
}
