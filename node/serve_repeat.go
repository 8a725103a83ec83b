// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Where a connection ends before an answer has arrived, its sender does not know whether what it sent was taken, and sends it again: RELP all that
// was not answered, HTTP clients their last request, systemd-journal-upload from its last cursor on. Both stand in the vault, as they came. The
// watch counts them once: what a new connection begins with is compared, record by record, with what the same sender's connections ended with
// shortly before. The end of one that the beginning of the other repeats is an overlap. All of this is a function of what is sealed, so that a
// watch that is taken up again, or made anew, comes to the same.

// Bounds of what is taken for a repetition.
const (
	repeatPause   = event.Micros(2 * 1e6)      // after which a connection may be another one from the same port, or its sender gave up waiting for an answer
	repeatWithin  = event.Micros(5 * 60 * 1e6) // between the records of the end and those of the beginning; less than warmFor
	repeatPatient = event.Micros(60 * 1e6)     // for which the beginning of a connection may wait to be compared
	repeatTicking = event.Micros(70 * 1e6)     // the same, where nothing more comes
	repeatTail    = 1024                       // records at the end of a connection: RELP's clients wait for 128 answers at most
	repeatHosts   = 64                         // connections of one sender
	repeatAll     = 4096                       // connections
	repeatWays    = 4096                       // places at which a beginning may continue an end
	repeatBytes   = 16 << 20                   // of all beginnings that wait
)

// repeats finds what was sent again. It belongs to the watch.
type repeats struct {
	seed     maphash.Seed
	sessions map[session]*sessionEnd   // the newest of that address and port
	known    int                       // connections in hosts
	hosts    map[session][]*sessionEnd // by source and address without its port, in the order in which they began
	waiting  []*sessionEnd             // whose beginnings are being compared, likewise
	bytes    int                       // of what waits
	found    []overlap                 // since somebody looked
}

// session is one connection: a source, and the sender's address with its port.
type session struct{ source, from string }

// sessionEnd is what is known of a connection.
type sessionEnd struct {
	id, host session
	count    int64
	last     event.Micros
	tail     []sealedMark // the last records, oldest first, up to twice repeatTail of them
	ways     []way        // nil: its beginning is not compared any more
	best     int          // records of the beginning that repeat an end
	bestAt   event.Position
	held     []heldRecord
	of       *sessionEnd // the one that it repeats, as long as nothing else came of this one: that one's end is the end of both
}

type sealedMark struct {
	hash uint64
	at   event.Micros
	pos  event.Position
}

// way is a place in the end of another connection from which the beginning of this one goes on as that did.
type way struct {
	of    *sessionEnd
	count int64 // of the other when it began: one that goes on did not end
	from  int   // in its tail
	next  int
}

type heldRecord struct {
	rec event.Received
	pos event.Position
}

// overlap is a stretch of records that repeats an earlier one.
type overlap struct {
	Source   string         `json:"source"`
	From     string         `json:"from"`
	Position event.Position `json:"position"`
	Repeats  event.Position `json:"repeats"`
	Records  int            `json:"records"`
}

func newRepeats() *repeats {
	return &repeats{seed: maphash.MakeSeed(), sessions: map[session]*sessionEnd{}, hosts: map[session][]*sessionEnd{}}
}

// pass takes the next record of the vault. It returns whether that is to be read at once; else it is held back, and comes out of due, or is a repetition.
func (r *repeats) pass(rec *event.Received, pos event.Position) bool {
	colon := strings.LastIndexByte(rec.From, ':')
	if colon < 0 {
		return true // no connection
	}
	id := session{rec.Source, rec.From}
	s := r.sessions[id]
	mark := sealedMark{maphash.Bytes(r.seed, rec.Data), rec.At, pos}
	if s == nil || rec.At-s.last > repeatPause {
		host := session{rec.Source, rec.From[:colon]}
		if ways := r.waysFrom(host, mark); s == nil || ways != nil || rec.At-s.last > repeatWithin {
			s = r.begin(id, host, ways, mark.at)
		}
	}
	s.add(mark)
	if s.ways == nil {
		s.goOn(r)
		return true
	}
	one := *rec
	one.Data = bytes.Clone(rec.Data)
	s.held = append(s.held, heldRecord{one, pos})
	if s.follow(mark); r.bytes+len(one.Data) > repeatBytes {
		s.ways = s.ways[:0]
	}
	r.bytes += len(one.Data)
	return false
}

// waysFrom returns where a record stands at the ends of a sender's connections; nil for nowhere.
func (r *repeats) waysFrom(host session, mark sealedMark) (ways []way) {
	for _, other := range r.hosts[host] {
		if other.ways != nil || other.of != nil {
			continue
		}
		for i := len(other.tail) - 1; i >= 0 && mark.at-other.tail[i].at <= repeatWithin && len(other.tail)-i <= repeatTail; i-- {
			if other.tail[i].hash == mark.hash && len(ways) < repeatWays {
				ways = append(ways, way{other, other.count, i, i})
			}
		}
	}
	return ways
}

// begin notes a connection, which begins as the ways say.
func (r *repeats) begin(id, host session, ways []way, now event.Micros) *sessionEnd {
	s := &sessionEnd{id: id, host: host, ways: ways}
	if ways != nil {
		r.waiting = append(r.waiting, s)
	}
	r.room(host, now)
	r.known++
	r.sessions[id] = s
	r.hosts[host] = append(r.hosts[host], s)
	return s
}

