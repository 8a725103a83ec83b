// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
	*session
	o       M365Options
	started bool
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
	s, err := application{o.Tenant, o.Client, o.Secret, o.Login}.open(o.API)
	if err != nil {
		return nil, err
	}
	return &M365{session: s, o: o}, nil
}

// Terms returns what the API allows.
func (m *M365) Terms() Terms { return Terms{Window: m365Window, Kept: m365Kept, Overlap: m365Overlap} }

// blob is one entry of the list.
type blob struct {
	URI string `json:"contentUri"`
	ID  string `json:"contentId"`
}

const apiTime = "2006-01-02T15:04:05"

// Ask lists the blobs that became available in a stretch of time, and fetches each. One that cannot be fetched, and says nothing of the
// others, is owed; after any other failure the rest is fetched, the question fails in the end, and is asked again.
func (m *M365) Ask(ctx context.Context, from, to time.Time, take func(Page) error) error {
	if err := m.start(ctx); err != nil {
		return err
	}
	next := m.feed("content", url.Values{"startTime": {from.UTC().Format(apiTime)}, "endTime": {to.UTC().Format(apiTime)}})
	read := pages{of: "content"}
	var failed error
	for next != "" {
		if err := read.turn(next); err != nil {
			return err
		}
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
			if own := aboutPiece(err); own {
				page, err = Page{Owed: []Owed{{What: printable(b.ID), At: b.URI, Why: printable(err.Error())}}}, nil
			}
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

// aboutPiece says whether an error is of one blob alone: it is refused, by itself and not for want of a token or of rights, is too long, or
// holds no records.
func aboutPiece(err error) bool {
	var refused *Refused
	if errors.As(err, &refused) {
		return refused.Status != http.StatusUnauthorized && refused.Status != http.StatusForbidden
	}
	return errors.Is(err, errPiece)
}

// Again fetches a blob that was refused.
func (m *M365) Again(ctx context.Context, o Owed) (Page, error) {
	return m.fetch(ctx, blob{URI: o.At, ID: o.What})
}

// fetch returns the records of one blob, or that it is gone.
func (m *M365) fetch(ctx context.Context, b blob) (Page, error) {
	at, err := m.api.own(b.URI)
	if err != nil {
		return Page{}, fmt.Errorf("%w%w", err, errPiece)
	}
	body, _, err := m.get(ctx, http.MethodGet, at)
	var refused *Refused
	if errors.As(err, &refused) && refused.gone() {
		return Page{Missing: []Missing{{What: printable(b.ID), Why: refused.Error()}}, Piece: printable(b.ID)}, nil
	}
	if err != nil {
		return Page{}, err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return Page{}, fmt.Errorf("poll: a blob of content is not what it should be: %w%w", err, errPiece)
	}
	page := Page{Records: make([]Record, 0, len(raw)), Piece: printable(b.ID)}
	for _, data := range raw {
		var name struct{ ID string }
		_ = json.Unmarshal(data, &name) // what is no object, or has no Id, is kept all the same
		line, err := oneLine(data)
		if err != nil {
			return Page{}, err
		}
		page.Records = append(page.Records, Record{ID: name.ID, Data: line, From: m.api.host + " " + m.o.Content})
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
