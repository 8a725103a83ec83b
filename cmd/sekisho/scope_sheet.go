// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/report"
)

type sheetFlags struct{ reportFlags }

var sheetFormats = []string{"text", "html", "answers"}

func scopeSheetCommand() *cobra.Command {
	var f sheetFlags
	cmd := &cobra.Command{
		Use:   "sheet --case DIR [--format FORMAT]",
		Short: "Print the open questions as sheets for calling people",
		Long: `Sheet prints the questions of a case that are open, by person, for whoever calls them: with boxes to tick, without verdicts and without evidence.
Nothing is asked by mail: the intruder reads the mailboxes.

  text     plain text
  html     a page to print, each person's questions on a sheet of their own
  answers  a file to fill in for sekisho scope --answers; every line is a comment until it is filled in

Exit status: 0 done; 1 failed; 2 wrong usage, or there is no such case.`,
		Example: `  sekisho scope sheet --format html --out sheet.html
  sekisho scope sheet --format answers --out answers.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.tellFlags(cmd, sheetFormats)
	return cmd
}

func (f *sheetFlags) run(cmd *cobra.Command) error {
	if err := f.checkFormat(sheetFormats); err != nil {
		return err
	}
	c, err := cases.Open(filepath.Join(f.dir, "case.json"))
	if err != nil {
		return noCase(f.dir, err)
	}
	x, lang := &report.Sheet{Data: &report.Data{Case: c}}, report.Lang(language(f.lang))
	var b []byte
	switch f.format {
	case "html":
		b, err = x.HTML(lang)
	case "answers":
		b = x.Answers(lang)
	default:
		b = x.Text(lang)
	}
	if err != nil {
		return err
	}
	return f.deliver(cmd.OutOrStdout(), b)
}
