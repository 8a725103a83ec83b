// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import "github.com/sekisho/sekisho/event"

// FormWords returns what a claim states, for people.
func (c *Claim) FormWords() event.Words {
	return find([]entry{
		{"no-login", "ログインの成功はない", "no login succeeded"},
		{"access", "このアドレスからのアクセスがあった", "the address accessed us"},
		{"unused", "アカウントは使われていない", "the account was not used"},
		{"not-reached", "サーバに到達していない", "the host was not reached"},
		{"no-data", "このアドレスへのデータ送出はない", "no data left to the address"},
	}, c.Form)
}

// AnswerWords returns what the records say of a claim, for people.
func (c *Claim) AnswerWords() event.Words {
	return find([]entry{
		{"supported", "記録と合う", "supported"},
		{"refuted", "記録と矛盾する", "refuted"},
		{"not decidable", "記録からは判断できない", "not decidable"},
	}, c.Answer)
}

// StatusWords returns what became of an input, for people; nothing where it was read to its end.
func (in *Input) StatusWords() event.Words {
	if in.Status == "" {
		return event.Words{}
	}
	return find([]entry{
		{"truncated", "途中で切れている", "truncated"},
		{"changed", "読取中に変わった", "changed"},
		{"unreadable", "読めない", "unreadable"},
		{"unsupported", "対応していない", "unsupported"},
		{"refused", "読まなかった", "refused"},
		{"not-understood", "どの記録も読み取れない", "not-understood"},
		{"interrupted", "中断した", "interrupted"},
		{"duplicate", "内容が他と同じ", "duplicate"},
		{"archive", "書庫（中のファイルを入力とした）", "archive"},
	}, in.Status)
}

// OriginWords returns where the zone or the year of an input is from, for people.
func OriginWords(from string) event.Words {
	if from == "" {
		return event.Words{}
	}
	return find([]entry{
		{"record", "記録に書かれている", "record"},
		{"profile", "設定による", "profile"},
		{"flag", "指定による", "flag"},
		{"order", "記録の順による", "order"},
		{"file", "ファイルの更新日時による", "file"},
		{"neighbour", "ほかのファイルの記録による", "neighbour"},
		{"guess", "推測", "guess"},
	}, from)
}

// SourceWords returns the name of a coverage row for people: of a kind of source of which nothing was given what it is, of a format its name.
func (c *Coverage) SourceWords() event.Words {
	return find([]entry{
		{"directory", "ディレクトリ（認証）", "directory"},
		{"cloud-signin", "クラウドのサインイン", "cloud-signin"},
		{"cloud-audit", "クラウドの操作記録", "cloud-audit"},
		{"mail", "メールサーバ", "mail"},
		{"vpn", "VPN", "vpn"},
		{"web", "Web サーバ", "web"},
		{"firewall", "ファイアウォール", "firewall"},
		{"dns", "DNS", "dns"},
		{"files", "ファイルサーバ", "files"},
		{"windows", "Windows のイベント", "windows"},
		{"host", "サーバへのログイン", "host"},
	}, c.Source)
}
