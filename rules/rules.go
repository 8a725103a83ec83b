// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package rules holds the project's own Sigma rules, each with cases that fire and cases that must not. They find events of any
// format under the columns of the event table. It knows nothing of how rules are read.
package rules

import "embed"

// Files are the rule files.
//
//go:embed *.yml
var Files embed.FS
