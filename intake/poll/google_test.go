// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
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
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// keyFile writes a service account's key as Google gives it.
func keyFile(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "sekisho@lab.iam.gserviceaccount.com", "private_key_id": "k1",
		"token_uri": "https://thief.example/token", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// googleSkin is the Reports API: tokens for signed assertions, pages by a token, a new etag in each answer.
func googleSkin(key *rsa.PrivateKey) skin {
	return skin{
		kept: 180 * 24 * time.Hour,
		name: "google-workspace",
		token: func(l *lists, r *http.Request) bool {
			return assertion(r.FormValue("assertion"), &key.PublicKey, l.URL+"/token") == nil && r.FormValue("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer"
		},
		ask: func(r *http.Request) (q question, err error) {
			if r.URL.Path != "/admin/reports/v1/activity/users/all/applications/login" || r.FormValue("maxResults") != "1000" {
				return q, errors.New("no such thing")
			}
			var err1, err2 error
			q.from, err1 = time.Parse(time.RFC3339, r.FormValue("startTime"))
			q.to, err2 = time.Parse(time.RFC3339, r.FormValue("endTime"))
			q.page, _ = strconv.Atoi(r.FormValue("pageToken"))
			return q, errors.Join(err1, err2)
		},
		write: func(l *lists, w http.ResponseWriter, _ *http.Request, found []happening, next int) {
			items := []any{}
			for _, h := range found {
				items = append(items, map[string]any{"kind": "admin#reports#activity", "etag": fmt.Sprint("e", l.asked), "id": map[string]string{"time": h.at.Format(time.RFC3339Nano), "uniqueQualifier": h.id,
					"applicationName": "login", "customerId": "C01"}, "actor": map[string]string{"email": "taro@example.jp", "profileId": "1"}, "ipAddress": "198.51.100.23",
					"events": []any{map[string]any{"type": "login", "name": "login_success", "parameters": []any{map[string]string{"name": "login_type", "value": "google_password"}}}}})
			}
			answer := map[string]any{"kind": "admin#reports#activities", "items": items}
			if next > 0 {
				answer["nextPageToken"] = strconv.Itoa(next)
			}
			if l.mode == "endless" {
				answer["nextPageToken"] = "5"
			}
			out := json.NewEncoder(w)
			out.SetIndent("", " ")
			_ = out.Encode(answer)
		},
		slow: func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"error":{"code":403,"message":"Quota exceeded","errors":[{"domain":"usageLimits","reason":"userRateLimitExceeded"}]}}`)
		},
		make: func(t *testing.T, l *lists) Vendor {
			v, err := NewGoogle(GoogleOptions{Key: keyFile(t, key), Admin: "admin@example.jp", Application: "login", API: l.URL, Login: l.URL})
			if err != nil {
				t.Fatal(err)
			}
			return v
		},
		open: func(v Vendor) *session { return v.(*Google).session },
	}
}

// assertion checks one as the token endpoint does.
func assertion(text string, key *rsa.PublicKey, at string) error {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return errors.New("is no assertion")
	}
	var b [3][]byte
	for i, p := range parts {
		var err error
		if b[i], err = base64.RawURLEncoding.DecodeString(p); err != nil {
			return err
		}
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], b[2]); err != nil {
		return err
	}
	var head struct{ Alg, Typ, Kid string }
	var claims struct {
		Iss, Sub, Scope, Aud string
		Iat, Exp             int64
	}
	if err := errors.Join(json.Unmarshal(b[0], &head), json.Unmarshal(b[1], &claims)); err != nil {
		return err
	}
	now := time.Now().Unix()
	if head.Alg != "RS256" || head.Typ != "JWT" || head.Kid != "k1" || claims.Iss != "sekisho@lab.iam.gserviceaccount.com" || claims.Sub != "admin@example.jp" ||
		claims.Scope != googleScope || claims.Aud != at || claims.Iat > now || claims.Exp <= now || claims.Exp-claims.Iat > 3600 {
		return fmt.Errorf("%+v %+v", head, claims)
	}
	return nil
}

// A key that is none, or another's, is told without a byte of it.
func TestGoogleKeys(t *testing.T) {
	own, other := rsaKey(t), rsaKey(t)
	l := newLists(t, googleSkin(own))
	dir := t.TempDir()
	for n, text := range []string{"", "{}", `{"client_email":"a","private_key":"s3cret"}`, `{"client_email":"a","private_key":"-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n"}`} {
		path := filepath.Join(dir, strconv.Itoa(n))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readServiceAccount(path); err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "czNj") || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", text, err)
		}
	}
	v, err := NewGoogle(GoogleOptions{Key: keyFile(t, other), Admin: "admin@example.jp", Application: "login", API: l.URL, Login: l.URL})
	if err != nil {
		t.Fatal(err)
	}
	err = v.Ask(t.Context(), l.now.Add(-time.Hour), l.now, func(Page) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "invalid_grant") || strings.Contains(err.Error(), "s3cret") || l.asked != 0 {
		t.Errorf("%v", err)
	}
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
