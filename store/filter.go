// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho/sekisho/event"
)

// Filter is a short question, made into SQL.
//
// A filter is a row of terms, parted by spaces; an event must meet them all. A term is key:value, key:>number (also >=, <, <=),
// or a word that the event's texts must contain. Several values, parted by commas, mean any of them; * in a value
// stands for any text; a minus before a term means that it must not hold; quotes hold spaces together.
//
//	account:taro outcome:failure src:185.220.101.0/24 since:2025-07-01 -service:imap "text words"
//
// FilterKeys lists the keys.
type Filter struct {
	Where string // a condition over the event table; "true" for an empty filter
	Args  []any  // for the ? in it
}

// FilterError says where in a filter something is wrong.
type FilterError struct {
	At   int    // byte of the filter's text
	Text string // in English, and
	Ja   string // in Japanese
}

// Error returns the text; At says where.
func (e *FilterError) Error() string { return e.Text }

// ErrFilter is wrapped by every FilterError.
var ErrFilter = errors.New("the filter is not understood")

// Unwrap returns ErrFilter.
func (e *FilterError) Unwrap() error { return ErrFilter }

// keyKind says how the values of a key are compared.
type keyKind uint8

const (
	keyText keyKind = iota
	keyWord         // one of a vocabulary
	keyAddress
	keyAccount
	keyNumber
	keySince
	keyUntil
)

// Key is one key of the filter language.
type Key struct {
	Name    string
	Doc     string
	columns []string
	kind    keyKind
	words   func() []string
}

// FilterKeys returns the keys, in the order in which they are best explained.
func FilterKeys() []Key {
	return []Key{
		{"account", "whoever has this name, under all spellings of the account; with * only spellings like it", nil, keyAccount, nil},
		{"src", "address, network (CIDR) or address with * that it came from", []string{"src_ip"}, keyAddress, nil},
		{"dst", "address, network or address with * that was reached", []string{"dst_ip"}, keyAddress, nil},
		{"ip", "either of the two", []string{"src_ip", "dst_ip"}, keyAddress, nil},
		{"host", "host at either end, by name", []string{"src_host", "dst_host"}, keyText, nil},
		{"class", "kind of event", []string{"class"}, keyWord, event.Classes},
		{"activity", "what was done", []string{"activity"}, keyWord, event.Activities},
		{"outcome", "success, failure or unknown", []string{"outcome"}, keyWord, event.Outcomes},
		{"reason", "why it ended so", []string{"reason"}, keyWord, event.Reasons},
		{"service", "service", []string{"service"}, keyText, nil},
		{"client", "user agent or client name", []string{"client"}, keyText, nil},
		{"object", "path, URL, DN and filter, host name asked for", []string{"object"}, keyText, nil},
		{"target", "the other account of a change", []string{"target"}, keyText, nil},
		{"country", "country of the source, two letters", []string{"country"}, keyText, nil},
		{"format", "parser", []string{"format"}, keyText, nil},
		{"input", "file or source", []string{"input"}, keyText, nil},
		{"port", "port at either end", []string{"src_port", "dst_port"}, keyNumber, nil},
		{"asn", "number of the source's autonomous system", []string{"asn"}, keyNumber, nil},
		{"bytes_in", "bytes that the source received", []string{"bytes_in"}, keyNumber, nil},
		{"bytes_out", "bytes that the source sent", []string{"bytes_out"}, keyNumber, nil},
		{"count", "items in an aggregated record", []string{"count"}, keyNumber, nil},
		{"duration_ms", "milliseconds", []string{"duration_ms"}, keyNumber, nil},
		{"line", "line of the input", []string{"line"}, keyNumber, nil},
		{"since", "from this day or moment on: 2025-07-01, 2025-07-01T09:00, 2025-07-01T09:00+09:00; UTC unless it says otherwise", nil, keySince, nil},
		{"until", "to the end of this day, or to this moment", nil, keyUntil, nil},
	}
}

