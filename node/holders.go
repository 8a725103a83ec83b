// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/identity"
)

// holders says who stood behind addresses of the institute at the times that the case is about: DHCP, VPN and RADIUS records say who had
// an address, those of NAT boxes and proxies which inside address an outside one stood for. It looks again at the events only where
// there are such records, and keeps only what was asked about.
type holders struct {
	v       *investigation
	leases  *identity.Leases
	devices *identity.Devices
	behind  map[netip.Addr][]crossing
}

// crossing is one attempt from an outside address and the inside one behind it.
type crossing struct {
	attempt identity.Attempt
	inside  identity.Inside
}

// asked is a stretch of time in which the case wants to know who had an address, and what was done from there then. Many stand behind one
// outside address at the same time: only who made the attempts that the case is about is meant.
type asked struct {
	ip       netip.Addr
	from, to event.Micros
	by       attempts
}

// attempts are which ones the case is about: those with the names of accounts, or where there are none those that failed.
type attempts []string

func (a attempts) meant(t *identity.Attempt) bool {
	if len(a) > 0 {
		return slices.Contains(a, t.By)
	}
	return t.Fail
}

// Bounds of what is asked about and told.
const (
	maxAsked    = 20_000
	maxAttempts = 2_000 // of those with the names of accounts, and again of others
	maxHolders  = 3     // told of one address in one place
)

// heldSlack is how long before and after an attempt counts as then: clocks differ.
const heldSlack = event.Micros(1e6)

// identify finds out who stood behind the institute's own addresses that the result speaks of, and says it there.
func (v *investigation) identify(ctx context.Context, r *breach.Result) (*holders, error) {
	if !v.leased && !v.crossed {
		return nil, nil
	}
	ask := v.toAsk(r)
	if len(ask) == 0 {
		return nil, nil
	}
	h := &holders{v: v, behind: map[netip.Addr][]crossing{}}
	want := map[netip.Addr]bool{}
	for _, a := range ask {
		want[a.ip] = true
	}
	if v.crossed {
		if err := h.cross(ctx, ask, want); err != nil {
			return nil, err
		}
	}
	h.leases = identity.NewLeases(func(ip netip.Addr) bool { return want[ip] })
	if v.leased {
		if err := v.every(ctx, identity.LeaseClasses(), h.leases.Observe); err != nil {
			return nil, err
		}
	}
	h.devices = identity.NewDevices(h.leases.MACs())
	if len(h.leases.MACs()) > 0 {
		if err := v.every(ctx, identity.LeaseClasses(), h.devices.Observe); err != nil {
			return nil, err
		}
	}
	h.name(r)
	return h, nil
}

