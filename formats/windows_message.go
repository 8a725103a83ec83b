// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "bytes"

// Some exports hold nothing of an event but the text that the event viewer shows, in the language of the machine:
//
//	An account failed to log on.
//
//	Account For Which Logon Failed:
//		Account Name:		taro
//	Network Information:
//		Source Network Address:	192.0.2.1
//
// A line that ends in a colon opens a section; the others hold a label and a value with a tab between. What a client may write
// freely (account, workstation) stands above the address, and of equal labels in one section the first counts for names and the last for
// the network, so that a name with line ends in it moves no address.

// message takes the values that the text of a Security event holds.
func (p *windowsParser) message(text []byte, id int64) {
	section := secNone
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		line = bytes.TrimRight(line, "\r \t")
		indented := len(line) > 0 && (line[0] == '\t' || line[0] == ' ')
		label, value, ok := cutLabel(bytes.TrimLeft(line, "\t "))
		if !ok {
			continue
		}
		if len(value) == 0 {
			if !indented {
				section = messageSection(label)
			}
			continue
		}
		name := messageName(section, label, id)
		if name == "" {
			continue
		}
		if !indented && section != secNone && string(label) != "Logon Type" {
			section = secNone
		}
		p.key = appendLower(p.key[:0], name)
		slot := windowsValue(p.key)
		if p.slots[slot].kind != 0 && slot != wdIP && slot != wdPort && slot != wdStatus && slot != wdSubStatus {
			continue
		}
		p.take(name, jsonValue{raw: value, kind: '"'})
	}
}

// cutLabel cuts "Label:<tabs>value" at its first colon, which may be the wide one of Japanese text.
func cutLabel(line []byte) (label, value []byte, ok bool) {
	i, n := bytes.IndexByte(line, ':'), 1
	if j := bytes.Index(line, []byte("：")); j >= 0 && (i < 0 || j < i) {
		i, n = j, len("：")
	}
	if i <= 0 || i > 96 {
		return nil, nil, false
	}
	return bytes.TrimSpace(line[:i]), bytes.TrimSpace(line[i+n:]), true
}

const (
	secNone = iota
	secSubject
	secTarget
	secGroup
	secMember
	secOther
)

func messageSection(label []byte) int {
	switch string(label) {
	case "Subject", "Creator Subject", "サブジェクト", "作成元サブジェクト":
		return secSubject
	case "New Logon", "Account For Which Logon Failed", "Account Whose Credentials Were Used", "Target Account", "New Account", "Account That Was Locked Out", "Account Information",
		"Target Subject", "Computer Account That Was Changed", "Account Being Changed",
		"新しいログオン", "ログオンを失敗したアカウント", "ログオンに失敗したアカウント", "資格情報が使用されたアカウント", "ターゲット アカウント", "対象アカウント", "新しいアカウント", "ロックアウトされたアカウント", "アカウント情報", "ターゲット サブジェクト":
		return secTarget
	case "Group", "グループ":
		return secGroup
	case "Member", "メンバー":
		return secMember
	}
	return secOther
}

// messageName returns the name that Windows gives the value which a text shows under that label.
func messageName(section int, label []byte, id int64) string {
	switch string(label) {
	case "Account Name", "アカウント名", "Logon Account", "ログオン アカウント", "Group Name", "グループ名":
		switch {
		case section == secSubject:
			return "SubjectUserName"
		case section == secMember:
			return "MemberName"
		case section == secTarget || section == secGroup || id == 4776:
			return "TargetUserName"
		}
	case "Account Domain", "アカウント ドメイン", "Supplied Realm Name", "指定された領域名", "Domain Name", "ドメイン名", "Group Domain", "グループ ドメイン":
		switch section {
		case secSubject:
			return "SubjectDomainName"
		case secTarget, secGroup:
			return "TargetDomainName"
		}
	case "Security ID", "セキュリティ ID", "User ID", "ユーザー ID":
		switch section {
		case secSubject:
			return "SubjectUserSid"
		case secTarget, secGroup:
			return "TargetSid"
		case secMember:
			return "MemberSid"
		}
	case "Logon Type", "ログオン タイプ", "ログオンの種類":
		return "LogonType"
	case "Source Network Address", "ソース ネットワーク アドレス", "Client Address", "クライアント アドレス", "Source Address", "ソース アドレス", "Network Address", "ネットワーク アドレス":
		if id == 5156 || id == 5157 || id == 5158 {
			return "SourceAddress"
		}
		return "IpAddress"
	case "Source Port", "ソース ポート", "Client Port", "クライアント ポート":
		if id == 5156 || id == 5157 || id == 5158 {
			return "SourcePort"
		}
		return "IpPort"
	case "Port", "ポート":
		if id == 4648 {
			return "IpPort"
		}
	case "Destination Address", "宛先アドレス":
		return "DestAddress"
	case "Destination Port", "宛先ポート":
		return "DestPort"
	case "Workstation Name", "ワークステーション名", "Source Workstation", "ソース ワークステーション":
		return "WorkstationName"
	case "Caller Computer Name", "呼び出し元コンピューター名":
		return "TargetDomainName"
	case "Status", "状態", "ステータス", "Failure Code", "エラー コード", "Result Code", "結果コード", "Error Code":
		return "Status"
	case "Sub Status", "サブ ステータス", "サブステータス":
		return "SubStatus"
	case "Target Server Name", "ターゲット サーバー名":
		return "TargetServerName"
	case "Service Name", "サービス名":
		return "ServiceName"
	case "Service File Name", "サービス ファイル名":
		return "ServiceFileName"
	case "Task Name", "タスク名":
		return "TaskName"
	case "New Process Name", "新しいプロセス名":
		return "NewProcessName"
	case "Process Command Line", "プロセス コマンド ライン", "プロセスのコマンド ライン":
		return "CommandLine"
	case "Share Name", "共有名":
		return "ShareName"
	case "Relative Target Name", "相対ターゲット名":
		return "RelativeTargetName"
	case "Access Mask", "アクセス マスク":
		return "AccessMask"
	}
	return ""
}
