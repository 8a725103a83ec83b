// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var idListObtained = detect.Spec{Name: "id-list-obtained", Attack: []string{"T1087", "T1110"}, New: newIDList}

// Tunables of id-list-obtained.
const (
	listBefore   = 7    // days that the share of unknown names is taken from
	listMin      = 50   // attempts on unknown names in those days
	listNow      = 200  // attempts on the day itself
	listHigh     = 0.30 // share before
	listLow      = 0.05 // share on the day
	listZ        = 8.0  // two-proportion z
	listAccounts = 30   // existing accounts tried on the day
	listSlip     = 15   // minutes after a failure within which the account's own success says that its owner failed: what fails of it that day is his
	listEach     = 20   // attempts that count for each existing account and day: one client that storms one account changes no share
)

// idList looks for the day on which attempts on names that nobody has all but vanish while attempts on existing ones soar: the
// attackers have the list of IDs now, and somebody gave it to them (the AIST report of 2018, period D).
type idList struct {
	detect.Trace
	site   detect.Site
	realms map[realm]*listRealm
}

type listRealm struct {
	homes    homes
	days     [listBefore]dayShare // ring of days before today
	today    dayShare
	evidence detect.Evidence
	next     int64 // attempts at which the day is tested again
	mended   int   // accounts of today whose owners got in right after they failed
	found    *event.Finding
}

type dayShare struct {
	day            int32
	unknown, known int64
	accounts       map[uint32]listTried
}

// listTried is what was tried at an account on a day.
type listTried struct {
	tries  int32 // up to listEach
	mended bool  // its owner got in
	last   event.Micros
}

func newIDList(site detect.Site) detect.Detector {
	return &idList{site: site, realms: map[realm]*listRealm{}}
}

func (d *idList) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *idList) Observe(s *event.Sighting) {
	in := s.LoggedIn()
	if !in && !s.Failed() || s.Who.System {
		return
	}
	r := d.realms[realmOf(s)]
	if r == nil {
		r = &listRealm{}
		d.realms[realmOf(s)] = r
	}
	if in {
		r.homes.login(s)
		r.mend(s)
		return
	}
	unknown := unknownName(s, d.site)
	if !unknown && r.homes.failure(s) { // whoever mistypes at home has no list: a day on which all passwords lapse
		return
	}
	r.observe(s, unknown)
	if d.Asking() {
		d.tell(s, r)
	}
}

func (r *listRealm) observe(s *event.Sighting, unknown bool) {
	if r.today.accounts == nil || r.today.day != s.Day { // the day of the zero value is a day too
		if r.today.accounts != nil {
			r.days[((r.today.day%listBefore)+listBefore)%listBefore] = r.today
		}
		r.today = dayShare{day: s.Day, accounts: map[uint32]listTried{}}
		r.next, r.mended = listNow, 0
		if r.found == nil {
			r.evidence = detect.Evidence{}
		}
	}
	if unknown {
		r.today.unknown += s.Times()
	} else {
		had := r.today.accounts[s.Who.Handle]
		if had.mended {
			if !s.Src.Kind.Anonymous() {
				return
			}
			r.mended-- // from where users hide somebody else tries it, on the same day
		}
		add := int32(min(s.Times(), listEach-int64(had.tries)))
		r.today.known += int64(add)
		r.today.accounts[s.Who.Handle] = listTried{tries: had.tries + add, last: s.Time}
		if r.found == nil {
			r.evidence.Add(s.Event)
		}
	}
	if n := r.today.unknown + r.today.known; r.found == nil && n >= r.next {
		r.next = n + max(listNow/4, n/8)
		r.test(s)
	}
}

// mend takes off the day what an account failed in whose owner got in right after.
func (r *listRealm) mend(s *event.Sighting) {
	t, ok := r.today.accounts[s.Who.Handle]
	if !ok || t.mended || r.today.day != s.Day || s.Time-t.last > listSlip*60e6 {
		return
	}
	r.today.known -= int64(t.tries)
	r.mended++
	r.today.accounts[s.Who.Handle] = listTried{mended: true}
}

// tried is how many accounts somebody else than the owner may have tried today.
func (r *listRealm) tried() int { return len(r.today.accounts) - r.mended }

// test compares the share of unknown names today with that of the week before.
func (r *listRealm) test(s *event.Sighting) {
	var u, n float64
	for i := range r.days {
		if d := &r.days[i]; d.accounts != nil && s.Day-d.day <= listBefore {
			u += float64(d.unknown)
			n += float64(d.unknown + d.known)
		}
	}
	u2, n2 := float64(r.today.unknown), float64(r.today.unknown+r.today.known)
	if u < listMin || n == 0 || u/n < listHigh || u2/n2 > listLow || r.tried() < listAccounts {
		return
	}
	p := (u + u2) / (n + n2)
	z := (u/n - u2/n2) / math.Sqrt(p*(1-p)*(1/n+1/n2))
	if z < listZ {
		return
	}
	r.found = &event.Finding{
		Severity: event.High, First: s.Time, Last: s.Time, Alerted: s.Seen(),
		Numbers: []event.Figure{{Name: "unknown_share_before", Value: u / n}, {Name: "unknown_share_now", Value: u2 / n2}, {Name: "attempts_now", Value: n2},
			{Name: "accounts_now", Value: float64(r.tried())}, {Name: "z", Value: z}},
	}
}

func (d *idList) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, name := range sortedRealms(d.realms) {
		r := d.realms[name]
		if r.found == nil {
			continue
		}
		f := *r.found
		f.Key = string(name)
		f.Evidence = r.evidence.Refs()
		f.Title = event.Words{Ja: "攻撃者が ID の一覧を入手した疑い", En: "the attackers have obtained the list of IDs"}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s の記録で、前の %d 日間は失敗の %.0f%% が存在しない ID だったが、この日はほぼ 0（%.1f%%）になり、実在するアカウントへの試行だけが続いた。手探りの探索が終わり、一覧が漏れたことを示す。最初に不正ログインされたアカウントからのディレクトリ閲覧を調べること。", name, listBefore, 100*f.Numbers[0].Value, 100*f.Numbers[1].Value),
			En: fmt.Sprintf("In %s %.0f %% of the failures of the %d days before were on names that nobody has; on this day hardly any (%.1f %%), while existing accounts were tried in numbers. The groping is over: a list has leaked. Look for a read of the directory by the first account that was entered.", name, 100*f.Numbers[0].Value, listBefore, 100*f.Numbers[1].Value)}
		out = append(out, f)
	}
	return out
}
