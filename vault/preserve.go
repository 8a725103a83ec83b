// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// CustodyName is the record of custody in a folder of preserved originals.
const CustodyName = "custody.json"

const (
	custodySchema = "sekisho.custody/1"
	originals     = "originals"
	maxCustody    = 1 << 30
)

// ItemState says what became of an original.
type ItemState string

// The states.
const (
	ItemTaken   ItemState = "taken"     // copied, and the copy read back and found equal
	ItemChanged ItemState = "changed"   // taken, but the original changed meanwhile: the copy is what was there up to its size at the start
	ItemFailed  ItemState = "failed"    // not taken; Error says why
	ItemLeft    ItemState = "not-taken" // the run ended before it
)

// Item is one original and its copy.
type Item struct {
	Number   int       `json:"number"` // on the custody sheet, from 1
	Source   string    `json:"source"` // as given
	Absolute string    `json:"absolute"`
	Target   string    `json:"link_target,omitempty"` // where the path is, or leads through, a link: the file that was read
	Format   string    `json:"format,omitempty"`
	Copy     string    `json:"copy,omitempty"` // below the folder, with slashes
	Packed   bool      `json:"packed"`         // the copy is compressed with zstd; SHA256 and Root are those of the original
	Size     int64     `json:"size"`           // of the original, as copied
	SHA256   string    `json:"sha256,omitempty"`
	Root     string    `json:"root,omitempty"`
	Mode     string    `json:"mode,omitempty"`
	Owner    int       `json:"uid"`
	Group    int       `json:"gid"`
	Device   uint64    `json:"device"`
	Inode    uint64    `json:"inode"`
	Modified Moment    `json:"modified"`
	Started  Moment    `json:"started"`
	Ended    Moment    `json:"ended"`
	By       Person    `json:"by"`
	State    ItemState `json:"state"`
	Error    string    `json:"error,omitempty"`
	Note     string    `json:"note,omitempty"`
}

