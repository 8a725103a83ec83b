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
	// held is how many lines were taken and not passed on.
	held() int64
}

// receiver returns the receiver that To names.
func (x *Exercise) receiver(k *link, r *run) (receiver, error) {
	if x.To == "-" {
		return &outReceiver{link: k, w: os.Stdout}, nil
	}
	scheme, _, isURL := strings.Cut(x.To, "://")
	if !isURL {
		if x.To == "" {
			return nil, errors.New("drill: say where the lines go:\n" + Destinations)
		}
		return newFolderReceiver(k, x.To, r), nil
	}
	u, err := url.Parse(x.To)
	if err != nil {
		return nil, fmt.Errorf("drill: %s: %w", safeURL(x.To), errors.Unwrap(err))
	}
	if u.Host == "" {
		return nil, fmt.Errorf("drill: %s names no host", safeURL(x.To))
	}
	switch scheme {
	case "syslog+udp", "syslog+tcp":
		return newSyslogReceiver(k, u, x.Rate)
	case "http", "https":
		return newHTTPReceiver(k, u, x.Form, x.Headers, x.Rate)
	}
	return nil, fmt.Errorf("drill: %s: lines can go to\n%s", safeURL(x.To), Destinations)
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
	if n := len(k.record.Gone); n == 0 || k.record.Gone[n-1].To != nil {
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

// rest waits, telling why.
func (k *link) rest(ctx context.Context, pause time.Duration, why error) error {
	for until := time.Now().Add(pause); ; {
		left := time.Until(until)
		if left <= 0 {
			return ctx.Err()
		}
		k.tell(Progress{Gone: why.Error()})
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
	err := k.try(short, do)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		gone := k.record.Gone
		return fmt.Errorf("drill: nobody takes the lines at %s: %s", to, gone[len(gone)-1].Why)
	}
	return err
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
}

func (r *outReceiver) open(context.Context) error { return nil }

func (r *outReceiver) send(ctx context.Context, l *Line) error {
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
		return fmt.Errorf("drill: write to standard output: %w", err)
	}
	r.buf, r.n = r.buf[:0], 0
	return nil
}

func (r *outReceiver) close(ctx context.Context) error {
	return cmp.Or(r.flush(ctx, false), r.link.shut())
}
func (r *outReceiver) held() int64 { return r.n }
