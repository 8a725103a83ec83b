// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// phrase is how one kind of line reads: the words of the program and, in braces, what stands between them.
//
//	Failed login for {user} from {from} in session {session}
//
// Holes of {user} may hold anything that a stranger types, words of the program too: they end at the last place where the rest
// of the line still fits, or, written {user<}, at the first. Write the hole so that it ends on the side that no stranger writes.
// The other holes end at the first place: {from} holds an address or a host's name, {ip} an address, both with or without a port,
// {word} and {host} hold no space, {num} a number, {skip} anything; {skip>} ends at the last place. A phrase fits a whole line or none.
type phrase struct {
	text   string
	what   saying
	reason event.Reason
}

// saying is what a line of some phrase tells of.
type saying uint8

const (
	sayFailed  saying = iota // a failed attempt to log in
	sayAgain                 // a line that tells again of an attempt that another told of
	sayLogin                 // a successful login
	sayLogoff                // the end of a session
	sayRefused               // a peer or a request turned away
	sayMail                  // mail, or its sender, turned away
	sayConnect               // somebody connected
	sayClose                 // and left
	sayBroken                // a connection on which nobody got as far as trying to log in
	sayLocked                // an account or an address is locked out
	sayReset                 // a password was changed
	sayNothing               // nothing that is kept
	sayOwn                   // what the format itself says of it
)

// The holes of a phrase. Those from holeWord on are not kept.
const (
	holeUser = iota
	holeFrom
	holeHost // the name that goes with an address in another hole
	holeDst
	holeWhy
	holeObject
	holeSession
	holeClient
	holeService
	holeMethod
	holeCount
	holeTarget
	holeRelay // who stands before the true source
	holeDstHost
	keptHoles
	holeIP
	holeFromPort
	holeDstPort
	holeWord
	holeNum
	holeSkip
)

func holeOf(name string) int {
	switch name {
	case "user":
		return holeUser
	case "from":
		return holeFrom
	case "ip":
		return holeIP
	case "host":
		return holeHost
	case "dst":
		return holeDst
	case "why":
		return holeWhy
	case "object":
		return holeObject
	case "session":
		return holeSession
	case "client":
		return holeClient
	case "service":
		return holeService
	case "method":
		return holeMethod
	case "count":
		return holeCount
	case "target":
		return holeTarget
	case "relay":
		return holeRelay
	case "dsthost":
		return holeDstHost
	case "port":
		return holeFromPort
	case "dport":
		return holeDstPort
	case "word":
		return holeWord
	case "num":
		return holeNum
	}
	return holeSkip
}

// fit is what the holes of a phrase hold in one line. The slices point into it.
type fit struct {
	env         *Env
	hole        [keptHoles][]byte
	addr, dst   netip.Addr
	port, dport uint16
	tries       int  // how many more places may be tried: keeps the work for a line bounded
	lacks       bool // the phrase failed on words that are nowhere in the rest of the line
}

// fits says whether the line is of the phrase, and fills f.
func (f *fit) fits(text string, line []byte) bool {
	if i := strings.IndexByte(text, '{'); i > 0 && (len(line) < i || string(line[:i]) != text[:i]) {
		return false
	}
	*f = fit{env: f.env, tries: 48}
	return f.walk(text, line)
}

func (f *fit) walk(t string, b []byte) bool {
	i := strings.IndexByte(t, '{')
	if i < 0 {
		return string(b) == t
	}
	if len(b) < i || string(b[:i]) != t[:i] {
		return false
	}
	b, t = b[i:], t[i:]
	end := strings.IndexByte(t, '}')
	name := t[1:end]
	t = t[end+1:]
	last := false
	switch c := name[len(name)-1]; {
	case c == '<' || c == '>':
		last, name = c == '>', name[:len(name)-1]
	default:
		last = name == "user"
	}
	hole := holeOf(name)
	if t == "" {
		return f.set(hole, b)
	}
	lit := t
	if j := strings.IndexByte(t, '{'); j >= 0 {
		lit = t[:j]
	} else { // the words that the line must end with
		rest, ok := cutSuffix(b, lit)
		f.lacks = !ok
		return ok && f.set(hole, rest)
	}
	if last {
		for at := len(b); f.tries > 0; f.tries-- {
			k := lastIndex(b[:at], lit)
			if k < 0 {
				f.lacks = at == len(b)
				return false
			}
			if f.set(hole, b[:k]) && f.walk(t, b[k:]) {
				return true
			}
			f.lacks = false // more of the line may have it
			at = k + len(lit) - 1
		}
		return false
	}
	near := b[:min(len(b), reach(hole)+len(lit))]
	for at := 0; f.tries > 0; f.tries-- {
		k := index(near[at:], lit)
		if k < 0 {
			f.lacks = at == 0 && len(near) == len(b)
			return false
		}
		k += at
		f.lacks = false
		if f.set(hole, b[:k]) {
			if f.walk(t, b[k:]) {
				return true
			}
			if f.lacks { // what is not in the rest of the line is not in less of it
				return false
			}
		} else if oneWord(hole) && bytes.IndexByte(b[:k], ' ') >= 0 {
			return false
		}
		at = k + 1
	}
	return false
}

// reach returns how long what stands in a hole can be.
func reach(hole int) int {
	switch hole {
	case holeNum, holeCount, holeFromPort, holeDstPort:
		return 20
	case holeIP:
		return 100
	}
	return 1 << 30
}

// oneWord says whether a hole holds no space.
func oneWord(hole int) bool {
	switch hole {
	case holeUser, holeTarget, holeWhy, holeObject, holeClient, holeSkip:
		return false
	}
	return true
}

// set takes what stands in a hole, if it may.
func (f *fit) set(hole int, b []byte) bool {
	if oneWord(hole) && (len(b) == 0 || bytes.IndexByte(b, ' ') >= 0) {
		return false
	}
	var ok bool
	switch hole {
	case holeFrom:
		if f.addr, f.port, ok = f.env.addrPort(b); !ok {
			if !isHostName(b) {
				return false
			}
			f.hole[holeFrom] = b
		}
		return true
	case holeIP:
		f.addr, f.port, ok = f.env.addrPort(b)
		return ok
	case holeDst:
		if f.dst, f.dport, ok = f.env.addrPort(b); !ok {
			f.hole[holeDst] = b
			return isHostName(b)
		}
		return true
	case holeFromPort:
		f.port, ok = parsePort(b)
		return ok
	case holeDstPort:
		f.dport, ok = parsePort(b)
		return ok
	case holeNum:
		_, ok = parseNumber(b)
		return ok
	case holeCount:
		if _, ok = parseNumber(b); !ok {
			return false
		}
	}
	if hole < keptHoles {
		f.hole[hole] = b
	}
	return true
}
