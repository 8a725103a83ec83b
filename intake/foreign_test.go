// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestForeign checks that what is not read is called by its name, alone and in an archive, and that it is said what to do.
func TestForeign(t *testing.T) {
	for _, tt := range []struct{ name, head, what, do string }{
		{"7z", "7z\xbc\xaf\x27\x1c\x00\x04", "(7z)", "unpack it, with 7z for example, and give the folder"},
		{"rar 5", "Rar!\x1a\x07\x01\x00", "(rar)", "with unrar for example, and give the folder"},
		{"rar 4", "Rar!\x1a\x07\x00", "(rar)", "give the folder"},
		{"lz4", "\x04\x22\x4d\x18", "(lz4)", "give the folder"},
		{"lzh", "\x20\x4c-lh5-\x00", "(lzh)", "with lha"},
		{"cab", "MSCF\x00\x00\x00\x00", "(cab)", "with 7z"},
		{"compress", "\x1f\x9d\x90ab", "(compress)", "with uncompress"},
		{"lzip", "LZIP\x01\x0c", "(lzip)", "with lzip"},
		{"lzma", "\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", "(lzma)", "with xz"},
		{"lzop", "\x89LZO\x00\r\n\x1a\n", "(lzop)", "with lzop"},
		{"openssl", "Salted__01234567", "is encrypted", "decrypt it"},
		{"pgp", "-----BEGIN PGP MESSAGE-----\n\nhQ", "is encrypted", "decrypt it"},
		{"age", "age-encryption.org/v1\n-> X25519", "is encrypted", "decrypt it"},
		{"journal", "LPKSHHRH\x00\x00\x00\x00", "journal of systemd", "journalctl --file="},
		{"pcap", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "capture of packets", "Zeek or Suricata"},
		{"pcapng", "\n\r\r\n\x1c\x00\x00\x00\x4d\x3c\x2b\x1a", "capture of packets", "Zeek or Suricata"},
		{"nfcapd", "\x0c\xa5\x01\x00", "nfdump", "-o csv"},
		{"sqlite", "SQLite format 3\x00", "database of SQLite", "sqlite3 -csv"},
		{"xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a document", "save it as CSV"},
		{"evt", "0\x00\x00\x00LfLe\x01", "Windows XP", "wevtutil epl"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := append([]byte(tt.head), make([]byte, 600)...)
			refused(t, &File{Path: written(t, data)}, tt.what, tt.do)
			zip := written(t, rawZip(rawMember{name: "in.bin", data: data, size: uint32(len(data)), sum: crc32.ChecksumIEEE(data), at: -1}))
			in, err := Discover([]string{zip}, Search{TempDir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			if err := in.Unpack(t.Context(), Search{TempDir: t.TempDir()}); err != nil {
				t.Fatal(err)
			}
			for i := range in.Files {
				if strings.HasSuffix(in.Files[i].Path, "in.bin") {
					refused(t, &in.Files[i], tt.what, tt.do)
					return
				}
			}
			t.Errorf("the member is not there: %v", in.Problems)
		})
	}
	for _, text := range []string{"LZIPPED 3 files\n", "Salted_ fish\n", "]\x00\x00 no lzma", "-lh is an option\n", "%PD not a document\n", "MSCF log\n", "\x1f\x9d"} {
		if c := recognise([]byte(text)); c != Plain {
			t.Errorf("%q is taken for %v", text, c)
		}
	}
}

func written(t *testing.T, data []byte) string {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// refused checks what is said of a file when it is read.
func refused(t *testing.T, f *File, what, do string) {
	t.Helper()
	s, err := Open(*f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Records(t.Context(), event.FrameLines, func(*event.Record) error {
		t.Error("it has a record")
		return nil
	})
	if !errors.Is(err, ErrUnsupported) {
		t.Fatalf("%s: got error %v", f.Path, err)
	}
	if p := ProblemOf(f.Path, err); !strings.Contains(p.What.En, what) || !strings.Contains(p.Do.En, do) || p.What.Ja == "" || p.Do.Ja == "" {
		t.Errorf("%s: it is said %q", f.Path, p.String())
	}
}
