// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// person is a row with the folded texts that it is joined by.
type person struct {
	*Row
	realm, uid, sid string
	account         int // index of the account that it belongs to
}

// join puts the rows that speak of one account together, and returns the accounts by realm and age, and the rows
// with the index of their account. The order of the rows does not matter.
func join(rows []Row) ([]Account, []person) {
	people := make([]person, len(rows))
	for i := range rows {
		people[i] = person{Row: &rows[i], realm: rows[i].Realm, uid: fold(rows[i].UID), sid: fold(rows[i].SID)}
	}
	slices.SortStableFunc(people, comparePeople)
	keys := groupKeys(people)
	members := map[string][]int{}
	var order []string
	for i, k := range keys {
		if members[k] == nil {
			order = append(order, k)
		}
		members[k] = append(members[k], i)
	}
	accounts := make([]Account, 0, len(order))
	taken := map[string]bool{}
	for _, k := range order {
		at := members[k]
		a := describe(people, at)
		first := &people[at[0]]
		// The first account that held a login ID has the identity made of it; a later holder's is made of the SID too.
		words := []string{first.realm, first.uid}
		if taken[a.ID] {
			words = append(words, first.sid)
			a.ID = event.Identity("A-", words...)
		}
		taken[a.ID] = true
		for _, i := range at {
			people[i].account = len(accounts)
		}
		accounts = append(accounts, a)
	}
	return accounts, people
}

// comparePeople orders rows by time within a realm, and by everything else that can be told apart: what is chosen "first"
// or "latest" must not depend on the order of the file.
func comparePeople(a, b person) int {
	return cmp.Or(
		strings.Compare(a.realm, b.realm), cmp.Compare(a.From, b.From), cmp.Compare(end(a.To), end(b.To)),
		strings.Compare(a.uid, b.uid), strings.Compare(a.sid, b.sid), strings.Compare(a.Mail, b.Mail),
		strings.Compare(a.UID, b.UID), strings.Compare(a.Department, b.Department), strings.Compare(a.Name, b.Name),
		strings.Compare(a.UPN, b.UPN), cmp.Compare(a.Disabled, b.Disabled), cmp.Compare(a.MFA, b.MFA),
		slices.Compare(a.Groups, b.Groups), slices.Compare(a.Aliases, b.Aliases))
}

// groupKeys names the account of each row: by SID where it has one, else by the login ID, which leads to an account with
// a SID if just one has it.
func groupKeys(people []person) []string {
	sidOf := map[string]string{} // realm and uid → the one SID; empty for several
	for i := range people {
		p := &people[i]
		if p.sid == "" {
			continue
		}
		k := p.realm + "\x00" + p.uid
		if sid, ok := sidOf[k]; ok && sid != p.sid {
			sidOf[k] = ""
		} else {
			sidOf[k] = p.sid
		}
	}
	keys := make([]string, len(people))
	for i := range people {
		p := &people[i]
		sid := p.sid
		if sid == "" {
			sid = sidOf[p.realm+"\x00"+p.uid]
		}
		if sid != "" {
			keys[i] = p.realm + "\x00sid\x00" + sid
		} else {
			keys[i] = p.realm + "\x00uid\x00" + p.uid
		}
	}
	return keys
}

