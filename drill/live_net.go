// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"
)

// newSyslogReceiver returns a receiver over UDP or TCP. In the address, ?format=rfc5424 asks for the newer form of messages
// and, over TCP, ?framing=lf for a newline behind each instead of its length before it.
func newSyslogReceiver(k *link, u *url.URL, rate int) (receiver, error) {
	addr := u.Host
	if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), "514")
	}
	q := u.Query()
	for name, values := range q {
		switch v := values[0]; {
		case name == "format" && (v == "rfc3164" || v == "rfc5424"), name == "framing" && u.Scheme == "syslog+tcp" && (v == "lf" || v == "octet-counting"):
		default:
			return nil, misuse("%s に %s=%s はありません。format=rfc3164、format=rfc5424、TCP では framing=octet-counting、framing=lf が使えます", "%s does not know %s=%s: there are format=rfc3164, format=rfc5424 and, over TCP, framing=octet-counting, framing=lf", u.Scheme, name, v)
		}
	}
	s := speaker{modern: q.Get("format") == "rfc5424"}
	if u.Scheme == "syslog+udp" {
		return &udpReceiver{link: k, addr: addr, speaker: s, bucket: bucket{rate: cmp.Or(rate, 5000)}}, nil
	}
	return &tcpReceiver{link: k, addr: addr, speaker: s, bucket: bucket{rate: rate}, lf: q.Get("framing") == "lf"}, nil
}

// udpReceiver sends a message in each datagram. It cannot know what arrives. It does know when the host on the other side says
// that nobody listens: then it waits until somebody does, and counts what was lost before it was told.
type udpReceiver struct {
	*link
	addr    string
	speaker speaker
	bucket  bucket
	conn    net.Conn
	buf     []byte
	last    []byte // the datagram before, which a refusal speaks of
	pending int64  // 1 while a message could not be sent
	at      time.Time
}

// largest is the largest datagram over IPv4.
const largest = 65507

func (r *udpReceiver) open(ctx context.Context) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", r.addr)
	if err != nil {
		return neverMet{trouble(err, "%s に送れません（%s）", "cannot send to %s: %s", r.addr, netWords(err))}
	}
	r.conn = conn
	return nil
}

func (r *udpReceiver) send(ctx context.Context, l *Line) error {
	if err := r.bucket.take(ctx); err != nil {
		return err
	}
	r.buf = r.speaker.message(r.buf[:0], l)
	if len(r.buf) > largest {
		return r.refuse(&heldLine{log: l.Log, text: l.Text}, "longer than a datagram can be")
	}
	if _, err := r.conn.Write(r.buf); err != nil {
		r.pending, r.at = 1, l.Time
		if len(r.last) > 0 {
			r.record.Lost++
		}
		if err := r.again(ctx, err); err != nil {
			return err
		}
		r.pending = 0
	}
	r.last = append(r.last[:0], r.buf...)
	return nil
}

// again sends the datagram until no refusal comes back. The datagram before it was refused and is sent again with it.
func (r *udpReceiver) again(ctx context.Context, why error) error {
	waited := false
	return r.try(ctx, func() error {
		if !waited { // the system told of a datagram that is gone: this one may be welcome, but only after a pause
			waited = true
			return r.nobody(why)
		}
		for _, d := range [][]byte{r.last, r.buf} {
			if len(d) == 0 {
				continue
			}
			if _, err := r.conn.Write(d); err != nil {
				return r.nobody(err)
			}
			if err := r.answer(); err != nil {
				return r.nobody(err)
			}
		}
		if len(r.last) > 0 {
			r.record.Lost--
			r.record.Resent++
		}
		return nil
	})
}

func (r *udpReceiver) nobody(err error) error {
	return trouble(err, "%s で待ち受けているものがありません（%s）", "nobody listens at %s: %s", r.addr, netWords(err))
}

// answer waits a little for the refusal of a datagram. Silence is the best answer that there is.
func (r *udpReceiver) answer() error {
	var b [1]byte
	if err := r.conn.SetReadDeadline(time.Now().Add(30 * time.Millisecond)); err != nil {
		return err
	}
	if _, err := r.conn.Read(b[:]); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}

