// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// The names that sign-in exports give their fields, and the CSV side of reading them.

var entraSignInCSV = Format{
	Name:   "entra-signin-csv",
	Source: "cloud-signin",
	About: About{
		What:   "Sign-in logs of Microsoft Entra ID as CSV: the portal's download of interactive, non-interactive, service principal and managed identity sign-ins, exports of Log Analytics' SigninLogs tables, and older exports by PowerShell.",
		Export: "Entra admin center, Sign-in logs, Download, CSV, each tab by itself; at most 100,000 rows each. The JSON download holds more: prefer it. The second file that comes with each download (AuthDetails) lists the steps of each sign-in and is not needed.",
		Takes:  "The same as from JSON as far as the columns have it: who, from where, with what, to which application, how it ended and why.",
		Leaves: "Locations as free text, of which only the country is read. A column that the export leaves out is missing: without the error code, a failure has no known reason.",
	},
	Framing: event.FrameCSV,
	Sniff:   sniffEntraCSV,
	New:     func(env *Env) Parser { return &entraParser{env: env, format: "entra-signin-csv"} },
	Shapes:  ShapeSyslog | ShapeText,
	Marks:   []string{"Date (UTC)", "日付 (UTC)", "日付（UTC）", "reatedDateTime", "TimeGenerated"},
}

// entraMember returns the field that a JSON member holds: Graph's names, small as some pipelines write them, and those of Log Analytics.
func entraMember(key []byte) int {
	switch string(key) {
	case "createdDateTime", "createddatetime", "CreatedDateTime":
		return siTime
	case "time", "TimeGenerated":
		return siOuterTime
	case "category", "Category":
		return siCategory
	case "id", "Id", "OriginalRequestId":
		return siID
	case "correlationId", "CorrelationId", "correlationid":
		return siCorrelation
	case "userPrincipalName", "UserPrincipalName", "userprincipalname":
		return siUPN
	case "userId", "UserId", "userid":
		return siUserID
	case "signInIdentifier", "SignInIdentifier", "alternateSignInName", "AlternateSignInName":
		return siIdentifier
	case "servicePrincipalName", "ServicePrincipalName", "serviceprincipalname":
		return siPrincipal
	case "servicePrincipalId", "ServicePrincipalId", "serviceprincipalid":
		return siPrincipalID
	case "ipAddress", "IPAddress", "ipaddress", "IpAddress":
		return siIP
	case "callerIpAddress", "CallerIpAddress", "calleripaddress":
		return siOuterIP
	case "autonomousSystemNumber", "AutonomousSystemNumber":
		return siASN
	case "resultType", "ResultType", "resulttype":
		return siResult
	case "ResultDescription", "resultDescription":
		return siFailure
	case "userAgent", "UserAgent":
		return siAgent
	case "clientAppUsed", "ClientAppUsed":
		return siClientApp
	case "appDisplayName", "AppDisplayName":
		return siApp
	case "appId", "AppId":
		return siAppID
	case "resourceDisplayName", "ResourceDisplayName":
		return siResource
	case "isInteractive", "IsInteractive":
		return siInteractive
	case "signInEventTypes":
		return siEventType
	case "authenticationRequirement", "AuthenticationRequirement":
		return siRequirement
	case "conditionalAccessStatus", "ConditionalAccessStatus":
		return siAccess
	case "sessionId", "SessionId":
		return siSession
	case "uniqueTokenIdentifier", "UniqueTokenIdentifier":
		return siToken
	case "incomingTokenType", "IncomingTokenType":
		return siTokenType
	case "authenticationProtocol", "AuthenticationProtocol":
		return siProtocol
	case "originalTransferMethod", "OriginalTransferMethod":
		return siTransfer
	case "riskState", "RiskState":
		return siRisk
	case "riskLevelDuringSignIn", "RiskLevelDuringSignIn":
		return siRiskLevel
	case "riskEventTypes_v2", "riskEventTypes", "RiskEventTypes_V2", "RiskEventTypes":
		return siRiskEvents
	case "userType", "UserType":
		return siUserType
	case "crossTenantAccessType", "CrossTenantAccessType":
		return siCross
	case "flaggedForReview", "FlaggedForReview":
		return siFlagged
	case "processingTimeInMilliseconds", "ProcessingTimeInMilliseconds":
		return siLatency
	}
	return siNone
}

