// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/formats/own"
)

// FormatInfo is what people and programs are told of a format.
type FormatInfo struct {
	Name       string   `json:"name"`
	Also       []string `json:"also,omitempty"`
	Source     string   `json:"source"`
	Framing    string   `json:"framing"`
	What       string   `json:"what"`
	Export     string   `json:"export"`
	Takes      string   `json:"takes"`
	Leaves     string   `json:"leaves"`
	Unverified string   `json:"unverified,omitempty"`
	Page       string   `json:"-"` // in Markdown
}

// Formats returns all formats there are, in order of name: Sekisho's, and those of one's own that the profile names or that
// stand in the folder dir.
func Formats(profile *config.Profile, dir string) ([]FormatInfo, error) {
	all, err := knownFormats(profile, dir)
	if err != nil {
		return nil, err
	}
	var out []FormatInfo
	for i := range all {
		f := &all[i]
		out = append(out, FormatInfo{f.Name, f.Also, f.Source, f.Framing.String(), f.About.What, f.About.Export, f.About.Takes, f.About.Leaves, f.Unverified, f.Page()})
	}
	slices.SortStableFunc(out, func(a, b FormatInfo) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// FormatIndex returns the page that leads to the pages of all formats, in Markdown.
func FormatIndex(profile *config.Profile, dir string) (string, error) {
	all, err := knownFormats(profile, dir)
	if err != nil {
		return "", err
	}
	return formats.Index(all), nil
}

// FormatNames returns the names of the formats there are, in order.
func FormatNames(profile *config.Profile, dir string) ([]string, error) {
	all, err := knownFormats(profile, dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range all {
		out = append(out, all[i].Name)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// knownFormats returns every format that records may be of. One's own come first: whoever wrote one down knows the file.
func knownFormats(profile *config.Profile, dir string) ([]formats.Format, error) {
	var defs []*own.Definition
	dirs := []string{dir}
	if profile != nil && profile.Formats != dir {
		dirs = append(dirs, profile.Formats)
	}
	for _, d := range dirs {
		if d == "" {
			continue
		}
		more, err := own.ReadDir(d)
		if err != nil {
			return nil, fmt.Errorf("node: formats of one's own:\n%w", err)
		}
		defs = append(defs, more...)
	}
	builtin, err := own.Builtin()
	if err != nil {
		return nil, fmt.Errorf("node: the formats that come with it: %w", err)
	}
	var all []formats.Format
	taken := map[string]string{}
	for _, d := range append(defs, builtin...) {
		f, err := d.Format()
		if err != nil {
			return nil, fmt.Errorf("node: formats of one's own: %s: %w", d.File, err)
		}
		if other, ok := taken[f.Name]; ok {
			return nil, fmt.Errorf("node: formats of one's own: %s: there is a format %q already, in %s", d.File, f.Name, other)
		}
		taken[f.Name] = d.File
		all = append(all, f)
	}
	for _, f := range formats.All() {
		if file, ok := taken[f.Name]; ok {
			return nil, fmt.Errorf("node: formats of one's own: %s: %q is the name of a format of Sekisho: choose another", file, f.Name)
		}
		all = append(all, f)
	}
	return all, nil
}

// FormatTest is what came of the samples of one definition.
type FormatTest struct {
	File    string   `json:"file"`
	Name    string   `json:"name,omitempty"`
	OK      bool     `json:"ok"`
	Samples int      `json:"samples"`
	Errors  []string `json:"errors,omitempty"` // "file:line: reason"
}

// TestFormats checks definitions of formats of one's own and reads their samples.
func TestFormats(paths []string) []FormatTest {
	var out []FormatTest
	for _, p := range paths {
		d, err := own.Read(p)
		t := FormatTest{File: p, OK: err == nil}
		if d != nil {
			t.Name, t.Samples = d.Name, len(d.Samples)
		}
		if err != nil {
			t.Errors = strings.Split(err.Error(), "\n")
		}
		out = append(out, t)
	}
	return out
}
