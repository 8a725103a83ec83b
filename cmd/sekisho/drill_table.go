// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

// tableSize is how large the drills of the table are: small, so that all of them take less than an hour on two cores. A cast
// that needs more accounts gets the least of casts that holds it.
type tableSize struct{ accounts, days, peak int }

func defaultTableSize() tableSize { return tableSize{accounts: 100, days: 90, peak: 15} }

// tableRun is one row of the table.
type tableRun struct {
	Drill   string `json:"drill"`
	Variant string `json:"variant,omitempty"`
	o       drill.Options
}

func (r *tableRun) name() string {
	if r.Variant == "" {
		return r.Drill
	}
	return r.Drill + "/" + r.Variant
}

// tableRow is what came of it.
type tableRow struct {
	tableRun
	Seed     uint64        `json:"seed"`
	Accounts int           `json:"accounts"`
	Days     float64       `json:"days"`
	Lines    int64         `json:"lines"`
	Seconds  float64       `json:"seconds"`
	Error    string        `json:"error,omitempty"`
	Result   *drill.Result `json:"result,omitempty"`
}

// tableRuns lists every drill, and every variant that changes something in it.
func tableRuns(names []string, all []variant, size tableSize, seed uint64) []tableRun {
	var out []tableRun
	for _, n := range names {
		o := drill.Options{Name: n, Seed: seed, Days: size.days, PeakPerAccount: size.peak}
		for _, accounts := range []int{size.accounts, 200, 300, 400, 600, 0} { // 0: the drill's own
			if o.Accounts = accounts; accounts == 0 || accounts >= size.accounts && o.Check() == nil {
				break
			}
		}
		out = append(out, tableRun{Drill: n, o: o})
		has := drill.VariantsOf(n)
		for _, v := range all {
			if !slices.Contains(has, v.name) {
				continue
			}
			r := tableRun{Drill: n, Variant: v.name, o: o}
			if v.set(&r.o); r.o.Pace != "" {
				r.o.Days = 0 // the pace's own
			}
			out = append(out, r)
		}
	}
	return out
}

// pickRuns returns the runs that --only names: a drill with all its variants, or DRILL/VARIANT.
func pickRuns(all []tableRun, only []string) ([]tableRun, error) {
	if len(only) == 0 {
		return all, nil
	}
	var out []tableRun
	for _, name := range only {
		if !slices.ContainsFunc(all, func(r tableRun) bool { return r.Drill == name || r.name() == name }) {
			return nil, noRow(all, name)
		}
	}
	for i := range all {
		if slices.Contains(only, all[i].Drill) || slices.Contains(only, all[i].name()) {
			out = append(out, all[i])
		}
	}
	return out, nil
}

// noRow says why no row of the table is called so, and which one may be meant.
func noRow(all []tableRun, name string) error {
	story, variant, varied := strings.Cut(name, "/")
	if known := slices.Contains(drill.Names(), story); known && varied {
		has := drill.VariantsOf(story)
		switch near := drill.Nearest(variant, has); {
		case !drill.HasAttack(story):
			return fmt.Errorf("--only %q: %s has no attack: its only variant is %s", name, story, strings.Join(has, ", "))
		case slices.Contains(drill.Variants(), variant):
			return fmt.Errorf("--only %q: the variant %s changes nothing in %s, whose variants are: %s", name, variant, story, strings.Join(has, ", "))
		case near != "":
			return fmt.Errorf("--only %q: there is no variant %q; did you mean %s/%s? %s has: %s", name, variant, story, near, story, strings.Join(has, ", "))
		default:
			return fmt.Errorf("--only %q: there is no variant %q; %s has: %s", name, variant, story, strings.Join(has, ", "))
		}
	}
	var names []string
	for i := range all {
		names = append(names, all[i].name())
	}
	meant := drill.Nearest(name, names)
	if varied && !slices.Contains(drill.Names(), story) { // the drill is wrong; the variant may be right
		meant = drill.Nearest(story, drill.Names())
		if whole := meant + "/" + variant; slices.Contains(names, whole) {
			meant = whole
		}
	}
	if meant != "" {
		meant = fmt.Sprintf("; did you mean %s?", meant)
	}
	return fmt.Errorf("--only %q: no row is called so%s Rows are DRILL or DRILL/VARIANT: sekisho drill list names both", name, cmp.Or(meant, "."))
}

type tableFlags struct {
	out, acts string
	dir       string
	only      []string
	seed      uint64
	size      tableSize
	jobs      int
	questions int
	json      bool
}

