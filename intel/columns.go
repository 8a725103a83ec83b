// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// columns says which column of a table holds what; -1: none.
type columns struct {
	values                                     []int // that hold an indicator, in order
	port, from, until, day, severity, name, of int
	names                                      []string
}

// columnsOf learns the columns of a table from its header. It is none where no column holds an indicator.
func columnsOf(header []string) (columns, bool) {
	c := columns{port: -1, from: -1, until: -1, day: -1, severity: -1, name: -1, of: -1}
	for i, h := range header {
		h = strings.NewReplacer(" ", "", "_", "", "-", "", ".", "", "(utc)", "").Replace(strings.ToLower(strings.Trim(strings.TrimSpace(h), `"'`)))
		set := func(to *int) {
			if *to < 0 {
				*to = i
			}
		}
		switch h {
		case "indicator", "ioc", "iocvalue", "indicatorvalue", "observable", "value", "artifact", "ip", "ipaddress", "ipaddr", "address", "addr", "srcip", "dstip", "sourceip", "destinationip", "ipv4", "ipv6", "cidr", "network", "subnet",
			"netblock", "prefix", "domain", "domainname", "host", "hostname", "fqdn", "url", "uri", "md5", "md5hash", "sha1", "sha1hash", "sha256", "sha256hash", "sha512", "hash", "filehash", "email", "mail", "emailaddress", "sender",
			"ipアドレス", "アドレス", "接続元", "接続元ip", "接続元ipアドレス", "ドメイン", "ドメイン名", "ホスト名", "ハッシュ", "ハッシュ値", "メールアドレス", "指標", "不審なipアドレス", "値", "ioc値", "インジケータ", "インジケーター", "観測値":
			c.values = append(c.values, i)
		case "port", "dstport", "ポート":
			set(&c.port)
		case "validfrom", "from", "start", "startdate", "begin", "since", "validsince", "有効開始", "有効開始日", "開始", "開始日", "開始日時":
			set(&c.from)
		case "validuntil", "until", "validto", "to", "end", "enddate", "expires", "expiration", "expirationdate", "expirationdatetime", "有効期限", "有効終了日", "終了", "終了日", "終了日時":
			set(&c.until)
		case "day", "validon", "対象日":
			set(&c.day)
		case "confidence", "confidencelevel", "severity", "score", "threatlevel", "level", "確度", "重要度", "信頼度":
			set(&c.severity)
		case "name", "description", "comment", "label", "threat", "malware", "malwareprintable", "signature", "title", "note", "tag", "tags", "campaign", "actor", "名称", "説明", "備考", "概要", "コメント":
			set(&c.name)
		case "type", "ioctype", "indicatortype", "kind", "種別", "種類":
			set(&c.of)
		}
	}
	c.names = header
	return c, len(c.values) > 0
}

func (c *columns) get(row []string, i int) string {
	if i < 0 || i >= len(row) {
		return ""
	}
	return strings.TrimSpace(row[i])
}

// row takes what a table's row says.
func (r *reading) row(c *columns, row []string, line uint32) {
	a := about{line: line, label: c.get(row, c.name), severity: severityWord(c.get(row, c.severity))}
	from, ok1 := tableTime(c.get(row, c.from), false, r.zone())
	until, ok2 := tableTime(c.get(row, c.until), true, r.zone())
	if day := c.get(row, c.day); day != "" && from.IsZero() && until.IsZero() {
		from, ok1 = tableTime(day, false, r.zone())
		until, ok2 = tableTime(day, true, r.zone())
	}
	text := strings.Join(row, ",")
	if !ok1 || !ok2 {
		r.leave(line, "its time cannot be read", text)
		return
	}
	a.from, a.until = periodOf(from), periodOf(until)
	taken, why, said := false, "", false
	for _, i := range c.values {
		v := c.get(row, i)
		if v == "" || v == "-" || strings.EqualFold(v, "none") || strings.EqualFold(v, "n/a") {
			continue
		}
		said = true
		o, reason := cell(v, c.get(row, c.of))
		if reason == notAnIndicator && strings.IndexByte(v, '-') > 0 {
			if from, to, ok := strings.Cut(v, "-"); ok && r.span(from, to, a) {
				taken = true
				continue
			}
		}
		if reason != "" {
			why = reason
			continue
		}
		r.take(o, a)
		taken = true
	}
	switch {
	case taken:
	case !said:
		r.leave(line, "a row without a value", text)
	default:
		r.leave(line, why, text)
	}
}

