// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// Write writes the case in its one canonical form: c is sorted and rounded first (Sort), nil arrays become empty ones,
// and each element of an array stands on a line of its own, so that two revisions can be compared line by line.
func Write(w io.Writer, c *Case) error {
	c.Sort()
	out := bufio.NewWriterSize(w, 64<<10)
	v := reflect.ValueOf(c).Elem()
	out.WriteString("{")
	first := true
	for i := range v.NumField() {
		name, opts, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		f := v.Field(i)
		if opts != "" && (f.IsZero() || f.Kind() == reflect.Slice && f.Len() == 0) {
			continue
		}
		if !first {
			out.WriteString(",")
		}
		first = false
		fmt.Fprintf(out, "\n%q: ", name)
		if err := writeField(out, f); err != nil {
			return fmt.Errorf("cases: write %s: %w", name, err)
		}
	}
	out.WriteString("\n}\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("cases: write case: %w", err)
	}
	return nil
}

// writeField writes one value of the case's top level; arrays one element a line.
func writeField(out *bufio.Writer, f reflect.Value) error {
	if f.Kind() != reflect.Slice {
		b, err := marshal(f.Interface())
		if err != nil {
			return err
		}
		_, err = out.Write(b)
		return err
	}
	out.WriteString("[")
	for i := range f.Len() {
		if i > 0 {
			out.WriteString(",")
		}
		b, err := marshal(f.Index(i).Addr().Interface())
		if err != nil {
			return err
		}
		out.WriteString("\n  ")
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	if f.Len() > 0 {
		out.WriteString("\n")
	}
	_, err := out.WriteString("]")
	return err
}

// Sort brings the case into its canonical form, in place:
// inputs by path; coverage by source, question, from; accounts by id; addresses by ip; hosts by name and ip; findings by
// first and id; stories by severity (gravest first), first and id; stages by number; path by at, from, to, technique; exposure by class, account, object, first, level;
// questions by gain (highest first) and id; containment by order and id; decisions by at and the rest. Lists of
// names, identities and addresses within them are sorted; those of terms, reasons, numbers and evidence keep their order.
func (c *Case) Sort() {
	c.Schema = Schema
	fill(reflect.ValueOf(c).Elem())
	slices.SortStableFunc(c.Inputs, func(a, b Input) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortStableFunc(c.Coverage, func(a, b Coverage) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Question, b.Question), cmp.Compare(a.From, b.From),
			cmp.Compare(a.To, b.To), cmp.Compare(a.State, b.State))
	})
	slices.SortStableFunc(c.Accounts, func(a, b Account) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name)) })
	slices.SortStableFunc(c.Addresses, func(a, b Address) int { return a.IP.Compare(b.IP) })
	slices.SortStableFunc(c.Hosts, func(a, b Host) int { return cmp.Or(cmp.Compare(a.Name, b.Name), a.IP.Compare(b.IP)) })
	slices.SortStableFunc(c.Findings, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID)) })
	slices.SortStableFunc(c.Stories, storyOrder)
	slices.SortStableFunc(c.Stages, func(a, b Stage) int { return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.From, b.From)) })
	slices.SortStableFunc(c.Path, func(a, b Step) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Technique, b.Technique))
	})
	slices.SortStableFunc(c.Exposure, func(a, b Exposure) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Object, b.Object),
			cmp.Compare(a.First, b.First), cmp.Compare(a.Level, b.Level))
	})
	slices.SortStableFunc(c.Questions, func(a, b Question) int { return cmp.Or(cmp.Compare(b.Gain, a.Gain), cmp.Compare(a.ID, b.ID)) })
	slices.SortStableFunc(c.Containment, func(a, b Containment) int { return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID)) })
	slices.SortStableFunc(c.Decisions, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.By, b.By), cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why))
	})
	c.sortWithin()
}

// sortWithin sorts the lists inside the elements that have no order of their own.
func (c *Case) sortWithin() {
	for i := range c.Reasons {
		c.Reasons[i].Findings = set(c.Reasons[i].Findings)
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		a.Aliases, a.Findings, a.Addresses = set(a.Aliases), set(a.Findings), addresses(a.Addresses)
		slices.SortStableFunc(a.Sessions, func(x, y Session) int {
			return cmp.Or(cmp.Compare(x.From, y.From), x.Address.Compare(y.Address), cmp.Compare(x.Service, y.Service), cmp.Compare(x.To, y.To))
		})
	}
	for i := range c.Addresses {
		a := &c.Addresses[i]
		a.Findings = set(a.Findings)
		slices.SortStableFunc(a.Intervals, func(x, y Span) int { return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To)) })
	}
	for i := range c.Hosts {
		c.Hosts[i].Findings = set(c.Hosts[i].Findings)
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		f.Attack = set(f.Attack)
		f.Subjects = Subjects{set(f.Subjects.Accounts), addresses(f.Subjects.Addresses), set(f.Subjects.Hosts)}
	}
	for i := range c.Stories {
		s := &c.Stories[i]
		s.Findings, s.Accounts, s.Hosts, s.Addresses, s.Joined = set(s.Findings), set(s.Accounts), set(s.Hosts), addresses(s.Addresses), set(s.Joined)
	}
	for i := range c.Stages {
		c.Stages[i].Findings = set(c.Stages[i].Findings)
	}
	for i := range c.Path {
		c.Path[i].Findings = set(c.Path[i].Findings)
	}
	for i := range c.Containment {
		c.Containment[i].Findings = set(c.Containment[i].Findings)
	}
	c.Operator.Clients = set(c.Operator.Clients)
	slices.SortStableFunc(c.Operator.Weekdays, func(a, b string) int { return cmp.Or(cmp.Compare(weekday(a), weekday(b)), cmp.Compare(a, b)) })
}

func storyOrder(a, b Story) int {
	return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
}

// Weekdays are the words of operator.weekdays, in their order.
const weekdays = "MonTueWedThuFriSatSun"

func weekday(s string) int {
	if i := strings.Index(weekdays, s); i >= 0 && len(s) == 3 {
		return i
	}
	return len(weekdays)
}

// set sorts s and takes doubles out, in place.
func set(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// addresses sorts s and takes doubles out, in place.
func addresses(s []netip.Addr) []netip.Addr {
	slices.SortFunc(s, netip.Addr.Compare)
	return slices.Compact(s)
}

// fill makes nil slices empty where the contract has an array, and rounds floats, all the way down.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Float64:
		v.SetFloat(Round(v.Float()))
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k == reflect.Struct && v.Type().Elem() != reflect.TypeFor[netip.Addr]() && v.Type().Elem() != reflect.TypeFor[event.Figure]() {
			for i := range v.Len() {
				fill(v.Index(i))
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[netip.Addr]() {
			return
		}
		for i := range v.NumField() {
			f := v.Field(i)
			if f.Kind() == reflect.Slice && f.IsNil() && !strings.Contains(v.Type().Field(i).Tag.Get("json"), ",") {
				f.Set(reflect.MakeSlice(f.Type(), 0, 0))
			}
			fill(f)
		}
	}
}
