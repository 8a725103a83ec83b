// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var sonicWall = Format{
	Name:   "sonicwall",
	Also:   []string{"sonicos"},
	Source: "firewall",
	About: About{
		What: "SonicWall firewalls (SonicOS 5 to 7) in the default and the enhanced syslog format (id=firewall sn=… m=…), and SonicWall SMA 100 (id=sslvpn).",
		Export: "Device, Log, Syslog: add a server, syslog format Enhanced or Default, UTC timestamps on. In Log, Settings set the category Users (Authentication Access, RADIUS, SSO) and " +
			"VPN to Inform, and Network Access with Connection Opened and Closed. No record filter and no event rate limit, else lines are left out without a word. The log on the device holds hours: it cannot be had afterwards.",
		Takes: "Logins and refusals of administrators, users, SSL-VPN and XAUTH with name and address, locked-out addresses, logouts; connections with bytes, duration and NAT; refused packets; " +
			"web sites; attacks and viruses; configuration changes, imported settings, cleared logs, leases.",
		Leaves: "What a message text alone says about a rule. Which numbers (m=) are read, after the list of security messages of the Log Events Reference Guide of SonicOS 6.5.1 as it is quoted in public (the guide itself could not be had whole): " +
			"administrators 29, 30, 35, 199, 200, 235, 236, 994, 996; users 31 to 34, 237, 238, 243 to 246, 486, 745 to 757, 759, 986, 987, 1035, 1048, locked out 329, 438, 439, 583, logged out 24; " +
			"VPN 67, 139, 140, 311, 312, 318, 319, 344, 1080, 1110, 1153; connections 98 and refusals 36 to 38, 41, 70, 173 to 175, 181, 580, 646 to 648, 1198 to 1201, 1304, 1474 to 1477, 1518, 1519; attacks 22 to 27, 81 to 83, 177 to 179, 229, 267, 446, 606 to 609, 789 to 795, 809, " +
			"859 to 905, 1098, 1099, 1154, 1155, 1213 to 1451; mail 797, 798, 1093, 1108; changes 440 to 442, 506 to 509, 1049 to 1052, 1333 to 1338, 1343, 1382, 1383, 1432. From published log lines, not in that list: 5, 14, 16, 97, 263 to 265, 328, 524, 537, 597, 598, 1008, 1233, 1235, 1257, 1599. " +
			"Others are read by their words; what neither tells becomes an event without a meaning of its own. Logins to FTP servers that the firewall watches (1114, 1115) and its own on the provider's line (289 to 292) are not taken. A login is told of with the zone's message and with the user's: where both are sent, both count.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := sonicStart(rec); ok {
			return 0.95
		}
		return 0
	},
	New:    func(env *Env) Parser { return &sonicParser{env: env, p: newPairs(swFields, '=', ' ', sonicSlot)} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{" sn="},
}

// sonicStart returns the record from "id=" on, which "sn=" follows.
func sonicStart(b []byte) ([]byte, bool) {
	r := behindHead(b, 160, "id=")
	if r == nil {
		return nil, false
	}
	return r, has(r[:min(len(b), 160)-(len(b)-len(r))], " sn=") && has(r[:min(len(r), 400)], " fw=") && has(r, " pri=")
}

const (
	swID = iota
	swTime
	swFW
	swM
	swMsg
	swSrc
	swSrcV6
	swDst
	swDstV6
	swUser
	swNatSrc
	swNatDst
	swProto
	swSent
	swRcvd
	swDuration // of a connection, in milliseconds
	swSeconds  // of a session
	swDstName
	swArg
	swAgent
	swSN // from here on into the remainder
	swC
	swN
	swNote
	swRule
	swSess
	swSrcZone
	swDstZone
	swSrcMac
	swVPN
	swApp
	swCategory
	swAction
	swSID
	swOp
	swDomain
	swPortal
	swBytesIn
	swBytesOut
	swFields
)

func sonicSlot(name []byte) int {
	switch string(name) {
	case "id":
		return swID
	case "time":
		return swTime
	case "fw":
		return swFW
	case "m":
		return swM
	case "msg":
		return swMsg
	case "src":
		return swSrc
	case "srcV6":
		return swSrcV6
	case "dst":
		return swDst
	case "dstV6":
		return swDstV6
	case "usr", "user":
		return swUser
	case "natSrc":
		return swNatSrc
	case "natDst":
		return swNatDst
	case "proto":
		return swProto
	case "sent":
		return swSent
	case "rcvd":
		return swRcvd
	case "cdur":
		return swDuration
	case "duration", "dur":
		return swSeconds
	case "bytesIn":
		return swBytesIn
	case "bytesOut":
		return swBytesOut
	case "dstname":
		return swDstName
	case "arg":
		return swArg
	case "agent":
		return swAgent
	case "sn":
		return swSN
	case "c":
		return swC
	case "n":
		return swN
	case "note":
		return swNote
	case "rule":
		return swRule
	case "sess":
		return swSess
	case "srcZone":
		return swSrcZone
	case "dstZone":
		return swDstZone
	case "srcMac":
		return swSrcMac
	case "vpnpolicy":
		return swVPN
	case "appName":
		return swApp
	case "Category":
		return swCategory
	case "fw_action":
		return swAction
	case "sid":
		return swSID
	case "op":
		return swOp
	case "domain":
		return swDomain
	case "portal":
		return swPortal
	}
	return -1
}

