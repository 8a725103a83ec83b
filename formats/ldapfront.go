// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Front ends (web logins, mail servers, VPN gateways) log people in by two steps: they search the directory for the ID that
// was typed, and bind as the entry that was found. The address on the connection is theirs, not the person's. ldapFront makes
// one authentication of the two steps, and tells by cause, not by name, which misses were logins:
//
//   - A search is a question for one account if its filter compares ID attributes with one value and else only with constants,
//     below a base (not of one entry), and does not ask for the attributes that only a host's name service needs.
//   - A question whose entry is then bound by the same peer, within seconds, was the first half of a login. Both become one
//     authentication, with the wrong password told apart from the unknown ID. It also proves that this peer asks this
//     question (the filter without the ID, base, scope and attributes) to log people in.
//   - A miss (no entry) of a question that is so proven is a login with an unknown ID: one failed authentication. A miss of a
//     question that is not proven yet waits for the proof for a day. Then it is told as the directory search that it was,
//     unless it asked for nothing but the entry's name, and the peer was never seen to ask that without binding.
//   - Some front ends ask again in another place or by another attribute. A miss whose ID is found by another question of the
//     same peer within two seconds is no login of its own, nor is the second of two misses.
//
// What is found and not bound stays a directory search. An address book that searches by part of a name never comes here.
//
// What is known of front ends outlives the server's process: it belongs to the host.
type ldapFront struct {
	host        string
	first, last *ldapHeld            // in order of their results, for ldapHold
	byID        map[uint64]heldChain // by ID
	open        map[uint64]openPeer  // by peer: the accounts found and not bound yet
	proven      map[uint64]struct{}  // peer and question
	idle        map[uint64]struct{}  // peer and question whose entry was found and not bound
	pending     []*ldapHeld          // misses that wait for a proof, the oldest first
}

const (
	ldapHold      = 15 * 1000000 // a bind comes at once; a person types slower
	ldapOneTry    = 2 * 1000000  // several searches within are one attempt
	ldapProof     = 24 * 3600 * 1000000
	ldapMaxProofs = 1 << 16
	ldapMaxChain  = 64 // searches for the same ID that are looked at
)

type heldState uint8

const (
	heldFound   heldState = iota
	heldUsed              // its bind came
	heldMiss              // nobody has this ID
	heldPartial           // a miss that is part of another attempt
	heldTold              // found, and told as a read already: a host's name service
)

// ldapHeld is a search for one account that waits to be understood.
type ldapHeld struct {
	act    ldapAct
	login  ldapLogin
	state  heldState
	since  event.Micros // when its result came
	seq    uint64       // tells a reused one from what it was
	shape  uint64       // peer and question
	id     uint64       // the ID
	next   *ldapHeld
	before *ldapHeld // with the same ID
	after  *ldapHeld
}

// heldChain is what waits with the same ID.
type heldChain struct{ oldest, newest *ldapHeld }

type openPeer struct {
	n    int
	last *ldapHeld
}

func newLDAPFront(host string) *ldapFront {
	return &ldapFront{host: host, byID: make(map[uint64]heldChain), open: make(map[uint64]openPeer),
		proven: make(map[uint64]struct{}), idle: make(map[uint64]struct{})}
}

// complete takes a request with its answer.
func (j *ldapJoin) complete(s *ldapServer, c *ldapConn, a *ldapAct) {
	switch a.op.kind {
	case ldapBind:
		j.completeBind(s, c, a)
	case ldapSearch:
		if !j.holdSearch(s, c, a) {
			j.emitSearch(s.host, a)
		}
	default:
		j.emitWrite(s.host, a)
	}
}

// holdSearch keeps a search that may be half of a login. It returns false if it is not.
func (j *ldapJoin) holdSearch(s *ldapServer, c *ldapConn, a *ldapAct) bool {
	n, ok := a.res.entries.Get()
	if !ok || n > 1 || a.res.err != 0 || a.op.scope < 1 || a.op.cut {
		return false
	}
	login := &j.login
	if !j.names.login(a.op.filter, login) {
		return false
	}
	if a.who.bound == ldapBoundName && strings.EqualFold(a.who.account, login.value) {
		return false // reads about oneself
	}
	lookup := nameService(a.op.attrs)
	if lookup {
		j.emitSearch(s.host, a)
		if n == 0 {
			return true
		}
	}
	if j.held >= ldapMaxHeld {
		j.shed(s.front)
	}
	h := j.freeHeld
	if h == nil {
		h = &ldapHeld{}
	} else {
		j.freeHeld = h.next
	}
	*h = ldapHeld{act: *a, login: *login, since: s.now, seq: h.seq + 1}
	h.id = fold64(fnvStart, login.value)
	h.shape = fold64(fold64(a.who.peer^login.shape, a.op.dn), a.op.attrs) ^ uint64(a.op.scope)
	j.held++
	f := s.front
	switch {
	case lookup:
		h.state = heldTold
	case n == 0:
		h.state = heldMiss
		f.weigh(h)
	default:
		h.state = heldFound
		f.weigh(h)
		p := f.open[a.who.peer]
		f.open[a.who.peer] = openPeer{n: p.n + 1, last: h}
		if c != nil {
			c.found, c.foundSeq = h, h.seq
		}
	}
	chain := f.byID[h.id]
	if h.before = chain.newest; h.before != nil {
		h.before.after = h
		chain.newest = h
	} else {
		chain = heldChain{h, h}
	}
	f.byID[h.id] = chain
	if f.last != nil {
		f.last.next = h
	} else {
		f.first = h
	}
	f.last = h
	return true
}

