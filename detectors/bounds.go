// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import "math"

// Bound says what one figure of a finding had to reach, or not to pass, for the finding to be.
type Bound struct {
	Figure  string  // its name among the finding's numbers
	Most    bool    // the figure must not pass the value; else it must reach it
	Value   float64 // beside Times and Plus
	Times   string  // the figure that Value is a multiple of; empty: none
	Plus    string  // the figure that Value comes on top of; empty: none
	Tunable string  // the constant that the detector's page explains
	Alone   bool    // one of several of which one is enough
	Grave   bool    // decides how severe the finding is, not whether there is one
}

// Limit returns the value that the figure is held against, given the finding's other figures.
func (b *Bound) Limit(figure func(name string) (float64, bool)) float64 {
	limit := b.Value
	if n, ok := figure(b.Times); ok && b.Times != "" {
		limit *= n
	}
	if n, ok := figure(b.Plus); ok && b.Plus != "" {
		limit += n
	}
	return limit
}

// Met says whether a figure is on the side of the limit that speaks for the finding.
func (b *Bound) Met(value, limit float64) bool {
	if b.Most {
		return value <= limit
	}
	return value >= limit
}

// Bounds returns what decided a finding of that detector, named as findings name it; nil where it is not figures that decide, but what
// was done (a setting, a log that was cleared).
func Bounds(finding string) []Bound {
	switch finding {
	case "unusual-login": // of scoping: suspected at even odds, compromised at 0.95
		return []Bound{{Figure: "nats", Value: 0}, {Figure: "nats", Value: math.Log(0.95 / 0.05), Grave: true}}
	case "id-probing":
		return []Bound{{Figure: "peak_ids_per_day", Value: probingFloor, Plus: "expected_ids_per_day", Tunable: "probingFloor"},
			{Figure: "days", Value: probingHighDays, Tunable: "probingHighDays", Grave: true}, {Figure: "z", Value: probingHighZ, Tunable: "probingHighZ", Grave: true}}
	case "password-guessing", "password-spray":
		return []Bound{{Figure: "peak_accounts_per_day", Value: guessingFloor, Plus: "expected_accounts_per_day", Tunable: "guessingFloor"},
			{Figure: "z", Value: guessingHighZ, Tunable: "guessingHighZ", Grave: true}}
	case "password-spray-source":
		return []Bound{{Figure: "accounts", Value: spraySourceNames, Tunable: "spraySourceNames"}, {Figure: "addresses", Value: spraySourceOnes, Tunable: "spraySourceOnes", Grave: true}}
	case "credential-stuffing":
		return []Bound{{Figure: "accounts", Value: stuffNames, Tunable: "stuffNames"}, {Figure: "accounts", Value: stuffOver, Times: "accounts_before", Tunable: "stuffOver"},
			{Figure: "accounts", Value: stuffHigh, Tunable: "stuffHigh", Grave: true}}
	case "group-targeting":
		return []Bound{{Figure: "most_within_the_span", Value: groupLeast, Tunable: "groupLeast"}, {Figure: "log10_of_chance", Most: true, Value: math.Log10(groupChance), Tunable: "groupChance"},
			{Figure: "accounts", Value: groupMany, Tunable: "groupMany", Grave: true}}
	case "id-list-obtained":
		return []Bound{{Figure: "unknown_share_before", Value: listHigh, Tunable: "listHigh"}, {Figure: "unknown_share_now", Most: true, Value: listLow, Tunable: "listLow"},
			{Figure: "attempts_now", Value: listNow, Tunable: "listNow"}, {Figure: "accounts_now", Value: listAccounts, Tunable: "listAccounts"}, {Figure: "z", Value: listZ, Tunable: "listZ"}}
	case "target-drop-out":
		return []Bound{{Figure: "nats", Value: dropMark(), Tunable: "dropPost"}, {Figure: "waves", Value: dropWaves, Tunable: "dropWaves"},
			{Figure: "attempts", Value: dropTries, Tunable: "dropTries"}}
	case "success-after-guessing":
		return []Bound{{Figure: "failures_from_address", Value: guesserRatio, Times: "logins", Tunable: "guesserRatio", Alone: true},
			{Figure: "failures_from_address", Value: hammerFails, Tunable: "hammerFails", Alone: true}}
	case "one-address-many-accounts":
		return []Bound{{Figure: "strangers", Value: manyAccounts, Tunable: "manyAccounts"}, {Figure: "familiar", Most: true, Value: manyLater, Times: "strangers", Tunable: "manyLater"},
			{Figure: "strangers", Value: manyHigh, Tunable: "manyHigh", Grave: true}}
	case "unusual-login-hidden":
		return []Bound{{Figure: "nats", Value: 0, Tunable: "hiddenPrior"}}
	case "dormant-account":
		return []Bound{{Figure: "days_without_use", Value: 1, Times: "days_that_count"}, {Figure: "days_with_failures_before", Value: dormantFailures, Tunable: "dormantFailures", Grave: true}}
	case "second-factor-fatigue":
		return []Bound{{Figure: "prompts", Value: fatiguePrompts, Tunable: "fatiguePrompts"}}
	case "impossible-travel":
		return []Bound{{Figure: "km", Value: travelFar, Tunable: "travelFar"}, {Figure: "km_per_hour", Value: travelSpeed, Tunable: "travelSpeed"},
			{Figure: "jumps", Value: travelReturns, Tunable: "travelReturns", Grave: true}}
	case "mail-bulk-read":
		return []Bound{{Figure: "folders", Value: bulkFolders, Tunable: "bulkFolders", Alone: true}, {Figure: "messages", Value: bulkItems, Tunable: "bulkItems", Alone: true},
			{Figure: "mailboxes_together", Value: bulkMailboxes, Tunable: "bulkMailboxes", Grave: true}}
	case "spam-burst":
		return []Bound{{Figure: "letters", Value: spamLeast, Tunable: "spamLeast"}, {Figure: "letters", Value: spamOverOwn, Times: "most_a_day_before", Tunable: "spamOverOwn"},
			{Figure: "accounts_together", Value: spamTogether, Tunable: "spamTogether", Grave: true}}
	case "excess-taking":
		return []Bound{{Figure: "documents", Value: excessOverOwn, Times: "most_before", Tunable: "excessOverOwn"}, {Figure: "documents", Value: excessLarge, Tunable: "excessLarge", Grave: true}}
	case "directory-read":
		return []Bound{{Figure: "entries", Value: readLeast, Tunable: "readLeast"}, {Figure: "share", Value: readShare, Tunable: "readShare", Alone: true},
			{Figure: "entries", Value: readUnsized, Tunable: "readUnsized", Alone: true}, {Figure: "entries", Value: readGrowth, Times: "usual_entries", Tunable: "readGrowth"},
			{Figure: "share", Value: readHalf, Tunable: "readHalf", Grave: true}}
	}
	return boundsInside(finding)
}

