// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
)

// Two answers contradict each other only where one says yes and the other no about the same, at a time that both speak of, and
// neither was taken back; a question and its subject are the same.
func TestContradict(t *testing.T) {
	asked := map[string]cases.Subject{"Q-1": {Account: "Taro"}}
	day := func(d int) time.Time { return time.Date(2025, 6, d, 0, 0, 0, 0, time.UTC) }
	taro := func(value string) config.Answer {
		return config.Answer{Value: value, Subject: config.Subject{Account: "taro"}}
	}
	asks := config.Answer{Value: "no", Question: "Q-1"}
	early, late := taro("yes"), taro("no")
	early.To, late.From = day(3), day(3)
	back := taro("no")
	back.RetractedBy = 3
	other := config.Answer{Value: "no", Subject: config.Subject{Account: "jiro"}}
	for name, c := range map[string]struct {
		a, b config.Answer
		want bool
	}{
		"yes and no":                 {taro("yes"), taro("no"), true},
		"the question and who it is": {taro("yes"), asks, true},
		"twice no":                   {taro("no"), asks, false},
		"unknown":                    {taro("yes"), taro("unknown"), false},
		"one after the other":        {early, late, false},
		"taken back":                 {taro("yes"), back, false},
		"somebody else":              {taro("yes"), other, false},
	} {
		if contradict(&c.a, &c.b, asked) != c.want || contradict(&c.b, &c.a, asked) != c.want {
			t.Errorf("%s: want %v", name, c.want)
		}
	}
}
