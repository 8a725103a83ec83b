// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func (s *stand) web() string {
	return "http://" + s.run(func(ctx, kill context.Context, l net.Listener) error { return s.HTTP(ctx, kill, l, nil) })
}

func post(t testing.TB, url, body string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, _ := io.ReadAll(a.Body)
	return a.StatusCode, string(b)
}

const jsonOTLP = `{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"sshd"},"logRecords":[{"timeUnixNano":"1760220855003000000","severityNumber":9,"body":{"stringValue":"hello"},
"attributes":[{"key":"n","value":{"intValue":"7"}},{"key":"deep","value":{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"boolValue":true},{"doubleValue":1.5}]}}}]}}}]},
{"observedTimeUnixNano":1760220855003000001,"body":{"kvlistValue":{"values":[{"key":"x","value":{"stringValue":"y"}}]}}}]}],
"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"mon1"}}]}}]}`

var wantOTLP = []string{
	`{"timestamp":"2025-10-11T22:14:15.003Z","body":"hello","severity_number":9,"attributes":{"n":7,"deep":{"a":[true,1.5]}},"resource":{"host.name":"mon1"},"scope":"sshd"}`,
	`{"timestamp":"2025-10-11T22:14:15.003000001Z","observed_timestamp":"2025-10-11T22:14:15.003000001Z","body":{"x":"y"},"resource":{"host.name":"mon1"},"scope":"sshd"}`,
}

// pb writes a field of protobuf: a message or text, or eight bytes, or a number.
func pb(number int, v any) string {
	switch v := v.(type) {
	case string:
		return string(binary.AppendUvarint(nil, uint64(number<<3|wireBytes))) + string(binary.AppendUvarint(nil, uint64(len(v)))) + v
	case uint64:
		return string(binary.LittleEndian.AppendUint64(binary.AppendUvarint(nil, uint64(number<<3|wireEight)), v))
	case int:
		return string(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number<<3|wireVarint)), uint64(v)))
	}
	return ""
}

func protoOTLP() string {
	deep := pb(6, pb(1, "deep")+pb(2, pb(6, pb(1, pb(1, "a")+pb(2, pb(5, pb(1, pb(2, 1))+pb(1, pb(4, uint64(0x3ff8000000000000)))))))))
	one := pb(1, uint64(1760220855003000000)) + pb(2, 9) + pb(5, pb(1, "hello")) + pb(6, pb(1, "n")+pb(2, pb(3, 7))) + deep
	two := pb(11, uint64(1760220855003000001)) + pb(5, pb(6, pb(1, pb(1, "x")+pb(2, pb(1, "y")))))
	return pb(1, pb(2, pb(2, one)+pb(2, two)+pb(1, pb(1, "sshd")))+pb(1, pb(1, pb(1, "host.name")+pb(2, pb(1, "mon1")))))
}

