// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// edgeKey is a way from one inside address to another through one service.
type edgeKey struct {
	from, to netip.Addr
	host     string // of the destination, where the record names it
	port     uint16
}

// edge is what was seen of such a way.
type edge struct {
	key      edgeKey
	src, dst event.Place
	from, to called
	service  string
	first    event.Micros
	last     event.Micros
	accepted int64 // connections that were accepted
	refused  int64
	logins   int64 // logins that succeeded over it
	files    int64 // files read over it
	bytes    int64 // that the far side sent
	accounts []*event.Account
	ref      event.Ref
	session  event.Micros // last connection that was a session by its length and size
	loginAt  event.Micros
	loginRef event.Ref
	entered  []entry // first login of each account, up to maxEntered
}

// entry is the first login of an account over a way.
type entry struct {
	who *event.Account
	at  event.Micros
}

const maxEntered = 32 // accounts for one way: a terminal server has more, and tells nothing by them

// between notes who reached whom, by connections and logins, where the way leads inside.
func (l *Ledger) between(s *event.Sighting) {
	if !s.SrcIP.IsValid() || s.SrcIsRelay || !s.Src.Own && s.Class == event.ClassNetwork {
		return
	}
	if s.Class == event.ClassNetwork && s.DstIP.IsValid() && !s.Dst.Own {
		return // what goes out is the detectors' to watch
	}
	if !s.DstIP.IsValid() && s.DstHost == "" {
		return
	}
	key := edgeKey{from: s.SrcIP, to: s.DstIP, port: s.DstPort}
	if !s.DstIP.IsValid() {
		if s.Dst.IP.IsValid() {
			key.to = s.Dst.IP
		} else {
			key.host = s.DstHost
		}
	}
	if s.Class != event.ClassNetwork {
		key.port = 0
	}
	if key.from == key.to {
		return
	}
	e := l.edges[key]
	if e == nil {
		if len(l.edges) >= maxEdges {
			l.folded++
			return
		}
		e = &edge{key: key, src: s.Src, dst: s.Dst, service: s.Service, first: s.Time, ref: keepRef(s.Event)}
		if e.dst.Host == "" {
			e.dst.Host = s.DstHost
		}
		e.from, e.to = l.roster.call(e.src.Host, key.from), l.roster.call(cmp.Or(e.dst.Host, key.host), key.to)
		l.edges[key] = e
		l.eorder = append(l.eorder, e)
	}
	e.note(s)
}

func (e *edge) note(s *event.Sighting) {
	e.last = s.Time
	switch s.Class {
	case event.ClassNetwork:
		switch {
		case s.Activity == event.ActRefuse || s.Outcome == event.OutcomeFailure:
			e.refused++
		case s.BytesIn.Or(1) > 0: // let through and answered: what is let through alone may have found nobody
			e.accepted++
			if session(s) {
				e.session = s.Time
			}
			e.bytes += s.BytesIn.Or(0)
		}
	case event.ClassFile:
		if s.Outcome != event.OutcomeFailure {
			e.files++
			e.with(s.Who)
		}
	default:
		if s.Outcome == event.OutcomeFailure {
			return
		}
		if entered(s) {
			e.logins++
			if e.loginAt == 0 {
				e.loginAt = s.Time
				e.loginRef = keepRef(s.Event)
			}
			if s.Who != nil && len(e.entered) < maxEntered && !slices.ContainsFunc(e.entered, func(u entry) bool { return u.who == s.Who }) {
				e.entered = append(e.entered, entry{s.Who, s.Time})
			}
			e.with(s.Who)
		}
	}
}

// entered says whether a sighting is a login to a machine itself, not to a service that it offers to all.
func entered(s *event.Sighting) bool {
	if s.Class == event.ClassRemoteSession {
		return s.Activity == event.ActStart || s.Activity == event.ActLogon || s.Activity == event.ActConnect
	}
	if !s.LoggedIn() {
		return false
	}
	switch s.Service {
	case "ssh", "sshd", "rdp", "winrm", "telnet", "rlogin", "vnc", "console", "windows":
		return true
	}
	return false
}

// with notes an account that was used over the edge; the first sixteen are kept.
func (e *edge) with(who *event.Account) {
	if who == nil || len(e.accounts) >= 16 {
		return
	}
	for _, a := range e.accounts {
		if a == who {
			return
		}
	}
	e.accounts = append(e.accounts, who)
}
