// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var unusualLoginHidden = detect.Spec{Name: "unusual-login-hidden", Attack: []string{"T1078", "T1090.003"}, New: newHiddenLogins}

// Tunables of unusual-login-hidden.
const (
	hiddenPrior    = -12.0 // log-odds that a login is an intruder's, when nothing is known of it
	hiddenTor      = 0.3   // share of intruders' logins that come through Tor
	hiddenVPN      = 0.2   // through a service of VPNs
	hiddenHosting  = 0.3   // from a rented machine
	hiddenSmooth   = 5.0   // days of everybody's use that stand beside the account's own days
	hiddenYoung    = 1000  // days of accounts of an institute like others that stand beside this one's own
	hiddenUsual    = 0.001 // share of these days on which one of such kinds is used
	hiddenRare     = 0.01  // share that a client has at least, for there are always new ones
	hiddenClient   = 0.05  // share of intruders that a client has at least
	hiddenMost     = 4.0   // that the client weighs at most
	hiddenProbed   = 4.0   // that the address had tried hiddenNames accounts or names
	hiddenNames    = 5     // of them, within
	hiddenDays     = 180   // days: such addresses stay what they are for months
	hiddenSecond   = 3.0   // that the account came within a day from another kind of place that hides its user, as new to it
	hiddenUsed     = 3     // days on which an account must have used a kind for it to be one of its own
	hiddenApart    = 14    // days without such a login after which another story begins
	hiddenClients  = 12    // clients of an account that are remembered
	hiddenFamilies = 1 << 14
	hiddenSources  = 1 << 16 // addresses that hide their users and failed, that are remembered
)

// hiddenLogins weighs each login that comes from where users are hidden: how much likelier an intruder comes so than this account's owner, as in
// Freeman et al. (NDSS 2016), P(x|intruder)/P(x|account) over the kind of address and the client, what is known of the account smoothed with what
// is known of the institute, and that with an institute like others. What it raised teaches it nothing.
type hiddenLogins struct {
	detect.Trace
	accounts map[uint32]*hiddenHabit
	days     int64            // of all accounts
	kinds    [3]int64         // of them, those on which each kind was used
	clients  map[uint32]int64 // or each client, up to hiddenFamilies
	tried    map[netip.Addr]*hiddenTry
	swept    int32
}

// hiddenHabit is how one account logs in.
type hiddenHabit struct {
	who     *event.Account
	day     int32 // of its last login
	days    int32
	kinds   [3]int32
	kindDay [3]int32
	strange [3]event.Micros // when it last came from a kind that is not its own
	clients []hiddenUse
	stories []*hiddenStory
}

type hiddenUse struct {
	client uint32
	days   int32
	day    int32
}

// hiddenTry is what failed at an address that hides its user.
type hiddenTry struct {
	names     handles // up to hiddenNames
	failures  int64
	successes int64
	day       int32
}

type hiddenStory struct {
	first, last event.Micros
	alerted     event.Micros
	lastDay     int32
	logins      int64
	days        int32 // with logins, before
	terms       []hiddenTerm
	nats        float64
	kinds       [3]bool
	addresses   []netip.Addr
	evidence    detect.Evidence
}

type hiddenTerm struct {
	what event.Words
	nats float64
}

func newHiddenLogins(detect.Site) detect.Detector {
	return &hiddenLogins{accounts: map[uint32]*hiddenHabit{}, clients: map[uint32]int64{}, tried: map[netip.Addr]*hiddenTry{}}
}

func (d *hiddenLogins) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *hiddenLogins) Observe(s *event.Sighting) {
	if s.Who == nil || s.Who.System || !s.SrcIP.IsValid() || s.SrcIsRelay {
		return
	}
	k := hidingKind(&s.Src)
	switch {
	case s.Failed():
		if k >= 0 && (guessReason(s.Reason) || s.Reason == event.ReasonNoSuchAccount) {
			d.fail(s)
		}
	case s.LoggedIn():
		d.login(s, k)
	}
}

// hidingKind returns which of the kinds that hide their users a place is of; -1: none.
func hidingKind(p *event.Place) int {
	switch {
	case p.Own:
	case p.Kind == event.KindTor:
		return 0
	case p.Kind == event.KindVPN:
		return 1
	case p.Kind == event.KindHosting:
		return 2
	}
	return -1
}

