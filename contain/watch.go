// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package contain

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Detector is the name of findings of use after containment.
const Detector = "use-after-containment"

// Closing is one stretch of time in which something was closed, as people said.
type Closing struct {
	Kind     cases.ContainmentKind
	Account  string     // A-…; empty for none
	Name     string     // of the account
	Address  netip.Addr // to block, or of the host; invalid for none
	Host     string
	From, To event.Micros // what happens after From and before To is use; To 0: until now
	By       string
}

// closes says whether an act of that kind closes something whose use records can show.
func closes(k cases.ContainmentKind) bool {
	switch k {
	case cases.IsolateHost, cases.BlockAddress, cases.DisableAccount, cases.ResetPassword, cases.RevokeSessions:
		return true
	}
	return false
}

// Closed returns what marks say was closed and when, in the order in which it was.
func Closed(marks []Mark) []Closing {
	var out []Closing
	open := map[string]int{}
	for i := range marks {
		m := &marks[i]
		if !closes(m.Kind) {
			continue
		}
		switch m.Act {
		case MarkDone:
			c := Closing{Kind: m.Kind, Account: m.Account, Name: m.Subject.Account, Host: m.Subject.Host, From: event.Micros(m.At), By: m.By}
			address := m.Subject.Address
			if m.Kind == cases.IsolateHost {
				address = m.HostIP
			}
			if ip, err := netip.ParseAddr(address); err == nil {
				c.Address = ip.Unmap()
			}
			open[m.ID] = len(out)
			out = append(out, c)
		case MarkReopened:
			if n, ok := open[m.ID]; ok {
				out[n].To = event.Micros(m.At)
				delete(open, m.ID)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Closing) int { return cmp.Compare(a.From, b.From) })
	return out
}

// AccountSpans returns when the passwords or sessions of accounts were closed, by identity. Whose use it was scoping must tell: the owner goes
// on with a new password.
func AccountSpans(list []Closing) map[string][]Closing {
	out := map[string][]Closing{}
	for _, c := range list {
		if (c.Kind == cases.ResetPassword || c.Kind == cases.RevokeSessions) && c.Account != "" {
			out[c.Account] = append(out[c.Account], c)
		}
	}
	return out
}

// Spans returns when at least one of several closings held, as stretches that do not touch, in order of time.
func Spans(list []Closing) [][2]event.Micros {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Closing) int { return cmp.Compare(a.From, b.From) })
	var out [][2]event.Micros
	for _, c := range sorted {
		if n := len(out) - 1; n >= 0 && (out[n][1] == 0 || c.From <= out[n][1]) {
			if out[n][1] != 0 && (c.To == 0 || c.To > out[n][1]) {
				out[n][1] = c.To
			}
			continue
		}
		out = append(out, [2]event.Micros{c.From, c.To})
	}
	return out
}

// Watch looks, while events pass by in order, whether blocked addresses, isolated hosts and disabled accounts are used. It holds a few numbers
// for each of them. It is owned by one goroutine.
type Watch struct {
	since     event.Micros // the earliest closing
	addresses map[netip.Addr]*door
	machines  map[netip.Addr]*door
	hosts     []*door
	accounts  map[string]*door
	handles   map[uint32]*door // by handle, nil for accounts that are not closed
	doors     []*door
}

// door is one thing that was closed, with the stretches in which it was, and its use in these.
type door struct {
	Closing
	spans       []Closing
	first, last event.Micros
	alerted     event.Micros
	times       int64
	accounts    map[string]bool
	through     map[string]int64 // by what: the service or host that was reached, and the format that tells
	head, tail  []event.Ref
}

const (
	keptRefs    = 4   // first and last events of use, each
	keptThrough = 64  // services and hosts that one closed thing was used at
	keptSubject = 100 // accounts that are named of one closed thing
)

// NewWatch returns a watch over what was closed; nil where there is nothing to look for.
func NewWatch(list []Closing) *Watch {
	w := &Watch{since: 1<<63 - 1, addresses: map[netip.Addr]*door{}, machines: map[netip.Addr]*door{}, accounts: map[string]*door{}, handles: map[uint32]*door{}}
	byKey := map[string]*door{}
	for _, c := range list {
		if c.Kind == cases.ResetPassword || c.Kind == cases.RevokeSessions || c.Kind == cases.BlockAddress && !c.Address.IsValid() || c.Kind == cases.DisableAccount && c.Account == "" {
			continue
		}
		key := keyOf(&c)
		d := byKey[key]
		if d == nil {
			d = &door{Closing: c, accounts: map[string]bool{}, through: map[string]int64{}}
			byKey[key] = d
			w.doors = append(w.doors, d)
			switch c.Kind {
			case cases.BlockAddress:
				w.addresses[c.Address] = d
			case cases.IsolateHost:
				if w.hosts = append(w.hosts, d); c.Address.IsValid() {
					w.machines[c.Address] = d
				}
			case cases.DisableAccount:
				w.accounts[c.Account] = d
			}
		}
		d.spans = append(d.spans, c)
		w.since = min(w.since, c.From)
	}
	if len(w.doors) == 0 {
		return nil
	}
	return w
}