// cell reads one cell; kind is what the table calls it.
func cell(v, kind string) (observable, string) {
	v = refang(v)
	switch k := strings.ToLower(kind); {
	case k == "ip:port" || strings.Contains(k, "ip") && strings.Count(v, ":") == 1:
		v, _, _ = strings.Cut(v, ":")
		return addressOf(v)
	case strings.Contains(k, "domain"), strings.Contains(k, "host"), strings.Contains(k, "fqdn"):
		if o, why := addressOf(v); why == "" {
			return o, ""
		}
		return domainOf(v)
	}
	if i := strings.LastIndexByte(v, ':'); i > 0 && strings.Count(v, ":") == 1 && allDigits(v[i+1:]) { // 203.0.113.7:443
		v = v[:i]
	}
	return guess(v)
}

// span takes a range of addresses, cut into networks.
func (r *reading) span(from, to string, a about) bool {
	lo, err1 := netip.ParseAddr(strings.TrimSpace(from))
	hi, err2 := netip.ParseAddr(strings.TrimSpace(to))
	if err1 != nil || err2 != nil {
		return false
	}
	lo, hi = lo.Unmap().WithZone(""), hi.Unmap().WithZone("")
	if lo.BitLen() != hi.BitLen() || lo.Compare(hi) > 0 {
		r.leave(a.line, "a range that ends before it begins", from+"-"+to)
		return true
	}
	var parts []observable
	for at := lo; ; {
		n := at.BitLen()
		for n > 0 { // the widest network that begins here and does not pass the end
			p := netip.PrefixFrom(at, n-1)
			if p.Masked().Addr() != at || lastOf(p).Compare(hi) > 0 {
				break
			}
			n--
		}
		o, why := addressOf(netip.PrefixFrom(at, n).String())
		if why != "" {
			r.leave(a.line, why, from+"-"+to)
			return true
		}
		parts = append(parts, o)
		end := lastOf(netip.PrefixFrom(at, n))
		if end.Compare(hi) >= 0 || !end.Next().IsValid() {
			break
		}
		at = end.Next()
	}
	for _, o := range parts {
		r.take(o, a)
	}
	return true
}

// lastOf returns the last address of a network.
func lastOf(p netip.Prefix) netip.Addr {
	a := p.Addr().AsSlice()
	for i := p.Bits(); i < len(a)*8; i++ {
		a[i/8] |= 0x80 >> (i % 8)
	}
	ip, _ := netip.AddrFromSlice(a)
	return ip
}

// severityWord reads what a table says of how sure or how bad something is.
func severityWord(s string) event.Severity {
	switch strings.ToLower(s) {
	case "high", "critical", "certain", "confirmed", "高", "緊急", "重大":
		return event.High
	case "medium", "moderate", "中":
		return event.Medium
	case "low", "info", "informational", "低", "情報":
		return event.Low
	}
	if n, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64); err == nil {
		if n > 0 && n <= 1 {
			n *= 100
		}
		return stixSeverity(int(n))
	}
	return event.Info
}

// tableTime reads a time of a table, in zone where it says none; of a day the beginning, or, of the last day of validity, the end.
func tableTime(s string, end bool, zone *time.Location) (time.Time, bool) {
	if s == "" || s == "-" || s == "9999-12-31" || strings.HasPrefix(s, "9999-") {
		return time.Time{}, true
	}
	if t, ok := strings.CutSuffix(s, " UTC"); ok {
		s, zone = t, time.UTC
	}
	for _, layout := range []string{time.DateOnly, "2006/01/02", "2006/1/2", "20060102"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			if end {
				t = t.AddDate(0, 0, 1)
			}
			return t, true
		}
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006/01/02 15:04:05", "2006/01/02 15:04", "2006/1/2 15:04"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 1e8 && n < 1<<32 {
		return time.Unix(n, 0), true
	}
	return time.Time{}, false
}
