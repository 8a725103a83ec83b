// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"slices"
)

// Leak says how much of one class of information was taken, or may have been seen. It is what an institute finds when it looks
// through what the accounts held; no log says it. Counts are documents, or persons for lists of persons.
type Leak struct {
	Class          string     `json:"class"`
	MailLeaked     int64      `json:"mail_leaked"` // mails, attachments, personal and shared folders
	MailSeen       int64      `json:"mail_may_be_seen"`
	InternalLeaked int64      `json:"internal_leaked"` // file servers and other servers inside
	InternalSeen   int64      `json:"internal_may_be_seen"`
	Total          int64      `json:"total"`
	Most           []LeakFrom `json:"most"` // the accounts that most of it came from, up to three
}

// LeakFrom is an account's part of a class.
type LeakFrom struct {
	Account string `json:"account"` // mail address; empty: of no account
	Count   int64  `json:"count"`
}

// The classes of the AIST report's table.
const (
	leakContracts  = "joint research contracts"
	leakJoint      = "unpublished research with others"
	leakResearch   = "unpublished research"
	leakRecruiting = "personal: applications and CVs"
	leakEvents     = "personal: lists of participants"
	leakContacts   = "personal: contact lists"
	leakMailboxes  = "personal: mail accounts"
)

// holding is so much of a class that lies in an account's mail, or in its folders inside.
type holding struct {
	class  string
	inside bool
	most   lot // what becomes of it at worst: a list on a server that keeps no log of reading is never known to be copied
	n      int64
	now    lot
}

// lot is what became of information: its lot.
type lot uint8

const (
	untouched lot = iota
	maybeSeen
	leaked
)

// holds puts n of a class into a member's mail.
func (g *ledger) holds(who int32, class string, n int) {
	g.holdings[who] = append(g.holdings[who], holding{class: class, most: leaked, n: int64(n)})
}

// holdsInside puts n of a class into a member's folders inside (-1: nobody's).
func (g *ledger) holdsInside(who int32, class string, most lot, n int) {
	g.holdings[who] = append(g.holdings[who], holding{class: class, inside: true, most: most, n: int64(n)})
}

// touch says that he saw or took what a member has, in the mail or inside.
func (g *ledger) touch(who int32, inside bool, f lot) {
	for i := range g.holdings[who] {
		if h := &g.holdings[who][i]; h.inside == inside {
			h.now = max(h.now, min(f, h.most))
		}
	}
}

// deal puts n of a class into the mail of some of these, by chance.
func (p *plot) deal(class string, n int, among []int32) {
	for left := n; left > 0; {
		part := min(left, 1+p.d.n(max(1, 2*n/len(among))))
		p.g.holds(among[p.d.n(len(among))], class, part)
		left -= part
	}
}

// leaks counts what became of everything that members held. Empty if the incident's script says nothing about it.
func (g *ledger) leaks(w *world) []Leak {
	out := []Leak{}
	at := map[string]int{}
	from := map[string]map[int32]int64{}
	for who, list := range g.holdings {
		for _, h := range list {
			if h.now == untouched {
				continue
			}
			i, ok := at[h.class]
			if !ok {
				i = len(out)
				at[h.class], from[h.class] = i, map[int32]int64{}
				out = append(out, Leak{Class: h.class, Most: []LeakFrom{}})
			}
			l := &out[i]
			*[...]*int64{&l.MailSeen, &l.MailLeaked, &l.InternalSeen, &l.InternalLeaked}[2*btoi(h.inside)+int(h.now-maybeSeen)] += h.n
			l.Total += h.n
			from[h.class][who] += h.n
		}
	}
	for i := range out {
		out[i].Most = most(w, from[out[i].Class])
	}
	slices.SortFunc(out, func(a, b Leak) int { return cmp.Compare(a.Class, b.Class) })
	return out
}

func most(w *world, from map[int32]int64) []LeakFrom {
	list := []LeakFrom{}
	for who, n := range from {
		l := LeakFrom{Count: n}
		if who >= 0 {
			l.Account = w.people[who].mail
		}
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b LeakFrom) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Account, b.Account))
	})
	return list[:min(3, len(list))]
}
