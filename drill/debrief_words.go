// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// phrase is a text in both languages.
type phrase struct{ Ja, En string }

func (p phrase) in(lang string) string {
	if lang == "ja" {
		return p.Ja
	}
	return p.En
}

// both makes a sentence in both languages of the same values; phrases among them are put in the sentence's language.
func both(ja, en string, values ...any) phrase {
	if len(values) == 0 {
		return phrase{ja, en}
	}
	j, e := make([]any, len(values)), make([]any, len(values))
	for i, v := range values {
		j[i], e[i] = v, v
		if p, ok := v.(phrase); ok {
			j[i], e[i] = p.Ja, p.En
		}
	}
	return phrase{fmt.Sprintf(ja, j...), fmt.Sprintf(en, e...)}
}

func sameWords(s string) phrase { return phrase{s, s} }

// sayMinutes writes a span of real time.
func sayMinutes(minutes float64) phrase {
	m := math.Abs(minutes)
	switch {
	case m < 1:
		n := strconv.FormatFloat(math.Round(m*60), 'f', 0, 64)
		return phrase{n + " 秒", n + " s"}
	case m < 120:
		n := strconv.FormatFloat(rounded(m), 'f', -1, 64)
		return phrase{n + " 分", n + " min"}
	}
	return sayHours(m / 60)
}

// sayHours writes a span of the story.
func sayHours(hours float64) phrase {
	h := math.Abs(hours)
	switch {
	case h < 1:
		n := strconv.FormatFloat(rounded(h*60), 'f', -1, 64)
		return phrase{n + " 分", n + " min"}
	case h < 48:
		n := strconv.FormatFloat(rounded(h), 'f', -1, 64)
		return phrase{n + " 時間", n + " h"}
	}
	n := strconv.FormatFloat(rounded(h/24), 'f', -1, 64)
	return phrase{n + " 日", n + " days"}
}

// sayAfter writes how long after something the team noticed it; before, if it is below nought.
func sayAfter(minutes float64) phrase {
	span := sayMinutes(minutes)
	if minutes < 0 {
		return phrase{span.Ja + "前", span.En + " before"}
	}
	return phrase{span.Ja + "後", "after " + span.En}
}

// counted writes a number of things.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}

