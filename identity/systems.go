// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import "github.com/sekisho/sekisho/event"

// systemKind returns the kind of address that an autonomous system is known for, where the institute's own lists say nothing.
// Only systems whose business is renting servers, or carrying a VPN service's customers, to anybody are here, and those of
// associations that run Tor exits. Left out on purpose are clouds, mail services and relays through which honest people come
// without knowing it: Microsoft (8075), Amazon (16509, 14618), Google (15169), Cloudflare (13335), Akamai (36183, 20940),
// Fastly (54113), Zscaler (22616, 62044), Proton's mail (62371).
//
// Each number and its holder's name was compared in November 2026 with the origins of routes as RouteViews and the regional
// registries had them in June 2026 (ip-location-db, asn 2.3.2026061719); the VPN services' also with the list of X4BNet/lists_vpn of
// August 2026 and the servers that Proton and Mullvad publish; the Tor exits' with the exit list of February 2024. Systems change
// hands: a list that the institute brings (intel in org.yaml) goes before this table.
func systemKind(asn uint32) event.Kind {
	switch asn {
	case 20473, // The Constant Company (Vultr)
		63949, 48337, // Akamai's Linode
		14061,  // DigitalOcean
		16276,  // OVH
		24940,  // Hetzner Online
		9009,   // M247 Europe, which VPN services rent from too
		60068,  // Datacamp (CDN77), likewise
		212238, // Datacamp, likewise
		51167,  // Contabo
		12876,  // Scaleway
		60781,  // Leaseweb Netherlands
		28753,  // Leaseweb Deutschland
		30633,  // Leaseweb USA
		59253,  // Leaseweb Singapore
		205544, // Leaseweb UK
		36352,  // HostPapa (ColoCrossing)
		53667,  // FranTech Solutions (BuyVM)
		62240,  // Clouvider
		49981,  // WorldStream
		43350,  // NForce Entertainment
		202425, // IP Volume
		50673,  // Serverius
		29802,  // Hivelocity
		8100,   // QuadraNet Enterprises
		40676,  // Psychz Networks
		46664,  // VolumeDrive
		62904,  // Eonix
		55286,  // B2 Net Solutions (ServerMania)
		197695, // REG.RU
		9370,   // Sakura Internet
		7684,   // Sakura Internet
		9371,   // Sakura Internet
		45102,  // Alibaba (US) Technology
		132203, // Tencent, outside mainland China
		136907: // Huawei International (Huawei Cloud)
		return event.KindHosting
	case 39351, // 31173 Services, which hosts Mullvad
		216025,         // Mullvad VPN
		209103, 199218, // Proton AG: ProtonVPN and ProtonVPN-2
		208172,                         // Proton AG: hosted VPN servers
		209854,                         // Cyberzone (Surfshark)
		136787, 207137, 141039, 147049: // PacketHub (NordVPN)
		return event.KindVPN
	case 208323, // Foundation for Applied Privacy
		60729,  // Stiftung Erneuerbare Freiheit (TORSERVERS-NET)
		205100, // F3 Netze
		62744:  // Quintex Alliance Consulting, where AirVPN has servers too
		return event.KindTor
	}
	return event.KindUnknown
}
