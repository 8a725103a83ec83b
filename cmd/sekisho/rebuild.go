// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

func rebuildCommand() *cobra.Command {
	var file, out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rebuild --config FILE --out DIR",
		Short: "Make the findings of the live system again from its vault",
		Long: `Rebuild reads all records that the vault of a live system still has, finds again what serve found in them, and compares it with what serve sealed when it
found it. The folder gets findings.jsonl and the state of the watch; nothing else is changed, and serve may be running. Verify the vault first: rebuild trusts its
checksums. What has expired cannot be read again: it says from when on nothing is missing, and which findings rested on it.

To go on from what was made again, stop serve, put findings.jsonl and watch in place of those of its data folder, and start it.

Exit status: 0 what was sealed was found again; 1 it failed, or something was found otherwise, not again, or for the first time: so it is where the program, the rules or the description of the
institute have changed since, and the differences are named; 2 wrong usage, or a mistake in the configuration.`,
		Example: `  sekisho vault verify /var/lib/sekisho/vault
  sekisho rebuild --config /etc/sekisho/serve.yaml --out again`,
		Args: exactly(0, "rebuild に引数はありません：--config FILE と --out DIR を指定してください", "rebuild takes no arguments: say --config FILE and --out DIR"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usageError("rebuild には serve の設定ファイルが必要です：--config FILE", "rebuild needs the configuration of serve: --config FILE")
			}
			if out == "" {
				return usageError("rebuild には出力先の新しいフォルダが必要です：--out DIR", "rebuild needs a new folder for what it makes: --out DIR")
			}
			c, p, err := readServe(file)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			r, err := node.Rebuild(cmd.Context(), node.RebuildOptions{Config: c, Profile: p, Version: version, Out: out, Log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))})
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), r)
			} else {
				printRebuilt(cmd.OutOrStdout(), spoken(cmd, nil), r, out)
			}
			if err == nil && !r.Compared.Agree() {
				return &exitError{exitFailed, nil}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "the configuration `file` of serve")
	cmd.Flags().StringVar(&out, "out", "", "a new `folder` for findings.jsonl and the state of the watch")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// printRebuilt prints what was made again and what became of each finding.
func printRebuilt(w io.Writer, lang report.Lang, r *node.Rebuilt, out string) {
	say := func(ja, en string, args ...any) {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: ja, En: en})+"\n", args...)
	}
	say("記録 %s 件を読み直しました（解析できたもの %s 件、できなかったもの %s 件）。検知 %d 件を %s に出力しました。", "%s records were read again (%s understood, %s not); findings: %d, in %s",
		grouped(r.Records), grouped(r.Parsed), grouped(r.Unparsed), r.Findings, printable(out))
	if !r.From.IsZero() {
		say("期間：%s から %s まで", "from %s to %s", r.From.Local().Format(time.DateTime), r.Until.Local().Format(time.DateTime))
	}
	if r.Repeated > 0 {
		say("応答が届かず再送された記録 %s 件は、一度だけ数えました。", "%s records had been sent again, as an answer was lost: each counts once", grouped(r.Repeated))
	}
	if r.Gone > 0 {
		say("保存期間を過ぎて破棄された記録 %s 件は読めません。欠けがないのは %s 以降です。それより前の記録にも基づく検知は、元と異なることがあります。",
			"%s records have expired and cannot be read; nothing is missing since %s. What rests on earlier records too may be found otherwise.", grouped(r.Gone), r.Since.Local().Format(time.DateTime))
	}
	c := &r.Compared
	say("封印された検知との比較：", "beside the findings that were sealed:")
	for _, x := range []struct {
		ja, en string
		ids    []string
		named  bool
	}{
		{"同じ", "the same", c.Same, false},
		{"同じ（件数などの増え方のみ異なる）", "the same, but for how far they had grown", c.Grown, false},
		{"破棄された記録に基づく", "rest on records that have expired", c.Expired, true},
		{"内容が異なる", "otherwise", c.Differ, true},
		{"再現されない", "not found again", c.Missing, true},
		{"今回だけ現れた", "found for the first time", c.New, true},
		{"findings.jsonl の内容が封印と一致しない", "not in findings.jsonl as they were sealed", c.Unsealed, true},
	} {
		named := ""
		if x.named && len(x.ids) > 0 {
			named = "  " + printable(shortList(x.ids))
		}
		say("  %d 件  "+x.ja+"%s", "  %d  "+x.en+"%s", len(x.ids), named)
	}
	if !c.Agree() {
		say("プログラム、ルール、機関の記述（org）が検知の後に変わっていると、結果は異なります。変わっていなければ、sekisho vault verify で保管庫を検証してください。",
			"Where the program, the rules or the description of the institute (org) have changed since, this is expected. Otherwise verify the vault: sekisho vault verify")
	}
}

// shortList names the first of many identities.
func shortList(ids []string) string {
	const most = 10
	if len(ids) <= most {
		return strings.Join(ids, " ")
	}
	return fmt.Sprintf("%s … (+%d)", strings.Join(ids[:most], " "), len(ids)-most)
}
