// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/identity"
)

// knower makes sightings of events: it resolves accounts and places at the event's time. It is owned by one goroutine.
type knower struct {
	accounts  *identity.Accounts
	know      *identity.Knowledge
	shared    *identity.Shared // addresses whose ports tell the homes behind them; nil: none were looked for
	zone      *time.Location
	realms    map[string]*identity.Resolver
	resolvers []*identity.Resolver // by input
	delays    []event.Micros
	people    []*event.Account // by handle
	places    map[placeKey]event.Place
	hosts     map[string]event.Place // by name, for records that name the host they reached
	hour      int64
	east      event.Micros
	listed    int
	servers   []string
	problems  []identity.Problem
	guessed   []identity.Network
	domains   []string // guessed from the names of accounts
}

type placeKey struct {
	ip      netip.Addr
	day     int32  // a Tor exit is one on some days only
	asn     uint32 // what the record itself says of the address
	country string
}

// maxPlaces bounds what is kept ready of places: time goes on, and the days before are not asked for again.
const maxPlaces = 1 << 15

// newKnower reads the directory and the lists that the profile names.
func newKnower(o *Options, inputs []*input) (*knower, error) {
	k := &knower{zone: o.zone(), realms: map[string]*identity.Resolver{}, places: map[placeKey]event.Place{}, hosts: map[string]event.Place{}, hour: -1 << 62}
	if err := k.readDirectory(o.Profile); err != nil {
		return nil, err
	}
	if err := k.readNetworks(o.Profile, nil); err != nil {
		return nil, err
	}
	k.follow(inputs)
	for _, h := range o.Profile.Hosts {
		k.servers = append(k.servers, h.Name)
	}
	return k, nil
}

// follow learns of inputs, each under its own number, in whatever order they come.
func (k *knower) follow(inputs []*input) {
	for _, in := range inputs {
		for len(k.resolvers) <= int(in.number) {
			k.resolvers, k.delays = append(k.resolvers, nil), append(k.delays, 0)
		}
		r := k.realms[in.settings.Realm]
		if r == nil {
			r = k.accounts.Resolver(in.settings.Realm)
			k.realms[in.settings.Realm] = r
		}
		k.resolvers[in.number], k.delays[in.number] = r, event.Micros(in.settings.Delay/time.Microsecond)
	}
}

// speak begins anew with domains that were found to be the institute's: handles given before mean nothing any more.
func (k *knower) speak(p *config.Profile, inputs []*input, domains []string) error {
	with := *p
	with.Domains = domains
	k.domains = domains
	k.resolvers, k.delays, k.people, k.realms = nil, nil, nil, map[string]*identity.Resolver{}
	if err := k.readDirectory(&with); err != nil {
		return err
	}
	k.follow(inputs)
	return nil
}

func (k *knower) readDirectory(p *config.Profile) error {
	var rows []identity.Row
	for _, d := range p.Directory {
		f, err := os.Open(d.File)
		if err != nil {
			return event.Tell("名簿を開けません：%v", "open the directory: %v", err)
		}
		r, problems, err := identity.ReadDirectory(f, d.File, d.Realm, p.Zone)
		f.Close()
		if err != nil {
			return event.Tell("名簿を読めません：%v", "read the directory: %v", err)
		}
		rows = append(rows, r...)
		k.problems = append(k.problems, problems...)
	}
	o := identity.Options{Rows: rows, Domains: p.Domains}
	for _, h := range p.Hosts {
		o.Hosts = append(append(o.Hosts, h.Name), h.Aliases...)
	}
	for _, g := range p.Groups {
		o.Groups = append(o.Groups, identity.Group{Name: g.Name, Departments: g.Departments, Groups: g.Groups, Accounts: g.Accounts})
	}
	k.accounts = identity.New(o)
	k.problems = append(k.problems, k.accounts.Problems()...)
	k.listed = k.accounts.Known()
	return nil
}

// readNetworks makes the knowledge of addresses from the profile, its lists and what was guessed.
func (k *knower) readNetworks(p *config.Profile, guessed []identity.Network) error {
	o := identity.KnowledgeOptions{Domains: p.Domains}
	for _, n := range p.Networks {
		kind, _ := event.ParseKind(n.Kind)
		o.Networks = append(o.Networks, identity.Network{Name: n.Name, Ranges: n.Ranges, Own: truth(n.Own), Kind: kind, Restricted: n.Restricted, Allowed: n.Allowed, Shared: n.Shared})
	}
	o.Networks = append(o.Networks, guessed...)
	for _, h := range p.Hosts {
		o.Hosts = append(o.Hosts, identity.Host{Name: h.Name, Aliases: h.Aliases, IPs: h.IPs, Role: h.Role})
	}
	for _, in := range p.Intel {
		if in.Kind == "indicators" { // compared with events, not said of addresses
			continue
		}
		if err := k.readList(&o, in); err != nil {
			return err
		}
	}
	var err error
	k.know, err = identity.NewKnowledge(o)
	k.guessed = guessed
	clear(k.places)
	clear(k.hosts)
	return err
}