// MarshalJSON implements json.Marshaler: paths that are no UTF-8 are kept byte for byte beside what JSON can show of them.
func (i Item) MarshalJSON() ([]byte, error) {
	type plain Item
	return encodePlain(struct {
		plain
		Absolute []byte `json:"absolute_bytes,omitempty"`
		Copy     []byte `json:"copy_bytes,omitempty"`
	}{plain(i), notUTF8(i.Absolute), notUTF8(i.Copy)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *Item) UnmarshalJSON(text []byte) error {
	type plain Item
	x := struct {
		*plain
		Absolute []byte `json:"absolute_bytes"`
		Copy     []byte `json:"copy_bytes"`
	}{plain: (*plain)(i)}
	if err := json.Unmarshal(text, &x); err != nil {
		return err
	}
	restore(&i.Absolute, x.Absolute)
	restore(&i.Copy, x.Copy)
	return nil
}

// Custody is the record of who took what, when and from where.
type Custody struct {
	Schema   string  `json:"schema"`
	Tool     string  `json:"tool"`
	By       Person  `json:"by"` // of the latest run
	Started  Moment  `json:"started"`
	Ended    Moment  `json:"ended"`
	Timezone string  `json:"timezone"`          // of the machine, as its clock says
	Earlier  string  `json:"earlier,omitempty"` // the record before this run, in the same folder
	Items    []Item  `json:"items"`
	Outlook  Outlook `json:"outlook"`
	Folder   string  `json:"-"`
}

// Count returns how many items are in that state.
func (c *Custody) Count(s ItemState) int {
	n := 0
	for i := range c.Items {
		if c.Items[i].State == s {
			n++
		}
	}
	return n
}

// PreserveOptions of Preserve. The zero value works but for Now.
type PreserveOptions struct {
	Compress bool                     // the copies, with zstd
	Key      *Key                     // signs the manifest over the folder; nil: no manifest
	Tool     string                   // version of the program
	Now      func() time.Time         // default time.Now
	KindOf   func(path string) string // format of a file; nil: unknown
	Failed   []Item                   // what could not even be found or listed, with Source, State and Error
	Progress func(done, of int64)     // bytes of originals
	free     func(dir string) (int64, error)
	wrap     func(io.Writer) io.Writer // for tests
}

// keeper is one run of Preserve.
type keeper struct {
	o       PreserveOptions
	dest    string
	custody *Custody
	before  map[string][]Item // taken by earlier runs, by absolute path
	number  int               // the last that was given out: numbers stay, whatever is added later
	buf     []byte
	done    int64
	of      int64
}

// Preserve copies originals into the folder dest, which is made with mode 0700: each copy read-only (0400) under
// originals/ and its absolute path, read back and compared. It records custody in custody.json, custody.html and custody.md (ja and
// en), and signs a manifest over the folder. Nothing is overwritten. Given the folder of an earlier run, it goes on there: what was
// taken and has not changed is checked and kept, what has changed is taken anew beside it. Paths are files, or folders, which
// are taken recursively; links to files are followed and recorded, links to folders below a folder are not followed and recorded as failed.
//
// The record is returned and written also where an error ends the run: ErrNoSpace, the context's, or one of writing the
// folder. That single originals failed is no error; they are in the record.
func Preserve(ctx context.Context, paths []string, dest string, o PreserveOptions) (*Custody, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.free == nil {
		o.free = freeSpace
	}
	k := &keeper{o: o, dest: dest, before: make(map[string][]Item), buf: make([]byte, 256<<10)}
	now := o.Now()
	zone, offset := now.Zone()
	k.custody = &Custody{Schema: custodySchema, Tool: o.Tool, By: Me(), Started: Moment{now}, Folder: dest,
		Timezone: fmt.Sprintf("%s (UTC%+03d:%02d)", zone, offset/3600, offset%3600/60)}
	if err := k.open(); err != nil {
		return nil, err
	}
	paths = k.expand(paths)
	if err := k.space(paths); err != nil {
		return nil, err
	}
	for _, item := range o.Failed {
		k.add(item)
	}
	var stopped error
	for _, path := range paths {
		if stopped == nil {
			stopped = ctx.Err()
		}
		if stopped != nil {
			k.add(Item{Source: path, State: ItemLeft, Error: stopped.Error()})
			continue
		}
		if item := k.take(ctx, path, &stopped); item.Number == 0 {
			k.add(item)
		}
	}
	return k.custody, k.finish(stopped)
}

func (k *keeper) add(item Item) {
	k.number++
	item.Number = k.number
	k.custody.Items = append(k.custody.Items, item)
}

// open makes the folder, or finds that an earlier run made it.
func (k *keeper) open() error {
	if err := os.MkdirAll(k.dest, 0o700); err != nil {
		return fmt.Errorf("vault: preserve: make the folder: %w", full(err))
	}
	entries, err := os.ReadDir(k.dest)
	if err != nil {
		return fmt.Errorf("vault: preserve: %w", err)
	}
	if len(entries) == 0 {
		return os.Chmod(k.dest, 0o700)
	}
	text, err := readSmall(filepath.Join(k.dest, CustodyName), maxCustody)
	if err != nil {
		return fmt.Errorf("vault: preserve: %s is not empty and holds no record of an earlier run; name an empty or new folder", k.dest)
	}
	var earlier Custody
	if err := json.Unmarshal(text, &earlier); err != nil || earlier.Schema != custodySchema {
		return fmt.Errorf("vault: preserve: %s of an earlier run in %s cannot be read (%v); name a new folder", CustodyName, k.dest, err)
	}
	for _, item := range earlier.Items {
		k.number = max(k.number, item.Number)
		if item.State == ItemTaken || item.State == ItemChanged {
			k.before[item.Absolute] = append(k.before[item.Absolute], item)
			k.custody.Items = append(k.custody.Items, item)
		}
	}
	for n := 1; ; n++ {
		k.custody.Earlier = fmt.Sprintf("custody.%d.json", n)
		err := settle(filepath.Join(k.dest, CustodyName), filepath.Join(k.dest, k.custody.Earlier))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("vault: preserve: keep the earlier record: %w", err)
		}
		return nil
	}
}

// expand puts the files below a folder in the folder's place. What cannot be listed is recorded as failed; links to folders are
// named as such by take, not followed.
func (k *keeper) expand(paths []string) []string {
	var out []string
	for _, root := range paths {
		if fi, err := os.Stat(root); err != nil || !fi.IsDir() {
			out = append(out, root)
			continue
		}
		prefix := strings.TrimRightFunc(root, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }) + string(filepath.Separator)
		_ = filepath.WalkDir(prefix, func(path string, d fs.DirEntry, err error) error {
			rel, relErr := filepath.Rel(prefix, path)
			if err = errors.Join(err, relErr); err != nil {
				k.add(Item{Source: path, State: ItemFailed, Error: err.Error(), Owner: -1, Group: -1})
				return nil
			}
			if !d.IsDir() {
				out = append(out, prefix+rel) // as given: Join would clean it
			}
			return nil
		})
	}
	return out
}

