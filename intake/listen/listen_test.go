// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// kept is a sink that keeps what it is given. Hold makes it wait, fail makes it refuse.
type kept struct {
	mu   sync.Mutex
	all  []event.Received
	hold chan struct{}
	fail func() error
}

func (k *kept) Append(ctx context.Context, batch []event.Received) (event.Position, error) {
	if k.hold != nil {
		select {
		case <-k.hold:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		if err := k.fail(); err != nil {
			return 0, err
		}
	}
	first := event.Position(len(k.all))
	for _, r := range batch {
		r.Data = bytes.Clone(r.Data)
		k.all = append(k.all, r)
	}
	return first, nil
}

func (k *kept) texts() (out []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.all {
		out = append(out, string(r.Data))
	}
	return out
}

// stand is a receiver with a sink, for a test.
type stand struct {
	*Receiver
	t    testing.TB
	kept *kept
	stop func()
}

func newStand(t testing.TB, limits Limits, strange bool, sources ...Source) *stand {
	t.Helper()
	s, err := NewSources(sources, strange)
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{}
	return &stand{Receiver: NewReceiver(k, s, NewLedger(), limits), t: t, kept: k}
}

// run starts a listener on loopback and returns its address. What run returned stops with the test, or with stop.
func (s *stand) run(serve func(ctx, kill context.Context, l net.Listener) error) string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	kill, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, kill, l) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				s.t.Errorf("serve: %v", err)
			}
		case <-time.After(20 * time.Second):
			s.t.Error("it does not stop")
		}
		end()
	})
	s.t.Cleanup(s.stop)
	return l.Addr().String()
}

func (s *stand) syslog() string {
	return s.run(func(ctx, kill context.Context, l net.Listener) error { return s.Syslog(ctx, kill, l, nil) })
}

// closes waits until n records are settled and says whether the sum closes.
func (s *stand) closes(n int64) Count {
	s.t.Helper()
	var c Count
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if c = s.ledger.Total(); c.Offered >= n && c.Waiting == 0 {
			break
		}
		if time.Now().After(end) {
			s.t.Fatalf("of %d records: %+v", n, c)
		}
	}
	if err := s.ledger.Check(); err != nil {
		s.t.Error(err)
	}
	if c.Open() != 0 {
		s.t.Errorf("the sum does not close: %+v", c)
	}
	return c
}

func dial(t testing.TB, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

const hello = "<13>Oct 11 22:14:15 mon1 sshd[81]: hello"

// TestSyslogFraming sends messages in both framings, cut at every place.
func TestSyslogFraming(t *testing.T) {
	five := "<34>1 2026-10-11T22:14:15.003Z mon1 su - ID47 - two\nlines"
	stream := fmt.Sprintf("%d %s%d %s\n%s\n\r\n%s\r\n2026 not counted\n999999 <13>swallow?\nlast", len(five), five, len(hello)+1, hello+"\n", hello, hello)
	want := []string{five, hello, hello, hello, "2026 not counted", "999999 <13>swallow?", "last"}
	for cut := 0; cut < len(stream); cut += 7 {
		s := newStand(t, Limits{}, true)
		c := dial(t, s.syslog())
		send(t, c, stream[:cut])
		if cut%2 == 0 {
			time.Sleep(time.Millisecond)
		}
		send(t, c, stream[cut:])
		c.Close()
		s.closes(int64(len(want)))
		if got := s.kept.texts(); !slices.Equal(got, want) {
			t.Fatalf("cut at %d:\n%q\nwant\n%q", cut, got, want)
		}
		s.stop()
	}
}

// TestSyslogHostile sends what no honest client sends: memory stays bounded, and the sum closes.
func TestSyslogHostile(t *testing.T) {
	s := newStand(t, Limits{Message: 4096, Slow: 300 * time.Millisecond, PerAddress: 8}, true)
	at := s.syslog()
	long := strings.Repeat("x", 1<<20)
	for _, one := range []struct {
		text    string
		records int
		first   string // of the record
		length  int64
	}{
		{"<13>" + long + "\n", 1, "<13>xxx", 4 + 1<<20},
		{"1048580 <13>" + long, 1, "<13>xxx", 4 + 1<<20},
		{"5000 <13>half", 1, "<13>half", 5000},
		{"99999999999999999999 <13>x\n", 1, "9999999999", 26},
		{"9999999999 <13>x\n", 0, "", 0}, // more than any message has: refused
		{"0 <13>x\n", 1, "0 <13>x", 7},
		{"\n\n\n", 0, "", 0},
		{"", 0, "", 0},
	} {
		before := len(s.kept.texts())
		c := dial(t, at)
		send(t, c, one.text)
		c.Close()
		for end := time.Now().Add(5 * time.Second); len(s.kept.texts()) < before+one.records && time.Now().Before(end); {
			time.Sleep(2 * time.Millisecond)
		}
		time.Sleep(10 * time.Millisecond)
		s.kept.mu.Lock()
		got := s.kept.all[before:]
		s.kept.mu.Unlock()
		if len(got) != one.records || one.records > 0 && (!strings.HasPrefix(string(got[0].Data), one.first) || got[0].Length != one.length || len(got[0].Data) > 4096) {
			t.Errorf("%.20q: %d records: %.60s", one.text, len(got), fmt.Sprint(got))
		}
	}
	trickle := dial(t, at) // begins a message and does not end it
	send(t, trickle, "<13>trick")
	_ = trickle.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := trickle.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("who does not go on is not sent away: %v", err)
	}
	var crowd []net.Conn
	for range 12 {
		crowd = append(crowd, dial(t, at))
	}
	time.Sleep(50 * time.Millisecond)
	if r := s.ledger.Refused(); r["slow"] != 1 || r["crowd"] < 4 || r["crowd"] > 6 || r["garbage"] != 1 { // those before may still be leaving
		t.Errorf("refused: %v", r)
	}
	for _, c := range crowd {
		c.Close()
	}
	s.closes(6)
	c := s.ledger.Total()
	if c.Cut != 3 {
		t.Errorf("cut: %+v", c)
	}
}

