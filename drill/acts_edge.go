// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "cmp"

// What an intruder does at the edge and through it. The device's own records are his to lose once he controls it: what such an
// act leaves elsewhere stands in the act.

// probePortal is a visit of many connections that ask the portal for nothing that a member would ask.
func (r *run) probePortal(act int, t int64, at int32, n int, d *dice) {
	for range n {
		r.l.device.dropped(t, &r.w.book.all[at])
		r.g.used(act, t, at, onDevice)
		t += d.span(second, 50*second)
	}
}

// guessPortal tries members' names with passwords that were right once, one try each.
func (r *run) guessPortal(act int, t int64, at int32, who []int32, d *dice) {
	for _, i := range who {
		p := &r.w.people[i]
		r.portalPassword(t, p.uid, p.dn, false)
		r.l.device.refused(t+second, p.uid, &r.w.book.all[at], vpnDenied)
		r.g.used(act, t, at, onDevice|onSlapd)
		t += d.span(20*second, 6*minute)
	}
}

// breakPortal is a try at the flaw: the portal's program dies with it, and every tunnel that is up. The first tries only kill;
// whole says that the unit goes down with it and the other one of the pair takes over.
func (r *run) breakPortal(act int, t int64, at int32, whole bool, d *dice) {
	l := r.l.device
	l.knock(t-2*second, &r.w.book.all[at])
	l.crashed(t, "sslvpnd", 11, firmwareOn(r.epochDay), d)
	if whole {
		l.member(t+20*second, "dead")
		l.restarts(t, "", "", "", d.span(150*second, 220*second))
		l.member(t+5*minute, "joined")
	}
	r.g.used(act, t, at, onDevice)
	r.g.reached(act, t, "edge1", edgeInside, false, onDevice)
}

// portalFails says at which times the portal's program will die, so that members' tunnels end there.
func (p *plot) portalFails(t int64) int64 {
	p.failures = append(p.failures, outage{t, t})
	return t
}

// atPortal returns when each of some members first opens a tunnel between two times; who does not is not in it.
func (r *run) atPortal(who []int32, from, to int64) map[int32]int64 {
	first := map[int32]int64{}
	var plan []moment
	for day := r.w.cal.dayOf(from); day <= r.w.cal.dayOf(to); day++ {
		for _, i := range who {
			plan = r.planMember(plan[:0], day, int(i))
			for _, m := range plan {
				if m.do == deedVPN && m.t >= from && m.t < to && (first[i] == 0 || m.t < first[i]) {
					first[i] = m.t
				}
			}
		}
	}
	return first
}

// adminOutside is a session on the device's pages, with an administrator's own name, from an address outside: the configuration
// is taken as a file, and an account is made that needs no code.
func (r *run) adminOutside(act int, t int64, at int32, makes string, d *dice) {
	l, from := r.l.device, &r.w.book.all[at]
	ui := "GUI(" + from.ip + ")"
	l.admin(t, edgeAdminID, "https", from.ip, "super_admin", 21*minute)
	l.downloaded(t+4*minute, edgeAdminID, from.ip)
	l.configured(t+11*minute, edgeAdminID, ui, "Add", "user.local", makes, "type[password]two-factor[disable]passwd[*]")
	l.configured(t+12*minute, edgeAdminID, ui, "Edit", "user.group", edgeGroup, "member[<"+makes+">]")
	r.g.used(act, t, at, onDevice)
	r.g.lasted(act, t+21*minute)
	r.g.reached(act, t, "edge1", edgeInside, true, onDevice)
}

// wayIn is a tunnel of the intruder: his account, the address that he gets inside, and where he comes from.
type wayIn struct {
	user, inner string
	at          int32
}

// openWay is the tunnel itself. The account is the device's own: no directory is asked.
func (r *run) openWay(act int, t int64, w wayIn, took int64, d *dice) {
	r.l.device.tunnel(t, w.user, edgeGroup, &r.w.book.all[w.at], w.inner, took, d.span(30<<20, 300<<20), d.span(4<<20, 30<<20), d)
	r.g.used(act, t, w.at, onDevice)
	r.g.used(act, t+took, w.at, onDevice)
	r.g.reached(act, t, w.inner, w.inner, true, onDevice) // his own machine, by the address that it has inside
}

// through is one session of his through the tunnel to something inside.
func (r *run) through(end int64, inner, dst string, port int, took, sent, received int64, d *dice) {
	r.l.edge.write(r.inner(end, inner, dst, port, "close", took, sent, received, d))
}

// lookRound tries some ports of the servers from the tunnel, slowly.
func (r *run) lookRound(act int, t int64, w wayIn, nets []string, ports []int, d *dice) {
	r.g.used(act, t, -1, onEdge)
	for _, net := range nets {
		for h := 10; h < 100; h += 1 + d.n(2) {
			for _, port := range ports {
				t += d.span(second, 5*second)
				action, back := "deny", int64(0)
				if d.chance(0.3) {
					action, back = "close", d.span(200, 900)
				}
				r.l.edge.write(r.inner(t, w.inner, net+itoa(h), port, action, second, 180, back, d))
			}
		}
	}
	r.g.used(act, t, -1, onEdge)
}

