// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

func drillCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drill",
		Short: "Rehearse: logs of incidents whose truth is known",
		Args:  cobra.ArbitraryArgs,
		RunE:  onlyGroups,
	}
	cmd.AddCommand(drillListCommand(), drillGenerateCommand(), drillRunCommand(), drillDebriefCommand(), drillScoreCommand(), drillTableCommand())
	return cmd
}

// drillWords says what a drill is about.
func drillWords(name string) event.Words {
	switch name {
	case drill.AIST:
		return event.Words{Ja: "研究所への 8 か月の侵入を 4 か月に縮めたもの：ID 探索、パスワード推測、正規アカウントでの侵入、内部探査、持ち出し",
			En: "eight months in a research institute, in four: ID probing, password guessing, logins, internal scans, data taken"}
	case "aist-2018":
		return event.Words{Ja: "産業技術総合研究所の 2018 年報告書の事案を、その日付と規模のまま", En: "the incident of AIST's report of 2018, in its own dates and at its own size"}
	case "jaxa-2023":
		return event.Words{Ja: "JAXA の 2024 年公表の事案：VPN 装置の公表済みの脆弱性 → サーバと端末 → アカウント窃取 → 正規利用者を装った Microsoft 365、未知のマルウェア",
			En: "JAXA's notice of 2024: a VPN device's published flaw, servers and terminals, stolen accounts, Microsoft 365 as its owners, unknown malware"}
	case "vpn-zeroday-2024":
		return event.Words{Ja: "VPN 装置への 5 波の攻撃、1 回はゼロデイで装置まで。その内側には何もなかったことを示す", En: "five waves against a VPN device, one enters it by a zero-day: that nothing happened behind it has to be shown"}
	case "mail-appliance-2023":
		return event.Words{Ja: "NISC・気象庁の 2023 年公表の事案：メール中継機器が 8 か月、知らない先と通信する", En: "the mail appliance of NISC's notice of 2023: for eight months it talks to hosts that it never talked to"}
	case "projectweb-2021":
		return event.Words{Ja: "委託先の共有プロジェクトサイトを正規アカウントで 5 か月かけて少しずつ読み出す：5 団体の文書、メールアドレス 76,000 件",
			En: "a supplier's shared site read for five months through valid accounts: documents of five bodies, 76,000 mail addresses"}
	case "group-shared-system-2023":
		return event.Words{Ja: "グループ各社が共用する 1 つのシステムへの正規アカウントでの侵入：後で判明した別会社の約 1 万人", En: "one system of a group of companies entered with valid accounts: another company's 10,000 persons, found later"}
	case "spam-2023":
		return event.Words{Ja: "職員のメールアカウント 11 件から 25 時間で迷惑メール 3,241 通", En: "eleven mail accounts of the staff send 3,241 letters of spam in 25 hours"}
	case "mirrorface":
		return event.Words{Ja: "標的型メールから端末に半年居座る：開発者用トンネル、Windows サンドボックス、メールの閲覧、少量ずつの持ち出し",
			En: "half a year on a PC after a mail with a link: a developer's tunnel, Windows Sandbox, mail read, files sent out in small pieces"}
	case "ransomware-subsidiary-2023":
		return event.Words{Ja: "海外子会社の網から入ったランサムウェア：古いアカウント、拠点間 VPN、管理者権限、バックアップの削除、共有の一斉暗号化",
			En: "ransomware through an overseas subsidiary: an old account, the tunnel, an administrator's password, backups deleted, shares encrypted"}
	case "quiet":
		return event.Words{Ja: "何も起きない 1 年", En: "a year with nothing in it"}
	case drill.AISTQuiet:
		return event.Words{Ja: "同じ研究所の、攻撃のない日常", En: "the same institute without the attack: ordinary life only"}
	}
	return event.Words{}
}

