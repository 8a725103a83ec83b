// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/node"
)

// TestSearchGuide runs every search that the guides show, on a case with a little of everything.
func TestSearchGuide(t *testing.T) {
	dir := sampleCase(t)
	block := regexp.MustCompile("(?s)```sh\n(.*?)```")
	for _, guide := range []string{"search.md", "search.ja.md"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", "how-to", guide))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, m := range block.FindAllStringSubmatch(string(b), -1) {
			for _, args := range shellCommands(t, m[1]) {
				n++
				if len(args) < 3 || args[0] != "sekisho" || args[1] != "search" {
					t.Errorf("%s: %q is no search", guide, args)
					continue
				}
				if _, _, err := search(t, append([]string{"--case", dir}, args[2:]...)...); err != nil {
					t.Errorf("%s: %q: %v", guide, args, err)
				}
			}
		}
		if n < 20 {
			t.Errorf("%s shows %d searches", guide, n)
		}
	}
}

// TestGuides checks that the commands which the guides show are commands, with flags and arguments that they take.
func TestGuides(t *testing.T) {
	block := regexp.MustCompile("(?s)```sh\n(.*?)```")
	for guide, least := range map[string]int{"rehearse.md": 8, "rehearse.ja.md": 8, "tell-the-case.md": 6, "tell-the-case.ja.md": 6, "scope-again.md": 3, "scope-again.ja.md": 3, "contain.md": 8, "contain.ja.md": 8, "exposure.md": 5, "exposure.ja.md": 5} {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", "how-to", guide))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, m := range block.FindAllStringSubmatch(string(b), -1) {
			for _, args := range shellCommands(t, m[1]) {
				n++
				cmd, rest, err := rootCommand().Find(args[1:])
				if args[0] != "sekisho" || err != nil || !cmd.Runnable() {
					t.Errorf("%s: %q: %v", guide, args, err)
					continue
				}
				if err := cmd.ParseFlags(rest); err != nil {
					t.Errorf("%s: %q: %v", guide, args, err)
				} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
					t.Errorf("%s: %q: %v", guide, args, err)
				}
			}
		}
		if n < least {
			t.Errorf("%s shows %d commands", guide, n)
		}
	}
}

// shellCommands splits a text into commands as a shell does that knows only spaces, double quotes, backslashes in them, and comments.
func shellCommands(t *testing.T, text string) [][]string {
	t.Helper()
	var all [][]string
	var args []string
	var word strings.Builder
	in, quotes := false, false
	end := func() {
		if in {
			args = append(args, word.String())
			word.Reset()
			in = false
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quotes, in = !quotes, true
		case c == '#' && !quotes && !in:
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case c == '\\' && quotes && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		case c == ' ' && !quotes:
			end()
		case c == '\n' && !quotes:
			end()
			if args != nil {
				all, args = append(all, args), nil
			}
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if quotes {
		t.Fatalf("a quote has no end in %q", text)
	}
	return all
}

// TestRulesGuide checks that the commands which the guides to rules show are commands, with flags and arguments that they take.
func TestRulesGuide(t *testing.T) {
	block := regexp.MustCompile("(?s)```sh\n(.*?)```")
	for _, guide := range []string{"rules.md", "rules.ja.md"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", "how-to", guide))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, m := range block.FindAllStringSubmatch(string(b), -1) {
			for _, args := range shellCommands(t, strings.ReplaceAll(m[1], " > matches.ndjson", "")) {
				n++
				cmd, rest, err := rootCommand().Find(args[1:])
				if args[0] != "sekisho" || err != nil || !cmd.Runnable() {
					t.Errorf("%s: %q: %v", guide, args, err)
				} else if err := cmd.ParseFlags(rest); err != nil {
					t.Errorf("%s: %q: %v", guide, args, err)
				} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
					t.Errorf("%s: %q: %v", guide, args, err)
				}
			}
		}
		if n < 6 {
			t.Errorf("%s shows %d commands", guide, n)
		}
	}
}

// TestActGuide checks that the commands which the guides to findings show are commands, and that their exceptions are ones that are read.
func TestActGuide(t *testing.T) {
	commands, profile := regexp.MustCompile("(?s)```sh\n(.*?)```"), regexp.MustCompile("(?s)```yaml\n(.*?)```")
	for _, guide := range []string{"act-on-findings.md", "act-on-findings.ja.md"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", "how-to", guide))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, m := range commands.FindAllStringSubmatch(string(b), -1) {
			for _, args := range shellCommands(t, m[1]) {
				n++
				cmd, rest, err := rootCommand().Find(args[1:])
				if args[0] != "sekisho" || err != nil || !cmd.Runnable() {
					t.Errorf("%s: %q: %v", guide, args, err)
				} else if err := cmd.ParseFlags(rest); err != nil {
					t.Errorf("%s: %q: %v", guide, args, err)
				} else if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
					t.Errorf("%s: %q: %v", guide, args, err)
				}
			}
		}
		blocks := profile.FindAllStringSubmatch(string(b), -1)
		if n < 4 || len(blocks) != 1 {
			t.Fatalf("%s shows %d commands and %d profiles", guide, n, len(blocks))
		}
		path := filepath.Join(t.TempDir(), "org.yaml")
		if err := os.WriteFile(path, []byte(blocks[0][1]), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := config.ReadProfile(path)
		if err != nil || len(p.Warnings) > 0 || len(p.Exceptions) != 3 {
			t.Fatalf("%s: %v, %+v", guide, err, p)
		}
		if err := node.CheckExceptions(p); err != nil {
			t.Errorf("%s: %v", guide, err)
		}
	}
}
