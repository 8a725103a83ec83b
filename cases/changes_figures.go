// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"strconv"

	"github.com/sekisho/sekisho/event"
)

// figure is one number, date or word of a case that a later revision may have another of.
type figure struct {
	key   string
	what  event.Words
	value event.Words
}

// figures returns all of them in a fixed order, the same for every case.
func figures(c *Case) []figure {
	var out []figure
	add := func(key, ja, en string, value event.Words) {
		out = append(out, figure{key, event.Words{Ja: ja, En: en}, value})
	}
	number := func(key, ja, en string, n int64) {
		s := strconv.FormatInt(n, 10)
		add(key, ja, en, event.Words{Ja: s, En: s})
	}
	moment := func(key, ja, en string, t Time) {
		s := "—"
		if !t.IsZero() {
			s = t.Time().In(c.Institute.Zone()).Format("2006-01-02 15:04:05 -07:00")
		}
		add(key, ja, en, event.Words{Ja: s, En: s})
	}
	add("verdict", "事案の判定", "Verdict of the case", c.Verdict.Words())
	moment("onset.at", "最も古い痕跡", "Oldest trace", c.Onset.At)
	moment("last_activity", "最後の活動", "Last activity", c.LastActivity)
	moment("window.from", "調査範囲の初め", "Window begins", c.Window.From)
	moment("window.to", "調査範囲の終わり", "Window ends", c.Window.To)
	s := Summarize(c, "")
	number("accounts.known", "既知のアカウント", "Accounts known", s.Accounts.Known)
	for _, v := range []AccountVerdict{AccountCompromised, AccountSuspected, AccountCleared, AccountUndetermined} {
		n := map[AccountVerdict]int64{AccountCompromised: s.Accounts.Compromised, AccountSuspected: s.Accounts.Suspected, AccountCleared: s.Accounts.Cleared, AccountUndetermined: s.Accounts.Undetermined}[v]
		number("accounts."+string(v), "アカウント："+v.Words().Ja, "Accounts: "+v.Words().En, n)
	}
	number("accounts.confirmed", "アカウント：うち確認", "Accounts: of these confirmed", s.Accounts.Confirmed)
	number("accounts.presumed", "アカウント：うち推定", "Accounts: of these presumed", s.Accounts.Presumed)
	for _, v := range []AddressVerdict{AddressAttacker, AddressSuspected, AddressShared, AddressHonest} {
		number("addresses."+string(v), "アドレス："+v.Words().Ja, "Addresses: "+v.Words().En, int64(s.Addresses[v]))
	}
	for _, v := range []HostVerdict{HostCompromised, HostSuspected, HostReached, HostNoTrace, HostUndetermined} {
		number("hosts."+string(v), "ホスト："+v.Words().Ja, "Hosts: "+v.Words().En, int64(s.Hosts[v]))
	}
	for _, v := range []Severity{Critical, High, Medium, Low, Info} {
		number("findings."+string(v), "検知："+v.Words().Ja, "Findings: "+v.Words().En, int64(s.Findings[v]))
	}
	number("exposure.confirmed", "漏えい・閲覧の件数（確認）", "Items exposed, confirmed", s.Exposure.Confirmed)
	number("exposure.estimated", "漏えい・閲覧の件数（推定）", "Items exposed, estimated", s.Exposure.Estimated)
	number("exposure.upper", "漏えい・閲覧の件数（上限）", "Items exposed, at most", s.Exposure.Upper)
	number("exposure.undetermined", "漏えい・閲覧の有無が判断できない場所", "Places of which nothing can be said", s.Exposure.Undetermined)
	number("stages", "段階", "Stages", int64(len(c.Stages)))
	number("questions", "未回答の質問", "Questions open", int64(len(c.Questions)))
	number("containment", "封じ込めの項目", "Things to do", int64(len(c.Containment)))
	number("inputs", "入力", "Inputs", int64(s.Records.Inputs))
	number("records", "記録", "Records", s.Records.Records)
	number("unparsed", "解釈できない記録", "Records not understood", s.Records.Unparsed)
	number("events", "事象", "Events", c.Totals.Events)
	return out
}
