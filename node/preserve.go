// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/intake"
	"github.com/sekisho/sekisho/vault"
)

// KindOf returns a function that says which format a file is, by its content; empty if none is recognised or the file
// cannot be read. It knows the formats of one's own in the folder dir, if one is named. It is owned by one goroutine.
func KindOf(ctx context.Context, dir string) (func(path string) string, error) {
	all, err := knownFormats(nil, dir)
	if err != nil {
		return nil, err
	}
	return func(path string) string {
		src, err := intake.Open(intake.File{Path: path}, intake.Options{})
		if err != nil {
			return ""
		}
		defer src.Close()
		head, _ := src.Head(sniffed)
		recs, _ := sample(ctx, src, head)
		guesses := formats.Recognise(all, recs)
		if len(guesses) == 0 {
			return ""
		}
		return guesses[0].Format.Name
	}, nil
}

// Preserve copies originals into the folder out, names the format of each and seals the folder with this machine's key.
// The record of custody is returned also where an error ended the run; it is nil if nothing was begun. A folder that lies
// below one of the paths is refused: it would be copied into itself.
func Preserve(ctx context.Context, paths []string, out string, o vault.PreserveOptions) (*vault.Custody, error) {
	if len(paths) == 0 {
		return nil, event.Tell("保全する対象がありません：ファイルかフォルダを指定してください", "nothing to preserve: give files or folders")
	}
	missing := 0
	for _, p := range paths {
		// One that is missing does not keep the others from safety: it is recorded as not taken.
		if _, err := os.Stat(p); errors.Is(err, fs.ErrNotExist) {
			if missing++; missing == len(paths) {
				return nil, event.Tell("%s がありません。何も複製していません", "preserve: there is no %s; nothing was copied", p)
			}
		}
		if inside(p, out) {
			return nil, event.Tell("保全先 %s が保全対象 %s の中にあります：外のフォルダを指定してください", "preserve: the folder %s lies in %s, which is to be preserved: name a folder outside it", out, p)
		}
	}
	home, err := vault.Home()
	if err != nil {
		return nil, event.Tell("署名鍵の場所が分かりません：%v", "find the signing key: %v", err)
	}
	key, _, err := vault.OpenKey(home)
	if err != nil {
		return nil, event.Tell("署名鍵を開けません：%v", "open the signing key: %v", err)
	}
	o.Key = &key
	if o.KindOf == nil {
		if o.KindOf, err = KindOf(ctx, ""); err != nil {
			return nil, err
		}
	}
	return vault.Preserve(ctx, paths, out, o)
}

// inside says whether path is folder, or lies below it.
func inside(folder, path string) bool {
	a, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	b, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(a, b)
	return err == nil && filepath.IsLocal(rel)
}
