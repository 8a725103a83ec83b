// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"strconv"
	"strings"
)

// Versions of clients before the summer of 2025, for drills in the years of their documents. From then on see client.go.

// tabulated is the day, counted from 1970, from which client.go's versions hold: 27 May 2025.
const tabulated = 20235

// version returns a client's main version for somebody who updates lag days late.
func (c client) version(epochDay, lag int) int {
	t := c.traits()
	if epochDay >= tabulated {
		return t.version(epochDay, lag)
	}
	d := epochDay - lag
	switch c {
	case chromeWindows, edgeWindows, chromeMac, chromePhone: // 94 came on 21 September 2021; six weeks each before, four or five since
		if d < 18891 {
			return max(40, 94-(18891-d+41)/42)
		}
		return min(t.first, 94+(d-18891)*43/1344)
	case firefoxWindows: // four weeks each since 72, of 7 January 2020; seven or so before
		if d < 18268 {
			return max(45, 72-(18268-d+48)/49)
		}
		return min(t.first, 72+(d-18268)*67/1967)
	case firefoxESR, oldFirefox, anonymousBrowser:
		return min(t.first, latest(d, 45, []release{{17232, 52}, {17660, 60}, {18086, 68}, {18443, 78}, {18848, 91}, {19171, 102}, {19542, 115}, {19913, 128}}))
	case safariMac, safariPhone: // one a year, in September
		return min(t.first, latest(d, 10, []release{{17428, 11}, {17791, 12}, {18158, 13}, {18521, 14}, {18890, 15}, {19247, 16}, {19618, 17}, {19982, 18}}))
	}
	return t.first
}

type release struct{ day, version int }

func latest(d, version int, of []release) int {
	for _, r := range of {
		if d >= r.day {
			version = r.version
		}
	}
	return version
}

// past returns what stands around an older version in the user agent.
func (t *traits) past(version int) (before, after string) {
	v := strconv.Itoa(version)
	before, after = t.before, t.after
	switch {
	case strings.HasSuffix(before, "Firefox/"):
		engine := v + ".0"
		if version >= 110 && version < 120 { // it stood still for a while
			engine = "109.0"
		}
		from := strings.Index(before, "rv:")
		before = before[:from] + "rv:" + engine + before[strings.IndexByte(before, ')'):]
	case strings.HasSuffix(before, "Chrome/"):
		after = strings.Replace(after, "Edg/137.", "Edg/"+v+".", 1)
		if version < 101 { // whole numbers of builds, until they were cut to noughts
			after = strings.Replace(after, ".0.0.0 ", ".0."+strconv.Itoa(3497+45*(version-69))+"."+strconv.Itoa(90+version%40)+" ", 1)
		}
	default:
		before = strings.Replace(before, "OS 18_5", "OS "+v+"_4", 1)
		after = strings.Replace(after, ".5 ", ".0.3 ", 1)
	}
	return before, after
}
