// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/event"
)

// observable is one thing that can be seen in an event.
type observable struct {
	kind event.ListedKind
	net  netip.Prefix // of an address or a network, masked
	text string       // of anything else, in the form in which it is compared
}

// Reasons why a value is not taken.
const (
	notAnIndicator = "neither an address, a network, a domain, a URL, a hash nor a mail address"
	tooWide        = "a network so wide that it says nothing of an address"
	nobodys        = "nobody's address (unspecified, loopback or multicast)"
	publicSuffix   = "a domain below which anybody may have a name"
	oneLabel       = "a name without a dot"
	netNumber      = "the number of a network (AS): addresses are compared, not who announces them"
)

// The widest prefixes that are taken: 0.0.0.0/0 would condemn the Internet.
const (
	widest4 = 8
	widest6 = 16
)

// guess reads a value of which nobody says what it is.
func guess(s string) (o observable, why string) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxValue {
		return o, notAnIndicator
	}
	s = refang(s)
	switch {
	case strings.Contains(s, "://"):
		return urlOf(s)
	case hashShaped(s):
		return hashOf(s)
	}
	if c := s[0]; c <= '9' || c == '[' || strings.IndexByte(s, ':') >= 0 {
		if o, why := addressOf(s); why != notAnIndicator {
			return o, why
		}
	}
	switch {
	case len(s) > 2 && strings.EqualFold(s[:2], "AS") && allDigits(s[2:]):
		return o, netNumber
	case strings.IndexByte(s, '@') > 0:
		return mailOf(s)
	case strings.IndexByte(s, '/') > 0:
		return urlOf(s)
	}
	return domainOf(s)
}

const maxValue = 8 << 10

// addressOf reads an address or a network: 203.0.113.7, 203.0.113.0/24, 2001:db8::/32, [2001:db8::1].
func addressOf(s string) (observable, string) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	var p netip.Prefix
	if ip, err := netip.ParseAddr(s); err == nil {
		ip = ip.Unmap().WithZone("")
		p = netip.PrefixFrom(ip, ip.BitLen())
	} else if q, err := netip.ParsePrefix(s); err == nil {
		if p = q.Masked(); p.Addr().Is4In6() {
			if p.Bits() < 96 {
				return observable{}, tooWide
			}
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
	} else {
		return observable{}, notAnIndicator
	}
	a := p.Addr()
	switch {
	case p.Bits() < widest4, a.Is6() && p.Bits() < widest6:
		return observable{}, tooWide
	case a.IsUnspecified(), a.IsLoopback(), a.IsMulticast():
		return observable{}, nobodys
	case p.Bits() == a.BitLen():
		return observable{kind: event.ListedAddress, net: p, text: ""}, ""
	}
	return observable{kind: event.ListedNetwork, net: p}, ""
}

// domainOf reads a domain. What is listed stands for the hosts below it too, so it must not be a place where anybody may have
// a name.
func domainOf(s string) (observable, string) {
	s = strings.ToLower(strings.TrimPrefix(strings.TrimSuffix(strings.TrimSpace(s), "."), "*."))
	s = strings.TrimPrefix(s, ".")
	if !domainShaped(s) {
		return observable{}, notAnIndicator
	}
	if strings.IndexByte(s, '.') < 0 {
		return observable{}, oneLabel
	}
	if addressShaped(s) {
		return observable{}, notAnIndicator
	}
	if isSuffix(s) {
		return observable{}, publicSuffix
	}
	return observable{kind: event.ListedDomain, text: s}, ""
}

// addressShaped says whether s is an address, without the cost of an error for what is plainly a name.
func addressShaped(s string) bool {
	if s == "" || s[0] > '9' && strings.IndexByte(s, ':') < 0 || s[len(s)-1] > '9' && strings.IndexByte(s, ':') < 0 {
		return false
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

func domainShaped(s string) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	label, letter := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= 0x80:
			letter = true
		case c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0 && letter && utf8.ValidString(s)
}

// isSuffix says whether names below s belong to anybody: co.jp, ac.uk, com.au.
func isSuffix(s string) bool {
	first, rest, _ := strings.Cut(s, ".")
	if len(rest) != 2 {
		return false
	}
	switch first {
	case "co", "ac", "ad", "ed", "go", "gr", "lg", "ne", "or", "com", "net", "org", "gov", "edu", "mil":
		return true
	}
	return false
}

// urlOf reads a URL into the form in which it is compared: host, port unless it is the usual one, path and query. The scheme is
// left out, since most logs do not have it; so is what stands behind #, which is never sent.
func urlOf(s string) (observable, string) {
	t := s
	scheme := ""
	if i := strings.Index(t, "://"); i >= 0 {
		scheme, t = strings.ToLower(t[:i]), t[i+3:]
	}
	switch scheme {
	case "", "http", "https", "ftp", "ftps", "ws", "wss":
	default:
		return observable{}, "a URL of a kind that no log here has"
	}
	t, _, _ = strings.Cut(t, "#")
	end := strings.IndexAny(t, "/?")
	if end < 0 {
		end = len(t)
	}
	host, path := t[:end], t[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 { // a user's name before the host is sent elsewhere
		host = host[i+1:]
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	host = strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
	name, _, _ := strings.Cut(host, ":")
	if (!domainShaped(name) || strings.IndexByte(name, '.') < 0) && !strings.HasPrefix(host, "[") && !addressShaped(name) && !addressShaped(host) {
		return observable{}, notAnIndicator
	}
	if path == "" || path[0] == '?' {
		path = "/" + path
	}
	return observable{kind: event.ListedURL, text: host + path}, ""
}

// mailOf reads a mail address.
func mailOf(s string) (observable, string) {
	s = strings.ToLower(strings.TrimPrefix(strings.Trim(strings.TrimSpace(s), "<>"), "mailto:"))
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || strings.ContainsAny(s, " \t,;\"<>") || !domainShaped(s[at+1:]) {
		return observable{}, notAnIndicator
	}
	return observable{kind: event.ListedMail, text: s}, ""
}

// hashOf reads the hash of a file in hex: MD5, SHA-1, SHA-224, SHA-256, SHA-384 or SHA-512.
func hashOf(s string) (observable, string) {
	if !hashShaped(s) {
		return observable{}, notAnIndicator
	}
	s = strings.ToLower(s)
	switch s {
	case "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855":
		return observable{}, "the hash of an empty file"
	}
	return observable{kind: event.ListedHash, text: s}, ""
}

func hashShaped(s string) bool {
	switch len(s) {
	case 32, 40, 56, 64, 96, 128:
	default:
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// refang undoes what people write so that nobody clicks: hxxp://evil[.]example, 203.0.113[.]7, a[@]b.
func refang(s string) string {
	if !strings.ContainsAny(s, "[({xX") {
		return s
	}
	if len(s) > 4 && (s[0] == 'h' || s[0] == 'H') && strings.EqualFold(s[1:3], "xx") {
		s = "htt" + s[3:]
	}
	if !strings.ContainsAny(s, "[({") {
		return s
	}
	return strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "[:]", ":", "[://]", "://", "[@]", "@", "[at]", "@", "(at)", "@", "[/]", "/").Replace(s)
}

// short cuts a text for people.
func short(s string) string { return clean(s, 80) }

// clean cuts a text to at most so many bytes and takes what does not print out of it.
func clean(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	s = strings.ToValidUTF8(s, "")
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x202e || c == 0x2028 || c == 0x2029 {
			return ' '
		}
		return c
	}, s)
}