// space refuses to begin what cannot be ended. Compression is not counted on.
func (k *keeper) space(paths []string) error {
	for _, path := range paths {
		if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
			k.of += fi.Size()
		}
	}
	need := k.of + k.of/100 + 4<<20 // and the records
	for _, items := range k.before {
		for i := range items {
			need -= items[i].Size
		}
	}
	free, err := k.o.free(k.dest)
	if err != nil {
		return fmt.Errorf("vault: preserve: ask for free space: %w", err)
	}
	if free < need {
		return fmt.Errorf("vault: preserve into %s: %w: %d bytes are needed and %d are free; nothing was copied; name a folder on another disk", k.dest, ErrNoSpace, need, free)
	}
	return nil
}

// take copies one original, or returns the item of an earlier run, which has its number. stop is set where the whole run must end.
func (k *keeper) take(ctx context.Context, path string, stop *error) Item {
	item := Item{Source: path, By: k.custody.By, Started: Moment{k.o.Now()}, Owner: -1, Group: -1}
	fail := func(err error) Item {
		err = full(err)
		if errors.Is(err, ErrNoSpace) || ctx.Err() != nil {
			*stop = err
		}
		item.State, item.Error, item.Copy, item.Ended = ItemFailed, err.Error(), "", Moment{k.o.Now()}
		return item
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fail(err)
	}
	item.Absolute = absolute
	if target, err := filepath.EvalSymlinks(absolute); err == nil && target != absolute {
		item.Target = target
	}
	from, err := openRegular(path)
	if err != nil {
		return fail(err)
	}
	defer from.Close()
	before, err := from.Stat()
	if err != nil {
		return fail(err)
	}
	item.describe(before)
	if k.o.KindOf != nil {
		item.Format = k.o.KindOf(path)
	}
	if kept, ok := k.kept(ctx, &item); ok {
		k.progress(kept.Size)
		return kept
	}
	item.Packed = k.o.Compress
	item.Copy, err = k.copy(ctx, from, &item)
	if err != nil {
		return fail(err)
	}
	item.State, item.Ended = ItemTaken, Moment{k.o.Now()}
	if after, err := os.Stat(path); err != nil {
		item.State, item.Note = ItemChanged, "the original is gone since it was copied"
	} else if !os.SameFile(before, after) {
		item.State, item.Note = ItemChanged, "another file has taken the original's place since it was copied"
	} else if after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		item.State = ItemChanged
		item.Note = fmt.Sprintf("the original changed while it was copied: %d bytes before, %d after", before.Size(), after.Size())
	}
	if item.Size != before.Size() {
		item.State, item.Note = ItemChanged, fmt.Sprintf("the original became shorter while it was copied: %d of %d bytes", item.Size, before.Size())
	}
	return item
}

// describe notes what the file system says.
func (i *Item) describe(fi fs.FileInfo) {
	i.Size, i.Modified, i.Mode = fi.Size(), Moment{fi.ModTime()}, fi.Mode().String()
	i.Device, i.Inode, i.Owner, i.Group = system(fi)
}

// kept returns the item of an earlier run where the original is as it was then and its copy still is what was copied.
func (k *keeper) kept(ctx context.Context, item *Item) (Item, bool) {
	for _, old := range k.before[item.Absolute] {
		if old.Size != item.Size || !old.Modified.Equal(item.Modified.Truncate(time.Millisecond)) || old.Inode != item.Inode || !filepath.IsLocal(filepath.FromSlash(old.Copy)) {
			continue
		}
		sum, err := k.readBack(ctx, filepath.Join(k.dest, filepath.FromSlash(old.Copy)), old.Packed)
		if err == nil && hex.EncodeToString(sum.SHA256[:]) == old.SHA256 {
			return old, true
		}
	}
	return Item{}, false
}

