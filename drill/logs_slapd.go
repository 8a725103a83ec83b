// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// slapdLog writes what slapd 2.5 with loglevel stats sends to syslog. The shapes and their order were taken from Debian's
// slapd 2.5.13 on loopback: the second BIND line only on success, "BIND anonymous mech=implicit" when a connection that
// was bound is bound again, qtime and etime in every result.
//
// Connections number on over days and start again at 1000 when the daemon restarts. The logs begin in the middle of its life.
type slapdLog struct {
	sheet
	stamp   stamp
	d       dice
	pid     int
	next    int64
	fds     [512]bool
	restart int64 // when the daemon is restarted, once
	idp     frontEnd
	mail    frontEnd
	staff   frontEnd // the staff's own mail server, where there is one
}

// frontEnd searches for the login ID on one pool of connections and binds as what it found on another.
type frontEnd struct {
	search, bind  ldapPool
	before, after string // of the login ID in the filter
	again         string // between the login ID and itself, where the filter has it twice
	attrs         string
}

// ldapPool is a front end's standing connections.
type ldapPool struct {
	client string
	dn     string // what new connections bind as; empty: nothing until somebody logs in
	most   int
	age    int64 // after which a connection is renewed
	conns  []ldapConn
}

type ldapConn struct {
	id    int64
	fd    int
	op    int
	busy  int64 // until then
	born  int64
	bound bool
}

func newSlapdLog(w *world) *slapdLog {
	l := &slapdLog{d: roll(w.seed, streamDaemon, 1), pid: 812, restart: w.cal.at(70, 3*60+37)}
	l.sheet.kind = "slapd"
	l.next = 40000 + int64(l.d.n(9000))
	l.idp = frontEnd{search: ldapPool{client: idpIP, dn: "cn=idp,ou=services," + suffix, most: 24, age: 5 * hour},
		bind: ldapPool{client: idpIP, most: 24, age: 7 * hour}, before: "(uid=", after: ")", attrs: "dn"}
	l.mail = frontEnd{search: ldapPool{client: mailIP, dn: "cn=dovecot,ou=services," + suffix, most: 4, age: 30 * hour},
		bind: ldapPool{client: mailIP, most: 4, age: 30 * hour}, before: "(&(objectClass=posixAccount)(uid=", after: "))", attrs: "uid homeDirectory uidNumber gidNumber"}
	if w.has(sysMailSubmission) {
		l.staff = frontEnd{search: ldapPool{client: submissionIP, dn: "cn=" + submissionHost + ",ou=services," + suffix, most: 4, age: 26 * hour},
			bind: ldapPool{client: submissionIP, most: 6, age: 26 * hour}, before: "(&(objectClass=posixAccount)(|(uid=", again: ")(mail=", after: ")))", attrs: "uid"}
	}
	// Open before the first line: the log shows no ACCEPT of these.
	for _, p := range l.pools() {
		for range min(4, p.most) {
			l.next += int64(1 + l.d.n(40))
			p.conns = append(p.conns, ldapConn{id: l.next, fd: l.takeFD(), op: 1 + l.d.n(900), born: w.cal.start - l.d.span(0, p.age), bound: p.dn != ""})
		}
	}
	l.next++
	return l
}

// pools returns the standing connections of all front ends.
func (l *slapdLog) pools() []*ldapPool {
	out := []*ldapPool{&l.idp.search, &l.idp.bind, &l.mail.search, &l.mail.bind}
	if l.staff.search.most > 0 {
		out = append(out, &l.staff.search, &l.staff.bind)
	}
	return out
}

func (l *slapdLog) takeFD() int {
	for fd := 11; fd < len(l.fds); fd++ {
		if !l.fds[fd] {
			l.fds[fd] = true
			return fd
		}
	}
	return len(l.fds) - 1
}

// daemon begins a line of the daemon itself.
func (l *slapdLog) daemon(t int64) []byte {
	b := l.stamp.syslog(l.open(), t)
	b = append(b, " ldap1 slapd["...)
	b = strconv.AppendInt(b, int64(l.pid), 10)
	return append(b, "]: "...)
}

func (l *slapdLog) say(t int64, text string) { l.close(t, append(l.daemon(t), text...)) }

// conn begins a line about a connection, op one about an operation.
func (l *slapdLog) conn(t int64, c *ldapConn) []byte {
	b := append(l.daemon(t), "conn="...)
	b = strconv.AppendInt(b, c.id, 10)
	return append(b, ' ')
}

func (l *slapdLog) op(t int64, c *ldapConn) []byte {
	b := append(l.conn(t, c), "op="...)
	b = strconv.AppendInt(b, int64(c.op), 10)
	return append(b, ' ')
}

