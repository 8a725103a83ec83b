// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/report"
)

// pick returns the words in one language.
func pick(lang report.Lang, w event.Words) string {
	if lang == report.Ja {
		return w.Ja
	}
	return w.En
}

// printable returns text as it is where it prints, else quoted: a file's name must not speak to the terminal.
func printable(text string) string {
	for _, c := range text {
		if c != ' ' && !strconv.IsGraphic(c) || c == utf8.RuneError {
			return strconv.QuoteToGraphic(text)
		}
	}
	return text
}

// printJSON prints v for programs.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return event.Tell("JSON を出力できません：%v", "print JSON: %v", err)
	}
	return nil
}

// grouped writes n with a comma between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// number counts things in English: the word for one where it is one.
func number[T int | int64](n T, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(int64(n)) + " " + more
}

// formatsText says how many files there are of each format, in order of name; those not recognised last.
func formatsText(counts map[string]int, lang report.Lang) string {
	names := make([]string, 0, len(counts))
	for n := range counts {
		if n != "" {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	var parts []string
	for _, n := range names {
		parts = append(parts, fmt.Sprintf("%s %d", n, counts[n]))
	}
	if n := counts[""]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s %d", pick(lang, event.Words{Ja: "判別できず", En: "not recognised"}), n))
	}
	return strings.Join(parts, "   ")
}

// onlyGroups answers a command that only holds others.
func onlyGroups(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError("%q というコマンドはありません：%s --help に一覧があります", "there is no command %q: %s --help lists them", cmd.CommandPath()+" "+args[0], cmd.CommandPath())
	}
	return cmd.Help()
}
