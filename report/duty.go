// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Duty is one report that the institute may owe, with its clock.
type Duty struct {
	To    event.Words // whom
	What  event.Words // which report
	When  event.Words // the deadline in words
	By    string      // the last day, 2006-01-02 in the institute's zone; empty where no day is fixed
	Basis event.Words // the rule, how the days were counted, and what has to be checked before relying on it
}

// Days of the rules of the Personal Information Protection Commission; the day of knowing is day 1.
const (
	promptFrom, promptTo = 3, 5
	finalImproper        = 60 // where an improper purpose is possible, as in any unauthorised access
)

// duties returns the clocks of a case in which somebody may have come in; none for other verdicts. They run from the
// day on which the institute came to know; where nobody stated it, from the day of this report, and that is said.
func duties(c *cases.Case, zone *time.Location) []Duty {
	if c.Verdict != cases.Breach && c.Verdict != cases.Suspicious {
		return nil
	}
	known, from := c.KnownAt, say("把握した日", "the day of knowing")
	if known.IsZero() {
		known, from = c.Generated, say("把握した日の記載がないため、この報告案の作成日", "the day of this report, for nobody stated the day of knowing")
	}
	if known.IsZero() {
		return nil
	}
	day := func(n int) string { return known.Time().In(zone).AddDate(0, 0, n-1).Format("2006-01-02") }
	until := func(from, n int) string { // the year only where it is another
		if a, b := day(from), day(n); a[:4] != b[:4] {
			return b
		} else {
			return b[5:]
		}
	}
	count := say("%s（%s）を 1 日目と数えた。土日祝を除いていない", "%s (%s) is day 1; weekends and holidays are not left out", from, day(1))
	law := say("個人情報保護委員会「漏えい等の対応」。不正アクセスは「不正の目的をもって行われたおそれ」に当たり、人数によらない。個人データの漏えい等のおそれがある場合に限る。法改正の有無を委員会のページで確かめること",
		"Personal Information Protection Commission, duty on leaks. Unauthorised access counts as a possibly improper purpose, whatever the number of persons. Only where personal data may have leaked. Check the Commission's page for amendments")
	ppc := say("個人情報保護委員会", "Personal Information Protection Commission")
	dot := event.Words{Ja: "。", En: ". "}
	kn := say("順序と様式は所管に確認すること", "Confirm order and form with the authority")
	return []Duty{
		{ppc, say("速報", "Prompt report"), say("%s 〜 %s（3–5 日以内）", "%s to %s (within 3–5 days)", day(promptFrom), until(promptFrom, promptTo)), day(promptTo), say("%s%s%s", "%s%s%s", count, dot, law)},
		{ppc, say("確報", "Final report"), say("%s まで（60 日以内）", "by %s (within 60 days)", day(finalImproper)), day(finalImproper), say("数え方と根拠は速報と同じ。不正の目的のおそれがない場合は 30 日", "Counted as the prompt report, by the same rule; 30 days where no improper purpose is possible")},
		{say("所管省庁、国家サイバー統括室", "Supervising ministry, National Cybersecurity Office"), say("インシデント報告", "Incident report"), say("速やかに", "promptly"), "",
			say("独立行政法人・国立大学法人等の場合（政府統一基準）。%s", "For independent agencies and national universities (unified standards). %s", kn)},
		{say("都道府県警察（サイバー担当）", "Prefectural police (cyber unit)"), say("相談", "Consultation"), say("早めに", "early"), "",
			say("不正アクセス禁止法。ログの保存を求められることがある（刑訴法 197 条 3 項）", "Unauthorised Access Act. Police may ask to keep logs (Code of Criminal Procedure 197(3))")},
		{say("本人（対象者）", "Persons concerned"), say("通知", "Notice"), say("速やかに", "promptly"), "",
			say("個人データの漏えい等のおそれがある場合。難しいときは公表等で代える", "Where personal data may have leaked; by publication where notice is hard")},
		{say("JPCERT/CC、IPA", "JPCERT/CC, IPA"), say("対応依頼・届出", "Request, notice"), say("任意", "voluntary"), "",
			say("時刻帯と時計の誤差を付けたログが要る", "Needs logs with their time zone and clock error")},
	}
}
