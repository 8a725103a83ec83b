// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

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

func statusCommand() *cobra.Command {
	var url string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the live system does",
		Long: `Status asks a live system on this machine how it does: what each source offered and what became of it, the vault, the watch.

Exit status: 0 it is healthy and ready; 1 it is not, or does not answer.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client := http.Client{Timeout: 10 * time.Second}
			a, err := client.Get(strings.TrimRight(url, "/") + "/status")
			if err != nil {
				return fmt.Errorf("ask the live system: %w: is sekisho serve running?", err)
			}
			defer a.Body.Close()
			b, err := io.ReadAll(io.LimitReader(a.Body, 64<<20))
			if err != nil {
				return fmt.Errorf("ask the live system: %w", err)
			}
			var s node.ServeStatus
			if err := json.Unmarshal(b, &s); err != nil || a.StatusCode != http.StatusOK {
				return errors.New("ask the live system: what answers there is not one")
			}
			if asJSON {
				_, err = cmd.OutOrStdout().Write(b)
			} else {
				err = printStatus(cmd.OutOrStdout(), &s)
			}
			if err == nil && (!s.Healthy || !s.Ready) {
				return &exitError{exitFailed, nil}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&url, "url", "http://127.0.0.1:8089", "the status `address` of the live system")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// printRules prints which Sigma rules run, and names the first of those that do not.
func printRules(w io.Writer, r *node.RulesStatus, matches int64) {
	const named = 10
	fmt.Fprintf(w, "rules     %d Sigma rules of %d files, %d refused, %d without values; %d matches of records\n", r.Rules, r.Files, r.Unusable, r.Needs, matches)
	if r.Fault != "" {
		fmt.Fprintf(w, "          THE RULES WERE TAKEN OUT: %s\n", printable(r.Fault))
	}
	for i, e := range r.Refused {
		if i == named {
			fmt.Fprintf(w, "          and %d more: --json\n", r.Unusable-named)
			break
		}
		fmt.Fprintf(w, "          refused: %s:%d: %s\n", printable(e.File), e.Line, printable(e.Reason))
	}
}

// printRetention prints what has expired, and why what is due has not.
func printRetention(w io.Writer, r *node.RetentionStatus) {
	encrypted := "not encrypted"
	if r.Encrypted {
		encrypted = "encrypted"
	}
	fmt.Fprintf(w, "retention %s; %d records of %d classes and months expired since the start; %d holds\n", encrypted, r.Records, r.Months, r.Holds)
	if len(r.Held) > 0 {
		fmt.Fprintf(w, "          due, and held: %s\n", printable(strings.Join(r.Held, ", ")))
	}
	if r.Problem != "" {
		fmt.Fprintf(w, "          NOTHING EXPIRES: %s\n", printable(r.Problem))
	}
}

func printStatus(w io.Writer, s *node.ServeStatus) error {
	state := "healthy"
	if !s.Healthy {
		state = "NOT HEALTHY: " + s.Problem
	} else if !s.Ready {
		state = "not ready"
	}
	fmt.Fprintf(w, "%s, since %s, sekisho %s\n", state, s.Since.Local().Format(time.DateTime), s.Version)
	fmt.Fprintf(w, "vault     %d records in %d blocks, %d signed\n", s.Vault.Records, s.Vault.Blocks, s.Vault.Checkpoint)
	if r := s.Retention; r != nil {
		printRetention(w, r)
	}
	fmt.Fprintf(w, "watch     %d events of %d records, %d not understood, %d sent again, %d too late, %d behind\n", s.Watch.Events, s.Watch.Parsed, s.Watch.Unparsed, s.Watch.Repeated, s.Watch.Beyond, s.Watch.Behind)
	if r := s.Rules; r != nil {
		printRules(w, r, s.Watch.Matches)
	}
	fmt.Fprintf(w, "findings  %d revisions; notifications %d sent, %d waiting, %d given up\n", s.Findings, s.Told.Sent, s.Told.Waiting, s.Told.Lost)
	for _, f := range s.Told.Failing {
		fmt.Fprintf(w, "          NOT REACHED since %s: %s: %s\n", f.Since.Local().Format(time.DateTime), f.Contact, f.Error)
	}
	if s.Reloads.Problem != "" {
		fmt.Fprintf(w, "config    REFUSED at %s, the one before stays: %s\n", s.Reloads.At.Local().Format(time.DateTime), s.Reloads.Problem)
	}
	if len(s.Reloads.Restart) > 0 {
		fmt.Fprintf(w, "config    read at %s; restart it for: %s\n", s.Reloads.At.Local().Format(time.DateTime), strings.Join(s.Reloads.Restart, ", "))
	}
	sum := "it closes"
	if s.Open > 0 {
		sum = fmt.Sprintf("IT DID NOT CLOSE %d TIMES", s.Open)
	}
	fmt.Fprintf(w, "sum       offered = sealed + rejected + lost + waiting: %s\n\n", sum)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "offered\tsealed\trejected\tlost\twaiting\tcut\t  source")
	for i := range s.Sources {
		c := &s.Sources[i]
		rejected := int64(0)
		for _, n := range c.Rejected {
			rejected += n
		}
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t%d\t  %s\n", c.Offered, c.Sealed, rejected, c.Lost, c.Waiting, c.Cut, c.Source)
	}
	return t.Flush()
}
