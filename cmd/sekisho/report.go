// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

type reportFlags struct {
	dir, format, out, lang string
	since                  int
	force                  bool
}

// reportFormats are the forms that a case can be told in; laterFormats are those of the contract that are not made yet.
var (
	reportFormats = []string{"first", "html", "md", "json", "stix"}
	laterFormats  = []string{"pdf", "docx", "ppc-preliminary", "ppc-final", "jpcert"}
)

func reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report --case DIR [--format FORMAT] [--since REVISION]",
		Short: "Tell a case as text, page or data, or what changed in it",
		Long: `Report writes a case in one of these forms:

  first   the first report (第一報) of one page, as Markdown
  html    report.html, the whole report for a browser, in Japanese and English
  md      the whole case as Markdown: first report, accounts, addresses, hosts, findings, exposure, questions, what to do, coverage
  json    case.json as it is
  stix    a STIX 2.1 bundle of the attacking addresses, each with the time in which it was in bad hands; shared and suspected ones are
          left out, and the bundle is marked TLP:AMBER

Report --since REVISION tells, as Markdown or JSON, every number and verdict that is another than in that earlier revision, with what came
between: inputs, people's answers, another version of Sekisho. A case keeps its earlier revisions when it is extended
(investigate --add, claim add).

Texts that come from logs are made harmless: marks of Markdown and HTML in them are shown and mean nothing.
It changes nothing in the case. Exit status: 0 done; 1 failed; 2 wrong usage, or there is no such case or revision.`,
		Example: `  sekisho report --format first --lang ja
  sekisho report --case sekisho-case --format md --out case.md
  sekisho report --since 1
  sekisho report --format stix --out indicators.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.StringVar(&f.format, "format", "", "the `form`: "+strings.Join(reportFormats, ", ")+" (default: md)")
	fl.StringVar(&f.out, "out", "", "the `file` to write (default: standard output)")
	fl.BoolVar(&f.force, "force", false, "write over the file of --out")
	fl.IntVar(&f.since, "since", 0, "tell what changed since this `revision`")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(reportFormats, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("since", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return revisionNames(f.dir), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func revisionNames(dir string) []string {
	var out []string
	for _, n := range node.Revisions(dir) {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

func (f *reportFlags) run(cmd *cobra.Command) error {
	since := cmd.Flags().Changed("since")
	if err := f.check(since); err != nil {
		return err
	}
	c, _, err := openReviewed(f.dir)
	if err != nil {
		return err
	}
	var b []byte
	if since {
		b, err = f.changes(c)
	} else {
		b, err = f.render(c)
	}
	if err != nil {
		return err
	}
	return f.deliver(cmd.OutOrStdout(), b)
}

// check refuses what cannot be written, before anything is read.
func (f *reportFlags) check(since bool) error {
	if f.format == "" {
		f.format = "md"
	}
	made := strings.Join(reportFormats, ", ")
	switch {
	case slices.Contains(laterFormats, f.format):
		return usageError("--format %s はまだ作れません：%s のいずれかを指定してください", "--format %s cannot be written yet: choose one of %s", f.format, made)
	case !slices.Contains(reportFormats, f.format):
		return usageError("--format %q という形式はありません：%s のいずれかを指定してください", "there is no --format %q: choose one of %s", f.format, made)
	case since && f.format != "md" && f.format != "json":
		return usageError("--since は md か json で出力します：--format %s は指定できません", "--since is told as md or json: leave --format %s out", f.format)
	}
	return nil
}

func (f *reportFlags) render(c *cases.Case) ([]byte, error) {
	d, lang := &report.Data{Case: c}, report.Lang(language(f.lang))
	switch f.format {
	case "first":
		return report.NewFirst(d).Markdown(lang), nil
	case "md":
		return report.Markdown(d, lang), nil
	case "stix":
		return report.STIX(d)
	}
	name := map[string]string{"html": "report.html", "json": "case.json"}[f.format]
	b, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		return nil, event.Tell("%s を読めません：%v", "read %s: %v", name, err)
	}
	return b, nil
}

// changes compares with an earlier revision that the case keeps.
func (f *reportFlags) changes(c *cases.Case) ([]byte, error) {
	if f.since == c.Revision {
		return nil, usageError("この事案は版 %d です：--since にはそれより前の版を指定してください", "the case is at revision %d: --since wants an earlier one", c.Revision)
	}
	was, err := node.OpenRevision(f.dir, f.since)
	if errors.Is(err, node.ErrNoRevision) {
		kept := strings.Join(revisionNames(f.dir), ", ")
		if kept == "" {
			return nil, usageError("版 %d は残っていません：この事案（版 %d）には以前の版がありません。以前の版は investigate --add で追加したときに残ります", "revision %d is not kept: the case (revision %d) has no earlier one; they are kept when investigate --add extends it", f.since, c.Revision)
		}
		return nil, usageError("版 %d は残っていません：あるのは %s です", "revision %d is not kept: there is %s", f.since, kept)
	}
	if err != nil {
		return nil, err
	}
	x := cases.Compare(was, c)
	if f.format == "md" {
		return report.ChangesMarkdown(x, report.Lang(language(f.lang))), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	err = e.Encode(x)
	return b.Bytes(), err
}

// tellFlags are those of commands that tell of a case in one of several forms, the first of which is text.
func (f *reportFlags) tellFlags(cmd *cobra.Command, formats []string) {
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.StringVar(&f.format, "format", formats[0], "the `form`: "+strings.Join(formats, ", "))
	fl.StringVar(&f.out, "out", "", "the `file` to write (default: standard output)")
	fl.BoolVar(&f.force, "force", false, "write over the file of --out")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

func (f *reportFlags) checkFormat(formats []string) error {
	if slices.Contains(formats, f.format) {
		return nil
	}
	return usageError("--format %q という形式はありません：%s のいずれかを指定してください", "there is no --format %q: choose one of %s", f.format, strings.Join(formats, ", "))
}

// deliver writes the report, readable by its owner only: it names people.
func (f *reportFlags) deliver(stdout io.Writer, b []byte) error {
	if f.out == "" {
		_, err := stdout.Write(b)
		return err
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if f.force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(f.out, flags, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usageError("%s はすでにあります：別の --out を指定するか、--force で上書きしてください", "%s is there already: choose another --out, or write over it with --force", printable(f.out))
	}
	if err != nil {
		return event.Tell("報告書を書けません：%v", "write the report: %v", err)
	}
	_, err = file.Write(b)
	if err = errors.Join(err, file.Close()); err != nil {
		return event.Tell("報告書を書けません：%v", "write the report: %v", err)
	}
	return nil
}