func drillListCommand() *cobra.Command {
	var lang string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the drills, their variants and the kinds of log",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, l := cmd.OutOrStdout(), language(lang)
			if asJSON {
				return printJSON(w, drillList())
			}
			for _, n := range drill.Names() {
				fmt.Fprintf(w, "%-28s %s\n", n, pick(l, drillWords(n)))
			}
			fmt.Fprintln(w)
			for _, v := range variants() {
				fmt.Fprintf(w, "  --variant %-15s %s\n", v.name, pick(l, v.about))
			}
			fmt.Fprintf(w, "  --without %s\n", strings.Join(drill.Logs(), ","))
			fmt.Fprintln(w, pick(l, event.Words{Ja: "\n変種とログの種類は演習ごとに違います。それぞれにあるものは --json で分かります。", En: "\nNot every drill has every variant and every kind of log: --json names those of each."}))
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "", "language: ja or en (default: of the terminal)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	return cmd
}

// listedDrill is a drill as --json lists it.
type listedDrill struct {
	Name     string          `json:"name"`
	About    event.Words     `json:"about"`
	Attack   bool            `json:"attack"`
	Variants []listedVariant `json:"variants"` // that change something in it
	Logs     []string        `json:"logs"`     // the kinds of log that its institute keeps
}

type listedVariant struct {
	Name  string      `json:"name"`
	About event.Words `json:"about"`
}

func drillList() []listedDrill {
	var all []listedDrill
	for _, n := range drill.Names() {
		d := listedDrill{Name: n, About: drillWords(n), Attack: drill.HasAttack(n), Variants: []listedVariant{}, Logs: drill.LogsOf(n)}
		for _, v := range drill.VariantsOf(n) {
			d.Variants = append(d.Variants, listedVariant{v, variantWords(v)})
		}
		all = append(all, d)
	}
	return all
}

// variant changes a drill.
type variant struct {
	name  string
	about event.Words
	set   func(*drill.Options)
}

// variants returns those that there are, with what they are about.
func variants() []variant {
	var all []variant
	for _, name := range drill.Variants() {
		set := func(o *drill.Options) { _ = o.Vary(name) } // of one variant of this drill's there is nothing to refuse
		all = append(all, variant{name, variantWords(name), set})
	}
	return all
}

func variantWords(name string) event.Words {
	switch name {
	case "hours":
		return event.Words{Ja: "攻撃が 1 日で終わる（前後に日常 4 週間）", En: "the attack takes one day, within four weeks of ordinary life"}
	case "days":
		return event.Words{Ja: "攻撃が 1 週間で終わる", En: "the attack takes one week"}
	case "weeks":
		return event.Words{Ja: "攻撃が 6 週間で終わる", En: "the attack takes six weeks"}
	case "slow":
		return event.Words{Ja: "攻撃が 1 年かかる", En: "the attack takes a year"}
	case "residential":
		return event.Words{Ja: "攻撃者は Tor・VPN・レンタルサーバでなく家庭の回線からログインする", En: "the intruder logs in over home lines instead of Tor, VPNs and rented servers"}
	case "carrier":
		return event.Words{Ja: "攻撃者は被害者と同じ携帯事業者の共用アドレスからログインする", En: "he logs in over the victims' own mobile carriers"}
	case "partner":
		return event.Words{Ja: "攻撃者は提携大学のプロキシからログインする", En: "he logs in through partner universities' proxies"}
	case "office-hours":
		return event.Words{Ja: "攻撃者が 9 時から 18 時に働く", En: "he works from 9:00 to 18:00"}
	case "any-hour":
		return event.Words{Ja: "攻撃者が昼も夜も働く", En: "he works at any hour"}
	case "no-drop-out":
		return event.Words{Ja: "破られたアカウントも推測の的に残る", En: "cracked accounts stay on the list of targets"}
	case "third-drop-out":
		return event.Words{Ja: "破られたアカウントの 30 % が的から消える", En: "30 % of the cracked accounts leave the list of targets"}
	case "half-drop-out":
		return event.Words{Ja: "破られたアカウントの半分が的から消える", En: "half of the cracked accounts leave the list of targets"}
	case "most-drop-out":
		return event.Words{Ja: "破られたアカウントの 80 % が的から消える", En: "80 % of the cracked accounts leave the list of targets"}
	case "erased":
		return event.Words{Ja: "攻撃者が、支配したホストの記録の一部を消す", En: "he erases a stretch of the logs of hosts in his hands"}
	case "late-1":
		return event.Words{Ja: "記録は最初の不正ログインの 1 日後から", En: "the logs begin a day after his first login"}
	case "late-30":
		return event.Words{Ja: "記録は最初の不正ログインの 30 日後から", En: "the logs begin 30 days after his first login"}
	case "late-90":
		return event.Words{Ja: "記録は最初の不正ログインの 90 日後から", En: "the logs begin 90 days after his first login"}
	case "second-intruder":
		return event.Words{Ja: "無関係の別の侵入者もいる", En: "somebody else, unrelated, is in too"}
	case "noisy":
		return event.Words{Ja: "攻撃のない日常が騒がしい（国外の学会、VPN 利用者、外部監査の走査、組織改編、パスワードの一斉失効、記録の欠け）", En: "ordinary life is noisy: a conference abroad, people with VPNs, an audit's scans, departments made anew, all passwords lapsed, logs that did not arrive"}
	case "quiet":
		return event.Words{Ja: "攻撃なし", En: "without the attack"}
	}
	return event.Words{}
}