// connect accepts a connection.
func (l *slapdLog) connect(t int64, client string) ldapConn {
	c := ldapConn{id: l.next, fd: l.takeFD(), born: t, busy: t}
	l.next++
	b := append(l.conn(t, &c), "fd="...)
	b = strconv.AppendInt(b, int64(c.fd), 10)
	b = append(append(b, " ACCEPT from IP="...), client...)
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(32768+l.d.n(28000)), 10)
	l.close(t, append(b, " (IP=0.0.0.0:389)"...))
	return c
}

func (l *slapdLog) disconnect(t int64, c *ldapConn) {
	l.close(t, append(l.op(t, c), "UNBIND"...))
	l.closed(t+60, c, "")
}

func (l *slapdLog) closed(t int64, c *ldapConn, why string) {
	b := append(l.conn(t, c), "fd="...)
	b = strconv.AppendInt(b, int64(c.fd), 10)
	l.close(t, append(append(b, " closed"...), why...))
	l.fds[c.fd] = false
}

// result ends an operation and returns when.
func (l *slapdLog) result(t int64, c *ldapConn, before string, err, entries int, took int64) int64 {
	t += took
	b := append(l.op(t, c), before...)
	b = strconv.AppendInt(b, int64(err), 10)
	b = append(b, " qtime=0."...)
	b = append(six(b, 6+l.d.n(40)), " etime="...)
	b = strconv.AppendInt(b, took/second, 10)
	b = six(append(b, '.'), int(took%second))
	if entries >= 0 {
		b = append(b, " nentries="...)
		b = strconv.AppendInt(b, int64(entries), 10)
	}
	l.close(t, append(b, " text="...))
	c.op++
	return t
}

// bind binds as dn and returns when it is done.
func (l *slapdLog) bind(t int64, c *ldapConn, dn string, ok bool) int64 {
	if c.bound {
		l.close(t, append(l.op(t, c), "BIND anonymous mech=implicit bind_ssf=0 ssf=0"...))
		t += 8
	}
	b := append(append(l.op(t, c), `BIND dn="`...), dn...)
	l.close(t, append(b, `" method=128`...))
	err := 49
	if ok {
		err = 0
		t += 20 + int64(l.d.n(60))
		b = append(append(l.op(t, c), `BIND dn="`...), dn...)
		l.close(t, append(b, `" mech=SIMPLE bind_ssf=0 ssf=0`...))
	}
	c.bound = ok
	return l.result(t, c, "RESULT tag=97 err=", err, -1, 90+int64(l.d.n(300)))
}

// search searches and returns when it is done.
func (l *slapdLog) search(t int64, c *ldapConn, base string, scope int, before, id, after, attrs string, entries int) int64 {
	b := append(append(l.op(t, c), `SRCH base="`...), base...)
	b = append(b, `" scope=`...)
	b = strconv.AppendInt(b, int64(scope), 10)
	b = append(append(b, ` deref=0 filter="`...), before...)
	b = append(appendFilterValue(b, id), after...)
	l.close(t, append(b, '"'))
	if attrs != "" {
		l.close(t+12, append(append(l.op(t+12, c), "SRCH attr="...), attrs...))
	}
	return l.result(t, c, "SEARCH RESULT tag=101 err=", 0, entries, 110+int64(l.d.n(350))+int64(max(entries, 0))*14)
}

