// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/contain"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

type containFlags struct{ reportFlags }

var containFormats = []string{"text", "csv", "stix", "commands", "json"}

func containCommand() *cobra.Command {
	var f containFlags
	cmd := &cobra.Command{
		Use:   "contain --case DIR [--format FORMAT]",
		Short: "Tell what is to be done about a case, in order, and keep what people did",
		Long: `Contain lists what is to be done about a case in the order in which the intruder is not warned halfway: what he cannot see first,
then everything that he can notice at one moment, ways in before passwords. It says why each step comes where it does, and what the list
leaves open because the scope is not complete. It does nothing itself.

  text      by step, for people
  csv       one row an item; texts that a spreadsheet would take for formulas get an apostrophe
  stix      a STIX 2.1 bundle: courses of action, and the indicators that they mitigate, marked TLP:AMBER
  commands  lines to act by, for the systems whose logs the case has; every one is a comment until a person has reviewed it
  json      the items, and what is left open

What people did is recorded with sekisho contain mark. What was closed and is used in records of a later time is a critical finding when the
case is investigated again.
Exit status: 0 done; 1 failed; 2 wrong usage, or there is no such case.`,
		Example: `  sekisho contain
  sekisho contain --format commands --out commands.txt
  sekisho contain mark --done --by suzuki --at 2026-01-05T09:00:00+09:00 C-aaaaaaaaaa C-bbbbbbbbbb`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("%q：contain に引数はありません。事案は --case で、記録は sekisho contain mark で指定してください", "%q: contain takes no arguments; --case names the case, and sekisho contain mark records what was done", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return f.runContain(cmd) },
	}
	f.tellFlags(cmd, containFormats)
	cmd.AddCommand(containMarkCommand())
	return cmd
}

// containTold is what contain prints as JSON.
type containTold struct {
	Revision    int                 `json:"revision"`
	Containment []cases.Containment `json:"containment"`
	Hosts       []contain.Service   `json:"hosts"` // on their way back to service
	Open        []event.Words       `json:"open"`
}

func (f *containFlags) runContain(cmd *cobra.Command) error {
	if err := f.checkFormat(containFormats); err != nil {
		return err
	}
	c, marks, err := openContainment(f.dir)
	if err != nil {
		return err
	}
	x := &report.Containment{Data: &report.Data{Case: c}, Open: contain.Open(c, marks), Steps: contain.StepWords}
	hosts := contain.Ledger(c, marks)
	for _, s := range hosts {
		x.Hosts = append(x.Hosts, report.HostService{Host: s.Host, Imaged: s.Imaged, Isolated: s.Isolated, Rotated: s.Rotated, Returned: s.Returned, By: s.By})
	}
	told := containTold{c.Revision, c.Containment, hosts, append([]event.Words{}, x.Open...)}
	lang := report.Lang(language(f.lang))
	var b []byte
	switch f.format {
	case "csv":
		b = x.CSV(lang)
	case "stix":
		b, err = x.STIX()
	case "commands":
		b = x.Commands(lang)
	case "json":
		if f.out == "" {
			return printJSON(cmd.OutOrStdout(), told)
		}
		var text strings.Builder
		err = printJSON(&text, told)
		b = []byte(text.String())
	default:
		b = x.Text(lang)
	}
	if err != nil {
		return err
	}
	return f.deliver(cmd.OutOrStdout(), b)
}

// openContainment opens a case with what was recorded since it was made.
func openContainment(dir string) (*cases.Case, []contain.Mark, error) {
	c, err := cases.Open(filepath.Join(dir, "case.json"))
	if err != nil {
		return nil, nil, noCase(dir, err)
	}
	marks, err := node.ContainmentMarks(dir)
	if err != nil {
		return nil, nil, err
	}
	for i := range c.Containment { // marks are told anew: the latest decide
		k := &c.Containment[i]
		k.State, k.By, k.At, k.DoneBy, k.DoneAt, k.Findings = cases.Proposed, nil, 0, "", 0, nil
	}
	contain.Apply(c.Containment, marks, c.Findings)
	return c, marks, nil
}