func (k *knower) readList(o *identity.KnowledgeOptions, in config.Intel) error {
	f, err := os.Open(in.File)
	if err != nil {
		return fmt.Errorf("node: open the list of %s addresses: %w", in.Kind, err)
	}
	defer f.Close()
	if in.Kind == "country" {
		c, problems, err := identity.ReadCountries(f, in.File)
		k.problems = append(k.problems, problems...)
		o.Countries = c
		return err
	}
	l, problems, err := identity.ReadList(f, in.File)
	if err != nil {
		return fmt.Errorf("node: read the list of %s addresses: %w", in.Kind, err)
	}
	k.problems = append(k.problems, problems...)
	l.Kind, _ = event.ParseKind(in.Kind)
	l.Bad = in.Kind == "bad"
	if !in.From.IsZero() {
		l.From = event.Of(in.From)
	}
	if !in.To.IsZero() {
		l.To = event.Of(in.To)
	}
	o.Lists = append(o.Lists, l)
	return nil
}

func truth(c config.Choice) identity.Truth {
	switch c {
	case config.Yes:
		return identity.Yes
	case config.No:
		return identity.No
	}
	return identity.Unknown
}

// see makes the sighting of an event.
func (k *knower) see(e *event.Event) event.Sighting {
	s := event.Sighting{Event: e}
	in := int(e.Ref.Input)
	if in < len(k.resolvers) && k.resolvers[in] != nil {
		r := k.resolvers[in]
		if e.Account != "" {
			h := identity.None
			if e.Outcome == event.OutcomeSuccess {
				h = r.Vouch(e.Account, e.Time)
			} else {
				h = r.Resolve(e.Account, e.Time)
			}
			s.Who = k.account(h)
		}
		if e.Target != "" {
			s.Whom = k.account(r.Resolve(e.Target, e.Time))
		}
		s.Delay = k.delays[in]
	}
	k.clock(&s)
	if e.SrcIP.IsValid() {
		s.Src = k.place(placeKey{e.SrcIP, s.Day, e.ASN, e.Country}, e.Time)
		if set, known := k.shared.Set(e.SrcIP, e.SrcPort); known && !s.Src.Own && !s.Src.Kind.Anonymous() {
			s.Src.Dealt, s.Src.Set = true, set
		}
	}
	switch {
	case e.DstIP.IsValid():
		s.Dst = k.place(placeKey{ip: e.DstIP, day: s.Day}, e.Time)
	case e.DstHost != "":
		s.Dst = k.host(e.DstHost, s.Day, e.Time)
	}
	if s.Dst.Restricted && e.SrcIP.IsValid() {
		s.Dst.Allowed = k.know.MayReach(e.SrcIP, s.Dst.IP)
	}
	return s
}

func (k *knower) account(h identity.Handle) *event.Account {
	if h == identity.None {
		return nil
	}
	for int(h) >= len(k.people) {
		k.people = append(k.people, make([]*event.Account, max(int(h)+1-len(k.people), len(k.people)))...)
	}
	a := k.people[h]
	if a == nil {
		i := k.accounts.Account(h)
		a = &event.Account{Handle: uint32(h), ID: i.ID, Name: i.Name, Department: i.Department, Groups: i.Groups, Listed: i.InDirectory,
			Service: i.Service, System: i.System, Disabled: i.Disabled}
		k.people[h] = a
	}
	return a
}

func (k *knower) place(key placeKey, at event.Micros) event.Place {
	p, ok := k.places[key]
	if !ok {
		a := k.know.Address(key.ip, key.country, key.asn, at)
		p = event.Place{IP: key.ip, Kind: a.Kind, Own: a.Own, Restricted: a.Restricted, Network: a.Network, Host: a.Host, Role: a.Role, Country: a.Country, ASN: a.ASN, Shared: a.Shared}
		if len(k.places) >= maxPlaces {
			clear(k.places)
		}
		k.places[key] = p
	}
	return p
}

// host returns the place of a host that a record names without an address.
func (k *knower) host(name string, day int32, at event.Micros) event.Place {
	p, ok := k.hosts[name]
	if !ok {
		p.Host, p.Own = name, true
		if h, known := k.know.Host(name); known {
			if len(h.IPs) > 0 {
				p = k.place(placeKey{ip: h.IPs[0], day: day}, at)
			}
			p.Host, p.Role = h.Name, h.Role
		}
		if len(k.hosts) >= maxPlaces {
			clear(k.hosts)
		}
		k.hosts[name] = p
	}
	return p
}

// clock sets day, minute and weekday in the institute's zone, whose offset is looked up once an hour.
func (k *knower) clock(s *event.Sighting) {
	if h := int64(s.Time) / (3600 * 1e6); h != k.hour {
		_, off := s.Time.Time().In(k.zone).Zone()
		k.hour, k.east = h, event.Micros(off)*1e6
	}
	local := s.Time + k.east
	s.Day = local.Day(0)
	s.Minute = int16((int64(local) - int64(s.Day)*86400*1e6) / (60 * 1e6))
	s.Weekday = int8(((s.Day+4)%7 + 7) % 7)
}
