// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// hostile is a message in which every name tries to be more than a name.
func hostile() *Message {
	evil := "<!channel> <http://evil.example|click>\r\nBcc: x@evil.example\r\n.\r\n```\n@channel **b** [a](http://evil.example) \u202egnp.exe\u2028"
	m := &Message{Story: "S-0A1B2C3D", Severity: event.High, At: time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC), Since: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC), Detector: evil,
		Title: event.Words{Ja: "パスワード推測の後にログインが成功しました：" + evil + strings.Repeat("長", 300), En: "A login succeeded " + evil}}
	m.Accounts, m.Hosts = few([]string{evil, "taro@lab.example", strings.Repeat("x", 5000), "c", "d", "e", "f"}), few([]string{evil})
	return m
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// smtpServer takes one letter and returns the dialogue, what a client said in it, and the letter as it stood on the wire.
type smtpServer struct {
	auth     string // offered
	starttls bool
	wrapped  bool // TLS from the first byte
	refuse   string
	said     []string
	secure   bool
	letter   string
}

func (s *smtpServer) serve(t *testing.T, cert tls.Certificate) (address string, done chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	done = make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { conn.Close() }()
		config := &tls.Config{Certificates: []tls.Certificate{cert}}
		if s.wrapped {
			conn, s.secure = tls.Server(conn, config), true
		}
		in := bufio.NewReader(conn)
		say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
		read := func() string {
			line, err := in.ReadString('\n')
			if err != nil {
				return "QUIT"
			}
			line = strings.TrimRight(line, "\r\n")
			s.said = append(s.said, line)
			return line
		}
		say("220 mail.lab.example ESMTP")
		for {
			line := read()
			verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0])
			switch {
			case verb == "EHLO":
				say("250-mail.lab.example")
				if s.starttls && !s.secure {
					say("250-STARTTLS")
				}
				if s.auth != "" {
					say("250-AUTH " + s.auth)
				}
				say("250 SIZE 1000000")
			case verb == "STARTTLS":
				say("220 go on")
				c := tls.Server(conn, config)
				conn, in, s.secure = c, bufio.NewReader(c), true
			case line == "AUTH LOGIN":
				say("334 " + base64.StdEncoding.EncodeToString([]byte("Username:")))
				read()
				say("334 " + base64.StdEncoding.EncodeToString([]byte("Password:")))
				read()
				say("235 ok")
			case verb == "AUTH" && s.refuse != "":
				say("535 " + s.refuse + " " + line)
			case verb == "AUTH":
				say("235 ok")
			case verb == "DATA":
				say("354 go on")
				var b strings.Builder
				for {
					text, err := in.ReadString('\n')
					if err != nil || text == ".\r\n" {
						break
					}
					b.WriteString(text)
				}
				s.letter = b.String()
				say("250 taken")
			case verb == "QUIT":
				say("221 bye")
				return
			default:
				say("250 ok")
			}
		}
	}()
	return l.Addr().String(), done
}

// TestMail sends through STARTTLS, TLS and plainly, with each kind of authentication, and reads what arrived as a mail program does.
func TestMail(t *testing.T) {
	cert, roots := certificate(t)
	for _, c := range []struct {
		name   string
		server smtpServer
		tls    string
		user   string
		want   string // in what was said
	}{
		{"starttls and PLAIN", smtpServer{starttls: true, auth: "LOGIN PLAIN"}, "starttls", "u", "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00u\x00p w"))},
		{"tls and LOGIN", smtpServer{wrapped: true, auth: "LOGIN"}, "tls", "u", base64.StdEncoding.EncodeToString([]byte("p w"))},
		{"plain", smtpServer{}, "none", "", "MAIL FROM:<sekisho@lab.example>"},
	} {
		address, done := c.server.serve(t, cert)
		m := &Mail{Server: address, TLS: c.tls, Roots: roots, User: c.user, Password: "p w", From: "sekisho@lab.example", To: []string{"soc@lab.example", "ciso@lab.example"}, Zone: time.FixedZone("JST", 9*3600)}
		if c.user == "" {
			m.Password = ""
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := m.Send(ctx, hostile())
		cancel()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		<-done
		s := &c.server
		if said := strings.Join(s.said, "\n"); !strings.Contains(said, c.want) || !strings.Contains(said, "RCPT TO:<ciso@lab.example>") || s.secure != (c.tls != "none") {
			t.Errorf("%s: said:\n%s", c.name, said)
		}
		for _, line := range strings.Split(strings.TrimSuffix(s.letter, "\r\n"), "\r\n") {
			if len(line) > 78 || strings.ContainsFunc(line, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' }) {
				t.Errorf("%s: a line that mail does not carry: %q", c.name, line)
			}
		}
		got, err := mail.ReadMessage(strings.NewReader(s.letter))
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.name, err, s.letter)
		}
		subject, err := (&mime.WordDecoder{}).DecodeHeader(got.Header.Get("Subject"))
		if err != nil || !strings.HasPrefix(subject, "[Sekisho 高 high] パスワード推測の後に") || strings.ContainsAny(subject, "\r\n") {
			t.Errorf("%s: subject %q, %v", c.name, subject, err)
		}
		if len(got.Header) != 9 || got.Header.Get("Bcc") != "" || got.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(got.Header.Get("Message-Id"), "@lab.example>") {
			t.Errorf("%s: %v", c.name, got.Header)
		}
		body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, got.Body))
		if err != nil || !strings.Contains(string(body), "2026-11-23 10:00:00 JST") || !strings.Contains(string(body), "acknowledge") || strings.Count(string(body), "\r\n") != len(hostile().lines(time.UTC)) || strings.Contains(string(body), "\u202e") {
			t.Errorf("%s: %v %s", c.name, err, body)
		}
	}
}

