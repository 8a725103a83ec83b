// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"strings"
	"testing"
)

// base is what the correlations of these tests stand on.
const base = `
title: failed
name: failed
logsource: {category: authentication}
detection: {selection: {outcome: failure}, condition: selection}
---
title: succeeded
name: succeeded
logsource: {category: authentication}
detection: {selection: {outcome: success}, condition: selection}
---
title: changed
name: changed
logsource: {category: account-change}
detection: {selection: {class: account-change}, condition: selection}
---
`

// TestCorrelations runs all kinds of correlation, each with a case that fires and a near miss that does not.
func TestCorrelations(t *testing.T) {
	for name, text := range map[string]string{
		"event_count": `
title: ten failures in a minute
correlation: {type: event_count, rules: [failed], group-by: [account], timespan: 1m, condition: {gte: 10}}
tests:
  - {name: ten, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 10, $every: 6s, account: a, outcome: failure}]}
  - {name: a flood is told once, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 500, $every: 6s, account: a, outcome: failure}]}
  - {name: nine, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 9, $every: 6s, account: a, outcome: failure}]}
  - {name: too slow, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 100, $every: 7s, account: a, outcome: failure}]}
  - {name: of two accounts, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 9, $every: 1s, account: a, outcome: failure}, {$times: 9, $every: 1s, account: b, outcome: failure}]}
  - {name: without an account, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 20, $every: 1s, outcome: failure}]}
  - name: again after a pause
    fires: 2
    events:
      - {$time: 2025-07-01T00:00:00Z, $times: 10, $every: 1s, account: a, outcome: failure}
      - {$after: 10m, $times: 10, $every: 1s, account: a, outcome: failure}
`,
		"event_count of one": `
title: any failure
correlation: {type: event_count, rules: [failed], group-by: [account], timespan: 1m, condition: {gt: 0}}
tests:
  - {name: three apart, fires: 3, events: [{$time: 2025-07-01T00:00:00Z, $times: 3, $every: 10m, account: a, outcome: failure}]}
  - {name: three together, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 3, $every: 10s, account: a, outcome: failure}]}
`,
		"event_count from above": `
title: two to four failures in a minute
correlation: {type: event_count, rules: [failed], group-by: [account], timespan: 1m, condition: {gte: 2, lt: 5}}
tests:
  - {name: three, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 3, $every: 6s, account: a, outcome: failure}]}
  - {name: many, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 9, $every: 6s, account: a, outcome: failure}]}
  - {name: one, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, account: a, outcome: failure}]}
`,
		"value_count": `
title: five accounts from one address
correlation: {type: value_count, rules: [failed], group-by: [src_ip], timespan: 10m, condition: {field: account, gte: 5}}
tests:
  - {name: five, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 5, $every: 1m, src_ip: 192.0.2.1, account: 'u{n}', outcome: failure}]}
  - {name: one many times, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 50, $every: 1s, src_ip: 192.0.2.1, account: u, outcome: failure}]}
  - {name: four, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 4, $every: 1s, src_ip: 192.0.2.1, account: 'u{n}', outcome: failure}]}
  - {name: too slow, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 50, $every: 3m, src_ip: 192.0.2.1, account: 'u{n}', outcome: failure}]}
`,
		"value_count of many": `
title: three hundred accounts from one address
correlation: {type: value_count, rules: [failed], group-by: [src_ip], timespan: 10m, condition: {field: account, gte: 300}}
tests:
  - {name: enough, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 600, $every: 1s, src_ip: 192.0.2.1, account: 'u{n}', outcome: failure}]}
  - {name: too slow, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 5000, $every: 3s, src_ip: 192.0.2.1, account: 'u{n}', outcome: failure}]}
  - {name: one many times, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 5000, $every: 10ms, src_ip: 192.0.2.1, account: u, outcome: failure}]}
`,
		"temporal": `
title: a login and a change by one account
correlation: {type: temporal, rules: [succeeded, changed], group-by: [account], timespan: 5m}
tests:
  - {name: both, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, account: a, class: account-change}, {$after: 4m, account: a, outcome: success}]}
  - {name: too far apart, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, account: a, class: account-change}, {$after: 6m, account: a, outcome: success}]}
  - {name: of two, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, account: a, class: account-change}, {$after: 1m, account: b, outcome: success}]}
`,
		"temporal with a condition": `
title: a change without a login before
correlation: {type: temporal, rules: [succeeded, changed], group-by: [account], timespan: 5m, condition: changed and not succeeded}
tests:
  - {name: alone, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, account: a, class: account-change}]}
  - {name: behind a login, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, account: a, outcome: success}, {$after: 1m, account: a, class: account-change}]}
`,
		"temporal_ordered on a count": `
title: many failures, and success
correlation: {type: temporal_ordered, rules: [many, succeeded], group-by: [account], timespan: 1h}
tests:
  - {name: guessed, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 5, $every: 1s, account: a, outcome: failure}, {$after: 10m, account: a, outcome: success}]}
  - {name: the other way, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, account: a, outcome: success}, {$after: 1s, $times: 5, $every: 1s, account: a, outcome: failure}]}
  - {name: too late, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 5, $every: 1s, account: a, outcome: failure}, {$after: 2h, account: a, outcome: success}]}
---
title: many
name: many
correlation: {type: event_count, rules: [failed], group-by: [account], timespan: 1m, condition: {gte: 5}}
`,
		"temporal_ordered with aliases": `
title: from a host to the next
correlation:
  type: temporal_ordered
  rules: [succeeded, changed]
  group-by: [machine]
  timespan: 1h
  aliases: {machine: {succeeded: dst_host, changed: src_host}}
tests:
  - {name: on, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, dst_host: pc1, outcome: success}, {$after: 1m, src_host: pc1, class: account-change}]}
  - {name: elsewhere, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, dst_host: pc1, outcome: success}, {$after: 1m, src_host: pc2, class: account-change}]}
`,
		"value_sum": `
title: more than a thousand
correlation: {type: value_sum, rules: [succeeded], group-by: [account], timespan: 1h, condition: {field: bytes_out, gt: 1000}}
tests:
  - {name: in pieces, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 11, $every: 1m, account: a, bytes_out: 100, outcome: success}]}
  - {name: not more, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 10, $every: 1m, account: a, bytes_out: 100, outcome: success}]}
  - {name: over hours, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 50, $every: 10m, account: a, bytes_out: 100, outcome: success}]}
  - {name: no number, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 50, $every: 1s, account: a, bytes_out: much, outcome: success}]}
`,
		"value_avg": `
title: a mean from above
correlation: {type: value_avg, rules: [succeeded], group-by: [account], timespan: 1h, condition: {field: bytes_out, lte: 10}}
tests:
  - {name: low, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, account: a, bytes_out: 5, outcome: success}, {account: a, bytes_out: 15, outcome: success}]}
  - {name: high, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, account: a, bytes_out: 5, outcome: success}, {account: a, bytes_out: 16, outcome: success}]}
`,
		"value_median": `
title: a median
correlation: {type: value_median, rules: [succeeded], group-by: [account], timespan: 1h, condition: {field: bytes_out, gte: 10}}
tests:
  - {name: high, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, account: a, bytes_out: 1, outcome: success}, {account: a, bytes_out: 10, outcome: success}, {account: a, bytes_out: 99, outcome: success}]}
  - {name: low, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, account: a, bytes_out: 1, outcome: success}, {account: a, bytes_out: 9, outcome: success}, {account: a, bytes_out: 99, outcome: success}, {account: a, bytes_out: 2, outcome: success}]}
`,
		"value_percentile": `
title: a percentile
correlation: {type: value_percentile, rules: [succeeded], group-by: [account], timespan: 1h, condition: {field: bytes_out, percentile: 90, gte: 90}}
tests:
  - {name: high, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 100, $every: 1s, account: a, bytes_out: '{n}', outcome: success}]}
  - {name: low, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 80, $every: 1s, account: a, bytes_out: '{n}', outcome: success}]}
`,
		"value_percentile as a share": `
title: a program that hardly anybody starts
correlation: {type: value_percentile, rules: [succeeded], group-by: [dst_host], timespan: 24h, condition: {field: client, lte: 1}}
tests:
  - {name: rare, fires: 1, events: [{$time: 2025-07-01T00:00:00Z, $times: 200, $every: 1s, dst_host: h, client: usual, outcome: success}, {dst_host: h, client: odd, outcome: success}]}
  - {name: half and half, fires: 0, events: [{$time: 2025-07-01T00:00:00Z, $times: 20, $every: 1s, dst_host: h, client: usual, outcome: success}, {$times: 20, dst_host: h, client: odd, outcome: success}]}
`,
	} {
		t.Run(name, func(t *testing.T) {
			rules, errs := Read("test.yml", []byte(base+strings.TrimPrefix(text, "\n")), ReadOptions{})
			for _, e := range errs {
				t.Error(e)
			}
			set := Join(rules)
			for _, e := range set.Errors {
				t.Error(e)
			}
			ran := set.RunCases()
			for _, c := range ran {
				if !c.OK {
					t.Errorf("%s: fired %d times, not %d", c.Case.Name, c.Fired, c.Case.Fires)
				}
			}
			if len(ran) < 2 {
				t.Errorf("%d cases", len(ran))
			}
		})
	}
}

