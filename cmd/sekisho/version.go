// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what it was built from and with",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintf(cmd.OutOrStdout(), "sekisho %s\n", version)
			if info, ok := debug.ReadBuildInfo(); ok {
				set := map[string]string{}
				for _, s := range info.Settings {
					set[s.Key] = s.Value
				}
				if set["vcs.revision"] != "" {
					changed := ""
					if set["vcs.modified"] == "true" {
						changed = ", with changes"
					}
					fmt.Fprintf(cmd.OutOrStdout(), "built from %s (%s%s)\n", set["vcs.revision"], set["vcs.time"], changed)
				}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}