// readDirectory reads everybody's entries with the device's own password for the directory, which its configuration holds.
func (r *run) readDirectory(act int, t int64, w wayIn, d *dice) {
	end := r.l.slapd.read(t, w.inner, edgeService, suffix, 2, "(objectClass=*)", "* +", len(r.w.people)+37)
	r.through(end+second, w.inner, ldapIP, 389, 3*second, 4000, int64(len(r.w.people))*1900, d)
	r.g.used(act, t, -1, onSlapd|onEdge)
	r.g.reached(act, t, "ldap1", ldapIP, false, onSlapd|onEdge)
	r.g.took("directory", -1, "leaked", int64(len(r.w.people)), int64(len(r.w.people))*1900)
}

// enterShell is a login by ssh through the tunnel, to the research server.
func (r *run) enterShell(act int, t int64, w wayIn, d *dice) {
	took := d.span(20*minute, 2*hour)
	r.l.serverM.session(t, "ymorita", w.inner, false, took, d)
	r.through(t+took, w.inner, serverM, 22, took, d.span(1<<20, 6<<20), d.span(1<<20, 4<<20), d)
	r.g.used(act, t, -1, onShell|onEdge)
	r.g.usedLocal(act, t, "ymorita", "y-srv-m", "unknown", onShell)
	r.g.reached(act, t, "y-srv-m", serverM, true, onShell|onEdge)
}

// enterMonitor is a remote desktop through the tunnel, to the server in the management network.
func (r *run) enterMonitor(act int, t int64, w wayIn, took int64, d *dice) {
	r.l.mon1.logon(t, "monadmin", "MON1", "10", w.inner, true, took)
	r.through(t+took, w.inner, monitorIP, 3389, took, 3<<20, d.span(20<<20, 90<<20), d)
	r.g.used(act, t, -1, onWindows|onEdge)
	r.g.usedLocal(act, t, "monadmin", "mon1", "unknown", onWindows)
	r.g.reached(act, t, "mon1", monitorIP, true, onWindows|onEdge)
}

// takeFiles copies from the file server through the tunnel with a member's password.
func (r *run) takeFiles(act int, t int64, w wayIn, who int32, n int, d *dice) {
	p, list, pid, start := &r.w.people[who], topics(), 2000+d.n(30000), t
	l := r.l.files
	l.did(t, pid, p.uid, w.inner, "desktop-7k2m", "projects", "connect", "ok", "projects")
	for range n {
		t += d.span(second/2, 6*second)
		l.did(t, pid, p.uid, w.inner, "desktop-7k2m", "projects", "openat", "ok", "r|/srv/projects/"+list[d.n(len(list))]+"/"+list[d.n(len(list))]+"-"+itoa(d.n(400))+".docx")
	}
	l.did(t+second, pid, p.uid, w.inner, "desktop-7k2m", "projects", "disconnect", "ok", "projects")
	bytes := int64(n) * d.span(200<<10, 900<<10)
	r.through(t+second, w.inner, filesIP, 445, t-start, int64(n)*900, bytes, d)
	r.g.entered(act, start, who, -1, onFiles|onEdge)
	r.g.reached(act, start, "fs1", filesIP, false, onFiles|onEdge)
	r.g.took("file", -1, "leak-presumed", int64(n), bytes)
}

// homing is a program of the intruder that calls home: how often, how regularly, how much, and whether it asks for a name first.
type homing struct {
	host, ip       string
	at             int32
	name           string // looked up before each call; empty: it knows the address
	every          int64
	jitter         float64 // share of every
	took           int64
	sent, received int64
	port           int
	zone           string // the interface that it stands behind
	nat            string // the address outside that it leaves with; empty: the offices'
}

// calls performs the calls from t to until. Once the addresses are blocked the firewall refuses each call.
func (r *run) calls(act int, t, until int64, c homing, blocked bool, d *dice) {
	to := &r.w.book.all[c.at]
	logs := onEdge
	r.g.reached(act, t, c.host, c.ip, true, onEdge)
	for ; t < until; t += c.every + int64(c.jitter*(2*d.unit()-1)*float64(c.every)) {
		if c.name != "" {
			r.l.dns.query(t, c.ip, c.name, "A", d)
			logs |= onDNS
		}
		took := c.took + d.span(0, 1+c.took/3)
		f := r.outward(t+took, c.ip, to.ip, country(to.country), cmp.Or(c.nat, "150.29.147.18"), c.port, took, c.sent+d.span(0, 1+c.sent/4), c.received+d.span(0, 1+c.received/4), d)
		f.from = c.zone
		if blocked {
			f.end, f.action, f.nat, f.took, f.sent, f.received = t, "deny", "", 0, 0, 0
		}
		r.l.edge.write(f)
		r.g.used(act, t, c.at, logs)
		r.g.reached(act, t, c.host, c.ip, true, logs)
	}
}