func keyOf(c *Closing) string {
	switch c.Kind {
	case cases.BlockAddress:
		return "address " + c.Address.String()
	case cases.IsolateHost:
		return "host " + c.Host
	}
	return "account " + c.Account
}

// Observe looks at the next event.
func (w *Watch) Observe(s *event.Sighting) {
	if w == nil || s.Time <= w.since || refused(s) {
		return
	}
	if s.SrcIP.IsValid() && !s.SrcIsRelay {
		w.addresses[s.SrcIP].use(s)
	}
	if s.DstIP.IsValid() {
		w.addresses[s.DstIP].use(s)
	}
	w.observeHost(s)
	if len(w.accounts) > 0 && s.Who != nil && s.Outcome != event.OutcomeFailure && isUse(s.Class) && s.Activity != event.ActReceive {
		d, ok := w.handles[s.Who.Handle]
		if !ok {
			d = w.accounts[s.Who.ID]
			w.handles[s.Who.Handle] = d
		}
		d.use(s)
	}
}

// refused says whether a border, a device or a policy turned the event away: that is what a block looks like where it works.
func refused(s *event.Sighting) bool {
	return s.Activity == event.ActRefuse || s.Outcome == event.OutcomeFailure && (s.Class == event.ClassNetwork || s.Reason == event.ReasonDenied)
}

// isUse says whether events of that class under an account's name are its use, and not what others do with it.
func isUse(c event.Class) bool {
	switch c {
	case event.ClassAuthentication, event.ClassHTTP, event.ClassFile, event.ClassMail, event.ClassDirectory, event.ClassRemoteSession, event.ClassProcess:
		return true
	}
	return false
}

// observeHost looks whether a host that was taken off the network talks, or lets somebody in.
func (w *Watch) observeHost(s *event.Sighting) {
	if len(w.hosts) == 0 || !overNetwork(s.Class) {
		return
	}
	if d := w.machines[s.SrcIP]; d != nil && !s.SrcIsRelay && (s.SrcHost == "" || sameHost(s.SrcHost, d.Host)) { // an address may be lent to another
		d.use(s)
		return
	}
	entered := s.Outcome == event.OutcomeSuccess && s.SrcIP.IsValid() && !s.SrcIP.IsLoopback()
	if s.SrcHost == "" && (s.DstHost == "" || !entered) {
		return
	}
	for _, d := range w.hosts {
		if s.SrcHost != "" && sameHost(s.SrcHost, d.Host) || entered && s.DstHost != "" && sameHost(s.DstHost, d.Host) && s.SrcIP != d.Address {
			d.use(s)
			return
		}
	}
}

func overNetwork(c event.Class) bool {
	switch c {
	case event.ClassNetwork, event.ClassHTTP, event.ClassDNS, event.ClassAuthentication, event.ClassRemoteSession, event.ClassFile, event.ClassMail, event.ClassDirectory:
		return true
	}
	return false
}

// sameHost says whether two names are one host's: equal, or one with the domain of which the other has none.
func sameHost(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	return a != "" && !strings.ContainsAny(a, ".:") && len(b) > len(a) && b[len(a)] == '.' && strings.EqualFold(a, b[:len(a)])
}

// use notes one use, if it lies in a stretch in which the thing was closed.
func (d *door) use(s *event.Sighting) {
	if d == nil || !slices.ContainsFunc(d.spans, func(c Closing) bool { return s.Time > c.From && (c.To == 0 || s.Time < c.To) }) {
		return
	}
	if d.times == 0 {
		d.first, d.alerted = s.Time, s.Seen()
	}
	d.times += s.Times()
	d.last = max(d.last, s.Time)
	d.alerted = min(d.alerted, s.Seen())
	if d.Kind == cases.BlockAddress && s.Who != nil && s.Outcome != event.OutcomeFailure && len(d.accounts) < keptSubject { // who is merely tried is no part of it, nor who works on a host
		d.accounts[s.Who.ID] = true
	}
	at := cmp.Or(s.Service, s.DstHost, s.Format)
	if _, ok := d.through[at]; ok || len(d.through) < keptThrough {
		d.through[at]++
	}
	ref := s.Ref
	ref.More = slices.Clone(ref.More)
	if len(d.head) < keptRefs {
		d.head = append(d.head, ref)
		return
	}
	if len(d.tail) == keptRefs {
		d.tail = d.tail[1:]
	}
	d.tail = append(d.tail, ref)
}

