// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package own

import (
	"embed"
	"fmt"
)

//go:embed definitions/*.yaml
var definitions embed.FS

// Builtin returns the definitions that come with Sekisho: of products whose makers describe the log and of which no real record
// was at hand. Each of them says that it is unverified.
func Builtin() ([]*Definition, error) {
	entries, err := definitions.ReadDir("definitions")
	if err != nil {
		return nil, fmt.Errorf("own: %w", err)
	}
	var out []*Definition
	for _, e := range entries {
		text, err := definitions.ReadFile("definitions/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("own: %w", err)
		}
		d, err := Parse(e.Name(), text)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}
