// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// jst is fixed, so that tests need no zone database.
var jst = time.FixedZone("Asia/Tokyo", 9*3600)

func day(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, jst)
	if err != nil {
		t, err = time.ParseInLocation("2006-01-02", s, jst)
	}
	if err != nil {
		panic(err)
	}
	return t
}

func when(s string) cases.Time { return cases.At(day(s)) }

// sampleData is a made-up breach of a laboratory that does not exist, in the manner of the AIST incident: 28 accounts in
// two groups, some 60 addresses, four months.
func sampleData() *Data {
	r := rand.New(rand.NewPCG(7, 7))
	c := &cases.Case{
		Generated: when("2025-10-03 23:40"), Revision: 1, KnownAsOf: when("2025-10-03 22:58"), KnownAt: when("2025-10-03 18:10"),
		Tool:      cases.Tool{Version: "0.1.0", RulesSHA256: "9f2c7d1e5b8a4630c1d2e3f4a5b6978812345678abcdef0112233445566778899"},
		Window:    cases.Span{From: when("2025-06-01"), To: when("2025-10-03 22:58")},
		Institute: cases.Institute{Name: "白山研究所 Hakusan Laboratory", Timezone: "Asia/Tokyo"}, Verdict: cases.Breach,
		Onset: cases.Onset{At: when("2025-08-18 17:02"), Certain: true, Why: event.Words{Ja: "LDAP ログは 2025-06-01 からあり、ID 探索はその日に始まっている",
			En: "the LDAP log goes back to 2025-06-01, and ID probing had begun by then"}},
		LastActivity: when("2025-10-03 22:20"),
		Totals: cases.Totals{Accounts: cases.AccountTotals{Known: 412, Compromised: 28, Suspected: 5, Cleared: 341, Undetermined: 38}, Addresses: 9311, Events: 2214811,
			Records: 2291004, Unparsed: 212, Bytes: 611_000_000},
		Reasons: []cases.Reason{
			{Words: event.Words{Ja: "試行を受けていた 20 アカウントが、試行の対象から外れた直後に、それまで使ったことのない Tor などから利用された。", En: "Twenty accounts that had been guessed at were used from Tor and other new places right after they dropped out of the attacker's list."}, Findings: []string{"F-drop", "F-unus"}},
			{Words: event.Words{Ja: "ディレクトリの全件読み出しの翌日から、別の 8 アカウントが同じ者に使われた。", En: "From the day after the directory had been read in full, eight more accounts were used by the same party."}, Findings: []string{"F-read"}},
			{Words: event.Words{Ja: "管理用ネットワークの mon1 に、委託業者のサーバから遠隔操作の記録があり、その後イベントログが消去された。", En: "mon1 in the management network was entered by remote desktop from the contractor's server; its event log was cleared afterwards."}, Findings: []string{"F-late", "F-wipe"}},
		},
		Operator: cases.Operator{Hours: &cases.Hours{From: "16:30", To: "02:00", Timezone: "Asia/Tokyo"}, Weekdays: []string{"Mon", "Tue", "Wed", "Thu", "Fri"},
			Clients: []string{"Mozilla/5.0 (Windows NT 10.0; rv:109.0) Gecko/20100101 Firefox/115.0"}, SingleActor: "likely"},
	}
	sampleAddresses(c, r)
	sampleAccounts(c, r)
	sampleFindings(c)
	sampleRest(c)
	c.Sort()
	d := &Data{Case: c, Zone: jst}
	sampleSeries(d, r)
	return d
}

