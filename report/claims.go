// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/cases"
)

// claimRow is what somebody stated, with what the records show of it.
type claimRow struct {
	C        *cases.Claim
	At       string
	About    string
	Span     string
	Class    string
	Evidence []string
}

// claims lays out what others stated.
func (p *page) claims(cl clock) {
	all := p.Case.Claims
	var n int
	n, p.ClaimsLeft = bound(len(all), moreRows)
	for i := range all[:n] {
		c := &all[i]
		r := claimRow{C: c, At: cl.minute(c.At), About: strings.TrimSpace(strings.Join([]string{c.Subject.Address, c.Subject.Account, c.Subject.Host}, " ")), Class: "absent"}
		if !c.From.IsZero() || !c.To.IsZero() {
			to := c.To
			if !to.IsZero() {
				to-- // it is not within
			}
			r.Span = cl.date(c.From) + " – " + cl.date(to)
		}
		switch c.Answer {
		case "refuted":
			r.Class = "critical"
		case "supported":
			r.Class = "complete"
		}
		for _, e := range c.Evidence {
			if len(e.Parts) > 0 {
				r.Evidence = append(r.Evidence, e.Input+":"+strconv.FormatInt(e.Parts[0].Line, 10))
			}
		}
		p.Claims = append(p.Claims, r)
	}
}
