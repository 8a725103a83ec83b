// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
)

func serveCommand() *cobra.Command {
	var file string
	var check bool
	cmd := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "Receive logs, seal them, and watch them live",
		Long: `Serve receives records over syslog (UDP, TCP, TLS), RELP and HTTP (Elasticsearch _bulk, Splunk HEC, OpenTelemetry logs, plain lines at /ingest, systemd-journal-upload), and from
files as they grow; it seals each in the vault before its sender is told that it was taken, and watches them. Findings go to findings.jsonl in the data folder, to standard
error, and to those whom notify names, by mail, chat, syslog or pager. It writes nothing beyond its data folder and listens beyond this machine only with TLS, or where that is forced.

The least that the configuration must say is where the data goes:

  data: /var/lib/sekisho

At SIGHUP it reads the configuration again and goes on receiving: who may write, who is told, and the institute's profile with its lists change; what needs a
restart is named. A configuration with a mistake is refused, and the one before stays.

It stops within ten seconds at SIGTERM or SIGINT. How it does is shown by sekisho status, and at http://127.0.0.1:8089: /healthz, /readyz, /metrics
(Prometheus) and /status (JSON).

Exit status: 0 stopped as told; 1 it cannot go on, also where the vault takes nothing any more: start it again, and it puts the vault's end right; 2 the
configuration is wrong, and the mistakes were named with their lines.`,
		Example: `  sekisho serve --config /etc/sekisho/serve.yaml
  sekisho serve --config serve.yaml --check`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usageError("serve には設定ファイルが必要です：--config FILE", "serve needs a configuration: --config FILE")
			}
			c, p, err := readServe(file)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			for _, w := range append(slices.Clone(c.Warnings), p.Warnings...) {
				fmt.Fprintln(cmd.ErrOrStderr(), "sekisho: "+w.String())
			}
			if check {
				return checkServe(cmd, c)
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			if len(p.Networks) == 0 {
				log.Warn("without a profile that names the institute's networks (org), every address counts as foreign: many findings will be missing or wrong")
			}
			hangup := make(chan os.Signal, 1)
			signal.Notify(hangup, syscall.SIGHUP)
			defer signal.Stop(hangup)
			return node.Serve(cmd.Context(), node.ServeOptions{Config: c, Profile: p, Version: version, Log: log, Reload: again(cmd.Context(), hangup),
				Read: func() (*config.Serve, *config.Profile, error) { return readServe(file) }})
		},
	}
	cmd.PersistentFlags().StringVar(&file, "config", "", "the configuration `file`")
	cmd.Flags().BoolVar(&check, "check", false, "read the configuration, say what is wrong with it, and end")
	cmd.AddCommand(notifyTestCommand(&file), acknowledgeCommand(&file))
	return cmd
}

// checkServe says which rules would be refused: the others would be used, so that this is no mistake of the configuration.
func checkServe(cmd *cobra.Command, c *config.Serve) error {
	if err := node.CheckRetention(c); err != nil {
		return &exitError{exitUsage, err}
	}
	warnings, err := node.CheckReplicas(c)
	for _, w := range warnings {
		fmt.Fprintln(cmd.ErrOrStderr(), "sekisho: "+printable(pick(spoken(cmd, nil), inBoth(w))))
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if len(c.Rules) > 0 {
		set, err := node.LoadRules(c.Rules, c.Values)
		if err != nil {
			return err
		}
		lang := spoken(cmd, nil)
		for _, e := range set.Errors {
			fmt.Fprintln(cmd.ErrOrStderr(), "sekisho: "+pick(lang, event.Words{Ja: "使えない Sigma ルール：", En: "a Sigma rule that is refused: "})+printable(e.Error()))
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "sekisho: "+pick(lang, event.Words{Ja: "Sigma ルール %d 件を使い、%d 件を使いません\n", En: "%d Sigma rules are used, %d are refused\n"}), len(set.Rules), len(set.Errors))
	}
	fmt.Fprintln(cmd.OutOrStdout(), "the configuration is right")
	return nil
}
