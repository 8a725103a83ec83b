// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package node

import (
	"cmp"
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/drill"
)

// BenchmarkScopeAgain scopes a case in memory again with one more answer, as every answer does: `aist` with SEKISHO_ACCOUNTS people (120)
// and SEKISHO_DAYS days (90).
func BenchmarkScopeAgain(b *testing.B) {
	number := func(name string, otherwise int) int {
		n, _ := strconv.Atoi(os.Getenv(name))
		return cmp.Or(n, otherwise)
	}
	o := drill.Options{Name: cmp.Or(os.Getenv("SEKISHO_DRILL"), "aist"), Seed: 101, Accounts: number("SEKISHO_ACCOUNTS", 120), Days: number("SEKISHO_DAYS", 90), PeakPerAccount: 15}
	if v := os.Getenv("SEKISHO_VARIANT"); v != "" {
		if err := o.Vary(v); err != nil {
			b.Fatal(err)
		}
	}
	dir := b.TempDir()
	made, err := Rehearse(context.Background(), dir, o, Options{Version: "bench", Home: dir})
	if err != nil {
		b.Fatal(err)
	}
	c := made.Outcome.Consult()
	before := c.Scope(nil)
	var answers []config.Answer
	if len(before.Questions) > 0 {
		answers = append(answers, config.Answer{Index: 1, Question: before.Questions[0].ID, Value: "yes", Via: "in-person", By: "bench", At: made.Truth.End})
	}
	b.ReportAllocs()
	used := processorTime()
	for b.Loop() {
		c.Scope(answers)
	}
	b.ReportMetric((processorTime()-used)*1e3/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(len(c.Logins())), "logins")
}
