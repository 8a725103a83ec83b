// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/intake"
)

// document joins what the stages concluded into the case.
func (v *investigation) document(ctx context.Context, r *breach.Result, held *holders) (*cases.Case, error) {
	w := v.watched
	c := &cases.Case{
		Schema: cases.Schema, Revision: v.revision, Supersedes: v.supersedes, KnownAsOf: cases.Time(max(w.last, v.lastAnswer(), v.lastMark(), v.lastReview())), Partial: v.partial,
		Tool:      cases.Tool{Version: v.o.Version, RulesSHA256: detectors.Fingerprint()},
		Window:    cases.Span{From: cases.Time(w.first), To: cases.Time(w.last)},
		Institute: cases.Institute{Name: v.o.Profile.Name, Timezone: v.zone().String(), Guessed: len(v.o.Profile.Networks) == 0},
		Verdict:   r.Verdict, Reasons: r.Reasons, Onset: r.Onset, LastActivity: r.LastActivity,
		Accounts: r.Accounts, Addresses: r.Addresses, Hosts: r.Hosts, Stages: r.Stages, Path: r.Path, Operator: r.Operator, Exposure: r.Exposure,
		Questions: r.Questions, Decisions: v.decisions(),
	}
	c.Coverage = coverage(w, w.first, w.last)
	c.Limits = slices.Concat(v.limits(r), v.intel.limits(), v.rules.limits())
	c.Intel = v.intel.told()
	all := slices.Concat(w.findings, r.Findings, w.ruled, v.usedAgain(r))
	held.tell(all)
	findings, err := v.findings(ctx, all)
	if err != nil {
		return nil, err
	}
	c.Findings, c.Inputs = findings, v.inputs()
	if err := v.showExposure(ctx, c, r.Shown); err != nil {
		return nil, err
	}
	v.bound(c)
	v.listNamed(c)
	v.triage(c, machineNames(r))
	v.proposeContainment(c)
	v.reviewExposure(c)
	c.Totals = v.totals(c, r)
	c.Sort()
	if err := c.Validate(); err != nil {
		c.Limits = append(c.Limits, event.Words{Ja: "この文書の自己検査に失敗した（不具合として報告されたい）: " + err.Error(), En: "This document failed its own check (please report it): " + err.Error()})
	}
	return c, nil
}

func (v *investigation) totals(c *cases.Case, r *breach.Result) cases.Totals {
	t := cases.Totals{Addresses: r.Sources, Events: v.watched.events}
	for i := range c.Inputs {
		in := &c.Inputs[i]
		t.Records += in.Records
		t.Unparsed += in.Unparsed
		t.Bytes += in.Bytes
	}
	a := &t.Accounts
	for i := range c.Accounts {
		switch c.Accounts[i].Verdict {
		case cases.AccountCompromised:
			a.Compromised++
		case cases.AccountSuspected:
			a.Suspected++
		case cases.AccountCleared:
			a.Cleared++
		default:
			a.Undetermined++
		}
	}
	rest := max(0, r.Seen-a.Compromised-a.Suspected-a.Cleared-a.Undetermined)
	if v.covered {
		a.Cleared += rest
	} else {
		a.Undetermined += rest
	}
	a.Known = a.Compromised + a.Suspected + a.Cleared + a.Undetermined
	return t
}

