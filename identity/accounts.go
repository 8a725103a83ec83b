// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/sekisho/sekisho/event"
)

// Options say what is known of an institute's accounts. The zero value knows nothing: then every name is an account.
type Options struct {
	Rows    []Row    // of all directories; those of realm "" speak for every realm that has no directory of its own
	Domains []string // the institute's own mail and login domains; one without a dot is a NetBIOS name
	Hosts   []string // names of hosts: MON1\taro is an account of that host, not the directory's taro
	Groups  []Group
	Cap     int // names unknown to the directory that are told apart; default 1,000,000 (120 MB if all are used)
}

// Group is a set of accounts of the profile: those in one of the departments, in one of the directory's groups, or named.
type Group struct {
	Name                          string
	Departments, Groups, Accounts []string
}

const (
	defaultCap   = 1_000_000
	maxSpellings = 16   // names kept of one account beyond those of the directory
	maxRealms    = 4096 // realms come from the profile, which people write
)

// Accounts are all accounts, those of the directory and those that records name. It is safe for concurrent use; the fast
// way to ask it is a Resolver.
//
// Below the cap the answers depend on the set of names alone, not on the order in which they are asked for. Which names
// stand below the cap depends on the order: ask in the canonical order of events.
type Accounts struct {
	domains  []string // folded
	spoken   []string // the domains as names may hold them: those and their NetBIOS names
	hosts    map[string]bool
	known    []Account // Handle = index + firstKnown
	realms   map[string]*index
	every    *index // of all realms together
	problems []Problem
	cap      int

	mu      sync.RWMutex
	unknown []stranger // Handle = index + firstKnown + len(known)
	asked   map[string]*realm
	vouched int
	turned  uint64              // calls that ended at Others
	joined  map[Handle][]joined // spellings of known accounts beyond the directory's
}

const firstKnown = Others + 1

// index is what the names of one directory mean.
type index struct {
	logins, mails, sids map[string]entry
	people, locals      map[string]entry // display names, and mail addresses without their own domain: good for a guess
}

// stranger is an account that no directory knows.
type stranger struct {
	name    string // its folded name
	realm   *realm
	spelled uint32 // bits of the spellings met: twice the place in spoken, plus one for DOMAIN\name
	system  bool
}

// realm is a realm that was asked for.
type realm struct {
	name    string
	own     *index // its own directory, else the one for all; nil for none
	unknown map[string]Handle
	names   arena
}

// joined is a spelling that led to an account without standing in the directory.
type joined struct {
	name    string
	guessed bool
}

// New joins the rows of all directories into accounts.
func New(o Options) *Accounts {
	a := &Accounts{cap: o.Cap, hosts: map[string]bool{}, realms: map[string]*index{}, asked: map[string]*realm{}, joined: map[Handle][]joined{}}
	if a.cap <= 0 {
		a.cap = defaultCap
	}
	for _, d := range o.Domains {
		if d = fold(d); d != "" {
			a.domains = append(a.domains, d)
		}
	}
	if len(a.domains) == 0 {
		a.domains = usualDomain(o.Rows)
	}
	a.spoken = spoken(a.domains)
	for _, h := range o.Hosts {
		h, _, _ = strings.Cut(fold(h), ".")
		a.hosts[h] = true
	}
	var people []person
	a.known, people = join(slices.Clone(o.Rows))
	a.addGroups(o.Groups)
	a.indexAll(people)
	return a
}

// spoken returns the domains and the NetBIOS names that DNS domains usually have, the first label cut to 15 letters.
func spoken(domains []string) []string {
	out := slices.Clone(domains)
	for _, d := range domains {
		if label, _, dotted := strings.Cut(d, "."); dotted {
			out = append(out, label)
			if len(label) > 15 {
				out = append(out, label[:15])
			}
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(s string) bool {
		again := seen[s]
		seen[s] = true
		return again
	})
}

// usualDomain returns the mail domain that most rows have, for a profile that names none.
func usualDomain(rows []Row) []string {
	counts, total := map[string]int{}, 0
	for i := range rows {
		if s := spell(rows[i].Mail); s.form == formMail {
			counts[s.domain]++
			total++
		}
	}
	for domain, n := range counts {
		if 2*n > total { // there can be only one
			return []string{domain}
		}
	}
	return nil
}

// indexAll makes the indexes of names, of each realm and of all together.
func (a *Accounts) indexAll(people []person) {
	for i := 0; i < len(people); { // sorted by realm
		j := i
		for j < len(people) && people[j].realm == people[i].realm {
			j++
		}
		a.realms[people[i].realm] = a.indexOf(people[i].realm, people[i:j], true)
		i = j
	}
	if len(a.realms) == 1 {
		for _, only := range a.realms {
			a.every = only
		}
	} else if len(people) > 0 {
		a.every = a.indexOf("", people, false)
	}
}

func (a *Accounts) indexOf(realm string, people []person, report bool) *index {
	var logins, mails, sids, names, locals []claim
	add := func(list *[]claim, p *person, name string) {
		if name = fold(name); name != "" {
			*list = append(*list, claim{name, p.From, p.To, firstKnown + Handle(p.account)})
		}
	}
	for i := range people {
		p := &people[i]
		add(&logins, p, p.UID)
		add(&sids, p, p.SID)
		add(&names, p, p.Name)
		for _, m := range append([]string{p.Mail, p.UPN}, p.Aliases...) {
			add(&mails, p, m)
			if s := spell(m); s.form == formMail && a.declared(s.domain) {
				add(&locals, p, s.local)
			}
		}
		if strings.Contains(p.UID, "@") {
			add(&mails, p, p.UID)
		}
	}
	nobody := func(string, []Handle) Handle { return None }
	// A name that two accounts have at once is an account of its own: nobody is to be accused for another. It is one, though it be login ID and
	// mail address.
	common := map[string]Handle{}
	shared := func(name string, holders []Handle) Handle {
		if h, ok := common[name]; ok || !report {
			return h
		}
		words := make([]string, len(holders))
		for i, h := range holders {
			words[i] = a.known[h-firstKnown].Name
		}
		a.problems = append(a.problems, Problem{"directory", 0, fmt.Sprintf("%q means %s at the same time: records that name it stand under %q itself", name, strings.Join(words, " and "), name)})
		a.known = append(a.known, Account{ID: event.Identity("A-", realm, name, "shared"), Realm: realm, UID: name, Name: name, Aliases: []string{name}})
		common[name] = firstKnown + Handle(len(a.known)-1)
		return common[name]
	}
	return &index{logins: settle(logins, shared), mails: settle(mails, shared), sids: settle(sids, shared), people: settle(names, nobody), locals: settle(locals, nobody)}
}

func (a *Accounts) addGroups(groups []Group) {
	for _, g := range groups {
		departments, named, inside := set(g.Departments), set(g.Accounts), set(g.Groups)
		for i := range a.known {
			k := &a.known[i]
			in := departments[fold(k.Department)] || slices.ContainsFunc(k.Aliases, func(s string) bool { return named[fold(s)] }) ||
				slices.ContainsFunc(k.Groups, func(s string) bool { return inside[fold(s)] })
			if in {
				k.Groups = distinct(append(k.Groups, g.Name))
			}
		}
	}
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		if s = fold(s); s != "" {
			m[s] = true
		}
	}
	return m
}

