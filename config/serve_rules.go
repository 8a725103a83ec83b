// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"io"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

// rules reads the names of files and folders of Sigma rules. What is wrong with a single rule is not said here: the others are used.
func (d *document) rules(folder string, n *yaml.Node, where string) (out []string) {
	d.items(n, where, func(where string, v *yaml.Node) {
		name := d.text(v, where)
		if name == "" {
			d.wrong(v, where, "is empty: name a folder of Sigma rules, a .yml file, or builtin for those that come with the program")
			return
		}
		if name != BuiltinRules {
			if name = d.ruleFile(filepath.Clean(within(folder, name)), v, where); name == "" {
				return
			}
		}
		if slices.Contains(out, name) {
			d.wrong(v, where, "%s is named twice: leave one out", cut(name, 200))
			return
		}
		out = append(out, name)
	})
	return out
}

// ruleFile returns the path if it is a folder that can be read, or a file of rules; empty otherwise.
func (d *document) ruleFile(path string, n *yaml.Node, where string) string {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		d.wrong(n, where, "%v: name a folder of Sigma rules, relative to the folder of this file, or builtin for those that come with the program", err)
		return ""
	case info.IsDir():
		if _, err := os.ReadDir(path); err != nil {
			d.wrong(n, where, "%v: let the user that runs Sekisho read it", err)
			return ""
		}
	case filepath.Ext(path) != ".yml" && filepath.Ext(path) != ".yaml":
		d.wrong(n, where, "%s is no rule file: its name ends in .yml or .yaml", cut(path, 200))
		return ""
	}
	return path
}

// mostPlaceholders bounds a file of placeholders, in bytes.
const mostPlaceholders = 16 << 20

// placeholders reads the file that gives placeholders of rules their values.
func (d *document) placeholders(folder string, n *yaml.Node, where string) map[string][]string {
	path := d.file1(folder, n, where)
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil // said already, where it is not there
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostPlaceholders+1))
	var values map[string][]string
	if err != nil || len(b) > mostPlaceholders || yaml.Unmarshal(b, &values) != nil {
		d.wrong(n, where, "%s is no YAML of the form name: [value, …]", cut(path, 200))
		return nil
	}
	return values
}
