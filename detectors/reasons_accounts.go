// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// What detectors of what accounts do looked at, of the one that somebody asks about.

func (d *adminUse) tellCame(s *event.Sighting, a *administrator) {
	var days, sessions float64
	newNet, hidden := true, !s.Src.Own && s.Src.Kind.Anonymous()
	if a != nil {
		days, sessions = float64(a.days), float64(a.sessions)
		newNet = !slices.Contains(a.networks, netOf(s.Src, s.SrcIP))
	}
	d.Looked(s.Time, "サーバ・装置への管理用の接続", "a session on a server or a device",
		detect.Reach("管理者権限を使った日数", "days on which the account used an administrator's rights", days, adminDays, "adminDays"),
		detect.Holds("接続元のネットワークは、このアカウントにとって初めて", "the network is new to the account", newNet),
		detect.Holds("学習期間を過ぎている、または利用者を隠す接続元", "the first weeks of the records are over, or the address hides its user", s.Day-d.first >= adminLearn || hidden),
		detect.Reach("記録の始まりからの日数（利用者を隠す接続元なら不問）", "days since the records begin (of no account where the address hides its user)", float64(s.Day-d.first), need(adminLearn, hidden), "adminLearn"),
		detect.Reach("時間帯を判断するためのそれまでの接続", "sessions before, for the hour to mean something", sessions, 0, "adminSessions"))
}

// need is a limit that falls away where something else takes its place.
func need(limit float64, waived bool) float64 {
	if waived {
		return 0
	}
	return limit
}

func (d *adminUse) tellChanged(s *event.Sighting, a *administrator) {
	outside := s.SrcIP.IsValid() && !s.SrcIsRelay && !s.Src.Own
	hidden := outside && s.Src.Kind.Anonymous()
	d.Looked(s.Time, "設定・アカウントの変更", "a change of settings or accounts",
		detect.Holds("組織の外からの変更", "it was made from outside", outside),
		detect.Holds("接続元のネットワークは、このアカウントにとって初めて", "the network is new to the account", a == nil || !slices.Contains(a.networks, netOf(s.Src, s.SrcIP))),
		detect.Reach("記録の始まりからの日数", "days since the records begin", float64(s.Day-d.first), need(adminLearn, hidden), "adminLearn"))
}

func (d *adminUse) tellMade(s *event.Sighting, m *madeAccount) {
	hours, habit := 1e6, false
	if m != nil {
		hours, habit = math.Round((s.Time-m.at).Seconds()/36)/100, m.habit && s.Who == m.who
	}
	d.Looked(s.Time, "アカウントを管理者の組に加える", "an account that is put into a group of administrators",
		detect.Within("そのアカウントが作られてからの時間", "hours since the account was made", hours, adminRaised, "adminRaised"),
		detect.Holds("アカウントを作るのは、ふだんの担当ではない", "making accounts is not what its maker usually does", !habit))
}

func (d *adminUse) tellPlaced(s *event.Sighting, n *plantedName, odd bool) {
	d.Looked(s.Time, "サービス・タスクの登録", "a service or a task that was registered",
		detect.Holds("役割のあるサーバの上", "on a server that has a role", d.server(s)),
		detect.Holds("その名前は以前から使われていない、または実行内容が不自然", "the name was not in use before, or what it runs is out of the ordinary", odd || !n.known),
		detect.Within("その名前のものがある機械", "machines that have one of that name", need(float64(n.hosts.n), odd), adminSpread, "adminSpread"))
}

func (d *stuffing) tell(s *event.Sighting, r *stuffedRealm, real bool) {
	n := stuffed(r.tries, d.home)
	d.Looked(s.Time, "利用者を隠す接続元からの少数ずつの失敗", "failures, few for each account, from addresses that hide their user",
		detect.Holds("利用者を隠す接続元（Tor、VPN、レンタルサーバ）", "the address hides its user (Tor, VPN, a rented machine)", s.Src.Kind.Anonymous()),
		detect.Holds("その接続元から成功した人がいない", "nobody ever got in from the address", !d.home[lineOf(s)]),
		detect.Holds("実在するアカウントへの、パスワードの誤り", "a wrong password of an account that there is", real && guessReason(s.Reason) && !s.Who.Disabled),
		detect.Reach("この種の記録の始まりからの日数", "days since this kind of log begins", float64(s.Day-r.begun), stuffLearn, "stuffLearn"),
		detect.Reach("数日間に同じように試されたアカウント", "accounts that were tried so within days", float64(n), stuffNames, "stuffNames"),
		detect.Reach("これまでの最大に対して必要な数との比較", "accounts, against the most before", float64(n), stuffOver*float64(r.most), "stuffOver"))
}

