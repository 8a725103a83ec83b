// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/vault/sealed"
	"github.com/sekisho/sekisho/vault/share"
)

// replicateOptions are the flags of vault replicate.
type replicateOptions struct {
	expire                        bool
	certificate, key, authorities string
	every                         time.Duration
}

func (o *replicateOptions) run(cmd *cobra.Command, from, to string) error {
	far := strings.Contains(from, "://")
	if given := o.certificate != "" && o.key != "" && o.authorities != ""; far != given || !far && (o.certificate+o.key+o.authorities != "") {
		return usageError("別のマシンの保管庫から取り寄せるときは --certificate、--key、--authorities がすべて必要です。フォルダから複製するときは要りません",
			"to fetch from another machine, --certificate, --key and --authorities are all needed; to copy from a folder, none of them is")
	}
	if o.every != 0 && o.every < time.Second {
		return usageError("--every は 1s 以上で指定してください", "--every is 1s or more")
	}
	pull := func(ctx context.Context) (*sealed.Replicated, error) { return sealed.Replicate(ctx, from, to) }
	if far {
		source, err := share.Dial(from, o.certificate, o.key, o.authorities)
		if err != nil {
			return err
		}
		pull = func(ctx context.Context) (*sealed.Replicated, error) { return source.Pull(ctx, to) }
	}
	if o.every == 0 {
		return o.once(cmd, to, pull)
	}
	for {
		if err := o.once(cmd, to, pull); err != nil && cmd.Context().Err() == nil {
			tellError(cmd.ErrOrStderr(), err, spoken(cmd, nil), verbose(cmd))
		}
		select {
		case <-cmd.Context().Done():
			return nil
		case <-time.After(o.every):
		}
	}
}

// once brings the replica up to date and says what was done.
func (o *replicateOptions) once(cmd *cobra.Command, to string, pull func(context.Context) (*sealed.Replicated, error)) error {
	done, err := pull(cmd.Context())
	if err != nil {
		return err
	}
	if o.expire {
		if done.Expired, err = sealed.CarryOut(cmd.Context(), to); err != nil {
			return err
		}
	}
	if o.every > 0 && done.Blocks == 0 && done.Expired == 0 {
		return nil // hours of nothing are not worth a line each
	}
	return printJSON(cmd.OutOrStdout(), done)
}
