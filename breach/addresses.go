// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// caseAddresses judges every address from which something bad came, or from which compromised accounts were used honestly.
// An address that honest people use too is shared, whatever else came from it.
func (s *scoping) caseAddresses(accounts []*judgedAccount) []cases.Address {
	victims := map[uint32]bool{}
	for _, j := range accounts {
		if j.verdict == cases.AccountCompromised || j.verdict == cases.AccountSuspected {
			victims[j.p.who.Handle] = true
		}
	}
	seeds := map[netip.Addr]bool{}
	for _, sd := range s.in.Seeds {
		if sd.Address.IsValid() {
			seeds[sd.Address] = true
		}
	}
	var out []cases.Address
	for line, a := range s.lines {
		switch {
		case line.Set != 0: // its address is judged once
		case len(s.split[line.At]) > 0:
		case len(a.faces) == 0:
			if c, ok := s.judgeAddress(a, []*address{a}, victims, seeds[a.place.IP]); ok {
				out = append(out, c)
			}
		default:
			for _, one := range a.unfold() {
				if c, ok := s.judgeAddress(one, []*address{a}, victims, seeds[one.place.IP]); ok {
					out = append(out, c)
				}
			}
		}
	}
	for ip := range s.split {
		lines := s.linesOf(ip)
		if c, ok := s.judgeAddress(together(lines), lines, victims, seeds[ip]); ok {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b cases.Address) int { return a.IP.Compare(b.IP) })
	return out
}

// use sums up how an address was used.
type use struct {
	bad, doubt, good int // accounts
	spans            []cases.Span
	first, last      event.Micros
	best             float64
	victim           bool
	byHand           bool
}

func (s *scoping) useOf(a *address, victims map[uint32]bool) use {
	u := use{best: -99}
	bad, doubt, good := &s.seen, &s.met, &s.fine
	bad.clear()
	doubt.clear()
	good.clear()
	for _, v := range a.visits {
		u.victim = u.victim || victims[v.who.Handle]
		u.byHand = u.byHand || v.pinned
		switch {
		case v.judged == condemned:
			bad.add(v.who.Handle)
			from, to := v.first, v.last
			if len(v.stays) > 0 {
				i := slices.IndexFunc(v.stays, func(t stay) bool { return t.ip == a.place.IP })
				from, to = v.stays[i].from, v.stays[i].to
				u.spans = append(u.spans, cases.Span{From: cases.Time(from), To: cases.Time(to)})
			} else {
				for _, r := range v.runs {
					u.spans = append(u.spans, cases.Span{From: cases.Time(r.from), To: cases.Time(r.to)})
				}
			}
			if u.first == 0 || from < u.first {
				u.first = from
			}
			u.last = max(u.last, to)
			u.best = max(u.best, v.nats)
		case v.judged == doubtful:
			doubt.add(v.who.Handle)
			u.best = max(u.best, v.nats)
		case v.logins+v.acts > 0 && (v.nats < -1 || v.past.address || v.past.client):
			good.add(v.who.Handle)
		}
	}
	u.bad, u.doubt, u.good = bad.n, doubt.n, good.n
	return u
}

// judgeAddress judges an address: by the lines that it is of where it comes to guessing, by what came from it alone where it comes to logins.
func (s *scoping) judgeAddress(a *address, lines []*address, victims map[uint32]bool, seed bool) (cases.Address, bool) {
	u := s.useOf(a, victims)
	guesser, inCampaign, probing := false, false, false
	for _, l := range lines {
		if len(l.faces) > 0 && a.failures == 0 { // another one of the line's addresses guessed
			continue
		}
		_, named := s.sources[s.lineNamed(a.place.IP)]
		ordinary := s.ordinary(l)
		guesser = guesser || l.guesses
		inCampaign = inCampaign || l.guesses && !ordinary && (named || s.campaign.has(l.failAt) && !s.noise(l))
		probing = probing || named && !ordinary && l.unknown+l.failures >= 3
	}
	c := cases.Address{IP: a.place.IP, Kind: cases.AddressKind(a.place.Kind.String()), Country: a.place.Country, ASN: a.place.ASN,
		Accounts: u.bad, Attempts: a.failures + a.unknown, DecidedBy: "machine"}
	switch {
	case u.bad > 0 || inCampaign || probing || seed: // whoever named it as bad knew more than the records
		c.Verdict = cases.AddressAttacker
		if u.good > 0 || a.place.Own || a.place.Shared { // port sets that the intruder alone shows may be his own doing
			c.Verdict = cases.AddressShared
		}
	case u.doubt > 0 || guesser && a.triedAll >= 10:
		c.Verdict = cases.AddressSuspected
		if u.good > 0 || a.place.Own || a.place.Shared {
			c.Verdict = cases.AddressShared
		}
	case u.victim && u.good > 0:
		c.Verdict = cases.AddressHonest
	default:
		return c, false
	}
	if a.place.Own && u.bad == 0 {
		return c, false
	}
	s.fillAddress(&c, a, &u, guesser || probing)
	return c, true
}

