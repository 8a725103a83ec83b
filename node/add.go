// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// givenName is the file of a case that keeps with what it was asked for, so that --add need not be told again.
const givenName = "given.json"

const maxGiven = 64 << 20

// given is what a run was asked for besides inputs and answers.
type given struct {
	Profile   string                   `json:"profile,omitempty"` // absolute path of the institute's profile
	Seeds     []givenSeed              `json:"seeds,omitempty"`
	Formats   []FormatRule             `json:"formats,omitempty"`
	FormatDir string                   `json:"format_dir,omitempty"` // absolute path of a folder of formats of one's own
	Intel     []IntelFile              `json:"intel,omitempty"`      // their paths absolute
	Claims    []Claim                  `json:"claims,omitempty"`
	Rules     []string                 `json:"rules,omitempty"` // absolute paths of Sigma rules
	Values    map[string][]string      `json:"placeholders,omitempty"`
	Timezone  string                   `json:"timezone,omitempty"`
	Year      int                      `json:"year,omitempty"`
	Asked     map[string]cases.Subject `json:"asked,omitempty"` // what questions were about that people answered
}

type givenSeed struct {
	Value  string    `json:"value"`
	Around time.Time `json:"around,omitzero"`
}

// earlier is the revision that is extended.
type earlier struct {
	c      *cases.Case
	inputs map[string]vault.Entry // by the path under which the input is read now
}

// extend takes what the case in Out rests on into the options: its inputs, answers, seeds and profile.
func (v *investigation) extend() error {
	o := v.o
	old := &earlier{inputs: map[string]vault.Entry{}}
	var err error
	if old.c, err = cases.Open(filepath.Join(o.Out, caseName)); err != nil {
		return event.Tell("事案に追加できません：%v", "add to the case: %v", err)
	}
	if err := old.readManifest(o.Out); err != nil {
		return err
	}
	for path, e := range old.inputs {
		o.Paths = append(o.Paths, path)
		if err := unchanged(path, e); err != nil {
			return err
		}
	}
	slices.Sort(o.Paths)
	o.Paths = slices.Compact(o.Paths)
	kept, err := keptAnswers(o.Out)
	if err != nil {
		return event.Tell("事案に追加できません：%v", "add to the case: %v", err)
	}
	o.Answers = gather(kept, o.Answers)
	if err := errors.Join(v.recall(), v.recallMarks(), v.recallReviews()); err != nil {
		return err
	}
	for i := range old.c.Questions {
		if q := &old.c.Questions[i]; v.asked[q.ID] == (cases.Subject{}) {
			v.asked[q.ID] = q.Subject
		}
	}
	was := old.c.Revision
	v.old, v.revision, v.supersedes = old, was+1, &was
	return nil
}

// readManifest notes the inputs of the earlier revision. Relative paths were relative to where it was made.
func (e *earlier) readManifest(dir string) error {
	name := filepath.Join(dir, manifestName)
	text, err := readBounded(name, 1<<30)
	if err != nil {
		return event.Tell("事案に追加できません。入力の目録：%v", "add to the case: its list of inputs: %v", err)
	}
	m, _, err := vault.Decode(text)
	if err != nil {
		return event.Tell("事案に追加できません。%s を読めません：%v", "add to the case: read %s: %v", name, err)
	}
	here, err := os.Getwd()
	if err != nil {
		return event.Tell("事案に追加できません：%v", "add to the case: %v", err)
	}
	for _, f := range m.Files {
		if f.Kind != vault.KindInput {
			continue
		}
		path := f.Path
		if path != "-" && !filepath.IsAbs(path) && m.Directory != here {
			path = filepath.Join(m.Directory, path)
		}
		e.inputs[path] = f
	}
	return nil
}

// unchanged looks, before anything is read, whether an input of the earlier revision is still what it was, as far as its size
// says. Its content is compared once it has been read.
func unchanged(path string, e vault.Entry) error {
	if e.Unread != "" {
		return nil
	}
	if path == "-" {
		return event.Tell("事案に追加できません：標準入力から作られており、読み直せません。内容をファイルに保存し、新しい事案として始めてください", "add to the case: it was made of standard input, which cannot be read again: save that to a file and begin a new case with it")
	}
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return event.Tell("事案に追加できません：元となる %s がありません。元の場所に戻す（SHA-256 が %s の写しでよい）か、新しい事案を始めてください", "add to the case: %s, which it rests on, is gone: put it back where it was (a copy with SHA-256 %s will do), or begin a new case", path, e.SHA256)
	case err != nil:
		return event.Tell("事案に追加できません。元となる %s：%v", "add to the case: %s, which it rests on: %v", path, err)
	case fi.Size() != e.Size:
		return changed(path, e, fmt.Sprintf("it has %d bytes and had %d", fi.Size(), e.Size))
	}
	return nil
}

func changed(path string, e vault.Entry, how string) error {
	return fmt.Errorf("node: add to the case: %s, which it rests on, has changed (%s): put back the one with SHA-256 %s and give what is new as a file of its own, or begin a new case", path, how, e.SHA256)
}

