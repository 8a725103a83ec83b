// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/vault"
)

const (
	holdFolder     = "holds"
	holdEnd        = ".hold"
	releaseEnd     = ".release"
	retentionLock  = "retention.lock"
	maxHoldText    = 1000 // bytes of who and why
	everythingHeld = "*"
)

// Hold keeps records from expiring, whatever their age, until it is released. It is signed, and so is its release; neither is ever removed.
type Hold struct {
	Number int    `json:"number"`
	Class  string `json:"class"`          // "*": of every class
	From   string `json:"from,omitempty"` // RFC 3339; of when records were sealed; empty: from the first on
	To     string `json:"to,omitempty"`   // exclusive; empty: without end
	By     string `json:"by"`
	Why    string `json:"why"`
	At     string `json:"at"`

	Released *Release `json:"-"` // nil: it is in force
}

// Release ends a hold.
type Release struct {
	Number int    `json:"number"`
	By     string `json:"by"`
	Why    string `json:"why"`
	At     string `json:"at"`
}

// ErrRetentionBusy says that another process places a hold, or lets records expire, just now.
var ErrRetentionBusy = errors.New("records are expiring, or a hold is being placed, just now: try again")

func holdPath(dir string, number int, end string) string {
	return filepath.Join(dir, holdFolder, fmt.Sprintf("%06d%s", number, end))
}

// readHolds reads the holds of a folder. They are numbered without gaps: one that is not there was removed.
func (b *book) readHolds(dir string) {
	entries, _ := os.ReadDir(filepath.Join(dir, holdFolder))
	last := 0
	for _, e := range entries[:min(len(entries), maxEra)] {
		name := holdFolder + "/" + e.Name()
		b.known[name] = !strings.HasSuffix(name, partial)
		text, err := readSmall(filepath.Join(dir, name), maxStatement)
		switch filepath.Ext(name) {
		case holdEnd:
			h := new(Hold)
			if err != nil || readStatement(text, b.origin, b.public, sayHold, h) != nil || filepath.Base(holdPath("", h.Number, holdEnd)) != e.Name() || h.bad() {
				b.bad = append(b.bad, name)
				continue
			}
			b.holds = append(b.holds, h)
			last = max(last, h.Number)
		case releaseEnd:
			r := new(Release)
			if err != nil || readStatement(text, b.origin, b.public, sayRelease, r) != nil || filepath.Base(holdPath("", r.Number, releaseEnd)) != e.Name() {
				b.bad = append(b.bad, name)
				continue
			}
			for _, h := range b.holds { // its name stands before that of its release
				if h.Number == r.Number {
					h.Released = r
				}
			}
		case partial:
		default:
			b.known[name] = false
		}
	}
	for n := 1; n <= last; n++ {
		name := holdFolder + "/" + filepath.Base(holdPath("", n, holdEnd))
		if !slices.ContainsFunc(b.holds, func(h *Hold) bool { return h.Number == n }) && !slices.Contains(b.bad, name) {
			b.bad = append(b.bad, name)
		}
	}
}

func (h *Hold) bad() bool {
	_, err := h.span(h.From)
	_, err2 := h.span(h.To)
	return h.Number < 1 || err != nil || err2 != nil
}

func (h *Hold) span(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, text)
}

// Keeps says whether the hold keeps what was sealed between two times, to exclusive.
func (h *Hold) Keeps(class string, from, to time.Time) bool {
	if h.Released != nil || h.Class != everythingHeld && h.Class != class {
		return false
	}
	a, _ := h.span(h.From)
	b, _ := h.span(h.To)
	return (h.From == "" || a.Before(to)) && (h.To == "" || b.After(from))
}

