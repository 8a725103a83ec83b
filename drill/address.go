// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// The kinds of address, as case.json names them.
const (
	kindTor         = "tor"
	kindVPN         = "vpn"
	kindHosting     = "hosting"
	kindUniversity  = "university"
	kindMobile      = "mobile"
	kindResidential = "residential"
	kindHotel       = "hotel"
	kindOwn         = "own"
	kindOffice      = "unknown" // another company's office: case.json has no word for it
)

// address is one IPv4 address of the story, and what the cloud's records say about it.
type address struct {
	ip      string
	kind    string
	country string
	city    string
	asn     uint32
	listed  bool // in one of the lists that the institute holds
	hostile bool // of the intruder; never an address of anybody else
}

// block is a range that addresses of one kind are drawn from: the first two or three numbers of an IPv4 address.
type block struct {
	prefix  string
	country string
	city    string
	asn     uint32
}

// Plausible networks. They give the addresses a country and an AS number; no claim about their holders is meant.
func torBlocks() []block {
	return []block{
		{"185.220.101", "DE", "Berlin", 60729}, {"185.220.102", "DE", "Berlin", 60729}, {"171.25.193", "SE", "Stockholm", 198093},
		{"199.249.230", "US", "San Angelo", 62744}, {"109.70.100", "AT", "Vienna", 208323}, {"192.42.116", "NL", "Amsterdam", 215125},
		{"23.129.64", "US", "Seattle", 396507}, {"204.8.156", "US", "Boston", 10961}, {"104.244.73", "LU", "Luxembourg", 53667},
		{"45.66.35", "NL", "Amsterdam", 202425}, {"185.129.61", "DK", "Copenhagen", 57860}, {"198.98.51", "US", "New York", 53667},
	}
}

func vpnBlocks() []block {
	return []block{
		{"89.187.160", "JP", "Tokyo", 60068}, {"193.138.218", "SE", "Malmo", 39351}, {"146.70.31", "JP", "Tokyo", 9009},
		{"37.120.217", "DE", "Frankfurt", 9009}, {"198.54.128", "US", "Los Angeles", 11878}, {"156.146.45", "SG", "Singapore", 60068},
	}
}

func hostingBlocks() []block {
	return []block{
		{"45.76.101", "US", "Piscataway", 20473}, {"116.203.77", "DE", "Nuremberg", 24940}, {"128.199.130", "SG", "Singapore", 14061},
		{"51.89.204", "FR", "Roubaix", 16276}, {"5.79.71", "NL", "Amsterdam", 60781}, {"185.216.34", "CH", "Zurich", 51852},
		{"39.106.21", "CN", "Beijing", 37963}, {"47.52.88", "HK", "Hong Kong", 45102}, {"153.127.31", "JP", "Osaka", 7684},
		{"149.56.44", "CA", "Beauharnois", 16276}, {"185.65.50", "SE", "Stockholm", 43350}, {"88.119.170", "LT", "Vilnius", 61272},
		{"195.123.212", "LV", "Riga", 50979},
	}
}

// noiseBlocks are where the Internet's background noise comes from: hosting and lines that nobody of the story uses.
func noiseBlocks() []block {
	return []block{
		{"80.94.95", "RO", "Bucharest", 204428}, {"141.98.11", "LT", "Vilnius", 209605}, {"92.118.39", "RO", "Bucharest", 47890},
		{"167.94.138", "US", "Chicago", 398324}, {"162.142.125", "US", "Chicago", 398722}, {"218.92.0", "CN", "Nanjing", 4134},
		{"61.177.172", "CN", "Nanjing", 4134}, {"193.32.162", "NL", "Amsterdam", 47890}, {"45.148.10", "NL", "Amsterdam", 48090},
		{"103.145.13", "VN", "Hanoi", 135905}, {"170.64.160", "AU", "Sydney", 14061}, {"195.178.110", "BG", "Sofia", 48090},
	}
}

func homeBlocks() []block {
	return []block{
		{"114.160", "JP", "Tsukuba", 4713}, {"153.191", "JP", "Tokyo", 4713}, {"106.72", "JP", "Chiba", 2516}, {"126.51", "JP", "Tokyo", 17676},
		{"118.241", "JP", "Tsuchiura", 2527}, {"119.171", "JP", "Kashiwa", 9824}, {"133.200", "JP", "Yokohama", 2518}, {"220.146", "JP", "Mito", 2518},
	}
}

// residentialBlocks are the ends of the same providers' lines that the residential variant of an intruder rents.
func residentialBlocks() []block {
	return []block{
		{"114.163", "JP", "Nagoya", 4713}, {"153.203", "JP", "Osaka", 4713}, {"106.73", "JP", "Saitama", 2516}, {"126.78", "JP", "Tokyo", 17676},
		{"118.243", "JP", "Sendai", 2527}, {"119.173", "JP", "Fukuoka", 9824},
	}
}

func mobileBlocks() []block {
	return []block{
		{"1.75.210", "JP", "Tokyo", 9605}, {"49.98.132", "JP", "Tokyo", 9605}, {"106.133.21", "JP", "Tokyo", 2516},
		{"126.193.40", "JP", "Tokyo", 17676}, {"133.106.35", "JP", "Tokyo", 138384},
	}
}

// awayBlocks are hotels and universities abroad.
func awayBlocks() []block {
	return []block{
		{"12.130.117", "US", "San Jose", 7018}, {"66.162.18", "US", "Boston", 4323}, {"80.187.98", "DE", "Munich", 3320}, {"90.83.44", "FR", "Lyon", 3215},
		{"222.106.52", "KR", "Seoul", 4766}, {"203.116.61", "SG", "Singapore", 4657}, {"210.242.15", "TW", "Taipei", 3462}, {"81.149.70", "GB", "London", 2856},
	}
}

// officeBlocks are lines of companies.
func officeBlocks() []block {
	return []block{
		{"202.218.57", "JP", "Tokyo", 2497}, {"61.213.147", "JP", "Osaka", 4713}, {"210.171.133", "JP", "Tokyo", 2516}, {"203.181.94", "JP", "Nagoya", 2516},
		{"61.194.20", "JP", "Tokyo", 17676}, {"202.241.9", "JP", "Sendai", 2907},
	}
}

// book holds every address of the story once.
type book struct {
	all  []address
	seen map[string]int32
}

func (k *book) add(a address) int32 {
	if id, ok := k.seen[a.ip]; ok {
		return id
	}
	id := int32(len(k.all))
	k.seen[a.ip] = id
	k.all = append(k.all, a)
	return id
}

// fresh draws an address from the blocks that nobody has yet.
func (k *book) fresh(d *dice, kind string, from []block) int32 {
	for {
		b := from[d.n(len(from))]
		if id := k.within(d, kind, b); id >= 0 {
			return id
		}
	}
}

// within draws an unused address from one block, or returns -1 when a draw hits a used one.
func (k *book) within(d *dice, kind string, b block) int32 {
	ip := b.prefix + "."
	dots := 0
	for i := range b.prefix {
		if b.prefix[i] == '.' {
			dots++
		}
	}
	if dots == 1 {
		ip += strconv.Itoa(d.n(254)+1) + "."
	}
	ip += strconv.Itoa(d.n(253) + 2)
	if _, ok := k.seen[ip]; ok {
		return -1
	}
	return k.add(address{ip: ip, kind: kind, country: b.country, city: b.city, asn: b.asn})
}

// several draws n fresh addresses. From blocks of 253 each it must not be asked for more than a third of them all.
func (k *book) several(d *dice, kind string, from []block, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = k.fresh(d, kind, from)
	}
	return ids
}
