// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
	"time"
)

// TestReadAsk holds that clouds are read with their defaults, and that mistakes are told with what to write instead and without a secret.
func TestReadAsk(t *testing.T) {
	const id = "7a7a7a7a-0000-4000-8000-000000000000"
	good := "{tenant: " + id + ", client: " + id + ", secret_file: s}"
	files := map[string]string{"s": "0123456789abcdef\n"}
	s, err := serveOf(t, "data: vault\nask:\n  - {name: m365, microsoft365: "+good+"}\n  - {name: other, every: 1h, microsoft365: {tenant: "+id+", client: "+id+", secret_file: s, content: [Audit.Exchange]}}\n", files)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Ask) != 2 || s.Ask[0].Every != defaultEvery || len(s.Ask[0].M365.Content) != 4 || s.Ask[1].Every != time.Hour || len(s.Ask[1].M365.Content) != 1 || s.Ask[0].M365.Secret == "" {
		t.Errorf("%+v", s.Ask)
	}
	s, err = serveOf(t, "data: vault\nask:\n  - {name: entra, graph: "+good+"}\n  - {name: google, google: {key_file: s, admin: admin@example.jp}}\n  - {name: more, graph: {tenant: "+id+", client: "+id+", secret_file: s, kept: 30d, content: [nonInteractiveSignIns]}}\n", files)
	if err != nil {
		t.Fatal(err)
	}
	if g, w, m := s.Ask[0].Graph, s.Ask[1].Google, s.Ask[2].Graph; len(g.Content) != 2 || g.Kept != 0 || len(w.Applications) != 6 || w.Key == "" || m.Kept != 720*time.Hour || m.Content[0] != "nonInteractiveSignIns" {
		t.Errorf("%+v", s.Ask)
	}
	for text, want := range map[string]string{
		"{name: g, graph: {tenant: " + id + ", client: " + id + ", secret_file: s, content: [users]}}":            "nonInteractiveSignIns",
		"{name: g, graph: {tenant: " + id + ", client: " + id + ", secret_file: s, kept: 3d}}":                    "30d with P1",
		"{name: g, graph: {tenant: " + id + ", client: " + id + ", secret: hidden-thing}}":                        "secret_file",
		"{name: g, graph: " + good + ", microsoft365: " + good + "}":                                              "more than one",
		"{name: g, graph: {tenant: " + id + ", client: " + id + ", secret_file: s, content: [signIns, signIns]}}": "twice",
		"{name: g, google: {key_file: s, admin: a@example.jp, applications: [login, login]}}":                     "twice",
		"{name: g, google: {admin: a@example.jp}}":                                                                "key_file",
		"{name: g, google: {admin: a@example.jp, key: hidden-thing}}":                                             "key_file",
		"{name: g, google: {key_file: s, admin: admin}}":                                                          "address of the administrator",
		"{name: g, google: {key_file: s, admin: a@example.jp, applications: [\"../x\"]}}":                         "names of applications",
		"{microsoft365: " + good + "}":                                                                            "has no name",
		"{name: (sekisho), microsoft365: " + good + "}":                                                           "has no name",
		"{name: m}": "what is asked",
		"{name: m, every: 1s, microsoft365: " + good + "}":                                                "between 1m and 24h",
		"{name: m, microsoft365: {tenant: lab, client: " + id + ", secret_file: s}}":                      "GUID",
		"{name: m, microsoft365: {tenant: " + id + ", client: " + id + "}}":                               "secret_file",
		"{name: m, microsoft365: {tenant: " + id + ", client: " + id + ", secret: hidden-thing}}":         "secret_file",
		"{name: m, microsoft365: {tenant: " + id + ", client: " + id + ", secret_file: s, content: [x]}}": "Audit.Exchange",
	} {
		_, err := serveOf(t, "data: vault\nask:\n  - "+text+"\n", files)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), ":3") {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hidden-thing") || strings.Contains(err.Error(), "0123456789abcdef")) {
			t.Errorf("%s: the secret is in %v", text, err)
		}
	}
	if _, err := serveOf(t, "data: vault\nask:\n  - {name: m, microsoft365: "+good+"}\n  - {name: m, microsoft365: "+good+"}\n", files); err == nil {
		t.Error("two of one name are taken")
	}
}
