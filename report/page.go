// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"html/template"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// page is what the templates lay out: the case, with every list in its order and within bounds.
type page struct {
	CSP           string
	CSS           template.CSS
	JS            template.JS
	PageTitle     string
	Layout        string // first, or report
	Base          string // of the links to the whole report; empty within it
	FilterLabel   string
	ContentsLabel string
	Contents      []string
	Zone          string
	Window        string
	Clock         pageClock
	Case          *cases.Case
	First         *First
	Counts        []count
	Reasons       []reasonRow
	Figures       []drawing
	Plots         []drawing
	Accounts      accountTable
	Addresses     addressTable
	Hosts         []hostRow
	Stages        []stageRow
	Steps         []stepRow
	Stories       []storyRow
	FindingsTop   []findingRow
	FindingsMore  []findingRow
	FindingsBelow []findingRow
	FindingsAside []findingRow // hidden by exceptions
	Exposure      []exposureRow
	ClassHead     []event.Words // of the table by class; empty where nobody has reviewed anything
	ClassRows     [][]event.Words
	ClassNote     event.Words
	Coverage      []coverageRow
	Questions     []questionRow
	Containment   []containmentRow
	Inputs        []inputRow
	Decisions     []decisionRow
	Claims        []claimRow

	StoriesLeft, StepsLeft, HostsLeft, FindingsLeft, ExposureLeft, QuestionsLeft, ContainmentLeft, InputsLeft, DecisionsLeft, ClaimsLeft int

	finding map[string]findingRef
	address map[netip.Addr]int
}

type (
	count struct {
		Anchor, Tone, N string
		Words           event.Words
	}
	findingRef struct {
		N     int
		ID    string
		Title event.Words
	}
	addressRef struct {
		N  int
		IP string
	}
	reasonRow struct {
		Words    event.Words
		Findings []findingRef
	}
	accountTable struct {
		Top, More, Rest []accountRow
		Left            int
	}
	accountRow struct {
		N                int
		A                *cases.Account
		Sub, First, Last string
		Confidence       string // an indicator, not a calibrated probability
		Verdict          event.Words
		ByMachine        bool
		From             []addressRef
		MoreFrom         int
		Findings         []findingRef
		Sessions         []sessionRow
		Terms            []termRow
	}
	sessionRow struct {
		When   string
		Knocks string // source ports with their second
		S      cases.Session
	}
	termRow      struct{ Name, Nats, Why string }
	addressTable struct {
		Top, More, Rest []addressRow
		Left            int
	}
	addressRow struct {
		N           int
		A           *cases.Address
		First, Last string
	}
	hostRow struct {
		H           *cases.Host
		First, Last string
		Findings    []findingRef
	}
	stageRow struct {
		S            *cases.Stage
		Number, When string
		Findings     []findingRef
	}
	stepRow struct {
		S        *cases.Step
		At       string
		Findings []findingRef
	}
	findingRow struct {
		N                               int
		F                               *cases.Finding
		When, Attack, Alerted, Subjects string
		Until                           string // of the exception that hides it
		Numbers                         []numberRow
		Evidence                        []evidenceRow
		EvidenceCount                   int
	}
	numberRow   struct{ Name, Value string }
	evidenceRow struct {
		Input, Text, SHA256  string
		Line, Offset, Length int64
	}
	exposureRow struct {
		E    *cases.Exposure
		When string
	}
	coverageRow struct {
		C                 *cases.Coverage
		Question          event.Words
		From, To, Expires string
		Absent            bool
	}
	questionRow struct {
		Q  *cases.Question
		To event.Words
	}
	containmentRow struct {
		C  *cases.Containment
		At string
	}
	inputRow struct {
		I      *cases.Input
		When   string
		Astray *event.Words // records at times that cannot be right
	}
	decisionRow struct {
		D  *cases.Decision
		At string
	}
)