func (d *groupAttack) tell(s *event.Sighting, r *groupRealm) {
	all := len(r.failed)
	if s.Who.Department == "" && len(s.Who.Groups) == 0 {
		d.Looked(s.Time, "同じ部署・グループのアカウントの失敗", "failures of accounts of one of its groups",
			detect.Reach("名簿にある、このアカウントの部署・グループ", "groups and departments of the account that the directory names", 0, 1, ""))
	}
	for g := range groupsOf(s.Who) {
		n, tries := 0, int64(0)
		for _, t := range r.failed {
			if inGroup(t.who, g) {
				n++
				tries += t.tries
			}
		}
		d.LookedAt(g, s.Time, "同じ部署・グループのアカウントの失敗", "failures of accounts of one of its groups",
			detect.Reach("この種の記録の始まりからの日数", "days since this kind of log begins", float64(s.Day-r.begun), groupLearn, "groupLearn"),
			detect.Reach("数時間に失敗した、そのグループのアカウント", "accounts of the group that failed within hours", float64(n), groupLeast, "groupLeast"),
			detect.Reach("同じ時間に失敗した全アカウントに占める割合", "their share of all accounts that failed in these hours", float64(n)/float64(max(all, 1)), groupMost, "groupMost"),
			detect.Reach("1 アカウント当たりの試行", "attempts for each of them", float64(tries)/float64(max(n, 1)), groupTries, "groupTries"),
			detect.Within("全アカウントに占めるグループの大きさ", "share of all accounts that the group has", float64(d.size[g])/float64(max(len(d.people), 1)), groupSize, "groupSize"))
	}
}

func (d *commands) tellLook(s *event.Sighting, u *commander, work, odd bool) {
	here, slow := uint32(0), uint32(0)
	if m := u.hosts[shortHost(s.DstHost)]; m != nil {
		here = m.within(s.Time, hostileSpan*60e6)
	}
	if u.slow != nil {
		slow = u.slow.within(s.Time, hostileDays*86400e6)
	}
	strange := detect.Holds("このアカウントがふだん使うコマンドでない、または起動元が不自然な場所にある", "not a command that the account uses by way of work, or started from where nothing is installed", !work || odd)
	d.Looked(s.Time, "一台で続けて調べるコマンド", "commands that look around, one after another on one machine", strange,
		detect.Reach("1 時間に使った種類", "kinds of them within the hour", float64(bits.OnesCount32(here)), hostileLook, "hostileLook"))
	d.Looked(s.Time, "日をまたいで調べるコマンド", "commands that look around, over days and machines", strange,
		detect.Reach("2 週間に使った種類", "kinds of them within two weeks", float64(bits.OnesCount32(slow)), hostileSlow, "hostileSlow"))
}

// within returns the kinds that were seen lately.
func (m *looking) within(now, span event.Micros) (kinds uint32) {
	for k, at := range m.at {
		if at != 0 && now-at <= span {
			kinds |= 1 << k
		}
	}
	return kinds
}

func (d *commands) tellDeed(s *event.Sighting, o order, k *usedKind, work, odd bool) {
	d.Looked(s.Time, "それだけで重い意味を持つコマンド", "a command that is told of by itself",
		detect.Holds("認証情報の取り出し・復旧手段の削除・防御の停止・ディレクトリの書き出し", "it takes credentials or the directory, deletes what one recovers by, or turns protection off", o.deed != deedNone),
		detect.Within("それを実行した週（これより多ければ、そのアカウントの仕事）", "weeks in which it was run; with more it is the account's work", need(float64(k.weeks), odd || o.deed == deedSecrets), hostileHabit-1, "hostileHabit"),
		detect.Holds("ふだんの仕事でない、または起動元が不自然な場所にある", "not the account's work, or started from where nothing is installed", !work || odd || o.deed == deedSecrets))
}

func (d *commands) tellNothing(s *event.Sighting) {
	d.Looked(s.Time, "コマンドの実行", "a command", detect.Holds("調査・認証情報の取り出し・復旧手段の削除・防御の停止にあたるコマンド", "it looks around, takes credentials, deletes what one recovers by, or turns protection off", false),
		detect.Reach("そうした種類の数", "kinds of those", 0, 1, ""))
}

func (d *intelDetector) tell(s *event.Sighting) {
	d.Looked(s.Time, "与えられた一覧との照合", "comparison with the lists that were given",
		detect.Reach("記録の値のうち、一覧にあるもの", "values of the record that stand in a list", float64(len(s.Listed)), 1, ""))
}

func (d *cleared) tell(s *event.Sighting, empties bool) {
	d.Looked(s.Time, "ログの管理", "a record of how logs are kept",
		detect.Holds("ログの消去、または監査の停止", "a log was emptied, or auditing was switched off", empties),
		detect.Holds("成功した", "it succeeded", s.Outcome != event.OutcomeFailure))
}

