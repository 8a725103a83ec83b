// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// entry is one entry as journalctl -o export writes it; a message with a line's end in it is written as bytes.
func entry(n int, message string) string {
	text := fmt.Sprintf("__CURSOR=s=1;i=%x\n__REALTIME_TIMESTAMP=%d\n_BOOT_ID=5d3b2a1f0e9c4b7a8d6f1e2c3b4a5d6e\n_HOSTNAME=mon1\nSYSLOG_IDENTIFIER=sshd\n", n, 1760220855000000+n)
	if !strings.Contains(message, "\n") {
		return text + "MESSAGE=" + message + "\n\n"
	}
	return text + "MESSAGE\n" + string(binary.LittleEndian.AppendUint64(nil, uint64(len(message)))) + message + "\n\n"
}

func TestJournalUpload(t *testing.T) {
	s := newStand(t, Limits{Message: 2048}, true)
	url := s.web() + "/upload"
	var body strings.Builder
	want := []string{}
	for i := range 3*batchRecords/2 + 7 { // more than a batch
		e := entry(i, fmt.Sprintf("message %d", i))
		body.WriteString(e)
		want = append(want, strings.TrimSuffix(e, "\n"))
	}
	two := entry(1<<20, "two\nlines\n\nand MESSAGE=")
	long := entry(1<<21, "long "+strings.Repeat("x", 200<<10))
	dump := entry(1<<22, "dump\n"+strings.Repeat("y", 200<<10))
	body.WriteString("\n\n" + two + long + dump)
	want = append(want, strings.TrimSuffix(two, "\n"), long[:2048], dump[:2048])
	status, said := post(t, url, body.String(), "Content-Type", "application/vnd.fdo.journal")
	if status != http.StatusAccepted || !strings.Contains(said, fmt.Sprint(len(want))) {
		t.Fatalf("%d %s", status, said)
	}
	got := s.kept.texts()
	if len(got) != len(want) {
		t.Fatalf("%d entries of %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("entry %d: %.200q, want %.200q", i, got[i], want[i])
		}
	}
	s.closes(int64(len(want)))
}

// What breaks off or is something else is refused; what stood before it is sealed, since the sender begins at its last cursor and nothing is lost.
func TestJournalBroken(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"nothing":        {"", http.StatusAccepted},
		"only lines":     {"\n\n\n", http.StatusAccepted},
		"in a field":     {entry(1, "a") + "__CURSOR=s", http.StatusBadRequest},
		"in an entry":    {entry(1, "a") + "__CURSOR=s\n", http.StatusBadRequest},
		"in a value":     {"MESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00ab", http.StatusBadRequest},
		"in a length":    {"MESSAGE\n\x05\x00", http.StatusBadRequest},
		"a huge length":  {"MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff", http.StatusBadRequest},
		"no line's end":  {"MESSAGE\n\x02\x00\x00\x00\x00\x00\x00\x00abX", http.StatusBadRequest},
		"something else": {strings.Repeat("x", 100<<10), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, Limits{}, true)
			if status, said := post(t, s.web()+"/upload", c.body); status != c.want {
				t.Errorf("%d %s", status, said)
			}
			for _, g := range s.kept.texts() {
				if g+"\n" != entry(1, "a") {
					t.Errorf("sealed: %.100q", g)
				}
			}
		})
	}
}

// An upload may go on for hours, as long as it goes on.
func TestJournalSlowly(t *testing.T) {
	s := newStand(t, Limits{Slow: 400 * time.Millisecond}, true)
	url := s.web() + "/upload"
	in, out := io.Pipe()
	go func() {
		for i := range 12 {
			time.Sleep(100 * time.Millisecond)
			_, _ = io.WriteString(out, entry(i, "slow"))
		}
		out.Close()
	}()
	a, err := http.Post(url, "application/vnd.fdo.journal", in)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if got := len(s.kept.texts()); a.StatusCode != http.StatusAccepted || got != 12 {
		t.Errorf("%d, %d entries of 12", a.StatusCode, got)
	}
	stuck, silent := io.Pipe()
	defer silent.Close()
	began := time.Now()
	if a, err := http.Post(url, "application/vnd.fdo.journal", stuck); err == nil {
		a.Body.Close()
		if a.StatusCode == http.StatusAccepted {
			t.Error("an upload that says nothing was taken")
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("an upload that says nothing is ended after %v", took)
	}
}

// The real client, with a journal that the real systemd-journal-remote wrote: what it says it has uploaded is sealed. A second start begins at the
// cursor that was kept, which is that of the last entry: that one comes again.
func TestSystemdJournalUpload(t *testing.T) {
	const n = 3000
	upload, remote := "/lib/systemd/systemd-journal-upload", "/lib/systemd/systemd-journal-remote"
	for _, p := range []string{upload, remote} {
		if _, err := os.Stat(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
	var export strings.Builder
	for i := range n {
		export.WriteString(entry(i, []string{fmt.Sprintf("message number %06d of many", i), fmt.Sprintf("message number %06d of many\nin two lines", i)}[i%2]))
	}
	dir := t.TempDir()
	journal := filepath.Join(dir, "in.journal")
	write := exec.Command(remote, "-o", journal, "-")
	write.Stdin = strings.NewReader(export.String())
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s := newStand(t, Limits{}, true)
	_, port := split(strings.TrimPrefix(s.web(), "http://"))
	for again := range 2 {
		cmd := exec.Command(upload, "-u", "http://"+net.JoinHostPort("127.0.0.1", port), "--file="+journal, "--follow=no", "--save-state="+filepath.Join(dir, "state"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		seen := map[string]bool{}
		for _, g := range s.kept.texts() {
			if i := strings.Index(g, "message number "); i >= 0 && strings.Contains(g, "_HOSTNAME=mon1\n") {
				seen[g[i:i+21]] = true
			}
		}
		if got := len(s.kept.texts()); len(seen) != n || got > n+again {
			t.Fatalf("of %d entries %d came, %d different", n, got, len(seen))
		}
	}
	s.closes(int64(len(s.kept.texts())))
}

// FuzzJournal reads any bytes, whole and in small pieces, and comes to the same entries, none of them larger than is kept.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(entry(1, "a")+entry(2, "two\nlines")), 7)
	f.Add([]byte("MESSAGE\n\x02\x00\x00\x00\x00\x00\x00\x00ab\n\nA=b\n\n"), 1)
	f.Add([]byte(strings.Repeat("x", 20000)+"=\n\n"), 3)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		read := func(in io.Reader) (out []string, end error) {
			e := entries{in: bufio.NewReaderSize(in, 4096), most: 512}
			for {
				data, size, err := e.next()
				if err != nil {
					return out, err
				}
				if len(data) > 512 || size < int64(len(data)) || size == 0 {
					t.Fatalf("%d bytes of %d", len(data), size)
				}
				out = append(out, fmt.Sprint(size, string(data)))
			}
		}
		whole, err := read(bytes.NewReader(b))
		pieces, perr := read(&stepping{b, max(1, step&63)})
		if strings.Join(whole, "\x00") != strings.Join(pieces, "\x00") || errors.Is(err, io.EOF) != errors.Is(perr, io.EOF) {
			t.Errorf("%q (%v) and %q (%v)", whole, err, pieces, perr)
		}
	})
}

// stepping reads a few bytes at a time.
type stepping struct {
	b []byte
	n int
}

func (s *stepping) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.b[:min(s.n, len(s.b))])
	s.b = s.b[n:]
	return n, nil
}
