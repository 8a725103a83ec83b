// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"strings"

	"github.com/sekisho/sekisho/event"
)

// A directory server spreads one attempt or one read over several lines, which carry the number of the connection and of the
// operation on it. ldapJoin puts them together again, for OpenLDAP and for 389 Directory Server:
//
//	ACCEPT ─► connection: address, who is bound
//	BIND, SRCH, MOD … ─► operation, waits ─► RESULT ─► ldapAct ─► front end? ─► event
//
// An event has the time of the request. The join depends on the order of lines within one connection only; connections may
// interleave in any way, and lines of one connection may be out of order as the server's threads write them: operations
// before their ACCEPT, a result behind the close.
//
// Everything is bounded. When too many operations wait, the one that has waited longest is told as it is known, with an
// unknown outcome; the connection, its address and who is bound stay known. When too many connections are open, the one
// that was silent longest is forgotten.
type ldapJoin struct {
	env   *Env
	names ldapNames
	login ldapLogin    // the one being looked at
	out   *event.Batch // of the call in progress

	// confirms says that this server writes a line of its own when a password was right (slapd does), so that a success
	// without it is worth a remark.
	confirms bool

	servers  []*ldapServer
	fronts   []*ldapFront // one a host
	last     *ldapServer
	oldest   *ldapConn // all connections in order of use
	newest   *ldapConn
	conns    int
	waiting  int // operations
	held     int // acts that wait to be understood
	freeConn *ldapConn
	freeOp   *ldapOp
	freeHeld *ldapHeld
	text     []byte
	parts    []event.Part
}

const (
	ldapMaxServers = 64
	ldapMaxConns   = 1 << 17
	ldapMaxOps     = 1 << 14
	ldapMaxConnOps = 1024
	ldapMaxHeld    = 1 << 15
	ldapMaxText    = 1024 // bytes kept of a name, a filter or a list of attributes

	// ldapGrace is how long lines of one connection may be out of order.
	ldapGrace = 5 * 1000000
	// ldapPatience is how long a result is waited for: then it is told without. Replication searches never end.
	ldapPatience = 24 * 3600 * 1000000
)

// ldapServer is one server process in the log.
type ldapServer struct {
	host, pid string
	now       event.Micros
	conns     map[uint64]*ldapConn
	oldestOp  *ldapOp // operations in order of their start
	newestOp  *ldapOp
	unsettled []*ldapConn // connections whose ACCEPT is missing or whose close came early, in order of that
	front     *ldapFront

	expiredDN string // whose password the server just called expired
	expiredAt event.Micros
}

// restart tells what the connections of a server that ended still owe, and forgets them: it counts anew.
func (j *ldapJoin) restart(s *ldapServer) {
	j.drop(s)
	s.oldestOp, s.newestOp, s.unsettled = nil, nil, nil
}

type ldapKind uint8

const (
	ldapOther ldapKind = iota
	ldapBind
	ldapSearch
	ldapAdd
	ldapModify
	ldapRename
	ldapDelete
	ldapCompare
	ldapPassword
)

// ldapOp is one request, and what its further lines add.
type ldapOp struct {
	next         *ldapOp // of the same connection, started before
	older, newer *ldapOp // of the server
	conn         *ldapConn

	kind      ldapKind
	id        int32
	time      event.Micros
	input     uint32
	parts     [6]event.Part
	nparts    uint8
	bound     ldapBound // when it was asked
	dn        string    // bound, read or changed; of a search its base
	filter    string
	attrs     string
	mech      string
	authc     string // SASL: who proved to be who
	authz     string // SASL: and wants to be whom
	proxied   string // proxied authorization: in whose name
	entry     string // the entry returned, where the log has it
	boundDN   string
	boundName string
	method    int32
	scope     int8
	confirmed bool
	cut       bool // a line was cut short
	own       bool // one's own password
	orphan    bool // only the answer was seen
}

// ldapResult is what the server answered.
type ldapResult struct {
	known   bool
	err     int32
	tag     int32
	entries event.Int
	micros  event.Int // it took, as measured by the server
	text    string
	dn      string // 389: who is bound now
	nobody  bool   // 389: nobody is, whatever name was given: the password was empty
	notes   string
}

// ldapAct is one request with its answer.
type ldapAct struct {
	who ldapWho
	op  ldapOp
	res ldapResult
}

// ldapAt is where a line stands and what it speaks of.
type ldapAt struct {
	time event.Micros
	part event.Part
	conn uint64
	op   int32 // -1: the connection itself
}

