// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/report"
)

// inWords puts an error of a drill into the language of who reads it, and gives wrong usage its exit status.
func inWords(err error, lang report.Lang) error {
	trouble, exit := new(drill.Trouble), new(exitError)
	if err == nil || !errors.As(err, &trouble) {
		return err
	}
	status := exitFailed
	if errors.As(err, &exit) {
		status = exit.status
	} else if trouble.Usage {
		status = exitUsage
	}
	return &exitError{status, event.Tell(trouble.In(string(report.Ja)), trouble.In(string(report.En)))}
}

// drillMeant refuses a command without the name of one drill.
func drillMeant(args []string) error {
	switch {
	case len(args) == 0:
		return usageError("訓練の名前を 1 つ指定してください：%s", "give the name of one drill: %s", strings.Join(drill.Names(), ", "))
	case len(args) > 1:
		return usageError("引数 %q は不要です：訓練の名前を 1 つとフラグを指定してください", "%q is too much: give the name of one drill, and flags", args[1])
	}
	return nil
}

// trimmed takes the blanks off the parts of a list such as "a, b", and leaves out empty ones.
func trimmed(list []string) []string {
	var out []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// given refuses numbers that stand for the default where somebody writes them himself.
func given(fl *pflag.FlagSet, name, least string) error {
	if f := fl.Lookup(name); f != nil && f.Changed && f.Value.String() == "0" {
		return usageError("--%s 0：%s。既定値でよければ省いてください", "--%s 0: %s; leave it out for the default", name, least)
	}
	return nil
}

// noMinusZero returns a number that is to be written to a tenth, without a sign where that is nought.
func noMinusZero(x float64) float64 {
	if x > -0.05 && x < 0.05 {
		return 0
	}
	return x
}

// readCase reads the case.json of a case folder, or of that name.
func readCase(path string, lang report.Lang) ([]byte, error) {
	path = within(path, "case.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, event.Tell("事案 %s がありません：sekisho investigate の --out のフォルダか、その case.json を指定してください", "there is no case %s: give the --out folder of sekisho investigate, or its case.json", printable(path))
	}
	if err != nil {
		return nil, event.Tell("事案 %s を読めません：%v", "the case %s cannot be read: %v", printable(path), bottom(err))
	}
	return text, nil
}

func stoppedBefore(lang report.Lang) error {
	return event.Tell("開始前に中断しました。何も再生しておらず、何も残していません", "interrupted before it began: nothing was played, and nothing is left")
}
