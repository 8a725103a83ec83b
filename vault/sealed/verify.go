// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// VerifyOptions of Verify. The zero value works.
type VerifyOptions struct {
	Trust   string   // fingerprint of the key to trust; empty: that of Home, if there is one
	Home    string   // where the local key is; empty: vault.Home()
	Against []string // checkpoints kept elsewhere: files, or the folders of replicas
	// Progress is told the bytes of segments that were read.
	Progress func(done, of int64)
}

// verifier is one run of Verify.
type verifier struct {
	dir     string
	o       VerifyOptions
	r       *Report
	public  ed25519.PublicKey
	all     []segment
	signed  Checkpoint
	leaves  leafSource // what the log's blocks were, as far as the root proves it
	proven  bool
	tree    *tree // over the leaves that were passed
	marks   []mark
	open    *opener
	known   map[string]bool // files that are the log's
	book    *book
	since   *book // as it was later, when something was missing
	looks   int
	held    int // statements of holds that the log's leaves have counted
	ends    map[*Tombstone]*Expiry
	spans   map[uint32]*Span // records of each era, as far as the log's leaves say
	done    int64
	of      int64
	unknown int64           // the position behind the last record that is known
	tail    [2]event.Micros // when the first and the last block that no checkpoint covers were sealed
}

// mark is a checkpoint that the tree is to be compared with when it has that size.
type mark struct {
	Checkpoint
	from   string
	folder string // of a replica, if it is one
	file   string // of this folder, if it lies in it
}

// Verify reads a vault's folder and compares it with its signed checkpoint, and with those kept elsewhere. It writes nothing and needs no key
// but the public one. The error is about a folder that is none; whatever is wrong stands in the report. A vault that is being
// written may be verified.
func Verify(ctx context.Context, dir string, o VerifyOptions) (*Report, error) {
	v := &verifier{dir: dir, o: o, r: &Report{Folder: dir, Faults: []Fault{}, Against: []string{}, Expired: []Expiry{}, Holds: []Held{}}, tree: new(tree), known: map[string]bool{}}
	if !Is(dir) {
		return nil, fmt.Errorf("sealed: verify %s: it is no vault: there is neither %s nor %s", dir, logName, checkpointName)
	}
	var err error
	if v.open, err = newOpener(); err != nil {
		return nil, err
	}
	defer v.open.close()
	if err := v.trust(); err != nil {
		return nil, err
	}
	// The checkpoint before the segments: what it covers is there when it is written.
	text, failed := readSmall(filepath.Join(dir, checkpointName), maxCheckpoint)
	if v.all, err = listSegments(dir); err != nil {
		return nil, err
	}
	v.checkpoint(text, failed)
	v.against()
	v.choose()
	v.openRetention()
	if err := v.log(ctx); err != nil {
		return nil, err
	}
	v.retention()
	if err := v.segments(ctx); err != nil {
		return nil, err
	}
	v.tellExpired()
	v.afterEnd()
	if err := v.strangers(); err != nil {
		return nil, err
	}
	v.settle()
	return v.r, nil
}

