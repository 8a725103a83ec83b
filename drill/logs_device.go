// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// deviceLog writes what the firewall at the edge says of itself: VPN logins, administrators, its configuration, its health
// (FortiOS 7, type="event"). Numbers and fields are those of the FortiOS Log Message Reference; the free text of the rarer
// ones (a crash, a restored image) is worded as published samples word it. Everything varied comes from the caller's dice.
type deviceLog struct {
	sheet
	stamp stamp
	since int64 // when the device last started

	down, up int64 // the restart that is under way or to come; up is 0 when there is none
}

// begin writes a record up to its description.
func (l *deviceLog) begin(t int64, id, subtype, level, desc string) []byte {
	b := append(l.open(), "date="...)
	l.stamp.set(t, jst)
	b = append(l.stamp.dashed(b), " time="...)
	b = l.stamp.clock(b)
	b = append(b, ` devname="edge1" devid="FG200FT921900117" eventtime=`...)
	b = strconv.AppendInt(b, t*1000+t%1000*7919%1000, 10)
	b = append(append(b, ` tz="+0900" logid="`...), id...)
	b = append(b, `" type="event"`...)
	b = quoted(quoted(b, "subtype", subtype), "level", level)
	return quoted(append(b, ` vd="root"`...), "logdesc", desc)
}

// vpn writes one record of the SSL-VPN. The tunnel is 0 and user and group are "N/A" before anybody has logged in.
func (l *deviceLog) vpn(t int64, id, level, desc, action, kind string, tunnel int64, from *address, inner, user, group, reason, msg string, more func([]byte) []byte) {
	b := quoted(quoted(l.begin(t, id, "vpn", level, desc), "action", action), "tunneltype", kind)
	b = plain(number(b, "tunnelid", tunnel), "remip", from.ip)
	if inner != "" {
		b = plain(b, "tunnelip", inner)
	}
	b = quoted(quoted(quoted(b, "user", user), "group", group), "dst_host", "N/A")
	b = quoted(b, "reason", reason)
	if more != nil {
		b = more(b)
	}
	l.close(t, quoted(b, "msg", msg))
}

// knock is a TLS connection to the portal, which every visit begins with.
func (l *deviceLog) knock(t int64, from *address) {
	l.vpn(t, "0101039943", "information", "SSL VPN new connection", "ssl-new-con", "ssl", 0, from, "", "N/A", "N/A", "N/A", "SSL new connection", nil)
}

// dropped is a connection to the portal that ended without a login: a scanner, a broken handshake.
func (l *deviceLog) dropped(t int64, from *address) {
	l.knock(t, from)
	t += second
	l.vpn(t, "0101039946", "error", "SSL VPN exit error", "ssl-exit-error", "ssl", 0, from, "", "N/A", "N/A", "N/A", "SSL exit error", nil)
}

// The reasons for which the portal refuses a login. A wrong password and a stale code look the same.
const (
	vpnUnknown = "sslvpn_login_unknown_user"
	vpnDenied  = "sslvpn_login_permission_denied"
)

// refused is a login that the portal did not let in.
func (l *deviceLog) refused(t int64, user string, from *address, reason string) {
	l.knock(t-second, from)
	l.vpn(t, "0101039426", "alert", "SSL VPN login fail", "ssl-login-fail", "ssl-web", 0, from, "", user, "N/A", reason, "SSL user failed to logged in", nil)
}

// statsEvery is how often the device tells of a tunnel that is up.
const statsEvery = 10 * minute

// tunnel is a session from the login to its end. down are the bytes sent to the client, up those that came from it.
func (l *deviceLog) tunnel(t int64, user, group string, from *address, inner string, took, down, up int64, d *dice) {
	id := int64(d.next() >> 33)
	l.knock(t-second, from)
	l.vpn(t, "0101039424", "information", "SSL VPN tunnel up", "tunnel-up", "ssl-web", id, from, "", user, group, "login successfully", "SSL tunnel established", nil)
	l.person(t, "0102043039", "Authentication logon", "auth-logon", "logon", user, inner, "added to auth logon")
	t += second
	l.vpn(t, "0101039947", "information", "SSL VPN tunnel up", "tunnel-up", "ssl-tunnel", id, from, inner, user, group, "tunnel established", "SSL tunnel established", nil)
	amounts := func(after int64) func([]byte) []byte {
		share := float64(after) / float64(took)
		return func(b []byte) []byte {
			b = number(b, "duration", after/second)
			return number(number(b, "sentbyte", int64(float64(down)*share)), "rcvdbyte", int64(float64(up)*share))
		}
	}
	for after := statsEvery; after < took; after += statsEvery {
		now := amounts(after)
		l.vpn(t+after, "0101039949", "information", "SSL VPN statistics", "tunnel-stats", "ssl-tunnel", id, from, inner, user, group, "N/A", "SSL tunnel statistics",
			func(b []byte) []byte { return number(now(b), "nextstat", statsEvery/second) })
	}
	end := t + took
	l.vpn(end, "0101039948", "information", "SSL VPN tunnel down", "tunnel-down", "ssl-tunnel", id, from, inner, user, group, "N/A", "SSL tunnel shutdown", amounts(took))
	l.vpn(end, "0101039425", "information", "SSL VPN tunnel down", "tunnel-down", "ssl-web", id, from, "", user, group, "N/A", "SSL tunnel shutdown", amounts(took))
	l.person(end, "0102043040", "Authentication logout", "auth-logout", "logout", user, inner, "removed from auth logon")
}

