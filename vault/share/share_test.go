// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package share

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/internal/testca"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
)

// stand is a vault that a listener gives, and a folder for its replica.
type stand struct {
	t        *testing.T
	dir, to  string
	ca       *testca.Authority
	server   *Server
	url      string
	appended int
}

func newStand(t *testing.T) *stand {
	s := &stand{t: t, dir: filepath.Join(t.TempDir(), "vault"), to: filepath.Join(t.TempDir(), "replica"), ca: testca.New(t)}
	s.grow(s.dir, 40)
	s.server = &Server{Dir: s.dir, Readers: []string{"second.lab.example"}, Log: slog.New(slog.DiscardHandler)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "https://" + l.Addr().String()
	cert, key := s.ca.Issue(t, "first.lab.example")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	text, _ := os.ReadFile(s.ca.File)
	roots.AppendCertsFromPEM(text)
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- s.server.Serve(ctx, l, &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert})
	}()
	t.Cleanup(func() {
		end()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// grow appends blocks of two records each to a vault in small segments.
func (s *stand) grow(dir string, blocks int) {
	s.t.Helper()
	key, err := vault.NewKey(rand.NewChaCha8([32]byte{1}))
	if err != nil {
		s.t.Fatal(err)
	}
	l, _, err := sealed.Open(dir, sealed.Options{Key: key, Origin: "vault.example.org/test", MaxSegment: 6 << 10, Every: 1})
	if err != nil {
		s.t.Fatal(err)
	}
	for range blocks {
		var records []event.Received
		for range 2 {
			s.appended++
			text := fmt.Sprintf("<38>Nov 22 10:00:00 gate sshd[%d]: Failed password for user%d from 192.0.2.7 port 1024 ssh2", s.appended, s.appended)
			records = append(records, event.Received{Record: event.Record{Part: event.Part{Line: int64(s.appended), Length: int64(len(text))}, Data: []byte(text)}, Source: "gate", At: event.Micros(s.appended)})
		}
		if _, err := l.Append(context.Background(), records); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) source(ca *testca.Authority, name string) *Source {
	s.t.Helper()
	cert, key := ca.Issue(s.t, name)
	from, err := Dial(s.url, cert, key, s.ca.File)
	if err != nil {
		s.t.Fatal(err)
	}
	return from
}

func (s *stand) second() *Source { return s.source(s.ca, "second.lab.example") }

func (s *stand) verified(records int64) {
	s.t.Helper()
	r, err := sealed.Verify(context.Background(), s.to, sealed.VerifyOptions{Home: s.t.TempDir(), Against: []string{s.dir}})
	if err != nil || len(r.Faults) > 0 || int64(r.Records) != records {
		s.t.Errorf("the replica: %+v %v", r, err)
	}
}

// TestPull holds that a replica follows over TLS, that nothing is fetched twice, and that what lies beside it stays small.
func TestPull(t *testing.T) {
	s := newStand(t)
	from := s.second()
	for range 3 {
		done, err := from.Pull(context.Background(), s.to)
		if err != nil || done.Size != int64(s.appended/2) {
			t.Fatalf("%+v %v", done, err)
		}
		s.verified(int64(s.appended))
		s.grow(s.dir, 40)
	}
	before := s.server.Reads()[0].Bytes
	if done, err := from.Pull(context.Background(), s.to); err != nil || done.Blocks != 40 {
		t.Fatalf("%+v %v", done, err)
	}
	if got := s.server.Reads(); len(got) != 1 || got[0].Name != "second.lab.example" || got[0].Bytes-before > 48<<10 {
		t.Errorf("the last forty blocks took %d bytes: %+v", got[0].Bytes-before, got)
	}
	files, err := sealed.Files(s.to + ".incoming")
	if err != nil {
		t.Fatal(err)
	}
	kept := int64(0)
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".seg") {
			kept += f.Size
		}
	}
	if kept == 0 || kept > 12<<10 {
		t.Errorf("%d bytes of segments are kept beside the replica", kept)
	}
}

// TestPullStrangers holds that nobody reads the vault who may not: without a certificate, with another authority's, or with another's name.
func TestPullStrangers(t *testing.T) {
	s := newStand(t)
	for what, from := range map[string]*Source{"another authority": s.source(testca.New(t), "second.lab.example"), "a source of records": s.source(s.ca, "mon1.lab.example")} {
		if _, err := from.Pull(context.Background(), s.to); err == nil {
			t.Errorf("%s reads the vault", what)
		}
	}
	bare := s.second()
	bare.Client.Transport.(*http.Transport).TLSClientConfig.Certificates = nil
	if _, err := bare.Pull(context.Background(), s.to); err == nil {
		t.Error("somebody without a certificate reads the vault")
	}
	other := s.second()
	other.Client.Transport.(*http.Transport).TLSClientConfig.RootCAs = x509.NewCertPool()
	if _, err := other.Pull(context.Background(), s.to); err == nil {
		t.Error("it fetches from a machine that nobody vouches for")
	}
	if sealed.IsReplica(s.to) || len(s.server.Reads()) > 0 {
		t.Error("something was fetched")
	}
}

// TestPullPaths holds that no name leads out of the vault, nor to what is no replica's business.
func TestPullPaths(t *testing.T) {
	s := newStand(t)
	from := s.second()
	for _, name := range []string{"../" + filepath.Base(filepath.Dir(s.dir)), "..%2f..%2fetc%2fpasswd", "segments/../../x", "lock", "segments/", "segments/x.seg", "", "eras/..%2fkey", "tile/0/..%2f..%2f..%2fetc/passwd", `segments\..\x`} {
		if r, err := from.get(context.Background(), filePath+name, 0); err == nil {
			text, _ := io.ReadAll(r.Body)
			t.Errorf("%q gives %.40q", name, text)
		}
	}
	key := filepath.Join(s.dir, sealed.KeyFile)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/hostname", key); err != nil {
		t.Fatal(err)
	}
	if _, err := from.get(context.Background(), filePath+sealed.KeyFile, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link is followed: %v", err)
	}
}

