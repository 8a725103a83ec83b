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
	"strings"
	"time"
)

// GraphOptions say which log of a tenant is asked for. Tenant, Client, Secret and Content must be set.
type GraphOptions struct {
	Tenant  string        // its GUID
	Client  string        // ID of the registered application
	Secret  string        // path of the file that holds its secret; read for each token, so that it can be changed
	Content string        // one of GraphContent
	Kept    time.Duration // how long the tenant's licence keeps it; 0: as long as it is kept at least
	API     string        // empty: https://graph.microsoft.com
	Login   string        // empty: https://login.microsoftonline.com
}

// Graph asks Microsoft Graph for logs of Entra ID: the lists of sign-ins and of directory audits
// (https://learn.microsoft.com/graph/api/signin-list, https://learn.microsoft.com/graph/api/directoryaudit-list).
type Graph struct {
	*session
	o   GraphOptions
	log graphLog
}

// graphLog is one of Entra ID's logs.
type graphLog struct {
	name  string
	path  string
	time  string // the property that the list is filtered by
	event string // type of sign-in; empty: does not matter
	kept  time.Duration
}

// Other sign-ins than interactive ones are only listed by the beta version, which Microsoft says is subject to change. Without a licence for
// Entra ID P1 the list of sign-ins is refused (Authentication_RequestFromNonPremiumTenantOrB2CTenant), and with one they are kept 30 days;
// audits are kept seven days without (https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention).
var graphLogs = [...]graphLog{
	{"signIns", "/v1.0/auditLogs/signIns", "createdDateTime", "", 30 * day},
	{"nonInteractiveSignIns", "/beta/auditLogs/signIns", "createdDateTime", "nonInteractiveUser", 30 * day},
	{"servicePrincipalSignIns", "/beta/auditLogs/signIns", "createdDateTime", "servicePrincipal", 30 * day},
	{"managedIdentitySignIns", "/beta/auditLogs/signIns", "createdDateTime", "managedIdentity", 30 * day},
	{"directoryAudits", "/v1.0/auditLogs/directoryAudits", "activityDateTime", "", 7 * day},
}

// GraphContent returns the names of the logs.
func GraphContent() []string {
	var out []string
	for _, l := range graphLogs {
		out = append(out, l.name)
	}
	return out
}

// Microsoft once said that 99 of 100 records are shown within five minutes
// (https://www.michev.info/blog/post/5749), and no longer promises a time. There is no longest stretch. Window, overlap and how far back is asked each hour are our choice and not measured; what is shown later is missed. Pages
// are as large as they may be at most.
const (
	day          = 24 * time.Hour
	graphWindow  = 2 * day
	graphOverlap = 2 * time.Hour
	graphLate    = day
	graphTop     = "1000"
)

// NewGraph returns the vendor.
func NewGraph(o GraphOptions) (*Graph, error) {
	if o.API == "" {
		o.API = "https://graph.microsoft.com"
	}
	for _, l := range graphLogs {
		if l.name != o.Content {
			continue
		}
		s, err := application{o.Tenant, o.Client, o.Secret, o.Login}.open(o.API)
		if err != nil {
			return nil, err
		}
		s.patient = true
		if o.Kept == 0 {
			o.Kept = l.kept
		}
		return &Graph{session: s, o: o, log: l}, nil
	}
	return nil, fmt.Errorf("poll: Microsoft Graph has no log %q: one of %s", printable(o.Content), strings.Join(GraphContent(), ", "))
}

// Terms returns what the API allows.
func (g *Graph) Terms() Terms {
	return Terms{Window: graphWindow, Kept: g.o.Kept, Overlap: graphOverlap, Late: graphLate}
}

// Ask lists the records of a stretch of time. Its end belongs to it, as the lists know no "less than"; what is given twice is known. In which
// order they come does not matter, because all pages are read before the bookmark moves.
func (g *Graph) Ask(ctx context.Context, from, to time.Time, take func(Page) error) error {
	filter := fmt.Sprintf("%s ge %s and %[1]s le %[3]s", g.log.time, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	if g.log.event != "" {
		filter = fmt.Sprintf("(%s) and signInEventTypes/any(t: t eq '%s')", filter, g.log.event)
	}
	// OData wants spaces as %20; a plus is not said to be one.
	next := g.api.base + g.log.path + "?$filter=" + strings.ReplaceAll(url.QueryEscape(filter), "+", "%20") + "&$top=" + graphTop
	read := pages{of: "records"}
	for next != "" {
		if err := read.turn(next); err != nil {
			return err
		}
		body, _, err := g.get(ctx, http.MethodGet, next)
		if err != nil {
			return err
		}
		var list struct {
			Value *[]json.RawMessage `json:"value"`
			Next  string             `json:"@odata.nextLink"`
		}
		if err := json.Unmarshal(body, &list); err != nil {
			return fmt.Errorf("poll: the list of records is not what it should be: %w", err)
		}
		if list.Value == nil {
			return errors.New("poll: the list of records is not what it should be: it has no value")
		}
		page, err := g.page(*list.Value)
		if err != nil {
			return err
		}
		if err := take(page); err != nil {
			return err
		}
		if next = list.Next; next != "" {
			if next, err = g.api.own(next); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Graph) page(values []json.RawMessage) (Page, error) {
	page := Page{Records: make([]Record, 0, len(values))}
	for _, data := range values {
		var name struct{ ID string }
		_ = json.Unmarshal(data, &name) // what is no object, or has no id, is kept all the same
		line, err := oneLine(data)
		if err != nil {
			return Page{}, err
		}
		page.Records = append(page.Records, Record{ID: name.ID, Data: line, From: g.api.host + " " + g.o.Content})
	}
	return page, nil
}
