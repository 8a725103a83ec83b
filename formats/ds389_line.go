// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
)

// The lines of the access log of 389 Directory Server. Quotation marks in names are escaped, those in filters are not: a
// filter ends where its parentheses close, whatever it holds.

// line reads what stands behind conn=N.
func (p *ds389Parser) line(s *ldapServer, at *ldapAt, m []byte) error {
	rest, ok := cutPrefix(m, "op=")
	if !ok {
		return p.connection(s, at, m)
	}
	if r, ok := cutPrefix(rest, "-1 "); ok {
		return p.connection(s, at, r)
	}
	n, used := number64(rest)
	if used == 0 || n > 1<<31-1 || used+1 >= len(rest) || rest[used] != ' ' {
		return ErrBroken
	}
	at.op = int32(n)
	m = rest[used+1:]
	verb, rest := nextWord(m)
	switch string(verb) {
	case "BIND":
		return p.bind(s, at, rest)
	case "SRCH":
		return p.search(s, at, rest)
	case "RESULT":
		return p.result(s, at, rest)
	case "UNBIND", "UNBIND,":
		if c := p.join.conn(s, at, false); c != nil {
			c.unbound, c.used = at.op, true
		}
	case "ADD":
		return p.change(s, at, rest, ldapAdd)
	case "DEL":
		return p.change(s, at, rest, ldapDelete)
	case "MOD":
		return p.change(s, at, rest, ldapModify)
	case "MODRDN":
		return p.change(s, at, rest, ldapRename)
	case "CMP":
		return p.change(s, at, rest, ldapCompare)
	case "EXT":
		kind := ldapOther
		if has(rest, "1.3.6.1.4.1.4203.1.11.1\"") {
			kind = ldapPassword
		}
		p.join.start(s, at, kind)
	case "ABANDON":
		p.abandon(s, at, rest)
	case "ENTRY":
		if dn, ok := quoted(rest, "dn=\""); ok {
			if o := p.join.more(s, at); o != nil && o.entry == "" {
				o.entry = p.join.keep(dn)
			}
		}
	case "REFERRAL", "SORT", "VLV", "STAT", "UNPROCESSED", "PROXIED":
	default:
		if hasPrefix(verb, "fd=") {
			at.op = -1
			return p.connection(s, at, m)
		}
		return ErrUnknownKind
	}
	return nil
}

// connection reads the lines about a connection itself.
func (p *ds389Parser) connection(s *ldapServer, at *ldapAt, m []byte) error {
	at.op = -1
	for hasPrefix(m, "fd=") || hasPrefix(m, "slot=") {
		_, m = nextWord(m)
	}
	switch {
	case hasPrefix(m, "connection from "), hasPrefix(m, "SSL connection from "), hasPrefix(m, "TLS connection from "):
		var who ldapWho
		if m[0] != 'c' {
			who.tls, m = "yes", m[4:]
		}
		from, to := m[len("connection from "):], []byte(nil)
		if i := index(from, " to "); i >= 0 {
			from, to = from[:i], from[i+4:]
		}
		p.peers(&who, from, to)
		p.join.accept(s, at, &who)
	case hasPrefix(m, "closed"), hasPrefix(m, "Disconnect"):
		i := bytes.IndexByte(m, ' ')
		reason := []byte(nil)
		if i > 0 {
			reason = bytes.TrimLeft(m[i:], " -")
		}
		p.join.closed(s, at, p.join.keep(reason))
	case hasPrefix(m, "AUTOBIND dn=\""):
		if c, dn := p.join.conn(s, at, true), m[len("AUTOBIND dn=\""):]; len(dn) > 0 {
			dn, _ = cutSuffix(dn, "\"")
			c.bound, c.dn = ldapBoundName, p.join.keep(dn)
			c.account = p.join.names.account(c.dn)
		}
	case hasPrefix(m, "HAProxy new_address_from="), hasPrefix(m, "HAPROXY new_address_from="):
		// The balancer says for whom the connection is: from here on it is theirs.
		from, to := nextWord(m[len("HAProxy new_address_from="):])
		to, _ = cutPrefix(to, "to_dest=")
		var who ldapWho
		p.peers(&who, from, to)
		c := p.join.conn(s, at, true)
		c.setPeer(&who)
		c.accepted = true
		p.join.settleNow(c)
	case hasPrefix(m, "TLS"), hasPrefix(m, "SSL"):
		if c := p.join.conn(s, at, false); c != nil {
			word, _ := nextWord(m)
			c.tls = p.join.keep(word)
		}
	case hasPrefix(m, "Netscape Portable Runtime error"), hasPrefix(m, "failed to map client certificate"):
	default:
		return ErrUnknownKind
	}
	return nil
}

