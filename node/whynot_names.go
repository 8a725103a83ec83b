// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store/duckdb"
)

// nearNames is how many names are offered where the one that was given is of nobody, or of several.
const nearNames = 8

// fullName returns the name by which records know an account that somebody writes in his own way: in other case, without its domain, or with
// one before it. Where that is several accounts, it is an error that names them. Where it is none, it returns what was given, and the names
// that are like it.
func fullName(ctx context.Context, dir, temp, account string, c *cases.Case) (name string, near []string, err error) {
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.ID == account || a.Name == account || slices.Contains(a.Aliases, account) {
			return account, nil, nil
		}
	}
	all, err := likeNames(ctx, dir, temp, account)
	if err != nil {
		return account, nil, nil // without the store the records decide, which are read once more
	}
	var same, local []string
	for _, n := range all {
		switch {
		case n == account:
			return account, nil, nil
		case strings.EqualFold(n, account):
			same = append(same, n)
		case strings.EqualFold(bareName(n), bareName(account)) && (bareName(n) == n || bareName(account) == account):
			local = append(local, n)
		default:
			near = append(near, n)
		}
	}
	if len(same) == 0 {
		same = local
	}
	switch len(same) {
	case 0:
		return account, near[:min(len(near), nearNames)], nil
	case 1:
		return same[0], nil, nil
	}
	return "", nil, event.Tell("%q に当たるアカウントが複数あります。どれか 1 つを指定してください：%s", "%q may be several accounts: name one of them: %s", account, strings.Join(shownNames(same[:min(len(same), nearNames)]), ", "))
}

// bareName is an account's name without a domain behind or before it, which is how people speak of it.
func bareName(name string) string {
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	bare, _, _ := strings.Cut(name, "@")
	return bare
}

// likeNames returns the names in the case's store that are like one, nearest first.
func likeNames(ctx context.Context, dir, temp, account string) ([]string, error) {
	r, err := duckdb.Open(filepath.Join(dir, storeName), duckdb.ReadOptions{Temp: temp})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	bare := strings.ToLower(bareName(account))
	if bare == "" || len(bare) > 200 {
		return nil, nil
	}
	rows, err := r.Query(ctx, `SELECT name FROM (SELECT name, lower(split_part(split_part(name, '\', -1), '@', 1)) AS bare FROM accounts)
		WHERE bare = ? OR contains(bare, ?) OR (length(bare) <= 200 AND levenshtein(bare, ?) <= 2)
		GROUP BY name, bare ORDER BY bare <> ?, levenshtein(bare[1:200], ?), name LIMIT 64`, bare, bare, bare, bare, bare)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

func shownNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = cutText(visible([]byte(n)), 100)
	}
	return out
}
