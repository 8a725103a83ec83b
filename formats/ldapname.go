// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"strings"
)

// Readers of distinguished names and search filters, as far as a directory server's log needs them. Both are written by
// clients, so by attackers: all of it is linear, bounded in depth and forgiving.

// ldapNames reads names with one scratch buffer. It is owned by one goroutine.
type ldapNames struct {
	in  *Interner
	buf []byte
}

// idRank says how well an attribute names an account: 3 a login ID, 2 a mail address or staff number, 1 a common name, 0 none.
func idRank(attr string) int {
	switch len(attr) {
	case 2:
		if strings.EqualFold(attr, "cn") {
			return 1
		}
	case 3:
		if strings.EqualFold(attr, "uid") {
			return 3
		}
	case 4:
		if strings.EqualFold(attr, "mail") {
			return 2
		}
	case 5:
		if strings.EqualFold(attr, "login") {
			return 3
		}
		if strings.EqualFold(attr, "email") {
			return 2
		}
	default:
		return longIDRank(attr)
	}
	return 0
}

func longIDRank(attr string) int {
	if len(attr) > 32 {
		return 0
	}
	for _, name := range [...]string{"userid", "sAMAccountName", "userPrincipalName", "krbPrincipalName", "0.9.2342.19200300.100.1.1",
		"eduPersonPrincipalName", "loginName"} {
		if strings.EqualFold(attr, name) {
			return 3
		}
	}
	for _, name := range [...]string{"rfc822Mailbox", "mailLocalAddress", "mailAlternateAddress", "mailPrimaryAddress", "mailRoutingAddress",
		"mailAlias", "employeeNumber", "employeeID", "proxyAddresses"} {
		if strings.EqualFold(attr, name) {
			return 2
		}
	}
	if strings.EqualFold(attr, "commonName") {
		return 1
	}
	return 0
}

// leaf returns attribute and value of the name's first part; of a part with several values, the one that names an account
// best. The attribute is empty if dn is not a distinguished name.
func (n *ldapNames) leaf(dn string) (attr, value string) {
	best := -1
	rest := dn
	for len(rest) > 0 {
		eq := strings.IndexByte(rest, '=')
		if eq <= 0 || strings.ContainsAny(rest[:eq], ",+\\\"") {
			break
		}
		a := strings.TrimSpace(rest[:eq])
		v, used, more := n.dnValue(rest[eq+1:])
		if r := idRank(a); r > best {
			best, attr, value = r, a, v
		}
		if !more {
			break
		}
		rest = rest[eq+1+used:]
	}
	return attr, value
}

// dnValue reads one value of a name, undoes its escapes, and says how many bytes it took with the mark behind it, and whether
// another value of the same part follows (a plus sign).
func (n *ldapNames) dnValue(s string) (value string, used int, more bool) {
	start := 0
	for start < len(s) && s[start] == ' ' {
		start++
	}
	if start < len(s) && s[start] == '"' { // the quoted form of LDAPv2
		if end := strings.IndexByte(s[start+1:], '"'); end >= 0 {
			value = s[start+1 : start+1+end]
			i := start + end + 2
			for i < len(s) && s[i] == ' ' {
				i++
			}
			return value, min(i+1, len(s)), i < len(s) && s[i] == '+'
		}
	}
	escaped := false
	i := start
	for i < len(s) && s[i] != ',' && s[i] != '+' && s[i] != ';' {
		if s[i] == '\\' {
			escaped = true
			i++
		}
		i++
	}
	i = min(i, len(s))
	value = strings.TrimRight(s[start:i], " ")
	if escaped {
		n.buf = unescapeLDAP(n.buf[:0], value)
		value = n.in.Bytes(n.buf)
	}
	return value, min(i+1, len(s)), i < len(s) && s[i] == '+'
}