// newPage lays out the case; without full only what the first report needs.
func newPage(d *Data, full bool) (*page, error) {
	css, js, policy, err := pageStyle()
	if err != nil {
		return nil, err
	}
	c := d.Case
	p := &page{CSP: policy, CSS: template.CSS(css), JS: template.JS(js), Case: c, First: NewFirst(d), Clock: pageClock{clock{d.zone()}}}
	p.Zone = zoneName(d.zone())
	p.PageTitle = cut(visible(strings.TrimSpace(c.Institute.Name+" "+c.Verdict.Words().Ja), 200), 80) + " — Sekisho"
	p.FilterLabel = text("filter").Ja + " / " + text("filter").En
	p.ContentsLabel = text("contents").Ja + " / " + text("contents").En
	p.Counts = p.counts()
	if p.Layout = "report"; !full {
		p.Layout, p.Base = "first", "report.html"
		return p, nil
	}
	p.Contents = []string{"answer", "stories", "why", "timeline", "path", "accounts", "addresses", "hosts", "figures", "findings", "exposure", "coverage",
		"questions", "containment", "duty", "inputs", "method", "revisions"}
	if len(c.Claims) > 0 {
		p.Contents = slices.Insert(p.Contents, slices.Index(p.Contents, "questions"), "claims")
	}
	p.Window = p.Clock.span(c.Window.From, c.Window.To)
	if p.Figures, err = drawings(d); err != nil {
		return nil, err
	}
	for _, f := range p.Figures {
		if f.Name != "timeline" && f.Name != "path" && f.Name != "accounts" {
			p.Plots = append(p.Plots, f)
		}
	}
	p.findings()
	p.addresses()
	p.accounts()
	p.lists()
	return p, nil
}

func (p *page) counts() []count {
	n := p.Case.Count()
	attackers, _ := kinds(p.Case, cases.AddressAttacker)
	hosts := 0
	for i := range p.Case.Hosts {
		if p.Case.Hosts[i].Verdict == cases.HostCompromised {
			hosts++
		}
	}
	tone := func(n int64, t string) string {
		if n > 0 {
			return t
		}
		return ""
	}
	return []count{
		{"accounts", tone(n.Confirmed, "bad"), comma(n.Confirmed), say("不正ログイン確認", "accounts confirmed")},
		{"accounts", tone(n.Presumed, "bad"), comma(n.Presumed), say("不正ログイン推定", "accounts presumed")},
		{"accounts", tone(n.Suspected, "warn"), comma(n.Suspected), say("疑い（要確認）", "to be checked")},
		{"coverage", tone(n.Undetermined, "none"), comma(n.Undetermined), say("判断不能 ／ 全 %s", "undeterminable, of %s", comma(n.Known))},
		{"addresses", tone(int64(attackers), "bad"), comma(attackers), say("攻撃元アドレス", "attacker addresses")},
		{"hosts", tone(int64(hosts), "bad"), comma(hosts), say("侵入されたホスト", "hosts compromised")},
	}
}

