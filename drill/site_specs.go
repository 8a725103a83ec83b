// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// The two shared sites. Companies, bodies and documents are invented.

// projectSite is a supplier's site for the systems that it builds and runs for public bodies: its engineers, partners'
// programmers (two of them behind one data centre's proxy, one team abroad) and those who ordered the work.
func projectSite() siteOf {
	const name = "pj.tsubame-systems.example"
	o := siteOf{sharedSite: sharedSite{system: sysProjectSite, salt: 1, host: "pj", name: name, ip: "61.120.205.40", base: "/pjw"}, each: 150}
	o.bodies = []body{
		{key: "tsubame", name: "Tsubame Systems", domain: "tsubame-systems.example", part: supplier},
		{key: "aoba", name: "Aoba Soft", domain: "aoba-soft.example", part: partner, via: "kaede"},
		{key: "kaede", name: "Kaede IT", domain: "kaede-it.example", part: partner},
		{key: "midori", name: "Midori Joho", domain: "midori-joho.example", part: partner},
		{key: "tsubame-vn", name: "Tsubame Systems Vietnam", domain: "vn.tsubame-systems.example", part: partner},
		{key: "lands", name: "Ministry of Lands", domain: "lands.example", part: customer},
		{key: "cyber", name: "Cabinet Cyber Office", domain: "cyber-office.example", part: customer},
		{key: "external", name: "Ministry of External Affairs", domain: "external-affairs.example", part: customer},
		{key: "airport", name: "Minato Airport Company", domain: "minato-airport.example", part: customer},
		{key: "prefecture", name: "Kita Prefecture", domain: "kita-pref.example", part: customer},
		{key: "hospital", name: "Asahi University Hospital", domain: "asahi-hospital.example", part: customer},
		{key: "waterworks", name: "Tama Waterworks", domain: "tama-water.example", part: customer},
		{key: "hakusan", name: "Hakusan Laboratory", domain: domain, part: customer},
	}
	o.turn = []int{0, 1, 0, 2, 0, 3, 0, 4, 5, 0, 6, 7, 1, 8, 0, 9, 10, 2, 11, 12, 0, 3, 12}
	o.projects = [][]string{5: {"lands-mail", "lands-portal"}, 6: {"cyber-net"}, 7: {"external-digital"}, 8: {"airport-ops", "airport-web"},
		9: {"pref-tax", "pref-net"}, 10: {"hospital-record"}, 11: {"water-meter"}, 12: {"hakusan-net"}}
	o.special = map[string][]doc{
		"lands-mail": {{folder: "ichiran", name: mailAddresses, size: 76_000 * 80}, {folder: "kosei", name: "mail-server-settings_v2.1.xlsx", size: 412_800},
			{folder: "kosei", name: "internet-gateway-settings_v1.4.xlsx", size: 288_512}},
		"cyber-net":        {{folder: "kosei", name: "device-list_v3.0.xlsx", size: 630_784}, {folder: "kosei", name: "network-diagram_v2.2.pdf", size: 1_204_224}},
		"external-digital": {{folder: "kaigi", name: "digital-policy-study_v0.9.docx", size: 518_144}, {folder: "ichiran", name: "study-group-members_v1.2.xlsx", size: 61_440}},
		"airport-ops":      {{folder: "sekkei", name: "flight-operation-control_v5.1.xlsx", size: 902_144}, {folder: "kosei", name: "operation-servers_v2.0.xlsx", size: 371_200}},
		"hakusan-net":      {{folder: "kosei", name: "campus-network_v4.0.xlsx", size: 540_672}},
	}
	return o
}

// mailAddresses is a list of 76,000 mail addresses, one on a line of 80 bytes.
const mailAddresses = "mail-address-list_20200401.csv"

// groupSite is the system for orders of maintenance work that the institute's group of companies shares. Each company keeps a
// register of the workers it ever sent, by month.
func groupSite() siteOf {
	const name = "kyotsu.hakusan-group.example"
	o := siteOf{sharedSite: sharedSite{system: sysGroupSite, salt: 2, host: "kyotsu", name: name, ip: "61.120.207.18", base: "/order", registers: true}, each: 90}
	o.bodies = []body{
		{key: "kikaku", name: "Hakusan Kikaku", domain: "hakusan-kikaku.example", part: supplier},
		{key: "butsuryu", name: "Hakusan Butsuryu", domain: "hakusan-butsuryu.example", part: supplier},
		{key: "tech", name: "Hakusan Tech", domain: "hakusan-tech.example", part: supplier},
		{key: "service", name: "Hakusan Service", domain: "hakusan-service.example", part: partner, via: "butsuryu"},
		{key: "energy", name: "Hakusan Energy", domain: "hakusan-energy.example", part: partner},
		{key: "lab", name: "Hakusan Laboratory", domain: domain, part: customer},
	}
	o.turn = []int{0, 1, 2, 3, 4, 5, 0, 2, 1}
	o.projects = [][]string{{"kikaku"}, {"butsuryu"}, {"tech"}, {"service"}, {"energy"}, {"lab"}}
	return o
}