// Problems returns what the rows of the directories say differently of one name, in a fixed order.
func (a *Accounts) Problems() []Problem { return slices.Clone(a.problems) }

// Len returns the number of handles given: every handle is smaller.
func (a *Accounts) Len() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return int(firstKnown) + len(a.known) + len(a.unknown)
}

// Known returns the number of accounts that the directories know.
func (a *Accounts) Known() int {
	n := 0
	for i := range a.known {
		if a.known[i].InDirectory {
			n++
		}
	}
	return n
}

// Overflow returns how often a name beyond the cap was asked for, and so counted among Others. It is to be reported.
func (a *Accounts) Overflow() uint64 {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.turned
}

// InDirectory reports whether a directory knows the account.
func (a *Accounts) InDirectory(h Handle) bool {
	return h >= firstKnown && int(h-firstKnown) < len(a.known) && a.known[h-firstKnown].InDirectory
}

// ID returns the account's identity, empty for None. It hashes for accounts that no directory knows; keep it.
func (a *Accounts) ID(h Handle) string {
	switch {
	case h == None:
		return ""
	case h == Others:
		return event.Identity("A-", "", "(others)", "beyond the cap")
	case int(h-firstKnown) < len(a.known):
		return a.known[h-firstKnown].ID
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	s := a.unknown[int(h-firstKnown)-len(a.known)]
	return event.Identity("A-", s.realm.name, s.name)
}

// Account returns all that is known of the account so far, the zero Account for None. h must come from a.
func (a *Accounts) Account(h Handle) Account {
	if h == None {
		return Account{}
	}
	acc := Account{ID: a.ID(h), UID: "(others)", Name: "(others)"}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if i := int(h - firstKnown); h >= firstKnown && i < len(a.known) {
		acc = a.known[i]
		acc.Groups = slices.Clone(acc.Groups)
	} else if h >= firstKnown {
		s := a.unknown[i-len(a.known)]
		acc.Realm, acc.UID, acc.Name, acc.System, acc.Aliases = s.realm.name, s.name, s.name, s.system, []string{s.name}
		acc.Guessed = a.spellings(&s)
	}
	acc.Aliases = append(slices.Clone(acc.Aliases), acc.Guessed...)
	for _, j := range a.joined[h] {
		acc.Aliases = append(acc.Aliases, j.name)
		if j.guessed {
			acc.Guessed = append(acc.Guessed, j.name)
		}
	}
	acc.Aliases = distinct(acc.Aliases)
	return acc
}

// spellings returns the names with a domain that were taken to be the stranger's, sorted.
func (a *Accounts) spellings(s *stranger) []string {
	var out []string
	for set := s.spelled; set != 0; set &= set - 1 {
		i := bits.TrailingZeros32(set)
		if i%2 == 0 {
			out = append(out, s.name+"@"+a.spoken[i/2])
		} else {
			out = append(out, a.spoken[i/2]+`\`+s.name)
		}
	}
	slices.Sort(out)
	return out
}

// arena keeps many short texts in few pieces of memory, so that millions of guessed IDs do not burden the collector.
type arena struct{ piece []byte }

func (m *arena) keep(s string) string {
	if s == "" {
		return ""
	}
	if cap(m.piece)-len(m.piece) < len(s) {
		m.piece = make([]byte, 0, max(64<<10, len(s)))
	}
	start := len(m.piece)
	m.piece = append(m.piece, s...)
	return unsafe.String(&m.piece[start], len(s)) // what stands in a piece is never written again
}