// boundsInside are those of detectors that look at machines.
func boundsInside(finding string) []Bound {
	switch finding {
	case "internal-scan":
		return []Bound{{Figure: "refused", Value: scanTargets, Tunable: "scanTargets", Alone: true}, {Figure: "distinct", Value: scanBroad, Tunable: "scanBroad", Alone: true}}
	case "appliance-outbound":
		return []Bound{{Figure: "connections", Value: applianceTimes, Tunable: "applianceTimes", Alone: true}, {Figure: "bytes_out", Value: applianceBytes, Tunable: "applianceBytes", Alone: true},
			{Figure: "days", Value: applianceHigh, Tunable: "applianceHigh", Grave: true}}
	case "edge-device":
		return []Bound{{Figure: "crashes", Value: edgeCrashes, Tunable: "edgeCrashes"}, {Figure: "crashes", Value: edgeMany, Tunable: "edgeMany", Grave: true},
			{Figure: "calls_to_new_places", Value: edgeCalls, Tunable: "edgeCalls", Grave: true}}
	case "beacon":
		return []Bound{{Figure: "connections", Value: beaconLeast, Tunable: "beaconLeast"}, {Figure: "score", Value: beaconScore, Tunable: "beaconScore"},
			{Figure: "jitter", Most: true, Value: beaconJitter, Tunable: "beaconJitter"}, {Figure: "every_s", Value: beaconShortest, Tunable: "beaconShortest"},
			{Figure: "every_s", Most: true, Value: beaconLongest, Tunable: "beaconLongest"}, {Figure: "machines_using_it", Most: true, Value: beaconAudience, Tunable: "beaconAudience"}}
	case "lateral-path-switch":
		return []Bound{{Figure: "hours_between", Most: true, Value: lateralHours, Tunable: "lateralHours"}, {Figure: "machines", Value: lateralReach, Tunable: "lateralReach", Grave: true}}
	case "long-connection":
		return []Bound{{Figure: "hours", Value: longLeast / 3600e3, Tunable: "longLeast"}, {Figure: "machines_using_it", Most: true, Value: longAudience, Tunable: "longAudience"},
			{Figure: "hours", Value: longGrave / 3600e3, Tunable: "longGrave", Grave: true}, {Figure: "days", Value: longRepeats, Tunable: "longRepeats", Grave: true}}
	case "upload":
		return []Bound{{Figure: "bytes", Value: uploadLeast, Tunable: "uploadLeast"}, {Figure: "bytes", Value: uploadOverMax, Times: "most_bytes_before", Tunable: "uploadOverMax"},
			{Figure: "machines_using_it", Most: true, Value: uploadAudience, Tunable: "uploadAudience", Grave: true}, {Figure: "bytes", Value: uploadLarge, Tunable: "uploadLarge", Grave: true}}
	case "small-chunk-upload":
		return []Bound{{Figure: "connections", Value: chunkTransfers, Tunable: "chunkTransfers"}, {Figure: "days", Value: chunkActive, Tunable: "chunkActive"},
			{Figure: "bytes", Value: chunkOverOwn, Times: "most_bytes_before", Tunable: "chunkOverOwn"}}
	case "ci-remote-control":
		return []Bound{{Figure: "new_machines", Value: ciReach, Tunable: "ciReach"}, {Figure: "polls", Value: ciPolls, Tunable: "ciPolls"}}
	case "mass-encryption":
		return []Bound{{Figure: "files", Value: encryptFiles, Tunable: "encryptFiles"}, {Figure: "folders", Value: encryptFolders, Tunable: "encryptFolders"},
			{Figure: "files", Value: encryptCritical, Tunable: "encryptCritical", Grave: true}}
	case "record-gap":
		return []Bound{{Figure: "missing", Value: gapLeast, Tunable: "gapLeast"}}
	case "source-silent":
		return []Bound{{Figure: "surprise_nats", Value: silentNats, Tunable: "silentNats"}, {Figure: "hours_missed", Value: silentHours, Tunable: "silentHours"}}
	}
	return nil
}
