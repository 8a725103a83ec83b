// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
	"github.com/sekisho/sekisho/sigma"
)

func rulesListCommand() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "list [--rules DIR]",
		Short: "List rules: level, log source, title, id",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := f.load()
			if err != nil {
				return err
			}
			tellRefused(cmd.ErrOrStderr(), set)
			type one struct {
				ID     string   `json:"id"`
				Title  string   `json:"title"`
				Level  string   `json:"level,omitempty"`
				Status string   `json:"status,omitempty"`
				Kind   string   `json:"kind"`
				Source string   `json:"logsource,omitempty"`
				Tags   []string `json:"tags,omitempty"`
				File   string   `json:"file"`
				Line   int      `json:"line"`
				Cases  int      `json:"cases,omitempty"`
			}
			all := []one{}
			for _, r := range set.Everything() {
				all = append(all, one{r.Label(), r.Title, r.Level, r.Status, ruleKind(r), sourceText(r.Source), r.Tags, r.File, r.Line, len(r.Cases)})
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), all)
			}
			w := bufio.NewWriter(cmd.OutOrStdout())
			for i := range all {
				o := &all[i]
				fmt.Fprintf(w, "%-13s  %-34s  %s  (%s)\n", cmp.Or(o.Level, "-"), cmp.Or(o.Source, o.Kind), printable(o.Title), printable(o.ID))
			}
			return w.Flush()
		},
	}
	f.addRules(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print the list as JSON")
	return cmd
}

func ruleKind(r *sigma.Rule) string {
	switch {
	case r.Correlation != nil:
		return r.Correlation.Type.String()
	case r.Filter != nil:
		return "filter"
	}
	return "detection"
}

// sourceText writes a log source in one word.
func sourceText(s sigma.LogSource) string {
	if s == (sigma.LogSource{}) {
		return ""
	}
	var parts []string
	for _, p := range []string{s.Product, s.Category, s.Service} {
		parts = append(parts, cmp.Or(p, "*"))
	}
	return strings.TrimRight(strings.Join(parts, "/"), "/*")
}

func rulesTestCommand() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "test [DIR...]",
		Short: "Run the cases that stand beside rules",
		Long: `Test runs the cases that rules have under the key tests: records, and how often the rule is to match them. A case of a
correlation shows its records to the rules that it stands on.

    tests:
        - name: ten failures in a minute
          fires: 1
          events:
              - {$time: 2026-04-01T01:00:00Z, $times: 10, $every: 6s, account: taro, outcome: failure}

$times repeats a record, $every moves each repetition on, $after moves on from the record before, {n} in a value is the number of
the repetition, and $text is the whole record, for keywords. Without a folder the built-in rules are tested.

Exit status: 0 all cases are right; 1 one is not, or a rule was refused; 2 wrong usage.`,
		Example: `  sekisho rules test rules/`,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.rules = append(f.rules, args...)
			return f.test(cmd)
		},
	}
	f.addRules(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print the results as JSON")
	return cmd
}

func (f *rulesFlags) test(cmd *cobra.Command) error {
	set, err := f.load()
	if err != nil {
		return err
	}
	tellRefused(cmd.ErrOrStderr(), set)
	type one struct {
		File  string `json:"file"`
		Line  int    `json:"line"`
		Rule  string `json:"rule"`
		Case  string `json:"case"`
		Want  int    `json:"want"`
		Fired int    `json:"fired"`
		OK    bool   `json:"ok"`
	}
	all, bad := []one{}, 0
	for _, r := range set.RunCases() {
		all = append(all, one{r.Rule.File, r.Case.Line, r.Rule.Label(), r.Case.Name, r.Case.Fires, r.Fired, r.OK})
		if !r.OK {
			bad++
		}
	}
	w, lang := cmd.OutOrStdout(), language(f.lang)
	if f.json {
		err = printJSON(w, all)
	} else {
		for i := range all {
			if o := &all[i]; !o.OK {
				fmt.Fprintf(w, pick(lang, event.Words{Ja: "誤り %s:%d: %s: %d 回のはずが %d 回\n", En: "WRONG %s:%d: %s: fired %[5]d times, not %[4]d\n"}), printable(o.File), o.Line, printable(o.Case), o.Want, o.Fired)
			}
		}
		without := 0
		for _, r := range set.Rules {
			if len(r.Cases) == 0 && !r.Quiet {
				without++
			}
		}
		fmt.Fprintf(w, pick(lang, event.Words{Ja: "事例 %d 件、うち誤り %d 件。事例のないルール %d 件\n", En: "%d cases, %d wrong; %d rules without a case\n"}), len(all), bad, without)
	}
	if err == nil && (bad > 0 || len(set.Errors) > 0) {
		err = &exitError{exitFailed, nil}
	}
	return err
}

