// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"slices"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/formats"
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

// Formats returns all formats there are, those of the profile included, in order of name.
func Formats(profile *config.Profile) ([]FormatInfo, error) {
	if profile == nil {
		profile = &config.Profile{}
	}
	all, err := knownFormats(profile)
	if err != nil {
		return nil, err
	}
	var out []FormatInfo
	for i := range all {
		f := &all[i]
		out = append(out, FormatInfo{f.Name, f.Also, f.Source, f.Framing.String(), f.About.What, f.About.Export, f.About.Takes, f.About.Leaves, f.Unverified, f.Page()})
	}
	slices.SortStableFunc(out, func(a, b FormatInfo) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out, nil
}

// FormatIndex returns the page that leads to the pages of all formats, in Markdown.
func FormatIndex(profile *config.Profile) (string, error) {
	all, err := knownFormats(profile)
	if err != nil {
		return "", fmt.Errorf("node: list the formats: %w", err)
	}
	return formats.Index(all), nil
}

// knownFormats returns every format that records may be of.
func knownFormats(*config.Profile) ([]formats.Format, error) { return formats.All(), nil }
