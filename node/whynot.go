// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/event"
)

// WhyNotView says why a detector found nothing of an account.
type WhyNotView struct {
	Case     string            `json:"case"`
	Account  NamedSubject      `json:"account"`
	Detector string            `json:"detector"`
	Kind     event.Words       `json:"kind"`
	Fired    []cases.Finding   `json:"fired"`    // it did find something of the account
	Looks    string            `json:"looks_at"` // accounts, or others: whether the detector looks at single accounts
	Reasons  bool              `json:"reasons"`  // the detector tells its reasons
	Ways     []WayView         `json:"ways"`
	Reads    []ClassView       `json:"reads"` // the classes of events that it reads
	Window   cases.Span        `json:"window"`
	Missing  []cases.Coverage  `json:"missing"` // sources that do not cover the window
	Needs    event.Words       `json:"needs"`   // which logs the detector needs
	Terms    []cases.Term      `json:"terms,omitempty"`
	Aside    []ExceptionExpiry `json:"exceptions,omitempty"` // of the profile, for this detector and account
	Timezone string            `json:"timezone"`

	near []string // names like one that nobody has
}

// WayView is one way in which the detector would have found something.
type WayView struct {
	detect.Way
	At cases.Time `json:"at"`
}

// Condition is one thing that must hold for a detector to find something.
type Condition = detect.Condition

// ExceptionExpiry is an exception in the profile.
type ExceptionExpiry struct {
	By    string     `json:"by"`
	Until cases.Time `json:"until"`
	Why   string     `json:"why"`
}

// ClassView counts events of one class: of everybody, and of the account.
type ClassView struct {
	Class     string     `json:"class"`
	Events    int64      `json:"events"` // of everybody
	Account   int64      `json:"of_account"`
	Successes int64      `json:"successes"`
	Failures  int64      `json:"failures"`
	Days      int        `json:"days"` // on which there was one of the account
	First     cases.Time `json:"first"`
	Last      cases.Time `json:"last"`
	Formats   []string   `json:"formats"` // that told of the account

	day int32
}

// The words of WhyNotView.Looks.
const (
	LooksAtAccounts = "accounts"
	LooksAtOthers   = "others"
)

// Errors of WhyNot that are the asker's.
var (
	ErrNoDetector = event.Tell("そのような検知器はありません", "there is no detector")
	ErrNoAccount  = event.Tell("名簿にも記録にもないアカウントです", "no record and no directory knows the account")
)

// DetectorNames returns the names of the detectors that WhyNot can be asked about.
func DetectorNames() []string {
	out := []string{"unusual-login"}
	for _, s := range detectors.All() {
		out = append(out, s.Name)
	}
	slices.Sort(out)
	return out
}

// looksAtOthers says whether a detector looks at machines, sources or the institute as a whole, and not at single accounts.
func looksAtOthers(name string) bool {
	switch name {
	case "appliance-outbound", "beacon", "clock-drift", "edge-device", "id-list-obtained", "id-probing", "internal-scan", "long-connection", "password-guessing", "password-spray-source", "record-gap", "source-silent", "upload":
		return true
	}
	return false
}

