// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var lateralSwitch = detect.Spec{Name: "lateral-path-switch", Attack: []string{"T1021", "T1078"}, New: newLateralSwitch}

// Tunables of lateral-path-switch.
const (
	lateralLearn  = 21      // days of records in which ways, users and changes of name are taken for the ordinary ones
	lateralHours  = 12      // hours after somebody came in within which another account that leaves may be the same hand
	lateralKnown  = 14      // days for which an account that was new on a machine stays so
	lateralLeave  = 4       // accounts that leave a machine for others; with more it is a jump host
	lateralGuests = 12      // accounts that come to a machine from elsewhere; with more it serves everybody
	lateralOld    = 7       // days after which an account counts among either
	lateralHabit  = 2       // days on which the same two accounts changed so before, from which it is their way of working
	lateralApart  = 7       // days without it after which another story begins
	lateralReach  = 2       // machines reached so, for medium severity
	lateralKeep   = 180     // days for which ways and users stay known, at least
	lateralHosts  = 1 << 14 // machines that are followed
	lateralMost   = 1 << 12 // stories, and pairs of accounts, that are followed
)

// switches looks for a way from machine to machine on which the name changes: somebody comes to A as one account, and within hours
// another account, which was never used on A, leaves A for a machine that A never reached for. The idea is that of Hopper (USENIX
// Security 2021), kept to what a log of logins shows.
type switches struct {
	detect.Trace
	hosts   map[string]*crossing
	ways    remembered // machine to machine, and account at machine
	strange map[strangerKey]int32
	pairs   map[pairOfAccounts]*switchHabit
	open    map[storyKey]*switchStory
	told    []*switchStory
	first   int32
	started bool
}

// crossing is a machine that people come to from others.
type crossing struct {
	guests  guests
	leavers guests
	into    [4]entered // the last ones, of different accounts
}

// guests are accounts and the days on which they came first, up to as many as one must tell apart.
type guests struct {
	list [lateralGuests + 1]guest
	n    int
}

type guest struct {
	who   uint32
	first int32
}

func (g *guests) add(who uint32, day int32) {
	if g.n < len(g.list) && !slices.ContainsFunc(g.list[:g.n], func(x guest) bool { return x.who == who }) {
		g.list[g.n] = guest{who, day}
		g.n++
	}
}

// old counts those that did not come in these days only.
func (g *guests) old(day int32) (n int) {
	for _, x := range g.list[:g.n] {
		if day-x.first >= lateralOld {
			n++
		}
	}
	return n
}

type entered struct {
	who  *event.Account
	from string
	at   event.Micros
	new  bool // over a way that was not used before
	ref  event.Ref
}

type strangerKey struct {
	who  uint32
	host string
}

type pairOfAccounts struct{ from, to uint32 }

type switchHabit struct{ days, last int32 }

type storyKey struct {
	host string
	pair pairOfAccounts
}

type switchStory struct {
	via, from            string // the machine between, and where its guest came from
	guest, as            *event.Account
	severity             event.Severity
	first, last, alerted event.Micros
	lastDay              int32
	logins               int64
	hours                float64 // between coming and leaving, at first
	hosts                []string
	fresh                bool // the account was new at the far end, too
	evidence             detect.Evidence
}

func newLateralSwitch(detect.Site) detect.Detector {
	return &switches{hosts: map[string]*crossing{}, ways: remembered{days: lateralKeep}, strange: map[strangerKey]int32{}, pairs: map[pairOfAccounts]*switchHabit{}, open: map[storyKey]*switchStory{}}
}

func (d *switches) Classes() detect.ClassSet {
	return detect.Classes(event.ClassAuthentication, event.ClassRemoteSession)
}

// enters says whether the event is somebody's session on another machine, and not only a question to a directory.
func enters(s *event.Sighting) bool {
	if s.Outcome != event.OutcomeSuccess || s.Who == nil || s.Who.System || strings.HasSuffix(s.Account, "$") || s.DstHost == "" {
		return false
	}
	switch {
	case s.Class == event.ClassRemoteSession:
		return s.Activity == event.ActLogon || s.Activity == event.ActStart
	case !s.LoggedIn():
		return false
	}
	switch s.Service {
	case "windows", "rdp", "ssh", "sshd", "winrm", "smb", "samba", "cifs", "telnet", "vnc", "wmi":
		return true
	}
	return false
}

func (d *switches) Observe(s *event.Sighting) {
	if !d.started {
		d.first, d.started = s.Day, true
	}
	if s.Outcome != event.OutcomeSuccess || s.Who == nil || s.Who.System || s.SrcIsRelay || s.SrcIP.IsLoopback() {
		return
	}
	from, to := "", ""
	if s.SrcIP.IsValid() && s.Src.Own && s.SrcIP != s.Dst.IP {
		from = hostKey(s.Src.Host, s.SrcIP.String())
	}
	if enters(s) {
		to = hostKey(s.Dst.Host, s.DstHost)
	}
	if from == to {
		from = ""
	}
	if from != "" && to != "" {
		d.step(s, from, to)
	}
	for _, host := range [...]string{from, to} { // whoever comes to a machine or from it is known there
		if host != "" {
			d.meet(s, host)
		}
	}
}

