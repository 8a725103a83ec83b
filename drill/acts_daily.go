// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// perform lets a moment leave its traces. Lines may lie up to half a minute before it and any time after it; the directory
// is asked at the moment itself, so that its connections are used in order.
func (r *run) perform(m moment) {
	d := dice(m.x)
	switch {
	case m.do >= deedSystem:
		r.performSystem(m, &d)
	case m.do >= deedProbe:
		r.hostile(m, &d)
	case m.do >= deedCheck:
		r.machine(m, &d)
	default:
		r.daily(m, &d)
	}
}

// daily performs a member's moment.
func (r *run) daily(m moment, d *dice) {
	p, l := &r.w.people[m.who], r.l
	from := &r.w.book.all[m.at]
	switch m.do {
	case deedSlip, deedLocked:
		r.loginPage(m.t, from, r.agent(m.with, p.lag), d)
		l.slapd.attempt(&l.slapd.idp, m.t+5*millisecond, p.uid, p.dn, false)
	case deedSlipID:
		r.loginPage(m.t, from, r.agent(m.with, p.lag), d)
		l.slapd.attempt(&l.slapd.idp, m.t+5*millisecond, mistyped(p, d), "", false)
	case deedSignIn:
		r.signIn(m.t, p, from, m.with, d)
	case deedMail:
		if d.chance(0.004) {
			r.stalePassword(m.t, p, from, m.with, d)
			return
		}
		r.cloudLogin(m.t, p, from, m.with, appExchange, false, 0, d)
		l.audit.mailItems(m.t+d.span(second, 2*minute), p, from, m.with, true, d.n(4), d)
	case deedIntra:
		c, t := l.slapd.visit(m.t, intraIP, intraService, p.uid, p.dn, true)
		l.slapd.disconnect(t+2*millisecond, &c)
		r.lookUp(m.t-second, p, "intra."+domain, d)
	case deedShare:
		r.share(m.t, p, r.inside(p, from), d)
	case deedVPN:
		if r.w.has(sysEdgeAdmin) {
			r.portalSession(m, p, from, d)
			return
		}
		c, t := l.slapd.visit(m.t+2*second, vpnIP, vpnService, p.uid, p.dn, true)
		l.slapd.disconnect(t+2*millisecond, &c)
		if d.chance(0.06) { // a stale code from the token
			l.vpn.refused(m.t-25*second, p.uid, from.ip, d)
		}
		l.vpn.tunnel(m.t, p.uid, from.ip, r.inside(p, from), int64(m.n)*minute, d)
		r.l.edge.write(flow{end: m.t + int64(m.n)*minute, src: from.ip, dst: vpnOutside, sport: 1024 + d.n(60000), dport: 1194, proto: 17, action: "accept", from: "wan1", to: "dmz",
			srcC: country(from.country), dstC: "Japan", took: int64(m.n) * minute, sent: d.span(5<<20, 60<<20), received: d.span(20<<20, 400<<20)})
	case deedCloudFile:
		r.cloudFiles(m.t, p, from, m.with, 1+d.n(3), d)
	case deedPC:
		r.officePC(m.t, p, d)
	case deedPassword:
		c, t := l.slapd.visit(m.t, intraIP, intraService, p.uid, p.dn, true)
		l.slapd.changePassword(t+second, &c, p.dn)
	case deedOldMail:
		l.slapd.attempt(&l.slapd.mail, m.t, p.uid, p.dn, true)
		l.mail.imap(m.t+second/2, p.uid, r.inside(p, from), true, d)
	case deedUnlock:
		l.slapd.modify(m.t, intraIP, "cn=helpdesk,ou=services,"+suffix, p.dn, "pwdAccountLockedTime pwdFailureTime")
	case deedSearch:
		words := searches()
		l.audit.search(m.t, p, from, words[d.n(len(words))], d)
	case deedRetired:
		p = r.w.retired
		l.mail.imap(m.t+2*second, p.uid, r.w.book.all[p.home(r.day)].ip, false, d)
		l.slapd.attempt(&l.slapd.mail, m.t, p.uid, p.dn, false)
	}
}

// mistyped returns a login ID as people mistype it: two letters swapped, one lost, one doubled, or the mail address instead.
func mistyped(p *person, d *dice) string {
	s := []byte(p.uid)
	i := d.n(len(s) - 1)
	switch d.n(4) {
	case 0:
		if s[i] != s[i+1] {
			s[i], s[i+1] = s[i+1], s[i]
			return string(s)
		}
	case 1:
		return string(s[:i]) + string(s[i+1:]) + "_"
	case 2:
		return p.mail
	}
	return string(s[:i+1]) + string(s[i:]) + "."
}

