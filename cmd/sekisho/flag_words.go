// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
)

// flagError says in words what is wrong with a flag.
func flagError(cmd *cobra.Command, err error) error {
	help := event.Words{Ja: "フラグの一覧は " + cmd.CommandPath() + " --help", En: cmd.CommandPath() + " --help shows the flags"}
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		f := value.GetFlag()
		return usageError("--%s %q：%s を指定してください。%s", "--%s %q: write %s; %s", f.Name, value.GetValue(), wanted(f), help)
	}
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) {
		return usageError("--%s：後に %s を指定してください。%s", "--%s: write %s behind it; %s", missing.GetFlag().Name, wanted(missing.GetFlag()), help)
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError("フラグの書き方が違います（%v）。%s", "%v: %s", err.Error(), help)
	}
	if short := unknown.GetSpecifiedShortnames(); short != "" {
		return usageError("-%s の %q という短いフラグはありません。%s", "unknown shorthand flag in -%s: %q: %s", short, unknown.GetSpecifiedName(), help)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := drill.Nearest(unknown.GetSpecifiedName(), names); near != "" {
		return usageError("--%s というフラグはありません。--%s のことですか。%s", "unknown flag: --%s; did you mean --%s? %s", unknown.GetSpecifiedName(), near, help)
	}
	return usageError("--%s というフラグはありません。%s", "unknown flag: --%s: %s", unknown.GetSpecifiedName(), help)
}

// wanted says what a flag takes.
func wanted(f *pflag.Flag) event.Words {
	switch t := f.Value.Type(); {
	case strings.HasPrefix(t, "uint16"):
		return event.Words{Ja: "0 から 65535 までの整数", En: "a whole number from 0 to 65535"}
	case strings.HasPrefix(t, "uint"):
		return event.Words{Ja: "0 以上の整数", En: "a whole number, 0 or more"}
	case strings.HasPrefix(t, "int"):
		return event.Words{Ja: "整数", En: "a whole number"}
	case strings.HasPrefix(t, "float"):
		return event.Words{Ja: "0.5 のような数", En: "a number such as 0.5"}
	case t == "duration":
		return event.Words{Ja: "90s や 6h30m のような時間", En: "a span of time such as 90s or 6h30m"}
	case t == "bool":
		return event.Words{Ja: "true か false", En: "true or false"}
	}
	name, _ := pflag.UnquoteUsage(f)
	if name == "" {
		name = "value"
	}
	return event.Words{Ja: kindOfValue(strings.ToLower(name)), En: "a " + strings.ToLower(name)}
}

// kindOfValue is what a flag's help calls its value, in Japanese.
func kindOfValue(name string) string {
	switch name {
	case "folder":
		return "フォルダ"
	case "file":
		return "ファイル"
	case "identity":
		return "ID"
	case "account":
		return "アカウント"
	case "address":
		return "アドレス"
	case "host":
		return "ホスト"
	case "zone":
		return "タイムゾーン"
	case "date", "day":
		return "日付"
	case "severity":
		return "重大度"
	}
	return "値"
}
