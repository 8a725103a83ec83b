// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"fmt"
	"time"
)

// lines makes records of one source that goes about its day: logins with a rare wrong password, mail, names asked for, connections. They are made
// beforehand, and only the time is put into each, which is the moment's and never the same twice.
type lines struct {
	syslog    [][]byte
	documents [][]byte
	at        [2]int // where the time stands
	i         int
	last      int64 // the time of the last one, in microseconds
}

const (
	stamp     = "2006-01-02T15:04:05.000000Z"
	templates = 4000
	people    = 1000
)

// linesOf returns the lines of a source: of login hosts, mail hosts, name servers or a firewall.
func linesOf(number int) *lines {
	l := &lines{at: [2]int{len("<38>1 "), len(`{"@timestamp":"`)}}
	for i := range templates {
		person, away := i*7919%people, i*104729%people
		ip := fmt.Sprintf("192.168.%d.%d", 10+person/200, 1+person%200)
		if person%3 == 0 {
			ip = fmt.Sprintf("198.51.100.%d", person%250+1)
		}
		l.syslog = append(l.syslog, []byte("<38>1 "+stamp+" "+syslogLine(number, i, person, away, ip)))
		outcome := "success"
		if i%97 == 0 {
			outcome = "failure"
		}
		l.documents = append(l.documents, fmt.Appendf(nil, `{"@timestamp":"%s","ecs":{"version":"8.11.0"},"event":{"kind":"event","category":["authentication"],"type":["start"],"action":"user_login","outcome":"%s","dataset":"portal.audit","module":"portal"},"user":{"name":"user%d","domain":"LAB"},"source":{"ip":"%s","port":%d},"host":{"name":"portal%d","os":{"name":"Debian GNU/Linux","version":"12"}},"service":{"name":"portal"},"user_agent":{"original":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},"agent":{"type":"filebeat","version":"8.11.0"}}`,
			stamp, outcome, person, ip, 30000+i%20000, number))
	}
	return l
}

func syslogLine(number, i, person, away int, ip string) string {
	switch number % senders {
	case 0:
		host := fmt.Sprintf("login%d", i%20)
		if i%97 == 0 {
			return fmt.Sprintf("%s sshd %d - - Failed password for user%d from %s port %d ssh2", host, 1000+i, person, ip, 30000+i%20000)
		}
		return fmt.Sprintf("%s sshd %d - - Accepted password for user%d from %s port %d ssh2", host, 1000+i, person, ip, 30000+i%20000)
	case 1:
		return fmt.Sprintf("mail1 dovecot %d - - imap-login: Login: user=<user%d>, method=PLAIN, rip=%s, lip=192.168.1.5, mpid=%d, TLS, session=<s%dAbCdEf>", 2000+i%7, person, ip, 9000+i, i)
	case 2:
		return fmt.Sprintf("ns1 named 71 - - client @0x7f%06x %s#%d (www%d.example.jp): query: www%d.example.jp IN A +E(0)K (192.168.1.6)", i, ip, 1024+i, away, away)
	}
	return fmt.Sprintf("fw1 - - - - %%ASA-6-302013: Built outbound TCP connection %d for outside:203.0.113.%d/443 (203.0.113.%d/443) to inside:%s/%d (%s/%d)", 100000+i, away%250+1, away%250+1, ip, 1024+i, ip, 1024+i)
}

func (l *lines) next() []byte     { return l.timed(l.syslog, l.at[0]) }
func (l *lines) document() []byte { return l.timed(l.documents, l.at[1]) }

// timed returns the next of some lines with the moment in it; it is valid until 4,000 others were asked for.
func (l *lines) timed(of [][]byte, at int) []byte {
	line := of[l.i]
	if l.i++; l.i == len(of) {
		l.i = 0
	}
	l.last = max(l.last+1, time.Now().UnixMicro())
	copy(line[at:], time.UnixMicro(l.last).UTC().Format(stamp))
	return line
}