func hostKey(name, other string) string {
	if name == "" {
		return strings.ToLower(other)
	}
	return shortHost(name)
}

// meet notes that an account is used on a machine.
func (d *switches) meet(s *event.Sighting, host string) {
	if d.ways.new(uint64(hashText(host))<<32|uint64(s.Who.Handle), s.Day) && s.Day-d.first >= lateralLearn && len(d.strange) < 8*lateralHosts {
		d.strange[strangerKey{s.Who.Handle, host}] = s.Day
	}
}

// stranger says whether the account was not used on the machine before these days.
func (d *switches) stranger(s *event.Sighting, host string) bool {
	if !d.ways.has(uint64(hashText(host))<<32 | uint64(s.Who.Handle)) {
		return true
	}
	day, ok := d.strange[strangerKey{s.Who.Handle, host}]
	return ok && s.Day-day <= lateralKnown
}

// step looks at a session from one machine on another.
func (d *switches) step(s *event.Sighting, from, to string) {
	fresh := d.ways.new(uint64(hashText(from))<<32|uint64(hashText(to))|1<<63, s.Day)
	d.leave(s, from, to, fresh)
	h := d.hosts[to]
	if h == nil {
		if len(d.hosts) >= lateralHosts && s.Dst.Role == "" || len(d.hosts) >= 2*lateralHosts { // machines that have a role are nobody's invention
			return
		}
		h = &crossing{}
		d.hosts[to] = h
	}
	h.come(s, from, fresh)
}

func (h *crossing) come(s *event.Sighting, from string, fresh bool) {
	h.guests.add(s.Who.Handle, s.Day)
	at := 0
	for i := range h.into {
		if h.into[i].who == s.Who {
			at = i
			break
		}
		if h.into[i].at < h.into[at].at {
			at = i
		}
	}
	ref := s.Ref
	ref.More = slices.Clone(ref.More)
	h.into[at] = entered{s.Who, from, s.Time, fresh, ref}
}

// serves says whether so many come to the machine, or go on from it, that nothing follows from one who does.
func (h *crossing) serves(day int32) bool {
	return h.guests.old(day) > lateralGuests || h.leavers.old(day) > lateralLeave
}

// goesOnByTrade says whether a machine is there for people to go on from, or for programs that do.
func goesOnByTrade(role string) bool {
	switch role {
	case "admin", "jump", "jump-host", "bastion", "terminal-server", "scanner", "deployment", "deploy", "vpn", "proxy", "gateway", "egress", "nat", "auth-server", "portal", "firewall":
		return true
	}
	return false
}

// leave looks at an account that leaves a machine to which another one came within the last hours.
func (d *switches) leave(s *event.Sighting, from, to string, fresh bool) {
	h := d.hosts[from]
	var e *entered
	if h != nil {
		for i := range h.into {
			x := &h.into[i]
			if x.who != nil && x.who != s.Who && x.from != to && s.Time-x.at <= lateralHours*3600e6 && (e == nil || x.at > e.at) {
				e = x
			}
		}
	}
	strange, newThere := d.stranger(s, from), d.stranger(s, to)
	known := newThere || server(s.Src)
	if d.Asked(s.Who) || e != nil && d.Asked(e.who) {
		d.tell(s, h, e, fresh, strange && known, from, to)
	}
	if h != nil {
		h.leavers.add(s.Who.Handle, s.Day)
	}
	if e == nil || !strange || !known || goesOnByTrade(s.Src.Role) || h.serves(s.Day) {
		return
	}
	pair := pairOfAccounts{e.who.Handle, s.Who.Handle}
	key := storyKey{from, pair}
	st := d.open[key]
	if st != nil && s.Day-st.lastDay > lateralApart {
		delete(d.open, key)
		st = nil
	}
	if st == nil && (!fresh || d.habit(s, pair)) {
		return
	}
	if st == nil {
		if len(d.told) >= lateralMost {
			return
		}
		st = &switchStory{via: from, from: e.from, guest: e.who, as: s.Who, severity: event.Low, first: e.at, alerted: s.Seen(), hours: (s.Time - e.at).Seconds() / 3600}
		st.evidence.Add(&event.Event{Time: e.at, Ref: e.ref})
		d.open[key] = st
		d.told = append(d.told, st)
	}
	st.add(s, e, to, fresh, newThere)
}