func (p *ds389Parser) peers(who *ldapWho, from, to []byte) {
	if a, port, ok := p.env.addrPort(from); ok {
		who.src, who.srcPort = a, port
	} else {
		who.srcHost = p.join.keep(from) // local
	}
	if a, port, ok := p.env.addrPort(to); ok {
		who.dst, who.dstPort = a, port
	}
}

// bind reads: BIND dn="…" method=128 version=3, or method=sasl version=3 mech=GSSAPI, and a complaint behind a comma.
func (p *ds389Parser) bind(s *ldapServer, at *ldapAt, m []byte) error {
	rest, ok := cutPrefix(m, "dn=\"")
	if !ok {
		return ErrBroken
	}
	o := p.join.start(s, at, ldapBind)
	if o == nil {
		return nil
	}
	o.conn.bound, o.conn.dn, o.conn.account = ldapBoundNobody, "", ""
	if bad, ok := cutSuffix(rest, ", invalid bind dn"); ok {
		bad, _ = cutSuffix(bad, "authzid=\"(null)\"")
		rest, _ = cutSuffix(bytes.TrimRight(bad, " "), "\"")
		o.dn = p.join.keep(rest)
		return nil
	}
	i := lastIndex(rest, "\" method=")
	if i < 0 {
		rest, _ = cutSuffix(rest, "\"")
		o.dn, o.cut = p.join.keep(rest), true
		return nil
	}
	o.dn = p.join.keep(rest[:i])
	rest = rest[i+9:]
	if n, used := number64(rest); used > 0 {
		o.method = int32(min(n, 1<<16))
	} else if hasPrefix(rest, "sasl") {
		o.method = 163
	}
	if i := index(rest, "mech="); i >= 0 {
		mech, _ := nextWord(rest[i+5:])
		o.mech = p.join.keep(bytes.TrimRight(mech, ","))
	}
	return nil
}

// search reads: SRCH base="…" scope=2 filter="…" attrs="a b" or attrs=ALL, and what follows.
func (p *ds389Parser) search(s *ldapServer, at *ldapAt, m []byte) error {
	rest, ok := cutPrefix(m, "base=\"")
	if !ok {
		return ErrBroken
	}
	o := p.join.start(s, at, ldapSearch)
	if o == nil {
		return nil
	}
	i := index(rest, "\" scope=")
	if i < 0 {
		o.dn, o.cut = p.join.keep(bytes.TrimRight(rest, "\"")), true
		return nil
	}
	o.dn = p.join.keep(rest[:i])
	rest = rest[i+8:]
	if n, used := number64(rest); used > 0 && n <= 3 {
		o.scope = int8(n)
		rest = rest[used:]
	}
	rest, ok = cutPrefix(rest, " filter=\"")
	if !ok {
		o.cut = true
		return nil
	}
	end := filterEnd(rest)
	if end < 0 { // cut by the server, which then says so by three points, or by the file's end
		if end = lastIndex(rest, "\" attrs="); end < 0 {
			end = len(bytes.TrimRight(rest, "\""))
		}
		o.cut = true
	}
	o.filter = p.join.keep(rest[:end])
	o.cut = o.cut || end > ldapMaxText
	rest, _ = cutPrefix(rest[end:], "\"")
	p.asked(o, rest)
	return nil
}

// asked reads the attributes behind a filter, and in whose name the search was made.
func (p *ds389Parser) asked(o *ldapOp, m []byte) {
	m, ok := cutPrefix(m, " attrs=")
	if !ok {
		return
	}
	if list, ok := cutPrefix(m, "\""); ok {
		i := bytes.IndexByte(list, '"')
		if i < 0 {
			i, o.cut = len(list), true
		}
		o.attrs = p.join.keep(list[:i])
		m = list[i:]
	}
	p.authzid(o, m)
}

