// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// syslogSheet is a log of a Unix host in the traditional syslog form.
type syslogSheet struct {
	sheet
	stamp stamp
	host  string
}

// tag begins a line: "Jun  1 09:00:00 host program[pid]: ".
func (l *syslogSheet) tag(t int64, program string, pid int) []byte {
	b := append(l.stamp.syslog(l.open(), t), ' ')
	b = append(append(append(append(b, l.host...), ' '), program...), '[')
	b = strconv.AppendInt(b, int64(pid), 10)
	return append(b, "]: "...)
}

// fileLog writes what Samba's vfs_full_audit sends to syslog, with full_audit:prefix = %u|%I|%m|%S.
type fileLog struct{ syslogSheet }

func (l *fileLog) did(t int64, pid int, user, ip, machine, share, op, outcome, what string) {
	b := append(l.tag(t, "smbd_audit", pid), user...)
	for _, s := range [...]string{ip, machine, share, op, outcome, what} {
		b = append(append(b, '|'), s...)
	}
	l.close(t, b)
}

// shellLog writes sshd's lines of auth.log.
type shellLog struct{ syslogSheet }

func (l *shellLog) from(b []byte, ip string, port int) []byte {
	b = append(append(append(b, " from "...), ip...), " port "...)
	return strconv.AppendInt(b, int64(port), 10)
}

// refused is one wrong password, for an account that is there or not.
func (l *shellLog) refused(t int64, user, ip string, known bool, d *dice) {
	pid, port := 2000+d.n(30000), 32768+d.n(28000)
	if known {
		l.close(t, append(l.tag(t, "sshd", pid), "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost="+ip+"  user="+user...))
	} else {
		l.close(t, l.from(append(l.tag(t, "sshd", pid), "Invalid user "+user...), ip, port))
	}
	t += d.span(second, 3*second)
	b := append(l.tag(t, "sshd", pid), "Failed password for "...)
	if !known {
		b = append(b, "invalid user "...)
	}
	l.close(t, append(l.from(append(b, user...), ip, port), " ssh2"...))
	t += d.span(second/2, 2*second)
	b = append(l.tag(t, "sshd", pid), "Connection closed by "...)
	if known {
		b = append(b, "authenticating user "...)
	} else {
		b = append(b, "invalid user "...)
	}
	b = append(append(append(append(b, user...), ' '), ip...), " port "...)
	l.close(t, append(strconv.AppendInt(b, int64(port), 10), " [preauth]"...))
}

// session is a login that succeeded, and its end.
func (l *shellLog) session(t int64, user, ip string, key bool, took int64, d *dice) {
	pid, port := 2000+d.n(30000), 32768+d.n(28000)
	how := "Accepted password for "
	if key {
		how = "Accepted publickey for "
	}
	b := append(l.from(append(l.tag(t, "sshd", pid), how+user...), ip, port), " ssh2"...)
	if key {
		b = append(b, ": ED25519 SHA256:mVPwvezndPv/ARoIadVY98vAC0g+P/5633yTC4d/wXE"...)
	}
	l.close(t, b)
	l.close(t+second/10, append(l.tag(t+second/10, "sshd", pid), "pam_unix(sshd:session): session opened for user "+user+"(uid=1004) by (uid=0)"...))
	end := t + took
	b = append(append(append(l.tag(end, "sshd", pid+1), "Received disconnect from "...), ip...), " port "...)
	l.close(end, append(strconv.AppendInt(b, int64(port), 10), ":11: disconnected by user"...))
	l.close(end+second/20, append(l.tag(end, "sshd", pid), "pam_unix(sshd:session): session closed for user "+user...))
}

// mailLog writes Dovecot's and Postfix's lines.
type mailLog struct{ syslogSheet }

func (l *mailLog) imap(t int64, user, ip string, ok bool, d *dice) {
	b := append(l.stamp.syslog(l.open(), t), " mail-old dovecot: imap-login: "...)
	if ok {
		b = append(append(b, "Login: user=<"...), user...)
	} else {
		b = append(append(b, "Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<"...), user...)
	}
	b = append(append(b, ">, method=PLAIN, rip="...), ip...)
	b = append(b, ", lip="+mailIP+", "...)
	if ok {
		b = append(b, "mpid="...)
		b = strconv.AppendInt(b, int64(2000+d.n(30000)), 10)
		b = append(b, ", "...)
	}
	b = append(b, "TLS, session=<"...)
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for range 16 {
		b = append(b, digits[d.n(64)])
	}
	l.close(t, append(b, '>'))
}

