// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package node

import (
	"path/filepath"
	"strings"
)

// sameDisk says whether two paths lie on one volume, as far as can be told.
func sameDisk(a, b string) bool {
	x, err := filepath.Abs(a)
	y, err2 := filepath.Abs(b)
	return err == nil && err2 == nil && strings.EqualFold(filepath.VolumeName(x), filepath.VolumeName(y))
}