func newLDAPJoin(env *Env, confirms bool) *ldapJoin {
	return &ldapJoin{env: env, names: ldapNames{in: env.Intern}, confirms: confirms}
}

// server returns the server process that wrote a line, and lets its time pass.
func (j *ldapJoin) server(host, pid []byte, at event.Micros) *ldapServer {
	s := j.last
	if s == nil || string(host) != s.host || string(pid) != s.pid {
		s = j.findServer(host, pid)
		j.last = s
	}
	// A clock that was set back, or one line from the far future, must not stop the waiting for good.
	if at > s.now || at < s.now-60*1000000 {
		s.now = at
		j.pass(s)
	}
	return s
}

func (j *ldapJoin) findServer(host, pid []byte) *ldapServer {
	stale := -1
	for i, s := range j.servers {
		if string(host) == s.host && string(pid) == s.pid {
			return s
		}
		if stale < 0 || s.now < j.servers[stale].now {
			stale = i
		}
	}
	if len(j.servers) >= ldapMaxServers {
		j.evict(stale)
	}
	s := &ldapServer{host: string(host), pid: string(pid), conns: make(map[uint64]*ldapConn)}
	for _, f := range j.fronts {
		if f.host == s.host {
			s.front = f
		}
	}
	if s.front == nil {
		s.front = newLDAPFront(s.host)
		j.fronts = append(j.fronts, s.front)
	}
	j.servers = append(j.servers, s)
	return s
}

// evict forgets a server process, and its host if that has no other.
func (j *ldapJoin) evict(i int) {
	gone := j.servers[i]
	j.drop(gone)
	j.servers = append(j.servers[:i], j.servers[i+1:]...)
	for _, s := range j.servers {
		if s.front == gone.front {
			return
		}
	}
	j.frontFlush(gone.front)
	for k, f := range j.fronts {
		if f == gone.front {
			j.fronts = append(j.fronts[:k], j.fronts[k+1:]...)
			return
		}
	}
}

// drop tells all that a server still owes and forgets its connections.
func (j *ldapJoin) drop(s *ldapServer) {
	for s.oldestOp != nil {
		j.abandon(s.oldestOp)
	}
	for len(s.unsettled) > 0 {
		j.settle(s)
	}
	for c := j.oldest; c != nil; {
		next := c.newer
		if c.server == s {
			j.forget(c)
		}
		c = next
	}
}

// flush tells all that is still owed.
func (j *ldapJoin) flush() {
	for _, s := range j.servers {
		j.drop(s)
	}
	for _, f := range j.fronts {
		j.frontFlush(f)
	}
	j.servers, j.fronts, j.last = nil, nil, nil
}

// pass does what is due at the server's time.
func (j *ldapJoin) pass(s *ldapServer) {
	for len(s.unsettled) > 0 && due(s.now, s.unsettled[0].until) {
		j.settle(s)
	}
	for s.oldestOp != nil && due(s.now, s.oldestOp.time+ldapPatience) {
		j.abandon(s.oldestOp)
	}
	j.frontPass(s.front, s.now)
}

// due says whether a deadline is over, or lies so far ahead that the clock must have been set back.
func due(now, deadline event.Micros) bool {
	return now > deadline || deadline > now+ldapPatience+3600*1000000
}

// start takes a request. It returns nil if there is no use in remembering it.
func (j *ldapJoin) start(s *ldapServer, at *ldapAt, kind ldapKind) *ldapOp {
	c := j.conn(s, at, true)
	c.used = true
	if kind != ldapBind {
		c.found = nil
	}
	if o := c.op(at.op); o != nil {
		if o.kind == kind && near(o.time, at.time) { // the same line, recorded twice
			return nil
		}
		j.abandon(o)
	}
	if c.nops >= ldapMaxConnOps {
		oldest := c.ops
		for oldest.next != nil {
			oldest = oldest.next
		}
		j.abandon(oldest)
	}
	if j.waiting >= ldapMaxOps {
		j.abandonOldest(s)
	}
	o := j.freeOp
	if o == nil {
		o = &ldapOp{}
	} else {
		j.freeOp = o.next
		*o = ldapOp{}
	}
	o.conn, o.kind, o.id, o.time, o.input = c, kind, at.op, at.time, j.env.Input
	o.parts[0], o.nparts = at.part, 1
	o.bound, o.boundDN, o.boundName = c.bound, c.dn, c.account
	o.method, o.scope = -1, -1
	o.next, c.ops = c.ops, o
	c.nops++
	o.older = s.newestOp
	if s.newestOp != nil {
		s.newestOp.newer = o
	} else {
		s.oldestOp = o
	}
	s.newestOp = o
	j.waiting++
	return o
}