func rulesBacktestCommand() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "backtest [--rules DIR] {PATH... | --case DIR}",
		Short: "Say what rules would have told over logs of the past, and how noisy they would be",
		Long: `Backtest shows the records of files to rules and prints for each how often it would have matched, on how many days, how many
times on the worst of them and a day in the mean: the noise to expect. Of rules that could never match it says why: no record is of
their log source, or none has a field that they ask for. Nothing is written.

With --case it is the events that an investigation left in its case folder: the whole history, without reading a log again. They stand there
under the columns of the event table, so that only rules for product: sekisho have records.`,
		Example: `  sekisho rules backtest --rules sigma/rules /evidence/evtx
  sekisho rules backtest /var/log
  sekisho rules backtest --case sekisho-case --rules my-rules`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.dir == "" {
				return somePaths(cmd, args)
			}
			if len(args) > 0 {
				return usageError("--case の事案に事象が入っています。ファイルとフォルダ、または事案のどちらか一方を指定してください", "--case has the events: give files and folders, or a case, not both")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.backtest(cmd, args) },
	}
	f.addRules(cmd)
	f.addInputs(cmd)
	cmd.Flags().StringVar(&f.dir, "case", "", "the case `folder` whose events are shown to the rules, instead of files")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a line for each rule")
	return cmd
}

func somePaths(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError("調べる対象がありません：ファイルかフォルダ、標準入力なら - を指定してください", "nothing to look at: give files or folders, or - for standard input")
	}
	return nil
}

// history runs a backtest and tells of what could not be read.
func (f *rulesFlags) history(cmd *cobra.Command, args []string) ([]node.RuleHistory, *sigma.Set, error) {
	set, err := f.load()
	if err != nil {
		return nil, nil, err
	}
	o, err := f.options(cmd.InOrStdin())
	if err != nil {
		return nil, nil, err
	}
	tellRefused(cmd.ErrOrStderr(), set)
	var all []node.RuleHistory
	var read *node.RulesRead
	if f.dir != "" {
		all, read, err = node.BacktestCase(cmd.Context(), set, f.dir)
	} else {
		all, read, err = node.BacktestRules(cmd.Context(), set, args, o)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, p := range read.Problems {
		fmt.Fprintln(cmd.ErrOrStderr(), "sekisho: "+printable(p))
	}
	return all, set, nil
}

// historyJSON is what a rule would have told, for programs.
type historyJSON struct {
	Rule    string   `json:"rule"`
	Title   string   `json:"title"`
	Level   string   `json:"level,omitempty"`
	Records int64    `json:"records"`
	Matches int64    `json:"matches"`
	Days    float64  `json:"days"`
	PerDay  float64  `json:"per_day"`
	Busiest int64    `json:"busiest_day"`
	Active  int      `json:"days_with_matches"`
	First   string   `json:"first,omitempty"`
	Last    string   `json:"last,omitempty"`
	Missing []string `json:"missing_fields,omitempty"`
	Noise   string   `json:"noise"`
}

// noise is the estimate in one word: no-source and blind for rules that could not match.
func noise(h *node.RuleHistory) string {
	switch {
	case h.Records == 0:
		return "no-source"
	case h.Matches == 0 && len(h.Missing) > 0:
		return "blind"
	case h.Matches == 0:
		return "silent"
	case h.PerDay > 10 || h.Busiest > 100:
		return "noisy"
	case h.PerDay > 1:
		return "daily"
	}
	return "rare"
}

func round(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }

func (f *rulesFlags) backtest(cmd *cobra.Command, args []string) error {
	all, _, err := f.history(cmd, args)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(h node.RuleHistory) bool { return h.Rule.Quiet })
	slices.SortStableFunc(all, func(a, b node.RuleHistory) int { return cmp.Compare(b.Matches, a.Matches) })
	w := bufio.NewWriter(cmd.OutOrStdout())
	if f.json {
		for i := range all {
			h := &all[i]
			if err := lineJSON(w, historyJSON{h.Rule.Label(), h.Rule.Title, h.Rule.Level, h.Records, h.Matches, round(h.Days), round(h.PerDay), h.Busiest, h.Active, matchTime(h.First), matchTime(h.Last), h.Missing, noise(h)}); err != nil {
				return err
			}
		}
		return w.Flush()
	}
	tellHistory(w, all, language(f.lang))
	return w.Flush()
}

