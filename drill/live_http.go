// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The forms of HTTP requests.
const (
	formNDJSON = "ndjson" // the cloud's records as JSON arrays, JSON logs line by line, other lines as Filebeat wraps them
	formHEC    = "hec"    // Splunk's HTTP event collector
	formBulk   = "bulk"   // Elasticsearch's _bulk
)

// httpReceiver posts lines in batches. A batch is repeated until the receiver answers that it has it (2xx). Meanwhile the
// story waits: not more than the batches is held.
type httpReceiver struct {
	*link
	url     string
	form    string
	headers http.Header
	bucket  bucket
	client  *http.Client
	met     bool // a batch was confirmed

	mixed  parcel             // of all logs whose lines say which log they are of
	single map[string]*parcel // by log: those that go alone
	order  []string
	n      int64
}

// parcel is what goes in one request.
type parcel struct {
	log   string // empty: several
	lines []heldLine
	made  []time.Time // of each line, when what it tells happened, if it came late
	since time.Time
	body  []byte // so far, each line's end in ends
	ends  []int
}

// Bounds of one request, and how long a line waits for others.
const (
	parcelLines = 1000
	parcelBytes = 1 << 20
	parcelAge   = 500 * time.Millisecond
)

func newHTTPReceiver(k *link, u *url.URL, form string, headers []string, rate int) (receiver, error) {
	r := &httpReceiver{link: k, url: u.String(), form: cmp.Or(form, formNDJSON), headers: http.Header{}, bucket: bucket{rate: rate},
		client: &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		single: map[string]*parcel{}}
	if !slices.Contains([]string{formNDJSON, formHEC, formBulk}, r.form) {
		return nil, unknown(phrase{"HTTP の形式", "form of HTTP requests"}, form, []string{formNDJSON, formHEC, formBulk})
	}
	for _, h := range headers {
		if file, ok := strings.CutPrefix(h, "@"); ok { // a secret is better not on a command line
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, notRead(file, err, phrase{"--header @ファイル名 を確かめてください", "look at --header @FILE"})
			}
			for line := range strings.Lines(string(text)) {
				if err := r.header(strings.TrimSpace(line)); err != nil {
					return nil, err
				}
			}
			continue
		}
		if err := r.header(h); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *httpReceiver) header(text string) error {
	if text == "" {
		return nil
	}
	name, value, ok := strings.Cut(text, ":")
	if !ok || strings.TrimSpace(name) == "" {
		return misuse("ヘッダは \"Name: value\" と書きます", `a header is written "Name: value"`) // without showing it: it may hold a secret
	}
	r.headers.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

// open sees that somebody listens, before the institute's folder is made. Behind a proxy only the first request can say so.
func (r *httpReceiver) open(ctx context.Context) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, nil)
	if err != nil {
		return misuse("%s は宛先として読めません", "%s cannot be read as an address", safeURL(r.url))
	}
	if proxy, err := http.ProxyFromEnvironment(q); err != nil || proxy != nil {
		return nil
	}
	port := cmp.Or(q.URL.Port(), map[string]string{"http": "80", "https": "443"}[q.URL.Scheme])
	return r.meet(ctx, safeURL(r.url), func() error {
		d := net.Dialer{Timeout: 5 * time.Second}
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(q.URL.Hostname(), port))
		if err != nil {
			return trouble(err, "%s に接続できません（%s）", "no connection to %s: %s", safeURL(r.url), netWords(err))
		}
		return conn.Close()
	})
}

func (r *httpReceiver) send(ctx context.Context, l *Line) error {
	if err := r.bucket.take(ctx); err != nil {
		return err
	}
	p := &r.mixed
	if r.form == formNDJSON && len(l.Text) > 0 && l.Text[0] == '{' {
		if p = r.single[l.Log]; p == nil {
			p = &parcel{log: l.Log}
			r.single[l.Log] = p
			r.order = append(r.order, l.Log)
		}
	}
	if len(p.lines) == 0 {
		p.since = time.Now()
	}
	p.lines = append(p.lines, heldLine{l.Log, slices.Clone(l.Text), l.Kind, l.Time})
	p.made = append(p.made, l.made)
	p.body = r.render(p.body, l)
	p.ends = append(p.ends, len(p.body))
	r.n++
	if !r.met || len(p.lines) >= parcelLines || len(p.body) >= parcelBytes { // the first line alone shows whether this is the place
		return r.post(ctx, p)
	}
	return nil
}