// TestPullOther holds that a vault that was rolled back, or made anew, is refused and the replica stays.
func TestPullOther(t *testing.T) {
	s := newStand(t)
	old := filepath.Join(t.TempDir(), "old")
	if err := os.CopyFS(old, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	from := s.second()
	s.grow(s.dir, 40)
	if _, err := from.Pull(context.Background(), s.to); err != nil {
		t.Fatal(err)
	}
	put := func(dir string) {
		if err := errors.Join(os.RemoveAll(s.dir), os.CopyFS(s.dir, os.DirFS(dir))); err != nil {
			t.Fatal(err)
		}
	}
	put(old)
	if _, err := from.Pull(context.Background(), s.to); !errors.Is(err, sealed.ErrOther) {
		t.Errorf("rolled back: %v", err)
	}
	s.grow(s.dir, 60)
	if _, err := from.Pull(context.Background(), s.to); !errors.Is(err, sealed.ErrOther) {
		t.Errorf("written anew from there: %v", err)
	}
	r, err := sealed.Verify(context.Background(), s.to, sealed.VerifyOptions{Home: t.TempDir()})
	if err != nil || len(r.Faults) > 0 || r.Records != 160 {
		t.Errorf("the replica was changed: %+v %v", r, err)
	}
}

// TestPullCutOff cuts the line after ever more bytes: each pull goes on where the last one was cut off.
func TestPullCutOff(t *testing.T) {
	s := newStand(t)
	from := s.second()
	plain := from.Client.Transport
	pulls := 0
	for ; ; pulls++ {
		if pulls > 200 {
			t.Fatal("it never comes to its end")
		}
		from.Client.Transport = &cut{RoundTripper: plain, left: 2 << 10}
		if _, err := from.Pull(context.Background(), s.to); err == nil {
			break
		}
	}
	if pulls < 3 {
		t.Errorf("it was cut off %d times only", pulls)
	}
	s.verified(int64(s.appended))
}

// cut ends the line after so many bytes of segments.
type cut struct {
	http.RoundTripper
	left int64
}

func (c *cut) RoundTrip(q *http.Request) (*http.Response, error) {
	r, err := c.RoundTripper.RoundTrip(q)
	if err == nil && strings.HasSuffix(q.URL.Path, ".seg") {
		r.Body = &cutBody{r.Body, c}
	}
	return r, err
}

type cutBody struct {
	io.ReadCloser
	c *cut
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.c.left)])
	b.c.left -= int64(n)
	return n, err
}

// TestPullDamaged holds that what comes changed over the line never gets into the replica.
func TestPullDamaged(t *testing.T) {
	s := newStand(t)
	from := s.second()
	files, err := sealed.Files(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name, ".seg") {
			continue
		}
		name := filepath.Join(s.dir, filepath.FromSlash(f.Name))
		text, _ := os.ReadFile(name)
		text[len(text)/2] ^= 1
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, err := from.Pull(context.Background(), s.to); !errors.Is(err, sealed.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

func FuzzParseList(f *testing.F) {
	f.Add(`[{"name":"segments/000000000000-000000000000000.seg","size":64},{"name":"tile/entries/000.p/3","size":9}]`)
	f.Add(`[{"name":"../x","size":1}]`)
	f.Fuzz(func(t *testing.T, text string) {
		files, err := parseList(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, one := range files {
			if !filepath.IsLocal(filepath.FromSlash(one.Name)) || one.Size < 0 || one.Size > 1<<30 {
				t.Errorf("%q with %d bytes is let through", one.Name, one.Size)
			}
		}
	})
}