// appendFilterValue escapes as slapd shows filters: \2A for an asterisk, \E3 for a byte beyond ASCII.
func appendFilterValue(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		if c := s[i]; c == '*' || c == '(' || c == ')' || c == '\\' || c < ' ' || c >= 0x7f {
			b = append(b, '\\', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

// take returns a connection of the pool that is free at t, renewing an old one, opening one more if all are busy, and
// waiting if there may be no more.
func (l *slapdLog) take(p *ldapPool, t int64) (*ldapConn, int64) {
	l.restartIfDue(t)
	best := -1
	for i := range p.conns {
		if c := &p.conns[i]; best < 0 || c.busy < p.conns[best].busy {
			best = i
		}
	}
	if best < 0 || p.conns[best].busy > t && len(p.conns) < p.most {
		p.conns = append(p.conns, l.opened(p, t))
		best = len(p.conns) - 1
	}
	c := &p.conns[best]
	t = max(t, c.busy)
	if t-c.born > p.age {
		l.disconnect(t, c)
		*c = l.opened(p, t+800)
	}
	return c, max(t, c.busy)
}

func (l *slapdLog) opened(p *ldapPool, t int64) ldapConn {
	c := l.connect(t, p.client)
	if p.dn != "" {
		c.busy = l.bind(t+300, &c, p.dn, true)
	}
	return c
}

// attempt is one login through a front end: the ID is looked for, and what was found is bound. An empty dn was not found.
func (l *slapdLog) attempt(f *frontEnd, t int64, id, dn string, ok bool) int64 {
	c, t := l.take(&f.search, t)
	found := 1
	if dn == "" {
		found = 0
	}
	before := f.before
	if f.again != "" {
		before = string(append(appendFilterValue([]byte(before), id), f.again...))
	}
	t = l.search(t, c, "ou=people,"+suffix, 2, before, id, f.after, f.attrs, found)
	c.busy = t + 50
	if dn == "" {
		return t
	}
	c, t = l.take(&f.bind, t+200)
	t = l.bind(t, c, dn, ok)
	c.busy = t + 50
	return t
}

// visit is a login through a system that opens a connection for it and closes it again: the search as its own account,
// the bind as the person on the same connection. It returns the connection still open for what follows.
func (l *slapdLog) visit(t int64, client, service, id, dn string, ok bool) (ldapConn, int64) {
	l.restartIfDue(t)
	c := l.connect(t, client)
	t = l.bind(t+400, &c, service, true)
	found := 1
	if dn == "" {
		found = 0
	}
	t = l.search(t+300, &c, "ou=people,"+suffix, 2, "(uid=", id, ")", "uid cn mail", found)
	if dn != "" {
		t = l.bind(t+300, &c, dn, ok)
	}
	return c, t
}

// changePassword is a member who changes the password on a connection that is bound as him, and goes.
func (l *slapdLog) changePassword(t int64, c *ldapConn, dn string) {
	l.close(t, append(l.op(t, c), "EXT oid=1.3.6.1.4.1.4203.1.11.1"...))
	l.close(t+40, append(l.op(t, c), `PASSMOD id="`+dn+`" old new`...))
	t = l.result(t+40, c, "RESULT oid= err=", 0, -1, 900)
	l.disconnect(t+3*millisecond, c)
}

// read is a connection that binds, reads and goes.
func (l *slapdLog) read(t int64, client, dn, base string, scope int, filter, attrs string, entries int) int64 {
	l.restartIfDue(t)
	c := l.connect(t, client)
	t = l.bind(t+500, &c, dn, true)
	t = l.search(t+700, &c, base, scope, filter, "", "", attrs, entries)
	l.disconnect(t+900, &c)
	return t
}

// modify is a connection that changes attributes of an entry and goes.
func (l *slapdLog) modify(t int64, client, dn, entry, attrs string) {
	l.restartIfDue(t)
	c := l.connect(t, client)
	t = l.bind(t+500, &c, dn, true)
	l.close(t+600, append(append(append(l.op(t+600, &c), `MOD dn="`...), entry...), '"'))
	l.close(t+640, append(append(l.op(t+640, &c), "MOD attr="...), attrs...))
	t = l.result(t+640, &c, "RESULT tag=103 err=", 0, -1, 880)
	l.disconnect(t+900, &c)
}

// rename is a connection that gives an entry another name and goes; which one, the log does not say.
func (l *slapdLog) rename(t int64, client, dn, entry string) {
	l.restartIfDue(t)
	c := l.connect(t, client)
	t = l.bind(t+500, &c, dn, true)
	l.close(t+600, append(append(append(l.op(t+600, &c), `MODRDN dn="`...), entry...), '"'))
	t = l.result(t+600, &c, "RESULT tag=109 err=", 0, -1, 1100)
	l.disconnect(t+900, &c)
}

// restartIfDue stops and starts the daemon on its night of maintenance.
func (l *slapdLog) restartIfDue(t int64) {
	if t < l.restart {
		return
	}
	at := l.restart
	l.restart = 1 << 62
	l.say(at, "daemon: shutdown requested and initiated.")
	for _, p := range l.pools() {
		for i := range p.conns {
			l.closed(at+900, &p.conns[i], " (slapd shutdown)")
		}
		p.conns = p.conns[:0]
	}
	l.say(at+2000, "slapd shutdown: waiting for 0 operations/tasks to finish")
	l.say(at+9000, "slapd stopped.")
	l.pid, l.next = 4127, 1000
	l.say(at+4*second, "@(#) $OpenLDAP: slapd 2.5.13+dfsg-5 (Feb  8 2023 01:56:12) $#012#011Debian OpenLDAP Maintainers <pkg-openldap-devel@lists.alioth.debian.org>")
	l.say(at+4*second+90000, "slapd starting")
}