// inputs tells what was given and what came of it.
func (v *investigation) inputs() []cases.Input {
	var out []cases.Input
	said := v.ofArchives()
	for _, in := range v.plan.inputs {
		t := &in.tally
		c := cases.Input{Path: in.file.Path, Format: "unknown", Records: t.stats.Records, Parsed: t.parsed, Unparsed: t.unparsed, Bytes: t.stats.Bytes,
			SHA256: hex.EncodeToString(t.sum.SHA256[:]), First: cases.Time(t.first), Last: cases.Time(t.last), Astray: t.astray, Status: t.status, Samples: t.samples,
			ClockOffsetS: in.settings.ClockOffset.Seconds()}
		if in.primary != nil && t.parsed > 0 {
			c.Format, c.Confidence, c.Source = in.primary.Name, in.confidence, in.primary.Name
		}
		if len(t.taken) > 0 {
			c.Format, c.Source = t.taken[0].Format.Name, t.taken[0].Format.Name
		}
		for _, g := range in.readAs() {
			c.Unverified = c.Unverified || g.Format.Unverified != ""
		}
		if t.err != nil {
			p := intake.ProblemOf(in.file.Path, t.err)
			c.Error, c.ErrorWords = p.String(), p.Words()
		}
		if t.err == nil && t.stats.Cut > 0 {
			c.Error = joined(c.Error, cutOffWords)
		}
		c.Advice, c.Repeats = in.advice(), v.repeatsOf(in)
		if in.copyOf != nil {
			said := in.sayCopy()
			c.CopyOf, c.Error, c.ErrorWords = in.copyOf.file.Path, joined(c.Error, said.En), joinedWords(c.ErrorWords, said)
		}
		c.Archive, c.Error, c.ErrorWords = in.file.Within, joined(c.Error, in.file.Note.En), joinedWords(c.ErrorWords, in.file.Note)
		if in.file.Archive != intake.NoArchive {
			c.Format = in.file.Archive.String()
			if i := said[in.file.Path]; i >= 0 {
				p := &v.found.Problems[i]
				c.Status, c.Error, c.ErrorWords = statusOf(p), joined(p.String(), c.Error), joinedWords(p.Words(), c.ErrorWords)
			}
		}
		if c.Timezone = in.zoneName; t.noZone == 0 && t.parsed > 0 {
			c.Timezone, c.TimezoneFrom = "UTC", "record"
		} else {
			c.TimezoneFrom = in.zoneFrom
		}
		c.DoubtfulZones = t.doubtful
		if t.noYear > 0 {
			c.Year, c.YearFrom = in.year, in.yearFrom
		} else if t.parsed > 0 {
			c.YearFrom = "record"
		}
		out = append(out, c)
	}
	for i := range v.found.Problems {
		p := &v.found.Problems[i]
		if first, ok := said[p.Path]; !p.Notice() && (!ok || first != i) {
			out = append(out, cases.Input{Path: p.Path, Format: "unknown", Status: statusOf(p), Error: p.String(), ErrorWords: p.Words()})
		}
	}
	return out
}

// ofArchives returns, by path, which problem is said first of an archive as a whole: it stands with the archive's digest.
func (v *investigation) ofArchives() map[string]int {
	out := map[string]int{}
	for i := range v.found.Files {
		if v.found.Files[i].Archive != intake.NoArchive {
			out[v.found.Files[i].Path] = -1
		}
	}
	for i := range v.found.Problems {
		p := &v.found.Problems[i]
		if first, ok := out[p.Path]; ok && first < 0 && !p.Notice() {
			out[p.Path] = i
		}
	}
	return out
}