// rented returns what counts as one source among hiding places: an address, of IPv6 the neighbourhood, for that is what can be rented.
func rented(ip netip.Addr) netip.Addr {
	if ip.Is4() {
		return ip
	}
	return event.Neighbourhood(ip).Addr()
}

func (d *hiddenLogins) fail(s *event.Sighting) {
	at := rented(s.SrcIP)
	t := d.tried[at]
	if t == nil {
		if len(d.tried) >= hiddenSources && d.swept != s.Day {
			d.swept = s.Day
			for at, t := range d.tried {
				if s.Day-t.day > hiddenDays {
					delete(d.tried, at)
				}
			}
		}
		if len(d.tried) >= hiddenSources {
			return
		}
		t = &hiddenTry{}
		d.tried[at] = t
	}
	if s.Day-t.day > hiddenDays {
		*t = hiddenTry{}
	}
	t.day = s.Day
	t.failures += s.Times()
	t.names.add(s.Who.Handle, hiddenNames)
}

// probed says whether many accounts were tried there and next to nobody ever got in.
func (t *hiddenTry) probed(day int32) bool {
	return t != nil && day-t.day <= hiddenDays && len(t.names) >= hiddenNames && t.failures > guesserRatio*(t.successes+1)
}

func (d *hiddenLogins) login(s *event.Sighting, k int) {
	a := d.accounts[s.Who.Handle]
	if a == nil {
		a = &hiddenHabit{who: s.Who, day: -1, kindDay: [3]int32{-1, -1, -1}}
		d.accounts[s.Who.Handle] = a
	}
	var client uint32
	if s.Client != "" {
		client = hashFamily(s.Client)
	}
	if k >= 0 && d.judge(s, a, k, client) {
		return
	}
	if a.day != s.Day {
		a.day = s.Day
		a.days++
		d.days++
	}
	if k >= 0 && a.kindDay[k] != s.Day {
		a.kindDay[k] = s.Day
		a.kinds[k]++
		d.kinds[k]++
	}
	if s.Client != "" && a.use(client, s.Day) {
		if _, ok := d.clients[client]; ok || len(d.clients) < hiddenFamilies {
			d.clients[client]++
		}
	}
}

// use notes that the account used a client and says whether it is the first time on that day.
func (a *hiddenHabit) use(client uint32, day int32) bool {
	least := 0
	for i := range a.clients {
		u := &a.clients[i]
		if u.client == client {
			if u.day == day {
				return false
			}
			u.day = day
			u.days++
			return true
		}
		if l := a.clients[least]; u.days < l.days || u.days == l.days && u.day < l.day {
			least = i
		}
	}
	u := hiddenUse{client, 1, day}
	if len(a.clients) < hiddenClients {
		a.clients = append(a.clients, u)
	} else {
		a.clients[least] = u
	}
	return true
}

// judge weighs a login from where users are hidden, and says whether it is told of.
func (d *hiddenLogins) judge(s *event.Sighting, a *hiddenHabit, k int, client uint32) bool {
	t := d.tried[rented(s.SrcIP)]
	terms, nats := d.weigh(s, a, k, client, t)
	if a.kinds[k] < hiddenUsed {
		a.strange[k] = s.Time
	}
	if t != nil {
		t.successes++
	}
	if d.Asked(s.Who) {
		d.tell(s, a, nats)
	}
	var st *hiddenStory
	if n := len(a.stories); n > 0 && s.Day-a.stories[n-1].lastDay <= hiddenApart && a.kinds[k] < hiddenUsed {
		st = a.stories[n-1]
	}
	if st == nil {
		if nats < 0 {
			return false
		}
		st = &hiddenStory{first: s.Time, alerted: s.Seen(), days: a.days}
		a.stories = append(a.stories, st)
	}
	if nats > st.nats || st.terms == nil {
		st.terms, st.nats = terms, nats
	}
	st.last, st.lastDay = s.Time, s.Day
	st.logins++
	st.kinds[k] = true
	if len(st.addresses) < lineFaces && !slices.Contains(st.addresses, s.SrcIP) {
		st.addresses = append(st.addresses, s.SrcIP)
	}
	st.evidence.Add(s.Event)
	return true
}

