// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strings"

// The servers of the Windows domain, in a network of their own.
const (
	dc1IP   = "10.30.0.11"
	dc2IP   = "10.30.0.12"
	fs2IP   = "10.30.0.21" // the departments' file server, on Windows
	app1IP  = "10.30.0.31" // deployment, inventory and the nightly copy
	term1IP = "10.30.0.41" // remote desktops for business software
	bak2IP  = "10.30.0.51" // backs the servers up
)

// adData is the share of the departments on fs2, and where it lies.
const (
	adShare     = "bumon"
	adSharePath = `D:\bumon`
)

// adWorld is the Windows domain: the offices of the administration, the computer department and one research centre are in it.
// Its accounts are the members' own, copied from the directory every night. Sessions between its machines pass the firewall,
// which logs those for files and remote desktops, but not those for Kerberos, LDAP and names.
type adWorld struct {
	dc1, dc2, fs2, app1, term1, bak2 *winHost
	servers                          []*winHost
	pcs                              []*winHost
	owner                            []int32         // of each PC
	pcOf                             map[int32]int32 // a member's PC
	byIP                             map[string]*winHost
	admins                           []int32 // members with the rights of administrators, from the computer department
	helpers                          []int32 // who answers the help desk's telephone, from there too
	developers                       []int32 // who use tunnels and sandboxes for their work
}

// serviceUser is an account of a service, which is nobody's.
func serviceUser(name string) winUser {
	return winUser{adSID + itoa(60_000+int(textKey(name)%9_000)), name, adDomain}
}

// inDomain says whether the people of a department have PCs in the domain.
func inDomain(department int) bool { return department <= 5 }

// forwarding is how often a PC hands its events on: Windows Event Forwarding with the setting MinLatency.
const forwarding = 30 * second

// mostForwarders is how many PCs have been taken into the forwarding so far; it is being introduced.
const mostForwarders = 80

func newADWorld(w *world) *adWorld {
	a := &adWorld{pcOf: map[int32]int32{}, byIP: map[string]*winHost{}}
	server := func(name, ip string) *winHost {
		h := w.newWinHost(name, ip)
		a.servers = append(a.servers, h)
		return h
	}
	a.dc1, a.dc2, a.fs2 = server("dc1", dc1IP), server("dc2", dc2IP), server("fs2", fs2IP)
	a.app1, a.term1, a.bak2 = server("app1", app1IP), server("term1", term1IP), server("bak2", bak2IP)
	forwards := 0
	for i := range w.people {
		p := &w.people[i]
		if !inDomain(p.department) || p.disabled || !p.onWindows() || p.subsidiary() {
			continue
		}
		h := w.newWinHost(netbios("pc-"+p.uid), p.pc)
		x := roll(h.key, 7)
		if x.chance(0.05) { // a clock that nobody looks after, within what the domain puts up with
			h.skew = x.span(-200*second, 200*second)
		}
		forwarded := x.chance(0.65)
		h.on = !x.chance(0.4)
		a.byIP[h.ip] = h
		a.pcOf[int32(i)] = int32(len(a.pcs))
		a.pcs, a.owner = append(a.pcs, h), append(a.owner, int32(i))
		tries := a.give(w, p, int32(i)) // the computer department's own PCs and the developers' came first
		if forwards < mostForwarders && (forwarded || tries) {
			h.batch, h.phase = forwarding, x.span(0, forwarding)
			forwards++
		}
	}
	return a
}

// give gives a member of the domain a role and says whether it is one.
func (a *adWorld) give(w *world, p *person, who int32) bool {
	d := roll(w.seed, streamDomain, 1, uint64(who))
	n := len(w.people)
	computers := p.department == itDepartment
	switch {
	case computers && w.stays(p) && len(a.admins) < 3+n/400:
		a.admins = append(a.admins, who)
	case computers && len(a.helpers) < 2+n/400:
		a.helpers = append(a.helpers, who)
	case (computers || len(a.developers) < 2 || d.chance(0.4)) && (computers || p.department == 5) && len(a.developers) < 5+n/200:
		a.developers = append(a.developers, who)
	default:
		return false
	}
	return true
}

func (w *world) newWinHost(name, ip string) *winHost {
	key := roll(w.seed, streamDomain, textKey(name))
	h := &winHost{name: name, ip: ip, key: key.next()}
	h.sid = adSID + itoa(70_000+int(textKey(name)%20_000))
	h.up = w.cal.start - key.span(20*day, 29*day)
	return h
}

// netbios cuts a name to the length that Windows machines may have.
func netbios(name string) string { return strings.TrimRight(name[:min(len(name), 15)], "-.") }

// onWindows says whether the member's desk has a Windows PC.
func (p *person) onWindows() bool { return p.desk != safariMac && p.desk != chromeMac }

// forwards says whether a PC hands its events on.
func (h *winHost) forwards() bool { return h.batch > 0 }

// dc returns one of the two domain controllers: clients ask whichever answers first.
func (a *adWorld) dc(d *dice) *winHost {
	if d.chance(0.6) {
		return a.dc1
	}
	return a.dc2
}

// isAdmin says whether a member has the rights of an administrator.
func (a *adWorld) isAdmin(who int32) bool {
	for _, i := range a.admins {
		if i == who {
			return true
		}
	}
	return false
}

// pc returns a member's PC; nil if there is none in the domain.
func (a *adWorld) pc(who int32) *winHost {
	if i, ok := a.pcOf[who]; ok {
		return a.pcs[i]
	}
	return nil
}
