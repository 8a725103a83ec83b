// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package share lets other machines fetch a live vault over mutual TLS, to keep a replica of it. They read and never write: whoever takes over the
// vault's machine has no way into theirs, and what they fetch is checked there, block by block, before the replica grows. Between the two go files of
// the vault's layout, in parts, over HTTP.
package share

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sekisho/sekisho/vault/sealed"
)

// What one listener bears.
const (
	mostReaders = 64               // connections at a time, those included whose certificate is not seen yet
	headTime    = 10 * time.Second // for a request's head
	idleTime    = 2 * time.Minute
	bodyTime    = 30 * time.Minute // for an answer: a segment over a slow line
	maxHead     = 16 << 10
)

const (
	listPath = "/vault/files"
	filePath = "/vault/file/"
)

// Server gives a vault to those whose certificates bear one of the names.
type Server struct {
	Dir     string   // the vault's
	Readers []string // common names, or DNS names, of their certificates
	Log     *slog.Logger

	mu    sync.Mutex
	reads map[string]*Read
}

// Read says who fetched what, and when last.
type Read struct {
	Name  string    `json:"name"`
	At    time.Time `json:"at"` // of the last request that was answered
	Bytes int64     `json:"bytes"`
}

// Serve answers on a listener until ctx ends. t must ask for certificates of clients and check them.
func (s *Server) Serve(ctx context.Context, l net.Listener, t *tls.Config) error {
	if t == nil || t.ClientAuth != tls.RequireAndVerifyClientCert {
		return errors.New("share: a vault is given over TLS alone, to those who show a certificate")
	}
	one := &http.Server{Handler: s.handler(), ReadHeaderTimeout: headTime, ReadTimeout: headTime, WriteTimeout: bodyTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHead,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-ctx.Done()
		one.Close() // who fetches goes on where it was
	}()
	err := one.Serve(tls.NewListener(&bounded{Listener: l, free: make(chan struct{}, mostReaders)}, t))
	if errors.Is(err, http.ErrServerClosed) {
		<-done
		return nil
	}
	return err
}

// Reads says who fetched, by name.
func (s *Server) Reads() []Read {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Read
	for _, r := range s.reads {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b Read) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

func (s *Server) handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET "+listPath, func(w http.ResponseWriter, _ *http.Request) {
		files, err := sealed.Files(s.Dir)
		if err != nil {
			s.Log.Error("the vault cannot be listed for a replica", "error", err)
			http.Error(w, "the vault cannot be listed", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(files)
	})
	m.HandleFunc("GET "+filePath+"{name...}", s.file)
	return s.known(m)
}

// file gives one file, or the part that is asked for.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	path := filepath.Join(s.Dir, filepath.FromSlash(name))
	fi, err := os.Lstat(path)
	if sealed.MaxFile(name) == 0 || err != nil || !fi.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	f, err := os.Open(path)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, f)
}

// known lets those in whose certificate bears a name that may read.
func (s *Server) known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := ""
		if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
			c := r.TLS.PeerCertificates[0]
			for _, n := range append([]string{c.Subject.CommonName}, c.DNSNames...) {
				if n != "" && slices.Contains(s.Readers, n) {
					name = n
				}
			}
		}
		if name == "" {
			s.Log.Warn("somebody who may not read the vault asked for it", "from", r.RemoteAddr)
			http.Error(w, "the certificate bears no name that may read this vault", http.StatusForbidden)
			return
		}
		counted := &counter{ResponseWriter: w}
		next.ServeHTTP(counted, r)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.reads == nil {
			s.reads = map[string]*Read{}
		}
		if s.reads[name] == nil {
			s.reads[name] = &Read{Name: name}
		}
		s.reads[name].At = time.Now().UTC()
		s.reads[name].Bytes += counted.n
	})
}

type counter struct {
	http.ResponseWriter
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n += int64(n)
	return n, err
}

// bounded accepts so many connections at a time; more wait in the system's queue.
type bounded struct {
	net.Listener
	free chan struct{}
}

func (b *bounded) Accept() (net.Conn, error) {
	b.free <- struct{}{}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.free
		return nil, err
	}
	return &boundedConn{Conn: c, free: b.free}, nil
}

type boundedConn struct {
	net.Conn
	once sync.Once
	free chan struct{}
}

func (c *boundedConn) Close() error {
	c.once.Do(func() { <-c.free })
	return c.Conn.Close()
}