func TestHTTP(t *testing.T) {
	packed := &bytes.Buffer{}
	z := gzip.NewWriter(packed)
	_, _ = io.WriteString(z, "one\ntwo\r\n\nthree")
	z.Close()
	zw, _ := zstd.NewWriter(nil)
	for _, c := range []struct {
		path, body string
		header     []string
		status     int
		answer     string // a part of it
		want       []string
	}{
		{"/ingest", "one\ntwo\r\n\nthree", nil, 200, `{"sealed":3}`, []string{"one", "two", "three"}},
		{"/ingest", packed.String(), []string{"Content-Encoding", "gzip"}, 200, `{"sealed":3}`, []string{"one", "two", "three"}},
		{"/ingest", string(zw.EncodeAll([]byte("one"), nil)), []string{"Content-Encoding", "zstd"}, 200, `{"sealed":1}`, []string{"one"}},
		{"/ingest", "", nil, 200, `{"sealed":0}`, nil},
		{"/ingest", "no gzip", []string{"Content-Encoding", "gzip"}, 400, "gzip", nil},
		{"/ingest", packed.String()[:20], []string{"Content-Encoding", "gzip"}, 400, "unexpected EOF", nil},
		{"/ingest", "x", []string{"Content-Encoding", "br"}, 415, "gzip", nil},
		{"/ingest", "x", []string{"Origin", "https://evil.example"}, 403, "browsers", nil},
		{"/_bulk", "{\"create\":{\"_index\":\"filebeat\"}}\n{\"message\": \"a\"}\n{\"index\":{}}\n{\"message\":\"b\"}\n", nil, 200, `"errors":false`, []string{`{"message": "a"}`, `{"message":"b"}`}},
		{"/logs-x/_bulk", "{\"index\":{}}\n{\"message\":\"b\"}", nil, 200, `"status":201`, []string{`{"message":"b"}`}},
		{"/_bulk", "{\"delete\":{\"_index\":\"x\",\"_id\":\"1\"}}\n{\"index\":{}}\n{\"a\":1}\n", nil, 200, `"errors":true`, []string{`{"a":1}`}},
		{"/_bulk", "{\"create\":{}}\n", nil, 400, "not the lines of _bulk", nil},
		{"/_bulk", "{\"create\":{}}\n{\"a\":1}\n{\"steal\":{}}\n{\"a\":2}\n", nil, 400, "not the lines of _bulk", nil},
		{"/_bulk", "", nil, 400, "", nil},
		{"/services/collector", `{"event":"a","host":"mon1"} {"event":{"b":1}}`, nil, 200, `"code":0`, []string{`{"event":"a","host":"mon1"}`, `{"event":{"b":1}}`}},
		{"/services/collector/event", `{"event":"a"}{"time":1}`, nil, 400, `"invalid-event-number":1`, nil},
		{"/services/collector/event", `{"event":"a"}{"time":`, nil, 400, `"invalid-event-number":1`, nil},
		{"/services/collector/raw", "one\ntwo\n", nil, 200, `"code":0`, []string{"one", "two"}},
		{"/services/collector", "", nil, 400, `"code":5`, nil},
		{"/v1/logs", jsonOTLP, []string{"Content-Type", "application/json"}, 200, "{}", wantOTLP},
		{"/v1/logs", protoOTLP(), []string{"Content-Type", "application/x-protobuf"}, 200, "", wantOTLP},
		{"/v1/logs", `{"resourceLogs":null}`, []string{"Content-Type", "application/json"}, 200, "{}", nil},
		{"/v1/logs", `{"resourceLogs":[{]}`, []string{"Content-Type", "application/json"}, 400, "OpenTelemetry", nil},
		{"/v1/logs", protoOTLP()[:60], []string{"Content-Type", "application/x-protobuf"}, 400, "OpenTelemetry", nil},
		{"/v1/logs", "x", nil, 415, "OpenTelemetry", nil},
		{"/nowhere", "x", nil, 404, "", nil},
	} {
		s := newStand(t, Limits{}, true)
		status, answer := post(t, s.web()+c.path, c.body, c.header...)
		if status != c.status || !strings.Contains(answer, c.answer) || strings.HasPrefix(answer, "{") && !json.Valid([]byte(answer)) {
			t.Errorf("%s %.40q: %d %s", c.path, c.body, status, answer)
		}
		if got := s.kept.texts(); !slices.Equal(got, c.want) {
			t.Errorf("%s %.40q: sealed\n%q\nwant\n%q", c.path, c.body, got, c.want)
		}
		if got := s.closes(0); got.Sealed != int64(len(c.want)) {
			t.Errorf("%s %.40q: %+v", c.path, c.body, got)
		}
		s.stop()
	}
}

// TestHTTPDurable holds the answer back until the sink has taken the records, and answers 503 when it did not.
func TestHTTPDurable(t *testing.T) {
	s := newStand(t, Limits{}, true)
	s.kept.hold = make(chan struct{})
	at := s.web()
	answered := make(chan int, 1)
	go func() {
		status, _ := post(t, at+"/ingest", "one")
		answered <- status
	}()
	select {
	case status := <-answered:
		t.Fatalf("%d before anything is durable", status)
	case <-time.After(100 * time.Millisecond):
	}
	close(s.kept.hold)
	if status := <-answered; status != 200 {
		t.Errorf("%d", status)
	}
	s.kept.fail = func() error { return errors.New("no space left") }
	if status, answer := post(t, at+"/_bulk", "{\"index\":{}}\n{}\n"); status != 503 {
		t.Errorf("%d %s", status, answer)
	}
	if got := s.closes(2); got.Sealed != 1 || got.Rejected["unsealed"] != 1 {
		t.Errorf("%+v", got)
	}
}

func TestHTTPWho(t *testing.T) {
	const token = "0123456789abcdef"
	s := newStand(t, Limits{}, false, Source{Name: "shipper", Tokens: []string{token}})
	at := s.web()
	for _, c := range []struct {
		header string
		status int
	}{
		{"Bearer " + token, 200}, {"Splunk " + token, 200}, {"ApiKey " + token, 200}, {"Basic eDowMTIzNDU2Nzg5YWJjZGVm", 200},
		{"Bearer 0123456789abcdee", 403}, {"", 401}, {"Basic !!!", 403}, {token, 401},
	} {
		if status, answer := post(t, at+"/ingest", "x", "Authorization", c.header); status != c.status || strings.Contains(answer, "0123") {
			t.Errorf("%q: %d %s", c.header, status, answer)
		}
	}
	for _, r := range s.kept.all {
		if r.Source != "shipper" || !strings.HasPrefix(r.From, "127.0.0.1:") {
			t.Errorf("%+v", r)
		}
	}
}