// smtpAuth is a stranger's try at sending through the old host.
func (l *mailLog) smtpAuth(t int64, user, ip string, d *dice) {
	pid := 2000 + d.n(30000)
	say := func(after int64, parts ...string) {
		b := l.tag(t+after, "postfix/smtpd", pid)
		for _, s := range parts {
			b = append(b, s...)
		}
		l.close(t+after, b)
	}
	say(0, "connect from unknown[", ip, "]")
	say(3*second, "warning: unknown[", ip, "]: SASL LOGIN authentication failed: authentication failure, sasl_username=", user)
	say(4*second, "disconnect from unknown[", ip, "] ehlo=1 auth=0/1 quit=1 commands=2/3")
}

// vpnLog writes OpenVPN 2.6's own log, with passwords and one-time codes checked through PAM.
type vpnLog struct {
	sheet
	stamp stamp
}

// line writes one line about a peer; the parts are joined.
func (l *vpnLog) line(t int64, peer string, port int, parts ...string) {
	b := append(l.stamp.local(l.open(), t, ' '), ' ')
	b = append(append(b, peer...), ':')
	b = append(strconv.AppendInt(b, int64(port), 10), ' ')
	for _, s := range parts {
		b = append(b, s...)
	}
	l.close(t, b)
}

func (l *vpnLog) hello(t int64, ip string, port int, d *dice) {
	sid := strconv.FormatUint(d.next()>>33|1<<30, 16)
	l.line(t, ip, port, "TLS: Initial packet from [AF_INET]", ip, ":", strconv.Itoa(port), ", sid=", sid, " ", sid[:7], "e")
	l.line(t+second/2, ip, port, "peer info: IV_VER=2.6.8")
	l.line(t+second/2, ip, port, "peer info: IV_PLAT=win")
}

// refused is a login whose one-time code was wrong: PAM says no, and does not say which half.
func (l *vpnLog) refused(t int64, user, ip string, d *dice) {
	port := 1024 + d.n(60000)
	l.hello(t, ip, port, d)
	b := append(l.stamp.local(l.open(), t+2*second, ' '), " AUTH-PAM: BACKGROUND: user '"...)
	l.close(t+2*second, append(append(b, user...), "' failed to authenticate: Authentication failure"...))
	const plugin = "/usr/lib/openvpn/openvpn-plugin-auth-pam.so"
	l.line(t+2*second, ip, port, "PLUGIN_CALL: POST "+plugin+"/PLUGIN_AUTH_USER_PASS_VERIFY status=1")
	l.line(t+2*second, ip, port, "PLUGIN_CALL: plugin function PLUGIN_AUTH_USER_PASS_VERIFY failed with status 1: "+plugin)
	l.line(t+2*second, ip, port, "TLS Auth Error: Auth Username/Password verification failed for peer")
	l.line(t+3*second, ip, port, "SENT CONTROL [UNDEF]: 'AUTH_FAILED' (status=1)")
	l.line(t+8*second, ip, port, "SIGTERM[soft,delayed-exit] received, client-instance exiting")
}

// tunnel is a session that was let in, and its end.
func (l *vpnLog) tunnel(t int64, user, ip, inner string, took int64, d *dice) {
	port := 1024 + d.n(60000)
	l.hello(t, ip, port, d)
	l.line(t+2*second, ip, port, "PLUGIN_CALL: POST /usr/lib/openvpn/openvpn-plugin-auth-pam.so/PLUGIN_AUTH_USER_PASS_VERIFY status=0")
	l.line(t+2*second, ip, port, "TLS: Username/Password authentication succeeded for username '", user, "' [CN SET]")
	l.line(t+2*second, ip, port, "[", user, "] Peer Connection Initiated with [AF_INET]", ip, ":", strconv.Itoa(port))
	l.line(t+3*second, user+"/"+ip, port, "MULTI_sva: pool returned IPv4=", inner, ", IPv6=(Not enabled)")
	l.line(t+took, user+"/"+ip, port, "SIGTERM[soft,remote-exit] received, client-instance exiting")
}
