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
	"github.com/sekisho/sekisho/sigma"
)

// Bounds of what rules may tell: one that matches everything shall not drown the case.
const (
	ruleEntities = 2048 // that are told apart of one rule; what comes later is counted together
	ruleTold     = 20   // that have a finding of their own, those who were first; the rest of a rule share one
	ruleNamed    = 64   // accounts, hosts and addresses that one finding names
	ruleText     = 400  // bytes of a text of a rule
)

// ruleFindings are matches on their way to findings: one for each rule and whom it is about.
type ruleFindings struct {
	By     map[int32]map[string]*ruleMatches // by the rule's place in the set, and by whom
	Coarse int64                             // of correlations, that may have counted several groups together
}

// ruleMatches are the matches of one rule that are about one.
type ruleMatches struct {
	Who         string
	N           int64
	Most        float64 // of a correlation: the greatest value
	First, Last event.Micros
	Accounts    map[string]struct{} // identities
	Hosts       map[string]struct{}
	Addresses   map[netip.Addr]struct{}
	Evidence    detect.Evidence
	Joined      int
}

// others stands for those that are told together.
const others = "\x00"

func newRuleMatches(who string, at event.Micros) *ruleMatches {
	return &ruleMatches{Who: who, First: at, Last: at, Accounts: map[string]struct{}{}, Hosts: map[string]struct{}{}, Addresses: map[netip.Addr]struct{}{}}
}

// add takes a match of the rule at that place, by whom it is about and the identity of its account, if it has one.
func (t *ruleFindings) add(rule int32, who, account string, e *event.Event, value float64) {
	all := t.By[rule]
	if all == nil {
		all = map[string]*ruleMatches{}
		t.By[rule] = all
	}
	g := all[who]
	if g == nil && len(all) >= ruleEntities {
		who = others
		g = all[who]
	}
	if g == nil {
		g = newRuleMatches(strings.Clone(who), e.Time)
		all[g.Who] = g
	}
	g.N++
	g.Most = max(g.Most, value)
	g.First, g.Last = min(g.First, e.Time), max(g.Last, e.Time)
	if account != "" && len(g.Accounts) < ruleNamed {
		g.Accounts[account] = struct{}{}
	}
	if e.DstHost != "" && len(g.Hosts) < ruleNamed {
		g.Hosts[e.DstHost] = struct{}{}
	}
	if e.SrcIP.IsValid() && len(g.Addresses) < ruleNamed {
		g.Addresses[e.SrcIP] = struct{}{}
	}
	g.Evidence.Add(e)
}

// join takes what another has.
func (g *ruleMatches) join(o *ruleMatches) {
	g.Joined++
	g.N += o.N
	g.Most = max(g.Most, o.Most)
	g.First, g.Last = min(g.First, o.First), max(g.Last, o.Last)
	maps.Copy(g.Accounts, o.Accounts)
	maps.Copy(g.Hosts, o.Hosts)
	maps.Copy(g.Addresses, o.Addresses)
	g.Evidence.Merge(&o.Evidence)
}

// found returns what rules told, in the order of rules. Of a rule that matches for many, those who were first have findings of their own: what
// was told stands, whoever comes later.
func (w *ruleWatch) found() []event.Finding {
	var out []event.Finding
	for i, rule := range w.book.set.Rules {
		all := slices.SortedFunc(maps.Values(w.told.By[int32(i)]), func(a, b *ruleMatches) int {
			return cmp.Or(cmp.Compare(a.First, b.First), strings.Compare(a.Who, b.Who))
		})
		var rest *ruleMatches
		told := 0
		for _, g := range all {
			if g.Who != others && told < ruleTold {
				told++
				out = append(out, g.finding(rule))
				continue
			}
			if rest == nil {
				rest = newRuleMatches(others, g.First)
			}
			rest.join(g)
		}
		if rest != nil {
			out = append(out, rest.finding(rule))
		}
	}
	return out
}

// finding makes the finding.
func (g *ruleMatches) finding(rule *sigma.Rule) event.Finding {
	f := event.Finding{Detector: ruleDetector, Key: rule.Label() + " " + g.Who, Attack: techniquesOf(rule), Severity: rule.Severity(), First: g.First, Last: g.Last, Alerted: g.First,
		Accounts: slices.Sorted(maps.Keys(g.Accounts)), Hosts: slices.Sorted(maps.Keys(g.Hosts)), Addresses: slices.SortedFunc(maps.Keys(g.Addresses), netip.Addr.Compare), Evidence: g.Evidence.Refs()}
	f.Numbers = []event.Figure{{Name: "records", Value: float64(g.N)}}
	if g.Joined > 0 {
		f.Numbers = append(f.Numbers, event.Figure{Name: "joined", Value: float64(g.Joined)})
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
	title, who := ruleSays(rule.Title), ruleSays(g.Who)
	switch {
	case g.Who == others:
		return event.Words{Ja: fmt.Sprintf("Sigma「%s」: ほか %d 件の対象", title, g.Joined), En: fmt.Sprintf("Sigma “%s”: %d others", title, g.Joined)}
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
		say("相関ルール %s（%s）が %d 回成立した（%s、期間 %s、値は最大 %s）。", "The correlation %s (%s) came true %d times (%s within %s, at most %s).", ruleSays(rule.Label()), where, g.N, c.Type, c.Span, Number(cases.Round(g.Most)))
	} else {
		say("ルール %s（%s）が %d 件の記録に一致した。", "The rule %s (%s) matches %d records.", ruleSays(rule.Label()), where, g.N)
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
	for _, rule := range r.book.set.Rules {
		if rule.Quiet {
			quiet++
		}
		if len(rule.Needs) > 0 {
			needs++
		}
	}
	out := []event.Words{{Ja: fmt.Sprintf("Sigma ルール %d 件（%d ファイル、SHA-256 %s）を照合した。一致は所見にはなるが、範囲の判断には用いていない。", len(r.book.set.Rules)-quiet, r.book.set.Files, hex.EncodeToString(r.book.set.Sum[:])),
		En: fmt.Sprintf("%d Sigma rules (%d files, SHA-256 %s) were applied. Their matches are findings and are not weighed in the scope.", len(r.book.set.Rules)-quiet, r.book.set.Files, hex.EncodeToString(r.book.set.Sum[:]))}}
	say := func(n int64, ja, en string) {
		if n > 0 {
			out = append(out, event.Words{Ja: fmt.Sprintf(ja, n), En: fmt.Sprintf(en, n)})
		}
	}
	for i, e := range r.book.set.Errors {
		if i == maxTold {
			say(int64(len(r.book.set.Errors)-i), "使えない Sigma ルールがほかに %d 件ある。", "%d more Sigma rules could not be used.")
			break
		}
		text := ruleSays(e.Error())
		out = append(out, event.Words{Ja: "使えない Sigma ルール: " + text, En: "A Sigma rule that could not be used: " + text})
	}
	say(int64(needs), "Sigma ルール %d 件は、穴（%%名前%%）の値が与えられていないため、何にも一致しない。", "%d Sigma rules match nothing: they have placeholders (%%name%%) without values.")
	say(r.book.timeless.Load(), "時刻のない記録への Sigma ルールの一致 %d 件は所見にしていない（sekisho rules eval で見られる）。", "%d matches of Sigma rules in records without a time are no findings: sekisho rules eval prints them.")
	say(r.watch.told.Coarse, "Sigma の相関の %d 回は、複数の集まりをまとめて数えたおそれがある。", "%d times a Sigma correlation may have counted several groups together.")
	return out
}
