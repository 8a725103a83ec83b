// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"slices"
)

// tally is what the drill remembers of one thing that the intruder did or used.
type tally struct {
	first, last int64
	traced      int64 // the first of it that a log shows; 0: none does
	times       int
	logs        trace
	intruder    int // 2: the second one
}

func (y *tally) add(t int64, logs trace) {
	if y.times == 0 || t < y.first {
		y.first = t
	}
	if y.times == 0 || t > y.last {
		y.last = t
	}
	y.times++
	y.show(t, logs)
}

// show notes the logs that hold what happened at t; none of them: nothing.
func (y *tally) show(t int64, logs trace) {
	if logs != 0 && (y.traced == 0 || t < y.traced) {
		y.traced = t
	}
	y.logs |= logs
}

// ledger collects the truth while the incident is performed.
type ledger struct {
	from, end int64 // of the logs
	missing   trace
	erased    erasure
	gaps      []Erased

	acts      []*actTally
	accounts  map[int32]*accountTally
	locals    map[string]*localTally // by name: accounts of machines, in no directory
	addresses map[int32]*tally
	hosts     map[string]*hostTally
	exposure  map[exposed]*Exposure
	holdings  map[int32][]holding
	found     *Found
}

type actTally struct {
	Act
	tally
	who  map[int32]bool
	at   map[int32]bool
	host map[string]bool

	local map[string]bool // accounts of machines
}

type accountTally struct {
	tally
	at           map[int32]bool
	group, stage int
	cause        string
	left         bool // the list of whom he guesses at
}

type localTally struct {
	tally
	host, cause string
}

type hostTally struct {
	tally
	ip          string
	compromised bool
}

type exposed struct {
	class string
	who   int32
	of    string
}

func newLedger(w *world, o Options) *ledger {
	g := &ledger{from: w.cal.start, end: w.cal.end(), accounts: map[int32]*accountTally{}, locals: map[string]*localTally{}, addresses: map[int32]*tally{}, hosts: map[string]*hostTally{}, exposure: map[exposed]*Exposure{}, holdings: map[int32][]holding{}}
	if !o.LogsFrom.IsZero() {
		g.from = max(g.from, o.LogsFrom.UnixMicro())
	}
	for i, n := range kinds() {
		if o.without(n) {
			g.missing |= 1 << i
		}
	}
	return g
}

// shown returns those of the kinds of log that hold what happened at t in this drill.
func (g *ledger) shown(t int64, logs trace) trace {
	if t < g.from || t >= g.end {
		return 0
	}
	if t >= g.erased.from && t < g.erased.to {
		logs &^= g.erased.logs
	}
	return logs &^ g.missing
}

// used notes that an act happened, from an address (-1: from inside), on logs.
func (g *ledger) used(act int, t int64, at int32, logs trace) {
	logs = g.shown(t, logs)
	a := g.acts[act]
	a.add(t, logs)
	if at < 0 {
		return
	}
	a.at[at] = true
	y := g.addresses[at]
	if y == nil {
		y = &tally{}
		g.addresses[at] = y
	}
	y.add(t, logs)
	y.intruder = a.Intruder
}

// lasted notes how long the latest of an act went on.
func (g *ledger) lasted(act int, t int64) { g.acts[act].last = max(g.acts[act].last, t) }

// entered notes a successful login of the intruder to an account.
func (g *ledger) entered(act int, t int64, who, at int32, logs trace) {
	g.used(act, t, at, logs)
	g.acts[act].who[who] = true
	y := g.accounts[who]
	if y == nil {
		y = &accountTally{at: map[int32]bool{}, cause: "unknown"}
		g.accounts[who] = y
	}
	y.add(t, g.shown(t, logs))
	y.intruder = g.acts[act].Intruder
	if at >= 0 {
		y.at[at] = true
	}
}

// usedLocal notes that the intruder used an account of a machine, which stands in no directory. The act is noted by itself.
func (g *ledger) usedLocal(act int, t int64, name, host, cause string, logs trace) {
	g.acts[act].local[name] = true
	y := g.locals[name]
	if y == nil {
		y = &localTally{host: host, cause: cause}
		g.locals[name] = y
	}
	y.add(t, g.shown(t, logs))
}

// reached notes that the intruder reached a host, or controlled it.
func (g *ledger) reached(act int, t int64, name, ip string, controlled bool, logs trace) {
	g.acts[act].host[name] = true
	y := g.hosts[name]
	if y == nil {
		y = &hostTally{ip: ip}
		g.hosts[name] = y
	}
	y.add(t, g.shown(t, logs))
	y.compromised = y.compromised || controlled
}

func (g *ledger) took(class string, who int32, level string, count, bytes int64) {
	g.tookOf("", class, who, level, count, bytes)
}

// tookOf notes that data of somebody else than the institute were taken.
func (g *ledger) tookOf(of, class string, who int32, level string, count, bytes int64) {
	k := exposed{class, who, of}
	e := g.exposure[k]
	if e == nil {
		e = &Exposure{Class: class, Level: level, Of: of}
		g.exposure[k] = e
	}
	if level == "leaked" {
		e.Level = level
	}
	e.Count += count
	e.Bytes += bytes
}

