// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

func hakusanKnowledge(t testing.TB) *Knowledge {
	t.Helper()
	countries, problems, err := ReadCountries(strings.NewReader("198.51.100.0,198.51.100.255,DE\n2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,JP\n"), "country.csv")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	k, err := NewKnowledge(KnowledgeOptions{
		Networks: []Network{
			{Name: "management", Ranges: prefixes("10.99.0.0/24"), Restricted: true, Allowed: prefixes("10.1.2.0/28")},
			{Name: "egress", Ranges: prefixes("150.29.147.0/24", "2001:db8:1::/48"), Own: Yes},
			{Name: "guests", Ranges: prefixes("150.29.147.128/25")},
			{Name: "partner", Ranges: prefixes("130.54.0.0/16"), Kind: event.KindUniversity},
			{Name: "tenants", Ranges: prefixes("10.200.0.0/16"), Own: No},
			{Name: "console", Ranges: prefixes("10.99.0.64/26")},
		},
		Hosts: []Host{{Name: "idp", IPs: []netip.Addr{netip.MustParseAddr("172.16.5.10")}, Role: "auth-server"},
			{Name: "mon1", Aliases: []string{"power-monitor"}, IPs: []netip.Addr{netip.MustParseAddr("10.99.0.77"), netip.MustParseAddr("2001:db8:1::77")}}},
		Lists: []List{
			{Kind: event.KindTor, Source: "tor-may.txt", Prefixes: prefixes("198.51.100.7/32", "150.29.147.9/32", "130.54.1.1/32"), From: 1000, To: 2000},
			{Kind: event.KindVPN, Source: "vpn.txt", Prefixes: prefixes("198.51.100.0/26"), ASNs: []uint32{64500}},
			{Kind: event.KindHosting, Source: "hosting.txt", Prefixes: prefixes("198.51.100.0/24", "2001:db8:5::/48")},
			{Bad: true, Source: "bad.txt", Prefixes: prefixes("198.51.100.200/32")},
		},
		Domains:   []string{"hakusan-lab.example"},
		Countries: countries,
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAddress(t *testing.T) {
	k := hakusanKnowledge(t)
	for _, c := range []struct {
		ip   string
		asn  uint32
		at   event.Micros
		want Address
	}{
		{"10.99.0.77", 0, 5, Address{Kind: event.KindOwn, Own: true, Restricted: true, Network: "console", Host: "mon1"}},
		{"10.99.0.1", 0, 5, Address{Kind: event.KindOwn, Own: true, Restricted: true, Network: "management"}},
		{"10.1.1.1", 0, 5, Address{Kind: event.KindOwn, Own: true}},
		{"10.200.1.1", 0, 5, Address{Network: "tenants"}},
		{"172.16.5.10", 0, 5, Address{Kind: event.KindOwn, Own: true, Host: "idp", Role: "auth-server"}},
		{"::ffff:172.16.5.10", 0, 5, Address{Kind: event.KindOwn, Own: true, Host: "idp", Role: "auth-server"}},
		{"100.64.3.4", 0, 5, Address{Kind: event.KindOwn, Own: true}},
		{"127.0.0.1", 0, 5, Address{Kind: event.KindOwn, Own: true}},
		{"fd00::1", 0, 5, Address{Kind: event.KindOwn, Own: true}},
		{"fe80::1%eth0", 0, 5, Address{Kind: event.KindOwn, Own: true}},
		{"150.29.147.9", 0, 1500, Address{Kind: event.KindOwn, Own: true, Network: "egress", Sources: 1}},
		{"150.29.147.200", 0, 5, Address{Kind: event.KindOwn, Own: true, Network: "guests"}},
		{"2001:db8:1::77", 0, 5, Address{Kind: event.KindOwn, Own: true, Network: "egress", Host: "mon1"}},
		{"130.54.1.1", 0, 1500, Address{Kind: event.KindUniversity, Network: "partner", Sources: 1}},
		{"198.51.100.7", 0, 1500, Address{Kind: event.KindTor, Country: "DE", Sources: 7}},
		{"198.51.100.7", 0, 2000, Address{Kind: event.KindVPN, Country: "DE", Sources: 6}},
		{"198.51.100.7", 0, 0, Address{Kind: event.KindTor, Country: "DE", Sources: 7}},
		{"198.51.100.64", 0, 5, Address{Kind: event.KindHosting, Country: "DE", Sources: 4}},
		{"198.51.100.200", 0, 5, Address{Kind: event.KindHosting, Bad: true, Country: "DE", Sources: 12}},
		{"203.0.113.1", 0, 5, Address{}},
		{"203.0.113.1", 64500, 5, Address{Kind: event.KindVPN, ASN: 64500, Sources: 2}},
		{"2001:db8:5::1", 0, 5, Address{Kind: event.KindHosting, Country: "JP", Sources: 4}},
		{"2001:db9::1", 0, 5, Address{}},
		{"0.0.0.0", 0, 5, Address{}},
		{"255.255.255.255", 0, 5, Address{}},
	} {
		if got := k.Address(netip.MustParseAddr(c.ip), "", c.asn, c.at); got != c.want {
			t.Errorf("%s at %d:\n got %+v\nwant %+v", c.ip, c.at, got, c.want)
		}
	}
	if a := k.Address(netip.MustParseAddr("198.51.100.1"), "FR", 0, 5); a.Country != "FR" {
		t.Errorf("the record's country must stand: %+v", a)
	}
	if a := k.Address(netip.Addr{}, "", 0, 5); a != (Address{}) {
		t.Errorf("no address: %+v", a)
	}
	if got := k.Sources(7); !slices.Equal(got, []string{"tor-may.txt", "vpn.txt", "hosting.txt"}) {
		t.Errorf("Sources = %v", got)
	}
	empty, err := NewKnowledge(KnowledgeOptions{})
	if err != nil || !empty.Address(netip.MustParseAddr("192.168.1.1"), "", 0, 0).Own || empty.Address(netip.MustParseAddr("8.8.8.8"), "", 0, 0) != (Address{}) {
		t.Error("without a profile, private addresses are inside and nothing else is known")
	}
	if _, err := NewKnowledge(KnowledgeOptions{Lists: make([]List, 65)}); err == nil {
		t.Error("65 lists were taken")
	}
}

func TestMayReach(t *testing.T) {
	k := hakusanKnowledge(t)
	for _, c := range []struct {
		src, dst string
		want     bool
	}{
		{"10.99.0.5", "10.99.0.77", true}, {"10.1.2.3", "10.99.0.77", true}, {"10.1.2.16", "10.99.0.77", false},
		{"172.16.5.10", "10.99.0.1", false}, {"198.51.100.7", "10.99.0.1", false}, {"198.51.100.7", "172.16.5.10", true},
	} {
		if got := k.MayReach(netip.MustParseAddr(c.src), netip.MustParseAddr(c.dst)); got != c.want {
			t.Errorf("%s to %s: %v", c.src, c.dst, got)
		}
	}
}

func TestHost(t *testing.T) {
	k := hakusanKnowledge(t)
	for name, want := range map[string]string{"idp": "idp", "IDP": "idp", "idp.hakusan-lab.example": "idp", "idp.dmz.hakusan-lab.example.": "idp",
		"Power-Monitor": "mon1", "idp.elsewhere.example": "", "": "", "idp2": ""} {
		if h, ok := k.Host(name); h.Name != want || ok != (want != "") {
			t.Errorf("Host(%q) = %q, %v", name, h.Name, ok)
		}
	}
}

// TestRangesAgree compares the table with a search through all ranges.
func TestRangesAgree(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 7))
		random := func() netip.Addr {
			if rng.IntN(2) == 0 { // few distinct first bytes, so that ranges nest and touch
				return netip.AddrFrom4([4]byte{[]byte{0, 10, 11, 255}[rng.IntN(4)], byte(rng.IntN(3)), byte(rng.IntN(256)), []byte{0, 1, 255}[rng.IntN(3)]})
			}
			return netip.AddrFrom16([16]byte{[]byte{0x20, 0x24, 0xff}[rng.IntN(3)], byte(rng.IntN(2)), byte(rng.IntN(3)), 15: byte(rng.IntN(3))})
		}
		var o KnowledgeOptions
		for i := range 40 {
			ip := random()
			p := netip.PrefixFrom(ip, rng.IntN(ip.BitLen()+1)).Masked()
			if i < 10 {
				o.Networks = append(o.Networks, Network{Name: p.String(), Ranges: []netip.Prefix{p}, Own: Truth(rng.IntN(3)), Restricted: rng.IntN(3) == 0})
			} else {
				o.Lists = append(o.Lists, List{Kind: event.KindVPN, Prefixes: []netip.Prefix{p}})
			}
		}
		k, err := NewKnowledge(o)
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			ip := random()
			var want Address
			best, own := -1, Unknown
			bestOwn := -1
			for _, n := range o.Networks {
				p := n.Ranges[0]
				if !p.Contains(ip) {
					continue
				}
				if p.Bits() > best {
					best, want.Network = p.Bits(), n.Name
				}
				if n.Own != Unknown && p.Bits() > bestOwn {
					bestOwn, own = p.Bits(), n.Own
				}
				want.Restricted = want.Restricted || n.Restricted
			}
			for i, l := range o.Lists {
				if l.Prefixes[0].Contains(ip) {
					want.Sources |= 1 << i
				}
			}
			want.Own = own == Yes || own == Unknown && inside(ip)
			if want.Own {
				want.Kind = event.KindOwn
			} else if want.Sources != 0 {
				want.Kind = event.KindVPN
			}
			if got := k.Address(ip, "", 0, 5); got != want {
				t.Fatalf("seed %d, %s:\n got %+v\nwant %+v", seed, ip, got, want)
			}
		}
	}
}

