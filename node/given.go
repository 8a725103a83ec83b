// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"net/netip"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// scopeInputs turns seeds and answers, as people write them, into what scoping takes. mailed are the answers, by their place,
// that came through a mailbox, with the account that the mailbox belongs to. What has no effect is noted for the case.
func (v *investigation) scopeInputs() (in breach.Inputs, mailed map[int]string) {
	_, judged := v.watched.last.Time().In(v.o.zone()).Zone()
	_, off := v.watched.last.Time().In(v.zone()).Zone()
	told := v.facts()
	in = breach.Inputs{Findings: v.watched.findings, Hidden: v.hidden, Shut: v.shut(), Weights: v.o.Weights, Covered: v.covered, Short: v.short, Undated: told.Undated, Unread: told.Unread, Accounts: v.know.listed,
		Offset: event.Micros(off) * 1e6, Judged: event.Micros(judged) * 1e6, Zone: v.zone().String(), Place: func(ip netip.Addr, at event.Micros) event.Place { return v.know.place(placeKey{ip: ip}, at) }}
	for _, s := range v.o.Seeds {
		if seed, ok := v.seed(s); ok {
			in.Seeds = append(in.Seeds, seed)
		}
	}
	v.askAgain(in)
	mailed = map[int]string{}
	for i := range v.o.Answers {
		a, ok := v.answer(i)
		given := &v.o.Answers[i]
		if !ok {
			if given.Stands() {
				v.note(fmt.Sprintf("回答 %d（%s）は記録したが、対象を特定できないため判断には使っていない。", given.Index, what(given)),
					fmt.Sprintf("Answer %d (%s) is kept, but what it is about could not be found: it was not weighed.", given.Index, what(given)))
			}
			continue
		}
		if a.Weightless {
			owner := a.Account
			if given.Respondent != "" {
				if id, known := v.accountID(given.Respondent, 0); known {
					owner = id
				}
			}
			mailed[len(in.Answers)] = owner
		}
		in.Answers = append(in.Answers, a)
	}
	return in, mailed
}

// maxStrange is how many answers to questions that the case never raised are looked for by scoping again.
const maxStrange = 16

// askAgain finds out what questions are about that were answered and that no earlier revision kept: by scoping without answers, and for those
// that only other answers raised, with the answers that came before. A file of another case is refused after a few questions that nothing raised.
func (v *investigation) askAgain(in breach.Inputs) {
	strange := 0
	for i := range v.o.Answers {
		q := v.o.Answers[i].Question
		if q == "" || v.asked[q] != (cases.Subject{}) {
			continue
		}
		if in.Answers == nil {
			v.noteAsked(v.watched.ledger.Scope(in))
		}
		if v.asked[q] != (cases.Subject{}) {
			continue
		}
		if strange == maxStrange {
			return
		}
		in.Answers = []breach.Answer{}
		for k := range i {
			if a, ok := v.answer(k); ok {
				in.Answers = append(in.Answers, a)
			}
		}
		if v.noteAsked(v.watched.ledger.Scope(in)); v.asked[q] == (cases.Subject{}) {
			strange++
		}
	}
}

func (v *investigation) noteAsked(r *breach.Result) {
	for i := range r.Questions {
		if q := &r.Questions[i]; v.asked[q.ID] == (cases.Subject{}) {
			v.asked[q.ID] = q.Subject
		}
	}
}

// seed finds what a seed is: an address, a host or an account that records name. Anything else has no effect and is noted.
func (v *investigation) seed(s Seed) (breach.Seed, bool) {
	seed := breach.Seed{}
	if !s.Around.IsZero() {
		seed.Around = event.Of(s.Around)
	}
	if ip, ok := addressOf(s.Value); ok {
		seed.Address = ip
		if !v.watched.ledger.Saw(ip) {
			v.note(fmt.Sprintf("既知の不正アドレス %s は、ログインの記録に一度も現れない。", ip), fmt.Sprintf("The address %s, known to be bad, is in no record of a login.", ip))
		}
		return seed, true
	}
	if host, known := v.know.know.Host(s.Value); known {
		seed.Host = host.Name
		return seed, true
	}
	if id, known := v.accountID(s.Value, seed.Around); known {
		seed.Account = id
		return seed, true
	}
	if _, named := v.know.hosts[s.Value]; named {
		seed.Host = s.Value
		return seed, true
	}
	shown := cutText(visible([]byte(s.Value)), 100)
	if hashShaped(s.Value) {
		v.note(fmt.Sprintf("ハッシュ %s は照合していない。ファイルのハッシュを含む形式の記録をまだ扱わないため、この値からは何も言えない。", shown),
			fmt.Sprintf("The hash %s was not looked for: no format that is read carries hashes of files, so nothing follows from it.", shown))
		return seed, false
	}
	v.note(fmt.Sprintf("既知の不正 %q は、アドレスでも、記録にあるアカウント・サーバでもないため、判断には使っていない。", shown),
		fmt.Sprintf("The seed %q is no address and no account or host that any record names: it had no effect.", shown))
	return seed, false
}

func (v *investigation) note(ja, en string) { v.notes = append(v.notes, event.Words{Ja: ja, En: en}) }

// accountID returns the identity of an account as people write it, and whether the directory or any record knows it.
func (v *investigation) accountID(name string, at event.Micros) (id string, known bool) {
	a := v.know.accounts
	for _, r := range append(v.know.resolvers[:len(v.know.resolvers):len(v.know.resolvers)], a.Resolver("")) {
		if h := r.Resolve(name, at); h != 0 && a.InDirectory(h) {
			return a.ID(h), true
		}
	}
	for _, r := range v.know.resolvers {
		if h := r.Resolve(name, at); int(h) < len(v.know.people) && v.know.people[h] != nil {
			return a.ID(h), true
		}
	}
	return "", false
}