// TestCorrelationErrors checks that correlations which cannot work are refused with a reason.
func TestCorrelationErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{type: event_sum, rules: [failed], group-by: [a], timespan: 1m, condition: {gte: 1}}":                          "no correlation of the type",
		"{type: event_count, rules: [nobody], group-by: [a], timespan: 1m, condition: {gte: 1}}":                        `"nobody", which there is not`,
		"{type: event_count, rules: [failed], group-by: [a], timespan: 1y, condition: {gte: 1}}":                        "timespan",
		"{type: event_count, rules: [failed], group-by: [a], timespan: 9999d, condition: {gte: 1}}":                     "400 days",
		"{type: event_count, rules: [failed], group-by: [a], timespan: 1m}":                                             "no condition",
		"{type: event_count, rules: [failed], group-by: [a], timespan: 1m, condition: {more: 1}}":                       `no "more"`,
		"{type: value_count, rules: [failed], group-by: [a], timespan: 1m, condition: {gte: 1}}":                        "asks for a field",
		"{type: event_count, rules: [x], group-by: [a], timespan: 1m, condition: {gte: 1}}\nname: x":                    "stands on itself",
		"{type: temporal, rules: [failed], group-by: [a], timespan: 1m, condition: failed and changed}":                 `names "changed"`,
		"{type: temporal_ordered, rules: [failed, changed], group-by: [a], timespan: 1m, condition: failed or changed}": "and, and not",
	} {
		rules, errs := Read("test.yml", []byte(base+"title: t\ncorrelation: "+text+"\n"), ReadOptions{})
		errs = append(errs, Join(rules).Errors...)
		if len(errs) != 1 || !strings.Contains(errs[0].Text, want) {
			t.Errorf("%s: %v, not %q", text, errs, want)
		}
	}
}
