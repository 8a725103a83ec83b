// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/sekisho/sekisho/event"
)

// HTTP receives what shippers and collectors send over HTTP, over TLS where t is not nil. Every path answers with 2xx only when all records of
// the request are durable:
//
//	POST /ingest                                   a record a line, whatever it is
//	POST /_bulk, /INDEX/_bulk                      Elasticsearch's bulk interface: Filebeat, Fluent Bit, Logstash, Vector
//	POST /services/collector[/event|/raw]          Splunk's HTTP event collector
//	POST /v1/logs                                  OpenTelemetry logs, protobuf or JSON
//	POST /upload                                   the journal's export format: systemd-journal-upload
func (r *Receiver) HTTP(ctx, kill context.Context, l net.Listener, t *tls.Config) error {
	h := &web{r: r, kill: kill}
	s := &http.Server{Handler: h.mux(), TLSConfig: t, ReadHeaderTimeout: min(r.limits.Slow, 10*time.Second), ReadTimeout: r.limits.Slow, WriteTimeout: 2 * r.limits.Slow, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	var in net.Listener = r.guard(l)
	if t != nil {
		with := t.Clone()
		with.NextProtos = []string{"http/1.1"}
		in = tls.NewListener(in, with)
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastCall)
		defer cancel()
		if s.Shutdown(last) != nil {
			s.Close()
		}
	})
	err := s.Serve(in)
	if !stop() {
		<-done
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

type web struct {
	r    *Receiver
	kill context.Context
}

func (h *web) mux() http.Handler {
	m := http.NewServeMux()
	post := func(path string, f func(*request)) {
		m.HandleFunc("POST "+path, h.with(whole(f)))
		m.HandleFunc("PUT "+path, h.with(whole(f)))
	}
	post("/ingest", (*request).ingest)
	post("/_bulk", (*request).bulk)
	post("/{index}/_bulk", (*request).bulk)
	post("/services/collector", (*request).hec)
	post("/services/collector/event", (*request).hec)
	post("/services/collector/event/1.0", (*request).hec)
	post("/services/collector/raw", (*request).hecRaw)
	post("/services/collector/raw/1.0", (*request).hecRaw)
	post("/v1/logs", (*request).otlp)
	m.HandleFunc("POST /upload", h.with((*request).journal))
	m.HandleFunc("GET /services/collector/health", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, `{"text":"HEC is healthy","code":17}`)
	})
	m.HandleFunc("GET /{$}", elastic)
	m.HandleFunc("GET /_license", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, `{"license":{"status":"active","type":"basic","uid":"sekisho"}}`)
	})
	return m
}

// elastic answers what clients of Elasticsearch ask before they send.
func elastic(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	reply(w, http.StatusOK, `{"name":"sekisho","cluster_name":"sekisho","version":{"number":"8.17.0","build_flavor":"default","minimum_wire_compatibility_version":"7.17.0","minimum_index_compatibility_version":"7.0.0"},"tagline":"Sekisho takes _bulk only"}`)
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// request is one request from somebody who may write.
type request struct {
	*http.Request
	w      http.ResponseWriter
	h      *web
	origin *origin
	from   string
	at     event.Micros
	body   []byte
	held   int64 // of the budget
	fill   batch
}

// whole reads all that a request sends before it is looked at.
func whole(f func(*request)) func(*request) {
	return func(q *request) {
		if status, err := q.read(); err != nil {
			q.refuse(status, err)
			return
		}
		f(q)
	}
}

// with lets those in who may write.
func (h *web) with(f func(*request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			h.r.ledger.refuse(RefusedSource) // a page in somebody's browser, which reaches this machine through him
			reply(w, http.StatusForbidden, `{"error":"browsers may not write here"}`)
			return
		}
		peer, _ := netip.ParseAddrPort(r.RemoteAddr)
		var certs []*x509.Certificate
		if r.TLS != nil {
			certs = r.TLS.PeerCertificates
		}
		token := tokenOf(r)
		o, err := h.r.sources.Load().bind(h.r.ledger, peer.Addr(), certs, token)
		if err != nil {
			h.r.ledger.refuse(RefusedSource)
			status, code := http.StatusForbidden, 4
			if token == "" {
				status, code = http.StatusUnauthorized, 2
				w.Header().Set("WWW-Authenticate", `Bearer realm="sekisho"`)
			}
			reply(w, status, fmt.Sprintf(`{"text":"Invalid token","code":%d,"error":"no source may write from there with that"}`, code))
			return
		}
		q := &request{Request: r, w: w, h: h, origin: o, from: textOf(peer), at: event.Of(h.r.now())}
		defer q.release()
		f(q)
	}
}

// tokenOf returns the token of a request, as each protocol's clients give it.
func tokenOf(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if strings.EqualFold(scheme, "Basic") { // the password is the token; the user's name is not looked at
		if plain, err := base64.StdEncoding.DecodeString(token); err == nil {
			_, token, _ = strings.Cut(string(plain), ":")
		}
	}
	return token
}

var (
	errTooLarge = errors.New("larger than is taken: send less at once")
	errBusy     = errors.New("too much waits to be sealed")
	errCoding   = errors.New("Content-Encoding is neither gzip nor zstd")
)

