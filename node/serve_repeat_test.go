// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// wire is what a vault sealed, in order, and what a watch would count of it.
type wire struct {
	r    *repeats
	next event.Position
	at   event.Micros
	read []string // by the watch
	told []overlap
}

func newWire() *wire { return &wire{r: newRepeats(), at: 1_800_000_000 * 1e6} }

func (w *wire) seal(from, text string) {
	rec := &event.Received{Source: "mon1", From: from, At: w.at}
	rec.Data = []byte(text)
	now := w.r.pass(rec, w.next)
	w.drain(repeatPatient)
	if now {
		w.read = append(w.read, text)
	}
	w.next++
	w.at += 1000
}

func (w *wire) drain(patience event.Micros) {
	for _, h := range w.r.due(w.at, patience) {
		w.read = append(w.read, string(h.rec.Data))
	}
	w.told = append(w.told, w.r.found...)
	w.r.found = nil
}

// end lets so much time go by that nothing waits any more.
func (w *wire) end() []string {
	w.at += 2 * repeatTicking
	w.drain(repeatTicking)
	return w.read
}

func TestRepeats(t *testing.T) {
	const a, b, c, d = "Nov 23 10:00:00 a", "Nov 23 10:00:00 b", "Nov 23 10:00:01 c", "Nov 23 10:00:02 d"
	const own = "2026-11-23T10:00:00.123456+09:00 one that names itself"
	for name, x := range map[string]struct {
		sent string // connection and message, by line
		want []string
	}{
		"a window again":             {"1 a,1 b,1 c,2 b,2 c,2 d", []string{"a", "b", "c", "d"}},
		"everything again":           {"1 a,1 b,2 a,2 b,2 c", []string{"a", "b", "c"}},
		"again and again":            {"1 a,1 b,2 a,2 b,3 a,3 b,3 c", []string{"a", "b", "c"}},
		"one that names itself":      {"1 own,2 own,2 a", []string{"own", "a"}},
		"one that could be another":  {"1 a,2 a,2 b", []string{"a", "a", "b"}},
		"many that are all the same": {"1 a,1 a,1 a,2 a,2 a", []string{"a", "a", "a", "a", "a"}},
		"the end is not reached":     {"1 a,1 b,1 c,2 a,2 b,2 d", []string{"a", "b", "c", "a", "b", "d"}},
		"both go on":                 {"1 a,1 b,2 a,1 c,2 b", []string{"a", "b", "a", "c", "b"}},
		"periods: the shortest":      {"1 a,1 b,1 a,1 b,2 a,2 b,2 a,2 b,2 c", []string{"a", "b", "a", "b", "a", "b", "c"}},
		"from somewhere else":        {"1 a,1 b,elsewhere a,elsewhere b", []string{"a", "b", "a", "b"}},
		"a file":                     {"1 a,1 b,/var/log/x a,/var/log/x b", []string{"a", "b", "a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			texts := map[string]string{"a": a, "b": b, "c": c, "d": d, "own": own}
			w := newWire()
			for _, one := range strings.Split(x.sent, ",") {
				from, text, _ := strings.Cut(one, " ")
				switch from {
				case "elsewhere":
					from = "192.0.2.9:1"
				case "/var/log/x":
				default:
					from = "192.0.2.1:" + from
				}
				w.seal(from, texts[text])
			}
			var want []string
			for _, k := range x.want {
				want = append(want, texts[k])
			}
			got := w.end()
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("read %q, want %q", got, want)
			}
		})
	}
}

