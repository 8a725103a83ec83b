// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Expiry of an era goes in this order, so that a crash at any moment leaves what the next start brings to its end:
//
//	1. the signed tombstone is durable: from now on the era is expired, and nothing of it comes back
//	2. the file with its wrapped key is overwritten and removed
//	3. each segment with blocks of it is written anew without their payloads and put in the old one's place; the headers, which are the log's leaves, stay
//	4. a file beside the tombstone says that all of it is done

// Tombstone says that records were destroyed because their time was over. It is signed.
type Tombstone struct {
	Era     uint32 `json:"era"` // 0: blocks of before there were eras, sealed in that month
	Class   string `json:"class"`
	Month   string `json:"month"`
	Keep    int    `json:"keep_days"` // the rule by which they were due
	From    int64  `json:"from"`      // blocks
	To      int64  `json:"to"`        // exclusive
	Blocks  int64  `json:"blocks"`
	Records int64  `json:"records"`
	First   int64  `json:"first_record"`
	Last    int64  `json:"last_record"`
	At      string `json:"at"` // RFC 3339

	at time.Time
}

func (t *Tombstone) name(end string) string { return fmt.Sprintf("%08x-%s%s", t.Era, t.Month, end) }

func (t *Tombstone) path(dir, end string) string { return filepath.Join(dir, eraFolder, t.name(end)) }

// covers says whether a block is one of those that were destroyed.
func (t *Tombstone) covers(h *header) bool {
	return h.Era == t.Era && t.From <= h.Number && h.Number < t.To && (t.Era != 0 || monthOf(h.Sealed) == t.Month)
}

func monthOf(at event.Micros) string { return at.Time().UTC().Format(monthForm) }

// due returns when records of a month may go.
func due(month string, keep int) (time.Time, error) {
	end, err := monthEnd(month)
	return end.AddDate(0, 0, keep), err
}

// early says whether the tombstone was signed before its records were due, by the rule that it names itself; keep 0 is never due.
func (t *Tombstone) early() bool {
	at, err := time.Parse(time.RFC3339, t.At)
	end, err2 := due(t.Month, t.Keep)
	return err != nil || err2 != nil || t.Keep <= 0 || at.Before(end)
}

// earlyFor says the same of one block, by when it was sealed.
func (t *Tombstone) earlyFor(h *header) bool {
	if t.at.IsZero() {
		t.at, _ = time.Parse(time.RFC3339, t.At)
	}
	return h.Sealed.Time().AddDate(0, 0, t.Keep).After(t.at)
}

// Expired is what one look at what is due came to.
type Expired struct {
	Tombstones []*Tombstone // new ones
	Finished   int          // eras of which a crash had left something, and nothing is left now
	Held       []string     // "class month": due, and kept by a hold
}

// Expire destroys what is due and not held. Where a hold or a description in the vault is not as it was signed, nothing expires and the error says which: it might be the one
// that keeps evidence from being lost. Records may be appended meanwhile.
func (l *Log) Expire(ctx context.Context) (*Expired, error) {
	out := new(Expired)
	if l.o.Retention == nil {
		return out, nil
	}
	free, err := lockRetention(l.dir, time.Second)
	if err != nil {
		return out, fmt.Errorf("sealed: expire: %w", err)
	}
	defer free()
	if err := l.expire(ctx, out); err != nil {
		return out, fmt.Errorf("sealed: expire: %w", err)
	}
	return out, nil
}

func (l *Log) expire(ctx context.Context, out *Expired) error {
	b := readBook(l.dir, l.origin, l.o.Key.Public())
	b.holdsGone(int(l.held.now()))
	if len(b.bad) > 0 {
		return fmt.Errorf("%s is not there, or was changed after it was signed; until it is put back from a replica nothing expires: %w", b.bad[0], ErrDamaged)
	}
	var err error
	if out.Finished, err = l.finish(ctx, b); err != nil {
		return err
	}
	signed, err := l.lastCheckpoint(false)
	if err != nil {
		return err
	}
	all, err := listSegments(l.dir)
	if err != nil || len(all) == 0 {
		return err
	}
	// Leaves stand in full tiles, which are durable, and the segment has ended.
	safe := min(signed.Size/tileWidth*tileWidth, all[len(all)-1].Block)
	for _, t := range l.dueNow(b, out) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if ok, err := l.count(t, signed.Size, safe); err != nil || !ok {
			if err != nil {
				return err
			}
			continue
		}
		if err := writeStatement(l.o.disk, t.path(l.dir, tombstoneEnd), l.o.Key, l.origin, sayTombstone, t); err != nil {
			return err
		}
		out.Tombstones = append(out.Tombstones, t)
		if err := carryOut(ctx, l.o.disk, l.dir, l.origin, t); err != nil {
			return err
		}
	}
	return nil
}