func TestReadList(t *testing.T) {
	l, problems, err := ReadList(strings.NewReader("\ufeffip,first_seen\r\n# exits\r\n198.51.100.7\r\n\r\n203.0.113.0/28 # rented\n2001:db8::1;x\n"+
		"ExitNode 0011BD2485AD45D984EC4159C88FC066E5E3300E\nPublished 2025-06-01 00:00:00\nExitAddress 192.0.2.1 2025-06-01 01:02:03\n\"192.0.2.9\",tor\n"+
		"AS9009 # M247\nas64500\n192.0.2.16-192.0.2.34\n::ffff:192.0.2.77\n203.0.113.77/24\n"+
		"0.0.0.0/0\n::/0\nnonsense\nAS0\n192.0.2.9-192.0.2.1\n0.0.0.0-255.255.255.255\n0.0.0.0\n"), "list.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := prefixes("198.51.100.7/32", "203.0.113.0/28", "2001:db8::1/128", "192.0.2.1/32", "192.0.2.9/32", "192.0.2.16/28", "192.0.2.32/31", "192.0.2.34/32", "192.0.2.77/32", "203.0.113.0/24")
	if !slices.Equal(l.Prefixes, want) {
		t.Errorf("%v\nwant %v", l.Prefixes, want)
	}
	if !slices.Equal(l.ASNs, []uint32{9009, 64500}) {
		t.Errorf("%v", l.ASNs)
	}
	if len(problems) != 7 || problems[2].String() != `list.txt:18: "nonsense" is neither an address, nor a range like 203.0.113.0/24, nor a number like AS64500` {
		t.Errorf("%v", problems)
	}
	_, problems, err = ReadList(strings.NewReader(strings.Repeat("x", maxRow+1)), "long.txt")
	if err != nil || len(problems) != 1 {
		t.Errorf("%v %v", problems, err)
	}
	_, problems, _ = ReadList(strings.NewReader(strings.Repeat("bad\n", 1000)), "bad.txt")
	if len(problems) != maxProblems+1 || !strings.Contains(problems[maxProblems].Text, "899 more") {
		t.Errorf("%d problems, the last %v", len(problems), problems[len(problems)-1])
	}
}

func TestCountriesOverlap(t *testing.T) {
	c, problems, err := ReadCountries(strings.NewReader("start,end,cc\n192.0.2.0,192.0.2.127,JP\n192.0.2.64,192.0.2.255,US\n192.0.2.128,192.0.2.255,CN\nbroken\n255.255.255.0,255.255.255.255,ZZ\n"), "c.csv")
	if err != nil || len(problems) != 2 {
		t.Fatal(problems, err)
	}
	for ip, want := range map[string]string{"192.0.2.64": "JP", "192.0.2.200": "CN", "192.0.3.0": "", "255.255.255.255": "ZZ", "::1": "", "::ffff:192.0.2.1": "JP"} {
		if got := c.Of(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s is in %q, want %q", ip, got, want)
		}
	}
}

func TestGuessNetworks(t *testing.T) {
	ip := netip.MustParseAddr
	w := Window{Accounts: 400, Days: 120}
	uses := []Use{
		{Address: ip("172.16.1.1"), Accounts: 3, Days: 90, Successes: 100},
		{Address: ip("10.2.3.4")},
		{Address: ip("150.29.147.3"), Accounts: 300, Days: 85, Successes: 90_000, Failures: 4000, OfficeHours: 80_000},
		{Address: ip("150.29.147.4"), Accounts: 200, Days: 85, Successes: 50_000, Failures: 2000, OfficeHours: 40_000},
		{Address: ip("192.0.2.50"), Accounts: 80, Days: 80, Successes: 9000, Failures: 100, OfficeHours: 8000},
		{Address: ip("2001:db8:1:2::"), Accounts: 90, Days: 80, Successes: 9000, Failures: 100, OfficeHours: 8000},
		// Not the institute's:
		{Address: ip("198.51.100.7"), Accounts: 90, Days: 60, Successes: 900, Failures: 400_000, OfficeHours: 100},    // guessing
		{Address: ip("198.51.100.8"), Accounts: 143, Days: 70, Successes: 4000, Failures: 500, OfficeHours: 900},      // an intruder in the evening
		{Address: ip("203.0.113.9"), Accounts: 150, Days: 120, Successes: 30_000, Failures: 900, OfficeHours: 12_000}, // a carrier
		{Address: ip("203.0.113.80"), Accounts: 9, Days: 100, Successes: 900, Failures: 9, OfficeHours: 880},          // a partner
		{Address: ip("203.0.113.90"), Accounts: 60, Days: 4, Successes: 900, Failures: 9, OfficeHours: 880},           // a conference
		{Address: ip("192.0.2.25"), Accepted: 5000},
		{Address: ip("150.29.147.25"), Accepted: 5000},
		{},
	}
	var first string
	for seed := range uint64(5) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(uses), func(i, j int) { uses[i], uses[j] = uses[j], uses[i] })
		var b strings.Builder
		for _, n := range GuessNetworks(w, uses) {
			if !n.Guessed || n.Why.Ja == "" || n.Why.En == "" || n.Own != Yes {
				t.Errorf("a guess must say that it is one, and why: %+v", n)
			}
			b.WriteString(n.Name + " " + joinPrefixes(n.Ranges) + "\n")
		}
		want := "private 10.0.0.0/8, 172.16.0.0/12\n150.29.147.0/24 150.29.147.0/24\n192.0.2.25/32 192.0.2.25/32\n192.0.2.50/32 192.0.2.50/32\n2001:db8:1:2::/64 2001:db8:1:2::/64\n"
		if b.String() != want {
			t.Errorf("guessed\n%swant\n%s", b.String(), want)
		}
		if first == "" {
			first = b.String()
		}
	}
	if GuessNetworks(Window{}, nil) != nil {
		t.Error("nothing seen, something guessed")
	}
}

