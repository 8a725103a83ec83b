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
	Name  string        // the source under which they are sealed
	Every time.Duration // between two questions
	M365  *AskM365
	Line  int
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

// m365Content are the types of content that the API has.
var m365Content = []string{"Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General", "DLP.All"}

// defaultEvery is often enough for records that come minutes late at best, and seldom enough for the vendor.
const defaultEvery = 5 * time.Minute

// ask reads one cloud.
func (d *document) ask(s *Serve, folder string, n *yaml.Node, where string) Ask {
	a := Ask{Line: n.Line, Every: defaultEvery}
	d.each(n, where, "name, every, microsoft365", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "name":
			a.Name = d.text(v, where)
		case "every":
			if a.Every = d.duration(v, where, false); a.Every < time.Minute || a.Every > 24*time.Hour {
				d.amiss(v, where, "は 1m から 24h までの間隔です", "is between 1m and 24h")
			}
		case "microsoft365":
			a.M365 = d.m365(folder, v, where)
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
	if a.M365 == nil {
		d.amiss(n, where, "に何へ問い合わせるかがありません：microsoft365: {tenant: …, client: …, secret_file: …}", "does not say what is asked: microsoft365: {tenant: …, client: …, secret_file: …}")
	}
	return a
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (d *document) m365(folder string, n *yaml.Node, where string) *AskM365 {
	m := &AskM365{Content: m365Content[:4]}
	id := func(v *yaml.Node, where string) string {
		s := d.text(v, where)
		if !guid.MatchString(s) {
			d.amiss(v, where, "は GUID です（例 00000000-0000-0000-0000-000000000000）", "is a GUID, like 00000000-0000-0000-0000-000000000000")
		}
		return s
	}
	d.each(n, where, "tenant, client, secret_file, content, api, login", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "tenant":
			m.Tenant = id(v, where)
		case "client":
			m.Client = id(v, where)
		case "secret_file":
			if m.Secret = d.file1(folder, v, where); m.Secret != "" {
				d.secretFile(m.Secret, v, where)
			}
		case "secret":
			d.wrong(v, where, "a secret does not stand in this file: write it to a file that only Sekisho can read, and name that as secret_file")
		case "content":
			m.Content = d.texts(v, where)
			for _, c := range m.Content {
				if !slices.Contains(m365Content, c) {
					d.amiss(v, where, "に使えるのは "+strings.Join(m365Content, "、")+" です", "may hold "+strings.Join(m365Content, ", "))
				}
			}
		case "api":
			m.API = d.text(v, where)
		case "login":
			m.Login = d.text(v, where)
		default:
			return false
		}
		return true
	})
	if m.Tenant == "" || m.Client == "" || m.Secret == "" || len(m.Content) == 0 {
		d.amiss(n, where, "には tenant、client、secret_file が必要です", "needs tenant, client and secret_file")
	}
	return m
}
