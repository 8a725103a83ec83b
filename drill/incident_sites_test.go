// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
)

// status returns what the web server answered.
func status(e *event.Event) string {
	v, _ := e.Get("status")
	return v.Text
}

// TestProjectWeb2021 holds the drill to what the reports say, and to how they say such intruders work: at least 76,000 mail
// addresses and settings of the Ministry of Lands, device data of the cyber office, documents of the foreign ministry and the
// airport; slowly, spaced, from many addresses, in small pieces, and never again what had failed.
func TestProjectWeb2021(t *testing.T) {
	drill.WholeStory(t)
	s := tellOnce(t, drill.Options{Name: "projectweb-2021", Accounts: 100}, 2020, "site", "site-errors")
	if len(s.truth.Accounts) != 16 || len(s.truth.Addresses) != 38 || s.truth.Verdict != "breach" {
		t.Errorf("%d accounts, %d addresses, verdict %s", len(s.truth.Accounts), len(s.truth.Addresses), s.truth.Verdict)
	}
	of := map[string]int64{}
	for _, e := range s.truth.Exposure {
		of[e.Class+" "+e.Of] += e.Count
	}
	if n := of["directory Ministry of Lands"]; n != 76_000 {
		t.Errorf("%d mail addresses, want 76000", n)
	}
	for _, body := range []string{"Minato Airport Company", "Ministry of Lands", "Cabinet Cyber Office", "Ministry of External Affairs", "Hakusan Laboratory"} {
		if of["file "+body] < 10 {
			t.Errorf("%s: %d documents", body, of["file "+body])
		}
	}
	for _, name := range []string{"mail-server-settings", "internet-gateway-settings", "device-list", "digital-policy-study", "study-group-members", "flight-operation-control"} {
		if !slices.ContainsFunc(s.events["site"], func(e event.Event) bool { return s.bad(&e) && strings.Contains(e.Object, name) }) {
			t.Errorf("nobody took %s", name)
		}
	}
	s.checkPace(t)
	failed := map[string]int{}
	for i := range s.events["site"] {
		if e := &s.events["site"][i]; s.bad(e) && status(e) != "200" && status(e) != "206" && status(e) != "304" && e.Account != "" {
			failed[e.Account+" "+e.Object]++
		}
	}
	for what, n := range failed {
		if n > 1 {
			t.Errorf("%s failed %d times: he does not try again what failed", what, n)
		}
	}
	last := s.act(t, "documents taken: Minato Airport Company").To
	if last.After(japan("2021-05-21 00:00")) {
		t.Errorf("the airport's documents are taken until %v, and it told of it on the 20th", last)
	}
}

func (s *story) bad(e *event.Event) bool { return e.SrcIP.IsValid() && s.hostile[e.SrcIP.String()] }

// checkPace holds the intruder's visits to being small and far apart.
func (s *story) checkPace(t *testing.T) {
	t.Helper()
	type day struct {
		uid string
		n   int
	}
	bytes, requests := map[day]int64{}, map[day]int{}
	addresses, visits := map[netip.Addr]map[string]bool{}, map[string]bool{}
	for i := range s.events["site"] {
		e := &s.events["site"][i]
		if !s.bad(e) || e.Account == "" {
			continue
		}
		k := day{e.Account, at(e).YearDay()}
		bytes[k] += e.BytesIn.Or(0)
		requests[k]++
		if addresses[e.SrcIP] == nil {
			addresses[e.SrcIP] = map[string]bool{}
		}
		addresses[e.SrcIP][at(e).Format(time.DateOnly)] = true
		visits[e.SrcIP.String()+at(e).Format(time.DateOnly)] = true
	}
	for k, n := range requests {
		if n > 40 || bytes[k] > 12<<20 {
			t.Errorf("%s: %d requests and %d bytes on a day", k.uid, n, bytes[k])
		}
	}
	if len(addresses) < 30 {
		t.Errorf("he came from %d addresses", len(addresses))
	}
	for ip, days := range addresses {
		if len(days) > 6 {
			t.Errorf("%s served on %d days", ip, len(days))
		}
	}
	if len(visits) < 50 || len(visits) > 120 {
		t.Errorf("%d visits in five months", len(visits))
	}
}

