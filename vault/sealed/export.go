// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// An export is what leaves the house: records for people, each with its proof, and the sums of the files.
const (
	exportRecords = "records.log"
	exportProofs  = "proofs.ndjson"
	exportSums    = "SHA256SUMS"
	exportNote    = "README.txt"
)

// Exported says what an export holds.
type Exported struct {
	Folder  string `json:"folder"`
	Records int64  `json:"records"`
	First   int64  `json:"first"`
	Last    int64  `json:"last"`
	Key     string `json:"key"`
}

// Export writes the records of a range into a folder that must not be there yet: their bytes, one a line, their proofs, and the files' sums.
func Export(ctx context.Context, dir string, from, to event.Position, out string, kek *KEK) (e *Exported, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("sealed: export to %s: %w", out, err)
		}
	}()
	if err := os.Mkdir(out, 0o700); err != nil {
		return nil, err
	}
	records, err := newSummed(out, exportRecords)
	if err != nil {
		return nil, err
	}
	defer records.file.Close()
	all, err := newSummed(out, exportProofs)
	if err != nil {
		return nil, err
	}
	defer all.file.Close()
	e = &Exported{Folder: out, First: -1}
	err = proofs(ctx, dir, from, to, kek, func(p *Proof) error {
		if e.First < 0 {
			e.First = p.Position
		}
		e.Records, e.Last, e.Key = e.Records+1, p.Position, p.Key
		var r event.Received
		if err := decodeRecord(p.Record, &r, new(names)); err != nil {
			return err
		}
		records.Write(append(r.Data, '\n'))
		b, err := json.Marshal(p)
		if err == nil {
			_, err = all.Write(append(b, '\n'))
		}
		return err
	})
	if err == nil && e.Records == 0 {
		err = fmt.Errorf("there are no records from %d to %d", from, to-1)
	}
	if err != nil {
		return nil, err
	}
	sums := ""
	for _, f := range []*summed{records, all} {
		sum, err := f.end()
		if err != nil {
			return nil, err
		}
		sums += sum
	}
	text := fmt.Sprintf(exportText, e.Records, e.First, e.Last, e.Key)
	if err := writeWhole(system{}, filepath.Join(out, exportNote), []byte(text), true); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(text))
	sums += hex.EncodeToString(sum[:]) + "  " + exportNote + "\n"
	return e, writeWhole(system{}, filepath.Join(out, exportSums), []byte(sums), true)
}

const exportText = `%d records, %d to %d, from a log of Sekisho.

records.log    the records, one a line, as they were received
proofs.ndjson  each record with where it came from, when it was received, and the proof that it stands in the log
SHA256SUMS     the sums of these files: sha256sum -c SHA256SUMS

The log's name and public key:
%s

To check every proof: sekisho vault verify THIS_FOLDER --key FINGERPRINT
The member "log" of each proof is a c2sp.org/tlog-proof@v1 of the bytes in "block", which other programs check too. Compare the key with
the one that the institute gave you by another way.
`

// summed is a file whose sum is taken while it is written.
type summed struct {
	name string
	file *os.File
	w    *bufio.Writer
	sum  io.Writer
	hash interface{ Sum([]byte) []byte }
}

func newSummed(dir, name string) (*summed, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	return &summed{name: name, file: f, w: bufio.NewWriterSize(f, 256<<10), sum: h, hash: h}, nil
}

func (s *summed) Write(b []byte) (int, error) {
	s.sum.Write(b)
	return s.w.Write(b)
}

func (s *summed) end() (string, error) {
	if err := errors.Join(s.w.Flush(), s.file.Sync()); err != nil {
		return "", err
	}
	return hex.EncodeToString(s.hash.Sum(nil)) + "  " + s.name + "\n", nil
}

// IsExport says whether a folder is an export.
func IsExport(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, exportProofs))
	return err == nil
}

// maxProof bounds a line of proofs: the record in base64 and as text, and the hashes.
const maxProof = 8 * MaxRecord

// VerifyExport checks every proof of an export, that records.log holds these records, and that none between the first and the last is left out.
func VerifyExport(ctx context.Context, dir, trust string) (e *Exported, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("sealed: verify the export %s: %w", dir, err)
		}
	}()
	f, err := os.Open(filepath.Join(dir, exportProofs))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	plain, err := os.Open(filepath.Join(dir, exportRecords))
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	beside := bufio.NewReaderSize(plain, 256<<10)
	e = &Exported{Folder: dir, First: -1}
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 64<<10), maxProof)
	for lines.Scan() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var p Proof
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil || p.Schema != proofSchema {
			return nil, fmt.Errorf("line %d of %s is no proof", e.Records+1, exportProofs)
		}
		r, err := p.Check(trust)
		if err != nil {
			return nil, err
		}
		if e.First < 0 {
			e.First, e.Key = p.Position, p.Key
		} else if p.Position != e.Last+1 || p.Key != e.Key {
			return nil, fmt.Errorf("record %d follows record %d: records are left out, exchanged or of another log", p.Position, e.Last)
		}
		e.Last = p.Position
		e.Records++
		got := make([]byte, len(r.Data)+1)
		if _, err := io.ReadFull(beside, got); err != nil || !bytes.Equal(got, append(r.Data, '\n')) {
			return nil, fmt.Errorf("%s does not hold record %d as it was sealed", exportRecords, p.Position)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if _, err := beside.ReadByte(); err == nil {
		return nil, fmt.Errorf("%s holds more than the records that are proven", exportRecords)
	}
	if e.Records == 0 {
		return nil, errors.New("there is no proof in it")
	}
	return e, checkSums(dir)
}

// checkSums compares the list of sums with the files.
func checkSums(dir string) error {
	var want strings.Builder
	for _, name := range []string{exportRecords, exportProofs, exportNote} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return err
		}
		fmt.Fprintf(&want, "%x  %s\n", h.Sum(nil), name)
	}
	text, err := readSmall(filepath.Join(dir, exportSums), 4<<10)
	if err == nil && string(text) != want.String() {
		err = fmt.Errorf("the files are not those of %s", exportSums)
	}
	return err
}
