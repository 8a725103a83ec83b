// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/intake"
	"github.com/sekisho/sekisho/vault"
)

// The states of evidence that is read back.
const (
	EvidenceSame      = "same"      // read back, and its digest is the one in the case
	EvidencePreserved = "preserved" // read back from the copy in the case folder, digest as in the case
	EvidenceChanged   = "changed"   // the input is there, and says something else at that place
	EvidenceGone      = "gone"      // the input is no longer there
	EvidenceUnread    = "unread"    // the input is there and could not be read
)

// EvidenceView is one record that a finding rests on, read back from its input.
type EvidenceView struct {
	Input  string       `json:"input"`
	Parts  []cases.Part `json:"parts"`
	SHA256 string       `json:"sha256"`
	State  string       `json:"state"`
	Why    string       `json:"why,omitempty"`  // it is not as it was
	Texts  []string     `json:"texts"`          // of the parts, with what could act on a terminal written out
	Cut    bool         `json:"cut,omitempty"`  // longer than is shown
	Kept   string       `json:"kept,omitempty"` // what the case itself keeps of it, where it could not be read back
}

// evidenceShown is how much of one part is shown.
const evidenceShown = 2000

// reader of evidence knows where the inputs of a case lie.
type evidenceReader struct {
	dir, base, temp string
	inputs          map[string]*cases.Input
	copies          map[string]string // of preserved originals, by path as given
}

