// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"strconv"
)

// submissionLog writes the log of the staff's own mail server: Postfix 3.7 and Dovecot 2.3 of Debian 12 through syslog, with
// smtpd_tls_loglevel = 1 and auth_verbose = yes. The lines and their order were taken from these programs on loopback.
//
// Postfix names the account only where a message begins: a password that is tried and found right without a message leaves the
// address and "auth=1", and nothing of Dovecot, which tells of failures alone.
type submissionLog struct {
	syslogSheet
	held  []string // in the queue until somebody deletes them
	asked []int64  // by member, twice: when the directory last confirmed the password to the login ID, and to the mail address. Dovecot remembers it for an hour
}

const (
	submissionHost = "smtp1"
	submissionIP   = "172.16.5.36"
	submissionOut  = "150.29.147.26" // as the world sees it
	submissionName = submissionHost + "." + domain
)

// letter is one message.
type letter struct {
	from string // the envelope's sender; empty: a report of non-delivery
	box  string // the sender's mailbox on this host, where such reports go; empty: none
	id   string // Message-ID, without its brackets
	size int64
	to   []addressee

	until int64 // when somebody deletes it from the queue, if it is held there
}

// addressee is one recipient, and what becomes of the message there.
type addressee struct {
	mail string
	uid  string // a mailbox of this host; empty: it goes out to peer
	peer *peer
	fate fate
}

// peer is a mail domain outside.
type peer struct{ domain, mx, ip string }

// fate is what a message meets at the other side.
type fate uint8

const (
	fateSent    fate = iota
	fateUnknown      // there is no such user: it comes back
	fateFull         // the mailbox is full: it comes back
	fateSpam         // it is called spam: it comes back
	fateLater        // put off, and taken a few minutes later
	fateHeld         // put off again and again, until somebody deletes it
)

// say writes one line of a program.
func (l *submissionLog) say(t int64, program string, pid int, parts ...string) {
	b := l.tag(t, program, pid)
	for _, s := range parts {
		b = append(b, s...)
	}
	l.close(t, b)
}

// dovecot writes one line of Dovecot, which gives no process number to syslog.
func (l *submissionLog) dovecot(t int64, parts ...string) {
	b := append(append(append(l.stamp.syslog(l.open(), t), ' '), l.host...), " dovecot: "...)
	for _, s := range parts {
		b = append(b, s...)
	}
	l.close(t, b)
}

// smtpClient is who speaks to the server: an address and the name that DNS has for it.
type smtpClient struct{ name, ip string }

func (c smtpClient) String() string { return c.name + "[" + c.ip + "]" }

// submit is one connection to the submission port that logs in as user and leaves its letters; none: it only tries the
// password. It returns when the connection ends.
func (l *submissionLog) submit(t int64, from smtpClient, user, method string, letters []letter, d *dice) int64 {
	const program = "postfix/submission/smtpd"
	pid, rcpts := pidOf(d), 0
	l.hello(t-d.span(150*millisecond, 600*millisecond), program, pid, from, d)
	for i, m := range letters {
		if i > 0 {
			t += d.span(300*millisecond, 1500*millisecond)
		}
		id := queueID(t, d)
		l.say(t, program, pid, id, ": client=", from.String(), ", sasl_method=", method, ", sasl_username=", user)
		rcpts += len(m.to)
		l.queue(t+d.span(40*millisecond, 400*millisecond)+m.size/40, id, m, d)
	}
	t += d.span(300*millisecond, 900*millisecond)
	said := "ehlo=2 starttls=1 auth=1 "
	if n := len(letters); n > 0 {
		said += "mail=" + itoa(n) + " rcpt=" + itoa(rcpts) + " data=" + itoa(n) + " "
	}
	l.say(t, program, pid, "disconnect from ", from.String(), " ", said, "quit=1 commands=", itoa(5+2*len(letters)+rcpts))
	return t
}

// hello is a connection and its encryption.
func (l *submissionLog) hello(t int64, program string, pid int, from smtpClient, d *dice) {
	l.say(t, program, pid, "connect from ", from.String())
	l.say(t+d.span(20*millisecond, 130*millisecond), program, pid, "Anonymous TLS connection established from ", from.String(),
		": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256")
}

// refuse is a login with a wrong password, or with a name that nobody has.
func (l *submissionLog) refuse(t int64, from smtpClient, typed, method string, known bool, d *dice) {
	const program = "postfix/submission/smtpd"
	pid := pidOf(d)
	l.hello(t-d.span(150*millisecond, 600*millisecond), program, pid, from, d)
	l.mismatch(t, typed, from.ip, "", known)
	t += 2*second + d.span(0, 300*millisecond)
	l.say(t, program, pid, "warning: ", from.String(), ": SASL ", method, " authentication failed: (reason unavailable), sasl_username=", typed)
	if d.chance(0.4) {
		l.say(t+second, program, pid, "lost connection after AUTH from ", from.String())
		l.say(t+second, program, pid, "disconnect from ", from.String(), " ehlo=2 starttls=1 auth=0/1 commands=3/4")
		return
	}
	l.say(t+second/2, program, pid, "disconnect from ", from.String(), " ehlo=2 starttls=1 auth=0/1 quit=1 commands=4/5")
}

