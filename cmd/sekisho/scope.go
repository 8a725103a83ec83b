// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

type scopeFlags struct {
	investigateFlags
	dir  string
	next int
	dry  bool
}

func scopeCommand() *cobra.Command {
	var f scopeFlags
	cmd := &cobra.Command{
		Use:   "scope --case DIR [--seed VALUE [--around DATE]]... [--answers FILE]...",
		Short: "Scope a case again from what is known to be bad and what people answered",
		Long: `Scope draws the bounds of a case again: which accounts, addresses and hosts were the intruder's, from what is known to be bad (--seed) and from
what people answered (--answers). The case gets a new revision and keeps the earlier one; what changed and why is told, and the
next questions to ask. Without --seed and --answers it tells the questions that are open and changes nothing.

Answers to questions that the case never asked are refused: they belong to another case. Answers that contradict each other, and those about
a time without records, are told; nothing is silently dropped.

With --dry-run it tells what would change and the next questions, and changes nothing. Verdicts, the numbers of accounts and addresses,
stages and what was exposed are worked out, findings and the list of what to contain are not. What the case keeps of its records is enough
for that: it takes seconds where the case is of this program and machine and the profile did not change, and reads the inputs otherwise.

Without --dry-run the case's inputs are read once more, which takes about as long as the investigation did.
Exit status: 0 done; 1 failed; 2 wrong usage, or there is no such case.`,
		Example: `  sekisho scope                                           # the questions that are open
  sekisho scope --seed 203.0.113.7 --around 2018-02-06
  sekisho scope --answers answers.yaml --dry-run          # what the answers would change
  sekisho scope --answers answers.yaml --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.runScope(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.StringArrayVar(&f.seeds, "seed", nil, "an address, account or host known to be bad (a hash is noted as not looked for); may be repeated")
	fl.StringArrayVar(&f.around, "around", nil, "the `date` of the --seed at the same place")
	fl.StringArrayVar(&f.answers, "answers", nil, "a `file` of answers given by people; may be repeated")
	fl.IntVar(&f.next, "next", 5, "how many open questions to tell")
	fl.BoolVar(&f.dry, "dry-run", false, "tell what would change, and change nothing")
	fl.IntVar(&f.jobs, "jobs", 0, "cores to use (default: all)")
	fl.StringVar(&f.memory, "memory", "", "bound on the process, such as 512MiB (default: the smaller of 768MiB and a quarter of the machine's)")
	fl.BoolVar(&f.json, "json", false, "print what changed and the questions as JSON")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	cmd.AddCommand(scopeAskCommand(), scopeSheetCommand())
	return cmd
}

// scopeTold is what scope prints as JSON.
type scopeTold struct {
	Revision  int               `json:"revision"`
	Verdict   cases.CaseVerdict `json:"verdict"`
	Changes   *cases.Changes    `json:"changes"` // null where nothing was asked for
	Notes     []event.Words     `json:"notes"`   // what had no effect, and what contradicts
	Open      int               `json:"open"`    // questions
	Questions []cases.Question  `json:"questions"`
}

func (f *scopeFlags) runScope(cmd *cobra.Command) error {
	was, err := cases.Open(filepath.Join(f.dir, "case.json"))
	if err != nil {
		return noCase(f.dir, err)
	}
	if f.next < 0 {
		return usageError("--next %d：0 以上を指定してください", "--next %d: write 0 or more", f.next)
	}
	lang := language(f.lang)
	if len(f.seeds)+len(f.answers) == 0 {
		if f.dry {
			return usageError("--dry-run では --seed か --answers も指定してください：何を試すかが分かりません", "--dry-run tries something: give a --seed or --answers too")
		}
		if len(f.around) > 0 {
			return usageError("--around は --seed の時期を示すものです：--seed も指定してください", "--around says when a --seed was bad: give the --seed too")
		}
		return f.tellScope(cmd.OutOrStdout(), was, nil, nil, lang)
	}
	f.out, f.add = f.dir, true
	o, err := f.options(nil)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if o.Seeds, err = f.seedList(was.Institute.Zone()); err != nil {
		return &exitError{exitUsage, err}
	}
	if len(f.answers) > 0 { // days are days of the case's zone
		if o.Answers, err = config.ReadAnswers(was.Institute.Zone(), f.answers...); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	notes, err := f.checkAnswers(o, was)
	if err != nil {
		return err
	}
	bar := newProgressBar(cmd.ErrOrStderr(), lang)
	o.Progress = bar.Update
	if f.dry {
		return f.dryRun(cmd, o, was, notes, bar)
	}
	out, err := node.Investigate(cmd.Context(), o)
	bar.Close()
	if err != nil {
		return err
	}
	warnUnread(cmd.ErrOrStderr(), out.Case, lang)
	notes = append(notes, newLimits(was, out.Case)...)
	if err := f.tellScope(cmd.OutOrStdout(), out.Case, cases.Compare(was, out.Case), notes, lang); err != nil {
		return err
	}
	return f.status(cmd.Context(), out)
}

// dryRun tells what a new revision would say.
func (f *scopeFlags) dryRun(cmd *cobra.Command, o node.Options, was *cases.Case, notes []event.Words, bar *progressBar) error {
	c, err := node.Consult(cmd.Context(), o)
	bar.Close()
	if err != nil {
		return err
	}
	is := c.Preview(was)
	notes = append(append(notes, newLimits(was, is)...), event.Words{Ja: "--dry-run のため、事案は変更していません", En: "--dry-run: nothing was changed"})
	return f.tellScope(cmd.OutOrStdout(), is, cases.Compare(was, is), notes, language(f.lang))
}

// checkAnswers refuses answers of another case, and notes what contradicts.
func (f *scopeFlags) checkAnswers(o node.Options, c *cases.Case) ([]event.Words, error) {
	p, err := node.CheckAnswers(o)
	if err != nil {
		return nil, err
	}
	if len(p.Unknown) > 0 {
		a := p.Unknown[0]
		return nil, usageError("%s:%d: 質問 %s はこの事案にありません（ほか %d 件）：別の事案の回答です。--case を確かめるか、question の代わりに subject で対象を書いてください。何も変更していません",
			"%s:%d: this case has asked no question %s (and %d more): the answers are those of another case. See that --case is right, or write the subject instead of the question; nothing was changed",
			printable(a.File), a.Line, printable(a.Question), len(p.Unknown)-1)
	}
	var notes []event.Words
	for _, pair := range p.Contradicted {
		x, y := pair[0], pair[1]
		notes = append(notes, event.Words{
			Ja: fmt.Sprintf("回答 %d（%s、%s）と回答 %d（%s、%s）が矛盾しています：どちらかを retracts で取り消し、別の人が確かめてください。", x.Index, x.Value, x.By, y.Index, y.Value, y.By),
			En: fmt.Sprintf("Answers %d (%s, by %s) and %d (%s, by %s) contradict each other: take one back with retracts, and have a second person look.", x.Index, x.Value, x.By, y.Index, y.Value, y.By)})
	}
	for _, a := range p.Outside {
		w := c.Window
		notes = append(notes, event.Words{
			Ja: fmt.Sprintf("%s:%d の回答の期間には記録がありません（記録は %s から %s まで）。", a.File, a.Line, w.From, w.To),
			En: fmt.Sprintf("%s:%d is about a time without records (there are some from %s to %s).", a.File, a.Line, w.From, w.To)})
	}
	return notes, nil
}

// newLimits returns what the later revision says of itself and the earlier one did not, such as seeds that no record knows.
func newLimits(was, is *cases.Case) []event.Words {
	had := map[event.Words]bool{}
	for _, w := range was.Limits {
		had[w] = true
	}
	var out []event.Words
	for _, w := range is.Limits {
		if !had[w] {
			out = append(out, w)
		}
	}
	return out
}

func (f *scopeFlags) tellScope(w io.Writer, c *cases.Case, x *cases.Changes, notes []event.Words, lang report.Lang) error {
	open := c.Questions[:min(f.next, len(c.Questions))]
	if f.json {
		if notes == nil {
			notes = []event.Words{}
		}
		return printJSON(w, scopeTold{c.Revision, c.Verdict, x, notes, len(c.Questions), open})
	}
	line := func(ja, en string, args ...any) {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: ja, En: en})+"\n", args...)
	}
	line("版 %d　%s", "revision %d  %s", c.Revision, pick(lang, c.Verdict.Words()))
	if x != nil {
		f.tellChanges(w, x, lang)
	}
	for _, n := range notes {
		line("注意：%s", "note: %s", printable(pick(lang, n)))
	}
	line("未回答の質問 %d 件", "%d questions open", len(c.Questions))
	for i := range open {
		q := &open[i]
		line("  %s  宛先 %s：%s", "  %s  to %s: %s", q.ID, printable(askedWhom(q, lang)), printable(pick(lang, q.Ask)))
	}
	if len(open) > 0 {
		line("回答は answers.yaml に書き、sekisho scope --answers answers.yaml で追加します", "write the answers into answers.yaml and add them with sekisho scope --answers answers.yaml")
	}
	return nil
}

func askedWhom(q *cases.Question, lang report.Lang) string {
	if q.Person != "" {
		return q.Person
	}
	w, ok := map[string]event.Words{"owner": {Ja: "本人", En: "the owner"}, "network": {Ja: "ネットワーク担当", En: "network staff"}, "it": {Ja: "情報システム担当", En: "IT"}}[q.To]
	if !ok {
		return q.To
	}
	return pick(lang, w)
}

// tellChanges prints the numbers and verdicts that are others now.
func (f *scopeFlags) tellChanges(w io.Writer, x *cases.Changes, lang report.Lang) {
	if len(x.Numbers)+len(x.Members) == 0 {
		fmt.Fprintln(w, pick(lang, event.Words{Ja: "  変わった数値・判定はありません", En: "  no number and no verdict changed"}))
	}
	for i := range x.Numbers {
		n := &x.Numbers[i]
		fmt.Fprintf(w, "  %s: %s → %s\n", pick(lang, n.What), pick(lang, n.Was), pick(lang, n.Is))
	}
	for i := range x.Members {
		if i == maxNamed {
			fmt.Fprintf(w, pick(lang, event.Words{Ja: "  ほか %d 件：sekisho report --since %d\n", En: "  %d more: sekisho report --since %d\n"}), len(x.Members)-i, x.Since)
			break
		}
		m := &x.Members[i]
		fmt.Fprintf(w, "  %s: %s → %s  %s\n", printable(m.Name), verdictText(m.Kind, m.Was, lang), verdictText(m.Kind, m.Is, lang), printable(pick(lang, m.Why)))
	}
}

func verdictText(kind, verdict string, lang report.Lang) string {
	return pick(lang, report.VerdictWords(kind, verdict))
}
