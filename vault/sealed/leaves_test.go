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

// TestReadTileWhileItGrows: whoever reads a tile finds it while a fast writer puts ever wider ones in its place.
func TestReadTileWhileItGrows(t *testing.T) {
	for range 15 { // three tries in a row, as there once were, failed in about one of fifty
		readWhileItGrows(t)
	}
}

func readWhileItGrows(t *testing.T) {
	dir := t.TempDir()
	path := func(w int) string { return filepath.Join(dir, tilePath(0, 0, w)) }
	ready := func(w int) string { return filepath.Join(dir, filepath.Base(path(w))) } // so that nothing but their names takes the writer time
	if err := os.MkdirAll(filepath.Dir(path(1)), 0o700); err != nil {
		t.Fatal(err)
	}
	row := bytes.Repeat([]byte{7}, tileWidth*32)
	for w := 1; w < tileWidth; w++ {
		if err := os.WriteFile(ready(w), row[:w*32], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(ready(1), path(1)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for w := 2; w < tileWidth; w++ {
			if err := os.Rename(ready(w), path(w)); err != nil {
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
			return
		default:
			if b := readTile(dir, 0, 0, 1, 32); !bytes.Equal(b, row[:32]) {
				<-done
				t.Fatalf("read %d: %d bytes", reads, len(b))
			}
		}
	}
}

// TestReadTileMissing: what is not there is soon told.
func TestReadTileMissing(t *testing.T) {
	begun := time.Now()
	if readTile(t.TempDir(), 0, 1, 3, 32) != nil {
		t.Error("a tile that is not there was read")
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("%v to say that a tile is missing", took)
	}
}
