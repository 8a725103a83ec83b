// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Documents of common schemas, and tables and objects whose fields have well-known names, say what happened in fields of
// their own choice. named gathers what they say, whatever the names were, and makes the event of it. It decides nothing that
// the record does not say in words: an outcome that is not written down stays unknown.

// slot is one thing that a record may say.
type slot uint8

const (
	sNone slot = iota
	sTime
	sOutcome
	sReason
	sAction   // what was done, in the source's words
	sCategory // the kind of thing
	sAccount
	sDomain // of the account
	sTarget
	sSrcIP
	sSrcPort
	sSrcHost
	sDstIP
	sDstPort
	sDstHost
	sHost // that wrote the record
	sService
	sClient
	sObject
	sMethod
	sStatus
	sBytesIn
	sBytesOut
	sCount
	sDuration // in milliseconds
	sCountry
	sASN
	sID // of the record itself
	sMessage
	sSeverity
	slots
)

// named is one record, field by field. It is reused from record to record.
type named struct {
	env   *Env
	v     [slots]jsonValue
	class event.Class // where the reader knows it better than the words do
	known bool        // class is set
	login bool        // an authentication, whatever the words say
	rest  []event.Field
	buf   []byte
	low   []byte
}

func (n *named) reset(env *Env) {
	n.env = env
	n.v = [slots]jsonValue{}
	n.rest, n.class, n.known, n.login = n.rest[:0], event.ClassOther, false, false
}

// set keeps the first value of a slot that is not empty.
func (n *named) set(s slot, v jsonValue) {
	if s != sNone && n.v[s].kind == 0 && !v.empty() && !blank(v) {
		n.v[s] = v
	}
}

// blank says whether a value is one of the ways to write that there is none.
func blank(v jsonValue) bool {
	if v.kind != '"' {
		return v.kind == '{' || v.kind == '['
	}
	switch string(v.raw) {
	case "", "-", "--", "N/A", "n/a", "null", "NULL", "None", "(null)":
		return true
	}
	return false
}

// text returns a slot's text, interned.
func (n *named) text(s slot) string { return n.env.Intern.Bytes(n.v[s].text(&n.buf)) }

func (n *named) has(s slot) bool { return n.v[s].kind != 0 }

// emit makes the event. when is its time.
func (n *named) emit(when event.Micros, rec *event.Record, out *event.Batch) *event.Event {
	ev := out.Add()
	ev.Time, ev.Ref = when, n.env.Ref(rec)
	ev.Account, ev.Target = n.account(), n.text(sTarget)
	n.ends(ev)
	ev.Service, ev.Client, ev.Object = n.text(sService), n.text(sClient), n.text(sObject)
	for _, q := range [...]struct {
		s  slot
		to *event.Int
	}{{sBytesIn, &ev.BytesIn}, {sBytesOut, &ev.BytesOut}, {sCount, &ev.Count}, {sDuration, &ev.Duration}} {
		if v, ok := n.v[q.s].int(); ok && v >= 0 {
			*q.to = event.Some(v)
		}
	}
	if c := n.v[sCountry].text(&n.buf); len(c) == 2 {
		ev.Country = n.env.Intern.Bytes(bytes.ToUpper(c))
	}
	if a, ok := n.v[sASN].int(); ok && a > 0 && a < 1<<32 {
		ev.ASN = uint32(a)
	}
	n.happened(ev)
	ev.Unique = n.has(sID)
	ev.Rest = out.Rest(append(n.rest,
		event.Text("action", n.text(sAction)), event.Text("category", n.text(sCategory)), event.Text("method", n.text(sMethod)),
		event.Text("status", n.text(sStatus)), event.Text("result", n.text(sOutcome)), event.Text("detail", n.text(sReason)),
		event.Text("severity", n.text(sSeverity)), event.Text("id", n.text(sID)), event.Text("message", n.text(sMessage)))...)
	return ev
}

