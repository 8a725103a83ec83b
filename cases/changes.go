// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// ChangesSchema is the name and version of what `report --since` tells as JSON.
const ChangesSchema = "sekisho.changes/1"

// Changes are all numbers and verdicts in which two revisions of a case differ, and what came between them.
type Changes struct {
	Schema  string          `json:"schema"`
	Since   int             `json:"since"` // the earlier revision
	Until   int             `json:"until"`
	Between []event.Words   `json:"between"` // inputs, answers and programs that the later one rests on and the earlier one does not
	Numbers []NumberChange  `json:"numbers"`
	Members []VerdictChange `json:"verdicts"` // accounts, then addresses, then hosts, each by name
}

// NumberChange is one number, date or word of the summary that is another now.
type NumberChange struct {
	Key  string      `json:"key"` // where it stands, such as accounts.compromised
	What event.Words `json:"what"`
	Was  event.Words `json:"was"`
	Is   event.Words `json:"is"`
	Why  event.Words `json:"why"`
}

// VerdictChange is one account, address or host whose verdict is another now. An empty verdict is that of one that the revision does not list.
type VerdictChange struct {
	Kind string      `json:"kind"` // account, address, host
	ID   string      `json:"id"`   // A-…, an address, or a host's name
	Name string      `json:"name"`
	Was  string      `json:"was"`
	Is   string      `json:"is"`
	Why  event.Words `json:"why"`
}

// Compare returns what is another in the later revision.
func Compare(was, is *Case) *Changes {
	c := &Changes{Schema: ChangesSchema, Since: was.Revision, Until: is.Revision, Between: between(was, is), Numbers: []NumberChange{}}
	c.Members = append([]VerdictChange{}, slices.Concat(
		compare("account", judgedAccounts(was), judgedAccounts(is)),
		compare("address", judgedAddresses(was), judgedAddresses(is)),
		compare("host", judgedHosts(was), judgedHosts(is)))...)
	before, after := figures(was), figures(is)
	for i := range after {
		w, n := &before[i], &after[i]
		if w.value == n.value {
			continue
		}
		why := c.movers(n.key)
		if why == (event.Words{}) && len(c.Between) > 0 {
			why = c.Between[0]
			if more := len(c.Between) - 1; more > 0 {
				why = event.Words{Ja: why.Ja + "（ほか " + strconv.Itoa(more) + " 件）", En: fmt.Sprintf("%s (and %d more)", why.En, more)}
			}
		}
		c.Numbers = append(c.Numbers, NumberChange{Key: n.key, What: n.what, Was: w.value, Is: n.value, Why: why})
	}
	return c
}

// mostNamed bounds the names in one sentence of why; all of them stand under verdicts.
const mostNamed = 5

// movers names those that entered or left a verdict's count.
func (c *Changes) movers(key string) event.Words {
	kind, verdict, ok := strings.Cut(key, ".")
	one := map[string]string{"accounts": "account", "addresses": "address", "hosts": "host"}[kind]
	if !ok || one == "" {
		return event.Words{}
	}
	var in, out []string
	for i := range c.Members {
		switch m := &c.Members[i]; {
		case m.Kind != one:
		case m.Is == verdict:
			in = append(in, m.Name)
		case m.Was == verdict:
			out = append(out, m.Name)
		}
	}
	var ja, en []string
	if len(in) > 0 {
		ja, en = append(ja, "追加："+named(in, "、", " ほか %d 件")), append(en, "new: "+named(in, ", ", " and %d more"))
	}
	if len(out) > 0 {
		ja, en = append(ja, "除外："+named(out, "、", " ほか %d 件")), append(en, "no more: "+named(out, ", ", " and %d more"))
	}
	return event.Words{Ja: strings.Join(ja, "、"), En: strings.Join(en, "; ")}
}

func named(names []string, comma, more string) string {
	n := min(mostNamed, len(names))
	s := strings.Join(names[:n], comma)
	if left := len(names) - n; left > 0 {
		s += fmt.Sprintf(more, left)
	}
	return s
}

