// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Set is rules that were read together and joined: names are known, filters are applied, correlations know their rules.
type Set struct {
	Rules  []*Rule  // detections and correlations that can be used, by file and line
	Errors []*Error // documents that were refused, by file and line
	Files  int      // that were read
	Sum    [32]byte // SHA-256 over the contents of all files that were read, by name

	filters []*Rule
}

// maxChain is how deep correlations may stand on one another.
const maxChain = 10

// Root is a place that rule files are read from.
type Root struct {
	Name string // stands before the names of files, with a slash between; may be empty
	FS   fs.FS
}

// Load reads all rule files (.yml, .yaml) of some file systems, folders recursively, and joins them. A file that cannot be read
// and a document that is wrong are refused in Set.Errors, and the rest load.
func Load(o ReadOptions, roots ...Root) *Set {
	s := &Set{}
	type file struct {
		fsys       fs.FS
		name, path string
	}
	var names []file
	for _, root := range roots {
		_ = fs.WalkDir(root.FS, ".", func(name string, d fs.DirEntry, err error) error {
			ext := path.Ext(name)
			full := path.Join(root.Name, name)
			switch {
			case err != nil:
				s.Errors = append(s.Errors, &Error{File: full, Line: 1, Text: err.Error()})
			case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != ".":
				return fs.SkipDir
			case d.Type().IsRegular() && (ext == ".yml" || ext == ".yaml"):
				names = append(names, file{root.FS, name, full})
			}
			return nil
		})
	}
	type result struct {
		rules []*Rule
		errs  []*Error
		sum   [32]byte
	}
	results := make([]result, len(names))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), 8) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(names); i = int(next.Add(1)) - 1 {
				data, err := readFile(names[i].fsys, names[i].name)
				if err != nil {
					results[i].errs = []*Error{{File: names[i].path, Line: 1, Text: err.Error()}}
					continue
				}
				results[i].rules, results[i].errs = Read(names[i].path, data, o)
				results[i].sum = sha256.Sum256(data)
			}
		})
	}
	wg.Wait()
	var rules []*Rule
	sum := sha256.New()
	for _, r := range results {
		rules = append(rules, r.rules...)
		s.Errors = append(s.Errors, r.errs...)
		sum.Write(r.sum[:])
	}
	s.Sum = [32]byte(sum.Sum(nil))
	s.Files = len(names)
	s.join(rules)
	return s
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	b.Grow(8 << 10) // most have less: one read
	if _, err := b.ReadFrom(io.LimitReader(f, maxFile+1)); err != nil {
		return nil, err
	}
	if b.Len() > maxFile {
		return nil, fmt.Errorf("a rule file of more than %d bytes", maxFile)
	}
	return b.Bytes(), nil
}

// Join joins rules that were read.
func Join(rules []*Rule) *Set {
	s := &Set{}
	s.join(rules)
	return s
}

func (s *Set) refuse(r *Rule, format string, args ...any) {
	s.Errors = append(s.Errors, &Error{r.File, r.Line, r.ID, fmt.Sprintf(format, args...)})
}