// Findings returns a critical finding for each thing that was used after it was closed, in order of time, of what keep holds for: what the
// scope no longer holds against anybody is nobody's fault.
func (w *Watch) Findings(keep func(*Closing) bool) []event.Finding {
	var out []event.Finding
	if w == nil {
		return nil
	}
	for _, d := range w.doors {
		if d.times > 0 && keep(&d.Closing) {
			out = append(out, d.finding())
		}
	}
	slices.SortStableFunc(out, func(a, b event.Finding) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Key, b.Key))
	})
	return out
}

func (d *door) finding() event.Finding {
	f := event.Finding{Detector: Detector, Key: keyOf(&d.Closing), Attack: []string{"T1078"}, Severity: event.Critical, First: d.first, Last: d.last, Alerted: d.alerted,
		Numbers: []event.Figure{{Name: "times", Value: float64(d.times)}}, Evidence: append(slices.Clone(d.head), d.tail...)}
	through := slices.SortedFunc(maps.Keys(d.through), func(a, b string) int {
		return cmp.Or(cmp.Compare(d.through[b], d.through[a]), cmp.Compare(a, b))
	})
	at := strings.Join(through[:min(len(through), mostNamed)], ", ")
	switch d.Kind {
	case cases.BlockAddress:
		f.Attack = []string{"T1133"}
		f.Addresses, f.Accounts = []netip.Addr{d.Address}, slices.Sorted(maps.Keys(d.accounts))
		f.Title = say("遮断したはずの %s との通信", "%s was blocked, and was not", d.Address)
		f.Explanation = say("%s が遮断したと記録した時刻より後に、%s との通信が %d 件ある（%s）。遮断がその経路を覆っていない。境界や方針（条件付きアクセスなど）で断られた記録は数えていない。アドレスが別の人に割り当て直された可能性もある。",
			"After the time at which %[1]s recorded it as blocked, %[3]d records show %[2]s getting through (%[4]s): the block does not cover that way. What a border, or a policy such as conditional access, refused is not counted. The address may have been lent to somebody else since.", d.By, d.Address, d.times, at)
	case cases.IsolateHost:
		f.Attack, f.Hosts = []string{"T1021"}, []string{d.Host}
		f.Title = say("切り離したはずの %s の通信", "%s was taken off the network, and talks", d.Host)
		f.Explanation = say("%s が切り離したと記録した時刻より後に、%s の通信かここへのログインが %d 件ある（%s）。調査担当者の接続、業務への復帰、アドレスの使い回しでもありうる。復帰させたなら sekisho contain mark --reopen で記録する。",
			"After the time at which %[1]s recorded it as taken off, %[3]d records show %[2]s talking, or somebody logging in to it (%[4]s). It can be the investigators, a return to service, or its address lent to another machine; a return is recorded with sekisho contain mark --reopen.", d.By, d.Host, d.times, at)
	default:
		f.Accounts = []string{d.Account}
		f.Title = say("停止したはずの %s の使用", "%s was disabled, and is used", d.Name)
		f.Explanation = say("%s が停止したと記録した時刻より後に、%s の使用が %d 件ある（%s）。停止がその認証先に及んでいない。",
			"After the time at which %[1]s recorded it as disabled, %[3]d records show %[2]s in use (%[4]s): that it is disabled has not reached whoever lets it in.", d.By, d.Name, d.times, at)
	}
	return f
}

// UsedAgain is a critical finding about an account that was used, in a way that scoping condemns, after its password was changed or its
// sessions were revoked. Times, first, last, addresses and evidence are of that use; closed is what was done, the earliest first.
func UsedAgain(account, name string, closed []Closing, times int64, first, last event.Micros, addresses []netip.Addr, evidence []event.Ref) event.Finding {
	done := say("パスワードの変更", "its password was changed")
	if closed[0].Kind == cases.RevokeSessions {
		done = say("セッションの無効化", "its sessions were revoked")
	}
	f := event.Finding{Detector: Detector, Key: "account " + account, Attack: []string{"T1078"}, Severity: event.Critical, First: first, Last: last, Alerted: first,
		Accounts: []string{account}, Addresses: addresses, Evidence: evidence, Numbers: []event.Figure{{Name: "times", Value: float64(times)}}}
	f.Title = say("%sの後に、%s の不正と判断した利用がある", "%[2]s was used after %[1]s, in a way that is condemned", done, name)
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s が記録した時刻より後に、不正と判断した %s の利用がある。残ったセッションかトークン、新しいパスワードの露出、本人の端末、知らない認証先が考えられる。本人が新しい場所から使った可能性は、侵入者に読まれない手段で確かめる。", closed[0].By, name),
		En: fmt.Sprintf("After the time that %s recorded, %s was used in a way that is condemned: a session or token that was left, the new password known too, the owner's own machine, or a place to log in that nobody thought of. Whether it was its owner, at a new place, is to be asked where the intruder cannot listen.", closed[0].By, name)}
	return f
}
