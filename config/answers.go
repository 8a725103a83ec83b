// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Answer is what a person said to "was this legitimate?", or that an earlier answer is taken back. Nothing is ever
// dropped: an answer that was taken back stays, with RetractedBy set.
type Answer struct {
	File  string
	Index int // from 1, in its file
	Line  int

	Question string  // Q-…; empty where Subject says what was asked
	Subject  Subject // zero where Question says it

	Value      string // yes, no, unknown; empty for a retraction
	Respondent string // who answered, as written
	Via        string // one of Vias; empty: not said
	By         string // who wrote it down
	At         time.Time
	Why        string
	From, To   time.Time // the time that the answer is about; To is exclusive; zero: open

	Retracts    int // the index in the same file of the answer that this one takes back; 0: it is an answer
	RetractedBy int // the index in the same file of the retraction in force; 0: the answer stands
}

// Vias are the ways by which an answer may have come.
func Vias() []string { return []string{"in-person", "phone", "verified-channel", "mailbox"} }

// Stands reports whether a is an answer that was not taken back.
func (a *Answer) Stands() bool { return a.Retracts == 0 && a.RetractedBy == 0 }

// Subject is what an answer is about: one of these, or an account at an address.
type Subject struct {
	Account string
	Address netip.Addr
	Host    string
	Finding string // F-…
}

func (s Subject) empty() bool { return s == Subject{} }

const maxAnswers = 100_000 // in one file

// ReadAnswers reads files of answers, each a YAML or JSON list, in the order given. Dates without a time are days in the
// zone (nil: UTC). A retraction can itself be taken back. The error lists every mistake with file and line.
func ReadAnswers(zone *time.Location, paths ...string) ([]Answer, error) {
	var out []Answer
	for _, path := range paths {
		d := &document{file: path}
		root, err := d.open(path)
		if err != nil {
			return nil, fmt.Errorf("config: read answers %s: %w", path, err)
		}
		list := readAnswers(d, root, zone)
		if err := d.err(); err != nil {
			return nil, fmt.Errorf("config: read answers %s:\n%w", path, err)
		}
		out = append(out, list...)
	}
	return out, nil
}

func readAnswers(d *document, root *yaml.Node, zone *time.Location) []Answer {
	if root = d.enter(root, ""); root == nil {
		return nil
	}
	if root.Kind != yaml.SequenceNode || len(root.Content) > maxAnswers {
		d.wrong(root, "the file", "wants a list of at most %d answers: each a line that begins with a dash", maxAnswers)
		return nil
	}
	list := make([]Answer, 0, len(root.Content))
	for i, n := range root.Content {
		if d.stopped {
			break
		}
		list = append(list, d.answer(n, i+1, zone))
	}
	// From the last to the first, so that a retraction that was itself taken back has no effect.
	for i := len(list) - 1; i >= 0; i-- {
		if a := &list[i]; a.Retracts > 0 && a.Retracts <= i && a.RetractedBy == 0 {
			list[a.Retracts-1].RetractedBy = a.Index
		}
	}
	return list
}

func (d *document) answer(n *yaml.Node, index int, zone *time.Location) Answer {
	a := Answer{File: d.file, Index: index, Line: n.Line}
	where := "answer " + strconv.Itoa(index)
	d.each(n, where, "question, subject, answer, respondent, via, by, at, why, from, to, retracts", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "question":
			a.Question = d.text(v, where)
		case "subject":
			a.Subject = d.subject(v, where)
		case "answer":
			a.Value = d.oneOf(v, where, []string{"yes", "no", "unknown"})
		case "respondent":
			a.Respondent = d.text(v, where)
		case "via":
			a.Via = d.oneOf(v, where, Vias())
		case "by":
			a.By = d.text(v, where)
		case "at":
			a.At = d.instant(v, where)
		case "why":
			a.Why = d.text(v, where)
		case "from":
			a.From = d.moment(v, where, zone, false)
		case "to":
			a.To = d.moment(v, where, zone, true)
		case "retracts":
			a.Retracts = d.earlier(v, where, index)
		default:
			return false
		}
		return true
	})
	d.complete(n, where, &a)
	return a
}

// complete notes what an answer lacks: one that does not say who, when and about what could not be defended later.
func (d *document) complete(n *yaml.Node, where string, a *Answer) {
	if a.By == "" {
		d.wrong(n, where+".by", "is missing: write who recorded it")
	}
	if a.At.IsZero() {
		d.wrong(n, where+".at", "is missing: write when, like 2025-07-01T10:00:00+09:00")
	}
	if a.Retracts != 0 {
		if a.Value != "" || a.Question != "" || !a.Subject.empty() {
			d.wrong(n, where, "both takes an answer back and answers: write two entries")
		}
		return
	}
	if a.Value == "" {
		d.wrong(n, where+".answer", "is missing: write yes, no or unknown to \"was this legitimate?\"")
	}
	if (a.Question == "") == a.Subject.empty() {
		d.wrong(n, where, "wants either question: Q-… or subject: {account: …, address: …}")
	}
	if !a.From.IsZero() && !a.To.IsZero() && !a.From.Before(a.To) {
		d.wrong(n, where+".to", "is not after from")
	}
}

func (d *document) subject(n *yaml.Node, where string) Subject {
	var s Subject
	d.each(n, where, "account, address, host, finding", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "account":
			s.Account = d.text(v, where)
		case "address":
			if ips := d.addresses(v, where); len(ips) == 1 {
				s.Address = ips[0]
			} else if len(ips) > 1 {
				d.wrong(v, where, "wants one address: write one answer for each")
			}
		case "host":
			s.Host = d.text(v, where)
		case "finding":
			s.Finding = d.text(v, where)
		default:
			return false
		}
		return true
	})
	return s
}

func (d *document) instant(n *yaml.Node, where string) time.Time {
	s := d.text(n, where)
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		// YAML writers put a blank for the T, and people forget it.
		if t, err = time.Parse("2006-01-02 15:04:05Z07:00", strings.Replace(s, " +", "+", 1)); err != nil {
			d.wrong(n, where, "%q is no time with a zone: write it like 2025-07-01T10:00:00+09:00", cut(s, 60))
			return time.Time{}
		}
	}
	return t
}

func (d *document) earlier(n *yaml.Node, where string, index int) int {
	s := d.text(n, where)
	if s == "" {
		return 0
	}
	i, err := strconv.Atoi(s)
	if err != nil || i < 1 || i >= index {
		d.wrong(n, where, "%q is not the number of an earlier answer in this file (the first is 1)", cut(s, 20))
		return 0
	}
	return i
}
