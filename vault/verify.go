// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// State says what became of a file since it was sealed.
type State string

// The states.
const (
	StateSame       State = "same"
	StateChanged    State = "changed"   // same size or larger, but blocks differ
	StateGrown      State = "grown"     // what was sealed is unchanged, more follows
	StateTruncated  State = "truncated" // shorter
	StateMissing    State = "missing"
	StateUnreadable State = "unreadable"
	StateStream     State = "stream" // standard input: there is nothing left to compare with
	StateUnread     State = "unread" // was not read to its end when the case was made
)

// Signature says what a manifest's signature is worth.
type Signature string

// The worths.
const (
	SignatureTrusted Signature = "trusted"   // right, by the key that is trusted: given, or this machine's own
	SignatureUnknown Signature = "unknown"   // right, but nothing says whose key it is: compare the fingerprint
	SignatureOther   Signature = "other-key" // right, but by another key than the trusted one: signed anew
	SignatureBad     Signature = "bad"       // wrong or absent: the manifest itself was changed
)

// Range is a run of blocks that differ.
type Range struct {
	First int64 `json:"first"` // block number, from 0
	Last  int64 `json:"last"`
	From  int64 `json:"from"` // byte range, To exclusive
	To    int64 `json:"to"`
}

// maxRanges bounds how many runs are named of one file.
const maxRanges = 32

// FileReport is the verdict on one file.
type FileReport struct {
	Kind    Kind    `json:"kind"`
	Path    string  `json:"path"`
	State   State   `json:"state"`
	Was     int64   `json:"was"` // bytes
	Is      int64   `json:"is"`
	Blocks  int64   `json:"blocks,omitempty"`  // how many differ
	Changed []Range `json:"changed,omitempty"` // the first of them, in order
	Error   string  `json:"error,omitempty"`
}

// Report is the verdict on a folder.
type Report struct {
	OK          bool         `json:"ok"`
	Folder      string       `json:"folder"`
	Signature   Signature    `json:"signature"`
	Fingerprint string       `json:"fingerprint"`       // of the key that the manifest names
	Trusted     string       `json:"trusted,omitempty"` // of the key that it was compared with
	Made        Moment       `json:"made"`
	By          Person       `json:"by"`
	Files       []FileReport `json:"files"`           // as in the manifest
	Extra       []string     `json:"extra,omitempty"` // below the folder, and in no manifest
}

// VerifyOptions of Verify. The zero value works.
type VerifyOptions struct {
	Trust     string // fingerprint of the key to trust; empty: that of Home, if there is one
	Home      string // where the local key is; empty: Home()
	Directory string // what relative paths of inputs are relative to; empty: as recorded
	Progress  func(done, of int64)
}

// ErrNoManifest means that what stands in a manifest's place is none that can be read: it was damaged, or replaced.
var ErrNoManifest = errors.New("manifest.json is damaged, or is no manifest of this program")

// Verify compares a folder, and the inputs that it names, with its manifest. It writes nothing. The error is about a
// manifest that cannot be read at all; whatever else is wrong stands in the report.
func Verify(ctx context.Context, dir string, o VerifyOptions) (*Report, error) {
	text, err := readSmall(filepath.Join(dir, ManifestName), maxManifest)
	if err != nil {
		return nil, fmt.Errorf("vault: verify %s: %w", dir, err)
	}
	m, signed, err := Decode(text)
	if err != nil {
		return nil, fmt.Errorf("vault: verify %s: %w: %w", dir, ErrNoManifest, err)
	}
	r := &Report{Folder: dir, Fingerprint: m.Fingerprint, Made: m.Made, By: m.By, Trusted: o.Trust}
	if r.Trusted == "" {
		home := o.Home
		if home == "" {
			home, _ = Home() // without a place for a key there is no key to compare with
		}
		if public, err := LocalKey(home); err != nil {
			return nil, err
		} else if public != nil {
			r.Trusted = Fingerprint(public)
		}
	}
	r.Signature = worth(signed, m.Fingerprint, r.Trusted)
	r.OK = r.Signature == SignatureTrusted || r.Signature == SignatureUnknown
	var done, of int64
	for i := range m.Files {
		of += m.Files[i].Size
	}
	listed := make(map[string]bool, len(m.Files))
	for i := range m.Files {
		e := &m.Files[i]
		f := compare(ctx, e, place(dir, m, e, o.Directory))
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("vault: verify %s: %w", dir, err)
		}
		if e.Kind == KindCase {
			listed[e.Path] = true
		}
		r.Files = append(r.Files, f)
		r.OK = r.OK && (f.State == StateSame || f.State == StateStream || f.State == StateUnread)
		if done += e.Size; o.Progress != nil {
			o.Progress(done, of)
		}
	}
	err = walkCase(dir, func(path string, _ fs.FileInfo) error {
		if !listed[path] {
			r.Extra = append(r.Extra, path)
			r.OK = false
		}
		return nil
	})
	return r, err
}

