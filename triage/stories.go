// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package triage

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Tunables of stories.
const (
	storyGap     = 30 * day // silence about an account, address or host after which it is another story
	campaignGap  = 7 * day  // silence of a campaign against the institute as a whole
	storyFew     = 5        // accounts that a finding names at most to be about each of them
	storyMost    = 1000     // accounts, hosts and addresses that a story names, of each kind
	storyChapter = 4        // kinds of findings that its title names
	day          = cases.Time(86400 * 1e6)
)

// Tell puts the findings of a case that are not hidden into stories, in place. Two findings belong together where, with no more than
// storyGap between them,
//
//   - they name one account, address or host that the case holds something against, or accounts that were used from one attacker's
//     address;
//   - they are of one detector and name one account, address or host;
//   - they name one account, and few others;
//   - one speaks of the institute as a whole and the other is of the same campaign of guessing at it.
//
// A machine is one under all its names and addresses. Who is shared by many honest people joins nothing. A story that shares findings with one of an earlier revision keeps its identity.
func Tell(c *cases.Case, before []cases.Story, names Names) {
	t := teller{c: c, names: names, guilt: guiltOf(c), runs: map[string][]run{}}
	for i := range c.Findings {
		c.Findings[i].Story = ""
		if c.Findings[i].Hidden == nil {
			t.list = append(t.list, &c.Findings[i])
		}
	}
	slices.SortFunc(t.list, func(a, b *cases.Finding) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID)) })
	t.parent = make([]int, len(t.list))
	for i := range t.parent {
		t.parent[i] = i
	}
	t.bySubject()
	t.byUse()
	t.byCampaign()
	c.Stories = t.stories()
	name(c.Stories, before)
	slices.SortStableFunc(c.Stories, func(a, b cases.Story) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	in := map[string]string{}
	for i := range c.Stories {
		for _, id := range c.Stories[i].Findings {
			in[id] = c.Stories[i].ID
		}
	}
	for i := range c.Findings {
		c.Findings[i].Story = in[c.Findings[i].ID]
	}
}

// teller joins findings.
type teller struct {
	c      *cases.Case
	names  Names
	guilt  *guilt
	list   []*cases.Finding // by first and identity
	parent []int
	runs   map[string][]run // of those that the case holds something against
}

// run is a stretch of time in which findings name somebody without a long silence; at is one of the findings.
type run struct {
	from, to cases.Time
	at       int
}

func (t *teller) root(i int) int {
	for t.parent[i] != i {
		t.parent[i] = t.parent[t.parent[i]]
		i = t.parent[i]
	}
	return i
}

func (t *teller) join(a, b int) {
	if a, b = t.root(a), t.root(b); a != b {
		t.parent[max(a, b)] = min(a, b)
	}
}

// bySubject joins findings that name one another's accounts, addresses and hosts.
func (t *teller) bySubject() {
	by := map[string][]int{}
	for i, f := range t.list {
		kind := " " + cases.DetectorName(f.Detector)
		for _, id := range f.Subjects.Accounts {
			key := "account " + id
			switch v := t.guilt.accounts[id]; {
			case v == cases.AccountCompromised, v == cases.AccountSuspected, len(f.Subjects.Accounts) <= storyFew:
				by[key] = append(by[key], i)
			default:
				by[key+kind] = append(by[key+kind], i)
			}
		}
		for _, ip := range f.Subjects.Addresses {
			key := "address " + ip.String()
			switch t.guilt.addresses[ip] {
			case cases.AddressShared, cases.AddressHonest:
			case cases.AddressAttacker, cases.AddressSuspected:
				by[key] = append(by[key], i)
			default:
				by[key+kind] = append(by[key+kind], i)
			}
		}
		for _, h := range f.Subjects.Hosts {
			key := "host " + t.names.machine(h)
			switch t.guilt.hosts[h] {
			case cases.HostCompromised, cases.HostSuspected:
				by[key] = append(by[key], i)
			default:
				by[key+kind] = append(by[key+kind], i)
			}
		}
	}
	for key, of := range by {
		var list []run
		for _, i := range of {
			list = append(list, run{t.list[i].First, t.list[i].Last, i})
		}
		t.runs[key] = t.chain(list, storyGap)
	}
}

