// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
)

// pages are the detectors' own pages, one each.
//
//go:embed *.md
var pages embed.FS

// Page returns the page of a detector in Markdown, empty if there is none.
func Page(name string) string {
	b, _ := fs.ReadFile(pages, pageFile(name))
	return string(b)
}

func pageFile(name string) string {
	out := []byte(name)
	for i := range out {
		if out[i] == '-' {
			out[i] = '_'
		}
	}
	return string(out) + ".md"
}

// Fingerprint returns the SHA-256 over all detectors' names, techniques and pages, in order: it changes when a detector does,
// since a page states every tunable.
func Fingerprint() string {
	h := sha256.New()
	for _, s := range All() {
		h.Write([]byte(s.Name))
		for _, a := range s.Attack {
			h.Write([]byte(a))
		}
		h.Write([]byte(Page(s.Name)))
	}
	return hex.EncodeToString(h.Sum(nil))
}
