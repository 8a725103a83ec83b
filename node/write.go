// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/report"
	"github.com/sekisho/sekisho/vault"
)

// write makes the case's files and puts them into the case folder: the report first, case.json next, the manifest last, since
// it speaks of all others.
func (v *investigation) write(ctx context.Context, c *cases.Case, data *report.Data) error {
	if err := report.Write(v.work, data); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := cases.Write(&b, c); err != nil {
		return event.Tell("case.json を書けません：%v", "write case.json: %v", err)
	}
	if err := putFile(filepath.Join(v.work, caseName), b.Bytes()); err != nil {
		return err
	}
	if err := errors.Join(v.writeAnswers(), v.writeGiven(), v.keepRevision(), v.keepMarks(), v.keepReviews()); err != nil {
		return err
	}
	back, err := v.carry()
	if err != nil {
		return err
	}
	if v.o.Preserve {
		err = v.preserve(ctx)
	}
	if err == nil {
		err = v.seal(ctx, c)
	}
	if err == nil {
		return v.place()
	}
	back()
	return err
}

// seal writes the signed manifest over inputs and case.
func (v *investigation) seal(ctx context.Context, c *cases.Case) error {
	home := v.o.Home
	if home == "" {
		var err error
		if home, err = vault.Home(); err != nil {
			return event.Tell("署名鍵の場所が分かりません：%v", "find the signing key: %v", err)
		}
	}
	key, _, err := vault.OpenKey(home)
	if err != nil {
		return event.Tell("署名鍵を開けません：%v", "open the signing key: %v", err)
	}
	m := vault.NewManifest(v.o.Version, c.Generated.Time())
	for _, in := range v.plan.inputs {
		if in.file.Within != "" {
			continue // the archive stands for it
		}
		e := in.tally.sum.Entry(vault.KindInput, in.file.Path, in.file.Modified)
		if !in.tally.stats.Whole {
			e.Unread = cmp.Or(in.tally.status, "not read to its end")
			if in.tally.err != nil {
				e.Unread += ": " + in.tally.err.Error()
			}
		}
		m.Add(e)
	}
	return vault.Seal(ctx, v.work, m, key)
}

// preserve copies the inputs into the case.
func (v *investigation) preserve(ctx context.Context) error {
	kinds := map[string]string{}
	var paths []string
	for _, in := range v.plan.inputs {
		if in.file.Path == "-" || in.file.Within != "" {
			continue // there is no original to go back to, or it is in an archive, which is kept whole
		}
		paths = append(paths, in.file.Path)
		if in.primary != nil {
			kinds[in.file.Path] = in.primary.Name
		}
	}
	_, err := vault.Preserve(ctx, paths, filepath.Join(v.work, preservedDir), vault.PreserveOptions{Compress: true, Tool: v.o.Version,
		KindOf: func(p string) string { return kinds[p] }})
	if err != nil {
		return event.Tell("入力を保全できません：%v", "preserve the inputs: %v", err)
	}
	return nil
}

// putFile writes a file whole and then puts it in its place.
func putFile(path string, b []byte) error {
	t := path + ".part"
	f, err := os.OpenFile(t, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(t, path)
	}
	if err != nil {
		os.Remove(t)
		return event.Tell("%s を書けません：%v", "write %s: %v", path, err)
	}
	return nil
}

// explain adds to errors of a full disk what to do about it.
func explain(err error, dir string) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return event.Tell("%s の空き容量がありません：空けるか、別の --out を指定してください。事案は書いていません：%v", "no room left in %s: free some or choose another --out; no case was written: %v", dir, err)
	}
	return err
}

// machineMemory returns the bytes of memory that the machine has, 4 GiB where it does not say.
func machineMemory() int64 {
	b, err := os.ReadFile("/proc/meminfo")
	if err == nil {
		for line := range strings.SplitSeq(string(b), "\n") {
			if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
				if n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
					return n << 10
				}
			}
		}
	}
	return 4 << 30
}