// between tells what the later revision rests on and the earlier one does not.
func between(was, is *Case) []event.Words {
	var out []event.Words
	had := map[string]bool{}
	for i := range was.Inputs {
		had[was.Inputs[i].SHA256+was.Inputs[i].Path] = true
	}
	for i := range is.Inputs {
		if in := &is.Inputs[i]; !had[in.SHA256+in.Path] {
			out = append(out, event.Words{Ja: fmt.Sprintf("入力を追加：%s（%d 件の記録）", in.Path, in.Records), En: fmt.Sprintf("input added: %s (%d records)", in.Path, in.Records)})
		}
	}
	decided := map[Decision]bool{}
	for _, d := range was.Decisions {
		decided[d] = true
	}
	for _, d := range is.Decisions {
		if !decided[d] {
			out = append(out, event.Words{Ja: fmt.Sprintf("人の判断：%s（%s、%s）", d.What, d.By, d.Why), En: fmt.Sprintf("decided by a person: %s (%s: %s)", d.What, d.By, d.Why)})
		}
	}
	if was.Tool.Version != is.Tool.Version {
		out = append(out, event.Words{Ja: "プログラムの版：" + was.Tool.Version + " → " + is.Tool.Version, En: "program: " + was.Tool.Version + " → " + is.Tool.Version})
	}
	if was.Tool.RulesSHA256 != is.Tool.RulesSHA256 {
		out = append(out, event.Words{Ja: "検知規則または設定値が変わりました", En: "detectors, rules or their parameters changed"})
	}
	if was.Partial != is.Partial {
		out = append(out, event.Words{Ja: "一方の版は読込が途中で終わっています", En: "one of the two was interrupted before everything was read"})
	}
	if len(out) == 0 {
		out = append(out, event.Words{Ja: "入力・回答・プログラムは同じです（調査の起点、設定、リストの変更によるものです）", En: "inputs, answers and program are the same: seeds, profile or lists differ"})
	}
	return out
}

// judged is what is said of one account, address or host.
type judged struct {
	id, name, verdict, by string
	why                   event.Words
	terms                 []Term
}

func judgedAccounts(c *Case) []judged {
	out := make([]judged, len(c.Accounts))
	for i := range out {
		a := &c.Accounts[i]
		out[i] = judged{a.ID, a.Name, string(a.Verdict), a.DecidedBy, a.Why, a.Terms}
	}
	return out
}

func judgedAddresses(c *Case) []judged {
	out := make([]judged, len(c.Addresses))
	for i := range out {
		a := &c.Addresses[i]
		out[i] = judged{a.IP.String(), a.IP.String(), string(a.Verdict), a.DecidedBy, a.Why, nil}
	}
	return out
}

func judgedHosts(c *Case) []judged {
	out := make([]judged, len(c.Hosts))
	for i := range out {
		h := &c.Hosts[i]
		id := h.Name
		if id == "" {
			id = h.IP.String()
		}
		out[i] = judged{id, id, string(h.Verdict), h.DecidedBy, h.Why, nil}
	}
	return out
}

// compare returns those whose verdict differs, by name.
func compare(kind string, was, is []judged) []VerdictChange {
	before := make(map[string]*judged, len(was))
	for i := range was {
		before[was[i].id] = &was[i]
	}
	var out []VerdictChange
	seen := make(map[string]bool, len(is))
	for i := range is {
		n := &is[i]
		seen[n.id] = true
		w := before[n.id]
		switch {
		case w == nil:
			out = append(out, VerdictChange{kind, n.id, n.name, "", n.verdict, whyMoved(&judged{}, n)})
		case w.verdict != n.verdict:
			out = append(out, VerdictChange{kind, n.id, n.name, w.verdict, n.verdict, whyMoved(w, n)})
		}
	}
	for i := range was {
		if w := &was[i]; !seen[w.id] {
			out = append(out, VerdictChange{kind, w.id, w.name, w.verdict, "", event.Words{Ja: "この版では疑う理由がありません", En: "nothing is held against it in this revision"}})
		}
	}
	slices.SortFunc(out, func(a, b VerdictChange) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

// The terms that are named as having moved a verdict: so many, and none that moved less.
const (
	mostTerms = 3
	leastNats = 0.1
)

// whyMoved says who or what decided: a person, or the terms that moved most.
func whyMoved(was, is *judged) event.Words {
	if is.by != "" && is.by != "machine" && is.by != was.by {
		return event.Words{Ja: is.by + " の判断。" + is.why.Ja, En: "decided by " + is.by + ". " + is.why.En}
	}
	type move struct {
		name    string
		was, is float64
	}
	sums := map[string]*move{}
	var moves []*move
	at := func(name string) *move {
		if sums[name] == nil {
			sums[name] = &move{name: name}
			moves = append(moves, sums[name])
		}
		return sums[name]
	}
	for _, t := range was.terms {
		at(t.Name).was += t.Nats
	}
	for _, t := range is.terms {
		at(t.Name).is += t.Nats
	}
	slices.SortStableFunc(moves, func(a, b *move) int { return cmp.Compare(math.Abs(b.is-b.was), math.Abs(a.is-a.was)) })
	var told []string
	for _, m := range moves[:min(mostTerms, len(moves))] {
		if math.Abs(m.is-m.was) >= leastNats {
			told = append(told, fmt.Sprintf("%s %+.1f → %+.1f", m.name, m.was, m.is))
		}
	}
	if len(told) == 0 || len(was.terms) == 0 {
		return is.why
	}
	return event.Words{Ja: is.why.Ja + "（変わった重み：" + strings.Join(told, "、") + "）", En: is.why.En + " (weights that moved: " + strings.Join(told, ", ") + ")"}
}