// TestMailRefuses sends nothing where TLS is missing or forged, and never repeats a password.
func TestMailRefuses(t *testing.T) {
	cert, roots := certificate(t)
	_, others := certificate(t)
	for _, c := range []struct {
		server smtpServer
		roots  *x509.CertPool
		want   string
	}{
		{smtpServer{auth: "PLAIN"}, roots, "does not offer STARTTLS"},
		{smtpServer{starttls: true, auth: "PLAIN"}, others, "certificate"},
		{smtpServer{starttls: true, auth: "PLAIN", refuse: "no"}, roots, "does not take the user and password"},
		{smtpServer{starttls: true, auth: "CRAM-MD5"}, roots, "neither"},
	} {
		address, _ := c.server.serve(t, cert)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := (&Mail{Server: address, TLS: "starttls", Roots: c.roots, User: "u", Password: "hunter22", From: "a@b.example", To: []string{"c@d.example"}}).Send(ctx, hostile())
		cancel()
		secret := base64.StdEncoding.EncodeToString([]byte("\x00u\x00hunter22"))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter22") || strings.Contains(err.Error(), secret) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestHooks reads what each service is sent.
func TestHooks(t *testing.T) {
	got := make(chan []byte, 1)
	status := 202
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got <- b
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(status)
	}))
	defer server.Close()
	for _, kind := range []string{"webhook", "slack", "mattermost", "teams", "pagerduty"} {
		h := &Hook{Kind: kind, URL: server.URL + "/secret", Key: "key", Host: "mon1"}
		if err := h.Send(context.Background(), hostile()); err != nil {
			t.Fatal(kind, err)
		}
		var o map[string]any
		b := <-got
		if err := json.Unmarshal(b, &o); err != nil {
			t.Fatal(kind, err)
		}
		text, _ := o["text"].(string)
		if len(b) > 12000 {
			t.Errorf("%s: %d bytes", kind, len(b))
		}
		switch kind {
		case "webhook", "slack":
			if strings.ContainsAny(text, "<>\r\n@`") || strings.Contains(text, "://") || text == "" {
				t.Errorf("%s: %q", kind, text)
			}
			if blocks, _ := json.Marshal(o["blocks"]); kind == "slack" && (strings.Contains(string(blocks), "mrkdwn") || strings.Count(string(blocks), "plain_text") != 2) {
				t.Errorf("%s", blocks)
			}
		case "mattermost":
			if strings.Count(text, "```") != 2 || !strings.HasPrefix(text, "```text\n") || !strings.HasSuffix(text, "\n```") {
				t.Errorf("%q", text)
			}
		case "teams":
			card := o["attachments"].([]any)[0].(map[string]any)
			if s := fmt.Sprint(card["content"]); card["contentType"] != "application/vnd.microsoft.card.adaptive" || strings.Contains(s, "TextBlock type") || !strings.Contains(s, "TextRun") {
				t.Errorf("%v", card)
			}
		case "pagerduty":
			p := o["payload"].(map[string]any)
			if o["event_action"] != "trigger" || o["dedup_key"] != "sekisho-S-0A1B2C3D" || p["severity"] != "error" || p["source"] != "mon1" || len(p["summary"].(string)) > 3000 {
				t.Errorf("%v", o)
			}
		}
	}
	over := hostile()
	over.Withdrawn = true
	if err := (&Hook{Kind: "pagerduty", URL: server.URL, Key: "key"}).Send(context.Background(), over); err != nil || !strings.Contains(string(<-got), `"resolve"`) {
		t.Error("what is over is not resolved", err)
	}
	for _, status = range []int{302, 400, 429, 500} {
		err := (&Hook{Kind: "slack", URL: server.URL + "/secret"}).Send(context.Background(), hostile())
		if <-got; err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d: %v", status, err)
		}
	}
	server.Close()
	if err := (&Hook{Kind: "slack", URL: server.URL + "/secret"}).Send(context.Background(), hostile()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestSyslog(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := (&Syslog{Address: &url.URL{Scheme: "udp", Host: conn.LocalAddr().String()}, Host: "mon1"}).Send(context.Background(), hostile()); err != nil {
		t.Fatal(err)
	}
	room := make([]byte, 65536)
	n, _, err := conn.ReadFrom(room)
	if line := string(room[:n]); err != nil || !strings.HasPrefix(line, "<83>1 2026-11-23T01:02:03.000Z mon1 sekisho - S-0A1B2C3D - \ufeff[Sekisho 高 high]") || strings.ContainsAny(line, "\r\n") {
		t.Errorf("%v %q", err, line)
	}
	cert, roots := certificate(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b, _ := io.ReadAll(c)
		got <- string(b)
	}()
	if err := (&Syslog{Address: &url.URL{Scheme: "tls", Host: l.Addr().String()}, Roots: roots}).Send(context.Background(), hostile()); err != nil {
		t.Fatal(err)
	}
	count, line, _ := strings.Cut(<-got, " ")
	if count != fmt.Sprint(len(line)) || !strings.HasPrefix(line, "<83>1 ") {
		t.Errorf("%s %q", count, line)
	}
}
