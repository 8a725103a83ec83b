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

// containment lists what to do, most urgent first. It proposes only.
func (s *scoping) containment(accounts []*judgedAccount, hosts []*machine, addresses []cases.Address) []cases.Containment {
	var out []cases.Containment
	add := func(key string, sub cases.Subject, ja, en string) {
		out = append(out, cases.Containment{ID: event.Identity("C-", key), What: event.Words{Ja: ja, En: en}, Subject: sub, Order: len(out) + 1, State: cases.Proposed})
	}
	add("preserve", cases.Subject{}, "消える記録から順に保全する（sekisho preserve）", "preserve the records, those that expire first before the others (sekisho preserve)")
	for _, h := range hosts {
		if h.verdict == cases.HostCompromised {
			n := h.label()
			add("isolate "+n, cases.Subject{Host: n}, n+" の通信を止める（電源は切らない）", "cut "+n+" off the network (do not switch it off)")
		}
	}
	for i := range s.in.Findings {
		if f := &s.in.Findings[i]; base(f.Detector) == "directory-read" && f.Severity >= event.High {
			add("directory", cases.Subject{}, "ディレクトリの全パスワードを露出したものとして扱い、変更する", "take every password in the directory as exposed and change them all")
			break
		}
	}
	for _, j := range accounts {
		if j.verdict == cases.AccountCompromised && len(out) < 400 {
			n := j.p.who.Name
			add("reset "+j.p.who.ID, cases.Subject{Account: n}, n+" のパスワードを変更し、セッションを無効化する", "reset the password of "+n+" and revoke its sessions")
		}
	}
	for i := range addresses {
		if a := &addresses[i]; a.Verdict == cases.AddressAttacker && len(out) < 500 {
			ip := a.IP.String()
			add("block "+ip, cases.Subject{Address: ip}, ip+" との通信を止める", "block "+ip)
		}
	}
	return out
}
