// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// form says how a record names an account.
type form uint8

const (
	formLogin   form = iota // neko77, uid=neko77,ou=people,…
	formCommon              // cn=…,ou=…: a login ID in OpenLDAP, a display name in Active Directory
	formMail                // taro.sato@lab.example: a mail address or a user principal name
	formNetBIOS             // LAB\taro
	formSID                 // S-1-5-21-…
)

// spelling is a record's name of an account, taken apart. All texts are folded: see fold.
type spelling struct {
	key    string // what an account that no directory knows is identified by
	local  string // the name without its domain
	domain string // lower case; empty for none
	form   form
	system bool // the machine speaks, not a person
}

// maxName is the length in bytes beyond which a name is cut and told apart by its hash: nobody has such a login ID.
const maxName = 200

// spell takes a record's name of an account apart. An empty key means that the record names nobody.
func spell(raw string) spelling {
	s := fold(raw)
	if len(s) > maxName {
		sum := sha256.Sum256([]byte(s))
		s = strings.ToValidUTF8(s[:maxName-17], "") + "…" + hex.EncodeToString(sum[:7])
		return spelling{key: s, local: s}
	}
	// SharePoint and others write claims: i:0#.f|membership|taro.sato@lab.example
	if strings.HasPrefix(s, "i:0") {
		s = s[strings.LastIndexByte(s, '|')+1:]
	}
	s = unquote(s)
	if attribute, value, ok := firstRDN(s); ok {
		p := spellPlain(value)
		if attribute == "cn" && p.form == formLogin {
			p.form = formCommon
		}
		return p
	}
	return spellPlain(s)
}

