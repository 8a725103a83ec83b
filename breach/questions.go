// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// maxQuestions is how many questions a case lists, the best first.
const maxQuestions = 50

// questions ranks what people could say by what is at stake: the chance that what is said of an account is wrong, and how many other accounts in
// doubt hang on the answer. In a breach those are asked about, too, in whom something was found too light: nobody else would find his other victims.
func (s *scoping) questions(accounts []*judgedAccount) []cases.Question {
	breached := slices.ContainsFunc(accounts, func(j *judgedAccount) bool { return j.verdict == cases.AccountCompromised })
	open := map[uint32]bool{}
	for _, j := range accounts {
		if j.verdict == cases.AccountSuspected {
			open[j.p.who.Handle] = true
		}
	}
	var out []cases.Question
	for _, j := range accounts {
		if j.verdict != cases.AccountSuspected && !breached {
			continue
		}
		v, stake := s.atStake(j)
		switch {
		case j.verdict == cases.AccountSuspected && (v == nil || v.nats < doubtfulAt) && s.accused(j.p.who.ID) && s.askable(j):
			out = append(out, s.askOwner(j))
		case v != nil:
			out = append(out, s.question(j, v, stake, open))
		}
	}
	slices.SortStableFunc(out, func(a, b cases.Question) int { return cmp.Or(cmp.Compare(b.Gain, a.Gain), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), maxQuestions)]
}

// mostAsked is how many people are asked about one visit at most: its owner, and for what he does not know, or says against the records, two more.
const mostAsked = 3

// atStake returns the visit of an account that an answer would tell most about, and the chance that without it the verdict is wrong; nil where
// nothing is left to ask.
func (s *scoping) atStake(j *judgedAccount) (best *visit, stake float64) {
	sum := 0.0
	for _, v := range j.p.visits {
		if !v.pinned && v.judged != condemned {
			sum += chance(v.nats)
		}
	}
	for _, v := range j.p.visits {
		if !j.unsettled(v) {
			continue
		}
		p := chance(v.nats)
		switch {
		case j.verdict == cases.AccountCompromised && v.judged != condemned: // his already: only how far he went is open
			p *= 0.1
		case j.verdict == cases.AccountCompromised:
			if p = 1 - p; len(j.bad) > 1 {
				p /= float64(len(j.bad))
			}
		case j.verdict == cases.AccountSuspected && sum > 0: // something else than this visit may speak against the account
			p = max(p, probability(j.nats)*p/sum)
		}
		if v.asked > 0 { // whoever did not know, or errs, leaves little hope that the next one does better
			p /= 2
		}
		if p > stake {
			best, stake = v, p
		}
	}
	if stake < leastStake {
		return nil, 0
	}
	return best, stake
}

// unsettled says whether anybody is left to ask about a visit of the account, and why anybody should.
func (j *judgedAccount) unsettled(v *visit) bool {
	suspected := j.verdict == cases.AccountSuspected
	switch {
	case v.pinned || v.asked >= mostAsked:
		return false
	case v.asked > 0:
		return v.disputed || suspected
	}
	return v.terms != nil || suspected
}

// chance is probability without its rounding.
func chance(nats float64) float64 { return 1 / (1 + math.Exp(-nats)) }

// leastStake is the chance of a wrong verdict below which nobody is asked.
const leastStake = 0.03