func drillTableCommand() *cobra.Command {
	f := tableFlags{size: defaultTableSize()}
	cmd := &cobra.Command{
		Use:   "table",
		Short: "Make, investigate and score every drill and variant, and write a table",
		Long: `Table makes each drill, and each variant of those with an attack, at a small size, investigates it without its truth, scores the case,
asks simulated people, and writes one row for each in Markdown; with --acts also what became of every act. docs/reference/drills.md explains
the numbers. Interrupted, it writes the rows that it has and says so; interrupted before the first row, it writes nothing.

Exit status: 0 all were scored; 1 some were not; 2 wrong usage.`,
		Example: `  sekisho drill table --out docs/reference/drill-scores.md --acts docs/reference/drill-acts.md
  sekisho drill table --only aist,spam-2023/residential`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return inWords(f.run(cmd), report.En) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "the `file` to write (default: standard output)")
	fl.StringVar(&f.acts, "acts", "", "a second `file` to write: what became of every act, over a drill's variants")
	fl.StringSliceVar(&f.only, "only", nil, "only these: `NAME` of a drill, with all its variants, or DRILL/VARIANT; comma-separated")
	fl.Uint64Var(&f.seed, "seed", 1, "which of all institutes")
	fl.IntVar(&f.size.accounts, "accounts", f.size.accounts, "how many people each institute has, if the cast allows it")
	fl.IntVar(&f.size.days, "days", f.size.days, "how many days each drill spans; 0: its own length")
	fl.IntVar(&f.size.peak, "peak", f.size.peak, "guesses at each account on the worst day")
	fl.IntVar(&f.questions, "questions", 100, "how many questions each simulated person is asked at most")
	fl.IntVar(&f.jobs, "jobs", 0, "how many drills to work on at once (default: as many as there are cores)")
	fl.StringVar(&f.dir, "dir", "", "the `folder` to work in, some hundred MiB for each job (default: that for temporary files)")
	fl.BoolVar(&f.json, "json", false, "print all results as JSON on standard output")
	return cmd
}

func (f *tableFlags) run(cmd *cobra.Command) error {
	if f.jobs < 0 || f.questions < 1 {
		return usageError("--jobs %d、--questions %d：どちらも 1 以上です", "--jobs %d, --questions %d: both count from one", f.jobs, f.questions)
	}
	if err := cmp.Or(given(cmd.Flags(), "seed", "seeds count from 1"), given(cmd.Flags(), "accounts", "an institute has 100 at least"), given(cmd.Flags(), "peak", "1 at least can be made")); err != nil {
		return err
	}
	all := tableRuns(drill.Names(), variants(), f.size, f.seed)
	runs, err := pickRuns(all, trimmed(f.only))
	if err != nil {
		return &exitError{exitUsage, err}
	}
	for i := range runs {
		if err := runs[i].o.Check(); err != nil && f.size != defaultTableSize() {
			return &exitError{exitUsage, fmt.Errorf("%s: %w", runs[i].name(), err)}
		}
	}
	if err := f.try(); err != nil {
		return err
	}
	begun := time.Now()
	rows := f.work(cmd.Context(), runs, cmd.ErrOrStderr())
	rows = slices.DeleteFunc(rows, func(r tableRow) bool { return r.Error == interruptedRow })
	if cmd.Context().Err() != nil && len(rows) == 0 {
		if f.out != "" {
			return fmt.Errorf("interrupted before the first row: %s is as it was", f.out)
		}
		return errors.New("interrupted before the first row")
	}
	t := &scoreTable{rows: rows, all: len(all), begun: begun, took: time.Since(begun), command: "sekisho " + strings.Join(withoutPlace(os.Args[1:]), " "), cores: runtime.NumCPU(), build: buildText(), size: f.size}
	switch {
	case f.json:
		err = printJSON(cmd.OutOrStdout(), rows)
	case f.out == "":
		_, err = io.WriteString(cmd.OutOrStdout(), t.markdown())
	}
	if f.out != "" {
		err = errors.Join(err, replaceFile(f.out, t.markdown()))
	}
	if f.acts != "" {
		err = errors.Join(err, replaceFile(f.acts, t.actsMarkdown()))
	}
	if err != nil {
		return err
	}
	if len(rows) < len(runs) {
		return &exitError{exitFailed, fmt.Errorf("interrupted: %d of %d rows were made, and the table says so", len(rows), len(runs))}
	}
	if n := t.failed(); n > 0 {
		return &exitError{exitFailed, fmt.Errorf("%d of %d were not scored", n, len(rows))}
	}
	return nil
}

