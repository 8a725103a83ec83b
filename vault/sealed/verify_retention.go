// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// openRetention reads what has expired, and what is held.
func (v *verifier) openRetention() {
	v.book = readBook(v.dir, v.r.Origin, v.public)
	maps.Copy(v.known, v.book.known)
	v.ends, v.spans = map[*Tombstone]*Expiry{}, map[uint32]*Span{}
	for _, name := range v.book.bad {
		kind := FaultChanged
		if !v.book.known[name] {
			kind = FaultMissing
		}
		note := "it is not as this log has signed it; until it is put back from a replica nothing expires"
		switch {
		case strings.HasSuffix(name, doneEnd):
			note = "a mark that an expiry is done, which is an empty file: remove it; the next start makes it again"
		case strings.HasSuffix(name, tombstoneEnd):
			note = "a tombstone that this log has not signed, or not like this: it excuses nothing"
		}
		v.fault(Fault{Kind: kind, File: name, Note: note})
	}
	for _, list := range v.book.tombstones {
		for _, t := range list {
			v.ends[t] = &Expiry{Class: t.Class, Month: t.Month, Keep: t.Keep, At: t.At, First: -1}
		}
	}
	for _, h := range v.book.holds {
		if h.Released == nil {
			v.r.Holds = append(v.r.Holds, Held{h.Number, h.Class, h.From, h.To, h.By, h.Why, h.At})
		}
	}
}

// ofEra counts a block of the log for its era and its tombstone, and says where it was not due.
func (v *verifier) ofEra(leaf []byte) {
	if len(v.ends) == 0 && len(leaf) == headerSize && leaf[36]|leaf[37]|leaf[38]|leaf[39] == 0 {
		return
	}
	h, err := parseLeaf(leaf)
	if err != nil {
		return
	}
	if h.Era != 0 {
		s := v.spans[h.Era]
		if s == nil {
			s = &Span{From: int64(h.First)}
			v.spans[h.Era] = s
		}
		s.To = int64(h.End())
	}
	t := v.book.covering(&h)
	if t == nil {
		return
	}
	e := v.ends[t]
	if e.First < 0 {
		e.First = int64(h.First)
	}
	e.Blocks, e.Records, e.Last = e.Blocks+1, e.Records+int64(h.Count), int64(h.End())-1
	if t.earlyFor(&h) && !t.early() {
		v.fault(Fault{Kind: FaultEarly, File: eraFolder + "/" + t.name(tombstoneEnd), Blocks: &Span{h.Number, h.Number + 1}, Records: &Span{int64(h.First), int64(h.End())},
			Note: "sealed at " + h.Sealed.Time().UTC().Format(time.RFC3339) + ", destroyed before they were due"})
	}
}

