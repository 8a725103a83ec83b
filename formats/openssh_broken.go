// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Readers of OpenSSH's messages about connections on which nobody logged in, and about the server itself.

// broken adds a connection that ended before anybody named an account.
func (p *sshParser) broken(from *sshFrom, reason event.Reason, why []byte) {
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeFailure, reason)
	from.put(p.env, ev)
	if p.times > 1 {
		ev.Count = event.Some(p.times)
	}
	ev.Rest = p.out.Rest(event.Text("detail", p.detail(why)))
}

// brokenHere reads a message that names no address: that of the connection is known from other lines, or not at all.
func (p *sshParser) brokenHere(why []byte, _ bool) error {
	var from sshFrom
	p.learn(&from)
	if !from.addr.IsValid() && len(from.host) == 0 {
		return nil // what follows names it
	}
	p.broken(&from, event.ReasonProtocol, why)
	return nil
}

// brokenFrom reads "192.0.2.7 port 4022" and what follows.
func (p *sshParser) brokenFrom(rest []byte, _ bool) error {
	word, rest := nextWord(rest)
	var from sshFrom
	var ok bool
	if from.addr, ok = p.env.addr(bytes.TrimRight(word, ":.")); !ok {
		if from.host = word; !isHostName(word) {
			return ErrBroken
		}
	}
	if r, yes := cutPrefix(rest, "port "); yes {
		n, k := digits(r, 5)
		from.port = uint16(n)
		rest = r[k:]
	}
	p.learn(&from)
	p.broken(&from, event.ReasonProtocol, bytes.TrimLeft(rest, ": "))
	return nil
}

// brokenConnection reads "192.0.2.7 port 4022: invalid format", "authenticating user X 192.0.2.7 port 4022: …".
func (p *sshParser) brokenConnection(rest []byte, preauth bool) error {
	if word, _ := nextWord(rest); p.isAddr(word) {
		return p.brokenFrom(rest, preauth)
	}
	return p.disconnecting(append([]byte(" "), rest...), preauth)
}

func (p *sshParser) isAddr(word []byte) bool {
	_, ok := p.env.addr(word)
	return ok
}

// badProtocol reads "'GET / HTTP/1.1' from 192.0.2.7 port 4022": the text is the client's, so the end is read.
func (p *sshParser) badProtocol(rest []byte, _ bool) error {
	i := lastIndex(rest, " from ")
	if i < 0 {
		return ErrBroken
	}
	from, ok := p.endOf(rest[i+6:])
	if !ok {
		return ErrBroken
	}
	p.learn(&from)
	p.broken(&from, event.ReasonProtocol, rest[:i])
	return nil
}

// noAgreement reads " with 192.0.2.7 port 4022: no matching cipher found. Their offer: …", " a key exchange method".
func (p *sshParser) noAgreement(rest []byte, preauth bool) error {
	if r, ok := cutPrefix(rest, " with "); ok {
		return p.brokenFrom(r, preauth)
	}
	return p.brokenHere(bytes.TrimLeft(rest, " "), preauth)
}

// timeout reads "192.0.2.7 port 4022" and "connection from 192.0.2.7 to 198.51.100.1, pid = 29098".
func (p *sshParser) timeout(rest []byte, _ bool) error {
	rest, _ = cutPrefix(rest, "connection from ")
	word, more := nextWord(rest)
	var from sshFrom
	var ok bool
	if from.addr, ok = p.env.addr(bytes.TrimRight(word, ".,")); !ok {
		return ErrBroken
	}
	if r, yes := cutPrefix(more, "port "); yes {
		n, _ := digits(r, 5)
		from.port = uint16(n)
	}
	if t := p.trail; t != nil && t.account != "" && t.addr == from.addr {
		p.closing(&from, event.ReasonTimeout, nil)
		return nil
	}
	p.learn(&from)
	p.broken(&from, event.ReasonTimeout, nil)
	return nil
}