func worth(signed bool, fingerprint, trusted string) Signature {
	switch {
	case !signed:
		return SignatureBad
	case trusted == "":
		return SignatureUnknown
	case trusted != fingerprint:
		return SignatureOther
	}
	return SignatureTrusted
}

// place returns where an entry's file is.
func place(dir string, m *Manifest, e *Entry, directory string) string {
	path := filepath.FromSlash(e.Path)
	if e.Kind == KindCase {
		// A path out of the folder is no path of a case file, signed or not.
		if !filepath.IsLocal(path) {
			return ""
		}
		return filepath.Join(dir, path)
	}
	if filepath.IsAbs(e.Path) {
		return e.Path
	}
	if directory == "" {
		directory = m.Directory
	}
	return filepath.Join(directory, e.Path)
}

// compare reads a file and compares it with its entry.
func compare(ctx context.Context, e *Entry, path string) FileReport {
	f := FileReport{Kind: e.Kind, Path: e.Path, Was: e.Size, State: StateSame}
	switch {
	case e.Unread != "":
		f.State, f.Error = StateUnread, e.Unread
		return f
	case e.Kind == KindInput && e.Path == "-":
		f.State = StateStream
		return f
	case path == "":
		f.State, f.Error = StateUnreadable, "the path leads out of the folder"
		return f
	}
	fi, err := os.Lstat(path)
	if err == nil && e.Kind == KindInput {
		fi, err = os.Stat(path)
	}
	if err == nil && !fi.Mode().IsRegular() {
		err = errors.New("is not a regular file any more")
	}
	var sum Sum
	if err == nil {
		f.Is = fi.Size()
		sum, err = sumFile(ctx, path, e.Size)
	}
	if err != nil {
		f.State, f.Error = StateUnreadable, err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			f.State, f.Error = StateMissing, ""
		}
		return f
	}
	f.Is = max(f.Is, sum.Size)
	f.differ(e, sum)
	switch {
	case sum.Size < e.Size:
		f.State, f.Is = StateTruncated, sum.Size
	case f.Blocks > 0 || hex.EncodeToString(sum.Root[:]) != e.Root || hex.EncodeToString(sum.SHA256[:]) != e.SHA256:
		f.State = StateChanged
	case f.Is > e.Size:
		f.State = StateGrown
	}
	return f
}

// differ finds the blocks that differ. Of a truncated file, a last block that is not whole any more counts.
func (f *FileReport) differ(e *Entry, sum Sum) {
	for i := range e.Blocks {
		if i < len(sum.Blocks) && sum.Blocks[i] == e.Blocks[i] {
			continue
		}
		f.Blocks++
		n := int64(i)
		if k := len(f.Changed); k > 0 && f.Changed[k-1].Last == n-1 {
			f.Changed[k-1].Last, f.Changed[k-1].To = n, min((n+1)*BlockSize, e.Size)
		} else if k < maxRanges {
			f.Changed = append(f.Changed, Range{n, n, n * BlockSize, min((n+1)*BlockSize, e.Size)})
		}
	}
}

