// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "math"

// Clocks that are off. Lines lie in the files in the order in which they were written, and say the time of the host that wrote
// them. The truth says how far each clock is off, and all its own times are true.

// hostClock is a host's clock: how far it is ahead of the true time at a moment, and how much it gains a day.
type hostClock struct {
	since, ahead, gains int64
}

// shows returns what the clock shows at t. It is moved on by the hour, so that it never runs back by more than a few
// milliseconds.
func (c hostClock) shows(t int64) int64 { return t + c.ahead + (t-c.since)/hour*c.gains/24 }

// Clock is one that is off: how many seconds ahead it was when the drill began (below zero: behind), and gained each day.
type Clock struct {
	Host  string   `json:"host"`
	Logs  []string `json:"logs"` // kinds of log whose lines show it
	Ahead float64  `json:"ahead_s"`
	Gains float64  `json:"gains_s_a_day"`
}

// wrongClock is a host whose clock is off by about so much; how much exactly, the seed decides.
type wrongClock struct {
	host         string
	ahead, gains int64
}

// wrongClocks are the hosts that do not follow a time server, or follow one badly. The domain's PCs have theirs in world_domain.go.
func wrongClocks() []wrongClock {
	return []wrongClock{
		{"idp", -370 * millisecond, 0},
		{"gw1", 600 * millisecond, 0},
		{"fs1", 250 * millisecond, 0},
		{"x-vm-p", -900 * millisecond, 0},
		{"ci", 1800 * millisecond, 0},                           // outside, somebody else's
		{"mail-old", 4200 * millisecond, 110 * millisecond},     // nobody has looked after it for years
		{submissionHost, 2300 * millisecond, -20 * millisecond}, //
		{"ven-syslog", -252 * second, 0},                        // the contractor's, in a network without a time server
	}
}

// clock returns a host's clock; one that is right for hosts that are not listed.
func (w *world) clock(host string) hostClock {
	for _, c := range wrongClocks() {
		if c.host == host {
			d := roll(w.seed, streamClock, textKey(host))
			share := 0.7 + 0.6*d.unit()
			return hostClock{since: w.cal.start, ahead: int64(share * float64(c.ahead)), gains: int64(share * float64(c.gains))}
		}
	}
	return hostClock{}
}

// setClocks gives the logs of hosts whose clocks are off their clocks.
func (l *logs) setClocks(w *world) {
	l.idp.stamp.host, l.ci.stamp.host = w.clock("idp"), w.clock("ci")
	for _, s := range []*syslogSheet{&l.files.syslogSheet, &l.mail.syslogSheet, &l.gateway.syslogSheet, &l.vmP.syslogSheet, &l.vendor.syslogSheet} {
		s.stamp.host = w.clock(s.host)
	}
	if w.has(sysMailSubmission) {
		l.submission.stamp.host, l.webmail.stamp.host = w.clock(submissionHost), w.clock(submissionHost)
	}
}

// clocks tells the truth of the clocks whose logs this drill has.
func (r *run) clocks() []Clock {
	kinds := map[string][]string{"idp": {logIDP}, "gw1": {logShell}, "fs1": {logFiles}, "x-vm-p": {logShell}, "ci": {logCI}, "mail-old": {logMail}, "ven-syslog": {logShell}}
	if r.w.has(sysMailSubmission) {
		kinds[submissionHost] = []string{logSubmission, logWebmail}
	}
	out := []Clock{}
	for _, c := range wrongClocks() {
		if logs := r.kept(kinds[c.host]); len(logs) > 0 {
			k := r.w.clock(c.host)
			out = append(out, Clock{Host: c.host, Logs: logs, Ahead: seconds(k.ahead), Gains: seconds(k.gains)})
		}
	}
	if ad := r.w.ad; ad != nil {
		for _, h := range ad.pcs {
			if logs := r.kept([]string{logPCs}); h.skew != 0 && h.forwards() && len(logs) > 0 {
				out = append(out, Clock{Host: h.name, Logs: logs, Ahead: seconds(h.skew)})
			}
		}
	}
	return out
}

// kept returns those of the kinds of log that are not missing.
func (r *run) kept(kinds []string) []string {
	var out []string
	for _, k := range kinds {
		if !r.o.without(k) {
			out = append(out, k)
		}
	}
	return out
}

func seconds(t int64) float64 { return math.Round(float64(t)/float64(millisecond)) / 1000 }
