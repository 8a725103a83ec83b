// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/identity"
	"github.com/sekisho/sekisho/sigma"
)

// Bounds of what rules may tell: one that matches everything shall not drown the case.
const (
	ruleEntities = 2048 // that are told apart of one rule; what comes later is counted together
	ruleTold     = 20   // that have a finding of their own, those with most matches; the rest of a rule share one
	ruleNamed    = 64   // accounts, hosts and addresses that one finding names
	ruleText     = 400  // bytes of a text of a rule
)

// ruleFindings are matches on their way to findings: one for each rule and whom it is about.
type ruleFindings struct {
	by     map[*sigma.Rule]map[string]*ruleMatches
	coarse int64 // of correlations, that may have counted several groups together
}

// ruleMatches are the matches of one rule that are about one.
type ruleMatches struct {
	who         string
	n           int64
	most        float64 // of a correlation: the greatest value
	first, last event.Micros
	accounts    map[spelled]event.Micros
	hosts       map[string]struct{}
	addresses   map[netip.Addr]struct{}
	evidence    detect.Evidence
	joined      int
}

// spelled is an account as records of an input spell it.
type spelled struct {
	input uint32
	name  string
}

// others stands for those that are told together.
const others = "\x00"

func newRuleMatches(who string, at event.Micros) *ruleMatches {
	return &ruleMatches{who: who, first: at, last: at, accounts: map[spelled]event.Micros{}, hosts: map[string]struct{}{}, addresses: map[netip.Addr]struct{}{}}
}

func (t *ruleFindings) add(rule *sigma.Rule, who string, e *event.Event, value float64) {
	if t.by == nil {
		t.by = map[*sigma.Rule]map[string]*ruleMatches{}
	}
	all := t.by[rule]
	if all == nil {
		all = map[string]*ruleMatches{}
		t.by[rule] = all
	}
	g := all[who]
	if g == nil && len(all) >= ruleEntities {
		who = others
		g = all[who]
	}
	if g == nil {
		g = newRuleMatches(strings.Clone(who), e.Time)
		all[g.who] = g
	}
	g.n++
	g.most = max(g.most, value)
	g.first, g.last = min(g.first, e.Time), max(g.last, e.Time)
	if e.Account != "" && len(g.accounts) < ruleNamed {
		g.accounts[spelled{e.Ref.Input, e.Account}] = e.Time
	}
	if e.DstHost != "" && len(g.hosts) < ruleNamed {
		g.hosts[e.DstHost] = struct{}{}
	}
	if e.SrcIP.IsValid() && len(g.addresses) < ruleNamed {
		g.addresses[e.SrcIP] = struct{}{}
	}
	g.evidence.Add(e)
}

// join takes what another has.
func (g *ruleMatches) join(o *ruleMatches) {
	g.joined++
	g.n += o.n
	g.most = max(g.most, o.most)
	g.first, g.last = min(g.first, o.first), max(g.last, o.last)
	maps.Copy(g.accounts, o.accounts)
	maps.Copy(g.hosts, o.hosts)
	maps.Copy(g.addresses, o.addresses)
	g.evidence.Merge(&o.evidence)
}

// findings returns what rules told, in the order of rules.
func (r *ruling) findings(k *knower) []event.Finding {
	if r == nil {
		return nil
	}
	var out []event.Finding
	for _, rule := range r.set.Rules {
		all := slices.SortedFunc(maps.Values(r.told.by[rule]), func(a, b *ruleMatches) int {
			return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.first, b.first), strings.Compare(a.who, b.who))
		})
		var rest *ruleMatches
		told := 0
		for _, g := range all {
			if g.who != others && told < ruleTold {
				told++
				out = append(out, g.finding(rule, k))
				continue
			}
			if rest == nil {
				rest = newRuleMatches(others, g.first)
			}
			rest.join(g)
		}
		if rest != nil {
			out = append(out, rest.finding(rule, k))
		}
	}
	return out
}

// finding makes the finding.
func (g *ruleMatches) finding(rule *sigma.Rule, k *knower) event.Finding {
	f := event.Finding{Detector: ruleDetector, Key: rule.Label() + " " + g.who, Attack: techniquesOf(rule), Severity: rule.Severity(), First: g.first, Last: g.last, Alerted: g.first,
		Hosts: slices.Sorted(maps.Keys(g.hosts)), Addresses: slices.SortedFunc(maps.Keys(g.addresses), netip.Addr.Compare), Evidence: g.evidence.Refs()}
	ids := map[string]struct{}{}
	for a, at := range g.accounts {
		if int(a.input) >= len(k.resolvers) {
			continue
		}
		if h := k.resolvers[a.input].Resolve(a.name, at); h != identity.None && int(h) < len(k.people) && k.people[h] != nil {
			ids[k.people[h].ID] = struct{}{}
		}
	}
	f.Accounts = slices.Sorted(maps.Keys(ids))
	f.Numbers = []event.Figure{{Name: "records", Value: float64(g.n)}}
	if g.joined > 0 {
		f.Numbers = append(f.Numbers, event.Figure{Name: "joined", Value: float64(g.joined)})
	}
	f.Title, f.Explanation = g.title(rule), g.explanation(rule)
	return f
}