func sampleAddresses(c *cases.Case, r *rand.Rand) {
	kind := []cases.AddressKind{cases.Tor, cases.Tor, cases.Tor, cases.Hosting, cases.VPN}
	countries := []string{"DE", "NL", "US", "SG", "FR", "CH", "HK", "SE", "LV"}
	for i := range 56 {
		ip := netip.AddrFrom4([4]byte{203, 0, 113, byte(i + 3)})
		if i%3 == 1 {
			ip = netip.AddrFrom4([4]byte{198, 51, 100, byte(i + 3)})
		}
		c.Addresses = append(c.Addresses, cases.Address{IP: ip, Verdict: cases.AddressAttacker, Kind: kind[i%len(kind)], Country: countries[i%len(countries)], ASN: uint32(64500 + i%17),
			Confidence: 0.99, First: cases.At(day("2025-06-03").Add(time.Duration(r.IntN(90*24)) * time.Hour)), Last: cases.At(day("2025-09-10").Add(time.Duration(r.IntN(23*24)) * time.Hour)),
			Accounts: r.IntN(20), Attempts: int64(r.IntN(24000))})
	}
	c.Addresses = append(c.Addresses,
		cases.Address{IP: netip.MustParseAddr("192.0.2.44"), Verdict: cases.AddressShared, Kind: cases.University, Country: "JP", ASN: 64600, Confidence: 0.97, First: when("2025-09-24 17:12"), Last: when("2025-10-02 22:03"), Accounts: 4,
			Why: event.Words{Ja: "共同研究先の大学の代理サーバ。6 月から職員 11 名が正当に利用している", En: "proxy of a partner university, used legitimately by 11 members since June"}},
		cases.Address{IP: netip.MustParseAddr("192.0.2.81"), Verdict: cases.AddressShared, Kind: cases.Hotel, Country: "HK", ASN: 64601, Confidence: 0.9, First: when("2025-09-26 18:42"), Last: when("2025-09-26 21:10"), Accounts: 1,
			Why: event.Words{Ja: "学会の宿泊先。別の職員が本人と確認済み", En: "conference hotel; another member's use is confirmed"}},
		cases.Address{IP: netip.MustParseAddr("192.0.2.90"), Verdict: cases.AddressSuspected, Kind: cases.Hosting, Country: "SG", ASN: 64602, Confidence: 0.7, First: when("2025-09-01 16:40"), Last: when("2025-09-01 16:44")},
		cases.Address{IP: netip.MustParseAddr("2001:db8::17"), Verdict: cases.AddressHonest, Kind: cases.Residential, Country: "JP", ASN: 64603, First: when("2025-06-02 20:00"), Last: when("2025-10-01 23:00"), Accounts: 1})
}

func sampleAccounts(c *cases.Case, r *rand.Rand) {
	names := []string{"taro.sato", "hanako.suzuki", "kenji.takahashi", "yumi.tanaka", "makoto.ito", "ayaka.watanabe", "shota.yamamoto", "mei.nakamura", "ren.kobayashi", "sakura.kato"}
	departments := []string{"情報基盤部", "材料研究部門", "計測標準研究部門", "人事部", "企画本部", "X 研究センター"}
	start := []string{"2025-08-18 17:02", "2025-08-21 18:30", "2025-08-22 19:10", "2025-08-25 16:45", "2025-09-01 17:20", "2025-09-24 17:12"}
	for i := range 33 {
		n := names[i%len(names)]
		if i >= len(names) {
			n = fmt.Sprintf("%s%d", n, i/len(names)+1)
		}
		a := cases.Account{ID: event.Identity("A-", "staff", n), Name: n + "@hakusan-lab.example", Aliases: []string{fmt.Sprintf("%s%02d", n[:3], i*7%97)}, Verdict: cases.AccountCompromised, DecidedBy: "machine",
			Confidence: 0.99 - float64(i)*0.001, Group: 1, Cause: cases.Guessing, Department: departments[i%len(departments)], Certainty: cases.Confirmed, Stage: 1 + i/6}
		from := day(start[min(i/4, 4)]).Add(time.Duration(i*37) * time.Minute)
		switch {
		case i >= 28:
			a.Verdict, a.Certainty, a.Cause, a.Group, a.Confidence = cases.AccountSuspected, cases.MayBe, cases.CauseUnknown, 0, 0.6
			a.Why = event.Words{Ja: "初めてのレンタルサーバから 1 回だけ利用。本人に確認が必要", En: "used once from a hosting company new to it; ask the owner"}
		case i >= 20:
			a.Group, a.Cause = 2, cases.DirectoryRead
			from = day(start[5]).Add(time.Duration(i*53) * time.Minute)
		case i%3 == 2:
			a.Certainty, a.Confidence = cases.Presumed, 0.96
		}
		if i == 4 {
			a.DecidedBy = "鈴木"
		}
		a.First, a.Last = cases.At(from), cases.At(from.Add(time.Duration(r.IntN(20*24))*time.Hour))
		if a.Last > when("2025-10-03 22:20") {
			a.Last = when("2025-10-03 22:20")
		}
		for range 1 + r.IntN(6) {
			a.Addresses = append(a.Addresses, c.Addresses[r.IntN(56)].IP)
		}
		a.Findings = []string{"F-unus"}
		if i < 20 {
			a.Findings = append(a.Findings, "F-drop")
		}
		a.Terms = []cases.Term{{Name: "new-kind", Nats: 4.1}, {Name: "after-guessing", Nats: 3.3}, {Name: "own-history", Nats: -0.4}}
		a.Sessions = []cases.Session{{From: a.First, To: cases.At(a.First.Time().Add(40 * time.Minute)), Address: a.Addresses[0], Service: "Office 365 Exchange Online", Client: "Firefox/115.0", Events: int64(3 + r.IntN(400))}}
		c.Accounts = append(c.Accounts, a)
	}
}

