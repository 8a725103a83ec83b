// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/store"
)

// guard refuses queries by their text, before DuckDB sees them. Its settings keep DuckDB from files and the network, but it
// has table functions that change its own state, follow pointers that the query gives, or run a text as a query.
type guard struct {
	refused map[string]bool // table functions, in lower case
}

// tableFunctions lists what DuckDB has; a guard refuses them all but those of allowedFunctions, so that what a later
// version adds is refused until somebody has looked at it.
const tableFunctions = "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN ('table', 'table_macro', 'pragma') ORDER BY 1"

func allowedFunctions() []string {
	return []string{"duckdb_columns", "duckdb_functions", "duckdb_keywords", "duckdb_tables", "duckdb_types", "duckdb_views", "generate_series",
		"histogram", "histogram_values", "json_each", "json_tree", "pg_timezone_names", "pragma_table_info", "range", "repeat", "repeat_row",
		"summary", "unnest",
		"platform", "version", "user_agent", "functions", "show", "collations"} // names of pragmas, which are refused as such
}

func newGuard(functions []string) guard {
	g := guard{refused: map[string]bool{}}
	for _, f := range functions {
		if !slices.Contains(allowedFunctions(), f) {
			g.refused[f] = true
		}
	}
	return g
}

// check returns an error that wraps store.ErrRefused for a query that does not begin like one that reads, or names a
// refused function before a parenthesis. It looks into texts and comments too, so that nothing can hide in what it takes for
// one; a query that looks for such a text can split it.
func (g guard) check(query string) error {
	if strings.ContainsRune(query, 0) {
		return fmt.Errorf("%w: the query has a NUL character", store.ErrRefused)
	}
	if err := begins(query); err != nil {
		return err
	}
	for i := 0; i < len(query); {
		if !wordByte(query[i]) {
			i++
			continue
		}
		end := i
		for end < len(query) && wordByte(query[end]) {
			end++
		}
		if word := strings.TrimLeft(query[i:end], "0123456789$"); len(word) < 64 && g.refused[strings.ToLower(word)] {
			rest := skip(strings.TrimPrefix(query[end:], `"`))
			if strings.HasPrefix(rest, "(") {
				return fmt.Errorf("%w: the function %s is not for use here (at character %d)", store.ErrRefused, word, i+1)
			}
		}
		i = end
	}
	return nil
}

// begins looks at the words that say what kind of statement it is.
func begins(query string) error {
	rest := skip(query)
	for rest != "" && rest[0] == '(' {
		rest = skip(rest[1:])
	}
	word, after := firstWord(rest)
	if word == "explain" {
		rest = skip(after)
		if w, a := firstWord(rest); w == "analyze" || w == "analyse" {
			rest = skip(a)
		}
		if strings.HasPrefix(rest, "(") {
			if _, a, ok := strings.Cut(rest, ")"); ok && !strings.Contains(rest[1:len(rest)-len(a)], "(") {
				rest = skip(a)
			}
		}
		word, _ = firstWord(rest)
	}
	switch word {
	case "select", "with", "from", "values", "table", "describe", "desc", "show", "summarize", "pivot", "unpivot", "":
		return nil
	}
	return fmt.Errorf("%w: it begins with %q", store.ErrRefused, strings.ToUpper(word))
}

func firstWord(s string) (word, after string) {
	i := 0
	for i < len(s) && i < 64 && wordByte(s[i]) {
		i++
	}
	return strings.ToLower(s[:i]), s[i:]
}

// wordByte says whether c is part of a name that a function of DuckDB has: those are of ASCII.
func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// skip drops comments, white space, and whatever is not ASCII: DuckDB takes some of that for white space.
func skip(s string) string {
	for {
		t := s
		for t != "" && (t[0] <= ' ' || t[0] >= 0x7f) {
			t = t[1:]
		}
		switch {
		case strings.HasPrefix(t, "--"):
			_, t, _ = strings.Cut(t, "\n")
		case strings.HasPrefix(t, "/*"):
			t = skipComment(t)
		}
		if t == s {
			return s
		}
		s = t
	}
}

// skipComment drops a comment, which may hold others.
func skipComment(s string) string {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return s[i+1:]
			}
		}
	}
	return ""
}
