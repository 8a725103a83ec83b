// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

const (
	exceptionKeys    = "detector, account, host, address, from, until, by, why"
	mostAlertsPerDay = 100_000
)

// exception reads one exception and says of each thing that is missing what to write.
func (d *document) exception(n *yaml.Node, where string, zone *time.Location) (Exception, bool) {
	x := Exception{Line: n.Line}
	wrong := len(d.problems) + d.more
	d.each(n, where, exceptionKeys, func(key, where string, v *yaml.Node) bool {
		switch key {
		case "detector":
			x.Detector = d.text(v, where)
		case "account":
			x.Account = d.text(v, where)
		case "host":
			x.Host = d.text(v, where)
		case "address":
			x.Ranges = d.prefixes(v, where)
		case "from":
			x.From = d.moment(v, where, zone, false)
		case "until":
			x.Until = d.moment(v, where, zone, true)
		case "by", "author":
			x.By = d.text(v, where)
		case "why":
			x.Why = d.text(v, where)
		default:
			return false
		}
		return true
	})
	if len(d.problems)+d.more > wrong { // said already
		return x, false
	}
	d.wholeException(n, where, &x)
	return x, len(d.problems)+d.more == wrong
}

// wholeException notes what an exception lacks.
func (d *document) wholeException(n *yaml.Node, where string, x *Exception) {
	if x.Detector == "" {
		d.wrong(n, where+".detector", "is missing: name one detector, as findings do, such as internal-scan")
	}
	kinds := 0
	for _, there := range []bool{x.Account != "", x.Host != "", len(x.Ranges) > 0} {
		if there {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		d.wrong(n, where, "is about nobody: write account: svc-backup, host: scanner1 or address: 10.99.0.5; a detector cannot be hidden as a whole")
	case kinds > 1:
		d.wrong(n, where, "is about several things: write one exception for each of account, host and address")
	}
	for _, word := range []string{x.Account, x.Host} {
		if word == "*" {
			d.wrong(n, where, "* is nobody: write an exception for each account or host")
		}
	}
	for _, p := range x.Ranges {
		if p.Bits() == 0 {
			d.wrong(n, where+".address", "%s is everybody: write the addresses that you mean", p)
		}
	}
	switch {
	case x.Until.IsZero():
		d.wrong(n, where+".until", "is missing: write the last day on which it holds, such as 2026-03-31; what goes on after it is shown again")
	case !x.From.IsZero() && !x.From.Before(x.Until):
		d.wrong(n, where+".until", "comes before from: exchange them")
	}
	if x.By == "" {
		d.wrong(n, where+".by", "is missing: write who answers for it")
	}
	if x.Why == "" {
		d.wrong(n, where+".why", "is missing: write why it is ordinary, so that the next person can check it")
	}
}

func (d *document) alertsPerDay(n *yaml.Node, where string) int {
	s := d.text(n, where)
	if s == "" {
		return 0
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 || v > mostAlertsPerDay {
		d.wrong(n, where, "%q is no number of alerts: write one from 1 to %d, such as 10", cut(s, 40), mostAlertsPerDay)
		return 0
	}
	return v
}
