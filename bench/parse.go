// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// parseBytes is how much of each kind of log is parsed: the first so many bytes of what a drill makes, whole lines.
const parseBytes = 48 << 20

// peer is another program that reads the same file.
type peer struct {
	name, fetch string // as the table calls it; how to install it
	slice       int64  // lines that it is given where it is slow; 0: all
	args        []string
}

// parsed is a log that is parsed, and by which else.
type parsed struct {
	name  string
	peers []peer
}

// inputs are the logs that parse measures, by the names of folders and files that a drill makes.
func inputs() []parsed {
	fail2ban := func(filter string) peer {
		return peer{"fail2ban-regex", "apt-get install fail2ban", 20_000, []string{"fail2ban-regex", "FILE", filter}}
	}
	return []parsed{
		{"slapd", []peer{fail2ban("slapd")}},
		{"sshd", []peer{fail2ban("sshd")}},
		{"signins", []peer{{"jq", "apt-get install jq", 0, []string{"jq", "-c", "[.createdDateTime,.userPrincipalName,.ipAddress,.status.errorCode]", "FILE"}}}},
		{"fortigate", []peer{fail2ban(`srcip=<HOST> .*action="?deny`)}},
		{"web", []peer{{"goaccess", "apt-get install goaccess", 0, []string{"goaccess", "FILE", "--log-format=COMBINED", "--no-global-config", "-o", "json"}}}},
	}
}

// parse measures parsing alone, on two cores, and other programs on the same files. It writes what Go's benchmarks write,
// for benchstat: one line for each program and time.
func (b *bench) parse(ctx context.Context, times int) error {
	path := filepath.Join(b.out, "parse.txt")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	to := io.MultiWriter(os.Stdout, f)
	fmt.Fprintf(to, "cpu: %s, %d cores\nload: %s\n", cpu(), runtime.NumCPU(), load())
	var given []string
	for _, in := range inputs() {
		file, err := b.parseInput(ctx, in.name)
		if err != nil {
			return fmt.Errorf("%s: %w", in.name, err)
		}
		if file, err = filepath.Abs(file); err != nil { // go test runs elsewhere
			return err
		}
		given = append(given, in.name+"="+file)
	}
	for range times { // one after another, and that again: what else the machine does then troubles all alike
		if err := b.readers(ctx, to, strings.Join(given, ",")); err != nil {
			return err
		}
		for i, in := range inputs() {
			_, file, _ := strings.Cut(given[i], "=")
			for _, p := range in.peers {
				if err := b.peer(ctx, to, in.name, file, p); err != nil {
					return err
				}
			}
		}
		if err := b.evtxPeer(ctx, to); err != nil {
			return err
		}
	}
	fmt.Printf("load at the end: %s\n", load())
	if err := f.Close(); err != nil {
		return err
	}
	r := measure(ctx, "benchstat", "-row", "/input,/program", "-filter", ".unit:(MB/s OR MB/cpu-s OR records/s OR allocs/record)", path)
	if errors.Is(r.err, exec.ErrNotFound) {
		fmt.Printf("benchstat is not installed (go install golang.org/x/perf/cmd/benchstat@latest): benchstat -row /input,/program %s\n", path)
		return nil
	}
	fmt.Print(r.text)
	return r.err
}

// readers has the project's own parsers read the files, and event logs.
func (b *bench) readers(ctx context.Context, to io.Writer, given string) error {
	cmd := exec.CommandContext(ctx, "go", "test", "./formats", "-run", "^$", "-bench", "^Benchmark(Read|Evtx)$", "-benchtime", "8x")
	cmd.Env = append(os.Environ(), "SEKISHO_BENCH="+given)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test: %w\n%s", err, text)
	}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, " ")
		switch {
		case strings.HasPrefix(name, "BenchmarkRead/"):
			name, _, _ = strings.Cut(name, "-") // the number of cores is no part of it
			fmt.Fprintf(to, "%s/program=sekisho %s", name, rest)
		case strings.HasPrefix(name, "BenchmarkEvtx"):
			fmt.Fprintf(to, "BenchmarkRead/input=evtx/program=sekisho %s", rest) // its MB/s and MB/cpu-s
		}
	}
	return nil
}

