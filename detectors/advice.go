// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	_ "embed" // the Japanese advice
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

//go:embed ja/advice.md
var adviceJa string

// Advice is what people need beside a finding.
type Advice struct {
	Wrong event.Words // when it is wrong
	Do    event.Words // what to do
	Needs event.Words // which logs it needs
}

// SpecName returns the name of the detector that makes findings of that name; empty for those that no detector makes.
func SpecName(finding string) string {
	name := cases.DetectorName(finding)
	switch name {
	case "password-spray":
		return "password-guessing"
	case "small-chunk-upload":
		return "upload"
	}
	for _, s := range All() {
		if s.Name == name {
			return name
		}
	}
	return ""
}

// AdviceOn returns the advice on findings of that name, from the detector's page and its Japanese counterpart.
func AdviceOn(finding string) Advice {
	var a Advice
	page := Page(SpecName(finding))
	a.Wrong.En, a.Do.En, a.Needs.En = section(page, "## When it is wrong"), section(page, "## What to do"), section(page, "## Which logs it needs")
	switch cases.DetectorName(finding) {
	case "unusual-login":
		a.Wrong.En = "Journeys, a new home, a new device. Where little is known of the owner's past the judgement is weak."
		a.Do.En = "Ask the owner by telephone about the times and addresses named, and give the answer with --answers."
		a.Needs.En = "Logins with the client's true address and client, of as long a time as there is."
	case "sigma":
		a.Wrong.En = "The rule's author names the innocent reasons that are known; a rule of somebody else knows nothing of how your machines are administered. One that matches daily is noise here: sekisho rules backtest says so."
		a.Do.En = "Read the records of the evidence and the rule: sekisho rules explain shows which of its tests hold. Where the reason is innocent, write a filter beside the rule, or an exception in the profile for the machine, account or address."
		a.Needs.En = "The log source that the rule names; sekisho rules coverage says which rules have theirs here."
	case "use-after-containment":
		a.Wrong.En = "The time that was recorded is earlier than that at which it took effect; an address that was lent to somebody else since; investigators at work on a host, or one that is back in service and not recorded as such; its owner at a new place with a new password."
		a.Do.En = "Take it that the containment does not hold: see through what it was used (the evidence names service and source), close that too, and look for ways that nobody knows of. What was lifted or given back is recorded with sekisho contain mark --reopen."
		a.Needs.En = "Records of the time after the closing, of the sources that would show the use, and what was done recorded with sekisho contain mark."
	case "lateral-path":
		a.Wrong.En = "A new way of administration, work from a spare machine."
		a.Do.En = "Look at both ends, ask the owner of the account that was used, and treat the destination as entered."
		a.Needs.En = "Logins to servers, and records of connections inside."
	}
	ja := section(adviceJa, "## "+cases.DetectorName(finding))
	for line := range strings.SplitSeq(ja, "\n") {
		for _, p := range []struct {
			head string
			to   *string
		}{{"誤り: ", &a.Wrong.Ja}, {"対応: ", &a.Do.Ja}, {"記録: ", &a.Needs.Ja}} {
			if text, ok := strings.CutPrefix(line, p.head); ok {
				*p.to = text
			}
		}
	}
	return a
}

// section returns the text below a heading up to the next one, without lines that say which techniques there are.
func section(page, heading string) string {
	_, rest, ok := strings.Cut("\n"+page, "\n"+heading+"\n")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	rest, _, _ = strings.Cut(rest, "\nMITRE ATT&CK")
	return strings.TrimSpace(rest)
}

// TunableWords returns what the page of a detector says of one of its constants; empty where it says nothing.
func TunableWords(finding, constant string) string {
	for line := range strings.SplitSeq(Page(SpecName(finding)), "\n") {
		if rest, ok := strings.CutPrefix(line, "| `"+constant+"` | "); ok {
			_, text, _ := strings.Cut(rest, " | ")
			return strings.TrimSuffix(strings.TrimSpace(text), " |")
		}
	}
	return ""
}