// copy writes the copy and reads it back. It returns the copy's path below the folder.
func (k *keeper) copy(ctx context.Context, from *os.File, item *Item) (string, error) {
	name := copyName(item.Absolute)
	if item.Packed {
		name += ".zst"
	}
	path := filepath.Join(k.dest, originals, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	temp := path + ".partial"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a run that was cut off
		return "", err
	}
	to, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	defer os.Remove(temp)
	sum, err := k.stream(ctx, to, io.LimitReader(from, item.Size), item.Packed)
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		return "", err
	}
	back, err := k.readBack(ctx, temp, item.Packed)
	if err != nil {
		return "", fmt.Errorf("read the copy back: %w", err)
	}
	if back.SHA256 != sum.SHA256 {
		return "", errors.New("read the copy back: it is not what was written; check the disk")
	}
	item.Size, item.SHA256, item.Root = sum.Size, hex.EncodeToString(sum.SHA256[:]), hex.EncodeToString(sum.Root[:])
	if err := errors.Join(os.Chtimes(temp, time.Time{}, item.Modified.Time), os.Chmod(temp, 0o400)); err != nil {
		return "", err
	}
	for n := 2; ; n++ {
		err := settle(temp, path)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) || n > 9999 {
			return "", err
		}
		path = filepath.Join(k.dest, originals, fmt.Sprintf("%s~%d", name, n))
	}
	below, err := filepath.Rel(k.dest, path)
	return filepath.ToSlash(below), err
}

// settle gives a finished file its name, and fails with fs.ErrExist where that is taken. A link does so by itself; media that
// know no links are asked first.
func settle(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	return os.Rename(temp, path)
}

// stream copies, digesting what the original has.
func (k *keeper) stream(ctx context.Context, to io.Writer, from io.Reader, packed bool) (Sum, error) {
	if k.o.wrap != nil {
		to = k.o.wrap(to)
	}
	d := NewDigest()
	out, finish := to, func() error { return nil }
	if packed {
		z, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return Sum{}, err
		}
		out, finish = z, z.Close
	}
	from = &cancelled{ctx, from}
	for {
		n, err := from.Read(k.buf)
		d.Write(k.buf[:n])
		if _, werr := out.Write(k.buf[:n]); werr != nil {
			return Sum{}, werr
		}
		k.progress(int64(n))
		if err == io.EOF {
			return d.Sum(), finish()
		}
		if err != nil {
			return Sum{}, err
		}
	}
}

func (k *keeper) progress(n int64) {
	if k.done += n; k.o.Progress != nil {
		k.o.Progress(k.done, max(k.of, k.done))
	}
}

// readBack digests a copy's content.
func (k *keeper) readBack(ctx context.Context, path string, packed bool) (Sum, error) {
	if !packed {
		return sumFile(ctx, path, -1)
	}
	f, err := openRegular(path)
	if err != nil {
		return Sum{}, err
	}
	defer f.Close()
	z, err := zstd.NewReader(&cancelled{ctx, f}, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return Sum{}, err
	}
	defer z.Close()
	d := NewDigest()
	_, err = io.CopyBuffer(struct{ io.Writer }{d}, struct{ io.Reader }{z}, k.buf)
	return d.Sum(), err
}

// copyName returns an absolute path as one below a folder.
func copyName(absolute string) string {
	volume := filepath.VolumeName(absolute)
	rest := strings.TrimLeft(absolute[len(volume):], `/\`)
	volume = strings.Trim(strings.NewReplacer(":", "", `\`, "_", "/", "_", "?", "_").Replace(volume), "_")
	return filepath.Join(volume, rest)
}

// finish writes the records and the manifest, whatever ended the run.
func (k *keeper) finish(stopped error) error {
	c := k.custody
	c.Ended = Moment{k.o.Now()}
	var formats []string
	for i := range c.Items {
		if c.Items[i].Format != "" {
			formats = append(formats, c.Items[i].Format)
		}
	}
	c.Outlook = NewOutlook(formats)
	if stopped != nil {
		stopped = fmt.Errorf("vault: preserve into %s: %w; %d of %d originals are taken and recorded; run the same command again to go on",
			k.dest, stopped, c.Count(ItemTaken)+c.Count(ItemChanged), len(c.Items))
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return errors.Join(stopped, fmt.Errorf("vault: encode the record of custody: %w", err))
	}
	page, err := c.HTML()
	errs := []error{stopped, err,
		writeWhole(filepath.Join(k.dest, CustodyName), append(text, '\n'), 0o600),
		writeWhole(filepath.Join(k.dest, "custody.html"), page, 0o600),
		writeWhole(filepath.Join(k.dest, "custody.md"), c.Markdown(), 0o600)}
	if k.o.Key != nil {
		// Also after an interrupt: the seal over what was taken must not depend on the same context.
		errs = append(errs, Seal(context.Background(), k.dest, NewManifest(k.o.Tool, k.o.Now()), *k.o.Key))
	}
	return errors.Join(errs...)
}