func (s *scoping) question(j *judgedAccount, v *visit, stake float64, open map[uint32]bool) cases.Question {
	others := map[uint32]bool{}
	for _, w := range v.addr.visits {
		if w.judged != honest && w.who != v.who && open[w.who.Handle] {
			others[w.who.Handle] = true
		}
	}
	ip := v.ip().String()
	q := cases.Question{
		ID:      event.Identity("Q-", j.p.who.ID, ip, s.names[v.client]),
		Subject: cases.Subject{Account: j.p.who.Name, Address: ip}, To: "owner", Person: j.p.who.Name,
		Gain: cases.Round(stake * (1 + 0.5*math.Log2(float64(1+len(others))))),
	}
	if v.asked > 0 {
		q.ID, q.To = event.Identity("Q-", j.p.who.ID, ip, s.names[v.client], fmt.Sprint(v.asked)), "it"
	}
	if j.p.who.Department != "" {
		q.Person = j.p.who.Name + " (" + j.p.who.Department + ")"
	}
	ja, en := s.occasion(v)
	if v.asked == 0 {
		ja, en = ja+"のログインについて確認します。ご本人の操作ですか。", "Was the login "+en+" yours?"
	} else { // somebody else than its owner; nothing of what he said, nor of what we think
		ja, en = ja+"の "+j.p.who.Name+" のログインについて確認します。本人、代理、保守など、正当な利用でしたか。", "Was the login of "+j.p.who.Name+" "+en+" legitimate: its owner's, somebody's on his behalf, maintenance?"
	}
	q.Ask = event.Words{Ja: ja, En: en}
	q.Changes = event.Words{Ja: fmt.Sprintf("答えにより %d アカウントの判断が変わりうる", 1+len(others)),
		En: fmt.Sprintf("the answer may change the verdict on %d accounts", 1+len(others))}
	return q
}

// occasion says when, from where and with what a visit began, for whoever is asked about it.
func (s *scoping) occasion(v *visit) (ja, en string) {
	when := (v.first + s.in.Offset).Time().Format("2006-01-02 15:04")
	if s.in.Zone != "" {
		when += " (" + s.in.Zone + ")"
	}
	ip, country := v.ip().String(), v.addr.place.Country
	ja = fmt.Sprintf("%s 頃、%s%sから", when, ip, paren(country, "（", "）"))
	en = fmt.Sprintf("at about %s from %s%s", when, ip, paren(country, " (", ")"))
	if c := s.names[v.client]; c != "" {
		ja += fmt.Sprintf("（%s）", cut(c, 120))
		en += fmt.Sprintf(" (%s)", cut(c, 120))
	}
	return ja, en
}

// askable says whether the owner was not asked yet about all logins together, and there are any to show.
func (s *scoping) askable(j *judgedAccount) bool {
	_, asked := s.hearOwner(j.p.who.ID)
	return asked == 0 && slices.ContainsFunc(j.p.visits, listed)
}

// listed says whether a visit is one that its owner is shown.
func listed(v *visit) bool { return !v.pinned && v.logins > 0 }

// mostTold is how many logins a question about all of them lists.
const mostTold = 8

// askOwner asks about an account against which something speaks as a whole, so that one of its logins must have been the intruder's and no
// record says which: one look at the list tells its owner.
func (s *scoping) askOwner(j *judgedAccount) cases.Question {
	visits := slices.DeleteFunc(slices.Clone(j.p.visits), func(v *visit) bool { return !listed(v) })
	slices.SortStableFunc(visits, func(a, b *visit) int { return cmp.Or(cmp.Compare(b.nats, a.nats), cmp.Compare(a.first, b.first)) })
	visits = visits[:min(len(visits), mostTold)]
	slices.SortStableFunc(visits, func(a, b *visit) int { return cmp.Compare(a.first, b.first) })
	who := j.p.who
	q := cases.Question{ID: event.Identity("Q-", who.ID, "all"), Subject: cases.Subject{Account: who.Name}, To: "owner", Person: who.Name,
		Gain: cases.Round(probability(j.nats))}
	if who.Department != "" {
		q.Person = who.Name + " (" + who.Department + ")"
	}
	ja, en := "次のログインについて確認します。すべてご本人の操作ですか。", "Were all of these logins yours?"
	for i, v := range visits {
		inJa, inEn := s.occasion(v)
		ja += fmt.Sprintf(" %d) %s", i+1, inJa)
		en += fmt.Sprintf(" %d) %s", i+1, inEn)
	}
	q.Ask = event.Words{Ja: ja, En: en}
	q.Changes = event.Words{Ja: "このアカウントが使われたかどうか。「いいえ」なら、どのログインかを続けて確認する", En: "whether this account was used; after a no, which login it was is asked next"}
	return q
}

func paren(s, open, end string) string {
	if s == "" {
		return ""
	}
	return open + s + end
}

func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}
