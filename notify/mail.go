// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"os"
	"slices"
	"strings"
	"time"
)

// Mail sends by SMTP (RFC 5321), over TLS unless it is told otherwise.
type Mail struct {
	Server   string // host:port
	TLS      string // starttls, tls or none
	Roots    *x509.CertPool
	User     string // empty: without authentication
	Password string
	From     string // addresses alone
	To       []string
	Zone     *time.Location // of times in the text
}

// Send sends the message to all that it is for, or fails as a whole.
func (s *Mail) Send(ctx context.Context, m *Message) error {
	host, _, err := net.SplitHostPort(s.Server)
	if err != nil {
		return errors.New("the mail server is no host:port")
	}
	raw, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", s.Server)
	if err != nil {
		return err
	}
	defer raw.Close()
	if end, ok := ctx.Deadline(); ok {
		_ = raw.SetDeadline(end)
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	conn := raw
	secure := &tls.Config{ServerName: host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
	if s.TLS == "tls" {
		conn = tls.Client(conn, secure)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	defer c.Close()
	if name, err := os.Hostname(); err == nil && name != "" {
		if err := c.Hello(name); err != nil {
			return fmt.Errorf("EHLO: %w", err)
		}
	}
	if s.TLS == "starttls" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return errors.New("the mail server does not offer STARTTLS, and without it nothing is sent")
		}
		if err := c.StartTLS(secure); err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
	}
	if err := s.login(c, host); err != nil {
		return err
	}
	if err := c.Mail(s.From); err != nil {
		return fmt.Errorf("MAIL FROM: %w", err)
	}
	for _, to := range s.To {
		if err := c.Rcpt(to); err != nil {
			return fmt.Errorf("RCPT TO: %w", err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("DATA: %w", err)
	}
	if _, err := w.Write(s.letter(m)); err != nil {
		return fmt.Errorf("DATA: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("DATA: %w", err)
	}
	_ = c.Quit() // it was taken already
	return nil
}

// login authenticates with PLAIN, or with LOGIN where the server knows no other. What a server answers to it is not repeated: some answer with
// what they were sent.
func (s *Mail) login(c *smtp.Client, host string) error {
	if s.User == "" {
		return nil
	}
	_, offered := c.Extension("AUTH")
	var auth smtp.Auth
	switch fields := strings.Fields(strings.ToUpper(offered)); {
	case slices.Contains(fields, "PLAIN"):
		auth = smtp.PlainAuth("", s.User, s.Password, host)
	case slices.Contains(fields, "LOGIN"):
		auth = &login{s.User, s.Password}
	default:
		return errors.New("the mail server offers neither AUTH PLAIN nor AUTH LOGIN")
	}
	if err := c.Auth(auth); err != nil {
		return errors.New("the mail server does not take the user and password")
	}
	return nil
}

// login is AUTH LOGIN, which some servers offer alone: draft-murchison-sasl-login.
type login struct{ user, password string }

func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if ip := net.ParseIP(server.Name); !server.TLS && server.Name != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", nil, errors.New("a password is not sent without TLS")
	}
	return "LOGIN", nil, nil
}

func (l *login) Next(from []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	switch q := strings.ToLower(string(from)); {
	case strings.HasPrefix(q, "user"):
		return []byte(l.user), nil
	case strings.HasPrefix(q, "pass"):
		return []byte(l.password), nil
	}
	return nil, errors.New("the server asks for something else than user and password")
}

// letter returns the message as mail: pure ASCII, no line longer than 78 characters but addresses.
func (s *Mail) letter(m *Message) []byte {
	var b bytes.Buffer
	field := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	field("Date", m.At.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	field("From", (&mail.Address{Name: "Sekisho", Address: s.From}).String())
	var to []string
	for _, a := range s.To {
		to = append(to, (&mail.Address{Address: a}).String())
	}
	field("To", strings.Join(to, ",\r\n "))
	subject := mime.BEncoding.Encode("utf-8", strings.TrimPrefix(m.subject(), "[Sekisho "))
	field("Subject", "[Sekisho\r\n "+strings.ReplaceAll(subject, "?= =?", "?=\r\n =?")) // no line with an encoded word is longer than 76: RFC 2047
	domain := s.From[strings.LastIndexByte(s.From, '@')+1:]
	field("Message-ID", "<"+m.key()+"@"+domain+">")
	field("Auto-Submitted", "auto-generated")
	field("MIME-Version", "1.0")
	field("Content-Type", "text/plain; charset=utf-8")
	field("Content-Transfer-Encoding", "base64")
	b.WriteString("\r\n")
	text := base64.StdEncoding.EncodeToString([]byte(strings.Join(m.lines(zoneOr(s.Zone)), "\r\n") + "\r\n"))
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	b.WriteString(text + "\r\n")
	return b.Bytes()
}

func zoneOr(z *time.Location) *time.Location {
	if z == nil {
		return time.UTC
	}
	return z
}
