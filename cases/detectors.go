// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"strings"

	"github.com/sekisho/sekisho/event"
)

// detectorWords are the names that findings[].detector begins with, in order, and what people call what they find.
var detectorWords = []entry{
	{"admin-misuse", "管理者権限の不審な使用", "misuse of administrators' rights"},
	{"appliance-outbound", "境界機器からの外向き通信", "calls out of an edge device"},
	{"beacon", "定期的な外部通信（ビーコン）", "a beacon"},
	{"ci-remote-control", "CI サーバを介した遠隔操作", "remote control through a CI server"},
	{"clock-drift", "時計のずれ", "a clock that is wrong"},
	{"credential-stuffing", "流出パスワードの試行", "credential stuffing"},
	{"directory-read", "ディレクトリの大量読み出し", "a mass read of the directory"},
	{"dormant-account", "休眠アカウントの使用", "a dormant account that woke"},
	{"edge-device", "境界装置への攻撃の徴候", "an edge device under attack"},
	{"excess-taking", "ふだんを超える文書の取得", "documents taken beyond the usual"},
	{"group-targeting", "特定の部署への集中攻撃", "an attack on one group"},
	{"hostile-command", "侵入者が用いるコマンド", "commands that intruders use"},
	{"id-list-obtained", "ID 一覧の入手", "a list of IDs in the attacker's hands"},
	{"id-probing", "ID の探索", "probing for IDs"},
	{"impossible-travel", "移動できない速さのログイン", "impossible travel"},
	{"intel-match", "脅威情報との一致", "a match of threat intelligence"},
	{"internal-scan", "内部の探索（スキャン）", "a scan of the inside"},
	{"lateral-path", "サーバ間の侵入経路", "a way from host to host"},
	{"lateral-path-switch", "別の名前での機械間の移動", "a way on under another name"},
	{"log-cleared", "ログの消去", "a log that was cleared"},
	{"long-connection", "長時間の外部接続", "a connection held for hours"},
	{"mail-bulk-read", "メールの大量読み出し", "mail read in bulk"},
	{"mailbox-change", "メール設定の不審な変更", "a suspicious change of a mailbox"},
	{"mass-encryption", "ファイルの大量暗号化", "mass encryption"},
	{"one-address-many-accounts", "一つの接続元から多数のアカウント", "one address, many accounts"},
	{"password-guessing", "パスワードの推測", "password guessing"},
	{"password-search", "パスワードを探す行為", "passwords looked for"},
	{"password-spray", "パスワードスプレー", "password spraying"},
	{"password-spray-source", "少数ずつの試行を繰り返す接続元", "addresses that spray"},
	{"record-gap", "記録の欠番", "missing records"},
	{"restricted-access", "制限区域への接続", "access to a restricted network"},
	{"second-factor-fatigue", "二要素認証の連続要求", "second-factor fatigue"},
	{"sigma", "Sigma ルールの一致", "a match of a Sigma rule"},
	{"small-chunk-upload", "小分けの持ち出し", "an upload in small chunks"},
	{"source-silent", "記録の途絶", "a source that fell silent"},
	{"spam-burst", "迷惑メールの大量送信", "a burst of spam"},
	{"success-after-guessing", "推測後のログイン成功", "success after guessing"},
	{"target-drop-out", "攻撃対象から外れたアカウント", "accounts that are no longer tried"},
	{"tunnel", "トンネル・サンドボックスの使用", "a tunnel or sandbox"},
	{"unusual-login", "不審なログイン", "unusual logins"},
	{"unusual-login-hidden", "利用者を隠す接続元からの不審なログイン", "unusual logins from hidden places"},
	{"upload", "大量の持ち出し（アップロード）", "an unusual upload"},
	{"use-after-containment", "封じ込め後の使用", "use after containment"},
}

// Detectors returns the names that findings[].detector is one of, or begins with, in order.
func Detectors() []string {
	out := make([]string, len(detectorWords))
	for i := range detectorWords {
		out[i] = detectorWords[i].word
	}
	return out
}

// DetectorName returns the longest of Detectors that name is, or begins with before a hyphen; name itself where there is none.
func DetectorName(name string) string {
	best := ""
	for i := range detectorWords {
		w := detectorWords[i].word
		if rest, ok := strings.CutPrefix(name, w); ok && (rest == "" || rest[0] == '-') && len(w) > len(best) {
			best = w
		}
	}
	if best == "" {
		return name
	}
	return best
}

// DetectorWords returns what people call what the detector of that name finds; the name where it is not known.
func DetectorWords(name string) event.Words { return find(detectorWords, DetectorName(name)) }