// statusOf is the case's word for why something was not read.
func statusOf(p *intake.Problem) string {
	switch {
	case p.Refused():
		return "refused"
	case p.Kind == intake.Encrypted, p.Kind == intake.Unknown:
		return "unsupported"
	case p.Kind == intake.Broken:
		return "truncated"
	}
	return "unreadable"
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

func joinedWords(a, b event.Words) event.Words {
	if a.En == "" || b.En == "" {
		return event.Words{Ja: a.Ja + b.Ja, En: a.En + b.En}
	}
	return event.Words{Ja: a.Ja + "。" + b.Ja, En: a.En + "; " + b.En}
}

// readAs returns the formats that an input was read as; of a piece of a rotated log the one that it was recognised as.
func (in *input) readAs() []formats.Guess {
	if len(in.tally.taken) == 0 && in.primary != nil && in.tally.parsed > 0 {
		return []formats.Guess{{Format: in.primary, Records: int(in.tally.parsed)}}
	}
	return in.tally.taken
}

func (v *investigation) limits(r *breach.Result) []event.Words {
	var out []event.Words
	if v.partial {
		out = append(out, event.Words{Ja: "読込が途中で中断された。すべての数は増えることがある。", En: "Reading was interrupted. Every number may still grow."})
	}
	if v.own > 0 {
		out = append(out, event.Words{Ja: fmt.Sprintf("この調査自身のフォルダにある %d ファイルは読んでいない。", v.own), En: fmt.Sprintf("%d files in the case folder itself were not read.", v.own)})
	}
	out = append(out, v.astrayLimits()...)
	if idp := v.watched.idpNotice(); idp.En != "" {
		out = append(out, idp)
	}
	out = append(out, v.notes...)
	out = append(out, v.idle...)
	for _, in := range v.plan.inputs {
		if in.copyOf != nil {
			out = append(out, event.Words{Ja: fmt.Sprintf("%s は %s と同じ内容（またはその前半）のため、一度だけ数えた。", in.file.Path, in.copyOf.file.Path),
				En: fmt.Sprintf("%s has the content of %s, or its beginning: it was counted once.", in.file.Path, in.copyOf.file.Path)})
		}
		if s := &in.tally.stats; s.Damaged > 0 {
			out = append(out, event.Words{Ja: fmt.Sprintf("%s: イベントログの %d ブロック中 %d ブロックの検査値が合わない（開いたまま複製されたか、壊れている）。読めた記録はすべて読んだ。", in.file.Path, s.Chunks, s.Damaged),
				En: fmt.Sprintf("%s: %d of the event log's %d blocks do not have the right checksum (it was open when it was copied, or it is damaged); every record that could be read was read.", in.file.Path, s.Damaged, s.Chunks)})
		}
		for _, g := range in.readAs() {
			if f := g.Format; f.Unverified != "" {
				out = append(out, event.Words{
					Ja: fmt.Sprintf("%s: %d 件は未検証の形式 %s で読んだ。製造元の説明だけから書いたもので、実際の記録と突き合わせていない。ここから出た事実は原本で確かめること。", in.file.Path, g.Records, f.Name),
					En: fmt.Sprintf("%s: %d records were read with the unverified format %s, written from a maker's description and never compared with real records: check what comes of it against the originals.", in.file.Path, g.Records, f.Name)})
			}
		}
		if in.unknownFormat != "" {
			out = append(out, event.Words{Ja: fmt.Sprintf("%s: 設定にある形式名 %q は知らないため、内容から判別した。", in.file.Path, in.unknownFormat),
				En: fmt.Sprintf("%s: the profile names the format %q, which is not known; the content decided.", in.file.Path, in.unknownFormat)})
		}
	}
	if d := v.know.domains; len(d) > 0 {
		out = append(out, event.Words{Ja: "自組織のドメインの推定: " + strings.Join(d, ", ") + "（ドメインの有無だけが違うログイン名は同じアカウントとみなした）",
			En: "own domains guessed: " + strings.Join(d, ", ") + " (login names that differ in them alone were taken for one account)"})
	}
	for _, n := range v.know.guessed {
		out = append(out, event.Words{Ja: fmt.Sprintf("自組織のネットワークの推定: %s（%s）", n.Name, n.Why.Ja), En: fmt.Sprintf("own network guessed: %s (%s)", n.Name, n.Why.En)})
	}
	if v.relays != nil {
		for _, p := range v.relays.pages {
			out = append(out, event.Words{
				Ja: fmt.Sprintf("%s の %s の記録と %s のディレクトリへの問合せを時刻で突き合わせ、失敗に接続元を補った（時計の差 %.1f〜%.1f 秒）。", p.Front, p.Page, p.Relay, p.Lo.Seconds(), p.Hi.Seconds()),
				En: fmt.Sprintf("Records of %s on %s were joined in time with the logins that %s relayed, which gives failures their addresses (clocks %.1f to %.1f s apart).", p.Page, p.Front, p.Relay, p.Lo.Seconds(), p.Hi.Seconds())})
		}
	}
	if n := v.know.accounts.Overflow(); n > 0 {
		out = append(out, event.Words{Ja: fmt.Sprintf("存在しない ID が多すぎるため、%d 件をまとめて数えた。", n), En: fmt.Sprintf("There were too many unknown names: %d were counted together.", n)})
	}
	if r.Folded > 0 {
		out = append(out, event.Words{Ja: fmt.Sprintf("上限を超えた %d 件は粗い集計に含めた。", r.Folded), En: fmt.Sprintf("%d entries beyond a bound were counted more coarsely.", r.Folded)})
	}
	for _, w := range v.warnings() {
		out = append(out, event.Words{Ja: "設定の注意: " + w, En: "profile: " + w})
	}
	for i, p := range v.know.problems {
		if i == maxTold {
			out = append(out, event.Words{Ja: fmt.Sprintf("ほか %d 行が読めない。", len(v.know.problems)-i), En: fmt.Sprintf("%d more lines were not read.", len(v.know.problems)-i)})
			break
		}
		out = append(out, event.Words{Ja: "読めない行: " + p.String(), En: "not read: " + p.String()})
	}
	out = append(out, event.Words{Ja: "確度の数値は未較正であり、指標として読むこと。", En: "Confidences are not calibrated yet: read them as indicators."})
	return out
}

// findings turns findings into the case's, with the hash of every record that they rest on.
func (v *investigation) findings(ctx context.Context, all []event.Finding) ([]cases.Finding, error) {
	out := make([]cases.Finding, 0, len(all))
	want := map[uint32][]*cases.Evidence{}
	for i := range all {
		f := &all[i]
		c := cases.Finding{ID: f.ID(), Detector: f.Detector, Attack: f.Attack, Severity: cases.Severity(f.Severity.String()), First: cases.Time(f.First),
			Last: cases.Time(f.Last), Alerted: cases.Time(f.Alerted), Title: f.Title, Explanation: f.Explanation,
			Subjects: cases.Subjects{Accounts: f.Accounts, Addresses: f.Addresses, Hosts: f.Hosts}}
		for _, n := range f.Numbers {
			c.Numbers = append(c.Numbers, event.Figure{Name: n.Name, Value: cases.Round(n.Value)})
		}
		for _, ref := range f.Evidence {
			c.Evidence = append(c.Evidence, v.evidence(ref))
		}
		out = append(out, c)
		for k, ref := range f.Evidence {
			want[ref.Input] = append(want[ref.Input], &out[len(out)-1].Evidence[k])
		}
	}
	return out, v.hash(ctx, want)
}

// evidence says where a record stands; hash adds its digest.
func (v *investigation) evidence(ref event.Ref) cases.Evidence {
	e := cases.Evidence{Input: v.path(ref.Input)}
	for _, p := range ref.Parts() {
		e.Parts = append(e.Parts, cases.Part{Line: p.Line, Offset: p.Offset, Length: p.Length})
	}
	return e
}

func (v *investigation) path(number uint32) string {
	if int(number) < len(v.plan.inputs) {
		return v.plan.inputs[number].file.Path
	}
	return ""
}

// textShown is how much of a record stands in the case beside its hash.
const textShown = 400

// hash reads the records that findings rest on once more and puts their hashes into the case. An input that changed since it
// was read is said to have changed: its evidence has no hash.
func (v *investigation) hash(ctx context.Context, want map[uint32][]*cases.Evidence) error {
	numbers := make([]uint32, 0, len(want))
	for n := range want {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		if int(n) >= len(v.plan.inputs) {
			continue
		}
		in := v.plan.inputs[n]
		var parts []event.Part
		for _, e := range want[n] {
			for _, p := range e.Parts {
				parts = append(parts, event.Part{Line: p.Line, Offset: p.Offset, Length: min(p.Length, maxEvidence)})
			}
		}
		data, err := intake.Extract(ctx, in.file, parts)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if in.tally.err == nil {
				in.tally.err = fmt.Errorf("evidence could not be read again: %w", err)
			}
			continue
		}
		var xml map[int64]string
		if in.framing == event.FrameEVTX {
			xml = asXML(ctx, in, parts)
		}
		i := 0
		for _, e := range want[n] {
			h := sha256.New()
			for k := range e.Parts {
				h.Write(data[i])
				if text, ok := xml[parts[i].Offset]; ok && k == 0 {
					e.Text = cutText(visible([]byte(cutText(text, 4*textShown))), 2*textShown)
				} else if k == 0 {
					e.Text = cutText(visible(data[i][:min(len(data[i]), 4*textShown)]), textShown)
				}
				i++
			}
			e.SHA256 = hex.EncodeToString(h.Sum(nil))
		}
	}
	return nil
}

const maxEvidence = 1 << 20

// addressOf parses an address as people write it.
func addressOf(s string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(s)
	return ip.Unmap(), err == nil
}
