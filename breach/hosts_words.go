// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// signWords say what spoke against a machine.
func signWords(kind string) event.Words {
	switch kind {
	case "login":
		return event.Words{Ja: "攻撃元からのログイン成功", En: "a login from an attacker's address"}
	case "same-place":
		return event.Words{Ja: "侵入された機械と同じ、ほかにほとんど使われていない外部の相手との通信", En: "calls the same place outside as a compromised host, and hardly any other does"}
	case "owner-taken":
		return event.Words{Ja: "主な利用者のアカウントが、同じころ不正に使われた", En: "the account of whoever mostly uses it was used by the intruder about that time"}
	case "lent-to":
		return event.Words{Ja: "このアドレスを割り当てられた VPN 接続に疑わしい点がある", En: "the VPN login that it was lent to is doubtful"}
	case "way":
		return event.Words{Ja: "侵入されたサーバからの、初めての経路での接続", En: "reached from a compromised host over a way not used before"}
	case "attacker-there":
		return event.Words{Ja: "攻撃元アドレスの関与", En: "an attacker's address had a part in it"}
	case "seed":
		return event.Words{Ja: "調査の起点として指定", En: "given as known to be bad"}
	case "ci-remote-control":
		return event.Words{Ja: "CI サーバを通じた遠隔操作", En: "commanded through a CI server"}
	case "internal-scan":
		return event.Words{Ja: "内部の探索（スキャン）", En: "scanned the inside"}
	case "mass-encryption":
		return event.Words{Ja: "ファイルの大量暗号化", En: "files encrypted by the hundred"}
	case "appliance-outbound", "many-outbound":
		return event.Words{Ja: "これまで通信したことのない相手への通信", En: "talks to places that it never talked to"}
	case "edge-device":
		return event.Words{Ja: "境界装置のプログラムの異常終了と、その後の見慣れない動作", En: "its program crashed, and it did what it never did"}
	case "hostile-command":
		return event.Words{Ja: "侵入者が使うコマンドの実行", En: "commands that intruders use"}
	case "after-scan":
		return event.Words{Ja: "探索の後、初めての相手へのログイン", En: "entered machines for the first time after it had scanned"}
	case "tunnel-of":
		return event.Words{Ja: "不正な VPN 接続に割り当てられたアドレス", En: "lent by the VPN to a bad login"}
	case "stolen-account":
		return event.Words{Ja: "盗まれたアカウントの初めてのログイン", En: "entered for the first time with a stolen account"}
	case "log-cleared":
		return event.Words{Ja: "ログの消去", En: "its log was cleared"}
	case "restricted-access":
		return event.Words{Ja: "制限ネットワークへの初めての接続", En: "first access into a restricted network"}
	case "upload":
		return event.Words{Ja: "外部への異常な送信", En: "an unusual amount sent out"}
	case "beacon", "long-connection", "tunnel":
		return event.Words{Ja: "外部との定期的または長時間の接続", En: "regular or long-held connections to the outside"}
	case "directory-read":
		return event.Words{Ja: "ディレクトリの大量読み取り", En: "a mass read of the directory"}
	}
	return event.Words{Ja: kind, En: kind}
}

// why says what spoke against a machine, the weightiest first.
func (h *machine) why() event.Words {
	kinds := make([]string, 0, len(h.signs))
	for k := range h.signs {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b string) int { return cmp.Or(cmp.Compare(h.signs[b], h.signs[a]), cmp.Compare(a, b)) })
	var ja, en []string
	for _, k := range kinds {
		w := signWords(k)
		ja, en = append(ja, w.Ja), append(en, w.En)
	}
	return event.Words{Ja: strings.Join(ja, "、"), En: strings.Join(en, "; ")}
}