// loginPage is what the web server of the login page shows: the same for a right password and a wrong one.
func (r *run) loginPage(t int64, from *address, agent string, d *dice) {
	const form = "https://idp." + domain + "/idp/login"
	r.l.idp.hit(t-d.span(4*second, 25*second), from.ip, "GET /idp/login", 200, 4021+d.n(90), "https://login.microsoftonline.com/", agent)
	t -= d.span(2*millisecond, 60*millisecond) // from the form to the directory, more when the page is busy
	if d.chance(0.02) {
		t -= d.span(0, 700*millisecond)
	}
	r.l.idp.hit(t, from.ip, "POST /idp/login", 200, 4387+d.n(160), form, agent)
}

// stalePassword is a mail program with an old password: the cloud asks the login page on its behalf, so the web server shows
// an address of the cloud, and the cloud shows the failure.
func (r *run) stalePassword(t int64, p *person, from *address, with client, d *dice) {
	r.l.idp.hit(t, "40.100.54."+itoa(2+d.n(200)), "POST /idp/profile/SAML2/SOAP/ECP", 200, 1530+d.n(40), "-", "Microsoft.Exchange.Security.Authentication")
	r.l.slapd.attempt(&r.l.slapd.idp, t+5*millisecond, p.uid, p.dn, false)
	r.cloudLogin(t+second, p, from, with, appExchange, false, 50126, d)
}

// signIn is a successful login through the login page: web server, directory, cloud, mailbox, and the firewall from the office.
func (r *run) signIn(t int64, p *person, from *address, with client, d *dice) {
	r.loginPage(t, from, r.agent(with, p.lag), d)
	r.l.slapd.attempt(&r.l.slapd.idp, t+5*millisecond, p.uid, p.dn, true)
	if p.mfa {
		r.cloudLogin(t+second, p, from, with, appExchange, true, 50074, d)
		t += d.span(5*second, 20*second)
	} else if d.chance(0.02) {
		r.cloudLogin(t+second, p, from, with, appExchange, true, 50140, d)
		t += d.span(3*second, 9*second)
	}
	app := []cloudApp{appExchange, appExchange, appHome, appTeams, appSharePoint}[d.n(5)]
	r.cloudLogin(t+d.span(second, 3*second), p, from, with, app, true, 0, d)
	for range d.times(1.2) {
		r.l.audit.mailItems(t+d.span(20*second, 25*minute), p, from, with, false, 1+d.n(4), d)
	}
	if from.kind == kindOwn && !p.subsidiary() { // the subsidiary goes out by its own line
		took := d.span(30*second, 40*minute)
		r.l.edge.write(r.outward(t+took, p.pc, "52.98."+itoa(64+d.n(4))+"."+itoa(2+d.n(250)), "Japan", from.ip, 443, took, d.span(3000, 300000), d.span(20000, 6<<20), d))
	}
}

func (r *run) cloudLogin(t int64, p *person, from *address, with client, app cloudApp, interactive bool, code int, d *dice) {
	r.l.signIns.write(signIn{t: t, who: p, from: from, client: with, version: with.version(r.epochDay, p.lag), app: app, interactive: interactive, code: code, d: dice(d.next())})
}

func (r *run) cloudFiles(t int64, p *person, from *address, with client, n int, d *dice) {
	list, agent := topics(), r.agent(with, p.lag)
	for range n {
		t += d.span(2*second, 4*minute)
		name := list[d.n(len(list))] + "-" + itoa(2021+d.n(5)) + "-" + itoa(1+d.n(12)) + ".docx"
		r.l.audit.file(t, p, from, "FileAccessed", site(p), list[d.n(len(list))], name, agent, d)
	}
}

// site is the member's name in the addresses of personal folders.
func site(p *person) string {
	b := []byte(p.mail)
	for i, c := range b {
		if c == '.' || c == '@' {
			b[i] = '_'
		}
	}
	return string(b)
}

// inside returns the address that a member has inside the network: the PC's, or the one that the VPN gave.
func (r *run) inside(p *person, from *address) string {
	if from.kind == kindOwn {
		return p.pc
	}
	h := roll(r.w.seed, streamIdentity, uint64(len(p.dn)), uint64(p.uid[0]), uint64(p.uid[1]), uint64(p.lease), uint64(p.phase))
	return r.w.vpnPool + itoa(h.n(250)) + "." + itoa(2+h.n(250))
}

