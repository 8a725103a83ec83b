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
			if from := revision(); from != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "built from %s\n", from)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// revision says what the binary was built from; empty where it does not know.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	if set["vcs.revision"] == "" {
		return ""
	}
	changed := ""
	if set["vcs.modified"] == "true" {
		changed = ", with changes"
	}
	return fmt.Sprintf("%s (%s%s)", set["vcs.revision"], set["vcs.time"], changed)
}

// buildText names the build in a document.
func buildText() string {
	text := "sekisho " + version
	if from := revision(); from != "" {
		text += ", built from " + from
	}
	return text + ", " + runtime.Version()
}
