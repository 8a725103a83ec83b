// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// audit reads the sentences of the app admin_audit.
func (p *nextcloudParser) audit(m []byte) error {
	in := p.env.Intern
	switch {
	case isPrefix(m, "Login attempt: "): // what became of it is said on another line
		ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeUnknown, event.ReasonNone)
		ev.Account, ev.Count = in.Bytes(outerQuotes(m[len("Login attempt: "):])), event.Some(0)
		p.rest(ev, event.Flag("repeat", true))
	case isPrefix(m, "Login successful: "):
		ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		ev.Account = in.Bytes(outerQuotes(m[len("Login successful: "):]))
		p.rest(ev)
	case isPrefix(m, "Logout occurred"):
		p.rest(p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone))
	case isPrefix(m, "Successful two factor attempt by user "), isPrefix(m, "Failed two factor attempt by user "):
		p.secondFactor(m)
	case isPrefix(m, "File "), isPrefix(m, "Folder "):
		return p.file(m)
	case isPrefix(m, "Preview accessed: "):
		p.about(event.ClassFile, event.ActRead, outerQuotes(m[len("Preview accessed: "):]), m)
	case isPrefix(m, "The "), isPrefix(m, "Shared "):
		p.share(m)
	default:
		return p.account(m)
	}
	return nil
}

// outerQuotes returns what stands between the first and the last quote of b, or b where there are none.
func outerQuotes(b []byte) []byte {
	i, j := bytes.IndexByte(b, '"'), bytes.LastIndexByte(b, '"')
	if i < 0 || j <= i {
		return b
	}
	return b[i+1 : j]
}

// secondFactor reads "Failed two factor attempt by user Taro Imo (imo) with provider TOTP": the login stands in the last brackets
// before the provider, which the server names.
func (p *nextcloudParser) secondFactor(m []byte) {
	outcome, reason := event.OutcomeSuccess, event.ReasonNone
	if m[0] == 'F' {
		outcome, reason = event.OutcomeFailure, event.ReasonSecondFactorFailed
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, outcome, reason)
	provider := []byte(nil)
	if i := lastIndex(m, " with provider "); i >= 0 {
		m, provider = m[:i], m[i+len(" with provider "):]
	}
	if i := lastIndex(m, " ("); i >= 0 && m[len(m)-1] == ')' {
		ev.Account = p.env.Intern.Bytes(m[i+2 : len(m)-1])
	}
	p.rest(ev, event.Text("second_factor", p.env.Intern.Bytes(provider)))
}

// about adds an event about a file, an account or a group.
func (p *nextcloudParser) about(c event.Class, a event.Activity, object, m []byte, more ...event.Field) {
	ev := p.add(c, a, event.OutcomeSuccess, event.ReasonNone)
	if c == event.ClassAccountChange {
		ev.Target = p.env.Intern.Bytes(object)
	} else {
		ev.Object = p.env.Intern.Bytes(object)
	}
	p.rest(ev, append(more, event.Text("detail", clip(p.env.Intern.Bytes(m), 300)))...)
}

// file reads `File with id "7" written to: "/a"`, `File accessed: "/a"`, `File with id "7" renamed from "/a" to "/b"`,
// `File "/a" from trash bin has been restored.`
func (p *nextcloudParser) file(m []byte) error {
	_, rest := nextWord(m)
	id := []byte(nil)
	if r, ok := cutPrefix(rest, `with id "`); ok {
		if id, r, ok = bytes.Cut(r, []byte(`" `)); ok && len(id) <= 20 {
			rest = r
		}
	}
	name := event.Text("file_id", p.env.Intern.Bytes(id))
	for _, w := range [...]struct {
		word string
		act  event.Activity
	}{{"accessed: ", event.ActRead}, {"written to: ", event.ActWrite}, {"updated: ", event.ActWrite}, {"created: ", event.ActCreate}, {"deleted: ", event.ActDelete},
		{"accessed ", event.ActRead}, {"created ", event.ActCreate}, {"deleted ", event.ActDelete}} {
		if r, ok := cutPrefix(rest, w.word); ok {
			p.about(event.ClassFile, w.act, outerQuotes(r), nil, name)
			return nil
		}
	}
	for _, w := range [...]struct {
		word string
		act  event.Activity
	}{{"renamed from ", event.ActRename}, {"renamed: ", event.ActRename}, {"copied from ", event.ActCopy}, {"copied: ", event.ActCopy}, {"id copied from: ", event.ActCopy}} {
		r, ok := cutPrefix(rest, w.word)
		if !ok {
			continue
		}
		both := outerQuotes(r)
		i := lastIndex(both, `" to "`)
		if i < 0 {
			return ErrBroken
		}
		p.about(event.ClassFile, w.act, both[:i], nil, name, event.Text("new_name", p.env.Intern.Bytes(both[i+len(`" to "`):])))
		return nil
	}
	switch {
	case has(rest, "trash bin") && has(rest, "restored"):
		p.about(event.ClassFile, event.ActCreate, outerQuotes(rest), m)
	case has(rest, "trash bin"):
		p.about(event.ClassFile, event.ActDelete, outerQuotes(rest), m)
	default:
		return ErrUnknownKind
	}
	return nil
}