func sampleFindings(c *cases.Case) {
	c.Inputs = []cases.Input{
		{Path: "logs/ldap/slapd.log", Format: "openldap", Confidence: 0.99, Records: 1482003, Parsed: 1482001, Unparsed: 2, Bytes: 214_000_000, SHA256: "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c", First: when("2025-06-01 00:00"), Last: when("2025-10-03 22:58"), Timezone: "Asia/Tokyo", TimezoneFrom: "profile", Year: 2025, YearFrom: "file",
			Samples: []string{"line 81221: Jul  1 12:0 ldap1 slapd[1234]: conn="}},
		{Path: "logs/cloud/signins-2025-09.json", Format: "entra-signin", Confidence: 1, Records: 88120, Parsed: 88120, Bytes: 71_000_000, SHA256: "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730", First: when("2025-09-03 00:01"), Last: when("2025-10-03 22:40"), Timezone: "UTC", TimezoneFrom: "record"},
		{Path: "logs/cloud/audit-2025-09.json", Format: "m365-audit", Confidence: 1, Records: 120331, Parsed: 120121, Unparsed: 210, Bytes: 140_000_000, SHA256: "1e7b2f0f9d9be9a4c8b5d2a6d8a6f2a0e2d8c9bfb0d6c0d9e1b1f0a1c2d3e4f5", First: when("2025-08-05 00:00"), Last: when("2025-10-03 21:58"), Timezone: "UTC", TimezoneFrom: "record"},
		{Path: "logs/edge/fortigate.log.gz", Format: "fortigate", Confidence: 0.98, Records: 600550, Parsed: 600550, Bytes: 186_000_000, SHA256: "53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3", First: when("2025-07-15 00:00"), Last: when("2025-10-03 22:50"), Timezone: "Asia/Tokyo", TimezoneFrom: "record", Status: "truncated", Error: "gzip: unexpected end after 186,000,000 bytes"},
	}
	w := func(ja, en string) event.Words { return event.Words{Ja: ja, En: en} }
	type row struct {
		id, detector, attack string
		severity             cases.Severity
		first, last          string
		title, why           event.Words
		n                    float64
	}
	rows := []row{
		{"F-prob", "id-probing", "T1589.001", cases.Medium, "2025-06-01 02:10", "2025-08-25 23:00", w("存在しない ID への試行が平常の 40 倍", "Attempts at IDs that do not exist, 40 times the usual"), w("平常は一日 12 件、6 月 1 日から 480 件。設定の残ったメールソフトでは説明できない広さ（1,911 種類の ID）。", "Usually 12 a day, from 1 June on 480. Too broad (1,911 IDs) for forgotten mail clients."), 48211},
		{"F-list", "id-list-obtained", "T1087", cases.High, "2025-08-20 17:00", "2025-08-21 02:00", w("存在しない ID の割合が 61 % から 0.4 % に", "Share of unknown IDs fell from 61 % to 0.4 %"), w("攻撃者はこの時点で ID の一覧を持っている。", "From here on the attacker has the list of IDs."), 0.004},
		{"F-spry", "password-spray", "T1110.003", cases.High, "2025-08-21 16:31", "2025-09-20 02:00", w("全アカウントへの分散パスワード試行", "Distributed guessing at all accounts"), w("56 アドレスから 412 アカウントへ 181,204 回。一つのアドレスからは少なく、発信元ごとの制限では見えない。", "181,204 attempts from 56 addresses at 412 accounts; few from each, so that limits by source see nothing."), 181204},
		{"F-drop", "target-drop-out", "T1110", cases.Critical, "2025-08-21 18:30", "2025-09-18 20:00", w("20 アカウントが攻撃対象の一覧から消えた", "20 accounts dropped out of the attacker's list"), w("他の全員への試行が続く中で、この 20 アカウントへの試行だけが止まった。破られたアカウントの印。", "Attempts went on against everybody else but ceased against these: the mark of a broken account."), 20},
		{"F-unus", "unusual-login", "T1078", cases.High, "2025-08-18 17:02", "2025-10-03 22:20", w("試行の後に、初めての種類の接続元から利用", "Use from a new kind of place after guessing"), w("本人の過去 60 日の利用にない Tor・VPN・レンタルサーバから。", "From Tor, VPN or hosting, never used by the owner in 60 days."), 33},
		{"F-mail", "mail-bulk-read", "T1114.002", cases.Critical, "2025-09-02 17:00", "2025-09-12 01:40", w("18 メールボックスの全件取得", "18 mailboxes read in bulk"), w("同時並行で、一通ずつすべて。本人の同期では見られない順序。", "In parallel, message by message; not the order of a mail client's synchronisation."), 61204},
		{"F-read", "directory-read", "T1087.002", cases.Critical, "2025-09-23 18:04", "2025-09-23 18:06", w("ディレクトリ全件の読み出し", "The whole directory was read"), w("検索用アカウントが、夜間バックアップとは別の場所から使われ、412 件を取得。", "The search account was used from elsewhere than the nightly backup and took 412 entries."), 412},
		{"F-scan", "internal-scan", "T1046", cases.High, "2025-09-05 17:20", "2025-09-19 21:00", w("内部のポート走査（6 日）", "Port scans inside, on six days"), w("仮想マシン vm-p から 254 ホストの 80、389、3389 番へ。脆弱性検査の予定とは一致しない。", "From vm-p to ports 80, 389, 3389 of 254 hosts; not in the schedule of the honest scanner."), 254},
		{"F-circ", "ci-remote-control", "T1072", cases.High, "2025-09-04 17:55", "2025-10-01 19:00", w("CI サーバ経由の遠隔操作", "Hosts inside commanded through the CI server"), w("Tor からの操作の直後に、内部の仮想マシンでジョブが実行されている。", "Jobs ran on machines inside right after clicks from Tor."), 41},
		{"F-long", "long-connection", "T1090", cases.High, "2025-09-05 18:00", "2025-10-03 22:10", w("vm-p からシンガポールへの長時間接続", "Long-held connection from vm-p to Singapore"), w("最長 31 時間。業務上の宛先に該当なし。", "Up to 31 hours; no known business there."), 31},
		{"F-late", "restricted-access", "T1021.001", cases.Critical, "2025-09-16 17:31", "2025-10-01 01:20", w("管理用ネットワークへの初めての接続", "First access into the management network"), w("許可されていない 172.16.8.23 から mon1 へリモートデスクトップ。", "Remote desktop to mon1 from 172.16.8.23, which is not allowed there."), 7},
		{"F-path", "lateral-path", "T1021.004", cases.High, "2025-09-16 18:20", "2025-09-30 20:00", w("ID と同じパスワードによる委託業者サーバへの侵入", "Contractor's server entered with password equal to ID"), w("失敗 3 回の後に成功。", "Success after three failures."), 4},
		{"F-take", "excess-taking", "T1039", cases.High, "2025-09-26 19:00", "2025-10-01 22:00", w("共有フォルダから平常の 90 倍の読み出し", "90 times the usual reading from a file share"), w("1,204 ファイル。", "1,204 files."), 1204},
		{"F-upld", "upload", "T1048", cases.Critical, "2025-10-01 22:10", "2025-10-01 23:02", w("mon1 から外部へ 3.1 GB の送信", "3.1 GB sent out from mon1"), w("このサーバは外部へ送信したことがない。", "This server had never sent anything out."), 3.1e9},
		{"F-wipe", "log-cleared", "T1070.001", cases.Critical, "2025-10-01 23:30", "2025-10-01 23:30", w("mon1 のイベントログ消去", "Event log of mon1 cleared"), w("これより前の mon1 の記録は他の機器にしか残っていない。", "What mon1 recorded before is left on other machines only."), 1},
		{"F-vpnf", "password-guessing", "T1133", cases.Medium, "2025-08-22 17:00", "2025-08-23 00:10", w("VPN への接続失敗（ワンタイムパスワード）", "VPN attempts, stopped by the one-time password"), w("すべて失敗。", "All failed."), 29},
		{"F-beac", "beacon", "T1071", cases.Medium, "2025-09-06 00:00", "2025-10-03 22:00", w("60 秒間隔の外部通信", "Traffic to the outside every 60 seconds"), w("揺らぎ 2 %。更新確認の可能性もある。", "Jitter 2 %; may be an update check."), 60},
		{"F-gaps", "record-gap", "", cases.Low, "2025-07-01", "2025-07-14", w("UTM の記録が 45 日より前にない", "No records of the firewall before 15 July"), w("保存期間 80 日による。", "Kept 80 days."), 44},
		{"F-dorm", "dormant-account", "T1078", cases.Low, "2025-09-25 17:00", "2025-09-25 17:10", w("休眠アカウントの利用", "A dormant account was used"), w("180 日ぶり。本人に確認が必要。", "After 180 days; ask the owner."), 180},
		{"F-trav", "impossible-travel", "T1078", cases.Info, "2025-09-26 18:42", "2025-09-26 21:10", w("香港と国内からの同時利用", "Use from Hong Kong and from home at once"), w("学会出張中の可能性。", "May be a conference trip."), 2},
	}
	for i, x := range rows {
		f := cases.Finding{ID: x.id, Detector: x.detector, Severity: x.severity, First: when(x.first), Last: when(x.last), Alerted: cases.At(day(x.first + "").Add(10 * time.Minute)),
			Title: x.title, Explanation: x.why, Numbers: cases.Numbers{{Name: "count", Value: x.n}}}
		if x.attack != "" {
			f.Attack = []string{x.attack}
		}
		for j := range min(3+i%3, len(c.Accounts)) {
			f.Subjects.Accounts = append(f.Subjects.Accounts, c.Accounts[(i+j)%len(c.Accounts)].ID)
		}
		f.Subjects.Addresses = []netip.Addr{c.Addresses[i%56].IP}
		for j := range 3 {
			f.Evidence = append(f.Evidence, cases.Evidence{Input: c.Inputs[i%len(c.Inputs)].Path, SHA256: c.Inputs[j%len(c.Inputs)].SHA256,
				Parts: []cases.Part{{Line: int64(8001 + 977*i + j), Offset: int64(512000 + 90011*i + j*310), Length: 310}},
				Text:  "Aug 21 18:30:11 ldap1 slapd[1234]: conn=48121 op=3 RESULT tag=97 err=49 text="})
		}
		c.Findings = append(c.Findings, f)
	}
	sampleStories(c)
}