// every hands out the events of these classes; none stand for all.
func (v *investigation) every(ctx context.Context, classes []event.Class, f func(*event.Event)) error {
	err := v.sorter.EventsOf(ctx, classes, func(batch []event.Event) error {
		for i := range batch {
			f(&batch[i])
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("node: find who had an address: %w", err)
	}
	return nil
}

// toAsk gathers when the case wants to know who had which of the institute's own addresses.
func (v *investigation) toAsk(r *breach.Result) []asked {
	var out []asked
	add := func(ip netip.Addr, from, to event.Micros, by attempts) {
		if ip.IsValid() && len(out) < maxAsked && v.know.know.Address(ip, "", 0, from).Own {
			out = append(out, asked{ip, from, to, by})
		}
	}
	for i := range r.Accounts {
		by := attempts{r.Accounts[i].ID}
		for _, s := range r.Accounts[i].Sessions {
			add(s.Address, event.Micros(s.From), event.Micros(s.To), by)
		}
	}
	for _, list := range [][]event.Finding{v.watched.findings, r.Findings} {
		for i := range list {
			by := attempts(list[i].Accounts)
			for _, ip := range addressesOf(&list[i]) {
				add(ip, list[i].First, list[i].Last, by)
			}
		}
	}
	for i := range r.Addresses {
		a := &r.Addresses[i]
		add(a.IP, event.Micros(a.First), event.Micros(a.Last), badAt(r, a.IP))
	}
	return out
}

// badAt returns the attempts with the names of the accounts that have bad sessions at an address.
func badAt(r *breach.Result, ip netip.Addr) (by attempts) {
	for i := range r.Accounts {
		if slices.ContainsFunc(r.Accounts[i].Sessions, func(s cases.Session) bool { return s.Address == ip }) {
			by = append(by, r.Accounts[i].ID)
		}
	}
	return by
}

// addressesOf returns the addresses that a finding is about, with those of hosts that have no other name.
func addressesOf(f *event.Finding) []netip.Addr {
	out := f.Addresses
	for _, name := range f.Hosts {
		if ip, err := netip.ParseAddr(name); err == nil && !slices.Contains(out, ip) {
			out = append(slices.Clip(out), ip)
		}
	}
	return out
}

// cross finds the inside addresses behind attempts from the addresses that are asked about.
func (h *holders) cross(ctx context.Context, ask []asked, want map[netip.Addr]bool) error {
	spans := map[netip.Addr][]asked{}
	for _, a := range ask {
		spans[a.ip] = append(spans[a.ip], a)
	}
	var named, others []identity.Attempt
	err := h.v.every(ctx, []event.Class{event.ClassAuthentication}, func(e *event.Event) {
		if e.Activity != event.ActLogon || !e.SrcIP.IsValid() || len(spans[e.SrcIP]) == 0 {
			return
		}
		a := identity.Attempt{At: e.Time, IP: e.SrcIP, Port: e.SrcPort, Dst: e.DstIP, Host: e.DstHost, Fail: e.Outcome == event.OutcomeFailure}
		if who := h.account(e.Account, e.Ref.Input, e.Time); who != nil {
			a.By = who.ID
		}
		asks := slices.DeleteFunc(slices.Clone(spans[e.SrcIP]), func(s asked) bool { return e.Time < s.from-heldSlack || e.Time > s.to+heldSlack || !s.by.meant(&a) })
		switch {
		case len(asks) == 0:
		case slices.ContainsFunc(asks, func(s asked) bool { return len(s.by) > 0 }):
			if len(named) < maxAttempts {
				named = append(named, a)
			}
		case len(others) < maxAttempts:
			others = append(others, a)
		}
	})
	if named = append(named, others...); err != nil || len(named) == 0 {
		return err
	}
	t := identity.NewTranslations(named)
	proxies := h.proxies()
	if err := h.v.every(ctx, nil, func(e *event.Event) { t.Observe(e); t.ObserveProxy(e, proxies) }); err != nil {
		return err
	}
	list, inside := t.All()
	for i := range list {
		if in := inside[i]; in.IP.IsValid() || in.Ambiguous {
			h.behind[list[i].IP] = append(h.behind[list[i].IP], crossing{list[i], in})
			want[in.IP] = true
		}
	}
	return nil
}

// proxies returns the addresses of the proxies that the profile names.
func (h *holders) proxies() []netip.Addr {
	var out []netip.Addr
	for _, host := range h.v.o.Profile.Hosts {
		if host.Role == "proxy" {
			out = append(out, host.IPs...)
		}
	}
	return out
}

// holder is one who had an address, as it is told.
type holder struct {
	text       string
	ip, behind netip.Addr // behind: the outside address that it was seen with; invalid where that is itself
	from, to   event.Micros
	evidence   []event.Ref
}

// at returns who stood behind an address within a stretch of time when these attempts were made, and whether any record speaks of the address
// at all.
func (h *holders) at(ip netip.Addr, from, to event.Micros, by attempts) (out []holder, known bool) {
	if h == nil {
		return nil, false
	}
	for _, l := range h.leases.Held(ip, from-heldSlack, to+heldSlack) {
		out = append(out, h.lease(ip, &l))
	}
	known = h.leases.Knows(ip)
	for i := range h.behind[ip] {
		c := &h.behind[ip][i]
		at := c.attempt.At
		if at < from-heldSlack || at > to+heldSlack || !by.meant(&c.attempt) {
			continue
		}
		known = true
		if c.inside.Ambiguous {
			continue
		}
		found := false
		for _, l := range h.leases.Held(c.inside.IP, at, at) {
			one := h.lease(c.inside.IP, &l)
			one.behind, one.evidence = ip, append(one.evidence, c.inside.Ref)
			out, found = addHolder(out, one), true
		}
		if !found {
			one := holder{ip: c.inside.IP, behind: ip, from: at, to: at, evidence: []event.Ref{c.inside.Ref}}
			if c.inside.Account != "" {
				one.text = h.person(c.inside.Account, c.inside.Input, at)
			}
			out = addHolder(out, one)
		}
	}
	return out, known
}

// addHolder adds one, or widens the time of the same one.
func addHolder(list []holder, one holder) []holder {
	for i := range list {
		if l := &list[i]; l.text == one.text && l.ip == one.ip && l.behind == one.behind {
			l.from, l.to = min(l.from, one.from), max(l.to, one.to)
			return list
		}
	}
	return append(list, one)
}

// lease tells a lease: the device and the person, as far as records say.
func (h *holders) lease(ip netip.Addr, l *identity.Lease) holder {
	out := holder{ip: ip, from: l.From, to: l.To, evidence: []event.Ref{l.Ref}}
	var parts []string
	switch {
	case l.Host != "" && l.MAC != "":
		parts = append(parts, show(l.Host)+" ["+show(l.MAC)+"]")
	case l.Host != "" || l.MAC != "":
		parts = append(parts, show(cmp.Or(l.Host, l.MAC)))
	}
	if l.Account != "" {
		parts = append(parts, h.person(l.Account, l.Input, l.From))
	} else if d, ok := h.devices.Whose(l.MAC, l.To); ok && l.MAC != "" {
		parts = append(parts, h.person(d.Account, d.Input, d.At))
		out.evidence = append(out.evidence, d.Ref)
	}
	if l.Peer.IsValid() {
		parts = append(parts, "← "+l.Peer.String())
	}
	out.text = strings.Join(parts, " ")
	return out
}

// show cuts what a device says of itself to what a name can be.
func show(s string) string { return cutText(visible([]byte(s)), 64) }

// person returns the name of the account that a record means.
func (h *holders) person(name string, input uint32, at event.Micros) string {
	if a := h.account(name, input, at); a != nil && a.Name != "" {
		return a.Name
	}
	return show(name)
}

// account returns the account that a record means by a name; nil where that is nobody's.
func (h *holders) account(name string, input uint32, at event.Micros) *event.Account {
	if k := h.v.know; name != "" && int(input) < len(k.resolvers) {
		return k.account(k.resolvers[input].Resolve(name, at))
	}
	return nil
}

// words tells who stood behind an address when these attempts were made; nothing where no record speaks of it at all.
func (h *holders) words(ip netip.Addr, from, to event.Micros, by attempts) (event.Words, []event.Ref) {
	list, known := h.at(ip, from, to, by)
	if !known {
		return event.Words{}, nil
	}
	if len(list) == 0 {
		return event.Words{Ja: fmt.Sprintf("%s をその時に使っていた者は記録からは分からない。", ip), En: fmt.Sprintf("No record says who had %s then.", ip)}, nil
	}
	var ja, en []string
	var evidence []event.Ref
	for i, one := range list {
		if i == maxHolders {
			ja, en = append(ja, fmt.Sprintf("ほか %d", len(list)-i)), append(en, fmt.Sprintf("%d more", len(list)-i))
			break
		}
		zone := h.v.zone()
		span := one.from.Time().In(zone).Format("2006-01-02 15:04:05") + "–" + one.to.Time().In(zone).Format("15:04:05")
		who := one.text
		if one.behind.IsValid() {
			who = strings.TrimRight(one.ip.String()+" "+who, " ")
		}
		if who == "" {
			continue
		}
		ja, en = append(ja, who+"（"+span+"）"), append(en, who+" ("+span+")")
		evidence = append(evidence, one.evidence...)
	}
	if len(ja) == 0 {
		return event.Words{}, nil
	}
	return event.Words{Ja: fmt.Sprintf("%s を使っていたのは %s。", ip, strings.Join(ja, "、")), En: fmt.Sprintf("%s was %s.", ip, strings.Join(en, ", "))}, evidence
}

// name says in the verdicts who had the addresses.
func (h *holders) name(r *breach.Result) {
	for i := range r.Accounts {
		a := &r.Accounts[i]
		by := attempts{a.ID}
		told := map[netip.Addr]bool{}
		for k := range a.Sessions {
			s := &a.Sessions[k]
			list, _ := h.at(s.Address, event.Micros(s.From), event.Micros(s.To), by)
			var names []string
			for _, one := range list[:min(len(list), maxHolders)] {
				if one.text != "" && !slices.Contains(names, one.text) {
					names = append(names, one.text)
				}
			}
			s.Holder = strings.Join(names, "; ")
			if s.Holder != "" && !told[s.Address] && len(told) < maxHolders {
				told[s.Address] = true
				w, _ := h.words(s.Address, event.Micros(s.From), event.Micros(s.To), by)
				a.Why = join(a.Why, w)
			}
		}
	}
	for i := range r.Addresses {
		a := &r.Addresses[i]
		if w, _ := h.words(a.IP, event.Micros(a.First), event.Micros(a.Last), badAt(r, a.IP)); w.En != "" {
			a.Why = join(a.Why, w)
		}
	}
}

func join(a, b event.Words) event.Words {
	if a.En == "" || b.En == "" {
		return event.Words{Ja: a.Ja + b.Ja, En: a.En + b.En}
	}
	return event.Words{Ja: strings.TrimRight(a.Ja, "。") + "。" + b.Ja, En: strings.TrimRight(a.En, ".") + ". " + b.En}
}

// tell says in findings who had the institute's own addresses that they name, and rests it on the records that say so.
func (h *holders) tell(all []event.Finding) {
	if h == nil {
		return
	}
	for i := range all {
		f := &all[i]
		told, by := 0, attempts(f.Accounts)
		for _, ip := range addressesOf(f) {
			w, evidence := h.words(ip, f.First, f.Last, by)
			if w.En == "" {
				continue
			}
			f.Explanation = join(f.Explanation, w)
			f.Evidence = append(slices.Clip(f.Evidence), evidence...)
			if told++; told == maxHolders {
				break
			}
		}
	}
}