// entraColumn returns the field that a CSV column holds, by its columnName: the portal's headings in English and Japanese, and
// the names of Graph and Log Analytics.
func entraColumn(name []byte) int {
	switch string(name) {
	case "dateutc", "日付utc", "date", "日付", "createddatetime", "createddatetimeutc":
		return siTime
	case "timegenerated", "timegeneratedutc":
		return siOuterTime
	case "requestid", "要求id", "リクエストid", "id", "originalrequestid":
		return siID
	case "correlationid", "相関id", "関連付けid":
		return siCorrelation
	case "username", "ユーザー名", "userprincipalname", "ユーザープリンシパル名":
		return siUPN
	case "userid", "ユーザーid":
		return siUserID
	case "signinidentifier", "サインイン識別子", "サインインid", "alternatesigninname":
		return siIdentifier
	case "serviceprincipalname", "サービスプリンシパル名":
		return siPrincipal
	case "serviceprincipalid", "サービスプリンシパルid":
		return siPrincipalID
	case "ipaddress", "ipアドレス":
		return siIP
	case "location", "場所":
		return siPlace
	case "country", "countryorregion", "国":
		return siCountry
	case "city", "市区町村", "市":
		return siCity
	case "autonomoussystemnumber", "自律システム番号":
		return siASN
	case "signinerrorcode", "サインインエラーコード", "サインインのエラーコード", "errorcode", "resulttype", "statuserrorcode":
		return siCode
	case "failurereason", "エラーの理由", "失敗の理由", "resultdescription", "statusfailurereason":
		return siFailure
	case "status", "状態", "ステータス":
		return siStatus
	case "useragent", "ユーザーエージェント":
		return siAgent
	case "clientapp", "クライアントアプリ", "clientappused":
		return siClientApp
	case "browser", "ブラウザー", "ブラウザ":
		return siBrowser
	case "operatingsystem", "オペレーティングシステム", "os":
		return siOS
	case "application", "アプリケーション", "appdisplayname":
		return siApp
	case "applicationid", "アプリケーションid", "appid":
		return siAppID
	case "resource", "リソース", "resourcedisplayname":
		return siResource
	case "isinteractive", "対話型":
		return siInteractive
	case "authenticationrequirement", "認証要件", "認証の要件":
		return siRequirement
	case "multifactorauthenticationresult", "多要素認証の結果", "多要素認証結果":
		return siSecondFactor
	case "conditionalaccess", "条件付きアクセス", "conditionalaccessstatus":
		return siAccess
	case "sessionid", "セッションid":
		return siSession
	case "uniquetokenidentifier", "一意のトークン識別子":
		return siToken
	case "incomingtokentype", "受信トークンの種類":
		return siTokenType
	case "authenticationprotocol", "認証プロトコル":
		return siProtocol
	case "originaltransfermethod", "元の転送方法":
		return siTransfer
	case "deviceid", "デバイスid":
		return siDevice
	case "compliant", "準拠", "準拠している":
		return siCompliant
	case "managed", "マネージド", "管理":
		return siManaged
	case "jointype", "参加の種類", "結合の種類":
		return siTrust
	case "usertype", "ユーザーの種類", "ユーザータイプ":
		return siUserType
	case "crosstenantaccesstype", "テナント間アクセスの種類":
		return siCross
	case "flaggedforreview", "レビュー用にフラグを設定", "確認のためにフラグ付け":
		return siFlagged
	case "riskstate", "リスクの状態":
		return siRisk
	case "risklevelduringsignin":
		return siRiskLevel
	case "latency", "待機時間":
		return siLatency
	}
	return siNone
}

// parseCSV reads a header or a row behind one.
func (p *entraParser) parseCSV(rec *event.Record, out *event.Batch) error {
	if p.columns == nil && sniffEntraCSV(rec.Data) == 0 {
		return ErrOtherFormat
	}
	if !p.row.split(rec.Data) {
		return ErrBroken
	}
	if p.columns == nil || bytes.Equal(p.row.cells[0], p.header) {
		if p.readHeader() {
			return nil
		}
		return ErrOtherFormat
	}
	if len(p.row.cells) < 3 || len(p.row.cells) > len(p.columns)+1 {
		return ErrOtherFormat
	}
	p.f = [siFields]jsonValue{}
	for i, c := range p.row.cells[:min(len(p.row.cells), len(p.columns))] {
		if slot := p.columns[i]; slot != siNone && len(c) > 0 && p.f[slot].kind == 0 {
			p.f[slot] = cell(c)
		}
	}
	return p.emit(rec, out)
}

// readHeader learns the columns from the cells of a header. It counts whole cells, so that words in a user agent make no header.
func (p *entraParser) readHeader() bool {
	var seen [siFields]bool
	columns := p.columns[:0:0]
	for _, c := range p.row.cells {
		p.buf = columnName(p.buf[:0], c)
		slot := entraColumn(p.buf)
		seen[slot] = true
		columns = append(columns, uint8(slot))
	}
	if !seen[siTime] && !seen[siOuterTime] || !seen[siUPN] && !seen[siPrincipal] && !seen[siPrincipalID] || !seen[siIP] {
		return false
	}
	p.columns = columns
	p.header = append(p.header[:0], p.row.cells[0]...)
	return true
}

// sniffEntra says how surely a record is a sign-in in JSON.
func sniffEntra(rec []byte) float64 {
	b := sniffJSON(rec)
	if b == nil {
		return 0
	}
	b = b[:min(len(b), 32<<10)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	switch {
	case has(`SignInLogs"`):
		return 0.97
	case has(`"createdDateTime"`) && (has(`"userPrincipalName"`) || has(`"servicePrincipalName"`)) && (has(`"ipAddress"`) || has(`"appId"`)):
		return 0.95
	case has(`"UserPrincipalName"`) && (has(`"ResultType"`) || has(`"ConditionalAccessStatus"`)) && has(`"IPAddress"`),
		has(`"CreatedDateTime"`) && has(`"UserPrincipalName"`) && has(`"AppDisplayName"`):
		return 0.9
	}
	return 0
}

// sniffEntraCSV knows the header row: a time, a name and what was signed in to. Rows have nothing that says what they are.
func sniffEntraCSV(rec []byte) float64 {
	b := bytes.TrimPrefix(rec, []byte("\xef\xbb\xbf"))
	if len(b) > 16<<10 || bytes.IndexByte(b, ',') < 0 {
		return 0
	}
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	portal := (has("Date (UTC)") || has("日付 (UTC)") || has("日付（UTC）")) && (has("Sign-in error code") || has("Request ID") || has("要求 ID") || has("サインイン エラー") || has("Correlation ID"))
	graph := (has("CreatedDateTime") || has("createdDateTime")) && (has("UserPrincipalName") || has("userPrincipalName")) && (has("AppDisplayName") || has("appDisplayName"))
	analytics := has("TimeGenerated") && has("UserPrincipalName") && has("ResultType") && has("IPAddress")
	switch {
	case portal && (has("IP address") || has("IP アドレス")):
		return 0.97
	case (graph || analytics) && !has(`":`):
		return 0.9
	}
	return 0
}