// PlaceHold places a hold on a vault, which may be running. Number and At are given to it. Where it returns without an error no record that it names, and that is there
// now, expires.
func PlaceHold(dir string, key vault.Key, h Hold) (placed *Hold, err error) {
	if h.Class == "" {
		h.Class = everythingHeld
	}
	if h.Class != everythingHeld && !isClass(h.Class) {
		return nil, fmt.Errorf("sealed: hold: %q is no class: small letters, digits, - and _", h.Class)
	}
	err = change(dir, key, "hold", h.By, h.Why, func(b *book) error {
		h.Number = 1
		for _, x := range b.holds {
			h.Number = max(h.Number, x.Number+1)
		}
		h.At = time.Now().UTC().Format(time.RFC3339)
		if a, err := h.span(h.From); err != nil {
			return err
		} else if z, err := h.span(h.To); err != nil {
			return err
		} else if h.From != "" && h.To != "" && !a.Before(z) {
			return errors.New("its end is not after its beginning")
		}
		return writeStatement(system{}, holdPath(dir, h.Number, holdEnd), key, b.origin, sayHold, &h)
	})
	return &h, err
}

// ReleaseHold ends a hold.
func ReleaseHold(dir string, key vault.Key, r Release) error {
	return change(dir, key, "release a hold", r.By, r.Why, func(b *book) error {
		i := slices.IndexFunc(b.holds, func(h *Hold) bool { return h.Number == r.Number })
		if i < 0 {
			return fmt.Errorf("there is no hold %d", r.Number)
		}
		if b.holds[i].Released != nil {
			return fmt.Errorf("hold %d was released already, by %s", r.Number, b.holds[i].Released.By)
		}
		r.At = time.Now().UTC().Format(time.RFC3339)
		return writeStatement(system{}, holdPath(dir, r.Number, releaseEnd), key, b.origin, sayRelease, &r)
	})
}

func writeStatement(d disk, path string, key vault.Key, origin, kind string, what any) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	text, err := sign(key, origin, kind, what)
	if err != nil {
		return err
	}
	if err := writeWhole(d, path, text, true); err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(filepath.Dir(path)))
}

// change does something to the holds of a vault while nothing expires.
func change(dir string, key vault.Key, act, by, why string, do func(*book) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("sealed: %s: %w", act, err)
		}
	}()
	if strings.TrimSpace(by) == "" || strings.TrimSpace(why) == "" || len(by) > maxHoldText || len(why) > maxHoldText {
		return fmt.Errorf("say who and why, in at most %d bytes each", maxHoldText)
	}
	b, err := openBook(dir)
	if err != nil {
		return err
	}
	if !key.Public().Equal(b.public) {
		return fmt.Errorf("the vault is signed by the key %s, and the key given is %s", vault.Fingerprint(b.public), key.Fingerprint())
	}
	free, err := lockRetention(dir, 10*time.Second)
	if err != nil {
		return err
	}
	defer free()
	b = readBook(dir, b.origin, b.public)
	// Another one in the place of the one that was taken away would hide that.
	if b.holdsGone(int(heldInLog(dir, b.origin, b.public))) {
		return fmt.Errorf("holds or releases that the log has counted are not there: put them back from a replica; until then nothing expires: %w", ErrDamaged)
	}
	return do(b)
}

// lockRetention keeps holds and expiry apart.
func lockRetention(dir string, patience time.Duration) (free func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, retentionLock), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if err = lockFile(f); err == nil {
			return func() { f.Close() }, nil
		}
		if time.Since(begun) > patience {
			f.Close()
			return nil, fmt.Errorf("%w (%v)", ErrRetentionBusy, err)
		}
	}
}

// Holds returns the holds of a vault, released ones too.
func Holds(dir string) ([]*Hold, error) {
	b, err := openBook(dir)
	if err != nil {
		return nil, fmt.Errorf("sealed: read the holds of %s: %w", dir, err)
	}
	b.holdsGone(int(heldInLog(dir, b.origin, b.public)))
	for _, name := range b.bad {
		if strings.HasPrefix(name, holdFolder) {
			return b.holds, fmt.Errorf("sealed: read the holds of %s: %s is not there, or was changed after it was signed: put it back from a replica: %w", dir, name, ErrDamaged)
		}
	}
	return b.holds, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
