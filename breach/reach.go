// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sekisho/sekisho/event"
)

const reachMost = 32 // machines that one finding names, and records that it points to

// reachFindings tells of the machines that a condemned one reached for the first time through a way that machines are ruled or files are shared by,
// and that were not entered as far as the records show: what he looked at. One finding for each day's beginning, so that what comes weeks later is
// told of then.
func reachFindings(from *machine) []event.Finding {
	slices.SortFunc(from.reached, func(a, b *edge) int {
		return cmp.Or(cmp.Compare(a.first, b.first), a.key.to.Compare(b.key.to), cmp.Compare(a.key.host, b.key.host), cmp.Compare(a.key.port, b.key.port))
	})
	var out []event.Finding
	for all := from.reached; len(all) > 0; {
		n := 1
		for n < len(all) && all[n].first-all[0].first <= day {
			n++
		}
		out = append(out, reachFinding(from.label(), all[:n]))
		all = all[n:]
	}
	return out
}

func reachFinding(from string, ways []*edge) event.Finding {
	f := event.Finding{Detector: "lateral-path", Key: fmt.Sprintf("reach %s %d", from, ways[0].first), Severity: event.Low, First: ways[0].first, Alerted: ways[0].first, Hosts: []string{from}}
	hosts := map[string]bool{}
	for _, e := range ways {
		f.Last = max(f.Last, e.first)
		if t := reachTechnique(e.key.port); !slices.Contains(f.Attack, t) {
			f.Attack = append(f.Attack, t)
		}
		to := cmp.Or(e.dst.Host, e.key.host)
		if to == "" {
			to = e.key.to.String()
		}
		if !hosts[to] && len(hosts) < reachMost {
			f.Hosts = append(f.Hosts, to)
		}
		hosts[to] = true
		if len(f.Evidence) < reachMost {
			f.Evidence = append(f.Evidence, e.ref)
		}
	}
	slices.Sort(f.Attack)
	f.Numbers = []event.Figure{{Name: "machines", Value: float64(len(hosts))}, {Name: "ways", Value: float64(len(ways))}}
	f.Title = event.Words{
		Ja: fmt.Sprintf("侵入された %s が、初めての経路で %d 台に接続した", from, len(hosts)),
		En: fmt.Sprintf("%s, which is compromised, reached %d machines over ways not used before", from, len(hosts))}
	f.Explanation = event.Words{
		Ja: "管理用または共有用のポートでの接続が受け付けられた。ログインやファイルの読み取りの記録はなく、一覧を見ただけとも、記録のない操作があったとも考えられる。相手側のログを確かめること。",
		En: "Connections to ports that machines are ruled or files are shared by were answered. No login and no file that was read stands in the records: he may have seen no more than a list, or have done what nobody recorded. Look at the logs of the other side."}
	return f
}

// reachTechnique names what such a connection is likeliest for, where nothing was entered.
func reachTechnique(port uint16) string {
	if port == 445 || port == 139 {
		return "T1135"
	}
	return "T1021"
}
