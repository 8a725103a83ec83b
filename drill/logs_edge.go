// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// edgeLog writes the traffic log of the firewall at the edge, which also stands between the inner networks (FortiOS 7).
type edgeLog struct {
	sheet
	stamp stamp
	d     dice
	id    int64
}

// flow is one session. Bytes are as the source sees them: sent, received.
type flow struct {
	end            int64 // when the line is written
	src, dst       string
	sport, dport   int
	proto          int // 6 TCP, 17 UDP, 1 ICMP
	action         string
	from, to       string // interfaces: lan, dmz, mgmt, wan1
	srcC, dstC     string // country names; "Reserved" for private addresses
	nat            string // the address outside that it leaves with; empty: none
	took           int64
	sent, received int64
	own            bool // the firewall's own traffic
}

// country returns FortiOS's name of a country.
func country(code string) string {
	switch code {
	case "JP":
		return "Japan"
	case "US":
		return "United States"
	case "DE":
		return "Germany"
	case "SG":
		return "Singapore"
	case "FR":
		return "France"
	case "NL":
		return "Netherlands"
	case "CH":
		return "Switzerland"
	case "CN":
		return "China"
	case "HK":
		return "Hong Kong"
	case "CA":
		return "Canada"
	case "SE":
		return "Sweden"
	case "LT":
		return "Lithuania"
	case "LV":
		return "Latvia"
	case "RO":
		return "Romania"
	case "AU":
		return "Australia"
	case "BG":
		return "Bulgaria"
	case "VN":
		return "Vietnam"
	case "AT":
		return "Austria"
	case "DK":
		return "Denmark"
	case "LU":
		return "Luxembourg"
	case "TH":
		return "Thailand"
	}
	return "Reserved"
}

func service(port, proto int) string {
	if proto == 1 {
		return "PING"
	}
	switch port {
	case 22:
		return "SSH"
	case 53:
		return "DNS"
	case 80:
		return "HTTP"
	case 389:
		return "LDAP"
	case 443:
		return "HTTPS"
	case 445:
		return "SMB"
	case 3389:
		return "RDP"
	case 123:
		return "NTP"
	case 1194:
		return "OPENVPN"
	}
	if proto == 17 {
		return "udp/" + strconv.Itoa(port)
	}
	return "tcp/" + strconv.Itoa(port)
}

func quoted(b []byte, key, value string) []byte {
	b = append(append(b, ' '), key...)
	b = append(append(b, `="`...), value...)
	return append(b, '"')
}

func plain(b []byte, key, value string) []byte {
	return append(append(append(append(b, ' '), key...), '='), value...)
}

func number(b []byte, key string, n int64) []byte {
	b = append(append(append(b, ' '), key...), '=')
	return strconv.AppendInt(b, n, 10)
}

func (l *edgeLog) write(f flow) {
	l.id += int64(1 + l.d.n(90))
	b := append(l.open(), "date="...)
	l.stamp.set(f.end, jst)
	b = append(l.stamp.dashed(b), " time="...)
	b = l.stamp.clock(b)
	b = append(b, ` devname="edge1" devid="FG200FT921900117" eventtime=`...)
	b = strconv.AppendInt(b, f.end*1000+int64(l.d.n(1000)), 10)
	if f.own {
		b = append(b, ` tz="+0900" logid="0001000014" type="traffic" subtype="local" level="notice" vd="root"`...)
	} else {
		b = append(b, ` tz="+0900" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root"`...)
	}
	b = plain(b, "srcip", f.src)
	if f.proto != 1 {
		b = number(b, "srcport", int64(f.sport))
	}
	b = quoted(quoted(b, "srcintf", f.from), "srcintfrole", role(f.from))
	b = plain(b, "dstip", f.dst)
	if f.proto != 1 {
		b = number(b, "dstport", int64(f.dport))
	}
	b = quoted(quoted(b, "dstintf", f.to), "dstintfrole", role(f.to))
	b = quoted(quoted(b, "srccountry", f.srcC), "dstcountry", f.dstC)
	b = number(number(b, "sessionid", l.id), "proto", int64(f.proto))
	b = quoted(b, "action", f.action)
	kind := "policy"
	if f.own {
		kind = "local-in-policy"
	}
	b = quoted(number(b, "policyid", policy(&f)), "policytype", kind)
	b = quoted(b, "service", service(f.dport, f.proto))
	if f.nat != "" {
		b = number(plain(quoted(b, "trandisp", "snat"), "transip", f.nat), "transport", int64(f.sport))
	} else {
		b = quoted(b, "trandisp", "noop")
	}
	b = number(b, "duration", f.took/second)
	b = number(number(b, "sentbyte", f.sent), "rcvdbyte", f.received)
	b = number(number(b, "sentpkt", packets(f.sent)), "rcvdpkt", packets(f.received))
	l.close(f.end, append(b, ` appcat="unscanned"`...))
}

// policy is the number of the rule that a session fell under; 0 is the one that denies what no other allows.
func policy(f *flow) int64 {
	switch {
	case f.action == "deny", f.own:
		return 0
	case f.from == "ssl.root":
		return 51
	case f.to == "wan1":
		return 12
	case f.from == "wan1":
		return 31
	case f.to == "mgmt":
		return 44
	}
	return 20
}

func role(port string) string {
	switch port {
	case "wan1":
		return "wan"
	case "dmz":
		return "dmz"
	case "ssl.root", "unknown0":
		return "undefined"
	}
	return "lan"
}

func packets(n int64) int64 {
	if n == 0 {
		return 0
	}
	return n/1100 + 1
}

// dnsLog writes BIND's query log.
type dnsLog struct {
	sheet
	stamp stamp
}

func (l *dnsLog) query(t int64, client, name, kind string, d *dice) {
	b := append(l.stamp.named(l.open(), t), " queries: info: client @0x7f"...)
	b = strconv.AppendInt(b, int64(0x1000000000+d.n(1<<34)), 16)
	b = append(append(append(b, ' '), client...), '#')
	b = strconv.AppendInt(b, int64(32768+d.n(28000)), 10)
	b = append(append(append(b, " ("...), name...), "): query: "...)
	b = append(append(append(append(b, name...), " IN "...), kind...), " +E(0)K ("+dnsIP+")"...)
	l.close(t, b)
}
