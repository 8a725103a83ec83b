// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import "github.com/sekisho/sekisho/event"

// The vocabularies of the case. Each type's constants are the words in JSON; Words gives the words for people. A word
// that is not of the vocabulary is shown as it stands, in both languages.
type (
	// CaseVerdict is what is said of the whole case.
	CaseVerdict string
	// AccountVerdict is what is said of an account.
	AccountVerdict string
	// AddressVerdict is what is said of an address.
	AddressVerdict string
	// HostVerdict is what is said of a host.
	HostVerdict string
	// Level is how far something was exposed.
	Level string
	// Severity is how urgent a finding is.
	Severity string
	// Certainty is a rung of the fixed ladder of words that are used towards people.
	Certainty string
	// Cause is how an account came to be lost.
	Cause string
	// AddressKind is what kind of line an address is.
	AddressKind string
	// CoverageState is how well a source covers its time.
	CoverageState string
	// ExposureClass is the kind of thing that was exposed.
	ExposureClass string
	// Basis is what an exposure's count rests on.
	Basis string
	// ContainmentState is how far an act of containment has come.
	ContainmentState string
	// ContainmentKind is what an act of containment does.
	ContainmentKind string
)

// The verdicts of a case.
const (
	Breach              CaseVerdict    = "breach"
	Suspicious          CaseVerdict    = "suspicious"
	Clear               CaseVerdict    = "clear"
	CaseUndetermined    CaseVerdict    = "undetermined"
	AccountCompromised  AccountVerdict = "compromised"
	AccountSuspected    AccountVerdict = "suspected"
	AccountCleared      AccountVerdict = "cleared"
	AccountUndetermined AccountVerdict = "undetermined"
	AddressAttacker     AddressVerdict = "attacker"
	AddressSuspected    AddressVerdict = "suspected"
	AddressShared       AddressVerdict = "shared"
	AddressHonest       AddressVerdict = "honest"
	HostCompromised     HostVerdict    = "compromised"
	HostSuspected       HostVerdict    = "suspected"
	HostReached         HostVerdict    = "reached"
	HostNoTrace         HostVerdict    = "no-trace"
	HostUndetermined    HostVerdict    = "undetermined"
)