// settle writes the ledger into the truth.
func (g *ledger) settle(t *Truth, w *world) {
	mails := func(set map[int32]bool) []string {
		out := []string{}
		for who := range set {
			out = append(out, w.account(who).mail)
		}
		slices.Sort(out)
		return out
	}
	ips := func(set map[int32]bool) []string {
		out := []string{}
		for at := range set {
			out = append(out, w.book.all[at].ip)
		}
		slices.Sort(out)
		return out
	}
	for who, y := range g.accounts {
		p := w.account(who)
		t.Accounts = append(t.Accounts, Account{UID: p.uid, Mail: p.mail, Group: y.group, Stage: y.stage, Cause: y.cause, Left: y.left, Intruder: y.intruder,
			First: utc(y.first), Last: utc(y.last), Addresses: ips(y.at), Logs: y.logs.names()})
	}
	for name, y := range g.locals {
		t.Accounts = append(t.Accounts, Account{UID: name, Host: y.host, Cause: y.cause, First: utc(y.first), Last: utc(y.last), Addresses: []string{}, Logs: y.logs.names()})
	}
	slices.SortFunc(t.Accounts, func(a, b Account) int { return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.UID, b.UID)) })
	for at, y := range g.addresses {
		if a := w.book.all[at]; a.hostile {
			t.Addresses = append(t.Addresses, Address{IP: a.ip, Kind: a.kind, Country: a.country, ASN: a.asn, Listed: a.listed, Intruder: y.intruder, First: utc(y.first), Last: utc(y.last), Logs: y.logs.names()})
		}
	}
	slices.SortFunc(t.Addresses, func(a, b Address) int { return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.IP, b.IP)) })
	for name, y := range g.hosts {
		h := Host{Name: name, IP: y.ip, Verdict: "reached", First: utc(y.first), Last: utc(y.last), Logs: y.logs.names()}
		if y.compromised {
			h.Verdict = "compromised"
		}
		t.Hosts = append(t.Hosts, h)
	}
	slices.SortFunc(t.Hosts, func(a, b Host) int { return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Name, b.Name)) })
	for _, y := range g.acts {
		if y.times == 0 { // a short drill has no day for it
			continue
		}
		a := y.Act
		a.From, a.To, a.Times, a.Logs = utc(y.first), utc(y.last), y.times, y.logs.names()
		if y.traced != 0 {
			first := utc(y.traced)
			a.Trace = &first
		}
		a.Accounts, a.Addresses, a.Hosts = mails(y.who), ips(y.at), []string{}
		for name := range y.local {
			a.Accounts = append(a.Accounts, name)
		}
		slices.Sort(a.Accounts)
		for h := range y.host {
			a.Hosts = append(a.Hosts, h)
		}
		slices.Sort(a.Hosts)
		t.Acts = append(t.Acts, a)
	}
	slices.SortFunc(t.Acts, func(a, b Act) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Name, b.Name)) })
	for k, e := range g.exposure {
		if k.who >= 0 {
			e.Account = w.account(k.who).mail
		}
		t.Exposure = append(t.Exposure, *e)
	}
	slices.SortFunc(t.Exposure, func(a, b Exposure) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Of, b.Of))
	})
	t.Erased = append([]Erased{}, g.gaps...)
	t.Leaks, t.Found = g.leaks(w), g.found
	t.Shared = g.sharedOf(w)
	t.Odd = slices.DeleteFunc(oddOf(w), func(o Odd) bool {
		return slices.ContainsFunc(t.Accounts, func(a Account) bool { return a.UID == o.UID })
	})
}

// sharedOf lists the addresses that stand for many honest people.
func (g *ledger) sharedOf(w *world) []Shared {
	ids := slices.Concat(w.egress, w.partners, []int32{w.conference}, w.shared)
	for _, pool := range w.carriers {
		ids = append(ids, pool...)
	}
	out := []Shared{}
	for _, id := range ids {
		a := w.book.all[id]
		out = append(out, Shared{IP: a.ip, Kind: a.kind, Bad: g.addresses[id] != nil})
	}
	slices.SortFunc(out, func(a, b Shared) int { return cmp.Compare(a.IP, b.IP) })
	return out
}

func oddOf(w *world) []Odd {
	out := append([]Odd{}, w.odd...)
	for i := range w.people {
		p := &w.people[i]
		why := ""
		switch {
		case p.tor:
			why = "uses Tor from home"
		case p.anon != nil:
			why = "uses a commercial VPN from home"
		case len(p.away) > 0 && p.away[0].at == w.conference:
			why = "was at a conference in Hong Kong"
		case len(p.away) > 0:
			why = "was abroad"
		case p.other >= 0:
			why = "works a day a week behind a partner university's proxy"
		case p.next != "":
			why = "got another login ID"
		case p.disabled:
			why = "has retired; a mail program still knocks"
		}
		if why != "" {
			out = append(out, Odd{cmp.Or(p.next, p.uid), p.mail, why})
		}
	}
	slices.SortFunc(out, func(a, b Odd) int { return cmp.Or(cmp.Compare(a.UID, b.UID), cmp.Compare(a.Why, b.Why)) })
	return out
}
