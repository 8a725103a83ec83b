// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var genericJSON = Format{
	Name:   "generic-json",
	Also:   []string{"json", "ndjson"},
	Source: "collector",
	About: About{
		What: "JSON objects of programs that Sekisho does not know, read by the names of their fields: time, user, source address, action, result and the like, in English or Japanese, " +
			"at the first level or below a group such as user, client or source.",
		Export: "One object a line, or an array. A format of one's own (sekisho formats test) reads them with more certainty.",
		Takes: "Time, account, source and destination, action, result, object, user agent, bytes, where a field bears one of the usual names. An object is taken only if it has a readable time " +
			"and an account or a source address.",
		Leaves: "Everything under names that are not usual. The outcome is never guessed: it stays unknown unless a field says it in words. A date whose first number may be the day or the month is not read.",
	},
	Framing: event.FrameJSON,
	Sniff: func(rec []byte) float64 {
		b := sniffJSON(rec)
		if b == nil {
			return 0
		}
		var l usualLook
		l.scan.reset(b)
		l.look(0, 0)
		if l.scan.end() && l.found[sTime] && (l.found[sAccount] || l.found[sSrcIP]) {
			return 0.15
		}
		return 0
	},
	New:    func(env *Env) Parser { return &genericJSONParser{env: env} },
	Shapes: ShapeObject,
	Rank:   RankGuess,
}

// usualLook looks for the fields with usual names, as a flatScan tells them, without keeping anything: it is made for each record.
type usualLook struct {
	scan  jsonScan
	path  [flatPath]byte
	name  [flatPath]byte
	found [slots]bool
}

// look looks at the value that is next, below names that take up so many bytes of the path.
func (l *usualLook) look(at, depth int) {
	s := &l.scan
	switch c := s.peek(); {
	case depth >= flatDepth && (c == '{' || c == '['):
		s.skip()
	case c == '{':
		for ok := s.enter('{'); ok; {
			var k jsonValue
			if k, ok = s.nextKey(); !ok {
				return
			}
			key := k.raw
			if k.odd {
				key = appendJSONText(l.name[:0], key)
			}
			if at+len(key)+1 > flatPath {
				s.skip()
				continue
			}
			n := at
			if at > 0 {
				l.path[n] = '.'
				n++
			}
			l.look(n+copy(l.path[n:], key), depth+1)
		}
	case c == '[':
		for ok := s.enter('['); ok && s.element(); {
			l.look(at, depth+1)
		}
	default:
		if v := s.value(); !v.empty() {
			l.found[usualName(lastNames(l.name[:0], l.path[:at]))] = true
		}
	}
}

type genericJSONParser struct {
	env  *Env
	n    named
	flat flatScan
	take func([]byte, jsonValue)
	name []byte
	at   [slots]int // how deep the field stands that a slot was taken from; the higher one counts
}

// Flush implements Parser.
func (p *genericJSONParser) Flush(*event.Batch) {}

// Parse reads one object.
func (p *genericJSONParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil {
		return ErrOtherFormat
	}
	p.n.reset(p.env)
	p.at = [slots]int{}
	if p.take == nil {
		p.take = p.field
	}
	if !p.flat.walk(b, p.take) {
		return ErrBroken
	}
	return p.n.emitUsual(rec, out)
}

func (p *genericJSONParser) field(path []byte, v jsonValue) {
	p.name = lastNames(p.name[:0], path)
	s := usualName(p.name)
	if s == sNone || v.empty() || blank(v) {
		return
	}
	if depth := 1 + bytes.Count(path, []byte(".")); p.at[s] == 0 || depth < p.at[s] {
		p.n.v[s], p.at[s] = v, depth
	}
}

// emitUsual makes the event of a record whose fields were found by their names, if it says when, and who or from where.
func (n *named) emitUsual(rec *event.Record, out *event.Batch) error {
	if !n.has(sTime) || !n.has(sAccount) && !n.has(sSrcIP) {
		return ErrOtherFormat
	}
	when, ok := n.moment(sTime)
	if !ok {
		return ErrNoTime
	}
	ev := n.emit(when, rec, out)
	ev.Unique = false // what calls itself id may be anything
	if !ev.SrcIP.IsValid() && ev.SrcHost == "" && ev.Account == "" {
		out.Drop()
		return ErrOtherFormat
	}
	return nil
}

// lastNames returns the last two names of a path as columnName writes them: "source.ip" is one name, "data.user" is user.
func lastNames(dst, path []byte) []byte {
	if i := bytes.LastIndexByte(path, '.'); i >= 0 {
		group := path[bytes.LastIndexByte(path[:i], '.')+1 : i]
		switch string(group) {
		case "user", "client", "source", "src", "remote", "destination", "dst", "dest", "host", "server", "actor", "target", "network", "http", "event":
			path = path[len(path)-(len(path)-i)-len(group):]
		default:
			path = path[i+1:]
		}
	}
	return columnName(dst, path)
}