// The levels of exposure and the severities.
const (
	Leaked            Level = "leaked"
	LeakPresumed      Level = "leak-presumed"
	Viewed            Level = "viewed"
	Possible          Level = "possible"
	LevelUndetermined Level = "undetermined"

	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// The ladder of certainty, surest first.
const (
	Confirmed   Certainty = "confirmed"
	Presumed    Certainty = "presumed"
	Likely      Certainty = "likely"
	MayBe       Certainty = "possible"
	NotExcluded Certainty = "not-excluded"
)

// The other vocabularies.
const (
	Guessing      Cause = "guessing"
	DirectoryRead Cause = "directory-read"
	StolenFile    Cause = "stolen-file"
	Phishing      Cause = "phishing"
	CauseUnknown  Cause = "unknown"

	Tor         AddressKind = "tor"
	VPN         AddressKind = "vpn"
	Hosting     AddressKind = "hosting"
	University  AddressKind = "university"
	Mobile      AddressKind = "mobile"
	Residential AddressKind = "residential"
	Hotel       AddressKind = "hotel"
	Own         AddressKind = "own"
	KindUnknown AddressKind = "unknown"

	Complete        CoverageState = "complete"
	PartialCoverage CoverageState = "partial"
	Absent          CoverageState = "absent"
	Expired         CoverageState = "expired"
	Erased          CoverageState = "erased"

	ClassMail       ExposureClass = "mail"
	ClassFile       ExposureClass = "file"
	ClassDirectory  ExposureClass = "directory"
	ClassCredential ExposureClass = "credential"

	Recorded Basis = "recorded"
	Inferred Basis = "inferred"
	Reviewed Basis = "reviewed"

	Proposed ContainmentState = "proposed"
	Done     ContainmentState = "done"
	Verified ContainmentState = "verified"

	PreserveRecords ContainmentKind = "preserve-records"
	ImageHost       ContainmentKind = "image-host"
	Prepare         ContainmentKind = "prepare"
	IsolateHost     ContainmentKind = "isolate-host"
	BlockAddress    ContainmentKind = "block-address"
	DisableAccount  ContainmentKind = "disable-account"
	RemoveSettings  ContainmentKind = "remove-settings"
	ResetPassword   ContainmentKind = "reset-password"
	RevokeSessions  ContainmentKind = "revoke-sessions"
	RotateDirectory ContainmentKind = "rotate-directory"
	RotateHostKeys  ContainmentKind = "rotate-host-keys"
	RotateRead      ContainmentKind = "rotate-read-secrets"
	WatchAfterwards ContainmentKind = "watch-afterwards"
)

// entry is one word of a vocabulary with its words for people.
type entry struct{ word, ja, en string }

// Each vocabulary stands in the order in which it is shown, gravest or surest first.
var (
	caseWords = []entry{
		{"breach", "不正アクセスを確認", "Breach"},
		{"suspicious", "疑いあり", "Suspicious"},
		{"undetermined", "判断不能", "Undetermined"},
		{"clear", "調査範囲では痕跡を認めず", "No trace found in what was examined"},
	}
	accountWords = []entry{
		{"compromised", "不正ログインを確認・推定", "Compromised"},
		{"suspected", "疑い（要確認）", "Suspected (to be checked)"},
		{"undetermined", "記録がなく判断不能", "Undetermined (no records)"},
		{"cleared", "調査範囲では認めず", "No trace in what was examined"},
	}
	addressWords = []entry{
		{"attacker", "攻撃元", "Attacker"},
		{"suspected", "攻撃元の疑い", "Suspected"},
		{"shared", "共用（一部の通信のみ該当）", "Shared (only part of its traffic)"},
		{"honest", "正当な利用", "Legitimate use"},
	}
	hostWords = []entry{
		{"compromised", "侵入を確認", "Compromised"},
		{"suspected", "侵入の疑い", "Suspected"},
		{"reached", "接続の記録あり", "Reached"},
		{"undetermined", "判断不能", "Undetermined"},
		{"no-trace", "接続の記録なし", "No record of a connection"},
	}
	levelWords = []entry{
		{"leaked", "漏えいを確認", "Leak confirmed"},
		{"leak-presumed", "漏えいと推定", "Leak presumed"},
		{"viewed", "閲覧を確認", "Viewing confirmed"},
		{"possible", "閲覧された可能性がある", "May have been viewed"},
		{"undetermined", "判断不能", "Undetermined"},
	}
	severityWords = []entry{
		{"critical", "緊急", "Critical"},
		{"high", "高", "High"},
		{"medium", "中", "Medium"},
		{"low", "低", "Low"},
		{"info", "情報", "Info"},
	}
	certaintyWords = []entry{
		{"confirmed", "確認した", "confirmed"},
		{"presumed", "推定される", "presumed"},
		{"likely", "可能性が高い", "likely"},
		{"possible", "可能性がある", "possible"},
		{"not-excluded", "否定できない", "cannot be excluded"},
	}
	causeWords = []entry{
		{"guessing", "パスワード試行", "Password guessing"},
		{"directory-read", "ディレクトリの不正検索", "Directory read"},
		{"stolen-file", "窃取されたファイル", "Stolen file"},
		{"phishing", "フィッシング", "Phishing"},
		{"unknown", "不明", "Unknown"},
	}
	kindWords = []entry{
		{"tor", "Tor", "Tor"},
		{"vpn", "VPN サービス", "VPN service"},
		{"hosting", "レンタルサーバ", "Hosting"},
		{"university", "大学", "University"},
		{"mobile", "携帯回線", "Mobile"},
		{"residential", "家庭用回線", "Residential"},
		{"hotel", "ホテル", "Hotel"},
		{"own", "自組織", "Own network"},
		{"unknown", "不明", "Unknown"},
	}
	coverageWords = []entry{
		{"complete", "記録あり", "Complete"},
		{"partial", "一部のみ", "Partial"},
		{"absent", "記録なし", "Absent"},
		{"expired", "保存期限切れ", "Expired"},
		{"erased", "消去された", "Erased"},
	}
	classWords = []entry{
		{"mail", "メール", "Mail"},
		{"file", "ファイル", "Files"},
		{"directory", "ディレクトリ", "Directory"},
		{"credential", "認証情報", "Credentials"},
	}
	basisWords = []entry{
		{"recorded", "記録による", "Recorded"},
		{"inferred", "推定による", "Inferred"},
		{"reviewed", "人が確認", "Reviewed by a person"},
	}
	containmentWords = []entry{
		{"proposed", "提案", "Proposed"},
		{"done", "実施", "Done"},
		{"verified", "確認済", "Verified"},
	}
	containmentKinds = []entry{
		{"preserve-records", "記録の保全", "Preserve records"},
		{"image-host", "メモリとディスクの取得", "Image the host"},
		{"prepare", "同時実施の準備", "Prepare to act at once"},
		{"isolate-host", "ネットワークからの切り離し", "Isolate the host"},
		{"block-address", "接続元の遮断", "Block the address"},
		{"disable-account", "アカウントの停止", "Disable the account"},
		{"remove-settings", "転送設定・ルール・アプリ同意の削除", "Remove rules and consents"},
		{"reset-password", "パスワードの変更", "Reset the password"},
		{"revoke-sessions", "セッションの無効化", "Revoke sessions"},
		{"rotate-directory", "ディレクトリの全認証情報の変更", "Rotate the directory's credentials"},
		{"rotate-host-keys", "ホストにあった鍵・パスワードの変更", "Rotate the host's keys"},
		{"rotate-read-secrets", "読まれた中にある鍵・パスワードの変更", "Rotate secrets in what was read"},
		{"watch-afterwards", "実施後の監視", "Watch afterwards"},
	}
)

// Words returns the verdict for people.
func (v CaseVerdict) Words() event.Words { return find(caseWords, string(v)) }

// Words returns the verdict for people.
func (v AccountVerdict) Words() event.Words { return find(accountWords, string(v)) }

// Words returns the verdict for people.
func (v AddressVerdict) Words() event.Words { return find(addressWords, string(v)) }

// Words returns the verdict for people.
func (v HostVerdict) Words() event.Words { return find(hostWords, string(v)) }

// Words returns the level for people.
func (v Level) Words() event.Words { return find(levelWords, string(v)) }

// Words returns the severity for people.
func (v Severity) Words() event.Words { return find(severityWords, string(v)) }

// Words returns the rung for people.
func (v Certainty) Words() event.Words { return find(certaintyWords, string(v)) }

// Words returns the cause for people.
func (v Cause) Words() event.Words { return find(causeWords, string(v)) }

// Words returns the kind for people.
func (v AddressKind) Words() event.Words { return find(kindWords, string(v)) }

// Words returns the state for people.
func (v CoverageState) Words() event.Words { return find(coverageWords, string(v)) }

// Words returns the class for people.
func (v ExposureClass) Words() event.Words { return find(classWords, string(v)) }

// Words returns the basis for people.
func (v Basis) Words() event.Words { return find(basisWords, string(v)) }

// Words returns the state for people.
func (v ContainmentState) Words() event.Words { return find(containmentWords, string(v)) }

// Words returns what an act of that kind is, for people.
func (v ContainmentKind) Words() event.Words { return find(containmentKinds, string(v)) }

// Rank returns the place of the word in its vocabulary, gravest first; words that are not of it come last.
func (v AccountVerdict) Rank() int { return rank(accountWords, string(v)) }

// Rank returns the place of the word in its vocabulary, gravest first.
func (v AddressVerdict) Rank() int { return rank(addressWords, string(v)) }

// Rank returns the place of the word in its vocabulary, gravest first.
func (v HostVerdict) Rank() int { return rank(hostWords, string(v)) }

// Rank returns the place of the word in its vocabulary, gravest first.
func (v Level) Rank() int { return rank(levelWords, string(v)) }

// Rank returns the place of the word in its vocabulary, gravest first.
func (v Severity) Rank() int { return rank(severityWords, string(v)) }

// Rung returns how surely an account's harm is spoken of towards people. Where the case states no rung, a person's
// answer confirms, a machine's verdict is presumed, and a suspicion is a possibility.
func (a *Account) Rung() Certainty {
	switch {
	case a.Certainty != "":
		return a.Certainty
	case a.Verdict == AccountCompromised && a.DecidedBy != "" && a.DecidedBy != "machine":
		return Confirmed
	case a.Verdict == AccountCompromised:
		return Presumed
	case a.Verdict == AccountSuspected:
		return MayBe
	}
	return ""
}

func find(list []entry, word string) event.Words {
	for i := range list {
		if list[i].word == word {
			return event.Words{Ja: list[i].ja, En: list[i].en}
		}
	}
	return event.Words{Ja: word, En: word}
}

func rank(list []entry, word string) int {
	for i := range list {
		if list[i].word == word {
			return i
		}
	}
	return len(list)
}
