// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
)

// TestSilentIdP: whoever gives the identity provider's audit log alone is told that it is silent about failed logins, in the case and in
// the report; with the process log of the same days, or the authentication audit, nothing is missing.
func TestSilentIdP(t *testing.T) {
	var audit, authn, process strings.Builder
	for day := 2; day < 12; day++ {
		fmt.Fprintf(&audit, "192.0.2.20|2025-06-%02dT00:00:03.925677Z|2025-06-%02dT00:00:05.078869Z|taro|https://sp.lab.example/shibboleth|_6dc%d|password|2025-06-%02dT00:00:04.542923Z|mail|AAdz|transient|false||Redirect|POST|Success||"+
			"urn:oasis:names:tc:SAML:2.0:status:Success||_s%d|Mozilla/5.0\n", day, day, day, day, day)
		fmt.Fprintf(&authn, "192.0.2.7|2025-06-%02dT00:00:20.078869Z|https://sp.lab.example/shibboleth|authn/Password|InvalidPassword|taro|Mozilla/5.0 (X11; Linux x86_64)\n", day)
		fmt.Fprintf(&process, "2025-06-%02d 09:00:00,345 - 192.0.2.7 - INFO [net.shibboleth.idp.authn.impl.ValidateCredentials:152] - Credential Validator ldap: Login by 'taro' failed\n", day)
	}
	tests := []struct {
		name  string
		files map[string]string
		want  string // in the notice; empty: there is none
	}{
		{"audit alone", map[string]string{"idp-audit.log": audit.String()}, "on 10 of its 10 days"},
		{"with the process log", map[string]string{"idp-audit.log": audit.String(), "idp-process.log": process.String()}, ""},
		{"with the authentication audit", map[string]string{"idp-audit.log": audit.String() + authn.String()}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "logs"), 0o700); err != nil {
				t.Fatal(err)
			}
			for name, text := range tt.files {
				write(t, filepath.Join(dir, "logs", name), []byte(text))
			}
			o, err := try(t, dir, nil, "logs")
			if err != nil {
				t.Fatal(err)
			}
			page, err := os.ReadFile(filepath.Join(o.Dir, "report.html"))
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			for _, l := range o.Case.Limits {
				if strings.Contains(l.En, "Shibboleth's idp-audit.log") {
					said = l.En
				}
			}
			shown := strings.Contains(string(page), "idp-audit.log says nothing of logins") && strings.Contains(string(page), "ログインの成否を記録していない")
			if (tt.want != "") != (said != "") || !strings.Contains(said, tt.want) || shown != (tt.want != "") {
				t.Errorf("the case says %q; in the report: %v", said, shown)
			}
			for _, c := range o.Case.Coverage {
				if c.Source == idpAudit && (c.State == cases.PartialCoverage) != (tt.want != "") {
					t.Errorf("its coverage is %s: %s", c.State, c.Why.En)
				}
			}
		})
	}
}