type generateFlags struct {
	o                 drill.Options
	start, from, out  string
	variants, without []string
	dropOut           float64
	json              bool
	lang              string
	fl                *pflag.FlagSet
}

func drillGenerateCommand() *cobra.Command {
	var f generateFlags
	cmd := &cobra.Command{
		Use:   "generate [flags] NAME",
		Short: "Make the logs of a drill, the institute's profile and the truth",
		Long: `Generate writes logs/ (as on an institute's share), org.yaml with directory.csv and intel/, and truth.json (what really happened)
into a new or empty folder. The same flags give the same bytes. Interrupted, it removes what it wrote.

Exit status: 0 made; 1 not made; 2 wrong usage.`,
		Example: `  sekisho drill generate aist --out drill
  sekisho investigate --org drill/org.yaml --out case drill/logs
  sekisho drill score case drill/truth.json`,
		Args: func(_ *cobra.Command, args []string) error { return drillMeant(args) },
		RunE: func(cmd *cobra.Command, args []string) error { return inWords(f.run(cmd, args[0]), language(f.lang)) },
	}
	fl := cmd.Flags()
	f.story(fl)
	fl.StringVar(&f.out, "out", "sekisho-drill", "the `folder` to write into: new or empty")
	fl.BoolVar(&f.json, "json", false, "print what was made as JSON")
	fl.StringVar(&f.lang, "lang", "", "language of the messages: ja or en (default: of the terminal)")
	return cmd
}

// story adds the flags that say which story is told.
func (f *generateFlags) story(fl *pflag.FlagSet) {
	f.fl = fl
	fl.Uint64Var(&f.o.Seed, "seed", 1, "which of all institutes, from 1")
	fl.IntVar(&f.o.Accounts, "accounts", 0, "how many people it has: 100 to 50000 (default: the drill's own, 400 for aist)")
	fl.IntVar(&f.o.Days, "days", 0, "how many days the logs span (default: the drill's own; the story is pressed or stretched to fit)")
	fl.IntVar(&f.o.PeakPerAccount, "peak", 0, "guesses at each account on the worst day (default: the drill's own)")
	fl.StringVar(&f.start, "start", "", "the first `date` (default: the drill's own)")
	fl.StringVar(&f.from, "logs-from", "", "the `date` before which no log is kept")
	fl.StringSliceVar(&f.variants, "variant", nil, "`names` of variants, as drill list shows them; comma-separated")
	fl.Float64Var(&f.dropOut, "drop-out", 1, "the `share` of cracked accounts that leave the list of targets: 0 to 1")
	fl.StringSliceVar(&f.without, "without", nil, "`kinds` of log that are missing, as drill list shows them; comma-separated")
}

