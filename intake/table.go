// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// rows reads the rows of a Parquet file, whose bytes are m, and keeps them as lines of JSON: what its records are counted
// and cited in. Where that fails, the file stays one that is refused, with the reason.
func (u *unpacker) rows(f *File, m *member) error {
	if u.tables == nil {
		return nil
	}
	path := m.disk
	if path == "" || m.from != 0 || m.packed != u.outer.size { // a part of something else: the reader wants a file
		made, err := u.aside(m)
		if err != nil {
			return u.noRoom(f.Path, err)
		}
		defer os.Remove(made)
		path = made
	}
	r, w := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		err := u.tables(u.ctx, path, w)
		w.CloseWithError(err)
		failed <- err
	}()
	lines, broken, err := u.spool.keep(u.ctx, &unfolding{u: u, from: r}, true)
	r.CloseWithError(io.ErrClosedPipe)
	why := <-failed
	switch {
	case err != nil:
		return u.noRoom(f.Path, err)
	case errors.Is(broken, errUnfolds):
		u.spool.forget(lines.from)
		f.Note = words("行が多すぎるため読みません（展開爆弾の疑い）", "it has far too many rows for its size: a bomb, by the look of it")
	case broken != nil && lines.size == 0:
		f.Note = words(fmt.Sprintf("Parquet として読めません (%v)", why), fmt.Sprintf("its rows cannot be read (%v)", why))
	default:
		f.table = lines
		if broken != nil {
			f.Note = words(fmt.Sprintf("途中から読めません (%v)", why), fmt.Sprintf("its rows cannot be read to the end (%v)", why))
		}
	}
	return nil
}

// aside copies a member to a file of its own, under a name that is Sekisho's.
func (u *unpacker) aside(m *member) (path string, err error) {
	if m.size > u.spool.limit-u.spool.end {
		return "", errSpoolFull
	}
	from, closer, err := m.open(u.baseOf(m))
	if err != nil {
		return "", err
	}
	defer closer()
	to, err := os.CreateTemp(u.spool.dir, "sekisho-table-*")
	if err != nil {
		return "", fmt.Errorf("intake: unpack: %w", err)
	}
	_, err = io.Copy(to, &unfolding{u: u, from: from})
	if errors.Is(err, errUnfolds) || why(err) != nil { // the member is damaged: what there is of it will say so
		err = nil
	}
	if err = errors.Join(err, to.Close()); err != nil {
		os.Remove(to.Name())
		return "", fmt.Errorf("intake: unpack: %w", err)
	}
	return to.Name(), nil
}
