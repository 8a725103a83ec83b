// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// The lines of slapd at log level stats. Names are written by slapd in a form in which a quotation mark is escaped; filters
// are not, but stand last on their line; so does the text of a result, which is the only other part that a client can write.

// message reads what stands behind the head of a line.
func (p *openLDAPParser) message(s *ldapServer, at *ldapAt, m []byte) error {
	rest, ok := cutPrefix(m, "conn=")
	if !ok {
		return p.diagnostic(s, at, m)
	}
	if hasPrefix(rest, "-1 ") {
		return nil // the server's own doing
	}
	n, used := number64(rest)
	if used == 0 {
		return ErrBroken
	}
	at.conn, at.op = n, -1
	rest = rest[used:]
	switch {
	case hasPrefix(rest, " op="):
		n, used = number64(rest[4:])
		if used == 0 || n > 1<<31-1 {
			return ErrBroken
		}
		at.op = int32(n)
		rest = rest[4+used:]
		if len(rest) < 2 || rest[0] != ' ' && rest[0] != ':' {
			return ErrBroken
		}
		return p.operation(s, at, bytes.TrimLeft(rest[1:], " "))
	case hasPrefix(rest, " fd="):
		_, used = number64(rest[4:])
		if used == 0 {
			return ErrBroken
		}
		rest = rest[4+used:]
		if len(rest) == 0 {
			return nil
		}
		return p.connection(s, at, rest[1:])
	case hasPrefix(rest, ": "), hasPrefix(rest, " TLS"), hasPrefix(rest, " sasl"):
		return nil
	case len(rest) < 4:
		return ErrBroken
	}
	return ErrUnknownKind
}

// number64 reads the decimal number that b begins with, of at most 18 digits.
func number64(b []byte) (v uint64, n int) {
	for n < len(b) && n < 18 && isDigit(b[n]) {
		v = v*10 + uint64(b[n]-'0')
		n++
	}
	return v, n
}

// connection reads the lines about a connection itself.
func (p *openLDAPParser) connection(s *ldapServer, at *ldapAt, m []byte) error {
	switch {
	case hasPrefix(m, "ACCEPT from "):
		var who ldapWho
		from, to := m[12:], []byte(nil)
		if i := index(from, " ("); i >= 0 {
			from, to = from[:i], from[i+2:]
			if j := bytes.IndexByte(to, ')'); j >= 0 {
				to = to[:j]
			}
		}
		switch {
		case hasPrefix(from, "IP="), hasPrefix(from, "IP "):
			a, port, ok := p.env.addrPort(from[3:])
			if !ok {
				return ErrBroken
			}
			who.src, who.srcPort = a, port
		case hasPrefix(from, "PATH="):
			who.srcHost = "local"
		default:
			who.srcHost = p.join.keep(from)
		}
		if hasPrefix(to, "IP=") || hasPrefix(to, "IP ") {
			who.dst, who.dstPort, _ = p.env.addrPort(to[3:])
		}
		p.join.accept(s, at, &who)
	case hasPrefix(m, "closed"):
		reason := bytes.Trim(m[6:], " ()")
		p.join.closed(s, at, p.join.keep(reason))
	case hasPrefix(m, "TLS established"):
		if c := p.join.conn(s, at, false); c != nil {
			c.tls = "yes"
			if i := index(m, "tls_proto="); i >= 0 {
				word, _ := nextWord(m[i+10:])
				c.tls = p.join.keep(word)
			}
		}
	default:
		return ErrUnknownKind
	}
	return nil
}

