// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// senders are so many, each with an address of its own, and so a source of its own.
const (
	senders = 4
	burst   = 500 // records that are written at once
)

// send sends so many records, all senders together: at a rate a second, or at 0 as fast as they are taken.
func send(ctx context.Context, s *server, kind string, records, rate int) error {
	var all sync.WaitGroup
	failed := make([]error, senders)
	for i := range senders {
		one := &sender{kind: kind, number: i, left: records / senders, rate: rate / senders}
		if i == 0 {
			one.left += records % senders
		}
		all.Go(func() { failed[i] = one.run(ctx, s) })
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

type sender struct {
	kind   string
	number int
	left   int
	rate   int

	lines *lines
	sent  int
}

func (x *sender) run(ctx context.Context, s *server) error {
	x.lines = linesOf(x.number)
	if x.kind == "bulk" {
		return x.bulk(ctx, s.addresses["http"])
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(11+x.number))}}
	c, err := d.DialContext(ctx, "tcp", s.addresses[x.kind])
	if err != nil {
		return err
	}
	defer c.Close()
	if x.kind == "relp" {
		return x.relp(ctx, c)
	}
	begun := time.Now()
	var b []byte
	for x.left > 0 && ctx.Err() == nil {
		b = b[:0]
		for range min(x.left, burst) {
			b = append(append(b, x.lines.next()...), '\n')
		}
		if _, err := c.Write(b); err != nil {
			return err
		}
		x.pace(begun)
	}
	return ctx.Err()
}

// pace waits until the next burst is due.
func (x *sender) pace(begun time.Time) {
	n := min(x.left, burst)
	x.left -= n
	x.sent += n
	if x.rate > 0 {
		time.Sleep(time.Until(begun.Add(time.Duration(float64(x.sent) / float64(x.rate) * 1e9))))
	}
}

// relp speaks the protocol as its description says (https://www.rsyslog.com/doc/relp.html), with a window as rsyslog has it.
func (x *sender) relp(ctx context.Context, c net.Conn) error {
	const window = 4096
	in := bufio.NewReaderSize(c, 1<<16)
	const offer = "relp_version=0\nrelp_software=bench\ncommands=syslog"
	if _, err := fmt.Fprintf(c, "1 open %d %s\n", len(offer), offer); err != nil {
		return err
	}
	if err := answer(in, 1); err != nil {
		return err
	}
	open := make(chan struct{}, window)
	failed := make(chan error, 1)
	number := 2
	go func() {
		for n := 2; ; n++ {
			if err := answer(in, n); err != nil {
				failed <- err
				return
			}
			<-open
		}
	}()
	begun := time.Now()
	var b []byte
	for x.left > 0 && ctx.Err() == nil {
		b = b[:0]
		for range min(x.left, burst) {
			open <- struct{}{}
			line := x.lines.next()
			b = append(strconv.AppendInt(b, int64(number), 10), " syslog "...)
			b = append(strconv.AppendInt(b, int64(len(line)), 10), ' ')
			b = append(append(b, line...), '\n')
			number++
		}
		if _, err := c.Write(b); err != nil {
			return err
		}
		x.pace(begun)
	}
	for len(open) > 0 {
		select {
		case err := <-failed:
			return err
		case <-time.After(time.Millisecond):
		}
	}
	return ctx.Err()
}

// answer reads one answer, which must be a good one to the transaction.
func answer(in *bufio.Reader, number int) error {
	head, err := in.ReadString(' ')
	if err != nil {
		return err
	}
	if head != strconv.Itoa(number)+" " {
		return fmt.Errorf("an answer to %s where %d is due", head, number)
	}
	if _, err := in.ReadString(' '); err != nil { // rsp
		return err
	}
	size := 0
	for {
		c, err := in.ReadByte()
		if err != nil {
			return err
		}
		if c == ' ' || c == '\n' {
			if c == '\n' {
				return nil
			}
			break
		}
		size = size*10 + int(c-'0')
	}
	data := make([]byte, size+1)
	if _, err := io.ReadFull(in, data); err != nil {
		return err
	}
	if !bytes.HasPrefix(data, []byte("200")) {
		return fmt.Errorf("the answer to %d is %.80q", number, data)
	}
	return nil
}

// bulk posts documents as Filebeat does, some at a time.
func (x *sender) bulk(ctx context.Context, address string) error {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(11+x.number))}}
	client := &http.Client{Transport: &http.Transport{DialContext: d.DialContext}}
	begun := time.Now()
	var b []byte
	for x.left > 0 && ctx.Err() == nil {
		b = b[:0]
		for range min(x.left, burst) {
			b = append(append(append(b, `{"create":{"_index":"logs"}}`+"\n"...), x.lines.document()...), '\n')
		}
		r, err := http.NewRequestWithContext(ctx, "POST", "http://"+address+"/_bulk", bytes.NewReader(b))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/x-ndjson")
		got, err := client.Do(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, got.Body)
		got.Body.Close()
		if err != nil || got.StatusCode != 200 {
			return fmt.Errorf("_bulk: %s, %w", got.Status, err)
		}
		x.pace(begun)
	}
	return ctx.Err()
}