func (f *generateFlags) run(cmd *cobra.Command, name string) error {
	if err := f.options(name); err != nil {
		return &exitError{exitUsage, err}
	}
	if f.out == "" {
		return usageError("--out：新しいフォルダか空のフォルダを指定してください", "--out: name a folder, new or empty")
	}
	lang := language(f.lang)
	bar := newProgressBar(cmd.ErrOrStderr(), lang)
	f.o.Progress = func(done, total int64) { bar.Update(node.Progress{Phase: "drill", Done: done, Total: total}) }
	t, err := drill.Generate(cmd.Context(), f.out, f.o)
	bar.Close()
	if errors.Is(err, context.Canceled) {
		return errors.New(pick(lang, event.Words{Ja: "中断しました。書きかけのものは消しました", En: "interrupted: what had been written is removed"}))
	}
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	if f.json {
		return printJSON(w, map[string]any{"name": t.Name, "seed": t.Seed, "verdict": t.Verdict, "files": len(t.Files), "lines": t.Lines,
			"logs": filepath.Join(f.out, "logs"), "org": filepath.Join(f.out, "org.yaml"), "truth": filepath.Join(f.out, "truth.json")})
	}
	if lang == report.Ja {
		fmt.Fprintf(w, "%s：ログ %s ファイル %s 行　→ %s\n", t.Name, grouped(int64(len(t.Files))), grouped(t.Lines), printable(f.out))
	} else {
		fmt.Fprintf(w, "%s: %s, %s, in %s\n", t.Name, number(len(t.Files), "log file", "log files"), number(t.Lines, "line", "lines"), printable(f.out))
	}
	fmt.Fprintf(w, "  sekisho investigate --org %[1]s/org.yaml --out %[1]s-case %[1]s/logs\n  sekisho drill score %[1]s-case %[1]s/truth.json\n", printable(strings.TrimRight(f.out, "/")))
	return nil
}

// options turns flags into options of the drill.
func (f *generateFlags) options(name string) error {
	f.o.Name, f.o.Without, f.variants = name, trimmed(f.without), trimmed(f.variants)
	if err := (drill.Options{Name: name}).Known(f.o.Without); err != nil {
		return err
	}
	for _, n := range [][2]string{{"seed", "seeds count from 1"}, {"accounts", "an institute has 100 at least"}, {"days", "a drill spans 1 at least"}, {"peak", "1 at least can be made"}} {
		if err := given(f.fl, n[0], n[1]); err != nil {
			return err
		}
	}
	tokyo := time.FixedZone("JST", 9*3600)
	for _, d := range []struct {
		flag, text string
		to         *time.Time
	}{{"start", f.start, &f.o.Start}, {"logs-from", f.from, &f.o.LogsFrom}} {
		if d.text == "" {
			continue
		}
		t, err := time.ParseInLocation(time.DateOnly, d.text, tokyo)
		if err != nil {
			return event.Tell("--%s %q：2025-06-01 のような日付を指定してください", "--%s %q: write a date such as 2025-06-01", d.flag, d.text)
		}
		*d.to = t
	}
	if err := f.vary(); err != nil {
		return err
	}
	return f.o.Check()
}

// vary sets what the variants and --drop-out say.
func (f *generateFlags) vary() error {
	if err := f.o.Vary(f.variants...); err != nil || !f.fl.Changed("drop-out") {
		return err
	}
	switch {
	case !(f.dropOut >= 0 && f.dropOut <= 1):
		return event.Tell("--drop-out %v：0 から 1 までの割合を指定してください", "--drop-out %v: give a share from 0 to 1", f.dropOut)
	case !slices.Contains(drill.VariantsOf(f.o.Name), "no-drop-out"):
		return event.Tell("--drop-out：%s には、アカウントが抜けていくような標的リストへの推測がありません", "--drop-out: in %s nobody guesses at a list of targets that accounts could leave", f.o.Name)
	case f.o.DropOut != 0:
		return event.Tell("--drop-out と、それと同じ変種は同時に使えません", "--drop-out and a variant of it exclude each other")
	case f.dropOut == 0:
		f.o.DropOut = -1
	default:
		f.o.DropOut = f.dropOut
	}
	return nil
}
