// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a program that takes records.
type server struct {
	name      string
	addresses map[string]string // by kind
	dir       string
	status    string // of sekisho
	file      string // to which rsyslog writes
	cmd       *exec.Cmd
}

func port() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// serve starts sekisho serve with an empty vault.
func (b *bench) serve(ctx context.Context) (*server, error) {
	dir, err := os.MkdirTemp(b.out, "serve-")
	if err != nil {
		return nil, err
	}
	s := &server{name: "sekisho serve", dir: dir, addresses: map[string]string{}}
	for _, kind := range []string{"tcp", "relp", "http", "status"} {
		if s.addresses[kind], err = port(); err != nil {
			return nil, err
		}
	}
	s.status = s.addresses["status"]
	org := "networks:\n  - {name: campus, cidr: [192.168.0.0/16]}\n"
	conf := fmt.Sprintf("data: data\norg: org.yaml\nkey: key\nlisten:\n  tcp: %s\n  relp: %s\n  http: %s\nstatus: %s\n", s.addresses["tcp"], s.addresses["relp"], s.addresses["http"], s.status)
	for name, text := range map[string]string{"org.yaml": org, "serve.yaml": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.cmd = exec.CommandContext(ctx, b.sekisho, "serve", "--config", filepath.Join(dir, "serve.yaml"))
	s.cmd.Env = append(os.Environ(), "SEKISHO_HOME="+filepath.Join(dir, "home"))
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 300 {
		if _, err := s.behind(ctx); err == nil {
			return s, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.cmd.Process.Kill()
	return nil, fmt.Errorf("sekisho serve does not answer: look at %s", log.Name())
}

// rsyslog starts rsyslogd, which writes to one plain file; nil where it is not here.
func (b *bench) rsyslog(ctx context.Context) (*server, error) {
	program, err := exec.LookPath("rsyslogd")
	if err != nil {
		fmt.Println("rsyslogd is not installed: apt-get install rsyslog rsyslog-relp")
		return nil, nil
	}
	dir, err := os.MkdirTemp(b.out, "rsyslog-")
	if err != nil {
		return nil, err
	}
	s := &server{name: "rsyslogd, to a plain file", dir: dir, addresses: map[string]string{}, file: filepath.Join(dir, "all.log")}
	text := ""
	for _, kind := range []string{"tcp", "relp"} {
		if s.addresses[kind], err = port(); err != nil {
			return nil, err
		}
		_, number, _ := strings.Cut(s.addresses[kind], ":")
		text += fmt.Sprintf("module(load=\"im%[1]s\")\ninput(type=\"im%[1]s\" address=\"127.0.0.1\" port=%[2]q)\n", kind, number)
	}
	file, err := filepath.Abs(s.file)
	if err != nil {
		return nil, err
	}
	text += fmt.Sprintf("main_queue(queue.size=\"200000\" queue.dequeueBatchSize=\"4096\")\naction(type=\"omfile\" file=%q)\n", file)
	conf := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	s.cmd = exec.CommandContext(ctx, program, "-n", "-f", conf, "-i", filepath.Join(dir, "pid"))
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if c, err := net.Dial("tcp", s.addresses["relp"]); err == nil {
			c.Close()
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	return nil, errors.New("rsyslogd does not listen")
}

// state is what sekisho says of itself.
type state struct {
	Healthy bool
	Problem string
	Total   struct{ Offered, Sealed, Lost int64 }
	Watch   struct{ Behind, Parsed, Unparsed, Repeated, Beyond int64 }
}

func (s *server) behind(ctx context.Context) (*state, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+s.status+"/status", nil)
	if err != nil {
		return nil, err
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer got.Body.Close()
	var o state
	return &o, json.NewDecoder(got.Body).Decode(&o)
}

// wait waits until so many records were looked at; of rsyslog, until they are in the file.
func (s *server) wait(ctx context.Context, records int64) error {
	for ctx.Err() == nil {
		if s.file != "" {
			if n, err := count(s.file); err != nil {
				return err
			} else if n >= records {
				return nil
			}
			time.Sleep(50 * time.Millisecond)
			continue
		}
		o, err := s.behind(ctx)
		if err != nil {
			return err
		}
		switch {
		case o.Problem != "":
			return errors.New(o.Problem)
		case o.Total.Sealed >= records && o.Watch.Behind == 0:
			if o.Watch.Parsed+o.Watch.Repeated < records || o.Watch.Beyond > 0 {
				return fmt.Errorf("of %d records: %+v", records, o)
			}
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return ctx.Err()
}

func count(path string) (int64, error) {
	out, err := exec.Command("wc", "-l", path).Output()
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.Fields(string(out))[0], 10, 64)
}

// stop ends the program, removes what it wrote, and returns what it took.
func (s *server) stop() (cpu time.Duration, peak int64) {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
	if u, ok := s.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		cpu, peak = s.cmd.ProcessState.UserTime()+s.cmd.ProcessState.SystemTime(), u.Maxrss<<10
	}
	_ = os.RemoveAll(s.dir)
	return cpu, peak
}
