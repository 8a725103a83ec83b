// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"net/netip"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// witness makes the findings that scoping itself stands for: one for each account that it condemns or suspects, one for each
// machine that was entered over a way, and those of what condemned machines reached and of what was tried in vain, so that every verdict leads
// back to bytes.
func (s *scoping) witness(accounts []*judgedAccount, hosts []*machine) []event.Finding {
	var out []event.Finding
	for _, j := range accounts {
		if j.verdict != cases.AccountCompromised && j.verdict != cases.AccountSuspected {
			continue
		}
		if f, ok := s.accountFinding(j); ok {
			out = append(out, f)
		}
	}
	for _, h := range hosts {
		out = append(out, reachFindings(h)...)
		if len(h.entries) == 0 || h.verdict != cases.HostCompromised && h.verdict != cases.HostSuspected {
			continue
		}
		f := event.Finding{Detector: "lateral-path", Key: "host " + h.label(), Attack: []string{"T1021"}, Severity: event.Medium,
			First: h.first, Last: h.last, Alerted: h.first, Hosts: []string{h.label()}, Evidence: h.entries}
		if h.verdict == cases.HostCompromised {
			f.Severity = event.High
		}
		f.Numbers = []event.Figure{{Name: "ways", Value: float64(len(h.steps))}}
		f.Title = event.Words{Ja: h.label() + " への侵入経路", En: "the way into " + h.label()}
		f.Explanation = event.Words{Ja: "侵入者の接続元または侵入されたサーバから、それまで使われていなかった経路でログインがあった。", En: "A login came from an attacker's address or a compromised host over a way that had not been used before."}
		out = append(out, f)
	}
	return append(out, s.tryFindings()...)
}

func (s *scoping) accountFinding(j *judgedAccount) (event.Finding, bool) {
	f := event.Finding{Detector: "unusual-login", Key: "account " + j.p.who.ID, Attack: []string{"T1078"}, Severity: event.Medium,
		First: j.first, Last: j.last, Accounts: []string{j.p.who.ID}}
	visits := j.bad
	if len(visits) == 0 {
		for _, v := range j.p.visits {
			if v.judged == doubtful {
				visits = append(visits, v)
			}
		}
	}
	if len(visits) == 0 {
		return f, false // the drop-out finding is its witness
	}
	seen := map[netip.Addr]bool{}
	logins := int64(0)
	for _, v := range visits {
		for _, u := range v.uses() {
			if !seen[u.ip] {
				seen[u.ip] = true
				f.Addresses = append(f.Addresses, u.ip)
			}
		}
		logins += v.logins
		if len(f.Evidence) < 16 {
			f.Evidence = append(f.Evidence, v.ref)
			if v.lastRef.Offset != v.ref.Offset || v.lastRef.Input != v.ref.Input {
				f.Evidence = append(f.Evidence, v.lastRef)
			}
		}
		if v.alerted != 0 && (f.Alerted == 0 || v.alerted < f.Alerted) {
			f.Alerted = v.alerted
		}
	}
	if f.Alerted == 0 {
		f.Alerted = j.last
	}
	if j.verdict == cases.AccountCompromised {
		f.Severity = event.High
	}
	f.Numbers = []event.Figure{{Name: "logins", Value: float64(logins)}, {Name: "addresses", Value: float64(len(seen))}, {Name: "nats", Value: cases.Round(j.nats)}}
	why := s.whyAccount(j)
	f.Title = event.Words{Ja: fmt.Sprintf("%s への、本人の利用では説明しにくいログイン", j.p.who.Name), En: fmt.Sprintf("logins to %s that its owner's use hardly explains", j.p.who.Name)}
	f.Explanation = event.Words{Ja: "重みの大きい根拠: " + why.Ja + "。数字は対数オッズで、正が不正側。", En: "What weighed most: " + why.En + ". The figures are log-odds; positive speaks for the intruder."}
	return f, true
}

// alert notes when a visit could first have been condemned: not before the company that condemned it was there.
func (s *scoping) alert(v *visit, lines map[event.Line]event.Micros, clients map[uint32]event.Micros) {
	at := v.first
	for _, t := range v.terms {
		switch t.name {
		case "co-use":
			at = max(at, secondStranger(v))
		case "company":
			at = max(at, lines[v.addr.line])
		case "operator-client":
			at = max(at, clients[v.client])
		case "guess-source", "tried-here":
			at = max(at, v.addr.failAt)
		}
	}
	v.alerted = at
}

func secondStranger(v *visit) event.Micros {
	var first, second event.Micros
	for _, w := range v.addr.visits {
		if w == v || !w.stranger {
			continue
		}
		switch {
		case first == 0 || w.first < first:
			first, second = w.first, first
		case second == 0 || w.first < second:
			second = w.first
		}
	}
	if second == 0 {
		return first
	}
	return second
}