// WhyNot says why a detector found nothing of an account in the case in o.Out. It reads what the case rests on once more, as Options.Add
// does, shows it to that detector alone and notes what it looked at of the account. The case is not changed.
func WhyNot(ctx context.Context, o Options, account, detector string) (_ *WhyNotView, err error) {
	c, err := cases.Open(filepath.Join(o.Out, caseName))
	if err != nil {
		return nil, event.Tell("理由を調べられません：%v", "ask why not: %v", err)
	}
	w := &WhyNotView{Case: o.Out, Detector: cases.DetectorName(detector), Window: c.Window, Timezone: c.Institute.Timezone, Fired: []cases.Finding{}, Ways: []WayView{}, Reads: []ClassView{}}
	temp, err := os.MkdirTemp("", "sekisho-explain-")
	if err != nil {
		return nil, event.Tell("理由を調べられません：%v", "ask why not: %v", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if account, w.near, err = fullName(ctx, o.Out, temp, account, c); err != nil {
		return nil, fmt.Errorf("node: %w (%w)", err, ErrNoAccount)
	}
	w.Kind, w.Needs = cases.DetectorWords(w.Detector), detectors.AdviceOn(w.Detector).Needs
	for _, v := range c.Coverage {
		if v.State != cases.Complete {
			w.Missing = append(w.Missing, v)
		}
	}
	if w.Detector == "unusual-login" {
		return w, w.scoped(c, account)
	}
	name := detectors.SpecName(w.Detector)
	i := slices.IndexFunc(detectors.All(), func(s detect.Spec) bool { return s.Name == name })
	if i < 0 {
		return nil, event.Tell("%v：%q。あるもの：%s", "%v %q: there are: %s", ErrNoDetector, detector, strings.Join(DetectorNames(), ", "))
	}
	if w.Looks = LooksAtAccounts; looksAtOthers(name) {
		w.Looks = LooksAtOthers
	}
	err = reread(ctx, o, func(v *investigation) error { return w.watch(ctx, v, detectors.All()[i], account, c) })
	if err != nil {
		return nil, err
	}
	w.fired(c)
	return w, nil
}

// reread reads what the case in o.Out rests on once more, and calls use with its events sorted and its people known.
func reread(ctx context.Context, o Options, use func(*investigation) error) (err error) {
	o.Add = true
	work, err := os.MkdirTemp("", "sekisho-explain-")
	if err != nil {
		return fmt.Errorf("node: read the case again: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	v := &investigation{o: &o, revision: 1, asked: map[string]cases.Subject{}, work: work}
	if err := v.prepare(); err != nil {
		return err
	}
	if err := v.discover(ctx); err != nil {
		return err
	}
	defer v.found.Close()
	if err := v.readAll(ctx); err != nil {
		return err
	}
	defer v.sorter.Close()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := v.compareInputs(); err != nil {
		return err
	}
	if err := v.guess(ctx); err != nil {
		return err
	}
	if v.joinable {
		if v.relays, err = learnRelays(ctx, v.sorter, v.plan); err != nil {
			return err
		}
	}
	return use(v)
}

// watch shows the events to the one detector and counts those of the account.
func (w *WhyNotView) watch(ctx context.Context, v *investigation, spec detect.Spec, account string, c *cases.Case) error {
	ids := v.identities(account, c)
	d := spec.New(siteOf(v.know, v.o))
	reasoner, _ := d.(detect.Reasoner)
	if reasoner != nil {
		reasoner.Ask(ids...)
	}
	for class, name := range event.Classes() {
		if d.Classes().Has(event.Class(class)) {
			w.Reads = append(w.Reads, ClassView{Class: name, Formats: []string{}, day: -1 << 31})
		}
	}
	if v.relays != nil {
		v.relays.begin(ctx, v.sorter)
		defer v.relays.end()
	}
	total, done := v.sorter.Stats().Events, int64(0)
	err := v.sorter.Events(ctx, func(batch []event.Event) error {
		var room event.Event
		for i := range batch {
			e := &batch[i]
			if v.relays != nil {
				e = v.relays.reveal(e, &room)
			}
			s := v.know.see(e)
			if !d.Classes().Has(s.Class) {
				continue
			}
			w.count(&s, ids)
			d.Observe(&s)
		}
		if done += int64(len(batch)); v.o.Progress != nil {
			v.o.Progress(Progress{Phase: "detect", Done: done, Total: total})
		}
		return nil
	})
	if err != nil {
		return event.Tell("理由を調べられません：%v", "ask why not: %v", err)
	}
	if w.Account.Name == "" {
		if !v.name(&w.Account, ids, account) {
			like := event.Words{}
			if len(w.near) > 0 {
				names := strings.Join(shownNames(w.near), ", ")
				like = event.Words{Ja: "。似た名前：" + names, En: "; names like it: " + names}
			}
			return event.Tell("%[2]v：%[1]q%[3]s", "%[2]v %[1]q%[3]s", account, ErrNoAccount, like)
		}
	}
	d.Findings(detect.Over)
	if reasoner != nil {
		w.Reasons = true
		for _, way := range reasoner.WhyNot() {
			w.Ways = append(w.Ways, WayView{way, cases.Time(way.At)})
		}
	}
	w.exceptions(v)
	return nil
}

// identities returns the identities that an account may have: the one that the case or the directory knows, else one for each realm.
func (v *investigation) identities(account string, c *cases.Case) []string {
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.ID == account || strings.EqualFold(a.Name, account) || slices.Contains(a.Aliases, account) {
			return []string{a.ID}
		}
	}
	if id, known := v.accountID(account, 0); known {
		return []string{id}
	}
	ids := []string{}
	for _, r := range v.know.resolvers {
		if h := r.Resolve(account, 0); h != 0 {
			if id := v.know.accounts.ID(h); !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// name finds what people call the account, and says whether the directory or a record knows it.
func (v *investigation) name(s *NamedSubject, ids []string, account string) bool {
	for _, a := range v.know.people {
		if a != nil && slices.Contains(ids, a.ID) {
			s.Name, s.ID = a.Name, a.ID
			return true
		}
	}
	if _, listed := v.accountID(account, 0); listed && len(ids) > 0 {
		s.Name, s.ID = account, ids[0]
		return true
	}
	return false
}

// count counts an event of a class that the detector reads.
func (w *WhyNotView) count(s *event.Sighting, ids []string) {
	i := slices.IndexFunc(w.Reads, func(c ClassView) bool { return c.Class == s.Class.String() })
	if i < 0 {
		return
	}
	c := &w.Reads[i]
	c.Events++
	who := s.Who
	if who == nil || !slices.Contains(ids, who.ID) {
		if who = s.Whom; who == nil || !slices.Contains(ids, who.ID) {
			return
		}
	}
	if w.Account.Name == "" {
		w.Account.Name, w.Account.ID = who.Name, who.ID
	}
	c.Account++
	switch s.Outcome {
	case event.OutcomeSuccess:
		c.Successes += s.Times()
	case event.OutcomeFailure:
		c.Failures += s.Times()
	}
	if c.First.IsZero() {
		c.First = cases.Time(s.Time)
	}
	c.Last = cases.Time(s.Time)
	if c.day != s.Day {
		c.day = s.Day
		c.Days++
	}
	if !slices.Contains(c.Formats, s.Format) {
		c.Formats = append(c.Formats, s.Format)
		slices.Sort(c.Formats)
	}
}

// exceptions notes what the profile hides of this detector and account.
func (w *WhyNotView) exceptions(v *investigation) {
	for i := range v.o.Profile.Exceptions {
		x := &v.o.Profile.Exceptions[i]
		if x.Detector != w.Detector || x.Account == "" {
			continue
		}
		if id, known := v.accountID(x.Account, event.Of(x.Until)-1); known && id == w.Account.ID {
			w.Aside = append(w.Aside, ExceptionExpiry{x.By, cases.At(x.Until), x.Why})
		}
	}
}

// fired notes the findings of the detector that name the account, and what the case says of it.
func (w *WhyNotView) fired(c *cases.Case) {
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.ID == w.Account.ID {
			w.Account.Verdict, w.Account.Words = string(a.Verdict), a.Verdict.Words()
		}
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		if detectors.SpecName(f.Detector) == detectors.SpecName(w.Detector) && slices.Contains(f.Subjects.Accounts, w.Account.ID) {
			w.Fired = append(w.Fired, *f)
		}
	}
}

// scoped answers for what scoping itself finds: the weights that it gave to the account's logins.
func (w *WhyNotView) scoped(c *cases.Case, account string) error {
	w.Looks = LooksAtAccounts
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.ID != account && !strings.EqualFold(a.Name, account) && !slices.Contains(a.Aliases, account) {
			continue
		}
		w.Account = NamedSubject{Name: a.Name, ID: a.ID, Verdict: string(a.Verdict), Words: a.Verdict.Words()}
		w.Terms = a.Terms
		for k := range c.Findings {
			if f := &c.Findings[k]; f.Detector == "unusual-login" && slices.Contains(f.Subjects.Accounts, a.ID) {
				w.Fired = append(w.Fired, *f)
			}
		}
		return nil
	}
	w.Account.Name = account
	return nil
}
