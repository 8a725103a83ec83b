// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"math"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// What follows tells, of the one account that somebody asks about, what its detector looked at where it decided: the same figures, beside
// the same constants. Nothing here is called where nobody asks.

func (d *afterGuessing) tell(s *event.Sighting, m meeting, g *guesser, h *hood, t *guessTarget) {
	var accounts, failures, successes, tried, since float64
	since = 1e6
	if g != nil {
		accounts, failures, successes, since = float64(len(g.accounts)), float64(g.failures), float64(g.successes), float64(s.Day-g.last)
		if g.accounts.has(s.Who.Handle) {
			tried = 1
		}
	}
	fresh := detect.Holds("接続元のネットワークは、このアカウントにとって初めて", "the network is new to the account", m.network)
	ratio := detect.Reach("成功 1 回当たりの、その接続元からの失敗", "failures from the address for each success", failures/(successes+1), guesserRatio, "guesserRatio")
	d.Looked(s.Time, "多数のアカウントを試した接続元からのログイン", "a login from an address that guessed at many accounts",
		detect.Reach("その接続元が試したアカウント", "accounts that the address tried", accounts, guesserAccounts, "guesserAccounts"),
		detect.Within("最後の試行からの日数", "days since it last tried", since, guesserDays, "guesserDays"), ratio, fresh)
	d.Looked(s.Time, "このアカウントを繰り返し試した接続元からのログイン", "a login from an address that hammered at the account",
		detect.Reach("その接続元からの失敗", "failures from the address", failures, hammerFails, "hammerFails"),
		detect.Holds("そのうちにこのアカウントへの失敗がある", "some of them on this account", tried == 1),
		detect.Within("最後の試行からの日数", "days since it last tried", since, 1, ""), ratio, fresh)
	if h != nil {
		d.Looked(s.Time, "回線を変えながら多数のアカウントを試した一帯からのログイン", "a login from a neighbourhood whose lines guessed at accounts in turn",
			detect.Reach("そのうちで失敗した回線", "lines of it that failed", float64(h.lines.n), guesserTurns, "guesserTurns"),
			detect.Reach("それらが試したアカウント", "accounts that they tried", float64(len(h.accounts)), guesserAccounts, "guesserAccounts"),
			detect.Within("最後の試行からの日数", "days since they last tried", float64(s.Day-h.last), guesserDays, "guesserDays"),
			detect.Reach("成功 1 回当たりの失敗", "failures for each success", float64(h.failures)/float64(h.successes+1), guesserRatio, "guesserRatio"), fresh)
	}
	var fails, ago float64 = 0, 1e6
	if t != nil {
		fails, ago = float64(t.fails), float64(s.Day-t.last)
	}
	d.Looked(s.Time, "推測を受けているアカウントへの、別の見慣れない接続元からのログイン", "a login to an account under guessing, from another strange address",
		detect.Reach("このアカウントへの最近の失敗", "recent failures on the account", fails, targetFails, "targetFails"),
		detect.Within("最後の失敗からの日数", "days since the last of them", ago, targetDays, "targetDays"),
		detect.Reach("これまでにログインのあった日数", "days with logins before", float64(m.days), deepDays, "deepDays"), fresh,
		detect.Holds("クライアントは、このアカウントにとって初めて", "the client is new to the account", m.client),
		detect.Holds("利用者を隠す初めての種類の接続元、または初めての国", "the address hides its user in a way new to the account, or lies in a country new to it", s.Src.Kind.Anonymous() && m.kind || m.country))
}

func (d *dormancy) tell(s *event.Sighting, a *dormantUse, slept, need int32) {
	name := "dormantDays"
	switch {
	case s.Who.Disabled:
		name = "dormantDisabled"
	case a.last < 0:
		name = "dormantUnseen"
	}
	if a.last < 0 {
		d.Looked(s.Time, "記録に現れたことのないアカウントのログイン", "a login of an account that was never seen",
			detect.Reach("記録の始まりからの日数", "days since the records begin", float64(slept), float64(need), name))
		return
	}
	d.Looked(s.Time, "しばらく使われていなかったアカウントのログイン", "a login of an account that was not used for long",
		detect.Reach("前回の利用からの日数", "days since it was last used", float64(slept), float64(need), name))
}

