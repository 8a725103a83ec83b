// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/contain"
	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
	"github.com/sekisho/sekisho/identity"
	"github.com/sekisho/sekisho/store"
)

// watched is what the pass over all events in order gave.
type watched struct {
	findings []event.Finding
	ruled    []event.Finding // what rules told, which is not weighed in the scope
	ledger   *breach.Ledger
	closed   *contain.Watch // nil: people closed nothing yet
	first    event.Micros
	last     event.Micros
	events   int64
	sources  map[sourceKey]*sourceSpan
	logins   map[string]bool // formats that recorded a login with its true address
	bounds   bounds          // outside them records are astray: they count for no window and no coverage
}

// sourceKey is one source of coverage: a format, as one host or realm writes it.
type sourceKey struct{ source, format string }

// sourceSpan is what one source was seen to cover.
type sourceSpan struct {
	first, last event.Micros
	events      int64
	days        map[int32]*daySpan
}

// daySpan is what one source recorded on one day.
type daySpan struct {
	first, last event.Micros
	events      int64
	logins      bool // the identity provider's audit log told of logins
}

// watch hands every event, in order, to the store, the detectors and the ledger. The store works beside the others on the
// same batch: one core each.
func watch(ctx context.Context, s *sorted.Sorter, k *knower, b bounds, w store.Writer, o *Options, formatSource map[string]string, rl *relays, in *intelligence, rules *ruling, closed *contain.Watch) (*watched, error) {
	out := &watched{closed: closed, ledger: breach.NewLedger(), sources: map[sourceKey]*sourceSpan{}, logins: map[string]bool{}, bounds: b}
	engine := detect.NewEngine(detectors.All(), siteOf(k, o))
	total := s.Stats().Events
	if rl != nil {
		rl.begin(ctx, s)
		defer rl.end()
	}
	rules.begin(ctx, k)
	err := s.Events(ctx, func(batch []event.Event) error {
		var wg sync.WaitGroup
		var stored error
		wg.Go(func() { stored = w.Append(batch) })
		err := out.batch(batch, k, engine, formatSource, rl, in, rules)
		wg.Wait()
		if err == nil {
			err = stored
		}
		if o.Progress != nil {
			o.Progress(Progress{Phase: "detect", Done: out.events, Total: total})
		}
		return err
	})
	if err := errors.Join(err, rules.end()); err != nil {
		return nil, fmt.Errorf("node: watch the events: %w", err)
	}
	out.findings = engine.Findings()
	out.ruled = rules.findings()
	return out, nil
}

// siteOf is what detectors are told of the institute.
func siteOf(k *knower, o *Options) detect.Site {
	return detect.Site{Accounts: k.listed, Profile: len(o.Profile.Networks) > 0, Servers: k.servers}
}

func (w *watched) batch(batch []event.Event, k *knower, engine *detect.Engine, formatSource map[string]string, rl *relays, in *intelligence, rules *ruling) error {
	var room event.Event
	for i := range batch {
		e := &batch[i]
		if rl != nil {
			e = rl.reveal(e, &room)
		}
		s := k.see(e)
		s.Listed = in.look(e)
		if err := engine.Observe(&s); err != nil {
			return err
		}
		w.ledger.Observe(&s)
		rules.observe(&s)
		w.closed.Observe(&s)
		w.events++
		if !w.bounds.has(e.Time) {
			continue
		}
		if w.first == 0 {
			w.first = e.Time
		}
		w.last = e.Time
		key := sourceKey{formatSource[e.Format], e.Format}
		sp := w.sources[key]
		if sp == nil {
			sp = &sourceSpan{first: e.Time, days: map[int32]*daySpan{}}
			w.sources[key] = sp
		}
		if s.LoggedIn() && e.SrcIP.IsValid() && !e.SrcIsRelay && !w.logins[e.Format] {
			w.logins[e.Format] = true
		}
		sp.last = e.Time
		sp.events++
		d := sp.days[s.Day]
		if d == nil {
			d = &daySpan{first: e.Time}
			sp.days[s.Day] = d
		}
		d.last = e.Time
		d.events++
		if e.Format == idpAudit && !d.logins {
			d.logins = tellsLogins(e)
		}
	}
	return nil
}