// sampleStories tells most findings in two stories, hides one and puts one below the budget.
func sampleStories(c *cases.Case) {
	c.Stories = []cases.Story{
		{ID: "S-take", Severity: cases.Critical, Title: event.Words{Ja: "パスワードスプレー → メールの大量読み出し → 大量の持ち出し", En: "password spraying → mail read in bulk → an unusual upload"}},
		{ID: "S-prob", Severity: cases.High, Title: event.Words{Ja: "ID の探索 → ID 一覧の入手", En: "probing for IDs → a list of IDs in the attacker's hands"}}}
	c.Alerts = &cases.Alerts{PerDay: 10, Hidden: 1, BelowBudget: 1}
	for i := range c.Findings {
		f := &c.Findings[i]
		s := &c.Stories[0]
		switch f.ID {
		case "F-prob", "F-list":
			s = &c.Stories[1]
		case "F-trav":
			f.Hidden = &cases.Hidden{By: "鈴木", Until: when("2026-04-01"), Why: "学会出張の届け出あり"}
			continue
		case "F-dorm":
			f.BelowBudget = true
			continue
		case "F-vpnf", "F-beac", "F-gaps":
			continue
		}
		f.Story = s.ID
		s.Findings = append(s.Findings, f.ID)
		s.Accounts, s.Addresses = append(s.Accounts, f.Subjects.Accounts...), append(s.Addresses, f.Subjects.Addresses...)
		if s.First.IsZero() || f.First < s.First {
			s.First = f.First
		}
		s.Last = max(s.Last, f.Last)
	}
}

