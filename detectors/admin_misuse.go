// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var adminMisuse = detect.Spec{Name: "admin-misuse", Attack: []string{"T1053.005", "T1078", "T1136", "T1543.003"}, New: newAdminMisuse}

// Tunables of admin-misuse.
const (
	adminLearn    = 21      // days of records in which networks, hosts, services and tasks are taken for the ordinary ones
	adminDays     = 3       // days on which an account must have used an administrator's rights to be one
	adminSessions = 20      // sessions of an administrator before the hour means something
	adminAround   = 1       // hours around one in which the administrator works that are ordinary too
	adminCreator  = 3       // days on which an account made accounts before, from which it is its work
	adminRaised   = 24      // hours within which a new account is given an administrator's rights
	adminServers  = 3       // servers entered so in one story, to make it more than somebody who was called at night
	adminSpread   = 2       // machines that have a service or task of that name: it is distributed
	adminEach     = 32      // services and tasks that are told of one by one, for each machine
	adminMost     = 1 << 12 // administrators, and new accounts, that are followed
	adminNames    = 1 << 15 // names of services and tasks that are remembered
)

// adminUse watches those who rule servers and devices: from where and when they work, whom they make an account for, and what is made
// to start by itself.
type adminUse struct {
	detect.Trace
	admins   map[uint32]*administrator
	networks []uint32 // from which any administrator works
	created  map[string]*madeAccount
	planted  map[string]*plantedName
	plants   map[string]int // told of each machine
	found    map[string]*adminAct
	servers  map[string]bool
	first    int32
	started  bool
}

type administrator struct {
	days     int32 // on which the rights were used
	lastDay  int32
	networks []uint32
	hosts    []uint32
	hours    [24]uint16
	off      uint16 // sessions on days off
	sessions int
	creator  int32 // days on which accounts were made
	madeDay  int32
	told     bool // of
	outside  bool // an external network was taken for an ordinary one
}

type madeAccount struct {
	who   *event.Account
	whom  *event.Account
	name  string
	habit bool
	at    event.Micros
	host  string
	made  event.Ref
}

func newAdminMisuse(site detect.Site) detect.Detector {
	d := &adminUse{admins: map[uint32]*administrator{}, created: map[string]*madeAccount{}, planted: map[string]*plantedName{}, plants: map[string]int{},
		found: map[string]*adminAct{}, servers: map[string]bool{}}
	for _, n := range site.Servers {
		d.servers[shortHost(n)] = true
	}
	return d
}

func (d *adminUse) Classes() detect.ClassSet {
	return detect.Classes(event.ClassAuthentication, event.ClassRemoteSession, event.ClassAccountChange, event.ClassEntityChange)
}

func (d *adminUse) Observe(s *event.Sighting) {
	if !d.started {
		d.first, d.started = s.Day, true
	}
	if s.Outcome == event.OutcomeFailure || s.DstHost == "" {
		return // changes in a cloud are always made from outside: see mailbox-change
	}
	person := s.Who != nil && !s.Who.System
	switch s.Class {
	case event.ClassEntityChange:
		if s.Activity == event.ActCreate {
			d.plant(s)
		}
		if person && (s.Format != "windows" || d.server(s)) {
			d.ruled(s)
			d.change(s)
		}
	case event.ClassAccountChange:
		if !person || s.Whom == s.Who {
			return
		}
		switch s.Activity {
		case event.ActCreate, event.ActAssign, event.ActEnable, event.ActChange, event.ActDelete:
			d.ruled(s)
			d.change(s)
			d.accounts(s)
		}
	case event.ClassAuthentication:
		switch {
		case s.Activity == event.ActLogoff && person && s.SrcIP.IsValid():
			d.left(s)
		case s.Activity == event.ActElevate && person && d.server(s):
			d.ruled(s)
		case s.LoggedIn() && person && d.session(s):
			if _, device := s.Get("profile"); device {
				d.ruled(s)
			}
			d.came(s)
		}
	case event.ClassRemoteSession:
		if person && s.Outcome == event.OutcomeSuccess && (s.Activity == event.ActLogon || s.Activity == event.ActStart) && d.session(s) {
			d.came(s)
		}
	}
}

// server says whether the host that the event is about has a role of its own.
func (d *adminUse) server(s *event.Sighting) bool {
	return server(s.Dst) || d.servers[shortHost(s.DstHost)] && (s.Dst.Role == "" || server(s.Dst))
}

