// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/contain"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
)

type markFlags struct {
	dir, by, at, why, timezone, lang string
	done, verified, reopen           bool
}

func containMarkCommand() *cobra.Command {
	var f markFlags
	cmd := &cobra.Command{
		Use:   "mark --case DIR (--done | --verified | --reopen) --by NAME --at TIME ITEM…",
		Short: "Record what people did of the list",
		Long: `Mark records that items of the containment list were done, that somebody saw that they are in effect, or that they are no longer: a block
lifted, a host given back to service. Each mark keeps who, when and why, stands in the case beside those before it, and is sealed. It needs
no reading of the inputs; case.json and the report follow with the next revision (sekisho scope, sekisho investigate --add).

The time is that from which on it is in effect. Use of what was closed, in records of a later time, becomes a critical finding when the case is
investigated again: a login from a blocked address, a session or password that was used in a way that is condemned, a host that talks though
it was taken off the network. Use before that time is none.

Items that the case does not list are refused, and nothing is recorded then. Exit status: 0 done; 1 failed; 2 wrong usage.`,
		Example: `  sekisho contain mark --done --by suzuki --at 2026-01-05T09:00:00+09:00 C-aaaaaaaaaa C-bbbbbbbbbb
  sekisho contain mark --reopen --by suzuki --at 2026-02-01T13:00:00+09:00 --why "rebuilt, back in service" C-aaaaaaaaaa`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("項目の番号（C-…）を指定してください：sekisho contain に一覧があります", "name the items (C-…): sekisho contain lists them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return containItems(f.dir), cobra.ShellCompDirectiveNoFileComp
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.BoolVar(&f.done, "done", false, "it is in effect")
	fl.BoolVar(&f.verified, "verified", false, "somebody saw that it is in effect")
	fl.BoolVar(&f.reopen, "reopen", false, "it is no longer in effect: lifted, undone, back in service")
	fl.StringVar(&f.by, "by", "", "`who` did it, or saw it")
	fl.StringVar(&f.at, "at", "", "the `time` from which on it holds, such as 2026-01-05T09:00:00+09:00")
	fl.StringVar(&f.why, "why", "", "`why`, or how")
	fl.StringVar(&f.timezone, "timezone", "", "`zone` of a time that says none (default: the case's)")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

func containItems(dir string) []string {
	c, _, err := openContainment(dir)
	if err != nil {
		return nil
	}
	var out []string
	for i := range c.Containment {
		out = append(out, c.Containment[i].ID+"\t"+printable(c.Containment[i].What.En))
	}
	return out
}

func (f *markFlags) run(cmd *cobra.Command, ids []string) error {
	act, n := contain.Act(""), 0
	for a, set := range map[contain.Act]bool{contain.MarkDone: f.done, contain.MarkVerified: f.verified, contain.MarkReopened: f.reopen} {
		if set {
			act, n = a, n+1
		}
	}
	if n != 1 {
		return usageError("--done、--verified、--reopen のうち 1 つを指定してください", "give one of --done, --verified and --reopen")
	}
	if _, _, err := openContainment(f.dir); err != nil {
		return err
	}
	if f.by == "" {
		return usageError("誰が行ったかを --by で指定してください", "say with --by who did it")
	}
	at, err := f.when()
	if err != nil {
		return err
	}
	var marks []contain.Mark
	for _, id := range ids {
		marks = append(marks, contain.Mark{ID: id, Act: act, By: f.by, At: cases.At(at), Why: f.why})
	}
	_, err = node.MarkContainment(cmd.Context(), f.dir, "", version, time.Now(), marks)
	var refused *contain.Refused
	if errors.As(err, &refused) {
		return &exitError{exitUsage, err}
	}
	if err != nil {
		return err
	}
	lang := language(f.lang)
	fmt.Fprintf(cmd.OutOrStdout(), pick(lang, event.Words{Ja: "%d 項目を記録しました。その後の記録を sekisho investigate --add で加えると、使われていないかを調べます。\n",
		En: "recorded: %d. Add the records since with sekisho investigate --add, and they are looked through for use.\n"}), len(ids))
	return nil
}

// when returns the time of --at. It must be said: what happens after it is held against the intruder.
func (f *markFlags) when() (time.Time, error) {
	if f.at == "" {
		return time.Time{}, usageError("効力を持った時刻を --at で指定してください：2026-01-05T09:00:00+09:00 のように書きます", "say with --at from when on it is in effect, such as 2026-01-05T09:00:00+09:00")
	}
	zone, err := (&claimFlags{dir: f.dir, timezone: f.timezone}).zone()
	if err != nil {
		return time.Time{}, &exitError{exitUsage, err}
	}
	at, err := parseMoment(f.at, zone)
	if _, day := time.Parse(time.DateOnly, f.at); err != nil || day == nil { // a day says too little: which of its logins came before?
		return time.Time{}, usageError("--at %q：2026-01-05T09:00:00+09:00 のような時刻を指定してください", "--at %q: write a time such as 2026-01-05T09:00:00+09:00", f.at)
	}
	return at.UTC(), nil
}
