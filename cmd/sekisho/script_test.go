// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sekisho": main})
}

// TestScripts runs testdata/*.txt: what a user types, and what happens. Beside the commands of testscript there are
//
//	lines N [bad] [FILE]   writes N lines of an sshd log; bad: failed logins
//	bytes FILE TEXT        writes TEXT, in which Go's escapes count
//	longline N FILE        writes a line of N bytes between two good ones
//	change FILE OFFSET     changes one byte
//	cut FILE SIZE          truncates
//	status N PROGRAM …     runs a program, whose exit status must be N
//	same FILE FILE         compares two case.json but for when they were generated
//
// $REFUSES is the address of an HTTP receiver that refuses all lines; below /later it takes those of 40 requests.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("SEKISHO_HOME", filepath.Join(e.WorkDir, ".key"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("LANG", "en_US.UTF-8")
			e.Setenv("TZ", "UTC")
			refuses := httptest.NewServer(refuser())
			e.Defer(refuses.Close)
			e.Setenv("REFUSES", strings.TrimPrefix(refuses.URL, "http://"))
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "mounts": // a file system of our own can be mounted
				return runtime.GOOS == "linux" && exec.Command("unshare", "-m", "true").Run() == nil, nil
			}
			return false, fmt.Errorf("unknown condition %s", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"lines": writeLines, "bytes": writeBytes, "longline": longLine, "change": changeByte, "cut": cutFile, "status": checkStatus, "same": sameCase,
		},
	})
}

// refuser is a receiver of lines that takes none; below /later it takes those of 40 requests.
func refuser() http.Handler {
	var taken atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/later" && taken.Add(1) <= 40 {
			return
		}
		http.Error(w, "no such index", http.StatusBadRequest)
	})
}

// writeLines writes an sshd log: each line is another minute's login, good ones by default.
func writeLines(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var b bytes.Buffer
	for i := range n {
		word := "Accepted"
		if len(args) > 2 && args[1] == "bad" {
			word = "Failed"
		}
		fmt.Fprintf(&b, "2025-06-%02dT%02d:%02d:%02d+09:00 gw1 sshd[%d]: %s password for user%d from 198.51.100.%d port %d ssh2\n",
			1+i/86400%28, i/3600%24, i/60%60, i%60, 1000+i%30000, word, i%50, 1+i%50, 1024+i%60000)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[len(args)-1]), b.Bytes(), 0o644))
}

func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	text, err := strconv.Unquote(`"` + strings.Join(args[1:], " ") + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

func longLine(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	good := "2025-06-01T00:00:00Z gw1 sshd[1]: Accepted password for taro from 198.51.100.7 port 2%d ssh2\n"
	text := fmt.Sprintf(good, 2) + strings.Repeat("x", n) + "\n" + fmt.Sprintf(good, 3)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o644))
}

func changeByte(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	b, err := os.ReadFile(path)
	ts.Check(err)
	b[at] ^= 1
	ts.Check(os.Chmod(path, 0o600))
	ts.Check(os.WriteFile(path, b, 0o600))
}

func cutFile(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// checkStatus runs a command and compares its exit status: status N PROGRAM ARGS…
func checkStatus(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, not %d", got, want)
	}
}

// sameCase compares two case.json but for when they were generated.
func sameCase(ts *testscript.TestScript, neg bool, args []string) {
	var texts [2]string
	for i := range texts {
		for _, line := range strings.Split(ts.ReadFile(args[i]), "\n") {
			if !strings.Contains(line, `"generated":`) {
				texts[i] += line + "\n"
			}
		}
	}
	if (texts[0] == texts[1]) == neg {
		ts.Fatalf("%s and %s: same is %v", args[0], args[1], !neg)
	}
}

// TestReportIsServedSafely asks for what is the report's and what is not.
func TestReportIsServedSafely(t *testing.T) {
	files := fstest.MapFS{"report.html": {Data: []byte("<p>report")}, "figures/a.svg": {Data: []byte("<svg/>")}, "events.duckdb": {Data: []byte("x")},
		"unparsed.log": {Data: []byte("x")}, "figures/x/b.svg": {Data: []byte("x")}, "preserved/a.log": {Data: []byte("x")}}
	h := reportHandler(fs.FS(files), "127.0.0.1:9000")
	for _, c := range []struct {
		method, path, host string
		want               int
	}{
		{"GET", "/", "127.0.0.1:9000", 200}, {"GET", "/report.html", "localhost:9000", 200}, {"HEAD", "/figures/a.svg", "127.0.0.1:9000", 200},
		{"GET", "/events.duckdb", "127.0.0.1:9000", 404}, {"GET", "/unparsed.log", "127.0.0.1:9000", 404}, {"GET", "/figures/", "127.0.0.1:9000", 404},
		{"GET", "/figures/x/b.svg", "127.0.0.1:9000", 404}, {"GET", "/figures/../events.duckdb", "127.0.0.1:9000", 404}, {"GET", "/preserved/a.log", "127.0.0.1:9000", 404},
		{"GET", "/", "evil.example", 421}, {"GET", "/", "127.0.0.1:80", 421}, {"POST", "/", "127.0.0.1:9000", 405}, {"DELETE", "/report.html", "127.0.0.1:9000", 405},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Host = c.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s at %s: got %d, want %d", c.method, c.path, c.host, w.Code, c.want)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: headers %v", c.method, c.path, w.Header())
		}
		if w.Code == http.StatusOK && c.method == "GET" && w.Body.Len() == 0 {
			t.Errorf("%s: empty", c.path)
		}
	}
}

// TestEveryCommandIsExplained checks that help says what each command is for, and each of its flags.
func TestEveryCommandIsExplained(t *testing.T) {
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		if cmd.Short == "" {
			t.Errorf("%s has no short description", cmd.CommandPath())
		}
		if text := page(cmd); !strings.HasPrefix(text, ".TH ") {
			t.Errorf("%s: its manual page begins with %.20q", cmd.CommandPath(), text)
		}
		for _, c := range cmd.Commands() {
			look(c)
		}
	}
	look(rootCommand())
}