// render appends what a request holds of a line.
func (r *httpReceiver) render(b []byte, l *Line) []byte {
	host := spoken(l).host
	if _, v, _, ok := traditional(l.Text); ok {
		host = v.host
	}
	switch r.form {
	case formHEC:
		b = append(b, `{"time":`...)
		b = strconv.AppendFloat(b, float64(l.Time.UnixMicro())/1e6, 'f', 6, 64)
		b = append(append(b, `,"host":"`...), host...)
		b = append(append(b, `","source":"`...), l.Log...)
		b = append(append(b, `","sourcetype":"`...), l.Kind...)
		b = append(b, `","event":`...)
		if len(l.Text) > 0 && l.Text[0] == '{' {
			b = append(b, l.Text...)
		} else {
			b = appendText(b, l.Text)
		}
		return append(b, '}', '\n')
	case formBulk:
		b = append(b, `{"create":{}}`+"\n"...)
	default:
		if len(l.Text) > 0 && l.Text[0] == '{' {
			return append(append(b, l.Text...), '\n')
		}
	}
	b = append(b, `{"@timestamp":"`...)
	b = l.Time.AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(append(b, `","host":{"name":"`...), host...)
	b = append(append(b, `"},"log":{"file":{"path":"`...), l.Log...)
	b = append(append(b, `"}},"event":{"dataset":"`...), l.Kind...)
	b = appendText(append(b, `"},"message":`...), l.Text)
	return append(b, '}', '\n')
}

func (r *httpReceiver) flush(ctx context.Context, _ bool) error { return r.pass(ctx, parcelAge) }

// pass sends the parcels that have waited so long.
func (r *httpReceiver) pass(ctx context.Context, age time.Duration) error {
	for _, log := range r.order {
		if p := r.single[log]; len(p.lines) > 0 && time.Since(p.since) >= age {
			if err := r.post(ctx, p); err != nil {
				return err
			}
		}
	}
	if p := &r.mixed; len(p.lines) > 0 && time.Since(p.since) >= age {
		return r.post(ctx, p)
	}
	return nil
}

// post delivers a parcel and empties it.
func (r *httpReceiver) post(ctx context.Context, p *parcel) error {
	if err := r.deliver(ctx, p, 0, len(p.lines)); err != nil {
		return err
	}
	r.n -= int64(len(p.lines))
	p.lines, p.made, p.body, p.ends = p.lines[:0], p.made[:0], p.body[:0], p.ends[:0]
	return nil
}

// refusal is an answer that will not change: the request is wrong for this receiver.
type refusal struct {
	status int
	text   string
	items  []int // of a _bulk request; the others were taken
}

// Error implements error.
func (e refusal) Error() string { return fmt.Sprintf("it answers %d: %s", e.status, e.text) }

// deliver posts the lines from a to b of a parcel. What is too much for the receiver is halved.
func (r *httpReceiver) deliver(ctx context.Context, p *parcel, a, b int) error {
	body, kind := r.body(p, a, b)
	do := func() error { return r.request(ctx, p.log, body, kind) }
	var err error
	if r.met {
		err = r.try(ctx, do)
	} else {
		err = r.meet(ctx, safeURL(r.url), do)
	}
	var no refusal
	switch {
	case err == nil:
		r.met = true
		r.record.Confirmed += int64(b - a)
		for i := a; i < b; i++ {
			r.delivered(&p.lines[i])
		}
		return nil
	case !errors.As(err, &no):
		return err
	case no.status == http.StatusRequestEntityTooLarge && b-a > 1:
		if err := r.deliver(ctx, p, a, (a+b)/2); err != nil {
			return err
		}
		return r.deliver(ctx, p, (a+b)/2, b)
	case !r.met && no.status != http.StatusRequestEntityTooLarge && len(no.items) == 0: // it is the wrong place: better said now
		return neverMet{trouble(no, "%[1]s が最初の要求を拒否したので、始めませんでした（%[2]d：%[3]s）。宛先とヘッダを確かめてください", "%[1]s refuses the first request, so it did not begin; look at the address and the headers. It answers %[2]d: %[3]s", safeURL(r.url), no.status, no.text)}
	}
	taken := b - a - len(no.items)
	if len(no.items) == 0 {
		taken = 0
	}
	r.record.Confirmed += int64(taken)
	for i := a; i < b; i++ {
		if taken > 0 && !slices.Contains(no.items, i-a) {
			r.delivered(&p.lines[i])
			continue
		}
		r.missed(&p.lines[i])
		if err := r.refuse(&p.lines[i], no.Error()); err != nil {
			return err
		}
	}
	return nil
}