// share is some minutes of work on the file server.
func (r *run) share(t int64, p *person, ip string, d *dice) {
	l, list := r.l.files, topics()
	pid := 2000 + d.n(30000)
	machine := "pc-" + p.uid
	share := "projects"
	if d.chance(0.4) {
		share = "homes"
	}
	r.l.dns.query(t-second, ip, "fs1."+domain, "A", d)
	l.did(t, pid, p.uid, ip, machine, share, "connect", "ok", share)
	for range 1 + d.n(7) {
		t += d.span(3*second, 5*minute)
		mode, op := "r", "openat"
		if d.chance(0.25) {
			mode = "w"
		}
		name := list[d.n(len(list))] + "/" + list[d.n(len(list))] + "-" + itoa(d.n(60)) + ".xlsx"
		l.did(t, pid, p.uid, ip, machine, share, op, "ok", mode+"|/srv/"+share+"/"+name)
	}
	l.did(t+d.span(minute, 30*minute), pid, p.uid, ip, machine, share, "disconnect", "ok", share)
}

// officePC asks for names and reaches the web.
func (r *run) officePC(t int64, p *person, d *dice) {
	names := [...]string{"outlook.office365.com", "login.microsoftonline.com", "www.jstage.jst.go.jp", "teams.microsoft.com", "ctldl.windowsupdate.com", "www.google.com", "idp." + domain, "intra." + domain, "time.windows.com", "github.com"}
	for range 2 + d.n(3) {
		kind := "A"
		if d.chance(0.3) {
			kind = "AAAA"
		}
		r.l.dns.query(t+d.span(0, 3*second), p.pc, names[d.n(len(names))], kind, d)
	}
	took := d.span(second, 15*minute)
	r.l.edge.write(r.outward(t+took, p.pc, "13.107."+itoa(d.n(200))+"."+itoa(1+d.n(250)), "United States", r.w.book.all[p.egress].ip, 443, took, d.span(900, 90000), d.span(4000, 3<<20), d))
}

func (r *run) lookUp(t int64, p *person, name string, d *dice) { r.l.dns.query(t, p.pc, name, "A", d) }

// outward is a session from inside to the Internet.
func (r *run) outward(end int64, src, dst, dstCountry, nat string, port int, took, sent, received int64, d *dice) flow {
	return flow{end: end, src: src, dst: dst, sport: 32768 + d.n(28000), dport: port, proto: 6, action: "close", from: "lan", to: "wan1",
		srcC: "Reserved", dstC: dstCountry, nat: nat, took: took, sent: sent, received: received}
}

// inner is a session between inner networks.
func (r *run) inner(end int64, src, dst string, port int, action string, took, sent, received int64, d *dice) flow {
	if action == "deny" {
		took, sent, received = 0, 0, 0
	}
	return flow{end: end, src: src, dst: dst, sport: 32768 + d.n(28000), dport: port, proto: 6, action: action, from: r.innerZone(src), to: zone(dst),
		srcC: "Reserved", dstC: "Reserved", took: took, sent: sent, received: received}
}

// innerZone is the interface that sessions of inner networks come in by: the subsidiary's by the tunnel, those of the portal's
// visitors by theirs.
func (r *run) innerZone(ip string) string {
	switch {
	case zone(ip) == subTunnel:
		return subTunnel
	case r.w.has(sysEdgeAdmin) && strings.HasPrefix(ip, r.w.vpnPool):
		return "ssl.root"
	}
	return "lan"
}

func zone(ip string) string {
	switch {
	case len(ip) > 7 && ip[:7] == "10.150.":
		return subTunnel
	case len(ip) > 6 && ip[:6] == "10.99.":
		return "mgmt"
	case len(ip) > 4 && ip[:4] == "172.":
		return "dmz"
	}
	return "lan"
}

// refusedOutside is a stranger at a closed door of the edge.
func (r *run) refusedOutside(t int64, from *address, dst string, port int, d *dice) {
	r.l.edge.write(flow{end: t, src: from.ip, dst: dst, sport: 32768 + d.n(28000), dport: port, proto: 6, action: "deny", from: "wan1", to: "dmz",
		srcC: country(from.country), dstC: "Japan"})
}
