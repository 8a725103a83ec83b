// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Use is what the records say of one address over the whole window, for guessing where no profile says it. IPv6 addresses
// are to be counted by /64, under its first address: a person's machine changes the rest daily.
type Use struct {
	Address     netip.Addr
	Accounts    int   // distinct accounts that logged in from it
	Days        int   // distinct local days on which one did
	Successes   int64 // logins
	Failures    int64 // failed attempts from it
	OfficeHours int64 // of Successes, those on Monday to Friday from 8 to 19 o'clock, local time
	Accepted    int64 // logins that came to it as their destination and succeeded
}

// Window is what all records together say.
type Window struct {
	Accounts int // distinct accounts that logged in from anywhere
	Days     int // local days between the first and the last record
}

// The bounds of the guess. They are wide of what an intruder can reach without being the office: he would have to log in
// to a twentieth of all accounts, on a quarter of the days, in office hours, hardly ever failing.
const (
	leastAccounts = 5
	accountShare  = 20 // a twentieth of all accounts
	leastDays     = 5
	dayShare      = 4 // a quarter of all days
	leastAccepted = 20
)

// GuessNetworks guesses which networks are the institute's own: the private ranges that occur, the public addresses that
// many of its people use day by day in office hours, and those at which logins arrive. Every guess says so (Guessed) and
// why. The order of the uses does not matter.
func GuessNetworks(w Window, uses []Use) []Network {
	var private, servers []netip.Prefix
	offices := map[netip.Prefix][]Use{} // by /24 or /64
	for _, u := range uses {
		ip := u.Address.Unmap()
		switch {
		case !ip.IsValid():
		case inside(ip):
			if r := privateRange(ip); !slices.Contains(private, r) {
				private = append(private, r)
			}
		default:
			if u.Accepted >= leastAccepted {
				servers = append(servers, netip.PrefixFrom(ip, ip.BitLen()))
			}
			if likeOffice(w, u) {
				p := block(ip)
				offices[p] = append(offices[p], u)
			}
		}
	}
	var out []Network
	if slices.SortFunc(private, netip.Prefix.Compare); len(private) > 0 {
		out = append(out, Network{Name: "private", Ranges: private, Own: Yes, Guessed: true, Why: event.Words{
			Ja: "組織内でしか使えないアドレスの範囲（" + joinPrefixes(private) + "）であるため",
			En: "ranges that can only be used within (" + joinPrefixes(private) + ")"}})
	}
	for p, list := range offices {
		out = append(out, office(w, p, list))
	}
	slices.SortFunc(servers, netip.Prefix.Compare)
	for _, p := range slices.Compact(servers) {
		if slices.ContainsFunc(out, func(n Network) bool { return n.Ranges[0].Overlaps(p) }) {
			continue
		}
		out = append(out, Network{Name: p.String(), Ranges: []netip.Prefix{p}, Own: Yes, Guessed: true, Why: event.Words{
			Ja: "このアドレスあてのログインが繰り返し成功しているため（組織のサーバと推測）",
			En: "logins to this address succeed again and again, so a server of the institute is guessed"}})
	}
	slices.SortFunc(out, func(a, b Network) int { return a.Ranges[0].Compare(b.Ranges[0]) })
	return out
}

func likeOffice(w Window, u Use) bool {
	return u.Accounts >= max(leastAccounts, (w.Accounts+accountShare-1)/accountShare) &&
		u.Days >= max(leastDays, (w.Days+dayShare-1)/dayShare) &&
		u.Failures*4 <= u.Successes && // four of five attempts succeed
		u.OfficeHours*10 >= u.Successes*6 // a carrier's address is busy in the evening and on Sunday too
}

// office makes one network of the addresses of one block: of one address that address, of several the block.
func office(w Window, block netip.Prefix, list []Use) Network {
	slices.SortFunc(list, func(a, b Use) int { return a.Address.Unmap().Compare(b.Address.Unmap()) })
	list = slices.CompactFunc(list, func(a, b Use) bool { return a.Address.Unmap() == b.Address.Unmap() })
	if ip := list[0].Address.Unmap(); len(list) == 1 && ip.Is4() {
		block = netip.PrefixFrom(ip, ip.BitLen())
	}
	most := slices.MaxFunc(list, func(a, b Use) int { return a.Accounts - b.Accounts })
	return Network{Name: block.String(), Ranges: []netip.Prefix{block}, Own: Yes, Guessed: true, Why: event.Words{
		Ja: fmt.Sprintf("勤務時間を中心に %d 日のうち %d 日、%d アカウント中 %d アカウントがここからログインし、失敗が少ないため（組織の出口と推測）", w.Days, most.Days, w.Accounts, most.Accounts),
		En: fmt.Sprintf("%d of %d accounts log in from here, on %d of %d days, mostly in office hours and seldom failing, so the institute's way out is guessed", most.Accounts, w.Accounts, most.Days, w.Days)}}
}

func block(ip netip.Addr) netip.Prefix {
	n := 24
	if ip.Is6() {
		n = 64
	}
	return netip.PrefixFrom(ip, n).Masked()
}

func privateRange(ip netip.Addr) netip.Prefix {
	for _, s := range [...]string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10"} {
		if p := netip.MustParsePrefix(s); p.Contains(ip.WithZone("")) {
			return p
		}
	}
	return netip.PrefixFrom(ip.WithZone(""), ip.BitLen()) // ::1
}

func joinPrefixes(list []netip.Prefix) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = p.String()
	}
	return strings.Join(words, ", ")
}