func spellPlain(s string) spelling {
	if isSID(s) {
		p := spelling{key: s, local: s, form: formSID}
		if name, ok := wellKnownSID(s); ok {
			p.key, p.local, p.system = name, name, true
		}
		return p
	}
	p := spelling{key: s, local: s}
	if i := strings.IndexByte(s, '\\'); i >= 0 {
		local := strings.TrimLeft(s[i:], `\`)
		if strings.IndexByte(local, '@') > 0 { // AzureAD\taro@lab.example
			return spellPlain(local)
		}
		if local != "" {
			p = spelling{key: s[:i] + `\` + local, local: local, domain: s[:i], form: formNetBIOS}
		}
	} else if i := strings.LastIndexByte(s, '@'); i > 0 {
		domain := strings.TrimRight(s[i+1:], ".")
		p.local = s[:i]
		if p.key = p.local; domain != "" {
			p.key, p.domain, p.form = p.local+"@"+domain, domain, formMail
		}
	}
	if p.domain == "" && p.form == formNetBIOS { // \taro
		p.key, p.form = p.local, formLogin
	}
	if name, ok := systemName(p); ok {
		p.key, p.system = name, true
	}
	return p
}

// fold gives a name the form in which names are compared: lower case, full-width letters as plain ones, no blanks around.
// Bytes that are no UTF-8 stay as they are, so that two broken names do not become one.
func fold(s string) string {
	s = strings.Trim(s, " \t\r\n\x00\u3000")
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b.WriteByte(s[i])
			i++
			continue
		}
		i += n
		switch {
		case r >= '！' && r <= '～': // full-width forms of the printable ASCII characters
			r -= '！' - '!'
		case r == '\u3000':
			r = ' '
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func unquote(s string) string {
	if n := len(s); n >= 2 && (s[0] == '"' && s[n-1] == '"' || s[0] == '<' && s[n-1] == '>') {
		return s[1 : n-1]
	}
	return s
}

// firstRDN returns the first attribute of a distinguished name and its value, where it is one that names an account.
func firstRDN(s string) (attribute, value string, ok bool) {
	attribute, rest, found := strings.Cut(s, "=")
	if !found {
		return "", "", false
	}
	switch attribute = strings.TrimSpace(attribute); attribute {
	case "uid", "cn", "samaccountname", "userprincipalname", "mail", "userid":
	case "0.9.2342.19200300.100.1.1", "oid.0.9.2342.19200300.100.1.1": // uid
		attribute = "uid"
	case "2.5.4.3": // cn
		attribute = "cn"
	default:
		return "", "", false
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c == ',' || c == '+' || c == ';' {
			break
		}
		if c == '\\' && i+1 < len(rest) { // RFC 4514: \2C or \,
			if v, err := hex.DecodeString(rest[i+1 : min(i+3, len(rest))]); err == nil && len(v) == 1 {
				c = v[0]
				i += 2
			} else {
				i++
				c = rest[i]
			}
		}
		b.WriteByte(c)
	}
	value = strings.TrimSpace(b.String())
	return attribute, value, value != ""
}

// isSID reports whether s, folded, is a Windows security identifier.
func isSID(s string) bool {
	if len(s) < 7 || !strings.HasPrefix(s, "s-1-") {
		return false
	}
	for i := 4; i < len(s); i++ {
		if c := s[i]; c != '-' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func wellKnownSID(s string) (name string, ok bool) {
	switch s {
	case "s-1-0-0":
		return "-", true
	case "s-1-5-7":
		return "anonymous logon", true
	case "s-1-5-18":
		return "system", true
	case "s-1-5-19":
		return "local service", true
	case "s-1-5-20":
		return "network service", true
	}
	for _, prefix := range []string{"s-1-5-90-", "s-1-5-96-", "s-1-5-80-", "s-1-5-82-", "s-1-5-83-"} { // window manager, font driver, services, IIS pools, virtual machines
		if strings.HasPrefix(s, prefix) {
			return s, true
		}
	}
	return "", false
}

// systemName returns the name under which a machine's own account stands: SYSTEM and NT AUTHORITY\SYSTEM are one. Whether
// an account is the system's must follow from that name alone, whatever spelling was met first.
func systemName(p spelling) (string, bool) {
	name, key := p.local, p.key
	switch p.domain {
	case "nt authority", "autorite nt", "nt-autorität":
		name, _, _ = strings.Cut(name, " (") // NT AUTHORITY\SYSTEM (Microsoft.Exchange.Servicehost)
		key = p.domain + `\` + name
		fallthrough
	case "nt service", "nt virtual machine", "window manager", "font driver host", "iis apppool", "builtin", "sharepoint":
		if wellKnown(name) {
			return name, true
		}
		return key, true
	}
	switch {
	case p.form == formMail && strings.HasSuffix(name, "$") && wellKnown(name): // MON1$@LAB.EXAMPLE
		return name, true
	case p.form == formMail && isService(name):
		return key, true
	case p.form == formMail:
		return "", false
	case p.form == formLogin && (name == "-" || name == "not_set" || name == "(null)" || name == "n/a"):
		return "-", true
	}
	return name, wellKnown(name)
}

// wellKnown reports whether a name, folded, is the operating system's own wherever it stands.
func wellKnown(name string) bool {
	switch name {
	case "system", "local service", "network service", "anonymous logon", "krbtgt":
		return true
	}
	if n := len(name); n > 1 && name[n-1] == '$' { // a machine's account
		return true
	}
	return strings.HasPrefix(name, "dwm-") && digits(name[4:]) || strings.HasPrefix(name, "umfd-") && digits(name[5:])
}

// isService reports whether the first part of a Kerberos principal is a machine's: taro/admin@REALM stands for a person.
func isService(name string) bool {
	service, _, ok := strings.Cut(name, "/")
	if !ok {
		return name == "krbtgt"
	}
	switch service {
	case "host", "cifs", "ldap", "http", "https", "krbtgt", "nfs", "imap", "smtp", "dns", "rpcss", "gc", "termsrv", "wsman", "restrictedkrbhost", "mssqlsvc":
		return true
	}
	return false
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// builtIn reports whether every system has an account of that name: LAB\administrator and MON1\administrator are two.
func builtIn(local string) bool {
	switch local {
	case "administrator", "admin", "root", "guest", "defaultaccount", "wdagutilityaccount", "user", "test", "operator", "daemon", "nobody", "backup", "www-data":
		return true
	}
	return false
}
