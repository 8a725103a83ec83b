// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/drill"
)

// Rehearsal is a drill that was investigated, and what the case says held against what is true.
type Rehearsal struct {
	Truth   *drill.Truth
	Outcome *Outcome
	Result  *drill.Result
}

// Rehearse makes a drill in dir/drill, investigates its logs into dir/case as if they were an institute's, and scores the
// case. The investigation is given the logs and the institute's profile; the truth is read only afterwards. Paths, Out and
// Profile of o are set here.
func Rehearse(ctx context.Context, dir string, d drill.Options, o Options) (*Rehearsal, error) {
	made := filepath.Join(dir, "drill")
	if o.Progress != nil {
		d.Progress = func(done, total int64) { o.Progress(Progress{Phase: "drill", Done: done, Total: total}) }
	}
	if _, err := drill.Generate(ctx, made, d); err != nil {
		return nil, err
	}
	p, err := config.ReadProfile(filepath.Join(made, "org.yaml"))
	if err != nil {
		return nil, err
	}
	o.Paths, o.Out, o.Profile = []string{filepath.Join(made, "logs")}, filepath.Join(dir, "case"), p
	r := new(Rehearsal)
	if r.Outcome, err = Investigate(ctx, o); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("node: rehearse: interrupted: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(o.Out, "case.json"))
	if err != nil {
		return nil, fmt.Errorf("node: rehearse: %w", err)
	}
	if r.Truth, err = drill.ReadTruth(filepath.Join(made, "truth.json")); err != nil {
		return nil, err
	}
	r.Result, err = drill.Score(r.Truth, text)
	return r, err
}
