// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/sigma"
)

func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Run Sigma rules over logs, check them, test them",
		Long: `Rules reads rules written in Sigma (specification 2.1: rules, all kinds of correlation, filters) and runs them over logs of any
format that sekisho formats list names. Rules find a record under the names that its product has (Windows: EventID, Channel,
Image, CommandLine …; clouds: the members of the JSON, parted by dots), and every event, whichever log it is from, under
the columns of the event table with logsource product: sekisho, category: the event's class.`,
		RunE: onlyGroups,
	}
	cmd.AddCommand(rulesListCommand(), rulesTestCommand(), rulesLintCommand(), rulesEvalCommand(), rulesBacktestCommand(), rulesCoverageCommand(), rulesExplainCommand())
	return cmd
}

// rulesFlags are those that several of the commands take.
type rulesFlags struct {
	rules                        []string
	dir                          string // of a case
	placeholders, org, own, lang string
	formats                      []string
	timezone                     string
	year                         int
	json                         bool
	product, service, category   string
}

func (f *rulesFlags) addRules(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringArrayVar(&f.rules, "rules", nil, "a `folder` or file of rules; may be repeated (default: the built-in rules)")
	fl.StringVar(&f.placeholders, "placeholders", "", "a YAML `file` that gives placeholders (%name%) their values: name: [value, …]")
	fl.StringVar(&f.lang, "lang", "", "language of the messages: ja or en (default: of the terminal)")
}

func (f *rulesFlags) addInputs(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.org, "org", "", "the institute's profile (`file`)")
	fl.StringVar(&f.own, "formats", "", "a `folder` of formats of your own, written in YAML")
	fl.StringArrayVar(&f.formats, "format", nil, "`NAME=GLOB`: the format of files whose path matches; may be repeated")
	fl.StringVar(&f.timezone, "timezone", "", "the `zone` of records that carry none, such as Asia/Tokyo")
	fl.IntVar(&f.year, "year", 0, "the year of the first records that carry none; otherwise inferred")
	fl.StringVar(&f.product, "product", "", "the `product` of all files, in the words of logsource; for logs that are not recognised")
	fl.StringVar(&f.service, "service", "", "their `service`")
	fl.StringVar(&f.category, "category", "", "their `category`")
}

// load reads the rules.
func (f *rulesFlags) load() (*sigma.Set, error) {
	values, err := readPlaceholders(f.placeholders)
	if err != nil {
		return nil, err
	}
	set, err := node.LoadRules(f.rules, values)
	if errors.Is(err, os.ErrNotExist) {
		return nil, usageError("%v", "%v", err)
	}
	return set, err
}

// readPlaceholders reads the values of placeholders in rules; none where no file is named.
func readPlaceholders(path string) (map[string][]string, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var values map[string][]string
	if err := yaml.Unmarshal(b, &values); err != nil {
		return nil, usageError("--placeholders %s：YAML として読めません。「名前: [値, …]」の形で書いてください", "--placeholders %s: this is no YAML of the form name: [value, …]", path)
	}
	return values, nil
}

// options returns how the records are read.
func (f *rulesFlags) options(stdin io.Reader) (node.RulesOptions, error) {
	o := node.RulesOptions{FormatDir: f.own, Year: f.year, Stdin: stdin}
	var err error
	if o.Profile, err = (&investigateFlags{org: f.org}).profile(); err != nil {
		return o, err
	}
	if o.Formats, err = formatRules(f.formats, o.Profile, f.own); err != nil {
		return o, err
	}
	if f.timezone != "" {
		if o.Zone, err = config.Zone(f.timezone); err != nil {
			return o, usageError("--timezone %q：Asia/Tokyo か +09:00 のように指定してください", "--timezone %q: write one such as Asia/Tokyo or +09:00", f.timezone)
		}
	}
	if f.product+f.service+f.category != "" {
		o.Source = &sigma.Source{Product: f.product}
		if f.service != "" {
			o.Source.Services = []string{f.service}
		}
		if f.category != "" {
			o.Source.Categories = []string{f.category}
		}
	}
	return o, nil
}

// lineJSON prints one JSON object on a line of its own.
func lineJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// tellRefused names the rules that were refused, on standard error.
func tellRefused(w io.Writer, set *sigma.Set) {
	for _, e := range set.Errors {
		fmt.Fprintln(w, "sekisho: "+printable(e.Error()))
	}
}

func rulesEvalCommand() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "eval [--rules DIR] [--json] PATH...",
		Short: "Print every match of rules in files",
		Long: `Eval reads files and folders as an investigation would and prints each match of a rule: which rule, in which file, which record
(from 1), when. Matches of correlations come at the end, in order of time, with the record that completed them. A rule with an
error is refused, with file, line and reason, and the others are used. Nothing is written.

Exit status: 0 done, matches or not; 1 no rule could be used, or no file could be read; 2 wrong usage.`,
		Example: `  sekisho rules eval --rules sigma/rules --json /evidence/evtx > matches.ndjson`,
		Args:    somePaths,
		RunE:    func(cmd *cobra.Command, args []string) error { return f.eval(cmd, args) },
	}
	f.addRules(cmd)
	f.addInputs(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a line for each match")
	return cmd
}

