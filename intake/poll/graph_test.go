// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var graphFilter = regexp.MustCompile(`^\(?(\w+) ge (\S+) and (\w+) le ([^\s)]+)\)?( and signInEventTypes/any\(t: t eq '(\w+)'\))?$`)

// graphSkin is one of Graph's lists: a filter by time, pages by an address, a Retry-After with a fraction.
func graphSkin(content, path, by, kind, format string, kept time.Duration) skin {
	return skin{
		kept: kept,
		name: format,
		token: func(l *lists, r *http.Request) bool {
			return r.URL.Path == "/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token" && r.FormValue("client_secret") == "s3cret" && r.FormValue("scope") == l.URL+"/.default"
		},
		ask: func(r *http.Request) (q question, err error) {
			m := graphFilter.FindStringSubmatch(r.FormValue("$filter"))
			if m == nil || r.URL.Path != path || m[1] != by || m[3] != by || m[6] != kind || strings.Contains(r.URL.RawQuery, "+") {
				return q, fmt.Errorf("no such thing: %s", r.URL)
			}
			var err1, err2 error
			q.from, err1 = time.Parse(time.RFC3339, m[2])
			q.to, err2 = time.Parse(time.RFC3339, m[4])
			q.page, _ = strconv.Atoi(r.FormValue("$skiptoken"))
			return q, errors.Join(err1, err2)
		},
		write: func(l *lists, w http.ResponseWriter, r *http.Request, found []happening, next int) {
			values := []any{}
			for _, h := range found {
				values = append(values, graphRecord(by, h))
			}
			answer := map[string]any{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#auditLogs/signIns", "value": values}
			if own, _, _ := strings.Cut(r.URL.RequestURI(), "&$skiptoken="); next > 0 {
				answer["@odata.nextLink"] = fmt.Sprintf("%s%s&$skiptoken=%d", l.URL, own, next)
			}
			switch l.mode {
			case "endless":
				answer["@odata.nextLink"] = l.URL + r.URL.RequestURI()
			case "elsewhere":
				answer["@odata.nextLink"] = l.stray + r.URL.RequestURI()
			}
			out := json.NewEncoder(w)
			out.SetIndent("", " ")
			_ = out.Encode(answer)
		},
		slow: func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "2.128")
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"error":{"code":"TooManyRequests","message":"Please retry again later."}}`)
		},
		make: func(t *testing.T, l *lists) Vendor {
			secret := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			v, err := NewGraph(GraphOptions{Tenant: "11111111-2222-3333-4444-555555555555", Client: "app", Secret: secret, Content: content, API: l.URL, Login: l.URL})
			if err != nil {
				t.Fatal(err)
			}
			return v
		},
		open: func(v Vendor) *session { return v.(*Graph).session },
	}
}

func graphRecord(by string, h happening) any {
	at := h.at.Format("2006-01-02T15:04:05.0000000Z")
	if by == "activityDateTime" {
		return map[string]any{"id": h.id, by: at, "activityDisplayName": "Consent to application", "category": "ApplicationManagement", "result": "success", "loggedByService": "Core Directory",
			"initiatedBy":     map[string]any{"app": nil, "user": map[string]any{"id": "7", "userPrincipalName": "taro@example.jp", "ipAddress": "198.51.100.23"}},
			"targetResources": []any{map[string]any{"id": "sp1", "displayName": "Mail Reader", "type": "ServicePrincipal"}}}
	}
	return map[string]any{"id": h.id, by: at, "userPrincipalName": "taro@example.jp", "userId": "5e0c1d2f-aaaa-4bbb-8ccc-000000000001", "appId": "89bee1f7-5e6e-4d8a-9f3d-ecd601259da7",
		"appDisplayName": "Office 365", "ipAddress": "198.51.100.23", "clientAppUsed": "Browser", "status": map[string]any{"errorCode": 0}, "location": map[string]any{"countryOrRegion": "JP"}}
}

// A licence that the tenant does not have is told by Microsoft's own word for it, and what it kept longer is asked for.
func TestGraphLicence(t *testing.T) {
	g, err := NewGraph(GraphOptions{Tenant: "t", Client: "c", Secret: "s", Content: "directoryAudits", Kept: 30 * day})
	if err != nil || g.Terms().Kept != 30*day || g.api.host != "graph.microsoft.com" {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := NewGraph(GraphOptions{Tenant: "t", Client: "c", Secret: "s", Content: "users"}); err == nil || !strings.Contains(err.Error(), "directoryAudits") {
		t.Errorf("%v", err)
	}
	const code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
	if got := codeOf([]byte(`{"error":{"code":"` + code + `","message":"s3cret"}}`)); got != code {
		t.Errorf("%q", got)
	}
	if got := codeOf([]byte(`{"error":{"code":403,"errors":[{"reason":"quotaExceeded"}]}}`)); got != "quotaExceeded" {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]time.Duration{"2.128": 3 * time.Second, "7": 7 * time.Second, "1e30": maxSlow, "NaN": usualSlow, "Inf": maxSlow, "-1": usualSlow, "": usualSlow} {
		if got := after(text); got != want {
			t.Errorf("Retry-After: %s is %s", text, got)
		}
	}
}