// ParseFilter makes a condition of a filter's text, or returns a *FilterError. Times without a zone are in zone; nil is UTC.
func ParseFilter(s string, zone *time.Location) (Filter, error) {
	if zone == nil {
		zone = time.UTC
	}
	if len(s) > 10_000 {
		return Filter{}, &FilterError{10_000, "a filter is at most 10,000 bytes long", "条件式は 10,000 バイトまでです"}
	}
	if !utf8.ValidString(s) {
		return Filter{}, &FilterError{0, "a filter is UTF-8 text", "条件式は UTF-8 の文字列です"}
	}
	p := filterParser{s: s, zone: zone}
	var all []string
	for {
		term, ok, err := p.term()
		if err != nil {
			return Filter{}, err
		}
		if !ok {
			break
		}
		all = append(all, term)
	}
	if len(all) == 0 {
		return Filter{Where: "true"}, nil
	}
	return Filter{strings.Join(all, " AND "), p.args}, nil
}

type filterParser struct {
	s    string
	i    int
	zone *time.Location
	args []any
}

// arg keeps a value and returns its place in the SQL.
func (p *filterParser) arg(v any) string {
	p.args = append(p.args, v)
	return "?"
}

func (p *filterParser) fail(at int, ja, en string, args ...any) error {
	w := event.Telling(event.Tell(ja, en, args...))
	return &FilterError{at, w.En, w.Ja}
}

func (p *filterParser) space() {
	for p.i < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		if !unicode.IsSpace(r) {
			return
		}
		p.i += n
	}
}

// term reads one term; false at the end.
func (p *filterParser) term() (string, bool, error) {
	p.space()
	if p.i == len(p.s) {
		return "", false, nil
	}
	start := p.i
	not := ""
	if p.s[p.i] == '-' && p.i+1 < len(p.s) && p.s[p.i+1] != ' ' {
		p.i++
		not = "NOT "
	}
	name, ok := p.key()
	var cond string
	var err error
	if !ok {
		cond, err = p.bare()
	} else {
		cond, err = p.keyed(name, start)
	}
	if err != nil {
		return "", false, err
	}
	if not != "" { // an event without the value does not meet the term, so it meets the term's opposite
		cond = "coalesce(" + cond + ", false)"
	}
	return not + cond, true, nil
}

// key reads a key with its colon, if there is one here.
func (p *filterParser) key() (string, bool) {
	end := p.i
	for end < len(p.s) && (p.s[end] == '_' || p.s[end] >= 'a' && p.s[end] <= 'z' || p.s[end] >= 'A' && p.s[end] <= 'Z') {
		end++
	}
	if end == p.i || end == len(p.s) || p.s[end] != ':' || strings.HasPrefix(p.s[end:], "://") || strings.HasPrefix(p.s[end:], "::") {
		return "", false
	}
	name := strings.ToLower(p.s[p.i:end])
	if _, err := netip.ParseAddr(p.word(p.i)); err == nil { // fe80:… is an address
		return "", false
	}
	p.i = end + 1
	return name, true
}

// word returns what stands from i to the next space.
func (p *filterParser) word(i int) string {
	if n := strings.IndexFunc(p.s[i:], unicode.IsSpace); n >= 0 {
		return p.s[i : i+n]
	}
	return p.s[i:]
}

// value reads one value, quoted or not; comma says that an unquoted one ends at a comma.
func (p *filterParser) value(comma bool) (string, bool, error) {
	start := p.i
	if p.i < len(p.s) && p.s[p.i] == '"' {
		n := strings.IndexByte(p.s[p.i+1:], '"')
		if n < 0 {
			return "", false, p.fail(start, "引用符が閉じていません", "the quote has no end")
		}
		v := p.s[p.i+1 : p.i+1+n]
		p.i += n + 2
		return v, true, nil
	}
	v := p.word(p.i)
	if n := strings.IndexByte(v, ','); comma && n >= 0 {
		v = v[:n]
	}
	p.i += len(v)
	return v, false, nil
}

