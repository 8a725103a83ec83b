// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/intake"
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
		return nil, fmt.Errorf("node: find the files: %w", err)
	}
	defer found.Close()
	if err := found.Unpack(ctx, intake.Search{Tables: tables("", 0)}); err != nil {
		return nil, fmt.Errorf("node: unpack the archives: %w", err)
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

// LoadRules reads the rules of files and folders, with values of placeholders, by name. Of a path that does not exist it returns
// an error; what is wrong with single rules stands in the set.
func LoadRules(paths []string, placeholders map[string][]string) (*sigma.Set, error) {
	var roots []sigma.Root
	for _, p := range paths {
		st, err := os.Stat(p)
		switch {
		case err != nil:
			return nil, fmt.Errorf("node: read the rules: %w", err)
		case st.IsDir():
			roots = append(roots, sigma.Root{Name: p, FS: os.DirFS(p)})
		default:
			dir, name := filepath.Split(p)
			roots = append(roots, sigma.Root{Name: dir, FS: oneFile{os.DirFS(cmp.Or(dir, ".")), name}})
		}
	}
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
	Record int64 // from 1
	Time   event.Micros
}

// EvalRules shows the records of files to rules and hands on every match, in the order of the records; those of correlations
// come at the end, in order of time.
func EvalRules(ctx context.Context, set *sigma.Set, paths []string, o RulesOptions, match func(RuleMatch) error) (*RulesRead, error) {
	m := sigma.Compile(set).NewMatcher()
	return viewAll(ctx, paths, o, func(path string, v *viewed) error {
		for _, r := range m.Match(&v.Record) {
			if r.Quiet {
				continue
			}
			if err := match(RuleMatch{r, path, v.number, v.Time}); err != nil {
				return err
			}
		}
		return nil
	})
}
