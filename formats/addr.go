// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Readers of addresses, ports and numbers in log lines, none of which allocates for what it has seen before.

// addr reads an IPv4 or IPv6 address, with or without brackets, and returns it without a zone and without the 4-in-6 prefix.
func (e *Env) addr(b []byte) (netip.Addr, bool) {
	if n := len(b); n > 2 && b[0] == '[' && b[n-1] == ']' {
		b = b[1 : n-1]
	}
	if a, ok := parseIPv4(b); ok {
		return a, true
	}
	if len(b) < 2 || len(b) > 64 {
		return netip.Addr{}, false
	}
	colons := 0
	for i, c := range b {
		switch {
		case c == ':':
			colons++
		case isHex(c) || c == '.':
		case c == '%' && i > 1: // a zone, of which nothing is kept
			b = b[:i]
		default:
			return netip.Addr{}, false
		}
		if i >= len(b) {
			break
		}
	}
	if colons < 2 {
		return netip.Addr{}, false
	}
	var text string
	if e != nil { // else nobody keeps it
		text = e.Intern.Bytes(b)
	} else {
		text = string(b)
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// addrPort reads an address with or without a port: "192.0.2.1:53412", "[2001:db8::1]:53412", "2001:db8::1".
func (e *Env) addrPort(b []byte) (netip.Addr, uint16, bool) {
	if a, ok := e.addr(b); ok {
		return a, 0, true
	}
	i := bytes.LastIndexByte(b, ':')
	if i <= 0 {
		return netip.Addr{}, 0, false
	}
	a, ok := e.addr(b[:i])
	p, okPort := parsePort(b[i+1:])
	return a, p, ok && okPort
}

// setSource sets where an event came from: an address, or the host's name where the record has only that.
func (e *Env) setSource(ev *event.Event, b []byte) {
	if a, ok := e.addr(b); ok {
		ev.SrcIP = a
		return
	}
	ev.SrcHost = e.Intern.Bytes(b)
}

// hostOf returns the host that wrote a syslog line, or the stream's where the line names none.
func (e *Env) hostOf(s *Syslog) string {
	if len(s.Host) > 0 {
		return e.Intern.Bytes(s.Host)
	}
	return e.Host
}

func parseIPv4(b []byte) (netip.Addr, bool) {
	if len(b) < 7 || len(b) > 15 {
		return netip.Addr{}, false
	}
	var out [4]byte
	part, v, n := 0, 0, 0
	for _, c := range b {
		switch {
		case isDigit(c):
			if n > 0 && v == 0 { // 010 is eight to some readers and ten to others
				return netip.Addr{}, false
			}
			v = v*10 + int(c-'0')
			n++
			if v > 255 {
				return netip.Addr{}, false
			}
		case c == '.' && n > 0 && part < 3:
			out[part] = byte(v)
			part, v, n = part+1, 0, 0
		default:
			return netip.Addr{}, false
		}
	}
	if part != 3 || n == 0 {
		return netip.Addr{}, false
	}
	out[3] = byte(v)
	return netip.AddrFrom4(out), true
}

// parsePort reads a port number; all of b must be one.
func parsePort(b []byte) (uint16, bool) {
	n, ok := parseNumber(b)
	return uint16(n), ok && n <= 65535
}

// parseNumber reads a whole number without a sign that fits an int64; all of b must be one.
func parseNumber(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var v int64
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, true
}

// someNumber returns the whole number that b is, or "not recorded".
func someNumber(b []byte) event.Int {
	if v, ok := parseNumber(b); ok {
		return event.Some(v)
	}
	return event.Int{}
}

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// isHostName says whether b could be the name of a host: nothing in it that a sentence or an address with a port has.
func isHostName(b []byte) bool {
	if len(b) == 0 || len(b) > 255 {
		return false
	}
	for _, c := range b {
		if !isHex(c) && !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_' || c == ':') {
			return false
		}
	}
	return true
}

// isOwnSide says whether an address is one that only a neighbour can have: private, loopback, link-local, carrier NAT.
func isOwnSide(a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.Is4() && a.As4()[0] == 100 && a.As4()[1]&0xc0 == 64
}

// cutPrefix is bytes.CutPrefix for a constant text.
func cutPrefix(b []byte, prefix string) ([]byte, bool) {
	if len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix {
		return b[len(prefix):], true
	}
	return b, false
}

// cutSuffix is bytes.CutSuffix for a constant text.
func cutSuffix(b []byte, suffix string) ([]byte, bool) {
	if n := len(b) - len(suffix); n >= 0 && string(b[n:]) == suffix {
		return b[:n], true
	}
	return b, false
}

// index is bytes.Index for a constant text. It looks for that byte of the text which stands in logs the least: a quote, a
// blank or a vowel would stop it at every word.
func index(b []byte, text string) int {
	n := len(text)
	if n == 0 || n > len(b) {
		return -1
	}
	at, least := 0, uint8(255)
	for k := 0; k < n && least > 2; k++ {
		if c := commonness(text[k]); c < least {
			at, least = k, c
		}
	}
	rare := text[at]
	for i := at; ; i++ {
		j := bytes.IndexByte(b[i:len(b)-n+at+1], rare)
		if j < 0 {
			return -1
		}
		if i += j; string(b[i-at:i-at+n]) == text {
			return i - at
		}
		if i-at+n >= len(b) {
			return -1
		}
	}
}

// commonness says how often a byte stands in logs, roughly.
func commonness(c byte) uint8 {
	switch c {
	case ' ', '"', ':', 'e', 't', 'a', 'i', 'o', 'n', 's', 'r':
		return 9
	case '.', ',', '/', '-', '0', '1', '2', 'l', 'd', 'c', 'u', 'p', 'm':
		return 7
	case '_', '=', '[', ']', '(', ')', '<', '>', '{', '}', '@', '#', 'q', 'x', 'z', 'j', 'k', 'v', 'w', 'y':
		return 3
	}
	if c >= 'A' && c <= 'Z' {
		return 2
	}
	return 5
}

// lastIndex is bytes.LastIndex for a constant text.
func lastIndex(b []byte, text string) int {
	for i := len(b) - len(text); i >= 0; i-- {
		if b[i] == text[0] && string(b[i:i+len(text)]) == text {
			return i
		}
	}
	return -1
}

// has says whether b contains a constant text.
func has(b []byte, text string) bool { return index(b, text) >= 0 }

// nextWord cuts b at the first space.
func nextWord(b []byte) (word, rest []byte) {
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// clip returns at most n bytes of s, for remainders that could be as long as a record.
func clip(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}