// chain joins what follows with no more than gap between, and returns the stretches. The list is sorted by time.
func (t *teller) chain(list []run, gap cases.Time) []run {
	var out []run
	for _, r := range list {
		if n := len(out); n > 0 && r.from-out[n-1].to <= gap {
			t.join(out[n-1].at, r.at)
			out[n-1].to = max(out[n-1].to, r.to)
			continue
		}
		out = append(out, r)
	}
	return out
}

// byUse joins what is found about accounts that were used from one attacker's address.
func (t *teller) byUse() {
	by := map[netip.Addr][]run{}
	for ip, v := range t.guilt.addresses {
		if v == cases.AddressAttacker {
			by[ip] = slices.Clone(t.runs["address "+ip.String()])
		}
	}
	for i := range t.c.Accounts {
		a := &t.c.Accounts[i]
		if a.Verdict != cases.AccountCompromised {
			continue
		}
		for _, r := range t.runs["account "+a.ID] {
			if r.to < a.First-storyGap || r.from > a.Last+storyGap {
				continue
			}
			for _, ip := range a.Addresses {
				if t.guilt.addresses[ip] == cases.AddressAttacker {
					by[ip] = append(by[ip], run{a.First, max(a.First, a.Last), r.at})
				}
			}
		}
	}
	for _, list := range by {
		slices.SortFunc(list, func(a, b run) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.at, b.at)) })
		t.chain(list, storyGap)
	}
}

// byCampaign joins findings that speak of the institute as a whole with those of the same campaign of guessing.
func (t *teller) byCampaign() {
	var of []int
	for i, f := range t.list {
		switch cases.DetectorName(f.Detector) {
		case "id-probing", "password-guessing", "password-spray", "password-spray-source", "credential-stuffing", "group-targeting", "id-list-obtained", "target-drop-out",
			"success-after-guessing":
			if f.Severity.Rank() <= cases.Medium.Rank() {
				of = append(of, i)
			}
		}
	}
	for _, i := range of {
		f := t.list[i]
		if len(f.Subjects.Accounts)+len(f.Subjects.Addresses)+len(f.Subjects.Hosts) > 0 {
			continue
		}
		for _, k := range of {
			if g := t.list[k]; g.First <= f.Last+campaignGap && f.First <= g.Last+campaignGap {
				t.join(i, k)
			}
		}
	}
}

// stories makes a story of every group of at least two.
func (t *teller) stories() []cases.Story {
	groups := map[int][]*cases.Finding{}
	for i, f := range t.list {
		r := t.root(i)
		groups[r] = append(groups[r], f)
	}
	out := []cases.Story{}
	for i := range t.list { // a root is its group's first: in order of time
		if g := groups[i]; len(g) > 1 {
			out = append(out, t.story(g))
		}
	}
	return out
}

func (t *teller) story(of []*cases.Finding) cases.Story {
	s := cases.Story{ID: event.Identity("S-", of[0].ID), First: of[0].First, Severity: cases.Info, Accounts: []string{}, Hosts: []string{}, Addresses: []netip.Addr{}}
	for _, f := range of {
		s.Findings = append(s.Findings, f.ID)
		s.Last = max(s.Last, f.Last)
		if f.Severity.Rank() < s.Severity.Rank() {
			s.Severity = f.Severity
		}
		s.Accounts = append(s.Accounts, f.Subjects.Accounts...)
		s.Hosts = append(s.Hosts, f.Subjects.Hosts...)
		s.Addresses = append(s.Addresses, f.Subjects.Addresses...)
	}
	slices.Sort(s.Findings)
	s.Accounts = first(s.Accounts, cmp.Compare, func(id string) int { return t.guilt.accounts[id].Rank() })
	s.Hosts = first(s.Hosts, cmp.Compare, func(name string) int { return t.guilt.hosts[name].Rank() })
	s.Addresses = first(s.Addresses, netip.Addr.Compare, func(ip netip.Addr) int { return t.guilt.addresses[ip].Rank() })
	s.Title = t.title(of, &s)
	return s
}

// first sorts names, without doubles; of too many those that the case holds something against come in first.
func first[S comparable](list []S, order func(a, b S) int, rank func(S) int) []S {
	slices.SortFunc(list, order)
	list = slices.Compact(list)
	if len(list) > storyMost {
		slices.SortStableFunc(list, func(a, b S) int { return cmp.Compare(rank(a), rank(b)) })
		list = list[:storyMost]
		slices.SortFunc(list, order)
	}
	return list
}

