// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/event"
)

const hour = event.Micros(3600 * 1e6)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func given(at event.Micros, ip, mac, host, account string, rest ...event.Field) *event.Event {
	return &event.Event{Time: at, Class: event.ClassLease, Activity: event.ActAssign, Outcome: event.OutcomeSuccess, SrcIP: addr(ip), SrcHost: host, Account: account,
		Service: "dhcp", Rest: append([]event.Field{event.Text("mac", mac)}, rest...)}
}

// TestLeaseEndsWithSession: a VPN's record of the end does not repeat the address that was lent. Another session's end, another program's, or that
// of a session that came back in the meantime ends nothing.
func TestLeaseEndsWithSession(t *testing.T) {
	l := NewLeases(func(netip.Addr) bool { return true })
	session := func(at event.Micros, port uint16, lent string) {
		e := &event.Event{Time: at, Class: event.ClassAuthentication, Activity: event.ActLogoff, Outcome: event.OutcomeSuccess, Account: "taro", SrcIP: addr("203.0.113.7"), SrcPort: port, Format: "openvpn"}
		if lent != "" {
			e.Class, e.Activity, e.Object = event.ClassLease, event.ActAssign, lent
		}
		l.Observe(e)
	}
	session(1*hour, 4001, "10.8.0.6")
	session(1*hour, 4002, "10.8.0.7")
	session(2*hour, 4002, "")
	other := &event.Event{Time: 2 * hour, Class: event.ClassAuthentication, Activity: event.ActLogoff, Account: "taro", SrcIP: addr("203.0.113.7"), SrcPort: 4001, Format: "shibboleth"}
	l.Observe(other)
	session(3*hour, 4003, "10.8.0.6") // came back before the server noticed
	session(3*hour+60e6, 4001, "")
	session(5*hour, 4003, "")
	session(5*hour+60e6, 4003, "")
	for _, c := range []struct {
		at   event.Micros
		ip   string
		held bool
	}{{1*hour + 1, "10.8.0.7", true}, {2*hour + 1, "10.8.0.7", false}, {2*hour + 1, "10.8.0.6", true}, {4 * hour, "10.8.0.6", true}, {5*hour + 1, "10.8.0.6", false}} {
		if got := l.Held(addr(c.ip), c.at, c.at); (len(got) == 1) != c.held {
			t.Errorf("%s after %.1f hours: %+v", c.ip, float64(c.at)/float64(hour), got)
		}
	}
}

func TestLeases(t *testing.T) {
	l := NewLeases(func(netip.Addr) bool { return true })
	l.Observe(given(1*hour, "10.1.2.3", "aa", "pc1", "", event.Number("lease_s", 7200)))
	l.Observe(given(2*hour, "10.1.2.3", "aa", "", "hanako")) // RADIUS accounting of the same device
	l.Observe(given(4*hour, "10.1.2.3", "bb", "pc2", ""))    // another device: the first one's lease ends
	end := given(5*hour, "10.1.2.3", "bb", "", "")
	end.Activity = event.ActRelease
	l.Observe(end)
	vpn := given(6*hour, "203.0.113.7", "", "", "taro")
	vpn.Object = "10.8.0.6"
	l.Observe(vpn)
	up := &event.Event{Time: 6 * hour, Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Account: "jiro", SrcIP: addr("203.0.113.8"),
		Rest: []event.Field{event.Text("tunnelip", "10.8.0.7")}}
	l.Observe(up)

	for _, c := range []struct {
		at                     event.Micros
		ip, mac, host, account string
		nobody                 bool
	}{
		{at: hour / 2, ip: "10.1.2.3", nobody: true},
		{at: 1 * hour, ip: "10.1.2.3", mac: "aa", host: "pc1", account: "hanako"},
		{at: 3 * hour, ip: "10.1.2.3", mac: "aa", host: "pc1", account: "hanako"},
		{at: 4*hour + 1, ip: "10.1.2.3", mac: "bb", host: "pc2"},
		{at: 5*hour + 1, ip: "10.1.2.3", nobody: true},
		{at: 7 * hour, ip: "10.8.0.6", account: "taro"},
		{at: 7 * hour, ip: "10.8.0.7", account: "jiro"},
		{at: 7 * hour, ip: "10.8.0.8", nobody: true},
	} {
		got := l.Held(addr(c.ip), c.at, c.at)
		if c.nobody {
			if len(got) != 0 {
				t.Errorf("%s at %d: %+v, nobody had it", c.ip, c.at/hour, got)
			}
			continue
		}
		if len(got) != 1 || got[0].MAC != c.mac || got[0].Host != c.host || got[0].Account != c.account {
			t.Errorf("%s at %d: %+v", c.ip, c.at/hour, got)
		}
	}
	if got := l.Held(addr("10.1.2.3"), 3*hour, 5*hour-1); len(got) != 2 || got[0].To != 4*hour || got[1].From != 4*hour {
		t.Errorf("two had it one after another: %+v", got)
	}
}

