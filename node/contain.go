// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/contain"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// ContainmentMarks returns what people recorded of the containment of the case in dir.
func ContainmentMarks(dir string) ([]contain.Mark, error) {
	text, err := readBounded(filepath.Join(dir, contain.FileName), contain.MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, event.Tell("%s を読めません：%v", "read %s: %v", contain.FileName, err)
	}
	return contain.Decode(text)
}

// MarkContainment adds marks to the containment of the case in dir and seals the folder anew. A folder that is not as it was sealed is left
// alone: sealing it would cover up what was changed. Home is the folder of the signing key; empty: the default.
func MarkContainment(ctx context.Context, dir, home, tool string, now time.Time, add []contain.Mark) ([]contain.Mark, error) {
	c, err := cases.Open(filepath.Join(dir, caseName))
	if err != nil {
		return nil, event.Tell("封じ込めの状態を記録できません：%w", "record what was done: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, workName)); err == nil { // it would put its own copy in the place of what is written now
		return nil, event.Tell("%s では調査が実行中か、途中で終わっています：終わってから、もう一度記録してください", "an investigation of %s is running, or was broken off: record it again when one has ended", dir)
	}
	marks, err := ContainmentMarks(dir)
	if err != nil {
		return nil, err
	}
	for _, m := range add {
		m.Recorded = cases.At(now)
		if marks, err = contain.Add(marks, c, m); err != nil {
			return nil, err
		}
	}
	text, err := contain.Encode(marks)
	if err != nil {
		return nil, event.Tell("%s を書けません：%v", "write %s: %v", contain.FileName, err)
	}
	return marks, resealWith(ctx, dir, home, tool, now, contain.FileName, text)
}

// resealWith writes one file into a case folder and seals the folder with it. Everything else must be as the manifest says.
func resealWith(ctx context.Context, dir, home, tool string, now time.Time, name string, text []byte) error {
	was, err := readBounded(filepath.Join(dir, manifestName), 1<<30)
	if err != nil {
		return event.Tell("事案の目録を読めません：%v", "read the case's manifest: %v", err)
	}
	old, signed, err := vault.Decode(was)
	if err != nil {
		return event.Tell("事案の目録を読めません：%v", "read the case's manifest: %v", err)
	}
	m := vault.NewManifest(tool, now)
	m.Directory = old.Directory
	if err := m.AddFolder(ctx, dir); err != nil {
		return event.Tell("事案の目録を作り直せません：%v", "make the case's manifest anew: %v", err)
	}
	if !signed || !sameFiles(old, m) {
		return event.Tell("事案のフォルダが封印した時のままではないため、何も書いていません：sekisho vault verify --case で違いを確かめてください", "the case folder is not as it was sealed, so nothing was written: sekisho vault verify --case says what differs")
	}
	if home == "" {
		if home, err = vault.Home(); err != nil {
			return event.Tell("署名鍵の場所が分かりません：%v", "find the signing key: %v", err)
		}
	}
	key, _, err := vault.OpenKey(home)
	if err != nil {
		return event.Tell("署名鍵を開けません：%v", "open the signing key: %v", err)
	}
	ours := old.Fingerprint == key.Fingerprint()
	m.Files = slices.DeleteFunc(m.Files, func(e vault.Entry) bool { return e.Path == name || e.Path == rollUpName && !ours })
	for _, e := range old.Files {
		if e.Kind == vault.KindInput {
			m.Add(e)
		}
	}
	if err := addText(ctx, m, name, text); err != nil {
		return err
	}
	sealed, err := m.Encode(key)
	if err != nil {
		return event.Tell("事案の目録を作り直せません：%v", "make the case's manifest anew: %v", err)
	}
	if err := putFile(filepath.Join(dir, name), text); err != nil {
		return err
	}
	if !ours { // what another machine rolled up must not become our own memory by our seal; the inputs say the same
		if err := os.Remove(filepath.Join(dir, rollUpName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return event.Tell("事案の目録を作り直せません：%v", "make the case's manifest anew: %v", err)
		}
	}
	return putFile(filepath.Join(dir, manifestName), sealed)
}

// sameFiles says whether the case's files in two manifests are the same.
func sameFiles(a, b *vault.Manifest) bool {
	sums, n := map[string]string{}, 0
	for _, e := range a.Files {
		if e.Kind == vault.KindCase {
			sums[e.Path] = e.SHA256
		}
	}
	for _, e := range b.Files {
		if n++; sums[e.Path] == "" || sums[e.Path] != e.SHA256 {
			return false
		}
	}
	return n == len(sums)
}

// addText adds an entry for a file of that text.
func addText(ctx context.Context, m *vault.Manifest, name string, text []byte) (err error) {
	temp, err := os.MkdirTemp("", "sekisho-seal-")
	if err == nil {
		defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
		err = putFile(filepath.Join(temp, name), text)
	}
	if err == nil {
		err = m.AddFolder(ctx, temp)
	}
	if err != nil {
		return event.Tell("事案の目録を作り直せません：%v", "make the case's manifest anew: %v", err)
	}
	return nil
}

// recallMarks takes what people recorded as done from the case that is extended.
func (v *investigation) recallMarks() (err error) {
	v.marks, err = ContainmentMarks(v.o.Out)
	return err
}

// lastMark returns when the latest of them was recorded.
func (v *investigation) lastMark() event.Micros {
	var last event.Micros
	for i := range v.marks {
		last = max(last, event.Micros(v.marks[i].Recorded))
	}
	return last
}

// keepMarks writes what people recorded into the new revision, with what was recorded while it was made.
func (v *investigation) keepMarks() error {
	if v.old == nil {
		return nil
	}
	text, err := readBounded(filepath.Join(v.o.Out, contain.FileName), contain.MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return event.Tell("%s を読めません：%v", "read %s: %v", contain.FileName, err)
	}
	return putFile(filepath.Join(v.work, contain.FileName), text)
}

// shut returns when people closed accounts, for scoping.
func (v *investigation) shut() map[string][]breach.Shut {
	out := map[string][]breach.Shut{}
	for id, list := range contain.AccountSpans(contain.Closed(v.marks)) {
		for _, s := range contain.Spans(list) {
			out[id] = append(out[id], breach.Shut{From: s[0], To: s[1]})
		}
	}
	return out
}

// usedAgain returns findings of what people closed and was used since.
func (v *investigation) usedAgain(r *breach.Result) []event.Finding {
	if len(v.marks) == 0 {
		return nil
	}
	accounts, addresses, hosts := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range r.Accounts {
		accounts[r.Accounts[i].ID] = r.Accounts[i].Verdict == cases.AccountCompromised
	}
	for i := range r.Addresses {
		addresses[r.Addresses[i].IP.String()] = r.Addresses[i].Verdict == cases.AddressAttacker
	}
	for i := range r.Hosts {
		hosts[contain.HostName(&r.Hosts[i])] = r.Hosts[i].Verdict == cases.HostCompromised
	}
	out := v.watched.closed.Findings(func(c *contain.Closing) bool {
		switch c.Kind {
		case cases.BlockAddress:
			return addresses[c.Address.String()]
		case cases.IsolateHost:
			return hosts[c.Host]
		}
		return accounts[c.Account]
	})
	closed := contain.AccountSpans(contain.Closed(v.marks))
	for i := range r.Again {
		a := &r.Again[i]
		out = append(out, contain.UsedAgain(a.Account, a.Name, closed[a.Account], a.Times, a.First, a.Last, a.Addresses, a.Evidence))
	}
	return out
}

// proposeContainment fills the list of what to do, with what people recorded of it.
func (v *investigation) proposeContainment(c *cases.Case) {
	c.Containment = contain.Plan(c)
	contain.Apply(c.Containment, v.marks, c.Findings)
	c.Decisions = append(c.Decisions, contain.Decisions(v.marks)...)
}