// mismatch is what Dovecot's authentication says of a failure.
func (l *submissionLog) mismatch(t int64, typed, ip, session string, known bool) {
	why := "unknown user"
	if known {
		why = "Password mismatch (for LDAP bind)"
	}
	if session != "" {
		session = ",<" + session + ">"
	}
	l.dovecot(t, "auth: ldap(", typed, ",", ip, session, "): ", why)
}

// queue takes a message in and delivers it.
func (l *submissionLog) queue(t int64, id string, m letter, d *dice) {
	l.say(t, "postfix/cleanup", pidOf(d), id, ": message-id=<", m.id, ">")
	t += d.span(5*millisecond, 40*millisecond)
	active := func(t int64) {
		l.say(t, "postfix/qmgr", 1312, id, ": from=<", m.from, ">, size=", itoa(int(m.size)), ", nrcpt=", itoa(len(m.to)), " (queue active)")
	}
	active(t)
	end, back, again := t, t, t
	var returned, held bool
	for i := range m.to {
		a := &m.to[i]
		at := l.deliver(t, id, m, a, d)
		switch a.fate {
		case fateLater:
			if again == t { // one round for all that were put off
				again = at + 5*minute + d.span(0, 40*second)
				active(again)
			}
			sent := *a
			sent.fate = fateSent
			at = l.deliver(again, id, m, &sent, d)
		case fateHeld:
			held = true
			for wait, again := 5*minute, at+5*minute; again < m.until; wait, again = min(2*wait, hour), again+min(2*wait, hour) {
				active(again)
				l.deliver(again, id, m, a, d)
			}
		case fateUnknown, fateFull, fateSpam:
			returned, back = true, max(back, at)
		}
		end = max(end, at)
	}
	if returned && m.box != "" {
		l.report(back+d.span(5*millisecond, 60*millisecond), id, m, d)
	}
	if held {
		l.held = append(l.held, id)
	} else {
		l.say(end+d.span(millisecond, 9*millisecond), "postfix/qmgr", 1312, id, ": removed")
	}
}

// report sends a message's sender the news that it could not be delivered.
func (l *submissionLog) report(t int64, about string, m letter, d *dice) {
	id := queueID(t, d)
	l.say(t+millisecond, "postfix/bounce", pidOf(d), about, ": sender non-delivery notification: ", id)
	var stamp stamp
	stamp.set(t, jst)
	date := string(two(two(two(two(two(four(nil, stamp.year), stamp.month), stamp.dom), stamp.hour), stamp.minute), stamp.secs))
	l.queue(t, id, letter{id: date + "." + id + "@" + submissionName, size: 2900 + m.size/12, to: []addressee{{mail: m.from, uid: m.box}}}, d)
}

// deliver is one try at one recipient; it returns when it ended.
func (l *submissionLog) deliver(t int64, id string, m letter, a *addressee, d *dice) int64 {
	if a.uid != "" {
		t += d.span(20*millisecond, 120*millisecond)
		session := lmtpID(d)
		l.dovecot(t, "lmtp(", a.uid, ")<", itoa(pidOf(d)), "><", session, ">: msgid=<", m.id, ">: saved mail to INBOX")
		l.say(t+millisecond, "postfix/lmtp", pidOf(d), id, ": to=<", a.mail, ">, relay="+submissionName+"[private/dovecot-lmtp], ", delays(d.span(20, 150)),
			", dsn=2.0.0, status=sent (250 2.0.0 <", a.mail, "> ", session, " Saved)")
		return t + millisecond
	}
	took := d.span(300, 4200) // milliseconds
	t += took * millisecond
	mx := a.peer.mx + "[" + a.peer.ip + "]"
	dsn, how := "2.0.0", "sent (250 2.0.0 Ok: queued as "+queueID(t, d)+")"
	switch a.fate {
	case fateUnknown:
		dsn, how = "5.1.1", "bounced (host "+mx+" said: 550 5.1.1 <"+a.mail+">: Recipient address rejected: User unknown (in reply to RCPT TO command))"
	case fateFull:
		dsn, how = "5.2.2", "bounced (host "+mx+" said: 552 5.2.2 <"+a.mail+">: Mailbox full (in reply to RCPT TO command))"
	case fateSpam:
		dsn, how = "5.7.1", "bounced (host "+mx+" said: 550 5.7.1 Message rejected as spam by content filtering (in reply to end of DATA command))"
	case fateLater, fateHeld:
		dsn, how = "4.7.1", "deferred (host "+mx+" said: 421 4.7.1 Too many messages from ["+submissionOut+"], try again later (in reply to MAIL FROM command))"
	}
	l.say(t, "postfix/smtp", pidOf(d), id, ": to=<", a.mail, ">, relay=", mx, ":25, ", delays(took), ", dsn=", dsn, ", status=", how)
	return t
}

