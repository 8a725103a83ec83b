// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/exposure"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

type exposureFlags struct{ reportFlags }

var exposureFormats = []string{"text", "json"}

func exposureCommand() *cobra.Command {
	var f exposureFlags
	cmd := &cobra.Command{
		Use:   "exposure [CASE]",
		Short: "Tell what leaked or may have been seen, and take it to the people who know what it is",
		Long: `Exposure lists what leaked, what was viewed and what may have been, row by row, with what people found on reviewing it, and the table by the
institute's own classes: reviewed and not reviewed apart.

Logs do not know what a message or a file means. sekisho exposure worksheet writes the rows for reviewers to fill in; sekisho exposure review
takes back what they found.

  text  for people
  json  the rows and the table

Exit status: 0 done; 1 failed; 2 wrong usage, or there is no such case.`,
		Example: `  sekisho exposure
  sekisho exposure worksheet --out worksheet.xlsx
  sekisho exposure review --by suzuki worksheet.xlsx`,
		Args: caseArgument(0),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.tellFlags(cmd, exposureFormats)
	cmd.AddCommand(exposureWorksheetCommand(), exposureReviewCommand())
	return cmd
}

// caseArgument lets a command name its case as first argument, with at least that many others behind.
func caseArgument(more int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if more == 0 && len(args) > 1 {
			return usageError("引数 %q は不要です：%s は事案のフォルダを一つだけ取ります", "%q is too much: %s takes one case folder", args[1], cmd.CommandPath())
		}
		return nil
	}
}

// exposureTold is what exposure prints as JSON.
type exposureTold struct {
	Revision int                  `json:"revision"`
	Exposure []cases.Exposure     `json:"exposure"`
	Table    *cases.ExposureTable `json:"table"`
	Orphans  []exposure.Entry     `json:"orphans"` // reviews of rows that this revision has no longer
}

func (f *exposureFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.checkFormat(exposureFormats); err != nil {
		return err
	}
	if len(args) > 0 {
		f.dir = args[0]
	}
	c, book, err := openReviewed(f.dir)
	if err != nil {
		return err
	}
	if f.format == "json" {
		var text strings.Builder
		if err := printJSON(&text, exposureTold{c.Revision, c.Exposure, c.Classify(), append([]exposure.Entry{}, exposure.Orphans(c, book)...)}); err != nil {
			return err
		}
		return f.deliver(cmd.OutOrStdout(), []byte(text.String()))
	}
	lang := report.Lang(language(f.lang))
	b := (&report.Ledger{Data: &report.Data{Case: c}}).Text(lang)
	for _, w := range exposure.Limits(c, book) {
		b = fmt.Appendf(b, "\n%s\n", pick(lang, w))
	}
	return f.deliver(cmd.OutOrStdout(), b)
}

// openReviewed opens a case with what people reviewed since it was made.
func openReviewed(dir string) (*cases.Case, []exposure.Entry, error) {
	c, err := cases.Open(filepath.Join(dir, "case.json"))
	if err != nil {
		return nil, nil, noCase(dir, err)
	}
	book, err := node.ExposureReviews(dir)
	if err != nil {
		return nil, nil, err
	}
	exposure.Apply(c, book)
	return c, book, nil
}

type worksheetFlags struct {
	reportFlags
	department string
}

var worksheetFormats = []string{"csv", "xlsx"}

func exposureWorksheetCommand() *cobra.Command {
	var f worksheetFlags
	cmd := &cobra.Command{
		Use:   "worksheet [CASE] --out FILE [--department NAME]",
		Short: "Write the rows of the ledger for reviewers to fill in, as CSV or XLSX",
		Long: `Worksheet writes a row for each row of the ledger: mail, files, directory records, credentials, with level, basis, when, account and the records
that say so, and empty columns for the reviewer: class, number of items, persons, upper bound of persons, confidentiality (機密性 1 to 3), remark.
Each row has an identity that stays in later revisions of the case.

  csv   UTF-8 with a byte order mark; texts that a spreadsheet would take for formulas get an apostrophe
  xlsx  a workbook; every text is a text, no cell is a formula

Rows that were reviewed before say what was found. Who is not in the directory has no department. The worksheet names people: hand it over in
person, never by mail: the intruder reads the mailboxes.
Exit status: 0 done; 1 failed; 2 wrong usage, or there is no such case or department.`,
		Example: `  sekisho exposure worksheet --out worksheet.xlsx
  sekisho exposure worksheet --department 総務部 --out soumu.csv`,
		Args: caseArgument(0),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.tellFlags(cmd, worksheetFormats)
	cmd.Flags().Lookup("format").Usage += " (default: what the ending of --out says, else csv)"
	cmd.Flags().StringVar(&f.department, "department", "", "only rows of accounts of this `department`")
	_ = cmd.RegisterFlagCompletionFunc("department", func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		dir := f.dir
		if len(args) > 0 {
			dir = args[0]
		}
		c, err := cases.Open(filepath.Join(dir, "case.json"))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return departments(c), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// departments returns those of accounts with rows in the ledger, sorted.
func departments(c *cases.Case) []string {
	with := map[string]bool{}
	for i := range c.Exposure {
		with[c.Exposure[i].Account] = true
	}
	var out []string
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.Department != "" && with[a.Name] {
			out = append(out, a.Department)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (f *worksheetFlags) run(cmd *cobra.Command, args []string) error {
	if !cmd.Flags().Changed("format") && strings.EqualFold(filepath.Ext(f.out), ".xlsx") {
		f.format = "xlsx"
	}
	if err := f.checkFormat(worksheetFormats); err != nil {
		return err
	}
	if len(args) > 0 {
		f.dir = args[0]
	}
	c, _, err := openReviewed(f.dir)
	if err != nil {
		return err
	}
	if known := departments(c); f.department != "" && !slices.Contains(known, f.department) {
		if len(known) == 0 {
			return usageError("部署 %q の行はありません：部署の分かるアカウントがありません。org.yaml の directory で部署を与えるか、--department を外してください", "there is no row of the department %q: no account has one; name a directory in org.yaml, or leave --department out", f.department)
		}
		return usageError("部署 %q の行はありません：あるのは %s です", "there is no row of the department %q: there is %s", f.department, strings.Join(known, ", "))
	}
	lang := language(f.lang)
	sheet, err := exposure.Make(c, exposure.Options{Department: f.department, Japanese: lang == report.Ja})
	if err != nil {
		return refusedAsUsage(err)
	}
	b := sheet.CSV()
	if f.format == "xlsx" {
		if b, err = sheet.XLSX(); err != nil {
			return err
		}
	}
	if err := f.deliver(cmd.OutOrStdout(), b); err != nil {
		return err
	}
	if sheet.Left > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), pick(lang, event.Words{Ja: "sekisho: ほかの部署、または部署のない行が %d 行あります\n", En: "sekisho: rows of other departments, or of none: %d\n"}), sheet.Left)
	}
	return nil
}
