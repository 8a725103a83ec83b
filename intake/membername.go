// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMemberName bounds, in bytes, how much of a member's name is shown. Longer ones are cut.
const maxMemberName = 1024

// memberName returns a member's name as it is shown behind "!/": in UTF-8, with slashes, below the archive whatever it claims,
// and with what cannot be seen made visible. odd says that it was not written so because somebody wanted it to be misread or
// to land elsewhere; that nothing is ever written under it makes it harmless. windows says that a backslash is a separator.
func memberName(raw []byte, isUTF8, windows bool) (name string, odd bool) {
	text := string(raw)
	if !utf8.ValidString(text) {
		if !isUTF8 {
			text = oldName(raw)
		} else {
			odd = true
		}
	}
	if windows && !strings.Contains(text, "/") {
		text = strings.ReplaceAll(text, `\`, "/")
	}
	if strings.HasPrefix(text, "/") || len(text) > 2 && text[1] == ':' && (text[2] == '/' || text[2] == '\\') {
		odd = true
	}
	var b strings.Builder
	for e := range strings.SplitSeq(text, "/") {
		switch e {
		case "", ".":
			continue
		case "..":
			odd = true
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('/')
		}
		if appendShown(&b, e) {
			odd = true
		}
		if b.Len() > maxMemberName {
			return cutName(b.String()), true
		}
	}
	if b.Len() == 0 {
		return "unnamed", true
	}
	return b.String(), odd
}

// oldName reads a name that is no UTF-8 in the encoding of Japanese Windows, or of old Japanese Unix, where all of it is text
// in that; its bytes as they are where it is not.
func oldName(raw []byte) string {
	for _, e := range [...]Encoding{ShiftJIS, EUCJP} {
		if _, rare, ok := e.weigh(raw); !ok || e == ShiftJIS && rare > 0 && weighsMore(raw) {
			continue
		}
		var b strings.Builder
		for rest := raw; len(rest) > 0; {
			r, n, _ := e.decodeOne(rest)
			b.WriteRune(r)
			rest = rest[n:]
		}
		return b.String()
	}
	return string(raw)
}

// weighsMore says whether bytes that may be cp932 are rather EUC-JP.
func weighsMore(raw []byte) bool {
	usual, rare, _ := ShiftJIS.weigh(raw)
	u, r, ok := EUCJP.weigh(raw)
	return ok && u-r > usual-rare
}

// appendShown writes one element of a name. It returns whether something had to be made visible.
func appendShown(b *strings.Builder, e string) (odd bool) {
	for i := 0; i < len(e); {
		r, n := utf8.DecodeRuneInString(e[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(b, `\x%02x`, e[i])
			odd = true
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == 0x2028, r == 0x2029:
			fmt.Fprintf(b, `\u%04x`, r)
			odd = true
		case r == '!' && i+1 == len(e): // or it would read as an archive within
			b.WriteString(`\u0021`)
		default:
			b.WriteString(e[i : i+n])
		}
		i += n
	}
	return odd
}

func cutName(s string) string {
	n := maxMemberName
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
