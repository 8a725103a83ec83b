// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/detect/live"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault/sealed"
)

// RebuildOptions say from which live system's vault what is derived is made again, and where. Config, Profile, Log and Out must be set.
type RebuildOptions struct {
	Config  *config.Serve
	Profile *config.Profile
	Version string
	Log     *slog.Logger
	Out     string // a folder that is not there yet, or is empty

	issue time.Duration // as of ServeOptions; for tests
	after time.Duration // how long the time goes on after the last record, so that findings become final; for tests
}

// Rebuilt is what was made again, and how it compares with what the live system sealed when it found it.
type Rebuilt struct {
	Records  int64     `json:"records"` // of senders, that were read
	Parsed   int64     `json:"parsed"`
	Unparsed int64     `json:"unparsed"`
	Events   int64     `json:"events"`
	Repeated int64     `json:"repeated_records"` // that a sender sent again because an answer was lost, counted once
	Gone     int64     `json:"expired_records"`  // passed over, because they have expired
	From     time.Time `json:"from,omitzero"`    // when the first record that is still there was received
	Since    time.Time `json:"since,omitzero"`   // from when on no record is missing; zero: there is none after what has expired, or none has expired
	Until    time.Time `json:"until,omitzero"`   // when the last record was sealed
	Findings int       `json:"findings"`         // made again, without those that were taken back
	Compared Compared  `json:"compared"`
}

// Rebuild reads all records that the vault of a live system still has, as its watch does when it begins anew, and writes to Out what that finds: findings.jsonl
// and the watch's state, in the form of the data folder. It needs no writer, changes nothing of the vault, and may run beside the live system. It trusts the
// vault's checksums: whether records were changed is for verify.
func Rebuild(ctx context.Context, o RebuildOptions) (_ *Rebuilt, err error) {
	c := *o.Config
	kept, err := vaultRetention(c.Retention)
	if err != nil {
		return nil, err
	}
	var kek *sealed.KEK
	if kept != nil {
		kek = kept.KEK
	}
	folder := c.Data
	if _, err := os.Stat(filepath.Join(folder, "vault")); err != nil {
		return nil, event.Tell("%s に保管庫がありません（%v）：設定の data を確認してください", "there is no vault in %s (%v): look at data in the configuration", folder, err)
	}
	if err := emptyFolder(o.Out); err != nil {
		return nil, err
	}
	records, err := sealed.NewKeyReader(filepath.Join(folder, "vault"), 0, kek)
	if err != nil {
		return nil, err
	}
	defer records.Close()
	c.Data, c.Follow = o.Out, nil // how far files were followed is read with the rest
	s := &server{o: ServeOptions{Config: &c, Profile: o.Profile, Version: o.Version, Log: o.Log, issue: o.issue}, log: o.Log}
	if s.rules, err = s.readRules(); err != nil {
		return nil, err
	}
	r := &rebuilder{after: o.after, out: &Rebuilt{}, found: newFindingStates(), sealed: newFindingStates()}
	if r.watcher, err = newWatcher(s); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.watcher.close()) }()
	file, err := os.OpenFile(filepath.Join(o.Out, findingsName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("node: write the findings: %w", err)
	}
	defer file.Close()
	r.to = bufio.NewWriter(file)
	r.watcher.tell = r.tell
	if err := r.read(ctx, records); err != nil {
		return nil, err
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	if err := errors.Join(r.to.Flush(), file.Sync()); err != nil {
		return nil, fmt.Errorf("node: write the findings: %w", err)
	}
	told := newFindingStates()
	if err := told.readFile(filepath.Join(folder, findingsName)); err != nil {
		return nil, err
	}
	r.out.Findings = r.found.standing()
	r.out.Compared = compareFindings(r.found, r.sealed, told, r.gone)
	return r.out, nil
}

// emptyFolder makes a folder, and refuses one that holds something.
func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return event.Tell("%s を作成できません：%v", "make the folder %s: %v", dir, err)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return event.Tell("%s を読めません：%v", "read the folder %s: %v", dir, err)
	}
	if len(list) > 0 {
		return event.Tell("%s は空ではありません：新しいフォルダを指定してください", "%s is not empty: name a new folder", dir)
	}
	return nil
}

// rebuilder reads a vault once from its beginning.
type rebuilder struct {
	after   time.Duration
	watcher *watcher
	out     *Rebuilt
	to      *bufio.Writer
	found   *findingStates // made again
	sealed  *findingStates // as the live system sealed them
	gone    []span         // positions that have expired
	next    event.Position
	last    event.Micros
}

// span is positions from From to before To.
type span struct{ From, To event.Position }

func (r *rebuilder) read(ctx context.Context, from *sealed.Reader) error {
	said := time.Now()
	for {
		first, records, err := from.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if first > r.next {
			r.gone = append(r.gone, span{r.next, first})
			r.out.Gone += int64(first - r.next)
			r.out.Since = records[0].At.Time()
		}
		r.next = first + event.Position(len(records))
		for i := range records {
			if r.out.From.IsZero() {
				r.out.From = records[i].At.Time()
			}
			r.last = max(r.last, records[i].At)
			if records[i].Source != ourSource {
				r.out.Records++
			} else if records[i].From == "finding" {
				if err := r.sealed.readSealed(records[i].Data); err != nil {
					return fmt.Errorf("node: record %d: %w", first+event.Position(i), err)
				}
			}
		}
		if err := r.watcher.take(first, records); err != nil {
			return err
		}
		if time.Since(said) >= saveEvery {
			said = time.Now()
			r.watcher.s.log.Info("making findings again", "records", int64(r.next), "until", r.last.Time())
		}
	}
}

// end lets the time go on to the last record's, and to one more look, and keeps where the watch stands.
func (r *rebuilder) end() error {
	w := r.watcher
	if r.next > 0 {
		if err := w.late(r.last, -1, r.next); err != nil { // nothing more comes that could be compared
			return err
		}
		look := r.last.Add(lookEvery(w.s.o.issue))
		for _, at := range []event.Micros{r.last, look, max(look, r.last.Add(r.after))} {
			if err := w.advance(at); err != nil {
				return err
			}
		}
		r.out.Until = r.last.Time()
	}
	r.out.Parsed, r.out.Unparsed, r.out.Events = w.parsed.Load(), w.unparsed.Load(), w.events.Load()
	r.out.Repeated, w.warm = w.repeated.Load(), nil
	return w.save()
}

// lookEvery is the time between two looks at what was found.
func lookEvery(issue time.Duration) time.Duration {
	if issue > 0 {
		return issue
	}
	return time.Minute
}

// tell writes a revision as the live system does, but seals nothing and tells nobody.
func (r *rebuilder) tell(rev *live.Revision, names []string) error {
	one := toldOf(rev, names)
	b, err := json.Marshal(one)
	if err != nil {
		return err
	}
	if _, err := r.to.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("node: write the findings: %w", err)
	}
	return r.found.add(one)
}