func sampleRest(c *cases.Case) {
	w := func(ja, en string) event.Words { return event.Words{Ja: ja, En: en} }
	stage := func(n int, from, to, kind string, accounts int, t event.Words) {
		c.Stages = append(c.Stages, cases.Stage{Number: n, From: when(from), To: when(to), Kind: kind, Accounts: accounts, Title: t})
	}
	stage(1, "2025-08-18 17:02", "2025-08-18 18:40", "first-login", 1, w("最初の不正ログイン", "First sign-in"))
	stage(2, "2025-08-20 17:00", "2025-08-21 02:00", "list", 3, w("ID 一覧の入手と少数の利用", "The list of IDs is taken; few accounts used"))
	stage(3, "2025-08-21 18:30", "2025-08-25 01:30", "sweep", 14, w("試行で破られたアカウントへの一斉ログイン", "Sign-ins to the accounts that fell to guessing"))
	stage(4, "2025-09-02 17:00", "2025-09-12 01:40", "bulk", 18, w("メールの一括取得", "Mail taken in bulk"))
	stage(5, "2025-09-04 17:55", "2025-09-19 21:00", "inside", 0, w("CI を経由した内部への侵入と走査", "Inside through the CI server; scans"))
	stage(6, "2025-09-16 17:31", "2025-09-23 18:06", "directory", 1, w("管理用ネットワークとディレクトリの読み出し", "Management network; the directory is read"))
	stage(7, "2025-09-24 17:12", "2025-10-03 22:20", "second-group", 8, w("第 2 群のアカウントの利用", "The second group of accounts is used"))
	stage(8, "2025-10-01 22:10", "2025-10-01 23:30", "take-out", 0, w("持ち出しとログの消去", "Taking out; the log is cleared"))
	host := func(name, ip string, v cases.HostVerdict, role, first, last string, findings ...string) {
		h := cases.Host{Name: name, Verdict: v, Role: role, Findings: findings}
		if ip != "" {
			h.IP = netip.MustParseAddr(ip)
		}
		if first != "" {
			h.First, h.Last = when(first), when(last)
		}
		c.Hosts = append(c.Hosts, h)
	}
	host("ci-j", "", cases.HostCompromised, "ci", "2025-09-04 17:55", "2025-10-01 19:00", "F-circ")
	host("vm-p", "172.16.8.23", cases.HostCompromised, "stepping-stone", "2025-09-04 18:02", "2025-10-03 22:10", "F-circ", "F-long", "F-scan")
	host("nms2", "172.16.40.6", cases.HostCompromised, "vendor", "2025-09-16 18:20", "2025-09-30 20:00", "F-path")
	host("mon1", "10.99.0.77", cases.HostCompromised, "monitor", "2025-09-16 17:31", "2025-10-01 23:30", "F-late", "F-wipe", "F-upld")
	host("ldap1", "172.16.5.11", cases.HostReached, "directory", "2025-09-23 18:04", "2025-09-23 18:06", "F-read")
	host("fss1", "172.16.6.2", cases.HostReached, "file-server", "2025-09-26 19:00", "2025-10-01 22:00", "F-take")
	host("nas-y", "172.16.70.9", cases.HostUndetermined, "file-server", "", "")
	host("web3", "172.16.9.80", cases.HostNoTrace, "web", "", "")
	step := func(from, to, at, technique string, certainty cases.Certainty, findings ...string) {
		c.Path = append(c.Path, cases.Step{From: from, To: to, At: when(at), Technique: technique, Findings: findings, Certainty: certainty})
	}
	for i := range 12 {
		step(c.Addresses[i].IP.String(), "idp", fmt.Sprintf("2025-08-21 17:%02d", i), "T1110.003", cases.Confirmed, "F-spry")
	}
	step("idp", "Exchange Online", "2025-09-02 17:00", "T1114.002", cases.Confirmed, "F-mail")
	step(c.Addresses[3].IP.String(), "ci-j", "2025-09-04 17:55", "T1078", cases.Confirmed, "F-circ")
	step("ci-j", "vm-p", "2025-09-04 18:02", "T1072", cases.Presumed, "F-circ")
	step("vm-p", "192.0.2.90", "2025-09-05 18:00", "T1090", cases.Presumed, "F-long")
	step("vm-p", "mon1", "2025-09-16 17:31", "T1021.001", cases.Confirmed, "F-late")
	step("vm-p", "nms2", "2025-09-16 18:20", "T1021.004", cases.Confirmed, "F-path")
	step("nms2", "ldap1", "2025-09-23 18:04", "T1087.002", cases.Confirmed, "F-read")
	step("mon1", "fss1", "2025-09-26 19:00", "T1039", cases.Likely, "F-take")
	step("mon1", "203.0.113.3", "2025-10-01 22:10", "T1048", cases.Confirmed, "F-upld")
	cover := func(source string, q event.Words, from, to string, s cases.CoverageState) *cases.Coverage {
		c.Coverage = append(c.Coverage, cases.Coverage{Source: source, Question: q.En, QuestionWords: q, From: when(from), To: when(to), State: s})
		return &c.Coverage[len(c.Coverage)-1]
	}
	login := w("誰が認証に成功・失敗したか", "who signed in and who failed")
	cover("openldap", login, "2025-06-01", "2025-10-03 22:58", cases.Complete)
	mail := w("誰がメールに入ったか", "who signed in to mail")
	cover("m365-signin", mail, "2025-06-01", "2025-09-03", cases.Expired).RetentionDays = 30
	x := cover("m365-signin", mail, "2025-09-03", "2025-10-03 22:40", cases.Complete)
	x.Expires, x.Holder = when("2025-10-09 23:00"), "クラウド管理者"
	read := w("どのメールが読まれたか", "which mail was read")
	cover("m365-audit", read, "2025-06-01", "2025-08-05", cases.Absent)
	cover("m365-audit", read, "2025-08-05", "2025-10-03 21:58", cases.PartialCoverage).Why = w("38 アカウントに監査の設定がない", "38 accounts are not audited")
	out := w("何が外へ送られたか", "what was sent out")
	cover("fortigate", out, "2025-06-01", "2025-07-15", cases.Expired).RetentionDays = 80
	y := cover("fortigate", out, "2025-07-15", "2025-10-03 22:50", cases.Complete)
	y.Expires, y.Holder, y.RetentionDays = when("2025-10-04 09:00"), "ネットワーク担当", 80
	z := cover("openvpn", w("誰が VPN に入ったか", "who entered the VPN"), "2025-06-01", "2025-10-03", cases.Absent)
	z.Holder, z.RetentionDays = "委託業者 A 社", 30
	cover("windows mon1", w("mon1 で何が行われたか", "what was done on mon1"), "2025-06-01", "2025-10-01 23:30", cases.Erased)
	cover("windows mon1", w("mon1 で何が行われたか", "what was done on mon1"), "2025-10-01 23:30", "2025-10-03 22:00", cases.Complete)
	for i := range 18 {
		a := &c.Accounts[i]
		n := int64(200 + 137*i)
		e := cases.Exposure{Class: cases.ClassMail, Account: a.Name, Object: "Inbox", Level: cases.Leaked, Basis: cases.Recorded, Count: cases.Count{Confirmed: n, Estimated: n, Upper: n + 90}, Bytes: n * 61000, First: when("2025-09-02 17:00"), Last: when("2025-09-12 01:40")}
		if i%3 == 1 {
			e.Level, e.Basis, e.Count = cases.Possible, cases.Inferred, cases.Count{Estimated: n, Upper: 3 * n, Undetermined: 1}
		}
		c.Exposure = append(c.Exposure, e)
	}
	c.Exposure = append(c.Exposure,
		cases.Exposure{Class: cases.ClassDirectory, Object: "ou=people,dc=hakusan-lab,dc=example", Level: cases.Leaked, Basis: cases.Recorded, Count: cases.Count{Confirmed: 412, Estimated: 412, Upper: 412}, First: when("2025-09-23 18:04"), Last: when("2025-09-23 18:06")},
		cases.Exposure{Class: cases.ClassFile, Object: `\\fss1\share\契約\2025`, Level: cases.LeakPresumed, Basis: cases.Inferred, Count: cases.Count{Confirmed: 1100, Estimated: 1204, Upper: 1204}, Bytes: 3_100_000_000, First: when("2025-09-26 19:00"), Last: when("2025-10-01 23:02")})
	ask := func(gain float64, person string, s cases.Subject, q, changes event.Words) {
		c.Questions = append(c.Questions, cases.Question{ID: event.Identity("Q-", person, q.En), Subject: s, Ask: q, To: "owner", Gain: gain, Person: person, Changes: changes})
	}
	ask(0.82, "山田（情報基盤部）", cases.Subject{Account: c.Accounts[28].Name}, w("9 月 26 日 18:42、香港のホテルからメールを使いましたか", "Did you use your mail from a hotel in Hong Kong on 26 September at 18:42?"), w("「いいえ」なら 2 アドレスと 5 アカウントが加わります", "“No” adds two addresses and five accounts"))
	ask(0.61, "佐藤（X 研究センター）", cases.Subject{Account: c.Accounts[29].Name}, w("9 月 25 日 17:00 に休眠アカウントを使いましたか", "Did you use the dormant account on 25 September at 17:00?"), w("確定または解除", "confirms or clears it"))
	ask(0.44, "鈴木（人事部）", cases.Subject{Address: "192.0.2.90"}, w("このレンタルサーバをご存じですか", "Do you know this hosting address?"), event.Words{})
	todo := func(ja, en string) {
		c.Containment = append(c.Containment, cases.Containment{ID: event.Identity("C-", en), Order: len(c.Containment) + 1, State: cases.Proposed, What: w(ja, en)})
	}
	todo("UTM のログを保全する（残り 9 時間）： sekisho preserve /var/log/utm", "Preserve the firewall's logs (9 hours left): sekisho preserve /var/log/utm")
	todo("ディレクトリにある全パスワードを露出したものとして変更する", "Treat every password in the directory as exposed and have it changed")
	todo("mon1 と vm-p の通信を止める（電源は切らない）", "Cut mon1 and vm-p off the network (do not switch them off)")
	todo("確認・推定の 28 アカウントを停止し、セッションを失効させる", "Disable the 28 accounts and revoke their sessions")
	c.Decisions = []cases.Decision{{At: when("2025-10-03 20:15"), By: "鈴木", What: "makoto.ito@hakusan-lab.example: no", Why: "本人に電話で確認。その時刻は会議中", Via: "phone"}}
	c.Limits = []event.Words{w("mon1 の 10 月 1 日 23:30 より前の記録は消去されている。", "What mon1 recorded before 23:30 on 1 October was erased.")}
}

