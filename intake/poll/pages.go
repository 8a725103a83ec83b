// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import "fmt"

const maxPages = 10_000 // of one list

// pages are those of one list that were read: a list that comes back to one of them, or has too many, does not end.
type pages struct {
	of   string // what is listed
	been map[string]bool
}

// turn notes the page that is read next.
func (p *pages) turn(next string) error {
	if p.been[next] || len(p.been) >= maxPages {
		return fmt.Errorf("poll: the list of %s does not end", p.of)
	}
	if p.been == nil {
		p.been = map[string]bool{}
	}
	p.been[next] = true
	return nil
}