// session says whether the login is one in which somebody rules a server or a device.
func (d *adminUse) session(s *event.Sighting) bool {
	if !s.SrcIP.IsValid() || s.SrcIsRelay || s.SrcIP.IsLoopback() || s.SrcIP == s.Dst.IP {
		return false
	}
	if _, device := s.Get("profile"); device {
		return true
	}
	switch s.Service {
	case "rdp", "ssh", "sshd", "winrm", "telnet", "vnc", "console":
		return d.server(s)
	}
	return false
}

func (d *adminUse) of(s *event.Sighting) *administrator {
	a := d.admins[s.Who.Handle]
	if a == nil && len(d.admins) < adminMost {
		a = &administrator{lastDay: -1 << 30, madeDay: -1 << 30}
		d.admins[s.Who.Handle] = a
	}
	return a
}

// ruled notes that the account used an administrator's rights.
func (d *adminUse) ruled(s *event.Sighting) {
	if a := d.of(s); a != nil && a.lastDay != s.Day {
		a.lastDay = s.Day
		a.days++
	}
}

// netOf is by what an address is put together: the institute's own network's name, or the addresses around it.
func netOf(p event.Place, ip netip.Addr) uint32 {
	if p.Own && p.Network != "" && p.Network != "guess" {
		return hashText(p.Network)
	}
	return hashPrefix(network(ip))
}

// came looks at a session of an administrator.
func (d *adminUse) came(s *event.Sighting) {
	a := d.admins[s.Who.Handle]
	if d.Asked(s.Who) {
		d.tellCame(s, a)
	}
	if a == nil || a.days < adminDays {
		if a == nil {
			return
		}
		a.learn(s, d)
		return
	}
	learning := s.Day-d.first < adminLearn
	hidden := !s.Src.Own && s.Src.Kind.Anonymous()
	net, host := netOf(s.Src, s.SrcIP), hashText(shortHost(s.DstHost))
	newNet, newHost := !slices.Contains(a.networks, net), !slices.Contains(a.hosts, host)
	odd := a.oddHour(s)
	if learning && !hidden {
		a.learn(s, d)
		return
	}
	sev, known := event.Info, slices.Contains(d.networks, net)
	switch {
	case !newNet:
	case hidden:
		sev = event.High
	case !s.Src.Own && !a.outside:
		sev = event.Medium
	default:
		sev = event.Low
	}
	if sev == event.Info {
		a.learn(s, d)
		return
	}
	d.tellSession(s, sev, newHost, odd && !known, hidden)
}

// learn takes the session for an ordinary one. Strange ones are not learnt.
func (a *administrator) learn(s *event.Sighting, d *adminUse) {
	net := netOf(s.Src, s.SrcIP)
	remember(&a.networks, net, 64)
	remember(&a.hosts, hashText(shortHost(s.DstHost)), 256)
	remember(&d.networks, net, 512)
	a.outside = a.outside || !s.Src.Own
	a.sessions++
	h := &a.hours[s.Minute/60]
	if *h < 1<<16-1 {
		*h++
	}
	if (s.Weekday == 0 || s.Weekday == 6) && a.off < 1<<16-1 {
		a.off++
	}
}

// oddHour says whether the administrator never worked about this hour, or never on a day off.
func (a *administrator) oddHour(s *event.Sighting) bool {
	if a.sessions < adminSessions {
		return false
	}
	if (s.Weekday == 0 || s.Weekday == 6) && a.off == 0 {
		return true
	}
	hour := int(s.Minute) / 60
	for h := hour - adminAround; h <= hour+adminAround; h++ {
		if a.hours[(h+24)%24] > 0 {
			return false
		}
	}
	return true
}

// change looks at a change of settings or accounts that was made from outside, or by a session that was told of.
func (d *adminUse) change(s *event.Sighting) {
	if d.Asked(s.Who) {
		d.tellChanged(s, d.admins[s.Who.Handle])
	}
	if !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own {
		return
	}
	a := d.of(s)
	if a == nil {
		return
	}
	net := netOf(s.Src, s.SrcIP)
	hidden := s.Src.Kind.Anonymous()
	switch {
	case slices.Contains(a.networks, net):
		return
	case s.Day-d.first < adminLearn && !hidden:
		remember(&a.networks, net, 64)
		return
	}
	d.tellChange(s)
}

