// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// searchMemory bounds what a search adds to the process. DuckDB has a bound of its own, a third of it, but does not count the texts that
// a function makes: repeat('x', 2000000000) takes 2 GB within it.
const searchMemory = 768 << 20

// boundMemory calls over once, from another goroutine, if the process holds more memory than a search may, until stop is
// called. A function of DuckDB that is at work cannot be interrupted, so over has to end the process. Where the system does not
// tell (it is asked through /proc), nothing is watched.
func boundMemory(over func()) (stop func()) {
	page := int64(os.Getpagesize())
	before := resident(page) // what the process held before is not the search's
	if before == 0 {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if resident(page) > before+searchMemory {
					over()
					return
				}
			}
		}
	}()
	return func() { close(done) }
}

// resident returns the bytes of memory that the process holds; 0 if that is not known.
func resident(page int64) int64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0
	}
	n, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return n * page
}