// compareInputs holds what was read against what the earlier revision read.
func (v *investigation) compareInputs() error {
	if v.old == nil {
		return nil
	}
	for _, in := range v.plan.inputs {
		e, ok := v.old.inputs[in.file.Path]
		if !ok || e.Unread != "" || !in.tally.stats.Whole {
			continue
		}
		if sum := hex.EncodeToString(in.tally.sum.SHA256[:]); sum != e.SHA256 {
			return changed(in.file.Path, e, "its SHA-256 is "+sum)
		}
	}
	return nil
}

// recall takes from the earlier revision what was not said anew: profile, zone and year; seeds and formats add up.
func (v *investigation) recall() error {
	text, err := readBounded(filepath.Join(v.o.Out, givenName), maxGiven)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var g given
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	if err != nil {
		return event.Tell("事案に追加できません。%s を読めません：%v", "add to the case: read %s: %v", givenName, err)
	}
	o := v.o
	if o.Profile.Path == "" && g.Profile != "" {
		if o.Profile, err = config.ReadProfile(g.Profile); err != nil {
			return event.Tell("事案に追加できません。作成時の設定：%v", "add to the case: the profile that it was made with: %v", err)
		}
	}
	for _, s := range g.Seeds {
		if !slices.ContainsFunc(o.Seeds, func(have Seed) bool { return have.Value == s.Value && have.Around.Equal(s.Around) }) {
			o.Seeds = append(o.Seeds, Seed(s))
		}
	}
	o.Formats = append(o.Formats, g.Formats...)
	if o.FormatDir == "" {
		o.FormatDir = g.FormatDir
	}
	for _, f := range g.Intel {
		if !slices.ContainsFunc(o.Intel, func(have IntelFile) bool { abs, _ := filepath.Abs(have.Path); return abs == f.Path }) {
			o.Intel = append(o.Intel, f)
		}
	}
	if err := checkIntel(o.Intel); err != nil {
		return err
	}
	for _, path := range g.Rules {
		if !slices.ContainsFunc(o.Rules, func(have string) bool { abs, _ := absRules(have); return abs == path }) {
			o.Rules = append(o.Rules, path)
		}
	}
	if o.Values == nil {
		o.Values = g.Values
	}
	for _, c := range o.Claims {
		if !slices.ContainsFunc(g.Claims, func(have Claim) bool { return have.id() == c.id() }) {
			g.Claims = append(g.Claims, c)
		}
	}
	o.Claims = g.Claims
	if o.Zone == nil && g.Timezone != "" {
		if o.Zone, err = config.Zone(g.Timezone); err != nil {
			return event.Tell("事案に追加できません：%v", "add to the case: %v", err)
		}
	}
	if o.Year == 0 {
		o.Year = g.Year
	}
	for id, s := range g.Asked {
		v.asked[id] = s
	}
	return nil
}

// writeGiven keeps with what the case was asked for.
func (v *investigation) writeGiven() error {
	o := v.o
	g := given{Year: o.Year, Formats: o.Formats, Asked: map[string]cases.Subject{}}
	if o.Profile.Path != "" {
		abs, err := filepath.Abs(o.Profile.Path)
		if err != nil {
			return event.Tell("%s を書けません：%v", "write %s: %v", givenName, err)
		}
		g.Profile = abs
	}
	if o.FormatDir != "" {
		abs, err := filepath.Abs(o.FormatDir)
		if err != nil {
			return event.Tell("%s を書けません：%v", "write %s: %v", givenName, err)
		}
		g.FormatDir = abs
	}
	for _, s := range o.Seeds {
		g.Seeds = append(g.Seeds, givenSeed(s))
	}
	g.Claims, g.Values = o.Claims, o.Values
	for _, path := range o.Rules {
		abs, err := absRules(path)
		if err != nil {
			return fmt.Errorf("node: write %s: %w", givenName, err)
		}
		g.Rules = append(g.Rules, abs)
	}
	for _, f := range o.Intel {
		abs, err := filepath.Abs(f.Path)
		if err != nil {
			return event.Tell("%s を書けません：%v", "write %s: %v", givenName, err)
		}
		f.Path = abs
		g.Intel = append(g.Intel, f)
	}
	if o.Zone != nil {
		g.Timezone = o.Zone.String()
	}
	for i := range o.Answers {
		if s, ok := v.asked[o.Answers[i].Question]; ok {
			g.Asked[o.Answers[i].Question] = s
		}
	}
	b, err := json.MarshalIndent(&g, "", "  ")
	if err != nil {
		return event.Tell("%s を書けません：%v", "write %s: %v", givenName, err)
	}
	return putFile(filepath.Join(v.work, givenName), append(b, '\n'))
}

func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s is larger than any that Sekisho writes", path)
	}
	return b, err
}

// hashShaped says whether a seed looks like the hash of a file: MD5, SHA-1, SHA-256 or SHA-512 in hex.
func hashShaped(s string) bool {
	switch len(s) {
	case 32, 40, 64, 128:
		return strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
	}
	return false
}

// absRules returns the absolute path of rules; the name of the built-in ones stays what it is.
func absRules(path string) (string, error) {
	if path == BuiltinRules {
		return path, nil
	}
	return filepath.Abs(path)
}