func sampleSeries(d *Data, r *rand.Rand) {
	c := clock{jst}
	from, to := c.day(d.Case.Window.From), c.day(d.Case.Window.To)
	known := map[string]int32{}
	n := func(s string) int32 {
		d, ok := known[s]
		if !ok {
			d = c.day(when(s))
			known[s] = d
		}
		return d
	}
	for day := from; day <= to; day++ {
		x := DayCount{Day: day, Existing: int64(20 + r.IntN(25)), Unknown: int64(8 + r.IntN(9))}
		if wd := c.midnight(day).Weekday(); wd == time.Saturday || wd == time.Sunday {
			x.Existing, x.Unknown = x.Existing/4, x.Unknown/4
		}
		if day < n("2025-08-21") {
			x.Unknown += int64(60 + r.IntN(60))
		}
		if day >= n("2025-07-15") && day < n("2025-08-10") {
			x.Unknown += int64(1600 + r.IntN(900))
		}
		if day >= n("2025-08-21") && day <= n("2025-09-20") {
			x.Existing += int64(3000 + r.IntN(4000))
			if day%7 == 2 {
				x.Existing += 14000
			}
		}
		d.Daily = append(d.Daily, x)
		for rank := int32(1); rank <= 412; rank++ {
			if p := r.Float64(); day >= n("2025-08-21") && day <= n("2025-09-20") && p < 0.8 || p < 0.03 && rank < 12+3*(day-from) {
				d.Attempts.Cells = append(d.Attempts.Cells, AttemptCell{day, rank, 1 + int64(r.IntN(30))})
			}
		}
		for rank := int32(1); rank <= 1900; rank++ {
			born := from + rank/24
			if p := r.Float64(); born < day && day < n("2025-08-21") && (p < 0.012 || p < 0.7 && day >= n("2025-07-15") && day < n("2025-08-10") && rank < 1500) || rank == 77 {
				d.Attempts.Cells = append(d.Attempts.Cells, AttemptCell{day, -rank, 1 + int64(r.IntN(3))})
			}
		}
		for _, s := range []struct {
			name  string
			start string
			n     int
		}{{"openldap", "2025-06-01", 9000}, {"m365-signin", "2025-09-03", 2800}, {"m365-audit", "2025-08-05", 1900}, {"fortigate", "2025-07-15", 7400}, {"windows mon1", "2025-10-02", 300}} {
			if day >= n(s.start) {
				k := s.n/2 + r.IntN(s.n)
				if wd := c.midnight(day).Weekday(); wd == time.Saturday || wd == time.Sunday {
					k /= 6
				}
				if s.name == "openldap" && day >= n("2025-08-21") && day <= n("2025-09-20") {
					k *= 12
				}
				d.Activity = append(d.Activity, SourceDay{s.name, day, int64(k)})
			}
		}
	}
	d.Attempts.Existing, d.Attempts.Unknown = 412, 1900
	for i := range d.Case.Accounts {
		a := &d.Case.Accounts[i]
		for t := a.First.Time(); !t.After(a.Last.Time()); t = t.Add(time.Duration(9+r.IntN(60)) * time.Hour) {
			d.Logins = append(d.Logins, LoginMark{a.ID, cases.At(t), MarkLogin})
			if r.IntN(3) == 0 {
				d.Logins = append(d.Logins, LoginMark{a.ID, cases.At(t.Add(26 * time.Hour)), MarkFolder})
			}
		}
	}
	d.Logged = []cases.Span{{From: when("2025-08-05"), To: when("2025-10-03 22:00")}}
	curve := func(name string, g CurveGroup, stop int32, boost bool) {
		k := Curve{Account: name, Group: g}
		var total int64
		for day := n("2025-08-21"); day <= n("2025-09-20"); day++ {
			if day < stop {
				total += int64(4 + r.IntN(9))
				if day%7 == 2 {
					total += 40
				}
				if boost && day == n("2025-09-10") {
					total += 180
				}
			}
			k.Points = append(k.Points, CurvePoint{day, total})
		}
		d.Curves = append(d.Curves, k)
	}
	for i := range 20 {
		curve(fmt.Sprintf("v%02d", i), CurveVictims, n("2025-08-22")+int32(r.IntN(18)), false)
	}
	for i := range 80 {
		curve(fmt.Sprintf("c%02d", i), CurveControl, 1<<30, false)
	}
	for i := range 8 {
		curve(fmt.Sprintf("s%02d", i), CurveSecond, 1<<30, i < 5)
	}
}
