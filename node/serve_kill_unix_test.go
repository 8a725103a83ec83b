// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package node

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault/sealed"
)

// serveUntilKilled is the process that TestServeKilled kills: it listens on two ports, "HTTP RELP", and says on standard output when it is ready.
func serveUntilKilled(dir, ports string) error {
	http, relp, _ := strings.Cut(ports, " ")
	c := &config.Serve{Path: "serve.yaml", Data: dir, KeyHome: filepath.Join(dir, "key"), Status: "127.0.0.1:0",
		Listeners: []config.Listener{{Kind: "relp", Address: "127.0.0.1:" + relp}, {Kind: "http", Address: "127.0.0.1:" + http}}}
	p := &config.Profile{Networks: []config.Network{{Name: "own", Ranges: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}, Own: config.Yes}}}
	return Serve(context.Background(), ServeOptions{Config: c, Profile: p, Version: "test", Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), issue: time.Second,
		Ready: func(map[string]string) { fmt.Println("ready") }})
}

// TestServeKilled kills the whole process of serve at random moments, while clients send over HTTP and RELP, rsyslog among them, and send again what
// nobody answered. Every record that they have an answer for is in the vault, verify passes, and what is found is what one run finds that nobody
// disturbed: what came twice counts once. How often it is killed says SEKISHO_KILLS, in rounds of 50 with a vault each; with SEKISHO_TORTURE, a folder,
// the run goes on with the round at which it was interrupted.
func TestServeKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process again and again")
	}
	times := 3
	if v, err := strconv.Atoi(os.Getenv("SEKISHO_KILLS")); err == nil {
		times = v
	}
	home := cmp.Or(os.Getenv("SEKISHO_TORTURE"), t.TempDir())
	var sum kills
	if b, err := os.ReadFile(filepath.Join(home, "serve-kills.json")); err == nil {
		_ = json.Unmarshal(b, &sum)
	}
	for sum.Kills < times && !t.Failed() {
		n := min(50, times-sum.Kills)
		t.Run(fmt.Sprint(sum.Kills+n), func(t *testing.T) { sum.round(t, n) })
		b, err := json.Marshal(sum)
		if err == nil && !t.Failed() {
			err = os.WriteFile(filepath.Join(home, "serve-kills.json"), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills: %d records answered, all there; %d came again, of which %d were known for that", sum.Kills, sum.Answered, sum.Again, sum.Known)
}

// kills is what a run came to.
type kills struct {
	Kills, Answered, Again int
	Known                  int64
}

// round kills serve so often over one vault.
func (sum *kills) round(t *testing.T, times int) {
	dir := filepath.Join(t.TempDir(), "data")
	ports := freePort(t) + " " + freePort(t)
	http, relp, _ := strings.Cut(ports, " ")
	senders := []*sender{{number: 0}, {number: 1}, {number: 2}}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { senders[0].http(ctx, "127.0.0.1:"+http) })
	all.Go(func() { senders[1].relp(ctx, "127.0.0.1:"+relp) })
	end := senders[2].rsyslog(t, relp)
	for n := range times {
		killServe(t, dir, ports, n)
	}
	last := func(c *config.Serve) {
		c.Listeners = []config.Listener{{Kind: "relp", Address: "127.0.0.1:" + relp}, {Kind: "http", Address: "127.0.0.1:" + http}}
	}
	s := serveIn(t, dir, last) // it starts once more, and puts right what the last kill left
	time.Sleep(300 * time.Millisecond)
	stop()
	all.Wait() // until everything is answered
	senders[2].ended = end(dir)
	s.until("everything is read", func(o *ServeStatus) bool { return o.Watch.Behind == 0 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	r, err := sealed.Verify(context.Background(), filepath.Join(dir, "vault"), sealed.VerifyOptions{Home: filepath.Join(dir, "key")})
	if err != nil || !r.OK || r.Unsigned != nil {
		t.Fatalf("%+v %v", r, err)
	}
	here := sealedLines(t, filepath.Join(dir, "vault"))
	for _, x := range senders {
		for i := range x.ended {
			n := here[x.line(i)]
			if sum.Answered++; n == 0 {
				t.Fatalf("sender %d: record %d of %d, which was answered, is not there", x.number, i, x.ended)
			}
			sum.Again += n - 1
		}
	}
	got := rebuildIn(t, dir, filepath.Join(t.TempDir(), "again"))
	for _, twice := range readTwice(t, filepath.Join(dir, "vault")) {
		t.Logf("read twice: %s", twice)
	}
	sum.Kills, sum.Known = sum.Kills+times, sum.Known+got.Repeated
	want, have := undisturbed(t, senders), foundIn(t, dir)
	if len(want) == 0 || !slices.Equal(want, have) {
		t.Errorf("found, after kills:\n%s\nundisturbed:\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// killServe starts serve, and kills it a moment after it is ready, or every fifth time before.
func killServe(t *testing.T, dir, ports string, n int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "SEKISHO_SERVED="+dir, "SEKISHO_PORTS="+ports)
	said := &lockedBuffer{}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if n%5 == 4 { // while it starts, too
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		_, _ = cmd.Process.Kill(), cmd.Wait()
		return
	}
	ready, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		time.Sleep(time.Duration(rand.IntN(600)) * time.Millisecond)
	}
	_, _ = cmd.Process.Kill(), cmd.Wait()
	if err != nil || ready != "ready\n" {
		t.Fatalf("kill %d: it did not start: %v\n%s", n, err, said.String())
	}
}

// sender sends numbered lines of an sshd until everything that it made is answered.
type sender struct {
	number int
	ended  int // how many it sent and has an answer for
}

// line returns a line; it names itself by its time.
func (x *sender) line(i int) string {
	at := killsBegan.Add(time.Duration(i) * 3 * time.Millisecond).Format("2006-01-02T15:04:05.000000Z07:00")
	said := "Failed"
	if i%997 == 996 {
		said = "Accepted"
	}
	return fmt.Sprintf("<38>1 %s mon1 sshd 81 - - %s password for user%03d from 203.0.113.%d port %d ssh2", at, said, i%40, 10+x.number, 1024+i%60000)
}

// killsBegan is when the lines' times begin.
var killsBegan = time.Now().UTC().Add(-3 * time.Hour).Truncate(time.Second)

const sendEvery = 3 * time.Millisecond // some hundred lines a second: the runs of thousands are to stay readable

// http posts some lines after others, each until it is answered, and ends with the one at hand.
func (x *sender) http(ctx context.Context, at string) {
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	for ctx.Err() == nil {
		n := 1 + x.ended%20
		var lines strings.Builder
		for i := range n {
			lines.WriteString(x.line(x.ended+i) + "\n")
		}
		for {
			a, err := client.Post("http://"+at+"/ingest", "text/plain", strings.NewReader(lines.String()))
			if err == nil {
				_, _ = io.Copy(io.Discard, a.Body)
				a.Body.Close()
				if a.StatusCode/100 == 2 {
					break
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		x.ended += n
		time.Sleep(time.Duration(n) * sendEvery)
	}
}

// relp keeps up to 64 messages on the way and sends those that nobody answered over the next connection.
func (x *sender) relp(ctx context.Context, at string) {
	made := 0
	for ctx.Err() == nil || x.ended < made {
		c, err := net.DialTimeout("tcp", at, 5*time.Second)
		if err == nil {
			made = max(made, x.relpUntilBroken(ctx, c, made))
			c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// relpUntilBroken returns how many messages were made. A frame is its number, a command, a length and so many bytes.
func (x *sender) relpUntilBroken(ctx context.Context, c net.Conn, made int) int {
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	const open = "relp_version=0\nrelp_software=test\ncommands=syslog"
	if _, err := fmt.Fprintf(c, "1 open %d %s\n", len(open), open); err != nil {
		return made
	}
	var answered atomic.Int64
	answered.Store(int64(x.ended))
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		in := bufio.NewReader(c)
		for {
			var of, length int
			if _, err := fmt.Fscanf(in, "%d rsp %d ", &of, &length); err != nil || length < 3 || length > 1<<10 {
				return
			}
			body := make([]byte, length+1)
			if _, err := io.ReadFull(in, body); err != nil || !bytes.HasPrefix(body, []byte("200")) {
				return
			}
			if of > 1 {
				answered.Add(1)
			}
		}
	}()
	number := 2
	for i := x.ended; ; {
		x.ended = int(answered.Load())
		select {
		case <-gone:
			x.ended = int(answered.Load())
			return made
		default:
		}
		if ctx.Err() != nil && x.ended == made {
			_, _ = fmt.Fprintf(c, "%d close 0 \n", number)
			return made
		}
		if i-x.ended >= 64 || i >= made && ctx.Err() != nil {
			time.Sleep(time.Millisecond)
			continue
		}
		line := x.line(i)
		if _, err := fmt.Fprintf(c, "%d syslog %d %s\n", number, len(line), line); err != nil {
			<-gone
			x.ended = int(answered.Load())
			return max(made, i+1)
		}
		if i++; i > made {
			made = i
			time.Sleep(sendEvery)
		}
		number++
	}
}

// rsyslog starts the real one with a file that grows; where it is not installed, nothing is sent. The function that it returns lets it end when the vault
// has all lines of the file, and returns how many.
func (x *sender) rsyslog(t *testing.T, relp string) func(dir string) int {
	found, _ := filepath.Glob("/usr/lib/*/rsyslog/omrelp.so")
	if _, err := os.Stat("/usr/sbin/rsyslogd"); err != nil || len(found) == 0 {
		t.Log("without rsyslog: its RELP is not installed")
		return func(string) int { return 0 }
	}
	work := t.TempDir()
	in := filepath.Join(work, "in.log")
	conf := fmt.Sprintf(`module(load="imfile") module(load="omrelp")
global(workDirectory=%q)
template(name="raw" type="string" string="%%msg%%")
input(type="imfile" file=%q tag="app:" ruleset="out")
ruleset(name="out") { action(type="omrelp" target="127.0.0.1" port=%q template="raw" action.resumeRetryCount="-1" action.resumeInterval="1" action.resumeIntervalMax="1") }
`, work, in, relp)
	file, err := os.Create(in)
	if err == nil {
		err = os.WriteFile(filepath.Join(work, "rsyslog.conf"), []byte(conf), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/sbin/rsyslogd", "-n", "-f", filepath.Join(work, "rsyslog.conf"), "-i", filepath.Join(work, "pid"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	made, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		for ; ctx.Err() == nil; made++ {
			_, _ = io.WriteString(file, x.line(made)+"\n")
			time.Sleep(sendEvery)
		}
		file.Close()
	}()
	t.Cleanup(func() { stop(); <-done; _ = cmd.Process.Signal(syscall.SIGKILL); _ = cmd.Wait() })
	return func(dir string) int {
		stop()
		<-done
		for end := time.Now().Add(time.Minute); made > 0 && sealedLines(t, filepath.Join(dir, "vault"))[x.line(made-1)] == 0; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("rsyslog does not come to its end")
			}
		}
		return made
	}
}

// sealedLines counts the senders' lines in a vault.
func sealedLines(t *testing.T, dir string) map[string]int {
	t.Helper()
	r, err := sealed.NewReader(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	here := map[string]int{}
	for {
		_, records, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return here
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			if text := strings.TrimSpace(string(records[i].Data)); strings.HasPrefix(text, "<38>") {
				here[text]++
			}
		}
	}
}

// readTwice returns the records that a watch reads though it read the same line before, with all of that line's.
func readTwice(t *testing.T, dir string) []string {
	t.Helper()
	r, err := sealed.NewReader(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	again := newRepeats()
	where, read := map[string][]string{}, map[string]int{}
	for {
		first, records, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			rec := &records[i]
			text := strings.TrimSpace(string(rec.Data))
			if !strings.HasPrefix(text, "<38>") {
				continue
			}
			where[text] = append(where[text], fmt.Sprintf("%d from %s at %s", int(first)+i, rec.From, rec.At.Time().Format("05.000000")))
			if again.pass(rec, first+event.Position(i)) {
				read[text]++
			}
			for _, h := range again.due(rec.At, repeatPatient) {
				read[strings.TrimSpace(string(h.rec.Data))]++
			}
		}
	}
	var out []string
	for text, n := range read {
		if n > 1 {
			out = append(out, fmt.Sprintf("%s: %v", text, where[text]))
		}
	}
	return out
}

// undisturbed returns what one run finds in the same lines.
func undisturbed(t *testing.T, senders []*sender) []string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	s := serveIn(t, dir, nil)
	for _, x := range senders {
		for from := 0; from < x.ended; from += 1000 {
			var lines strings.Builder
			for i := from; i < min(from+1000, x.ended); i++ {
				lines.WriteString(x.line(i) + "\n")
			}
			a, err := http.Post("http://"+s.at["http"]+"/ingest", "text/plain", strings.NewReader(lines.String()))
			if err != nil || a.StatusCode/100 != 2 {
				t.Fatal(a, err)
			}
			a.Body.Close()
		}
	}
	s.until("everything is read", func(o *ServeStatus) bool { return o.Watch.Behind == 0 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	return foundIn(t, dir)
}

// foundIn returns what is found in a vault, without where the evidence stands in it.
func foundIn(t *testing.T, dir string) []string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "found")
	rebuildAfter(t, dir, out, 50*time.Hour)
	text, err := os.ReadFile(filepath.Join(out, findingsName))
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]Told{}
	for line := range bytes.Lines(text) {
		var one Told
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		if one.Revision > last[one.ID].Revision {
			last[one.ID] = one
		}
	}
	var list []string
	for _, one := range last {
		if !one.Withdrawn {
			list = append(list, fmt.Sprint(one.Detector, " ", one.Severity, " ", one.First, " ", one.Last, " ", one.Accounts, one.Addresses, one.Hosts, " ", one.Numbers, " ", one.Title.En, len(one.Evidence)))
		}
	}
	slices.SortFunc(list, cmp.Compare)
	return list
}