func (s *scoping) fillAddress(c *cases.Address, a *address, u *use, guesses bool) {
	if u.byHand {
		c.DecidedBy = "person"
	}
	if u.bad == 0 {
		c.Accounts = int(a.triedAll)
	}
	c.Intervals = mergeSpans(u.spans)
	first, last := u.first, u.last
	nats := u.best
	if guesses {
		if nats = max(nats, condemnedAt+1); c.Verdict == cases.AddressSuspected {
			nats = min(max(u.best, guessedNats), condemnedAt)
		}
		if first == 0 || a.failAt < first {
			first = a.failAt
		}
		last = max(last, a.failTo)
		c.Intervals = mergeSpans(append(c.Intervals, cases.Span{From: cases.Time(a.failAt), To: cases.Time(a.failTo)}))
	}
	if first == 0 {
		first, last = a.first, a.last
	}
	c.First, c.Last = cases.Time(first), cases.Time(last)
	c.Confidence = probability(nats)
	if c.Verdict == cases.AddressHonest {
		c.Confidence = probability(-max(nats, -12))
	}
	c.Why = whyAddress(c.Verdict, u, a)
}

// noise says whether an address behaves like the Internet's background: it tries names that nobody here has, and hardly any
// that somebody has.
func (s *scoping) noise(a *address) bool {
	if a.unknown > 4*a.failures {
		return true
	}
	return a.triedAll < 5 || a.triedAll < maxTried && a.triedAll > 3*a.real
}

// ordinary says whether an address that findings of guessing name does no more than it did before they began, or goes on doing after they
// ended: a few tries on the days on which it comes at all. Somebody's machines knock at every door of the Internet all year, and a campaign that
// begins among them is not theirs.
func (s *scoping) ordinary(a *address) bool {
	at, named := s.sources[s.lineNamed(a.place.IP)]
	if !named {
		at = s.campaign
	}
	aside := a.failAt < at.from-ordinaryAside || a.failTo > at.to+ordinaryAside
	return aside && a.failures+a.unknown < ordinaryTries*int64(max(a.failDays, 1))
}

// Bounds of what is ordinary, and what is said of it.
const (
	guessedNats   = 0.5
	ordinaryAside = 7 * day // before the findings' first record or after their last
	ordinaryTries = 3       // a day on which it comes
)

// wordyTries is how many failures are called guessing: owners mistype, and so do those who have their passwords.
const wordyTries = 10

func whyAddress(v cases.AddressVerdict, u *use, a *address) event.Words {
	switch {
	case v == cases.AddressShared && a.manifold():
		return event.Words{Ja: "この IPv4 アドレスは同時に複数の回線（家庭など）が使うため、該当する接続だけを不正とした。契約者の特定には、接続元ポート番号と秒までの時刻が必要である",
			En: "several lines, of different homes, use this IPv4 address at a time, so only the bad sessions are condemned; whose they were the provider can tell by source port and time to the second only"}
	case v == cases.AddressShared && u.bad == 0 && u.doubt > 0:
		return event.Words{Ja: "正当な利用と疑わしいログインの両方があった（要確認）", En: "both honest use and doubtful logins came from it: to be checked"}
	case v == cases.AddressShared && u.bad == 0:
		return event.Words{Ja: "正当な利用と、パスワード推測の両方があった", En: "both honest use and guessing came from it"}
	case v == cases.AddressShared:
		return event.Words{Ja: "不正な接続と正当な利用の両方があるため、該当する接続だけを不正とした", En: "both bad and honest use came from it, so only the bad sessions are condemned"}
	case v == cases.AddressHonest:
		return event.Words{Ja: "本人の利用と判断した", En: "judged to be the owners' own use"}
	case u.bad > 0 && (a.guesses || a.failures+a.unknown >= wordyTries):
		return event.Words{Ja: "不正ログインとパスワード推測の両方に使われた", En: "used for bad logins and for guessing"}
	case u.bad > 0:
		return event.Words{Ja: "不正と判断したログインに使われた", En: "used for logins that were condemned"}
	case v == cases.AddressSuspected && u.doubt == 0:
		return event.Words{Ja: "多数のアカウントへの推測に使われたが、攻撃の前後にも変わらず続いており、今回の侵入者のものとは限らない", En: "guessed at many accounts, but did so before the attack or after it too, so that it need not be this intruder's"}
	case u.doubt > 0:
		return event.Words{Ja: "疑わしいログインがあった（要確認）", En: "a doubtful login came from it: to be checked"}
	}
	return event.Words{Ja: "実在するアカウントへの推測または ID 探索に使われた", En: "guessed at real accounts or probed for IDs"}
}

// mergeSpans joins spans that overlap or stand within a day of one another; at most 64 are kept, the last one stretched.
func mergeSpans(spans []cases.Span) []cases.Span {
	slices.SortFunc(spans, func(a, b cases.Span) int {
		if a.From != b.From {
			return int(clampSign(int64(a.From) - int64(b.From)))
		}
		return int(clampSign(int64(a.To) - int64(b.To)))
	})
	var out []cases.Span
	for _, sp := range spans {
		if n := len(out); n > 0 && (event.Micros(sp.From) < event.Micros(out[n-1].To)+day || n >= 64) {
			out[n-1].To = max(out[n-1].To, sp.To)
			continue
		}
		out = append(out, sp)
	}
	return out
}