func (d *fatigue) tell(s *event.Sighting, t *tired, own bool) {
	all, strange := 0, 0
	for _, q := range t.recent {
		all++
		if !q.own {
			strange++
		}
	}
	if own {
		d.Looked(s.Time, "ふだんの接続元からの、二要素認証の連続要求", "prompts in a row, from the account's own networks",
			detect.Reach("短時間の認証要求", "prompts within the window", float64(all), fatiguePrompts, "fatiguePrompts"))
		return
	}
	d.Looked(s.Time, "見慣れない接続元からの、二要素認証の連続要求", "prompts in a row, from networks that are not the account's own",
		detect.Reach("短時間の認証要求", "prompts within the window", float64(strange), fatiguePrompts, "fatiguePrompts"))
}

func (d *travel) tell(s *event.Sighting, before, now stop) {
	far, _ := apart(before.country, now.country)
	hours := math.Max((now.at-before.at).Seconds()/3600, 1.0/60)
	d.Looked(s.Time, "続く二つのログインの間の移動", "the way between two logins in a row",
		detect.Reach("国どうしの最短距離（km）", "km between the nearest parts of the two countries", math.Round(far), travelFar, "travelFar"),
		detect.Reach("必要な速さ（km/h）", "km/h that it needs", math.Round(math.Min(far/hours, 1e6)), travelSpeed, "travelSpeed"),
		detect.Holds("少なくとも一方は、ふだんのネットワークでない", "one of the two networks at least is not the account's own", !now.known || !before.known),
		detect.Holds("ふだん使う中継サービスでない", "neither is a service that hides its user and that the account is used to", !(now.hidden && now.known) && !(before.hidden && before.known)))
}

func (d *mailBulk) tell(s *event.Sighting, b *mailbox, t *mailSession) {
	var folders, items int32
	for i := range min(b.npast, len(b.past)) {
		folders, items = max(folders, b.past[i].folders), max(items, b.past[i].items)
	}
	strange := detect.Holds("このメールボックスで最近まで使われたことのないネットワーク", "a network that was not used at the mailbox until lately", t.strange)
	learnt := detect.Reach("閲覧のあった日数", "days with reading before", float64(b.npast), bulkLearn, "bulkLearn")
	d.Looked(s.Time, "フォルダ全体の取得", "whole folders fetched in one session", strange, learnt,
		detect.Reach("取得したフォルダ", "folders fetched", float64(t.folders), bulkFolders, "bulkFolders"),
		detect.Reach("これまでの最大に対して必要なフォルダ数との比較", "folders fetched, against the mailbox's own past", float64(t.folders), bulkOverOwn*float64(folders), "bulkOverOwn"))
	d.Looked(s.Time, "多数のメールの閲覧", "many messages opened in one session", strange, learnt,
		detect.Reach("開かれたメール", "messages opened", float64(t.items), bulkItems, "bulkItems"),
		detect.Reach("これまでの最大に対して必要なメール数との比較", "messages opened, against the mailbox's own past", float64(t.items), bulkOverOwn*float64(items), "bulkOverOwn"))
}

func (d *excess) tell(s *event.Sighting, r *docReader, all fresh, strange bool) {
	d.Looked(s.Time, "見慣れない接続元からの、初めて読む文書の取得", "documents never read before, taken from a strange place",
		detect.Holds("このサービスで、このアカウントにとって新しいネットワーク", "a network new to the account at this service", strange),
		detect.Reach("初めて読む文書", "documents never read before", float64(all.documents), excessLeast, "excessLeast"),
		detect.Holds("その過半が、新しいネットワークから", "more than half of them from new networks", 2*all.strange > all.documents),
		detect.Reach("最初の利用からの日数", "days since the account first read here", float64(s.Day-r.begun), excessLearn, "excessLearn"),
		detect.Reach("利用のあった日数", "days on which it read", float64(r.active), excessActive, "excessActive"),
		detect.Reach("これまでの最大に対して必要な文書数との比較", "documents, against the most that it ever took anew", float64(all.documents), excessOverOwn*float64(r.most), "excessOverOwn"))
}