// TestGroupShared2023 holds the drill to the digest: one system of several companies, the data of about 10,000 persons of works
// from 2003-11 to 2023-02-18, and a scope that was found later. The first company was read through its own way out.
func TestGroupShared2023(t *testing.T) {
	drill.WholeStory(t)
	s := tell(t, drill.Options{Name: "group-shared-system-2023", Accounts: 100}, 2023, "site", "site-errors")
	of := map[string]int64{}
	for _, e := range s.truth.Exposure {
		of[e.Class+" "+e.Of] += e.Count
	}
	if of["directory Hakusan Tech"] != 10_000 || of["directory Hakusan Kikaku"] == 0 || of["directory Hakusan Butsuryu"] != 0 {
		t.Errorf("persons: %v", of)
	}
	months, list := map[string]int{}, regexp.MustCompile(`/order/tech/workers/list\.csv\?month=(\d{4}-\d\d)$`)
	for i := range s.events["site"] {
		if e := &s.events["site"][i]; s.bad(e) {
			if m := list.FindStringSubmatch(e.Object); m != nil {
				months[m[1]]++
			}
			if at(e).After(japan("2023-02-19 00:00")) {
				t.Errorf("%s at %v", e.Object, at(e))
			}
		}
	}
	if len(months) != 232 || months["2003-11"] != 1 || months["2023-02"] != 1 {
		t.Errorf("lists of %d months", len(months))
	}
	companies := map[string]bool{}
	for _, a := range s.truth.Accounts {
		_, domain, _ := strings.Cut(a.Mail, "@")
		companies[domain] = true
	}
	if len(companies) != 3 {
		t.Errorf("accounts of %v", companies)
	}
	kikaku := s.act(t, "the register of Hakusan Kikaku read from its own network")
	proxy := false
	for _, a := range s.truth.Shared {
		proxy = proxy || a.Bad && slices.Contains(kikaku.Addresses, a.IP)
	}
	if !proxy {
		t.Error("the company's own way out is not told as shared, with bad sessions")
	}
	if early, late := kikaku, s.act(t, "the register of Hakusan Tech read month by month"); !early.To.Before(late.From) || !strings.Contains(late.Note, "found in August") {
		t.Errorf("%v, then %v", early, late)
	}
	if f := s.truth.Found; f == nil || len(f.Accounts) != 2 {
		t.Errorf("what was known at first: %+v", f)
	}
	if m := s.act(t, "malware on a PC of Hakusan Kikaku"); len(m.Logs) != 0 {
		t.Errorf("the malware stands in %v", m.Logs)
	}
}

// TestQuietSites checks that the sites without the attacks have none of their addresses, and what looks like them and is not: a
// hundred documents in an evening, newcomers, programs, large files in pieces, companies behind one address, a team abroad.
func TestQuietSites(t *testing.T) {
	drill.WholeStory(t)
	loud := tellOnce(t, drill.Options{Name: "projectweb-2021", Accounts: 100}, 2020, "site", "site-errors")
	s := tell(t, drill.Options{Name: "projectweb-2021", Accounts: 100, Quiet: true}, 2020, "site", "site-errors")
	if len(s.truth.Accounts)+len(s.truth.Acts)+len(s.truth.Addresses) != 0 {
		t.Error("the quiet drill's truth is not empty")
	}
	taken, pieces, wrong := map[string]int{}, 0, 0
	behind, programs := map[netip.Addr]map[string]bool{}, 0
	for i := range s.events["site"] {
		e := &s.events["site"][i]
		if e.SrcIP.IsValid() && loud.hostile[e.SrcIP.String()] {
			t.Fatalf("the quiet drill has an address of the intruder, %s", e.SrcIP)
		}
		if e.Account == "" {
			continue
		}
		if behind[e.SrcIP] == nil {
			behind[e.SrcIP] = map[string]bool{}
		}
		company, _, _ := strings.Cut(e.Account, "-")
		behind[e.SrcIP][company] = true
		switch {
		case strings.Contains(e.Account, "-sync"):
			programs++
		case status(e) == "200" && strings.Contains(e.Object, "/file/"):
			taken[e.Account+at(e).Format(" 2006-01-02")]++
		case status(e) == "206":
			pieces++
		case status(e) == "401":
			wrong++
		}
	}
	rush, proxies := 0, 0
	for _, n := range taken {
		if n >= 40 {
			rush++
		}
	}
	for _, c := range behind {
		if len(c) > 1 {
			proxies++
		}
	}
	if rush < 5 || pieces < 1000 || wrong < 100 || proxies < 1 || programs < 1000 {
		t.Errorf("near misses: %d days of many documents, %d pieces, %d wrong passwords, %d addresses of several companies, %d requests of programs", rush, pieces, wrong, proxies, programs)
	}
	abroad, newcomers := 0, 0
	for _, o := range s.truth.Odd {
		if strings.Contains(o.Why, "supplier abroad") {
			abroad++
		}
		if strings.Contains(o.Why, "whole project") {
			newcomers++
		}
	}
	if abroad == 0 || newcomers == 0 {
		t.Errorf("%d work abroad, %d newcomers", abroad, newcomers)
	}
}

// TestSitesAtAnyLength checks that the stories can be told in drills of other lengths and sizes, in their order.
func TestSitesAtAnyLength(t *testing.T) {
	drill.WholeStory(t)
	for _, days := range []int{3, 12, 40, 200} {
		s := tell(t, drill.Options{Name: "projectweb-2021", Accounts: 120, Days: days, Seed: 5}, 2020)
		ways, look := s.act(t, "ways in, each tried once"), s.act(t, "first logins with valid accounts")
		if len(s.truth.Accounts) != 16 || ways.To.After(look.From) {
			t.Errorf("%d days: %d accounts, ways in until %v, first login %v", days, len(s.truth.Accounts), ways.To, look.From)
		}
		g := tell(t, drill.Options{Name: "group-shared-system-2023", Accounts: 120, Days: days, Seed: 5}, 2023)
		if early, late := g.act(t, "the register of Hakusan Kikaku read from its own network"), g.act(t, "the register of Hakusan Tech read month by month"); len(g.truth.Accounts) != 5 || early.From.After(late.From) {
			t.Errorf("%d days: %d accounts, %v, %v", days, len(g.truth.Accounts), early.From, late.From)
		}
	}
}
