// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"fmt"
	"slices"
	"testing"
)

func TestDomainGuesser(t *testing.T) {
	var g DomainGuesser
	for i := range 12 {
		g.Add(fmt.Sprintf("user%d", i))
		g.Add(fmt.Sprintf(`LAB\user%d`, i))
		g.Add(fmt.Sprintf("User%d@LAB.EXAMPLE", i))
		g.Add(fmt.Sprintf("guest%d@mail.example", i)) // strangers' domain
	}
	g.Add("user1@mail.example")
	g.Add("user2@mail.example")
	if got := g.Domains(); !slices.Equal(got, []string{"lab", "lab.example"}) {
		t.Errorf("domains %v", got)
	}
}
