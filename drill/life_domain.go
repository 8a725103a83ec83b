// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// The deeds of the Windows domain's ordinary life.
const (
	adArrives   = iota // somebody sits down at a PC; n: the PC was off
	adUnlocks          // … comes back to it
	adLeaves           // … goes home; n: and turns it off
	adPrograms         // … starts a program
	adFiles            // … works on the departments' file server
	adSlips            // … mistypes the password; n: or the name
	adLocksOut         // … until the account is locked; the help desk helps
	adFromHome         // a teleworker on the office PC, by remote desktop
	adTerminal         // business software on the terminal server
	adDesktop          // an administrator on a server, by remote desktop
	adPsExec           // … by PsExec
	adDeploys          // software is put on a PC
	adHelp             // the help desk looks at a member's screen
	adSupport          // a maker's support does, through a relay on the Internet
	adTunnel           // a developer's tunnel
	adSandbox          // Windows Sandbox, to look at a file
	adAccounts         // accounts and groups are changed; n: which way
	adHeartbeat        // what servers do by the hour
	adSync             // the nightly copy
	adBackup           // the nightly backup
	adMigration        // a share is moved, on a Saturday
	adRenames          // a researcher's script renames thousands of files on the old file server
	adCopier           // a copier with an old password
	adScanner          // the vulnerability scanner logs on everywhere
	adRestart          // a server restarts after updates
)

// windowsSystem is the Windows domain.
func windowsSystem() system {
	return system{
		name:    sysWindows,
		make:    func(w *world) { w.ad = newADWorld(w) },
		open:    openDomain,
		plan:    (*run).planDomain,
		do:      (*run).liveDomain,
		profile: func(w *world) profile { return w.ad.profile() },
	}
}

// openDomain opens a log for each server, and one for all the PCs that forward theirs.
func openDomain(w *world, l *logs, add func(*sheet, string, shape)) {
	for _, h := range w.ad.servers {
		h.log = &winLog{}
		kind := logWindows
		if h == w.ad.dc1 || h == w.ad.dc2 {
			kind = logDomain
		}
		add(&h.log.sheet, kind, shape{path: "windows/" + h.name + "-%s.ndjson.gz", naming: dated, period: monthly, serial: true, hosts: true})
	}
	all := &winLog{forwarded: true}
	for _, h := range w.ad.pcs {
		if h.forwards() {
			h.log = all
		}
	}
	add(&all.sheet, logPCs, shape{path: "windows/forwarded-%s.ndjson.gz", naming: dated, period: monthly, serial: true, hosts: true})
}

func (a *adWorld) profile() profile {
	p := profile{
		domains:  ", " + adDomain + ", " + adDNS,
		inputs:   "  - {glob: \"windows/forwarded-*\", realm: staff, format: windows, delay: 1m}\n",
		networks: "  - {name: windows-servers, cidr: 10.30.0.0/24, own: true}\n",
	}
	roles := map[*winHost]string{a.dc1: "directory", a.dc2: "directory", a.fs2: "file-server", a.app1: "admin", a.term1: "bastion", a.bak2: "backup"}
	for _, h := range a.servers {
		p.inputs += "  - {glob: \"windows/" + h.name + "-*\", host: " + h.name + ", realm: staff, format: windows}\n"
		p.hosts += "  - {name: " + h.name + ", ip: " + h.ip + ", role: " + roles[h] + "}\n"
	}
	return p
}

// adDay plans one day of the domain.
type adDay struct {
	out []moment
	r   *run
	own deed
	day int
}

func (y *adDay) add(d *dice, do int, minutes float64, who int32, n int) {
	y.out = append(y.out, moment{t: y.r.w.cal.at(y.day, minutes), x: d.next(), do: y.own + deed(do), who: who, n: int16(n)})
}

// planDomain appends a day of the domain's ordinary life.
func (r *run) planDomain(out []moment, day int, own deed) []moment {
	y := adDay{out: out, r: r, own: own, day: day}
	for _, who := range r.w.ad.owner {
		y.member(who)
	}
	y.staff()
	y.machines()
	return y.out
}

// member plans a member's day at a PC of the domain.
func (y *adDay) member(who int32) {
	m, at, ok := y.r.where(nil, y.day, int(who))
	d := roll(y.r.w.seed, streamDomain, 2, uint64(who), uint64(y.day))
	if !ok {
		return
	}
	switch {
	case at == placeOffice:
		start, end := m.officeHours()
		y.atDesk(&d, who, start, end)
	case at == placeHome && m.p.vpn && d.chance(0.6):
		start, end := m.homeHours()
		y.add(&d, adFromHome, start+4+3*d.unit(), who, int(end-start))
	}
	if ok && y.day == m.p.joined && y.day > 0 {
		y.add(&d, adAccounts, 8*60+30+20*d.unit(), who, changeJoins)
	}
}

func (y *adDay) atDesk(d *dice, who int32, start, end float64) {
	p := &y.r.w.people[who]
	within := func() float64 { return start + 3 + (end-start-6)*d.unit() }
	cold := !y.r.w.ad.pc(who).on
	for back := 0.0; d.chance(p.slip) && back < 2; {
		back += 0.15 + 0.3*d.unit()
		y.add(d, adSlips, start-back, who, btoi(d.chance(0.1)))
	}
	y.add(d, adArrives, start, who, btoi(cold))
	for range d.times(1.3) {
		at := within()
		if d.chance(p.slip / 2) {
			y.add(d, adSlips, at-0.3, who, 0)
		}
		y.add(d, adUnlocks, at, who, 0)
	}
	for range d.times(5) {
		y.add(d, adPrograms, within(), who, 0)
	}
	if d.chance(0.55) {
		y.add(d, adFiles, within(), who, 0)
	}
	if p.department == 3 && d.chance(0.4) { // the accounts department
		y.add(d, adTerminal, within(), who, 0)
	}
	if d.chance(1.0 / 1200) {
		y.add(d, adLocksOut, within(), who, 0)
	}
	if d.chance(1.0 / 150) {
		y.add(d, adHelp, within(), who, 0)
	}
	if d.chance(1.0 / 700) {
		y.add(d, adSupport, within(), who, 0)
	}
	if d.chance(1.0 / 90) {
		y.add(d, adAccounts, within(), who, changePassword)
	}
	y.add(d, adLeaves, end, who, btoi(cold))
}

