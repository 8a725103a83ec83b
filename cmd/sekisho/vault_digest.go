// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/report"
	"github.com/sekisho/sekisho/vault/sealed"
)

func digestCommand() *cobra.Command {
	var asJSON bool
	var lang string
	cmd := &cobra.Command{
		Use:   "digest DIR",
		Short: "Print a live vault's newest checkpoint, to keep elsewhere",
		Long: `Digest prints what a vault says of itself at this moment, signed: some lines to print, sign and put away, or to mail to somebody who has no access to it. Given to
"sekisho vault verify DIR --against FILE" later, they tell whether what they cover was rolled back or written anew, also by somebody who has the vault's key. FILE may be a folder's worth of
mails in one text: every checkpoint in it is compared. "sekisho serve" mails them daily to contacts that have digest in its configuration. It reads no records, and the vault may be running.`,
		Example: `  sekisho vault digest /var/lib/sekisho/vault | lpr
  sekisho vault verify /var/lib/sekisho/vault --against digests.txt`,
		Args: exactly(1, "digest には保管庫のフォルダを指定してください", "digest takes a vault's folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := sealed.NewestAnchor(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), a)
			}
			return printAnchor(cmd.OutOrStdout(), spoken(cmd, nil), a, time.Now())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	cmd.Flags().StringVar(&lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

// printAnchor prints a page that somebody signs by hand.
func printAnchor(w io.Writer, lang report.Lang, a *sealed.Anchor, now time.Time) error {
	say := func(ja, en string, args ...any) {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: ja, En: en})+"\n", args...)
	}
	say("Sekisho 保管庫の控え　%s", "Digest of a Sekisho vault, %s", now.Format("2006-01-02 15:04:05 MST"))
	say("ブロック数：%s", "blocks: %s", grouped(a.Size))
	say("署名鍵：%s", "signed by: %s", a.Fingerprint)
	say("\n印刷した日時：　　　　　　　　　　氏名・署名：\n", "\nprinted at:                         name and signature:\n")
	fmt.Fprintln(w, a.Note)
	return nil
}