// unescapeLDAP appends s to dst with \XX and \c undone, as names and filters write them.
func unescapeLDAP(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '\\' || i+1 == len(s) {
			dst = append(dst, c)
			continue
		}
		if i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			dst = append(dst, hexValue(s[i+1])<<4|hexValue(s[i+2]))
			i += 2
			continue
		}
		i++
		dst = append(dst, s[i])
	}
	return dst
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}

// account returns the login ID that a name stands for: the value of its first part if that names an account, else all of it.
func (n *ldapNames) account(dn string) string {
	if attr, value := n.leaf(dn); value != "" && idRank(attr) > 0 {
		return value
	}
	return dn
}

// under says whether a name lies at or below base, letter case and blanks behind commas aside.
func under(dn, base string) bool {
	i, j := len(dn), len(base)
	for j > 0 {
		if base[j-1] == ' ' {
			j--
			continue
		}
		for i > 0 && dn[i-1] == ' ' {
			i--
		}
		if i == 0 || lower(dn[i-1]) != lower(base[j-1]) {
			return false
		}
		i--
		j--
	}
	for i > 0 && dn[i-1] == ' ' {
		i--
	}
	return base == "" || i == 0 || dn[i-1] == ','
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// fold64 continues a 64-bit FNV-1a hash over s in lower case.
func fold64(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(lower(s[i]))) * 1099511628211
	}
	return (h ^ 0xff) * 1099511628211 // a mark between pieces
}

const fnvStart = 14695981039346656037

// ldapLogin is what a search filter asks for if it looks one account up by its ID.
type ldapLogin struct {
	value string // the ID, escapes undone
	shape uint64 // a hash of the filter with the ID left out: the question, whoever it is asked about

	names [4]string // the attributes that were compared with it
	n     int       // how many of them are kept
}

// filterKind is what part of a filter is to the question "which account has this ID".
type filterKind uint8

const (
	filterConstant filterKind = iota // the same for everybody: objectClass=person, accountStatus=active
	filterID                         // compares an ID attribute with the ID
	filterOther                      // anything else: substrings, several IDs, things that are not accounts
)

const filterDepth = 32

type filterScan struct {
	s     string
	i     int
	depth int
	names *ldapNames
	login *ldapLogin
}

// login reads a filter and reports whether it looks up exactly one account by exactly one ID, such as (uid=x),
// (&(objectClass=person)(uid=x)) and (|(uid=x)(mail=x)). A search by part of a name is none, nor is one for groups or hosts.
func (n *ldapNames) login(filter string, l *ldapLogin) bool {
	*l = ldapLogin{shape: fnvStart}
	f := filterScan{s: filter, names: n, login: l}
	kind := f.filter()
	return kind == filterID && f.i == len(f.s) && l.value != ""
}

func (f *filterScan) filter() filterKind {
	if f.depth++; f.depth > filterDepth || f.i >= len(f.s) || f.s[f.i] != '(' {
		return f.fail()
	}
	defer func() { f.depth-- }()
	f.i++
	if f.i >= len(f.s) {
		return f.fail()
	}
	switch c := f.s[f.i]; c {
	case '&', '|', '!':
		f.i++
		f.login.shape = (f.login.shape ^ uint64(c)) * 1099511628211
		return f.list(c)
	}
	return f.item()
}

// list reads the filters behind &, | or ! up to the closing parenthesis.
func (f *filterScan) list(op byte) filterKind {
	constants, ids := 0, 0
	for f.i < len(f.s) && f.s[f.i] == '(' {
		before := f.login.n
		switch f.filter() {
		case filterConstant:
			constants++
		case filterID:
			if op == '!' { // who is left out is not who is looked for
				f.login.n = before
				return f.fail()
			}
			ids++
		default:
			return f.fail()
		}
	}
	if f.i >= len(f.s) || f.s[f.i] != ')' {
		return f.fail()
	}
	f.i++
	f.login.shape = (f.login.shape ^ ')') * 1099511628211
	switch {
	case ids == 0:
		return filterConstant
	case op == '|' && constants > 0:
		return filterOther
	}
	return filterID
}

