// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestReadTileWhileItGrows: whoever reads a tile finds it while a fast writer puts ever wider ones in its place, and what is not there is soon told.
func TestReadTileWhileItGrows(t *testing.T) {
	dir := t.TempDir()
	path := func(w int) string { return filepath.Join(dir, tilePath(0, 0, w)) }
	if err := os.MkdirAll(filepath.Dir(path(1)), 0o700); err != nil {
		t.Fatal(err)
	}
	row := bytes.Repeat([]byte{7}, tileWidth*32)
	if err := os.WriteFile(path(1), row[:32], 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for w := 2; w < tileWidth; w++ {
			temp := filepath.Join(dir, "temp")
			if err := os.WriteFile(temp, row[:w*32], 0o600); err != nil {
				done <- err
				return
			}
			if err := os.Rename(temp, path(w)); err != nil {
				done <- err
				return
			}
			os.Remove(path(w - 1))
		}
		done <- nil
	}()
	for reads := 0; ; reads++ {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if readTile(dir, 0, 1, 3, 32) != nil {
				t.Error("a tile that is not there was read")
			}
			if took := time.Since(begun); took > time.Second {
				t.Errorf("%v to say that a tile is missing", took)
			}
			return
		default:
			if b := readTile(dir, 0, 0, 1, 32); !bytes.Equal(b, row[:32]) {
				t.Fatalf("read %d: %d bytes", reads, len(b))
			}
		}
	}
}