// sharedData returns a file of the folder of recorded data beside the repository, and skips the test where it is absent.
func sharedData(t testing.TB, path ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	name := filepath.Join(append([]string{dir, "..", "shared", "data"}, path...)...)
	if _, err := os.Stat(name); err != nil {
		t.Skipf("%s is not here: this test reads lists that are not part of the repository", filepath.Join(path...))
	}
	return name
}

func realLists(t testing.TB) []List {
	var lists []List
	for file, kind := range map[string]event.Kind{"ref-tor-secops/tor-exit-nodes.lst": event.KindTor, "ref-vpn-ranges/output/vpn/ipv4.txt": event.KindVPN,
		"ref-vpn-ranges/output/vpn/ipv6.txt": event.KindVPN, "ref-vpn-ranges/input/vpn/ASN.txt": event.KindVPN} {
		f, err := os.Open(sharedData(t, file))
		if err != nil {
			t.Fatal(err)
		}
		l, problems, err := ReadList(f, file)
		f.Close()
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		if len(l.Prefixes)+len(l.ASNs) == 0 {
			t.Errorf("%s: nothing was read", file)
		}
		l.Kind = kind
		lists = append(lists, l)
	}
	return lists
}

func realCountries(t testing.TB) *Countries {
	f, err := os.Open(sharedData(t, "ref-ip-country", "ip-location-db-asn-country-2.3.2026061719.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var texts []io.Reader
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(h.Name, "asn-country-ipv4.csv") || strings.HasSuffix(h.Name, "asn-country-ipv6.csv") {
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, strings.NewReader(string(data)))
		}
	}
	c, problems, err := ReadCountries(io.MultiReader(texts...), "countries")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return c
}

