// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/intake"
	"github.com/sekisho/sekisho/rules"
	"github.com/sekisho/sekisho/sigma"
)

// RulesOptions say how records are read for rules. The zero value works.
type RulesOptions struct {
	Profile   *config.Profile
	Zone      *time.Location
	Year      int
	Formats   []FormatRule
	FormatDir string
	Source    *sigma.Source // which log all files are of, where a person says so
	Stdin     io.Reader
}

// RulesRead is what came of reading files for rules.
type RulesRead struct {
	Files, Records int64
	Problems       []string // files that could not be read, or not to their end
}

// viewAll shows the records of all files, one file after another by path, to take.
func viewAll(ctx context.Context, paths []string, o RulesOptions, take func(path string, v *viewed) error) (*RulesRead, error) {
	if o.Profile == nil {
		o.Profile = &config.Profile{}
	}
	all, err := knownFormats(o.Profile, o.FormatDir)
	if err != nil {
		return nil, err
	}
	found, err := intake.Discover(paths, intake.Search{Stdin: o.Stdin})
	if err != nil {
		return nil, event.Tell("ファイルを探せません：%v", "find the files: %v", err)
	}
	defer found.Close()
	if err := found.Unpack(ctx, intake.Search{Tables: tables("", 0)}); err != nil {
		return nil, event.Tell("書庫を展開できません：%v", "unpack the archives: %v", err)
	}
	p, err := newPlan(ctx, found, &Options{Profile: o.Profile, Zone: o.Zone, Year: o.Year, Formats: o.Formats, Now: time.Now}, all)
	if err != nil {
		return nil, err
	}
	read := &RulesRead{}
	for _, pr := range found.Problems {
		if !pr.Notice() {
			read.Problems = append(read.Problems, pr.String())
		}
	}
	sources := map[string]*sigma.Source{}
	var buffers intake.Buffers
	for _, in := range p.inputs {
		if in.file.Archive != intake.NoArchive {
			continue
		}
		w := newViewer(in, sources)
		w.forced = o.Source
		w.take = func(v *viewed) error { return take(in.file.Path, v) }
		err := w.run(ctx, &buffers)
		read.Files++
		read.Records += w.number
		switch {
		case ctx.Err() != nil:
			return read, ctx.Err()
		case err == nil:
		default:
			pr := intake.ProblemOf(in.file.Path, err)
			read.Problems = append(read.Problems, pr.String())
		}
	}
	return read, nil
}

// BuiltinRules is the name under which the built-in rules are asked for. A folder of that name is ./builtin.
const BuiltinRules = config.BuiltinRules

// LoadRules reads the rules of files and folders, or the built-in ones where none are named, with values of placeholders, by name. Of a path that does not exist it returns
// an error; what is wrong with single rules stands in the set.
func LoadRules(paths []string, placeholders map[string][]string) (*sigma.Set, error) {
	var roots []sigma.Root
	if len(paths) == 0 {
		roots = []sigma.Root{{Name: BuiltinRules, FS: rules.Files}}
	}
	for _, p := range paths {
		if p == BuiltinRules {
			roots = append(roots, sigma.Root{Name: p, FS: rules.Files})
			continue
		}
		st, err := os.Stat(p)
		switch {
		case err != nil:
			return nil, event.Tell("規則を読めません：%v", "read the rules: %v", err)
		case st.IsDir():
			roots = append(roots, sigma.Root{Name: p, FS: os.DirFS(p)})
		default:
			dir, name := filepath.Split(p)
			roots = append(roots, sigma.Root{Name: dir, FS: oneFile{os.DirFS(cmp.Or(dir, ".")), name}})
		}
	}
	// Reading makes many small objects in a second, nearly all of which stay: the collector would look through them again and again.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	return sigma.Load(sigma.ReadOptions{Placeholders: placeholders}, roots...), nil
}

// oneFile is a file system of which only one file is seen.
type oneFile struct {
	fs.FS
	name string
}

// ReadDir shows the file alone.
func (o oneFile) ReadDir(string) ([]fs.DirEntry, error) {
	st, err := fs.Stat(o.FS, o.name)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(st)}, nil
}

// RuleMatch is one match of a rule.
type RuleMatch struct {
	Rule   *sigma.Rule
	Input  string
	Record int64 // from 1; of a correlation the one that completed it
	Time   event.Micros
	Group  []sigma.Field // of a correlation: what was grouped by
	Value  float64       // of a correlation: what was counted or computed
	Coarse bool          // of a correlation: several groups may have been counted together
}

// EvalRules shows the records of files to rules and hands on every match, in the order of the records; those of correlations
// come at the end, in order of time.
func EvalRules(ctx context.Context, set *sigma.Set, paths []string, o RulesOptions, match func(RuleMatch) error) (*RulesRead, error) {
	m, c := sigma.Compile(set).NewMatcher(), sigma.NewCorrelator(set, 0)
	w := &hitList{wants: map[*sigma.Rule][]string{}}
	read, err := viewAll(ctx, paths, o, func(path string, v *viewed) error {
		for _, r := range m.Match(&v.Record) {
			if c.Feeds(r) && v.Time != 0 {
				w.keep(c, r, path, v)
			}
			if r.Quiet {
				continue
			}
			if err := match(RuleMatch{Rule: r, Input: path, Record: v.number, Time: v.Time}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return read, err
	}
	return read, w.join(c, match)
}

// hitList keeps the matches that correlations ask for, until they can be brought into order.
type hitList struct {
	wants map[*sigma.Rule][]string
	hits  []sigma.Hit
}

func (w *hitList) keep(c *sigma.Correlator, r *sigma.Rule, path string, v *viewed) {
	names, ok := w.wants[r]
	if !ok {
		names = c.Wants(r)
		w.wants[r] = names
	}
	rec := &sigma.Record{Time: v.Time, Source: v.Source}
	for _, f := range v.Fields {
		if slices.Contains(names, f.Name) {
			rec.Fields = append(rec.Fields, f)
		}
	}
	w.hits = append(w.hits, sigma.Hit{Rule: r, Record: rec, Input: path, Number: v.number})
}

// join gives the matches to the correlations, in order of time, and hands on what they tell.
func (w *hitList) join(c *sigma.Correlator, match func(RuleMatch) error) error {
	var failed error
	w.joinAll(c, func(t *sigma.Told) {
		if !t.Rule.Quiet && failed == nil {
			failed = match(RuleMatch{t.Rule, t.Input, t.Number, t.Record.Time, t.Group, t.Value, t.Coarse})
		}
	})
	return failed
}

func (w *hitList) joinAll(c *sigma.Correlator, told func(*sigma.Told)) {
	slices.SortStableFunc(w.hits, func(a, b sigma.Hit) int { return cmp.Compare(a.Record.Time, b.Record.Time) })
	for i := range w.hits {
		c.Observe(&w.hits[i], told)
		w.hits[i].Record = nil
	}
	c.Finish(told)
}
