// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The institute. It is invented; its addresses inside are private ones.
const (
	domain = "hakusan-lab.example"
	suffix = "dc=hakusan-lab,dc=example"

	idpIP      = "172.16.5.10" // the login page, outside the office network
	ldapIP     = "172.16.5.20"
	mailIP     = "172.16.5.30" // the old mail host
	dnsIP      = "172.16.5.53"
	backupIP   = "172.16.5.60"
	intraIP    = "172.16.5.70" // business systems and help desk
	vpnIP      = "172.16.5.80"
	bastionIP  = "172.16.5.90"
	filesIP    = "10.20.0.11"
	scannerIP  = "10.11.9.9"
	adminIP    = "10.11.1.250" // the PC that maintenance is done from
	vmP, vmQ   = "10.40.3.21", "10.40.3.22"
	vmR, vmS   = "10.40.3.23", "10.40.3.24"
	serverM    = "10.50.2.15"
	monitorIP  = "10.99.0.77" // mon1, the power monitor
	vendorLog  = "10.99.0.50" // the contractor's syslog server
	vendorNMS  = "10.99.0.51" // the contractor's network monitors
	vendorNMS2 = "10.99.0.52"
	vendorNMS3 = "10.99.0.53"
	consoleIP  = "10.99.0.30" // the virtualisation console
	ciIP       = "160.16.88.40"
	ciHost     = "ci.x-center.example"
	vpnOutside = "150.29.147.5"
	idpOutside = "150.29.147.10"
)

// world is the institute and everybody around it.
type world struct {
	seed    uint64
	cal     calendar
	book    book
	people  []person
	changes []change  // of members, by day
	steady  int       // how many times longer than usual home lines keep their addresses
	extra   []string  // the systems beyond those that every institute has
	ad      *adWorld  // the Windows domain, with sysWindows
	sub     *subWorld // the subsidiary, with sysSubsidiary

	egress     []int32   // the office's own addresses outside
	carriers   [][]int32 // each carrier's shared addresses
	partners   []int32   // partner universities' proxies
	abroad     []int32
	conference int32
	honestVPN  []int32
	honestTor  []int32
	noise      []int32
	ci         int32
	netVendor  int32 // the maintenance firm of the edge, where there is sysEdgeAdmin

	vpnPool            string   // the first half of the addresses that VPN clients get
	retired            *person  // whose mail client still knocks
	otherTor, otherVPN []string // listed and never used

	guests    []person // who has an account on a shared site: numbered behind the people, not of the institute's directory
	shared    []int32  // further addresses that several honest people use
	odd       []Odd    // further accounts that look suspicious and are honest
	staffMail *staffMail
	sites     []*sharedSite
}

func newWorld(o Options, extra []string) *world {
	w := &world{seed: o.Seed, extra: extra, cal: newCalendar(o.Start, o.Days).told(o.Shift), vpnPool: "10.200."}
	w.book.seen = map[string]int32{}
	d := roll(w.seed, streamAddress)
	for i := range 8 {
		w.egress = append(w.egress, w.book.add(address{ip: "150.29.147." + strconv.Itoa(11+i), kind: kindOwn, country: "JP", city: "Tsukuba", asn: 2907}))
	}
	for _, b := range mobileBlocks() {
		w.carriers = append(w.carriers, w.book.several(&d, kindMobile, []block{b}, min(80, max(6, o.Accounts/60))))
	}
	for _, a := range []address{{ip: "130.54.101.9", city: "Kyoto", asn: 2907}, {ip: "133.11.204.66", city: "Tokyo", asn: 2501}, {ip: "130.158.81.4", city: "Tsukuba", asn: 37917}} {
		a.kind, a.country = kindUniversity, "JP"
		w.partners = append(w.partners, w.book.add(a))
	}
	w.ci = w.book.add(address{ip: ciIP, kind: kindHosting, country: "JP", city: "Osaka", asn: 9371})
	w.conference = w.book.add(address{ip: "202.82.41.130", kind: kindHotel, country: "HK", city: "Hong Kong", asn: 4760})
	w.abroad = w.book.several(&d, kindHotel, awayBlocks(), min(600, max(12, o.Accounts/20)))
	w.honestVPN = w.book.several(&d, kindVPN, vpnBlocks()[:1], 6)
	w.honestTor = w.book.several(&d, kindTor, torBlocks(), 12)
	w.noise = w.book.several(&d, kindHosting, noiseBlocks(), 300)
	w.otherTor = w.strangers(&d, torBlocks(), 900)
	w.otherVPN = w.strangers(&d, vpnBlocks(), 300)
	for _, id := range slices.Concat(w.honestVPN, w.honestTor) {
		w.book.all[id].listed = true
	}
	w.makePeople(o.Accounts)
	if o.Noisy {
		w.makeNoisy()
	}
	for _, s := range systems() {
		if s.people != nil && w.has(s.name) {
			s.people(w)
		}
	}
	for _, s := range systems() {
		if s.make != nil && w.has(s.name) {
			s.make(w)
		}
	}
	return w
}

