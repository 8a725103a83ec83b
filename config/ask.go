// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Ask is a cloud whose records are asked for, as nobody sends them.
type Ask struct {
	Name   string        // the source under which they are sealed
	Every  time.Duration // between two questions
	M365   *AskM365      // what is asked: one of the three
	Graph  *AskGraph
	Google *AskGoogle
	Line   int
}

// AskM365 says what is asked of Microsoft's Management Activity API.
type AskM365 struct {
	Tenant  string // GUIDs
	Client  string
	Secret  string // path of the file that holds the secret, read for each token
	Content []string
	API     string // of a national cloud; empty: the public one
	Login   string
}

// AskGraph says which logs of Entra ID are asked of Microsoft Graph.
type AskGraph struct {
	Tenant  string // GUIDs
	Client  string
	Secret  string // path of the file that holds the secret, read for each token
	Content []string
	Kept    time.Duration // how long the tenant's licence keeps them; 0: not said
	API     string        // of a national cloud; empty: the public one
	Login   string
}

// AskGoogle says which activities are asked of Google Workspace's Reports API.
type AskGoogle struct {
	Key          string // path of the service account's key, read for each token
	Admin        string // address of the administrator for whom it acts
	Applications []string
	API          string // empty: Google's
	Login        string
}

// m365Content are the types of content that the API has.
var m365Content = []string{"Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General", "DLP.All"}

// graphContent are the logs that can be asked of Microsoft Graph. The two that are asked unless said are in its stable version.
var graphContent = []string{"signIns", "directoryAudits", "nonInteractiveSignIns", "servicePrincipalSignIns", "managedIdentitySignIns"}

// googleApplications are asked for unless others are named: who logged in, what administrators, applications and owners of files did.
var googleApplications = []string{"login", "admin", "token", "user_accounts", "saml", "drive"}

// googleApplication is how Google names applications. It adds some from year to year, so that they are not listed here.
var googleApplication = regexp.MustCompile(`^[a-z][a-z_]{1,62}$`)

// defaultEvery is often enough for records that come minutes late at best, and seldom enough for the vendor.
const defaultEvery = 5 * time.Minute

// ask reads one cloud.
func (d *document) ask(s *Serve, folder string, n *yaml.Node, where string) Ask {
	a := Ask{Line: n.Line, Every: defaultEvery}
	d.each(n, where, "name, every, microsoft365, graph, google", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "name":
			a.Name = d.text(v, where)
		case "every":
			if a.Every = d.duration(v, where, false); a.Every < time.Minute || a.Every > 24*time.Hour {
				d.amiss(v, where, "は 1m から 24h までの間隔です", "is between 1m and 24h")
			}
		case "microsoft365":
			a.M365 = d.m365(folder, v, where)
		case "graph":
			a.Graph = d.graph(folder, v, where)
		case "google":
			a.Google = d.google(folder, v, where)
		default:
			return false
		}
		return true
	})
	taken := slices.ContainsFunc(s.Ask, func(o Ask) bool { return o.Name == a.Name })
	switch {
	case a.Name == "" || strings.HasPrefix(a.Name, "("):
		d.amiss(n, where, "に name（封緘するときの送信元名）がありません", "has no name: that of the source under which its records are sealed")
	case taken:
		d.amiss(n, where, "の name がほかと重なっています", "has the name of another one")
	}
	asked := 0
	for _, is := range []bool{a.M365 != nil, a.Graph != nil, a.Google != nil} {
		if is {
			asked++
		}
	}
	switch {
	case asked == 0:
		d.amiss(n, where, "に何へ問い合わせるかがありません：microsoft365: {tenant: …, client: …, secret_file: …}、または graph か google", "does not say what is asked: microsoft365: {tenant: …, client: …, secret_file: …}, or graph, or google")
	case asked > 1:
		d.amiss(n, where, "の問合せ先は一つだけです：microsoft365、graph、google を別々の項目に分け、name も別にしてください", "asks more than one: write microsoft365, graph and google as entries of their own, each with a name")
	}
	return a
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// aGUID returns a value that must be a GUID.
func (d *document) aGUID(v *yaml.Node, where string) string {
	s := d.text(v, where)
	if !guid.MatchString(s) {
		d.amiss(v, where, "は GUID です（例 00000000-0000-0000-0000-000000000000）", "is a GUID, like 00000000-0000-0000-0000-000000000000")
	}
	return s
}

// aSecret returns the path of a file that holds a secret.
func (d *document) aSecret(folder string, v *yaml.Node, where string) string {
	path := d.file1(folder, v, where)
	if path != "" {
		d.secretFile(path, v, where)
	}
	return path
}

