// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// A Resolver answers for the records of one realm. It is owned by one goroutine; any number of them share an Accounts.
type Resolver struct {
	accounts *Accounts
	realm    *realm
	cache    map[string]answer // by the record's own spelling
}

// answer is an entry in the form that is fastest to read: nearly every name means one account.
type answer struct {
	account Handle
	turns   *entry // nil: account at all times
}

const maxCached = 1 << 17

// Resolver returns a new resolver for records of that realm, empty where the profile names none.
func (a *Accounts) Resolver(realm string) *Resolver {
	return &Resolver{accounts: a, realm: a.realmOf(realm), cache: map[string]answer{}}
}

// Resolve returns the account that a record of that time means by the name, None for an empty name. At time 0, which is
// not known, a name that meant several accounts one after another means the latest.
func (r *Resolver) Resolve(name string, at event.Micros) Handle {
	if e, ok := r.cache[name]; ok {
		if e.turns == nil {
			return e.account
		}
		return e.turns.at(at)
	}
	return r.resolve(name, at, false)
}

// Vouch is Resolve for a name that must be somebody's, because a login with it succeeded: it gets an account of its own
// also where guessed names have filled the cap, so that nobody can hide by flooding.
func (r *Resolver) Vouch(name string, at event.Micros) Handle {
	if _, ok := r.cache[name]; ok {
		return r.Resolve(name, at)
	}
	return r.resolve(name, at, true)
}

func (r *Resolver) resolve(name string, at event.Micros, vouched bool) Handle {
	if name == "" {
		return None
	}
	e := r.accounts.find(r.realm, name, vouched)
	if e.turns == nil && e.account == Others {
		return Others // not kept: it may be vouched for later
	}
	if len(name) <= maxName {
		if len(r.cache) >= maxCached {
			clear(r.cache)
		}
		kept := answer{account: e.account}
		if e.turns != nil {
			kept.turns = &e
		}
		r.cache[strings.Clone(name)] = kept
	}
	return e.at(at)
}

// Resolve is Resolver(realm).Resolve(name, at) without its speed.
func (a *Accounts) Resolve(realm, name string, at event.Micros) Handle {
	if name == "" {
		return None
	}
	e := a.find(a.realmOf(realm), name, false)
	return e.at(at)
}

// Alias is one row of the table by which a store joins names to accounts: in the realm, the name as recorded means the
// account from From (0: ever) until To (0: for ever).
type Alias struct {
	Realm, Name string
	From, To    event.Micros
	Account     Handle
}

// Aliases returns what a name as recorded means in a realm over time, as Resolve would answer: one row for nearly every
// name, several where a name changed hands, none for an empty name. Ask it for the distinct names of a store.
func (a *Accounts) Aliases(realm, name string) []Alias {
	if name == "" {
		return nil
	}
	e := a.find(a.realmOf(realm), name, false)
	if e.turns == nil {
		if e.account == None {
			return nil
		}
		return []Alias{{Realm: realm, Name: name, Account: e.account}}
	}
	out := make([]Alias, len(e.turns))
	for i, t := range e.turns {
		out[i] = Alias{Realm: realm, Name: name, From: t.from, Account: t.account}
		if i == 0 {
			out[i].From = 0
		} else {
			out[i-1].To = t.from
		}
	}
	return out
}

func (a *Accounts) realmOf(name string) *realm {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r := a.asked[name]; r != nil {
		return r
	}
	if len(a.asked) >= maxRealms {
		name = ""
		if r := a.asked[name]; r != nil {
			return r
		}
	}
	r := &realm{name: name, unknown: map[string]Handle{}, own: a.realms[name]}
	if r.own == nil {
		r.own = a.realms[""]
	}
	if r.own == nil && name == "" {
		r.own = a.every // no realm said, and no directory for all: any directory that knows the name alone
	}
	a.asked[name] = r
	return r
}

// find returns what a name means in a realm, and makes an account of it where no directory knows it.
func (a *Accounts) find(r *realm, name string, vouched bool) entry {
	s := spell(name)
	if s.key == "" {
		return entry{}
	}
	e, known, guessed := a.look(r, &s)
	switch {
	case known:
		a.note(e, s.key, guessed)
		return e
	case s.domain != "" && !s.system:
		// Without a directory's word, taro@lab.example and LAB\taro are taken to be the login ID taro.
		if i := slices.Index(a.spoken, s.domain); i >= 0 {
			bit := 2 * i
			if s.form == formNetBIOS {
				bit++
			}
			return entry{account: a.strangerOf(r, s.local, vouched, uint32(uint64(1)<<bit))} // beyond 16 domains not noted
		}
	}
	return entry{account: a.strangerOf(r, s.key, vouched, 0)}
}