// strangers are addresses on the lists that never turn up in a log.
func (w *world) strangers(d *dice, from []block, n int) []string {
	ips := make([]string, n)
	for i, id := range w.book.several(d, "", from, n) {
		ips[i] = w.book.all[id].ip
	}
	return ips
}

// profileFiles are org.yaml, directory.csv and the lists of addresses.
func (w *world) profileFiles() map[string]string {
	more := w.profile()
	files := map[string]string{
		"org.yaml":            w.orgYAML(more),
		"directory.csv":       w.directoryCSV(),
		"intel/tor-exits.txt": w.list(kindTor, w.otherTor),
		"intel/vpn-exits.txt": w.list(kindVPN, w.otherVPN),
		"intel/hosting.txt":   hostingList(),
	}
	maps.Copy(files, more.files)
	return files
}

// writeProfile writes them below dir.
func (w *world) writeProfile(dir string) error {
	for name, text := range w.profileFiles() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return trouble(err, "フォルダ %s を作れません（%s）", "%s cannot be made: %s", filepath.Dir(path), reason(err))
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return trouble(err, "%s に書けません（%s）", "%s cannot be written: %s", path, reason(err))
		}
	}
	return nil
}

// list holds the listed addresses of one kind, used or not, in one order: being used does not show.
func (w *world) list(kind string, others []string) string {
	ips := slices.Clone(others)
	for _, a := range w.book.all {
		if a.kind == kind && a.listed {
			ips = append(ips, a.ip)
		}
	}
	slices.Sort(ips)
	return "# one address a line\n" + strings.Join(ips, "\n") + "\n"
}

// hostingList holds whole ranges of hosting providers. Two providers that the intruder also rents from are not in it.
func hostingList() string {
	var b strings.Builder
	b.WriteString("# ranges of hosting providers\n")
	for _, h := range hostingBlocks() {
		if !unlistedHosting(h) {
			b.WriteString(h.prefix + ".0/24\n")
		}
	}
	for _, prefix := range []string{"139.162.64", "172.104.91", "167.99.12", "206.189.40", "95.179.214", "144.76.31"} {
		b.WriteString(prefix + ".0/24\n")
	}
	return b.String()
}

func unlistedHosting(b block) bool { return b.country == "HK" || b.country == "CA" }

// date returns the date of day d: "2025-06-01".
func (w *world) date(d int) string {
	y, m, dom := civil((w.cal.start+jst)/day + int64(d))
	return fmt.Sprintf("%04d-%02d-%02d", y, m, dom)
}

// account returns the member or guest of a number in the ledger.
func (w *world) account(who int32) *person {
	if n := len(w.people); int(who) >= n {
		return &w.guests[int(who)-n]
	}
	return &w.people[who]
}

