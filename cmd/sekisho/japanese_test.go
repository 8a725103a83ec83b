// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestErrorsAreJapanese does what the scripts do that tell what users get wrong, with the locale of a Japanese user: no error that they meet
// is an English sentence, none names a package, and each has the same exit status.
func TestErrorsAreJapanese(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"usage", "claim", "contain", "exposure", "rebuild", "search_errors"} {
		b, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(inJapanese(string(b))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SEKISHO_HOME", filepath.Join(e.WorkDir, ".key"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("LANG", "ja_JP.UTF-8")
			e.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"lines": writeLines, "bytes": writeBytes, "longline": longLine, "change": changeByte, "cut": cutFile, "status": checkStatus, "same": sameCase, "japanese": isJapanese,
		},
	})
}

// inJapanese leaves of a script what is done, and holds what is said against Japanese.
func inJapanese(script string) string {
	done, files, some := strings.Cut(script, "\n-- ")
	var out []string
	for _, line := range strings.Split(done, "\n") {
		word, _, _ := strings.Cut(strings.TrimPrefix(line, "! "), " ")
		switch word {
		case "stdout", "stderr", "grep", "exists", "cmp", "same":
			continue
		}
		out = append(out, line)
		if strings.HasPrefix(line, "status 2 ") || strings.HasPrefix(line, "status 1 ") || strings.HasPrefix(line, "! exec sekisho") || strings.HasPrefix(line, "! sekisho") {
			out = append(out, "japanese")
		}
	}
	if !some {
		return strings.Join(out, "\n") + "\n"
	}
	return strings.Join(out, "\n") + "\n-- " + files
}

var (
	quotedText = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|sekisho [a-z]+( [a-z]+)?|--?[a-z-]+|[\w./-]*[./_-][\w./-]*`)
	fourWords  = regexp.MustCompile(`\b[a-z]+ [a-z]+ [a-z]+ [a-z]+\b`)
	ofPackage  = regexp.MustCompile(`(^|[ ：（])(node|intake|vault|store|duckdb|sigma|config|intel|formats): `)
)

// isJapanese checks the errors that the last command wrote.
func isJapanese(ts *testscript.TestScript, _ bool, _ []string) {
	for _, line := range strings.Split(ts.ReadFile("stderr"), "\n") {
		text, ok := strings.CutPrefix(line, "sekisho: ")
		if !ok {
			continue
		}
		var wrong string
		switch bare := quotedText.ReplaceAllString(text, "…"); {
		case !strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) }):
			wrong = "is not Japanese"
		case fourWords.MatchString(bare):
			wrong = "has an English sentence"
		case ofPackage.MatchString(text):
			wrong = "names a package"
		case strings.Contains(text, "処理できませんでした：") && strings.ContainsFunc(bare, unicode.IsLower):
			wrong = "is not told for people"
		default:
			continue
		}
		ts.Fatalf("%s", fmt.Sprintf("%q %s", text, wrong))
	}
}
