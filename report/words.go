// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import "github.com/sekisho/sekisho/event"

// text returns the fixed words of that key. A key without words shows itself, and a test fails.
func text(key string) event.Words {
	if w, ok := texts[key]; ok {
		return event.Words{Ja: w[0], En: w[1]}
	}
	return same("?" + key)
}

// texts are the fixed words of reports and figures: Japanese, English. Nothing writes to it.
var texts = map[string][2]string{
	"onset": {"最も古い痕跡", "oldest trace"}, "last": {"直近の活動", "last activity"},
	"no-record": {"記録なし", "no records"}, "existing": {"存在する ID（パスワード誤りなど）", "existing IDs (wrong password …)"},
	"unknown-id": {"存在しない ID", "IDs that do not exist"}, "unclear-id": {"どちらとも記録されない", "not told apart by the source"},
	"existing-up": {"上：存在する ID への失敗", "above: failures of existing IDs"}, "unknown-down": {"下：存在しない ID への試行", "below: attempts at IDs that do not exist"},
	"linear": {"件／日（線形）", "a day (linear)"}, "log": {"件／日（対数）", "a day (log)"}, "id-number": {"ID（出現順）", "IDs, as they appear"},
	"mark-login": {"不正ログイン", "sign-in by the intruder"}, "mark-folder": {"メール・フォルダへのアクセス", "mail or folder access"},
	"account-number": {"番号（被害発生順）", "account no."}, "attempts-total": {"累積試行回数", "attempts so far"},
	"panel-victims": {"パスワード試行で破られたアカウント", "accounts lost by guessing"}, "panel-control": {"被害のない無作為抽出", "random sample of unharmed accounts"},
	"panel-second": {"別の原因で破られたアカウント", "accounts lost by another cause"}, "stages": {"段階", "stages"},

	"fig-timeline": {"記録と活動の全体", "What was recorded, and when"},
	"fig-timeline-how": {"一行が一つの記録源。斜線は記録がない期間で、何もなかったことを意味しません。下段の丸数字は侵入の段階です。",
		"One row is one source. Hatched time has no records: it does not mean that nothing happened. Circled numbers are the stages of the intrusion."},
	"fig-path": {"侵入経路", "The path"},
	"fig-path-how": {"左から右へ、数字は時刻の順です。破線は可能性にとどまる移動です。",
		"Left to right; numbers are in order of time. Dashed moves are only possible, not shown."},
	"fig-accounts": {"不正ログイン被害の発生タイミング", "When each account was used by the intruder"},
	"fig-accounts-how": {"一行が一つのアカウントで、上から被害の早い順です。灰色の帯は土日です。",
		"One row is one account, earliest harm on top. Grey bands are Saturdays and Sundays."},
	"fig-failures": {"一日当たりの認証失敗", "Failed authentications a day"},
	"fig-failures-how": {"存在しない ID への試行が急になくなるのは、ID の一覧が盗まれた印です。差が大きいときは、少数から始まる探索が見えるように対数目盛にします。",
		"When attempts at IDs that do not exist vanish while failures go on, the list of IDs was stolen. Where counts differ widely the scale is logarithmic, so that the small beginnings stay visible."},
	"fig-attempts": {"ID ごとの試行のタイミング", "Attempts by ID over time"},
	"fig-attempts-how": {"ID を出現順に並べ、存在する ID を上、存在しない ID を下に置きました。濃いほど多く、縦に揃った帯は全員への一斉試行です。",
		"IDs in the order in which they appear: existing ones above the line, others below. Darker is more; a vertical band is an attempt at everybody at once."},
	"fig-curves": {"ID ごとの試行の累積", "Cumulative attempts by ID"},
	"fig-curves-how": {"(b) が急に増えるときに (a) の線が平らなままなら、そのアカウントは破られて攻撃対象から外されたと推定できます。",
		"Where (b) jumps and a line in (a) stays flat, that account had been broken and was taken off the attacker's list."},

	"now": {"今すぐ", "Do now"}, "ask": {"次に尋ねる人", "Ask next"}, "missing": {"足りない記録", "Missing records"}, "duty": {"報告の期限", "Deadlines of reports"},
	"no-proposal": {"提案はありません。", "Nothing is proposed."}, "no-question": {"質問はありません。", "No question is open."}, "no-missing": {"欠けていると分かっている記録はありません。", "No record is known to be missing."},
	"to": {"報告先", "To"}, "what": {"内容", "What"}, "deadline": {"期限", "Deadline"}, "basis": {"根拠と数え方", "Basis, and how it was counted"},
	"never-safe": {"この報告は、記録に残っていないことについて何も保証しません。数値は今後の調査で変わります。", "This report vouches for nothing that was not recorded. Its numbers will change as the inquiry goes on."},

	"title": {"不正アクセス調査報告", "Breach report"}, "language": {"言語", "Language"}, "revision": {"版", "Revision"}, "as-of": {"作成", "Made"}, "window": {"調査期間", "Examined"},
	"partial": {"読込が途中で終わっています。ここにある数は増えることがあります。", "Reading was interrupted. Every number here may still grow."},
	"skip":    {"本文へ", "Skip to the answer"}, "why": {"理由", "Why"}, "answer": {"判定", "The answer"},

	"accounts": {"アカウント", "Accounts"}, "addresses": {"アドレス", "Addresses"}, "hosts": {"ホスト", "Hosts"}, "findings": {"検知と根拠", "Findings and evidence"},
	"stories": {"一連の出来事", "Stories"}, "timeline": {"時系列", "Timeline"}, "path": {"侵入経路", "Path"}, "coverage": {"記録の範囲", "Coverage"}, "questions": {"質問", "Questions"}, "containment": {"封じ込め", "Containment"},
	"classes":  {"漏えい・閲覧（分類別）", "Exposure by class"},
	"exposure": {"漏えい・閲覧", "Exposure"}, "inputs": {"入力", "Inputs"}, "method": {"方法と限界", "Method and limits"}, "revisions": {"版と決定", "Revision and decisions"}, "figures": {"図", "Figures"},
	"stories-how":  {"同じアカウント・接続元・サーバに関わる検知、または同じ攻撃に属する検知をまとめたものです。単独の検知は「検知と根拠」にあります。", "Findings about the same account, address or host, or of one campaign, told together. Those that stand alone are under “Findings and evidence”."},
	"below-budget": {"一日の上限を超えて下位に置いた検知", "Below the budget of alerts of their day"}, "hidden-findings": {"例外により非表示の検知（削除はしていない）", "Hidden by exceptions (nothing is deleted)"},
	"hidden-by": {"例外の登録者", "hidden by"}, "hidden-until": {"期限", "until"}, "part-of": {"一連の出来事", "part of"},
	"claims": {"他者の申告と記録", "What others claim"}, "claims-how": {"申告を、事案の記録で確かめた結果です。記録がないことは、それを示すはずの記録が十分にある期間についてだけ数えます。", "What others stated about the incident, held against the records. Silence of the records counts only for time of which there are records that would show it."},
	"said-by": {"申告者", "Said by"}, "claim": {"申告", "Claim"}, "claim-answer": {"記録の示すところ", "What the records show"},
	"operator": {"侵入者の特徴", "The intruder's habits"}, "contents": {"目次", "Contents"},

	"number": {"番号", "No."}, "account": {"アカウント", "Account"}, "verdict": {"判定", "Verdict"}, "certainty": {"確度", "Certainty"}, "cause": {"原因", "Cause"},
	"group": {"群", "Group"}, "first": {"最初", "First"}, "last-col": {"最後", "Last"}, "from-addresses": {"接続元", "From"}, "address": {"アドレス", "Address"}, "kind": {"種別", "Kind"},
	"country": {"国", "Country"}, "asn": {"AS", "AS"}, "affected": {"アカウント数", "Accounts"}, "attempts": {"試行", "Attempts"}, "host": {"ホスト", "Host"}, "role": {"役割", "Role"},
	"alerted": {"常時監視なら警報", "Live alert would be at"}, "evidence": {"根拠", "Evidence"},
	"file": {"ファイル", "File"}, "line": {"行", "Line"}, "offset": {"位置", "Offset"}, "length": {"長さ", "Length"}, "sha256": {"SHA-256", "SHA-256"}, "bytes": {"バイト", "Bytes"},
	"source": {"記録源", "Source"}, "question": {"答えられる問い", "Question it answers"}, "state": {"状態", "State"}, "from": {"開始", "From"}, "until": {"終了", "To"}, "expires": {"失われる時", "Deleted at"}, "holder": {"依頼先", "Ask"},
	"reason": {"理由", "Why"}, "stage": {"段階", "Stage"}, "technique": {"手口", "Technique"}, "at": {"時刻", "Time"}, "who": {"相手", "Whom"}, "ask-col": {"尋ねること", "What to ask"}, "changes": {"答えで変わること", "What the answer changes"},
	"act": {"すること", "What to do"}, "by": {"決めた人", "By"}, "class": {"種類", "Class"}, "object": {"対象", "Object"}, "level": {"程度", "Level"}, "count-confirmed": {"確認", "Confirmed"}, "count-estimated": {"推定", "Estimated"},
	"count-upper": {"上限", "At most"}, "count-none": {"判断不能", "Undeterminable"}, "format": {"形式", "Format"}, "records": {"レコード", "Records"}, "unparsed": {"解析不能", "Not understood"}, "samples": {"例", "Samples"},
	"zone": {"時刻帯", "Time zone"}, "clock-offset": {"時計の補正（秒）", "Clock offset (s)"}, "sessions": {"不正な利用", "Bad sessions"}, "terms": {"根拠の重み", "Weights"},
	"knocks":    {"時刻（秒）と送信元ポート（共用の IPv4 アドレスでは、この二つがないとプロバイダは契約者を特定できない）", "Second and source port (of a shared IPv4 address a provider cannot say whose it was without both)"},
	"indicator": {"指標", "Indicator"}, "service": {"サービス", "Service"}, "client": {"クライアント", "Client"}, "events": {"件数", "Events"}, "decided-by": {"判断", "Decided by"}, "machine": {"機械", "machine"},
	"subjects": {"関係", "Subjects"}, "collected": {"採取", "Collected"}, "decision": {"決定", "Decision"}, "retracted": {"取消し", "taken back"}, "weekdays": {"曜日", "Weekdays"}, "hours": {"時間帯", "Hours"},
	"clients": {"使われたクライアント", "Clients"}, "actor": {"同一の者か", "One actor?"}, "more-rows": {"ほか %s 件", "%s more"}, "not-listed": {"残り %s 件は case.json にあります。", "%s more stand in case.json."}, "none": {"なし", "None"},
	"no-accounts": {"該当するアカウントはありません。記録のない範囲については何も言えません。", "No account is concerned. Nothing can be said about what was not recorded."},
	"no-figures":  {"図にするデータがありません。", "There is no data to draw."}, "rest-accounts": {"痕跡を認めなかった、または判断できないアカウント", "Accounts without a trace, or undeterminable"}, "rest-addresses": {"共用・正当な利用と判断したアドレス", "Addresses judged shared or legitimate"},
	"likely": {"同一者の可能性が高い", "probably one"}, "unclear": {"不明", "unclear"}, "several": {"複数の可能性が高い", "probably several"}, "times-in": {"時刻は %s で示します。", "Times are in %s."},
	"filter": {"絞り込み", "Filter"}, "known-as-of": {"基づく記録の末尾", "Rests on records to"}, "supersedes": {"置き換えた版", "Replaces revision"}, "version": {"ソフトウェア", "Software"}, "rules": {"検知規則のハッシュ", "Hash of the rules"},
	"print-note": {"この文書は一つのファイルで完結し、外部と通信しません。", "This document is one file and talks to nobody."}, "ladder": {"確度の言葉：確認した ＞ 推定される ＞ 可能性が高い ＞ 可能性がある ＞ 否定できない。数値（指標）は較正された確率ではありません。",
		"Words of certainty, surest first: confirmed, presumed, likely, possible, cannot be excluded. Numbers called indicators are not calibrated probabilities."},
	"method-1": {"記録は読む前にハッシュを取り、各行の位置を保持しています。ここにある判定はすべて、入力ファイルのバイト列までさかのぼれます。", "Records are hashed before they are read and each keeps its place. Every verdict here leads back to bytes of the input files."},
	"method-2": {"範囲は、検知されたアドレスからアカウントへ、アカウントから別のアドレスへと、正当な利用と見られるものを除きながら広げ、新しいものが出なくなるまで繰り返して定めました。共用アドレス全体には広げていません。",
		"The scope was found by going from addresses to accounts and from accounts to further addresses, leaving out what looks like honest use, until nothing new came. It was never widened through a shared address as a whole."},
	"method-3":     {"「調査範囲では認めず」は、それを示すはずの記録がある期間についてだけ使います。記録がない期間は斜線で示し、判断不能とします。", "“No trace” is said only of time for which records exist that would have shown it. Time without records is hatched and called undeterminable."},
	"method-4":     {"機械の判定は書面の上だけのもので、誰にも何もしません。人の回答はいつでも判定を改められ、理由とともに残ります。", "The machine condemns on paper only and acts on nobody. People's answers change its verdicts at any time and are kept with their reasons."},
	"ask-to-owner": {"本人", "owner"}, "ask-to-network": {"ネットワーク担当", "network team"}, "ask-to-it": {"情報システム担当", "IT staff"},
	"duty-note": {"期限は根拠となる規則の原文を確かめたうえで使ってください。", "Check the text of the rule before relying on a deadline."}, "no-duty": {"この判定では数えません。", "Not counted for this verdict."},
	"top": {"上へ", "Top"}, "unknown": {"不明", "unknown"}, "guessed": {"組織の情報（org.yaml）がないため、ネットワークと時刻帯は推測です。", "There is no profile of the institute (org.yaml): networks and time zone are guesses."},
}