// weigh finds out which of several searches for one ID, a moment apart, are one attempt.
func (f *ldapFront) weigh(h *ldapHeld) {
	o := f.byID[h.id].newest
	for n := 0; o != nil && n < ldapMaxChain; n, o = n+1, o.before {
		if d := h.act.op.time - o.act.op.time; d > ldapOneTry || d < -ldapOneTry {
			continue
		}
		if o.shape == h.shape || !samePeer(o.act.who.peer, h.act.who.peer) || !strings.EqualFold(o.login.value, h.login.value) {
			continue
		}
		switch {
		case h.state == heldMiss && o.state != heldPartial:
			h.state = heldPartial
		case h.state == heldFound && o.state == heldMiss:
			o.state = heldPartial
		}
	}
}

// match returns the search that found the entry that is bound now; nil if there is none. doubt says that there are several
// that it could be.
func (j *ldapJoin) match(s *ldapServer, c *ldapConn, a *ldapAct) (h *ldapHeld, doubt bool) {
	f := s.front
	attr, value := j.names.leaf(a.op.dn)
	if value != "" {
		var used *ldapHeld
		o := f.byID[fold64(fnvStart, value)].newest
		for n := 0; o != nil && n < ldapMaxChain; n, o = n+1, o.before {
			if !samePeer(o.act.who.peer, a.who.peer) || !strings.EqualFold(o.login.value, value) || !o.fits(a) {
				continue
			}
			switch o.state {
			case heldFound, heldTold:
				if h == nil || h.act.who.conn != a.who.conn && (o.act.who.conn == a.who.conn || h.state == heldTold || o.state == heldFound) {
					h = o // the oldest, but one of this connection goes first
				}
			case heldUsed:
				if used == nil {
					used = o
				}
			}
		}
		if h == nil {
			h = used
		}
		if h != nil {
			return h, false
		}
	}
	if a.op.dn == "" || strings.EqualFold(a.op.dn, c.firstName()) {
		return nil, false
	}
	if c != nil && c.found != nil && c.found.seq == c.foundSeq && c.found.state == heldFound && c.found.couldBe(a, attr) {
		return c.found, false
	}
	p := f.open[a.who.peer]
	if p.n > 0 && a.who.peer != ldapPeerUnknown && p.last.couldBe(a, attr) {
		if p.n == 1 && p.last.state == heldFound {
			return p.last, false
		}
		return nil, true
	}
	return nil, false
}

// samePeer says whether two connections may be of one peer. Connections that were open before the log begins may be anybody's:
// pools are, for hours. There the ID alone must do.
func samePeer(a, b uint64) bool { return a == b || a == ldapPeerUnknown || b == ldapPeerUnknown }

func (c *ldapConn) firstName() string {
	if c == nil {
		return ""
	}
	return c.firstDN
}

// fits says whether the search came before the bind, by somebody else than the entry itself, and found no other entry.
func (h *ldapHeld) fits(a *ldapAct) bool {
	if h.act.op.entry != "" && !strings.EqualFold(h.act.op.entry, a.op.dn) {
		return false
	}
	d := a.op.time - h.since
	return d >= -ldapGrace && d <= ldapHold && under(a.op.dn, h.act.op.dn) && !strings.EqualFold(h.act.op.boundDN, a.op.dn)
}

// couldBe is fits for an entry whose name does not show the ID: it must not show another one either.
func (h *ldapHeld) couldBe(a *ldapAct, attr string) bool {
	if !h.fits(a) {
		return false
	}
	if h.act.op.entry != "" {
		return true
	}
	for _, n := range h.login.names[:h.login.n] {
		if !strings.EqualFold(n, attr) {
			return true
		}
	}
	return false
}

