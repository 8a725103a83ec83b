// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Syslog sends RFC 5424 messages: over TCP and TLS with their length before them (RFC 6587, RFC 5425). Over UDP nobody knows whether they arrive.
type Syslog struct {
	Address *url.URL // udp://, tcp:// or tls://, host and port
	Roots   *x509.CertPool
	Host    string // the machine that tells
	Zone    *time.Location
}

// Send sends the message.
func (s *Syslog) Send(ctx context.Context, m *Message) error {
	d := &net.Dialer{Timeout: 10 * time.Second}
	var conn net.Conn
	var err error
	switch s.Address.Scheme {
	case "tls":
		conn, err = (&tls.Dialer{NetDialer: d, Config: &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12}}).DialContext(ctx, "tcp", s.Address.Host)
	default:
		conn, err = d.DialContext(ctx, s.Address.Scheme, s.Address.Host)
	}
	if err != nil {
		return err
	}
	defer conn.Close()
	if end, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(end)
	}
	line := s.line(m)
	if s.Address.Scheme != "udp" {
		line = fmt.Sprintf("%d %s", len(line), line)
	}
	if _, err := conn.Write([]byte(line)); err != nil {
		return err
	}
	return nil
}

// line is the message as RFC 5424 has it, facility authpriv.
func (s *Syslog) line(m *Message) string {
	const authpriv = 10 * 8
	level := [...]int{6, 5, 4, 3, 2}[min(m.Severity, event.Critical)]
	host := s.Host
	if host == "" {
		host = "-"
	}
	text := strings.Join(append([]string{m.subject()}, m.lines(zoneOr(s.Zone))[2:]...), " | ")
	return fmt.Sprintf("<%d>1 %s %s sekisho - %s - \ufeff%s", authpriv+level, m.At.UTC().Format("2006-01-02T15:04:05.000Z"), host, m.Story, text)
}
