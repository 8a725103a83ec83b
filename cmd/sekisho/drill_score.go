// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/node"
)

type scoreFlags struct {
	respond, json bool
	questions     int
	lang          string
}

func drillScoreCommand() *cobra.Command {
	var f scoreFlags
	cmd := &cobra.Command{
		Use:   "score [flags] CASE TRUTH",
		Short: "Hold a case against the truth of its drill",
		Long: `Score compares case.json (or the case folder) with truth.json (or the drill's folder): accounts, addresses and hosts, when each act
was noticed, and which findings were false. What no log shows is counted apart. docs/reference/drills.md says how.

With --respond it also puts the case's open questions to three simulated people, who are right in 100, 95 and 90 % of their answers and
do not know one time in ten, and scopes again after each answer, until all victims are known. For that the case's inputs are read
once more, where they lay; the case itself is not changed.

Exit status 0 means that it was scored.`,
		Example: `  sekisho drill score case drill/truth.json
  sekisho drill score --respond case drill`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError("事案（フォルダか case.json）と正解（truth.json か訓練のフォルダ）を指定してください", "give a case (folder or case.json) and a truth (truth.json or the drill's folder)")
			}
			if f.questions < 1 {
				return usageError("--questions %d：1 以上を指定してください", "--questions %d: ask one at least", f.questions)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return inWords(f.run(cmd, args[0], args[1]), language(f.lang))
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.respond, "respond", false, "ask simulated people the case's questions, and say how many it takes until all victims are known")
	fl.IntVar(&f.questions, "questions", 200, "with --respond: how many questions each is asked at most")
	fl.BoolVar(&f.json, "json", false, "print the score as JSON")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

func (f *scoreFlags) run(cmd *cobra.Command, casePath, truthPath string) error {
	truth, err := drill.ReadTruth(within(truthPath, "truth.json"))
	if err != nil {
		return err
	}
	text, err := readCase(casePath, language(f.lang))
	if err != nil {
		return err
	}
	r, err := drill.Score(truth, text)
	if err != nil {
		return err
	}
	if record, err := drill.ReadRecord(filepath.Join(filepath.Dir(within(truthPath, "truth.json")), "run.json")); err == nil { // of a rehearsal
		r.Doubt = truth.Doubt(record)
	}
	if f.respond {
		if fi, err := os.Stat(casePath); err != nil || !fi.IsDir() {
			return usageError("--respond には case.json だけでなく事案のフォルダが必要です", "--respond needs the case folder, not only its case.json")
		}
		bar := newProgressBar(cmd.ErrOrStderr(), language(f.lang))
		c, err := node.Consult(cmd.Context(), node.Options{Out: casePath, Version: version, Progress: bar.Update})
		bar.Close()
		if err != nil {
			return err
		}
		if r.Asking, err = askAll(cmd.Context(), c, truth, f.questions); err != nil {
			return err
		}
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), r)
	}
	return tellScore(cmd.OutOrStdout(), r, language(f.lang))
}

// askAll puts the case's questions to people who are right more and less often.
func askAll(ctx context.Context, c *node.Consultation, truth *drill.Truth, most int) ([]drill.Asking, error) {
	var out []drill.Asking
	for _, right := range drill.Levels() {
		a, err := c.Ask(ctx, truth, right, most)
		if err != nil {
			return nil, err
		}
		out = append(out, *a)
	}
	return out, nil
}

// within returns the file of that name in a folder, and any other path as it is.
func within(path, name string) string {
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return filepath.Join(path, name)
	}
	return path
}