// title names the gravest kinds of findings in the order in which they began, and whom they concern.
func (t *teller) title(of []*cases.Finding, s *cases.Story) event.Words {
	type chapter struct {
		name  string
		rank  int
		first cases.Time
	}
	var list []chapter
	for _, f := range of {
		n := cases.DetectorName(f.Detector)
		i := slices.IndexFunc(list, func(c chapter) bool { return c.name == n })
		if i < 0 {
			list = append(list, chapter{n, f.Severity.Rank(), f.First})
		} else {
			list[i].rank = min(list[i].rank, f.Severity.Rank())
		}
	}
	kinds := len(list)
	slices.SortStableFunc(list, func(a, b chapter) int { return cmp.Compare(a.rank, b.rank) })
	list = list[:min(kinds, storyChapter)]
	slices.SortStableFunc(list, func(a, b chapter) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.name, b.name)) })
	var w event.Words
	for i, c := range list {
		if i > 0 {
			w.Ja, w.En = w.Ja+" → ", w.En+" → "
		}
		n := cases.DetectorWords(c.name)
		w.Ja, w.En = w.Ja+n.Ja, w.En+n.En
	}
	if n := kinds - len(list); n > 0 {
		w.Ja, w.En = w.Ja+fmt.Sprintf(" ほか %d 種", n), w.En+fmt.Sprintf(" and %d other kinds", n)
	}
	ja, en := concerned(s, t.names.machines(s.Hosts))
	if ja != "" {
		w.Ja, w.En = w.Ja+"（"+ja+"）", w.En+" ("+en+")"
	}
	if n := t.names.times(of); kinds == 1 && n > 1 {
		w.Ja, w.En = w.Ja+fmt.Sprintf("　%d 回", n), w.En+fmt.Sprintf(", %d times", n)
	}
	return w
}

// concerned counts whom a story names, a machine once.
func concerned(s *cases.Story, machines int) (ja, en string) {
	add := func(n int, wordJa, one, more string) {
		if n == 0 {
			return
		}
		word, sign := more, ""
		if n == 1 {
			word = one
		}
		if n == storyMost {
			sign = "+"
		}
		if ja != "" {
			ja, en = ja+"、", en+", "
		}
		ja, en = ja+fmt.Sprintf("%d%s %s", n, sign, wordJa), en+fmt.Sprintf("%d%s %s", n, sign, word)
	}
	add(len(s.Accounts), "アカウント", "account", "accounts")
	add(machines, "ホスト", "host", "hosts")
	add(len(s.Addresses), "アドレス", "address", "addresses")
	return ja, en
}

// name gives stories the identities that they had in an earlier revision: each goes to the story that has most of its findings. Where two
// became one, the identity that had more goes on, and the other is noted.
func name(stories, before []cases.Story) {
	if len(before) == 0 {
		return
	}
	type match struct{ old, now, shared int }
	now := map[string]int{}
	for i := range stories {
		for _, id := range stories[i].Findings {
			now[id] = i
		}
	}
	shared := map[[2]int]int{}
	for o := range before {
		for _, id := range before[o].Findings {
			if i, ok := now[id]; ok {
				shared[[2]int{o, i}]++
			}
		}
	}
	var list []match
	for k, n := range shared {
		list = append(list, match{k[0], k[1], n})
	}
	slices.SortFunc(list, func(a, b match) int {
		x, y := &before[a.old], &before[b.old]
		return cmp.Or(cmp.Compare(b.shared, a.shared), cmp.Compare(x.First, y.First), cmp.Compare(x.ID, y.ID), cmp.Compare(a.now, b.now))
	})
	named, given := map[int]bool{}, map[int]bool{}
	taken := map[string]bool{}
	for _, m := range list {
		switch {
		case given[m.old]:
		case named[m.now]:
			stories[m.now].Joined = append(stories[m.now].Joined, before[m.old].ID)
			given[m.old], taken[before[m.old].ID] = true, true
		default:
			stories[m.now].ID = before[m.old].ID
			stories[m.now].Joined = append(stories[m.now].Joined, before[m.old].Joined...)
			named[m.now], given[m.old], taken[before[m.old].ID] = true, true, true
		}
	}
	for i := range stories {
		for n := 2; !named[i] && taken[stories[i].ID]; n++ { // what was split off may have begun with the finding that named the whole
			stories[i].ID = event.Identity("S-", stories[i].Findings[0], fmt.Sprint(n))
		}
		taken[stories[i].ID] = true
		slices.Sort(stories[i].Joined)
		stories[i].Joined = slices.Compact(stories[i].Joined)
	}
}
