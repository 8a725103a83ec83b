// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

type demoFlags struct {
	once      bool
	seed      uint64
	accounts  int
	out, lang string
	port      uint16
}

func demoCommand() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it find a breach in made-up logs, and how right it was",
		Long: `Demo makes the logs of a small institute with a breach in them (about 400 accounts, four months), investigates them before your
eyes, prints what it found against what is true, and serves the report on this machine only until Ctrl-C. It needs nothing but
this binary, and leaves nothing behind unless --out is given.

Exit status: 0 every victim was found and nobody else accused; 1 otherwise.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("引数 %q は不要です：demo はフラグだけを取ります。手元のログを調べるには sekisho investigate %s", "%q is too much: demo takes flags only; to look into your own logs: sekisho investigate %s", args[0], args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return inWords(f.run(cmd), language(f.lang)) },
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.once, "once", false, "end after the verdict, without serving the report")
	fl.Uint64Var(&f.seed, "seed", 1, "which of all institutes; the same number gives the same logs")
	fl.IntVar(&f.accounts, "accounts", 400, "how many people the institute has")
	fl.StringVar(&f.out, "out", "", "keep logs, truth and case in this new or empty `folder` (default: a temporary one)")
	fl.StringVar(&f.lang, "lang", "", "language of the messages: ja or en (default: of the terminal)")
	fl.Uint16Var(&f.port, "port", 0, "port of the report on 127.0.0.1 (default: any that is free)")
	return cmd
}

func (f *demoFlags) run(cmd *cobra.Command) (err error) {
	if err := cmp.Or(given(cmd.Flags(), "seed", "seeds count from 1"), given(cmd.Flags(), "accounts", "an institute has 100 at least")); err != nil {
		return err
	}
	if err := (drill.Options{Seed: f.seed, Accounts: f.accounts}).Check(); err != nil {
		return &exitError{exitUsage, err}
	}
	dir, home, done, err := f.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	lang, w := language(f.lang), cmd.OutOrStdout()
	fmt.Fprintf(w, pick(lang, event.Words{Ja: "架空の研究所（%s アカウント、4 か月）のログを作り、調べます。攻撃の中身は調査には知らせません。\n",
		En: "Making the logs of an invented institute (%s accounts, four months), then investigating them without being told what happened.\n"}), grouped(int64(f.accounts)))
	bar := newProgressBar(cmd.ErrOrStderr(), lang)
	r, err := node.Rehearse(cmd.Context(), dir, drill.Options{Seed: f.seed, Accounts: f.accounts},
		node.Options{Version: version, Home: home, Progress: bar.Update})
	bar.Close()
	if cmd.Context().Err() != nil {
		return f.stopped(lang)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(w, pick(lang, event.Words{Ja: "ログ %s ファイル %s 行\n\n", En: "%s log files, %s lines\n\n"}), grouped(int64(len(r.Truth.Files))), grouped(r.Truth.Lines))
	width, color := terminalOf(w)
	o := report.TerminalOptions{Lang: lang, Width: width, Color: color}
	if f.out != "" { // a folder that is about to go is not worth a name
		o.Dir = r.Outcome.Dir
	}
	if err := report.Terminal(w, &report.Data{Case: r.Outcome.Case}, o); err != nil {
		return err
	}
	wrong := tellResult(w, r.Result, lang)
	if !f.once {
		if err := f.serve(cmd.Context(), w, r.Outcome.Dir, lang); err != nil {
			return err
		}
	}
	if wrong {
		return &exitError{exitFailed, nil}
	}
	return nil
}

// stopped says that there is no verdict, and what is left.
func (f *demoFlags) stopped(lang report.Lang) error {
	if entries, err := os.ReadDir(f.out); f.out != "" && err == nil && len(entries) > 0 {
		return event.Tell("結果が出る前に中断しました。途中までのものが %s に残っています。やり直すには別のフォルダを指定してください", "interrupted before there was a verdict; what there is so far stays in %s: to try again choose another folder", printable(f.out))
	}
	return event.Tell("結果が出る前に中断しました。何も残していません", "interrupted before there was a verdict: nothing is left")
}

// folder returns where to work, where the signing key is (empty: where it always is), and what to do in the end.
func (f *demoFlags) folder() (dir, home string, done func() error, err error) {
	if f.out != "" {
		if entries, err := os.ReadDir(f.out); err == nil && len(entries) > 0 {
			return "", "", nil, event.Tell("%s は使用中です（%q があります）：--out には新しいフォルダか空のフォルダを指定してください", "%s is in use: it holds %q; choose a new or an empty folder for --out", printable(f.out), entries[0].Name())
		}
		return f.out, "", func() error { return nil }, os.MkdirAll(f.out, 0o700)
	}
	dir, err = os.MkdirTemp("", "sekisho-demo-")
	if err != nil {
		return "", "", nil, event.Tell("作業用フォルダを作れません：%v", "make a temporary folder: %v", err)
	}
	// A demo does not make the key with which real evidence will be signed.
	return dir, filepath.Join(dir, "key"), func() error { return os.RemoveAll(dir) }, nil
}

// tellResult holds what was found against what is true, and says whether a user would have been misled.
func tellResult(w io.Writer, r *drill.Result, lang report.Lang) (wrong bool) {
	p := func(ja, en string, args ...any) {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: ja, En: en})+"\n", args...)
	}
	p("\n答え合わせ（調査の後に、作った側の正解と比べたもの）", "\nAgainst the truth (read only after the investigation)")
	p("  判定             %s（正解 %s）", "  verdict          %s (true: %s)", drill.VerdictIn(r.Verdict.Found, string(lang)), drill.VerdictIn(r.Verdict.True, string(lang)))
	for _, t := range talliesOf(r) {
		p("  "+t.ja+" %d / %d を発見、"+t.accused+" %d、どのログにも残らないもの %d", fmt.Sprintf("  %-16s", t.en)+" found %d of %d, wrongly accused %d, in no log at all %d",
			t.t.Found, t.t.Knowable, len(t.t.Wrong), len(t.t.Unknown))
		if len(t.t.Missed) > 0 {
			p("      見落とし：%s", "      missed: %s", printable(strings.Join(t.t.Missed, ", ")))
		}
		if len(t.t.Wrong) > 0 {
			p("      "+t.accused+"：%s", "      wrongly accused: %s", printable(strings.Join(wrongIn(t.t.Wrong, lang), ", ")))
		}
	}
	p("  誤って攻撃元と判定した共用アドレス %d", "  shared addresses called attacker %d", len(r.SharedCalledAttacker))
	if h := r.FirstAlarm; h != nil {
		p("  重大度「高」以上の最初の警報は、最初の不正ログインの %s", "  the first high alarm would have come %s the first bad login", ago(*h, lang))
	}
	failures := r.Failures(string(lang))
	for _, f := range failures {
		p("  誤り：%s", "  wrong: %s", printable(f))
	}
	if len(failures) == 0 {
		p("  → 被害アカウントをすべて見つけ、無実の人を被害と誤って判定した例はありません。", "  → Every stolen account was found, and no honest person accused.")
	}
	return len(failures) > 0
}

// ago says how long before or after something was.
func ago(hours float64, lang report.Lang) string {
	hours = noMinusZero(hours)
	before := hours < 0
	if before {
		hours = -hours
	}
	n, unit := hours/24, event.Words{Ja: "日", En: "days"}
	if hours < 48 {
		n, unit = hours, event.Words{Ja: "時間", En: "hours"}
	}
	side := event.Words{Ja: "後", En: "after"}
	if before {
		side = event.Words{Ja: "前", En: "before"}
	}
	text := strings.TrimSuffix(strconv.FormatFloat(n, 'f', 1, 64), ".0")
	if text == "1" {
		unit.En = strings.TrimSuffix(unit.En, "s")
	}
	return fmt.Sprintf(pick(lang, event.Words{Ja: "%s %s%s", En: "%s %s %s"}), text, pick(lang, unit), pick(lang, side))
}

// serve shows the report on this machine until the context ends.
func (f *demoFlags) serve(ctx context.Context, w io.Writer, dir string, lang report.Lang) error {
	return serveReport(ctx, dir, f.port, func(url string) {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: "\n報告書： %s　（このマシンからだけ見えます。Ctrl-C で終了）\n", En: "\nThe report: %s  (visible from this machine only; Ctrl-C ends)\n"}), url)
	})
}
