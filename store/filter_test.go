// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseFilter(t *testing.T) {
	for _, c := range []struct{ filter, where string }{
		{"", "true []"},
		{"   ", "true []"},
		{"outcome:failure", "lower(outcome) = lower(?) [failure]"},
		{"-outcome:failure,unknown", "NOT coalesce((lower(outcome) = lower(?) OR lower(outcome) = lower(?)), false) [failure unknown]"},
		{"src:185.220.101.0/24", "src_ip LIKE ? [185.220.101.%]"},
		{"src:185.220.101.9/24", "src_ip LIKE ? [185.220.101.%]"},
		{"src:10.0.0.0/12", "src_ip IN (SELECT ip FROM (SELECT DISTINCT src_ip AS ip FROM events) WHERE in_network(ip, ?)) [10.0.0.0/12]"},
		{"dst:2001:DB8::1", "dst_ip = ? [2001:db8::1]"},
		{"2001:db8::1", "(src_ip = ? OR dst_ip = ?) [2001:db8::1 2001:db8::1]"},
		{"fe80::1", "(src_ip = ? OR dst_ip = ?) [fe80::1 fe80::1]"},
		{"src_ip:192.0.2.*", `src_ip LIKE ? ESCAPE '\' [192.0.2.%]`},
		{"client:*100%_x*", `client ILIKE ? ESCAPE '\' [%100\%\_x%]`},
		{"bytes_out:>=1000", `"bytes_out" >= ? [1000]`},
		{"port:443", `("src_port" = ? OR "dst_port" = ?) [443 443]`},
		{"since:2025-07-01", "time >= ? [2025-06-30 15:00:00 +0000 UTC]"},
		{"until:2025-07-01", "time < ? [2025-07-01 15:00:00 +0000 UTC]"},
		{"until:2025-07-01T09:30Z", "time <= ? [2025-07-01 09:30:00 +0000 UTC]"},
		{"since:2025-07-01t09:30:00.5+09:00", "time >= ? [2025-07-01 00:30:00.5 +0000 UTC]"},
		{`object:"a b",c`, "(lower(object) = lower(?) OR lower(object) = lower(?)) [a b c]"},
	} {
		f, err := ParseFilter(c.filter, time.FixedZone("JST", 9*3600))
		if got := fmt.Sprint(f.Where, " ", f.Args); err != nil || got != c.where {
			t.Errorf("%s\n gives %s, %v\n  want %s", c.filter, got, err, c.where)
		}
	}
	for filter, n := range map[string]int{"https://lab.example/x": 8, "word": 8, `"two words"`: 8, "two words": 16, "account:太郎": 4, `-"x y"`: 8, "-": 8, "abc": 10} {
		f, err := ParseFilter(filter, nil)
		if err != nil || len(f.Args) != n || strings.Count(f.Where, "?") != n {
			t.Errorf("%s gives %+v, %v; want %d arguments", filter, f, err, n)
		}
	}
}

func TestParseFilterErrors(t *testing.T) {
	for _, c := range []struct {
		filter string
		at     int
		text   string
	}{
		{"outcome:failure acount:taro", 16, "did you mean account"},
		{"outcome:failed", 8, "one of unknown, success, failure"},
		{"class:authentication,logon", 21, "never"},
		{"src:lab.example", 4, "no address"},
		{"src:", 4, "has no value"},
		{"src:,", 4, "has no value"},
		{`object:"abc`, 7, "no end"},
		{`x "abc`, 2, "no end"},
		{`object:"a"b`, 10, "space is missing"},
		{"bytes_out:>x", 10, "no number"},
		{"since:yesterday", 6, "no time"},
		{`""`, 0, "every event"},
		{"\xff", 0, "UTF-8"},
	} {
		_, err := ParseFilter(c.filter, nil)
		var fe *FilterError
		if !errors.As(err, &fe) || !errors.Is(err, ErrFilter) || fe.At != c.at || !strings.Contains(fe.Text, c.text) {
			t.Errorf("%q gives %+v, want %q at %d", c.filter, err, c.text, c.at)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{"account:taro outcome:failure src:185.220.101.0/24 since:2025-07-01 text words", `-object:"a b",c* ip:fe80::/10`, "bytes_out:>1 port:<=3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := ParseFilter(s, nil)
		if err != nil {
			return
		}
		if strings.Count(q.Where, "?") != len(q.Args) {
			t.Errorf("%q: %s has not %d arguments", s, q.Where, len(q.Args))
		}
		for _, r := range q.Where {
			if r > 0x7e || r < ' ' {
				t.Errorf("%q: what was written got into the SQL: %s", s, q.Where)
			}
		}
	})
}
