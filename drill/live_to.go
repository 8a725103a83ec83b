// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Destinations says, a line each, where an exercise can go.
const Destinations = `a folder                  files grow and are rotated as on an institute's share
syslog+udp://HOST:PORT    one message a datagram (RFC 5426); what is lost on the way is not known
syslog+tcp://HOST:PORT    octet counting (RFC 6587); ?framing=lf ends messages with a newline instead
http://… or https://…     POST, repeated until the receiver says that it has it
-                         standard output, one JSON object a line`

// receiver takes the lines of an exercise. It belongs to the player's goroutine.
type receiver interface {
	// open says whether lines can be taken at all.
	open(ctx context.Context) error
	// send takes a line. It waits as long as the receiver is away.
	send(ctx context.Context, l *Line) error
	// flush passes on what is held back; idle says that nothing else is to be done meanwhile.
	flush(ctx context.Context, idle bool) error
	// close passes on everything and ends.
	close(ctx context.Context) error
	// held is how many lines were taken and not passed on, and the time of the first of them in the story.
	held() (int64, time.Time)
}

// receiver returns the receiver that To names.
func (x *Exercise) receiver(k *link, r *run) (receiver, error) {
	if x.To == "-" {
		return &outReceiver{link: k, w: os.Stdout}, nil
	}
	scheme, _, isURL := strings.Cut(x.To, "://")
	if !isURL {
		if x.To == "" {
			return nil, misuse("行の送り先を指定してください：\n%s", "say where the lines go:\n%s", Destinations)
		}
		if nested(x.To, x.Dir) {
			return nil, misuse("送り先 %s と記録のフォルダ %s は、同じでも、一方が他方の中でもいけません：参加者に正解が見えてしまいます", "%s, where the lines go, and %s, where the truth stays, must be apart, neither in the other: the team would see the truth", x.To, x.Dir)
		}
		return newFolderReceiver(k, x.To, r), nil
	}
	u, err := url.Parse(x.To)
	if err != nil {
		return nil, misuse("%[1]s://… は宛先として読めません。送り先：\n%[2]s", "%[1]s://… cannot be read as an address; lines can go to\n%[2]s", scheme, Destinations)
	}
	if u.Hostname() == "" {
		return nil, misuse("%s にホスト名がありません", "%s names no host", safeURL(x.To))
	}
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return nil, misuse("%s：ポート番号は 1 から 65535 です", "%s: ports are 1 to 65535", safeURL(x.To))
	}
	switch scheme {
	case "syslog+udp", "syslog+tcp":
		return newSyslogReceiver(k, u, x.Rate)
	case "http", "https":
		return newHTTPReceiver(k, u, x.Form, x.Headers, x.Rate)
	}
	return nil, misuse("%s には送れません。送り先：\n%s", "%s is nothing to send to; lines can go to\n%s", safeURL(x.To), Destinations)
}

// safeURL returns an address without its password and what follows its question mark.
func safeURL(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme == "" {
		return to
	}
	u.RawQuery = ""
	return u.Redacted()
}

// link is what all receivers share: they try again, say so, and lose nothing silently.
type link struct {
	record *Delivery
	tell   func(Progress)
	first  time.Duration // before the first new try
	kept   string        // the file of the lines that were not taken for good
	out    *os.File

	taken map[string]time.Time // the last line of each kind of log that the receiver took
	open  map[string]int       // gaps that are not over, by kind
}

// longest is the longest time between two tries.
const longest = 10 * time.Second

// forGood is an error that no new try will mend.
type forGood struct{ err error }

// Error implements error.
func (e forGood) Error() string { return e.err.Error() }

// Unwrap returns the error that it is.
func (e forGood) Unwrap() error { return e.err }

// try does what it is given until it is done, ctx ends, or there is no hope. A server may ask for patience with a notYet.
func (k *link) try(ctx context.Context, do func() error) error {
	err := do()
	if err == nil {
		return nil
	}
	if final := new(forGood); errors.As(err, final) {
		return err
	}
	if !k.away() {
		k.record.Gone = append(k.record.Gone, Absence{From: time.Now(), Why: err.Error()})
	}
	pause := k.first
	for {
		if err := k.rest(ctx, max(pause, patience(err)), err); err != nil {
			return err
		}
		k.record.Retries++
		pause = min(2*pause, longest)
		if err = do(); err == nil {
			break
		}
		if final := new(forGood); errors.As(err, final) {
			return err
		}
	}
	now := time.Now()
	k.record.Gone[len(k.record.Gone)-1].To = &now
	return nil
}

// away says whether the receiver takes nothing now.
func (k *link) away() bool {
	n := len(k.record.Gone)
	return n > 0 && k.record.Gone[n-1].To == nil
}