// person writes who stands behind an address inside.
func (l *deviceLog) person(t int64, id, desc, action, status, user, inner, did string) {
	b := plain(l.begin(t, id, "user", "notice", desc), "srcip", inner)
	b = quoted(quoted(quoted(b, "user", user), "authserver", "ldap1"), "action", action)
	b = quoted(quoted(b, "status", status), "reason", "Authentication")
	l.close(t, quoted(b, "msg", "User "+user+" "+did))
}

// admin is an administrator's session. way is https or ssh.
func (l *deviceLog) admin(t int64, user, way, ip, profile string, took int64) {
	number10 := strconv.FormatInt(t/second, 10)
	session := func(t int64, id, desc, action, did string, length int64) {
		b := quoted(quoted(l.begin(t, id, "system", "information", desc), "sn", number10), "user", user)
		b = quoted(quoted(b, "ui", way+"("+ip+")"), "method", way)
		b = quoted(plain(plain(b, "srcip", ip), "dstip", adminAddress(ip)), "action", action)
		b = quoted(b, "status", "success")
		if length > 0 {
			b = number(b, "duration", length/second)
		}
		b = quoted(quoted(b, "reason", "none"), "profile", profile)
		l.close(t, quoted(b, "msg", "Administrator "+user+" "+did+" from "+way+"("+ip+")"))
	}
	session(t, "0100032001", "Admin login successful", "login", "logged in successfully", 0)
	session(t+took, "0100032003", "Admin logout successful", "logout", "logged out", took)
}

// adminAddress is the device's own address that an administrator reaches from there.
func adminAddress(ip string) string {
	if zone(ip) == "lan" && len(ip) > 3 && ip[:3] == "10." {
		return edgeInside
	}
	return edgeOutside
}

// adminFailed is an administrator's login refused; from the third in a row on the device closes itself to that address.
func (l *deviceLog) adminFailed(t int64, user, way, ip string, known bool, inRow int) {
	why, words := "name_invalid", "invalid user name"
	if known {
		why, words = "passwd_invalid", "invalid password"
	}
	b := quoted(quoted(l.begin(t, "0100032002", "system", "alert", "Admin login failed"), "sn", "0"), "user", user)
	b = quoted(quoted(b, "ui", way+"("+ip+")"), "method", way)
	b = quoted(plain(plain(b, "srcip", ip), "dstip", adminAddress(ip)), "action", "login")
	b = quoted(quoted(b, "status", "failed"), "reason", why)
	l.close(t, quoted(b, "msg", "Administrator "+user+" login failed from "+way+"("+ip+") because of "+words))
	if inRow >= 3 {
		t += second / 10
		b = quoted(quoted(l.begin(t, "0100032021", "system", "alert", "Admin login disabled"), "ui", ip), "action", "login")
		b = quoted(quoted(b, "status", "failed"), "reason", "exceed_limit")
		l.close(t, quoted(b, "msg", "Login disabled from IP "+ip+" for 60 seconds because of 3 bad attempts"))
	}
}

// configured is one change of the configuration: path[object], with the attributes that changed.
func (l *deviceLog) configured(t int64, user, ui, action, path, object, attributes string) {
	b := quoted(quoted(l.begin(t, "0100044547", "system", "information", "Object attribute configured"), "user", user), "ui", ui)
	b = number(quoted(b, "action", action), "cfgtid", t/second%100_000_000)
	b = quoted(quoted(quoted(b, "cfgpath", path), "cfgobj", object), "cfgattr", attributes)
	l.close(t, quoted(b, "msg", action+" "+path+" "+object))
}

// downloaded is the configuration taken as a file through the administrators' pages.
func (l *deviceLog) downloaded(t int64, user, ip string) {
	b := quoted(quoted(l.begin(t, "0100032095", "system", "warning", "Admin performed an action from GUI"), "user", user), "ui", "GUI("+ip+")")
	b = quoted(quoted(b, "action", "download"), "status", "success")
	l.close(t, quoted(b, "msg", "System config file has been downloaded by user "+user+" via GUI("+ip+")"))
}
