// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

func (s *stand) relp() string {
	return s.run(func(ctx, kill context.Context, l net.Listener) error { return s.RELP(ctx, kill, l, nil) })
}

const relpOpens = "1 open 86 relp_version=0\nrelp_software=librelp,1.2.14,http://librelp.adiscon.com\ncommands=syslog\n"

func relpMessage(number int, text string) string {
	return fmt.Sprintf("%d syslog %d %s\n", number, len(text), text)
}

// answers reads so many frames.
func relpReads(t *testing.T, c net.Conn, n int) (out []string) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	f := newFrames(bufio.NewReader(c), nil, &Limits{Message: 4096, Slow: time.Second})
	for range n {
		fr, err := f.nextRELP()
		if err != nil {
			t.Fatalf("after %q: %v", out, err)
		}
		out = append(out, fmt.Sprintf("%d %s %s", fr.number, fr.command, strings.SplitN(string(fr.data), "\n", 2)[0]))
	}
	return out
}

func TestRELP(t *testing.T) {
	s := newStand(t, Limits{}, true)
	s.kept.hold = make(chan struct{})
	c := dial(t, s.relp())
	send(t, c, relpOpens+relpMessage(2, hello+"\n")+relpMessage(3, "two\nlines")+"4 syslog 0\n")
	got := relpReads(t, c, 2)
	if want := []string{"1 rsp 200 OK", "4 rsp 200 OK"}; !slices.Equal(got, want) {
		t.Fatalf("%q before anything is durable, want %q", got, want)
	}
	close(s.kept.hold)
	send(t, c, "5 close 0\n")
	if got, want := relpReads(t, c, 4), []string{"2 rsp 200 OK", "3 rsp 200 OK", "5 rsp ", "0 serverclose "}; !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	if got, want := s.kept.texts(), []string{hello, "two\nlines"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	s.closes(2)
}

// TestRELPFails lets the sink fail: nothing is acknowledged, and the connection ends, so that the sender sends again.
func TestRELPFails(t *testing.T) {
	s := newStand(t, Limits{}, true)
	s.kept.fail = func() error { return errors.New("input/output error") }
	c := dial(t, s.relp())
	send(t, c, relpOpens+relpMessage(2, hello))
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	all := make([]byte, 4096)
	n := 0
	for {
		k, err := c.Read(all[n:])
		n += k
		if err != nil {
			break
		}
	}
	if strings.Contains(string(all[:n]), "2 rsp") {
		t.Errorf("acknowledged: %q", all[:n])
	}
	if got := s.closes(1); got.Sealed != 0 || got.Rejected["unsealed"] != 1 {
		t.Errorf("%+v", got)
	}
}

func TestRELPHostile(t *testing.T) {
	s := newStand(t, Limits{Message: 1000}, true)
	at := s.relp()
	for _, text := range []string{
		"GET / HTTP/1.1\r\n\r\n", "1 syslog 5 hello\n", "1 open 9999999999 x", relpOpens + "2 syslog 5 hello!", relpOpens + "2 syslog 99999999999 x",
		relpOpens + "2 SYSLOG 1 x\n", relpOpens + "2 syslog 5 hel", relpOpens + relpOpens, relpOpens + "2 other 0\n", strings.Repeat("1", 100), "\n", " ",
		"1  5 x\n", "1 " + strings.Repeat("a", 100) + " 0\n", relpOpens + "2 syslog 5\n",
	} {
		c := dial(t, at)
		send(t, c, text)
		if c, ok := c.(*net.TCPConn); ok {
			_ = c.CloseWrite()
		}
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		for room := make([]byte, 512); ; {
			if _, err := c.Read(room); err != nil {
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%.30q is not sent away", text)
				}
				break
			}
		}
	}
	c := dial(t, at)
	send(t, c, relpOpens+relpMessage(2, strings.Repeat("x", 100_000))+relpMessage(3, "next"))
	relpReads(t, c, 3)
	if got := s.kept.texts(); len(got) != 2 || len(got[0]) != 1000 || got[1] != "next" || s.kept.all[0].Length != 100_000 {
		t.Errorf("%.60q", got)
	}
	s.closes(2)
}

func FuzzRELP(f *testing.F) {
	f.Add([]byte(relpOpens + relpMessage(2, hello) + "3 close 0\n"))
	f.Add([]byte("1 syslog 0\n2 syslog 1 x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fr := newFrames(strings.NewReader(string(b)), nil, &Limits{Message: 64, Slow: time.Second})
		left := len(b)
		for {
			one, err := fr.nextRELP()
			if err != nil {
				return
			}
			if len(one.data) > 64 || int64(len(one.data)) > one.length || int(one.length) > left {
				t.Fatalf("%+v of %d bytes", one, left)
			}
			left -= int(one.length)
		}
	})
}

func FuzzSyslog(f *testing.F) {
	f.Add([]byte("5 <1>ab<13>x\n\n12 y\n"))
	f.Add([]byte(hello + "\n" + hello))
	f.Fuzz(func(t *testing.T, b []byte) {
		fr := newFrames(strings.NewReader(string(b)), nil, &Limits{Message: 64, Slow: time.Second})
		total := 0
		for {
			one, length, err := fr.nextSyslog()
			total += len(one)
			if len(one) > 64 || int64(len(one)) > length || total > len(b) {
				t.Fatalf("%q of %d", one, length)
			}
			if err != nil {
				return
			}
			if len(one) == 0 && length > 0 {
				t.Fatalf("nothing of %d", length)
			}
		}
	})
}
