// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package node

import (
	"os"
	"syscall"
)

// sameDisk says whether two paths lie on one file system, as far as can be told.
func sameDisk(a, b string) bool {
	x, err := os.Stat(a)
	y, err2 := os.Stat(b)
	if err != nil || err2 != nil {
		return false
	}
	one, ok := x.Sys().(*syscall.Stat_t)
	other, ok2 := y.Sys().(*syscall.Stat_t)
	return ok && ok2 && one.Dev == other.Dev
}
