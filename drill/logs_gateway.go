// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// gatewayLog writes the lines of the appliance before the mail system. Inside it is Postfix, and its log says so; what else
// the box does is in no log of its own.
type gatewayLog struct{ syslogSheet }

// post is one message that passes the gateway.
type post struct {
	sender, to         string
	fromHost, fromIP   string // who brings it
	relayHost, relayIP string // who takes it on
	size               int64
	answer             string // what the next host says
	status             string // sent, bounced or deferred
	dsn                string
}

func (l *gatewayLog) say(t int64, program string, pid int, parts ...string) {
	b := l.tag(t, "postfix/"+program, pid)
	for _, s := range parts {
		b = append(b, s...)
	}
	l.close(t, b)
}

// passed is a message that came in and went on, from the connection to its removal from the queue. One that is put off is offered
// again some minutes later, and then taken; it returns when, or 0.
func (l *gatewayLog) passed(t int64, m post, d *dice) (again int64) {
	in, clean, out := 2000+d.n(30000), 2000+d.n(30000), 2000+d.n(30000)
	id := queueID(t, d)
	client := m.fromHost + "[" + m.fromIP + "]"
	l.say(t, "smtpd", in, "connect from ", client)
	t += d.span(second/10, second)
	l.say(t, "smtpd", in, id, ": client=", client)
	t += d.span(second/20, second/2)
	l.say(t, "cleanup", clean, id, ": message-id=<", strconv.FormatUint(d.next(), 36), "@", m.sender[at(m.sender)+1:], ">")
	l.say(t+second/20, "qmgr", 1411, id, ": from=<", m.sender, ">, size=", strconv.FormatInt(m.size, 10), ", nrcpt=1 (queue active)")
	l.say(t+second/10, "smtpd", in, "disconnect from ", client, " ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7")
	t += d.span(second/2, 4*second)
	l.handed(t, out, id, m, d.span(second, 4*second))
	if m.status == "deferred" {
		again = t + d.span(5*minute, 18*minute)
		l.say(again-second, "qmgr", 1411, id, ": from=<", m.sender, ">, size=", strconv.FormatInt(m.size, 10), ", nrcpt=1 (queue active)")
		m.status, m.dsn, m.answer = "sent", "2.0.0", "250 2.0.0 Ok: queued as "+queueID(again, d)
		l.handed(again, out, id, m, again-t)
		t = again
	}
	l.say(t+second/100, "qmgr", 1411, id, ": removed")
	return again
}

// handed is a message offered to the next host, after so long in the queue.
func (l *gatewayLog) handed(t int64, pid int, id string, m post, after int64) {
	l.say(t, "smtp", pid, id, ": to=<", m.to, ">, relay=", m.relayHost, "[", m.relayIP, "]:25, delay=", tenths(after), ", delays=", tenths(after-after/4), "/0.01/0.3/", tenths(after/4),
		", dsn=", m.dsn, ", status=", m.status, " (", m.answer, ")")
}

// rejected is a message that a blocklist keeps out.
func (l *gatewayLog) rejected(t int64, ip, sender, to string, d *dice) {
	pid := 2000 + d.n(30000)
	l.say(t, "smtpd", pid, "connect from unknown[", ip, "]")
	l.say(t+second, "smtpd", pid, "NOQUEUE: reject: RCPT from unknown[", ip, "]: 554 5.7.1 Service unavailable; Client host [", ip,
		"] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/", ip, "; from=<", sender, "> to=<", to, "> proto=ESMTP helo=<", sender[at(sender)+1:], ">")
	l.say(t+2*second, "smtpd", pid, "disconnect from unknown[", ip, "] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4")
}

// at is where the @ of an address stands.
func at(address string) int {
	for i := range address {
		if address[i] == '@' {
			return i
		}
	}
	return -1
}

// tenths writes a length of time in seconds with one digit behind the point.
func tenths(t int64) string { return strconv.FormatFloat(float64(t)/float64(second), 'f', 1, 64) }
