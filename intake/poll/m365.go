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

// M365Options say which content of a tenant is asked for. Tenant, Client, Secret and Content must be set.
type M365Options struct {
	Tenant  string // its GUID
	Client  string // ID of the registered application
	Secret  string // path of the file that holds its secret; read for each token, so that it can be changed
	Content string // content type, like Audit.Exchange
	API     string // empty: https://manage.office.com
	Login   string // empty: https://login.microsoftonline.com
}

// M365 asks the Office 365 Management Activity API. Records are found through blobs of content: a list of these by the time when they became
// available, in pages, and each is fetched by its address
// (https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference).
type M365 struct {
	o       M365Options
	api     *client
	login   *client
	started bool
	token   string
	expires time.Time
}

// The API takes questions of 24 hours at most and keeps seven days. Its makers promise no time by which content is listed: the overlap is
// our choice and not measured; what is listed later than that is missed.
const (
	m365Window  = 24 * time.Hour
	m365Kept    = 7 * 24 * time.Hour
	m365Overlap = 6 * time.Hour
)

// NewM365 returns the vendor.
func NewM365(o M365Options) (*M365, error) {
	if o.Tenant == "" || o.Client == "" || o.Secret == "" || o.Content == "" {
		return nil, errors.New("poll: Microsoft 365 needs a tenant, a client, the file of its secret and a type of content")
	}
	if o.API == "" {
		o.API = "https://manage.office.com"
	}
	if o.Login == "" {
		o.Login = "https://login.microsoftonline.com"
	}
	api, err := newClient(o.API)
	if err != nil {
		return nil, err
	}
	login, err := newClient(o.Login)
	if err != nil {
		return nil, err
	}
	return &M365{o: o, api: api, login: login}, nil
}

// Terms returns what the API allows.
func (m *M365) Terms() Terms { return Terms{m365Window, m365Kept, m365Overlap} }

// blob is one entry of the list.
type blob struct {
	URI string `json:"contentUri"`
	ID  string `json:"contentId"`
}

const (
	maxPages = 10_000
	apiTime  = "2006-01-02T15:04:05"
)

// Ask lists the blobs that became available in a stretch of time, and fetches each. One that cannot be fetched does not keep the others
// back; the question fails in the end, and is asked again.
func (m *M365) Ask(ctx context.Context, from, to time.Time, take func(Page) error) error {
	if err := m.start(ctx); err != nil {
		return err
	}
	next := m.feed("content", url.Values{"startTime": {from.UTC().Format(apiTime)}, "endTime": {to.UTC().Format(apiTime)}})
	been := map[string]bool{}
	var failed error
	for next != "" {
		if been[next] || len(been) >= maxPages {
			return errors.New("poll: the list of content does not end")
		}
		been[next] = true
		body, head, err := m.get(ctx, http.MethodGet, next)
		if err != nil {
			return err
		}
		var blobs []blob
		if err := json.Unmarshal(body, &blobs); err != nil {
			return fmt.Errorf("poll: the list of content is not what it should be: %w", err)
		}
		for _, b := range blobs {
			page, err := m.fetch(ctx, b)
			var slow *Slow
			if errors.As(err, &slow) || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			if err != nil {
				failed = err // the last one stands for all
				continue
			}
			if err := take(page); err != nil {
				return err
			}
		}
		if next = head.Get("NextPageUri"); next != "" {
			if next, err = m.api.own(next); err != nil {
				return err
			}
		}
	}
	return failed
}

// fetch returns the records of one blob, or that it is gone.
func (m *M365) fetch(ctx context.Context, b blob) (Page, error) {
	at, err := m.api.own(b.URI)
	if err != nil {
		return Page{}, err
	}
	body, _, err := m.get(ctx, http.MethodGet, at)
	var refused *Refused
	if errors.As(err, &refused) && refused.gone() {
		return Page{Missing: []Missing{{What: printable(b.ID), Why: refused.Error()}}}, nil
	}
	if err != nil {
		return Page{}, err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return Page{}, fmt.Errorf("poll: a blob of content is not what it should be: %w", err)
	}
	page := Page{Records: make([]Record, 0, len(raw))}
	for _, data := range raw {
		var name struct{ ID string }
		_ = json.Unmarshal(data, &name) // what is no object, or has no Id, is kept all the same
		if bytes.ContainsAny(data, "\r\n") {
			var line bytes.Buffer
			if err := json.Compact(&line, data); err != nil {
				return Page{}, err
			}
			data = line.Bytes()
		}
		page.Records = append(page.Records, Record{ID: name.ID, Data: data, From: m.api.host + " " + m.o.Content})
	}
	return page, nil
}

// start starts the subscription, without which nothing is listed. It may have been started before.
func (m *M365) start(ctx context.Context) error {
	if m.started {
		return nil
	}
	_, _, err := m.get(ctx, http.MethodPost, m.feed("start", url.Values{}))
	var refused *Refused
	if errors.As(err, &refused) && refused.Code == "AF20024" { // it is enabled
		err = nil
	}
	m.started = err == nil
	return err
}

func (m *M365) feed(what string, q url.Values) string {
	q.Set("contentType", m.o.Content)
	q.Set("PublisherIdentifier", m.o.Tenant)
	return fmt.Sprintf("%s/api/v1.0/%s/activity/feed/subscriptions/%s?%s", m.api.base, url.PathEscape(m.o.Tenant), what, q.Encode())
}

// get asks with a token, and once more with a new one where the first is not taken.
func (m *M365) get(ctx context.Context, method, at string) ([]byte, http.Header, error) {
	for try := 0; ; try++ {
		if m.token == "" || time.Now().After(m.expires) {
			if err := m.renew(ctx); err != nil {
				return nil, nil, err
			}
		}
		body, head, err := m.api.do(ctx, method, at, m.token, nil)
		var refused *Refused
		if try == 0 && errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
			m.token = ""
			continue
		}
		return body, head, err
	}
}

// renew gets a token with the client's secret (RFC 6749, 4.4).
func (m *M365) renew(ctx context.Context) error {
	secret, err := os.ReadFile(m.o.Secret)
	if err != nil {
		return fmt.Errorf("poll: read the secret: %w", err)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {m.o.Client}, "client_secret": {strings.TrimSpace(string(secret))},
		"scope": {m.api.base + "/.default"}}
	body, _, err := m.login.do(ctx, http.MethodPost, m.login.base+"/"+url.PathEscape(m.o.Tenant)+"/oauth2/v2.0/token", "", form)
	if err != nil {
		return fmt.Errorf("poll: get a token: %w", err)
	}
	var answer struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Token == "" {
		return errors.New("poll: get a token: the answer holds none")
	}
	m.token, m.expires = answer.Token, time.Now().Add(time.Duration(min(max(answer.Seconds-60, 0), 86400))*time.Second)
	return nil
}
