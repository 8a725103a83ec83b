// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody    = 64 << 20
	askTimeout = 2 * time.Minute
	maxSlow    = time.Hour
	usualSlow  = time.Minute // where a vendor does not say how long
)

// client asks one host, and no other: whoever can write an address into an answer does not get the token.
type client struct {
	base, host string
	http       http.Client
}

// newClient returns a client for https addresses below base; of this machine, for tests and proxies, http too.
func newClient(base string) (*client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("poll: %q is no address of a service: write it like https://manage.office.com", printable(base))
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme != "https" && (u.Scheme != "http" || ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("poll: %q would send the secret in the clear: use https", printable(base))
	}
	c := &client{base: strings.TrimRight(u.Scheme+"://"+u.Host+u.Path, "/"), host: u.Host}
	c.http.Timeout = askTimeout
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// own returns an address that came in an answer, if it is one of this service.
func (c *client) own(at string) (string, error) {
	u, err := url.Parse(at)
	base, _ := url.Parse(c.base)
	if err != nil || u.User != nil || u.Scheme != base.Scheme || !strings.EqualFold(u.Host, base.Host) {
		return "", fmt.Errorf("poll: the answer names the address %q, which is not of %s: it is not asked, so that nobody gets the token", printable(at), c.host)
	}
	return u.String(), nil
}

// Refused is the error of a vendor that does not give what was asked.
type Refused struct {
	Status int
	Code   string // the vendor's own; may be empty
}

// Error says what was answered, without its text, which may repeat what was sent.
func (r *Refused) Error() string {
	return strings.TrimSpace(fmt.Sprintf("poll: the vendor answered %d %s", r.Status, r.Code))
}

// errPiece marks an error that is about what was asked for, and says nothing of the rest. It adds no words.
var errPiece = errors.New("")

// gone says whether the thing will not come back. AF20050: there is no such content; AF20051: it has expired. Both are not yet checked
// against the real service.
func (r *Refused) gone() bool {
	return r.Status == http.StatusGone || r.Code == "AF20050" || r.Code == "AF20051"
}

// tooOften says whether the vendor was asked too often. Google says so with 403 as well
// (https://developers.google.com/workspace/admin/reports/v1/limits).
func (r *Refused) tooOften() bool {
	switch r.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusForbidden:
		return r.Code == "userRateLimitExceeded" || r.Code == "rateLimitExceeded" || r.Code == "quotaExceeded"
	}
	return false
}

// do sends one request and returns the whole answer.
func (c *client) do(ctx context.Context, method, at, token string, form url.Values) ([]byte, http.Header, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, at, body)
	if err != nil {
		return nil, nil, errors.New("poll: the address cannot be asked")
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, nil, fmt.Errorf("poll: ask %s: %w", c.host, errors.Unwrap(err)) // without the address
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return nil, nil, fmt.Errorf("poll: read the answer of %s: %w", c.host, err)
	}
	if len(b) > maxBody {
		return nil, nil, fmt.Errorf("poll: the answer of %s is longer than %d bytes%w", c.host, maxBody, errPiece)
	}
	if res.StatusCode != http.StatusOK {
		refused := &Refused{Status: res.StatusCode, Code: codeOf(b)}
		if refused.tooOften() {
			return nil, nil, &Slow{after(res.Header.Get("Retry-After"))}
		}
		return nil, nil, refused
	}
	return b, res.Header, nil
}

// after reads Retry-After (RFC 9110, 10.2.3), within bounds. Microsoft's own example has a fraction of a second.
func after(text string) time.Duration {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n > 0 { // and so no NaN
		return time.Duration(math.Ceil(min(n, maxSlow.Seconds()))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), time.Second), maxSlow)
	}
	return usualSlow
}

// codeOf returns the code of an error: of Microsoft's {"error":{"code":"AF20024",…}}, of Google's, where code is the status again,
// {"error":{"code":403,"errors":[{"reason":"quotaExceeded",…}],…}}, or of a token's {"error":"invalid_client"}.
func codeOf(b []byte) string {
	var answer struct{ Error json.RawMessage }
	var full struct {
		Code   json.RawMessage
		Errors []struct{ Reason string }
	}
	if json.Unmarshal(b, &answer) != nil {
		return ""
	}
	code := ""
	if json.Unmarshal(answer.Error, &code) != nil && json.Unmarshal(answer.Error, &full) == nil {
		if json.Unmarshal(full.Code, &code) != nil && len(full.Errors) > 0 {
			code = full.Errors[0].Reason
		}
	}
	for _, r := range code {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' {
			return ""
		}
	}
	return code[:min(len(code), 64)]
}

// printable returns a text of others that can stand in a message.
func printable(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) > 120 {
		s = strings.ToValidUTF8(s[:120], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 {
			return '?'
		}
		return r
	}, s)
}
