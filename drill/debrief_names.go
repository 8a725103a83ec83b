// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Standing are the names that the institute has beside those of its directory: of services and of machines' own accounts, and of
// its hosts.
type Standing struct {
	Accounts []string `json:"accounts"`
	Hosts    []string `json:"hosts"` // by name, but for members' PCs, which are called pc- and their login ID
}

// standing names what is in no directory.csv. Hosts are those of org.yaml.
func (w *world) standing() Standing {
	s := Standing{Accounts: append(machineAccounts(), "root", "administrator", edgeAdminID), Hosts: []string{}}
	for _, dn := range []string{idpService, intraService, vpnService, backupService, nmsService, monitorService, edgeService} {
		s.Accounts = append(s.Accounts, plainName(dn))
	}
	for i := range w.guests {
		s.Accounts = append(s.Accounts, w.guests[i].uid, w.guests[i].mail)
	}
	for line := range strings.Lines(w.orgYAML(w.profile())) {
		for _, key := range []string{"{name: ", ", host: "} {
			_, rest, ok := strings.Cut(line, key)
			if ok && (key != "{name: " || strings.Contains(rest, ", ip: ")) {
				s.Hosts = append(s.Hosts, rest[:strings.IndexAny(rest, ",}")])
			}
		}
	}
	if w.ad != nil {
		s.Accounts = append(s.Accounts, "svc-backup", "svc-deploy", "svc-idm", "svc-monitor", "svc-scan", "svc-sync", "scan2folder")
		for _, list := range [][]*winHost{w.ad.servers, w.ad.pcs} {
			for _, h := range list {
				s.Hosts = append(s.Hosts, h.name)
			}
		}
	}
	for _, list := range []*[]string{&s.Accounts, &s.Hosts} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return s
}

// Unknown is a name in the team's log that nothing of the drill has: it is charged to nobody.
type Unknown struct {
	Line    int       `json:"line"` // of the answers
	At      time.Time `json:"at"`
	What    string    `json:"what"` // account, host, act
	Name    string    `json:"name"`
	Nearest string    `json:"nearest,omitempty"`
}

// learn gathers which names there are. Without a directory nobody can say which accounts and hosts there are not.
func (d *debriefing) learn(directory map[string]string) {
	d.known = map[string]map[string]bool{whatAccount: {}, whatHost: {}}
	if len(directory) == 0 {
		d.known = nil
		return
	}
	add := func(what string, names ...string) {
		for _, n := range names {
			if n != "" {
				d.known[what][strings.ToLower(n)] = true
			}
		}
	}
	for uid, mail := range directory {
		add(whatAccount, uid, mail)
		add(whatHost, "pc-"+uid, netbios("pc-"+uid))
	}
	t := d.truth
	add(whatAccount, t.Standing.Accounts...)
	add(whatHost, t.Standing.Hosts...)
	for _, a := range t.Accounts {
		add(whatAccount, a.UID, a.Mail, a.key())
	}
	for _, o := range t.Odd {
		add(whatAccount, o.UID, o.Mail)
	}
	for _, h := range t.Hosts {
		add(whatHost, h.Name)
	}
	for _, c := range t.Clocks {
		add(whatHost, c.Host)
	}
	for _, a := range t.Acts {
		add(whatAccount, a.Accounts...)
		add(whatHost, a.Hosts...)
	}
}

// exists says whether there is something of this name, as far as that can be said. Addresses are anybody's, and so are hosts called by
// theirs.
func (d *debriefing) exists(what, text string) bool {
	if d.known[what] == nil {
		return true
	}
	name := d.name(what, text)
	if d.bad[key(what, name)] != nil || d.known[what][name] || d.known[what][strings.ToLower(text)] {
		return true
	}
	if what != whatHost {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	short, _, long := strings.Cut(name, ".")
	return long && d.known[what][short]
}

// doubt notes the names of an entry that nothing has.
func (d *debriefing) doubt(c *Claim) {
	for _, what := range []string{whatAccount, whatHost} {
		for _, n := range c.subjects()[what] {
			if !d.exists(what, n) {
				d.Unknown = append(d.Unknown, Unknown{c.Line, c.At, what, n, d.nearest(n, slices.Sorted(maps.Keys(d.known[what])))})
			}
		}
	}
	if c.Act == "" || slices.ContainsFunc(d.truth.Acts, func(a Act) bool { return a.called(c.Act) }) {
		return
	}
	var words []string
	for _, a := range d.truth.Acts {
		words = append(append(words, a.Name, a.NameJa), a.Detectors...)
		words = append(words, a.Attack)
	}
	d.Unknown = append(d.Unknown, Unknown{c.Line, c.At, whatAct, c.Act, d.nearest(c.Act, words)})
}

// mostGuesses bounds for how many names the nearest is looked for.
const mostGuesses = 100

func (d *debriefing) nearest(text string, names []string) string {
	if len(d.Unknown) >= mostGuesses {
		return ""
	}
	who, place, mail := strings.Cut(strings.ToLower(text), "@")
	if !mail {
		return Nearest(text, names)
	}
	var beside []string // the domain alone makes nobody near
	for _, n := range names {
		if short, ok := strings.CutSuffix(n, "@"+place); ok {
			beside = append(beside, short)
		}
	}
	if near := Nearest(who, beside); near != "" {
		return near + "@" + place
	}
	return ""
}