// operation reads the lines about one operation.
func (p *openLDAPParser) operation(s *ldapServer, at *ldapAt, m []byte) error {
	verb, rest := nextWord(m)
	switch string(verb) {
	case "BIND":
		return p.bind(s, at, rest)
	case "SRCH":
		return p.search(s, at, rest)
	case "RESULT":
		return p.result(s, at, rest, 0)
	case "SEARCH":
		if r, ok := cutPrefix(rest, "RESULT "); ok {
			return p.result(s, at, r, 101)
		}
		return ErrUnknownKind
	case "UNBIND":
		if c := p.join.conn(s, at, false); c != nil {
			c.unbound, c.used = at.op, true
		}
	case "ADD":
		return p.change(s, at, rest, ldapAdd)
	case "DEL":
		return p.change(s, at, rest, ldapDelete)
	case "MODRDN":
		return p.change(s, at, rest, ldapRename)
	case "MOD":
		if attrs, ok := cutPrefix(rest, "attr="); ok {
			p.attrs(s, at, attrs)
			return nil
		}
		return p.change(s, at, rest, ldapModify)
	case "CMP":
		return p.compare(s, at, rest)
	case "EXT":
		if oid, ok := cutPrefix(rest, "oid="); ok && string(oid) == "1.3.6.1.4.1.4203.1.11.1" {
			p.join.start(s, at, ldapPassword)
			return nil
		}
		p.join.conn(s, at, true).used = true
	case "PASSMOD":
		p.passmod(s, at, rest)
	case "ENTRY":
		if dn, ok := quoted(rest, "dn=\""); ok {
			if o := p.join.more(s, at); o != nil && o.entry == "" {
				o.entry = p.join.keep(dn)
			}
		}
	case "PROXYAUTHZ":
		// It stands before the request that it is for.
		if c := p.join.conn(s, at, true); c != nil {
			if dn, ok := quoted(rest, "dn=\""); ok {
				c.proxyOp, c.proxied = at.op, p.join.keep(dn)
			}
		}
	case "AUTHZ": // anonymous mech=starttls
		if c := p.join.conn(s, at, false); c != nil {
			c.bound, c.dn, c.account = ldapBoundNobody, "", ""
		}
	case "STARTTLS", "WHOAMI", "ABANDON", "CANCEL", "TXN", "REF", "INTERMEDIATE", "DISCONNECT", "REFRESH", "VERIFYCREDENTIALS":
	default:
		return p.trouble(s, at, m)
	}
	return nil
}

// bind reads the up to four lines of a bind.
func (p *openLDAPParser) bind(s *ldapServer, at *ldapAt, m []byte) error {
	j := p.join
	if hasPrefix(m, "anonymous ") { // who was bound is so no more; a line of the bind itself follows
		c := j.conn(s, at, true)
		c.bound, c.dn, c.account, c.used = ldapBoundNobody, "", "", true
		return nil
	}
	if rest, ok := cutPrefix(m, "authcid=\""); ok {
		o := j.more(s, at)
		if o == nil {
			return nil
		}
		if i := lastIndex(rest, "\" authzid=\""); i >= 0 {
			z, _ := cutSuffix(rest[i+11:], "\"")
			o.authc, o.authz = j.keep(rest[:i]), j.keep(z)
		}
		return nil
	}
	rest, ok := cutPrefix(m, "dn=\"")
	if !ok {
		return ErrBroken
	}
	if i := lastIndex(rest, "\" mech="); i >= 0 {
		o := j.more(s, at)
		if o == nil {
			if o = j.start(s, at, ldapBind); o == nil {
				return nil
			}
		}
		mech, _ := nextWord(rest[i+7:])
		o.dn, o.mech, o.confirmed = j.keep(rest[:i]), j.keep(mech), true
		return nil
	}
	o := j.start(s, at, ldapBind)
	if o == nil {
		return nil
	}
	o.conn.bound, o.conn.dn, o.conn.account = ldapBoundNobody, "", ""
	if i := lastIndex(rest, "\" method="); i >= 0 {
		n, _ := number64(rest[i+9:])
		o.method = int32(min(n, 1<<16))
		o.dn = j.keep(rest[:i])
		return nil
	}
	rest, _ = cutSuffix(rest, "\"")
	o.dn, o.cut = j.keep(rest), true
	return nil
}

// search reads the lines of a search: its question, and the attributes asked for, which may take several lines.
func (p *openLDAPParser) search(s *ldapServer, at *ldapAt, m []byte) error {
	if attrs, ok := cutPrefix(m, "attr="); ok {
		p.attrs(s, at, attrs)
		return nil
	}
	rest, ok := cutPrefix(m, "base=\"")
	if !ok {
		return ErrBroken
	}
	o := p.join.start(s, at, ldapSearch)
	if o == nil {
		return nil
	}
	p.proxied(o)
	i := index(rest, "\" scope=")
	if i < 0 {
		rest, _ = cutSuffix(rest, "\"")
		o.dn, o.cut = p.join.keep(rest), true
		return nil
	}
	o.dn = p.join.keep(rest[:i])
	rest = rest[i+8:]
	n, used := number64(rest)
	if used == 0 || n > 3 {
		o.cut = true
		return nil
	}
	o.scope = int8(n)
	i = index(rest, " filter=\"")
	if i < 0 {
		o.cut = true
		return nil
	}
	filter, whole := cutSuffix(rest[i+9:], "\"")
	o.filter = p.join.keep(filter)
	o.cut = !whole || len(filter) > ldapMaxText
	return nil
}

func (p *openLDAPParser) proxied(o *ldapOp) {
	if o.conn.proxied != "" && o.conn.proxyOp == o.id {
		o.proxied = o.conn.proxied
	}
}

