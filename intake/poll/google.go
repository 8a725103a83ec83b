// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// GoogleOptions say which activities of a Google Workspace are asked for. Key, Admin and Application must be set.
type GoogleOptions struct {
	Key         string // path of the service account's key, as Google gives it (JSON); read for each token
	Admin       string // address of the administrator for whom the service account acts (domain-wide delegation)
	Application string // whose activities: login, admin, drive, token, …
	API         string // empty: https://admin.googleapis.com
	Login       string // empty: https://oauth2.googleapis.com
}

// Google asks the Admin SDK's Reports API: activities.list, for all users and one application
// (https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list).
type Google struct {
	*session
	o GoogleOptions
}

// Activities are kept 180 days. They come late, by minutes to hours as Google says for each application, and "there's a small chance" of more
// (https://support.google.com/a/answer/7061566); they do not come in the order of their times
// (https://github.com/elastic/integrations/issues/13081: a collector that thought so lost one in a hundred). The API knows no longest
// stretch. Window, overlap and how far back is asked each hour are our choice and not measured; what is shown later than that is missed.
const (
	googleWindow  = 48 * time.Hour
	googleKept    = 180 * 24 * time.Hour
	googleOverlap = 4 * time.Hour
	googleLate    = 24 * time.Hour
	googleScope   = "https://www.googleapis.com/auth/admin.reports.audit.readonly"
)

// NewGoogle returns the vendor.
func NewGoogle(o GoogleOptions) (*Google, error) {
	if o.Key == "" || o.Admin == "" || o.Application == "" {
		return nil, errors.New("poll: Google Workspace needs the file of a service account's key, an administrator and an application")
	}
	if o.API == "" {
		o.API = "https://admin.googleapis.com"
	}
	if o.Login == "" {
		o.Login = "https://oauth2.googleapis.com"
	}
	api, err := newClient(o.API)
	if err != nil {
		return nil, err
	}
	login, err := newClient(o.Login)
	if err != nil {
		return nil, err
	}
	renew := func(ctx context.Context) (token, error) { return o.token(ctx, login) }
	return &Google{session: &session{api: api, renew: renew, patient: true}, o: o}, nil
}

// Terms returns what the API allows.
func (g *Google) Terms() Terms {
	return Terms{Window: googleWindow, Kept: googleKept, Overlap: googleOverlap, Late: googleLate}
}

// activities is one page of the list. The newest come first, on each page and over all pages.
type activities struct {
	Items []json.RawMessage `json:"items"`
	Next  string            `json:"nextPageToken"`
}

// Ask lists the activities of a stretch of time. Whether its end belongs to it is not said; what is given twice is known.
func (g *Google) Ask(ctx context.Context, from, to time.Time, take func(Page) error) error {
	q := url.Values{"startTime": {from.UTC().Format(time.RFC3339)}, "endTime": {to.UTC().Format(time.RFC3339)}, "maxResults": {"1000"}}
	at := g.api.base + "/admin/reports/v1/activity/users/all/applications/" + url.PathEscape(g.o.Application) + "?"
	read := pages{of: "activities"}
	for {
		body, _, err := g.get(ctx, http.MethodGet, at+q.Encode())
		if err != nil {
			return err
		}
		var list activities
		if err := json.Unmarshal(body, &list); err != nil {
			return fmt.Errorf("poll: the list of activities is not what it should be: %w", err)
		}
		page := Page{Records: make([]Record, 0, len(list.Items))}
		for _, data := range list.Items {
			r, err := g.record(data)
			if err != nil {
				return err
			}
			page.Records = append(page.Records, r)
		}
		if err := take(page); err != nil {
			return err
		}
		if list.Next == "" {
			return nil
		}
		if err := read.turn(list.Next); err != nil {
			return err
		}
		q.Set("pageToken", list.Next)
	}
}

// record names an activity. Its qualifier tells apart those of the same time, and is no name by itself. Its etag is not part of what was
// recorded, and nobody says that it stays: it is kept, and not compared.
func (g *Google) record(data []byte) (Record, error) {
	var a struct {
		ID struct {
			Time            string `json:"time"`
			UniqueQualifier string `json:"uniqueQualifier"`
			Customer        string `json:"customerId"`
		} `json:"id"`
	}
	line, err := oneLine(data)
	if err != nil {
		return Record{}, err
	}
	r := Record{Data: line, From: g.api.host + " " + g.o.Application}
	if json.Unmarshal(data, &a) == nil && a.ID.Time != "" && a.ID.UniqueQualifier != "" {
		r.ID = fmt.Sprintf("%q %q %q %q", a.ID.Time, a.ID.UniqueQualifier, a.ID.Customer, g.o.Application)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) == nil {
		delete(members, "etag")
		if r.Same, err = json.Marshal(members); err != nil {
			return Record{}, err
		}
	}
	return r, nil
}

// serviceAccount is what stands in the file of a key. Its token_uri is not followed: the configuration says whom to trust.
type serviceAccount struct {
	Email string `json:"client_email"`
	ID    string `json:"private_key_id"`
	Key   string `json:"private_key"`
}

// token gets a token with an assertion that the service account signs (RFC 7523;
// https://developers.google.com/identity/protocols/oauth2/service-account#httprest).
func (o *GoogleOptions) token(ctx context.Context, login *client) (token, error) {
	account, key, err := readServiceAccount(o.Key)
	if err != nil {
		return token{}, err
	}
	at := login.base + "/token"
	assertion, err := signed(account, key, o.Admin, at, time.Now())
	if err != nil {
		return token{}, fmt.Errorf("poll: sign with the service account's key: %w", err)
	}
	return login.token(ctx, at, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}})
}

// maxKey bounds the file of a key.
const maxKey = 64 << 10

// readServiceAccount reads a key. What it says of mistakes holds nothing of the file.
func readServiceAccount(path string) (*serviceAccount, *rsa.PrivateKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("poll: read the service account's key: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKey))
	if err != nil {
		return nil, nil, fmt.Errorf("poll: read the service account's key: %w", err)
	}
	var a serviceAccount
	if json.Unmarshal(b, &a) != nil || a.Email == "" || a.Key == "" {
		return nil, nil, fmt.Errorf("poll: %s is no key of a service account: make one in the Google Cloud console, as JSON", path)
	}
	block, _ := pem.Decode([]byte(a.Key))
	if block == nil {
		return nil, nil, fmt.Errorf("poll: the private key in %s is not in PEM: make a new one, as JSON", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("poll: the private key in %s cannot be read: make a new one, as JSON", path)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, nil, fmt.Errorf("poll: the private key in %s is no RSA key: make a new one, as JSON", path)
	}
	return &a, key, nil
}

// assertionFor is how long an assertion is good: an hour is the most that Google takes, and a request needs less.
const assertionFor = 10 * time.Minute

// signed returns an assertion that the service account acts for an administrator (RFC 7515, RFC 7519; RS256).
func signed(a *serviceAccount, key *rsa.PrivateKey, admin, at string, now time.Time) (string, error) {
	header := map[string]string{"alg": "RS256", "typ": "JWT"}
	if a.ID != "" {
		header["kid"] = a.ID
	}
	claims := map[string]any{"iss": a.Email, "sub": admin, "scope": googleScope, "aud": at, "iat": now.Unix(), "exp": now.Add(assertionFor).Unix()}
	var text string
	for _, part := range []any{header, claims} {
		b, err := json.Marshal(part)
		if err != nil {
			return "", err
		}
		text += base64.RawURLEncoding.EncodeToString(b) + "."
	}
	text = text[:len(text)-1]
	sum := sha256.Sum256([]byte(text))
	mark, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(mark), nil
}
