// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/exposure"
	"github.com/sekisho/sekisho/intake"
	"github.com/sekisho/sekisho/node"
)

type reviewFlags struct{ dir, by, at, timezone, lang string }

func exposureReviewCommand() *cobra.Command {
	var f reviewFlags
	cmd := &cobra.Command{
		Use:   "review [CASE] --by NAME FILE…",
		Short: "Take back worksheets that reviewers filled in",
		Long: `Review reads worksheets of sekisho exposure worksheet that were filled in, as CSV (UTF-8) or XLSX, and keeps what they say in the case's book of
reviews, sealed, with who reviewed it and when. A later review of a row holds instead of the first, which stays in the book. Rows of which
nothing is filled in stay as they are; what was said before is not recorded again.

A row may be split into classes: copy it, and write the number of items of each. Write - as class where nothing in it matters.

If anything is wrong nothing is recorded, and it says in which row and column, and what to write there. The table by class follows at once in
sekisho exposure and sekisho report --format md; case.json and report.html follow with the next revision (sekisho scope, investigate --add).
Exit status: 0 done; 1 failed; 2 wrong usage, or a worksheet that is refused.`,
		Example: `  sekisho exposure review --by suzuki worksheet.xlsx
  sekisho exposure review sekisho-case --by sato --at 2026-01-09 soumu.csv`,
		Args: caseArgument(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"csv", "xlsx"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.StringVar(&f.by, "by", "", "`who` reviewed it")
	fl.StringVar(&f.at, "at", "", "the `time` or day at which it was reviewed (default: now)")
	fl.StringVar(&f.timezone, "timezone", "", "`zone` of a time that says none (default: the case's)")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

func (f *reviewFlags) run(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		if st, err := os.Stat(args[0]); err == nil && st.IsDir() {
			f.dir, args = args[0], args[1:]
		}
	}
	if len(args) == 0 {
		return usageError("記入したワークシートを指定してください：sekisho exposure worksheet で作成します", "name the worksheets that were filled in: sekisho exposure worksheet writes them")
	}
	c, _, err := openReviewed(f.dir)
	if err != nil {
		return err
	}
	said, err := f.said()
	if err != nil {
		return err
	}
	var add []exposure.Entry
	for _, name := range args {
		text, err := readSheet(name)
		if err != nil {
			return err
		}
		entries, err := exposure.Read(name, text, c, said, intake.FromShiftJIS)
		if err != nil {
			return refusedAsUsage(err)
		}
		add = append(add, entries...)
	}
	same, err := node.ReviewExposure(cmd.Context(), f.dir, "", version, said.Recorded.Time(), add)
	if err != nil {
		return err
	}
	c, _, err = openReviewed(f.dir)
	if err != nil {
		return err
	}
	t := c.Classify()
	fmt.Fprintf(cmd.OutOrStdout(), pick(language(f.lang), event.Words{Ja: "%d 行を記録しました（すでに記録済み %d 行）。台帳の %d 行中 %d 行が確認済みです。sekisho exposure で表を確かめられます。\n",
		En: "recorded rows: %d (known already: %d). Of the ledger's %d rows %d are reviewed; sekisho exposure shows the table.\n"}), len(add)-same, same, t.Rows, t.Reviewed)
	return nil
}

func (f *reviewFlags) said() (exposure.Said, error) {
	now := time.Now()
	said := exposure.Said{By: f.by, At: cases.At(now), Recorded: cases.At(now)}
	if f.by == "" {
		return said, usageError("誰が確認したかを --by で指定してください", "say with --by who reviewed it")
	}
	if f.at == "" {
		return said, nil
	}
	zone, err := (&claimFlags{dir: f.dir, timezone: f.timezone}).zone()
	if err != nil {
		return said, &exitError{exitUsage, err}
	}
	at, err := claimTime(f.at, zone, false)
	if err != nil {
		return said, usageError("--at %q：2026-01-09 か 2026-01-09T10:00:00+09:00 のように指定してください", "--at %q: write a day such as 2026-01-09, or a time such as 2026-01-09T10:00:00+09:00", f.at)
	}
	said.At = cases.At(at)
	return said, nil
}

// readSheet reads a worksheet, but no more of it than any has.
func readSheet(name string) ([]byte, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, &exitError{exitUsage, event.Tell("ワークシートを読めません：%v", "read the worksheet: %v", err)}
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, exposure.MaxSheet+1))
	if err != nil {
		return nil, event.Tell("ワークシート %s を読めません：%v", "read the worksheet %s: %v", printable(filepath.Base(name)), err)
	}
	return text, nil
}

// refusedAsUsage gives what a person must correct the exit status of wrong usage.
func refusedAsUsage(err error) error {
	var refused *exposure.Refused
	if errors.As(err, &refused) {
		return &exitError{exitUsage, err}
	}
	return err
}
