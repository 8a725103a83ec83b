// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const profileKeys = "name, timezone, year, domains, directory, inputs, networks, hosts, intel, groups, contacts, formats, exceptions, alerts_per_day"

func readProfile(d *document, root *yaml.Node) *Profile {
	p := &Profile{}
	var intel, exceptions *yaml.Node // read last: their dates are in the profile's zone
	d.each(root, "", profileKeys, func(key, where string, v *yaml.Node) bool {
		switch key {
		case "name":
			p.Name = d.text(v, where)
		case "timezone":
			p.ZoneName, p.Zone = d.zone(v, where)
		case "year":
			p.Year = d.year(v, where)
		case "formats":
			p.Formats = d.text(v, where)
			p.formatsLine = v.Line
		case "domains":
			p.Domains = d.domains(v, where)
		case "directory":
			p.Directory = d.directories(v, where)
		case "inputs":
			d.items(v, where, func(where string, v *yaml.Node) { p.Inputs = append(p.Inputs, d.input(v, where)) })
		case "networks":
			d.items(v, where, func(where string, v *yaml.Node) { p.Networks = append(p.Networks, d.network(v, where)) })
		case "hosts":
			d.items(v, where, func(where string, v *yaml.Node) { p.Hosts = append(p.Hosts, d.host(v, where)) })
		case "intel":
			intel = v
		case "groups":
			p.Groups = d.groups(v, where)
		case "contacts":
			p.Contacts = d.contacts(v, where)
		case "exceptions":
			exceptions = v
		case "alerts_per_day":
			p.AlertsPerDay = d.alertsPerDay(v, where)
		default:
			return false
		}
		return true
	})
	if intel != nil {
		p.Intel = d.intel(intel, "intel", p.Zone)
	}
	if exceptions != nil {
		d.items(exceptions, "exceptions", func(where string, v *yaml.Node) {
			if x, ok := d.exception(v, where, p.Zone); ok {
				p.Exceptions = append(p.Exceptions, x)
			}
		})
	}
	return p
}

func (d *document) directories(n *yaml.Node, where string) []Directory {
	var out []Directory
	realms := map[string]bool{}
	d.items(n, where, func(where string, v *yaml.Node) {
		e := Directory{Line: v.Line}
		if v.Kind == yaml.ScalarNode {
			e.File = d.text(v, where)
		} else {
			d.each(v, where, "realm, file", func(key, where string, v *yaml.Node) bool {
				switch key {
				case "realm":
					e.Realm = d.text(v, where)
				case "file":
					e.File = d.text(v, where)
				default:
					return false
				}
				return true
			})
		}
		switch {
		case e.File == "":
			d.wrong(v, where, "names no file: write directory.csv, or a list of {realm: staff, file: staff.csv}")
			return
		case realms[e.Realm]:
			d.warn(v, where, "realm %q has several files: their rows are joined", e.Realm)
		}
		realms[e.Realm] = true
		out = append(out, e)
	})
	return out
}

func (d *document) input(n *yaml.Node, where string) Input {
	in := Input{Line: n.Line}
	d.each(n, where, "glob, host, realm, format, timezone, clock_offset, delay, relay_for", func(key, where string, v *yaml.Node) bool {
		var has settingKeys
		switch key {
		case "glob":
			in.Glob = d.text(v, where)
		case "host":
			in.Host, has = d.text(v, where), hasHost
		case "realm":
			in.Realm, has = d.text(v, where), hasRealm
		case "format":
			in.Format, has = d.text(v, where), hasFormat
		case "timezone":
			in.ZoneName, in.Zone = d.zone(v, where)
			has = hasZone
		case "clock_offset":
			in.ClockOffset, has = d.duration(v, where, true), hasOffset
		case "delay":
			in.Delay, has = d.duration(v, where, false), hasDelay
		case "relay_for":
			in.RelayFor, has = d.texts(v, where), hasRelay
		default:
			return false
		}
		if v.Tag != "!!null" {
			in.has |= has
		}
		return true
	})
	if err := CheckGlob(in.Glob); err != nil {
		d.wrong(n, where+".glob", "%v", err)
	}
	return in
}

func (d *document) network(n *yaml.Node, where string) Network {
	w := Network{Line: n.Line}
	d.each(n, where, "name, cidr, own, kind, restricted, allowed, shared", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "name":
			w.Name = d.text(v, where)
		case "cidr":
			w.Ranges = d.prefixes(v, where)
		case "own":
			w.Own = d.choice(v, where)
		case "kind":
			w.Kind = d.oneOf(v, where, append(Kinds(), "own"))
		case "restricted":
			w.Restricted, _ = d.truth(v, where)
		case "allowed":
			w.Allowed = d.prefixes(v, where)
		case "shared":
			w.Shared, _ = d.truth(v, where)
		default:
			return false
		}
		return true
	})
	if w.Kind == "own" {
		if w.Own == No {
			d.wrong(n, where, "kind: own and own: false contradict each other: keep one")
		}
		w.Kind, w.Own = "", Yes
	}
	if len(w.Ranges) == 0 {
		d.wrong(n, where+".cidr", "is missing: write it like 10.99.0.0/24")
	}
	if w.Name == "" && len(w.Ranges) > 0 {
		w.Name = w.Ranges[0].String()
	}
	if w.Shared && w.Own == Yes {
		d.wrong(n, where+".shared", "is said of other people's homes: the institute's own addresses are its own")
	}
	if len(w.Allowed) > 0 && !w.Restricted {
		d.warn(n, where+".allowed", "has no effect without restricted: true")
	}
	if w.Own == Unsaid && w.Kind == "" && !w.Shared && slices.ContainsFunc(w.Ranges, func(p netip.Prefix) bool { return !p.Addr().IsPrivate() }) {
		d.warn(n, where, "public addresses with neither own: true nor a kind are taken for somebody else's")
	}
	return w
}