// peer has another program read a file.
func (b *bench) peer(ctx context.Context, to io.Writer, input, file string, p peer) error {
	if _, err := exec.LookPath(p.args[0]); err != nil {
		fmt.Printf("%s: %s is not installed: %s\n", input, p.name, p.fetch)
		return nil
	}
	if p.slice > 0 {
		part := file + ".slice"
		if _, err := cut(file, part, p.slice); err != nil {
			return err
		}
		file = part
	}
	args := slices.Clone(p.args)
	for i := range args {
		if args[i] == "FILE" {
			args[i] = file
		}
	}
	lines, err := count(file)
	if err != nil {
		return err
	}
	return row(to, input, p.name, lines, size(file), measure(ctx, "sh", append([]string{"-c", `exec "$@" > /dev/null 2>&1 < /dev/null`, "sh"}, args...)...))
}

// row writes one measurement.
func row(to io.Writer, input, program string, lines, bytes int64, r run) error {
	if r.err != nil {
		return fmt.Errorf("%s: %w\n%s", program, r.err, r.text)
	}
	wall, spent := r.took.Seconds(), max(r.spent.Seconds(), 1e-3)
	_, err := fmt.Fprintf(to, "BenchmarkRead/input=%s/program=%s 1 %.1f MB/s %.1f MB/cpu-s %.0f records/s\n",
		input, program, float64(bytes)/1e6/wall, float64(bytes)/1e6/spent, float64(lines)/wall)
	return err
}

// parseInput returns the path of one plain file of that kind of log.
func (b *bench) parseInput(ctx context.Context, name string) (string, error) {
	path := filepath.Join(b.out, "parse-"+name+".log")
	if size(path) >= parseBytes*9/10 {
		return path, nil
	}
	if name == "web" {
		return path, webLog(path)
	}
	dir := filepath.Join(b.out, "parse-drill")
	if _, err := b.drill(ctx, dir, 200, nil); err != nil {
		return "", err
	}
	folder := map[string]string{"slapd": "ldap", "sshd": "hosts", "fortigate": "edge", "signins": "cloud"}[name]
	whole := path + ".whole"
	to, err := os.Create(whole)
	if err != nil {
		return "", err
	}
	defer os.Remove(whole)
	err = join(ctx, filepath.Join(dir, "logs", folder), name, to)
	if err = errors.Join(err, to.Close()); err != nil {
		return "", err
	}
	return path, repeat(whole, path)
}

// repeat writes whole lines of a file to another until it has as many bytes as are parsed.
func repeat(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		return fmt.Errorf("%s is empty", from)
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	for n := 0; n < parseBytes; n += len(data) {
		part := data[:min(len(data), parseBytes-n)]
		part = part[:bytes.LastIndexByte(part, '\n')+1]
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

// webLog writes a log of a web server: no drill has one so long.
func webLog(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	agents := []string{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "curl/8.5.0"}
	n := 0
	for i := 0; n < parseBytes; i++ {
		k, err := fmt.Fprintf(w, "203.0.113.%d - - [%02d/Jun/2025:%02d:%02d:%02d +0900] \"GET /section%d/page%d.html?id=%d HTTP/1.1\" %d %d \"https://www.example.org/section%d/\" \"%s\"\n",
			i%251, 1+i/86400%28, i/3600%24, i/60%60, i%60, i%13, i%997, i, []int{200, 200, 304, 404}[i%4], 100+i%9000, i%13, agents[i%3])
		if err != nil {
			return err
		}
		n += k
	}
	return errors.Join(w.Flush(), f.Close())
}

// evtxPeer has evtx_dump read an event log.
func (b *bench) evtxPeer(ctx context.Context, to io.Writer) error {
	path, records, err := b.eventLog()
	if err != nil || path == "" {
		return err
	}
	if _, err := exec.LookPath("evtx_dump"); err != nil {
		fmt.Println("evtx: evtx_dump is not installed: cargo install evtx")
		return nil
	}
	r := measure(ctx, "sh", "-c", `exec evtx_dump -t 2 -o jsonl "$1" > /dev/null`, "sh", path)
	return row(to, "evtx", "evtx_dump", records, size(path), r)
}

// load is how many processes wanted a core in the last minute.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}
