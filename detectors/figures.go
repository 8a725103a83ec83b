// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import "github.com/sekisho/sekisho/event"

// FigureWords returns what people call a figure of a finding; its name where there are no words.
func FigureWords(name string) event.Words {
	if w, ok := figureNames[name]; ok {
		return event.Words{Ja: w[0], En: w[1]}
	}
	return event.Words{Ja: name, En: name}
}

// figureNames are the words of all figures that findings carry: Japanese, English. Nothing writes to it.
var figureNames = map[string][2]string{
	"below_a_listed_domain": {"一覧のドメインの下位のホスト", "hosts below a listed domain"}, "compared_in_part": {"条件の一部だけを照合したもの", "compared in part"},
	"hides_its_users": {"利用者を隠すサービスの一覧", "of lists of services that hide their users"}, "joined": {"まとめて示したもの", "told together"}, "listed_values": {"一致した一覧の値", "listed values"},
	"records": {"記録数", "records"}, "shared_by_everybody": {"誰もが使う値", "values that everybody uses"},
	"accepted": {"受け入れられた接続", "accepted connections"}, "accounts": {"アカウント数", "accounts"}, "accounts_before": {"以前の同じ長さの期間での最大アカウント数", "most accounts in such a stretch before"}, "accounts_now": {"当日に試行されたアカウント", "accounts tried that day"},
	"accounts_of_the_group": {"集団のアカウント数", "accounts of the group"}, "accounts_together": {"同時期に同様のアカウント", "accounts that did so together"}, "addresses": {"アドレス数", "addresses"}, "attempts": {"試行回数", "attempts"},
	"attempts_now": {"当日の試行回数", "attempts that day"}, "bytes": {"送受信量（バイト）", "bytes"}, "bytes_in": {"受信量（バイト）", "bytes received"}, "bytes_out": {"送信量（バイト）", "bytes sent"},
	"calls_to_new_places": {"新しい宛先への通信", "calls to new places"}, "commands": {"コマンド数", "commands"}, "connections": {"接続回数", "connections"}, "crashes": {"異常終了", "crashes"}, "days": {"日数", "days"},
	"days_of_use_before": {"それまでに利用のあった日数", "days of use before"},
	"days_that_count":    {"休眠とみなす日数", "days after which it counts as dormant"}, "days_with_failures_before": {"事前に失敗があった日数", "days with failures before"}, "days_without_use": {"使われていなかった日数", "days without use"},
	"distinct": {"新しい相手とポートの組", "new pairs of machine and port"}, "documents": {"文書数", "documents"}, "downs": {"停止した回数", "times it went down"}, "entries": {"返されたエントリ数", "entries returned"},
	"every_s": {"間隔（秒）", "interval in seconds"}, "expected_accounts_per_day": {"平常の一日当たりのアカウント数", "accounts a day that were expected"},
	"expected_ids_per_day": {"平常の一日当たりの ID 数", "IDs a day that were expected"}, "failures": {"失敗回数", "failures"}, "failures_from_address": {"その接続元からの失敗回数", "failures from the address"},
	"familiar": {"ふだんからその接続元を使うアカウント", "accounts at home there"}, "files": {"ファイル数", "files"}, "folders": {"フォルダ数", "folders"}, "from_number": {"欠番の始まり", "first missing number"},
	"hosts": {"ホスト数", "hosts"}, "hours": {"時間数", "hours"}, "hours_between": {"入ってから出るまでの時間", "hours between coming and going on"}, "hours_missed": {"記録があるはずの空白時間", "hours in which it should have written"}, "jitter": {"間隔の揺らぎ", "jitter"},
	"jumps": {"移動の回数", "jumps"}, "km": {"距離（km）", "distance in km"}, "km_per_hour": {"必要な速さ（km/h）", "speed needed, km/h"}, "kinds": {"種類", "kinds"}, "knocks": {"応答のみの接続", "knocks"}, "letters": {"送信したメール", "letters sent"},
	"log10_of_chance": {"偶然に起こる確率の桁（10 の何乗か）", "chance of it, as a power of ten"}, "logins": {"ログイン回数", "logins"}, "longest_s": {"最長の接続（秒）", "longest connection in seconds"}, "machines": {"機器の台数", "machines"}, "machines_using_it": {"同じ宛先を使う内部の機器", "machines inside that use it"},
	"mailboxes": {"メールボックス数", "mailboxes"}, "mailboxes_together": {"一つの接続元から読まれたメールボックス", "mailboxes read from one address together"}, "messages": {"メール数", "messages"},
	"missing": {"欠けている記録", "missing records"}, "most_a_day_before": {"これまでの一日の最大", "most on a day before"}, "most_within_the_span": {"数時間内の最大アカウント数", "most accounts within the span"}, "most_before": {"これまでの最大", "most before"},
	"most_bytes_before": {"これまでの最大（バイト）", "most bytes before"}, "names": {"名前の数", "names"}, "nats": {"根拠の強さ（対数オッズ）", "weight of evidence (log-odds)"}, "networks": {"ネットワーク数", "networks"},
	"new_far_ends": {"新しい宛先", "new far ends"}, "new_machines": {"初めて接続した機器", "machines reached for the first time"}, "orders": {"指令の回数", "orders"},
	"others_within_the_span": {"同じ時間に失敗したほかのアカウント", "others that failed within the span"}, "peak_accounts_per_day": {"一日の最大アカウント数", "most accounts on a day"}, "peak_failures_per_day": {"一日の最大失敗回数", "most failures on a day"}, "peak_ids_per_day": {"一日の最大 ID 数", "most IDs on a day"},
	"polls": {"CI サーバへの問合せ", "polls of the CI server"}, "prompts": {"認証要求の回数", "prompts"}, "records_seen": {"読めた記録", "records seen"}, "refused": {"拒否", "refused"}, "score": {"規則性", "regularity"},
	"seconds_apart": {"時計の差（秒）", "seconds between the clocks"}, "seconds_before": {"以前の差（秒）", "seconds between them before"}, "searches": {"検索回数", "searches"}, "share": {"全体に占める割合", "share of the whole"}, "size_variation": {"大きさのばらつき", "variation of sizes"}, "sources": {"記録源の数", "sources"}, "strange_administrators": {"見慣れない管理者", "administrators who are strangers"},
	"strangers": {"その接続元と無縁のアカウント", "accounts that are strangers there"}, "surprise_nats": {"空白の意外さ（nat）", "surprise of the silence (nats)"}, "through_hidden_addresses": {"利用者を隠す接続元から", "through addresses that hide their user"},
	"times": {"回数", "times"}, "to_number": {"欠番の終わり", "last missing number"}, "tries": {"試行回数", "tries"}, "unknown_ids": {"存在しない ID の種類", "IDs that do not exist"}, "unknown_share_before": {"以前の、存在しない ID の割合", "share of unknown IDs before"},
	"unknown_share_now": {"当日の、存在しない ID の割合", "share of unknown IDs that day"}, "usual_bytes_per_day": {"ふだんの一日の量（バイト）", "usual bytes a day"},
	"usual_distinct": {"ふだんの一日の最大の組数", "most pairs on a usual day"}, "usual_entries": {"ふだんのエントリ数", "usual entries"}, "waves": {"一斉試行の回数", "waves"}, "waves_hit": {"うち本アカウントを含む回数", "waves that hit it"},
	"ways": {"侵入経路の数", "ways"}, "z": {"平常からの隔たり（標準偏差）", "standard deviations from the usual"},
}