func (d *spam) tell(s *event.Sighting, b *outbox) {
	if b.npast < spamYoung {
		d.Looked(s.Time, "一日の大量送信（過去の記録が短いアカウント）", "letters on a day, of an account whose past is short",
			detect.Reach("その日のメール", "letters that day", float64(b.today), spamAlone, "spamAlone"))
		return
	}
	d.Looked(s.Time, "一日の大量送信", "letters on a day",
		detect.Reach("その日のメール", "letters that day", float64(b.today), spamLeast, "spamLeast"),
		detect.Reach("これまでの一日の最大に対して必要な数との比較", "letters that day, against the account's busiest day", float64(b.today), spamOverOwn*float64(max(b.most(), 1)), "spamOverOwn"))
}

func (d *manyAccountsDetector) tell(s *event.Sighting, m meeting, p *meetingPlace) {
	_, already := p.strangers[s.Who.Handle]
	d.Looked(s.Time, "多くのアカウントが初めて現れた接続元からのログイン", "a login from an address at which many accounts are strangers",
		detect.Holds("接続元のネットワークは、このアカウントにとって初めて", "the network is new to the account", m.network || already),
		detect.Holds("クライアントは、このアカウントにとって初めて", "the client is new to the account", m.client && s.Client != "" || already),
		detect.Reach("これまでにログインのあった日数", "days with logins before", float64(m.days), deepDays, "deepDays"),
		detect.Reach("同じ頃にその接続元で初めて現れたアカウント", "accounts that were strangers there at that time", float64(p.recent(s.Day)), manyAccounts, "manyAccounts"),
		detect.Within("その接続元をふだんから使うアカウント", "accounts that are at home there", float64(len(p.familiar)), float64(manyFamiliar*len(p.strangers)), "manyFamiliar"))
}

func (d *hiddenLogins) tell(s *event.Sighting, a *hiddenHabit, nats float64) {
	d.Looked(s.Time, "利用者を隠す接続元からのログイン", "a login from where users are hidden",
		detect.Reach("本人以外であることの根拠（対数オッズ）", "what speaks for somebody else, in log-odds", math.Round(nats*100)/100, 0, "hiddenPrior"))
}

// WhyNot implements detect.Reasoner: the evidence against an account grows with each wave that leaves it out, so that only the end counts.
func (d *dropOut) WhyNot() []detect.Way {
	for _, name := range sortedRealms(d.realms) {
		r := d.realms[name]
		list := make([]*target, 0, 1)
		for _, t := range r.list {
			if d.Asked(t.who) {
				list = append(list, t)
			}
		}
		slices.SortFunc(list, func(a, b *target) int { return int(a.who.Handle) - int(b.who.Handle) })
		for _, t := range list {
			d.Looked(t.gone, "一斉試行の対象から外れたか（"+string(name)+"）", "left out by waves of guessing ("+string(name)+")",
				detect.Reach("一斉試行の回数", "waves of guessing", float64(r.waves), dropWaves, "dropWaves"),
				detect.Reach("そのうちこのアカウントを含んだもの", "waves that hit the account", float64(t.count), 1, ""),
				detect.Reach("このアカウントへの試行", "attempts on the account", float64(t.tries), dropTries, "dropTries"),
				detect.Reach("試行されなくなったことの根拠（nat）", "evidence that it is no longer tried, in nats", math.Round(t.nats*1000)/1000, math.Round(dropMark()*1000)/1000, "dropPost"),
				detect.Holds("ロックや無効化では説明できない", "neither locked nor disabled, which would explain the silence", !t.excused))
		}
	}
	return d.Trace.WhyNot()
}

func (d *dirReads) tell(s *event.Sighting, r *reader, size float64) {
	mass := detect.Reach("一日に読み出したエントリ（名簿の大きさに対して）", "entries read in a day, against the directory's size", float64(r.today), math.Ceil(max(readShare*size, readLeast)), "readShare")
	if size == 0 {
		mass = detect.Reach("一日に読み出したエントリ", "entries read in a day", float64(r.today), readUnsized, "readUnsized")
	}
	_, habit, atHour, most := r.custom(s)
	d.Looked(s.Time, "ディレクトリの大量読み出し", "a mass read of the directory", mass,
		detect.Holds("いつもの時刻・量の読み出しではない", "not what this account and client always read at this hour", !habit || !atHour || float64(r.today) > readGrowth*float64(most)))
}
