// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var logCleared = detect.Spec{Name: "log-cleared", Attack: []string{"T1070.001", "T1562.002"}, New: newLogCleared}

// Tunables of log-cleared.
const (
	clearedRoutine = 4     // times that a host must have cleared the same log at even distances before it counts as a habit
	clearedEven    = 1     // days by which those distances may differ
	clearedMost    = 10000 // hosts and logs that are followed
)

// cleared looks for logs that were emptied and for auditing that was switched off. Hardly anybody does it, and an intruder who
// leaves does it last: on 9 February in the AIST report of 2018.
type cleared struct {
	detect.Trace
	logs map[clearedLog]*clearing
}

type clearedLog struct {
	host string
	log  string
	off  bool // auditing was switched off rather than a log emptied
}

type clearing struct {
	place    event.Place
	who      map[uint32]string // handles and identities
	name     string
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	days     [clearedRoutine + 1]int32 // the last days on which it happened
	ndays    int
	times    int64
	evidence detect.Evidence
}

func newLogCleared(detect.Site) detect.Detector { return &cleared{logs: map[clearedLog]*clearing{}} }

func (d *cleared) Classes() detect.ClassSet { return detect.Classes(event.ClassLogAdmin) }

func (d *cleared) Observe(s *event.Sighting) {
	if d.Asked(s.Who) {
		d.tell(s, s.Activity == event.ActClear || s.Activity == event.ActDelete || s.Activity == event.ActDisable)
	}
	if s.Outcome == event.OutcomeFailure {
		return
	}
	switch s.Activity {
	case event.ActClear, event.ActDelete, event.ActDisable:
	default: // a service that stops, a log that is full: every reboot does it
		return
	}
	host := s.Dst.Host
	if host == "" {
		host = s.DstHost
	}
	key := clearedLog{host, s.Object, s.Activity != event.ActClear}
	c := d.logs[key]
	if c == nil {
		if n := len(d.logs); n >= 2*clearedMost || n >= clearedMost && s.Dst.Role == "" { // hosts that have a role are nobody's invention
			key = clearedLog{} // hosts beyond the bound are told of together
			if c = d.logs[key]; c == nil {
				c = &clearing{}
				d.logs[key] = c
			}
		}
		if c == nil {
			c = &clearing{}
			d.logs[key] = c
		}
		c.place, c.who, c.first, c.alerted = s.Dst, map[uint32]string{}, s.Time, s.Seen()
	}
	c.last = s.Time
	c.times++
	c.evidence.Add(s.Event)
	if s.Who != nil && len(c.who) < sourceAccounts {
		c.who[s.Who.Handle] = s.Who.ID
		c.name = s.Who.Name
	}
	if c.ndays == 0 || c.days[0] != s.Day {
		copy(c.days[1:], c.days[:])
		c.days[0] = s.Day
		c.ndays++
	}
}

// routine says whether the log is emptied at even distances, as a task does.
func (c *clearing) routine() bool {
	if c.ndays < clearedRoutine {
		return false
	}
	n := min(c.ndays, len(c.days))
	least, most := int32(1<<30), int32(0)
	for i := 1; i < n; i++ {
		gap := c.days[i-1] - c.days[i]
		least, most = min(least, gap), max(most, gap)
	}
	return most-least <= clearedEven
}

func (d *cleared) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for key, c := range d.logs {
		out = append(out, c.finding(key))
	}
	return sortedFindings(out)
}

// guarded says whether a log is one that intruders empty: the one of logins, or a whole host's.
func guarded(log string) bool {
	l := strings.ToLower(log)
	return l == "" || l == "security" || l == "system" || strings.Contains(l, "security") || strings.Contains(l, "sysmon") ||
		strings.Contains(l, "powershell") || strings.Contains(l, "terminalservices") || strings.Contains(l, "audit")
}

func (c *clearing) finding(key clearedLog) event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %t", key.host, key.log, key.off), First: c.first, Last: c.last, Alerted: c.alerted, Evidence: c.evidence.Refs(),
		Numbers: []event.Figure{figure("times", float64(c.times)), figure("days", float64(c.ndays))}, Severity: event.Medium,
	}
	if key.host != "" {
		f.Hosts = []string{key.host}
	}
	for _, id := range c.who {
		f.Accounts = append(f.Accounts, id)
	}
	host, log, who := key.host, key.log, c.name
	if host == "" {
		host = "?"
	}
	if log == "" {
		log = "log"
	}
	if who == "" {
		who = "?"
	}
	if key.off {
		f.Title = event.Words{Ja: fmt.Sprintf("%s の監査記録が止められた（%s）", host, log), En: fmt.Sprintf("auditing was switched off on %s (%s)", host, log)}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s が監査の設定（%s）を %d 回無効にした。以後の出来事は記録されない。設定の見直しや移行作業でも起こりうる。作業記録と照らし合わせること。", who, log, c.times),
			En: fmt.Sprintf("%s switched off auditing (%s), %d times. What happened after it was not recorded. A review of settings or a migration can look like this: compare with the record of works.", who, log, c.times)}
		return f
	}
	if guarded(key.log) {
		f.Severity = event.High
	}
	if c.routine() {
		f.Severity = event.Low
	}
	f.Title = event.Words{Ja: fmt.Sprintf("%s のログ（%s）が消去された", host, log), En: fmt.Sprintf("the log %s of %s was emptied", log, host)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s が %s のログ（%s）を %d 回消去した。痕跡の消去は侵入者が最後に行うことが多い。消去前の記録は、転送先や控えに残っていないか調べること。管理者による整理や再構築でも起こりうるが、必ず本人に確かめること。", who, host, log, c.times),
		En: fmt.Sprintf("%s emptied the log %s of %s, %d times. An intruder often does this last. Look for what it held where it was forwarded or backed up. An administrator who tidies up or rebuilds the host can look like this; ask that person.", who, log, host, c.times)}
	return f
}