// guess makes a pass over the logins to guess which networks and domains are the institute's own, where no profile says it.
func guess(ctx context.Context, s *sorted.Sorter, k *knower, b bounds, told bool) ([]identity.Network, []string, error) {
	var names identity.DomainGuesser
	named := map[string]struct{}{}
	c := useCounter{uses: map[netip.Addr]*useCount{}, everyone: map[uint32]struct{}{}}
	if !told {
		c.rhythm = newRhythm()
	}
	var firstDay, lastDay int32 = 1 << 30, 0
	err := s.Events(ctx, func(batch []event.Event) error {
		for i := range batch {
			e := &batch[i]
			if e.Class != event.ClassAuthentication {
				if e.SrcIP.IsValid() && e.SrcIP.IsPrivate() {
					c.use(e.SrcIP)
				}
				continue
			}
			sg := k.see(e)
			if b.has(e.Time) {
				firstDay, lastDay = min(firstDay, sg.Day), max(lastDay, sg.Day)
			}
			c.count(&sg)
			if sg.LoggedIn() {
				if _, ok := named[e.Account]; !ok && len(named) < maxUses {
					named[e.Account] = struct{}{}
					names.Add(e.Account)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("node: look for own networks: %w", err)
	}
	var list []identity.Use
	for ip, u := range c.uses {
		u.Use.Address, u.Use.Accounts, u.Use.Days = ip, len(u.accounts), u.days
		if u.hours != nil {
			u.Use.OfficeHours = u.hours[c.rhythm.best()] * u.Use.Successes / max(u.timed, 1)
		}
		list = append(list, u.Use)
	}
	slices.SortFunc(list, func(a, b identity.Use) int { return a.Address.Compare(b.Address) })
	return identity.GuessNetworks(identity.Window{Accounts: len(c.everyone), Days: int(max(lastDay-firstDay+1, 0))}, list), names.Domains(), nil
}

// useCount counts the logins of one address.
type useCount struct {
	identity.Use
	accounts map[uint32]struct{}
	days     int
	day      int32
	hours    *[24]int64 // of the logins since it had timedFrom accounts: those in office hours, by offset from UTC
	timed    int64      // how many those are
}

// useCounter counts logins by address.
type useCounter struct {
	uses     map[netip.Addr]*useCount
	everyone map[uint32]struct{}
	rhythm   *rhythm // nil where the zone is told
}

const (
	maxUses   = 1 << 18
	timedFrom = 4 // accounts: an address of fewer is no office, and its hours need no room
)

func (c *useCounter) use(ip netip.Addr) *useCount {
	if ip.Is6() {
		p, _ := ip.Prefix(64)
		ip = p.Addr()
	}
	u := c.uses[ip]
	if u == nil && len(c.uses) < maxUses {
		u = &useCount{accounts: map[uint32]struct{}{}, day: -1}
		c.uses[ip] = u
	}
	return u
}

func (c *useCounter) count(s *event.Sighting) {
	if s.LoggedIn() && s.DstIP.IsValid() {
		if u := c.use(s.DstIP); u != nil {
			u.Accepted += s.Times()
		}
	}
	if !s.SrcIP.IsValid() || s.SrcIsRelay || s.Who == nil {
		return
	}
	u := c.use(s.SrcIP)
	if u == nil {
		return
	}
	switch {
	case s.Failed():
		u.Failures += s.Times()
	case s.LoggedIn():
		u.Successes += s.Times()
		u.accounts[s.Who.Handle] = struct{}{}
		c.everyone[s.Who.Handle] = struct{}{}
		if u.day != s.Day {
			u.day = s.Day
			u.days++
		}
		c.officeHours(u, s)
	}
}

func (c *useCounter) officeHours(u *useCount, s *event.Sighting) {
	if c.rhythm == nil {
		if s.Weekday >= 1 && s.Weekday <= 5 && s.Minute >= 8*60 && s.Minute < 19*60 {
			u.OfficeHours += s.Times()
		}
		return
	}
	open := c.rhythm.at(s.Time)
	count(&c.rhythm.total, open, s.Times())
	if u.hours == nil && len(u.accounts) >= timedFrom {
		u.hours = new([24]int64)
	}
	if u.hours != nil {
		u.timed += s.Times()
		count(u.hours, open, s.Times())
	}
}
