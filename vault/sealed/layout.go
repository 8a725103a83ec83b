// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// The two files that are read first, and written last, of a vault and of a replica.
const (
	KeyFile        = logName        // the log's name and public key
	CheckpointFile = checkpointName // what is signed
)

// File is one file of a vault that a replica is made from.
type File struct {
	Name string `json:"name"` // below the vault's folder, with slashes
	Size int64  `json:"size"` // bytes, when it was listed
}

// MostFiles bounds how many a vault is listed with.
const MostFiles = 1 << 20

// Files lists what a replica is made from: segments with their checkpoints, tiles, and what was stated of eras and holds. Files that are written just
// now are left out; they come with the next list. The vault may be written meanwhile.
func Files(dir string) ([]File, error) {
	var all []File
	for _, folder := range []string{segmentFolder, tileRoot, eraFolder, holdFolder} {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(p string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) { // not there yet, or tidied away just now
				return nil
			}
			if err != nil || e.IsDir() {
				return err
			}
			rel, err := filepath.Rel(dir, p)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(rel)
			fi, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) || err == nil && (!fi.Mode().IsRegular() || MaxFile(name) == 0) {
				return nil
			}
			if err != nil {
				return err
			}
			if len(all) >= MostFiles {
				return errors.New("sealed: the vault has too many files to list")
			}
			all = append(all, File{name, fi.Size()})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// MaxFile returns how large a file of a vault may be whose name, below its folder and with slashes, is given; 0: a vault has no such file that a
// replica is made from. Names come from other machines: none that it allows leads out of the folder.
func MaxFile(name string) int64 {
	if name == logName || name == checkpointName {
		return maxCheckpoint
	}
	if len(name) > 200 || path.Clean(name) != name || strings.ContainsAny(name, "\\\x00:") || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "..") {
		return 0
	}
	folder, rest, ok := strings.Cut(name, "/")
	if !ok {
		return 0
	}
	switch folder {
	case segmentFolder:
		if _, ok := parseSegment(rest); ok {
			return maxSegment
		}
		if s, ok := strings.CutSuffix(rest, sidecarEnd); ok {
			if _, ok := parseSegment(s); ok {
				return maxCheckpoint
			}
		}
	case tileRoot:
		if tileName(rest) {
			return maxBundle
		}
	case eraFolder, holdFolder:
		switch path.Ext(rest) {
		case eraEnd, eraKeyEnd, tombstoneEnd, holdEnd, releaseEnd:
			if !strings.Contains(rest, "/") && rest != path.Ext(rest) {
				return maxStatement
			}
		}
	}
	return 0
}

// tileName says whether it is made as tilePath makes it: a level, and then a number in groups of three digits, with a width where it is partial.
func tileName(name string) bool {
	for i, part := range strings.Split(name, "/") {
		if part == "" || strings.Trim(part, "0123456789") != "" && !(i == 0 && part == "entries") && !(i > 0 && tileGroup(part)) {
			return false
		}
	}
	return true
}

func tileGroup(part string) bool {
	part = strings.TrimSuffix(strings.TrimPrefix(part, "x"), ".p")
	return part != "" && strings.Trim(part, "0123456789") == ""
}

// Covered says of each segment, given the names of a list, whether a replica of so many blocks needs nothing of it any more.
func Covered(files []File, blocks int64) map[string]bool {
	var all []segment
	for _, f := range files {
		if s, ok := parseSegment(strings.TrimPrefix(f.Name, segmentFolder+"/")); ok {
			all = append(all, s)
		}
	}
	sortSegments(all)
	out := map[string]bool{}
	for i, s := range all {
		if i+1 < len(all) && all[i+1].Block < blocks {
			out[segmentFolder+"/"+s.name()] = true
		}
	}
	return out
}

// WriteFile puts a small file in its place, whole, in a folder that is made if it is missing.
func WriteFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return writeWhole(system{}, name, data, true)
}