// findings puts the findings in order of severity and time, and numbers them; those below the budget come after the others, those that
// exceptions hide last.
func (p *page) findings() {
	list := make([]*cases.Finding, len(p.Case.Findings))
	for i := range list {
		list[i] = &p.Case.Findings[i]
	}
	slices.SortStableFunc(list, func(a, b *cases.Finding) int {
		return cmp.Or(cmp.Compare(aside(a), aside(b)), cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), unknownLast(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	p.FindingsLeft = max(0, len(list)-topFindings-moreFindings)
	list = list[:len(list)-p.FindingsLeft]
	p.finding = map[string]findingRef{}
	names := map[string]string{}
	for i := range p.Case.Accounts {
		names[p.Case.Accounts[i].ID] = p.Case.Accounts[i].Name
	}
	for i, f := range list {
		title := event.Words{Ja: cut(visible(Ja.of(f.Title), 200), 52), En: cut(visible(En.of(f.Title), 200), 52)}
		p.finding[f.ID] = findingRef{i + 1, cut(visible(f.ID, 40), 14), title}
		row := findingRow{N: i + 1, F: f, When: p.Clock.span(f.First, f.Last), Attack: strings.Join(f.Attack[:min(10, len(f.Attack))], " "), EvidenceCount: len(f.Evidence)}
		if !f.Alerted.IsZero() {
			row.Alerted = p.Clock.minute(f.Alerted)
		}
		for _, x := range f.Numbers[:min(20, len(f.Numbers))] {
			row.Numbers = append(row.Numbers, numberRow{x.Name, figureText(x.Value)})
		}
		for _, e := range f.Evidence[:min(maxEvidence, len(f.Evidence))] {
			for j, part := range e.Parts[:min(8, len(e.Parts))] {
				r := evidenceRow{Input: e.Input, Line: part.Line, Offset: part.Offset, Length: part.Length}
				if j == 0 {
					r.Text, r.SHA256 = e.Text, e.SHA256
				}
				row.Evidence = append(row.Evidence, r)
			}
		}
		row.Subjects = subjects(&f.Subjects, names)
		switch {
		case f.Hidden != nil:
			row.Until = p.Clock.minute(f.Hidden.Until)
			p.FindingsAside = append(p.FindingsAside, row)
		case f.BelowBudget:
			p.FindingsBelow = append(p.FindingsBelow, row)
		case i < topFindings:
			p.FindingsTop = append(p.FindingsTop, row)
		default:
			p.FindingsMore = append(p.FindingsMore, row)
		}
	}
	p.stories(names)
}

// aside says whether a finding was put aside: by the budget, or by an exception.
func aside(f *cases.Finding) int {
	switch {
	case f.Hidden != nil:
		return 2
	case f.BelowBudget:
		return 1
	}
	return 0
}

func figureText(f float64) string {
	if f == float64(int64(f)) {
		return comma(int64(f))
	}
	return strconv.FormatFloat(cases.Round(f), 'f', -1, 64)
}

// subjects names whom a finding is about, the first dozen of each kind.
func subjects(s *cases.Subjects, names map[string]string) string {
	var out []string
	add := func(n int, name func(i int) string) {
		for i := range min(n, maxRefs) {
			out = append(out, cut(visible(name(i), 200), 48))
		}
		if n > maxRefs {
			out = append(out, "+"+comma(n-maxRefs))
		}
	}
	add(len(s.Accounts), func(i int) string {
		if n := names[s.Accounts[i]]; n != "" {
			return n
		}
		return s.Accounts[i]
	})
	add(len(s.Addresses), func(i int) string { return s.Addresses[i].String() })
	add(len(s.Hosts), func(i int) string { return s.Hosts[i] })
	return strings.Join(out, ", ")
}

// refs returns the findings that the page shows, of those named.
func (p *page) refs(ids []string) []findingRef {
	var out []findingRef
	for _, id := range ids {
		if r, ok := p.finding[id]; ok && len(out) < maxRefs {
			out = append(out, r)
		}
	}
	return out
}

func (p *page) addresses() {
	list := make([]*cases.Address, len(p.Case.Addresses))
	for i := range list {
		list[i] = &p.Case.Addresses[i]
	}
	slices.SortStableFunc(list, func(a, b *cases.Address) int {
		return cmp.Or(cmp.Compare(a.Verdict.Rank(), b.Verdict.Rank()), cmp.Compare(b.Accounts, a.Accounts), unknownLast(a.First, b.First), a.IP.Compare(b.IP))
	})
	p.address = map[netip.Addr]int{}
	t := &p.Addresses
	for i, a := range list {
		row := addressRow{i + 1, a, p.Clock.minute(a.First), p.Clock.minute(a.Last)}
		switch {
		case a.Verdict == cases.AddressHonest && len(t.Rest) < restRows:
			t.Rest = append(t.Rest, row)
		case a.Verdict == cases.AddressHonest:
			t.Left++
			continue
		case len(t.Top) < topAddresses:
			t.Top = append(t.Top, row)
		case len(t.More) < moreRows:
			t.More = append(t.More, row)
		default:
			t.Left++
			continue
		}
		p.address[a.IP] = i + 1
	}
}

func (p *page) accounts() {
	t := &p.Accounts
	list := numbered(p.Case)
	for i, a := range list {
		switch {
		case len(t.Top) < topAccounts:
			t.Top = append(t.Top, p.accountRow(i+1, a))
		case len(t.More) < moreRows:
			t.More = append(t.More, p.accountRow(i+1, a))
		default:
			t.Left++
		}
	}
	n := len(list)
	var rest []*cases.Account
	for i := range p.Case.Accounts {
		if v := p.Case.Accounts[i].Verdict; v != cases.AccountCompromised && v != cases.AccountSuspected {
			rest = append(rest, &p.Case.Accounts[i])
		}
	}
	slices.SortStableFunc(rest, func(a, b *cases.Account) int {
		return cmp.Or(cmp.Compare(a.Verdict.Rank(), b.Verdict.Rank()), cmp.Compare(a.Name, b.Name))
	})
	for i, a := range rest {
		if i == restRows {
			t.Left += len(rest) - i
			break
		}
		t.Rest = append(t.Rest, p.accountRow(n+i+1, a))
	}
}

func (p *page) accountRow(n int, a *cases.Account) accountRow {
	r := accountRow{N: n, A: a, Confidence: strconv.FormatFloat(cases.Round(a.Confidence), 'f', 3, 64), Sub: strings.Join(a.Aliases[:min(8, len(a.Aliases))], ", "), First: p.Clock.minute(a.First), Last: p.Clock.minute(a.Last),
		Verdict: a.Verdict.Words(), ByMachine: a.DecidedBy == "" || a.DecidedBy == "machine", Findings: p.refs(a.Findings)}
	if a.Department != "" {
		r.Sub = strings.TrimPrefix(r.Sub+" · "+a.Department, " · ")
	}
	if a.Verdict == cases.AccountCompromised {
		switch a.Rung() {
		case cases.Confirmed:
			r.Verdict = say("不正ログインを確認", "Compromised (confirmed)")
		case cases.Presumed:
			r.Verdict = say("不正ログインと推定", "Compromised (presumed)")
		}
	}
	for _, ip := range a.Addresses[:min(4, len(a.Addresses))] {
		r.From = append(r.From, addressRef{p.address[ip], ip.String()})
	}
	r.MoreFrom = len(a.Addresses) - len(r.From)
	for _, s := range a.Sessions[:min(20, len(a.Sessions))] {
		r.Sessions = append(r.Sessions, sessionRow{p.Clock.span(s.From, s.To), p.Clock.knocks(s.Knocks), s})
	}
	for _, t := range a.Terms[:min(20, len(a.Terms))] {
		w := t.Why.Ja
		if t.Why.En != "" && t.Why.En != t.Why.Ja {
			w += " / " + t.Why.En
		}
		r.Terms = append(r.Terms, termRow{cut(visible(t.Name, 100), 40), strconv.FormatFloat(t.Nats, 'f', 1, 64), visible(w, maxTitle)})
	}
	return r
}

// lists fills the tables that need no order but the case's.
func (p *page) lists() {
	c, cl := p.Case, p.Clock
	for _, r := range c.Reasons[:min(20, len(c.Reasons))] {
		p.Reasons = append(p.Reasons, reasonRow{r.Words, p.refs(r.Findings)})
	}
	var n int
	hosts := make([]*cases.Host, len(c.Hosts))
	for i := range hosts {
		hosts[i] = &c.Hosts[i]
	}
	slices.SortStableFunc(hosts, func(a, b *cases.Host) int {
		return cmp.Or(cmp.Compare(a.Verdict.Rank(), b.Verdict.Rank()), unknownLast(a.First, b.First), cmp.Compare(a.Name, b.Name))
	})
	harmed := 0 // these come first; of those that were only reached a scan makes thousands, which say little and take minutes to print
	for harmed < len(hosts) && hosts[harmed].Verdict.Rank() < cases.HostReached.Rank() {
		harmed++
	}
	n, p.HostsLeft = bound(len(hosts), min(harmed+topRows, moreRows))
	for _, h := range hosts[:n] {
		p.Hosts = append(p.Hosts, hostRow{h, cl.minute(h.First), cl.minute(h.Last), p.refs(h.Findings)})
	}
	for i := range c.Stages[:min(200, len(c.Stages))] {
		s := &c.Stages[i]
		p.Stages = append(p.Stages, stageRow{s, circled(s.Number), cl.span(s.From, s.To), p.refs(s.Findings)})
	}
	n, p.StepsLeft = bound(len(c.Path), moreRows)
	for i := range c.Path[:n] {
		p.Steps = append(p.Steps, stepRow{&c.Path[i], cl.minute(c.Path[i].At), p.refs(c.Path[i].Findings)})
	}
	if t := c.Classify(); t.Reviewed > 0 {
		p.ClassHead, p.ClassRows, p.ClassNote = classHead(), classRows(t), classNote(t)
	}
	n, p.ExposureLeft = bound(len(c.Exposure), moreRows)
	exposures := make([]*cases.Exposure, len(c.Exposure))
	for i := range exposures {
		exposures[i] = &c.Exposure[i]
	}
	slices.SortStableFunc(exposures, func(a, b *cases.Exposure) int {
		return cmp.Or(cmp.Compare(a.Level.Rank(), b.Level.Rank()), cmp.Compare(b.Count.Estimated, a.Count.Estimated))
	})
	for _, e := range exposures[:n] {
		p.Exposure = append(p.Exposure, exposureRow{e, cl.dates(e.First, e.Last)})
	}
	for i := range c.Coverage[:min(moreRows, len(c.Coverage))] {
		v := &c.Coverage[i]
		r := coverageRow{C: v, Question: v.QuestionWords, From: cl.minute(v.From), To: cl.minute(v.To), Absent: v.State != cases.Complete && v.State != cases.PartialCoverage}
		if r.Question.Ja == "" && r.Question.En == "" {
			r.Question = same(v.Question)
		}
		if !v.Expires.IsZero() {
			r.Expires = cl.minute(v.Expires)
		}
		p.Coverage = append(p.Coverage, r)
	}
	p.work()
}

// work fills what people have to do, and what was read.
func (p *page) work() {
	c, cl := p.Case, p.Clock
	var n int
	n, p.QuestionsLeft = bound(len(c.Questions), topRows)
	for i := range c.Questions[:n] {
		q := &c.Questions[i]
		w := same(q.To)
		switch q.To {
		case "owner", "network", "it":
			w = text("ask-to-" + q.To)
		}
		p.Questions = append(p.Questions, questionRow{q, w})
	}
	n, p.ContainmentLeft = bound(len(c.Containment), topRows)
	for i := range c.Containment[:n] {
		r := containmentRow{C: &c.Containment[i]}
		if !r.C.At.IsZero() {
			r.At = cl.minute(r.C.At)
		}
		p.Containment = append(p.Containment, r)
	}
	n, p.InputsLeft = bound(len(c.Inputs), moreRows)
	for i := range c.Inputs[:n] {
		p.Inputs = append(p.Inputs, inputRow{&c.Inputs[i], cl.span(c.Inputs[i].First, c.Inputs[i].Last), astrayWords(c.Inputs[i].Astray, cl.clock)})
	}
	p.claims(cl.clock)
	n, p.DecisionsLeft = bound(len(c.Decisions), moreRows)
	for i := range c.Decisions[:n] {
		p.Decisions = append(p.Decisions, decisionRow{&c.Decisions[i], cl.minute(c.Decisions[i].At)})
	}
}

// bound returns how many of n are shown and how many are left out.
func bound(n, limit int) (shown, left int) { return min(n, limit), max(0, n-limit) }
