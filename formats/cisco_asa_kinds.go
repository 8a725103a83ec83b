// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

type ipAddr = netip.Addr

// Readers of the kinds of messages of Cisco's firewalls. Names are whatever was typed: where an address follows a name it is read from the end.

// aaa reads "AAA user authentication Rejected : reason = AAA failure : server = 10.1.9.5 : user = taro : user IP = 203.0.113.7".
func (p *asaParser) aaa(id int, t []byte) {
	if id == 113006 {
		ev := p.add(event.ClassAuthentication, event.ActLock, event.OutcomeSuccess, event.ReasonLocked)
		ev.Account = p.name(after(t, "User ", " locked out"))
		return
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	kind := t[:min(len(t), 60)]
	if id != 113004 && id != 113012 {
		ev.Outcome, ev.Reason = event.OutcomeFailure, asaReason(t)
	}
	if has(kind, "accounting") || has(kind, "authorization") { // of a session that was let in before
		ev.Activity = event.ActOther
	}
	if i := lastIndex(t, "user IP = "); i >= 0 {
		p.source(ev, t[i+len("user IP = "):])
		t = bytes.TrimRight(t[:i], ": ")
	} else if i := lastIndex(t, "user IP "); i >= 0 {
		p.source(ev, t[i+len("user IP "):])
		t = bytes.TrimRight(t[:i], ": ")
	}
	for _, w := range [...]string{"user = ", "User = ", "user name = "} {
		if i := index(t, w); i >= 0 {
			ev.Account = p.name(bytes.TrimRight(t[i+len(w):], ": "))
			break
		}
	}
	ev.Service = "aaa"
	repeat := ev.Outcome == event.OutcomeSuccess && ev.Activity == event.ActLogon // the service that asked tells of it with the address
	if ev.Outcome == event.OutcomeFailure {
		p.again(ev.Account, true)
	}
	fields := [4]event.Field{event.Text("server", p.env.Intern.Bytes(after(t, "server = ", " :", ":", ","))), event.Text("detail", p.env.Intern.Bytes(after(t, "reason = ", ": server", " : "))),
		event.Number("id", int64(id)), event.Flag("repeat", true)}
	if repeat {
		ev.Count = event.Some(0)
	}
	ev.Rest = p.out.Rest(fields[:3+count(repeat)]...)
}

func asaReason(t []byte) event.Reason {
	r := after(t, "reason = ", ": server", " : ", ": user")
	switch {
	case has(r, "Invalid password"), has(r, "password incorrect"):
		return event.ReasonBadPassword
	case has(r, "User was not found"), has(r, "user not found"), has(r, "nknown user"):
		return event.ReasonNoSuchAccount
	case has(r, "locked"):
		return event.ReasonLocked
	case has(r, "xpired"):
		return event.ReasonExpired
	case has(r, "disabled"):
		return event.ReasonDisabled
	case has(r, "imultaneous"), has(r, "not authorized"), has(r, "restriction"), has(r, "denied"):
		return event.ReasonDenied
	case has(r, "unreachable"), has(r, "server not"), has(r, "imeout"), has(r, "No active server"):
		return event.ReasonUnavailable
	}
	return event.ReasonBadCredentials
}

// vpn reads "Group <staff> User <hanako> IP <203.0.113.20> AnyConnect parent session started." and its like, and "Group = staff, Username = hanako,
// IP = 203.0.113.20, Session disconnected. …".
func (p *asaParser) vpn(id int, t []byte) {
	var ev *event.Event
	var user, ip, group []byte
	if has(t[:min(len(t), 16)], "Group <") || isPrefix(t, "TunnelGroup <") {
		group = after(t, "Group <", ">")
		i := lastIndex(t, "> IP <") // the name before it may be anything
		if i > 0 {
			user, ip = after(t[:i], "User <"), after(t[i:], "IP <", ">")
		} else {
			user = after(t, "User <", ">")
		}
	} else {
		group, user = after(t, "Group = ", ", Username", ", User"), after(t, "Username = ", ", IP = ", ", Session")
		if i := lastIndex(t, ", IP = "); i >= 0 {
			ip = after(t[i:], ", IP = ", ",")
		}
	}
	tail := t[max(lastIndex(t, "> "), 0):]
	switch id {
	case 113039, 716001:
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	case 716038: // the answer to a name and a password, before the session
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		ev.Count = event.Some(0)
	case 716039:
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
	case 722022:
		ev = p.add(event.ClassRemoteSession, event.ActStart, event.OutcomeSuccess, event.ReasonNone)
	case 722023, 722037:
		ev = p.add(event.ClassRemoteSession, event.ActStop, event.OutcomeSuccess, event.ReasonNone)
	case 716002:
		ev = p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	case 113019:
		ev = p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
		ev.BytesOut, ev.BytesIn = someNumber(after(t, "Bytes rcv: ", ",")), someNumber(after(t, "Bytes xmt: ", ","))
		ev.Duration = asaDuration(after(t, "Duration: ", ","))
	case 722051: // "… IPv4 Address <10.8.0.6> IPv6 address <::> assigned to session"
		ev = p.add(event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone)
		ev.Object = p.inner(t, "Address <", ">")
	case 713228: // "… Assigned private IP address 10.8.0.6 to remote user"
		ev = p.add(event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone)
		ev.Object = p.inner(t, "private IP address ", " ")
	case 603108:
		ev = p.add(event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone)
		ev.Object, user, ip = p.inner(t, "client-dynamic-ip = ", ","), after(t, "username = ", ", MPPE"), after(t, "remote-peer = ", ",")
	case 746012, 746013: // "Add IP-User mapping 10.1.2.3 - LAB\hanako Succeeded - VPN user"
		p.mapping(id, t)
		return
	default:
		return
	}
	if ev.Class == event.ClassLease && ev.Object == "" {
		p.out.Drop()
		return
	}
	ev.Account, ev.Service = p.name(user), "vpn"
	p.source(ev, ip)
	fields := [4]event.Field{event.Text("group", p.env.Intern.Bytes(group)), event.Number("id", int64(id)), event.Text("reason", p.env.Intern.Bytes(after(tail, "Reason: ", ",")))}
	n := 3
	if id == 716039 && p.again(ev.Account, false) {
		ev.Count = event.Some(0)
		fields[n], n = event.Flag("repeat", true), n+1
	}
	if id == 716038 {
		fields[n], n = event.Flag("repeat", true), n+1
	}
	ev.Rest = p.out.Rest(fields[:n]...)
}

// inner returns an address that a client was given, in its own spelling.
func (p *asaParser) inner(t []byte, key, end string) string {
	b := bytes.TrimRight(after(t, key, end), ".,")
	if a, ok := p.env.addr(b); !ok || a.IsUnspecified() {
		return ""
	}
	return p.env.Intern.Bytes(b)
}

func (p *asaParser) mapping(id int, t []byte) {
	ip, ok := p.env.addr(behind(t, "mapping "))
	if !ok || !has(t, "Succeeded") {
		return
	}
	act := event.ActAssign
	if id == 746013 {
		act = event.ActRelease
	}
	ev := p.add(event.ClassLease, act, event.OutcomeSuccess, event.ReasonNone)
	ev.SrcIP, ev.Service = ip, "user-id"
	if i := lastIndex(t, " Succeeded"); i > 0 {
		ev.Account = p.name(after(t[:i], " - "))
	}
}

// asaDuration reads "1h:02m:03s", "0:02:32" and "3d 1h:02m:03s" as milliseconds.
func asaDuration(b []byte) event.Int {
	sum, part, any := int64(0), int64(0), false
	for _, c := range b {
		switch {
		case isDigit(c):
			part, any = part*10+int64(c-'0'), true
			if part > 1<<30 {
				return event.Int{}
			}
		case c == 'd':
			sum, part = sum+part*24, 0
		case c == ':':
			sum, part = (sum+part)*60, 0
		case c == 'h' || c == 'm' || c == 's' || c == ' ':
		default:
			return event.Int{}
		}
	}
	if !any {
		return event.Int{}
	}
	return event.Some((sum + part) * 1000)
}

// login reads logins to the device itself and through it: "Login denied from 203.0.113.7/53412 to outside:198.51.100.1/ssh for user "root"".
func (p *asaParser) login(id int, t []byte) {
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	switch id {
	case 605004, 611102, 308001, 109006, 109008, 109025:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
	case 611103:
		ev.Activity = event.ActLogoff
	}
	switch id {
	case 605004, 605005:
		head := t
		if i := index(t, " for user "); i >= 0 {
			ev.Account, head = p.name(t[i+len(" for user "):]), t[:i]
		}
		p.source(ev, after(head, " from ", " to "))
		to := after(head, " to ")
		if i := bytes.LastIndexByte(to, '/'); i >= 0 {
			ev.Service = p.env.Intern.Bytes(to[i+1:])
		}
		ev.DstIP, _ = p.end(to)
	case 611101, 611102: // "User authentication succeeded: IP address: 10.1.9.5, Uname: admin"
		ev.Account = p.name(after(t, "Uname: "))
		p.source(ev, after(t, "IP address: ", ","))
		ev.Count = event.Some(0) // 605004 and 605005 tell of the same, with the service
		ev.Rest = p.out.Rest(event.Flag("repeat", true))
		return
	case 611103:
		ev.Account = p.name(after(t, "Uname: "))
	case 308001: // "console enable password incorrect for 3 tries (from 10.1.9.5)"
		ev.Activity, ev.Service = event.ActElevate, "enable"
		if i := lastIndex(t, "(from "); i >= 0 {
			p.source(ev, t[i+6:])
		}
	default: // "Authentication failed for user 'taro' from 203.0.113.7/53412 to 198.51.100.1/80 on interface outside"
		i := lastIndex(t, " from ")
		if i < 0 {
			break
		}
		ev.Account = p.name(after(t[:i], "user "))
		p.source(ev, after(t[i:], " from ", " to "))
		ev.DstIP, ev.DstPort = p.end(after(t[i:], " to ", " on "))
		if id == 109007 || id == 109008 || id == 109025 { // authorization
			ev.Activity, ev.Reason = event.ActConnect, event.ReasonDenied
			ev.Class = event.ClassNetwork
			if id == 109007 {
				ev.Reason = event.ReasonNone
			}
		}
	}
	again := ev.Outcome == event.OutcomeFailure && ev.Activity == event.ActLogon && p.again(ev.Account, false)
	if again {
		ev.Count = event.Some(0)
	}
	fields := [2]event.Field{event.Number("id", int64(id)), event.Flag("repeat", true)}
	ev.Rest = p.out.Rest(fields[:1+count(again)]...)
}

// connection reads "Built outbound TCP connection 9 for outside:203.0.113.80/443 (203.0.113.80/443) to inside:10.1.2.3/51234 (198.51.100.1/40001)" and
// "Teardown TCP connection 9 for outside:203.0.113.80/443 to inside:10.1.2.3/51234 duration 0:00:05 bytes 526 TCP FINs". What is inbound began at
// the side named first.
func (p *asaParser) connection(id int, t []byte) {
	if id == 305011 || id == 305012 {
		p.translation(id, t)
		return
	}
	built := isPrefix(t, "Built ")
	in := has(t[:min(len(t), 16)], " inbound ")
	proto := "tcp"
	switch {
	case has(t[:min(len(t), 40)], "UDP"):
		proto = "udp"
	case has(t[:min(len(t), 40)], "ICMP"):
		proto = "icmp"
	case has(t[:min(len(t), 40)], "GRE"):
		proto = "gre"
	}
	var a, b []byte
	if proto == "icmp" { // "… for faddr 203.0.113.7/0 gaddr 198.51.100.10/0 laddr 10.1.9.10/0"
		a, b = behind(t, "faddr "), behind(t, "laddr ")
	}
	if len(a) == 0 {
		rest := after(t, " for ")
		if len(rest) == 0 {
			rest = after(t, " from ")
		}
		a, _ = nextWord(rest)
		b = behind(rest, " to ")
	}
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	fip, fport := p.end(a)
	lip, lport := p.end(b)
	if !fip.IsValid() || !lip.IsValid() {
		p.out.Drop()
		return
	}
	ev.DstHost = ""
	ev.SrcIP, ev.SrcPort, ev.DstIP, ev.DstPort = lip, lport, fip, fport
	if in || !built && isOwnSide(fip) && !isOwnSide(lip) {
		ev.SrcIP, ev.SrcPort, ev.DstIP, ev.DstPort = fip, fport, lip, lport
	}
	var f [9]event.Field
	f[0], f[1], f[2] = event.Text("proto", proto), event.Text("device", p.host), event.Number("id", int64(id))
	n := 3
	if built {
		n += p.mapped(ev, t, f[n:], in)
	} else {
		ev.Activity, ev.Count = event.ActClose, event.Some(0)
		ev.Duration = asaDuration(after(t, " duration ", " "))
		if sum, ok := parseNumber(behind(t, " bytes ")); ok { // both ways together
			f[n], n = event.Number("bytes", sum), n+1
		}
		f[n], n = event.Flag("repeat", true), n+1
	}
	ev.Rest = p.out.Rest(f[:n]...)
}

// mapped adds the translated addresses, which stand in brackets behind each end.
func (p *asaParser) mapped(ev *event.Event, t []byte, to []event.Field, in bool) (n int) {
	i := index(t, " (")
	j := lastIndex(t, " to ")
	if i < 0 || j < i {
		return 0
	}
	first, fport := p.end(after(t[i:], " (", ")"))
	second, sport := p.end(after(t[j:], " (", ")"))
	inner, iport, outer, oport := second, sport, first, fport
	if in {
		inner, iport, outer, oport = first, fport, second, sport
	}
	if inner.IsValid() && (inner != ev.SrcIP || iport != ev.SrcPort) {
		n += natAddr(p.env, to, "nat_src_ip", "nat_src_port", inner, iport)
	}
	if outer.IsValid() && (outer != ev.DstIP || oport != ev.DstPort) { // who began it asked for the outer one
		n += natAddr(p.env, to[n:], "nat_dst_ip", "nat_dst_port", ev.DstIP, ev.DstPort)
		ev.DstIP, ev.DstPort = outer, oport
	}
	return n
}

// translation reads "Built dynamic TCP translation from inside:10.1.2.3/51234 to outside:198.51.100.1/40001".
func (p *asaParser) translation(id int, t []byte) {
	if id == 305012 {
		return
	}
	a, aport := p.end(behind(t, " from "))
	b, bport := p.end(behind(t, " to "))
	if !a.IsValid() || !b.IsValid() {
		return
	}
	ev := p.add(event.ClassNetwork, event.ActStart, event.OutcomeSuccess, event.ReasonNone)
	ev.SrcIP, ev.SrcPort, ev.DstHost, ev.Count = a, aport, "", event.Some(0)
	var f [3]event.Field
	f[0] = event.Text("device", p.host)
	n := 1 + natAddr(p.env, f[1:], "nat_src_ip", "nat_src_port", b, bport)
	ev.Rest = p.out.Rest(f[:n]...)
}

// refusal reads "Deny tcp src outside:203.0.113.7/53412 dst inside:10.1.9.10/22 by access-group "outside_in"" and its like.
func (p *asaParser) refusal(id int, t []byte) {
	var src, dst []byte
	switch {
	case has(t, " src ") && has(t, " dst "):
		src, dst = behind(t, " src "), behind(t, " dst ")
	case has(t, " from ") && has(t, " to "):
		src, dst = behind(t, " from "), behind(t, " to ")
	case id == 106100: // "access-list outside_in denied tcp outside/203.0.113.7(53412) -> inside/10.1.9.10(22) hit-cnt 1 …"
		p.accessList(t)
		return
	case id == 401004: // "Shunned packet: 203.0.113.7 ==> 198.51.100.10 on interface outside"
		src = behind(t, "packet: ")
		dst = bytes.TrimLeft(after(t, "=", " on "), "=> ")
	case has(t, "from laddr "):
		src, dst = behind(t, "from laddr "), behind(t, " to ")
	default:
		return
	}
	ev := p.add(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
	ev.DstHost = ""
	p.source(ev, src)
	ev.DstIP, ev.DstPort = p.end(dst)
	if !ev.SrcIP.IsValid() {
		if src = behind(t, "from laddr "); len(src) > 0 {
			p.source(ev, src)
		}
		if !ev.SrcIP.IsValid() {
			p.out.Drop()
			return
		}
	}
	ev.Rest = p.out.Rest(event.Text("device", p.host), event.Text("rule", p.env.Intern.Bytes(bytes.Trim(behind(t, "access-group "), "\""))), event.Number("id", int64(id)))
}

func (p *asaParser) accessList(t []byte) {
	arrow := index(t, " -> ")
	if arrow < 0 {
		return
	}
	from := t[:arrow]
	from = from[bytes.LastIndexByte(from, ' ')+1:]
	to, _ := nextWord(t[arrow+4:])
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	if has(t[:arrow], " denied ") {
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	ev.DstHost = ""
	ev.SrcIP, ev.SrcPort = p.listEnd(from)
	ev.DstIP, ev.DstPort = p.listEnd(to)
	if !ev.SrcIP.IsValid() {
		p.out.Drop()
		return
	}
	ev.Rest = p.out.Rest(event.Text("device", p.host), event.Text("rule", p.env.Intern.Bytes(behind(t, "access-list "))), event.Number("id", 106100))
}

// listEnd reads "outside/203.0.113.7(53412)".
func (p *asaParser) listEnd(b []byte) (ip ipAddr, port uint16) {
	if i := bytes.IndexByte(b, '/'); i >= 0 {
		b = b[i+1:]
	}
	if i := bytes.IndexByte(b, '('); i > 0 {
		port, _ = parsePort(bytes.TrimRight(b[i+1:], ")"))
		b = b[:i]
	}
	ip, _ = p.env.addr(b)
	return ip, port
}

// admin reads what administrators did: "User 'admin', running 'CLI' from IP 10.1.9.5, executed 'no logging enable'".
func (p *asaParser) admin(id int, t []byte) {
	ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
	switch id {
	case 111008:
		ev.Account, ev.Object = p.name(after(t, "User '", "' executed")), p.env.Intern.Bytes(after(t, "executed the '", "' command"))
		ev.Count = event.Some(0) // 111010 tells of the same with the address
		ev.Rest = p.out.Rest(event.Flag("repeat", true))
		return
	case 111010:
		ev.Account, ev.Object = p.name(after(t, "User '", "', running")), p.env.Intern.Bytes(bytes.TrimRight(after(t, "executed '"), "'"))
		p.source(ev, after(t, "from IP ", ","))
		if isPrefix([]byte(ev.Object), "no logging") || isPrefix([]byte(ev.Object), "clear logging") {
			ev.Class = event.ClassLogAdmin
		}
	case 502101, 502102:
		ev.Class, ev.Activity = event.ClassAccountChange, event.ActCreate
		if id == 502102 {
			ev.Activity = event.ActDelete
		}
		ev.Target = p.name(after(t, "Uname: ", " Priv"))
	case 502103:
		ev.Class, ev.Activity, ev.Account = event.ClassAuthentication, event.ActElevate, p.name(after(t, "Uname: ", " From"))
	default:
		word, _ := nextWord(t)
		if p.source(ev, word); !ev.SrcIP.IsValid() {
			p.source(ev, behind(t, "configuration: "))
		}
		ev.Object = "configuration"
		if id == 111003 {
			ev.Activity = event.ActDelete
		}
	}
	ev.Rest = p.out.Rest(event.Number("id", int64(id)))
}

// url reads "10.1.2.3 Accessed URL 203.0.113.80:http://www.example.org/" and "Access denied URL http://… SRC 10.1.2.3 DEST 203.0.113.80 on interface inside".
func (p *asaParser) url(id int, t []byte) {
	ev := p.add(event.ClassHTTP, event.ActRead, event.OutcomeSuccess, event.ReasonNone)
	ev.DstHost = ""
	if id == 304002 {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
		if i := lastIndex(t, " SRC "); i > 0 {
			p.source(ev, behind(t[i:], " SRC "))
			ev.DstIP, _ = p.end(behind(t[i:], " DEST "))
			ev.Object = p.env.Intern.Bytes(after(t[:i], "URL "))
		}
		return
	}
	who, rest := nextWord(t)
	if i := bytes.LastIndexByte(who, '@'); i >= 0 {
		ev.Account, who = p.name(who[:i]), who[i+1:]
	}
	p.source(ev, who)
	target := after(rest, "URL ")
	if c := bytes.IndexByte(target, ':'); c > 0 {
		if a, ok := p.env.addr(target[:c]); ok {
			ev.DstIP, target = a, target[c+1:]
		}
	}
	ev.Object = p.env.Intern.Bytes(target)
}