// account joins the account and its domain as Windows writes them.
func (n *named) account() string {
	name := n.text(sAccount)
	if domain := n.text(sDomain); domain != "" && name != "" && !strings.ContainsAny(name, `\@`) {
		return n.env.Intern.Bytes([]byte(domain + `\` + name))
	}
	return name
}

// ends sets where it came from and what it reached. A host is taken for an address where it is one.
func (n *named) ends(ev *event.Event) {
	if a, port, ok := n.env.addrPort(n.v[sSrcIP].text(&n.buf)); ok {
		ev.SrcIP, ev.SrcPort = a, port
	} else if n.has(sSrcIP) {
		n.set(sSrcHost, n.v[sSrcIP])
	}
	if a, ok := n.env.addr(n.v[sSrcHost].text(&n.buf)); ok {
		if !ev.SrcIP.IsValid() {
			ev.SrcIP = a
		}
	} else {
		ev.SrcHost = n.text(sSrcHost)
	}
	if a, port, ok := n.env.addrPort(n.v[sDstIP].text(&n.buf)); ok {
		ev.DstIP, ev.DstPort = a, port
	} else if n.has(sDstIP) {
		n.set(sDstHost, n.v[sDstIP])
	}
	if a, ok := n.env.addr(n.v[sDstHost].text(&n.buf)); ok {
		if !ev.DstIP.IsValid() {
			ev.DstIP = a
		}
	} else {
		ev.DstHost = n.text(sDstHost)
	}
	if ev.DstHost == "" && !ev.DstIP.IsValid() {
		if ev.DstHost = n.text(sHost); ev.DstHost == "" {
			ev.DstHost = n.env.Host
		}
	}
	if p, ok := n.v[sSrcPort].int(); ok && p > 0 && p < 1<<16 {
		ev.SrcPort = uint16(p)
	}
	if p, ok := n.v[sDstPort].int(); ok && p > 0 && p < 1<<16 {
		ev.DstPort = uint16(p)
	}
}

// happened sets class, activity, outcome and reason from the words of the record.
func (n *named) happened(ev *event.Event) {
	n.low = n.low[:0]
	for _, s := range [...]slot{sAction, sCategory, sMethod} {
		n.low = append(appendSmall(n.low, n.v[s].text(&n.buf)), ' ')
	}
	words := n.low
	ev.Outcome = outcomeOf(n.v[sOutcome].text(&n.buf))
	ev.Class, ev.Activity = n.class, activityOf(words)
	switch {
	case n.known:
	case n.login || loginWords(words):
		ev.Class = event.ClassAuthentication
	case n.has(sMethod) && httpMethod(n.v[sMethod].text(&n.buf)):
		ev.Class = event.ClassHTTP
	case ev.SrcIP.IsValid() && (ev.DstIP.IsValid() || ev.DstPort != 0) && !n.has(sObject):
		ev.Class = event.ClassNetwork
	}
	switch ev.Class {
	case event.ClassAuthentication:
		if ev.Activity != event.ActLogoff && ev.Activity != event.ActRefuse {
			ev.Activity = event.ActLogon
		}
		if ev.Outcome == event.OutcomeUnknown {
			ev.Outcome = outcomeOf(words)
		}
		if ev.Outcome == event.OutcomeFailure {
			n.low = append(appendSmall(words, n.v[sReason].text(&n.buf)), ' ')
			ev.Reason = reasonOf(appendSmall(n.low, n.v[sMessage].text(&n.buf)))
		}
	case event.ClassHTTP:
		ev.Activity = event.ActRead
		if m := n.v[sMethod].text(&n.buf); string(m) == "POST" {
			ev.Activity = event.ActSend
		}
	case event.ClassNetwork:
		switch {
		case ev.Activity == event.ActRefuse:
			ev.Outcome = event.OutcomeFailure
		case ev.Activity == event.ActOther:
			ev.Activity = event.ActConnect
		}
	}
}

func httpMethod(b []byte) bool {
	switch string(b) {
	case "GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "PROPFIND":
		return true
	}
	return false
}

func appendSmall(dst, b []byte) []byte {
	for _, c := range b[:min(len(b), 512)] {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// hasAny says whether b, in small letters, contains one of the words.
func hasAny(b []byte, words ...string) bool {
	for _, w := range words {
		if index(b, w) >= 0 {
			return true
		}
	}
	return false
}

func loginWords(b []byte) bool {
	return hasAny(b, "login", "logon", "log in", "log on", "log_in", "sign-in", "signin", "sign in", "sign_in", "logged in", "logged on", "authenticat", "logout", "logoff", "signout",
		"ログイン", "ログオン", "サインイン", "認証", "ログアウト", "ログオフ")
}

// outcomeOf reads an outcome that is written out. What could be either is unknown.
func outcomeOf(b []byte) event.Outcome {
	low := appendSmall(make([]byte, 0, 128), b)
	fail := hasAny(low, "fail", "denied", "deny", "unsuccessful", "invalid", "reject", "refused", "error", "unauthorized", "not allowed", "bad password", "incorrect", "失敗", "エラー", "拒否", "不正", "否認")
	good := hasAny(low, "succe", "accepted", "allowed", "granted", "成功", "許可", "正常") && !hasAny(low, "unsuccessful", "not allowed", "not accepted", "不成功")
	switch {
	case fail && !good:
		return event.OutcomeFailure
	case good && !fail:
		return event.OutcomeSuccess
	}
	switch string(bytes.TrimSpace(low)) {
	case "ok", "true", "pass", "passed", "permit", "permitted", "allow", "accept", "○", "成功":
		return event.OutcomeSuccess
	case "ng", "false", "nak", "block", "blocked", "drop", "dropped", "×":
		return event.OutcomeFailure
	}
	return event.OutcomeUnknown
}

// reasonOf reads why a login failed, where that is written out.
func reasonOf(low []byte) event.Reason {
	switch {
	case hasAny(low, "no such user", "unknown user", "user not found", "nonexistent", "does not exist", "no such account", "unknown account", "存在しない", "未登録"):
		return event.ReasonNoSuchAccount
	case hasAny(low, "locked", "ロック"):
		return event.ReasonLocked
	case hasAny(low, "disabled", "無効なアカウント", "利用停止"):
		return event.ReasonDisabled
	case hasAny(low, "expired", "有効期限", "期限切れ"):
		return event.ReasonExpired
	case hasAny(low, "second factor", "mfa", "otp", "two-factor", "2fa", "ワンタイム"):
		return event.ReasonSecondFactorFailed
	case hasAny(low, "bad password", "wrong password", "incorrect password", "invalid password", "パスワードが"):
		return event.ReasonBadPassword
	case hasAny(low, "not allowed", "policy", "許可されていない"):
		return event.ReasonDenied
	}
	return event.ReasonBadCredentials
}

// activityOf reads what was done.
func activityOf(low []byte) event.Activity {
	for _, w := range [...]struct {
		word string
		act  event.Activity
	}{
		{"logout", event.ActLogoff}, {"logoff", event.ActLogoff}, {"log off", event.ActLogoff}, {"signout", event.ActLogoff}, {"sign-out", event.ActLogoff}, {"ログアウト", event.ActLogoff}, {"ログオフ", event.ActLogoff},
		{"login", event.ActLogon}, {"logon", event.ActLogon}, {"sign", event.ActLogon}, {"authenticat", event.ActLogon}, {"ログイン", event.ActLogon}, {"ログオン", event.ActLogon}, {"認証", event.ActLogon},
		{"block", event.ActRefuse}, {"deny", event.ActRefuse}, {"denied", event.ActRefuse}, {"drop", event.ActRefuse}, {"reject", event.ActRefuse}, {"refuse", event.ActRefuse}, {"遮断", event.ActRefuse},
		{"download", event.ActDownload}, {"ダウンロード", event.ActDownload}, {"upload", event.ActUpload}, {"アップロード", event.ActUpload},
		{"delete", event.ActDelete}, {"remove", event.ActDelete}, {"削除", event.ActDelete}, {"rename", event.ActRename}, {"名前変更", event.ActRename}, {"名称変更", event.ActRename},
		{"copy", event.ActCopy}, {"コピー", event.ActCopy}, {"create", event.ActCreate}, {"作成", event.ActCreate}, {"write", event.ActWrite}, {"modif", event.ActChange}, {"update", event.ActChange}, {"change", event.ActChange}, {"変更", event.ActChange}, {"更新", event.ActChange},
		{"share", event.ActShare}, {"send", event.ActSend}, {"sent", event.ActSend}, {"送信", event.ActSend}, {"receive", event.ActReceive}, {"受信", event.ActReceive},
		{"read", event.ActRead}, {"open", event.ActRead}, {"view", event.ActRead}, {"access", event.ActRead}, {"閲覧", event.ActRead}, {"参照", event.ActRead}, {"search", event.ActSearch}, {"検索", event.ActSearch},
		{"start", event.ActStart}, {"起動", event.ActStart}, {"stop", event.ActStop}, {"終了", event.ActStop}, {"connect", event.ActConnect}, {"接続", event.ActConnect}, {"allow", event.ActConnect}, {"permit", event.ActConnect}, {"accept", event.ActConnect},
	} {
		if index(low, w.word) >= 0 {
			return w.act
		}
	}
	return event.ActOther
}

// moment reads a time in the ways that exports write it: ISO 8601, a number since 1970, year first with slashes, "Jan 02 2006
// 15:04:05" and that of web logs. A date whose first number may be the day or the month is not guessed at.
func (n *named) moment(s slot) (event.Micros, bool) {
	v := n.v[s]
	if v.kind == '0' || v.kind == '"' && len(v.raw) > 0 && isDigit(v.raw[0]) {
		if t, ok := carriedTime(v); ok {
			return n.env.Clock.Moment(t), true
		}
	}
	b := bytes.TrimSpace(v.text(&n.buf))
	if t, k := parseISOStamp(b); k > 0 {
		return n.env.Clock.Moment(t), true
	}
	if len(b) > 5 && isDigit(b[2]) && isDigit(b[3]) {
		if t, k := parseSlashDate(b); k > 0 {
			k += parseZone(bytes.TrimLeft(b[k:], " "), &t)
			return n.env.Clock.Moment(t), true
		}
	}
	if t, k := parseBSDStamp(b); k > 0 {
		rest := bytes.TrimSpace(b[k:])
		if string(rest) == "UTC" || string(rest) == "GMT" || string(rest) == "Z" {
			t.HasZone = true
		} else if parseZone(rest, &t) == 0 && string(rest) == "JST" {
			t.HasZone, t.East = true, 9*3600
		}
		return n.env.Clock.Moment(t), true
	}
	if t, k := parseCLFStamp(bytes.Trim(b, "[]")); k > 0 {
		return n.env.Clock.Moment(t), true
	}
	if t, ok := parseKanjiDate(b); ok {
		return n.env.Clock.Moment(t), true
	}
	if t, k := parseMonthWord(b); k > 0 {
		rest := bytes.TrimSpace(b[k:])
		zone, gmt := cutPrefix(rest, "GMT")
		switch {
		case len(rest) == 0:
		case gmt && len(zone) == 0, string(rest) == "UTC":
			t.HasZone = true
		case gmt && parseZone(zone, &t) == len(zone), parseZone(rest, &t) == len(rest), parseZoneWord(rest, &t) == len(rest):
		default:
			return 0, false // in a zone that is not known
		}
		return n.env.Clock.Moment(t), true
	}
	return 0, false
}