// Is says whether a folder is a live vault: verify recognises what it is given.
func Is(dir string) bool {
	for _, name := range []string{logName, checkpointName, segmentFolder} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

func (v *verifier) fault(f Fault) {
	if len(v.r.Faults) >= maxFaults {
		v.r.More++
		return
	}
	v.r.Faults = append(v.r.Faults, f)
}

// trust finds out whose key is to be believed, and which the folder names.
func (v *verifier) trust() error {
	v.r.Trusted = v.o.Trust
	if v.r.Trusted == "" {
		home := v.o.Home
		if home == "" {
			home, _ = vault.Home() // without a place for a key there is no key to compare with
		}
		if public, err := vault.LocalKey(home); err != nil {
			return err
		} else if public != nil {
			v.r.Trusted = vault.Fingerprint(public)
		}
	}
	v.known[logName], v.known[lockName], v.known[retentionLock] = true, true, true
	text, err := readSmall(filepath.Join(v.dir, logName), 4<<10)
	if err != nil {
		v.fault(Fault{Kind: FaultMissing, File: logName, Note: "the log's name and public key: put back those of a replica"})
		return nil
	}
	v.r.Origin, v.public, err = parseVerifierKey(string(text))
	if err != nil {
		v.fault(Fault{Kind: FaultChanged, File: logName, Note: "it is not the name and public key of a log"})
		return nil
	}
	v.r.Fingerprint = vault.Fingerprint(v.public)
	return nil
}

// checkpoint takes the last checkpoint and says what its signature is worth.
func (v *verifier) checkpoint(text []byte, err error) {
	v.known[checkpointName] = true
	v.r.Signature = vault.SignatureBad
	if err != nil {
		v.fault(Fault{Kind: FaultMissing, File: checkpointName, Note: "without it nothing is proven: put back the one of a replica"})
		return
	}
	c, signed, err := readCheckpoint(text, v.public)
	switch {
	case err != nil || !signed || c.Origin != v.r.Origin:
		v.fault(Fault{Kind: FaultSignature, File: checkpointName, Records: v.everything(), Note: "the checkpoint was changed after it was signed, or is not this log's: it proves nothing"})
		return
	case v.r.Trusted != "" && v.r.Trusted != v.r.Fingerprint:
		v.r.Signature = vault.SignatureOther
		v.fault(Fault{Kind: FaultSignature, File: checkpointName, Records: v.everything(), Note: "signed by another key than the trusted one: nothing of this proves that the records are those that were sealed"})
	case v.r.Trusted == "":
		v.r.Signature = vault.SignatureUnknown
	default:
		v.r.Signature = vault.SignatureTrusted
	}
	v.signed, v.r.Checkpoint = c, c.Size
	if !v.canonical(c, string(text)) {
		v.fault(Fault{Kind: FaultChanged, File: checkpointName, Note: "the checkpoint was signed like this, and was written otherwise"})
	}
}

// canonical says whether a note is written as it is written here: signatures of witnesses may follow.
func (v *verifier) canonical(c Checkpoint, text string) bool {
	rest, ok := strings.CutPrefix(text, checkpointText(c.Origin, c.Size, c.Root)+"\n")
	if !ok || !strings.HasSuffix(rest, "\n") {
		return false
	}
	for line := range strings.Lines(rest) {
		_, signature, _ := strings.Cut(strings.TrimPrefix(line, "— "), " ")
		signature = strings.TrimSuffix(signature, "\n")
		// The same bytes can be written in several ways; only one is what was written.
		b, err := base64.StdEncoding.DecodeString(signature)
		if !strings.HasPrefix(line, "— ") || err != nil || base64.StdEncoding.EncodeToString(b) != signature {
			return false
		}
	}
	return true
}

// everything is the records that stand under the checkpoint, as far as names tell.
func (v *verifier) everything() *Span {
	s := &Span{}
	if n := len(v.all); n > 0 {
		s.To = int64(v.all[n-1].First)
		if leaves, _ := readLeaves(v.dir, v.all[n-1], v.r.Origin, 0, 1<<62); len(leaves) > 0 {
			h, _ := parseLeaf(leaves[len(leaves)-1])
			s.To = int64(h.End())
		}
	}
	return s
}

// against reads the checkpoints that were kept elsewhere, and those beside segments.
func (v *verifier) against() {
	for _, path := range v.o.Against {
		m := mark{from: path}
		most := int64(mostDigests)
		if fi, err := os.Stat(path); err == nil && fi.IsDir() {
			m.folder = path
			path, most = filepath.Join(path, checkpointName), maxCheckpoint
		}
		text, err := readSmall(path, most)
		notes := notesIn(text)
		for _, one := range notes {
			signed := false
			if m.Checkpoint, signed, err = readCheckpoint(one, v.public); err != nil || !signed || m.Origin != v.r.Origin {
				notes = nil
				break
			}
			v.marks = append(v.marks, m)
		}
		if err != nil || len(notes) == 0 {
			v.fault(Fault{Kind: FaultSignature, Note: fmt.Sprintf("%s is no checkpoint of this log by the same key: one of the two was signed anew, or is another log's", m.from)})
		}
	}
	for i, s := range v.all {
		name := segmentFolder + "/" + s.name()
		v.known[name], v.known[name+".checkpoint"] = true, true
		if i+1 == len(v.all) {
			continue
		}
		text, err := readSmall(s.sidecar(v.dir), maxCheckpoint)
		for try := 0; errors.Is(err, fs.ErrNotExist) && v.signed.Size <= v.all[i+1].Block && try < 20; try++ {
			time.Sleep(50 * time.Millisecond) // the segment has ended just now
			text, err = readSmall(s.sidecar(v.dir), maxCheckpoint)
		}
		if errors.Is(err, fs.ErrNotExist) {
			f := Fault{Kind: FaultMissing, File: name + ".checkpoint"}
			if v.signed.Size <= v.all[i+1].Block {
				f.Kind = FaultStale
			}
			v.fault(f)
			continue
		}
		c, signed, err := readCheckpoint(text, v.public)
		if err != nil || !signed || c.Origin != v.r.Origin || c.Size != v.all[i+1].Block || !v.canonical(c, string(text)) {
			v.fault(Fault{Kind: FaultChanged, File: name + ".checkpoint", Note: "it is not the checkpoint that was signed when the segment ended"})
			continue
		}
		if c.Size > v.signed.Size {
			v.fault(Fault{Kind: FaultStale, File: checkpointName, Note: "the checkpoint that ends with " + name + " covers more: an older one was put back"})
		}
		v.marks = append(v.marks, mark{Checkpoint: c, from: name + ".checkpoint", file: name + ".checkpoint"})
	}
	slices.SortStableFunc(v.marks, func(a, b mark) int { return int(max(-1, min(1, a.Size-b.Size))) })
}

// strangers names files that are not the log's, and tiles of a log that is longer than its checkpoint.
func (v *verifier) strangers() error {
	return filepath.WalkDir(v.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("sealed: verify %s: %w", v.dir, err)
		}
		name, _ := filepath.Rel(v.dir, path)
		name = filepath.ToSlash(name)
		switch {
		case d.IsDir() || v.known[name] || strings.HasSuffix(name, partial):
		case strings.HasPrefix(name, tileRoot+"/"):
			if v.proven {
				v.fault(Fault{Kind: FaultStale, File: name, Note: "a tile that the checkpoint does not need: the checkpoint is older than the log, or a crash left it; the next start puts that right"})
			}
		case v.later(d.Name()):
			v.fault(Fault{Kind: FaultStale, File: name, Note: "it begins after all that the checkpoint covers"})
		default:
			v.fault(Fault{Kind: FaultAdded, File: name})
		}
		return nil
	})
}

