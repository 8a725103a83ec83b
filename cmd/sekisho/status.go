// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

func statusCommand() *cobra.Command {
	var url, lang string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the live system does",
		Long: `Status asks a live system on this machine how it does: what each source offered and what became of it, the vault, the watch.

Exit status: 0 it is healthy and ready; 1 it is not, or does not answer.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, b, err := askStatus(url)
			if err != nil {
				return err
			}
			if asJSON {
				_, err = cmd.OutOrStdout().Write(b)
			} else {
				(&statusPrinter{cmd.OutOrStdout(), spoken(cmd, nil)}).print(s)
			}
			if err == nil && (!s.Healthy || !s.Ready) {
				return &exitError{exitFailed, nil}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&url, "url", "http://127.0.0.1:8089", "the status `address` of the live system")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	cmd.Flags().StringVar(&lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

// askStatus returns what a live system says of itself, read and as it came.
func askStatus(url string) (*node.ServeStatus, []byte, error) {
	client := http.Client{Timeout: 10 * time.Second}
	a, err := client.Get(strings.TrimRight(url, "/") + "/status")
	if err != nil {
		return nil, nil, event.Tell("動いている Sekisho に問い合わせられません（%v）：sekisho serve が動いているか確かめてください", "ask the live system: %v: is sekisho serve running?", err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(io.LimitReader(a.Body, 64<<20))
	if err != nil {
		return nil, nil, fmt.Errorf("ask the live system: %w", err)
	}
	var s node.ServeStatus
	if err := json.Unmarshal(b, &s); err != nil || a.StatusCode != http.StatusOK {
		return nil, nil, event.Tell("%s で応答したのは sekisho serve ではありません", "ask the live system: what answers at %s is not one", url)
	}
	return &s, b, nil
}

// statusPrinter prints a status. What it cannot write to is gone: nobody is told.
type statusPrinter struct {
	w    io.Writer
	lang report.Lang
}

// head is the width of what stands before each line.
const head = 10

// row prints a line under a heading; an empty one continues the line before.
func (p *statusPrinter) row(ja, en string, rest ...string) {
	fmt.Fprintln(p.w, pad(p.pick(ja, en), head)+strings.Join(rest, ""))
}

func (p *statusPrinter) pick(ja, en string) string { return pick(p.lang, event.Words{Ja: ja, En: en}) }

func (p *statusPrinter) say(ja, en string, args ...any) string {
	return fmt.Sprintf(p.pick(ja, en), args...)
}

func clock(t time.Time) string { return t.Local().Format(time.DateTime) }

func (p *statusPrinter) print(s *node.ServeStatus) {
	state := p.pick("正常", "healthy")
	switch {
	case !s.Healthy:
		state = p.pick("異常：", "NOT HEALTHY: ") + printable(s.Problem)
	case !s.Ready:
		state = p.pick("準備中", "not ready")
	}
	fmt.Fprintln(p.w, p.say("%s（%s から稼働、sekisho %s）", "%s, since %s, sekisho %s", state, clock(s.Since), printable(s.Version)))
	p.row("保管庫", "vault", p.say("%d 件の記録、%d ブロック、うち %d ブロックまで署名済み", "%d records in %d blocks, %d signed", s.Vault.Records, s.Vault.Blocks, s.Vault.Checkpoint))
	for i := range s.Replicas {
		p.replica(&s.Replicas[i])
	}
	for _, r := range s.Readers {
		p.row("取り寄せ", "fetched", p.say("%s が %s に最後に取得（計 %d バイト）", "by %s, last at %s, %d bytes in all", printable(r.Name), clock(r.At), r.Bytes))
	}
	if s.Retention != nil {
		p.retention(s.Retention)
	}
	p.row("監視", "watch", p.say("事象 %d 件（記録 %d 件）、解釈できない記録 %d 件、再送 %d 件、二重の事象 %d 件、遅すぎた %d 件、未処理 %d 件", "%d events of %d records, %d not understood, %d sent again, %d events given twice, %d too late, %d behind",
		s.Watch.Events, s.Watch.Parsed, s.Watch.Unparsed, s.Watch.Repeated, s.Watch.Duplicates, s.Watch.Beyond, s.Watch.Behind))
	for i := range s.Asked {
		p.asked(&s.Asked[i])
	}
	if s.Rules != nil {
		p.rules(s.Rules, s.Watch.Matches)
	}
	p.row("検知", "findings", p.say("改訂 %d 回。通知は送信済み %d、待ち %d、断念 %d", "%d revisions; notifications %d sent, %d waiting, %d given up", s.Findings, s.Told.Sent, s.Told.Waiting, s.Told.Lost))
	for _, f := range s.Told.Failing {
		p.row("", "", p.say("届いていません（%s から）：%s：%s", "NOT REACHED since %s: %s: %s", clock(f.Since), printable(f.Contact), printable(f.Error)))
	}
	if s.Reloads.Problem != "" {
		p.row("設定", "config", p.say("%s の設定を拒否し、前の設定で動いています：%s", "REFUSED at %s, the one before stays: %s", clock(s.Reloads.At), printable(s.Reloads.Problem)))
	}
	if len(s.Reloads.Restart) > 0 {
		p.row("設定", "config", p.say("%s に読み直しました。次の項目には再起動が必要です：%s", "read at %s; restart it for: %s", clock(s.Reloads.At), strings.Join(s.Reloads.Restart, p.pick("、", ", "))))
	}
	sum := p.pick("合っています", "it closes")
	if s.Open > 0 {
		sum = p.say("%d 回合いませんでした", "IT DID NOT CLOSE %d TIMES", s.Open)
	}
	p.row("収支", "sum", p.say("届いた数 = 封緘 + 拒否 + 欠落 + 待ち：%s", "offered = sealed + rejected + lost + waiting: %s", sum))
	fmt.Fprintln(p.w)
	p.sources(s)
}

// sources prints what each source offered and what became of it.
func (p *statusPrinter) sources(s *node.ServeStatus) {
	rows := [][]string{{p.pick("届いた数", "offered"), p.pick("封緘", "sealed"), p.pick("拒否", "rejected"), p.pick("欠落", "lost"), p.pick("待ち", "waiting"), p.pick("切詰め", "cut"), p.pick("送信元", "source")}}
	for i := range s.Sources {
		c := &s.Sources[i]
		rejected := int64(0)
		for _, n := range c.Rejected {
			rejected += n
		}
		var row []string
		for _, n := range []int64{c.Offered, c.Sealed, rejected, c.Lost, c.Waiting, c.Cut} {
			row = append(row, fmt.Sprint(n))
		}
		rows = append(rows, append(row, printable(c.Source)))
	}
	var wide [7]int
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], width(cell))
		}
	}
	for _, row := range rows {
		line := ""
		for i, cell := range row[:6] {
			line += strings.Repeat(" ", wide[i]-width(cell)) + cell + "  "
		}
		fmt.Fprintln(p.w, line+row[6])
	}
}

// rules prints which Sigma rules run, and names the first of those that do not.
func (p *statusPrinter) rules(r *node.RulesStatus, matches int64) {
	const named = 10
	p.row("ルール", "rules", p.say("Sigma ルール %d 件（ファイル %d 個）、使えない %d 件、値のない %d 件。一致した記録 %d 件", "%d Sigma rules of %d files, %d refused, %d without values; %d matches of records", r.Rules, r.Files, r.Unusable, r.Needs, matches))
	if r.Fault != "" {
		p.row("", "", p.pick("ルールをすべて外しました：", "THE RULES WERE TAKEN OUT: "), printable(r.Fault))
	}
	for i, e := range r.Refused {
		if i == named {
			p.row("", "", p.say("ほか %d 件（--json で全件）", "and %d more: --json", r.Unusable-named))
			break
		}
		p.row("", "", p.say("使えないルール：%s:%d：%s", "refused: %s:%d: %s", printable(e.File), e.Line, printable(e.Reason)))
	}
}

// retention prints what has expired, and why what is due has not.
func (p *statusPrinter) retention(r *node.RetentionStatus) {
	encrypted := p.pick("暗号化していません", "not encrypted")
	if r.Encrypted {
		encrypted = p.pick("暗号化しています", "encrypted")
	}
	p.row("保存期間", "retention", p.say("%s。起動後に期限が来た記録 %d 件（区分と月 %d 組）、保全の指示 %d 件", "%s; %d records of %d classes and months expired since the start; %d holds", encrypted, r.Records, r.Months, r.Holds))
	if len(r.Held) > 0 {
		p.row("", "", p.pick("期限は来たが保全中：", "due, and held: "), printable(strings.Join(r.Held, p.pick("、", ", "))))
	}
	if r.Problem != "" {
		p.row("", "", p.pick("期限の処理が止まっています：", "NOTHING EXPIRES: "), printable(r.Problem))
	}
}

// asked prints until when the records of a cloud are sealed, and what keeps the rest back.
func (p *statusPrinter) asked(a *node.AskedStatus) {
	p.row("クラウド", "cloud", p.say("%s %s：%s までの記録を封緘済み", "%s %s: sealed until %s", printable(a.Source), printable(a.Content), clock(a.Until)))
	if a.Problem != "" {
		p.row("", "", p.pick("応答がありません：", "NOT ANSWERED: "), printable(a.Problem))
	}
	if a.Owed > 0 {
		p.row("", "", p.say("取得を拒まれ、後で取り直すデータ %d 件", "%d PIECES REFUSED: asked for again", a.Owed))
	}
	if a.Gaps > 0 {
		p.row("", "", p.say("取得できずに失われた分 %d 件", "%d GAPS: what it keeps no more", a.Gaps))
	}
}

// replica prints how far a copy of the vault follows, since when it is behind, and why.
func (p *statusPrinter) replica(r *node.ReplicaStatus) {
	where := printable(r.Name)
	if r.Name != r.Path {
		where += p.say("（%s）", " (%s)", printable(r.Path))
	}
	at := p.pick("追いついた時刻は不明", "not known when it last held all")
	if !r.At.IsZero() {
		at = p.say("%s にすべて複製済み", "all was there at %s", clock(r.At))
	}
	p.row("複製", "replica", p.say("%s：%d ブロックまで、残り %d ブロック。%s", "%s: up to block %d, %d behind; %s", where, r.Blocks, r.Behind, at))
	switch {
	case r.Other:
		p.row("", "", p.say("履歴が食い違っています（%s から）。どちらも保全してください：%s", "HOLDS ANOTHER HISTORY since %s, keep both: %s", clock(r.Since), printable(r.Problem)))
	case r.Problem != "":
		p.row("", "", p.say("複製できていません（%s から）：%s", "DOES NOT FOLLOW since %s: %s", clock(r.Since), printable(r.Problem)))
	}
	if r.Shrank > 0 {
		p.row("", "", p.say("複製が以前の状態に戻されていました（%d 回）。誰が戻したか確かめてください", "AN OLDER STATE OF IT WAS PUT BACK %d TIMES: see who did that", r.Shrank))
	}
	if r.SameDisk {
		p.row("", "", p.pick("保管庫と同じディスクにあります。別のディスクかマシンに置いてください", "ON THE VAULT'S OWN DISK: put it on another disk or machine"))
	}
}