// bare is a word that the event's texts contain, or an address.
func (p *filterParser) bare() (string, error) {
	start := p.i
	v, quoted, err := p.value(false)
	if err != nil {
		return "", err
	}
	if v == "" {
		return "", p.fail(start, "空の文字列はすべての事象に含まれます", "an empty text is in every event")
	}
	if !quoted {
		if _, err := netip.ParsePrefix(v); err == nil {
			return p.address([]string{"src_ip", "dst_ip"}, v, start)
		}
		if _, err := netip.ParseAddr(v); err == nil {
			return p.address([]string{"src_ip", "dst_ip"}, v, start)
		}
	}
	columns := []string{"account", "target", "src_host", "dst_host", "service", "client", "object", "CAST(rest AS VARCHAR)"}
	if strings.Trim(v, "0123456789abcdefABCDEF.:") == "" {
		columns = append(columns, "src_ip", "dst_ip")
	}
	conds := make([]string, len(columns))
	for i, c := range columns { // an event without the column does not have the text in it
		conds[i] = "coalesce(contains(lower(" + c + "), lower(" + p.arg(v) + ")), false)"
	}
	return either(conds), nil
}

func (p *filterParser) keyed(name string, start int) (string, error) {
	keys := FilterKeys()
	i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name || k.columns != nil && k.columns[0] == name })
	if i < 0 {
		return "", p.fail(start, "%q というキーはありません%s。コロンを含む文字列は引用符で囲んでください", "there is no key %q%s; for a text with a colon use quotes", name, nearest(name, keys))
	}
	var conds []string
	for {
		at := p.i
		v, _, err := p.value(true)
		if err != nil {
			return "", err
		}
		if v == "" {
			return "", p.fail(at, "%s: に値がありません", "%s: has no value", name)
		}
		cond, err := p.compare(keys[i], v, at)
		if err != nil {
			return "", err
		}
		conds = append(conds, cond)
		if p.i == len(p.s) || p.s[p.i] != ',' {
			break
		}
		p.i++
	}
	if p.i < len(p.s) {
		if r, _ := utf8.DecodeRuneInString(p.s[p.i:]); !unicode.IsSpace(r) {
			return "", p.fail(p.i, "引用符の後に空白が必要です", "a space is missing after the quote")
		}
	}
	if len(conds) == 1 {
		return conds[0], nil
	}
	return "(" + strings.Join(conds, " OR ") + ")", nil
}

func (p *filterParser) compare(k Key, v string, at int) (string, error) {
	switch k.kind {
	case keyAccount:
		return p.account(v), nil
	case keyAddress:
		return p.address(k.columns, v, at)
	case keyWord:
		if words := k.words(); !slices.Contains(words, v) && !strings.Contains(v, "*") {
			return "", p.fail(at, "%s が %q になることはありません。次のいずれかです：%s", "%s is never %q; it is one of %s", k.Name, v, strings.TrimPrefix(strings.Join(words, ", "), ", "))
		}
	case keyNumber:
		return p.number(k.columns, v, at)
	case keySince, keyUntil:
		return p.time(k.kind, v, at)
	}
	return p.texts(k.columns, v), nil
}

// texts compares without regard to case.
func (p *filterParser) texts(columns []string, v string) string {
	var conds []string
	for _, c := range columns {
		if strings.Contains(v, "*") {
			conds = append(conds, c+" ILIKE "+p.arg(pattern(v))+` ESCAPE '\'`)
		} else {
			conds = append(conds, "lower("+c+") = lower("+p.arg(v)+")")
		}
	}
	return either(conds)
}

// account finds the account that the spelling means, and all its events.
func (p *filterParser) account(v string) string {
	if strings.Contains(v, "*") {
		return p.texts([]string{"account"}, v)
	}
	return "(lower(account) = lower(" + p.arg(v) + ") OR account_id IN (SELECT account_id FROM aliases WHERE lower(account) = lower(" + p.arg(v) +
		") UNION SELECT account_id FROM accounts WHERE lower(name) = lower(" + p.arg(v) + ") OR account_id = " + p.arg(v) + "))"
}

