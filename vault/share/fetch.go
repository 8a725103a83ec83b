// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package share

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/sekisho/sekisho/vault/sealed"
)

// Source is a vault on another machine.
type Source struct {
	URL    string // https://host:port
	Client *http.Client
}

// maxList bounds the list of files.
const maxList = 256 << 20

// Dial prepares to fetch from a vault. The certificate is shown to the other side, whose own must be signed by one of the authorities in the file.
func Dial(address, certFile, keyFile, authorities string) (*Source, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("share: %q is no address of a vault: write it like https://sekisho1.example.jp:7443", address)
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("share: %w", err)
	}
	pem, err := os.ReadFile(authorities)
	if err != nil {
		return nil, fmt.Errorf("share: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("share: %s holds no certificate in PEM", authorities)
	}
	t := &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: roots, MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: headTime, ResponseHeaderTimeout: headTime,
		MaxIdleConnsPerHost: 1, IdleConnTimeout: idleTime}
	never := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Source{URL: "https://" + u.Host, Client: &http.Client{Transport: t, CheckRedirect: never}}, nil
}

// Pull brings the replica in a folder up to date from the other machine. What is fetched lies in a folder beside it, named like it with ".incoming", until
// it is checked and in the replica; cut off, it goes on there. A history that does not go on from the replica's is sealed.ErrOther, and the replica stays
// as it is.
func (s *Source) Pull(ctx context.Context, to string) (*sealed.Replicated, error) {
	incoming := filepath.Clean(to) + ".incoming"
	var have int64
	if a, err := sealed.NewestAnchor(to); err == nil {
		have = a.Size
	}
	for again := false; ; again = true {
		files, err := s.fetch(ctx, incoming, have)
		if err != nil {
			return nil, err
		}
		done, err := sealed.Replicate(ctx, incoming, to)
		if err == nil {
			return done, prune(incoming, files, done.Size)
		}
		// What was fetched before may have been written anew since, as when payloads expire: once it is fetched from the beginning.
		if again || !errors.Is(err, sealed.ErrDamaged) {
			return nil, err
		}
		if err := os.RemoveAll(incoming); err != nil {
			return nil, err
		}
	}
}

// fetch brings the files up to what the other side has signed.
func (s *Source) fetch(ctx context.Context, incoming string, have int64) ([]sealed.File, error) {
	if err := os.MkdirAll(incoming, 0o700); err != nil {
		return nil, err
	}
	signed, err := s.whole(ctx, sealed.CheckpointFile)
	if err != nil {
		return nil, err
	}
	key, err := s.whole(ctx, sealed.KeyFile)
	if err != nil {
		return nil, err
	}
	files, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	covered := sealed.Covered(files, have)
	for _, f := range files {
		if err := s.one(ctx, incoming, f, covered[f.Name]); err != nil {
			return nil, fmt.Errorf("share: fetch %s: %w", f.Name, err)
		}
	}
	// Only now: all that it covers is there.
	for name, text := range map[string][]byte{sealed.KeyFile: key, sealed.CheckpointFile: signed} {
		if err := sealed.WriteFile(filepath.Join(incoming, name), text); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (s *Source) list(ctx context.Context) ([]sealed.File, error) {
	r, err := s.get(ctx, listPath, 0)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	return parseList(io.LimitReader(r.Body, maxList))
}

// parseList reads a list of files. A name that no vault has, and a size that no such file has, refuse it: it is another machine's word.
func parseList(r io.Reader) ([]sealed.File, error) {
	var files []sealed.File
	if err := json.NewDecoder(r).Decode(&files); err != nil {
		return nil, fmt.Errorf("share: the list of files cannot be read: %w", err)
	}
	if len(files) > sealed.MostFiles {
		return nil, fmt.Errorf("share: the list names %d files, more than a vault has", len(files))
	}
	for _, f := range files {
		if most := sealed.MaxFile(f.Name); most == 0 || f.Size < 0 || f.Size > most {
			return nil, fmt.Errorf("share: the list of files names %.80q with %d bytes, which no vault has", f.Name, f.Size)
		}
	}
	return files, nil
}

// one brings one file up to its listed size. Of what the replica covers a name is enough.
func (s *Source) one(ctx context.Context, incoming string, f sealed.File, covered bool) error {
	path := filepath.Join(incoming, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	fi, err := out.Stat()
	if err != nil {
		return err
	}
	at := fi.Size()
	if covered || at == f.Size {
		return nil
	}
	if at > f.Size { // it became smaller: payloads have expired there
		if err := out.Truncate(0); err != nil {
			return err
		}
		at = 0
	}
	r, err := s.get(ctx, filePath+f.Name, at)
	if errors.Is(err, fs.ErrNotExist) { // a narrow tile that a wider one has replaced since
		return os.Remove(path)
	}
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err := out.Seek(at, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.Copy(out, io.LimitReader(r.Body, f.Size-at)); err != nil {
		return err
	}
	return out.Close()
}

// whole fetches a small file.
func (s *Source) whole(ctx context.Context, name string) ([]byte, error) {
	r, err := s.get(ctx, filePath+name, 0)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	most := sealed.MaxFile(name)
	text, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("share: %s is larger than any vault's", name)
	}
	return text, err
}

// get asks for a path from a byte on. The body is the caller's to close.
func (s *Source) get(ctx context.Context, path string, from int64) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, bodyTime)
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	want := http.StatusOK
	if from > 0 {
		q.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		want = http.StatusPartialContent
	}
	r, err := s.Client.Do(q)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("share: %w", err)
	}
	r.Body = &cancelling{r.Body, cancel}
	if r.StatusCode == want {
		return r, nil
	}
	why, _ := io.ReadAll(io.LimitReader(r.Body, 200))
	r.Body.Close()
	if r.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("share: %s%s: %w", s.URL, path, fs.ErrNotExist)
	}
	return nil, fmt.Errorf("share: %s%s answers %d: %q", s.URL, path, r.StatusCode, why)
}

// cancelling ends a request's time with its body.
type cancelling struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c *cancelling) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

// prune empties the segments that the replica covers: of them names are enough.
func prune(incoming string, files []sealed.File, blocks int64) error {
	for name := range sealed.Covered(files, blocks) {
		if err := os.Truncate(filepath.Join(incoming, filepath.FromSlash(name)), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