// finishExpiry brings to its end what a crash interrupted.
func (l *Log) finishExpiry(ctx context.Context) (n int, err error) {
	b := readBook(l.dir, l.origin, l.o.Key.Public())
	if len(b.tombstones) == 0 {
		return 0, nil
	}
	free, err := lockRetention(l.dir, time.Second)
	if err != nil {
		return 0, err
	}
	defer free()
	return l.finish(ctx, b)
}

func (l *Log) finish(ctx context.Context, b *book) (n int, err error) {
	for _, number := range slices.Sorted(maps.Keys(b.tombstones)) {
		for _, t := range b.tombstones[number] {
			if exists(t.path(l.dir, doneEnd)) {
				continue
			}
			if err := carryOut(ctx, l.o.disk, l.dir, l.origin, t); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// dueNow returns tombstones, not yet counted, for what is due and not held.
func (l *Log) dueNow(b *book, out *Expired) (list []*Tombstone) {
	now := l.o.Now().UTC()
	consider := func(number uint32, class, month string, from int64) {
		keep := l.o.Retention.keep(class)
		at, err := due(month, keep)
		if keep <= 0 || err != nil || now.Before(at) {
			return
		}
		begin, _ := time.Parse(monthForm, month)
		end, _ := monthEnd(month)
		// A block of the month's last moment may be sealed a little after it.
		if slices.ContainsFunc(b.holds, func(h *Hold) bool { return h.Keeps(class, begin, end.Add(time.Hour)) }) {
			out.Held = append(out.Held, class+" "+month)
			return
		}
		list = append(list, &Tombstone{Era: number, Class: class, Month: month, Keep: keep, From: from, At: now.Format(time.RFC3339)})
	}
	for _, number := range slices.Sorted(maps.Keys(b.eras)) {
		if e := b.eras[number]; len(b.tombstones[number]) == 0 {
			consider(number, e.Class, e.Month, e.From)
		}
	}
	for _, month := range l.oldMonths(b) {
		if !slices.ContainsFunc(b.tombstones[0], func(t *Tombstone) bool { return t.Month == month }) {
			consider(0, DefaultClass, month, 0)
		}
	}
	slices.SortStableFunc(list, func(x, y *Tombstone) int { return cmp.Compare(x.Month, y.Month) })
	return list
}

// oldMonths returns the months in which blocks without an era were sealed, looked up once.
func (l *Log) oldMonths(b *book) []string {
	if l.old != nil {
		return l.old
	}
	months := map[string]bool{}
	size, _ := l.lastCheckpoint(false)
	from := fromEntries(l.dir, size.Size)
	for i := range size.Size {
		leaf, _, _ := from(i)
		if h, err := parseLeaf(leaf); err == nil && h.Era == 0 {
			months[monthOf(h.Sealed)] = true
		}
	}
	l.old = append([]string{}, slices.Sorted(maps.Keys(months))...)
	return l.old
}

// count fills a tombstone from the log's leaves. ok is false where it has to wait, or where there is nothing of that era.
func (l *Log) count(t *Tombstone, size, safe int64) (ok bool, err error) {
	from := fromEntries(l.dir, size)
	t.To, t.First = size, -1
	begun := int64(-1)
	last := int64(0)
	for i := t.From; i < size; i++ {
		leaf, _, there := from(i)
		h, err := parseLeaf(leaf)
		if !there || err != nil {
			return false, fmt.Errorf("block %d is not in the log's list of blocks: verify the vault: %w", i, ErrDamaged)
		}
		if !t.covers(&h) {
			continue
		}
		if t.earlyFor(&h) {
			return false, nil // a clock was set: it waits for the latest
		}
		if begun < 0 {
			begun, t.First = i, int64(h.First)
		}
		last = i + 1
		t.Blocks++
		t.Records += int64(h.Count)
		t.Last = int64(h.End()) - 1
	}
	t.From, t.To = begun, last
	return begun >= 0 && last <= safe, nil
}

// carryOut destroys what a tombstone names. What is gone already stays so.
func carryOut(ctx context.Context, d disk, dir, origin string, t *Tombstone) error {
	if t.Era != 0 {
		if err := destroyKey(d, eraPath(dir, t.Era, eraKeyEnd)); err != nil {
			return err
		}
	}
	all, err := listSegments(dir)
	if err != nil {
		return err
	}
	for i := max(0, locate(all, t.From)); i+1 < len(all) && all[i].Block < t.To; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := strip(d, dir, origin, all[i], t); err != nil {
			return fmt.Errorf("%s: %w", all[i].name(), err)
		}
	}
	return writeWhole(d, t.path(dir, doneEnd), nil, true)
}

// destroyKey overwrites a wrapped key and removes it. What a disk keeps of old blocks is beyond it: the key that wraps it is not on this disk.
func destroyKey(d disk, path string) error {
	f, err := d.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	fi, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(make([]byte, min(fi.Size(), 1<<10)), 0)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := d.Remove(path); err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(path))
}

// strip writes a segment anew without the payloads that a tombstone names.
func strip(d disk, dir, origin string, s segment, t *Tombstone) error {
	from, err := os.Open(s.path(dir))
	if err != nil {
		return err
	}
	defer from.Close()
	fi, err := from.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, segmentHead)
	if _, err := from.ReadAt(head, 0); err != nil {
		return fmt.Errorf("%w: %w", errSegmentHead, ErrDamaged)
	}
	mark, err := parseSegmentHead(head, s, origin)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrDamaged)
	}
	todo := false
	end, _, err := walk(from, fi.Size(), segmentHead, s, mark, false, func(b at, _ []byte) error {
		todo = todo || t.covers(&b.header) && !b.Gone
		return nil
	})
	if err != nil || !todo {
		return err
	}
	if end != fi.Size() {
		return fmt.Errorf("at byte %d it is not as it was sealed; nothing is taken from what may have to be examined: restore it from a replica: %w", end, ErrDamaged)
	}
	temp := s.path(dir) + partial
	d.Remove(temp) // what a crash left, if anything
	to, err := d.Create(temp)
	if err != nil {
		return err
	}
	if err = copyWithout(from, to, fi.Size(), head, s, mark, t); err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err == nil {
		err = d.Rename(temp, s.path(dir))
	}
	if err != nil {
		d.Remove(temp)
		return err
	}
	return d.SyncFolder(filepath.Dir(temp))
}

