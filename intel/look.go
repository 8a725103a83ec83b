// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"hash/maphash"
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Looker asks a set about events. It is owned by one goroutine; any number may ask one set.
type Looker struct {
	set  *Set
	out  []event.Listed
	at   event.Micros
	text bool // something is listed besides addresses
	any  bool
	// AnyTime takes what is listed for another time as if it were for this one.
	AnyTime bool
	// Outside counts, by list, what was listed for another time.
	Outside []int64
}

// NewLooker returns one that asks the set. Finish must have been called.
func (s *Set) NewLooker() *Looker {
	return &Looker{set: s, text: s.Texts(), any: s.table.n > 0, Outside: make([]int64, len(s.lists))}
}

// Texts says whether anything is listed besides addresses and networks.
func (s *Set) Texts() bool {
	k := &s.table.kinds
	return k[event.ListedDomain] || k[event.ListedURL] || k[event.ListedHash] || k[event.ListedMail]
}

// Look returns what the lists say of what the event names, each value once for each list. The slice is valid until the next call.
func (l *Looker) Look(e *event.Event) []event.Listed {
	l.out, l.at = l.out[:0], e.Time
	if !l.any {
		return nil
	}
	l.address(e.SrcIP, event.FieldSource)
	l.address(e.DstIP, event.FieldDestination)
	if l.text {
		l.texts(e)
	}
	return l.out
}

func (l *Looker) address(ip netip.Addr, f event.ListedField) {
	if !ip.IsValid() {
		return
	}
	t := &l.set.table
	lengths := t.len6
	if ip = ip.Unmap(); ip.Is4() {
		lengths = t.len4
	}
	for _, n := range lengths {
		p, err := ip.Prefix(n)
		if err != nil {
			continue
		}
		if found := t.find(t.network(p)); len(found) > 0 {
			kind, value := event.ListedAddress, ip.String()
			if n < ip.BitLen() {
				kind, value = event.ListedNetwork, p.String()
			}
			l.found(found, kind, f, value, false)
		}
	}
}

// texts looks at names, URLs, hashes and mail addresses.
func (l *Looker) texts(e *event.Event) {
	host := ""
	for i := range e.Rest {
		r := &e.Rest[i]
		if r.Value.Kind != event.KindText || r.Value.Text == "" {
			continue
		}
		switch r.Name {
		case "md5", "sha1", "sha256", "sha512", "hash", "hashes", "Hashes", "Hash", "MD5", "SHA1", "SHA256", "shasum", "file_hash":
			l.hashes(r.Value.Text)
		case "host", "vhost", "sni", "server_name", "host_name":
			if e.Class != event.ClassHTTP && r.Name == "host" { // in logs of hosts it is the one that wrote
				continue
			}
			host = r.Value.Text
			l.host(host, event.FieldDestination)
		case "DestinationHostname", "QueryName":
			l.host(r.Value.Text, event.FieldDestination)
		case "url", "uri":
			l.url(r.Value.Text, "", 0, event.FieldDestination)
		case "referer", "referrer":
			l.url(r.Value.Text, "", 0, event.FieldContent)
		case "sender", "from", "mail_from", "header_from", "return_path", "reply_to", "envelope_from":
			l.mail(r.Value.Text)
		}
	}
	switch e.Class {
	case event.ClassDNS:
		name, _, _ := strings.Cut(e.Object, " ")
		l.host(name, event.FieldDestination)
	case event.ClassHTTP:
		if host == "" {
			host = e.DstHost
		}
		l.url(e.Object, host, e.DstPort, event.FieldDestination)
	case event.ClassMail:
		l.mail(e.Account)
		l.mail(e.Target)
	}
	if e.DstHost != "" && e.DstHost != host {
		l.host(e.DstHost, event.FieldDestination)
	}
	if e.SrcHost != "" && (e.Class == event.ClassAuthentication || e.Class == event.ClassNetwork || e.Class == event.ClassMail || e.Class == event.ClassHTTP) {
		l.host(e.SrcHost, event.FieldSource)
	}
}

// host looks for a name and every domain above it. An address written as a name is an address.
func (l *Looker) host(s string, f event.ListedField) {
	t := &l.set.table
	if len(s) > 300 || len(s) < 3 {
		return
	}
	if i := strings.IndexByte(s, ':'); i > 0 && strings.IndexByte(s[i+1:], ':') < 0 {
		s = s[:i]
	}
	s = strings.TrimSuffix(s, ".")
	if c := s[max(len(s)-1, 0):]; c >= "0" && c <= "9" || strings.IndexByte(s, ':') >= 0 {
		if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
			l.address(ip, f)
		}
		return
	}
	if !t.kinds[event.ListedDomain] {
		return
	}
	s = lower(s)
	below := false
	for strings.IndexByte(s, '.') > 0 {
		if found := t.find(maphash.String(t.seeds[event.ListedDomain], s)); len(found) > 0 {
			l.found(found, event.ListedDomain, f, s, below)
		}
		_, s, _ = strings.Cut(s, ".")
		below = true
	}
}