func tellHistory(w io.Writer, all []node.RuleHistory, lang report.Lang) {
	words := map[string]event.Words{
		"noisy":  {Ja: "多い", En: "noisy"},
		"daily":  {Ja: "毎日", En: "daily"},
		"rare":   {Ja: "まれ", En: "rare"},
		"silent": {Ja: "なし", En: "silent"},
	}
	count := map[string]int{}
	for i := range all {
		h := &all[i]
		n := noise(h)
		if count[n]++; h.Matches == 0 {
			continue
		}
		fmt.Fprintf(w, pick(lang, event.Words{Ja: "%-6s 一致 %s 件、1 日 %.2f 件、最多の日 %s 件、%s〜%s  %s (%s)\n", En: "%-6s %s matches, %.2f a day, %s on the worst, %s to %s  %s (%s)\n"}),
			pick(lang, words[n]), grouped(h.Matches), h.PerDay, grouped(h.Busiest), day(h.First), day(h.Last), printable(h.Rule.Title), printable(h.Rule.Label()))
	}
	for i := range all {
		if h := &all[i]; noise(h) == "blind" {
			fmt.Fprintf(w, pick(lang, event.Words{Ja: "項目 %s がどの記録にもない  %s (%s)\n", En: "no record has %s  %s (%s)\n"}), printable(strings.Join(h.Missing, ", ")), printable(h.Rule.Title), printable(h.Rule.Label()))
		}
	}
	fmt.Fprintf(w, pick(lang, event.Words{Ja: "ルール %d 件：多い %d、毎日 %d、まれ %d、なし %d、項目がない %d、その記録がない %d\n", En: "%d rules: %d noisy, %d daily, %d rare, %d silent, %d without a field that they ask for, %d without records of their log source\n"}),
		len(all), count["noisy"], count["daily"], count["rare"], count["silent"], count["blind"], count["no-source"])
}

func day(m event.Micros) string {
	if m == 0 {
		return "-"
	}
	return m.Time().Format(time.DateOnly)
}

func rulesCoverageCommand() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "coverage [--rules DIR] [PATH...]",
		Short: "Say which techniques of ATT&CK rules are about, and which of them logs can show",
		Long: `Coverage counts rules by the techniques of ATT&CK that their tags name. With files it also says for how many of these rules there
are records of their log source, how many ask for a field that no record has, and how many matched: a technique with rules and
without records is not watched.`,
		Example: `  sekisho rules coverage --rules sigma/rules
  sekisho rules coverage --rules sigma/rules /evidence/evtx`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return f.coverage(cmd, args) },
	}
	f.addRules(cmd)
	f.addInputs(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print the techniques as JSON")
	return cmd
}