func (d *mailboxChanges) tellNote(s *event.Sighting, c *mailChange, days int32, sev event.Severity, strange, hidden bool) {
	d.Looked(s.Time, "メールボックスや、それを読むものの設定変更", "a change to a mailbox, or to what may read it",
		detect.Holds("読み続け・隠し・送り出しに使える変更", "one by which somebody reads on, hides or sends out", c.kind != mailNone),
		detect.Reach("重大度（低=1、中=2、高=3；仕事なら一つ下げ、見慣れない接続元なら一つ上げる）", "severity (low is 1, medium 2, high 3; one less for who does it by way of work, one more from a strange place)", float64(sev), float64(event.Low), ""),
		detect.Within("同種の変更をした日数（これより多ければ、そのアカウントの仕事として一段軽く見る）", "days on which the account made such a change; with more it is its work, and one step less grave", need(float64(days), c.grave || strange || hidden || sev >= event.Low), mailboxRoutine-1, "mailboxRoutine"))
}

func (d *encryptions) tell(s *event.Sighting, t *taking) {
	d.Looked(s.Time, "ファイルが新しい種類へ次々に置き換わる", "files that give way to files of a new kind",
		detect.Reach("短時間に置き換わったファイル", "files that did within the span", float64(t.files), encryptFiles, "encryptFiles"),
		detect.Reach("そのフォルダ", "folders in which they lay", float64(t.folders.n), encryptFolders, "encryptFolders"))
}

func (d *seekers) tellLooked(s *event.Sighting, file bool) {
	word := secretWord(s.Object, file)
	ago, since := 1e6, detect.Condition{}
	if p, ok := d.strange[strangeKey{s.Who.Handle, network(s.SrcIP)}]; ok {
		ago = float64(s.Day - p.day)
	}
	if s.Src.Kind.Anonymous() {
		ago = 0
	}
	since = detect.Within("本人にとって初めての接続元になってからの日数（利用者を隠す接続元なら 0）", "days since the network was new to the account (0 where the address hides its user)", ago, seekKnown, "seekKnown")
	d.Looked(s.Time, "検索語・ファイル名", "what was searched for, or a file that was opened",
		detect.Holds("パスワードを思わせる語", "a word of passwords is in it", word != ""),
		detect.Holds("組織の外からの利用", "it was done from outside", s.SrcIP.IsValid() && !s.SrcIsRelay && !s.Src.Own), since)
}

func (d *restricted) tell(s *event.Sighting, allowed bool) {
	d.LookedAt(machineName(s.Dst, s.DstIP), s.Time, "制限区域への接続", "a connection into a restricted network",
		detect.Holds("許可一覧にない接続元、または自身が侵入された機械", "from a machine that may not enter, or that was entered itself", !allowed),
		detect.Holds("受け入れられ、中身のある通信だった", "it was accepted, and more than a knock", s.Activity != event.ActRefuse && s.Outcome != event.OutcomeFailure && !knock(s)),
		detect.Holds("遠隔操作・管理用の経路（ほかは低い重大度）", "by a path for remote control (others are less grave)", pathOf(s) == wayAdmin),
		detect.Reach("記録の始まりからの日数（それより前からの経路は定常とみなす）", "days since the records begin; ways that are as old may be standing ones", float64(s.Day-d.first), restrictedLearn, "restrictedLearn"))
}

func (d *restricted) tellOutside(s *event.Sighting) {
	d.Looked(s.Time, "接続先", "where the account went", detect.Reach("制限区域への接続", "connections into a restricted network", 0, 1, ""))
}

func (d *tunnels) tellRun(s *event.Sighting, product string, m *tunnelUser, sev event.Severity) {
	known := m != nil && slices.Contains(m.known, product)
	d.LookedAt(strings.ToLower(shortHost(s.DstHost)), s.Time, "トンネルやサンドボックスのプログラム", "a program for tunnels, or a sandbox",
		detect.Holds("そうしたプログラムの起動・登録・名前の問い合わせ", "one was started, registered, or asked for by name", product != ""),
		detect.Holds("その機械で記録の始まりから使われていない、または動かし方が不自然", "the machine did not use it when the records began, or the way it runs is out of the ordinary", !known || sev > event.Low),
		detect.Reach("記録の始まりからの日数（動かし方が不自然なら不問）", "days since the records begin (of no account where the way it runs is out of the ordinary)", float64(s.Day-d.first), need(tunnelLearn, sev > event.Low), "tunnelLearn"))
}

func (d *ciControl) tellOrder(s *event.Sighting, c *ciServer, rank int, newNet, newClient, strange bool) {
	d.LookedAt(machineName(s.Dst, s.Dst.IP), s.Time, "CI サーバへの指令", "an order to a CI server",
		detect.Holds("ジョブの実行・設定の変更・任意の命令", "it starts a job, changes settings or runs a script", rank != orderNone),
		detect.Holds("そのネットワークから同等の指令が来たことがない", "no such order came from that network before", newNet),
		detect.Reach("CI サーバの記録の始まりからの日数（利用者を隠す接続元なら不問）", "days since the server's records begin (of no account where the address hides its user)", float64(s.Day-c.first), need(ciLearn, s.Src.Kind.Anonymous() && !s.Src.Own), "ciLearn"),
		detect.Holds("クライアントも初めて、または利用者を隠す接続元、または内部からの任意の命令", "the client is new too, or the address hides its user, or it is a script from inside", strange || newNet && newClient))
}
