// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Lease says that somebody had an address for a time: the device, the name that the device gave itself, the account that it was given
// to, each empty where no record says it. The name is the device's own word and proves nothing; the hardware address can be forged.
type Lease struct {
	From, To event.Micros // To is the first moment after
	MAC      string
	Host     string
	Account  string     // as recorded
	Peer     netip.Addr // where the device came from, for addresses that a VPN gave; invalid for others
	Input    uint32     // that names Account, whose realm it is of
	Format   string
	Ref      event.Ref // the record that gave it
	Latest   event.Ref // the last one that confirmed it
	session  session
}

// session is what the end of a session over a VPN is known by where its record does not repeat the address that was lent.
type session struct {
	peer    netip.Addr
	port    uint16
	account string
	format  string
}

// What a lease is good for where its record does not say: a server that writes the end of a lease when it comes (Windows) is trusted for
// its usual eight days, others for a day after the last word; sessions (RADIUS, VPN) write their end.
const (
	leaseDays    = event.Micros(86400 * 1e6)
	leaseWindows = 8 * leaseDays
	leaseSession = 2 * leaseDays
)

// maxLeases bounds what is kept of one address.
const maxLeases = 8192

// Leases is who had the addresses that are asked about, and when. Events must come in the order of time. It is owned by one goroutine.
type Leases struct {
	wanted func(netip.Addr) bool
	by     map[netip.Addr][]Lease
	open   map[session]netip.Addr // sessions under way, and what they were lent
}

// NewLeases returns an empty table of the addresses that wanted says yes to.
func NewLeases(wanted func(netip.Addr) bool) *Leases {
	return &Leases{wanted: wanted, by: map[netip.Addr][]Lease{}, open: map[session]netip.Addr{}}
}

// LeaseClasses returns the classes of the events that tell of leases and of devices.
func LeaseClasses() []event.Class {
	return []event.Class{event.ClassLease, event.ClassAuthentication, event.ClassRemoteSession}
}

// Observe takes in an event.
func (l *Leases) Observe(e *event.Event) {
	ip, given, ok := event.LeaseOf(e)
	if !ok {
		l.ended(e)
		return
	}
	if !l.wanted(ip) {
		return
	}
	list := l.by[ip]
	mac := text(e, "mac")
	if mac == "" {
		mac = text(e, "duid")
	}
	host := e.SrcHost
	if e.Class == event.ClassAuthentication {
		host = ""
	}
	var last *Lease
	if n := len(list); n > 0 {
		last = &list[n-1]
	}
	if !given {
		if last != nil && last.To > e.Time && (mac == "" || last.MAC == "" || mac == last.MAC) && (e.Account == "" || last.Account == "" || e.Account == last.Account) {
			last.To = e.Time
		}
		return
	}
	until := e.Time + goodFor(e)
	if last != nil && last.To >= e.Time && same(last, mac, host, e.Account) {
		if last.Account == "" && e.Account != "" {
			last.Account, last.Input = e.Account, e.Ref.Input
		}
		last.MAC, last.Host = either(last.MAC, mac), either(last.Host, host)
		last.To, last.Latest = max(last.To, until), refOf(e)
		l.begun(last, ip, e)
		return
	}
	if last != nil && last.To > e.Time { // somebody else has it now
		last.To = e.Time
	}
	if len(list) >= maxLeases {
		list = slices.Delete(list, 0, maxLeases/2)
	}
	peer := netip.Addr{}
	if e.SrcIP != ip {
		peer = e.SrcIP
	}
	l.by[ip] = append(list, Lease{Peer: peer, From: e.Time, To: until, MAC: mac, Host: host, Account: e.Account, Input: e.Ref.Input, Format: e.Format, Ref: refOf(e), Latest: refOf(e)})
	l.begun(&l.by[ip][len(l.by[ip])-1], ip, e)
}

// begun remembers the session over which an address was lent.
func (l *Leases) begun(to *Lease, ip netip.Addr, e *event.Event) {
	delete(l.open, to.session)
	to.session = session{}
	if e.SrcIP != ip && e.SrcIP.IsValid() && e.Account != "" && len(l.open) < 8*maxLeases {
		to.session = session{e.SrcIP, e.SrcPort, e.Account, e.Format}
		l.open[to.session] = ip
	}
}

// ended takes in the end of a session whose record does not say which address it gives back.
func (l *Leases) ended(e *event.Event) {
	if e.Class != event.ClassAuthentication || e.Activity != event.ActLogoff {
		return
	}
	s := session{e.SrcIP, e.SrcPort, e.Account, e.Format}
	ip, ok := l.open[s]
	if !ok {
		return
	}
	delete(l.open, s)
	if list := l.by[ip]; len(list) > 0 && list[len(list)-1].session == s {
		last := &list[len(list)-1]
		last.To = min(last.To, max(e.Time, last.From))
	}
}