// url looks for a URL and for its host. One without a host is one of the host that is given.
func (l *Looker) url(s, host string, port uint16, f event.ListedField) {
	t := &l.set.table
	if len(s) > maxValue || s == "" && host == "" {
		return
	}
	if i := strings.Index(s, "://"); i > 0 && i < 8 {
		s = s[i+3:]
	} else if s == "" || s[0] == '/' || f != event.FieldDestination {
		if host == "" {
			return
		}
		if port != 0 && port != 80 && port != 443 && t.kinds[event.ListedURL] && strings.IndexByte(host, ':') < 0 {
			l.exact(host+":"+portText(port)+s, f)
		}
		s = host + s
	}
	end := strings.IndexAny(s, "/?#")
	if end < 0 {
		end = len(s)
	}
	name := s[:end]
	if i := strings.LastIndexByte(name, '@'); i >= 0 {
		name = name[i+1:]
	}
	l.host(name, f)
	l.exact(s, f)
}

func (l *Looker) exact(s string, f event.ListedField) {
	t := &l.set.table
	if !t.kinds[event.ListedURL] {
		return
	}
	o, why := urlOf(s)
	if why != "" {
		return
	}
	if found := t.find(maphash.String(t.seeds[event.ListedURL], o.text)); len(found) > 0 {
		l.found(found, event.ListedURL, f, o.text, false)
	}
}

// mail looks for a mail address and the domain that it is of.
func (l *Looker) mail(s string) {
	t := &l.set.table
	if len(s) > 320 || strings.IndexByte(s, '@') < 0 || !t.kinds[event.ListedMail] && !t.kinds[event.ListedDomain] {
		return
	}
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s = s[i+1:]
	}
	o, why := mailOf(s)
	if why != "" {
		return
	}
	if found := t.find(maphash.String(t.seeds[event.ListedMail], o.text)); len(found) > 0 {
		l.found(found, event.ListedMail, event.FieldContent, o.text, false)
	}
	l.host(o.text[strings.LastIndexByte(o.text, '@')+1:], event.FieldContent)
}

// hashes looks for every hash in a text such as SHA1=…,MD5=… or a hash alone.
func (l *Looker) hashes(s string) {
	t := &l.set.table
	if !t.kinds[event.ListedHash] || len(s) > 1024 {
		return
	}
	for s != "" {
		end := strings.IndexAny(s, ",; ")
		if end < 0 {
			end = len(s)
		}
		h := s[:end]
		s = strings.TrimLeft(s[end:], ",; ")
		if i := strings.IndexAny(h, "=:"); i >= 0 {
			h = h[i+1:]
		}
		if !hashShaped(h) {
			continue
		}
		h = lower(h)
		if found := t.find(maphash.String(t.seeds[event.ListedHash], h)); len(found) > 0 {
			l.found(found, event.ListedHash, event.FieldContent, h, false)
		}
	}
}

// lower returns s in lower case, without making anything where it is already.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}

// found adds what the entries say, one of each list: of several the one for the event's time, and of these the gravest.
func (l *Looker) found(entries []entry, kind event.ListedKind, f event.ListedField, value string, below bool) {
	at := period(0)
	if s := int64(l.at) / 1e6; s > 0 && s < 1<<32 {
		at = period(s)
	}
	first := len(l.out)
	for i := range entries {
		e := &entries[i]
		m := &l.set.metas[e.meta]
		h := event.Listed{List: m.list, Label: m.label, Kind: kind, Field: f, Value: value, Line: e.line, Severity: m.severity, Wider: m.wider, Anon: m.anon, Below: below}
		h.Outside = (at < e.from || e.until != 0 && at >= e.until) && !l.AnyTime && (e.from != 0 || e.until != 0)
		l.keep(first, h)
	}
	kept := l.out[:first]
	for _, h := range l.out[first:] {
		if h.Outside {
			l.Outside[h.List]++
			continue
		}
		h.Name, h.Shared = l.set.lists[h.List].Name, shared(&h)
		if !l.has(kept, &h) {
			kept = append(kept, h)
		}
	}
	l.out = kept
}

func (l *Looker) keep(first int, h event.Listed) {
	for i := first; i < len(l.out); i++ {
		o := &l.out[i]
		if o.List != h.List {
			continue
		}
		if o.Outside && !h.Outside || o.Outside == h.Outside && h.Severity > o.Severity {
			*o = h
		}
		return
	}
	l.out = append(l.out, h)
}

// has says whether a value was found before in the same event: a host may stand in several fields.
func (l *Looker) has(kept []event.Listed, h *event.Listed) bool {
	for i := range kept {
		k := &kept[i]
		if k.List == h.List && k.Kind == h.Kind && k.Value == h.Value && (k.Field == h.Field || k.Field == event.FieldDestination && h.Field == event.FieldContent) {
			return true
		}
	}
	return false
}

func portText(n uint16) string {
	var b [5]byte
	i := len(b)
	for n > 0 {
		i--
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b[i:])
}