// rest waits, telling why.
func (k *link) rest(ctx context.Context, pause time.Duration, why error) error {
	for until := time.Now().Add(pause); ; {
		left := time.Until(until)
		if left <= 0 {
			return ctx.Err()
		}
		k.tell(Progress{Gone: why.Error(), gone: wordsOf(why)})
		select {
		case <-time.After(min(left, time.Second)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// notYet is an error of a server that says when to try again.
type notYet struct {
	err   error
	after time.Duration
}

// Error implements error.
func (e notYet) Error() string { return e.err.Error() }

// Unwrap returns the error that it is.
func (e notYet) Unwrap() error { return e.err }

func patience(err error) time.Duration {
	if l := new(notYet); errors.As(err, l) {
		return min(l.after, time.Minute)
	}
	return 0
}

// firstContact is how long a receiver may take to be there when an exercise begins.
const firstContact = 10 * time.Second

// meet tries to reach a receiver for the first time.
func (k *link) meet(ctx context.Context, to string, do func() error) error {
	short, stop := context.WithTimeout(ctx, firstContact)
	defer stop()
	var last error
	err := k.try(short, func() error {
		err := do()
		if err != nil && short.Err() == nil {
			last = err
		}
		return err
	})
	if ctx.Err() == nil && short.Err() != nil && last != nil && err != nil {
		return neverMet{within(last, "%s で受け取る相手がいないので、始めませんでした：", "nobody takes the lines at %s, so it did not begin: ", to)}
	}
	return err
}

// neverMet is the error of an exercise that does not begin, since the receiver did not take its first line.
type neverMet struct{ error }

// Unwrap returns the error that it is.
func (e neverMet) Unwrap() error { return e.error }

// delivered notes that the receiver has taken a line.
func (k *link) delivered(l *heldLine) {
	if k.taken == nil {
		k.taken, k.open = map[string]time.Time{}, map[string]int{}
	}
	if i, ok := k.open[l.kind]; ok {
		k.record.Gaps[i].Until = &l.at
		delete(k.open, l.kind)
	}
	k.taken[l.kind] = l.at
}

// missed notes that the receiver has refused a line.
func (k *link) missed(l *heldLine) {
	if k.taken == nil {
		k.taken, k.open = map[string]time.Time{}, map[string]int{}
	}
	i, ok := k.open[l.kind]
	if !ok {
		i = len(k.record.Gaps)
		g := Gap{Kind: l.kind}
		if at, ok := k.taken[l.kind]; ok {
			g.After = &at
		}
		k.record.Gaps, k.open[l.kind] = append(k.record.Gaps, g), i
	}
	k.record.Gaps[i].Lines++
}

// refuse keeps a line that is not taken for good, beside the record.
func (k *link) refuse(l *heldLine, why string) error {
	k.record.Refused++
	if k.out == nil {
		f, err := os.OpenFile(k.kept, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("drill: keep a line that was not taken: %w", err)
		}
		k.out = f
	}
	b, err := json.Marshal(map[string]string{"log": l.log, "why": why, "line": string(l.text)}) // for people to look at
	if err == nil {
		_, err = k.out.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("drill: keep a line that was not taken: %w", err)
	}
	return nil
}

// shut closes the file of refused lines.
func (k *link) shut() error {
	if k.out == nil {
		return nil
	}
	err := k.out.Close()
	k.out = nil
	return err
}

// heldLine is a line that waits to be delivered.
type heldLine struct {
	log  string
	text []byte
	kind string
	at   time.Time // in the story
}

// bucket holds back what is faster than so many lines a second.
type bucket struct {
	rate int
	next time.Time
}

// take waits until one more line may go. Small advances are allowed, so that not every line waits for itself.
func (b *bucket) take(ctx context.Context) error {
	if b.rate == 0 {
		return nil
	}
	now := time.Now()
	if b.next.Before(now) {
		b.next = now
	}
	b.next = b.next.Add(time.Second / time.Duration(b.rate))
	ahead := b.next.Sub(now)
	if ahead < 5*time.Millisecond {
		return nil
	}
	select {
	case <-time.After(ahead):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// appendLine appends a line as one JSON object: when, of which log, of which kind, and its text.
func appendLine(b []byte, l *Line) []byte {
	b = append(b, `{"time":"`...)
	b = l.Time.AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(append(b, `","log":"`...), l.Log...)
	b = append(append(b, `","kind":"`...), l.Kind...)
	b = appendText(append(b, `","line":`...), l.Text)
	return append(b, '}', '\n')
}

// appendText appends text as a string of JSON. What is not UTF-8 becomes the replacement character.
func appendText(b, text []byte) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(text[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		switch {
		case c == '"', c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}

// outReceiver writes to standard output.
type outReceiver struct {
	link *link
	w    *os.File
	buf  []byte
	n    int64
	at   time.Time // of the first line that waits
}

func (r *outReceiver) open(context.Context) error { return nil }

func (r *outReceiver) send(ctx context.Context, l *Line) error {
	if r.n == 0 {
		r.at = l.Time
	}
	r.buf = appendLine(r.buf, l)
	r.n++
	if len(r.buf) > 1<<16 {
		return r.flush(ctx, false)
	}
	return nil
}

func (r *outReceiver) flush(context.Context, bool) error {
	if len(r.buf) == 0 {
		return nil
	}
	_, err := r.w.Write(r.buf)
	if err != nil {
		return trouble(err, "標準出力に書けません（%s）", "standard output takes nothing: %s", reason(err))
	}
	r.buf, r.n = r.buf[:0], 0
	return nil
}

func (r *outReceiver) close(ctx context.Context) error {
	return cmp.Or(r.flush(ctx, false), r.link.shut())
}

func (r *outReceiver) held() (int64, time.Time) { return r.n, r.at }