// arrive is a connection from another mail server that leaves one letter.
func (l *submissionLog) arrive(t int64, from smtpClient, m letter, d *dice) {
	const program = "postfix/smtpd"
	pid, id := pidOf(d), queueID(t, d)
	l.say(t-d.span(100*millisecond, 900*millisecond), program, pid, "connect from ", from.String())
	l.say(t, program, pid, id, ": client=", from.String())
	l.queue(t+d.span(100*millisecond, 700*millisecond), id, m, d)
	n := len(m.to)
	l.say(t+d.span(800*millisecond, 3*second), program, pid, "disconnect from ", from.String(), " ehlo=1 mail=1 rcpt=", itoa(n), " data=1 quit=1 commands=", itoa(4+n))
}

// turnAway is a stranger who may not relay, whose recipient does not exist, or who is on a list.
func (l *submissionLog) turnAway(t int64, from smtpClient, sender, to string, d *dice) {
	const program = "postfix/smtpd"
	pid := pidOf(d)
	why := "454 4.7.1 <" + to + ">: Relay access denied"
	switch d.n(3) {
	case 0:
		why = "550 5.1.1 <" + to + ">: Recipient address rejected: User unknown in virtual mailbox table"
	case 1:
		why = "554 5.7.1 Service unavailable; Client host [" + from.ip + "] blocked using rbl.example.net"
	}
	l.say(t, program, pid, "connect from ", from.String())
	l.say(t+second, program, pid, "NOQUEUE: reject: RCPT from ", from.String(), ": ", why, "; from=<", sender, "> to=<", to, "> proto=ESMTP helo=<", "mail-"+itoa(d.n(90)), ">")
	l.say(t+2*second, program, pid, "disconnect from ", from.String(), " ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4")
}

// fetching is what an IMAP session moved.
type fetching struct {
	took    int64
	headers int
	mails   int
	bytes   int64
}

// imap is a session that was let in, and its end. Its channel is "TLS", or "secured" for the webmail on the same host.
func (l *submissionLog) imap(t int64, uid, ip string, f fetching, channel string, d *dice) {
	session, pid := sessionID(t, ip, d), itoa(pidOf(d))
	l.dovecot(t, "imap-login: Login: user=<", uid, ">, method=PLAIN, rip=", ip, ", lip="+submissionIP+", mpid=", pid, ", ", channel, ", session=<", session, ">")
	how := "Logged out"
	if channel == "TLS" && d.chance(0.3) {
		how = "Connection closed (IDLE running for 0.001 + waiting input for " + itoa(60+d.n(1200)) + ".001 secs, 2 B in + 10 B out, state=wait-input)"
	}
	headers := int64(f.headers) * d.span(900, 1800)
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	l.dovecot(t+f.took, "imap(", uid, ")<", pid, "><", session, ">: Disconnected: ", how, " in=", n(180+int64(f.mails)*34+f.took/minute*12), " out=", n(900+headers+f.bytes),
		" deleted=0 expunged=0 trashed=0 hdr_count=", itoa(f.headers), " hdr_bytes=", n(headers), " body_count=", itoa(f.mails), " body_bytes=", n(f.bytes))
}

// imapRefused is a session with a wrong password.
func (l *submissionLog) imapRefused(t int64, typed, ip string, known bool, d *dice) {
	session := sessionID(t, ip, d)
	l.mismatch(t, typed, ip, session, known)
	l.dovecot(t+2*second, "imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<", typed, ">, method=PLAIN, rip=", ip, ", lip="+submissionIP+", TLS: Connection closed, session=<", session, ">")
}

// pidOf rolls a process number.
func pidOf(d *dice) int { return 2000 + d.n(60000) }

// queueID returns the name of a file in the queue as Postfix makes it: the microseconds and an inode's number.
func queueID(t int64, d *dice) string {
	const digits = "0123456789ABCDEF"
	v := uint64(t%second)<<20 | 0xC0000 | uint64(d.n(0x40000))
	b := [10]byte{}
	for i := range b {
		b[i] = digits[v>>(36-4*i)&15]
	}
	return string(b[:])
}

// sessionID makes Dovecot's name of a session: the time, the client's port and address.
func sessionID(t int64, ip string, d *dice) string {
	v := uint64(t)
	p := uint16(1024 + d.n(60000))
	b := []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24), byte(v >> 32), byte(v >> 40), byte(p), byte(p >> 8)}
	if a, err := netip.ParseAddr(ip); err == nil {
		b = append(b, a.AsSlice()...)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// lmtpID rolls the name of a delivery to a mailbox.
func lmtpID(d *dice) string {
	b := make([]byte, 16)
	binary.LittleEndian.PutUint64(b, d.next())
	binary.LittleEndian.PutUint64(b[8:], d.next())
	return base64.RawStdEncoding.EncodeToString(b)
}

// delays writes Postfix's word on how long a delivery took, in milliseconds.
func delays(ms int64) string {
	sec := func(ms int64) string {
		s := strconv.FormatFloat(float64(ms)/1000, 'g', 2, 64)
		return s
	}
	return "delay=" + sec(ms) + ", delays=" + sec(ms/20) + "/" + sec(ms/90) + "/" + sec(ms/3) + "/" + sec(ms-ms/20-ms/90-ms/3)
}