func (j *ldapJoin) abandonOldest(s *ldapServer) {
	if s.oldestOp == nil {
		for _, s = range j.servers {
			if s.oldestOp != nil {
				break
			}
		}
	}
	j.abandon(s.oldestOp)
}

// op returns the outstanding operation of that number.
func (c *ldapConn) op(id int32) *ldapOp {
	for o := c.ops; o != nil; o = o.next {
		if o.id == id {
			return o
		}
	}
	return nil
}

// more returns the outstanding operation that a further line speaks of, and keeps that line; nil if there is none.
func (j *ldapJoin) more(s *ldapServer, at *ldapAt) *ldapOp {
	c := j.conn(s, at, false)
	if c == nil {
		return nil
	}
	o := c.op(at.op)
	if o != nil {
		j.addPart(o, at)
	}
	return o
}

// addPart keeps where a line stands. A reference speaks of one input: when the log goes on in another, earlier parts go.
func (j *ldapJoin) addPart(o *ldapOp, at *ldapAt) {
	if o.input != j.env.Input {
		o.input, o.nparts = j.env.Input, 0
	}
	if int(o.nparts) < len(o.parts) {
		o.parts[o.nparts] = at.part
		o.nparts++
		return
	}
	o.parts[len(o.parts)-1] = at.part // the result is worth more than a middle line
}

// remove takes an operation out of the lists, without returning it to the free ones.
func (j *ldapJoin) remove(o *ldapOp) {
	c := o.conn
	for p := &c.ops; *p != nil; p = &(*p).next {
		if *p == o {
			*p = o.next
			break
		}
	}
	c.nops--
	s := c.server
	if o.older != nil {
		o.older.newer = o.newer
	} else {
		s.oldestOp = o.newer
	}
	if o.newer != nil {
		o.newer.older = o.older
	} else {
		s.newestOp = o.older
	}
	j.waiting--
}

// abandon tells an operation whose answer is not known.
func (j *ldapJoin) abandon(o *ldapOp) {
	var none ldapResult
	j.done(o, &none)
}

// done completes an operation with its answer.
func (j *ldapJoin) done(o *ldapOp, res *ldapResult) {
	c := o.conn
	j.remove(o)
	if o.kind == ldapBind {
		j.bindDone(c, o, res)
	}
	if o.kind != ldapOther {
		act := ldapAct{who: c.ldapWho, op: *o, res: *res}
		act.who.bound, act.who.dn, act.who.account = o.bound, o.boundDN, o.boundName
		act.op.next, act.op.older, act.op.newer, act.op.conn = nil, nil, nil, nil
		if c.awaits && len(c.acts) < 16 && j.held < ldapMaxHeld {
			c.acts = append(c.acts, act)
			j.held++
		} else {
			j.complete(c.server, c, &act)
		}
	}
	o.next = j.freeOp
	j.freeOp = o
}

// bindDone keeps who is bound from now on.
func (j *ldapJoin) bindDone(c *ldapConn, o *ldapOp, res *ldapResult) {
	if res.nobody {
		o.dn = ""
	} else if res.dn != "" && !strings.EqualFold(res.dn, o.dn) {
		o.dn = res.dn
	}
	if !res.known || res.err != 0 {
		return
	}
	if o.dn == "" {
		c.bound, c.dn, c.account = ldapBoundNobody, "", ""
		return
	}
	c.bound, c.dn, c.account = ldapBoundName, o.dn, j.names.account(o.dn)
}

// result takes the line that answers a request.
func (j *ldapJoin) result(s *ldapServer, at *ldapAt, res *ldapResult) {
	c := j.conn(s, at, true)
	if o := c.op(at.op); o != nil {
		j.addPart(o, at)
		j.done(o, res)
		return
	}
	if c.unbound == at.op {
		return
	}
	// The request lies before the log does. What the answer alone says is still worth telling: that a login failed, that so
	// many entries were read.
	kind := ldapOther
	switch {
	case res.tag == 97 && res.err != 14:
		kind = ldapBind
	case res.tag == 101 && !c.closing:
		kind = ldapSearch
	}
	if kind == ldapOther {
		return
	}
	if o := j.start(s, at, kind); o != nil {
		o.orphan = true
		j.done(o, res)
	}
}

// keep returns a text of the log as a string, cut to what is worth keeping.
func (j *ldapJoin) keep(b []byte) string {
	if len(b) > ldapMaxText {
		b = b[:ldapMaxText]
	}
	return j.env.Intern.Bytes(b)
}