// TestBackPressure lets the sink stand still: the sender waits, nothing is lost, and what waits is bounded.
func TestBackPressure(t *testing.T) {
	s := newStand(t, Limits{Memory: 1 << 20}, true)
	s.kept.hold = make(chan struct{})
	c := dial(t, s.syslog())
	const n = 200_000
	line := strings.Repeat("y", 100) + "\n"
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		w := bufio.NewWriterSize(c, 64<<10)
		for range n {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
		_ = w.Flush()
		c.Close()
	}()
	select {
	case <-sent:
		t.Fatal("20 MB were taken though nothing could be sealed")
	case <-time.After(300 * time.Millisecond):
	}
	if w := s.ledger.Total().Waiting; w > 1<<20/100*3/2 {
		t.Errorf("%d records wait", w)
	}
	close(s.kept.hold)
	<-sent
	if got := s.closes(n); got.Sealed != n {
		t.Errorf("%+v", got)
	}
}

// TestSinkFails lets the sink fail: what cannot be sent again is offered to it until it takes it.
func TestSinkFails(t *testing.T) {
	s := newStand(t, Limits{}, true)
	failures := 3
	s.kept.fail = func() error {
		if failures--; failures >= 0 {
			return errors.New("no space left")
		}
		return nil
	}
	c := dial(t, s.syslog())
	send(t, c, hello+"\n")
	if got := s.closes(1); got.Sealed != 1 {
		t.Errorf("%+v", got)
	}
}

// TestStop stops while a sender is sending: what was read is sealed.
func TestStop(t *testing.T) {
	s := newStand(t, Limits{}, true)
	c := dial(t, s.syslog())
	for i := range 1000 {
		send(t, c, fmt.Sprintf("<13>%d\n", i))
	}
	time.Sleep(20 * time.Millisecond)
	start := time.Now()
	s.stop()
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
	if got := s.closes(1000); got.Sealed != 1000 {
		t.Errorf("%+v", got)
	}
}

func TestUDP(t *testing.T) {
	limited, _ := netip.ParsePrefix("127.0.0.2/32")
	s := newStand(t, Limits{}, true, Source{Name: "fw1", From: []netip.Prefix{limited}, Rate: 5})
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.UDP(ctx, context.Background(), conn) }()
	var from []net.Conn
	for _, ip := range []net.IP{{127, 0, 0, 1}, {127, 0, 0, 2}} {
		d := net.Dialer{LocalAddr: &net.UDPAddr{IP: ip}}
		c, err := d.Dial("udp", conn.LocalAddr().String())
		if err != nil {
			t.Skipf("this machine has no second loopback address: %v", err)
		}
		defer c.Close()
		from = append(from, c)
	}
	send(t, from[0], hello+"\n")
	send(t, from[0], "\n")
	for range 20 {
		send(t, from[1], hello)
	}
	s.closes(22)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	var firewall, stranger Count
	for _, c := range s.ledger.Hours() {
		switch c.Source {
		case "fw1":
			firewall.Add(&c)
		case "127.0.0.1":
			stranger.Add(&c)
		}
	}
	if stranger.Sealed != 1 || stranger.Rejected["malformed"] != 1 || firewall.Sealed < 5 || firewall.Rejected["too-fast"] != 20-firewall.Sealed || firewall.Sealed > 12 {
		t.Errorf("%+v %+v", stranger, firewall)
	}
}

