// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/s2"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// A file of sightings is a row of blocks. A block is a header (bytes that follow, bytes when unpacked, CRC-32C of what follows, set of
// classes; four bytes each, big-endian) and S2-compressed sightings in canonical order, written as a state is.
const (
	blockMost   = 1024     // sightings
	blockBytes  = 64 << 20 // more than any block has: a record is at most a few MiB
	blockHeader = 16
)

// ErrDamaged is returned for a folder whose files are not what was written.
var ErrDamaged = errors.New("live: damaged")

// files are the files of a watch's folder.
type files struct {
	dir    string
	made   int64            // names given
	synced map[string]int64 // how long files were when they were synced
	block  *detect.Plan
	raw    []byte
	out    []byte
}

type sightings struct{ all []kept }

func newFiles(dir string) (files, error) {
	p, err := detect.PlanOf(&sightings{})
	return files{dir: dir, block: p, synced: map[string]int64{}}, err
}

func (f *files) path(name string) string { return filepath.Join(f.dir, name) }

// name returns a name that no file has had since the folder began.
func (f *files) name(kind string) string {
	f.made++
	return fmt.Sprintf("%s-%d", kind, f.made)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// write appends blocks at the end of the file, which is size bytes long, and returns its new size.
func (f *files) write(name string, size int64, all []kept) (int64, error) {
	file, err := os.OpenFile(f.path(name), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return size, fmt.Errorf("live: write sightings: %w", err)
	}
	defer file.Close()
	for len(all) > 0 {
		n := min(len(all), blockMost)
		b, err := f.pack(all[:n])
		if err != nil {
			return size, err
		}
		if _, err := file.WriteAt(b, size); err != nil {
			return size, fmt.Errorf("live: write sightings: %w", err)
		}
		size += int64(len(b))
		all = all[n:]
	}
	return size, file.Close()
}

func (f *files) pack(all []kept) ([]byte, error) {
	raw, err := f.block.Append(f.raw[:0], &sightings{all})
	if err != nil {
		return nil, err
	}
	if len(raw) > blockBytes {
		if len(all) == 1 {
			return nil, fmt.Errorf("live: write sightings: one of %d bytes", len(raw))
		}
		a, err := f.pack(all[:len(all)/2])
		if err != nil {
			return nil, err
		}
		a = append([]byte(nil), a...)
		b, err := f.pack(all[len(all)/2:])
		return append(a, b...), err
	}
	f.raw = raw
	f.out = append(f.out[:0], make([]byte, blockHeader)...)
	if most := s2.MaxEncodedLen(len(raw)) + blockHeader; cap(f.out) < most {
		f.out = make([]byte, blockHeader, most)
	}
	packed := s2.Encode(f.out[blockHeader:cap(f.out)], raw)
	f.out = f.out[:blockHeader+len(packed)]
	var classes detect.ClassSet
	for i := range all {
		classes |= 1 << all[i].Event.Class
	}
	binary.BigEndian.PutUint32(f.out, uint32(len(packed)))
	binary.BigEndian.PutUint32(f.out[4:], uint32(len(raw)))
	binary.BigEndian.PutUint32(f.out[8:], crc32.Checksum(packed, castagnoli))
	binary.BigEndian.PutUint32(f.out[12:], uint32(classes))
	return f.out, nil
}

// stream gives sightings in canonical order, and nil at the end. What it gives is valid until it is asked again.
type stream interface{ next() (*kept, error) }

// blocks reads a file of sightings up to a size. Blocks without the classes that are wanted are not even unpacked.
type blocks struct {
	f      *files
	file   *os.File
	left   int64
	at     int64
	find   func(*event.Account) *event.Account
	wanted detect.ClassSet
	all    []kept
	i      int
}

// everyClass is the set of all classes.
const everyClass = ^detect.ClassSet(0)

func (f *files) read(name string, size int64, find func(*event.Account) *event.Account, wanted detect.ClassSet) (*blocks, error) {
	file, err := os.Open(f.path(name))
	if err != nil {
		return nil, fmt.Errorf("live: read sightings: %w", err)
	}
	return &blocks{f: f, file: file, left: size, find: find, wanted: wanted}, nil
}

func (b *blocks) next() (*kept, error) {
	for b.i >= len(b.all) {
		more, err := b.load()
		if err != nil {
			return nil, fmt.Errorf("%w: %s at byte %d: %w", ErrDamaged, filepath.Base(b.file.Name()), b.at, err)
		}
		if !more {
			return nil, nil
		}
	}
	b.i++
	return &b.all[b.i-1], nil
}

func (b *blocks) load() (bool, error) {
	b.all, b.i = nil, 0
	for {
		if b.left == 0 {
			return false, nil
		}
		var head [blockHeader]byte
		if _, err := b.file.ReadAt(head[:], b.at); err != nil {
			return false, err
		}
		packed, raw := int64(binary.BigEndian.Uint32(head[:])), int64(binary.BigEndian.Uint32(head[4:]))
		if packed > b.left-blockHeader || raw > blockBytes {
			return false, errors.New("a length that cannot be")
		}
		at := b.at + blockHeader
		b.at += blockHeader + packed
		b.left -= blockHeader + packed
		if detect.ClassSet(binary.BigEndian.Uint32(head[12:]))&b.wanted == 0 {
			continue
		}
		return true, b.unpack(head[:], at, packed, raw)
	}
}

func (b *blocks) unpack(head []byte, at, packed, raw int64) error {
	data := make([]byte, packed)
	if _, err := b.file.ReadAt(data, at); err != nil {
		return err
	}
	if crc32.Checksum(data, castagnoli) != binary.BigEndian.Uint32(head[8:]) {
		return errors.New("the sum is wrong")
	}
	if n, err := s2.DecodedLen(data); err != nil || int64(n) != raw {
		return errors.New("a length that cannot be")
	}
	data, err := s2.Decode(nil, data)
	if err != nil {
		return err
	}
	var s sightings
	if err := b.f.block.Read(data, &s, b.find); err != nil {
		return err
	}
	b.all = s.all
	return nil
}

func (b *blocks) close() error { return b.file.Close() }

// memory is a stream of what lies in memory.
type memory struct {
	list []*waiting
	i    int
}

func (m *memory) next() (*kept, error) {
	if m.i >= len(m.list) {
		return nil, nil
	}
	m.i++
	return &m.list[m.i-1].kept, nil
}

// merged puts streams together, and leaves out what is the same event as the one before it.
type merged struct {
	from  []stream
	heads []*kept
	last  *kept
	began bool
	twice int64 // left out
}

func (m *merged) next() (*kept, error) {
	if !m.began {
		m.began = true
		m.heads = make([]*kept, len(m.from))
		for i := range m.from {
			if err := m.pull(i); err != nil {
				return nil, err
			}
		}
	}
	for {
		best := -1
		for i, h := range m.heads {
			if h != nil && (best < 0 || compare(h, m.heads[best]) < 0) {
				best = i
			}
		}
		if best < 0 {
			return nil, nil
		}
		// A stream's own copies stay where they are until its next block is loaded, which does not overwrite them.
		k := m.heads[best]
		if err := m.pull(best); err != nil {
			return nil, err
		}
		if m.last != nil && same(m.last, k) {
			m.twice++
			continue
		}
		m.last = k
		return k, nil
	}
}

func (m *merged) pull(i int) (err error) {
	m.heads[i], err = m.from[i].next()
	return err
}

// tail is the end of a file of sightings that is being written, not all of it in the file yet.
type tail struct {
	Name  string
	Size  int64
	Count int64
	open  []kept
}

func (t *tail) add(f *files, k kept) error {
	if t.Name == "" {
		t.Name = f.name("sightings")
	}
	t.open = append(t.open, k)
	t.Count++
	if len(t.open) < blockMost {
		return nil
	}
	return t.flush(f)
}

func (t *tail) flush(f *files) (err error) {
	if len(t.open) == 0 {
		return nil
	}
	t.Size, err = f.write(t.Name, t.Size, t.open)
	clear(t.open)
	t.open = t.open[:0]
	return err
}
