// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
)

type claimFlags struct {
	dir, file, lang, timezone string
	c                         node.Claim
	from, to, at              string
	seed, json                bool
}

func claimCommand() *cobra.Command {
	var forms strings.Builder
	for _, f := range node.ClaimForms() {
		fmt.Fprintf(&forms, "  %-12s %s\n", f[0], f[1])
	}
	cmd := &cobra.Command{
		Use:   "claim",
		Short: "Hold what others state about an incident against the records",
		Long: `Claim keeps what a vendor, a CSIRT or the police states about an incident, with who said it, when and through what, and answers it by
the records of a case: supported, refuted, or not decidable where no records would show it.

` + forms.String() + `
Silence of the records counts only where, on nine days of ten, there are records of a kind that would show it.`,
		RunE: onlyGroups,
	}
	cmd.AddCommand(claimSubcommand("add", "Keep a claim in the case: a new revision, with the answer"), claimSubcommand("check", "Answer a claim by the case's records, and change nothing"), claimListCommand())
	return cmd
}

func claimSubcommand(name, short string) *cobra.Command {
	var f claimFlags
	cmd := &cobra.Command{
		Use: name + " --case DIR (--form FORM … | --file FILE)", Short: short,
		Example: `  sekisho claim ` + name + ` --form no-login --address 203.0.113.7 --from 2025-05-01 --to 2025-05-31 --by "Example Cloud" --text "all attempts failed"
  sekisho claim ` + name + ` --file claims.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, name == "add") },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.StringVar(&f.file, "file", "", "a YAML `file`: a list of claims with the keys "+strings.Join(claimKeys(), ", "))
	fl.StringVar(&f.c.Form, "form", "", "the claim's `form`: no-login, access, unused, not-reached or no-data")
	fl.StringVar(&f.c.Address, "address", "", "the `address` that it is about")
	fl.StringVar(&f.c.Account, "account", "", "the `account`")
	fl.StringVar(&f.c.Host, "host", "", "the `host`")
	fl.StringVar(&f.from, "from", "", "the first `day` that it speaks of, or a time")
	fl.StringVar(&f.to, "to", "", "the last `day`, or a time")
	fl.StringVar(&f.c.By, "by", "", "`who` said it; a claim that is kept needs it")
	fl.StringVar(&f.c.Via, "via", "", "through `what`: a letter, a call, a mail")
	fl.StringVar(&f.at, "at", "", "`when` it was said (default: now)")
	fl.StringVar(&f.c.Text, "text", "", "its own `words`")
	fl.StringVar(&f.timezone, "timezone", "", "`zone` of days and times that say none (default: the case's)")
	if name == "add" {
		fl.BoolVar(&f.seed, "seed-scope", false, "also scope from what it is about, as --seed does")
	}
	fl.BoolVar(&f.json, "json", false, "print the answers as JSON")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

// writtenClaim is a claim as a file has it.
type writtenClaim struct {
	node.Claim `yaml:",inline"`
	From       string `yaml:"from"`
	To         string `yaml:"to"`
	At         string `yaml:"at"`
}

// claims reads the claims of the flags or the file. A claim that is kept must say whose it is.
func (f *claimFlags) claims(zone *time.Location, kept bool) ([]node.Claim, error) {
	list := []writtenClaim{{f.c, f.from, f.to, f.at}}
	where := func(int) string { return "" }
	if f.file != "" {
		if f.c.Form != "" {
			return nil, event.Tell("--file は申告の一覧、--form は 1 件の申告です：どちらか一方を指定してください", "--file holds claims and --form is one: give one of them")
		}
		lines, err := f.read(&list)
		if err != nil {
			return nil, err
		}
		where = func(i int) string { return fmt.Sprintf("%s:%d: ", printable(f.file), lines[i]) }
	}
	var out []node.Claim
	for i, w := range list {
		c := w.Claim
		var err error
		if c.From, err = claimTime(w.From, zone, false); err == nil {
			if c.To, err = claimTime(w.To, zone, true); err == nil {
				c.At, err = claimTime(w.At, zone, false)
			}
		}
		if c.At.IsZero() {
			c.At = time.Now().UTC().Truncate(time.Millisecond)
		}
		check := c.Check
		if kept {
			check = c.CheckKept
		}
		if err == nil {
			err = check()
		}
		if err != nil {
			return nil, event.Tell("%s%v", "%s%v", where(i), err)
		}
		out = append(out, c)
	}
	return out, nil
}

// claimKeys are the keys of a claim in a file.
func claimKeys() []string {
	return []string{"form", "address", "account", "host", "from", "to", "by", "via", "at", "text"}
}

// read reads the file of claims, and the line on which each begins.
func (f *claimFlags) read(list *[]writtenClaim) (lines []int, err error) {
	b, err := os.ReadFile(f.file)
	if err != nil {
		return nil, event.Tell("--file %v", "--file %v", err)
	}
	name := printable(f.file)
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, event.Tell("--file %s：YAML として読めません（%s）", "--file %s: this is no YAML: %s", name, yamlTrouble(err))
	}
	*list = nil
	if len(doc.Content) == 0 {
		return nil, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.SequenceNode {
		return nil, event.Tell("%s:%d: 申告の一覧を書いてください：各行を「- {form: no-login, address: 203.0.113.7, by: 誰}」のように始めます", "%s:%d: write a list of claims, each such as - {form: no-login, address: 203.0.113.7, by: somebody}", name, root.Line)
	}
	for _, n := range root.Content {
		for n.Kind == yaml.AliasNode && n.Alias != nil {
			n = n.Alias
		}
		if n.Kind != yaml.MappingNode {
			return nil, event.Tell("%s:%d: 申告は {form: no-login, address: 203.0.113.7, by: 誰} のように書いてください", "%s:%d: write a claim such as {form: no-login, address: 203.0.113.7, by: somebody}", name, n.Line)
		}
		var c writtenClaim
		for i := 0; i+1 < len(n.Content); i += 2 {
			if err := c.set(n.Content[i], n.Content[i+1], name); err != nil {
				return nil, err
			}
		}
		*list, lines = append(*list, c), append(lines, n.Line)
	}
	return lines, nil
}

// yamlTrouble is what the YAML reader says, without its own name.
func yamlTrouble(err error) string { return strings.TrimPrefix(err.Error(), "yaml: ") }

// set takes one key of a claim.
func (c *writtenClaim) set(key, value *yaml.Node, file string) error {
	into := map[string]*string{"form": &c.Form, "address": &c.Address, "account": &c.Account, "host": &c.Host, "from": &c.From, "to": &c.To, "by": &c.By, "via": &c.Via, "at": &c.At, "text": &c.Text}[key.Value]
	if into == nil {
		meant := event.Words{En: "."}
		if near := drill.Nearest(key.Value, claimKeys()); near != "" {
			meant = event.Words{Ja: "（" + near + " のことですか）", En: "; did you mean " + near + "?"}
		}
		return event.Tell("%s:%d: %q というキーはありません%s。使えるキー：%s", "%s:%d: there is no key %q%s There are: %s", file, key.Line, key.Value, meant, strings.Join(claimKeys(), ", "))
	}
	if value.Kind != yaml.ScalarNode {
		return event.Tell("%s:%d: %s には値を 1 つだけ書いてください", "%s:%d: %s takes one value", file, value.Line, key.Value)
	}
	if value.Tag != "!!null" {
		*into = value.Value
	}
	return nil
}

// zone returns the zone of days and times that say none: that of the flag, else the case's.
func (f *claimFlags) zone() (*time.Location, error) {
	if f.timezone != "" {
		zone, err := config.Zone(f.timezone)
		if err != nil {
			return nil, event.Tell("--timezone %q：Asia/Tokyo のように指定してください", "--timezone %q: write one such as Asia/Tokyo", f.timezone)
		}
		return zone, nil
	}
	c, err := cases.Open(filepath.Join(f.dir, "case.json"))
	if err != nil {
		return nil, err
	}
	return c.Institute.Zone(), nil
}

// claimTime reads a day or a time; of the last day the end.
func claimTime(s string, zone *time.Location, end bool) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t.UTC(), nil
	}
	t, err := parseMoment(s, zone)
	if err != nil {
		return t, event.Tell("%q：2025-05-01 のような日付か、2025-05-01T18:30:00+09:00 のような時刻を指定してください", "%q: write a day such as 2025-05-01 or a time such as 2025-05-01T18:30:00+09:00", s)
	}
	return t.UTC(), nil
}

func (f *claimFlags) run(cmd *cobra.Command, add bool) error {
	if _, err := os.Stat(filepath.Join(f.dir, "case.json")); err != nil {
		return usageError("%s に事案がありません：sekisho investigate で作成するか、--case で場所を指定してください", "there is no case in %s: sekisho investigate makes one; --case says where it is", printable(f.dir))
	}
	zone, err := f.zone()
	if err != nil {
		return &exitError{exitUsage, err}
	}
	claims, err := f.claims(zone, add)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	var answers []cases.Claim
	if add {
		o := node.Options{Out: f.dir, Add: true, Claims: claims, Version: version}
		for i := range claims {
			if c := &claims[i]; f.seed {
				for _, v := range []string{c.Address, c.Account, c.Host} {
					if v != "" {
						o.Seeds = append(o.Seeds, node.Seed{Value: v, Around: middle(c.From, c.To)})
					}
				}
			}
		}
		out, err := node.Investigate(cmd.Context(), o)
		if err != nil {
			return err
		}
		answers = out.Case.Claims
	} else {
		temp, err := os.MkdirTemp("", "sekisho-claim-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		if answers, err = node.CheckClaims(cmd.Context(), f.dir, temp, claims); err != nil {
			return err
		}
	}
	return f.tell(cmd.OutOrStdout(), answers)
}

func middle(from, to time.Time) time.Time {
	if from.IsZero() || to.IsZero() {
		return from
	}
	return from.Add(to.Sub(from) / 2)
}

func (f *claimFlags) tell(w io.Writer, answers []cases.Claim) error {
	if f.json {
		return printJSON(w, answers)
	}
	lang := language(f.lang)
	for i := range answers {
		c := &answers[i]
		fmt.Fprintf(w, "%s  %s\n", c.ID, printable(pick(lang, node.ClaimWords(c))))
		if c.Text != "" {
			fmt.Fprintf(w, "    “%s”\n", printable(c.Text))
		}
		for _, e := range c.Evidence {
			fmt.Fprintf(w, "    %s:%d\n", printable(e.Input), e.Parts[0].Line)
		}
	}
	if len(answers) == 0 {
		fmt.Fprintln(w, pick(lang, event.Words{Ja: "申告はない。", En: "There are no claims."}))
	}
	return nil
}

func claimListCommand() *cobra.Command {
	var f claimFlags
	cmd := &cobra.Command{
		Use: "list --case DIR", Short: "Show the claims of a case, with their answers", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := cases.Open(filepath.Join(f.dir, "case.json"))
			if errors.Is(err, os.ErrNotExist) {
				return usageError("%s に事案がありません：sekisho investigate で作成するか、--case で場所を指定してください", "there is no case in %s: sekisho investigate makes one; --case says where it is", printable(f.dir))
			}
			if err != nil {
				return err
			}
			return f.tell(cmd.OutOrStdout(), c.Claims)
		},
	}
	cmd.Flags().StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	cmd.Flags().BoolVar(&f.json, "json", false, "print as JSON")
	cmd.Flags().StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}