func (d *document) host(n *yaml.Node, where string) Host {
	h := Host{Line: n.Line}
	d.each(n, where, "name, aliases, ip, role", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "name":
			h.Name = d.text(v, where)
		case "aliases":
			h.Aliases = d.texts(v, where)
		case "ip":
			h.IPs = d.addresses(v, where)
		case "role":
			h.Role = strings.ToLower(d.text(v, where))
			if h.Role != "" && !slices.Contains(Roles(), h.Role) {
				d.warn(v, where, "%q is kept, but Sekisho knows only: %s", h.Role, strings.Join(Roles(), ", "))
			}
		default:
			return false
		}
		return true
	})
	if h.Name == "" {
		d.wrong(n, where+".name", "is missing: write it like {name: idp, ip: 172.16.5.10, role: auth-server}")
	}
	return h
}

func (d *document) intel(n *yaml.Node, where string, zone *time.Location) []Intel {
	var out []Intel
	kinds := append(Kinds(), "bad", "indicators", "country")
	d.each(n, where, strings.Join(kinds, ", "), func(kind, where string, v *yaml.Node) bool {
		if !slices.Contains(kinds, kind) {
			return false
		}
		d.items(v, where, func(where string, v *yaml.Node) {
			e := Intel{Kind: kind, Line: v.Line}
			if v.Kind == yaml.ScalarNode {
				e.File = d.text(v, where)
			} else {
				d.each(v, where, "file, from, to, name, confidence", func(key, where string, v *yaml.Node) bool {
					switch key {
					case "file":
						e.File = d.text(v, where)
					case "name":
						e.Name = d.text(v, where)
					case "confidence":
						e.Confidence = d.oneOf(v, where, []string{"high", "medium", "low"})
					case "from":
						e.From = d.moment(v, where, zone, false)
					case "to":
						e.To = d.moment(v, where, zone, true)
					default:
						return false
					}
					return true
				})
			}
			if e.File == "" {
				d.wrong(v, where, "names no file: write intel/tor-exits.txt")
				return
			}
			out = append(out, e)
		})
		return true
	})
	return out
}

func (d *document) groups(n *yaml.Node, where string) []Group {
	var out []Group
	d.each(n, where, "a name for each group", func(name, where string, v *yaml.Node) bool {
		g := Group{Name: name}
		d.each(v, where, "department, group, account", func(key, where string, v *yaml.Node) bool {
			switch key {
			case "department", "departments":
				g.Departments = d.texts(v, where)
			case "group", "groups":
				g.Groups = d.texts(v, where)
			case "account", "accounts", "members":
				g.Accounts = d.texts(v, where)
			default:
				return false
			}
			return true
		})
		if len(g.Departments)+len(g.Groups)+len(g.Accounts) == 0 {
			d.warn(v, where, "has nobody in it: write {department: joho-kiban}")
		}
		out = append(out, g)
		return true
	})
	slices.SortFunc(out, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (d *document) contacts(n *yaml.Node, where string) []Contact {
	var out []Contact
	d.each(n, where, "ciso, csirt, network, …", func(role, where string, v *yaml.Node) bool {
		d.items(v, where, func(where string, v *yaml.Node) {
			c := Contact{Role: role}
			d.each(v, where, "name, phone, mail, note", func(key, where string, v *yaml.Node) bool {
				switch key {
				case "name":
					c.Name = d.text(v, where)
				case "phone":
					c.Phone = d.text(v, where)
				case "mail":
					c.Mail = d.text(v, where)
				case "note":
					c.Note = d.text(v, where)
				default:
					return false
				}
				return true
			})
			out = append(out, c)
		})
		return true
	})
	return out
}

func (d *document) domains(n *yaml.Node, where string) []string {
	var out []string
	for _, s := range d.texts(n, where) {
		s = strings.ToLower(strings.Trim(s, "@."))
		if s == "" || strings.ContainsAny(s, " \t/\\@:") {
			d.wrong(n, where, "%q is no domain: write it like hakusan-lab.example", s)
			continue
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (d *document) year(n *yaml.Node, where string) int {
	s := d.text(n, where)
	if s == "" {
		return 0
	}
	y, err := strconv.Atoi(s)
	if err != nil || y < 1990 || y > 2100 {
		d.wrong(n, where, "%q is no year: write it like 2025", cut(s, 40))
		return 0
	}
	return y
}
