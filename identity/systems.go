// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import "github.com/sekisho/sekisho/event"

// systemKind returns the kind of address that an autonomous system is known for, where the institute's own lists say nothing.
// Only systems whose business is renting servers, or carrying a VPN service's customers, to anybody are here: their numbers
// and names are public in the registries of RIPE NCC, ARIN, APNIC and LACNIC. Left out on purpose are clouds and relays through
// which honest people come without knowing it: Microsoft (8075), Google (15169), Cloudflare (13335), Akamai (36183), Fastly (54113),
// Zscaler (22616, 62044).
func systemKind(asn uint32) event.Kind {
	switch asn {
	case 20473, // Vultr
		63949, 48337, // Linode
		14061,                              // DigitalOcean
		16276,                              // OVH
		24940,                              // Hetzner
		9009,                               // M247
		60068,                              // CDN77, Datacamp
		212238,                             // Datacamp
		51167,                              // Contabo
		12876,                              // Scaleway
		60781, 28753, 30633, 59253, 205544, // Leaseweb
		36352,  // ColoCrossing
		53667,  // FranTech
		62240,  // Clouvider
		49981,  // WorldStream
		43350,  // NForce
		202425, // IP Volume
		50673,  // Serverius
		29802,  // Hivelocity
		8100,   // QuadraNet
		40676,  // Psychz
		46664,  // VolumeDrive
		62904,  // Eonix
		55286,  // ServerMania
		197695, // REG.RU
		9370,   // Sakura Internet
		7684,   // Sakura Internet
		9371,   // Sakura Internet
		45102,  // Alibaba Cloud
		132203, // Tencent Cloud
		136907: // Huawei Clouds
		return event.KindHosting
	case 39351, // Mullvad (31173 Services)
		62371, 209103, // Proton
		136787, 207137, 141039, 147049: // PacketHub (NordVPN)
		return event.KindVPN
	case 208323, // Foundation for Applied Privacy
		60729,  // TORSERVERS
		205100, // F3 Netze
		62744:  // Quintex Alliance
		return event.KindTor
	}
	return event.KindUnknown
}
