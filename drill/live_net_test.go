// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// twoDays is an exercise of two days of a drill of three weeks, from the first login on, and the lines that it has; those
// that come late are left out.
func twoDays(t *testing.T, to string) (*Exercise, []string) {
	t.Helper()
	x := exercise(t, to)
	x.Options.Days, x.Options.PeakPerAccount, x.From = 21, 1, firstLogin
	got, err := twoDaysOnce()
	if err != nil {
		t.Fatal(err)
	}
	x.Until = got.until
	return x, got.lines
}

type stretchOfLines struct {
	until string
	lines []string
}

var twoDaysOnce = sync.OnceValues(func() (stretchOfLines, error) {
	x := &Exercise{Options: Options{Accounts: leastAccounts, Days: 21, PeakPerAccount: 1}, From: firstLogin, Dir: "unused"}
	s, err := x.stage()
	if err != nil {
		return stretchOfLines{}, err
	}
	out := stretchOfLines{until: s.begin.Add(48 * time.Hour).Format(time.RFC3339)}
	err = s.run.stream(context.Background(), func(l Line) error {
		if !l.Time.Before(s.begin.Add(48 * time.Hour)) {
			return errEnd
		}
		if !s.comesLate[l.Log] {
			out.lines = append(out.lines, string(l.Text))
		}
		return nil
	})
	if !errors.Is(err, errEnd) || len(out.lines) < 1000 {
		return out, fmt.Errorf("only %d lines: %w", len(out.lines), err)
	}
	return out, nil
})

// missing counts the lines that do not stand in any of the messages. A message may end with what its line begins with where the
// daemon's own time gave way to that of syslog.
func missing(want []string, got []string) int {
	have := map[string]bool{}
	for _, m := range got {
		have[m] = true
		for i := range len(m) {
			if m[i] == ' ' || m[i] == '>' {
				have[m[i+1:]] = true
			}
		}
	}
	n := 0
	for _, l := range want {
		if have[l] || len(l) > 26 && (have[l[25:]] || have[l[20:]]) {
			continue
		}
		if _, _, rest, ok := traditional([]byte(l)); ok && have[string(rest)] {
			continue
		}
		n++
	}
	return n
}

// tcpSink is a receiver of syslog over TCP. It breaks off after some messages, is away for a while, and comes back.
type tcpSink struct {
	t      *testing.T
	addr   string
	breaks int // messages before the connection is cut; 0: never
	away   time.Duration
	lf     bool

	mu   sync.Mutex
	got  []string
	done sync.WaitGroup
}

func (s *tcpSink) listen() {
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Error(err)
		return
	}
	s.addr = l.Addr().String()
	s.done.Add(1)
	go func() {
		defer s.done.Done()
		for first := true; ; first = false {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if !first || s.breaks == 0 {
				s.read(conn, 1<<60)
				conn.Close()
				if s.breaks == 0 {
					l.Close()
					return
				}
				l.Close()
				return
			}
			s.read(conn, s.breaks)
			l.Close()
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
			time.Sleep(s.away)
			if l, err = net.Listen("tcp", s.addr); err != nil {
				s.t.Error(err)
				return
			}
		}
	}()
}

func (s *tcpSink) read(conn net.Conn, most int) {
	r := bufio.NewReader(conn)
	for range most {
		var msg string
		if s.lf {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			msg = strings.TrimSuffix(line, "\n")
		} else {
			length, err := r.ReadString(' ')
			n, e := strconv.Atoi(strings.TrimSuffix(length, " "))
			if err == io.EOF && length == "" {
				return
			}
			b := make([]byte, max(0, n))
			if _, err2 := io.ReadFull(r, b); err != nil || e != nil || err2 != nil {
				if most == 1<<60 {
					s.t.Errorf("broken framing: %q %v %v %v", length, err, e, err2)
				}
				return
			}
			msg = string(b)
		}
		s.mu.Lock()
		s.got = append(s.got, msg)
		s.mu.Unlock()
	}
}

