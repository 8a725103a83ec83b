// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "slices"

// The systems that not every institute has; an incident names those that its institute has.
const (
	sysWindows        = "windows"         // domain controllers, member servers, endpoints
	sysProjectSite    = "project-site"    // a web application shared with partners
	sysMailSubmission = "mail-submission" // the staff's own mail server
	sysMailGateway    = "mail-gateway"    // an appliance before the mail system
	sysEdgeAdmin      = "edge-admin"      // the firewall's SSL-VPN, administrators and its own events
	sysSubsidiary     = "subsidiary"      // a subsidiary's network behind a site-to-site VPN
	sysGroupSite      = "group-site"      // a web application that a group of companies shares
)

// system is a part of the institute that not every one has: its logs, its ordinary life and its part of the profile. All of it
// is in the drill when the incident's institute has the system, with or without the attack. Any function may be nil.
type system struct {
	name string

	// people adds people of its own behind the institute's, before any system is made.
	people func(w *world)
	// make adds to the world what the system needs, with dice of its own, after everybody else is there.
	make func(w *world)
	// open adds its sheets to the logs, with add.
	open func(w *world, l *logs, add func(s *sheet, kind string, f shape))
	// plan appends its ordinary moments of a day, in any order. Its deeds are counted from own.
	plan func(r *run, out []moment, day int, own deed) []moment
	// do performs one of these moments; own deed 0 is the first.
	do func(r *run, own int, m moment, d *dice)
	// profile returns its lines of org.yaml, each a whole "  - {…}\n".
	profile func(w *world) profile
}

// profile is a system's part of org.yaml: whole lines below inputs, networks, hosts and directory, and the files that these name.
type profile struct {
	domains                         string // more names that accounts are spoken with, each ", NAME"
	inputs, networks, hosts, realms string
	files                           map[string]string
}

// systems returns all of them. A system keeps its place: its deeds are numbered by it.
func systems() []system {
	return []system{
		windowsSystem(),
		siteSystem(sysProjectSite, projectSite),
		{name: sysMailSubmission, make: makeStaffMail, open: openStaffMail, plan: planStaffMail, do: mailLife, profile: staffMailProfile},
		mailGateway(),
		edgeAdmin(),
		subsidiarySystem(),
		siteSystem(sysGroupSite, groupSite),
	}
}

// deedsOfSystem is how many deeds a system may have of its own.
const deedsOfSystem = 32

// has says whether the institute has a system.
func (w *world) has(name string) bool { return slices.Contains(w.extra, name) }

// planSystems appends the ordinary life of the systems that the institute has beyond the base ones.
func (r *run) planSystems(out []moment, day int) []moment {
	for i, s := range r.systems {
		if s.plan != nil && r.w.has(s.name) {
			out = s.plan(r, out, day, deedSystem+deed(i*deedsOfSystem))
		}
	}
	return out
}

func (r *run) performSystem(m moment, d *dice) {
	own := int(m.do - deedSystem)
	r.systems[own/deedsOfSystem].do(r, own%deedsOfSystem, m, d)
}