func (f *filterScan) item() filterKind {
	end := strings.IndexByte(f.s[f.i:], ')')
	if end < 0 {
		return f.fail()
	}
	item := f.s[f.i : f.i+end]
	f.i += end + 1
	eq := strings.IndexByte(item, '=')
	if eq <= 0 {
		return filterOther
	}
	attr, value := item[:eq], item[eq+1:]
	switch attr[len(attr)-1] {
	case '~':
		return filterOther
	case '>', '<', ':':
		f.login.shape = fold64(f.login.shape, item)
		return filterConstant
	}
	if value == "*" {
		f.login.shape = fold64(f.login.shape, item)
		return filterConstant
	}
	if strings.IndexByte(value, '*') >= 0 {
		return filterOther
	}
	if strings.EqualFold(attr, "objectClass") && notAPerson(value) {
		return filterOther
	}
	if idRank(attr) == 0 {
		f.login.shape = fold64(f.login.shape, item)
		return filterConstant
	}
	return f.id(attr, value)
}

// id takes an equality of an ID attribute. A second one must ask for the same ID.
func (f *filterScan) id(attr, value string) filterKind {
	if strings.IndexByte(value, '\\') >= 0 {
		f.names.buf = unescapeLDAP(f.names.buf[:0], value)
		value = f.names.in.Bytes(f.names.buf)
	}
	if f.login.value != "" && !strings.EqualFold(f.login.value, value) {
		return filterOther
	}
	f.login.value = value
	f.login.shape = fold64(f.login.shape, attr)
	if f.login.n < len(f.login.names) {
		f.login.names[f.login.n] = attr
		f.login.n++
	}
	return filterID
}

func (f *filterScan) fail() filterKind {
	f.i = len(f.s) + 1
	return filterOther
}

// notAPerson says whether entries of this class are no accounts of people.
func notAPerson(class string) bool {
	for _, prefix := range [...]string{"group", "posixGroup", "nis", "automount", "ip", "organizational", "device", "computer", "ieee802",
		"sudo", "dhcp", "dNSDomain", "domain", "printer", "dnsZone", "mozillaAb", "applicationProcess"} {
		if len(class) >= len(prefix) && strings.EqualFold(class[:len(prefix)], prefix) {
			return !strings.EqualFold(class, "organizationalPerson") && !strings.EqualFold(class, "nisMailAlias") &&
				!strings.EqualFold(class, "ipaUser") && !strings.EqualFold(class, "domainRelatedObject")
		}
	}
	return false
}

// nameService says whether the attributes asked for are those that a host's name service (sssd, nslcd, nss_ldap) needs to make
// a user of its own. Such searches come for every file listing and are no logins.
func nameService(attrs string) bool {
	for attrs != "" {
		var a string
		a, attrs, _ = strings.Cut(attrs, " ")
		switch {
		case len(a) == 10 && strings.EqualFold(a, "loginShell"), len(a) == 5 && strings.EqualFold(a, "gecos"),
			len(a) > 6 && strings.EqualFold(a[:6], "shadow"), len(a) == 9 && strings.EqualFold(a, "memberUid"):
			return true
		}
	}
	return false
}

// asksForNothing says whether a search wanted to know only whether there is such an entry, and its name.
func asksForNothing(attrs string) bool {
	return attrs == "1.1" || strings.EqualFold(attrs, "dn") || strings.EqualFold(attrs, "entryDN") ||
		strings.EqualFold(attrs, "distinguishedName")
}

// hasAttr says whether one of the attributes, separated by blanks, is one of names, options such as ;binary aside.
func hasAttr(attrs string, names ...string) bool {
	for attrs != "" {
		var a string
		a, attrs, _ = strings.Cut(attrs, " ")
		a, _, _ = strings.Cut(a, ";")
		for _, n := range names {
			if strings.EqualFold(a, n) {
				return true
			}
		}
	}
	return false
}