// room makes room for one more: connections that ended long ago are compared with nothing, and of too many those that began first are forgotten.
func (r *repeats) room(host session, now event.Micros) {
	if list := r.hosts[host]; len(list) >= repeatHosts {
		r.forget(list[0])
	}
	if r.known < repeatAll {
		return
	}
	var all []*sessionEnd
	for _, list := range r.hosts {
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b *sessionEnd) int { return int(a.tail[len(a.tail)-1].pos - b.tail[len(b.tail)-1].pos) })
	for i, s := range all {
		if i < repeatAll/4 || now-s.last > repeatWithin {
			r.forget(s)
		}
	}
}

// forget ends what is known of a connection. What is held of it still comes out of due.
func (r *repeats) forget(s *sessionEnd) {
	if r.sessions[s.id] == s {
		delete(r.sessions, s.id)
	}
	was := len(r.hosts[s.host])
	list := slices.DeleteFunc(r.hosts[s.host], func(o *sessionEnd) bool { return o == s })
	r.known -= was - len(list)
	if len(list) == 0 {
		delete(r.hosts, s.host)
		return
	}
	r.hosts[s.host] = list
}

func (s *sessionEnd) add(m sealedMark) {
	if len(s.tail) >= 2*repeatTail {
		s.tail = append(s.tail[:0], s.tail[repeatTail:]...)
		s.count++ // who compares with it holds places that are gone: it went on
	}
	s.tail = append(s.tail, m)
	s.count++
	s.last = m.at
}

// follow goes on along the ways that the newest record still goes. Where records repeat themselves several overlaps are possible: the shortest one is
// taken, since to count a record twice is better than not at all.
func (s *sessionEnd) follow(m sealedMark) {
	left := s.ways[:0]
	for _, w := range s.ways {
		if w.of.count != w.count || w.of.tail[w.next].hash != m.hash {
			continue
		}
		if w.next++; w.next < len(w.of.tail) {
			left = append(left, w)
			continue
		}
		if n := w.next - w.from; s.tells(n) {
			s.take(w, n)
			left = left[:0]
			break
		}
	}
	s.ways = left
}

// take takes the first n records for a repetition of the end that a way goes along.
func (s *sessionEnd) take(w way, n int) { s.best, s.bestAt, s.of = n, w.of.tail[w.from].pos, w.of }

// goOn notes that a connection has records of its own: the end that it repeats is none any more.
func (s *sessionEnd) goOn(r *repeats) {
	if s.of != nil {
		r.forget(s.of)
		s.of = nil
	}
}

// tells says whether the first n records held could hardly be the same by chance: one names itself, or they differ from one another and tell a time.
func (s *sessionEnd) tells(n int) bool {
	first := &s.held[0].rec
	if namesItself(first.Data) {
		return true
	}
	return timed(first.Data) && slices.ContainsFunc(s.tail[1:n], func(m sealedMark) bool { return m.hash != s.tail[0].hash })
}

// timed says whether a time of day stands in a record.
func timed(b []byte) bool {
	digit := func(i int) bool { return b[i] >= '0' && b[i] <= '9' }
	for i := 0; i+8 <= len(b); i++ {
		if b[i+2] == ':' && b[i+5] == ':' && digit(i) && digit(i+1) && digit(i+3) && digit(i+4) && digit(i+6) && digit(i+7) {
			return true
		}
	}
	return false
}

// namesItself says whether a record has a mark that hardly another one has: a cursor of the journal, a time with fractions of a second, or a number as
// long as a time in thousandths of a second.
func namesItself(b []byte) bool {
	if bytes.HasPrefix(b, []byte("__CURSOR=")) {
		return true
	}
	digits, fraction := 0, false
	for i, c := range b {
		if c >= '0' && c <= '9' {
			if digits++; digits >= 13 || fraction && digits >= 3 {
				return true
			}
			continue
		}
		second := digits == 10 || digits == 2 && i >= 3 && b[i-3] == ':'
		fraction = (c == '.' || c == ',') && second
		digits = 0
	}
	return false
}

// due returns the records that were held back and are to be read after all, those of connections one after another: all where nothing is compared any
// more, or where a beginning has waited too long at that moment.
func (r *repeats) due(now, patience event.Micros) []heldRecord {
	var out []heldRecord
	r.waiting = slices.DeleteFunc(r.waiting, func(s *sessionEnd) bool {
		if len(s.ways) > 0 && now-s.held[0].rec.At <= patience {
			return false
		}
		if n := len(s.held); len(s.ways) > 0 && s.tells(n) { // it broke off while it sent again
			s.take(s.ways[0], n)
		}
		if s.best > 0 {
			r.found = append(r.found, overlap{s.id.source, s.id.from, s.held[0].pos, s.bestAt, s.best})
		}
		for i := range s.held {
			r.bytes -= len(s.held[i].rec.Data)
		}
		if out = append(out, s.held[s.best:]...); len(s.held) > s.best {
			s.goOn(r)
		}
		s.ways, s.held = nil, nil
		return true
	})
	return out
}