// body returns a request's body and its type. The cloud's records go as an array, as its API answers.
func (r *httpReceiver) body(p *parcel, a, b int) ([]byte, string) {
	if r.form == formNDJSON && strings.HasPrefix(p.log, "cloud/") {
		order := make([]int, 0, b-a)
		for i := a; i < b; i++ {
			order = append(order, i)
		}
		slices.SortStableFunc(order, func(i, j int) int { return p.made[j].Compare(p.made[i]) }) // newest first, where they come late
		return array(nil, p.lines, order), "application/json"
	}
	from := 0
	if a > 0 {
		from = p.ends[a-1]
	}
	if r.form == formHEC {
		return p.body[from:p.ends[b-1]], "application/json"
	}
	return p.body[from:p.ends[b-1]], "application/x-ndjson"
}

// request posts once.
func (r *httpReceiver) request(ctx context.Context, log string, body []byte, kind string) error {
	// A receiver may answer before it has read everything, and then the rest is still being sent while the parcel is filled anew.
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(slices.Clone(body)))
	if err != nil {
		return forGood{fmt.Errorf("drill: make request: %w", err)}
	}
	q.Header = r.headers.Clone()
	if q.Header.Get("Content-Type") == "" {
		q.Header.Set("Content-Type", kind)
	}
	if log != "" {
		q.Header.Set("X-Log-Name", log)
	}
	if u := q.URL.User; u != nil && q.Header.Get("Authorization") == "" {
		pass, _ := u.Password()
		q.SetBasicAuth(u.Username(), pass)
	}
	resp, err := r.client.Do(q)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return r.no(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return r.no(err)
	}
	return r.answer(resp, text)
}

func (r *httpReceiver) no(err error) error {
	return trouble(err, "%s から応答を得られません（%s）", "no answer from %s: %s", safeURL(r.url), netWords(err))
}

// answer says what an answer means.
func (r *httpReceiver) answer(resp *http.Response, text []byte) error {
	short := string(bytes.ToValidUTF8(text[:min(len(text), 300)], nil))
	short = strings.Join(strings.Fields(short), " ")
	switch code := resp.StatusCode; {
	case code/100 == 2:
		if failed := refusedItems(text); r.form == formBulk && len(failed) > 0 {
			return forGood{refusal{code, short, failed}}
		}
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code/100 == 5:
		err := trouble(nil, "%s の応答は %s：%s", "%s answers %s: %s", safeURL(r.url), resp.Status, short)
		if n, e := strconv.Atoi(resp.Header.Get("Retry-After")); e == nil && n > 0 {
			return notYet{err, time.Duration(n) * time.Second}
		}
		return err
	default:
		return forGood{refusal{code, short, nil}}
	}
}

// refusedItems returns which documents a _bulk answer says were not taken.
func refusedItems(text []byte) []int {
	var a struct {
		Errors bool
		Items  []map[string]struct{ Status int }
	}
	if json.Unmarshal(text, &a) != nil || !a.Errors {
		return nil
	}
	var failed []int
	for i, item := range a.Items {
		for _, x := range item {
			if x.Status >= 300 {
				failed = append(failed, i)
			}
		}
	}
	return failed
}

func (r *httpReceiver) close(ctx context.Context) error {
	err := r.pass(ctx, 0)
	r.client.CloseIdleConnections()
	return cmp.Or(err, r.shut())
}

func (r *httpReceiver) held() (int64, time.Time) {
	var first time.Time
	if len(r.mixed.lines) > 0 {
		first = r.mixed.lines[0].at
	}
	for _, p := range r.single {
		if len(p.lines) > 0 {
			first = earlier(first, p.lines[0].at)
		}
	}
	return r.n, first
}
