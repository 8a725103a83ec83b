// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Pattern is a text with wildcards, as pieces.
type Pattern []Piece

// Piece is a text, or a wildcard.
type Piece struct {
	Kind PieceKind
	Text string // of a text, or the name of a placeholder
}

// PieceKind is the kind of a piece.
type PieceKind uint8

// The kinds of pieces.
const (
	PieceText PieceKind = iota
	PieceAny            // *: any text, also none
	PieceOne            // ?: one character
	PieceDash           // one of the characters that programs of Windows take for the dash of a flag
	PieceHold           // %name%: a placeholder
)

// dashes are what stands for one another under the modifier windash.
var dashes = [...]string{"-", "/", "–", "—", "―"}

// maxPieces bounds a pattern: no rule comes near it.
const maxPieces = 256

// parsePattern reads a text with wildcards. A backslash makes a wildcard or a backslash behind it plain; before anything else
// it is plain itself.
func parsePattern(s string, expand bool) Pattern {
	var p Pattern
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			p = append(p, Piece{Text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == '*' || s[i+1] == '?' || expand && s[i+1] == '%'):
			i++
			text.WriteByte(s[i])
		case c == '*':
			flush()
			if len(p) == 0 || p[len(p)-1].Kind != PieceAny {
				p = append(p, Piece{Kind: PieceAny})
			}
		case c == '?':
			flush()
			p = append(p, Piece{Kind: PieceOne})
		case c == '%' && expand:
			if name, ok := placeholder(s[i:]); ok {
				flush()
				p = append(p, Piece{PieceHold, name})
				i += len(name) + 1
				continue
			}
			text.WriteByte(c)
		default:
			text.WriteByte(c)
		}
	}
	flush()
	return p
}

// placeholder returns the name of the placeholder that s begins with.
func placeholder(s string) (string, bool) {
	end := strings.IndexByte(s[1:], '%')
	if end <= 0 {
		return "", false
	}
	name := s[1 : 1+end]
	for i := 0; i < len(name); i++ {
		if c := name[i]; c == ' ' || c == '\\' || c == '*' || c == '?' {
			return "", false
		}
	}
	return name, true
}

// plain returns the pattern's text, and whether it is one without wildcards.
func (p Pattern) plain() (string, bool) {
	switch {
	case len(p) == 0:
		return "", true
	case len(p) == 1 && p[0].Kind == PieceText:
		return p[0].Text, true
	}
	return "", false
}

// at returns the pattern for a text that stands somewhere, at the beginning or at the end of a value.
func (p Pattern) at(w Where) Pattern {
	out := append(Pattern(nil), p...)
	if (w == Contains || w == EndsWith) && (len(out) == 0 || out[0].Kind != PieceAny) {
		out = append(Pattern{{Kind: PieceAny}}, out...)
	}
	if (w == Contains || w == StartsWith) && (out == nil || out[len(out)-1].Kind != PieceAny) {
		out = append(out, Piece{Kind: PieceAny})
	}
	return out
}

// dashed makes every dash or slash that begins a word stand for all characters that do.
func (p Pattern) dashed() Pattern {
	var out Pattern
	for _, piece := range p {
		if piece.Kind != PieceText {
			out = append(out, piece)
			continue
		}
		s, from := piece.Text, 0
		for i := 0; i < len(s); i++ {
			if s[i] != '-' && s[i] != '/' || i > 0 && wordAt(s, i-1, true) || i+1 >= len(s) || !wordAt(s, i+1, false) {
				continue
			}
			if i > from {
				out = append(out, Piece{Text: s[from:i]})
			}
			out = append(out, Piece{Kind: PieceDash})
			from = i + 1
		}
		if from < len(s) {
			out = append(out, Piece{Text: s[from:]})
		}
	}
	return out
}

// wordAt says whether the character at i, or that ends at i, is of a word.
func wordAt(s string, i int, ends bool) bool {
	c := s[i]
	if c >= utf8.RuneSelf {
		var r rune
		if ends {
			r, _ = utf8.DecodeLastRuneInString(s[:i+1])
		} else {
			r, _ = utf8.DecodeRuneInString(s[i:])
		}
		return r != '–' && r != '—' && r != '―'
	}
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// lower returns the pattern with its texts in small letters.
func (p Pattern) lower() Pattern {
	out := append(Pattern(nil), p...)
	for i := range out {
		if out[i].Kind == PieceText {
			out[i].Text = fold(out[i].Text)
		}
	}
	return out
}

// match says whether the whole of s is like the pattern. It takes time in the product of both lengths at most, since of two
// places where a * may end only the first matters.
func (p Pattern) match(s string) bool {
	pi, si := 0, 0
	star, mark := -1, 0
	for {
		if pi < len(p) {
			if p[pi].Kind == PieceAny {
				star, mark = pi, si
				pi++
				continue
			}
			if n, ok := p[pi].take(s[si:]); ok {
				pi++
				si += n
				continue
			}
		} else if si == len(s) {
			return true
		}
		if star < 0 || mark >= len(s) {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[mark:])
		mark += n
		if next := p[star+1:]; len(next) > 0 && next[0].Kind == PieceText {
			i := strings.Index(s[mark:], next[0].Text)
			if i < 0 {
				return false
			}
			mark += i
		}
		pi, si = star+1, mark
	}
}

// take says whether s begins with the piece, and how much of s it is.
func (c Piece) take(s string) (int, bool) {
	switch c.Kind {
	case PieceText:
		return len(c.Text), strings.HasPrefix(s, c.Text)
	case PieceOne:
		if s == "" {
			return 0, false
		}
		_, n := utf8.DecodeRuneInString(s)
		return n, true
	case PieceDash:
		for _, d := range dashes {
			if strings.HasPrefix(s, d) {
				return len(d), true
			}
		}
	}
	return 0, false
}

// wide returns text as UTF-16, as bytes.
func wide(text string, big bool) string {
	units := utf16.Encode([]rune(text))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// base64At returns what text becomes in the middle of something that is encoded in base64, for its three places there: the
// characters that depend on text alone.
func base64At(text string) []string {
	var out []string
	for offset, from := range [...]int{0, 2, 3} {
		padded := strings.Repeat(" ", offset) + text
		encoded := base64.StdEncoding.EncodeToString([]byte(padded))
		end := len(encoded) - [...]int{0, 3, 2}[len(padded)%3]
		if from < end {
			out = append(out, encoded[from:end])
		}
	}
	return out
}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