// netWords says what is at the bottom of an error of the network.
func netWords(err error) phrase {
	var name *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return phrase{"その名前のホストがありません", "there is no host of this name"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return phrase{"接続が拒否されました", "connection refused"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return phrase{"接続が切られました", "connection reset"}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return phrase{"相手まで届きません", "there is no way to it"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return phrase{"接続が閉じられました", "connection closed"}
	case errors.As(err, &timeout) && timeout.Timeout():
		return phrase{"応答がありません", "no answer in time"}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return sameWords(err.Error())
}

func (r *udpReceiver) flush(context.Context, bool) error { return nil }

func (r *udpReceiver) close(context.Context) error {
	if r.conn == nil {
		return r.shut()
	}
	if len(r.last) > 0 && r.answer() != nil {
		r.record.Lost++
	}
	return cmp.Or(r.conn.Close(), r.shut())
}

func (r *udpReceiver) held() (int64, time.Time) { return r.pending, r.at }

// tcpReceiver sends a stream of messages. TCP does not say what the program on the other side took. So what may not have
// arrived is kept, and sent again over the next connection: some of it may then be there twice.
type tcpReceiver struct {
	*link
	addr    string
	speaker speaker
	bucket  bucket
	lf      bool

	conn   *net.TCPConn
	gone   chan error // the other side closed the connection
	sent   int64      // bytes, over this connection
	next   sentence   // what is to be sent next
	recent []sentence // what was sent and may not have arrived
	stuck  time.Time  // since when the system reports the same bytes as not acknowledged
	queue  int64
	msg    []byte
}

// sentence is some messages, whole ones.
type sentence struct {
	data  []byte
	lines int64
	first time.Time // of the story
	end   int64     // of the bytes of this connection
	at    time.Time
}

const (
	fullSentence = 64 << 10
	// What the other side's system has acknowledged its program may not have read: that much, sent that shortly before a
	// break, is sent again after it. A system holds 6 MiB at most for a program, unless it was told otherwise.
	marginBytes = 8 << 20
	marginTime  = time.Minute
	// silence is how long the other side's system may acknowledge nothing.
	silence = 30 * time.Second
)

func (r *tcpReceiver) open(ctx context.Context) error {
	return r.meet(ctx, r.addr, func() error { return r.connect(ctx) })
}

// connect connects if there is no connection, and sends again what may not have arrived over the one before.
func (r *tcpReceiver) connect(ctx context.Context) error {
	if r.conn != nil {
		select {
		case err := <-r.gone:
			r.hangUp()
			return trouble(err, "%s が接続を閉じました（%s）", "%s closed the connection: %s", r.addr, netWords(err))
		default:
			return nil
		}
	}
	d := net.Dialer{Timeout: 5 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", r.addr)
	if err != nil {
		return trouble(err, "%s に接続できません（%s）", "no connection to %s: %s", r.addr, netWords(err))
	}
	r.conn, r.sent, r.stuck = conn.(*net.TCPConn), 0, time.Time{}
	r.gone = make(chan error, 1)
	go watch(r.conn, r.gone)
	for i := range r.recent {
		if err := r.push(&r.recent[i]); err != nil {
			return err
		}
		r.record.Resent += r.recent[i].lines
	}
	return nil
}

// watch waits for the other side to close: receivers of syslog say nothing otherwise.
func watch(conn net.Conn, gone chan<- error) {
	var b [512]byte
	for {
		if _, err := conn.Read(b[:]); err != nil {
			gone <- err
			return
		}
	}
}

func (r *tcpReceiver) hangUp() {
	r.conn.Close()
	r.conn = nil
}

// push writes messages to the connection.
func (r *tcpReceiver) push(b *sentence) error {
	if err := r.conn.SetWriteDeadline(time.Now().Add(silence)); err != nil {
		return err
	}
	n, err := r.conn.Write(b.data)
	r.sent += int64(n)
	b.end, b.at = r.sent, time.Now()
	if err != nil {
		r.hangUp()
		return trouble(err, "%s が受け取りません（%s）", "%s takes nothing: %s", r.addr, netWords(err))
	}
	return nil
}

func (r *tcpReceiver) send(ctx context.Context, l *Line) error {
	if err := r.bucket.take(ctx); err != nil {
		return err
	}
	r.msg = r.speaker.message(r.msg[:0], l)
	if r.lf {
		r.next.data = append(append(r.next.data, r.msg...), '\n')
	} else {
		r.next.data = append(strconv.AppendInt(r.next.data, int64(len(r.msg)), 10), ' ')
		r.next.data = append(r.next.data, r.msg...)
	}
	if r.next.lines == 0 {
		r.next.first = l.Time
	}
	r.next.lines++
	if len(r.next.data) >= fullSentence {
		return r.flush(ctx, false)
	}
	return nil
}

func (r *tcpReceiver) flush(ctx context.Context, _ bool) error {
	r.forget()
	lost := r.conn == nil
	if !lost {
		select {
		case err := <-r.gone:
			r.gone <- err
			lost = len(r.recent) > 0 || r.next.lines > 0
		default:
		}
	}
	if r.next.lines == 0 && !lost {
		return nil
	}
	err := r.try(ctx, func() error {
		if err := r.connect(ctx); err != nil {
			return err
		}
		return r.push(&r.next)
	})
	if err != nil || r.next.lines == 0 {
		return err
	}
	r.recent = append(r.recent, r.next)
	r.next = sentence{data: make([]byte, 0, fullSentence+4096)}
	return nil
}

// forget lets go of what has arrived for all that can be known.
func (r *tcpReceiver) forget() {
	if r.conn == nil {
		return
	}
	now := time.Now()
	queue, ok := unacknowledged(r.conn)
	switch {
	case !ok || queue == 0 || queue != r.queue || r.stuck.IsZero():
		r.queue, r.stuck = queue, now
	case now.Sub(r.stuck) > silence:
		r.stuck = now
		select {
		case r.gone <- errSilent:
		default:
		}
	}
	n, acknowledged := 0, r.sent-queue
	for n < len(r.recent) && r.recent[n].end <= acknowledged && (r.recent[n].end <= acknowledged-marginBytes || now.Sub(r.recent[n].at) > marginTime) {
		n++
	}
	r.recent = append(r.recent[:0], r.recent[n:]...)
}

// errSilent ends a connection over which nothing is acknowledged.
var errSilent = trouble(nil, "受信確認が %s 来ません", "nothing acknowledged for %s", silence)

func (r *tcpReceiver) close(ctx context.Context) error {
	err := r.flush(ctx, true)
	if r.conn != nil {
		for queue, ok := unacknowledged(r.conn); ok && queue > 0 && ctx.Err() == nil; queue, ok = unacknowledged(r.conn) {
			time.Sleep(5 * time.Millisecond)
		}
		err = cmp.Or(err, r.conn.CloseWrite())
		select { // let the other side read to the end
		case <-r.gone:
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		r.conn.Close()
	}
	return cmp.Or(err, r.shut())
}

func (r *tcpReceiver) held() (int64, time.Time) { return r.next.lines, r.next.first }
