// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package sealed is the live vault: records are appended as they come in, durable before they are acknowledged, and stand in a log that
// shows any later change. It reads bytes, never what they mean.
//
//	l, opened, err := sealed.Open("/var/lib/sekisho/vault", sealed.Options{Key: key})
//	first, err := l.Append(ctx, records) // returns when they are on disk
//	err = l.Close()
//	report, err := sealed.Verify(ctx, "/var/lib/sekisho/vault", sealed.VerifyOptions{})
//
// A folder has one writer. Readers and verifiers need none, nor any key but the public one. docs/explanation/vault.md says what
// lies on disk and what is proven by it.
package sealed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// MaxRecord is how large a record may be.
const MaxRecord = 16 << 20

var (
	// ErrTooLarge says that a record is larger than MaxRecord.
	ErrTooLarge = errors.New("is too large")
	// ErrLocked says that another process writes this vault.
	ErrLocked = errors.New("another process writes this vault")
	// ErrBroken says that a write or its fsync failed: what lies on disk is not known, and nothing is acknowledged until the vault has
	// been opened again, which reads and writes its tail again.
	ErrBroken = errors.New("the vault takes no more records until it is opened again")
	// ErrEncrypted says that records are encrypted and the key to them was not given.
	ErrEncrypted = errors.New("are encrypted")
	// ErrExpired says that records were destroyed because their time was over.
	ErrExpired = errors.New("have expired")
	// ErrClosed says that the vault was closed.
	ErrClosed = errors.New("the vault is closed")
	// ErrDamaged says that what was acknowledged is not there, or not as it was.
	ErrDamaged = errors.New("sealed records are damaged or missing")
)

// Options of Open. Only Key must be given.
type Options struct {
	Key vault.Key
	// Origin names the log, if it is made: without spaces and plus signs, like a URL without scheme. Empty: sekisho/HOST/ and some letters.
	Origin     string
	MaxSegment int64         // bytes after which a segment ends; 0: 64 MiB
	MaxAge     time.Duration // time after which a segment ends; 0: an hour
	Every      time.Duration // how often a checkpoint is signed, if there is anything new; 0: 200 ms
	Retention  *Retention    // how long records are kept, and whether they are encrypted; nil: forever, and not
	MaxPending int           // bytes of records that wait for the disk before Append makes its callers wait; 0: 32 MiB
	Now        func() time.Time

	disk disk
}

// Opened says what was found when a vault was opened.
type Opened struct {
	Made    bool           // there was none
	Origin  string         // the log's name
	Blocks  int64          // that are there
	Next    event.Position // where the next record will stand
	Healed  int64          // blocks that were sealed but not in the log yet, and are now
	Rebuilt bool           // the log's tiles were made again from the segments
	Cut     *Cut           // a torn tail
	Expired int            // eras whose expiry a crash had interrupted, and that are gone now
	Left    error          // why such an expiry could not be brought to its end; the next Expire tries again
}

// Cut is the tail of a write that a crash tore. Nothing of it was acknowledged.
type Cut struct {
	Segment string
	Offset  int64
	Bytes   int64
}

// Log is the vault, open to write. Its methods may be called at the same time.
type Log struct {
	dir    string
	origin string
	o      Options
	lock   *os.File

	mu      sync.Mutex
	pending *batch        // what waits for the next commit
	room    chan struct{} // closed, and made anew, when what waited is being written
	busy    int           // batches that are on their way to the disk
	broken  error         // why nothing more is taken
	durable event.Position
	blocks  int64
	grown   chan struct{} // closed, and made anew, when durable has grown
	status  Status
	eras    *eras // the builder's
	held    *heldCount
	old     []string // months in which blocks without an era were sealed; of Expire

	wake    chan struct{} // to the builder: something waits
	built   chan *batch   // from the builder to the writer
	sealed  chan sealing  // from the writer to the log
	closing chan struct{}
	done    sync.WaitGroup
	stopped sync.Once
}

// Status is how the vault is doing.
type Status struct {
	Next       event.Position // where the next record will stand
	Blocks     int64
	Checkpoint int64 // blocks that the last checkpoint covers
	Signed     time.Time
	Error      string // why the log does not follow, or nothing is taken
}

// Open opens a vault to write, or makes one. What a crash left is put right and said in Opened; what was acknowledged and is not there
// is ErrDamaged, and then nothing is written.
func Open(dir string, o Options) (*Log, *Opened, error) {
	o.fill()
	l := &Log{dir: dir, o: o, room: make(chan struct{}), grown: make(chan struct{}), wake: make(chan struct{}, 1), built: make(chan *batch),
		sealed: make(chan sealing, 1024), closing: make(chan struct{})}
	opened, err := l.open()
	if err != nil {
		l.unlock()
		return nil, nil, fmt.Errorf("sealed: open %s: %w", dir, err)
	}
	return l, opened, nil
}