// TestUDPDrops lets the sink stand still until the kernel drops, which is counted.
func TestUDPDrops(t *testing.T) {
	s := newStand(t, Limits{Memory: 1 << 20}, true)
	s.kept.hold = make(chan struct{})
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.UDP(ctx, context.Background(), conn) }()
	c, err := net.Dial("udp", conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	time.Sleep(20 * time.Millisecond)
	const n = 5000
	big := strings.Repeat("z", 32<<10)
	for range n { // 160 MB
		send(t, c, big)
	}
	close(s.kept.hold)
	time.Sleep(300 * time.Millisecond)
	send(t, c, hello) // with it comes how many were dropped
	got := s.closes(1)
	for end := time.Now().Add(5 * time.Second); got.Offered < n+1 && time.Now().Before(end); got = s.closes(1) {
		time.Sleep(10 * time.Millisecond)
	}
	if got.Lost == 0 {
		t.Skip("this system does not say how many datagrams it dropped")
	}
	if got.Offered != n+1 || got.Sealed+got.Lost != n+1 {
		t.Errorf("%+v", got)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string][3]bool{ // plain, encrypted, forced
		"127.0.0.1:5514":   {true, true, true},
		"[::1]:5514":       {true, true, true},
		"localhost:5514":   {true, true, true},
		"127.3.3.3:1":      {true, true, true},
		"0.0.0.0:5514":     {false, true, true},
		":5514":            {false, true, true},
		"[::]:5514":        {false, true, true},
		"192.0.2.7:5514":   {false, true, true},
		"log.example:5514": {false, true, true},
		"5514":             {false, false, false},
	} {
		got := [3]bool{CheckAddress(address, false, false) == nil, CheckAddress(address, true, false) == nil, CheckAddress(address, false, true) == nil}
		if got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

func TestSources(t *testing.T) {
	one := netip.MustParsePrefix("192.0.2.0/24")
	for _, bad := range [][]Source{
		{{Name: "192.0.2.7", From: []netip.Prefix{one}}},
		{{Name: "", From: []netip.Prefix{one}}},
		{{Name: "(others)", From: []netip.Prefix{one}}},
		{{Name: "a b", From: []netip.Prefix{one}}},
		{{Name: "a"}},
		{{Name: "a", From: []netip.Prefix{one}}, {Name: "a", From: []netip.Prefix{one}}},
		{{Name: "a", Tokens: []string{"short"}}},
		{{Name: "a", Tokens: []string{"0123456789abcdef"}}, {Name: "b", Tokens: []string{"0123456789abcdef"}}},
	} {
		if _, err := NewSources(bad, false); err == nil {
			t.Errorf("taken: %+v", bad)
		}
	}
	l := NewLedger()
	s, err := NewSources([]Source{
		{Name: "net", From: []netip.Prefix{one}},
		{Name: "host", From: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32")}},
		{Name: "shipper", Tokens: []string{"0123456789abcdef"}, From: []netip.Prefix{one}},
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ ip, token, want string }{
		{"192.0.2.1", "", "net"},
		{"::ffff:192.0.2.7", "", "host"},
		{"192.0.2.9", "0123456789abcdef", "shipper"},
		{"198.51.100.1", "0123456789abcdef", ""}, // the token from elsewhere
		{"192.0.2.9", "0123456789abcdeX", ""},    // a wrong token is not made good by the address
		{"198.51.100.1", "", ""},
	} {
		o, err := s.bind(l, netip.MustParseAddr(c.ip), nil, c.token)
		got := ""
		if err == nil {
			got = o.name
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.ip, c.token, got, c.want)
		}
	}
	open, err := NewSources(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddr("198.51.100.1")
	for range 3 * maxAccounts {
		if _, err := open.bind(l, at, nil, ""); err != nil {
			t.Fatal(err)
		}
		at = at.Next()
	}
	if len(l.accounts) > maxAccounts+1 || len(open.others) > maxAccounts {
		t.Errorf("%d accounts", len(l.accounts))
	}
}

// nowhere is a sink that takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) Append(context.Context, []event.Received) (event.Position, error) { return 0, nil }