var sonicRest = [...]pairRest{{"sn", swSN}, {"m", swM}, {"msg", swMsg}, {"note", swNote}, {"proto", swProto}, {"rule", swRule}, {"session", swSess}, {"srczone", swSrcZone}, {"dstzone", swDstZone},
	{"mac", swSrcMac}, {"vpnpolicy", swVPN}, {"app", swApp}, {"catdesc", swCategory}, {"action", swAction}, {"sid", swSID}, {"domain", swDomain}, {"portal", swPortal}, {"bytesin", swBytesIn}, {"bytesout", swBytesOut}, {"n", swN}}

type sonicParser struct {
	env  *Env
	p    pairs
	rec  *event.Record
	out  *event.Batch
	when event.Micros
}

func (p *sonicParser) Flush(*event.Batch) {}

func (p *sonicParser) Parse(rec *event.Record, out *event.Batch) error {
	b, ok := sonicStart(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	p.p.scan(b)
	p.rec, p.out = rec, out
	t, n := parseISOStamp(p.p.v[swTime])
	if n == 0 {
		return ErrNoTime
	}
	if string(p.p.v[swTime][n:]) == " UTC" {
		t.HasZone = true
	}
	p.when = p.env.Clock.Moment(t)
	m, _ := parseNumber(p.p.v[swM])
	if string(p.p.v[swID]) == "sslvpn" {
		m = 0
	}
	p.message(m)
	return nil
}

// sonicKind is what the messages of one number tell.
type sonicKind struct {
	class    event.Class
	activity event.Activity
	outcome  event.Outcome
	reason   event.Reason
	service  string
}

// sonicKindOf returns the kind of a message by its number, which is the same in all versions (SonicOS 6.5.1 Log Events Reference Guide); false for those that are known by their
// words alone.
func sonicKindOf(m int64) (k sonicKind, ok bool) {
	login := func(service string) (sonicKind, bool) {
		return sonicKind{event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone, service}, true
	}
	failed := func(service string, r event.Reason) (sonicKind, bool) {
		return sonicKind{event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, r, service}, true
	}
	switch m {
	case 29, 235, 236: // administrator, from the VPN zone, from the WAN zone
		return login("admin")
	case 199:
		return login("cli")
	case 30:
		return failed("admin", event.ReasonBadCredentials)
	case 200:
		return failed("cli", event.ReasonBadCredentials)
	case 35:
		return failed("admin", event.ReasonDenied)
	case 31, 237, 238, 1008:
		return login("user")
	case 139:
		return login("xauth")
	case 1080:
		return login("ssl-vpn")
	case 318, 319:
		return login("l2tp")
	case 32, 243, 745, 749:
		return failed("user", event.ReasonBadCredentials)
	case 33, 987: // 987: there is none of that name on the device itself
		return failed("user", event.ReasonNoSuchAccount)
	case 1035:
		return failed("user", event.ReasonExpired)
	case 246, 486, 750, 759, 986, 1048:
		return failed("user", event.ReasonDenied)
	case 244, 245, 746, 747, 748, 751, 753, 754, 755, 756, 757:
		return failed("user", event.ReasonUnavailable)
	case 34:
		return failed("user", event.ReasonTimeout)
	case 140:
		return failed("xauth", event.ReasonBadCredentials)
	case 311, 312, 344:
		return failed("l2tp", event.ReasonBadCredentials)
	case 67:
		return failed("ipsec", event.ReasonBadCredentials)
	case 994, 996: // an administrator's session, behind the login: to configure, to read
		return sonicKind{event.ClassAuthentication, event.ActElevate, event.OutcomeSuccess, event.ReasonNone, "admin"}, true
	case 329, 583:
		return sonicKind{event.ClassAuthentication, event.ActLock, event.OutcomeSuccess, event.ReasonLocked, "user"}, true
	case 438, 439:
		return sonicKind{event.ClassAuthentication, event.ActUnlock, event.OutcomeSuccess, event.ReasonNone, "user"}, true
	case 24, 263, 264, 265, 328, 1153 + 1<<20:
		return sonicKind{event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone, "user"}, true
	case 98, 537, 1153:
		return sonicKind{event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 97:
		return sonicKind{event.ClassHTTP, event.ActRead, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 14, 16, 999, 1599:
		return sonicKind{event.ClassHTTP, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied, ""}, true
	case 36, 37, 38, 41, 70, 173, 174, 175, 181, 524, 580, 597, 598, 646, 647, 648, 1233, 1235, 1257, 1304:
		return sonicKind{event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied, ""}, true
	case 797, 798, 1093, 1108: // mail, to or from a server on a list, or stopped by its content
		return sonicKind{event.ClassMail, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied, "smtp"}, true
	case 22, 23, 25, 27, 81, 82, 83, 177, 178, 179, 229, 267, 606, 608, 609, 446, 789, 790, 793, 794, 795, 809, 859, 860, 864, 898, 901, 904, 905, 1098, 1099, 1154, 1155,
		1213, 1214, 1316, 1366, 1369, 1376, 1378, 1387, 1450, 1451:
		return sonicKind{event.ClassDetection, event.ActOther, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 440, 1050, 1150:
		return sonicKind{event.ClassEntityChange, event.ActCreate, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 441, 506, 507, 508, 509, 1049, 1052, 1343, 1382, 1432:
		return sonicKind{event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 442, 1051:
		return sonicKind{event.ClassEntityChange, event.ActDelete, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 5:
		return sonicKind{event.ClassLogAdmin, event.ActClear, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 1333:
		return sonicKind{event.ClassAccountChange, event.ActCreate, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 1334:
		return sonicKind{event.ClassAccountChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 1335:
		return sonicKind{event.ClassAccountChange, event.ActDelete, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 1337, 1338:
		return sonicKind{event.ClassAccountChange, event.ActReset, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case 1383:
		return sonicKind{event.ClassEntityChange, event.ActChange, event.OutcomeFailure, event.ReasonOther, ""}, true
	case 1198, 1199, 1200, 1201, 1474, 1475, 1476, 1477, 1518, 1519: // of a country, or of a botnet, that is shut out
		return sonicKind{event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied, ""}, true
	case 1110:
		return sonicKind{event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone, "dhcp"}, true
	}
	return k, false
}

// sonicWords knows a message by its words: those whose numbers differ between products, and those of the SMA.
func sonicWords(msg []byte) (k sonicKind, ok bool) {
	service := "user"
	switch {
	case has(msg, "dministrator"):
		service = "admin"
	case has(msg, "SSL VPN"), has(msg, "SSLVPN"), has(msg, "NetExtender"), has(msg, "Virtual Office"):
		service = "ssl-vpn"
	}
	switch {
	case has(msg, "login denied"), has(msg, "login failed"), has(msg, "Login failed"), has(msg, "log in failed"):
		return sonicKind{event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, sonicReason(msg), service}, true
	case has(msg, "login allowed"), has(msg, "login successful"), has(msg, "Login successful"), isPrefix(msg, "NetExtender connected"):
		return sonicKind{event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone, service}, true
	case has(msg, "logged out"), isPrefix(msg, "NetExtender disconnected"), has(msg, "logout"):
		return sonicKind{event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone, service}, true
	case isPrefix(msg, "Configuration changed"), has(msg, "onfiguration succeeded"), has(msg, "settings imported"):
		return sonicKind{event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone, ""}, true
	case has(msg, "dropped"):
		return sonicKind{event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied, ""}, true
	}
	return sonicKind{}, false
}

func sonicReason(msg []byte) event.Reason {
	switch {
	case has(msg, "expired"):
		return event.ReasonExpired
	case has(msg, "ockout"), has(msg, "locked"):
		return event.ReasonLocked
	case has(msg, "Timeout"), has(msg, "down"), has(msg, "problem"), has(msg, "configuration error"):
		return event.ReasonUnavailable
	case has(msg, "privileges"), has(msg, "not allowed"), has(msg, "already logged in"), has(msg, "disabled from"):
		return event.ReasonDenied
	case has(msg, "one time password"), has(msg, "OTP"), has(msg, "2FA"):
		return event.ReasonSecondFactorFailed
	}
	return event.ReasonBadCredentials
}

func (p *sonicParser) message(m int64) {
	v, in := p.p.v, p.env.Intern
	k, known := sonicKindOf(m)
	if !known {
		if k, known = sonicWords(v[swMsg]); !known {
			k = sonicKind{class: event.ClassOther, activity: event.ActOther}
		}
	}
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason, ev.Ref = p.when, k.class, k.activity, k.outcome, k.reason, p.env.Ref(p.rec)
	ev.Service = k.service
	ev.Account = p.user(v[swUser])
	ambiguous := p.p.several(swSrc, swSrcV6, swUser, swM)
	if !ambiguous {
		ev.SrcIP, ev.SrcPort, ev.SrcHost = p.end(v[swSrc], v[swSrcV6])
	}
	ev.DstIP, ev.DstPort, ev.DstHost = p.end(v[swDst], v[swDstV6])
	var r remainder
	if ambiguous {
		r.flag("ambiguous", true)
	}
	switch k.class {
	case event.ClassAuthentication, event.ClassEntityChange, event.ClassLogAdmin, event.ClassOther, event.ClassLease:
		if ev.DstHost == "" {
			ev.DstHost = p.env.deviceHost(p.rec, v[swFW])
		}
		if k.class != event.ClassAuthentication {
			ev.Object = in.Bytes(v[swMsg])
		}
		if ev.Service == "user" && (has(v[swSess], "sslvpn") || string(v[swID]) == "sslvpn") {
			ev.Service = "ssl-vpn"
		}
		if k.activity == event.ActLogoff {
			if sec, ok := parseNumber(v[swSeconds]); ok && sec < 1<<40 {
				ev.Duration = event.Some(sec * 1000)
			}
		}
	case event.ClassHTTP:
		ev.Object = p.url()
		p.flow(ev, m)
	case event.ClassDetection:
		ev.Object = in.Bytes(v[swMsg])
		if a := v[swAction]; string(a) == "drop" || m == 609 || m == 790 || m == 794 {
			ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
		}
	case event.ClassNetwork:
		p.flow(ev, m)
		if ev.Service == "" {
			_, name, _ := bytes.Cut(v[swProto], []byte("/"))
			if _, number := parseNumber(name); !number {
				ev.Service = in.Bytes(name)
			}
		}
	}
	ev.Client = in.Bytes(v[swAgent])
	p.nat(&r)
	r.pairs(&p.p, p.env, ev, sonicRest[:])
	if m == 98 { // the closed connection tells it all again
		ev.Count = event.Some(0)
		r.flag("repeat", true)
	}
	ev.Rest = r.rest(p.out)
}

// user returns a name; the device writes of those whom single sign-on does not know that it does not.
func (p *sonicParser) user(b []byte) string {
	b = bytes.TrimSpace(b)
	if isPrefix(b, "Unknown (") || string(b) == "Unknown" {
		return ""
	}
	return p.env.Intern.Bytes(b)
}

// end reads "192.0.2.7:51312:X1-V10:pc1.example.jp", of which all but the first may be missing; an IPv6 address stands in a field of its own.
func (p *sonicParser) end(b, v6 []byte) (ip netip.Addr, port uint16, host string) {
	addr, rest, _ := bytes.Cut(b, []byte(":"))
	ip, _ = p.env.addr(addr)
	if a, ok := p.env.addr(v6); ok {
		ip = a
	} else if a, ok := p.env.addr(b); ok && a.Is6() {
		return a, 0, ""
	}
	num, rest, _ := bytes.Cut(rest, []byte(":"))
	port, _ = parsePort(num)
	if _, name, ok := bytes.Cut(rest, []byte(":")); ok && isHostName(name) {
		if _, isAddr := p.env.addr(name); !isAddr {
			host = p.env.Intern.Bytes(name)
		}
	}
	if ip.IsUnspecified() {
		ip = netip.Addr{}
	}
	return ip, port, host
}

func (p *sonicParser) flow(ev *event.Event, m int64) {
	v := p.p.v
	if m == 98 {
		ev.Activity = event.ActStart
		return
	}
	ev.BytesOut, ev.BytesIn = someNumber(v[swSent]), someNumber(v[swRcvd])
	ev.Duration = someNumber(v[swDuration])
	if ev.DstHost == "" && isHostName(v[swDstName]) && !looksLikeAddr(v[swDstName]) {
		ev.DstHost = p.env.Intern.Bytes(v[swDstName])
	}
}

func (p *sonicParser) url() string {
	v := p.p.v
	if len(v[swDstName]) == 0 {
		return p.env.Intern.Bytes(v[swArg])
	}
	return p.env.Intern.Bytes(v[swDstName]) + p.env.Intern.Bytes(v[swArg])
}

// nat keeps the translated ends.
func (p *sonicParser) nat(r *remainder) {
	for i, name := range [...]string{"nat_src", "nat_dst"} {
		ip, port, _ := p.end(p.p.v[swNatSrc+i], nil)
		if !ip.IsValid() {
			continue
		}
		addr, _, _ := bytes.Cut(p.p.v[swNatSrc+i], []byte(":"))
		r.text([...]string{"nat_src_ip", "nat_dst_ip"}[i], p.env.Intern.Bytes(addr))
		if port > 0 {
			r.number(name+"_port", int64(port))
		}
	}
}