// describe makes an account of its rows, which are in order of time: names and places are those of the latest row.
func describe(people []person, at []int) Account {
	first, last := &people[at[0]], &people[at[0]]
	for _, i := range at {
		if end(people[i].To) >= end(last.To) {
			last = &people[i]
		}
	}
	a := Account{
		ID: event.Identity("A-", first.realm, first.uid), Realm: first.realm, UID: first.UID, Name: last.Mail,
		DisplayName: last.Name, Department: last.Department, MFA: last.MFA, Disabled: last.Disabled == Yes,
		InDirectory: true, ValidFrom: first.From, ValidTo: last.To,
	}
	for _, i := range at {
		p := &people[i]
		a.Service = a.Service || p.Service
		a.System = a.System || spell(p.UID).system
		a.Groups = append(a.Groups, p.Groups...)
		if a.Name == "" {
			a.Name = p.Mail
		}
		for _, s := range append([]string{p.UID, p.Mail, p.SID, p.UPN}, p.Aliases...) {
			if s = strings.TrimSpace(s); s != "" {
				a.Aliases = append(a.Aliases, s)
			}
		}
	}
	if a.Name == "" {
		a.Name = a.UID
	}
	a.Aliases = distinct(a.Aliases)
	a.Groups = distinct(a.Groups)
	return a
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// end returns a moment to compare by, the open end being the latest.
func end(to event.Micros) event.Micros {
	if to == 0 {
		return math.MaxInt64
	}
	return to
}

// claim says that a name meant an account during a time.
type claim struct {
	name     string // folded
	from, to event.Micros
	account  Handle
}

// entry is what a name means: one account, or several one after another.
type entry struct {
	account Handle // the only one, or the latest
	turns   []turn // nil: account at all times; else sorted by from, the first from the beginning of time
}

// turn says whom a name meant from a moment on.
type turn struct {
	from    event.Micros
	account Handle
}

// at returns the account that the name meant at that moment; at no known time, whom it means now.
func (e *entry) at(t event.Micros) Handle {
	if e.turns == nil || t == 0 {
		return e.account
	}
	i, found := slices.BinarySearchFunc(e.turns, t, func(a turn, t event.Micros) int { return cmp.Compare(a.from, t) })
	if !found {
		i--
	}
	return e.turns[max(i, 0)].account
}

// settle makes the index of names from the claims to them. While two accounts claim one name at the same time it means
// neither, but what shared says (None: the name is left out of the index). In a gap a name still means who had it last, and before all, who had it
// first: a leaver's mail client goes on knocking, and the directory's dates are often those of the export.
func settle(claims []claim, shared func(name string, accounts []Handle) Handle) map[string]entry {
	slices.SortFunc(claims, func(a, b claim) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.from, b.from), cmp.Compare(end(a.to), end(b.to)), cmp.Compare(a.account, b.account))
	})
	index := make(map[string]entry, len(claims))
	for i := 0; i < len(claims); {
		j := i + 1
		single := true
		for ; j < len(claims) && claims[j].name == claims[i].name; j++ {
			single = single && claims[j].account == claims[i].account
		}
		if single {
			index[claims[i].name] = entry{account: claims[i].account}
		} else if e := takeTurns(claims[i:j], shared); e.account != None {
			index[claims[i].name] = e
		}
		i = j
	}
	return index
}

// takeTurns settles the claims of several accounts to one name.
func takeTurns(claims []claim, shared func(string, []Handle) Handle) entry {
	type edge struct {
		at      event.Micros
		account Handle
		step    int
	}
	var edges []edge
	var all []Handle
	for _, c := range claims {
		start := c.from
		if start == 0 {
			start = math.MinInt64
		}
		edges = append(edges, edge{start, c.account, 1}, edge{end(c.to), c.account, -1})
		all = append(all, c.account)
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Compare(a.at, b.at) })
	slices.Sort(all)
	all = slices.Compact(all)

	var turns []turn
	both := None
	active := map[Handle]int{}
	for i := 0; i < len(edges); {
		now := edges[i].at
		for ; i < len(edges) && edges[i].at == now; i++ {
			e := edges[i]
			if active[e.account] += e.step; active[e.account] == 0 {
				delete(active, e.account)
			}
		}
		var holder Handle
		switch len(active) {
		case 0:
			continue // the last holder keeps it
		case 1:
			for h := range active {
				holder = h
			}
		default:
			if both == None {
				if both = shared(claims[0].name, all); both == None {
					return entry{}
				}
			}
			holder = both
		}
		if len(turns) == 0 || turns[len(turns)-1].account != holder {
			turns = append(turns, turn{now, holder})
		}
	}
	if len(turns) == 1 {
		return entry{account: turns[0].account}
	}
	turns[0].from = math.MinInt64
	return entry{account: turns[len(turns)-1].account, turns: turns}
}