// refused reads the tcp wrappers' "name@host (192.0.2.7)"; the name is the stranger's.
func (p *sshParser) refused(rest []byte, _ bool) error {
	var from sshFrom
	word := rest
	if i := bytes.LastIndexByte(rest, '('); i >= 0 && rest[len(rest)-1] == ')' {
		word = rest[i+1 : len(rest)-1]
	}
	var ok bool
	if from.addr, ok = p.env.addr(word); !ok {
		if from.host = word; !isHostName(word) {
			return ErrBroken
		}
	}
	p.learn(&from)
	ev := p.add(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
	from.put(p.env, ev)
	return nil
}

// dropped reads "3 from [192.0.2.7]:4022 on [198.51.100.1]:22 past MaxStartups" and "… penalty: failed authentication".
func (p *sshParser) dropped(rest []byte, _ bool) error {
	_, rest, ok := bytes.Cut(rest, []byte(" from "))
	if !ok {
		return ErrBroken
	}
	word, rest := nextWord(rest)
	a, port, ok := p.env.addrPort(word)
	if !ok {
		return ErrBroken
	}
	ev := p.add(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
	ev.SrcIP, ev.SrcPort = a, port
	if r, yes := cutPrefix(rest, "on "); yes {
		word, rest = nextWord(r)
		ev.DstIP, ev.DstPort, _ = p.env.addrPort(word)
	}
	ev.Rest = p.out.Rest(event.Text("detail", p.detail(rest)))
	return nil
}

// startSession reads "shell on pts/0 for hanako from 192.0.2.7 port 4022 id 0", "subsystem 'sftp' for …", logged at VERBOSE.
func (p *sshParser) startSession(rest []byte, _ bool) error {
	i := lastIndex(rest, " for ")
	if i < 0 {
		return ErrBroken
	}
	who := rest[i+5:]
	if j := lastIndex(who, " id "); j > 0 {
		who = who[:j]
	}
	from, ok := p.from(who)
	if !ok {
		return ErrBroken
	}
	ev := p.add(event.ClassRemoteSession, event.ActOther, event.OutcomeSuccess, event.ReasonNone)
	ev.Account, ev.Object = p.env.Intern.Bytes(from.user), p.detail(rest[:i])
	from.put(p.env, ev)
	return nil
}

func (p *sshParser) listening(rest []byte, _ bool) error {
	ev := p.add(event.ClassOther, event.ActStart, event.OutcomeSuccess, event.ReasonNone)
	ev.Object = p.detail(rest)
	return nil
}

func (p *sshParser) stopping(rest []byte, _ bool) error {
	if has(rest, "terminating") {
		p.add(event.ClassOther, event.ActStop, event.OutcomeSuccess, event.ReasonNone)
	}
	return nil
}

// ltype reads NetBSD's "SSH: Server;Ltype: Authname;Remote: 192.0.2.7-1780;Name: root": it says who is there.
func (p *sshParser) ltype(rest []byte, _ bool) error {
	_, rest, ok := bytes.Cut(rest, []byte("Remote: "))
	if !ok {
		return nil
	}
	remote, rest, _ := bytes.Cut(rest, []byte(";"))
	i := bytes.LastIndexByte(remote, '-')
	if i < 0 {
		return nil
	}
	var from sshFrom
	from.addr, _ = p.env.addr(remote[:i])
	from.port, _ = parsePort(remote[i+1:])
	p.learn(&from)
	if name, ok := cutPrefix(rest, "Name: "); ok && p.trail != nil {
		p.trail.account = p.env.Intern.Bytes(name)
	}
	return nil
}

// sshNoise says whether a message is known to tell nothing about who came, from where, and how it ended.
func sshNoise(msg []byte) bool {
	for _, w := range [...]string{"debug1: ", "debug2: ", "debug3: ", "input_userauth_request: ", "Postponed ", "Partial ", "reverse mapping checking ",
		"Address ", "Nasty PTR record ", "subsystem request for ", "Close session: ", "Closing connection to ", "Transferred: ", "Received SIGHUP",
		"Authentication refused: ", "Authorized to ", "Found matching ", "Could not ", "could not ", "Set /proc/", "rexec ", "Deprecated option", "Bind to port ",
		"Read error from remote host ", "Write failed", "packet_write_", "channel ", "mm_", "monitor_", "beginning MaxStartups", "exited MaxStartups",
		"Timeout, client not responding", "Exiting on signal", "Connection to ", "chroot", "session ", "Login ", "Last login", "Child ", "Cannot ",
		"cannot ", "Unable to ", "unable to ", "fork", "Missing privilege", "key_", "Key ", "userauth_", "auth_", "lastlog_", "login_", "syslogin_",
		"dispatch_protocol_error", "buffer_get", "ssh_", "sshpkt_", "safely_chroot", "bad ", "Bad ", "setsockopt", "get_socket_address", "getpeername",
		"getaddrinfo", "Server ", "socket: ", "accept: ", "send_", "recv_", "no hostkey", "No ", "Disabling ", "Ignoring ", "Changed root", "Environment ",
		"Allocated port", "Access denied for user", "Certificate ", "cert", "revoked", "Authentication key ", "Authentication ", "Attempt to ", "error in ",
		"Local disconnected", "Protocol ", "rcvd ", "gssapi", "GSSAPI", "kex", "Kex", "client_", "server_", "ignoring ", "signal", "SELinux", "Exit", "Hm, ",
		"/etc/ssh/", "Could", "open ", "opendir", "closedir", "close ", "sent status", "remove ", "rename ", "mkdir", "rmdir", "pam_", "Privilege", "User/password"} {
		if len(msg) >= len(w) && string(msg[:len(w)]) == w {
			return true
		}
	}
	return false
}
