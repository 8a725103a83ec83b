// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
	"github.com/sekisho/sekisho/store"
)

// investigateFlags are the flags as they are written; options turns them into what they mean.
type investigateFlags struct {
	out, org         string
	force, add       bool
	seeds, around    []string
	answers, formats []string
	intel            []string
	rules            []string // Sigma
	placeholders     string
	formatDir        string // of formats of one's own
	timezone         string
	year, jobs       int
	memory           string
	preserve, json   bool
	failOn, lang     string
}

func investigateCommand() *cobra.Command {
	var f investigateFlags
	cmd := &cobra.Command{
		Use:   "investigate [flags] PATH...",
		Short: "Investigate files and folders of logs and write a case folder",
		Long: `Investigate reads files and folders (recursive; plain, .gz, .zst; - is standard input), recognises each file's format by
its content, and writes a case folder: case.json, report.html, figures, a signed manifest of inputs and case, unparsed.log and
the events for "sekisho search". It changes nothing that it reads and sends nothing anywhere.

Exit status: 0 done; 1 failed, or nothing was understood; 2 wrong usage; 3 as --fail-on says.`,
		Example: `  sekisho investigate /mnt/logs
  sekisho investigate --org org.yaml --seed 203.0.113.7 --around 2018-02-06 /mnt/logs
  sekisho investigate --add --answers answers.yaml
  zcat mail.log.gz | sekisho investigate --out case-mail -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && !f.add {
				return usageError("調べる対象がありません：ファイルかフォルダ、標準入力なら - を指定してください", "nothing to investigate: give files or folders, or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "sekisho-case", "the case `folder`, made with mode 0700")
	fl.BoolVar(&f.force, "force", false, "replace another case that is in the folder")
	fl.BoolVar(&f.add, "add", false, "extend the case in --out with more input or answers: a new revision")
	fl.StringVar(&f.org, "org", "", "the institute's profile (`file`); without it the networks are guessed and said to be guessed")
	fl.StringArrayVar(&f.seeds, "seed", nil, "an address, account or host known to be bad (a hash is noted as not looked for); may be repeated")
	fl.StringArrayVar(&f.around, "around", nil, "the `date` of the --seed at the same place")
	fl.StringArrayVar(&f.answers, "answers", nil, "a `file` of answers given by people; may be repeated")
	fl.StringArrayVar(&f.intel, "intel", nil, "a `file` or folder of what others know to be bad (STIX, MISP, CSV, plain lists); may be repeated")
	fl.StringArrayVar(&f.rules, "rules", nil, "a `folder` or file of Sigma rules, or builtin for the built-in ones; may be repeated (default: none)")
	fl.StringVar(&f.placeholders, "placeholders", "", "a YAML `file` that gives placeholders (%name%) of rules their values: name: [value, …]")
	fl.StringArrayVar(&f.formats, "format", nil, "`NAME=GLOB`: the format of files whose path matches; may be repeated")
	fl.StringVar(&f.formatDir, "formats", "", "a `folder` of formats of your own, written in YAML")
	fl.StringVar(&f.timezone, "timezone", "", "the `zone` of records that carry none, such as Asia/Tokyo")
	fl.IntVar(&f.year, "year", 0, "the year of the first records that carry none; otherwise inferred")
	fl.IntVar(&f.jobs, "jobs", 0, "cores to use (default: all)")
	fl.StringVar(&f.memory, "memory", "", "bound on the process, such as 512MiB (default: the smaller of 768MiB and a quarter of the machine's)")
	fl.BoolVar(&f.preserve, "preserve", false, "also copy the inputs, compressed, into the case folder")
	fl.BoolVar(&f.json, "json", false, "print the summary as JSON on standard output")
	fl.StringVar(&f.failOn, "fail-on", "", "exit with status 3 if a finding that no exception hides is at least of this `severity`: info, low, medium, high, critical")
	fl.StringVar(&f.lang, "lang", "", "language of the summary: ja or en (default: of the terminal)")
	return cmd
}

func (f *investigateFlags) run(cmd *cobra.Command, paths []string) error {
	o, err := f.options(paths)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	o.Stdin = cmd.InOrStdin()
	lang := language(f.lang)
	bar := newProgressBar(cmd.ErrOrStderr(), lang)
	o.Progress, o.Early = bar.Update, bar.on
	out, err := node.Investigate(cmd.Context(), o)
	bar.Close()
	if errors.Is(err, store.ErrMemory) {
		return event.Tell("%v：--memory を増やしてください", "%v: give more with --memory", err)
	}
	if err != nil {
		return err
	}
	warnUnread(cmd.ErrOrStderr(), out.Case, lang)
	for i, e := range out.Refused {
		if i == maxNamed {
			fmt.Fprintf(cmd.ErrOrStderr(), "sekisho: warning: %d more rules could not be used: sekisho rules lint names them\n", len(out.Refused)-i)
			break
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "sekisho: warning: a rule could not be used: "+printable(e.Error()))
	}
	warnStrange(cmd.ErrOrStderr(), out.Case, lang)
	if err := f.tell(cmd.OutOrStdout(), out, lang); err != nil {
		return err
	}
	return f.status(cmd.Context(), out)
}

// warnUnread names the inputs that were not read: the first of them, for a tree without permission has thousands.
func warnUnread(w io.Writer, c *cases.Case, lang report.Lang) {
	unread := 0
	for i := range c.Inputs {
		in := &c.Inputs[i]
		if in.Status != "unreadable" && in.Status != "unsupported" && in.Status != "refused" {
			continue
		}
		if unread++; unread <= maxNamed {
			why := in.ErrorWords
			why.Ja, why.En = strings.TrimPrefix(why.Ja, in.Path+"："), strings.TrimPrefix(in.Error, in.Path+": ")
			fmt.Fprintf(w, pick(lang, event.Words{Ja: "sekisho: 注意：%s を読めませんでした：%s\n", En: "sekisho: warning: %s was not read: %s\n"}), printable(in.Path), printable(pick(lang, why)))
		}
	}
	if unread > maxNamed {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: "sekisho: 注意：ほか %d ファイルを読めませんでした：case.json に一覧があります\n", En: "sekisho: warning: %d more were not read: case.json names them\n"}), unread-maxNamed)
	}
}

// warnStrange says what can be done about the inputs of which nothing was understood, and names those that repeat others.
func warnStrange(w io.Writer, c *cases.Case, lang report.Lang) {
	strange, repeats := 0, 0
	for i := range c.Inputs {
		in := &c.Inputs[i]
		if in.Advice.En != "" {
			if strange++; strange <= maxNamed {
				fmt.Fprintf(w, "sekisho: warning: %s: %s\n", printable(in.Path), printable(pick(lang, event.Words{
					Ja: "何も読み取れませんでした。" + in.Advice.Ja, En: "nothing of it was understood. " + in.Advice.En})))
			}
		}
		for _, r := range in.Repeats {
			if repeats++; repeats <= maxNamed {
				fmt.Fprintf(w, "sekisho: "+pick(lang, event.Words{Ja: "%s の出来事 %s 件は %s と同じものです。一度だけ数えます。\n", En: "%s: %s of its events were already in %s: they are counted once\n"}),
					printable(in.Path), grouped(r.Events), printable(r.Of))
			}
		}
	}
	if strange > maxNamed {
		fmt.Fprintf(w, "sekisho: warning: nothing was understood of %d more: case.json names them\n", strange-maxNamed)
	}
	if repeats > maxNamed {
		fmt.Fprintf(w, "sekisho: %d more inputs repeat others: case.json names them\n", repeats-maxNamed)
	}
}

// tell prints the summary.
func (f *investigateFlags) tell(w io.Writer, out *node.Outcome, lang report.Lang) error {
	if f.json {
		return cases.Summarize(out.Case, out.Dir).Write(w)
	}
	width, color := terminalOf(w)
	return report.Terminal(w, &report.Data{Case: out.Case}, report.TerminalOptions{Lang: lang, Width: width, Color: color, Dir: out.Dir})
}

// status turns the outcome into an exit status.
func (f *investigateFlags) status(ctx context.Context, out *node.Outcome) error {
	// Interrupted early enough, nothing was understood because nothing was read.
	if out.Case.Partial {
		return &exitError{exitFailed, event.Tell("中断しました：%s の事案は途中までのもので、その旨を記してあります", "interrupted: the case in %s is partial and says so", out.Dir)}
	}
	if !out.Understood {
		return &exitError{exitFailed, event.Tell("どの入力も読み取れませんでした：記録と理由は %s/unparsed.log にあります", "nothing was understood in any input: %s/unparsed.log has the records and why each was refused", out.Dir)}
	}
	if ctx.Err() != nil {
		return &exitError{exitFailed, event.Tell("中断しましたが、読込みは終わっていました：%s の事案は完全なものです", "interrupted, but everything had been read by then: the case in %s is whole", out.Dir)}
	}
	if f.failOn == "" {
		return nil
	}
	least, _ := event.ParseSeverity(f.failOn)
	for i := range out.Case.Findings {
		if sev, _ := event.ParseSeverity(string(out.Case.Findings[i].Severity)); sev >= least && out.Case.Findings[i].Hidden == nil {
			return &exitError{exitSeverity, nil}
		}
	}
	return nil
}

// options checks the flags and reads the files that they name.
func (f *investigateFlags) options(paths []string) (node.Options, error) {
	o := node.Options{Paths: paths, Out: f.out, Force: f.force, Add: f.add, Year: f.year, FormatDir: f.formatDir, Jobs: f.jobs, Preserve: f.preserve, Version: version}
	var err error
	if f.failOn != "" {
		if _, ok := event.ParseSeverity(f.failOn); !ok {
			return o, event.Tell("--fail-on %q：info、low、medium、high、critical のいずれかを指定してください", "--fail-on %q: write info, low, medium, high or critical", f.failOn)
		}
	}
	if f.force && f.add {
		return o, event.Tell("--force は置換え、--add は追加です：どちらか一方を指定してください", "--force replaces a case and --add extends it: give one of them")
	}
	if f.year != 0 && (f.year < 1970 || f.year > 2200) {
		return o, event.Tell("--year %d：最初の記録の年を 2025 のように指定してください", "--year %d: write the year of the first record, such as 2025", f.year)
	}
	if f.jobs < 0 {
		return o, event.Tell("--jobs %d：使うコア数を指定してください", "--jobs %d: write how many cores to use", f.jobs)
	}
	if o.Memory, err = parseSize(f.memory); err != nil {
		return o, event.Tell("--memory %q：%v", "--memory %q: %v", f.memory, err)
	}
	if f.timezone != "" {
		if o.Zone, err = config.Zone(f.timezone); err != nil {
			return o, event.Tell("--timezone %q：Asia/Tokyo か +09:00 のように指定してください", "--timezone %q: write one such as Asia/Tokyo or +09:00", f.timezone)
		}
	}
	if o.Profile, err = f.profile(); err != nil {
		return o, err
	}
	if o.Formats, err = formatRules(f.formats, o.Profile, f.formatDir); err != nil {
		return o, err
	}
	for _, p := range f.intel {
		if _, err := os.Stat(p); err != nil {
			return o, event.Tell("--intel %s：%v", "--intel %s: %v", printable(p), err)
		}
	}
	o.Intel = intelFiles(f.intel)
	for _, p := range f.rules {
		if _, err := os.Stat(p); p != node.BuiltinRules && err != nil {
			return o, fmt.Errorf("--rules %s: %w", printable(p), err)
		}
	}
	o.Rules = f.rules
	if o.Values, err = readPlaceholders(f.placeholders); err != nil {
		return o, err
	}
	if o.Seeds, err = f.seedList(o.Profile.Zone); err != nil {
		return o, err
	}
	if len(f.answers) > 0 {
		o.Answers, err = config.ReadAnswers(o.Profile.Zone, f.answers...)
	}
	return o, err
}

func (f *investigateFlags) profile() (*config.Profile, error) {
	if f.org == "" {
		return &config.Profile{}, nil
	}
	p, err := config.ReadProfile(f.org)
	if err != nil {
		return nil, err
	}
	if err := node.CheckExceptions(p); err != nil {
		return nil, err
	}
	for _, w := range p.Warnings {
		fmt.Fprintln(os.Stderr, "sekisho: warning: "+w.String())
	}
	return p, nil
}

func formatRules(args []string, profile *config.Profile, dir string) ([]node.FormatRule, error) {
	var out []node.FormatRule
	if len(args) == 0 {
		return nil, nil
	}
	known, err := node.FormatNames(profile, dir)
	if err != nil {
		return nil, err
	}
	for _, a := range args {
		name, glob, ok := strings.Cut(a, "=")
		if !ok || name == "" || glob == "" {
			return nil, event.Tell("--format %q：openldap=ldap/* のように NAME=GLOB で指定してください", "--format %q: write NAME=GLOB, such as openldap=ldap/*", a)
		}
		if !slices.Contains(known, name) {
			return nil, event.Tell("--format %q：%q という形式はありません。使える形式：%s", "--format %q: there is no format %q; there are: %s", a, name, strings.Join(known, ", "))
		}
		if err := config.CheckGlob(glob); err != nil {
			return nil, event.Tell("--format %q：%v", "--format %q: %v", a, err)
		}
		out = append(out, node.FormatRule{Name: name, Glob: glob})
	}
	return out, nil
}

// seedList pairs each --seed with the --around at the same place; a single --around is for all.
func (f *investigateFlags) seedList(zone *time.Location) ([]node.Seed, error) {
	if len(f.around) > len(f.seeds) {
		return nil, event.Tell("--around は --seed の時期を示すものです：--seed も指定してください", "--around says when a --seed was bad: give the --seed too")
	}
	if zone == nil {
		zone = time.UTC
	}
	var out []node.Seed
	for i, s := range f.seeds {
		seed := node.Seed{Value: s}
		around := ""
		switch {
		case i < len(f.around):
			around = f.around[i]
		case len(f.around) == 1:
			around = f.around[0]
		}
		if around != "" {
			t, err := parseMoment(around, zone)
			if err != nil {
				return nil, event.Tell("--around %q：2018-02-06 のような日付か、2018-02-06T18:30:00+09:00 のような時刻を指定してください", "--around %q: write a date such as 2018-02-06 or a time such as 2018-02-06T18:30:00+09:00", around)
			}
			seed.Around = t
		}
		out = append(out, seed)
	}
	return out, nil
}

func parseMoment(s string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			if layout == time.DateOnly {
				t = t.Add(12 * time.Hour)
			}
			return t, nil
		}
	}
	return time.Time{}, event.Tell("日付ではありません", "not a date")
}