// accounts looks for accounts that are made and given an administrator's rights soon after, by somebody whose work that is not.
func (d *adminUse) accounts(s *event.Sighting) {
	a := d.of(s)
	name := shortName(s.Target)
	if a == nil || name == "" {
		return
	}
	switch {
	case s.Activity == event.ActCreate:
		habit := a.creator >= adminCreator
		if a.madeDay != s.Day {
			a.madeDay = s.Day
			a.creator++
		}
		if _, ok := d.created[name]; !ok && len(d.created) < adminMost {
			ref := s.Ref
			ref.More = slices.Clone(ref.More)
			d.created[name] = &madeAccount{who: s.Who, whom: s.Whom, name: name, habit: habit, at: s.Time, host: s.DstHost, made: ref}
		}
	case s.Activity == event.ActAssign && privileged(s.Object):
		m := d.created[name]
		if d.Asked(s.Who) || d.Asked(s.Whom) {
			d.tellMade(s, m)
		}
		if m == nil || s.Time-m.at > adminRaised*3600e6 || m.habit && s.Who == m.who {
			return
		}
		d.tellRaised(s, m)
	}
}

func (d *adminUse) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for key, a := range d.found {
		out = append(out, a.finding(key))
	}
	return sortedFindings(append(out, d.plantedFindings()...))
}

func (d *adminUse) tellSession(s *event.Sighting, sev event.Severity, newHost, odd, hidden bool) {
	f := d.act(s, "session", fmt.Sprintf("session %s %x", s.Who.ID, netOf(s.Src, s.SrcIP)))
	f.severity = max(f.severity, sev)
	if odd {
		f.oddTimes++
	}
	f.newHost, f.odd, f.hidden = f.newHost || newHost, f.odd || odd, f.hidden || hidden
}

// left ends a session that was told of: it lasted until then.
func (d *adminUse) left(s *event.Sighting) {
	if a := d.admins[s.Who.Handle]; a == nil || !a.told {
		return
	}
	for _, kind := range [...]string{"session", "change"} {
		if f := d.found[fmt.Sprintf("%s %s %x", kind, s.Who.ID, netOf(s.Src, s.SrcIP))]; f != nil {
			f.last = s.Time
		}
	}
}

func (d *adminUse) tellChange(s *event.Sighting) {
	f := d.act(s, "change", fmt.Sprintf("change %s %x", s.Who.ID, netOf(s.Src, s.SrcIP)))
	f.severity = event.High
	f.hidden = f.hidden || s.Src.Kind.Anonymous()
	if f.detail == "" {
		f.detail = clipWords(s.Object)
	}
	if s.Whom != nil && len(f.whom) < 16 && !slices.Contains(f.whom, s.Whom.ID) {
		f.whom = append(f.whom, s.Whom.ID)
	}
}

func (d *adminUse) tellRaised(s *event.Sighting, m *madeAccount) {
	f := d.act(s, "raised", "raised "+m.name+" "+shortHost(s.DstHost))
	f.severity = event.High
	f.first, f.detail, f.made = min(f.first, m.at), m.name+" → "+s.Object, append(f.made, m.made)
	for _, a := range []*event.Account{m.whom, s.Whom} {
		if a != nil && !slices.Contains(f.whom, a.ID) {
			f.whom = append(f.whom, a.ID)
		}
	}
}

// act finds or begins what is told under a key.
func (d *adminUse) act(s *event.Sighting, kind, key string) *adminAct {
	f := d.found[key]
	if f == nil {
		if len(d.found) >= 2*adminMost {
			key = kind + " more"
			f = d.found[key]
		}
		if f == nil {
			f = &adminAct{kind: kind, who: s.Who, first: s.Time, alerted: s.Seen()}
			d.found[key] = f
		}
	}
	if a := d.admins[s.Who.Handle]; a != nil {
		a.told = true
	}
	f.last = s.Time
	f.times++
	f.evidence.Add(s.Event)
	if host := machineName(s.Dst, s.Dst.IP); len(f.hosts) < 32 {
		if s.Dst.Host == "" {
			host = s.DstHost
		}
		if !slices.Contains(f.hosts, host) {
			f.hosts = append(f.hosts, host)
		}
	}
	if s.SrcIP.IsValid() && !s.SrcIsRelay {
		if s.Src.Own {
			f.from = machineName(s.Src, s.SrcIP)
		} else if !slices.Contains(f.addresses, s.SrcIP) && len(f.addresses) < 32 {
			f.addresses = append(f.addresses, s.SrcIP)
			f.from = s.SrcIP.String()
		}
	}
	return f
}
