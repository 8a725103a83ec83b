// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/intel"
)

// intelligence is what was brought of what others know to be bad. Nil: nothing was.
type intelligence struct {
	set    *intel.Set
	looker *intel.Looker
	lists  []cases.IntelList
	places []int // of the set's lists, their places in lists
}

// look returns what lists say of what an event names.
func (in *intelligence) look(e *event.Event) []event.Listed {
	if in == nil {
		return nil
	}
	return slices.Clone(in.looker.Look(e)) // hardly ever anything
}

// told returns what the case says of the lists.
func (in *intelligence) told() []cases.IntelList {
	if in == nil {
		return nil
	}
	return in.lists
}

// release notes how often something was listed for another time, and gives the memory back.
func (in *intelligence) release() {
	if in == nil {
		return
	}
	for i, n := range in.looker.Outside {
		in.lists[in.places[i]].Outside = n
	}
	in.set, in.looker = nil, nil
}

// intelFiles returns the files that were given and those that the profile names.
func (v *investigation) intelFiles() []IntelFile {
	return append(slices.Clone(v.o.Intel), profileIntel(v.o)...)
}

func profileIntel(o *Options) []IntelFile {
	var out []IntelFile
	for _, in := range o.Profile.Intel {
		if in.Kind != "bad" && in.Kind != "indicators" {
			continue
		}
		f := IntelFile{Path: in.File, Name: in.Name, From: in.From, To: in.To}
		if sev, ok := event.ParseSeverity(in.Confidence); ok {
			f.Severity = &sev
		}
		out = append(out, f)
	}
	return out
}

// checkIntel says early which files are not there.
func checkIntel(files []IntelFile) error {
	for _, f := range files {
		if _, err := os.Stat(f.Path); err != nil {
			return event.Tell("リスト %s を探せません：%v", "look for the list %s: %v", f.Path, err)
		}
	}
	return nil
}

// readIntel reads all files, folders in order of their paths. A file that is no list is an error where it was named, and told
// where it merely lay in a folder.
func readIntel(ctx context.Context, files []IntelFile, zone *time.Location) (*intelligence, error) {
	if len(files) == 0 {
		return nil, nil
	}
	in := &intelligence{set: intel.New()}
	names := map[string]bool{}
	for _, f := range files {
		paths, folder, err := listFiles(f.Path)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			name := cmp.Or(f.Name, filepath.Base(path))
			if folder && f.Name != "" {
				name = f.Name + "/" + filepath.Base(path)
			}
			if names[name] {
				name = path
			}
			names[name] = true
			src := intel.Source{Path: path, Name: visible([]byte(name)), From: f.From, To: f.To, Severity: f.Severity, Zone: zone}
			if err := in.read(src); err != nil && !folder {
				return nil, fmt.Errorf("node: %w", err)
			}
		}
	}
	in.set.Finish()
	in.looker = in.set.NewLooker()
	for i, l := range in.set.Lists() {
		tellList(&in.lists[in.places[i]], l)
	}
	return in, nil
}

// listFiles returns the files of a path: itself, or what lies in the folder, but for hidden files and a MISP feed's own lists.
func listFiles(path string) (files []string, folder bool, err error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, false, event.Tell("リスト %s を探せません：%v", "look for the list %s: %v", path, err)
	}
	if !st.IsDir() {
		return []string{path}, false, nil
	}
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(d.Name(), ".") && p != path:
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.Type().IsRegular() && d.Name() != "manifest.json" && d.Name() != "hashes.csv":
			files = append(files, p)
		}
		return nil
	})
	if err != nil {
		return nil, true, event.Tell("%s のリストを探せません：%v", "look for lists in %s: %v", path, err)
	}
	return files, true, nil
}

func (in *intelligence) read(src intel.Source) error {
	told := cases.IntelList{Name: src.Name, Path: src.Path}
	h := sha256.New()
	f, err := os.Open(src.Path)
	if err == nil {
		_, err = io.Copy(h, f)
		f.Close()
	}
	if err == nil {
		told.SHA256 = hex.EncodeToString(h.Sum(nil))
		_, err = in.set.Read(src, func() (io.ReadCloser, error) { return os.Open(src.Path) })
		in.places = append(in.places, len(in.lists))
	}
	if err != nil {
		told.Error = visible([]byte(err.Error()))
	}
	in.lists = append(in.lists, told)
	return err
}

// tellList takes into the case what came of a list.
func tellList(to *cases.IntelList, l *intel.List) {
	to.Format, to.Indicators, to.Repeated, to.Notes = l.Format, l.Indicators, l.Repeated, l.Notes
	for _, r := range l.LeftOut {
		to.LeftOut = append(to.LeftOut, cases.IntelReason{Why: visible([]byte(r.Why)), N: r.N})
	}
	if l.Beyond > 0 {
		to.LeftOut = append(to.LeftOut, cases.IntelReason{Why: "beyond the bound of 16,777,216 indicators", N: l.Beyond})
	}
	for _, p := range l.Samples {
		to.Samples = append(to.Samples, visible([]byte(fmt.Sprintf("line %d: %s: %s", p.Line, p.Why, p.Text))))
	}
}

// limits say what lists could not say.
func (in *intelligence) limits() []event.Words {
	if in == nil {
		return nil
	}
	var out []event.Words
	for i := range in.lists {
		l := &in.lists[i]
		if l.Error != "" {
			out = append(out, event.Words{Ja: fmt.Sprintf("一覧 %s は読めなかった: %s", l.Path, l.Error), En: fmt.Sprintf("The list %s was not read: %s", l.Path, l.Error)})
			continue
		}
		var n int64
		for _, r := range l.LeftOut {
			n += r.N
		}
		if n > 0 {
			out = append(out, event.Words{
				Ja: fmt.Sprintf("一覧 %s の %d 件は照合できない（最も多い理由: %s）。照合したのは %d 件。", l.Name, n, l.LeftOut[0].Why, l.Indicators),
				En: fmt.Sprintf("%d entries of the list %s could not be compared (most often: %s); %d were.", n, l.Name, l.LeftOut[0].Why, l.Indicators)})
		}
		if l.Outside > 0 {
			out = append(out, event.Words{
				Ja: fmt.Sprintf("一覧 %s にあるものが、その有効期間の外の記録に %d 回現れた。検知には数えていない。", l.Name, l.Outside),
				En: fmt.Sprintf("What the list %s names stands %d times in records of another time than the list speaks of: these do not count.", l.Name, l.Outside)})
		}
	}
	return out
}
