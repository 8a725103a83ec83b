// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"path/filepath"
	"slices"
)

// The kinds of log, as Options.Without and truth.json name them. A kind has a bit, onX, and a name, logX, and stands in kinds.
const (
	logSlapd   = "slapd"
	logIDP     = "idp"
	logSignIns = "signins"
	logAudit   = "audit"
	logEdge    = "fortigate"
	logDNS     = "dns"
	logFiles   = "smb"
	logShell   = "sshd"
	logWindows = "windows"
	logCI      = "ci"
	logVPN     = "openvpn"
	logMail    = "mail"

	logSubmission = "submission"
	logWebmail    = "webmail"
	logSite       = "site"
	logSiteErrors = "site-errors"
	logDomain     = "domain"    // the domain controllers' events; those of other servers are windows
	logPCs        = "endpoints" // those that office PCs forward
	logDevice     = "fortigate-events"
	logGateway    = "mail-gateway"
)

// trace is a set of kinds of log.
type trace uint64

const (
	onSlapd trace = 1 << iota
	onIDP
	onSignIns
	onAudit
	onEdge
	onDNS
	onFiles
	onShell
	onWindows
	onCI
	onVPN
	onMail
	onSubmission
	onWebmail
	onSite
	onSiteErrors
	onDomain
	onPCs
	onDevice
	onGateway
)

// kinds returns the kinds of log in the order of their bits.
func kinds() []string {
	return []string{logSlapd, logIDP, logSignIns, logAudit, logEdge, logDNS, logFiles, logShell, logWindows, logCI, logVPN, logMail,
		logSubmission, logWebmail, logSite, logSiteErrors, logDomain, logPCs, logDevice, logGateway}
}

// Logs returns the kinds of log that drills write, sorted. Which of them a drill has depends on its institute.
func Logs() []string { return slices.Sorted(slices.Values(kinds())) }

// LogsOf returns the kinds of log that the institute of a drill keeps, sorted.
func LogsOf(name string) []string {
	out := []string{}
	o, err := Options{Name: name, Accounts: mostAccounts / 100}.withDefaults()
	s, serr := incidentOf(name)
	if err != nil || serr != nil {
		return out
	}
	for _, sheet := range openLogs(newWorld(o, s.has), "", o).sheets {
		if !slices.Contains(out, sheet.kind) {
			out = append(out, sheet.kind)
		}
	}
	slices.Sort(out)
	return out
}

func (s trace) names() []string {
	out := []string{}
	for i, n := range kinds() {
		if s>>i&1 == 1 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// logs are all the logs of the institute.
type logs struct {
	slapd   *slapdLog
	idp, ci *webLog
	signIns *signInLog
	audit   *auditLog
	edge    *edgeLog
	dns     *dnsLog
	files   *fileLog
	mail    *mailLog
	vpn     *vpnLog
	mon1    *windowsLog
	gateway *shellLog // gw1, open to the Internet
	vmP     *shellLog
	serverM *shellLog
	vendor  *shellLog // the contractor's syslog server

	submission *submissionLog
	webmail    *webLog
	sites      map[string]*siteLogs // by system
	device     *deviceLog           // of institutes with sysEdgeAdmin
	gateMail   *gatewayLog          // of institutes with sysMailGateway

	sheets []*sheet
}

// openLogs makes the sheets and their presses. Nothing is created on disk before the first line.
func openLogs(w *world, dir string, o Options) *logs {
	l := &logs{slapd: newSlapdLog(w), idp: &webLog{}, ci: &webLog{}, signIns: &signInLog{}, audit: &auditLog{}, edge: &edgeLog{}, dns: &dnsLog{},
		files: &fileLog{}, mail: &mailLog{}, vpn: &vpnLog{}, mon1: &windowsLog{host: "mon1"}, gateway: &shellLog{}, vmP: &shellLog{}, serverM: &shellLog{}, vendor: &shellLog{}, sites: map[string]*siteLogs{},
		device: &deviceLog{}, gateMail: &gatewayLog{}}
	l.edge.d, l.mon1.d = roll(w.seed, streamDaemon, 2), roll(w.seed, streamDaemon, 3)
	l.edge.id = 1 << 20
	l.files.host, l.mail.host, l.gateway.host, l.vmP.host, l.serverM.host, l.vendor.host = "fs1", "mail-old", "gw1", "x-vm-p", "y-srv-m", "ven-syslog"
	cloud := daily
	if o.Accounts > 4000 {
		cloud = fourHourly
	}
	from := w.cal.start
	if !o.LogsFrom.IsZero() {
		from = o.LogsFrom.UnixMicro()
	}
	l.audit.from = from
	add := func(s *sheet, kind string, f shape) {
		s.kind = kind
		s.off = o.without(kind)
		s.out = newPress(kind, filepath.Join(dir, "logs"), f, w.cal, from)
		l.sheets = append(l.sheets, s)
	}
	add(&l.slapd.sheet, logSlapd, shape{path: "ldap/slapd.log", period: weekly})
	add(&l.idp.sheet, logIDP, shape{path: "idp/access.log", period: weekly})
	add(&l.signIns.sheet, logSignIns, shape{path: "cloud/signins-%s.json", naming: dated, period: cloud, array: true, newest: true})
	add(&l.audit.sheet, logAudit, shape{path: "cloud/audit-%s.json", naming: dated, period: cloud, array: true})
	add(&l.edge.sheet, logEdge, shape{path: "edge/fortigate-%s.log", naming: dated, period: monthly})
	add(&l.dns.sheet, logDNS, shape{path: "dns/query.log", naming: versions, period: monthly})
	add(&l.files.sheet, logFiles, shape{path: "files/smbd_audit.log", period: monthly})
	add(&l.mail.sheet, logMail, shape{path: "mail/maillog", naming: suffixed, period: weekly})
	add(&l.vpn.sheet, logVPN, shape{path: "vpn/openvpn.log", period: monthly})
	add(&l.mon1.sheet, logWindows, shape{path: "windows/mon1.ndjson", serial: true})
	add(&l.gateway.sheet, logShell, shape{path: "hosts/gw1/auth.log", host: "gw1", period: weekly})
	add(&l.vmP.sheet, logShell, shape{path: "hosts/x-vm-p/auth.log", host: "x-vm-p", period: monthly})
	add(&l.serverM.sheet, logShell, shape{path: "hosts/y-srv-m/auth.log", host: "y-srv-m", period: monthly})
	add(&l.vendor.sheet, logShell, shape{path: "hosts/ven-syslog/auth.log", host: "ven-syslog", period: monthly})
	add(&l.ci.sheet, logCI, shape{path: "ci/access.log", host: "ci", period: monthly})
	for _, sys := range systems() {
		if sys.open != nil && w.has(sys.name) {
			sys.open(w, l, add)
		}
	}
	l.setClocks(w)
	return l
}
