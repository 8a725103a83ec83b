// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package formats

// raced says that the race detector slows everything down, unevenly.
const raced = true