func (w *world) directoryCSV() string {
	var b strings.Builder
	deps := append(departments(), "kaigai-sub") // the subsidiary's people, at subDepartment
	b.WriteString("uid,mail,department,name,sid,groups,mfa,disabled,valid_from,valid_to,aliases\n")
	for i := range w.people {
		p := &w.people[i]
		group, from, to := "staff", "", ""
		if p.department == itDepartment {
			group = "staff it-staff"
		}
		if p.joined > 0 {
			from = w.date(p.joined)
		}
		if p.disabled {
			to = w.date(-60)
		}
		department := p.department
		if p.moves > 0 { // as it is when the drill is over
			department = p.moves
		}
		uid, was := p.uid, ""
		if p.next != "" { // as it is when the drill is over
			uid, was = p.next, p.uid+"@"+domain
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s,%s,%s,%t,%t,%s,%s,%s\n", uid, p.mail, deps[department], p.name, p.sid, group, p.mfa, p.disabled, from, to, was)
	}
	return b.String()
}

// profile joins what the systems add.
func (w *world) profile() profile {
	more := profile{files: map[string]string{}}
	for _, s := range systems() {
		if s.profile != nil && w.has(s.name) {
			p := s.profile(w)
			more.domains, more.inputs, more.networks, more.hosts, more.realms = more.domains+p.domains, more.inputs+p.inputs, more.networks+p.networks, more.hosts+p.hosts, more.realms+p.realms
			maps.Copy(more.files, p.files)
		}
	}
	return more
}

func (w *world) orgYAML(more profile) string {
	y, _, _ := civil((w.cal.start + jst) / day)
	directory := " directory.csv"
	if more.realms != "" {
		directory = "\n  - {file: directory.csv}\n" + strings.TrimSuffix(more.realms, "\n")
	}
	return fmt.Sprintf(`name: Hakusan Laboratory
timezone: Asia/Tokyo
year: %d
domains: [%s%s]
directory:%s
inputs:
  - {glob: "ldap/*", host: ldap1, realm: staff, format: openldap, timezone: Asia/Tokyo}
  - {glob: "idp/*", host: idp, realm: staff, format: combined, timezone: Asia/Tokyo, relay_for: ldap1}
  - {glob: "cloud/signins-*.json", realm: staff, delay: 10m}
  - {glob: "cloud/audit-*.json", realm: staff, delay: 60m}
  - {glob: "edge/*", host: edge1}
  - {glob: "files/*", host: fs1, realm: staff}
  - {glob: "vpn/*", host: vpn1, realm: staff}
  - {glob: "mail/*", host: mail-old, realm: staff}
  - {glob: "dns/*", host: dns1}
  - {glob: "ci/*", host: ci}
%snetworks:
  - {name: egress, cidr: 150.29.147.0/24, own: true}
  - {name: servers, cidr: 172.16.5.0/24, own: true}
  - {name: offices, cidr: 10.0.0.0/8, own: true}
  - {name: vpn-clients, cidr: 10.200.0.0/16, own: true}
  - {name: management, cidr: 10.99.0.0/24, own: true, restricted: true, allowed: [10.99.0.0/24, %s/32]}
%shosts:
  - {name: idp, ip: %s, role: auth-server}
  - {name: ldap1, ip: %s, role: directory}
  - {name: mail-old, ip: %s, role: mail}
  - {name: dns1, ip: %s, role: dns}
  - {name: bak1, ip: %s, role: backup}
  - {name: intra, ip: %s, role: web}
  - {name: vpn1, ip: %s, role: vpn}
  - {name: gw1, ip: %s, role: bastion}
  - {name: fs1, ip: %s, role: file-server}
  - {name: scan1, ip: %s, role: scanner}
  - {name: admin-pc, ip: %s, role: admin}
  - {name: x-vm-p, ip: %s, role: build}
  - {name: x-vm-q, ip: %s, role: build}
  - {name: x-vm-r, ip: %s, role: build}
  - {name: x-vm-s, ip: %s, role: build}
  - {name: y-srv-m, ip: %s, role: research}
  - {name: mon1, ip: %s, role: monitor}
  - {name: ven-syslog, ip: %s, role: vendor}
  - {name: ven-nms, ip: %s, role: vendor}
  - {name: ven-nms2, ip: %s, role: vendor}
  - {name: ven-nms3, ip: %s, role: vendor}
  - {name: vcon, ip: %s, role: hypervisor}
  - {name: ci, ip: %s, role: ci}
%sintel:
  tor: intel/tor-exits.txt
  vpn: intel/vpn-exits.txt
  hosting: intel/hosting.txt
groups:
  it-staff: {department: joho-kiban}
contacts:
  ciso: {name: Yamada Ichiro, phone: 029-000-0000}
`, y, domain, more.domains, directory, more.inputs, adminIP, more.networks, idpIP, ldapIP, mailIP, dnsIP, backupIP, intraIP, vpnIP, bastionIP, filesIP, scannerIP, adminIP, vmP, vmQ, vmR, vmS, serverM,
		monitorIP, vendorLog, vendorNMS, vendorNMS2, vendorNMS3, consoleIP, ciIP, more.hosts)
}