// usualName returns what a field of that name, in columnName's spelling, most often says.
func usualName(name []byte) slot {
	switch string(name) {
	case "time", "timestamp", "ts", "datetime", "eventtime", "logtime", "date", "when", "createdat", "occurredat", "occurred", "timestamputc", "dateutc", "timeutc", "datetimeutc", "eventtimestamp", "logdate", "timecreated", "creationtime",
		"日時", "時刻", "時間", "日付utc", "日時utc", "時刻utc", "日付", "日付時刻", "発生日時", "操作日時", "アクセス日時", "ログ日時", "記録日時", "実行日時", "タイムスタンプ", "eventcreated":
		return sTime
	case "user", "username", "userid", "account", "accountname", "login", "loginname", "loginid", "uid", "userlogin", "useremail", "actor", "アクター", "actoremail", "actorname", "actorid", "email", "mail", "mailaddress",
		"userprincipalname", "samaccountname", "loginuser", "operator", "ユーザー", "ユーザ", "ユーザー名", "ユーザ名", "ユーザーid", "ユーザid", "アカウント", "アカウント名", "ログインid", "ログイン名",
		"ログオンユーザー", "ログオンユーザー名", "ログオンユーザ名", "利用者", "利用者id", "操作者", "メールアドレス", "職員番号":
		return sAccount
	case "domain", "userdomain", "ドメイン", "ドメイン名":
		return sDomain
	case "targetuser", "targetusername", "targetname", "対象ユーザー", "対象ユーザ", "対象者":
		return sTarget
	case "srcip", "sourceip", "src", "ip", "ipaddress", "ipaddr", "clientip", "clientaddress", "clientipaddress", "remoteip", "remoteaddr", "remoteaddress", "remotehost", "sourceaddress", "srcaddr", "callerip", "userip",
		"sourceipaddress", "networkclientip", "接続元ip", "接続元ipアドレス", "接続元アドレス", "接続元", "送信元ip", "送信元ipアドレス", "送信元アドレス", "ipアドレス", "ソースip", "ソースipアドレス", "accessdeviceip", "accessdeviceipaddress", "クライアントip", "クライアントipアドレス",
		"アクセス元ip", "アクセス元ipアドレス", "アクセス元":
		return sSrcIP
	case "srcport", "sourceport", "clientport", "remoteport", "送信元ポート", "接続元ポート":
		return sSrcPort
	case "srchost", "sourcehost", "clienthost", "clientname", "computer", "computername", "machine", "machinename", "pcname", "devicename", "terminal", "コンピュータ名", "コンピューター名", "pc名", "端末名", "端末", "接続元ホスト名", "機器名":
		return sSrcHost
	case "dstip", "destinationip", "destip", "dst", "destination", "destinationaddress", "dstaddr", "serverip", "destinationipaddress", "宛先ip", "宛先ipアドレス", "宛先アドレス", "接続先ip", "接続先ipアドレス", "接続先":
		return sDstIP
	case "dstport", "destinationport", "destport", "serverport", "宛先ポート", "接続先ポート":
		return sDstPort
	case "dsthost", "destinationhost", "desthost", "serverhost", "servername", "宛先ホスト名", "接続先ホスト名", "サーバー名", "サーバ名":
		return sDstHost
	case "host", "hostname", "ホスト名", "hosthostname":
		return sHost
	case "service", "app", "application", "appname", "applicationname", "protocol", "サービス", "サービス名", "アプリケーション", "プロトコル":
		return sService
	case "useragent", "httpuseragent", "agent", "browser", "ユーザーエージェント", "ユーザエージェント", "ブラウザ":
		return sClient
	case "object", "url", "uri", "path", "requesturi", "requesturl", "file", "filename", "filepath", "itemname", "resource", "ファイル名", "ファイル", "ファイルパス", "対象", "パス", "オブジェクト":
		return sObject
	case "method", "httpmethod", "requestmethod":
		return sMethod
	case "statuscode", "httpstatus", "responsecode", "httpstatuscode", "ステータスコード":
		return sStatus
	case "outcome", "result", "status", "success", "eventoutcome", "resulttype", "authresult", "loginresult", "結果", "処理結果", "認証結果", "成否", "ログイン結果", "ステータス":
		return sOutcome
	case "reason", "failurereason", "error", "errormessage", "errorcode", "detail", "details", "理由", "エラー", "エラーコード", "詳細", "備考":
		return sReason
	case "action", "event", "eventname", "eventtype", "operation", "activity", "type", "logtype", "command", "操作", "操作内容", "イベント", "イベント名", "イベント種別", "アクション", "種別", "動作", "ログ種別", "処理":
		return sAction
	case "category", "eventcategory", "カテゴリ", "カテゴリー", "分類":
		return sCategory
	case "bytesin", "receivedbytes", "bytesreceived", "rcvdbyte", "受信バイト数":
		return sBytesIn
	case "bytesout", "sentbytes", "bytessent", "sentbyte", "送信バイト数":
		return sBytesOut
	case "country", "countrycode", "国":
		return sCountry
	case "message", "msg", "メッセージ", "内容":
		return sMessage
	case "severity", "level", "重要度", "レベル":
		return sSeverity
	case "eventid", "recordid", "uuid", "logid":
		return sID
	}
	return sNone
}
