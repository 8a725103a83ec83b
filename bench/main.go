// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Command bench measures sekisho investigate as a whole process: lines and bytes a second and peak memory, over slapd
// lines, JSON sign-ins and a mixed folder of at least two million lines each, next to wc -l and fail2ban-regex on the
// same file in the same run. It makes its inputs once, with the drill, below bench/out.
//
//	go run ./bench [-lines 2000000] [-only slapd,signins,mixed,evtx] [-jobs 2]
//	go run ./bench -only parse [-times 6]
//
// The second measures parsing alone, next to programs that read the same files, for benchstat.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// slice is how many lines fail2ban-regex is given: it is slow, and its rate does not depend on the length.
const slice = 100_000

type bench struct {
	out, sekisho string
	lines        int64
	jobs         int
	times        int
}

// run is what one process took.
type run struct {
	took, spent time.Duration // by the clock; by the processor, user and system
	peak        int64         // bytes resident
	err         error
	text        string // what it printed
}

func main() {
	lines := flag.Int64("lines", 2_000_000, "least lines of each input")
	only := flag.String("only", "slapd,signins,mixed,evtx", "which inputs; parse: parsing alone")
	times := flag.Int("times", 6, "how often parse measures each")
	jobs := flag.Int("jobs", 0, "--jobs of investigate; 0: all cores")
	out := flag.String("out", filepath.Join("bench", "out"), "where inputs and cases are kept")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := &bench{out: *out, sekisho: filepath.Join(*out, "sekisho"), lines: *lines, jobs: *jobs, times: *times}
	if err := b.all(ctx, strings.Split(*only, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) all(ctx context.Context, names []string) error {
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	if r := measure(ctx, "go", "build", "-o", b.sekisho, "./cmd/sekisho"); r.err != nil {
		return fmt.Errorf("build sekisho: %w\n%s", r.err, r.text)
	}
	fmt.Printf("%s, %d cores, %s/%s\n\n", cpu(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if slices.Equal(names, []string{"parse"}) {
		return b.parse(ctx, b.times)
	}
	fmt.Printf("%-9s %-22s %10s %9s %8s %11s %9s %9s\n", "input", "program", "lines", "MB", "seconds", "lines/s", "MB/s", "peak MiB")
	for _, name := range names {
		var err error
		switch name {
		case "slapd":
			err = b.one(ctx, name, "slapd", []string{"fail2ban-regex", "", "slapd"})
		case "signins":
			err = b.one(ctx, name, "signins", []string{"fail2ban-regex", "", `"ipAddress":\s*"<HOST>".*"errorCode":\s*50126`})
		case "mixed":
			err = b.mixed(ctx)
		case "evtx":
			err = b.evtx(ctx)
		default:
			err = fmt.Errorf("there is no input %q: slapd, signins, mixed, evtx; parse, alone", name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// one measures an input of one file.
func (b *bench) one(ctx context.Context, name, kind string, peer []string) error {
	file, lines, err := b.file(ctx, kind)
	if err != nil {
		return err
	}
	if err := b.investigate(ctx, name, file, lines, size(file)); err != nil {
		return err
	}
	if err := show(name, "wc -l", lines, size(file), measure(ctx, "wc", "-l", file)); err != nil {
		return err
	}
	if _, err := exec.LookPath(peer[0]); err != nil {
		fmt.Printf("%-9s %-22s is not installed: apt-get install fail2ban\n", name, peer[0])
		return nil
	}
	part := file + ".slice"
	n, err := cut(file, part, slice)
	if err != nil {
		return err
	}
	peer[1] = part
	return show(name, fmt.Sprintf("fail2ban-regex (first %dk)", n/1000), n, size(part), measure(ctx, peer[0], peer[1:]...))
}

func (b *bench) mixed(ctx context.Context) error {
	accounts := 400
	dir := filepath.Join(b.out, "mixed")
	var lines int64
	for {
		var err error
		if lines, err = b.drill(ctx, dir, accounts, nil); err != nil {
			return err
		}
		if lines >= b.lines {
			break
		}
		os.RemoveAll(dir)
		accounts = accounts*int(b.lines)/int(lines)*11/10 + 1
	}
	logs := filepath.Join(dir, "logs")
	if err := b.investigate(ctx, "mixed", logs, lines, sizeUnpacked(ctx, logs)); err != nil {
		return err
	}
	return show("mixed", "zcat -f | wc -l", lines, sizeUnpacked(ctx, logs), measure(ctx, "sh", "-c", `find "$1" -type f -exec zcat -f {} + | wc -l`, "sh", logs))
}

// file returns one plain file of one kind of log, made of a drill's.
func (b *bench) file(ctx context.Context, kind string) (path string, lines int64, err error) {
	path = filepath.Join(b.out, kind+".log")
	if n, err := count(path); err == nil && n >= b.lines {
		return path, n, nil
	}
	perAccount := map[string]int64{"slapd": 2900, "signins": 220}[kind]
	dir := filepath.Join(b.out, kind+"-drill")
	os.RemoveAll(dir)
	defer os.RemoveAll(dir)
	if _, err := b.drill(ctx, dir, int(b.lines*11/10/perAccount)+100, []string{kind}); err != nil {
		return "", 0, err
	}
	to, err := os.Create(path)
	if err != nil {
		return "", 0, err
	}
	err = join(ctx, filepath.Join(dir, "logs"), kind, to)
	if err = errors.Join(err, to.Close()); err != nil {
		return "", 0, err
	}
	lines, err = count(path)
	if err == nil && lines < b.lines {
		err = fmt.Errorf("%d lines were made, not %d", lines, b.lines)
	}
	return path, lines, err
}

// drill makes a drill, of these kinds of log only if any are named, unless it is there; it returns its lines.
func (b *bench) drill(ctx context.Context, dir string, accounts int, kinds []string) (int64, error) {
	note := filepath.Join(dir, "lines")
	if text, err := os.ReadFile(note); err == nil {
		return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	}
	args := []string{"drill", "generate", "aist", "--json", "--accounts", strconv.Itoa(accounts), "--out", dir}
	if len(kinds) > 0 {
		var without []string
		for _, k := range strings.Split("audit,ci,dns,fortigate,idp,mail,openvpn,signins,smb,slapd,sshd,windows", ",") {
			if k != kinds[0] {
				without = append(without, k)
			}
		}
		args = append(args, "--without", strings.Join(without, ","))
	}
	r := measure(ctx, b.sekisho, args...)
	if r.err != nil {
		return 0, fmt.Errorf("make a drill: %w\n%s", r.err, r.text)
	}
	_, rest, _ := strings.Cut(r.text, `"lines": `)
	digits, _, _ := strings.Cut(rest, ",")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("make a drill: %w", err)
	}
	return n, os.WriteFile(note, []byte(digits), 0o644)
}

func (b *bench) investigate(ctx context.Context, name, path string, lines, bytes int64) error {
	dir := filepath.Join(b.out, "case-"+name)
	os.RemoveAll(dir)
	args := []string{"investigate", "--json", "--out", dir}
	if b.jobs > 0 {
		args = append(args, "--jobs", strconv.Itoa(b.jobs))
	}
	return show(name, "sekisho investigate", lines, bytes, measure(ctx, b.sekisho, append(args, path)...))
}

// show prints a row of the table.
func show(input, program string, lines, bytes int64, r run) error {
	if r.err != nil {
		return fmt.Errorf("%s: %w\n%s", program, r.err, r.text[max(0, len(r.text)-2000):])
	}
	s := r.took.Seconds()
	fmt.Printf("%-9s %-22s %10d %9.1f %8.2f %11.0f %9.1f %9.0f\n", input, program, lines, float64(bytes)/1e6, s, float64(lines)/s, float64(bytes)/1e6/s, float64(r.peak)/(1<<20))
	return nil
}

// measure runs a program to its end.
func measure(ctx context.Context, name string, args ...string) run {
	var text bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &text, &text
	start := time.Now()
	err := cmd.Run()
	r := run{took: time.Since(start), err: err, text: text.String()}
	if cmd.ProcessState != nil {
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			r.peak, r.spent = int64(u.Maxrss)<<10, time.Duration(u.Utime.Nano()+u.Stime.Nano())
			if runtime.GOOS == "darwin" {
				r.peak = int64(u.Maxrss)
			}
		}
	}
	return r
}

func size(path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return fi.Size()
}

// sizeUnpacked counts the bytes of a folder as an investigation reads them.
func sizeUnpacked(ctx context.Context, dir string) int64 {
	r := measure(ctx, "sh", "-c", `find "$1" -type f -exec zcat -f {} + | wc -c`, "sh", dir)
	n, _ := strconv.ParseInt(strings.TrimSpace(r.text), 10, 64)
	return n
}

func count(path string) (n int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	for {
		k, err := f.Read(buf)
		n += int64(bytes.Count(buf[:k], []byte("\n")))
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

func cpu() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, ok := strings.Cut(string(text), "model name\t: ")
	if !ok {
		return "processor unknown"
	}
	name, _, _ := strings.Cut(rest, "\n")
	return name
}
