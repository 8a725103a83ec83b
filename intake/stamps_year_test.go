// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import "testing"

// TestStampsYear: lines that write their year tell that of the first line that does not.
func TestStampsYear(t *testing.T) {
	for _, c := range []struct {
		text string
		year int
	}{
		{"Jun  3 09:00:00 h p: x\n", 0},
		{"Jun  3 09:00:00 h p: x\n2023-06-04T09:00:00Z h p: x\n", 2023},
		{"2023-12-31T09:00:00Z h p: x\nJan  1 09:00:00 h p: x\n", 2024},
		{"2024-01-01T09:00:00Z h p: x\nDec 31 09:00:00 h p: x\n", 2023},
		{"Dec 31 09:00:00 h p: x\n<13>1 2024-01-01T09:00:00Z h p - - - x\n", 2023},
		{"Dec 31 09:00:00 h p: x\nJan  1 09:00:00 h p: x\n2024/01/02 09:00:00 h p: x\n", 2023},
		{"Jun 03 2022 09:00:00 h : x\nJun  3 09:00:00 h p: x\n", 2022},
		{"Jun  3 09:00:00 2022 h p: x\nJun  3 09:00:00 h p: x\n", 2022},
		{"1970-01-01T00:00:05Z h p: x\nJun  3 09:00:00 h p: x\n", 0},
		{"2052-06-03T00:00:05Z h p: x\nJun  3 09:00:00 h p: x\n2023-06-03T09:00:00Z h p: x\n2023-06-03T09:00:00Z h p: x\n", 2023},
	} {
		src := source(t, []byte(c.text), Options{})
		st, err := ScanStamps(t.Context(), src)
		if err != nil || st.Year != c.year {
			t.Errorf("%q: %d, want %d, %v", c.text, st.Year, c.year, err)
		}
	}
}