func TestRunOverTCP(t *testing.T) {
	for _, c := range []struct {
		query  string
		breaks int
	}{{"", 0}, {"?framing=lf&format=rfc5424", 0}, {"", 700}, {"?framing=lf", 1300}} {
		s := &tcpSink{t: t, addr: "127.0.0.1:0", breaks: c.breaks, away: 300 * time.Millisecond, lf: strings.Contains(c.query, "lf")}
		s.listen()
		x, want := twoDays(t, "syslog+tcp://"+s.addr+c.query)
		var told atomic.Int64
		x.Tell = func(p Progress) {
			if p.Gone != "" {
				told.Add(1)
			}
		}
		r, err := x.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		s.done.Wait()
		if n := missing(want, s.got); n > 0 || int64(len(s.got)) > r.Delivery.Lines+r.Delivery.Resent {
			t.Errorf("%s: %d of %d lines are missing; %d came: %+v", c.query, n, len(want), len(s.got), r.Delivery)
		}
		if gone := c.breaks > 0; gone != (len(r.Delivery.Gone) > 0) || gone != (told.Load() > 0) || gone && (r.Delivery.Gone[0].To == nil || r.Delivery.Resent == 0) || !r.Complete {
			t.Errorf("%s: told %d times, %+v", c.query, told.Load(), r.Delivery)
		}
	}
}

func TestRunOverUDP(t *testing.T) {
	addr := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadBuffer(4 << 20)
	addr = conn.LocalAddr().(*net.UDPAddr)
	var got []string
	var mu sync.Mutex
	done := make(chan struct{})
	go func() { // away for a while after 1000 messages
		defer close(done)
		b := make([]byte, 1<<16)
		for {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			mu.Lock()
			got = append(got, string(b[:n]))
			many := len(got)
			mu.Unlock()
			if many == 1000 {
				conn.Close()
				time.Sleep(400 * time.Millisecond)
				if conn, err = net.ListenUDP("udp", addr); err != nil {
					t.Error(err)
					return
				}
				conn.SetReadDeadline(time.Now().Add(time.Minute))
			}
		}
	}()
	x, want := twoDays(t, "syslog+udp://"+addr.String())
	r, err := x.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	conn.SetReadDeadline(time.Now())
	// What was under way when the socket closed is lost; nothing else.
	if n := missing(want, got); n > len(want)/20 || len(r.Delivery.Gone) != 1 || r.Delivery.Gone[0].To == nil || r.Delivery.Resent+r.Delivery.Lost == 0 {
		t.Errorf("%d of %d lines are missing: %+v", n, len(want), r.Delivery)
	}
	for _, m := range got[:100] {
		if m[0] != '<' {
			t.Fatalf("no priority: %s", m)
		}
	}
}

// httpSink takes posts as told by its script: a status for each of the first requests.
type httpSink struct {
	script []int
	after  int // statuses are for the requests behind so many
	most   int // bytes of a request; 0: any number

	mu       sync.Mutex
	requests int
	bodies   [][]byte
	logs     []string
}

func (s *httpSink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.requests - s.after
	s.requests++
	body, _ := io.ReadAll(r.Body)
	if n >= 0 && n < len(s.script) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(s.script[n])
		fmt.Fprint(w, "no")
		return
	}
	if s.most > 0 && len(body) > s.most {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	s.bodies, s.logs = append(s.bodies, body), append(s.logs, r.Header.Get("X-Log-Name"))
}

// texts returns the lines in what was posted.
func (s *httpSink) texts(t *testing.T) []string {
	t.Helper()
	var out []string
	for i, body := range s.bodies {
		if strings.HasPrefix(s.logs[i], "cloud/") {
			var all []json.RawMessage
			if err := json.Unmarshal(body, &all); err != nil {
				t.Fatalf("%s: %v", s.logs[i], err)
			}
			for _, m := range all {
				out = append(out, string(m))
			}
			continue
		}
		for line := range bytes.Lines(body) {
			var m struct{ Message, Event json.RawMessage }
			if err := json.Unmarshal(line, &m); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			var text string
			if json.Unmarshal(m.Message, &text) != nil && json.Unmarshal(m.Event, &text) != nil {
				text = strings.TrimSuffix(string(line), "\n")
				if s.logs[i] == "" {
					text = string(m.Event)
				}
			}
			out = append(out, text)
		}
	}
	return out
}

