// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// parseZoneWord reads the zone at the start of b, where it stands as a word of its own: "JST", "UTC", "GMT", "Z", "+0900". Every other
// abbreviation is that of several zones (CST is in America, China and Cuba; IST in India, Ireland and Israel): it is passed over as no zone,
// and t.Doubtful says so. It returns how many bytes it took; 0 where no zone stands.
func parseZoneWord(b []byte, t *Civil) int {
	n := 0
	for n < len(b) && n <= 6 && isUpper(b[n]) {
		n++
	}
	if n == 0 {
		var z Civil
		if n = parseZone(b, &z); n == 0 || !wordEnds(b, n) || z.East <= -86400 || z.East >= 86400 {
			return 0
		}
		t.HasZone, t.East = true, z.East
		return n
	}
	if !wordEnds(b, n) {
		return 0
	}
	switch string(b[:n]) {
	case "JST":
		t.HasZone, t.East = true, 9*3600
	case "UTC", "GMT", "Z":
		t.HasZone, t.East = true, 0
	default:
		if !isZoneAbbreviation(b[:n]) {
			return 0
		}
		t.Doubtful = true
	}
	return n
}

// wordEnds says whether a word of n bytes ends there.
func wordEnds(b []byte, n int) bool {
	return n == len(b) || b[n] == ' ' || b[n] == ':' || b[n] == ']' || b[n] == '\t' || b[n] == ','
}

// isZoneAbbreviation knows the abbreviations that the zone database writes and that machines are found to stand in. A level of a log ("INFO",
// "WARN") or the name of a host is none.
func isZoneAbbreviation(b []byte) bool {
	switch string(b) {
	case "CST", "CDT", "EST", "EDT", "MST", "MDT", "PST", "PDT", "AST", "ADT", "AKST", "AKDT", "HST", "NST", "NDT",
		"BST", "IST", "WET", "WEST", "CET", "CEST", "EET", "EEST", "MSK", "SAST", "EAT", "WAT", "CAT",
		"KST", "HKT", "PHT", "SGT", "WIB", "WITA", "WIT", "ICT", "PKT", "AEST", "AEDT", "ACST", "ACDT", "AWST", "NZST", "NZDT", "BRT", "ART", "CLT", "CLST", "ChST", "SST":
		return true
	}
	return false
}
