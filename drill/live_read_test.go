// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill_test

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
)

// TestSyslogIsUnderstood reads back, with the parsers of this project, what a receiver of syslog gets: every message is
// understood. Records of JSON are what they are behind the head of their message.
func TestSyslogIsUnderstood(t *testing.T) {
	for _, c := range []struct {
		form string
		o    drill.Options
	}{{"rfc3164", drill.Options{Accounts: 100, Days: 10, PeakPerAccount: 1}}, {"rfc5424", drill.Options{Accounts: 100, Days: 10, PeakPerAccount: 1}},
		{"rfc3164", drill.Options{Name: "quiet", Accounts: 100, Days: 3}}, {"rfc5424", drill.Options{Name: "quiet", Accounts: 100, Days: 3}}} {
		form := c.o.Name + " " + c.form
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		conn.(*net.UDPConn).SetReadBuffer(8 << 20)
		messages := make(chan []byte, 100000)
		go func() {
			defer close(messages)
			b := make([]byte, 1<<16)
			for {
				n, _, err := conn.ReadFrom(b)
				if err != nil {
					return
				}
				messages <- bytes.Clone(b[:n])
			}
		}()
		x := drill.Exercise{Options: c.o, To: "syslog+udp://" + conn.LocalAddr().String() + "?format=" + c.form, Dir: filepath.Join(t.TempDir(), "run"), Rate: 20000}
		r, err := x.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		conn.Close()
		unread, got := 0, int64(0)
		readers := map[bool]*formats.Reader{true: newReader(), false: newReader()}
		var batch event.Batch
		for m := range messages {
			got++
			isJSON := false
			if i := bytes.Index(m, []byte(`{"`)); i > 0 {
				m, isJSON = m[i:], true
			}
			if err := readers[isJSON].Read(&event.Record{Part: event.Part{Line: got}, Data: m}, &batch); err != nil {
				if unread++; unread < 5 {
					t.Errorf("%s: %v: %s", form, err, m)
				}
			}
			batch.Reset()
		}
		if unread > 0 || got < r.Delivery.Lines*95/100 || got < 10000 {
			t.Errorf("%s: %d of %d messages not understood; %d were sent", form, unread, got, r.Delivery.Lines)
		}
	}
}

func newReader() *formats.Reader {
	all := formats.All()
	order := make([]*formats.Format, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	return formats.NewReader(order, &formats.Env{Clock: &formats.Clock{Zone: time.FixedZone("JST", 9*3600), Year: 2025}, Intern: formats.NewInterner()})
}
