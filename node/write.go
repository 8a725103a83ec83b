// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/report"
	"github.com/sekisho/sekisho/vault"
)

// write puts the case into its folder: the report first, case.json next, the manifest last, since it speaks of all others.
func (v *investigation) write(ctx context.Context, c *cases.Case, data *report.Data) error {
	dir := v.o.Out
	if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := report.Write(dir, data); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := cases.Write(&b, c); err != nil {
		return fmt.Errorf("node: write case.json: %w", err)
	}
	if err := putFile(filepath.Join(dir, "case.json"), b.Bytes()); err != nil {
		return err
	}
	if v.o.Preserve {
		if err := v.preserve(ctx); err != nil {
			return err
		}
	}
	return v.seal(ctx, c)
}

// seal writes the signed manifest over inputs and case.
func (v *investigation) seal(ctx context.Context, c *cases.Case) error {
	home := v.o.Home
	if home == "" {
		var err error
		if home, err = vault.Home(); err != nil {
			return fmt.Errorf("node: find the signing key: %w", err)
		}
	}
	key, _, err := vault.OpenKey(home)
	if err != nil {
		return fmt.Errorf("node: open the signing key: %w", err)
	}
	m := vault.NewManifest(v.o.Version, c.Generated.Time())
	for _, in := range v.plan.inputs {
		if in.tally.stats.Whole {
			m.Add(in.tally.sum.Entry(vault.KindInput, in.file.Path, in.file.Modified))
		}
	}
	return vault.Seal(ctx, v.o.Out, m, key)
}

// preserve copies the inputs into the case.
func (v *investigation) preserve(ctx context.Context) error {
	kinds := map[string]string{}
	for _, in := range v.plan.inputs {
		if in.primary != nil {
			kinds[in.file.Path] = in.primary.Name
		}
	}
	_, err := vault.Preserve(ctx, v.o.Paths, filepath.Join(v.o.Out, "preserved"), vault.PreserveOptions{Compress: true, KindOf: func(p string) string { return kinds[p] }})
	if err != nil {
		return fmt.Errorf("node: preserve the inputs: %w", err)
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
		return fmt.Errorf("node: write %s: %w", path, err)
	}
	return nil
}

// explain adds to errors of a full disk what to do about it.
func explain(err error, dir string) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("no room left in %s: free some or choose another --out; no case was written: %w", dir, err)
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

// answer turns a person's answer into what scoping takes. One that came through a mailbox has no weight while its owner's
// account is not cleared; since that is not known before scoping, it is kept without weight.
func (v *investigation) answer(i int) (breach.Answer, bool) {
	a := &v.o.Answers[i]
	if !a.Stands() {
		return breach.Answer{}, false
	}
	out := breach.Answer{Address: a.Subject.Address, Legitimate: a.Value == "yes", Unknown: a.Value == "unknown", By: a.By, Weightless: a.Via == "mailbox"}
	if !a.From.IsZero() {
		out.From = event.Of(a.From)
	}
	if !a.To.IsZero() {
		out.To = event.Of(a.To)
	}
	if a.Subject.Account != "" {
		out.Account = v.accountID(a.Subject.Account, 0)
	}
	if a.Question != "" && v.old != nil {
		for k := range v.old.Questions {
			if q := &v.old.Questions[k]; q.ID == a.Question {
				out.Account = v.accountID(q.Subject.Account, 0)
				if ip, err := netip.ParseAddr(q.Subject.Address); err == nil {
					out.Address = ip
				}
				return out, true
			}
		}
	}
	return out, out.Account != "" || out.Address.IsValid()
}