func (o *Options) fill() {
	if o.MaxSegment <= 0 {
		o.MaxSegment = 64 << 20
	}
	o.MaxSegment = min(o.MaxSegment, maxSegment/2)
	if o.MaxAge <= 0 {
		o.MaxAge = time.Hour
	}
	if o.Every <= 0 {
		o.Every = 200 * time.Millisecond
	}
	if o.MaxPending <= 0 {
		o.MaxPending = 32 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.disk == nil {
		o.disk = system{}
	}
}

func (l *Log) open() (*Opened, error) {
	if err := os.MkdirAll(filepath.Join(l.dir, segmentFolder), 0o700); err != nil {
		return nil, err
	}
	if err := l.takeLock(); err != nil {
		return nil, err
	}
	opened := new(Opened)
	var err error
	if l.origin, opened.Made, err = nameLog(l.o.disk, l.dir, l.o.Origin, l.o.Key); err != nil {
		return nil, err
	}
	w, t, err := l.recover(opened)
	if err != nil {
		return nil, err
	}
	if l.eras, err = l.openEras(); err != nil {
		w.file.Close()
		return nil, err
	}
	l.held = newHeldCount(l.dir, l.origin, l.o.Key.Public())
	opened.Expired, opened.Left = l.finishExpiry(context.Background())
	opened.Origin, opened.Blocks, opened.Next = l.origin, w.next.Block, w.next.First
	l.durable, l.blocks = w.next.First, w.next.Block
	l.status.Checkpoint, l.status.Signed = t.signed.Size, l.o.Now()
	l.pending = newBatch()
	l.done.Add(3)
	go l.build()
	go l.write(w)
	go l.follow(t)
	return opened, nil
}

const lockName = "lock"

func (l *Log) takeLock() error {
	f, err := os.OpenFile(filepath.Join(l.dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return fmt.Errorf("%w (%v)", ErrLocked, err)
	}
	l.lock = f
	return nil
}

func (l *Log) unlock() {
	if l.lock != nil {
		l.lock.Close()
	}
}

// logName is the file that names the log and its public key, in the form that verifiers of notes take.
const logName = "log.vkey"

// nameLog returns the log's name, which is given once.
func nameLog(d disk, dir, origin string, key vault.Key) (name string, made bool, err error) {
	path := filepath.Join(dir, logName)
	text, err := readSmall(path, 4<<10)
	if err == nil {
		name, public, err := parseVerifierKey(string(text))
		if err != nil {
			return "", false, fmt.Errorf("%s %w: %w", path, err, ErrDamaged)
		}
		if !public.Equal(key.Public()) {
			return "", false, fmt.Errorf("it is signed by the key %s, and the key given is %s: use that key, or another folder", vault.Fingerprint(public), key.Fingerprint())
		}
		return name, false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", false, err
	}
	all, err := listSegments(dir)
	if err != nil {
		return "", false, err
	}
	if len(all) > 0 {
		return "", false, fmt.Errorf("there are segments, and no %s to say whose they are: %w", logName, ErrDamaged)
	}
	if origin == "" {
		host, _ := os.Hostname()
		origin = fmt.Sprintf("sekisho/%s/%08x", host, uint32(newTag()))
		if !isOrigin(origin) {
			origin = fmt.Sprintf("sekisho/%08x", uint32(newTag()))
		}
	}
	if !isOrigin(origin) {
		return "", false, fmt.Errorf("%q cannot be the name of a log: no spaces and no plus signs", origin)
	}
	return origin, true, writeWhole(d, path, []byte(verifierKey(origin, key.Public())+"\n"), true)
}

// Origin returns the log's name.
func (l *Log) Origin() string { return l.origin }

// Status says how the vault is doing.
func (l *Log) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.status
	s.Next, s.Blocks = l.durable, l.blocks
	if l.broken != nil {
		s.Error = l.broken.Error()
	}
	return s
}

// Next returns the position after the last durable record, and a channel that is closed when that has grown.
func (l *Log) Next() (event.Position, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable, l.grown
}

// Close writes what waits, signs a last checkpoint and gives the folder free.
func (l *Log) Close() error {
	l.stopped.Do(func() {
		l.mu.Lock()
		if l.broken == nil {
			l.broken = ErrClosed
		}
		close(l.closing)
		l.mu.Unlock()
	})
	l.done.Wait()
	l.unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != ErrClosed { //nolint:errorlint // it is that very one or a fault
		return fmt.Errorf("sealed: close %s: %w", l.dir, l.broken)
	}
	if l.status.Error != "" {
		return fmt.Errorf("sealed: close %s: %s", l.dir, l.status.Error)
	}
	return nil
}

// Append seals records, in this order and next to one another, and returns the position of the first when all are durable; where they are of several classes, this
// holds for those of each. What it is given may be
// reused then. Where ctx ends before, it is not known whether they were sealed. An error that is vault.ErrNoSpace has taken nothing, and
// another try may succeed.
func (l *Log) Append(ctx context.Context, records []event.Received) (event.Position, error) {
	if len(records) == 0 {
		n, _ := l.Next()
		return n, nil
	}
	all, err := l.encodeAll(records)
	if err != nil {
		return 0, fmt.Errorf("sealed: append: %w", err)
	}
	b, err := l.enqueue(ctx, all)
	if err != nil {
		return 0, fmt.Errorf("sealed: append: %w", err)
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		return 0, fmt.Errorf("sealed: append: %w", ctx.Err())
	}
	if b.err != nil {
		return 0, fmt.Errorf("sealed: append: %w", b.err)
	}
	return b.first + all[0].at, nil
}

// enqueue puts encoded records with what waits.
func (l *Log) enqueue(ctx context.Context, all []*encoded) (*batch, error) {
	bytes := 0
	for _, e := range all {
		bytes += len(e.bytes)
	}
	l.mu.Lock()
	for {
		if l.broken != nil {
			err := l.broken
			l.mu.Unlock()
			return nil, err
		}
		// Records that are larger than the bound together pass alone.
		if b := l.pending; b.bytes == 0 || b.bytes+bytes <= l.o.MaxPending {
			for _, e := range all {
				b.add(e)
			}
			l.mu.Unlock()
			l.nudge()
			return b, nil
		}
		room := l.room
		l.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		l.mu.Lock()
	}
}