// techniquesOf returns the techniques of ATT&CK that the rule's tags name, sorted.
func techniquesOf(rule *sigma.Rule) []string {
	var out []string
	for _, tag := range rule.Tags {
		id, ok := strings.CutPrefix(strings.ToLower(tag), "attack.t")
		digits := strings.ReplaceAll(id, ".", "")
		if ok && len(id) <= 8 && len(digits) >= 4 && strings.Trim(digits, "0123456789") == "" {
			out = append(out, "T"+id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ruleSays makes a text of a rule or a record fit for a sentence.
func ruleSays(s string) string {
	return cutText(visible([]byte(strings.Join(strings.Fields(s[:min(len(s), 4*ruleText)]), " "))), ruleText)
}

func (g *ruleMatches) title(rule *sigma.Rule) event.Words {
	title, who := ruleSays(rule.Title), ruleSays(g.who)
	switch {
	case g.who == others:
		return event.Words{Ja: fmt.Sprintf("Sigma「%s」: ほか %d 件の対象", title, g.joined), En: fmt.Sprintf("Sigma “%s”: %d others", title, g.joined)}
	case who == "":
		return event.Words{Ja: fmt.Sprintf("Sigma「%s」", title), En: fmt.Sprintf("Sigma “%s”", title)}
	}
	return event.Words{Ja: fmt.Sprintf("Sigma「%s」: %s", title, who), En: fmt.Sprintf("Sigma “%s”: %s", title, who)}
}

// explanation says which rule matched what how often, what the rule says of itself and which innocent reasons its author names.
func (g *ruleMatches) explanation(rule *sigma.Rule) event.Words {
	var ja, en strings.Builder
	say := func(j, e string, args ...any) {
		fmt.Fprintf(&ja, j, args...)
		if en.Len() > 0 {
			en.WriteByte(' ')
		}
		fmt.Fprintf(&en, e, args...)
	}
	where := fmt.Sprintf("%s:%d", ruleSays(rule.File), rule.Line)
	if c := rule.Correlation; c != nil {
		say("相関ルール %s（%s）が %d 回成立した（%s、期間 %s、値は最大 %s）。", "The correlation %s (%s) came true %d times (%s within %s, at most %s).", ruleSays(rule.Label()), where, g.n, c.Type, c.Span, Number(cases.Round(g.most)))
	} else {
		say("ルール %s（%s）が %d 件の記録に一致した。", "The rule %s (%s) matches %d records.", ruleSays(rule.Label()), where, g.n)
	}
	if rule.Level != "" {
		say("作者の付けた深刻度は %s。", "Its author's level is %s.", rule.Level)
	}
	if rule.Description != "" {
		say("ルールの説明:「%s」。", "It says: “%s”.", ruleSays(rule.Description))
	}
	if len(rule.Falsehoods) > 0 {
		say("作者の挙げる誤検知の理由:「%s」。", "Innocent reasons that its author names: “%s”.", ruleSays(strings.Join(rule.Falsehoods, "; ")))
	} else {
		say("作者は誤検知の理由を挙げていない。", "Its author names no innocent reasons.")
	}
	say("証拠は一致した記録の最初・最後とその間の一部である。", "The evidence is the first and last of these records and some between.")
	if rule.Correlation != nil {
		say("相関ルールでは、成立させた記録だけを示す。", "Of a correlation only the records that completed it are shown.")
	}
	say("この一致だけで侵入とは判断していない。", "Nobody is condemned by this alone.")
	return event.Words{Ja: ja.String(), En: en.String()}
}

// limits says of the rules what a reader of the case should know.
func (r *ruling) limits() []event.Words {
	if r == nil {
		return nil
	}
	quiet, needs := 0, 0
	for _, rule := range r.set.Rules {
		if rule.Quiet {
			quiet++
		}
		if len(rule.Needs) > 0 {
			needs++
		}
	}
	out := []event.Words{{Ja: fmt.Sprintf("Sigma ルール %d 件（%d ファイル、SHA-256 %s）を照合した。一致は所見にはなるが、範囲の判断には用いていない。", len(r.set.Rules)-quiet, r.set.Files, hex.EncodeToString(r.set.Sum[:])),
		En: fmt.Sprintf("%d Sigma rules (%d files, SHA-256 %s) were applied. Their matches are findings and are not weighed in the scope.", len(r.set.Rules)-quiet, r.set.Files, hex.EncodeToString(r.set.Sum[:]))}}
	say := func(n int64, ja, en string) {
		if n > 0 {
			out = append(out, event.Words{Ja: fmt.Sprintf(ja, n), En: fmt.Sprintf(en, n)})
		}
	}
	for i, e := range r.set.Errors {
		if i == maxTold {
			say(int64(len(r.set.Errors)-i), "使えない Sigma ルールがほかに %d 件ある。", "%d more Sigma rules could not be used.")
			break
		}
		text := ruleSays(e.Error())
		out = append(out, event.Words{Ja: "使えない Sigma ルール: " + text, En: "A Sigma rule that could not be used: " + text})
	}
	say(int64(needs), "Sigma ルール %d 件は、穴（%%名前%%）の値が与えられていないため、何にも一致しない。", "%d Sigma rules match nothing: they have placeholders (%%name%%) without values.")
	say(r.timeless.Load(), "時刻のない記録への Sigma ルールの一致 %d 件は所見にしていない（sekisho rules eval で見られる）。", "%d matches of Sigma rules in records without a time are no findings: sekisho rules eval prints them.")
	say(r.told.coarse, "Sigma の相関の %d 回は、複数の集まりをまとめて数えたおそれがある。", "%d times a Sigma correlation may have counted several groups together.")
	return out
}