// later says whether a name is that of a segment, or of its checkpoint, which was begun since Verify began.
func (v *verifier) later(name string) bool {
	s, ok := parseSegment(strings.TrimSuffix(name, ".checkpoint"))
	return ok && len(v.all) > 0 && s.Block > v.all[len(v.all)-1].Block
}

// crashed says whether all that is wrong is that a few seconds' blocks, all of them right, are not in the log yet though some of its tiles are there: so a crash
// leaves a vault. It hides nothing: the blocks are there. Tiles without such blocks, or of longer ago, are another thing: an older checkpoint was put back.
func (v *verifier) crashed() bool {
	for _, f := range v.r.Faults {
		if f.Kind != FaultStale || !strings.HasPrefix(f.File, tileRoot+"/") && !strings.HasPrefix(f.File, segmentFolder+"/") {
			return false
		}
	}
	return len(v.r.Faults) > 0 && v.r.Unsigned != nil && max(v.tail[1]-v.tail[0], v.tail[0]-v.tail[1]) < 10_000_000
}

// settle leaves out what only seemed wrong because the vault is being written, and gives the verdict.
func (v *verifier) settle() {
	passing := func(f Fault) bool { return f.Kind == FaultStale || f.Kind == FaultTorn }
	if v.crashed() {
		v.r.Unfinished, v.r.Faults = true, v.r.Faults[:0]
	}
	for try := 0; slices.ContainsFunc(v.r.Faults, passing) && v.signed.Text != nil && try < 40; try++ {
		text, err := readSmall(filepath.Join(v.dir, checkpointName), maxCheckpoint)
		if err != nil {
			break
		}
		if c, signed, err := readCheckpoint(text, v.public); err == nil && signed && c.Origin == v.r.Origin && c.Size > v.signed.Size {
			v.r.Faults = slices.DeleteFunc(v.r.Faults, passing)
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	v.r.OK = len(v.r.Faults) == 0 && v.r.Signature != vault.SignatureBad && v.r.Signature != vault.SignatureOther
}