// weigh returns what speaks for an intruder, in natural logarithms of odds, and the sum.
func (d *hiddenLogins) weigh(s *event.Sighting, a *hiddenHabit, k int, client uint32, t *hiddenTry) (terms []hiddenTerm, nats float64) {
	nats = hiddenPrior
	add := func(ja, en string, n float64) {
		terms = append(terms, hiddenTerm{event.Words{Ja: ja, En: en}, n})
		nats += n
	}
	name := [3]event.Words{{Ja: "Tor", En: "Tor"}, {Ja: "VPN サービス", En: "a service of VPNs"}, {Ja: "レンタルサーバ", En: "a rented machine"}}[k]
	usual := (float64(d.kinds[k]) + hiddenUsual*hiddenYoung) / (float64(d.days) + hiddenYoung)
	own := (float64(a.kinds[k]) + hiddenSmooth*usual) / (float64(a.days) + hiddenSmooth)
	add(fmt.Sprintf("接続元は%s（本人の利用 %d 日のうち %d 日）", name.Ja, a.days, a.kinds[k]), fmt.Sprintf("it came from %s (on %d of the account's %d days)", name.En, a.kinds[k], a.days),
		math.Log([3]float64{hiddenTor, hiddenVPN, hiddenHosting}[k]/own))
	if s.Client != "" {
		used := int32(0)
		for i := range a.clients {
			if a.clients[i].client == client {
				used = a.clients[i].days
			}
		}
		usual := float64(d.clients[client]) / float64(max(d.days, 1))
		own := (float64(used) + hiddenSmooth*max(usual, hiddenRare)) / (float64(a.days) + hiddenSmooth)
		add(fmt.Sprintf("この端末・ブラウザは本人の利用 %d 日のうち %d 日", a.days, used), fmt.Sprintf("with a client of %d of the account's %d days", used, a.days),
			max(-hiddenMost, min(hiddenMost, math.Log(max(usual/2, hiddenClient)/own))))
	}
	if t.probed(s.Day) {
		add(fmt.Sprintf("同じ接続元が過去 %d 日以内に多数の ID を試していた", hiddenDays), fmt.Sprintf("the same place had tried many IDs within %d days", hiddenDays), hiddenProbed)
	}
	for other, at := range a.strange {
		if other != k && at != 0 && s.Time-at <= 24*3600e6 {
			add("一日以内に、利用者を隠す別の種類の接続元からも", "within a day it came from another kind of place that hides its user", hiddenSecond)
			break
		}
	}
	return terms, nats
}

func (d *hiddenLogins) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, a := range d.accounts {
		for _, st := range a.stories {
			out = append(out, st.finding(a.who))
		}
	}
	slices.SortFunc(out, func(a, b event.Finding) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func (st *hiddenStory) finding(who *event.Account) event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %d", who.ID, st.first/1e6), Severity: event.Medium, First: st.first, Last: st.last, Alerted: st.alerted,
		Accounts: []string{who.ID}, Addresses: st.addresses, Evidence: st.evidence.Refs(),
		Numbers: []event.Figure{figure("nats", math.Round(st.nats*100)/100), figure("logins", float64(st.logins)), figure("days_of_use_before", float64(st.days))},
	}
	var ja, en []string
	for _, t := range st.terms {
		ja = append(ja, fmt.Sprintf("%s（%+.1f）", t.what.Ja, t.nats))
		en = append(en, fmt.Sprintf("%s (%+.1f)", t.what.En, t.nats))
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s に、利用者を隠す接続元から、ふだんと異なるログイン", who.Name),
		En: fmt.Sprintf("%s was logged in to through a place that hides its user, unlike ever before", who.Name)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("根拠: %s。数字は対数オッズ（正が不正側）で、事前の見込み %.0f を加えて 0 以上になったため知らせる。過去の少ない組織では一般的な割合で補っている。本人が初めて Tor や VPN を新しい端末で使った場合も同じに見える。", strings.Join(ja, "、"), hiddenPrior),
		En: fmt.Sprintf("What speaks for somebody else: %s. The figures are log-odds; with what is expected beforehand, %.0f, they come to 0 or more. Where the institute has little past, shares usual elsewhere stand in. An owner who begins to use Tor or a VPN, and on a new device, looks the same.", strings.Join(en, "; "), hiddenPrior)}
	return f
}