// TestHTTPHostile sends what unpacks, unfolds or trickles to more than there is room for.
func TestHTTPHostile(t *testing.T) {
	s := newStand(t, Limits{Body: 1 << 20, Memory: 32 << 20, Message: 4096, Slow: 3 * time.Second}, true)
	at := s.web()
	bomb := &bytes.Buffer{}
	z := gzip.NewWriter(bomb)
	for range 48 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	z.Close()
	manyEmpty := `{"resourceLogs":[{"resource":{"attributes":[{"key":"` + strings.Repeat("k", 3000) + `","value":{}}]},"scopeLogs":[{"logRecords":[{}` + strings.Repeat(",{}", 100_000) + `]}]}]}`
	for _, c := range []struct {
		path, body string
		status     int
		header     []string
	}{
		{"/ingest", bomb.String(), 413, []string{"Content-Encoding", "gzip"}},
		{"/ingest", strings.Repeat("x", 1<<20+1), 413, nil},
		{"/ingest", strings.Repeat("a\n", 500_000), 413, nil},
		{"/_bulk", strings.Repeat("{\"index\":{}}\n{}\n", 69_000), 413, nil},
		{"/_bulk", `{"index":{"_index":"` + strings.Repeat("x", 300) + "\"}}\n{}\n", 400, nil},
		{"/v1/logs", manyEmpty, 413, []string{"Content-Type", "application/json"}},
		{"/v1/logs", `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[` + strings.Repeat(`{},`, 300_000) + `{}]}]}]}]}`, 413, []string{"Content-Type", "application/json"}},
		{"/v1/logs", strings.Repeat("[", 1<<20), 400, []string{"Content-Type", "application/json"}},
		{"/services/collector", `{"event":` + strings.Repeat("[", 500_000), 400, nil},
		{"/services/collector", strings.Repeat(`{"event":1}`, 90_000), 413, nil},
	} {
		begun := time.Now()
		if status, answer := post(t, at+c.path, c.body, c.header...); status != c.status || time.Since(begun) > 20*time.Second {
			t.Errorf("%s %.40q: %d %.100s after %s", c.path, c.body, status, answer, time.Since(begun))
		}
	}
	slowly := dial(t, strings.TrimPrefix(at, "http://"))
	send(t, slowly, "POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
	_ = slowly.SetReadDeadline(time.Now().Add(20 * time.Second))
	if b, err := io.ReadAll(slowly); err != nil {
		t.Errorf("who does not go on is not sent away: %q, %v", b, err)
	}
	if status, _ := post(t, at+"/ingest", "x"); status != 200 {
		t.Errorf("after all that: %d", status)
	}
	s.closes(1)
	s.budget.mu.Lock()
	defer s.budget.mu.Unlock()
	if s.budget.left != 32<<20 {
		t.Errorf("%d bytes of the budget are left of %d", s.budget.left, 32<<20)
	}
}

func FuzzOTLP(f *testing.F) {
	f.Add([]byte(jsonOTLP), true)
	f.Add([]byte(protoOTLP()), false)
	f.Fuzz(func(t *testing.T, b []byte, isJSON bool) {
		total := 0
		w := otlpWriter{most: 4096, left: 1 << 20, take: func(one []byte) error {
			if total += len(one); !json.Valid(one) {
				t.Fatalf("%q", one)
			}
			return nil
		}}
		if isJSON {
			_ = w.json(b)
		} else {
			_ = w.proto(b)
		}
		if total > 1<<20 {
			t.Fatalf("%d bytes of %d", total, len(b))
		}
	})
}

// FuzzHTTP gives bodies to the rest of the endpoints.
func FuzzHTTP(f *testing.F) {
	f.Add("/_bulk", []byte("{\"index\":{}}\n{\"a\":1}\n"))
	f.Add("/services/collector", []byte(`{"event":"a"}{"event":{}}`))
	f.Add("/services/collector/raw", []byte("a\nb"))
	f.Add("/ingest", []byte("a\nb"))
	s := newStand(f, Limits{Body: 1 << 16, Message: 256}, true)
	h := (&web{r: s.Receiver, kill: context.Background()}).mux()
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		r, err := http.NewRequest("POST", "http://x/", bytes.NewReader(body))
		if err != nil {
			return
		}
		r.URL.Path, r.RemoteAddr = path, "127.0.0.1:9"
		w := &answerOf{h: http.Header{}}
		h.ServeHTTP(w, r)
		if w.body.Len() > 0 && w.body.Bytes()[0] == '{' && !json.Valid(w.body.Bytes()) {
			t.Fatalf("%s", w.body.Bytes())
		}
		s.kept.mu.Lock()
		s.kept.all = nil
		s.kept.mu.Unlock()
		if err := s.ledger.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

type answerOf struct {
	h    http.Header
	body bytes.Buffer
}

func (a *answerOf) Header() http.Header         { return a.h }
func (a *answerOf) Write(b []byte) (int, error) { return a.body.Write(b) }
func (a *answerOf) WriteHeader(int)             {}