// retention holds eras, tombstones and holds to the log and to each other.
func (v *verifier) retention() {
	if here := v.book.statedHolds(); v.proven && here < v.held {
		v.fault(Fault{Kind: FaultMissing, File: holdFolder,
			Note: fmt.Sprintf("the log has counted %d holds and releases, and %d of them are here: put the others back from a replica; until then nothing expires", v.held, here)})
	}
	for _, number := range slices.Sorted(maps.Keys(v.spans)) {
		if v.book.eras[number] == nil {
			v.fault(Fault{Kind: FaultMissing, File: eraPath("", number, eraEnd), Records: v.spans[number], Note: "what class these records are of, and under which key they are: put it back from a replica"})
		}
	}
	for _, number := range slices.Sorted(maps.Keys(v.book.eras)) {
		v.key(v.book.eras[number])
	}
	now := time.Now()
	for _, number := range slices.Sorted(maps.Keys(v.book.tombstones)) {
		for _, t := range v.book.tombstones[number] {
			file, e := eraFolder+"/"+t.name(tombstoneEnd), v.ends[t]
			records := &Span{t.First, t.Last + 1}
			at, _ := time.Parse(time.RFC3339, t.At)
			switch of := v.book.eras[number]; {
			case number == 0 && t.Class != DefaultClass, number != 0 && (of == nil || of.Class != t.Class || of.Month != t.Month):
				v.fault(Fault{Kind: FaultChanged, File: file, Records: records, Note: "it names another class or month than the records are of"})
			case t.early():
				end, _ := due(t.Month, t.Keep)
				v.fault(Fault{Kind: FaultEarly, File: file, Records: records, Note: fmt.Sprintf("signed for %s, and due on %s: %d days after the month's end", t.At, end.Format(time.DateOnly), t.Keep)})
			case at.After(now.Add(24 * time.Hour)):
				v.fault(Fault{Kind: FaultEarly, File: file, Records: records, Note: "signed for " + t.At + ", which has not come yet: a clock was set, here or there"})
			case v.proven && t.To <= v.signed.Size && (e.Blocks != t.Blocks || e.Records != t.Records || e.First != t.First || e.Last != t.Last):
				v.fault(Fault{Kind: FaultChanged, File: file, Records: records, Note: fmt.Sprintf("it says that %d records were destroyed, and by the log they are %d", t.Records, e.Records)})
			}
		}
	}
}

// excused says whether a tombstone covers a block; also one that was signed since Verify began, as far as a few looks tell.
func (v *verifier) excused(h *header) bool {
	if v.book.covering(h) != nil || v.since != nil && v.since.covering(h) != nil {
		return true
	}
	if v.looks++; v.looks > 20 {
		return false
	}
	v.since = readBook(v.dir, v.r.Origin, v.public)
	t := v.since.covering(h)
	return t != nil && !t.early() && !t.earlyFor(h)
}

// left counts a block whose time was over and whose bytes are there. Where all had been destroyed somebody has put them back.
func (v *verifier) left(t *Tombstone, h *header, file string, offset int64) {
	v.ends[t].Left++
	if v.book.carriedOut(t) {
		v.fault(Fault{Kind: FaultAdded, File: file, Offset: offset, Blocks: &Span{h.Number, h.Number + 1}, Records: &Span{int64(h.First), int64(h.End())},
			Note: "these records had expired and were destroyed, and are here again: an older copy was put back; without " + eraFolder + "/" + t.name(doneEnd) + " the next start destroys them once more"})
	}
}

// key says where the key of records that have not expired is gone: then they are, too.
func (v *verifier) key(e *era) {
	if list := v.book.tombstones[e.Number]; len(list) > 0 {
		if name := eraPath("", e.Number, eraKeyEnd); v.book.carriedOut(list[0]) && exists(filepath.Join(v.dir, name)) {
			v.fault(Fault{Kind: FaultAdded, File: filepath.ToSlash(name), Records: v.spans[e.Number], Note: "the key was destroyed with the records that it was for, and is here again: an older copy was put back"})
		}
		return
	}
	kind := e.keyFault(v.dir)
	if kind == "" {
		return
	}
	for range 3 { // it may have expired just now
		if b := readBook(v.dir, v.r.Origin, v.public); len(b.tombstones[e.Number]) > 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	f := Fault{Kind: kind, File: strings.ReplaceAll(eraPath("", e.Number, eraKeyEnd), "\\", "/"), Records: v.spans[e.Number],
		Note: "the wrapped key of class " + e.Class + " of " + e.Month + ": without it nobody can read these records, and nothing signed says that they have expired; put it back from a replica"}
	v.fault(f)
}

// tellExpired gives the report what has expired.
func (v *verifier) tellExpired() {
	for _, e := range v.ends {
		if e.Blocks > 0 {
			v.r.Expired = append(v.r.Expired, *e)
		}
	}
	slices.SortFunc(v.r.Expired, func(a, b Expiry) int {
		if c := strings.Compare(a.Month, b.Month); c != 0 {
			return c
		}
		return strings.Compare(a.Class, b.Class)
	})
}