func TestDevices(t *testing.T) {
	d := NewDevices([]string{"aa"})
	login := func(at event.Micros, mac, account string) {
		d.Observe(&event.Event{Time: at, Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Account: account, Service: "radius",
			Rest: []event.Field{event.Text("mac", mac)}})
	}
	login(1*hour, "aa", "hanako")
	login(1*hour, "bb", "jiro")
	login(5*hour, "aa", "taro")
	for at, want := range map[event.Micros]string{hour / 2: "", 2 * hour: "hanako", 6 * hour: "taro", 40 * hour: ""} {
		got, ok := d.Whose("aa", at)
		if ok != (want != "") || got.Account != want {
			t.Errorf("at %d: %+v, want %q", at/hour, got, want)
		}
	}
	if _, ok := d.Whose("bb", 2*hour); ok {
		t.Error("a device that was not asked for is known")
	}
}

func TestTranslations(t *testing.T) {
	const second = event.Micros(1e6)
	out := addr("198.51.100.1")
	connection := func(at event.Micros, inside string, port uint16, dst string, lasted int64) *event.Event {
		e := &event.Event{Time: at, Class: event.ClassNetwork, Activity: event.ActConnect, SrcIP: addr(inside), DstIP: addr(dst),
			Rest: []event.Field{event.Text("nat_src_ip", "198.51.100.1"), event.Number("nat_src_port", int64(port))}}
		if lasted > 0 {
			e.Duration = event.Some(lasted)
		}
		return e
	}
	tr := NewTranslations([]Attempt{
		{At: 100 * second, IP: out, Port: 40001},
		{At: 100 * second, IP: out, Dst: addr("203.0.113.80")},
		{At: 100 * second, IP: out},
		{At: 9000 * second, IP: out, Port: 40001},
		{At: 100 * second, IP: addr("198.51.100.2"), Port: 40001},
	})
	for _, e := range []*event.Event{
		connection(130*second, "10.1.2.3", 40001, "203.0.113.80", 60_000),
		connection(130*second, "10.1.2.4", 40002, "203.0.113.81", 60_000),
		connection(9000*second, "10.1.2.5", 40001, "203.0.113.80", 1_000), // the same port, another's by then
	} {
		tr.Observe(e)
	}
	list, inside := tr.All()
	for i, want := range []string{"10.1.2.3", "10.1.2.3", "?", "10.1.2.5", ""} {
		got := ""
		switch {
		case inside[i].Ambiguous:
			got = "?"
		case inside[i].IP.IsValid():
			got = inside[i].IP.String()
		}
		if got != want {
			t.Errorf("%+v: %q stood behind it, want %q", list[i], got, want)
		}
	}
}

func TestProxied(t *testing.T) {
	proxy := addr("10.1.9.20")
	tr := NewTranslations([]Attempt{{At: 100e6, IP: proxy, Host: "idp"}, {At: 100e6, IP: proxy, Host: "mail"}})
	for host, client := range map[string]string{"idp.lab.example": "10.1.2.3", "www.example.org": "10.1.2.4"} {
		tr.ObserveProxy(&event.Event{Time: 110e6, Class: event.ClassHTTP, Service: "proxy", SrcIP: addr(client), DstHost: host, Account: "hanako", Duration: event.Some(15_000)}, []netip.Addr{proxy})
	}
	_, inside := tr.All()
	if inside[0].IP != addr("10.1.2.3") || inside[0].Account != "hanako" || inside[1].IP.IsValid() {
		t.Errorf("%+v", inside)
	}
}
