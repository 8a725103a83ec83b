// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"strings"
	"testing"
)

// TestPastClients checks that user agents are of their year, and never grow younger.
func TestPastClients(t *testing.T) {
	agent := func(c client, date string) string {
		tr := c.traits()
		return string(tr.appendAgent(nil, c.version(int(dayOfDate(date)), 0)))
	}
	for _, k := range []struct {
		c          client
		date, want string
	}{
		{chromeWindows, "2021-01-25", "Chrome/88.0."}, {chromeWindows, "2023-06-27", "Chrome/11"}, {edgeWindows, "2023-06-27", "Edg/11"}, {chromeWindows, "2017-10-27", "Chrome/6"},
		{firefoxWindows, "2021-05-01", "rv:88.0) Gecko/20100101 Firefox/88.0"}, {firefoxWindows, "2023-06-27", "rv:109.0) Gecko/20100101 Firefox/11"},
		{oldFirefox, "2017-10-27", "rv:52.0) Gecko/20100101 Firefox/52.0"}, {safariMac, "2021-05-01", "Version/14.0.3"}, {safariPhone, "2017-10-27", "iPhone OS 11_4"},
		{chromeWindows, "2025-06-01", "Chrome/137.0.0.0"}, {firefoxESR, "2025-06-01", "rv:128.0) Gecko/20100101 Firefox/128.0"},
	} {
		if got := agent(k.c, k.date); !strings.Contains(got, k.want) {
			t.Errorf("%s: %s, want %s", k.date, got, k.want)
		}
	}
	for c := range anonymousBrowser + 1 {
		last := 0
		for d := int(dayOfDate("2017-01-01")); d < int(dayOfDate("2025-08-01")); d += 3 {
			v := c.version(d, 0)
			if v < last {
				t.Errorf("client %d: version %d after %d on day %d", c, v, last, d)
			}
			last = v
		}
	}
}
