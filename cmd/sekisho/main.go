// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Command sekisho finds breaches through valid accounts in an institute's logs, says who, what, since when and how far,
// and keeps the evidence. Each subcommand stands in a file of its own; what they do stands in package node and below.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
)

// version is set by the linker for releases.
var version = "unreleased"

// Exit statuses of contracts.
const (
	exitFailed   = 1
	exitUsage    = 2
	exitSeverity = 3
)

// exitError carries an exit status. Its text, if any, has been or will be shown.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError marks an error as the user's: wrong flags or arguments.
func usageError(ja, en string, args ...any) error {
	return &exitError{exitUsage, event.Tell(ja, en, args...)}
}

// noArguments is for commands that take flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError("引数 %q は不要です：%s はフラグだけを取ります", "%q is too much: %s takes flags only", args[0], cmd.CommandPath())
}

func main() { os.Exit(run(os.Args[1:])) }

// run runs one command and returns its exit status.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	root := rootCommand()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	tellError(os.Stderr, err, spoken(cmd, args), verbose(cmd))
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.status
	}
	return exitFailed
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "sekisho",
		Short: "Find a breach through valid accounts in logs, scope it, and keep the evidence",
		Long: `Sekisho (関所) reads the logs of an institute and says whether somebody uses its accounts who should not:
who, what, since when and how far. It sends nothing anywhere.

  sekisho demo                       see it find a breach in made-up logs
  sekisho investigate /path/to/logs  look for one in yours`,
		PersistentPreRunE: knownLanguage,
		SilenceErrors:     true, SilenceUsage: true, Version: version,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("%q というコマンドはありません：sekisho --help に一覧があります", "there is no command %q: sekisho --help lists them", args[0])
			}
			return cmd.Help()
		},
	}
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().Bool("verbose", false, "of an error also say how it came about")
	root.AddCommand(demoCommand(), investigateCommand(), explainCommand(), searchCommand(), preserveCommand(), vaultCommand(), formatsCommand(), rulesCommand(), intelCommand(), claimCommand(), scopeCommand(), containCommand(), exposureCommand(), reportCommand(), drillCommand(), serveCommand(), rebuildCommand(), statusCommand(), manCommand(), versionCommand())
	return root
}