// completeBind tells a login, with the search that led to it.
func (j *ldapJoin) completeBind(s *ldapServer, c *ldapConn, a *ldapAct) {
	if a.res.err == 14 && a.res.known {
		return // a step of SASL, not the last
	}
	var h *ldapHeld
	doubt := false
	if a.op.dn != "" {
		h, doubt = j.match(s, c, a)
	}
	rebind := c != nil && c.firstDN != "" && c.firstDN == a.op.dn && h == nil
	if c != nil && c.firstDN == "" && a.op.dn != "" && h == nil && a.res.known && a.res.err == 0 {
		c.firstDN = a.op.dn
	}
	j.emitBind(s, a, h, doubt, rebind)
	if c != nil {
		c.found = nil
	}
	if h != nil && h.state == heldFound {
		s.front.close(h)
		h.state = heldUsed
		j.prove(s.front, h.shape)
	}
}

// close takes a found account off the ones that are not bound yet.
func (f *ldapFront) close(h *ldapHeld) {
	p := f.open[h.act.who.peer]
	if p.n--; p.n <= 0 {
		delete(f.open, h.act.who.peer)
		return
	}
	f.open[h.act.who.peer] = p
}

// prove keeps that a peer asks a question to log people in, and releases what waited for that.
func (j *ldapJoin) prove(f *ldapFront, shape uint64) {
	if _, ok := f.proven[shape]; ok || len(f.proven) >= ldapMaxProofs {
		return
	}
	f.proven[shape] = struct{}{}
	kept := f.pending[:0]
	for _, h := range f.pending {
		if h.shape == shape {
			j.emitMiss(f.host, &h.act, &h.login, true)
			j.free(h)
			continue
		}
		kept = append(kept, h)
	}
	clear(f.pending[len(kept):])
	f.pending = kept
}

// frontPass tells what has waited long enough.
func (j *ldapJoin) frontPass(f *ldapFront, now event.Micros) {
	for f.first != nil && due(now, f.first.since+ldapHold) {
		j.expire(f)
	}
	n := 0
	for n < len(f.pending) && due(now, f.pending[n].act.op.time+ldapProof) {
		j.unproven(f, f.pending[n])
		n++
	}
	if n > 0 {
		f.pending = append(f.pending[:0], f.pending[n:]...)
	}
}

func (j *ldapJoin) frontFlush(f *ldapFront) {
	for f.first != nil {
		j.expire(f)
	}
	for _, h := range f.pending {
		j.unproven(f, h)
	}
	f.pending = nil
}

// shed makes room: what has waited longest is told as it is known.
func (j *ldapJoin) shed(f *ldapFront) {
	for _, other := range j.fronts {
		if len(f.pending) == 0 && f.first == nil {
			f = other
		}
	}
	if len(f.pending) > 0 {
		n := min(len(f.pending), ldapMaxHeld/64) // many at once, so that the rest moves seldom
		for _, h := range f.pending[:n] {
			j.unproven(f, h)
		}
		f.pending = append(f.pending[:0], f.pending[n:]...)
	} else if f.first != nil {
		j.expire(f)
	}
}

// expire ends the waiting of the search that has waited longest.
func (j *ldapJoin) expire(f *ldapFront) {
	h := f.first
	f.first = h.next
	if f.first == nil {
		f.last = nil
	}
	h.next = nil
	if h.after == nil { // it is the oldest of its chain
		delete(f.byID, h.id)
	} else {
		h.after.before = nil
		f.byID[h.id] = heldChain{h.after, f.byID[h.id].newest}
		h.after = nil
	}
	switch h.state {
	case heldFound:
		f.close(h)
		if len(f.idle) < ldapMaxProofs {
			f.idle[h.shape] = struct{}{}
		}
		j.emitSearch(f.host, &h.act)
	case heldPartial:
		j.emitSearch(f.host, &h.act)
	case heldMiss:
		if _, ok := f.proven[h.shape]; !ok {
			f.pending = append(f.pending, h)
			return
		}
		j.emitMiss(f.host, &h.act, &h.login, true)
	}
	j.free(h)
}

// unproven tells a miss of a question of which nobody knows what it is for.
func (j *ldapJoin) unproven(f *ldapFront, h *ldapHeld) {
	if _, idle := f.idle[h.shape]; !idle && asksForNothing(h.act.op.attrs) {
		j.emitMiss(f.host, &h.act, &h.login, false)
	} else {
		j.emitSearch(f.host, &h.act)
	}
	j.free(h)
}

func (j *ldapJoin) free(h *ldapHeld) {
	j.held--
	seq := h.seq
	*h = ldapHeld{seq: seq + 1, next: j.freeHeld}
	j.freeHeld = h
}