// clockText writes a real time: with its date where the exercise took more than one day.
func (d *Debrief) clockText(t time.Time) string {
	t = t.In(d.Began.Location())
	if d.Ended.Sub(d.Began) > 20*time.Hour {
		return t.Format("01-02 15:04")
	}
	if d.Ended.Sub(d.Began) < 30*time.Minute {
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

func storyText(t time.Time) string { return t.In(inJapan()).Format("01-02 15:04") }

// verdictWords are the words of a case's verdict.
func verdictWords(v string) phrase {
	switch v {
	case "breach":
		return phrase{"不正アクセスあり", "breach"}
	case "suspicious":
		return phrase{"疑いあり", "suspicious"}
	case "clear":
		return phrase{"痕跡なし", "clear"}
	case "undetermined":
		return phrase{"判断不能", "undetermined"}
	case "":
		return phrase{"回答なし", "no answer"}
	}
	return sameWords(v)
}

// VerdictIn returns the words of a case's verdict in a language.
func VerdictIn(verdict, lang string) string { return verdictWords(verdict).in(lang) }

// WrongIn returns what a tally says was wrongly accused, its reason in a language.
func WrongIn(wrong, lang string) string {
	name, why, ok := strings.Cut(strings.TrimSuffix(wrong, ")"), " (")
	switch {
	case !ok:
		return wrong
	case lang == "ja":
		return name + "（" + excuseWords(why).Ja + "）"
	}
	return name + " (" + why + ")"
}

// speedWords say how fast the story was played.
func speedWords(speed float64) phrase {
	if speed == 0 {
		return phrase{"受信側が受け取れる速さ", "as fast as it went"}
	}
	return both("%g 倍速", "speed %g", speed)
}

// nearestWords say which name may have been meant; nothing, if none is near.
func nearestWords(name string) phrase {
	if name == "" {
		return phrase{}
	}
	return both("（近い名前：%s）", "(the nearest is %s)", name)
}

// whatWords are the words for what an entry is about.
func whatWords(what string) phrase {
	switch what {
	case whatAccount:
		return phrase{"アカウント", "account"}
	case whatAddress:
		return phrase{"アドレス", "address"}
	case whatHost:
		return phrase{"サーバ・端末", "host"}
	case whatAct:
		return phrase{"行為", "act"}
	case whatDecision:
		return phrase{"決定", "decision"}
	}
	return phrase{"判定", "verdict"}
}

func isWords(is string) phrase {
	switch is {
	case "bad":
		return phrase{"不正", "bad"}
	case "clear":
		return phrase{"問題なし", "clear"}
	case "unsure":
		return phrase{"保留", "unsure"}
	}
	return phrase{}
}

// excuseWords says why something honest looked bad.
func excuseWords(why string) phrase {
	ja := map[string]string{"uses Tor from home": "自宅から Tor を使っている人", "uses a commercial VPN from home": "自宅から商用 VPN を使っている人", "was at a conference in Hong Kong": "香港の学会に出張中",
		"was abroad": "海外出張中", "got another login ID": "改名でログイン ID が変わった", "works a day a week behind a partner university's proxy": "週 1 日、連携大学のプロキシの内側で勤務", "has retired; a mail program still knocks": "退職者。メールソフトが接続を続けている",
		"works for a supplier abroad": "海外の委託先で働く人", "joined, and took a whole project to read": "着任時にプロジェクト一式を読むため取得", "wrote to the 2,000 participants of a symposium": "シンポジウムの参加者 2,000 人にメールを送信",
		"has programs that send a letter each at night, hundreds of them": "夜間に数百通のメールを 1 通ずつ送るプログラムを使用", "has a phone with an old password": "スマートフォンに古いパスワードが残っている",
		"reached only": "接続されただけ", "not played": "再生した範囲では被害なし", "shared: mobile": "共用：携帯回線", "shared: own": "共用：自機関", "shared: university": "共用：大学", "shared: hotel": "共用：ホテル",
		"shared: unknown": "共用：他社のオフィス", "shared: vpn": "共用：VPN サービス", "shared: tor": "共用：Tor", "shared: hosting": "共用：ホスティング", "shared: residential": "共用：家庭の回線"}[why]
	if ja == "" {
		ja = why
	}
	return phrase{ja, why}
}

// techniqueWords names an ATT&CK technique; a technique without a name here is shown by its number alone.
func techniqueWords(id string) phrase {
	names := map[string]phrase{
		"T1003":     {"認証情報の窃取", "OS credential dumping"},
		"T1021":     {"内部の別の機器へ移動", "remote services"},
		"T1021.001": {"リモートデスクトップで移動", "remote desktop"},
		"T1021.002": {"共有フォルダ経由で移動", "SMB shares"},
		"T1021.004": {"SSH で移動", "SSH"},
		"T1030":     {"小分けの持ち出し", "transfer in small pieces"},
		"T1039":     {"共有フォルダからの収集", "data from network shares"},
		"T1046":     {"内部の探査", "network service discovery"},
		"T1048":     {"別経路での持ち出し", "exfiltration over another channel"},
		"T1053":     {"タスクの登録", "scheduled task"},
		"T1056":     {"入力情報の窃取", "input capture"},
		"T1059":     {"コマンドの実行", "command and script"},
		"T1070":     {"痕跡の消去", "removal of traces"},
		"T1070.001": {"イベントログの消去", "event log cleared"},
		"T1071":     {"指令サーバとの通信", "command and control"},
		"T1072":     {"配備ツールによる遠隔操作", "software deployment tools"},
		"T1078":     {"正規アカウントの悪用", "valid accounts"},
		"T1087":     {"アカウント一覧の取得", "account discovery"},
		"T1090":     {"中継", "proxy"},
		"T1095":     {"独自の通信", "non-application protocol"},
		"T1098":     {"アカウントの改変", "account manipulation"},
		"T1105":     {"道具の持ち込み", "tools brought in"},
		"T1110":     {"パスワード推測", "password guessing"},
		"T1110.003": {"多数アカウントへのパスワード推測", "password spraying"},
		"T1110.004": {"漏えいパスワードの流用", "credential stuffing"},
		"T1114":     {"メールの収集", "mail collection"},
		"T1133":     {"外部接続口からの侵入", "external remote services"},
		"T1135":     {"共有フォルダの探索", "network share discovery"},
		"T1136":     {"アカウントの作成", "account created"},
		"T1190":     {"公開機器の脆弱性の悪用", "flaw of a public system"},
		"T1204":     {"利用者による実行", "execution by the user"},
		"T1213":     {"共有システムからの収集", "data from repositories"},
		"T1219":     {"遠隔操作ツール", "remote access tool"},
		"T1486":     {"暗号化", "data encrypted"},
		"T1490":     {"復旧の妨害", "recovery inhibited"},
		"T1496":     {"資源の悪用", "resource hijacking"},
		"T1552":     {"保存された認証情報の取得", "unsecured credentials"},
		"T1555":     {"パスワード保管庫からの窃取", "credentials from stores"},
		"T1556":     {"認証の改変", "authentication modified"},
		"T1562":     {"防御の無効化", "defences impaired"},
		"T1564":     {"隠蔽", "artefacts hidden"},
		"T1566":     {"標的型メール", "phishing"},
		"T1589":     {"ID の探索", "identity information gathered"},
		"T1595":     {"外部からの走査", "active scanning"},
		"T1598":     {"情報収集の詐欺メール", "phishing for information"},
	}
	if p, ok := names[id]; ok {
		return p
	}
	broad, _, _ := strings.Cut(id, ".")
	return names[broad]
}
