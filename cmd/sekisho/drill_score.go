// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/report"
)

func drillScoreCommand() *cobra.Command {
	var asJSON bool
	var lang string
	cmd := &cobra.Command{
		Use:     "score [flags] CASE TRUTH",
		Short:   "Hold a case against the truth of its drill",
		Long:    `Score compares case.json (or the case folder) with truth.json (or the drill's folder). Exit status 0 means that it was scored.`,
		Example: `  sekisho drill score case drill/truth.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError("give a case (folder or case.json) and a truth (truth.json or the drill's folder)")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			truth, err := drill.ReadTruth(within(args[1], "truth.json"))
			if err != nil {
				return err
			}
			text, err := os.ReadFile(within(args[0], "case.json"))
			if err != nil {
				return fmt.Errorf("read the case: %w", err)
			}
			r, err := drill.Score(truth, text)
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				return printJSON(cmd.OutOrStdout(), r)
			case language(lang) == report.Ja:
				tellResult(cmd.OutOrStdout(), r, report.Ja)
				return nil
			}
			return r.WriteText(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the score as JSON")
	cmd.Flags().StringVar(&lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

// within returns the file of that name in a folder, and any other path as it is.
func within(path, name string) string {
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return filepath.Join(path, name)
	}
	return path
}
