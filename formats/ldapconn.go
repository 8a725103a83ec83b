// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// The connections of a directory server: whose they are, who is bound on them, and what to do when their lines come out of
// order.

const ldapPeerUnknown = 0

type ldapBound uint8

const (
	ldapBoundUnknown ldapBound = iota
	ldapBoundNobody
	ldapBoundName
)

// ldapWho is who asked: the connection as it was at the time of the request.
type ldapWho struct {
	conn             uint64
	src, dst         netip.Addr
	srcPort, dstPort uint16
	srcHost          string // where there is no address: local
	tls              string
	peer             uint64 // the same for all connections from one address; ldapPeerUnknown where the log begins later
	bound            ldapBound
	dn, account      string // of ldapBoundName
}

type ldapConn struct {
	ldapWho
	server       *ldapServer
	older, newer *ldapConn
	ops          *ldapOp // that wait for a result, the newest first
	nops         int
	accepted     bool
	awaits       bool // its first operation was seen without ACCEPT: that line may come
	closing      bool
	used         bool // any operation was seen
	unbound      int32
	since        event.Micros // of accepted: that line, else of the first line
	until        event.Micros // of awaits and closing
	acts         []ldapAct    // finished while the ACCEPT is awaited
	accept       event.Ref
	firstDN      string // the first that was bound
	proxied      string // for the operation proxyOp
	proxyOp      int32
	found        *ldapHeld // the last account found, while no other operation came after it
	foundSeq     uint64
}

// conn returns a connection of the server. One that is not known is made if make is set: its beginning lies before the log
// does, or its ACCEPT comes late.
func (j *ldapJoin) conn(s *ldapServer, at *ldapAt, create bool) *ldapConn {
	c := s.conns[at.conn]
	if c == nil {
		if !create {
			return nil
		}
		c = j.newConn(s, at)
		c.peer = ldapPeerUnknown
		if at.op == 0 && !c.accepted {
			c.awaits, c.until = true, at.time+ldapGrace
			s.unsettled = append(s.unsettled, c)
		}
		return c
	}
	j.touch(c)
	return c
}

func (j *ldapJoin) newConn(s *ldapServer, at *ldapAt) *ldapConn {
	if j.conns >= ldapMaxConns {
		j.release(j.oldest)
	}
	c := j.freeConn
	if c == nil {
		c = &ldapConn{}
	} else {
		j.freeConn = c.newer
		acts := c.acts
		*c = ldapConn{acts: acts[:0]}
	}
	c.server, c.conn, c.since, c.unbound = s, at.conn, at.time, -1
	s.conns[at.conn] = c
	j.conns++
	j.link(c)
	return c
}

func (j *ldapJoin) link(c *ldapConn) {
	c.older, c.newer = j.newest, nil
	if j.newest != nil {
		j.newest.newer = c
	} else {
		j.oldest = c
	}
	j.newest = c
}

func (j *ldapJoin) unlink(c *ldapConn) {
	if c.older != nil {
		c.older.newer = c.newer
	} else {
		j.oldest = c.newer
	}
	if c.newer != nil {
		c.newer.older = c.older
	} else {
		j.newest = c.older
	}
}

func (j *ldapJoin) touch(c *ldapConn) {
	if c != j.newest {
		j.unlink(c)
		j.link(c)
	}
}

// release tells what a connection owes and forgets it.
func (j *ldapJoin) release(c *ldapConn) {
	for c.ops != nil {
		j.abandon(c.ops)
	}
	j.arrived(c)
	j.forget(c)
}

// forget takes a connection that owes nothing out of all lists.
func (j *ldapJoin) forget(c *ldapConn) {
	if c.awaits || c.closing {
		u := c.server.unsettled
		for i := range u {
			if u[i] == c {
				c.server.unsettled = append(u[:i], u[i+1:]...)
				break
			}
		}
	}
	delete(c.server.conns, c.conn)
	j.unlink(c)
	j.conns--
	c.server, c.ops, c.found = nil, nil, nil
	c.newer, c.older = j.freeConn, nil
	j.freeConn = c
}

// settle ends the waiting for late lines of the connection that has waited longest.
func (j *ldapJoin) settle(s *ldapServer) {
	c := s.unsettled[0]
	s.unsettled = s.unsettled[1:]
	c.awaits = false
	if c.closing {
		c.closing = false
		j.release(c)
		return
	}
	j.arrived(c)
}

// arrived completes what waited for a connection's ACCEPT.
func (j *ldapJoin) arrived(c *ldapConn) {
	for i := range c.acts {
		a := &c.acts[i]
		who := c.ldapWho
		who.bound, who.dn, who.account = a.who.bound, a.who.dn, a.who.account
		a.who = who
		j.complete(c.server, c, a)
	}
	j.held -= len(c.acts)
	clear(c.acts)
	c.acts = c.acts[:0]
}

// accept takes the line that opens a connection.
func (j *ldapJoin) accept(s *ldapServer, at *ldapAt, who *ldapWho) {
	c := s.conns[at.conn]
	switch {
	case c == nil:
		c = j.newConn(s, at)
	case c.accepted && c.src == who.src && c.srcPort == who.srcPort && c.srcHost == who.srcHost && near(at.time, c.since):
		return // the same line, recorded twice
	case !c.accepted && near(at.time, c.since):
		j.touch(c)
	default: // the server began to count anew
		j.release(c)
		c = j.newConn(s, at)
	}
	c.accepted, c.since = true, at.time
	c.accept = event.Ref{Input: j.env.Input, Part: at.part}
	c.setPeer(who)
	if c.bound == ldapBoundUnknown {
		c.bound = ldapBoundNobody
	}
	if c.awaits {
		if !c.closing {
			j.unsettle(c)
		}
		c.awaits = false
		j.arrived(c)
	}
}

func (c *ldapConn) setPeer(who *ldapWho) {
	c.src, c.srcPort, c.srcHost = who.src, who.srcPort, who.srcHost
	c.dst, c.dstPort = who.dst, who.dstPort
	if who.tls != "" {
		c.tls = who.tls
	}
	b := who.src.As16()
	c.peer = fold64(fnvStart, who.srcHost)
	for _, x := range b {
		c.peer = (c.peer ^ uint64(x)) * 1099511628211
	}
}

func (j *ldapJoin) unsettle(c *ldapConn) {
	u := c.server.unsettled
	for i := len(u) - 1; i >= 0; i-- {
		if u[i] == c {
			c.server.unsettled = append(u[:i], u[i+1:]...)
			return
		}
	}
}

// settleNow ends the waiting for a connection's ACCEPT: another line told whose it is.
func (j *ldapJoin) settleNow(c *ldapConn) {
	if c.awaits && !c.closing {
		j.unsettle(c)
		c.awaits = false
		j.arrived(c)
	}
}

func near(a, b event.Micros) bool { return a-b <= ldapGrace && b-a <= ldapGrace }

// closed takes the line that ends a connection. What is outstanding may still be answered by a line that comes late.
func (j *ldapJoin) closed(s *ldapServer, at *ldapAt, reason string) {
	c := s.conns[at.conn]
	if c == nil {
		return
	}
	if c.accepted && !c.used {
		j.emitBare(c, at, reason)
	}
	if c.closing {
		return
	}
	if c.ops == nil && !c.awaits {
		j.forget(c)
		return
	}
	if c.awaits {
		j.unsettle(c)
	}
	c.closing, c.until = true, at.time+ldapGrace
	s.unsettled = append(s.unsettled, c)
}