// application reads the keys that name an application of Entra ID: what Microsoft's services have in common.
func (d *document) application(folder, key, where string, v *yaml.Node, tenant, client, secret, api, login *string) bool {
	switch key {
	case "tenant":
		*tenant = d.aGUID(v, where)
	case "client":
		*client = d.aGUID(v, where)
	case "secret_file":
		*secret = d.aSecret(folder, v, where)
	case "secret":
		d.wrong(v, where, "a secret does not stand in this file: write it to a file that only Sekisho can read, and name that as secret_file")
	case "api":
		*api = d.text(v, where)
	case "login":
		*login = d.text(v, where)
	default:
		return false
	}
	return true
}

// someOf returns values of which each must be one of those known.
func (d *document) someOf(v *yaml.Node, where string, known []string) []string {
	out := d.texts(v, where)
	for _, c := range out {
		if !slices.Contains(known, c) {
			d.amiss(v, where, "に使えるのは "+strings.Join(known, "、")+" です", "may hold "+strings.Join(known, ", "))
		}
	}
	d.once(v, where, out)
	return out
}

// once holds that nothing is asked for twice: two would move one bookmark.
func (d *document) once(v *yaml.Node, where string, names []string) {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			d.amiss(v, where, "に "+name+" が重なっています", "names "+name+" twice")
		}
	}
}

func (d *document) m365(folder string, n *yaml.Node, where string) *AskM365 {
	m := &AskM365{Content: m365Content[:4]}
	d.each(n, where, "tenant, client, secret_file, content, api, login", func(key, where string, v *yaml.Node) bool {
		if key == "content" {
			m.Content = d.someOf(v, where, m365Content)
			return true
		}
		return d.application(folder, key, where, v, &m.Tenant, &m.Client, &m.Secret, &m.API, &m.Login)
	})
	if m.Tenant == "" || m.Client == "" || m.Secret == "" || len(m.Content) == 0 {
		d.amiss(n, where, "には tenant、client、secret_file が必要です", "needs tenant, client and secret_file")
	}
	return m
}

func (d *document) graph(folder string, n *yaml.Node, where string) *AskGraph {
	m := &AskGraph{Content: graphContent[:2]}
	d.each(n, where, "tenant, client, secret_file, content, kept, api, login", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "content":
			m.Content = d.someOf(v, where, graphContent)
		case "kept":
			m.Kept = time.Duration(d.days(v, where)) * 24 * time.Hour
			if m.Kept < 7*24*time.Hour || m.Kept > 365*24*time.Hour {
				d.amiss(v, where, "は Entra ID が記録を残す期間です（ライセンスなしは 7d、P1 は 30d）", "is how long Entra ID keeps records: 7d without a licence, 30d with P1")
			}
		default:
			return d.application(folder, key, where, v, &m.Tenant, &m.Client, &m.Secret, &m.API, &m.Login)
		}
		return true
	})
	if m.Tenant == "" || m.Client == "" || m.Secret == "" || len(m.Content) == 0 {
		d.amiss(n, where, "には tenant、client、secret_file が必要です", "needs tenant, client and secret_file")
	}
	return m
}

func (d *document) google(folder string, n *yaml.Node, where string) *AskGoogle {
	g := &AskGoogle{Applications: googleApplications}
	d.each(n, where, "key_file, admin, applications, api, login", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "key_file":
			g.Key = d.aSecret(folder, v, where)
		case "key":
			d.wrong(v, where, "a key does not stand in this file: write it to a file that only Sekisho can read, and name that as key_file")
		case "admin":
			if g.Admin = d.text(v, where); strings.Count(g.Admin, "@") != 1 || strings.ContainsAny(g.Admin, " \t<>") {
				d.amiss(v, where, "は、サービス アカウントが代理する管理者のメール アドレスです", "is the address of the administrator for whom the service account acts")
			}
		case "applications":
			g.Applications = d.texts(v, where)
			for _, a := range g.Applications {
				if !googleApplication.MatchString(a) {
					d.amiss(v, where, "は Reports API のアプリケーション名です（"+strings.Join(googleApplications, "、")+" など）", "holds names of applications of the Reports API, like "+strings.Join(googleApplications, ", "))
				}
			}
			d.once(v, where, g.Applications)
		case "api":
			g.API = d.text(v, where)
		case "login":
			g.Login = d.text(v, where)
		default:
			return false
		}
		return true
	})
	if g.Key == "" || g.Admin == "" || len(g.Applications) == 0 {
		d.amiss(n, where, "には key_file と admin が必要です", "needs key_file and admin")
	}
	return g
}
