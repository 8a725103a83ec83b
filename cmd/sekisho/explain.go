// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/node"
)

// explainFlags are the flags as they are written.
type explainFlags struct {
	dir, finding, whyNot string
	inputs, lang         string
	json                 bool
}

func explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain --case DIR [--finding F-… | --why-not ACCOUNT DETECTOR]",
		Short: "Say why a case has a finding, or why a detector found nothing of an account",
		Long: `Explain --finding shows one finding of a case: what was seen; the figures that decided, each beside what it had to reach; what would have
made it quiet; the records themselves, read back from the inputs and compared with the digests in the case; when such a finding is
wrong, and what to do. Without --finding it lists the findings, gravest first.

Explain --why-not reads the case's inputs once more, which takes about as long as the investigation did, and says why a detector found
nothing of an account: which of the records that it reads there were of that account and on which days, the figures that it
looks at and how far they were from what it wants, and which sources are missing. The name of a detector is what findings show;
detectors that do not look at accounts, or cannot say more than what was read, say so.

It changes nothing. Exit status: 0 done; 1 failed; 2 wrong usage, or there is no such finding, account or detector.`,
		Example: `  sekisho explain
  sekisho explain --case sekisho-case --finding F-abcdefghij --lang ja
  sekisho explain --why-not taro.sato success-after-guessing`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.whyNot == "" && len(args) > 0:
				return usageError("引数 %q は不要です：検知は --finding、アカウントは --why-not で指定してください", "%q is too much: a finding is named with --finding, an account with --why-not", args[0])
			case f.whyNot != "" && len(args) != 1:
				return usageError("アカウントの後に検知器を 1 つ指定してください：sekisho explain --why-not ACCOUNT DETECTOR", "name one detector behind the account: sekisho explain --why-not ACCOUNT DETECTOR")
			case f.whyNot != "" && f.finding != "":
				return usageError("--finding と --why-not は同時に使えません：どちらか一方を指定してください", "--finding and --why-not are two questions: ask one of them")
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if f.whyNot == "" || len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return node.DetectorNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.StringVar(&f.finding, "finding", "", "the `identity` of the finding, F-…")
	fl.StringVar(&f.whyNot, "why-not", "", "an `account`, as records or the directory name it; the detector stands behind it")
	fl.StringVar(&f.inputs, "inputs", "", "with --finding, the `folder` that relative paths of inputs are relative to (default: as recorded)")
	fl.BoolVar(&f.json, "json", false, "print the answer as JSON on standard output")
	fl.StringVar(&f.lang, "lang", "", "language of the answer: ja or en (default: of the terminal)")
	_ = cmd.RegisterFlagCompletionFunc("finding", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return f.completeFindings(), cobra.ShellCompDirectiveNoFileComp
	})
	_ = cmd.RegisterFlagCompletionFunc("why-not", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return f.completeAccounts(), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// mostCompletions is how many candidates a shell is offered.
const mostCompletions = 500

// completeFindings returns the case's findings, gravest first, each with its detector; none where there is no case.
func (f *explainFlags) completeFindings() []string {
	c, err := cases.Open(filepath.Join(f.dir, "case.json"))
	if err != nil {
		return nil
	}
	var out []string
	for _, x := range gravest(c) {
		if len(out) == mostCompletions {
			break
		}
		out = append(out, x.ID+"\t"+string(x.Severity)+" "+x.Detector)
	}
	return out
}

func (f *explainFlags) completeAccounts() []string {
	c, err := cases.Open(filepath.Join(f.dir, "case.json"))
	if err != nil {
		return nil
	}
	var out []string
	for i := range c.Accounts {
		if name := c.Accounts[i].Name; len(out) < mostCompletions && printable(name) == name && !strings.ContainsAny(name, "\t\n") {
			out = append(out, name+"\t"+string(c.Accounts[i].Verdict))
		}
	}
	return out
}

// gravest returns the findings in the order in which people should look at them: what was put aside last.
func gravest(c *cases.Case) []*cases.Finding {
	aside := func(f *cases.Finding) int {
		switch {
		case f.Hidden != nil:
			return 2
		case f.BelowBudget:
			return 1
		}
		return 0
	}
	out := make([]*cases.Finding, len(c.Findings))
	for i := range out {
		out[i] = &c.Findings[i]
	}
	slices.SortFunc(out, func(a, b *cases.Finding) int {
		return cmp.Or(cmp.Compare(aside(a), aside(b)), cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func (f *explainFlags) run(cmd *cobra.Command, args []string) error {
	lang := language(f.lang)
	p := newExplainPrinter(cmd.OutOrStdout(), lang)
	switch {
	case f.whyNot != "":
		return f.runWhyNot(cmd, args[0], p)
	case f.finding == "":
		c, err := cases.Open(filepath.Join(f.dir, "case.json"))
		if err != nil {
			return noCase(f.dir, err)
		}
		if f.json {
			return printJSON(cmd.OutOrStdout(), gravest(c))
		}
		return p.list(c)
	}
	v, err := node.ExplainFinding(cmd.Context(), f.dir, f.finding, f.inputs)
	switch {
	case errors.Is(err, node.ErrNoFinding):
		return &exitError{exitUsage, err}
	case err != nil:
		return noCase(f.dir, err)
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), v)
	}
	return p.finding(v)
}

// noCase says what to do where a folder holds no case.
func noCase(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return usageError("%s に事案がありません：sekisho investigate で作成するか、--case で場所を指定してください", "there is no case in %s: sekisho investigate makes one; --case says where it is", printable(dir))
	}
	return err
}
