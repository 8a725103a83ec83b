// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// sshTrail is what is known of one connection, by the process that serves it.
type sshTrail struct {
	key  uint64
	used uint64 // when last asked for, in lines

	addr    netip.Addr
	host    string
	port    uint16
	account string
	since   event.Micros // when the login was accepted

	refused event.Reason // by rule: sshd calls the account invalid from then on

	owed     int // 1: an attempt has been told of that "Failed …" will tell of again
	failures int

	held heldAttempt
}

// heldAttempt is a failure that waits for the next line of its process: a PAM module's line, which sshd's own may follow, or a
// refusal without an address, which a later line may bring.
type heldAttempt struct {
	kind    heldKind
	time    event.Micros
	ref     event.Ref
	dstHost string
	account string
	module  string
	ruser   string
	addr    netip.Addr
	host    string
	reason  event.Reason
	count   int64
}

type heldKind uint8

const (
	heldNone heldKind = iota
	heldPAM
	heldNoAddress
)

// trailTable finds a connection by a hash of host and process number. It holds a fixed number; the one longest unused makes
// room. Strangers choose neither key.
type trailTable struct {
	sets [][trailWays]sshTrail // nil until the first connection
	tick uint64
}

const (
	trailSets = 256
	trailWays = 4
)

func newTrailTable() *trailTable { return &trailTable{} }

// trailKey returns a hash (FNV-1a) of host and process number, never 0.
func trailKey(host, pid []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range host {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h = (h ^ 0xff) * 1099511628211
	for _, c := range pid {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h | 1
}

// find returns the trail of key, a new one if there is none; evicted is called with the one that had to make room. With a nil
// evicted nothing is made, and nil is returned for a key that is not there.
func (t *trailTable) find(key uint64, evicted func(*sshTrail)) *sshTrail {
	if t.sets == nil {
		if evicted == nil {
			return nil
		}
		t.sets = make([][trailWays]sshTrail, trailSets)
	}
	t.tick++
	set := &t.sets[(key^key>>17)%trailSets]
	oldest := &set[0]
	for i := range set {
		if set[i].key == key {
			set[i].used = t.tick
			return &set[i]
		}
		if set[i].used < oldest.used {
			oldest = &set[i]
		}
	}
	if evicted == nil {
		return nil
	}
	if oldest.key != 0 {
		evicted(oldest)
	}
	*oldest = sshTrail{key: key, used: t.tick}
	return oldest
}

// live returns all trails in the order in which they stand.
func (t *trailTable) live() []*sshTrail {
	var out []*sshTrail
	for i := range t.sets {
		for j := range t.sets[i] {
			if t.sets[i][j].key != 0 {
				out = append(out, &t.sets[i][j])
			}
		}
	}
	return out
}

func (p *sshParser) trailOf(host, pid []byte) *sshTrail {
	if len(pid) == 0 {
		return nil
	}
	return p.sessions.find(trailKey(host, pid), func(t *sshTrail) { p.release(t, false) })
}

// learn remembers the address of the connection. Another one than before means that the process number is in use again.
// A refusal that waited for an address gets it, and this line as a further part.
func (p *sshParser) learn(from *sshFrom) {
	t := p.trail
	if t == nil {
		return
	}
	if from.addr.IsValid() && t.addr.IsValid() && from.addr != t.addr {
		p.release(t, false)
		*t = sshTrail{key: t.key, used: t.used}
	}
	if from.addr.IsValid() {
		t.addr = from.addr
	} else if len(from.host) > 0 && !t.addr.IsValid() {
		t.host = p.env.Intern.Bytes(from.host)
	} else if len(from.host) == 0 {
		from.addr, from.host = t.addr, []byte(t.host)
	}
	if from.port != 0 {
		t.port = from.port
	} else if from.addr == t.addr {
		from.port = t.port
	}
	if t.held.kind == heldNoAddress && (t.addr.IsValid() || t.host != "") {
		p.release(t, false)
	}
}

// hold keeps a failure back until the next line of its process, and lets go of the one that waits.
func (p *sshParser) hold(t *sshTrail, h heldAttempt) {
	if t.held.kind == heldPAM && h.kind == heldPAM {
		p.release(t, t.held.module != h.module) // two modules asked about one password
	} else {
		p.release(t, false)
	}
	t.held = h
}

// release adds the failure that is held back, if there is one. repeat says that another event stands for the attempt.
func (p *sshParser) release(t *sshTrail, repeat bool) {
	h := &t.held
	if h.kind == heldNone {
		return
	}
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = h.time, event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, h.reason
	ev.Service, ev.DstHost, ev.Account = "ssh", h.dstHost, h.account
	ev.Ref = h.ref
	ev.SrcIP, ev.SrcHost = h.addr, h.host
	if !ev.SrcIP.IsValid() && ev.SrcHost == "" {
		ev.SrcIP, ev.SrcPort, ev.SrcHost = t.addr, t.port, t.host
		if p.rec != nil && ev.SrcIP.IsValid() && ev.Ref.Input == p.env.Input && ev.Ref.Line != p.rec.Line {
			ev.Ref.More = p.out.Parts(p.rec.Part)
		}
	}
	if ev.Account == "" {
		ev.Account = t.account
	}
	var f [3]event.Field
	f[0], f[1] = event.Text("pam", h.module), event.Text("ruser", h.ruser)
	n := 2
	if h.kind == heldPAM && (repeat || t.owed > 0) {
		f[2] = event.Flag("repeat", true)
		n = 3
		h.count = 0
	} else if h.kind == heldPAM {
		t.failures++
	}
	if h.count != 1 {
		ev.Count = event.Some(h.count)
	}
	ev.Rest = p.out.Rest(f[:n]...)
	*h = heldAttempt{}
}