// attrs keeps the attributes that a search asks for or a change touches.
func (p *openLDAPParser) attrs(s *ldapServer, at *ldapAt, b []byte) {
	o := p.join.more(s, at)
	if o == nil {
		return
	}
	if o.attrs == "" {
		o.attrs = p.join.keep(b)
		return
	}
	if len(o.attrs)+1+len(b) <= ldapMaxText {
		o.attrs += " " + string(b)
	}
}

func (p *openLDAPParser) change(s *ldapServer, at *ldapAt, m []byte, kind ldapKind) error {
	dn, ok := quoted(m, "dn=\"")
	if !ok {
		return ErrBroken
	}
	if o := p.join.start(s, at, kind); o != nil {
		o.dn = p.join.keep(dn)
		p.proxied(o)
	}
	return nil
}

func (p *openLDAPParser) compare(s *ldapServer, at *ldapAt, m []byte) error {
	rest, ok := cutPrefix(m, "dn=\"")
	if !ok {
		return ErrBroken
	}
	o := p.join.start(s, at, ldapCompare)
	if o == nil {
		return nil
	}
	p.proxied(o)
	i := lastIndex(rest, "\" attr=\"")
	if i < 0 {
		o.dn, o.cut = p.join.keep(rest), true
		return nil
	}
	attr, _ := cutSuffix(rest[i+8:], "\"")
	o.dn, o.attrs = p.join.keep(rest[:i]), p.join.keep(attr)
	return nil
}

// passmod reads: PASSMOD id="…" old new
func (p *openLDAPParser) passmod(s *ldapServer, at *ldapAt, m []byte) {
	o := p.join.more(s, at)
	if o == nil || o.kind != ldapPassword {
		if o = p.join.start(s, at, ldapPassword); o == nil {
			return
		}
	}
	if id, ok := cutPrefix(m, "id=\""); ok {
		if i := bytes.LastIndexByte(id, '"'); i >= 0 {
			id = id[:i]
		}
		o.dn = p.join.keep(id)
	} else {
		o.own = true
	}
	p.proxied(o)
}

// result reads the line that answers a request. The text stands last: nothing in it is taken for a field.
func (p *openLDAPParser) result(s *ldapServer, at *ldapAt, m []byte, tag int32) error {
	res := ldapResult{tag: tag}
	for len(m) > 0 {
		if text, ok := cutPrefix(m, "text="); ok {
			res.text = p.join.keep(text)
			break
		}
		var word []byte
		word, m = nextWord(m)
		eq := bytes.IndexByte(word, '=')
		if eq < 0 {
			continue
		}
		v := word[eq+1:]
		switch string(word[:eq]) {
		case "tag":
			n, _ := number64(v)
			res.tag = int32(min(n, 1<<16))
		case "err":
			n, used := number64(v)
			res.known = used > 0
			res.err = int32(min(n, 1<<16))
		case "nentries":
			res.entries = someNumber(v)
		case "etime":
			res.micros = secondsToMicros(v)
		}
	}
	p.join.result(s, at, &res)
	return nil
}

// secondsToMicros reads "0.000123".
func secondsToMicros(b []byte) event.Int {
	whole, n := number64(b)
	if n == 0 || n > 9 {
		return event.Int{}
	}
	v := int64(whole) * 1000000
	if n < len(b) && b[n] == '.' {
		scale := int64(100000)
		for _, c := range b[n+1:] {
			if !isDigit(c) {
				break
			}
			v += int64(c-'0') * scale
			scale /= 10
		}
	}
	return event.Some(v)
}

// quoted returns what stands behind the prefix up to the last quotation mark; a line that was cut has none.
func quoted(m []byte, prefix string) ([]byte, bool) {
	rest, ok := cutPrefix(m, prefix)
	if !ok {
		return nil, false
	}
	if i := bytes.LastIndexByte(rest, '"'); i >= 0 {
		return rest[:i], true
	}
	return rest, true
}

// trouble reads what slapd says of a request that it could not read. A bind with a broken name is an attempt like any other.
func (p *openLDAPParser) trouble(s *ldapServer, at *ldapAt, m []byte) error {
	if dn, ok := cutPrefix(m, "do_bind: invalid dn ("); ok {
		dn, _ = cutSuffix(dn, ")")
		if o := p.join.start(s, at, ldapBind); o != nil {
			o.dn = p.join.keep(dn)
			o.conn.bound, o.conn.dn, o.conn.account = ldapBoundNobody, "", ""
		}
		return nil
	}
	if isDiagnostic(m) {
		return nil
	}
	return ErrUnknownKind
}