func text(e *event.Event, name string) string {
	v, _ := e.Get(name)
	return v.Text
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// refOf returns a copy that outlives the batch that the event is of.
func refOf(e *event.Event) event.Ref {
	r := e.Ref
	r.More = slices.Clone(r.More)
	return r
}

// same says whether a record can be of who has the lease already: nothing that both name differs, and something that both name is equal.
func same(l *Lease, mac, host, account string) bool {
	equal := false
	for _, p := range [...][2]string{{l.MAC, mac}, {l.Account, account}, {l.Host, host}} {
		if p[0] == "" || p[1] == "" {
			continue
		}
		if p[0] != p[1] {
			return false
		}
		equal = true
	}
	return equal
}

// goodFor returns how long a lease holds from its record on.
func goodFor(e *event.Event) event.Micros {
	if v, ok := e.Get("lease_s"); ok && v.Kind == event.KindInt && v.Num > 0 {
		return event.Micros(min(v.Num, 366*86400)) * 1e6
	}
	switch {
	case e.Format == "windows-dhcp":
		return leaseWindows
	case e.Service == "dhcp":
		return leaseDays
	}
	return leaseSession
}

// Held returns who had the address within [from, to], each with his time cut to it, in order of time. What no record covers is left
// out: nobody is known to have had it then.
func (l *Leases) Held(ip netip.Addr, from, to event.Micros) []Lease {
	var out []Lease
	for _, h := range l.by[ip.Unmap()] {
		if h.From <= to && h.To > from {
			h.From, h.To = max(h.From, from), min(h.To, max(to, h.From))
			out = append(out, h)
		}
	}
	return out
}

// Knows says whether any record speaks of the address at all.
func (l *Leases) Knows(ip netip.Addr) bool { return len(l.by[ip.Unmap()]) > 0 }

// MACs returns the hardware addresses of all devices that had any of the addresses, sorted.
func (l *Leases) MACs() []string {
	seen := map[string]bool{}
	for _, list := range l.by {
		for i := range list {
			if list[i].MAC != "" {
				seen[list[i].MAC] = true
			}
		}
	}
	out := make([]string, 0, len(seen))
	for m := range seen {
		out = append(out, m)
	}
	slices.Sort(out)
	return out
}

// Devices is whose devices were seen: which account a device logged in to the network with (Wi-Fi, 802.1X), and when. Events must come in
// the order of time.
type Devices struct {
	wanted map[string]bool
	by     map[string][]Login
}

// Login is one login of a device to the network.
type Login struct {
	At      event.Micros
	Account string
	Input   uint32
	Ref     event.Ref
}

// NewDevices returns an empty table of the devices with these hardware addresses.
func NewDevices(macs []string) *Devices {
	d := &Devices{wanted: map[string]bool{}, by: map[string][]Login{}}
	for _, m := range macs {
		d.wanted[m] = true
	}
	return d
}

// Observe takes in an event: a login to the network that succeeded, with the device's hardware address and no other source.
func (d *Devices) Observe(e *event.Event) {
	if e.Account == "" || e.Outcome != event.OutcomeSuccess || e.Service != "radius" ||
		!(e.Class == event.ClassAuthentication && e.Activity == event.ActLogon || e.Class == event.ClassRemoteSession && e.Activity == event.ActStart) {
		return
	}
	mac := text(e, "mac")
	if !d.wanted[mac] {
		return
	}
	list := d.by[mac]
	if n := len(list); n > 0 && list[n-1].Account == e.Account && e.Time-list[n-1].At < leaseDays/24 {
		list[n-1].At = e.Time
		return
	}
	if len(list) >= maxLeases {
		list = slices.Delete(list, 0, maxLeases/2)
	}
	d.by[mac] = append(list, Login{At: e.Time, Account: e.Account, Input: e.Ref.Input, Ref: refOf(e)})
}

// Whose returns the last login of a device before a moment, if it was within a day: whose device it was then.
func (d *Devices) Whose(mac string, at event.Micros) (Login, bool) {
	list := d.by[mac]
	i, _ := slices.BinarySearchFunc(list, at, func(l Login, t event.Micros) int {
		if l.At <= t {
			return -1
		}
		return 1
	})
	if i == 0 || at-list[i-1].At > leaseDays {
		return Login{}, false
	}
	return list[i-1], true
}
