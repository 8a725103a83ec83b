// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/vault"
)

func vaultCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vault",
		Short: "Verify, extract, export, replicate, restore and hold what was sealed",
		Args:  cobra.ArbitraryArgs,
		RunE:  onlyGroups,
	}
	cmd.AddCommand(verifyCommand(), extractCommand(), exportCommand(), replicateCommand(), restoreCommand(), digestCommand(), retentionCommand(), holdCommand(), releaseCommand(), vaultKeyCommand())
	return cmd
}

type verifyFlags struct {
	dir, key, inputs, lang string
	against                []string
	json                   bool
}

func verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [DIR]",
		Short: "Compare a case folder, or a live vault, with what was signed",
		Long: `Verify reads every file that manifest.json of a case (or of a folder of preserved originals) names, inputs included, and names
each that was changed since, with the blocks of 1 MiB that differ. It writes nothing.

Given the folder of a live vault, it reads every sealed record and names those that were changed, removed, put in or exchanged since. With
--against and a replica, or a checkpoint that somebody else keeps, it finds also that the whole was put back to an earlier state, or written anew; without, it says
that this cannot be excluded. What was destroyed because its time was over is told as expired, and is no fault where a signed tombstone says so and it was due. It
needs no key to read what is encrypted. Given an export, or the proof of one record, it checks that.

Exit status: 0 all is as it was sealed; 1 something changed, is missing or was added, or the manifest itself was changed.`,
		Example: `  sekisho vault verify --case sekisho-case
  sekisho vault verify --case /media/usb/case --key SHA256:… --inputs /media/usb
  sekisho vault verify /var/lib/sekisho/vault --against /mnt/other/sekisho`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError("引数 %q は不要です：確かめるフォルダは一度に 1 つです", "%q is too much: one folder is verified at a time", args[1])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if cmd.Flags().Changed("case") {
					return usageError("引数 %q は不要です：フォルダは --case で指定してください", "%q is too much: the folder is given with --case", args[0])
				}
				f.dir = args[0]
			}
			return f.run(cmd)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the `folder` to verify")
	fl.StringVar(&f.key, "key", "", "the key to trust: a fingerprint, a public key or a key `file` (default: this machine's)")
	fl.StringVar(&f.inputs, "inputs", "", "the `folder` that relative paths of inputs are relative to (default: as recorded)")
	fl.StringArrayVar(&f.against, "against", nil, "a replica of a live vault, or a `file` with a checkpoint of it that was kept elsewhere; may be repeated")
	fl.BoolVar(&f.json, "json", false, "print the verdict as JSON on standard output")
	fl.StringVar(&f.lang, "lang", "", "language of the verdict: ja or en (default: of the terminal)")
	return cmd
}

func (f *verifyFlags) run(cmd *cobra.Command) error {
	o := vault.VerifyOptions{Directory: f.inputs}
	if f.key != "" {
		var err error
		if o.Trust, err = vault.ParseTrust(f.key); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	lang := language(f.lang)
	trust := o.Trust
	if trust == "" {
		var err error
		if trust, err = ownKey(); err != nil {
			return err
		}
	}
	if found, err := f.live(cmd, trust, lang); found {
		return err
	}
	bar := newProgressBar(cmd.ErrOrStderr(), lang)
	o.Progress = func(done, of int64) { bar.Update(node.Progress{Phase: "verify", Done: done, Total: of}) }
	r, err := vault.Verify(cmd.Context(), f.dir, o)
	bar.Close()
	if errors.Is(err, vault.ErrNoManifest) {
		return event.Tell("照合できません（NOT VERIFIED）：目録が壊れているか、目録ではないため、何も確かめられません：%v", "NOT VERIFIED: the manifest is damaged or none at all, so nothing could be checked: %v", err)
	}
	if err != nil {
		return err
	}
	if f.json {
		err = printJSON(cmd.OutOrStdout(), r)
	} else {
		err = r.Write(cmd.OutOrStdout(), string(lang))
	}
	if err == nil && !r.OK {
		return &exitError{exitFailed, nil}
	}
	return err
}
