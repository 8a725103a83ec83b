// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/vault"
)

func vaultCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vault",
		Short: "Verify what was sealed",
		Args:  cobra.ArbitraryArgs,
		RunE:  onlyGroups,
	}
	cmd.AddCommand(verifyCommand())
	return cmd
}

type verifyFlags struct {
	dir, key, inputs, lang string
	json                   bool
}

func verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify --case DIR",
		Short: "Compare a case folder, and the inputs it names, with its signed manifest",
		Long: `Verify reads every file that manifest.json of a case (or of a folder of preserved originals) names, inputs included, and names
each that was changed since, with the blocks of 1 MiB that differ. It writes nothing.

Exit status: 0 all is as it was sealed; 1 something changed, is missing or was added, or the manifest itself was changed.`,
		Example: `  sekisho vault verify --case sekisho-case
  sekisho vault verify --case /media/usb/case --key SHA256:… --inputs /media/usb`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("%q is too much: the folder is given with --case", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the `folder` to verify")
	fl.StringVar(&f.key, "key", "", "the key to trust: a fingerprint, a public key or a key `file` (default: this machine's)")
	fl.StringVar(&f.inputs, "inputs", "", "the `folder` that relative paths of inputs are relative to (default: as recorded)")
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
	bar := newProgressBar(cmd.ErrOrStderr(), lang)
	o.Progress = func(done, of int64) { bar.Update(node.Progress{Phase: "verify", Done: done, Total: of}) }
	r, err := vault.Verify(cmd.Context(), f.dir, o)
	bar.Close()
	if errors.Is(err, vault.ErrNoManifest) {
		return fmt.Errorf(pick(lang, event.Words{Ja: "照合できません（NOT VERIFIED）：目録が壊れているか、目録ではないため、何も確かめられません：%w", En: "NOT VERIFIED: the manifest is damaged or none at all, so nothing could be checked: %w"}), err)
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
