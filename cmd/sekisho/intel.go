// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

func intelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "intel",
		Short: "Compare a case with lists of what others know to be bad",
		Long: `Intel reads lists that others publish or send: bundles of STIX 2.0 and 2.1, events and feeds of MISP as JSON, tables with a
header, plain lists of addresses, networks, domains, URLs, hashes and mail addresses, and lists of Tor exits by day. Nothing is
fetched: give files, or folders of them.

  sekisho investigate --intel FILE PATH...   compares while investigating; the findings stand in the case
  sekisho intel match --case DIR FILE...     compares a new list with the whole history of a case`,
		RunE: onlyGroups,
	}
	cmd.AddCommand(intelMatchCommand(), intelCheckCommand())
	return cmd
}

type intelFlags struct {
	dir, org, lang string
	anyTime, json  bool
}

func intelMatchCommand() *cobra.Command {
	var f intelFlags
	cmd := &cobra.Command{
		Use:   "match --case DIR FILE...",
		Short: "Compare lists with the whole history of a case",
		Long: `Match compares every event of a case with lists and prints what an investigation with these lists would find: one finding for
each list, what was done and with whom. The case is not changed; sekisho investigate --add --intel FILE makes a revision of it.

An indicator counts at the times for which its list speaks; --any-time takes all of them for valid always, for lists whose
"valid from" is the day on which they were written.`,
		Example: `  sekisho intel match --case sekisho-case bundle.json
  sekisho intel match --case sekisho-case --any-time --json feeds/ | jq .findings`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("照合するリストがありません：ファイルかフォルダを指定してください", "no list to compare with: give files or folders")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.match(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.StringVar(&f.org, "org", "", "the institute's profile (`file`; default: the one that the case was made with)")
	fl.BoolVar(&f.anyTime, "any-time", false, "take indicators for valid at all times")
	fl.BoolVar(&f.json, "json", false, "print findings and lists as JSON")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

func intelFiles(args []string) []node.IntelFile {
	var out []node.IntelFile
	for _, a := range args {
		out = append(out, node.IntelFile{Path: a})
	}
	return out
}

func (f *intelFlags) match(cmd *cobra.Command, args []string) error {
	if st, err := os.Stat(f.dir); err != nil || !st.IsDir() {
		return usageError("%s に事案がありません：sekisho investigate で作成するか、--case で場所を指定してください", "there is no case in %s: sekisho investigate makes one; --case says where it is", printable(f.dir))
	}
	o := node.IntelMatchOptions{Dir: f.dir, Files: intelFiles(args), AnyTime: f.anyTime}
	var err error
	if f.org != "" {
		if o.Profile, err = (&investigateFlags{org: f.org}).profile(); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	if o.Temp, err = os.MkdirTemp("", "sekisho-intel-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.Temp)
	m, err := node.MatchIntel(cmd.Context(), o)
	if errors.Is(err, os.ErrNotExist) {
		return usageError("%v", "%v", err)
	}
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), m)
	}
	f.tell(cmd.OutOrStdout(), m)
	return nil
}

// tell prints the findings, gravest first.
func (f *intelFlags) tell(w io.Writer, m *node.IntelMatch) {
	lang := language(f.lang)
	tellLists(w, m.Lists, lang)
	fmt.Fprintln(w)
	all := slices.Clone(m.Findings)
	slices.SortStableFunc(all, func(a, b cases.Finding) int {
		x, _ := event.ParseSeverity(string(a.Severity))
		y, _ := event.ParseSeverity(string(b.Severity))
		return int(y) - int(x)
	})
	if len(all) == 0 {
		fmt.Fprintln(w, pick(lang, event.Words{Ja: fmt.Sprintf("%s 件の記録に、一覧にあるものは現れない。", grouped(m.Events)), En: fmt.Sprintf("Nothing that is listed stands in the %s events, for the times for which it is listed.", grouped(m.Events))}))
		return
	}
	for i := range all {
		c := &all[i]
		fmt.Fprintf(w, "%-8s %s  %s – %s\n", c.Severity, printable(pick(lang, c.Title)), shortTime(c.First), shortTime(c.Last))
		fmt.Fprintf(w, "         %s\n", printable(pick(lang, c.Explanation)))
		for k, e := range c.Evidence[:min(len(c.Evidence), 3)] {
			if k == 0 {
				fmt.Fprintf(w, "         %s", pick(lang, event.Words{Ja: "証跡: ", En: "records: "}))
			} else {
				fmt.Fprint(w, ", ")
			}
			fmt.Fprintf(w, "%s:%d", printable(e.Input), e.Parts[0].Line)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, pick(lang, event.Words{Ja: "調査に加えるには: sekisho investigate --add --intel ファイル", En: "To make a revision of the case with it: sekisho investigate --add --intel FILE"}))
}

func shortTime(t cases.Time) string { return t.Time().Format("2006-01-02 15:04 UTC") }

// tellLists prints what came of each list.
func tellLists(w io.Writer, lists []cases.IntelList, lang report.Lang) {
	for i := range lists {
		l := &lists[i]
		if l.Error != "" {
			fmt.Fprintf(w, "%s: %s\n", printable(l.Path), printable(l.Error))
			continue
		}
		fmt.Fprintln(w, pick(lang, event.Words{Ja: fmt.Sprintf("%s（%s）: 照合できるもの %s 件", printable(l.Name), l.Format, grouped(l.Indicators)),
			En: fmt.Sprintf("%s (%s): %s", printable(l.Name), l.Format, number(l.Indicators, "indicator", "indicators"))}))
		if l.Repeated > 0 {
			fmt.Fprintln(w, pick(lang, event.Words{Ja: fmt.Sprintf("  同じ値の繰返し %s 件（一度だけ数えた）", grouped(l.Repeated)), En: fmt.Sprintf("  %s of a value that stands there already: counted once", number(l.Repeated, "repetition", "repetitions"))}))
		}
		for _, r := range l.LeftOut {
			fmt.Fprintln(w, pick(lang, event.Words{Ja: fmt.Sprintf("  照合しない %s 件: %s", grouped(r.N), printable(r.Why)), En: fmt.Sprintf("  %s left out: %s", grouped(r.N), printable(r.Why))}))
		}
		for _, s := range l.Samples {
			fmt.Fprintf(w, "    %s\n", printable(s))
		}
		for _, n := range l.Notes {
			fmt.Fprintf(w, "  %s\n", printable(n))
		}
		if l.Outside > 0 {
			fmt.Fprintln(w, pick(lang, event.Words{Ja: fmt.Sprintf("  有効期間の外の記録に現れた %s 回は数えない（--any-time で数える）", grouped(l.Outside)),
				En: fmt.Sprintf("  seen %s in records of another time than it is listed for, which do not count (--any-time counts them)", number(l.Outside, "time", "times"))}))
		}
	}
}

func intelCheckCommand() *cobra.Command {
	var f intelFlags
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Say what can be compared of lists, and what cannot",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("確認するリストがありません：ファイルかフォルダを指定してください", "no list to check: give files or folders")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			lists, err := node.CheckIntel(cmd.Context(), intelFiles(args))
			if errors.Is(err, os.ErrNotExist) {
				return usageError("%v", "%v", err)
			}
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), lists)
			}
			tellLists(cmd.OutOrStdout(), lists, language(f.lang))
			return nil
		},
	}
	cmd.Flags().BoolVar(&f.json, "json", false, "print as JSON")
	cmd.Flags().StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}