// unpacked returns what a body holds.
func (q *request) unpacked(body io.Reader) (io.ReadCloser, int, error) {
	switch strings.ToLower(strings.TrimSpace(q.Header.Get("Content-Encoding"))) {
	case "", "identity":
		return io.NopCloser(body), 0, nil
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, http.StatusBadRequest, fmt.Errorf("gzip: %w", err)
		}
		return z, 0, nil
	case "zstd":
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max(q.h.r.limits.Body, 1<<20))), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, http.StatusBadRequest, fmt.Errorf("zstd: %w", err)
		}
		return z.IOReadCloser(), 0, nil
	}
	return nil, http.StatusUnsupportedMediaType, errCoding
}

// read reads the body, unpacked. What waits in memory is bounded over all requests: one that finds no room is told to come again.
func (q *request) read() (int, error) {
	most := q.h.r.limits.Body
	in, status, err := q.unpacked(q.Body)
	if err != nil {
		return status, err
	}
	defer in.Close()
	for {
		if len(q.body) == cap(q.body) {
			if err := q.grow(); err != nil {
				return http.StatusTooManyRequests, err
			}
		}
		n, err := in.Read(q.body[len(q.body):cap(q.body)])
		q.body = q.body[:len(q.body)+n]
		switch {
		case int64(len(q.body)) > most:
			return http.StatusRequestEntityTooLarge, errTooLarge
		case err == io.EOF:
			return 0, nil
		case err != nil:
			return http.StatusBadRequest, err
		}
	}
}

// grow makes room in the body, as long as there is any in the budget.
func (q *request) grow() error {
	n := max(16<<10, 2*cap(q.body))
	more := int64(n - cap(q.body))
	if !q.h.r.budget.take(more) {
		return errBusy
	}
	q.held += more
	q.body = append(make([]byte, 0, n), q.body...)
	return nil
}

func (q *request) release() { q.h.r.budget.give(q.held) }

// refuse answers a request of which nothing is taken.
func (q *request) refuse(status int, err error) {
	why := Malformed
	switch {
	case errors.Is(err, errTooLarge):
		why, status = TooLarge, http.StatusRequestEntityTooLarge
	case errors.Is(err, errBusy):
		why, status = Unsealed, http.StatusTooManyRequests
	case errors.Is(err, io.ErrUnexpectedEOF):
		why = Incomplete
	}
	q.h.r.ledger.reject(q.origin.account, int64(q.at), why, max(int64(len(q.fill.records)), 1))
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		q.w.Header().Set("Retry-After", "1")
	}
	reply(q.w, status, fmt.Sprintf(`{"text":%q,"code":6,"error":%q}`, err.Error(), err.Error()))
}

// Of one request.
const (
	maxRecords  = 1 << 16
	recordSpace = 256 // bytes beside a record's own
)

// record adds a record to what the request will seal. Its bytes are the body's own; made says that they were made for it.
func (q *request) record(data []byte, made bool) error {
	n := len(q.fill.records)
	if n == maxRecords {
		return errTooLarge
	}
	more := int64(0)
	if n%1024 == 0 {
		more = 1024 * recordSpace
	}
	if made {
		more += int64(len(data))
	}
	if more > 0 {
		if !q.h.r.budget.take(more) {
			return errBusy
		}
		q.held += more
	}
	rec := event.Received{Source: q.origin.name, From: q.from, At: q.at}
	rec.Length = int64(len(data))
	rec.Data = data[:min(len(data), q.h.r.limits.Message)]
	q.fill.records = append(q.fill.records, rec)
	return nil
}

// seal seals all records of the request, or none, and answers if that failed.
func (q *request) seal() bool {
	n := len(q.fill.records)
	if n == 0 {
		return true
	}
	if d, _ := q.origin.bucket.take(q.h.r.now(), float64(n), true); d > 0 {
		select {
		case <-q.Context().Done():
		case <-time.After(min(d, q.h.r.limits.Slow)):
		}
	}
	l := q.h.r.ledger
	for range q.fill.records {
		q.fill.rows = append(q.fill.rows, l.offer(q.origin.account, int64(q.at)))
	}
	_, err := q.h.r.sink.Append(q.h.kill, q.fill.records)
	l.settle(&q.fill, err == nil, Unsealed)
	if err != nil {
		q.w.Header().Set("Retry-After", "5")
		reply(q.w, http.StatusServiceUnavailable, `{"text":"Server is busy","code":9,"error":"the vault did not take it: send it again"}`)
		return false
	}
	return true
}

// lines makes a record of every line that holds anything.
func (q *request) lines() error {
	for b := q.body; len(b) > 0; {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		if line = trimmed(line); len(line) > 0 {
			if err := q.record(line, false); err != nil {
				return err
			}
		}
		b = rest
	}
	return nil
}

func (q *request) ingest() {
	if err := q.lines(); err != nil {
		q.refuse(http.StatusBadRequest, err)
		return
	}
	if q.seal() {
		reply(q.w, http.StatusOK, fmt.Sprintf(`{"sealed":%d}`, len(q.fill.records)))
	}
}