// staff plans what administrators and developers do.
func (y *adDay) staff() {
	w := y.r.w
	a := w.ad
	d := roll(w.seed, streamDomain, 4, uint64(y.day))
	works := w.cal.works(y.day)
	for _, who := range a.admins {
		if _, at, ok := y.r.where(nil, y.day, int(who)); !ok || at != placeOffice {
			continue
		}
		for range d.times(1.1) {
			y.add(&d, adDesktop, d.bell(13*60+30, 130), who, 0)
		}
		if d.chance(0.15) {
			y.add(&d, adPsExec, d.bell(14*60, 120), who, 0)
		}
	}
	for _, who := range a.developers {
		_, at, ok := y.r.where(nil, y.day, int(who))
		if !ok || at != placeOffice || a.pc(who) == nil {
			continue
		}
		if d.chance(0.25) {
			y.add(&d, adTunnel, d.bell(11*60, 60), who, d.n(4))
		}
		if d.chance(0.12) {
			y.add(&d, adSandbox, d.bell(14*60, 120), who, 0)
		}
	}
	if works && len(a.helpers) > 0 {
		for range d.times(0.35) {
			y.add(&d, adAccounts, d.bell(13*60, 120), a.helpers[d.n(len(a.helpers))], changeGroup+d.n(2))
		}
	}
	if works && w.cal.weekday(y.day) == 3 && y.secondWeek() { // the Wednesday after Microsoft's Tuesday
		for i, who := range a.owner {
			if _, at, ok := y.r.where(nil, y.day, int(who)); ok && at == placeOffice {
				y.add(&d, adDeploys, 12*60+5+float64(i)*0.4+d.unit(), who, y.day/28)
			}
		}
	}
}

// secondWeek says whether the day lies in the second week of its month.
func (y *adDay) secondWeek() bool {
	_, _, dom := civil((y.r.w.cal.start+jst)/day + int64(y.day))
	return dom > 8 && dom <= 15
}

// machines plans what runs by itself.
func (y *adDay) machines() {
	w := y.r.w
	d := roll(w.seed, streamDomain, 5, uint64(y.day))
	for h := range 24 {
		y.add(&d, adHeartbeat, float64(h)*60+11+d.unit(), 0, h)
	}
	y.add(&d, adSync, 90+d.unit(), 0, w.cal.weekday(y.day))
	y.add(&d, adBackup, 180+d.unit(), 0, 0)
	if w.cal.weekday(y.day) == 3 {
		y.add(&d, adScanner, 215+3*d.unit(), 0, 0)
	}
	if w.cal.weekday(y.day) == 0 && y.secondWeek() {
		for i := range w.ad.servers {
			y.add(&d, adRestart, 4*60+float64(i)*12+2*d.unit(), int32(i), 0)
		}
	}
	if w.cal.weekday(y.day) == 6 && y.day/7%9 == 3 { // every nine weeks
		y.add(&d, adMigration, 10*60+60*d.unit(), 0, y.day)
	}
	if w.cal.works(y.day) && w.cal.weekday(y.day) == 4 && y.day/7%7 == 2 {
		y.add(&d, adRenames, 15*60+90*d.unit(), 0, 0)
	}
	if y.day%97 >= 40 && y.day%97 < 44 && w.cal.works(y.day) { // until somebody thinks of the copier
		for m := 8*60 + 40.0; m < 18*60; m += 25 + 30*d.unit() {
			y.add(&d, adCopier, m, 0, 0)
		}
	}
}

// liveDomain performs a moment of the domain's ordinary life.
func (r *run) liveDomain(own int, m moment, d *dice) {
	a := r.w.ad
	switch own {
	case adArrives, adUnlocks, adLeaves, adPrograms, adFiles, adSlips, adLocksOut, adFromHome, adTerminal:
		r.atPC(own, m, a.pc(m.who), d)
	case adDesktop:
		r.administer(m.t, m.who, a.servers[d.n(len(a.servers))], d)
	case adPsExec:
		r.honestPsExec(m.t, m.who, a.servers[2+d.n(len(a.servers)-2)], d)
	case adDeploys:
		r.deploy(m.t, a.pc(m.who), int(m.n), d)
	case adHelp:
		r.quickAssist(m.t, m.who, d)
	case adSupport:
		r.makerSupport(m.t, m.who, d)
	case adTunnel:
		r.honestTunnel(m.t, m.who, int(m.n), d)
	case adSandbox:
		r.honestSandbox(m.t, m.who, d)
	case adAccounts:
		r.changeAccount(m.t, m.who, int(m.n), d)
	case adHeartbeat:
		r.heartbeat(m.t, int(m.n), d)
	case adSync:
		r.nightlyCopy(m.t, int(m.n) == 0, d)
	case adBackup:
		r.serverBackup(m.t, d)
	case adMigration:
		r.migrate(m.t, d)
	case adRenames:
		r.renameData(m.t, d)
	case adCopier:
		r.copier(m.t, d)
	case adScanner:
		r.scannerLogsOn(m.t, d)
	case adRestart:
		r.restartServer(m.t, a.servers[m.who], d)
	}
}