// matchJSON is one match for programs.
type matchJSON struct {
	Rule        string   `json:"rule"`
	Title       string   `json:"title"`
	Level       string   `json:"level,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	Input       string   `json:"input"`
	Record      int64    `json:"record"`
	Time        string   `json:"time,omitempty"`
	Correlation bool     `json:"correlation,omitempty"`
	// Of a correlation:
	Group  map[string]string `json:"group,omitempty"`
	Value  *float64          `json:"value,omitempty"`
	Coarse bool              `json:"coarse,omitempty"` // several groups may have been counted together
}

func matchForJSON(m *node.RuleMatch) matchJSON {
	out := matchJSON{Rule: m.Rule.Label(), Title: m.Rule.Title, Level: m.Rule.Level, Tags: m.Rule.Tags, Input: m.Input, Record: m.Record, Time: matchTime(m.Time)}
	if m.Rule.Correlation != nil {
		out.Correlation, out.Value, out.Coarse = true, &m.Value, m.Coarse
		for _, f := range m.Group {
			if out.Group == nil {
				out.Group = map[string]string{}
			}
			out.Group[f.Name] = f.Value
		}
	}
	return out
}

func matchTime(m event.Micros) string {
	if m == 0 {
		return ""
	}
	return m.Time().Format(time.RFC3339Nano)
}

func (f *rulesFlags) eval(cmd *cobra.Command, args []string) error {
	set, err := f.load()
	if err != nil {
		return err
	}
	o, err := f.options(cmd.InOrStdin())
	if err != nil {
		return err
	}
	tellRefused(cmd.ErrOrStderr(), set)
	if len(set.Rules) == 0 {
		return event.Tell("使える規則がありません", "there is no rule that can be used")
	}
	out := bufio.NewWriterSize(cmd.OutOrStdout(), 64<<10)
	matches := int64(0)
	read, err := node.EvalRules(cmd.Context(), set, args, o, func(m node.RuleMatch) error {
		matches++
		if f.json {
			return lineJSON(out, matchForJSON(&m))
		}
		group := ""
		for _, g := range m.Group {
			group += " " + printable(g.Name+"="+g.Value)
		}
		_, err := fmt.Fprintf(out, "%-30s %-13s %s%s  %s:%d\n", matchTime(m.Time), m.Rule.Level, printable(m.Rule.Title), group, printable(m.Input), m.Record)
		return err
	})
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	for _, p := range read.Problems {
		fmt.Fprintln(cmd.ErrOrStderr(), "sekisho: "+printable(p))
	}
	if !f.json {
		fmt.Fprintf(cmd.ErrOrStderr(), pick(language(f.lang), event.Words{Ja: "ルール %s 件、記録 %s 件、一致 %s 件\n", En: "%s rules, %s records, %s matches\n"}),
			grouped(int64(len(set.Rules))), grouped(read.Records), grouped(matches))
	}
	if read.Records == 0 {
		return event.Tell("読み取れた記録がありません", "no record could be read")
	}
	return nil
}

func rulesLintCommand() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "lint [--json] [DIR...]",
		Short: "Say which rules are wrong, with file, line and reason",
		Long: `Lint reads rules and says of each document whether it is within the specification: file, line, reason. With --json one object a
line for each rule, those that are right too.

Exit status: 0 all are right; 1 one is refused; 2 wrong usage.`,
		Example: `  sekisho rules lint sigma/rules
  sekisho rules lint --json sigma/rules`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.rules = append(f.rules, args...)
			return f.lint(cmd)
		},
	}
	f.addRules(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object a line for each rule")
	return cmd
}

// lintJSON is what lint says of one rule.
type lintJSON struct {
	File  string   `json:"file"`
	Line  int      `json:"line"`
	ID    string   `json:"id"`
	Title string   `json:"title,omitempty"`
	OK    bool     `json:"ok"`
	Error string   `json:"error,omitempty"`
	Needs []string `json:"needs,omitempty"` // placeholders without values: the rule is right, and matches nothing until they have some
}

func (f *rulesFlags) lint(cmd *cobra.Command) error {
	set, err := f.load()
	if err != nil {
		return err
	}
	w := bufio.NewWriter(cmd.OutOrStdout())
	if f.json {
		var all []lintJSON
		for _, r := range set.Everything() {
			all = append(all, lintJSON{File: r.File, Line: r.Line, ID: r.ID, Title: r.Title, OK: true, Needs: r.Needs})
		}
		for _, e := range set.Errors {
			all = append(all, lintJSON{File: e.File, Line: e.Line, ID: e.ID, Error: e.Text})
		}
		slices.SortStableFunc(all, func(a, b lintJSON) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
		for i := range all {
			if err := lineJSON(w, &all[i]); err != nil {
				return err
			}
		}
	} else {
		lang := language(f.lang)
		for _, e := range set.Errors {
			fmt.Fprintln(w, printable(e.Error()))
		}
		for _, r := range set.Everything() {
			for _, n := range r.Needs {
				fmt.Fprintf(w, pick(lang, event.Words{Ja: "%s:%d: 値のない穴 %%%s%% があるため、与えられるまで何にも一致しない\n", En: "%s:%d: matches nothing until %%%s%% is given values (--placeholders)\n"}), printable(r.File), r.Line, printable(n))
			}
		}
		fmt.Fprintf(w, pick(lang, event.Words{Ja: "ファイル %s 件、ルール %s 件、拒否 %s 件\n", En: "%s files, %s rules, %s refused\n"}), grouped(int64(set.Files)), grouped(int64(len(set.Everything()))), grouped(int64(len(set.Errors))))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(set.Errors) > 0 {
		return &exitError{exitFailed, nil}
	}
	return nil
}