// try looks before the work, not after an hour of it, whether its result can be written, and whether there is room to work in.
func (f *tableFlags) try() error {
	if err := errors.Join(writable("--out", f.out), writable("--acts", f.acts)); err != nil {
		return err
	}
	if f.dir != "" {
		if fi, err := os.Stat(f.dir); err != nil || !fi.IsDir() {
			return fmt.Errorf("--dir %s: there is no such folder; make it first", f.dir)
		}
	}
	dir, err := os.MkdirTemp(f.dir, "sekisho-table-")
	if err != nil {
		return fmt.Errorf("--dir %s cannot be worked in: %w", cmp.Or(f.dir, os.TempDir()), bottom(err))
	}
	return os.Remove(dir)
}

// writable says why a file that a flag names cannot be written; an empty path is no file.
func writable(flag, path string) error {
	if path == "" {
		return nil
	}
	if fi, err := os.Stat(filepath.Dir(path)); err != nil || !fi.IsDir() {
		return fmt.Errorf("%s %s: there is no folder %s", flag, path, filepath.Dir(path))
	}
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return fmt.Errorf("%s %s is a folder: name a file", flag, path)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".sekisho-table-")
	if err != nil {
		return fmt.Errorf("%s %s cannot be written: %w", flag, path, bottom(err))
	}
	if err := errors.Join(tmp.Close(), os.Remove(tmp.Name())); err != nil {
		return fmt.Errorf("%s %s cannot be written: %w", flag, path, err)
	}
	return nil
}

// bottom returns an error of the file system without the path that it speaks of.
func bottom(err error) error {
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// work makes the rows, several at a time, and tells of each when it is there.
func (f *tableFlags) work(ctx context.Context, runs []tableRun, w io.Writer) []tableRow {
	jobs := min(cmp.Or(f.jobs, runtime.GOMAXPROCS(0)), len(runs))
	rows := make([]tableRow, len(runs))
	next := make(chan int)
	var done int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(func() {
			for i := range next {
				begun := time.Now()
				rows[i] = f.row(ctx, runs[i], jobs)
				rows[i].Seconds = float64(int(time.Since(begun).Seconds()*10)) / 10
				mu.Lock()
				done++
				if rows[i].Error != interruptedRow {
					fmt.Fprintf(w, "%d/%d %s: %s, %.0f s\n", done, len(runs), runs[i].name(), rows[i].short(), rows[i].Seconds)
				}
				mu.Unlock()
			}
		})
	}
	for i := range runs {
		next <- i
	}
	close(next)
	wg.Wait()
	return rows
}

// interruptedRow is why a row is missing that was not made, or not to its end.
const interruptedRow = "interrupted"

// row makes one drill in a folder of its own, which it leaves no trace of.
func (f *tableFlags) row(ctx context.Context, r tableRun, jobs int) tableRow {
	row := tableRow{tableRun: r, Seed: r.o.Seed, Accounts: r.o.Accounts}
	result, truth, err := f.rehearse(ctx, r, jobs)
	if err != nil {
		row.Error = err.Error()
		if ctx.Err() != nil {
			row.Error = interruptedRow
		}
		return row
	}
	row.Result, row.Accounts, row.Lines, row.Days = result, truth.Total, truth.Lines, result.Noise.Days
	return row
}

func (f *tableFlags) rehearse(ctx context.Context, r tableRun, jobs int) (_ *drill.Result, _ *drill.Truth, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp(f.dir, "sekisho-table-")
	if err != nil {
		return nil, nil, fmt.Errorf("make a folder to work in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o := node.Options{Version: version, Home: filepath.Join(dir, "key"), Jobs: 1, Memory: int64(jobs) * 512 << 20} // the bound is the process's
	made, err := node.Rehearse(ctx, dir, r.o, o)
	if err != nil {
		return nil, nil, err
	}
	made.Result.Asking, err = askAll(ctx, made.Outcome.Consult(), made.Truth, f.questions)
	return made.Result, made.Truth, err
}

// replaceFile writes a file whole or not at all.
func replaceFile(path, text string) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// withoutPlace returns the arguments without the folder that was worked in: it says nothing of the table, and something of the machine.
func withoutPlace(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--dir":
			i++
		case !strings.HasPrefix(args[i], "--dir="):
			out = append(out, args[i])
		}
	}
	return out
}