// readEvidence reads records of a case back, each from the input that the case names, and compares their digests.
func readEvidence(ctx context.Context, dir, base string, c *cases.Case, list []cases.Evidence) ([]EvidenceView, error) {
	out := make([]EvidenceView, len(list))
	if len(list) == 0 {
		return out, nil
	}
	r := &evidenceReader{dir: dir, base: base, inputs: map[string]*cases.Input{}, copies: preservedCopies(dir)}
	if r.base == "" {
		r.base = madeIn(dir)
	}
	for i := range c.Inputs {
		r.inputs[c.Inputs[i].Path] = &c.Inputs[i]
	}
	var err error
	if r.temp, err = os.MkdirTemp("", "sekisho-explain-"); err != nil {
		return nil, fmt.Errorf("node: read evidence: %w", err)
	}
	defer os.RemoveAll(r.temp)
	by := map[string][]int{}
	var order []string
	for i := range list {
		e := &list[i]
		out[i] = EvidenceView{Input: e.Input, Parts: e.Parts, SHA256: e.SHA256, Kept: e.Text}
		if by[e.Input] == nil {
			order = append(order, e.Input)
		}
		by[e.Input] = append(by[e.Input], i)
	}
	for _, path := range order {
		var of []*EvidenceView
		for _, i := range by[path] {
			of = append(of, &out[i])
		}
		r.read(ctx, path, of)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// madeIn returns the folder that a case's relative paths are relative to; empty where its manifest does not say.
func madeIn(dir string) string {
	text, err := readBounded(filepath.Join(dir, manifestName), 1<<30)
	if err != nil {
		return ""
	}
	m, _, err := vault.Decode(text)
	if err != nil {
		return ""
	}
	return m.Directory
}

// preservedCopies returns the copies of inputs that lie in the case folder, by the path under which they were read.
func preservedCopies(dir string) map[string]string {
	out := map[string]string{}
	text, err := readBounded(filepath.Join(dir, preservedDir, vault.CustodyName), 1<<28)
	if err != nil {
		return out
	}
	var c vault.Custody
	if json.Unmarshal(text, &c) != nil {
		return out
	}
	for i := range c.Items {
		it := &c.Items[i]
		if local := filepath.FromSlash(it.Copy); it.Copy != "" && filepath.IsLocal(local) {
			out[it.Source] = filepath.Join(dir, preservedDir, local)
		}
	}
	return out
}

// read fills in the evidence of one input: from where it lay, or from the copy in the case.
func (r *evidenceReader) read(ctx context.Context, path string, of []*EvidenceView) {
	root, in := path, r.inputs[path]
	for n := 0; n < 64 && in != nil && in.Archive != ""; n++ {
		root = in.Archive
		in = r.inputs[root]
	}
	if root == "-" {
		for _, e := range of {
			e.State, e.Why = EvidenceGone, "it was standard input, which cannot be read again"
		}
		return
	}
	place := root
	if !filepath.IsAbs(place) && r.base != "" {
		place = filepath.Join(r.base, place)
	}
	rest := strings.TrimPrefix(path, root)
	var size int64
	if in := r.inputs[path]; in != nil {
		size = in.Bytes
	}
	r.from(ctx, place, rest, size, of, EvidenceSame)
	for source, copied := range r.copies {
		if source != root && source != place {
			continue
		}
		if again := slices.DeleteFunc(slices.Clone(of), func(e *EvidenceView) bool { return e.State == EvidenceSame }); len(again) > 0 {
			r.from(ctx, copied, rest, size, again, EvidencePreserved)
		}
	}
}

// from reads the evidence from one place. What is found there as it was gets the state good; the rest keeps what was said of it before.
func (r *evidenceReader) from(ctx context.Context, place, rest string, size int64, of []*EvidenceView, good string) {
	fail := func(state, why string) {
		for _, e := range of {
			if e.State == "" {
				e.State, e.Why = state, why
			}
		}
	}
	if _, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) {
		fail(EvidenceGone, "the input is no longer there")
		return
	}
	found, err := intake.Discover([]string{place}, intake.Search{TempDir: r.temp})
	if err != nil {
		fail(EvidenceUnread, err.Error())
		return
	}
	defer found.Close()
	if rest != "" {
		if err := found.Unpack(ctx, intake.Search{TempDir: r.temp, Tables: tables(r.temp, 256<<20)}); err != nil {
			fail(EvidenceUnread, err.Error())
			return
		}
	}
	i := slices.IndexFunc(found.Files, func(f intake.File) bool { return f.Path == place+rest })
	if i < 0 {
		why := "the input is no longer there"
		for k := range found.Problems {
			why = found.Problems[k].String()
		}
		fail(EvidenceGone, why)
		return
	}
	if size == 0 {
		size = found.Files[i].Size
	}
	for _, e := range of {
		e.readFrom(ctx, &input{file: found.Files[i], tally: tally{stats: intake.Stats{Bytes: size}}}, good)
	}
}

// readFrom reads the parts and compares their digest. Each record is read by itself, so that one that is gone spoils no other.
func (e *EvidenceView) readFrom(ctx context.Context, in *input, good string) {
	var parts []event.Part
	for _, p := range e.Parts {
		parts = append(parts, event.Part{Line: p.Line, Offset: p.Offset, Length: min(p.Length, maxEvidence)})
	}
	data, err := intake.Extract(ctx, in.file, parts)
	if err != nil {
		if e.State == "" || e.State == EvidenceGone {
			e.State, e.Why = EvidenceChanged, "nothing can be read there any more: "+err.Error()
		}
		return
	}
	h := sha256.New()
	for _, d := range data {
		h.Write(d)
	}
	same := hex.EncodeToString(h.Sum(nil)) == e.SHA256
	if !same && e.State != "" {
		return
	}
	e.State, e.Why = good, ""
	if !same {
		e.State, e.Why = EvidenceChanged, "what stands there now has another digest"
		if e.SHA256 == "" {
			e.Why = "the case has no digest of it: the input changed while it was investigated"
		}
	} else {
		e.Kept = ""
	}
	e.show(ctx, in, parts, data)
}

// show makes text of the parts, of an event log's records as XML.
func (e *EvidenceView) show(ctx context.Context, in *input, parts []event.Part, data [][]byte) {
	e.Texts, e.Cut = nil, false
	var xml map[int64]string
	if len(data) > 0 && len(data[0]) >= 4 && string(data[0][:4]) == "**\x00\x00" {
		xml = asXML(ctx, in, parts)
	}
	for i, d := range data {
		if text, ok := xml[parts[i].Offset]; ok {
			d = []byte(text)
		}
		d = []byte(strings.TrimRight(string(d), "\r\n"))
		text := visible(d[:min(len(d), 4*evidenceShown)])
		e.Cut = e.Cut || len(text) > evidenceShown || len(d) > 4*evidenceShown
		e.Texts = append(e.Texts, cutText(text, evidenceShown))
	}
}
