// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/report"
)

// tellError tells a person what went wrong, in one language. How it came about, in the words of the program, is told where it is asked for.
func tellError(w io.Writer, err error, lang report.Lang, verbose bool) {
	if err.Error() == "" {
		return
	}
	fmt.Fprintln(w, "sekisho: "+pick(lang, inBoth(err)))
	if !verbose {
		return
	}
	last := ""
	for e := err; e != nil; e = errors.Unwrap(e) {
		if text := e.Error(); text != last {
			fmt.Fprintln(w, "  "+strings.ReplaceAll(text, "\n", "\n  "))
			last = text
		}
	}
}

// inBoth returns what a person is told of an error. Of what was not written for people, the text is what there is: without the name of the
// package that it comes from, and in Japanese said to be the program's own words.
func inBoth(err error) event.Words {
	w := event.Telling(err)
	var told *event.Told
	if w.Ja != w.En || errors.As(err, &told) {
		return w
	}
	text := w.En
	if name, rest, ok := strings.Cut(text, ": "); ok && ours(name) {
		text = rest
	}
	return event.Words{Ja: "処理できませんでした：" + text, En: text}
}

// ours says whether a text is the name of a package, as errors begin with.
func ours(name string) bool {
	switch name {
	case "node", "intake", "vault", "store", "duckdb", "formats", "own", "sigma", "rules", "sorted", "intel", "identity", "detect", "breach", "report", "config", "drill", "cases", "event", "evtx":
		return true
	}
	return false
}

// spoken returns the language of messages about a command: that of its --lang, also where the flags were not understood.
func spoken(cmd *cobra.Command, args []string) report.Lang {
	if cmd != nil {
		if l := cmd.Flags().Lookup("lang"); l != nil && l.Changed {
			return language(l.Value.String())
		}
	}
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--lang="); ok {
			return language(v)
		}
		if a == "--lang" && i+1 < len(args) {
			return language(args[i+1])
		}
	}
	return language("")
}

func verbose(cmd *cobra.Command) bool {
	if cmd == nil {
		return false
	}
	f := cmd.Flags().Lookup("verbose")
	return f != nil && f.Changed && f.Value.String() == "true"
}