func (p *ds389Parser) authzid(o *ldapOp, m []byte) {
	if i := lastIndex(m, " authzid=\""); i >= 0 {
		who, _ := cutSuffix(m[i+10:], "\"")
		if string(who) != "(null)" {
			o.proxied = p.join.keep(who)
		}
	}
}

// filterEnd returns where the filter that b begins with ends; -1 if its parentheses do not close.
func filterEnd(b []byte) int {
	depth := 0
	for i, c := range b {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		default:
			if depth == 0 {
				return -1
			}
		}
	}
	return -1
}

// change reads: MOD dn="…", MODRDN dn="…" newrdn="…" newsuperior="…", CMP dn="…" attr="…", each perhaps with authzid="…".
func (p *ds389Parser) change(s *ldapServer, at *ldapAt, m []byte, kind ldapKind) error {
	rest, ok := cutPrefix(m, "dn=\"")
	if !ok {
		return ErrBroken
	}
	o := p.join.start(s, at, kind)
	if o == nil {
		return nil
	}
	end := quoteEnd(rest)
	o.dn, o.cut = p.join.keep(rest[:end]), end == len(rest)
	rest = rest[end:]
	if i := index(rest, " newrdn=\""); i >= 0 {
		n := rest[i+9:]
		o.filter = p.join.keep(n[:quoteEnd(n)])
	}
	if i := index(rest, " attr=\""); i >= 0 {
		n := rest[i+7:]
		o.attrs = p.join.keep(n[:quoteEnd(n)])
	}
	p.authzid(o, rest)
	return nil
}

// quoteEnd returns where the quotation mark stands that ends a text, escaped ones passed over; the length if there is none.
func quoteEnd(b []byte) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(b)
}

// abandon tells what was abandoned: ABANDON targetop=3 msgid=4 nentries=2 etime=0.1
func (p *ds389Parser) abandon(s *ldapServer, at *ldapAt, m []byte) {
	c := p.join.conn(s, at, false)
	target, ok := cutPrefix(m, "targetop=")
	if c == nil || !ok {
		return
	}
	n, used := number64(target)
	if used == 0 || n > 1<<31-1 {
		return
	}
	if o := c.op(int32(n)); o != nil {
		p.join.addPart(o, at)
		res := ldapResult{notes: "abandoned"}
		if i := index(target, " nentries="); i >= 0 {
			word, _ := nextWord(target[i+10:])
			res.entries = someNumber(word)
		}
		p.join.done(o, &res)
	}
}

// result reads: RESULT err=49 tag=97 nentries=0 wtime=… optime=… etime=… notes=P details="…" dn="…" - Invalid credentials
func (p *ds389Parser) result(s *ldapServer, at *ldapAt, m []byte) error {
	var res ldapResult
	for len(m) > 0 {
		if text, ok := cutPrefix(m, "- "); ok {
			res.text = p.join.keep(text)
			break
		}
		eq := bytes.IndexAny(m, "= ") // whichever is first: a line full of either is looked through once
		if eq < 0 {
			break
		}
		if m[eq] == ' ' {
			m = m[eq+1:]
			continue
		}
		key, v := m[:eq], m[eq+1:]
		if q, ok := cutPrefix(v, "\""); ok {
			end := quoteEnd(q)
			v = q[:end]
			m = bytes.TrimLeft(q[min(end+1, len(q)):], " ")
		} else {
			v, m = nextWord(v)
			v = bytes.TrimRight(v, ",")
		}
		p.resultField(&res, key, v)
	}
	p.join.result(s, at, &res)
	return nil
}

func (p *ds389Parser) resultField(res *ldapResult, key, v []byte) {
	switch string(key) {
	case "err":
		n, used := number64(v)
		res.known, res.err = used > 0, int32(min(n, 1<<16))
	case "tag":
		n, _ := number64(v)
		res.tag = int32(min(n, 1<<16))
	case "nentries":
		res.entries = someNumber(v)
	case "etime":
		res.micros = secondsToMicros(v)
	case "notes":
		res.notes = p.join.keep(v)
	case "dn":
		res.dn, res.nobody = p.join.keep(v), len(v) == 0
	}
}