func (f *rulesFlags) coverage(cmd *cobra.Command, args []string) error {
	var all []node.RuleHistory
	if len(args) > 0 {
		var err error
		if all, _, err = f.history(cmd, args); err != nil {
			return err
		}
	} else {
		set, err := f.load()
		if err != nil {
			return err
		}
		tellRefused(cmd.ErrOrStderr(), set)
		for _, r := range set.Rules {
			all = append(all, node.RuleHistory{Rule: r})
		}
	}
	techniques := node.RulesCoverage(all)
	if f.json {
		return printJSON(cmd.OutOrStdout(), techniques)
	}
	w, lang := bufio.NewWriter(cmd.OutOrStdout()), language(f.lang)
	watched := 0
	for i := range techniques {
		t := &techniques[i]
		if t.Fed > t.Blind {
			watched++
		}
		fmt.Fprintf(w, pick(lang, event.Words{Ja: "%-10s ルール %d 件", En: "%-10s rules %d"}), t.ID, t.Rules)
		if len(args) > 0 {
			fmt.Fprintf(w, pick(lang, event.Words{Ja: "、記録あり %d、項目がない %d、一致 %d（%s 件）", En: ", with records %d, without a field %d, matched %d (%s times)"}), t.Fed, t.Blind, t.Matched, grouped(t.Matches))
		}
		fmt.Fprintln(w)
	}
	if len(args) > 0 {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: "技法 %d 件、うち記録で見えるもの %d 件\n", En: "%d techniques, %d of them watched by a rule that has what it asks for\n"}), len(techniques), watched)
	} else {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: "技法 %d 件\n", En: "%d techniques\n"}), len(techniques))
	}
	return w.Flush()
}

func rulesExplainCommand() *cobra.Command {
	var f rulesFlags
	var rule string
	var record int64
	cmd := &cobra.Command{
		Use:   "explain [--rules DIR] --rule ID --record N FILE",
		Short: "Say why a rule matches a record, or does not",
		Long: `Explain shows one record of a file to one rule and prints the rule's tests, from the outermost inwards, with the values that the
record has: which hold (+) and which do not (-).`,
		Example: `  sekisho rules explain --rules sigma/rules --rule 8518ed3d-f7c9-4601-a26c-f361a4256a0c --record 1 Sysmon.evtx`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("ファイルを 1 つ指定してください", "give one file")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.explain(cmd, rule, record, args[0]) },
	}
	f.addRules(cmd)
	f.addInputs(cmd)
	fl := cmd.Flags()
	fl.StringVar(&rule, "rule", "", "the rule's `id`, name or title")
	fl.Int64Var(&record, "record", 1, "the record's number in the file, from 1, as eval prints it")
	fl.BoolVar(&f.json, "json", false, "print the tests as JSON")
	return cmd
}

func (f *rulesFlags) explain(cmd *cobra.Command, rule string, record int64, path string) error {
	set, err := f.load()
	if err != nil {
		return err
	}
	o, err := f.options(cmd.InOrStdin())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(set.Rules, func(r *sigma.Rule) bool { return rule != "" && (r.ID == rule || r.Name == rule || r.Title == rule) })
	switch {
	case i < 0:
		return usageError("%q という規則はありません：sekisho rules list に一覧があります", "there is no rule %q: sekisho rules list names all", rule)
	case set.Rules[i].Match == nil:
		return usageError("%q は相関規則です：元となる規則のいずれかを指定してください：%s", "%q is a correlation: ask for one of the rules that it stands on: %s", rule, strings.Join(set.Rules[i].Correlation.Rules, ", "))
	}
	reasons, seen, err := node.ExplainRule(cmd.Context(), set.Rules[i], path, record, o)
	if err != nil {
		return err
	}
	if !seen {
		return event.Tell("%s には、事象の元となった記録 %d がありません", "%s has no record %d that an event was made of", printable(path), record)
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), reasons)
	}
	w := bufio.NewWriter(cmd.OutOrStdout())
	for _, r := range reasons {
		mark, value := "-", ""
		if r.Holds {
			mark = "+"
		}
		if r.Value != "" {
			value = "   [" + printable(r.Value) + "]"
		}
		fmt.Fprintf(w, "%s %s%s%s\n", mark, strings.Repeat("  ", r.Depth), printable(r.What), value)
	}
	return w.Flush()
}