func TestRunOverHTTP(t *testing.T) {
	for _, c := range []struct {
		form string
		sink *httpSink
		gone int
	}{
		{"", &httpSink{}, 0},
		{"hec", &httpSink{}, 0},
		{"", &httpSink{script: []int{503, 429, 500}, after: 2}, 1},
		{"", &httpSink{most: 20 << 10}, 0},
	} {
		server := httptest.NewServer(c.sink)
		x, want := twoDays(t, server.URL+"/ingest")
		x.Form = c.form
		r, err := x.Run(context.Background())
		server.Close()
		if err != nil {
			t.Fatal(err)
		}
		got := c.sink.texts(t)
		if n := missing(want, got); n > 0 || int64(len(got)) != r.Delivery.Lines || r.Delivery.Confirmed != r.Delivery.Lines || len(r.Delivery.Gone) != c.gone || !r.Complete {
			t.Errorf("%q %v: %d of %d lines are missing, %d came: %+v", c.form, c.sink.script, n, len(want), len(got), r.Delivery)
		}
	}
}

// TestRunRefused checks that a receiver which refuses for good is told of at once, and that what it refuses later is kept.
func TestRunRefused(t *testing.T) {
	sink := &httpSink{script: []int{401}}
	server := httptest.NewServer(sink)
	defer server.Close()
	x, _ := twoDays(t, server.URL)
	x.Headers = []string{"Authorization: Bearer hidden"}
	if _, err := x.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("a receiver that wants a password: %v", err)
	}
	sink.script, sink.after, sink.requests = []int{400}, 1, 0
	x.Dir = filepath.Join(t.TempDir(), "again")
	r, err := x.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(x.Dir, "undelivered.ndjson"))
	if err != nil || r.Delivery.Refused == 0 || int64(bytes.Count(kept, []byte("\n"))) != r.Delivery.Refused || r.Delivery.Confirmed+r.Delivery.Refused != r.Delivery.Lines {
		t.Errorf("%+v, %d bytes kept, %v", r.Delivery, len(kept), err)
	}
}

// TestRunBulk checks that documents which _bulk refuses are kept, and only these.
func TestRunBulk(t *testing.T) {
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		body, _ := io.ReadAll(r.Body)
		var items []string
		for i := range bytes.Count(body, []byte("\n")) / 2 {
			status := 201
			if n == 2 && i == 3 {
				status = 400
			}
			items = append(items, fmt.Sprintf(`{"create":{"status":%d}}`, status))
		}
		fmt.Fprintf(w, `{"errors":%v,"items":[%s]}`, n == 2, strings.Join(items, ","))
	}))
	defer server.Close()
	x, _ := twoDays(t, server.URL)
	x.Form = "bulk"
	r, err := x.Run(context.Background())
	if err != nil || r.Delivery.Refused != 1 || r.Delivery.Confirmed != r.Delivery.Lines-1 {
		t.Errorf("%v: %+v", err, r.Delivery)
	}
}

// TestRunNobody checks that an exercise does not begin where nobody takes it, and what is wrong usage.
func TestRunNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	x, _ := twoDays(t, "syslog+tcp://"+addr)
	ctx, stop := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer stop()
	if _, err := x.Run(ctx); err == nil {
		t.Error("an exercise without a receiver began")
	}
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*Exercise)
		says   string
	}{
		{func(x *Exercise) { x.To = "" }, "say where"}, {func(x *Exercise) { x.To = "ftp://h/" }, "syslog+tcp"}, {func(x *Exercise) { x.To = "syslog+udp://h:1?framing=lf" }, "framing=lf"},
		{func(x *Exercise) { x.To = used }, "in use"}, {func(x *Exercise) { x.Dir = used }, "in use"}, {func(x *Exercise) { x.Dir = "" }, "record"},
		{func(x *Exercise) { x.From = "tomorrow" }, "first-act"}, {func(x *Exercise) { x.From = "2031-01-01" }, "spans"}, {func(x *Exercise) { x.Until = "2025-06-01" }, "before it begins"},
		{func(x *Exercise) { x.Options.Quiet = true }, "no attack"}, {func(x *Exercise) { x.Speed = -1 }, "speed"}, {func(x *Exercise) { x.Form, x.To = "xml", "http://127.0.0.1:1" }, "xml"},
		{func(x *Exercise) { x.Headers, x.To = []string{"secret"}, "http://127.0.0.1:1" }, "Name: value"},
	} {
		y := *x
		y.To, y.Dir = filepath.Join(t.TempDir(), "share"), filepath.Join(t.TempDir(), "run")
		c.change(&y)
		if _, err := y.Run(context.Background()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want something about %q", err, c.says)
		}
	}
}