func TestNamesItself(t *testing.T) {
	for text, want := range map[string]bool{
		"__CURSOR=s=1\nA=b": true, "2026-11-23T10:00:00.123Z x": true, "10:00:00,123 x": true, "audit(1364481363.243:24287): x": true, `{"ts":1795450000000}`: true,
		"Nov 23 10:00:00 mon1 x": false, "1795450000 x": false, "10:00:00.1 x": false, "version 1.234 of 10.20.30.400": false, "": false,
	} {
		if namesItself([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	for text, want := range map[string]bool{"Nov 23 10:00:00 x": true, "10:00:0": false, "a:b:c:d": false, "10:00:00": true, "00:11:22:aa": true, "yes": false} {
		if timed([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

// A port that another connection used a moment ago, and a connection on which a request is sent again once its answer has not come, begin anew
// after a pause.
func TestRepeatsSamePort(t *testing.T) {
	for name, ports := range map[string][]string{"another's port": {"2", "1", "2"}, "the same connection": {"1", "1", "1"}} {
		w := newWire()
		for i, port := range ports {
			for k := range 4 {
				text := fmt.Sprintf("10:00:00.%06d x", k)
				if i == 0 {
					text = fmt.Sprintf("10:00:00.%06d earlier", k)
				}
				w.seal("192.0.2.1:"+port, text)
			}
			w.at += 2 * repeatPause
		}
		if got := len(w.end()); got != 8 || len(w.told) != 1 {
			t.Errorf("%s: %d read, overlaps %v", name, got, w.told)
		}
	}
}

// What lies further back than five minutes is no repetition, however alike.
func TestRepeatsLater(t *testing.T) {
	w := newWire()
	for i := range 5 {
		w.seal("192.0.2.1:1", fmt.Sprintf("10:00:00.00000%d x", i))
	}
	w.at += repeatWithin
	for i := range 5 {
		w.seal("192.0.2.1:2", fmt.Sprintf("10:00:00.00000%d x", i))
	}
	if got := len(w.end()); got != 10 || len(w.told) > 0 {
		t.Errorf("%d read, %d overlaps", got, len(w.told))
	}
}

// clientOf sends numbered messages in order over connections that break, and begins each new one with what it has no answer for.
type clientOf struct {
	name            string
	sent, answered  int
	connection, all int
	plain           bool // no message names itself alone
}

func (c *clientOf) message(n int) string {
	if c.plain {
		return fmt.Sprintf("<13>Nov 23 10:%02d:%02d mon1 %s: job %d", n/7/60, n/7%60, c.name, n%7)
	}
	return fmt.Sprintf("<13>1 2026-11-23T10:00:00.%06dZ mon1 %s - - - message", n, c.name)
}

// Whatever connections break when, nothing is lost; and of messages that name themselves each is counted once. One of the others may be counted
// twice where it comes again alone.
func TestRepeatsAnyCuts(t *testing.T) {
	for seed := range uint64(300) {
		d := rand.New(rand.NewPCG(seed, 7))
		w := newWire()
		clients := make([]*clientOf, 1+d.IntN(4))
		for i := range clients {
			clients[i] = &clientOf{name: fmt.Sprint("app", i), all: 30 + d.IntN(300), connection: 1, plain: seed%3 == 0 && i == 0}
		}
		from := func(c *clientOf) string {
			return fmt.Sprintf("192.0.2.1:%d", 1000*len(c.name)+100*c.connection+int(c.name[3]))
		}
		for open := true; open; {
			open = false
			for _, c := range clients {
				if c.answered == c.all {
					continue
				}
				open = true
				for range 1 + d.IntN(30) {
					if c.sent < c.all && c.sent-c.answered < 128 {
						w.seal(from(c), c.message(c.sent))
						c.sent++
					}
				}
				if c.answered += d.IntN(c.sent - c.answered + 1); d.IntN(6) == 0 && c.answered < c.all {
					c.connection++
					c.sent = c.answered
				}
			}
		}
		got := map[string]int{}
		for _, text := range w.end() {
			got[text]++
		}
		for _, c := range clients {
			want, more := map[string]int{}, 0
			for n := range c.all {
				want[c.message(n)]++
			}
			for text, n := range want {
				if got[text] < n || !c.plain && got[text] != n {
					t.Fatalf("seed %d: %q is counted %d times of %d", seed, text, got[text], n)
				}
				more += got[text] - n
			}
			if more > c.connection {
				t.Errorf("seed %d: %d messages more than were sent, over %d connections", seed, more, c.connection)
			}
		}
	}
}

// Taken up at any place shortly before, the watch finds the same overlaps after it.
func TestRepeatsTakenUp(t *testing.T) {
	type sealed struct{ from, text string }
	var all []sealed
	d := rand.New(rand.NewPCG(1, 1))
	c := &clientOf{name: "app0", all: 600, connection: 1}
	for c.answered < c.all {
		for range 1 + d.IntN(20) {
			if c.sent < c.all {
				all = append(all, sealed{fmt.Sprintf("192.0.2.1:%d", c.connection), c.message(c.sent)})
				c.sent++
			}
		}
		if c.answered += d.IntN(c.sent - c.answered + 1); d.IntN(3) == 0 && c.answered < c.all {
			c.connection++
			c.sent = c.answered
		}
	}
	told := func(from int) []overlap {
		w := newWire()
		w.next, w.at = event.Position(from), w.at+event.Micros(from)*1000
		for _, s := range all[from:] {
			w.seal(s.from, s.text)
		}
		w.end()
		return w.told
	}
	whole := told(0)
	if len(whole) < 5 {
		t.Fatalf("%d overlaps", len(whole))
	}
	for _, o := range whole[1:] {
		if back := int(o.Repeats) - o.Records - 200; back > 0 && !slices.Contains(told(back), o) {
			t.Errorf("from %d on %+v is not found", back, o)
		}
	}
}
