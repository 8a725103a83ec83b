// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/notify"
)

// readServe reads the live system's configuration and the institute's profile that it names.
func readServe(file string) (*config.Serve, *config.Profile, error) {
	c, err := config.ReadServe(file)
	if err != nil {
		return nil, nil, err
	}
	p := &config.Profile{}
	if c.Org != "" {
		if p, err = config.ReadProfile(c.Org); err != nil {
			return nil, nil, err
		}
	}
	return c, p, nil
}

// again turns signals into asks, one of which may wait.
func again(ctx context.Context, signals <-chan os.Signal) <-chan struct{} {
	ask := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
			}
			select {
			case ask <- struct{}{}:
			default:
			}
		}
	}()
	return ask
}

func notifyTestCommand(file *string) *cobra.Command {
	var contact string
	cmd := &cobra.Command{
		Use:   "notify-test --config FILE",
		Short: "Send every contact a test notification",
		Long: `Notify-test sends each contact of the configuration, or the one that is named, a message that says that it is a test, and prints which were reached. Quiet hours and
escalation do not matter to it, and a live system need not run.

Exit status: 0 all took it; 1 one did not; 2 the configuration is wrong.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if *file == "" {
				return usageError("notify-test には設定ファイルが必要です：--config FILE", "notify-test needs a configuration: --config FILE")
			}
			c, p, err := readServe(*file)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return node.TestNotify(cmd.Context(), c, p, contact, func(name string, err error) {
				if err != nil {
					fmt.Fprintf(cmd.OutOrStdout(), "not reached  %s: %v\n", name, err)
					return
				}
				fmt.Fprintf(cmd.OutOrStdout(), "sent         %s\n", name)
			})
		},
	}
	cmd.Flags().StringVar(&contact, "contact", "", "the `name` of one contact")
	return cmd
}

func acknowledgeCommand(file *string) *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use:   "acknowledge --config FILE --by NAME STORY",
		Short: "Say that somebody takes on what a notification told of",
		Long: `Acknowledge notes that somebody takes a story on: contacts that would be told only otherwise (after) are not told. Should the story become more severe later, they are.
STORY is the number that the notification names, beginning with S-. It writes to the data folder, so run it as root or as the service's user.

Exit status: 0 noted; 1 it could not be; 2 wrong usage.`,
		Example: `  sekisho serve acknowledge --config /etc/sekisho/serve.yaml --by suzuki S-0A1B2C3D`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if *file == "" || by == "" {
				return usageError("acknowledge には --config FILE と --by NAME が必要です", "acknowledge needs --config FILE and --by NAME")
			}
			c, err := config.ReadServe(*file)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return notify.Acknowledge(node.NotifyFolder(c), args[0], by, time.Now())
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "`who` takes it on")
	return cmd
}
