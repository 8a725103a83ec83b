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

// questions ranks what people could say by what it would settle: the doubt about a visit, times the accounts that hang on it.
func (s *scoping) questions(accounts []*judgedAccount) []cases.Question {
	var out []cases.Question
	for _, j := range accounts {
		v := mostDoubtful(j)
		if v == nil || v.pinned {
			continue
		}
		out = append(out, s.question(j, v))
	}
	slices.SortStableFunc(out, func(a, b cases.Question) int { return cmp.Or(cmp.Compare(b.Gain, a.Gain), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), maxQuestions)]
}

// mostDoubtful returns the visit of an account that an answer would tell most about.
func mostDoubtful(j *judgedAccount) *visit {
	if j.verdict != cases.AccountSuspected && j.verdict != cases.AccountCompromised {
		return nil
	}
	var best *visit
	for _, v := range j.p.visits {
		if v.nats < -3 || v.terms == nil {
			continue
		}
		if best == nil || math.Abs(v.nats) < math.Abs(best.nats) {
			best = v
		}
	}
	return best
}

func (s *scoping) question(j *judgedAccount, v *visit) cases.Question {
	p := probability(v.nats)
	others := map[uint32]bool{}
	for _, w := range v.addr.visits {
		if w.judged != honest {
			others[w.who.Handle] = true
		}
	}
	entropy := 0.0
	if p > 0 && p < 1 {
		entropy = -(p*math.Log2(p) + (1-p)*math.Log2(1-p))
	}
	when := (v.first + s.in.Offset).Time().Format("2006-01-02 15:04")
	if s.in.Zone != "" {
		when += " (" + s.in.Zone + ")"
	}
	ip, country := v.ip().String(), v.addr.place.Country
	q := cases.Question{
		ID:      event.Identity("Q-", j.p.who.ID, ip, s.names[v.client]),
		Subject: cases.Subject{Account: j.p.who.Name, Address: ip}, To: "owner", Person: j.p.who.Name,
		Gain: cases.Round(entropy * (1 + math.Log2(float64(max(len(others), 1))))),
	}
	if j.p.who.Department != "" {
		q.Person = j.p.who.Name + " (" + j.p.who.Department + ")"
	}
	ja := fmt.Sprintf("%s ごろ、%s%s からのログインはご本人ですか。", when, ip, paren(country, "（", "）"))
	en := fmt.Sprintf("Was the login at about %s from %s%s yours?", when, ip, paren(country, " (", ")"))
	if c := s.names[v.client]; c != "" {
		ja += fmt.Sprintf(" 端末・ブラウザ: %s", cut(c, 120))
		en += fmt.Sprintf(" Client: %s", cut(c, 120))
	}
	q.Ask = event.Words{Ja: ja, En: en}
	q.Changes = event.Words{Ja: fmt.Sprintf("答えにより %d アカウントの判断が変わりうる", max(len(others), 1)),
		En: fmt.Sprintf("the answer may change the verdict on %d accounts", max(len(others), 1))}
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