// copyWithout copies blocks, and of those that a tombstone names the header alone. It takes bytes as they are: what was damaged stays so, and is for Verify.
func copyWithout(from *os.File, to file, size int64, head []byte, s segment, mark tag, t *Tombstone) error {
	if _, err := to.WriteAt(head, 0); err != nil {
		return err
	}
	offset := int64(segmentHead)
	var buffer []byte
	_, _, err := walk(from, size, segmentHead, s, mark, false, func(b at, _ []byte) error {
		n := b.whole()
		if t.covers(&b.header) {
			b.Gone, n = true, leadSize
		}
		buffer = slices.Grow(buffer[:0], int(n))[:n]
		if n > leadSize {
			if _, err := from.ReadAt(buffer[leadSize:], b.Offset+leadSize); err != nil {
				return err
			}
		}
		b.put(buffer)
		_, err := to.WriteAt(buffer, offset)
		offset += n
		return err
	})
	return err
}

// CarryOut destroys in a replica what the tombstones in it say was destroyed in its vault, where they were due and no hold that the replica has keeps it.
// It returns how many eras that were.
func CarryOut(ctx context.Context, dir string) (done int, err error) {
	l := &Log{dir: dir}
	defer l.unlock()
	if err := l.takeLock(); err != nil {
		return 0, fmt.Errorf("sealed: expire in %s: %w", dir, err)
	}
	all, err := listSegments(dir)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	b, err := openBook(dir)
	if err == nil {
		b.holdsGone(int(heldInLog(dir, b.origin, b.public)))
	}
	if err == nil && len(b.bad) > 0 {
		err = fmt.Errorf("%s is not there, or was changed after it was signed: %w", b.bad[0], ErrDamaged)
	}
	if err != nil {
		return 0, fmt.Errorf("sealed: expire in %s: %w", dir, err)
	}
	for _, number := range slices.Sorted(maps.Keys(b.tombstones)) {
		for _, t := range b.tombstones[number] {
			begin, _ := time.Parse(monthForm, t.Month)
			end, err := monthEnd(t.Month)
			at, err2 := due(t.Month, t.Keep)
			held := slices.ContainsFunc(b.holds, func(h *Hold) bool { return h.Keeps(t.Class, begin, end.Add(time.Hour)) })
			if exists(t.path(dir, doneEnd)) || err != nil || err2 != nil || t.early() || time.Now().Before(at) || held || t.To > all[len(all)-1].Block {
				continue
			}
			if err := carryOut(ctx, system{}, dir, b.origin, t); err != nil {
				return done, fmt.Errorf("sealed: expire in %s: %w", dir, err)
			}
			done++
		}
	}
	return done, nil
}
