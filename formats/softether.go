// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/event"
)

var softEther = Format{
	Name:   "softether",
	Also:   []string{"packetix", "softether-vpn"},
	Source: "vpn",
	About: About{
		What: "SoftEther VPN Server and Bridge 4 and 5 (PacketiX VPN): the server log and the security log of each virtual hub, in English or Japanese or both mixed, in files or through syslog.",
		Export: "Copy server_log/*.log and security_log/*/sec_*.log below the program's folder (Debian: /var/log/softether). The security log is on unless a hub's log settings switch it off; " +
			"set its switch cycle to a day and copy it away: the program deletes the oldest files when the disk fills. The security logs tell of logins; the server log tells them again with the hub's name and adds who administers from where: " +
			"take one or the other where attempts are to be counted.",
		Takes: "Successful and failed logins with account, hub, address, client and method: the address of an attempt stands on an earlier line of its connection, which is remembered; refusals by policy and expiry; ends of sessions " +
			"with bytes and duration; the inside address that a session was given, with its account; administrators' logins and what they changed, with the address that they came from; changed passwords; connections.",
		Leaves: "The packet log. Logs in Chinese, Korean, Russian and Portuguese: set lang.config to en or ja. The beginning of a connection that lies in an earlier file than its login leaves the login without an address.",
	},
	Sniff: func(rec []byte) float64 {
		if text, _, ok := softEtherText(rec); ok && softEtherKnows(text) {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &softEtherParser{env: env, fit: fit{env: env}} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  softMarks(),
}

func softMarks() []string {
	var out []string
	for i := range softPhrases {
		out = append(out, longestWords(softPhrases[i].text))
	}
	return out
}

// softSay is what a line tells.
type softSay uint8

const (
	softNothing softSay = iota
	softSeen            // of a connection: who and where from
	softLogin
	softFailed
	softNewSession
	softEnd
	softListen
	softAdmin
	softAdminFailed
	softRPC // the name under which an administrator's changes stand
	softDone
	softLease
	softPassword
	softPasswordFailed
)

type softPhrase struct {
	text   string
	what   softSay
	reason event.Reason
}

var softPhrases = [...]softPhrase{
	{`The connection "{session}" (IP address: {ip}, Host name: {host}, Port number: {port}, Client name: "{client}", Version: {skip}) is attempting to connect to the Virtual Hub. The auth type provided is "{why}" and the user name is "{user}".`, softSeen, 0},
	{`コネクション "{session}" (IP アドレス {ip}, ホスト名 {host}, ポート番号 {port}, クライアント名 "{client}", バージョン {skip}) が仮想 HUB への接続を試行しています。提示している認証方法は "{why}" でユーザー名は "{user}" です。`, softSeen, 0},
	{`For the client (IP address: {ip}, host name: "{host}", port number: {port}), connection "{session}" has been created.`, softSeen, 0},
	{`クライアント (IP アドレス {ip}, ホスト名 "{host}", ポート番号 {port}) に対応するコネクション "{session}" が作成されました。`, softSeen, 0},
	{`Connection "{session}": User authentication failed. The user name that has been provided was "{user}", from {ip}.`, softFailed, event.ReasonBadCredentials},
	{`Connection "{session}": User authentication failed. The user name that has been provided was "{user}".`, softFailed, event.ReasonBadCredentials},
	{`コネクション "{session}": ユーザー認証に失敗しました。提示されたユーザー名は "{user}" でした。`, softFailed, event.ReasonBadCredentials},
	{`Connection "{session}": Successfully authenticated as user "{user}".`, softLogin, 0},
	{`コネクション "{session}": ユーザー "{user}" として正しく認証されました。`, softLogin, 0},
	{`Connection "{session}": Access has been refused to user "{user}" because of the expiration date has been expired.`, softFailed, event.ReasonExpired},
	{`コネクション "{session}": ユーザー "{user}" の有効期限が切れており、アクセスが拒否されました。`, softFailed, event.ReasonExpired},
	{`Connection "{session}": Access has beens refused to user "{user}" based on the security policy.`, softFailed, event.ReasonDenied},
	{`Connection "{session}": Access has been refused to user "{user}" based on the security policy.`, softFailed, event.ReasonDenied},
	{`コネクション "{session}": ユーザー "{user}" はセキュリティポリシーによってアクセスが拒否されています。`, softFailed, event.ReasonDenied},
	{`Connection "{session}": The remote login has been refused because of the password for user "{user}" is blank.`, softFailed, event.ReasonDenied},
	{`コネクション "{session}": ユーザー "{user}" のパスワードが空白のため、リモートからのログインは拒否されました。`, softFailed, event.ReasonDenied},
	{`Connection "{session}": Although the user "{user}" made a login attempt, {why}`, softFailed, event.ReasonDenied},
	{`Connection "{session}": The new session "{object}" has been created. (IP address: {ip}, Port number: {port}, Physical underlying protocol: {skip}`, softNewSession, 0},
	{`Connection "{session}": The new session "{object}" has been created. (IP address {ip}, Port number: {port}, Physical underlying protocol: {skip}`, softNewSession, 0},
	{`コネクション "{session}": 新しいセッション "{object}" が作成されました。(IP アドレス {ip}, ポート番号 {port}, 物理レイヤのプロトコル: {skip}`, softNewSession, 0},
	{`Session "{object}": The session has been terminated. The statistical information is as follows: Total outgoing data size: {count} bytes, Total incoming data size: {num} bytes.`, softEnd, 0},
	{`セッション "{object}": セッションが終了しました。統計情報は次の通りです。合計送信データサイズ: {count} バイト, 合計受信データサイズ: {num} バイト`, softEnd, 0},
	{`Session "{session}": The DHCP server of host "{word}" ({dst}) on this session allocated, for host "{target}" on another session "{object}", the new IP address {ip}.`, softLease, 0},
	{`セッション "{session}": このセッション上のホスト "{word}" ({dst}) の DHCP サーバーは、別のセッション "{object}" 上のホスト "{target}" に対して新しい IP アドレス {ip} を割り当てました。`, softLease, 0},
	{`On the TCP Listener (Port {dport}), a Client (IP address {ip}, Host name "{host}", Port number {port}) has connected.`, softListen, 0},
	{`TCP リスナー (ポート {dport}) にクライアント (IP アドレス {ip}, ホスト名 "{host}", ポート番号 {port}) が接続しました。`, softListen, 0},
	{`Connection "{session}" successfully logged in using administration mode.`, softAdmin, 0},
	{`コネクション "{session}" が管理モードでのログインに成功しました。`, softAdmin, 0},
	{`Connection "{session}" was unable to log in using administration mode. {why}`, softAdminFailed, event.ReasonBadCredentials},
	{`コネクション "{session}" は管理モードにログインできませんでした。{why}`, softAdminFailed, event.ReasonBadCredentials},
	{`Connection "{session}" created a new remote procedure call session "{object}" for the purpose of administration mode.`, softRPC, 0},
	{`コネクション "{session}" は管理モードのための新しいリモートプロシージャコールセッション "{object}" を生成しました。`, softRPC, 0},
	{`Administration mode [{object}] (Virtual Hub "{target}"): {why}`, softDone, 0},
	{`Administration mode [{object}]: {why}`, softDone, 0},
	{`管理モード [{object}] (仮想 HUB "{target}"): {why}`, softDone, 0},
	{`管理モード [{object}]: {why}`, softDone, 0},
	{`Connection "{session}": The password of user "{user}" has been changed.`, softPassword, 0},
	{`コネクション "{session}": ユーザー "{user}" のパスワードを変更しました。`, softPassword, 0},
	{`Connection "{session}": Changing of password failed. The old password of user "{user}" is incorrect.`, softPasswordFailed, event.ReasonBadPassword},
	{`コネクション "{session}": パスワードの変更に失敗しました。ユーザー "{user}" の古いパスワードが間違っています。`, softPasswordFailed, event.ReasonBadPassword},
	{`Connection "{session}": Changing of password failed. The specified user "{user}" does not exist.`, softPasswordFailed, event.ReasonNoSuchAccount},
	{`コネクション "{session}": パスワードの変更に失敗しました。指定したユーザー "{user}" は存在しません。`, softPasswordFailed, event.ReasonNoSuchAccount},
	{`The connection "{session}" (IP address {ip}) connected to Virtual Hub in change password mode.`, softSeen, 0},
	{`コネクション "{session}" (IP アドレス {ip}) がパスワード変更モードで仮想 HUB に接続しました。`, softSeen, 0},
}

// softQuiet are beginnings of lines that tell nothing of anybody.
var softQuiet = [...]string{"Connection \"", "The connection ", "Session \"", "SSL communication", "Virtual Hub \"", "The Virtual Hub", "The MAC address", "TCP Listener", "IPsec ", "OpenVPN ", "L2TP ", "SSTP ", "PPP ",
	"EtherIP", "SoftEther VPN", "SecureNAT", "The ", "Starting ", "Loading ", "Log Messages", "Compiled ", "Configuration file", "Monitoring ", "-----", "On the TCP", "HTTPS ", "HTTP ", "All ", "Device ", "Shutting", "Stopping",
	"コネクション", "セッション", "仮想 HUB", "クライアント", "カスケード", "ローカルブリッジ", "設定ファイル", "自動設定", "すべての", "サーバー", "Cedar", "クラスタ", "デバイス", "Ethernet", "管理モード", "組み込み", "TCP ", "UDP ", "DHCP "}

// softEtherText returns what follows the head of a line of the program, and whether it was syslog that brought it.
func softEtherText(rec []byte) (text []byte, syslog, ok bool) {
	if s, ok := sniffSyslog(rec); ok && softEtherProgram(s.Program) {
		return s.Message, true, true
	}
	if _, text, ok = fileHead(rec); ok {
		return text, false, true
	}
	return nil, false, false
}

func softEtherProgram(p []byte) bool {
	return string(p) == "vpnserver" || string(p) == "vpnbridge" || isPrefix(p, "softether")
}

// softEtherKnows says whether a text is one of the program's own, from words that it alone has.
func softEtherKnows(text []byte) bool {
	text, _ = trimSoftEther(text)
	for i := range softPhrases {
		t := softPhrases[i].text
		if words := strings.IndexByte(t, '{'); isPrefix(text, t[:words]) {
			f := fit{env: &Env{}}
			if f.fits(t, text) {
				return true
			}
		}
	}
	return false
}

// trimSoftEther takes away what stands before the text: "[VPN/DEFAULT] (2025-06-02 09:00:00.123) <SECURITY_LOG>: " in syslog, "[HUB "DEFAULT"] " in the
// server's log, and returns the hub's name if one stands there.
func trimSoftEther(b []byte) (text, hub []byte) {
	b = bytes.TrimRight(b, " \r\t")
	for range 4 {
		if len(b) == 0 {
			return b, hub
		}
		end := ""
		switch b[0] {
		case '[':
			end = "] "
		case '(':
			end = ") "
		case '<':
			end = ">: "
		default:
			return b, hub
		}
		i := index(b[:min(len(b), 200)], end)
		if i < 0 {
			return b, hub
		}
		if in := b[1:i]; b[0] == '[' {
			if name, ok := cutPrefix(in, `HUB "`); ok {
				hub = bytes.TrimSuffix(name, []byte(`"`))
			} else if k := bytes.LastIndexByte(in, '/'); k >= 0 && hub == nil {
				hub = in[k+1:]
			}
		}
		b = b[i+len(end):]
	}
	return b, hub
}

// softConn is what earlier lines told of a connection or a session.
type softConn struct {
	key                  uint64
	ip                   netip.Addr
	port                 uint16
	user, client, method string
	host                 string
	at                   event.Micros
}

type softEtherParser struct {
	env   *Env
	rec   *event.Record
	out   *event.Batch
	fit   fit
	host  string
	hub   []byte
	when  event.Micros
	seen  bool // a line of a known phrase
	conns [1024]softConn
}

func (p *softEtherParser) Flush(*event.Batch) {}

func (p *softEtherParser) Parse(rec *event.Record, out *event.Batch) error {
	p.rec, p.out, p.host = rec, out, p.env.Host
	var t Civil
	var text []byte
	inFile := false
	if s, ok := p.env.Syslog(rec); ok && softEtherProgram(s.Program) {
		p.when, text = s.Time, s.Message
		p.host = p.env.hostOf(s)
	} else if t, text, inFile = fileHead(rec.Data); !inFile {
		return ErrOtherFormat
	}
	text, p.hub = trimSoftEther(text)
	for i := range softPhrases {
		if !p.fit.fits(softPhrases[i].text, text) {
			continue
		}
		p.seen = true
		if inFile {
			p.when = p.env.Clock.Moment(t)
		}
		p.line(&softPhrases[i])
		return nil
	}
	if inFile && !p.seen {
		return ErrOtherFormat
	}
	for _, q := range softQuiet {
		if isPrefix(text, q) {
			return nil
		}
	}
	if inFile {
		return ErrOtherFormat
	}
	return ErrUnknownKind
}

// conn returns the place of a connection, a session or an administrator's call, and whether it holds that one.
func (p *softEtherParser) conn(name []byte) (*softConn, bool) {
	key := trailKey(name, nil)
	c := &p.conns[(key^key>>17)%uint64(len(p.conns))]
	return c, c.key == key
}

// note remembers what the line tells of a connection.
func (p *softEtherParser) note(name []byte) *softConn {
	c, same := p.conn(name)
	if !same {
		*c = softConn{key: trailKey(name, nil)}
	}
	h, in := &p.fit.hole, p.env.Intern
	if p.fit.addr.IsValid() {
		c.ip, c.port = p.fit.addr, p.fit.port
	}
	if b := h[holeHost]; len(b) > 0 && !looksLikeAddr(b) {
		c.host = in.Bytes(b)
	}
	if b := h[holeClient]; len(b) > 0 {
		c.client, c.method = in.Bytes(b), in.Bytes(h[holeWhy])
	}
	if b := h[holeUser]; len(b) > 0 {
		c.user = in.Bytes(b)
	}
	c.at = p.when
	return c
}

func (p *softEtherParser) line(ph *softPhrase) {
	h := &p.fit.hole
	auth := func(a event.Activity, o event.Outcome) *event.Event {
		ev := p.add(event.ClassAuthentication, a, o, ph.reason)
		ev.Account = p.env.Intern.Bytes(h[holeUser])
		return ev
	}
	switch ph.what {
	case softSeen:
		p.note(h[holeSession])
	case softLogin:
		p.note(h[holeSession])
		p.finish(auth(event.ActLogon, event.OutcomeSuccess), h[holeSession])
	case softFailed:
		p.finish(auth(event.ActLogon, event.OutcomeFailure), h[holeSession])
	case softNewSession:
		c := p.note(h[holeSession])
		s, _ := p.conn(h[holeObject])
		key := trailKey(h[holeObject], nil)
		*s = *c
		s.key = key
	case softEnd:
		p.end()
	case softListen:
		ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
		ev.DstPort = p.fit.dport
		p.finish(ev, nil)
	case softAdmin:
		ev := auth(event.ActLogon, event.OutcomeSuccess)
		ev.Account, ev.Service = "administrator", "vpn-admin"
		p.finish(ev, h[holeSession])
	case softAdminFailed:
		ev := auth(event.ActLogon, event.OutcomeFailure)
		ev.Account, ev.Service = "administrator", "vpn-admin"
		p.finish(ev, h[holeSession])
	case softRPC:
		if c, ok := p.conn(h[holeSession]); ok {
			s, _ := p.conn(h[holeObject])
			*s = *c
			s.key = trailKey(h[holeObject], nil)
		}
	case softDone:
		p.change()
	case softLease:
		p.lease()
	case softPassword, softPasswordFailed:
		o := event.OutcomeSuccess
		if ph.what == softPasswordFailed {
			o = event.OutcomeFailure
		}
		ev := auth(event.ActReset, o)
		ev.Class = event.ClassAccountChange
		p.finish(ev, h[holeSession])
	}
}

func (p *softEtherParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Service, ev.DstHost, ev.Ref = "vpn", p.host, p.env.Ref(p.rec)
	ev.SrcIP, ev.SrcPort = p.fit.addr, p.fit.port
	return ev
}

// finish adds what was told of the connection before.
func (p *softEtherParser) finish(ev *event.Event, name []byte) {
	in := p.env.Intern
	method := ""
	if b := p.fit.hole[holeHost]; len(b) > 0 && !looksLikeAddr(b) {
		ev.SrcHost = in.Bytes(b)
	}
	if c, ok := p.conn(name); ok && len(name) > 0 {
		if !ev.SrcIP.IsValid() || ev.SrcIP == c.ip {
			ev.SrcIP, ev.SrcPort = c.ip, c.port
			ev.SrcHost = c.host
		}
		ev.Client, method = c.client, c.method
	}
	ev.Rest = p.out.Rest(event.Text("hub", in.Bytes(p.hub)), event.Text("session", in.Bytes(name)), event.Text("method", method), event.Text("detail", in.Bytes(p.fit.hole[holeWhy])))
}

// end reads the end of a session. What the server sent, the client received.
func (p *softEtherParser) end() {
	name := p.fit.hole[holeObject]
	ev := p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	ev.BytesIn = someNumber(p.fit.hole[holeCount])
	ev.BytesOut = someNumber(p.lastNumber())
	if c, ok := p.conn(name); ok {
		ev.Account = c.user
		if c.at > 0 && p.when >= c.at {
			ev.Duration = event.Some(int64(p.when-c.at) / 1000)
		}
	}
	p.finish(ev, name)
}

// lastNumber returns the last number of the line.
func (p *softEtherParser) lastNumber() []byte {
	b := p.rec.Data
	e := len(b)
	for e > 0 && !isDigit(b[e-1]) {
		e--
	}
	s := e
	for s > 0 && isDigit(b[s-1]) {
		s--
	}
	return b[s:e]
}

// change reads what an administrator did: the account where it is about one, whatever else as it stands.
func (p *softEtherParser) change() {
	why, in := p.fit.hole[holeWhy], p.env.Intern
	ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
	ev.Account, ev.Service, ev.Object = "administrator", "vpn-admin", in.Bytes(why)
	user := after(why, `ser "`, `"`)
	if user == nil {
		user = after(why, `ユーザー "`, `"`)
	}
	if user != nil {
		ev.Class, ev.Target = event.ClassAccountChange, in.Bytes(user)
	}
	switch {
	case has(why, "created"), has(why, "added"), has(why, "作成"), has(why, "追加"):
		ev.Activity = event.ActCreate
	case has(why, "deleted"), has(why, "削除"):
		ev.Activity = event.ActDelete
	}
	hub := p.fit.hole[holeTarget]
	if len(hub) == 0 {
		hub = p.hub
	}
	rpc := p.fit.hole[holeObject]
	if c, ok := p.conn(rpc); ok {
		ev.SrcIP, ev.SrcPort, ev.SrcHost = c.ip, c.port, c.host
	}
	ev.Rest = p.out.Rest(event.Text("hub", in.Bytes(hub)), event.Text("session", in.Bytes(rpc)))
}

// lease reads the inside address that a session was given.
func (p *softEtherParser) lease() {
	h, in := &p.fit.hole, p.env.Intern
	ev := p.env.lease(p.out, p.rec, p.when, event.ActAssign, p.fit.addr)
	ev.DstHost, ev.Service = p.host, "vpn"
	from := ""
	if c, ok := p.conn(h[holeObject]); ok {
		ev.Account = c.user
		if c.ip.IsValid() {
			from = c.ip.String()
		}
	}
	ev.Rest = p.out.Rest(event.Text("hub", in.Bytes(p.hub)), event.Text("mac", p.env.mac(h[holeTarget])), event.Text("session", in.Bytes(h[holeObject])), event.Text("vpn_from", from))
}
