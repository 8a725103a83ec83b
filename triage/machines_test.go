// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package triage

import (
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
)

// TestMachineOnce: the endpoint's log tells of a tunnel out of pc-taro and the name server's of one out of 10.1.2.3. Whoever knows that this is one
// machine tells it as one story that happened once, and of two machines, or of another day, otherwise.
func TestMachineOnce(t *testing.T) {
	tell := func(names Names, later float64) []cases.Story {
		c := &cases.Case{Revision: 1, Findings: []cases.Finding{
			on(find("F-1", "tunnel", cases.Low, 1, 4), "PC-Taro.lab.example"), on(find("F-2", "tunnel", cases.Low, 1+later, 4+later), "10.1.2.3"),
		}}
		Tell(c, nil, names)
		return c.Stories
	}
	names := Names{"10.1.2.3": "pc-taro", "pc-taro": "pc-taro"}
	one := tell(names, 0)
	if len(one) != 1 || len(one[0].Findings) != 2 || len(one[0].Hosts) != 2 || !strings.Contains(one[0].Title.En, "(1 host)") || strings.Contains(one[0].Title.En, "times") {
		t.Errorf("%+v", one)
	}
	if two := tell(names, 10); len(two) != 1 || !strings.Contains(two[0].Title.En, "2 times") {
		t.Errorf("%+v", two)
	}
	if none := tell(nil, 0); len(none) != 0 {
		t.Errorf("two machines are one story: %+v", none)
	}
}
