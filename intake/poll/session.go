// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// session asks one service with a token, and gets another one where that has run out or is not taken. It is used by one goroutine.
type session struct {
	api     *client
	renew   func(context.Context) (token, error)
	patient bool // waits as long as a vendor that is asked too often wants, in place of asking everything again from the start
	token   token
	pause   func(context.Context, time.Duration) error // nil: sleep
}

// token opens a service for some time.
type token struct {
	text    string
	expires time.Time
}

// A question of many pages that began anew after each refusal might never come to its end, where a vendor allows fewer requests in a while
// than it has pages.
const (
	maxPauses = 10
	maxPause  = 2 * time.Minute
)

// get asks.
func (s *session) get(ctx context.Context, method, at string) ([]byte, http.Header, error) {
	renewed := false
	for pauses := 0; ; {
		if s.token.text == "" || time.Now().After(s.token.expires) {
			var err error
			if s.token, err = s.renew(ctx); err != nil {
				return nil, nil, err
			}
		}
		body, head, err := s.api.do(ctx, method, at, s.token.text, nil)
		var refused *Refused
		var slow *Slow
		switch {
		case !renewed && errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
			s.token.text, renewed = "", true
		case s.patient && errors.As(err, &slow) && slow.After <= maxPause && pauses < maxPauses:
			pauses++
			renewed = false // a token may run out meanwhile
			if err := s.sleep(ctx, slow.After); err != nil {
				return nil, nil, err
			}
		default:
			return body, head, err
		}
	}
}

func (s *session) sleep(ctx context.Context, d time.Duration) error {
	if s.pause != nil {
		return s.pause(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// token asks a service for tokens for one, with what proves who asks (RFC 6749, 5.1).
func (c *client) token(ctx context.Context, at string, form url.Values) (token, error) {
	body, _, err := c.do(ctx, http.MethodPost, at, "", form)
	if err != nil {
		return token{}, fmt.Errorf("poll: get a token: %w", err)
	}
	var answer struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Token == "" {
		return token{}, errors.New("poll: get a token: the answer holds none")
	}
	return token{answer.Token, time.Now().Add(time.Duration(min(max(answer.Seconds-60, 0), 86400)) * time.Second)}, nil
}

// application is an application that is registered with Microsoft Entra ID.
type application struct {
	tenant, client string
	secret         string // path
	login          string // address; empty: that of the public cloud
}

// open returns a session with a service that takes Entra ID's tokens. The scope is the address without a path.
func (a application) open(api string) (*session, error) {
	if a.tenant == "" || a.client == "" || a.secret == "" {
		return nil, errors.New("poll: Microsoft's services need a tenant, a client and the file of its secret")
	}
	if a.login == "" {
		a.login = "https://login.microsoftonline.com"
	}
	service, err := newClient(api)
	if err != nil {
		return nil, err
	}
	login, err := newClient(a.login)
	if err != nil {
		return nil, err
	}
	renew := func(ctx context.Context) (token, error) { return a.token(ctx, login, service.base+"/.default") }
	return &session{api: service, renew: renew}, nil
}

// token gets a token with the client's secret (RFC 6749, 4.4).
func (a application) token(ctx context.Context, login *client, scope string) (token, error) {
	secret, err := os.ReadFile(a.secret)
	if err != nil {
		return token{}, fmt.Errorf("poll: read the secret: %w", err)
	}
	return login.token(ctx, login.base+"/"+url.PathEscape(a.tenant)+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"},
		"client_id": {a.client}, "client_secret": {strings.TrimSpace(string(secret))}, "scope": {scope}})
}

// oneLine returns a record as it can stand among others.
func oneLine(data []byte) ([]byte, error) {
	if !bytes.ContainsAny(data, "\r\n") {
		return data, nil
	}
	var line bytes.Buffer
	err := json.Compact(&line, data)
	return line.Bytes(), err
}