// look asks the directories. Guessed says that a directory knows the name, but only by a conclusion.
func (a *Accounts) look(r *realm, s *spelling) (e entry, known, guessed bool) {
	switch {
	case r.own == nil && a.every == nil:
		return entry{}, false, false
	case s.system:
		if r.own != nil {
			e, known = r.own.logins[s.key]
		}
		return e, known, false
	}
	switch s.form {
	case formSID:
		e, known = a.global(r, s.key, func(x *index) map[string]entry { return x.sids })
		return e, known, false
	case formMail:
		if e, known = a.global(r, s.key, func(x *index) map[string]entry { return x.mails }); known {
			return e, true, false
		}
		if e, known, guessed = a.qualified(r, s); known || r.own == nil || !a.declared(s.domain) {
			return e, known, guessed
		}
		e, known = r.own.locals[s.local] // the same person at the institute's other domain
		return e, known, known
	case formNetBIOS:
		return a.qualified(r, s)
	}
	if r.own == nil {
		return entry{}, false, false
	}
	if e, known = r.own.logins[s.local]; known || s.form == formLogin {
		return e, known, false
	}
	e, known = r.own.people[s.local] // cn=Taro Sato: Active Directory's DNs hold the person's name
	return e, known, known
}

// qualified looks for the login ID within DOMAIN\login or login@domain.
func (a *Accounts) qualified(r *realm, s *spelling) (e entry, known, guessed bool) {
	if r.own == nil {
		return entry{}, false, false
	}
	if e, known = r.own.logins[s.local]; !known {
		return entry{}, false, false
	}
	if a.declared(s.domain) {
		return e, true, false
	}
	// A domain that the profile does not name. It may be the institute's NetBIOS name, which the directory does not hold,
	// or a subdomain; but not a host, and not somebody else's mail domain.
	host, _, _ := strings.Cut(s.domain, ".")
	switch {
	case a.hosts[host] || builtIn(s.local) || s.domain == "." || s.domain == "workgroup":
		return entry{}, false, false
	case strings.Contains(s.domain, ".") && !slices.ContainsFunc(a.domains, func(d string) bool { return strings.HasSuffix(s.domain, "."+d) }):
		return entry{}, false, false
	case s.form == formMail && !strings.Contains(s.domain, "."):
		return entry{}, false, false
	}
	return e, true, true
}

// global looks in the realm's own directory first, then in all: mail addresses and SIDs are unique in the world.
func (a *Accounts) global(r *realm, name string, part func(*index) map[string]entry) (entry, bool) {
	if r.own != nil {
		if e, ok := part(r.own)[name]; ok {
			return e, true
		}
	}
	if a.every == nil {
		return entry{}, false
	}
	e, ok := part(a.every)[name]
	return e, ok
}

// declared reports whether a domain, folded, is one of the profile's.
func (a *Accounts) declared(domain string) bool { return slices.Contains(a.spoken, domain) }

// strangerOf returns the account of a name that no directory knows, and notes how it was spelled.
func (a *Accounts) strangerOf(r *realm, key string, vouched bool, spelled uint32) Handle {
	a.mu.Lock()
	defer a.mu.Unlock()
	if h, ok := r.unknown[key]; ok {
		a.unknown[int(h-firstKnown)-len(a.known)].spelled |= spelled
		return h
	}
	if len(a.unknown)-a.vouched >= a.cap {
		if !vouched || a.vouched >= a.cap {
			a.turned++
			return Others
		}
		a.vouched++
	}
	h := firstKnown + Handle(len(a.known)+len(a.unknown))
	key = r.names.keep(key)
	a.unknown = append(a.unknown, stranger{key, r, spelled, spell(key).system})
	r.unknown[key] = h
	return h
}

// spelled reports whether the directory itself holds the spelling for the account.
func (a *Accounts) spelled(h Handle, key string) bool {
	i := int(h) - int(firstKnown)
	if i < 0 || i >= len(a.known) {
		return false
	}
	return slices.ContainsFunc(a.known[i].Aliases, func(s string) bool { return fold(s) == key })
}

// note keeps a spelling that led to an account of a directory, the first in the order of the alphabet if there are many, so that what is
// kept does not depend on the order of calls.
func (a *Accounts) note(e entry, key string, guessed bool) {
	accounts := []Handle{e.account}
	if e.turns != nil {
		accounts = accounts[:0]
		for _, t := range e.turns {
			accounts = append(accounts, t.account)
		}
	}
	for _, h := range accounts {
		if h < firstKnown || !guessed && a.spelled(h, key) {
			continue
		}
		a.keep(h, joined{key, guessed})
	}
}

func (a *Accounts) keep(h Handle, j joined) {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.joined[h]
	i, found := slices.BinarySearchFunc(list, j.name, func(k joined, name string) int { return strings.Compare(k.name, name) })
	if found || i >= maxSpellings {
		return
	}
	j.name = strings.Clone(j.name)
	list = slices.Insert(list, i, j)
	a.joined[h] = list[:min(len(list), maxSpellings)]
}