func TestRealLists(t *testing.T) {
	k, err := NewKnowledge(KnowledgeOptions{Lists: realLists(t), Countries: realCountries(t)})
	if err != nil {
		t.Fatal(err)
	}
	for ip, want := range map[string]Address{
		"101.99.92.179": {Kind: event.KindTor, Country: "MY"}, "1.0.1.7": {Country: "CN"}, "2001:678:8b4::1": {Kind: event.KindVPN}} {
		got := k.Address(netip.MustParseAddr(ip), "", 0, 5)
		if got.Kind != want.Kind || want.Country != "" && got.Country != want.Country {
			t.Errorf("%s: %+v", ip, got)
		}
	}
}

func BenchmarkAddress(b *testing.B) {
	k, err := NewKnowledge(KnowledgeOptions{Lists: realLists(b), Countries: realCountries(b), Networks: []Network{{Name: "egress", Ranges: prefixes("150.29.147.0/24"), Own: Yes}}})
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	run := func(name, country string, random func() netip.Addr) {
		b.Run(name, func(b *testing.B) {
			ips := make([]netip.Addr, 1<<12)
			for i := range ips {
				ips[i] = random()
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				k.Address(ips[i&(1<<12-1)], country, 2516, 5)
			}
		})
	}
	four := func() netip.Addr {
		n := rng.Uint32()
		return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
	run("ipv4", "JP", four)
	run("ipv4-with-country-lookup", "", four)
	run("ipv6", "JP", func() netip.Addr {
		return netip.AddrFrom16([16]byte{0x20, 1, byte(rng.Uint32()), byte(rng.Uint32()), 9: byte(rng.Uint32())})
	})
}

func FuzzList(f *testing.F) {
	f.Add("198.51.100.7\n203.0.113.0/28 # x\nAS64500\n192.0.2.1-192.0.2.9\n")
	f.Add("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\nExitAddress 1.2.3.4 x\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, _, err := ReadList(strings.NewReader(text), "list.txt")
		if err != nil {
			return
		}
		k, err := NewKnowledge(KnowledgeOptions{Lists: []List{l}})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range l.Prefixes {
			if p != p.Masked() || k.Address(p.Addr(), "", 0, 5).Sources != 1 || k.Address(addressOf(last(p), p.Addr().BitLen()), "", 0, 5).Sources != 1 {
				t.Errorf("%s was read and is not found", p)
			}
		}
	})
}

func FuzzCountries(f *testing.F) {
	f.Add("192.0.2.0,192.0.2.255,JP\n2001:db8::,2001:db8::ff,US\n", []byte{192, 0, 2, 9})
	f.Fuzz(func(t *testing.T, text string, ip []byte) {
		c, _, err := ReadCountries(strings.NewReader(text), "c.csv")
		if err != nil {
			return
		}
		if a, ok := netip.AddrFromSlice(ip); ok {
			c.Of(a)
		}
	})
}