func (p *filterParser) address(columns []string, v string, at int) (string, error) {
	var conds []string
	for _, c := range columns {
		cond := ""
		if ip, err := netip.ParseAddr(v); err == nil {
			cond = c + " = " + p.arg(ip.Unmap().String())
		} else if n, err := netip.ParsePrefix(v); err == nil {
			cond = p.network(c, n.Masked())
		} else if strings.Contains(v, "*") && strings.Trim(v, "0123456789abcdefABCDEF.:*") == "" {
			cond = c + " LIKE " + p.arg(pattern(strings.ToLower(v))) + ` ESCAPE '\'`
		} else {
			return "", p.fail(at, "%q はアドレスではありません。192.0.2.1、192.0.2.0/24、192.0.2.*、2001:db8::/32 のように書いてください", "%q is no address; write 192.0.2.1, 192.0.2.0/24, 192.0.2.* or 2001:db8::/32", v)
		}
		conds = append(conds, cond)
	}
	return either(conds), nil
}

// network compares by text where a network of IPv4 ends at a point, and looks each address up once otherwise.
func (p *filterParser) network(column string, n netip.Prefix) string {
	if n.Addr().Is4() && n.Bits()%8 == 0 && n.Bits() > 0 && n.Bits() < 32 {
		parts := strings.SplitAfter(n.Addr().String(), ".")
		return column + " LIKE " + p.arg(strings.Join(parts[:n.Bits()/8], "")+"%")
	}
	return column + " IN (SELECT ip FROM (SELECT DISTINCT " + column + " AS ip FROM events) WHERE in_network(ip, " + p.arg(n.String()) + "))"
}

func (p *filterParser) number(columns []string, v string, at int) (string, error) {
	op := "="
	for _, o := range []string{">=", "<=", ">", "<"} {
		if strings.HasPrefix(v, o) {
			op = o
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(v, op), 10, 64)
	if err != nil {
		return "", p.fail(at, "%q は数ではありません。443、>1000、<=5 のように書いてください", "%q is no number; write 443, >1000 or <=5", v)
	}
	var conds []string
	for _, c := range columns {
		conds = append(conds, `"`+c+`" `+op+" "+p.arg(n))
	}
	return either(conds), nil
}

func (p *filterParser) time(k keyKind, v string, at int) (string, error) {
	t, day, ok := p.moment(v)
	if !ok {
		return "", p.fail(at, "%q は時刻ではありません。2025-07-01、2025-07-01T09:30、2025-07-01T09:30:00+09:00 のように書いてください", "%q is no time; write 2025-07-01, 2025-07-01T09:30 or 2025-07-01T09:30:00+09:00", v)
	}
	if k == keySince {
		return "time >= " + p.arg(t.UTC()), nil
	}
	if day {
		return "time < " + p.arg(t.AddDate(0, 0, 1).UTC()), nil
	}
	return "time <= " + p.arg(t.UTC()), nil
}

// moment reads a time, and says whether it is a whole day.
func (p *filterParser) moment(v string) (t time.Time, day, ok bool) {
	if t, err := time.ParseInLocation(time.DateOnly, v, p.zone); err == nil {
		return t, true, true
	}
	v = strings.ToUpper(v)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, false, true
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, v, p.zone); err == nil {
			return t, false, true
		}
	}
	return time.Time{}, false, false
}

func either(conds []string) string {
	if len(conds) == 1 {
		return conds[0]
	}
	return "(" + strings.Join(conds, " OR ") + ")"
}

// pattern makes a pattern of LIKE, whose escape is a backslash.
func pattern(v string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`, "*", "%").Replace(v)
}

// nearest suggests the key that a wrong one was meant to be.
func nearest(name string, keys []Key) event.Words {
	for _, k := range keys {
		if strings.HasPrefix(k.Name, name) || strings.HasPrefix(name, k.Name) || oneOff(k.Name, name) {
			return event.Words{Ja: "（" + k.Name + " のことですか）", En: ": did you mean " + k.Name}
		}
	}
	return event.Words{}
}

// oneOff says whether one letter less, more or other makes a of b.
func oneOff(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	for i := range a {
		if a[:i]+a[i+1:] == b || len(a) == len(b) && a[:i]+a[i+1:] == b[:i]+b[i+1:] {
			return true
		}
	}
	return false
}