// join gives names their rules.
func (s *Set) join(rules []*Rule) {
	known := map[string]*Rule{}
	var kept []*Rule
	for _, r := range rules {
		if other := known[strings.ToLower(r.ID)]; r.ID != "" && other != nil {
			s.refuse(r, "the id %s is that of %s:%d too", r.ID, other.File, other.Line)
			continue
		}
		if other := known["name "+r.Name]; r.Name != "" && other != nil && other.File == r.File {
			s.refuse(r, "the name %s is that of line %d too", r.Name, other.Line)
			continue
		}
		if r.ID != "" {
			known[strings.ToLower(r.ID)] = r
		}
		if r.Name != "" {
			known["name "+r.File+" "+r.Name] = r // its own file's goes first
			if known["name "+r.Name] == nil {
				known["name "+r.Name] = r
			}
		}
		if r.Filter != nil {
			s.filters = append(s.filters, r)
		} else {
			kept = append(kept, r)
		}
	}
	find := func(from *Rule, name string) *Rule {
		for _, key := range []string{strings.ToLower(name), "name " + from.File + " " + name, "name " + name} {
			if r := known[key]; r != nil {
				return r
			}
		}
		return nil
	}
	kept = s.correlations(kept, find)
	s.filter(kept)
	s.Rules = kept
	slices.SortStableFunc(s.Errors, func(a, b *Error) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
}

// correlations gives correlations their rules, and refuses those that stand on nothing, on themselves, or too deep.
func (s *Set) correlations(rules []*Rule, find func(*Rule, string) *Rule) []*Rule {
	for _, r := range rules {
		if r.Correlation == nil {
			continue
		}
		for _, name := range r.Correlation.Rules {
			r.Correlation.related = append(r.Correlation.related, find(r, name))
		}
	}
	// Whoever is refused is gone for those that stand on him: go on until nothing changes.
	bad := map[*Rule]bool{}
	heights := heights{}
	for again := true; again; {
		again = false
		for _, r := range rules {
			if r.Correlation == nil || bad[r] {
				continue
			}
			for i, to := range r.Correlation.related {
				switch {
				case to == nil || to.Filter != nil:
					s.refuse(r, "the correlation names the rule %q, which there is not", r.Correlation.Rules[i])
				case bad[to]:
					s.refuse(r, "the correlation names the rule %q, which was refused", r.Correlation.Rules[i])
				case heights.of(r) > maxChain:
					s.refuse(r, "the correlation stands on itself, or on a chain of more than %d", maxChain)
				default:
					continue
				}
				bad[r], again = true, true
				break
			}
		}
	}
	out := rules[:0]
	told := map[*Rule]bool{}
	for _, r := range rules {
		if bad[r] {
			continue
		}
		out = append(out, r)
		if c := r.Correlation; c != nil {
			for _, to := range c.related {
				to.Quiet = true
				told[to] = told[to] || c.Generate
			}
		}
	}
	for r := range told {
		r.Quiet = !told[r]
	}
	return out
}

// heights are how many correlations stand on one another from a rule down; more than maxChain for a circle.
type heights map[*Rule]int

func (h heights) of(r *Rule) int {
	if r == nil || r.Correlation == nil {
		return 0
	}
	n, known := h[r]
	if known {
		return n
	}
	h[r] = maxChain + 1 // who comes back to it while it is looked at goes in a circle
	for _, to := range r.Correlation.related {
		n = max(n, h.of(to))
	}
	h[r] = min(n, maxChain) + 1
	return h[r]
}

// filter applies the filters.
func (s *Set) filter(rules []*Rule) {
	for _, f := range s.filters {
		hit := 0
		for _, r := range rules {
			if r.Match == nil || !f.Filter.names(r) || !f.Source.fits(r.Source) {
				continue
			}
			r.Match = and(r.Match, not(f.Filter.Match))
			r.Needs = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(r.Needs), f.Needs...))))
			hit++
		}
		if hit == 0 && len(f.Filter.Rules) > 0 {
			s.refuse(f, "the filter names no rule that there is")
		}
	}
}

func (f *Filter) names(r *Rule) bool {
	return len(f.Rules) == 0 || r.ID != "" && slices.ContainsFunc(f.Rules, func(n string) bool { return strings.EqualFold(n, r.ID) }) ||
		r.Name != "" && slices.Contains(f.Rules, r.Name) || slices.Contains(f.Rules, r.Title)
}

// fits says whether two log sources may mean one log: no part of one says other than that of the other.
func (l LogSource) fits(o LogSource) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	return same(l.Category, o.Category) && same(l.Product, o.Product) && same(l.Service, o.Service)
}

// Own returns the detections that are for our own events, and the others, those for records under the names of their product. Both
// are of the same rules; correlations are in neither.
func (s *Set) Own() (own, native *Set) {
	own, native = &Set{}, &Set{}
	for _, r := range s.Rules {
		switch {
		case r.Match == nil:
		case r.Source.Product == OwnProduct:
			own.Rules = append(own.Rules, r)
		default:
			native.Rules = append(native.Rules, r)
		}
	}
	return own, native
}

// Everything returns the rules that can be used and the filters, by file and line.
func (s *Set) Everything() []*Rule {
	out := slices.Concat(s.Rules, s.filters)
	slices.SortStableFunc(out, func(a, b *Rule) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return out
}
