// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/identity"
)

var titled = regexp.MustCompile("(?ms)^```\\w+ title=(\\S+)\n(.*?)^```$")

// TestGuide reads the examples of the how-to as a person would who copied them, in both languages, and holds them to what
// the text around them says.
func TestGuide(t *testing.T) {
	for _, guide := range []string{"describe-your-institute.md", "describe-your-institute.ja.md"} {
		t.Run(guide, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "docs", "how-to", guide))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			var files []string
			for _, m := range titled.FindAllSubmatch(text, -1) {
				name := filepath.Join(dir, filepath.FromSlash(string(m[1])))
				files = append(files, string(m[1]))
				if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, m[2], 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if slices.Sort(files); !slices.Equal(files, []string{"directory.csv", "intel/tor-exits.txt", "intel/vpn.txt", "org.yaml"}) {
				t.Fatalf("the guide has the files %v", files)
			}
			p, err := config.ReadProfile(filepath.Join(dir, "org.yaml"))
			if err != nil || len(p.Warnings) > 0 {
				t.Fatal(err, p)
			}
			checkPeople(t, p)
			checkAddresses(t, p)
			if s := p.Settings("/mnt/logs/idp/access.log"); s.Host != "idp" || s.RelayFor[0] != "ldap1" {
				t.Errorf("%+v", s)
			}
		})
	}
}

func checkPeople(t *testing.T, p *config.Profile) {
	t.Helper()
	f, err := os.Open(p.Directory[0].File)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, problems, err := identity.ReadDirectory(f, "directory.csv", p.Directory[0].Realm, p.Zone)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	o := identity.Options{Rows: rows, Domains: p.Domains}
	for _, g := range p.Groups {
		o.Groups = append(o.Groups, identity.Group{Name: g.Name, Departments: g.Departments, Groups: g.Groups, Accounts: g.Accounts})
	}
	a := identity.New(o)
	if a.Known() != 3 {
		t.Errorf("%d accounts, want 3", a.Known())
	}
	sato := a.Resolve("", "neko77", 5)
	for _, name := range []string{`HAKUSAN-LAB\neko77`, `HAKUSAN\neko77`, "neko77@hakusan-lab.example", "uid=neko77,ou=people,dc=hakusan-lab,dc=example", "S-1-5-21-1004336348-1177238915-682003330-1107"} {
		if a.Resolve("", name, 5) != sato {
			t.Errorf("%s is not neko77", name)
		}
	}
	if got := a.Account(sato); !slices.Contains(got.Groups, "it-staff") || len(got.Guessed) > 0 {
		t.Errorf("%+v", got)
	}
	if a.Resolve("", "yama-h", 5) != a.Resolve("", "ueda-h", 5) {
		t.Error("a change of name must not make two accounts")
	}
}

func checkAddresses(t *testing.T, p *config.Profile) {
	t.Helper()
	var o identity.KnowledgeOptions
	for _, n := range p.Networks {
		kind, _ := event.ParseKind(n.Kind)
		o.Networks = append(o.Networks, identity.Network{Name: n.Name, Ranges: n.Ranges, Own: identity.Truth(n.Own), Kind: kind, Restricted: n.Restricted, Allowed: n.Allowed, Shared: n.Shared})
	}
	for _, in := range p.Intel {
		f, err := os.Open(in.File)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		l, problems, err := identity.ReadList(f, in.File)
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		l.Kind, _ = event.ParseKind(in.Kind)
		o.Lists = append(o.Lists, l)
	}
	k, err := identity.NewKnowledge(o)
	if err != nil {
		t.Fatal(err)
	}
	for ip, want := range map[string]event.Kind{"150.29.147.9": event.KindOwn, "198.51.100.23": event.KindTor, "192.0.2.70": event.KindVPN, "130.54.9.9": event.KindUniversity, "10.0.0.1": event.KindOwn, "192.0.2.71": event.KindUnknown} {
		if got := k.Address(netip.MustParseAddr(ip), "", 0, 5).Kind; got != want {
			t.Errorf("%s is %v, want %v", ip, got, want)
		}
	}
	if k.Address(netip.MustParseAddr("192.0.2.200"), "", 64500, 5).Kind != event.KindVPN {
		t.Error("an AS number of a list must count")
	}
	if k.MayReach(netip.MustParseAddr("172.16.5.20"), netip.MustParseAddr("10.99.0.77")) || !k.MayReach(netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("10.99.0.77")) {
		t.Error("the management network is for few")
	}
}
