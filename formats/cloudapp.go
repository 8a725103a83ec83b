// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// cloudApp says where the audit records of one cloud service have what an event needs, for services whose records are one flat
// story: somebody did something to something, from somewhere, and it went well or not. What needs more than that has a parser
// of its own. Paths are those of jsonFields; "·" stands for a point within a name.
type cloudApp struct {
	service string
	paths   [capFields]string
	through []string    // members that hold the record
	actions []actionRow // by action, in small letters; the first that fits
	good    []string    // words of the outcome, or of the action where there is none, that say success, in small letters
	reasons []capReason // by a word in the outcome or in the reason, in small letters
	failed  []capReason // actions, in small letters, that are failures by themselves
}

type capReason struct {
	word   string
	reason event.Reason
}

// What the records are asked for. The first six become fields of the event; the others stay in the remainder as they are.
const (
	capTime = iota
	capAction
	capAccount
	capIP
	capAgent
	capObject
	capTarget
	capResult
	capReasonText
	capID
	capSession
	capCountry
	capMore // text for people
	capOrg
	capKind
	capFields
)

var capRest = [...]restField{{"result", capResult}, {"result_detail", capReasonText}, {"detail", capMore}, {"organisation", capOrg}, {"kind", capKind}}

type cloudAppParser struct {
	jsonFields
	app   *cloudApp
	sniff func(rec []byte) float64
	word  []byte
}

func newCloudApp(env *Env, app *cloudApp, sniff func(rec []byte) float64) Parser {
	p := &cloudAppParser{jsonFields: newJSONFields(env, app.paths[:]...), app: app, sniff: sniff}
	p.through = app.through
	return p
}

func (p *cloudAppParser) Flush(*event.Batch) {}

func (p *cloudAppParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil || !p.read(b) {
		if p.sniff(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	if !p.has(capAction) || p.sniff(rec.Data) == 0 {
		return ErrOtherFormat
	}
	when, ok := p.time(capTime)
	if !ok {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Ref, ev.Service = when, p.env.Ref(rec), p.app.service
	p.source(ev, capIP)
	ev.Account, ev.Client, ev.Object, ev.Target = p.str(capAccount), p.str(capAgent), p.str(capObject), p.str(capTarget)
	if c := p.str(capCountry); len(c) == 2 {
		ev.Country = c
	}
	action := p.str(capAction)
	ev.Class, ev.Activity, _ = actionOf(p.app.actions, p.env.Intern.Bytes(p.small(p.bytes(capAction))))
	p.ending(ev)
	if ev.Account == "" && ev.Class == event.ClassAuthentication { // who logs in is whom it is about
		ev.Account = ev.Target
	}
	if ev.Target == ev.Account {
		ev.Target = ""
	}
	var r remainder
	id := p.own(capID)
	ev.Unique = id != ""
	r.text("id", id)
	r.text("action", action)
	r.text("session_id", p.own(capSession))
	r.fields(&p.jsonFields, ev, capRest[:])
	ev.Rest = r.rest(out)
	return nil
}

// small returns b in small letters.
func (p *cloudAppParser) small(b []byte) []byte {
	p.word = append(p.word[:0], b...)
	for i, c := range p.word {
		p.word[i] = lower(c)
	}
	return p.word
}

// ending reads the word that says how it ended; where there is none, the action's own name may say that it failed.
func (p *cloudAppParser) ending(ev *event.Event) {
	for _, f := range p.app.failed {
		if string(p.small(p.bytes(capAction))) == f.word {
			ev.Outcome, ev.Reason = event.OutcomeFailure, f.reason
			return
		}
	}
	word := p.small(p.bytes(capResult))
	if p.app.paths[capResult] == "" && len(p.app.good) > 0 { // the action is the outcome
		word = p.small(p.bytes(capAction))
	}
	if len(word) == 0 {
		word = p.small(p.bytes(capAction))
		if !bytes.Contains(word, []byte("fail")) && !bytes.Contains(word, []byte("denied")) {
			ev.Outcome = event.OutcomeSuccess
			return
		}
	} else {
		for _, good := range p.app.good {
			if string(word) == good {
				ev.Outcome = event.OutcomeSuccess
				return
			}
		}
		if len(p.app.good) == 0 {
			ev.Outcome = event.OutcomeSuccess
			return
		}
		if string(word) == "start" || string(word) == "started" || string(word) == "accept" || string(word) == "accepted" { // the end has a record of its own
			return
		}
	}
	ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	if ev.Class == event.ClassAuthentication {
		ev.Reason = event.ReasonBadCredentials
	}
	for _, r := range p.app.reasons {
		if bytes.Contains(word, []byte(r.word)) {
			ev.Reason = r.reason
			return
		}
	}
	word = p.small(p.bytes(capReasonText))
	for _, r := range p.app.reasons {
		if bytes.Contains(word, []byte(r.word)) {
			ev.Reason = r.reason
			return
		}
	}
}

// hasAll says whether a JSON record has all of the names, each with its quotes.
func hasAll(rec []byte, names ...string) bool {
	b := sniffJSON(rec)
	if b == nil {
		return false
	}
	b = b[:min(len(b), 32<<10)]
	for _, name := range names {
		if !bytes.Contains(b, []byte(name)) {
			return false
		}
	}
	return true
}