// share reads `The file "a.txt" with ID "7" has been shared via link with permissions "17" (Share ID: 5)` and its relatives. The
// words of the server are looked for from the end: a file's name may say anything.
func (p *nextcloudParser) share(m []byte) {
	act, split := event.ActChange, -1
	for _, w := range [...]struct {
		words string
		act   event.Activity
	}{{" has been shared ", event.ActShare}, {" has been unshared ", event.ActRelease}, {" has been accessed", event.ActRead}, {" have been changed ", event.ActChange}, {" has been changed", event.ActChange},
		{" has been removed", event.ActChange}} {
		if i := lastIndex(m, w.words); i > split {
			act, split = w.act, i
		}
	}
	if split < 0 {
		return // a version, a tag
	}
	object := m[:split]
	if i := lastIndex(object, `" with ID "`); i >= 0 {
		object = object[:i+1]
	}
	tail := m[split:]
	var with []byte
	for _, w := range [...]string{" the user ", " the group ", " the email recipient ", " the remote user ", " the remote group ", " the room ", " the circle ", " the team "} {
		if i := index(tail, w); i >= 0 {
			with, _ = firstQuoted(tail[i:])
			break
		}
	}
	ev := p.add(event.ClassFile, act, event.OutcomeSuccess, event.ReasonNone)
	ev.Object, ev.Target = p.env.Intern.Bytes(outerQuotes(object)), p.env.Intern.Bytes(with)
	p.rest(ev, event.Text("detail", clip(p.env.Intern.Bytes(m), 300)), event.Flag("public", act == event.ActShare && isPrefix(tail, " has been shared via link")))
}

// account reads changes of accounts, groups and apps.
func (p *nextcloudParser) account(m []byte) error {
	for _, w := range [...]struct {
		word  string
		class event.Class
		act   event.Activity
	}{{"User created: ", event.ClassAccountChange, event.ActCreate}, {"User deleted: ", event.ClassAccountChange, event.ActDelete}, {"User enabled: ", event.ClassAccountChange, event.ActEnable},
		{"User disabled: ", event.ClassAccountChange, event.ActDisable}, {"Password of user ", event.ClassAccountChange, event.ActReset}, {"Group created: ", event.ClassEntityChange, event.ActCreate},
		{"Group deleted: ", event.ClassEntityChange, event.ActDelete}, {"Console command executed: ", event.ClassProcess, event.ActStart}} {
		if r, ok := cutPrefix(m, w.word); ok {
			p.about(w.class, w.act, outerQuotes(r), m)
			return nil
		}
	}
	if r, ok := cutPrefix(m, "User "); ok { // "x" added to group "y"
		act, i := event.ActAssign, lastIndex(r, `" added to group "`)
		if i < 0 {
			act, i = event.ActRelease, lastIndex(r, `" removed from group "`)
		}
		if i > 0 && r[0] == '"' {
			p.about(event.ClassAccountChange, act, r[1:i], m, event.Text("group", p.env.Intern.Bytes(outerQuotes(r[i+1:]))))
			return nil
		}
	}
	if r, ok := cutPrefix(m, "App "); ok {
		act := event.ActEnable
		if has(r, "disabled") {
			act = event.ActDisable
		}
		p.about(event.ClassEntityChange, act, outerQuotes(r), m)
		return nil
	}
	if r, ok := cutPrefix(m, "EMail address changed for user "); ok {
		p.about(event.ClassAccountChange, event.ActChange, r, m)
	}
	return nil // tags, versions and what other apps audit
}
