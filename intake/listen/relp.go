// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"sync"
	"time"
)

// RELP, the reliable event logging protocol of rsyslog: each frame is "number command length data", ended by a line's end, and each is
// answered by "number rsp length data". A message is answered with 200 when it is durable.
// https://github.com/rsyslog/librelp/blob/master/doc/relp.html

// RELP receives messages from rsyslog's omrelp and others. Nothing is acknowledged that is not durable.
func (r *Receiver) RELP(ctx, kill context.Context, l net.Listener, t *tls.Config) error {
	return r.serve(ctx, l, t, func(p *peer) { p.relp(ctx, kill) })
}

// relpFrame is one frame. Data is valid until the next is read.
type relpFrame struct {
	number  uint64
	command string
	data    []byte
	length  int64
}

// The commands.
const (
	relpOpen   = "open"
	relpClose  = "close"
	relpSyslog = "syslog"
)

// nextRELP reads one frame.
func (f *frames) nextRELP() (relpFrame, error) {
	var fr relpFrame
	if err := f.idle(); err != nil {
		return fr, err
	}
	number, end, err := f.number(9) // RFC: up to nine digits
	if err != nil || end != ' ' {
		return fr, cmpErr(err)
	}
	var word [32]byte
	n := 0
	var c byte
	for {
		if c, err = f.byte(); err != nil {
			return fr, err
		}
		if c == ' ' {
			break
		}
		if c < 'a' || c > 'z' || n == len(word) {
			return fr, errFraming
		}
		word[n] = c
		n++
	}
	switch string(word[:n]) {
	case relpSyslog:
		fr.command = relpSyslog
	case relpOpen:
		fr.command = relpOpen
	case relpClose:
		fr.command = relpClose
	default:
		fr.command = string(word[:n])
	}
	length, end, err := f.number(10)
	if err != nil {
		return fr, err
	}
	if length > maxAnnounced || end != ' ' && (end != '\n' || length != 0) {
		return fr, errFraming
	}
	fr.number, fr.length = number, int64(length)
	if end == '\n' {
		return fr, nil
	}
	if fr.data, err = f.take(fr.length); err != nil {
		return fr, err
	}
	if f.in.Buffered() == 0 { // the last byte is there: what was taken stays where it is
		f.long = append(f.long[:0], fr.data...)
		fr.data = f.long
	}
	if c, err = f.byte(); err != nil {
		return fr, err
	}
	if c != '\n' {
		return fr, errFraming
	}
	return fr, nil
}

func cmpErr(err error) error {
	if err == nil {
		return errFraming
	}
	return err
}

// byte returns the next byte.
func (f *frames) byte() (byte, error) {
	if f.in.Buffered() == 0 {
		f.hurry()
	}
	c, err := f.in.ReadByte()
	if err != nil {
		err = half(err)
	}
	return c, err
}

// number returns a number of so many digits at most, and the byte behind it.
func (f *frames) number(digits int) (uint64, byte, error) {
	var n uint64
	for i := 0; ; i++ {
		c, err := f.byte()
		if err != nil {
			return 0, 0, err
		}
		if c < '0' || c > '9' {
			if i == 0 {
				return 0, 0, errFraming
			}
			return n, c, nil
		}
		if i == digits {
			return 0, 0, errFraming
		}
		n = n*10 + uint64(c-'0')
	}
}

// relpAnswers writes to a RELP connection from the two that have something to say.
type relpAnswers struct {
	mu   sync.Mutex
	conn net.Conn
	wait time.Duration
	room []byte
}

func (a *relpAnswers) write(fill func(b []byte) []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.room = fill(a.room[:0])
	_ = a.conn.SetWriteDeadline(time.Now().Add(a.wait)) // who does not read its answers is gone
	_, err := a.conn.Write(a.room)
	return err
}

func answer(b []byte, number uint64, text string) []byte {
	b = strconv.AppendUint(b, number, 10)
	b = append(b, " rsp "...)
	b = strconv.AppendInt(b, int64(len(text)), 10)
	if text != "" {
		b = append(append(b, ' '), text...)
	}
	return append(b, '\n')
}

const (
	relpOffers = "200 OK\nrelp_version=0\nrelp_software=sekisho\ncommands=syslog"
	relpBye    = "0 serverclose 0\n"
)

func (p *peer) relp(ctx, kill context.Context) {
	out := &relpAnswers{conn: p.conn, wait: p.r.limits.Slow}
	pump := p.r.newPump(kill, false, func(b *batch, err error) {
		if err != nil { // without an answer the sender keeps them and sends them again
			p.conn.Close()
			return
		}
		err = out.write(func(room []byte) []byte {
			for _, n := range b.tags {
				room = answer(room, n, "200 OK")
			}
			return room
		})
		if err != nil {
			p.conn.Close()
		}
	})
	f := newFrames(p.conn, p.conn, &p.r.limits)
	opened, bye := false, false
	for !bye {
		fr, err := f.nextRELP()
		if err != nil {
			if len(fr.data) > 0 && fr.command == relpSyslog {
				p.r.ledger.reject(p.origin.account, p.r.now().UnixMicro(), Incomplete, 1)
			}
			p.ended(ctx, err)
			break
		}
		switch {
		case fr.command == relpOpen && !opened:
			opened = true
			err = out.write(func(b []byte) []byte { return answer(b, fr.number, relpOffers) })
		case fr.command == relpSyslog && opened:
			p.wait(ctx)
			data := trimmed(fr.data)
			if len(data) == 0 { // nothing to keep
				err = out.write(func(b []byte) []byte { return answer(b, fr.number, "200 OK") })
				break
			}
			err = pump.add(p.record(data, fr.length-int64(len(fr.data)-len(data))), p.origin, fr.number)
		case fr.command == relpClose && opened:
			pump.close()
			err = out.write(func(b []byte) []byte { return append(answer(b, fr.number, ""), relpBye...) })
			bye = true
		default:
			p.r.ledger.refuse(RefusedGarbage)
			err = out.write(func(b []byte) []byte { return append(answer(b, fr.number, "500 not understood"), relpBye...) })
			bye = true
		}
		if err != nil {
			break
		}
	}
	pump.close()
	if ctx.Err() != nil && !bye { // a stop: what was sealed is answered; the sender connects again when there is somebody
		_ = out.write(func(b []byte) []byte { return append(b, relpBye...) })
	}
}