// Write prints the report for people, in the language "ja" or another, which is English. Files that are as they were are
// counted, not named.
func (r *Report) Write(w io.Writer, language string) error {
	t := verifyEnglish
	if language == "ja" {
		t = verifyJapanese
	}
	var b strings.Builder
	fmt.Fprintf(&b, t.signature[r.Signature]+"\n", visible(r.Fingerprint), r.Trusted)
	same := 0
	for i := range r.Files {
		f := &r.Files[i]
		if f.State == StateSame {
			same++
			continue
		}
		fmt.Fprintf(&b, "%s: %s", visible(f.Path), t.states[f.State])
		if f.Was != f.Is && f.State != StateMissing && f.State != StateUnreadable && f.State != StateStream && f.State != StateUnread {
			fmt.Fprintf(&b, " (%d → %d "+t.bytes+")", f.Was, f.Is)
		}
		if f.Error != "" {
			fmt.Fprintf(&b, ": %s", visible(f.Error))
		}
		b.WriteByte('\n')
		for _, c := range f.Changed {
			if c.First == c.Last {
				fmt.Fprintf(&b, "  "+t.block+"\n", c.First, c.From, c.To)
			} else {
				fmt.Fprintf(&b, "  "+t.blocks+"\n", c.First, c.Last, c.From, c.To)
			}
		}
		if len(f.Changed) == maxRanges {
			fmt.Fprintf(&b, "  "+t.allBlocks+"\n", f.Blocks)
		}
	}
	for _, path := range r.Extra {
		fmt.Fprintf(&b, "%s: %s\n", visible(path), t.extra)
	}
	fmt.Fprintf(&b, t.same+"\n", same, len(r.Files))
	if r.OK {
		fmt.Fprintln(&b, t.good)
	} else {
		fmt.Fprintln(&b, t.bad)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// visible returns text as it is where it prints, else quoted: a file's name must not speak to the terminal.
func visible(text string) string {
	for _, c := range text {
		if c != ' ' && !strconv.IsGraphic(c) || c == utf8.RuneError {
			return strconv.QuoteToGraphic(text)
		}
	}
	return text
}

// verifyWords are the report's words in one language.
type verifyWords struct {
	signature                                               map[Signature]string
	states                                                  map[State]string
	bytes, block, blocks, allBlocks, extra, same, good, bad string
}

var verifyEnglish = verifyWords{
	signature: map[Signature]string{
		SignatureTrusted: "signature: right, by the trusted key %s%.0s",
		SignatureUnknown: "signature: right, by the key %s%.0s; there is no key here to compare it with: compare it with the one that was noted when the case was made",
		SignatureOther:   "signature: by ANOTHER KEY: the manifest is signed by %s, the trusted key is %s",
		SignatureBad:     "signature: WRONG: the manifest was changed after it was signed (it names the key %s%.0s)",
	},
	states: map[State]string{StateChanged: "CHANGED", StateGrown: "GROWN; what was sealed is unchanged", StateTruncated: "TRUNCATED", StateMissing: "MISSING",
		StateUnreadable: "cannot be read", StateStream: "came from standard input; there is nothing to compare with", StateUnread: "was not read to its end when it was sealed"},
	bytes: "bytes", block: "block %d differs: bytes %d to %d", blocks: "blocks %d to %d differ: bytes %d to %d",
	allBlocks: "and more; %d blocks differ in all", extra: "is in no manifest", same: "%d of %d files are as they were sealed", good: "verified", bad: "NOT VERIFIED",
}

var verifyJapanese = verifyWords{
	signature: map[Signature]string{
		SignatureTrusted: "署名: 正しい（信頼する鍵 %s%.0s）",
		SignatureUnknown: "署名: 正しい（鍵 %s%.0s）。照合する鍵がここにありません。作成時に控えた指紋と見比べてください",
		SignatureOther:   "署名: 別の鍵によるものです。目録の鍵は %s、信頼する鍵は %s",
		SignatureBad:     "署名: 不正。署名の後に目録が変更されています（目録の鍵 %s%.0s）",
	},
	states: map[State]string{StateChanged: "変更されています", StateGrown: "末尾に追記されています（封印した部分は変わっていません）", StateTruncated: "短くなっています", StateMissing: "ありません",
		StateUnreadable: "読めません", StateStream: "標準入力から読んだため、照合する元がありません", StateUnread: "封印した時に最後まで読めていません"},
	bytes: "バイト", block: "ブロック %d が異なります（バイト %d から %d）", blocks: "ブロック %d から %d が異なります（バイト %d から %d）",
	allBlocks: "ほかにもあり、異なるブロックは計 %d", extra: "目録にありません", same: "%d / %d ファイルが封印した時のままです", good: "照合できました", bad: "照合できません",
}