// habit says whether these two accounts change so by way of work. What is told of is not learnt.
func (d *switches) habit(s *event.Sighting, pair pairOfAccounts) bool {
	p := d.pairs[pair]
	if p != nil && p.days >= lateralHabit {
		return true
	}
	if s.Day-d.first >= lateralLearn {
		return false
	}
	if p == nil {
		if len(d.pairs) >= lateralMost {
			return true
		}
		p = &switchHabit{last: -1 << 30}
		d.pairs[pair] = p
	}
	if p.last != s.Day {
		p.last = s.Day
		p.days++
	}
	return true
}

func (st *switchStory) add(s *event.Sighting, e *entered, to string, fresh, newThere bool) {
	st.last, st.lastDay = s.Time, s.Day
	st.logins++
	st.fresh = st.fresh || newThere
	if !slices.Contains(st.hosts, to) && len(st.hosts) < 64 && (fresh || len(st.hosts) == 0) {
		st.hosts = append(st.hosts, to)
	}
	st.evidence.Add(s.Event)
	if st.severity < event.Medium && st.fresh && (len(st.hosts) >= lateralReach || e.new && server(s.Dst)) {
		st.severity, st.alerted = event.Medium, max(st.alerted, s.Seen())
	}
}

func (d *switches) tell(s *event.Sighting, h *crossing, e *entered, fresh, strange bool, from, to string) {
	hours, serves, habit := 1e6, false, int32(0)
	if h != nil {
		serves = h.serves(s.Day)
	}
	if e != nil {
		hours = float64(int((s.Time-e.at).Seconds()/36)) / 100
		if p := d.pairs[pairOfAccounts{e.who.Handle, s.Who.Handle}]; p != nil {
			habit = p.days
		}
	}
	d.LookedAt(from+" → "+to, s.Time, "ある機械から別の機械へ、別の名前での移動", "a way on from a machine under another name",
		detect.Within("別のアカウントがその機械に入ってからの時間", "hours since another account came to that machine", hours, lateralHours, "lateralHours"),
		detect.Holds("その機械から行ったことのない相手", "a machine that it never reached for", fresh),
		detect.Holds("アカウントはその機械で使われたことがなく、行き先でも初めて（サーバからなら不問）", "the account was never used on that machine, and is new at the far end (no matter from a server)", strange),
		detect.Holds("踏み台・配布・管理用の機械でなく、多くの人が入る機械でもない", "not a jump host, a station of administrators or a machine that many come to", !goesOnByTrade(s.Src.Role) && !serves),
		detect.Within("同じ二つのアカウントがそうした日数（これより多ければ、ふだんの仕事）", "days on which the same two accounts did so; with more it is their way of working", float64(habit), lateralHabit-1, "lateralHabit"),
		detect.Reach("記録の始まりからの日数", "days since the records begin", float64(s.Day-d.first), lateralLearn, "lateralLearn"))
}

func (d *switches) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, st := range d.told {
		out = append(out, st.finding())
	}
	return sortedFindings(out)
}

func (st *switchStory) finding() event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %s %d", st.via, st.guest.ID, st.as.ID, st.first), Severity: st.severity, First: st.first, Last: st.last, Alerted: max(st.alerted, st.first),
		Accounts: []string{st.guest.ID, st.as.ID}, Hosts: append([]string{st.via}, st.hosts...), Evidence: st.evidence.Refs(),
		Numbers: []event.Figure{figure("machines", float64(len(st.hosts))), figure("logins", float64(st.logins)), figure("hours_between", float64(int(st.hours*100))/100)},
	}
	to := strings.Join(st.hosts[:min(len(st.hosts), 4)], ", ")
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s に %s として入り、%s として %s へ移った", st.via, st.guest.Name, st.as.Name, to),
		En: fmt.Sprintf("in to %s as %s, and on to %s as %s", st.via, st.guest.Name, to, st.as.Name)}
	ja, en := "", ""
	if st.fresh {
		ja, en = "行き先でも、このアカウントは初めてである。", " The account is new at the far end, too."
	}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s から %s へ %s としてログインがあり、その %.1f 時間後、この機械で使われたことのない %s が、ここから行ったことのない %d 台へ移った。%s侵入者は、踏み台で手に入れた別の資格情報でこのように進む。管理者が自分の管理用アカウントに切り替えた場合、機械の入れ替えや応援の作業でも起こる。二人に、電話で確かめること。", st.from, st.via, st.guest.Name, st.hours, st.as.Name, len(st.hosts), ja),
		En: fmt.Sprintf("%s logged in from %s to %s; %.1f hours later %s, which was never used on that machine, went on from it to %d machines that it had never reached for.%s An intruder goes on so, with credentials that he found on his way. So do an administrator who changes to his other account, and people who replace or help with a machine. Ask both by telephone.", st.guest.Name, st.from, st.via, st.hours, st.as.Name, len(st.hosts), en)}
	return f
}
